// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"context"
	"errors"
	"testing"
	"time"

	"sarai/channels"
	"sarai/store"
)

// underWay runs a change as the committer does and stops in it. end goes on; with
// an error the transaction cannot be committed.
func underWay(t *testing.T, db *DB, apply func(*txn) error) (end func(error)) {
	t.Helper()
	running, gate, done := make(chan struct{}), make(chan error, 1), make(chan error, 1)
	t.Cleanup(func() { close(gate) }) // a test that failed leaves it there
	go func() {
		done <- db.update(context.Background(), func(t *txn) error {
			err := apply(t)
			close(running)
			t.spoil(<-gate)
			return err
		})
	}()
	<-running
	return func(why error) {
		t.Helper()
		gate <- why
		if err := <-done; (err == nil) != (why == nil) {
			t.Fatalf("got %v, want %v", err, why)
		}
	}
}

// TestALeaseMeetsACommitUnderWay: what a transaction under way takes away or puts
// off is not given to anybody, and is again if the transaction fails.
func TestALeaseMeetsACommitUnderWay(t *testing.T) {
	noon := time.Now()
	for _, x := range []struct {
		name  string
		apply func(t *txn, l store.Leased) error
		after bool // it is there once more, by at
	}{
		{"cancelled", func(t *txn, l store.Leased) error {
			t.cancel(l.Key, noon.Add(2*time.Minute))
			return nil
		}, false},
		{"settled", func(t *txn, l store.Leased) error {
			_, err := t.settle(l, store.Outcome{Done: true}, nil, nil)
			return err
		}, false},
		{"put off", func(t *txn, l store.Leased) error {
			_, err := t.settle(l, store.Outcome{Again: noon.Add(2 * time.Minute)}, nil, nil)
			return err
		}, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			db := openHere(t, Options{NoSync: true, Now: func() time.Time { return noon }})
			ctx := t.Context()
			th, err := db.Thread(ctx, channels.Address{Channel: "web", ID: "zahra"})
			if err != nil {
				t.Fatal(err)
			}
			job := store.Job{Key: string(th.ID) + "/1/0", Lane: "lane", Due: noon}
			if err := db.Commit(ctx, store.Turn{Thread: th, Jobs: []store.Job{job}}); err != nil {
				t.Fatal(err)
			}
			lease := func(want int) (ls []store.Leased) {
				t.Helper()
				now := noon.Add(2 * time.Minute) // each lease is over by then
				ls, err := db.Lease(ctx, now, now, 10)
				if err != nil || len(ls) != want {
					t.Fatalf("%d jobs were leased, want %d: %v", len(ls), want, err)
				}
				return ls
			}
			l := lease(1)[0]
			end := underWay(t, db, func(t *txn) error { return x.apply(t, l) })
			lease(0)
			end(errors.New("the disk is full"))
			l = lease(1)[0] // nothing came of it
			if l.Tries != 2 {
				t.Errorf("%d tries, want 2", l.Tries)
			}
			end = underWay(t, db, func(t *txn) error { return x.apply(t, l) })
			lease(0)
			end(nil)
			if x.after {
				lease(1)
			} else {
				lease(0)
			}
			if err := db.Settle(ctx, l, store.Outcome{Done: true}); !errors.Is(err, store.ErrLost) {
				t.Errorf("settled a second time: %v", err)
			}
			if len(db.leases.held) != map[bool]int{true: 1}[x.after] {
				t.Errorf("%d leases are remembered", len(db.leases.held))
			}
		})
	}
}

// TestTwoSettleOneLease in one transaction: the first of them has.
func TestTwoSettleOneLease(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	ctx := t.Context()
	th, err := db.Thread(ctx, channels.Address{Channel: "web", ID: "zahra"})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Commit(ctx, store.Turn{Thread: th, Jobs: []store.Job{{Key: string(th.ID) + "/1/0", Lane: "lane", Due: time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	ls, err := db.Lease(ctx, time.Now(), time.Now().Add(time.Hour), 1)
	if err != nil || len(ls) != 1 {
		t.Fatal(len(ls), err)
	}
	release := hold(t, db)
	answers := make(chan error, 2)
	for i := range 2 {
		go func() { answers <- db.Settle(ctx, ls[0], store.Outcome{Again: time.Now()}) }()
		waits(t, db, i+1)
	}
	release()
	if a, b := <-answers, <-answers; errors.Is(a, store.ErrLost) == errors.Is(b, store.ErrLost) || a != nil && b != nil {
		t.Fatalf("answered %v and %v, want one that the lease is lost", a, b)
	}
}
