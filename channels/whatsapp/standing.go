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

// put sets the standing. What is to last is kept first: nobody is shown what a restart
// would not know.
func (c *Channel) put(st channels.Standing) {
	c.putting.Lock()
	defer c.putting.Unlock()
	c.mu.Lock()
	before, f, last := c.standing, c.file, c.last
	c.mu.Unlock()
	if st.Code == channels.Joining && (lasting(before.Code) || before.Code == channels.Linking) ||
		before.Code == st.Code && before.Until.Equal(st.Until) {
		return
	}
	if st.Code == channels.Joined || before.Code == channels.Joined {
		last = c.now()
	}
	if f != nil && c.note(f, st, last) != nil {
		c.log.Warn("whatsapp: how the device stands could not be kept over a restart", "standing", st.Code)
	}
	c.log.Info("whatsapp: the device stands otherwise", "standing", st.Code)
	c.mu.Lock()
	c.last = last
	c.set(st)
	c.mu.Unlock()
}

// note keeps a standing that is to last, and when the device was connected at last.
func (c *Channel) note(f *file, st channels.Standing, last time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if st.Code != channels.Joining {
		kept := ""
		if lasting(st.Code) {
			b, err := json.Marshal(st)
			if err != nil {
				return err
			}
			kept = string(b)
		}
		if err := f.setNote(ctx, noteStanding, kept); err != nil {
			return err
		}
	}
	return f.setLast(ctx, last)
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
