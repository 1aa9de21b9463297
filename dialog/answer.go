// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"iter"
	"slices"
	"strings"

	"sarai/content"
	"sarai/search"
)

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
	if t.desk.Standing != NoCase && !t.desk.Refused {
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

// answer gives an article. Where the answer depends on the country of origin and
// that is not known, it asks once.
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
	t.give(a)
}

// give says an article's short answer, with its sections as choices.
func (t *turn) give(a *content.Article) {
	id := a.ID
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
	t.offerCheck(id)
	if a.Checklist {
		t.add("walk:" + string(id))
	}
	t.offerSections(a, "")
	if t.urgent(id) { // it says that the numbers follow
		sections := slices.Clone(t.options)
		t.s.Line = t.wantedBy(id)
		t.numbers()
		t.add(sections...)
	}
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

// listed gives the articles of a topic for this person: those of another
// country are left out once the person's is known.
func (t *turn) listed(topic content.Topic) iter.Seq[content.ArticleID] {
	return func(yield func(content.ArticleID) bool) {
		for _, id := range topic.Articles {
			a, ok := t.c.Article(id)
			if ok && (len(a.Origin) == 0 || t.s.Origin == "" || slices.Contains(a.Origin, t.s.Origin)) && !yield(id) {
				return
			}
		}
	}
}

func (t *turn) topic(id content.TopicID) {
	topic, ok := t.c.Topic(id)
	if !ok {
		t.stale()
		return
	}
	t.s.Topic = id
	t.say(phrase("topic-ask"))
	t.offer(AskWhich)
	for a := range t.listed(topic) {
		t.add("a:" + string(a))
	}
	t.add("menu")
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
