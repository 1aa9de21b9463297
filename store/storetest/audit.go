// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"fmt"
	"sync"
	"time"

	"sarai/desk"
	"sarai/store"
)

func (t *teller) records(f store.RecordFilter, before uint64, n int) []store.Record {
	t.T.Helper()
	rs, err := t.Records(t.ctx(), f, before, n)
	t.must(err)
	return rs
}

// whole checks that the chain is, and gives how many records there are.
func (t *teller) whole() uint64 {
	t.T.Helper()
	x, err := t.VerifyRecords(t.ctx())
	t.must(err)
	if x.Broken != 0 {
		t.T.Fatalf("the chain is broken at %d: %s", x.Broken, x.Why)
	}
	return x.Records
}

func auditing(t *teller) {
	t.same(t.whole(), uint64(0))
	t.same(len(t.records(store.RecordFilter{}, 0, 10)), 0)
	t.must(t.AppendActs(t.ctx()))
	t.must(t.AppendActs(t.ctx(), store.Act{At: at(0), What: store.DidFail, Login: "Ayesha Khan"}))
	t.must(t.AppendActs(t.ctx(),
		store.Act{At: at(1), By: "sana", What: store.DidSignIn},
		store.Act{At: at(2), By: "sana", What: store.DidView, Thread: "thread-1", Case: "case-1"},
	))
	t.must(t.AppendActs(t.ctx(), store.Act{At: at(3), By: "adil", What: store.DidPass, Thread: "thread-1", On: "sana"}))
	t.must(t.AppendActs(t.ctx(), store.Act{At: at(4), By: "adil", What: store.DidRole, On: "sana", Why: string(store.Administrator)}))

	all := t.records(store.RecordFilter{}, 0, 10)
	t.same(len(all), 5)
	var last [32]byte
	for i := range all {
		r := all[len(all)-1-i]
		if r.Seq != uint64(i+1) || !r.At.Equal(at(i)) || r.Before != last || r.Hash != r.Sum() {
			t.T.Fatalf("record %d is wrong: %+v", i+1, r)
		}
		last = r.Hash
	}
	x, err := t.VerifyRecords(t.ctx())
	t.must(err)
	t.same(x, store.Chain{Records: 5, Last: last})

	// A name that somebody typed is kept as its hash only, the same for every way to write it.
	if l := all[4].Login; l == "" || l != t.LoginHash("AYESHA khan") || l == t.LoginHash("somebody") {
		t.T.Fatalf("the sign-in name is kept as %q", l)
	}

	for _, f := range []struct {
		filter store.RecordFilter
		want   []uint64
	}{
		{store.RecordFilter{By: "sana"}, []uint64{3, 2}},
		{store.RecordFilter{What: store.DidView}, []uint64{3}},
		{store.RecordFilter{Thread: "thread-1"}, []uint64{4, 3}},
		{store.RecordFilter{From: at(1), Until: at(3)}, []uint64{3, 2}},
		{store.RecordFilter{By: "adil", Thread: "thread-1"}, []uint64{4}},
		{store.RecordFilter{By: "nobody"}, nil},
	} {
		var got []uint64
		for _, r := range t.records(f.filter, 0, 10) {
			got = append(got, r.Seq)
		}
		t.same(got, f.want)
	}

	// In pages, from any place.
	var got []uint64
	for before := uint64(0); ; {
		page := t.records(store.RecordFilter{}, before, 2)
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			got = append(got, r.Seq)
		}
		before = page[len(page)-1].Seq
	}
	t.same(got, []uint64{5, 4, 3, 2, 1})
	t.same(len(t.records(store.RecordFilter{}, 1, 10)), 0)
	t.same(len(t.records(store.RecordFilter{}, 1<<40, 10)), 5)

	// Nothing that somebody wrote can be put into it.
	for _, a := range []store.Act{
		{By: "sana"},
		{What: "viewed a talk"},
		{What: store.DidView, Thread: "+92 300 1234567"},
		{What: store.DidNote, Why: "عائشہ"},
		{What: store.DidNote, On: "two\nlines"},
		{What: store.DidNote, Case: desk.CaseID(fmt.Sprintf("%0200d", 1))},
	} {
		if t.AppendActs(t.ctx(), store.Act{At: at(9), What: store.DidView}, a) == nil {
			t.T.Fatalf("%+v was written down", a)
		}
	}
	t.same(t.whole(), uint64(5))

	// Many at once, and the file opened again.
	t.together(64, func(i int) error {
		return t.AppendActs(t.ctx(), store.Act{By: desk.StaffID(fmt.Sprint("staff-", i)), What: store.DidView}, store.Act{What: store.DidList})
	})
	t.same(t.whole(), uint64(133))
	t.Store = t.reopen(t.T, t.Store)
	t.must(t.AppendActs(t.ctx(), store.Act{By: "sana", What: store.DidSignOut}))
	t.same(t.whole(), uint64(134))
	newest := t.records(store.RecordFilter{}, 0, 1)[0]
	if d := time.Since(newest.At); newest.What != store.DidSignOut || d < 0 || d > time.Minute {
		t.T.Fatalf("an act without a time has %v", newest.At)
	}
}

func actsOfTurns(t *teller) {
	th := t.hear(address("ayesha"), "question")
	act := store.Act{At: at(1), By: "sana", What: store.DidTake, Thread: th.ID}
	stale := th
	th = t.commit(store.Turn{Thread: th, Acts: []store.Act{act}})
	t.same(t.whole(), uint64(1))
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: stale, Acts: []store.Act{act}}), store.ErrConflict)
	t.same(t.whole(), uint64(1))
	// A change that cannot be written down is not made.
	next := th
	next.Centre = "lahore"
	if t.Commit(t.ctx(), store.Turn{Thread: next, Acts: []store.Act{{What: "no word"}}}) == nil {
		t.T.Fatal("a turn was committed without its act")
	}
	t.same(t.read(th.ID), th)

	// What was done survives that the talk is erased.
	t.must(t.Erase(t.ctx(), th.ID))
	rs := t.records(store.RecordFilter{Thread: th.ID}, 0, 10)
	if len(rs) != 1 || rs[0].What != store.DidTake || rs[0].By != "sana" {
		t.T.Fatalf("after erasing: %+v", rs)
	}

	// Turns of many people at once, some of which meet a conflict: as many
	// records as turns that were committed.
	busy := t.hear(address("busy"), "question")
	var committed uint64
	var mu sync.Mutex
	t.together(64, func(i int) error {
		read := busy
		if i%2 == 0 {
			var err error
			if read, err = t.Thread(t.ctx(), address(fmt.Sprint("person-", i))); err != nil {
				return err
			}
		}
		if t.Commit(t.ctx(), store.Turn{Thread: read, Acts: []store.Act{{By: "sana", What: store.DidNote, Thread: read.ID}}}) == nil {
			mu.Lock()
			committed++
			mu.Unlock()
		}
		return nil
	})
	t.same(committed, uint64(33))
	t.same(t.whole(), 1+committed)
}

func retention(t *teller) {
	leaves := func(who string, with bool, k store.Keeping) store.Thread {
		t.T.Helper()
		th := t.hear(address(who), "question")
		if with {
			c, err := desk.New(desk.CaseID("case-"+who), desk.Asked, desk.Normal, nil, noon).Apply(desk.Close{Outcome: desk.Advised}, desk.Program, noon)
			t.must(err)
			th.Case = &c
		}
		th.Keeping = k
		return t.commit(store.Turn{Thread: th})
	}
	ids := func(ths []store.Thread, err error) (ids []store.ThreadID) {
		t.T.Helper()
		t.must(err)
		for _, th := range ths {
			ids = append(ids, th.ID)
		}
		return ids
	}
	unseen := func(want int) {
		t.T.Helper()
		n, err := t.LeavingUnseen(t.ctx())
		t.must(err)
		t.same(n, want)
	}
	later := leaves("later", true, store.Keeping{Leaves: at(9)})
	soon := leaves("soon", true, store.Keeping{Leaves: at(5)})
	nobody := leaves("nobody", false, store.Keeping{Leaves: at(1)})
	held := leaves("held", true, store.Keeping{Leaves: at(2), Hold: &store.Hold{By: "sana", At: at(0), Reason: "the court asked"}})
	leaves("quiet", true, store.Keeping{Since: at(0)})

	t.same(ids(t.Leaving(t.ctx(), 10)), []store.ThreadID{soon.ID, later.ID})
	t.same(ids(t.Leaving(t.ctx(), 1)), []store.ThreadID{soon.ID})
	t.same(ids(t.Held(t.ctx(), 10)), []store.ThreadID{held.ID})
	unseen(1)
	t.Store = t.reopen(t.T, t.Store)
	t.same(t.read(held.ID), held)
	t.same(ids(t.Leaving(t.ctx(), 10)), []store.ThreadID{soon.ID, later.ID})

	soon.Keeping = store.Keeping{}
	t.commit(store.Turn{Thread: soon})
	held.Keeping = store.Keeping{Leaves: at(99)}
	t.commit(store.Turn{Thread: held})
	t.same(ids(t.Leaving(t.ctx(), 10)), []store.ThreadID{later.ID, held.ID})
	t.same(len(ids(t.Held(t.ctx(), 10))), 0)
	t.must(t.Erase(t.ctx(), later.ID))
	t.must(t.Erase(t.ctx(), nobody.ID))
	t.same(ids(t.Leaving(t.ctx(), 10)), []store.ThreadID{held.ID})
	unseen(0)
}
