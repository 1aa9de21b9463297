// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import "time"

// Reaching has a test be told how far a backup is.
func (s Source) Reaching(f func(step string)) Source {
	s.reached = f
	return s
}

// Reaching has a test be told how far a restore is.
func (x Restoring) Reaching(f func(step string)) Restoring {
	x.reached = f
	return x
}

// IsDue says whether a backup is due.
func (k *Keeper) IsDue(now time.Time) bool { return k.isDue(now) }
