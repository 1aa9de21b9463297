// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"strings"
	"time"
	"unicode"

	"sarai/content"
	"sarai/desk"
	"sarai/dialog"
	"sarai/search"
	"sarai/store"
)

// counts is what a turn adds to the counters. All of it is read off what the turn
// changes, so that what is counted is what is in the transcript, and a turn that
// is decided again counts anew. Nothing of it names a person, a talk or a word
// that somebody wrote.
func (p *plan) counts() []store.Count {
	th := p.turn.Thread
	c := counter{
		catalogue: p.edition.Catalogue,
		day:       store.Day(p.now.In(zoneOf(p.edition.Catalogue, th.Centre)).Format(time.DateOnly)),
		where: store.Cell{
			store.ByCentre: string(th.Centre), store.ByChannel: string(th.Reply.Channel),
			store.ByLocale: string(p.state.Locale), store.ByOrigin: string(p.state.Origin),
		},
	}
	heard := false
	for _, e := range p.turn.Entries {
		switch e.Author {
		case store.Person:
			heard = c.message(e) || heard
		case store.Program, store.Staff:
			c.reply(e, p.state.Where)
		case store.Event:
			c.happened(e, th, p.state)
		}
	}
	if heard {
		c.person(p.read, th)
	}
	if p.band != "" {
		c.add(store.CountQuestions, store.Cell{store.ByBand: string(p.band), store.ByScript: p.script})
	}
	if p.price != "" {
		c.add(store.CountBilled, store.Cell{store.ByPrice: price(p.price)})
	}
	if k := th.Case; k != nil && !k.Answered.IsZero() {
		if old := p.read.Case; old == nil || old.ID != k.ID || old.Answered.IsZero() {
			c.add(store.CountFirst, store.Cell{store.ByWait: wait(k.Answered.Sub(k.Opened))})
		}
	}
	return c.counts
}

// A counter collects the counts of a turn.
type counter struct {
	catalogue *content.Catalogue
	day       store.Day
	where     store.Cell // what every cell begins with
	counts    []store.Count
}

// add counts one. Dimensions that the counter does not have are left out.
func (c *counter) add(name store.CountName, more store.Cell) {
	cell := store.Cell{}
	for _, x := range counted {
		if x.Name != name {
			continue
		}
		for _, d := range x.By {
			v, ok := more[d]
			if !ok {
				v = c.where[d]
			}
			if v != "" {
				cell[d] = v
			}
		}
	}
	c.counts = append(c.counts, store.Count{Day: c.day, Name: name, Cell: cell, N: 1})
}

// counted never changes.
var counted = store.Counted()

// message counts what the person sent. It says whether it was something: an
// edit, a reaction, a door that was shut are none of their own.
func (c *counter) message(e store.Entry) bool {
	f := map[dialog.Form]string{
		dialog.Words: "words", dialog.Pressed: "choice", dialog.Voice: "voice", dialog.Sent: "file",
		dialog.Opened: "other", dialog.Unreadable: "other",
	}[form(e.Kind)]
	if f == "" {
		return false
	}
	letters := ""
	if f == "words" {
		letters = script(e.Text)
	}
	c.add(store.CountMessages, store.Cell{store.ByForm: f, store.ByScript: letters})
	return true
}

// person counts who sent it, once a month. New is whose talk began in that month.
func (c *counter) person(read, th store.Thread) {
	visit := "returning"
	if read.Version == 0 || th.Created.In(zoneOf(c.catalogue, th.Centre)).Format("2006-01") == c.day.Month() {
		visit = "new"
	}
	c.add(store.CountPeople, store.Cell{store.ByVisit: visit, store.ByCampaign: campaign(th.Campaign)})
	c.counts[len(c.counts)-1].Once = true
}

// reply counts what the program or a human said, and the articles in it.
func (c *counter) reply(e store.Entry, where content.Country) {
	whom := "program"
	if e.Author == store.Staff {
		whom = "human"
	}
	c.add(store.CountReplies, store.Cell{store.ByWhom: whom})
	for _, cited := range e.Articles {
		cell := store.Cell{store.ByArticle: string(cited.Article), store.BySection: cited.Section, store.ByDestination: string(where)}
		if a, ok := c.catalogue.Article(cited.Article); ok {
			cell[store.ByTopic], cell[store.ByStage] = string(a.Topic), string(stages[a.Topic])
			if len(a.Destination) == 1 {
				cell[store.ByDestination] = string(a.Destination[0])
			}
		}
		c.add(store.CountAnswers, cell)
	}
}

// stages says where on the way people mostly stand who ask about a topic. A topic
// that is not here says nothing of it.
var stages = map[content.TopicID]desk.Stage{
	"deciding": desk.Deciding, "jobs": desk.Deciding, "study": desk.Deciding, "destinations": desk.Deciding,
	"leaving": desk.Leaving, "rights": desk.Abroad, "return": desk.Returned,
}

// happened counts the events of a talk.
func (c *counter) happened(e store.Entry, th store.Thread, s dialog.State) {
	switch e.Event {
	case EventAlert:
		c.add(store.CountSignals, store.Cell{store.BySignal: e.Text})
	case EventOpened:
		c.add(store.CountCases, store.Cell{store.ByReason: e.Text})
	case EventRated:
		c.add(store.CountRatings, store.Cell{store.ByRating: e.Text})
	case EventHelped, EventNotHelped:
		cell := store.Cell{store.ByHelp: "yes"}
		if e.Event == EventNotHelped {
			cell[store.ByHelp] = "no"
		}
		for _, cited := range e.Articles {
			cell[store.ByArticle] = string(cited.Article)
			if a, ok := c.catalogue.Article(cited.Article); ok {
				cell[store.ByTopic] = string(a.Topic)
			}
		}
		c.add(store.CountHelped, cell)
	case EventClosed:
		c.closed(*th.Case, s)
	}
}

// closed counts a case that was closed, by what was noted of it.
func (c *counter) closed(k desk.Case, s dialog.State) {
	stage := k.Told.Stage
	if stage == "" {
		stage = stages[content.TopicID(k.Topic)]
	}
	cell := store.Cell{
		store.ByDestination: string(s.Where), store.ByStage: string(stage),
		store.ByGender: string(k.Told.Gender), store.ByAge: string(k.Told.Age),
		store.ByTopic: k.Topic, store.ByOutcome: string(k.Outcome), store.ByPartner: k.Told.Partner,
	}
	c.add(store.CountClosed, cell)
	if k.Told.Partner != "" {
		c.add(store.CountReferrals, cell)
	}
}

// wait is how long somebody waited, in steps.
func wait(d time.Duration) string {
	for _, step := range []struct {
		most time.Duration
		name string
	}{{5 * time.Minute, "5m"}, {30 * time.Minute, "30m"}, {2 * time.Hour, "2h"}, {8 * time.Hour, "8h"}, {24 * time.Hour, "24h"}} {
		if d <= step.most {
			return step.name
		}
	}
	return "longer"
}

// script says in which letters a message is written: "latin", or "native" if at
// least as many letters are of another script, "" without any. Who writes Urdu or
// Bangla in Latin letters is so told apart from who writes it as books do.
func script(text string) string {
	latin, other := 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.IsLetter(r):
			other++
		}
	}
	switch {
	case latin+other == 0:
		return ""
	case other >= latin:
		return "native"
	}
	return "latin"
}

// understood is how surely words were read that were looked up as a question, ""
// where they were a wish, a choice or an answer to something.
func understood(ev dialog.Heard, effects []dialog.Effect) search.Band {
	if ev.Form != dialog.Words {
		return ""
	}
	for _, e := range effects {
		say, ok := e.(dialog.Say)
		if !ok {
			continue
		}
		for _, part := range say.Parts {
			switch {
			case part.Phrase == "choose-ask":
				return search.Choose
			case part.Phrase == "unsure", part.Phrase == "unsure-twice":
				return search.Unknown
			case (part.Article != "" || part.Phrase == "origin-ask") && ev.Reading.Band == search.Answer && len(ev.Reading.Signals) == 0:
				return search.Answer
			}
		}
	}
	return ""
}

// price is one of the few categories that are told apart.
func price(category string) string {
	switch c := strings.ToLower(category); c {
	case "service", "utility", "marketing", "authentication":
		return c
	}
	return "other"
}

// campaign is the code of a link as it is kept: letters, digits and the few
// signs between them, "" for anything else, which is nobody's code.
func campaign(code string) string {
	if len(code) > store.MaxValue {
		return ""
	}
	for _, r := range code {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
			return ""
		}
	}
	return code
}
