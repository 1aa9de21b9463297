// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/standin/page/pagetest"
	"sarai/standin/whatsapp"
)

func (w wire) ask(t *testing.T, method, path, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	return pagetest.Ask(t, method, "http://"+w.addr+path, body, header...)
}

func TestThePageDoesWhatAPersonAndTheOwnerDo(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	do := func(want int, body string) {
		t.Helper()
		if status, _, said := w.ask(t, "POST", "/page/do", body); status != want {
			t.Errorf("%s: %d %s", body, status, said)
		}
	}
	c, qr := fresh(t, w)
	do(400, `{"do":"scan","text":"something else"}`)
	do(400, `{"do":"enter","text":"ABCD1234"}`)
	code, err := c.PairPhone(within(t), whatsapp.Phone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if err != nil {
		t.Fatal(err)
	}
	do(204, `{"do":"enter","text":"`+code+`"}`)
	waitFor(t, c, any1[*events.Connected])
	do(400, `{"do":"scan","text":"`+qr+`"}`) // nobody shows it any more

	do(204, `{"do":"person","person":"`+amina+`","name":"আমিনা"}`)
	p := w.Person(amina)
	do(204, `{"do":"say","person":"`+amina+`","text":"আমি যেতে চাই"}`)
	do(204, `{"do":"say","person":"`+amina+`","text":"  "}`)
	do(204, `{"do":"say","owner":true,"person":"`+amina+`","text":"by hand"}`)
	do(204, `{"do":"place","person":"`+amina+`","latitude":23.8,"longitude":90.4}`)
	first := p.Messages()[0].ID
	do(204, `{"do":"edit","person":"`+amina+`","message":"`+first+`","text":"না"}`)
	do(204, `{"do":"react","owner":true,"person":"`+amina+`","message":"`+first+`","text":"👍"}`)
	do(204, `{"do":"call","person":"`+amina+`"}`)
	do(204, `{"do":"see","owner":true,"person":"`+amina+`"}`)
	do(204, `{"do":"garbled","person":"`+amina+`"}`)
	waitFor(t, c, func(e *events.Message) bool { return strings.Contains(e.Message.GetConversation(), "at first") })
	do(400, `{"do":"say","person":"12025550177","text":"a"}`)
	do(400, `{"do":"person","person":"+1202"}`)
	do(400, `{"do":"person","person":"`+whatsapp.Phone+`"}`)
	do(400, `{"do":"dance","person":"`+amina+`"}`)
	do(400, `{"do":"call","owner":true,"person":"`+amina+`"}`)
	do(400, `{`)
	if status, _, _ := w.ask(t, "POST", "/page/file?person="+amina+"&kind=voice&seconds=4", "OggS"); status != 204 {
		t.Error("a voice note was not taken")
	}
	if status, _, _ := w.ask(t, "POST", "/page/file?owner=yes&person="+amina+"&kind=sticker", "RIFF"); status != 400 {
		t.Error("the owner's sticker was taken")
	}
	var state struct {
		Version uint64
		Linked  int
		Online  bool
		People  []struct{ Phone, Name string }
		Phone   struct {
			Messages []struct {
				Kind, Text, Reaction string
				Edited               bool
				ByHand               bool `json:"by_hand"`
				Ticks                int
			}
			Call string
		}
	}
	_, _, said := w.ask(t, "GET", "/page/state?person="+amina, "")
	if err := json.Unmarshal([]byte(said), &state); err != nil {
		t.Fatal(err)
	}
	m := state.Phone.Messages
	if state.Linked != 1 || !state.Online || len(state.People) != 1 || state.People[0].Name != "আমিনা" || state.Phone.Call == "" {
		t.Errorf("the page is told %s", said)
	}
	if len(m) != 5 || m[0].Text != "না" || !m[0].Edited || m[0].Ticks != 3 || m[0].Reaction != "👍" || !m[1].ByHand || m[2].Kind != "location" || m[4].Kind != "voice" {
		t.Errorf("on the phone: %+v", m)
	}
	do(204, `{"do":"limit"}`)
	if _, err := c.SendMessage(within(t), p.LID(), words("refused")); err == nil {
		t.Error("what was to be refused was not")
	}
	do(204, `{"do":"swallow","always":true}`)
	do(204, `{"do":"heal"}`)
	send(t, c, p.LID(), words("healed"))
	do(204, `{"do":"ban"}`)
	waitFor(t, c, any1[*events.TemporaryBan])
	do(204, `{"do":"heal"}`)
	do(204, `{"do":"unlink"}`)
	if w.Owner().Linked() {
		t.Error("the device is still linked")
	}
}

func TestThePageIsOnlyForThisMachine(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	p := w.Person(amina)
	id := p.Document("page.html", "text/html", []byte("<script>alert(1)</script>"), "")
	pagetest.OnlyForThisMachine(t, "http://"+w.addr, "/page/media/"+amina+"/"+id)
	for _, path := range []string{"/page/media/" + amina + "/x", "/page/media/1/" + id, "/v/x.enc", "/elsewhere"} {
		if status, _, _ := w.ask(t, "GET", path, ""); status != 404 {
			t.Errorf("%s came with %d", path, status)
		}
	}
}
