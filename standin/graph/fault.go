// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"cmp"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

const keptCalls = 10000

// A Fault is what goes wrong with a call instead of the usual answer. The zero
// value is one answer 500 before anything has happened.
type Fault struct {
	Times int    // how many calls it meets; 0 is one, less is all
	To    string // only sends to this PSID, comment or WhatsApp user; "" is every call

	Delay time.Duration // wait before anything happens
	Only  bool          // nothing but the delay goes wrong
	Done  bool          // the call takes effect, only its answer is lost

	Status    int    // HTTP; 0 is 400 with a Code and 500 without
	Code      int    // error.code
	Subcode   int    // error.error_subcode
	Message   string // error.message
	Details   string // error.error_data.details
	Transient bool   // error.is_transient
	// Regain is how many minutes the header X-Business-Use-Case-Usage says it takes
	// to regain access; 0 is no such header.
	Regain int
	Body   string // in place of Meta's error, as a proxy would: HTML
	Hang   bool   // no answer until the caller gives up
	Cut    bool   // the connection breaks in the middle of the answer

	method, path string
}

// Fail makes the next calls that fit a pattern go wrong: "" is every call,
// "/*/messages" every method of that path (without the version; * is one part of
// it), "POST /*/messages" that method only. "/media/*" is the fetching of files.
// The path /me is not the Page's: say /*. Of the faults that could meet a call the
// one that was named first does. A pattern that path.Match does not understand
// fits nothing.
func (s *Server) Fail(pattern string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	f.method, f.path = split(pattern)
	s.faults = append(s.faults, &f)
	s.touch()
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.touch()
}

// Faults is how many faults wait for calls.
func (s *Server) Faults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

// Calls is how many of the last 10000 calls a pattern of Fail fits, faults and
// refusals included.
func (s *Server) Calls(pattern string) int {
	method, where := split(pattern)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		m, p, _ := strings.Cut(c, " ")
		if fits(method, where, m, p) {
			n++
		}
	}
	return n
}

// split takes a pattern into its method, "" for every one, and its path.
func split(pattern string) (method, where string) {
	if method, where, ok := strings.Cut(pattern, " "); ok {
		return strings.ToUpper(method), where
	}
	return "", pattern
}

func fits(method, pattern, m, p string) bool {
	if method != "" && method != m {
		return false
	}
	ok, err := path.Match(pattern, p)
	return pattern == "" || (ok && err == nil)
}

// fault counts a call and gives the fault that meets it, or nil.
func (s *Server) fault(c *call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.touch()
	s.calls = append(s.calls, c.method+" "+c.path)
	if len(s.calls) > keptCalls {
		s.calls = slices.Delete(s.calls, 0, len(s.calls)-keptCalls)
	}
	for i, f := range s.faults {
		if !fits(f.method, f.path, c.method, c.path) || (f.To != "" && f.To != c.to()) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}

// to is whom a call would send to, "" for nobody.
func (c *call) to() string {
	var r recipient
	_ = c.args.into("recipient", &r) // a BSUID is a plain string there, taken below
	if c.args.text("messaging_product") == "whatsapp" {
		return cmp.Or(c.args.text("to"), c.args.text("recipient"))
	}
	return cmp.Or(string(r.ID), r.Comment, r.Post)
}

// play gives the wrong answer.
func (s *Server) play(w http.ResponseWriter, c *call, f *Fault) {
	status := http.StatusInternalServerError
	if f.Code != 0 {
		status = http.StatusBadRequest
	}
	status = cmp.Or(f.Status, status)
	switch {
	case f.Hang:
		select {
		case <-c.ctx.Done():
		case <-s.close:
		}
		panic(http.ErrAbortHandler) // closes the connection
	case f.Cut:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "200")
		_, _ = w.Write([]byte(`{"recipient_`))
		if fl, ok := w.(http.Flusher); ok {
			fl.Flush()
		}
		panic(http.ErrAbortHandler)
	case f.Body != "":
		kind := "text/html"
		if json.Valid([]byte(f.Body)) {
			kind = "application/json"
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(f.Body))
	default:
		r := &refusal{status: status, code: f.Code, subcode: f.Subcode, message: f.Message, details: f.Details, transient: f.Transient, regain: f.Regain}
		if r.code == 0 {
			r.code, r.transient = 2, true // "Service temporarily unavailable"
			if f.Status == http.StatusTooManyRequests {
				r.code, r.transient = 4, false // "Application request limit reached"
			}
		}
		if r.message == "" {
			r.message = "An error that was asked for"
		}
		s.answer(w, c, nil, r)
	}
}
