// SPDX-License-Identifier: GPL-3.0-or-later

// Package telegram talks with people through a bot of Telegram.
//
// Receiving is its own: an update is confirmed to Telegram, whether fetched or
// pushed, only after the sink took it. A Poller fetches and needs no public
// address; a Hook is called by Telegram. Sending goes through the methods of
// github.com/go-telegram/bot.
//
// An Address.ID is the number of a private chat, which is the person's own. The
// bot serves nobody in groups: it says one line there and leaves.
//
// Updates after which nobody waits for an answer are confirmed and passed on to
// nobody: what was pinned, a chat's background or timer for deleting, topics of
// a chat, the permission to write, messages of other bots, and whatever happens in
// groups. Everything else that is not understood arrives as channels.Unknown.
//
// The token is part of every address that Telegram has. No error, log line or
// finding of this package holds it, nor a chat's number or a word of anybody.
package telegram

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-telegram/bot"

	"sarai/channels"
)

// ChannelName is the name of the channel.
const ChannelName channels.Name = "telegram"

// Path is where a Hook is meant to be served, below the public address.
const Path = "/hook/telegram"

// DefaultURL is where Telegram answers.
const DefaultURL = "https://api.telegram.org"

// What Telegram carries (core.telegram.org/bots/api, read 2026-11).
const (
	maxText     = 4096     // UTF-16 units after the markup is taken out
	maxCaption  = 1024     // the same under a file
	maxButtons  = 100      // observed: the documentation gives no number
	maxKey      = 64       // bytes of a button's key
	maxPhoto    = 10 << 20 // bytes; above it a picture goes as a document
	maxUpload   = 20 << 20 // Telegram takes 50 MB; what it gives back ends at 20
	maxDownload = 20 << 20 // bytes of a file that getFile gives
)

// Options say how the bot is set up. Token is needed, the rest can be zero.
type Options struct {
	// Token is the bot's, from BotFather: "123456:ABC…".
	Token string
	// APIURL is where Telegram answers. "" is DefaultURL. It must
	// be https unless it is this machine. The token goes there and nowhere else.
	APIURL string
	// WebhookURL is the whole public https address of the Hook's handler. "" means
	// that a Poller fetches.
	WebhookURL string
	// SecretToken is what Telegram sends with each call of the Hook. With a
	// WebhookURL it is needed, without one it is not used.
	SecretToken string
	// Words are what Setup shows and what a group is told, by language. The first
	// ones are also for all languages that are not listed.
	Words []Words
	// Unpaced sends as fast as it can, for measuring against a stand-in.
	Unpaced bool

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: nothing is logged
}

// A Channel sends to Telegram. It receives through the Poller or the Hook that
// is made of it. It is safe for concurrent use.
type Channel struct {
	token   string
	url     string
	webhook string
	secret  string
	id      string // the bot's number, which is no secret
	words   []Words
	unpaced bool
	now     func() time.Time
	log     *slog.Logger

	api    *bot.Bot
	client *http.Client
	pace   *pace
	pauses pauses

	background chan struct{} // one for each small thing under way that nobody waits for
	mu         sync.Mutex
	leaving    map[int64]bool // groups that the bot is leaving now
}

// pauses are how long is waited between tries.
type pauses struct {
	first, most time.Duration // after a failure, doubling
	poll        time.Duration // how long Telegram holds a question for updates
	grace       time.Duration // how much longer an answer may take
	arrange     time.Duration // how often it is looked whether the webhook is as it should be
}

var (
	_ channels.Channel       = (*Channel)(nil)
	_ channels.RecentClearer = (*Channel)(nil)
	_ channels.Fetcher       = (*Channel)(nil)
	_ channels.Typer         = (*Channel)(nil)
	_ channels.Checker       = (*Channel)(nil)
)

var (
	tokenForm  = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{1,200}$`)
	secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
)

// Check says what is wrong with the options, in words for whoever wrote the
// configuration, or nil. It asks nobody, and no secret stands in its answer.
func (o Options) Check() error {
	if !tokenForm.MatchString(o.Token) {
		return errors.New("token is not one of a bot: BotFather gives it as digits, a colon and letters")
	}
	if o.APIURL != "" {
		u, err := url.Parse(o.APIURL)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
			(u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname()))) {
			return errors.New("api_url must be an https address, or one of this machine: the token goes there")
		}
	}
	if o.WebhookURL == "" {
		return nil
	}
	u, err := url.Parse(o.WebhookURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname()))) {
		return errors.New("mode = \"webhook\" needs public_url, an https address that Telegram can reach")
	}
	if !loopback(u.Hostname()) && !slices.Contains([]string{"", "443", "80", "88", "8443"}, u.Port()) {
		return errors.New("mode = \"webhook\" needs public_url on port 443, 80, 88 or 8443: Telegram calls no other")
	}
	switch {
	case o.SecretToken == "":
		return errors.New("mode = \"webhook\" needs secret_token: without it anybody could write in the name of others. Make one with 'openssl rand -hex 32'")
	case !secretForm.MatchString(o.SecretToken):
		return errors.New("secret_token must be 1 to 256 of the characters A-Z, a-z, 0-9, _ and -")
	case len(o.SecretToken) < 16:
		return errors.New("secret_token is so short that it can be guessed. Make one with 'openssl rand -hex 32'")
	}
	return nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// New makes the channel. It asks nobody; it fails as Options.Check does.
func New(o Options) (*Channel, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("telegram: %w", err)
	}
	id, _, _ := strings.Cut(o.Token, ":")
	c := &Channel{
		token: o.Token, url: strings.TrimSuffix(o.APIURL, "/"), webhook: o.WebhookURL, secret: o.SecretToken,
		id: id, words: o.Words, unpaced: o.Unpaced, now: o.Now, log: o.Log,
		client: newClient(), pace: newPace(),
		pauses: pauses{
			first: 500 * time.Millisecond, most: time.Minute,
			poll: 30 * time.Second, grace: 15 * time.Second, arrange: time.Hour,
		},
		background: make(chan struct{}, 64),
		leaving:    map[int64]bool{},
	}
	if c.url == "" {
		c.url = DefaultURL
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	var err error
	c.api, err = bot.New(c.token,
		bot.WithSkipGetMe(),
		bot.WithServerURL(c.url),
		bot.WithHTTPClient(c.pauses.poll, doer{c.client}),
		bot.WithErrorsHandler(func(error) {}), // it repeats what the method returns, with the token in it
	)
	if err != nil {
		return nil, errors.New("telegram: the token cannot be used")
	}
	return c, nil
}

// Name is "telegram".
func (c *Channel) Name() channels.Name { return ChannelName }

// Limits are Telegram's own. It has no window: who once began a talk with the
// bot can be written to until they block it.
func (c *Channel) Limits() channels.Limits {
	return channels.Limits{Text: maxText, Caption: maxCaption, Options: maxButtons, Upload: maxUpload}
}

// messageID is the ID of the event that a message is.
func (c *Channel) messageID(chat, message int64) string {
	return c.id + "/" + strconv.FormatInt(chat, 10) + "/" + strconv.FormatInt(message, 10)
}

func address(chat int64) channels.Address {
	return channels.Address{Channel: ChannelName, ID: strconv.FormatInt(chat, 10)}
}

// chatOf gives the chat of an address, or says why there is none.
func chatOf(a channels.Address) (int64, *channels.SendError) {
	chat, err := strconv.ParseInt(a.ID, 10, 64)
	if a.Channel != ChannelName || err != nil || chat <= 0 {
		return 0, &channels.SendError{Problem: channels.Rejected, Cause: "the address is not a private chat of Telegram"}
	}
	return chat, nil
}
