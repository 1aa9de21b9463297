// SPDX-License-Identifier: GPL-3.0-or-later

package backup_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"go.etcd.io/bbolt"

	"sarai/backup"
	"sarai/channels"
	"sarai/store"
	"sarai/store/bolt"
	"sarai/store/keys"
)

var key = bytes.Repeat([]byte{7}, bolt.KeySize)

var yesterday = time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)

// A centre is an installation with its folder of backups.
type centre struct {
	t            testing.TB
	data, folder string
	db           *bolt.DB
	recovery     *age.X25519Identity
}

func newCentre(t testing.TB) *centre {
	t.Helper()
	c := &centre{t: t, data: t.TempDir(), folder: filepath.Join(t.TempDir(), "backups")}
	var err error
	if c.recovery, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	c.db = openAt(t, c.data, key)
	return c
}

func openAt(t testing.TB, data string, key []byte) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(filepath.Join(data, "sarai.db"), bolt.Options{Key: key, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (c *centre) source() backup.Source { return backup.Source{DB: c.db, Data: c.data} }

func (c *centre) backs(now time.Time) backup.Result {
	c.t.Helper()
	r, err := backup.Write(c.t.Context(), c.source(), c.folder, []age.Recipient{c.recovery.Recipient()}, now, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *centre) restoring(date string) backup.Restoring {
	return backup.Restoring{
		From: c.folder, Date: date, Identities: []age.Identity{c.recovery},
		Data: filepath.Join(c.t.TempDir(), "new"), Ended: []string{"desk-session"},
	}
}

// restores makes a new installation and opens it with the key that it made.
func (c *centre) restores(date string) (*bolt.DB, backup.Restored, string) {
	c.t.Helper()
	x := c.restoring(date)
	r, err := backup.Restore(c.t.Context(), x, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return openAt(c.t, x.Data, keyOf(c.t, x.Data)), r, x.Data
}

func keyOf(t testing.TB, data string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(data, "installation.key"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (c *centre) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func of(who string) channels.Address { return channels.Address{Channel: "web", ID: who} }

// says has somebody write.
func says(ctx context.Context, db *bolt.DB, who, text string) (store.ThreadID, error) {
	for {
		th, err := db.Thread(ctx, of(who))
		if err != nil {
			return "", err
		}
		th.LastHeard = yesterday
		err = db.Commit(ctx, store.Turn{
			Thread: th, Events: []store.EventKey{{Channel: "web", ID: who + fmt.Sprint(th.Version)}},
			Entries: []store.Entry{{Author: store.Person, Text: text, At: yesterday, Said: yesterday}},
			Jobs:    []store.Job{{Key: fmt.Sprintf("%s/%d/0", th.ID, th.Version+1), Lane: string(th.ID), Due: yesterday, Body: []byte(`"` + text + `"`)}},
		})
		if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrBusy) {
			continue
		}
		return th.ID, err
	}
}

func (c *centre) says(who, text string) store.ThreadID {
	c.t.Helper()
	id, err := says(c.t.Context(), c.db, who, text)
	c.must(err)
	return id
}

func (c *centre) sends(id store.ThreadID, file, content string) {
	c.t.Helper()
	_, err := c.db.KeepFile(c.t.Context(), id, file, strings.NewReader(content), func(io.ReaderAt, int64) (store.File, error) {
		return store.File{State: store.Kept, Type: "image/png", Name: "photo", At: yesterday}, nil
	})
	c.must(err)
}

// talk gives what is kept of somebody: words, and the content of files.
func talk(t testing.TB, db *bolt.DB, who string) (all []string) {
	t.Helper()
	th, err := db.Thread(t.Context(), of(who))
	if err != nil {
		t.Fatal(err)
	}
	if th.Version == 0 {
		return nil
	}
	es, err := db.Entries(t.Context(), th.ID, 0, 10000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		all = append(all, e.Text)
	}
	for _, file := range []string{"one", "two"} {
		f, r, err := db.OpenFile(t.Context(), th.ID, file)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			all = append(all, file+" "+string(f.State))
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		all = append(all, string(b))
	}
	return all
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTheDrill is the one that docs/operating.md asks of a centre: Farida asked to
// be erased after yesterday's backup. Once today's is made she is in neither,
// and everybody else is in both.
func TestTheDrill(t *testing.T) {
	c := newCentre(t)
	farida := c.says("farida", "CANARY they hold my passport")
	c.sends(farida, "one", "CANARY picture")
	bilal := c.says("bilal", "is the fee right")
	c.sends(bilal, "one", strings.Repeat("a long voice note ", 10_000))
	c.sends(bilal, "two", "CANARY a picture that Bilal regrets")
	c.must(c.db.PutMember(t.Context(), store.Member{ID: "1", Login: "amina", Name: "Amina"}))
	c.must(c.db.Put(t.Context(), "desk-session", "token", []byte("x"), time.Now().Add(time.Hour)))
	c.must(os.MkdirAll(filepath.Join(c.data, "registers"), 0o700))
	c.must(os.WriteFile(filepath.Join(c.data, "registers", "pk.json"), []byte("{}"), 0o600))
	first := c.backs(yesterday)
	if first.Threads != 2 || first.Files != 3 {
		t.Errorf("it says %+v", first)
	}

	// Until somebody is erased all are there.
	db, r, _ := c.restores("2026-11-25")
	if r.Threads != 2 || r.Erased != 0 || r.Files != 3 || r.Entries != 2 {
		t.Errorf("restored %+v", r)
	}
	same(t, talk(t, db, "farida"), "CANARY they hold my passport", "CANARY picture")
	gone := theKeys(t, c.db)

	c.must(c.db.Erase(t.Context(), farida))
	if _, err := c.db.EraseFile(t.Context(), bilal, "two", yesterday); err != nil {
		t.Fatal(err)
	}
	c.says("chandra", "I came back")
	c.says("bilal", "and the visa")
	c.backs(yesterday.Add(24 * time.Hour))
	for k := range theKeys(t, c.db) {
		delete(gone, k)
	}
	if len(gone) != 3 { // Farida's, her picture's and Bilal's picture's
		t.Fatalf("%d keys were destroyed", len(gone))
	}

	db, r, data := c.restores("2026-11-25")
	if r.Threads != 1 || r.Erased != 1 || r.Files != 1 || r.Dropped != 1 {
		t.Errorf("restored %+v", r)
	}
	same(t, talk(t, db, "farida"))
	same(t, talk(t, db, "bilal"), "is the fee right", strings.Repeat("a long voice note ", 10_000), "two erased")
	same(t, talk(t, db, "chandra"))
	if _, err := db.ThreadByID(t.Context(), farida); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("her talk: %v", err)
	}
	if _, err := db.Keys().Key(string(farida)); !errors.Is(err, keys.ErrNone) {
		t.Errorf("her key: %v", err)
	}
	for k := range theKeys(t, db) {
		if gone[k] {
			t.Error("a destroyed key came back")
		}
	}
	if _, err := db.MemberByLogin(t.Context(), "amina"); err != nil {
		t.Errorf("the staff: %v", err)
	}
	if _, err := db.Get(t.Context(), "desk-session", "token"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a sign-in came back: %v", err)
	}
	if _, err := os.Stat(filepath.Join(data, "registers", "pk.json")); err != nil {
		t.Error(err)
	}
	c.must(db.Close())
	// What is sealed opens with no key that is left; so nothing may be readable as it
	// lies, nor hold one of the keys that were destroyed.
	for _, dir := range []string{data, c.folder} {
		eachFile(t, dir, func(path string, b []byte) {
			if bytes.Contains(b, []byte("CANARY")) {
				t.Errorf("%s says what was said", path)
			}
			for k := range gone {
				if bytes.Contains(b, []byte(k)) {
					t.Errorf("%s holds a destroyed key", path)
				}
			}
			if strings.Contains(path, "installation.key") || !strings.HasPrefix(path, data) {
				return
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		})
	}

	// The newest has everybody else, whole.
	db, r, _ = c.restores("")
	if r.Threads != 2 || r.Erased != 0 || r.Files != 1 || r.Entries != 3 {
		t.Errorf("restored %+v", r)
	}
	same(t, talk(t, db, "bilal"), "is the fee right", "and the visa", strings.Repeat("a long voice note ", 10_000), "two erased")
	same(t, talk(t, db, "chandra"), "I came back")
	// And it goes on: it is written to, and backed up.
	if _, err := says(t.Context(), db, "chandra", "one thing more"); err != nil {
		t.Error(err)
	}
}

// theKeys are all keys of a book, as they are.
func theKeys(t testing.TB, db *bolt.DB) map[string]bool {
	t.Helper()
	var b bytes.Buffer
	if err := db.Keys().Export(&b); err != nil {
		t.Fatal(err)
	}
	all, rest := map[string]bool{}, b.Bytes()[len("sarai keys 1\n")+32:]
	for rest[0] == 'k' {
		all[string(rest[17:49])] = true
		rest = rest[49:]
	}
	return all
}

func eachFile(t testing.TB, dir string, f func(path string, b []byte)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		f(path, b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// While a copy is made somebody is erased, and somebody else begins to write.
func TestSomebodyIsErasedWhileTheCopyIsMade(t *testing.T) {
	c := newCentre(t)
	farida := c.says("farida", "CANARY")
	c.sends(farida, "one", "CANARY")
	c.says("bilal", "hello")
	s := c.source().Reaching(func(step string) {
		if step == "half" {
			c.must(c.db.Erase(t.Context(), farida))
			c.says("chandra", "a new talk")
		}
	})
	if _, err := backup.Write(t.Context(), s, c.folder, []age.Recipient{c.recovery.Recipient()}, yesterday, nil); err != nil {
		t.Fatal(err)
	}
	db, r, _ := c.restores("")
	if r.Threads != 1 || r.Erased != 1 || r.Files != 0 || r.Missing != 0 {
		t.Errorf("restored %+v", r)
	}
	same(t, talk(t, db, "farida"))
	same(t, talk(t, db, "bilal"), "hello")
}

// TestUnderLoad has many write at full speed while backups are made. Each backup
// is of one moment, and nobody waits for it.
func TestUnderLoad(t *testing.T) {
	c := newCentre(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var done atomic.Int64
	var longest atomic.Int64
	var all sync.WaitGroup
	for p := range 8 {
		all.Go(func() {
			who := fmt.Sprint("person-", p)
			for n := 1; ctx.Err() == nil; n++ {
				began := time.Now()
				id, err := says(ctx, c.db, who, fmt.Sprint(n))
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				longest.Store(max(longest.Load(), int64(time.Since(began))))
				done.Add(1)
				if n%50 == 0 {
					c.sends(id, fmt.Sprint("file-", n), strings.Repeat(fmt.Sprint(n), 5000))
				}
			}
		})
	}
	for done.Load() < 500 {
		time.Sleep(time.Millisecond)
	}
	for i := range 3 {
		before := done.Load()
		s := c.source().Reaching(func(step string) {
			for end := time.Now().Add(20 * time.Second); step == "half" && done.Load() == before; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("nobody can write while a backup is made")
				}
			}
		})
		_, err := backup.Write(t.Context(), s, c.folder, []age.Recipient{c.recovery.Recipient()}, yesterday.Add(time.Duration(i)*time.Hour), nil)
		c.must(err)
	}
	stop()
	all.Wait()
	t.Logf("%d messages, none waited longer than %v", done.Load(), time.Duration(longest.Load()))
	for _, hour := range []string{"03", "04", "05"} {
		db, r, _ := c.restores("2026-11-25T" + hour)
		if r.Threads != 8 || r.Erased != 0 || r.Missing != 0 {
			t.Fatalf("restored %+v", r)
		}
		for p := range 8 {
			who := fmt.Sprint("person-", p)
			th, err := db.Thread(t.Context(), of(who))
			c.must(err)
			words := talk(t, db, who)
			if uint64(len(words)) != th.Version {
				t.Fatalf("%s has %d messages after %d turns", who, len(words), th.Version)
			}
			for i, w := range words {
				if w != fmt.Sprint(i+1) {
					t.Fatalf("%s: message %d is %s", who, i+1, w)
				}
			}
		}
	}
}

// writing is a writer that does something at its first byte.
type writing struct {
	io.Writer
	first func()
}

func (w *writing) Write(b []byte) (int, error) {
	if w.first != nil {
		w.first()
		w.first = nil
	}
	return w.Writer.Write(b)
}

// TestNobodyWaitsForACopy writes, sends a file and erases in the middle of the
// copy of the store, and none of it is in the copy.
func TestNobodyWaitsForACopy(t *testing.T) {
	c := newCentre(t)
	farida := c.says("farida", "hello")
	path := filepath.Join(t.TempDir(), "sarai.db")
	f, err := os.Create(path)
	c.must(err)
	held, err := c.db.CopyTo(t.Context(), &writing{f, func() {
		for i := range 200 {
			c.says("bilal", fmt.Sprint(strings.Repeat("a long message ", 100), i))
		}
		c.sends(c.says("bilal", "and a file"), "one", "a picture")
		c.must(c.db.Erase(t.Context(), farida))
	}})
	c.must(err)
	c.must(f.Close())
	if held.Threads != 1 || len(held.Content) != 0 {
		t.Errorf("the copy holds %+v", held)
	}
	copied, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	c.must(err)
	defer copied.Close()
	c.must(copied.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Error(err)
		}
		if n := tx.Bucket([]byte("talks")).Stats().KeyN; n > 5 {
			t.Errorf("%d records of one message", n)
		}
		return nil
	}))
}

// TestWhatCannotBeRestored says in each case what to do, and leaves nothing that
// looks like an installation.
func TestWhatCannotBeRestored(t *testing.T) {
	c := newCentre(t)
	c.sends(c.says("bilal", "hello"), "one", strings.Repeat("x", 200_000))
	r := c.backs(yesterday)
	oldKeys, err := os.ReadFile(filepath.Join(c.folder, backup.KeysName))
	c.must(err)
	c.says("chandra", "new")
	second := c.backs(yesterday.Add(24 * time.Hour))
	whole, err := os.ReadFile(filepath.Join(c.folder, second.Name))
	c.must(err)
	theirs, err := age.GenerateX25519Identity()
	c.must(err)

	for _, x := range []struct {
		name   string
		change func(x *backup.Restoring, folder string)
		says   string
	}{
		{"nothing there", func(x *backup.Restoring, _ string) { x.From = t.TempDir() }, "there is no backup in"},
		{"no such day", func(x *backup.Restoring, _ string) { x.Date = "2026-01-01" }, "there is no backup of"},
		{"another key", func(x *backup.Restoring, _ string) { x.Identities = []age.Identity{theirs} }, "the recovery key does not open this backup"},
		{"no keys", func(_ *backup.Restoring, dir string) { c.must(os.Remove(filepath.Join(dir, backup.KeysName))) }, "keys.age is not beside the backup"},
		{"old keys", func(_ *backup.Restoring, dir string) {
			c.must(os.WriteFile(filepath.Join(dir, backup.KeysName), oldKeys, 0o600))
		}, "keys.age is older than this backup"},
		{"cut keys", func(_ *backup.Restoring, dir string) {
			c.must(os.WriteFile(filepath.Join(dir, backup.KeysName), oldKeys[:len(oldKeys)-20], 0o600))
		}, "damaged"},
		{"cut", func(_ *backup.Restoring, dir string) {
			c.must(os.WriteFile(filepath.Join(dir, second.Name), whole[:len(whole)-1000], 0o600))
		}, "is damaged or not whole"},
		{"cut between pieces", func(_ *backup.Restoring, dir string) {
			c.must(os.WriteFile(filepath.Join(dir, second.Name), whole[:len(whole)-len(whole)%(64<<10+16)-64], 0o600))
		}, "is damaged or not whole"},
		{"one bit", func(_ *backup.Restoring, dir string) {
			b := bytes.Clone(whole)
			b[len(b)/2] ^= 1
			c.must(os.WriteFile(filepath.Join(dir, second.Name), b, 0o600))
		}, "is damaged or not whole"},
		{"an installation is there", func(x *backup.Restoring, _ string) { x.Data = c.data }, "is not empty"},
	} {
		t.Run(x.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, n := range []string{r.Name, second.Name, backup.KeysName} {
				b, err := os.ReadFile(filepath.Join(c.folder, n))
				c.must(err)
				c.must(os.WriteFile(filepath.Join(dir, n), b, 0o600))
			}
			y := c.restoring("")
			y.From = dir
			x.change(&y, dir)
			_, err := backup.Restore(t.Context(), y, nil)
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Fatalf("it says %v", err)
			}
			if y.Data == c.data {
				return
			}
			if left, err := os.ReadDir(y.Data); err == nil && len(left) > 0 {
				t.Errorf("left is %v", left)
			}
		})
	}
}

// TestADiskThatKeepsSomethingElse changes a byte of what a restore has written.
func TestADiskThatKeepsSomethingElse(t *testing.T) {
	c := newCentre(t)
	c.sends(c.says("bilal", "hello"), "one", "a picture")
	c.backs(yesterday)
	x := c.restoring("")
	data := x.Data
	x = x.Reaching(func(step string) {
		if step != "written" {
			return
		}
		eachFile(t, filepath.Join(data, ".restoring", "media"), func(path string, b []byte) {
			b[0] ^= 1
			c.must(os.WriteFile(path, b, 0o600))
		})
	})
	if _, err := backup.Restore(t.Context(), x, nil); err == nil || !strings.Contains(err.Error(), "what was written is not what the backup holds") {
		t.Errorf("it says %v", err)
	}
	if left, err := os.ReadDir(x.Data); err != nil || len(left) > 0 {
		t.Errorf("left is %v, %v", left, err)
	}
}

func TestWithoutARecoveryKeyNoBackupIsMade(t *testing.T) {
	c := newCentre(t)
	k := backup.NewKeeper(c.db, c.data, backup.Plan{Folder: c.folder, Keep: time.Hour, Enabled: true}, nil, nil)
	if _, err := k.Make(t.Context(), "", "", nil); !errors.Is(err, backup.ErrNoRecipient) || k.HasKey() {
		t.Fatalf("it says %v", err)
	}
	if _, err := os.Stat(c.folder); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a folder was made for nothing")
	}
}
