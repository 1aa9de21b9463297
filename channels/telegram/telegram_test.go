// SPDX-License-Identifier: GPL-3.0-or-later

package telegram_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
)

const token = "777:the-secret-of-the-bot"

// until waits for what must come, and fails the test if it does not.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: this has not happened", what)
		}
	}
}

// What a person writes is confirmed to Telegram only after it was taken, and the
// answer goes back to them.
func TestATalk(t *testing.T) {
	var mu sync.Mutex
	var offsets []float64
	var sent []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch method := strings.TrimPrefix(r.URL.Path, "/bot"+token+"/"); method {
		case "getWebhookInfo":
			_, _ = w.Write([]byte(`{"ok":true,"result":{"url":""}}`))
		case "getUpdates":
			var ask map[string]any
			_ = json.NewDecoder(r.Body).Decode(&ask)
			offset, _ := ask["offset"].(float64)
			offsets = append(offsets, offset)
			if offset < 8 {
				_, _ = w.Write([]byte(`{"ok":true,"result":[{"update_id":7,"message":{"message_id":3,"from":{"id":5,"language_code":"ur"},"chat":{"id":5,"type":"private"},"date":1763770000,"text":"salam"}}]}`))
				return
			}
			_, _ = w.Write([]byte(`{"ok":true,"result":[]}`))
		case "sendMessage":
			sent = append(sent, r.FormValue("text"))
			_, _ = w.Write([]byte(`{"ok":true,"result":{"message_id":4,"date":1,"chat":{"id":5,"type":"private"}}}`))
		default:
			t.Errorf("an unexpected call of %s", method)
		}
	}))
	defer srv.Close()
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	got := make(chan channels.Inbound, 8)
	done := make(chan error, 1)
	go func() {
		done <- ch.Poller().Listen(ctx, func(_ context.Context, in channels.Inbound) error {
			mu.Lock()
			defer mu.Unlock()
			if offsets[len(offsets)-1] > 7 {
				t.Error("it was confirmed before it was taken")
			}
			got <- in
			return nil
		})
	}()
	in := <-got
	if in.Text != "salam" || in.Language != "ur" || in.ID != "777/5/3" {
		t.Errorf("it arrived as %q, language %q, ID %q", in.Text, in.Language, in.ID)
	}
	until(t, "it is confirmed", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return offsets[len(offsets)-1] == 8
	})
	r, err := ch.Send(t.Context(), channels.Outbound{To: in.From, Blocks: []channels.Block{{Kind: channels.Heading, Text: "a < b"}}})
	if err != nil || r.ID != "4" {
		t.Errorf("the receipt is %q, %v", r.ID, err)
	}
	if len(sent) != 1 || sent[0] != "<b>a &lt; b</b>" {
		t.Errorf("Telegram was given %q", sent)
	}
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
