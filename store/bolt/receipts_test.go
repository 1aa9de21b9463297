// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"testing"
	"time"

	"sarai/channels"
	"sarai/store"
)

// TestNewsShareOneTransaction: a platform tells of many messages at once, which
// costs no more than one, and nothing where it is known already.
func TestNewsShareOneTransaction(t *testing.T) {
	ctx := context.Background()
	db := openHere(t, Options{})
	id := canaryTalk(t, db, canary)
	told := func(want int) {
		t.Helper()
		release := hold(t, db)
		answers := make(chan error, 64)
		for i := range 64 {
			go func() {
				key := string(id) + "/9/" + string(rune('a'+i%16))
				answers <- db.PutReceipt(ctx, id, key, channels.Receipt{State: channels.Read, At: time.Unix(1, 0)}, &store.Entry{Text: "read"})
			}()
		}
		waits(t, db, 64)
		before := transactions(db)
		release()
		for range 64 {
			if err := <-answers; err != nil {
				t.Fatal(err)
			}
		}
		if n := transactions(db) - before; n != want {
			t.Fatalf("64 news that waited took %d transactions, want %d", n, want)
		}
	}
	before, err := db.ThreadByID(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	told(1)
	told(0)
	after, err := db.ThreadByID(ctx, id)
	if err != nil || after.LastSeq != before.LastSeq+16 || after.Version != before.Version {
		t.Fatalf("16 messages were read, and %d entries and %d versions came: %v", after.LastSeq-before.LastSeq, after.Version-before.Version, err)
	}
}

// TestATurnWithoutACommentWritesNoneOfIt: neither an index nor a field.
func TestATurnWithoutACommentWritesNoneOfIt(t *testing.T) {
	db := openHere(t, Options{NoSync: true})
	id := commitOne(t, db)
	each(t, db, func(bucket string, k, v []byte) {
		if bucket == bucketComment {
			t.Errorf("%q is in the index of comments", k)
		}
		if bucket == bucketTalks && bytes.Equal(k, talkKey(id, talkThread, "")) {
			if clear := clearPart(t, v); bytes.Contains(clear, []byte("comment")) || bytes.Contains(clear, []byte("words")) {
				t.Errorf("the clear fields are %q", clear)
			}
		}
	})
}

// TestAStrayCommentIsPassedOver: a file that an older version wrote to meanwhile
// can have places in the index that lead nowhere.
func TestAStrayCommentIsPassedOver(t *testing.T) {
	ctx := context.Background()
	db := openHere(t, Options{NoSync: true})
	other := commitOne(t, db)
	canaryTalk(t, db, channels.Address{Channel: "web", ID: "two"})
	err := db.update(ctx, func(tx *txn) error {
		tx.put(bucketComment, commentKey("nobody", time.Now()), []byte("nobody"))
		tx.put(bucketComment, commentKey(other, time.Now()), []byte(other))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.OpenComments(ctx, time.Time{}, 10)
	if err != nil || len(rows) != 1 || rows[0].Text != "Canary-text" {
		t.Fatalf("%d comments, want one: %v", len(rows), err)
	}
}
