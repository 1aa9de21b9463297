// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sarai/store"
)

func keepAs(f store.File) store.Judge {
	return func(io.ReaderAt, int64) (store.File, error) { return f, nil }
}

var aVoice = store.File{State: store.Kept, Type: "audio/ogg", Name: "Canary-name", At: time.Unix(1, 0)}

// inFolder lists the folder of files, with modes checked.
func inFolder(t *testing.T, db *DB) []string {
	t.Helper()
	info, err := os.Stat(db.media.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the folder has mode %v: %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(db.media.path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Fatalf("a file has mode %v: %v", info.Mode(), err)
		}
		names = append(names, e.Name())
	}
	return names
}

// TestTheFolderHoldsWhatTheRecordsSay looks into the folder after everything
// that can happen to a file.
func TestTheFolderHoldsWhatTheRecordsSay(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	ctx := context.Background()
	holds := func(n int) []string {
		t.Helper()
		names := inFolder(t, db)
		if len(names) != n {
			t.Fatalf("%d files in the folder, want %d: %v", len(names), n, names)
		}
		return names
	}
	id := fill(t, db) // keeps one
	for _, name := range holds(1) {
		if strings.Contains(name, "Canary") || strings.Contains(name, string(id)) {
			t.Fatalf("the name %q says something", name)
		}
	}
	keep := func(file string, r io.Reader, f store.File) error {
		_, err := db.KeepFile(ctx, id, file, r, keepAs(f))
		return err
	}
	for _, file := range []string{"a", "a", "b"} {
		if err := keep(file, strings.NewReader(file), aVoice); err != nil {
			t.Fatal(err)
		}
	}
	holds(3)
	harmful := aVoice
	harmful.State = store.Harmful
	if err := keep("c", strings.NewReader("MZ"), harmful); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	w.CloseWithError(errors.New("the line broke"))
	if err := keep("d", r, aVoice); err == nil || err.Error() != "the line broke" {
		t.Fatalf("got %v", err)
	}
	holds(3)
	if _, err := db.EraseFile(ctx, id, "a", time.Now()); err != nil {
		t.Fatal(err)
	}
	holds(2)
	if err := db.DropFile(ctx, id, "b"); err != nil {
		t.Fatal(err)
	}
	holds(1)
	if err := db.Erase(ctx, id); err != nil {
		t.Fatal(err)
	}
	holds(0)
	each(t, db, func(bucket string, k, _ []byte) {
		if bucket == bucketMedia {
			t.Errorf("a name of the folder is left: %q", k)
		}
	})
}

// TestWhatAKillLeaves puts into the folder what a kill leaves at each place, and
// takes out what a bad copy lacks.
func TestWhatAKillLeaves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sarai.db")
	o := Options{Key: make([]byte, KeySize), NoSync: true}
	db, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	id := fill(t, db)
	for _, file := range []string{"a", "b"} {
		if _, err := db.KeepFile(context.Background(), id, file, strings.NewReader(file), keepAs(aVoice)); err != nil {
			t.Fatal(err)
		}
	}
	lost := ""
	_, fields := record(t, db, id, "b")
	lost = fields.Path
	litter := func() {
		for _, name := range []string{random(), random() + unfinished} {
			if err := os.WriteFile(db.media.of(name), []byte("litter"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	litter()
	if err := os.Remove(db.media.of(lost)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(path, o); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	check := func() {
		t.Helper()
		if names := inFolder(t, db); len(names) != 2 { // the one of fill, and a
			t.Fatalf("the folder holds %v", names)
		}
		if n := db.LostFiles(); n != 1 {
			t.Fatalf("%d files are missed, want one", n)
		}
	}
	check()
	if _, _, err := db.OpenFile(context.Background(), id, "b"); !errors.Is(err, store.ErrNoContent) || strings.Contains(err.Error(), lost) {
		t.Fatalf("a file without content: %v", err)
	}
	// While it runs a sweep takes litter and leaves what is being written.
	litter()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := db.KeepFile(context.Background(), id, "c", r, keepAs(aVoice))
		done <- err
	}()
	if _, err := w.Write([]byte("half ")); err != nil { // it is open and written to
		t.Fatal(err)
	}
	if err := db.Sweep(context.Background(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("and half")); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f, c, err := db.OpenFile(context.Background(), id, "c")
	if err != nil || f.Size != 13 {
		t.Fatalf("kept %v, %v", f, err)
	}
	c.Close()
	if _, err := db.EraseFile(context.Background(), id, "c", time.Now()); err != nil {
		t.Fatal(err)
	}
	check()
}

func record(t *testing.T, db *DB, id store.ThreadID, file string) (f store.File, fields fileFields) {
	t.Helper()
	err := db.view(context.Background(), func(t *txn) (err error) {
		f, fields, err = db.readFile(t, id, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f, fields
}

// TestAFolderThatCannotBeUsed: what is wrong is said without a path, and the
// talk goes on.
func TestAFolderThatCannotBeUsed(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	th := commitOne(t, db)
	if err := os.WriteFile(db.media.path, []byte("a file where the folder should be"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := db.KeepFile(context.Background(), th, "a", strings.NewReader("a"), keepAs(aVoice))
	if err == nil || !strings.HasPrefix(err.Error(), "store: a file cannot be written") || strings.Contains(err.Error(), filepath.Dir(db.media.path)) {
		t.Fatalf("got %v", err)
	}
	if err := putSmall(db, "on"); err != nil {
		t.Fatal(err)
	}
}

// TestFilesLeaveRoomForMessages: with little room on the disk no file is kept,
// and messages are.
func TestFilesLeaveRoomForMessages(t *testing.T) {
	db := openHere(t, Options{NoSync: true, Reserve: 1 << 62})
	id := commitOne(t, db)
	_, err := db.KeepFile(context.Background(), id, "a", strings.NewReader("a"), keepAs(aVoice))
	if !errors.Is(err, store.ErrNoRoom) {
		t.Fatalf("got %v", err)
	}
	if _, err := db.NoteFile(context.Background(), id, store.File{ID: "b", State: store.Gone}); err != nil {
		t.Fatal(err)
	}
	if err := putSmall(db, "on"); err != nil {
		t.Fatal(err)
	}
	if names := inFolder(t, db); len(names) != 0 {
		t.Fatalf("the folder holds %v", names)
	}
}

func commitOne(t *testing.T, db *DB) store.ThreadID {
	t.Helper()
	th, err := db.Thread(context.Background(), canary)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		t.Fatal(err)
	}
	return th.ID
}
