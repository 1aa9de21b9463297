// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"context"
	"net/http"

	"sarai/channels"
	"sarai/channels/meta"
)

// Keep has Meta call the Handler: it looks at the start and each hour whether the
// app is subscribed to the account, and subscribes it where it is not, until ctx
// ends. The address itself is registered once, by hand, in the app's settings.
func (c *Channel) Keep(ctx context.Context) {
	pause, failed := c.pauses.first, channels.SendProblem("")
	var before Counts
	for ctx.Err() == nil {
		if bad := c.subscribe(ctx); bad != nil && ctx.Err() == nil {
			if bad.Problem != failed { // once, not each time
				failed = bad.Problem
				c.log.Warn("whatsapp-cloud: it could not be seen whether Meta tells what people write, it is tried again", "problem", bad.Problem, "cause", bad.Cause)
			}
			wait(ctx, max(pause, bad.After))
			pause = min(2*pause, c.pauses.most)
			continue
		}
		if failed != "" {
			c.log.Info("whatsapp-cloud: the subscription could be looked at again")
		}
		pause, failed = c.pauses.first, ""
		if now := c.Counts(); now.Groups != before.Groups || now.Foreign != before.Foreign {
			c.log.Info("whatsapp-cloud: left since the start", "groups", now.Groups, "another_number", now.Foreign)
			before = now
		}
		wait(ctx, c.pauses.check)
	}
}

// subscribe subscribes the app to the account where it is not.
func (c *Channel) subscribe(ctx context.Context) *channels.SendError {
	on, bad := c.subscribed(ctx)
	if bad != nil || on {
		return bad
	}
	account, bad := c.accountID(ctx)
	if bad != nil {
		return bad
	}
	if err := c.graph.Do(ctx, http.MethodPost, "/"+account+"/subscribed_apps", nil, nil); err != nil {
		return judge(err)
	}
	c.log.Warn("whatsapp-cloud: the app was not subscribed to the account, so Meta told nothing; it is subscribed now")
	return nil
}

// subscribed says whether the app is among those that Meta tells what happens to
// the account.
func (c *Channel) subscribed(ctx context.Context) (bool, *channels.SendError) {
	account, bad := c.accountID(ctx)
	if bad != nil {
		return false, bad
	}
	var answer struct {
		Apps []struct {
			ID    meta.ID `json:"id"` // observed in older versions
			About struct {
				ID meta.ID `json:"id"`
			} `json:"whatsapp_business_api_data"`
		} `json:"data"`
	}
	if err := c.graph.Do(ctx, http.MethodGet, "/"+account+"/subscribed_apps", nil, &answer); err != nil {
		return false, judge(err)
	}
	t, bad := c.aboutToken(ctx)
	if bad != nil || t.App == "" { // which app it is is not known: some app is
		return len(answer.Apps) > 0, nil
	}
	for _, a := range answer.Apps {
		if a.About.ID == t.App || a.ID == t.App {
			return true, nil
		}
	}
	return false, nil
}
