// SPDX-License-Identifier: GPL-3.0-or-later

package store

import (
	"context"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
)

// A Comment is something said in public, with what was done about it. Its words
// are the thread's entries.
type Comment struct {
	ID     string `json:"id"`               // the platform's id of the comment
	Post   string `json:"post"`             // and of the post
	Parent string `json:"parent,omitempty"` // of the comment that it answers, "" for one under the post itself
	Link   string `json:"link,omitempty"`   // https address at which it can be read
	Person string `json:"person,omitempty"` // who wrote it, by the platform's id for comments
	// Seq is the entry with the words as they are now. In a Turn one above the
	// LastSeq that was read counts within the turn: LastSeq+1 is the first of its
	// Entries, wherever that comes to stand in the transcript.
	Seq     uint64       `json:"seq"`
	Said    time.Time    `json:"said"`             // when it was written first, by the platform's clock
	Private Reply        `json:"private,omitzero"` // the one private reply
	Public  Reply        `json:"public,omitzero"`  // the line in public
	State   CommentState `json:"state"`
	Edited  bool         `json:"edited,omitempty"`
	Hidden  bool         `json:"hidden,omitempty"`  // from the public
	Removed bool         `json:"removed,omitempty"` // by whoever wrote it, or by the platform
	Urgent  bool         `json:"urgent,omitempty"`  // a signal was raised in it
}

// A CommentState says whether somebody must see to a comment. It is stored: a
// word never changes its meaning.
type CommentState string

// What can be with a comment.
const (
	CommentNew      CommentState = "new" // somebody must look
	CommentAnswered CommentState = "answered"
	CommentSkipped  CommentState = "skipped" // somebody looked and left it
	CommentTask     CommentState = "task"    // the private reply was refused: somebody must act
	CommentAside    CommentState = "aside"   // it needs nobody
)

// Waits says whether somebody must see to the comment.
func (c Comment) Waits() bool { return c.State == CommentNew || c.State == CommentTask }

// A Reply is what became of an answer to a comment. The zero Reply is none.
type Reply struct {
	State ReplyState   `json:"state,omitempty"`
	By    desk.StaffID `json:"by,omitempty"` // who gave it
	At    time.Time    `json:"at,omitzero"`  // when State was reached
	Why   string       `json:"why,omitempty"`
	ID    string       `json:"id,omitempty"` // the platform's id of the reply
}

// A ReplyState says how far a reply came. It is stored: a word never changes its
// meaning.
type ReplyState string

// How far a reply can come. "" is that there is none.
const (
	ReplyWaiting  ReplyState = "waiting" // to be sent
	ReplyAccepted ReplyState = "accepted"
	ReplyRefused  ReplyState = "refused" // Reply.Why says for what reason
)

// A CommentRow is a comment as a list shows it, with what the list needs of its
// thread.
type CommentRow struct {
	Thread  ThreadID
	Version uint64
	Channel channels.Name
	Centre  content.CentreID
	Comment Comment
	Text    string // the words as they are now: of the entry Comment.Seq
}

// Comments finds what was said in public. It is safe for concurrent use.
type Comments interface {
	// OpenComments gives the comments whose Said is after since, whatever their
	// State, newest first, at most n.
	OpenComments(ctx context.Context, since time.Time, n int) ([]CommentRow, error)
	// WaitingComments gives every comment that somebody must see to, however old,
	// oldest first: those whose State is CommentNew or CommentTask.
	WaitingComments(ctx context.Context) ([]CommentRow, error)
}
