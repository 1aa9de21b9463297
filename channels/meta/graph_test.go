// SPDX-License-Identifier: GPL-3.0-or-later

package meta_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

const token = "the-token-of-the-page"

// graph is a client of a server that answers so.
func graph(t testing.TB, h http.HandlerFunc) (*meta.Graph, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	g, err := meta.NewGraph(srv.URL+"/v25.0/", token, appSecret)
	if err != nil {
		t.Fatal(err)
	}
	return g, srv.URL
}

func answering(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func problem(t testing.TB, err error) *meta.Error {
	t.Helper()
	var e *meta.Error
	var s *channels.SendError
	if !errors.As(err, &e) || !errors.As(err, &s) || s.Problem != e.Problem {
		t.Fatalf("it failed with %T %v", err, err)
	}
	if got, ok := meta.Problem(err).(*channels.SendError); !ok || got.Problem != e.Problem {
		t.Errorf("Problem gives %v", got)
	}
	for _, secret := range []string{token, appSecret, "confidential", "127.0.0.1"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q stands in the error %q", secret, err)
		}
	}
	return e
}

func TestARequest(t *testing.T) {
	var got http.Request
	var body []byte
	g, _ := graph(t, func(w http.ResponseWriter, r *http.Request) {
		got = *r
		body, _ = io.ReadAll(r.Body)
		fmt.Fprint(w, `{"id":7,"extra":{}}`)
	})
	// HMAC-SHA256 of the token under the app secret, made with openssl.
	proof := sign(appSecret, []byte(token))[7:]
	var out struct{ ID meta.ID }
	if err := g.Do(t.Context(), "POST", "/100/messages", map[string]string{"text": "سلام"}, &out); err != nil || out.ID != "7" {
		t.Fatal(err, out)
	}
	if got.Method != "POST" || got.URL.Path != "/v25.0/100/messages" || got.Header.Get("Authorization") != "Bearer "+token || got.URL.Query().Get("appsecret_proof") != proof || got.Header.Get("Content-Type") != "application/json" || string(body) != `{"text":"سلام"}` {
		t.Errorf("it asked %s %s %v %s", got.Method, got.URL, got.Header, body)
	}
	if strings.Contains(got.URL.String(), token) {
		t.Error("the token stands in the address")
	}
	if err := g.Do(t.Context(), "GET", "/100?x=1", url.Values{"fields": {"id,name"}}, nil); err != nil {
		t.Fatal(err)
	}
	if q := got.URL.Query(); q.Get("x") != "1" || q.Get("fields") != "id,name" || q.Get("appsecret_proof") != proof || len(body) != 0 {
		t.Errorf("it asked %s", got.URL)
	}
	if err := g.Do(t.Context(), "POST", "/x", map[string]any{"f": func() {}}, nil); problem(t, err).Problem != channels.Rejected {
		t.Errorf("what is no JSON: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for _, good := range []string{"", "https://graph.facebook.com/v25.0", "https://graph.example.org/", "http://127.0.0.1:8082", "http://localhost:8082/v25.0", "http://[::1]:1"} {
		if _, err := meta.NewGraph(good, token, ""); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"http://graph.facebook.com", "http://10.0.0.1", "ftp://x", "graph.facebook.com", "https://", "https://u:p@x/", "https://x/?a", "https://x/#a", "://"} {
		if _, err := meta.NewGraph(bad, token, ""); err == nil || !strings.HasPrefix(err.Error(), "graph_url ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestErrors(t *testing.T) {
	e := func(code, subcode int) string {
		return fmt.Sprintf(`{"error":{"message":"confidential words","type":"OAuthException","code":%d,"error_subcode":%d,"fbtrace_id":"AbC_-1"}}`, code, subcode)
	}
	for _, x := range []struct {
		status int
		body   string
		want   channels.SendProblem
	}{
		{400, e(4, 0), channels.Throttled}, {403, e(17, 0), channels.Throttled}, {400, e(32, 0), channels.Throttled}, {429, e(613, 0), channels.Throttled},
		{400, e(80001, 0), channels.Throttled}, {400, e(80007, 0), channels.Throttled}, {400, e(80014, 0), channels.Throttled}, {400, e(80015, 0), channels.Rejected},
		{429, e(987, 0), channels.Throttled}, {429, "slow", channels.Throttled},
		{400, e(190, 463), channels.Misset}, {401, `{}`, channels.Misset}, {401, e(0, 0), channels.Misset},
		{400, e(1, 0), channels.Unavailable}, {500, e(100, 0), channels.Unavailable}, {400, strings.Replace(e(100, 0), `"code"`, `"is_transient":true,"code"`, 1), channels.Unavailable},
		{400, `{"error":{"code":"190"}}`, channels.Misset}, {400, `{"error":{"code":{}}}`, channels.Rejected},
		{400, `{"error":{"message":"Invalid appsecret_proof provided in the API argument","code":100}}`, channels.Misset},
		{413, "large", channels.Rejected}, {404, "<html>", channels.Unavailable}, {503, `{"status":"no"}`, channels.Unavailable}, {302, "", channels.Unavailable},
		{503, "<html>", channels.NoAnswer}, {200, "<html>", channels.NoAnswer}, {200, `{"error":{"code":190}}`, channels.Misset},
	} {
		g, _ := graph(t, answering(x.status, x.body))
		var out struct{ ID meta.ID }
		got := problem(t, g.Do(t.Context(), "POST", "/x", nil, &out))
		if got.Problem != x.want || got.Status != x.status {
			t.Errorf("%d %s is %s", x.status, x.body, got.Problem)
		}
		if strings.Contains(x.body, "AbC_-1") && (got.Trace != "AbC_-1" || !strings.Contains(got.Cause, "AbC_-1")) {
			t.Errorf("the trace is %q in %q", got.Trace, got.Cause)
		}
		asked := problem(t, g.Do(t.Context(), "GET", "/x", nil, &out))
		if asked.Problem == channels.NoAnswer {
			t.Errorf("%d %s: who only asked cannot have changed something", x.status, x.body)
		}
	}
	g, _ := graph(t, answering(400, `{"error":{"code":1,"fbtrace_id":"two words \u001b[31m"}}`))
	if got := problem(t, g.Do(t.Context(), "GET", "/x", nil, nil)); got.Trace != "" {
		t.Errorf("the trace is %q", got.Trace)
	}
	if meta.Problem(nil) != nil || !meta.Is(&meta.Error{Code: 100, Subcode: 33}, 100, 1, 33) || meta.Is(&meta.Error{Code: 100}, 100, 33) || meta.Is(io.EOF, 0) {
		t.Error("Problem or Is")
	}
	if p := meta.Problem(io.EOF).(*channels.SendError); p.Problem != channels.Unavailable || strings.Contains(p.Error(), "EOF") {
		t.Errorf("another's error is %v", p)
	}
}

func TestHowLongToWait(t *testing.T) {
	for header, want := range map[[2]string]time.Duration{
		{"X", "y"}:                  time.Minute,
		{"Retry-After", "7"}:        7 * time.Second,
		{"Retry-After", "99999999"}: time.Hour,
		{"Retry-After", "soon"}:     time.Minute,
		{"X-Business-Use-Case-Usage", `{"100":[{"type":"messenger","estimated_time_to_regain_access":3},{"estimated_time_to_regain_access":5}]}`}: 5 * time.Minute,
		{"X-Business-Use-Case-Usage", `{"100":[{"estimated_time_to_regain_access":100000000000}]}`}:                                               time.Hour,
		{"X-Business-Use-Case-Usage", `{"100":7}`}: time.Minute,
	} {
		g, _ := graph(t, answering(400, `{"error":{"code":4}}`, header[0], header[1]))
		if got := problem(t, g.Do(t.Context(), "POST", "/x", nil, nil)); got.After != want {
			t.Errorf("%v is %v", header, got.After)
		}
	}
}

// What is not known to have happened is told apart from what has not.
func TestNoAnswer(t *testing.T) {
	arrived := make(chan struct{}, 8)
	g, _ := graph(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	for method, want := range map[string]channels.SendProblem{"POST": channels.NoAnswer, "GET": channels.Unavailable} {
		ctx, end := context.WithCancel(t.Context())
		go func() { <-arrived; end() }()
		if got := problem(t, g.Do(ctx, method, "/x", nil, nil)); got.Problem != want {
			t.Errorf("%s: %s", method, got.Problem)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there any more
	away, _ := meta.NewGraph("http://"+l.Addr().String(), token, "")
	if got := problem(t, away.Do(t.Context(), "POST", "/x", nil, nil)); got.Problem != channels.Unavailable || got.Status != 0 {
		t.Errorf("nobody there: %s", got.Problem)
	}
	g, _ = graph(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"id"`)
	})
	var out struct{ ID meta.ID }
	if got := problem(t, g.Do(t.Context(), "POST", "/x", nil, &out)); got.Problem != channels.NoAnswer {
		t.Errorf("cut off: %s", got.Problem)
	}
	g, _ = graph(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"id":"`)
		for range 2 * meta.MaxAnswer / 1024 {
			fmt.Fprint(w, strings.Repeat("x", 1024))
		}
	})
	if got := problem(t, g.Do(t.Context(), "GET", "/x", nil, &out)); got.Problem != channels.Unavailable {
		t.Errorf("without end: %s", got.Problem)
	}
}

// The token goes to the configured host and along no redirect.
func TestTheTokenGoesNowhereElse(t *testing.T) {
	var stolen atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stolen.Store(true)
	}))
	defer other.Close()
	g, _ := graph(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	if got := problem(t, g.Do(t.Context(), "POST", "/x", map[string]string{"a": "b"}, nil)); got.Problem != channels.Unavailable || stolen.Load() {
		t.Errorf("%s, the token went elsewhere: %v", got.Problem, stolen.Load())
	}
}

func TestUpload(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	g, _ := graph(t, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
			return
		}
		f, h, err := r.FormFile("filedata")
		if err != nil {
			t.Error(err)
			return
		}
		got, _ := io.ReadAll(f)
		if !bytes.Equal(got, content) || h.Filename != "my \"letter\".pdf" || h.Header.Get("Content-Type") != "application/pdf" || r.FormValue("message") != `{"a":1}` || r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("%d bytes of %v, %v", len(got), h, r.Form)
		}
		_ = json.NewEncoder(w).Encode(map[string]int{"id": 5})
	})
	file := meta.File{Field: "filedata", Name: `my "letter".pdf`, Type: "application/pdf", Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
	for _, size := range []int64{file.Size, 0} {
		file.Size = size
		var out struct{ ID meta.ID }
		if err := g.Upload(t.Context(), "/100/x", map[string]string{"message": `{"a":1}`}, file, &out); err != nil || out.ID != "5" {
			t.Errorf("%v, %v", err, out)
		}
	}
	file.Open = func() (io.ReadCloser, error) { return nil, errors.New("confidential") }
	if got := problem(t, g.Upload(t.Context(), "/100/x", nil, file, nil)); got.Problem != channels.Unavailable {
		t.Error(got.Problem)
	}
	// Less than was said: the request breaks off, whatever of it has arrived.
	g, _ = graph(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	file.Size, file.Open = 1000, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("short")), nil }
	if got := problem(t, g.Upload(t.Context(), "/100/x", nil, file, nil)); got.Problem == channels.Rejected {
		t.Error(got.Problem)
	}
}

func TestWhoseMediaAreFetched(t *testing.T) {
	real, err := meta.NewGraph("", token, "")
	if err != nil {
		t.Fatal(err)
	}
	local, _ := meta.NewGraph("http://127.0.0.1:8082", token, "")
	for address, want := range map[string][2]bool{ // for Meta, and for a stand-in on this machine
		"https://scontent.xx.fbcdn.net/v/1.jpg?oh=1":   {true, true},
		"https://cdn.fbsbx.com/v/1.mp4":                {true, true},
		"https://lookaside.fbsbx.com/whatsapp/1":       {true, true},
		"https://video.FBCDN.net:443/1":                {true, true},
		"https://platform-lookaside.facebook.com/1":    {true, true},
		"https://fbcdn.net/1":                          {false, false},
		"https://evilfbcdn.net/1":                      {false, false},
		"https://fbcdn.net.example.org/1":              {false, false},
		"https://scontent.fbcdn.net:8443/1":            {false, false},
		"https://scontent.fbcdn.net@example.org/1":     {false, false},
		"https://u:p@scontent.fbcdn.net/1":             {false, false},
		"http://scontent.xx.fbcdn.net/1":               {false, false},
		"https://example.org/1":                        {false, false},
		"https://169.254.169.254/latest/meta-data":     {false, false},
		"http://127.0.0.1:8082/media/1":                {false, true},
		"http://localhost/1":                           {false, true},
		"http://[::1]/1":                               {false, true},
		"http://127.0.0.1.example.org/1":               {false, false},
		"http://10.0.0.1/1":                            {false, false},
		"file:///etc/passwd":                           {false, false},
		"ftp://127.0.0.1/x":                            {false, false},
		"//scontent.xx.fbcdn.net/1":                    {false, false},
		"":                                             {false, false},
		"https://scontent.fbcdn.net.\x00example.org/1": {false, false},
	} {
		if got := [2]bool{real.OfMeta(address), local.OfMeta(address)}; got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestFetch(t *testing.T) {
	var tokens []string
	content := strings.Repeat("x", 1000)
	mux := http.NewServeMux()
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("Authorization"))
		fmt.Fprint(w, content)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("Authorization"))
		http.Redirect(w, r, "/file", http.StatusFound)
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/internal", http.StatusFound)
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/nowhere", answering(302, ""))
	mux.HandleFunc("/over", answering(403, "URL signature expired"))
	mux.HandleFunc("/fault", answering(500, ""))
	mux.HandleFunc("/slow", answering(429, ""))
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for range 100 {
			fmt.Fprint(w, content)
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "x")
	})
	g, url := graph(t, mux.ServeHTTP)
	get := func(path string, most int64, token bool) (string, error) {
		body, err := g.Fetch(t.Context(), url+path, most, token)
		if err != nil {
			return "", err
		}
		defer body.Close()
		b, err := io.ReadAll(body)
		return string(b), err
	}
	if got, err := get("/file", 1000, false); got != content || err != nil || tokens[0] != "" {
		t.Errorf("%d bytes, %v, %q", len(got), err, tokens)
	}
	tokens = nil
	if got, err := get("/moved", 5000, true); got != content || err != nil || fmt.Sprint(tokens) != "[Bearer "+token+" ]" {
		t.Errorf("%d bytes, %v, %q", len(got), err, tokens)
	}
	for path, want := range map[string]channels.SendProblem{
		"/away": channels.Rejected, "/round": channels.Rejected, "/nowhere": channels.Rejected, "/over": channels.Rejected,
		"/fault": channels.Unavailable, "/slow": channels.Throttled, "/stream": channels.Rejected, "/cut": channels.Unavailable,
	} {
		got, err := get(path, 2000, false)
		var p *channels.SendError
		if !errors.As(err, &p) || p.Problem != want || len(got) > 2000 || strings.Contains(p.Error(), url) {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	if _, err := get("/file", 999, false); err == nil {
		t.Error("one byte too many came")
	}
	if _, err := g.Fetch(t.Context(), "https://example.org/x", 10, true); err == nil {
		t.Error("a stranger's address was fetched")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(400, []byte(`{"error":{"code":190,"error_subcode":463,"fbtrace_id":"A"}}`))
	f.Add(200, []byte(`{"message_id":"m_1"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		w := httptest.NewRecorder()
		w.Code = status
		w.Body.Write(body)
		if e := meta.ReadAnswer(w.Result(), body); e != nil && (e.Problem == "" || e.Cause == "") {
			t.Errorf("%d %q has no problem", status, body)
		}
	})
}
