// SPDX-License-Identifier: GPL-3.0-or-later

// Package content holds what Sarai may say: articles in many languages, the
// signals that must never wait, the centres, the emergency numbers of countries.
// A Catalogue is loaded whole, checked, and never changes; its edition is the
// hash of everything in it, so that a record of what was sent can name exactly
// the words that somebody read.
package content

import "time"

// ArticleID, TopicID, SignalID and CentreID name things of a catalogue. They
// are the names of their files and never change once published.
type (
	ArticleID string
	TopicID   string
	SignalID  string
	CentreID  string
)

// A Country is an ISO 3166-1 alpha-2 code in capitals: "PK". "" means not known.
type Country string

// A BlockKind says how a block of an article is set.
type BlockKind string

// The kinds of block an article's Markdown is read into. Other Markdown is a
// problem that checking reports; raw HTML is never passed on.
const (
	Paragraph BlockKind = "paragraph"
	Item      BlockKind = "item"
)

// A Block is a paragraph or a list item of an article, in plain words. Links
// written in Markdown stand as "words (address)". It is not channels.Block
// because content and channels know nothing of one another; rendering, which
// knows both, turns one into the other.
type Block struct {
	Kind BlockKind
	Text string
}

// A Section is a headed part of an article. ID is the same in all locales.
type Section struct {
	ID     string
	Title  string // at most 20 characters: it becomes a button
	Blocks []Block
}

// A Status says how far a text has come.
type Status string

// A text is a draft until a person at a centre has reviewed it.
const (
	Draft    Status = "draft"
	Reviewed Status = "reviewed"
)

// A Text is an article in one locale.
type Text struct {
	Locale     Locale
	Title      string
	Label      string   // at most 20 characters: it becomes a button
	Ask        []string // how people really ask this, as they type
	Status     Status
	ReviewedBy string
	ReviewedOn time.Time
	Of         string  // for a translation: Written of the English text it was made from
	Short      []Block // the whole short answer, before the first heading
	Sections   []Section
	Hash       string // first 12 hex digits of the SHA-256 of what is said: title, short answer and sections
	Written    string // the same of what the file holds, which has the names of values and not their words; without values it is Hash
	Stale      *Stale // set where the English text has changed since

	changed time.Time // the day a fact in an English text last changed; zero where it does not say
}

// Stale says how a translation's English source has moved on.
type Stale struct {
	Since   time.Time // day of the change, zero where unknown
	Changed []string  // numbers, dates, phones, links of the English text that the translation lacks; empty: words only
}

// A Source is where an article's facts come from.
type Source struct {
	Title string
	URL   string    // may be "" where the source is a paper
	Seen  time.Time // the day somebody last looked
	Facts []string  // what it says that is relied on, in few words; may be empty
}

// An Article is one answer in all its locales.
type Article struct {
	ID          ArticleID
	Topic       TopicID
	Origin      []Country // for people from these countries; empty: for everybody
	Destination []Country // for people who go to these; empty: wherever
	ReviewEvery time.Duration
	Sources     []Source
	Values      []*Value // that its texts show, by id
	Checklist   bool     // its sections are steps that are done one after the other
	Texts       map[Locale]*Text
}

// Danger says whether the article belongs to the topic "danger": it is never
// followed by a question whether it helped.
func (a *Article) Danger() bool { return a.Topic == "danger" }

// Checked is the latest day on which all sources were seen, those of its values
// too: the earliest Seen.
func (a *Article) Checked() time.Time {
	t := a.seen()
	for _, v := range a.Values {
		if t.IsZero() || v.Source.Seen.Before(t) {
			t = v.Source.Seen
		}
	}
	return t
}

// seen is the earliest day on which one of the article's own sources was seen.
func (a *Article) seen() time.Time {
	var t time.Time
	for _, s := range a.Sources {
		if t.IsZero() || s.Seen.Before(t) {
			t = s.Seen
		}
	}
	return t
}

// In gives the text for somebody who reads l: the locale's own, or the nearest
// that exists along l's fallbacks. It returns nil only for an article without
// any text.
func (a *Article) In(l Locale) *Text {
	for _, l := range append([]Locale{l}, l.Fallbacks()...) {
		if t := a.Texts[l]; t != nil {
			return t
		}
	}
	for _, l := range Locales() {
		if t := a.Texts[l]; t != nil {
			return t
		}
	}
	return nil
}

// A Topic groups articles in the menu.
type Topic struct {
	ID       TopicID
	Titles   map[Locale]string // at most 20 characters: a button
	Articles []ArticleID       // in the order of topics.toml
}

// A Priority says how soon a person must see a case that a signal opened.
type Priority string

// The priorities of a signal.
const (
	Urgent  Priority = "urgent"
	SameDay Priority = "same-day"
)

// A SignalText is what one language contributes to a signal.
type SignalText struct {
	Rules []string // what somebody in that situation writes; the form is described at Signal
	Raise []string // whole messages that must raise the signal
	Not   []string // whole messages that look alike and must not
}

// A Signal is what must never wait for the best-matching article.
//
// A rule is a line of words that must stand in the message in this order, each
// at most two words after the one before. A word may end in * (any ending),
// list alternatives with | (no spaces), and "…" between two words allows any
// distance. A word that begins with ! must not occur anywhere in the message.
// Words are compared as search normalises them.
type Signal struct {
	ID       SignalID
	Article  ArticleID
	Priority Priority
	Line     string                // the kind of help line that it asks for, see Line.Kind; "" where none in particular
	Texts    map[Locale]SignalText // native and Latin letters together
}

// Hours are when a centre answers. The zero value means not known: then no
// time is promised.
type Hours struct {
	Zone string                      // IANA name
	Open map[time.Weekday][]Interval // a missing day is closed

	loc *time.Location // Zone, found once at loading; nil where Hours was made by hand
}

// An Interval is a part of a day in minutes since midnight, From inclusive and
// To not. Where To is not after From it ends on the next day.
type Interval struct{ From, To int }

// A Centre is a Migrant Resource Centre.
type Centre struct {
	ID        CentreID
	Country   Country
	Names     map[Locale]string
	Address   string // "" where not known
	Phones    []string
	Site      string
	Email     string
	Hours     Hours
	Confirmed map[Locale]string // what the centre has confirmed on who can read a case; empty: nothing was confirmed
	Sources   []Source
}

// A Line is a phone number that helps in a country.
type Line struct {
	Kind   string // "emergency", "police", "ambulance", "fire", "trafficking", "crisis", "women", "children", "missing", "labour", "sea"
	Number string // as dialled in that country
	Names  map[Locale]string
	Grade  string // "A" official page seen, "B" secondary page seen; others are never shown
	Seen   string // year, month or day the source carries
	Source string
}

// A Land is what is known of a country: its names and its help lines. It is
// not called Country, which is the code.
type Land struct {
	Code  Country
	Names map[Locale]string
	Lines []Line // only those graded A or B; may be empty: "none known" is said
}
