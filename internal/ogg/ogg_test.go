// SPDX-License-Identifier: GPL-3.0-or-later

package ogg_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"sarai/internal/ogg"
)

// The recordings were made with ffmpeg, a tone each, in Opus as it really is:
// tone.webm of 1.3 s in packets of 60 ms, its lengths written; live.webm of 2.5 s
// in packets of 20 ms, as recorders write it that do not know the end.
func recording(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A page is one that was read with everything about it checked that can be.
type page struct {
	flags    byte
	position int64
	packets  [][]byte
}

// pages reads Ogg by RFC 3533, on its own: nothing of it is the package's.
func pages(t testing.TB, b []byte) (all []page) {
	t.Helper()
	for n := uint32(0); len(b) > 0; n++ {
		if len(b) < 27 || string(b[:5]) != "OggS\x00" {
			t.Fatalf("page %d does not begin", n)
		}
		p := page{flags: b[5], position: int64(binary.LittleEndian.Uint64(b[6:]))}
		if got := binary.LittleEndian.Uint32(b[18:]); got != n {
			t.Fatalf("page %d has number %d", n, got)
		}
		lacing := b[27 : 27+int(b[26])]
		size := 27 + len(lacing)
		packet := []byte{}
		for i, l := range lacing {
			packet = append(packet, b[size:size+int(l)]...)
			size += int(l)
			if l < 255 {
				p.packets = append(p.packets, packet)
				packet = []byte{}
			} else if i == len(lacing)-1 {
				t.Fatalf("page %d ends in a packet", n)
			}
		}
		whole := bytes.Clone(b[:size])
		sum := binary.LittleEndian.Uint32(whole[22:])
		copy(whole[22:], []byte{0, 0, 0, 0})
		if got := crc(whole); got != sum {
			t.Fatalf("page %d has checksum %08x, want %08x", n, sum, got)
		}
		all = append(all, p)
		b = b[size:]
	}
	return all
}

// crc is bit for bit what RFC 3533 says, by division of the whole as one number.
func crc(b []byte) uint32 {
	var rest uint64
	for _, x := range append(bytes.Clone(b), 0, 0, 0, 0) {
		for i := 7; i >= 0; i-- {
			rest = rest<<1 | uint64(x>>i&1)
			if rest>>32 != 0 {
				rest ^= 0x104c11db7
			}
		}
	}
	return uint32(rest)
}

func TestARecordingBecomesAVoiceNote(t *testing.T) {
	for _, c := range []struct {
		name   string
		length time.Duration
		packet int64 // samples
	}{
		{"tone.webm", 1300 * time.Millisecond, 2880},
		{"live.webm", 2500 * time.Millisecond, 960},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := recording(t, c.name)
			var out bytes.Buffer
			length, err := ogg.FromWebM(&out, iotest.OneByteReader(bytes.NewReader(in)))
			if err != nil {
				t.Fatal(err)
			}
			if off := length - c.length; off < 0 || off > 70*time.Millisecond {
				t.Errorf("it lasts %v, want %v and at most one packet more", length, c.length)
			}
			ps := pages(t, out.Bytes())
			head := ps[0].packets[0]
			if ps[0].flags != 2 || ps[0].position != 0 || len(ps[0].packets) != 1 || string(head[:8]) != "OpusHead" || !bytes.Contains(in, head) {
				t.Errorf("the first page is %+v", ps[0])
			}
			if tags := ps[1].packets[0]; ps[1].flags != 0 || ps[1].position != 0 || len(ps[1].packets) != 1 || string(tags) != "OpusTags\x05\x00\x00\x00Sarai\x00\x00\x00\x00" {
				t.Errorf("the second page is %+v", ps[1])
			}
			position, from := int64(0), in
			for i, p := range ps[2:] {
				if want := byte(0); i == len(ps)-3 {
					if p.flags != 4 {
						t.Errorf("the last page has flags %d", p.flags)
					}
				} else if p.flags != want {
					t.Errorf("page %d has flags %d", i, p.flags)
				}
				if len(p.packets) == 0 || int64(len(p.packets))*c.packet > 48_000 {
					t.Errorf("page %d has %d packets", i, len(p.packets))
				}
				for _, packet := range p.packets {
					position += c.packet
					// Each packet is there, byte for byte and in its order.
					at := bytes.Index(from, packet)
					if at < 0 {
						t.Fatalf("a packet of %d bytes is not the recording's", len(packet))
					}
					from = from[at+len(packet):]
				}
				if p.position != position {
					t.Errorf("page %d stands at %d, want %d", i, p.position, position)
				}
			}
			if len(from) > 200 { // what stands after the last packet: an index at most
				t.Errorf("%d bytes of the recording are left over", len(from))
			}
		})
	}
}

func TestARecordingThatWasCutOffGoesAsFarAsItGoes(t *testing.T) {
	in := recording(t, "live.webm")
	before := time.Duration(0)
	good := 0
	for n := range in {
		var out bytes.Buffer
		length, err := ogg.FromWebM(&out, bytes.NewReader(in[:n]))
		if errors.Is(err, ogg.ErrNotOpus) {
			if good > 0 {
				t.Fatalf("cut to %d bytes it is refused, and with fewer it was not", n)
			}
			continue
		}
		if err != nil || length < before {
			t.Fatalf("cut to %d bytes: %v long, before %v: %v", n, length, before, err)
		}
		good, before = good+1, length
		if n%97 == 0 {
			ps := pages(t, out.Bytes())
			if ps[len(ps)-1].flags != 4 {
				t.Fatalf("cut to %d bytes it has no end", n)
			}
		}
	}
	if before < 2*time.Second {
		t.Fatalf("nearly whole it lasts %v", before)
	}
}

func TestWhatIsNoRecordingIsRefused(t *testing.T) {
	tone := recording(t, "tone.webm")
	change := func(old, with string) []byte {
		b := bytes.Replace(tone, []byte(old), []byte(with), 1)
		if bytes.Equal(b, tone) {
			t.Fatalf("there is no %q to change", old)
		}
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":           {},
		"text":              []byte("a recording, I promise"),
		"an end too early":  tone[:300],
		"no header":         tone[36:],
		"another codec":     change("A_OPUS", "A_XPUS"),
		"another header":    change("OpusHead\x01", "OpusHead\x21"),
		"many channels":     change("OpusHead\x01\x01", "OpusHead\x01\x06"),
		"pictures":          change("\x83\x81\x02", "\x83\x81\x01"),
		"a packet of zeros": change("\xa3\x40\xa8\x81\x00\x00\x80", "\xa3\x40\xa8\x81\x00\x00\x86"),
	} {
		if _, err := ogg.FromWebM(io.Discard, bytes.NewReader(b)); !errors.Is(err, ogg.ErrNotOpus) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("the disk is full")
	if _, err := ogg.FromWebM(io.Discard, io.MultiReader(bytes.NewReader(tone[:1000]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
	r, w := io.Pipe()
	r.CloseWithError(broken)
	if _, err := ogg.FromWebM(w, bytes.NewReader(tone)); !errors.Is(err, broken) {
		t.Errorf("a writer that fails: %v", err)
	}
}

// FuzzFromWebM: whatever comes, it ends, and what it makes is sound.
func FuzzFromWebM(f *testing.F) {
	for _, name := range []string{"tone.webm", "live.webm"} {
		b := recording(f, name)
		f.Add(b)
		f.Add(b[:700])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		length, err := ogg.FromWebM(&out, bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, ogg.ErrNotOpus) {
				t.Fatalf("got %v", err)
			}
			return
		}
		ps := pages(t, out.Bytes())
		if len(ps) < 3 || ps[0].flags != 2 || ps[len(ps)-1].flags != 4 || length < 0 {
			t.Fatalf("%d pages, %v", len(ps), length)
		}
		for i := 1; i < len(ps); i++ {
			if ps[i].position < ps[i-1].position {
				t.Fatalf("page %d goes back", i)
			}
		}
	})
}
