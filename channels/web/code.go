// SPDX-License-Identifier: GPL-3.0-or-later

package web

import (
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A code is six words of two syllables, with which a talk goes on from another
// phone: "bada rumi …". A syllable is one of eleven consonants and one of three
// vowels, chosen so that the word is the same whoever says it and in whichever
// script it is written. There is no p, g or e, which Arabic keyboards lack or
// speakers confuse; no z, which is j in Bengali; no h, v or sh. That makes
// 33⁴ = 1,185,921 for two words and 33¹² for six: 60 bits. A code opens a talk,
// so tries are limited; see Options.Tries.
const (
	consonants  = "bdfjklmnrst"
	vowels      = "aiu"
	codeWords   = 6
	codeLetters = codeWords * 4
)

// errNotACode says that what was typed cannot be a code.
var errNotACode = errors.New("web: this is not a code of six words")

// scripts are the letters of a code in other scripts, in the order of consonants
// and then vowels.
var scripts = map[string]string{
	"arab": "بدفجکلمنرستایو", // as in Urdu, Dari, Pashto, Sorani; see arabic
	"cyrl": "бдфжклмнрстаиу",
	"beng": "বদফজকলমনরসতািু",
}

// arabic are the two letters that Arabic itself writes otherwise.
var arabic = strings.NewReplacer("ک", "ك", "ی", "ي")

// alike are letters that people type for one of a code's, because they sound or
// look like it or stand on the same key: nobody should fail over a keyboard.
var alike = map[byte]string{
	'a': "آأإٱәআ",
	'i': "eyıيىئېێеёэыйіӣইঈীেএ",
	'u': "owؤۆۇоөүұўӯউঊূোও",
	'b': "pvپпвপভ",
	'd': "ذضڈډধডঢ",
	'f': "ڤ",
	'j': "zزژظзҗҷџযঝ",
	'k': "cqكڪقқҡখ",
	'l': "ڵ",
	'n': "ںڼণ",
	'r': "ڑړڕ",
	's': "صثষশ",
	't': "طٹټةটঠথৎ",
}

// letters is what each letter that people may type stands for.
var letters = func() map[rune]byte {
	m := map[rune]byte{}
	for i, l := range []byte(consonants + vowels) {
		m[rune(l)] = l
		for _, s := range scripts {
			m[[]rune(s)[i]] = l
		}
		for _, r := range alike[l] {
			m[r] = l
		}
	}
	return m
}()

// codeFor gives the code of a token, as its 24 Latin letters. It follows from
// the token alone: asked twice, for instance over a line that lost the first
// answer, it is the same, and a talk has no more keys than its owner knows of.
func codeFor(token string) string {
	sum := sha256.Sum256([]byte("sarai: code of a web chat\x00" + token))
	n := new(big.Int).SetBytes(sum[:])
	c, v, rest := big.NewInt(int64(len(consonants))), big.NewInt(int64(len(vowels))), new(big.Int)
	var b strings.Builder
	for range codeLetters / 2 {
		n.DivMod(n, c, rest)
		b.WriteByte(consonants[rest.Int64()])
		n.DivMod(n, v, rest)
		b.WriteByte(vowels[rest.Int64()])
	}
	return b.String()
}

// isCode says whether a token is a code.
func isCode(token string) bool {
	if len(token) != codeLetters {
		return false
	}
	for i := range len(token) {
		set := consonants
		if i%2 == 1 {
			set = vowels
		}
		if strings.IndexByte(set, token[i]) < 0 {
			return false
		}
	}
	return true
}

// parseCode reads a code as somebody typed it: in any of the scripts, with any
// spacing, case, hyphens and marks. It fails with errNotACode.
func parseCode(typed string) (string, error) {
	if len(typed) > 1000 { // six words in Bengali with commas have about 100 bytes
		return "", errNotACode
	}
	var b strings.Builder
	for _, r := range strings.ToLower(norm.NFKC.String(typed)) {
		l, ok := letters[r]
		if !ok { // á is an a
			plain, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
			l, ok = letters[plain]
		}
		if ok {
			b.WriteByte(l)
		} else if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return "", errNotACode
		}
	}
	if !isCode(b.String()) {
		return "", errNotACode
	}
	return b.String(), nil
}

// words writes a code in a script as its six words. A script that is not known
// is Latin; "arab-ar" is the Arabic script as Arabic itself uses it.
func words(code, script string) []string {
	name, _, own := strings.Cut(script, "-")
	set := []rune(consonants + vowels)
	if s, ok := scripts[name]; ok {
		set = []rune(s)
	}
	var ws []string
	for i := 0; i < len(code); i += 4 {
		var b strings.Builder
		for j := range 4 {
			b.WriteRune(set[strings.IndexByte(consonants+vowels, code[i+j])])
		}
		w := b.String()
		if own {
			w = arabic.Replace(w)
		}
		ws = append(ws, w)
	}
	return ws
}
