// SPDX-License-Identifier: GPL-3.0-or-later

//go:build race

package whatsapp_test

// racing says that the race detector is on. whatsmeow of August 2026 has races of its
// own when a connection is replaced while something is under way on the old one
// (lastDecryptedBufferClear in message.go, go-util's exsync.Event.GetChan), and when a
// link is given up while a code is shown (FrameSocket.Close), and when it forgets a
// device while it still keeps a name (Device.Delete, updatePushName): tests that do that on
// purpose are left out then.
const racing = true
