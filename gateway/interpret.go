// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/dialog"
	"sarai/store"
)

// The kinds of job.
const (
	jobSend  store.JobKind = "send"
	jobTimer store.JobKind = "timer"
	jobClear store.JobKind = "clear"
	jobErase store.JobKind = "erase"

	jobPublish store.JobKind = "publish"
	jobHide    store.JobKind = "hide"
	jobForget  store.JobKind = "forget" // what the erasing of a talk leaves to be done
)

// The gateway's own timers: old news was gathered; the talk may be old enough
// to be erased.
const (
	timerLate = "late"
	timerKeep = "keep"
)

// The words for what happened, as entries of the transcript.
const (
	EventOpened    = "case-opened"
	EventRaised    = "case-raised"
	EventAlert     = "alert"
	EventTaken     = "case-taken"
	EventReleased  = "case-released"
	EventPassed    = "case-passed"
	EventClosed    = "case-closed"
	EventAway      = "holder-away"
	EventRequeued  = "case-requeued"
	EventRefused   = "case-refused"
	EventWanted    = "case-wanted" // after it was refused
	EventWantsOut  = "wants-erasing"
	EventKeeps     = "keeps"
	EventRated     = "rated"
	EventHelped    = "helped"
	EventNotHelped = "not-helped"
	EventCleared   = "cleared"
	EventUnsent    = "not-sent"
	EventSafety    = "safety-agreed"
	EventHold      = "hold-set"
	EventLifted    = "hold-lifted"
	EventHoldEnded = "hold-ended" // by the person's own wish

	EventRenamed        = "renamed"
	EventUndelivered    = "delivery-failed"
	EventCommentEdited  = "comment-edited"
	EventCommentRemoved = "comment-removed"
	EventCommentHidden  = "comment-hidden"
	EventCommentShown   = "comment-shown"
	EventCommentSkipped = "comment-skipped"
	EventPrivateRefused = "private-reply-refused"
	EventPublic         = "replied-in-public"
)

// step has dialog decide and interprets what it wants.
func (p *plan) step(ev dialog.Event) {
	var effects []dialog.Effect
	p.state, effects = dialog.Step(p.edition.Catalogue, p.state, ev)
	for _, e := range effects {
		p.interpret(e)
	}
	if heard, ok := ev.(dialog.Heard); ok {
		if p.band = understood(heard, effects); p.band != "" {
			p.script = script(heard.Text)
		}
	}
	p.endHold()
	if p.turn.Thread.Centre == "" {
		p.turn.Thread.Centre = p.g.centreOf(p.edition.Catalogue, p.turn.Thread, p.state.Origin)
	}
}

func (p *plan) interpret(e dialog.Effect) {
	th := &p.turn.Thread
	switch e := e.(type) {
	case dialog.Say:
		p.say(e)
	case dialog.OpenCase:
		var signals []string
		for _, s := range e.Signals {
			signals = append(signals, string(s))
		}
		p.openCase(desk.Reason(e.Reason), desk.Rank(e.Rank), signals)
	case dialog.RaiseCase:
		p.apply(desk.Raise{Signal: string(e.Signal), Rank: desk.Rank(e.Rank)}, desk.Program, EventRaised, string(e.Signal))
	case dialog.Alert:
		p.event(EventAlert, desk.Program, string(e.Signal))
	case dialog.MarkAway:
		if th.Case != nil && !th.Case.Away {
			p.apply(desk.MarkAway{}, desk.Program, EventAway, "")
		}
	case dialog.Requeue:
		p.apply(desk.Release{}, desk.Program, EventRequeued, "")
	case dialog.Refuse:
		what := EventRefused
		if e.Back {
			what = EventWanted
		}
		p.apply(desk.Refuse{Back: e.Back}, desk.Program, what, "")
	case dialog.WantsOut:
		what := EventWantsOut
		if !e.Wants {
			what = EventKeeps
		}
		p.apply(desk.AskOut{Wants: e.Wants}, desk.Program, what, "")
	case dialog.Rate:
		p.apply(desk.Rate{Stars: e.Stars}, desk.Program, EventRated, fmt.Sprint(e.Stars))
	case dialog.Helped:
		what := EventHelped
		if !e.Yes {
			what = EventNotHelped
		}
		entry := store.Entry{At: p.now, Said: p.now, Author: store.Event, By: desk.Program, Event: what, Edition: p.edition.Catalogue.Edition()}
		if a, ok := p.edition.Catalogue.Article(e.Article); ok {
			if t := a.In(p.state.Locale); t != nil {
				entry.Articles = []store.Cited{{Article: a.ID, Locale: t.Locale, Hash: t.Hash}}
			}
		}
		p.add(entry)
	case dialog.Timer:
		p.timer(e.Name, e.At)
	case dialog.Clear:
		p.event(EventCleared, desk.Program, "")
		th.Cleared = p.seq()
		if p.clears(th.Reply.Channel) != dialog.ClearsRecent { // what stays now is not gone the next time either
			p.memory.Hidden = p.now
		}
		p.clearing = &clearing{To: th.Reply, Told: e.Told}
		p.job(store.Job{Kind: jobClear, Lane: p.lane(), Priority: store.First, Due: p.now}, p.clearing)
		p.cleared = len(p.turn.Jobs) - 1
	case dialog.Publish:
		if th.Comment != nil {
			p.publishAfter(p.variant(e.Phrase))
		}
	case dialog.Look:
		p.look(e.Need)
	case dialog.EraseAll:
		p.erase(erasing{Why: byWish, By: desk.Program})
	default:
		panic(fmt.Sprintf("gateway: unknown effect %T", e)) // unreachable: the set is closed
	}
}

func (p *plan) openCase(reason desk.Reason, rank desk.Rank, signals []string) {
	c := desk.New(desk.CaseID(newID()), reason, rank, signals, p.now)
	p.turn.Thread.Case = &c
	p.caseChanged = true
	p.event(EventOpened, desk.Program, string(reason))
}

// apply has the desk decide on the program's own command. One that is refused
// (the case was closed a moment ago) changes nothing.
func (p *plan) apply(cmd desk.Command, by desk.StaffID, event, text string) {
	th := &p.turn.Thread
	if th.Case == nil {
		return
	}
	c, err := th.Case.Apply(cmd, by, p.now)
	if err != nil {
		return
	}
	th.Case = &c
	p.caseChanged = true
	p.event(event, by, text)
}

func (p *plan) event(what string, by desk.StaffID, text string) {
	p.add(store.Entry{At: p.now, Said: p.now, Author: store.Event, By: by, Event: what, Text: text})
}

func (p *plan) add(e store.Entry) { p.turn.Entries = append(p.turn.Entries, e) }

// seq is the place that the newest entry of the plan will have.
func (p *plan) seq() uint64 { return p.read.LastSeq + uint64(len(p.turn.Entries)) }

func (p *plan) lane() string { return "t/" + string(p.turn.Thread.ID) }

// job adds a job with its stable key and gives that key.
func (p *plan) job(j store.Job, body any) string {
	j.Key = fmt.Sprintf("%s/%016x/%04x", p.turn.Thread.ID, p.read.Version+1, p.index)
	p.index++
	j.Thread, j.Made = p.turn.Thread.ID, p.now
	if body != nil {
		j.Body = encoded(body)
	}
	p.turn.Jobs = append(p.turn.Jobs, j)
	return j.Key
}

func encoded(body any) []byte {
	b, err := json.Marshal(body)
	if err != nil { // unreachable: bodies marshal
		panic(err)
	}
	return b
}

// timing is the body of a timer's job.
type timing struct {
	Name string `json:"name"`
}

// clearing is the body of a job that clears a screen.
type clearing struct {
	To   channels.Address `json:"to"`
	Told dialog.Clearing  `json:"told,omitempty"` // what the person is to be told afterwards
	Said []string         `json:"said,omitempty"` // keys of the jobs that tell it
}

// timer sets a timer, in place of one of the same name.
func (p *plan) timer(name string, at time.Time) {
	p.unset(name)
	if p.memory.Timers == nil {
		p.memory.Timers = map[string]string{}
	}
	lane := fmt.Sprintf("timer/%s/%s/%x", p.turn.Thread.ID, name, p.read.Version+1)
	p.memory.Timers[name] = p.job(store.Job{Kind: jobTimer, Priority: store.Third, Due: at, Lane: lane}, timing{Name: name})
}

func (p *plan) unset(name string) {
	old, ok := p.memory.Timers[name]
	if !ok {
		return
	}
	delete(p.memory.Timers, name)
	for i, j := range p.turn.Jobs {
		if j.Key == old { // set in this very turn
			p.turn.Jobs = append(p.turn.Jobs[:i], p.turn.Jobs[i+1:]...)
			return
		}
	}
	p.turn.Cancel = append(p.turn.Cancel, old)
}

// say renders one bubble, keeps it in the transcript and has it sent. To somebody
// who has blocked the centre nothing is said: it would not arrive.
func (p *plan) say(s dialog.Say) {
	th := &p.turn.Thread
	if th.Blocked || p.toComment() && mayReply(*th.Comment, p) != nil {
		return
	}
	b := p.g.render(p.edition.Catalogue, p.state, th.Centre, s)
	for i := range p.state.Options { // so that a label typed by hand is understood
		for _, o := range b.options {
			if o.Key == p.state.Options[i].Key {
				p.state.Options[i].Label = o.Label
			}
		}
	}
	priority := store.Third
	if s.Danger {
		priority = store.First
	}
	entry := store.Entry{
		At: p.now, Said: p.now, Author: store.Program, By: desk.Program, Channel: th.Reply.Channel, Kind: channels.Text,
		Blocks: b.blocks, Options: b.options, Locale: p.state.Locale, Articles: b.cited, Edition: p.edition.Catalogue.Edition(),
	}
	entry.Sends = p.send(channels.Outbound{Author: channels.Program, Blocks: b.blocks, Options: b.options}, priority)
	p.add(entry)
	if p.clearing != nil && p.clearing.Told != "" { // what follows it says how much is gone
		p.clearing.Said = entry.Sends
		p.turn.Jobs[p.cleared].Body = encoded(p.clearing)
		p.clearing = nil
	}
}

// A sending is the body of a job that sends a message.
type sending struct {
	channels.Outbound
	Private bool   `json:"private,omitempty"` // it is the one private reply to a comment
	Public  string `json:"public,omitempty"`  // what is said under the comment once it was taken
}

// send adds the jobs that send a message to where the person last wrote from:
// one for each part that the channel can carry, so that a part is never sent
// again because a later one failed. It gives the keys of the jobs.
func (p *plan) send(out channels.Outbound, priority store.Priority) (keys []string) {
	th := &p.turn.Thread
	if p.toComment() {
		by := desk.Program
		if th.Case != nil && out.Author == channels.Staff {
			by = th.Case.Holder
		}
		return p.replyPrivately(out, by, priority)
	}
	return p.dispatch(split(out, p.g.Limits(th.Reply.Channel)), priority, sending{})
}

// dispatch adds a job for each part of a message; with says what else is in its body.
func (p *plan) dispatch(parts []channels.Outbound, priority store.Priority, with sending) (keys []string) {
	th := &p.turn.Thread
	for _, part := range parts {
		part.To, part.LastActed = th.Reply, th.LastHeard
		part.Locale, part.RTL = string(p.state.Locale), p.state.Locale.RTL()
		part.Key = fmt.Sprintf("%s/%016x/%04x", th.ID, p.read.Version+1, p.index)
		with.Outbound = part
		keys = append(keys, p.job(store.Job{Kind: jobSend, Lane: p.lane(), Priority: priority, Due: p.now}, with))
	}
	return keys
}

func (p *plan) erasing() bool {
	return slices.ContainsFunc(p.turn.Jobs, func(j store.Job) bool { return j.Kind == jobErase })
}

// finish gives the turn to commit. A talk that is new, or from before talks
// were forgotten, is given the day on which that is looked at.
func (p *plan) finish() store.Turn {
	if _, ok := p.memory.Timers[timerKeep]; !ok && !p.erasing() {
		p.timer(timerKeep, p.now.Add(p.g.keep-p.g.warning()))
	}
	p.settleKeeping()
	t := p.turn
	t.Acts = p.acts()
	t.Thread.State = p.memory.encode(p.state)
	t.Counts = p.counts()
	for i := range t.Entries {
		t.Entries[i].Seq = p.read.LastSeq + uint64(i) + 1
	}
	return t
}
