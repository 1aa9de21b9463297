// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !race

package whatsapp_test

const racing = false
