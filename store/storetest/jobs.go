// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"sarai/channels"
	"sarai/store"
)

func laneOrder(t *teller) {
	th := t.hear(address("ayesha"), "question")
	// Keys and due times that would order the jobs otherwise.
	first, second, third := job(th, 9, "ayesha", at(2)), job(th, 5, "ayesha", at(0)), job(th, 1, "ayesha", at(1))
	second.Priority = store.First
	other := job(th, 0, "other", at(3))
	t.jobs(th, first, second, other, third)

	if ls := t.lease(at(1), 10); len(ls) != 0 {
		t.Fatalf("leased before the lane's oldest is due: %v", keys(ls))
	}
	l := t.one(at(2))
	t.same(l.Key, first.Key)
	t.same(l.Body, first.Body)
	if ls := t.lease(at(2), 10); len(ls) != 0 {
		t.Fatalf("two of a lane at once: %v", keys(ls))
	}
	// The oldest waits to be tried again: the rest waits with it, other lanes do not.
	t.must(t.Settle(t.ctx(), l, store.Outcome{Again: at(5)}))
	o := t.one(at(3))
	t.same(o.Key, other.Key)
	t.must(t.Settle(t.ctx(), o, store.Outcome{Done: true}))
	if ls := t.lease(at(4), 10); len(ls) != 0 {
		t.Fatalf("a later job overtook one that waits: %v", keys(ls))
	}
	for i, want := range []store.Job{first, second, third} {
		l := t.one(at(5))
		t.same(l.Key, want.Key)
		if tries := map[bool]int{true: 2, false: 1}[i == 0]; l.Tries != tries {
			t.Fatalf("job %d: %d tries, want %d", i, l.Tries, tries)
		}
		// Failing frees the lane as doing does.
		t.must(t.Settle(t.ctx(), l, store.Outcome{Done: i != 1, Failed: i == 1}))
	}
	if ls := t.lease(at(1000), 10); len(ls) != 0 {
		t.Fatalf("a job came back: %v", keys(ls))
	}
}

func priorities(t *teller) {
	th := t.hear(address("ayesha"), "question")
	var jobs []store.Job
	want := make([]string, 9)
	for i := range 9 {
		// Three of each priority; within one the later added is due earlier.
		j := job(th, i, fmt.Sprint("lane-", i), at(9-i))
		j.Priority = store.Priority(2 - i%3)
		jobs = append(jobs, j)
		want[int(j.Priority)*3+(2-i/3)] = j.Key
	}
	late := job(th, 10, "lane-late", at(500))
	late.Priority = store.First
	t.jobs(th, append(jobs, late)...)
	got := append(keys(t.lease(at(10), 4)), keys(t.lease(at(10), 100))...)
	t.same(got, want)
}

func leaseEnds(t *teller) {
	th := t.hear(address("ayesha"), "question")
	th = t.jobs(th, job(th, 0, "lane", at(0)), job(th, 1, "lane", at(0)))
	done := store.Outcome{Done: true}

	first := t.one(at(0)) // until at(1)
	if ls := t.lease(at(1).Add(-time.Second), 10); len(ls) != 0 {
		t.Fatal("leased twice at one time")
	}
	second := t.one(at(1))
	t.same(second.Key, first.Key)
	if second.Token == first.Token || second.Token == "" {
		t.Fatal("the second lease has the first one's token")
	}
	if first.Tries != 1 || second.Tries != 2 || !second.Until.Equal(at(2)) {
		t.Fatalf("tries %d and %d, until %v", first.Tries, second.Tries, second.Until)
	}
	entry := store.Outcome{Done: true, Entry: &store.Entry{Text: "never"}, Receipt: &channels.Receipt{ID: "never"}}
	t.fails(t.Settle(t.ctx(), first, entry), store.ErrLost)
	forged := second
	forged.Token = ""
	t.fails(t.Settle(t.ctx(), forged, entry), store.ErrLost)
	t.same(t.texts(th.ID), []string{"question"})
	if rs, err := t.Receipts(t.ctx(), th.ID); err != nil || len(rs) != 0 {
		t.Fatal("a lost lease left a receipt", err)
	}

	// Too late, but nobody else has the job: that is still good, also after a
	// look at what can be leased that took another job.
	t.jobs(th, urgent(th))
	ls, err := t.Lease(t.ctx(), at(10), at(11), 1)
	t.must(err)
	if len(ls) != 1 || ls[0].Lane != "urgent" {
		t.Fatalf("leased %v, want the urgent one", keys(ls))
	}
	t.must(t.Settle(t.ctx(), second, done))
	t.fails(t.Settle(t.ctx(), second, done), store.ErrLost)
	next := t.one(at(10))
	if next.Key == first.Key {
		t.Fatal("a settled job was leased")
	}
	// After Again the old token is worth nothing.
	t.must(t.Settle(t.ctx(), next, store.Outcome{Again: at(10)}))
	t.fails(t.Settle(t.ctx(), next, done), store.ErrLost)
	if l := t.one(at(10)); l.Tries != 2 {
		t.Fatalf("%d tries, want 2", l.Tries)
	}

	// Two leases are over, one is given again, then the process ends: neither of
	// the old holders has theirs any more.
	other := t.hear(address("bilal"), "question")
	t.jobs(other, job(other, 0, "x", at(0)), job(other, 1, "y", at(1)))
	old := t.lease(at(100), 10)
	t.lease(at(200), 1)
	t.Store = t.reopen(t.T, t.Store)
	for _, l := range old {
		t.fails(t.Settle(t.ctx(), l, store.Outcome{Done: true}), store.ErrLost)
	}
	t.same(len(t.lease(at(200), 10)), len(old))
}

func urgent(th store.Thread) store.Job {
	j := job(th, 0, "urgent", at(0))
	j.Priority = store.First
	return j
}

func nextDue(t *teller) {
	want := func(due time.Time, ok bool) {
		t.T.Helper()
		got, is, err := t.NextDue(t.ctx())
		t.must(err)
		if is != ok || ok && !got.Equal(due) {
			t.T.Fatalf("next due %v (%v), want %v (%v)", got, is, due, ok)
		}
	}
	want(time.Time{}, false)
	th := t.hear(address("ayesha"), "question")
	low, behind, high := job(th, 0, "a", at(5)), job(th, 1, "a", at(1)), job(th, 2, "b", at(7))
	high.Priority = store.First
	t.jobs(th, low, behind, high)
	want(at(5), true) // not at(1): that one waits behind the first of its lane
	ls, err := t.Lease(t.ctx(), at(5), at(20), 10)
	t.must(err)
	want(at(7), true)
	_, err = t.Lease(t.ctx(), at(7), at(9), 10)
	t.must(err)
	want(at(9), true) // the lease that ends first
	t.must(t.Settle(t.ctx(), ls[0], store.Outcome{Again: at(8)}))
	want(at(8), true)
	l := t.one(at(8))
	t.must(t.Settle(t.ctx(), l, store.Outcome{Done: true}))
	want(at(1), true)
}

func cancelling(t *teller) {
	th := t.hear(address("ayesha"), "question")
	js := []store.Job{job(th, 0, "a", at(0)), job(th, 1, "a", at(0)), job(th, 2, "a", at(0)), job(th, 3, "b", at(0)), job(th, 4, "b", at(0))}
	th = t.jobs(th, js...)
	ls, err := t.Lease(t.ctx(), at(0), at(1), 1)
	t.must(err)
	leased := ls[0]
	t.same(leased.Key, js[0].Key)

	// The leased one stays; out of the middle and at the head they go.
	th = t.commit(store.Turn{Thread: th, Cancel: []string{js[0].Key, js[1].Key, js[3].Key, "nothing", ""}})
	l := t.one(at(0))
	t.same(l.Key, js[4].Key)
	t.must(t.Settle(t.ctx(), l, store.Outcome{Done: true}))
	t.must(t.Settle(t.ctx(), leased, store.Outcome{Done: true}))
	l = t.one(at(0))
	t.same(l.Key, js[2].Key)
	t.must(t.Settle(t.ctx(), l, store.Outcome{Again: at(3)}))

	// One that waits to be tried again can be cancelled; and replaced in one turn.
	again := js[2]
	again.Due = at(4)
	th = t.commit(store.Turn{Thread: th, Cancel: []string{js[2].Key}, Jobs: []store.Job{again}})
	l = t.one(at(4))
	if l.Key != js[2].Key || l.Tries != 1 {
		t.Fatalf("job %s with %d tries, want the new one", l.Key, l.Tries)
	}
	t.must(t.Settle(t.ctx(), l, store.Outcome{Done: true}))

	// A lease that ended by the clock keeps nothing from being cancelled.
	now := time.Now()
	th = t.jobs(th, job(th, 0, "c", now.Add(-time.Hour)))
	ls, err = t.Lease(t.ctx(), now.Add(-time.Minute), now.Add(-time.Second), 10)
	t.must(err)
	t.same(len(ls), 1)
	t.commit(store.Turn{Thread: th, Cancel: []string{ls[0].Key}})
	t.fails(t.Settle(t.ctx(), ls[0], store.Outcome{Done: true}), store.ErrLost)
}

func failing(t *teller) {
	th := t.hear(address("ayesha"), "question")
	var js, want []store.Job
	for i := range 5 {
		js = append(js, job(th, i, fmt.Sprint("lane-", i), at(i)))
	}
	t.jobs(th, js...)
	for i := range js {
		l := t.one(at(i))
		t.must(t.Settle(t.ctx(), l, store.Outcome{Failed: true, Entry: &store.Entry{Author: store.Event, Event: "send-failed"}}))
		j := js[i]
		j.Body, j.Tries = nil, 1
		want = append([]store.Job{j}, want...)
	}
	got, err := t.FailedJobs(t.ctx(), 100)
	t.must(err)
	t.same(got, want)
	got, err = t.FailedJobs(t.ctx(), 2)
	t.must(err)
	t.same(got, want[:2])
	got, err = t.FailedJobs(t.ctx(), 0)
	t.must(err)
	t.same(len(got), 0)
	t.same(t.read(th.ID).LastSeq, 6)
	if ls := t.lease(at(1000), 100); len(ls) != 0 {
		t.Fatal("a failed job was leased")
	}
}

func sameKey(t *teller) {
	th := t.hear(address("ayesha"), "question")
	j := job(th, 0, "lane", at(0))
	th = t.jobs(th, j)
	other := j
	other.Lane, other.Body, other.Due = "other", []byte(`{}`), at(-5)
	th = t.jobs(th, other)
	l := t.one(at(0))
	t.same(l.Body, j.Body)
	th = t.jobs(th, other)
	t.must(t.Settle(t.ctx(), l, store.Outcome{Failed: true}))
	t.jobs(th, other)
	if ls := t.lease(at(1000), 100); len(ls) != 0 {
		t.Fatal("a job that failed was done again under its key")
	}

	// The jobs of a turn are its thread's.
	bilal := t.from(address("bilal"))
	theirs := job(th, 7, "lane", at(0))
	if t.Commit(t.ctx(), store.Turn{Thread: bilal, Jobs: []store.Job{theirs}}) == nil {
		t.Fatal("a turn added a job of another thread")
	}
	unnamed := job(bilal, 0, "lane", at(0))
	unnamed.Thread = ""
	t.jobs(bilal, unnamed)
	t.same(t.one(at(0)).Thread, bilal.ID)
}

// workers lets many lease and settle at once: each job is done once, those of a
// lane in order and never two at a time.
func workers(t *teller) {
	const lanes, each = 20, 10
	for i := range lanes {
		th := t.hear(address(fmt.Sprint("person-", i)), "question")
		var js []store.Job
		for k := range each {
			js = append(js, job(th, k, string(th.ID), at(0)))
		}
		t.jobs(th, js...)
	}
	var mu sync.Mutex
	done, busy, total := map[string]int{}, map[string]bool{}, 0
	deadline := time.Now().Add(20 * time.Second)
	t.together(16, func(int) error {
		for {
			if time.Now().After(deadline) {
				return errors.New("the jobs are not done: a lane stands still")
			}
			ls, err := t.Lease(t.ctx(), at(0), at(60), 3)
			if err != nil {
				return err
			}
			for _, l := range ls {
				mu.Lock()
				wrong := busy[l.Lane] || l.Tries != 1 || l.Key != fmt.Sprintf("%s/2/%d", l.Thread, done[l.Lane])
				busy[l.Lane] = true
				mu.Unlock()
				if wrong {
					return fmt.Errorf("%s was leased out of turn, try %d", l.Key, l.Tries)
				}
				mu.Lock()
				done[l.Lane]++
				busy[l.Lane] = false
				total++
				mu.Unlock()
				if err := t.Settle(t.ctx(), l, store.Outcome{Done: true, Entry: &store.Entry{Text: l.Key}}); err != nil {
					return err
				}
			}
			mu.Lock()
			over := total >= lanes*each
			mu.Unlock()
			if over {
				return nil
			}
		}
	})
	if total != lanes*each {
		t.Fatalf("%d jobs were done, want %d", total, lanes*each)
	}
	if _, ok, err := t.NextDue(t.ctx()); err != nil || ok {
		t.Fatal("something is left to do", err)
	}
	for lane := range done {
		if n := len(t.texts(store.ThreadID(lane))); n != each+1 {
			t.Fatalf("%d entries, want %d", n, each+1)
		}
	}
}

func outcomes(t *teller) {
	th := t.hear(address("ayesha"), "question")
	t.jobs(th, job(th, 0, "lane", at(0)))
	l := t.one(at(0))
	for _, o := range []store.Outcome{{}, {Done: true, Failed: true}, {Done: true, Again: at(1)}, {Failed: true, Again: at(1)}} {
		if err := t.Settle(t.ctx(), l, o); err == nil || errors.Is(err, store.ErrLost) {
			t.Fatalf("an impossible outcome: %v", err)
		}
	}
	r := channels.Receipt{ID: "wamid.1", Learned: []channels.Address{address("learned")}}
	t.must(t.Settle(t.ctx(), l, store.Outcome{Done: true, Receipt: &r}))
	rs, err := t.Receipts(t.ctx(), th.ID)
	t.must(err)
	t.same(rs, map[string]channels.Receipt{l.Key: r})
	rs, err = t.Receipts(t.ctx(), "nobody")
	t.must(err)
	t.same(len(rs), 0)
	t.fails(t.Settle(t.ctx(), store.Leased{Job: store.Job{Key: "nothing", Thread: th.ID}, Token: "x"}, store.Outcome{Done: true}), store.ErrLost)
}
