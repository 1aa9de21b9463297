// SPDX-License-Identifier: GPL-3.0-or-later

package register

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sarai/search"
)

// The limits of an import. The largest register that is known of has about ten
// thousand firms.
const (
	MaxBytes = 64 << 20
	MaxLines = 200_000
)

// How long cells may be, in characters.
const (
	maxName    = 200
	maxLicence = 40
	maxOther   = 100
)

// A Problem is one line of a list that cannot be taken.
type Problem struct {
	Line    int // from 1, the header's being 1; 0: the whole file
	Message string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Message)
}

// columns are the names that a column has in lists, as search.Normalise writes
// them.
var columns = map[string][]string{
	"name": {"name", "name of agency", "agency name", "agency", "name of firm", "firm", "firm name", "company", "company name", "name of company",
		"promoter", "name of promoter", "promoter name", "oep name", "name of oep", "recruiter", "recruiting agency", "name of recruiting agency"},
	"licence number": {"licence number", "licence no", "licence", "license number", "license no", "license", "lic no", "lic number", "licence nr", "number",
		"rl no", "rl number", "rl", "oep licence no", "oep license no", "registration no", "registration number", "reg no"},
	"status": {"status", "licence status", "license status", "current status"},
	"valid until": {"valid until", "valid till", "valid upto", "valid up to", "validity", "expiry", "expiry date", "expires", "expires on", "expiration date",
		"date of expiry", "licence valid till", "license valid till"},
	"city":  {"city", "town", "district", "station", "location", "place"},
	"phone": {"phone", "phone no", "phone number", "telephone", "telephone no", "tel", "tel no", "mobile", "mobile no", "contact", "contact no", "contact number"},
}

// needed are the columns that a list must have.
var needed = []string{"name", "licence number", "status"}

// Parse reads a list in comma-separated values: UTF-8 with or without a mark at
// its begin, with commas, semicolons or tabs between the cells, and a header in
// which the columns are found by their names, in any order. It finds all that is
// wrong, by line. The entries are those of the good lines; of lines that have one
// licence number none is good, because nobody can know which is right.
//
// What stands in a cell is data, whatever it begins with. Characters that are not
// to be seen, and those that turn the direction of other text, are taken out.
func Parse(r io.Reader) ([]Entry, []Problem) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return nil, []Problem{{Message: "the list cannot be read to its end"}}
	case len(b) > MaxBytes:
		return nil, []Problem{{Message: fmt.Sprintf("the list has more than %d MB: it is no register of recruiters", MaxBytes>>20)}}
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}), bytes.HasPrefix(b, []byte{0xFE, 0xFF}), bytes.IndexByte(b, 0) >= 0:
		return nil, []Problem{{Message: "the list is not UTF-8: save it as \"CSV UTF-8\""}}
	}
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	skipped := 0
	if first, rest, ok := bytes.Cut(b, []byte("\n")); ok && bytes.HasPrefix(bytes.ToLower(first), []byte("sep=")) { // Excel's own line
		b, skipped = rest, 1
	}
	p := parser{seen: map[string][]int{}}
	in := csv.NewReader(bytes.NewReader(b))
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = separator(b), -1, true
	for n := 0; ; n++ {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			p.found(wrong.StartLine+skipped, "the quotation marks do not fit: a cell that holds one begins and ends with one, and has it twice")
			continue
		}
		line, _ := in.FieldPos(0)
		line += skipped
		switch {
		case n == 0 || p.at == nil:
			if !p.header(cells, line) {
				return nil, p.problems
			}
			continue
		case n > MaxLines:
			return nil, []Problem{{Message: fmt.Sprintf("the list has more than %d lines: it is no register of recruiters", MaxLines)}}
		}
		p.entry(cells, line)
	}
	if p.at == nil && len(p.problems) == 0 {
		return nil, []Problem{{Message: "the list is empty: the first line names the columns"}}
	}
	return p.done()
}

// separator is what stands most often between the cells of the header.
func separator(b []byte) rune {
	first, _, _ := bytes.Cut(b, []byte("\n"))
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		n, quoted := 0, false
		for _, x := range string(first) {
			switch {
			case x == '"':
				quoted = !quoted
			case x == c && !quoted:
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	return best
}

// A parser is a list being read.
type parser struct {
	at       map[string]int // column by what it is
	width    int
	entries  []Entry
	lines    []int // of entries
	seen     map[string][]int
	problems []Problem
}

func (p *parser) found(line int, format string, args ...any) {
	p.problems = append(p.problems, Problem{Line: line, Message: fmt.Sprintf(format, args...)})
}

// header finds the columns.
func (p *parser) header(cells []string, line int) bool {
	p.at, p.width = map[string]int{}, len(cells)
	good := true
	for i, c := range cells {
		title := search.Normalise(c)
		for _, what := range []string{"name", "licence number", "status", "valid until", "city", "phone"} {
			if !slices.Contains(columns[what], title) {
				continue
			}
			if _, twice := p.at[what]; twice {
				p.found(line, "two columns could be the %s: name one of them otherwise", what)
				good = false
			}
			p.at[what] = i
		}
	}
	for _, what := range needed {
		if _, ok := p.at[what]; !ok {
			p.found(line, "no column is the %s: the first line names the columns, as name, licence number, status, valid until, city, phone", what)
			good = false
		}
	}
	return good
}

func (p *parser) entry(cells []string, line int) {
	if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
		return
	}
	before := len(p.problems)
	if len(cells) > p.width {
		p.found(line, "has %d cells, the header has %d: a cell that holds a separator stands in quotation marks", len(cells), p.width)
		return
	}
	cell := func(what string, most int, must bool) string {
		raw := ""
		if i, ok := p.at[what]; ok && i < len(cells) {
			raw = cells[i]
		}
		if !utf8.ValidString(raw) {
			p.found(line, "the %s is not UTF-8: save the list as \"CSV UTF-8\"", what)
			return ""
		}
		s := Clean(raw)
		switch n := utf8.RuneCountInString(s); {
		case n > most:
			p.found(line, "the %s has %d characters, at most %d are taken", what, n, most)
		case n == 0 && must:
			p.found(line, "the %s is missing", what)
		}
		return s
	}
	e := Entry{
		Name: cell("name", maxName, true), Licence: cell("licence number", maxLicence, true),
		City: cell("city", maxOther, false), Phone: cell("phone", maxOther, false),
	}
	if e.Licence != "" && key(e.Licence) == "" {
		p.found(line, "the licence number has neither a letter nor a digit")
	}
	if e.Name != "" && search.Normalise(e.Name) == "" {
		p.found(line, "the name has neither a letter nor a digit")
	}
	if s := cell("status", maxOther, true); s != "" {
		var ok bool
		if e.Status, ok = status(s); !ok {
			p.found(line, "the status %q is none of active, suspended, cancelled, blacklisted", shortened(s))
		}
	}
	if s := cell("valid until", maxOther, false); s != "" {
		var ok bool
		if e.Until, ok = ParseDay(s); !ok {
			p.found(line, "%q is no day: it is written 2027-06-30, 30/06/2027 or 30.06.2027", shortened(s))
		}
	}
	if k := key(e.Licence); k != "" {
		p.seen[k] = append(p.seen[k], line)
	}
	if len(p.problems) == before {
		p.entries, p.lines = append(p.entries, e), append(p.lines, line)
	}
}

// done finds licence numbers that stand twice and gives what is left.
func (p *parser) done() ([]Entry, []Problem) {
	var good []Entry
	for _, e := range p.entries {
		if len(p.seen[key(e.Licence)]) == 1 {
			good = append(good, e)
		}
	}
	for _, lines := range p.seen {
		for _, line := range lines[1:] {
			p.found(line, "has the licence number of line %d", lines[0])
		}
	}
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Line - b.Line })
	return good, p.problems
}

func status(s string) (Status, bool) {
	switch strings.ReplaceAll(search.Normalise(s), " ", "") {
	case "active":
		return Active, true
	case "suspended":
		return Suspended, true
	case "cancelled", "canceled":
		return Cancelled, true
	case "blacklisted":
		return Blacklisted, true
	}
	return "", false
}

// ParseDay reads a day as lists write it: 2027-06-30, 30/06/2027 or 30.06.2027,
// in the digits of any script. It is midnight UTC.
func ParseDay(s string) (time.Time, bool) {
	ascii := strings.Map(func(r rune) rune {
		if r > utf8.RuneSelf && unicode.IsDigit(r) {
			return rune(search.Normalise(string(r))[0])
		}
		return r
	}, s)
	for _, form := range []string{"2006-01-02", "2/1/2006", "2.1.2006"} {
		if t, err := time.Parse(form, ascii); err == nil && t.Year() >= 1900 && t.Year() < 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}

// Clean takes out of a cell what is not to be seen and what turns the direction
// of other text, and makes one space of any; a terminal and a chat can show it.
// The two joiners stay, which some scripts need within a word.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200c', r == '\u200d':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}
