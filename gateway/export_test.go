// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

// What tests look at by itself.
var (
	FileName = fileName
	TypeOf   = typeOf
)

// Script says in which letters a message is written.
var Script = script
