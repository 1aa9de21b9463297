// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !unix

package whatsapp

import "os"

// lockFile cannot keep a second process away on this system.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}
