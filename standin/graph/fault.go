// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import "time"

// A Fault is what goes wrong with a call instead of the usual answer. The zero
// value is one answer 500 before anything has happened.
type Fault struct {
	Times int    // how many calls it meets; 0 is one, less is all
	To    string // only sends to this PSID, comment or WhatsApp user; "" is everybody

	Delay time.Duration // wait before anything happens
	Only  bool          // nothing but the delay goes wrong
	Done  bool          // the call takes effect, only its answer is lost

	Status    int    // HTTP; 0 is 400 with a Code and 500 without
	Code      int    // error.code
	Subcode   int    // error.error_subcode
	Message   string // error.message
	Details   string // error.error_data.details
	Transient bool   // error.is_transient
	// Regain is how many minutes X-Business-Use-Case-Usage says it takes to regain access.
	Regain int
	Body   string // in place of Meta's error, as a proxy would: HTML
	Hang   bool   // no answer until the caller gives up
	Cut    bool   // the connection breaks in the middle of the answer
}

// Fail makes the next calls that fit a pattern go wrong: "" is every call,
// "/*/messages" every method of that path (without the version; * is one part of
// it), "POST /*/messages" that method only. /media/* is the fetching of files. Of
// the faults that could meet a call the one that was named first does. A pattern
// that path.Match does not understand fits nothing.
func (s *Server) Fail(pattern string, f Fault) {}

// Heal ends all faults.
func (s *Server) Heal() {}

// Faults is how many faults wait for calls.
func (s *Server) Faults() int { return 0 }
