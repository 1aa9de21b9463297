// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

const (
	firstUpdate = 700_000_001
	// answerBytes is about where Telegram cuts one answer to getUpdates.
	answerBytes = 4 << 20
	longestPoll = 50 // seconds
)

// A lane is a queue of updates that a webhook gets one after the other. Kinds
// are those of Telegram's server: 0 messages of a chat, 3 presses of a person, 5 what became of the bot in a chat, 8
// reactions in a chat.
type lane struct {
	kind int8
	id   int64
}

// An update waits for the bot.
type update struct {
	id      int
	body    []byte // with the id, as it is sent
	lane    lane
	expires time.Time
	done    bool // confirmed, delivered or expired
	fails   int  // deliveries
}

// updates are all that wait, in order.
type updates struct {
	next  int
	all   []*update // some of them done
	live  int       // of all, not done
	long  []*update // by expiry, messages
	short []*update // by expiry, presses
	taken int       // by the bot, since the begin
}

func (u *updates) add(x *update, short bool) {
	u.all = append(u.all, x)
	u.live++
	if short {
		u.short = append(u.short, x)
	} else {
		u.long = append(u.long, x)
	}
}

func (u *updates) finish(x *update) {
	if x.done {
		return
	}
	x.done = true
	x.body = nil
	u.live--
	for len(u.all) > 0 && u.all[0].done {
		u.all = u.all[1:]
	}
	if len(u.all) > 64 && u.live < len(u.all)/2 {
		done := func(x *update) bool { return x.done }
		u.all = slices.DeleteFunc(u.all, done)
		u.long = slices.DeleteFunc(u.long, done)
		u.short = slices.DeleteFunc(u.short, done)
	}
}

// expire forgets what nobody fetched in time.
func (u *updates) expire(now time.Time) {
	for _, list := range []*[]*update{&u.long, &u.short} {
		for len(*list) > 0 && ((*list)[0].done || !now.Before((*list)[0].expires)) {
			x := (*list)[0]
			*list = (*list)[1:]
			u.finish(x)
		}
	}
}

// usual are the updates that a bot gets which has not said otherwise: all but
// three. The names are those of Bot API 10.1.
func usual(kind string) bool {
	return kind != "chat_member" && kind != "message_reaction" && kind != "message_reaction_count"
}

// push makes an update where the bot wants such. The lock is held.
func (s *Server) push(kind string, body any, l lane, life time.Duration) {
	if (s.allowed == nil && !usual(kind)) || (s.allowed != nil && !s.allowed[kind]) {
		s.touch()
		return
	}
	s.insert(kind, body, l, life)
}

func (s *Server) insert(kind string, body any, l lane, life time.Duration) {
	content, err := json.Marshal(body)
	if err != nil {
		panic("botapi: an update that cannot be written: " + err.Error()) // its types are this package's
	}
	now := s.now()
	s.updates.expire(now)
	x := &update{id: s.updates.next, lane: l, expires: now.Add(life)}
	s.updates.next++
	x.body = make([]byte, 0, len(content)+len(kind)+40)
	x.body = append(x.body, `{"update_id":`...)
	x.body = strconv.AppendInt(x.body, int64(x.id), 10)
	x.body = append(x.body, ',')
	x.body = strconv.AppendQuote(x.body, kind)
	x.body = append(x.body, ':')
	x.body = append(x.body, content...)
	x.body = append(x.body, '}')
	s.updates.add(x, life == pressLife)
	if s.poll != nil {
		s.poll.ring()
	}
	if s.hook != nil {
		s.hook.queue(x)
	}
	s.touch()
}

// Pending is how many updates the bot has not taken: not confirmed by an offset,
// not answered with 2xx, and not too old.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates.expire(s.now())
	return s.updates.live
}

// Confirmed is how many updates the bot has taken since the begin.
func (s *Server) Confirmed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.updates.taken
}

// Renumber lets the next update's id jump, at first downwards: Telegram chooses a random
// one after a week without updates. What waits is dropped, as it would be by then.
func (s *Server) Renumber() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropPending()
	const jump = 300_000_017
	if s.updates.next > 2*jump {
		s.updates.next -= jump
	} else {
		s.updates.next += 2 * jump
	}
	s.touch()
}

func (s *Server) dropPending() {
	for _, x := range slices.Clone(s.updates.all) {
		s.updates.finish(x)
	}
}

// A poll is a getUpdates that waits.
type poll struct {
	bell    chan struct{}
	ended   chan struct{} // by another
	because string
}

func (p *poll) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// allow takes over which updates the bot wants, if the call says. The lock is held.
func (s *Server) allow(c *call) {
	given, ok := c.args["allowed_updates"]
	if !ok {
		return
	}
	var kinds []string
	if json.Unmarshal([]byte(given), &kinds) != nil {
		return // Telegram takes no notice either
	}
	s.allowed = nil
	for _, k := range kinds {
		if s.allowed == nil {
			s.allowed = map[string]bool{}
		}
		s.allowed[k] = true
	}
}

func getUpdates(c *call) (any, *refusal) {
	s := c.s
	offset := c.integer("offset", 0)
	limit := min(max(c.integer("limit", 100), 1), 100)
	timeout := min(max(c.integer("timeout", 0), 0), longestPoll)

	s.mu.Lock()
	if s.hook != nil {
		s.mu.Unlock()
		return nil, refuse(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	}
	s.allow(c)
	if s.poll != nil {
		s.endPoll("Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
	}
	s.confirm(offset)
	if out := s.waiting(offset, limit); len(out) > 0 || timeout == 0 || s.closed {
		s.mu.Unlock()
		return out, nil
	}
	p := &poll{bell: make(chan struct{}, 1), ended: make(chan struct{})}
	s.poll = p
	s.touch()
	s.mu.Unlock()

	timer := time.NewTimer(time.Duration(timeout) * time.Second)
	defer timer.Stop()
	over := false
	for {
		select {
		case <-p.bell:
		case <-timer.C:
			over = true
		case <-c.ctx.Done(): // whoever asked has gone: nothing is confirmed by that
			over = true
		case <-s.close:
			over = true
		case <-p.ended:
			return nil, refuse(409, p.because)
		}
		s.mu.Lock()
		if s.poll != p { // ended in this moment
			s.mu.Unlock()
			return nil, refuse(409, p.because)
		}
		out := s.waiting(offset, limit)
		if len(out) > 0 || over {
			s.poll = nil
			s.touch()
			s.mu.Unlock()
			return out, nil
		}
		s.mu.Unlock()
	}
}

// endPoll refuses the poll that waits. The lock is held.
func (s *Server) endPoll(because string) {
	s.poll.because = because
	close(s.poll.ended)
	s.poll = nil
	s.touch()
}

// Polling says whether the bot waits in getUpdates.
func (s *Server) Polling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poll != nil
}

// confirm drops what is below the offset. An offset far above all ids confirms
// nothing, and a negative one keeps only so many from the end, as with Telegram's
// own queue. The lock is held.
func (s *Server) confirm(offset int) {
	s.updates.expire(s.now())
	if offset == 0 || offset > s.updates.next+10 {
		return
	}
	before := s.updates.live
	if offset < 0 {
		drop := s.updates.live + offset
		for _, x := range slices.Clone(s.updates.all) {
			if drop <= 0 {
				break
			}
			if !x.done {
				s.updates.finish(x)
				drop--
			}
		}
	} else {
		var below []*update
		for _, x := range s.updates.all {
			if x.done { // perhaps with a higher id, from before the numbers jumped
				continue
			}
			if x.id >= offset {
				break
			}
			below = append(below, x)
		}
		for _, x := range below {
			s.updates.finish(x)
			s.updates.taken++
		}
	}
	if s.updates.live != before {
		s.touch()
	}
}

// waiting gives the updates from the offset on. The lock is held.
func (s *Server) waiting(offset, limit int) []json.RawMessage {
	s.updates.expire(s.now())
	out, bytes := []json.RawMessage{}, 0
	for _, x := range s.updates.all {
		if x.done {
			continue
		}
		if bytes += len(x.body); len(out) == limit || (bytes > answerBytes && len(out) > 0) {
			break
		}
		out = append(out, x.body)
	}
	return out
}
