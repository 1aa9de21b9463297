// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"slices"
	"testing"

	"sarai/channels"
)

func leads(c *call) bool {
	select {
	case <-c.lead:
		return true
	default:
		return false
	}
}

func TestALineIsLedByOneAndLosesNobody(t *testing.T) {
	var o order
	a := channels.Address{Channel: "fake", ID: "zahra"}
	c := make([]*call, 5)
	for i := range c {
		c[i] = newCall(make([]channels.Inbound, 1))
		o.join(a, c[i])
	}
	if !leads(c[0]) || leads(c[1]) {
		t.Fatal("the first leads, and nobody else")
	}
	if !o.withdraw(a, c[0]) || !leads(c[1]) {
		t.Fatal("who withdraws has the next one lead")
	}
	if !o.withdraw(a, c[3]) {
		t.Fatal("who only waits can withdraw")
	}
	if got := o.take(a); !slices.Equal(got, []*call{c[1], c[2], c[4]}) {
		t.Fatal("the first takes those who are left, in their order")
	}
	late := newCall(make([]channels.Inbound, 1))
	o.join(a, late)
	if o.withdraw(a, c[2]) || leads(late) {
		t.Fatal("who is being taken in cannot withdraw, and whoever comes waits")
	}
	o.leave(a, 3)
	if !leads(late) || !slices.Equal(o.take(a), []*call{late}) {
		t.Fatal("who came meanwhile is next")
	}
	o.leave(a, 1)
	if len(o.lines) != 0 {
		t.Error("an empty line is kept")
	}
}

func TestALineIsTakenInPieces(t *testing.T) {
	var o order
	a := channels.Address{Channel: "fake", ID: "zahra"}
	large := newCall(make([]channels.Inbound, maxTogether+1))
	small := newCall(make([]channels.Inbound, 1))
	o.join(a, large)
	o.join(a, small)
	if got := o.take(a); !slices.Equal(got, []*call{large}) {
		t.Fatalf("%d are taken, want the large one alone", len(got))
	}
	o.leave(a, 1)
	if got := o.take(a); !leads(small) || !slices.Equal(got, []*call{small}) {
		t.Error("the small one is not next")
	}
}
