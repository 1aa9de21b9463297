// SPDX-License-Identifier: GPL-3.0-or-later

package graph_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sarai/standin/graph"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Person("5678", "").Say("hello")
	p.ask("", "GET", "/v25.0/me", nil).refused(t, "104", "")
	p.ask("another", "GET", "/v25.0/me", nil).refused(t, "190", "")
	p.ask(graph.AppID+"|"+graph.AppSecret, "GET", "/v25.0/me", nil).refused(t, "190", "")
	p.page("GET", "/"+graph.NumberID, nil).refused(t, "100", "33")
	p.number("GET", "/"+graph.PageID, nil).refused(t, "100", "33")
	p.number("POST", "/"+graph.PageID+"/messages", args{}).refused(t, "100", "33")
	p.page("GET", "/me/moon", nil).refused(t, "100", "33")
	p.page("PUT", "/me/messages", args{}).refused(t, "100", "33")
	p.like(p.page("GET", "/me", nil).taken(t), `{"id":"`+graph.PageID+`","name":"`+graph.PageName+`"}`)
	p.like(p.page("GET", "/me?fields=id,link,category", nil).taken(t), `{"id":"`+graph.PageID+`","link":"*","category":"*","name":null}`)
	p.like(p.ask(graph.PageToken, "GET", "/"+graph.PageID, nil).taken(t), `{"id":"`+graph.PageID+`"}`)       // without a version
	p.like(p.ask(graph.PageToken, "GET", "/v24.0/"+graph.PageID, nil).taken(t), `{"id":"`+graph.PageID+`"}`) // with another
	p.like(p.number("GET", "/me", nil).taken(t), `{"id":"*"}`)
	p.like(p.page("GET", "/app", nil).taken(t), `{"id":"`+graph.AppID+`"}`)

	mac := hmac.New(sha256.New, []byte(graph.AppSecret))
	mac.Write([]byte(graph.PageToken))
	proof := hex.EncodeToString(mac.Sum(nil))
	p.page("GET", "/me?appsecret_proof="+proof, nil).taken(t)
	e := p.page("GET", "/me?appsecret_proof="+strings.Repeat("0", 64), nil).refused(t, "100", "")
	if !strings.Contains(fmt.Sprint(e["message"]), "appsecret_proof") {
		t.Errorf("%v", e)
	}
	p.page("POST", "/me/messages", args{"appsecret_proof": "wrong", "recipient": args{"id": "5678"}, "message": args{"text": "x"}}).refused(t, "100", "")
	if n := len(p.Person("5678", "").Screen()); n != 1 {
		t.Errorf("with a wrong proof it was sent: %d", n)
	}
	req, _ := http.NewRequest("POST", p.url+"/v25.0/me/messages", strings.NewReader("{"))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+graph.PageToken)
	p.do(req).refused(t, "100", "")
}

func TestDebugToken(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Denied = []string{"pages_manage_engagement"} })
	ask := func(by, token string) args {
		t.Helper()
		return p.ask(by, "GET", "/v25.0/debug_token?input_token="+url.QueryEscape(token), nil).taken(t)
	}
	a := ask(graph.AppID+"|"+graph.AppSecret, graph.PageToken)
	p.like(a, `{"data":{"app_id":"`+graph.AppID+`","type":"PAGE","is_valid":true,"expires_at":0,"profile_id":"`+graph.PageID+`"}}`)
	scopes := fmt.Sprint(at(a, "data.scopes"))
	if !strings.Contains(scopes, "pages_messaging") || strings.Contains(scopes, "pages_manage_engagement") {
		t.Errorf("scopes %s", scopes)
	}
	p.like(ask(graph.Token, graph.Token), `{"data":{"type":"SYSTEM_USER","is_valid":true,"scopes":["whatsapp_business_messaging","whatsapp_business_management","business_management"],"granular_scopes":[{"scope":"whatsapp_business_messaging","target_ids":["`+graph.AccountID+`"]},{},{}]}}`)
	p.like(ask(graph.PageToken, "another"), `{"data":{"is_valid":false,"scopes":[],"error":{"code":190,"message":"*"}}}`)
	p.ask(graph.PageToken, "GET", "/v25.0/debug_token", nil).refused(t, "100", "")

	all := fmt.Sprint(p.page("GET", "/me/permissions", nil).taken(t)["data"])
	if !strings.Contains(all, "map[permission:pages_messaging status:granted]") || !strings.Contains(all, "map[permission:pages_manage_engagement status:declined]") {
		t.Errorf("permissions %s", all)
	}
	all = fmt.Sprint(p.number("GET", "/me/permissions", nil).taken(t)["data"])
	if !strings.Contains(all, "map[permission:whatsapp_business_messaging status:granted]") || strings.Contains(all, "pages_") {
		t.Errorf("permissions %s", all)
	}
}

func TestMissingPermissions(t *testing.T) {
	t.Parallel()
	for permission, calls := range map[string][]func(*place) (answer, string){
		"pages_messaging": {
			func(p *place) (answer, string) { return p.say("5678", "x"), "230" },
			func(p *place) (answer, string) {
				return p.page("GET", "/me/messenger_profile?fields=greeting", nil), "230"
			},
			func(p *place) (answer, string) { return p.page("GET", "/me/conversations", nil), "200" },
			func(p *place) (answer, string) { return p.page("GET", "/t_5678/messages", nil), "200" },
			func(p *place) (answer, string) { return p.page("POST", "/me/message_attachments", args{}), "230" },
		},
		"pages_manage_metadata": {
			func(p *place) (answer, string) { return p.page("GET", "/me/subscribed_apps", nil), "200" },
			func(p *place) (answer, string) {
				return p.page("POST", "/me/subscribed_apps", args{"subscribed_fields": "feed"}), "200"
			},
			func(p *place) (answer, string) { return p.page("DELETE", "/me/subscribed_apps", nil), "200" },
		},
		"pages_manage_engagement": {
			func(p *place) (answer, string) {
				return p.page("POST", "/"+p.Posts()[0]+"/comments", args{"message": "x"}), "200"
			},
			func(p *place) (answer, string) {
				return p.page("POST", "/"+p.Comments(p.Posts()[0])[0].ID, args{"is_hidden": true}), "200"
			},
			func(p *place) (answer, string) {
				return p.page("DELETE", "/"+p.Comments(p.Posts()[0])[0].ID, nil), "200"
			},
		},
		"pages_read_engagement": {
			func(p *place) (answer, string) { return p.page("GET", "/me/feed", nil), "10" },
			func(p *place) (answer, string) { return p.page("GET", "/"+p.Posts()[0], nil), "10" },
			func(p *place) (answer, string) { return p.page("GET", "/"+p.Posts()[0]+"/comments", nil), "10" },
			func(p *place) (answer, string) {
				return p.page("GET", "/"+p.Comments(p.Posts()[0])[0].ID, nil), "10"
			},
		},
		"pages_manage_posts": {
			func(p *place) (answer, string) { return p.page("POST", "/me/feed", args{"message": "x"}), "200" },
		},
		"whatsapp_business_messaging": {
			func(p *place) (answer, string) { return p.write(number, "x"), "10" },
			func(p *place) (answer, string) { return p.number("POST", "/"+graph.NumberID+"/media", args{}), "10" },
		},
		"whatsapp_business_management": {
			func(p *place) (answer, string) { return p.number("GET", "/"+graph.NumberID, nil), "10" },
			func(p *place) (answer, string) { return p.number("GET", "/"+graph.AccountID, nil), "10" },
			func(p *place) (answer, string) {
				return p.number("GET", "/"+graph.AccountID+"/message_templates", nil), "10"
			},
			func(p *place) (answer, string) {
				return p.number("GET", "/"+graph.AccountID+"/phone_numbers", nil), "10"
			},
			func(p *place) (answer, string) {
				return p.number("GET", "/"+graph.AccountID+"/subscribed_apps", nil), "10"
			},
			func(p *place) (answer, string) {
				return p.number("POST", "/"+graph.AccountID+"/subscribed_apps", args{}), "10"
			},
		},
	} {
		with := serve(t)
		without := serve(t, func(o *graph.Options) { o.Denied = []string{permission} })
		for _, p := range []*place{with, without} {
			asif := p.Person("5678", "")
			asif.Say("hello")
			asif.Comment(p.Publish("Ask us"), graph.Remark{Text: "How?"})
			p.Contact(number, "").Say("hello")
		}
		for i, do := range calls {
			a, code := do(without)
			if a.status != 403 {
				t.Errorf("%s, call %d: %d", permission, i, a.status)
			}
			a.refused(t, code, "")
			if a, _ := do(with); a.status == 403 {
				t.Errorf("with %s, call %d is refused: %s", permission, i, a.raw)
			}
		}
	}
	// Without pages_read_user_content an event does not say who wrote.
	p := serve(t, func(o *graph.Options) { o.Denied = []string{"pages_read_user_content"} })
	post := p.Publish("Ask us")
	p.told()
	p.Person("5678", "").Comment(post, graph.Remark{Text: "How?"})
	p.like(p.event(), `{"verb":"add","from":null,"message":"How?"}`)
}

func TestTheNumberAndItsAccount(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Unheard = true })
	p.like(p.number("GET", "/"+graph.NumberID, nil).taken(t), `{"id":"`+graph.NumberID+`","display_phone_number":"+`+graph.Number+`","verified_name":"*","quality_rating":"GREEN","status":null}`)
	p.like(p.number("GET", "/"+graph.NumberID+"?fields=status,throughput", nil).taken(t), `{"id":"`+graph.NumberID+`","status":"CONNECTED","throughput":{"level":"STANDARD"}}`)
	p.like(p.number("GET", "/"+graph.AccountID, nil).taken(t), `{"id":"`+graph.AccountID+`","name":"*"}`)
	p.like(p.number("GET", "/"+graph.AccountID+"/phone_numbers", nil).taken(t), `{"data":[{"id":"`+graph.NumberID+`"}]}`)
	p.like(p.number("GET", "/"+graph.AccountID+"/subscribed_apps", nil).taken(t), `{"data":[]}`)
	p.number("POST", "/"+graph.AccountID+"/subscribed_apps", args{}).taken(t)
	p.like(p.number("GET", "/"+graph.AccountID+"/subscribed_apps", nil).taken(t), `{"data":[{"whatsapp_business_api_data":{"id":"`+graph.AppID+`","name":"*"}}]}`)
	p.page("POST", "/me/subscribed_apps", args{"subscribed_fields": "feed,messages"}).taken(t)
	p.like(p.page("GET", "/"+graph.PageID+"/subscribed_apps", nil).taken(t), `{"data":[{"id":"`+graph.AppID+`","name":"*","subscribed_fields":["feed","messages"]}]}`)
}
