// SPDX-License-Identifier: GPL-3.0-or-later

package botapi_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"sarai/standin/botapi"
	"sarai/standin/page/pagetest"
)

func (p *place) ask(method, path, body string, header ...string) (int, http.Header, string) {
	p.t.Helper()
	return pagetest.Ask(p.t, method, p.url+path, body, header...)
}

func TestThePageDoesWhatAPersonDoes(t *testing.T) {
	t.Parallel()
	p := serve(t)
	do := func(want int, body string) {
		t.Helper()
		if status, _, said := p.ask("POST", "/page/do", body); status != want {
			t.Errorf("%s: %d %s", body, status, said)
		}
	}
	do(204, `{"do":"person","person":7,"language":"bn"}`)
	do(204, `{"do":"start","person":7,"text":"leaflet-7"}`)
	do(204, `{"do":"say","person":7,"text":"আমি যেতে চাই"}`)
	do(204, `{"do":"press","person":7,"message":1,"text":"k"}`)
	do(204, `{"do":"contact","person":7,"text":"+880000","own":true}`)
	do(204, `{"do":"place","person":7,"latitude":23.8,"longitude":90.4}`)
	do(204, `{"do":"sticker","person":7,"text":"👍"}`)
	do(204, `{"do":"strange","person":7}`)
	do(204, `{"do":"edit","person":7,"message":2,"text":"না"}`)
	do(204, `{"do":"block","person":7}`)
	do(400, `{"do":"start","person":7,"text":"a b"}`)
	do(400, `{"do":"start","person":8}`)
	do(400, `{"do":"person","person":-8}`)
	do(400, `{"do":"dance","person":7}`)
	do(400, `{`)
	if status, _, _ := p.ask("POST", "/page/file?person=7&kind=voice&name=x.ogg&seconds=4", "OggS"); status != 204 {
		t.Error("a voice note was not taken")
	}
	if got := texts(p.updates(args{})); got != "/start leaflet-7 আমি যেতে চাই press k    ?  ? ?" {
		t.Errorf("the bot heard %q", got)
	}
	var state struct {
		Version uint64 `json:"version"`
		People  []struct {
			ID       int64  `json:"id"`
			Language string `json:"language"`
			Blocked  bool   `json:"blocked"`
		} `json:"people"`
		Phone struct {
			Messages []botapi.Message `json:"messages"`
			Waiting  int              `json:"waiting"`
		} `json:"phone"`
		Pending int `json:"pending"`
	}
	_, _, said := p.ask("GET", "/page/state?person=7", "")
	if err := json.Unmarshal([]byte(said), &state); err != nil {
		t.Fatal(err)
	}
	if len(state.People) != 1 || !state.People[0].Blocked || state.People[0].Language != "bn" || state.Phone.Waiting != 1 || state.Pending == 0 {
		t.Errorf("the page is told %s", said)
	}
	if m := state.Phone.Messages; len(m) != 6 || m[1].Text != "না" || !m[1].Edited {
		t.Errorf("on the phone: %+v", m)
	}
}

func TestThePageIsOnlyForThisMachine(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Person(7, "").Document("page.html", "text/html", []byte("<script>alert(1)</script>"))
	pagetest.OnlyForThisMachine(t, p.url, "/page/media/"+p.Person(7, "").Screen()[0].File.ID, token)
}
