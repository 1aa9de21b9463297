// SPDX-License-Identifier: GPL-3.0-or-later

package web_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"sarai/channels"
)

// A house is everything behind the chat, in memory: a mailbox, and a sink that
// puts what arrives into it and lets answer say something to it.
type house struct {
	mu      sync.Mutex
	talk    map[channels.Address]*talk
	seen    map[string]int // how often each event arrived
	inbound []channels.Inbound
	broken  error // the store's, while it is
	reads   int   // of the mailbox
	answer  func(channels.Inbound) []channels.Letter
	wake    func(channels.Address)
}

type talk struct {
	letters []channels.Letter
	seq     uint64
	cleared uint64
}

func newHouse() *house {
	return &house{talk: map[channels.Address]*talk{}, seen: map[string]int{}}
}

func (h *house) sink(ctx context.Context, in ...channels.Inbound) error {
	for _, e := range in {
		if err := h.take(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) take(_ context.Context, in channels.Inbound) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.broken != nil {
		return h.broken
	}
	h.seen[in.ID]++
	if h.seen[in.ID] > 1 {
		return nil
	}
	h.inbound = append(h.inbound, in)
	t := h.talk[in.From]
	if t == nil {
		t = &talk{}
		h.talk[in.From] = t
	}
	t.add(channels.Letter{From: "me", ID: in.ID, At: in.At, Blocks: []channels.Block{{Kind: channels.Paragraph, Text: in.Text}}})
	if h.answer != nil {
		for _, l := range h.answer(in) {
			t.add(l)
		}
	}
	return nil
}

func (t *talk) add(l channels.Letter) {
	t.seq += 2 // gaps are normal
	l.Seq = t.seq
	if l.At.IsZero() {
		l.At = time.Now()
	}
	t.letters = append(t.letters, l)
}

// say adds a letter to the talk of an address and wakes its page.
func (h *house) say(a channels.Address, l channels.Letter) {
	h.mu.Lock()
	h.talk[a].add(l)
	h.mu.Unlock()
	h.wake(a)
}

// clear takes everything so far off the person's screen.
func (h *house) clear(a channels.Address) {
	h.mu.Lock()
	h.talk[a].cleared = h.talk[a].seq
	h.mu.Unlock()
	h.wake(a)
}

func (h *house) breakDown(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = err
}

func (h *house) arrived() []channels.Inbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]channels.Inbound(nil), h.inbound...)
}

func (h *house) readings() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reads
}

func (h *house) Letters(_ context.Context, a channels.Address, after uint64, n int) ([]channels.Letter, uint64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	t := h.talk[a]
	switch {
	case h.broken != nil:
		return nil, 0, h.broken
	case t == nil:
		return nil, 0, channels.ErrUnknownPerson
	}
	var ls []channels.Letter
	for _, l := range t.letters {
		if l.Seq > after && len(ls) < n {
			ls = append(ls, l)
		}
	}
	return ls, t.cleared, nil
}

func (h *house) Alias(_ context.Context, known, further channels.Address) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.talk[known]
	switch {
	case h.broken != nil:
		return h.broken
	case t == nil:
		return channels.ErrUnknownPerson
	case h.talk[further] != nil && h.talk[further] != t:
		return errors.New("the address belongs to another talk")
	}
	h.talk[further] = t
	return nil
}
