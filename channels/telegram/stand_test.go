// SPDX-License-Identifier: GPL-3.0-or-later

package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
	"sarai/standin/botapi"
)

const (
	token  = "777:the-secret-of-the-bot"
	secret = "the-secret-of-the-hook-0123456789"
)

// patience is how long is waited for what must come; only a failing test waits
// so long.
const patience = 10 * time.Second

// A place is Telegram on this machine and the adapter before it.
type place struct {
	t   *testing.T
	api *botapi.Server
	url string
	ch  *telegram.Channel
	log bytes.Buffer
	mu  sync.Mutex // of log
}

func (p *place) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

// logged is what the adapter logged. It never holds a secret.
func (p *place) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// open plays Telegram with o, and makes the channel with c.
func open(t *testing.T, o botapi.Options, c telegram.Options) *place {
	t.Helper()
	p := &place{t: t}
	o.Token = token
	if o.Second == 0 {
		o.Second = 5 * time.Millisecond
	}
	p.api = botapi.New(o)
	srv := httptest.NewServer(p.api.Handler())
	p.url = srv.URL
	t.Cleanup(func() { p.api.Close(); srv.CloseClientConnections(); srv.Close() })
	if c.Token == "" {
		c.Token = token
	}
	c.APIURL = srv.URL
	c.Log = slog.New(slog.NewTextHandler(p, nil))
	ch, err := telegram.New(c)
	if err != nil {
		t.Fatal(err)
	}
	p.ch = ch.Hasten()
	t.Cleanup(func() { p.clean(p.logged()) })
	return p
}

// clean says that a text that somebody could read holds no secret and nothing of
// a person.
func (p *place) clean(text string) {
	p.t.Helper()
	for _, s := range []string{token, "the-secret-of-the-bot", secret, "900001", "confidential words"} {
		if strings.Contains(text, s) {
			p.t.Errorf("%q stands in: %.300s", s, text)
		}
	}
}

// A store is a sink that remembers what it took, each event once.
type store struct {
	mu    sync.Mutex
	calls int
	took  []channels.Inbound
	seen  map[string]bool
	again int // events that it had
	fail  func(channels.Inbound) error
}

var errFull = errors.New("the disk is full")

func (s *store) sink(ctx context.Context, in ...channels.Inbound) error {
	return each(s.take)(ctx, in...)
}

// each is a sink of a function that takes one event.
func each(take func(context.Context, channels.Inbound) error) channels.Sink {
	return func(ctx context.Context, in ...channels.Inbound) error {
		for _, e := range in {
			if err := take(ctx, e); err != nil {
				return err
			}
		}
		return nil
	}
}

func (s *store) take(_ context.Context, in channels.Inbound) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		if err := s.fail(in); err != nil {
			return err
		}
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	if s.seen[in.ID] {
		s.again++
		return nil
	}
	s.seen[in.ID] = true
	s.took = append(s.took, in)
	return nil
}

func (s *store) failing(f func(channels.Inbound) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

func (s *store) all() []channels.Inbound {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]channels.Inbound(nil), s.took...)
}

func (s *store) texts() []string {
	var out []string
	for _, in := range s.all() {
		out = append(out, in.Text)
	}
	return out
}

func (s *store) tried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// listen fetches into a store until the test ends.
func (p *place) listen() *store {
	p.t.Helper()
	s := &store{}
	p.listenTo(s.sink)
	return s
}

func (p *place) listenTo(sink channels.Sink) (stop func()) {
	p.t.Helper()
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.ch.Poller().Listen(ctx, sink) }()
	stop = sync.OnceFunc(func() {
		end()
		select {
		case err := <-done:
			if err != nil {
				p.t.Errorf("Listen: %v", err)
			}
		case <-time.After(patience):
			p.t.Errorf("Listen has not ended")
		}
	})
	p.t.Cleanup(stop)
	return stop
}

// until waits for what must come, and fails the test if it does not.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("this has not happened: %s", what)
		}
	}
}

// post calls the Hook as Telegram does.
func post(url, secret string, body []byte) (status int, answer string, err error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	if secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // it is a test's own
	}
	return b
}

func say(to channels.Address, text string) channels.Outbound {
	return channels.Outbound{
		To: to, Key: "talk/1/0", Author: channels.Program, Locale: "en", LastActed: time.Now(),
		Blocks: []channels.Block{{Kind: channels.Paragraph, Text: text}},
	}
}

func person(id string) channels.Address {
	return channels.Address{Channel: telegram.ChannelName, ID: id}
}
