// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHTMLAsTelegramReadsIt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`plain & simple`: `plain & simple []`,
		`a &lt;b&gt; &amp; &quot;c&quot; &#65;&#x42;`:      `a <b> & "c" AB []`,
		`&nbsp; &copy; &apos; &lt`:                         `&nbsp; &copy; &apos; < []`,
		`<b>x</b><strong>y</strong>`:                       `xy [bold 0+1 bold 1+1]`,
		`<i>a</i><em>b</em><u>c</u><ins>d</ins>`:           `abcd [italic 0+1 italic 1+1 underline 2+1 underline 3+1]`,
		`<s>a</s><strike>b</strike><del>c</del>`:           `abc [strikethrough 0+1 strikethrough 1+1 strikethrough 2+1]`,
		`<tg-spoiler>a</tg-spoiler>`:                       `a [spoiler 0+1]`,
		`<span class="tg-spoiler">a</span>`:                `a [spoiler 0+1]`,
		`<blockquote>a</blockquote>`:                       `a [blockquote 0+1]`,
		`<blockquote expandable>a</blockquote>`:            `a [expandable_blockquote 0+1]`,
		`<pre>a</pre> <code>b</code>`:                      `a b [pre 0+1 code 2+1]`,
		`<pre><code class="language-go">a</code></pre>`:    `a [pre 0+1 go]`,
		`<code class="language-go">a</code>`:               `a [code 0+1]`,
		`<B>x</b >`:                                        `x [bold 0+1]`,
		`<b>x</>`:                                          `x [bold 0+1]`,
		`😀<b>😀</b>`:                                        `😀😀 [bold 2+2]`,
		`<b></b>x`:                                         `x []`,
		`<b>a<i>b</i></b>`:                                 `ab [bold 0+2 italic 1+1]`,
		`<a href="https://Example.org">x</a>`:              `x [text_link 0+1 https://example.org/]`,
		`<a href='https://example.org/?a=1&amp;b=2'>x</a>`: `x [text_link 0+1 https://example.org/?a=1&b=2]`,
		`<a>example.org</a>`:                               `example.org [text_link 0+11 http://example.org/]`,
		`<a href="tel:+49000">x</a>`:                       `x []`,
		`<a href="mailto:a@b.org">x</a>`:                   `x [text_link 0+1 http://mailto:a@b.org/]`,
		`<a href="javascript:alert">x</a>`:                 `x []`,
		`<a href="tg://user?id=1">x</a>`:                   `x [text_link 0+1 tg://user?id=1]`,
		`<b class="x" id=y data-z>x</b>`:                   `x [bold 0+1]`,
		`a > b`:                                            `a > b []`,
		`<tg-emoji emoji-id="5">🙂</tg-emoji>`:              `🙂 [custom_emoji 0+2]`,
	} {
		text, entities, r := parseHTML(in)
		if r != nil {
			t.Errorf("%s: %s", in, r.description)
			continue
		}
		if got := text + " " + shown(entities); got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
}

func shown(entities []Entity) string {
	var out []string
	for _, e := range entities {
		b, _ := json.Marshal([]int{e.Offset, e.Length})
		s := e.Type + " " + strings.NewReplacer("[", "", "]", "", ",", "+").Replace(string(b))
		if e.URL+e.Language != "" {
			s += " " + e.URL + e.Language
		}
		out = append(out, s)
	}
	return "[" + strings.Join(out, " ") + "]"
}

func TestHTMLThatTelegramRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`a <b`:                       `Unclosed start tag at byte offset 2`,
		`a < b`:                      `Unsupported start tag "" at byte offset 2`,
		`<p>x</p>`:                   `Unsupported start tag "p" at byte offset 0`,
		`x<br/>`:                     `Unsupported start tag "br/" at byte offset 1`,
		`<b>x`:                       `Can't find end tag corresponding to start tag "b"`,
		`x</b>`:                      `Unexpected end tag at byte offset 1`,
		`<b>x</i>`:                   `Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`,
		`<b>x</b`:                    `Unclosed end tag at byte offset 4`,
		`<b "x">y</b>`:               `Empty attribute name in the tag "b" at byte offset 0`,
		`<a href=x:y>z</a>`:          `Unexpected end of name token at byte offset 8`,
		`<a href="x>z</a>`:           `Unclosed start tag at byte offset 0`,
		`<a href`:                    `Unclosed start tag "a" at byte offset 0`,
		`<a href= `:                  `Unclosed start tag "a" at byte offset 0`,
		`<span>x</span>`:             `Tag "span" must have class "tg-spoiler" at byte offset 0`,
		`ع<i>`:                       `Can't find end tag corresponding to start tag "i"`,
		`ع</i>`:                      `Unexpected end tag at byte offset 2`,
		`<tg-emoji>x</tg-emoji>`:     `Invalid custom emoji identifier specified`,
		`<blockquote>x</blockquote `: `Unclosed end tag at byte offset 13`,
	} {
		_, _, r := parseHTML(in)
		if r == nil {
			t.Errorf("%s: taken", in)
		} else if got := strings.TrimPrefix(r.description, "Bad Request: can't parse entities: "); got != want || r.code != 400 {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestTextsAreCleaned(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"  \n x \t ":            "x",
		"a\r\nb\tc\x01":         "a\nb c",
		"\u2067ا\u2069":         "\u2067ا\u2069", // isolates stay
		"\u202bا\u202c":         "ا",             // embeddings do not
		"\u200f\u200f\u200fا":   "\u200c\u200c\u200fا",
		"one\u2028two":          "onetwo",
		"\u200f1) ا":            "\u200f1) ا",
		strings.Repeat("a ", 3): "a a a",
	} {
		if got, _ := settle(in, nil); got != want {
			t.Errorf("%+q: %+q, expected %+q", in, got, want)
		}
	}
	got, entities := settle(" \u202a a bc  ", []Entity{{Type: "bold", Offset: 5, Length: 4}})
	if got != "a bc" || len(entities) != 1 || entities[0].Offset != 2 || entities[0].Length != 2 {
		t.Errorf("%q %+v", got, entities)
	}
	var many []Entity
	for i := range 150 {
		many = append(many, Entity{Type: "bold", Offset: i, Length: 1})
	}
	if _, kept := settle(strings.Repeat("x", 150), many); len(kept) != 100 {
		t.Errorf("%d entities were kept", len(kept))
	}
}

// Whatever a bot sends, the entities lie within the text.
func FuzzHTML(f *testing.F) {
	for _, s := range []string{`<b>x</b>`, `<a href="x">y</a>`, `&#x1F600;<pre><code class="language-go">a</code></pre>`, "<b>\u202a \r</b>\t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !utf8.ValidString(in) {
			return
		}
		text, entities, r := parseHTML(in)
		if r != nil {
			return
		}
		text, entities = settle(text, entities)
		for _, e := range entities {
			if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > units(text) {
				t.Errorf("%q: %q has %+v", in, text, e)
			}
		}
	})
}
