// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// set writes a body on few lines: "¶ paragraph", "• item", "# id title".
func set(b body) string {
	var out strings.Builder
	write := func(blocks []Block) {
		for _, x := range blocks {
			mark := "¶ "
			if x.Kind == Item {
				mark = "• "
			}
			out.WriteString(mark + x.Text + "\n")
		}
	}
	write(b.short)
	for _, s := range b.sections {
		out.WriteString("# " + s.ID + " " + s.Title + "\n")
		write(s.Blocks)
	}
	return out.String()
}

func TestMarkdown(t *testing.T) {
	for _, c := range []struct {
		name, src, want, fault string // fault is "" where nothing is wrong
		line                   int
	}{
		{"paragraphs", "One\ntwo.\n\nThree.\n", "¶ One two.\n¶ Three.\n", "", 0},
		{"a list", "Take:\n- a\n- b\n  c\n", "¶ Take:\n• a\n• b c\n", "", 0},
		{"a loose list", "- a\n\n- b\n", "• a\n• b\n", "", 0},
		{"numbered steps keep their numbers", "3. a\n4. b\n", "• 3. a\n• 4. b\n", "", 0},
		{"bold is flattened", "**Never** pay *today*.\n", "¶ Never pay today.\n", "", 0},
		{"a link", "See [the list](https://a.example/b).\n", "¶ See the list (https://a.example/b).\n", "", 0},
		{"an address as a link", "See <https://a.example/b>.\n", "¶ See https://a.example/b.\n", "", 0},
		{"a link by its address", "[https://a.example/](https://a.example/)\n", "¶ https://a.example/\n", "", 0},
		{"a link by reference", "See [it][1].\n\n[1]: https://a.example/\n", "¶ See it (https://a.example/).\n", "", 0},
		{"a bold link", "[**it**](https://a.example/)\n", "¶ it (https://a.example/)\n", "", 0},
		{"headings in any script", "x\n\n## فیس {#fees}\ny\n\n## Мӯҳлат {#time-2}\nz\n", "¶ x\n# fees فیس\n¶ y\n# time-2 Мӯҳлат\n¶ z\n", "", 0},
		{"what is escaped stays", `1\. a \*b\* &amp; \&amp; &#1780;` + "\n", "¶ 1. a *b* & &amp; ۴\n", "", 0},
		{"joiners and marks of Persian stay", "می\u200cخواهم \u200f112\u200e\n", "¶ می\u200cخواهم \u200f112\u200e\n", "", 0},
		{"a hard break stays", "a  \nb\\\nc\n", "¶ a\nb\nc\n", "", 0},
		{"an arrow is no HTML", "a < b > c <3\n", "¶ a < b > c <3\n", "", 0},

		{"a heading without an id", "x\n\n## Fees\ny\n", "¶ x\n# part-1 Fees\n¶ y\n", "the heading has no id", 3},
		{"a heading with a bad id", "x\n\n## Fees {#Fees_1}\ny\n", "¶ x\n# Fees_1 Fees\n¶ y\n", "may hold only", 3},
		{"a deeper heading", "x\n\n### Fees {#fees}\ny\n", "¶ x\n¶ Fees\n¶ y\n", "a heading is written with ##", 3},
		{"HTML as a block", "x\n\n<script>alert(1)</script>\n\ny\n", "¶ x\n¶ y\n", "HTML is not allowed", 3},
		{"HTML within a line", "a\nb <b onclick=x>c</b>\n", "¶ a b c\n", "HTML is not allowed", 2},
		{"a picture", "a\n\n![a stamp](https://a.example/x.png)\n", "¶ a\n¶ a stamp\n", "a picture is not allowed", 3},
		{"a script as a link", "a\n[it](javascript:alert(1))\n", "¶ a it\n", "is no https address", 2},
		{"a link without https", "[it](http://a.example/)\n", "¶ it (http://a.example/)\n", "is no https address", 1},
		{"a link to a file", "a\n\nb\n- [it](docs/x.md)\n", "¶ a\n¶ b\n• it\n", "is no https address", 4},
		{"a mail address", "<a@b.example>\n", "¶ a@b.example\n", "is no https address", 1},
		{"a link with a password", "[it](https://a:b@c.example/)\n", "¶ it (https://a:b@c.example/)\n", "is no https address", 1},
		{"a fenced block", "a\n\n```\nb\n```\n", "¶ a\n¶ b\n", "is not allowed", 4},
		{"a quotation", "a\n\n> b\n", "¶ a\n¶ b\n", "only paragraphs", 3},
		{"a list within a list", "- a\n  - b\n- c\n", "• a\n• b\n• c\n", "inside a list item", 1},
		{"a line across", "a\n\n***\n\nb\n", "¶ a\n¶ b\n", "a line across", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := readBody([]byte(c.src), 10)
			if got := set(b); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			switch {
			case c.fault == "" && len(b.faults) > 0:
				t.Errorf("faults %v", b.faults)
			case c.fault != "" && len(b.faults) == 0:
				t.Error("no fault was found")
			case c.fault != "" && !strings.Contains(b.faults[0].message, c.fault):
				t.Errorf("fault %q, want %q", b.faults[0].message, c.fault)
			case c.fault != "" && b.faults[0].line != c.line+10:
				t.Errorf("the fault is on line %d, want %d", b.faults[0].line-10, c.line)
			}
		})
	}
}

func TestCleanWords(t *testing.T) {
	for in, want := range map[string]string{
		"  a \t b ": "a b", "a\r\nb": "a\nb", "a\x00b\x1b[31m": "ab[31m", "a\u202eb\u202c": "ab", "\ufeffa": "a",
		"a\xffb": "ab", "1\u00a0000": "1\u00a0000", "a\n\n\nb\n": "a\nb", "\u2066+92\u2069": "\u2066+92\u2069",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// What somebody feeds to the reader is read or refused within a moment: at
// most 250 ms on an idle core, here ten times that.
// worked is how long the processor works for f, whatever else the machine does
// meanwhile.
func worked(t *testing.T, f func()) time.Duration {
	t.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	f()
	return used() - before
}

func TestHugeFilesEnd(t *testing.T) {
	for name, piece := range map[string]string{
		"quotations": "> ", "lists": "- ", "nested lists": "- a\n ", "brackets": "[", "links": "[a](", "images": "![",
		"stars": "*a ", "mixed": "**a*_", "backticks": "`a``", "entities": "&amp", "html": "<a ", "headings": "# ", "refs": "[a]: b\n",
		"tabs": "\t- ", "breaks": "a\\\n", "pictures": "![](x)\n", "digits": "1,", "phones": "+1 ", "hyphens": "1-",
	} {
		for form, src := range map[string]string{
			"long":  strings.Repeat(piece, maxText/len(piece)-10),
			"dense": strings.Repeat(piece+strings.Repeat("a ", 60), maxKnots),
		} {
			tr := files{"articles/a/b/en.md": []byte("+++\ntitle = \"a\"\n+++\n" + src)}
			took := worked(t, func() {
				readTree(tr, nil).catalogue()
				checkFiles(tr, nil, time.Now())
			})
			t.Logf("%s %s: %v", form, name, took)
			if took > 2500*time.Millisecond {
				t.Errorf("%s %s took %v", form, name, took)
			}
		}
	}
	for name, src := range map[string]string{
		"arrays": "article = " + strings.Repeat("[", maxFile-10), "tables": strings.Repeat("[[a]]\n", maxFile/6), "dots": strings.Repeat("a.", maxFile/2-10) + "b = 1",
		"keys": "en.rules = [" + strings.Repeat(`"",`, maxFile/3-10) + "]", "inline": strings.Repeat("a = {", maxFile/5), "header": "[" + strings.Repeat("a.", maxFile/2-10) + "b]",
	} {
		tr := files{"signals/x.toml": []byte(src)}
		took := worked(t, func() { checkFiles(tr, nil, time.Now()) })
		t.Logf("%s: %v", name, took)
		if took > 2500*time.Millisecond {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("+++\ntitle = \"a\"\nask = [\"b\", 'c']\n+++\nx\n\n## F {#f}\n- y [z](https://a.b/)\n")
	f.Add("+++\n+++\n<script>\n\n> - # x\n\n```\ny")
	f.Add("+++\na = { b = [1, {c = \"\"\"\n\"\"\"}] }\n[d.\"e f\"]\n[[g]]\n[g.h]\n+++\n&#0;&#x202e;\\<b>\n")
	f.Add("+++\r\nof = \"\"\r\n+++")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > maxText {
			return
		}
		watch := time.AfterFunc(10*time.Second, func() { panic("takes too long: " + src) })
		defer watch.Stop()
		// Whatever the file, its reading ends with words or with a problem.
		tr := readTree(files{"articles/a/b/en.md": []byte(src), "signals/a.toml": []byte(src), "values.toml": []byte(src)}, nil)
		c := tr.catalogue()
		for _, p := range checkFiles(tr.files, nil, time.Unix(0, 0)) {
			if lines := strings.Count(src, "\n") + 1; p.Line < 0 || p.Line > lines {
				t.Fatalf("%s: the file has %d lines", p, lines)
			}
		}
		a, ok := c.Article("b")
		if !ok {
			return
		}
		x := a.Texts[English]
		blocks := x.Short
		for _, s := range x.Sections {
			if s.ID == "" {
				t.Fatal("a section without an id")
			}
			blocks = append(blocks, s.Blocks...)
			blocks = append(blocks, Block{Text: s.Title + "x"})
		}
		for _, b := range blocks {
			switch {
			case b.Text == "":
				t.Fatal("an empty block")
			case !utf8.ValidString(b.Text):
				t.Fatalf("not UTF-8: %q", b.Text)
			case strings.ContainsFunc(b.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
				t.Fatalf("a control character: %q", b.Text)
			}
		}
		if missing := lacking(x, x); len(missing) > 0 {
			t.Fatalf("lacks of itself: %q", missing)
		}
		keyLines(src)
	})
}

// What is passed over as spotless is what cleaning would have left alone.
func TestSpotless(t *testing.T) {
	for _, s := range []string{
		"", " ", "a", " a", "a ", "a  b", "a b", "a\tb", "a\nb", "a\rb", "a\u00a0b", "می\u200cخواهم", "a\u202eb", "\ufeffa", "a\x00", "a\xff", "a\ufffdb", "a\fb", "a\vb", "۱۲",
	} {
		if spotless(s) && slowClean(s) != s {
			t.Errorf("%q is not spotless: cleaning makes it %q", s, slowClean(s))
		}
		if !spotless(s) && slowClean(s) == s && !strings.Contains(s, "\n") {
			t.Errorf("%q is spotless", s)
		}
		if clean(s) != slowClean(s) {
			t.Errorf("%q becomes %q, not %q", s, clean(s), slowClean(s))
		}
	}
}
