// SPDX-License-Identifier: GPL-3.0-or-later

// Package channels says what Sarai asks of a messaging platform and what a
// platform may ask of Sarai. Each adapter is a package below this one; it turns
// a platform's payloads into Inbound and sends Outbound. The package imports
// nothing else of Sarai, so that an adapter can be read and tested alone.
package channels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
	"unicode/utf16"
)

// A Name names a channel: "web", "telegram". It is stored with every address
// and never changes once a release has used it.
type Name string

// An Address is where one person is reached on one channel. ID is the
// platform's own identifier, opaque to everything but its adapter. It says who
// somebody is: printing or logging an Address shows only its channel.
type Address struct {
	Channel Name   `json:"channel"`
	ID      string `json:"id"`
}

// String shows the channel and hides the identifier.
func (a Address) String() string { return string(a.Channel) + ":…" }

// GoString hides the identifier under %#v too.
func (a Address) GoString() string { return a.String() }

// LogValue hides the identifier from structured logs.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// IsZero says whether the address is empty.
func (a Address) IsZero() bool { return a == Address{} }

// A Kind says what a person sent.
type Kind string

// The kinds that adapters know. Whatever a platform sends that fits none of
// them arrives as Unknown, with its raw body, and is never dropped.
const (
	Text     Kind = "text"
	Choice   Kind = "choice" // a button: Inbound.Choice holds its key
	Start    Kind = "start"  // the talk was opened without words; Inbound.Campaign may be set
	Voice    Kind = "voice"
	Audio    Kind = "audio"
	Picture  Kind = "picture"
	Video    Kind = "video"
	Document Kind = "document"
	Place    Kind = "place"
	Contact  Kind = "contact"
	Sticker  Kind = "sticker"
	Reaction Kind = "reaction"
	Edited   Kind = "edited"  // Text holds the new words
	Deleted  Kind = "deleted" // the person took a message back
	Gone     Kind = "gone"    // the person blocked the centre: nothing reaches them until they are back
	Back     Kind = "back"    // the person lifted that
	Call     Kind = "call"    // the person rang, and nobody can answer here
	Renamed  Kind = "renamed" // the platform calls the person otherwise now: From is new, Aliases are what it was
	Comment  Kind = "comment" // said in public, under a post: Inbound.Comment says where
	Hidden   Kind = "hidden"  // a comment was hidden or, with Text "shown", is shown again; Of says which
	Unknown  Kind = "unknown"
)

// Media is something to fetch from the platform. Ref is the platform's own
// reference to it, opaque to everything but its adapter. ID is how Sarai calls
// what is fetched; adapters leave it empty, but for what is Staged.
type Media struct {
	ID      string `json:"id,omitempty"`
	Ref     string `json:"ref"`
	Type    string `json:"type,omitempty"`    // media type as the platform claims it, unverified
	Name    string `json:"name,omitempty"`    // file name as the person's phone gave it, unverified
	Size    int64  `json:"size,omitempty"`    // bytes, 0 where unknown
	Seconds int    `json:"seconds,omitempty"` // length of a recording, 0 where unknown
	// Staged says that there is nothing to fetch: a Cabinet has the content and
	// gave the ID, and what else stands here it found out.
	Staged bool `json:"staged,omitempty"`
}

// Inbound is one event that a person caused. ID is the platform's identifier of
// the event: a second Inbound with the same channel and ID is the same event.
// At is the platform's time, or the time of arrival where it gives none.
// Text may hold anything that a stranger can type; it has not been cleaned. For
// a picture or a file it is what was written under it, for a place or a contact
// what it says in words.
type Inbound struct {
	From     Address
	Aliases  []Address // further addresses that the platform says are the same person
	ID       string
	Of       string // for Edited, Deleted and Reaction: the ID of what it is about, "" where not known
	At       time.Time
	Kind     Kind
	Text     string
	Choice   string // key of the pressed choice
	Language string // the platform's hint at the person's language, an unverified tag
	Campaign string // how the person came here, from a link's code
	Media    []Media
	Raw      []byte // the payload, kept where nobody understood it

	// Staff, where set, says that not the person wrote this but somebody of the
	// centre did, in a place of the platform's own. From is the person all the same.
	Staff Elsewhere
	// Standby says that another program or a person answers there at present:
	// what was said is kept, and nothing is answered to it.
	Standby bool
	Comment *Commented // for Comment, and for Edited of one
}

// Elsewhere is where staff write to people past the desk.
type Elsewhere string

// Where staff can write. They are stored, as who holds a case: none is ever
// renamed.
const (
	PageInbox   Elsewhere = "page-inbox"   // the inbox of a Facebook Page
	Phone       Elsewhere = "phone"        // the phone to which Sarai is linked
	BusinessApp Elsewhere = "business-app" // WhatsApp's app for businesses, beside the Cloud API
)

// A Sink accepts what an adapter received: events of one address, mostly one,
// oldest first. It returns nil only once all of them are durable; the adapter
// acknowledges its platform only after that. An error means that the store
// failed: the adapter makes the platform deliver all of them again, and what was
// durable already is not done twice. It is safe for concurrent use.
type Sink func(ctx context.Context, in ...Inbound) error

// An Author says who wrote an outgoing message. Platforms allow more to a
// person than to a program, so an adapter must know.
type Author string

// Who can have written an outgoing message.
const (
	Program Author = "program"
	Staff   Author = "staff"
)

// A BlockKind says how a block of a message is set.
type BlockKind string

// The kinds of block. An adapter that cannot set one shows it as a paragraph.
const (
	Paragraph BlockKind = "paragraph"
	Heading   BlockKind = "heading"
	Item      BlockKind = "item"  // one line of a list
	Quiet     BlockKind = "quiet" // sources, dates, notices: smaller where the platform can
)

// A Block is a piece of a message in plain words: no markup of any platform,
// no HTML. Link, where set, is the https or tel address that the block points to.
type Block struct {
	Kind BlockKind `json:"kind"`
	Text string    `json:"text"`
	Link string    `json:"link,omitempty"`
}

// An Option is a choice offered under a message. Key comes back in
// Inbound.Choice; Label is what the person reads.
type Option struct {
	Key   string `json:"key"`
	Label string `json:"label"`
}

// An Attachment is a file that staff send: a Picture, a Document or a Voice note.
type Attachment struct {
	ID      string `json:"id"` // how Sarai calls it
	Kind    Kind   `json:"kind"`
	Name    string `json:"name,omitempty"` // as the person shall see it, without a path
	Type    string `json:"type"`           // media type, found in the content
	Size    int64  `json:"size"`           // bytes
	Seconds int    `json:"seconds,omitempty"`
	// Open gives the content from its begin, as often as it is called. It is set
	// when the message is handed to a channel, and nil before.
	Open func() (io.ReadCloser, error) `json:"-"`
}

// Outbound is one message to one person. With an attachment its blocks are what
// stands under the file; there may be none.
type Outbound struct {
	To        Address   `json:"to"`
	Key       string    `json:"key"` // stable over retries and unique over all messages
	Author    Author    `json:"author"`
	LastActed time.Time `json:"last_acted"` // when the person last wrote or pressed: platforms' windows count from it
	Locale    string    `json:"locale"`     // language of the words, a BCP 47 tag
	RTL       bool      `json:"rtl,omitempty"`
	Blocks    []Block   `json:"blocks"`
	Options   []Option  `json:"options,omitempty"`

	Attachment *Attachment `json:"attachment,omitempty"`
	// Template, where set, is sent in place of Blocks, which show it at the desk.
	Template *Filled `json:"template,omitempty"`
}

// A Receipt is what a platform answered to an accepted message, and what it told
// of the message since.
type Receipt struct {
	ID      string    // the platform's id of the message, "" where it gives none
	Learned []Address // addresses of the person that the answer disclosed

	Handed  time.Time   `json:",omitzero"`  // when it was handed to the platform, by our own clock
	State   Delivery    `json:",omitempty"` // "" is Sent
	At      time.Time   `json:",omitzero"`  // when State was reached, by the platform's clock
	Problem SendProblem `json:",omitempty"` // for Failed
	Price   string      `json:",omitempty"` // category under which the platform bills it, "" where free or not known
}

// Limits are what a channel can carry. Zero means no limit, but for Upload.
// Text is measured as UTF16 does.
type Limits struct {
	Text    int           // one message, with one line break between its blocks
	Caption int           // the text beside an attachment
	Options int           // choices under one message
	Label   int           // characters of a choice's label
	Window  time.Duration // how long after the person last acted the program may write
	Human   time.Duration // how long after it staff may; no shorter than Window
	Upload  int64         // bytes of an attachment; 0: the channel carries none
}

// UTF16 is the length of a text in UTF-16 code units, as platforms count: a
// character beyond the basic plane, an emoji for instance, counts twice.
func UTF16(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// A Channel sends on one platform. It also implements Listener, Webhook or
// both. All methods are safe for concurrent use.
type Channel interface {
	Name() Name
	Limits() Limits
	// Send hands one message to the platform and returns once the platform has
	// taken it. It fails only with a *SendError.
	Send(ctx context.Context, out Outbound) (Receipt, error)
}

// A Listener fetches what people send.
type Listener interface {
	Channel
	// Listen gives what arrives to sink until ctx ends, and returns nil then.
	Listen(ctx context.Context, sink Sink) error
}

// A Webhook is called by its platform.
type Webhook interface {
	Channel
	// Handler serves the platform's calls and answers success only for what
	// sink took.
	Handler(sink Sink) http.Handler
}

// A Fetcher gets the files that people send.
type Fetcher interface {
	// Fetch opens a file of the platform; the caller reads no more than it wants
	// and closes it. It fails only with a *SendError: Rejected where the file will
	// never be had.
	Fetch(ctx context.Context, m Media) (io.ReadCloser, error)
}

// A Typer can show a person that somebody is writing to them.
type Typer interface {
	// Typing shows it for a few seconds. Whoever types on calls it again.
	Typing(ctx context.Context, to Address) error
}

// A Finding is one thing that somebody looked at, and how it is. Neither line
// holds a secret.
type Finding struct {
	OK     bool
	What   string // in a word or two
	Advice string // what it is, or what to do where it is not OK
}

// A Checker can look whether its platform would let it work: the token, the
// webhook, the clock.
type Checker interface {
	// Check looks at everything once. It changes nothing.
	Check(ctx context.Context) []Finding
}

// A Clearer can take messages off the person's own screen: the program's and,
// where the platform allows, the person's.
type Clearer interface {
	// Clear removes what it can of the talk with to and reports whether
	// everything is gone from the person's side. ids are those of receipts and of
	// events, where the platform gives any, newest first. What is gone already is
	// no error.
	Clear(ctx context.Context, to Address, ids []string) (all bool, err error)
}

// A RecentClearer is a Clearer that takes off only what is recent.
type RecentClearer interface {
	Clearer
	// ClearsWithin is how old a message may be that still goes.
	ClearsWithin() time.Duration
}

// A Forgetter keeps something of people beside the store, as a linked device's
// file does.
type Forgetter interface {
	// Forget takes away what is kept of people who are erased. What cannot go yet
	// goes later, by itself, within two days. A last word can still be sent within
	// the day. It fails where that is not sure to happen; once more is no error.
	Forget(ctx context.Context, who ...Address) error
}

// A SendProblem says what is to be done about a message that was not sent.
type SendProblem string

// The problems, each with what the sender does.
const (
	Unavailable SendProblem = "unavailable" // try again with growing pauses
	Throttled   SendProblem = "throttled"   // try again after SendError.After
	Blocked     SendProblem = "blocked"     // the person does not want messages: stop until they write
	Expired     SendProblem = "expired"     // the platform's window is closed: tell the staff
	Rejected    SendProblem = "rejected"    // this message will never be taken: tell the staff
	Misset      SendProblem = "misset"      // the operator must act (token, permission); try again slowly
	NoAnswer    SendProblem = "no-answer"   // it may have been sent: try again, a second copy is possible
)

// A SendError says why a platform did not do what it was asked: mostly, why a
// message was not sent. Its text holds no address, no token and no word of the
// message.
type SendError struct {
	Problem SendProblem
	After   time.Duration // for Throttled: how long the platform asks to wait
	Cause   string        // for the operator
}

func (e *SendError) Error() string {
	if e.Cause == "" {
		return "send: " + string(e.Problem)
	}
	return fmt.Sprintf("send: %s: %s", e.Problem, e.Cause)
}

// A Notebook keeps a few short notes of a channel over restarts: up to where it
// has read, what it has set. They say nothing of anybody. It is safe for
// concurrent use.
type Notebook interface {
	// Note gives what is noted under a name, "" if nothing is.
	Note(ctx context.Context, name string) (string, error)
	SetNote(ctx context.Context, name, value string) error
}

// ErrUnknownPerson is returned by a Mailbox for an address nobody has written from.
var ErrUnknownPerson = errors.New("channels: nobody has written from this address")

// A Letter is one message of a talk as a page shows it.
type Letter struct {
	Seq     uint64    `json:"seq"` // its place in the talk, growing; gaps are normal
	At      time.Time `json:"at"`
	From    string    `json:"from"`         // "me", "program" or "staff"
	ID      string    `json:"id,omitempty"` // for "me": the Inbound.ID it arrived under
	Locale  string    `json:"locale,omitempty"`
	RTL     bool      `json:"rtl,omitempty"`
	Blocks  []Block   `json:"blocks"`
	Options []Option  `json:"options,omitempty"`
	Files   []Paper   `json:"files,omitempty"` // above the blocks
}

// A Paper is a file of a letter, as it stands now.
type Paper struct {
	ID      string `json:"id"`
	Kind    Kind   `json:"kind"` // how a page may show it: as a Picture, a Voice note, an Audio or a Video, or as a Document only to be saved
	Type    string `json:"type,omitempty"`
	Name    string `json:"name,omitempty"` // with the ending of what it is
	Size    int64  `json:"size,omitempty"` // bytes
	Seconds int    `json:"seconds,omitempty"`
	Gone    bool   `json:"gone,omitempty"` // it was erased, or never kept: nothing else is said of it
}

// A Mailbox keeps talks for a channel whose platform keeps none. It is safe for
// concurrent use.
type Mailbox interface {
	// Letters gives the talk of an address after the place after, oldest first,
	// at most n. cleared is the place up to which the person had the talk taken
	// off the screen. It fails with ErrUnknownPerson.
	Letters(ctx context.Context, a Address, after uint64, n int) (letters []Letter, cleared uint64, err error)
	// Alias makes further reach the same talk as known. It fails with
	// ErrUnknownPerson if known has none.
	Alias(ctx context.Context, known, further Address) error
}

// Why a Cabinet does not take a file.
var (
	ErrTooLarge = errors.New("channels: the file is larger than is kept")
	ErrHarmful  = errors.New("channels: the file is of a kind that is not kept")
	ErrNoBytes  = errors.New("channels: the file is empty")
	ErrTooMany  = errors.New("channels: the talk holds as much as is kept of one")
	ErrNoRoom   = errors.New("channels: the disk has room for messages only")
)

// ErrNoPaper is returned by a Cabinet for a file that the person may not see, or
// that is not there.
var ErrNoPaper = errors.New("channels: there is no such file for this person")

// A Handed is a file that a person hands over.
type Handed struct {
	ID      string // unique over all files of the channel, and the same when it is tried again
	Name    string // as the person's phone gives it
	Seconds int    // length of a recording, as the phone claims
	Content io.Reader
}

// A Cabinet keeps the files of talks for a channel whose platform keeps none. It
// is safe for concurrent use.
type Cabinet interface {
	// TakeFile reads a file to its end, finds out what it is, and keeps it until
	// an event of the same address names it: with the Media that this gives. What
	// no event names is removed within two hours. A file that was taken under the
	// same ID already is given again and mostly not read. It fails with
	// ErrUnknownPerson, ErrTooLarge, ErrHarmful, ErrNoBytes, ErrTooMany or
	// ErrNoRoom, and with the error of Content if that fails; then nothing is kept.
	TakeFile(ctx context.Context, a Address, f Handed) (Media, error)
	// OpenFile gives a file that the letter at the place seq names, if the person
	// may see that letter now. It fails with ErrUnknownPerson and ErrNoPaper.
	OpenFile(ctx context.Context, a Address, seq uint64, id string) (Paper, io.ReadCloser, error)
}
