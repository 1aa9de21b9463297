// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A Catalogue is everything that Sarai may say, of one edition. It never
// changes and is safe for concurrent use; what its methods point to must not
// be changed either. The slices are the caller's.
type Catalogue struct {
	files    files
	edition  string
	articles map[ArticleID]*Article
	sorted   []*Article
	families map[string][]ArticleID
	topics   []Topic
	signals  []*Signal
	centres  []*Centre
	lands    []*Land
	values   map[ValueID]*Value
	partners []*Partner
	terms    []*Term
}

// Load reads a catalogue from a content folder. Every folder and file of it may
// be absent. It refuses only what cannot be
// read, and says in which file and line; what merely should be better is for
// Check to say. An article without a text is left out.
func Load(fsys fs.FS) (*Catalogue, error) {
	found, broken, err := readFiles(fsys)
	if err != nil {
		return nil, err
	}
	t := readTree(found, broken)
	switch len(t.broken) {
	case 0:
		return t.catalogue(), nil
	case 1:
		return nil, fmt.Errorf("content: %s", t.broken[0])
	default:
		return nil, fmt.Errorf("content: %s (and %d more: see sarai content check)", t.broken[0], len(t.broken)-1)
	}
}

func (t *tree) catalogue() *Catalogue {
	c := &Catalogue{
		files:    t.files,
		edition:  t.files.hash(),
		articles: map[ArticleID]*Article{},
		families: map[string][]ArticleID{},
		values:   t.values.values,
		partners: t.sortedPartners(),
		terms:    t.glossary.terms,
	}
	var group sync.WaitGroup
	for id, a := range t.articles {
		if len(a.article.Texts) == 0 {
			continue
		}
		group.Go(func() { markStale(a.article) })
		c.articles[id] = a.article
		c.sorted = append(c.sorted, a.article)
	}
	group.Wait()
	slices.SortFunc(c.sorted, func(a, b *Article) int { return cmp.Compare(a.ID, b.ID) })
	for _, a := range c.sorted {
		if f := a.family(); f != "" {
			c.families[f] = append(c.families[f], a.ID)
		}
	}
	c.topics = t.menu(c.sorted)
	for _, s := range t.signals {
		c.signals = append(c.signals, s.signal)
	}
	slices.SortFunc(c.signals, func(a, b *Signal) int {
		if a.Priority != b.Priority {
			if a.Priority == Urgent {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.ID, b.ID)
	})
	for _, x := range t.centres {
		c.centres = append(c.centres, x.centre)
	}
	slices.SortFunc(c.centres, func(a, b *Centre) int { return cmp.Compare(a.ID, b.ID) })
	for _, l := range t.lands {
		c.lands = append(c.lands, l.land)
	}
	slices.SortFunc(c.lands, func(a, b *Land) int { return cmp.Compare(a.Code, b.Code) })
	return c
}

// menu gives the topics with the articles that exist. Without a topics.toml
// they are the folders, so that a small folder of articles has a menu too.
func (t *tree) menu(articles []*Article) []Topic {
	var topics []Topic
	if !t.topics.there {
		for _, a := range articles {
			i := slices.IndexFunc(topics, func(x Topic) bool { return x.ID == a.Topic })
			if i < 0 {
				i = len(topics)
				topics = append(topics, Topic{ID: a.Topic, Titles: map[Locale]string{English: string(a.Topic)}})
			}
			topics[i].Articles = append(topics[i].Articles, a.ID)
		}
		slices.SortFunc(topics, func(a, b Topic) int { return cmp.Compare(a.ID, b.ID) })
		return topics
	}
	for _, head := range t.topics.topics {
		topic := Topic{ID: head.ID, Titles: cleanAll(head.Titles)}
		for _, id := range head.Articles {
			if a := t.articles[id]; a != nil && len(a.texts) > 0 && !slices.Contains(topic.Articles, id) {
				topic.Articles = append(topic.Articles, id)
			}
		}
		topics = append(topics, topic)
	}
	return topics
}

// Edition names the catalogue: the first 12 hex digits of the SHA-256 over all
// its files, names and bytes.
func (c *Catalogue) Edition() string { return c.edition }

// Article finds an article.
func (c *Catalogue) Article(id ArticleID) (*Article, bool) {
	a, ok := c.articles[id]
	return a, ok
}

// Articles gives all articles by id.
func (c *Catalogue) Articles() []*Article { return slices.Clone(c.sorted) }

// Topics gives the topics in the order of the menu. A topic names only
// articles that exist.
func (c *Catalogue) Topics() []Topic { return slices.Clone(c.topics) }

// Topic finds a topic.
func (c *Catalogue) Topic(id TopicID) (Topic, bool) {
	for _, t := range c.topics {
		if t.ID == id {
			return t, true
		}
	}
	return Topic{}, false
}

// Signals gives all signals, the urgent ones first, then by id.
func (c *Catalogue) Signals() []*Signal { return slices.Clone(c.signals) }

// Signal finds a signal.
func (c *Catalogue) Signal(id SignalID) (*Signal, bool) {
	for _, s := range c.signals {
		if s.ID == id {
			return s, true
		}
	}
	return nil, false
}

// Centres gives all centres by id.
func (c *Catalogue) Centres() []*Centre { return slices.Clone(c.centres) }

// Centre finds a centre.
func (c *Catalogue) Centre(id CentreID) (*Centre, bool) {
	for _, x := range c.centres {
		if x.ID == id {
			return x, true
		}
	}
	return nil, false
}

// CentresOf gives the centres in a country by id.
func (c *Catalogue) CentresOf(country Country) []*Centre {
	var in []*Centre
	for _, x := range c.centres {
		if x.Country == country {
			in = append(in, x)
		}
	}
	return in
}

// Lands gives what is known of countries by code.
func (c *Catalogue) Lands() []*Land { return slices.Clone(c.lands) }

// Land finds what is known of a country.
func (c *Catalogue) Land(code Country) (*Land, bool) {
	for _, l := range c.lands {
		if l.Code == code {
			return l, true
		}
	}
	return nil, false
}

// Values gives the values that articles share, by id.
func (c *Catalogue) Values() []*Value {
	var vs []*Value
	for _, id := range slices.Sorted(maps.Keys(c.values)) {
		vs = append(vs, c.values[id])
	}
	return vs
}

// Value finds a value.
func (c *Catalogue) Value(id ValueID) (*Value, bool) {
	v, ok := c.values[id]
	return v, ok
}

// Siblings gives the articles that say the same for people of other origins,
// by id, the article itself included: recruiter-check-bd and
// recruiter-check-pk. It is empty for an article that is not of one origin by
// its id, or does not exist.
func (c *Catalogue) Siblings(id ArticleID) []ArticleID {
	a := c.articles[id]
	if a == nil || a.family() == "" {
		return nil
	}
	return slices.Clone(c.families[a.family()])
}

// family is the id without the country's code at its end, where that is one of
// the article's own origins; otherwise "".
func (a *Article) family() string {
	for _, o := range a.Origin {
		if base, ok := strings.CutSuffix(string(a.ID), "-"+strings.ToLower(string(o))); ok && o != "" && base != "" {
			return base
		}
	}
	return ""
}

// hash is the first 12 hex digits of the SHA-256 over all files. Each name and
// each file is preceded by its length, so that nothing can move between them.
func (f files) hash() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f)) {
		field(h, name)
		field(h, string(f[name]))
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func field(w io.Writer, s string) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(s)))
	w.Write(n[:])
	io.WriteString(w, s)
}

// hash is over what is said and nothing else, so that a
// new ask line or a review does not make translations stale.
func (t *Text) hash() string {
	h := sha256.New()
	field(h, t.Title)
	blocks := func(bs []Block) {
		for _, b := range bs {
			field(h, string(b.Kind))
			field(h, b.Text)
		}
	}
	blocks(t.Short)
	for _, s := range t.Sections {
		field(h, "section")
		field(h, s.ID)
		field(h, s.Title)
		blocks(s.Blocks)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Locales gives the locales in which the catalogue can answer everybody: those
// that have a text of an article for no country in particular, in the order of
// Locales.
func (c *Catalogue) Locales() []Locale {
	var out []Locale
	for _, l := range Locales() {
		if slices.ContainsFunc(c.sorted, func(a *Article) bool {
			return len(a.Origin) == 0 && len(a.Destination) == 0 && a.Texts[l] != nil
		}) {
			out = append(out, l)
		}
	}
	return out
}
