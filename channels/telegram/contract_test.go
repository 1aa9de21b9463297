// SPDX-License-Identifier: GPL-3.0-or-later

package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/channels/telegram"
	"sarai/standin/botapi"
)

const firstPerson = 900000 // plus the number of the person

// content is what an event is on the wire: the kind of update and its body.
func content(ev channeltest.Event) (kind string, body map[string]any) {
	who := map[string]any{"id": firstPerson + ev.Person, "is_bot": false, "first_name": "A"}
	room := map[string]any{"id": firstPerson + ev.Person, "type": "private"}
	number := ev.Person*1000 + ev.Number
	m := map[string]any{"message_id": number, "from": who, "chat": room, "date": time.Now().Unix()}
	file := map[string]any{"file_id": fmt.Sprintf("file-%d", number), "file_unique_id": "u", "file_size": 10, "duration": 2}
	switch ev.Kind {
	case channels.Text:
		m["text"] = ev.Text
	case channels.Start:
		m["text"] = "/start"
	case channels.Voice, channels.Audio, channels.Video, channels.Document:
		m[string(ev.Kind)] = file
	case channels.Picture:
		m["photo"] = []any{file}
	case channels.Place:
		m["location"] = map[string]any{"latitude": 33.5, "longitude": 73.1}
	case channels.Contact:
		m["contact"] = map[string]any{"phone_number": "+0000000", "first_name": "A"}
	case channels.Sticker:
		m["sticker"] = map[string]any{"file_id": "s", "emoji": "🌙"}
	case channels.Edited:
		m["text"], m["edit_date"] = ev.Text, time.Now().Unix()
		return "edited_message", m
	case channels.Choice:
		return "callback_query", map[string]any{"id": fmt.Sprintf("press-%d", number), "from": who, "message": m, "data": ev.Choice, "chat_instance": "1"}
	case channels.Reaction:
		return "message_reaction", map[string]any{
			"chat": room, "message_id": 1, "user": who, "date": time.Now().Unix(),
			"old_reaction": []any{}, "new_reaction": []any{map[string]any{"type": "emoji", "emoji": "👍"}},
		}
	case channels.Gone, channels.Back:
		status := map[channels.Kind]string{channels.Gone: "kicked", channels.Back: "member"}[ev.Kind]
		return "my_chat_member", map[string]any{
			"chat": room, "from": who, "date": time.Now().Unix(),
			"old_chat_member": map[string]any{"status": "member"}, "new_chat_member": map[string]any{"status": status},
		}
	}
	return "message", m
}

var kinds = []channels.Kind{
	channels.Choice, channels.Start, channels.Voice, channels.Audio, channels.Picture, channels.Video, channels.Document,
	channels.Place, channels.Contact, channels.Sticker, channels.Reaction, channels.Edited, channels.Gone, channels.Back,
}

// suite is what both ways of receiving have in common.
func (p *place) suite() channeltest.Suite {
	fail := func(f botapi.Fault) func() { return func() { p.api.Fail("sendMessage", f) } }
	return channeltest.Suite{
		Kinds:   kinds,
		Secrets: []string{token, secret},
		To:      func(n int) channels.Address { return person(fmt.Sprint(firstPerson + n)) },
		Refuse: map[channels.SendProblem]func(){
			channels.Throttled:   fail(botapi.Fault{RetryAfter: 1}),
			channels.Blocked:     fail(botapi.Fault{Status: 403, Description: "Forbidden: bot was blocked by the user"}),
			channels.Rejected:    fail(botapi.Fault{Status: 400, Description: "Bad Request: message is too long"}),
			channels.Misset:      fail(botapi.Fault{Status: 401, Description: "Unauthorized"}),
			channels.Unavailable: fail(botapi.Fault{Status: 502, Body: "<html>bad gateway</html>"}),
			channels.NoAnswer:    fail(botapi.Fault{Cut: true, Done: false}),
		},
		Sent: func() []string {
			var all []botapi.Message
			for n := 1; n <= 10; n++ {
				all = append(all, p.api.Person(int64(firstPerson+n), "").Screen()...)
			}
			slices.SortFunc(all, func(a, b botapi.Message) int { return a.ID - b.ID })
			var texts []string
			for _, m := range all {
				if m.Bot {
					texts = append(texts, m.Text)
				}
			}
			return texts
		},
	}
}

// met makes Telegram know that the person has begun a talk.
func (p *place) met(n int) *botapi.Person {
	return p.api.Person(int64(firstPerson+n), "en")
}

func TestContractOfTheHook(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) channeltest.Suite {
		p := open(t, botapi.Options{}, telegram.Options{WebhookURL: "https://chat.example.org" + telegram.Path, SecretToken: secret, Unpaced: true})
		s := p.suite()
		hook := p.ch.Hook()
		s.Channel = hook
		var mu sync.Mutex
		number := 0
		deliver := func(url, kind string, body any) (bool, error) {
			mu.Lock()
			number++
			n := number
			mu.Unlock()
			status, _, err := post(url, secret, encode(map[string]any{"update_id": n, kind: body}))
			return status == http.StatusOK, err
		}
		s.Deliver = func(_ context.Context, url string, ev channeltest.Event) (bool, error) {
			p.met(ev.Person).Start("")
			kind, body := content(ev)
			return deliver(url, kind, body)
		}
		s.Strange = func(_ context.Context, url string) (bool, error) {
			return deliver(url, "moon_phase", map[string]any{"user": map[string]any{"id": firstPerson + 1}, "phase": "waning"})
		}
		s.Forged = func(url string) []channeltest.Forgery {
			kind, content := content(channeltest.Event{Person: 1, Number: 1, Kind: channels.Text, Text: "send money"})
			body := encode(map[string]any{"update_id": 1, kind: content})
			request := func(method string, body []byte, secrets ...string) *http.Request {
				r, err := http.NewRequest(method, url, bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range secrets {
					r.Header.Add("X-Telegram-Bot-Api-Secret-Token", s)
				}
				return r
			}
			return []channeltest.Forgery{
				{Name: "no secret", Request: request("POST", body), Status: 401},
				{Name: "an empty secret", Request: request("POST", body, ""), Status: 401},
				{Name: "a wrong secret", Request: request("POST", body, "wrong"), Status: 401},
				{Name: "the begin of the secret", Request: request("POST", body, secret[:len(secret)-1]), Status: 401},
				{Name: "more than the secret", Request: request("POST", body, secret+"0"), Status: 401},
				{Name: "another case", Request: request("POST", body, strings.ToUpper(secret)), Status: 401},
				{Name: "two secrets", Request: request("POST", body, "wrong", secret), Status: 401},
				{Name: "the bot's token", Request: request("POST", body, token), Status: 401},
				{Name: "another method", Request: request("PUT", body, secret), Status: 405},
				{Name: "a question", Request: request("GET", nil, secret), Status: 405},
				{Name: "no JSON", Request: request("POST", []byte("update_id=1"), secret), Status: 400},
				{Name: "no body", Request: request("POST", nil, secret), Status: 400},
				{Name: "no update", Request: request("POST", []byte(`{"ok":true}`), secret), Status: 400},
				{Name: "a list", Request: request("POST", []byte(`[`+string(body)+`]`), secret), Status: 400},
				{Name: "10 MB", Request: request("POST", encode(map[string]any{"update_id": 1, "message": strings.Repeat("x", 10<<20)}), secret), Status: 413},
			}
		}
		return s
	})
}

// A spy looks at what is fetched: which updates were given, how often, and which
// were confirmed.
type spy struct {
	mu     sync.Mutex
	moved  chan struct{}
	given  map[int64]int    // how often, by number
	newest map[string]int64 // the last number of an event
	offset int64
}

func (s *spy) watch(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/getUpdates") {
			h.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		var ask struct {
			Offset int64 `json:"offset"`
		}
		_ = json.Unmarshal(body, &ask)
		s.mu.Lock()
		s.offset = max(s.offset, ask.Offset)
		s.move()
		s.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		var answer struct {
			Result []map[string]json.RawMessage `json:"result"`
		}
		_ = json.Unmarshal(rec.Body.Bytes(), &answer)
		s.mu.Lock()
		for _, u := range answer.Result {
			var id int64
			_ = json.Unmarshal(u["update_id"], &id)
			delete(u, "update_id")
			s.given[id]++
			for _, body := range u {
				s.newest[string(body)] = id
			}
		}
		s.move()
		s.mu.Unlock()
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func (s *spy) move() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// confirmed waits until the event was confirmed, or given once more without it.
// before is how often it had been given.
func (s *spy) confirmed(ctx context.Context, body string, before int) (bool, error) {
	for {
		s.mu.Lock()
		id, moved := s.newest[body], s.moved
		done, again := id != 0 && s.offset > id, id != 0 && s.given[id] >= before+2
		s.mu.Unlock()
		switch {
		case done:
			return true, nil
		case again:
			return false, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

func TestContractOfThePoller(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) channeltest.Suite {
		p := open(t, botapi.Options{}, telegram.Options{Unpaced: true})
		for n := 1; n <= 6; n++ {
			p.met(n).Start("")
		}
		p.api.Renumber() // long ago: it waits no more
		watched := &spy{moved: make(chan struct{}), given: map[int64]int{}, newest: map[string]int64{}}
		srv := httptest.NewServer(watched.watch(p.api.Handler()))
		t.Cleanup(func() { p.api.Close(); srv.CloseClientConnections(); srv.Close() })
		ch, err := telegram.New(telegram.Options{Token: token, APIURL: srv.URL, Unpaced: true})
		if err != nil {
			t.Fatal(err)
		}
		s := p.suite()
		s.Channel = ch.Hasten().Poller()
		var mu sync.Mutex
		bodies := map[string][]byte{} // of an event, the same each time
		deliver := func(ctx context.Context, person int, name, kind string, body any) (bool, error) {
			mu.Lock()
			if bodies[name] == nil {
				bodies[name] = encode(body)
			}
			b := bodies[name]
			mu.Unlock()
			watched.mu.Lock()
			id := watched.newest[string(b)]
			before := watched.given[id]
			waits := id != 0 && watched.offset <= id
			if !waits {
				delete(watched.newest, string(b))
				before = 0
			}
			watched.mu.Unlock()
			if !waits {
				if err := p.met(person).Update(kind, b); err != nil {
					return false, err
				}
			}
			return watched.confirmed(ctx, string(b), before)
		}
		s.Deliver = func(ctx context.Context, _ string, ev channeltest.Event) (bool, error) {
			kind, body := content(ev)
			return deliver(ctx, ev.Person, fmt.Sprint(ev.Person, "/", ev.Number), kind, body)
		}
		s.Strange = func(ctx context.Context, _ string) (bool, error) {
			return deliver(ctx, 1, "strange", "moon_phase", map[string]any{"user": map[string]any{"id": firstPerson + 1}, "phase": "waning"})
		}
		return s
	})
}
