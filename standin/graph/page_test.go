// SPDX-License-Identifier: GPL-3.0-or-later

package graph_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"sarai/standin/graph"
	"sarai/standin/page/pagetest"
)

func (p *place) visit(method, path, body string, header ...string) (int, http.Header, string) {
	p.t.Helper()
	return pagetest.Ask(p.t, method, p.url+path, body, header...)
}

func TestThePageDoesWhatPeopleDo(t *testing.T) {
	t.Parallel()
	p := serve(t)
	do := func(want int, body string) {
		t.Helper()
		if status, _, said := p.visit("POST", "/page/do", body); status != want {
			t.Errorf("%s: %d %s", body, status, said)
		}
	}
	do(204, `{"do":"person","text":"7","name":"Asif Example"}`)
	do(204, `{"do":"contact","text":"15550000007"}`)
	profile(p)
	do(204, `{"do":"publish","text":"Ask us"}`)
	post := p.Posts()[0]
	do(204, `{"do":"start","who":"m:7","text":"leaflet-7"}`)
	do(204, `{"do":"say","who":"m:7","text":"আমি যেতে চাই"}`)
	do(204, `{"do":"menu","who":"m:7","text":"menu"}`)
	do(204, `{"do":"refer","who":"m:7","text":"x"}`)
	do(204, `{"do":"place","who":"m:7","latitude":23.8,"longitude":90.4}`)
	asif, bina := p.Person("7", ""), p.Contact("15550000007", "")
	id := asif.Screen()[1].ID
	do(204, `{"do":"edit","who":"m:7","message":"`+id+`","text":"না"}`)
	do(204, `{"do":"react","who":"m:7","message":"`+id+`","text":"👍"}`)
	do(204, `{"do":"unsend","who":"m:7","message":"`+id+`"}`)
	do(204, `{"do":"read","who":"m:7"}`)
	do(204, `{"do":"speak","who":"m:7","text":"ur_PK"}`)
	do(204, `{"do":"strange","who":"m:7"}`)
	do(204, `{"do":"answer","who":"m:7","text":"a colleague"}`)
	do(204, `{"do":"standby","who":"m:7"}`)
	do(204, `{"do":"back","who":"m:7"}`)
	do(204, `{"do":"block","who":"m:7"}`)
	do(400, `{"do":"say","who":"m:7","text":"x"}`)
	do(204, `{"do":"unblock","who":"m:7"}`)
	do(204, `{"do":"say","who":"w:15550000007","text":"salam"}`)
	do(204, `{"do":"place","who":"w:15550000007"}`)
	do(204, `{"do":"card","who":"w:15550000007","text":"+1555"}`)
	do(204, `{"do":"username","who":"w:15550000007","text":"@bina"}`)
	do(204, `{"do":"answer","who":"w:15550000007","text":"a colleague"}`)
	do(204, `{"do":"strange","who":"w:15550000007"}`)
	id = bina.Screen()[0].ID
	do(204, `{"do":"edit","who":"w:15550000007","message":"`+id+`","text":"salaam"}`)
	do(204, `{"do":"react","who":"w:15550000007","message":"`+id+`","text":"👍"}`)
	do(204, `{"do":"unsend","who":"w:15550000007","message":"`+id+`"}`)
	do(204, `{"do":"read","who":"w:15550000007"}`)
	do(204, `{"do":"block","who":"w:15550000007"}`)
	do(204, `{"do":"unblock","who":"w:15550000007"}`)
	do(204, `{"do":"say","who":"p:`+post+`","as":"m:7","text":"How?"}`)
	comment := p.Comments(post)[0].ID
	do(204, `{"do":"say","who":"p:`+post+`","message":"`+comment+`","text":"a colleague replies"}`)
	do(204, `{"do":"picture","who":"p:`+post+`","as":"m:7"}`)
	do(204, `{"do":"edit","who":"p:`+post+`","message":"`+comment+`","text":"How, please?"}`)
	do(204, `{"do":"hide","who":"p:`+post+`","message":"`+comment+`"}`)
	do(204, `{"do":"unhide","who":"p:`+post+`","message":"`+comment+`"}`)
	do(204, `{"do":"private","who":"p:`+post+`","message":"`+comment+`","text":"in private"}`)
	for _, body := range []string{
		`{"do":"start","who":"m:8"}`, `{"do":"say","who":"p:1"}`, `{"do":"person","text":"-8"}`, `{"do":"contact","text":"+1 555"}`, `{"do":"dance","who":"m:7"}`,
		`{"do":"dance","who":"w:15550000007"}`, `{"do":"dance","who":"p:` + post + `"}`, `{"do":"say","who":"p:` + post + `","text":" "}`, `{"do":"publish","text":" "}`,
		`{"do":"tap","who":"m:7","text":"nothing"}`, `{"do":"press","who":"w:15550000007","message":"x","text":"nothing"}`, `{"do":"play","who":"w:15550000007","message":"x"}`,
		`{"do":"breaker","who":"m:7","text":"t:employer"}`, `{"do":"press","who":"m:7","message":"x","text":"nothing"}`, `{`,
	} {
		do(400, body)
	}
	for _, who := range []string{"m:7", "w:15550000007"} {
		if status, _, _ := p.visit("POST", "/page/file?who="+who+"&kind=audio&name=x.ogg", "OggS", "Content-Type", "audio/ogg"); status != 204 {
			t.Error("a voice note was not taken")
		}
	}
	if status, _, _ := p.visit("POST", "/page/file?who=m:7&kind=moon", "x"); status != 400 {
		t.Error("an unknown kind of file was taken")
	}
	if status, _, _ := p.visit("POST", "/page/file?who=m:8&kind=image", "x"); status != 400 {
		t.Error("nobody sent a file")
	}

	var state struct {
		People []struct {
			Who  string `json:"who"`
			Name string `json:"name"`
		} `json:"people"`
		Talk struct {
			Messages []graph.Message `json:"messages"`
			Comments []graph.Comment `json:"comments"`
			Menu     []graph.Button  `json:"menu"`
			Post     string          `json:"post"`
			Username string          `json:"username"`
		} `json:"talk"`
		Messenger struct {
			Set    bool `json:"set"`
			Fields int  `json:"fields"`
		} `json:"messenger"`
	}
	look := func(who string) {
		t.Helper()
		_, _, said := p.visit("GET", "/page/state?who="+who, "")
		if err := json.Unmarshal([]byte(said), &state); err != nil {
			t.Fatal(err)
		}
	}
	look("m:7")
	if len(state.People) != 3 || state.People[0].Who != "m:7" || state.People[0].Name != "Asif Example" || !state.Messenger.Set || state.Messenger.Fields == 0 {
		t.Errorf("the page is told %+v", state)
	}
	if m := state.Talk.Messages; len(m) != 8 || !m[1].Deleted || m[5].By != "colleague" || m[7].File == nil || len(state.Talk.Menu) != 2 {
		t.Errorf("on Messenger: %+v", m)
	}
	look("w:15550000007")
	if m := state.Talk.Messages; len(m) != 6 || !m[0].Deleted || state.Talk.Username != "@bina" || !m[5].File.Voice {
		t.Errorf("on WhatsApp: %+v", m)
	}
	look("p:" + post)
	if c := state.Talk.Comments; len(c) != 3 || c[0].Text != "How, please?" || !c[0].Answered || c[1].Parent != comment || state.Talk.Post != "Ask us" {
		t.Errorf("under the post: %+v", c)
	}
	do(204, `{"do":"unsend","who":"p:`+post+`","message":"`+p.Comments(post)[1].ID+`"}`)
	do(204, `{"do":"unsend","who":"p:`+post+`","message":"`+comment+`"}`)
	if c := p.Comments(post); len(c) != 1 {
		t.Errorf("under the post: %+v", c)
	}
	do(204, `{"do":"token","always":true,"all":true}`)
	p.page("GET", "/me", nil).refused(t, "190", "463")
	do(204, `{"do":"heal"}`)
	p.page("GET", "/me", nil).taken(t)
	do(204, `{"do":"throttle"}`)
	p.page("GET", "/me", nil).taken(t)
	p.say("7", "x").refused(t, "4", "")
}

func TestWhatWaitsCanBeHurried(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Second = time.Hour })
	p.hook.answer = func(_ got, nth int) int { return map[bool]int{true: 500, false: 200}[nth < 3] }
	p.Person("7", "").Say("hello")
	p.await(func() bool { return len(p.Deliveries()) == 2 })
	if p.Waiting(graph.Messenger) != 1 {
		t.Fatal("nothing waits")
	}
	if status, _, _ := p.visit("POST", "/page/do", `{"do":"deliver"}`); status != 204 {
		t.Errorf("it answered %d", status)
	}
	p.settle()
}

func TestThePageIsOnlyForThisMachine(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("7", "")
	asif.Attach("file", graph.File{Name: "page.html", Type: "text/html", Data: []byte("<script>alert(1)</script>")})
	pagetest.OnlyForThisMachine(t, p.url, "/page/media/"+asif.Screen()[0].File.ID, graph.Token, graph.PageToken, graph.AppSecret)
	if status, _, _ := p.visit("GET", "/page/media/1", ""); status != 404 {
		t.Errorf("a file that is not there came with %d", status)
	}
}
