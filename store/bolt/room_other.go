// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !unix

package bolt

// room is how many bytes the disk of a folder still takes from us. ok is false
// where nobody can say.
func room(string) (free uint64, ok bool) { return 0, false }
