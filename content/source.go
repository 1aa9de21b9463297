// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A Problem is something about the content's files that somebody must mend.
type Problem struct {
	File    string // path below the content folder, with slashes
	Line    int    // from 1; 0 where the problem is of the file as a whole
	Message string
	Severe  bool // the content must not go out like this; otherwise it is a warning
}

// String gives "file:line: message" in the form that editors can jump to.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// maxFile bounds a file of content in bytes, maxText one of Markdown, maxKnots
// the brackets and quotation marks in it. The longest text has some 10 kB in a
// script of three bytes a letter, and a few links. The bounds are there because
// the Markdown library takes the square of the length for some texts that no
// editor writes: 128 kB of "[a](" take 14 s.
const (
	maxFile  = 128 << 10
	maxText  = 32 << 10
	maxKnots = 200
)

// The folders and the files that content consists of.
const (
	articlesDir  = "articles"
	signalsDir   = "signals"
	centresDir   = "centres"
	countriesDir = "countries"
	partnersDir  = "partners"
	topicsFile   = "topics.toml"
	valuesFile   = "values.toml"
	glossaryFile = "glossary.toml"
)

// files are the files of a content folder by their paths. Everything is read
// from these, so that what is loaded, hashed, checked and exported is the same.
type files map[string][]byte

// readFiles reads what belongs to content below fsys. Hidden files are no
// content. A file that is too long is given as a problem, not read.
func readFiles(fsys fs.FS) (files, []Problem, error) {
	if _, err := fs.Stat(fsys, "."); err != nil {
		return nil, nil, fmt.Errorf("content: the folder cannot be read: %w", err)
	}
	found := files{}
	var problems []Problem
	for _, root := range []string{articlesDir, signalsDir, centresDir, countriesDir, partnersDir, topicsFile, valuesFile, glossaryFile} {
		err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
			switch {
			case name == root && errors.Is(err, fs.ErrNotExist):
				return fs.SkipAll
			case err != nil:
				return err
			case strings.HasPrefix(d.Name(), ".") && d.IsDir():
				return fs.SkipDir
			case strings.HasPrefix(d.Name(), ".") || d.IsDir():
				return nil
			}
			info, err := fs.Stat(fsys, name)
			if err != nil {
				return err
			}
			if info.Size() > maxFile {
				problems = append(problems, Problem{name, 0, fmt.Sprintf("is longer than %d bytes", maxFile), true})
				return nil
			}
			found[name], err = fs.ReadFile(fsys, name)
			return err
		})
		if err != nil {
			return nil, nil, fmt.Errorf("content: %w", err)
		}
	}
	return found, problems, nil
}

// A tree is content as it was read, with where everything stands. broken holds
// what could not be read; everything else is as far as it could be.
type tree struct {
	files    files
	articles map[ArticleID]*articleSource
	topics   topicsSource
	values   valuesSource
	glossary termSource
	signals  map[SignalID]*signalSource
	centres  map[CentreID]*centreSource
	lands    map[Country]*landSource
	partners map[PartnerID]*partnerSource
	broken   []Problem
	ignored  []Problem // files that are no content: warnings
}

type articleSource struct {
	place
	head    articleHead
	article *Article
	texts   map[Locale]*textSource
}

type textSource struct {
	place
	head textHead
	text *Text
	body body
	refs []reference // in the order of the text
}

type topicsSource struct {
	place
	there  bool // topics.toml exists
	topics []topicHead
}

type signalSource struct {
	place
	head   signalHead
	signal *Signal
}

type centreSource struct {
	place
	head   centreHead
	centre *Centre
	hours  error // why the hours do not parse
}

type landSource struct {
	place
	head landHead
	land *Land
}

// The heads are what the files hold, as TOML.
type (
	sourceHead struct {
		Title string `toml:"title"`
		URL   string `toml:"url"`
		Seen  day    `toml:"seen"`
		// Facts are what the source says that the article relies on, in few words.
		Facts []string `toml:"facts"`
	}
	articleHead struct {
		Origin      []Country    `toml:"origin"`
		Destination []Country    `toml:"destination"`
		ReviewEvery string       `toml:"review_every"`
		Checklist   bool         `toml:"checklist"`
		Sources     []sourceHead `toml:"sources"`
	}
	textHead struct {
		Title      string   `toml:"title"`
		Label      string   `toml:"label"`
		Ask        []string `toml:"ask"`
		Status     Status   `toml:"status"`
		ReviewedBy string   `toml:"reviewed_by"`
		ReviewedOn day      `toml:"reviewed_on"`
		Of         string   `toml:"of"`
		Changed    day      `toml:"changed"`
	}
	topicHead struct {
		ID       TopicID           `toml:"id"`
		Articles []ArticleID       `toml:"articles"`
		Titles   map[Locale]string `toml:"titles"`
	}
	signalHead struct {
		Article  ArticleID
		Priority Priority
		Line     string
		Texts    map[Locale]SignalText
	}
	centreHead struct {
		Country Country           `toml:"country"`
		Address string            `toml:"address"`
		Phones  []string          `toml:"phones"`
		Site    string            `toml:"site"`
		Email   string            `toml:"email"`
		Names   map[Locale]string `toml:"names"`
		Hours   *struct {
			Zone string `toml:"zone"`
			Open struct {
				Mon []string `toml:"mon"`
				Tue []string `toml:"tue"`
				Wed []string `toml:"wed"`
				Thu []string `toml:"thu"`
				Fri []string `toml:"fri"`
				Sat []string `toml:"sat"`
				Sun []string `toml:"sun"`
			} `toml:"open"`
		} `toml:"hours"`
		Confirmed map[Locale]string `toml:"confirmed"`
		Sources   []sourceHead      `toml:"sources"`
	}
	landHead struct {
		Names map[Locale]string `toml:"names"`
		Lines []struct {
			Kind   string            `toml:"kind"`
			Number string            `toml:"number"`
			Grade  string            `toml:"grade"`
			Seen   loose             `toml:"seen"`
			Source string            `toml:"source"`
			Names  map[Locale]string `toml:"names"`
		} `toml:"lines"`
	}
)

// readTree reads everything. What cannot be read is left out and stands in
// broken.
func readTree(fs files, broken []Problem) *tree {
	t := &tree{
		files:    fs,
		articles: map[ArticleID]*articleSource{},
		signals:  map[SignalID]*signalSource{},
		centres:  map[CentreID]*centreSource{},
		lands:    map[Country]*landSource{},
		partners: map[PartnerID]*partnerSource{},
		broken:   broken,
	}
	read := readTexts(fs)
	// Sorted, so that of two duplicates always the same one is the second.
	for _, name := range slices.Sorted(maps.Keys(fs)) {
		raw := fs[name]
		if !utf8.Valid(raw) {
			t.breaks(Problem{name, badLine(raw), "is not UTF-8: save the file as UTF-8", true})
			continue
		}
		src := sourceOf(raw)
		root, _, _ := strings.Cut(name, "/")
		depth := strings.Count(name, "/")
		base, isTOML := strings.CutSuffix(path.Base(name), ".toml")
		switch {
		case name == topicsFile:
			t.readTopics(name, src)
		case name == glossaryFile:
			t.readGlossary(name, src)
		case name == valuesFile:
			t.readValues(name, src)
		case root == articlesDir && depth == 3 && path.Base(name) == "article.toml":
			t.readArticle(name, src)
		case isText(name):
			t.readText(name, read[name])
		case root == signalsDir && depth == 1 && isTOML:
			t.readSignal(name, SignalID(base), src)
		case root == centresDir && depth == 1 && isTOML:
			t.readCentre(name, CentreID(base), src)
		case root == partnersDir && depth == 1 && isTOML:
			t.readPartner(name, PartnerID(base), src)
		case root == countriesDir && depth == 1 && isTOML:
			t.readLand(name, base, src)
		default:
			t.ignored = append(t.ignored, Problem{File: name, Message: "is not read: it is no file of content, or stands in the wrong folder"})
		}
	}
	t.fill()
	return t
}

// sourceOf is a file with the line ends and the beginning that all systems agree on.
func sourceOf(raw []byte) string {
	return strings.TrimPrefix(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\ufeff")
}

func isText(name string) bool {
	return strings.HasPrefix(name, articlesDir+"/") && strings.Count(name, "/") == 3 && strings.HasSuffix(name, ".md")
}

// A reading is what came of a text's file.
type reading struct {
	text    *textSource
	problem *Problem
}

// readTexts reads the texts of all articles, which are most of a catalogue, at
// one time.
func readTexts(fs files) map[string]*reading {
	read := map[string]*reading{}
	var group sync.WaitGroup
	for name, raw := range fs {
		if !isText(name) || !utf8.Valid(raw) {
			continue
		}
		r := &reading{}
		read[name] = r
		group.Go(func() { r.text, r.problem = readTextFile(name, sourceOf(raw)) })
	}
	group.Wait()
	return read
}

func (t *tree) breaks(p ...Problem) { t.broken = append(t.broken, p...) }

// articleAt finds or makes the article whose folder a file stands in. It
// reports false where the id is taken by another folder.
func (t *tree) articleAt(name string) (*articleSource, bool) {
	parts := strings.Split(name, "/")
	topic, id := TopicID(parts[1]), ArticleID(parts[2])
	a := t.articles[id]
	if a == nil {
		a = &articleSource{
			place:   place{file: path.Join(path.Dir(name), "article.toml")},
			article: &Article{ID: id, Topic: topic, Texts: map[Locale]*Text{}},
			texts:   map[Locale]*textSource{},
		}
		t.articles[id] = a
	}
	if a.article.Topic != topic {
		if strings.HasSuffix(name, ".toml") || strings.HasSuffix(name, "/"+string(English)+".md") {
			t.breaks(Problem{name, 0, fmt.Sprintf("the article %s stands in the folder %s too: an id can be used once", id, a.article.Topic), true})
		}
		return nil, false
	}
	return a, true
}

func (t *tree) readArticle(name, src string) {
	a, ok := t.articleAt(name)
	if !ok {
		return
	}
	lines, problem := decode(name, src, 0, &a.head)
	if problem != nil {
		t.breaks(*problem)
		return
	}
	a.lines = lines
	art := a.article
	art.Origin, art.Destination = capitals(a.head.Origin), capitals(a.head.Destination)
	art.ReviewEvery, _ = parseDays(a.head.ReviewEvery)
	art.Checklist = a.head.Checklist
	art.Sources = sourcesOf(a.head.Sources)
}

func (t *tree) readText(name string, read *reading) {
	a, ok := t.articleAt(name)
	if !ok {
		return
	}
	tag := strings.TrimSuffix(path.Base(name), ".md")
	l := Locale(tag)
	if !known(l) {
		p := Problem{name, 0, fmt.Sprintf("%q is not a locale", tag), true}
		if near, ok := ParseLocale(tag); ok {
			p.Message += fmt.Sprintf(": call the file %s.md", near)
		}
		t.breaks(p)
		return
	}
	if read.problem != nil {
		t.breaks(*read.problem)
		return
	}
	x := read.text
	x.text.Locale = l
	a.texts[l] = x
	a.article.Texts[l] = x.text
}

// readTextFile reads front matter and Markdown.
func readTextFile(name, src string) (*textSource, *Problem) {
	if len(src) > maxText {
		return nil, &Problem{name, 0, fmt.Sprintf("is longer than %d bytes: no answer is", maxText), true}
	}
	front, rest, offset, ok := cutFront(src)
	if !ok {
		return nil, &Problem{name, 1, `the file must begin with a line "+++", its keys, and another line "+++"`, true}
	}
	x := &textSource{place: place{file: name}}
	lines, problem := decode(name, front, 1, &x.head)
	if problem != nil {
		return nil, problem
	}
	x.lines = lines
	if strings.Count(rest, "[") > maxKnots || strings.Count(rest, ">") > maxKnots {
		return nil, &Problem{name, offset + 1, "has more brackets than a text can need", true}
	}
	x.body = readBody([]byte(rest), offset)
	if rest == "" {
		x.body.first = offset // there is no line behind the front matter
	}
	for i, h := range x.body.headings {
		for _, other := range x.body.headings[:i] {
			if h.id != "" && h.id == other.id {
				return nil, &Problem{name, h.line, fmt.Sprintf("the heading id %q stands twice", h.id), true}
			}
		}
	}
	h := x.head
	x.text = &Text{
		Title: clean(h.Title), Label: clean(h.Label), Of: h.Of,
		Status: Draft, ReviewedBy: clean(h.ReviewedBy), ReviewedOn: h.ReviewedOn.Time,
		Short: x.body.short, Sections: x.body.sections,
		changed: h.Changed.Time,
	}
	for _, q := range h.Ask {
		if q = clean(q); q != "" {
			x.text.Ask = append(x.text.Ask, q)
		}
	}
	// Without a name and a day nobody has vouched for it.
	if h.Status == Reviewed && x.text.ReviewedBy != "" && !h.ReviewedOn.IsZero() {
		x.text.Status = Reviewed
	}
	if x.text.Label == "" {
		x.text.Label = x.text.Title
	}
	x.text.Written = x.text.hash()
	x.text.Hash = x.text.Written
	x.refs = references(&x.body, rest, offset)
	return x, nil
}

// cutFront divides a file into its front matter and its body. offset is the
// number of lines before the body.
func cutFront(src string) (front, body string, offset int, ok bool) {
	first, rest, _ := strings.Cut(src, "\n")
	if strings.TrimRight(first, " \t") != "+++" {
		return "", "", 0, false
	}
	offset = 1
	for at := 0; at < len(rest); {
		line, _, more := strings.Cut(rest[at:], "\n")
		offset++
		if strings.TrimRight(line, " \t") == "+++" {
			return rest[:at], rest[min(at+len(line)+1, len(rest)):], offset, true
		}
		if !more {
			break
		}
		at += len(line) + 1
	}
	return "", "", 0, false
}

func (t *tree) readTopics(name, src string) {
	var head struct {
		Topics []topicHead `toml:"topics"`
	}
	lines, problem := decode(name, src, 0, &head)
	t.topics.place = place{name, lines}
	if problem == nil {
		for i, topic := range head.Topics {
			if problem == nil {
				problem = t.topics.unknownLocale(fmt.Sprintf("topics[%d].titles", i), topic.Titles)
			}
			for _, other := range head.Topics[:i] {
				if other.ID == topic.ID && problem == nil {
					problem = &Problem{name, t.topics.at(fmt.Sprintf("topics[%d].id", i)), fmt.Sprintf("the topic %q stands twice", topic.ID), true}
				}
			}
		}
	}
	if problem != nil {
		t.breaks(*problem)
		return
	}
	t.topics.there, t.topics.topics = true, head.Topics
}

func (t *tree) readSignal(name string, id SignalID, src string) {
	head, lines, problem := decodeSignal(name, src)
	s := &signalSource{place: place{name, lines}, head: head}
	if problem != nil {
		t.breaks(*problem)
		return
	}
	if p := s.unknownLocale("", s.head.Texts); p != nil {
		t.breaks(*p)
		return
	}
	s.signal = &Signal{ID: id, Article: s.head.Article, Priority: s.head.Priority, Line: s.head.Line, Texts: s.head.Texts}
	if s.signal.Priority != SameDay {
		s.signal.Priority = Urgent // a misspelt priority must not make somebody wait
	}
	t.signals[id] = s
}

func (t *tree) readCentre(name string, id CentreID, src string) {
	c := &centreSource{place: place{file: name}}
	lines, problem := decode(name, src, 0, &c.head)
	if problem != nil {
		t.breaks(*problem)
		return
	}
	c.lines = lines
	for key, m := range map[string]map[Locale]string{"names": c.head.Names, "confirmed": c.head.Confirmed} {
		if p := c.unknownLocale(key, m); p != nil {
			t.breaks(*p)
			return
		}
	}
	h := c.head
	c.centre = &Centre{
		ID: id, Country: capital(h.Country), Names: cleanAll(h.Names), Address: clean(h.Address), Phones: h.Phones,
		Site: h.Site, Email: h.Email, Confirmed: cleanAll(h.Confirmed), Sources: sourcesOf(h.Sources),
	}
	if h.Hours != nil {
		o := h.Hours.Open
		c.centre.Hours, c.hours = parseHours(h.Hours.Zone, map[time.Weekday][]string{
			time.Monday: o.Mon, time.Tuesday: o.Tue, time.Wednesday: o.Wed, time.Thursday: o.Thu,
			time.Friday: o.Fri, time.Saturday: o.Sat, time.Sunday: o.Sun,
		})
	}
	t.centres[id] = c
}

func (t *tree) readLand(name, base, src string) {
	l := &landSource{place: place{file: name}}
	lines, problem := decode(name, src, 0, &l.head)
	if problem != nil {
		t.breaks(*problem)
		return
	}
	l.lines = lines
	code := capital(Country(base))
	if t.lands[code] != nil {
		t.breaks(Problem{name, 0, fmt.Sprintf("the country %s has another file: %s", code, t.lands[code].file), true})
		return
	}
	if p := l.unknownLocale("names", l.head.Names); p != nil {
		t.breaks(*p)
		return
	}
	l.land = &Land{Code: code, Names: cleanAll(l.head.Names)}
	for i, x := range l.head.Lines {
		if p := l.unknownLocale(fmt.Sprintf("lines[%d].names", i), x.Names); p != nil {
			t.breaks(*p)
			return
		}
		if !shown(x.Grade) || x.Number == "" {
			continue
		}
		l.land.Lines = append(l.land.Lines, Line{
			Kind: x.Kind, Number: clean(x.Number), Names: cleanAll(x.Names),
			Grade: x.Grade, Seen: string(x.Seen), Source: clean(x.Source),
		})
	}
	t.lands[code] = l
}

// shown says whether a help line of this grade may be shown at all.
func shown(grade string) bool { return grade == "A" || grade == "B" }

func sourcesOf(heads []sourceHead) []Source {
	var ss []Source
	for _, h := range heads {
		ss = append(ss, Source{Title: clean(h.Title), URL: h.URL, Seen: h.Seen.Time, Facts: h.Facts})
	}
	return ss
}

func capital(c Country) Country { return Country(strings.ToUpper(string(c))) }

func capitals(cs []Country) []Country {
	var up []Country
	for _, c := range cs {
		up = append(up, capital(c))
	}
	return up
}

func cleanAll(m map[Locale]string) map[Locale]string {
	out := make(map[Locale]string, len(m))
	for l, s := range m {
		out[l] = clean(s)
	}
	return out
}

func known(l Locale) bool { _, ok := l.language(); return ok }

// badLine is the line of the first byte that is not UTF-8.
func badLine(raw []byte) int {
	line := 1
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		raw = raw[n:]
	}
	return line
}
