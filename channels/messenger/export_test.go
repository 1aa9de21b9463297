// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// Hasten makes the pauses those of a test.
func (c *Channel) Hasten() *Channel {
	c.rest, c.short = time.Hour, 5*time.Millisecond
	return c
}

// LookEvery is how often it is looked whether Meta still tells the webhook.
func (c *Channel) LookEvery(d time.Duration) { c.rest = d }

// Read is what an event of a Page means.
func Read(page, app string, comments bool, e meta.Event, now time.Time) meta.Reading {
	g, err := meta.NewGraph("", "token", "")
	if err != nil {
		panic(err) // the address is the built-in one
	}
	return reader{meta.ID(page), meta.ID(app), comments, g.OfMeta}.read(e, now).Reading
}

// Split cuts a text as one that is sent is cut.
func Split(text string, most int) []string { return split(text, most, channels.UTF16) }

// Compose is how a message is set.
func Compose(out channels.Outbound) string { return compose(out) }
