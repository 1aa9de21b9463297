// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"strings"
	"unicode"

	"sarai/search"
)

// commented decides about words in public. There is one private reply, so all
// that matters must stand in it; nothing is ever said in public that says what
// somebody asked. Danger comes first, and with it nothing in public at all.
func (t *turn) commented(ev Commented) {
	t.learnLocale(ev.Reading, ev.Hint)
	if ev.At.After(t.s.Heard) {
		t.s.Heard = ev.At
	}
	asks := strings.ContainsAny(ev.Text, "?؟？՞;") && !strings.Contains(ev.Text, ";)")
	words := len(strings.FieldsFunc(ev.Text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) }))
	switch {
	case len(ev.Reading.Signals) > 0:
		t.commentedDanger(ev)
		t.do(Look{NeedLook})
	case ev.Tags || words == 0 || advertises(ev.Text):
		t.do(Look{NeedNothing})
	case ev.Under: // a talk between others, which the program does not break into
		if asks {
			t.do(Look{NeedLook})
		} else {
			t.do(Look{NeedNothing})
		}
	case ev.Reading.Band != search.Unknown && t.knows(ev.Reading):
		t.say(phrase("comment-private"))
		t.question(ev.Reading)
		t.last = append(t.last, phrase("comment-write"))
		t.publish()
		t.do(Look{NeedNone})
	case asks:
		t.introduce()
		t.say(phrase("comment-unsure"))
		t.menu()
		t.last = append(t.last, phrase("comment-write"))
		t.publish()
		t.do(Look{NeedLook})
	case words >= 4: // perhaps a question without its mark: a person decides
		t.do(Look{NeedLook})
	default:
		t.do(Look{NeedNothing})
	}
}

// knows says whether the catalogue has an article that a reading found.
func (t *turn) knows(r search.Reading) bool {
	for _, m := range r.Matches {
		if _, ok := t.c.Article(m.Article); ok {
			return true
		}
	}
	return false
}

// publish has one line put under the comment once the private reply was taken.
func (t *turn) publish() { t.do(Publish{Phrase: "comment-public"}) }

// commentedDanger is the whole first help in one message, because nothing further
// can be sent until the person writes: the article, the numbers of the country
// that they name and of the centre's, when somebody reads, and a warning of those who answer comments
// in the name of others.
func (t *turn) commentedDanger(ev Commented) {
	raised := ev.Reading.Signals
	t.s.Met, t.s.Unsure, t.s.Quiet = true, 0, true
	for i, r := range raised {
		if i == 0 && t.desk.Standing == NoCase {
			t.open("signal", t.rank(r.Signal), r.Signal)
			t.do(Alert{Signal: r.Signal})
		} else {
			t.raise(r.Signal)
		}
	}
	t.s.Line = t.wanted(raised)
	t.signalArticle(raised[0].Signal)
	t.last = nil // that the talk can be cleared is not so everywhere; the next answer teaches it
	t.say(phrase("comment-case"))
	centre, ok := t.c.Centre(t.desk.Centre)
	if ok {
		t.say(Part{Reach: centre.ID})
	}
	t.say(t.hours()...)
	if cc, named := t.mentioned(ev.Text); named { // they may be there now
		t.say(Part{Lines: cc, Kind: t.s.Line})
	}
	if ok {
		t.say(Part{Lines: centre.Country, Kind: t.s.Line})
	}
	t.ask(NoQuestion)
	t.last = append(t.last, phrase("comment-money"), phrase("comment-danger"))
}

// advertises says whether a comment leads somewhere else: nobody who asks for
// help does that, and who sells visas does.
func advertises(text string) bool {
	f := strings.ToLower(text)
	for _, s := range []string{"http://", "https://", "www.", "t.me/", "wa.me/", "bit.ly/"} {
		if strings.Contains(f, s) {
			return true
		}
	}
	return false
}
