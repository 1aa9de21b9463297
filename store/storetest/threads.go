// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

func stranger(t *teller) {
	a := address("ayesha")
	one, two := t.from(a), t.from(a)
	if one.Version != 0 || one.LastSeq != 0 || one.Case != nil || one.State != nil {
		t.Fatal("a thread that nobody has written on is not empty")
	}
	t.same(one.Reply, a)
	t.same(one.Addresses, []channels.Address{a})
	if one.ID == two.ID {
		t.Fatal("the same ID twice: it follows from the address")
	}
	if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(string(one.ID)) {
		t.Fatalf("the ID is not 16 bytes in small base32: %q", one.ID)
	}
	_, err := t.ThreadByID(t.ctx(), one.ID)
	t.fails(err, store.ErrNotFound)
	_, err = t.ThreadByID(t.ctx(), "")
	t.fails(err, store.ErrNotFound)
	seen, err := t.Seen(t.ctx(), store.EventKey{Channel: "web", ID: "1"})
	t.must(err)
	if seen {
		t.Fatal("an event was seen that never was")
	}
}

func readBack(t *teller) {
	c := desk.New("case-1", desk.Signalled, desk.Urgent, []string{"captivity"}, at(1))
	th := t.from(address("ayesha"))
	th.Created, th.Centre, th.LastHeard, th.Cleared = at(0), "lahore", at(1), 7
	th.Addresses = append(th.Addresses, channels.Address{Channel: "telegram", ID: "99"})
	th.Linked = []store.ThreadID{"another"}
	th.State = []byte(`{"phase":"menu","name":"عائشہ"}`)
	th.Case = &c
	es := []store.Entry{{
		At: at(1), Said: at(0), Late: true, Author: store.Person, Channel: "web", Kind: channels.Voice, ID: "m1",
		Text: "میں <b>phans</b> gayi & \"wo\" \u0000 ne\n", Media: []channels.Media{{Ref: "r", Type: "audio/ogg", Seconds: 9}}, Raw: []byte{0, 255, 1},
	}, {
		At: at(1), Said: at(1), Author: store.Program, Blocks: []channels.Block{{Kind: channels.Heading, Text: "رکیں"}},
		Options: []channels.Option{{Key: "k", Label: "l"}}, Locale: content.Urdu,
		Articles: []store.Cited{{Article: "captivity", Section: "now", Locale: content.Urdu, Hash: "abc"}}, Edition: "e1",
		Sends: []string{string(th.ID) + "/1/0", string(th.ID) + "/1/1"},
	}, {At: at(2), Said: at(2), Author: store.Event, By: "staff-1", Event: "opened"}}
	e := t.event()
	got := t.commit(store.Turn{Thread: th, Events: []store.EventKey{e}, Entries: es})

	th.Version, th.LastSeq = 1, 3
	t.same(got, th)
	t.same(t.from(th.Addresses[1]), th)
	for i := range es {
		es[i].Seq = uint64(i + 1)
	}
	stored, err := t.Entries(t.ctx(), th.ID, 0, 10)
	t.must(err)
	t.same(stored, es)
	seen, err := t.Seen(t.ctx(), e)
	t.must(err)
	if !seen {
		t.Fatal("the event is not remembered")
	}
	for _, other := range []store.EventKey{{Channel: "telegram", ID: e.ID}, {Channel: e.Channel, ID: e.ID + "0"}} {
		if seen, err := t.Seen(t.ctx(), other); err != nil || seen {
			t.Fatal("an event is taken for another", err)
		}
	}
}

func staleTurn(t *teller) {
	th := t.hear(address("ayesha"), "one")
	old := th
	th = t.commit(store.Turn{Thread: th, Entries: []store.Entry{{Text: "two"}}})
	if th.Version != 2 {
		t.Fatalf("two turns, and the version is %d", th.Version)
	}
	early, fresh, gone := th, th, th
	early.Version++
	fresh.Version = 0
	gone.ID, gone.Addresses = "nobody", nil
	for _, x := range []store.Thread{old, early, fresh, gone} {
		t.fails(t.Commit(t.ctx(), store.Turn{Thread: x, Entries: []store.Entry{{Text: "never"}}}), store.ErrConflict)
	}
	t.same(t.texts(th.ID), []string{"one", "two"})
	t.same(t.read(th.ID), th)
}

// sixtyFour lets everybody write on one thread at once. Of those who read the
// same version one wins; the others read again.
func sixtyFour(t *teller) {
	t.hear(address("ayesha"), "first")
	th := t.from(address("ayesha"))
	var wins, conflicts int
	var mu sync.Mutex
	t.together(64, func(i int) error {
		err := t.Commit(t.ctx(), store.Turn{Thread: th, Entries: []store.Entry{{Text: fmt.Sprint(i)}}})
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			wins++
		case errors.Is(err, store.ErrConflict):
			conflicts++
		default:
			return err
		}
		return nil
	})
	if wins != 1 || conflicts != 63 {
		t.Fatalf("%d won and %d were told of a conflict, want 1 and 63", wins, conflicts)
	}
	deadline := time.Now().Add(20 * time.Second)
	t.together(64, func(i int) error {
		for {
			if time.Now().After(deadline) {
				return errors.New("nobody gets on")
			}
			th, err := t.Thread(t.ctx(), address("ayesha"))
			if err != nil {
				return err
			}
			err = t.Commit(t.ctx(), store.Turn{Thread: th, Entries: []store.Entry{{Text: fmt.Sprint(i)}}})
			if !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
	})
	if n := len(t.texts(th.ID)); n != 66 {
		t.Fatalf("%d entries, want 66", n)
	}
	if v := t.read(th.ID).Version; v != 66 {
		t.Fatalf("version %d, want 66", v)
	}
}

// neighbours commits good and bad turns at once: each is judged by itself.
func neighbours(t *teller) {
	owner := t.hear(address("owner"), "mine")
	dup := t.event()
	t.commit(store.Turn{Thread: owner, Events: []store.EventKey{dup}})
	stale := owner
	ids := make([]store.ThreadID, 64)
	t.together(64, func(i int) error {
		th, err := t.Thread(t.ctx(), address(fmt.Sprint("person-", i)))
		if err != nil {
			return err
		}
		ids[i] = th.ID
		turn := store.Turn{
			Thread:  th,
			Events:  []store.EventKey{{Channel: "web", ID: fmt.Sprint("n", i)}},
			Entries: []store.Entry{{Text: fmt.Sprint("from ", i)}},
			Jobs:    []store.Job{job(th, 0, string(th.ID), noon)},
		}
		var want error
		switch i % 4 {
		case 1:
			turn.Events, want = append(turn.Events, dup), store.ErrDuplicate
		case 2:
			turn.Thread.Addresses, want = append(turn.Thread.Addresses, address("owner")), store.ErrTaken
		case 3:
			turn.Thread, want = stale, store.ErrConflict
			turn.Jobs = nil
		}
		if err := t.Commit(t.ctx(), turn); !errors.Is(err, want) {
			return fmt.Errorf("turn %d: got %v, want %v", i, err, want)
		}
		return nil
	})
	for i, id := range ids {
		seen, err := t.Seen(t.ctx(), store.EventKey{Channel: "web", ID: fmt.Sprint("n", i)})
		t.must(err)
		if seen != (i%4 == 0) {
			t.Fatalf("turn %d: its event is remembered: %v", i, seen)
		}
		if i%4 == 0 {
			t.same(t.texts(id), []string{fmt.Sprint("from ", i)})
		} else if _, err := t.ThreadByID(t.ctx(), id); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("turn %d failed and left a thread: %v", i, err)
		}
	}
	if n := len(t.lease(noon, 1000)); n != 16 {
		t.Fatalf("%d jobs of 16 good turns", n)
	}
}

// together runs f n times at once and ends the story on an error.
func (t *teller) together(n int, f func(i int) error) {
	t.T.Helper()
	errs := make(chan error, n)
	begin := make(chan struct{})
	for i := range n {
		go func() {
			<-begin
			errs <- f(i)
		}()
	}
	close(begin)
	for range n {
		if err := <-errs; err != nil {
			t.T.Fatal(err)
		}
	}
}

func duplicates(t *teller) {
	e, other := t.event(), t.event()
	ayesha := t.commit(store.Turn{Thread: t.from(address("ayesha")), Events: []store.EventKey{e}})
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: ayesha, Events: []store.EventKey{e}}), store.ErrDuplicate)
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: t.from(address("bilal")), Events: []store.EventKey{other, e}}), store.ErrDuplicate)
	stale := ayesha
	stale.Version = 0
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: stale, Events: []store.EventKey{e}}), store.ErrDuplicate)

	// The same event many times at once changes the thread once.
	won := make(chan store.ThreadID, 64)
	t.together(64, func(i int) error {
		th, err := t.Thread(t.ctx(), address(fmt.Sprint("person-", i)))
		if err != nil {
			return err
		}
		err = t.Commit(t.ctx(), store.Turn{Thread: th, Events: []store.EventKey{other}})
		if err == nil {
			won <- th.ID
		} else if !errors.Is(err, store.ErrDuplicate) {
			return err
		}
		return nil
	})
	if len(won) != 1 {
		t.Fatalf("one event was stored %d times", len(won))
	}
}

func failsWhole(t *teller) {
	owner := t.hear(address("owner"), "mine")
	th := t.hear(address("ayesha"), "one")
	th = t.jobs(th, job(th, 0, "lane", at(0)))
	c := desk.New("case-1", desk.Asked, desk.Normal, nil, noon)
	bad := th
	bad.State, bad.Case = []byte("{}"), &c
	bad.Addresses = append([]channels.Address{address("further")}, address("ayesha"), address("owner"))
	e := t.event()
	err := t.Commit(t.ctx(), store.Turn{
		Thread: bad, Events: []store.EventKey{e}, Entries: []store.Entry{{Text: "never"}},
		Jobs: []store.Job{job(th, 1, "other", at(0))}, Cancel: []string{job(store.Thread{ID: th.ID, Version: 1}, 0, "", noon).Key},
	})
	t.fails(err, store.ErrTaken)
	var taken *store.TakenError
	if !errors.As(err, &taken) || taken.Owner != owner.ID {
		t.Fatalf("the owner of the address is not named: %v", err)
	}
	t.same(t.read(th.ID), th)
	t.same(t.texts(th.ID), []string{"one"})
	if t.from(address("further")).Version != 0 {
		t.Fatal("an address was kept")
	}
	if seen, err := t.Seen(t.ctx(), e); err != nil || seen {
		t.Fatal("an event was kept", err)
	}
	_, err = t.ThreadOfCase(t.ctx(), "case-1")
	t.fails(err, store.ErrNotFound)
	if l := t.one(noon); l.Lane != "lane" {
		t.Fatalf("the job in lane %q was kept, or the other cancelled", l.Lane)
	}
}

func aliases(t *teller) {
	phone, lid := address("phone"), address("lid")
	th := t.hear(phone, "one")
	th.Addresses = append(th.Addresses, lid)
	th.Reply = lid
	th = t.commit(store.Turn{Thread: th})
	t.same(t.from(lid), th)
	t.same(t.from(phone), th)

	other := t.hear(address("bilal"), "hello")
	other.Addresses = append(other.Addresses, lid)
	err := t.Commit(t.ctx(), store.Turn{Thread: other})
	var taken *store.TakenError
	if !errors.As(err, &taken) || taken.Owner != th.ID || !errors.Is(err, store.ErrTaken) {
		t.Fatalf("got %v, want that %s owns the address", err, th.ID)
	}

	// A new thread that brings somebody's address as a further one.
	fresh := t.from(address("chandni"))
	fresh.Addresses = append(fresh.Addresses, lid)
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: fresh}), store.ErrTaken)

	// An address that is left out is free again.
	th.Addresses, th.Reply = []channels.Address{phone}, phone
	t.commit(store.Turn{Thread: th})
	if got := t.from(lid); got.Version != 0 {
		t.Fatal("an address that was left out still leads to the thread")
	}
	t.commit(store.Turn{Thread: other})
	t.same(t.from(lid).ID, other.ID)
}

func twoFirsts(t *teller) {
	a := address("ayesha")
	one, two := t.from(a), t.from(a)
	t.commit(store.Turn{Thread: one})
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: two}), store.ErrConflict)
	t.same(t.from(a).ID, one.ID)
}

func pages(t *teller) {
	th := t.from(address("ayesha"))
	for i := range 300 {
		th = t.commit(store.Turn{Thread: th, Entries: []store.Entry{{Text: fmt.Sprint(i)}}})
	}
	t.hear(address("bilal"), "not Ayesha's")
	var got []string
	var after uint64
	for {
		es, err := t.Entries(t.ctx(), th.ID, after, 7)
		t.must(err)
		if len(es) == 0 {
			break
		}
		for _, e := range es {
			if e.Seq != after+1 {
				t.Fatalf("Seq %d after %d", e.Seq, after)
			}
			after = e.Seq
			got = append(got, e.Text)
		}
	}
	if len(got) != 300 || got[299] != "299" {
		t.Fatalf("%d entries in pages, the last %q", len(got), got[len(got)-1])
	}
	for _, x := range []struct {
		id    store.ThreadID
		after uint64
		n     int
	}{{th.ID, 300, 5}, {th.ID, 1<<64 - 1, 5}, {th.ID, 0, 0}, {"nobody", 0, 5}, {"", 0, 5}} {
		es, err := t.Entries(t.ctx(), x.id, x.after, x.n)
		t.must(err)
		if len(es) != 0 {
			t.Fatalf("%d entries of %q after %d", len(es), x.id, x.after)
		}
	}
}

func settledBetween(t *teller) {
	th := t.hear(address("ayesha"), "question")
	th = t.jobs(th, job(th, 0, "lane", noon))
	l := t.one(noon)
	t.must(t.Settle(t.ctx(), l, store.Outcome{Done: true, Entry: &store.Entry{Seq: 77, Author: store.Program, Text: "answer"}}))
	now := t.read(th.ID)
	if now.Version != th.Version || now.LastSeq != 2 {
		t.Fatalf("after settling with an entry: version %d, last entry %d, want %d and 2", now.Version, now.LastSeq, th.Version)
	}
	// th was read before: it still says that one entry is the last.
	th = t.commit(store.Turn{Thread: th, Entries: []store.Entry{{Seq: 2, Text: "next"}, {Seq: 2, Text: "and next"}}})
	t.same(t.texts(th.ID), []string{"question", "answer", "next", "and next"})
	if th.LastSeq != 4 {
		t.Fatalf("the last entry is 4, the thread says %d", th.LastSeq)
	}
}

func callerGone(t *teller) {
	ctx, cancel := context.WithCancel(t.ctx())
	cancel()
	e := t.event()
	err := t.Commit(ctx, store.Turn{Thread: t.from(address("ayesha")), Events: []store.EventKey{e}})
	if err == nil {
		t.Fatal("a turn was committed for a caller who had gone before")
	}
	t.fails(err, store.ErrBusy)
	if seen, err := t.Seen(t.ctx(), e); err != nil || seen {
		t.Fatal("ErrBusy, and yet it was committed", err)
	}

	// Callers who go while they wait: ErrBusy means that nothing was committed,
	// nil that it was.
	t.together(64, func(i int) error {
		th, err := t.Thread(t.ctx(), address(fmt.Sprint("person-", i)))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.ctx(), time.Duration(i)*20*time.Microsecond)
		defer cancel()
		err = t.Commit(ctx, store.Turn{Thread: th})
		switch _, gone := t.ThreadByID(t.ctx(), th.ID); {
		case err == nil && gone != nil:
			return fmt.Errorf("acknowledged and not there: %w", gone)
		case errors.Is(err, store.ErrBusy) && gone == nil:
			return errors.New("ErrBusy, and yet it was committed")
		case err != nil && !errors.Is(err, store.ErrBusy) && !errors.Is(err, context.DeadlineExceeded):
			return err
		}
		return nil
	})
}
