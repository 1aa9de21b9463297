// SPDX-License-Identifier: GPL-3.0-or-later

package channels

import (
	"context"
	"time"
)

// A Standing says how a channel stands with its platform. Code is one fixed
// word: the desk and doctor have sentences for each that say what to do.
type Standing struct {
	Code  string
	Since time.Time
	Until time.Time // for a ban: when it ends, zero where not known
}

// The codes of a Standing.
const (
	Unlinked  = "unlinked"   // no phone is linked
	Linking   = "linking"    // somebody is linking one now
	Joining   = "connecting" // linked, and not connected at this moment
	Joined    = "connected"
	LoggedOut = "logged-out" // the phone or the platform ended the link: link again
	Replaced  = "replaced"   // another program uses this link: Sarai stopped and does not fight
	Banned    = "banned"     // until Until
	Outdated  = "outdated"   // the platform refuses this version: update Sarai
	Passkey   = "passkey"    // the phone asks for a passkey, which cannot be given here
	Locked    = "locked"     // another process has the device's file
)

// A LinkStep is what somebody who links a phone sees next. Exactly one field is
// set; after Done or Failed there is no further step.
type LinkStep struct {
	QR     string // to be shown as a QR code, in place of the one before
	Code   string // to be typed on the phone
	Done   bool
	Failed string // a code of Standing, or "timeout", "refused"
}

// A Chat is a talk on a linked phone that was there before it was linked, or a
// group. Its words were never read.
type Chat struct {
	ID      string // opaque to everything but its adapter
	Name    string // as the phone calls it, "" where not known
	Group   bool
	Private bool // never read, stored or answered
}

// A Linked channel works as a further device of somebody's phone. All methods
// are safe for concurrent use.
type Linked interface {
	Channel
	Standing() Standing
	// Link links a phone, and gives what to show until it is done; the channel is
	// closed then, and when ctx ends. phone is "" for a QR code; else the number, in
	// digits with its country's code, for a code to type. It fails if a phone is
	// linked already or somebody else is linking one.
	Link(ctx context.Context, phone string) (<-chan LinkStep, error)
	// Unlink ends the link at the platform and forgets the device.
	Unlink(ctx context.Context) error
	// Chats gives the groups and the talks from before the link, by name. All are
	// private until somebody says otherwise.
	Chats(ctx context.Context) ([]Chat, error)
	// SetPrivate says whether one of Chats is private. A group stays private.
	SetPrivate(ctx context.Context, id string, private bool) error
}
