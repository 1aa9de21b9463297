// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"slices"
	"unicode"

	"sarai/content"
	"sarai/search"
)

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
		hint := ev.Hint
		if ev.Form == Words && !couldBe(hint, ev.Text) {
			hint = "" // many phones speak English whose owners do not
		}
		t.learnLocale(r, hint)
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

// learnLetters notes in which letters somebody writes Uzbek. A word that is no
// Uzbek tells nothing of that.
func (t *turn) learnLetters(ev Heard) {
	if ev.Form != Words || ev.Reading.Locale != content.Uzbek {
		return
	}
	if s := script(ev.Text); s != nil {
		t.s.Cyrillic = s == unicode.Cyrillic
	}
}

// scripts are those that our languages are written in.
var scripts = []*unicode.RangeTable{unicode.Latin, unicode.Arabic, unicode.Cyrillic, unicode.Bengali}

// script is the one in which most letters of a text are, nil where it has none.
func script(text string) (most *unicode.RangeTable) {
	best := 0
	for _, s := range scripts {
		n := 0
		for _, c := range text {
			if unicode.Is(s, c) && unicode.IsLetter(c) {
				n++
			}
		}
		if n > best {
			most, best = s, n
		}
	}
	return most
}

// couldBe says whether a text can be in a language by its letters. In Latin ones
// people write all of them.
func couldBe(l content.Locale, text string) bool {
	switch script(text) {
	case unicode.Arabic:
		return l.RTL()
	case unicode.Cyrillic:
		return slices.Contains([]content.Locale{content.Tajik, content.Russian, content.Kyrgyz, content.Kazakh, content.Uzbek}, l)
	case unicode.Bengali:
		return l == content.Bangla
	}
	return true
}

func (t *turn) setLocale(l content.Locale) {
	if old := t.s.Locale; old != "" && old != l && !slices.Contains(t.s.Also, old) {
		t.s.Also = append(t.s.Also, old)
	}
	t.s.Also = slices.DeleteFunc(t.s.Also, func(x content.Locale) bool { return x == l })
	t.s.Locale, t.s.Guess = l, false
}
