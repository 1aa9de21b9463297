// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A ValueID names a value: "pk-welfare-fund". It is the table's name in
// values.toml and never changes once an article uses it.
type ValueID string

// A Value is a fact that many articles share, such as a fee or a phone number.
// An article writes its name between braces, {pk-welfare-fund}, and is read with
// its words, so that a change of the fact is made in one place.
type Value struct {
	ID          ValueID
	Text        string            // the words in every locale that has none of its own
	Texts       map[Locale]string // the words in locales that write it otherwise
	Grade       string            // "A" official page seen, "B" secondary page seen
	Source      Source
	ReviewEvery time.Duration
}

// In gives the words for a text in l.
func (v *Value) In(l Locale) string {
	if words := v.Texts[l]; words != "" {
		return words
	}
	return v.Text
}

// Due is when the value must be checked again: ReviewEvery after its source was
// seen. It is zero where either is not known.
func (v *Value) Due() time.Time {
	if v.ReviewEvery <= 0 || v.Source.Seen.IsZero() {
		return time.Time{}
	}
	return v.Source.Seen.Add(v.ReviewEvery)
}

// maxValue is how many characters a value may have: it is a part of a sentence.
const maxValue = 100

type (
	valueHead struct {
		Text        string            `toml:"text"`
		Texts       map[Locale]string `toml:"texts"`
		Grade       string            `toml:"grade"`
		Source      string            `toml:"source"`
		URL         string            `toml:"url"`
		Seen        day               `toml:"seen"`
		ReviewEvery string            `toml:"review_every"`
	}
	valuesSource struct {
		place
		broken bool // the file is there and cannot be read
		heads  map[ValueID]valueHead
		values map[ValueID]*Value
	}
)

func (t *tree) readValues(name, src string) {
	s := &t.values
	s.file, s.broken = name, true
	lines, problem := decode(name, src, 0, &s.heads)
	if problem != nil {
		t.breaks(*problem)
		return
	}
	s.lines = lines
	ids := slices.Sorted(maps.Keys(s.heads))
	for _, id := range ids {
		if p := s.unknownLocale(string(id)+".texts", s.heads[id].Texts); p != nil {
			t.breaks(*p)
			return
		}
	}
	s.broken, s.values = false, map[ValueID]*Value{}
	for _, id := range ids {
		h := s.heads[id]
		v := &Value{
			ID: id, Text: clean(h.Text), Texts: cleanAll(h.Texts), Grade: h.Grade,
			Source: Source{Title: clean(h.Source), URL: h.URL, Seen: h.Seen.Time},
		}
		v.ReviewEvery, _ = parseDays(h.ReviewEvery)
		if v.Text != "" { // without words it is no value, and who names it is told
			s.values[id] = v
		}
	}
}

// A reference is a place of a text where a value's name stands between braces.
type reference struct {
	name string
	line int
}

// braced is what stands between braces on one line. Whether it is a value's
// name decides the table of values.
var braced = regexp.MustCompile(`\{([^{}\n]*)\}`)

// references gives the names between braces of a body that was read from src.
func references(b *body, src string, offset int) []reference {
	var found []reference
	at := 0 // blocks come in the order of the file
	b.each(func(x *Block) {
		for _, m := range braced.FindAllString(x.Text, -1) {
			i := strings.Index(src[at:], m)
			if i < 0 { // it is written with an escape: then the file is named, and its first line
				found = append(found, reference{m[1 : len(m)-1], b.first})
				continue
			}
			at += i + 1
			found = append(found, reference{m[1 : len(m)-1], offset + 1 + strings.Count(src[:at], "\n")})
		}
	})
	return found
}

// each visits the blocks of a body, and through them those of its text.
func (b *body) each(visit func(*Block)) {
	for i := range b.short {
		visit(&b.short[i])
	}
	for _, s := range b.sections {
		for i := range s.Blocks {
			visit(&s.Blocks[i])
		}
	}
}

// fill writes the values' words where texts have their names. A text that names
// a value which is not there cannot be read: somebody would be sent the braces.
func (t *tree) fill() {
	for _, id := range slices.Sorted(maps.Keys(t.articles)) {
		a := t.articles[id]
		for _, l := range Locales() {
			if x := a.texts[l]; x != nil && len(x.refs) > 0 {
				t.fillText(a.article, x)
			}
		}
		slices.SortFunc(a.article.Values, func(a, b *Value) int { return cmp.Compare(a.ID, b.ID) })
		a.article.Values = slices.Compact(a.article.Values)
	}
}

func (t *tree) fillText(a *Article, x *textSource) {
	for _, r := range x.refs {
		if v := t.values.values[ValueID(r.name)]; v != nil {
			a.Values = append(a.Values, v)
		} else if validID(r.name) && !t.values.broken {
			t.breaks(Problem{x.file, r.line, fmt.Sprintf("there is no value {%s} in %s", r.name, valuesFile), true})
		}
	}
	x.body.each(func(b *Block) {
		b.Text = braced.ReplaceAllStringFunc(b.Text, func(m string) string {
			if v := t.values.values[ValueID(m[1:len(m)-1])]; v != nil {
				return v.In(x.text.Locale)
			}
			return m
		})
	})
	x.text.Hash = x.text.hash()
}

func (c *checker) checkValues() {
	s := &c.values
	if s.broken {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(s.heads)) {
		v, h, key := s.values[id], s.heads[id], string(id)
		if !validID(key) {
			c.add(s.severe(key, "the name of a value may hold only a-z, 0-9 and hyphens: %q", key))
		}
		if v == nil {
			c.add(s.severe(key+".text", "the value %s has no text", key))
			continue
		}
		c.valueWords(key+".text", h.Text)
		for _, l := range slices.Sorted(maps.Keys(h.Texts)) {
			at := key + ".texts." + string(l)
			c.valueWords(at, h.Texts[l])
			if v.Texts[l] == "" {
				c.add(s.severe(at, "the value %s is empty in %s", key, l))
				continue
			}
			// Both are said of the same fact, so they have the same numbers.
			of := &Text{Locale: English, Short: []Block{{Paragraph, v.Text}}}
			in := &Text{Locale: l, Short: []Block{{Paragraph, v.Texts[l]}}}
			if missing := append(lacking(of, in), lacking(in, of)...); len(missing) > 0 {
				c.add(s.severe(at, "the value %s is another in %s: %s", key, l, strings.Join(missing, ", ")))
			}
		}
		if !shown(h.Grade) {
			c.add(s.severe(key+".grade", "the grade %q is neither A nor B: such a fact is not published", h.Grade))
		}
		c.source(s.place, key, key+".source", sourceHead{Title: h.Source, URL: h.URL, Seen: h.Seen})
		c.term(s.place, key+".review_every", h.ReviewEvery, v.Due())
	}
}

func (c *checker) valueWords(key, words string) {
	s := &c.values
	c.escaped(s.place, key, words)
	for _, f := range factsOf(words).facts {
		if message, severe := dialable(f.as); f.kind == phone && message != "" {
			c.add(Problem{s.file, s.at(key), message, severe})
		}
	}
	if strings.ContainsAny(words, "{}") {
		c.add(s.severe(key, "a value holds no other value: %q", words))
	}
	if n := utf8.RuneCountInString(words); n > maxValue {
		c.add(s.severe(key, "the value has %d characters, at most %d are a part of a sentence", n, maxValue))
	}
}

// braces finds values where none can stand, and braces that are no value.
func (c *checker) braces(x *textSource) {
	for key, words := range map[string]string{"title": x.head.Title, "label": x.head.Label} {
		if braced.MatchString(words) {
			c.add(x.severe(key, "a value stands in the text only, not in the %s", key))
		}
	}
	for i, s := range x.body.sections {
		if braced.MatchString(s.Title) {
			c.add(Problem{x.file, x.body.headings[i].line, "a value stands in the text only, not in a heading", true})
		}
	}
	for _, r := range x.refs {
		if !validID(r.name) {
			c.add(Problem{x.file, r.line, fmt.Sprintf("{%s} is no value: between braces stands a name of %s", r.name, valuesFile), true})
		}
	}
}
