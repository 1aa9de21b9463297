// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
)

// Report keeps what a platform tells of messages that it took; it is a
// channels.Reports. What was delivered, read or given up stands at the desk beside
// the message; a message of which nobody knew whether it was sent is settled by
// it, so that it is not sent again.
func (g *Gateway) Report(ctx context.Context, rs ...channels.Report) error {
	for _, r := range rs {
		if err := g.report(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateway) report(ctx context.Context, r channels.Report) error {
	id, ok, err := g.reported(ctx, r)
	if err != nil || !ok {
		return err
	}
	if !keyOf(id, r.Key) { // another program's, with whatever it put there
		r.Key = ""
	}
	known, err := g.store.Receipts(ctx, id)
	if err != nil {
		return err
	}
	at := r.At
	if at.IsZero() {
		at = g.now()
	}
	told := channels.Receipt{ID: r.ID, State: r.State, At: at, Problem: r.Problem, Price: r.Price}
	keys := map[string]channels.Receipt{}
	switch {
	case r.Key != "":
		keys[r.Key] = known[r.Key]
	case r.ID != "":
		for k, x := range known {
			if x.ID == r.ID {
				keys[k] = x
			}
		}
	default:
		for k, x := range known {
			if x.ID != "" && !x.Handed.IsZero() && !x.Handed.After(r.Before) && x.State.Further(r.State) {
				keys[k] = x
			}
		}
	}
	for k, before := range keys {
		if err := g.told(ctx, id, k, before, told); err != nil {
			return err
		}
	}
	return nil
}

// reported finds the thread that a report is of: by the key, which begins with it,
// and else by the address. What was said to a comment is told of under the
// person's own address, which may be learnt by that alone.
func (g *Gateway) reported(ctx context.Context, r channels.Report) (store.ThreadID, bool, error) {
	if name, _, ok := strings.Cut(r.Key, "/"); ok {
		th, err := g.store.ThreadByID(ctx, store.ThreadID(name))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return "", false, nil
		case err != nil:
			return "", false, err
		}
		if r.To.ID != "" && !slices.Contains(th.Addresses, r.To) {
			if err := g.learn(ctx, th.ID, []channels.Address{r.To}); err != nil {
				return "", false, err
			}
		}
		return th.ID, true, nil
	}
	if r.To.ID == "" {
		return "", false, nil
	}
	th, err := g.store.Thread(ctx, r.To)
	return th.ID, err == nil && th.Version > 0, err
}

// keyOf says whether a key is one that a job of that talk can have. Keys stand in the
// clear in the store, so no other may get there.
func keyOf(id store.ThreadID, key string) bool {
	rest, ok := strings.CutPrefix(key, string(id)+"/")
	return ok && strings.Trim(rest, "0123456789abcdef/") == ""
}

// told keeps what was learnt of one message.
func (g *Gateway) told(ctx context.Context, id store.ThreadID, key string, before, told channels.Receipt) error {
	var entry *store.Entry
	if told.State == channels.Failed {
		now := g.now()
		entry = &store.Entry{At: now, Said: told.At, Author: store.Event, By: desk.Program, Event: EventUndelivered, Text: string(told.Problem)}
	}
	err := g.store.PutReceipt(ctx, id, key, told, entry)
	switch {
	case errors.Is(err, store.ErrNotFound): // erased meanwhile
		return nil
	case err != nil:
		return err
	}
	if before.State.Further(told.State) {
		g.hub.changed(id)
	}
	if told.Price == "" || before.Price != "" {
		return nil
	}
	// Billed messages are counted, each once.
	_, err = g.change(ctx, id, []store.EventKey{{Channel: billed, ID: key}}, func(p *plan) error {
		p.price = told.Price
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// billed is the name under which it is remembered that a message was counted. No
// adapter may have it.
const billed channels.Name = "billed"
