// SPDX-License-Identifier: GPL-3.0-or-later

package store

import "sarai/channels"

// MergeReceipt gives what is known of a message once a platform told more of it,
// and whether the message moved. News come late, out of order and more than once,
// and a delivery report can overtake the answer to the sending: how far the
// message came is taken from told only if that is further, and what told does
// not say stays. Every store merges receipts so.
func MergeReceipt(known, told channels.Receipt) (merged channels.Receipt, moved bool) {
	merged, moved = known, known.State.Further(told.State)
	if moved {
		merged.State, merged.At, merged.Problem = told.State, told.At, told.Problem
	}
	if told.ID != "" {
		merged.ID = told.ID
	}
	if len(told.Learned) > 0 {
		merged.Learned = told.Learned
	}
	if !told.Handed.IsZero() {
		merged.Handed = told.Handed
	}
	if told.Price != "" {
		merged.Price = told.Price
	}
	return merged, moved
}
