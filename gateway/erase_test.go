// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
)

// toldErased plays somebody who asks to be erased, until that is done, and gives
// what was sent then.
func toldErased(r *rig, before ...string) []channels.Outbound {
	r.t.Helper()
	r.hear("zahra", "1", "visa")
	for _, text := range append(before, "delete", "yes") {
		r.hear("zahra", text, text)
	}
	r.work()
	r.fake.Forget()
	r.wait(25 * time.Hour)
	if r.thread("zahra").Version != 0 {
		r.t.Fatal("not erased")
	}
	return r.fake.Sent()
}

// Who writes fast and says yes to being erased is erased, also while staff hold
// the case: the answer is not gathered with other messages, which would lose it.
func TestAYesToBeingErasedIsNotLostAmongManyMessages(t *testing.T) {
	for _, held := range []bool{false, true} {
		r := newRig(t)
		if held {
			r.held("zahra")
			r.pass(time.Minute)
		}
		for i := range 14 {
			r.hear("zahra", fmt.Sprint("many", i), "hello")
		}
		r.hear("zahra", "delete", "delete") // the last that is read by itself
		r.hear("zahra", "yes", "yes")
		r.work()
		r.wait(25 * time.Hour)
		if r.thread("zahra").Version != 0 {
			t.Errorf("not erased, staff hold the case: %v", held)
		}
	}
}

// TestWhoAskedToBeErasedIsToldThatItIsDone: one message to where they wrote
// from, of which nothing stays.
func TestWhoAskedToBeErasedIsToldThatItIsDone(t *testing.T) {
	r := newRig(t)
	sent := toldErased(r)
	if len(sent) != 1 || sent[0].To != address("zahra") {
		t.Fatalf("sent %v", sent)
	}
	var text string
	for _, b := range sent[0].Blocks {
		text += b.Text + "\n"
	}
	for _, want := range []string{"erased at the centre", "until the centre deletes it", "The app keeps", "last message"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	if strings.Contains(text, "…") || strings.Contains(text, "visa") {
		t.Errorf("a gap is not filled, or the talk is quoted: %q", text)
	}
	r.must(r.db.Close())
	for _, name := range []string{filepath.Base(r.path), "keys.db"} {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(r.path), name))
		r.must(err)
		if strings.Contains(string(b), "zahra") || strings.Contains(string(b), "erased at the centre") {
			t.Errorf("%s holds who it was, or the last word", name)
		}
	}
	r.open()
	if r.work() != 0 {
		t.Error("something is still to be done")
	}
}

// TestALastWordIsTriedForADay: a platform that is away for a while gets it, and
// the process may end in between; after a day it is given up, without a trace.
func TestALastWordIsTriedForADay(t *testing.T) {
	for _, x := range []struct {
		fails int
		told  bool
	}{{3, true}, {1000, false}} {
		r := newRig(t)
		r.hear("zahra", "1", "visa")
		r.hear("zahra", "2", "delete")
		r.hear("zahra", "3", "yes")
		r.work()
		r.fake.Forget()
		var fails []*channels.SendError
		for range x.fails {
			fails = append(fails, &channels.SendError{Problem: channels.Unavailable})
		}
		r.fake.Fail(fails...)
		r.wait(24*time.Hour + time.Second)
		if r.thread("zahra").Version != 0 {
			t.Fatal("not erased")
		}
		r.reopen()
		r.wait(26 * time.Hour)
		if told := len(r.fake.Sent()) == 1; told != x.told {
			t.Fatalf("after %d failures told: %v", x.fails, told)
		}
		if failed, err := r.db.FailedJobs(context.Background(), 10); err != nil || len(failed) != 0 {
			t.Fatalf("a last word is among the jobs that failed: %v", err)
		}
		r.must(r.db.Sweep(context.Background(), r.clock()))
		if marks, err := r.db.Keys().Marks(); err != nil || len(marks) != 0 {
			t.Fatalf("%d marks are left: %v", len(marks), err)
		}
	}
}

// A diary is a channel that keeps something of people itself.
type diary struct {
	*channeltest.Fake
	fails  int
	forgot []channels.Address
	words  int // how much had been sent when it forgot
}

func (d *diary) Forget(_ context.Context, who ...channels.Address) error {
	if d.fails > 0 {
		d.fails--
		return errors.New("the disk is full")
	}
	d.forgot, d.words = append(d.forgot, who...), len(d.Sent())
	return nil
}

// TestWhoIsErasedIsForgottenByTheirChannel: however long that takes, over restarts,
// by all addresses, and before they are told that all is gone.
func TestWhoIsErasedIsForgottenByTheirChannel(t *testing.T) {
	for _, x := range []struct {
		wish         bool
		fails        int
		forgot, told bool
	}{{true, 0, true, true}, {true, 5, true, true}, {true, 80, true, false}, {false, 0, true, false}, {false, 40, true, false}, {false, 1 << 20, false, false}} {
		r := newRig(t)
		d := &diary{Fake: r.fake}
		r.g.Attach(d)
		first := r.message("zahra", "1", "visa")
		first.Aliases = []channels.Address{address("zahra's number")}
		r.must(r.g.Accept(context.Background(), first))
		r.hear("bilal", "1", "visa")
		r.work()
		th := r.thread("zahra").ID
		if x.wish {
			r.hear("zahra", "2", "delete")
			r.hear("zahra", "3", "yes")
			r.work()
		}
		r.fake.Forget()
		d.fails = x.fails
		if x.wish {
			r.wait(24*time.Hour + time.Second)
		} else {
			r.must(r.g.Erase(context.Background(), th, "amina"))
			r.work()
		}
		if r.thread("zahra").Version != 0 {
			t.Fatal("what a channel keeps holds up the erasing")
		}
		r.reopen()
		r.g.Attach(d)
		for range 32 {
			r.wait(24 * time.Hour)
		}
		want := []channels.Address{address("zahra"), address("zahra's number")}
		if !x.forgot {
			want = nil
		}
		if !slices.Equal(d.forgot, want) {
			t.Errorf("%+v: %d addresses are forgotten", x, len(d.forgot))
		}
		if told := len(r.fake.Sent()) == 1; told != x.told || d.words != 0 {
			t.Errorf("%+v: told %v, %d before it was so", x, told, d.words)
		}
		r.must(r.db.Sweep(context.Background(), r.clock()))
		if marks, err := r.db.Keys().Marks(); err != nil || len(marks) != 0 {
			t.Errorf("%+v: %d marks are left: %v", x, len(marks), err)
		}
	}
}

// TestQuietTalksAndOldOnesGetNoLastWord: nothing is written to a phone that
// others may look at, nor to somebody who asked for nothing.
func TestQuietTalksAndOldOnesGetNoLastWord(t *testing.T) {
	if sent := toldErased(newRig(t), "hide"); len(sent) != 0 {
		t.Errorf("a quiet talk was sent %v", sent)
	}
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	r.work()
	r.fake.Forget()
	r.wait(91 * 24 * time.Hour)
	if r.thread("zahra").Version != 0 {
		t.Fatal("not erased after its time")
	}
	if sent := r.fake.Sent(); len(sent) != 0 {
		t.Errorf("a talk whose time was over was sent %v", sent)
	}
}
