// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Fault is what goes wrong with a call instead of the usual answer. The zero
// value is one answer 500 before anything has happened.
type Fault struct {
	Times int   // how many calls it meets; 0 is one, less is all
	Chat  int64 // only calls with this chat_id; 0 is every chat

	Delay time.Duration // wait before anything happens
	Only  bool          // nothing but the delay goes wrong
	Done  bool          // the call takes effect, only its answer is lost

	Status      int    // 0 is 500
	Description string // "" is what Telegram says with that status
	RetryAfter  int    // seconds, as parameters.retry_after; the status is then 429
	Body        string // in place of the envelope, as a proxy would: HTML
	Silent      bool   // no answer until the caller gives up
	Cut         bool   // the connection breaks in the middle of the answer

	method string
}

func (f *Fault) fails() bool { return !f.Only }

func (f *Fault) meets(method string) bool {
	if begin, ok := strings.CutSuffix(f.method, "*"); ok {
		return strings.HasPrefix(method, begin)
	}
	return f.method == "" || f.method == method
}

// Fail makes the next calls of a method go wrong. "" is every method, "send*" all
// that begin so, and "file" the fetching of files. Of the faults that could meet a
// call the one that was named first does.
func (s *Server) Fail(method string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	f.method = strings.ToLower(method)
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

// fault counts the call and gives the fault that meets it, or nil.
func (s *Server) fault(c *call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[c.method]++
	for i, f := range s.faults {
		if !f.meets(c.method) || (f.Chat != 0 && strconv.FormatInt(f.Chat, 10) != c.args["chat_id"]) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
		}
		s.touch()
		return f
	}
	s.touch()
	return nil
}

// play gives the wrong answer.
func (s *Server) play(w http.ResponseWriter, c *call, f *Fault) {
	status := cmp.Or(f.Status, http.StatusInternalServerError)
	switch {
	case f.Silent:
		select {
		case <-c.ctx.Done():
		case <-s.close:
		}
		panic(http.ErrAbortHandler) // closes the connection
	case f.Cut:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "200")
		_, _ = w.Write([]byte(`{"ok":true,"resu`))
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
	case f.RetryAfter > 0:
		s.answer(w, c.method, nil, tooMany(f.RetryAfter))
	default:
		text := f.Description
		if text == "" {
			if text = http.StatusText(status); status == http.StatusBadRequest {
				text = "Bad Request: wrong"
			}
		}
		s.answer(w, c.method, nil, refuse(status, text))
	}
}

func tooMany(seconds int) *refusal {
	return &refusal{code: 429, description: "Too Many Requests: retry after " + strconv.Itoa(seconds), after: seconds}
}

// A pace refuses what is sent too fast.
type pace struct {
	all   bucket
	chats map[int64]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// take takes a token where there is one and says else how long until there is.
func (b *bucket) take(now time.Time, rate, burst float64) time.Duration {
	if b.at.IsZero() {
		b.tokens = burst
	} else if d := now.Sub(b.at); d > 0 {
		b.tokens = min(burst, b.tokens+d.Seconds()*rate)
	}
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return time.Duration((1 - b.tokens) / rate * float64(time.Second))
}

// paced refuses a message or an album to a chat where they come too fast: 30 a second in
// all, to one chat 1 a second after a burst of 3, and 20 a minute to a group. The figures
// are from Telegram's answers to developers; the burst is a guess. The lock is held.
func (s *Server) paced(chat int64) *refusal {
	if !s.o.Paced {
		return nil
	}
	now := s.now()
	if len(s.pace.chats) > 4096 { // full again, so nothing is lost
		for id, b := range s.pace.chats {
			if now.Sub(b.at) > time.Minute {
				delete(s.pace.chats, id)
			}
		}
	}
	b := s.pace.chats[chat]
	if b == nil {
		b = &bucket{}
		s.pace.chats[chat] = b
	}
	rate, burst := 1.0, 3.0
	if chat < 0 {
		rate, burst = 20.0/60, 20
	}
	wait := b.take(now, rate, burst)
	if wait == 0 {
		wait = s.pace.all.take(now, 30, 30)
	}
	if wait == 0 {
		return nil
	}
	return tooMany(int((wait + time.Second - 1) / time.Second))
}
