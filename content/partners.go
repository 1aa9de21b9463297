// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A PartnerID names a partner: it is the name of its file.
type PartnerID string

// A Partner is whom a counsellor refers somebody to: an office, a hotline, a
// shelter, an organisation that searches for the missing.
type Partner struct {
	ID      PartnerID
	Country Country // where it works; "" wherever somebody is
	City    string  // "" where it has no one place, or none is known
	Names   map[Locale]string
	Offers  []Offer
	Serves  []Country         // only for people from these countries; empty: for everybody
	For     map[Locale]string // for whom, in words; may be empty
	Notes   map[Locale]string // what must be known before somebody is sent there; may be empty
	Phones  []Phone           // only those graded A or B
	Site    string
	Email   string
	Address string
	Code    string // what a centre writes on its referrals; free, "" where it has none
	Sources []Source
}

// An Offer is a kind of help.
type Offer string

// offers are the kinds of help that there are.
var offers = []Offer{
	"information", "legal-aid", "complaints", "licence-check", "shelter", "trafficking", "violence", "rescue", "tracing",
	"return", "reintegration", "asylum", "work", "study", "welfare", "loans", "crisis",
}

// A Phone is a number of a partner.
type Phone struct {
	Number string // international where it starts with +, otherwise as dialled in the partner's country
	Names  map[Locale]string
	Grade  string // "A" official page seen, "B" secondary page seen; others are never shown
	Seen   string // year, month or day the source carries
	Source string
}

type (
	phoneHead struct {
		Number string            `toml:"number"`
		Grade  string            `toml:"grade"`
		Seen   loose             `toml:"seen"`
		Source string            `toml:"source"`
		Names  map[Locale]string `toml:"names"`
	}
	partnerHead struct {
		Country Country           `toml:"country"`
		City    string            `toml:"city"`
		Offers  []Offer           `toml:"offers"`
		Serves  []Country         `toml:"serves"`
		Site    string            `toml:"site"`
		Email   string            `toml:"email"`
		Address string            `toml:"address"`
		Code    string            `toml:"code"`
		Names   map[Locale]string `toml:"names"`
		For     map[Locale]string `toml:"for"`
		Notes   map[Locale]string `toml:"notes"`
		Phones  []phoneHead       `toml:"phones"`
		Sources []sourceHead      `toml:"sources"`
	}
	partnerSource struct {
		place
		head    partnerHead
		partner *Partner
	}
)

func (t *tree) readPartner(name string, id PartnerID, src string) {
	p := &partnerSource{place: place{file: name}}
	lines, problem := decode(name, src, 0, &p.head)
	if problem != nil {
		t.breaks(*problem)
		return
	}
	p.lines = lines
	h := p.head
	tables := []struct {
		key string
		m   map[Locale]string
	}{{"names", h.Names}, {"for", h.For}, {"notes", h.Notes}}
	for i, x := range h.Phones {
		tables = append(tables, struct {
			key string
			m   map[Locale]string
		}{fmt.Sprintf("phones[%d].names", i), x.Names})
	}
	for _, table := range tables {
		if problem := p.unknownLocale(table.key, table.m); problem != nil {
			t.breaks(*problem)
			return
		}
	}
	p.partner = &Partner{
		ID: id, Country: capital(h.Country), City: clean(h.City), Names: cleanAll(h.Names), Offers: h.Offers, Serves: capitals(h.Serves),
		For: cleanAll(h.For), Notes: cleanAll(h.Notes), Site: h.Site, Email: h.Email, Address: clean(h.Address), Code: clean(h.Code),
		Sources: sourcesOf(h.Sources),
	}
	for _, x := range h.Phones {
		if !shown(x.Grade) || x.Number == "" {
			continue
		}
		p.partner.Phones = append(p.partner.Phones, Phone{
			Number: clean(x.Number), Names: cleanAll(x.Names), Grade: x.Grade, Seen: string(x.Seen), Source: clean(x.Source),
		})
	}
	t.partners[id] = p
}

// Partners gives all partners by id.
func (c *Catalogue) Partners() []*Partner { return slices.Clone(c.partners) }

// Partner finds a partner.
func (c *Catalogue) Partner(id PartnerID) (*Partner, bool) {
	for _, p := range c.partners {
		if p.ID == id {
			return p, true
		}
	}
	return nil, false
}

// PartnersOf gives the partners that work in a country by id, and after them
// those that work wherever somebody is.
func (c *Catalogue) PartnersOf(country Country) []*Partner {
	var in []*Partner
	for _, p := range c.partners {
		if p.Country == country || p.Country == "" {
			in = append(in, p)
		}
	}
	slices.SortStableFunc(in, func(a, b *Partner) int {
		return cmp.Or(cmp.Compare(order(a.Country), order(b.Country)), cmp.Compare(a.ID, b.ID))
	})
	return in
}

// order puts what is of no country behind what is.
func order(c Country) int {
	if c == "" {
		return 1
	}
	return 0
}

func (c *checker) partner(p *partnerSource) {
	h := p.head
	if !validID(string(p.partner.ID)) {
		c.add(Problem{p.file, 0, "the file of a partner is named with a-z, 0-9 and hyphens", true})
	}
	if h.Country != "" && !isCountry(h.Country) {
		c.add(p.severe("country", "%q is no country: write the two capitals of ISO 3166, such as PK", h.Country))
	}
	c.countries(p.place, "serves", h.Serves)
	c.names(p.place, "names", h.Names, 0)
	for key, words := range map[string]map[Locale]string{"for": h.For, "notes": h.Notes} {
		if len(words) > 0 {
			c.names(p.place, key, words, 0)
		}
	}
	if len(h.Offers) == 0 {
		c.add(p.severe("offers", "does not say what it offers"))
	}
	for i, o := range h.Offers {
		if !slices.Contains(offers, o) {
			c.add(p.severe(fmt.Sprintf("offers[%d]", i), "%q is nothing that a partner offers: %s", o, joined(offers)))
		}
	}
	for i, x := range h.Phones {
		key := fmt.Sprintf("phones[%d]", i)
		c.phone(p.place, key+".number", x.Number)
		c.vouched(p.place, key, x.Grade, x.Seen, x.Source)
		if len(x.Names) > 0 {
			c.names(p.place, key+".names", x.Names, 0)
		}
	}
	if h.Site != "" {
		c.address(p.place, "site", h.Site)
	}
	if h.Email != "" && !emailForm.MatchString(h.Email) {
		c.add(p.severe("email", "%q is no email address", h.Email))
	}
	for key, words := range map[string]string{"city": h.City, "address": h.Address, "code": h.Code} {
		c.escaped(p.place, key, words)
	}
	if len(p.partner.Phones) == 0 && h.Site == "" && h.Email == "" && h.Address == "" {
		c.add(p.warning("", "says no way to reach it: no phone, site, email or address"))
	}
	c.sources(p.place, h.Sources)
}

// vouched checks who saw a phone number, and when.
func (c *checker) vouched(p place, key, grade string, seen loose, source string) {
	if !shown(grade) {
		c.add(p.severe(key+".grade", "the grade %q is neither A nor B: such a number is never shown", grade))
	}
	if !seenForm.MatchString(string(seen)) {
		c.add(p.severe(key+".seen", "the line does not say when it was seen: a year, a month or a day"))
	}
	if strings.TrimSpace(source) == "" {
		c.add(p.severe(key+".source", "the line has no source"))
	}
}

func joined[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// sortedPartners gives the partners that were read, by id.
func (t *tree) sortedPartners() []*Partner {
	var ps []*Partner
	for _, id := range slices.Sorted(maps.Keys(t.partners)) {
		ps = append(ps, t.partners[id].partner)
	}
	return ps
}
