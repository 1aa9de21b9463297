// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"sarai/content"
	"sarai/search"
)

// The times that the conversation keeps.
const (
	Grace        = 24 * time.Hour  // between asking to delete everything and erasing it
	Forget       = 24 * time.Hour  // after such a silence no earlier topic, list or country is brought up
	SignalWait   = 2 * time.Minute // for staff to answer a signal while they hold the case
	ReminderWait = 30 * time.Minute
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
		t.s.Waits, t.s.ToldAway, t.s.Unsure = time.Time{}, false, 0
		t.ask(NoQuestion)
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
		t.s.Signals = nil
		t.ask(NoQuestion)
		if t.mayWriteFirst() {
			t.say(phrase("staff-ended"), phrase("rating-ask"))
			t.offer(AskRating, "r:1", "r:2", "r:3", "r:4", "r:5")
		}
	case Rang:
		t.desk = ev.Desk
		t.rang(ev.Name)
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
	if q != AskOrigin {
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
	t.clears = ev.Clears
	if !t.s.Heard.IsZero() && t.at.Sub(t.s.Heard) > Forget {
		t.s.Options, t.s.Asked, t.s.Pending, t.s.Topic = nil, NoQuestion, "", ""
		t.s.Unsure, t.s.Where, t.s.Drift = 0, "", ""
	}
	if ev.Late {
		t.s.Options, t.s.Asked, t.s.Pending = nil, NoQuestion, "" // a number does not belong to a list from before
	}
	if ev.At.After(t.s.Heard) {
		t.s.Heard = ev.At
	}
	if ev.Form == Aside {
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

// whileHeld is what the program may do while staff hold the case: the words
// that always work, choices of its own last list, and signals.
func (t *turn) whileHeld(ev Heard) {
	t.learnLocale(ev.Reading, ev.Hint)
	if len(ev.Reading.Signals) > 0 && ev.Form == Words {
		for _, r := range ev.Reading.Signals {
			t.raise(r.Signal)
			if !t.s.said(r.Signal) {
				t.do(Timer{Name: TimerSignal + string(r.Signal), At: t.at.Add(SignalWait)})
			}
		}
		t.s.Quiet = true
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
	t.holderWaits()
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
// this; within hours when the holder has been silent for long.
func (t *turn) holderWaits() {
	if t.s.Waits.IsZero() {
		t.s.Waits = t.at
		t.do(Timer{Name: TimerHolder, At: t.at.Add(t.desk.patience())})
	}
	speaking := !t.desk.Spoke.IsZero() && t.at.Sub(t.desk.Spoke) < t.desk.patience()
	if t.desk.Gone || (t.desk.Hours && !t.desk.Open && !speaking) {
		t.holderAway()
	}
}

// holderAway tells the person, once per silence, when somebody will read their
// messages, and lets the program answer meanwhile.
func (t *turn) holderAway() {
	t.do(MarkAway{})
	switch {
	case t.desk.Hours && !t.desk.Opens.IsZero():
		t.do(Timer{Name: TimerShift, At: t.desk.Opens})
	default: // nobody knows when a shift begins: the queue must not lose the case
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

// answerTo is the conversation while no staff speak.
func (t *turn) answerTo(ev Heard) {
	w, isWord := command(ev.Text)
	isWord = isWord && ev.Form == Words
	t.learn(ev, isWord)

	if ev.Form == Words && len(ev.Reading.Signals) > 0 {
		t.signals(ev.Reading.Signals)
		return
	}
	if t.desk.Standing == Held && !t.s.ToldAway { // went away on a quiet thread
		t.s.ToldAway = true
		t.say(phrase("staff-away"))
		t.say(t.hours()...)
	}
	switch ev.Form {
	case Voice:
		t.voice()
		return
	case Sent:
		t.sent()
		return
	case Unreadable:
		t.unreadable()
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
	switch t.s.Asked {
	case AskWhere, AskOrigin:
		if cc, ok := t.country(ev.Text); ok {
			t.pressed(map[Question]string{AskWhere: "w:", AskOrigin: "o:"}[t.s.Asked] + string(cc))
			return
		}
	case AskAbout:
		t.thanksForAbout()
		return
	}
	t.question(ev.Reading)
}

// key finds what was chosen: the pressed option, or one named by its number or
// label. A number is not a choice when nothing was offered.
func (t *turn) key(ev Heard) (string, bool) {
	if ev.Form == Pressed {
		return ev.Key, true
	}
	if ev.Form != Words || ev.Late {
		return "", false
	}
	return t.s.offered(ev.Text)
}

// learnLocale settles the language of the talk where it is not known or only
// guessed: what they wrote in, else the platform's hint.
func (t *turn) learnLocale(r search.Reading, hint content.Locale) {
	switch {
	case r.Locale != "" && r.Sure && (t.s.Locale == "" || t.s.Guess):
		t.s.Locale, t.s.Guess = r.Locale, false
	case t.s.Locale != "":
	case hint != "":
		t.s.Locale, t.s.Guess = hint, true
	case r.Locale != "":
		t.s.Locale, t.s.Guess = r.Locale, true
	}
}

// learn follows the language of the talk. It changes after two messages in a
// row that are surely another.
func (t *turn) learn(ev Heard, isWord bool) {
	r := ev.Reading
	if ev.Form != Words || isWord || t.s.Locale == "" || t.s.Guess {
		t.learnLocale(r, ev.Hint)
		return
	}
	if r.Locale == "" || !r.Sure || r.Locale == t.s.Locale {
		if r.Locale == t.s.Locale {
			t.s.Drift = ""
		}
		return
	}
	if !slices.Contains(t.s.Also, r.Locale) {
		t.s.Also = append(t.s.Also, r.Locale)
	}
	if t.s.Drift != r.Locale {
		t.s.Drift = r.Locale
		return
	}
	t.s.Drift = ""
	t.setLocale(r.Locale)
	t.say(Part{Phrase: "language-changed", Args: Args{Locale: r.Locale}})
}

func (t *turn) setLocale(l content.Locale) {
	if old := t.s.Locale; old != "" && old != l && !slices.Contains(t.s.Also, old) {
		t.s.Also = append(t.s.Also, old)
	}
	t.s.Also = slices.DeleteFunc(t.s.Also, func(x content.Locale) bool { return x == l })
	t.s.Locale, t.s.Guess = l, false
}

// country reads a whole message as the name of a country.
func (t *turn) country(text string) (content.Country, bool) {
	f := fold(text)
	if f == "" {
		return "", false
	}
	for _, l := range t.c.Lands() {
		if strings.EqualFold(string(l.Code), f) && len(text) == 2 {
			return l.Code, true
		}
		for _, name := range l.Names {
			if fold(name) == f {
				return l.Code, true
			}
		}
	}
	return "", false
}

// question answers free text.
func (t *turn) question(r search.Reading) {
	var known []search.Match
	for _, m := range r.Matches {
		if _, ok := t.c.Article(m.Article); ok {
			known = append(known, m)
		}
	}
	switch {
	case r.Band == search.Answer && len(known) > 0:
		t.introduce()
		t.s.Unsure = 0
		t.answer(known[0].Article)
	case r.Band == search.Choose && len(known) > 0:
		t.introduce()
		t.s.Unsure = 0
		t.say(phrase("choose-ask"))
		t.offer(AskWhich)
		for _, m := range known[:min(3, len(known))] {
			t.add("a:" + string(m.Article))
		}
		t.add("none")
	default:
		t.unsure()
	}
}

// introduce says in two lines who answers here, in front of the first answer.
func (t *turn) introduce() {
	if t.s.Met {
		return
	}
	t.s.Met = true
	t.say(parts("intro-who", "intro-how")...)
}

// unsure admits not to know. Whoever waits for a counsellor is told that their
// words are kept; twice in a row, everybody else is offered one unasked.
func (t *turn) unsure() {
	first := !t.s.Met
	if first {
		t.introduce()
	}
	if t.desk.Standing != NoCase {
		t.keptForStaff()
		return
	}
	t.s.Unsure++
	if t.s.Locale == "" {
		t.say(phrase("language-ask"))
		t.offerLanguages()
		return
	}
	if t.s.Unsure >= 2 {
		t.s.Unsure = 0
		t.say(phrase("unsure-twice"))
		t.askConsent()
		return
	}
	t.say(phrase("unsure"))
	t.offer(AskMenu, "counsellor", "menu")
	if first {
		t.add("language")
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

// answer says an article's short answer, with its sections as choices. Where
// the answer depends on the country of origin and that is not known, it asks
// once.
func (t *turn) answer(id content.ArticleID) {
	a, ok := t.c.Article(id)
	if !ok {
		t.unsure()
		return
	}
	family := t.c.Siblings(id)
	if len(a.Origin) > 0 && t.s.Origin != "" && !slices.Contains(a.Origin, t.s.Origin) {
		for _, sib := range family {
			if b, ok := t.c.Article(sib); ok && slices.Contains(b.Origin, t.s.Origin) {
				a, id = b, sib
			}
		}
	}
	if len(a.Origin) > 0 && t.s.Origin == "" && len(family) > 1 && !t.s.OriginAsked {
		t.s.OriginAsked = true
		t.say(phrase("origin-ask"))
		t.offer(AskOrigin)
		t.s.Pending = id
		for _, sib := range family {
			if b, ok := t.c.Article(sib); ok {
				for _, cc := range b.Origin {
					t.add("o:" + string(cc))
				}
			}
		}
		t.add("o:other")
		return
	}
	if len(a.Origin) > 0 && !slices.Contains(a.Origin, t.s.Origin) {
		t.say(Part{Phrase: "answer-for", Args: Args{Country: a.Origin[0]}})
	}
	t.s.Topic = a.Topic
	if a.Danger() {
		t.say(Part{Article: id, Piece: Body, Source: true})
		t.last = append(t.last, Part{Article: id, Piece: Tail})
	} else {
		t.say(Part{Article: id, Source: true})
	}
	t.offer(AskMore)
	t.offerSections(a, "")
	if t.desk.Standing == NoCase {
		t.add("counsellor")
	}
	t.add("menu")
	t.askHelped(a)
}

func (t *turn) offerSections(a *content.Article, but string) {
	text := a.In(t.s.Locale)
	if text == nil {
		return
	}
	for _, sec := range text.Sections {
		if sec.ID != but {
			t.add("s:" + string(a.ID) + "#" + sec.ID)
		}
	}
}

// askHelped asks now and then whether an answer helped; never on a danger
// article, and never somebody who may be watched.
func (t *turn) askHelped(a *content.Article) {
	if a.Danger() || t.s.Quiet || t.desk.Standing != NoCase {
		return
	}
	t.s.Answers++
	if t.s.Answers < helpedEvery {
		return
	}
	t.s.Answers = 0
	t.say(phrase("helped-ask"))
	t.add("h:yes:"+string(a.ID), "h:no:"+string(a.ID))
}

// greet is first contact without a question, or a greeting later on.
func (t *turn) greet() {
	if t.s.Locale == "" {
		t.say(phrase("language-ask"))
		t.offerLanguages()
		return
	}
	if t.s.Met {
		t.say(phrase("menu-ask"))
		t.menu()
		return
	}
	t.welcome()
}

func (t *turn) welcome() {
	t.s.Met = true
	t.say(parts("welcome-who", "welcome-free")...)
	if centre, ok := t.c.Centre(t.desk.Centre); ok && len(centre.Confirmed) > 0 {
		t.say(Part{Confirmed: centre.ID})
	}
	t.say(parts("welcome-delete", "welcome-ask")...)
	t.menu()
}

func (t *turn) menu() {
	t.offer(AskMenu)
	for _, topic := range t.c.Topics() {
		if len(t.listed(topic)) > 0 {
			t.add("t:" + string(topic.ID))
		}
	}
	t.add("counsellor", "language")
}

// listed gives the articles of a topic for this person: those of another
// country are left out once the person's is known.
func (t *turn) listed(topic content.Topic) []content.ArticleID {
	var ids []content.ArticleID
	for _, id := range topic.Articles {
		a, ok := t.c.Article(id)
		if ok && (len(a.Origin) == 0 || t.s.Origin == "" || slices.Contains(a.Origin, t.s.Origin)) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (t *turn) offerLanguages() {
	t.offer(AskLanguage)
	for _, l := range t.c.Locales() {
		t.add("lang:" + string(l))
	}
}

func (t *turn) command(w word) {
	switch w {
	case wordHide:
		t.hide()
	case wordDelete:
		t.say(phrase("delete-ask"))
		t.offer(AskDelete, "delete:yes", "delete:no")
	case wordKeep:
		t.keep()
	case wordStop:
		t.s.Stopped = true
		t.ask(NoQuestion)
		t.say(phrase("stopped"))
	case wordCounsellor:
		t.counsellor()
	case wordLanguage:
		t.say(phrase("language-ask"))
		t.offerLanguages()
	case wordMenu:
		t.introduce()
		t.say(phrase("menu-ask"))
		t.menu()
	case wordBack:
		if t.s.Topic != "" && t.s.Asked == AskMore {
			t.topic(t.s.Topic)
			return
		}
		t.say(phrase("menu-ask"))
		t.menu()
	case wordGreeting:
		t.greet()
	case wordThanks:
		t.ask(NoQuestion)
		t.say(phrase("thanks"))
	case wordYes, wordNo, wordSkip:
		t.yesNo(w)
	}
}

// yesNo answers the open question, if it is one of yes and no.
func (t *turn) yesNo(w word) {
	yes := w == wordYes
	switch t.s.Asked {
	case AskConsent:
		t.pressed(map[bool]string{true: "consent:yes", false: "consent:no"}[yes])
	case AskDelete:
		t.pressed(map[bool]string{true: "delete:yes", false: "delete:no"}[yes])
	case AskSecondVoice:
		t.pressed(map[bool]string{true: "consent:yes", false: "consent:no"}[yes])
	case AskAbout:
		if yes {
			t.say(phrase("about-write"))
			return
		}
		t.pressed("skip")
	case AskWhich:
		if !yes {
			t.pressed("none")
			return
		}
		t.unsure()
	case AskMenu:
		if yes {
			t.counsellor()
			return
		}
		t.ask(NoQuestion)
		t.say(phrase("ok"))
	default:
		if t.desk.Standing == Waiting {
			t.keptForStaff()
			return
		}
		t.say(phrase("ok"))
	}
}

func (t *turn) topic(id content.TopicID) {
	for _, topic := range t.c.Topics() {
		if topic.ID != id {
			continue
		}
		t.s.Topic = id
		t.say(phrase("topic-ask"))
		t.offer(AskWhich)
		for _, a := range t.listed(topic) {
			t.add("a:" + string(a))
		}
		t.add("menu")
		return
	}
	t.stale()
}

// stale answers a button from a list that is no longer there.
func (t *turn) stale() {
	t.say(phrase("stale-choice"))
	t.menu()
}

// pressed acts on a chosen option. Keys say what they mean, so that a button
// pressed days later still does; where it needs the question that was open
// (consent, deleting, a rating) it counts only while that is open.
func (t *turn) pressed(key string) {
	kind, rest := split(key)
	switch kind {
	case "lang":
		l := content.Locale(rest)
		if !slices.Contains(content.Locales(), l) {
			t.stale()
			return
		}
		t.setLocale(l)
		if !t.s.Met {
			t.welcome()
			return
		}
		t.say(Part{Phrase: "language-set", Args: Args{Locale: l}})
		t.menu()
	case "a":
		if _, ok := t.c.Article(content.ArticleID(rest)); !ok {
			t.stale()
			return
		}
		t.s.Unsure = 0
		t.answer(content.ArticleID(rest))
	case "s":
		id, sec, _ := strings.Cut(rest, "#")
		t.section(content.ArticleID(id), sec)
	case "t":
		t.topic(content.TopicID(rest))
	case "menu":
		t.command(wordMenu)
	case "language":
		t.command(wordLanguage)
	case "counsellor":
		t.counsellor()
	case "none":
		t.s.Unsure++
		t.say(phrase("none-sorry"))
		t.askConsent()
	case "o":
		t.origin(content.Country(rest))
	case "w":
		t.where(content.Country(rest))
	case "h":
		yes, id, _ := strings.Cut(rest, ":")
		if _, ok := t.c.Article(content.ArticleID(id)); ok && (yes == "yes" || yes == "no") {
			t.do(Helped{Article: content.ArticleID(id), Yes: yes == "yes"})
		}
		if yes == "no" {
			t.say(phrase("helped-no"))
			t.offer(AskMenu, "counsellor", "menu")
			return
		}
		t.ask(NoQuestion)
		t.say(phrase("thanks"))
	case "consent":
		t.consent(rest == "yes")
	case "skip":
		if t.s.Asked != AskAbout {
			t.stale()
			return
		}
		t.ask(NoQuestion)
		t.say(phrase("about-skipped"))
	case "refuse":
		if t.desk.Standing == NoCase {
			t.stale()
			return
		}
		t.ask(NoQuestion)
		t.do(Refuse{})
		t.say(phrase("refused"))
	case "r":
		t.rate(rest)
	case "delete":
		t.deleteAll(rest == "yes")
	default:
		t.stale()
	}
}

func (t *turn) section(id content.ArticleID, sec string) {
	a, ok := t.c.Article(id)
	if !ok {
		t.stale()
		return
	}
	text := a.In(t.s.Locale)
	if text == nil || !slices.ContainsFunc(text.Sections, func(s content.Section) bool { return s.ID == sec }) {
		t.stale()
		return
	}
	t.s.Topic = a.Topic
	t.say(Part{Article: id, Section: sec, Source: true})
	if a.Danger() {
		t.last = append(t.last, Part{Article: id, Piece: Tail})
	}
	t.offer(AskMore)
	t.offerSections(a, sec)
	if t.desk.Standing == NoCase {
		t.add("counsellor")
	}
	t.add("menu")
}

func (t *turn) origin(cc content.Country) {
	pending := t.s.Pending
	t.s.OriginAsked = true
	if cc != "other" {
		if _, ok := t.c.Land(cc); !ok {
			t.stale()
			return
		}
		t.s.Origin = cc
	}
	t.ask(NoQuestion)
	if pending == "" {
		t.say(phrase("ok"))
		return
	}
	t.answer(pending)
}

// rate takes a rating while it is open.
func (t *turn) rate(stars string) {
	n, err := strconv.Atoi(stars)
	if err != nil || n < 1 || n > 5 || t.s.Asked != AskRating {
		t.stale()
		return
	}
	t.ask(NoQuestion)
	t.do(Rate{Stars: n})
	t.say(phrase("rating-thanks"))
}

// counsellor asks for consent, or says where the case stands.
func (t *turn) counsellor() {
	switch t.desk.Standing {
	case Waiting:
		t.ask(NoQuestion)
		t.say(phrase("queue-already"))
		t.say(t.place(t.desk.Place)...)
	case Held:
		t.ask(NoQuestion)
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
	t.s.Reminded, t.s.Kept = 0, false
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

// raise lifts the open case for a signal and alerts staff.
func (t *turn) raise(id content.SignalID) {
	t.do(RaiseCase{Signal: id, Rank: t.rank(id)}, Alert{Signal: id})
}

func (t *turn) rank(id content.SignalID) int {
	if sig, ok := t.c.Signal(id); ok && sig.Priority == content.SameDay {
		return RankSameDay
	}
	return RankUrgent
}

// signals answers danger, before everything else and without a question first:
// the article, a case without asking, which the answer says, and the numbers of
// the country where the person is.
func (t *turn) signals(raised []search.Raised) {
	t.s.Met, t.s.Unsure, t.s.Quiet = true, 0, true
	var fresh content.SignalID
	opened := t.desk.Standing == NoCase
	rank := ranks
	for i, r := range raised {
		rank = min(rank, t.rank(r.Signal))
		if i == 0 && opened {
			t.open("signal", t.rank(r.Signal), r.Signal)
			t.do(Alert{Signal: r.Signal})
		} else {
			t.raise(r.Signal)
		}
		if fresh == "" && !t.s.said(r.Signal) {
			fresh = r.Signal
		}
	}
	t.danger = true
	if fresh == "" { // said before in this case: the numbers again, not the article
		t.say(phrase("signal-again"))
		if t.desk.Standing == Waiting {
			t.say(t.place(t.desk.Place)...)
		}
		t.ask(NoQuestion)
		t.numbers()
		t.last = append(t.last, phrase("hide-teach"))
		return
	}
	t.signalArticle(fresh)
	if opened {
		t.say(phrase("signal-case"))
		t.say(t.hours()...)
	} else {
		t.say(phrase("signal-case-already"))
	}
	t.ask(NoQuestion)
	if rank == RankUrgent {
		t.numbers()
	}
	if opened {
		t.add("refuse")
	}
}

// signalArticle says the fixed article of a signal, its last line last.
func (t *turn) signalArticle(id content.SignalID) {
	t.danger = true
	t.s.Signals = append(t.s.Signals, id)
	sig, ok := t.c.Signal(id)
	if !ok {
		t.say(phrase("signal-again"))
		t.last = append(t.last, phrase("hide-teach"))
		return
	}
	if _, ok := t.c.Article(sig.Article); !ok {
		t.say(phrase("signal-again"))
		t.last = append(t.last, phrase("hide-teach"))
		return
	}
	t.say(Part{Article: sig.Article, Piece: Body})
	t.last = append(t.last, Part{Article: sig.Article, Piece: Tail})
}

// numbers gives the help lines where the person is, or asks where that is.
func (t *turn) numbers() {
	if t.s.Where != "" {
		t.say(Part{Lines: t.s.Where})
		return
	}
	t.say(phrase("where-ask"))
	t.offer(AskWhere)
	for _, cc := range t.likely() {
		t.add("w:" + string(cc))
	}
	t.add("w:other")
}

// likely gives the countries to offer to somebody in danger: their own, then
// those where people from our centres' countries most often are. Others can be
// written.
func (t *turn) likely() []content.Country {
	list := []content.Country{t.s.Origin}
	if centre, ok := t.c.Centre(t.desk.Centre); ok {
		list = append(list, centre.Country)
	}
	list = append(list, "RU", "SA", "AE", "TR", "IR", "GR", "LY", "MY")
	var out []content.Country
	for _, cc := range list {
		if _, ok := t.c.Land(cc); ok && !slices.Contains(out, cc) {
			out = append(out, cc)
		}
	}
	return out
}

func (t *turn) where(cc content.Country) {
	t.danger = true
	if cc == "other" {
		t.say(phrase("where-write"))
		t.offer(AskWhere)
		return
	}
	if _, ok := t.c.Land(cc); !ok {
		t.stale()
		return
	}
	t.s.Where = cc
	t.ask(NoQuestion)
	t.say(Part{Lines: cc})
	t.last = append(t.last, phrase("hide-teach"))
}

// voice gets somebody who only sends voice notes through without reading: the
// second note is the consent.
func (t *turn) voice() {
	if t.desk.Standing != NoCase {
		t.keptForStaff()
		return
	}
	t.s.Met = true
	if t.s.Asked != AskSecondVoice {
		t.say(phrase("voice-first"))
		t.offer(AskSecondVoice)
		return
	}
	t.ask(NoQuestion)
	t.open("voice", RankUnheard, "")
	t.say(phrase("voice-opened"))
	t.say(t.place(t.desk.place(RankUnheard))...)
}

// sent is a picture, document or place: a human can look at it.
func (t *turn) sent() {
	if t.desk.Standing != NoCase {
		t.keptForStaff()
		return
	}
	t.introduce()
	t.say(phrase("sent-ask"))
	t.askConsent()
}

// unreadable is what nobody can open: kept, and answered once.
func (t *turn) unreadable() {
	if t.s.Closed {
		return
	}
	t.s.Closed = true
	t.say(phrase("unreadable"))
}

// hide takes the talk off the screen and keeps the program quiet from then on.
func (t *turn) hide() {
	t.s.Quiet = true
	t.ask(NoQuestion)
	switch t.clears {
	case ClearsAll:
		t.before = append(t.before, Clear{})
		t.say(phrase("hide-done"))
	case ClearsOurs:
		t.before = append(t.before, Clear{})
		t.say(phrase("hide-partly"))
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
