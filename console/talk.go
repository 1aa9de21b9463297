// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

// pageOf is how many entries of a transcript are shown at a time.
const pageOf = 100

// A message of which more was sent is cut there; the rest is a click away.
const maxShown = 4000

// A talkPage is a case with its transcript and the answer box.
type talkPage struct {
	frame
	Case    caseView
	Entries entriesView
	Answer  answerView
	Note    noteView
	Look    lookView
}

// A caseView is what is known of a case, and what the member may do with it.
type caseView struct {
	Thread                store.ThreadID
	Class, Rank, Reason   string
	Signals               []signalView
	State, Standing       string
	Queued, Opened, Heard moment
	Language              string
	Locale                content.Locale
	Where, Channel        string
	Centre                string
	Holder, Before        string
	Marks                 []mark
	Quiet, WantsOut       bool
	Erase                 moment
	Refused, Away         bool
	Open, Mine            bool
	MayTake, MayClose     bool
	MayRelease            bool // the case is held past the desk
	Window                windowView
	Comment               bool // it began under a post
	Colleagues            []colleague
	Outcomes, Topics      []choice
	Outcome, Topic        string
	Genders, Ages, Stages []choice
	Partners              []choice
	Told                  string // what the person told, in words
	Closed                moment
	Rating                int
	Linked                []store.ThreadID
	Safety                store.Safety
	Keeping               keepingView
	Aside                 bool // the head of the page comes along, to be put where it belongs
}

type signalView struct {
	Title   string
	Article content.ArticleID
}

type colleague struct {
	ID     desk.StaffID
	Name   string
	OnDuty bool
}

type choice struct{ Value, Word string }

// talk gives the thread of the request. One without a case, or of another
// centre, is not there. Whoever is given it reads it, which is written down:
// everything at the desk that shows something of a talk asks here.
func (c *Console) talk(v *visit) (store.Thread, error) {
	th, err := c.readable(v)
	if err == nil && th.Case == nil {
		err = store.ErrNotFound
	}
	return th, err
}

// readable is talk for what there is of a comment too, which may have no case.
func (c *Console) readable(v *visit) (store.Thread, error) {
	th, err := c.Store.ThreadByID(v.r.Context(), store.ThreadID(v.r.PathValue("thread")))
	if err != nil {
		return th, err
	}
	if th.Case == nil && th.Comment == nil || !mayRead(v.me, th.Centre) && !holds(v.me, th) {
		if err := c.viewed(v, th, store.DidDenied); err != nil {
			return store.Thread{}, err
		}
		return store.Thread{}, store.ErrNotFound
	}
	if err := c.viewed(v, th, store.DidView); err != nil {
		return store.Thread{}, err
	}
	return th, nil
}

func (c *Console) talkPage(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	return c.showTalk(v, th, http.StatusOK, func(*talkPage) {})
}

// showTalk shows the page of a case. more puts into it what a form left.
func (c *Console) showTalk(v *visit, th store.Thread, status int, more func(*talkPage)) error {
	ctx := v.r.Context()
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	members, err := c.Store.Members(ctx)
	if err != nil {
		return err
	}
	look := c.Gateway.Look(th.State)
	p := talkPage{frame: v.frame("desk.case.title"), Case: v.caseView(ctx, th, look, members), Note: noteView{Thread: th.ID, Key: newKey()}}
	p.Here, p.Thread, p.Waiting = "queue", th.ID, counts(open, v.me.ID)
	if p.Entries, err = v.newest(ctx, th, v.called(members)); err != nil {
		return err
	}
	if p.Answer, err = v.answer(ctx, th, members); err != nil {
		return err
	}
	if id := content.ArticleID(v.r.URL.Query().Get("insert")); id != "" { // a browser without scripts
		if words := v.insertion(look, id, v.r.URL.Query().Get("section")); words != "" {
			p.Answer.Text = strings.TrimLeft(p.Answer.Text+"\n\n"+words, "\n")
		}
	}
	p.Look = v.lookView(th.ID, look)
	more(&p)
	return v.show(status, "talk", p)
}

func (v *visit) caseView(ctx context.Context, th store.Thread, look Look, members []store.Member) caseView {
	k, zone := *th.Case, v.zone(th.Centre)
	called := v.called(members)
	x := caseView{
		Thread: th.ID, Class: rankClass(k.Rank), Reason: v.reasonWord(k.Reason), State: v.state(th),
		Queued: v.moment(k.Queued, zone), Opened: v.moment(k.Opened, zone), Heard: v.moment(th.LastHeard, zone), Closed: v.moment(k.Closed, zone),
		Language: look.Locale.Name(), Locale: look.Locale, Where: v.where(look), Channel: v.channel(string(th.Reply.Channel)), Marks: v.marks(k, look, th.Blocked, called[k.Holder]),
		Centre: v.centre(th.Centre), Holder: called[k.Holder], Before: called[k.Before],
		Quiet: look.Quiet, WantsOut: k.WantsOut || !look.Erase.IsZero(), Erase: v.moment(look.Erase, zone), Refused: k.Refused, Away: k.Away && k.Open(),
		Open: k.Open(), Mine: holds(v.me, th), Outcome: v.outcomeOf(k), Rating: k.Rating, Linked: v.linked(ctx, th),
	}
	if x.Class != "normal" {
		x.Rank = v.t("desk.rank." + x.Class)
	}
	elsewhere := k.Status == desk.Held && desk.Elsewhere(k.Holder)
	x.MayTake = k.Status == desk.Waiting || elsewhere || k.Status == desk.Held && k.Away && !x.Mine
	x.MayClose, x.MayRelease = x.Mine || k.Status == desk.Waiting || elsewhere, elsewhere
	switch {
	case !x.Open:
		x.Standing = v.t("desk.status.closed", "Name", called[k.ClosedBy])
	case x.Mine:
		x.Standing = v.t("desk.status.mine")
	case elsewhere:
		x.Standing = v.t("desk.status.elsewhere", "Name", x.Holder)
	case k.Status == desk.Held:
		x.Standing = v.t("desk.status.held", "Name", x.Holder)
	default:
		x.Standing = v.t("desk.status.waiting")
	}
	catalogue := v.c.Gateway.Catalogue()
	for _, s := range k.Signals {
		sv := signalView{Title: v.signal(s)}
		if sig, ok := catalogue.Signal(content.SignalID(s)); ok {
			if _, ok := catalogue.Article(sig.Article); ok {
				sv.Article = sig.Article
			}
		}
		x.Signals = append(x.Signals, sv)
	}
	for _, o := range desk.Outcomes() {
		x.Outcomes = append(x.Outcomes, choice{string(o), v.outcome(o)})
	}
	for _, t := range catalogue.Topics() {
		word := cmp.Or(nearest(t.Titles, v.l), string(t.ID))
		x.Topics = append(x.Topics, choice{string(t.ID), word})
		if string(t.ID) == k.Topic {
			x.Topic = word
		}
	}
	x.Genders, x.Ages, x.Stages, x.Partners = v.toldChoices()
	x.Told = v.told(k.Told)
	x.Comment = th.Comment != nil
	if x.Open {
		x.Window = v.windowView(th, v.c.Gateway.Window(th))
	}
	x.Colleagues, x.Safety, x.Keeping = v.colleagues(th, members), th.Safety, v.keeping(th, members)
	return x
}

// told is what was noted of a closed case beside its outcome.
func (v *visit) told(t desk.Told) string {
	var parts []string
	for _, x := range []struct {
		d     store.Dimension
		value string
	}{{store.ByGender, string(t.Gender)}, {store.ByAge, string(t.Age)}, {store.ByStage, string(t.Stage)}, {store.ByPartner, t.Partner}} {
		if x.value != "" {
			parts = append(parts, v.value(x.d, x.value))
		}
	}
	return strings.Join(parts, " · ")
}

func (v *visit) outcomeOf(k desk.Case) string {
	if k.Open() || k.Outcome == "" {
		return ""
	}
	return v.outcome(k.Outcome)
}

// state names how a case stands for a member. Parts of a page that carry the
// same one need not be asked for again.
func (v *visit) state(th store.Thread) string {
	switch k := th.Case; {
	case holds(v.me, th) && !v.c.Gateway.Window(th).Open:
		return "mine-shut"
	case holds(v.me, th):
		return "mine"
	case k.Status == desk.Held && k.Away:
		return "away-" + string(k.Holder)
	case k.Status == desk.Held:
		return "held-" + string(k.Holder)
	default:
		return string(k.Status)
	}
}

// colleagues are those who can be given the case, those on duty first.
func (v *visit) colleagues(th store.Thread, members []store.Member) []colleague {
	var cs []colleague
	for _, m := range members {
		if m.ID != v.me.ID && m.Active && mayRead(m, th.Centre) {
			cs = append(cs, colleague{m.ID, m.Name, m.OnDuty})
		}
	}
	slices.SortStableFunc(cs, func(a, b colleague) int {
		if a.OnDuty != b.OnDuty {
			if a.OnDuty {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return cs
}

// linked gives the other talks that seem to be the same person's, of those that
// the member may see.
func (v *visit) linked(ctx context.Context, th store.Thread) []store.ThreadID {
	var ids []store.ThreadID
	for _, id := range th.Linked {
		if other, err := v.c.Store.ThreadByID(ctx, id); err == nil && other.Case != nil && mayRead(v.me, other.Centre) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (c *Console) casePart(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	members, err := c.Store.Members(v.r.Context())
	if err != nil {
		return err
	}
	x := v.caseView(v.r.Context(), th, c.Gateway.Look(th.State), members)
	x.Aside = true
	return v.show(http.StatusOK, "case", x)
}

// An entriesView is a piece of a transcript. Before and After are the places
// where the pieces around it begin.
type entriesView struct {
	Thread  store.ThreadID
	Earlier bool // something stands before
	Before  uint64
	Entries []entryView
	Newest  bool // this is the end
	After   uint64
	Rest    bool // there is more after it
	Marks   []sentView
}

// An entryView is one line of a transcript.
type entryView struct {
	Thread    store.ThreadID
	Seq       uint64
	Day       string // set where a new day begins
	day       string
	Class     string
	Author    string
	Said      moment
	Stored    moment
	Late      bool
	Locale    content.Locale
	Text      string
	Tongue    string // of the text, with its script where that is not the usual one
	Cut       int    // characters left out
	Blocks    []channels.Block
	Options   []string
	Cited     []store.Cited
	Edition   string
	Kind      string // what was sent, where that is not words
	Files     []fileView
	Pressed   bool // the words were a button's
	Sealed    bool // it cannot be opened here
	Details   []string
	Event     string
	EventKind string
	Raw       string
	Sent      sentView // how far it came, of what was sent
}

// newest is the end of a transcript.
func (v *visit) newest(ctx context.Context, th store.Thread, called map[desk.StaffID]string) (entriesView, error) {
	after := uint64(0)
	if th.LastSeq > pageOf {
		after = th.LastSeq - pageOf
	}
	x, err := v.entriesView(ctx, th, after, pageOf, called)
	x.Newest = true
	if len(x.Entries) > 0 && x.Entries[0].Day == "" { // nothing stands above it yet that says the day
		x.Entries[0].Day = x.Entries[0].day
	}
	return x, err
}

func (v *visit) entriesView(ctx context.Context, th store.Thread, after uint64, n int, called map[desk.StaffID]string) (entriesView, error) {
	x := entriesView{Thread: th.ID, After: after, Before: after + 1, Earlier: after > 0}
	// One more before it says whether a day begins with the first.
	from, more := after, 0
	if after > 0 {
		from, more = after-1, 1
	}
	entries, err := v.c.Store.Entries(ctx, th.ID, from, n+more)
	if err != nil {
		return x, err
	}
	b, err := v.backdrop(ctx, th, called, entries)
	if err != nil {
		return x, err
	}
	last := ""
	for _, e := range entries {
		day := e.Said.In(b.zone).Format("2006-01-02")
		if e.Seq > after {
			ev := v.entryView(b, e, maxShown)
			ev.day = day
			if day != last {
				ev.Day = day
			}
			x.Entries = append(x.Entries, ev)
			x.After = e.Seq
		}
		last = day
	}
	return x, nil
}

// entries is a further piece of a transcript: before a place, or what came after one.
func (c *Console) entries(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	called, err := v.names(ctx)
	if err != nil {
		return err
	}
	var x entriesView
	if before, err := strconv.ParseUint(v.r.URL.Query().Get("before"), 10, 64); err == nil && before > 1 {
		before = min(before, th.LastSeq+1)
		after := uint64(0)
		if before > pageOf+1 {
			after = before - 1 - pageOf
		}
		if x, err = v.entriesView(ctx, th, after, int(before-1-after), called); err != nil {
			return err
		}
	} else {
		after, _ := strconv.ParseUint(v.r.URL.Query().Get("after"), 10, 64) // what is no number begins at the beginning
		if x, err = v.entriesView(ctx, th, min(after, th.LastSeq), pageOf, called); err != nil {
			return err
		}
		x.Earlier, x.Newest, x.Rest = false, true, x.After < th.LastSeq
		if v.partial() { // what was learnt of those that the page has already
			if x.Marks, err = v.deliveries(ctx, th, min(after, th.LastSeq)); err != nil {
				return err
			}
		}
	}
	if v.partial() {
		return v.show(http.StatusOK, "entries", x)
	}
	p := entriesPage{frame: v.frame("desk.case.title"), Entries: x}
	p.Here = "queue"
	return v.show(http.StatusOK, "entries-page", p)
}

type entriesPage struct {
	frame
	Entries entriesView
}

// entry is one line of a transcript, whole.
func (c *Console) entry(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	seq, err := strconv.ParseUint(v.r.PathValue("seq"), 10, 64)
	if err != nil || seq == 0 {
		return store.ErrNotFound
	}
	found, err := c.Store.Entries(v.r.Context(), th.ID, seq-1, 1)
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Seq != seq {
		return store.ErrNotFound
	}
	called, err := v.names(v.r.Context())
	if err != nil {
		return err
	}
	b, err := v.backdrop(v.r.Context(), th, called, found)
	if err != nil {
		return err
	}
	e := v.entryView(b, found[0], 1<<30)
	if v.partial() {
		return v.show(http.StatusOK, "entry", e)
	}
	p := entriesPage{frame: v.frame("desk.case.title"), Entries: entriesView{Thread: th.ID, Entries: []entryView{e}}}
	p.Here = "queue"
	return v.show(http.StatusOK, "entries-page", p)
}

// lateBy is from when the two times of a message are worth showing both.
const lateBy = 2 * time.Minute

// A backdrop is what is known of a talk beside the entries that are shown.
type backdrop struct {
	th       store.Thread
	called   map[desk.StaffID]string
	zone     *time.Location
	spoken   content.Locale
	files    map[string]store.File
	receipts map[string]channels.Receipt
	unsent   uint64 // the last entry that says that something was not sent
}

func (v *visit) backdrop(ctx context.Context, th store.Thread, called map[desk.StaffID]string, entries []store.Entry) (b backdrop, err error) {
	b = backdrop{th: th, called: called, zone: v.zone(th.Centre), spoken: v.c.Gateway.Look(th.State).Locale}
	if b.files, err = v.c.files(ctx, th.ID, entries); err != nil {
		return b, err
	}
	b.receipts, b.unsent, err = v.c.receipts(ctx, th.ID, entries)
	return b, err
}

func (v *visit) entryView(b backdrop, e store.Entry, most int) entryView {
	th, called, zone, files := b.th, b.called, b.zone, b.files
	x := entryView{
		Thread: th.ID, Seq: e.Seq, Class: string(e.Author), Said: v.moment(e.Said, zone), Late: e.Late,
		Locale: e.Locale, Blocks: e.Blocks, Cited: e.Articles, Edition: e.Edition,
	}
	if e.Said.IsZero() {
		x.Said = v.moment(e.At, zone)
	}
	if e.Late || e.At.Sub(e.Said) >= lateBy {
		x.Stored = v.moment(e.At, zone)
	}
	x.Text, x.Cut = cut(e.Text, most)
	x.Tongue = tongue(e.Locale, x.Text)
	if e.Text != "" { // the blocks are the same words, as they were sent
		x.Blocks = nil
	}
	for _, o := range e.Options {
		x.Options = append(x.Options, o.Label)
	}
	switch e.Author {
	case store.Person:
		x.Author = v.t("desk.author.person")
		x.Kind = v.kind(e)
		x.Pressed = e.Kind == channels.Choice
		x.Raw, _ = cut(strings.ToValidUTF8(string(e.Raw), "�"), maxShown)
		for _, m := range e.Media {
			if m.ID == "" { // from before files were fetched, or one too many
				x.Sealed = true
				x.Details = append(x.Details, v.medium(m))
			}
		}
		x.Files = v.fileViews(th, e, x, files)
	case store.Staff, store.Note:
		x.Author = called[e.By]
		x.Kind = v.kind(e)
		x.Files = v.fileViews(th, e, x, files)
		if e.Author == store.Staff && e.Locale == content.NoLocale { // most likely the person's
			x.Tongue = tongue(b.spoken, x.Text)
		}
	case store.Event:
		x.Event, x.EventKind = v.event(e, called), e.Event
		x.Text, x.Cut = "", 0
	default:
		x.Class, x.Author = "program", v.t("desk.author.program")
	}
	x.Sent = v.sentView(b, e)
	return x
}

// medium says what is known of something that cannot be opened here.
func (v *visit) medium(m channels.Media) string {
	var parts []string
	if m.Name != "" {
		parts = append(parts, short(m.Name, 60))
	}
	if m.Type != "" {
		parts = append(parts, short(m.Type, 40))
	}
	switch {
	case m.Size >= 1<<20:
		parts = append(parts, strconv.FormatFloat(float64(m.Size)/(1<<20), 'f', 1, 64)+" MB")
	case m.Size > 0:
		parts = append(parts, strconv.FormatInt((m.Size+1023)/1024, 10)+" kB")
	}
	return strings.Join(parts, " · ")
}

// cut gives the first n characters of s and how many are left out.
func cut(s string, n int) (string, int) {
	if len(s) <= n {
		return s, 0
	}
	left := utf8.RuneCountInString(s)
	if left <= n {
		return s, 0
	}
	i := 0
	for range n {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s[:i], left - n
}

// events are the things that happen to a talk, by the gateway's words for them.
var events = map[string]string{
	"case-opened": "desk.event.opened", "case-raised": "desk.event.raised", "alert": "desk.event.raised",
	"case-taken": "desk.event.taken", "case-released": "desk.event.released", "case-passed": "desk.event.passed",
	"case-closed": "desk.event.closed", "holder-away": "desk.mark.away", "case-requeued": "desk.event.released",
	"case-refused": "desk.mark.refused", "wants-erasing": "desk.mark.out", "keeps": "desk.event.keeps",
	"rated": "desk.event.rated", "helped": "desk.event.helped", "not-helped": "desk.event.helped",
	"file-erased": "desk.event.fileerased", "safety-agreed": "desk.safe.title", "case-wanted": "desk.reason.asked", "cleared": "desk.event.cleared", "not-sent": "desk.event.unsent",
	"hold-set": "desk.event.held", "hold-lifted": "desk.event.lifted", "hold-ended": "desk.event.holdended",
	"renamed": "desk.event.renamed", "delivery-failed": "desk.event.undelivered",
	"comment-edited": "desk.event.reworded", "comment-removed": "desk.event.removed", "comment-hidden": "desk.event.hidden", "comment-shown": "desk.event.shown",
	"comment-skipped": "desk.event.skipped", "private-reply-refused": "desk.event.privaterefused", "replied-in-public": "desk.event.inpublic",
}

// event says what happened. Detail is what the event is about, in words.
func (v *visit) event(e store.Entry, called map[desk.StaffID]string) string {
	detail := e.Text
	switch e.Event {
	case "case-opened":
		detail = v.reasonWord(desk.Reason(e.Text))
	case "case-raised", "alert":
		detail = v.signal(e.Text)
	case "case-passed":
		detail = cmp.Or(called[desk.StaffID(e.Text)], e.Text)
	case "case-closed":
		detail = v.outcome(desk.Outcome(e.Text))
	case "helped":
		detail = "✓"
	case "not-helped":
		detail = "✗"
	case "not-sent", "delivery-failed", "private-reply-refused":
		detail = v.unsent(e.Text)
	}
	id, ok := events[e.Event]
	if e.Event == "case-taken" && desk.Elsewhere(e.By) {
		id = "desk.event.elsewhere"
	}
	if !ok { // a newer program's: its own word is better than none
		return strings.TrimSpace(e.Event + " " + short(detail, 80))
	}
	return v.t(id, "Name", cmp.Or(called[e.By], v.t("desk.author.program")), "Detail", short(detail, 80))
}

// reasons are those for which there is a phrase.
var reasons = map[desk.Reason]bool{desk.Asked: true, desk.Signalled: true, desk.Voiced: true, desk.Poison: true, desk.StaffBegan: true,
	desk.Answered: true, desk.Rang: true, desk.Commented: true}

func (v *visit) reasonWord(r desk.Reason) string {
	if !reasons[r] {
		return string(r)
	}
	return v.t("desk.reason." + string(r))
}

// unsents are the phrases for why a message was not sent.
var unsents = map[string]string{
	string(channels.Blocked): "desk.unsent.blocked", string(channels.Expired): "desk.unsent.expired", string(channels.Rejected): "desk.unsent.rejected",
	string(channels.Misset): "desk.unsent.misset", string(channels.Unavailable): "desk.unsent.unavailable", string(channels.NoAnswer): "desk.unsent.unavailable",
	string(channels.Throttled): "desk.unsent.throttled", "given up after a day": "desk.unsent.old", "erased": "desk.unsent.erased",
}

// unsent says why a message was not sent; the gateway gives the problem, at
// times with more after it.
func (v *visit) unsent(text string) string {
	word, _, _ := strings.Cut(text, ":")
	if id, ok := unsents[strings.TrimSpace(word)]; ok {
		return v.t(id)
	}
	return text
}

// An answerView is the answer box.
type answerView struct {
	Thread  store.ThreadID
	Key     string
	Text    string
	Locale  content.Locale // of the person, for the keyboard and the type
	May     bool
	Why     string // why one may not write, in words
	State   string // of the case, as this box knows it
	MayTake bool
	Quiet   bool // not safe to write first
	Max     int
	Problem string
	Attach  attachView
	Window  windowView
	Once    bool    // it is the one private reply to a comment
	Shut    bool    // the case is one's own, and nothing can be sent
	Offers  []offer // what is left then
}

// Shown says whether there is a box: for who may write, and for who has written
// and may no longer, so that the words can be saved.
func (a answerView) Shown() bool { return a.May || a.Text != "" }

// answer is the box as it stands: with what the member has typed before.
func (v *visit) answer(ctx context.Context, th store.Thread, members []store.Member) (answerView, error) {
	draft, err := v.c.Store.Draft(ctx, th.ID, v.me.ID)
	look := v.c.Gateway.Look(th.State)
	a := answerView{Thread: th.ID, Key: newKey(), Text: draft, Locale: look.Locale, Quiet: look.Quiet, Max: maxSay, State: v.state(th)}
	w := v.c.Gateway.Window(th)
	switch k := th.Case; {
	case holds(v.me, th) && !w.Open:
		a.Shut, a.Why, a.Offers = true, v.shut(th, w), v.offers(ctx, th, w, look.Quiet)
	case holds(v.me, th):
		a.May, a.Window, a.Once = true, v.windowView(th, w), toComment(th)
		if a.Once {
			if most := v.c.Gateway.Limits(th.Reply.Channel).Text; most > 0 {
				a.Max = min(a.Max, most)
			}
			break
		}
		a.Attach = v.attachView(th)
	case !k.Open():
		a.Why = v.t("desk.status.closed", "Name", v.called(members)[k.ClosedBy])
	case k.Status == desk.Held && desk.Elsewhere(k.Holder):
		a.Why, a.MayTake = v.t("desk.status.elsewhere", "Name", v.called(members)[k.Holder]), true
	case k.Status == desk.Held:
		a.Why = v.t("desk.status.held", "Name", v.called(members)[k.Holder])
		a.MayTake = k.Away
	default:
		a.Why, a.MayTake = v.t("desk.status.waiting"), true
	}
	return a, err
}

func (c *Console) answerPart(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	members, err := c.Store.Members(v.r.Context())
	if err != nil {
		return err
	}
	a, err := v.answer(v.r.Context(), th, members)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "answer", a)
}

// A noteView is the box for notes.
type noteView struct {
	Thread  store.ThreadID
	Key     string
	Text    string
	Problem string
}

// happened tells the page that asked to look again at once.
func (v *visit) happened() {
	b, err := json.Marshal(map[string]any{"desk-here": nil, "desk-any": nil})
	if err == nil {
		v.w.Header().Set("Hx-Trigger", string(b))
	}
}
