// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import "time"

// Hasten makes the pauses those of a test: short after a failure, and an answer
// that does not come is waited for only for a moment.
func (c *Channel) Hasten() *Channel {
	c.pauses = pauses{
		first: 5 * time.Millisecond, most: 50 * time.Millisecond,
		poll: time.Second, grace: time.Second, arrange: time.Hour,
	}
	return c
}
