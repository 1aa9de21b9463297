// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package bolt_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sarai/channels"
	"sarai/store"
	"sarai/store/bolt"
)

// childFile names the variable that tells a test that it is the child process
// and where the file is.
const childFile = "SARAI_BOLT_TEST_FILE"

// child runs this test once more in a process of its own.
func child(t *testing.T, path string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), childFile+"="+path)
	return cmd
}

// TestKill kills a process again and again while it commits with syncs. What it
// had acknowledged is there, once.
func TestKill(t *testing.T) {
	if path := os.Getenv(childFile); path != "" {
		writeForEver(t, path)
	}
	path := filepath.Join(t.TempDir(), "sarai.db")
	acknowledged := map[string]bool{}
	for round := range 10 {
		cmd := child(t, path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		before := len(acknowledged)
		for stop := 50 + round*37; ; {
			line, err := lines.ReadString('\n')
			if errors.Is(err, io.EOF) {
				break // what is left of a line was not acknowledged
			}
			if err != nil {
				t.Fatal(err)
			}
			if said, is := strings.CutPrefix(line, "ack "); is {
				acknowledged[fmt.Sprint(round, " ", strings.TrimSpace(said))] = true
			}
			if stop--; stop == 0 {
				// A little later, and not in answer to a line: at any place of a commit.
				time.AfterFunc(time.Duration(round)*777*time.Microsecond, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()
		if len(acknowledged)-before < 40 {
			t.Fatalf("round %d: only %d turns were acknowledged", round, len(acknowledged)-before)
		}
		began := time.Now()
		db, err := bolt.Open(path, bolt.Options{Key: key})
		if err != nil {
			t.Fatalf("after a kill: %v", err)
		}
		if err := db.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Measured: 5 to 15 ms. What is promised is a second, on a machine that is not busy.
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("ready %v after a kill", took)
		} else {
			t.Logf("round %d: ready after %v", round, took)
		}
		// The child names its turns "person number"; here they get the round.
		checkWhole(t, db, round, acknowledged)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d turns and jobs were acknowledged over ten kills", len(acknowledged))
}

const people = 8

// writeForEver commits and settles until it is killed, and says what was
// acknowledged.
func writeForEver(t *testing.T, path string) {
	db, err := bolt.Open(path, bolt.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	ack := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		os.Stdout.WriteString("ack " + text + "\n")
	}
	fmt.Println()
	var all sync.WaitGroup
	for p := range people {
		all.Go(func() {
			person := fmt.Sprint("person-", p)
			for {
				th, err := db.Thread(t.Context(), web(person))
				if err != nil {
					panic(err)
				}
				text := fmt.Sprint(person, " ", th.Version+1)
				if _, err := tryWrite(t, db, person, text); err != nil {
					panic(err)
				}
				ack(text)
				ls, err := db.Lease(t.Context(), time.Now(), time.Now().Add(time.Nanosecond), 2)
				if err != nil {
					panic(err)
				}
				for _, l := range ls {
					err := db.Settle(t.Context(), l, store.Outcome{
						Done: true, Entry: &store.Entry{Text: "sent " + l.Key}, Receipt: &channels.Receipt{ID: "r"},
					})
					if err == nil {
						ack("job " + l.Key)
					} else if !errors.Is(err, store.ErrLost) {
						panic(err)
					}
				}
			}
		})
	}
	all.Wait()
}

// checkWhole looks for everything that was acknowledged, and for what is there
// in part or twice.
func checkWhole(t *testing.T, db *bolt.DB, round int, acknowledged map[string]bool) {
	t.Helper()
	texts := map[string]int{}
	receipts := map[string]bool{}
	for p := range people {
		th, err := db.Thread(t.Context(), web(fmt.Sprint("person-", p)))
		if err != nil {
			t.Fatal(err)
		}
		es, err := db.Entries(t.Context(), th.ID, 0, 1<<20)
		if err != nil || uint64(len(es)) != th.LastSeq {
			t.Fatalf("%d entries, and the thread says %d: %v", len(es), th.LastSeq, err)
		}
		turns := uint64(0)
		for _, e := range es {
			texts[e.Text]++
			if !strings.HasPrefix(e.Text, "sent ") {
				turns++
				if seen, err := db.Seen(t.Context(), store.EventKey{Channel: "web", ID: e.Text}); err != nil || !seen {
					t.Fatalf("%q is there without its event: %v", e.Text, err)
				}
			}
		}
		if turns != th.Version {
			t.Fatalf("%d turns, and the version is %d", turns, th.Version)
		}
		rs, err := db.Receipts(t.Context(), th.ID)
		if err != nil {
			t.Fatal(err)
		}
		for k := range rs {
			receipts[k] = true
		}
	}
	for said := range acknowledged {
		_, text, _ := strings.Cut(said, " ")
		if k, job := strings.CutPrefix(text, "job "); job {
			if text = "sent " + k; !receipts[k] {
				t.Fatalf("round %d: the receipt of %q was acknowledged and is lost", round, k)
			}
		}
		if texts[text] == 0 {
			t.Fatalf("round %d: %q was acknowledged and is lost", round, text)
		}
	}
	for text, n := range texts {
		if n != 1 {
			t.Fatalf("round %d: %q is there %d times", round, text, n)
		}
	}
}

// TestFullDisk lets the file reach a limit. Then nothing is acknowledged, and
// once there is room it goes on without being opened anew.
func TestFullDisk(t *testing.T) {
	path := os.Getenv(childFile)
	if path == "" {
		out, err := child(t, filepath.Join(t.TempDir(), "sarai.db")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	limit := func(size uint64) { t.Helper(); limitFiles(t, size) }
	big := strings.Repeat("x", 30_000)
	kept := map[string]bool{}
	db := open(t, path, bolt.Options{})
	for i := range 10 {
		text := fmt.Sprint("before ", i, big)
		write(t, db, fmt.Sprint(i), text)
		kept[text] = true
	}
	// Less than the file has already been grown to, so that single writes fail, in
	// their middle too; and less than it must next be grown to.
	for round, size := range []uint64{1_000_000, 1_001_234, 1 << 30} {
		if round == 2 {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			size = uint64(info.Size())
		}
		limit(size)
		failed := map[string]bool{}
		for i := 0; len(failed) < 20; i++ {
			var mu sync.Mutex
			var group sync.WaitGroup
			for p := range 8 {
				group.Go(func() {
					text := fmt.Sprint(round, " ", i, " ", p, big)
					_, err := tryWrite(t, db, fmt.Sprint(p), text)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						kept[text] = true
					} else if failed[text] = true; strings.Contains(err.Error(), path) {
						t.Errorf("the error names the file: %v", err)
					}
				})
			}
			group.Wait()
		}
		for text := range failed {
			if seen, err := db.Seen(t.Context(), store.EventKey{Channel: "web", ID: text}); err != nil || seen {
				t.Fatalf("a turn that failed for want of room is seen: %v", err)
			}
		}
		limit(1 << 40)
		if err := db.Ready(t.Context()); err != nil {
			t.Fatalf("there is room again, and still: %v", err)
		}
		text := fmt.Sprint("after ", round)
		write(t, db, "after", text)
		kept[text] = true
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, path, bolt.Options{})
	for text := range kept {
		if seen, err := db.Seen(t.Context(), store.EventKey{Channel: "web", ID: text}); err != nil || !seen {
			t.Fatalf("a turn was acknowledged and is lost: %v", err)
		}
	}
}

// limitFiles lets no file become longer: writing fails as on a full disk.
func limitFiles(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
	l.Cur = min(size, l.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
}

// TestFullDiskLeasesNothing: what cannot be settled is not begun, and what was
// begun before can be settled once there is room.
func TestFullDiskLeasesNothing(t *testing.T) {
	path := os.Getenv(childFile)
	if path == "" {
		out, err := child(t, filepath.Join(t.TempDir(), "sarai.db")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	db := open(t, path, bolt.Options{})
	for i := range 3 {
		write(t, db, fmt.Sprint(i), fmt.Sprint("before ", i))
	}
	lease := func(n int) ([]store.Leased, error) {
		return db.Lease(t.Context(), time.Now(), time.Now().Add(time.Minute), n)
	}
	begun, err := lease(1)
	if err != nil || len(begun) != 1 {
		t.Fatal(len(begun), err)
	}
	limitFiles(t, 4096)
	if err := db.Settle(t.Context(), begun[0], store.Outcome{Done: true}); err == nil || errors.Is(err, store.ErrLost) {
		t.Fatalf("settled without room: %v", err)
	}
	if ls, err := lease(10); err == nil {
		t.Fatalf("%d jobs were leased that cannot be settled", len(ls))
	}
	limitFiles(t, 1<<40)
	if ls, err := lease(10); err != nil || len(ls) != 2 {
		t.Fatalf("there is room again, and %d jobs were leased: %v", len(ls), err)
	}
	if err := db.Settle(t.Context(), begun[0], store.Outcome{Done: true}); err != nil {
		t.Fatal(err)
	}
}
