// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/dialog"
	"sarai/register"
	"sarai/search"
	"sarai/store"
)

// maxText is how much of one message is kept, in bytes: a hundred thousand
// characters of any script. Platforms carry at most 64 KiB; the website chat
// carries all of it. A message that is cut says so at its end.
const maxText = 400 << 10

// maxConflicts is how often a turn of staff is decided again because the thread
// changed. One of a person is decided again until acceptFor is over: staff who
// write at the same time must not make it fail.
const maxConflicts = 16

// acceptFor is how long taking in one event may last. Whoever sent it is then
// told to send it again, and its ID keeps it from being taken in twice.
const acceptFor = 30 * time.Second

// lateGather is how long old news is gathered before it is read together, anew
// with each message but never longer than lateLongest.
const (
	lateGather  = 3 * time.Second
	lateLongest = 15 * time.Second
)

// Who sends more than burst messages within burstIn sends faster than anybody
// reads answers: they are read together. A platform takes one message a second
// to one person (core.telegram.org/bots/faq), so that answers one by one would
// come long after.
const (
	burst   = 15
	burstIn = 10 * time.Second
)

// restBetween is how long the next messages of somebody are let come in whose
// messages are read together anyway, and of whom several are under way at one
// time: what came meanwhile is one turn and not one each, so that a flood leaves
// room to others. A platform that calls has some tens of messages under way, so
// that it can still deliver thousands a second. Who hands over one call after the
// other, as an adapter that fetches for everybody does, never rests.
const restBetween = 20 * time.Millisecond

// Accept takes in events of one person, mostly one, in the order in which they
// happened. It is a channels.Sink: it returns nil only once everything that they
// change is durable, and an error only if the store failed. Events of one
// address are decided in the order of the calls; those that wait for one another
// share a commit where that is possible.
func (g *Gateway) Accept(ctx context.Context, in ...channels.Inbound) error {
	if len(in) == 0 {
		return nil
	}
	// A phone that hangs up does not take back what it sent; a disk that hangs
	// must not collect requests for ever.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptFor)
	defer cancel()
	from, c := in[0].From, newCall(in)
	g.order.join(from, c)
	select {
	case <-c.lead:
		return g.takeIn(ctx, from)
	case err := <-c.done:
		return err
	case <-ctx.Done():
	}
	if g.order.withdraw(from, c) {
		return ctx.Err()
	}
	select {
	case err := <-c.done:
		return err
	default: // nobody knows: it is sent again, and its ID tells
		return ctx.Err()
	}
}

// takeIn takes in what stands in the line of an address, and answers those who
// wait. It gives the answer of the first.
func (g *Gateway) takeIn(ctx context.Context, from channels.Address) error {
	group := g.order.take(from)
	answers := slices.Repeat([]error{errUntaken}, len(group)) // also where this panics
	gathers := false
	defer func() {
		for i, c := range group[1:] {
			c.done <- answers[i+1]
		}
		if gathers && (len(group) > 1 || g.order.behind(from) > 0) {
			time.AfterFunc(restBetween, func() { g.order.leave(from, len(group)) })
		} else {
			g.order.leave(from, len(group))
		}
	}()
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		for i := range answers {
			answers[i] = ctx.Err()
		}
		return answers[0]
	}
	now := g.now()
	var all []channels.Inbound
	for _, c := range group {
		for _, e := range c.in {
			if e.At.IsZero() || e.At.After(now) {
				e.At = now
			}
			e.Text = clean(e.Text)
			e.Media = named(e.Media)
			all = append(all, e)
		}
	}
	if len(all) > 1 {
		var err error
		if gathers, err = g.accept(ctx, now, all); !errors.Is(err, errApart) {
			for i := range answers {
				answers[i] = err
			}
			return err
		}
	}
	for i, c := range group {
		answers[i] = nil
		for range c.in {
			if answers[i] == nil {
				gathers, answers[i] = g.accept(ctx, now, all[:1])
			}
			all = all[1:]
		}
	}
	return answers[0]
}

var errUntaken = errors.New("gateway: the event was not taken in")

// errApart means that events cannot be taken in as one turn: one of them cannot
// be decided, and must not keep back the others.
var errApart = errors.New("gateway: the events must be taken in one by one")

// accept takes in events as one turn. It says whether the person's messages are
// being gathered, to be read together.
func (g *Gateway) accept(ctx context.Context, now time.Time, in []channels.Inbound) (gathers bool, err error) {
	for n := 0; ctx.Err() == nil; n++ {
		if n > maxConflicts {
			time.Sleep(time.Duration(min(n-maxConflicts, 50)) * time.Millisecond)
		}
		th, err := g.threadOf(ctx, in[0])
		if err != nil {
			return false, err
		}
		var fresh []channels.Inbound
		var events []store.EventKey
		for _, e := range in {
			key := store.EventKey{Channel: e.From.Channel, ID: e.ID}
			seen, err := g.store.Seen(ctx, key)
			switch {
			case err != nil:
				return false, err
			case seen || slices.Contains(events, key):
				g.stats.Duplicates.Add(1)
			case th.Version == 0 && len(fresh) == 0 && needless(e): // of somebody who never wrote there is nothing to keep
			default:
				fresh, events = append(fresh, e), append(events, key)
			}
		}
		if len(fresh) == 0 {
			return false, nil
		}
		p, err := g.plan(ctx, th, now)
		if err != nil {
			return false, err
		}
		p.turn.Events = events
		for _, e := range fresh {
			if err := p.decide(e); err != nil {
				if len(in) > 1 {
					return false, errApart
				}
				g.broken(p, e, err)
			}
		}
		switch err := g.commit(ctx, p); {
		case errors.Is(err, store.ErrDuplicate), errors.Is(err, store.ErrConflict): // taken in elsewhere meanwhile: look again
			g.stats.Conflicts.Add(1)
			continue
		case err != nil:
			return false, err
		}
		g.stats.Accepted.Add(uint64(len(fresh)))
		return p.memory.Late != 0, nil
	}
	return false, fmt.Errorf("gateway: %w", errors.Join(store.ErrConflict, ctx.Err()))
}

// threadOf gives the thread of who an event is from: of the address, or, where
// nobody has written from it, of another by which the platform knows the person.
func (g *Gateway) threadOf(ctx context.Context, in channels.Inbound) (store.Thread, error) {
	th, err := g.store.Thread(ctx, in.From)
	if err != nil || th.Version > 0 {
		return th, err
	}
	for _, a := range in.Aliases {
		if known, err := g.store.Thread(ctx, a); err != nil || known.Version > 0 {
			return known, err
		}
	}
	return th, nil
}

// commit stores a plan's turn. An address that another thread owns is left
// there, and the two threads are linked.
func (g *Gateway) commit(ctx context.Context, p *plan) error {
	err := g.store.Commit(ctx, p.finish())
	var taken *store.TakenError
	for n := 0; errors.As(err, &taken) && n < 4 && p.read.Version > 0; n++ {
		owned := p.turn.Thread.Addresses
		p.turn.Thread.Addresses = slices.Clone(p.read.Addresses)
		if len(owned) > len(p.read.Addresses) && !slices.Contains(p.turn.Thread.Linked, taken.Owner) {
			p.turn.Thread.Linked = append(slices.Clone(p.turn.Thread.Linked), taken.Owner)
		}
		err = g.store.Commit(ctx, p.finish())
	}
	if errors.Is(err, store.ErrTaken) { // somebody wrote from the address at this moment: read it again
		return store.ErrConflict
	}
	if err != nil {
		return err
	}
	if p.caseChanged {
		g.queue.forget()
	}
	g.hub.changed(p.turn.Thread.ID)
	g.wakePages(p.turn.Thread)
	if len(p.turn.Jobs) > 0 {
		g.nudge()
	}
	return nil
}

// nudge wakes the workers.
func (g *Gateway) nudge() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// clean makes a stranger's words harmless to store and show: valid UTF-8,
// without control characters but line ends and tabs, bounded. Direction marks
// stay, since scripts need them; pages isolate every message.
func clean(s string) string {
	if len(s) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + " […]"
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// A plan is a turn being decided. It has read all that it needs: between
// reading and committing there is no I/O.
type plan struct {
	g       *Gateway
	edition *Edition
	shelf   *register.Shelf
	read    store.Thread // as it was read
	now     time.Time
	memory  memory
	state   dialog.State
	bad     error // the state could not be read
	rows    []store.Row
	gone    bool // the holder of the case is signed out or off duty

	turn        store.Turn
	band        search.Band // how surely a question was read; "" where none was looked up
	script      string      // in which letters it was written
	caseChanged bool
	index       int          // of the next job
	wanted      bool         // everything was to be erased already, by the person's wish
	ordered     desk.StaffID // who of staff has it erased
	price       string       // as what a message is billed that is to be counted
	clearing    *clearing    // of this turn, until the words about it are there
	cleared     int          // its place among the jobs
}

// plan reads what a turn needs beside its thread.
func (g *Gateway) plan(ctx context.Context, th store.Thread, now time.Time) (*plan, error) {
	p := &plan{g: g, edition: g.edition.Load(), shelf: g.shelf.Load(), read: th, now: now}
	p.turn.Thread = th
	p.turn.Thread.Addresses = slices.Clone(th.Addresses)
	if th.Case != nil {
		c := *th.Case
		p.turn.Thread.Case = &c
	}
	if th.Version == 0 {
		p.turn.Thread.Created = now
	}
	p.memory, p.state, p.bad = remember(th.State)
	p.wanted = !p.state.Erase.IsZero()
	var err error
	if p.rows, err = g.queue.open(ctx, now); err != nil {
		return nil, err
	}
	if c := th.Case; c != nil && c.Status == desk.Held && !desk.Elsewhere(c.Holder) {
		m, err := g.store.Member(ctx, c.Holder)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		p.gone = err != nil || !m.Active || !m.OnDuty
	}
	return p, nil
}

// decide has search and dialog decide about an event. It fails for what fails
// in itself: a state that cannot be read, a panic.
func (p *plan) decide(in channels.Inbound) (err error) {
	defer func() {
		if r := recover(); r != nil {
			// The value may quote what somebody wrote: only its type and the stack go out.
			err = fmt.Errorf("gateway: deciding panicked: %T\n%s", r, debug.Stack())
		}
	}()
	if p.bad != nil {
		return p.bad
	}
	switch {
	case p.inPublic(in):
		p.comment(in)
		return nil
	case in.Kind == channels.Renamed:
		p.renamed(in)
		return nil
	case in.Staff != "":
		p.fetch(in)
		p.answeredElsewhere(in)
		return nil
	}
	entry := p.entry(in)
	p.fetch(in)
	th := &p.turn.Thread
	if away(in.Kind) {
		if in.From == th.Reply {
			th.Blocked = in.Kind == channels.Gone
		}
		p.add(entry)
		return nil
	}
	th.Reply, th.Blocked = in.From, false
	if th.Campaign == "" {
		th.Campaign = in.Campaign
	}
	p.reachedAt(in)
	if in.At.After(th.LastHeard) {
		th.LastHeard = in.At
	}
	if in.Standby {
		p.holdElsewhere(desk.StaffID(channels.PageInbox))
		p.timer(dialog.TimerInbox, p.now.Add(dialog.ElsewhereWait))
	}
	if p.now.Sub(in.At) > OldNews && in.Kind != channels.Edited && in.Kind != channels.Reaction && in.Kind != channels.Deleted {
		entry.Late = true
		p.add(entry)
		p.gatherLate()
		return nil
	}
	apart := p.decidesErasing(in)
	if p.memory.Late != 0 && th.Version > 0 && !apart && !(p.memory.Fast && p.freshDanger(in)) { // newer words answer for the older ones too: read them together
		p.add(entry)
		p.gatherLate()
		return nil
	}
	if p.now.Sub(p.memory.Burst) > burstIn {
		p.memory.Burst, p.memory.Count = p.now, 0
	}
	if p.memory.Count++; p.memory.Count > burst && !apart && !p.freshDanger(in) {
		p.add(entry)
		p.memory.Fast = p.memory.Late == 0
		p.gatherLate()
		return nil
	}
	p.add(entry)
	hint, _ := content.ParseLocale(in.Language)
	heard := dialog.Heard{
		At: in.At, Form: form(in.Kind), Text: in.Text, Key: in.Choice, Hint: hint,
		Desk: p.desk(), Clears: p.clears(in.From.Channel),
		TooLarge: slices.ContainsFunc(in.Media, func(m channels.Media) bool { return m.Size > MaxFile }),
	}
	if worded(in.Kind) && !p.state.Plain(in.Text) {
		heard.Reading = p.reading(in.Text)
	}
	heard.Registers = p.registers(heard)
	p.step(heard)
	return nil
}

// away says whether somebody shut the door or opened it, and said nothing.
func away(k channels.Kind) bool { return k == channels.Gone || k == channels.Back }

// needless says whether there is nothing to keep of an event of somebody who has
// never written.
func needless(in channels.Inbound) bool {
	switch in.Kind {
	case channels.Renamed, channels.Hidden:
		return true
	case channels.Deleted:
		return in.Of != ""
	}
	return away(in.Kind)
}

// worded says whether the text of an event is a person's own words: what they
// wrote, what they put in its place, or what stands under a picture. Danger is
// looked for in all of them.
func worded(k channels.Kind) bool {
	switch k {
	case channels.Text, channels.Edited, channels.Comment, channels.Voice, channels.Audio, channels.Picture, channels.Video, channels.Document:
		return true
	}
	return false
}

// entry is the transcript's line for what came in.
func (p *plan) entry(in channels.Inbound) store.Entry {
	e := store.Entry{
		At: p.now, Said: in.At, Author: store.Person, Channel: in.From.Channel, Kind: in.Kind,
		ID: in.ID, Of: in.Of, Campaign: in.Campaign, Text: in.Text, Media: in.Media, Edition: p.edition.Catalogue.Edition(),
	}
	if in.Kind == channels.Choice {
		e.Text = in.Choice
		for _, o := range p.state.Options {
			if o.Key == in.Choice && o.Label != "" {
				e.Text = o.Label
			}
		}
	}
	if in.Kind == channels.Unknown {
		e.Raw = in.Raw
	}
	return e
}

func (p *plan) reading(text string) search.Reading {
	return p.edition.Read(text, search.Hint{
		Locale: p.state.Locale, Also: p.state.Also, Origin: p.state.Origin, Destination: p.state.Where, Word: dialog.Known(text),
	})
}

// heard is a reading for which no article is looked for.
func (p *plan) heard(text string) search.Reading {
	return p.edition.Read(text, search.Hint{Word: true})
}

func form(k channels.Kind) dialog.Form {
	switch k {
	case channels.Text, channels.Comment:
		return dialog.Words
	case channels.Choice:
		return dialog.Pressed
	case channels.Start:
		return dialog.Opened
	case channels.Voice, channels.Audio:
		return dialog.Voice
	case channels.Picture, channels.Video, channels.Document, channels.Place, channels.Contact:
		return dialog.Sent
	case channels.Call:
		return dialog.Rung
	case channels.Edited, channels.Deleted, channels.Reaction, channels.Gone, channels.Back, channels.Hidden, channels.Renamed:
		return dialog.Aside
	}
	return dialog.Unreadable
}

func (p *plan) clears(name channels.Name) dialog.Clearing {
	ch := p.g.channels[name]
	if _, ok := ch.(channels.Clearer); !ok {
		return dialog.ClearsNone
	}
	if partly, ok := ch.(interface{ ClearsOursOnly() bool }); ok && partly.ClearsOursOnly() {
		return dialog.ClearsOurs
	}
	if recent, ok := ch.(channels.RecentClearer); ok {
		since := p.read.Created
		if p.memory.Hidden.After(since) {
			since = p.memory.Hidden
		}
		if !since.IsZero() && p.now.Sub(since) > recent.ClearsWithin() {
			return dialog.ClearsRecent
		}
	}
	return dialog.ClearsAll
}

// desk is what the staff's side looks like.
func (p *plan) desk() dialog.Desk {
	c := p.edition.Catalogue
	d := dialog.Desk{Patience: p.g.patience}
	d.Centre = p.g.centreOf(c, p.turn.Thread, p.state.Origin)
	if centre, ok := c.Centre(d.Centre); ok && centre.Hours.Known() {
		d.Hours, d.Open = true, centre.Hours.OpenAt(p.now)
		if at, ok := centre.Hours.NextOpen(p.now); ok {
			d.Opens = at
		}
	}
	for _, row := range p.rows {
		if row.Case.Status == desk.Waiting && row.Thread != p.read.ID {
			d.Ahead[row.Case.Rank]++
		}
	}
	own := p.turn.Thread.Case
	if own == nil || !own.Open() {
		return d
	}
	d.Standing, d.Rank, d.Away, d.Spoke, d.Gone, d.Refused = dialog.Waiting, int(own.Rank), own.Away, own.Spoke, p.gone, own.Refused
	if own.Status == desk.Held {
		d.Standing, d.Elsewhere = dialog.Held, desk.Elsewhere(own.Holder)
	}
	d.Place = 1
	for _, row := range p.rows {
		if row.Case.Status == desk.Waiting && row.Thread != p.read.ID && desk.Before(row.Case, *own) {
			d.Place++
		}
	}
	return d
}

// freshDanger says whether a message tells of a danger of which the person has
// not been told yet: it does not wait until others are read with it.
func (p *plan) freshDanger(in channels.Inbound) bool {
	if !worded(in.Kind) {
		return false
	}
	open := p.turn.Thread.Case != nil && p.turn.Thread.Case.Open()
	return slices.ContainsFunc(p.heard(in.Text).Signals, func(s search.Raised) bool {
		return !open || !slices.Contains(p.state.Signals, s.Signal)
	})
}

// decidesErasing says whether a message may answer the question whether to erase
// everything. It is not read with others, which would take the question back: who
// said yes must not be left to believe that it was done.
func (p *plan) decidesErasing(in channels.Inbound) bool {
	if p.state.Asked != dialog.AskDelete {
		return false
	}
	return in.Kind == channels.Choice || in.Kind == channels.Text && dialog.Known(in.Text)
}

// gatherLate has what comes now read together in a moment.
func (p *plan) gatherLate() {
	if p.memory.Late == 0 {
		p.memory.Late, p.memory.Since = p.read.LastSeq+1, p.now
	}
	at := p.now.Add(lateGather)
	if longest := p.memory.Since.Add(lateLongest); at.After(longest) {
		if _, set := p.memory.Timers[timerLate]; set {
			return
		}
		at = longest
	}
	p.timer(timerLate, at)
}

// late reads what was gathered together: all words as one message, signals among
// them first, and one answer, which begins with an apology where it is late.
func (p *plan) late(entries []store.Entry) {
	var words, under []string // under: what stands under pictures, or in the place of earlier words
	heard := dialog.Heard{At: p.now, Form: dialog.Aside, Together: true, Desk: p.desk(), Clears: p.clears(p.read.Reply.Channel)}
	weight := map[dialog.Form]int{dialog.Aside: 0, dialog.Unreadable: 1, dialog.Opened: 2, dialog.Pressed: 3, dialog.Rung: 4, dialog.Sent: 5, dialog.Voice: 6, dialog.Words: 7}
	for _, e := range entries {
		if e.Author != store.Person || e.Seq < p.memory.Late {
			continue
		}
		heard.Late = heard.Late || e.Late
		f := form(e.Kind)
		if weight[f] > weight[heard.Form] {
			heard.Form = f
		}
		switch {
		case f == dialog.Words:
			words = append(words, e.Text)
		case worded(e.Kind) && e.Text != "":
			under = append(under, e.Text)
		}
	}
	p.memory.Late, p.memory.Since, p.memory.Fast = 0, time.Time{}, false
	if heard.Form == dialog.Words {
		heard.Text = strings.Join(words, "\n")
		heard.Reading = p.readTogether(words)
	}
	for _, s := range p.readTogether(under).Signals {
		if !slices.ContainsFunc(heard.Reading.Signals, func(x search.Raised) bool { return x.Signal == s.Signal }) {
			heard.Reading.Signals = append(heard.Reading.Signals, s)
		}
	}
	heard.Registers = p.registers(heard)
	p.step(heard)
}

// maxSought is for how many of the messages that are read together an article is
// looked for, the newest: nobody writes more, but a machine may.
const maxSought = 200

// readTogether reads several messages: the signals of all, the answer to the
// one that was read most surely. What was said twice is read once.
func (p *plan) readTogether(words []string) search.Reading {
	var best search.Reading
	var signals []search.Raised
	read := map[string]bool{}
	for i := len(words) - 1; i >= 0; i-- { // of two that are equally sure the newer
		if read[words[i]] {
			continue
		}
		read[words[i]] = true
		r := p.heard(words[i])
		if len(read) <= maxSought {
			r = p.reading(words[i])
		}
		for _, s := range r.Signals {
			if !slices.ContainsFunc(signals, func(x search.Raised) bool { return x.Signal == s.Signal }) {
				signals = append(signals, s)
			}
		}
		if len(read) == 1 || sureness(r) > sureness(best) {
			best = r
		}
	}
	slices.Reverse(signals)
	best.Signals = signals
	return best
}

func sureness(r search.Reading) float64 {
	top := 0.0
	if len(r.Matches) > 0 {
		top = r.Matches[0].Sure
	}
	switch r.Band {
	case search.Answer:
		return 2 + top
	case search.Choose:
		return 1 + top
	}
	return top / 10
}

// broken commits what could not be decided: the message as it came, a case for
// a human, a fixed apology. It does not fail, whatever the reason was.
func (g *Gateway) broken(p *plan, in channels.Inbound, why error) {
	g.stats.Broken.Add(1)
	g.log.Error("a message could not be decided and was kept for a human", "thread", p.read.ID, "channel", in.From.Channel, "why", why.Error())
	fresh := &plan{g: g, edition: p.edition, shelf: p.shelf, read: p.read, now: p.now, rows: p.rows, gone: p.gone, wanted: p.wanted}
	fresh.turn = store.Turn{Thread: p.read, Events: p.turn.Events}
	fresh.turn.Thread.Addresses = slices.Clone(p.read.Addresses)
	if p.read.Version == 0 {
		fresh.turn.Thread.Created = p.now
	}
	if p.bad == nil {
		fresh.memory, fresh.state, _ = remember(p.read.State)
	}
	fresh.turn.Thread.Reply, fresh.turn.Thread.LastHeard = in.From, in.At
	if !slices.Contains(fresh.turn.Thread.Addresses, in.From) {
		fresh.turn.Thread.Addresses = append(fresh.turn.Thread.Addresses, in.From)
	}
	e := store.Entry{At: p.now, Said: in.At, Author: store.Person, Channel: in.From.Channel, Kind: in.Kind, ID: in.ID, Text: in.Text, Media: in.Media, Raw: in.Raw}
	if len(e.Raw) == 0 {
		e.Raw, _ = json.Marshal(in)
	}
	fresh.add(e)
	fresh.fetch(in)
	*p = *fresh
	hint, _ := content.ParseLocale(in.Language)
	if p.tryStep(dialog.Broke{At: p.now, Hint: hint, Desk: p.desk()}) {
		return
	}
	// Not even the apology could be put together: a case without it.
	*p = *fresh
	p.turn.Entries = p.turn.Entries[:1]
	if c := p.turn.Thread.Case; c == nil || !c.Open() {
		p.openCase(desk.Poison, desk.Normal, nil)
	}
}

// tryStep is step for events after which nothing may fail.
func (p *plan) tryStep(ev dialog.Event) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	p.step(ev)
	return true
}
