// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// markStale sets Stale on the translations whose English text has changed
// since they were made. A translation that does not say of which text it is
// cannot be judged. One that has a fact in its own words where the English text
// has a value goes out of date with the value.
func markStale(a *Article) {
	en := a.Texts[English]
	if en == nil {
		return
	}
	var told *facts // of the English text, read at most once
	for l, t := range a.Texts {
		if l == English || t.Of == "" || t.Of == en.Written && len(a.Values) == 0 {
			continue
		}
		if told == nil {
			told = en.told()
		}
		if missing := told.lacking(t.told()); t.Of != en.Written || len(missing) > 0 {
			t.Stale = &Stale{Since: en.changed, Changed: missing}
		}
	}
}

// lacking gives the links, dates, phones and numbers of one text that do not
// stand in another, as the one writes them, each once.
func lacking(of, in *Text) []string { return of.told().lacking(in.told()) }

// told gives the facts of a text, in each form in which another may have them.
func (t *Text) told() *facts {
	words := t.words()
	f := factsOf(words)
	f.solar = readsSolar(t.Locale)
	if t.Locale == English {
		f.spelled(words)
	}
	if f.solar {
		for _, x := range f.facts {
			if first, second := commonYears(x.value); x.kind == number && first != "" {
				f.set[first], f.set[second] = true, true
			}
		}
	}
	return f
}

// lacking gives those that do not stand in another text.
func (f *facts) lacking(there *facts) []string {
	var missing []string
	for _, x := range f.facts {
		if there.has(x) || slices.Contains(missing, x.as) {
			continue
		}
		if first, second := commonYears(x.value); f.solar && x.kind == number && (there.set[first] || there.set[second]) {
			continue
		}
		missing = append(missing, x.as)
	}
	return missing
}

// words is everything in a text that can hold a fact: the short answer and the
// sections, a line for each block, so that no number runs into the next.
func (t *Text) words() string {
	var b strings.Builder
	write := func(blocks []Block) {
		for _, x := range blocks {
			fmt.Fprintln(&b, x.Text)
		}
	}
	write(t.Short)
	for _, s := range t.Sections {
		fmt.Fprintln(&b, s.Title)
		write(s.Blocks)
	}
	return b.String()
}

// A fact is something that must stand in a translation as it stands in the
// English text.
type fact struct {
	kind  factKind
	value string // in one form for all ways of writing it
	as    string // as it was written
}

type factKind int

const (
	number factKind = iota
	date            // value is year-month-day
	phone           // value is its digits
	link
)

// facts are those of one text.
type facts struct {
	facts []fact
	set   map[string]bool
	solar bool // a year may be one of that calendar
	// runs are the text's digits without what people put between the digits of a
	// phone number: every language groups them in its own way.
	runs string
}

// has says whether a fact of another text stands here too. A date may be here
// in words: then its day and its year must be.
func (f *facts) has(x fact) bool {
	switch {
	case f.set[x.value]:
		return true
	case x.kind == date:
		p := strings.Split(x.value, "-")
		return f.set[plain(p[0])] && f.set[plain(p[2])]
	case x.kind == phone:
		return strings.Contains(f.runs, x.value)
	}
	return false
}

var (
	linkForm = regexp.MustCompile(`(?i)https?://[^\s()<>]+|[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+`)
	dateForm = regexp.MustCompile(`\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b|\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b`)
	// An international number; one with a trunk 0; one in three groups or more
	// with hyphens.
	phoneForm = regexp.MustCompile(`\+ ?\d+(?:[ -]?\(\d+\)[ -]?\d+)?(?:[ .-]\d+)*|\b0\d+(?:\)[ -]?\d+)?(?:[ -]\d+)*|\b\d+(?:-\d+){2,}`)
	timeForm  = regexp.MustCompile(`\b(\d{1,2}):(\d{2})\b`)
	runForm   = regexp.MustCompile(`\d+(?:[,.' ]\d+)*`)
	between   = regexp.MustCompile(`(\d)[ ().,'/-]{1,2}(\d)`)
)

// factsOf finds the facts in words of any script.
func factsOf(words string) *facts {
	f := &facts{set: map[string]bool{}}
	// take removes what a form finds, so that each digit counts once.
	take := func(form *regexp.Regexp, found func(whole string, parts []string) bool) {
		words = form.ReplaceAllStringFunc(words, func(whole string) string {
			if found(whole, form.FindStringSubmatch(whole)) {
				return "\x00"
			}
			return whole
		})
	}
	add := func(kind factKind, value, as string) bool {
		f.facts = append(f.facts, fact{kind, value, as})
		f.set[value] = true
		return true
	}
	if strings.Contains(words, "://") || strings.Contains(words, "@") { // this form is slow to find nothing
		take(linkForm, func(whole string, _ []string) bool {
			whole = strings.TrimRight(whole, ".,;:!?،؛؟۔।")
			return add(link, strings.TrimSuffix(strings.ToLower(whole), "/"), whole)
		})
	}
	words = numbered(foldNumbers(words))
	// Twice: neighbours share a digit, and a form takes each digit once.
	f.runs = between.ReplaceAllString(between.ReplaceAllString(words, "$1$2"), "$1$2")
	day := func(y, m, d, as string) bool {
		// Somebody else may write the same day in words.
		f.set[plain(y)], f.set[plain(m)], f.set[plain(d)] = true, true, true
		return add(date, fmt.Sprintf("%s-%02s-%02s", y, plain(m), plain(d)), as)
	}
	solar := func(y, m, d, as string) bool {
		year, _ := strconv.Atoi(y)
		month, _ := strconv.Atoi(m)
		of, _ := strconv.Atoi(d)
		t, ok := solarDay(year, month, of)
		return ok && day(t.Format("2006"), t.Format("1"), t.Format("2"), as)
	}
	take(dateForm, func(whole string, p []string) bool {
		y, m, d := p[1], p[2], p[3]
		if y == "" {
			y, m, d = p[6], p[5], p[4]
		}
		return solar(y, m, d, whole) || day(y, m, d, whole)
	})
	take(solarForms[0], func(whole string, p []string) bool { return solar(p[3], strconv.Itoa(solarMonth(p[2])), p[1], whole) })
	take(solarForms[1], func(whole string, p []string) bool { return solar(p[1], strconv.Itoa(solarMonth(p[2])), p[3], whole) })
	take(phoneForm, func(whole string, _ []string) bool {
		digits := onlyDigits(whole)
		return len(digits) >= 7 && add(phone, digits, strings.TrimSpace(whole))
	})
	take(timeForm, func(whole string, p []string) bool {
		// The hour alone may be written, so "9:00" is a 9 and "9:30" a 9 and a 30.
		add(number, plain(p[1]), whole)
		return plain(p[2]) == "0" || add(number, plain(p[2]), whole)
	})
	take(runForm, func(whole string, _ []string) bool {
		for _, n := range numbersIn(whole) {
			add(number, n.value, n.as)
		}
		return true
	})
	return f
}

// numbered keeps the lines that have a digit. None of the forms for numbers
// reaches over the end of a line, and most of their time would go into lines
// that have nothing for them.
func numbered(words string) string {
	var b strings.Builder
	for line := range strings.Lines(words) {
		if strings.ContainsAny(line, "0123456789") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// The English words for numbers that translations write in digits.
var (
	spelledForm = regexp.MustCompile(`(?i)\b(?:(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-)?([a-z]+)\b`)
	spelledOut  = map[string]int{
		"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
		"nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
		"hundred": 100, "thousand": 1000, "million": 1000000, "dozen": 12, "half": 50,
		"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
	}
	roundTheClock = regexp.MustCompile(`(?i)\b(?:day and night|round the clock|around the clock|night and day|a day)\b`)
)

// spelled counts numbers as there that the text has in English words.
func (f *facts) spelled(words string) {
	for _, m := range spelledForm.FindAllStringSubmatch(words, -1) {
		if n, ok := spelledOut[strings.ToLower(m[2])]; ok {
			f.set[strconv.Itoa(n)] = true
			if tens := spelledOut[strings.ToLower(m[1])]; tens > 0 {
				f.set[strconv.Itoa(tens+n)] = true
			}
		}
	}
	if roundTheClock.MatchString(words) {
		f.set["24"] = true
	}
}

// numbersIn divides a run of digits and separators into numbers: "1,000",
// "1 000", "1.000" and "1,00,000" are one number each, "1,5" is 1.5, and
// "2025 30" are two.
func numbersIn(run string) []fact {
	var groups, seps []string
	for i := 0; i < len(run); {
		j := i
		for j < len(run) && run[j] >= '0' && run[j] <= '9' {
			j++
		}
		groups = append(groups, run[i:j])
		if j < len(run) {
			seps = append(seps, run[j:j+1])
			j++
		}
		i = j
	}
	var found []fact
	for i := 0; i < len(groups); {
		value, as, last := groups[i], groups[i], i
		if n := thousands(groups[i:], seps[i:]); n > 0 {
			last = i + n
		}
		for k := i + 1; k <= last; k++ {
			value, as = value+groups[k], as+seps[k-1]+groups[k]
		}
		value = plain(value)
		// What follows by a point or a comma and is no group of thousands is a part
		// of the number.
		if last < len(seps) && (seps[last] == "." || seps[last] == ",") && (last == i || seps[last] != seps[i]) {
			fraction := groups[last+1]
			if len(fraction) <= 2 || value == "0" {
				as += seps[last] + fraction
				if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
					value += "." + fraction
				}
				last++
			}
		}
		found = append(found, fact{number, value, as})
		i = last + 1
	}
	return found
}

// thousands says how many groups belong to the first: groups of three behind
// one kind of separator, or, behind commas, of two and at last of three, as
// South Asia writes lakhs.
func thousands(groups, seps []string) int {
	if len(groups[0]) > 3 || strings.HasPrefix(groups[0], "0") {
		return 0
	}
	n := 0
	for k := 0; k < len(seps) && seps[k] == seps[0]; k++ {
		switch size := len(groups[k+1]); {
		case size == 3:
			n = k + 1
		case size == 2 && seps[0] == "," && len(groups[0]) <= 2:
		default:
			return n
		}
	}
	return n
}

// plain is a number without zeros before it.
func plain(digits string) string {
	if s := strings.TrimLeft(digits, "0"); s != "" {
		return s
	}
	return "0"
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// foldNumbers writes the digits of every script, and what stands between
// digits, in ASCII.
func foldNumbers(s string) string {
	return strings.Map(func(r rune) rune {
		if d, ok := digit(r); ok {
			return d
		}
		switch r {
		case '٬', '،':
			return ','
		case '٫':
			return '.'
		case '’', 'ʼ':
			return '\''
		case '‐', '‑', '‒', '–', '—', '−':
			return '-'
		case '\n':
			return r
		}
		switch {
		case unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.Is(unicode.Cf, r): // direction marks stand around phone numbers
			return -1
		}
		return r
	}, s)
}

// digit is the ASCII digit for a decimal digit of any script. Unicode keeps
// them in tens, from nought to nine.
func digit(r rune) (rune, bool) {
	if r < 0x80 {
		return r, r >= '0' && r <= '9'
	}
	for _, x := range unicode.Nd.R16 {
		if r <= rune(x.Hi) {
			return '0' + (r-rune(x.Lo))%10, r >= rune(x.Lo)
		}
	}
	for _, x := range unicode.Nd.R32 {
		if r <= rune(x.Hi) {
			return '0' + (r-rune(x.Lo))%10, r >= rune(x.Lo)
		}
	}
	return 0, false
}
