// SPDX-License-Identifier: GPL-3.0-or-later

package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/standin/graph"
)

type args = map[string]any

// A clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A place is a stand-in that is being served, with a program that is its webhook.
type place struct {
	*graph.Server
	t     *testing.T
	url   string
	clock *clock
	hook  *hooked
}

func serve(t *testing.T, change ...func(*graph.Options)) *place {
	t.Helper()
	c := newClock()
	o := graph.Options{Now: c.Now, Second: time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	s := graph.New(o)
	web := httptest.NewServer(s.Handler())
	h := newHooked(t)
	t.Cleanup(func() { s.Close(); web.Close() })
	s.Address(web.URL)
	s.Hook(graph.Messenger, h.URL+"/hook/messenger")
	s.Hook(graph.WhatsApp, h.URL+"/hook/whatsapp")
	return &place{s, t, web.URL, c, h}
}

// A hooked program notes what is delivered to it, and answers as it is told.
type hooked struct {
	*httptest.Server
	mu     sync.Mutex
	got    []got
	answer func(g got, nth int) int // status; nth delivery of all, from 1
	shake  func(w http.ResponseWriter, r *http.Request)
}

type got struct {
	path, signature string
	body            []byte
}

func newHooked(t *testing.T) *hooked {
	h := &hooked{}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		h.shake(w, r)
		return
	}
	b, _ := io.ReadAll(r.Body)
	g := got{r.URL.Path, r.Header.Get("X-Hub-Signature-256"), b}
	h.mu.Lock()
	h.got = append(h.got, g)
	n, answer := len(h.got), h.answer
	h.mu.Unlock()
	if answer != nil {
		w.WriteHeader(answer(g, n))
	}
}

func (h *hooked) all() []got {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]got{}, h.got...)
}

func (h *hooked) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = nil
}

func (p *place) settle() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Settle(ctx); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) await(holds func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Await(ctx, holds); err != nil {
		p.t.Fatal(err)
	}
}

// told is every entry that was delivered since the last call, oldest first.
func (p *place) told() []args {
	p.t.Helper()
	p.settle()
	var all []args
	for _, g := range p.hook.all() {
		if g.signature != graph.Sign(graph.AppSecret, g.body) {
			p.t.Errorf("wrongly signed: %s", g.body)
		}
		if bytes.ContainsFunc(g.body, func(r rune) bool { return r > 127 }) {
			p.t.Errorf("not escaped: %s", g.body)
		}
		var b struct {
			Object string `json:"object"`
			Entry  []args `json:"entry"`
		}
		d := json.NewDecoder(bytes.NewReader(g.body))
		d.UseNumber()
		if err := d.Decode(&b); err != nil {
			p.t.Fatal(err)
		}
		want := map[string]string{"/hook/messenger": "page", "/hook/whatsapp": "whatsapp_business_account"}[g.path]
		if b.Object != want {
			p.t.Errorf("%s got the object %q", g.path, b.Object)
		}
		all = append(all, b.Entry...)
	}
	p.hook.forget()
	return all
}

// at finds a value by its path in JSON, such as "messaging.0.message.text".
func at(v any, path string) any {
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case args:
			v = x[key]
		case []any:
			n := int(key[0] - '0')
			if n >= len(x) {
				return nil
			}
			v = x[n]
		default:
			return nil
		}
	}
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	return v
}

// event is the one event that was told: of messaging, or the value of a change.
func (p *place) event() args {
	p.t.Helper()
	all := p.told()
	if len(all) != 1 {
		p.t.Fatalf("%d events were told: %v", len(all), all)
	}
	for _, path := range []string{"messaging.0", "standby.0", "changes.0.value"} {
		if e, ok := at(all[0], path).(args); ok {
			return e
		}
	}
	p.t.Fatalf("no event in %v", all[0])
	return nil
}

// like checks that got has everything of want, which is JSON; "*" stands for any
// value that is not empty, and null for what must not be there.
func (p *place) like(got any, want string) {
	p.t.Helper()
	var w any
	d := json.NewDecoder(strings.NewReader(want))
	d.UseNumber()
	if err := d.Decode(&w); err != nil {
		p.t.Fatalf("%v in %s", err, want)
	}
	if why := unlike(got, w, ""); why != "" {
		b, _ := json.Marshal(got)
		p.t.Errorf("%s\n got %s\nwant %s", why, b, want)
	}
}

func unlike(got, want any, path string) string {
	switch w := want.(type) {
	case args:
		g, ok := got.(args)
		if !ok {
			return path + " is no object"
		}
		for k, v := range w {
			if v == nil {
				if x, there := g[k]; there {
					b, _ := json.Marshal(x)
					return path + "." + k + " is there: " + string(b)
				}
				continue
			}
			if why := unlike(g[k], v, path+"."+k); why != "" {
				return why
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return path + " is a list of another length"
		}
		for i := range w {
			if why := unlike(g[i], w[i], path+"[]"); why != "" {
				return why
			}
		}
		return ""
	}
	if want == "*" && got != nil && got != "" {
		return ""
	}
	if !reflect.DeepEqual(got, want) {
		return path + " differs"
	}
	return ""
}

// An answer is what the API says.
type answer struct {
	status int
	header http.Header
	body   args
	raw    string
}

func (p *place) ask(token, method, path string, body any) answer {
	p.t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, p.url+path, r)
	if err != nil {
		p.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return p.do(req)
}

func (p *place) do(req *http.Request) answer {
	p.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(b)}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	_ = d.Decode(&a.body) // what is not JSON is looked at as it is
	return a
}

// page calls the Page's API, number that of the WhatsApp number.
func (p *place) page(method, path string, body any) answer {
	p.t.Helper()
	return p.ask(graph.PageToken, method, "/v25.0"+path, body)
}

func (p *place) number(method, path string, body any) answer {
	p.t.Helper()
	return p.ask(graph.Token, method, "/v25.0"+path, body)
}

// taken wants a call to succeed.
func (a answer) taken(t *testing.T) args {
	t.Helper()
	if a.status != 200 || a.body["error"] != nil {
		t.Fatalf("refused: %d %s", a.status, a.raw)
	}
	return a.body
}

// refused wants an error with this code and subcode; 0 is none.
func (a answer) refused(t *testing.T, code, subcode string) args {
	t.Helper()
	e, _ := a.body["error"].(args)
	if a.status < 400 || at(e, "code") != code || (subcode == "" && e["error_subcode"] != nil) || (subcode != "" && at(e, "error_subcode") != subcode) {
		t.Errorf("wanted %s/%s, it answered %d %s", code, subcode, a.status, a.raw)
	}
	if e["fbtrace_id"] == nil || e["message"] == "" || e["type"] == nil {
		t.Errorf("an error of another shape: %s", a.raw)
	}
	return e
}

// say sends a text to a person on Messenger, write to one on WhatsApp.
func (p *place) say(psid, text string) answer {
	p.t.Helper()
	return p.page("POST", "/me/messages", args{"recipient": args{"id": psid}, "messaging_type": "RESPONSE", "message": args{"text": text}})
}

func (p *place) write(to, text string) answer {
	p.t.Helper()
	return p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": to, "type": "text", "text": args{"body": text}})
}

// upload posts a form with a file.
func (p *place) upload(token, path string, fields map[string]string, name, kind string, data []byte) answer {
	p.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			p.t.Fatal(err)
		}
	}
	if name != "" {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", `form-data; name="`+map[bool]string{true: "file", false: "filedata"}[token == graph.Token]+`"; filename="`+name+`"`)
		h.Set("Content-Type", kind)
		part, err := w.CreatePart(h)
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := part.Write(data); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequest("POST", p.url+"/v25.0"+path, &b)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+token)
	return p.do(req)
}
