// SPDX-License-Identifier: GPL-3.0-or-later

package messenger_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/channels/messenger"
	"sarai/standin/graph"
)

const firstPerson = 900000 // plus the number of the person

var kinds = []channels.Kind{
	channels.Choice, channels.Start, channels.Voice, channels.Picture, channels.Video, channels.Document,
	channels.Place, channels.Sticker, channels.Reaction, channels.Edited, channels.Deleted, channels.Comment, channels.Hidden,
}

// content is what an event is on the wire: an entry of a call.
func content(ev channeltest.Event) map[string]any {
	type obj = map[string]any
	who := fmt.Sprint(firstPerson + ev.Person)
	mid := fmt.Sprintf("m_%d_%d", ev.Person, ev.Number)
	at := time.Now().UnixMilli()
	m := obj{"sender": obj{"id": who}, "recipient": obj{"id": graph.PageID}, "timestamp": at}
	file := func(kind string) {
		m["message"] = obj{"mid": mid, "attachments": []obj{{"type": kind, "payload": obj{"url": "https://cdn.fbsbx.com/v/t59/" + mid}}}}
	}
	switch ev.Kind {
	case channels.Text:
		m["message"] = obj{"mid": mid, "text": ev.Text}
	case channels.Choice:
		m["message"] = obj{"mid": mid, "text": ev.Text, "quick_reply": obj{"payload": ev.Choice}}
	case channels.Start:
		m["postback"] = obj{"mid": mid, "title": "Get Started", "payload": "GET_STARTED"}
	case channels.Voice:
		file("audio")
	case channels.Picture:
		file("image")
	case channels.Video:
		file("video")
	case channels.Document:
		file("file")
	case channels.Place:
		m["message"] = obj{"mid": mid, "attachments": []obj{{"type": "location", "payload": obj{"coordinates": obj{"lat": 33.5, "long": 73.1}}}}}
	case channels.Sticker:
		m["message"] = obj{"mid": mid, "attachments": []obj{{"type": "sticker", "payload": obj{"url": "https://cdn.fbsbx.com/s.png", "sticker_id": 369239263222822}}}}
	case channels.Reaction:
		m["reaction"] = obj{"mid": "m_other", "action": "react", "emoji": "❤", "reaction": "love"}
	case channels.Edited:
		m["message_edit"] = obj{"mid": mid, "text": ev.Text, "num_edit": 1}
	case channels.Deleted:
		m["message"] = obj{"mid": mid, "is_deleted": true}
	case channels.Comment, channels.Hidden:
		verb := map[channels.Kind]string{channels.Comment: "add", channels.Hidden: "hide"}[ev.Kind]
		value := obj{
			"from": obj{"id": "7" + who, "name": "A"}, "post_id": graph.PageID + "_17", "parent_id": graph.PageID + "_17",
			"comment_id": fmt.Sprintf("17_%d%d", ev.Person, ev.Number), "created_time": at / 1000, "item": "comment", "verb": verb, "message": ev.Text,
		}
		return obj{"id": graph.PageID, "time": at / 1000, "changes": []obj{{"field": "feed", "value": value}}}
	}
	return obj{"id": graph.PageID, "time": at, "messaging": []obj{m}}
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // it is a test's own
	}
	return b
}

func call(entries ...map[string]any) []byte {
	return encode(map[string]any{"object": "page", "entry": entries})
}

func TestContract(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) channeltest.Suite {
		p := open(t, graph.Options{Manual: true}, messenger.Options{Comments: true, Unpaced: true})
		var mu sync.Mutex
		bodies := map[[2]int][]byte{} // an event is the same each time
		deliver := func(ctx context.Context, url string, body []byte) (bool, error) {
			p.meta.Hook(graph.Messenger, url)
			status, err := p.meta.Raw(ctx, graph.Messenger, body)
			return status == http.StatusOK, err
		}
		fail := func(f graph.Fault) func() { return func() { p.meta.Fail("POST /*/messages", f) } }
		return channeltest.Suite{
			Channel: p.ch,
			Kinds:   kinds,
			Deliver: func(ctx context.Context, url string, ev channeltest.Event) (bool, error) {
				p.meta.Person(fmt.Sprint(firstPerson+ev.Person), "A").Say("to open the window")
				mu.Lock()
				key := [2]int{ev.Person, ev.Number}
				if bodies[key] == nil {
					bodies[key] = call(content(ev))
				}
				body := bodies[key]
				mu.Unlock()
				return deliver(ctx, url, body)
			},
			Strange: func(ctx context.Context, url string) (bool, error) {
				return deliver(ctx, url, []byte(`{"object":"page","entry":[{"id":"`+graph.PageID+`","time":1763770000123,"messaging":[{"sender":{"id":"900001"},"recipient":{"id":"`+graph.PageID+`"},"timestamp":1763770000000,"moon_phase":{"phase":"waning"}}]}]}`))
			},
			Forged:  func(url string) []channeltest.Forgery { return forgeries(t, url) },
			Secrets: []string{graph.PageToken, graph.AppSecret, graph.VerifyToken},
			To:      func(n int) channels.Address { return address(fmt.Sprint(firstPerson + n)) },
			Refuse: map[channels.SendProblem]func(){
				channels.Throttled:   fail(graph.Fault{Code: 613, Regain: 3}),
				channels.Blocked:     fail(graph.Fault{Code: 551, Subcode: 1545041}),
				channels.Expired:     fail(graph.Fault{Status: 403, Code: 10, Subcode: 2018278}),
				channels.Rejected:    fail(graph.Fault{Code: 100, Message: "(#100) the secret word"}),
				channels.Misset:      fail(graph.Fault{Status: 401, Code: 190, Subcode: 463}),
				channels.Unavailable: fail(graph.Fault{Status: 500, Code: 2, Transient: true}),
				channels.NoAnswer:    fail(graph.Fault{Cut: true}),
			},
			Sent: func() []string {
				var all []graph.Message
				for n := 1; n <= 10; n++ {
					all = append(all, p.meta.Person(fmt.Sprint(firstPerson+n), "").Screen()...)
				}
				slices.SortStableFunc(all, func(a, b graph.Message) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
				var texts []string
				for _, m := range all {
					if m.By == "program" {
						texts = append(texts, m.Text)
					}
				}
				return texts
			},
		}
	})
}

func forgeries(t *testing.T, url string) []channeltest.Forgery {
	body := call(content(channeltest.Event{Person: 1, Number: 1, Kind: channels.Text, Text: "send money"}))
	right := graph.Sign(graph.AppSecret, body)
	request := func(method, query string, body []byte, signatures ...string) *http.Request {
		r, err := http.NewRequest(method, url+query, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range signatures {
			r.Header.Add("X-Hub-Signature-256", s)
		}
		return r
	}
	old := request("POST", "", body)
	old.Header.Set("X-Hub-Signature", "sha1=0000000000000000000000000000000000000000")
	return []channeltest.Forgery{
		{Name: "no signature", Request: request("POST", "", body), Status: 401},
		{Name: "only the old signature", Request: old, Status: 401},
		{Name: "an empty signature", Request: request("POST", "", body, ""), Status: 401},
		{Name: "no prefix", Request: request("POST", "", body, strings.TrimPrefix(right, "sha256=")), Status: 401},
		{Name: "capital letters", Request: request("POST", "", body, "sha256="+strings.ToUpper(right[7:])), Status: 401},
		{Name: "the begin of the signature", Request: request("POST", "", body, right[:len(right)-1]), Status: 401},
		{Name: "more than the signature", Request: request("POST", "", body, right+"0"), Status: 401},
		{Name: "two signatures", Request: request("POST", "", body, right, right), Status: 401},
		{Name: "another key", Request: request("POST", "", body, graph.Sign("another", body)), Status: 401},
		{Name: "the verify token as key", Request: request("POST", "", body, graph.Sign(graph.VerifyToken, body)), Status: 401},
		{Name: "no key", Request: request("POST", "", body, graph.Sign("", body)), Status: 401},
		{Name: "one byte more", Request: request("POST", "", append(bytes.Clone(body), ' '), right), Status: 401},
		{Name: "of another body", Request: request("POST", "", body, graph.Sign(graph.AppSecret, []byte("{}"))), Status: 401},
		{Name: "10 MB", Request: request("POST", "", bytes.Repeat([]byte(" "), 10<<20), right), Status: 413},
		{Name: "another method", Request: request("PUT", "", body, right), Status: 405},
		{Name: "a question without a token", Request: request("GET", "?hub.mode=subscribe&hub.challenge=1158201444", nil), Status: 403},
		{Name: "a question with a wrong token", Request: request("GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=wrong", nil), Status: 403},
		{Name: "a question of another mode", Request: request("GET", "?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token="+graph.VerifyToken, nil), Status: 403},
		{Name: "a question without a challenge", Request: request("GET", "?hub.mode=subscribe&hub.verify_token="+graph.VerifyToken, nil), Status: 400},
		{Name: "a question without anything", Request: request("GET", "", nil), Status: 403},
	}
}
