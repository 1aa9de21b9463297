// SPDX-License-Identifier: GPL-3.0-or-later

package graph_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"sarai/standin/graph"
)

func profile(p *place) {
	p.t.Helper()
	p.page("POST", "/me/messenger_profile", args{
		"get_started": args{"payload": "GET_STARTED"},
		"greeting":    []args{{"locale": "default", "text": "Ask us"}, {"locale": "ur_PK", "text": "پوچھیں"}},
		"ice_breakers": []args{
			{"call_to_actions": []args{{"question": "Can I change my employer?", "payload": "t:employer"}}, "locale": "default"},
			{"call_to_actions": []args{{"question": "کیا میں کام بدل سکتا ہوں؟", "payload": "t:employer"}}, "locale": "ur_PK"},
		},
		"persistent_menu": []args{{"locale": "default", "composer_input_disabled": false, "call_to_actions": []args{
			{"type": "postback", "title": "Menu", "payload": "menu"}, {"type": "web_url", "title": "Site", "url": "https://example.org/"},
		}}},
	}).taken(p.t)
}

// Each kind of event has the shape of Meta's examples.
func TestWhatPeopleDoOnMessenger(t *testing.T) {
	t.Parallel()
	p := serve(t)
	profile(p)
	asif := p.Person("5678", "Asif Example")
	asif.Speak("ur_PK")
	ends := fmt.Sprintf(`"sender":{"id":"5678"},"recipient":{"id":"%s"},"timestamp":1793610000000`, graph.PageID)

	if asif.Break("nothing") != "" || asif.Menu("nothing") != "" {
		t.Error("they pressed what is not there")
	}
	id := asif.Break("t:employer")
	p.like(p.told()[0], `{"id":"`+graph.PageID+`","time":1793610000123,"messaging":[{`+ends+`,"postback":{"mid":"`+id+`","title":"کیا میں کام بدل سکتا ہوں؟","payload":"t:employer","referral":null}}]}`)
	if asif.Break("t:employer") != "" {
		t.Error("an ice breaker in the middle of a talk")
	}
	id = asif.Start("post_17")
	p.like(p.event(), `{`+ends+`,"postback":{"mid":"`+id+`","title":"Get Started","payload":"GET_STARTED","referral":{"ref":"post_17","source":"SHORTLINK","type":"OPEN_THREAD"}}}`)
	asif.Menu("menu")
	p.like(p.event(), `{`+ends+`,"postback":{"mid":"*","title":"Menu","payload":"menu"}}`)

	id = asif.Say("سلام")
	p.like(p.event(), `{`+ends+`,"message":{"mid":"`+id+`","text":"سلام"}}`)
	asif.Reply(id, "again")
	p.like(p.event(), `{`+ends+`,"message":{"mid":"*","text":"again","reply_to":{"mid":"`+id+`"}}}`)
	if !asif.Edit(id, "hello again") {
		t.Error("no edit")
	}
	p.like(p.event(), `{`+ends+`,"message":null,"message_edit":{"mid":"`+id+`","text":"hello again","num_edit":1}}`)
	for range 4 {
		asif.Edit(id, "more")
	}
	if asif.Edit(id, "a sixth time") {
		t.Error("a sixth edit")
	}
	p.told()
	asif.React(id, "❤")
	p.like(p.event(), `{`+ends+`,"reaction":{"mid":"`+id+`","action":"react","emoji":"❤","reaction":"love"}}`)
	asif.React(id, "")
	p.like(p.event(), `{`+ends+`,"reaction":{"mid":"`+id+`","action":"unreact","emoji":null}}`)
	if !asif.Unsend(id) || asif.Unsend(id) || asif.Edit(id, "x") {
		t.Error("taking back")
	}
	p.like(p.event(), `{`+ends+`,"message":{"mid":"`+id+`","is_deleted":true,"text":null}}`)

	for _, kind := range []string{"image", "audio", "video", "file", "sticker"} {
		asif.Attach(kind, graph.File{Name: "x", Type: "application/octet-stream", Data: []byte("data of " + kind)})
		e := p.event()
		p.like(e, `{`+ends+`,"message":{"mid":"*","text":null,"attachments":[{"type":"`+kind+`","payload":{"url":"*"}}]}}`)
		if kind == "sticker" {
			p.like(e, `{"message":{"attachments":[{"payload":{"sticker_id":369239263222822}}]}}`)
		}
		url := at(e, "message.attachments.0.payload.url").(string)
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(b) != "data of "+kind || !strings.HasPrefix(url, p.url+"/media/") {
			t.Errorf("at %s is %q", url, b)
		}
	}
	asif.Place(52.5, 13.4)
	p.like(p.event(), `{`+ends+`,"message":{"mid":"*","attachments":[{"type":"location","payload":{"coordinates":{"lat":52.5,"long":13.4}}}]}}`)
	asif.Share("A page", "https://example.org/")
	e := p.event()
	p.like(e, `{`+ends+`,"message":{"mid":"*","attachments":[{"type":"fallback","title":"A page","url":"https://example.org/"}]}}`)
	if v, there := at(e, "message.attachments.0").(args)["payload"]; !there || v != nil {
		t.Error("a fallback's payload is null")
	}
	asif.Refer("leaflet")
	p.like(p.event(), `{`+ends+`,"referral":{"ref":"leaflet","source":"SHORTLINK","type":"OPEN_THREAD"}}`)
	asif.FromAd("ad_ref", "from an ad")
	p.like(p.event(), `{`+ends+`,"message":{"text":"from an ad","referral":{"ref":"ad_ref","ad_id":"6045","source":"ADS","type":"OPEN_THREAD","ads_context_data":{"ad_title":"Advice","post_id":"17"}}}}`)
	asif.Read()
	p.like(p.event(), `{`+ends+`,"read":{"watermark":1793610000000}}`)
	asif.Strange()
	p.like(p.event(), `{`+ends+`,"message":{"mid":"*","moon_phase":"waning","attachments":[{"type":"hologram"}]}}`)
	p.Policy("block", "spam")
	p.like(p.event(), `{"sender":null,"recipient":{"id":"`+graph.PageID+`"},"timestamp":1793610000000,"policy_enforcement":{"action":"block","reason":"spam"}}`)
}

func TestEchoesDeliveriesAndColleagues(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("5678", "")
	asif.Say("hello")
	p.told()
	a := p.page("POST", "/"+graph.PageID+"/messages", args{
		"recipient": args{"id": "5678"}, "messaging_type": "RESPONSE",
		"message": args{"text": "Pick one", "metadata": "out:8f31", "quick_replies": []args{{"content_type": "text", "title": "Visa", "payload": "t:visa"}}},
	}).taken(t)
	mid, _ := a["message_id"].(string)
	if a["recipient_id"] != "5678" || !strings.HasPrefix(mid, "m_") {
		t.Errorf("answered %v", a)
	}
	all := p.told()
	if len(all) != 2 {
		t.Fatalf("told %v", all)
	}
	p.like(all[0], `{"messaging":[{"sender":{"id":"`+graph.PageID+`"},"recipient":{"id":"5678"},"message":{"mid":"`+mid+`","is_echo":true,"app_id":`+graph.AppID+`,"metadata":"out:8f31","text":"Pick one"}}]}`)
	p.like(all[1], `{"messaging":[{"sender":{"id":"5678"},"recipient":{"id":"`+graph.PageID+`"},"delivery":{"mids":["`+mid+`"],"watermark":1793610000000}}]}`)
	if m := asif.Last(); m.Key != "out:8f31" || m.State != "delivered" || len(m.Buttons) != 1 {
		t.Errorf("on the screen: %+v", m)
	}
	asif.Read()
	if m := asif.Last(); m.State != "read" {
		t.Errorf("on the screen: %+v", m)
	}
	p.told()

	if asif.Tap("t:visa") == "" {
		t.Fatal("no quick reply")
	}
	p.like(p.event(), `{"message":{"mid":"*","text":"Visa","quick_reply":{"payload":"t:visa"}}}`)
	if asif.Tap("t:visa") != "" {
		t.Error("a quick reply stays after its use")
	}

	b := p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "message": args{"attachment": args{"type": "template", "payload": args{
		"template_type": "button", "text": "What next?", "buttons": []args{
			{"type": "postback", "title": "Human", "payload": "human"}, {"type": "web_url", "title": "Info", "url": "https://example.org"},
		}}}}}).taken(t)
	p.told()
	if asif.Press(b["message_id"].(string), "nothing") != "" || asif.Press(b["message_id"].(string), "human") == "" {
		t.Error("pressing")
	}
	p.like(p.event(), `{"sender":{"id":"5678"},"postback":{"mid":"*","title":"Human","payload":"human"}}`)

	mid = asif.Answer(graph.Inbox, "I am a person")
	p.like(p.event(), `{"sender":{"id":"`+graph.PageID+`"},"recipient":{"id":"5678"},"message":{"mid":"`+mid+`","is_echo":true,"app_id":`+graph.Inbox+`,"metadata":null,"text":"I am a person"}}`)
	asif.Answer("", "me too")
	p.like(p.event(), `{"message":{"is_echo":true,"app_id":null}}`)
	if m := asif.Last(); m.By != "colleague" || m.Text != "me too" {
		t.Errorf("on the screen: %+v", m)
	}
}

func TestStandby(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("5678", "")
	asif.Say("hello")
	p.told()
	asif.Standby(true)
	p.like(p.event(), `{"sender":{"id":"5678"},"take_thread_control":{"previous_owner_app_id":`+graph.AppID+`}}`)
	asif.Say("to the inbox")
	p.like(p.told()[0], `{"messaging":null,"standby":[{"sender":{"id":"5678"},"message":{"text":"to the inbox"}}]}`)
	p.say("5678", "x").refused(t, "10", "2018300")
	asif.Standby(false)
	p.like(p.event(), `{"pass_thread_control":{"new_owner_app_id":`+graph.AppID+`}}`)
	p.say("5678", "x").taken(t)
	p.page("POST", "/me/pass_thread_control", args{"recipient": args{"id": "5678"}, "target_app_id": graph.Inbox}).taken(t)
	p.say("5678", "x").refused(t, "10", "2018300")
	p.page("POST", "/me/take_thread_control", args{"recipient": args{"id": "5678"}}).taken(t)
	p.say("5678", "x").taken(t)
	p.page("POST", "/me/take_thread_control", args{"recipient": args{"id": "9"}}).refused(t, "100", "2018001")
}

func TestSenderActions(t *testing.T) {
	t.Parallel()
	p := serve(t)
	act := func(psid, action string) answer {
		return p.page("POST", "/me/messages", args{"recipient": args{"id": psid}, "sender_action": action})
	}
	asif := p.Person("5678", "")
	asif.Say("hello")
	if asif.Seen() || asif.Action() != "" {
		t.Error("seen too early")
	}
	p.like(act("5678", "mark_seen").taken(t), `{"recipient_id":"5678","message_id":null}`)
	act("5678", "typing_on").taken(t)
	if !asif.Seen() || asif.Action() != "typing" {
		t.Error("not seen, or not typing")
	}
	p.clock.pass(21 * time.Second)
	if asif.Action() != "" {
		t.Error("typing for ever")
	}
	asif.Say("and another")
	if asif.Seen() {
		t.Error("what they have just written is seen")
	}
	act("5678", "typing_on").taken(t)
	act("5678", "typing_off").taken(t)
	if asif.Action() != "" {
		t.Error("typing does not end")
	}
	act("5678", "dance").refused(t, "100", "")
	act("9", "typing_on").refused(t, "100", "2018001")
	asif.Block()
	act("5678", "typing_on").refused(t, "551", "1545041")
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "sender_action": "typing_on", "message": args{"text": "x"}}).refused(t, "100", "")
}

func TestWindowsOnMessenger(t *testing.T) {
	t.Parallel()
	p := serve(t)
	tagged := func(kind, tag string) answer {
		return p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "messaging_type": kind, "tag": tag, "message": args{"text": "written by a counsellor"}})
	}
	p.say("5678", "x").refused(t, "100", "2018001")
	asif := p.Person("5678", "")
	p.say("5678", "x").refused(t, "10", "2018278") // they have never written
	id := asif.Say("hello")
	p.clock.pass(24 * time.Hour)
	p.say("5678", "x").taken(t)
	p.clock.pass(time.Second)
	p.say("5678", "x").refused(t, "10", "2018278")
	tagged("RESPONSE", "HUMAN_AGENT").refused(t, "10", "2018278")
	tagged("MESSAGE_TAG", "HUMAN_AGENT").taken(t)
	if m := asif.Last(); m.Tag != "HUMAN_AGENT" {
		t.Errorf("on the screen: %+v", m)
	}
	for _, tag := range []string{"ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE"} {
		tagged("MESSAGE_TAG", tag).refused(t, "100", "")
	}
	tagged("MESSAGE_TAG", "").refused(t, "100", "2018199")
	tagged("SOMEHOW", "").refused(t, "100", "")
	p.clock.pass(6*24*time.Hour - time.Second)
	tagged("MESSAGE_TAG", "HUMAN_AGENT").taken(t)
	p.clock.pass(time.Second)
	tagged("MESSAGE_TAG", "HUMAN_AGENT").refused(t, "10", "2018278")
	asif.React(id, "👍") // opens the window
	p.say("5678", "x").taken(t)
	asif.Block()
	p.say("5678", "x").refused(t, "551", "1545041")
	if asif.Say("x") != "" {
		t.Error("who has blocked the Page writes to it")
	}
	asif.Unblock()
	p.say("5678", "x").taken(t)

	q := serve(t, func(o *graph.Options) { o.Denied = []string{"human_agent"} })
	q.Person("5678", "").Say("hello")
	q.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "message": args{"text": "x"}}).refused(t, "10", "2018065")
}

func TestWhatMessengerRefuses(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("5678", "")
	asif.Say("hello")
	long := func(n int) string { return strings.Repeat("x", n) }
	replies := func(n int) []args {
		all := []args{}
		for i := range n {
			all = append(all, args{"content_type": "text", "title": fmt.Sprint("t", i), "payload": fmt.Sprint("p", i)})
		}
		return all
	}
	quick := func(more args) args {
		q := args{"content_type": "text", "title": "t", "payload": "p"}
		for k, v := range more {
			q[k] = v
		}
		return args{"text": "x", "quick_replies": []args{q}}
	}
	template := func(payload args) args { return args{"attachment": args{"type": "template", "payload": payload}} }
	button := func(text string, n int, more args) args {
		all := []args{}
		for range n {
			b := args{"type": "postback", "title": "t", "payload": "p"}
			for k, v := range more {
				b[k] = v
			}
			all = append(all, b)
		}
		return template(args{"template_type": "button", "text": text, "buttons": all})
	}
	generic := func(n int, more args) args {
		all := []args{}
		for range n {
			e := args{"title": "t"}
			for k, v := range more {
				e[k] = v
			}
			all = append(all, e)
		}
		return template(args{"template_type": "generic", "elements": all})
	}
	for name, m := range map[string]args{
		"2000 characters":       {"text": long(2000)},
		"1000 of metadata":      {"text": "x", "metadata": long(1000)},
		"13 quick replies":      {"text": "x", "quick_replies": replies(13)},
		"a payload of 1000":     quick(args{"payload": long(1000)}),
		"a title that is cut":   quick(args{"title": long(30)}),
		"the number is asked":   {"text": "x", "quick_replies": []args{{"content_type": "user_phone_number"}}},
		"640 with buttons":      button(long(640), 3, nil),
		"a link":                button("x", 1, args{"type": "web_url", "url": "https://example.org/"}),
		"a number to call":      button("x", 1, args{"type": "phone_number", "payload": "+15550000003"}),
		"10 elements":           generic(10, args{"title": long(80), "subtitle": long(80)}),
		"elements with buttons": generic(1, args{"buttons": []args{{"type": "postback", "title": "t", "payload": "p"}}}),
	} {
		if a := p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "message": m}); a.status != 200 {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	for name, m := range map[string]args{
		"2001 characters":       {"text": long(2001)},
		"1001 smileys":          {"text": strings.Repeat("👍", 1001)},
		"nothing":               {"text": " "},
		"no message":            {},
		"text and attachment":   {"text": "x", "attachment": args{"type": "image", "payload": args{"url": "https://example.org/x.png"}}},
		"1001 of metadata":      {"text": "x", "metadata": long(1001)},
		"14 quick replies":      {"text": "x", "quick_replies": replies(14)},
		"no quick reply":        {"text": "x", "quick_replies": []args{}},
		"no title":              quick(args{"title": ""}),
		"no payload":            quick(args{"payload": ""}),
		"a payload of 1001":     quick(args{"payload": long(1001)}),
		"an unknown reply":      quick(args{"content_type": "moon"}),
		"641 with buttons":      button(long(641), 1, nil),
		"four buttons":          button("x", 4, nil),
		"no buttons":            button("x", 0, nil),
		"no text over buttons":  button("", 1, nil),
		"a long title":          button("x", 1, args{"title": long(21)}),
		"a button without data": button("x", 1, args{"payload": ""}),
		"a button of 1001":      button("x", 1, args{"payload": long(1001)}),
		"a link to nowhere":     button("x", 1, args{"type": "web_url", "url": "javascript:x"}),
		"a number of letters":   button("x", 1, args{"type": "phone_number", "payload": "+1x"}),
		"an unknown button":     button("x", 1, args{"type": "moon"}),
		"no elements":           generic(0, nil),
		"11 elements":           generic(11, nil),
		"a long element":        generic(1, args{"title": long(81)}),
		"a long subtitle":       generic(1, args{"subtitle": long(81)}),
		"an unknown template":   template(args{"template_type": "moon"}),
		"an unknown attachment": {"attachment": args{"type": "moon", "payload": args{"url": "https://example.org/"}}},
		"no file":               {"attachment": args{"type": "image", "payload": args{}}},
	} {
		a := p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "message": m})
		if a.status != 400 || at(a.body, "error.code") != "100" {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	before := len(asif.Screen())
	p.page("POST", "/me/messages", args{"message": args{"text": "x"}}).refused(t, "100", "")
	p.page("POST", "/me/messages", args{"recipient": args{}, "message": args{"text": "x"}}).refused(t, "100", "")
	p.page("POST", "/me/messages", args{"recipient": args{"id": 5678}, "message": "no object"}).refused(t, "100", "")
	if len(asif.Screen()) != before {
		t.Error("what was refused is on the screen")
	}
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "message": quick(args{"title": long(21)})}).taken(t)
	if b := asif.Last().Buttons; len(b) != 1 || b[0].Title != long(20) {
		t.Errorf("a long title is shown as %+v", b)
	}
	// An id may be a number, and a form is as good as JSON.
	p.page("POST", "/me/messages", args{"recipient": args{"id": 5678}, "message": args{"text": "x"}}).taken(t)
	req, _ := http.NewRequest("POST", p.url+"/v25.0/me/messages?access_token="+graph.PageToken, strings.NewReader(`recipient={"id":"5678"}&message={"text":"by form"}`))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	p.do(req).taken(t)
	if asif.Last().Text != "by form" {
		t.Errorf("on the screen: %+v", asif.Last())
	}
}

func TestFilesOnMessenger(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("5678", "")
	asif.Say("hello")
	attach := func(kind, payload string) map[string]string {
		return map[string]string{"recipient": `{"id":"5678"}`, "messaging_type": "RESPONSE", "message": `{"attachment":{"type":"` + kind + `","payload":` + payload + `}}`}
	}
	p.upload(graph.PageToken, "/me/messages", attach("image", "{}"), "x.png", "image/png", []byte("picture")).taken(t)
	if m := asif.Last(); m.Type != "image" || m.File == nil || string(m.File.Data) != "picture" || m.File.Name != "x.png" {
		t.Errorf("on the screen: %+v", m)
	}
	p.upload(graph.PageToken, "/me/messages", attach("image", "{}"), "x.ogg", "audio/ogg", []byte("sound")).refused(t, "100", "2018047")
	p.upload(graph.PageToken, "/me/messages", attach("file", "{}"), "x.pdf", "application/pdf", nil).refused(t, "100", "2018047")
	p.upload(graph.PageToken, "/me/messages", attach("file", "{}"), "x.pdf", "application/pdf", make([]byte, 25<<20+1)).refused(t, "100", "2018047")

	a := p.upload(graph.PageToken, "/me/message_attachments", map[string]string{"message": `{"attachment":{"type":"audio","payload":{"is_reusable":true}}}`}, "x.mp3", "audio/mpeg", []byte("sound")).taken(t)
	id, _ := a["attachment_id"].(string)
	send := func(kind, id string) answer {
		return p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "message": args{"attachment": args{"type": kind, "payload": args{"attachment_id": id}}}})
	}
	send("audio", id).taken(t)
	if m := asif.Last(); m.Type != "audio" || string(m.File.Data) != "sound" {
		t.Errorf("on the screen: %+v", m)
	}
	send("image", id).refused(t, "100", "2018074")
	send("audio", "1").refused(t, "100", "2018074")
	p.page("POST", "/me/message_attachments", args{"message": args{"text": "x"}}).refused(t, "100", "")
	p.page("POST", "/me/message_attachments", args{"message": args{"attachment": args{"type": "template", "payload": args{"template_type": "button"}}}}).refused(t, "100", "")
	b := p.page("POST", "/me/message_attachments", args{"message": args{"attachment": args{"type": "file", "payload": args{"url": "https://example.org/a.pdf"}}}}).taken(t)
	send("file", b["attachment_id"].(string)).taken(t)
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "message": args{"attachment": args{"type": "file", "payload": args{"url": "https://example.org/a.pdf"}}}}).taken(t)
	if m := asif.Last(); m.File == nil || m.File.Name != "https://example.org/a.pdf" {
		t.Errorf("on the screen: %+v", m)
	}
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5678"}, "message": args{"attachment": args{"type": "file", "payload": args{"url": "file:///x"}}}}).refused(t, "100", "2018047")
	p.clock.pass(90*24*time.Hour + time.Second)
	asif.Say("much later")
	send("audio", id).refused(t, "100", "2018074")
}

func TestAddressesOfFilesExpire(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Person("5678", "").Attach("audio", graph.File{Type: "audio/mp4", Data: []byte("sound")})
	url := at(p.event(), "message.attachments.0.payload.url").(string)
	status := func(url string) int {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if status(url) != 200 || status(strings.Replace(url, "oh=", "oh=0", 1)) != 403 || status(p.url+"/media/1?oe=0&oh=0") != 404 {
		t.Error("addresses are not checked")
	}
	p.clock.pass(time.Hour + time.Second)
	if got := status(url); got != 403 {
		t.Errorf("an hour later: %d", got)
	}
}

func TestTheMessengerProfile(t *testing.T) {
	t.Parallel()
	p := serve(t)
	set := func(fields args) answer { return p.page("POST", "/me/messenger_profile", fields) }
	asif := p.Person("5678", "")
	if asif.Start("") != "" {
		t.Error("Get Started without a button")
	}
	menu := func(n int, title string) args {
		calls := []args{}
		for range n {
			calls = append(calls, args{"type": "postback", "title": title, "payload": "p"})
		}
		return args{"persistent_menu": []args{{"locale": "default", "call_to_actions": calls}}}
	}
	set(menu(1, "Menu")).refused(t, "100", "2018145")
	profile(p)
	p.like(p.page("GET", "/"+graph.PageID+"/messenger_profile?fields=get_started,greeting,whitelisted_domains", nil).taken(t),
		`{"data":[{"get_started":{"payload":"GET_STARTED"},"greeting":[{"locale":"default","text":"Ask us"},{"locale":"ur_PK","text":"پوچھیں"}],"whitelisted_domains":null,"persistent_menu":null}]}`)
	p.like(p.page("GET", "/me/messenger_profile?fields=persistent_menu,ice_breakers", nil).taken(t),
		`{"data":[{"persistent_menu":[{"locale":"default","call_to_actions":[{"type":"postback","title":"Menu","payload":"menu"},{"type":"web_url","url":"https://example.org/"}]}],"ice_breakers":[{"locale":"default"},{"locale":"ur_PK"}]}]}`)
	p.page("GET", "/me/messenger_profile", nil).refused(t, "100", "")
	p.page("GET", "/me/messenger_profile?fields=moon", nil).refused(t, "100", "")
	breaker := func(n int, question string) args {
		calls := []args{}
		for range n {
			calls = append(calls, args{"question": question, "payload": "p"})
		}
		return args{"ice_breakers": []args{{"locale": "default", "call_to_actions": calls}}}
	}
	set(breaker(4, strings.Repeat("x", 80))).taken(t)
	set(args{"ice_breakers": []args{{"question": "old form", "payload": "old"}}}).taken(t)
	if p.Person("1", "").Break("old") == "" {
		t.Error("the older form of ice breakers")
	}
	set(menu(20, strings.Repeat("x", 30))).taken(t)
	for name, fields := range map[string]args{
		"nothing":              {},
		"five questions":       breaker(5, "x"),
		"a long question":      breaker(1, strings.Repeat("x", 81)),
		"an empty question":    breaker(1, " "),
		"21 items":             menu(21, "x"),
		"a long item":          menu(1, strings.Repeat("x", 31)),
		"no default":           {"greeting": []args{{"locale": "ur_PK", "text": "x"}}},
		"a long greeting":      {"greeting": []args{{"locale": "default", "text": strings.Repeat("x", 161)}}},
		"an empty get_started": {"get_started": args{"payload": ""}},
		"no list":              {"ice_breakers": "x"},
	} {
		if a := set(fields); a.status != 400 || at(a.body, "error.code") != "100" {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	p.page("DELETE", "/me/messenger_profile", args{"fields": []string{"get_started"}}).refused(t, "100", "2018145")
	p.page("DELETE", "/me/messenger_profile", args{"fields": []string{"get_started", "persistent_menu"}}).taken(t)
	if asif.Menu("p") != "" || asif.Start("") != "" {
		t.Error("what was deleted is there")
	}
	p.page("DELETE", "/me/messenger_profile?fields=ice_breakers,greeting", nil).taken(t)
	p.like(p.page("GET", "/me/messenger_profile?fields=get_started,ice_breakers,greeting,persistent_menu", nil).taken(t), `{"data":[]}`)
	p.page("DELETE", "/me/messenger_profile", args{"fields": []string{"moon"}}).refused(t, "100", "")
	p.page("DELETE", "/me/messenger_profile", nil).refused(t, "100", "")
}

// What a webhook missed can be fetched.
func TestConversationsCanBeRead(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif, bina := p.Person("5678", "Asif Example"), p.Person("5679", "Bina Example")
	asif.Say("one")
	p.clock.pass(time.Minute)
	bina.Say("two")
	p.clock.pass(time.Minute)
	p.say("5678", "three").taken(t)
	asif.Attach("image", graph.File{Name: "x.jpg", Type: "image/jpeg", Data: []byte("p")})
	a := p.page("GET", "/"+graph.PageID+"/conversations?platform=messenger&fields=id,updated_time,participants,messages.limit(10){id,message,from,created_time,attachments}", nil).taken(t)
	p.like(a, `{"data":[
		{"id":"t_5678","updated_time":"2026-11-02T09:02:00+0000","link":null,"participants":{"data":[{"id":"5678","name":"Asif Example"},{"id":"`+graph.PageID+`"}]},
		 "messages":{"data":[
			{"id":"*","from":{"id":"5678"},"attachments":{"data":[{"mime_type":"image/jpeg","image_data":{"url":"*"}}]},"to":null},
			{"id":"*","message":"three","from":{"id":"`+graph.PageID+`"}},
			{"id":"*","message":"one","from":{"id":"5678","name":"Asif Example"},"created_time":"2026-11-02T09:00:00+0000"}]}},
		{"id":"t_5679"}]}`)
	a = p.page("GET", "/me/conversations?user_id=5679", nil).taken(t)
	p.like(a, `{"data":[{"id":"t_5679","updated_time":"*","link":"*","messages":null}]}`)

	var texts []string
	for path := "/t_5678/messages?limit=1&fields=message"; path != ""; {
		a := p.page("GET", path, nil).taken(t)
		text, _ := at(a, "data.0.message").(string)
		texts = append(texts, text)
		next, _ := at(a, "paging.next").(string)
		path = strings.TrimPrefix(next, p.url+"/v25.0")
	}
	if strings.Join(texts, "|") != "|three|one" {
		t.Errorf("page by page: %q", texts)
	}
	id := asif.Screen()[0].ID
	p.like(p.page("GET", "/"+id+"?fields=message,from", nil).taken(t), `{"id":"`+id+`","message":"one","from":{"id":"5678"}}`)
	p.like(p.page("GET", "/5678?fields=first_name,last_name,profile_pic", nil).taken(t), `{"id":"5678","first_name":"Asif","last_name":"Example","profile_pic":"*"}`)
	p.page("GET", "/t_9/messages", nil).refused(t, "100", "33")
	p.page("GET", "/m_9", nil).refused(t, "100", "33")
	p.page("GET", "/9", nil).refused(t, "100", "33")
	if a := p.page("GET", "/me/conversations?platform=instagram", nil).taken(t); len(a["data"].([]any)) != 0 {
		t.Errorf("on Instagram: %v", a)
	}
}
