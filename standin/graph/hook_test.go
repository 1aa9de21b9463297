// SPDX-License-Identifier: GPL-3.0-or-later

package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/standin/graph"
)

// The vector was made with openssl and not with this code.
func TestTheSignatureIsMetas(t *testing.T) {
	body := []byte(`{"object":"page","entry":[{"id":"100","time":1700000000000,"messaging":[{"sender":{"id":"5678"},"recipient":{"id":"100"},"timestamp":1700000000000,"message":{"mid":"m_1","text":"\u0633\u0644\u0627\u0645"}}]}]}`)
	const want = "sha256=f3b645f29c3b845dfea23920c254a77ae30528b5c996aa47ed0ef4a6ba52f64e"
	if got := graph.Sign("test-app-secret", body); got != want || len(body) != 209 {
		t.Errorf("%d bytes are signed %s", len(body), got)
	}
	if got := graph.Sign("test-app-secret", []byte(`{"object":"page","entry":[{"id":"100","time":1700000000000,"messaging":[{"sender":{"id":"5678"},"recipient":{"id":"100"},"timestamp":1700000000000,"message":{"mid":"m_1","text":"سلام"}}]}]}`)); got == want {
		t.Error("the escaping makes no difference")
	}
}

func TestWhatIsSentIsEscapedAsMetaDoes(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": "سلام"}`:                 `{"a":"\u0633\u0644\u0627\u0645"}`,
		`{"u":"https://x.org/?a=1&b"}`:  `{"u":"https:\/\/x.org\/?a=1&b"}`,
		`{"u":"already \/ \u00E9 \\/"}`: `{"u":"already \/ \u00e9 \\\/"}`,
		"[\"👍\", \n 1]":                 `["\ud83d\udc4d",1]`,
		`["\"\\"]`:                      `["\"\\"]`,
		`not JSON /`:                    `not JSON /`,
	} {
		if got := string(graph.Escape([]byte(in))); got != want {
			t.Errorf("%s became %s, not %s", in, got, want)
		}
	}
	p := serve(t)
	p.Person("5678", "").Say("سلام https://x.org/")
	p.settle()
	if got := string(p.hook.all()[0].body); !strings.Contains(got, `\u0633\u0644\u0627\u0645 https:\/\/x.org\/`) {
		t.Errorf("delivered %s", got)
	}
}

func TestTheHandshake(t *testing.T) {
	t.Parallel()
	p := serve(t)
	right := func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("hub.mode") != "subscribe" || q.Get("hub.verify_token") != graph.VerifyToken || r.URL.Path != "/new" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, q.Get("hub.challenge"))
	}
	p.hook.shake = right
	if err := p.Subscribe(t.Context(), graph.Messenger, p.hook.URL+"/new"); err != nil {
		t.Fatal(err)
	}
	p.Person("5678", "").Say("hello")
	p.settle()
	if got := p.hook.all(); len(got) != 1 || got[0].path != "/new" {
		t.Errorf("delivered %+v", got)
	}
	for name, shake := range map[string]func(http.ResponseWriter, *http.Request){
		"answered 403": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) },
		"and nothing else": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%q", r.URL.Query().Get("hub.challenge"))
		},
		"answered 302": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
	} {
		p.hook.shake = shake
		err := p.Subscribe(t.Context(), graph.Messenger, p.hook.URL+"/wrong")
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), graph.VerifyToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.hook.forget()
	p.Person("5678", "").Say("again")
	p.settle()
	if got := p.hook.all(); len(got) != 1 || got[0].path != "/new" {
		t.Errorf("after a failed handshake it was delivered to %+v", got)
	}
}

func TestWhatIsNotTakenIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.hook.answer = func(g got, nth int) int {
		if strings.Contains(string(g.body), "first") && nth < 6 {
			return []int{500, 302, 404}[nth%3]
		}
		return 204
	}
	asif := p.Person("5678", "")
	asif.Say("first")
	asif.Say("second")
	p.settle()
	var order []string
	for _, g := range p.hook.all() {
		order = append(order, map[bool]string{true: "first", false: "second"}[strings.Contains(string(g.body), "first")])
	}
	if n := len(order); n < 5 || order[0] != "first" || order[n-1] != "first" || !slices.Contains(order, "second") {
		t.Errorf("delivered %v", order)
	}
	attempts := 0
	for _, d := range p.Deliveries() {
		if strings.Contains(string(d.Body), "first") {
			attempts++
			if d.Attempt != attempts || d.Product != graph.Messenger {
				t.Errorf("attempt %d is noted as %d", attempts, d.Attempt)
			}
		}
	}
	if attempts != len(order)-1 || p.Waiting(graph.Messenger) != 0 {
		t.Errorf("%d attempts of %v", attempts, order)
	}
}

// A second is ten milliseconds here; the pauses are 0, 1, 2, 4 and 8 of them.
func TestPausesBetweenDeliveriesDouble(t *testing.T) {
	t.Parallel()
	const second = 10 * time.Millisecond
	p := serve(t, func(o *graph.Options) { o.Second = second })
	var when []time.Time
	p.hook.answer = func(_ got, nth int) int {
		when = append(when, time.Now()) // one delivery at a time
		if nth < 6 {
			return 503
		}
		return 200
	}
	p.Person("5678", "").Say("hello")
	p.settle()
	if len(when) != 6 {
		t.Fatalf("%d deliveries", len(when))
	}
	for i, want := range []time.Duration{0, 1, 2, 4, 8} {
		if pause := when[i+1].Sub(when[i]); pause < want*second {
			t.Errorf("before delivery %d it waited %v and not %d seconds", i+2, pause, want)
		}
	}
}

func TestDeliveringByHand(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Manual = true })
	if status, err := p.Deliver(t.Context(), graph.Messenger); status != 0 || err != nil {
		t.Errorf("nothing waits, and it gave %d, %v", status, err)
	}
	asif := p.Person("5678", "")
	asif.Say("one")
	asif.Say("two")
	if got := p.hook.all(); len(got) != 0 || p.Waiting(graph.Messenger) != 2 {
		t.Fatalf("it delivered by itself: %v", got)
	}
	p.hook.answer = func(_ got, nth int) int { return []int{200, 503, 200}[nth-1] }
	if status, err := p.Deliver(t.Context(), graph.Messenger); status != 503 || err != nil || p.Waiting(graph.Messenger) != 1 {
		t.Errorf("%d %v, %d wait", status, err, p.Waiting(graph.Messenger))
	}
	if status, err := p.Deliver(t.Context(), graph.Messenger); status != 200 || err != nil || p.Waiting(graph.Messenger) != 0 {
		t.Errorf("%d %v, %d wait", status, err, p.Waiting(graph.Messenger))
	}
	p.hook.Close()
	asif.Say("three")
	if status, err := p.Deliver(t.Context(), graph.Messenger); status != 0 || err == nil || strings.Contains(err.Error(), "three") {
		t.Errorf("nobody listens, and it gave %d, %v", status, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := p.Deliver(ended, graph.Messenger); err == nil {
		t.Error("it delivered without time")
	}
}

func TestRawBodiesAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.hook.answer = func(got, int) int { return 418 }
	body := []byte("{\"not\" : \"سلام\"} and not even JSON")
	if status, err := p.Raw(t.Context(), graph.WhatsApp, body); status != 418 || err != nil {
		t.Errorf("%d %v", status, err)
	}
	g := p.hook.all()
	if len(g) != 1 || string(g[0].body) != string(body) || g[0].signature != graph.Sign(graph.AppSecret, body) || g[0].path != "/hook/whatsapp" {
		t.Errorf("delivered %+v", g)
	}
	if p.Waiting(graph.WhatsApp) != 0 {
		t.Error("it is delivered again")
	}
}

func TestSeveralEntriesInOneBody(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Together(func() {
		p.Person("1", "").Say("one")
		p.Person("2", "").Say("two")
		p.Contact("15550000002", "").Say("three")
		p.Together(func() { p.Person("1", "").Say("four") })
	})
	if all := p.told(); len(all) != 4 {
		t.Errorf("told %v", all)
	}
	var sizes []int
	for _, d := range p.Deliveries() {
		var b struct {
			Entry []any `json:"entry"`
		}
		if err := json.Unmarshal(d.Body, &b); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(b.Entry))
	}
	slices.Sort(sizes)
	if !slices.Equal(sizes, []int{1, 3}) {
		t.Errorf("entries per body: %v", sizes)
	}
}

func TestEventsThatThisPackageDoesNotKnow(t *testing.T) {
	t.Parallel()
	p := serve(t)
	if p.Event(graph.Messenger, []byte(`{`)) == nil || p.Change(graph.WhatsApp, "x", []byte(`{`)) == nil {
		t.Error("what is not JSON was taken")
	}
	if err := p.Event(graph.Messenger, []byte(`{"sender":{"id":"1"},"optin":{"ref":"x"}}`)); err != nil {
		t.Fatal(err)
	}
	p.like(p.event(), `{"sender":{"id":"1"},"optin":{"ref":"x"}}`)
	if err := p.Event(graph.WhatsApp, []byte(`{"messages":[{"id":"w"}]}`)); err != nil {
		t.Fatal(err)
	}
	p.like(p.told()[0], `{"id":"`+graph.AccountID+`","changes":[{"field":"messages","value":{"messages":[{"id":"w"}]}}]}`)
	if err := p.Change(graph.Messenger, "mention", []byte(`{"item":"post"}`)); err != nil {
		t.Fatal(err)
	}
	p.like(p.told()[0], `{"id":"`+graph.PageID+`","time":1793610000,"changes":[{"field":"mention","value":{"item":"post"}}]}`)
}

func TestAWebhookThatFailsTooLongLosesThePage(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Manual = true })
	p.hook.answer = func(got, int) int { return 500 }
	asif := p.Person("5678", "")
	asif.Say("hello")
	for range 3 {
		if status, err := p.Deliver(t.Context(), graph.Messenger); status != 500 || err != nil {
			t.Fatal(status, err)
		}
		p.clock.pass(25 * time.Minute)
	}
	if len(p.Fields(graph.Messenger)) == 0 {
		t.Error("it lost the Page too early")
	}
	p.clock.pass(25 * time.Minute)
	if _, err := p.Deliver(t.Context(), graph.Messenger); err != nil {
		t.Fatal(err)
	}
	if f := p.Fields(graph.Messenger); len(f) != 0 {
		t.Errorf("after an hour it is subscribed to %v", f)
	}
	p.like(p.page("GET", "/me/subscribed_apps", nil).taken(t), `{"data":[]}`)
	asif.Say("nobody hears this")
	if n := p.Waiting(graph.Messenger); n != 1 {
		t.Errorf("%d wait", n)
	}
	// Thirty-six hours later it is not tried any more.
	p.clock.pass(36 * time.Hour)
	if _, err := p.Deliver(t.Context(), graph.Messenger); err != nil {
		t.Fatal(err)
	}
	if n := p.Waiting(graph.Messenger); n != 0 {
		t.Errorf("after 36 hours %d wait", n)
	}
}

func TestWhatsAppTriesForSevenDays(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Manual = true })
	p.hook.answer = func(got, int) int { return 500 }
	p.Contact("15550000002", "").Say("hello")
	for _, d := range []time.Duration{0, 6 * 24 * time.Hour} {
		p.clock.pass(d)
		if _, err := p.Deliver(t.Context(), graph.WhatsApp); err != nil || p.Waiting(graph.WhatsApp) != 1 {
			t.Fatal(err, p.Waiting(graph.WhatsApp))
		}
	}
	p.clock.pass(25 * time.Hour)
	if _, err := p.Deliver(t.Context(), graph.WhatsApp); err != nil || p.Waiting(graph.WhatsApp) != 0 {
		t.Fatal(err, p.Waiting(graph.WhatsApp))
	}
	if len(p.Fields(graph.WhatsApp)) == 0 {
		t.Error("the account was unsubscribed")
	}
}

func TestOnlyWhatWasSubscribedToIsTold(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Fields, o.Unheard = []string{}, true })
	p.Person("5678", "").Say("unheard")
	p.Contact("15550000002", "").Say("unheard")
	p.Person("5678", "").Comment(p.Publish("post"), graph.Remark{Text: "unheard"})
	if all := p.told(); len(all) != 0 {
		t.Errorf("told %v", all)
	}
	p.page("POST", "/"+graph.PageID+"/subscribed_apps", args{"subscribed_fields": "messages, feed"}).taken(t)
	p.number("POST", "/"+graph.AccountID+"/subscribed_apps", args{}).taken(t)
	if f := p.Fields(graph.Messenger); !slices.Equal(f, []string{"feed", "messages"}) {
		t.Errorf("subscribed to %v", f)
	}
	asif := p.Person("5678", "")
	id := asif.Say("heard")
	asif.React(id, "👍") // message_reactions is not wanted
	p.Contact("15550000002", "").Say("heard")
	if all := p.told(); len(all) != 2 {
		t.Errorf("told %v", all)
	}
	p.page("POST", "/me/subscribed_apps", args{"subscribed_fields": []string{"messages", "moon"}}).refused(t, "100", "")
	p.page("POST", "/me/subscribed_apps", args{}).refused(t, "100", "")
	p.page("DELETE", "/me/subscribed_apps", nil).taken(t)
	p.number("DELETE", "/"+graph.AccountID+"/subscribed_apps", nil).taken(t)
	if p.Fields(graph.Messenger) != nil && len(p.Fields(graph.Messenger)) != 0 || len(p.Fields(graph.WhatsApp)) != 0 {
		t.Error("it is still subscribed")
	}
}

func TestIdsAsNumbers(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("5678", "")
	id := asif.Say("hello")
	p.like(p.event(), `{"sender":{"id":"5678"}}`)
	p.Numeric(true)
	asif.Edit(id, "hello!")
	p.like(p.event(), `{"sender":{"id":5678},"recipient":{"id":`+graph.PageID+`},"message_edit":{"mid":"`+id+`","num_edit":"1"}}`)
	asif.Answer(graph.Inbox, "here")
	p.like(p.event(), `{"recipient":{"id":5678},"message":{"app_id":"`+graph.Inbox+`"}}`)
	p.Numeric(false)
	asif.Edit(id, "hello!!")
	p.like(p.event(), `{"sender":{"id":"5678"},"message_edit":{"num_edit":2}}`)
}
