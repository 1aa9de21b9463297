// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sarai/content"
	"sarai/dialog"
	"sarai/locales"
)

// TestRenderIsTotal asks for anything that dialog could say and much that it
// could not: parts that name nothing, keys of another catalogue, locales that
// nobody speaks. What cannot be said is left out; nothing fails.
func TestRenderIsTotal(t *testing.T) {
	phrases, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := content.Load(os.DirFS("../dialog/testdata/shelf"))
	if err != nil {
		t.Fatal(err)
	}
	g := New(Options{Phrases: phrases, Edition: Edition{Catalogue: c}})
	ids := []content.ArticleID{"", "protector-pk", "emergency", "wages-unpaid", "gone"}
	kinds := []string{"a", "s", "t", "lang", "o", "w", "r", "h", "consent", "delete", "menu", "counsellor", "none", "skip", "refuse", "language", "", "x"}
	rests := []string{"", "other", "PK", "ZZ", "ur", "xx", "yes", "no", "3", "0", "/", "9", "protector-pk", "protector-pk#fees", "protector-pk#", "#", "gone#x", "rights", "yes:gone", "٣"}
	rapid.Check(t, func(t *rapid.T) {
		say := dialog.Say{}
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			p := dialog.Part{
				Article: rapid.SampledFrom(ids).Draw(t, "article"),
				Section: rapid.SampledFrom([]string{"", "fees", "gone"}).Draw(t, "section"),
				Piece:   rapid.SampledFrom([]dialog.Piece{dialog.Whole, dialog.Body, dialog.Tail, "half"}).Draw(t, "piece"),
				Source:  rapid.Bool().Draw(t, "source"),
			}
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				p = dialog.Part{Phrase: rapid.OneOf(rapid.SampledFrom([]string{"queue-place", "hours-opens", "answer-for", "language-set", "lines-for"}), rapid.String()).Draw(t, "phrase")}
				p.Args = dialog.Args{Count: rapid.Int().Draw(t, "count"), Country: rapid.SampledFrom([]content.Country{"", "PK", "ZZ"}).Draw(t, "country"), Locale: "xx"}
				if rapid.Bool().Draw(t, "at") {
					p.Args.At = time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "unix"), 0)
				}
			case 1:
				p = dialog.Part{Lines: rapid.SampledFrom([]content.Country{"PK", "GR", "ZZ", "other"}).Draw(t, "lines"), Kind: rapid.SampledFrom([]string{"", "crisis", "police", "gone"}).Draw(t, "wanted")}
			case 2:
				p = dialog.Part{Confirmed: rapid.SampledFrom([]content.CentreID{"here", "elsewhere", "gone"}).Draw(t, "confirmed")}
			case 3:
				p = dialog.Part{Past: rapid.Bool().Draw(t, "past"), Piece: p.Piece, Firm: &dialog.Firm{
					Name: rapid.String().Draw(t, "name"), Licence: rapid.String().Draw(t, "licence"), City: rapid.String().Draw(t, "city"), Phone: rapid.String().Draw(t, "phone"),
					Status: dialog.LicenceStatus(rapid.SampledFrom([]string{"active", "blacklisted", "new"}).Draw(t, "status")), Until: time.Unix(rapid.Int64Range(0, 1<<40).Draw(t, "until"), 0),
				}}
			case 4:
				p = dialog.Part{List: &dialog.List{Name: rapid.String().Draw(t, "list"), URL: "https://example.org"}}
			}
			say.Parts = append(say.Parts, p)
		}
		for range rapid.IntRange(0, 4).Draw(t, "options") {
			key := rapid.SampledFrom(kinds).Draw(t, "kind") + rapid.SampledFrom([]string{":", ""}).Draw(t, "colon") + rapid.OneOf(rapid.SampledFrom(rests), rapid.String()).Draw(t, "rest")
			say.Options = append(say.Options, dialog.Option{Key: key})
		}
		s := dialog.State{Locale: rapid.SampledFrom([]content.Locale{"", "en", "ur", "tg", "ckb", "xx"}).Draw(t, "locale")}
		b := g.render(c, s, rapid.SampledFrom([]content.CentreID{"", "here", "gone"}).Draw(t, "centre"), say)
		for _, x := range b.blocks {
			if x.Text == "" {
				t.Fatal("an empty block")
			}
		}
		for _, o := range b.options {
			if o.Label == "" {
				t.Fatal("an option without words")
			}
		}
	})
}

// BenchmarkRender is what choosing the words of an answer costs.
func BenchmarkRender(b *testing.B) {
	phrases, err := locales.Load()
	if err != nil {
		b.Fatal(err)
	}
	c, err := content.Load(content.Builtin())
	if err != nil {
		b.Fatal(err)
	}
	g := New(Options{Phrases: phrases, Edition: Edition{Catalogue: c}})
	say := dialog.Say{
		Parts:   []dialog.Part{{Article: "protector-pk", Source: true}},
		Options: []dialog.Option{{Key: "s:protector-pk#fees"}, {Key: "s:protector-pk#documents"}, {Key: "counsellor"}, {Key: "menu"}},
	}
	for _, l := range []content.Locale{"en", "ur"} {
		b.Run(string(l), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if out := g.render(c, dialog.State{Locale: l}, "", say); len(out.blocks) == 0 {
					b.Fatal("nothing was said")
				}
			}
		})
	}
}
