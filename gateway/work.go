// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sarai/channels"
	"sarai/dialog"
	"sarai/store"
)

const (
	leaseFor   = time.Minute      // longer than any send is given
	sendFor    = 30 * time.Second // what one send may take
	atOnce     = 32               // jobs under way at one time
	idlePoll   = 5 * time.Second  // another replica may have added jobs
	sweepEvery = time.Hour
	// giveUp is how long a message is tried. Later it would answer a question
	// that nobody remembers; staff are told instead.
	giveUp = 24 * time.Hour
	// firstPause is the first pause before something is tried again, missetPause
	// the one where an operator must act first.
	firstPause  = 2 * time.Second
	missetPause = 5 * time.Minute
	// Where the store could not keep what a job came to it is asked again after
	// keepPause, which doubles up to keepLongest.
	keepPause   = 50 * time.Millisecond
	keepLongest = 2 * time.Second
)

// tooOld is why something is not tried any more.
const tooOld channels.SendProblem = "given up after a day"

// Run works off jobs until ctx ends, and returns once those under way are
// settled.
func (g *Gateway) Run(ctx context.Context) error {
	var under sync.WaitGroup
	defer under.Wait()
	slots := make(chan struct{}, atOnce)
	swept := g.now()
	for ctx.Err() == nil {
		if now := g.now(); now.Sub(swept) > sweepEvery {
			swept = now
			if err := g.store.Sweep(ctx, now); err != nil && ctx.Err() == nil {
				g.log.Warn("forgetting what is over failed, it is tried again in an hour", "err", err)
			}
		}
		now := g.now()
		leased, err := g.store.Lease(ctx, now, now.Add(leaseFor), atOnce-len(slots))
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			g.log.Error("jobs cannot be read, trying again", "err", err)
			g.rest(ctx, time.Second)
			continue
		}
		for _, l := range leased {
			slots <- struct{}{}
			under.Add(1)
			go func() {
				defer under.Done()
				g.doUntilKept(ctx, l, now.Add(leaseFor))
				<-slots
				g.nudge() // the lane's next may be due
			}()
		}
		if len(leased) > 0 && len(slots) < atOnce {
			continue
		}
		g.rest(ctx, g.untilDue(ctx))
	}
	return nil
}

// Work does all jobs that are due now, one after the other, and says how many.
// It is Run for a test that keeps its own time.
func (g *Gateway) Work(ctx context.Context) (int, error) {
	n := 0
	for {
		now := g.now()
		leased, err := g.store.Lease(ctx, now, now.Add(leaseFor), 1)
		if err != nil || len(leased) == 0 {
			return n, err
		}
		_ = g.do(ctx, leased[0]) // as Run, it is leased again
		n++
	}
}

func (g *Gateway) untilDue(ctx context.Context) time.Duration {
	due, ok, err := g.store.NextDue(ctx)
	if err != nil || !ok {
		return idlePoll
	}
	return min(max(due.Sub(g.now()), time.Millisecond), idlePoll)
}

func (g *Gateway) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-g.wake:
	case <-t.C:
	}
}

// doUntilKept does one leased job and has the store keep what it came to, anew
// until that works, the lease ends or ctx does. What is not kept then is kept
// when the job is leased again. While the store keeps nothing the jobs under way
// so fill up, and no more is sent than can be held in memory.
func (g *Gateway) doUntilKept(ctx context.Context, l store.Leased, end time.Time) {
	err := g.do(ctx, l)
	if err != nil {
		g.log.Error("what a job came to could not be kept, that is tried again", "kind", l.Kind, "err", err)
	}
	for pause := keepPause; err != nil && g.now().Add(pause).Before(end); pause = min(2*pause, keepLongest) {
		select {
		case <-time.After(pause):
			err = g.do(ctx, l)
		case <-ctx.Done():
			return
		}
	}
}

// do does one leased job, unless that was done and only not kept, and settles it,
// also when ctx ends meanwhile. A panic is a failure of that job alone. The error
// is that of the store, which did not keep what the job came to.
func (g *Gateway) do(ctx context.Context, l store.Leased) error {
	stopping := ctx
	ctx, cancel := lasting(ctx)
	defer cancel()
	outcome, over := g.running.once(l.Key, func() (o store.Outcome) {
		defer func() {
			if r := recover(); r != nil {
				g.log.Error("a job panicked", "kind", l.Kind, "thread", l.Thread, "type", fmt.Sprintf("%T", r))
				o = g.retry(l, 5*time.Minute)
			}
		}()
		switch l.Kind {
		case jobSend:
			return g.send(ctx, l)
		case jobTimer:
			return g.ring(ctx, l)
		case jobClear:
			return g.clear(ctx, l)
		case jobErase:
			return g.erase(ctx, l)
		case jobForget:
			return g.forget(ctx, l)
		case jobPublish:
			return g.publish(ctx, l)
		case jobHide:
			return g.hide(ctx, l)
		case jobFetch: // at a stop it is left, and begun again at the next start
			return g.fetch(stopping, l)
		}
		g.log.Error("a job of an unknown kind was given up", "kind", l.Kind)
		return store.Outcome{Failed: true}
	})
	err := g.store.Settle(context.WithoutCancel(ctx), l, outcome)
	over(err)
	if nothingToSettle(err) {
		return nil
	}
	if err == nil && (outcome.Entry != nil || outcome.Receipt != nil) {
		g.hub.changed(l.Thread)
	}
	return err
}

// retry says when a job is tried again, with pauses that double up to an hour,
// or gives it up when it is too old.
func (g *Gateway) retry(l store.Leased, first time.Duration) store.Outcome {
	now := g.now()
	if now.Sub(l.Made) > giveUp {
		return g.unsent(string(tooOld))
	}
	g.stats.Retried.Add(1)
	pause := first << min(max(l.Tries-1, 0), 10)
	return store.Outcome{Again: now.Add(min(pause, time.Hour))}
}

// unsent gives a message up; the transcript says so, so that staff see it.
func (g *Gateway) unsent(why string) store.Outcome {
	g.stats.Failed.Add(1)
	now := g.now()
	return store.Outcome{Failed: true, Entry: &store.Entry{At: now, Said: now, Author: store.Event, By: "program", Event: EventUnsent, Text: why}}
}

// verdict says what is to be done after a platform was asked for something: to
// try again, or, where it will never do it, why; neither where it did it.
func (g *Gateway) verdict(l store.Leased, err error) (again *store.Outcome, why channels.SendProblem) {
	if err == nil {
		return nil, ""
	}
	var problem *channels.SendError
	if !errors.As(err, &problem) {
		problem = &channels.SendError{Problem: channels.Unavailable}
	}
	g.log.Warn("a platform did not do what it was asked", "kind", l.Kind, "problem", problem.Problem, "try", l.Tries)
	pause := firstPause
	switch problem.Problem {
	case channels.Blocked, channels.Expired, channels.Rejected:
		return nil, problem.Problem
	case channels.Misset:
		pause = missetPause
	}
	now := g.now()
	if now.Sub(l.Made) > giveUp {
		return nil, tooOld
	}
	switch {
	case problem.Problem == channels.Throttled:
		g.stats.Retried.Add(1)
		return &store.Outcome{Again: now.Add(max(problem.After, time.Second))}, ""
	case problem.Problem == channels.NoAnswer && problem.After > 0: // the platform tells of it meanwhile
		g.stats.Retried.Add(1)
		return &store.Outcome{Again: now.Add(problem.After)}, ""
	}
	o := g.retry(l, pause)
	return &o, ""
}

func (g *Gateway) send(ctx context.Context, l store.Leased) store.Outcome {
	var out sending
	if err := json.Unmarshal(l.Body, &out); err != nil {
		g.log.Error("a message cannot be read and was given up", "thread", l.Thread)
		return g.unsent("unreadable")
	}
	ch := g.channels[out.To.Channel]
	if ch == nil {
		g.log.Error("a message waits for a channel that is not configured", "channel", out.To.Channel)
		return g.retry(l, missetPause)
	}
	// It may have been sent before, and the platform have told since that it has it.
	// Tries does not say so: an earlier process may have tried.
	known, ok, err := g.store.Receipt(ctx, l.Thread, l.Key)
	if err != nil {
		return g.retry(l, firstPause)
	}
	if ok && known.ID != "" {
		return g.sent(ctx, l, out, known)
	}
	limit := sendFor
	if out.Attachment != nil {
		limit = uploadFor
		switch there, err := g.attach(ctx, l.Thread, &out.Outbound); {
		case err != nil:
			g.log.Error("the file of a message cannot be read, it is tried again", "thread", l.Thread, "err", err)
			return g.retry(l, firstPause)
		case !there:
			return g.unsent(unsentErased)
		}
	}
	sendCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := g.now()
	receipt, err := ch.Send(sendCtx, out.Outbound)
	again, why := g.verdict(l, err)
	switch {
	case err == nil:
		receipt.Handed = began
		return g.sent(ctx, l, out, receipt)
	case again != nil:
		var problem *channels.SendError
		if errors.As(err, &problem) && problem.Problem == channels.NoAnswer {
			again.Receipt = &channels.Receipt{State: channels.Uncertain, At: began, Handed: began}
		}
		return *again
	case why == channels.Blocked:
		if err := g.blocked(ctx, l.Thread, out.To); err != nil {
			g.log.Error("that somebody has blocked the centre could not be kept", "thread", l.Thread, "err", err)
		}
	}
	if out.Private {
		if err := g.repliedPrivately(ctx, l.Thread, channels.Receipt{}, why, ""); err != nil {
			return g.retry(l, firstPause)
		}
	}
	return g.unsent(string(why))
}

// sent settles a message that the platform has.
func (g *Gateway) sent(ctx context.Context, l store.Leased, out sending, r channels.Receipt) store.Outcome {
	g.stats.Sent.Add(1)
	if len(r.Learned) > 0 {
		if err := g.learn(ctx, l.Thread, r.Learned); err != nil {
			g.log.Error("an address that a platform disclosed could not be kept", "thread", l.Thread, "err", err)
		}
	}
	if out.Private {
		if err := g.repliedPrivately(ctx, l.Thread, r, "", out.Public); err != nil {
			g.log.Error("that a private reply was taken could not be kept, it is tried again", "thread", l.Thread, "err", err)
			return store.Outcome{Again: g.now().Add(firstPause), Receipt: &r}
		}
	}
	return store.Outcome{Done: true, Receipt: &r}
}

// learn adds addresses to a thread in a turn of its own.
func (g *Gateway) learn(ctx context.Context, id store.ThreadID, addresses []channels.Address) error {
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		for _, a := range addresses {
			if !slices.Contains(p.turn.Thread.Addresses, a) {
				p.turn.Thread.Addresses = append(p.turn.Thread.Addresses, a)
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) { // erased meanwhile, or a last word
		return nil
	}
	return err
}

// blocked notes that nothing reaches an address until somebody writes from it.
func (g *Gateway) blocked(ctx context.Context, id store.ThreadID, a channels.Address) error {
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		if p.turn.Thread.Reply == a {
			p.turn.Thread.Blocked = true
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) { // erased meanwhile
		return nil
	}
	return err
}

// change decides and commits a turn on a known thread, again as often as it
// meets a conflict. It says whether an event of that key was stored before.
func (g *Gateway) change(ctx context.Context, id store.ThreadID, events []store.EventKey, decide func(p *plan) error) (again bool, err error) {
	for range maxConflicts {
		th, err := g.store.ThreadByID(ctx, id)
		if err != nil {
			return false, err
		}
		p, err := g.plan(ctx, th, g.now())
		if err != nil {
			return false, err
		}
		if p.bad != nil {
			return false, p.bad
		}
		p.turn.Events = events
		if err := decide(p); err != nil {
			return false, err
		}
		switch err := g.commit(ctx, p); {
		case errors.Is(err, store.ErrDuplicate):
			return true, nil
		case errors.Is(err, store.ErrConflict):
			g.stats.Conflicts.Add(1)
			continue
		default:
			return false, err
		}
	}
	return false, fmt.Errorf("gateway: %w", store.ErrConflict)
}

// errStale means that a timer is no longer the one that is set.
var errStale = errors.New("gateway: the timer was set anew")

// ring has dialog decide what a due timer means.
func (g *Gateway) ring(ctx context.Context, l store.Leased) store.Outcome {
	var t timing
	if err := json.Unmarshal(l.Body, &t); err != nil {
		return store.Outcome{Failed: true}
	}
	_, err := g.change(ctx, l.Thread, nil, func(p *plan) error {
		if p.memory.Timers[t.Name] != l.Key {
			return errStale
		}
		delete(p.memory.Timers, t.Name)
		switch t.Name {
		case timerLate:
		case timerKeep:
			p.forgetIfOld()
			return nil
		default:
			p.step(dialog.Rang{At: p.now, Name: t.Name, Desk: p.desk()})
			return nil
		}
		entries, err := g.gathered(ctx, l.Thread, max(p.memory.Late, 1)-1)
		if err != nil {
			return err
		}
		p.late(entries)
		return nil
	})
	switch {
	case err == nil, errors.Is(err, errStale), errors.Is(err, store.ErrNotFound):
		return store.Outcome{Done: true}
	}
	g.log.Error("a timer could not be handled, it is tried again", "timer", t.Name, "thread", l.Thread, "err", err)
	return g.retry(l, 2*time.Second)
}

// maxGathered is how many messages are read together at most, the first and the
// newest half of them: nobody writes more, but a machine may.
const maxGathered = 2000

// gathered gives what was said in a talk after a place.
func (g *Gateway) gathered(ctx context.Context, id store.ThreadID, after uint64) ([]store.Entry, error) {
	first, err := g.store.Entries(ctx, id, after, maxGathered/2)
	if err != nil || len(first) < maxGathered/2 {
		return first, err
	}
	th, err := g.store.ThreadByID(ctx, id)
	if err != nil {
		return nil, err
	}
	after = first[len(first)-1].Seq
	if newest := th.LastSeq - min(th.LastSeq, maxGathered/2); newest > after {
		after = newest
	}
	rest, err := g.store.Entries(ctx, id, after, maxGathered/2)
	return append(first, rest...), err
}

func (g *Gateway) clear(ctx context.Context, l store.Leased) store.Outcome {
	var c clearing
	if err := json.Unmarshal(l.Body, &c); err != nil {
		return store.Outcome{Failed: true}
	}
	clearer, ok := g.channels[c.To.Channel].(channels.Clearer)
	if !ok {
		return store.Outcome{Done: true}
	}
	ids, err := g.onScreen(ctx, l.Thread, c.To.Channel)
	if err != nil {
		return g.retry(l, 2*time.Second)
	}
	short, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	all, err := clearer.Clear(short, c.To, ids)
	again, why := g.verdict(l, err)
	if again != nil {
		return *again
	}
	if len(c.Said) > 0 && (why != "" || !all && c.Told == dialog.ClearsAll) {
		// "Done." may not be read over a talk that is still there.
		_, err := g.change(ctx, l.Thread, nil, func(p *plan) error {
			p.turn.Cancel = append(p.turn.Cancel, c.Said...)
			p.step(dialog.Uncleared{At: p.now, Desk: p.desk()})
			return nil
		})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return g.retry(l, 2*time.Second)
		}
	}
	if why != "" {
		return g.unsent(string(why))
	}
	return store.Outcome{Done: true}
}

// maxOnScreen is how many messages are taken off a screen at most, the newest:
// more than anybody writes in the days for which platforms allow it.
const maxOnScreen = 2000

// onScreen gives the platform's ids of what was said in a talk on one channel,
// newest first: of what was sent, and of what the person wrote.
func (g *Gateway) onScreen(ctx context.Context, id store.ThreadID, on channels.Name) ([]string, error) {
	receipts, err := g.store.Receipts(ctx, id)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(receipts))) { // a job's key grows with the talk
		if r := receipts[key]; r.ID != "" && len(ids) < maxOnScreen {
			ids = append(ids, r.ID)
		}
	}
	th, err := g.store.ThreadByID(ctx, id)
	if err != nil {
		return nil, err
	}
	entries, err := g.store.Entries(ctx, id, th.LastSeq-min(th.LastSeq, maxOnScreen), maxOnScreen)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(entries) {
		if e.Author == store.Person && e.Channel == on && e.ID != "" {
			ids = append(ids, e.ID)
		}
	}
	return ids, nil
}

// wakePages has every page of a talk look again, not only the one written from.
func (g *Gateway) wakePages(th store.Thread) {
	for _, a := range th.Addresses {
		if w, ok := g.channels[a.Channel].(interface{ Wake(channels.Address) }); ok {
			w.Wake(a)
		}
	}
}
