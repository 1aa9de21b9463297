// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sarai/store"
	"sarai/store/bolt"
)

// killAt names the variable that says at which step a child is killed.
const killAt = "SARAI_BOLT_TEST_KILL"

// killed gives options that end this process at its n-th step, as a loss of
// power would, and says each step before.
func killed(t *testing.T, o bolt.Options) bolt.Options {
	n, err := strconv.Atoi(os.Getenv(killAt))
	if err != nil {
		t.Fatal(err)
	}
	return o.Reaching(func(step string) {
		os.Stdout.WriteString("step " + step + "\n")
		if n--; n == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}, 2000)
}

// dies runs this test in a child that is killed at its n-th step, and gives the
// steps that it came to. survived says that it had no more.
func dies(t *testing.T, path string, n int) (steps []string, survived bool) {
	t.Helper()
	cmd := child(t, path)
	cmd.Env = append(cmd.Env, fmt.Sprint(killAt, "=", n))
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if s, is := strings.CutPrefix(line, "step "); is {
			steps = append(steps, strings.TrimSpace(s))
		}
	}
	if err != nil && !strings.Contains(err.Error(), "killed") {
		t.Fatalf("%v\n%s", err, out)
	}
	return steps, err == nil
}

// TestAnUpgradeIsKilledAtEveryStep: whatever step the process ends at, the next
// start finishes, and everything that was told is there. Some are killed twice.
func TestAnUpgradeIsKilledAtEveryStep(t *testing.T) {
	o := bolt.Options{Key: key, NoSync: true, Now: frozenClock}
	if path := os.Getenv(childFile); path != "" {
		db, err := bolt.Open(path, killed(t, o))
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
		return
	}
	for format, steps := range map[string][]string{
		"format1": {"step", "file", "sealed", "moved", "kept", "renamed", "jobs moved"},
		"format2": {"jobs moved"},
	} {
		diesEverywhere(t, o, format, steps)
	}
}

// diesEverywhere must come to these steps.
func diesEverywhere(t *testing.T, o bolt.Options, format string, must []string) {
	t.Helper()
	want, err := os.ReadFile("testdata/" + format + ".json")
	if err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	for n, done := 1, false; !done; n += 2 {
		path := thaw(t, format)
		var steps []string
		steps, done = dies(t, path, n)
		for _, s := range steps {
			met[s] = true
		}
		if n%3 == 0 && !done {
			dies(t, path, 2)
		}
		db, err := bolt.Open(path, o)
		if err != nil {
			t.Fatalf("killed at step %d (%q): %v", n, steps[len(steps)-1:], err)
		}
		if got := told(t, db); !bytes.Equal(got, want) {
			t.Fatalf("killed at step %d (%q): it does not say what was told", n, steps[len(steps)-1:])
		}
		if db.LostFiles() != 0 {
			t.Fatalf("killed at step %d (%q): content was lost", n, steps[len(steps)-1:])
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		sealedOnly(t, path)
		if n > 200 {
			t.Fatal("there is no end of steps")
		}
	}
	for _, s := range must {
		if !met[s] {
			t.Errorf("no upgrade of %s came to the step %q", format, s)
		}
	}
}

// frozenWords are said in the frozen folders.
var frozenWords = []string{
	"Protector", "پروٹیکٹر", "Хозяин", "দালাল", "frozen-gulnora", "frozen-hamid", "1000000001", "typed and not sent", "words 1 of", "پاسپورٹ", "a picture of",
	"soon erased", "game.apk", "captivity", "pomegranate", "after dark", "radio", "Zarina", "farhod", "argon2id", "a session", "token-1", "a link", "platform-1", "blocked",
}

// sealedOnly looks at every byte of a folder but the copies from before.
func sealedOnly(t *testing.T, path string) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(filepath.Dir(path), func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(name, ".format1-") {
			return err
		}
		seen++
		b, err := os.ReadFile(name)
		for _, w := range frozenWords {
			if bytes.Contains(b, []byte(w)) {
				t.Errorf("%q stands in %s", w, filepath.Base(name))
			}
		}
		return err
	})
	if err != nil || seen < 3 {
		t.Fatalf("looked at %d files: %v", seen, err)
	}
}

// TestErasingIsKilledAtEveryStep: from the moment the key is gone the next start
// finishes; before, nothing has happened. Either way the last word is said once.
func TestErasingIsKilledAtEveryStep(t *testing.T) {
	o := bolt.Options{Key: key, NoSync: true}
	last := store.Job{Kind: "send", Due: time.Now(), Body: []byte(`"it is done"`)}
	if path := os.Getenv(childFile); path != "" {
		db, err := bolt.Open(path, killed(t, o))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		th, err := db.Thread(t.Context(), web("ayesha"))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.EraseWith(t.Context(), th.ID, last, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		return
	}
	var met []string
	for n, done := 1, false; !done; n++ {
		path := filepath.Join(t.TempDir(), "sarai.db")
		db := open(t, path, o)
		id := write(t, db, "ayesha", "a word of hers")
		write(t, db, "bilal", "a word of his")
		if _, err := db.KeepFile(t.Context(), id, "f", strings.NewReader("a picture"), kept); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		var steps []string
		steps, done = dies(t, path, n)
		if !done {
			met = append(met, steps[len(steps)-1])
		}
		db = open(t, path, o)
		gone := n > 1 || done
		_, err := db.ThreadByID(t.Context(), id)
		if errors.Is(err, store.ErrNotFound) != gone {
			t.Fatalf("killed at %q: %v", met[len(met)-1:], err)
		}
		if !gone {
			if es, err := db.Entries(t.Context(), id, 0, 10); err != nil || len(es) != 1 {
				t.Fatalf("nothing was to happen: %d entries, %v", len(es), err)
			}
			if err := db.EraseWith(t.Context(), id, last, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if seen, err := db.Seen(t.Context(), store.EventKey{Channel: "web", ID: "a word of hers"}); err != nil || seen {
			t.Fatal("the event is still known", err)
		}
		ls, err := db.Lease(t.Context(), time.Now(), time.Now().Add(time.Minute), 10)
		if err != nil || len(ls) != 2 { // the last word, and bilal's
			t.Fatalf("killed at %q: %d jobs, %v", met[len(met)-1:], len(ls), err)
		}
		for _, l := range ls {
			if string(l.Body) == string(last.Body) && strings.Contains(string(l.Thread)+l.Key+l.Lane, string(id)) {
				t.Fatal("the last word says whose it is")
			}
			if err := db.Settle(t.Context(), l, store.Outcome{Done: true}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Sweep(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if marks, err := db.Keys().Marks(); err != nil || len(marks) != 0 {
			t.Fatalf("killed at %q: the marks %q are left, %v", met[len(met)-1:], marks, err)
		}
		names, err := os.ReadDir(filepath.Join(filepath.Dir(path), "media"))
		if err != nil || len(names) != 0 {
			t.Fatalf("killed at %q: content is left, %v", met[len(met)-1:], err)
		}
		if es, err := db.Entries(t.Context(), id, 0, 10); err != nil || len(es) != 0 {
			t.Fatal("entries are left", err)
		}
	}
	if want := []string{"last word kept", "key destroyed", "records removed", "content removed"}; !slices.Equal(met, want) {
		t.Fatalf("killed at %q, want %q", met, want)
	}
}
