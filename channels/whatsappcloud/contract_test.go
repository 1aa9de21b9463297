// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/channels/whatsappcloud"
	"sarai/standin/graph"
)

// patience is how long is waited for what must come; only a failing test waits
// so long.
const patience = 10 * time.Second

// A place is Meta on this machine and the channel before it.
type place struct {
	t    *testing.T
	api  *graph.Server
	url  string
	ch   *whatsappcloud.Channel
	desk *desk
	mu   sync.Mutex // of log
	log  bytes.Buffer
}

func (p *place) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

// logged is what the channel logged.
func (p *place) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// open plays Meta with o, and makes the channel with what change makes of its
// options. Its webhook is called by Meta.
func open(t *testing.T, o graph.Options, change func(*whatsappcloud.Options)) *place {
	t.Helper()
	p := &place{t: t, desk: &desk{}}
	o.Token, o.AppSecret, o.VerifyToken, o.NumberID, o.AccountID = token, appSecret, verifyToken, numberID, accountID
	o.Second = time.Millisecond
	p.api = graph.New(o)
	srv := httptest.NewServer(p.api.Handler())
	t.Cleanup(func() { p.api.Close(); srv.CloseClientConnections(); srv.Close() })
	p.url = srv.URL
	opts := whatsappcloud.Options{
		PhoneNumberID: numberID, AccountID: accountID, Token: token, AppSecret: appSecret, VerifyToken: verifyToken,
		GraphURL: srv.URL + "/v25.0", Reports: p.desk.report, Unpaced: true, Log: slog.New(slog.NewTextHandler(p, nil)),
	}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.ch.Handler(p.desk.sink).ServeHTTP(w, r) }))
	t.Cleanup(hook.Close)
	opts.HookURL = hook.URL + whatsappcloud.Path
	if change != nil {
		change(&opts)
	}
	ch, err := whatsappcloud.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	p.ch = ch
	if o.Manual {
		return p
	}
	if err := p.api.Subscribe(t.Context(), graph.WhatsApp, hook.URL+whatsappcloud.Path); err != nil {
		t.Fatal(err)
	}
	return p
}

// settle waits until Meta has told everything.
func (p *place) settle() {
	p.t.Helper()
	ctx, end := context.WithTimeout(p.t.Context(), patience)
	defer end()
	if err := p.api.Settle(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// last is what arrived last.
func (p *place) last() channels.Inbound {
	p.t.Helper()
	p.settle()
	p.desk.mu.Lock()
	defer p.desk.mu.Unlock()
	if len(p.desk.in) == 0 {
		p.t.Fatal("nothing arrived")
	}
	return p.desk.in[len(p.desk.in)-1]
}

func (p *place) reports() []channels.Report {
	p.t.Helper()
	p.settle()
	p.desk.mu.Lock()
	defer p.desk.mu.Unlock()
	return slices.Clone(p.desk.reports)
}

func number(n int) string { return fmt.Sprintf("4915000000%02d", n) }

// content is what an event is on the wire, beside what all have.
func content(ev channeltest.Event) map[string]any {
	file := map[string]any{"id": "900000000000001", "mime_type": "application/octet-stream"}
	switch ev.Kind {
	case channels.Text:
		return map[string]any{"type": "text", "text": map[string]any{"body": ev.Text}}
	case channels.Choice:
		return map[string]any{"type": "interactive", "interactive": map[string]any{"type": "list_reply", "list_reply": map[string]any{"id": ev.Choice, "title": ev.Text}}}
	case channels.Start:
		return map[string]any{"type": "request_welcome"}
	case channels.Voice:
		return map[string]any{"type": "audio", "audio": map[string]any{"id": "900000000000001", "mime_type": "audio/ogg; codecs=opus", "voice": true}}
	case channels.Audio, channels.Video, channels.Document, channels.Sticker:
		return map[string]any{"type": string(ev.Kind), string(ev.Kind): file}
	case channels.Picture:
		return map[string]any{"type": "image", "image": file}
	case channels.Place:
		return map[string]any{"type": "location", "location": map[string]any{"latitude": 33.5, "longitude": 73.1}}
	case channels.Contact:
		return map[string]any{"type": "contacts", "contacts": []any{map[string]any{"name": map[string]any{"formatted_name": "A"}, "phones": []any{map[string]any{"phone": "+00"}}}}}
	case channels.Reaction:
		return map[string]any{"type": "reaction", "reaction": map[string]any{"message_id": "wamid.X", "emoji": "👍"}}
	case channels.Edited:
		return map[string]any{"type": "edit", "edit": map[string]any{"original_message_id": "wamid.X", "message": map[string]any{"type": "text", "text": map[string]any{"body": ev.Text}}}}
	case channels.Deleted:
		return map[string]any{"type": "revoke", "revoke": map[string]any{"original_message_id": "wamid.X"}}
	case channels.Renamed:
		return map[string]any{"type": "system", "system": map[string]any{"type": "user_changed_number", "wa_id": "491509999999"}}
	}
	return map[string]any{"type": "hologram", "hologram": map[string]any{"shape": "cube"}}
}

// written is a call of Meta's for an event, the same each time.
func (p *place) written(ev channeltest.Event) []byte {
	p.t.Helper()
	who := p.api.Contact(number(ev.Person), "")
	m := content(ev)
	m["from"], m["from_user_id"], m["id"] = who.Phone(), who.User(), fmt.Sprintf("wamid.%d-%d", ev.Person, ev.Number)
	m["timestamp"] = fmt.Sprint(1763770000 + ev.Number)
	body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{"id": accountID, "changes": []any{map[string]any{
		"field": "messages", "value": map[string]any{
			"messaging_product": "whatsapp", "metadata": map[string]any{"phone_number_id": numberID},
			"contacts": []any{map[string]any{"wa_id": who.Phone(), "user_id": who.User()}}, "messages": []any{m},
		},
	}}}}})
	if err != nil {
		p.t.Fatal(err)
	}
	return graph.Escape(body)
}

func TestContract(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) channeltest.Suite {
		p := open(t, graph.Options{Manual: true}, nil)
		post := func(ctx context.Context, url string, body []byte) (bool, error) {
			r, err := http.NewRequestWithContext(ctx, "POST", url+whatsappcloud.Path, bytes.NewReader(body))
			if err != nil {
				return false, err
			}
			r.Header.Set("X-Hub-Signature-256", graph.Sign(appSecret, body))
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				return false, err
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			return resp.StatusCode == http.StatusOK, resp.Body.Close()
		}
		fail := func(code, status int) func() {
			return func() { p.api.Fail("POST /*/messages", graph.Fault{Code: code, Status: status}) }
		}
		return channeltest.Suite{
			Channel: p.ch,
			Deliver: func(ctx context.Context, url string, ev channeltest.Event) (bool, error) {
				p.api.Contact(number(ev.Person), "").Say("it opens the window")
				return post(ctx, url, p.written(ev))
			},
			Kinds: []channels.Kind{
				channels.Choice, channels.Start, channels.Voice, channels.Audio, channels.Picture, channels.Video,
				channels.Document, channels.Place, channels.Contact, channels.Sticker, channels.Reaction,
				channels.Edited, channels.Deleted, channels.Renamed,
			},
			Strange: func(ctx context.Context, url string) (bool, error) {
				return post(ctx, url, p.written(channeltest.Event{Person: 1, Number: 1, Kind: channels.Unknown}))
			},
			Forged: func(url string) []channeltest.Forgery {
				body := p.written(channeltest.Event{Person: 1, Number: 1, Kind: channels.Text, Text: "send money"})
				right := graph.Sign(appSecret, body)
				request := func(method, query string, body []byte, signatures ...string) *http.Request {
					r, err := http.NewRequest(method, url+whatsappcloud.Path+query, bytes.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					for _, s := range signatures {
						r.Header.Add("X-Hub-Signature-256", s)
					}
					return r
				}
				other := bytes.Replace(body, []byte("money"), []byte("honey"), 1)
				return []channeltest.Forgery{
					{Name: "no signature", Request: request("POST", "", body), Status: 401},
					{Name: "an empty signature", Request: request("POST", "", body, ""), Status: 401},
					{Name: "another secret", Request: request("POST", "", body, graph.Sign("wrong", body)), Status: 401},
					{Name: "no secret", Request: request("POST", "", body, graph.Sign("", body)), Status: 401},
					{Name: "another body", Request: request("POST", "", other, right), Status: 401},
					{Name: "the begin of the signature", Request: request("POST", "", body, right[:len(right)-1]), Status: 401},
					{Name: "more than the signature", Request: request("POST", "", body, right+"00"), Status: 401},
					{Name: "two signatures", Request: request("POST", "", body, right, right), Status: 401},
					{Name: "the token for a signature", Request: request("POST", "", body, "sha256="+token), Status: 401},
					{Name: "the old header's form", Request: request("POST", "", body, "sha1="+right[7:47]), Status: 401},
					{Name: "no body", Request: request("POST", "", nil, right), Status: 401},
					{Name: "10 MB", Request: request("POST", "", make([]byte, 10<<20), right), Status: 413},
					{Name: "another method", Request: request("PUT", "", body, right), Status: 405},
					{Name: "a question without the word", Request: request("GET", "?hub.mode=subscribe&hub.challenge=1", nil), Status: 403},
					{Name: "a question with a wrong word", Request: request("GET", "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong", nil), Status: 403},
					{Name: "a question without a mode", Request: request("GET", "?hub.challenge=1&hub.verify_token="+verifyToken, nil), Status: 403},
				}
			},
			Secrets: []string{token, appSecret, verifyToken},
			To:      func(person int) channels.Address { return address("user:" + p.api.Contact(number(person), "").User()) },
			Refuse: map[channels.SendProblem]func(){
				channels.Throttled:   fail(130429, 429),
				channels.Expired:     fail(131047, 400),
				channels.Rejected:    fail(131026, 400),
				channels.Misset:      fail(190, 401),
				channels.Unavailable: fail(131016, 500),
				channels.NoAnswer:    func() { p.api.Fail("POST /*/messages", graph.Fault{Cut: true}) },
			},
			Sent: func() []string {
				var all []graph.Message
				for n := 1; n <= 10; n++ {
					for _, m := range p.api.Contact(number(n), "").Screen() {
						if m.By == "program" {
							all = append(all, m)
						}
					}
				}
				slices.SortStableFunc(all, func(a, b graph.Message) int { return a.At.Compare(b.At) })
				var texts []string
				for _, m := range all {
					for _, b := range m.Buttons {
						m.Text += "\n" + b.Title
					}
					texts = append(texts, m.Text)
				}
				return texts
			},
		}
	})
}

// secret says whether something holds what nobody may see.
func secret(s string) bool {
	return strings.Contains(s, "the-secret-of") || strings.Contains(s, "4915000")
}
