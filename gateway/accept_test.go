// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/gateway"
	"sarai/search"
	"sarai/store"
)

func TestASecondDeliveryChangesNothing(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "m1", "visa")
	before := r.thread("zahra")
	r.hear("zahra", "m1", "visa")
	r.reopen()
	r.hear("zahra", "m1", "visa") // Meta delivers for a week, also to a new process
	r.work()
	if after := r.thread("zahra"); after.Version != before.Version {
		t.Errorf("the thread moved from %d to %d", before.Version, after.Version)
	}
	if n := len(r.fake.Sent()); n != 1 {
		t.Errorf("%d answers to one message", n)
	}
}

func TestStaffAndPersonAtTheSameTimeLoseNothing(t *testing.T) {
	r := newRig(t)
	id := r.held("zahra")
	before := len(r.entries("zahra"))
	const n = 25
	var all sync.WaitGroup
	fail := make(chan error, 3*n)
	for _, part := range []func(i int) error{
		func(i int) error {
			return r.g.Accept(context.Background(), r.message("zahra", fmt.Sprint("a", i), "first hand"))
		},
		func(i int) error {
			return r.g.Accept(context.Background(), r.message("zahra", fmt.Sprint("b", i), "second hand"))
		},
		func(i int) error {
			return r.g.Say(context.Background(), id, "amina", fmt.Sprint(i), fmt.Sprint("word ", i))
		},
	} {
		all.Go(func() {
			for i := range n {
				if err := part(i); err != nil {
					fail <- err
				}
			}
		})
	}
	all.Wait()
	close(fail)
	for err := range fail {
		t.Error(err)
	}
	r.work()
	es := r.entries("zahra")[before:]
	if got := count(es, store.Person); got != 2*n {
		t.Errorf("%d messages of the person are in the transcript, want %d", got, 2*n)
	}
	if got := count(es, store.Staff); got != n {
		t.Errorf("%d of staff, want %d", got, n)
	}
	for i, e := range r.entries("zahra") {
		if e.Seq != uint64(i)+1 {
			t.Fatalf("entry %d has place %d", i, e.Seq)
		}
	}
	// Staff's words left in the order in which they were written.
	var heard []string
	for _, m := range r.fake.Sent() {
		if m.Author == channels.Staff {
			heard = append(heard, first(m))
		}
	}
	for i, w := range heard {
		if w != fmt.Sprint("word ", i) {
			t.Fatalf("order of staff's words: %v", heard)
		}
	}
	if len(heard) != n {
		t.Fatalf("%d of staff's words were sent, want %d", len(heard), n)
	}
}

func TestEventsOfOneAddressAreDecidedInTheirOrder(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "0", "visa")
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for i := range 10 {
				if err := r.g.Accept(context.Background(), r.message(fmt.Sprint("p", who), fmt.Sprint(who, "/", i), fmt.Sprint("visa ", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for who := range 8 {
		var got []string
		for _, e := range r.entries(fmt.Sprint("p", who)) {
			if e.Author == store.Person {
				got = append(got, e.Text)
			}
		}
		if len(got) != 10 || !slices.IsSorted(got) {
			t.Errorf("person %d: %v", who, got)
		}
	}
}

// A slowStore holds the first commit until it is let go.
type slowStore struct {
	gateway.Store
	commits atomic.Int64
	begun   chan struct{} // closed with the first commit
	goOn    chan struct{} // closed: the first commit may go on
	fails   error         // of every commit after the first
}

func (s *slowStore) Commit(ctx context.Context, t store.Turn) error {
	if s.commits.Add(1) == 1 {
		close(s.begun)
		<-s.goOn
	} else if s.fails != nil {
		return s.fails
	}
	return s.Store.Commit(ctx, t)
}

// crowd has one message of zahra's being committed and as many more waiting
// behind it as there are texts, lets them go and gives each one's answer.
func (r *rig) crowd(s *slowStore, texts ...string) []error {
	r.t.Helper()
	s.Store, s.begun, s.goOn = r.db, make(chan struct{}), make(chan struct{})
	r.build(s)
	var all sync.WaitGroup
	all.Go(func() { r.hear("zahra", "first", "visa") })
	<-s.begun
	answers := make([]error, len(texts))
	for i, text := range texts {
		in := r.message("zahra", fmt.Sprint("m", i), text)
		all.Go(func() { answers[i] = r.g.Accept(context.Background(), in) })
		for r.g.Behind(in.From) <= i {
			runtime.Gosched()
		}
	}
	close(s.goOn)
	all.Wait()
	return answers
}

func TestWhatWaitsForAnEarlierMessageSharesOneCommit(t *testing.T) {
	r := newRig(t)
	var s slowStore
	var want, texts []string
	for i := range 9 {
		texts = append(texts, fmt.Sprint("visa ", i))
	}
	want = append([]string{"visa"}, texts...)
	if err := errors.Join(r.crowd(&s, texts...)...); err != nil {
		t.Fatal(err)
	}
	if n := s.commits.Load(); n != 2 {
		t.Errorf("%d commits, want one for the first and one for those that waited", n)
	}
	var got []string
	for _, e := range r.entries("zahra") {
		if e.Author == store.Person {
			got = append(got, e.Text)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the transcript has %q, want %q", got, want)
	}
}

func TestPoisonAmongThoseThatWaitHoldsBackNoneOfThem(t *testing.T) {
	r := newRig(t)
	if err := errors.Join(r.crowd(&slowStore{}, "visa 1", "poison", "visa 2")...); err != nil {
		t.Fatal(err)
	}
	if n := count(r.entries("zahra"), store.Person); n != 4 {
		t.Errorf("%d messages in the transcript, want 4", n)
	}
	if n := r.g.Stats().Broken.Load(); n != 1 {
		t.Errorf("%d broken, want 1", n)
	}
}

func TestNobodyWhoWaitedIsAcknowledgedWhenTheSharedCommitFails(t *testing.T) {
	r := newRig(t)
	s := slowStore{fails: errors.New("full")}
	for i, err := range r.crowd(&s, "visa 1", "visa 2", "visa 3") {
		if !errors.Is(err, s.fails) {
			t.Errorf("message %d: %v, want that the disk is full", i, err)
		}
	}
	r.build(r.db)
	for i := range 3 { // delivered again
		r.hear("zahra", fmt.Sprint("m", i), "visa")
	}
	if n := count(r.entries("zahra"), store.Person); n != 4 {
		t.Errorf("%d messages in the transcript, want 4", n)
	}
}

func TestTheSameMessageTwiceInOneLineIsOneMessage(t *testing.T) {
	r := newRig(t)
	s := slowStore{}
	s.Store, s.begun, s.goOn = r.db, make(chan struct{}), make(chan struct{})
	r.build(&s)
	var all sync.WaitGroup
	all.Go(func() { r.hear("zahra", "first", "visa") })
	<-s.begun
	for range 5 {
		all.Go(func() { r.hear("zahra", "second", "visa") })
	}
	for r.g.Behind(address("zahra")) < 5 {
		runtime.Gosched()
	}
	close(s.goOn)
	all.Wait()
	if n := count(r.entries("zahra"), store.Person); n != 2 {
		t.Errorf("%d messages in the transcript, want 2", n)
	}
	if n := r.g.Stats().Duplicates.Load(); n != 4 {
		t.Errorf("%d duplicates, want 4", n)
	}
}

// Somebody who floods is taken in some fifty times a second, however much is
// under way at one time, so that others are not behind each single message.
func TestAFloodIsTakenInTogether(t *testing.T) {
	r := newRig(t)
	for i := range 16 { // from here on they are read together
		r.hear("zahra", fmt.Sprint("a", i), "hello")
	}
	begun := time.Now()
	var s slowStore
	r.must(errors.Join(r.crowd(&s, "hello", "hello")...))
	r.hear("zahra", "late", "hello")
	if took := time.Since(begun); took < gateway.RestBetween {
		t.Errorf("the next was taken in after %v: nothing could gather", took)
	}
	before := r.thread("zahra").Version
	s.begun, s.goOn = make(chan struct{}), make(chan struct{}) // the next is held again, until all are under way
	s.commits.Store(0)
	var all sync.WaitGroup
	all.Go(func() { r.hear("zahra", "c0", "hello") })
	<-s.begun
	for i := range 59 {
		all.Go(func() { r.hear("zahra", fmt.Sprint("c", i+1), "hello") })
		for r.g.Behind(address("zahra")) <= i {
			runtime.Gosched()
		}
	}
	close(s.goOn)
	all.Wait()
	if n := r.thread("zahra").Version - before; n > 3 {
		t.Errorf("%d turns for 60 messages at a time", n)
	}
	if n := count(r.entries("zahra"), store.Person); n != 16+4+60 {
		t.Errorf("%d messages in the transcript, want 80", n)
	}
}

// An adapter that fetches hands over one person's messages after the others': it
// does not rest, because everybody's next messages wait for the call.
func TestWhoHandsOverOneAfterTheOtherNeverRests(t *testing.T) {
	r := newRig(t)
	for i := range 16 {
		r.hear("zahra", fmt.Sprint("a", i), "hello")
	}
	least := time.Hour
	for i := range 20 {
		begun := time.Now()
		r.hear("zahra", fmt.Sprint("b", i), "hello")
		least = min(least, time.Since(begun))
	}
	if least >= gateway.RestBetween {
		t.Errorf("each of twenty took %v and more", least)
	}
}

// After a flood the articles are not asked about each of a thousand messages, and
// a danger among them is found all the same.
func TestOfAThousandMessagesTheNewestAreLookedUpAndAllAreHeard(t *testing.T) {
	r := newRig(t)
	catalogue, err := texts()
	r.must(err)
	sought := 0
	r.g.SetEdition(gateway.Edition{Catalogue: catalogue, Read: func(q string, hint search.Hint) search.Reading {
		if !hint.Word {
			sought++
		}
		return plainly(q, hint)
	}})
	var old []channels.Inbound
	for i := range 1000 {
		in := r.message("zahra", fmt.Sprint(i), fmt.Sprint("hello ", i))
		if i == 3 {
			in.Text = "danger"
		}
		in.At = in.At.Add(-time.Hour)
		old = append(old, in)
	}
	r.must(r.g.Accept(context.Background(), old...))
	sought = 0
	r.wait(time.Minute)
	if sought != 200 {
		t.Errorf("articles were looked for %d times, want 200", sought)
	}
	if c := r.thread("zahra").Case; c == nil || c.Rank != desk.Urgent {
		t.Errorf("the danger was not heard: %v", c)
	}
}

func TestAnAddressThatAnotherTalkOwnsLinksTheTwo(t *testing.T) {
	r := newRig(t)
	r.hear("phone", "1", "visa")
	r.hear("lid", "2", "visa")
	in := r.message("lid", "3", "visa again")
	in.Aliases = []channels.Address{address("phone"), address("business")}
	r.must(r.g.Accept(context.Background(), in))

	phone, lid := r.thread("phone"), r.thread("lid")
	if phone.ID == lid.ID {
		t.Fatal("two talks became one")
	}
	if !slices.Contains(lid.Linked, phone.ID) {
		t.Errorf("not linked: %v", lid.Linked)
	}
	if n := count(r.entries("lid"), store.Person); n != 2 {
		t.Errorf("%d messages in the transcript, want 2", n)
	}
	// An address that nobody owns becomes the talk's.
	in = r.message("lid", "4", "visa")
	in.Aliases = []channels.Address{address("business")}
	r.must(r.g.Accept(context.Background(), in))
	r.hear("business", "5", "visa")
	if got := r.thread("business").ID; got != lid.ID {
		t.Error("a further address of the same person began a talk of its own")
	}
}

func TestPoisonIsKeptForAHumanAndHoldsBackNobody(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "poison")
	es := told(r.entries("zahra"))
	if want := []string{"person poison", "program", "event case-opened needs-a-person"}; !slices.Equal(es, want) {
		t.Fatalf("got %q, want %q", es, want)
	}
	if raw := r.entries("zahra")[0].Raw; len(raw) == 0 {
		t.Error("the message as it came was not kept")
	}
	if c := r.thread("zahra").Case; c == nil || c.Reason != desk.Poison {
		t.Fatalf("no case: %v", c)
	}
	r.hear("zahra", "1", "poison") // acknowledged: a second delivery is a duplicate
	r.hear("omar", "2", "visa")
	r.hear("zahra", "3", "visa")
	r.work()
	sent := r.fake.Sent()
	if len(sent) != 3 || !strings.Contains(first(sent[0]), "sorry") {
		t.Fatalf("%d messages, the first %q", len(sent), first(sent[0]))
	}
	if n := r.g.Stats().Broken.Load(); n != 1 {
		t.Errorf("%d broken, want 1", n)
	}
}

func TestAStateThatCannotBeReadIsNotLost(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	th := r.thread("zahra")
	th.State = []byte(`{"dialog":{"format":99}}`) // a newer version was here
	r.must(r.db.Commit(context.Background(), store.Turn{Thread: th}))
	r.hear("zahra", "2", "visa")
	if c := r.thread("zahra").Case; c == nil || c.Reason != desk.Poison {
		t.Fatalf("no case: %v", c)
	}
	if got := told(r.entries("zahra")); got[2] != "person visa" {
		t.Errorf("%q", got)
	}
}

func TestOldNewsIsReadTogetherAlsoByTheNextProcess(t *testing.T) {
	r := newRig(t)
	for i, text := range []string{"salam", "visa", "please"} {
		in := r.message("zahra", fmt.Sprint(i), text)
		in.At = in.At.Add(-time.Duration(50-i) * time.Minute)
		r.must(r.g.Accept(context.Background(), in))
	}
	if n := r.work(); n != 0 || len(r.fake.Sent()) != 0 {
		t.Fatalf("answered before it was gathered: %d jobs", n)
	}
	r.reopen()
	r.wait(5 * time.Second)
	sent := r.fake.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d answers to three messages of before", len(sent))
	}
	if !strings.Contains(first(sent[0]), "late") {
		t.Errorf("no apology: %q", first(sent[0]))
	}
	r.wait(time.Hour)
	if n := len(r.fake.Sent()); n != 1 {
		t.Errorf("%d answers in the end", n)
	}
	if es := r.entries("zahra"); !es[0].Late || es[len(es)-1].Late {
		t.Error("the transcript does not mark what was late")
	}
}

func TestErasedIsGoneAndTheSamePersonIsNew(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	r.hear("zahra", "2", "delete")
	r.hear("zahra", "3", "yes")
	old := r.thread("zahra").ID
	r.wait(23 * time.Hour)
	if r.thread("zahra").ID != old {
		t.Fatal("erased within the day of grace")
	}
	r.wait(2 * time.Hour)
	if th := r.thread("zahra"); th.Version != 0 || th.ID == old {
		t.Fatal("not erased")
	}
	if _, err := r.db.Entries(context.Background(), old, 0, 10); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if es, _ := r.db.Entries(context.Background(), old, 0, 10); len(es) > 0 {
		t.Errorf("%d entries are left", len(es))
	}
	if _, ok, err := r.db.NextDue(context.Background()); ok || err != nil {
		t.Errorf("jobs are left: %v", err)
	}
	r.hear("zahra", "1", "visa") // not even the ids are remembered
	if es := r.entries("zahra"); len(es) != 2 {
		t.Errorf("%q", told(es))
	}
}

func TestAFailingStoreIsNotAcknowledged(t *testing.T) {
	r := newRig(t)
	r.must(r.db.Close())
	if err := r.g.Accept(context.Background(), r.message("zahra", "1", "visa")); err == nil {
		t.Fatal("acknowledged, and on no disk")
	}
	r.open()
	r.hear("zahra", "1", "visa")
	if len(r.entries("zahra")) != 2 {
		t.Error("the second delivery was not taken in")
	}
}

func TestWhatAStrangerTypesIsMadeHarmless(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa\x00\x1b[31m \xff\xfe ok\u202e")
	r.hear("zahra", "2", strings.Repeat("ت", 300_000))
	es := r.entries("zahra")
	if got := es[0].Text; got != "visa[31m \uFFFD ok\u202e" {
		t.Errorf("%q", got)
	}
	if got := es[2].Text; len(got) > 400<<10+10 || !strings.HasSuffix(got, "[…]") {
		t.Errorf("%d bytes were kept", len(got))
	}
}

func TestNewWordsThatFollowOldOnesAreReadWithThem(t *testing.T) {
	r := newRig(t)
	in := r.message("zahra", "1", "visa")
	in.At = in.At.Add(-time.Hour)
	r.must(r.g.Accept(context.Background(), in))
	r.hear("zahra", "2", "danger")
	r.wait(5 * time.Second)
	if n := len(r.fake.Sent()); n != 1 {
		t.Fatalf("%d answers, want one to both", n)
	}
	if c := r.thread("zahra").Case; c == nil || c.Rank != desk.Urgent {
		t.Errorf("the signal among them opened no case: %v", c)
	}
}
