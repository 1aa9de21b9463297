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

// move changes the standing. That a connection is sought takes nothing away from what
// ended the one before.
func (c *Channel) move(code string, until time.Time) {
	c.put(channels.Standing{Code: code, Since: c.now(), Until: until})
}

// put sets the standing, and keeps it where it is to last.
func (c *Channel) put(st channels.Standing) {
	c.mu.Lock()
	before, f := c.standing, c.file
	if st.Code == channels.Joining && (lasting(before.Code) || before.Code == channels.Linking) {
		c.mu.Unlock()
		return
	}
	c.set(st)
	if st.Code == channels.Joined || before.Code == channels.Joined {
		c.last = c.now()
	}
	last := c.last
	c.mu.Unlock()
	if f == nil || before.Code == st.Code && before.Until.Equal(st.Until) {
		return
	}
	c.log.Info("whatsapp: the device stands otherwise", "standing", st.Code)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var err error
	switch {
	case lasting(st.Code):
		b, _ := json.Marshal(st) // a word and two times
		err = f.setNote(ctx, noteStanding, string(b))
	case st.Code != channels.Joining:
		err = f.setNote(ctx, noteStanding, "")
	}
	if err == nil {
		err = f.setLast(ctx, last)
	}
	if err != nil {
		c.log.Warn("whatsapp: how the device stands could not be kept over a restart", "standing", st.Code)
	}
}

// here notes that the device is connected, for when the process is killed.
func (c *Channel) here(ctx context.Context, f *file) {
	c.mu.Lock()
	joined := c.standing.Code == channels.Joined
	if joined {
		c.last = c.now()
	}
	last := c.last
	c.mu.Unlock()
	if joined {
		_ = f.setLast(ctx, last) // it is noted again soon
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
