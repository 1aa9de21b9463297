// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sarai/content"
	"sarai/gateway"
	"sarai/search"
	"sarai/store/bolt"
)

const (
	keyFile     = "installation.key"
	storeFile   = "sarai.db"
	mediaFolder = "media" // bolt's, beside the store
)

// openStore opens the embedded store of a data folder and makes both where they
// are not there. Its errors say what to do.
func openStore(data string) (*bolt.DB, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", short(err))
	}
	key, err := installationKey(data)
	if err != nil {
		return nil, err
	}
	db, err := bolt.Open(filepath.Join(data, storeFile), bolt.Options{Key: key})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(data, storeFile), short(err))
	}
	return db, nil
}

// installationKey reads the key of an installation, and makes it at the first
// run. Without it the addresses in the store cannot be found again, so a store
// without its key is refused.
func installationKey(data string) ([]byte, error) {
	path := filepath.Join(data, keyFile)
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		key, err := hex.DecodeString(strings.TrimSpace(string(b)))
		if err != nil || len(key) != bolt.KeySize {
			return nil, fmt.Errorf("%s is damaged: put back a copy of it; a new key cannot read the store", path)
		}
		return key, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the installation key cannot be read: %w", short(err))
	}
	if _, err := os.Stat(filepath.Join(data, storeFile)); err == nil {
		return nil, fmt.Errorf("%s is missing beside the store: put back a copy of it; a new key cannot read the store", path)
	}
	key := make([]byte, bolt.KeySize)
	rand.Read(key) // never fails
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the installation key cannot be written: %w", short(err))
	}
	_, err = fmt.Fprintln(f, hex.EncodeToString(key))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
		return nil, fmt.Errorf("the installation key cannot be written: %w", short(err))
	}
	return key, nil
}

// loadContent loads the articles and the index that is ready at once.
func loadContent(dir string) (*content.Catalogue, *search.Index, error) {
	fsys, err := contentFS(dir)
	if err != nil {
		return nil, nil, err
	}
	cat, err := content.Load(fsys)
	if err != nil {
		return nil, nil, fmt.Errorf("the articles cannot be read: %w", err)
	}
	return cat, search.New(cat), nil
}

// fitted loads the articles and waits for the full model.
func fitted(ctx context.Context, dir string) (*content.Catalogue, *search.Index, error) {
	cat, x, err := loadContent(dir)
	if err != nil {
		return nil, nil, err
	}
	x, err = x.Fit(ctx)
	return cat, x, err
}

func edition(cat *content.Catalogue, x *search.Index) gateway.Edition {
	return gateway.Edition{Catalogue: cat, Read: x.Read}
}
