// SPDX-License-Identifier: GPL-3.0-or-later

package botapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-telegram/bot"

	"sarai/standin/botapi"
)

const token = "7000001:a-token-of-the-test"

// A clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A place is a stand-in that is being served.
type place struct {
	*botapi.Server
	t     *testing.T
	url   string
	clock *clock
}

func serve(t *testing.T, change ...func(*botapi.Options)) *place {
	t.Helper()
	c := newClock()
	o := botapi.Options{Token: token, Now: c.Now, Second: time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	s := botapi.New(o)
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() { s.Close(); web.Close() })
	return &place{s, t, web.URL, c}
}

// An answer is what the API says.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		After int `json:"retry_after"`
	} `json:"parameters"`
}

// call calls a method with JSON.
func (p *place) call(method string, args any) answer {
	p.t.Helper()
	a, err := p.try(context.Background(), method, args)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *place) try(ctx context.Context, method string, args any) (answer, error) {
	b, err := json.Marshal(args)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/bot"+token+"/"+method, strings.NewReader(string(b)))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	return do(req)
}

func do(req *http.Request) (answer, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := json.Unmarshal(b, &a); err != nil {
		return answer{}, fmt.Errorf("not the envelope: %s", b)
	}
	if want := a.Code; a.OK == (want != 0) || (a.OK && resp.StatusCode != 200) || (!a.OK && resp.StatusCode != want) {
		return a, fmt.Errorf("status %d with %s", resp.StatusCode, b)
	}
	return a, nil
}

// refused calls a method that must be refused in these words.
func (p *place) refused(code int, description, method string, args any) {
	p.t.Helper()
	a := p.call(method, args)
	if a.OK || a.Code != code || a.Description != description {
		p.t.Errorf("%s: %d %q, expected %d %q", method, a.Code, a.Description, code, description)
	}
}

// taken calls a method that must not be refused.
func (p *place) taken(method string, args any) json.RawMessage {
	p.t.Helper()
	a := p.call(method, args)
	if !a.OK {
		p.t.Fatalf("%s: %d %s", method, a.Code, a.Description)
	}
	return a.Result
}

type args = map[string]any

// An event is an update, as far as tests look at it.
type event struct {
	ID      int `json:"update_id"`
	Message *struct {
		ID   int    `json:"message_id"`
		Text string `json:"text"`
	} `json:"message"`
	Press *struct {
		ID   string `json:"id"`
		Data string `json:"data"`
	} `json:"callback_query"`
}

func (p *place) updates(a args) []event {
	p.t.Helper()
	var out []event
	if err := json.Unmarshal(p.taken("getUpdates", a), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (p *place) await(holds func() bool) {
	p.t.Helper()
	if err := p.Await(soon(p.t), holds); err != nil {
		p.t.Fatal(err)
	}
}

func TestATalkThroughTheLibrary(t *testing.T) {
	t.Parallel()
	p := serve(t)
	b, err := bot.New(token, bot.WithServerURL(p.url))
	if err != nil {
		t.Fatal(err)
	}
	zara := p.Person(900001, "ur")
	zara.Start("leaflet-7")
	got := p.updates(args{})
	if len(got) != 1 || got[0].Message.Text != "/start leaflet-7" {
		t.Fatalf("the start arrived as %+v", got)
	}
	m, err := b.SendMessage(soon(t), &bot.SendMessageParams{ChatID: zara.ID(), Text: "<b>Salaam</b> &amp; welcome", ParseMode: "HTML"})
	if err != nil {
		t.Fatal(err)
	}
	screen := zara.Screen()
	last := screen[len(screen)-1]
	if last.ID != m.ID || !last.Bot || last.Text != "Salaam & welcome" || len(last.Entities) != 1 || last.Entities[0].Length != 6 {
		t.Errorf("on the screen stands %+v", last)
	}
}
