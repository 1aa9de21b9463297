// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// A Product is one of the two webhooks of the app.
type Product string

const (
	Messenger Product = "messenger" // object "page": messages and comments
	WhatsApp  Product = "whatsapp"  // object "whatsapp_business_account"
)

const (
	keptBodies     = 10000 // that wait for one webhook
	keptDeliveries = 1000
	longestPause   = 3600           // seconds between two attempts; a guess
	pageLife       = 36 * time.Hour // of an undelivered body (developers.facebook.com, from memory)
	whatsAppLife   = 7 * 24 * time.Hour
	// unsubscribeAfter is how long the Page's webhook may fail until Meta takes the
	// subscription away; older texts say eight hours (developers.facebook.com).
	unsubscribeAfter = time.Hour
)

// A hook is one webhook with what it has not taken yet.
type hook struct {
	s       *Server
	p       Product
	url     string
	queue   []*body // oldest first
	working bool
	timer   *time.Timer
	failing time.Time // since when nothing was taken; zero: it works
	failed  string    // how the last attempt failed
	taken   int
}

// A body waits until the webhook takes it.
type body struct {
	data     []byte
	attempts int
	made     time.Time // by the server's clock
	due      time.Time // by the machine's
	flying   bool
}

func webhookClient() *http.Client {
	return &http.Client{
		Timeout: 20 * time.Second, // the FAQ of Messenger (developers.facebook.com)
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Subscribe performs the handshake with a webhook as Meta does when its address is
// saved in the app's settings, and posts to it from then on, what has waited
// included. The error says what the webhook answered wrongly; the address before
// it stays then.
func (s *Server) Subscribe(ctx context.Context, p Product, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("the webhook's address cannot be read")
	}
	s.mu.Lock()
	challenge := strconv.FormatInt(1158201444+s.number(), 10)
	s.mu.Unlock()
	q := u.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.challenge", challenge)
	q.Set("hub.verify_token", s.o.VerifyToken)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return errors.New("the webhook's address cannot be called")
	}
	resp, err := s.o.Client.Do(req)
	if err != nil {
		return fmt.Errorf("the webhook gave no answer: %s", why(err))
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	switch {
	case err != nil:
		return errors.New("the webhook's answer broke off")
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the webhook answered %d and not 200", resp.StatusCode)
	case string(b) != challenge:
		return errors.New("the webhook did not answer with hub.challenge and nothing else")
	}
	s.Hook(p, address)
	return nil
}

// why says how a call failed, without its address, which holds the verify token.
func why(err error) string {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// Hook sets a webhook's address without the handshake. "" takes it away: what
// happens then waits.
func (s *Server) Hook(p Product, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hooks[p]
	h.url, h.failing, h.failed = url, time.Time{}, ""
	h.hurry()
	s.touch()
}

// hurry ends the pauses before what waits.
func (s *Server) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hooks {
		h.hurry()
	}
}

func (h *hook) hurry() {
	for _, b := range h.queue {
		b.due = time.Time{}
	}
	h.kick()
}

// push makes an entry's event known to a webhook. The lock is held.
func (s *Server) push(p Product, entry obj) {
	if s.together > 0 {
		s.batch[p] = append(s.batch[p], entry)
		return
	}
	s.hooks[p].add([]obj{entry})
}

// add queues a body. The lock is held.
func (h *hook) add(entries []obj) {
	s := h.s
	object := "page"
	if h.p == WhatsApp {
		object = "whatsapp_business_account"
	}
	data := marshal(obj{"object": object, "entry": entries})
	if s.numeric {
		data = swapped(data)
	}
	h.queue = append(h.queue, &body{data: Escape(data), made: s.now()})
	if len(h.queue) > keptBodies {
		h.queue = slices.Delete(h.queue, 0, 1)
	}
	h.kick()
	s.touch()
}

// Together delivers whatever happens while do runs in one body per webhook, each
// event with an entry of its own, as Meta does with up to 1000
// (developers.facebook.com, from memory).
func (s *Server) Together(do func()) {
	s.mu.Lock()
	s.together++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.together--; s.together > 0 {
			return
		}
		for p, all := range s.batch {
			delete(s.batch, p)
			for entries := range slices.Chunk(all, 1000) {
				s.hooks[p].add(entries)
			}
		}
	}()
	do()
}

// Event posts, like every other event, one that this package does not play: for
// Messenger an element of messaging, for WhatsApp the value of a change in the field
// messages. It fails where body is not JSON.
func (s *Server) Event(p Product, body []byte) error {
	if p == WhatsApp {
		return s.Change(p, "messages", body)
	}
	if !json.Valid(body) {
		return errors.New("an event is JSON")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.push(p, obj{"id": s.o.PageID, "time": s.now().UnixMilli(), "messaging": []any{json.RawMessage(body)}})
	return nil
}

// Change is like Event for a change in any field, such as "feed" or
// "message_template_status_update".
func (s *Server) Change(p Product, field string, value []byte) error {
	if !json.Valid(value) {
		return errors.New("the value of a change is JSON")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.o.PageID
	if p == WhatsApp {
		id = s.o.AccountID
	}
	s.push(p, obj{"id": id, "time": s.now().Unix(), "changes": []obj{{"field": field, "value": json.RawMessage(value)}}})
	return nil
}

// kick lets the queue be worked off. The lock is held.
func (h *hook) kick() {
	if !h.working && h.url != "" && !h.s.o.Manual && !h.s.closed {
		h.working = true
		go h.work()
	}
}

// work posts what is due until nothing is.
func (h *hook) work() {
	s := h.s
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { h.working = false }()
	for h.url != "" && !s.closed {
		now := time.Now()
		var due *body
		var soonest time.Time
		for _, b := range h.queue {
			if b.flying {
				continue
			}
			if !b.due.After(now) {
				due = b
				break
			}
			if soonest.IsZero() || b.due.Before(soonest) {
				soonest = b.due
			}
		}
		if due == nil {
			if !soonest.IsZero() {
				if h.timer != nil {
					h.timer.Stop()
				}
				h.timer = time.AfterFunc(soonest.Sub(now), func() {
					s.mu.Lock()
					defer s.mu.Unlock()
					h.kick()
				})
			}
			return
		}
		_, _ = h.attempt(s.ctx, due) // what failed is due again later
	}
}

// attempt posts a body once and settles it. The lock is held, but not meanwhile.
func (h *hook) attempt(ctx context.Context, b *body) (int, error) {
	s := h.s
	b.flying = true
	b.attempts++
	address, n := h.url, b.attempts
	s.mu.Unlock()
	status, err := s.post(ctx, address, b.data)
	s.mu.Lock()
	b.flying = false
	now := s.now()
	s.note(Delivery{Product: h.p, Body: b.data, Attempt: n, Status: status, At: now})
	defer s.touch()
	if status >= 200 && status <= 299 {
		h.drop(b)
		h.taken++
		h.failing, h.failed = time.Time{}, ""
		return status, nil
	}
	h.failed = fmt.Sprintf("it answered %d", status)
	if err != nil {
		h.failed = "it gave no answer"
	}
	s.log.Info("a webhook did not take a delivery", "webhook", string(h.p), "status", status, "attempt", n)
	life := pageLife
	if h.p == WhatsApp {
		life = whatsAppLife
	}
	// The second attempt comes at once, then with pauses that double.
	pause := 0
	if n > 1 {
		pause = min(1<<min(n-2, 20), longestPause)
	}
	b.due = time.Now().Add(time.Duration(pause) * s.o.Second)
	if now.Sub(b.made) > life {
		h.drop(b)
	}
	if h.failing.IsZero() {
		h.failing = now
	} else if h.p == Messenger && now.Sub(h.failing) > unsubscribeAfter && len(s.fields) > 0 {
		s.fields = map[string]bool{}
		s.log.Info("the app was unsubscribed from the Page: its webhook fails too long")
	}
	return status, err
}

func (h *hook) drop(b *body) {
	if i := slices.Index(h.queue, b); i >= 0 {
		h.queue = slices.Delete(h.queue, i, i+1)
	}
}

// post posts a body, signed.
func (s *Server) post(ctx context.Context, address string, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the webhook's address cannot be called")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "facebookexternalua")
	req.Header.Set("X-Hub-Signature-256", Sign(s.o.AppSecret, body))
	resp, err := s.o.Client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("the webhook gave no answer: %s", why(err))
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return 0, errors.New("the webhook's answer broke off")
	}
	return resp.StatusCode, nil
}

// note keeps an attempt. The lock is held.
func (s *Server) note(d Delivery) {
	s.deliveries = append(s.deliveries, d)
	if len(s.deliveries) > keptDeliveries {
		s.deliveries = slices.Delete(s.deliveries, 0, len(s.deliveries)-keptDeliveries)
	}
}

// Deliver posts what waits for a webhook now, each body once, oldest first, pauses
// or not. It gives the first status that is not 2xx, else 200, and 0 where nothing
// waited. What was not taken waits on. The error is that of a webhook which gave
// no answer.
func (s *Server) Deliver(ctx context.Context, p Product) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hooks[p]
	if h.url == "" {
		return 0, errors.New("no webhook is set")
	}
	status := 0
	var first error
	for _, b := range slices.Clone(h.queue) {
		if b.flying || !slices.Contains(h.queue, b) {
			continue // somebody else delivers it
		}
		got, err := h.attempt(ctx, b)
		if err == nil && got >= 200 && got <= 299 {
			got = http.StatusOK
		}
		if status == 0 || status == http.StatusOK {
			status = got
		}
		if first == nil {
			first = err
		}
	}
	return status, first
}

// Raw posts a body as it is, signed, once and now, whatever waits. It gives the
// webhook's status.
func (s *Server) Raw(ctx context.Context, p Product, body []byte) (int, error) {
	s.mu.Lock()
	address := s.hooks[p].url
	s.mu.Unlock()
	if address == "" {
		return 0, errors.New("no webhook is set")
	}
	status, err := s.post(ctx, address, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(Delivery{Product: p, Body: slices.Clone(body), Attempt: 1, Status: status, At: s.now()})
	s.touch()
	return status, err
}

// Settle returns once nothing waits for a webhook that has an address. With
// Options.Manual somebody else must deliver. The error is that of ctx.
func (s *Server) Settle(ctx context.Context) error {
	return s.Await(ctx, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, h := range s.hooks {
			if h.url != "" && len(h.queue) > 0 {
				return false
			}
		}
		return true
	})
}

// Waiting is how many bodies have not been taken by the webhook.
func (s *Server) Waiting(p Product) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.hooks[p].queue)
}

// A Delivery is one attempt to post a body.
type Delivery struct {
	Product Product
	Body    []byte
	Attempt int // from 1
	Status  int // 0: no answer
	At      time.Time
}

// Deliveries are the last 1000 attempts, oldest first, those of Raw included. Their
// bodies are not to be changed.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}
