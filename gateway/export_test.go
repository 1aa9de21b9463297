// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

// Script says in which letters a message is written.
var Script = script
