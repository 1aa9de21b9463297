// SPDX-License-Identifier: GPL-3.0-or-later

package web

import "sync"

// maxWaiting is how many pages may wait at one address at a time: a person has a
// few tabs, a flood has more.
const maxWaiting = 8

// A hub lets pages wait until something happens at their address. A page that
// waits costs one channel and one entry of a map; nothing runs while nobody is
// woken.
type hub struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]struct{}
	closed  bool
}

func newHub() *hub { return &hub{waiting: map[string]map[chan struct{}]struct{}{}} }

// wait gives a channel that is closed with the next wake of id, and a function
// that ends the waiting. Whoever waits calls it before looking whether there is
// something already, so that nothing falls in between. It reports false where
// too many wait at id.
func (h *hub) wait(id string) (woken <-chan struct{}, end func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := make(chan struct{})
	if h.closed {
		close(w)
		return w, func() {}, true
	}
	if len(h.waiting[id]) >= maxWaiting {
		return nil, nil, false
	}
	if h.waiting[id] == nil {
		h.waiting[id] = map[chan struct{}]struct{}{}
	}
	h.waiting[id][w] = struct{}{}
	return w, func() { h.leave(id, w) }, true
}

func (h *hub) leave(id string, w chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.waiting[id], w)
	if len(h.waiting[id]) == 0 {
		delete(h.waiting, id)
	}
}

func (h *hub) wake(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.waiting[id] {
		close(w)
	}
	delete(h.waiting, id)
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, ws := range h.waiting {
		for w := range ws {
			close(w)
		}
	}
	clear(h.waiting)
}
