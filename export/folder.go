// SPDX-License-Identifier: GPL-3.0-or-later

package export

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A Folder is a Place on the disk that nobody else may read. Close finishes what
// was begun last; it must be called.
type Folder struct {
	dir  string
	file *os.File
}

// NewFolder makes the folder dir, mode 0700, or takes an empty one.
func NewFolder(dir string) (*Folder, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(dir, 0o700)
	case err == nil && len(entries) > 0:
		return nil, fmt.Errorf("%s is not empty: name a new folder", dir)
	}
	if err != nil {
		return nil, err
	}
	return &Folder{dir: dir}, nil
}

// Create implements Place. The name is one of this package's.
func (f *Folder) Create(name string) (io.Writer, error) {
	if err := f.Close(); err != nil {
		return nil, err
	}
	if !filepath.IsLocal(name) {
		return nil, errors.New("export: a name leads out of the folder")
	}
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	var err error
	f.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return f.file, err
}

// Close finishes the file that was begun last.
func (f *Folder) Close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.file.Sync(), f.file.Close())
	f.file = nil
	return err
}
