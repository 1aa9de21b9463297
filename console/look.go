// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"cmp"
	"net/http"
	"strings"

	"sarai/content"
	"sarai/store"
)

// maxFound is how many articles a search for one lists.
const maxFound = 40

// A lookView is the panel in which an article is looked up.
type lookView struct {
	Thread store.ThreadID
	Topics []choice
	Topic  string
	Query  string
	Found  []foundView
	More   bool
}

type foundView struct {
	ID    content.ArticleID
	Title string
}

// A wordsView is an article in the person's language, ready to be put into the
// answer box.
type wordsView struct {
	Thread  store.ThreadID
	ID      content.ArticleID
	Title   string
	Locale  content.Locale
	Foreign bool // there is none in the person's language
	Draft   bool
	Stale   bool
	Changed string
	Pieces  []pieceView
	Sources []string
	Checked string
}

// A pieceView is a part of an article: its short answer, or a section.
type pieceView struct{ ID, Title, Text string }

type lookPage struct {
	frame
	Look  lookView
	Words wordsView
	Case  store.ThreadID
}

func (v *visit) lookView(id store.ThreadID, look Look) lookView {
	q := v.r.URL.Query()
	x := lookView{Thread: id, Topic: q.Get("topic"), Query: short(q.Get("q"), 80)}
	c := v.c.Gateway.Catalogue()
	wanted := strings.Fields(strings.ToLower(x.Query))
	for _, t := range c.Topics() {
		x.Topics = append(x.Topics, choice{string(t.ID), cmp.Or(nearest(t.Titles, v.l), string(t.ID))})
		if x.Topic != "" && x.Topic != string(t.ID) {
			continue
		}
		for _, id := range t.Articles {
			a, ok := c.Article(id)
			if !ok || !about(a, wanted, v.l, look.Locale) {
				continue
			}
			if len(x.Found) == maxFound {
				x.More = true
				break
			}
			title := string(id)
			if t := a.In(v.l); t != nil {
				title = t.Title
			}
			x.Found = append(x.Found, foundView{id, title})
		}
	}
	return x
}

// about says whether an article has all the words in what it is called and how
// it is asked for, in the desk's language, the person's or English.
func about(a *content.Article, wanted []string, locales ...content.Locale) bool {
	if len(wanted) == 0 {
		return true
	}
	var b strings.Builder
	b.WriteString(string(a.ID))
	for _, l := range append(locales, content.English) {
		if t := a.Texts[l]; t != nil {
			b.WriteString(" " + t.Title + " " + t.Label + " " + strings.Join(t.Ask, " "))
		}
	}
	all := strings.ToLower(b.String())
	for _, w := range wanted {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}

func (c *Console) look(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	x := v.lookView(th.ID, c.Gateway.Look(th.State))
	if v.partial() {
		return v.show(http.StatusOK, "found", x)
	}
	p := lookPage{frame: v.frame("desk.look.title"), Look: x, Case: th.ID}
	p.Here = "queue"
	return v.show(http.StatusOK, "look-page", p)
}

func (c *Console) words(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	look := c.Gateway.Look(th.State)
	x, ok := v.wordsView(th.ID, look, content.ArticleID(v.r.PathValue("article")))
	if !ok {
		return store.ErrNotFound
	}
	if v.partial() {
		return v.show(http.StatusOK, "words", x)
	}
	p := lookPage{frame: v.frame("desk.look.title"), Look: v.lookView(th.ID, look), Words: x, Case: th.ID}
	p.Here = "queue"
	return v.show(http.StatusOK, "look-page", p)
}

func (v *visit) wordsView(thread store.ThreadID, look Look, id content.ArticleID) (wordsView, bool) {
	a, ok := v.c.Gateway.Catalogue().Article(id)
	if !ok {
		return wordsView{}, false
	}
	l := cmp.Or(look.Locale, content.English)
	t := a.In(l)
	if t == nil {
		return wordsView{}, false
	}
	x := wordsView{
		Thread: thread, ID: id, Title: t.Title, Locale: t.Locale, Foreign: t.Locale != l, Draft: t.Status == content.Draft,
		Pieces: []pieceView{{"", t.Title, plain(t.Short)}},
	}
	if t.Stale != nil {
		x.Stale, x.Changed = true, strings.Join(t.Stale.Changed, ", ")
	}
	for _, s := range t.Sections {
		x.Pieces = append(x.Pieces, pieceView{s.ID, s.Title, plain(s.Blocks)})
	}
	for _, s := range a.Sources {
		x.Sources = append(x.Sources, s.Title)
	}
	if day := a.Checked(); !day.IsZero() {
		x.Checked = day.Format("2006-01-02")
	}
	return x, true
}

// insertion is a piece of an article for the answer box, "" if there is none.
func (v *visit) insertion(look Look, id content.ArticleID, section string) string {
	x, ok := v.wordsView("", look, id)
	if !ok {
		return ""
	}
	for _, p := range x.Pieces {
		if p.ID == section {
			return p.Text
		}
	}
	return ""
}

// plain writes blocks as somebody would type them.
func plain(blocks []content.Block) string {
	var b strings.Builder
	for i, x := range blocks {
		item := x.Kind == content.Item
		if i > 0 {
			b.WriteByte('\n')
			if !item || blocks[i-1].Kind != content.Item {
				b.WriteByte('\n')
			}
		}
		if item {
			b.WriteString("• ")
		}
		b.WriteString(x.Text)
	}
	return b.String()
}
