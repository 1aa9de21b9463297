// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/go-telegram/bot"

	"sarai/channels"
)

const (
	// secretHeader is where Telegram puts the secret token of its calls.
	secretHeader = "X-Telegram-Bot-Api-Secret-Token"
	// maxUpdate is how much one call may carry, in bytes. The longest text is
	// 4096 characters; entities and what is replied to make some tens of KiB of it.
	maxUpdate = 1 << 20
	// hookCalls is how many calls Telegram makes at a time.
	hookCalls = 40
)

// A Hook is called by Telegram.
type Hook struct{ *Channel }

var _ channels.Webhook = (*Hook)(nil)

// Hook makes the channel be called with what it receives. The options have a
// WebhookURL and a SecretToken.
func (c *Channel) Hook() *Hook { return &Hook{c} }

// Handler serves Telegram's calls. It answers 200 once sink took the update and
// 503 when it did not; Telegram then calls again, for a day. Whoever does not
// know the secret token learns nothing.
func (h *Hook) Handler(sink channels.Sink) http.Handler {
	want := sha256.Sum256([]byte(h.secret))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "only POST", http.StatusMethodNotAllowed)
			return
		}
		given := r.Header.Values(secretHeader)
		if len(given) != 1 || h.secret == "" {
			http.Error(w, "the secret token is missing", http.StatusUnauthorized)
			return
		}
		if got := sha256.Sum256([]byte(given[0])); subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			http.Error(w, "the secret token is wrong", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, "the body broke off", http.StatusBadRequest)
			return
		}
		reading, err := h.read(body)
		if err != nil {
			http.Error(w, "the body is not an update", http.StatusBadRequest)
			return
		}
		h.leave(reading)
		if reading.in != nil {
			if err := sink(r.Context(), *reading.in); err != nil {
				w.Header().Set("Retry-After", "5")
				http.Error(w, "it could not be kept, please call again", http.StatusServiceUnavailable)
				return
			}
			h.pressed(reading.button)
		}
		w.WriteHeader(http.StatusOK)
	})
}

// Keep has Telegram call the Hook, and looks each hour whether it still would,
// until ctx ends.
func (h *Hook) Keep(ctx context.Context) {
	failures := h.newFailures()
	set := false
	for ctx.Err() == nil {
		if r := h.arrange(ctx, !set); r != nil {
			failures.rest(ctx, r)
			continue
		}
		set = true
		failures.over()
		wait(ctx, h.pauses.arrange)
	}
}

// arrange sets the webhook if Telegram has another. The first time it sets it in
// any case: Telegram does not say which secret token it has.
func (h *Hook) arrange(ctx context.Context, first bool) *refusal {
	ctx, end := context.WithTimeout(ctx, h.pauses.grace)
	defer end()
	return h.try(ctx, func(ctx context.Context) error {
		info, err := h.api.GetWebhookInfo(ctx)
		if err != nil {
			return err
		}
		same := info.URL == h.webhook && info.MaxConnections == hookCalls && sameSet(info.AllowedUpdates, allowed())
		if same && !first {
			return nil
		}
		if !first {
			h.log.Warn("telegram: the webhook was not as it should be, perhaps another program uses the same bot; it is set again")
		}
		_, err = h.api.SetWebhook(ctx, &bot.SetWebhookParams{
			URL: h.webhook, SecretToken: h.secret, MaxConnections: hookCalls, AllowedUpdates: allowed(),
		})
		return err
	})
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
