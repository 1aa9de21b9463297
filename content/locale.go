// SPDX-License-Identifier: GPL-3.0-or-later

package content

import "strings"

// A Locale is one of the languages that Sarai speaks, by its tag. "" means not
// known.
type Locale string

// The locales, in the order in which a choice of languages shows them.
const (
	English  Locale = "en"
	Urdu     Locale = "ur"
	Pashto   Locale = "ps"
	Dari     Locale = "fa-AF"
	Bangla   Locale = "bn"
	Arabic   Locale = "ar"
	Sorani   Locale = "ckb"
	Tajik    Locale = "tg"
	Russian  Locale = "ru"
	Kyrgyz   Locale = "ky"
	Kazakh   Locale = "kk"
	Uzbek    Locale = "uz"
	NoLocale Locale = ""
)

type language struct {
	locale  Locale
	name    string // in its own script
	rtl     bool
	next    []Locale // who reads this can mostly read these
	aliases []string
}

// The fallbacks are those of the plan of articles: Central Asian languages fall
// back to Russian, then English; all others to English. The aliases are exact:
// a library's guess can make Persian of Iraqi Arabic.
var languages = []language{
	{English, "English", false, nil, nil},
	{Urdu, "اردو", true, []Locale{English}, []string{"pnb", "skr", "hnd"}},
	{Pashto, "پښتو", true, []Locale{English}, []string{"pbt", "pbu", "pst"}},
	{Dari, "دری", true, []Locale{English}, []string{"prs", "fa", "pes", "haz"}},
	{Bangla, "বাংলা", false, []Locale{English}, []string{"syl", "ctg", "rhg"}},
	{Arabic, "العربية", true, []Locale{English}, []string{"arb", "arz", "apc", "acm", "ayp", "ary"}},
	{Sorani, "کوردی", true, []Locale{English}, []string{"ku-Arab", "ku"}},
	{Tajik, "тоҷикӣ", false, []Locale{Russian, English}, []string{"tgk"}},
	{Russian, "русский", false, []Locale{English}, []string{"rus", "be"}},
	{Kyrgyz, "кыргызча", false, []Locale{Russian, English}, []string{"kir"}},
	{Kazakh, "қазақша", false, []Locale{Russian, English}, []string{"kaz"}},
	{Uzbek, "o‘zbekcha", false, []Locale{Russian, English}, []string{"uzn", "uz-Latn", "uz-Cyrl", "uzs"}},
}

func (l Locale) language() (language, bool) {
	for _, x := range languages {
		if x.locale == l {
			return x, true
		}
	}
	return language{}, false
}

// Locales gives all locales that Sarai can speak. The caller owns the slice.
func Locales() []Locale {
	ls := make([]Locale, len(languages))
	for i, x := range languages {
		ls[i] = x.locale
	}
	return ls
}

// ParseLocale finds the locale for a language tag, by its exact tag, a known
// alias, or either of them after the region and script are cut off ("ur-PK" is
// Urdu). It reports false where the table does not decide; nothing is guessed.
func ParseLocale(tag string) (Locale, bool) {
	tag = strings.ReplaceAll(strings.TrimSpace(tag), "_", "-")
	for tag != "" {
		for _, x := range languages {
			if strings.EqualFold(tag, string(x.locale)) {
				return x.locale, true
			}
			for _, a := range x.aliases {
				if strings.EqualFold(tag, a) {
					return x.locale, true
				}
			}
		}
		i := strings.LastIndexByte(tag, '-')
		if i < 0 {
			break
		}
		tag = tag[:i]
	}
	return NoLocale, false
}

// RTL says whether the locale is written from right to left.
func (l Locale) RTL() bool { x, _ := l.language(); return x.rtl }

// Name is the locale's name in its own script, or the tag for an unknown one.
func (l Locale) Name() string {
	if x, ok := l.language(); ok {
		return x.name
	}
	return string(l)
}

// Fallbacks are the locales that somebody who reads l can mostly read, nearest
// first, without l.
func (l Locale) Fallbacks() []Locale { x, _ := l.language(); return append([]Locale(nil), x.next...) }
