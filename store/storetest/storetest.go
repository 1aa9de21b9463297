// SPDX-License-Identifier: GPL-3.0-or-later

// Package storetest is the contract that each store passes: a story for every
// promise of package store, and random histories beside a simple model.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"sarai/channels"
	"sarai/store"
)

// Run runs the contract. open makes an empty store; reopen closes a store and
// opens what it kept once more. Stores that are still open at the end of the
// test given to open are closed by open's own cleanup. The stores' clock must be
// the real one.
func Run(t *testing.T, open func(t *testing.T) store.Store, reopen func(t *testing.T, s store.Store) store.Store) {
	for _, s := range []struct {
		name string
		tell func(*teller)
	}{
		{"a stranger writes", stranger},
		{"what is committed can be read", readBack},
		{"a turn on an old reading is a conflict", staleTurn},
		{"sixty-four turns at once", sixtyFour},
		{"neighbours in a group", neighbours},
		{"an event counts once", duplicates},
		{"a turn that fails leaves nothing", failsWhole},
		{"addresses and their owners", aliases},
		{"two first messages at once", twoFirsts},
		{"a transcript in pages", pages},
		{"the entry of a settled job between reading and committing", settledBetween},
		{"a caller who has gone", callerGone},
		{"jobs of a lane go in order", laneOrder},
		{"priorities between lanes", priorities},
		{"a lease ends", leaseEnds},
		{"when to look again", nextDue},
		{"jobs are cancelled", cancelling},
		{"jobs that failed", failing},
		{"a job key is unique for ever", sameKey},
		{"many workers", workers},
		{"outcomes", outcomes},
		{"what is told of a message later", toldLater},
		{"news of a message overtake its sending", overtaken},
		{"news of a message in the transcript", newsInTheTranscript},
		{"news of messages at once", newsAtOnce},
		{"what is said in public", saidInPublic},
		{"the words of a comment", wordsOfAComment},
		{"comments at once", commentsAtOnce},
		{"the queue of cases", queue},
		{"closed and earlier cases", closedCases},
		{"staff", staff},
		{"drafts", drafts},
		{"small records", small},
		{"sweeping", sweeping},
		{"what is counted", counting},
		{"a turn that fails counts nothing", countsNothing},
		{"a person counts once a month", oncePerMonth},
		{"a day is not filled with codes and cells", fullDay},
		{"erasing leaves nothing", erasing},
		{"what was done is written down", auditing},
		{"acts go with their turn", actsOfTurns},
		{"talks that leave and talks that are held", retention},
		{"a last word", lastWord},
		{"a lane shared with an erased thread", sharedLane},
		{"a file is kept and read from any place", fileKept},
		{"a file is kept once", fileOnce},
		{"files that are refused or fail", fileRefused},
		{"one file is erased, and all of a talk", fileErased},
		{"files that wait for the entry that names them", fileStaged},
		{"opening again", opensAgain},
		{"a closed store", closedStore},
	} {
		t.Run(s.name, func(t *testing.T) {
			s.tell(&teller{T: t, Store: open(t), reopen: reopen})
		})
	}
	t.Run("random histories beside a model", func(t *testing.T) { beside(t, open, reopen) })
}

// A teller tells one story to one store.
type teller struct {
	*testing.T
	store.Store
	reopen func(*testing.T, store.Store) store.Store
	events int
}

// noon is when the stories happen. It is far from now, so that a store that uses
// its own clock where a time is given is found out.
var noon = time.Date(2031, 5, 4, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func address(id string) channels.Address { return channels.Address{Channel: "web", ID: id} }

func (t *teller) ctx() context.Context { return t.T.Context() }

// must ends the story if something failed that had to work.
func (t *teller) must(err error) {
	t.T.Helper()
	if err != nil {
		t.T.Fatal(err)
	}
}

// fails ends the story unless err is what was promised.
func (t *teller) fails(err, with error) {
	t.T.Helper()
	if !errors.Is(err, with) {
		t.T.Fatalf("got the error %v, want %v", err, with)
	}
}

// same ends the story unless two values are written alike.
func (t *teller) same(got, want any) {
	t.T.Helper()
	if g, w := written(got), written(want); g != w {
		t.T.Fatalf("got  %s\nwant %s", g, w)
	}
}

func written(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// from reads the thread of an address.
func (t *teller) from(a channels.Address) store.Thread {
	t.T.Helper()
	th, err := t.Thread(t.ctx(), a)
	t.must(err)
	return th
}

// read reads a thread that must exist.
func (t *teller) read(id store.ThreadID) store.Thread {
	t.T.Helper()
	th, err := t.ThreadByID(t.ctx(), id)
	t.must(err)
	return th
}

// commit commits what must be committed and gives the thread after it.
func (t *teller) commit(turn store.Turn) store.Thread {
	t.T.Helper()
	t.must(t.Commit(t.ctx(), turn))
	return t.read(turn.Thread.ID)
}

// hear commits a message and gives the thread after it.
func (t *teller) hear(a channels.Address, text string) store.Thread {
	t.T.Helper()
	return t.commit(store.Turn{
		Thread:  t.from(a),
		Events:  []store.EventKey{t.event()},
		Entries: []store.Entry{{At: noon, Said: noon, Author: store.Person, Text: text}},
	})
}

// event is an event that nothing else of the story is.
func (t *teller) event() store.EventKey {
	t.events++
	return store.EventKey{Channel: "web", ID: fmt.Sprint("event-", t.events)}
}

// job makes the i-th job of the turn that is committed on th next.
func job(th store.Thread, i int, lane string, due time.Time) store.Job {
	return store.Job{
		Key: fmt.Sprintf("%s/%d/%d", th.ID, th.Version+1, i), Thread: th.ID, Lane: lane,
		Priority: store.Third, Due: due, Kind: "send", Body: []byte(`{"say":"` + lane + `"}`), Made: noon,
	}
}

// jobs commits jobs on a thread and gives the thread after it.
func (t *teller) jobs(th store.Thread, jobs ...store.Job) store.Thread {
	t.T.Helper()
	return t.commit(store.Turn{Thread: th, Jobs: jobs})
}

// lease leases until a minute later.
func (t *teller) lease(now time.Time, n int) []store.Leased {
	t.T.Helper()
	ls, err := t.Lease(t.ctx(), now, now.Add(time.Minute), n)
	t.must(err)
	return ls
}

// one leases the one job that there must be to lease.
func (t *teller) one(now time.Time) store.Leased {
	t.T.Helper()
	ls := t.lease(now, 10)
	if len(ls) != 1 {
		t.T.Fatalf("%d jobs to lease, want one: %v", len(ls), keys(ls))
	}
	return ls[0]
}

func keys(ls []store.Leased) (ks []string) {
	for _, l := range ls {
		ks = append(ks, l.Key)
	}
	return ks
}

func (t *teller) texts(id store.ThreadID) (texts []string) {
	t.T.Helper()
	es, err := t.Entries(t.ctx(), id, 0, 1<<20)
	t.must(err)
	for i, e := range es {
		if e.Seq != uint64(i+1) {
			t.T.Fatalf("entry %d has Seq %d", i+1, e.Seq)
		}
		texts = append(texts, e.Text)
	}
	return texts
}
