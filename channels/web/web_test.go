// SPDX-License-Identifier: GPL-3.0-or-later

package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/channels/web"
)

// A site is the chat served over HTTP, with the house behind it.
type site struct {
	*house
	web *web.Channel
	url string
	log *bytes.Buffer
}

func open(t *testing.T, o web.Options) *site {
	t.Helper()
	h := newHouse()
	var log bytes.Buffer
	o.Mailbox = h
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	ch := web.New(o)
	h.wake = ch.Wake
	srv := httptest.NewServer(ch.Handler(h.sink))
	t.Cleanup(srv.Close)
	t.Cleanup(ch.Close)
	return &site{h, ch, srv.URL, &log}
}

// keyOf is the key of the nth person: 22 letters, as a page would make them.
func keyOf(n int) string { return fmt.Sprintf("person-%015d", n) }

// An answer is what a page gets.
type answer struct {
	status  int
	header  http.Header
	Error   string
	Letters []channels.Letter
	Cleared uint64
	Seq     uint64
	Key     string
	Words   map[string][]string
}

func call(ctx context.Context, r *http.Request) (answer, error) {
	resp, err := http.DefaultClient.Do(r.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	if err := json.Unmarshal(b, &a); err != nil {
		return a, fmt.Errorf("status %d with %.80q", resp.StatusCode, b)
	}
	return a, nil
}

func request(method, url, key string, body any) *http.Request {
	var b io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		b = strings.NewReader(body)
	default:
		j, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		b = bytes.NewReader(j)
	}
	r, err := http.NewRequest(method, url, b)
	if err != nil {
		panic(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

type said map[string]any

func (s *site) post(t *testing.T, key string, m said) answer {
	t.Helper()
	a, err := call(t.Context(), request("POST", s.url+"/chat/api/messages", key, m))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (s *site) get(t *testing.T, key, query string) answer {
	t.Helper()
	a, err := call(t.Context(), request("GET", s.url+"/chat/api/messages?"+query, key, nil))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (s *site) send(t *testing.T, path, key string, body any) answer {
	t.Helper()
	a, err := call(t.Context(), request("POST", s.url+"/chat/api/"+path, key, body))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestContract(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) channeltest.Suite {
		h := newHouse()
		ch := web.New(web.Options{Mailbox: readBy{h}})
		deliver := func(ctx context.Context, url, key string, m said) (bool, error) {
			a, err := call(ctx, request("POST", url+"/chat/api/messages", key, m))
			return a.status == http.StatusOK, err
		}
		at := func(person int) channels.Address {
			return channels.Address{Channel: web.ChannelName, ID: hashOf(keyOf(person))}
		}
		good := said{"id": "12345678", "kind": "text", "text": "forged"}
		return channeltest.Suite{
			Channel: ch,
			Deliver: func(ctx context.Context, url string, ev channeltest.Event) (bool, error) {
				return deliver(ctx, url, keyOf(ev.Person), said{
					"id": fmt.Sprintf("message-%d", ev.Number), "kind": ev.Kind, "text": ev.Text, "choice": ev.Choice, "language": "ur-PK",
				})
			},
			Kinds: []channels.Kind{channels.Choice, channels.Start},
			Strange: func(ctx context.Context, url string) (bool, error) {
				return deliver(ctx, url, keyOf(1), said{"id": "12345678", "kind": "hologram", "rays": []int{1, 2}})
			},
			To:      at,
			Secrets: []string{keyOf(1), "forged", "hologram", "k3y"},
			Forged: func(url string) []channeltest.Forgery {
				post := func(key string, body any) *http.Request {
					return request("POST", url+"/chat/api/messages", key, body)
				}
				plain := post(keyOf(1), good)
				plain.Header.Set("Content-Type", "text/plain")
				basic := post("", good)
				basic.Header.Set("Authorization", "Basic "+keyOf(1))
				inURL := post("", good)
				inURL.URL.RawQuery = "key=" + keyOf(1)
				cookie := post("", good)
				cookie.AddCookie(&http.Cookie{Name: "key", Value: keyOf(1)})
				return []channeltest.Forgery{
					{Name: "no key", Request: post("", good), Status: 401},
					{Name: "half a key", Request: post("k3y", good), Status: 401},
					{Name: "a key of other letters", Request: post("person-00000000000000/", good), Status: 401},
					{Name: "a longer key", Request: post(keyOf(1)+keyOf(1), good), Status: 401},
					{Name: "another scheme", Request: basic, Status: 401},
					{Name: "the key in the address", Request: inURL, Status: 401},
					{Name: "the key in a cookie", Request: cookie, Status: 401},
					{Name: "a code that nobody was given", Request: post("badabadabadabadabadabada", good), Status: 404},
					{Name: "a form", Request: plain, Status: 415},
					{Name: "no JSON", Request: post(keyOf(1), "forged"), Status: 400},
					{Name: "half a JSON", Request: post(keyOf(1), `{"id":"12345678","kind":"te`), Status: 400},
					{Name: "two JSONs", Request: post(keyOf(1), `{"id":"12345678","kind":"start"}{}`), Status: 400},
					{Name: "deep JSON", Request: post(keyOf(1), strings.Repeat("[", 100_000)), Status: 400},
					{Name: "a number for a text", Request: post(keyOf(1), `{"id":"12345678","kind":"text","text":1}`), Status: 400},
					{Name: "no id", Request: post(keyOf(1), said{"kind": "text", "text": "forged"}), Status: 400},
					{Name: "a strange id", Request: post(keyOf(1), said{"id": "1234567\n", "kind": "text", "text": "forged"}), Status: 400},
					{Name: "no kind", Request: post(keyOf(1), said{"id": "12345678", "text": "forged"}), Status: 400},
					{Name: "no words", Request: post(keyOf(1), said{"id": "12345678", "kind": "text", "text": " \n"}), Status: 400},
					{Name: "no choice", Request: post(keyOf(1), said{"id": "12345678", "kind": "choice"}), Status: 400},
					{Name: "too long", Request: post(keyOf(1), said{"id": "12345678", "kind": "text", "text": strings.Repeat("x", 401<<10)}), Status: 413},
					{Name: "far too long", Request: post(keyOf(1), said{"id": "12345678", "kind": "text", "text": strings.Repeat("x", 10<<20)}), Status: 413},
					{Name: "another method", Request: request("PUT", url+"/chat/api/messages", keyOf(1), good), Status: 405},
					{Name: "another place", Request: request("POST", url+"/chat/api/letters", keyOf(1), good), Status: 404},
				}
			},
		}
	})
}

// readBy is a mailbox that knows everybody, for the contract, whose sink is its own.
type readBy struct{ *house }

func (readBy) Letters(_ context.Context, a channels.Address, _ uint64, _ int) ([]channels.Letter, uint64, error) {
	if a.ID == hashOf("badabadabadabadabadabada") {
		return nil, 0, channels.ErrUnknownPerson
	}
	return nil, 0, nil
}

func TestATalk(t *testing.T) {
	s := open(t, web.Options{})
	s.answer = func(in channels.Inbound) []channels.Letter {
		return []channels.Letter{{From: "program", Locale: "en", Blocks: []channels.Block{{Kind: channels.Paragraph, Text: "You asked: " + in.Text}}}}
	}
	if a := s.get(t, keyOf(1), "after=0&wait=25"); a.status != 404 || a.Error != "no-talk" {
		t.Fatalf("who has not written yet reads %d %s", a.status, a.Error)
	}
	if a := s.post(t, keyOf(1), said{"id": "aaaaaaaa", "kind": "text", "text": "fees?"}); a.status != 200 {
		t.Fatalf("a question got %d %s", a.status, a.Error)
	}
	a := s.get(t, keyOf(1), "after=0&wait=25")
	if len(a.Letters) != 2 || a.Letters[0].ID != "aaaaaaaa" || a.Letters[1].Blocks[0].Text != "You asked: fees?" || a.Seq != 4 {
		t.Fatalf("the talk reads %+v, to be continued at %d", a.Letters, a.Seq)
	}
	if a := s.get(t, keyOf(1), "after=4&wait=0"); a.status != 200 || len(a.Letters) != 0 || a.Seq != 4 {
		t.Errorf("after the end stands %+v", a)
	}
	if a := s.get(t, keyOf(2), "after=0"); a.status != 404 {
		t.Errorf("somebody else reads %d", a.status)
	}
	if a := s.get(t, keyOf(1), "after=-1"); a.status != 400 {
		t.Errorf("a place before the beginning gets %d", a.status)
	}
}

// A page that waits is answered the moment something is there, and looks into
// the mailbox once before and once after, however long it waited.
func TestAWaitingPageIsWoken(t *testing.T) {
	s := open(t, web.Options{})
	s.post(t, keyOf(1), said{"id": "aaaaaaaa", "kind": "text", "text": "hello"})
	seq := s.get(t, keyOf(1), "after=0").Seq
	at := channels.Address{Channel: web.ChannelName, ID: hashOf(keyOf(1))}

	wait := func(query string) <-chan answer {
		got := make(chan answer, 1)
		before := s.readings()
		go func() {
			a, err := call(t.Context(), request("GET", s.url+"/chat/api/messages?"+query, keyOf(1), nil))
			if err != nil {
				t.Error(err)
			}
			got <- a
		}()
		until(t, func() bool { return s.readings() > before })
		return got
	}

	// woken gives the answer, which must not take as long as a page waits.
	woken := func(got <-chan answer) answer {
		t.Helper()
		select {
		case a := <-got:
			return a
		case <-time.After(15 * time.Second):
			t.Fatal("the page was not woken")
			return answer{}
		}
	}

	got := wait(fmt.Sprintf("after=%d&wait=25", seq))
	if _, err := s.web.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: web.ChannelName, ID: "another"}}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-got:
		t.Fatal("somebody else's message woke the page")
	default:
	}
	before := s.readings()
	s.say(at, channels.Letter{From: "staff", Blocks: []channels.Block{{Text: "Good morning"}}})
	if a := woken(got); len(a.Letters) != 1 || a.Letters[0].From != "staff" {
		t.Errorf("the page got %+v", a)
	} else {
		seq = a.Seq
	}
	if n := s.readings() - before; n != 1 {
		t.Errorf("the mailbox was read %d times for one message", n)
	}

	got = wait(fmt.Sprintf("after=%d&wait=25", seq))
	s.clear(at)
	if a := woken(got); a.Cleared != seq || len(a.Letters) != 0 {
		t.Errorf("after clear the page got %+v, and should forget up to %d", a, seq)
	}
	if a := s.get(t, keyOf(1), "after=0&cleared=0&wait=25"); a.Cleared != seq || len(a.Letters) != 0 {
		t.Errorf("a page that was away during clear got %d letters and %d", len(a.Letters), a.Cleared)
	}

	got = wait(fmt.Sprintf("after=%d&cleared=%d&wait=25", seq, seq))
	s.web.Close()
	if a := woken(got); a.status != 200 {
		t.Errorf("a server that stops answers %d", a.status)
	}
}

// A person has a few tabs; a flood of waiting pages is refused, to that person.
func TestTooManyTabsOfOnePersonAreTurnedAway(t *testing.T) {
	s := open(t, web.Options{})
	s.post(t, keyOf(1), said{"id": "aaaaaaaa", "kind": "text", "text": "hello"})
	s.post(t, keyOf(2), said{"id": "aaaaaaaa", "kind": "text", "text": "hello"})
	ctx, end := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer end()
	before := s.readings()
	for range 8 {
		wg.Go(func() {
			_, err := call(ctx, request("GET", s.url+"/chat/api/messages?after=2&wait=25", keyOf(1), nil))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("a page that waits ended with %v", err)
			}
		})
	}
	until(t, func() bool { return s.readings() == before+8 })
	if a := s.get(t, keyOf(1), "after=2&wait=25"); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("the ninth page of a person got %d", a.status)
	}
	if a := s.get(t, keyOf(2), "after=0&wait=25"); a.status != 200 {
		t.Errorf("somebody else got %d", a.status)
	}
}

// A failing store is told to the page, in words that it can act on and with
// nothing of the talk; the same message goes through later, once.
func TestAFailingStore(t *testing.T) {
	s := open(t, web.Options{})
	m := said{"id": "aaaaaaaa", "kind": "text", "text": "canary-words"}
	s.breakDown(errors.New("disk full"))
	for range 3 {
		if a := s.post(t, keyOf(1), m); a.status != 503 || a.header.Get("Retry-After") == "" || a.Error != "try-again" {
			t.Fatalf("%d %s", a.status, a.Error)
		}
	}
	if a := s.get(t, keyOf(1), "after=0&wait=25"); a.status != 503 {
		t.Errorf("reading got %d", a.status)
	}
	s.breakDown(nil)
	s.post(t, keyOf(1), m)
	s.post(t, keyOf(1), m)
	if in := s.arrived(); len(in) != 1 || in[0].Text != "canary-words" {
		t.Errorf("%d messages arrived", len(in))
	}
	if l := s.log.String(); !strings.Contains(l, "disk full") || strings.Contains(l, "canary") || strings.Contains(l, keyOf(1)) || strings.Contains(l, hashOf(keyOf(1))) {
		t.Errorf("the log says %s", l)
	}
}

// A phone that is locked while its message is being kept is no fault of the
// house: no operator reads of it. The message is not called kept either.
func TestAPageThatWentAwayIsNoFault(t *testing.T) {
	var log bytes.Buffer
	ch := web.New(web.Options{Mailbox: newHouse(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	defer ch.Close()
	h := ch.Handler(func(ctx context.Context, _ ...channels.Inbound) error {
		return fmt.Errorf("store: %w", context.Canceled)
	})
	post := func(ctx context.Context) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request("POST", "/chat/api/messages", keyOf(1), said{"id": "aaaaaaaa", "kind": "text", "text": "hello"}).WithContext(ctx))
		return w.Code
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if code := post(gone); code != http.StatusServiceUnavailable || log.Len() > 0 {
		t.Errorf("who went away got %d, and the log says %q", code, log.String())
	}
	if code := post(t.Context()); code != http.StatusServiceUnavailable || log.Len() == 0 {
		t.Errorf("who is there got %d, and the log says %q", code, log.String())
	}
}

// A message typed in a place without connection says when it was typed, as far
// as a stranger's clock is believed.
func TestWhenItWasTyped(t *testing.T) {
	now := time.Date(2026, 3, 21, 12, 0, 0, 0, time.UTC)
	s := open(t, web.Options{Now: func() time.Time { return now }})
	for i, c := range []struct {
		age  any
		want time.Duration
	}{
		{0, 0}, {90_000, -90 * time.Second}, {-90_000, 0}, {int64(1) << 62, -7 * 24 * time.Hour}, {-(int64(1) << 62), 0},
	} {
		s.post(t, keyOf(1), said{"id": fmt.Sprintf("message-%d", i), "kind": "text", "text": "x", "age_ms": c.age})
		if in := s.arrived(); !in[len(in)-1].At.Equal(now.Add(c.want)) {
			t.Errorf("age %v: the time is %v from now", c.age, in[len(in)-1].At.Sub(now))
		}
	}
}

func TestHintsAreCheckedAndTheRestIsData(t *testing.T) {
	s := open(t, web.Options{})
	hostile := "<img src=x onerror=alert(1)>\u202e\u0000"
	s.post(t, keyOf(1), said{"id": "aaaaaaaa", "kind": "text", "text": hostile, "language": "fa-AF", "campaign": "border-3"})
	s.post(t, keyOf(1), said{"id": "bbbbbbbb", "kind": "text", "text": "x", "language": "<b>", "campaign": "a b"})
	r := request("POST", s.url+"/chat/api/messages", keyOf(1), "{\"id\":\"cccccccc\",\"kind\":\"text\",\"text\":\"a\xff\xfeb\"}")
	if a, err := call(t.Context(), r); err != nil || a.status != 200 {
		t.Fatalf("bytes that are no UTF-8 got %d %v", a.status, err)
	}
	in := s.arrived()
	if in[0].Text != hostile || in[0].Language != "fa-AF" || in[0].Campaign != "border-3" {
		t.Errorf("%q %q %q", in[0].Text, in[0].Language, in[0].Campaign)
	}
	if in[1].Language != "" || in[1].Campaign != "" {
		t.Errorf("%q %q", in[1].Language, in[1].Campaign)
	}
	if in[2].Text != "a\uFFFD\uFFFDb" {
		t.Errorf("%q", in[2].Text)
	}
	if in[0].From.ID == keyOf(1) || strings.Contains(in[0].ID, in[0].From.ID[:8]) {
		t.Error("what is stored holds the key, or the event's id the address")
	}
}

func TestTheLongestMessages(t *testing.T) {
	s := open(t, web.Options{})
	for _, c := range []struct {
		text string
		want int
	}{
		{strings.Repeat("x", 400<<10), 200},
		{strings.Repeat("ক", (400<<10)/3), 200},
		{strings.Repeat("\u0001", 400<<10), 200}, // each is six bytes of JSON
		{strings.Repeat("x", 400<<10+1), 413},
		{strings.Repeat("x", 500_000), 413},
	} {
		a := s.post(t, keyOf(1), said{"id": fmt.Sprintf("message-%d", len(s.arrived())), "kind": "text", "text": c.text})
		if a.status != c.want {
			t.Errorf("%d bytes of %.3q got %d", len(c.text), c.text, a.status)
		}
	}
}

// Six words carry a talk to another phone, in the script that its owner reads.
func TestCode(t *testing.T) {
	s := open(t, web.Options{})
	if a := s.send(t, "code", keyOf(1), nil); a.status != 404 {
		t.Fatalf("a code before the first message got %d", a.status)
	}
	s.post(t, keyOf(1), said{"id": "aaaaaaaa", "kind": "text", "text": "from the first phone"})
	code := s.send(t, "code", keyOf(1), nil)
	if again := s.send(t, "code", keyOf(1), nil); fmt.Sprint(again.Words) != fmt.Sprint(code.Words) {
		t.Error("asked twice, the code is another one")
	}
	var key string
	for script, ws := range code.Words {
		if len(ws) != 6 {
			t.Errorf("%s: %d words", script, len(ws))
		}
		for _, typed := range []string{
			strings.Join(ws, " "), strings.Join(ws, ""), strings.Join(ws, " - "), strings.ToUpper(strings.Join(ws, "\n")),
		} {
			a := s.send(t, "enter", "", said{"code": typed})
			if a.status != 200 || key != "" && a.Key != key {
				t.Fatalf("%s: %q got %d %s", script, typed, a.status, a.Error)
			}
			key = a.Key
		}
	}
	if a := s.get(t, key, "after=0"); len(a.Letters) != 1 || a.Letters[0].Blocks[0].Text != "from the first phone" {
		t.Errorf("the second phone reads %+v", a.Letters)
	}
	s.post(t, key, said{"id": "aaaaaaaa", "kind": "text", "text": "from the second phone"})
	if a := s.get(t, keyOf(1), "after=0"); len(a.Letters) != 2 {
		t.Errorf("the first phone reads %d letters", len(a.Letters))
	}

	if a := s.send(t, "enter", "", said{"code": "bada bada bada bada bada bada"}); a.status != 404 || a.Error != "no-talk" {
		t.Errorf("a code of nobody got %d %s", a.status, a.Error)
	}
	if a := s.send(t, "enter", "", said{"code": "my dog is called Rex"}); a.status != 400 || a.Error != "not-a-code" {
		t.Errorf("other words got %d %s", a.status, a.Error)
	}
	if a := s.post(t, "badabadabadabadabadabada", said{"id": "aaaaaaaa", "kind": "text", "text": "x"}); a.status != 404 {
		t.Errorf("a code of nobody began a talk: %d", a.status)
	}
}

// What is done too often is refused for a while, to who does it and nobody else.
func TestLimits(t *testing.T) {
	now := time.Date(2026, 3, 21, 12, 0, 0, 0, time.UTC)
	few := web.Rate{Every: time.Minute, Burst: 3}
	s := open(t, web.Options{
		Now:   func() time.Time { return now },
		Chats: few, Messages: few, Tries: few,
		Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	from := func(client string, r *http.Request) answer {
		r.Header.Set("X-Forwarded-For", client)
		a, err := call(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	people := 0
	begin := func(client string) int {
		people++
		return from(client, request("POST", s.url+"/chat/api/messages", keyOf(people), said{"id": "aaaaaaaa", "kind": "start"})).status
	}
	for _, c := range []struct {
		name    string
		clients []string // the fourth is refused
		another string   // and this one is not
	}{
		{"one address", []string{"203.0.113.1", "203.0.113.1", "203.0.113.1", "203.0.113.1"}, "203.0.113.2"},
		{"behind a trusted proxy", []string{"203.0.113.3, 10.1.1.1", "203.0.113.3", "203.0.113.3, 10.2.2.2", "203.0.113.3"}, "203.0.113.4, 10.1.1.1"},
		{"who invents a forwarder", []string{"1.1.1.1, 203.0.113.5", "2.2.2.2, 203.0.113.5", "203.0.113.5", "x, 203.0.113.5"}, "203.0.113.5, 203.0.113.6"},
		{"one network of IPv6", []string{"2001:db8::1", "2001:db8::2", "2001:db8::ffff:3", "2001:db8::4"}, "2001:db8:0:1::1"},
	} {
		for i, client := range c.clients {
			if got, want := begin(client), []int{200, 200, 200, 429}[i]; got != want {
				t.Errorf("%s: new talk %d got %d", c.name, i+1, got)
			}
		}
		if got := begin(c.another); got != 200 {
			t.Errorf("%s: somebody else got %d", c.name, got)
		}
	}
	now = now.Add(time.Minute)
	if got := begin("203.0.113.1"); got != 200 {
		t.Errorf("a minute later it got %d", got)
	}

	// Who has a talk is limited by the talk, wherever they write from.
	people++
	for i, want := range []int{200, 200, 200, 429} {
		m := said{"id": fmt.Sprintf("message-%d", i), "kind": "text", "text": "x"}
		if a := from(fmt.Sprintf("198.51.100.%d", i), request("POST", s.url+"/chat/api/messages", keyOf(people), m)); a.status != want {
			t.Errorf("message %d of one talk got %d", i+1, a.status)
		}
	}

	for i, want := range []int{404, 404, 404, 429} {
		if a := from("203.0.113.9", request("POST", s.url+"/chat/api/enter", "", said{"code": "bada bada bada bada bada bada"})); a.status != want {
			t.Errorf("try %d got %d", i+1, a.status)
		}
	}
	if a := from("203.0.113.9", request("GET", s.url+"/chat/api/messages?after=0", "badabadabadabadabadabadu", nil)); a.status != 429 {
		t.Errorf("the same without the form got %d", a.status)
	}
}

// Only this server, and the websites that were named, show the chat in a frame;
// nothing comes from elsewhere; nothing of a talk is cached.
func TestHeaders(t *testing.T) {
	s := open(t, web.Options{Origins: []string{"https://mrc.example", "https://evil.example; script-src *", "javascript:alert(1)", "https://mrc.example/path"}})
	get := func(path string, header ...string) *http.Response {
		r := request("GET", s.url+path, "", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	page := get("/chat")
	csp := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'self' https://mrc.example"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %q: %s", want, csp)
		}
	}
	if !strings.HasSuffix(csp, "https://mrc.example") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "evil") {
		t.Errorf("the policy allows more: %s", csp)
	}
	for _, path := range []string{"/chat", "/chat/embed.js", "/chat/api/messages", "/chat/nothing", "/chat/static/nothing"} {
		resp := get(path)
		if h := resp.Header; h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || len(h.Values("Set-Cookie")) > 0 || h.Get("Content-Security-Policy") != csp {
			t.Errorf("%s has %v", path, h)
		}
	}
	if got := get("/chat/api/messages").Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a talk may be cached: %q", got)
	}
	if h := get("/chat/embed.js", "Origin", "https://mrc.example").Header; h.Get("Access-Control-Allow-Origin") != "https://mrc.example" {
		t.Error("the named website may not read the script")
	}
	for _, path := range []string{"/chat/embed.js", "/chat/api/messages", "/chat"} {
		if h := get(path, "Origin", "https://evil.example").Header; h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is open to any website", path)
		}
	}
	if h := get("/chat/api/messages", "Origin", "https://mrc.example").Header; h.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a named website may call in a person's name")
	}
}

func TestCheckOrigin(t *testing.T) {
	for s, ok := range map[string]bool{
		"https://mrc.example": true, "http://127.0.0.1:8080": true, "https://xn--mgba.example": true,
		"": false, "mrc.example": false, "https://mrc.example/": false, "https://*": false, "https://a b": false,
		"https://mrc.example'": false, "ftp://mrc.example": false, "https://user@mrc.example": false, "https://دفتر.example": false,
	} {
		if err := web.CheckOrigin(s); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// hashOf is the address of who has a key.
func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// until waits for something that another goroutine does.
func until(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not happen within ten seconds")
		}
	}
}
