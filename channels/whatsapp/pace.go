// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"math/rand/v2"
	"sync"
	"time"

	"sarai/channels"
)

// How fast a person could type who answers one talk after the other. WhatsApp
// publishes no figures and bans what looks like a machine: one message in one to
// three seconds over all talks, and a pause in each, is what those who keep their
// numbers advise (whatsmeow's and Baileys' issues, read 2026-11).
const (
	allLeast, allMost   = time.Second, 3 * time.Second
	chatLeast, chatMost = 2 * time.Second, 4 * time.Second
	// longest is how long Send waits for its turn before it says Throttled.
	longest = 4 * time.Second
	// typing is how long at least it shows that somebody types, and typingMost at most.
	typing, typingMost = 700 * time.Millisecond, 2500 * time.Millisecond
	// perLetter is what a letter adds to that.
	perLetter = 8 * time.Millisecond
	// revokeEvery is between messages that are taken back: nobody waits for those
	// slowly who has to hide them.
	revokeEvery = 300 * time.Millisecond
	maxChats    = 4096
)

// A pace keeps sending as slow as a person. Its zero value is not of use.
type pace struct {
	mu    sync.Mutex
	next  time.Time // when anything may be sent
	chats map[string]time.Time
	draw  func(least, most time.Duration) time.Duration
}

func newPace() *pace {
	return &pace{chats: map[string]time.Time{}, draw: func(least, most time.Duration) time.Duration {
		return least + rand.N(most-least)
	}}
}

// turn takes a place in the order and says how long to wait for it. Where that is
// longer than longest no place is taken, and away says how long to stay away.
func (p *pace) turn(chat string, letters int, now time.Time) (wait time.Duration, away *channels.SendError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := now
	for _, t := range []time.Time{p.next, p.chats[chat]} {
		if t.After(at) {
			at = t
		}
	}
	if least := now.Add(min(typing+time.Duration(letters)*perLetter, typingMost)); at.Before(least) {
		at = least
	}
	wait = at.Sub(now)
	if wait > longest {
		return 0, &channels.SendError{Problem: channels.Throttled, After: wait, Cause: "it is not its turn yet: WhatsApp bans who sends too fast"}
	}
	if len(p.chats) >= maxChats {
		for id, t := range p.chats {
			if !t.After(now) {
				delete(p.chats, id)
			}
		}
	}
	p.next = at.Add(p.draw(allLeast, allMost))
	p.chats[chat] = at.Add(p.draw(chatLeast, chatMost))
	return wait, nil
}
