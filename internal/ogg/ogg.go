// SPDX-License-Identifier: GPL-3.0-or-later

// Package ogg puts the sound that a browser recorded into the container in which
// platforms know a voice note: Opus out of WebM into Ogg. The sound itself is
// copied and not decoded.
package ogg

import (
	"encoding/binary"
	"errors"
	"io"
	"time"
)

// ErrNotOpus means that a file is not WebM with one track of Opus and nothing to
// see, or that it is put together in a way that recorders of browsers do not use.
var ErrNotOpus = errors.New("ogg: this is not a recording in WebM with Opus")

// The rate in which positions are counted, whatever the sound was recorded with,
// and how much of it one page holds: RFC 7845, section 4.
const (
	rate    = 48_000
	perPage = rate // a second
)

// FromWebM reads WebM with Opus from r and writes Ogg with Opus to w. It gives
// the length of the sound. A recording that was cut off is written as far as it
// goes. It fails with ErrNotOpus, after which w may hold a begin that nobody
// should use, or with the error of r or w.
func FromWebM(w io.Writer, r io.Reader) (time.Duration, error) {
	in := newWebM(r)
	head, err := in.head()
	if err != nil {
		return 0, err
	}
	out := stream{w: w}
	if err := out.header(head); err != nil {
		return 0, err
	}
	n := 0
	for {
		packet, err := in.packet()
		if err == io.EOF && n > 0 {
			break
		}
		if err == io.EOF {
			return 0, ErrNotOpus
		}
		if err != nil {
			return 0, err
		}
		n++
		if err := out.packet(packet); err != nil {
			return 0, err
		}
	}
	if err := out.flush(last); err != nil {
		return 0, err
	}
	skip := int64(binary.LittleEndian.Uint16(head[10:]))
	return time.Duration(max(out.position-skip, 0)) * time.Second / rate, nil
}

// goodHead says whether a header is one that we can copy: RFC 7845, section
// 5.1, one or two channels in family 0.
func goodHead(b []byte) bool {
	return len(b) == 19 && string(b[:8]) == "OpusHead" && b[8]&0xf0 == 0 && (b[9] == 1 || b[9] == 2) && b[18] == 0
}

// samples is how long a packet lasts in samples at 48 kHz, 0 if it is no packet
// of Opus: RFC 6716, section 3.1.
func samples(packet []byte) int64 {
	if len(packet) == 0 {
		return 0
	}
	var frame int64
	switch config := packet[0] >> 3; {
	case config < 12:
		frame = []int64{480, 960, 1920, 2880}[config&3]
	case config < 16:
		frame = []int64{480, 960}[config&1]
	default:
		frame = []int64{120, 240, 480, 960}[config&3]
	}
	frames := int64(1)
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = int64(packet[1] & 0x3f)
	}
	if all := frame * frames; all <= 5760 { // 120 ms
		return all
	}
	return 0
}

// Flags of a page: RFC 3533, section 6.
const (
	first = 0x02
	last  = 0x04
)

// serial names the stream within its file. There is only one.
const serial = 1

// A stream writes pages.
type stream struct {
	w        io.Writer
	number   uint32 // of the next page
	position int64  // samples up to the end of the last packet
	held     int64  // samples on the page that is being filled
	lacing   []byte
	body     []byte
}

func (s *stream) header(head []byte) error {
	s.lace(head)
	if err := s.flush(first); err != nil {
		return err
	}
	const vendor = "Sarai"
	tags := append([]byte("OpusTags"), binary.LittleEndian.AppendUint32(nil, uint32(len(vendor)))...)
	tags = append(tags, vendor...)
	s.lace(append(tags, 0, 0, 0, 0)) // no comments
	return s.flush(0)
}

// lace puts a packet onto the page: its length in pieces of 255, the last of
// which is shorter.
func (s *stream) lace(packet []byte) {
	for n := len(packet); ; n -= 255 {
		if n < 255 {
			s.lacing = append(s.lacing, byte(n))
			break
		}
		s.lacing = append(s.lacing, 255)
	}
	s.body = append(s.body, packet...)
}

// packet adds a packet of sound. The page before is written only now, because
// the last one of all says that it is the last.
func (s *stream) packet(packet []byte) error {
	long := samples(packet)
	pieces := len(packet)/255 + 1
	if long == 0 || pieces > 255 {
		return ErrNotOpus
	}
	if s.held+long > perPage || len(s.lacing)+pieces > 255 {
		if err := s.flush(0); err != nil {
			return err
		}
	}
	s.lace(packet)
	s.position += long
	s.held += long
	return nil
}

// flush writes the page. Its position is that of the last packet, which ends on it.
func (s *stream) flush(flags byte) error {
	page := make([]byte, 27, 27+len(s.lacing)+len(s.body))
	copy(page, "OggS")
	page[5] = flags
	binary.LittleEndian.PutUint64(page[6:], uint64(s.position))
	binary.LittleEndian.PutUint32(page[14:], serial)
	binary.LittleEndian.PutUint32(page[18:], s.number)
	page[26] = byte(len(s.lacing))
	page = append(append(page, s.lacing...), s.body...)
	binary.LittleEndian.PutUint32(page[22:], checksum(page))
	s.number++
	s.held, s.lacing, s.body = 0, s.lacing[:0], s.body[:0]
	_, err := s.w.Write(page)
	return err
}

// checksum is the one of RFC 3533: polynomial 0x04c11db7, not reflected, from 0.
func checksum(b []byte) (sum uint32) {
	for _, x := range b {
		sum ^= uint32(x) << 24
		for range 8 {
			if sum&(1<<31) != 0 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}
