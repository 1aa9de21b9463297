// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// ofValue is the line of the key "of", up to and behind its value.
var ofValue = regexp.MustCompile(`^(\s*of\s*=\s*)("[^"]*"|'[^']*')`)

// Stamp writes the hash of the current English text, as it is written, into the "of" of all
// translations of the articles, or of all articles if none is given, and says
// how many files have changed. It touches that one line only. Who stamps
// vouches that the translations say what the English text says now; nothing is
// compared. It writes nothing if a file of the folder cannot be read, or an id
// is not known.
func Stamp(dir string, ids ...ArticleID) (n int, err error) {
	found, broken, err := readFiles(os.DirFS(dir))
	if err != nil {
		return 0, err
	}
	t := readTree(found, broken)
	if len(t.broken) > 0 {
		return 0, fmt.Errorf("content: %s: mend this first", t.broken[0])
	}
	if len(ids) == 0 {
		ids = slices.Sorted(maps.Keys(t.articles))
	}
	for _, id := range ids {
		if t.articles[id] == nil {
			return 0, fmt.Errorf("content: there is no article %q", id)
		}
	}
	for _, id := range ids {
		a := t.articles[id]
		en := a.texts[English]
		if en == nil {
			continue
		}
		for _, l := range Locales() {
			x := a.texts[l]
			if x == nil || l == English || x.text.Of == en.text.Written {
				continue
			}
			if err := replace(dir, x.file, stamped(found[x.file], x.lines.line("of"), en.text.Written)); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// stamped is a file with the hash on the line of its key "of"; a file without
// the key gets the line at the end of its front matter.
func stamped(raw []byte, line int, hash string) []byte {
	lines := bytes.SplitAfter(raw, []byte("\n"))
	if i := line - 1; line > 0 && i < len(lines) {
		if at := ofValue.FindSubmatchIndex(lines[i]); at != nil {
			lines[i] = slices.Concat(lines[i][:at[3]], []byte(`"`+hash+`"`), lines[i][at[1]:])
			return bytes.Join(lines, nil)
		}
	}
	for i := 1; i < len(lines); i++ {
		if string(bytes.TrimRight(lines[i], " \t\r\n")) == "+++" {
			end := "\n"
			if bytes.HasSuffix(lines[i], []byte("\r\n")) {
				end = "\r\n"
			}
			return bytes.Join(slices.Insert(lines, i, []byte(`of = "`+hash+`"`+end)), nil)
		}
	}
	return raw // unreachable: the file was read, so its front matter ends
}

// replace writes a file so that it is either the old one or the new one,
// whatever happens.
func replace(dir, name string, raw []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	// Hidden, so that a half-written one that a crash left is no content.
	half, err := os.CreateTemp(filepath.Dir(path), ".half-*")
	if err != nil {
		return fmt.Errorf("content: %w", err)
	}
	defer os.Remove(half.Name()) // it is gone if all went well
	_, err = half.Write(raw)
	if err == nil {
		err = half.Chmod(mode)
	}
	if err2 := half.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Rename(half.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("content: %w", err)
	}
	return nil
}
