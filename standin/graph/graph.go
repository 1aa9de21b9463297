// SPDX-License-Identifier: GPL-3.0-or-later

// Package graph plays Meta towards a program: a server that answers as the Graph
// API does for one Facebook Page (Messenger, and comments under its posts) and one
// WhatsApp number (Cloud API), refuses what Meta refuses, and posts what people do
// to the program's webhooks, signed. The people are played by a test, through
// Person (Messenger and comments) and Contact (WhatsApp), or by somebody at a desk,
// through the page at the server's root. Nothing leaves the machine: the only thing
// it ever calls are the two webhooks.
//
// What is said about Meta was read in its documentation (developers.facebook.com,
// Graph API v25.0, seen in November 2026) or observed in payloads that others
// published. Where neither says it, the comment says that it is a guess. Where Meta
// speaks of characters, UTF-16 is counted, which is the strictest reading.
//
// It differs knowingly in this: files are not fetched from addresses, only noted;
// a generic template is shown as its words and buttons; templates have no pictures;
// of WhatsApp's fields all come or none; opt-ins, paid messages, products, flows,
// calls and Instagram are not played; the app has Advanced Access, so that
// everybody can write to it; a BSUID stays when a number changes; and the oldest of
// many messages, comments, posts and files are forgotten.
package graph

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"sarai/standin/page"
)

// What an unset option means.
const (
	PageID      = "100000000000017"         // of the Page
	PageName    = "Stand-in Centre"         // of the Page
	PageToken   = "stand-in-page-token"     // opens the Page
	AppID       = "700000000000001"         // of the program, as Meta calls it
	AppSecret   = "stand-in-app-secret"     // signs what comes to the webhooks
	VerifyToken = "stand-in-verify-token"   // for the handshake of the webhooks
	NumberID    = "200000000000023"         // of the WhatsApp number
	AccountID   = "300000000000029"         // of the WhatsApp Business account
	Number      = "15550000001"             // the WhatsApp number itself
	Token       = "stand-in-whatsapp-token" // opens the WhatsApp number
	Version     = "v25.0"                   // of the Graph API
	Inbox       = "263902037430900"         // app id of the Page's own inbox (developers.facebook.com)
)

// Options are what a Server is made of. The zero value is a Page and a number with
// the constants above, on the machine's clock, without limits on speed, whose app
// has every permission and is subscribed to every field.
type Options struct {
	PageID, PageName, PageToken        string
	AppID, AppSecret, VerifyToken      string
	NumberID, AccountID, Number, Token string

	Now func() time.Time
	// Fields are what the Page's app is subscribed to at first; nil is everything
	// and an empty list nothing. What it is not subscribed to is not delivered.
	Fields []string
	// Unheard leaves the app unsubscribed from the WhatsApp account until it
	// subscribes.
	Unheard bool
	// Denied are permissions that neither token has, such as "pages_messaging",
	// "pages_manage_engagement", "whatsapp_business_messaging", and "human_agent"
	// for the feature of that name.
	Denied []string
	// Paced refuses what is sent faster than Meta takes it: 300 a second for the
	// Page, 80 a second for the number, and to one WhatsApp user one in 6 seconds
	// after a burst of 45.
	Paced bool
	// Late reports what WhatsApp refuses because of the person (131026, 131047) as
	// a failed status after an answer 200, as it happens often, and not in the answer.
	Late bool
	// Manual delivers nothing by itself: Deliver does. Otherwise what happens is
	// delivered at once, and again with doubling pauses until it is taken.
	Manual bool
	// Second is how long a second of waiting before another delivery takes; 0 is a
	// second. A test makes it short.
	Second time.Duration
	// Client calls the webhooks; nil is one that never takes a proxy or a redirect
	// and gives up after 20 seconds.
	Client *http.Client
	// Log is told what was refused and which deliveries failed, without tokens,
	// people or words; nil is nobody.
	Log *slog.Logger
}

// A Server is one app with its Page and its number, and all the people who may
// write to them. Make one with New. Its methods and those of what it hands out are
// safe for concurrent use.
type Server struct {
	o     Options
	log   *slog.Logger
	close chan struct{}
	ctx   context.Context // of deliveries; ends with Close
	end   context.CancelFunc

	mu      sync.Mutex
	changes page.Changes
	closed  bool
	address string // of this server, without a slash at its end
	numeric bool
	last    int64 // number that was given last

	people   map[string]*Person // by PSID
	public   map[string]*Person // by the id in comments
	guests   []*Person          // in the order in which they came
	contacts map[string]*Contact
	users    map[string]*Contact // by BSUID
	callers  []*Contact

	posts    []*post
	comments map[string]*comment

	hooks      map[Product]*hook
	together   int
	batch      map[Product][]obj
	deliveries []Delivery
	fields     map[string]bool // of the Page's subscription
	heard      bool            // the WhatsApp account is subscribed

	profile   profile
	templates []*Template
	files     files
	denied    map[string]bool

	faults []*Fault
	calls  []string
	pace   pace
}

// New makes a Server. Close it.
func New(o Options) *Server {
	for field, usual := range map[*string]string{
		&o.PageID: PageID, &o.PageName: PageName, &o.PageToken: PageToken,
		&o.AppID: AppID, &o.AppSecret: AppSecret, &o.VerifyToken: VerifyToken,
		&o.NumberID: NumberID, &o.AccountID: AccountID, &o.Number: Number, &o.Token: Token,
	} {
		if *field == "" {
			*field = usual
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Second == 0 {
		o.Second = time.Second
	}
	if o.Client == nil {
		o.Client = webhookClient()
	}
	if o.Fields == nil {
		o.Fields = pageFields
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Server{
		o: o, log: log, close: make(chan struct{}), ctx: ctx, end: end,
		last:   100,
		people: map[string]*Person{}, public: map[string]*Person{},
		contacts: map[string]*Contact{}, users: map[string]*Contact{},
		comments: map[string]*comment{},
		hooks:    map[Product]*hook{}, batch: map[Product][]obj{},
		fields: map[string]bool{}, heard: !o.Unheard,
		files:  files{byID: map[string]*kept{}},
		denied: map[string]bool{},
		pace:   pace{pairs: map[string]*bucket{}},
	}
	for _, p := range []Product{Messenger, WhatsApp} {
		s.hooks[p] = &hook{s: s, p: p}
	}
	for _, f := range o.Fields {
		s.fields[f] = true
	}
	for _, d := range o.Denied {
		s.denied[d] = true
	}
	return s
}

// Close ends what waits: faults that hang, deliveries. It may be called more than
// once, and comes before the end of the HTTP server, which waits for them.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.close)
	s.end()
	s.touch()
}

// Address tells the server where it is served, such as http://127.0.0.1:8082, for
// the addresses of files in events. Until then it goes by the last request.
func (s *Server) Address(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = strings.TrimSuffix(url, "/")
}

// Await returns once holds says true. It asks again after every change of the
// server, so nobody has to sleep; what happens elsewhere does not wake it, and
// what holds itself changes wakes it for ever. The error is that of ctx.
func (s *Server) Await(ctx context.Context, holds func() bool) error {
	return s.changes.Await(ctx, holds)
}

// touch wakes who waits for a change. The lock is held.
func (s *Server) touch() { s.changes.Add() }

func (s *Server) now() time.Time { return s.o.Now() }

// number gives the next number that nothing else has. The lock is held.
func (s *Server) number() int64 {
	s.last++
	return s.last
}

// Numeric makes ids in the events that follow JSON numbers where they are made of
// digits, and what is usually a number (app_id, num_edit, sticker_id) a string:
// both are observed. false is as documented.
func (s *Server) Numeric(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.numeric = on
}
