// SPDX-License-Identifier: GPL-3.0-or-later

package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sarai/channels"
)

// Path is where the chat is served: Handler answers for it and everything below.
const Path = "/chat"

// Handler serves the page, its files, its calls and the script for other
// websites, all below Path. It answers success to a message only once sink
// returned nil.
func (c *Channel) Handler(sink channels.Sink) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /chat", c.page)
	mux.HandleFunc("GET /chat/{$}", func(w http.ResponseWriter, r *http.Request) {
		to := url.URL{Path: Path, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, to.String(), http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET /chat/embed.js", c.embed)
	mux.HandleFunc("GET /chat/static/{name}", c.static)
	mux.HandleFunc("POST /chat/api/messages", func(w http.ResponseWriter, r *http.Request) { c.post(w, r, sink) })
	mux.HandleFunc("GET /chat/api/messages", c.letters)
	mux.HandleFunc("POST /chat/api/files", func(w http.ResponseWriter, r *http.Request) { c.postFile(w, r, sink) })
	mux.HandleFunc("GET /chat/api/files/{seq}/{file}", c.file)
	mux.HandleFunc("POST /chat/api/code", c.code)
	mux.HandleFunc("POST /chat/api/enter", c.enter)

	policy := c.policy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(self), geolocation=(), payment=(), usb=(), browsing-topics=()")
		h.Set("X-Robots-Tag", "noindex")
		if strings.HasPrefix(r.URL.Path, Path+"/api/") {
			h.Set("Cache-Control", "no-store")
		}
		mux.ServeHTTP(w, r)
	})
}

// policy lets the page load only its own files and talk only to its own server,
// and lets only this server and the named websites show it in a frame. The files
// of a talk it shows from its own memory, blob: a picture there is a picture and
// a recording is heard, and neither is ever a script or a page.
func (c *Channel) policy() string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self' blob:",
		"media-src blob:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		strings.Join(append([]string{"frame-ancestors 'self'"}, c.origins...), " "),
	}, "; ")
}

// embed gives the script for other websites. A script tag needs no permission;
// one with a crossorigin attribute does.
func (c *Channel) embed(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Add("Vary", "Origin")
	if o := r.Header.Get("Origin"); slices.Contains(c.origins, o) {
		h.Set("Access-Control-Allow-Origin", o)
	}
	h.Set("Cache-Control", "public, max-age=3600")
	c.assets.serve(w, r, "embed.js")
}

// CheckOrigin says what is wrong with the name of a website that may show the
// chat, or nil: it is a scheme, http or https, and a host, perhaps with a port,
// and nothing behind.
func CheckOrigin(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "":
		return fmt.Errorf("%q is not the address of a website: write it like https://example.org", s)
	case s != u.Scheme+"://"+u.Host:
		return fmt.Errorf("%q is more than a scheme and a host: write %s://%s", s, u.Scheme, u.Host)
	case strings.ContainsFunc(u.Host, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-:[]", r)
	}):
		return errors.New("a website's address is written in small Latin letters, with names in other scripts as xn--…: " + fmt.Sprintf("%q", s))
	}
	return nil
}
