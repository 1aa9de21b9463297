// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

// What tests look at by itself.
var (
	FileName = fileName
	TypeOf   = typeOf
)
