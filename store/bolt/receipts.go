// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"sarai/channels"
	"sarai/store"
	"sarai/store/keys"
)

// Receipts implements store.Threads.
func (db *DB) Receipts(ctx context.Context, id store.ThreadID) (map[string]channels.Receipt, error) {
	rs := map[string]channels.Receipt{}
	if !goodName(string(id)) {
		return rs, nil
	}
	prefix := talkKey(id, talkReceipt, "")
	err := db.view(ctx, func(t *txn) (err error) {
		t.each(bucketTalks, prefix, prefix, func(k, v []byte) bool {
			var r channels.Receipt
			if err = db.decode(place{string(id), bucketTalks, k}, v, &r); err != nil {
				return false
			}
			rs[string(k[len(prefix):])] = r
			return true
		})
		return err
	})
	if errors.Is(err, errErased) {
		return map[string]channels.Receipt{}, nil
	}
	return rs, err
}

// Receipt implements store.Threads.
func (db *DB) Receipt(ctx context.Context, id store.ThreadID, key string) (r channels.Receipt, ok bool, err error) {
	if !goodName(string(id)) {
		return r, false, nil
	}
	p := talkPlace(id, talkReceipt, key)
	err = db.view(ctx, func(t *txn) error {
		blob := t.get(bucketTalks, p.key)
		if ok = blob != nil; !ok {
			return nil
		}
		return db.decode(p, blob, &r)
	})
	if errors.Is(err, errErased) {
		return channels.Receipt{}, false, nil
	}
	return r, ok && err == nil, err
}

var errReceipt = errors.New("store: the receipt is wrong: the key of its job is missing or too long")

// PutReceipt implements store.Threads.
func (db *DB) PutReceipt(ctx context.Context, id store.ThreadID, key string, r channels.Receipt, e *store.Entry) error {
	if !goodName(string(id)) {
		return store.ErrNotFound
	}
	if key == "" || len(key) > maxKey {
		return errReceipt
	}
	k, err := db.keyOf(string(id))
	if errors.Is(err, errErased) {
		return store.ErrNotFound
	}
	if err != nil {
		return err
	}
	told, err := newReceipt(k, id, key, r)
	if err != nil {
		return err
	}
	var said *entry
	if e != nil {
		if said, err = newEntry(k, id, *e, 0); err != nil {
			return err
		}
	}
	return db.update(ctx, func(t *txn) error {
		th, blob, err := t.threadFields(id)
		if err != nil {
			return err
		}
		if blob == nil {
			return store.ErrNotFound
		}
		merged, moved, err := t.merge(told)
		if err != nil || merged == nil {
			return err
		}
		t.put(bucketTalks, told.place.key, merged)
		if moved && said != nil {
			t.addEntry(id, th, blob, said)
		}
		return nil
	})
}

// A receipt is a channels.Receipt on its way into the file. It is sealed before
// the queue as the first of its message, which it mostly is, and merged and sealed
// once more by the committer where something is known of the message already.
type receipt struct {
	key   *keys.Key
	place place
	told  channels.Receipt
	blob  []byte
}

func newReceipt(k *keys.Key, id store.ThreadID, key string, r channels.Receipt) (*receipt, error) {
	x := &receipt{key: k, place: talkPlace(id, talkReceipt, key), told: r}
	var err error
	x.blob, err = sealWith(k, x.place, r)
	return x, err
}

// merge gives the blob of what is known once x is told, nil if that is nothing
// new, and whether the message moved. It writes nothing.
func (t *txn) merge(x *receipt) (blob []byte, moved bool, err error) {
	old := t.get(bucketTalks, x.place.key)
	if old == nil {
		return x.blob, true, nil
	}
	plain, err := x.key.Open(x.place.bound(), old)
	if err != nil {
		return nil, false, errDamaged
	}
	var known channels.Receipt
	if err := readJSON(plain, &known); err != nil {
		return nil, false, err
	}
	merged, moved := store.MergeReceipt(known, x.told)
	now, err := json.Marshal(merged)
	if err != nil {
		return nil, false, errUnencodable
	}
	if bytes.Equal(now, plain) {
		return nil, false, nil
	}
	return x.key.Seal(x.place.bound(), now), moved, nil
}
