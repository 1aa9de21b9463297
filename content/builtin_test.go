// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
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

// Loading is a part of every start: 67 ms for 27 articles in up to five locales
// on two busy cores of a Xeon.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := content.Load(content.Builtin()); err != nil {
			b.Fatal(err)
		}
	}
}
