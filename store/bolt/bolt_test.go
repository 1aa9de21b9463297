// SPDX-License-Identifier: GPL-3.0-or-later

package bolt_test

import (
	"path/filepath"
	"testing"
	"time"

	"sarai/channels"
	"sarai/store"
	"sarai/store/bolt"
)

func TestSmoke(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sarai.db")
	o := bolt.Options{Key: make([]byte, 32)}
	db, err := bolt.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	th, err := db.Thread(ctx, channels.Address{Channel: "web", ID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	turn := store.Turn{Thread: th, Events: []store.EventKey{{Channel: "web", ID: "1"}}, Entries: []store.Entry{{Text: "hi"}}, Jobs: []store.Job{{Key: string(th.ID) + "/1/0", Lane: "a"}}}
	if err := db.Commit(ctx, turn); err != nil {
		t.Fatal(err)
	}
	if err := db.Commit(ctx, turn); err != store.ErrDuplicate {
		t.Fatal(err)
	}
	ls, err := db.Lease(ctx, time.Now(), time.Now().Add(time.Hour), 10)
	if err != nil || len(ls) != 1 {
		t.Fatal(ls, err)
	}
	if err := db.Settle(ctx, ls[0], store.Outcome{Done: true, Entry: &store.Entry{Text: "sent"}, Receipt: &channels.Receipt{ID: "r"}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, err = bolt.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	es, err := db.Entries(ctx, th.ID, 0, 10)
	if err != nil || len(es) != 2 {
		t.Fatal(es, err)
	}
	t.Log(es, th)
	if err := db.Erase(ctx, th.ID); err != nil {
		t.Fatal(err)
	}
}
