// SPDX-License-Identifier: GPL-3.0-or-later

package page_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"sarai/standin/page"
)

func sample() http.Handler {
	own := fstest.MapFS{
		"static/page.html": {Data: []byte(`{{define "title"}}Pigeons, played{{end}}{{define "header"}}H{{end}}{{define "main"}}M{{end}}{{define "footer"}}{{template "form"}}{{end}}`)},
		"static/icon.svg":  {Data: []byte("<svg>a pigeon</svg>")},
	}
	parts := http.NewServeMux()
	parts.HandleFunc("POST /page/do", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return page.Handler(own, parts)
}

func TestOnlyThisMachineIsAnswered(t *testing.T) {
	t.Parallel()
	h := sample()
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8081": 200, "127.0.0.1": 200, "127.0.0.1:8081": 200, "127.0.0.9:8081": 200, "[::1]": 200, "[::1]:8081": 200,
		"": 403, "example.org": 403, "localhost.example.org": 403, "127.0.0.1.example.org:8081": 403, "192.0.2.1:8081": 403, "[2001:db8::1]:8081": 403, "0.0.0.0": 403,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("asked for as %q the page comes with %d, want %d", host, w.Code, want)
		}
	}
	for origin, want := range map[string]int{"": 204, "http://localhost:8081": 204, "http://localhost:8082": 403, "https://example.org": 403, "null": 403} {
		r := httptest.NewRequest("POST", "/page/do", nil)
		r.Host = "localhost:8081"
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("from %q something is done with %d, want %d", origin, w.Code, want)
		}
	}
}

func TestAPageIsPutTogether(t *testing.T) {
	t.Parallel()
	h := sample()
	for path, want := range map[string]string{
		"/":                       "<title>Pigeons, played</title>",
		"/page/static/common.css": "--ground",
		"/page/static/common.js":  "export function start",
		"/page/static/icon.svg":   "a pigeon",
	} {
		r := httptest.NewRequest("GET", path, nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestAFileIsTakenUpToItsSize(t *testing.T) {
	t.Parallel()
	h := page.Upload(1<<20, func(_ *http.Request, data []byte) error {
		if len(data) == 1 {
			return errors.New("one byte is nothing")
		}
		return nil
	})
	for size, want := range map[int]string{1: "400 one byte is nothing", 1 << 20: "204 ", 1<<20 + 1: "413 a file has 1 MB at most here"} {
		w := httptest.NewRecorder()
		h(w, httptest.NewRequest("POST", "/page/file", strings.NewReader(strings.Repeat("x", size))))
		if got := fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String())); got != want {
			t.Errorf("%d bytes: %s", size, got)
		}
	}
}

func TestAPageHearsOfChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c page.Changes
		ended := make(chan struct{})
		h := c.State(ended, func(*http.Request) any { return map[string]uint64{"version": c.Version()} })
		begun := time.Now()
		answers := func(version, want string, after time.Duration) {
			t.Helper()
			w := httptest.NewRecorder()
			h(w, httptest.NewRequest("GET", "/page/state?version="+version, nil))
			if took := time.Since(begun); took != after || strings.TrimSpace(w.Body.String()) != want {
				t.Errorf("a page that knows %s is told %s after %s", version, w.Body, took)
			}
			begun = time.Now()
		}
		answers("0", `{"version":1}`, 0)
		answers("1", `{"version":1}`, 20*time.Second)
		time.AfterFunc(time.Second, c.Add)
		time.AfterFunc(time.Second+50*time.Millisecond, c.Add)
		answers("1", `{"version":3}`, 1100*time.Millisecond)
		answers("2", `{"version":3}`, 0)
		time.AfterFunc(time.Second, func() { close(ended) })
		answers("3", `{"version":3}`, time.Second)
	})
}

func TestATestHearsOfChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c page.Changes
		time.AfterFunc(time.Second, c.Add)
		asked := 0
		if err := c.Await(t.Context(), func() bool { asked++; return c.Version() == 2 }); err != nil || asked != 2 {
			t.Errorf("it was asked %d times: %v", asked, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Await(ctx, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
