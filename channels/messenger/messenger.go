// SPDX-License-Identifier: GPL-3.0-or-later

// Package messenger talks with people through a Facebook Page: in Messenger, and
// in the comments under the Page's posts.
//
// An Address.ID is the person's number for this Page (PSID), or "comment:" and the
// number of a comment. A message to a comment is the one private reply that Meta
// allows; its receipt tells the person's own address. The number by which
// somebody comments is another than the one by which they write: nothing but
// that reply joins the two.
//
// Messages that the Page sent and Sarai did not, from its inbox in Facebook for
// instance, arrive as what staff wrote there. What Sarai sent itself comes back
// too; it carries the key of the message, so an answer that was lost on the way
// is told as a report.
//
// Meta lets a program write for 24 hours after the person did, and staff for
// seven days under a tag that says so. Send holds to it by itself: what a program
// wrote never carries the tag, and what comes too late is not sent at all.
//
// The rules and numbers are Meta's (developers.facebook.com/docs/messenger-platform
// and docs/graph-api, read 2026-11) unless something else is said. No error, log
// line or finding of this package holds a token, a secret, an address or a word
// of anybody.
package messenger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// ChannelName is the name of the channel.
const ChannelName channels.Name = "messenger"

// Path is where the webhook is meant to be served, below the public address.
const Path = "/hook/messenger"

// What Messenger carries.
const (
	// maxText is what one message of Messenger may have: "less than 2000
	// characters". Counted in UTF-16 units it is so in every way of counting
	// characters.
	maxText = 1990
	// limitText is what the channel says that it carries: it leaves room for the
	// addresses of links, which stand in the text here, and for marks of direction.
	limitText    = 1800
	maxOptions   = 13
	maxLabel     = 20
	maxKey       = 1000     // characters of a choice's key
	maxMetadata  = 1000     // characters
	maxUpload    = 25 << 20 // bytes
	maxPicture   = 8 << 20  // bytes; above it a picture goes as a file
	maxDownload  = 25 << 20 // bytes
	window       = 24 * time.Hour
	windowHumans = 7 * 24 * time.Hour
)

// Options say how the Page is set up. Those without a remark are needed.
type Options struct {
	PageID      string
	PageToken   string // of the Page, from a system user; it goes to GraphURL and nowhere else
	AppSecret   string // signs what Meta sends
	VerifyToken string // any word, the same as in the app's settings
	AppID       string // by which own messages that come back are known; "": by their key alone
	GraphURL    string // where Meta answers, with the version; "" is meta.DefaultURL. https, or this machine
	WebhookURL  string // the whole public address of the Handler, for Check; "": it is not tried
	Comments    bool   // comments are received and answered
	Words       []Words
	Reports     channels.Reports  // nil: nobody listens
	Notebook    channels.Notebook // nil: what was missed is known only since the start
	Unpaced     bool              // sends on where Meta asked for a pause: for a stand-in

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: nothing is logged
}

// A Channel is a Page. It is safe for concurrent use.
type Channel struct {
	o      Options
	graph  *meta.Graph
	reader reader
	counts meta.Counts
	ledger ledger
	rest   time.Duration // between two looks at the subscriptions
	short  time.Duration // after a look that failed, doubling
	held   atomic.Int64  // Unix nanoseconds until which Meta wants no messages
	bytes  atomic.Bool   // Meta counts a text in bytes, as it has shown
}

var (
	_ channels.Webhook   = (*Channel)(nil)
	_ channels.Fetcher   = (*Channel)(nil)
	_ channels.Typer     = (*Channel)(nil)
	_ channels.Checker   = (*Channel)(nil)
	_ channels.Commenter = (*Channel)(nil)
)

var (
	digits = regexp.MustCompile(`^[0-9]{1,30}$`)
	secret = regexp.MustCompile(`^[!-~]{1,1000}$`)
	// Meta's numbers are digits, and two of them with a line between for comments.
	// Letters would do no harm; what has a meaning in an address would.
	personID  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	commentID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
)

// Check says what is wrong with the options, in words for whoever wrote the
// configuration, or nil. It asks nobody, and no secret stands in its answer.
func (o Options) Check() error {
	switch {
	case !digits.MatchString(o.PageID):
		return errors.New("page_id is missing or not a number: it stands in the Page's settings, under About")
	case !secret.MatchString(o.PageToken):
		return errors.New("page_token is missing or not one: make it in the business settings, for a system user")
	case !secret.MatchString(o.AppSecret):
		return errors.New("app_secret is missing or not one: it stands in the app's settings, under Basic. Without it anybody could write in the name of others")
	case !secret.MatchString(o.VerifyToken):
		return errors.New("verify_token is missing or not one: make it with 'openssl rand -hex 16', and put the same into the app's settings for webhooks")
	case o.AppID != "" && !digits.MatchString(o.AppID):
		return errors.New("app_id is not a number: it stands in the app's settings, under Basic")
	}
	return meta.CheckURL(o.GraphURL)
}

// New makes the channel. It asks nobody; it fails as Options.Check does.
func New(o Options) (*Channel, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("messenger: %w", err)
	}
	graph, err := meta.NewGraph(o.GraphURL, o.PageToken, o.AppSecret)
	if err != nil {
		return nil, fmt.Errorf("messenger: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Notebook == nil {
		o.Notebook = &memory{}
	}
	return &Channel{
		o: o, graph: graph, rest: time.Hour, short: 10 * time.Second,
		reader: reader{page: meta.ID(o.PageID), app: meta.ID(o.AppID), comments: o.Comments, ofMeta: graph.OfMeta},
	}, nil
}

// Name is "messenger".
func (c *Channel) Name() channels.Name { return ChannelName }

// Limits are Messenger's. For the private reply to a comment the window is
// channels.PrivateWithin, for a program too.
func (c *Channel) Limits() channels.Limits {
	return channels.Limits{
		Text: limitText, Caption: limitText, Options: maxOptions, Label: maxLabel,
		Window: window, Human: windowHumans, Upload: maxUpload,
	}
}

// Counts are what the webhook has seen since the start.
func (c *Channel) Counts() *meta.Counts { return &c.counts }

// Handler serves Meta's calls, as meta.Hook says.
func (c *Channel) Handler(sink channels.Sink) http.Handler {
	return meta.Hook{
		Object: "page", AppSecret: c.o.AppSecret, VerifyToken: c.o.VerifyToken,
		Read: c.read, Whose: c.whose, Reports: c.o.Reports, Counts: &c.counts, Log: c.o.Log,
	}.Handler(sink)
}

// whose gives the person who sent an event; nobody for what the Page itself did.
func (c *Channel) whose(e meta.Event) channels.Address {
	var x struct {
		Sender struct {
			ID meta.ID `json:"id"`
		} `json:"sender"`
	}
	if json.Unmarshal(e.Body, &x) != nil || string(x.Sender.ID) == c.o.PageID || !personID.MatchString(string(x.Sender.ID)) {
		return channels.Address{}
	}
	return address(x.Sender.ID)
}

// read reads an event, and notes of what came back how far it got. A line of our
// own under a post that comes back without a name is known by its words: it must
// not be answered.
func (c *Channel) read(e meta.Event) meta.Reading {
	r := c.reader.read(e, c.o.Now())
	r.In = slices.DeleteFunc(r.In, func(in channels.Inbound) bool {
		own := in.Kind == channels.Comment && in.Comment.Person == "" && c.ledger.note(lineKey+hash(in.Text), func(*progress) {}).whole
		if own {
			r.Ignored++
		}
		return own
	})
	for _, m := range r.marks {
		c.ledger.arrived(m)
	}
	if r.policy != "" {
		c.o.Log.Error("messenger: Meta acts against the Page: look at its Page Quality, in Facebook", "action", r.policy)
	}
	return r.Reading
}

// Fetch opens a file that a person sent, from Meta's own hosts only and at most
// 25 MB. Its address lives for some days; then it fails as Rejected.
func (c *Channel) Fetch(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	if m.Size > maxDownload {
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than is kept"}
	}
	return c.graph.Fetch(ctx, m.Ref, maxDownload, false)
}

const commentPrefix = "comment:"

func address(id meta.ID) channels.Address {
	return channels.Address{Channel: ChannelName, ID: string(id)}
}

// ofComment is the address of whoever wrote a comment, as far as it is known.
func ofComment(id meta.ID) channels.Address { return address(commentPrefix + id) }

// target gives what Meta calls an address: a person or a comment.
func target(a channels.Address) (person, comment string, bad *channels.SendError) {
	if comment, ok := strings.CutPrefix(a.ID, commentPrefix); ok && a.Channel == ChannelName && commentID.MatchString(comment) {
		return "", comment, nil
	}
	if a.Channel != ChannelName || !personID.MatchString(a.ID) {
		return "", "", &channels.SendError{Problem: channels.Rejected, Cause: "the address is neither a person's on Messenger nor a comment's"}
	}
	return a.ID, "", nil
}

// isLink says whether an address can be shown as one.
func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
