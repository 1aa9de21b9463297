// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/whatsapp"
	standin "sarai/standin/whatsapp"
)

// root is the key of all stand-ins: whatsmeow has one variable for its public half.
var root = [32]byte{8, 7, 6, 5, 31: 64}

// patience is how long is waited for what takes milliseconds, on a machine that does
// a lot besides.
const patience = time.Minute

// People who do not exist: 555-01 is kept for fiction.
const (
	amina = "12025550111"
	badr  = "12025550122"
	carla = "12025550133"
)

// A place is a stand-in, the centre's phone, and the channel linked to it.
type place struct {
	*standin.Server
	t    *testing.T
	url  string
	dir  string
	ch   *whatsapp.Channel
	log  *safeBuffer
	stop func()

	mu          sync.Mutex
	moved       chan struct{}
	calls       []channels.Inbound // all that the sink was given
	taken       []channels.Inbound // what it took
	reports     []channels.Report  // that were told, kept or not
	failReports bool
	fail        func(channels.Inbound) error
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// stand makes a stand-in and a channel that is not linked.
func stand(t *testing.T) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir(), log: &safeBuffer{}, moved: make(chan struct{}), stop: func() {}}
	p.Server = standin.New(standin.Options{Root: root})
	web := httptest.NewServer(p.Server.Handler())
	p.url = web.URL
	t.Cleanup(func() {
		p.stop()
		if p.ch != nil {
			if err := p.ch.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		}
		if strange := p.Unknown(); len(strange) > 0 {
			t.Errorf("the stand-in did not understand %q", strange)
		}
		p.Server.Close()
		web.CloseClientConnections()
		web.Close()
		p.quiet()
	})
	p.ch = p.make()
	return p
}

func (p *place) path() string { return filepath.Join(p.dir, "whatsapp.db") }

func (p *place) options() whatsapp.Options {
	key := p.RootKey()
	return whatsapp.Options{
		Path: p.path(), Endpoint: p.url, RootKey: hex.EncodeToString(key[:]), Unpaced: true,
		Log:     slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Reports: p.report,
	}
}

func (p *place) make() *whatsapp.Channel {
	p.t.Helper()
	ch, err := whatsapp.New(p.options())
	if err != nil {
		p.t.Fatal(err)
	}
	return ch.Hasten()
}

// quiet fails where something personal was logged.
func (p *place) quiet() {
	p.t.Helper()
	log := p.log.String()
	for _, s := range []string{amina, badr, carla, "92101110", "@lid", "s.whatsapp.net", "Person ", "secret", "3EB0"} {
		if strings.Contains(log, s) {
			p.t.Errorf("the log holds %q:\n%s", s, log)
		}
	}
}

// online makes a place whose channel is linked and connected.
func online(t *testing.T) *place {
	t.Helper()
	p := stand(t)
	if err := p.ch.Provision(t.Context(), p.Owner().Provision); err != nil {
		t.Fatal(err)
	}
	p.listen()
	p.await("connected", p.Online)
	return p
}

// listen has the channel listen.
func (p *place) listen() {
	p.t.Helper()
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	ch := p.ch
	go func() { done <- ch.Listen(ctx, p.sink) }()
	p.stop = sync.OnceFunc(func() {
		end()
		select {
		case err := <-done:
			if err != nil {
				p.t.Errorf("Listen: %v", err)
			}
		case <-time.After(20 * time.Second):
			p.t.Error("Listen has not ended")
		}
	})
}

// restart ends the channel and starts another on the same file.
func (p *place) restart() {
	p.t.Helper()
	p.stop()
	if err := p.ch.Close(); err != nil {
		p.t.Fatal(err)
	}
	p.ch = p.make()
	p.listen()
}

func (p *place) sink(_ context.Context, in ...channels.Inbound) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.move()
	for _, e := range in {
		p.calls = append(p.calls, e)
		if p.fail != nil {
			if err := p.fail(e); err != nil {
				return err
			}
		}
	}
	for _, e := range in { // a second copy is the same event, as for the gateway
		if !slices.ContainsFunc(p.taken, func(x channels.Inbound) bool { return x.ID == e.ID }) {
			p.taken = append(p.taken, e)
		}
	}
	return nil
}

func (p *place) report(_ context.Context, rs ...channels.Report) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports = append(p.reports, rs...)
	p.move()
	if p.failReports {
		return errFull
	}
	return nil
}

func (p *place) move() {
	close(p.moved)
	p.moved = make(chan struct{})
}

func (p *place) failWith(f func(channels.Inbound) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = f
}

var errFull = errors.New("the disk is full")

func full(channels.Inbound) error { return errFull }

func (p *place) within() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	p.t.Cleanup(cancel)
	return ctx
}

// await waits for something of the stand-in.
func (p *place) await(what string, holds func() bool) {
	p.t.Helper()
	if err := p.Await(p.within(), holds); err != nil {
		p.t.Fatalf("%s: %v (standing %s)\n%s", what, err, p.ch.Standing().Code, p.log.String())
	}
}

// until waits for something of the sink and the reports, or of the channel.
func (p *place) until(what string, holds func() bool) {
	p.t.Helper()
	end := time.After(patience)
	for {
		p.mu.Lock()
		moved := p.moved
		p.mu.Unlock()
		if holds() {
			return
		}
		select {
		case <-moved:
		case <-time.After(20 * time.Millisecond):
		case <-end:
			p.t.Fatalf("%s did not happen (standing %s)\n%s", what, p.ch.Standing().Code, p.log.String())
		}
	}
}

// got gives what the sink took so far.
func (p *place) got() []channels.Inbound {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]channels.Inbound(nil), p.taken...)
}

// asked is how often the sink was called.
func (p *place) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls)
}

func (p *place) told() []channels.Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]channels.Report(nil), p.reports...)
}

// take waits until the sink has taken n in all, and gives the last.
func (p *place) take(n int) channels.Inbound {
	p.t.Helper()
	p.until(fmt.Sprintf("%d events", n), func() bool { return len(p.got()) >= n })
	if got := p.got(); len(got) > n {
		p.t.Fatalf("%d events, not %d: %q", len(got), n, texts(got))
	}
	return p.got()[n-1]
}

// find waits for an event that is so.
func (p *place) find(what string, is func(channels.Inbound) bool) channels.Inbound {
	p.t.Helper()
	var found channels.Inbound
	p.until(what, func() bool {
		for _, in := range p.got() {
			if is(in) {
				found = in
				return true
			}
		}
		return false
	})
	return found
}

// standing waits until the channel stands so.
func (p *place) standing(code string) channels.Standing {
	p.t.Helper()
	p.until("standing "+code, func() bool { return p.ch.Standing().Code == code })
	return p.ch.Standing()
}

func of(p *standin.Person) channels.Address {
	return channels.Address{Channel: whatsapp.ChannelName, ID: p.LID().String()}
}

// words is a message to somebody.
func words(to *standin.Person, key, text string) channels.Outbound {
	return channels.Outbound{
		To: of(to), Key: key, Author: channels.Program, LastActed: time.Now(), Locale: "en",
		Blocks: []channels.Block{{Kind: channels.Paragraph, Text: text}},
	}
}

// send sends, and fails the test where that fails.
func (p *place) send(out channels.Outbound) channels.Receipt {
	p.t.Helper()
	r, err := p.ch.Send(p.within(), out)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// refused gives why a message was not sent.
func (p *place) refused(out channels.Outbound) *channels.SendError {
	p.t.Helper()
	_, err := p.ch.Send(p.within(), out)
	var bad *channels.SendError
	if !errors.As(err, &bad) {
		p.t.Fatalf("Send says %v, not a *SendError", err)
	}
	return bad
}

// pause is a short one.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Millisecond):
		return nil
	}
}

// inFiles says whether a word stands in any file of a folder.
func inFiles(t *testing.T, dir, word string) bool {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(word)) {
			return true
		}
	}
	return false
}
