// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"sarai/channels"
)

// rlm makes a line run from right to left (Unicode Standard Annex 9).
const rlm = "\u200f"

// compose sets a message in plain words: Messenger has no markup that all phones
// show. An address stands on a line of its own behind its words, where a phone
// makes a link of it.
func compose(out channels.Outbound) string {
	var b strings.Builder
	item := false
	for _, x := range out.Blocks {
		text := shown(x)
		if text == "" {
			continue
		}
		if x.Kind == channels.Item {
			text = "• " + text
		}
		if out.RTL {
			text = rightToLeft(text)
		}
		if b.Len() > 0 {
			b.WriteString("\n")
			if !item || x.Kind != channels.Item {
				b.WriteString("\n")
			}
		}
		b.WriteString(text)
		item = x.Kind == channels.Item
	}
	return b.String()
}

// shown is what is seen of a block.
func shown(x channels.Block) string {
	text := strings.TrimSpace(strings.ToValidUTF8(x.Text, "\uFFFD"))
	link := ""
	if number, ok := strings.CutPrefix(x.Link, "tel:"); ok {
		if !strings.Contains(onlyDigits(text), onlyDigits(number)) {
			link = number
		}
	} else if isLink(x.Link) && !strings.Contains(text, x.Link) {
		link = x.Link
	}
	return lines(text, link)
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// rightToLeft marks each line that begins with a word or a number of the other
// direction: a phone sets a line by its first letter.
func rightToLeft(text string) string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		if isLink(line) {
			continue // the mark could become part of it
		}
		for _, r := range line {
			if unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko) && unicode.IsLetter(r) {
				break
			}
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				all[i] = rlm + line
				break
			}
		}
	}
	return strings.Join(all, "\n")
}

// split cuts a text into pieces whose size is at most most, where people would:
// between paragraphs, lines, sentences or words, and else between letters.
func split(text string, most int, size func(string) int) []string {
	var all []string
	for size(text) > most {
		// The longest beginning that fits.
		end, n := 0, 0
		for i, r := range text {
			if n += size(string(r)); n > most {
				break
			}
			end = i + utf8.RuneLen(r)
		}
		cut := 0
		for _, mark := range []string{"\n\n", "\n", ". ", "۔ ", "। ", "؟ ", "? ", " "} {
			if at := strings.LastIndex(text[:end], mark); at >= end/2 {
				cut = at + len(mark)
				break
			}
		}
		if cut == 0 {
			cut = end
			for cut > end/2 && joined(text, cut) {
				_, n := utf8.DecodeLastRuneInString(text[:cut])
				cut -= n
			}
		}
		if piece := strings.TrimSpace(text[:cut]); piece != "" {
			all = append(all, piece)
		}
		text = strings.TrimSpace(text[cut:])
	}
	if text != "" || len(all) == 0 {
		all = append(all, text)
	}
	return all
}

// joined says whether what stands at a place belongs to the letter before it.
func joined(text string, at int) bool {
	next, _ := utf8.DecodeRuneInString(text[at:])
	last, _ := utf8.DecodeLastRuneInString(text[:at])
	const joiner = '\u200d'
	return unicode.In(next, unicode.Mn, unicode.Mc, unicode.Me, unicode.Sk) || next == joiner || last == joiner
}

// cleanName is a file's name as a person shall see it: without a path, without
// what turns text around, not empty.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d' || r == utf8.RuneError || r == '"' {
			return -1
		}
		return r
	}, name)
	if name == "" || name == "." || name == "/" || name == ".." {
		return "file"
	}
	return name
}

// label cuts a choice's label to what Messenger shows, between letters.
func label(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD"))
	if utf8.RuneCountInString(s) <= maxLabel {
		return s
	}
	runes := []rune(s)
	return strings.TrimSpace(string(runes[:maxLabel-1])) + "…"
}
