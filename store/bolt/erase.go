// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"errors"
	"time"

	"sarai/store"
	"sarai/store/keys"
)

// Erasing destroys the key first and marks in the same step, in the book of
// keys, what is to be done then. From there on the thread does not exist for
// anybody; its records are removed next, then its content, then the mark. What a
// kill leaves is finished by the marks when the store is opened, or swept.

// The kinds of mark, its first byte.
const (
	markThread = 't' // thread: its records are to be removed
	markErased = 'f' // length, thread, file: its content is to be removed
	markDrop   = 'd' // length, thread, file: it and its record are to be removed
	markLast   = 'o' // owner of a last word: its key is to go with its job
)

// lastPrefix begins the names of those who own a last word. No thread's begins so.
const lastPrefix = "/last/"

// A lastFields is a last word that waits for the erasing of its thread, in
// bucketLast; the blob is the job's.
type lastFields struct {
	Key string    `json:"key"`
	Job jobFields `json:"job"`
}

// Erase implements store.Threads.
func (db *DB) Erase(ctx context.Context, id store.ThreadID) error {
	return db.erase(ctx, id, nil, time.Time{})
}

// EraseWith implements store.Threads.
func (db *DB) EraseWith(ctx context.Context, id store.ThreadID, last store.Job, until time.Time) error {
	if until.IsZero() || len(last.Lane) > maxName {
		return errTurn
	}
	if _, err := until.MarshalJSON(); err != nil {
		return errUnencodable
	}
	return db.erase(ctx, id, &last, until)
}

func (db *DB) erase(ctx context.Context, id store.ThreadID, last *store.Job, until time.Time) error {
	if !goodName(string(id)) {
		return nil
	}
	var owners []string
	there := false
	err := db.view(ctx, func(t *txn) error {
		_, blob, err := t.threadFields(id)
		there = blob != nil
		prefix := talkKey(id, talkFile, "")
		t.each(bucketTalks, prefix, prefix, func(_, v []byte) bool {
			var f fileFields
			if _, err = split(v, &f); f.Path != "" {
				owners = append(owners, fileOwner(id, f.Path))
			}
			return err == nil
		})
		return err
	})
	if err != nil {
		return err
	}
	if _, err := db.book.Key(string(id)); errors.Is(err, keys.ErrNone) && !there {
		return nil // nothing is kept of it
	} else if err != nil && !errors.Is(err, keys.ErrNone) {
		return err
	}
	mark := string(markThread) + string(id)
	marks := []string{mark}
	if last != nil && there {
		owner, err := db.holdLast(ctx, id, *last, until)
		if err != nil {
			return err
		}
		marks = append(marks, string(markLast)+owner)
		db.at("last word kept")
	}
	if err := db.book.Forget(marks, append(owners, string(id))...); err != nil {
		return err
	}
	db.at("key destroyed")
	// It is erased. What follows is not left half done because somebody went away.
	return db.finish(context.WithoutCancel(ctx), mark, db.now())
}

// holdLast keeps the last word until the thread is erased, under a key of its own.
func (db *DB) holdLast(ctx context.Context, id store.ThreadID, last store.Job, until time.Time) (owner string, err error) {
	err = db.view(ctx, func(t *txn) error {
		v := t.get(bucketLast, []byte(id))
		if v == nil {
			owner = lastPrefix + random()
			return nil
		}
		var f lastFields // of an earlier try
		_, err := split(v, &f)
		owner = f.Key
		return err
	})
	if err != nil {
		return "", err
	}
	k, err := db.book.Make(ctx, owner)
	if err != nil {
		return "", unwritten(ctx, err)
	}
	last.Thread, last.Key, last.Lane = store.ThreadID(owner), owner, owner
	j, err := encodeJob(k, last)
	if err != nil {
		return "", err
	}
	j.fields.Over = until
	record := join(lastFields{j.key, j.fields}, j.blob)
	return owner, db.update(ctx, func(t *txn) error {
		t.put(bucketLast, []byte(id), record)
		return nil
	})
}

// finish does what a mark says and takes it away. at is when it was wished.
func (db *DB) finish(ctx context.Context, mark string, at time.Time) error {
	var files []string
	var err error
	switch kind, rest := mark[0], mark[1:]; kind {
	case markThread:
		files, err = db.eraseRecords(ctx, store.ThreadID(rest))
	case markErased, markDrop:
		if len(rest) <= int(rest[0]) {
			return errDamaged
		}
		files, err = db.eraseContent(ctx, store.ThreadID(rest[1:1+rest[0]]), rest[1+rest[0]:], kind == markDrop, at)
	case markLast:
		return db.forgetLast(store.ThreadID(rest))
	}
	if err != nil {
		return err
	}
	db.at("records removed")
	if err := db.media.remove(files...); err != nil {
		return err
	}
	db.at("content removed")
	return db.book.Done(mark)
}

// finishAll finishes what was begun. Last words whose time is over, or that were
// settled, lose their key; others stay.
func (db *DB) finishAll(ctx context.Context, now time.Time) error {
	if err := db.dropUnsaid(ctx, now); err != nil {
		return err
	}
	marks, err := db.book.Marks()
	if err != nil {
		return err
	}
	for _, mark := range marks {
		if mark == "" || len(mark) < 2 {
			return errDamaged
		}
		if mark[0] == markLast {
			if stays, err := db.lastStays(ctx, store.ThreadID(mark[1:]), now); err != nil {
				return err
			} else if stays {
				continue
			}
		}
		if err := db.finish(ctx, mark, now); err != nil {
			return err
		}
	}
	return nil
}

// dropUnsaid removes last words of threads that were not erased after all.
func (db *DB) dropUnsaid(ctx context.Context, now time.Time) error {
	var ids, owners []string
	err := db.view(ctx, func(t *txn) (err error) {
		t.each(bucketLast, nil, nil, func(k, v []byte) bool {
			var f lastFields
			if _, err = split(v, &f); err == nil && !f.Job.Over.After(now) {
				ids, owners = append(ids, string(k)), append(owners, f.Key)
			}
			return err == nil
		})
		return err
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	err = db.update(ctx, func(t *txn) error {
		for _, id := range ids {
			t.del(bucketLast, []byte(id))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return db.book.Forget(nil, owners...)
}

// lastStays removes a last word whose time is over, and says whether it is still
// to be said.
func (db *DB) lastStays(ctx context.Context, owner store.ThreadID, now time.Time) (stays bool, err error) {
	err = db.update(ctx, func(t *txn) error {
		f, blob, err := t.job(owner, string(owner))
		if err != nil || blob == nil {
			return err
		}
		if stays = f.Over.After(now); !stays {
			t.dropJob(f)
		}
		return nil
	})
	if err != nil || stays {
		return stays, err
	}
	// One that waits for the erasing of its thread is not a job yet.
	err = db.view(ctx, func(t *txn) (err error) {
		t.each(bucketLast, nil, nil, func(_, v []byte) bool {
			var f lastFields
			if _, err = split(v, &f); f.Key == string(owner) && f.Job.Over.After(now) {
				stays = true
			}
			return err == nil && !stays
		})
		return err
	})
	return stays, err
}

// forgetLast destroys the key of a last word that was said or will not be.
func (db *DB) forgetLast(owner store.ThreadID) error {
	if err := db.book.Forget(nil, string(owner)); err != nil {
		return err
	}
	return db.book.Done(string(markLast) + string(owner))
}

// eraseRecords removes all records of a thread, and has its last word said. It
// gives the names of its content.
func (db *DB) eraseRecords(ctx context.Context, id store.ThreadID) (files []string, err error) {
	err = db.update(ctx, func(t *txn) error {
		files = nil
		f, _, err := t.threadFields(id)
		if err != nil {
			return err
		}
		prefix := named(string(id))
		var ks [][]byte
		t.each(bucketTalks, prefix, prefix, func(k, _ []byte) bool {
			ks = append(ks, bytes.Clone(k))
			return true
		})
		for _, k := range ks {
			kind, rest := k[len(prefix)], k[len(prefix)+1:]
			switch kind {
			case talkEvent:
				t.forgetEvent(rest)
			case talkJob:
				if f, blob, err := t.job(id, string(rest)); err != nil || blob == nil {
					t.spoil(errDamaged)
				} else {
					t.dropJob(f)
				}
			case talkFailed:
				t.del(bucketFailed, t.get(bucketTalks, k))
			case talkCase:
				t.del(bucketCase, rest)
			case talkFile:
				var file fileFields
				if _, err := split(t.get(bucketTalks, k), &file); err != nil {
					t.spoil(err)
				} else if file.Path != "" {
					t.del(bucketMedia, []byte(file.Path))
					files = append(files, file.Path)
				}
			}
			t.del(bucketTalks, k)
		}
		for _, k := range f.Addresses {
			if string(t.get(bucketAddress, k)) == string(id) { // nobody has written from it since
				t.del(bucketAddress, k)
			}
		}
		t.moveKey(bucketOpen, f.Open, nil, id)
		t.moveKey(bucketClosed, f.Closed, nil, id)
		t.moveKey(bucketKeeping, f.Keeping, nil, id)
		t.moveKey(bucketComment, f.Comment, nil, id)
		t.moveKey(bucketWaits, f.Waits, nil, id)
		t.say(id)
		return nil
	})
	return files, err
}

// say makes the last word of an erased thread a job.
func (t *txn) say(id store.ThreadID) {
	v := t.get(bucketLast, []byte(id))
	if v == nil {
		return
	}
	var f lastFields
	blob, err := split(v, &f)
	if err != nil {
		t.spoil(err)
		return
	}
	t.addJob(newJob{f.Key, f.Job, bytes.Clone(blob)})
	t.del(bucketLast, []byte(id))
}

// eraseContent makes a file's record one that says that it was erased, or
// removes it. It gives the name of its content.
func (db *DB) eraseContent(ctx context.Context, id store.ThreadID, file string, drop bool, at time.Time) (files []string, err error) {
	blob, err := db.encode(talkPlace(id, talkFile, file), store.File{ID: file, State: store.Erased, At: at})
	if errors.Is(err, errErased) {
		return nil, nil // with all of the thread
	}
	if err != nil {
		return nil, err
	}
	err = db.update(ctx, func(t *txn) error {
		files = nil
		k := talkKey(id, talkFile, file)
		v := t.get(bucketTalks, k)
		if v == nil {
			return nil
		}
		var fields fileFields
		if _, err := split(v, &fields); err != nil {
			return err
		}
		if fields.Path != "" {
			files = []string{fields.Path}
		}
		if drop {
			t.dropFile(k, fields)
		} else if fields.Path != "" {
			t.del(bucketMedia, []byte(fields.Path))
			t.putFile(id, file, fileFields{}, blob)
		}
		return nil
	})
	return files, err
}

// EraseFile implements store.Files.
func (db *DB) EraseFile(ctx context.Context, id store.ThreadID, file string, at time.Time) (bool, error) {
	return db.destroyFile(ctx, id, file, markErased, at)
}

// DropFile implements store.Files.
func (db *DB) DropFile(ctx context.Context, id store.ThreadID, file string) error {
	_, err := db.destroyFile(ctx, id, file, markDrop, db.now())
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// destroyFile says whether there was content.
func (db *DB) destroyFile(ctx context.Context, id store.ThreadID, file string, kind byte, at time.Time) (bool, error) {
	path := ""
	err := db.view(ctx, func(t *txn) error {
		_, fields, err := db.readFile(t, id, file)
		path = fields.Path
		return err
	})
	if err != nil || path == "" && kind == markErased {
		return false, err
	}
	if _, err := at.MarshalJSON(); err != nil {
		return false, errUnencodable
	}
	mark := string(kind) + string(named(string(id))) + file
	if path == "" {
		_, err := db.eraseContent(ctx, id, file, true, at)
		return false, err
	}
	if err := db.book.Forget([]string{mark}, fileOwner(id, path)); err != nil {
		return false, err
	}
	db.at("key destroyed")
	return true, db.finish(context.WithoutCancel(ctx), mark, at)
}

// Keyless gives the threads whose records are here and whose key is not: keys.db
// is from another copy than the store. Nobody can read them; that of the same
// copy, put back, opens them. Who writes from their addresses begins anew.
func (db *DB) Keyless(ctx context.Context) (ids []store.ThreadID, err error) {
	err = db.view(ctx, func(t *txn) error {
		c := t.bucket(bucketTalks).Cursor()
		for k, _ := c.First(); k != nil; {
			id, _, err := splitTalk(k)
			if err != nil {
				return err
			}
			if _, blob, err := t.threadFields(id); err != nil {
				return err
			} else if blob != nil && db.book.Gone(string(id)) {
				ids = append(ids, id)
			}
			// On to the next thread.
			if k, _ = c.Seek(concat(named(string(id)), []byte{0xff})); k != nil && hasPrefix(k, named(string(id))) {
				k, _ = c.Next()
			}
		}
		return nil
	})
	return ids, err
}
