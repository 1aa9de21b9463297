// SPDX-License-Identifier: GPL-3.0-or-later

// Package pagetest holds what every stand-in's page must refuse, and the browser in
// which somebody plays with it.
package pagetest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Ask makes one request to a page at url, and gives the status, the headers and the
// body of the answer. Headers are names and values in turn; Host among them is the name
// under which the page is asked for.
func Ask(t *testing.T, method, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(b)
}

// OnlyForThisMachine fails where the page at url, which has no slash at its end, lets
// another site in or could run what somebody wrote. File is the path of an HTML file
// that was sent; secrets are what must not stand in the page.
func OnlyForThisMachine(t *testing.T, url, file string, secrets ...string) {
	t.Helper()
	if status, _, _ := Ask(t, "GET", url+"/", "", "Host", "rebound.example.org"); status != 403 {
		t.Errorf("under a stranger's name the page came with %d", status)
	}
	if status, _, _ := Ask(t, "POST", url+"/page/do", `{}`, "Sec-Fetch-Site", "cross-site"); status != 403 {
		t.Errorf("another site could act: %d", status)
	}
	_, h, body := Ask(t, "GET", url+"/", "")
	if c := h.Get("Content-Security-Policy"); !strings.Contains(c, "script-src 'self'") || strings.Contains(c, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", h)
	}
	for _, word := range append([]string{"onclick", "style=", "<script>"}, secrets...) {
		if strings.Contains(body, word) {
			t.Errorf("the page holds %q", word)
		}
	}
	_, h, _ = Ask(t, "GET", url+file, "")
	if h.Get("Content-Type") != "application/octet-stream" || h.Get("Content-Disposition") != "attachment" {
		t.Errorf("a page of somebody's comes as %v", h)
	}
	for _, path := range []string{"/page/static/..%2fpage.go", "/page/static/page.html"} {
		if status, _, _ := Ask(t, "GET", url+path, ""); status != 404 {
			t.Errorf("%s, which is not for browsers, came with %d", path, status)
		}
	}
}
