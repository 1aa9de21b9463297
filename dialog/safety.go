// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"time"
)

// hide takes the talk off the screen and keeps the program quiet from then on.
func (t *turn) hide() {
	t.s.Quiet = true
	t.ask(NoQuestion)
	switch t.clears {
	case ClearsAll:
		t.before = append(t.before, Clear{Told: ClearsAll})
		t.say(phrase("hide-done"))
	case ClearsOurs:
		t.before = append(t.before, Clear{Told: ClearsOurs})
		t.say(phrase("hide-partly"))
	case ClearsRecent:
		t.before = append(t.before, Clear{Told: ClearsRecent})
		t.say(phrase("hide-recent"))
	default:
		t.say(phrase("hide-how"))
	}
}

func (t *turn) deleteAll(yes bool) {
	if t.s.Asked != AskDelete {
		t.stale()
		return
	}
	t.ask(NoQuestion)
	if !yes {
		t.say(phrase("delete-no"))
		return
	}
	t.s.Erase = t.at.Add(Grace)
	if t.clears != ClearsNone {
		t.before = append(t.before, Clear{})
	}
	t.do(Timer{Name: TimerErase, At: t.s.Erase})
	if t.desk.Standing != NoCase {
		t.do(WantsOut{Wants: true})
	}
	t.say(phrase("delete-yes"))
}

func (t *turn) keep() {
	if t.s.Erase.IsZero() {
		t.say(phrase("keep-nothing"))
		return
	}
	t.s.Erase = time.Time{}
	t.ask(NoQuestion)
	if t.desk.Standing != NoCase {
		t.do(WantsOut{Wants: false})
	}
	t.say(phrase("keep-done"))
}
