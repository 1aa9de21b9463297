// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/content"
	"sarai/desk"
	"sarai/gateway"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

// A rig is a gateway with the real store on disk and a platform in memory, on a
// clock of its own.
type rig struct {
	t    testing.TB
	path string
	db   *bolt.DB
	g    *gateway.Gateway
	fake *channeltest.Fake

	mu  sync.Mutex
	now time.Time
}

var (
	words = sync.OnceValues(locales.Load)
	texts = sync.OnceValues(func() (*content.Catalogue, error) {
		return content.Load(os.DirFS("../dialog/testdata/shelf"))
	})
)

// morning is a Tuesday, ten o'clock in Karachi: the centre "here" is open.
var morning = time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, path: filepath.Join(t.TempDir(), "gateway.db"), now: morning}
	r.fake = channeltest.NewFake("fake", channels.Limits{})
	r.open()
	t.Cleanup(func() { r.db.Close() })
	for _, who := range []string{"amina", "bilal"} {
		r.must(r.db.PutMember(context.Background(), store.Member{ID: desk.StaffID(who), Login: who, Name: who, Role: store.Counsellor, Active: true, OnDuty: true}))
	}
	return r
}

func (r *rig) must(err error) {
	if err != nil {
		r.t.Helper()
		r.t.Fatal(err)
	}
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rig) open() {
	r.t.Helper()
	var err error
	r.db, err = bolt.Open(r.path, bolt.Options{Key: make([]byte, bolt.KeySize), NoSync: true, Now: r.clock})
	r.must(err)
	r.build(r.db)
}

// build makes the gateway on a store.
func (r *rig) build(s gateway.Store) {
	r.t.Helper()
	phrases, err := words()
	r.must(err)
	catalogue, err := texts()
	r.must(err)
	r.g = gateway.New(gateway.Options{
		Store: s, Phrases: phrases, Now: r.clock, Centres: []content.CentreID{"here"},
		Edition: gateway.Edition{Catalogue: catalogue, Read: plainly},
	})
	r.g.Attach(r.fake)
}

// reopen is the process ending and starting again.
func (r *rig) reopen() {
	r.t.Helper()
	r.must(r.db.Close())
	r.open()
}

// plainly reads a message by its words: "danger" is a signal, "poison" breaks
// the reading, "visa" is answered, and nothing else is understood.
func plainly(q string, _ search.Hint) search.Reading {
	r := search.Reading{Locale: "en", Sure: true, Band: search.Unknown}
	switch {
	case strings.Contains(q, "poison"):
		panic(q)
	case strings.Contains(q, "danger"):
		r.Signals = []search.Raised{{Signal: "held", Rule: "danger"}}
	case strings.Contains(q, "visa"):
		r.Band, r.Matches = search.Answer, []search.Match{{Article: "visa-check", Sure: 0.9}}
	}
	return r
}

func address(id string) channels.Address { return channels.Address{Channel: "fake", ID: id} }

// hear is somebody writing.
func (r *rig) hear(who, id, text string) {
	r.t.Helper()
	r.must(r.g.Accept(context.Background(), r.message(who, id, text)))
}

func (r *rig) message(who, id, text string) channels.Inbound {
	return channels.Inbound{From: address(who), ID: id, At: r.clock(), Kind: channels.Text, Text: text, Language: "en"}
}

func (r *rig) work() int {
	r.t.Helper()
	n, err := r.g.Work(context.Background())
	r.must(err)
	return n
}

// wait lets time pass from one due job to the next.
func (r *rig) wait(d time.Duration) {
	r.t.Helper()
	end := r.clock().Add(d)
	for {
		due, ok, err := r.db.NextDue(context.Background())
		r.must(err)
		if !ok || due.After(end) {
			break
		}
		if gap := due.Sub(r.clock()); gap > 0 {
			r.pass(gap)
		}
		if r.work() == 0 {
			r.t.Fatal("something is due and nothing is done")
		}
	}
	r.pass(end.Sub(r.clock()))
}

func (r *rig) thread(who string) store.Thread {
	r.t.Helper()
	th, err := r.db.Thread(context.Background(), address(who))
	r.must(err)
	return th
}

func (r *rig) entries(who string) []store.Entry {
	r.t.Helper()
	th := r.thread(who)
	if th.Version == 0 {
		return nil
	}
	es, err := r.db.Entries(context.Background(), th.ID, 0, 10_000)
	r.must(err)
	return es
}

// told gives an entry in a few words: "person hello", "event case-opened asked".
func told(es []store.Entry) (out []string) {
	for _, e := range es {
		s := string(e.Author)
		switch {
		case e.Author == store.Event:
			s += " " + strings.TrimSpace(e.Event+" "+e.Text)
		case e.Author == store.Program:
		default:
			s += " " + e.Text
		}
		out = append(out, s)
	}
	return out
}

func count(es []store.Entry, a store.Author) (n int) {
	for _, e := range es {
		if e.Author == a {
			n++
		}
	}
	return n
}

// first is the first line of a message.
func first(out channels.Outbound) string {
	if len(out.Blocks) == 0 {
		return ""
	}
	return out.Blocks[0].Text
}

// held makes a case of somebody's and has amina take it.
func (r *rig) held(who string) store.ThreadID {
	r.t.Helper()
	for i, text := range []string{"counsellor", "yes", "skip"} {
		r.hear(who, fmt.Sprint(who, "-held-", i), text)
	}
	id := r.thread(who).ID
	r.must(r.g.Command(context.Background(), id, "amina", desk.Take{}))
	r.work()
	r.fake.Forget()
	return id
}
