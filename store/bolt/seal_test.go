// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
	"sarai/store/keys"
)

// canaries stand in every field of everything that canaryTalk stores.
var canaries = []string{
	"Canary-address", "Canary-second", "Canary-state", "Canary-campaign", "Canary-hours", "Canary-word", "Canary-signal", "Canary-event",
	"Canary-text", "Canary-id", "Canary-of", "Canary-block", "Canary-option", "Canary-medianame", "Canary-ref", "Canary-raw",
	"Canary-body", "Canary-failed", "Canary-receipt", "Canary-draft", "Canary-filename", "Canary-content", "Canary-login", "Canary-name",
	"Canary-password", "Canary-token", "Canary-session", "Canary-note", "Canary-last", "Canary-comment", "Canary-post", "Canary-parent",
	"Canary-link", "Canary-person", "Canary-why", "Canary-reply", "Canary-line", "Canary-report", "Canary-learned", "Canary-problem", "Canary-price",
}

// canaryTalk stores one of everything and gives the thread.
func canaryTalk(t *testing.T, db *DB, who channels.Address) store.ThreadID {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	th, err := db.Thread(ctx, who)
	must(err)
	c := desk.New(desk.CaseID("case-"+string(th.ID)), desk.Asked, desk.Normal, []string{"Canary-signal"}, time.Now())
	th.Case, th.State, th.Campaign = &c, []byte(`"Canary-state"`), "Canary-campaign"
	th.Safety = store.Safety{Hours: "Canary-hours", Word: "Canary-word"}
	th.Comment = &store.Comment{
		ID: "Canary-comment", Post: "Canary-post", Parent: "Canary-parent", Link: "Canary-link", Person: "Canary-person", Seq: 1, Said: time.Now(), State: "Canary-state",
		Private: store.Reply{State: "Canary-state", By: "Canary-name", Why: "Canary-why", ID: "Canary-reply"}, Public: store.Reply{ID: "Canary-line"},
	}
	th.Addresses = append(th.Addresses, channels.Address{Channel: "web", ID: who.ID + "Canary-second"})
	turn := store.Turn{
		Thread: th,
		Events: []store.EventKey{{Channel: "web", ID: "Canary-event" + who.ID}},
		Entries: []store.Entry{
			{
				Author: store.Person, Text: "Canary-text", ID: "Canary-id", Of: "Canary-of", Campaign: "Canary-campaign", Raw: []byte("Canary-raw"),
				Blocks: []channels.Block{{Text: "Canary-block"}}, Options: []channels.Option{{Label: "Canary-option"}},
				Media: []channels.Media{{ID: "m", Name: "Canary-medianame", Ref: "Canary-ref"}},
			},
			{Author: store.Note, Text: "Canary-note"},
		},
	}
	for i := range 4 {
		turn.Jobs = append(turn.Jobs, store.Job{Key: fmt.Sprintf("%s/1/%d", th.ID, i), Lane: fmt.Sprint(th.ID, i), Due: time.Now().Add(time.Duration(i/2) * time.Minute), Body: []byte(`"Canary-body"`)})
	}
	must(db.Commit(ctx, turn))
	ls, err := db.Lease(ctx, time.Now(), time.Now().Add(time.Hour), 2)
	must(err)
	must(db.Settle(ctx, ls[0], store.Outcome{Failed: true, Entry: &store.Entry{Text: "Canary-failed"}}))
	must(db.Settle(ctx, ls[1], store.Outcome{Done: true, Receipt: &channels.Receipt{ID: "Canary-receipt"}}))
	must(db.PutReceipt(ctx, th.ID, ls[1].Key, channels.Receipt{State: channels.Failed, At: time.Now(), Problem: "Canary-problem", Price: "Canary-price"}, &store.Entry{Author: store.Event, Text: "Canary-report"}))
	must(db.PutReceipt(ctx, th.ID, ls[0].Key, channels.Receipt{ID: "Canary-report", Learned: []channels.Address{{Channel: "web", ID: "Canary-learned"}}}, nil))
	must(db.PutDraft(ctx, th.ID, "1", "Canary-draft"))
	_, err = db.KeepFile(ctx, th.ID, "m", strings.NewReader(strings.Repeat("Canary-content", 20_000)), keepAs(store.File{State: store.Kept, Type: "image/png", Name: "Canary-filename", At: time.Unix(1, 0)}))
	must(err)
	must(db.PutMember(ctx, store.Member{ID: "1", Login: "Canary-login", Name: "Canary-name", Password: "Canary-password"}))
	must(db.Put(ctx, "session", "Canary-token", []byte("Canary-session"), time.Now().Add(time.Hour)))
	return th.ID
}

// folderHolds reads every byte below a folder and says which words stand where.
func folderHolds(t *testing.T, dir string, words []string) (found []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(name)
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) || strings.Contains(name, w) {
				found = append(found, filepath.Base(name)+" holds "+w)
			}
		}
		return err
	})
	if err != nil || files < 2 {
		t.Fatalf("looked at %d files: %v", files, err)
	}
	return found
}

// TestNoByteOfTheFolderSaysAnything walks over the raw bytes of the whole folder,
// pages that nothing points to among them, before erasing, while a last word
// waits, and after.
func TestNoByteOfTheFolderSaysAnything(t *testing.T) {
	db := openHere(t, Options{})
	dir := filepath.Dir(db.path)
	id := canaryTalk(t, db, canary)
	canaryTalk(t, db, channels.Address{Channel: "web", ID: "Canary-address-two"})
	if found := folderHolds(t, dir, canaries); len(found) > 0 {
		t.Fatal(found)
	}
	last := store.Job{Kind: "send", Due: time.Now(), Body: []byte(`"Canary-last"`)}
	if err := db.EraseWith(context.Background(), id, last, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if found := folderHolds(t, dir, canaries); len(found) > 0 {
		t.Fatal(found)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if found := folderHolds(t, dir, canaries); len(found) > 0 {
		t.Fatal(found)
	}
	// The test would see a word that stands there.
	if err := os.WriteFile(filepath.Join(dir, "plain"), []byte("xx Canary-text xx"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := folderHolds(t, dir, canaries); len(found) != 1 {
		t.Fatal("the test sees nothing:", found)
	}
}

// blobsOf collects every sealed text of a thread, with the place it is bound to.
func blobsOf(t *testing.T, db *DB, id store.ThreadID) map[string][]byte {
	t.Helper()
	blobs := map[string][]byte{}
	jobs := map[string]string{} // keys by number
	each(t, db, func(bucket string, k, v []byte) {
		var rest []byte
		switch bucket {
		case bucketTalks:
			of, kind, err := splitTalk(k)
			if err != nil || of != id {
				return
			}
			switch kind {
			case talkThread, talkFile:
				rest = v[len(clearPart(t, v)):]
			case talkEntry, talkReceipt, talkDraft:
				rest = v
			case talkJob:
				jobs[string(v)] = string(k[len(talkKey(id, kind, "")):])
				return
			default:
				return
			}
		case bucketWork:
			if key, is := jobs[string(k)]; is {
				blobs[string(jobPlace(id, key).bound())] = bytes.Clone(v[len(clearPart(t, v)):])
			}
			return
		default:
			return
		}
		blobs[string(place{string(id), bucket, k}.bound())] = bytes.Clone(rest)
	})
	return blobs
}

// TestNoRemainingKeyOpensACopyFromBefore keeps the folder as it was before, as a
// thief or an old page would, and tries every key that is left after erasing.
func TestNoRemainingKeyOpensACopyFromBefore(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	ctx := context.Background()
	id := canaryTalk(t, db, canary)
	other := canaryTalk(t, db, channels.Address{Channel: "web", ID: "two"})
	blobs := blobsOf(t, db, id)
	if len(blobs) < 8 {
		t.Fatalf("only %d blobs: the test looks at the wrong things", len(blobs))
	}
	_, fields := record(t, db, id, "m")
	content, err := os.ReadFile(db.media.of(fields.Path))
	if err != nil {
		t.Fatal(err)
	}
	fileKey, err := db.book.Key(fileOwner(id, fields.Path))
	if err != nil {
		t.Fatal(err)
	}
	opens := func(k *keys.Key) (n int) {
		for bound, blob := range blobs {
			if _, err := k.Open([]byte(bound), blob); err == nil {
				n++
			}
		}
		return n
	}
	own, err := db.book.Key(string(id))
	if err != nil || opens(own) != len(blobs) {
		t.Fatalf("the thread's own key opens %d of %d: %v", opens(own), len(blobs), err)
	}
	if err := db.Erase(ctx, id); err != nil {
		t.Fatal(err)
	}
	otherKey, err := db.book.Key(string(other))
	if err != nil {
		t.Fatal(err)
	}
	remaining := []*keys.Key{otherKey, db.own[ownerStaff], db.own[ownerSmall], db.book.Index(), keys.Of(bytes.Repeat([]byte{7}, KeySize))}
	for i, k := range remaining {
		if n := opens(k); n > 0 {
			t.Errorf("key %d opens %d blobs of the erased", i, n)
		}
		for _, file := range append(remaining, fileKey) { // also whoever has the file's key of before
			if _, err := newUnsealing(contentKeyOf(k, file, id, fields.Path), asFile(t, content)); err == nil {
				t.Errorf("key %d opens the content", i)
			}
		}
	}
	for _, owner := range []string{string(id), fileOwner(id, fields.Path)} {
		if _, err := db.book.Key(owner); !errors.Is(err, keys.ErrNone) {
			t.Errorf("a key is left: %v", err)
		}
	}
	if n := len(blobsOf(t, db, other)); n < 8 {
		t.Fatalf("the other has %d records left", n)
	}

	// The old sarai.db beside the keys of today: the thread is as good as not there.
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func asFile(t *testing.T, b []byte) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestOneErasedFileIsGoneAlone: neither the thread's key nor any other opens its
// content; the talk and its other files go on.
func TestOneErasedFileIsGoneAlone(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	ctx := context.Background()
	id := canaryTalk(t, db, canary)
	if _, err := db.KeepFile(ctx, id, "n", strings.NewReader("stays"), keepAs(aVoice)); err != nil {
		t.Fatal(err)
	}
	_, fields := record(t, db, id, "m")
	content, err := os.ReadFile(db.media.of(fields.Path))
	if err != nil {
		t.Fatal(err)
	}
	if was, err := db.EraseFile(ctx, id, "m", time.Unix(9, 0)); err != nil || !was {
		t.Fatal(was, err)
	}
	own, err := db.book.Key(string(id))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.book.Key(fileOwner(id, fields.Path)); !errors.Is(err, keys.ErrNone) {
		t.Fatalf("the file's key is left: %v", err)
	}
	for _, k := range []*keys.Key{own, db.own[ownerSmall], db.book.Index()} {
		if _, err := newUnsealing(contentKeyOf(own, k, id, fields.Path), asFile(t, content)); err == nil {
			t.Error("the content opens")
		}
	}
	f, _, err := db.OpenFile(ctx, id, "m")
	if err != nil || f.State != store.Erased || f.Name != "" || !f.At.Equal(time.Unix(9, 0)) {
		t.Fatalf("%+v, %v", f, err)
	}
	_, c, err := db.OpenFile(ctx, id, "n")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if b, err := io.ReadAll(c); err != nil || string(b) != "stays" {
		t.Fatalf("%q, %v", b, err)
	}
	if es, err := db.Entries(ctx, id, 0, 10); err != nil || len(es) != 4 {
		t.Fatal("the talk", len(es), err)
	}
}

// TestMovedBlobsDoNotOpen exchanges what lies in two places, for every kind of
// place, and looks whether anybody is shown the other's words.
func TestMovedBlobsDoNotOpen(t *testing.T) {
	ctx := context.Background()
	for _, x := range []struct {
		name string
		a, b func(id, other store.ThreadID) (bucket string, k []byte)
		read func(db *DB, id store.ThreadID) error
	}{
		{"two entries of a talk",
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkEntry, number(1)) },
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkEntry, number(2)) },
			func(db *DB, id store.ThreadID) error { _, err := db.Entries(ctx, id, 0, 10); return err }},
		{"entries of two talks",
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkEntry, number(1)) },
			func(_, o store.ThreadID) (string, []byte) { return bucketTalks, talkKey(o, talkEntry, number(1)) },
			func(db *DB, id store.ThreadID) error { _, err := db.Entries(ctx, id, 0, 10); return err }},
		{"two threads",
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkThread, "") },
			func(_, o store.ThreadID) (string, []byte) { return bucketTalks, talkKey(o, talkThread, "") },
			func(db *DB, id store.ThreadID) error { _, err := db.ThreadByID(ctx, id); return err }},
		{"the drafts of two members",
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkDraft, "1") },
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkDraft, "2") },
			func(db *DB, id store.ThreadID) error { _, err := db.Draft(ctx, id, "1"); return err }},
		{"a draft and a receipt",
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkDraft, "1") },
			func(id, _ store.ThreadID) (string, []byte) {
				return bucketTalks, talkKey(id, talkReceipt, string(id)+"/1/1")
			},
			func(db *DB, id store.ThreadID) error { _, err := db.Draft(ctx, id, "1"); return err }},
		{"two receipts",
			func(id, _ store.ThreadID) (string, []byte) {
				return bucketTalks, talkKey(id, talkReceipt, string(id)+"/1/0")
			},
			func(id, _ store.ThreadID) (string, []byte) {
				return bucketTalks, talkKey(id, talkReceipt, string(id)+"/1/1")
			},
			func(db *DB, id store.ThreadID) error {
				_, _, err := db.Receipt(ctx, id, string(id)+"/1/0")
				return err
			}},
		{"two receipts, one of which is told more",
			func(id, _ store.ThreadID) (string, []byte) {
				return bucketTalks, talkKey(id, talkReceipt, string(id)+"/1/0")
			},
			func(id, _ store.ThreadID) (string, []byte) {
				return bucketTalks, talkKey(id, talkReceipt, string(id)+"/1/1")
			},
			func(db *DB, id store.ThreadID) error {
				return db.PutReceipt(ctx, id, string(id)+"/1/0", channels.Receipt{State: channels.Read}, nil)
			}},
		{"the words of two comments",
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkEntry, number(1)) },
			func(_, o store.ThreadID) (string, []byte) { return bucketTalks, talkKey(o, talkEntry, number(1)) },
			func(db *DB, _ store.ThreadID) error { _, err := db.OpenComments(ctx, time.Time{}, 10); return err }},
		{"two jobs",
			func(_, _ store.ThreadID) (string, []byte) { return bucketWork, number(3) },
			func(_, _ store.ThreadID) (string, []byte) { return bucketWork, number(4) },
			func(db *DB, id store.ThreadID) error {
				_, err := db.Lease(ctx, time.Now().Add(time.Hour), time.Now().Add(time.Hour), 10)
				return err
			}},
		{"the records of two files",
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkFile, "m") },
			func(id, _ store.ThreadID) (string, []byte) { return bucketTalks, talkKey(id, talkFile, "n") },
			func(db *DB, id store.ThreadID) error { _, err := db.Files(ctx, id); return err }},
		{"two members",
			func(_, _ store.ThreadID) (string, []byte) { return bucketMember, []byte("1") },
			func(_, _ store.ThreadID) (string, []byte) { return bucketMember, []byte("2") },
			func(db *DB, _ store.ThreadID) error { _, err := db.Member(ctx, "1"); return err }},
		{"two small records", nil, nil,
			func(db *DB, _ store.ThreadID) error { _, err := db.Get(ctx, "session", "a"); return err }},
	} {
		t.Run(x.name, func(t *testing.T) {
			db := openHere(t, Options{NoSync: true})
			id := canaryTalk(t, db, canary)
			other := canaryTalk(t, db, channels.Address{Channel: "web", ID: "two"})
			_, err := db.KeepFile(ctx, id, "n", strings.NewReader("another"), keepAs(aVoice))
			if err = errors.Join(err,
				db.PutDraft(ctx, id, "2", "typed by the other"),
				db.PutMember(ctx, store.Member{ID: "2", Login: "two"}),
				db.Put(ctx, "session", "a", []byte("one"), time.Time{}),
				db.Put(ctx, "session", "b", []byte("two"), time.Time{})); err != nil {
				t.Fatal(err)
			}
			if err := x.read(db, id); err != nil {
				t.Fatal(err)
			}
			err = db.update(ctx, func(txn *txn) error {
				bucketA, bucketB := bucketSmall, bucketSmall
				a, b := db.smallKey("session", "a"), db.smallKey("session", "b")
				if x.a != nil {
					bucketA, a = x.a(id, other)
					bucketB, b = x.b(id, other)
				}
				va, vb := bytes.Clone(txn.get(bucketA, a)), bytes.Clone(txn.get(bucketB, b))
				if va == nil || vb == nil {
					return errors.New("there is nothing to exchange")
				}
				txn.put(bucketA, a, vb)
				txn.put(bucketB, b, va)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := x.read(db, id); !errors.Is(err, errDamaged) {
				t.Fatalf("read with %v, want %v", err, errDamaged)
			}
		})
	}
}

// TestPiecesOfAContent: a content is read from any place; pieces that were moved,
// cut, changed or put into another file do not open.
func TestPiecesOfAContent(t *testing.T) {
	thread, file := keys.New(), keys.New()
	k := contentKeyOf(thread, file, "t", "name")
	seal := func(k contentKey, plain []byte) []byte {
		var b bytes.Buffer
		if _, err := sealTo(k, &b, bytes.NewReader(plain)); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	r := rand.New(rand.NewPCG(4, 2))
	for _, size := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3 * pieceSize, 3*pieceSize + 17} {
		plain := make([]byte, size)
		for i := range plain {
			plain[i] = byte(r.Uint32())
		}
		sealed := seal(k, plain)
		u, err := newUnsealing(k, asFile(t, sealed))
		if err != nil {
			t.Fatal(size, err)
		}
		if b, err := io.ReadAll(u); err != nil || !bytes.Equal(b, plain) {
			t.Fatalf("%d bytes came back as %d: %v", size, len(b), err)
		}
		if end, err := u.Seek(0, io.SeekEnd); err != nil || end != int64(size) {
			t.Fatal(end, err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for i := range 50 {
					at := i * 7919 % (size + 1)
					b := make([]byte, min(size-at, 100_000))
					if n, err := u.ReadAt(b, int64(at)); n != len(b) || err != nil || !bytes.Equal(b, plain[at:at+n]) {
						t.Errorf("%d bytes at %d: %v", n, at, err)
					}
				}
			})
		}
		all.Wait()
		if n, err := u.ReadAt(make([]byte, 1), int64(size)); n != 0 || err != io.EOF {
			t.Fatal("behind the end", n, err)
		}

		whole := pieceSize + tagSize
		wrong := map[string][]byte{"cut by a byte": sealed[:len(sealed)-1], "nothing": nil, "longer": append(bytes.Clone(sealed), 0)}
		if len(sealed) > whole {
			wrong["the last piece cut off"] = sealed[:(len(sealed)-1)/whole*whole]
			if len(sealed) > 2*whole {
				wrong["two pieces exchanged"] = bytes.Join([][]byte{sealed[whole : 2*whole], sealed[:whole], sealed[2*whole:]}, nil)
			}
			wrong["the first piece cut off"] = sealed[whole:]
		}
		changed := bytes.Clone(sealed)
		changed[r.IntN(len(changed))] ^= 4
		wrong["a bit changed"] = changed
		for name, b := range wrong {
			u, err := newUnsealing(k, asFile(t, b))
			if err == nil {
				_, err = io.ReadAll(u)
			}
			if err == nil {
				t.Errorf("%d bytes, %s: it opens", size, name)
			}
		}
		for name, k := range map[string]contentKey{
			"another file":   contentKeyOf(thread, keys.New(), "t", "name"),
			"another thread": contentKeyOf(keys.New(), file, "t", "name"),
			"another name":   contentKeyOf(thread, file, "t", "names"),
			"another owner":  contentKeyOf(thread, file, "u", "name"),
		} {
			if _, err := newUnsealing(k, asFile(t, sealed)); err == nil {
				t.Errorf("%d bytes: it opens as %s", size, name)
			}
		}
	}
}

// TestTwoFilesExchanged: content that was given another's name in the folder is
// not shown.
func TestTwoFilesExchanged(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	ctx := context.Background()
	id := canaryTalk(t, db, canary)
	if _, err := db.KeepFile(ctx, id, "n", strings.NewReader("another"), keepAs(aVoice)); err != nil {
		t.Fatal(err)
	}
	_, m := record(t, db, id, "m")
	_, n := record(t, db, id, "n")
	err := errors.Join(os.Rename(db.media.of(m.Path), db.media.of("x")), os.Rename(db.media.of(n.Path), db.media.of(m.Path)), os.Rename(db.media.of("x"), db.media.of(n.Path)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"m", "n"} {
		if _, c, err := db.OpenFile(ctx, id, file); !errors.Is(err, errDamaged) || c != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestWhileOneIsErased: from the moment the key is gone, nobody who reads or
// writes sees more of the thread than that it is not there, and nobody else
// notices.
func TestWhileOneIsErased(t *testing.T) {
	ctx := context.Background()
	var db *DB
	var id store.ThreadID
	looked := 0
	o := Options{NoSync: true, reached: func(step string) {
		if step != "key destroyed" {
			return
		}
		looked++
		th, err := db.Thread(ctx, canary)
		if err != nil || th.Version != 0 || th.ID == id {
			t.Errorf("the address is still known: %v", err)
		}
		if err := db.Commit(ctx, store.Turn{Thread: th, Entries: []store.Entry{{Text: "anew"}}}); err != nil {
			t.Errorf("who writes again at once begins anew: %v", err)
		}
		if err := db.Commit(ctx, store.Turn{Thread: store.Thread{ID: id, Version: 1, Reply: canary}}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a turn on what was read before: %v", err)
		}
		_, notThere := db.ThreadByID(ctx, id)
		_, _, noFile := db.OpenFile(ctx, id, "m")
		_, notKept := db.KeepFile(ctx, id, "late", strings.NewReader("x"), keepAs(aVoice))
		for _, err := range []error{notThere, noFile, notKept, db.PutDraft(ctx, id, "1", "late"), db.PutReceipt(ctx, id, string(id)+"/1/1", channels.Receipt{State: channels.Read}, &store.Entry{Text: "late"})} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("got %v, want %v", err, store.ErrNotFound)
			}
		}
		rows, err := db.OpenCases(ctx)
		if err != nil || len(rows) != 1 {
			t.Errorf("%d cases, want the other's: %v", len(rows), err)
		}
		if rows, err := db.OpenComments(ctx, time.Time{}, 10); err != nil || len(rows) != 1 || rows[0].Thread == id {
			t.Errorf("%d comments, want the other's: %v", len(rows), err)
		}
		if _, is, err := db.Receipt(ctx, id, string(id)+"/1/1"); err != nil || is {
			t.Errorf("a receipt can still be read: %v", err)
		}
		es, err := db.Entries(ctx, id, 0, 10)
		rs, err2 := db.Receipts(ctx, id)
		fs, err3 := db.Files(ctx, id)
		d, err4 := db.Draft(ctx, id, "1")
		if err := errors.Join(err, err2, err3, err4); err != nil || len(es)+len(rs)+len(fs)+len(d) > 0 {
			t.Errorf("something can still be read: %v", err)
		}
		ls, err := db.Lease(ctx, time.Now().Add(time.Hour), time.Now().Add(2*time.Hour), 100)
		if err != nil || len(ls) != 2 {
			t.Errorf("%d jobs, want the other's two: %v", len(ls), err)
		}
		for _, l := range ls {
			if l.Thread == id {
				t.Error("a job of the erased is given")
			}
		}
	}}
	db = openHere(t, o)
	id = canaryTalk(t, db, canary)
	canaryTalk(t, db, channels.Address{Channel: "web", ID: "two"})
	if err := db.Erase(ctx, id); err != nil {
		t.Fatal(err)
	}
	if looked != 1 {
		t.Fatal("nobody looked")
	}
	if th, err := db.Thread(ctx, canary); err != nil || th.Version != 1 || th.ID == id {
		t.Fatalf("what was begun meanwhile is lost: %v", err)
	}
}

// TestAnotherCopysKeys: with a keys.db from before somebody wrote first, that
// talk cannot be read and is named; everybody else goes on, that person too.
func TestAnotherCopysKeys(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	ctx := context.Background()
	before := canaryTalk(t, db, channels.Address{Channel: "web", ID: "before"})
	book := filepath.Join(filepath.Dir(db.path), KeysFile)
	old, err := os.ReadFile(book)
	if err != nil {
		t.Fatal(err)
	}
	id := canaryTalk(t, db, canary)
	if ids, err := db.Keyless(ctx); err != nil || len(ids) != 0 {
		t.Fatal(ids, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(book, old, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err = Open(db.path, Options{Key: bytes.Repeat([]byte{7}, KeySize), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if ids, err := db.Keyless(ctx); err != nil || len(ids) != 1 || ids[0] != id {
		t.Fatalf("without a key: %q, %v", ids, err)
	}
	if _, err := db.ThreadByID(ctx, before); err != nil {
		t.Fatal(err)
	}
	if rows, err := db.OpenCases(ctx); err != nil || len(rows) != 1 {
		t.Fatalf("%d cases, %v", len(rows), err)
	}
	th, err := db.Thread(ctx, canary)
	if err == nil {
		err = db.Commit(ctx, store.Turn{Thread: th})
	}
	if err != nil || th.ID == id {
		t.Fatalf("somebody without a key cannot write: %v", err)
	}
}

// TestErasingAmongManyWriters erases while others write, read, keep files and
// begin talks: nothing of anybody else is lost, whatever the swaps of keys.db.
func TestErasingAmongManyWriters(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	ctx := context.Background()
	stop := make(chan struct{})
	var all sync.WaitGroup
	for w := range 6 {
		all.Go(func() {
			who := channels.Address{Channel: "web", ID: fmt.Sprint("writer ", w)}
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if i%20 == 0 { // a new person
					who.ID = fmt.Sprint("writer ", w, " ", i)
				}
				th, err := db.Thread(ctx, who)
				if err == nil {
					err = db.Commit(ctx, store.Turn{Thread: th, Entries: []store.Entry{{Text: fmt.Sprint(i)}}})
				}
				if err == nil && i%10 == 0 {
					_, err = db.KeepFile(ctx, th.ID, fmt.Sprint(i), strings.NewReader("x"), keepAs(aVoice))
				}
				var es []store.Entry
				if err == nil {
					es, err = db.Entries(ctx, th.ID, 0, 100)
				}
				if err != nil || len(es) != i%20+1 {
					t.Errorf("writer %d, turn %d: %d entries, %v", w, i, len(es), err)
					return
				}
			}
		})
	}
	for i := range 30 {
		who := channels.Address{Channel: "web", ID: fmt.Sprint("gone ", i)}
		th, err := db.Thread(ctx, who)
		if err == nil {
			err = db.Commit(ctx, store.Turn{Thread: th, Entries: []store.Entry{{Text: "x"}}})
		}
		if err == nil {
			err = db.Erase(ctx, th.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ThreadByID(ctx, th.ID); !errors.Is(err, store.ErrNotFound) {
			t.Fatal("not erased", err)
		}
	}
	close(stop)
	all.Wait()
}
