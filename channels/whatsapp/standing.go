// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"encoding/json"
	"time"

	"sarai/channels"
)

// Standing says how the device stands with WhatsApp. What ended a connection for
// good is known over restarts, until there is a connection again.
func (c *Channel) Standing() channels.Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing
}

// lasting are the codes that outlive the process.
func lasting(code string) bool {
	switch code {
	case channels.LoggedOut, channels.Replaced, channels.Banned, channels.Outdated, channels.Passkey:
		return true
	}
	return false
}

// set changes the standing; whoever waits for a change is woken. c.mu is held.
func (c *Channel) set(st channels.Standing) {
	if st.Code == c.standing.Code && st.Until.Equal(c.standing.Until) {
		return
	}
	c.standing = st
	close(c.changed)
	c.changed = make(chan struct{})
}

// move changes the standing and keeps it where it is to last. That a connection is
// sought takes nothing away from what ended the one before.
func (c *Channel) move(code string, until time.Time) {
	c.mu.Lock()
	before, f := c.standing, c.file
	if code == channels.Joining && (lasting(before.Code) || before.Code == channels.Linking) {
		c.mu.Unlock()
		return
	}
	st := channels.Standing{Code: code, Since: c.now(), Until: until}
	c.set(st)
	if code == channels.Joined {
		c.last = st.Since
	}
	last := c.last
	c.mu.Unlock()
	if f == nil || before.Code == code && before.Until.Equal(until) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	note := ""
	if lasting(code) {
		b, _ := json.Marshal(st) // a word and two times
		note = string(b)
	}
	err := error(nil)
	if lasting(code) || code == channels.Joined || code == channels.Unlinked {
		err = f.setNote(ctx, noteStanding, note)
	}
	if b, e := last.MarshalText(); err == nil && e == nil && !last.IsZero() {
		err = f.setNote(ctx, noteLast, string(b))
	}
	if err != nil {
		c.log.Warn("whatsapp: how the device stands could not be kept over a restart", "standing", code)
	}
	if code != before.Code {
		c.log.Info("whatsapp: the device stands otherwise", "standing", code)
	}
}

// until waits until the standing is one that holds likes, or gives the one at the
// end of ctx.
func (c *Channel) until(ctx context.Context, holds func(code string) bool) channels.Standing {
	for {
		c.mu.Lock()
		st, changed := c.standing, c.changed
		c.mu.Unlock()
		if holds(st.Code) {
			return st
		}
		select {
		case <-ctx.Done():
			return st
		case <-changed:
		}
	}
}
