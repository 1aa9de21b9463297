// SPDX-License-Identifier: GPL-3.0-or-later

package graph_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sarai/standin/graph"
)

// Whatever a program asks, it is answered with JSON, and the server lives on.
func FuzzCalls(f *testing.F) {
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/v25.0/me/messages", `{"recipient":{"id":"5678"},"message":{"text":"x","quick_replies":[{"content_type":"text","title":"t","payload":"p"}]}}`},
		{"POST", "/v25.0/me/messages", `{"recipient":{"comment_id":"101_102"},"message":{"attachment":{"type":"template","payload":{"template_type":"generic","elements":[{"title":"x"}]}}}}`},
		{"POST", "/v25.0/me/messenger_profile", `{"get_started":{"payload":"x"},"ice_breakers":[{"question":"q","payload":"p"}],"persistent_menu":[{"locale":"default","call_to_actions":[{"type":"postback","title":"t","payload":"p"}]}]}`},
		{"GET", "/v25.0/me/conversations?fields=messages.limit(3){from{name},id}&limit=1&after=eA", ""},
		{"GET", "/v25.0/100000000000017_101/comments?filter=stream&since=1&fields=from{id", ""},
		{"POST", "/v25.0/101_102?method=DELETE", ""},
		{"POST", "/v25.0/me/subscribed_apps", `{"subscribed_fields":["feed"]}`},
		{"GET", "/v25.0/debug_token?input_token=x", ""},
		{"POST", "/200000000000023/messages", `{"messaging_product":"whatsapp","to":"15550000002","type":"template","template":{"name":"t","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"x"}]}]}}`},
		{"POST", "/200000000000023/messages", `{"messaging_product":"whatsapp","to":"15550000002","type":"interactive","interactive":{"type":"list","body":{"text":"x"},"action":{"button":"b","sections":[{"rows":[{"id":"1","title":"x"}]}]}}}`},
		{"POST", "/200000000000023/messages", `{"messaging_product":"whatsapp","status":"read","message_id":"x","typing_indicator":{"type":"text"}}`},
		{"GET", "/300000000000029/message_templates?limit=1&fields=name", ""},
		{"GET", "/media/1?oe=1&oh=1", ""},
		{"POST", "/page/do", `{"do":"say","who":"m:5678","text":"x"}`},
	} {
		f.Add(c.method, c.path, c.body)
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		s := graph.New(graph.Options{Manual: true, Paced: true})
		defer s.Close()
		asif := s.Person("5678", "")
		asif.Say("hello")
		asif.Comment(s.Publish("post"), graph.Remark{Text: "comment"})
		s.Contact("15550000002", "").Say("hello")
		s.Template(graph.Template{Name: "t", Language: "en", Body: "{{1}}"})
		for _, token := range []string{graph.PageToken, graph.Token} {
			r, err := http.NewRequest(method, "http://127.0.0.1/", strings.NewReader(body))
			if err != nil {
				return // no such method
			}
			where, query, _ := strings.Cut(path, "?")
			r.URL.Path, r.URL.RawQuery = "/"+strings.TrimLeft(where, "/"), query
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if strings.HasPrefix(r.URL.Path, "/media/") || strings.HasPrefix(r.URL.Path, "/page/") || r.URL.Path == "/" {
				continue
			}
			if !json.Valid(w.Body.Bytes()) || (w.Code == http.StatusOK) == strings.Contains(w.Body.String(), `"error":{"code"`) && !strings.Contains(path, "debug_token") {
				t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
		}
		asif.Say("it lives")
	})
}
