// SPDX-License-Identifier: GPL-3.0-or-later

package store

import (
	"context"
	"time"

	"sarai/desk"
)

// Keeping says what a centre's days mean for a talk. The zero value is a talk
// of which nothing is due.
type Keeping struct {
	// Leaves is when the talk will be erased if nothing happens. It is set days
	// before, so that staff are warned; zero: not soon.
	Leaves time.Time `json:"leaves,omitzero"`
	// Hold stops the clock while it is there. The person's own wish to delete ends it.
	Hold *Hold `json:"hold,omitempty"`
	// Since is from when the clock counts at the earliest: when a hold ended.
	Since time.Time `json:"since,omitzero"`
}

// A Hold keeps a talk for longer than the centre's days.
type Hold struct {
	By     desk.StaffID `json:"by"`
	At     time.Time    `json:"at"`
	Reason string       `json:"reason"`
}

// Retention finds talks by what will become of them. It is safe for concurrent use.
type Retention interface {
	// Leaving gives talks that will be erased soon and have or had a case, those
	// first that leave first, at most n.
	Leaving(ctx context.Context, n int) ([]Thread, error)
	// LeavingUnseen counts the talks that will be erased soon and never had a
	// case: nobody but the program has read them.
	LeavingUnseen(ctx context.Context) (int, error)
	// Held gives talks with a hold, the oldest hold first, at most n.
	Held(ctx context.Context, n int) ([]Thread, error)
}
