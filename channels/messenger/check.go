// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// checkFor is how long everything that Check asks may take.
const checkFor = 45 * time.Second

// Check looks at the token, at the permissions that can be tried without changing
// anything, at what Meta tells the webhook, and whether the webhook answers
// Meta's question at its public address. It says what cannot be looked at.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, end := context.WithTimeout(ctx, checkFor)
	defer end()
	var found []channels.Finding
	say := func(ok bool, what, advice string) {
		found = append(found, channels.Finding{OK: ok, What: "messenger " + what, Advice: advice})
	}
	var page struct {
		ID   meta.ID `json:"id"`
		Name string  `json:"name"`
	}
	err := c.graph.Do(ctx, http.MethodGet, "/"+c.o.PageID, url.Values{"fields": {"id,name"}}, &page)
	if err != nil {
		say(false, "token", cause(err))
		return found
	}
	if string(page.ID) != c.o.PageID {
		say(false, "token", "it belongs to another Page than page_id")
		return found
	}
	say(true, "token", fmt.Sprintf("the Page is %q", page.Name))

	err = c.graph.Do(ctx, http.MethodGet, "/"+c.o.PageID+"/conversations", url.Values{"platform": {"messenger"}, "fields": {"id"}, "limit": {"1"}}, nil)
	if err != nil {
		say(false, "permission to read and send messages", cause(err)+": the permission is pages_messaging")
	} else {
		say(true, "permission to read and send messages", "")
	}
	if c.o.Comments {
		if err := c.readComments(ctx); err != nil {
			say(false, "permission to read comments", cause(err)+": the permissions are pages_read_engagement and pages_read_user_content")
		} else {
			say(true, "permission to read comments", "")
		}
		say(true, "permission to answer comments", "it cannot be tried without writing one: see that the app has pages_manage_engagement")
	}
	have, known, err := c.subscriptions(ctx)
	lost := c.missing(have)
	switch {
	case err != nil:
		say(false, "subscriptions", cause(err)+": the permission is pages_manage_metadata")
	case !known:
		say(true, "subscriptions", "several apps are told of the Page: put app_id into the configuration to see which is ours")
	case len(lost) > 0:
		say(false, "subscriptions", fmt.Sprintf("Meta does not tell of %s: 'sarai serve' sets it when it starts and looks every hour", strings.Join(lost, ", ")))
	default:
		say(true, "subscriptions", "all that are needed")
	}
	c.checkHook(ctx, say)
	say(true, "human agent", "whether Meta allows staff to write between one day and seven cannot be looked at: see in the app's review that the feature Human Agent is granted")
	return found
}

// readComments tries to read posts, and what is said under the newest.
func (c *Channel) readComments(ctx context.Context) error {
	var posts list[pastPost]
	if err := c.graph.Do(ctx, http.MethodGet, "/"+c.o.PageID+"/feed", url.Values{"fields": {"id"}, "limit": {"1"}}, &posts); err != nil {
		return err
	}
	for _, p := range posts.Data {
		if commentID.MatchString(string(p.ID)) {
			return c.graph.Do(ctx, http.MethodGet, "/"+string(p.ID)+"/comments", url.Values{"fields": {"id"}, "limit": {"1"}}, nil)
		}
	}
	return nil // nothing to try it on
}

// checkHook asks the webhook what Meta would ask it.
func (c *Channel) checkHook(ctx context.Context, say func(bool, string, string)) {
	const what = "webhook"
	if c.o.WebhookURL == "" {
		say(false, what, "without public_url Meta cannot call: set it to the https address under which this installation is reached")
		return
	}
	challenge := rand.Text()
	query := url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {c.o.VerifyToken}, "hub.challenge": {challenge}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.o.WebhookURL+"?"+query.Encode(), nil)
	if err != nil {
		say(false, what, "public_url is not an address")
		return
	}
	client := http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil { // its words hold the verify token
		say(false, what, "public_url does not answer from this machine: is 'sarai serve' running, does the proxy hand on "+Path+", is the certificate one that browsers accept?")
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	switch {
	case resp.StatusCode == http.StatusOK && string(body) == challenge:
		say(true, what, "it answers at public_url; in the app's settings its address is public_url + "+Path)
	case resp.StatusCode == http.StatusForbidden:
		say(false, what, "what answers at public_url has another verify_token: restart 'sarai serve'")
	default:
		say(false, what, fmt.Sprintf("at public_url + %s answers something else (%d): look at the proxy", Path, resp.StatusCode))
	}
}

func cause(err error) string {
	var problem *channels.SendError
	if errors.As(err, &problem) {
		return problem.Cause
	}
	return "it could not be asked"
}
