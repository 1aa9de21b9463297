// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A speller knows the words of the samples and finds those that a word nobody
// knows was probably meant to be. It never changes.
//
// Measured on held-back lines of the built-in articles with a letter left out,
// doubled or swapped in three words of ten: .55 are found first as they stand
// and .60 when they are mended, .79 and .84 among the first three.
type speller struct {
	words map[string][]string // by what is left of them without any one letter, and whole
	count func(word string) int
}

const (
	// mendFrom is how many letters a word has that is mended: too many words
	// are one letter from another that is shorter.
	mendFrom = 5
	// mendTo is how many samples have a word that another is mended to.
	mendTo = 3
)

func newSpeller(r *ranking) *speller {
	s := &speller{words: map[string][]string{}, count: func(w string) int { return len(r.postings[w]) }}
	for w, ps := range r.postings {
		if len(ps) < mendTo || strings.ContainsAny(w[:1], "~|^") || utf8.RuneCountInString(w) < mendFrom {
			continue
		}
		shortened(w, func(left string) { s.words[left] = append(s.words[left], w) })
	}
	return s
}

// shortened calls f with the word and with it less each of its letters.
func shortened(w string, f func(string)) {
	f(w)
	last := ""
	for i, r := range w {
		if left := w[:i] + w[i+utf8.RuneLen(r):]; left != last { // a double letter leaves the same
			f(left)
			last = left
		}
	}
}

// mend gives the words with those that are unknown replaced by the most usual
// known one that is a letter away, and whether there was any.
func (s *speller) mend(q *text) ([]string, bool) {
	ws, mended := q.words, false
	for i, w := range q.words {
		if utf8.RuneCountInString(w) < mendFrom || s.count(w) > 0 || len(q.senses[i]) > 0 {
			continue
		}
		best, usual := "", 0
		shortened(w, func(left string) {
			for _, c := range s.words[left] {
				if n := s.count(c); (n > usual || n == usual && c < best) && oneOff([]rune(w), []rune(c)) {
					best, usual = c, n
				}
			}
		})
		if best == "" {
			continue
		}
		if !mended {
			ws, mended = slices.Clone(q.words), true
		}
		ws[i] = best
	}
	return ws, mended
}

// oneOff says whether two words begin alike and differ by one letter that is
// missing, too many or another, or by two that are swapped.
func oneOff(a, b []rune) bool {
	if len(a) == 0 || len(b) == 0 || a[0] != b[0] {
		return false
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(a) == 2 && len(b) == 2:
		return a[0] == b[1] && a[1] == b[0]
	case len(a) > 1 || len(b) > 1:
		return false
	}
	return len(a)+len(b) > 0
}
