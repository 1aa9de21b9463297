// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// UzbekCyrillic writes Uzbek that stands in Latin letters in Cyrillic ones, for
// people who went to school with those. It follows the table of the law of 2
// September 1993 on the Latin alphabet, as changed on 6 May 1995, read backwards.
// What that table cannot know is listed: the soft sign and ц of words that came by
// way of Russian. Addresses of pages and mail, and words with a letter that the
// Latin alphabet of Uzbek lacks (WhatsApp, MRC), stay as they are, and so does what is in Cyrillic letters already.
func UzbekCyrillic(latin string) string {
	var out strings.Builder
	for latin != "" {
		at := uzbekWord.FindStringIndex(latin)
		if at == nil {
			out.WriteString(latin)
			break
		}
		out.WriteString(latin[:at[0]])
		word := latin[at[0]:at[1]]
		if stays(word) {
			out.WriteString(word)
		} else {
			writeCyrillic(&out, word)
		}
		latin = latin[at[1]:]
	}
	return out.String()
}

// uzbekWord is a word with all its apostrophes, or something longer that has no
// space in it and is an address.
var uzbekWord = regexp.MustCompile(`\S*(?:://|@|\pL\.\pL)\S*|[\pL\pM\d_]+(?:[` + apostrophes + `]+[\pL\pM\d_]+)*[` + apostrophes + `]?`)

// The marks that phones and editors put for the sign of o‘ and g‘ and for the
// stop between vowels.
const apostrophes = "‘’ʻʼ'`´"

// stays says whether a word is not to be written in other letters.
func stays(word string) bool {
	if strings.ContainsAny(word, "@/_0123456789") || strings.Contains(strings.Trim(word, "."), ".") {
		return true
	}
	lower := strings.ToLower(word)
	for i, c := range lower {
		switch {
		case c == 'c' && !strings.HasPrefix(lower[i:], "ch"), c == 'w':
			return true
		case c >= utf8.RuneSelf && unicode.IsLetter(c) && !strings.ContainsRune(apostrophes, c):
			return true
		}
	}
	return slices.Contains(latinNames, lower) ||
		slices.ContainsFunc(latinStems, func(name string) bool { return strings.HasPrefix(lower, name) })
}

// latinNames are words of names that could be Uzbek by their letters, and that
// nobody writes otherwise, because they are looked for by them.
var latinNames = []string{
	"zoom", "the", "phone", "alarm", "help", "missing", "blue", "ami", "talent", "beyond", "boundaries", "student", "airlift",
	"imagine", "erasmus", "mundus", "chevening", "stipendium", "foreign", "agreement", "overseas", "employment", "management", "unit",
	"skill", "development", "referral", "mechanism", "rights", "roshan", "sohni", "dharti", "nagad", "ethero", "surokkha",
	"moghbazar", "state", "life", "foundation", "phd", "lakh", "talian", "kasih",
}

// latinStems are the same, and take endings: Googledan.
var latinStems = []string{"google", "gmail", "youtube", "ruid", "iphone", "probash", "bondhu", "kallyan", "mohre"}

// cyrillicStems are words from Russian that the table alone would write wrongly, by
// their beginnings.
var cyrillicStems = []struct{ latin, cyrillic string }{
	{"yanvar", "январь"}, {"fevral", "февраль"}, {"aprel", "апрель"}, {"iyun", "июнь"}, {"iyul", "июль"},
	{"sentabr", "сентябрь"}, {"oktabr", "октябрь"}, {"noyabr", "ноябрь"}, {"dekabr", "декабрь"},
	{"parol", "пароль"}, {"obyekt", "объект"}, {"subyekt", "субъект"}, {"sement", "цемент"}, {"sirk", "цирк"}, {"sex", "цех"},
	{"aksiya", "акция"}, {"funksiya", "функция"}, {"seksiya", "секция"}, {"budjet", "бюджет"},
	{"retsept", "рецепт"}, {"medal", "медаль"}, {"modul", "модуль"}, {"asfalt", "асфальт"}, {"alpin", "альпин"}, {"albom", "альбом"}, {"kompyuter", "компьютер"},
	{"feldsher", "фельдшер"}, {"myanma", "мьянма"},
}

// The digraphs come before their first letters.
var cyrillicLetters = []struct{ latin, cyrillic string }{
	{"sh", "ш"}, {"ch", "ч"}, {"yo", "ё"}, {"yu", "ю"}, {"ya", "я"}, {"ye", "е"},
	{"a", "а"}, {"b", "б"}, {"d", "д"}, {"f", "ф"}, {"g", "г"}, {"h", "ҳ"}, {"i", "и"}, {"j", "ж"}, {"k", "к"}, {"l", "л"},
	{"m", "м"}, {"n", "н"}, {"o", "о"}, {"p", "п"}, {"q", "қ"}, {"r", "р"}, {"s", "с"}, {"t", "т"}, {"u", "у"}, {"v", "в"},
	{"x", "х"}, {"y", "й"}, {"z", "з"},
}

func writeCyrillic(out *strings.Builder, word string) {
	lower := strings.ToLower(word)
	i := 0
	for _, s := range cyrillicStems {
		if strings.HasPrefix(lower, s.latin) && !strings.HasPrefix(lower[len(s.latin):], "h") {
			cyrillic := s.cyrillic
			if len(word) > len(s.latin) { // июль, but июлда
				cyrillic = strings.TrimSuffix(cyrillic, "ь")
			}
			cased(out, word[:len(s.latin)], cyrillic)
			i = len(s.latin)
			break
		}
	}
	vowel := i == 0 // at the beginning e is э, as after a vowel
	for i < len(word) {
		rest := lower[i:]
		size, letter := 1, ""
		switch {
		case mark(rest) > 0: // between letters a stop, but where it only parts s and h
			size = mark(rest)
			switch {
			case i+size >= len(word):
				letter = word[i : i+size] // it closes a quotation
			case strings.HasSuffix(lower[:i], "s") && strings.HasPrefix(rest[size:], "h"):
			default:
				letter = "ъ"
			}
		case rest[0] == 'o' && mark(rest[1:]) > 0 && i+1+mark(rest[1:]) <= len(word):
			size, letter = 1+mark(rest[1:]), "ў"
		case rest[0] == 'g' && mark(rest[1:]) > 0:
			size, letter = 1+mark(rest[1:]), "ғ"
		case strings.HasPrefix(rest, "yo") && mark(rest[2:]) > 0: // yo‘l is no ёл
			letter = "й"
		case rest[0] == 'e':
			if letter = "е"; vowel {
				letter = "э"
			}
		case strings.HasPrefix(rest, "tsi") && len(rest) > 3 && strings.ContainsRune("yo", rune(rest[3])), strings.HasPrefix(rest, "tsen"), strings.HasPrefix(rest, "tsess"):
			size, letter = 2, "ц" // litsenziya, politsiya, protsent; but ketsa, aytsin
		default:
			for _, l := range cyrillicLetters {
				if strings.HasPrefix(rest, l.latin) {
					size, letter = len(l.latin), l.cyrillic
					break
				}
			}
			if letter == "" { // no letter of the alphabet
				_, size = utf8.DecodeRuneInString(rest)
				letter = word[i : i+size]
			}
		}
		cased(out, word[i:i+size], letter)
		vowel = strings.Contains("аоуиўэёюяе", letter) && letter != ""
		i += size
	}
}

// mark is how long the apostrophe is that s begins with, 0 where there is none.
func mark(s string) int {
	c, size := utf8.DecodeRuneInString(s)
	if s == "" || !strings.ContainsRune(apostrophes, c) {
		return 0
	}
	return size
}

// cased writes letters as large as those that they stand for.
func cased(out *strings.Builder, latin, letters string) {
	first, _ := utf8.DecodeRuneInString(latin)
	switch {
	case !unicode.IsUpper(first):
		out.WriteString(letters)
	case len(latin) > 1 && latin == strings.ToUpper(latin) || utf8.RuneCountInString(letters) == 1:
		out.WriteString(strings.ToUpper(letters))
	default:
		c, size := utf8.DecodeRuneInString(letters)
		out.WriteRune(unicode.ToUpper(c))
		out.WriteString(letters[size:])
	}
}
