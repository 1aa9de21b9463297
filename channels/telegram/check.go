// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-telegram/bot/models"

	"sarai/channels"
)

const (
	// skew is how far the clock may be off. Hours, danger lines and "checked on"
	// stand at the desk in minutes.
	skew = 2 * time.Minute
	// waiting is how many updates may wait before somebody should look.
	waiting = 100
	// recent is how long an error of the webhook is news.
	recent = time.Hour
)

// Check looks at the token, at how Telegram hands over what people write, and at
// the clock. It disturbs no server that runs.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, end := context.WithTimeout(ctx, callFor)
	defer end()
	var found []channels.Finding
	say := func(ok bool, what, advice string) {
		found = append(found, channels.Finding{OK: ok, What: what, Advice: advice})
	}
	k := &call{}
	me, err := c.api.GetMe(context.WithValue(ctx, callKey{}, k))
	if err != nil {
		r := k.read(err)
		if r.Problem == channels.Misset {
			say(false, "telegram token", r.Cause)
		} else {
			say(false, "telegram", r.Cause+": look whether this machine reaches the address in api_url, and whether Telegram is blocked where it stands")
		}
		return found
	}
	say(true, "telegram token", "the bot is @"+me.Username)
	c.checkClock(k, say)
	k = &call{}
	info, err := c.api.GetWebhookInfo(context.WithValue(ctx, callKey{}, k))
	if err != nil {
		say(false, "telegram receiving", k.read(err).Cause)
		return found
	}
	c.checkWay(info, say)
	return found
}

func (c *Channel) checkClock(k *call, say func(bool, string, string)) {
	date, _ := k.date.Load().(string)
	theirs, err := http.ParseTime(date)
	if err != nil {
		return // nothing to compare with
	}
	if off := c.now().Sub(theirs).Round(time.Second); off.Abs() > skew {
		say(false, "telegram clock", fmt.Sprintf("this machine's clock is off by %v: have it set from the network", off))
		return
	}
	say(true, "telegram clock", "as Telegram's")
}

func (c *Channel) checkWay(info *models.WebhookInfo, say func(bool, string, string)) {
	const what = "telegram receiving"
	pending := ""
	if info.PendingUpdateCount > 0 {
		pending = fmt.Sprintf(", %d wait", info.PendingUpdateCount)
	}
	switch {
	case c.webhook == "" && info.URL != "":
		say(false, what, "a webhook is set, but the configuration says to fetch: 'sarai serve' takes it away when it starts; if it comes back, another program uses the same bot")
		return
	case c.webhook == "":
		say(true, what, "by fetching"+pending)
	case info.URL == "":
		say(false, what, "no webhook is set: 'sarai serve' sets it when it starts")
		return
	case info.URL != c.webhook:
		say(false, what, "the webhook is another address than this installation's: 'sarai serve' sets it when it starts; if it changes back, another program uses the same bot")
		return
	default:
		say(true, what, "by webhook"+pending)
	}
	if c.webhook != "" && info.LastErrorDate > 0 {
		if age := c.now().Sub(at(int64(info.LastErrorDate))).Round(time.Minute); age < recent {
			say(false, "telegram webhook", fmt.Sprintf("Telegram could not deliver %v ago: look whether %s answers from outside, with a certificate that browsers accept", age, Path))
		}
	}
	if info.PendingUpdateCount > waiting {
		say(false, "telegram pending", fmt.Sprintf("%d updates wait at Telegram: is 'sarai serve' running, and is its disk well?", info.PendingUpdateCount))
	}
}
