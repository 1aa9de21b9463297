// SPDX-License-Identifier: GPL-3.0-or-later

// Package console is the web desk, under /desk: the queue, the talks, the
// answers of the counsellors, and the staff themselves. Pages are rendered
// here and nowhere else; what is live is an event that names a thread, after
// which the browser asks again for the part of the page that shows it, through
// the same check of who may see what.
//
// Everything that a stranger typed is escaped by html/template. No script and
// no style stands in a page; the Content-Security-Policy would refuse it.
package console

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/gateway"
	"sarai/store"
)

// A Gateway carries out what staff decide. It is safe for concurrent use.
type Gateway interface {
	// Command applies a desk command to the case of a thread, told to the person
	// where that is due. It fails with the desk's errors and with
	// store.ErrNotFound; a conflict it decides again.
	Command(ctx context.Context, id store.ThreadID, by desk.StaffID, cmd desk.Command) error
	// Say sends a counsellor's words. The browser makes key, so that a form that
	// is sent twice says it once.
	Say(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string) error
	// Note adds a note that only staff see.
	Note(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string) error
	// Agree keeps when it is safe to write to somebody, and a check word.
	Agree(ctx context.Context, id store.ThreadID, by desk.StaffID, s store.Safety) error
	// Hold keeps a talk for longer than the centre's days. It fails with
	// gateway.ErrEmpty, gateway.ErrWish and store.ErrNotFound.
	Hold(ctx context.Context, id store.ThreadID, by desk.StaffID, reason string) error
	// Lift ends a hold.
	Lift(ctx context.Context, id store.ThreadID, by desk.StaffID) error
	// Erase has everything that is kept of a talk erased at once. It fails with
	// gateway.ErrHeld and store.ErrNotFound.
	Erase(ctx context.Context, id store.ThreadID, by desk.StaffID) error
	// Typing shows the person that the holder of their case writes to them, where
	// the channel can and it is safe. Where not, nothing happens. It does not wait.
	Typing(ctx context.Context, id store.ThreadID, by desk.StaffID)
	// SayFile is Say with a file. It fails, beside what Say fails with, with
	// gateway.ErrNoFiles, gateway.ErrTooLarge, gateway.ErrHarmful or the error of
	// reading the file; then nothing of it is kept.
	SayFile(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string, file gateway.Upload) error
	// EraseFile erases one file of a talk. Only the holder may.
	EraseFile(ctx context.Context, id store.ThreadID, by desk.StaffID, file string) error
	// Limits are what a channel carries; zero for one that is not there.
	Limits(name channels.Name) channels.Limits
	// Watch gives the ids of threads that changed, until ctx ends. A slow reader
	// misses ids and is given "" instead: read everything again.
	Watch(ctx context.Context) <-chan store.ThreadID
	// Look says what a list needs of a thread's state.
	Look(state []byte) Look
	// Catalogue is the current content.
	Catalogue() *content.Catalogue
}

// A Look is what a list needs of a thread's state.
type Look = gateway.Look

// Phrases gives the desk's own words: the phrase id in the locale l, or in the
// nearest locale that has it, which is returned too.
type Phrases interface {
	Say(l content.Locale, id string, args map[string]any) (string, content.Locale)
}

// Threads is what the desk reads of talks.
type Threads interface {
	// ThreadByID fails with store.ErrNotFound.
	ThreadByID(ctx context.Context, id store.ThreadID) (store.Thread, error)
	// Entries gives the transcript after the place after, oldest first, at most n.
	Entries(ctx context.Context, id store.ThreadID, after uint64, n int) ([]store.Entry, error)
}

// A Store is what the desk needs of a store; any store.Store is one.
type Store interface {
	Threads
	store.Cases
	store.StaffBook
	store.Small
	store.Counters
	store.Audit
	store.Retention
	// Receipts gives what platforms answered to messages, by job key.
	Receipts(ctx context.Context, id store.ThreadID) (map[string]channels.Receipt, error)
	Media
}

// Media is what the desk reads of files.
type Media interface {
	// Files gives what is known of all files of a thread, by ID.
	Files(ctx context.Context, id store.ThreadID) (map[string]store.File, error)
	// OpenFile gives a file's content, nil if it has none. It fails with
	// store.ErrNotFound and store.ErrNoContent.
	OpenFile(ctx context.Context, id store.ThreadID, file string) (store.File, store.Content, error)
}

// Options are what a Console is made of. Store, Gateway and Phrases must be set.
type Options struct {
	Store   Store
	Gateway Gateway
	Phrases Phrases
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: nothing is logged
	// Secure says that browsers reach the desk over https: the cookie is then
	// bound to this host and never sent in the clear.
	Secure bool
	// Idle is how long a session lives without its member doing anything; 0 is
	// four hours, because a counsellor watches a quiet queue for long.
	Idle time.Duration
	// Backups is what the desk shows and does of backups; nil where there are none.
	Backups Backups
	// Linked is the phone that the desk links and unlinks; nil where WhatsApp's
	// linked devices are not switched on.
	Linked channels.Linked
	// Lifetime is how long a session lives at most; 0 is fourteen hours, a long
	// shift.
	Lifetime time.Duration
}

// A Console is the web desk. It is safe for concurrent use. It is closed before
// its store is, see Close.
type Console struct {
	Options
	sessions *scs.SessionManager
	pages    map[content.Locale]*pages
	tries    *tries
	sent     *sent
	journal  *journal
	leaving  leaving
	waiting  pending    // the recovery key that was shown and is not confirmed
	linking  linking    // the phone that is being linked
	salt     []byte     // of the marks that stand for chats on a page
	staff    sync.Mutex // held while a member is read, changed and put, and while a link is used
	handler  http.Handler
}

// New makes a console. It fails if a template does not parse or a part is missing.
func New(o Options) (*Console, error) {
	if o.Store == nil || o.Gateway == nil || o.Phrases == nil {
		return nil, errors.New("console: store, gateway and phrases must be set")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Idle == 0 {
		o.Idle = 4 * time.Hour
	}
	if o.Lifetime == 0 {
		o.Lifetime = 14 * time.Hour
	}
	c := &Console{Options: o, tries: newTries(), sent: newSent(1024), salt: []byte(rand.Text())}
	var err error
	if c.pages, err = c.parse(); err != nil {
		return nil, err
	}
	c.sessions = c.newSessions()
	c.journal = newJournal(o.Store, o.Log, o.Now)
	c.handler = c.build()
	return c, nil
}

// Handler serves /desk and everything below it.
func (c *Console) Handler() http.Handler { return c.handler }

// mayRead says whether a member may see a thread: those of the member's centres
// and those that no centre has yet. A member without centres sees all.
func mayRead(m store.Member, centre content.CentreID) bool {
	if len(m.Centres) == 0 || centre == "" {
		return true
	}
	for _, id := range m.Centres {
		if id == centre {
			return true
		}
	}
	return false
}

// holds says whether the member holds the case of a thread now.
func holds(m store.Member, th store.Thread) bool {
	return th.Case != nil && th.Case.Status == desk.Held && th.Case.Holder == m.ID
}

// known are the kinds of message that the desk has a word for.
var known = map[channels.Kind]bool{
	channels.Voice: true, channels.Audio: true, channels.Picture: true,
	channels.Video: true, channels.Document: true, channels.Place: true, channels.Contact: true, channels.Sticker: true,
	channels.Reaction: true, channels.Edited: true, channels.Deleted: true, channels.Gone: true, channels.Back: true, channels.Unknown: true,
}
