// SPDX-License-Identifier: GPL-3.0-or-later

package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sarai/channels"
	"sarai/store"
	"sarai/store/bolt"
	"sarai/store/storetest"
)

// key is the installation key of all tests.
var key = bytes.Repeat([]byte{7}, bolt.KeySize)

// reopenable remembers where a store lies.
type reopenable struct {
	*bolt.DB
	path string
	o    bolt.Options
}

// open opens a store that is closed at the end of the test.
func open(t testing.TB, path string, o bolt.Options) *bolt.DB {
	t.Helper()
	o.Key = key
	db, err := bolt.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestContract(t *testing.T) {
	o := bolt.Options{NoSync: true}
	storetest.Run(t, func(t *testing.T) store.Store {
		path := filepath.Join(t.TempDir(), "sarai.db")
		return reopenable{open(t, path, o), path, o}
	}, func(t *testing.T, s store.Store) store.Store {
		r := s.(reopenable)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		return reopenable{open(t, r.path, r.o), r.path, r.o}
	})
}

func web(id string) channels.Address { return channels.Address{Channel: "web", ID: id} }

// write commits one turn of the person: an event, an entry and a job that all
// carry the text.
func write(t testing.TB, db store.Store, person, text string) store.ThreadID {
	t.Helper()
	id, err := tryWrite(t, db, person, text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func tryWrite(t testing.TB, db store.Store, person, text string) (store.ThreadID, error) {
	th, err := db.Thread(t.Context(), web(person))
	if err != nil {
		return "", err
	}
	return th.ID, db.Commit(t.Context(), store.Turn{
		Thread:  th,
		Events:  []store.EventKey{{Channel: "web", ID: text}},
		Entries: []store.Entry{{Text: text}},
		Jobs:    []store.Job{{Key: fmt.Sprintf("%s/%d/0", th.ID, th.Version+1), Lane: string(th.ID), Body: []byte(text)}},
	})
}

// refuses checks that Open fails with one clear line that holds the words and
// nothing of the path.
func refuses(t *testing.T, path string, o bolt.Options, words string) error {
	t.Helper()
	db, err := bolt.Open(path, o)
	if err == nil {
		db.Close()
		t.Fatal("the file was opened")
	}
	for _, no := range []string{"\n", "panic", "assertion", path, filepath.Dir(path)} {
		if strings.Contains(err.Error(), no) {
			t.Fatalf("the error holds %q: %v", no, err)
		}
	}
	if !strings.Contains(err.Error(), words) {
		t.Fatalf("the error does not say %q: %v", words, err)
	}
	return err
}

func TestSecondOpener(t *testing.T) {
	t.Parallel() // it waits for the lock
	path := filepath.Join(t.TempDir(), "sarai.db")
	db := open(t, path, bolt.Options{NoSync: true})
	refuses(t, path, bolt.Options{Key: key}, "another Sarai uses this file")
	write(t, db, "ayesha", "the first goes on")
}

func TestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sarai.db")
	for _, k := range [][]byte{nil, key[:31], append(key[:32:32], 0)} {
		refuses(t, path, bolt.Options{Key: k}, "must have 32 bytes")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("a refused key left a file")
	}
	db := open(t, path, bolt.Options{NoSync: true})
	id := write(t, db, "ayesha", "hello")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	refuses(t, path, bolt.Options{Key: bytes.Repeat([]byte{8}, 32)}, "is not the one")
	db = open(t, path, bolt.Options{NoSync: true})
	if th, err := db.Thread(t.Context(), web("ayesha")); err != nil || th.ID != id {
		t.Fatal("the right key does not find the thread again", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, want 0600: %v", info.Mode(), err)
	}
}

// edit changes a closed store's file with bolt itself.
func edit(t *testing.T, path string, f func(tx *bbolt.Tx) error) {
	t.Helper()
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Update(f); err != nil {
		t.Fatal(err)
	}
}

func TestNewerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sarai.db")
	db := open(t, path, bolt.Options{NoSync: true})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, path, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("format"), binary.BigEndian.AppendUint64(nil, 4))
	})
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	err = refuses(t, path, bolt.Options{Key: key}, "format 4")
	if !errors.Is(err, store.ErrNewer) {
		t.Fatalf("got %v, want ErrNewer", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Fatal("a file of a newer version was changed", err)
	}
}

func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	b, err := bbolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	edit(t, foreign, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	})
	refuses(t, foreign, bolt.Options{Key: key}, "not Sarai's")

	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("these are not pages\n"), 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(t, text, bolt.Options{Key: key}, "the file is damaged")
	refuses(t, filepath.Join(dir, "missing", "sarai.db"), bolt.Options{Key: key}, "no such file or directory")
	refuses(t, dir, bolt.Options{Key: key}, "it is a directory")
}

// TestDamage opens copies of a file that end too early or in which bytes were
// changed. None may end the program, whatever it reads or writes then.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sarai.db")
	db := open(t, path, bolt.Options{NoSync: true})
	var id store.ThreadID
	for i := range 300 {
		id = write(t, db, fmt.Sprint(i%20), fmt.Sprint("text ", i, strings.Repeat(" and on", i%40*10)))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := len(bytes.TrimRight(whole, "\x00"))

	book, err := os.ReadFile(filepath.Join(filepath.Dir(path), bolt.KeysFile))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	tryCopy := func(b []byte, size int) bool {
		if err := os.WriteFile(filepath.Join(filepath.Dir(copied), bolt.KeysFile), book, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(copied, int64(size)); err != nil {
			t.Fatal(err)
		}
		db, err := bolt.Open(copied, bolt.Options{Key: key, NoSync: true})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than one line: %v", err)
			}
			return false
		}
		ctx := t.Context()
		db.ThreadByID(ctx, id)
		db.Entries(ctx, id, 0, 1000)
		db.FailedJobs(ctx, 10)
		db.OpenCases(ctx)
		db.Lease(ctx, time.Now(), time.Now().Add(time.Minute), 10)
		tryWrite(t, db, "0", "once more")
		db.Erase(ctx, id)
		db.Close()
		return true
	}
	if !tryCopy(whole[:used], len(whole)) {
		t.Fatal("the whole file was refused")
	}
	for size := 1; size < used; size += 1 + used/40 {
		if tryCopy(whole[:size], size) {
			t.Fatalf("a file of %d bytes was opened after it was cut to %d", used, size)
		}
	}
	page := os.Getpagesize()
	r := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 300 {
		b := bytes.Clone(whole[:used])
		// Mostly at the begin of a page, where its structure is.
		at := r.IntN(used/page)*page + r.IntN(page)
		if r.IntN(3) > 0 {
			at = at/page*page + r.IntN(64)
		}
		for i := range 1 + r.IntN(8) {
			if at+i < used {
				b[at+i] = byte(r.Uint32())
			}
		}
		if !tryCopy(b, len(whole)) {
			refused++
		}
	}
	t.Logf("%d of 300 damaged copies were refused", refused)
	if refused < 50 {
		t.Fatalf("only %d of 300 damaged copies were refused", refused)
	}
}

// TestLeaseAmongMany leases out of 100,000 jobs, some lanes of which are long.
func TestLeaseAmongMany(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "sarai.db"), bolt.Options{NoSync: true})
	fill(t, db, 100_000)
	began := time.Now()
	const rounds = 100
	for i := range rounds {
		ls, err := db.Lease(t.Context(), time.Now(), time.Now().Add(time.Hour), 10)
		if err != nil || len(ls) != 10 {
			t.Fatalf("round %d: %d jobs, %v", i, len(ls), err)
		}
		if _, _, err := db.NextDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// Measured: 0.4 ms a round of ten on two cores. A scan of all jobs takes 100.
	each := time.Since(began) / rounds
	t.Logf("leasing ten of 100,000 jobs takes %v", each)
	if each > 10*time.Millisecond {
		t.Fatal("that is too long")
	}
}

// fill adds n due jobs, a hundred of each thread: half in one lane, half in
// lanes of their own.
func fill(t testing.TB, db store.Store, n int) {
	t.Helper()
	for i := range n / 100 {
		th, err := db.Thread(t.Context(), web(fmt.Sprint("filler-", i)))
		if err != nil {
			t.Fatal(err)
		}
		turn := store.Turn{Thread: th}
		for k := range 100 {
			lane := string(th.ID)
			if k%2 == 0 {
				lane = fmt.Sprint(th.ID, k)
			}
			turn.Jobs = append(turn.Jobs, store.Job{
				Key: fmt.Sprintf("%s/1/%d", th.ID, k), Lane: lane, Priority: store.Priority(k % 3),
				Due: time.Now().Add(-time.Duration(i*k) * time.Millisecond), Body: make([]byte, 200),
			})
		}
		if err := db.Commit(t.Context(), turn); err != nil {
			t.Fatal(err)
		}
	}
}
