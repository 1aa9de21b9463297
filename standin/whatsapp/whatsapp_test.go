// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
	_ "modernc.org/sqlite"

	"sarai/standin/whatsapp"
)

func TestMain(m *testing.M) {
	s := whatsapp.New(whatsapp.Options{}) // all servers here have the same key
	whatsmeow.WACertPubKey = s.RootKey()
	s.Close()
	os.Exit(m.Run())
}

// Numbers that nobody has.
const (
	amina = "12025550111"
	badr  = "12025550122"
)

// A wire is a server that listens.
type wire struct {
	*whatsapp.Server
	addr string
}

func serve(t *testing.T, o whatsapp.Options) wire {
	t.Helper()
	s := whatsapp.New(o)
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		if got := s.Unknown(); len(got) > 0 {
			t.Errorf("the server did not understand %q", got)
		}
		s.Close()
		h.Close()
	})
	return wire{s, strings.TrimPrefix(h.URL, "http://")}
}

// container is a store for devices in a file of the test's own.
func container(t *testing.T) *sqlstore.Container {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "device.db") + "?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=busy_timeout(10000)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	c := sqlstore.NewWithDB(db, "sqlite", nil)
	if err := c.Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A linked is a whatsmeow client, unmodified, and the events that it gave.
type linked struct {
	*whatsmeow.Client
	mu     sync.Mutex
	heard  []any
	moved  chan struct{}
	handle func(any) bool // nil takes all
}

func client(t *testing.T, w wire, d *store.Device) *linked {
	t.Helper()
	c := &linked{Client: whatsmeow.NewClient(d, nil), moved: make(chan struct{})}
	h := whatsapp.Client(w.addr)
	c.SetWebsocketHTTPClient(h)
	c.SetPreLoginHTTPClient(h)
	c.SetMediaHTTPClient(h)
	c.SynchronousAck, c.EnableDecryptedEventBuffer, c.UseRetryMessageStore, c.InitialAutoReconnect = true, true, true, true
	c.AddEventHandlerWithSuccessStatus(func(evt any) bool {
		ok := true
		c.mu.Lock()
		handle := c.handle
		c.mu.Unlock()
		if handle != nil {
			ok = handle(evt)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.heard = append(c.heard, evt)
		close(c.moved)
		c.moved = make(chan struct{})
		return ok
	})
	t.Cleanup(func() {
		c.Disconnect()
		h.CloseIdleConnections()
	})
	return c
}

// within is how long a test waits for what takes milliseconds.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// waitFor gives the first event of a type that is so, from the n-th of all events on.
func waitFor[E any](t *testing.T, c *linked, is func(E) bool) E {
	t.Helper()
	ctx := within(t)
	for {
		c.mu.Lock()
		moved := c.moved
		for _, evt := range c.heard {
			if e, ok := evt.(E); ok && is(e) {
				c.mu.Unlock()
				return e
			}
		}
		c.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			var e E
			c.mu.Lock()
			defer c.mu.Unlock()
			t.Fatalf("no such %T among %s", e, kinds(c.heard))
		}
	}
}

func any1[E any](E) bool { return true }

func kinds(heard []any) string {
	var b strings.Builder
	for _, e := range heard {
		fmt.Fprintf(&b, "%T ", e)
	}
	return b.String()
}

// count is how many events are so.
func count[E any](c *linked, is func(E) bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, evt := range c.heard {
		if e, ok := evt.(E); ok && is(e) {
			n++
		}
	}
	return n
}

// online gives a client of a device that was linked before, connected.
func online(t *testing.T, w wire) *linked {
	t.Helper()
	d := container(t).NewDevice()
	w.Owner().Provision(d)
	if err := d.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := client(t, w, d)
	connect(t, w, c)
	return c
}

func connect(t *testing.T, w wire, c *linked) {
	t.Helper()
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, any1[*events.Connected])
	await(t, w, "online", w.Online)
}

func await(t *testing.T, w wire, what string, holds func() bool) {
	t.Helper()
	if err := w.Await(within(t), holds); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func text(id string) func(*events.Message) bool {
	return func(e *events.Message) bool { return e.Info.ID == id }
}

func send(t *testing.T, c *linked, to types.JID, m *waE2E.Message) string {
	t.Helper()
	r, err := c.SendMessage(within(t), to, m)
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func words(s string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(s)} }

func TestMessagesGoBothWays(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	p.Name("Amina")
	id := p.Write("salaam")
	got := waitFor(t, c, text(id))
	if got.Message.GetConversation() != "salaam" || got.Info.Sender != p.LID() || got.Info.SenderAlt.User != amina || got.Info.PushName != "Amina" || got.Info.IsFromMe {
		t.Errorf("it came as %+v %v", got.Info, got.Message)
	}
	await(t, w, "acked", func() bool { return w.Acked(id) && w.Pending() == 0 })
	for i, say := range []string{"wa alaikum", "second", "third"} {
		sent := send(t, c, got.Info.Chat, words(say))
		if _, err := p.Await(within(t), i+1); err != nil {
			t.Fatal(err)
		}
		waitFor(t, c, func(e *events.Receipt) bool {
			return slices.Contains(e.MessageIDs, sent) && e.Type == types.ReceiptTypeDelivered
		})
		p.Write("and")
	}
	if got := p.Read(); !slices.Equal(got, []string{"wa alaikum", "second", "third"}) {
		t.Errorf("the phone read %q", got)
	}
	if got := p.Unreadable(); len(got) > 0 {
		t.Errorf("unreadable: %q", got)
	}
	if got := w.Owner().Copies(); len(got) != 3 || got[2].Text != "third" || len(w.Owner().Unreadable()) != 0 {
		t.Errorf("the owner's phone has %d copies", len(got))
	}
	if n := p.Ticks(id); n != 1 {
		t.Errorf("ticks in the background: %d", n)
	}
	if err := c.MarkRead(t.Context(), []string{id}, time.Now(), p.LID(), p.LID()); err != nil {
		t.Fatal(err)
	}
	await(t, w, "read", func() bool { return p.Ticks(id) == 3 })
	p.See()
	waitFor(t, c, func(e *events.Receipt) bool { return e.Type == types.ReceiptTypeRead && len(e.MessageIDs) == 3 })
}
