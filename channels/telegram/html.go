// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"net/url"
	"strings"
	"unicode"

	"sarai/channels"
)

// rlm makes a line run from right to left (Unicode Standard Annex 9).
const rlm = "\u200f"

// words are a message in Telegram's HTML, and as plain words for when that
// should not be understood.
type words struct{ html, plain string }

// How much is put around the words of a message. What is put counts towards
// Telegram's limit, and a text may be as long as the limit.
type dress int

const (
	full    dress = iota // an empty line between paragraphs, bullets, marks of direction
	compact              // no empty lines
	bare                 // the words alone, with a line break between blocks
)

// compose sets a message so that its text is no longer than limit, in UTF-16
// units, if its words are not.
func compose(out channels.Outbound, limit int) words {
	var w words
	for d := full; d <= bare; d++ {
		w = set(out, d)
		if channels.UTF16(w.plain) <= limit {
			break
		}
	}
	return w
}

func set(out channels.Outbound, d dress) words {
	var html, plain strings.Builder
	first, item := true, false
	for _, b := range out.Blocks {
		text, link := b.Text, ""
		if d != bare || text == "" {
			text = numbered(text, b.Link)
		}
		if u, err := url.Parse(b.Link); err == nil && u.Scheme == "https" && u.Host != "" {
			link = b.Link
			if text == "" {
				text = link
			}
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		if d != bare {
			if b.Kind == channels.Item {
				text = "• " + text
			}
			if out.RTL {
				text = rightToLeft(text)
			}
		}
		if !first {
			gap := "\n\n"
			if d != full || item && b.Kind == channels.Item {
				gap = "\n"
			}
			html.WriteString(gap)
			plain.WriteString(gap)
		}
		first, item = false, b.Kind == channels.Item
		plain.WriteString(text)
		h := escape(text)
		if link != "" {
			h = `<a href="` + escape(link) + `">` + h + `</a>`
		}
		switch b.Kind {
		case channels.Heading:
			h = "<b>" + h + "</b>"
		case channels.Quiet:
			h = "<i>" + h + "</i>"
		}
		html.WriteString(h)
	}
	return words{html.String(), plain.String()}
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escape makes a text say itself in Telegram's HTML.
func escape(s string) string { return escaper.Replace(strings.ToValidUTF8(s, "\uFFFD")) }

// numbered adds the number of a tel link to a text that does not show it:
// Telegram has no such links, and makes one itself of a number that it sees.
func numbered(text, link string) string {
	number, ok := strings.CutPrefix(link, "tel:")
	if !ok || number == "" || strings.Contains(digits(text), digits(number)) {
		return text
	}
	if text == "" {
		return number
	}
	return text + ": " + number
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// rightToLeft marks each line that begins with a word or a number of the other
// direction: a platform sets a line by its first letter.
func rightToLeft(text string) string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		at := strings.IndexFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
		if at < 0 {
			continue
		}
		for _, r := range line[at:] {
			if unicode.IsDigit(r) || !unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko) {
				all[i] = rlm + line
			}
			break
		}
	}
	return strings.Join(all, "\n")
}
