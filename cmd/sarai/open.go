// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sarai/content"
	"sarai/gateway"
	"sarai/search"
	"sarai/store/bolt"
	"sarai/store/keys"
)

const (
	keyFile     = "installation.key"
	storeFile   = "sarai.db"
	mediaFolder = "media" // bolt's, beside the store
)

// openStore opens the embedded store of a data folder and makes both where they
// are not there. A new installation key that waits is taken. Its errors say what
// to do.
func openStore(conf config) (*bolt.DB, error) {
	if err := os.MkdirAll(conf.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", short(err))
	}
	key, err := installationKey(conf)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(conf.Data, storeFile)
	db, err := bolt.Open(path, bolt.Options{Key: key})
	if errors.Is(err, keys.ErrWrong) {
		// An end between taking a new key and putting it into its place.
		if next, e := readKey(conf.nextKey()); e == nil {
			db, err = bolt.Open(path, bolt.Options{Key: next})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, short(err))
	}
	if _, err := takeNextKey(conf, db); err != nil && !errors.Is(err, errKeyElsewhere) {
		db.Close()
		return nil, err
	}
	return db, nil
}

// keyPath is where the installation key stands, "" where it stands in the
// environment.
func (c config) keyPath() string {
	switch {
	case c.key != "":
		return ""
	case c.KeyFile != "":
		return c.KeyFile
	}
	return filepath.Join(c.Data, keyFile)
}

// installationKey reads the key of an installation, and makes it at the first
// run. Without it nothing in the store can be read, so a store without its key is
// refused.
func installationKey(conf config) ([]byte, error) {
	path := conf.keyPath()
	if path == "" {
		key, err := decodeKey(conf.key)
		if err != nil {
			return nil, fmt.Errorf("%s does not hold the installation key: it is 64 hex digits", keyVariable)
		}
		return key, nil
	}
	key, err := readKey(path)
	switch {
	case err == nil:
		return key, nil
	case errors.Is(err, errNoKey):
		return nil, fmt.Errorf("%s is damaged: put back a copy of it; a new key cannot read the store", path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the installation key cannot be read: %w", short(err))
	}
	for _, name := range []string{storeFile, bolt.KeysFile} {
		if _, err := os.Stat(filepath.Join(conf.Data, name)); err == nil {
			return nil, fmt.Errorf("%s is missing beside the store: put back a copy of it; a new key cannot read the store", path)
		}
	}
	key = make([]byte, bolt.KeySize)
	rand.Read(key) // never fails
	if err := writeKey(path, key); err != nil {
		return nil, fmt.Errorf("the installation key cannot be written: %w", short(err))
	}
	return key, nil
}

// loadContent loads the articles.
func loadContent(dir string) (*content.Catalogue, error) {
	fsys, err := contentFS(dir)
	if err != nil {
		return nil, err
	}
	cat, err := content.Load(fsys)
	if err != nil {
		return nil, fmt.Errorf("the articles cannot be read: %w", err)
	}
	return cat, nil
}

// fitted loads the articles and waits for the full model.
func fitted(ctx context.Context, dir string) (*search.Index, error) {
	cat, err := loadContent(dir)
	if err != nil {
		return nil, err
	}
	return search.New(cat).Fit(ctx)
}

func edition(cat *content.Catalogue, x *search.Index) gateway.Edition {
	return gateway.Edition{Catalogue: cat, Read: x.Read}
}
