// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-telegram/bot"

	"sarai/channels"
)

// allowed are the kinds of update that are asked for. It is said each time:
// what is not said stays as somebody once set it.
func allowed() []string {
	return []string{"message", "edited_message", "callback_query", "my_chat_member", "message_reaction"}
}

// maxBatch is how many updates Telegram gives at once, at most.
const maxBatch = 100

// A Poller fetches updates. Only one may fetch for a bot at a time: Telegram
// ends the older of two.
type Poller struct{ *Channel }

var _ channels.Listener = (*Poller)(nil)

// Poller makes the channel fetch what it receives. The options have no
// WebhookURL.
func (c *Channel) Poller() *Poller { return &Poller{c} }

// Listen fetches updates and gives them to sink until ctx ends, and returns nil
// then. Those of different people go to sink at the same time, those of one
// person in order. The next are asked for, which confirms these, once sink took
// all; if it fails for one, that one and those after it come again. A webhook
// that is set is taken away first; what waits for it is fetched.
func (p *Poller) Listen(ctx context.Context, sink channels.Sink) error {
	var (
		offset   int64 // 0: whatever is not confirmed
		arranged time.Time
		failures = p.newFailures()
	)
	for ctx.Err() == nil {
		if arranged.IsZero() || p.now().Sub(arranged) > p.pauses.arrange {
			if r := p.arrange(ctx); r != nil {
				failures.rest(ctx, r)
				continue
			}
			arranged = p.now()
		}
		updates, r := p.fetch(ctx, offset)
		if r != nil {
			if r.why == rival {
				arranged = time.Time{} // perhaps a webhook was set meanwhile
			}
			failures.rest(ctx, r)
			continue
		}
		next, err := p.hand(ctx, sink, updates)
		switch {
		case next != 0:
			offset = next
		case err == nil && len(updates) > 0: // they would come again at once, for ever
			failures.rest(ctx, refused(channels.Unavailable, other, "what Telegram gave has no numbers"))
			continue
		}
		if err != nil {
			failures.rest(ctx, refused(channels.Unavailable, other, "what people wrote could not be kept: it stays with Telegram, which keeps it for a day"))
			continue
		}
		failures.over()
	}
	return nil
}

// failures says once what is wrong, waits longer each time, and says when it is
// over.
type failures struct {
	*Channel
	cause string
	pause time.Duration
}

func (c *Channel) newFailures() *failures { return &failures{Channel: c} }

func (f *failures) rest(ctx context.Context, r *refusal) {
	if ctx.Err() != nil {
		return
	}
	if f.cause != r.Cause {
		f.cause = r.Cause
		f.log.Error("telegram: receiving does not work, it is tried again", "problem", r.Problem, "cause", r.Cause)
	}
	f.pause = min(max(2*f.pause, f.pauses.first), f.pauses.most)
	wait(ctx, max(f.pause, r.After))
}

func (f *failures) over() {
	if f.cause != "" {
		f.log.Info("telegram: receiving works again")
	}
	f.cause, f.pause = "", 0
}

// wait waits, or says false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// arrange takes away a webhook that is set, and leaves what waits for it.
func (p *Poller) arrange(ctx context.Context) *refusal {
	ctx, end := context.WithTimeout(ctx, p.pauses.grace)
	defer end()
	return p.try(ctx, func(ctx context.Context) error {
		info, err := p.api.GetWebhookInfo(ctx)
		if err != nil || info.URL == "" {
			return err
		}
		p.log.Warn("telegram: a webhook was set for this bot and is taken away, because the configuration says to fetch")
		_, err = p.api.DeleteWebhook(ctx, nil)
		return err
	})
}

// fetch asks for the updates from offset on, which confirms those before it.
func (p *Poller) fetch(ctx context.Context, offset int64) ([]json.RawMessage, *refusal) {
	ask := map[string]any{"timeout": int(p.pauses.poll / time.Second), "limit": maxBatch, "allowed_updates": allowed()}
	if offset != 0 {
		ask["offset"] = offset
	}
	ctx, end := context.WithTimeout(ctx, p.pauses.poll+p.pauses.grace)
	defer end()
	var got []json.RawMessage
	r := p.try(ctx, func(ctx context.Context) error { return p.raw(ctx, "getUpdates", ask, &got) })
	return got, r
}

// raw calls a method without the library, whose answer to this one would be of
// its own form. Its errors are the library's, or say nothing.
func (c *Channel) raw(ctx context.Context, method string, ask, result any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/bot"+c.token+"/"+method, bytes.NewReader(body))
	if err != nil {
		return errUnread
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := doer{c.client}.Do(req)
	if err != nil {
		return errUnread
	}
	defer resp.Body.Close()
	var answer struct {
		OK         bool            `json:"ok"`
		Result     json.RawMessage `json:"result"`
		Code       int             `json:"error_code"`
		Words      string          `json:"description"`
		Parameters struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil || json.Unmarshal(b, &answer) != nil {
		return errUnread
	}
	if answer.OK {
		if json.Unmarshal(answer.Result, result) != nil {
			return errUnread
		}
		return nil
	}
	switch answer.Code {
	case http.StatusUnauthorized:
		return bot.ErrorUnauthorized
	case http.StatusNotFound:
		return bot.ErrorNotFound
	case http.StatusConflict:
		return bot.ErrorConflict
	case http.StatusForbidden:
		return bot.ErrorForbidden
	case http.StatusTooManyRequests:
		return &bot.TooManyRequestsError{RetryAfter: answer.Parameters.RetryAfter}
	case http.StatusBadRequest:
		return fmt.Errorf("%w, %s", bot.ErrorBadRequest, answer.Words)
	}
	return errUnread
}

// hand gives a batch to sink. next is the offset that confirms what was taken,
// 0 where nothing can be confirmed; err is not nil if something was not taken.
func (p *Poller) hand(ctx context.Context, sink channels.Sink, updates []json.RawMessage) (next int64, err error) {
	readings := make([]reading, len(updates))
	taken := make([]bool, len(updates))
	of := map[string][]int{} // by person, in order
	var people []string
	for i, raw := range updates {
		r, err := p.read(raw)
		if err != nil { // Telegram numbers its updates; without one there is nothing to confirm
			continue
		}
		readings[i] = r
		if r.in == nil {
			p.leave(r)
			taken[i] = true
			continue
		}
		who := r.in.From.ID
		if of[who] == nil {
			people = append(people, who)
		}
		of[who] = append(of[who], i)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, who := range people { // at most maxBatch
		all.Go(func() {
			in := make([]channels.Inbound, len(of[who]))
			for n, i := range of[who] {
				in[n] = *readings[i].in
			}
			e := ctx.Err()
			if e == nil {
				e = sink(ctx, in...)
			}
			if e != nil {
				mu.Lock()
				err = e
				mu.Unlock()
				return
			}
			for _, i := range of[who] {
				taken[i] = true
				p.pressed(readings[i].button)
			}
		})
	}
	all.Wait()
	return confirm(readings, taken), err
}

// confirm gives the offset that confirms everything before the first update
// that was not taken. Only the numbers of this batch count: Telegram begins
// anew, at any number, after a week without updates.
func confirm(readings []reading, taken []bool) int64 {
	var last, first int64
	for i, r := range readings {
		switch {
		case r.id == 0:
		case taken[i]:
			last = max(last, r.id)
		case first == 0 || r.id < first:
			first = r.id
		}
	}
	switch {
	case first != 0:
		return first
	case last != 0:
		return last + 1
	}
	return 0
}

// inBackground does a small thing that nobody waits for, unless too many are
// under way.
func (c *Channel) inBackground(do func(ctx context.Context)) bool {
	select {
	case c.background <- struct{}{}:
	default:
		return false
	}
	go func() {
		defer func() { <-c.background }()
		ctx, end := context.WithTimeout(context.Background(), callFor)
		defer end()
		do(ctx)
	}()
	return true
}

// pressed tells the person's phone that a button has arrived, else it shows for
// a while that it waits. Too late is nothing: the press was taken all the same.
func (c *Channel) pressed(button string) {
	if button == "" {
		return
	}
	c.inBackground(func(ctx context.Context) {
		_ = c.try(ctx, func(ctx context.Context) error {
			// Not by the library, whose form costs as much as a turn.
			return c.raw(ctx, "answerCallbackQuery", map[string]string{"callback_query_id": button}, new(bool))
		})
	})
}

// leave leaves the group of a reading, and says one line there before, in the
// language of whoever caused it. If that does not work, the group's next message
// is another chance.
func (c *Channel) leave(r reading) {
	group := r.group
	if group == 0 {
		return
	}
	words := ""
	for i, w := range c.words {
		if tag, _, _ := strings.Cut(r.language, "-"); i == 0 || tag == w.Language {
			words = w.Group
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving[group] {
		return
	}
	c.leaving[group] = c.inBackground(func(ctx context.Context) {
		defer func() {
			c.mu.Lock()
			delete(c.leaving, group)
			c.mu.Unlock()
		}()
		if !r.silent && strings.TrimSpace(words) != "" {
			_ = c.try(ctx, func(ctx context.Context) error {
				_, err := c.api.SendMessage(ctx, &bot.SendMessageParams{ChatID: group, Text: words})
				return err
			})
		}
		r := c.try(ctx, func(ctx context.Context) error {
			_, err := c.api.LeaveChat(ctx, &bot.LeaveChatParams{ChatID: group})
			return err
		})
		if r != nil && r.Problem != channels.Blocked { // that is: it is out already
			c.log.Warn("telegram: a group could not be left", "problem", r.Problem)
		}
	})
	if !c.leaving[group] {
		delete(c.leaving, group)
	}
}
