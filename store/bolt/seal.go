// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"encoding/json"
	"errors"

	"sarai/store"
	"sarai/store/keys"
)

// A blob is what says who somebody is or what was said: the JSON of one value,
// sealed (XChaCha20-Poly1305). It is sealed under the key of its owner, a thread
// or a part of the program, and bound to its place: the owner, the bucket and
// the key in the bucket. A blob that was moved elsewhere does not open.
//
// A record with fields that the store itself must read without opening the blob
// is the length of those fields, the fields as JSON, and the blob.

// The owners of blobs that belong to no thread. A thread's are owned by its ID.
const (
	ownerStaff = "/staff"
	ownerSmall = "/small"
)

// A place is where a blob lies.
type place struct {
	owner, bucket string
	key           []byte
}

func talkPlace[B ~string | ~[]byte](id store.ThreadID, kind byte, rest B) place {
	return place{string(id), bucketTalks, talkKey(id, kind, rest)}
}

// bound are the bytes to which a blob of this place is bound.
func (p place) bound() []byte { return concat(named(p.bucket), named(p.owner), p.key) }

var (
	errUnencodable = errors.New("store: a value cannot be written down")
	// errErased means that a thread's key is gone: it was erased, also where its
	// records are still there.
	errErased = errors.New("store: erased")
)

// keyOf gives the key of an owner. A thread's fails with errErased where there
// is none; the program's own are made at their first use.
func (db *DB) keyOf(owner string) (k *keys.Key, err error) {
	if owner == ownerStaff || owner == ownerSmall || owner == ownerCounts {
		return db.own[owner], nil
	}
	if k, err = db.book.Key(owner); errors.Is(err, keys.ErrNone) {
		return nil, errErased
	}
	return k, err
}

// encode makes a blob for its place. It is called before the queue, so that the
// committer only copies bytes. Errors say nothing of the value.
func (db *DB) encode(p place, v any) ([]byte, error) {
	k, err := db.keyOf(p.owner)
	if err != nil {
		return nil, err
	}
	return sealWith(k, p, v)
}

func sealWith(k *keys.Key, p place, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, errUnencodable
	}
	return k.Seal(p.bound(), plain), nil
}

// decode reads the blob of a place into v, which keeps nothing of blob.
func (db *DB) decode(p place, blob []byte, v any) error {
	k, err := db.keyOf(p.owner)
	if err != nil {
		return err
	}
	plain, err := k.Open(p.bound(), blob)
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

// An entry is a store.Entry on its way into the file. Its place in the
// transcript is given by the committer. It is sealed before the queue for the
// place that it will most likely have, and once more by the committer where a
// settled job has added its own entry in between: so it is bound to its Seq, and
// the committer has next to nothing to do.
type entry struct {
	key   *keys.Key
	plain []byte
	seq   uint64
	blob  []byte
}

// newEntry leaves Seq out: it stands in the key of the record.
func newEntry(k *keys.Key, id store.ThreadID, e store.Entry, seq uint64) (*entry, error) {
	e.Seq = 0
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, errUnencodable
	}
	x := &entry{key: k, plain: plain}
	if seq > 0 {
		x.at(id, seq)
	}
	return x, nil
}

// at gives the blob for a place.
func (x *entry) at(id store.ThreadID, seq uint64) []byte {
	if x.seq != seq {
		x.seq, x.blob = seq, x.key.Seal(talkPlace(id, talkEntry, number(seq)).bound(), x.plain)
	}
	return x.blob
}
