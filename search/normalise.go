// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longest is how many runes of a message are read. A longer one is read as its
// first and its last half of that, because a cry for help stands at the start
// or at the end of a long story.
const longest = 2000

// Normalise writes what different keyboards, fonts and habits make different
// in one way: compatibility forms composed, lower case, no vowel marks, no
// tatweel, no invisible characters, one form of each letter that phones type
// in several, ASCII digits, no apostrophes, and one space for everything that
// is neither letter nor digit. It is what questions, sample questions and
// signal rules are compared by, and is not meant to be read.
//
// The result has at most 2,000 runes: a longer message gives its first and its
// last 1,000. Invalid UTF-8 counts as a space.
func Normalise(s string) string {
	return fold(compose(s))
}

// compose does what is harmless to the look of a text: it bounds it, composes
// it, makes it lower case and takes out what cannot be seen. Languages are told
// apart on this form, because fold removes the letters that tell them apart.
func compose(s string) string {
	s = bound(strings.ToValidUTF8(bound(s), " "))
	s = strings.ToLower(norm.NFKC.String(s))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == 'ـ', unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, s)
	// A single character can stand for eighteen (U+FDFA), so bound again.
	return bound(s)
}

// bound gives the first and last half of a text longer than [longest] runes,
// with a space between, without decoding the middle.
func bound(s string) string {
	if len(s) <= longest {
		return s
	}
	if len(s) <= longest*utf8.UTFMax && utf8.RuneCountInString(s) <= longest {
		return s
	}
	const half = longest / 2
	head, tail := 0, len(s)
	for range half {
		_, n := utf8.DecodeRuneInString(s[head:])
		head += n
	}
	for range half - 1 { // one rune is the space between
		_, n := utf8.DecodeLastRuneInString(s[:tail])
		tail -= n
	}
	return s[:head] + " " + s[tail:]
}

// fold takes the letters of a composed text to one form each.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := true // no space at the start
	for _, r := range s {
		if r < utf8.RuneSelf {
			switch {
			case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
				b.WriteByte(byte(r))
				space = false
			case r == '\'' || r == '`':
			case !space:
				b.WriteByte(' ')
				space = true
			}
			continue
		}
		if f, ok := folds[r]; ok {
			if f != 0 {
				b.WriteRune(f)
				space = false
			}
			continue
		}
		switch {
		case unicode.IsLetter(r):
			r = base(r)
			if f, ok := folds[r]; ok {
				r = f
			}
			b.WriteRune(r)
			space = false
		case unicode.IsDigit(r):
			b.WriteByte('0' + digit(r))
			space = false
		case unicode.IsMark(r):
			// Vowels of Bengali and its kin are marks and carry the word.
			// Those of Arabic, and accents, are left out by most.
			if r >= 0x0900 && r <= 0x0DFF && !space {
				b.WriteRune(r)
			}
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// base takes the accent off a Latin letter and leaves all others alone: the
// breve of й and ў, or the macron of ӣ, make other letters.
func base(r rune) rune {
	if (r >= 0xC0 && r <= 0x24F) || (r >= 0x1E00 && r <= 0x1EFF) {
		var src [utf8.UTFMax]byte
		d := norm.NFD.Bytes(src[:utf8.EncodeRune(src[:], r)])
		r, _ = utf8.DecodeRune(d)
	}
	return r
}

// digit is the value of a decimal digit of any script.
func digit(r rune) byte {
	for _, t := range unicode.Nd.R16 {
		if r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10)
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10)
		}
	}
	return 0
}

// folds are the letters that keyboards and habits exchange. A fold to 0 drops
// the letter without breaking the word.
var folds = map[rune]rune{
	// Yeh of Arabic, Persian, Urdu and Pashto keyboards, and with hamza.
	'ي': 'ی', 'ى': 'ی', 'ئ': 'ی', 'ې': 'ی', 'ۍ': 'ی', 'ێ': 'ی', 'ٸ': 'ی',
	// Kaf and gaf.
	'ك': 'ک', 'ڪ': 'ک', 'ګ': 'گ',
	// Heh in its seven forms, and teh marbuta, which is spoken as one.
	'ه': 'ه', 'ہ': 'ه', 'ھ': 'ه', 'ە': 'ه', 'ة': 'ه', 'ۃ': 'ه', 'ۀ': 'ه', 'ۂ': 'ه',
	// Alef and waw with their hamzas.
	'أ': 'ا', 'إ': 'ا', 'آ': 'ا', 'ٱ': 'ا', 'ؤ': 'و', 'ۆ': 'و', 'ۇ': 'و', 'ء': 0,
	// Letters that many type without their dots or small signs.
	'ں': 'ن', 'ڕ': 'ر', 'ڵ': 'ل', 'ڤ': 'ف',
	// Russian.
	'ё': 'е',
	// What is typed for the apostrophe of o' and g', or for an ordinary one.
	'‘': 0, '’': 0, 'ʻ': 0, 'ʼ': 0, 'ʹ': 0, '´': 0, 'ˈ': 0, '′': 0, '‛': 0,
	// Latin letters that have no decomposition.
	'ı': 'i', 'ß': 's', 'ø': 'o', 'đ': 'd', 'ł': 'l', 'æ': 'a', 'ə': 'a',
	// Chandrabindu is left out as often as it is written.
	'ঁ': 0,
}

// words splits a normalised text.
func words(normalised string) []string { return strings.Fields(normalised) }
