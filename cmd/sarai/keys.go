// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sarai/store"
	"sarai/store/bolt"
	"sarai/store/keys"
)

// keyVariable names the variable that can hold the installation key.
const keyVariable = "SARAI_KEY"

// A new installation key is handed over by a file in the data folder: whoever
// can write there may replace the key, and nobody else. The command writes it,
// the server looks for it every keyWatch, wraps all keys anew under it, and moves
// it to where the key stands. So no port takes orders, and a command that is
// killed leaves a file that is taken later.
const (
	nextKeyFile = "installation.key.next"
	keyWatch    = time.Second
	keyPatience = 30 * time.Second
)

func (c config) nextKey() string { return filepath.Join(c.Data, nextKeyFile) }

var (
	errNoKey = errors.New("not an installation key")
	// errKeyElsewhere means that the new key is in use, and that only the operator
	// can put it to where it is read at a start.
	errKeyElsewhere = errors.New("the new key could not be put into its place")
)

func decodeKey(s string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(s))
	if err != nil || len(key) != bolt.KeySize {
		return nil, errNoKey
	}
	return key, nil
}

// readKey fails with errNoKey for a file that holds something else.
func readKey(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decodeKey(string(b))
}

// writeKey puts a key into a file, mode 0600, whole or not at all.
func writeKey(path string, key []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // where it still has that name
	_, err = fmt.Fprintln(f, hex.EncodeToString(key))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// takeNextKey has the store use the key that waits, if one does, and puts it to
// where the key stands. It says whether there was one.
func takeNextKey(conf config, db *bolt.DB) (bool, error) {
	next := conf.nextKey()
	key, err := readKey(next)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.Is(err, errNoKey):
		return false, fmt.Errorf("%s holds no key: remove it, and run 'sarai keys rotate' again", next)
	case err != nil:
		return false, fmt.Errorf("the new installation key cannot be read: %w", short(err))
	}
	if db.Keys().Installation() != keys.ID(key) {
		act := store.Act{By: store.Operator, What: store.DidKeys, Why: "rotated"}
		if err := db.AppendActs(context.Background(), act); err != nil {
			return false, fmt.Errorf("the installation key was not replaced, because the audit cannot be written: %w", err)
		}
		if err := db.Keys().Rewrap(key); err != nil {
			return false, fmt.Errorf("the installation key was not replaced: %w", err)
		}
	}
	if conf.key != "" { // the environment has it, perhaps already the new one
		if now, err := decodeKey(conf.key); err != nil || keys.ID(now) != keys.ID(key) {
			return true, fmt.Errorf("%w: set %s to what stands in %s and then remove that file", errKeyElsewhere, keyVariable, next)
		}
	} else if err := writeKey(conf.keyPath(), key); err != nil {
		return true, fmt.Errorf("%w: copy %s over %s and then remove it: %w", errKeyElsewhere, next, conf.keyPath(), short(err))
	}
	if err := os.Remove(next); err != nil {
		return true, fmt.Errorf("%w: it is there, but %s could not be removed: %w", errKeyElsewhere, next, short(err))
	}
	return true, syncDir(conf.Data)
}

// watchKey takes new keys while the server runs.
func watchKey(ctx context.Context, conf config, db *bolt.DB, log *slog.Logger) {
	tick := time.NewTicker(keyWatch)
	defer tick.Stop()
	said := ""
	for {
		if _, err := os.Lstat(conf.nextKey()); err == nil {
			taken, err := takeNextKey(conf, db)
			switch {
			case err != nil && err.Error() != said:
				said = err.Error()
				log.Error("the installation key", "err", err)
			case err == nil && taken:
				said = ""
				log.Info("the installation key was replaced", "key", db.Keys().Installation())
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

type keysCmd struct {
	Rotate rotateCmd `cmd:"" help:"Wrap all keys under a new installation key and retire the old one, also while the server runs."`
}

type rotateCmd struct {
	New string `help:"File with the new key, 64 hex digits; without it a random one is made." type:"existingfile" placeholder:"FILE"`
}

// Run replaces the installation key. A server that runs does it without a stop.
func (r rotateCmd) Run(c *cli, w world) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(conf.Data, storeFile)); err != nil {
		return fmt.Errorf("there is no store in %s whose key could be replaced; name its configuration with --config", conf.Data)
	}
	next := conf.nextKey()
	if _, err := os.Lstat(next); err == nil {
		return fmt.Errorf("a new key waits already in %s: start the server, which takes it, or remove it", next)
	}
	key := make([]byte, bolt.KeySize)
	rand.Read(key) // never fails
	if r.New != "" {
		if key, err = readKey(r.New); err != nil {
			return fmt.Errorf("%s holds no key: it is 64 hex digits", r.New)
		}
	}
	if err := writeKey(next, key); err != nil {
		return fmt.Errorf("the new key cannot be written: %w", short(err))
	}
	taken := false
	if !answers(conf) {
		db, err := openStore(conf)
		if err == nil {
			taken = true
			err = db.Close()
		}
		// Where another process has the store, that takes the key in a moment.
		if err != nil && awaitTaken(w.ctx, next, 3*keyWatch) != nil {
			return fmt.Errorf("%w; the new key waits in %s and is taken at the next start", err, next)
		}
	}
	if taken {
		if _, err := os.Lstat(next); err == nil {
			where := conf.keyPath()
			if where == "" {
				where = keyVariable
			}
			return fmt.Errorf("the new key is in use, but could not be put into its place: put what stands in %s into %s, then remove that file", next, where)
		}
	} else if err := awaitTaken(w.ctx, next, keyPatience); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "The installation key is now %s. Copies of the data folder from before still need the old one, which stands in them.\n", keys.ID(key))
	return nil
}

// awaitTaken waits until the server has taken the new key.
func awaitTaken(ctx context.Context, next string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(keyWatch / 10)
	defer tick.Stop()
	for {
		if _, err := os.Lstat(next); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server has not put the new key into its place: its log says why; the new key stands in %s", next)
		case <-tick.C:
		}
	}
}
