// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
)

func openHere(t *testing.T, o Options) *DB {
	t.Helper()
	o.Key = bytes.Repeat([]byte{7}, KeySize)
	db, err := Open(filepath.Join(t.TempDir(), "sarai.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// hold keeps the committer busy until release is called.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	running, gate, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- db.update(context.Background(), func(*txn) error {
			close(running)
			<-gate
			return nil
		})
	}()
	<-running
	return func() {
		t.Helper()
		close(gate)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// waits polls until n changes wait for the committer.
func waits(t *testing.T, db *DB, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(db.queue) != n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d changes wait, want %d", len(db.queue), n)
		}
		time.Sleep(time.Millisecond)
	}
}

func putSmall(db *DB, key string) error {
	return db.Put(context.Background(), "b", key, []byte("x"), time.Time{})
}

func has(t *testing.T, db *DB, key string) bool {
	t.Helper()
	_, err := db.Get(context.Background(), "b", key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestWhatWaitsSharesOneTransaction(t *testing.T) {
	db := openHere(t, Options{})
	release := hold(t, db)
	answers := make(chan error, 64)
	for i := range 64 {
		go func() { answers <- putSmall(db, fmt.Sprint(i)) }()
	}
	waits(t, db, 64)
	before := transactions(db)
	release()
	for range 64 {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	if n := transactions(db) - before; n != 1 {
		t.Fatalf("64 changes that waited took %d transactions, want 1", n)
	}
}

// transactions counts the commits that wrote something.
func transactions(db *DB) (n int) {
	db.bolt.View(func(tx *bbolt.Tx) error {
		n = tx.ID()
		return nil
	})
	return n
}

func TestChangesThatSpoilTheTransaction(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	release := hold(t, db)
	type change struct {
		apply func(*txn) error
		fails string
	}
	changes := []change{
		{func(t *txn) error { t.put(bucketMeta, []byte("good"), nil); return nil }, ""},
		{func(t *txn) error { t.put(bucketMeta, []byte("bad 1"), nil); panic("a person's words") }, "panic"},
		{func(t *txn) error { t.put(bucketMeta, []byte("bad 2"), nil); return store.ErrConflict }, "after it had written"},
		{func(t *txn) error { t.put(bucketMeta, make([]byte, 40_000), nil); return nil }, "key too large"},
		{func(t *txn) error { t.put(bucketMeta, []byte("good too"), nil); return nil }, ""},
		{func(t *txn) error { return store.ErrConflict }, store.ErrConflict.Error()},
	}
	answers := make([]chan error, len(changes))
	for i, c := range changes {
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- db.update(context.Background(), c.apply) }()
		waits(t, db, i+1)
	}
	release()
	for i, c := range changes {
		err := <-answers[i]
		switch {
		case c.fails == "" && err != nil:
			t.Errorf("change %d is good and was answered %v", i, err)
		case c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails) || strings.Contains(err.Error(), "words")):
			t.Errorf("change %d: %v, want %q", i, err, c.fails)
		}
	}
	db.view(context.Background(), func(x *txn) error {
		for key, want := range map[string]bool{"good": true, "good too": true, "bad 1": false, "bad 2": false} {
			if got := x.get(bucketMeta, []byte(key)) != nil; got != want {
				t.Errorf("%q is stored: %v", key, got)
			}
		}
		return nil
	})
	if err := db.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestFullQueueIsBusy(t *testing.T) {
	db := openHere(t, Options{NoSync: true, QueueSize: 2})
	release := hold(t, db)
	answers := make(chan error, 2)
	for i := range 2 {
		go func() { answers <- putSmall(db, fmt.Sprint(i)) }()
	}
	waits(t, db, 2)
	if err := putSmall(db, "too many"); !errors.Is(err, store.ErrBusy) {
		t.Fatalf("got %v, want ErrBusy", err)
	}
	release()
	for range 2 {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	if has(t, db, "too many") || !has(t, db, "1") {
		t.Fatal("the wrong ones were stored")
	}
}

func TestCallerLeaves(t *testing.T) {
	db := openHere(t, Options{NoSync: true})

	// While it waits: nothing happens.
	release := hold(t, db)
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	go func() { answer <- db.Put(ctx, "b", "left", nil, time.Time{}) }()
	waits(t, db, 1)
	cancel()
	if err := <-answer; !errors.Is(err, store.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want ErrBusy", err)
	}
	release()
	if has(t, db, "left") {
		t.Fatal("ErrBusy, and yet it was committed")
	}

	// While it is committed: it must not believe that nothing happened.
	running, gate := make(chan struct{}), make(chan struct{})
	ctx, cancel = context.WithCancel(context.Background())
	go func() {
		answer <- db.update(ctx, func(t *txn) error {
			close(running)
			<-gate
			t.put(bucketMeta, []byte("stayed"), nil)
			return nil
		})
	}()
	<-running
	cancel()
	if err := <-answer; errors.Is(err, store.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the context's error alone", err)
	}
	close(gate)
	if err := db.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	db.view(context.Background(), func(x *txn) error {
		if x.get(bucketMeta, []byte("stayed")) == nil {
			t.Error("what was being committed is not there")
		}
		return nil
	})
}

// TestCloseCommitsWhatWaits shows that nobody is left without an answer.
func TestCloseCommitsWhatWaits(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	release := hold(t, db)
	answers := make(chan error, 10)
	for i := range 10 {
		go func() { answers <- putSmall(db, fmt.Sprint(i)) }()
	}
	waits(t, db, 10)
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	release()
	for range 10 {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if err := putSmall(db, "late"); !errors.Is(err, errClosed) {
		t.Fatalf("got %v, want %v", err, errClosed)
	}
}

func TestUndone(t *testing.T) {
	for _, x := range []struct {
		err  error
		want bool
	}{
		{&fs.PathError{Op: "write", Err: syscall.ENOSPC}, true},
		{fmt.Errorf("file resize error: %s", syscall.EFBIG), true},
		{&fs.PathError{Op: "sync", Err: syscall.EIO}, false},
		{fmt.Errorf("file sync error: %s", syscall.EIO), false},
		{syscall.EIO, false},
	} {
		if got := undone(x.err); got != x.want {
			t.Errorf("undone(%v) = %v", x.err, got)
		}
	}
}

// TestReadOnlyFolder: root may write everywhere, so the disk refuses here.
func TestReadOnlyFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sarai.db")
	_, err := Open(path, Options{Key: make([]byte, KeySize), openFile: func(path string, _ int, _ os.FileMode) (*os.File, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EROFS}
	}})
	if err == nil || err.Error() != "store: the file cannot be opened: read-only file system" {
		t.Fatalf("got %v", err)
	}
}

// TestWhoAndWhatIsInBlobsOnly looks at the plain file: of the names and words of
// a talk, keys and clear fields hold nothing.
func TestWhoAndWhatIsInBlobsOnly(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	id := fill(t, db)
	secret := []string{"canary"}
	var blobs int
	each(t, db, func(bucket string, k, v []byte) {
		clear := [][]byte{k}
		switch bucket {
		case bucketWork, bucketMember, bucketSmall:
			clear = append(clear, clearPart(t, v))
			blobs++
		case bucketCount:
			clear = append(clear, v[:8])
			blobs++
		case bucketMonth:
			blobs++
		case bucketFailed:
			clear = append(clear, v)
		case bucketTalks:
			switch kind := k[1+len(id)]; kind {
			case talkThread, talkFile:
				clear = append(clear, clearPart(t, v))
				blobs++
			case talkEntry, talkReceipt, talkDraft:
				blobs++
			default:
				clear = append(clear, v)
			}
		default:
			clear = append(clear, v)
		}
		for _, b := range clear {
			for _, s := range secret {
				if bytes.Contains(bytes.ToLower(b), []byte(s)) {
					t.Errorf("in the clear in bucket %q: %q", bucket, b)
				}
			}
		}
	})
	if blobs < 9 {
		t.Fatalf("only %d blobs: the test looks at the wrong things", blobs)
	}
}

// TestErasedFileHoldsNothing looks at every record after erasing: none has the
// thread's ID, a hash of an address or event, or a word.
func TestErasedFileHoldsNothing(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	id := fill(t, db)
	traces := [][]byte{
		[]byte(id), db.addressKey(canary), db.eventKey(store.EventKey{Channel: "web", ID: "Canary-event"}), []byte("Canary text"), []byte("case-1"),
	}
	count := func() (n int) {
		each(t, db, func(_ string, k, v []byte) {
			for _, s := range traces {
				if bytes.Contains(k, s) || bytes.Contains(v, s) {
					n++
				}
			}
		})
		return n
	}
	if before := count(); before < 15 {
		t.Fatalf("only %d traces before erasing: the test looks for the wrong things", before)
	}
	if err := db.Erase(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 0 {
		t.Fatalf("%d traces are left", n)
	}
}

var canary = channels.Address{Channel: "web", ID: "Canary-address"}

// fill stores one of everything, with names and words that can be found again.
func fill(t *testing.T, db *DB) store.ThreadID {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	th, err := db.Thread(ctx, canary)
	must(err)
	c := desk.New("case-1", desk.Asked, desk.Normal, []string{"canary-signal"}, time.Now())
	th.Case, th.State = &c, []byte(`"Canary-state"`)
	th.Comment = &store.Comment{ID: "Canary text", Post: "Canary text", Link: "Canary text", Person: "Canary text", Seq: 1, Said: time.Now()}
	turn := store.Turn{
		Thread:  th,
		Events:  []store.EventKey{{Channel: "web", ID: "Canary-event"}},
		Entries: []store.Entry{{Text: "Canary text"}},
		Counts: []store.Count{{
			Day: store.Day(time.Now().Format(time.DateOnly)), Name: store.CountPeople, N: 1, Once: true,
			Cell: store.Cell{store.ByCampaign: "Canary-code"},
		}},
	}
	for i := range 4 {
		turn.Jobs = append(turn.Jobs, store.Job{Key: fmt.Sprintf("%s/1/%d", th.ID, i), Lane: fmt.Sprint(th.ID, i), Body: []byte(`"Canary text"`)})
	}
	must(db.Commit(ctx, turn))
	ls, err := db.Lease(ctx, time.Now(), time.Now().Add(time.Hour), 3)
	must(err)
	must(db.Settle(ctx, ls[0], store.Outcome{Failed: true, Entry: &store.Entry{Text: "Canary text"}}))
	must(db.Settle(ctx, ls[1], store.Outcome{Done: true, Receipt: &channels.Receipt{ID: "Canary text"}}))
	must(db.PutReceipt(ctx, th.ID, ls[1].Key, channels.Receipt{State: channels.Read, Price: "Canary text"}, &store.Entry{Text: "Canary text"}))
	must(db.PutDraft(ctx, th.ID, "1", "Canary text"))
	_, err = db.KeepFile(ctx, th.ID, "file-1", strings.NewReader("x"), keepAs(aVoice))
	must(err)
	must(db.PutMember(ctx, store.Member{ID: "1", Login: "Canary-login", Name: "Canary-name"}))
	must(db.Put(ctx, "session", "Canary-token", []byte("Canary-session"), time.Now().Add(time.Hour)))
	return th.ID
}

// each calls f with every key and value of the file.
func each(t *testing.T, db *DB, f func(bucket string, k, v []byte)) {
	t.Helper()
	err := db.bolt.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				f(string(name), k, v)
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func clearPart(t *testing.T, v []byte) []byte {
	t.Helper()
	var fields map[string]any
	blob, err := split(v, &fields)
	if err != nil {
		t.Fatal(err)
	}
	return v[:len(v)-len(blob)]
}

func TestTimesSortAsTheirKeys(t *testing.T) {
	times := []time.Time{
		{}, time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, -1), time.Unix(0, 0), time.Unix(0, 1),
		time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for i := range times[1:] {
		if bytes.Compare(timeKey(times[i]), timeKey(times[i+1])) > 0 {
			t.Errorf("%v sorts after %v", times[i], times[i+1])
		}
	}
	for _, at := range times[2:8] {
		if got := keyTime(timeKey(at)); !got.Equal(at) {
			t.Errorf("%v came back as %v", at, got)
		}
	}
}
