// SPDX-License-Identifier: GPL-3.0-or-later

//go:build race

package whatsapp_test

// racing says that the race detector is on. whatsmeow of August 2026 has races of its
// own when a connection is replaced while something is under way on the old one
// (lastDecryptedBufferClear in message.go, go-util's exsync.Event.GetChan): tests that
// drop connections on purpose are left out then.
const racing = true
