// SPDX-License-Identifier: GPL-3.0-or-later

// Package arch is the diagram of the house as a test: who may import what,
// which packages may not look at a clock or the world, and that every file says
// under which licence it stands. It reads the source files and holds no code
// that anything uses.
package arch
