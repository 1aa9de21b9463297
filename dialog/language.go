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

// learnLetters notes in which letters somebody writes Uzbek. A word that is no
// Uzbek tells nothing of that.
func (t *turn) learnLetters(ev Heard) {
	if ev.Form != Words || ev.Reading.Locale != content.Uzbek {
		return
	}
	cyrillic, latin := 0, 0
	for _, c := range ev.Text {
		switch {
		case unicode.Is(unicode.Cyrillic, c):
			cyrillic++
		case unicode.Is(unicode.Latin, c):
			latin++
		}
	}
	if cyrillic != latin {
		t.s.Cyrillic = cyrillic > latin
	}
}

func (t *turn) setLocale(l content.Locale) {
	if old := t.s.Locale; old != "" && old != l && !slices.Contains(t.s.Also, old) {
		t.s.Also = append(t.s.Also, old)
	}
	t.s.Also = slices.DeleteFunc(t.s.Also, func(x content.Locale) bool { return x == l })
	t.s.Locale, t.s.Guess = l, false
}
