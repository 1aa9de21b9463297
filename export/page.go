// SPDX-License-Identifier: GPL-3.0-or-later

package export

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

//go:embed page.html
var pageSource string

// A fact is a line of two columns.
type fact struct{ What, Is string }

// A sheet is the page as its template needs it.
type sheet struct {
	Lang       content.Locale
	Dir        string
	Title      string
	Intro, Not string
	Zone       string
	Addresses  []fact
	Remembered []fact
	Cases      [][]fact
	Messages   []bubble
	Linked     string
	Heads      map[string]string
}

// A bubble is one message.
type bubble struct {
	Class  string
	By     string
	Time   string
	Kind   string
	Text   string
	Lang   content.Locale
	Blocks []channels.Block
	Links  []fact // of articles: the title, and its edition
	Files  []link
	Raw    string
}

type link struct{ Path, Words string }

// A writer has what words are chosen by.
type writer struct {
	o    Options
	l    content.Locale
	zone *time.Location
}

// page renders the page in the person's language, or in the nearest in which
// there are words for it.
func (o Options) page(d *Dossier) ([]byte, error) {
	l := d.Remembered.Language
	if l == content.NoLocale {
		l = content.English
	}
	if _, in := o.Phrases.Say(l, "export.title", map[string]any{"Centre": ""}); in != content.NoLocale {
		l = in
	}
	w := writer{o: o, l: l, zone: time.UTC}
	centre := "Sarai"
	if c, ok := o.Catalogue.Centre(d.Centre); ok {
		centre = w.nearest(c.Names, string(d.Centre))
		if z, err := time.LoadLocation(c.Hours.Zone); err == nil && c.Hours.Zone != "" {
			w.zone = z
		}
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"https": func(link string) bool { return strings.HasPrefix(link, "https://") },
	}).Parse(pageSource)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	x := sheet{
		Lang: l, Dir: "ltr", Title: w.say("export.title", "Centre", centre), Intro: w.say("export.intro", "Date", w.day(d.Made)),
		Zone: w.say("export.times", "Zone", w.zone.String()), Heads: map[string]string{},
	}
	if l.RTL() {
		x.Dir = "rtl"
	}
	if !d.Notes {
		x.Not = w.say("export.notnotes")
	}
	if d.Linked > 0 {
		x.Linked = w.say("export.linked")
	}
	for _, id := range []string{"addresses", "remembered", "cases", "messages"} {
		x.Heads[id] = w.say("export." + id)
	}
	for _, a := range d.Addresses {
		x.Addresses = append(x.Addresses, fact{w.channel(a.Channel), a.ID})
	}
	if d.Comment != nil && d.Comment.Link != "" {
		x.Addresses = append(x.Addresses, fact{w.channel(d.Addresses[0].Channel), d.Comment.Link})
	}
	x.Remembered = w.remembered(d)
	for _, c := range d.Cases {
		x.Cases = append(x.Cases, w.facts(c))
	}
	for _, m := range d.Messages {
		if b, ok := w.bubble(m); ok {
			x.Messages = append(x.Messages, b)
		}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, x); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return b.Bytes(), nil
}

func (w writer) say(id string, args ...any) string {
	m := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		m[fmt.Sprint(args[i])] = args[i+1]
	}
	words, _ := w.o.Phrases.Say(w.l, id, m)
	return words
}

func (w writer) nearest(words map[content.Locale]string, otherwise string) string {
	for _, l := range append(append([]content.Locale{w.l}, w.l.Fallbacks()...), content.English) {
		if s := words[l]; s != "" {
			return s
		}
	}
	return otherwise
}

func (w writer) day(t time.Time) string    { return t.In(w.zone).Format("2006-01-02") }
func (w writer) minute(t time.Time) string { return t.In(w.zone).Format("2006-01-02 15:04") }

func (w writer) country(cc content.Country) string {
	if land, ok := w.o.Catalogue.Land(cc); ok {
		return w.nearest(land.Names, string(cc))
	}
	return string(cc)
}

func (w writer) article(id content.ArticleID) string {
	if a, ok := w.o.Catalogue.Article(id); ok {
		if t := a.In(w.l); t != nil {
			return t.Title
		}
	}
	return string(id)
}

func (w writer) signals(ids []string) string {
	var words []string
	for _, id := range ids {
		title := id
		if s, ok := w.o.Catalogue.Signal(content.SignalID(id)); ok {
			title = w.article(s.Article)
		}
		words = append(words, title)
	}
	return strings.Join(words, " · ")
}

func (w writer) channel(c channels.Name) string {
	if c == "web" {
		return w.say("desk.channel.web")
	}
	s := string(c)
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (w writer) remembered(d *Dossier) (fs []fact) {
	add := func(id, is string) {
		if is != "" {
			fs = append(fs, fact{w.say(id), is})
		}
	}
	r := d.Remembered
	var tongues []string
	for _, l := range append([]content.Locale{r.Language}, r.Also...) {
		if l != content.NoLocale {
			tongues = append(tongues, l.Name())
		}
	}
	add("export.language", strings.Join(tongues, " · "))
	if r.Origin != "" {
		add("export.origin", w.country(r.Origin))
	}
	if r.Where != "" {
		add("export.where", w.country(r.Where))
	}
	var lists []string
	for _, id := range r.Lists {
		lists = append(lists, w.article(id))
	}
	add("export.lists", strings.Join(lists, " · "))
	add("export.campaign", d.Campaign)
	add("desk.safe.hours", d.Safety.Hours)
	add("desk.safe.word", d.Safety.Word)
	add("export.reason", d.Keeping.Reason)
	line := func(yes bool, id string, args ...any) {
		if yes {
			fs = append(fs, fact{Is: w.say(id, args...)})
		}
	}
	line(r.Quiet, "export.quiet")
	line(r.Stopped, "export.stopped")
	line(d.Blocked, "export.blocked")
	line(r.Unreadable, "export.unreadable")
	line(!d.Keeping.Held.IsZero(), "export.held", "Date", w.day(d.Keeping.Held))
	line(!d.Keeping.Leaves.IsZero(), "export.leaves", "Date", w.day(d.Keeping.Leaves))
	line(!r.Erase.IsZero(), "export.erase", "Date", w.minute(r.Erase))
	return fs
}

func (w writer) facts(c Case) (fs []fact) {
	add := func(id, is string) {
		if is != "" {
			fs = append(fs, fact{w.say(id), is})
		}
	}
	add("export.opened", w.minute(c.Opened))
	if known := []desk.Reason{desk.Asked, desk.Signalled, desk.Voiced, desk.Poison, desk.StaffBegan}; slices.Contains(known, c.Reason) {
		fs = append(fs, fact{Is: w.say("desk.reason." + string(c.Reason))})
	}
	if len(c.Signals) > 0 {
		fs = append(fs, fact{Is: w.signals(c.Signals)})
	}
	if !c.Closed.IsZero() {
		add("export.closed", w.minute(c.Closed))
	}
	if slices.Contains(desk.Outcomes(), c.Outcome) {
		add("desk.case.outcome", w.say("desk.outcome."+string(c.Outcome)))
	}
	if t, ok := w.o.Catalogue.Topic(content.TopicID(c.Topic)); ok {
		add("desk.field.topic", w.nearest(t.Titles, c.Topic))
	}
	if c.Rating > 0 {
		fs = append(fs, fact{Is: w.say("desk.event.rated", "Detail", strconv.Itoa(c.Rating))})
	}
	return fs
}

// worded are the kinds of message for which there is a phrase of its own.
var worded = map[channels.Kind]bool{
	channels.Voice: true, channels.Picture: true, channels.Video: true, channels.Document: true, channels.Place: true,
	channels.Contact: true, channels.Sticker: true, channels.Reaction: true, channels.Edited: true, channels.Deleted: true,
}

// bubble gives a message as the page shows it. Events are told by the facts of
// the cases; as JSON they are all there.
func (w writer) bubble(m Message) (b bubble, ok bool) {
	b = bubble{Class: string(m.By), Time: w.minute(m.Said), Text: m.Text, Lang: m.Language, Blocks: m.Blocks, Raw: m.Raw}
	switch m.By {
	case store.Person:
		b.By = w.say("export.you")
	case store.Staff:
		b.By = w.say("desk.role.counsellor")
	case store.Note:
		b.By = w.say("export.note")
	case store.Program:
		b.By = w.say("desk.author.program")
	default:
		return b, false
	}
	switch {
	case m.Kind == channels.Audio:
		b.Kind = w.say("desk.kind.voice")
	case m.Kind == channels.Unknown:
		b.Kind = w.say("export.unknown")
	case worded[m.Kind]:
		b.Kind = w.say("desk.kind." + string(m.Kind))
	}
	for _, c := range m.Articles {
		b.Links = append(b.Links, fact{w.article(c.Article), strings.Join([]string{string(c.Article), string(c.Locale), c.Hash, m.Edition}, " · ")})
	}
	for _, f := range m.Files {
		words := f.Name
		if words == "" {
			words = f.Type
		}
		if f.Path == "" {
			words = strings.TrimSpace(words + " " + w.say("export.nofile"))
		} else if words == "" {
			words = f.Path
		}
		b.Files = append(b.Files, link{f.Path, words})
	}
	return b, true
}
