// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"context"
	"time"
)

// A Product is one of the two webhooks of the app.
type Product string

const (
	Messenger Product = "messenger" // object "page": messages and comments
	WhatsApp  Product = "whatsapp"  // object "whatsapp_business_account"
)

// Subscribe performs the handshake with a webhook as Meta does when its address is
// saved in the app's settings, and posts to it from then on, what has waited
// included. The error says what the webhook answered wrongly; the address before it stays then.
func (s *Server) Subscribe(ctx context.Context, p Product, url string) error { return nil }

// Hook sets a webhook's address without the handshake. "" takes it away: what
// happens then waits.
func (s *Server) Hook(p Product, url string) {}

// Deliver posts what waits for a webhook now, each body once, oldest first. It gives
// the first status that is not 2xx, else 200, and 0 where nothing waited. What was
// not taken waits on. The error is that of a webhook which gave no answer.
func (s *Server) Deliver(ctx context.Context, p Product) (int, error) { return 0, nil }

// Raw posts a body as it is, signed, once and now, whatever waits. It gives the
// webhook's status.
func (s *Server) Raw(ctx context.Context, p Product, body []byte) (int, error) { return 0, nil }

// Event posts, like every other event, one that this package does not play: for
// Messenger an element of messaging, for WhatsApp the value of a change in field
// messages. body must be JSON.
func (s *Server) Event(p Product, body []byte) error { return nil }

// Change is like Event for a change in any field, such as "feed" or
// "message_template_status_update".
func (s *Server) Change(p Product, field string, value []byte) error { return nil }

// Together delivers whatever do makes happen in one body per webhook, each event
// with an entry of its own.
func (s *Server) Together(do func()) {}

// Settle returns once nothing waits for a webhook and nothing is on its way. The
// error is that of ctx.
func (s *Server) Settle(ctx context.Context) error { return nil }

// Waiting is how many bodies have not been taken by the webhook.
func (s *Server) Waiting(p Product) int { return 0 }

// A Delivery is one attempt to post a body.
type Delivery struct {
	Product Product
	Body    []byte
	Attempt int // from 1
	Status  int // 0: no answer
	At      time.Time
}

// Deliveries are the last 1000 attempts, oldest first, those of Raw included.
func (s *Server) Deliveries() []Delivery { return nil }

// Fields are what the app is subscribed to.
func (s *Server) Fields(p Product) []string { return nil }

// Sign gives the header X-Hub-Signature-256 of a body.
func Sign(secret string, body []byte) string { return "" }

// Escape writes JSON as Meta sends it: without spaces, non-ASCII as lower-case
// \uXXXX (UTF-16), and / as \/. What is not JSON is given back as it is.
func Escape(body []byte) []byte { return body }
