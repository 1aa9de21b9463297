// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sarai/desk"
	"sarai/dialog"
	"sarai/store"
)

// DefaultKeep is how long a quiet talk is kept where Options do not say.
const DefaultKeep = 90 * 24 * time.Hour

// warnDays is how long before it is erased a talk stands on the list that staff
// see: a week, in which everybody who works there is on duty once.
const warnDays = 7 * 24 * time.Hour

// Errors of keeping and erasing. Each is for staff: nothing was changed.
var (
	ErrHeld = errors.New("gateway: the talk is held")
	ErrWish = errors.New("gateway: the person asked to delete everything")
)

// Why a talk is erased, as the audit has it.
const (
	byWish = "wish" // the person's own
	byAge  = "age"  // the centre's days
	byDesk = "desk" // staff
)

// erasing is the body of a job that erases. Older jobs have none: theirs was
// the person's wish or the centre's days.
type erasing struct {
	Why string       `json:"why,omitempty"`
	By  desk.StaffID `json:"by,omitempty"`
}

// warning is how long a talk stands among those that leave. Where talks are
// kept for days only, it is half of them.
func (g *Gateway) warning() time.Duration { return min(warnDays, g.keep/2) }

// leaves gives when the centre's days are over, counted from the person's or
// staff's last act. kept says that they are not counted now: the case is open,
// or somebody holds the talk.
func (p *plan) leaves() (at time.Time, kept bool) {
	th := &p.turn.Thread
	last := th.LastHeard
	times := []time.Time{th.Created, th.Keeping.Since}
	if c := th.Case; c != nil {
		kept = c.Open()
		times = append(times, c.Spoke, c.Closed)
	}
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last.Add(p.g.keep), kept || th.Keeping.Hold != nil
}

// forgetIfOld does what the centre's days ask for now: looks again later, puts
// the talk among those that leave, or erases it. No talk is erased for its age
// that staff were not warned of for as long as they are to be: not after an
// outage, and not when the centre has shortened its days.
func (p *plan) forgetIfOld() {
	k := &p.turn.Thread.Keeping
	at, kept := p.leaves()
	warning := p.g.warning()
	switch {
	case kept:
		k.Leaves = time.Time{}
		p.timer(timerKeep, p.now.Add(p.g.keep-warning))
	case p.now.Before(at.Add(-warning)):
		k.Leaves = time.Time{}
		p.timer(timerKeep, at.Add(-warning))
	case k.Leaves.IsZero():
		if k.Leaves = p.now.Add(warning); at.After(k.Leaves) {
			k.Leaves = at
		}
		p.timer(timerKeep, k.Leaves)
	case p.now.Before(k.Leaves):
		p.timer(timerKeep, k.Leaves)
	default:
		p.erase(erasing{Why: byAge, By: desk.Program})
	}
}

// settleKeeping takes a talk in which something happened from among those that
// leave. The timer that is set finds out by itself.
func (p *plan) settleKeeping() {
	k := &p.turn.Thread.Keeping
	if k.Leaves.IsZero() || p.erasing() {
		return
	}
	if at, kept := p.leaves(); kept || at.After(k.Leaves) {
		k.Leaves = time.Time{}
	}
}

// endHold ends a hold because the person asked to delete everything: nobody
// holds a talk against that.
func (p *plan) endHold() {
	k := &p.turn.Thread.Keeping
	if k.Hold == nil || p.state.Erase.IsZero() {
		return
	}
	k.Hold, k.Since = nil, p.now
	p.event(EventHoldEnded, desk.Program, "")
}

func (p *plan) erase(e erasing) {
	p.job(store.Job{Kind: jobErase, Lane: "erase/" + string(p.turn.Thread.ID), Priority: store.Third, Due: p.now}, e)
}

// Erase has everything that is kept of a talk erased at once, by a member of
// staff. It fails with ErrHeld while somebody holds the talk, and with
// store.ErrNotFound. Other talks that seem to be the same person's stay.
func (g *Gateway) Erase(ctx context.Context, id store.ThreadID, by desk.StaffID) error {
	th, err := g.store.ThreadByID(ctx, id)
	if err != nil {
		return err
	}
	if _, _, bad := remember(th.State); bad != nil && th.Keeping.Hold == nil {
		return g.eraseUnread(ctx, id, by)
	}
	_, err = g.change(ctx, id, nil, func(p *plan) error {
		if p.turn.Thread.Keeping.Hold != nil {
			return ErrHeld
		}
		p.ordered = by
		p.erase(erasing{Why: byDesk, By: by})
		return nil
	})
	return err
}

// eraseUnread erases a talk whose state cannot be read, so that no turn can be
// decided on it.
func (g *Gateway) eraseUnread(ctx context.Context, id store.ThreadID, by desk.StaffID) error {
	body, err := json.Marshal(erasing{Why: byDesk, By: by})
	if err != nil { // unreachable: two words marshal
		return err
	}
	if err := g.store.AppendActs(ctx, store.Act{At: g.now(), By: by, What: store.DidOrder, Thread: id}); err != nil {
		return err
	}
	if o := g.erase(ctx, store.Leased{Job: store.Job{Thread: id, Body: body, Made: g.now()}}); !o.Done {
		return errors.New("gateway: the store did not erase the talk")
	}
	return nil
}

// Hold keeps a talk for longer than the centre's days, until the hold is lifted
// or the person asks to delete everything. Holding it again replaces the reason.
// It fails with ErrEmpty without a reason, with ErrWish if the person has asked,
// and with store.ErrNotFound.
func (g *Gateway) Hold(ctx context.Context, id store.ThreadID, by desk.StaffID, reason string) error {
	reason = line(reason)
	if reason == "" {
		return ErrEmpty
	}
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		if !p.state.Erase.IsZero() {
			return ErrWish
		}
		k := &p.turn.Thread.Keeping
		k.Leaves, k.Hold = time.Time{}, &store.Hold{By: by, At: p.now, Reason: reason}
		p.event(EventHold, by, "")
		return nil
	})
	return err
}

// Lift ends a hold; the centre's days are counted from now on. A talk that is
// not held stays as it is. It fails with store.ErrNotFound.
func (g *Gateway) Lift(ctx context.Context, id store.ThreadID, by desk.StaffID) error {
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		k := &p.turn.Thread.Keeping
		if k.Hold == nil {
			return nil
		}
		k.Hold, k.Since = nil, p.now
		p.event(EventLifted, by, "")
		p.timer(timerKeep, p.now.Add(p.g.keep-p.g.warning()))
		return nil
	})
	return err
}

// Remembered reads what the conversation remembers out of a thread's state.
func Remembered(state []byte) (dialog.State, error) {
	_, s, err := remember(state)
	return s, err
}

// writeErased writes down that a talk is erased now, before it is: what cannot
// be written down is not done. A talk that was to be erased for its age, and in
// which something happened at the last moment, is spared.
func (g *Gateway) writeErased(ctx context.Context, l store.Leased, th store.Thread) (spared bool, err error) {
	var e erasing
	if json.Unmarshal(l.Body, &e) != nil || e.By == "" {
		e.By = desk.Program
	}
	if e.Why == byAge && th.Keeping.Leaves.IsZero() {
		return true, nil
	}
	a := store.Act{At: g.now(), By: e.By, What: store.DidErase, Thread: th.ID, Why: e.Why}
	if th.Case != nil {
		a.Case = th.Case.ID
	}
	return false, g.store.AppendActs(ctx, a)
}
