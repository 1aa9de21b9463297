// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

var errDamaged = errors.New("store: the file is damaged: restore the last backup")

// inspect reads a file before bolt does. Bolt walks all pages when it opens a
// file, in a goroutine of its own and through a memory map: a damaged page would
// end the program there, or leave the goroutine and the lock behind, instead of
// giving an error. So inspect checks no less than bolt. Bolt's read-only mode, which
// walks nothing, holds the lock meanwhile and knows where the pages begin.
func inspect(path string, o Options) error {
	b, err := openBolt(path, o, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer b.Close()
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("store: the file cannot be opened: %w", pathless(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("store: the file cannot be read: %w", pathless(err))
	}
	return b.View(func(tx *bbolt.Tx) error {
		size := b.Info().PageSize
		w := walk{file: f, pageSize: size, seen: make([]bool, tx.Size()/int64(size))}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w (it ends too early)", errDamaged)
		}
		return w.page(uint64(tx.Cursor().Bucket().RootPage()), nil, nil)
	})
}

// Bolt's pages: a header of number, kind, count and further pages; then elements
// of fixed size, whose positions count from the element itself.
const (
	headerSize = 16
	elemSize   = 16
	kindBranch = 0x01
	kindLeaf   = 0x02
	leafBucket = 0x01
	bucketSize = 16
)

// A walk goes over all pages that can be reached, each once.
type walk struct {
	file     *os.File
	pageSize int
	seen     []bool
}

// page checks a page and all below it. Its keys must be from low on and before
// high, where these are not nil.
func (w *walk) page(id uint64, low, high []byte) error {
	if id < 2 || id >= uint64(len(w.seen)) {
		return errDamaged
	}
	p := make([]byte, w.pageSize)
	if err := w.read(p, id); err != nil {
		return err
	}
	if binary.NativeEndian.Uint64(p) != id {
		return errDamaged
	}
	pages := 1 + uint64(binary.NativeEndian.Uint32(p[12:]))
	if pages > uint64(len(w.seen))-id {
		return errDamaged
	}
	for i := id; i < id+pages; i++ {
		if w.seen[i] {
			return errDamaged
		}
		w.seen[i] = true
	}
	if pages > 1 {
		p = make([]byte, int(pages)*w.pageSize)
		if err := w.read(p, id); err != nil {
			return err
		}
	}
	return w.elements(p, low, high)
}

func (w *walk) read(p []byte, id uint64) error {
	if _, err := w.file.ReadAt(p, int64(id)*int64(w.pageSize)); err != nil {
		if errors.Is(err, io.EOF) {
			return errDamaged
		}
		return fmt.Errorf("store: the file cannot be read: %w", pathless(err))
	}
	return nil
}

// elements checks a page, or the page that a small bucket carries within itself.
func (w *walk) elements(p, low, high []byte) error {
	if len(p) < headerSize {
		return errDamaged
	}
	kind, count := binary.NativeEndian.Uint16(p[8:]), int(binary.NativeEndian.Uint16(p[10:]))
	if kind != kindBranch && kind != kindLeaf || headerSize+count*elemSize > len(p) || kind == kindBranch && count == 0 {
		return errDamaged
	}
	keys := make([][]byte, count)
	for i := range keys {
		e := p[headerSize+i*elemSize:]
		var pos, size uint64
		if kind == kindBranch {
			pos, size = uint64(binary.NativeEndian.Uint32(e)), uint64(binary.NativeEndian.Uint32(e[4:]))
		} else {
			pos, size = uint64(binary.NativeEndian.Uint32(e[4:])), uint64(binary.NativeEndian.Uint32(e[8:]))
		}
		if pos+size > uint64(len(e)) {
			return errDamaged
		}
		keys[i] = e[pos : pos+size]
		if i == 0 && bytes.Compare(low, keys[i]) > 0 || i > 0 && bytes.Compare(keys[i-1], keys[i]) >= 0 {
			return errDamaged
		}
	}
	if high != nil && count > 0 && bytes.Compare(keys[count-1], high) >= 0 {
		return errDamaged
	}
	for i := range keys {
		e := p[headerSize+i*elemSize:]
		if kind == kindLeaf {
			if err := w.value(e); err != nil {
				return err
			}
			continue
		}
		next := high
		if i+1 < count {
			next = keys[i+1]
		}
		if err := w.page(binary.NativeEndian.Uint64(e[8:]), keys[i], next); err != nil {
			return err
		}
	}
	return nil
}

// value checks the value of a leaf's element, which may be a bucket.
func (w *walk) value(e []byte) error {
	flags, pos := binary.NativeEndian.Uint32(e), uint64(binary.NativeEndian.Uint32(e[4:]))
	from := pos + uint64(binary.NativeEndian.Uint32(e[8:]))
	to := from + uint64(binary.NativeEndian.Uint32(e[12:]))
	if to > uint64(len(e)) {
		return errDamaged
	}
	if flags&leafBucket == 0 {
		return nil
	}
	b := e[from:to]
	if len(b) < bucketSize {
		return errDamaged
	}
	if root := binary.NativeEndian.Uint64(b); root != 0 {
		return w.page(root, nil, nil)
	}
	return w.elements(b[bucketSize:], nil, nil)
}
