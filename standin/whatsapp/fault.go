// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"strconv"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// A Fault is what goes wrong with what a linked device sends. The zero value is a
// message that gets no ack and does not arrive, once.
type Fault struct {
	Nack  int           // the error code of the ack, such as 463; the person gets nothing
	Cut   bool          // the connection drops instead of an ack
	Delay time.Duration // the ack comes so late, and the message arrives
	Done  bool          // without an ack: the person gets the message all the same
	To    *Person       // only what goes to them; nil is everybody
	Times int           // 0 is once, below 0 until Heal
}

// A Refusal is how a login fails: 401, 403 and 406 end the link, 402 is a ban for a
// while, 405 an outdated client, 503 a server that is down (observed).
type Refusal struct {
	Reason int
	Code   int           // of a ban
	Expire time.Duration // of a ban
	Times  int           // 0 is once, below 0 until Heal
}

// Fail makes the next messages of a linked device go wrong. Faults are used up in
// the order in which they were given.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
	s.touch()
}

// fault gives what goes wrong with a message to p, nil for nothing. The lock is held.
func (s *Server) fault(p *Person) *Fault {
	for i, f := range s.faults {
		if f.To != nil && f.To != p {
			continue
		}
		if f.Times--; f.Times == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}

// Refuse makes the next logins fail, pairing included. The device that is connected
// stays so: Cut it.
func (s *Server) Refuse(f Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.refusals = append(s.refusals, &f)
	s.touch()
}

// LoseReceipts makes the next n receipts and acks of a device for messages not
// arrive: the device has taken a message, and gets it again on its next connection.
func (s *Server) LoseReceipts(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loses = n
}

// Freeze makes the server take and send nothing on connections that stay open, as
// where a network has forgotten them; or again take what comes. What devices have
// sent meanwhile is lost, and what they should have got comes on their next
// connection.
func (s *Server) Freeze(frozen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = frozen
}

// Heal takes back every Fault and Refusal, LoseReceipts and Freeze.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.refusals, s.loses, s.frozen = nil, nil, 0, false
	s.touch()
}

// Faults is how many Faults, Refusals and losses of receipts are still to come.
func (s *Server) Faults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults) + len(s.refusals) + s.loses
}

// Cut drops all connections without a word.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		d.leave()
		if d.line != nil {
			d.line.drop()
		}
	}
	for _, p := range s.pairings {
		p.line.drop()
	}
}

// eject says a last word to all connected devices. The lock is held.
func (s *Server) eject(n waBinary.Node) {
	for _, d := range s.devices {
		d.leave()
		if d.line != nil {
			d.line.put(n)
			d.line.end()
		}
	}
	s.touch()
}

// Replace tells the connected device that another program has taken its place
// (stream error, conflict replaced), and drops it.
func (s *Server) Replace() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eject(conflict("replaced"))
}

// Break tells the connected device of a stream error with that code, such as 503,
// and drops it.
func (s *Server) Break(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eject(waBinary.Node{Tag: "stream:error", Attrs: waBinary.Attrs{"code": strconv.Itoa(code)}})
}

// Ban drops the device and refuses its logins (402) until Heal, saying the code of
// the ban (101 to 106, see whatsmeow's types/events) and how long it lasts.
func (s *Server) Ban(code int, lasts time.Duration) {
	s.Refuse(Refusal{Reason: 402, Code: code, Expire: lasts, Times: -1})
	s.Cut()
}
