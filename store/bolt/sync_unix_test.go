// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package bolt

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sarai/store"
)

// TestFailedSync takes the disk away under the file: writing to what is put in
// its place works and syncing does not. After a failed sync the kernel may have
// dropped what it could not write, so nothing is believed any more.
func TestFailedSync(t *testing.T) {
	var file *os.File
	db := openHere(t, Options{openFile: func(path string, flag int, mode os.FileMode) (f *os.File, err error) {
		file, err = os.OpenFile(path, flag, mode)
		return file, err
	}})
	if err := putSmall(db, "before"); err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	kept, err := unix.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(kept)
	if err := unix.Dup2(int(null.Fd()), int(file.Fd())); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := putSmall(db, "never"); err == nil || !strings.Contains(err.Error(), "restart Sarai") {
			t.Fatalf("got %v, want that the disk did not keep it", err)
		}
	}
	if err := unix.Dup2(kept, int(file.Fd())); err != nil {
		t.Fatal(err)
	}
	if db.Ready(context.Background()) == nil {
		t.Fatal("ready after a failed sync")
	}
	if _, err := db.Get(context.Background(), "b", "before"); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Fatalf("read after a failed sync: %v", err)
	}
}
