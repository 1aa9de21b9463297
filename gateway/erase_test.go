// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sarai/channels"
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
