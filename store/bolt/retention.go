// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"context"
	"errors"
	"time"

	"sarai/store"
)

// What a key in bucketKeeping begins with: what will become of the talk.
const (
	keepLeaves = 'c' // it will be erased soon, and has or had a case
	keepUnseen = 'n' // it will be erased soon, and never had one
	keepHeld   = 'h' // somebody holds it
)

// keepingKey is where a talk stands in bucketKeeping, nil for nowhere.
func keepingKey(th store.Thread) []byte {
	place := func(kind byte, at time.Time) []byte {
		return concat([]byte{kind}, timeKey(at), []byte(th.ID))
	}
	switch k := th.Keeping; {
	case k.Hold != nil:
		return place(keepHeld, k.Hold.At)
	case k.Leaves.IsZero():
		return nil
	case th.Case != nil:
		return place(keepLeaves, k.Leaves)
	default:
		return place(keepUnseen, k.Leaves)
	}
}

// Leaving implements store.Retention.
func (db *DB) Leaving(ctx context.Context, n int) ([]store.Thread, error) {
	return db.kept(ctx, keepLeaves, n)
}

// Held implements store.Retention.
func (db *DB) Held(ctx context.Context, n int) ([]store.Thread, error) {
	return db.kept(ctx, keepHeld, n)
}

func (db *DB) kept(ctx context.Context, kind byte, n int) (ths []store.Thread, err error) {
	err = db.view(ctx, func(t *txn) (err error) {
		t.each(bucketKeeping, []byte{kind}, []byte{kind}, func(_, id []byte) bool {
			if len(ths) >= n {
				return false
			}
			var th store.Thread
			switch th, err = db.readThread(t, store.ThreadID(id)); {
			case err == nil:
				ths = append(ths, th)
			case errors.Is(err, store.ErrNotFound): // it is being erased: its key went first
				err = nil
			}
			return err == nil
		})
		return err
	})
	return ths, err
}

// LeavingUnseen implements store.Retention.
func (db *DB) LeavingUnseen(ctx context.Context) (n int, err error) {
	err = db.view(ctx, func(t *txn) error {
		t.each(bucketKeeping, []byte{keepUnseen}, []byte{keepUnseen}, func(_, _ []byte) bool {
			n++
			return true
		})
		return nil
	})
	return n, err
}
