// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"slices"
	"strings"

	"sarai/content"
	"sarai/search"
)

// raise lifts the open case for a signal and alerts staff.
func (t *turn) raise(id content.SignalID) {
	t.do(RaiseCase{Signal: id, Rank: t.rank(id)}, Alert{Signal: id})
}

// freshDanger says whether words that need no answer, an edit for instance, tell
// of a danger that nobody was told of yet.
func (t *turn) freshDanger(r search.Reading) bool {
	return slices.ContainsFunc(r.Signals, func(s search.Raised) bool { return t.desk.Standing == NoCase || !t.s.said(s.Signal) })
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
	t.danger, t.s.Line = true, t.wanted(raised)
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
		t.say(Part{Lines: t.s.Where, Kind: t.s.Line})
		return
	}
	t.say(phrase("where-ask"))
	t.offer(AskWhere)
	for _, cc := range t.likely() {
		t.add("w:" + string(cc))
	}
	t.add("w:other")
}

// wanted gives the kind of help line that the first of the signals asks for
// that asks for one.
func (t *turn) wanted(raised []search.Raised) string {
	for _, r := range raised {
		if sig, ok := t.c.Signal(r.Signal); ok && sig.Line != "" {
			return sig.Line
		}
	}
	return ""
}

// wantedBy gives the kind of help line that all signals ask for whose article it
// is: of an article that is read from the menu no more is known.
func (t *turn) wantedBy(id content.ArticleID) (kind string) {
	for i, sig := range t.saidFor(id) {
		if i > 0 && sig.Line != kind {
			return ""
		}
		kind = sig.Line
	}
	return kind
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
	t.say(Part{Lines: cc, Kind: t.s.Line})
	t.last = append(t.last, phrase("hide-teach"))
}

// whereUnclear takes what is no country's name as an answer to "where are you
// now?": a country may be named in it, else it is kept and asked again, because
// the numbers must not be lost to a slip.
func (t *turn) whereUnclear(text string) {
	if cc, ok := t.mentioned(text); ok {
		t.where(cc)
		return
	}
	t.danger = true
	options := t.s.Options
	if t.desk.Standing != NoCase && !t.desk.Refused {
		t.say(phrase("kept"))
	}
	t.say(phrase("where-write"))
	t.offer(AskWhere)
	for _, o := range options {
		t.add(o.Key)
	}
}

// mentioned finds the one country that a message names: "I am in Libya now".
func (t *turn) mentioned(text string) (found content.Country, ok bool) {
	words := " " + fold(text) + " "
	for _, l := range t.c.Lands() {
		for _, name := range l.Names {
			if f := fold(name); f == "" || !strings.Contains(words, " "+f+" ") {
				continue
			}
			if ok && found != l.Code {
				return "", false
			}
			found, ok = l.Code, true
		}
	}
	return found, ok
}

// urgent says whether an article is what an urgent signal says.
func (t *turn) urgent(id content.ArticleID) bool {
	return len(t.saidFor(id)) > 0
}

// saidFor gives the urgent signals that an article answers.
func (t *turn) saidFor(id content.ArticleID) []*content.Signal {
	return slices.DeleteFunc(t.c.Signals(), func(s *content.Signal) bool {
		return s.Article != id || s.Priority != content.Urgent
	})
}
