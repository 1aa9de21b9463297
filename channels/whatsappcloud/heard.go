// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"context"
	"net/http"
	"sync"

	"sarai/channels"
)

// maxHeard is how many addresses are kept in mind. Nothing is lost with one that
// is forgotten: nobody sees that somebody types.
const maxHeard = 10_000

// memory holds the newest message of each person, in memory only: WhatsApp shows
// typing only in answer to one.
type memory struct {
	mu   sync.Mutex
	of   map[channels.Address]heard
	ring []channels.Address // as they came to be known
	next int                // in a full ring: the oldest
}

func newMemory() *memory { return &memory{of: map[channels.Address]heard{}} }

func (m *memory) put(h heard) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range h.who.addresses() {
		if _, ok := m.of[a]; !ok {
			if len(m.ring) < maxHeard {
				m.ring = append(m.ring, a)
			} else {
				delete(m.of, m.ring[m.next])
				m.ring[m.next] = a
				m.next = (m.next + 1) % maxHeard
			}
		}
		m.of[a] = h
	}
}

func (m *memory) get(a channels.Address) heard {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[a]
}

// Typing shows for 25 seconds, or until the next message, that somebody writes,
// and marks what the person wrote last as read: WhatsApp has no one without the
// other. Where no message of theirs came since the start nothing is shown. It
// fails only with a *SendError.
func (c *Channel) Typing(ctx context.Context, to channels.Address) error {
	if _, bad := recipientOf(to); bad != nil {
		return bad
	}
	last := c.heard.get(to).id
	if last == "" {
		return nil
	}
	err := c.graph.Do(ctx, http.MethodPost, c.path("messages"), struct {
		Product string            `json:"messaging_product"`
		Status  string            `json:"status"`
		Message string            `json:"message_id"`
		Typing  map[string]string `json:"typing_indicator"`
	}{"whatsapp", "read", last, map[string]string{"type": "text"}}, nil)
	if err != nil {
		return judge(err)
	}
	return nil
}

// path is a place below the number.
func (c *Channel) path(rest string) string { return "/" + c.o.PhoneNumberID + "/" + rest }
