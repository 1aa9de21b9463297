// SPDX-License-Identifier: GPL-3.0-or-later

package channels

import (
	"context"
	"time"
)

// A Commented says where something was said in public. A comment has an address
// of its own, Inbound.From: a message sent there is the one private reply that
// the platform allows, and its Receipt.Learned is where the person can be reached
// once they have answered it.
type Commented struct {
	ID     string `json:"id"`               // the platform's id of the comment
	Post   string `json:"post"`             // and of the post
	Parent string `json:"parent,omitempty"` // of the comment that it answers, "" for one under the post itself
	Link   string `json:"link,omitempty"`   // https address at which it can be read
	// Person names who wrote it, by the platform's id for comments, which is not
	// the one for messages; "" where the platform does not say.
	Person string `json:"person,omitempty"`
	Tags   bool   `json:"tags,omitempty"` // it names other people, and says nothing beside
}

// PrivateWithin is how long after a comment its one private reply is taken
// (developers.facebook.com/docs/messenger-platform/discovery/private-replies, 2026-04).
const PrivateWithin = 7 * 24 * time.Hour

// A Commenter acts in public, under posts.
type Commenter interface {
	// Comment puts a line under a comment and gives the line's id. key is stable
	// over retries. It fails only with a *SendError.
	Comment(ctx context.Context, under, key, text string) (id string, err error)
	// Hide takes a comment out of public sight, or puts it back. It fails only
	// with a *SendError.
	Hide(ctx context.Context, comment string, hide bool) error
}
