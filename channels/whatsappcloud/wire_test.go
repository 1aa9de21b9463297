// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/whatsappcloud"
)

// A request is what the wire was asked.
type request struct {
	method, path string
	body         map[string]any    // of JSON
	form         map[string]string // of an upload
	file         []byte
	fileType     string
}

// A wire notes what it is asked, and answers as it is told: for those tests that
// look at the very bytes. It knows nothing of WhatsApp.
type wire struct {
	t       *testing.T
	url     string
	mu      sync.Mutex
	asked   []request
	answers map[string][]string // by "METHOD path": JSON, or a status before it; the last stays
}

func newWire(t *testing.T) *wire {
	t.Helper()
	g := &wire{t: t, answers: map[string][]string{}}
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	g.url = srv.URL
	g.answer("POST /"+numberID+"/messages", `{"messaging_product":"whatsapp","contacts":[{"input":"x","wa_id":"491500000000","user_id":"DE.13491208655302741918"}],"messages":[{"id":"wamid.OUT1"}]}`)
	g.answer("POST /"+numberID+"/media", `{"id":"900000000000001"}`)
	return g
}

// answer says what is answered to a question from now on, one after the other.
func (g *wire) answer(question string, answers ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answers[question] = answers
}

func (g *wire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v25.0")
	q := request{method: r.Method, path: path}
	raw, _ := io.ReadAll(r.Body)
	if kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		q.form = map[string]string{}
		form := multipart.NewReader(bytes.NewReader(raw), params["boundary"])
		for {
			part, err := form.NextPart()
			if err != nil {
				break
			}
			b, _ := io.ReadAll(part)
			if part.FileName() != "" {
				q.file, q.fileType, q.form["name"] = b, part.Header.Get("Content-Type"), part.FileName()
				continue
			}
			q.form[part.FormName()] = string(b)
		}
	} else if len(raw) > 0 {
		if err := json.Unmarshal(raw, &q.body); err != nil {
			g.t.Errorf("%s %s is no JSON: %v", r.Method, path, err)
		}
	}
	if r.Header.Get("Authorization") != "Bearer "+token {
		g.t.Errorf("%s %s has no token", r.Method, path)
	}
	g.mu.Lock()
	g.asked = append(g.asked, q)
	key := r.Method + " " + path
	answer := "404 {}"
	if all := g.answers[key]; len(all) > 0 {
		answer = all[0]
		if len(all) > 1 {
			g.answers[key] = all[1:]
		}
	}
	g.mu.Unlock()
	status := 200
	if _, err := fmt.Sscanf(answer, "%d ", &status); err == nil {
		answer = answer[4:]
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, strings.ReplaceAll(answer, "HERE", g.url))
}

// sent are the messages that were asked for, oldest first.
func (g *wire) sent() []map[string]any {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []map[string]any
	for _, q := range g.asked {
		if q.method == "POST" && strings.HasSuffix(q.path, "/messages") {
			all = append(all, q.body)
		}
	}
	return all
}

func (g *wire) calls() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.asked)
}

// uploads are the files that came.
func (g *wire) uploads() []request {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []request
	for _, q := range g.asked {
		if q.form != nil {
			all = append(all, q)
		}
	}
	return all
}

// channel is one before the wire.
func (g *wire) channel(change func(*whatsappcloud.Options)) (*whatsappcloud.Channel, *bytes.Buffer) {
	g.t.Helper()
	log := &bytes.Buffer{}
	o := whatsappcloud.Options{
		PhoneNumberID: numberID, AccountID: accountID, Token: token, AppSecret: appSecret, VerifyToken: verifyToken,
		GraphURL: g.url + "/v25.0", Unpaced: true, Log: slog.New(slog.NewTextHandler(log, nil)),
	}
	if change != nil {
		change(&o)
	}
	ch, err := whatsappcloud.New(o)
	if err != nil {
		g.t.Fatal(err)
	}
	return ch, log
}

// refusal is Meta's answer to what it does not do.
func refusal(status, code int, rest string) string {
	return fmt.Sprintf(`%d {"error":{"message":"about +491500000000","type":"OAuthException","code":%d,"fbtrace_id":"Trace1"%s}}`, status, code, rest)
}

// to is a message to somebody.
func to(id, words string, options ...string) channels.Outbound {
	out := channels.Outbound{
		To: address(id), Key: "thread/3/0", Author: channels.Program, LastActed: time.Now(), Locale: "en",
	}
	if words != "" {
		out.Blocks = []channels.Block{{Kind: channels.Paragraph, Text: words}}
	}
	for i, label := range options {
		out.Options = append(out.Options, channels.Option{Key: fmt.Sprintf("key-%d", i+1), Label: label})
	}
	return out
}

// plain is what a message is on the wire, without what all have.
func plain(t *testing.T, m map[string]any) string {
	t.Helper()
	rest := map[string]any{}
	for k, v := range m {
		switch k {
		case "messaging_product", "recipient_type", "biz_opaque_callback_data", "to", "recipient":
		default:
			rest[k] = v
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(rest); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}
