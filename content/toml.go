// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// A place is a file and the lines of its keys. The keys are written
// "sources[0].url", "ask[3]", "titles.en".
type place struct {
	file  string
	lines *keyTable
}

// A keyTable finds the lines of a file's keys when somebody asks for the first:
// a file that is in order is never asked, and loading is much of every start.
type keyTable struct {
	src    string
	offset int
	lines  map[string]int
}

// line is the line of a key, or 0.
func (k *keyTable) line(key string) int {
	if k == nil {
		return 0
	}
	if k.lines == nil {
		k.lines = keyLines(k.src)
	}
	if n, ok := k.lines[key]; ok {
		return n + k.offset
	}
	return 0
}

// at is the line of a key, or of the nearest key around it, or 0.
func (p place) at(key string) int {
	for key != "" {
		if n := p.lines.line(key); n > 0 {
			return n
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return 0
}

// severe and warning are problems at the line of a key.
func (p place) severe(key, format string, args ...any) Problem {
	return Problem{p.file, p.at(key), fmt.Sprintf(format, args...), true}
}

func (p place) warning(key, format string, args ...any) Problem {
	return Problem{p.file, p.at(key), fmt.Sprintf(format, args...), false}
}

// decode reads TOML into v. An unknown key is a problem like a wrong form is.
// offset is added to all lines.
func decode(file, src string, offset int, v any) (*keyTable, *Problem) {
	if p := tangled(file, src, offset); p != nil {
		return nil, p
	}
	meta, err := toml.Decode(src, v)
	return judge(file, src, offset, meta, err)
}

// dotted is a key of sixteen parts; none of ours has more than three.
var dotted = regexp.MustCompile(`(?:[\w"'-]+[ \t]*\.[ \t]*){16}`)

// tangled is the problem of TOML that the library would take minutes and all
// memory for: it takes more than the square of a key's parts.
func tangled(file, src string, offset int) *Problem {
	line, n := 0, 0
	for text := range strings.Lines(src) {
		n++
		// Few lines have so many dots; to look for keys in each took a sixth of loading.
		if strings.Count(text, ".") >= 16 && dotted.MatchString(text) {
			line = n
			break
		}
	}
	if line == 0 && strings.Count(src, "{") > maxKnots {
		line = 1
	}
	if line == 0 {
		return nil
	}
	return &Problem{file, line + offset, "has keys of more parts than any file needs", true}
}

// judge says what came of decoding.
func judge(file, src string, offset int, meta toml.MetaData, err error) (*keyTable, *Problem) {
	if err != nil {
		p := TOMLProblem(file, src, err)
		p.Line += offset
		return nil, &p
	}
	lines := &keyTable{src: src, offset: offset}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		key := strings.Join(unknown[0], ".")
		p := place{file, lines}.severe(key, "unknown key %q", key)
		return nil, &p
	}
	return lines, nil
}

// tomlLine is how the library begins an error that has no position of its own.
var tomlLine = regexp.MustCompile(`^toml: line (\d+)(?: \(last key "[^"]*"\))?: `)

// TOMLProblem says where and why TOML did not decode, from the error that the
// library gave for src.
func TOMLProblem(file, src string, err error) Problem {
	p := Problem{File: file, Message: strings.TrimPrefix(err.Error(), "toml: "), Severe: true}
	var parse toml.ParseError
	if errors.As(err, &parse) {
		// The library has mostly read on when it sees what is wrong, so its line
		// is the next one where a line ends too early; its offset is exact.
		p.Line = 1 + strings.Count(src[:max(min(parse.Position.Start, len(src)), 0)], "\n")
		p.Message = parse.Message
	} else if m := tomlLine.FindStringSubmatch(err.Error()); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Message = err.Error()[len(m[0]):]
	}
	return p
}

// unknownLocale is the problem that a table, named by its key, has of a key
// that is no locale.
func (p place) unknownLocale(table string, m any) *Problem {
	var tags []string
	switch m := m.(type) {
	case map[Locale]string:
		for l := range m {
			tags = append(tags, string(l))
		}
	case map[Locale]SignalText:
		for l := range m {
			tags = append(tags, string(l))
		}
	}
	slices.Sort(tags)
	for _, tag := range tags {
		if known(Locale(tag)) {
			continue
		}
		key := strings.TrimPrefix(table+"."+tag, ".")
		problem := p.severe(key, "unknown key %q: it is not a locale", key)
		return &problem
	}
	return nil
}

// decodeSignal reads a signal: two keys, and a table for each language.
func decodeSignal(file, src string) (h signalHead, _ *keyTable, _ *Problem) {
	if p := tangled(file, src, 0); p != nil {
		return h, nil, p
	}
	var tables map[string]toml.Primitive
	meta, err := toml.Decode(src, &tables)
	h.Texts = map[Locale]SignalText{}
	for _, key := range slices.Sorted(maps.Keys(tables)) {
		if err != nil {
			break
		}
		switch key {
		case "article":
			err = meta.PrimitiveDecode(tables[key], &h.Article)
		case "priority":
			err = meta.PrimitiveDecode(tables[key], &h.Priority)
		case "line":
			err = meta.PrimitiveDecode(tables[key], &h.Line)
		default:
			var x SignalText
			err = meta.PrimitiveDecode(tables[key], &x)
			h.Texts[Locale(key)] = x
		}
	}
	lines, problem := judge(file, src, 0, meta, err)
	return h, lines, problem
}

// A day is a date of TOML, or a text that says one. It is midnight UTC.
type day struct{ time.Time }

// UnmarshalTOML reads 2025-12-01 with or without quotes.
func (d *day) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case time.Time:
		d.Time = time.Date(v.Year(), v.Month(), v.Day(), 0, 0, 0, 0, time.UTC)
		return nil
	case string:
		if v == "" {
			return nil
		}
		t, err := time.Parse(time.DateOnly, v)
		if err == nil {
			d.Time = t
			return nil
		}
	}
	return errors.New("a day is written 2025-12-01")
}

// A loose day is a year, a month or a day, as a source carries it.
type loose string

// UnmarshalTOML reads "2025", "2025-09" or 2025-09-01.
func (l *loose) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case time.Time:
		*l = loose(v.Format(time.DateOnly))
	case string:
		*l = loose(v)
	case int64:
		*l = loose(strconv.FormatInt(v, 10))
	default:
		return errors.New(`a year, month or day is written "2025", "2025-09" or "2025-09-01"`)
	}
	return nil
}

// parseDays reads "90d".
func parseDays(s string) (time.Duration, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
	if err != nil || n < 1 || n > 3650 || !strings.HasSuffix(s, "d") {
		return 0, fmt.Errorf(`%q is no number of days such as "90d"`, s)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// keyLines finds the line of every key and every element of a list in TOML
// that has been decoded before: it trusts its form, and on other text finds
// something and ends.
func keyLines(src string) map[string]int {
	s := &lineScanner{src: src, line: 1, lines: map[string]int{}, count: map[string]int{}}
	prefix := ""
	for {
		s.skip(" \t\n,")
		switch {
		case s.at >= len(s.src):
			return s.lines
		case strings.HasPrefix(s.src[s.at:], "[["):
			s.at += 2
			path := s.resolve(s.key())
			prefix = fmt.Sprintf("%s[%d]", path, s.count[path])
			s.count[path]++
			s.note(path)
			s.note(prefix)
			s.skip(" \t]")
		case s.src[s.at] == '[':
			s.at++
			prefix = s.resolve(s.key())
			s.note(prefix)
			s.skip(" \t]")
		default:
			s.pair(prefix)
		}
	}
}

type lineScanner struct {
	src   string
	at    int
	line  int
	lines map[string]int
	count map[string]int // tables of an array so far
	deep  int
}

// note keeps the first line of a path, and of the path without its indices,
// which is how the library names a key that it does not know.
func (s *lineScanner) note(path string) {
	for _, p := range []string{path, withoutIndices(path)} {
		if _, ok := s.lines[p]; !ok {
			s.lines[p] = s.line
		}
	}
}

func withoutIndices(path string) string {
	for {
		i := strings.IndexByte(path, '[')
		if i < 0 {
			return path
		}
		j := strings.IndexByte(path[i:], ']')
		if j < 0 {
			return path
		}
		path = path[:i] + path[i+j+1:]
	}
}

// skip passes over the given bytes, and over comments.
func (s *lineScanner) skip(chars string) {
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case c == '#':
			n := strings.IndexByte(s.src[s.at:], '\n')
			if n < 0 {
				n = len(s.src) - s.at
			}
			s.at += n
			continue
		case strings.IndexByte(chars, c) < 0:
			return
		case c == '\n':
			s.line++
		}
		s.at++
	}
}

// key reads a dotted key.
func (s *lineScanner) key() []string {
	var parts []string
	for s.at < len(s.src) {
		s.skip(" \t")
		if s.at >= len(s.src) {
			break
		}
		from := s.at
		if c := s.src[s.at]; c == '"' || c == '\'' {
			parts = append(parts, s.text())
		} else {
			n := strings.IndexAny(s.src[s.at:], " \t\n.=]#")
			if n < 0 {
				n = len(s.src) - s.at
			}
			s.at += n
			parts = append(parts, s.src[from:s.at])
		}
		s.skip(" \t")
		if s.at >= len(s.src) || s.src[s.at] != '.' {
			break
		}
		s.at++
	}
	return parts
}

// resolve gives the path of a table's key: an array of tables on the way means
// its newest table.
func (s *lineScanner) resolve(parts []string) string {
	path := ""
	for i, p := range parts {
		path = strings.TrimPrefix(path+"."+p, ".")
		if n := s.count[path]; n > 0 && i < len(parts)-1 {
			path = fmt.Sprintf("%s[%d]", path, n-1)
		}
	}
	return path
}

// pair reads "key = value".
func (s *lineScanner) pair(prefix string) {
	from := s.at
	path := strings.TrimPrefix(prefix+"."+strings.Join(s.key(), "."), ".")
	s.note(path)
	s.skip(" \t=")
	s.value(path)
	if s.at == from {
		s.at++ // no TOML: pass over it
	}
}

func (s *lineScanner) value(path string) {
	if s.at >= len(s.src) || s.deep > 50 {
		return
	}
	s.deep++
	defer func() { s.deep-- }()
	switch s.src[s.at] {
	case '"', '\'':
		s.text()
	case '[':
		s.at++
		for i := 0; ; i++ {
			s.skip(" \t\n,")
			if s.at >= len(s.src) {
				return
			}
			if s.src[s.at] == ']' {
				s.at++
				return
			}
			from, element := s.at, fmt.Sprintf("%s[%d]", path, i)
			s.note(element)
			if s.value(element); s.at == from {
				s.at++
			}
		}
	case '{':
		s.at++
		for {
			s.skip(" \t\n,")
			if s.at >= len(s.src) {
				return
			}
			if s.src[s.at] == '}' {
				s.at++
				return
			}
			s.pair(path)
		}
	default:
		n := strings.IndexAny(s.src[s.at:], ",]}\n#")
		if n < 0 {
			n = len(s.src) - s.at
		}
		s.at += n
	}
}

// text passes over a string of any of the four kinds and gives what stands
// between its quotes.
func (s *lineScanner) text() string {
	quote := s.src[s.at : s.at+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(s.src[s.at:], long) {
		quote = long
	}
	s.at += len(quote)
	from := s.at
	for s.at < len(s.src) {
		switch {
		case strings.HasPrefix(s.src[s.at:], quote):
			to := s.at
			s.at += len(quote)
			// A long string may end in one or two quotes of its own.
			for len(quote) == 3 && s.at < len(s.src) && s.src[s.at] == quote[0] {
				s.at++
			}
			return s.src[from:to]
		case s.src[s.at] == '\\' && quote[0] == '"':
			s.at++
		}
		if s.at < len(s.src) && s.src[s.at] == '\n' {
			s.line++
		}
		s.at++
	}
	s.at = len(s.src)
	return s.src[min(from, len(s.src)):]
}
