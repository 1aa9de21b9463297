// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"sarai/channels"
	"sarai/store"
	"sarai/store/keys"
)

// visiting has somebody write on a day, counted once.
func visiting(t *testing.T, db *DB, who string, day store.Day) {
	t.Helper()
	th, err := db.Thread(context.Background(), channels.Address{Channel: "web", ID: who})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Commit(context.Background(), store.Turn{Thread: th, Counts: []store.Count{{Day: day, Name: store.CountPeople, N: 1, Once: true}}})
	if err != nil {
		t.Fatal(err)
	}
}

// visits gives the hashes of a month.
func visits(t *testing.T, db *DB, month string) (hashes [][]byte) {
	t.Helper()
	each(t, db, func(bucket string, k, _ []byte) {
		if bucket == bucketVisit && bytes.HasPrefix(k, []byte(month)) {
			hashes = append(hashes, bytes.Clone(k[len(month):]))
		}
	})
	return hashes
}

// keyOf gives a hash with a month's key, nil where there is none.
func keyOf(t *testing.T, db *DB, month string) []byte {
	t.Helper()
	k, err := db.book.Key(ownerMonth + month)
	if errors.Is(err, keys.ErrNone) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return k.Hash([]byte("x"))
}

// TestAMonthLeavesNothingBehind has the same two people write in November and in
// December: nothing of the one month is found in the other, and when November is
// over everywhere its key and its hashes are gone, those of who was erased too.
func TestAMonthLeavesNothingBehind(t *testing.T) {
	now := time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC)
	db := openHere(t, Options{NoSync: true, Now: func() time.Time { return now }})
	ctx := context.Background()
	for _, who := range []string{"ayesha", "bilal"} {
		visiting(t, db, who, "2026-11-30")
		visiting(t, db, who, "2026-12-01") // it is December in the east
	}
	th, err := db.Thread(ctx, channels.Address{Channel: "web", ID: "ayesha"})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Erase(ctx, th.ID); err != nil {
		t.Fatal(err)
	}
	november, december := visits(t, db, "2026-11"), visits(t, db, "2026-12")
	if len(november) != 2 || len(december) != 2 {
		t.Fatalf("%d and %d hashes, want 2 and 2", len(november), len(december))
	}
	for _, a := range november {
		for _, b := range december {
			if bytes.Equal(a, b) {
				t.Error("a person has the same hash in two months")
			}
		}
	}
	key := keyOf(t, db, "2026-11")
	if len(key) != 32 || bytes.Equal(key, keyOf(t, db, "2026-12")) {
		t.Fatal("the months have no keys of their own")
	}

	for _, x := range []struct {
		at   time.Time
		left int
	}{
		{time.Date(2026, 12, 1, 11, 59, 0, 0, time.UTC), 2}, // still November on Baker Island
		{time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC), 0},
	} {
		now = x.at
		if err := db.Sweep(ctx, now); err != nil {
			t.Fatal(err)
		}
		if got := len(visits(t, db, "2026-11")); got != x.left || (keyOf(t, db, "2026-11") != nil) != (x.left > 0) {
			t.Errorf("at %v November has %d hashes, want %d", x.at, got, x.left)
		}
	}
	if len(visits(t, db, "2026-12")) != 2 || keyOf(t, db, "2026-12") == nil {
		t.Error("December was forgotten with November")
	}
	visiting(t, db, "bilal", "2026-11-30") // late: no new key is made for a month that is over
	if keyOf(t, db, "2026-11") != nil {
		t.Error("November has a key again")
	}
}

// TestManyHashesAreForgotten goes over more than one step of a sweep.
func TestManyHashesAreForgotten(t *testing.T) {
	now := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	db := openHere(t, Options{NoSync: true, Now: func() time.Time { return now }})
	ctx := context.Background()
	th, err := db.Thread(ctx, channels.Address{Channel: "web", ID: "0"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2*sweepStep + 7 {
		th.Addresses = append(th.Addresses, channels.Address{Channel: "web", ID: time.Duration(i).String()})
	}
	turn := store.Turn{Thread: th, Counts: []store.Count{
		{Day: "2026-11-30", Name: store.CountPeople, Cell: store.Cell{store.ByCampaign: "poster"}, N: 1, Once: true},
	}}
	if err := db.Commit(ctx, turn); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 0, 4)
	if err := db.Sweep(ctx, now); err != nil {
		t.Fatal(err)
	}
	each(t, db, func(bucket string, k, _ []byte) {
		if bucket == bucketVisit || bucket == bucketMonth || bucket == bucketCode {
			t.Fatalf("%q is left in bucket %q", k, bucket)
		}
	})
	if ts, err := db.Tallies(ctx, "2026-11-01", "2026-11-30"); err != nil || len(ts) != 1 || ts[0].N != 1 {
		t.Fatalf("the counter itself is %v, %v", ts, err)
	}
}
