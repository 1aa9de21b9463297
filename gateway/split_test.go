// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"sarai/channels"
)

func lines(texts ...string) (bs []channels.Block) {
	for _, t := range texts {
		bs = append(bs, channels.Block{Kind: channels.Paragraph, Text: t})
	}
	return bs
}

func shown(parts []channels.Outbound) (out []string) {
	for _, p := range parts {
		var lines []string
		for _, b := range p.Blocks {
			lines = append(lines, b.Text)
		}
		out = append(out, strings.Join(lines, "\n"))
	}
	return out
}

func TestALongMessageIsCutWhereAReaderWouldPause(t *testing.T) {
	heading := channels.Block{Kind: channels.Heading, Text: "Fees"}
	for _, c := range []struct {
		name   string
		blocks []channels.Block
		limit  int
		want   []string
	}{
		{"one that fits", lines("one", "two"), 7, []string{"one\ntwo"}},
		{"no limit", lines("one", "two"), 0, []string{"one\ntwo"}},
		{"between paragraphs", lines("one", "two"), 6, []string{"one", "two"}},
		{"between sentences", lines("Go there now. Take the passport along"), 25, []string{"Go there now.", "Take the passport along"}},
		{"between sentences of Urdu", lines("وہاں جائیں۔ پاسپورٹ ساتھ لے جائیں ضرور"), 22, []string{"وہاں جائیں۔", "پاسپورٹ ساتھ لے جائیں", "ضرور"}},
		{"between words", lines("take your passport along"), 18, []string{"take your passport", "along"}},
		{"between lines first", lines("one two. three\nfour five six"), 20, []string{"one two. three", "four five six"}},
		{"not inside an emoji", lines("ab👩🏽‍🏭"), 4, []string{"ab", "👩🏽", "\u200d🏭"}},
		{"not inside a letter with its mark", lines("aaa" + "a\u0301"), 4, []string{"aaa", "a\u0301"}},
		{"not inside a conjunct of Bangla", lines("ককক্ষ"), 4, []string{"কক", "ক্ষ"}},
		{"not inside one of three letters", lines("কস্ত্রী"), 6, []string{"ক", "স্ত্রী"}},
		{"not inside one of Hindi that a joiner holds", lines("ककक्\u200dष"), 5, []string{"कक", "क्\u200dष"}},
		{"between letters that are kept apart", lines("ককক্\u200cষ"), 5, []string{"ককক্\u200c", "ষ"}},
		{"a heading stays with its text", []channels.Block{{Kind: channels.Paragraph, Text: "first"}, heading, {Kind: channels.Paragraph, Text: "much"}}, 11, []string{"first", "Fees\nmuch"}},
		{"a limit without room", lines("🌙"), 1, []string{"🌙"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := split(channels.Outbound{Blocks: c.blocks, Options: []channels.Option{{Key: "menu"}}}, channels.Limits{Text: c.limit})
			if s := shown(got); !slices.Equal(s, c.want) {
				t.Errorf("%q, want %q", s, c.want)
			}
			for i, p := range got {
				if last := i == len(got)-1; (len(p.Options) > 0) != last {
					t.Errorf("part %d of %d has %d choices", i+1, len(got), len(p.Options))
				}
			}
		})
	}
}

func TestAFileGoesFirstWithTheWordsThatFitUnderIt(t *testing.T) {
	out := channels.Outbound{Attachment: &channels.Attachment{ID: "f", Kind: channels.Picture}, Blocks: lines("your form")}
	limits := channels.Limits{Text: 100, Caption: 9}
	if got := split(out, limits); len(got) != 1 || got[0].Attachment == nil || len(got[0].Blocks) != 1 {
		t.Errorf("%d parts for a caption that fits", len(got))
	}
	limits.Caption = 8
	got := split(out, limits)
	if len(got) != 2 || got[0].Attachment == nil || got[0].Blocks != nil || got[1].Attachment != nil || len(got[1].Blocks) != 1 {
		t.Errorf("%+v", got)
	}
	out.Blocks = nil
	if got := split(out, limits); len(got) != 1 || got[0].Attachment == nil {
		t.Errorf("%d parts for a file without words", len(got))
	}
}

// Nothing is lost or written twice by cutting but white space, no part is too
// long, and no character is torn that fits into a part.
func TestCuttingLosesNothing(t *testing.T) {
	letters := []rune("ab .\n۔قक়\u0301\u200d👩🏽🏭🇵🇰א")
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(16, 60).Draw(t, "limit")
		var blocks []channels.Block
		for range rapid.IntRange(1, 5).Draw(t, "blocks") {
			blocks = append(blocks, channels.Block{
				Kind: rapid.SampledFrom([]channels.BlockKind{channels.Paragraph, channels.Heading, channels.Item}).Draw(t, "kind"),
				Text: string(rapid.SliceOfN(rapid.SampledFrom(letters), 0, 120).Draw(t, "text")),
			})
		}
		parts := split(channels.Outbound{Blocks: blocks}, channels.Limits{Text: limit})
		bare := func(bs []channels.Block) string {
			var all strings.Builder
			for _, b := range bs {
				all.WriteString(strings.Join(strings.FieldsFunc(b.Text, unicode.IsSpace), ""))
			}
			return all.String()
		}
		var got string
		for _, p := range parts {
			got += bare(p.Blocks)
			if n := length(p.Blocks); n > limit {
				t.Fatalf("a part has %d units of %d", n, limit)
			}
			for _, b := range p.Blocks {
				for g := uniseg.NewGraphemes(b.Text); g.Next(); {
					if c := g.Str(); !strings.Contains(bare(blocks), strings.TrimSpace(c)) {
						t.Fatalf("%q was made by cutting", c)
					}
				}
			}
		}
		if want := bare(blocks); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}
