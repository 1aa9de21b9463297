// SPDX-License-Identifier: GPL-3.0-or-later

// Package whatsappcloud talks with people on WhatsApp through Meta's Cloud API,
// which needs a number registered with Meta and a contract with it. Its sibling
// for a phone that is linked as a device is another package.
//
// Meta calls the Handler with what happens, and calls again for 7 days until it
// is told that it was kept. What it has called for cannot be asked for once more.
//
// A person has an id of the business that they write to, and mostly a number. An
// Address.ID is "user:" with the first where it is known, since a person with a
// username shows no number, else "phone:" with the second. The other is an alias
// of every event. Whoever gets another number or id is channels.Renamed.
//
// What happens in groups, and to another number of the same account, is counted
// and left. So are talks and address books from before, which a number that is
// also used in WhatsApp's own app may have Meta send. Everything else that is not
// understood arrives as channels.Unknown.
//
// No error, log line or finding of this package holds the token, a secret, an
// address or a word of anybody.
package whatsappcloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// ChannelName is the name of the channel.
const ChannelName channels.Name = "whatsapp-cloud"

// Path is where the Handler is meant to be served, below the public address.
const Path = "/hook/whatsapp"

// What WhatsApp carries (developers.facebook.com/documentation/business-messaging/whatsapp/messages,
// read 2026-07). Lengths are in UTF-16 units, to be sure.
const (
	maxText    = 4096
	maxBody    = 1024 // the words above reply buttons
	maxCaption = 1024
	maxButtons = 3
	maxTitle   = 20 // of a reply button, and of what opens a list
	maxRows    = 10
	maxRow     = 24  // of a row's title
	maxKey     = 200 // of a row's id; a button's may have 256
	maxTag     = 512 // of biz_opaque_callback_data

	maxPicture = 5 << 20  // bytes
	maxAudio   = 16 << 20 // bytes
	maxUpload  = 20 << 20 // bytes of a document; Meta takes 100 MB, what people send ends at 20 here
	maxFetch   = 20 << 20 // bytes of a file that a person sent

	window = 24 * time.Hour // how long after a person's last message free words are taken
)

// Options say how the number is set up. The first four are needed, but for
// AccountID; the rest can be zero.
type Options struct {
	PhoneNumberID string // of the number, as Meta calls it; not the number itself
	Token         string // of a system user, with whatsapp_business_messaging and whatsapp_business_management
	AppSecret     string // of the app: Meta signs with it
	VerifyToken   string // made up by the operator: Meta says it when the webhook is registered
	// AccountID is the WhatsApp Business account. Templates and the subscription
	// are its. "" asks Meta whose the token is, which may have more than one answer.
	AccountID string
	// GraphURL is where Meta answers, with the version. "" is meta.DefaultURL. It
	// must be https unless it is this machine. The token goes there.
	GraphURL string
	// HookURL is the whole public address of the Handler, for Check. "" leaves that out.
	HookURL string

	Reports channels.Reports           // nil: nobody listens to what becomes of messages
	Opener  func(locale string) string // what opens a list of choices, at most 20 characters; nil or "": a sign
	Unpaced bool                       // send as fast as it goes, for measuring against a stand-in

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: nothing is logged
}

// A Channel receives and sends for one number. It is safe for concurrent use.
type Channel struct {
	o     Options
	graph *meta.Graph
	now   func() time.Time
	log   *slog.Logger

	pace      *pace
	heard     *memory
	templates templates
	pauses    pauses

	counts  meta.Counts
	groups  atomic.Uint64
	foreign atomic.Uint64

	mu      sync.Mutex
	trouble Trouble // the newest
	account string  // found by asking
}

// pauses are how long is waited between tries.
type pauses struct {
	first, most time.Duration // after a failure, doubling
	check       time.Duration // how often it is looked whether Meta still calls
}

var (
	_ channels.Webhook   = (*Channel)(nil)
	_ channels.Fetcher   = (*Channel)(nil)
	_ channels.Typer     = (*Channel)(nil)
	_ channels.Checker   = (*Channel)(nil)
	_ channels.Templater = (*Channel)(nil)
)

var idForm = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)

// Check says what is wrong with the options, in words for whoever wrote the
// configuration, or nil. It begins with the key. It asks nobody, and no secret
// stands in its answer.
func (o Options) Check() error {
	switch {
	case o.PhoneNumberID == "":
		return errors.New("phone_number_id is missing: the app's page WhatsApp, API Setup shows it; docs/channels/whatsapp-cloud.md says how")
	case !idForm.MatchString(o.PhoneNumberID):
		return errors.New("phone_number_id is not one of Meta's: it is the number's id from the page API Setup, not the telephone number")
	case o.AccountID != "" && !idForm.MatchString(o.AccountID):
		return errors.New("account_id is not one of Meta's: it is the id of the WhatsApp Business account, digits only")
	case o.Token == "":
		return errors.New("token is missing: make one for a system user; docs/channels/whatsapp-cloud.md says how")
	case o.AppSecret == "":
		return errors.New("app_secret is missing: without it anybody could write in the name of others. The app's page Settings, Basic shows it")
	case o.VerifyToken == "":
		return errors.New("verify_token is missing: make one with 'openssl rand -hex 32'")
	}
	return meta.CheckURL(o.GraphURL)
}

// New makes the channel. It asks nobody; it fails as Options.Check does.
func New(o Options) (*Channel, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("whatsapp_cloud: %w", err)
	}
	graph, err := meta.NewGraph(o.GraphURL, o.Token, o.AppSecret)
	if err != nil {
		return nil, fmt.Errorf("whatsapp_cloud: %w", err)
	}
	c := &Channel{
		o: o, graph: graph, now: o.Now, log: o.Log, pace: newPace(), heard: newMemory(), account: o.AccountID,
		pauses: pauses{first: 10 * time.Second, most: time.Hour, check: time.Hour},
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// Name is "whatsapp-cloud".
func (c *Channel) Name() channels.Name { return ChannelName }

// Limits are WhatsApp's own. The window is the same for a program and for staff:
// after it, only a template is taken.
func (c *Channel) Limits() channels.Limits {
	return channels.Limits{
		Text: maxText, Caption: maxCaption, Options: maxRows, Label: maxTitle,
		Window: window, Human: window, Upload: maxUpload,
	}
}

// Handler serves Meta's calls. It answers 200 once sink took what people did and
// Options.Reports what became of messages, else 503, and Meta calls again. Whoever
// does not know the app secret learns nothing and changes nothing.
func (c *Channel) Handler(sink channels.Sink) http.Handler {
	return meta.Hook{
		Object: "whatsapp_business_account", AppSecret: c.o.AppSecret, VerifyToken: c.o.VerifyToken,
		Read: c.read, Whose: whose, Reports: c.o.Reports, Counts: &c.counts, Log: c.log,
	}.Handler(sink)
}

// whose gives the first person who sent something in an event.
func whose(e meta.Event) channels.Address {
	var x struct {
		Messages []struct {
			From meta.ID `json:"from"`
			User meta.ID `json:"from_user_id"`
		} `json:"messages"`
	}
	if json.Unmarshal(e.Body, &x) != nil || len(x.Messages) == 0 {
		return channels.Address{}
	}
	p := personOf(x.Messages[0].User, x.Messages[0].From)
	if len(p.addresses()) == 0 {
		return channels.Address{}
	}
	return p.address()
}

// read reads an event, and does what can be done at once: it tells the operator
// what Meta says of the account, and remembers which message can be marked as read.
func (c *Channel) read(e meta.Event) meta.Reading {
	r := read(c.o.PhoneNumberID, e)
	c.groups.Add(uint64(r.groups))
	c.foreign.Add(uint64(r.foreign))
	for _, n := range r.notes {
		c.tell(n)
	}
	for _, t := range r.trouble {
		c.worry(t)
	}
	for _, h := range r.heard {
		c.heard.put(h)
	}
	return r.Reading
}

// Counts are what the channel has left since the start, beside what its webhook
// counts. They say nothing of anybody.
type Counts struct {
	*meta.Counts
	Groups  uint64 // things that happened in groups
	Foreign uint64 // things that happened to another number
}

// Counts gives the present numbers.
func (c *Channel) Counts() Counts {
	return Counts{Counts: &c.counts, Groups: c.groups.Load(), Foreign: c.foreign.Load()}
}
