// SPDX-License-Identifier: GPL-3.0-or-later

package bolt_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/store"
	"sarai/store/bolt"
)

// freeze has TestFreeze write the folder of today's format into testdata. It is
// done once for each format, by the release that brings it, and never again.
var freeze = flag.String("freeze", "", "write testdata/`NAME`.tar.gz and NAME.json")

// frozenAt is when the talks of the frozen folders happened.
var frozenAt = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// frozenPeople are who wrote in them; nobody of that name exists.
var frozenPeople = []channels.Address{
	{Channel: "web", ID: "frozen-gulnora"}, {Channel: "web", ID: "frozen-hamid"}, {Channel: "telegram", ID: "1000000001"}, {Channel: "web", ID: "frozen-nobody"},
}

// tell fills a store with one of everything that a store keeps.
func tell(t *testing.T, db store.Store) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	png := func(name string) store.Judge {
		return func(io.ReaderAt, int64) (store.File, error) {
			return store.File{State: store.Kept, Type: "image/png", Name: name, At: frozenAt}, nil
		}
	}
	for i, who := range frozenPeople[:3] {
		th, err := db.Thread(ctx, who)
		must(err)
		th.Created, th.LastHeard, th.Centre, th.Campaign = frozenAt, frozenAt, "mrc-lahore", "radio"
		th.State = []byte(fmt.Sprintf(`{"dialog":{"n":%d}}`, i))
		th.Safety = store.Safety{Hours: "after dark", Word: "pomegranate"}
		switch i {
		case 0:
			c := desk.New("frozen-case-0", desk.Asked, desk.Urgent, []string{"captivity"}, frozenAt)
			th.Case = &c
		case 1:
			c := desk.New("frozen-case-1", desk.Asked, desk.Normal, nil, frozenAt)
			closed, err := c.Apply(desk.Close{Outcome: desk.NoReply}, desk.Program, frozenAt.Add(time.Hour))
			must(err)
			th.Case = &closed
		}
		turn := store.Turn{Thread: th, Events: []store.EventKey{{Channel: who.Channel, ID: fmt.Sprint("frozen-event-", i)}}}
		for k, text := range []string{"Protector kahan se hota hai?", "پروٹیکٹر کی مہر", "Хозяин забрал паспорт", "দালাল টাকা চায়"} {
			turn.Entries = append(turn.Entries, store.Entry{
				At: frozenAt.Add(time.Duration(k) * time.Minute), Said: frozenAt, Author: store.Person, Channel: who.Channel, Kind: channels.Text, ID: fmt.Sprint("m", k), Text: text,
				Media: []channels.Media{{ID: fmt.Sprint("file-", k)}},
			})
		}
		turn.Entries = append(turn.Entries, store.Entry{At: frozenAt, Author: store.Program, Blocks: []channels.Block{{Text: "The Protector's office stamps it."}}, Articles: []store.Cited{{Article: "protector-pk", Locale: "en", Hash: "3f9c1a7be204"}}})
		for k := range 5 {
			turn.Jobs = append(turn.Jobs, store.Job{
				Key: fmt.Sprintf("%s/0001/%04d", th.ID, k), Lane: fmt.Sprintf("%s/%d", th.ID, k%3), Priority: store.Priority(k % 4),
				Due: frozenAt.Add(time.Duration(k) * time.Minute), Kind: "send", Body: []byte(fmt.Sprintf(`{"to":"frozen","text":"words %d of %d"}`, k, i)), Made: frozenAt,
			})
		}
		must(db.Commit(ctx, turn))
		must(db.PutDraft(ctx, th.ID, "frozen-staff", fmt.Sprint("typed and not sent ", i)))
		_, err = db.KeepFile(ctx, th.ID, "file-0", strings.NewReader(strings.Repeat(fmt.Sprint("a picture of ", i, "\n"), 100*i)), png("پاسپورٹ.png"))
		must(err)
		_, err = db.KeepFile(ctx, th.ID, "file-1", strings.NewReader("soon erased"), png("gone.png"))
		must(err)
		_, err = db.EraseFile(ctx, th.ID, "file-1", frozenAt)
		must(err)
		_, err = db.NoteFile(ctx, th.ID, store.File{ID: "file-2", State: store.Harmful, Name: "game.apk", At: frozenAt})
		must(err)
		_, err = db.StageFile(ctx, th.ID, "file-staged", strings.NewReader("nothing names it"), png("staged.png"))
		must(err)
	}
	leased, err := db.Lease(ctx, frozenAt.Add(time.Hour), frozenAt.Add(2*time.Hour), 4)
	must(err)
	must(db.Settle(ctx, leased[0], store.Outcome{Failed: true, Entry: &store.Entry{At: frozenAt, Author: store.Event, Event: "not-sent", Text: "blocked"}}))
	must(db.Settle(ctx, leased[1], store.Outcome{Done: true, Receipt: &channels.Receipt{ID: "platform-1"}}))
	must(db.Settle(ctx, leased[2], store.Outcome{Again: frozenAt.Add(3 * time.Hour)}))
	gone, err := db.Thread(ctx, channels.Address{Channel: "telegram", ID: "1000000002"})
	must(err)
	must(db.Commit(ctx, store.Turn{Thread: gone, Entries: []store.Entry{{At: frozenAt, Author: store.Person, Text: "erase me"}}}))
	must(db.EraseWith(ctx, gone.ID, store.Job{Kind: "send", Priority: store.Third, Due: frozenAt, Made: frozenAt, Body: []byte(`"it is done"`)}, frozenAt.Add(1000*time.Hour)))
	must(db.PutMember(ctx, store.Member{ID: "frozen-staff", Login: "Zarina", Name: "Zarina (invented)", Role: store.Administrator, Centres: []content.CentreID{"mrc-lahore"}, Password: "$argon2id$invented", Active: true, Created: frozenAt}))
	must(db.PutMember(ctx, store.Member{ID: "frozen-left", Login: "farhod", Name: "Farhod (invented)", Role: store.Counsellor, Password: "$argon2id$invented", Created: frozenAt}))
	must(db.Put(ctx, "session", "token-1", []byte("a session"), frozenAt.Add(1000*time.Hour)))
	must(db.Put(ctx, "link", "token-2", []byte("a link"), time.Time{}))
}

// told reads everything that tell wrote, and what is leased of it.
func told(t *testing.T, db store.Store) []byte {
	t.Helper()
	ctx := t.Context()
	var all []any
	keep := func(v any, err error) {
		t.Helper()
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	for i, who := range frozenPeople {
		th, err := db.Thread(ctx, who)
		if th.Version == 0 {
			th.ID = "new"
		}
		keep(th, err)
		keep(db.Entries(ctx, th.ID, 0, 1000))
		keep(db.Receipts(ctx, th.ID))
		keep(db.Draft(ctx, th.ID, "frozen-staff"))
		keep(db.Seen(ctx, store.EventKey{Channel: who.Channel, ID: fmt.Sprint("frozen-event-", i)}))
		files, err := db.Files(ctx, th.ID)
		keep(files, err)
		for _, id := range []string{"file-0", "file-1", "file-2", "file-staged"} {
			f, c, err := db.OpenFile(ctx, th.ID, id)
			keep(f, err)
			if c == nil {
				continue
			}
			b, err := io.ReadAll(c)
			c.Close()
			keep([]any{len(b), string(b[:min(len(b), 20)])}, err)
		}
	}
	keep(db.OpenCases(ctx))
	keep(db.ClosedCases(ctx, 10))
	keep(db.ThreadOfCase(ctx, "frozen-case-1"))
	keep(db.FailedJobs(ctx, 10))
	keep(db.Members(ctx))
	keep(db.MemberByLogin(ctx, "ZARINA"))
	keep(db.All(ctx, "session"))
	keep(db.Get(ctx, "link", "token-2"))
	for range 3 {
		leased, err := db.Lease(ctx, frozenAt.Add(4*time.Hour), frozenAt.Add(5*time.Hour), 20)
		for i := range leased {
			leased[i].Token = ""
		}
		keep(leased, err)
	}
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func frozenClock() time.Time { return frozenAt.Add(24 * time.Hour) }

func TestFreeze(t *testing.T) {
	if *freeze == "" {
		return // it makes what TestFrozenFiles looks at
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sarai.db")
	db, err := bolt.Open(path, bolt.Options{Key: key, Now: frozenClock})
	if err != nil {
		t.Fatal(err)
	}
	tell(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	w := tar.NewWriter(z)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	if db, err = bolt.Open(path, bolt.Options{Key: key, Now: frozenClock}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for name, b := range map[string][]byte{*freeze + ".tar.gz": packed.Bytes(), *freeze + ".json": told(t, db)} {
		if err := os.WriteFile(filepath.Join("testdata", name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// thaw unpacks a frozen folder and gives the path of its store.
func thaw(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Open(filepath.Join("testdata", name+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, "sarai.db")
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.FileInfo().IsDir() {
			if err := os.Mkdir(filepath.Join(dir, h.Name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				t.Fatal(err)
			}
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, h.Name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFrozenFiles opens a folder of each format that there ever was, as the
// release that made it left it, and reads what was told to it.
func TestFrozenFiles(t *testing.T) {
	names, err := filepath.Glob("testdata/*.tar.gz")
	if err != nil || len(names) == 0 {
		t.Fatal("there are no frozen files", err)
	}
	for _, name := range names {
		name = strings.TrimSuffix(filepath.Base(name), ".tar.gz")
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			db := open(t, thaw(t, name), bolt.Options{NoSync: true, Now: frozenClock})
			if got := told(t, db); !bytes.Equal(got, want) {
				t.Fatalf("it does not say what was told:\n%s", got)
			}
		})
	}
}

// TestTheCopyFromBefore: an upgrade leaves the old file and content untouched
// under other names, for a week.
func TestTheCopyFromBefore(t *testing.T) {
	path := thaw(t, "format1")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	contents, err := os.ReadDir(filepath.Join(filepath.Dir(path), "media"))
	if err != nil {
		t.Fatal(err)
	}
	now := frozenClock()
	db := open(t, path, bolt.Options{NoSync: true, Now: func() time.Time { return now }})
	if names := strings.Join(db.OldCopies(), " "); names != "media.format1-2026-11-21 sarai.db.format1-2026-11-21" {
		t.Fatalf("the copies are %q", names)
	}
	copied := path + ".format1-2026-11-21"
	after, err := os.ReadFile(copied)
	if err != nil || !bytes.Equal(before, after) {
		t.Fatal("the copy is not what was there before", err)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal("others may read the copy", err)
	}
	if kept, err := os.ReadDir(filepath.Join(filepath.Dir(path), "media.format1-2026-11-21")); err != nil || len(kept) != len(contents) {
		t.Fatalf("%d of %d contents are in the copy: %v", len(kept), len(contents), err)
	}
	for _, x := range []struct {
		days, copies int
	}{{6, 2}, {7, 0}} {
		now = frozenClock().Add(time.Duration(x.days) * 24 * time.Hour)
		if err := db.Sweep(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if names := db.OldCopies(); len(names) != x.copies {
			t.Fatalf("after %d days there are %q", x.days, names)
		}
	}
}

// TestFrozenFilesGoOn: what came later than a format is kept in its files too.
func TestFrozenFilesGoOn(t *testing.T) {
	names, err := filepath.Glob("testdata/*.tar.gz")
	if err != nil || len(names) == 0 {
		t.Fatal("there are no frozen files", err)
	}
	for _, name := range names {
		name = strings.TrimSuffix(filepath.Base(name), ".tar.gz")
		t.Run(name, func(t *testing.T) {
			ctx, path := t.Context(), thaw(t, name)
			db := open(t, path, bolt.Options{NoSync: true, Now: frozenClock})
			if rows, err := db.OpenComments(ctx, time.Time{}, 10); err != nil || len(rows) != 0 {
				t.Fatalf("%d comments from before there were any: %v", len(rows), err)
			}
			told := 0
			for i, who := range frozenPeople[:3] {
				th, err := db.Thread(ctx, who)
				if err != nil {
					t.Fatal(err)
				}
				rs, err := db.Receipts(ctx, th.ID)
				if err != nil {
					t.Fatal(err)
				}
				for key, r := range rs {
					told++
					err := db.PutReceipt(ctx, th.ID, key, channels.Receipt{State: channels.Read, At: frozenAt}, nil)
					now, _, err2 := db.Receipt(ctx, th.ID, key)
					if err := errors.Join(err, err2); err != nil || now.ID != r.ID || now.ID == "" || now.State != channels.Read {
						t.Fatalf("of a message from before is known %+v: %v", now, err)
					}
				}
				th.Comment = &store.Comment{ID: fmt.Sprint(i), Seq: th.LastSeq + 1, Said: frozenAt.Add(time.Duration(i) * time.Minute), State: store.CommentNew}
				if err := db.Commit(ctx, store.Turn{Thread: th, Entries: []store.Entry{{Text: fmt.Sprint("said ", i)}}}); err != nil {
					t.Fatal(err)
				}
			}
			if told != 1 {
				t.Fatalf("%d messages have a receipt, want one", told)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = open(t, path, bolt.Options{NoSync: true, Now: frozenClock})
			rows, err := db.OpenComments(ctx, frozenAt, 10)
			if err != nil || len(rows) != 2 || rows[0].Text != "said 2" || rows[1].Text != "said 1" {
				t.Fatalf("%+v, %v", rows, err)
			}
			// A job of today waits behind those of its lane from before, and all are done once.
			th, err := db.Thread(ctx, frozenPeople[2])
			if err != nil {
				t.Fatal(err)
			}
			today := store.Job{Key: fmt.Sprintf("%s/today/0", th.ID), Lane: fmt.Sprint(th.ID, "/0"), Priority: store.First, Due: frozenAt}
			if err := db.Commit(ctx, store.Turn{Thread: th, Jobs: []store.Job{today}}); err != nil {
				t.Fatal(err)
			}
			var done []string
			last := "" // of its lane
			for range 20 {
				ls, err := db.Lease(ctx, frozenAt.Add(4*time.Hour), frozenAt.Add(5*time.Hour), 20)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range ls {
					if l.Lane == today.Lane {
						last = l.Key
					}
					done = append(done, l.Key)
					if err := db.Settle(ctx, l, store.Outcome{Done: true}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if last != today.Key {
				t.Errorf("the last of its lane was %s", last)
			}
			slices.Sort(done)
			if n := len(done); n < 14 || len(slices.Compact(done)) != n {
				t.Errorf("%d jobs were done: %q", n, done)
			}
			if _, left, err := db.NextDue(ctx); err != nil || left {
				t.Errorf("something is left: %v", err)
			}
		})
	}
}
