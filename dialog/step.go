// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"slices"
	"strings"
	"time"

	"sarai/content"
	"sarai/search"
)

// The times that the conversation keeps.
const (
	Grace      = 24 * time.Hour  // between asking to delete everything and erasing it
	Forget     = 24 * time.Hour  // after such a silence no earlier topic, list or country is brought up
	SignalWait = 2 * time.Minute // for staff to answer a signal while they hold the case
	// ElsewhereWait is how long a case stays with whoever answered past the desk
	// without a further word of theirs: nobody can tell whether they are there.
	ElsewhereWait = 24 * time.Hour
	// RingWait is for how long somebody who rings again is not told again.
	RingWait     = 12 * time.Hour
	ReminderWait = 30 * time.Minute
	// AlbumWait is how long after one picture the next belongs to it: an album
	// arrives as single pictures and is answered once.
	AlbumWait = time.Minute
	// VoiceWait is how soon after the question nobody can have heard it and
	// recorded an answer: reading it aloud takes as long.
	VoiceWait    = 5 * time.Second
	maxReminders = 3
	// An answer is followed by "did this help?" once in so many answers.
	helpedEvery = 3
)

// Step decides what an event changes and what is to be done about it. It is
// total: every state and event has an outcome, an unknown key or a missing
// article included. It is deterministic: the same arguments give the same
// outcome. It does not keep or change what it is given.
func Step(c *content.Catalogue, s State, ev Event) (State, []Effect) {
	t := turn{c: c, s: s, at: ev.event()}
	t.s.Format = Format
	t.s.Also = slices.Clone(s.Also)
	t.s.Options = slices.Clone(s.Options)
	t.s.Signals = slices.Clone(s.Signals)
	switch ev := ev.(type) {
	case Heard:
		t.desk = ev.Desk
		t.heard(ev)
	case Took:
		t.desk = ev.Desk
		t.s.Waits, t.s.ToldAway = time.Time{}, false
		t.ask(NoQuestion)
		if t.mayWriteFirst() {
			t.say(phrase("staff-joined"))
		}
	case Spoke:
		t.desk = ev.Desk
		t.s.Waits, t.s.ToldAway, t.s.Unsure = time.Time{}, false, 0
		t.ask(NoQuestion)
		if ev.Elsewhere {
			t.do(Timer{Name: TimerInbox, At: t.at.Add(ElsewhereWait)})
		}
	case Commented:
		t.desk = ev.Desk
		t.commented(ev)
	case Returned:
		t.desk = ev.Desk
		t.s.Waits, t.s.ToldAway, t.s.Kept = time.Time{}, false, false
		t.watchQueue()
		if t.mayWriteFirst() {
			t.say(append(parts("queue-again"), t.place(ev.Desk.Place)...)...)
		}
	case Ended:
		t.desk = ev.Desk
		t.s.Waits, t.s.ToldAway, t.s.Kept, t.s.Unsure, t.s.Reminded = time.Time{}, false, false, 0, 0
		t.s.Signals, t.s.Line = nil, ""
		t.ask(NoQuestion)
		if t.mayWriteFirst() {
			t.say(phrase("staff-ended"), phrase("rating-ask"))
			t.offer(AskRating, "r:1", "r:2", "r:3", "r:4", "r:5")
		}
	case Rang:
		t.desk = ev.Desk
		t.rang(ev.Name)
	case Uncleared:
		t.desk = ev.Desk
		t.say(phrase("hide-how"))
	case Broke:
		t.desk = ev.Desk
		t.s.Heard = ev.At
		t.learnLocale(search.Reading{}, ev.Hint)
		t.say(phrase("broken-sorry"))
		t.openOrRaise("needs-a-person", RankNormal, "")
	}
	return t.s, t.done()
}

// A turn is one Step under way. It collects one bubble at most.
type turn struct {
	c      *content.Catalogue
	s      State
	at     time.Time
	desk   Desk
	clears Clearing

	registers []Register

	parts   []Part
	last    []Part // said at the very end of the bubble
	options []string
	danger  bool
	before  []Effect // done before the bubble is sent
	effects []Effect
}

func (t *turn) done() []Effect {
	out := t.before
	if len(t.parts)+len(t.last) > 0 {
		say := Say{Parts: append(t.parts, t.last...), Danger: t.danger}
		if t.s.Quiet && !t.neutral(say.Parts[0]) {
			say.Parts = append(parts("quiet-opening"), say.Parts...)
		}
		for _, k := range t.options {
			say.Options = append(say.Options, Option{Key: k})
		}
		out = append(out, say)
	}
	return append(out, t.effects...)
}

// neutral says whether a bubble that begins with p says nothing of its subject
// in its first 40 characters, which a lock screen shows. The short answers of
// danger articles are written so.
func (t *turn) neutral(p Part) bool {
	if a, ok := t.c.Article(p.Article); ok {
		return a.Danger() && p.Section == ""
	}
	switch p.Phrase {
	case "hide-done", "late-sorry", "ok", "thanks":
		return true
	}
	return false
}

func phrase(id string) Part { return Part{Phrase: id} }

func parts(ids ...string) []Part {
	var ps []Part
	for _, id := range ids {
		ps = append(ps, phrase(id))
	}
	return ps
}

func (t *turn) say(ps ...Part)       { t.parts = append(t.parts, ps...) }
func (t *turn) do(effects ...Effect) { t.effects = append(t.effects, effects...) }

// ask changes the open question and forgets the options offered before.
func (t *turn) ask(q Question) {
	t.s.Asked, t.s.Options, t.options = q, nil, nil
	if q != AskOrigin && q != AskFirm {
		t.s.Pending = ""
	}
}

// offer asks a question with options.
func (t *turn) offer(q Question, keys ...string) {
	pending := t.s.Pending
	t.ask(q)
	t.s.Pending = pending
	t.add(keys...)
}

// add offers further options under the same bubble.
func (t *turn) add(keys ...string) {
	for _, k := range keys {
		if slices.Contains(t.options, k) {
			continue
		}
		t.options = append(t.options, k)
		t.s.Options = append(t.s.Options, Option{Key: k})
	}
}

// mayWriteFirst says whether something may be sent that answers no message just
// received.
func (t *turn) mayWriteFirst() bool { return !t.s.Quiet && !t.s.Stopped && t.s.Erase.IsZero() }

// silent says whether staff speak and the program does not: they hold the case
// and are there.
func (t *turn) silent() bool { return t.desk.Standing == Held && !t.desk.Away }

func (t *turn) heard(ev Heard) {
	t.clears, t.registers = ev.Clears, ev.Registers
	if !t.s.Heard.IsZero() && t.at.Sub(t.s.Heard) > Forget {
		t.s.Options, t.s.Asked, t.s.Pending, t.s.Topic = nil, NoQuestion, "", ""
		t.s.Unsure, t.s.Where, t.s.Line, t.s.Drift = 0, "", "", ""
	}
	if ev.Together {
		t.s.Options, t.s.Asked, t.s.Pending = nil, NoQuestion, "" // a number does not belong to a list from before
		ev.Text = lastWish(ev.Text)
	}
	if ev.At.After(t.s.Heard) {
		t.s.Heard = ev.At
	}
	if ev.Form == Aside && !t.freshDanger(ev.Reading) {
		return
	}
	if t.silent() {
		t.whileHeld(ev)
		return
	}
	if ev.Late {
		t.say(phrase("late-sorry"))
	}
	t.answerTo(ev)
}

// answerTo is the conversation while no staff speak.
func (t *turn) answerTo(ev Heard) {
	w, isWord := command(ev.Text)
	isWord = isWord && ev.Form == Words
	t.learn(ev, isWord || t.s.Asked == AskFirm) // a firm's name tells no language
	t.learnLetters(ev)

	if len(ev.Reading.Signals) > 0 {
		t.signals(ev.Reading.Signals)
		return
	}
	if t.desk.Standing == Held && !t.s.ToldAway { // went away on a quiet thread
		t.s.ToldAway = true
		t.say(phrase("staff-away"))
		t.say(t.hours()...)
	}
	if ev.TooLarge && (ev.Form == Voice || ev.Form == Sent) {
		t.tooLarge()
		return
	}
	switch ev.Form {
	case Voice:
		t.voice(ev)
		return
	case Sent:
		t.sent()
		return
	case Unreadable:
		t.unreadable()
		return
	case Rung:
		t.rung()
		return
	case Opened:
		t.greet()
		return
	}
	t.s.Closed = false
	if key, ok := t.key(ev); ok {
		t.pressed(key)
		return
	}
	if isWord {
		t.command(w)
		return
	}
	if t.s.Quiet && t.s.Where == "" && t.s.Asked != AskOrigin { // danger was heard: a country alone says where
		if cc, ok := t.country(ev.Text); ok {
			t.pressed("w:" + string(cc))
			return
		}
	}
	switch t.s.Asked {
	case AskWhere, AskOrigin:
		if cc, ok := t.country(ev.Text); ok {
			t.pressed(map[Question]string{AskWhere: "w:", AskOrigin: "o:"}[t.s.Asked] + string(cc))
			return
		}
		if t.s.Asked == AskWhere && ev.Reading.Band != search.Answer {
			t.whereUnclear(ev.Text)
			return
		}
	case AskAbout:
		t.thanksForAbout()
		return
	case AskFirm:
		if t.named(ev) {
			return
		}
	}
	if t.recognised(ev) {
		return
	}
	t.question(ev.Reading)
}

// lastWish gives, of several old messages, the last that is a word which must
// not be lost among the others; else all of them.
func lastWish(text string) string {
	lines := strings.Split(text, "\n")
	for _, l := range slices.Backward(lines) {
		switch w, _ := command(l); w {
		case wordHide, wordDelete, wordKeep, wordStop, wordCounsellor:
			return l
		}
	}
	return text
}
