// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A TermID names a term of the glossary: it is the table's name in
// glossary.toml.
type TermID string

// A Term is a word of the field, so that all who write use the same one.
type Term struct {
	ID      TermID
	Meaning string
	// Words are what the term is called. The first of a locale is the one to
	// write; the others are accepted. A locale may be missing.
	Words map[Locale][]string
}

// minTerms is how many terms a whole glossary has: fewer leave translators
// alone.
const minTerms = 100

type termSource struct {
	place
	there bool // the file exists and can be read
	terms []*Term
}

// readGlossary reads a table for each term: its meaning, and a list of words
// for each locale.
func (t *tree) readGlossary(name, src string) {
	var tables map[string]map[string]any
	lines, problem := decode(name, src, 0, &tables)
	if problem != nil {
		t.breaks(*problem)
		return
	}
	g := &t.glossary
	g.place = place{name, lines}
	for _, id := range slices.Sorted(maps.Keys(tables)) {
		term := &Term{ID: TermID(id), Words: map[Locale][]string{}}
		for _, key := range slices.Sorted(maps.Keys(tables[id])) {
			at, value := id+"."+key, tables[id][key]
			if key == "meaning" {
				words, ok := value.(string)
				if !ok {
					t.breaks(g.severe(at, "the meaning is a text in quotation marks"))
					return
				}
				term.Meaning = clean(words)
				continue
			}
			if !known(Locale(key)) {
				t.breaks(g.severe(at, "unknown key %q: it is not a locale", at))
				return
			}
			list, ok := value.([]any)
			words := make([]string, 0, len(list))
			for _, w := range list {
				text, isText := w.(string)
				ok = ok && isText
				words = append(words, clean(text))
			}
			if !ok {
				t.breaks(g.severe(at, `the words stand in a list: ["…", "…"]`))
				return
			}
			term.Words[Locale(key)] = words
		}
		g.terms = append(g.terms, term)
	}
	g.there = true
}

// Terms gives the glossary by id.
func (c *Catalogue) Terms() []*Term { return slices.Clone(c.terms) }

// Term finds a term of the glossary.
func (c *Catalogue) Term(id TermID) (*Term, bool) {
	for _, t := range c.terms {
		if t.ID == id {
			return t, true
		}
	}
	return nil, false
}

func (c *checker) checkGlossary() {
	g := &c.glossary
	if !g.there {
		return
	}
	if n := len(g.terms); n < minTerms {
		c.add(g.warning("", "has %d terms: a glossary should have at least %d", n, minTerms))
	}
	english := map[string]TermID{}
	for _, t := range g.terms {
		key := string(t.ID)
		if !validID(key) {
			c.add(g.severe(key, "the name of a term may hold only a-z, 0-9 and hyphens: %q", key))
		}
		if t.Meaning == "" {
			c.add(g.severe(key, "the term %s has no meaning", key))
		}
		c.escaped(g.place, key+".meaning", t.Meaning)
		if len(t.Words[English]) == 0 {
			c.add(g.severe(key, "the term %s has no English word", key))
		}
		for _, l := range Locales() {
			seen := map[string]bool{}
			for i, w := range t.Words[l] {
				at := fmt.Sprintf("%s.%s[%d]", key, l, i)
				folded := fold(w)
				switch {
				case folded == "":
					c.add(g.severe(at, "the word has no letters"))
				case seen[folded]:
					c.add(g.warning(at, "%q stands here twice", w))
				case l == English && english[folded] != "":
					c.add(g.severe(at, "%q is a word of the term %s too", w, english[folded]))
				case l == English:
					english[folded] = t.ID
				}
				seen[folded] = true
			}
		}
	}
	c.usage()
}

// usage finds translations without the glossary's word for what the English
// text names. A stale translation is another text's, and has enough to be told
// of. Where a locale has no word in the glossary there is nothing to ask for.
func (c *checker) usage() {
	type term struct {
		*Term
		english [][]string            // the words of each English form
		stems   map[Locale][][]string // the stems of each form
	}
	var terms []term
	for _, t := range c.glossary.terms {
		x := term{Term: t, stems: map[Locale][][]string{}}
		for _, w := range t.Words[English] {
			if words := strings.Fields(fold(w)); len(words) > 0 {
				x.english = append(x.english, words)
			}
		}
		for l, words := range t.Words {
			for _, w := range words {
				x.stems[l] = append(x.stems[l], stems(w))
			}
		}
		terms = append(terms, x)
	}
	ids := slices.Sorted(maps.Keys(c.articles))
	found := make([][]Problem, len(ids))
	look := func(i int) {
		a := c.articles[ids[i]]
		en := a.texts[English]
		if en == nil {
			return
		}
		english := strings.Fields(fold(en.text.words()))
		var used []term
		for _, t := range terms {
			if slices.ContainsFunc(t.english, func(words []string) bool { return says(english, words) }) {
				used = append(used, t)
			}
		}
		for _, l := range Locales() {
			x := a.texts[l]
			if x == nil || l == English || x.text.Of != "" && x.text.Of != en.text.Written {
				continue
			}
			said := newSaying(x.text.Title + "\n" + x.text.words())
			var missing []string
			for _, t := range used {
				if len(t.stems[l]) > 0 && !slices.ContainsFunc(t.stems[l], said.stand) {
					missing = append(missing, fmt.Sprintf("%s: %s", t.Words[English][0], t.Words[l][0]))
				}
			}
			if len(missing) > 0 {
				found[i] = append(found[i], Problem{x.file, x.body.first, fmt.Sprintf("has other words than the glossary (%s)", strings.Join(missing, "; ")), false})
			}
		}
	}
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() { look(i) })
	}
	group.Wait()
	c.add(slices.Concat(found...)...)
}

// says reports whether English words stand in a text one behind the other, each
// as it is or in the plural.
func says(text, words []string) bool {
	for i := 0; i+len(words) <= len(text); i++ {
		hit := true
		for j, w := range words {
			ending, ok := strings.CutPrefix(text[i+j], w)
			if !ok || ending != "" && ending != "s" && ending != "es" {
				hit = false
				break
			}
		}
		if hit {
			return true
		}
	}
	return false
}

// stems are the words of a term without what declining and joining change, in
// the form that stand reads: most of our languages put endings to words, and
// some put letters before them. A word of four letters or fewer stays whole.
func stems(term string) []string {
	words := strings.Fields(bare(term))
	for i, w := range words {
		letters := []rune(w)
		switch n := len(letters); {
		case n >= 7:
			letters = letters[:n-2]
		case n >= 5:
			letters = letters[:n-1]
		}
		words[i] = string(letters)
	}
	return words
}

// A saying is a text in which terms are looked for.
type saying struct {
	whole string
	words []string
}

func newSaying(text string) saying {
	whole := bare(text)
	return saying{whole, strings.Fields(whole)}
}

// stand says whether words that hold the stems stand one behind the other.
func (s saying) stand(stems []string) bool {
	if len(stems) == 1 {
		return strings.Contains(s.whole, stems[0])
	}
	for i := 0; i+len(stems) <= len(s.words); i++ {
		hit := true
		for j, stem := range stems {
			if !strings.Contains(s.words[i+j], stem) {
				hit = false
				break
			}
		}
		if hit {
			return true
		}
	}
	return false
}

// bare folds words like fold, and besides that makes the kinds of Arabic
// letters one that writers mix up, and drops marks that are mostly left out.
func bare(s string) string {
	return fold(strings.Map(func(r rune) rune {
		switch r {
		case 'ي', 'ى', 'ې', 'ۍ', 'ئ':
			return 'ی'
		case 'ك', 'ګ':
			return 'ک'
		case 'أ', 'إ', 'آ', 'ٱ':
			return 'ا'
		case 'ة', 'ۀ', 'ە', 'ہ', 'ھ', 'ۂ', 'ۃ':
			return 'ه'
		case 'ؤ':
			return 'و'
		case 'ё', 'Ё':
			return 'е'
		case '\u200c': // many write a whole space where Persian has half a one
			return ' '
		case '‘', '’', 'ʻ', 'ʼ', '`', '\'':
			return -1
		}
		if unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Arabic, r) || r >= 0x64b && r <= 0x65f {
			return -1
		}
		return r
	}, norm.NFKC.String(s)))
}
