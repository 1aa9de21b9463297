// SPDX-License-Identifier: GPL-3.0-or-later

package register_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"sarai/register"
)

// No real firm stands in these tests. Their names are made of syllables by a
// seeded function and then of what such firms are mostly called.

// A namer invents names. The words it makes are used again by other firms, as
// they are in a real register.
type namer struct {
	*rand.Rand
	stock []string
}

func newNamer(seed uint64) *namer { return &namer{Rand: rand.New(rand.NewPCG(seed, 7))} }

func (r *namer) of(words ...string) string { return words[r.IntN(len(words))] }

// root is a made-up word of two or three syllables.
func (r *namer) root() string {
	if len(r.stock) > 400 && r.IntN(3) > 0 {
		return r.stock[r.IntN(len(r.stock))]
	}
	var b strings.Builder
	for range 2 + r.IntN(2) {
		b.WriteString(r.of("b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "z", "sh", "kh", "ch", "w", "y", "q", "gh"))
		b.WriteString(r.of("a", "a", "i", "u", "o", "e", "aa", "ee", "oo"))
		if r.IntN(3) == 0 {
			b.WriteString(r.of("n", "r", "l", "m", "s", "b", "d", "k", "sh"))
		}
	}
	s := b.String()
	r.stock = append(r.stock, s)
	return s
}

func (r *namer) name() string {
	words := []string{r.root()}
	switch r.IntN(6) {
	case 0, 1, 2:
		words = append(words, r.root())
	case 3:
		words = []string{"al", words[0]}
	case 4:
		words = append(words, r.of("brothers", "star", "golden", "pak", "asia", "gulf", "link", "way", "sky", "hope"))
	}
	words = append(words, r.of("overseas employment promoters", "recruiting agency", "manpower services", "international", "travels",
		"overseas", "trade test center", "hr consultants", "enterprises", "manpower recruiting agency"))
	if r.IntN(3) == 0 {
		words = append(words, r.of("pvt ltd", "(pvt) ltd.", "ltd"))
	}
	s := strings.Join(words, " ")
	if r.IntN(2) == 0 {
		return strings.ToUpper(s)
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// invented is a register of n firms. The same seed gives the same.
func invented(n int, seed uint64) register.File {
	r := newNamer(seed)
	seen := map[string]bool{}
	var entries []register.Entry
	for i := 1; len(entries) < n; i++ {
		name := r.name()
		if seen[strings.ToLower(name)] {
			continue
		}
		seen[strings.ToLower(name)] = true
		entries = append(entries, register.Entry{
			Name: name, Licence: fmt.Sprintf("OEP/%04d/%s", i, r.of("LHR", "KHI", "RWP", "PWR", "MLK")),
			Status: []register.Status{register.Active, register.Active, register.Active, register.Suspended, register.Cancelled, register.Blacklisted}[r.IntN(6)],
			Until:  day(2027, 1, 1).AddDate(0, 0, r.IntN(700)), City: r.of("Town A", "Town B"),
		})
	}
	return register.File{Country: "PK", Sources: []register.Source{{Name: "An invented list", AsOf: day(2026, 11, 1), Entries: entries}}}
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// typo is a name with one slip of a thumb: a letter left out, doubled by another,
// exchanged, or two in the wrong order.
func (r *namer) typo(name string) string {
	s := []byte(strings.ToLower(name))
	for {
		i := r.IntN(len(s) - 1)
		if s[i] < 'a' || s[i] > 'z' {
			continue
		}
		letter := byte('a' + r.IntN(26))
		switch r.IntN(4) {
		case 0:
			return string(append(s[:i:i], s[i+1:]...))
		case 1:
			return string(s[:i]) + string(letter) + string(s[i:])
		case 2:
			s[i] = letter
		case 3:
			if s[i+1] < 'a' || s[i+1] > 'z' {
				continue
			}
			s[i], s[i+1] = s[i+1], s[i]
		}
		return string(s)
	}
}

// The three functions write a Latin name as somebody would who only hears it:
// each letter by its most usual sign, short vowels left out where the script does.
var (
	urduSigns = []string{
		"tion", "شن", "ce", "سی", "ci", "سی", "cy", "سی", "sh", "ش", "kh", "خ", "ch", "چ", "gh", "غ", "th", "تھ", "ph", "ف", "aa", "ا", "ee", "ی", "oo", "و", "ou", "و",
		"a", "", "b", "ب", "c", "ک", "d", "د", "e", "ی", "f", "ف", "g", "گ", "h", "ہ", "i", "ی", "j", "ج", "k", "ک", "l", "ل", "m", "م",
		"n", "ن", "o", "و", "p", "پ", "q", "ق", "r", "ر", "s", "س", "t", "ت", "u", "و", "v", "و", "w", "و", "x", "کس", "y", "ی", "z", "ز",
	}
	banglaSigns = []string{
		"tion", "শন", "ce", "সে", "ci", "সি", "cy", "সি", "sh", "শ", "kh", "খ", "ch", "চ", "gh", "ঘ", "th", "থ", "ph", "ফ", "aa", "া", "ee", "ি", "oo", "ু", "ou", "ু",
		"a", "া", "b", "ব", "c", "ক", "d", "দ", "e", "ে", "f", "ফ", "g", "গ", "h", "হ", "i", "ি", "j", "জ", "k", "ক", "l", "ল", "m", "ম",
		"n", "ন", "o", "ো", "p", "প", "q", "ক", "r", "র", "s", "স", "t", "ত", "u", "ু", "v", "ভ", "w", "ওয়", "x", "ক্স", "y", "য়", "z", "জ",
	}
	cyrillicSigns = []string{
		"tion", "шн", "ce", "се", "ci", "си", "cy", "си", "sh", "ш", "kh", "х", "ch", "ч", "gh", "г", "th", "т", "ph", "ф", "aa", "а", "ee", "и", "oo", "у", "ou", "у",
		"a", "а", "b", "б", "c", "к", "d", "д", "e", "е", "f", "ф", "g", "г", "h", "х", "i", "и", "j", "дж", "k", "к", "l", "л", "m", "м",
		"n", "н", "o", "о", "p", "п", "q", "к", "r", "р", "s", "с", "t", "т", "u", "у", "v", "в", "w", "в", "x", "кс", "y", "й", "z", "з",
	}
)

// In Urdu a doubled consonant is written once.
func urdu(name string) string {
	words := strings.Fields(strings.ToLower(name))
	for i, w := range words {
		for _, c := range "bcdfgjklmnpqrstvwyz" {
			w = strings.ReplaceAll(w, string([]rune{c, c}), string(c))
		}
		first := ""
		if strings.IndexByte("aeiou", w[0]) >= 0 { // a vowel needs its bearer
			first = "ا"
		}
		words[i] = first + strings.NewReplacer(urduSigns...).Replace(w)
		if strings.HasSuffix(w, "a") && !strings.HasSuffix(w, "aa") {
			words[i] += "ا"
		}
	}
	return strings.Join(words, " ")
}

// In Bangla a vowel after a consonant is a sign of it, and one by itself a letter;
// consonants without one between them are joined.
func bangla(name string) string {
	alone := map[rune]rune{'া': 'আ', 'ি': 'ই', 'ু': 'উ', 'ে': 'এ', 'ো': 'ও'}
	var out []rune
	before := ' ' // what stood there: a consonant (c), a vowel (v), or nothing
	for _, r := range strings.NewReplacer(banglaSigns...).Replace(strings.ToLower(name)) {
		letter, vowel := alone[r]
		switch {
		case vowel && before != 'c':
			out = append(out, letter)
			before = 'v'
		case vowel:
			out = append(out, r)
			before = 'v'
		case r >= 'ক' && r <= 'হ':
			if before == 'c' {
				out = append(out, '্')
			}
			out = append(out, r)
			before = 'c'
		case r == '়': // of য়, which is a consonant
			out = append(out, r)
		default:
			out = append(out, r)
			before = ' '
		}
	}
	return string(out)
}

func cyrillic(name string) string {
	return strings.NewReplacer(cyrillicSigns...).Replace(strings.ToLower(name))
}
