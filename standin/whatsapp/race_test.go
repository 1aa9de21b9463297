// SPDX-License-Identifier: GPL-3.0-or-later

//go:build race

package whatsapp_test

// racing says whether the race detector looks on.
const racing = true
