// SPDX-License-Identifier: GPL-3.0-or-later

package search

import "strings"

// Latin writes a text as [Normalise] leaves it in one Latin alphabet, by sound
// as people romanise, so that names in different scripts can be compared. Latin
// letters, digits and spaces stay as they are, and so does a script that nobody
// here writes.
func Latin(normalised string) string { return latin(normalised) }

// latin writes a normalised word in one Latin alphabet, so that a question in
// another script than the sample's still shares pieces with it. Words that are
// in Latin letters already stay as they are.
//
// The table maps by sound as people romanise, and keeps alef, because a table
// made for libraries that drops it or writes "kh" for kaf finds nothing.
func latin(word string) string {
	ascii := true
	for i := 0; i < len(word); i++ {
		if word[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return word
	}
	var b strings.Builder
	b.Grow(len(word))
	consonant := false // the last letter was a Bengali consonant with its own vowel
	for _, r := range word {
		if r < 0x80 {
			b.WriteByte(byte(r))
			consonant = false
			continue
		}
		switch {
		case r >= 'ক' && r <= 'হ' || r == 'ৎ':
			if consonant {
				b.WriteByte('o')
			}
			b.WriteString(latins[r])
			consonant = r != 'ৎ'
		case r == '়': // the dot of ড় ঢ় য়
		case r == '্': // no vowel follows
			consonant = false
		default:
			if consonant && bengaliSigns[r] == 0 {
				b.WriteByte('o')
			}
			if t, ok := latins[r]; ok {
				b.WriteString(t)
			} else {
				b.WriteRune(r) // a script that nobody here writes stays itself
			}
			consonant = false
		}
	}
	return b.String()
}

// bengaliSigns are the signs that take the place of a consonant's own vowel.
var bengaliSigns = map[rune]byte{'া': 1, 'ি': 1, 'ী': 1, 'ু': 1, 'ূ': 1, 'ৃ': 1, 'ে': 1, 'ৈ': 1, 'ো': 1, 'ৌ': 1, 'ং': 1, 'ঃ': 1}

// latins is the table behind [latin], for letters as [Normalise] leaves them.
var latins = map[rune]string{
	// Arabic script: Arabic, Persian, Urdu, Pashto, Sorani.
	'ا': "a", 'ب': "b", 'پ': "p", 'ت': "t", 'ٹ': "t", 'ټ': "t", 'ث': "s", 'ج': "j", 'چ': "ch", 'ح': "h",
	'خ': "kh", 'څ': "ts", 'ځ': "dz", 'د': "d", 'ڈ': "d", 'ډ': "d", 'ذ': "z", 'ر': "r", 'ڑ': "r", 'ړ': "r",
	'ز': "z", 'ژ': "zh", 'ږ': "g", 'س': "s", 'ش': "sh", 'ښ': "sh", 'ص': "s", 'ض': "z", 'ط': "t", 'ظ': "z",
	'ع': "a", 'غ': "gh", 'ف': "f", 'ق': "q", 'ک': "k", 'گ': "g", 'ل': "l", 'م': "m", 'ن': "n", 'ڼ': "n",
	'و': "o", 'ه': "h", 'ی': "i", 'ے': "e",
	// Bengali.
	'অ': "o", 'আ': "a", 'ই': "i", 'ঈ': "i", 'উ': "u", 'ঊ': "u", 'ঋ': "ri", 'এ': "e", 'ঐ': "oi", 'ও': "o", 'ঔ': "ou",
	'ক': "k", 'খ': "kh", 'গ': "g", 'ঘ': "gh", 'ঙ': "ng", 'চ': "ch", 'ছ': "ch", 'জ': "j", 'ঝ': "jh", 'ঞ': "n",
	'ট': "t", 'ঠ': "th", 'ড': "d", 'ঢ': "dh", 'ণ': "n", 'ত': "t", 'থ': "th", 'দ': "d", 'ধ': "dh", 'ন': "n",
	'প': "p", 'ফ': "f", 'ব': "b", 'ভ': "v", 'ম': "m", 'য': "j", 'র': "r", 'ল': "l", 'শ': "sh", 'ষ': "sh", 'স': "s", 'হ': "h", 'ৎ': "t",
	'া': "a", 'ি': "i", 'ী': "i", 'ু': "u", 'ূ': "u", 'ৃ': "ri", 'ে': "e", 'ৈ': "oi", 'ো': "o", 'ৌ': "ou", 'ং': "ng", 'ঃ': "",
	// Cyrillic: Russian, then Tajik, Uzbek, Kyrgyz and Kazakh.
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ж': "j", 'з': "z", 'и': "i", 'й': "y", 'к': "k",
	'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "x",
	'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "sh", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
	'ғ': "g", 'ӣ': "i", 'қ': "q", 'ӯ': "u", 'ҳ': "h", 'ҷ': "j", 'ў': "o", 'ң': "ng", 'ө': "o", 'ү': "u",
	'ә': "a", 'ұ': "u", 'і': "i", 'һ': "h", 'є': "e", 'ї': "i",
}

// skeleton is a Latin word without its vowels, in classes of consonants that
// romanisations exchange: "kahan", "kahaan" and کہاں are all "kn". Words whose
// skeleton has fewer than two consonants have none.
func skeleton(latin string) string {
	var b [32]byte
	out := b[:0]
	for i := 0; i < len(latin) && len(out) < cap(out); i++ {
		c := latin[i]
		next := byte(0)
		if i+1 < len(latin) {
			next = latin[i+1]
		}
		switch c {
		case 'a', 'e', 'i', 'o', 'u', 'y', 'w':
			continue
		case 'h':
			// Breath after a consonant (kh, bh, sh) or a letter of its own: how
			// کہاں is typed does not tell, so only a first one counts.
			if i > 0 {
				continue
			}
		case 'x':
			c = 'k'
			if next != 0 && !vowel(next) {
				out = append(out, 'k')
				c = 's'
			}
		case 'q':
			c = 'k'
		case 'v':
			// و is both; so is b for v in Bangla.
			continue
		case 'z':
			c = 's'
			if next == 'h' {
				c = 'j'
			}
		case 'c':
			c = 'k'
			if next == 'h' || next == 'e' || next == 'i' {
				c = 's'
			}
		case 'p':
			if next == 'h' {
				c = 'f'
			}
		}
		if n := len(out); n > 0 && out[n-1] == c {
			continue
		}
		out = append(out, c)
	}
	if len(out) < 2 {
		return ""
	}
	return string(out)
}

func vowel(c byte) bool {
	switch c {
	case 'a', 'e', 'i', 'o', 'u', 'y', 'w':
		return true
	}
	return false
}
