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
//	job      job key → job
//	lane     lane, number → job key: a lane's jobs in their order
//	due      priority, due, number → job key: heads of lanes that nobody has leased
//	lease    until, number → job key: heads of lanes that somebody has leased
//	failed   number → job key, job
//	case     case → thread
//	open     rank, queued, case → thread
//	closed   closed, case → thread
//	member   staff → member
//	login    hash of a login → staff
//	small    bucket, hash of a key → record
//	smallage time, bucket, hash of a key: what Sweep reads
//	audit    number → record, see audit.go
//	keeping  what will become of a talk, time, thread: see retention.go
//
// The hashes are keyed with the installation key. Whatever says who somebody is
// or what was said is in a blob, see record.go.
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
)

// format is the number of the layout that the package comment describes. A
// release that changes it must still read the older ones.
const format = 1

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
	bucketAudit    = "audit"
	bucketKeeping  = "keeping"
)

// KeySize is the length of the installation key in bytes.
const KeySize = 32

// DefaultQueueSize is how many changes wait for the committer at most where
// Options does not say: more than all the connections of a small machine.
const DefaultQueueSize = 4096

// lockTimeout is how long Open waits for another process to let go of the file:
// a Sarai that is just ending needs less.
const lockTimeout = 2 * time.Second

// Options say how to open a store. Key must be set; the rest may be zero.
type Options struct {
	// Key is the installation key, KeySize random bytes that are kept outside the
	// file. The hashes in the file are made with it: another key does not open it.
	Key []byte
	// NoSync leaves out the syncs. What was committed can be lost: for tests only.
	NoSync bool
	// Now is the clock, time.Now where nil. It decides when event keys and small
	// records are over, and whether a lease still keeps a job from being cancelled.
	Now func() time.Time
	// QueueSize is how many changes wait at most before ErrBusy, DefaultQueueSize
	// where zero.
	QueueSize int

	openFile func(string, int, os.FileMode) (*os.File, error) // for tests: a disk that fails
}

// A DB is a store.Store in one file. It is safe for concurrent use.
type DB struct {
	bolt  *bbolt.DB
	key   []byte
	now   func() time.Time
	queue chan *change
	ended chan struct{} // closed when the committer has ended

	mu     sync.RWMutex // guards closed and the closing of queue
	closed bool

	broken atomic.Pointer[error] // why nothing can be trusted until the file is opened anew
	stuck  atomic.Bool           // bolt panicked and may hold its own locks
}

var _ store.Store = (*DB)(nil)

var errClosed = errors.New("store: closed")

// Open opens the file at path, or makes it, mode 0600, in a folder that exists.
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
	b, err := openBolt(path, o, &bbolt.Options{
		FreelistType:    bbolt.FreelistMapType,
		NoFreelistSync:  true,
		NoSync:          o.NoSync,
		InitialMmapSize: initialMmapSize(),
	})
	if err != nil {
		return nil, err
	}
	db := &DB{
		bolt: b, key: bytes.Clone(o.Key), now: o.Now,
		queue: make(chan *change, o.QueueSize), ended: make(chan struct{}),
	}
	if err := db.prepare(); err != nil {
		b.Close()
		return nil, err
	}
	if fresh && !o.NoSync {
		if err := syncFolder(filepath.Dir(path)); err != nil {
			b.Close()
			return nil, fmt.Errorf("store: the data folder cannot be synced: %w", pathless(err))
		}
	}
	go db.run()
	return db, nil
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

// prepare makes the buckets of a new file, or checks those of an old one before
// anything is written.
func (db *DB) prepare() error {
	check := db.hash("check")
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
		if f := binary.BigEndian.Uint64(v); f > format {
			return fmt.Errorf("%w (format %d, this version reads up to %d)", store.ErrNewer, f, format)
		}
		if !bytes.Equal(meta.Get([]byte("check")), check) {
			return errors.New("store: the installation key is not the one that this file was made with: restore the key that belongs to it")
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = db.bolt.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{
			bucketMeta, bucketTalks, bucketAddress, bucketEvent, bucketEventAge,
			bucketJob, bucketLane, bucketDue, bucketLease, bucketFailed,
			bucketCase, bucketOpen, bucketClosed, bucketMember, bucketLogin, bucketSmall, bucketSmallAge,
			bucketAudit, bucketKeeping,
		} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(bucketMeta))
		if err := meta.Put([]byte("format"), binary.BigEndian.AppendUint64(nil, format)); err != nil {
			return err
		}
		if err := meta.Put([]byte("check"), check); err != nil {
			return err
		}
		return (&txn{tx: tx}).release()
	})
	if err != nil {
		return fmt.Errorf("store: the file cannot be written: %w", pathless(err))
	}
	return nil
}

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
	if db.stuck.Load() {
		return *db.broken.Load()
	}
	if err := db.bolt.Close(); err != nil {
		return fmt.Errorf("store: the file cannot be closed: %w", pathless(err))
	}
	return nil
}
