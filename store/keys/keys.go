// SPDX-License-Identifier: GPL-3.0-or-later

// Package keys keeps the keys under which a store seals what it holds, in a
// small file of its own. Whoever destroys a key there has destroyed all that was
// sealed under it, in whatever copy of the store that still lies.
//
// The file is a bbolt file with the buckets
//
//	meta  the format number, a check of the installation key
//	key   hash of an owner → key
//	mark  what is being erased → nothing
//
// A key lies there wrapped: sealed with XChaCha20-Poly1305 under a key that is
// derived (HKDF-SHA256) from the installation key, which is kept elsewhere, and
// bound to the hash of its owner. The hashes are keyed with a key of the file's
// own, "index", so that another installation key moves none.
//
// Bolt leaves what was removed in pages that nothing points to. So a key is
// never just removed: the whole file is written anew without it, synced, and put
// in the place of the old one, whose bytes are then overwritten. That is one
// rename: before it nothing has happened, after it the key is gone.
package keys

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/crypto/chacha20poly1305"
)

// Size is the length of every key in bytes, the installation key's too.
const Size = 32

// format is the number of the layout that the package comment describes.
const format = 1

const (
	bucketMeta = "meta"
	bucketKey  = "key"
	bucketMark = "mark"
)

// ownerIndex owns the key of the hashes.
const ownerIndex = "/index"

// cacheSize is how many opened keys stay in memory at most: 200 bytes each, and
// more people than write in an hour.
const cacheSize = 16384

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = 2 * time.Second

// Errors of a book. Anything else means that the file itself failed.
var (
	ErrNone  = errors.New("keys: there is no such key")
	ErrWrong = errors.New("keys: the installation key is not the one that keys.db is wrapped with: restore the key that belongs to it")
	ErrNewer = errors.New("keys: keys.db is from a newer version of Sarai: use that version")

	errDamaged = errors.New("keys: keys.db is damaged: restore it from the last backup")
	errClosed  = errors.New("keys: closed")
)

// A Key seals and opens. It is safe for concurrent use.
type Key struct {
	aead cipher.AEAD
	raw  [Size]byte
	macs sync.Pool // of hash.Hash: one that was used before need not take in the key
}

// New makes a random key that no book has yet.
func New() *Key {
	var raw [Size]byte
	rand.Read(raw[:]) // never fails
	return of(raw)
}

// Of makes a key of Size bytes.
func Of(raw []byte) *Key { return of([Size]byte(raw)) }

func of(raw [Size]byte) *Key {
	aead, err := chacha20poly1305.NewX(raw[:])
	if err != nil {
		panic(err) // unreachable: the length is right
	}
	return &Key{aead: aead, raw: raw}
}

// Overhead is by how many bytes a sealed text is longer than the plain one.
const Overhead = 1 + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// version is the first byte of what Seal makes.
const version = 1

// Seal encrypts plain and binds it to place: it opens only there. The nonce is
// random and long enough for any number of texts.
func (k *Key) Seal(place, plain []byte) []byte {
	b := make([]byte, 1+chacha20poly1305.NonceSizeX, Overhead+len(plain))
	b[0] = version
	rand.Read(b[1:])
	return k.aead.Seal(b, b[1:], plain, place)
}

var errSealed = errors.New("keys: it does not open")

// Open decrypts what Seal made for that place.
func (k *Key) Open(place, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, errSealed
	}
	nonce := sealed[1 : 1+chacha20poly1305.NonceSizeX]
	plain, err := k.aead.Open(nil, nonce, sealed[len(nonce)+1:], place)
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// Hash is a keyed hash (HMAC-SHA-256) of b.
func (k *Key) Hash(b []byte) []byte {
	m, ok := k.macs.Get().(hash.Hash)
	if !ok {
		m = hmac.New(sha256.New, k.raw[:])
	}
	defer k.macs.Put(m)
	m.Reset()
	m.Write(b)
	return m.Sum(nil)
}

// Derive gives the key for one purpose that needs both k and with.
func (k *Key) Derive(with *Key, purpose string) *Key {
	b, err := hkdf.Key(sha256.New, k.raw[:], with.raw[:], purpose, Size)
	if err != nil {
		panic(err) // unreachable: the length is right
	}
	return of([Size]byte(b))
}

// AEAD gives the cipher itself, for who makes nonces that never come twice.
func (k *Key) AEAD() cipher.AEAD { return k.aead }

// ID names an installation key without telling it: 16 hex digits.
func ID(installation []byte) string {
	b, err := hkdf.Key(sha256.New, installation, nil, "sarai installation key name 1", 8)
	if err != nil {
		panic(err) // unreachable
	}
	return hex.EncodeToString(b)
}

// wrapping gives the key that wraps.
func wrapping(installation []byte) (*Key, error) {
	if len(installation) != Size {
		return nil, fmt.Errorf("keys: the installation key must have %d bytes, not %d", Size, len(installation))
	}
	b, err := hkdf.Key(sha256.New, installation, nil, "sarai wrapping key 1", Size)
	if err != nil {
		return nil, err
	}
	return of([Size]byte(b)), nil
}

// Options say how to open a book. The zero value is right but for tests and for
// an installation from before there were books.
type Options struct {
	// NoSync leaves out the syncs, for tests.
	NoSync bool
	// Index is the key of the hashes for a new file; a random one where nil.
	Index []byte
	// Existing has Open fail where there is no file.
	Existing bool
}

// ErrMissing means that there is no file where there must be one.
var ErrMissing = errors.New("keys: keys.db is missing beside the store: put back a copy of it; without it nobody can read what is stored")

// A Book keeps keys by their owner, in one file. An owner is any name; one that
// begins with a slash is a part of the program. It is safe for concurrent use.
type Book struct {
	path   string
	noSync bool

	writing sync.Mutex // one writer at a time; taken before mu
	queue   chan *addition
	ended   chan struct{}
	stop    chan struct{}
	once    sync.Once

	mu     sync.RWMutex // held for reading by who uses db, for writing by who puts another in its place
	db     *bbolt.DB
	wrap   *Key
	name   string // ID of the installation key
	closed bool

	broken atomic.Pointer[error] // why nothing can be trusted until the file is opened anew

	index *Key
	cache cache
}

// Open opens the file at path, or makes it, mode 0600. It fails with an error
// that wraps ErrWrong if the installation key is not the one that wraps the keys,
// ErrMissing, ErrNewer, or with one clear line.
func Open(path string, installation []byte, o Options) (*Book, error) {
	wrap, err := wrapping(installation)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		switch {
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("keys: keys.db cannot be opened: %w", reason(err))
		case o.Existing:
			return nil, ErrMissing
		}
		index := New()
		if o.Index != nil {
			if len(o.Index) != Size {
				return nil, fmt.Errorf("keys: the key of the hashes must have %d bytes", Size)
			}
			index = of([Size]byte(o.Index))
		}
		// A new file comes whole too: a kill leaves none, or one that opens.
		b := &Book{path: path, noSync: o.NoSync, wrap: wrap, name: ID(installation), index: index}
		db, err := b.write(nil, wrap, nil, nil)
		if err != nil {
			return nil, err
		}
		if err := db.Close(); err != nil {
			return nil, fmt.Errorf("keys: keys.db cannot be closed: %w", reason(err))
		}
	}
	db, err := openFile(path, o.NoSync)
	if err != nil {
		return nil, err
	}
	b := &Book{
		path: path, noSync: o.NoSync, db: db, wrap: wrap, name: ID(installation),
		queue: make(chan *addition, 4096), ended: make(chan struct{}), stop: make(chan struct{}),
	}
	if err := b.check(); err != nil {
		db.Close()
		return nil, err
	}
	os.Remove(path + unfinished) // what a kill left
	go b.run()
	return b, nil
}

func openFile(path string, noSync bool) (db *bbolt.DB, err error) {
	var file *os.File
	defer func() {
		if recover() != nil {
			file.Close() // bolt leaves it open, and locked
			db, err = nil, errDamaged
		}
	}()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout, NoSync: noSync, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
		OpenFile: func(path string, flag int, mode os.FileMode) (_ *os.File, err error) {
			file, err = os.OpenFile(path, flag, mode)
			return file, err
		},
	})
	var pe *fs.PathError
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, errors.New("keys: another Sarai uses keys.db: stop it first")
	case errors.As(err, &pe):
		return nil, fmt.Errorf("keys: keys.db cannot be opened: %w", pe.Err)
	}
	return nil, errDamaged
}

// check reads what a file says of itself, and the key of the hashes.
func (b *Book) check() error {
	return b.view(func(tx *bbolt.Tx) error {
		meta, keys := tx.Bucket([]byte(bucketMeta)), tx.Bucket([]byte(bucketKey))
		if meta == nil || keys == nil || tx.Bucket([]byte(bucketMark)) == nil {
			return errDamaged
		}
		v := meta.Get([]byte("format"))
		switch {
		case len(v) != 8:
			return errDamaged
		case binary.BigEndian.Uint64(v) > format:
			return fmt.Errorf("%w (format %d, this version reads up to %d)", ErrNewer, binary.BigEndian.Uint64(v), format)
		}
		if _, err := b.wrap.Open(placeOf("check"), meta.Get([]byte("check"))); err != nil {
			return ErrWrong
		}
		raw, err := b.wrap.Open(placeOf(ownerIndex), meta.Get([]byte("index")))
		if err != nil || len(raw) != Size {
			return errDamaged
		}
		b.index = of([Size]byte(raw))
		return nil
	})
}

func placeOf(owner string) []byte { return append([]byte("sarai key 1\x00"), owner...) }

func place(hash []byte) []byte { return append([]byte("sarai key of 1\x00"), hash...) }

// Index is the key of an installation's hashes. It stays when the installation
// key is replaced.
func (b *Book) Index() *Key { return b.index }

// Installation names the installation key in use, as ID does.
func (b *Book) Installation() string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.name
}

func (b *Book) hash(owner string) []byte {
	return b.index.Hash(append([]byte("owner\x00"), owner...))[:16]
}

// usable says why the file cannot be used, if so. b.mu must be held.
func (b *Book) usable() error {
	if b.closed {
		return errClosed
	}
	if broken := b.broken.Load(); broken != nil {
		return *broken
	}
	return nil
}

// view reads within one transaction of the file that is now in place.
func (b *Book) view(f func(tx *bbolt.Tx) error) (err error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if err := b.usable(); err != nil {
		return err
	}
	defer func() {
		if recover() != nil {
			err = errDamaged
		}
	}()
	return b.db.View(f)
}

// Key gives an owner's key. It fails with ErrNone.
func (b *Book) Key(owner string) (*Key, error) {
	k, since := b.cache.get(owner)
	if k != nil {
		return k, nil
	}
	hash := b.hash(owner)
	err := b.view(func(tx *bbolt.Tx) (err error) {
		k, err = b.unwrap(hash, tx.Bucket([]byte(bucketKey)).Get(hash))
		return err
	})
	if err != nil {
		return nil, err
	}
	b.cache.put(owner, k, since)
	return k, nil
}

func (b *Book) unwrap(hash, wrapped []byte) (*Key, error) {
	if wrapped == nil {
		return nil, ErrNone
	}
	raw, err := b.wrap.Open(place(hash), wrapped)
	if err != nil || len(raw) != Size {
		return nil, errDamaged
	}
	return of([Size]byte(raw)), nil
}

// Is says whether k is the owner's key in the file now.
func (b *Book) Is(owner string, k *Key) (bool, error) {
	hash := b.hash(owner)
	var now *Key
	err := b.view(func(tx *bbolt.Tx) (err error) {
		now, err = b.unwrap(hash, tx.Bucket([]byte(bucketKey)).Get(hash))
		return err
	})
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	return err == nil && hmac.Equal(now.raw[:], k.raw[:]), err
}

// Gone says whether an owner surely has no key.
func (b *Book) Gone(owner string) bool {
	_, err := b.Key(owner)
	return errors.Is(err, ErrNone)
}

// Make gives an owner's key, and makes it where there is none; it returns once
// the key is durable.
func (b *Book) Make(ctx context.Context, owner string) (*Key, error) {
	k, err := b.Key(owner)
	if !errors.Is(err, ErrNone) {
		return k, err
	}
	return b.Add(ctx, owner, New())
}

// Add keeps k for an owner, unless the owner has a key: then that one is
// returned. It returns once the key is durable. If ctx ends meanwhile, the error
// is ctx's and nobody knows.
func (b *Book) Add(ctx context.Context, owner string, k *Key) (*Key, error) {
	hash := b.hash(owner)
	a := &addition{hash: hash, key: k, done: make(chan error, 1)}
	_, since := b.cache.get(owner)
	select {
	case b.queue <- a:
	case <-b.stop:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case err := <-a.done:
		if err != nil {
			return nil, err
		}
		b.cache.put(owner, a.key, since)
		return a.key, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-b.ended:
		return nil, errClosed
	}
}

// An addition is a key that waits to be written.
type addition struct {
	hash []byte
	key  *Key // the owner's, once it is done
	done chan error
}

// run writes whatever waits in one transaction.
func (b *Book) run() {
	defer close(b.ended)
	for {
		select {
		case <-b.stop:
			return
		case a := <-b.queue:
			group := []*addition{a}
			for more := true; more && len(group) < 1024; {
				select {
				case a := <-b.queue:
					group = append(group, a)
				default:
					more = false
				}
			}
			err := b.add(group)
			for _, a := range group {
				a.done <- err
			}
		}
	}
}

func (b *Book) add(group []*addition) (err error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.RLock()
	defer b.mu.RUnlock()
	if err := b.usable(); err != nil {
		return err
	}
	defer func() {
		if recover() != nil {
			err = errDamaged
		}
	}()
	err = b.db.Update(func(tx *bbolt.Tx) error {
		keys := tx.Bucket([]byte(bucketKey))
		for _, a := range group {
			old, err := b.unwrap(a.hash, keys.Get(a.hash))
			if err == nil {
				a.key = old
				continue
			}
			if !errors.Is(err, ErrNone) {
				return err
			}
			if err := keys.Put(a.hash, b.wrap.Seal(place(a.hash), a.key.raw[:])); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return nil
	}
	if !undone(err) {
		b.fail(err)
	}
	return fmt.Errorf("keys: a key was not written: %w", reason(err))
}

// fail makes every further call fail: after a failed sync the kernel may have
// dropped what it could not write, and will not try again.
func (b *Book) fail(err error) {
	err = fmt.Errorf("keys: the disk did not keep what was written, restart Sarai and look after the disk: %w", reason(err))
	b.broken.CompareAndSwap(nil, &err)
}

// How bolt begins the errors of growing the file.
const growing = "file resize error: "

// undone says whether after this error of a commit the file is surely as it was.
func undone(err error) bool {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Op == "write"
	}
	return strings.HasPrefix(err.Error(), growing) || errors.Is(err, errDamaged)
}

// reason gives the reason of an error without the file that it is about.
func reason(err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Err
	case errors.As(err, &le):
		return le.Err
	}
	if s := err.Error(); strings.HasPrefix(s, growing) {
		return errors.New(s[strings.LastIndex(s, ": ")+2:])
	}
	return err
}

// Forget destroys the keys of owners, and keeps marks for what is to be done
// then, in one step that happens or does not; it returns once that is durable.
// An owner without a key is no error.
func (b *Book) Forget(marks []string, owners ...string) error {
	gone := map[string]bool{}
	for _, o := range owners {
		gone[string(b.hash(o))] = true
	}
	err := b.replace(nil, func(hash []byte) bool { return !gone[string(hash)] }, marks)
	if err == nil {
		b.cache.drop(owners...)
	}
	return err
}

// Marks gives what Forget marked and Done has not taken away.
func (b *Book) Marks() (marks []string, err error) {
	err = b.view(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketMark)).ForEach(func(k, _ []byte) error {
			marks = append(marks, string(k))
			return nil
		})
	})
	return marks, err
}

// Done takes a mark away. One that is not there is no error.
func (b *Book) Done(mark string) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.RLock()
	defer b.mu.RUnlock()
	if err := b.usable(); err != nil {
		return err
	}
	err := b.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucketMark)).Delete([]byte(mark)) })
	if err != nil {
		if !undone(err) {
			b.fail(err)
		}
		return fmt.Errorf("keys: a mark was not removed: %w", reason(err))
	}
	return nil
}

// Rewrap wraps every key under another installation key. Before it returns the
// old one opens the file, after it the new one does; a kill in between leaves
// one of the two. It can be called while the book is used.
func (b *Book) Rewrap(installation []byte) error {
	wrap, err := wrapping(installation)
	if err != nil {
		return err
	}
	if err := b.replace(wrap, nil, nil); err != nil {
		return err
	}
	b.mu.Lock()
	b.name = ID(installation)
	b.mu.Unlock()
	return nil
}

// unfinished ends the name of a file that is being written.
const unfinished = ".new"

// replace writes the file anew, with the keys that may stay, and puts it in the
// place of the old one. wrap is nil where the wrapping key stays.
func (b *Book) replace(wrap *Key, stays func(hash []byte) bool, marks []string) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.RLock()
	old, err := b.db, b.usable()
	b.mu.RUnlock()
	if err != nil {
		return err
	}
	if wrap == nil {
		wrap = b.wrap
	}
	// A handle by which the old bytes are reached once they have no name.
	bytesOf, err := os.OpenFile(b.path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("keys: keys.db cannot be opened: %w", reason(err))
	}
	defer bytesOf.Close()
	db, err := b.write(old, wrap, stays, marks)
	if err != nil {
		return err
	}
	b.mu.Lock() // waits for who reads
	b.db, b.wrap = db, wrap
	b.mu.Unlock()
	old.Close()
	overwrite(bytesOf, b.noSync)
	return nil
}

// overwrite fills a file that has no name any more with zeros. Where the disk
// writes to the same place that is the end of the bytes; where it does not,
// nothing is lost by trying.
func overwrite(f *os.File, noSync bool) {
	info, err := f.Stat()
	if err != nil {
		return
	}
	zeros := make([]byte, 64<<10)
	for at := int64(0); at < info.Size(); at += int64(len(zeros)) {
		n := min(int64(len(zeros)), info.Size()-at)
		if _, err := f.WriteAt(zeros[:n], at); err != nil {
			return
		}
	}
	if !noSync {
		f.Sync()
	}
}

// write writes a file of all that stays of old, which may be nil, under its final
// name and opens it. Where it fails before the file has its name, nothing has happened.
func (b *Book) write(old *bbolt.DB, wrap *Key, stays func([]byte) bool, marks []string) (_ *bbolt.DB, err error) {
	part := b.path + unfinished
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keys: keys.db cannot be written: %w", reason(err))
	}
	db, err := openFile(part, true) // synced once, at the end
	if err != nil {
		return nil, err
	}
	fails := func(err error) (*bbolt.DB, error) {
		db.Close()
		os.Remove(part)
		return nil, fmt.Errorf("keys: keys.db cannot be written: %w", reason(err))
	}
	defer func() {
		if recover() != nil {
			_, err = fails(errDamaged)
		}
	}()
	err = db.Update(func(tx *bbolt.Tx) error {
		var bs [3]*bbolt.Bucket
		for i, name := range []string{bucketMeta, bucketKey, bucketMark} {
			if bs[i], err = tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return errors.Join(
			bs[0].Put([]byte("format"), binary.BigEndian.AppendUint64(nil, format)),
			bs[0].Put([]byte("check"), wrap.Seal(placeOf("check"), nil)),
			bs[0].Put([]byte("index"), wrap.Seal(placeOf(ownerIndex), b.index.raw[:])),
		)
	})
	if err != nil {
		return fails(err)
	}
	if old != nil {
		if err := b.copyTo(db, old, wrap, stays); err != nil {
			return fails(err)
		}
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, m := range marks {
			if err := tx.Bucket([]byte(bucketMark)).Put([]byte(m), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && !b.noSync {
		err = db.Sync()
	}
	if err != nil {
		return fails(err)
	}
	if err := os.Rename(part, b.path); err != nil {
		return fails(err)
	}
	db.NoSync = b.noSync
	if !b.noSync {
		if err := syncFolder(filepath.Dir(b.path)); err != nil {
			// The name may be the old file's after a loss of power: nobody knows.
			db.Close()
			b.fail(err)
			return nil, fmt.Errorf("keys: the data folder cannot be synced: %w", reason(err))
		}
	}
	return db, nil
}

// copyStep is how many keys one transaction copies.
const copyStep = 10_000

// copyTo copies keys and marks, wrapped anew where the wrapping key is another.
func (b *Book) copyTo(db, old *bbolt.DB, wrap *Key, stays func([]byte) bool) error {
	return old.View(func(from *bbolt.Tx) error {
		c := from.Bucket([]byte(bucketKey)).Cursor()
		k, v := c.First()
		for k != nil {
			err := db.Update(func(tx *bbolt.Tx) error {
				keys := tx.Bucket([]byte(bucketKey))
				keys.FillPercent = 0.9
				for n := 0; k != nil && n < copyStep; n++ {
					if stays == nil || stays(k) {
						if wrap != b.wrap {
							key, err := b.unwrap(k, v)
							if err != nil {
								return err
							}
							v = wrap.Seal(place(k), key.raw[:])
						}
						if err := keys.Put(bytes.Clone(k), bytes.Clone(v)); err != nil {
							return err
						}
					}
					k, v = c.Next()
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return db.Update(func(tx *bbolt.Tx) error {
			return from.Bucket([]byte(bucketMark)).ForEach(func(k, _ []byte) error {
				return tx.Bucket([]byte(bucketMark)).Put(bytes.Clone(k), nil)
			})
		})
	})
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Close writes what waits no more, and closes the file. Closing twice is no error.
func (b *Book) Close() error {
	b.once.Do(func() { close(b.stop) })
	<-b.ended
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	b.cache.clear()
	if err := b.db.Close(); err != nil {
		return fmt.Errorf("keys: keys.db cannot be closed: %w", reason(err))
	}
	return nil
}

// A cache holds opened keys: those of two generations, the older of which is
// thrown away when the younger is full. The zero value is ready.
type cache struct {
	mu         sync.Mutex
	young, old map[string]*Key
	drops      uint64
}

// get gives an owner's key, or nil and what put needs: a key that was read
// before another was dropped is not kept, for it may be that one.
func (c *cache) get(owner string) (*Key, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.young[owner]
	if k == nil {
		if k = c.old[owner]; k != nil {
			c.add(owner, k)
		}
	}
	return k, c.drops
}

func (c *cache) put(owner string, k *Key, since uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops == since {
		c.add(owner, k)
	}
}

func (c *cache) add(owner string, k *Key) {
	if len(c.young) >= cacheSize/2 || c.young == nil {
		c.old, c.young = c.young, map[string]*Key{}
	}
	c.young[owner] = k
}

func (c *cache) drop(owners ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	for _, o := range owners {
		delete(c.young, o)
		delete(c.old, o)
	}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	c.young, c.old = nil, nil
}
