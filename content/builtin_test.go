// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
	"slices"
	"testing"
	"time"

	"sarai/content"
)

// The content that is part of the program has nothing severe in it. Warnings
// are the editors' list of things to do.
func TestBuiltinHasNothingSevere(t *testing.T) {
	if _, err := content.Load(content.Builtin()); err != nil {
		t.Fatal(err)
	}
	for _, p := range content.Check(content.Builtin(), time.Now()) {
		if p.Severe {
			t.Error(p)
		}
	}
}

// Every signal has an article of the topic danger to say at once, in English at
// least.
func TestBuiltinSignalsHaveTheirArticle(t *testing.T) {
	c, err := content.Load(content.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Signals() {
		a, ok := c.Article(s.Article)
		if !ok || !a.Danger() || a.Texts[content.English] == nil {
			t.Errorf("the signal %s has no danger article that can be said at once", s.ID)
		}
	}
}

// A person in danger writes where they are in their own language, and every
// country that is known has a number or is said to have none.
func TestBuiltinCountriesAreNamedInEveryLanguage(t *testing.T) {
	c, err := content.Load(content.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range c.Lands() {
		for _, locale := range content.Locales() {
			if l.Names[locale] == "" {
				t.Errorf("%s has no name in %s", l.Code, locale)
			}
		}
	}
	for _, code := range []content.Country{
		"PK", "BD", "AF", "IQ", "TJ", "KG", "KZ", "UZ", "RU", "BY", "SA", "AE", "QA", "KW", "OM", "BH", "MY", "KR", "JP", "TH",
		"TR", "IR", "GR", "IT", "DE", "FR", "GB", "PL", "LV", "LT", "RO", "BG", "RS", "LY", "KH",
	} {
		l, ok := c.Land(code)
		urgent := ok && slices.ContainsFunc(l.Lines, func(x content.Line) bool { return x.Kind == "emergency" || x.Kind == "police" })
		if !urgent {
			t.Errorf("%s has no number for an emergency", code)
		}
	}
	// Where sources contradict one another or have nothing, nothing is shown.
	for _, code := range []content.Country{"MM", "BA"} {
		if l, ok := c.Land(code); !ok || len(l.Lines) > 0 {
			t.Errorf("%s: %v, %+v", code, ok, l)
		}
	}
}

// Counsellors in each country with a centre have somebody to refer to, and
// somebody who searches for the missing.
func TestBuiltinPartners(t *testing.T) {
	c, err := content.Load(content.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	for _, centre := range c.Centres() {
		there, searching := 0, false
		for _, p := range c.PartnersOf(centre.Country) {
			if p.Country == centre.Country {
				there++
			}
			searching = searching || slices.Contains(p.Offers, "tracing")
		}
		if there == 0 || !searching {
			t.Errorf("%s: %d partners in %s, one that searches: %v", centre.ID, there, centre.Country, searching)
		}
	}
}

// Translators of every language find most words of the field.
func TestBuiltinGlossary(t *testing.T) {
	c, err := content.Load(content.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Terms()); n < 100 {
		t.Errorf("%d terms", n)
	}
	for _, l := range content.Locales() {
		n := 0
		for _, x := range c.Terms() {
			if len(x.Words[l]) > 0 {
				n++
			}
		}
		if n < 80 {
			t.Errorf("%d terms in %s", n, l)
		}
	}
}

// Loading is a part of every start: 58 ms for 27 articles in up to five
// locales, 64 countries, 68 partners and the glossary, on two busy cores of a
// Xeon.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := content.Load(content.Builtin()); err != nil {
			b.Fatal(err)
		}
	}
}

// What 'sarai content check' and 'sarai doctor' wait for: 250 ms for 139 articles.
func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		content.Check(content.Builtin(), time.Now())
	}
}
