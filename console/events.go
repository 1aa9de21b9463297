// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"fmt"
	"net/http"
	"time"

	"sarai/store"
)

// beat is how often a stream that has nothing to say says so: proxies and
// phone networks drop connections that are silent for half a minute.
const beat = 20 * time.Second

// writeWait is how long a reader may take for one event.
const writeWait = 10 * time.Second

// events streams the ids of threads that changed, of those that the member may
// see, and nothing else: what changed is asked for by the page. An empty id says
// that some were missed. The stream ends when its member is signed out.
func (c *Console) events(v *visit) error {
	ctx := v.r.Context()
	out := http.NewResponseController(v.w)
	// The server's own limits are for requests that end.
	_ = out.SetReadDeadline(time.Time{})
	changed := c.Gateway.Watch(ctx)
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no")
	v.w.WriteHeader(http.StatusOK)
	send := func(format string, args ...any) bool {
		_ = out.SetWriteDeadline(time.Now().Add(writeWait)) // a plain recorder has none
		if _, err := fmt.Fprintf(v.w, format, args...); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	if !send("retry: 3000\n: here\n\n") {
		return nil
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			me, ok, err := c.who(ctx, true)
			if err != nil || !ok {
				send("event: over\ndata: \n\n")
				return nil
			}
			v.me = me
			if !send(": \n\n") {
				return nil
			}
		case id, ok := <-changed:
			if !ok {
				return nil
			}
			if id, ok = c.tells(v, id); ok && !send("data: %s\n\n", id) {
				return nil
			}
		}
	}
}

// tells gives what a member may learn of a thread that changed. One that cannot
// be read was erased or will be tried again: then the page reads everything anew.
func (c *Console) tells(v *visit, id store.ThreadID) (store.ThreadID, bool) {
	if id == "" || len(v.me.Centres) == 0 {
		return id, true
	}
	th, err := c.Store.ThreadByID(v.r.Context(), id)
	if err != nil {
		return "", true
	}
	return id, mayRead(v.me, th.Centre) || holds(v.me, th)
}
