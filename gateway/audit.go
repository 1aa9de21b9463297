// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"sarai/desk"
	"sarai/store"
)

// deeds are the events of a transcript that change a case or how long it is
// kept, by what the audit calls them. That the person asked to delete everything
// is seen in the state: it has an event only while a case is open.
var deeds = map[string]store.Deed{
	EventOpened: store.DidOpen, EventRaised: store.DidRaise, EventTaken: store.DidTake, EventReleased: store.DidRelease,
	EventPassed: store.DidPass, EventClosed: store.DidClose, EventAway: store.DidAway, EventRequeued: store.DidRequeue,
	EventRefused: store.DidRefuse, EventWanted: store.DidWant, EventRated: store.DidRate, EventSafety: store.DidSafety,
	EventFileErased: store.DidFile,
	EventHold:       store.DidHold, EventLifted: store.DidLift, EventHoldEnded: store.DidEndHold,
}

// Acts gives what the audit says of entries that are added to a thread: who
// changed its case in which way, and nothing of what was said. It is made from
// the entries, so that whatever staff see as done is written down as done.
func Acts(th store.Thread, entries []store.Entry) []store.Act {
	var acts []store.Act
	for _, e := range entries {
		a := store.Act{At: e.At, By: e.By, Thread: th.ID}
		if th.Case != nil {
			a.Case = th.Case.ID
		}
		switch e.Author {
		case store.Staff:
			a.What = store.DidSay
		case store.Note:
			a.What = store.DidNote
		case store.Event:
			a.What = deeds[e.Event]
			if e.Event == EventPassed {
				a.On = e.Text
			}
		}
		if a.What != "" {
			acts = append(acts, a)
		}
	}
	return acts
}

// acts gives what the audit says of the whole turn.
func (p *plan) acts() []store.Act {
	th := p.turn.Thread
	acts := Acts(th, p.turn.Entries)
	own := func(what store.Deed, by desk.StaffID) {
		a := store.Act{At: p.now, By: by, What: what, Thread: th.ID}
		if th.Case != nil {
			a.Case = th.Case.ID
		}
		acts = append(acts, a)
	}
	switch wants := !p.state.Erase.IsZero(); {
	case wants && !p.wanted:
		own(store.DidWish, desk.Program)
	case !wants && p.wanted:
		own(store.DidKeep, desk.Program)
	}
	if !th.Keeping.Leaves.IsZero() && p.read.Keeping.Leaves.IsZero() {
		own(store.DidWarn, desk.Program)
	}
	if p.ordered != "" {
		own(store.DidOrder, p.ordered)
	}
	return acts
}
