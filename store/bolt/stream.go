// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bufio"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"

	"sarai/store"
	"sarai/store/keys"
)

// The content of a file is sealed in pieces, so that any place of it can be read
// without what comes before. The key is the file's alone and seals nothing else:
// it needs the thread's key and one that the file has in the book of keys, so
// that it is gone when either is. The number of a piece, and whether it is the
// last, are its nonce; thread and name in the folder are what it is bound to. So
// no piece opens in another place or file, and a file that was cut does not open.

// pieceSize is how much of a content one piece holds: what a player asks for at a
// time, and little enough to be opened for one byte of it.
const pieceSize = 64 << 10

// tagSize is by how much a sealed piece is longer.
const tagSize = 16

// A contentKey seals one content.
type contentKey struct {
	aead  cipher.AEAD
	bound []byte
}

// fileOwner is who owns a file's key in the book of keys.
func fileOwner(id store.ThreadID, name string) string {
	return "file\x00" + string(named(string(id))) + name
}

func contentKeyOf(thread, file *keys.Key, id store.ThreadID, name string) contentKey {
	return contentKey{thread.Derive(file, "sarai file 1").AEAD(), concat([]byte(mediaFolder), named(string(id)), []byte(name))}
}

// nonce never comes twice under one key: a content is written once, from its
// begin to its end.
func (k contentKey) nonce(piece uint64, last bool) []byte {
	n := make([]byte, k.aead.NonceSize())
	binary.BigEndian.PutUint64(n[len(n)-9:], piece)
	if last {
		n[len(n)-1] = 1
	}
	return n
}

// A sealing writes a content. Close writes the last piece, which may be empty.
type sealing struct {
	key   contentKey
	w     io.Writer
	piece uint64
	plain []byte
	out   []byte
}

func newSealing(k contentKey, w io.Writer) *sealing {
	return &sealing{key: k, w: w, plain: make([]byte, 0, pieceSize), out: make([]byte, 0, pieceSize+tagSize)}
}

// Write implements io.Writer. A full piece waits until it is known that another
// one follows.
func (s *sealing) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		if len(s.plain) == pieceSize {
			if err := s.flush(false); err != nil {
				return n, err
			}
		}
		m := min(len(b), pieceSize-len(s.plain))
		s.plain = append(s.plain, b[:m]...)
		b, n = b[m:], n+m
	}
	return n, nil
}

func (s *sealing) flush(last bool) error {
	s.out = s.key.aead.Seal(s.out[:0], s.key.nonce(s.piece, last), s.plain, s.key.bound)
	s.plain, s.piece = s.plain[:0], s.piece+1
	_, err := s.w.Write(s.out)
	return err
}

// Close writes the last piece.
func (s *sealing) Close() error { return s.flush(true) }

// sealTo reads r to its end into w.
func sealTo(k contentKey, w io.Writer, r io.Reader) (size int64, err error) {
	s := newSealing(k, w)
	if size, err = io.Copy(s, bufio.NewReaderSize(r, pieceSize)); err != nil {
		return size, err
	}
	return size, s.Close()
}

// An unsealing is the content of a file in the folder. It holds one opened piece.
type unsealing struct {
	key    contentKey
	file   *os.File
	pieces int64
	size   int64 // of the plain content

	at int64 // of Read and Seek

	mu     sync.Mutex // guards what follows: ReadAt may be called by many
	opened int64
	plain  []byte
	sealed []byte
}

// newUnsealing reads the last piece, so that a file that was cut is found at once.
func newUnsealing(k contentKey, f *os.File) (*unsealing, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	const whole = pieceSize + tagSize
	u := &unsealing{key: k, file: f, opened: -1}
	u.pieces = (info.Size() + whole - 1) / whole
	if rest := info.Size() - (u.pieces-1)*whole; u.pieces == 0 || rest < tagSize {
		return nil, errDamaged
	}
	u.size = info.Size() - u.pieces*tagSize
	return u, u.open(u.pieces - 1)
}

// open opens a piece into u.plain.
func (u *unsealing) open(piece int64) error {
	if u.opened == piece {
		return nil
	}
	u.opened = -1
	if u.sealed == nil {
		u.sealed = make([]byte, min(int64(pieceSize), u.size)+tagSize)
	}
	n, err := u.file.ReadAt(u.sealed, piece*(pieceSize+tagSize))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	u.plain, err = u.key.aead.Open(u.plain[:0], u.key.nonce(uint64(piece), piece == u.pieces-1), u.sealed[:n], u.key.bound)
	if err != nil {
		return errDamaged
	}
	u.opened = piece
	return nil
}

// ReadAt implements io.ReaderAt.
func (u *unsealing) ReadAt(b []byte, at int64) (n int, err error) {
	if at < 0 {
		return 0, errDamaged
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(b) > 0 {
		if at >= u.size {
			return n, io.EOF
		}
		if err := u.open(at / pieceSize); err != nil {
			return n, pathless(err)
		}
		m := copy(b, u.plain[at%pieceSize:])
		b, n, at = b[m:], n+m, at+int64(m)
	}
	return n, nil
}

// Read implements io.Reader.
func (u *unsealing) Read(b []byte) (int, error) {
	n, err := u.ReadAt(b, u.at)
	u.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Seek implements io.Seeker.
func (u *unsealing) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += u.at
	case io.SeekEnd:
		offset += u.size
	}
	if offset < 0 {
		return 0, errors.New("store: a place before the begin of a file")
	}
	u.at = offset
	return offset, nil
}

// Close implements io.Closer.
func (u *unsealing) Close() error { return u.file.Close() }
