// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import "time"

// A pace refuses what is sent too fast. The figures are developers.facebook.com's.
type pace struct {
	page, heavy, number bucket
	profile             bucket
	pairs               map[string]*bucket // by BSUID
	said                []said             // in public
}

type said struct {
	text string
	at   time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

// take takes a token where there is one, and says whether there was.
func (b *bucket) take(now time.Time, rate, burst float64) bool {
	if b.at.IsZero() {
		b.tokens = burst
	} else if d := now.Sub(b.at); d > 0 {
		b.tokens = min(burst, b.tokens+d.Seconds()*rate)
	}
	b.at = now
	if b.tokens < 1-1e-9 { // sixths do not add up to one
		return false
	}
	b.tokens--
	return true
}

// pacePage refuses what comes to the Page's people too fast: 300 texts a second,
// 10 recordings a second. The lock is held.
func (s *Server) pacePage(heavy bool) *refusal {
	if !s.o.Paced {
		return nil
	}
	b, rate := &s.pace.page, 300.0
	if heavy {
		b, rate = &s.pace.heavy, 10
	}
	if b.take(s.now(), rate, rate) {
		return nil
	}
	r := refuse(80006, 2446079, "(#80006) There have been too many calls to this Messenger account. Wait a bit and try again.")
	r.regain = 1
	return r
}

// paceProfile refuses the eleventh call in ten minutes. The lock is held.
func (s *Server) paceProfile() *refusal {
	if !s.o.Paced || s.pace.profile.take(s.now(), 10.0/600, 10) {
		return nil
	}
	return refuse(613, 0, "(#613) Calls to this api have exceeded the rate limit.")
}

// paceNumber refuses what leaves the number faster than 80 a second, and to one
// person faster than one in 6 seconds after a burst of 45. The lock is held.
func (s *Server) paceNumber(user string) *refusal {
	if !s.o.Paced {
		return nil
	}
	now := s.now()
	if !s.pace.number.take(now, 80, 80) {
		r := refuse(130429, 0, "(#130429) Rate limit hit")
		r.details = "Message failed to send because there were too many messages sent from this phone number in a short period of time"
		return r
	}
	if len(s.pace.pairs) > 4096 { // full again, so nothing is lost
		for id, b := range s.pace.pairs {
			if now.Sub(b.at) > 5*time.Minute {
				delete(s.pace.pairs, id)
			}
		}
	}
	b := s.pace.pairs[user]
	if b == nil {
		b = &bucket{}
		s.pace.pairs[user] = b
	}
	if b.take(now, 1.0/6, 45) {
		return nil
	}
	r := refuse(131056, 0, "(#131056) (Business Account, Consumer Account) pair rate limit hit")
	r.details = "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time"
	return r
}

// pacePublic refuses the same words under posts for the fourth time within an hour.
// The figure is a guess. The lock is held.
func (s *Server) pacePublic(text string) *refusal {
	if !s.o.Paced {
		return nil
	}
	now, n := s.now(), 0
	var fresh []said
	for _, x := range s.pace.said {
		if now.Sub(x.at) < time.Hour {
			fresh = append(fresh, x)
			if x.text == text {
				n++
			}
		}
	}
	s.pace.said = append(fresh[max(0, len(fresh)-1000):], said{text, now})
	if n < 3 {
		return nil
	}
	return refuse(368, 1390008, "(#368) The action attempted has been deemed abusive or is otherwise disallowed")
}
