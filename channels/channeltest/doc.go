// SPDX-License-Identifier: GPL-3.0-or-later

// Package channeltest holds the contract that every adapter of a platform
// passes, and a fake channel for tests of what lies above the adapters.
package channeltest
