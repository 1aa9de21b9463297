// SPDX-License-Identifier: GPL-3.0-or-later

// Package gateway is the shell around the pure parts: it reads a thread, has
// search and dialog decide, commits what they decided as one turn, and works
// off the jobs that a turn leaves. An event is acknowledged only after its
// commit; what fails for a reason in itself is committed as a case for a human.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/dialog"
	"sarai/locales"
	"sarai/register"
	"sarai/search"
	"sarai/store"
)

// OldNews is the age from which an event is read together with its neighbours
// and answered with an apology.
const OldNews = 30 * time.Minute

// An Edition is a catalogue and the index that was built from it. A turn takes
// both by one pointer, so that both are of one edition.
type Edition struct {
	Catalogue *content.Catalogue
	Read      func(question string, hint search.Hint) search.Reading
}

// A Store is what the gateway needs of a store.
type Store interface {
	store.Threads
	store.Jobs
	store.Cases
	store.Files
	store.Comments
	Member(ctx context.Context, id desk.StaffID) (store.Member, error)
	Sweep(ctx context.Context, now time.Time) error
	AppendActs(ctx context.Context, acts ...store.Act) error
}

// Options are what a Gateway is made of.
type Options struct {
	Store   Store
	Edition Edition
	Phrases *locales.Phrases
	// Registers are the recruiters' registers; nil: there is none. SetRegisters
	// exchanges them.
	Registers *register.Shelf
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: nothing is logged
	// Centres are those that the installation serves; empty: all of the
	// catalogue.
	Centres []content.CentreID
	// Patience is how long, within hours, the holder of a case may be silent
	// before the program answers again; 0 is 30 minutes.
	Patience time.Duration
	// Keep is how long a quiet talk is kept: after it, counted from the person's
	// or staff's last act, everything is erased unless a case is open. 0 is 90 days.
	Keep time.Duration
	// Files is how much is kept of all files of one talk, in bytes, so that nobody
	// can fill the disk alone; 0 is 512 MB.
	Files int64
	// Copies is how long the installation keeps copies of what is stored: somebody
	// who had all erased is told the day on which they are gone. 0 is not known.
	Copies time.Duration
}

// A Gateway takes in what people send, and has sent what is decided. It is safe
// for concurrent use.
type Gateway struct {
	store    Store
	edition  atomic.Pointer[Edition]
	shelf    atomic.Pointer[register.Shelf]
	phrases  *locales.Phrases
	now      func() time.Time
	log      *slog.Logger
	centres  []content.CentreID
	patience time.Duration
	keep     time.Duration
	files    int64
	copies   time.Duration

	channels map[channels.Name]channels.Channel // set before Run and Accept, then only read
	order    order
	hub      hub
	queue    queue
	wake     chan struct{}
	slots    chan struct{} // bounds the turns under way
	typing   typing
	fetches  chan struct{} // bounds the files that are fetched
	running  running
	stats    Stats
}

// Stats count what the gateway did since it started; all are safe to read at
// any time.
type Stats struct {
	Accepted, Duplicates, Broken, Conflicts atomic.Uint64
	Sent, Failed, Retried                   atomic.Uint64
	Fetched                                 atomic.Uint64
}

// maxTurns bounds the turns that are decided or committed at one time. The
// group commit of a store is best fed with about a thousand (measured on bbolt).
const maxTurns = 1024

// New makes a gateway without channels; see Attach.
func New(o Options) *Gateway {
	g := &Gateway{
		store: o.Store, phrases: o.Phrases, now: o.Now, log: o.Log,
		centres: o.Centres, patience: o.Patience, keep: o.Keep, files: o.Files, copies: o.Copies,
		channels: map[channels.Name]channels.Channel{},
		wake:     make(chan struct{}, 1),
		slots:    make(chan struct{}, maxTurns),
		fetches:  make(chan struct{}, maxFetches),
	}
	if g.now == nil {
		g.now = time.Now
	}
	if g.keep == 0 {
		g.keep = DefaultKeep
	}
	if g.files == 0 {
		g.files = 512 << 20
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.queue.store = o.Store
	g.SetEdition(o.Edition)
	g.SetRegisters(o.Registers)
	return g
}

// Attach adds the channels to send on. Call it before Run and before anything
// is accepted: a channel may need the gateway as its mailbox, so it cannot be
// an option of New.
func (g *Gateway) Attach(chs ...channels.Channel) {
	for _, c := range chs {
		g.channels[c.Name()] = c
	}
}

// SetEdition has later turns decided with another edition.
func (g *Gateway) SetEdition(e Edition) { g.edition.Store(&e) }

// Catalogue is the current content.
func (g *Gateway) Catalogue() *content.Catalogue { return g.edition.Load().Catalogue }

// Stats gives the counters.
func (g *Gateway) Stats() *Stats { return &g.stats }

// memory is what is stored as a thread's state: what dialog remembers, and the
// timers that are set.
type memory struct {
	Dialog json.RawMessage   `json:"dialog,omitempty"`
	Timers map[string]string `json:"timers,omitempty"` // job key by timer name
	Late   uint64            `json:"late,omitempty"`   // first entry of old news not answered yet
	Since  time.Time         `json:"since,omitzero"`   // when the gathering of Late began
	Fast   bool              `json:"fast,omitempty"`   // it began because messages came fast, not late
	Hidden time.Time         `json:"hidden,omitzero"`  // when the talk was last taken off the person's screen
	Count  int               `json:"count,omitempty"`  // messages since Burst
	Burst  time.Time         `json:"burst,omitzero"`   // begin of the time in which Count counts
}

// errState says no more: what the decoder says can quote the state, and is logged.
var errState = errors.New("gateway: a thread's state cannot be read")

func remember(b []byte) (memory, dialog.State, error) {
	var m memory
	if len(b) > 0 && json.Unmarshal(b, &m) != nil {
		return memory{}, dialog.State{}, errState
	}
	s, err := dialog.Decode(m.Dialog)
	return m, s, err
}

func (m memory) encode(s dialog.State) []byte {
	m.Dialog = s.Encode()
	b, err := json.Marshal(m)
	if err != nil { // unreachable: every field marshals
		panic(err)
	}
	return b
}

// A Look is what a list needs of a thread's state.
type Look struct {
	Locale      content.Locale
	Origin      content.Country
	Destination content.Country
	Quiet       bool // not safe to write first
	Erase       time.Time
}

// Look reads a thread's state for a list. A state that cannot be read gives the
// zero Look.
func (g *Gateway) Look(state []byte) Look {
	_, s, err := remember(state)
	if err != nil {
		return Look{}
	}
	return Look{Locale: s.Locale, Origin: s.Origin, Destination: s.Where, Quiet: s.Quiet, Erase: s.Erase}
}

// newID gives a random name of 26 letters and digits.
func newID() string { return strings.ToLower(rand.Text()) }

// centreOf gives the centre of a talk: the only one served, else the only one
// of the person's country, else none: then all see it.
func (g *Gateway) centreOf(c *content.Catalogue, th store.Thread, origin content.Country) content.CentreID {
	if th.Centre != "" {
		return th.Centre
	}
	served := g.centres
	if len(served) == 0 {
		for _, x := range c.Centres() {
			served = append(served, x.ID)
		}
	}
	if len(served) == 1 {
		return served[0]
	}
	var found content.CentreID
	for _, id := range served {
		if x, ok := c.Centre(id); ok && origin != "" && x.Country == origin {
			if found != "" {
				return ""
			}
			found = id
		}
	}
	return found
}

// hub tells who watches that a thread changed. The zero value is ready.
type hub struct {
	mu       sync.Mutex
	watchers map[chan store.ThreadID]struct{}
}

func (h *hub) watch(ctx context.Context) <-chan store.ThreadID {
	c := make(chan store.ThreadID, 64)
	h.mu.Lock()
	if h.watchers == nil {
		h.watchers = map[chan store.ThreadID]struct{}{}
	}
	h.watchers[c] = struct{}{}
	h.mu.Unlock()
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		delete(h.watchers, c)
		close(c)
		h.mu.Unlock()
	})
	return c
}

func (h *hub) changed(id store.ThreadID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.watchers {
		select {
		case c <- id:
		default: // slow: make room for one "read everything again"
			select {
			case <-c:
			default:
			}
			select {
			case c <- "":
			default:
			}
		}
	}
}

// Watch gives the ids of threads that changed, until ctx ends; then the channel
// is closed. A slow reader misses ids and is given "" instead: read everything
// again.
func (g *Gateway) Watch(ctx context.Context) <-chan store.ThreadID { return g.hub.watch(ctx) }

// queue is a short-lived picture of the open cases, so that not every turn reads
// them all.
type queue struct {
	store interface {
		OpenCases(ctx context.Context) ([]store.Row, error)
	}
	mu    sync.Mutex
	at    time.Time
	stale bool
	rows  []store.Row
}

// queueAge bounds how old the picture may be: another replica may have changed it.
const queueAge = time.Second

func (q *queue) forget() {
	q.mu.Lock()
	q.stale = true
	q.mu.Unlock()
}

func (q *queue) open(ctx context.Context, now time.Time) ([]store.Row, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stale || q.at.IsZero() || now.Sub(q.at) > queueAge || now.Before(q.at) {
		rows, err := q.store.OpenCases(ctx)
		if err != nil {
			return nil, err
		}
		q.rows, q.at, q.stale = rows, now, false
	}
	return q.rows, nil
}
