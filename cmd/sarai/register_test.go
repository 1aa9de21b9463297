// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sarai/register"
)

// A server that runs takes a new list, keeps what it has where the new one cannot
// be read, and forgets one that was taken away.
func TestAServerLooksForRegisters(t *testing.T) {
	data := t.TempDir()
	var log bytes.Buffer
	f := newRegisterFolder(data, slog.New(slog.NewTextHandler(&log, nil)))
	finds := func(want string) {
		t.Helper()
		got := "nothing"
		for _, r := range f.shelf.Registers() {
			got = "no firm"
			if hits, _ := r.Find("OEP/1234/LHR", false); len(hits) > 0 {
				got = hits[0].Entry.Name
			}
		}
		if got != want {
			t.Errorf("found %s, want %s", got, want)
		}
	}
	put := func(name string) {
		t.Helper()
		file := register.File{Country: "PK", Sources: []register.Source{{Name: "x", AsOf: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
			Entries: []register.Entry{{Name: name, Licence: "OEP/1234/LHR", Status: register.Active}}}}}
		if err := writeRegister(registerPath(data, "PK"), file); err != nil {
			t.Fatal(err)
		}
	}
	looks := func(want bool) {
		t.Helper()
		if got := f.look(); got != want {
			t.Errorf("something has changed: %v, want %v", got, want)
		}
	}
	looks(false)
	finds("nothing")
	put("Zarbalik")
	looks(true)
	finds("Zarbalik")
	looks(false)
	put("Zarbalik Renamed")
	looks(true)
	finds("Zarbalik Renamed")

	path := registerPath(data, "PK")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode: %v %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(data, "registers", ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	for _, bad := range []string{`{"format":1,"sources":[{"source":"hush"`, `{"format":99}`} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		before := log.Len()
		looks(false)
		finds("Zarbalik Renamed")
		said := log.String()[before:]
		if !strings.Contains(said, "what was read before stays") || strings.Contains(said, "hush") {
			t.Errorf("logged: %s", said)
		}
		before = log.Len()
		looks(false)
		if log.Len() != before {
			t.Error("the same damaged file was logged twice")
		}
	}
	put("Zarbalik Again")
	looks(true)
	finds("Zarbalik Again")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	looks(true)
	finds("nothing")
}

// A list whose writing is cut short leaves the old one as it was.
func TestARegisterIsWrittenWholeOrNotAtAll(t *testing.T) {
	data := t.TempDir()
	path := registerPath(data, "PK")
	if err := os.MkdirAll(path, 0o700); err != nil { // a folder stands in the way: renaming fails
		t.Fatal(err)
	}
	err := writeRegister(path, register.File{Country: "PK"})
	if err == nil || strings.Contains(fmt.Sprint(err), "\n") {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "registers", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
