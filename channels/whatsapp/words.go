// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"sarai/channels"
)

// rlm makes a line run from right to left (Unicode Standard Annex 9).
const rlm = "\u200f"

// compose sets a message in plain words, with its choices as numbered lines under
// them: WhatsApp shows no buttons of a linked device. Which number was typed, in
// whatever digits, is understood elsewhere. A heading is set in WhatsApp's bold;
// there is no way to say that a star is a star, and none is taken for markup by
// force.
func compose(out channels.Outbound) string {
	var b strings.Builder
	item := false
	for _, block := range out.Blocks {
		text := numbered(block.Text, block.Link)
		if u, err := url.Parse(block.Link); err == nil && u.Scheme == "https" && u.Host != "" && !strings.Contains(text, block.Link) {
			text = strings.TrimLeft(text+"\n"+block.Link, "\n")
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		switch block.Kind {
		case channels.Item:
			text = "• " + text
		case channels.Heading:
			if !strings.ContainsAny(text, "*\n") {
				text = "*" + strings.TrimSpace(text) + "*"
			}
		}
		if out.RTL {
			text = rightToLeft(text)
		}
		if b.Len() > 0 {
			b.WriteString("\n")
			if !item || block.Kind != channels.Item {
				b.WriteString("\n")
			}
		}
		item = block.Kind == channels.Item
		b.WriteString(text)
	}
	for i, o := range out.Options {
		switch {
		case i == 0 && b.Len() > 0:
			b.WriteString("\n\n")
		case i > 0:
			b.WriteString("\n")
		}
		if out.RTL {
			b.WriteString(rlm)
		}
		b.WriteString(strconv.Itoa(i+1) + ". " + o.Label)
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

// numbered adds the number of a tel link to a text that does not show it: a phone
// makes a link of any number that it sees.
func numbered(text, link string) string {
	number, ok := strings.CutPrefix(link, "tel:")
	if !ok || number == "" || strings.Contains(onlyDigits(text), onlyDigits(number)) {
		return text
	}
	if text == "" {
		return number
	}
	return text + ": " + number
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
// direction: WhatsApp sets a line by its first letter. An address stands alone in
// its line and keeps its own direction.
func rightToLeft(text string) string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		if strings.HasPrefix(line, "https://") {
			continue
		}
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
