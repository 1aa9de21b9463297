// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"time"

	"sarai/channels"
)

// Hasten makes the pauses those of a test: short after a failure, and an answer
// that does not come is waited for only for a moment.
func (c *Channel) Hasten() *Channel {
	c.pauses = pauses{
		first: 5 * time.Millisecond, most: 50 * time.Millisecond,
		poll: time.Second, grace: time.Second, arrange: time.Hour,
	}
	return c
}

// ErrNoUpdate is what Read fails with.
var ErrNoUpdate = errNoUpdate

// Read is what an update means, and the group that it makes the bot leave.
func (c *Channel) Read(raw []byte) (*channels.Inbound, int64, error) {
	r, err := c.read(raw)
	return r.in, r.group, err
}

// LookEvery is how often it is looked whether the webhook is as it should be.
func (c *Channel) LookEvery(d time.Duration) { c.pauses.arrange = d }

// A Pace is the order in which messages go out.
type Pace struct{ p *pace }

// NewPace makes one in which nothing has been sent.
func NewPace() Pace { return Pace{newPace()} }

// Turn is how long to wait for a turn, or to stay away.
func (p Pace) Turn(chat int64, now time.Time) (wait, away time.Duration) {
	wait, r := p.p.turn(chat, now)
	if r != nil {
		return 0, r.After
	}
	return wait, 0
}

// Hold keeps a chat quiet.
func (p Pace) Hold(chat int64, now time.Time, after time.Duration) { p.p.hold(chat, now, after) }

// Size is how many chats are kept in mind.
func (p Pace) Size() int { return len(p.p.chats) }
