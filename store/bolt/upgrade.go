// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"sarai/store"
	"sarai/store/keys"
)

// A file of format 1 has the buckets of format 2, but its blobs and the content
// of files are not sealed. It is not changed: beside it a file of format 2 is
// written, in bounded steps that remember how far they came, and takes its name
// at the end. The old file stays under another name as a copy to go back to, and
// the old content of files in a folder, both as readable as they were; so they
// are removed after keepCopies.

// keepCopies is how long the copy from before an upgrade stays: a week shows
// whether all is well.
const keepCopies = 7 * 24 * time.Hour

// upgradeStep is how many bytes of old records one transaction seals at most,
// but for one record more.
const upgradeStep = 1 << 20

const (
	upgrading = ".upgrading" // ends the name of the file that is being written
	copyOf1   = ".format1-"  // stands before the day in the names of the copies
	dayForm   = "2006-01-02"
)

// Keys in bucketMeta of a file that is being written.
const (
	metaOf  = "upgrade-of"  // transaction number of the old file, day
	metaAt  = "upgrade-at"  // number of a bucket, last key that was done
	metaAll = "upgrade-all" // that all is done but the names
)

// upgrade puts a file of format 2 in the place of the one of format 1 that is
// open, and leaves the new one open.
func (db *DB) upgrade(o Options) error {
	old, part := db.bolt, db.path+upgrading
	of := append(number(uint64(transaction(old))), db.now().UTC().Format(dayForm)...)
	nb, err := db.beginUpgrade(part, of, o)
	if err != nil {
		return upgradeFailed(err)
	}
	done := false
	defer func() {
		if !done {
			nb.Close()
		}
	}()
	for i, name := range buckets() {
		if name == bucketMeta || name == bucketMedia || name == bucketLast {
			continue
		}
		if err := db.upgradeBucket(old, nb, uint64(i), name, o); err != nil {
			return upgradeFailed(err)
		}
	}
	err = nb.Update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket([]byte(bucketMeta))
		of = bytes.Clone(meta.Get([]byte(metaOf))) // the day on which it began
		return errors.Join(
			meta.Put([]byte("format"), number(format)),
			meta.Put([]byte("check"), db.hash("check")),
			meta.Put([]byte(metaAll), nil),
		)
	})
	if err != nil {
		return upgradeFailed(err)
	}
	if len(of) < 8 {
		return errDamaged
	}
	db.at("sealed")
	if err := db.swapUpgraded(old, part, string(of[8:]), o); err != nil {
		return upgradeFailed(err)
	}
	done = true
	db.bolt = nb
	old.Close()
	db.at("renamed")
	return nil
}

func upgradeFailed(err error) error {
	return fmt.Errorf("store: the file could not be upgraded and is as it was; there must be as much room on the disk as it takes: %w", pathless(err))
}

func transaction(b *bbolt.DB) (n int) {
	b.View(func(tx *bbolt.Tx) error {
		n = tx.ID()
		return nil
	})
	return n
}

// beginUpgrade opens the file that was being written when an earlier try ended,
// if it is of the same old file as that is now, and else a new one.
func (db *DB) beginUpgrade(part string, of []byte, o Options) (*bbolt.DB, error) {
	if _, err := os.Stat(part); err == nil && inspect(part, o) == nil {
		nb, err := openBolt(part, o, writable(o))
		if err != nil {
			return nil, err
		}
		same := false
		nb.View(func(tx *bbolt.Tx) error {
			if meta := tx.Bucket([]byte(bucketMeta)); meta != nil {
				v := meta.Get([]byte(metaOf))
				same = len(v) == len(of) && bytes.Equal(v[:8], of[:8])
			}
			return nil
		})
		if same {
			return nb, nil
		}
		nb.Close()
	}
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	nb, err := openBolt(part, o, writable(o))
	if err != nil {
		return nil, err
	}
	err = nb.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets() {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaOf), of)
	})
	if err != nil {
		nb.Close()
		return nil, err
	}
	return nb, nil
}

// A pair is a record of the old file.
type pair struct{ k, v []byte }

// upgradeBucket brings a bucket over, from where an earlier try came to.
func (db *DB) upgradeBucket(old, nb *bbolt.DB, place uint64, name string, o Options) error {
	var from []byte
	skip := false
	err := nb.View(func(tx *bbolt.Tx) error {
		v := tx.Bucket([]byte(bucketMeta)).Get([]byte(metaAt))
		if len(v) < 8 {
			return nil
		}
		switch at := binary.BigEndian.Uint64(v); {
		case at > place:
			skip = true
		case at == place:
			from = bytes.Clone(v[8:])
		}
		return nil
	})
	if err != nil || skip {
		return err
	}
	for more := true; more; {
		var pairs []pair
		var sequence uint64
		most := upgradeStep
		if o.step > 0 {
			most = o.step
		}
		err := old.View(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(name))
			if b == nil { // older than the bucket
				more = false
				return nil
			}
			sequence = b.Sequence()
			c := b.Cursor()
			k, v := c.First()
			if from != nil {
				if k, v = c.Seek(from); bytes.Equal(k, from) {
					k, v = c.Next()
				}
			}
			size := 0
			for ; k != nil && size < most; k, v = c.Next() {
				pairs = append(pairs, pair{bytes.Clone(k), bytes.Clone(v)})
				size += len(k) + len(v)
			}
			more = k != nil
			return nil
		})
		if err != nil {
			return err
		}
		if err := db.upgradeKeys(name, pairs); err != nil {
			return err
		}
		sealed := make([]pair, 0, len(pairs))
		media := []pair{}
		for _, p := range pairs {
			v, file, err := db.upgradeRecord(name, p, o)
			if err != nil {
				return err
			}
			sealed = append(sealed, pair{p.k, v})
			if file != "" {
				media = append(media, pair{[]byte(file), p.k})
			}
			from = p.k
		}
		err = nb.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(name))
			b.FillPercent = 0.9 // they come in order
			for _, p := range sealed {
				if err := b.Put(p.k, p.v); err != nil {
					return err
				}
			}
			for _, p := range media {
				if err := tx.Bucket([]byte(bucketMedia)).Put(p.k, p.v); err != nil {
					return err
				}
			}
			if err := b.SetSequence(sequence); err != nil {
				return err
			}
			return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaAt), append(number(place), from...))
		})
		if err != nil {
			return err
		}
		db.at("step")
	}
	return nil
}

// upgradeKeys makes the keys that the records of a step need, all at once.
func (db *DB) upgradeKeys(bucket string, pairs []pair) error {
	owners := map[string]bool{}
	for _, p := range pairs {
		switch bucket {
		case bucketTalks:
			id, _, err := splitTalk(p.k)
			if err != nil {
				return err
			}
			owners[string(id)] = true
		case bucketJob:
			var f jobFields
			if _, err := split(p.v, &f); err != nil {
				return err
			}
			owners[string(f.Thread)] = true
		}
	}
	var all sync.WaitGroup
	slots, failed := make(chan struct{}, 256), make(chan error, len(owners))
	for owner := range owners {
		slots <- struct{}{}
		all.Go(func() {
			if _, err := db.book.Make(context.Background(), owner); err != nil {
				failed <- err
			}
			<-slots
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// splitTalk takes a key of bucketTalks apart.
func splitTalk(k []byte) (id store.ThreadID, kind byte, err error) {
	if len(k) < 2 || len(k) < 2+int(k[0]) {
		return "", 0, errDamaged
	}
	return store.ThreadID(k[1 : 1+k[0]]), k[1+k[0]], nil
}

// upgradeRecord gives a record as it is in format 2. If it is of a file, its
// content was sealed under the name file.
func (db *DB) upgradeRecord(bucket string, p pair, o Options) (v []byte, file string, err error) {
	seal := func(owner string, blob []byte) ([]byte, error) {
		k, err := db.keyOf(owner)
		if err != nil {
			return nil, err
		}
		return k.Seal(place{owner, bucket, p.k}.bound(), blob), nil
	}
	// fielded seals the blob behind clear fields, which stay as they are.
	fielded := func(owner string) ([]byte, error) {
		var fields json.RawMessage
		blob, err := split(p.v, &fields)
		if err != nil {
			return nil, err
		}
		if blob, err = seal(owner, blob); err != nil {
			return nil, err
		}
		return join(fields, blob), nil
	}
	switch bucket {
	case bucketMember:
		v, err = fielded(ownerStaff)
	case bucketSmall:
		v, err = fielded(ownerSmall)
	case bucketJob:
		var f jobFields
		if _, err := split(p.v, &f); err != nil {
			return nil, "", err
		}
		v, err = fielded(string(f.Thread))
	case bucketTalks:
		id, kind, err := splitTalk(p.k)
		if err != nil {
			return nil, "", err
		}
		switch kind {
		case talkThread:
			v, err = fielded(string(id))
		case talkEntry, talkReceipt, talkDraft:
			v, err = seal(string(id), p.v)
		case talkFile:
			var f fileFields
			blob, err := split(p.v, &f)
			if err != nil {
				return nil, "", err
			}
			if f.Path != "" {
				if file, err = db.upgradeFile(id, f.Path, o); err != nil {
					return nil, "", err
				}
				f.Path = file
			}
			if blob, err = seal(string(id), blob); err != nil {
				return nil, "", err
			}
			return join(f, blob), file, nil
		default:
			v = p.v
		}
		return v, "", err
	default:
		v = p.v
	}
	return v, "", err
}

// upgradeFile seals the content of a file under a new name. One that is not there
// keeps its name.
func (db *DB) upgradeFile(id store.ThreadID, name string, o Options) (string, error) {
	in, err := os.Open(db.media.of(name))
	if errors.Is(err, fs.ErrNotExist) {
		return name, nil
	}
	if err != nil {
		return "", err
	}
	defer in.Close()
	thread, err := db.keyOf(string(id))
	if err != nil {
		return "", err
	}
	sealed, fileKey := random(), keys.New()
	out, err := os.OpenFile(db.media.of(sealed), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = sealTo(contentKeyOf(thread, fileKey, id, sealed), out, in)
	if err == nil && !o.NoSync {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err == nil && !o.NoSync {
		err = syncFolder(db.media.path)
	}
	if err == nil {
		_, err = db.book.Add(context.Background(), fileOwner(id, sealed), fileKey)
	}
	if err != nil {
		os.Remove(db.media.of(sealed))
		return "", err
	}
	db.at("file")
	return sealed, nil
}

// swapUpgraded gives the old content and the old file the names of copies, and
// the new file the name of the store. Each step can be done again.
func (db *DB) swapUpgraded(old *bbolt.DB, part, day string, o Options) error {
	var names []string
	err := old.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucketMedia))
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, _ []byte) error {
			names = append(names, string(k))
			return nil
		})
	})
	if err != nil {
		return err
	}
	folder := db.media.path + copyOf1 + day
	if len(names) > 0 {
		if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	for _, name := range names {
		err := os.Rename(db.media.of(name), filepath.Join(folder, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		db.at("moved")
	}
	copied := db.path + copyOf1 + day
	if err := secondName(db.path, copied, o); err != nil {
		return err
	}
	db.at("kept")
	if !o.NoSync {
		dirs := []string{filepath.Dir(db.path)}
		if len(names) > 0 {
			dirs = append(dirs, folder, db.media.path)
		}
		for _, dir := range dirs {
			if err := syncFolder(dir); err != nil {
				return err
			}
		}
	}
	if err := os.Rename(part, db.path); err != nil {
		return err
	}
	if !o.NoSync {
		return syncFolder(filepath.Dir(db.path))
	}
	return nil
}

// secondName gives a file a second name, or copies it where the disk has no links.
func secondName(path, name string, o Options) error {
	a, err := os.Stat(path)
	if err != nil {
		return err
	}
	if b, err := os.Stat(name); err == nil {
		if os.SameFile(a, b) {
			return nil
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	if os.Link(path, name) == nil {
		return nil
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil && !o.NoSync {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// OldCopies gives the names, in the folder of the store, of copies from before an
// upgrade: what is in them is not sealed. They are removed by themselves a week
// after the upgrade.
func (db *DB) OldCopies() []string {
	var names []string
	for _, base := range []string{db.path, db.media.path} {
		found, _ := filepath.Glob(escapeGlob(base) + copyOf1 + "*") // the pattern is well formed
		for _, f := range found {
			names = append(names, filepath.Base(f))
		}
	}
	slices.Sort(names)
	return names
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// removeOldCopies removes the copies that are older than keepCopies.
func (db *DB) removeOldCopies(now time.Time) error {
	for _, name := range db.OldCopies() {
		_, day, _ := strings.Cut(name, copyOf1)
		made, err := time.Parse(dayForm, day)
		if err != nil || now.Sub(made) < keepCopies {
			continue
		}
		if err := os.RemoveAll(filepath.Join(filepath.Dir(db.path), name)); err != nil {
			return fmt.Errorf("store: %s cannot be removed: %w", name, pathless(err))
		}
	}
	return nil
}
