// SPDX-License-Identifier: GPL-3.0-or-later

package messenger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/messenger"
	"sarai/standin/graph"
)

// patience is how long is waited for what must come; only a failing test waits
// so long.
const patience = 10 * time.Second

// A clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A place is Meta on this machine and the adapter before it.
type place struct {
	t     *testing.T
	meta  *graph.Server
	url   string // of the API, with the version
	hook  string // of the webhook, once it is served
	ch    *messenger.Channel
	clock *clock
	kept  *store
	mu    sync.Mutex
	log   bytes.Buffer
	told  []channels.Report
}

func (p *place) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *place) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *place) report(_ context.Context, rs ...channels.Report) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, rs...)
	return nil
}

func (p *place) reports() []channels.Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]channels.Report(nil), p.told...)
}

// open plays Meta with o, and makes the channel with c, which gets everything
// that it needs. Nothing is delivered yet.
func open(t *testing.T, o graph.Options, c messenger.Options) *place {
	t.Helper()
	p := &place{t: t, clock: &clock{now: time.Now()}, kept: &store{}}
	if o.Second == 0 {
		o.Second = 5 * time.Millisecond
	}
	o.Now = p.clock.Now
	p.meta = graph.New(o)
	srv := httptest.NewServer(p.meta.Handler())
	t.Cleanup(func() { p.meta.Close(); srv.CloseClientConnections(); srv.Close() })
	p.url = srv.URL + "/" + graph.Version
	c.PageID, c.PageToken, c.AppSecret, c.VerifyToken = graph.PageID, graph.PageToken, graph.AppSecret, graph.VerifyToken
	c.GraphURL, c.Now, c.Log = p.url, p.clock.Now, slog.New(slog.NewTextHandler(p, nil))
	if c.Reports == nil {
		c.Reports = p.report
	}
	ch, err := messenger.New(c)
	if err != nil {
		t.Fatal(err)
	}
	p.ch = ch.Hasten()
	t.Cleanup(func() { p.clean("the log", p.logged()) })
	return p
}

// serve has the channel receive into p.kept, and Meta call it.
func (p *place) serve() *place {
	p.t.Helper()
	mux := http.NewServeMux()
	mux.Handle(messenger.Path, p.ch.Handler(p.kept.sink))
	srv := httptest.NewServer(mux)
	p.t.Cleanup(srv.Close)
	p.hook = srv.URL + messenger.Path
	if err := p.meta.Subscribe(p.t.Context(), graph.Messenger, p.hook); err != nil {
		p.t.Fatal(err)
	}
	return p
}

// settle returns once Meta has told everything.
func (p *place) settle() {
	p.t.Helper()
	ctx, end := context.WithTimeout(p.t.Context(), patience)
	defer end()
	if err := p.meta.Settle(ctx); err != nil {
		p.t.Fatal("Meta still waits to tell something:", err)
	}
}

// clean says that a text that somebody could read holds no secret and nothing of
// a person.
func (p *place) clean(what, text string) {
	p.t.Helper()
	for _, s := range []string{graph.PageToken, graph.AppSecret, graph.VerifyToken, "900001", "confidential words"} {
		if strings.Contains(text, s) {
			p.t.Errorf("%q stands in %s: %.300s", s, what, text)
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

func (s *store) sink(_ context.Context, in ...channels.Inbound) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range in {
		s.calls++
		if s.fail != nil {
			if err := s.fail(e); err != nil {
				return err
			}
		}
		if s.seen == nil {
			s.seen = map[string]bool{}
		}
		if s.seen[e.ID] {
			s.again++
			continue
		}
		s.seen[e.ID] = true
		s.took = append(s.took, e)
	}
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

func (s *store) tried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func summaries(all []channels.Inbound) []string {
	var out []string
	for _, in := range all {
		out = append(out, fmt.Sprintf("%s %q", in.Kind, in.Text))
	}
	return out
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

// say is a message of the program to somebody who acted just now.
func (p *place) say(to, key, text string) channels.Outbound {
	return channels.Outbound{
		To: address(to), Key: key, Author: channels.Program, Locale: "en", LastActed: p.clock.Now(),
		Blocks: []channels.Block{{Kind: channels.Paragraph, Text: text}},
	}
}

func (p *place) send(out channels.Outbound) channels.Receipt {
	p.t.Helper()
	r, err := p.ch.Send(p.t.Context(), out)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// refused sends what must fail, and says how.
func (p *place) refused(out channels.Outbound) *channels.SendError {
	p.t.Helper()
	_, err := p.ch.Send(p.t.Context(), out)
	return p.problem(err)
}

func (p *place) problem(err error) *channels.SendError {
	p.t.Helper()
	problem, ok := err.(*channels.SendError)
	if !ok {
		p.t.Fatalf("it failed with %T %v, not with a *SendError", err, err)
	}
	p.clean("an error", err.Error())
	return problem
}

func address(id string) channels.Address {
	return channels.Address{Channel: messenger.ChannelName, ID: id}
}
