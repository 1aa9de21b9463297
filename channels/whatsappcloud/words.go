// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"sarai/channels"
)

// rlm makes a line run from right to left (Unicode Standard Annex 9).
const rlm = "\u200f"

// How much is put around the words of a message. What is put counts towards
// WhatsApp's limit, and a text may be as long as the limit.
type dress int

const (
	full    dress = iota // an empty line between paragraphs, bullets, bold and italics, marks of direction
	compact              // no empty lines
	plain                // the words and their links, with a line break between blocks
)

// compose sets a message with as much dress as limit leaves room for, in UTF-16
// units, and says how much that was. Where there is no room even for all links,
// the last ones are left out. It is no longer than limit if its words are not.
func compose(out channels.Outbound, limit int) (string, dress) {
	d, links := full, len(out.Blocks) // at most one of each
	for {
		s := set(out, d, links)
		switch {
		case channels.UTF16(s) <= limit || links == 0:
			return s, d
		case d < plain:
			d++
		default:
			links--
		}
	}
}

// set sets a message, with the links of its first blocks only.
func set(out channels.Outbound, d dress, links int) string {
	var all strings.Builder
	item := false
	for i, b := range out.Blocks {
		text, link := strings.ToValidUTF8(b.Text, "\uFFFD"), ""
		if i < links {
			text, link = linked(text, b.Link)
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		if d <= compact {
			switch b.Kind {
			case channels.Heading:
				text = marked(text, "*")
			case channels.Quiet:
				text = marked(text, "_")
			case channels.Item:
				text = "• " + text
			}
			if out.RTL {
				text = rightToLeft(text)
			}
		}
		if all.Len() > 0 {
			if d == full && !(item && b.Kind == channels.Item) {
				all.WriteByte('\n')
			}
			all.WriteByte('\n')
		}
		item = b.Kind == channels.Item
		all.WriteString(text)
		if link != "" {
			all.WriteString("\n" + link)
		}
	}
	return all.String()
}

// marked puts a mark of WhatsApp's formatting around a line, where that is read
// as one: not over several lines, and not around the same mark.
func marked(text, mark string) string {
	s := strings.TrimSpace(text)
	if s == "" || strings.Contains(s, mark) || strings.Contains(s, "\n") {
		return text
	}
	return mark + s + mark
}

// linked says what a link adds to a text: WhatsApp has no links behind words. A
// number that the text does not show goes beside it, and an address on a line of
// its own, which is then not turned around.
func linked(text, link string) (words, line string) {
	if number, ok := strings.CutPrefix(link, "tel:"); ok && number != "" {
		switch {
		case text == "":
			return number, ""
		case !strings.Contains(digitsOf(text), digitsOf(number)):
			return text + ": " + number, ""
		}
		return text, ""
	}
	u, err := url.Parse(link)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || strings.Contains(text, link):
		return text, ""
	case text == "":
		return link, ""
	}
	return text, link
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// rightToLeft marks each line that begins with a word or a number of the other
// direction: WhatsApp sets a line by its first letter. An address stays as it is.
func rightToLeft(text string) string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		at := strings.IndexFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
		if at < 0 || strings.HasPrefix(strings.TrimSpace(line), "https://") {
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

// numbered writes choices as lines of text, to be answered with the number.
func numbered(options []channels.Option, rtl bool) string {
	var all []string
	for i, o := range options {
		line := strconv.Itoa(i+1) + ". " + oneLine(o.Label)
		if rtl {
			line = rlm + line
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

// oneLine is a label without line breaks and spaces at its ends.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
}
