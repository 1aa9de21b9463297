// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"sarai/channels"
	"sarai/store"
)

// standing gives how far the messages of a talk came, in their order.
func (r *rig) standing(who string) (out []channels.Delivery) {
	r.t.Helper()
	rs, err := r.db.Receipts(context.Background(), r.thread(who).ID)
	r.must(err)
	for _, e := range r.entries(who) {
		for _, k := range e.Sends {
			out = append(out, rs[k].State)
		}
	}
	return out
}

func (r *rig) reports(rs ...channels.Report) {
	r.t.Helper()
	r.must(r.g.Report(context.Background(), rs...))
}

func TestWhatBecomesOfAMessageStandsBesideIt(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	r.work()
	r.pass(time.Second)
	r.hear("zahra", "2", "hello out there")
	r.work()
	to := address("zahra")
	r.reports(channels.Report{To: to, ID: "1", State: channels.Delivered}, channels.Report{To: to, ID: "1", State: channels.Sent})
	if got := r.standing("zahra"); !slices.Equal(got, []channels.Delivery{channels.Delivered, ""}) {
		t.Fatalf("%q", got)
	}
	// A watermark is of all that was sent until then.
	r.reports(channels.Report{To: to, Before: morning, State: channels.Read})
	if got := r.standing("zahra"); !slices.Equal(got, []channels.Delivery{channels.Read, ""}) {
		t.Fatalf("%q", got)
	}
	r.reports(channels.Report{To: to, ID: "2", State: channels.Failed, Problem: channels.Rejected}, channels.Report{To: to, ID: "2", State: channels.Failed})
	es := r.entries("zahra")
	if got := r.standing("zahra")[1]; got != channels.Failed || told(es)[len(es)-1] != "event delivery-failed rejected" || told(es)[len(es)-2] == told(es)[len(es)-1] {
		t.Errorf("%q %q", got, told(es))
	}
	if r.thread("zahra").Version != 2 {
		t.Error("a report is no turn")
	}
	// What another program sends from the same number carries that program's keys.
	for _, key := range []string{"an order of zahra's", "zahra/1", string(r.thread("zahra").ID) + "/zahra"} {
		r.reports(channels.Report{To: to, Key: key, ID: "of another program", State: channels.Failed})
	}
	if rs, err := r.db.Receipts(context.Background(), r.thread("zahra").ID); err != nil || len(rs) != 2 || len(r.entries("zahra")) != len(es) {
		t.Errorf("%d receipts of two messages: %v", len(rs), err)
	}
	r.reports(channels.Report{To: address("nobody"), ID: "9", State: channels.Read}, channels.Report{Key: "erased/1/0", State: channels.Read}, channels.Report{Key: "x", State: channels.Read})
}

func TestAMessageOfWhichNobodyKnewIsNotSentTwice(t *testing.T) {
	r := newRig(t)
	r.fake.Fail(&channels.SendError{Problem: channels.NoAnswer, After: 20 * time.Second})
	r.hear("zahra", "1", "visa")
	r.work()
	if got := r.standing("zahra"); !slices.Equal(got, []channels.Delivery{channels.Uncertain}) {
		t.Fatalf("%q", got)
	}
	key := r.entries("zahra")[1].Sends[0]
	r.reports(channels.Report{To: address("zahra"), Key: key, ID: "from-the-echo", State: channels.Sent})
	r.wait(time.Minute)
	if n := len(r.fake.Tried()); n != 1 {
		t.Errorf("it was tried %d times", n)
	}
	if got := r.standing("zahra"); !slices.Equal(got, []channels.Delivery{channels.Sent}) {
		t.Errorf("%q", got)
	}
	// The echo of a private reply tells where the person is reached.
	r.reports(channels.Report{To: address("zahra-in-private"), Key: key, ID: "from-the-echo", State: channels.Delivered})
	if r.thread("zahra-in-private").ID != r.thread("zahra").ID {
		t.Error("the address was not learnt")
	}
	// Without any word of it, it is sent again.
	r.fake.Fail(&channels.SendError{Problem: channels.NoAnswer, After: 20 * time.Second})
	r.hear("omar", "2", "visa")
	r.wait(time.Minute)
	if n := len(r.fake.Sent()); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

// TestAPlatformTellsBeforeTheNextTry: it was sent, the process ended before that
// was settled, and the platform has told meanwhile that it has the message.
func TestAPlatformTellsBeforeTheNextTry(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	ls, err := r.db.Lease(context.Background(), r.clock(), r.clock().Add(time.Minute), 1)
	r.must(err)
	if len(ls) != 1 {
		t.Fatalf("%d jobs were leased", len(ls))
	}
	r.reports(channels.Report{To: address("zahra"), Key: ls[0].Key, ID: "from-the-echo", State: channels.Sent})
	r.reopen()
	r.wait(time.Minute)
	if n := len(r.fake.Tried()); n != 0 {
		t.Errorf("it was tried %d times more", n)
	}
	if got := r.standing("zahra"); !slices.Equal(got, []channels.Delivery{channels.Sent}) {
		t.Errorf("%q", got)
	}
}

func TestAMessageThatIsBilledIsCountedOnce(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	r.work()
	for _, state := range []channels.Delivery{channels.Sent, channels.Delivered, channels.Read} {
		r.reports(channels.Report{To: address("zahra"), ID: "1", State: state, Price: "SERVICE"})
	}
	all, err := r.db.Tallies(context.Background(), "2026-11-01", "2026-11-30")
	r.must(err)
	var n uint64
	for _, x := range all {
		if x.Name == store.CountBilled {
			n += x.N
			if x.Cell[store.ByPrice] != "service" {
				t.Errorf("%v", x.Cell)
			}
		}
	}
	if n != 1 {
		t.Errorf("counted %d times", n)
	}
}
