// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

const (
	// soon is how long before a token's end somebody should look.
	soon = 14 * 24 * time.Hour
	// recent is how long an error of the account is news.
	recent = 24 * time.Hour
	// checkFor is how long a Check takes at most, and handshakeFor the handshake.
	checkFor     = time.Minute
	handshakeFor = 15 * time.Second
)

// needed are the permissions of the token (developers.facebook.com/documentation/business-messaging/whatsapp/permissions,
// read 2026-11).
var needed = []string{"whatsapp_business_messaging", "whatsapp_business_management"}

// Check looks at the token, at the number, at whether Meta would call, and at
// whether the public address answers Meta's question. It changes nothing.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, end := context.WithTimeout(ctx, checkFor)
	defer end()
	var found []channels.Finding
	say := func(ok bool, what, advice string) {
		found = append(found, channels.Finding{OK: ok, What: "whatsapp_cloud " + what, Advice: advice})
	}
	if c.checkToken(ctx, say) && c.checkNumber(ctx, say) {
		c.checkSubscription(ctx, say)
		c.checkTemplates(ctx, say)
	}
	c.checkHook(ctx, say)
	c.mu.Lock()
	t := c.trouble
	c.mu.Unlock()
	if t.Code != 0 && c.now().Sub(t.At) < recent {
		say(false, "account", fmt.Sprintf("Meta told of error %d: %s", t.Code, verdicts[t.Code].cause))
	}
	return found
}

// checkToken says whether it is worth asking further.
func (c *Channel) checkToken(ctx context.Context, say func(bool, string, string)) bool {
	t, bad := c.aboutToken(ctx)
	switch {
	case bad != nil && bad.Problem == channels.Unavailable:
		say(false, "token", bad.Cause+": look whether this machine reaches the address in graph_url")
		return false
	case bad != nil && bad.Problem == channels.Rejected: // the token may not ask about itself
		return true
	case bad != nil:
		say(false, "token", bad.Cause)
		return bad.Problem != channels.Misset
	case !t.Valid:
		say(false, "token", "Meta does not accept it: make a new one for the system user")
		return false
	}
	var missing []string
	for _, p := range needed {
		if len(t.Scopes) > 0 && !slices.Contains(t.Scopes, p) {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		say(false, "token", "it lacks the permission "+strings.Join(missing, " and ")+": make a new one for the system user, with both permissions ticked")
		return true
	}
	ends := t.Expires.Time
	if d := t.Data.Time; !d.IsZero() && (ends.IsZero() || d.Before(ends)) {
		ends = d
	}
	switch {
	case ends.IsZero():
		say(true, "token", "it never ends")
	case ends.Sub(c.now()) < soon:
		say(false, "token", "it ends on "+ends.Format(time.DateOnly)+": make one for a system user, which never ends")
	default:
		say(true, "token", "it ends on "+ends.Format(time.DateOnly))
	}
	return true
}

func (c *Channel) checkNumber(ctx context.Context, say func(bool, string, string)) bool {
	var n struct {
		Number  string `json:"display_phone_number"`
		Quality string `json:"quality_rating"`
		Status  string `json:"status"`
	}
	ask := func(fields string) error {
		return c.graph.Do(ctx, http.MethodGet, "/"+c.o.PhoneNumberID, url.Values{"fields": {fields}}, &n)
	}
	err := ask("display_phone_number,quality_rating,status")
	if meta.Is(err, 100) { // a field that this version does not have
		err = ask("display_phone_number,quality_rating")
	}
	if err != nil {
		say(false, "number", judge(err).Cause)
		return false
	}
	number := ""
	if wordForm.MatchString(n.Number) {
		number = n.Number + ", "
	}
	switch {
	case n.Status != "" && n.Status != "CONNECTED":
		say(false, "number", number+"its state is "+plainWord(n.Status)+": look at it in WhatsApp Manager")
	case n.Quality == "RED":
		say(false, "number", number+"its quality is low, because people blocked or reported it: Meta may slow it down")
	default:
		say(true, "number", number+"quality "+plainWord(n.Quality))
	}
	c.checkLimit(ctx, say)
	return true
}

// checkLimit tells how many people may be written to first in a day. Not every
// version of the API says so, and answers within the window do not count.
func (c *Channel) checkLimit(ctx context.Context, say func(bool, string, string)) {
	var n struct {
		Now    string `json:"whatsapp_business_manager_messaging_limit"`
		Before string `json:"messaging_limit_tier"`
	}
	for _, field := range []string{"whatsapp_business_manager_messaging_limit", "messaging_limit_tier"} {
		if c.graph.Do(ctx, http.MethodGet, "/"+c.o.PhoneNumberID, url.Values{"fields": {field}}, &n) == nil && n.Now+n.Before != "" {
			say(true, "limit", plainWord(n.Now+n.Before)+": so many people in 24 hours can be sent a template; answers do not count")
			return
		}
	}
}

// plainWord is one of Meta's fixed words, as it may be shown.
func plainWord(s string) string {
	if s == "" || !wordForm.MatchString(s) {
		return "not known"
	}
	return s
}

func (c *Channel) checkSubscription(ctx context.Context, say func(bool, string, string)) {
	const what = "receiving"
	on, bad := c.subscribed(ctx)
	switch {
	case bad != nil:
		say(false, what, bad.Cause)
	case !on:
		say(false, what, "the app is not subscribed to the WhatsApp Business account, so Meta tells it nothing: 'sarai serve' subscribes it when it starts")
	default:
		say(true, what, "the app is subscribed to the WhatsApp Business account")
	}
}

func (c *Channel) checkTemplates(ctx context.Context, say func(bool, string, string)) {
	c.templates.forget()
	forms, bad := c.forms(ctx)
	switch {
	case bad != nil:
		say(false, "templates", bad.Cause)
	case len(forms) == 0:
		say(true, "templates", "there is none that can be used: after 24 hours nobody can be written to until they write")
	default:
		say(true, "templates", fmt.Sprintf("%d can be used", len(forms)))
	}
}

// checkHook asks the public address what Meta asks it when it is registered.
func (c *Channel) checkHook(ctx context.Context, say func(bool, string, string)) {
	const what = "webhook"
	if c.o.HookURL == "" {
		say(false, what, "public_url is not set: Meta calls an https address, "+Path+" below it")
		return
	}
	ctx, end := context.WithTimeout(ctx, handshakeFor)
	defer end()
	challenge := rand.Text()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.o.HookURL+"?"+url.Values{
		"hub.mode": {"subscribe"}, "hub.verify_token": {c.o.VerifyToken}, "hub.challenge": {challenge},
	}.Encode(), nil)
	if err != nil {
		say(false, what, "public_url is no address")
		return
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil { // its words hold the verify token
		say(false, what, "the public address does not answer from here: is 'sarai serve' running, and the proxy before it?")
		return
	}
	defer resp.Body.Close()
	got, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // what broke off is not the challenge
	switch {
	case resp.StatusCode == http.StatusForbidden:
		say(false, what, "what answers at the public address has another verify_token: restart 'sarai serve' after changing it")
	case resp.StatusCode != http.StatusOK || string(got) != challenge:
		say(false, what, fmt.Sprintf("the public address answers %d and not as Meta wants it: the proxy must pass %s on, with its query", resp.StatusCode, Path))
	default:
		say(true, what, "the public address answers Meta's question")
	}
}
