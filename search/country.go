// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sarai/content"
)

// The countries that people of the centres come from and their cities, as
// beginnings of words in the scripts and languages they write: "afghan" finds
// Afghans and Afghanistan. Beginnings, because most of these languages decline
// names. Those shorter than four letters, and those behind a "=", are whole
// words.
var origins = []place{
	{"PK", `=pk pakistan pakstan lahore karachi islamabad peshawar rawalpindi sialkot multan faisalabad quetta gujrat gujranwala punjab sindh balochistan
پاکستان لاہور کراچی پشاور راولپنڈی سیالکوٹ ملتان کوئٹہ پنجاب পাকিস্তান пакистан покистон`},
	{"BD", `=bd bangladesh bangladeshi dhaka chittagong chattogram sylhet comilla cumilla khulna noakhali بنگلادیش بنگله بنغلادیش বাংলাদেশ ঢাকা চট্টগ্রাম সিলেট কুমিল্লা бангладеш`},
	{"AF", `afghan afgan kabul herat mazar jalalabad kandahar nangarhar افغان کابل هرات قندهار ننګرهار ننگرهار আফগান афган афғон afgon ئهفغان ئەفغان`},
	{"IQ", `iraq irak baghdad basra erbil mosul sulaymani kurdistan hawler عراق العراق بغداد أربيل اربيل البصرة كوردستان هەولێر سلێمانی ইরাক ирак ироқ عیراق iroq`},
	{"TJ", `=tj tajik tadjik tadzhik tojik dushanbe khujand bokhtar kulob تاجیک তাজিক таджик тоҷик тожик тажик душанбе худжанд хуҷанд`},
	{"KG", `=kg kyrgyz kirgiz qirgiz =osh bishkek batken naryn jalalabat issyk قرغیز قرقیز কিরগিজ кыргыз киргиз қирғиз қырғыз бишкек =ош баткен нарын`},
	{"KZ", `=kz kazakh kazak qozog qazaq almaty astana shymkent aktau قزاق قازاق কাজাখ казах казак қазақ қозоқ қазоқ алмат астан шымкент`},
	{"UZ", `=uz uzbek ozbek özbek tashkent toshkent samarkand samarqand fergana fargona andijan andijon bukhara buxoro namangan khorezm xorazm ازبک اوزبیک উজবেক узбек ўзбек өзбек өзбек ӯзбек ташкент тошкент самарқанд самарканд фергана андижан`},
}

// The countries that they go to, likewise. Kazakhstan and Pakistan are goals
// too, but whoever names them may as well be from there.
var goals = []place{
	{"SA", `saudi saudia =ksa riyadh jeddah dammam madinah makkah сауд саудия саудов рияд سعودی السعودية سعودیە ریاض جدہ সৌদি রিয়াদ জেদ্দা`},
	{"AE", `=uae dubai sharjah ajman emirat imarat abudhabi =dhabi дубай дубаи эмират =оаэ شارجه دبئی دبي دوبی امارات دوبەی দুবাই আমিরাত শারজাহ`},
	{"QA", `qatar doha катар доха قطر قەتەر কাতার দোহা`},
	{"KW", `kuwait quwait кувейт کویت الكويت কুয়েত`},
	{"OM", `=oman omani muscat оман عمان ওমান মাস্কাট`},
	{"BH", `bahrain bahrayn manama бахрейн بحرین البحرين বাহরাইন`},
	{"RU", `russia rossiya rossia moscow moskva moskow petersburg sakharovo росси русси москв петербург =спб рф روسیه روسیې روس روسيا ماسکو مسکو রাশিয়া রুশ`},
	{"TR", `turkey turkiye turkish turkiya istanbul ankara antalya турци туркия түркия стамбул ترکی ترکیه تركيا تورکیا তুরস্ক`},
	{"MY", `malaysia malayzia malaysian penang kuala johor малайзи ملائیشیا ملیشیا مالزی ماليزيا মালয়েশিয়া`},
	{"JP", `japan yapon tokyo япони جاپان ژاپن جاپان اليابان জাপান`},
	{"KR", `korea korean koreya koreyaga =eps seoul корея корее корею корей کوریا کوریه কোরিয়া`},
	{"DE", `germany german germaniya berlin munich hamburg koln герман جرمنی آلمان جرمني ألمانيا ئەڵمانیا জার্মানি`},
	{"IT", `italy itali italian italiya =rome roma milan napoli итали اٹلی ایتالیا إيطاليا ইতালি`},
	{"GB", `=uk britain british england london britaniya британи англи برطانیہ انگلستان بریتانیا بريطانيا যুক্তরাজ্য লন্ডন`},
	{"PL", `poland polish polsha warsaw польш پولینڈ پولند بولندا পোল্যান্ড`},
	{"RO", `romania rumin bucharest румын رومانیہ رومانیا রোমানিয়া`},
	{"BG", `bulgaria болгари بلغاریہ`}, {"SK", `slovakia slovak словаки`}, {"HU", `hungary hungarian vengriya венгри ہنگری`},
	{"CZ", `czech chexiya чехи`}, {"LT", `lithuania litva литв`}, {"LV", `latvia латви`}, {"EE", `estonia эстони`},
	{"HR", `croatia croatian хорвати کروشیا`},
}

// spokenIn says whether a language is at home in one of the countries and in no
// other that people come from. Russian is spoken in too many to tell.
func spokenIn(l content.Locale, countries []content.Country) bool {
	var home content.Country
	switch l {
	case content.Urdu:
		home = "PK"
	case content.Bangla:
		home = "BD"
	case content.Dari, content.Pashto:
		home = "AF"
	case content.Arabic, content.Sorani:
		home = "IQ"
	case content.Tajik:
		home = "TJ"
	case content.Kyrgyz:
		home = "KG"
	case content.Kazakh:
		home = "KZ"
	case content.Uzbek:
		home = "UZ"
	}
	return home != "" && slices.Contains(countries, home)
}

// A place is a country and the beginnings of its names.
type place struct {
	country content.Country
	stems   string
}

// lands finds the countries that a message names.
type lands struct {
	origins, goals atlas
}

// An atlas holds beginnings of names by their first two runes.
type atlas map[string][]stem

type stem struct {
	text    string
	whole   bool // the whole name, not its beginning
	country content.Country
}

// is says whether the word is of the stem.
func (s stem) is(word string) bool {
	return word == s.text || !s.whole && strings.HasPrefix(word, s.text)
}

func newLands(known []*content.Land) *lands {
	l := &lands{origins: atlas{}, goals: atlas{}}
	for _, o := range origins {
		l.origins.add(o, known)
	}
	for _, g := range goals {
		l.goals.add(g, known)
	}
	return l
}

// names says whether any country of either kind is named.
func (l *lands) names(ws []string) bool {
	return len(l.origins.named(ws)) > 0 || len(l.goals.named(ws)) > 0
}

func (a atlas) add(p place, known []*content.Land) {
	add := func(name string) {
		name, whole := strings.CutPrefix(name, "=")
		w := strings.Join(words(Normalise(name)), "")
		s := stem{w, whole || utf8.RuneCountInString(w) < 4, p.country}
		if k := opening(w); w != "" && !slices.Contains(a[k], s) {
			a[k] = append(a[k], s)
		}
	}
	for _, w := range strings.Fields(p.stems) {
		add(w)
	}
	for _, land := range known {
		if land.Code != p.country {
			continue
		}
		for _, loc := range content.Locales() {
			if n := land.Names[loc]; len(strings.Fields(n)) == 1 {
				add(n)
			}
		}
	}
}

// named gives the countries that are named, each once.
func (a atlas) named(ws []string) []content.Country {
	var cs []content.Country
	for _, w := range ws {
		for _, s := range a[opening(w)] {
			if s.is(w) && !slices.Contains(cs, s.country) {
				cs = append(cs, s.country)
			}
		}
	}
	return cs
}
