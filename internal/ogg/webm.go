// SPDX-License-Identifier: GPL-3.0-or-later

package ogg

import (
	"bufio"
	"errors"
	"io"
	"math/bits"
)

// The elements of WebM that are looked at (RFC 8794, RFC 9559).
const (
	idHeader       = 0x1a45dfa3
	idSegment      = 0x18538067
	idCluster      = 0x1f43b675
	idTracks       = 0x1654ae6b
	idTrack        = 0xae
	idTrackNumber  = 0xd7
	idTrackType    = 0x83
	idCodec        = 0x86
	idCodecPrivate = 0x63a2
	idSimpleBlock  = 0xa3
	idBlockGroup   = 0xa0
	idBlock        = 0xa1
)

// maxElement bounds what is read at once, in bytes: a block holds one packet.
const maxElement = 64 << 10

// unknown is the length of an element that ends where the next of its level
// begins. Recorders write so, because they do not know it yet.
const unknown = 1<<56 - 1

// A webM reads blocks one after the other.
type webM struct {
	r     *bufio.Reader
	track uint64
}

func newWebM(r io.Reader) *webM { return &webM{r: bufio.NewReader(r)} }

// number reads a number of variable length. With marker it is an element's ID,
// which keeps the bit that says how long it is.
func number(r io.ByteReader, marker bool) (n uint64, size int, err error) {
	b, err := r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	size = bits.LeadingZeros8(b) + 1
	if size > 8 || marker && size > 4 {
		return 0, 0, ErrNotOpus
	}
	n = uint64(b)
	if !marker {
		n &= 1<<(8-size) - 1
	}
	all := n == 1<<(8-size)-1
	for range size - 1 {
		if b, err = r.ReadByte(); err != nil {
			return 0, 0, err
		}
		n = n<<8 | uint64(b)
		all = all && b == 0xff
	}
	if all && !marker {
		n = unknown
	}
	return n, size, nil
}

// next reads what an element is and how long.
func (w *webM) next() (id, length uint64, err error) {
	if id, _, err = number(w.r, true); err != nil {
		return 0, 0, err
	}
	length, _, err = number(w.r, false)
	return id, length, err
}

// body reads an element's content.
func (w *webM) body(length uint64) ([]byte, error) {
	if length > maxElement {
		return nil, ErrNotOpus
	}
	b := make([]byte, length)
	_, err := io.ReadFull(w.r, b)
	return b, ended(err)
}

func (w *webM) skip(length uint64) error {
	if length == unknown {
		return ErrNotOpus
	}
	_, err := io.CopyN(io.Discard, w.r, int64(length))
	return ended(err)
}

// ended makes an end in the middle of something an end.
func ended(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

// head reads up to the description of the tracks and gives the header of the
// only one.
func (w *webM) head() ([]byte, error) {
	for i := 0; ; i++ {
		id, length, err := w.next()
		switch {
		case err == io.EOF, err == nil && i == 0 && id != idHeader:
			return nil, ErrNotOpus
		case err != nil:
			return nil, err
		case id == idSegment:
		case id == idCluster:
			return nil, ErrNotOpus
		case id == idTracks:
			b, err := w.body(length)
			if err == io.EOF {
				return nil, ErrNotOpus
			}
			if err != nil {
				return nil, err
			}
			return w.tracks(b)
		default:
			if err := w.skip(length); err != nil {
				if err == io.EOF {
					err = ErrNotOpus
				}
				return nil, err
			}
		}
	}
}

// An element is one that was read whole.
type element struct {
	id   uint64
	body []byte
}

// elements are those that stand side by side in b.
func elements(b []byte) (all []element, err error) {
	r := &bytesReader{b}
	for len(r.b) > 0 {
		id, _, err := number(r, true)
		if err != nil {
			return nil, ErrNotOpus
		}
		length, _, err := number(r, false)
		if err != nil || length > uint64(len(r.b)) {
			return nil, ErrNotOpus
		}
		all = append(all, element{id, r.b[:length]})
		r.b = r.b[length:]
	}
	return all, nil
}

type bytesReader struct{ b []byte }

func (r *bytesReader) ReadByte() (byte, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	b := r.b[0]
	r.b = r.b[1:]
	return b, nil
}

// tracks finds the track of Opus. There must be no other.
func (w *webM) tracks(b []byte) (head []byte, err error) {
	all, err := elements(b)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if t.id != idTrack {
			continue
		}
		if head != nil {
			return nil, ErrNotOpus
		}
		fields, err := elements(t.body)
		if err != nil {
			return nil, err
		}
		codec := ""
		for _, f := range fields {
			switch f.id {
			case idTrackNumber:
				w.track = 0
				for _, x := range f.body {
					w.track = w.track<<8 | uint64(x)
				}
			case idTrackType:
				if len(f.body) != 1 || f.body[0] != 2 { // sound
					return nil, ErrNotOpus
				}
			case idCodec:
				codec = string(f.body)
			case idCodecPrivate:
				head = f.body
			}
		}
		if codec != "A_OPUS" || !goodHead(head) {
			return nil, ErrNotOpus
		}
	}
	if head == nil {
		return nil, ErrNotOpus
	}
	return head, nil
}

// packet gives the next packet, io.EOF after the last.
func (w *webM) packet() ([]byte, error) {
	for {
		id, length, err := w.next()
		if err != nil {
			return nil, err
		}
		switch id {
		case idSegment, idCluster, idBlockGroup: // what is in them comes next
			continue
		case idSimpleBlock, idBlock:
		default:
			if err := w.skip(length); err != nil {
				return nil, err
			}
			continue
		}
		b, err := w.body(length)
		if err != nil {
			return nil, err
		}
		r := &bytesReader{b}
		track, _, err := number(r, false)
		if err != nil || len(r.b) < 4 || r.b[2]&0x06 != 0 { // time, flags, of which two bits say that there are several packets
			return nil, ErrNotOpus
		}
		if track == w.track {
			return r.b[3:], nil
		}
	}
}
