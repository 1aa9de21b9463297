// SPDX-License-Identifier: GPL-3.0-or-later

package meta_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

const (
	appSecret   = "test-app-secret"
	verifyToken = "the-word-of-the-handshake"
)

// vector is a body and its signature, made with openssl.
const (
	vector    = `{"object":"page","entry":[{"id":"100","time":1700000000000,"messaging":[{"sender":{"id":"5678"},"recipient":{"id":"100"},"timestamp":1700000000000,"message":{"mid":"m_1","text":"\u0633\u0644\u0627\u0645"}}]}]}`
	signature = "sha256=f3b645f29c3b845dfea23920c254a77ae30528b5c996aa47ed0ef4a6ba52f64e"
)

func sign(secret string, body []byte) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

// A desk is a Hook and what it handed on.
type desk struct {
	meta.Hook
	counts  meta.Counts
	log     bytes.Buffer
	mu      sync.Mutex
	calls   [][]channels.Inbound
	reports []channels.Report
	fail    func(channels.Inbound) error
	deaf    error // of the reports
}

func newDesk() *desk {
	d := &desk{}
	d.Hook = meta.Hook{
		Object: "page", AppSecret: appSecret, VerifyToken: verifyToken, Read: read, Counts: &d.counts,
		Log: slog.New(slog.NewTextHandler(&d.log, nil)),
		Reports: func(_ context.Context, rs ...channels.Report) error {
			d.reports = append(d.reports, rs...)
			return d.deaf
		},
	}
	return d
}

// read is an adapter's reader, as small as can be.
func read(e meta.Event) meta.Reading {
	var m struct {
		Sender  struct{ ID meta.ID }
		Time    meta.Time `json:"timestamp"`
		Message struct{ Mid, Text string }
		Seen    string
		Like    bool
	}
	if json.Unmarshal(e.Body, &m) != nil || m.Sender.ID == "" {
		return meta.Reading{Unread: 1}
	}
	switch {
	case m.Message.Text == "panic":
		panic("confidential words")
	case m.Seen != "":
		return meta.Reading{Reports: []channels.Report{{ID: m.Seen, State: channels.Read}}}
	case m.Like:
		return meta.Reading{Ignored: 1}
	}
	return meta.Reading{In: []channels.Inbound{{
		From: channels.Address{Channel: "test", ID: string(m.Sender.ID)}, ID: m.Message.Mid, At: m.Time.Time, Kind: channels.Text, Text: m.Message.Text,
	}}}
}

func (d *desk) sink(_ context.Context, in ...channels.Inbound) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, in)
	for _, e := range in {
		if d.fail != nil {
			if err := d.fail(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *desk) post(body string) *httptest.ResponseRecorder {
	return d.serve(http.MethodPost, "/", body, sign(appSecret, []byte(body)))
}

func (d *desk) serve(method, target, body string, signatures ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, s := range signatures {
		r.Header.Add("X-Hub-Signature-256", s)
	}
	w := httptest.NewRecorder()
	d.Handler(d.sink).ServeHTTP(w, r)
	return w
}

func (d *desk) texts() (all []string) {
	for _, call := range d.calls {
		for _, in := range call {
			all = append(all, in.Text)
		}
	}
	slices.Sort(all)
	return all
}

func said(who, mid, text string, at int64) string {
	return fmt.Sprintf(`{"sender":{"id":%q},"timestamp":%d,"message":{"mid":%q,"text":%q}}`, who, at, mid, text)
}

func entry(messaging ...string) string {
	return `{"id":"100","time":1700000000000,"messaging":[` + strings.Join(messaging, ",") + `]}`
}

func call(entries ...string) string {
	return `{"object":"page","entry":[` + strings.Join(entries, ",") + `]}`
}

func TestTheSignature(t *testing.T) {
	d := newDesk()
	if w := d.serve("POST", "/", vector, signature); w.Code != 200 || fmt.Sprint(d.texts()) != "[سلام]" {
		t.Fatalf("the known body is answered by %d, %q arrived", w.Code, d.texts())
	}
	// The same JSON in other bytes has another signature.
	d = newDesk()
	if w := d.serve("POST", "/", strings.ReplaceAll(vector, `\u0633\u0644\u0627\u0645`, "سلام"), signature); w.Code != 401 || len(d.calls) != 0 {
		t.Errorf("the same JSON in other bytes is answered by %d", w.Code)
	}
	d = newDesk()
	d.AppSecret = ""
	if w := d.serve("POST", "/", vector, sign("", []byte(vector))); w.Code != 401 || len(d.calls) != 0 {
		t.Errorf("without an app secret the answer is %d", w.Code)
	}
}

func TestTheHandshake(t *testing.T) {
	d := newDesk()
	w := d.serve("GET", "/?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="+verifyToken, "")
	if w.Code != 200 || w.Body.String() != "1158201444" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the answer is %d %q, %v", w.Code, w.Body, w.Header())
	}
	for _, query := range []string{
		"", "hub.mode=subscribe&hub.challenge=1", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
		"hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong", "hub.mode=other&hub.challenge=1&hub.verify_token=" + verifyToken,
		"hub.challenge=1&hub.verify_token=" + verifyToken, "hub.mode=subscribe&hub.challenge=1&hub.verify_token=" + verifyToken[:5],
	} {
		if w := d.serve("GET", "/?"+query, ""); w.Code != 403 || strings.Contains(w.Body.String(), verifyToken) {
			t.Errorf("%q is answered by %d %q", query, w.Code, w.Body)
		}
	}
	if w := d.serve("GET", "/?hub.mode=subscribe&hub.challenge="+strings.Repeat("1", 300)+"&hub.verify_token="+verifyToken, ""); w.Code != 400 {
		t.Errorf("a challenge without end is answered by %d", w.Code)
	}
	d.VerifyToken = ""
	if w := d.serve("GET", "/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=", ""); w.Code != 403 {
		t.Errorf("without a verify token the answer is %d", w.Code)
	}
}

// Three MB, as WhatsApp may send, pass; ten do not, whether their length is said
// before or not.
func TestSizes(t *testing.T) {
	d := newDesk()
	if w := d.post(call(entry(said("1", "m", strings.Repeat("x", 3<<20), 1)))); w.Code != 200 || len(d.calls) != 1 {
		t.Errorf("3 MB are answered by %d", w.Code)
	}
	large := strings.Repeat(" ", 10<<20)
	if w := d.post(large); w.Code != 413 {
		t.Errorf("10 MB are answered by %d", w.Code)
	}
	r := httptest.NewRequest("POST", "/", struct{ *strings.Reader }{strings.NewReader(large)})
	r.ContentLength = -1
	r.Header.Set("X-Hub-Signature-256", signature)
	w := httptest.NewRecorder()
	d.Handler(d.sink).ServeHTTP(w, r)
	if w.Code != 413 {
		t.Errorf("10 MB of unknown length are answered by %d", w.Code)
	}
}

// A person's events go to the sink in one call, oldest first; those of others at
// the same time.
func TestABatch(t *testing.T) {
	d := newDesk()
	var entries []string
	for i := range 200 {
		entries = append(entries, entry(said(fmt.Sprint(i%20), fmt.Sprint("m", i), fmt.Sprint(i), 1700000000000-int64(i))))
	}
	if w := d.post(call(entries...)); w.Code != 200 {
		t.Fatal(w.Code)
	}
	if len(d.calls) != 20 {
		t.Errorf("the sink was called %d times for 20 people", len(d.calls))
	}
	for _, c := range d.calls {
		for i := range c {
			if c[i].From != c[0].From || i > 0 && c[i].At.Before(c[i-1].At) {
				t.Error("a call is not one person's, oldest first")
			}
		}
	}
	if n := d.counts.Events.Load(); n != 200 {
		t.Errorf("%d events are counted", n)
	}

	// Several at a time, and no more than that.
	var mu sync.Mutex
	now, most := 0, 0
	err := meta.Give(t.Context(), func(context.Context, ...channels.Inbound) error {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		return nil
	}, func() (in []channels.Inbound) {
		for i := range 300 {
			in = append(in, channels.Inbound{From: channels.Address{ID: fmt.Sprint(i)}})
		}
		return in
	}())
	if err != nil || most < 2 || most > 32 {
		t.Errorf("%d at a time, %v", most, err)
	}
}

// One event that breaks the reader, and entries of all wrong forms, hold back
// nobody.
func TestPoison(t *testing.T) {
	d := newDesk()
	w := d.post(call(
		entry(said("1", "a", "one", 1)), entry(said("2", "b", "panic", 2)), `"entry"`, `null`, `{}`, `[]`, `7`,
		`{"id":{"no":"id"},"time":"never","messaging":[`+said("3", "c", "two", 3)+`,null,7,"x",[]]}`,
		`{"changes":{"field":"feed","value":`+said("4", "d", "three", 4)+`}}`, `{"changes":[{"field":7},{"value":1},{"field":"x"}]}`,
		`{"field":"feed","value":`+said("5", "e", "four", 5)+`}`,
		entry(`{"sender":{"id":"6"},"seen":"m_9"}`), entry(`{"sender":{"id":"6"},"like":true}`),
	))
	if w.Code != 200 || fmt.Sprint(d.texts()) != "[four one three two]" {
		t.Errorf("the answer is %d, %q arrived", w.Code, d.texts())
	}
	if len(d.reports) != 1 || d.counts.Ignored.Load() != 1 || d.counts.Unread.Load() < 10 {
		t.Errorf("%d reports, %d ignored, %d unread", len(d.reports), d.counts.Ignored.Load(), d.counts.Unread.Load())
	}
	for _, body := range []string{"", "x", "[]", "7", "null", `{"object":"page"}`, `{"object":7,"entry":[]}`, `{"object":"page","entry":7}`, `{"object":"instagram","entry":[{}]}`, strings.Repeat("[", 20000)} {
		d := newDesk()
		if w := d.post(body); w.Code != 200 || len(d.calls) != 0 {
			t.Errorf("%.30q is answered by %d: Meta would send it for ever", body, w.Code)
		}
	}
	if log := d.log.String(); strings.Contains(log, "confidential") || !strings.Contains(log, "broke the reader") {
		t.Errorf("the log is %q", log)
	}
}

// What breaks the reader is kept as what it is, where it is known whose it is.
func TestWhatBreaksTheReaderIsKept(t *testing.T) {
	d := newDesk()
	d.Whose = func(e meta.Event) channels.Address {
		if strings.Contains(string(e.Body), "nobody") {
			panic("confidential words")
		}
		return channels.Address{Channel: "page", ID: "2"}
	}
	body := call(entry(said("1", "a", "one", 1)), entry(said("2", "b", "panic", 2)), entry(said("nobody", "c", "panic", 3)))
	for range 2 {
		if w := d.post(body); w.Code != 200 {
			t.Fatalf("the answer is %d", w.Code)
		}
	}
	var kept []channels.Inbound
	for _, call := range d.calls {
		for _, in := range call {
			if in.Kind == channels.Unknown {
				kept = append(kept, in)
			}
		}
	}
	if len(kept) != 2 || kept[0].ID != kept[1].ID || !strings.Contains(string(kept[0].Raw), "panic") || kept[0].From.ID != "2" {
		t.Errorf("%d are kept", len(kept))
	}
	if strings.Contains(d.log.String(), "confidential") {
		t.Error("the log says too much")
	}
}

// What could not be kept is sent again.
func TestTheStoreFails(t *testing.T) {
	d := newDesk()
	d.fail = func(in channels.Inbound) error {
		if in.Text == "two" {
			return errors.New("confidential words cannot be kept")
		}
		return nil
	}
	body := call(entry(said("1", "a", "one", 1)), entry(said("2", "b", "two", 2)), entry(said("3", "c", "three", 3)))
	w := d.post(body)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String()+d.log.String(), "confidential") {
		t.Errorf("the answer is %d %q, %v", w.Code, w.Body, w.Header())
	}
	if len(d.calls) != 3 {
		t.Error("the others were not taken in meanwhile")
	}
	d.fail = nil
	if w := d.post(body); w.Code != 200 {
		t.Errorf("then it is %d", w.Code)
	}
	d.deaf = errors.New("full")
	if w := d.post(call(entry(`{"sender":{"id":"6"},"seen":"m_9"}`))); w.Code != 503 {
		t.Errorf("reports that are not kept are answered by %d", w.Code)
	}
	d.Reports = nil
	if w := d.post(call(entry(`{"sender":{"id":"6"},"seen":"m_9"}`))); w.Code != 200 {
		t.Errorf("without a listener it is %d", w.Code)
	}
}

// A hundred thousand requests that differ from a right one in a bit, a byte, a
// length or a place: none is taken, and no answer, header or log line holds a
// secret or what the right signature would have been.
func TestMutations(t *testing.T) {
	d := newDesk()
	const seed = 7
	chance := rand.New(rand.NewPCG(seed, seed))
	h := d.Handler(d.sink)
	body, right := []byte(vector), []byte(signature)
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	for i := range n {
		b, s := bytes.Clone(body), bytes.Clone(right)
		at := &b
		if i%2 == 0 {
			at = &s
		}
		where := chance.IntN(len(*at))
		switch chance.IntN(6) {
		case 0:
			(*at)[where] ^= 1 << chance.IntN(8)
		case 1:
			(*at)[where] = byte(chance.IntN(256))
		case 2:
			*at = (*at)[:where]
		case 3:
			*at = slices.Insert(*at, where, byte(chance.IntN(256)))
		case 4:
			*at = slices.Delete(*at, where, where+1)
		case 5:
			*at = append(*at, (*at)[where])
		}
		if bytes.Equal(b, body) && bytes.Equal(s, right) {
			continue
		}
		r := httptest.NewRequest("POST", "/", bytes.NewReader(b))
		r.Header["X-Hub-Signature-256"] = []string{string(s)}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		answer := w.Body.String()
		if w.Code != 401 || len(d.calls) != 0 {
			t.Fatalf("request %d is answered by %d", i, w.Code)
		}
		for _, secret := range []string{appSecret, verifyToken, sign(appSecret, b)[7:]} {
			if strings.Contains(answer, secret) || strings.Contains(fmt.Sprint(w.Header()), secret) {
				t.Fatalf("the answer to request %d holds a secret", i)
			}
		}
	}
	if d.log.Len() != 0 || d.counts.Calls.Load() != 0 || d.counts.Forged.Load() < uint64(n*9/10) {
		t.Errorf("%d taken, %d refused, the log is %.200q", d.counts.Calls.Load(), d.counts.Forged.Load(), d.log.String())
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("page", []byte(vector))
	f.Add("page", []byte(call(`{"changes":{"field":"feed","value":{}}}`, `{"field":"x","value":1}`)))
	f.Fuzz(func(t *testing.T, object string, body []byte) {
		events, unread, err := meta.Split(object, body)
		if err != nil && len(events)+unread != 0 {
			t.Error("it failed, and gave something")
		}
		for _, e := range events {
			if e.Field == "" || !json.Valid(e.Body) {
				t.Errorf("an event of field %q, valid %v", e.Field, json.Valid(e.Body))
			}
		}
	})
}
