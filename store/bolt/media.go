// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sarai/store"
	"sarai/store/keys"
)

// The content of files lies in a folder beside the store, each in a file of its
// own with a random name; what is known of it is a record of its thread. A file
// is written whole, synced and given its name before its record is committed, and
// removed after its record is: what a kill leaves between is a file without a
// record, which is removed when the store is opened or swept. Content is sealed, see stream.go.

// The names in the folder: a random one, with an ending while it is written.
const (
	mediaFolder = "media"
	unfinished  = ".part"
)

// fileFields are a file's clear fields.
type fileFields struct {
	Path   string `json:"path,omitempty"` // its name in the folder; "" where it has no content
	Staged bool   `json:"staged,omitempty"`
}

// A folder is where content lies. The zero value is not ready.
type folder struct {
	path    string
	noSync  bool
	reserve int64 // bytes of the disk that no file may take

	mu   sync.Mutex
	busy map[string]bool // names that are being written and have no record yet
	lost int             // records without their content, at the last look
}

// make makes the folder, at the first file.
func (f *folder) make() error {
	err := os.Mkdir(f.path, 0o700)
	if err == nil && !f.noSync {
		return syncFolder(filepath.Dir(f.path))
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// begin takes a name that nothing has.
func (f *folder) begin() string {
	name := random()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy[name] = true
	return name
}

func (f *folder) end(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.busy, name)
}

func (f *folder) isBusy(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.busy[name]
}

func (f *folder) of(name string) string { return filepath.Join(f.path, name) }

// remove removes content. What is not there is no error.
func (f *folder) remove(names ...string) error {
	var errs []error
	for _, name := range names {
		if err := os.Remove(f.of(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("store: a file cannot be removed, it is tried again within an hour: %w", pathless(errs[0]))
}

// names are all names in the folder.
func (f *folder) names() ([]string, error) {
	d, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// KeepFile implements store.Files.
func (db *DB) KeepFile(ctx context.Context, id store.ThreadID, file string, r io.Reader, judge store.Judge) (store.File, error) {
	return db.keepFile(ctx, id, file, r, judge, false)
}

// StageFile implements store.Files.
func (db *DB) StageFile(ctx context.Context, id store.ThreadID, file string, r io.Reader, judge store.Judge) (store.File, error) {
	return db.keepFile(ctx, id, file, r, judge, true)
}

func (db *DB) keepFile(ctx context.Context, id store.ThreadID, file string, r io.Reader, judge store.Judge, staged bool) (f store.File, err error) {
	if !goodName(string(id)) {
		return f, store.ErrNotFound
	}
	if !goodName(file) {
		return f, errName
	}
	err = db.view(ctx, func(t *txn) error {
		_, thread, err := t.threadFields(id)
		if err == nil && thread == nil {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		if f, _, err = db.readFile(t, id, file); errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil || f.ID != "" {
		return f, err
	}

	thread, err := db.keyOf(string(id))
	if errors.Is(err, errErased) {
		err = store.ErrNotFound
	}
	if err != nil {
		return f, err
	}
	name := db.media.begin()
	defer db.media.end(name)
	f, err = db.writeFile(ctx, thread, id, name, r, judge)
	if err != nil {
		return store.File{}, err
	}
	f.ID = file
	fields := fileFields{Path: name, Staged: staged}
	if f.State != store.Kept {
		fields = fileFields{}
	}
	kept, used, err := db.record(ctx, id, f, fields)
	if fields.Path != "" && !used && !errors.Is(err, errUnknown) { // where nobody knows, the next look will tell
		if err := db.media.remove(name); err != nil {
			return kept, err
		}
	}
	return kept, err
}

// writeFile reads r into the folder and has it judged. If that is not to be
// kept, nothing of it remains, and its key was never written down.
func (db *DB) writeFile(ctx context.Context, thread *keys.Key, id store.ThreadID, name string, r io.Reader, judge store.Judge) (f store.File, err error) {
	if err := db.media.make(); err != nil {
		return f, fmt.Errorf("store: the folder for files cannot be made: %w", pathless(err))
	}
	if free, ok := room(db.media.path); ok && db.media.reserve > 0 && free < uint64(db.media.reserve) {
		return f, store.ErrNoRoom
	}
	part := name + unfinished
	file, err := os.OpenFile(db.media.of(part), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f, fmt.Errorf("store: a file cannot be written: %w", pathless(err))
	}
	defer func() {
		file.Close()
		if f.State != store.Kept || err != nil {
			err = errors.Join(err, db.media.remove(part))
		}
	}()
	fileKey := keys.New()
	k := contentKeyOf(thread, fileKey, id, name)
	size, err := sealTo(k, file, own{r})
	var reading *readError
	if errors.As(err, &reading) {
		return f, reading.err
	}
	if err == nil && !db.media.noSync {
		err = file.Sync()
	}
	if err != nil {
		return f, fmt.Errorf("store: a file cannot be written: %w", pathless(err))
	}
	content, err := newUnsealing(k, file)
	if err != nil {
		return f, errDamaged
	}
	if f, err = judge(content, size); err != nil {
		return store.File{}, err
	}
	if f.State != store.Kept {
		f.Size = 0
		return f, nil
	}
	f.Size = size
	if _, err := db.book.Add(ctx, fileOwner(id, name), fileKey); err != nil {
		return f, unwritten(ctx, err)
	}
	if err := os.Rename(db.media.of(part), db.media.of(name)); err != nil {
		return f, fmt.Errorf("store: a file cannot be written: %w", pathless(err))
	}
	if !db.media.noSync {
		if err := syncFolder(db.media.path); err != nil {
			return f, errors.Join(fmt.Errorf("store: the folder for files cannot be synced: %w", pathless(err)), db.media.remove(name))
		}
	}
	return f, nil
}

// own marks the errors of a reader, so that they are not taken for the disk's.
type own struct{ r io.Reader }

type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }

func (o own) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

// NoteFile implements store.Files.
func (db *DB) NoteFile(ctx context.Context, id store.ThreadID, f store.File) (store.File, error) {
	if !goodName(string(id)) {
		return store.File{}, store.ErrNotFound
	}
	if !goodName(f.ID) || f.State == store.Kept || f.State == "" {
		return store.File{}, errName
	}
	f.Size = 0
	kept, _, err := db.record(ctx, id, f, fileFields{})
	return kept, err
}

// record commits what is known of a file, unless something is known already.
// used says whether what was given is now the record.
func (db *DB) record(ctx context.Context, id store.ThreadID, f store.File, fields fileFields) (kept store.File, used bool, err error) {
	if _, err := f.At.MarshalJSON(); err != nil {
		return kept, false, errUnencodable
	}
	blob, err := db.encode(talkPlace(id, talkFile, f.ID), f)
	if errors.Is(err, errErased) {
		err = store.ErrNotFound
	}
	if err != nil {
		return kept, false, err
	}
	err = db.update(ctx, func(t *txn) error {
		kept, used = store.File{}, false
		_, thread, err := t.threadFields(id)
		if err != nil {
			return err
		}
		if thread == nil { // it was erased meanwhile
			return store.ErrNotFound
		}
		old, _, err := db.readFile(t, id, f.ID)
		if err == nil {
			kept = old
			return nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		kept, used = f, true
		t.putFile(id, f.ID, fields, blob)
		return nil
	})
	if err != nil {
		return store.File{}, false, err
	}
	return kept, used, nil
}

// putFile writes a record and its place in the index of the folder.
func (t *txn) putFile(id store.ThreadID, file string, fields fileFields, blob []byte) {
	k := talkKey(id, talkFile, file)
	t.put(bucketTalks, k, join(fields, blob))
	if fields.Path != "" {
		t.put(bucketMedia, []byte(fields.Path), k)
	}
}

// readFile gives ErrNotFound where there is no record.
func (db *DB) readFile(t *txn, id store.ThreadID, file string) (f store.File, fields fileFields, err error) {
	if !goodName(string(id)) || !goodName(file) {
		return f, fields, store.ErrNotFound
	}
	v := t.get(bucketTalks, talkKey(id, talkFile, file))
	if v == nil {
		return f, fields, store.ErrNotFound
	}
	blob, err := split(v, &fields)
	if err != nil {
		return f, fields, err
	}
	err = db.decode(talkPlace(id, talkFile, file), blob, &f)
	if errors.Is(err, errErased) {
		err = store.ErrNotFound
	}
	return f, fields, err
}

// useFile makes a staged file one that stays.
func (t *txn) useFile(id store.ThreadID, file string) {
	k := talkKey(id, talkFile, file)
	v := t.get(bucketTalks, k)
	if v == nil {
		return
	}
	var fields fileFields
	blob, err := split(v, &fields)
	if err != nil {
		t.spoil(err)
		return
	}
	if fields.Staged {
		fields.Staged = false
		t.put(bucketTalks, k, join(fields, blob))
	}
}

// OpenFile implements store.Files.
func (db *DB) OpenFile(ctx context.Context, id store.ThreadID, file string) (f store.File, c store.Content, err error) {
	var fields fileFields
	err = db.view(ctx, func(t *txn) error {
		f, fields, err = db.readFile(t, id, file)
		return err
	})
	if err != nil || f.State != store.Kept {
		return f, nil, err
	}
	content, err := os.Open(db.media.of(fields.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil, store.ErrNoContent
	}
	if err != nil {
		return f, nil, fmt.Errorf("store: a file cannot be read: %w", pathless(err))
	}
	if c, err = db.unseal(id, fields.Path, content); err != nil {
		content.Close()
		return f, nil, err
	}
	return f, c, nil
}

// unseal fails with ErrNoContent where a key is gone: the content is on its way
// after it.
func (db *DB) unseal(id store.ThreadID, name string, f *os.File) (store.Content, error) {
	thread, err := db.keyOf(string(id))
	if errors.Is(err, errErased) {
		return nil, store.ErrNoContent
	}
	if err != nil {
		return nil, err
	}
	k, err := db.book.Key(fileOwner(id, name))
	if errors.Is(err, keys.ErrNone) {
		return nil, store.ErrNoContent
	}
	if err != nil {
		return nil, err
	}
	u, err := newUnsealing(contentKeyOf(thread, k, id, name), f)
	if err != nil {
		return nil, errDamaged
	}
	return u, nil
}

// Files implements store.Files.
func (db *DB) Files(ctx context.Context, id store.ThreadID) (map[string]store.File, error) {
	files := map[string]store.File{}
	if !goodName(string(id)) {
		return files, nil
	}
	prefix := talkKey(id, talkFile, "")
	err := db.view(ctx, func(t *txn) (err error) {
		t.each(bucketTalks, prefix, prefix, func(k, v []byte) bool {
			var fields fileFields
			var f store.File
			var blob []byte
			if blob, err = split(v, &fields); err == nil {
				err = db.decode(place{string(id), bucketTalks, k}, blob, &f)
			}
			if err != nil {
				return false
			}
			files[f.ID] = f
			return true
		})
		return err
	})
	if errors.Is(err, errErased) {
		return map[string]store.File{}, nil
	}
	return files, err
}

// dropFile removes a record and its place in the index.
func (t *txn) dropFile(k []byte, fields fileFields) {
	if fields.Path != "" {
		t.del(bucketMedia, []byte(fields.Path))
	}
	t.del(bucketTalks, k)
}

// LostFiles says how many records had no content in the folder when it was last
// looked at, at Open or in Sweep: somebody removed it, or restored a copy
// without it.
func (db *DB) LostFiles() int {
	db.media.mu.Lock()
	defer db.media.mu.Unlock()
	return db.media.lost
}

// tidy removes what is in the folder and has no record, and counts what has a
// record and is not in the folder. Staged files go too that have waited for too
// long, at Open all: who would have used them has ended.
func (db *DB) tidy(ctx context.Context, now time.Time, opening bool) error {
	names, err := db.media.names()
	if err != nil {
		return fmt.Errorf("store: the folder for files cannot be read: %w", pathless(err))
	}
	// First the names, then who is busy, then the records: what is there, is not
	// busy and has no record will never have one.
	there := map[string]bool{}
	for _, n := range names {
		if !db.media.isBusy(strings.TrimSuffix(n, unfinished)) {
			there[n] = true
		}
	}
	known, staged, over, lost := map[string]bool{}, map[string]string{}, map[string]string{}, 0
	err = db.view(ctx, func(t *txn) (err error) {
		t.each(bucketMedia, nil, nil, func(k, v []byte) bool {
			name := string(k)
			known[name] = true
			var fields fileFields
			if _, err = split(t.get(bucketTalks, v), &fields); err != nil {
				return false
			}
			if fields.Staged && opening {
				staged[name] = string(v)
			} else if fields.Staged && db.waited(v, t.get(bucketTalks, v), now) {
				over[name] = string(v)
			} else if !there[name] {
				if _, err := os.Lstat(db.media.of(name)); err != nil {
					lost++
				}
			}
			return true
		})
		return err
	})
	if err != nil {
		return err
	}
	if len(staged) > 0 {
		var owners []string
		for name, k := range staged {
			owners = append(owners, fileOwner(store.ThreadID(k[1:1+k[0]]), name))
		}
		if err := db.book.Forget(nil, owners...); err != nil {
			return err
		}
		err := db.update(ctx, func(t *txn) error {
			for name, k := range staged {
				t.dropFile([]byte(k), fileFields{Path: name})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := db.dropStaged(ctx, over); err != nil {
		return err
	}
	var orphans []string
	for name := range there {
		_, is := staged[name]
		_, was := over[name]
		if is || was || !known[name] {
			orphans = append(orphans, name)
		}
	}
	db.media.mu.Lock()
	db.media.lost = lost
	db.media.mu.Unlock()
	if err := db.media.remove(orphans...); err != nil && !opening {
		return err
	}
	return nil
}

// waited says of a staged file whether it has waited for too long. What cannot
// be read, because its talk is being erased, has not.
func (db *DB) waited(k, v []byte, now time.Time) bool {
	id, _, err := splitTalk(k)
	if err != nil {
		return false
	}
	var fields fileFields
	var f store.File
	blob, err := split(v, &fields)
	if err != nil || db.decode(place{string(id), bucketTalks, k}, blob, &f) != nil {
		return false
	}
	return now.Sub(f.At) > store.StagedFor
}

// dropStaged drops staged files that nobody named meanwhile, and takes the others
// out of them. The record goes before the key: an entry must not come to name a
// file without one.
func (db *DB) dropStaged(ctx context.Context, files map[string]string) error {
	if len(files) == 0 {
		return nil
	}
	err := db.update(ctx, func(t *txn) error {
		for name, k := range files {
			var fields fileFields
			v := t.get(bucketTalks, []byte(k))
			if v != nil {
				if _, err := split(v, &fields); err != nil {
					return err
				}
			}
			if v == nil || !fields.Staged {
				delete(files, name)
				continue
			}
			t.dropFile([]byte(k), fields)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var owners []string
	for name, k := range files {
		owners = append(owners, fileOwner(store.ThreadID(k[1:1+k[0]]), name))
	}
	return db.book.Forget(nil, owners...)
}
