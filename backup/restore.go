// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"sarai/store"
	"sarai/store/bolt"
	"sarai/store/keys"
)

// staging is the folder within the data folder in which a restore works: until
// all is looked at, nothing of it looks like an installation.
const staging = ".restoring"

// installationKey is the name of the installation key in the data folder.
const installationKey = "installation.key"

// A Restoring says what is to be restored, and where.
type Restoring struct {
	From       string         // folder of backups
	Date       string         // "2026-11-26", or more of a name's time; "" is the newest
	Identities []age.Identity // the recovery key
	Data       string         // data folder: not there, or empty
	Ended      []string       // buckets of small records that do not come back, as sign-ins

	reached func(step string) // for tests
}

// A Restored says what came back.
type Restored struct {
	Name    string
	At      time.Time // the moment that it is of
	Threads int       // talks that came back
	Entries int
	Files   int
	Erased  int // talks that did not, because they were erased since
	Dropped int // files of other talks that were erased since
	Missing int // files that the installation had lost before
}

var errKey = errors.New("the recovery key does not open this backup: it is another installation's, or was replaced; use the one that was written down before the backup was made")

// Restore makes an installation of a backup. What was erased between the backup
// and the keys beside it does not come back. It reads again all that it wrote
// before it gives anything its name; where it fails there is no installation.
func Restore(ctx context.Context, x Restoring, say func(Progress)) (r Restored, err error) {
	if say == nil {
		say = func(Progress) {}
	}
	if err := x.checkData(); err != nil {
		return r, err
	}
	if r.Name, err = x.choose(); err != nil {
		return r, err
	}
	if err := os.MkdirAll(x.Data, 0o700); err != nil {
		return r, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	if err := os.Chmod(x.Data, 0o700); err != nil {
		return r, fmt.Errorf("the data folder cannot be closed to others: %w", err)
	}
	work := filepath.Join(x.Data, staging)
	if err := os.Mkdir(work, 0o700); err != nil {
		return r, fmt.Errorf("the data folder cannot be written: %w", err)
	}
	defer func() {
		if err == nil {
			return
		}
		os.RemoveAll(work)
		if no := reason(err); no != err {
			err = fmt.Errorf("nothing was restored: %w", err)
		}
	}()
	key := make([]byte, bolt.KeySize)
	rand.Read(key) // never fails
	say(Progress{Step: "reading the keys"})
	keysAt, err := x.restoreKeys(work, key)
	if err != nil {
		return r, err
	}
	list, err := x.unpack(ctx, work, r.Name, say)
	if err != nil {
		return r, err
	}
	if keysAt.Before(list.At) {
		return r, fmt.Errorf("%s is older than this backup, so talks begun since would be taken for erased: put the %s beside it that was made with it or later", KeysName, KeysName)
	}
	r.At = list.At
	x.at("written")
	say(Progress{Step: "comparing"})
	if err := compare(ctx, work, list); err != nil {
		return r, err
	}
	x.at("unpacked")
	if err := x.open(ctx, work, key, list, &r, say); err != nil {
		return r, err
	}
	if err := writeSynced(filepath.Join(work, installationKey), hex.EncodeToString(key)+"\n"); err != nil {
		return r, err
	}
	return r, x.name(work)
}

func (x Restoring) at(step string) {
	if x.reached != nil {
		x.reached(step)
	}
}

// checkData refuses a folder in which there is something.
func (x Restoring) checkData() error {
	entries, err := os.ReadDir(x.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the data folder cannot be read: %w", err)
	}
	for _, e := range entries {
		if e.Name() == staging {
			return fmt.Errorf("%s holds what a restore that was ended left: remove it all, and begin again", x.Data)
		}
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: an installation is restored into a new folder only; stop the server, and move the old folder away, do not delete it yet", x.Data)
	}
	return nil
}

// choose gives the name of the backup that is meant.
func (x Restoring) choose() (string, error) {
	names, err := List(x.From)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", fmt.Errorf("there is no backup in %s: they are called sarai-DATE.tar.age, with %s beside them", x.From, KeysName)
	}
	for i := len(names) - 1; i >= 0; i-- {
		if strings.HasPrefix(names[i], "sarai-"+x.Date) || names[i] == x.Date {
			return names[i], nil
		}
	}
	return "", fmt.Errorf("there is no backup of %q in %s; there are %s", x.Date, x.From, strings.Join(names, ", "))
}

func (x Restoring) decrypt(path string) (*os.File, io.Reader, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && filepath.Base(path) == KeysName {
		return nil, nil, fmt.Errorf("%s is not beside the backup: without it nothing of it can be read", KeysName)
	}
	if err != nil {
		return nil, nil, err
	}
	r, err := age.Decrypt(bufio.NewReaderSize(f, 1<<16), x.Identities...)
	if err != nil {
		f.Close()
		var no *age.NoIdentityMatchError
		if errors.As(err, &no) {
			return nil, nil, errKey
		}
		return nil, nil, fmt.Errorf("%s is damaged: take another backup", filepath.Base(path))
	}
	return f, r, nil
}

// restoreKeys makes keys.db and says of when the keys are.
func (x Restoring) restoreKeys(work string, key []byte) (at time.Time, err error) {
	f, r, err := x.decrypt(filepath.Join(x.From, KeysName))
	if err != nil {
		return at, err
	}
	defer f.Close()
	in := bufio.NewReader(r)
	line, err := in.ReadString('\n')
	when, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), keysHead)
	if err != nil || !is {
		return at, fmt.Errorf("%s is damaged, or from a newer version of Sarai: take another copy of it, or that version", KeysName)
	}
	if at, err = time.Parse(time.RFC3339Nano, when); err != nil {
		return at, fmt.Errorf("%s is damaged: take another copy of it", KeysName)
	}
	return at, keys.Import(filepath.Join(work, bolt.KeysFile), key, in, keys.Options{})
}

// unpack writes what is in the dated backup into work.
func (x Restoring) unpack(ctx context.Context, work, name string, say func(Progress)) (l listing, err error) {
	damaged := fmt.Errorf("%s is damaged or not whole: take another backup", name)
	f, r, err := x.decrypt(filepath.Join(x.From, name))
	if err != nil {
		return l, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return l, err
	}
	done, ended := int64(0), false
	t := tar.NewReader(&steady{ctx, r, func(n int64) { done += n; say(Progress{"decrypting", done, info.Size()}) }})
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return l, cmpErr(ctx.Err(), damaged)
		}
		switch {
		case ended:
			return l, damaged
		case h.Name == manifest:
			b, err := io.ReadAll(io.LimitReader(t, 1<<30))
			if err != nil || json.Unmarshal(b, &l) != nil {
				return l, damaged
			}
			if l.Format != 1 {
				return l, fmt.Errorf("%s is from a newer version of Sarai: use that version", name)
			}
			ended = true
		case goodEntry(h.Name) && h.Typeflag == tar.TypeReg:
			if err := writeFrom(filepath.Join(work, filepath.FromSlash(h.Name)), t, damaged); err != nil {
				return l, cmpErr(ctx.Err(), err)
			}
		default:
			return l, fmt.Errorf("%s holds what this version does not know: use a newer version", name)
		}
	}
	// The last piece of an encrypted file says that it is the last.
	if _, err := io.Copy(io.Discard, r); err != nil || !ended {
		return l, damaged
	}
	return l, nil
}

func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// goodEntry says whether a name can be in a backup. It leads nowhere else.
func goodEntry(name string) bool {
	if name == storeName || name == RecipientsName {
		return true
	}
	for _, dir := range []string{mediaName, lists} {
		if base, is := strings.CutPrefix(name, dir); is {
			return base != "" && base[0] != '.' && !strings.ContainsAny(base, `/\`+"\x00")
		}
	}
	return false
}

// writeFrom writes a new file and syncs it. An error of r is given as damaged.
func writeFrom(path string, r io.Reader, damaged error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, marked{r, damaged})
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// marked tells the errors of a reader from those of the disk.
type marked struct {
	r   io.Reader
	err error
}

func (m marked) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	if err != nil && err != io.EOF {
		err = m.err
	}
	return n, err
}

// compare reads all that was written and compares it with the manifest.
func compare(ctx context.Context, work string, l listing) error {
	for _, e := range l.Files {
		f, err := os.Open(filepath.Join(work, filepath.FromSlash(e.Name)))
		if err != nil {
			return fmt.Errorf("the backup lacks something that it lists: %w", err)
		}
		sum := sha256.New()
		n, err := io.Copy(sum, &steady{ctx, f, func(int64) {}})
		f.Close()
		if err != nil {
			return err
		}
		if n != e.Size || hex.EncodeToString(sum.Sum(nil)) != e.Sum {
			return errors.New("what was written is not what the backup holds: look after the disk, or take another backup")
		}
	}
	return nil
}

// open opens what was unpacked, takes out who was erased, and reads all the rest.
func (x Restoring) open(ctx context.Context, work string, key []byte, l listing, r *Restored, say func(Progress)) error {
	say(Progress{Step: "leaving out who was erased since"})
	path, o := filepath.Join(work, storeName), bolt.Options{Key: key, Reserve: -1}
	db, err := bolt.Open(path, o)
	if err != nil {
		return err
	}
	dropped, err := db.DropErased(ctx)
	for _, bucket := range x.Ended {
		err = errors.Join(err, db.RemoveSmall(ctx, bucket))
	}
	err = errors.Join(err, db.AppendActs(ctx, store.Act{By: store.Operator, What: store.DidRestore}))
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	x.at("dropped")
	say(Progress{Step: "reading all that was restored"})
	if db, err = bolt.Open(path, o); err != nil {
		return err
	}
	c, err := db.Check(ctx)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("what was restored does not open: %w", err)
	}
	r.Threads, r.Entries, r.Files, r.Missing = c.Threads, c.Entries, c.Files-c.Missing, c.Missing
	r.Erased, r.Dropped = l.Threads-c.Threads, dropped.Files
	if r.Erased < dropped.Threads {
		return fmt.Errorf("the backup had %d talks, of which %d were erased since, and %d came back: take another backup", l.Threads, dropped.Threads, c.Threads)
	}
	return nil
}

// name gives everything its place in the data folder, the installation key last:
// without it no server starts on what is there.
func (x Restoring) name(work string) error {
	entries, err := os.ReadDir(work)
	if err != nil {
		return err
	}
	names := []string{storeName}
	for _, e := range entries {
		if e.Name() != storeName && e.Name() != installationKey {
			names = append(names, e.Name())
		}
	}
	for _, n := range append(names, installationKey) {
		if n == installationKey {
			if err := syncFolder(x.Data); err != nil {
				return err
			}
		}
		if err := os.Rename(filepath.Join(work, n), filepath.Join(x.Data, n)); err != nil {
			return err
		}
		x.at("named")
	}
	if err := os.Remove(work); err != nil {
		return err
	}
	return syncFolder(x.Data)
}

func writeSynced(path, text string) error {
	return writeFrom(path, strings.NewReader(text), nil)
}
