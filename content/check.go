// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

// What an article must keep to. Buttons of the platforms carry 20 characters;
// a short answer of 600 still fits, with its source and the date, into one
// bubble of any of them.
const (
	maxLabel    = 20
	maxKey      = 64 // bytes that Telegram lets a button carry (core.telegram.org/bots/api#inlinekeyboardbutton)
	maxShort    = 600
	maxSection  = 1000
	minHeadings = 2
	maxHeadings = 5
	maxSteps    = 10 // of a checklist
	minAsk      = 8
	minAskEN    = 12
	minLatin    = 3
)

// latinToo are the locales whose speakers often type in Latin letters.
var latinToo = []Locale{Urdu, Bangla, Dari, Pashto, Arabic, Uzbek}

// kinds are the kinds of help line that there are.
var kinds = []string{
	"emergency", "police", "ambulance", "fire", "trafficking", "crisis", "women", "children", "missing", "labour", "sea",
}

// Check finds what is wrong with a content folder on the day now, by file and
// line. A severe problem is one that people would see or that could keep help
// from somebody; the rest are warnings.
func Check(fsys fs.FS, now time.Time) []Problem {
	found, broken, err := readFiles(fsys)
	if err != nil {
		return []Problem{{File: ".", Message: err.Error(), Severe: true}}
	}
	return checkFiles(found, broken, now)
}

func checkFiles(found files, broken []Problem, now time.Time) []Problem {
	t := readTree(found, broken)
	c := &checker{tree: t, now: now, facts: t.told()}
	c.problems = slices.Concat(t.broken, t.ignored)
	for name, raw := range found {
		c.characters(name, raw)
	}
	c.topicsAndFolders()
	for _, id := range slices.Sorted(maps.Keys(t.articles)) {
		c.article(t.articles[id])
	}
	c.claims()
	for _, s := range t.signals {
		c.signal(s)
	}
	for _, x := range t.centres {
		c.centre(x)
	}
	for _, code := range slices.Sorted(maps.Keys(t.lands)) {
		c.land(t.lands[code])
	}
	c.namesakes()
	for _, p := range t.partners {
		c.partner(p)
	}
	c.checkValues()
	c.checkGlossary()
	slices.SortFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(c.problems)
}

type checker struct {
	*tree
	now      time.Time
	problems []Problem
	facts    map[*Text]*facts // what each tells, found once
}

func (c *checker) add(p ...Problem) { c.problems = append(c.problems, p...) }

// told gives the facts of a text.
func (c *checker) told(t *Text) *facts { return c.facts[t] }

// told finds what each text tells, which is most of a check, on all processors.
func (t *tree) told() map[*Text]*facts {
	var texts []*Text
	for _, a := range t.articles {
		for _, x := range a.texts {
			texts = append(texts, x.text)
		}
	}
	found := make([]*facts, len(texts))
	var group sync.WaitGroup
	for i, x := range texts {
		group.Go(func() { found[i] = x.told() })
	}
	group.Wait()
	all := map[*Text]*facts{}
	for i, x := range texts {
		all[x] = found[i]
	}
	return all
}

// characters finds characters that no file may hold.
func (c *checker) characters(name string, raw []byte) {
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if i == 0 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if n := strings.IndexFunc(line, forbidden); n >= 0 {
			r, _ := utf8.DecodeRuneInString(line[n:])
			c.add(Problem{name, i + 1, fmt.Sprintf("the control character %U must not stand here", r), true})
		}
	}
}

// escaped finds forbidden characters that TOML's own escapes brought in.
func (c *checker) escaped(p place, key, value string) {
	if strings.ContainsFunc(value, forbidden) {
		c.add(p.severe(key, "%s holds a control character", key))
	}
}

func (c *checker) topicsAndFolders() {
	if len(c.articles) == 0 && !c.topics.there {
		return
	}
	broken := func(p Problem) bool { return p.File == topicsFile }
	if slices.ContainsFunc(c.broken, broken) {
		return
	}
	if !c.topics.there {
		c.add(Problem{topicsFile, 0, "is missing: the menu is then made of the folders", true})
		return
	}
	listed := map[ArticleID]TopicID{}
	spoken := c.spoken()
	for i, t := range c.topics.topics {
		key := func(rest string, args ...any) string {
			return fmt.Sprintf("topics[%d]", i) + fmt.Sprintf(rest, args...)
		}
		if !validID(string(t.ID)) {
			c.add(c.topics.severe(key(".id"), "the topic id %q may hold only a-z, 0-9 and hyphens", t.ID))
		}
		c.names(c.topics.place, key(".titles"), t.Titles, maxLabel)
		for _, l := range spoken {
			if t.Titles[l] == "" && l != English {
				c.add(c.topics.warning(key(".titles"), "the topic %s has no title in %s", t.ID, l))
			}
		}
		if len(t.Articles) == 0 {
			c.add(c.topics.warning(key(".articles"), "the topic %s has no articles", t.ID))
		}
		for j, id := range t.Articles {
			at := key(".articles[%d]", j)
			a := c.articles[id]
			switch other, twice := listed[id]; {
			case a == nil:
				c.add(c.topics.severe(at, "there is no article %q", id))
			case twice:
				c.add(c.topics.severe(at, "the article %s is listed already, under %s", id, other))
			case a.article.Topic != t.ID:
				c.add(c.topics.severe(at, "the article %s stands in the folder %s, not %s", id, a.article.Topic, t.ID))
			}
			listed[id] = t.ID
		}
	}
	for id, a := range c.articles {
		known := slices.ContainsFunc(c.topics.topics, func(t topicHead) bool { return t.ID == a.article.Topic })
		switch {
		case !known:
			c.add(Problem{a.file, 0, fmt.Sprintf("the folder %s is no topic of topics.toml", a.article.Topic), true})
		case listed[id] == "":
			c.add(Problem{a.file, 0, fmt.Sprintf("topics.toml does not list the article %s", id), true})
		}
	}
}

// spoken gives the locales in which there is any article.
func (c *checker) spoken() []Locale {
	var ls []Locale
	for _, l := range Locales() {
		for _, a := range c.articles {
			if a.texts[l] != nil {
				ls = append(ls, l)
				break
			}
		}
	}
	return ls
}

// names checks a table of names by locale. longest is 0 for names of any length.
func (c *checker) names(p place, key string, names map[Locale]string, longest int) {
	if strings.TrimSpace(names[English]) == "" {
		c.add(p.severe(key, "has no English name: %s.en", lastKey(key)))
	}
	for l, s := range names {
		at := key + "." + string(l)
		switch n := utf8.RuneCountInString(s); {
		case strings.TrimSpace(s) == "" && l != English:
			c.add(p.severe(at, "the name in %s is empty", l))
		case longest > 0 && n > longest:
			c.add(p.severe(at, "%q has %d characters, at most %d fit on a button", s, n, longest))
		}
		c.escaped(p, at, s)
	}
}

func lastKey(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

func (c *checker) article(a *articleSource) {
	id := a.article.ID
	if !validID(string(id)) || !validID(string(a.article.Topic)) {
		c.add(Problem{a.file, 0, "the folder of an article is named with a-z, 0-9 and hyphens", true})
	}
	if most := maxKey - len("h:yes:"); len(id) > most { // the longest that a button says before it
		c.add(Problem{a.file, 0, fmt.Sprintf("the name of the folder has %d characters: Telegram refuses a message with a button for more than %d", len(id), most), true})
	}
	if len(a.texts) == 0 {
		c.add(Problem{a.file, 0, "the article has no text that can be read", true})
	} else if a.texts[English] == nil {
		c.add(Problem{a.file, 0, "the article has no English text that can be read", true})
	}
	// Of a file that cannot be read nothing more needs saying.
	if _, there := c.files[a.file]; !there || a.lines != nil {
		c.countries(a.place, "origin", a.head.Origin)
		c.countries(a.place, "destination", a.head.Destination)
		c.sources(a.place, a.head.Sources)
		c.term(a.place, "review_every", a.head.ReviewEvery, a.article.ownDue())
	}
	for _, l := range Locales() {
		if x := a.texts[l]; x != nil {
			c.text(l, x, a.head.Checklist)
			for i, s := range x.body.sections {
				if n, most := len(id)+len(s.ID), maxKey-len("dn:#"); n > most && len(id) <= most {
					c.add(Problem{x.file, x.body.headings[i].line, fmt.Sprintf("the heading's id and the name of the folder have %d characters: Telegram refuses a message with a button for more than %d", n, most), true})
				}
			}
			if en := a.texts[English]; en != nil && l != English {
				c.translation(x, en)
			}
		}
	}
}

func (c *checker) countries(p place, key string, codes []Country) {
	for i, code := range codes {
		if !isCountry(code) {
			c.add(p.severe(fmt.Sprintf("%s[%d]", key, i), "%q is no country: write the two capitals of ISO 3166, such as PK", code))
		}
	}
}

func isCountry(c Country) bool {
	return len(c) == 2 && strings.Trim(string(c), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (c *checker) sources(p place, sources []sourceHead) {
	if len(sources) == 0 {
		c.add(p.severe("sources", "has no source: say where it comes from and when that was seen"))
	}
	for i, s := range sources {
		key := fmt.Sprintf("sources[%d]", i)
		c.source(p, key, key+".title", s)
		for j, fact := range s.Facts {
			at := fmt.Sprintf("%s.facts[%d]", key, j)
			c.escaped(p, at, fact)
			if fold(fact) == "" {
				c.add(p.severe(at, "the fact has no words"))
			}
		}
	}
}

// source checks one source; key is its table, title the key of its title.
func (c *checker) source(p place, key, title string, s sourceHead) {
	if strings.TrimSpace(s.Title) == "" {
		c.add(p.severe(title, "the source has no title"))
	}
	c.escaped(p, title, s.Title)
	if s.URL != "" {
		c.address(p, key+".url", s.URL)
	}
	switch {
	case s.Seen.IsZero():
		c.add(p.severe(key+".seen", "the source has no day on which it was seen"))
	case s.Seen.After(c.now.Add(24 * time.Hour)): // it may be tomorrow already in Bishkek
		c.add(p.severe(key+".seen", "the source was seen on a day to come"))
	}
}

// address checks a source's or centre's address. Some offices have no https
// yet, and their pages are sources all the same.
func (c *checker) address(p place, key, address string) {
	if https(address) {
		return
	}
	if u, err := url.Parse(address); err == nil && u.Scheme == "http" && https("https"+strings.TrimPrefix(address, "http")) {
		c.add(p.warning(key, "%q is not https", address))
		return
	}
	c.add(p.severe(key, "%q is no https address", address))
}

// term checks after how long something must be checked again, and whether that
// day is over.
func (c *checker) term(p place, key, every string, due time.Time) {
	if every == "" {
		c.add(p.severe(key, `has no review_every: say after how many days it must be checked again, such as "90d"`))
		return
	}
	if _, err := parseDays(every); err != nil {
		c.add(p.severe(key, "%s", err))
		return
	}
	if !due.IsZero() && due.Before(c.now) {
		c.add(p.warning(key, "should have been checked again by %s", due.Format(time.DateOnly)))
	}
}

// Due is when the article's facts must be checked again: ReviewEvery after the
// earliest of its own sources was seen, or when one of its values is due, if
// that is sooner. It is zero where neither is known.
func (a *Article) Due() time.Time {
	due := a.ownDue()
	for _, v := range a.Values {
		if d := v.Due(); due.IsZero() || !d.IsZero() && d.Before(due) {
			due = d
		}
	}
	return due
}

// ownDue is Due without the values, which are checked in their own file.
func (a *Article) ownDue() time.Time {
	if a.ReviewEvery <= 0 || a.seen().IsZero() {
		return time.Time{}
	}
	return a.seen().Add(a.ReviewEvery)
}

func (c *checker) text(l Locale, x *textSource, checklist bool) {
	h := x.head
	if strings.TrimSpace(h.Title) == "" {
		c.add(x.severe("title", "has no title"))
	}
	c.escaped(x.place, "title", h.Title)
	if n := utf8.RuneCountInString(h.Label); n > maxLabel {
		c.add(x.severe("label", "the label has %d characters, at most %d fit on a button", n, maxLabel))
	} else if strings.TrimSpace(h.Label) == "" {
		c.add(x.severe("label", "has no label"))
	}
	c.escaped(x.place, "label", h.Label)
	c.asks(l, x)
	switch h.Status {
	case "", Draft:
	case Reviewed:
		if strings.TrimSpace(h.ReviewedBy) == "" || h.ReviewedOn.IsZero() {
			c.add(x.severe("status", "is reviewed, but does not say by whom and when: reviewed_by, reviewed_on"))
		}
	default:
		c.add(x.severe("status", "the status %q is neither draft nor reviewed", h.Status))
	}
	if h.ReviewedOn.After(c.now.Add(24 * time.Hour)) {
		c.add(x.severe("reviewed_on", "was reviewed on a day to come"))
	}
	if l == English && h.Of != "" {
		c.add(x.warning("of", "is for translations; this is the text that they are of"))
	}
	if l != English && !h.Changed.IsZero() {
		c.add(x.warning("changed", "is for the English text"))
	}
	c.body(x, checklist)
	c.braces(x)
	c.reachable(x)
}

func (c *checker) asks(l Locale, x *textSource) {
	n, latin := 0, 0
	seen := map[string]bool{}
	for i, q := range x.head.Ask {
		key := fmt.Sprintf("ask[%d]", i)
		c.escaped(x.place, key, q)
		folded := fold(q)
		switch {
		case folded == "":
			c.add(x.severe(key, "the ask line has no words"))
			continue
		case seen[folded]:
			c.add(x.warning(key, "the ask line %q stands here twice", q))
			continue
		}
		seen[folded] = true
		n++
		if inLatin(q) {
			latin++
		}
	}
	switch {
	case n < minAsk:
		c.add(x.severe("ask", "has %d ask lines: at least %d are needed", n, minAsk))
	case l == English && n < minAskEN:
		c.add(x.warning("ask", "has %d ask lines: the English text should have at least %d", n, minAskEN))
	}
	if latin < minLatin && slices.Contains(latinToo, l) {
		c.add(x.severe("ask", "has %d ask lines in Latin letters: at least %d are needed, because people type %s so", latin, minLatin, l))
	}
}

func (c *checker) body(x *textSource, checklist bool) {
	b := x.body
	if n := length(b.short); n == 0 {
		c.add(Problem{x.file, b.first, "has no short answer before the first heading", true})
	} else if n > maxShort {
		c.add(Problem{x.file, b.first, fmt.Sprintf("the short answer has %d characters, at most %d are read", n, maxShort), true})
	}
	most, what := maxHeadings, "become choices under the answer"
	if checklist {
		most, what = maxSteps, "are the steps of a checklist"
	}
	if n := len(b.headings); n < minHeadings || n > most {
		c.add(Problem{x.file, b.first, fmt.Sprintf("has %d headings: %d to %d %s", n, minHeadings, most, what), true})
	}
	for i, s := range b.sections {
		line := b.headings[i].line
		switch n := utf8.RuneCountInString(s.Title); {
		case n == 0:
			c.add(Problem{x.file, line, "the heading has no words", true})
		case n > maxLabel:
			c.add(Problem{x.file, line, fmt.Sprintf("the heading has %d characters, at most %d fit on a button", n, maxLabel), true})
		}
		switch n := length(s.Blocks); {
		case n == 0:
			c.add(Problem{x.file, line, "nothing stands under the heading", true})
		case n > maxSection:
			c.add(Problem{x.file, line, fmt.Sprintf("the section has %d characters: it is easier to read with less than %d", n, maxSection), false})
		}
	}
	for _, f := range b.faults {
		c.add(Problem{x.file, f.line, f.message, f.severe})
	}
}

// length is how many characters blocks have, with a line break between two.
func length(blocks []Block) int {
	n := max(len(blocks)-1, 0)
	for _, b := range blocks {
		n += utf8.RuneCountInString(b.Text)
	}
	return n
}

func (c *checker) translation(x, en *textSource) {
	for i := range max(len(x.body.headings), len(en.body.headings)) {
		switch {
		case i >= len(x.body.headings):
			c.add(Problem{x.file, x.body.first, fmt.Sprintf("the heading {#%s} of the English text is missing", en.body.headings[i].id), true})
		case i >= len(en.body.headings):
			c.add(Problem{x.file, x.body.headings[i].line, fmt.Sprintf("the English text has no heading {#%s}", x.body.headings[i].id), true})
		case x.body.headings[i].id != en.body.headings[i].id:
			c.add(Problem{x.file, x.body.headings[i].line, fmt.Sprintf("the heading is {#%s}, in English {#%s} stands here", x.body.headings[i].id, en.body.headings[i].id), true})
		default:
			continue
		}
		break
	}
	missing := c.told(en.text).lacking(c.told(x.text))
	switch x.text.Of {
	case "":
		c.add(x.warning("of", "does not say which English text it is of: stamp it%s", listed("; what the English text has and this one not", missing)))
	case en.text.Written:
		if len(missing) > 0 {
			c.add(x.severe("of", "claims to say the current English text, but %s", strings.TrimPrefix(listed("; lacks", missing), "; ")))
		}
		// Up to nine the English text may well have a word for it.
		small := func(as string) bool { return utf8.RuneCountInString(as) == 1 }
		if more := slices.DeleteFunc(c.told(x.text).lacking(c.told(en.text)), small); len(more) > 0 {
			c.add(x.severe("of", "claims to say the current English text, but %s", strings.TrimPrefix(listed("; has beside it", more), "; ")))
		}
	default:
		c.add(x.warning("of", "is stale: the English text has changed%s", listed("; what it has and this one not", missing)))
	}
}

func listed(intro string, facts []string) string {
	if len(facts) == 0 {
		return ""
	}
	return intro + ": " + strings.Join(facts, ", ")
}

// claims finds ask lines that two articles have in one locale. Articles of one
// family may share them: which one answers follows from the person's origin.
func (c *checker) claims() {
	type claim struct {
		locale Locale
		line   string
	}
	first := map[claim]*articleSource{}
	for _, id := range slices.Sorted(maps.Keys(c.articles)) {
		a := c.articles[id]
		for _, l := range Locales() {
			x := a.texts[l]
			if x == nil {
				continue
			}
			for i, q := range x.head.Ask {
				k := claim{l, fold(q)}
				other := first[k]
				switch {
				case k.line == "" || other == a:
				case other == nil:
					first[k] = a
				case other.article.family() == "" || other.article.family() != a.article.family():
					c.add(x.severe(fmt.Sprintf("ask[%d]", i), "the ask line %q is one of %s too: nobody can tell which article answers it", q, other.article.ID))
				}
			}
		}
	}
}

// fold makes two ways of typing the same words one: case, compatible forms,
// punctuation, joiners and space.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		if d, ok := digit(r); ok {
			return d
		}
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsNumber(r):
			return unicode.ToLower(r)
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return ' '
	}, norm.NFKC.String(s))
	return strings.Join(strings.Fields(s), " ")
}

// inLatin says whether most letters are Latin ones.
func inLatin(s string) bool {
	latin, other := 0, 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.IsLetter(r):
			other++
		}
	}
	return latin > other
}

func (c *checker) signal(s *signalSource) {
	h := s.head
	if a := c.articles[h.Article]; h.Article == "" {
		c.add(s.severe("article", "has no article to say at once"))
	} else if a == nil {
		c.add(s.severe("article", "there is no article %q", h.Article))
	}
	if h.Priority != Urgent && h.Priority != SameDay {
		c.add(s.severe("priority", "the priority %q is neither urgent nor same-day", h.Priority))
	}
	if h.Line != "" && !slices.Contains(kinds, h.Line) {
		c.add(s.severe("line", "%q is no kind of line: %s", h.Line, strings.Join(kinds, ", ")))
	}
	if len(h.Texts) == 0 {
		c.add(s.severe("", "has no rules in any language"))
	}
	for _, l := range Locales() {
		x, there := h.Texts[l]
		if !there {
			continue
		}
		key := string(l)
		if len(x.Rules) == 0 {
			c.add(s.severe(key, "has no rules in %s", l))
		}
		if len(x.Raise) == 0 {
			c.add(s.warning(key, "has no message in %s that must raise it", l))
		}
		if len(x.Not) == 0 {
			c.add(s.warning(key, "has no message in %s that looks alike and must not raise it", l))
		}
		for i, rule := range x.Rules {
			at := fmt.Sprintf("%s.rules[%d]", key, i)
			c.escaped(s.place, at, rule)
			if why := ruleFault(rule); why != "" {
				c.add(s.severe(at, "the rule %q %s", rule, why))
			}
		}
	}
}

// ruleFault says what is wrong with the form of a signal's rule, or "".
func ruleFault(rule string) string {
	words := strings.Fields(rule)
	wanted := 0
	for i, w := range words {
		if w == "…" {
			if i == 0 || i == len(words)-1 || words[i+1] == "…" {
				return "has … where no word stands on both sides"
			}
			continue
		}
		w, not := strings.CutPrefix(w, "!")
		if !not {
			wanted++
		}
		if strings.Contains(w, "...") || strings.Contains(w, "…") {
			return "must have the sign … between spaces, not dots"
		}
		for _, alternative := range strings.Split(w, "|") {
			stem := strings.TrimSuffix(alternative, "*")
			switch {
			case stem == "" || fold(stem) == "":
				return fmt.Sprintf("has a word without letters: %q", words[i])
			case strings.Contains(stem, "*"):
				return fmt.Sprintf("has a * that is not at the end of a word: %q", words[i])
			case strings.Contains(stem, "!"):
				return fmt.Sprintf("has a ! that is not at the beginning of a word: %q", words[i])
			}
		}
	}
	if wanted == 0 {
		return "has no word that must occur"
	}
	return ""
}

func (c *checker) centre(x *centreSource) {
	h := x.head
	if !isCountry(h.Country) {
		c.add(x.severe("country", "%q is no country: write the two capitals of ISO 3166, such as PK", h.Country))
	}
	if !validID(string(x.centre.ID)) {
		c.add(Problem{x.file, 0, "the file of a centre is named with a-z, 0-9 and hyphens", true})
	}
	c.names(x.place, "names", h.Names, 0)
	c.escaped(x.place, "address", h.Address)
	for i, n := range h.Phones {
		c.phone(x.place, fmt.Sprintf("phones[%d]", i), n)
	}
	if h.Site != "" {
		c.address(x.place, "site", h.Site)
	}
	if h.Email != "" && !emailForm.MatchString(h.Email) {
		c.add(x.severe("email", "%q is no email address", h.Email))
	}
	if e, ok := x.hours.(*hoursError); ok {
		c.add(x.severe(e.key, "%s", e.message))
	}
	for l, s := range h.Confirmed {
		at := "confirmed." + string(l)
		if strings.TrimSpace(s) == "" {
			c.add(x.severe(at, "what is confirmed in %s is empty", l))
		}
		c.escaped(x.place, at, s)
	}
	c.sources(x.place, h.Sources)
}

// phone checks a number that stands alone.
func (c *checker) phone(p place, key, number string) {
	if !phoneLike.MatchString(number) {
		c.add(p.severe(key, "%q is no phone number", number))
		return
	}
	if message, severe := dialable(number); message != "" {
		c.add(Problem{p.file, p.at(key), message, severe})
	}
}

// dialable says what is wrong with a phone number, or "". One with its
// country's code is held against the numbering plans of all countries. What
// cannot be a number of that country is severe; what is not in its plan may be
// newer than the plan. A number without the code is judged by its length alone:
// it can be one of any country.
func dialable(number string) (message string, severe bool) {
	digits := onlyDigits(number)
	switch {
	case len(digits) > 15:
		return fmt.Sprintf("%q is no phone number: none has more than 15 digits", number), true
	case !strings.HasPrefix(number, "+"):
		return "", false
	}
	n, err := phonenumbers.Parse("+"+digits, "")
	switch {
	case err != nil || !phonenumbers.IsPossibleNumber(n):
		return fmt.Sprintf("%q is no phone number of any country", number), true
	case !phonenumbers.IsValidNumber(n):
		return fmt.Sprintf("%q is in no country's numbering plan: look at it again", number), false
	}
	return "", false
}

// reachable finds phone numbers and addresses in a text that lead nowhere. A
// link in Markdown's brackets was judged when it was read.
func (c *checker) reachable(x *textSource) {
	for _, f := range c.told(x.text).facts {
		message, severe := "", true
		switch {
		case f.kind == phone:
			message, severe = dialable(f.as)
		case f.kind == link && strings.Contains(f.as, "://") && !https(f.as):
			message = fmt.Sprintf("%q is no https address", f.as)
		case f.kind == link && !strings.Contains(f.as, "://") && !emailForm.MatchString(f.as):
			message = fmt.Sprintf("%q is no email address", f.as)
		}
		if message != "" {
			c.add(Problem{x.file, c.lineOf(x, f.as), message, severe})
		}
	}
}

// lineOf is the line of a text's file on which words stand below its front
// matter, or the first one there.
func (c *checker) lineOf(x *textSource, words string) int {
	for i, line := range strings.Split(string(c.files[x.file]), "\n") {
		if i+1 >= x.body.first && strings.Contains(foldNumbers(line), words) {
			return i + 1
		}
	}
	return x.body.first
}

var (
	emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	// Capitals may follow digits: some lines are known by a word on the keypad.
	phoneLike = regexp.MustCompile(`^[+*#(]?[0-9][0-9 ()*#/-]*[A-Z]*$`)
	seenForm  = regexp.MustCompile(`^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$`)
)

// namesakes finds a name that two countries have: who writes it would be given
// the help lines of the wrong one.
func (c *checker) namesakes() {
	first := map[string]Country{}
	for _, code := range slices.Sorted(maps.Keys(c.lands)) {
		l := c.lands[code]
		for _, locale := range Locales() {
			name := fold(l.head.Names[locale])
			switch other, taken := first[name]; {
			case name == "" || taken && other == code:
			case taken:
				c.add(l.severe("names."+string(locale), "%s is called %q too: nobody can tell which is meant", other, l.head.Names[locale]))
			default:
				first[name] = code
			}
		}
	}
}

func (c *checker) land(l *landSource) {
	if code := strings.TrimSuffix(l.file[strings.LastIndexByte(l.file, '/')+1:], ".toml"); !isCountry(l.land.Code) || code != strings.ToLower(code) {
		c.add(Problem{l.file, 0, "the file of a country is named with the two small letters of ISO 3166, such as pk.toml", true})
	}
	c.names(l.place, "names", l.head.Names, maxLabel) // "where are you now?" offers them
	for i, x := range l.head.Lines {
		key := fmt.Sprintf("lines[%d]", i)
		c.vouched(l.place, key, x.Grade, x.Seen, x.Source)
		if !slices.Contains(kinds, x.Kind) {
			c.add(l.severe(key+".kind", "%q is no kind of line: %s", x.Kind, strings.Join(kinds, ", ")))
		}
		c.phone(l.place, key+".number", x.Number)
		if len(x.Names) > 0 {
			c.names(l.place, key+".names", x.Names, 0)
		}
	}
}
