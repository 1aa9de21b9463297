// SPDX-License-Identifier: GPL-3.0-or-later

package channels

import (
	"context"
	"time"
)

// A Delivery says how far a message came after the platform took it.
type Delivery string

// How far a message can come. Each but Failed and Uncertain goes further than
// the one before it.
const (
	Sent      Delivery = "sent"      // the platform has it
	Delivered Delivery = "delivered" // it is on the person's phone
	Read      Delivery = "read"
	Played    Delivery = "played"    // a voice note was listened to
	Failed    Delivery = "failed"    // the platform gave it up after all
	Uncertain Delivery = "uncertain" // nobody knows whether the platform has it
)

// Further says whether a message that stands at d is moved by news that it came
// to next: reports come late and out of order, and none takes anything back. What
// was delivered has not failed.
func (d Delivery) Further(next Delivery) bool {
	place := map[Delivery]int{Uncertain: 0, "": 1, Sent: 1, Failed: 2, Delivered: 3, Read: 4, Played: 5}
	return place[next] > place[d]
}

// A Report is what a platform tells of messages that it took. Of ID, Key and
// Before, at least one is set: they say which messages are meant.
type Report struct {
	To      Address   // the person
	ID      string    // the platform's id of the message
	Key     string    // Outbound.Key, where the platform gave it back
	Before  time.Time // all messages to To that were sent up to then
	State   Delivery
	At      time.Time   // the platform's time; zero: now
	Problem SendProblem // for Failed
	Price   string      // see Receipt.Price
}

// Reports accepts what a platform tells of messages. It returns nil once the
// reports are durable or are of nothing that is known; an error means that the
// store failed, and the adapter makes the platform tell it again. A report is
// safe to give any number of times. It is safe for concurrent use.
type Reports func(ctx context.Context, rs ...Report) error
