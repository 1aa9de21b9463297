// SPDX-License-Identifier: GPL-3.0-or-later

package keys

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
)

// An export is a line that names its format; the key of the hashes; then records,
// each a byte that says of what kind, and what follows from it:
//
//	k  hash of an owner, key
//	m  length, mark
//	e  number of records before it: the end
const exportHead = "sarai keys 1\n"

// hashLen is the length of an owner's hash.
const hashLen = 16

var errExport = errors.New("keys: the copy of the keys is damaged")

// Export writes all keys and marks as they are at one moment, and the keys
// UNWRAPPED: w must seal what it is given. So a copy needs no installation key
// to be read, and whoever reads it needs nothing else.
func (b *Book) Export(w io.Writer) error {
	// Nobody waits for w: it is all in memory first, some 50 bytes a key.
	var all bytes.Buffer
	defer func() { clear(all.Bytes()) }()
	all.WriteString(exportHead)
	all.Write(b.index.raw[:])
	n := uint64(0)
	err := b.view(func(tx *bbolt.Tx) error {
		keys, marks := tx.Bucket([]byte(bucketKey)), tx.Bucket([]byte(bucketMark))
		all.Grow(tx.Bucket([]byte(bucketKey)).Stats().KeyN * (1 + hashLen + Size))
		err := keys.ForEach(func(hash, wrapped []byte) error {
			k, err := b.unwrap(hash, wrapped)
			if err != nil {
				return err
			}
			if len(hash) != hashLen {
				return errDamaged
			}
			all.WriteByte('k')
			all.Write(hash)
			all.Write(k.raw[:])
			n++
			return nil
		})
		if err != nil {
			return err
		}
		return marks.ForEach(func(mark, _ []byte) error {
			all.WriteByte('m')
			all.Write(binary.AppendUvarint(nil, uint64(len(mark))))
			all.Write(mark)
			n++
			return nil
		})
	})
	if err != nil {
		return err
	}
	all.WriteByte('e')
	all.Write(binary.BigEndian.AppendUint64(nil, n))
	_, err = w.Write(all.Bytes())
	return err
}

// Import makes a book at path, where there must be none, of what Export wrote,
// wrapped under an installation key. Where it fails there is no file.
func Import(path string, installation []byte, r io.Reader, o Options) (err error) {
	wrap, err := wrapping(installation)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.New("keys: there are keys already where the copy is to be put")
	}
	in := bufio.NewReader(r)
	head := make([]byte, len(exportHead))
	if _, err := io.ReadFull(in, head); err != nil || string(head) != exportHead {
		return errExport
	}
	var index [Size]byte
	if _, err := io.ReadFull(in, index[:]); err != nil {
		return errExport
	}
	b := &Book{path: path, noSync: o.NoSync, wrap: wrap, name: ID(installation), index: of(index)}
	db, err := b.write(nil, wrap, nil, nil)
	if err != nil {
		return err
	}
	defer func() {
		if e := db.Close(); err == nil && e != nil {
			err = fmt.Errorf("keys: keys.db cannot be closed: %w", reason(e))
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	db.NoSync = true // synced once, at the end
	n, ended := uint64(0), false
	for !ended {
		err := db.Update(func(tx *bbolt.Tx) (err error) {
			for range copyStep {
				if ended, err = b.take(tx, in, n); err != nil || ended {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !o.NoSync {
		if err := db.Sync(); err != nil {
			return fmt.Errorf("keys: keys.db cannot be written: %w", reason(err))
		}
	}
	return nil
}

// take reads one record of an export, after n others, and says whether it was the end.
func (b *Book) take(tx *bbolt.Tx, in *bufio.Reader, n uint64) (ended bool, err error) {
	kind, err := in.ReadByte()
	if err != nil {
		return false, errExport
	}
	switch kind {
	case 'k':
		var x [hashLen + Size]byte
		if _, err := io.ReadFull(in, x[:]); err != nil {
			return false, errExport
		}
		hash := bytes.Clone(x[:hashLen])
		return false, tx.Bucket([]byte(bucketKey)).Put(hash, b.wrap.Seal(place(hash), x[hashLen:]))
	case 'm':
		size, err := binary.ReadUvarint(in)
		if err != nil || size > 1<<10 {
			return false, errExport
		}
		mark := make([]byte, size)
		if _, err := io.ReadFull(in, mark); err != nil {
			return false, errExport
		}
		return false, tx.Bucket([]byte(bucketMark)).Put(mark, nil)
	case 'e':
		var x [8]byte
		if _, err := io.ReadFull(in, x[:]); err != nil || binary.BigEndian.Uint64(x[:]) != n {
			return false, errExport
		}
		if _, err := in.ReadByte(); err != io.EOF {
			return false, errExport
		}
		return true, nil
	}
	return false, errExport
}
