// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// fields are what the Page's app is told of (docs/graph-api/webhooks/reference/page).
func (c *Channel) fields() []string {
	all := []string{
		"messages", "messaging_postbacks", "messaging_referrals", "messaging_optins", "message_echoes",
		"message_deliveries", "message_reads", "message_reactions", "message_edits", "messaging_handovers",
		"standby", "messaging_policy_enforcement",
	}
	if c.o.Comments {
		all = append(all, "feed")
	}
	return all
}

// Keep has Meta tell the webhook what happens at the Page, and takes in what was
// missed: at once and every hour, until ctx ends. Meta ends the subscription by
// itself where the webhook did not answer for long. What fails is tried again
// sooner, with growing pauses.
func (c *Channel) Keep(ctx context.Context, sink channels.Sink) {
	started := c.o.Now()
	pause, set := c.short, false
	for ctx.Err() == nil {
		err := c.subscribe(ctx, set)
		set = set || err == nil
		err = errors.Join(err, c.catchUp(ctx, sink, started))
		if ctx.Err() != nil {
			return
		}
		rest := c.rest
		if err != nil {
			var problem *channels.SendError
			if !errors.As(err, &problem) {
				problem = &channels.SendError{Problem: channels.Unavailable, Cause: "what was missed could not be kept"}
			}
			c.o.Log.Warn("messenger: subscriptions or missed messages could not be looked at, it is tried again", "problem", problem.Problem, "cause", problem.Cause)
			rest = max(pause, problem.After)
			pause = min(2*pause, c.rest)
		} else {
			pause = c.short
		}
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}

// subscriptions asks which fields our app is told of; known is false where Meta
// does not say which app is ours.
func (c *Channel) subscriptions(ctx context.Context) (have []string, known bool, err error) {
	var answer struct {
		Data []struct {
			ID     meta.ID  `json:"id"`
			Fields []string `json:"subscribed_fields"`
		} `json:"data"`
	}
	if err := c.graph.Do(ctx, http.MethodGet, "/"+c.o.PageID+"/subscribed_apps", nil, &answer); err != nil {
		return nil, false, err
	}
	for _, app := range answer.Data {
		if string(app.ID) == c.o.AppID || c.o.AppID == "" && len(answer.Data) == 1 {
			return app.Fields, true, nil
		}
	}
	return nil, c.o.AppID != "" || len(answer.Data) == 0, nil
}

// missing gives what fields lack.
func (c *Channel) missing(have []string) []string {
	return slices.DeleteFunc(c.fields(), func(f string) bool { return slices.Contains(have, f) })
}

// subscribe sets the subscriptions if any is missing; others than ours stay. set:
// they were right before.
func (c *Channel) subscribe(ctx context.Context, set bool) error {
	have, known, err := c.subscriptions(ctx)
	if err != nil {
		return err
	}
	lost := c.missing(have)
	if known && len(lost) == 0 {
		return nil
	}
	if set && known {
		c.o.Log.Warn("messenger: subscriptions had gone, perhaps because the webhook had not answered; they are set again", "fields", len(lost))
	}
	all := c.fields()
	for _, f := range have {
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	in := map[string]string{"subscribed_fields": strings.Join(all, ",")}
	return c.graph.Do(ctx, http.MethodPost, "/"+c.o.PageID+"/subscribed_apps", in, nil)
}
