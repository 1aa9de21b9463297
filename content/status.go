// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"slices"
	"time"
)

// A Progress says how far an article has come in one locale.
type Progress string

// How far an article can have come. A stale text comes before the others: that
// somebody reviewed it says nothing any more. Then comes a due one: its facts
// must be looked at again.
const (
	NotWanted   Progress = ""         // the people whom the article is for do not read this locale
	Missing     Progress = "missing"  // and they do read it
	IsStale     Progress = "stale"    // the English text has changed since
	IsDue       Progress = "due"      // the sources must be checked again
	IsDraft     Progress = "draft"    // nobody at a centre has reviewed it
	HasReviewed Progress = "reviewed" // somebody has
)

// A StatusRow is what has become of one article.
type StatusRow struct {
	Article ArticleID
	Topic   TopicID
	Due     time.Time // when the sources must be checked again, zero where not known
	In      map[Locale]Progress
}

// Status tells for every article, by id, how far it has come in each locale on
// the day now.
func (c *Catalogue) Status(now time.Time) []StatusRow {
	var rows []StatusRow
	for _, a := range c.sorted {
		row := StatusRow{Article: a.ID, Topic: a.Topic, Due: a.Due(), In: map[Locale]Progress{}}
		overdue := !row.Due.IsZero() && row.Due.Before(now)
		wanted := a.wanted()
		for _, l := range Locales() {
			t := a.Texts[l]
			switch {
			case t == nil && slices.Contains(wanted, l):
				row.In[l] = Missing
			case t == nil:
				row.In[l] = NotWanted
			case t.Stale != nil:
				row.In[l] = IsStale
			case overdue:
				row.In[l] = IsDue
			case t.Status == Reviewed:
				row.In[l] = HasReviewed
			default:
				row.In[l] = IsDraft
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// wanted gives the locales that an article should have: all where it is for
// everybody, otherwise English and what its people read.
func (a *Article) wanted() []Locale {
	ls := []Locale{English}
	for _, o := range a.Origin {
		read, ok := readIn[o]
		if !ok {
			return Locales()
		}
		ls = append(ls, read...)
	}
	switch {
	case len(a.Origin) > 0:
		return ls
	case len(a.Destination) == 1 && a.Destination[0] == "RU":
		return []Locale{English, Russian, Tajik, Kyrgyz, Kazakh, Uzbek}
	}
	return Locales()
}

// readIn is what people of the countries with a centre read, as the plan of
// articles has it.
var readIn = map[Country][]Locale{
	"PK": {Urdu, Pashto},
	"BD": {Bangla},
	"AF": {Dari, Pashto},
	"IQ": {Arabic, Sorani},
	"TJ": {Tajik, Russian},
	"KG": {Kyrgyz, Russian},
	"KZ": {Kazakh, Russian},
	"UZ": {Uzbek, Russian},
}
