// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/console"
	real "sarai/gateway"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

// A square is a house with the real gateway and a platform on which people write
// in public too, whose window closes, and that has templates.
type square struct {
	*house
	g    *real.Gateway
	fake *billboard
	n    int
}

// A billboard is a platform in memory on which lines stand under comments.
type billboard struct {
	*channeltest.Fake
	mu        sync.Mutex
	lines     []string // what was put under comments: "c1: words"
	hidden    map[string]bool
	templates []channels.Template
	broken    *channels.SendError
}

func (b *billboard) Comment(_ context.Context, under, _, text string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return "", b.broken
	}
	b.lines = append(b.lines, under+": "+text)
	return "line" + strconv.Itoa(len(b.lines)), nil
}

func (b *billboard) Hide(_ context.Context, comment string, hide bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hidden[comment] = hide
	return nil
}

func (b *billboard) Templates(context.Context) ([]channels.Template, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return nil, b.broken
	}
	return b.templates, nil
}

// read is a reader that knows one danger and one question.
func read(question string, _ search.Hint) search.Reading {
	r := search.Reading{Locale: "en", Sure: true, Band: search.Unknown}
	switch {
	case strings.Contains(question, "locked"):
		r.Signals = []search.Raised{{Signal: "captivity", Locale: "en"}}
	case strings.Contains(question, "protector"):
		r.Band, r.Matches = search.Answer, []search.Match{{Article: "protector-pk", Sure: 0.99}}
	}
	return r
}

func onASquare(t testing.TB) *square {
	t.Helper()
	s := &square{fake: &billboard{
		Fake:   channeltest.NewFake("messenger", channels.Limits{Text: 2000, Window: 24 * time.Hour, Human: 7 * 24 * time.Hour}),
		hidden: map[string]bool{},
		templates: []channels.Template{
			{Name: "call_us", Language: "ru", Body: "Пожалуйста, напишите нам."},
			{Name: "your_case", Language: "en_US", Header: "MRC", Body: "Hello {{1}}, please write to us again before {{2}}.", Footer: "Free of charge", Fields: []string{"friend", "Friday"}},
		},
	}}
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	s.house = build(t, func(o *console.Options) {
		s.g = real.New(real.Options{
			Store: o.Store.(*bolt.DB), Phrases: words, Now: o.Now, Edition: real.Edition{Catalogue: catalogue(t), Read: read},
		})
		s.g.Attach(s.fake)
		o.Gateway, o.Comments = s.g, true
	})
	return s
}

// comments is somebody writing under a post. It gives the thread.
func (s *square) comments(who, post, text string) store.ThreadID {
	s.t.Helper()
	s.n++
	id := "c" + strconv.Itoa(s.n)
	s.hears(channels.Inbound{
		From: channels.Address{Channel: "messenger", ID: "comment:" + id}, ID: id, Kind: channels.Comment, Text: text,
		Comment: &channels.Commented{ID: id, Post: post, Link: "https://social.example/" + id, Person: who},
	})
	th, err := s.db.Thread(context.Background(), channels.Address{Channel: "messenger", ID: "comment:" + id})
	if err != nil {
		s.t.Fatal(err)
	}
	return th.ID
}

// hears is the platform telling of an event.
func (s *square) hears(in channels.Inbound) {
	s.t.Helper()
	if in.At.IsZero() {
		in.At = s.clock()
	}
	if in.ID == "" {
		s.n++
		in.ID = "e" + strconv.Itoa(s.n)
	}
	if err := s.g.Accept(context.Background(), in); err != nil {
		s.t.Fatal(err)
	}
}

// says is somebody writing in private. It gives the thread.
func (s *square) says(who, text string) store.ThreadID {
	s.t.Helper()
	a := channels.Address{Channel: "messenger", ID: who}
	s.hears(channels.Inbound{From: a, Kind: channels.Text, Text: text})
	th, err := s.db.Thread(context.Background(), a)
	if err != nil {
		s.t.Fatal(err)
	}
	return th.ID
}

// works has all that is due done.
func (s *square) works() {
	s.t.Helper()
	for range 20 {
		n, err := s.g.Work(context.Background())
		if err != nil {
			s.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}
