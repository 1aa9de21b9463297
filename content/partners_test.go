// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sarai/content"
)

const partnerTOML = `country = "PK"
city = "Lahore"
offers = ["complaints", "legal-aid"]
site = "https://aid.example"
email = "desk@aid.example"
address = "In the old customs house"
code = "A-7"

[names]
en = "Legal aid desk"
ur = "قانونی مدد"

[for]
en = "Whoever was cheated by a recruiter"

[notes]
en = "Mornings only."

[[phones]]
number = "+92 51 111 040 040"
grade = "B"
seen = "2023"
source = "a newspaper"
[phones.names]
en = "From abroad"

[[phones]]
number = "1055"
grade = "C"
seen = "2015"
source = "hearsay"

[[sources]]
title = "A newspaper"
url = ""
seen = 2023-05-01
`

// referring is the small folder with three partners: in Pakistan, in Russia
// for people from Tajikistan, and everywhere.
func referring(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := stamped(t)
	put := func(id, src string) { fsys["partners/"+id+".toml"] = &fstest.MapFile{Data: []byte(src)} }
	put("pk-aid", strings.Replace(partnerTOML, `grade = "C"`, `grade = "A"`, 1))
	put("ru-mission", "country = \"RU\"\nserves = [\"TJ\"]\n"+partnerTOML[len("country = \"PK\"\n"):strings.Index(partnerTOML, "[[phones]]")]+partnerTOML[strings.Index(partnerTOML, "[[sources]]"):])
	put("a-search", partnerTOML[len("country = \"PK\"\n"):strings.Index(partnerTOML, "[[phones]]")]+partnerTOML[strings.Index(partnerTOML, "[[sources]]"):])
	return fsys
}

func TestWhomACounsellorRefersTo(t *testing.T) {
	for _, p := range content.Check(referring(t), today) {
		t.Error(p)
	}
	c := load(t, referring(t))
	of := func(country content.Country) (ids []string) {
		for _, p := range c.PartnersOf(country) {
			ids = append(ids, string(p.ID))
		}
		return ids
	}
	for country, want := range map[content.Country][]string{"PK": {"pk-aid", "a-search"}, "RU": {"ru-mission", "a-search"}, "IT": {"a-search"}} {
		if got := of(country); !slices.Equal(got, want) {
			t.Errorf("in %s: %v, want %v", country, got, want)
		}
	}
	if all := c.Partners(); len(all) != 3 || all[0].ID != "a-search" {
		t.Errorf("%v", all)
	}
	p, ok := c.Partner("pk-aid")
	if !ok || p.City != "Lahore" || p.Names[content.Urdu] != "قانونی مدد" || !slices.Equal(p.Offers, []content.Offer{"complaints", "legal-aid"}) ||
		p.Code != "A-7" || p.For[content.English] == "" || p.Notes[content.English] == "" || p.Email == "" || p.Site == "" || p.Address == "" || len(p.Sources) != 1 {
		t.Errorf("%+v", p)
	}
	if len(p.Phones) != 2 || p.Phones[0].Number != "+92 51 111 040 040" || p.Phones[0].Grade != "B" || p.Phones[0].Seen != "2023" || p.Phones[0].Names[content.English] != "From abroad" {
		t.Errorf("%+v", p.Phones)
	}
	if p, _ := c.Partner("ru-mission"); !slices.Equal(p.Serves, []content.Country{"TJ"}) {
		t.Errorf("%+v", p)
	}
	// What nobody has seen on a page is dialled by nobody.
	c = load(t, with(t, referring(t), "partners/pk-aid.toml", `grade = "A"`, `grade = "C"`))
	if p, _ := c.Partner("pk-aid"); len(p.Phones) != 1 {
		t.Errorf("%+v", p.Phones)
	}
	if c.Edition() == load(t, stamped(t)).Edition() {
		t.Error("partners are no part of the edition")
	}
}

func TestCheckFindsInPartners(t *testing.T) {
	const file = "partners/pk-aid.toml"
	for _, c := range []struct {
		name, old, new string
		line           int
		severe         bool
		want           string
	}{
		{"a country that is none", `"PK"`, `"Pakistan"`, 1, true, "is no country"},
		{"an offer that is none", `"legal-aid"]`, `"lawyers"]`, 3, true, `"lawyers" is nothing that a partner offers`},
		{"no offer", `["complaints", "legal-aid"]`, "[]", 3, true, "does not say what it offers"},
		{"no name", `en = "Legal aid desk"`, "", 9, true, "no English name"},
		{"no address", "https://aid", "aid", 4, true, "is no https address"},
		{"no mail", "desk@aid", "desk at aid", 5, true, "is no email address"},
		{"a grade that is not shown", `grade = "A"`, `grade = "C"`, 29, true, "neither A nor B"},
		{"a number of no country", "+92 51 111 040 040", "+999 111 040 040", 20, true, "is no phone number of any country"},
		{"a number that nobody saw", `seen = "2023"`, `seen = ""`, 22, true, "when it was seen"},
		{"no source", "[[sources]]\ntitle = \"A newspaper\"\nurl = \"\"\nseen = 2023-05-01\n", "", 0, true, "has no source"},
		{"people of a country that is none", "code =", "serves = [\"tajik\"]\ncode =", 7, true, "is no country"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := content.Check(with(t, referring(t), file, c.old, c.new), today)
			if !slices.ContainsFunc(problems, func(p content.Problem) bool {
				return p.File == file && p.Line == c.line && p.Severe == c.severe && strings.Contains(p.Message, c.want)
			}) {
				t.Errorf("want %s:%d: … %s … among\n%v", file, c.line, c.want, problems)
			}
		})
	}
	// Somebody sent to a partner must be able to reach it.
	fsys := referring(t)
	fsys["partners/lost.toml"] = &fstest.MapFile{Data: []byte("offers = [\"work\"]\n[names]\nen = \"x\"\n[[sources]]\ntitle = \"x\"\nseen = 2025-01-01\n")}
	if problems := content.Check(fsys, today); len(problems) != 1 || problems[0].Severe || !strings.Contains(problems[0].Message, "no way to reach it") {
		t.Errorf("%v", problems)
	}
	for _, bad := range []string{"office = \"x\"", "[for]\nxx = \"a\"", "[[phones]]\n[phones.names]\nxx = \"a\""} {
		fsys["partners/lost.toml"] = &fstest.MapFile{Data: []byte(bad)}
		if _, err := content.Load(fsys); err == nil || !strings.Contains(err.Error(), "partners/lost.toml:") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
