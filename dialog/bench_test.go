// SPDX-License-Identifier: GPL-3.0-or-later

package dialog_test

import (
	"testing"
	"time"

	"sarai/content"
	"sarai/dialog"
	"sarai/search"
)

// BenchmarkStep is what deciding costs: a choice, an answer, danger.
func BenchmarkStep(b *testing.B) {
	c, err := content.Load(content.Builtin())
	if err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)
	known := dialog.State{Locale: "en", Met: true}
	for _, x := range []struct {
		name string
		ev   dialog.Event
	}{
		{"choice", dialog.Heard{At: at, Form: dialog.Pressed, Key: "a:mrc-what"}},
		{"answer", dialog.Heard{At: at, Form: dialog.Words, Text: "what is a centre", Reading: search.Reading{Locale: "en", Sure: true, Band: search.Answer, Matches: []search.Match{{Article: "mrc-what", Sure: .9}}}}},
		{"danger", dialog.Heard{At: at, Form: dialog.Words, Text: "they locked me in", Reading: search.Reading{Locale: "en", Sure: true, Signals: []search.Raised{{Signal: "held"}}}}},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, effects := dialog.Step(c, known, x.ev); len(effects) == 0 {
					b.Fatal("nothing was decided")
				}
			}
		})
	}
}
