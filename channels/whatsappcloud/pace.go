// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"sarai/channels"
)

// How fast WhatsApp takes messages: 80 a second for a number, received ones
// included, and one in 6 seconds to one person after 45 at once
// (developers.facebook.com/documentation/business-messaging/whatsapp/throughput and
// …/messaging-limits, read 2026-11).
const (
	allRate     = 60
	personEvery = 6 * time.Second
	personBurst = 45
	// longest is how long Send waits for its turn before it says Throttled.
	longest = 2500 * time.Millisecond
	// maxPeople is how many people are kept in mind.
	maxPeople = 4096
	// longestStrike is the longest pause after refusals in a row.
	longestStrike = time.Hour
)

// A pace keeps sending below what WhatsApp allows.
type pace struct {
	mu     sync.Mutex
	all    *rate.Limiter
	held   time.Time // nothing goes before
	people map[recipient]*personPace
}

type personPace struct {
	limit   *rate.Limiter
	held    time.Time
	strikes int // refusals for the pair rate in a row
}

func newPace() *pace {
	return &pace{all: rate.NewLimiter(allRate, allRate), people: map[recipient]*personPace{}}
}

// turn takes a place in the order and says how long to wait for it, or how long
// to stay away where that is longer than longest. Then no place is taken.
func (p *pace) turn(to recipient, now time.Time) (wait time.Duration, away *channels.SendError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.of(to, now)
	wait = max(p.held.Sub(now), c.held.Sub(now), 0)
	if wait <= longest {
		own, all := c.limit.ReserveN(now, 1), p.all.ReserveN(now, 1)
		wait = max(wait, own.DelayFrom(now), all.DelayFrom(now))
		if wait <= longest {
			return wait, nil
		}
		all.CancelAt(now)
		own.CancelAt(now)
	}
	return 0, &channels.SendError{Problem: channels.Throttled, After: wait, Cause: "it is not its turn yet"}
}

// hold keeps the number quiet.
func (p *pace) hold(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.held) {
		p.held = until
	}
}

// strike notes that WhatsApp refused a message to somebody because there were
// too many, and says how long to wait: 4 seconds, and four times as long each time
// in a row (developers.facebook.com, error 131056, read 2026-11).
func (p *pace) strike(to recipient, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.of(to, now)
	c.strikes++
	after := longestStrike
	if c.strikes <= 5 { // 4^6 s is more than an hour
		after = time.Second << (2 * c.strikes)
	}
	c.held = now.Add(after)
	return after
}

// done notes that WhatsApp took a message to somebody.
func (p *pace) done(to recipient) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.people[to]; c != nil {
		c.strikes = 0
	}
}

func (p *pace) of(to recipient, now time.Time) *personPace {
	if c := p.people[to]; c != nil {
		return c
	}
	if len(p.people) >= maxPeople {
		for id, c := range p.people {
			if c.strikes == 0 && c.limit.TokensAt(now) >= personBurst && !c.held.After(now) {
				delete(p.people, id)
			}
		}
		for id := range p.people { // all of them are busy: WhatsApp itself will say so
			if len(p.people) < maxPeople {
				break
			}
			delete(p.people, id)
		}
	}
	c := &personPace{limit: rate.NewLimiter(rate.Every(personEvery), personBurst)}
	p.people[to] = c
	return c
}
