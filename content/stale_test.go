// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

func said(words string) *Text {
	return &Text{Short: []Block{{Paragraph, words}}}
}

// What one says in English and another in their own script is the same fact,
// or is not.
func TestWhatATranslationLacks(t *testing.T) {
	for _, c := range []struct {
		name, en, tr string
		lacks        []string
	}{
		{"nothing", "Go to the office.", "دفتر جائیں۔", nil},
		{"Urdu digits", "It costs 7200 rupees in 2025.", "۲۰۲۵ میں ۷۲۰۰ روپے", nil},
		{"Arabic digits", "Call 104.", "اتصل بـ ١٠٤", nil},
		{"Bangla digits", "Call 16135, pay 1,500.", "১৬১৩৫, ১৫০০", nil},
		{"thousands by comma, space, point and mark", "1,000 20,000 3,000,000 4,000 5,000", "1 000 · 20 000 · 3.000.000 · ۴٬۰۰۰ · 5’000", nil},
		{"lakhs", "It costs 165,000 taka.", "১,৬৫,০০০ টাকা", nil},
		{"a decimal point and comma", "2.5 percent, 1.50 dollars", "2,5 процента, 1,5 доллара", nil},
		{"another fee", "It costs 7,200 rupees.", "فیس 6,700 روپے", []string{"7,200"}},
		{"a part of a number is not it", "It costs 720.", "فیس 7200", []string{"720"}},
		{"ten times is not it", "It costs 7,200.", "فیس 72,000", []string{"7,200"}},
		{"a fraction is not it", "It is 1.5.", "15", []string{"1.5"}},
		{"a list of numbers is no number", "Call 112, 15 or 1122.", "112, 15 یا 1122", nil},
		{"years that follow a number", "In 2025 30 people came", "30 человек в 2025 году", nil},
		{"a range of years", "2024-2025", "2024–2025", nil},
		{"a date in words", "Seen 1 December 2025.", "1 دسمبر 2025", nil},
		{"a date in numbers for one in words", "Seen 1 December 2025.", "01.12.2025", nil},
		{"a date in words for one in numbers", "Seen 2025-12-01.", "1 декабря 2025", nil},
		{"one date for another way", "Seen 2025-12-01.", "01/12/2025", nil},
		{"another day", "Seen 2025-12-01.", "2 декабря 2025", []string{"2025-12-01"}},
		{"another year", "Seen 1 December 2025.", "1 декабря 2024", []string{"2025"}},
		{"a phone, grouped otherwise", "Call 051-9107272.", "051 910 72 72", nil},
		{"a phone between direction marks", "Call +92 42 99203373.", "\u200e+92 42 99203373\u200e", nil},
		{"a phone in Persian digits", "Call +93 20 210 3333.", "+۹۳ ۲۰ ۲۱۰ ۳۳۳۳", nil},
		{"a phone with an area code", "Call (042) 99203373.", "042-99203373", nil},
		{"a phone in three groups", "Call 111-247-786.", "111247786", nil},
		{"a phone in one word", "Call 01811458521.", "01811 458521", nil},
		{"another phone", "Call 051-9107272.", "051-9107273", []string{"051-9107272"}},
		{"a phone that lacks its country", "Call +880 9610 102030.", "9610 102030", []string{"+880 9610 102030"}},
		{"what follows a phone", "Call +880 9610 102030. 5 people.", "+880 9610 102030", []string{"5"}},
		{"a year in brackets behind a phone", "Call +92 301 9872195, 2023.", "+92 301 9872195 (2023)", nil},
		{"a year in brackets behind a phone, in English", "Call +92 301 9872195 (2023).", "+92 301 9872195, 2023", nil},
		{"a phone with its country and an area code", "Call +92 (42) 99203373.", "+92 42 99203373", nil},
		{"an hour", "Open 9:00 to 17:30.", "с 9 до 17.30", []string{"17:30"}},
		{"the same hours", "Open 9:00 to 17:30.", "с 09:00 до 17:30", nil},
		{"a link", "See it (https://beoe.gov.pk/a).", "دیکھیں (https://beoe.gov.pk/a)۔", nil},
		{"a link with another end", "See it (https://beoe.gov.pk/a2).", "دیکھیں (https://beoe.gov.pk/a)۔", []string{"https://beoe.gov.pk/a2"}},
		{"a link's numbers are its own", "See https://a.example/2025/7.", "https://a.example/2025/7", nil},
		{"a mail address", "Write to cmu1@mofa.gov.pk.", "cmu1@mofa.gov.pk", nil},
		{"a solar date in numbers", "Seen 2025-11-26.", "۱۴۰۴/۹/۵", nil},
		{"a solar date in numbers for one in words", "Seen 26 November 2025.", "۱۴۰۴/۰۹/۰۵", nil},
		{"a solar date in Dari", "Seen 26 November 2025.", "دیده\u200cشده در ۵ قوس ۱۴۰۴", nil},
		{"a solar date in Pashto", "Seen 26 November 2025.", "د ۱۴۰۴ کال د لیندۍ ۵مه", nil},
		{"another solar day", "Seen 26 November 2025.", "۶ قوس ۱۴۰۴", []string{"26"}},
		{"a solar year is a day's, not a fee", "It costs 2025.", "۱۴۰۴", []string{"2025"}},
		{"each once", "Pay 50. Not more than 50.", "-", []string{"50"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := lacking(said(c.en), said(c.tr)); !slices.Equal(got, c.lacks) {
				t.Errorf("lacks %q, want %q", got, c.lacks)
			}
		})
	}
}

// Numbers of two blocks stay two, and headings count.
func TestFactsOfAWholeText(t *testing.T) {
	en := &Text{
		Short:    []Block{{Paragraph, "Pay 10"}, {Item, "000 or"}},
		Sections: []Section{{ID: "a", Title: "Within 30 days", Blocks: []Block{{Paragraph, "Call 15."}}}},
	}
	if got, want := lacking(en, said("10000")), []string{"10", "000", "30", "15"}; !slices.Equal(got, want) {
		t.Errorf("lacks %q, want %q", got, want)
	}
}

func TestDigitsOfEveryScript(t *testing.T) {
	n := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		d, ok := digit(r)
		if ok != unicode.Is(unicode.Nd, r) {
			t.Fatalf("%U: %v", r, ok)
		}
		if ok {
			if want := '0' + rune(n%10); d != want {
				t.Fatalf("%U is %c, want %c", r, d, want)
			}
			n++
		}
	}
	if n < 600 {
		t.Errorf("only %d digits", n)
	}
}

func TestLinesOfKeys(t *testing.T) {
	src := strings.TrimLeft(`
# a comment with [brackets] and "quotes
a = 1
b = ["x", # y = 2
  'z]', """
long
""" , "w"]
"c.d" = { e = [
  1, 2 ], f = "}" }
[g]
h = """a \""" [x]
"""""
i.j = 2025-01-01
[[k]]
l = 1
[[k]]
l = 2
[k.m]
n = 3
[[k.o]]
p = 4
`, "\n")
	lines := keyLines(src)
	for key, want := range map[string]int{
		"a": 2, "b": 3, "b[0]": 3, "b[1]": 4, "b[2]": 4, "b[3]": 6, "c.d": 7, "c.d.e": 7, "c.d.e[0]": 8, "c.d.e[1]": 8, "c.d.f": 8,
		"g": 9, "g.h": 10, "g.i.j": 12, "k[0]": 13, "k[0].l": 14, "k[1]": 15, "k[1].l": 16, "k[1].m": 17, "k[1].m.n": 18, "k[1].o[0].p": 20,
		"k.l": 14, "k.m.n": 18,
	} {
		if lines[key] != want {
			t.Errorf("%s is on line %d, want %d", key, lines[key], want)
		}
	}
	p := place{"x", &keyTable{src: src}}
	for key, want := range map[string]int{"k[1].q": 15, "k[0].l.z[3]": 14, "b[9]": 3, "none": 0, "g.none": 9} {
		if got := p.at(key); got != want {
			t.Errorf("the nearest line to %s is %d, want %d", key, got, want)
		}
	}
}

// Between the calendars there is one day for each day.
func TestSolarDays(t *testing.T) {
	for solar, want := range map[[3]int]string{
		{1370, 1, 1}: "1991-03-21", {1403, 12, 30}: "2025-03-20", {1404, 1, 1}: "2025-03-21", {1404, 9, 5}: "2025-11-26",
		{1399, 12, 30}: "2021-03-20", {1400, 1, 1}: "2021-03-21", {1404, 12, 29}: "2026-03-20", {1402, 6, 31}: "2023-09-22", {1402, 7, 1}: "2023-09-23",
	} {
		got, ok := solarDay(solar[0], solar[1], solar[2])
		if !ok || got.Format("2006-01-02") != want {
			t.Errorf("%v is %v, want %s", solar, got, want)
		}
	}
	for _, none := range [][3]int{{1404, 12, 30}, {1404, 7, 31}, {1404, 13, 1}, {1404, 0, 1}, {1404, 1, 32}, {2025, 1, 1}, {1446, 1, 1}} {
		if got, ok := solarDay(none[0], none[1], none[2]); ok {
			t.Errorf("%v is %v", none, got)
		}
	}
	day := time.Date(1991, 3, 21, 0, 0, 0, 0, time.UTC)
	for y := firstSolar; y <= lastSolar; y++ {
		for m := 1; m <= 12; m++ {
			for d := 1; d <= 31; d++ {
				got, ok := solarDay(y, m, d)
				if !ok {
					continue
				}
				if !got.Equal(day) {
					t.Fatalf("%d-%d-%d is %v, want %v", y, m, d, got, day)
				}
				day = day.AddDate(0, 0, 1)
			}
		}
	}
}

// Afghans write years of their own calendar, and English twelve in letters.
func TestOneNumberInTwoLanguages(t *testing.T) {
	text := func(l Locale, words string) *Text {
		return &Text{Locale: l, Short: []Block{{Paragraph, words}}}
	}
	for _, c := range []struct {
		locale     Locale
		en, tr     string
		less, more []string
	}{
		{Dari, "Since 2025 it is closed.", "از سال ۱۴۰۴ بسته است", nil, nil},
		{Pashto, "Since 2026 it is closed.", "له ۱۴۰۴ راهیسې", nil, nil},
		{Dari, "Since 2025 it is closed.", "از سال ۱۴۰۲ بسته است", []string{"2025"}, []string{"1402"}},
		{Urdu, "Since 2025 it is closed.", "۱۴۰۴", []string{"2025"}, []string{"1404"}},
		{Dari, "Seen 26 November 2025.", "۵ قوس ۱۴۰۴", nil, nil},
		{Dari, "Seen 26 November 2025.", "۱۴۰۴/۹/۵", nil, nil},
		{Dari, "Seen 26 November 2025.", "۱۴۰۴/۹/۶", []string{"26"}, []string{"1404/9/6"}},
		{Urdu, "It answers twelve hours, or twenty-five.", "12 یا 25", nil, nil},
		{Urdu, "It answers day and night.", "24 گھنٹے", nil, nil},
		{Urdu, "It answers in the evening.", "24 گھنٹے", nil, []string{"24"}},
	} {
		en, tr := text(English, c.en), text(c.locale, c.tr)
		if got := lacking(en, tr); !slices.Equal(got, c.less) {
			t.Errorf("%q lacks %q of %q, want %q", c.tr, got, c.en, c.less)
		}
		if got := lacking(tr, en); !slices.Equal(got, c.more) {
			t.Errorf("%q has %q beside %q, want %q", c.tr, got, c.en, c.more)
		}
	}
}
