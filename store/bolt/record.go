// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	"sarai/store"
)

// A blob is what says who somebody is or what was said: the JSON of one value.
// seal and unseal are the only two places that blobs pass on their way to and
// from the file. They change nothing yet; a later release encrypts there. owner
// names whose key it will be: the thread, or the part of the program.
//
// A record with fields that the store itself must read without opening the blob
// is the length of those fields, the fields as JSON, and the blob.

func (db *DB) seal(owner string, plain []byte) []byte { return plain }

func (db *DB) unseal(owner string, sealed []byte) ([]byte, error) { return sealed, nil }

// The owners of blobs that belong to no thread. A thread's are owned by its ID,
// which has no slash.
const (
	ownerStaff = "/staff"
	ownerSmall = "/small"
)

var errUnencodable = errors.New("store: a value cannot be written down")

// encode makes a blob. It is called before the queue, so that the committer
// only copies bytes. Errors say nothing of the value.
func (db *DB) encode(owner string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, errUnencodable
	}
	return db.seal(owner, plain), nil
}

// decode reads a blob into v, which keeps nothing of blob.
func (db *DB) decode(owner string, blob []byte, v any) error {
	plain, err := db.unseal(owner, blob)
	if err != nil {
		return errDamaged
	}
	return readJSON(plain, v)
}

func readJSON(b []byte, v any) error {
	if json.Unmarshal(b, v) != nil {
		return errDamaged
	}
	return nil
}

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
	m := hmac.New(sha256.New, db.key)
	for _, p := range append([]string{kind}, parts...) {
		m.Write(binary.AppendUvarint(nil, uint64(len(p))))
		m.Write([]byte(p))
	}
	return m.Sum(nil)[:hashSize]
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
	talkJob     = 'j' // by job key: that there is one
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
