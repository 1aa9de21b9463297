// SPDX-License-Identifier: GPL-3.0-or-later

// Package web is the website chat: a page, the calls that it makes, and a script
// that puts it into a corner of other pages.
//
// The person is known by a random token that the page keeps and sends in a
// header: never a cookie, never part of an address. An Address.ID is the SHA-256
// of the token, so that what is stored opens nothing. No platform keeps the
// messages, so the page reads them from a channels.Mailbox, which is the truth;
// Send only wakes the pages that wait. Files lie in a channels.Cabinet, in which
// one is durable before the message that names it is taken.
//
// The page asks nothing of anybody but this server: a person whose country
// blocks every messenger needs one address that works.
package web

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"sarai/channels"
)

// ChannelName is the name of the website chat.
const ChannelName channels.Name = "web"

// A Rate is how often something may be done: Burst times at once, and once more
// with every Every that passes. The zero Rate stands for the default.
type Rate struct {
	Every time.Duration
	Burst int
}

// The default rates. Whole cities share one address behind a mobile operator, so
// what counts by address is generous, and what counts by talk is what a person
// can type.
var (
	// defaultChats lets sixty people behind one address begin at once and then
	// two a minute.
	defaultChats = Rate{30 * time.Second, 60}
	// defaultMessages lets a queue of thirty kept messages go at once, then one
	// in two seconds.
	defaultMessages = Rate{2 * time.Second, 30}
	// defaultReads lets a page catch up with a long talk, then read twice a second.
	defaultReads = Rate{500 * time.Millisecond, 40}
	// defaultTries lets somebody mistype a code ten times, then once a minute. At
	// that rate a million addresses try 5·10¹¹ codes a year, of 1.7·10¹⁸.
	defaultTries = Rate{time.Minute, 10}
	// defaultFiles lets somebody send an album and then two files a minute, tries
	// over a line that breaks counted.
	defaultFiles = Rate{30 * time.Second, 30}
	// defaultBytes are counted in kilobytes: three hundred megabytes at once, of a
	// talk or from one address, then six a minute, which is eight gigabytes a day.
	defaultBytes = Rate{10 * time.Millisecond, 300_000}
)

// Options say how the chat is set up. Mailbox is needed, the rest can be zero.
type Options struct {
	// Mailbox keeps the talks.
	Mailbox channels.Mailbox
	// Cabinet keeps the files; nil: the chat carries none.
	Cabinet channels.Cabinet
	// MaxFile is how large one may be, in bytes; 0 is the constant MaxFile. It is
	// no more than the Cabinet takes.
	MaxFile int64
	// Origins are the websites that may show the chat in a frame, as
	// "https://example.org". One that CheckOrigin refuses is left out.
	Origins []string
	// Proxies are the addresses whose X-Forwarded-For is believed. Loopback
	// always is.
	Proxies []netip.Prefix

	Chats    Rate // new talks from one client address
	Messages Rate // messages of one talk
	Reads    Rate // readings of one talk
	Tries    Rate // codes and keys that reach no talk, from one client address
	Files    Rate // files of one talk
	Bytes    Rate // kilobytes of files, of one talk and of one client address

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: nothing is logged
}

// A Channel is the website chat. Make it with New. It is safe for concurrent use.
type Channel struct {
	mailbox channels.Mailbox
	cabinet channels.Cabinet // nil: no files
	maxFile int64
	origins []string
	proxies []netip.Prefix
	now     func() time.Time
	log     *slog.Logger
	hub     *hub
	assets  *assets

	chats, messages, reads, tries, files, bytes *buckets
	slots                                       slots
}

var (
	_ channels.Webhook = (*Channel)(nil)
	_ channels.Clearer = (*Channel)(nil)
)

// New makes the website chat.
func New(o Options) *Channel {
	c := &Channel{
		mailbox:  o.Mailbox,
		cabinet:  o.Cabinet,
		maxFile:  o.MaxFile,
		proxies:  o.Proxies,
		now:      o.Now,
		log:      o.Log,
		hub:      newHub(),
		chats:    newBuckets(o.Chats, defaultChats),
		messages: newBuckets(o.Messages, defaultMessages),
		reads:    newBuckets(o.Reads, defaultReads),
		tries:    newBuckets(o.Tries, defaultTries),
		files:    newBuckets(o.Files, defaultFiles),
		bytes:    newBuckets(o.Bytes, defaultBytes),
	}
	if c.maxFile == 0 {
		c.maxFile = MaxFile
	}
	if c.cabinet == nil {
		c.maxFile = 0
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	for _, s := range o.Origins {
		if err := CheckOrigin(s); err != nil {
			c.log.Warn("web chat: an origin is left out", "err", err)
			continue
		}
		c.origins = append(c.origins, s)
	}
	c.assets = newAssets(c.maxFile)
	return c
}

// Name is "web".
func (c *Channel) Name() channels.Name { return ChannelName }

// Limits are none but for files: the page shows whatever the program says, at any
// time.
func (c *Channel) Limits() channels.Limits { return channels.Limits{Upload: c.maxFile} }

// Send wakes the pages that wait at out.To. The message itself is in the
// mailbox by then; a page that does not wait now reads it when it comes back.
func (c *Channel) Send(_ context.Context, out channels.Outbound) (channels.Receipt, error) {
	if out.To.Channel != ChannelName {
		return channels.Receipt{}, &channels.SendError{Problem: channels.Rejected, Cause: "the address is not one of the website chat"}
	}
	c.Wake(out.To)
	return channels.Receipt{}, nil
}

// Wake makes the pages that wait at an address look into the mailbox. Somebody
// who uses two phones has two addresses; Send wakes the one it is given, Wake
// can be called for the other, which else looks after half a minute by itself.
func (c *Channel) Wake(a channels.Address) { c.hub.wake(a.ID) }

// Clear wakes the pages of an address, which then take off everything up to the
// place that the mailbox says is cleared. Everything goes: a page shows only
// what the mailbox gives it.
func (c *Channel) Clear(_ context.Context, to channels.Address, _ []string) (bool, error) {
	c.Wake(to)
	return true, nil
}

// Close answers all pages that wait, and lets none wait from now on. It is for
// http.Server.RegisterOnShutdown, so that stopping does not take as long as a
// page waits.
func (c *Channel) Close() { c.hub.close() }
