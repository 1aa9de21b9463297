// SPDX-License-Identifier: GPL-3.0-or-later

//go:build linux

package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// A mark is a string that occurs nowhere by chance, so that wherever it is found
// something leaked.
type mark struct {
	what string // where it was put in
	core string // what is looked for
	// of is whose talk keeps it and whose export shows it; "" where it is nobody's or
	// where an export leaves it out.
	of string
}

// marks are all that were made.
type marks struct{ all []mark }

// Letters without such as a normalisation would change, and none that make words.
const (
	latinLetters    = "bcdfghjklmnpqrstvwxz"
	urduLetters     = "بپتجچخدرزسشغفقلمن"
	cyrillicLetters = "бвгджзклмнпрстфхц"
)

func (m *marks) draw(what, of, letters string, n int) string {
	from := []rune(letters)
	var b strings.Builder
	for range n {
		b.WriteRune(from[rand.IntN(len(from))])
	}
	m.all = append(m.all, mark{what, b.String(), of})
	return b.String()
}

func (m *marks) latin(what, of string) string    { return m.draw(what, of, latinLetters, 14) }
func (m *marks) urdu(what, of string) string     { return m.draw(what, of, urduLetters, 12) }
func (m *marks) cyrillic(what, of string) string { return m.draw(what, of, cyrillicLetters, 12) }
func (m *marks) digits(what, of string, n int) string {
	return m.draw(what, of, "123456789", n)
}

// awkward is one in two scripts, with what HTML, JSON, URLs and logs escape.
func (m *marks) awkward(what, of string) string {
	return m.latin(what, of) + " <b>&\"'\\\t%41</b>\n=" + m.urdu(what, of) + "\u2028" + m.cyrillic(what, of)
}

// known adds what was made elsewhere: a token, a number, a code.
func (m *marks) known(what, core string) string {
	m.all = append(m.all, mark{what, core, ""})
	return core
}

// kept gives the cores that somebody's talk keeps.
func (m *marks) kept(of string) (all []mark) {
	for _, x := range m.all {
		if x.of == of {
			all = append(all, x)
		}
	}
	return all
}

// A needle is one way to write a mark.
type needle struct {
	bytes []byte
	of    int // index in marks.all
	form  string
}

// A finder looks for all forms of all marks in one pass.
type finder struct {
	marks []mark
	maybe [1 << 16]bool // by a hash of the first four bytes
	by    map[uint32][]needle
}

// first are the first four bytes.
func first[T ~string | ~[]byte](s T) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func slot(x uint32) uint32 { return x * 2654435761 >> 16 }

// finder gives the finder of the marks that were made so far.
func (m *marks) finder() *finder {
	f := &finder{marks: slices.Clone(m.all), by: map[uint32][]needle{}}
	for i, x := range f.marks {
		for form, s := range forms(x.core) {
			if s == x.core && form != "as it is" {
				continue
			}
			x := first(s)
			f.maybe[slot(x)] = true
			f.by[x] = append(f.by[x], needle{[]byte(s), i, form})
		}
	}
	return f
}

// forms are the ways in which a string may stand in a file or a log.
func forms(core string) map[string]string {
	units := utf16.Encode([]rune(core))
	var little, big []byte
	var escaped, entities strings.Builder
	for _, u := range units {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
		fmt.Fprintf(&escaped, `\u%04x`, u)
		fmt.Fprintf(&entities, "&#%d;", u)
	}
	var x strings.Builder
	for _, b := range []byte(core) {
		fmt.Fprintf(&x, `\x%02x`, b)
	}
	sum := sha256.Sum256([]byte(core)) // numbers can be tried one after the other
	all := map[string]string{
		"SHA-256":  string(sum[:16]),
		"as it is": core, "in capitals": strings.ToUpper(core), "UTF-16": string(little), "UTF-16, big end first": string(big),
		"entities": entities.String(), "escaped": escaped.String(), "escaped in capitals": strings.ReplaceAll(strings.ToUpper(escaped.String()), `\U`, `\u`),
		"percent": url.QueryEscape(core), "percent in small letters": strings.ToLower(url.QueryEscape(core)), "bytes escaped": x.String(),
	}
	for _, from := range []string{"as it is", "UTF-16", "UTF-16, big end first", "escaped", "percent", "SHA-256"} {
		s := all[from]
		all[from+", hex"], all[from+", hex in capitals"] = hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s)))
		for before, cut := range []int{0, 2, 3} { // characters that the bytes before take part in
			raw := append(make([]byte, before), s...)
			for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 of URLs": base64.RawURLEncoding} {
				e := enc.EncodeToString(raw)
				all[fmt.Sprint(from, ", ", name, " after ", before)] = e[cut : len(raw)*8/6]
			}
		}
	}
	return all
}

// in says which marks are in b, and how they are written there.
func (f *finder) in(b []byte) map[int]string {
	var found map[int]string
	for i := 0; i+4 <= len(b); i++ {
		x := first(b[i:])
		if !f.maybe[slot(x)] {
			continue
		}
		for _, n := range f.by[x] {
			if len(b)-i >= len(n.bytes) && string(b[i:i+len(n.bytes)]) == string(n.bytes) {
				if found == nil {
					found = map[int]string{}
				}
				found[n.of] = n.form
			}
		}
	}
	return found
}
