// SPDX-License-Identifier: GPL-3.0-or-later

package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
	"sarai/standin/botapi"
)

// hooked is a place where Telegram calls.
func hooked(t *testing.T, o botapi.Options, kept *store) (p *place, url string) {
	t.Helper()
	var hook *telegram.Hook
	ready := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-ready
		hook.Handler(kept.sink).ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	url = srv.URL + telegram.Path
	p = open(t, o, telegram.Options{WebhookURL: url, SecretToken: secret})
	hook = p.ch.Hook()
	close(ready)
	return p, url
}

func (p *place) keep() (stop func()) {
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { p.ch.Hook().Keep(ctx); close(done) }()
	stop = sync.OnceFunc(func() { end(); <-done })
	p.t.Cleanup(stop)
	return stop
}

type webhookInfo struct {
	URL     string   `json:"url"`
	Pending int      `json:"pending_update_count"`
	Max     int      `json:"max_connections"`
	Allowed []string `json:"allowed_updates"`
}

func (p *place) webhook() webhookInfo {
	p.t.Helper()
	resp, err := http.Get(p.url + "/bot" + token + "/getWebhookInfo")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Result webhookInfo `json:"result"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		p.t.Fatal(err)
	}
	return answer.Result
}

// Telegram is told where to call, and what people do arrives by calls.
func TestATalkByWebhook(t *testing.T) {
	kept := &store{}
	p, url := hooked(t, botapi.Options{}, kept)
	who := p.api.Person(900001, "ru")
	who.Say("before the webhook was set")
	p.keep()
	until(t, "what waited arrives", func() bool { return len(kept.all()) == 1 })
	who.Press(1, "menu")
	who.Say("confidential words")
	until(t, "all arrives and the button stops spinning", func() bool {
		return len(kept.all()) == 3 && p.api.Pending() == 0 && who.Waiting() == 0
	})
	info := p.webhook()
	slices.Sort(info.Allowed)
	if info.URL != url || info.Max != 40 || fmt.Sprint(info.Allowed) != "[callback_query edited_message message message_reaction my_chat_member]" {
		t.Errorf("the webhook is %+v", info)
	}
}

// The store fails: Telegram is told to call again, does so, and nothing is lost
// or out of order.
func TestTheStoreFailsUnderAWebhook(t *testing.T) {
	kept := &store{}
	kept.failing(func(channels.Inbound) error { return errFull })
	p, url := hooked(t, botapi.Options{}, kept)
	p.keep()
	until(t, "the webhook is set", func() bool { return p.webhook().URL != "" })
	who := p.api.Person(900001, "")
	for i := range 5 {
		who.Say(fmt.Sprint(i))
	}
	who.Press(1, "menu")
	until(t, "it is called again and again, with the press too", func() bool { return kept.tried() >= 6 })
	resp, err := http.DefaultClient.Do(signed(t, url, payload(t, "text"), secret))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "5" {
		t.Errorf("the answer is %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if who.Waiting() != 1 {
		t.Error("the phone was told that the button has arrived, and it has not")
	}
	kept.failing(nil)
	until(t, "all arrives", func() bool { return len(kept.all()) == 6 && p.api.Pending() == 0 && who.Waiting() == 0 })
	if got := slices.DeleteFunc(kept.texts(), func(s string) bool { return s == "" }); !slices.Equal(got, []string{"0", "1", "2", "3", "4"}) {
		t.Errorf("in this order: %q", got)
	}
}

func signed(t testing.TB, url string, body []byte, secret string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	return r
}

// Somebody changes the webhook: at the next look it is set again.
func TestTheWebhookIsKept(t *testing.T) {
	kept := &store{}
	p, url := hooked(t, botapi.Options{}, kept)
	p.ch.LookEvery(5 * time.Millisecond)
	p.api.Fail("", botapi.Fault{Status: 500, Times: 3})
	p.keep()
	until(t, "it is set", func() bool { return p.webhook().URL == url })
	if _, err := http.Get(p.url + "/bot" + token + "/setWebhook?url=http://127.0.0.1:9/another"); err != nil {
		t.Fatal(err)
	}
	until(t, "it is set again", func() bool { return p.webhook().URL == url })
	if _, err := http.Get(p.url + "/bot" + token + "/deleteWebhook"); err != nil {
		t.Fatal(err)
	}
	until(t, "and again", func() bool { return p.webhook().URL == url })
	p.api.Person(900001, "").Say("it still arrives")
	until(t, "the message arrives", func() bool { return len(kept.all()) == 1 })
	calls := p.api.Calls("setWebhook")
	looks := p.api.Calls("getWebhookInfo")
	until(t, "it was looked at a few times more", func() bool { return p.api.Calls("getWebhookInfo") > looks+5 })
	if n := p.api.Calls("setWebhook"); n != calls {
		t.Error("it is set though nothing is wrong with it")
	}
}

// Telegram does not take the address, because it cannot find it for instance: the
// log says what to look at, and it is set once Telegram takes it.
func TestTheWebhookIsRefused(t *testing.T) {
	p, url := hooked(t, botapi.Options{}, &store{})
	p.api.Fail("setWebhook", botapi.Fault{Status: 400, Description: "Bad Request: bad webhook: Failed to resolve host: Name or service not known"})
	p.keep()
	until(t, "it is set", func() bool { return p.webhook().URL == url })
	if log := p.logged(); !strings.Contains(log, "problem=misset") || !strings.Contains(log, "public_url must be") {
		t.Errorf("the log says: %s", log)
	}
}

// A body of 10 MB, one that is deep, and one that trickles: each is refused, at
// once, in little memory, and the secret is asked for before any of it is read.
func TestLargeBodies(t *testing.T) {
	kept := &store{}
	_, url := hooked(t, botapi.Options{}, kept)
	large := append([]byte(`{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"text":"`), bytes.Repeat([]byte("x"), 10<<20)...)
	large = append(large, `"}}`...)
	for name, x := range map[string]struct {
		body   []byte
		secret string
		status int
	}{
		"10 MB":                    {large, secret, 413},
		"10 MB without the secret": {large, "", 401},
		"a million brackets":       {bytes.Repeat([]byte(`[`), 1<<20), secret, 400},
		"deep":                     {[]byte(`{"update_id":1,"x":` + strings.Repeat(`{"a":`, 100_000) + `1` + strings.Repeat(`}`, 100_000) + `}`), secret, 400},
	} {
		begun := time.Now()
		status, _, err := post(url, x.secret, x.body)
		if err != nil && x.status != 401 && x.status != 413 { // who is refused early may see the connection close
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err == nil && status != x.status {
			t.Errorf("%s: the answer is %d", name, status)
		}
		if d := time.Since(begun); d > 2500*time.Millisecond { // ten times the figure to reach
			t.Errorf("%s took %v", name, d)
		}
	}
	if kept.tried() != 0 {
		t.Error("the store was asked")
	}
	// The largest that is taken.
	body := append([]byte(`{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"text":"`), bytes.Repeat([]byte("x"), 1<<20-80)...)
	if status, _, err := post(url, secret, append(body, `"}}`...)); err != nil || status != 200 {
		t.Errorf("1 MiB: %d, %v", status, err)
	}
}

// A hundred thousand requests that are nearly right: of those whose secret
// differs in anything none has an effect, and no answer or log line holds the
// secret or the token.
func TestForgedSecrets(t *testing.T) {
	var log bytes.Buffer
	ch, err := telegram.New(telegram.Options{
		Token: token, APIURL: "http://127.0.0.1:1", WebhookURL: "https://chat.example.org" + telegram.Path, SecretToken: secret,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := &store{}
	h := ch.Hook().Handler(kept.sink)
	body := payload(t, "text")
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	mutate := func(s string) string {
		b := []byte(s)
		for range 1 + r.IntN(3) {
			switch i := r.IntN(len(b) + 1); r.IntN(5) {
			case 0: // another letter
				if i < len(b) {
					b[i] = alphabet[r.IntN(len(alphabet))]
				}
			case 1: // one more
				b = slices.Insert(b, i, alphabet[r.IntN(len(alphabet))])
			case 2: // one less
				if i < len(b) {
					b = slices.Delete(b, i, i+1)
				}
			case 3: // the other case
				if i < len(b) {
					b[i] ^= 0x20
				}
			case 4: // two change places
				if i+1 < len(b) {
					b[i], b[i+1] = b[i+1], b[i]
				}
			}
			if len(b) == 0 {
				b = []byte("x")
			}
		}
		return string(b)
	}
	accepted := 0
	n := 100_000
	if testing.Short() {
		n = 1_000
	}
	for tried := 0; tried < n; {
		given := mutate(secret)
		if given == secret {
			continue
		}
		req := httptest.NewRequest(http.MethodPost, telegram.Path, bytes.NewReader(body))
		name := "X-Telegram-Bot-Api-Secret-Token"
		switch r.IntN(20) {
		case 0:
			name, given = mutate(name), secret // the right secret in the wrong place
		case 1:
			req.Header.Add(name, secret) // and a wrong one beside it
		case 2:
			name, given = "Authorization", "Bearer "+secret
		}
		if http.CanonicalHeaderKey(name) == "X-Telegram-Bot-Api-Secret-Token" && given == secret {
			continue
		}
		req.Header.Add(name, given)
		tried++
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		var header bytes.Buffer
		_ = w.Header().Write(&header)
		answer := w.Body.String() + header.String()
		if w.Code < 400 {
			accepted++
		}
		if strings.Contains(answer, secret) || strings.Contains(answer, token) || strings.Contains(answer, given) && len(given) > 8 {
			t.Fatalf("an answer holds a secret: %q (seed %d)", answer, seed)
		}
	}
	if accepted != 0 || kept.tried() != 0 {
		t.Errorf("%d accepted, %d reached the store (seed %d)", accepted, kept.tried(), seed)
	}
	if strings.Contains(log.String(), secret) || strings.Contains(log.String(), token) {
		t.Error("the log holds a secret")
	}
	// The right one is taken: the test would pass if nothing ever were.
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signed(t, telegram.Path, body, secret))
	if w.Code != 200 || len(kept.all()) != 1 {
		t.Errorf("the right secret: %d, %d taken", w.Code, len(kept.all()))
	}
}

// Mutations of the body under the right secret: each is kept or refused, none is
// a panic or an error of ours.
func TestMutatedBodies(t *testing.T) {
	ch, err := telegram.New(telegram.Options{
		Token: token, APIURL: "http://127.0.0.1:1", WebhookURL: "https://chat.example.org" + telegram.Path, SecretToken: secret,
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := &store{}
	h := ch.Hook().Handler(kept.sink)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	for _, name := range []string{"text", "photo", "edited", "reaction", "blocked"} {
		for range 2000 {
			b := bytes.Clone(payload(t, name))
			for range 1 + r.IntN(4) {
				b[r.IntN(len(b))] = byte(r.IntN(256))
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, signed(t, telegram.Path, b, secret))
			if w.Code != 200 && w.Code != 400 {
				t.Fatalf("%d for %s (seed %d)", w.Code, b, seed)
			}
		}
	}
}

// A body that stops halfway is no update.
func TestABrokenCall(t *testing.T) {
	kept := &store{}
	_, url := hooked(t, botapi.Options{}, kept)
	from, to := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, url, from)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	go func() {
		_, _ = to.Write([]byte(`{"update_id":1,"message":{"mess`))
		_ = to.CloseWithError(io.ErrUnexpectedEOF)
	}()
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
		if resp.StatusCode < 400 {
			t.Errorf("the answer is %d", resp.StatusCode)
		}
	}
	if kept.tried() != 0 {
		t.Error("the store was asked")
	}
}

// What cannot work is refused before anything runs, in words for whoever wrote
// the configuration, and without the secrets.
func TestOptions(t *testing.T) {
	good := telegram.Options{Token: token, WebhookURL: "https://chat.example.org/hook/telegram", SecretToken: secret}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*telegram.Options){
		"no token":                 func(o *telegram.Options) { o.Token = "" },
		"a token of another kind":  func(o *telegram.Options) { o.Token = "the-secret-of-the-bot" },
		"a token with a path":      func(o *telegram.Options) { o.Token = "777:the-secret-of-the-bot/../x" },
		"an address without https": func(o *telegram.Options) { o.APIURL = "http://api.example.org" },
		"an address with a name":   func(o *telegram.Options) { o.APIURL = "https://a:b@api.example.org" },
		"no address":               func(o *telegram.Options) { o.APIURL = "api.example.org" },
		"no secret token":          func(o *telegram.Options) { o.SecretToken = "" },
		"a short secret token":     func(o *telegram.Options) { o.SecretToken = "short" },
		"a secret token in signs":  func(o *telegram.Options) { o.SecretToken = "the-secret-of-the-bot!!" },
		"a webhook on a port":      func(o *telegram.Options) { o.WebhookURL = "https://chat.example.org:8080/hook/telegram" },
		"a webhook without https":  func(o *telegram.Options) { o.WebhookURL = "http://chat.example.org/hook" },
	} {
		o := good
		change(&o)
		err := o.Check()
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		if _, e := telegram.New(o); e == nil || strings.Contains(e.Error(), "the-secret") || strings.Contains(e.Error(), "\n") {
			t.Errorf("%s: %v", name, e)
		}
	}
}
