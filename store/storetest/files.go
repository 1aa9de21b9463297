// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing/iotest"
	"time"

	"sarai/channels"
	"sarai/store"
)

// says is a judge that says f of everything.
func says(f store.File) store.Judge {
	return func(io.ReaderAt, int64) (store.File, error) { return f, nil }
}

var aPicture = store.File{State: store.Kept, Type: "image/png", Name: "پاسپورٹ.png", Seconds: 3, At: noon}

// keep keeps a file that must be kept.
func (t *teller) keep(id store.ThreadID, file, content string) store.File {
	t.T.Helper()
	f, err := t.KeepFile(t.ctx(), id, file, strings.NewReader(content), says(aPicture))
	t.must(err)
	return f
}

// content reads a file whole.
func (t *teller) content(id store.ThreadID, file string) string {
	t.T.Helper()
	_, c, err := t.OpenFile(t.ctx(), id, file)
	t.must(err)
	if c == nil {
		t.Fatal("a file has no content")
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	t.must(err)
	return string(b)
}

func fileKept(t *teller) {
	th := t.hear(address("ayesha"), "look at this")
	big := strings.Repeat("0123456789abcdef", 20_000)
	judged := ""
	f, err := t.KeepFile(t.ctx(), th.ID, "f1", iotest.OneByteReader(strings.NewReader(big)), func(c io.ReaderAt, size int64) (store.File, error) {
		b := make([]byte, 16)
		if _, err := c.ReadAt(b, size-16); err != nil && !errors.Is(err, io.EOF) {
			return store.File{}, err
		}
		judged = string(b)
		return aPicture, nil
	})
	t.must(err)
	want := aPicture
	want.ID, want.Size = "f1", int64(len(big))
	t.same(f, want)
	t.same(judged, "0123456789abcdef")
	t.same(t.read(th.ID), th) // a file moves no version

	t.keep(th.ID, "f2", "")
	t.Store = t.reopen(t.T, t.Store)
	t.same(t.content(th.ID, "f1"), big)
	t.same(t.content(th.ID, "f2"), "")
	files, err := t.Files(t.ctx(), th.ID)
	t.must(err)
	t.same(len(files), 2)
	t.same(files["f1"], want)

	// From any place, as a player asks for it.
	got, c, err := t.OpenFile(t.ctx(), th.ID, "f1")
	t.must(err)
	defer c.Close()
	t.same(got, want)
	b := make([]byte, 6)
	for _, at := range []int64{160_010, 10, int64(len(big)) - 6} {
		_, err = c.Seek(at, io.SeekStart)
		t.must(err)
		_, err = io.ReadFull(c, b)
		t.must(err)
		t.same(string(b), big[at:at+6])
	}
	end, err := c.Seek(0, io.SeekEnd)
	t.must(err)
	t.same(end, int64(len(big)))

	for _, no := range [][2]string{{string(th.ID), "f3"}, {"nobody", "f1"}, {"", "f1"}, {string(th.ID), ""}} {
		_, _, err = t.OpenFile(t.ctx(), store.ThreadID(no[0]), no[1])
		t.fails(err, store.ErrNotFound)
	}
}

func fileOnce(t *teller) {
	th := t.hear(address("ayesha"), "look at this")
	first := t.keep(th.ID, "f1", "first")
	t.same(t.keep(th.ID, "f1", "second"), first)
	t.same(t.content(th.ID, "f1"), "first")
	noted, err := t.NoteFile(t.ctx(), th.ID, store.File{ID: "f1", State: store.Gone, At: noon})
	t.must(err)
	t.same(noted, first)

	// What was given up stays given up.
	gone := store.File{ID: "f2", State: store.Gone, At: noon}
	noted, err = t.NoteFile(t.ctx(), th.ID, gone)
	t.must(err)
	t.same(noted, gone)
	t.same(t.keep(th.ID, "f2", "after all"), gone)
	f, c, err := t.OpenFile(t.ctx(), th.ID, "f2")
	t.must(err)
	t.same(f, gone)
	if c != nil {
		t.Fatal("what is gone has content")
	}

	// Sixteen at once: one is kept, and all are told which.
	var all sync.WaitGroup
	var wrong atomic.Int32
	for range 16 {
		all.Go(func() {
			f, err := t.KeepFile(t.ctx(), th.ID, "f3", strings.NewReader("one of many"), says(aPicture))
			if err != nil || f.Size != 11 {
				wrong.Add(1)
			}
		})
	}
	all.Wait()
	t.same(wrong.Load(), 0)
	t.same(t.content(th.ID, "f3"), "one of many")
	for _, bad := range []store.File{{ID: "f9", State: store.Kept}, {ID: "f9"}, {State: store.Gone}, {ID: strings.Repeat("x", 256), State: store.Gone}} {
		if _, err := t.NoteFile(t.ctx(), th.ID, bad); err == nil {
			t.Fatalf("a record was kept of %v", bad)
		}
	}
}

func fileRefused(t *teller) {
	th := t.hear(address("ayesha"), "look at this")
	harmful := store.File{State: store.Harmful, Name: "bill.exe", Size: 99, At: noon}
	f, err := t.KeepFile(t.ctx(), th.ID, "f1", strings.NewReader("MZ"), says(harmful))
	t.must(err)
	harmful.ID, harmful.Size = "f1", 0
	t.same(f, harmful)
	_, c, err := t.OpenFile(t.ctx(), th.ID, "f1")
	t.must(err)
	if c != nil {
		t.Fatal("what was refused has content")
	}

	// What fails leaves nothing, and can be tried again.
	broken := errors.New("the line broke")
	_, err = t.KeepFile(t.ctx(), th.ID, "f2", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), says(aPicture))
	t.fails(err, broken)
	_, err = t.KeepFile(t.ctx(), th.ID, "f2", strings.NewReader("x"), func(io.ReaderAt, int64) (store.File, error) { return aPicture, broken })
	t.fails(err, broken)
	_, _, err = t.OpenFile(t.ctx(), th.ID, "f2")
	t.fails(err, store.ErrNotFound)
	t.keep(th.ID, "f2", "whole")
	t.same(t.content(th.ID, "f2"), "whole")

	for _, id := range []store.ThreadID{"nobody", ""} {
		_, err = t.KeepFile(t.ctx(), id, "f1", strings.NewReader("x"), says(aPicture))
		t.fails(err, store.ErrNotFound)
		_, err = t.NoteFile(t.ctx(), id, store.File{ID: "f1", State: store.Gone, At: noon})
		t.fails(err, store.ErrNotFound)
		_, err = t.EraseFile(t.ctx(), id, "f1", noon)
		t.fails(err, store.ErrNotFound)
		t.must(t.DropFile(t.ctx(), id, "f1"))
		files, err := t.Files(t.ctx(), id)
		t.must(err)
		t.same(len(files), 0)
	}
}

func fileErased(t *teller) {
	th, other := t.hear(address("ayesha"), "a"), t.hear(address("bilal"), "b")
	t.keep(th.ID, "f1", "one")
	t.keep(th.ID, "f2", "two")
	t.keep(other.ID, "f1", "another's")
	_, open, err := t.OpenFile(t.ctx(), th.ID, "f1")
	t.must(err)
	defer open.Close()
	was, err := t.EraseFile(t.ctx(), th.ID, "f1", at(7))
	t.must(err)
	t.same(was, true)
	f, c, err := t.OpenFile(t.ctx(), th.ID, "f1")
	t.must(err)
	t.same(f, store.File{ID: "f1", State: store.Erased, At: at(7)})
	if c != nil {
		t.Fatal("what was erased has content")
	}
	b, err := io.ReadAll(open)
	t.must(err)
	t.same(string(b), "one")
	was, err = t.EraseFile(t.ctx(), th.ID, "f1", at(8))
	t.must(err)
	t.same(was, false)
	_, err = t.EraseFile(t.ctx(), th.ID, "f9", at(8))
	t.fails(err, store.ErrNotFound)
	// It does not come back by being fetched once more.
	t.same(t.keep(th.ID, "f1", "one"), store.File{ID: "f1", State: store.Erased, At: at(7)})
	t.same(t.content(th.ID, "f2"), "two")
	t.same(t.content(other.ID, "f1"), "another's")

	// Erasing the talk takes the rest, while somebody keeps one more.
	begun, on := make(chan struct{}), make(chan struct{})
	late := make(chan error, 1)
	go func() {
		_, err := t.KeepFile(context.WithoutCancel(t.ctx()), th.ID, "f3", strings.NewReader("late"), func(io.ReaderAt, int64) (store.File, error) {
			close(begun)
			<-on
			return aPicture, nil
		})
		late <- err
	}()
	<-begun
	t.must(t.Erase(t.ctx(), th.ID))
	close(on)
	t.fails(<-late, store.ErrNotFound)
	for _, file := range []string{"f1", "f2", "f3"} {
		_, _, err = t.OpenFile(t.ctx(), th.ID, file)
		t.fails(err, store.ErrNotFound)
	}
	t.same(t.content(other.ID, "f1"), "another's")
}

func fileStaged(t *teller) {
	th := t.hear(address("ayesha"), "a")
	for _, file := range []string{"used", "unused", "dropped", "of the person", "of a note"} {
		_, err := t.StageFile(t.ctx(), th.ID, file, bytes.NewReader([]byte(file)), says(aPicture))
		t.must(err)
		t.same(t.content(th.ID, file), file)
	}
	th = t.commit(store.Turn{Thread: th, Entries: []store.Entry{
		{Author: store.Staff, Text: "here", Media: []channels.Media{{ID: "used"}, {ID: "nothing"}, {}}},
		{Author: store.Person, Media: []channels.Media{{ID: "of the person", Staged: true}}},
		{Author: store.Note, Media: []channels.Media{{ID: "of a note"}}},
	}})
	t.must(t.DropFile(t.ctx(), th.ID, "dropped"))
	t.must(t.DropFile(t.ctx(), th.ID, "dropped"))
	t.must(t.Sweep(t.ctx(), noon)) // somebody may still be about to use it
	t.same(t.content(th.ID, "unused"), "unused")
	t.Store = t.reopen(t.T, t.Store)
	for _, file := range []string{"used", "of the person"} {
		t.same(t.content(th.ID, file), file)
	}
	for _, file := range []string{"unused", "dropped", "of a note"} {
		_, _, err := t.OpenFile(t.ctx(), th.ID, file)
		t.fails(err, store.ErrNotFound)
	}
	t.Store = t.reopen(t.T, t.Store)
	t.same(t.content(th.ID, "used"), "used")

	// Who never names it: it waits for an hour, and then no entry can name it.
	_, err := t.StageFile(t.ctx(), th.ID, "late", strings.NewReader("late"), says(aPicture))
	t.must(err)
	t.must(t.Sweep(t.ctx(), noon.Add(store.StagedFor)))
	t.same(t.content(th.ID, "late"), "late")
	t.must(t.Sweep(t.ctx(), noon.Add(store.StagedFor+time.Second)))
	_, _, err = t.OpenFile(t.ctx(), th.ID, "late")
	t.fails(err, store.ErrNotFound)
	t.same(t.content(th.ID, "of the person"), "of the person")
	names := store.Turn{Thread: th, Entries: []store.Entry{{Author: store.Person, Media: []channels.Media{{ID: "late", Staged: true}}}}}
	t.fails(t.Commit(t.ctx(), names), store.ErrConflict)
	_, err = t.StageFile(t.ctx(), th.ID, "late", strings.NewReader("again"), says(aPicture))
	t.must(err)
	t.commit(names)
	t.must(t.Sweep(t.ctx(), noon.Add(2*store.StagedFor)))
	t.same(t.content(th.ID, "late"), "again")
}
