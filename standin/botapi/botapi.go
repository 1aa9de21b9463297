// SPDX-License-Identifier: GPL-3.0-or-later

// Package botapi plays Telegram towards a bot: a server that answers as the Bot
// API does, refuses what it refuses in its words, and delivers what people do by
// getUpdates or by webhook. The people are played by a test, through Person, or
// by somebody at a desk, through the page at the server's root. Nothing leaves
// the machine: the only thing it ever calls is the bot's webhook.
//
// What is said about Telegram here was read in the Bot API's documentation of
// version 10.1 and in the source of Telegram's own server
// (github.com/tdlib/telegram-bot-api of May 2026 and the tdlib below it).
// Where neither says it, the comment says that it is a guess.
//
// It differs knowingly in this: message ids of private chats are numbered over all
// people; Markdown is refused as an unsupported parse_mode; a call in the answer to a webhook is
// not carried out; entities that Telegram finds by itself (addresses, numbers)
// are not marked, except commands; files are not fetched from addresses; whoever
// asks again with the same offset within half a second gets all and not one
// update, and a second conflict comes at once and not after three seconds; and
// messages beyond the last few hundred of a chat are forgotten.
package botapi

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"sarai/standin/page"
)

// What an unset option means.
const (
	// Token is the token of a bot that nobody else has.
	Token = "7000000:stand-in-for-telegram"
	// Username is the name by which people find that bot.
	Username = "sarai_stand_in_bot"

	keptMessages = 300       // of one chat
	keptBytes    = 256 << 20 // of all files that can be fetched
)

// Options are what a Server is made of. The zero value is a bot with the token
// Token on the machine's clock, without limits on speed.
type Options struct {
	Token    string // "" is Token; the digits before the colon are the bot's id
	Username string // "" is Username
	Now      func() time.Time
	// Paced refuses by 429 what is sent faster than Telegram takes it: 30 a second
	// in all, and 1 a second to one chat after a burst of 3.
	Paced bool
	// Keep is how many messages of a chat are remembered; 0 is 300, less is none.
	// Where none are, every message can be edited and deleted once.
	Keep int
	// Second is how long a second of waiting before another delivery to a webhook
	// takes; 0 is a second. A test makes it short.
	Second time.Duration
	// Client calls the webhook; nil is one that never takes a proxy or a redirect.
	Client *http.Client
	// Log is told what was refused and which deliveries failed, without tokens,
	// people or words; nil is nobody.
	Log *slog.Logger
}

// A Server is one bot and all the people who may talk with it. Make one with
// New. Its methods and those of what it hands out are safe for concurrent use.
type Server struct {
	o     Options
	me    wireUser
	log   *slog.Logger
	close chan struct{}

	mu      sync.Mutex
	changes page.Changes
	closed  bool

	people      map[int64]*Person
	groups      map[int64]*Group
	order       []int64 // people in the order in which they came
	lastMessage int
	lastNumber  int64 // of callback queries, files and albums
	presses     map[string]press
	pressed     []string // ids of presses, oldest first

	updates updates
	poll    *poll
	hook    *hook
	allowed map[string]bool // nil: the defaults

	faults   []*Fault
	calls    map[string]int
	files    files
	settings settings
	pace     pace
}

// New makes a Server. Close it.
func New(o Options) *Server {
	if o.Token == "" {
		o.Token = Token
	}
	if o.Username == "" {
		o.Username = Username
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Keep == 0 {
		o.Keep = keptMessages
	}
	if o.Second == 0 {
		o.Second = time.Second
	}
	if o.Client == nil {
		o.Client = webhookClient()
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	number, _, _ := strings.Cut(o.Token, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		id = 7000000 // the token is refused by nobody here; a bot has an id all the same
	}
	return &Server{
		o: o, log: log, close: make(chan struct{}),
		me:       wireUser{ID: id, Bot: true, FirstName: "Stand-in", Username: o.Username},
		people:   map[int64]*Person{},
		groups:   map[int64]*Group{},
		presses:  map[string]press{},
		calls:    map[string]int{},
		updates:  updates{next: firstUpdate},
		files:    newFiles(),
		settings: newSettings(),
		pace:     pace{chats: map[int64]*bucket{}},
	}
}

// Close ends what waits: long polls, silent faults, deliveries. It may be called
// more than once, and comes before the end of the HTTP server, which waits for them.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.close)
	s.unhook()
	s.touch()
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
	s.lastNumber++
	return s.lastNumber
}

// Calls is how often a method was called with the right token, faults included.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[strings.ToLower(method)]
}
