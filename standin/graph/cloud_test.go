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

const number = "15550000002"

func value(fields string) string {
	return `{"messaging_product":"whatsapp","metadata":{"display_phone_number":"` + graph.Number + `","phone_number_id":"` + graph.NumberID + `"},` + fields + `}`
}

func TestWhatPeopleDoOnWhatsApp(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "Asif Example")
	if !strings.HasPrefix(asif.User(), "DE.") || asif.Phone() != number {
		t.Errorf("%q %q", asif.User(), asif.Phone())
	}
	who := `"contacts":[{"profile":{"name":"Asif Example","username":null},"wa_id":"` + number + `","user_id":"` + asif.User() + `"}]`
	from := `"from":"` + number + `","from_user_id":"` + asif.User() + `","timestamp":"1793610000"`
	is := func(message string) {
		t.Helper()
		all := p.told()
		if len(all) != 1 {
			t.Fatalf("told %v", all)
		}
		p.like(all[0], `{"id":"`+graph.AccountID+`","changes":[{"field":"messages","value":`+value(who+`,"statuses":null,"messages":[{`+from+`,`+message+`}]`)+`}]}`)
	}
	id := asif.Say("سلام")
	if !strings.HasPrefix(id, "wamid.") {
		t.Errorf("a message's id is %q", id)
	}
	is(`"id":"` + id + `","type":"text","text":{"body":"سلام"},"context":null`)
	asif.Reply(id, "again")
	is(`"id":"*","type":"text","text":{"body":"again"},"context":{"from":"` + number + `","id":"` + id + `"}`)
	if !asif.Edit(id, "hello!") {
		t.Error("no edit")
	}
	is(`"id":"*","type":"edit","edit":{"original_message_id":"` + id + `","message":{"type":"text","text":{"body":"hello!"}}}`)
	asif.React(id, "👍")
	is(`"id":"*","type":"reaction","reaction":{"message_id":"` + id + `","emoji":"👍"}`)
	asif.React(id, "")
	is(`"id":"*","type":"reaction","reaction":{"message_id":"` + id + `","emoji":null}`)
	if !asif.Revoke(id) || asif.Revoke(id) || asif.Edit(id, "x") {
		t.Error("revoking")
	}
	is(`"id":"*","type":"revoke","revoke":{"original_message_id":"` + id + `"}`)
	asif.Place(52.5, 13.4, "Office")
	is(`"type":"location","location":{"latitude":52.5,"longitude":13.4,"name":"Office"}`)
	asif.Card("Bina Example", "+1 555 000 0003")
	is(`"type":"contacts","contacts":[{"name":{"formatted_name":"Bina Example","first_name":"Bina"},"phones":[{"phone":"+1 555 000 0003","type":"CELL"}]}]`)
	asif.FromAd("AD1", "from an ad")
	is(`"type":"text","text":{"body":"from an ad"},"referral":{"source_url":"https://fb.me/AD1","source_id":"AD1","source_type":"ad","ctwa_clid":"*"}`)
	asif.Unsupported()
	is(`"type":"unsupported","errors":[{"code":131051,"title":"Message type unknown"}]`)
	asif.Strange()
	is(`"type":"hologram"`)
	asif.InGroup("group-1", "in a group")
	is(`"group_id":"group-1","type":"text"`)
	p.Trouble(131031, "Account locked")
	p.like(p.event(), value(`"messages":null,"errors":[{"code":131031,"title":"Account locked"}]`))

	mid := asif.Answer("I am a person")
	p.like(p.told()[0], `{"changes":[{"field":"smb_message_echoes","value":`+value(`"message_echoes":[{"from":"`+graph.Number+`","to":"`+number+`","to_user_id":"`+asif.User()+`","id":"`+mid+`","timestamp":"1793610000","type":"text","text":{"body":"I am a person"}}]`)+`}]}`)
	if m := asif.Last(); m.By != "colleague" || m.ID != mid {
		t.Errorf("on the screen: %+v", m)
	}

	if !asif.Reanswer(mid, "I am a counsellor") || asif.Reanswer("wamid.x", "x") {
		t.Error("changing a colleague's message")
	}
	p.like(p.told()[0], `{"changes":[{"field":"smb_message_echoes","value":`+value(`"message_echoes":[{"from":"`+graph.Number+`","to":"`+number+`","type":"edit","edit":{"original_message_id":"`+mid+`","message":{"text":{"body":"I am a counsellor"}}}}]`)+`}]}`)
	if !asif.Unanswer(mid) || asif.Unanswer(mid) || !asif.Last().Deleted {
		t.Error("deleting a colleague's message")
	}
	p.like(p.told()[0], `{"changes":[{"field":"smb_message_echoes","value":`+value(`"message_echoes":[{"type":"revoke","revoke":{"original_message_id":"`+mid+`"}}]`)+`}]}`)

	asif.Username("@asif_example")
	asif.Say("without a number")
	p.like(p.event(), value(`"contacts":[{"profile":{"name":"Asif Example","username":"@asif_example"},"wa_id":null,"user_id":"`+asif.User()+`"}],"messages":[{"from":null,"from_user_id":"`+asif.User()+`","text":{"body":"without a number"}}]`))
	a := p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "recipient": asif.User(), "type": "text", "text": args{"body": "x"}}).taken(t)
	p.like(a, `{"contacts":[{"input":"`+asif.User()+`","user_id":"`+asif.User()+`","wa_id":null}]}`)
	p.like(p.told()[1], `{"changes":[{"value":`+value(`"statuses":[{"status":"delivered","recipient_id":null,"recipient_user_id":"`+asif.User()+`"}]`)+`}]}`)
}

func TestFilesFromWhatsApp(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "")
	asif.Attach("image", graph.File{Type: "image/jpeg", Data: []byte("letter")}, "my letter")
	e := p.event()
	p.like(e, `{"messages":[{"type":"image","image":{"id":"*","mime_type":"image/jpeg","sha256":"*","caption":"my letter","url":"*"}}]}`)
	id := at(e, "messages.0.image.id").(string)
	asif.Attach("audio", graph.File{Type: "audio/ogg; codecs=opus", Data: []byte("sound"), Voice: true}, "")
	p.like(p.event(), `{"messages":[{"type":"audio","audio":{"id":"*","mime_type":"audio/ogg; codecs=opus","voice":true,"caption":null}}]}`)
	asif.Attach("document", graph.File{Name: "a.pdf", Type: "application/pdf", Data: []byte("d")}, "")
	p.like(p.event(), `{"messages":[{"type":"document","document":{"filename":"a.pdf","mime_type":"application/pdf"}}]}`)

	a := p.number("GET", "/"+id, nil).taken(t)
	p.like(a, `{"messaging_product":"whatsapp","id":"`+id+`","url":"*","mime_type":"image/jpeg","sha256":"*","file_size":6}`)
	fetch := func(url, token string) (int, string) {
		t.Helper()
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	url := a["url"].(string)
	if status, body := fetch(url, graph.Token); status != 200 || body != "letter" {
		t.Errorf("fetched %d %q", status, body)
	}
	if status, body := fetch(url, ""); status != 401 || body != "" {
		t.Errorf("without the token %d %q", status, body)
	}
	if status, _ := fetch(url, graph.PageToken); status != 401 {
		t.Errorf("with another token %d", status)
	}
	p.clock.pass(5*time.Minute + time.Second)
	if status, _ := fetch(url, graph.Token); status != 403 {
		t.Errorf("after five minutes %d", status)
	}
	p.page("GET", "/"+id, nil).refused(t, "100", "33")
	p.clock.pass(7 * 24 * time.Hour)
	p.number("GET", "/"+id, nil).refused(t, "100", "33")
	p.number("DELETE", "/"+id, nil).taken(t)
	p.number("DELETE", "/"+id, nil).refused(t, "100", "33")
}

func TestChangedNumbersAndIds(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "Asif Example")
	old := asif.User()
	asif.Say("hello")
	p.told()
	asif.Renumber("15550000009")
	p.like(p.event(), value(`"messages":[{"from":"`+number+`","from_user_id":"`+old+`","id":"*","type":"system","system":{"body":"User Asif Example changed from `+number+` to 15550000009","wa_id":"15550000009","type":"user_changed_number"}}]`))
	p.write(number, "x").refused(t, "131026", "")
	p.write("15550000009", "x").taken(t)
	p.told()
	asif.Reidentify("DE.42")
	all := p.told()
	if len(all) != 2 {
		t.Fatalf("told %v", all)
	}
	p.like(all[0], `{"changes":[{"field":"messages","value":`+value(`"messages":[{"from_user_id":"`+old+`","type":"system","system":{"type":"user_changed_user_id","user_id":"DE.42"}}]`)+`}]}`)
	p.like(all[1], `{"changes":[{"field":"user_id_update","value":`+value(`"user_id_update":[{"wa_id":"15550000009","user_id":{"previous":"`+old+`","current":"DE.42"}}]`)+`}]}`)
	asif.Say("as before")
	p.like(p.event(), value(`"messages":[{"from":"15550000009","from_user_id":"DE.42"}]`))
	p.Contact("15550000003", "")
	asif.Renumber("15550000003") // somebody else's
	asif.Reidentify("DE.42")     // already
	if all := p.told(); len(all) != 0 || asif.Phone() != "15550000009" {
		t.Errorf("told %v", all)
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "")
	asif.Say("hello")
	p.told()
	a := p.number("POST", "/"+graph.NumberID+"/messages", args{
		"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+1 555 000-0002", "type": "text", "text": args{"body": "hello"}, "biz_opaque_callback_data": "out:8f31",
	}).taken(t)
	p.like(a, `{"messaging_product":"whatsapp","contacts":[{"input":"+1 555 000-0002","wa_id":"`+number+`","user_id":"`+asif.User()+`"}],"messages":[{"id":"*","message_status":null}]}`)
	id := at(a, "messages.0.id").(string)
	all := p.told()
	if len(all) != 2 {
		t.Fatalf("told %v", all)
	}
	status := func(state, more string) string {
		return `{"changes":[{"field":"messages","value":` + value(`"contacts":null,"messages":null,"statuses":[{"id":"`+id+`","status":"`+state+`","timestamp":"1793610000","recipient_id":"`+number+`","recipient_user_id":"`+asif.User()+`","biz_opaque_callback_data":"out:8f31"`+more+`}]`) + `}]}`
	}
	price := `,"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"service"}`
	p.like(all[0], status("sent", price))
	p.like(all[1], status("delivered", price))
	asif.Read()
	p.like(p.told()[0], status("read", `,"pricing":null`))
	if m := asif.Last(); m.State != "read" || m.Key != "out:8f31" {
		t.Errorf("on the screen: %+v", m)
	}
	if !asif.Fails(id, 131049) || asif.Fails("wamid.x", 1) {
		t.Error("failing")
	}
	p.like(p.told()[0], status("failed", `,"errors":[{"code":131049,"title":"*","message":"*","href":"*"}]`))
	if asif.Play(id) {
		t.Error("a text was played")
	}
	media := p.upload(graph.Token, "/"+graph.NumberID+"/media", map[string]string{"messaging_product": "whatsapp"}, "x.ogg", "audio/ogg", []byte("OggS"))
	voice := p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": number, "type": "audio", "audio": args{"id": media.taken(t)["id"], "voice": true}}).taken(t)
	p.told()
	if !asif.Play(at(voice, "messages.0.id").(string)) {
		t.Error("it was not played")
	}
	p.like(p.event(), `{"statuses":[{"status":"played"}]}`)
	if m := asif.Last(); m.State != "played" || m.File == nil || !m.File.Voice {
		t.Errorf("on the screen: %+v", m)
	}
	// Before October 2026 answers in the window cost nothing.
	q := serve(t, func(o *graph.Options) {
		o.Now = func() time.Time { return time.Date(2026, 9, 30, 23, 0, 0, 0, time.UTC) }
	})
	q.Contact(number, "").Say("hello")
	q.told()
	q.write(number, "x").taken(t)
	q.like(q.told()[0], `{"changes":[{"value":{"statuses":[{"pricing":{"billable":false}}]}}]}`)
}

func TestWindowsOnWhatsApp(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		p := serve(t, func(o *graph.Options) { o.Late = late })
		p.write("15550000009", "x").refused(t, "131026", "")
		asif := p.Contact(number, "")
		is := func(code string) {
			t.Helper()
			a := p.write(number, "x")
			if !late {
				e := a.refused(t, code, "")
				if at(e, "error_data.messaging_product") != "whatsapp" || at(e, "error_data.details") == nil {
					t.Errorf("no details in %s", a.raw)
				}
				return
			}
			a.taken(t)
			p.like(p.event(), `{"statuses":[{"id":"*","status":"failed","errors":[{"code":`+code+`,"error_data":{"details":"*"}}]}]}`)
		}
		is("131047")
		asif.Say("hello")
		p.told()
		p.clock.pass(24 * time.Hour)
		p.write(number, "x").taken(t)
		p.told()
		p.clock.pass(time.Second)
		is("131047")
		asif.Say("hello")
		asif.Block()
		p.told()
		is("131026")
		if asif.Say("x") != "" || asif.React(asif.Screen()[0].ID, "👍") {
			t.Error("who has blocked the number writes to it")
		}
		asif.Unblock()
		p.write(number, "x").taken(t)
		if n := len(asif.Screen()); n != 4 {
			t.Errorf("%d messages on the screen", n)
		}
	}
}

func TestWhatWhatsAppRefuses(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "")
	asif.Say("hello")
	long := func(n int) string { return strings.Repeat("x", n) }
	send := func(message args) answer {
		m := args{"messaging_product": "whatsapp", "to": number}
		for k, v := range message {
			if m[k] = v; v == nil {
				delete(m, k)
			}
		}
		return p.number("POST", "/"+graph.NumberID+"/messages", m)
	}
	text := func(s string) args { return args{"type": "text", "text": args{"body": s}} }
	buttons := func(n int, more args) args {
		all := []args{}
		for i := range n {
			all = append(all, args{"type": "reply", "reply": args{"id": fmt.Sprint(i), "title": fmt.Sprint("title ", i)}})
		}
		in := args{"type": "button", "body": args{"text": "x"}, "action": args{"buttons": all}}
		for k, v := range more {
			if in[k] = v; v == nil {
				delete(in, k)
			}
		}
		return args{"type": "interactive", "interactive": in}
	}
	reply := func(all ...args) args {
		var out []args
		for _, r := range all {
			out = append(out, args{"type": "reply", "reply": r})
		}
		return args{"action": args{"buttons": out}}
	}
	list := func(sections, rows int, row args, more args) args {
		all := []args{}
		for s := range sections {
			var rs []args
			for i := range rows {
				r := args{"id": fmt.Sprint(s, "-", i), "title": "t"}
				for k, v := range row {
					r[k] = v
				}
				rs = append(rs, r)
			}
			sec := args{"rows": rs}
			if sections > 1 {
				sec["title"] = fmt.Sprint("s", s)
			}
			all = append(all, sec)
		}
		in := args{"type": "list", "body": args{"text": "x"}, "action": args{"button": "Topics", "sections": all}}
		for k, v := range more {
			in[k] = v
		}
		return args{"type": "interactive", "interactive": in}
	}
	sections := func(all ...args) args { return args{"action": args{"button": "x", "sections": all}} }
	for name, m := range map[string]args{
		"4096 characters":     text(long(4096)),
		"512 of data":         {"type": "text", "text": args{"body": "x"}, "biz_opaque_callback_data": long(512)},
		"no type":             {"text": args{"body": "x"}},
		"3 buttons":           buttons(3, args{"body": args{"text": long(1024)}, "footer": args{"text": long(60)}, "header": args{"type": "text", "text": long(60)}}),
		"a full button":       buttons(0, reply(args{"id": long(256), "title": long(20)})),
		"10 rows":             list(2, 5, args{"description": long(72), "title": long(24)}, args{"body": args{"text": long(4096)}}),
		"a long row id":       list(1, 1, args{"id": long(200)}, nil),
		"a link":              {"type": "interactive", "interactive": args{"type": "cta_url", "body": args{"text": "x"}, "action": args{"name": "cta_url", "parameters": args{"display_text": "Site", "url": "https://example.org/"}}}},
		"a question of place": {"type": "interactive", "interactive": args{"type": "location_request_message", "body": args{"text": "x"}, "action": args{"name": "send_location"}}},
		"a place":             {"type": "location", "location": args{"latitude": 1, "longitude": 2}},
		"a reaction":          {"type": "reaction", "reaction": args{"message_id": "wamid.x", "emoji": "👍"}},
		"a picture by link":   {"type": "image", "image": args{"link": "https://example.org/x.jpg", "caption": long(1024)}},
		"an answer":           {"type": "text", "text": args{"body": "x"}, "context": args{"message_id": "wamid.x"}},
	} {
		if a := send(m); a.status != 200 {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	for name, c := range map[string]struct {
		code string
		m    args
	}{
		"4097 characters":      {"100", text(long(4097))},
		"nothing":              {"100", text(" ")},
		"no body":              {"100", args{"type": "text"}},
		"an unknown type":      {"100", args{"type": "moon"}},
		"513 of data":          {"131009", args{"type": "text", "text": args{"body": "x"}, "biz_opaque_callback_data": long(513)}},
		"no product":           {"100", args{"messaging_product": nil, "text": args{"body": "x"}}},
		"nobody":               {"100", args{"to": nil, "text": args{"body": "x"}}},
		"no number":            {"100", args{"to": "asif", "text": args{"body": "x"}}},
		"ourselves":            {"131021", args{"to": graph.Number, "text": args{"body": "x"}}},
		"an unknown user":      {"131026", args{"to": nil, "recipient": "DE.1", "text": args{"body": "x"}}},
		"a group":              {"100", args{"recipient_type": "group", "text": args{"body": "x"}}},
		"4 buttons":            {"131009", buttons(4, nil)},
		"no buttons":           {"131009", buttons(0, nil)},
		"a body of 1025":       {"131009", buttons(1, args{"body": args{"text": long(1025)}})},
		"no body over buttons": {"131008", buttons(1, args{"body": nil})},
		"a header of 61":       {"131009", buttons(1, args{"header": args{"type": "text", "text": long(61)}})},
		"a footer of 61":       {"131009", buttons(1, args{"footer": args{"text": long(61)}})},
		"a title of 21":        {"131009", buttons(0, reply(args{"id": "1", "title": long(21)}))},
		"no title":             {"131009", buttons(0, reply(args{"id": "1", "title": ""}))},
		"an id of 257":         {"131009", buttons(0, reply(args{"id": long(257), "title": "x"}))},
		"the same id":          {"131009", buttons(0, reply(args{"id": "1", "title": "x"}, args{"id": "1", "title": "y"}))},
		"the same title":       {"131009", buttons(0, reply(args{"id": "1", "title": "x"}, args{"id": "2", "title": "x"}))},
		"no reply":             {"131009", buttons(0, args{"action": args{"buttons": []args{{"type": "moon"}}}})},
		"11 rows":              {"131009", list(1, 11, nil, nil)},
		"11 rows in sections":  {"131009", list(11, 1, nil, nil)},
		"12 rows in 2":         {"131009", list(2, 6, nil, nil)},
		"no sections":          {"131009", list(0, 0, nil, nil)},
		"no rows":              {"131009", list(1, 0, nil, nil)},
		"a row of 25":          {"131009", list(1, 1, args{"title": long(25)}, nil)},
		"a description of 73":  {"131009", list(1, 1, args{"description": long(73)}, nil)},
		"a row id of 201":      {"131009", list(1, 1, args{"id": long(201)}, nil)},
		"the same row":         {"131009", list(1, 2, args{"id": "1"}, nil)},
		"a list of 4097":       {"131009", list(1, 1, nil, args{"body": args{"text": long(4097)}})},
		"a picture over rows":  {"131009", list(1, 1, nil, args{"header": args{"type": "image"}})},
		"a label of 21":        {"131009", list(1, 1, nil, args{"action": args{"button": long(21), "sections": []args{{"rows": []args{{"id": "1", "title": "x"}}}}}})},
		"nameless sections":    {"131009", list(1, 1, nil, sections(args{"rows": []args{{"id": "1", "title": "x"}}}, args{"rows": []args{{"id": "2", "title": "x"}}}))},
		"a section of 25":      {"131009", list(1, 1, nil, sections(args{"title": long(25), "rows": []args{{"id": "1", "title": "x"}}}))},
		"an unknown kind":      {"100", args{"type": "interactive", "interactive": args{"type": "moon", "body": args{"text": "x"}}}},
		"no interactive":       {"131008", args{"type": "interactive"}},
		"no file":              {"131008", args{"type": "image", "image": args{}}},
		"an unknown file":      {"100", args{"type": "image", "image": args{"id": "1"}}},
		"a caption of 1025":    {"131009", args{"type": "image", "image": args{"link": "https://example.org/x.jpg", "caption": long(1025)}}},
		"a caption to audio":   {"131009", args{"type": "audio", "audio": args{"link": "https://example.org/x.ogg", "caption": "x"}}},
		"a named picture":      {"131009", args{"type": "image", "image": args{"link": "https://example.org/x.jpg", "filename": "x"}}},
		"a file of this disk":  {"131009", args{"type": "image", "image": args{"link": "file:///x"}}},
		"no place":             {"131008", args{"type": "location"}},
		"no reaction":          {"131008", args{"type": "reaction"}},
	} {
		a := send(c.m)
		if a.status != 400 || at(a.body, "error.code") != c.code {
			t.Errorf("%s: wanted %s, %d %s", name, c.code, a.status, a.raw)
		}
	}
}

func TestPressingOnWhatsApp(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "")
	asif.Say("hello")
	send := func(interactive args) string {
		t.Helper()
		a := p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": number, "type": "interactive", "interactive": interactive}).taken(t)
		p.told()
		return at(a, "messages.0.id").(string)
	}
	id := send(args{"type": "button", "body": args{"text": "Which topic?"}, "action": args{"buttons": []args{{"type": "reply", "reply": args{"id": "t:visa", "title": "Visa"}}}}})
	asif.Press(id, "t:visa")
	p.like(p.event(), `{"messages":[{"type":"interactive","context":{"from":"`+graph.Number+`","id":"`+id+`"},"interactive":{"type":"button_reply","button_reply":{"id":"t:visa","title":"Visa"}}}]}`)
	if asif.Press(id, "t:visa") == "" {
		t.Error("a button stays after its use")
	}
	p.told()
	id = send(args{"type": "list", "body": args{"text": "Which topic?"}, "action": args{"button": "Topics", "sections": []args{{"title": "Topics", "rows": []args{{"id": "t:fam", "title": "Family", "description": "Spouse, children"}}}}}})
	if m := asif.Last(); m.Opener != "Topics" || m.Buttons[0].Section != "Topics" {
		t.Errorf("on the screen: %+v", m)
	}
	asif.Press(id, "t:fam")
	p.like(p.event(), `{"messages":[{"type":"interactive","context":{"id":"`+id+`"},"interactive":{"type":"list_reply","list_reply":{"id":"t:fam","title":"Family","description":"Spouse, children"}}}]}`)
	if asif.Press(id, "nothing") != "" || asif.Press("wamid.x", "t:fam") != "" {
		t.Error("pressed what is not there")
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "")
	p.Template(graph.Template{Name: "case_update", Language: "fa", Header: "A-{{1}}", Body: "{{1}} سلام {{2}}", Footer: "مرکز", Buttons: []string{"Yes", "No"}})
	p.Template(graph.Template{Name: "named", Language: "en", Body: "Dear {{name}}", Category: "MARKETING"})
	p.Template(graph.Template{Name: "code", Language: "en", Body: "Code", Category: "AUTHENTICATION"})
	for status, name := range map[string]string{"PENDING": "pending", "REJECTED": "rejected", "PAUSED": "paused", "DISABLED": "disabled"} {
		p.Template(graph.Template{Name: name, Language: "en", Body: "x", Status: status})
	}
	if all := p.told(); len(all) != 0 {
		t.Errorf("told %v", all)
	}
	body := func(values ...string) args {
		ps := []args{}
		for _, v := range values {
			ps = append(ps, args{"type": "text", "text": v})
		}
		return args{"type": "body", "parameters": ps}
	}
	header := args{"type": "header", "parameters": []args{{"type": "text", "text": "17"}}}
	send := func(name, language string, components ...args) answer {
		return p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": number, "type": "template",
			"template": args{"name": name, "language": args{"code": language}, "components": components}})
	}
	// They have never written, and a template is taken all the same.
	a := send("case_update", "fa", header, body("a", "b"), args{"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": []args{{"type": "payload", "payload": "yes"}}}).taken(t)
	p.like(a, `{"messages":[{"id":"*","message_status":"accepted"}]}`)
	id := at(a, "messages.0.id").(string)
	if m := asif.Last(); m.Template != "case_update" || m.Text != "A-17\na سلام b\nمرکز" || len(m.Buttons) != 2 {
		t.Errorf("on the screen: %+v", m)
	}
	p.like(p.told()[1], `{"changes":[{"value":{"statuses":[{"status":"delivered","pricing":{"category":"utility","billable":true}}]}}]}`)
	asif.Press(id, "yes")
	p.like(p.event(), `{"messages":[{"type":"button","context":{"id":"`+id+`"},"button":{"payload":"yes","text":"Yes"}}]}`)
	asif.Press(id, "No")
	p.like(p.event(), `{"messages":[{"type":"button","button":{"payload":"No","text":"No"}}]}`)

	send("named", "en", args{"type": "body", "parameters": []args{{"type": "text", "parameter_name": "name", "text": "Asif"}}}).taken(t)
	if m := asif.Last(); m.Text != "Dear Asif" {
		t.Errorf("on the screen: %+v", m)
	}
	send("unknown", "fa").refused(t, "132001", "")
	send("case_update", "en", header, body("a", "b")).refused(t, "132001", "")
	send("pending", "en").refused(t, "132001", "")
	send("rejected", "en").refused(t, "132001", "")
	send("paused", "en").refused(t, "132015", "")
	send("disabled", "en").refused(t, "132016", "")
	send("case_update", "fa", header, body("a")).refused(t, "132000", "")
	send("case_update", "fa", header, body("a", "b", "c")).refused(t, "132000", "")
	send("case_update", "fa", body("a", "b")).refused(t, "132000", "")
	send("case_update", "fa", header, body("a", "")).refused(t, "131008", "")
	send("case_update", "fa", header, body("a", "line\nline")).refused(t, "100", "")
	send("case_update", "fa", header, body("a", "5     spaces")).refused(t, "100", "")
	send("case_update", "fa", header, body("a", strings.Repeat("x", 1024))).refused(t, "132005", "")
	send("case_update", "fa", header, args{"type": "body", "parameters": []args{{"type": "currency"}, {"type": "text", "text": "x"}}}).refused(t, "132012", "")
	send("named", "en", args{"type": "body", "parameters": []args{{"type": "text", "parameter_name": "other", "text": "Asif"}}}).refused(t, "132012", "")
	p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": number, "type": "template", "template": args{"name": "x"}}).refused(t, "131008", "")
	p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "recipient": asif.User(), "type": "template", "template": args{"name": "code", "language": args{"code": "en"}}}).refused(t, "131062", "")

	a = p.number("GET", "/"+graph.AccountID+"/message_templates?name=case&fields=name,status,components,language,category", nil).taken(t)
	p.like(a, `{"data":[{"id":"*","name":"case_update","language":"fa","status":"APPROVED","category":"UTILITY","components":[
		{"type":"HEADER","format":"TEXT","text":"A-{{1}}"},{"type":"BODY","text":"{{1}} سلام {{2}}"},{"type":"FOOTER","text":"مرکز"},
		{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Yes"},{"type":"QUICK_REPLY","text":"No"}]}]}]}`)
	a = p.number("GET", "/"+graph.AccountID+"/message_templates?status=approved&limit=2", nil).taken(t)
	if len(a["data"].([]any)) != 2 || at(a, "paging.next") == nil {
		t.Errorf("the first page: %v", a)
	}
	p.told()
	p.Template(graph.Template{Name: "named", Language: "en", Body: "Dear {{name}}", Status: "PAUSED"})
	p.like(p.told()[0], `{"changes":[{"field":"message_template_status_update","value":{"event":"PAUSED","message_template_name":"named","message_template_language":"en","message_template_id":"*"}}]}`)
	send("named", "en", body("Asif")).refused(t, "132015", "")
}

func TestReadMarksOnWhatsApp(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "")
	id := asif.Say("hello")
	mark := func(more args) answer {
		m := args{"messaging_product": "whatsapp", "status": "read", "message_id": id}
		for k, v := range more {
			m[k] = v
		}
		return p.number("POST", "/"+graph.NumberID+"/messages", m)
	}
	p.like(mark(nil).taken(t), `{"success":true}`)
	if !asif.Seen() || asif.Action() != "" {
		t.Error("not seen, or typing")
	}
	mark(args{"typing_indicator": args{"type": "text"}}).taken(t)
	if asif.Action() != "typing" {
		t.Error("not typing")
	}
	p.clock.pass(26 * time.Second)
	if asif.Action() != "" {
		t.Error("typing for ever")
	}
	mark(args{"typing_indicator": args{"type": "text"}}).taken(t)
	p.write(number, "x").taken(t)
	if asif.Action() != "" {
		t.Error("typing after the answer")
	}
	mark(args{"message_id": "wamid.x"}).refused(t, "131009", "")
	mark(args{"message_id": ""}).refused(t, "131008", "")
	mark(args{"status": "eaten"}).refused(t, "100", "")
	mark(args{"typing_indicator": args{"type": "audio"}}).refused(t, "100", "")
}

func TestUploadsToWhatsApp(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Contact(number, "")
	asif.Say("hello")
	up := func(name, kind string, data []byte) answer {
		return p.upload(graph.Token, "/"+graph.NumberID+"/media", map[string]string{"messaging_product": "whatsapp"}, name, kind, data)
	}
	id := up("a.pdf", "application/pdf", []byte("paper")).taken(t)["id"]
	send := func(kind string, id any) answer {
		return p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": number, "type": kind, kind: args{"id": id}})
	}
	p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": number, "type": "document", "document": args{"id": id, "filename": "b.pdf", "caption": "look"}}).taken(t)
	if m := asif.Last(); m.Type != "document" || m.Text != "look" || string(m.File.Data) != "paper" || m.File.Name != "b.pdf" {
		t.Errorf("on the screen: %+v", m)
	}
	send("image", id).refused(t, "131009", "")
	send("sticker", id).refused(t, "131009", "")
	up("x.exe", "application/x-msdownload", []byte("x")).refused(t, "100", "")
	up("x.gif", "image/gif", []byte("x")).refused(t, "100", "")
	up("x.png", "image/png", nil).refused(t, "100", "")
	up("x.png", "image/png", make([]byte, 5<<20+1)).refused(t, "131053", "")
	up("x.ogg", "audio/ogg", make([]byte, 16<<20+1)).refused(t, "131053", "")
	up("x.png", "image/png", make([]byte, 5<<20)).taken(t)
	p.upload(graph.Token, "/"+graph.NumberID+"/media", nil, "x.png", "image/png", []byte("x")).refused(t, "100", "")
	p.upload(graph.Token, "/"+graph.NumberID+"/media", map[string]string{"messaging_product": "whatsapp"}, "", "", nil).refused(t, "100", "")
	p.clock.pass(30*24*time.Hour + time.Second)
	asif.Say("a month later")
	send("document", id).refused(t, "100", "")
}
