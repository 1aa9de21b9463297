// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"strings"
	"time"

	"sarai/content"
	"sarai/search"
)

// whileHeld is what the program may do while staff hold the case: the words
// that always work, choices of its own last list, and signals.
func (t *turn) whileHeld(ev Heard) {
	t.learnLocale(ev.Reading, ev.Hint)
	if len(ev.Reading.Signals) > 0 {
		for _, r := range ev.Reading.Signals {
			t.raise(r.Signal)
			if !t.s.said(r.Signal) {
				t.do(Timer{Name: TimerSignal + string(r.Signal), At: t.at.Add(SignalWait)})
			}
		}
		t.s.Quiet, t.s.Line = true, t.wanted(ev.Reading.Signals)
		t.holderWaits()
		return
	}
	if w, ok := command(ev.Text); ok && ev.Form == Words {
		switch w {
		case wordHide, wordDelete, wordKeep, wordStop, wordMenu:
			t.command(w)
			return
		case wordCounsellor:
			t.say(phrase("staff-here"))
			return
		case wordYes, wordNo:
			if t.s.Asked == AskDelete {
				t.pressed(map[word]string{wordYes: "delete:yes", wordNo: "delete:no"}[w])
				return
			}
		}
	}
	// Something the program itself offered, and staff have said nothing since.
	if key, ok := t.key(ev); ok {
		if _, offered := t.s.option(key); offered {
			t.pressed(key)
			return
		}
	}
	// Nobody is there: what can be answered surely is not made to be asked twice.
	if t.holderWaits() && ev.Form == Words && ev.Reading.Band == search.Answer && !ev.Together {
		t.question(ev.Reading)
	}
}

func (s State) option(key string) (Option, bool) {
	for _, o := range s.Options {
		if o.Key == key {
			return o, true
		}
	}
	return Option{}, false
}

// holderWaits notes that the holder owes an answer. Outside the centre's hours,
// or with the holder gone, the person is told at once when somebody will read
// this, and away is true; within hours when the holder has been silent for long.
func (t *turn) holderWaits() (away bool) {
	if t.s.Waits.IsZero() {
		t.s.Waits = t.at
		t.do(Timer{Name: TimerHolder, At: t.at.Add(t.desk.patience())})
	}
	speaking := !t.desk.Spoke.IsZero() && t.at.Sub(t.desk.Spoke) < t.desk.patience()
	if t.desk.Gone || (t.desk.Hours && !t.desk.Open && !speaking) {
		t.holderAway()
		return true
	}
	return false
}

// holderAway tells the person, once per silence, when somebody will read their
// messages, and lets the program answer meanwhile.
func (t *turn) holderAway() {
	t.do(MarkAway{})
	switch {
	case t.desk.Hours && !t.desk.Open && !t.desk.Opens.IsZero():
		t.do(Timer{Name: TimerShift, At: t.desk.Opens})
	default: // colleagues are there, or nobody knows when a shift begins
		t.do(Requeue{})
		t.watchQueue()
	}
	if t.s.ToldAway {
		return
	}
	t.s.ToldAway = true
	t.say(phrase("staff-away"))
	t.say(t.hours()...)
	t.say(phrase("staff-away-meanwhile"))
}

// hours says when somebody reads, or that this is not known; no time is
// promised then.
func (t *turn) hours() []Part {
	switch {
	case !t.desk.Hours:
		return parts("hours-unknown")
	case t.desk.Open:
		return parts("hours-open")
	case t.desk.Opens.IsZero():
		return parts("hours-unknown")
	}
	return []Part{{Phrase: "hours-opens", Args: Args{At: t.desk.Opens}}}
}

func (t *turn) place(n int) []Part {
	return append([]Part{{Phrase: "queue-place", Args: Args{Count: max(n, 1)}}}, t.hours()...)
}

// watchQueue has the person told, if the case still waits, that it does.
func (t *turn) watchQueue() {
	at := t.at.Add(ReminderWait)
	if t.desk.Hours && !t.desk.Open && !t.desk.Opens.IsZero() {
		at = t.desk.Opens.Add(ReminderWait)
	}
	t.do(Timer{Name: TimerQueue, At: at})
}

func (t *turn) rang(name string) {
	switch {
	case name == TimerHolder:
		if !t.silent() || t.s.Waits.IsZero() || t.at.Sub(t.s.Waits) < t.desk.patience() {
			return
		}
		if t.mayWriteFirst() {
			t.holderAway()
			return
		}
		parts := len(t.parts)
		t.holderAway()
		t.parts = t.parts[:parts] // on a quiet thread it is told with the next answer instead
		t.s.ToldAway = false
	case name == TimerShift:
		if t.desk.Standing == Held && t.desk.Away {
			t.do(Requeue{})
			t.watchQueue()
		}
	case name == TimerQueue:
		if t.desk.Standing != Waiting || t.s.Reminded >= maxReminders {
			return
		}
		t.s.Reminded++
		t.do(Timer{Name: TimerQueue, At: t.at.Add(24 * time.Hour)})
		if t.mayWriteFirst() {
			t.say(append(parts("queue-still"), t.place(t.desk.Place)...)...)
		}
	case name == TimerInbox:
		if t.desk.Standing != Held || !t.desk.Elsewhere || t.at.Sub(t.desk.Spoke) < ElsewhereWait {
			return
		}
		t.do(Requeue{})
		t.watchQueue()
	case name == TimerErase:
		if !t.s.Erase.IsZero() && !t.at.Before(t.s.Erase) {
			t.do(EraseAll{})
		}
	case strings.HasPrefix(name, TimerSignal):
		id := content.SignalID(strings.TrimPrefix(name, TimerSignal))
		if t.desk.Standing == NoCase || t.s.said(id) || !t.desk.Spoke.Before(t.at.Add(-SignalWait)) {
			return // somebody has answered, or the article was said
		}
		t.signalArticle(id)
	}
}

// keptForStaff says, once per silence, that the words are in the case.
func (t *turn) keptForStaff() {
	t.ask(NoQuestion)
	if t.desk.Standing == Waiting {
		t.say(phrase("kept"))
		if !t.s.Kept {
			t.say(t.place(t.desk.Place)...)
		}
		t.s.Kept = true
		return
	}
	t.say(phrase("kept"))
	t.say(t.hours()...)
	t.s.ToldAway = true
}
