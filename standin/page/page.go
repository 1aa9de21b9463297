// SPDX-License-Identifier: GPL-3.0-or-later

// Package page is what the pages of all stand-ins have in common: who may ask for
// them, the skeleton, the looks, how a page hears of changes and how it says what is
// done on it. What one platform's people see and can do is the stand-in's own.
//
// A stand-in has a folder static with page.html, page.css and page.js. Its page.html
// defines the templates title, header, main and footer, which skeleton.html puts
// together. It may define extra, for what stands in the form before the words, and it
// may use form and place. Its page.js imports common.js.
package page

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"time"
)

//go:embed static
var common embed.FS

// policy keeps everything out that the stand-in did not send itself. A page measures
// a recording from somebody's disk, which is a blob.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves a page to browsers on this machine: the page itself at /, its files
// below /page/static/, from own/static or else from what all pages share, and whatever
// else is in parts. It refuses what comes under a name that is not this machine's, and
// what another site would have done. It takes parts over, and panics where the page's
// templates cannot be read: they are part of the program.
func Handler(own fs.FS, parts *http.ServeMux) http.Handler {
	t := template.Must(template.ParseFS(common, "static/skeleton.html"))
	template.Must(t.ParseFS(own, "static/page.html"))
	var html bytes.Buffer
	if err := t.Execute(&html, nil); err != nil {
		panic(err)
	}
	parts.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(html.Bytes()) // the browser is gone where this fails
	})
	parts.HandleFunc("GET /page/static/{name}", func(w http.ResponseWriter, r *http.Request) {
		serveStatic(w, r, own)
	})
	same := http.NewCrossOriginProtection().Handler(parts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !here(r.Host) { // another site's name that was pointed at this machine
			http.Error(w, "ask for this page by the address that it was started with", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		same.ServeHTTP(w, r)
	})
}

// here says whether a host, with or without port, is this machine.
func here(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func serveStatic(w http.ResponseWriter, r *http.Request, own fs.FS) {
	name := r.PathValue("name")
	kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	b, err := fs.ReadFile(own, "static/"+name)
	if err != nil {
		b, err = common.ReadFile("static/" + name)
	}
	if err != nil || kind == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(b) // the browser is gone where this fails
}

// Do has do do what is done on the page: a D in JSON, of 1 MiB at most. The error of
// do is shown to whoever did it.
func Do[D any](do func(context.Context, D) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var d D
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&d); err != nil {
			http.Error(w, "what was to be done could not be read", http.StatusBadRequest)
			return
		}
		if err := do(r.Context(), d); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// Upload has take take a file from somebody's disk, of most bytes at most. The request's
// query says what it is, its Content-Type what the browser holds it for. The error of
// take is shown to whoever sent it.
func Upload(most int64, take func(r *http.Request, data []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
		if err != nil {
			http.Error(w, fmt.Sprintf("a file has %d MB at most here", most>>20), http.StatusRequestEntityTooLarge)
			return
		}
		if err := take(r, data); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// Media shows a file that somebody sent. Pictures and recordings are shown as what
// they are found to be, everything else is only to be saved. Nothing in it runs.
func Media(w http.ResponseWriter, r *http.Request, data []byte) {
	kind := http.DetectContentType(data)
	switch {
	case strings.HasPrefix(kind, "image/"), strings.HasPrefix(kind, "audio/"), strings.HasPrefix(kind, "video/"):
	case kind == "application/ogg":
		kind = "audio/ogg"
	default:
		kind = "application/octet-stream"
		w.Header().Set("Content-Disposition", "attachment")
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
