// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"

	"sarai/channels"
)

const (
	// atOnce is how many messages one request deletes.
	atOnce = 100
	// young is how old a message may be that a bot deletes
	// (core.telegram.org/bots/api#deletemessage).
	young = 48 * time.Hour
	// patience is how many messages in a row may be undeletable before the older
	// ones are taken to be so too: what is not young stays.
	patience = 5
)

// Clear deletes messages on both sides: the bot's and the person's own, as far
// back as Telegram allows, which is 48 hours. ids are those of receipts and of
// events; what an ID says beside a message, a reaction for instance, goes with
// its message. all is false if one of them could not be deleted.
func (c *Channel) Clear(ctx context.Context, to channels.Address, ids []string) (all bool, err error) {
	chat, bad := chatOf(to)
	if bad != nil {
		return false, bad
	}
	numbers, all := c.messages(chat, ids)
	left := patience
	for len(numbers) > 0 {
		n := min(atOnce, len(numbers))
		gone, err := c.delete(ctx, chat, numbers[:n], &left)
		if err != nil {
			return false, err
		}
		all = all && gone
		if left == 0 {
			return false, nil
		}
		numbers = numbers[n:]
	}
	return all, nil
}

// ClearsWithin is 48 hours: who hides an older talk is told that its begin stays.
func (c *Channel) ClearsWithin() time.Duration { return young }

// messages gives the numbers of messages in the chat, newest first, and whether
// that is everything that was named.
func (c *Channel) messages(chat int64, ids []string) (numbers []int, all bool) {
	all = true
	for _, id := range ids {
		bare := id
		if parts := strings.Split(id, "/"); len(parts) > 1 {
			if parts[0] != c.id { // of another bot, from before its token was changed
				all = false
				continue
			}
			if len(parts) != 3 || parts[1] != number(chat) {
				if len(parts) == 3 && parts[1] != "pressed" {
					all = false
				}
				continue // a press, a reaction, an edit: no message of its own
			}
			bare = parts[2]
		}
		n, err := strconv.ParseInt(bare, 10, 32)
		if err != nil || n <= 0 {
			all = false
			continue
		}
		numbers = append(numbers, int(n))
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	slices.Reverse(numbers)
	return numbers, all
}

// delete deletes messages, newest first. Telegram refuses them all for one that
// is too old, so they are halved until that one is found. left counts how many
// more may be undeletable in a row.
func (c *Channel) delete(ctx context.Context, chat int64, numbers []int, left *int) (all bool, err error) {
	r := c.try(ctx, func(ctx context.Context) error {
		_, err := c.api.DeleteMessages(ctx, &bot.DeleteMessagesParams{ChatID: chat, MessageIDs: numbers})
		return err
	})
	switch {
	case r == nil:
		*left = patience
		return true, nil
	case r.Problem == channels.Blocked:
		return false, nil // nothing more reaches this chat
	case r.Problem != channels.Rejected:
		return false, r.err()
	case len(numbers) == 1:
		*left--
		return false, nil
	}
	half := len(numbers) / 2
	_, err = c.delete(ctx, chat, numbers[:half], left)
	if err == nil && *left > 0 {
		_, err = c.delete(ctx, chat, numbers[half:], left)
	}
	return false, err
}
