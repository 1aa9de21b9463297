// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	mostText     = 4096    // UTF-16 units of a message
	mostCaption  = 1024    // of what stands under a file
	mostRaw      = 1 << 15 // bytes, before marks are taken out
	mostEntities = 100     // more are cut
	mostTrimmed  = " \n"
)

// tags are those that Telegram knows, with the entity that each makes.
func tagKind(tag string) (string, bool) {
	switch tag {
	case "b", "strong":
		return "bold", true
	case "i", "em":
		return "italic", true
	case "u", "ins":
		return "underline", true
	case "s", "strike", "del":
		return "strikethrough", true
	case "tg-spoiler", "span":
		return "spoiler", true
	case "a":
		return "text_link", true
	case "code", "pre", "blockquote":
		return tag, true
	case "tg-emoji":
		return "custom_emoji", true
	}
	return "", false
}

// An htmlReader goes over a text byte by byte, as offsets in Telegram's
// complaints count bytes.
type htmlReader struct {
	text string
	at   int
	out  strings.Builder
	n    int // UTF-16 units in out
	open []openTag
	done []Entity
}

type openTag struct {
	tag, argument string
	offset        int // in UTF-16 units
	begin         int // in bytes of out
}

// parseHTML takes the tags out of a text. It refuses what Telegram refuses, and
// like Telegram forgives what is no closing quote, no semicolon or no link.
func parseHTML(text string) (string, []Entity, *refusal) {
	h := &htmlReader{text: text}
	for h.at < len(text) {
		switch c := text[h.at]; {
		case c == '&':
			h.write(h.character())
		case c != '<':
			r, n := utf8.DecodeRuneInString(text[h.at:])
			h.at += n
			h.write(r)
		case strings.HasPrefix(text[h.at:], "</"):
			if r := h.end(); r != nil {
				return "", nil, r
			}
		default:
			if r := h.start(); r != nil {
				return "", nil, r
			}
		}
	}
	if len(h.open) > 0 {
		return "", nil, parseFault("Can't find end tag corresponding to start tag \"" + h.open[len(h.open)-1].tag + `"`)
	}
	for i := range h.done { // a language is of a block of code only
		if h.done[i].Type == "code" {
			h.done[i].Language = ""
		}
	}
	slices.SortStableFunc(h.done, func(a, b Entity) int {
		return cmp.Or(a.Offset-b.Offset, b.Length-a.Length)
	})
	return h.out.String(), h.done, nil
}

func parseFault(what string) *refusal { return bad("can't parse entities: %s", what) }

func at(offset int) string { return " at byte offset " + strconv.Itoa(offset) }

func (h *htmlReader) write(r rune) {
	h.out.WriteRune(r)
	h.n += max(utf16.RuneLen(r), 1)
}

// peek is the byte here, 0 at the end.
func (h *htmlReader) peek() byte {
	if h.at < len(h.text) {
		return h.text[h.at]
	}
	return 0
}

func (h *htmlReader) skipSpace() {
	for h.at < len(h.text) && isSpace(h.text[h.at]) {
		h.at++
	}
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == 0
}

// character reads from an ampersand on: what it stands for, or itself.
func (h *htmlReader) character() rune {
	rest := h.text[h.at+1:]
	n := 0
	count := func(ok func(byte) bool, from int) int {
		i := from
		for i < len(rest) && ok(rest[i]) {
			i++
		}
		return i
	}
	var r rune
	if strings.HasPrefix(rest, "#") {
		base, from := 10, 1
		digit := func(c byte) bool { return c >= '0' && c <= '9' }
		if strings.HasPrefix(rest, "#x") {
			base, from = 16, 2
			digit = func(c byte) bool { return (c >= '0' && c <= '9') || (c|32 >= 'a' && c|32 <= 'f') }
		}
		n = count(digit, from)
		v, err := strconv.ParseUint(rest[from:n], base, 32)
		if err == nil && v > 0 && v < 0x10ffff && n < 9 && utf8.ValidRune(rune(v)) {
			r = rune(v)
		}
	} else {
		n = count(func(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' }, 0)
		switch rest[:n] {
		case "lt":
			r = '<'
		case "gt":
			r = '>'
		case "amp":
			r = '&'
		case "quot":
			r = '"'
		}
	}
	h.at++
	if r == 0 {
		return '&' // no other name is known; it stays as it is
	}
	h.at += n
	if h.peek() == ';' {
		h.at++
	}
	return r
}

// start reads a start tag.
func (h *htmlReader) start() *refusal {
	begin := h.at
	h.at++
	name := h.until(func(c byte) bool { return isSpace(c) || c == '>' })
	if h.at >= len(h.text) {
		return parseFault("Unclosed start tag" + at(begin))
	}
	tag := strings.ToLower(name)
	if _, ok := tagKind(tag); !ok {
		return parseFault(`Unsupported start tag "` + tag + `"` + at(begin))
	}
	argument := ""
	for h.peek() != '>' {
		h.skipSpace()
		if h.peek() == '>' {
			break
		}
		attribute := h.until(func(c byte) bool {
			return isSpace(c) || strings.IndexByte("=>/\"'", c) >= 0
		})
		if attribute == "" {
			return parseFault(`Empty attribute name in the tag "` + tag + `"` + at(begin))
		}
		h.skipSpace()
		if h.peek() != '=' {
			if h.at >= len(h.text) {
				return parseFault(`Unclosed start tag "` + tag + `"` + at(begin))
			}
			if tag == "blockquote" && attribute == "expandable" {
				argument = "1"
			}
			continue
		}
		h.at++
		h.skipSpace()
		if h.at >= len(h.text) {
			return parseFault(`Unclosed start tag "` + tag + `"` + at(begin))
		}
		var value string
		if q := h.peek(); q == '"' || q == '\'' {
			h.at++
			var b strings.Builder
			for h.at < len(h.text) && h.text[h.at] != q {
				if h.text[h.at] == '&' {
					b.WriteRune(h.character())
				} else {
					b.WriteByte(h.text[h.at])
					h.at++
				}
			}
			if h.at < len(h.text) {
				h.at++
			}
			value = b.String()
		} else {
			from := h.at
			value = strings.ToLower(h.until(func(c byte) bool {
				return c != '.' && c != '-' && (c < '0' || c > '9') && (c|32 < 'a' || c|32 > 'z')
			}))
			if h.at < len(h.text) && !isSpace(h.peek()) && h.peek() != '>' {
				return parseFault("Unexpected end of name token" + at(from))
			}
		}
		if h.at >= len(h.text) {
			return parseFault("Unclosed start tag" + at(begin))
		}
		switch {
		case tag == "a" && attribute == "href", tag == "tg-emoji" && attribute == "emoji-id":
			argument = value
		case tag == "code" && attribute == "class" && strings.HasPrefix(value, "language-"):
			argument = strings.TrimPrefix(value, "language-")
		case tag == "span" && attribute == "class" && strings.HasPrefix(value, "tg-"):
			argument = strings.TrimPrefix(value, "tg-")
		case tag == "blockquote" && attribute == "expandable":
			argument = "1"
		}
	}
	h.at++
	if tag == "span" && argument != "spoiler" {
		return parseFault(`Tag "span" must have class "tg-spoiler"` + at(begin))
	}
	h.open = append(h.open, openTag{tag, argument, h.n, h.out.Len()})
	return nil
}

// until reads up to a byte where stop says so, or to the end.
func (h *htmlReader) until(stop func(byte) bool) string {
	from := h.at
	for h.at < len(h.text) && !stop(h.text[h.at]) {
		h.at++
	}
	return h.text[from:h.at]
}

// end reads an end tag and closes what is open.
func (h *htmlReader) end() *refusal {
	begin := h.at
	if len(h.open) == 0 {
		return parseFault("Unexpected end tag" + at(begin))
	}
	h.at += 2
	name := strings.ToLower(h.until(func(c byte) bool { return isSpace(c) || c == '>' }))
	h.skipSpace()
	if h.peek() != '>' {
		return parseFault("Unclosed end tag" + at(begin))
	}
	h.at++
	o := h.open[len(h.open)-1]
	h.open = h.open[:len(h.open)-1]
	if name != "" && name != o.tag {
		return parseFault("Unmatched end tag" + at(begin) + `, expected "</` + o.tag + `>", found "</` + name + `>"`)
	}
	if h.n == o.offset {
		return nil // nothing stands in it
	}
	kind, _ := tagKind(o.tag)
	e := Entity{Type: kind, Offset: o.offset, Length: h.n - o.offset}
	last := len(h.done) - 1
	same := last >= 0 && h.done[last].Offset == e.Offset && h.done[last].Length == e.Length
	switch o.tag {
	case "a":
		link := o.argument
		if link == "" {
			link = h.out.String()[o.begin:]
		}
		if e.URL, _ = checkedLink(link); e.URL == "" {
			return nil // what is no link is only its words: a tel: address, for instance
		}
	case "code":
		if same && h.done[last].Type == "pre" && o.argument != "" {
			h.done[last].Language = o.argument
			return nil
		}
		e.Language = o.argument
	case "pre":
		if same && h.done[last].Type == "code" && h.done[last].Language != "" {
			h.done[last].Type = "pre"
			return nil
		}
	case "blockquote":
		if o.argument != "" {
			e.Type = "expandable_blockquote"
		}
	case "tg-emoji":
		if n, err := strconv.ParseInt(o.argument, 10, 64); err != nil || n == 0 {
			return parseFault("Invalid custom emoji identifier specified")
		}
	}
	h.done = append(h.done, e)
	return nil
}

// checkedLink gives an address as Telegram keeps it, or what is wrong with it.
// It keeps web addresses with a dot in the host, and its own.
func checkedLink(link string) (checked, wrong string) {
	lower := strings.ToLower(link)
	for _, own := range []string{"tg:", "ton:", "tonsite:"} {
		if strings.HasPrefix(lower, own) {
			return link, ""
		}
	}
	if before, _, ok := strings.Cut(lower, "://"); ok && before != "http" && before != "https" {
		return "", "Unsupported URL protocol"
	} else if !ok {
		link = "http://" + link
	}
	if _, rest, _ := strings.Cut(link, "://"); badPort(rest) {
		return "", "Wrong port number specified in the URL"
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return "", "Wrong HTTP URL"
	}
	if !strings.Contains(u.Hostname(), ".") && !strings.Contains(u.Hostname(), ":") {
		return "", "Wrong HTTP URL"
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Host = strings.ToLower(u.Host)
	return u.String(), ""
}

// badPort says whether what stands after the host's colon is no port, as in tel:+49.
func badPort(rest string) bool {
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	colon := strings.LastIndexByte(rest, ':')
	if colon <= 0 || colon < strings.LastIndexAny(rest, "]@") {
		return false
	}
	port, err := strconv.ParseUint(rest[colon+1:], 10, 16)
	return err != nil || port == 0
}

// cleaned is a text as Telegram keeps it: control characters are spaces, carriage
// returns and the characters U+2028 to U+202E, which embed and override
// directions, are gone, and of several marks of direction in a row the last stays
// and the others become U+200C. Isolates (U+2066 to U+2069) stay. Every
// replacement is one unit long; n maps an offset before to one after.
func cleaned(text string) (out string, n func(int) int) {
	var b strings.Builder
	var gone []int // offsets, in units of the text before, of what is gone
	offset := 0
	runes := []rune(text)
	for i, r := range runes {
		switch {
		case r == '\r' || (r >= 0x2028 && r <= 0x202e) || r == 0x333 || r == 0x33f || r == 0x30a:
			gone = append(gone, offset)
		case r < ' ' && r != '\n':
			b.WriteByte(' ')
		case (r == 0x200e || r == 0x200f) && i+1 < len(runes) && (runes[i+1] == 0x200e || runes[i+1] == 0x200f):
			b.WriteRune(0x200c)
		default:
			b.WriteRune(r)
		}
		offset += max(utf16.RuneLen(r), 1)
	}
	return b.String(), func(x int) int {
		i, _ := slices.BinarySearch(gone, x)
		return x - i
	}
}

// blank says whether a phone would show nothing.
func blank(text string) bool {
	for _, r := range text {
		if !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && r != 0x2800 && r != 0xfffc {
			return false
		}
	}
	return true
}

// units counts UTF-16 code units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// settle cleans and trims a text with its entities, and cuts entities beyond a hundred.
func settle(text string, entities []Entity) (string, []Entity) {
	clean, moved := cleaned(text)
	out := strings.TrimRightFunc(clean, unicode.IsSpace)
	length := units(out)
	cut := len(out) - len(strings.TrimLeft(out, mostTrimmed))
	if len(entities) > 0 { // an entity keeps the space that it begins with
		cut = min(cut, moved(entities[0].Offset))
	}
	out = out[cut:]
	var kept []Entity
	for _, e := range entities {
		begin, end := moved(e.Offset), min(moved(e.Offset+e.Length), length)
		if begin < end && len(kept) < mostEntities {
			e.Offset, e.Length = begin-cut, end-begin
			kept = append(kept, e)
		}
	}
	return out, kept
}
