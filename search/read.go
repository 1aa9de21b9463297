// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"math"

	"sarai/content"
)

// From how sure a match is answered with, and from how sure it is offered.
const (
	answerFrom = 0.55
	chooseFrom = 0.25
)

// Read says what is in a message: its language, the articles that could answer
// it, and its signals. It takes any bytes.
func (x *Index) Read(question string, hint Hint) Reading {
	r := Reading{Band: Unknown}
	r.Locale, r.Sure = x.linguist.tell(question, hint)
	r.Signals = x.watch.listen(question)
	if r.Locale == content.NoLocale && !lettered(question) {
		return r
	}
	q := newText(question)
	locale := r.Locale
	if locale == "" {
		locale = hint.Locale
	}
	found := x.rank(&q, view{locale: locale, hint: hint, origins: x.lands.named(q.words)})
	if len(found) == 0 {
		return r
	}
	last := 1.0
	for _, f := range found {
		last = min(last, x.confidence.sure(f.signs))
		r.Matches = append(r.Matches, Match{Article: x.articles[f.article].ID, Sure: math.Round(last*1000) / 1000})
	}
	r.Band = x.band(&q, found, r.Matches)
	return r
}

func lettered(s string) bool {
	for _, w := range words(Normalise(s)) {
		for _, r := range w {
			if r < '0' || r > '9' {
				return true
			}
		}
	}
	return false
}

// band says what may be done with the matches.
func (x *Index) band(q *text, found []found, matches []Match) Band {
	top := found[0]
	sure := matches[0].Sure
	if !top.exact && x.empty(q) {
		return Unknown
	}
	switch {
	case sure >= answerFrom && !top.foreign:
		return Answer
	case sure >= chooseFrom:
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
