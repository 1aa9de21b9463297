// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"time"

	"sarai/store"
)

// smallFields are a small record's clear fields.
type smallFields struct {
	Until time.Time `json:"until,omitzero"`
}

func (f smallFields) over(now time.Time) bool { return !f.Until.IsZero() && !f.Until.After(now) }

// A smallRecord is the blob of a small record. The key is in it because the
// file's own key is only its hash: a key can be a token that opens a session.
type smallRecord struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

func (db *DB) smallKey(bucket, key string) []byte {
	return concat(named(bucket), db.hash("small", bucket, key))
}

// readSmall gives ErrNotFound for a record that is not there or is over.
func (db *DB) readSmall(k, v []byte) (r smallRecord, err error) {
	if v == nil {
		return r, store.ErrNotFound
	}
	var f smallFields
	blob, err := split(v, &f)
	if err != nil {
		return r, err
	}
	if f.over(db.now()) {
		return r, store.ErrNotFound
	}
	return r, db.decode(place{ownerSmall, bucketSmall, k}, blob, &r)
}

// Get implements store.Small.
func (db *DB) Get(ctx context.Context, bucket, key string) ([]byte, error) {
	if !goodName(bucket) {
		return nil, store.ErrNotFound
	}
	k := db.smallKey(bucket, key)
	var r smallRecord
	err := db.view(ctx, func(t *txn) (err error) {
		r, err = db.readSmall(k, t.get(bucketSmall, k))
		return err
	})
	return r.Value, err
}

// Put implements store.Small.
func (db *DB) Put(ctx context.Context, bucket, key string, value []byte, until time.Time) error {
	if !goodName(bucket) {
		return errName
	}
	if _, err := until.MarshalJSON(); err != nil {
		return errUnencodable
	}
	k := db.smallKey(bucket, key)
	blob, err := db.encode(place{ownerSmall, bucketSmall, k}, smallRecord{key, value})
	if err != nil {
		return err
	}
	record := join(smallFields{until}, blob)
	return db.update(ctx, func(t *txn) error {
		if err := t.removeSmall(k); err != nil {
			return err
		}
		if !until.IsZero() {
			t.put(bucketSmallAge, concat(timeKey(until), k), nil)
		}
		t.put(bucketSmall, k, record)
		return nil
	})
}

// Remove implements store.Small.
func (db *DB) Remove(ctx context.Context, bucket, key string) error {
	if !goodName(bucket) {
		return nil
	}
	k := db.smallKey(bucket, key)
	return db.update(ctx, func(t *txn) error { return t.removeSmall(k) })
}

func (t *txn) removeSmall(k []byte) error {
	v := t.get(bucketSmall, k)
	if v == nil {
		return nil
	}
	var f smallFields
	if _, err := split(v, &f); err != nil {
		return err
	}
	if !f.Until.IsZero() {
		t.del(bucketSmallAge, concat(timeKey(f.Until), k))
	}
	t.del(bucketSmall, k)
	return nil
}

// All implements store.Small.
func (db *DB) All(ctx context.Context, bucket string) (map[string][]byte, error) {
	all := map[string][]byte{}
	if !goodName(bucket) {
		return all, nil
	}
	prefix := named(bucket)
	err := db.view(ctx, func(t *txn) error {
		var failed error
		t.each(bucketSmall, prefix, prefix, func(k, v []byte) bool {
			r, err := db.readSmall(k, v)
			switch err {
			case nil:
				all[r.Key] = r.Value
			case store.ErrNotFound:
			default:
				failed = err
			}
			return failed == nil
		})
		return failed
	})
	return all, err
}

// eventAge is how long event keys are remembered: a day more than the eight that
// a store promises.
const eventAge = 9 * 24 * time.Hour

// sweepStep is how much one commit of Sweep removes at most, so that nobody
// waits long behind it.
const sweepStep = 1000

// Sweep implements store.Store. It also finishes what erasing left, removes old
// copies from before an upgrade, and looks after the folder of files. It commits
// in small steps; if it fails, what was removed stays removed.
func (db *DB) Sweep(ctx context.Context, now time.Time) error {
	if err := db.forgetMonths(ctx, now); err != nil {
		return err
	}
	for more := true; more; {
		err := db.update(ctx, func(t *txn) error {
			events := t.older(bucketEventAge, now.Add(-eventAge))
			for _, k := range events {
				hash := k[8:]
				if v := t.get(bucketEvent, hash); len(v) > 8 {
					t.del(bucketTalks, talkKey(store.ThreadID(v[8:]), talkEvent, hash))
				}
				t.del(bucketEvent, hash)
				t.del(bucketEventAge, k)
			}
			records := t.older(bucketSmallAge, now)
			for _, k := range records {
				t.del(bucketSmall, k[8:])
				t.del(bucketSmallAge, k)
			}
			more = len(events) == sweepStep || len(records) == sweepStep
			more = t.sweepMonths(now) || more
			more = t.sweepCodes(now) || more
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := db.finishAll(ctx, now); err != nil {
		return err
	}
	if err := db.removeOldCopies(now); err != nil {
		return err
	}
	return db.tidy(ctx, now, false)
}

// older gives at most sweepStep keys that begin with a time not after end.
func (t *txn) older(bucket string, end time.Time) (keys [][]byte) {
	last := timeKey(end)
	t.each(bucket, nil, nil, func(k, _ []byte) bool {
		if bytes.Compare(k[:8], last) > 0 || len(keys) == sweepStep {
			return false
		}
		keys = append(keys, bytes.Clone(k))
		return true
	})
	return keys
}
