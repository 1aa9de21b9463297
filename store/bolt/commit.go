// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"sarai/store"
)

// maxGroup is how many changes one transaction takes at most, so that the first
// of them does not wait for all that come after it.
const maxGroup = 1024

// The states of a change.
const (
	waiting = iota
	taken
	withdrawn
)

// A change is what somebody waits to have committed.
type change struct {
	// apply judges and then writes; if it returns an error it has written nothing.
	// It may run more than once.
	apply func(*txn) error
	state atomic.Int32
	done  chan error // takes one answer
}

var (
	errNothing = errors.New("nothing to write")
	errUnknown = errors.New("store: nobody can know whether it was committed")
)

// update has a change committed and returns once it is on disk. It fails with
// ErrBusy, and certainly without effect, if the queue is full or ctx ends before
// the committer has come to it. If ctx ends later, the change may or may not be
// committed: the error is ctx's and not ErrBusy.
func (db *DB) update(ctx context.Context, apply func(*txn) error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", store.ErrBusy, ctx.Err())
	}
	c := &change{apply: apply, done: make(chan error, 1)}
	if err := db.enqueue(c); err != nil {
		return err
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
	}
	if c.state.CompareAndSwap(waiting, withdrawn) {
		return fmt.Errorf("%w: %w", store.ErrBusy, ctx.Err())
	}
	select {
	case err := <-c.done:
		return err
	default:
		return fmt.Errorf("%w: %w", errUnknown, ctx.Err())
	}
}

func (db *DB) enqueue(c *change) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.closed {
		return errClosed
	}
	select {
	case db.queue <- c:
		return nil
	default:
		return store.ErrBusy
	}
}

// run is the committer.
func (db *DB) run() {
	defer close(db.ended)
	for c := range db.queue {
		db.commit(db.gather(c))
	}
}

// gather takes whatever waits.
func (db *DB) gather(c *change) []*change {
	var group []*change
	for {
		if c.state.CompareAndSwap(waiting, taken) {
			group = append(group, c)
		}
		if len(group) == maxGroup {
			return group
		}
		select {
		case next, open := <-db.queue:
			if !open {
				return group
			}
			c = next
		default:
			return group
		}
	}
}

// commit commits a group and answers each. One that makes the transaction itself
// fail is taken out and the others are tried again without it.
func (db *DB) commit(group []*change) {
	for len(group) > 0 {
		answers, bad, err := db.try(group)
		if bad >= 0 {
			group[bad].done <- err
			group = append(group[:bad:bad], group[bad+1:]...)
			continue
		}
		for i, c := range group {
			// Where the commit failed nobody gets the own answer: that an event is a
			// duplicate may have been true only of a neighbour that is not stored.
			if err != nil {
				c.done <- err
			} else {
				c.done <- answers[i]
			}
		}
		return
	}
}

// try runs a group in one transaction. bad is the place of a change that spoils
// the transaction, or -1.
func (db *DB) try(group []*change) (answers []error, bad int, err error) {
	bad = -1
	if b := db.broken.Load(); b != nil {
		return nil, bad, *b
	}
	defer func() {
		// A panic out of bolt itself, in committing or in rolling back.
		if p := recover(); p != nil {
			db.stuck.Store(true)
			bad, err = -1, db.fail(errors.New("the file is damaged"))
		}
	}()
	answers = make([]error, len(group))
	db.leases.begin()
	err = db.bolt.Update(func(tx *bbolt.Tx) error {
		t := &txn{tx: tx, leases: &db.leases}
		for i, c := range group {
			if answers[i] = t.run(c); t.err != nil {
				bad = i
				return t.err
			}
		}
		if t.writes == 0 {
			return errNothing
		}
		return nil
	})
	switch {
	case err == nil:
		db.leases.end(true)
		db.failing.Store(false)
		return answers, -1, nil
	case errors.Is(err, errNothing):
		return answers, -1, nil
	case bad >= 0:
		db.leases.end(false)
		return nil, bad, fmt.Errorf("store: not committed: %w", err)
	case undone(err):
		db.leases.end(false)
		db.failing.Store(true)
		return nil, -1, fmt.Errorf("store: not committed: %w", pathless(err))
	}
	return nil, -1, db.fail(pathless(err))
}

// undone says whether after this error of a commit the file is surely as it was
// before: writing or growing failed, so that the transaction was not begun on
// disk or lies in pages that nothing points to. After a failed sync it is not:
// the kernel may have dropped what it could not write and will not try again.
func undone(err error) bool {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Op == "write"
	}
	return strings.HasPrefix(err.Error(), growing)
}

// fail makes every further call fail until the file is opened anew.
func (db *DB) fail(err error) error {
	err = fmt.Errorf("store: the disk did not keep what was written, restart Sarai and look after the disk: %w", err)
	db.broken.CompareAndSwap(nil, &err)
	return *db.broken.Load()
}

// view reads within one transaction. What f keeps must be copied.
func (db *DB) view(ctx context.Context, f func(*txn) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	// After a failed sync the file can show what is not on disk.
	if b := db.broken.Load(); b != nil {
		return *b
	}
	defer func() {
		if recover() != nil {
			err = errDamaged
		}
	}()
	err = db.bolt.View(func(tx *bbolt.Tx) error { return f(&txn{tx: tx}) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return errClosed
	}
	return err
}

// A txn is a transaction of bolt that remembers whether something was written
// and whether writing failed.
type txn struct {
	tx     *bbolt.Tx
	leases *leases // nil where nothing is committed
	writes int
	err    error
}

// run applies one change. It sets t.err if the transaction cannot be used any
// more: writing failed, the change panicked, or it wrote and then failed.
func (t *txn) run(c *change) (err error) {
	before := t.writes
	defer func() {
		if recover() != nil {
			t.err = errors.New("a change made the store panic")
		} else if err != nil && t.writes != before {
			t.spoil(fmt.Errorf("a change failed after it had written: %w", err))
		}
	}()
	return c.apply(t)
}

// spoil makes the change that runs fail, with whatever it has written so far.
func (t *txn) spoil(err error) {
	if err != nil && t.err == nil {
		t.err = err
	}
}

func (t *txn) bucket(name string) *bbolt.Bucket { return t.tx.Bucket([]byte(name)) }

// get gives a value that is valid until the end of the transaction, or nil.
func (t *txn) get(bucket string, k []byte) []byte { return t.bucket(bucket).Get(k) }

// put keeps v itself until the end of the transaction.
func (t *txn) put(bucket string, k, v []byte) {
	t.writes++
	t.spoil(t.bucket(bucket).Put(k, v))
}

func (t *txn) del(bucket string, k []byte) {
	t.writes++
	t.spoil(t.bucket(bucket).Delete(k))
}

// next gives the next number of a bucket, from 1. It counts as writing.
func (t *txn) next(bucket string) uint64 {
	t.writes++
	n, err := t.bucket(bucket).NextSequence()
	t.spoil(err)
	return n
}

// each calls f with the keys that begin with prefix, from the key from on, until
// f returns false. f must not write: deleting under a cursor can skip keys.
func (t *txn) each(bucket string, prefix, from []byte, f func(k, v []byte) bool) {
	c := t.bucket(bucket).Cursor()
	for k, v := c.Seek(from); k != nil && hasPrefix(k, prefix); k, v = c.Next() {
		if !f(k, v) {
			return
		}
	}
}
