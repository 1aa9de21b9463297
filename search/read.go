// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"math"
	"strings"

	"sarai/content"
)

// From how sure a match is answered with, and from how sure it is offered. The
// confidence is fitted as if half of what people ask were in no article, so an
// answer is more likely right than wrong even then; of what is surely not in the
// built-in articles, little but questions that name one of their subjects ("bank
// loan for a house") passes.
const (
	answerFrom = 0.55
	chooseFrom = 0.25
	// amongFrom is how sure the first three must be together, where none is alone:
	// a question between two articles is one to choose. Of held-back lines of the
	// built-in articles a sixth of those that nothing was offered to are offered the
	// right one so, 0.91 of all that is offered holds it as before (0.92), and of
	// questions of another field 1.5 % more are offered something.
	amongFrom = 0.4
	// Whatever the confidence says, a message of small words must be a sample
	// itself, and one without any known word must at least look like one.
	// Greetings look like each other, so their bar is the higher.
	same, closeBy, alike = 0.97, 0.75, 0.5
	// margin keeps a lowered sureness below its threshold when it is rounded.
	margin = 0.01
)

// Read says what is in a message: its language, the articles that could answer
// it, and its signals. It takes any bytes.
func (x *Index) Read(question string, hint Hint) Reading {
	r := Reading{Band: Unknown}
	r.Locale, r.Sure = x.linguist.tell(question, hint)
	r.Signals = x.watch.listen(question)
	if hint.Word || r.Locale == content.NoLocale && !lettered(question) {
		return r
	}
	q := newText(question, x.meanings)
	if ws, mended := x.speller.mend(&q); mended {
		q = newText(strings.Join(ws, " "), x.meanings)
	}
	locale := r.Locale
	if locale == "" {
		locale = hint.Locale
	}
	found := x.rank(&q, x.view(&q, locale, hint))
	if len(found) == 0 {
		return r
	}
	last := 1.0
	for _, f := range found {
		last = min(last, x.confidence.sure(f.signs))
		r.Matches = append(r.Matches, Match{Article: x.articles[f.article].ID, Sure: last})
	}
	r.Band = x.band(&q, found[0], r.Matches)
	for i, m := range r.Matches {
		r.Matches[i].Sure = math.Round(m.Sure*1000) / 1000
	}
	return r
}

// view is from where a question of a person is seen.
func (x *Index) view(q *text, l content.Locale, hint Hint) view {
	return view{locale: l, hint: hint, origins: x.lands.origins.named(q.words), goals: x.lands.goals.named(q.words)}
}

// lettered says whether the message has a letter.
func lettered(s string) bool {
	return strings.ContainsFunc(Normalise(s), func(r rune) bool { return r != ' ' && (r < '0' || r > '9') })
}

// band says what may be done with the matches. Where something else than the
// confidence forbids a better band, it lowers how sure they are to match.
func (x *Index) band(q *text, top found, matches []Match) Band {
	limit := 1.0
	switch {
	case top.nearest < same && x.empty(q):
		limit = answerFrom - margin
		if top.nearest < closeBy || len(q.words) < 3 {
			limit = chooseFrom - margin
		}
	case top.nearest < alike && top.strange:
		limit = chooseFrom - margin
	case top.foreign:
		limit = answerFrom - margin
	}
	if sure := matches[0].Sure; sure > limit {
		for i := range matches {
			matches[i].Sure *= limit / sure
		}
	}
	together := 0.0
	for _, m := range matches[:min(3, len(matches))] {
		together += m.Sure
	}
	switch sure := matches[0].Sure; {
	case sure >= answerFrom:
		return Answer
	case sure >= chooseFrom, limit >= chooseFrom && together >= amongFrom:
		return Choose
	}
	return Unknown
}

// empty says whether a message has nothing but small words and greetings.
func (x *Index) empty(q *text) bool {
	for _, w := range q.words {
		if !x.linguist.filler[w] {
			return false
		}
	}
	return true
}
