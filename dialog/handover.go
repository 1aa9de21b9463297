// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"time"

	"sarai/content"
)

// counsellor asks for consent, or says where the case stands.
func (t *turn) counsellor() {
	switch t.desk.Standing {
	case Waiting:
		t.ask(NoQuestion)
		if t.desk.Refused { // asked for after all
			t.do(Refuse{Back: true})
		}
		t.say(phrase("queue-already"))
		t.say(t.place(t.desk.Place)...)
	case Held:
		t.ask(NoQuestion)
		if t.silent() { // chosen from the menu while the holder is there
			t.say(phrase("staff-here"))
			return
		}
		t.say(phrase("staff-away"))
		t.say(t.hours()...)
	default:
		t.introduce()
		t.askConsent()
	}
}

func (t *turn) askConsent() {
	t.say(phrase("consent-ask"))
	if centre, ok := t.c.Centre(t.desk.Centre); ok && len(centre.Confirmed) > 0 {
		t.say(Part{Confirmed: centre.ID})
	}
	t.offer(AskConsent, "consent:yes", "consent:no")
}

func (t *turn) consent(yes bool) {
	if t.desk.Standing != NoCase {
		t.counsellor()
		return
	}
	if t.s.Asked != AskConsent && t.s.Asked != AskSecondVoice {
		t.stale()
		return
	}
	t.s.Unsure = 0
	if !yes {
		t.say(phrase("consent-no"))
		t.menu()
		return
	}
	t.open("asked", RankNormal, "")
	t.say(phrase("consent-yes"))
	t.say(t.place(t.desk.place(RankNormal))...)
	t.say(phrase("about-ask"))
	t.offer(AskAbout, "skip")
}

func (t *turn) thanksForAbout() {
	t.ask(NoQuestion)
	t.s.Kept = true
	t.say(phrase("about-thanks"))
}

// open opens a case and has the queue watched.
func (t *turn) open(reason string, rank int, signal content.SignalID) {
	e := OpenCase{Reason: reason, Rank: rank}
	t.s.Signals = nil
	if signal != "" {
		e.Signals = []content.SignalID{signal}
	}
	t.do(e)
	t.s.Reminded, t.s.Kept, t.s.Sent = 0, false, time.Time{}
	t.watchQueue()
}

func (t *turn) openOrRaise(reason string, rank int, signal content.SignalID) {
	if t.desk.Standing == NoCase {
		t.open(reason, rank, signal)
		return
	}
	if signal != "" {
		t.do(RaiseCase{Signal: signal, Rank: rank})
	}
}

// voice gets somebody who only sends voice notes through without reading: the
// second note is the consent. What was on its way when they were asked is none:
// many tell one thing in several notes.
func (t *turn) voice(ev Heard) {
	if t.desk.Standing != NoCase {
		t.keptForStaff()
		return
	}
	t.s.Met = true
	if t.s.Asked != AskSecondVoice {
		t.say(phrase("voice-first"))
		t.offer(AskSecondVoice)
		t.s.VoiceAsked = t.at
		return
	}
	if ev.At.Sub(t.s.VoiceAsked) < VoiceWait {
		return
	}
	t.ask(NoQuestion)
	t.open("voice", RankUnheard, "")
	t.say(phrase("voice-opened"))
	t.say(t.place(t.desk.place(RankUnheard))...)
}

// sent is a picture, document or place: a human can look at it.
func (t *turn) sent() {
	album := !t.s.Sent.IsZero() && t.at.Sub(t.s.Sent) < AlbumWait
	t.s.Sent = t.at
	if album && (t.desk.Standing != NoCase || t.s.Asked == AskConsent) {
		return
	}
	if t.desk.Standing != NoCase {
		t.keptForStaff()
		return
	}
	t.introduce()
	t.say(phrase("sent-ask"))
	t.askConsent()
}

// tooLarge is a file that will not be kept: who believes that a counsellor has it
// sends it no other way.
func (t *turn) tooLarge() {
	t.introduce()
	t.say(phrase("file-too-large"))
	if t.desk.Standing == NoCase {
		t.offer(AskMenu, "counsellor", "menu")
	}
}

// unreadable is what nobody can open: kept, and answered once.
func (t *turn) unreadable() {
	if t.s.Closed {
		return
	}
	t.s.Closed = true
	t.say(phrase("unreadable"))
}

// rung is a call that nobody could take: a case for somebody to ring back, and
// the person is told when, once.
func (t *turn) rung() {
	told := !t.s.Rang.IsZero() && t.at.Sub(t.s.Rang) < RingWait
	t.introduce()
	if t.desk.Standing == NoCase {
		t.open("call", RankNormal, "")
	} else if told {
		return
	}
	t.s.Rang = t.at
	t.ask(NoQuestion)
	t.say(phrase("call-noted"))
	t.say(t.hours()...)
}
