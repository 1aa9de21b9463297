// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package bolt

import "golang.org/x/sys/unix"

// room is how many bytes the disk of a folder still takes from us. ok is false
// where nobody can say.
func room(folder string) (free uint64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
