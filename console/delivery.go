// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"

	"sarai/channels"
	"sarai/gateway"
	"sarai/store"
)

// A sentView says how far a message came. Of one in several parts it is the part
// that came least far.
type sentView struct {
	Seq    uint64
	Known  bool   // it is a message that was to be sent
	State  string // a channels.Delivery; "waiting", or "" where nothing can be said
	Mark   string // the state as a sign
	Words  string
	Advice string // what to do
	Aside  bool   // it comes along, to be put where the page has the message
}

// signs are what stands before the words. They say nothing that the words do not.
var signs = map[channels.Delivery]string{
	toBeSent: "…", channels.Sent: "✓", channels.Delivered: "✓✓", channels.Read: "✓✓", channels.Played: "▶",
	channels.Failed: "!", channels.Uncertain: "?",
}

// toBeSent is the state of a message that no platform has yet.
const toBeSent channels.Delivery = "waiting"

var sentWords = map[channels.Delivery]string{
	toBeSent: "desk.sent.waiting", channels.Sent: "desk.sent.sent", channels.Delivered: "desk.sent.delivered", channels.Read: "desk.sent.read",
	channels.Played: "desk.sent.played", channels.Failed: "desk.sent.failed", channels.Uncertain: "desk.sent.uncertain",
}

// receipts gives what platforms answered to the messages of a thread, if an entry
// is one, and the last entry that says that something was not sent.
func (c *Console) receipts(ctx context.Context, id store.ThreadID, entries []store.Entry) (known map[string]channels.Receipt, unsent uint64, err error) {
	sends := false
	for _, e := range entries {
		sends = sends || len(e.Sends) > 0
		if e.Event == gateway.EventUnsent {
			unsent = e.Seq
		}
	}
	if !sends {
		return nil, unsent, nil
	}
	known, err = c.Store.Receipts(ctx, id)
	return known, unsent, err
}

// least gives how far the part of a message came that came least far.
func (b backdrop) least(e store.Entry) (least channels.Receipt) {
	for i, key := range e.Sends {
		r, ok := b.receipts[key]
		switch {
		case r.State == channels.Failed:
			return r
		case !ok && e.Seq < b.unsent: // perhaps it was this: the transcript says why
			return channels.Receipt{State: "-"}
		case !ok:
			r.State = toBeSent
		case r.State == "":
			r.State = channels.Sent
		}
		if i == 0 || r.State == toBeSent || least.State != toBeSent && r.State.Further(least.State) {
			least = r
		}
	}
	return least
}

func (v *visit) sentView(b backdrop, e store.Entry) sentView {
	x := sentView{Seq: e.Seq, Known: len(e.Sends) > 0}
	if !x.Known {
		return x
	}
	r := b.least(e)
	phrase, ok := sentWords[r.State]
	if !ok {
		return x
	}
	x.State, x.Mark, x.Words = string(r.State), signs[r.State], v.t(phrase)
	switch r.State {
	case channels.Failed:
		x.Words = v.t(phrase, "Detail", v.unsent(string(r.Problem)))
		x.Advice = v.t(undeliveredAdvice(r.Problem))
	case channels.Uncertain:
		x.Advice = v.t("desk.sent.ask")
	}
	return x
}

// undeliveredAdvice is the phrase for what staff can do where a platform gave a
// message up.
func undeliveredAdvice(p channels.SendProblem) string {
	switch p {
	case channels.Blocked:
		return "desk.sent.otherway"
	case channels.Expired:
		return "desk.sent.later"
	case channels.Misset:
		return "desk.sent.operator"
	}
	return "desk.sent.again"
}

// deliveries gives how far the messages came that a page has already: those up to
// the place until, on its last piece.
func (v *visit) deliveries(ctx context.Context, th store.Thread, until uint64) ([]sentView, error) {
	after := uint64(0)
	if until > pageOf {
		after = until - pageOf
	}
	entries, err := v.c.Store.Entries(ctx, th.ID, after, int(th.LastSeq-after))
	if err != nil {
		return nil, err
	}
	b := backdrop{th: th}
	if b.receipts, b.unsent, err = v.c.receipts(ctx, th.ID, entries); err != nil {
		return nil, err
	}
	var marks []sentView
	for _, e := range entries {
		if x := v.sentView(b, e); x.Known && e.Seq <= until {
			x.Aside = true
			marks = append(marks, x)
		}
	}
	return marks, nil
}
