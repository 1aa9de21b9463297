// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/desk"
	"sarai/gateway"
	"sarai/store"
	"sarai/store/bolt"
)

const day = 24 * time.Hour

// deeds gives what the audit says, oldest first: "amina case-taken", and for an
// erasing why. Without a talk it gives all.
func (r *rig) deeds(id store.ThreadID) (out []string) {
	r.t.Helper()
	rs, err := r.db.Records(context.Background(), store.RecordFilter{Thread: id}, 0, 1000)
	r.must(err)
	for _, x := range slices.Backward(rs) {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", x.By, x.What, x.Why)))
	}
	chain, err := r.db.VerifyRecords(context.Background())
	r.must(err)
	if chain.Broken != 0 {
		r.t.Fatalf("the audit is broken at %d: %s", chain.Broken, chain.Why)
	}
	return out
}

func (r *rig) leaving() (ids []store.ThreadID) {
	r.t.Helper()
	ths, err := r.db.Leaving(context.Background(), 100)
	r.must(err)
	for _, th := range ths {
		ids = append(ids, th.ID)
	}
	return ids
}

// closed makes a case of somebody's, which amina takes and closes.
func (r *rig) closed(who string) store.ThreadID {
	r.t.Helper()
	id := r.held(who)
	r.must(r.g.Command(context.Background(), id, "amina", desk.Close{Outcome: desk.Advised}))
	r.work()
	return id
}

func same[T comparable](t testing.TB, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}

func TestStaffAreWarnedAWeekBeforeATalkIsErased(t *testing.T) {
	r := newRig(t)
	id := r.closed("ayesha")
	r.hear("bilal", "1", "menu") // never needs anybody
	r.wait(83*day - time.Hour)
	same(t, r.leaving(), nil)
	r.wait(2 * time.Hour)
	same(t, r.leaving(), []store.ThreadID{id})
	if n, err := r.db.LeavingUnseen(context.Background()); err != nil || n != 1 {
		t.Fatalf("%d talks that nobody read leave, %v", n, err)
	}
	if at, want := r.thread("ayesha").Keeping.Leaves, morning.Add(90*day); at.Before(want) || at.After(want.Add(time.Hour)) {
		t.Fatalf("it leaves at %v, want about %v", at, want)
	}
	r.wait(7*day - 2*time.Hour)
	if r.thread("ayesha").Version == 0 {
		t.Fatal("erased too early")
	}
	r.wait(2 * time.Hour)
	if r.thread("ayesha").Version != 0 || r.thread("bilal").Version != 0 {
		t.Fatal("not erased after the centre's days")
	}
	same(t, r.leaving(), nil)
	got := r.deeds(id)
	same(t, got[len(got)-2:], []string{"program erasing-near", "program erased age"})
}

func TestWhoWritesAgainIsKeptAnew(t *testing.T) {
	r := newRig(t)
	id := r.closed("ayesha")
	r.wait(85 * day)
	same(t, r.leaving(), []store.ThreadID{id})
	r.hear("ayesha", "again", "menu")
	same(t, r.leaving(), nil)
	r.wait(82 * day)
	same(t, r.leaving(), nil)
	r.wait(2 * day)
	same(t, r.leaving(), []store.ThreadID{id})
	r.wait(7 * day)
	if r.thread("ayesha").Version != 0 {
		t.Fatal("not erased after the centre's days")
	}
}

// TestAnOutageErasesNobodyUnwarned is a server that is off while the days of a
// talk end.
func TestAnOutageErasesNobodyUnwarned(t *testing.T) {
	r := newRig(t)
	id := r.closed("ayesha")
	r.pass(200 * day)
	r.reopen()
	r.work()
	same(t, r.leaving(), []store.ThreadID{id})
	r.wait(7*day - time.Hour)
	if r.thread("ayesha").Version == 0 {
		t.Fatal("erased before staff were warned for a week")
	}
	r.wait(2 * time.Hour)
	if r.thread("ayesha").Version != 0 {
		t.Fatal("not erased")
	}
}

func TestAnOpenCaseIsKept(t *testing.T) {
	r := newRig(t)
	r.held("ayesha")
	r.wait(400 * day)
	if r.thread("ayesha").Version == 0 {
		t.Fatal("a talk with an open case was erased")
	}
	same(t, r.leaving(), nil)
}

func TestAHoldStopsTheClockAndLiftingStartsItAgain(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	id := r.closed("ayesha")
	r.wait(85 * day)
	same(t, r.leaving(), []store.ThreadID{id})
	if err := r.g.Hold(ctx, id, "amina", " \n "); !errors.Is(err, gateway.ErrEmpty) {
		t.Fatalf("a hold without a reason: %v", err)
	}
	r.must(r.g.Hold(ctx, id, "amina", "the labour court\nasked for it"))
	same(t, r.leaving(), nil)
	if h := r.thread("ayesha").Keeping.Hold; h == nil || h.By != "amina" || h.Reason != "the labour court asked for it" {
		t.Fatalf("the hold is %+v", h)
	}
	if err := r.g.Erase(ctx, id, "amina"); !errors.Is(err, gateway.ErrHeld) {
		t.Fatalf("what is held was erased: %v", err)
	}
	r.wait(300 * day)
	if r.thread("ayesha").Version == 0 {
		t.Fatal("what is held was erased")
	}
	r.must(r.g.Lift(ctx, id, "bilal"))
	r.must(r.g.Lift(ctx, id, "bilal"))
	r.wait(82 * day)
	same(t, r.leaving(), nil)
	r.wait(2 * day)
	same(t, r.leaving(), []store.ThreadID{id})
	r.wait(7 * day)
	if r.thread("ayesha").Version != 0 {
		t.Fatal("not erased after the hold was lifted")
	}
	got := r.deeds(id)
	same(t, got[len(got)-5:], []string{"program erasing-near", "amina hold-set", "bilal hold-lifted", "program erasing-near", "program erased age"})
}

// A lastMoment is a store that tells of a job which erases, before it is done.
type lastMoment struct {
	*bolt.DB
	tell func()
}

func (s lastMoment) Lease(ctx context.Context, now, until time.Time, n int) ([]store.Leased, error) {
	leased, err := s.DB.Lease(ctx, now, until, n)
	for _, l := range leased {
		if l.Kind == "erase" {
			s.tell()
		}
	}
	return leased, err
}

// TestTheLastMomentSpares has something happen to a talk between the moment at
// which its days are found to be over and the erasing.
func TestTheLastMomentSpares(t *testing.T) {
	for _, x := range []struct {
		name string
		do   func(r *rig, id store.ThreadID) error
	}{
		{"staff hold it", func(r *rig, id store.ThreadID) error {
			return r.g.Hold(context.Background(), id, "amina", "the court asked")
		}},
		{"the person writes", func(r *rig, _ store.ThreadID) error {
			return r.g.Accept(context.Background(), r.message("ayesha", "late", "menu"))
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := newRig(t)
			id := r.closed("ayesha")
			r.wait(89 * day)
			told := 0
			r.build(lastMoment{r.db, func() { told++; r.must(x.do(r, id)) }})
			r.wait(2 * day)
			if told != 1 || r.thread("ayesha").ID != id {
				t.Fatalf("it was to be erased %d times, and is kept: %v", told, r.thread("ayesha").Version > 0)
			}
			same(t, r.leaving(), nil)
			if x.name != "the person writes" {
				return
			}
			r.wait(91 * day)
			if r.thread("ayesha").Version != 0 {
				t.Fatal("its days are not counted any more")
			}
		})
	}
}

func TestTheOwnWishEndsAHold(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	id := r.closed("ayesha")
	r.must(r.g.Hold(ctx, id, "amina", "the court asked"))
	r.hear("ayesha", "d1", "delete")
	r.hear("ayesha", "d2", "yes")
	if r.thread("ayesha").Keeping.Hold != nil {
		t.Fatal("a hold stands against the person's own wish")
	}
	if got := told(r.entries("ayesha")); !slices.Contains(got, "event hold-ended") {
		t.Fatalf("staff do not see that the hold ended: %v", got)
	}
	if err := r.g.Hold(ctx, id, "amina", "but the court"); !errors.Is(err, gateway.ErrWish) {
		t.Fatalf("a hold against the person's wish: %v", err)
	}
	r.wait(25 * time.Hour)
	if r.thread("ayesha").Version != 0 {
		t.Fatal("not erased")
	}
	got := r.deeds(id)
	same(t, got[len(got)-4:], []string{"amina hold-set", "program hold-ended", "program erasing-asked", "program erased wish"})
}

func TestStaffHaveATalkErased(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	id := r.closed("ayesha")
	other := r.closed("bilal")
	r.must(r.g.Erase(ctx, id, "amina"))
	r.work()
	if r.thread("ayesha").Version != 0 || len(r.entries("ayesha")) != 0 {
		t.Fatal("not erased")
	}
	if r.thread("bilal").ID != other {
		t.Fatal("somebody else's talk was erased")
	}
	if err := r.g.Erase(ctx, id, "amina"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("erased twice: %v", err)
	}
	got := r.deeds(id)
	same(t, got[len(got)-2:], []string{"amina erase-wanted", "amina erased desk"})
	same(t, r.deeds(other), []string{"program case-opened", "amina case-taken", "amina case-closed"})
}

// TestATalkThatCannotBeReadCanBeErased has a state of a newer version.
func TestATalkThatCannotBeReadCanBeErased(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	id := r.closed("ayesha")
	th := r.thread("ayesha")
	th.State = []byte(`{"dialog":{"format":99}}`)
	r.must(r.db.Commit(ctx, store.Turn{Thread: th}))
	r.must(r.g.Erase(ctx, id, "amina"))
	if r.thread("ayesha").Version != 0 {
		t.Fatal("not erased")
	}
}

func TestEveryChangeOfACaseIsWrittenDown(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	id := r.held("ayesha")
	r.must(r.g.Say(ctx, id, "amina", "key-1", "Call me on 0300 1234567"))
	r.must(r.g.Say(ctx, id, "amina", "key-1", "Call me on 0300 1234567")) // the form was sent twice
	r.must(r.g.Note(ctx, id, "amina", "key-2", "a brother in Dubai"))
	r.must(r.g.Agree(ctx, id, "amina", store.Safety{Hours: "after ten", Word: "mango"}))
	r.must(r.g.Command(ctx, id, "amina", desk.Pass{To: "bilal"}))
	if err := r.g.Command(ctx, id, "amina", desk.Release{}); !errors.Is(err, desk.ErrNotHeld) {
		t.Fatal(err)
	}
	r.hear("ayesha", "d", "danger")
	r.must(r.g.Command(ctx, id, "bilal", desk.Release{}))
	r.must(r.g.Command(ctx, id, "bilal", desk.Take{}))
	r.must(r.g.Command(ctx, id, "bilal", desk.Close{Outcome: desk.Referred}))
	same(t, r.deeds(id), []string{
		"program case-opened", "amina case-taken", "amina said", "amina noted", "amina safety-agreed", "amina case-passed",
		"program case-raised", "bilal case-released", "bilal case-taken", "bilal case-closed",
	})
	all, err := r.db.Records(ctx, store.RecordFilter{}, 0, 1000)
	r.must(err)
	for _, x := range all {
		if s := fmt.Sprintf("%+v", x.Act); strings.Contains(s, "mango") || strings.Contains(s, "0300") || strings.Contains(s, "ayesha") || strings.Contains(s, "Dubai") {
			t.Errorf("the audit says who or what: %s", s)
		}
		if x.What == store.DidPass && x.On != "bilal" {
			t.Errorf("the case was passed to %q", x.On)
		}
	}

	// What cannot be written down is not done.
	before := r.thread("ayesha")
	if r.g.Note(ctx, id, "who types this", "key-3", "a note") == nil {
		t.Fatal("a change was made that the audit does not hold")
	}
	if after := r.thread("ayesha"); after.Version != before.Version || after.LastSeq != before.LastSeq {
		t.Fatal("a change was made that the audit does not hold")
	}
}
