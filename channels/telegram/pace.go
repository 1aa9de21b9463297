// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"sarai/channels"
)

// How fast Telegram lets a bot write: about thirty messages a second in all, one
// a second to one chat, where short bursts pass (core.telegram.org/bots/faq).
const (
	allRate   = 30
	chatEvery = 1100 * time.Millisecond // a little more: messages do not all take equally long to get there
	chatBurst = 3
	// longest is how long Send waits for its turn before it says Throttled.
	longest = 2500 * time.Millisecond
	// maxChats is how many chats are kept in mind. One that could write its burst
	// again needs no memory: thirty a second fill less than a hundred.
	maxChats = 4096
)

// A pace keeps sending below what Telegram allows.
type pace struct {
	mu    sync.Mutex
	all   *rate.Limiter
	chats map[int64]*chatPace
	held  time.Time // nothing goes before
	last  time.Time // when Telegram last asked for a pause
	whose int64     // and in which chat
}

type chatPace struct {
	limit *rate.Limiter
	held  time.Time
}

func newPace() *pace {
	return &pace{all: rate.NewLimiter(allRate, 1), chats: map[int64]*chatPace{}}
}

// turn takes a place in the order and says how long to wait for it, or how long
// to stay away where that is longer than longest. Then no place is taken.
func (p *pace) turn(chat int64, now time.Time) (wait time.Duration, away *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.of(chat, now)
	wait = max(p.held.Sub(now), c.held.Sub(now), 0)
	if wait <= longest {
		own := c.limit.ReserveN(now, 1)
		all := p.all.ReserveN(now, 1)
		wait = max(wait, own.DelayFrom(now), all.DelayFrom(now))
		if wait <= longest {
			return wait, nil
		}
		all.CancelAt(now)
		own.CancelAt(now)
	}
	r := refused(channels.Throttled, other, "it is not its turn yet")
	r.After = wait
	return 0, r
}

// hold keeps a chat quiet for as long as Telegram asked. When it asks in two
// chats within two seconds it means the whole bot.
func (p *pace) hold(chat int64, now time.Time, after time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := now.Add(after)
	p.of(chat, now).held = until
	if p.whose != chat && now.Sub(p.last) < 2*time.Second {
		p.held = until
	}
	p.last, p.whose = now, chat
}

func (p *pace) of(chat int64, now time.Time) *chatPace {
	if c := p.chats[chat]; c != nil {
		return c
	}
	if len(p.chats) >= maxChats {
		for id, c := range p.chats {
			if c.limit.TokensAt(now) >= chatBurst && !c.held.After(now) {
				delete(p.chats, id)
			}
		}
		for id := range p.chats { // all of them are busy: Telegram itself will say so
			if len(p.chats) < maxChats {
				break
			}
			delete(p.chats, id)
		}
	}
	c := &chatPace{limit: rate.NewLimiter(rate.Every(chatEvery), chatBurst)}
	p.chats[chat] = c
	return c
}
