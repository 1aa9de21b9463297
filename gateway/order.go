// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"slices"
	"sync"

	"sarai/channels"
)

// maxTogether is how many events of one address are taken in together at most,
// so that the first of them does not wait for all that come after it.
const maxTogether = 64

// order lets the events of one address through one after the other, in the
// order in which they came. What came while others were taken in is taken in
// together. The zero value is ready.
type order struct {
	mu    sync.Mutex
	lines map[channels.Address][]*call // in the order in which they came; who is taken in stays until leave
}

// A call waits until its events are taken in.
type call struct {
	in    []channels.Inbound
	lead  chan struct{} // closed: take in whatever stands in the line
	taken bool          // somebody takes it in; guarded by order.mu
	done  chan error    // has the answer, where another took it in
}

func newCall(in []channels.Inbound) *call {
	return &call{in: in, lead: make(chan struct{}), done: make(chan error, 1)}
}

// join puts a call at the end of the line of its address.
func (o *order) join(a channels.Address, c *call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lines == nil {
		o.lines = map[channels.Address][]*call{}
	}
	o.lines[a] = append(o.lines[a], c)
	if len(o.lines[a]) == 1 {
		close(c.lead)
	}
}

// take gives the calls that are taken in now. It is for the first of the line.
func (o *order) take(a channels.Address) []*call {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, events := 0, 0
	for _, c := range o.lines[a] {
		if events += len(c.in); n > 0 && events > maxTogether {
			break
		}
		c.taken = true
		n++
	}
	return slices.Clone(o.lines[a][:n])
}

// behind says how many calls wait that nobody takes in yet.
func (o *order) behind(a channels.Address) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.lines[a] {
		if !c.taken {
			n++
		}
	}
	return n
}

// leave has whoever comes after the first n of the line lead it.
func (o *order) leave(a channels.Address, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drop(a, 0, n)
}

// withdraw takes a call out of the line, unless somebody takes it in.
func (o *order) withdraw(a channels.Address, c *call) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c.taken {
		return false
	}
	at := slices.Index(o.lines[a], c)
	o.drop(a, at, at+1)
	return true
}

// drop takes out the calls from and before to.
func (o *order) drop(a channels.Address, from, to int) {
	rest := slices.Delete(o.lines[a], from, to)
	switch {
	case len(rest) == 0:
		delete(o.lines, a)
		return
	case from == 0:
		close(rest[0].lead)
	}
	o.lines[a] = rest
}
