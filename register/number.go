// SPDX-License-Identifier: GPL-3.0-or-later

package register

import (
	"slices"
	"strings"

	"sarai/search"
)

// A run is digits or letters that stand together in a number. Zeros in front are
// left out, as people leave them out.
type run struct {
	text   string
	digits bool
}

// runs takes a number apart: "OEP-0123/LHR" is oep, 123 and lhr in any script,
// however it is divided.
func runs(number string) []run { return runsOf(wordsOf(number)) }

func runsOf(words []string) (out []run) {
	for _, w := range words {
		for w != "" {
			digits := w[0] >= '0' && w[0] <= '9'
			end := strings.IndexFunc(w, func(r rune) bool { return (r >= '0' && r <= '9') != digits })
			if end < 0 {
				end = len(w)
			}
			part := run{text: w[:end], digits: digits}
			w = w[end:]
			if digits {
				part.text = strings.TrimLeft(part.text, "0")
				if part.text == "" {
					part.text = "0"
				}
			} else {
				part.text = search.Latin(part.text)
			}
			out = append(out, part)
		}
	}
	return out
}

// key is what makes two spellings one number.
func key(number string) string {
	var b strings.Builder
	for _, r := range runs(number) {
		b.WriteString(r.text)
		b.WriteByte(' ')
	}
	return b.String()
}

// fewDigits is how many digits a number must have to be seen in a sentence
// without all that belongs to it: "2 lakh" is no licence.
const fewDigits = 3

// How sure an entry is by what of its number was written.
const (
	wholeNumber = 1.0
	mostOfIt    = 0.95 // digits, and letters that belong to them
	onlyDigits  = 0.84 // and no other number has these
	someDigits  = 0.74 // as several numbers have, or beside letters of another
)

// byNumber finds firms by the numbers in a message.
func (r *Register) byNumber(words []string) []candidate {
	q := runsOf(words)
	// Short digits count where they are all that was written.
	alone := !slices.ContainsFunc(words, func(w string) bool {
		return !small[w] && !generic[w] && !strings.ContainsAny(w, "0123456789") && !r.letters[search.Latin(w)]
	})
	var found []candidate
	bare := map[string]int{} // how many firms share bare digits
	for at, part := range q {
		if !part.digits {
			continue
		}
		for _, i := range r.digits[part.text] {
			n := slices.IndexFunc(r.firms[i].number, func(x run) bool { return x == part })
			sure, by, ok := r.agree(r.firms[i].number, n, q, at)
			if !ok || (by == ByDigits && !alone && len(part.text) < fewDigits) {
				continue
			}
			if by == ByDigits && sure == onlyDigits {
				bare[part.text]++
			}
			if k := slices.IndexFunc(found, func(c candidate) bool { return c.firm == i }); k >= 0 {
				if found[k].sure < sure {
					found[k].sure, found[k].by = sure, by
				}
				continue
			}
			found = append(found, candidate{firm: i, sure: sure, by: by})
		}
	}
	best := 0.0
	shared := false
	for _, c := range found {
		best = max(best, c.sure)
	}
	for _, n := range bare {
		shared = shared || n > 1
	}
	found = slices.DeleteFunc(found, func(c candidate) bool { return c.sure < best-0.06 })
	for i := range found {
		if found[i].sure == onlyDigits && shared {
			found[i].sure = someDigits
		}
	}
	return found
}

// agree compares a firm's number with what stands in a message around the digits
// that they share: number[n] is q[at].
func (r *Register) agree(number []run, n int, q []run, at int) (sure float64, by By, ok bool) {
	got, lettered, other := 1, false, false
	follow := func(step int) {
		for k := 1; ; k++ {
			a, b := n+step*k, at+step*k
			if b < 0 || b >= len(q) {
				return
			}
			switch {
			case a >= 0 && a < len(number) && number[a] == q[b]:
				got++
				lettered = lettered || !q[b].digits
				continue
			case !q[b].digits && r.letters[q[b].text] && !small[q[b].text]:
				// Letters of numbers, and not in this place: of this number all
				// the same ("1234 OEP"), or of another.
				if slices.Contains(number, q[b]) {
					lettered = true
				} else {
					other = true
				}
			}
			return
		}
	}
	follow(1)
	follow(-1)
	// Each run of digits but a year must be there, or it is another number.
	for i, x := range number {
		if x.digits && !year(x.text) && !slices.Contains(q, x) && (i != n) {
			return 0, 0, false
		}
	}
	if year(number[n].text) && got == 1 && slices.ContainsFunc(number, func(x run) bool { return x.digits && !year(x.text) }) {
		return 0, 0, false // the year alone
	}
	switch {
	case other:
		return someDigits, ByDigits, true
	case got == len(number) && got > 1:
		return wholeNumber, ByNumber, true
	case lettered && len(number[n].text) >= fewDigits:
		return mostOfIt, ByNumber, true
	}
	return onlyDigits, ByDigits, true
}

func year(digits string) bool {
	return len(digits) == 4 && (strings.HasPrefix(digits, "19") || strings.HasPrefix(digits, "20"))
}
