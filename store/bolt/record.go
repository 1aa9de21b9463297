// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"time"

	"sarai/store"
	"sarai/store/keys"
)

// join makes a record of the clear fields and the blob. The fields are of this
// package's own types, which always marshal: their times were read or written
// as JSON before.
func join(fields any, blob []byte) []byte {
	clear, err := json.Marshal(fields)
	if err != nil {
		panic("bolt: clear fields do not marshal")
	}
	b := make([]byte, 0, binary.MaxVarintLen32+len(clear)+len(blob))
	b = binary.AppendUvarint(b, uint64(len(clear)))
	return append(append(b, clear...), blob...)
}

// split reads the clear fields of a record and gives its blob, a part of b.
func split(b []byte, fields any) ([]byte, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, errDamaged
	}
	rest := b[size:]
	return rest[n:], readJSON(rest[:n], fields)
}

// hashSize is the length of the keyed hashes: 128 bits, so that two of a
// thousand million never meet.
const hashSize = 16

// hash is a keyed hash of the parts; kind keeps hashes of different things apart.
func (db *DB) hash(kind string, parts ...string) []byte {
	return hashWith(db.book.Index(), kind, parts...)
}

func hashWith(k *keys.Key, kind string, parts ...string) []byte {
	b := make([]byte, 0, 128)
	b = append(binary.AppendUvarint(b, uint64(len(kind))), kind...)
	for _, p := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	return k.Hash(b)[:hashSize]
}

// random gives 128 random bits in 26 letters and digits.
func random() string {
	b := make([]byte, 16)
	rand.Read(b)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// number writes n so that bytes sort as numbers do.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// signed does so for numbers below zero too.
func signed(n int64) []byte { return number(uint64(n) ^ 1<<63) }

// timeKey writes a time so that bytes sort as times do, in nanoseconds. Times
// that do not fit (before 1678, after 2262, and the zero time) become the ends
// of the range.
func timeKey(t time.Time) []byte {
	switch s := t.Unix(); {
	case s <= math.MinInt64/int64(time.Second):
		return signed(math.MinInt64)
	case s >= math.MaxInt64/int64(time.Second):
		return signed(math.MaxInt64)
	}
	return signed(t.UnixNano())
}

// keyTime reads what timeKey wrote, at the begin of a key.
func keyTime(k []byte) time.Time {
	return time.Unix(0, int64(binary.BigEndian.Uint64(k)^1<<63)).UTC()
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func hasPrefix(k, prefix []byte) bool { return bytes.HasPrefix(k, prefix) }

// The kinds of what belongs to a thread, in bucketTalks.
const (
	talkThread  = 't'
	talkEntry   = 'e' // by Seq
	talkEvent   = 'k' // by hash of the event: when it was stored
	talkReceipt = 'r' // by job key
	talkDraft   = 'd' // by staff
	talkJob     = 'j' // by job key: its number
	talkLane    = 'l' // by lane of the thread's own, number: job key
	talkFailed  = 'f' // by job key: its number in bucketFailed
	talkCase    = 'c' // by case: that it was this thread's
	talkFile    = 'm' // by file: what is known of it
)

// maxName is how long IDs, names and lanes may be in bytes: a byte holds it.
const maxName = 255

// maxKey is how long a job key may be in bytes; bolt takes 32768 for a whole key.
const maxKey = 4096

// talkKey is a key in bucketTalks. The length before the ID keeps threads apart
// whatever the IDs hold.
func talkKey[B ~string | ~[]byte](id store.ThreadID, kind byte, rest B) []byte {
	return append(append(named(string(id)), kind), rest...)
}

// named is a name as the begin of a key, of at most maxName bytes.
func named(s string) []byte { return append([]byte{byte(len(s))}, s...) }

func goodName(s string) bool { return s != "" && len(s) <= maxName }
