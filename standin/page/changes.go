// SPDX-License-Identifier: GPL-3.0-or-later

package page

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	longest = 20 * time.Second       // that a page waits for something to change
	settle  = 100 * time.Millisecond // so that a crowd does not keep the page busy
)

// Changes counts what changes in a stand-in and wakes the pages and tests that wait
// for it. The zero value is ready. It is safe for concurrent use; do not copy it.
type Changes struct {
	mu    sync.Mutex
	count uint64
	next  chan struct{} // closed at the next change; nil while nobody waits
}

// Add counts a change and wakes who waits. Call it before giving up the lock under
// which the change is made: whoever is woken takes that lock and sees all of it.
func (c *Changes) Add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

// Version is the number of changes and 1, so that 0 is the version of a page that
// knows nothing yet.
func (c *Changes) Version() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count + 1
}

// upcoming gives a channel that is closed at the next change.
func (c *Changes) upcoming() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = make(chan struct{})
	}
	return c.next
}

// Await returns once holds says true. It asks again after every change, so nobody has
// to sleep; what changes elsewhere does not wake it, and what holds itself changes
// wakes it for ever. The error is that of ctx.
func (c *Changes) Await(ctx context.Context, holds func() bool) error {
	for {
		next := c.upcoming()
		if holds() {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return fmt.Errorf("what was awaited did not happen: %w", ctx.Err())
		}
	}
}

// State answers a page with what look gives, in JSON, once something has changed since
// the version that the page names, or after 20 seconds, or once ended is closed. What
// look gives has the field "version": Version, taken under the lock under which the
// rest was.
func (c *Changes) State(ended <-chan struct{}, look func(*http.Request) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		known, _ := strconv.ParseUint(r.FormValue("version"), 10, 64)
		next := c.upcoming()
		if c.Version() == known {
			select {
			case <-next:
				select {
				case <-time.After(settle):
				case <-ended:
				case <-r.Context().Done():
					return
				}
			case <-time.After(longest):
			case <-ended:
			case <-r.Context().Done():
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(look(r)) // the browser is gone where this fails
	}
}
