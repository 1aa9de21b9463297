// SPDX-License-Identifier: GPL-3.0-or-later

// Package bolt is the store in one file, for an installation on one machine.
//
// All that changes something goes through one goroutine, the committer, which
// takes whatever waits into one transaction and answers after it is on disk: a
// commit costs two syncs however many share it. Each is judged by itself, and
// those that fail write nothing.
//
// The buckets, and what their keys are made of (times and numbers are written
// so that bytes sort as they do):
//
//	meta     the format number, a check of the key
//	talks    thread, kind, …: all that belongs to a thread, side by side
//	address  hash of an address → thread
//	event    hash of an event → time, thread
//	eventage time, hash of an event: what Sweep reads
//	work     number → job
//	lane     lane, number → job key: a lane's jobs in their order, where it is not of one thread
//	due      priority, due, number → job key: heads of lanes
//	failed   number → job key, job
//	case     case → thread
//	open     rank, queued, case → thread
//	closed   closed, case → thread
//	member   staff → member
//	login    hash of a login → staff
//	small    bucket, hash of a key → record
//	smallage time, bucket, hash of a key: what Sweep reads
//	media    name in the folder of files → key of the file's record in talks
//	last     thread → job: the last word to somebody, until the erasing is done
//	audit    number → record, see audit.go
//	keeping  what will become of a talk, time, thread: see retention.go
//	comment  said, thread → thread
//	commentwait  the same, of comments that somebody must see to
//
// In job and lease files from before format 3 had their jobs, by key, and which of
// them were leased; all lanes were in lane. Opening a file moves them.
//
// Those of the counters are listed in counts.go.
//
// The hashes are keyed. Whatever says who somebody is or what was said is in a
// blob, sealed under a key that lies in keys.db beside the file, see seal.go and
// package keys; the content of files is sealed too, see stream.go.
//
// In the clear are: ids of threads, cases, staff and files, which are random;
// that a record of a kind exists, and how long it is; of a thread how many turns
// and entries it has, the rank of its case, when that was queued and closed, and
// when its comment was said and in which entry; of an event when it was stored;
// of a job its kind, lane, priority, times and tries; of a small record its
// bucket and its end; of a file its name in the folder, and that it was staged.
package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"sarai/store"
	"sarai/store/keys"
)

// format is the number of the layout that the package comment describes. A
// release that changes it must still read the older ones.
const format = 3

const (
	bucketMeta     = "meta"
	bucketTalks    = "talks"
	bucketAddress  = "address"
	bucketEvent    = "event"
	bucketEventAge = "eventage"
	bucketJob      = "job"
	bucketLane     = "lane"
	bucketDue      = "due"
	bucketLease    = "lease"
	bucketFailed   = "failed"
	bucketCase     = "case"
	bucketOpen     = "open"
	bucketClosed   = "closed"
	bucketMember   = "member"
	bucketLogin    = "login"
	bucketSmall    = "small"
	bucketSmallAge = "smallage"
	bucketMedia    = "media"
	bucketLast     = "last"
	bucketAudit    = "audit"
	bucketKeeping  = "keeping"
	bucketComment  = "comment"
	bucketWaits    = "commentwait"
	bucketWork     = "work"
)

// buckets are all of them. A new one comes last: an upgrade that was begun counts
// them from the first. Files from before a bucket lack it until they are opened.
func buckets() []string {
	return []string{
		bucketMeta, bucketTalks, bucketAddress, bucketEvent, bucketEventAge,
		bucketJob, bucketLane, bucketDue, bucketLease, bucketFailed,
		bucketCase, bucketOpen, bucketClosed, bucketMember, bucketLogin, bucketSmall, bucketSmallAge, bucketMedia, bucketLast,
		bucketCount, bucketCountDay, bucketCode, bucketMonth, bucketVisit,
		bucketAudit, bucketKeeping, bucketComment, bucketWork, bucketWaits,
	}
}

// KeysFile is the name of the book of keys, beside the store.
const KeysFile = "keys.db"

// KeySize is the length of the installation key in bytes.
const KeySize = 32

// DefaultQueueSize is how many changes wait for the committer at most where
// Options does not say: more than all the connections of a small machine.
const DefaultQueueSize = 4096

// DefaultReserve is 256 MB: the talks of more than a year of a busy centre.
const DefaultReserve = 256 << 20

// lockTimeout is how long Open waits for another process to let go of the file:
// a Sarai that is just ending needs less.
const lockTimeout = 2 * time.Second

// Options say how to open a store. Key must be set; the rest may be zero.
type Options struct {
	// Key is the installation key, KeySize random bytes that are kept outside the
	// files. It wraps the keys in keys.db: another key does not open the store.
	Key []byte
	// NoSync leaves out the syncs. What was committed can be lost: for tests only.
	NoSync bool
	// Now is the clock, time.Now where nil. It decides when event keys and small
	// records are over, and whether a lease still keeps a job from being cancelled.
	Now func() time.Time
	// QueueSize is how many changes wait at most before ErrBusy, DefaultQueueSize
	// where zero.
	QueueSize int
	// Reserve is how many bytes of the disk are left to what people write: with
	// less free no file is kept, so that pictures never stop messages.
	// DefaultReserve where zero, none where below zero.
	Reserve int64

	openFile func(string, int, os.FileMode) (*os.File, error) // for tests: a disk that fails
	reached  func(step string)                                // for tests: somebody pulls the plug
	step     int                                              // for tests: upgradeStep where zero
}

// A DB is a store.Store in one file, and a folder beside it for what people send
// as files. It is safe for concurrent use.
type DB struct {
	bolt  *bbolt.DB
	path  string
	book  *keys.Book
	own   map[string]*keys.Key // the program's own keys, by owner
	now   func() time.Time
	queue chan *change
	ended chan struct{} // closed when the committer has ended
	media *folder

	leases  leases
	failing atomic.Bool       // the last commit was not made, and the file is as it was before it
	reached func(step string) // nil but in tests

	mu     sync.RWMutex // guards closed and the closing of queue
	closed bool

	broken atomic.Pointer[error] // why nothing can be trusted until the file is opened anew
	stuck  atomic.Bool           // bolt panicked and may hold its own locks
}

var _ store.Store = (*DB)(nil)

var errClosed = errors.New("store: closed")

// Open opens the file at path, or makes it, mode 0600, in a folder that exists.
// Files that people send are kept in the folder "media" beside it, mode 0700,
// which is made with the first; what an end in between left there is removed.
// It reads the whole file once to see that it is sound. It fails with an error
// that wraps store.ErrNewer for a file of a newer version, and with one clear
// line if another process uses the file, if the key is not the file's, or if
// the file is damaged; it then has changed nothing.
func Open(path string, o Options) (*DB, error) {
	if len(o.Key) != KeySize {
		return nil, fmt.Errorf("store: the installation key must have %d bytes, not %d", KeySize, len(o.Key))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.QueueSize <= 0 {
		o.QueueSize = DefaultQueueSize
	}
	if o.Reserve == 0 {
		o.Reserve = DefaultReserve
	}
	info, err := os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
	switch {
	case err != nil && !fresh:
		return nil, fmt.Errorf("store: the file cannot be opened: %w", pathless(err))
	case err == nil && info.IsDir():
		return nil, errors.New("store: the file cannot be opened: it is a directory")
	case !fresh:
		if err := inspect(path, o); err != nil {
			return nil, err
		}
	}
	b, err := openBolt(path, o, writable(o))
	if err != nil {
		return nil, err
	}
	db := &DB{
		bolt: b, path: path, now: o.Now, reached: o.reached,
		leases: leases{held: map[string]lease{}, changing: map[string]bool{}},
		queue:  make(chan *change, o.QueueSize), ended: make(chan struct{}),
		media: &folder{path: filepath.Join(filepath.Dir(path), mediaFolder), noSync: o.NoSync, reserve: o.Reserve, busy: map[string]bool{}},
	}
	if err := db.prepare(o); err != nil {
		if db.book != nil {
			db.book.Close()
		}
		db.bolt.Close()
		return nil, err
	}
	if fresh && !o.NoSync {
		if err := syncFolder(filepath.Dir(path)); err != nil {
			db.book.Close()
			db.bolt.Close()
			return nil, fmt.Errorf("store: the data folder cannot be synced: %w", pathless(err))
		}
	}
	go db.run()
	err = db.finishAll(context.Background(), db.now())
	if err == nil {
		err = db.tidy(context.Background(), time.Time{}, true)
	}
	if err == nil {
		err = db.removeOldCopies(db.now())
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// at tells a test how far it is.
func (db *DB) at(step string) {
	if db.reached != nil {
		db.reached(step)
	}
}

// Keys is the book in which the keys of the store lie.
func (db *DB) Keys() *keys.Book { return db.book }

// writable are the options by which bolt opens a file to write to.
func writable(o Options) *bbolt.Options {
	return &bbolt.Options{
		FreelistType:    bbolt.FreelistMapType,
		NoFreelistSync:  true,
		NoSync:          o.NoSync,
		InitialMmapSize: initialMmapSize(),
	}
}

// initialMmapSize is how much address space is taken at once, because a commit
// that must map more waits for every reader. It costs no memory.
func initialMmapSize() int {
	if strconv.IntSize == 32 {
		return 128 << 20
	}
	return 1 << 30
}

// openBolt opens the file with bolt. Its panics are damage in the file.
func openBolt(path string, o Options, bo *bbolt.Options) (b *bbolt.DB, err error) {
	var file *os.File
	defer func() {
		if recover() != nil {
			file.Close() // bolt leaves it open, and locked
			b, err = nil, errDamaged
		}
	}()
	bo.Timeout = lockTimeout
	bo.OpenFile = func(path string, flag int, mode os.FileMode) (_ *os.File, err error) {
		if o.openFile == nil {
			file, err = os.OpenFile(path, flag, mode)
		} else {
			file, err = o.openFile(path, flag, mode)
		}
		return file, err
	}
	b, err = bbolt.Open(path, 0o600, bo)
	var pe *fs.PathError
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, errors.New("store: another Sarai uses this file: stop it, or choose another data folder")
	case errors.As(err, &pe):
		return nil, fmt.Errorf("store: the file cannot be opened: %w", pe.Err)
	case errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w (its pages are of an unknown kind)", store.ErrNewer)
	case bo.ReadOnly:
		return nil, errDamaged
	}
	return nil, fmt.Errorf("store: the file cannot be opened: %w", err)
}

// prepare opens the book of keys, and makes the buckets of a new file, or checks
// those of an old one before anything is written. A file of an older format is
// upgraded.
func (db *DB) prepare(o Options) error {
	var was uint64
	var check []byte
	err := db.bolt.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket([]byte(bucketMeta))
		if meta == nil {
			if k, _ := tx.Cursor().First(); k != nil {
				return errors.New("store: the file is not Sarai's")
			}
			return nil
		}
		v := meta.Get([]byte("format"))
		if len(v) != 8 {
			return errDamaged
		}
		if was = binary.BigEndian.Uint64(v); was > format {
			return fmt.Errorf("%w (format %d, this version reads up to %d)", store.ErrNewer, was, format)
		}
		check = bytes.Clone(meta.Get([]byte("check")))
		return nil
	})
	if err != nil {
		return err
	}
	ko := keys.Options{NoSync: o.NoSync, Existing: was > 1}
	if was == 1 {
		// Its hashes were made with the installation key, and so they stay.
		if !bytes.Equal(check, hashWith(keys.Of(o.Key), "check")) {
			return errForeignKey
		}
		ko.Index = o.Key
	}
	if db.book, err = keys.Open(filepath.Join(filepath.Dir(db.path), KeysFile), o.Key, ko); err != nil {
		return err
	}
	if was > 0 && !bytes.Equal(check, db.hash("check")) {
		return errForeignKeys
	}
	db.own = map[string]*keys.Key{}
	for _, owner := range []string{ownerStaff, ownerSmall, ownerCounts} {
		if db.own[owner], err = db.book.Make(context.Background(), owner); err != nil {
			return err
		}
	}
	if was == 1 {
		if err := db.upgrade(o); err != nil {
			return err
		}
	}
	err = db.bolt.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets() {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(bucketMeta))
		if err := meta.Put([]byte("format"), binary.BigEndian.AppendUint64(nil, format)); err != nil {
			return err
		}
		if err := meta.Put([]byte("check"), db.hash("check")); err != nil {
			return err
		}
		return (&txn{tx: tx}).release()
	})
	most := upgradeStep
	if o.step > 0 {
		most = o.step
	}
	for more := true; more && err == nil; {
		err = db.bolt.Update(func(tx *bbolt.Tx) (err error) {
			more, err = (&txn{tx: tx}).move(most)
			return err
		})
		if more {
			db.at("jobs moved")
		}
	}
	if err != nil {
		return fmt.Errorf("store: the file cannot be written: %w", pathless(err))
	}
	return nil
}

var (
	errForeignKey  = errors.New("store: the installation key is not the one that this file was made with: restore the key that belongs to it")
	errForeignKeys = errors.New("store: keys.db is not the one that belongs to this file: restore both from one copy")
)

// syncFolder makes a new file's name durable: syncing the file does not.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// pathless gives the reason of an error without the file it is about.
func pathless(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	// Bolt turns the errors of growing the file into text.
	if s := err.Error(); strings.HasPrefix(s, growing) || strings.HasPrefix(s, growingSync) {
		return errors.New(s[strings.LastIndex(s, ": ")+2:])
	}
	return err
}

// How bolt begins the errors of growing the file: of setting its length, and of
// syncing it then.
const (
	growing     = "file resize error: "
	growingSync = "file sync error: "
)

// Ready commits a small record and says whether that worked.
func (db *DB) Ready(ctx context.Context) error {
	return db.update(ctx, func(t *txn) error {
		t.put(bucketMeta, []byte("ready"), timeKey(db.now()))
		return nil
	})
}

// Close commits what waits, ends the committer and closes the file. Whatever is
// called later fails. Closing twice is no error.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		<-db.ended
		return nil
	}
	db.closed = true
	close(db.queue)
	db.mu.Unlock()
	<-db.ended
	err := db.book.Close()
	if db.stuck.Load() {
		return *db.broken.Load()
	}
	if err := db.bolt.Close(); err != nil {
		return fmt.Errorf("store: the file cannot be closed: %w", pathless(err))
	}
	return err
}
