// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"sync"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
)

// typingEvery is how often a platform is told that somebody types: what it shows
// lasts five seconds (core.telegram.org/bots/api#sendchataction).
const typingEvery = 4 * time.Second

// typing remembers when a person was last shown that somebody types. The zero
// value is ready.
type typing struct {
	mu    sync.Mutex
	shown map[store.ThreadID]time.Time
}

// due says whether it is time to show it again, and remembers that it was.
func (t *typing) due(id store.ThreadID, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for other, at := range t.shown { // few talk at one time
		if now.Sub(at) >= typingEvery || now.Before(at) {
			delete(t.shown, other)
		}
	}
	if _, recent := t.shown[id]; recent {
		return false
	}
	if t.shown == nil {
		t.shown = map[store.ThreadID]time.Time{}
	}
	t.shown[id] = now
	return true
}

// Typing shows the person that the holder of their case is writing to them,
// where the channel can show it. It does nothing for anybody else than the
// holder, and on a talk that is quiet: somebody else may look at that screen. It
// does not wait for the platform, and what fails is forgotten.
func (g *Gateway) Typing(ctx context.Context, id store.ThreadID, by desk.StaffID) {
	if !g.typing.due(id, g.now()) {
		return
	}
	th, err := g.store.ThreadByID(ctx, id)
	if err != nil || th.Blocked {
		return
	}
	if c := th.Case; c == nil || c.Status != desk.Held || c.Holder != by {
		return
	}
	typer, ok := g.channels[th.Reply.Channel].(channels.Typer)
	if !ok || g.Look(th.State).Quiet {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), typingEvery)
		defer cancel()
		_ = typer.Typing(ctx, th.Reply)
	}()
}
