// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
	"sarai/store/bolt"
)

func problem(p channels.SendProblem) *channels.SendError { return &channels.SendError{Problem: p} }

func TestWhatBecomesOfAMessageThatWasNotSent(t *testing.T) {
	for _, c := range []struct {
		problem channels.SendError
		within  time.Duration // it is sent within that; 0: given up at once
		not     time.Duration // it is not tried before that
	}{
		{channels.SendError{Problem: channels.Unavailable}, 3 * time.Second, time.Second},
		{channels.SendError{Problem: channels.NoAnswer}, 3 * time.Second, time.Second},
		{channels.SendError{Problem: channels.Throttled, After: 7 * time.Minute}, 7 * time.Minute, 6*time.Minute + 59*time.Second},
		{channels.SendError{Problem: channels.Throttled}, time.Second, 0},
		{channels.SendError{Problem: channels.Misset}, 5 * time.Minute, 4 * time.Minute},
		{channels.SendError{Problem: "a new problem"}, 3 * time.Second, time.Second},
		{channels.SendError{Problem: channels.Blocked}, 0, 0},
		{channels.SendError{Problem: channels.Expired}, 0, 0},
		{channels.SendError{Problem: channels.Rejected}, 0, 0},
	} {
		t.Run(fmt.Sprint(c.problem.Problem, c.problem.After), func(t *testing.T) {
			r := newRig(t)
			r.fake.Fail(&c.problem)
			r.hear("zahra", "1", "visa")
			r.work()
			if c.within == 0 {
				r.wait(48 * time.Hour)
				if n := len(r.fake.Tried()); n != 1 {
					t.Errorf("tried %d times", n)
				}
				if got := told(r.entries("zahra")); !slices.Contains(got, "event not-sent "+string(c.problem.Problem)) {
					t.Errorf("staff do not see it: %q", got)
				}
				return
			}
			r.wait(c.not)
			if n := len(r.fake.Sent()); c.not > 0 && n != 0 {
				t.Errorf("sent before %s were over", c.not)
			}
			r.wait(c.within - c.not)
			if n := len(r.fake.Sent()); n != 1 {
				t.Errorf("%d sent after %s", n, c.within)
			}
			if tried := r.fake.Tried(); tried[0].Key != tried[len(tried)-1].Key {
				t.Error("a try has another key")
			}
		})
	}
}

func TestAPlatformThatIsAwayForADayIsGivenUp(t *testing.T) {
	for _, p := range []channels.SendProblem{channels.Unavailable, channels.Throttled, channels.Misset} {
		t.Run(string(p), func(t *testing.T) {
			r := newRig(t)
			for range 2000 {
				r.fake.Fail(&channels.SendError{Problem: p, After: 10 * time.Minute})
			}
			r.hear("zahra", "1", "visa")
			r.wait(23 * time.Hour)
			if got := told(r.entries("zahra")); len(got) != 2 {
				t.Fatalf("given up too early: %q", got)
			}
			r.wait(3 * time.Hour)
			if got := told(r.entries("zahra")); len(got) != 3 || got[2] != "event not-sent given up after a day" {
				t.Fatalf("%q", got)
			}
			n := len(r.fake.Tried())
			if n > 300 {
				t.Errorf("tried %d times in a day", n)
			}
			r.wait(24 * time.Hour)
			if len(r.fake.Tried()) != n {
				t.Error("tried after it was given up")
			}
		})
	}
}

func TestTheMessagesOfATalkLeaveInTheirOrder(t *testing.T) {
	r := newRig(t)
	id := r.held("zahra")
	r.fake.Fail(problem(channels.Unavailable), nil, problem(channels.NoAnswer), problem(channels.Unavailable))
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprint("word ", i))
		r.must(r.g.Say(context.Background(), id, "amina", fmt.Sprint(i), want[i]))
	}
	r.hear("omar", "o", "visa") // another talk does not wait for this one
	r.work()
	if n := len(r.fake.Sent()); n != 1 || r.fake.Sent()[0].To != address("omar") {
		t.Errorf("%d sent while the first message of another talk is tried again", n)
	}
	r.wait(time.Minute)
	var got []string
	for _, m := range r.fake.Sent() {
		if m.To == address("zahra") {
			got = append(got, first(m))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnAnswerToASignalLeavesBeforeEverythingElse(t *testing.T) {
	r := newRig(t)
	r.hear("omar", "1", "visa")
	id := r.heldLater("amal")
	r.must(r.g.Say(context.Background(), id, "amina", "k", "staff's word"))
	r.hear("zahra", "2", "danger")
	r.work()
	sent := r.fake.Sent()
	if sent[0].To != address("zahra") {
		t.Errorf("the first message went to %q", sent[0].To.ID)
	}
}

// heldLater is held, with nothing sent yet.
func (r *rig) heldLater(who string) store.ThreadID {
	r.t.Helper()
	r.hear(who, who+"1", "counsellor")
	r.hear(who, who+"2", "yes")
	id := r.thread(who).ID
	r.must(r.g.Command(context.Background(), id, "amina", desk.Take{}))
	return id
}

func TestStaffsWordsAreSaidOnceAKey(t *testing.T) {
	r := newRig(t)
	id := r.held("zahra")
	for range 3 {
		r.must(r.g.Say(context.Background(), id, "amina", "form-1", "Good day"))
		r.must(r.g.Note(context.Background(), id, "amina", "form-2", "a note"))
	}
	r.reopen()
	r.must(r.g.Say(context.Background(), id, "amina", "form-1", "Good day"))
	r.must(r.g.Say(context.Background(), id, "amina", "form-3", "Good day"))
	r.work()
	if n := len(r.fake.Sent()); n != 2 {
		t.Errorf("%d sent, want one a form", n)
	}
	if n := count(r.entries("zahra"), store.Note); n != 1 {
		t.Errorf("%d notes", n)
	}
	if err := r.g.Say(context.Background(), id, "bilal", "x", "mine"); !errors.Is(err, desk.ErrNotHeld) {
		t.Errorf("a colleague spoke in a case that is held: %v", err)
	}
	if err := r.g.Say(context.Background(), id, "amina", "y", " \n\t"); err == nil {
		t.Error("nothing was said")
	}
}

func TestAnAddressThatThePlatformDisclosesBecomesTheTalks(t *testing.T) {
	r := newRig(t)
	r.fake.Learn(address("messenger-id"))
	r.hear("comment", "1", "visa")
	r.work()
	if a, b := r.thread("comment").ID, r.thread("messenger-id").ID; a != b {
		t.Error("the disclosed address begins a talk of its own")
	}
	// One that another talk owns links the two, and the message counts as sent.
	r.hear("other", "2", "visa")
	r.work()
	r.fake.Learn(address("other"))
	r.hear("comment", "3", "visa")
	r.work()
	if r.thread("comment").ID == r.thread("other").ID || !slices.Contains(r.thread("comment").Linked, r.thread("other").ID) {
		t.Errorf("not linked: %v", r.thread("comment").Linked)
	}
	if n := len(r.fake.Tried()); n != 3 {
		t.Errorf("tried %d times", n)
	}
}

func TestAPageSeesItsTalk(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	if _, _, err := r.g.Letters(ctx, address("zahra"), 0, 10); !errors.Is(err, channels.ErrUnknownPerson) {
		t.Errorf("nobody has written: %v", err)
	}
	if err := r.g.Alias(ctx, address("zahra"), address("phone")); !errors.Is(err, channels.ErrUnknownPerson) {
		t.Errorf("nobody has written: %v", err)
	}
	id := r.held("zahra")
	r.must(r.g.Note(ctx, id, "amina", "n", "only for staff"))
	r.must(r.g.Say(ctx, id, "amina", "s", "Good day"))
	all, cleared, err := r.g.Letters(ctx, address("zahra"), 0, 100)
	r.must(err)
	var from []string
	for _, l := range all {
		from = append(from, l.From)
		for _, b := range l.Blocks {
			if b.Text == "only for staff" {
				t.Error("a note is shown to the person")
			}
		}
	}
	if want := []string{"me", "program", "me", "program", "me", "program", "program", "staff"}; !slices.Equal(from, want) || cleared != 0 {
		t.Errorf("got %v, cleared up to %d", from, cleared)
	}
	two, _, err := r.g.Letters(ctx, address("zahra"), 0, 2)
	r.must(err)
	rest, _, err := r.g.Letters(ctx, address("zahra"), two[1].Seq, 100)
	r.must(err)
	if len(two) != 2 || len(rest) != len(all)-2 || rest[0].Seq != all[2].Seq {
		t.Errorf("read on: %d and %d of %d", len(two), len(rest), len(all))
	}

	r.must(r.g.Alias(ctx, address("zahra"), address("phone")))
	r.must(r.g.Alias(ctx, address("zahra"), address("phone"))) // again changes nothing
	other, _, err := r.g.Letters(ctx, address("phone"), 0, 100)
	r.must(err)
	if len(other) != len(all) {
		t.Error("the other phone sees another talk")
	}

	r.hear("phone", "h", "hide")
	r.work()
	shown, cleared, err := r.g.Letters(ctx, address("zahra"), 0, 100)
	r.must(err)
	if cleared == 0 || len(shown) != 1 || shown[0].From != "program" {
		t.Errorf("after HIDE %d letters are shown, cleared up to %d", len(shown), cleared)
	}
	if n := len(r.fake.Cleared()); n != 1 {
		t.Errorf("cleared %d times", n)
	}
}

func TestClearingIsTriedAgainAndNamesWhatWasSent(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	r.work()
	r.fake.ClearAnswers(false, errors.New("away"))
	r.hear("zahra", "2", "hide")
	r.work()
	r.fake.ClearAnswers(true, nil)
	r.wait(time.Minute)
	cleared := r.fake.Cleared()
	if len(cleared) != 2 || !slices.Equal(cleared[1].IDs, []string{"1", "2", "1"}) {
		t.Fatalf("%+v", cleared)
	}
	if sent := r.fake.Sent(); len(sent) != 2 {
		t.Fatalf("%d sent: the word after clearing waits for it", len(sent))
	}
}

// last is what the newest message ends with.
func last(sent []channels.Outbound) string {
	blocks := sent[len(sent)-1].Blocks
	return blocks[len(blocks)-1].Text
}

// Somebody hides a talk because another may look at the phone. Where it does not
// all go they are told how to remove it by hand, and never that it is gone.
func TestATalkThatStaysOnTheScreenIsNotCalledGone(t *testing.T) {
	for name, err := range map[string]error{"a part stays": nil, "the platform refuses": problem(channels.Rejected)} {
		r := newRig(t)
		r.hear("zahra", "1", "visa")
		r.work()
		r.fake.ClearAnswers(false, err)
		r.hear("zahra", "2", "hide")
		r.work()
		sent := r.fake.Sent()
		if got := last(sent); len(sent) != 2 || !strings.Contains(got, "To remove this chat") {
			t.Errorf("%s: %d sent, the last %q", name, len(sent), got)
		}
		r.hear("zahra", "3", "delete")
		r.work()
		r.hear("zahra", "4", "yes")
		r.work()
		sent = r.fake.Sent()
		if got := last(sent); len(sent) != 4 || !strings.Contains(got, "24 hours") {
			t.Errorf("%s: %d sent, after erasing %q", name, len(sent), got)
		}
	}
}

func TestWhoWatchesSlowlyIsToldToReadEverything(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(context.Background())
	slow := r.g.Watch(ctx)
	for i := range 200 {
		r.hear(fmt.Sprint("p", i), fmt.Sprint(i), "visa")
	}
	everything := false
	for range len(slow) {
		everything = <-slow == "" || everything
	}
	if !everything {
		t.Error("changes were missed in silence")
	}
	r.hear("zahra", "z", "visa")
	if got := <-slow; got != r.thread("zahra").ID {
		t.Errorf("got %q", got)
	}
	cancel()
	deadline := time.After(5 * time.Second)
	for {
		select {
		case _, open := <-slow:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("the channel is not closed")
		}
	}
}

func TestRunSendsWhileMessagesComeAndEnds(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.g.Run(ctx) }()
	for i := range 20 {
		r.hear(fmt.Sprint("p", i%5), fmt.Sprint(i), "visa")
	}
	within, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if sent, err := r.fake.Await(within, 20); err != nil {
		t.Errorf("%d of 20 sent: %v", len(sent), err)
	}
	cancel()
	select {
	case err := <-ended:
		r.must(err)
	case <-within.Done():
		t.Fatal("Run does not end")
	}
}

// A fullStore cannot keep what jobs came to while it is full.
type fullStore struct {
	*bolt.DB
	full    bool
	refuses atomic.Int64 // how often a Settle is still refused
}

func (s *fullStore) Settle(ctx context.Context, l store.Leased, o store.Outcome) error {
	if s.full || s.refuses.Add(-1) >= 0 {
		return errors.New("store: not committed: no space left on device")
	}
	return s.DB.Settle(ctx, l, o)
}

// What was sent and could not be settled is settled as soon as there is room: the
// person's next message does not wait until a lease is over.
func TestAfterAFullDiskNobodyWaitsForALease(t *testing.T) {
	r := newRig(t)
	s := &fullStore{DB: r.db}
	s.refuses.Store(3)
	r.build(s)
	ctx, stop := context.WithCancel(context.Background())
	var over sync.WaitGroup
	over.Go(func() {
		if err := r.g.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	r.hear("zahra", "1", "visa")
	r.hear("zahra", "2", "visa")
	for end := time.Now().Add(20 * time.Second); len(r.fake.Sent()) < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of 2 answers were sent, and the clock stands", len(r.fake.Sent()))
		}
	}
	stop()
	over.Wait()
	if n := len(r.fake.Tried()); n != 2 {
		t.Errorf("two answers were sent by %d tries", n)
	}
	if got := s.refuses.Load(); got >= 0 {
		t.Errorf("settling was not refused")
	}
}

// TestAFullDiskSendsNothingTwice: what was sent and could not be settled is
// settled when there is room, and not sent again.
func TestAFullDiskSendsNothingTwice(t *testing.T) {
	r := newRig(t)
	s := &fullStore{DB: r.db, full: true}
	r.build(s)
	r.hear("zahra", "1", "visa")
	r.work()
	for range 3 {
		r.pass(2 * time.Minute) // its lease is over
		r.work()
	}
	s.full = false
	r.pass(2 * time.Minute)
	if r.work() == 0 {
		t.Fatal("it was not leased again")
	}
	if n := len(r.fake.Tried()); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	if got := r.standing("zahra"); !slices.Equal(got, []channels.Delivery{""}) {
		t.Errorf("%q", got)
	}
	// One that is put off is tried again, each time anew.
	r.fake.Fail(problem(channels.Unavailable))
	r.fake.Fail(problem(channels.Unavailable))
	r.hear("zahra", "2", "visa")
	r.wait(10 * time.Minute)
	if n := len(r.fake.Tried()); n != 4 {
		t.Errorf("%d tries, want 4", n)
	}
}
