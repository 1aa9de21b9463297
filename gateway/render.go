// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/dialog"
	"sarai/store"
)

// A bubble is a message in words.
type bubble struct {
	blocks  []channels.Block
	options []channels.Option
	cited   []store.Cited
}

// render chooses the words of what dialog decided to say: articles in the
// nearest language the person reads, phrases in theirs. It is total: what is
// missing from the catalogue is left out.
func (g *Gateway) render(c *content.Catalogue, s dialog.State, centre content.CentreID, say dialog.Say) bubble {
	r := renderer{g: g, c: c, l: s.Locale, cyrillic: s.Cyrillic, zone: zoneOf(c, centre)}
	for _, p := range say.Parts {
		r.part(p)
	}
	for _, o := range say.Options {
		if label := r.label(o.Key); label != "" {
			r.out.options = append(r.out.options, channels.Option{Key: o.Key, Label: label})
		}
	}
	return r.out
}

type renderer struct {
	g    *Gateway
	c    *content.Catalogue
	l    content.Locale
	zone *time.Location
	out  bubble

	cyrillic bool // who reads this reads Uzbek in Cyrillic letters
}

func zoneOf(c *content.Catalogue, id content.CentreID) *time.Location {
	if centre, ok := c.Centre(id); ok {
		if z := centre.Hours.Location(); z != nil {
			return z
		}
	}
	return time.UTC
}

func (r *renderer) phrase(id string, args map[string]any) string {
	if !r.cyrillic {
		text, _ := r.g.phrases.Say(r.l, id, args)
		return text
	}
	// What is filled in has its letters already, and is kept out of it meanwhile.
	apart := maps.Clone(args)
	var back []string
	for name, v := range args {
		if s, ok := v.(string); ok {
			stand := string(rune(0xE000 + len(back)/2)) // of the private use area: in no text
			apart[name], back = stand, append(back, stand, s)
		}
	}
	text, in := r.g.phrases.Say(r.l, id, apart)
	return strings.NewReplacer(back...).Replace(r.letters(text, in))
}

// letters gives a text of a language in the letters that the person reads.
func (r *renderer) letters(text string, in content.Locale) string {
	if r.cyrillic && in == content.Uzbek {
		return content.UzbekCyrillic(text)
	}
	return text
}

// groups is a number written in groups: a phone number, a date, a range.
var groups = regexp.MustCompile(`\+?\d+(?:[ \x{00A0}/–-]\+?\d+)+|\+\d+`)

// block adds a block. In a line that runs from right to left a number's groups
// would be shown in reverse, "7272 488 11" for "11 488 7272": it is isolated
// (Unicode Standard Annex 9, LRI and PDI).
func (r *renderer) block(kind channels.BlockKind, text, link string) {
	if text != "" {
		if r.l.RTL() {
			text = groups.ReplaceAllString(text, "\u2066$0\u2069")
		}
		r.out.blocks = append(r.out.blocks, channels.Block{Kind: kind, Text: text, Link: link})
	}
}

func (r *renderer) part(p dialog.Part) {
	switch {
	case p.Phrase != "":
		r.block(channels.Paragraph, r.phrase(p.Phrase, r.args(p.Args)), "")
	case p.Article != "":
		r.article(p)
	case p.Lines != "":
		r.lines(p.Lines, p.Kind)
	case p.Firm != nil:
		r.firm(p)
	case p.List != nil:
		r.list(*p.List)
	case p.Reach != "":
		if centre, ok := r.c.Centre(p.Reach); ok {
			for _, number := range centre.Phones {
				r.block(channels.Item, r.phrase("centre-phone", map[string]any{"Number": number}), "tel:"+dialled(number))
			}
		}
	case p.Confirmed != "":
		if centre, ok := r.c.Centre(p.Confirmed); ok {
			r.block(channels.Paragraph, r.nearest(centre.Confirmed), "")
		}
	}
}

func (r *renderer) args(a dialog.Args) map[string]any {
	m := map[string]any{"Count": a.Count, "Of": a.Of}
	if !a.At.IsZero() {
		m["Time"] = a.At.In(r.zone).Format("02.01.2006 15:04")
	}
	if !a.Day.IsZero() {
		m["Date"] = a.Day.Format("02.01.2006")
	}
	if a.Country != "" {
		m["Country"] = r.country(a.Country)
	}
	if a.Locale != "" {
		m["Language"] = a.Locale.Name()
	}
	return m
}

func (r *renderer) country(cc content.Country) string {
	if land, ok := r.c.Land(cc); ok {
		if name := r.nearest(land.Names); name != "" {
			return name
		}
	}
	return string(cc)
}

// nearest gives the words that the person reads best.
func (r *renderer) nearest(words map[content.Locale]string) string {
	for _, l := range append(append([]content.Locale{r.l}, r.l.Fallbacks()...), content.English) {
		if w := words[l]; w != "" {
			return r.letters(w, l)
		}
	}
	return ""
}

// article shows a short answer or a section, with what a reader must know of
// it: that it is in another language, not reviewed, out of date, where it is
// from and when that was last checked.
func (r *renderer) article(p dialog.Part) {
	a, ok := r.c.Article(p.Article)
	if !ok {
		return
	}
	t := a.In(r.l)
	if t == nil {
		return
	}
	blocks := t.Short
	if p.Piece == dialog.Head {
		r.head(t, p)
		return
	}
	if p.Section != "" {
		i := slices.IndexFunc(t.Sections, func(s content.Section) bool { return s.ID == p.Section })
		if i < 0 {
			return
		}
		r.block(channels.Heading, r.letters(t.Sections[i].Title, t.Locale), "")
		blocks = t.Sections[i].Blocks
	}
	switch {
	case p.Piece == dialog.Body && len(blocks) > 1:
		blocks = blocks[:len(blocks)-1]
	case p.Piece == dialog.Tail && len(blocks) > 1:
		blocks = blocks[len(blocks)-1:]
	case p.Piece == dialog.Tail:
		return // it has one block, which was said
	}
	if p.Piece != dialog.Tail {
		r.out.cited = append(r.out.cited, store.Cited{Article: a.ID, Section: p.Section, Locale: t.Locale, Hash: t.Hash})
		if t.Stale != nil && len(t.Stale.Changed) > 0 {
			r.stale(t)
		}
		if t.Locale != r.l && r.l != "" && p.Section == "" {
			r.block(channels.Quiet, r.phrase("answer-fallback", map[string]any{"Language": t.Locale.Name()}), "")
		}
	}
	for _, b := range blocks {
		kind := channels.Paragraph
		if b.Kind == content.Item {
			kind = channels.Item
		}
		r.block(kind, r.letters(b.Text, t.Locale), "")
	}
	if !p.Source {
		return
	}
	if t.Status == content.Draft {
		r.block(channels.Quiet, r.phrase("answer-draft", nil), "")
	}
	if p.Section == "" {
		r.sources(a)
	}
}

// head shows the title of an article, or of a section: by itself, or as a line
// of a checklist.
func (r *renderer) head(t *content.Text, p dialog.Part) {
	if p.Section == "" {
		r.block(channels.Heading, r.letters(t.Title, t.Locale), "")
		return
	}
	for _, s := range t.Sections {
		switch {
		case s.ID != p.Section:
		case !p.Listed:
			r.block(channels.Heading, r.letters(s.Title, t.Locale), "")
		default:
			mark := "☐"
			if p.Tick == dialog.Done {
				mark = "☑"
			}
			r.block(channels.Item, mark+" "+r.letters(s.Title, t.Locale), "")
		}
	}
}

// stale says above a translation what its source says now.
func (r *renderer) stale(t *content.Text) {
	changed := strings.Join(t.Stale.Changed, ", ")
	if t.Stale.Since.IsZero() {
		r.block(channels.Paragraph, r.phrase("answer-stale", map[string]any{"Values": changed}), "")
		return
	}
	r.block(channels.Paragraph, r.phrase("answer-stale-since", map[string]any{
		"Values": changed, "Date": t.Stale.Since.Format("02.01.2006"),
	}), "")
}

// maxSources is how many sources one bubble names; the first listed are the
// most important.
const maxSources = 2

func (r *renderer) sources(a *content.Article) {
	for _, s := range a.Sources[:min(maxSources, len(a.Sources))] {
		r.block(channels.Quiet, r.phrase("answer-source", map[string]any{"Source": s.Title, "Date": s.Seen.Format("02.01.2006")}), s.URL)
	}
}

// lines gives the help lines of a country, or says that none is known; so too
// where there is none of the kind that is wanted, if one is.
func (r *renderer) lines(cc content.Country, kind string) {
	land, ok := r.c.Land(cc)
	if !ok || len(land.Lines) == 0 {
		r.block(channels.Paragraph, r.phrase("lines-none", map[string]any{"Country": r.country(cc)}), "")
		return
	}
	r.block(channels.Paragraph, r.phrase("lines-for", map[string]any{"Country": r.country(cc)}), "")
	for _, line := range land.Lines {
		text := line.Number
		if what := called(r.kind(line.Kind), r.nearest(line.Names)); what != "" {
			text = what + ": " + text
		}
		r.block(channels.Item, text, "tel:"+dialled(line.Number))
	}
	if what := r.kind(kind); what != "" && !slices.ContainsFunc(land.Lines, func(l content.Line) bool { return l.Kind == kind }) {
		r.block(channels.Paragraph, r.phrase("lines-none-kind", map[string]any{"Kind": what, "Country": r.country(cc)}), "")
	}
	r.block(channels.Quiet, r.phrase("lines-checked", nil), "")
}

// kind is the word for a kind of help line, "" for one that there is not.
func (r *renderer) kind(kind string) string {
	if id := "line-" + kind; r.g.phrases.Has(r.l, id) || r.g.phrases.Has(content.English, id) {
		return r.phrase(id, nil)
	}
	return ""
}

// unbracketed takes out the brackets of a name that is itself to stand in brackets.
var unbracketed = strings.NewReplacer(" (", ", ", "(", "", ")", "")

// called says what a line is for, and in brackets the name that it has there:
// "Ambulance (Kabul only)". A name that says itself what the line is for stands
// alone: "Edhi ambulance".
func called(kind, name string) string {
	switch {
	case kind == "" || strings.Contains(strings.ToLower(name), strings.ToLower(kind)):
		return name
	case name == "":
		return kind
	}
	return kind + " (" + unbracketed.Replace(name) + ")"
}

// dialled is a number without what is only for the eye.
func dialled(number string) string {
	return strings.Map(func(c rune) rune {
		if c == '+' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, number)
}

// label gives the words of an option.
func (r *renderer) label(key string) string {
	kind, rest, _ := strings.Cut(key, ":")
	switch kind {
	case "a":
		if a, ok := r.c.Article(content.ArticleID(rest)); ok {
			if t := a.In(r.l); t != nil {
				return r.letters(t.Label, t.Locale)
			}
		}
		return ""
	case "s", "st":
		id, sec, _ := strings.Cut(rest, "#")
		if a, ok := r.c.Article(content.ArticleID(id)); ok {
			if t := a.In(r.l); t != nil {
				for _, s := range t.Sections {
					if s.ID == sec {
						return r.letters(s.Title, t.Locale)
					}
				}
			}
		}
		return ""
	case "t":
		topic, ok := r.c.Topic(content.TopicID(rest))
		if !ok {
			return ""
		}
		return r.nearest(topic.Titles)
	case "lang":
		return content.Locale(rest).Name()
	case "o", "w":
		if rest == "other" {
			return r.phrase("option-country-other", nil)
		}
		return r.country(content.Country(rest))
	case "r":
		n, _ := strconv.Atoi(rest)
		return strings.Repeat("★", min(max(n, 0), 5))
	case "h":
		yes, _, _ := strings.Cut(rest, ":")
		return r.phrase("option-helped-"+yes, nil)
	case "walk":
		a, ok := r.c.Article(content.ArticleID(rest))
		if !ok || !a.Checklist {
			return ""
		}
		return r.phrase("option-walk", nil)
	case "consent", "delete":
		return r.phrase("option-"+kind+"-"+rest, nil)
	}
	return r.phrase("option-"+kind, nil)
}
