// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sarai/store"
	"sarai/store/bolt"
	"sarai/store/keys"
)

// TestTheKeyIsReplacedWhileTheServerRuns: no stop, no second in which it does not
// answer, and at the next start only the new key opens the store.
func TestTheKeyIsReplacedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sarai.toml"), fmt.Sprintf("listen = %q\n", free.Addr()))
	free.Close()
	s := serve(t, dir)
	path := filepath.Join(dir, "data", keyFile)
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := command(t, dir, "keys", "rotate", "--config", "sarai.toml").Output()
	if err != nil {
		t.Fatal(err)
	}
	if code, body := s.get("/readyz"); code != 200 {
		t.Errorf("/readyz says %d %q", code, body)
	}
	now, err := os.ReadFile(path)
	if err != nil || string(now) == string(old) {
		t.Fatalf("the key is the old one: %v", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(now)))
	if err != nil || !strings.Contains(string(out), keys.ID(raw)) {
		t.Errorf("it says %q: %v", out, err)
	}
	said, _ := command(t, dir, "doctor", "--config", "sarai.toml", "--content", shelf(t)).Output()
	if !strings.Contains(string(said), "ok   installation key: key "+keys.ID(raw)) {
		t.Errorf("doctor says\n%s", said)
	}
	s.stop()
	if log := s.err.String(); !strings.Contains(log, "the installation key was replaced") || strings.Contains(log, hex.EncodeToString(raw)) || strings.Contains(log, strings.TrimSpace(string(old))) {
		t.Errorf("the log says\n%s", log)
	}
	serve(t, dir).stop()
	conf, err := readConfig(filepath.Join(dir, "sarai.toml"), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	db, err := openStore(conf)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := db.Records(t.Context(), store.RecordFilter{What: store.DidKeys}, 0, 10)
	if err = errors.Join(err, db.Close()); err != nil || len(rs) != 1 || rs[0].Why != "rotated" {
		t.Errorf("the audit says %v of it, %v", rs, err)
	}
	write(t, path, string(old))
	fails(t, dir, `the installation key is not the one that keys\.db is wrapped with`, "serve", "--config", "sarai.toml", "--content", shelf(t))
}

// TestAnEndWhileAKeyIsReplaced: a process that ends before it takes the new key
// takes it at the next start, and one that ends before it has put it into its
// place finds it there.
func TestAnEndWhileAKeyIsReplaced(t *testing.T) {
	second := make([]byte, bolt.KeySize)
	second[0] = 2
	for _, wrapped := range []bool{false, true} {
		conf := config{Data: filepath.Join(t.TempDir(), "data")}
		db, err := openStore(conf)
		if err != nil {
			t.Fatal(err)
		}
		if wrapped {
			err = db.Keys().Rewrap(second)
		}
		if err != nil || db.Close() != nil {
			t.Fatal(err)
		}
		if err := writeKey(conf.nextKey(), second); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			db, err := openStore(conf)
			if err != nil {
				t.Fatalf("wrapped %v: %v", wrapped, err)
			}
			if db.Keys().Installation() != keys.ID(second) {
				t.Fatalf("wrapped %v: the new key is not in use", wrapped)
			}
			db.Close()
		}
		if now, err := readKey(conf.keyPath()); err != nil || now[0] != 2 {
			t.Fatalf("the new key is not in its place: %v", err)
		}
		if names, err := os.ReadDir(conf.Data); err != nil || len(names) != 3 {
			t.Fatalf("the data folder holds %v, %v", names, err)
		}
	}
}

// TestAKeyInTheEnvironment: the program cannot change it there, and says what to
// do; until then both it and the file with the new key are needed.
func TestAKeyInTheEnvironment(t *testing.T) {
	first, second := strings.Repeat("01", bolt.KeySize), strings.Repeat("02", bolt.KeySize)
	conf := config{Data: filepath.Join(t.TempDir(), "data"), key: first}
	db, err := openStore(conf)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := os.Stat(filepath.Join(conf.Data, keyFile)); err == nil {
		t.Error("a key was made beside the one in the environment")
	}
	raw, _ := hex.DecodeString(second)
	if err := writeKey(conf.nextKey(), raw); err != nil {
		t.Fatal(err)
	}
	taken, err := takeNextKey(conf, db)
	if !taken || err == nil || !regexp.MustCompile(`set SARAI_KEY to what stands in .*installation\.key\.next and then remove that file`).MatchString(err.Error()) {
		t.Fatal(taken, err)
	}
	db.Close()
	for _, key := range []string{first, second} {
		conf.key = key
		db, err := openStore(conf)
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
	}
	if _, err := os.Stat(conf.nextKey()); err == nil {
		t.Error("the file with the new key stays after the environment has it")
	}
	conf.key = "short"
	if _, err := openStore(conf); err == nil || strings.Contains(err.Error(), "short") || !strings.Contains(err.Error(), "64 hex digits") {
		t.Errorf("got %v", err)
	}
}
