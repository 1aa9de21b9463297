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
	limit := l.Text
	if a := out.Attachment; a != nil {
		limit = l.Caption
		if a.Size > l.Upload {
			return fmt.Sprintf("the file has %d bytes, %d are possible", a.Size, l.Upload)
		}
	}
	if n := Length(out); limit > 0 && n > limit {
		return fmt.Sprintf("the text has %d UTF-16 units, %d are possible", n, limit)
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

// Length is the length of a message's text in UTF-16 units, with one line break
// between its blocks. Links are not counted: how they are set is the channel's own.
func Length(out channels.Outbound) int {
	n := 0
	for i, b := range out.Blocks {
		if i > 0 {
			n++
		}
		n += channels.UTF16(b.Text)
	}
	return n
}
