// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

// Reaching gives options by which f is told each step of upgrading and erasing,
// and an upgrade takes so many bytes a step.
func (o Options) Reaching(f func(step string), bytes int) Options {
	o.reached, o.step = f, bytes
	return o
}
