// SPDX-License-Identifier: GPL-3.0-or-later

package graph_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/standin/graph"
)

func TestCallsGoWrong(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("5678", "")
	asif.Say("hello")
	p.Person("5679", "").Say("hello")
	p.Contact(number, "").Say("hello")

	p.Fail("/*/messages", graph.Fault{})
	e := p.say("5678", "x").refused(t, "2", "")
	if e["is_transient"] != true {
		t.Errorf("%v", e)
	}
	p.say("5678", "x").taken(t)

	p.Fail("POST /*/messages", graph.Fault{Code: 368, Subcode: 1390008, Message: "blocked", Times: 2})
	p.page("GET", "/me/conversations", nil).taken(t)
	p.say("5678", "x").refused(t, "368", "1390008")
	p.write(number, "x").refused(t, "368", "1390008")
	p.say("5678", "x").taken(t)

	p.Fail("", graph.Fault{Code: 130429, Status: 429, Details: "slowly", Regain: 7, Times: -1})
	a := p.write(number, "x")
	e = a.refused(t, "130429", "")
	if a.status != 429 || at(e, "error_data.details") != "slowly" || !strings.Contains(a.header.Get("X-Business-Use-Case-Usage"), `"estimated_time_to_regain_access":7`) || !strings.Contains(a.header.Get("X-Business-Use-Case-Usage"), graph.AccountID) {
		t.Errorf("%d %v %s", a.status, a.header, a.raw)
	}
	p.write(number, "x").refused(t, "130429", "")
	p.page("GET", "/me", nil).refused(t, "130429", "")
	if p.Faults() != 1 {
		t.Errorf("%d faults", p.Faults())
	}
	p.Heal()
	p.write(number, "x").taken(t)

	// Only sends to somebody.
	post := p.Publish("Ask us")
	id := asif.Comment(post, graph.Remark{Text: "How?"})
	for _, to := range []string{"5679", number, id} {
		p.Fail("", graph.Fault{To: to, Code: 1})
	}
	p.say("5678", "x").taken(t)
	p.say("5679", "x").refused(t, "1", "")
	p.write(number, "x").refused(t, "1", "")
	p.page("POST", "/me/messages", args{"recipient": args{"comment_id": id}, "message": args{"text": "x"}}).refused(t, "1", "")
	if p.Faults() != 0 {
		t.Errorf("%d faults", p.Faults())
	}

	// The answer of a proxy, and one that is cut.
	p.Fail("POST /me/messages", graph.Fault{Status: 502, Body: "<html>Bad Gateway"})
	if a := p.say("5678", "x"); a.status != 502 || a.raw != "<html>Bad Gateway" || a.header.Get("Content-Type") != "text/html" {
		t.Errorf("%d %s %v", a.status, a.raw, a.header)
	}
	before := len(asif.Screen())
	p.Fail("POST /me/messages", graph.Fault{Cut: true, Done: true})
	req, _ := http.NewRequest("POST", p.url+"/v25.0/me/messages", strings.NewReader(`{"recipient":{"id":"5678"},"message":{"text":"it arrives"}}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+graph.PageToken)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil || len(asif.Screen()) != before+1 || asif.Last().Text != "it arrives" {
		t.Errorf("%v, %d on the screen", err, len(asif.Screen())-before)
	}
	p.Fail("POST /me/messages", graph.Fault{})
	p.say("5678", "it does not arrive").refused(t, "2", "")
	if asif.Last().Text != "it arrives" {
		t.Error("a fault before anything happened sent something")
	}
}

func TestSilenceAndSlowness(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Person("5678", "").Say("hello")
	p.Fail("", graph.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", p.url+"/v25.0/me?access_token="+graph.PageToken, nil)
	if _, err := http.DefaultClient.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it answered: %v", err)
	}
	p.Fail("", graph.Fault{Delay: 20 * time.Millisecond, Only: true})
	start := time.Now()
	p.say("5678", "x").taken(t)
	if d := time.Since(start); d < 20*time.Millisecond {
		t.Errorf("it took %v", d)
	}
	// Close ends a call that hangs.
	p.Fail("", graph.Fault{Hang: true})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		req, _ := http.NewRequest("GET", p.url+"/v25.0/me?access_token="+graph.PageToken, nil)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	if err := p.Await(t.Context(), func() bool { return p.Faults() == 0 }); err != nil {
		t.Fatal(err)
	}
	p.Close()
	p.Close()
	<-ended
}

func TestCallsAreCounted(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.say("5678", "x")
	p.page("GET", "/me/conversations", nil)
	p.write(number, "x")
	for pattern, want := range map[string]int{
		"": 3, "/*/messages": 2, "/me/messages": 1, "POST /*/messages": 2, "GET /*/messages": 0, "post /" + graph.NumberID + "/messages": 1, "GET /me/*": 1, "[": 0,
	} {
		if got := p.Calls(pattern); got != want {
			t.Errorf("%q: %d and not %d", pattern, got, want)
		}
	}
}

func TestPaces(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Paced, o.Manual = true, true })
	p.Person("5678", "").Say("hello")
	asif, bina := p.Contact(number, ""), p.Contact("15550000003", "")
	asif.Say("hello")
	bina.Say("hello")
	sent := func(do func() answer, code string) (n int) {
		t.Helper()
		for {
			a := do()
			if a.status != 200 {
				if code == "80006" {
					a.refused(t, code, "2446079")
					if !strings.Contains(a.header.Get("X-Business-Use-Case-Usage"), graph.PageID) {
						t.Errorf("headers %v", a.header)
					}
				} else {
					a.refused(t, code, "")
				}
				return n
			}
			if n++; n > 1000 {
				t.Fatal("nothing is refused")
			}
		}
	}
	if n := sent(func() answer { return p.write(number, "x") }, "131056"); n != 45 {
		t.Errorf("to one person %d at once", n)
	}
	p.write("15550000003", "x").taken(t)
	p.clock.pass(5 * time.Second)
	p.write(number, "x").refused(t, "131056", "")
	p.clock.pass(time.Second)
	p.write(number, "x").taken(t)
	p.write(number, "x").refused(t, "131056", "")
	if n := sent(func() answer { return p.say("5678", "x") }, "80006"); n != 300 {
		t.Errorf("to the Page's people %d at once", n)
	}
	sound := func() answer {
		return p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "message": args{"attachment": args{"type": "audio", "payload": args{"url": "https://example.org/x.mp3"}}}})
	}
	if n := sent(sound, "80006"); n != 10 {
		t.Errorf("recordings: %d at once", n)
	}
	if n := sent(func() answer { return p.page("GET", "/me/messenger_profile?fields=greeting", nil) }, "613"); n != 10 {
		t.Errorf("the profile: %d calls", n)
	}
	p.clock.pass(time.Minute)
	p.page("GET", "/me/messenger_profile?fields=greeting", nil).taken(t)
	p.say("5678", "x").taken(t)

	q := serve(t, func(o *graph.Options) { o.Paced, o.Manual = true, true })
	n := 0
	for i := range 10 {
		to := "1555000001" + string(rune('0'+i))
		q.Contact(to, "").Say("hello")
		for range 10 {
			a := q.write(to, "x")
			if a.status != 200 {
				a.refused(t, "130429", "")
				continue
			}
			n++
		}
	}
	if n != 80 {
		t.Errorf("from one number %d at once", n)
	}
}

// Everything at once, for the race detector; and nothing grows without end.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	p := serve(t)
	post := p.Publish("Ask us")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			psid := string(rune('1'+i)) + "000"
			asif, bina := p.Person(psid, ""), p.Contact("1555000010"+string(rune('0'+i)), "")
			for range 50 {
				id := asif.Say("hello")
				asif.Edit(id, "x")
				p.say(psid, "x")
				bina.Say("hello")
				p.write(bina.Phone(), "x")
				c := asif.Comment(post, graph.Remark{Text: "x"})
				p.page("POST", "/"+c+"/comments", args{"message": "x"})
				asif.Uncomment(c)
				bina.Read()
				_, _, _ = asif.Screen(), p.Deliveries(), p.Comments(post)
			}
		})
	}
	wg.Wait()
	p.settle()
	if n := len(p.Comments(post)); n != 0 {
		t.Errorf("%d comments stay", n)
	}
	if n := len(p.Deliveries()); n != 1000 {
		t.Errorf("%d deliveries are remembered", n)
	}
	asif := p.Person("1000", "")
	for range 400 {
		asif.Say("x")
	}
	if n := len(asif.Screen()); n != 300 {
		t.Errorf("%d messages are remembered", n)
	}
}
