// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot"

	"sarai/channels"
)

// maxAnswer is how much of an answer is read, in bytes. Telegram cuts a batch of
// updates at about 4 MiB; everything else it says is small.
const maxAnswer = 16 << 20

// callFor is how long one request may take whose caller sets no end.
const callFor = 30 * time.Second

// newClient makes the one client for everything. It follows no redirect: the
// token is in the address and would go along.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment, // where Telegram is reached through one only
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			TLSHandshakeTimeout:   10 * time.Second,
			ExpectContinueTimeout: time.Second,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConnsPerHost:   64,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// A call is what is known of one request beside what the method returned. It is
// written by the goroutines of net/http.
type call struct {
	wrote  atomic.Bool  // the request left this machine whole
	status atomic.Int64 // of the answer; 0 while there is none
	date   atomic.Value // string: Telegram's clock
}

type callKey struct{}

// doer is the library's client. It notes in the call what happened.
type doer struct{ client *http.Client }

func (d doer) Do(req *http.Request) (*http.Response, error) {
	k, _ := req.Context().Value(callKey{}).(*call)
	if k == nil {
		k = &call{}
	}
	trace := &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			k.wrote.Store(true)
		}
	}}
	resp, err := d.client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return nil, err
	}
	k.status.Store(int64(resp.StatusCode))
	k.date.Store(resp.Header.Get("Date"))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// try makes one request and says what is to be done if it failed.
func (c *Channel) try(ctx context.Context, do func(ctx context.Context) error) *refusal {
	k := &call{}
	if _, ok := ctx.Deadline(); !ok {
		var end context.CancelFunc
		ctx, end = context.WithTimeout(ctx, callFor)
		defer end()
	}
	err := do(context.WithValue(ctx, callKey{}, k))
	if err == nil {
		return nil
	}
	return k.read(err)
}

// A refusal is why a request came to nothing: a SendError, and what Telegram
// said where that matters to this package. Telegram's own words are not in it,
// since they can quote the message.
type refusal struct {
	channels.SendError
	why reason
}

type reason int

const (
	other      reason = iota
	unparsable        // the markup was not understood
	unfit             // the file is nothing of the kind that it was sent as
	undeletable
	tooOld // the button was pressed too long ago
	token  // the token is not known
	rival  // somebody else fetches, or a webhook is set
	taken  // Telegram did it, and what it said of it cannot be read
)

func refused(p channels.SendProblem, why reason, cause string) *refusal {
	return &refusal{SendError: channels.SendError{Problem: p, Cause: cause}, why: why}
}

// err is the refusal as an error, nil if there is none.
func (r *refusal) err() error {
	if r == nil {
		return nil
	}
	return &r.SendError
}

// read makes of the library's error what the caller can act on.
func (k *call) read(err error) *refusal {
	var many *bot.TooManyRequestsError
	switch {
	case errors.As(err, &many):
		return throttled(many.RetryAfter)
	case errors.Is(err, bot.ErrorUnauthorized):
		return badToken()
	case errors.Is(err, bot.ErrorNotFound):
		return badToken()
	case errors.Is(err, bot.ErrorForbidden):
		return refused(channels.Blocked, other, "the person blocked the bot, closed the account or never began a talk")
	case errors.Is(err, bot.ErrorConflict):
		return refused(channels.Misset, rival, "another program uses the same bot")
	case errors.Is(err, bot.ErrorBadRequest):
		return badRequest(err.Error())
	}
	if k.status.Load() == http.StatusOK && strings.Contains(err.Error(), "decode response result") {
		return refused(channels.NoAnswer, taken, "the answer is in a form that is not known")
	}
	var moved *bot.MigrateError
	if errors.As(err, &moved) {
		return refused(channels.Rejected, other, "the chat became a supergroup: the bot serves private chats only")
	}
	return k.unread()
}

func throttled(seconds int) *refusal {
	r := refused(channels.Throttled, other, "Telegram asks for a pause")
	r.After = time.Duration(max(seconds, 1)) * time.Second
	return r
}

func badToken() *refusal {
	return refused(channels.Misset, token, "Telegram does not know the token: ask BotFather for the present one and put it into the configuration")
}

// unread judges by the bare answer, where it was not in Telegram's form.
func (k *call) unread() *refusal {
	switch status := k.status.Load(); {
	case status == 0 && k.wrote.Load():
		return refused(channels.NoAnswer, other, "Telegram was told and did not answer")
	case status == 0:
		return refused(channels.Unavailable, other, "Telegram cannot be reached")
	case status == http.StatusUnauthorized || status == http.StatusNotFound:
		return badToken()
	case status == http.StatusRequestEntityTooLarge:
		return refused(channels.Rejected, other, "it is larger than Telegram takes")
	case status >= 300:
		return refused(channels.Unavailable, other, "Telegram, or something before it, answered with an error of its own")
	}
	return refused(channels.NoAnswer, other, "the answer broke off or was not Telegram's")
}

// badRequest sorts what Telegram gives 400 for.
func badRequest(description string) *refusal {
	d := strings.ToLower(description)
	for _, x := range []struct {
		says    string
		problem channels.SendProblem
		why     reason
		cause   string
	}{
		{"can't parse entities", channels.Rejected, unparsable, "Telegram does not understand the markup"},
		{"chat not found", channels.Blocked, other, "Telegram knows no such chat"},
		{"peer_id_invalid", channels.Blocked, other, "Telegram knows no such chat"},
		{"user is deactivated", channels.Blocked, other, "the account is closed"},
		{"too long", channels.Rejected, other, "the text is longer than Telegram takes"},
		{"text is empty", channels.Rejected, other, "there are no words in it"},
		{"text must be non-empty", channels.Rejected, other, "there are no words in it"},
		{"button_data_invalid", channels.Rejected, other, "a choice's key is not one that Telegram takes"},
		{"bad webhook", channels.Misset, other, "Telegram does not take the address of the webhook: public_url must be an https address that it can reach, on port 443, 80, 88 or 8443"},
		{"too old", channels.Rejected, tooOld, "it was pressed too long ago"},
		{"query id is invalid", channels.Rejected, tooOld, "it was pressed too long ago"},
		{"can't be deleted", channels.Rejected, undeletable, "a message cannot be deleted any more"},
		{"to delete not found", channels.Rejected, undeletable, "a message is not there"},
		{"photo_invalid_dimensions", channels.Rejected, unfit, "the picture is too large or too narrow"},
		{"image_process_failed", channels.Rejected, unfit, "Telegram cannot read the picture"},
		{"photo_save_file_invalid", channels.Rejected, unfit, "Telegram cannot read the picture"},
		{"voice_messages_forbidden", channels.Rejected, unfit, "the person takes no voice messages"},
		{"file is too big", channels.Rejected, other, "the file is larger than Telegram gives"},
		{"file", channels.Rejected, other, "Telegram does not have the file any more"},
	} {
		if strings.Contains(d, x.says) {
			return refused(x.problem, x.why, x.cause)
		}
	}
	return refused(channels.Rejected, other, "Telegram refused it as a bad request")
}

// errUnread stands for errors of the network, whose own words hold the token.
var errUnread = errors.New("telegram: no answer in Telegram's form")
