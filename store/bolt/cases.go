// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"context"
	"errors"

	"sarai/desk"
	"sarai/store"
)

// OpenCases implements store.Cases.
func (db *DB) OpenCases(ctx context.Context) (rows []store.Row, err error) {
	err = db.view(ctx, func(t *txn) (err error) {
		t.each(bucketOpen, nil, nil, func(_, id []byte) bool {
			rows, err = db.appendRow(t, rows, store.ThreadID(id))
			return err == nil
		})
		return err
	})
	return rows, err
}

// ClosedCases implements store.Cases.
func (db *DB) ClosedCases(ctx context.Context, n int) (rows []store.Row, err error) {
	err = db.view(ctx, func(t *txn) (err error) {
		c := t.bucket(bucketClosed).Cursor()
		for k, id := c.Last(); k != nil && len(rows) < n; k, id = c.Prev() {
			if rows, err = db.appendRow(t, rows, store.ThreadID(id)); err != nil {
				return err
			}
		}
		return nil
	})
	return rows, err
}

func (db *DB) appendRow(t *txn, rows []store.Row, id store.ThreadID) ([]store.Row, error) {
	th, err := db.readThread(t, id)
	if errors.Is(err, store.ErrNotFound) {
		// It is being erased: its key went first.
		if _, blob, err := t.threadFields(id); err == nil && blob != nil {
			return rows, nil
		}
	}
	if err != nil || th.Case == nil {
		return rows, errDamaged
	}
	return append(rows, store.Row{
		Thread: th.ID, Version: th.Version, Channel: th.Reply.Channel, Centre: th.Centre,
		Case: *th.Case, State: th.State, LastHeard: th.LastHeard, LastSeq: th.LastSeq, Blocked: th.Blocked,
	}), nil
}

// ThreadOfCase implements store.Cases.
func (db *DB) ThreadOfCase(ctx context.Context, id desk.CaseID) (thread store.ThreadID, err error) {
	err = db.view(ctx, func(t *txn) error {
		v := t.get(bucketCase, []byte(id))
		if v == nil {
			return store.ErrNotFound
		}
		thread = store.ThreadID(v)
		return nil
	})
	return thread, err
}
