// SPDX-License-Identifier: GPL-3.0-or-later

// Command load measures a running Sarai as Telegram would use it: the real
// binary with a real file that is synced, called from this second process over
// loopback. It prints a table; docs/performance.md holds what it printed.
//
//	go run ./internal/load            all but the long ones, two to three minutes
//	go run ./internal/load -run grow  only the scenarios that are named so
//	go run ./internal/load -list      what there is
//
// Each person writes at most eight messages and then another goes on, because
// Sarai answers somebody who floods it with one message for many: that would
// flatter the figures.
package main
