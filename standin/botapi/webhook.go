// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	usualConnections = 40
	mostConnections  = 100
	longestPause     = 60   // seconds between deliveries of one update; Telegram draws 60 to 120
	longestAfter     = 3600 // seconds of a Retry-After that are honoured
	goneAfter        = 23 * time.Hour
)

// A hook is a webhook that is set. It delivers the updates of one lane one
// after the other and lanes beside one another.
type hook struct {
	s       *Server
	ctx     context.Context
	end     context.CancelFunc
	url     string
	secret  string
	most    int
	lanes   map[lane]*waitingLane
	ready   []lane // may be delivered now
	workers int

	failed   string // of the last delivery that failed
	failedAt time.Time
	gone     time.Time // since when the bot answers 410
}

type waitingLane struct {
	updates []*update
	busy    bool // in ready, being delivered, or pausing
}

func webhookClient() *http.Client {
	return &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: mostConnections, IdleConnTimeout: time.Minute,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func setWebhook(c *call) (any, *refusal) {
	s := c.s
	address := c.args["url"]
	s.mu.Lock()
	defer s.mu.Unlock()
	if address == "" {
		return removeWebhook(c)
	}
	u, r := hookURL(address)
	if r != nil {
		return nil, r
	}
	secret := c.args["secret_token"]
	if len(secret) > 256 {
		return nil, refuse(400, "Bad Request: secret token is too long")
	}
	for _, b := range []byte(secret) {
		if b != '-' && b != '_' && (b < '0' || b > '9') && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') {
			return nil, refuse(400, "Bad Request: secret token contains unallowed characters")
		}
	}
	most := min(max(c.integer("max_connections", usualConnections), 1), mostConnections)
	drop := c.yes("drop_pending_updates")
	s.allow(c)
	if h := s.hook; h != nil && h.url == u && h.secret == secret && h.most == most && !drop {
		return done{true, "Webhook is already set"}, nil
	}
	if s.poll != nil {
		s.endPoll("Conflict: terminated by setWebhook request")
	}
	s.unhook()
	if drop {
		s.dropPending()
	}
	ctx, end := context.WithCancel(context.Background())
	s.hook = &hook{s: s, ctx: ctx, end: end, url: u, secret: secret, most: most, lanes: map[lane]*waitingLane{}}
	for _, x := range s.updates.all {
		if !x.done {
			s.hook.queue(x)
		}
	}
	s.touch()
	return done{true, "Webhook was set"}, nil
}

// hookURL checks an address as Telegram does, but for one thing: over plain
// HTTP and on any port it may be called on this machine.
func hookURL(address string) (string, *refusal) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", refuse(400, "Bad Request: invalid webhook URL specified")
	}
	here := u.Hostname() == "localhost"
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.IsLoopback() {
		here = true
	}
	if here {
		return u.String(), nil
	}
	if u.Scheme != "https" {
		return "", refuse(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
	}
	switch u.Port() {
	case "", "443", "80", "88", "8443":
		return u.String(), nil
	}
	return "", refuse(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
}

func deleteWebhook(c *call) (any, *refusal) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return removeWebhook(c)
}

func removeWebhook(c *call) (any, *refusal) {
	s := c.s
	was := s.hook != nil
	s.unhook()
	if c.yes("drop_pending_updates") {
		s.dropPending()
	}
	s.touch()
	if was {
		return done{true, "Webhook was deleted"}, nil
	}
	return done{true, "Webhook is already deleted"}, nil
}

// unhook ends deliveries. What is under way is delivered again by whatever
// comes next. The lock is held.
func (s *Server) unhook() {
	if s.hook != nil {
		s.hook.end()
		s.hook = nil
	}
}

func getWebhookInfo(c *call) (any, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates.expire(s.now())
	info := struct {
		URL         string   `json:"url"`
		Certificate bool     `json:"has_custom_certificate"`
		Pending     int      `json:"pending_update_count"`
		ErrorDate   int64    `json:"last_error_date,omitempty"`
		Error       string   `json:"last_error_message,omitempty"`
		Connections int      `json:"max_connections,omitempty"`
		Address     string   `json:"ip_address,omitempty"`
		Allowed     []string `json:"allowed_updates,omitempty"`
	}{Pending: s.updates.live}
	if h := s.hook; h != nil {
		info.URL, info.Connections, info.Address = h.url, h.most, "127.0.0.1"
		if h.failed != "" {
			info.Error, info.ErrorDate = h.failed, h.failedAt.Unix()
		}
	}
	for k := range s.allowed {
		info.Allowed = append(info.Allowed, k)
	}
	return info, nil
}

// queue takes an update in. The lock is held.
func (h *hook) queue(x *update) {
	l := h.lanes[x.lane]
	if l == nil {
		l = &waitingLane{}
		h.lanes[x.lane] = l
	}
	l.updates = append(l.updates, x)
	if !l.busy {
		l.busy = true
		h.wake(x.lane)
	}
}

// wake lets a lane be delivered. The lock is held.
func (h *hook) wake(l lane) {
	h.ready = append(h.ready, l)
	if h.workers < h.most {
		h.workers++
		go h.work()
	}
}

// work delivers until nothing is ready.
func (h *hook) work() {
	s := h.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for h.ctx.Err() == nil && len(h.ready) > 0 {
		key := h.ready[0]
		h.ready = h.ready[1:]
		l := h.lanes[key]
		now := s.now()
		s.updates.expire(now)
		for len(l.updates) > 0 && l.updates[0].done {
			l.updates = l.updates[1:]
		}
		if len(l.updates) == 0 {
			delete(h.lanes, key)
			continue
		}
		x := l.updates[0]
		body := x.body
		s.mu.Unlock()
		status, after, why := h.deliver(body)
		s.mu.Lock()
		if h.ctx.Err() != nil {
			break
		}
		pause := time.Duration(0)
		if why == "" {
			h.gone = time.Time{}
			s.updates.finish(x)
			s.updates.taken++
		} else {
			pause = h.failure(x, status, after, why)
		}
		s.touch()
		if pause == 0 {
			h.ready = append(h.ready, key)
			continue
		}
		time.AfterFunc(pause, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if h.ctx.Err() == nil {
				h.wake(key)
			}
		})
	}
	h.workers--
}

// failure notes a delivery that failed and gives the pause before the next:
// none the first time, then twice as long each time. The lock is held.
func (h *hook) failure(x *update, status, after int, why string) time.Duration {
	s := h.s
	now := s.now()
	h.failed, h.failedAt = why, now
	s.log.Info("the webhook did not take an update", "why", why, "fails", x.fails+1)
	if status == http.StatusGone {
		if h.gone.IsZero() {
			h.gone = now
		} else if now.Sub(h.gone) > goneAfter {
			s.unhook()
		}
	} else {
		h.gone = time.Time{}
	}
	seconds := min(after, longestAfter)
	if seconds == 0 && x.fails > 0 {
		seconds = min(1<<min(x.fails, 10), longestPause)
	}
	x.fails++
	if now.Add(time.Duration(seconds) * time.Second).After(x.expires) {
		s.updates.finish(x)
		return 0
	}
	return time.Duration(seconds) * s.o.Second
}

// deliver posts one update. why is empty where the bot took it.
func (h *hook) deliver(body []byte) (status, after int, why string) {
	req, err := http.NewRequestWithContext(h.ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return 0, 0, "URL is too long"
	}
	req.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	resp, err := h.s.o.Client.Do(req)
	if err != nil {
		switch timeout := (net.Error)(nil); {
		case errors.Is(err, syscall.ECONNREFUSED):
			return 0, 0, "Connection refused"
		case errors.As(err, &timeout) && timeout.Timeout():
			return 0, 0, "Read timeout expired"
		}
		return 0, 0, "Webhook connection closed"
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return 0, 0, "Webhook connection closed"
	}
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return resp.StatusCode, 0, ""
	}
	if after, err = strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || after < 0 {
		after = 0
	}
	return resp.StatusCode, after, fmt.Sprintf("Wrong response from the webhook: %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
}
