// SPDX-License-Identifier: GPL-3.0-or-later

package channeltest

import (
	"fmt"
	"unicode/utf8"

	"sarai/channels"
)

// Beyond says in which way out is more than a channel with these limits carries,
// or "" where it is not. The text of a message counts with one line break
// between its blocks.
func Beyond(l channels.Limits, out channels.Outbound) string {
	if n := Length(out); l.Text > 0 && n > l.Text {
		return fmt.Sprintf("the text has %d characters, %d are possible", n, l.Text)
	}
	if n := len(out.Options); l.Options > 0 && n > l.Options {
		return fmt.Sprintf("the message has %d choices, %d are possible", n, l.Options)
	}
	for _, o := range out.Options {
		if n := utf8.RuneCountInString(o.Label); l.Label > 0 && n > l.Label {
			return fmt.Sprintf("a choice has %d characters, %d are possible", n, l.Label)
		}
	}
	return ""
}

// Length is the number of characters of a message's text, with one line break
// between its blocks. Links are not counted: how they are set is the channel's own.
func Length(out channels.Outbound) int {
	n := 0
	for i, b := range out.Blocks {
		if i > 0 {
			n++
		}
		n += utf8.RuneCountInString(b.Text)
	}
	return n
}
