// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"slices"
	"strings"

	"sarai/content"
)

// The countries that people of the centres come from, as beginnings of words
// in the scripts and languages they write: "afghan" finds Afghans and
// Afghanistan. Beginnings, because most of these languages decline names.
var origins = []struct {
	country content.Country
	stems   string
}{
	{"PK", "pakistan pakstan پاکستان পাকিস্তান пакистан покистон"},
	{"BD", "bangladesh bangladeshi بنگلادیش بنگله بنغلادیش বাংলাদেশ бангладеш"},
	{"AF", "afghan afgan افغان আফগান афган афғон afgon ئهفغان ئەفغان"},
	{"IQ", "iraq irak عراق العراق ইরাক ирак ироқ عیراق iroq"},
	{"TJ", "tajik tadjik tadzhik tojik تاجیک তাজিক таджик тоҷик тожик тажик"},
	{"KG", "kyrgyz kirgiz qirgiz قرغیز قرقیز কিরগিজ кыргыз киргиз қирғиз қырғыз"},
	{"KZ", "kazakh kazak qozog qazaq قزاق قازاق কাজাখ казах казак қазақ қозоқ қазоқ"},
	{"UZ", "uzbek ozbek özbek ازبک اوزبیک উজবেক узбек ўзбек өзбек өзбек ӯзбек"},
}

// lands finds the countries of origin that a message names.
type lands struct {
	stems map[string][]stem // by the first two runes
}

type stem struct {
	text    string
	country content.Country
}

func newLands(known []*content.Land) *lands {
	l := &lands{stems: map[string][]stem{}}
	add := func(c content.Country, word string) {
		w := strings.Join(words(Normalise(word)), "")
		if len(w) < 4 {
			return
		}
		s := stem{w, c}
		if k := opening(w); !slices.Contains(l.stems[k], s) {
			l.stems[k] = append(l.stems[k], s)
		}
	}
	for _, o := range origins {
		for _, w := range strings.Fields(o.stems) {
			add(o.country, w)
		}
		for _, land := range known {
			if land.Code != o.country {
				continue
			}
			for _, loc := range content.Locales() {
				if n := land.Names[loc]; len(strings.Fields(n)) == 1 {
					add(o.country, n)
				}
			}
		}
	}
	return l
}

// named gives the countries of origin that are named, each once.
func (l *lands) named(ws []string) []content.Country {
	var cs []content.Country
	for _, w := range ws {
		for _, s := range l.stems[opening(w)] {
			if strings.HasPrefix(w, s.text) && !slices.Contains(cs, s.country) {
				cs = append(cs, s.country)
			}
		}
	}
	return cs
}
