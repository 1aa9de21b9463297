// SPDX-License-Identifier: GPL-3.0-or-later

// Package backup copies an installation while it is used, and makes a new one of
// such a copy.
//
// A folder of backups holds
//
//	sarai-2026-11-26T0300Z.tar.age  the store and the content of files, of one moment
//	keys.age                        the keys of all of them, as they are now
//
// both encrypted with age to the recovery key, whose secret half is on paper and
// not on the machine. What is in a dated backup is sealed under the keys that
// people's talks have, and of those it holds none: they are in keys.age, which
// each backup puts in the place of the one from before. So somebody who was erased is gone
// from all backups once the next one is made, whoever has the recovery key.
//
// The keys lie in keys.age without the installation key around them: a restore
// makes a new one.
//
// Order is what makes it safe. The store is copied first, then files, then keys:
// the keys are those of everybody in the copy who was not erased meanwhile. And
// keys.age gets its name before the dated backup does: there is no backup for
// which the keys beside it are too old.
package backup

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"filippo.io/age"

	"sarai/store"
	"sarai/store/bolt"
)

// Names in a folder of backups, and in the data folder.
const (
	KeysName       = "keys.age"
	RecipientsName = "recovery.recipients" // in the data folder: to whom backups are encrypted

	stateName = "backup.json"   // in the data folder: how the last one went
	copyName  = "sarai.db.copy" // in the data folder, while a backup is made
	partial   = ".part"         // ends the name of what is not whole
	manifest  = "manifest.json" // in a dated backup, last
	storeName = "sarai.db"      // in a dated backup
	mediaName = "media/"        // in a dated backup
	lists     = "registers/"    // in a dated backup
	nameForm  = "sarai-2006-01-02T1504Z.tar.age"
	keysHead  = "sarai backup keys 1 " // begins keys.age, before a time and a line's end
)

// dated are the names of dated backups.
var dated = regexp.MustCompile(`^sarai-\d{4}-\d\d-\d\dT\d{4}Z\.tar\.age$`)

// reserve is what a backup leaves free on a disk: messages come before backups.
const reserve = bolt.DefaultReserve

// Errors that say what to do.
var (
	ErrNoRecipient = errors.New("there is no recovery key yet, so no backup is made: make one with 'sarai backup init', or at the desk under Backups")
	errBusy        = errors.New("another backup is being made: wait for its end")
)

// A Progress says how far a backup or a restore has come.
type Progress struct {
	Step        string // in words
	Done, Total int64  // bytes; Total is 0 where nobody knows
}

// A Source is what is backed up.
type Source struct {
	DB   *bolt.DB
	Data string // its folder

	reached func(step string) // for tests: somebody pulls the plug
}

// A Result says what was backed up.
type Result struct {
	Name    string        `json:"name"` // of the file
	At      time.Time     `json:"at"`   // the moment that it is of
	Threads int           `json:"threads"`
	Files   int           `json:"files"`
	Bytes   int64         `json:"bytes"` // that the file has
	Took    time.Duration `json:"took"`
}

// A listing is the manifest of a dated backup: what is in it, to be compared.
type listing struct {
	Format  int       `json:"format"`
	At      time.Time `json:"at"`
	Threads int       `json:"threads"`
	Files   []entry   `json:"files"`
	Gone    []string  `json:"gone,omitempty"` // content that was erased while the copy was made
}

type entry struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Sum  string `json:"sha256"`
}

// Write makes a backup of now in folder, which is made where it is not there, to
// the recipients. It does not stop who reads and writes. Where it fails there is
// no dated backup, and the ones before are as they were; keys.age may be new.
func Write(ctx context.Context, s Source, folder string, to []age.Recipient, now time.Time, say func(Progress)) (r Result, err error) {
	defer func() { err = explained(err, folder) }()
	began := time.Now()
	if len(to) == 0 {
		return r, ErrNoRecipient
	}
	if say == nil {
		say = func(Progress) {}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return r, fmt.Errorf("the folder of backups cannot be made: %w", err)
	}
	if err := removeParts(folder); err != nil {
		return r, err
	}
	say(Progress{Step: "copying the store"})
	if free, ok := bolt.Room(s.Data); ok && free < uint64(s.DB.Size())+reserve {
		return r, fmt.Errorf("not enough room in the data folder for a copy of the store, which takes %d MB while a backup is made, and the %d MB that are left to messages: make room", s.DB.Size()>>20, reserve>>20)
	}
	r.At = now.UTC()
	r.Name = r.At.Format(nameForm)
	path := filepath.Join(s.Data, copyName)
	held, err := s.copyStore(ctx, path)
	defer os.Remove(path)
	if err != nil {
		return r, err
	}
	s.at("copied")

	part := filepath.Join(folder, r.Name+partial)
	list, err := s.writeTar(ctx, part, path, held, to, r.At, say)
	if err != nil {
		os.Remove(part)
		return r, err
	}
	s.at("written")
	keysAt, err := latest(folder, r.At)
	if err == nil {
		err = s.writeKeys(filepath.Join(folder, KeysName+partial), to, keysAt)
	}
	s.at("keys written")
	if err == nil {
		err = replaceKeys(folder)
	}
	s.at("keys there")
	if err == nil {
		err = os.Rename(part, filepath.Join(folder, r.Name))
	}
	if err == nil {
		err = syncFolder(folder)
	}
	if err != nil {
		return r, errors.Join(err, removeParts(folder))
	}
	s.at("there")
	info, err := os.Stat(filepath.Join(folder, r.Name))
	if err != nil {
		return r, err
	}
	r.Threads, r.Files, r.Bytes, r.Took = held.Threads, len(held.Content)-len(list.Gone), info.Size(), time.Since(began)
	return r, nil
}

// writeKeys writes what becomes keys.age. at is for the comparison with dated
// backups: keys that are older than a backup do not belong to it.
func (s Source) writeKeys(path string, to []age.Recipient, at time.Time) error {
	return sealTo(path, to, func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, "%s%s\n", keysHead, at.Format(time.RFC3339Nano)); err != nil {
			return err
		}
		return s.DB.Keys().Export(w)
	})
}

// latest is now, or just after the newest backup of the folder where the clock
// was set back since.
func latest(folder string, now time.Time) (time.Time, error) {
	names, err := List(folder)
	if err != nil || len(names) == 0 {
		return now, err
	}
	if at, ok := When(names[len(names)-1]); ok && at.Add(time.Minute).After(now) {
		return at.Add(time.Minute), nil // names say the minute
	}
	return now, nil
}

func (s Source) at(step string) {
	if s.reached != nil {
		s.reached(step)
	}
}

// explained makes one line of an error, and says what a full disk means.
func explained(err error, folder string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EFBIG) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the disk of %s is full, and no backup was made: make room, or keep fewer: %w", folder, reason(err))
	}
	return err
}

// reason gives the reason of an error without the file that it is about.
func reason(err error) error {
	var no syscall.Errno
	if errors.As(err, &no) {
		return no
	}
	return err
}

// copyStore copies the store into a local file, which is what bolt wants: a read
// that lasts makes the file grow.
func (s Source) copyStore(ctx context.Context, path string) (held bolt.Copied, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return held, err
	}
	held, err = s.DB.CopyTo(ctx, f)
	return held, errors.Join(err, f.Close())
}

// writeTar writes the dated backup into part and syncs it.
func (s Source) writeTar(ctx context.Context, part, copied string, held bolt.Copied, to []age.Recipient, at time.Time, say func(Progress)) (l listing, err error) {
	l = listing{Format: 1, At: at, Threads: held.Threads}
	total, err := s.room(filepath.Dir(part), copied, held)
	if err != nil {
		return l, err
	}
	return l, sealTo(part, to, func(w io.Writer) error {
		t := tar.NewWriter(w)
		done := int64(0)
		add := func(name string, f *os.File) error {
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				return err
			}
			if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: at, Format: tar.FormatPAX}); err != nil {
				return err
			}
			sum := sha256.New()
			counted := func(n int64) { done += n; say(Progress{"encrypting", done, total}) }
			if _, err := io.Copy(io.MultiWriter(t, sum), &steady{ctx, io.LimitReader(f, info.Size()), counted}); err != nil {
				return err
			}
			l.Files = append(l.Files, entry{name, info.Size(), hex.EncodeToString(sum.Sum(nil))})
			return nil
		}
		f, err := os.Open(copied)
		if err != nil {
			return err
		}
		if err := add(storeName, f); err != nil {
			return err
		}
		s.at("half")
		for _, name := range held.Content {
			f, err := s.DB.OpenContent(name)
			if errors.Is(err, store.ErrNoContent) { // erased since: its key is gone, too
				l.Gone = append(l.Gone, name)
				continue
			}
			if err != nil {
				return err
			}
			if err := add(mediaName+name, f); err != nil {
				return err
			}
		}
		others, err := filepath.Glob(filepath.Join(escape(s.Data), "registers", "*.json"))
		if err != nil {
			return err
		}
		for _, path := range append(others, filepath.Join(s.Data, RecipientsName)) {
			f, err := os.Open(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			name := filepath.Base(path)
			if name != RecipientsName {
				name = lists + name
			}
			if err := add(name, f); err != nil {
				return err
			}
		}
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: manifest, Mode: 0o600, Size: int64(len(b)), ModTime: at, Format: tar.FormatPAX}); err != nil {
			return err
		}
		if _, err := t.Write(b); err != nil {
			return err
		}
		return t.Close()
	})
}

// room says how large a backup will be, and fails where the disk does not take it.
func (s Source) room(folder, copied string, held bolt.Copied) (total int64, err error) {
	info, err := os.Stat(copied)
	if err != nil {
		return 0, err
	}
	total = info.Size()
	for _, name := range held.Content {
		if f, err := s.DB.OpenContent(name); err == nil {
			if info, err := f.Stat(); err == nil {
				total += info.Size()
			}
			f.Close()
		}
	}
	if free, ok := bolt.Room(folder); ok && free < uint64(total)+reserve {
		return 0, fmt.Errorf("not enough room in %s: a backup takes %d MB, and %d MB stay free: make room, or keep fewer", folder, total>>20+1, reserve>>20)
	}
	return total, nil
}

// steady reads as long as ctx lasts and says how much.
type steady struct {
	ctx   context.Context
	r     io.Reader
	count func(int64)
}

func (s *steady) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(b)
	s.count(int64(n))
	return n, err
}

// sealTo writes a file that is encrypted to the recipients, and syncs it.
func sealTo(path string, to []age.Recipient, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = func() error {
		w, err := age.Encrypt(f, to...)
		if err != nil {
			return err
		}
		if err := write(w); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return f.Sync()
	}()
	return errors.Join(err, f.Close())
}

// replaceKeys puts the new keys in the place of those from before, whose bytes are
// then overwritten: where the disk writes to the same place, that is their end.
func replaceKeys(folder string) error {
	path := filepath.Join(folder, KeysName)
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old != nil {
		defer old.Close()
	}
	if err := os.Rename(path+partial, path); err != nil {
		return err
	}
	if err := syncFolder(folder); err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	info, err := old.Stat()
	if err != nil {
		return err
	}
	// Whether that works changes nothing: they are replaced.
	_, _ = io.CopyN(old, zeros{}, info.Size())
	_ = old.Sync()
	return nil
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// removeParts removes what a backup that was ended left.
func removeParts(folder string) error {
	names, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, n := range names {
		name, is := strings.CutSuffix(n.Name(), partial)
		if is && (name == KeysName || dated.MatchString(name)) {
			if err := os.Remove(filepath.Join(folder, n.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// List gives the names of the dated backups of a folder, oldest first. A folder
// that is not there has none.
func List(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the folder of backups cannot be read: %w", err)
	}
	var names []string
	for _, e := range entries {
		if dated.MatchString(e.Name()) && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names, nil
}

// When says of what minute a dated backup is, by its name.
func When(name string) (time.Time, bool) {
	t, err := time.Parse(nameForm, name)
	return t, err == nil
}

// Prune removes the dated backups that are older than age, but for the newest.
func Prune(folder string, age time.Duration, now time.Time) error {
	names, err := List(folder)
	if err != nil || len(names) == 0 {
		return err
	}
	for _, name := range names[:len(names)-1] {
		if at, ok := When(name); ok && now.Sub(at) > age {
			if err := os.Remove(filepath.Join(folder, name)); err != nil {
				return fmt.Errorf("an old backup cannot be removed: %w", err)
			}
		}
	}
	return nil
}

// Mirror puts a dated backup and the keys of a folder into another, which must be
// there: a disk that is not mounted is not taken for an empty one.
func Mirror(ctx context.Context, folder, name, second string) (err error) {
	defer func() { err = explained(err, second) }()
	if info, err := os.Stat(second); err != nil || !info.IsDir() {
		return fmt.Errorf("the second folder %s is not there: mount its disk, or make the folder", second)
	}
	if err := removeParts(second); err != nil {
		return err
	}
	for _, n := range []string{name, KeysName} {
		if err := copyFile(ctx, filepath.Join(folder, n), filepath.Join(second, n+partial)); err != nil {
			return errors.Join(err, removeParts(second))
		}
	}
	err = replaceKeys(second)
	if err == nil {
		err = os.Rename(filepath.Join(second, name+partial), filepath.Join(second, name))
	}
	if err == nil {
		err = syncFolder(second)
	}
	return err
}

func copyFile(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, &steady{ctx, in, func(int64) {}})
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
