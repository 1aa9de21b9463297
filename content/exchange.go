// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"
)

// Export writes the catalogue's files, byte for byte, into a folder that is
// empty or does not exist yet. The folder can be edited and then served, or
// brought back by Import.
func Export(c *Catalogue, dir string) error {
	there, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("content: %w", err)
	}
	if len(there) > 0 {
		return fmt.Errorf("content: %s is not empty: choose another folder, so that nobody's edits are overwritten", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		if err := replace(dir, name, c.files[name]); err != nil {
			return err
		}
	}
	return nil
}

// ErrRefused is returned by Import where what would result has severe problems.
var ErrRefused = errors.New("content: not imported: what would result has severe problems")

// Import copies the files of from that are new or different into the content
// folder dir, and says how many. It first checks, on the day now, what would
// result. If that has a severe problem, nothing is written and the error is
// ErrRefused. The problems, warnings too, are returned in any case. A file that
// from does not have stays as it is: nothing is ever removed.
func Import(from fs.FS, dir string, now time.Time) (n int, problems []Problem, err error) {
	incoming, broken, err := readFiles(from)
	if err != nil {
		return 0, nil, err
	}
	merged, alsoBroken, err := readFiles(os.DirFS(dir))
	if err != nil {
		return 0, nil, err
	}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(incoming)) {
		if old, ok := merged[name]; !ok || !bytes.Equal(old, incoming[name]) {
			changed = append(changed, name)
		}
	}
	maps.Copy(merged, incoming)
	problems = checkFiles(merged, append(broken, alsoBroken...), now)
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Severe }) {
		return 0, problems, ErrRefused
	}
	for _, name := range changed {
		if err := replace(dir, name, incoming[name]); err != nil {
			return n, problems, err
		}
		n++
	}
	return n, problems, nil
}
