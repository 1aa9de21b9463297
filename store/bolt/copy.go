// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"

	"sarai/store"
	"sarai/store/keys"
)

// A copy is the file as it is at one moment and the content of files, all as
// sealed as they lie; the keys are copied after them, see package backup. So a
// thread of the copy that has no key among the later keys was erased.

// A Copied says what a copy of the file holds.
type Copied struct {
	Threads int
	Content []string // names in the folder of files, each with a record in the copy
}

// CopyTo writes the file as it is at one moment, while others read and write. w
// should take it fast, as a local file does: what is freed meanwhile is not used
// again, and the file grows.
func (db *DB) CopyTo(ctx context.Context, w io.Writer) (c Copied, err error) {
	failed := error(nil)
	err = db.view(ctx, func(t *txn) error {
		c.Threads, c.Content = t.holds()
		_, failed = t.tx.WriteTo(until{ctx, w})
		return nil
	})
	if err == nil {
		err = failed
	}
	return c, err
}

// until writes as long as ctx lasts.
type until struct {
	ctx context.Context
	w   io.Writer
}

func (u until) Write(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.w.Write(b)
}

// Size is how many bytes a copy of the file takes now.
func (db *DB) Size() (n int64) {
	db.bolt.View(func(tx *bbolt.Tx) error {
		n = tx.Size()
		return nil
	})
	return n
}

func (t *txn) holds() (threads int, content []string) {
	for _, id := range t.owners() {
		if t.isThread(id) {
			threads++
		}
	}
	t.each(bucketMedia, nil, nil, func(k, _ []byte) bool {
		content = append(content, string(k))
		return true
	})
	return threads, content
}

func (t *txn) isThread(owner string) bool {
	return t.get(bucketTalks, talkKey(store.ThreadID(owner), talkThread, "")) != nil
}

// owners are all who own something in bucketTalks: threads, and last words.
func (t *txn) owners() (ids []string) {
	c := t.bucket(bucketTalks).Cursor()
	for k, _ := c.First(); k != nil; {
		id, _, err := splitTalk(k)
		if err != nil {
			k, _ = c.Next()
			continue
		}
		ids = append(ids, string(id))
		// The next one begins after all keys that begin so: kinds are below 0xff.
		k, _ = c.Seek(append(named(string(id)), 0xff))
	}
	return ids
}

// OpenContent opens the sealed content of a file by its name in the folder. It
// fails with store.ErrNoContent where it is not there (any more).
func (db *DB) OpenContent(name string) (*os.File, error) {
	f, err := os.Open(db.media.of(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, store.ErrNoContent
	}
	if err != nil {
		return nil, fmt.Errorf("store: a file cannot be read: %w", pathless(err))
	}
	return f, nil
}

// Room is how many bytes the disk of a folder still takes. ok is false where
// nobody can say.
func Room(folder string) (free uint64, ok bool) { return room(folder) }

// A Dropped says what DropErased removed.
type Dropped struct{ Threads, Files int }

// DropErased removes the threads and files that have no key: they are of a copy
// from before they were erased. It must be called before anybody uses the store.
func (db *DB) DropErased(ctx context.Context) (d Dropped, err error) {
	type file struct {
		id   store.ThreadID
		file string
	}
	var gone []string
	threads := 0
	var erased []file
	var words [][]byte
	isGone := func(owner string) bool {
		_, e := db.book.Key(owner)
		if e != nil && !errors.Is(e, keys.ErrNone) {
			err = e
		}
		return e != nil
	}
	failed := db.view(ctx, func(t *txn) error {
		for _, id := range t.owners() {
			if isGone(id) {
				gone = append(gone, id)
				if t.isThread(id) {
					threads++
				}
				continue
			}
			prefix := talkKey(store.ThreadID(id), talkFile, "")
			t.each(bucketTalks, prefix, prefix, func(k, v []byte) bool {
				var f fileFields
				if _, e := split(v, &f); e != nil {
					err = e
				} else if f.Path != "" && isGone(fileOwner(store.ThreadID(id), f.Path)) {
					erased = append(erased, file{store.ThreadID(id), string(k[len(prefix):])})
				}
				return err == nil
			})
		}
		t.each(bucketLast, nil, nil, func(k, v []byte) bool {
			var f lastFields
			if _, e := split(v, &f); e != nil {
				err = e
			} else if isGone(f.Key) {
				words = append(words, bytes.Clone(k))
			}
			return err == nil
		})
		return err
	})
	if failed != nil {
		return d, failed
	}
	err = db.update(ctx, func(t *txn) error {
		for _, k := range words {
			t.del(bucketLast, k)
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	for _, id := range gone {
		files, err := db.eraseRecords(ctx, store.ThreadID(id))
		if err == nil {
			err = db.media.remove(files...)
		}
		if err != nil {
			return d, err
		}
	}
	d.Threads = threads
	for _, f := range erased {
		files, err := db.eraseContent(ctx, f.id, f.file, false, db.now())
		if err == nil {
			err = db.media.remove(files...)
		}
		if err != nil {
			return d, err
		}
		d.Files++
	}
	return d, nil
}

// A Checked says what Check read.
type Checked struct {
	Threads, Entries, Files int
	Missing                 int // files whose content is not there
}

// Check opens everything that is sealed: each thread with its transcript, the
// whole content of each file, the staff. It fails if something does not open.
func (db *DB) Check(ctx context.Context) (c Checked, err error) {
	var ids []string
	err = db.view(ctx, func(t *txn) error {
		for _, id := range t.owners() {
			if t.isThread(id) {
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err != nil {
		return c, err
	}
	for _, owner := range ids {
		id := store.ThreadID(owner)
		if err := ctx.Err(); err != nil {
			return c, err
		}
		th, err := db.ThreadByID(ctx, id)
		if err != nil {
			return c, fmt.Errorf("a talk does not open: %w", err)
		}
		c.Threads++
		for after := uint64(0); after < th.LastSeq; {
			es, err := db.Entries(ctx, id, after, 1000)
			if err != nil {
				return c, fmt.Errorf("a talk does not open: %w", err)
			}
			if len(es) == 0 {
				return c, fmt.Errorf("a talk ends too early: %w", errDamaged)
			}
			c.Entries += len(es)
			after = es[len(es)-1].Seq
		}
		files, err := db.Files(ctx, id)
		if err != nil {
			return c, fmt.Errorf("a talk does not open: %w", err)
		}
		for name, f := range files {
			if f.State != store.Kept {
				continue
			}
			if err := db.readThrough(ctx, id, name); errors.Is(err, store.ErrNoContent) {
				c.Missing++
			} else if err != nil {
				return c, fmt.Errorf("a file of a talk does not open: %w", err)
			}
			c.Files++
		}
	}
	if _, err := db.Members(ctx); err != nil {
		return c, fmt.Errorf("the list of staff does not open: %w", err)
	}
	return c, nil
}

func (db *DB) readThrough(ctx context.Context, id store.ThreadID, file string) error {
	_, content, err := db.OpenFile(ctx, id, file)
	if err != nil || content == nil {
		return err
	}
	_, err = io.Copy(io.Discard, content)
	return errors.Join(err, content.Close())
}

// RemoveSmall removes all small records of a bucket, as sign-ins that a copy
// would bring back to life.
func (db *DB) RemoveSmall(ctx context.Context, bucket string) error {
	if !goodName(bucket) {
		return nil
	}
	prefix := named(bucket)
	return db.update(ctx, func(t *txn) error {
		var ks [][]byte
		t.each(bucketSmall, prefix, prefix, func(k, _ []byte) bool {
			ks = append(ks, bytes.Clone(k))
			return true
		})
		for _, k := range ks {
			if err := t.removeSmall(k); err != nil {
				return err
			}
		}
		return nil
	})
}
