// SPDX-License-Identifier: GPL-3.0-or-later

package bolt_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"sarai/store"
	"sarai/store/bolt"
	"sarai/store/storetest"
)

// key is the installation key of all tests.
var key = bytes.Repeat([]byte{7}, bolt.KeySize)

// reopenable remembers where a store lies.
type reopenable struct {
	*bolt.DB
	path string
	o    bolt.Options
}

// open opens a store that is closed at the end of the test.
func open(t testing.TB, path string, o bolt.Options) *bolt.DB {
	t.Helper()
	o.Key = key
	db, err := bolt.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestContract(t *testing.T) {
	o := bolt.Options{NoSync: true}
	storetest.Run(t, func(t *testing.T) store.Store {
		path := filepath.Join(t.TempDir(), "sarai.db")
		return reopenable{open(t, path, o), path, o}
	}, func(t *testing.T, s store.Store) store.Store {
		r := s.(reopenable)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		return reopenable{open(t, r.path, r.o), r.path, r.o}
	})
}
