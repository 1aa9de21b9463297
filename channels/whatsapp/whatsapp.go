// SPDX-License-Identifier: GPL-3.0-or-later

// Package whatsapp talks with people through WhatsApp as a further device of a
// centre's phone, by go.mau.fi/whatsmeow.
//
// Nothing is lost: a message is acknowledged only after the sink took it. The
// ratchet of the encryption moves before that, so its plaintext waits in the
// device's file, in the same transaction as the ratchet, until the sink has it; what
// the sink did not take comes again on a new connection, which a failure brings
// about. All that arrives after a failure waits for that connection too, so that
// nobody's messages change their order.
//
// An Address.ID is the number that WhatsApp calls a person by, "<digits>@lid", and
// their telephone number, "<digits>@s.whatsapp.net", is an alias, or the address as
// long as WhatsApp gives no other.
//
// The phone has a life of its own. Groups, channels, status updates and talks from
// before the link are never read, stored or answered: what arrives from there is
// acknowledged and forgotten. Which talks were there before is learned from what the
// phone tells a new device, ids and names only. Nobody is written to who has not
// written first.
//
// What the device needs (keys, sessions, which talks are private) lies in a SQLite
// file of its own, not sealed; see docs/privacy.md. One process has it at a time.
//
// The library's own log holds people and words and is dropped. No error, log line
// or finding of this package holds an address, a name, a word or a key.
package whatsapp

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"

	"sarai/channels"
)

// ChannelName is the name of the channel.
const ChannelName channels.Name = "whatsapp"

// What a message carries.
const (
	maxText     = 4000     // UTF-16 units; WhatsApp takes 65,536, nobody reads that on a phone
	maxCaption  = 1024     // the same under a file
	maxUpload   = 16 << 20 // bytes; WhatsApp's own limit for pictures and recordings
	maxDownload = 32 << 20 // bytes of a file from a person: it is held in memory
)

// Options say how the device is set up. Path is needed, the rest can be zero.
type Options struct {
	// Path is the device's file. It is made, with mode 0600, where it is not there.
	Path string
	// Endpoint is a stand-in on this machine, "http://127.0.0.1:8083"; "" is WhatsApp.
	Endpoint string
	// RootKey is the stand-in's key, 64 hexadecimal digits. It is set with Endpoint and
	// only then. whatsmeow has one such key for the whole process: all channels of a
	// process must have the same one, and none may talk to WhatsApp itself beside it.
	RootKey string
	// Reports is told how far messages came; nil: nobody is.
	Reports channels.Reports
	// Unpaced sends as fast as it can, for tests and stand-ins: WhatsApp bans who does.
	Unpaced bool

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: nothing is logged
}

// Check says what is wrong with the options, in words for whoever wrote the
// configuration, or nil. It opens nothing.
func (o Options) Check() error {
	if o.Path == "" {
		return errors.New("the device has no file")
	}
	if o.Endpoint == "" && o.RootKey == "" {
		if o.Unpaced {
			return errors.New("paced = false is only for a stand-in on this machine: WhatsApp bans who sends too fast")
		}
		return nil
	}
	if _, err := o.dial(); err != nil {
		return err
	}
	if k, err := hex.DecodeString(o.RootKey); err != nil || len(k) != 32 {
		return errors.New("root_key must be the 64 hexadecimal digits that the stand-in prints")
	}
	return nil
}

// dial gives the address of the stand-in.
func (o Options) dial() (string, error) {
	addr := strings.TrimSuffix(strings.TrimPrefix(o.Endpoint, "http://"), "/")
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", errors.New("endpoint must be the address that the stand-in prints, such as http://127.0.0.1:8083")
	}
	if a, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !a.IsLoopback()) {
		return "", errors.New("endpoint must be on this machine: it is for a stand-in, and whoever is there reads everything")
	}
	return addr, nil
}

// pauses are how long is waited for what.
type pauses struct {
	first, most time.Duration // after a failure, doubling
	lock        time.Duration // between tries for a file that another process has
	settle      time.Duration // after linking, for the phone to tell which talks it has
	ack         time.Duration // for WhatsApp to take a message
	login       time.Duration // for a device that was linked to come in
	reupload    time.Duration // for the phone to send a file once more
	unreadable  time.Duration // for a message that could not be read to come again
	rounds      time.Duration // between looks at what waits
	scrub       time.Duration // between clearings of the file
	empty       time.Duration // between looks whether the log beside it is to be emptied
	ban         time.Duration // after a ban of unknown length
}

func usual() pauses {
	return pauses{
		first: time.Second, most: time.Minute, lock: 5 * time.Second,
		settle: 5 * time.Minute, ack: 20 * time.Second, login: time.Minute,
		reupload: 20 * time.Second, unreadable: 15 * time.Minute,
		rounds: time.Minute, scrub: 10 * time.Minute, empty: 2 * time.Second, ban: time.Hour,
	}
}

// A Channel is the device. Make it with New and Close it. It is safe for
// concurrent use.
type Channel struct {
	path    string
	http    *http.Client // to the stand-in; nil is WhatsApp
	reports channels.Reports
	unpaced bool
	now     func() time.Time
	log     *slog.Logger
	pace    *pace
	pauses  pauses

	putting sync.Mutex    // held while the standing changes
	one     chan struct{} // held by the session that runs: a device has one connection

	mu        sync.Mutex
	file      *file // nil while another process has it
	closed    bool
	standing  channels.Standing
	last      time.Time // when it was connected at last
	changed   chan struct{}
	session   *session
	listening bool
	linking   bool
	pairing   bool // and its device must not connect yet
	wake      chan struct{}
}

var (
	_ channels.Listener = (*Channel)(nil)
	_ channels.Linked   = (*Channel)(nil)
	_ channels.Clearer  = (*Channel)(nil)
	_ channels.Fetcher  = (*Channel)(nil)
	_ channels.Typer    = (*Channel)(nil)
	_ channels.Checker  = (*Channel)(nil)

	_ channels.Forgetter = (*Channel)(nil)
)

// prepare sets up what the libraries have one of for the whole process: who logs,
// and how the device is called on the phone.
var prepare = sync.OnceFunc(func() {
	var mute logger.Loggable = silence{}
	logger.Setup(&mute)
	store.DeviceProps.Os = proto.String("Sarai")
	store.DeviceProps.PlatformType = waCompanionReg.DeviceProps_DESKTOP.Enum()
})

// New makes the channel and opens the device's file. Where another process has the
// file the channel stands as Locked, and Listen waits for it. It fails as
// Options.Check does, and where the file cannot be read or made.
func New(o Options) (*Channel, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("whatsapp: %w", err)
	}
	prepare()
	c := &Channel{
		path: o.Path, reports: o.Reports, unpaced: o.Unpaced, now: o.Now, log: o.Log, pace: newPace(), pauses: usual(),
		changed: make(chan struct{}), wake: make(chan struct{}, 1), one: make(chan struct{}, 1),
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if o.Endpoint != "" {
		addr, err := o.dial()
		if err != nil {
			return nil, fmt.Errorf("whatsapp: %w", err)
		}
		key, _ := hex.DecodeString(o.RootKey) // checked
		if root := [32]byte(key); whatsmeow.WACertPubKey != root {
			whatsmeow.WACertPubKey = root
		}
		c.http = inClear(addr)
	}
	if _, err := c.open(context.Background()); err != nil && !errors.Is(err, errLocked) {
		return nil, fmt.Errorf("whatsapp: %w", err)
	}
	return c, nil
}

// inClear is a client whose every connection goes in clear to one address of this
// machine, whatever it asks for.
func inClear(addr string) *http.Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DialTLSContext: dial, IdleConnTimeout: time.Minute}}
}

// open opens the file where it is not open yet, and reads how the device stood.
func (c *Channel) open(ctx context.Context) (*file, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, errors.New("the channel is closed")
	case c.file != nil:
		return c.file, nil
	}
	f, err := openFile(ctx, c.path)
	if errors.Is(err, errLocked) {
		c.set(channels.Standing{Code: channels.Locked, Since: c.now()})
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	st, last, err := f.standing(ctx)
	if err != nil {
		f.close()
		return nil, err
	}
	d, err := f.device(ctx)
	if err != nil {
		f.close()
		return nil, err
	}
	switch {
	case st.Code != "":
	case d != nil:
		st = channels.Standing{Code: channels.Joining, Since: c.now()}
	default:
		st = channels.Standing{Code: channels.Unlinked, Since: c.now()}
	}
	c.file, c.last = f, last
	c.set(st)
	return f, nil
}

// Close closes the device's file, after what is under way. The channel is of no use
// afterwards; Listen should have ended before.
func (c *Channel) Close() error {
	c.mu.Lock()
	f, s := c.file, c.session
	c.file, c.closed = nil, true
	c.mu.Unlock()
	if s != nil {
		s.stop()
	}
	if f == nil {
		return nil
	}
	return f.close()
}

// Name is "whatsapp".
func (c *Channel) Name() channels.Name { return ChannelName }

// Limits are chosen for phones, below WhatsApp's own. There are no buttons: choices
// are numbered lines under the words. There is no window; who has written once can
// be answered at any time.
func (c *Channel) Limits() channels.Limits {
	return channels.Limits{Text: maxText, Caption: maxCaption, Upload: maxUpload}
}

// wait waits, or says false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
