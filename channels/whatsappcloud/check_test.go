// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/whatsappcloud"
	"sarai/standin/graph"
)

// findings are what Check says, a line each, the bad ones with FAIL.
func findings(ch channels.Checker) string {
	var all []string
	for _, f := range ch.Check(context.Background()) {
		mark := "ok"
		if !f.OK {
			mark = "FAIL"
		}
		all = append(all, mark+" "+f.What+": "+f.Advice)
	}
	return strings.Join(all, "\n")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	p := open(t, graph.Options{}, nil)
	for _, want := range []string{
		"ok whatsapp_cloud token: it never ends",
		"ok whatsapp_cloud number: +15550000001, quality GREEN",
		"ok whatsapp_cloud limit: TIER_250",
		"ok whatsapp_cloud receiving: the app is subscribed",
		"ok whatsapp_cloud templates: there is none",
		"ok whatsapp_cloud webhook: the public address answers Meta's question",
	} {
		if got := findings(p.ch); !strings.Contains(got, want) || secret(got) || strings.Contains(got, "FAIL") {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	// Nothing was changed by asking.
	for _, m := range []string{"POST /*/subscribed_apps", "POST /*/messages", "DELETE /*/subscribed_apps"} {
		if p.api.Calls(m) != 0 {
			t.Errorf("%s was called", m)
		}
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	for name, x := range map[string]struct {
		graph  graph.Options
		fail   string
		fault  graph.Fault
		change func(*whatsappcloud.Options)
		want   string
	}{
		"a wrong token":       {change: func(o *whatsappcloud.Options) { o.Token = "the-secret-of-somebody" }, want: "FAIL whatsapp_cloud token: Meta does not accept"},
		"no permission":       {graph: graph.Options{Denied: []string{"whatsapp_business_messaging"}}, want: "FAIL whatsapp_cloud token: it lacks the permission whatsapp_business_messaging"},
		"another number":      {change: func(o *whatsappcloud.Options) { o.PhoneNumberID = "200000000000099" }, want: "FAIL whatsapp_cloud number: "},
		"not subscribed":      {graph: graph.Options{Unheard: true}, want: "FAIL whatsapp_cloud receiving: the app is not subscribed"},
		"no public address":   {change: func(o *whatsappcloud.Options) { o.HookURL = "" }, want: "FAIL whatsapp_cloud webhook: public_url is not set"},
		"somebody else there": {change: func(o *whatsappcloud.Options) { o.HookURL = elsewhere.URL }, want: "FAIL whatsapp_cloud webhook: the public address answers 404"},
		"nobody there":        {change: func(o *whatsappcloud.Options) { o.HookURL = "http://127.0.0.1:1" }, want: "FAIL whatsapp_cloud webhook: the public address does not answer"},
		"another word":        {change: func(o *whatsappcloud.Options) { o.HookURL += "?x=" }, want: "FAIL whatsapp_cloud webhook: "},
		"Meta is away":        {change: func(o *whatsappcloud.Options) { o.GraphURL = "http://127.0.0.1:1" }, want: "FAIL whatsapp_cloud token: Meta cannot be reached"},
		"a locked account":    {fail: "GET /" + numberID, fault: graph.Fault{Code: 131031, Times: -1}, want: "FAIL whatsapp_cloud number: Meta has locked the account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x.graph.Manual = true // nobody shakes hands
			p := open(t, x.graph, x.change)
			if x.fail != "" {
				p.api.Fail(x.fail, x.fault)
			}
			if got := findings(p.ch); !strings.Contains(got, x.want) || secret(got) {
				t.Errorf("it says\n%s, not %q", got, x.want)
			}
		})
	}
}

// A token that ends is told in time.
func TestATokenThatEnds(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	ch, _ := g.channel(func(o *whatsappcloud.Options) { o.Now = func() time.Time { return now } })
	for answer, want := range map[string]string{
		`{"data":{"app_id":"7","is_valid":true,"expires_at":1796000000,"scopes":["whatsapp_business_messaging","whatsapp_business_management"]}}`:                          "FAIL whatsapp_cloud token: it ends on 2026-11-30",
		`{"data":{"app_id":7,"is_valid":true,"expires_at":1800000000,"scopes":["whatsapp_business_messaging","whatsapp_business_management"]}}`:                            "ok whatsapp_cloud token: it ends on 2027-01-15",
		`{"data":{"app_id":7,"is_valid":true,"expires_at":0,"data_access_expires_at":1796000000,"scopes":["whatsapp_business_messaging","whatsapp_business_management"]}}`: "FAIL whatsapp_cloud token: it ends on 2026-11-30",
		`{"data":{"app_id":7,"is_valid":false}}`: "FAIL whatsapp_cloud token: Meta does not accept it",
	} {
		g.answer("GET /debug_token", answer)
		if got := findings(ch); !strings.Contains(got, want) {
			t.Errorf("%s gives\n%s", answer, got)
		}
	}
}

// Keep subscribes at the start, again when somebody took it away, and does not
// give up while Meta is away.
func TestKeep(t *testing.T) {
	t.Parallel()
	for _, account := range []string{accountID, ""} { // configured, and found by asking
		p := open(t, graph.Options{Unheard: true}, func(o *whatsappcloud.Options) { o.AccountID = account })
		p.api.Fail("GET /*/subscribed_apps", graph.Fault{Times: 3, Status: 503, Transient: true})
		ctx, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { p.ch.Hasten().Keep(ctx); close(done) }()
		who := p.api.Contact("491500000001", "")
		until := func(what string, holds func() bool) {
			t.Helper()
			for limit := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
				if time.Now().After(limit) {
					t.Fatalf("this has not happened: %s", what)
				}
			}
		}
		until("it is subscribed", func() bool { return p.api.Calls("POST /*/subscribed_apps") == 1 })
		until("what is written arrives", func() bool {
			who.Say("salam")
			p.settle()
			p.desk.mu.Lock()
			defer p.desk.mu.Unlock()
			return len(p.desk.in) > 0
		})
		unsubscribe(t, p)
		until("it is subscribed again", func() bool { return p.api.Calls("POST /*/subscribed_apps") == 2 })
		end()
		<-done
		log := p.logged()
		for _, want := range []string{"could not be seen whether Meta tells", "could be looked at again", "it is subscribed now"} {
			if !strings.Contains(log, want) {
				t.Errorf("%q is missing in %s", want, log)
			}
		}
		if strings.Count(log, "could not be seen") != 1 || secret(log) {
			t.Errorf("the log is %s", log)
		}
	}
}

// unsubscribe is what another program does with the same account.
func unsubscribe(t *testing.T, p *place) {
	t.Helper()
	r, err := http.NewRequest("DELETE", p.url+"/v25.0/"+accountID+"/subscribed_apps", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	resp.Body.Close()
}

func TestOptions(t *testing.T) {
	t.Parallel()
	good := whatsappcloud.Options{PhoneNumberID: "1", Token: "t", AppSecret: "s", VerifyToken: "v"}
	for key, change := range map[string]func(o *whatsappcloud.Options){
		"":                        func(*whatsappcloud.Options) {},
		"phone_number_id":         func(o *whatsappcloud.Options) { o.PhoneNumberID = "" },
		"phone_number_id is not":  func(o *whatsappcloud.Options) { o.PhoneNumberID = "+49 150" },
		"account_id":              func(o *whatsappcloud.Options) { o.AccountID = "a/b" },
		"token":                   func(o *whatsappcloud.Options) { o.Token = "" },
		"app_secret":              func(o *whatsappcloud.Options) { o.AppSecret = "" },
		"verify_token":            func(o *whatsappcloud.Options) { o.VerifyToken = "" },
		"graph_url must be":       func(o *whatsappcloud.Options) { o.GraphURL = "http://graph.example.org" },
		"graph_url must be https": func(o *whatsappcloud.Options) { o.GraphURL = "https://user@graph.facebook.com" },
	} {
		o := good
		change(&o)
		err := o.Check()
		if key == "" && err != nil || key != "" && (err == nil || !strings.HasPrefix(err.Error(), strings.Fields(key)[0])) {
			t.Errorf("%s: %v", key, err)
		}
		if _, e := whatsappcloud.New(o); (e == nil) != (err == nil) {
			t.Errorf("%s: New says %v", key, e)
		}
	}
	ch, err := whatsappcloud.New(good)
	if err != nil || ch.Name() != "whatsapp-cloud" || ch.Limits().Options != 10 || ch.Limits().Label != 20 {
		t.Errorf("%v", err)
	}
}
