// SPDX-License-Identifier: GPL-3.0-or-later

package bolt_test

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"sarai/desk"
	"sarai/store"
	"sarai/store/bolt"
)

// TestATamperedAuditIsFoundOut has somebody who can write the file change,
// move, cut and add records. Each is found, with the first record that is wrong.
func TestATamperedAuditIsFoundOut(t *testing.T) {
	key8 := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	for _, x := range []struct {
		name   string
		tamper func(t *testing.T, audit, meta *bbolt.Bucket)
		broken uint64 // 0: nothing is wrong
	}{
		{"nothing", func(*testing.T, *bbolt.Bucket, *bbolt.Bucket) {}, 0},
		{"somebody else did it", func(t *testing.T, audit, _ *bbolt.Bucket) {
			v := bytes.Replace(audit.Get(key8(4)), []byte("staff-4"), []byte("staff-9"), 1)
			must(t, audit.Put(key8(4), v))
		}, 4},
		{"another time", func(t *testing.T, audit, _ *bbolt.Bucket) {
			v := bytes.Replace(audit.Get(key8(1)), []byte(`"at":"2`), []byte(`"at":"1`), 1)
			must(t, audit.Put(key8(1), v))
		}, 1},
		{"a record taken out", func(t *testing.T, audit, _ *bbolt.Bucket) { must(t, audit.Delete(key8(6))) }, 6},
		{"the first taken out", func(t *testing.T, audit, _ *bbolt.Bucket) { must(t, audit.Delete(key8(1))) }, 1},
		{"the newest taken out", func(t *testing.T, audit, _ *bbolt.Bucket) { must(t, audit.Delete(key8(10))) }, 10},
		{"all taken out", func(t *testing.T, audit, _ *bbolt.Bucket) {
			for n := range uint64(10) {
				must(t, audit.Delete(key8(n+1)))
			}
		}, 1},
		{"two exchanged", func(t *testing.T, audit, _ *bbolt.Bucket) {
			a, b := bytes.Clone(audit.Get(key8(3))), bytes.Clone(audit.Get(key8(7)))
			must(t, audit.Put(key8(3), b))
			must(t, audit.Put(key8(7), a))
		}, 3},
		{"no record at all", func(t *testing.T, audit, _ *bbolt.Bucket) { must(t, audit.Put(key8(5), []byte("{}"))) }, 5},
		{"the newest, and the note of it", func(t *testing.T, audit, meta *bbolt.Bucket) {
			must(t, audit.Delete(key8(10)))
			must(t, meta.Delete([]byte("audit")))
		}, 9},
	} {
		t.Run(x.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sarai.db")
			db := open(t, path, bolt.Options{NoSync: true})
			for i := range 10 {
				id := desk.StaffID("staff-" + string(rune('0'+i+1)))
				must(t, db.AppendActs(t.Context(), store.Act{By: id, What: store.DidView, Thread: "thread"}))
			}
			must(t, db.Close())
			raw, err := bbolt.Open(path, 0o600, nil)
			must(t, err)
			must(t, raw.Update(func(tx *bbolt.Tx) error {
				x.tamper(t, tx.Bucket([]byte("audit")), tx.Bucket([]byte("meta")))
				return nil
			}))
			must(t, raw.Close())

			db = open(t, path, bolt.Options{NoSync: true})
			defer db.Close()
			for range 2 {
				got, err := db.VerifyRecords(t.Context())
				must(t, err)
				if got.Broken != x.broken || (got.Why == "") != (x.broken == 0) {
					t.Fatalf("broken at %d (%s), want %d", got.Broken, got.Why, x.broken)
				}
				if x.broken == 9 { // once something is written, the note is of the newest again
					return
				}
				// Work goes on, and what is written then heals nothing.
				must(t, db.AppendActs(t.Context(), store.Act{By: "staff-1", What: store.DidView}))
			}
		})
	}
}

// TestTheAuditHoldsIDsOnly looks into the file for what must not be there.
func TestTheAuditHoldsIDsOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sarai.db")
	db := open(t, path, bolt.Options{NoSync: true})
	must(t, db.AppendActs(t.Context(), store.Act{What: store.DidFail, Login: "khalida.canary"}))
	must(t, db.Close())
	raw, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	defer raw.Close()
	must(t, raw.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("audit")).ForEach(func(k, v []byte) error {
			if strings.Contains(string(v), "canary") || !strings.Contains(string(v), "sign-in-failed") {
				t.Errorf("the record is %s", v)
			}
			return nil
		})
	}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
