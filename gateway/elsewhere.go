// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"slices"

	"sarai/channels"
	"sarai/desk"
	"sarai/dialog"
	"sarai/store"
)

// answeredElsewhere keeps what somebody of the centre wrote past the desk. It
// counts as staff's: the case is held there, and the program is silent.
func (p *plan) answeredElsewhere(in channels.Inbound) {
	th := &p.turn.Thread
	place := desk.StaffID(in.Staff)
	p.reachedAt(in)
	if p.read.Version == 0 {
		th.Reply = in.From
	}
	entry := p.entry(in)
	entry.Author, entry.By = store.Staff, place
	entry.Late = p.now.Sub(in.At) > OldNews
	if worded(in.Kind) {
		entry.Blocks = paragraphs(in.Text)
	}
	p.add(entry)
	switch {
	case in.Kind == channels.Edited, in.Kind == channels.Deleted, in.Kind == channels.Reaction:
		return // of what was counted when it was written
	case p.now.Sub(in.At) >= dialog.ElsewhereWait: // nobody is there any more
		return
	}
	p.holdElsewhere(place)
	p.step(dialog.Spoke{At: p.now, Elsewhere: true, Desk: p.desk()})
}

// holdElsewhere has a case held in a place past the desk, and opens it where
// there is none. Whoever of the staff holds one keeps it.
func (p *plan) holdElsewhere(place desk.StaffID) {
	th := &p.turn.Thread
	if th.Case == nil || !th.Case.Open() {
		p.openCase(desk.Answered, desk.Normal, nil)
	}
	if th.Case.Status == desk.Waiting {
		p.apply(desk.Wrote{}, place, EventTaken, "")
		return
	}
	if c, err := th.Case.Apply(desk.Wrote{}, place, p.now); err == nil {
		th.Case, p.caseChanged = &c, true
	}
}

// reachedAt adds the addresses of an event to the thread.
func (p *plan) reachedAt(in channels.Inbound) {
	th := &p.turn.Thread
	for _, a := range append([]channels.Address{in.From}, in.Aliases...) {
		if !slices.Contains(th.Addresses, a) {
			th.Addresses = append(th.Addresses, a)
		}
	}
}

// renamed keeps under which name the platform knows the person now. The old names
// are given up: a telephone number goes to somebody else after a while, who must
// not come into this talk.
func (p *plan) renamed(in channels.Inbound) {
	th := &p.turn.Thread
	if slices.Contains(th.Addresses, in.From) && !slices.ContainsFunc(in.Aliases, func(a channels.Address) bool { return slices.Contains(th.Addresses, a) }) {
		return // told before
	}
	th.Addresses = slices.DeleteFunc(th.Addresses, func(a channels.Address) bool { return slices.Contains(in.Aliases, a) })
	if !slices.Contains(th.Addresses, in.From) {
		th.Addresses = append(th.Addresses, in.From)
	}
	if !slices.Contains(th.Addresses, th.Reply) {
		th.Reply = in.From
	}
	p.event(EventRenamed, desk.Program, "")
}
