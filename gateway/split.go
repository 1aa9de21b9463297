// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"sarai/channels"
)

// split gives a message as the fewest messages that a channel with these limits
// can carry, in their order: cut between blocks where that is possible, else
// between lines, sentences or words, and never inside a character as a reader
// sees it. A heading stays with what it heads. A file goes first, with the words
// under it if they fit there, but a voice note without any: not every platform
// has words under it. Choices stand under the last part.
func split(out channels.Outbound, l channels.Limits) []channels.Outbound {
	text := func(blocks []channels.Block) channels.Outbound {
		part := out
		part.Blocks, part.Options, part.Attachment = blocks, nil, nil
		return part
	}
	var parts []channels.Outbound
	if out.Attachment != nil {
		file := out
		file.Options = nil
		if out.Attachment.Kind == channels.Voice || l.Caption > 0 && length(out.Blocks) > l.Caption {
			file.Blocks = nil
		}
		parts = append(parts, file)
	}
	if len(parts) == 0 || parts[0].Blocks == nil && len(out.Blocks) > 0 {
		for _, blocks := range pages(out.Blocks, l.Text) {
			parts = append(parts, text(blocks))
		}
	}
	parts[len(parts)-1].Options = out.Options
	return parts
}

// length is the length of blocks in UTF-16 units, with one line break between them.
func length(blocks []channels.Block) int {
	n := max(len(blocks)-1, 0)
	for _, b := range blocks {
		n += channels.UTF16(b.Text)
	}
	return n
}

// pages divides blocks so that each page has at most limit units. There is
// always at least one page.
func pages(blocks []channels.Block, limit int) [][]channels.Block {
	if limit <= 0 || length(blocks) <= limit {
		return [][]channels.Block{blocks}
	}
	var pages [][]channels.Block
	var page []channels.Block
	turn := func() {
		if len(page) > 0 {
			pages, page = append(pages, page), nil
		}
	}
	for len(blocks) > 0 {
		together := blocks[:1]
		if blocks[0].Kind == channels.Heading && len(blocks) > 1 {
			together = blocks[:2]
		}
		blocks = blocks[len(together):]
		if length(page)+1+length(together) > limit {
			turn()
		}
		for _, b := range together {
			for rest := b.Text; rest != ""; {
				room := limit
				if len(page) > 0 {
					room -= length(page) + 1
				}
				b.Text, rest = cut(rest, room)
				if b.Text == "" && len(page) == 0 && rest != "" { // no room for anything: the platform may say so
					b.Text, rest = rest, ""
				}
				if b.Text != "" {
					page = append(page, b)
				}
				if rest != "" {
					turn()
				}
			}
		}
	}
	turn()
	return pages
}

// linkers join the consonants on both sides of them to one shape, in Bangla and
// the scripts of India (Unicode Standard Annex 29, rule GB9c).
const linkers = "\u094D\u09CD\u0ACD\u0B4D\u0C4D\u0D4D"

// characters gives a text's characters as a reader sees them. The library divides
// where Unicode 15.0 did, which is inside of conjuncts.
func characters(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		c := ""
		for g := uniseg.NewGraphemes(s); g.Next(); {
			next := g.Str()
			last, _ := utf8.DecodeLastRuneInString(strings.TrimSuffix(c, "\u200d"))
			if first, _ := utf8.DecodeRuneInString(next); c != "" && strings.ContainsRune(linkers, last) && unicode.IsLetter(first) {
				c += next
				continue
			}
			if c != "" && !yield(c) {
				return
			}
			c = next
		}
		if c != "" {
			yield(c)
		}
	}
}

// cut gives the begin of a text that has at most limit UTF-16 units, and the
// rest. It cuts at the last line end, sentence end or space in the second half
// of what fits, in this order, else between two characters as a reader sees
// them. Only a single character that is longer than limit by itself, which
// nobody's language has, is cut between its parts. The piece is "" only where
// the limit has no room for anything.
func cut(s string, limit int) (piece, rest string) {
	if channels.UTF16(s) <= limit {
		return s, ""
	}
	var line, sentence, word, grapheme, at, units int
	before := "" // the character before
	for c := range characters(s) {
		switch {
		case units < limit/2:
		case c == "\n" || c == "\r\n":
			line = at
		case c == " " && before != "" && strings.Contains(".!?।۔؟…", before):
			sentence = at
		case c == " ":
			word = at
		}
		n := channels.UTF16(c)
		if units+n > limit {
			break
		}
		units, at, before = units+n, at+len(c), c
		grapheme = at
	}
	if at == 0 { // its first character is longer than limit
		for grapheme < len(s) {
			r, size := utf8.DecodeRuneInString(s[grapheme:])
			if units += utf16.RuneLen(r); units > limit {
				break
			}
			grapheme += size
		}
	}
	for _, end := range []int{line, sentence, word, grapheme} {
		if end > 0 {
			return strings.TrimRight(s[:end], " \r\n"), strings.TrimLeft(s[end:], " \r\n")
		}
	}
	return "", s
}
