// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"bytes"
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"
)

// files of the page, served as they are.
//
//go:embed static
var static embed.FS

const (
	pageWait   = 20 * time.Second       // at most, for something to change
	pageSettle = 100 * time.Millisecond // so that a crowd does not keep the page busy
	policy     = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// page serves what one sees of the stand-in in a browser: people's phones, the
// posts, and what a colleague does in Meta's own apps.
func (s *Server) page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", serveStatic)
	mux.HandleFunc("GET /page/static/{name}", serveStatic)
	mux.HandleFunc("GET /page/state", s.pageState)
	mux.HandleFunc("POST /page/do", s.pageDo)
	mux.HandleFunc("POST /page/file", s.pageFile)
	mux.HandleFunc("GET /page/media/{id}", s.pageMedia)
	same := http.NewCrossOriginProtection().Handler(mux)
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

func serveStatic(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name == "" {
		name = "page.html"
	}
	b, err := fs.ReadFile(static, "static/"+name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	kind := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(b) // the browser is gone where this fails
}

// A shownWho is an entry of the page's list: m:PSID, w:PHONE or p:POST.
type shownWho struct {
	Who  string `json:"who"`
	Name string `json:"name"`
}

// A shownTalk is what one sees of one of them.
type shownTalk struct {
	Who      string    `json:"who"`
	Messages []Message `json:"messages"`
	Comments []Comment `json:"comments"`
	Post     string    `json:"post"`    // the words of a post
	Welcome  string    `json:"welcome"` // the Page's greeting
	Started  bool      `json:"started"` // Get Started can be pressed
	Breakers []Button  `json:"breakers"`
	Menu     []Button  `json:"menu"`
	Action   string    `json:"action"`
	Blocked  bool      `json:"blocked"`
	Standby  bool      `json:"standby"`
	Username string    `json:"username"`
}

type shownHook struct {
	Set     bool   `json:"set"`
	Waiting int    `json:"waiting"`
	Taken   int    `json:"taken"`
	Failed  string `json:"failed"`
	Fields  int    `json:"fields"` // subscribed to
}

// pageState answers once something has changed since the version that the page
// knows, or after a while.
func (s *Server) pageState(w http.ResponseWriter, r *http.Request) {
	known, _ := strconv.ParseUint(r.FormValue("version"), 10, 64)
	s.mu.Lock()
	moved, version := s.moves()
	s.mu.Unlock()
	if version == known {
		timer := time.NewTimer(pageWait)
		defer timer.Stop()
		select {
		case <-moved:
			if !s.wait(r.Context(), pageSettle) {
				return
			}
		case <-timer.C:
		case <-s.close:
		case <-r.Context().Done():
			return
		}
	}
	out := struct {
		Version   uint64     `json:"version"`
		Page      string     `json:"page"`
		People    []shownWho `json:"people"`
		Talk      *shownTalk `json:"talk"`
		Messenger shownHook  `json:"messenger"`
		WhatsApp  shownHook  `json:"whatsapp"`
		Faults    int        `json:"faults"`
	}{People: []shownWho{}}
	s.mu.Lock()
	out.Version, out.Page, out.Faults = s.version, s.o.PageName, len(s.faults)
	for _, p := range s.guests {
		out.People = append(out.People, shownWho{"m:" + p.psid, p.name})
	}
	for _, c := range s.callers {
		out.People = append(out.People, shownWho{"w:" + c.phone, c.name})
	}
	for _, p := range s.posts {
		out.People = append(out.People, shownWho{"p:" + p.id, cut(p.text, 40)})
	}
	out.Messenger, out.WhatsApp = s.hooks[Messenger].shown(), s.hooks[WhatsApp].shown()
	out.Messenger.Fields = len(s.fields)
	if s.heard {
		out.WhatsApp.Fields = 1
	}
	out.Talk = s.shown(r.FormValue("who"))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // the browser is gone where this fails
}

func (h *hook) shown() shownHook {
	return shownHook{Set: h.url != "", Waiting: len(h.queue), Taken: h.taken, Failed: h.failed}
}

// shown is what is seen of a person or a post. The lock is held.
func (s *Server) shown(who string) *shownTalk {
	kind, id, _ := strings.Cut(who, ":")
	t := &shownTalk{Who: who, Messages: []Message{}}
	switch kind {
	case "m":
		p := s.people[id]
		if p == nil {
			return nil
		}
		t.Messages, t.Action, t.Blocked, t.Standby = p.chat.screen(), p.chat.doing(s.now()), p.blocked, p.standby
		t.Menu = s.profile.menu(p.language)
		if !p.begun {
			t.Welcome, t.Breakers = s.profile.welcome(p.language), s.profile.breakers(p.language)
			t.Started = s.profile.started != ""
		}
	case "w":
		c := s.contacts[id]
		if c == nil {
			return nil
		}
		t.Messages, t.Action, t.Blocked, t.Username = c.chat.screen(), c.chat.doing(s.now()), c.blocked, c.username
	case "p":
		p := s.postOf(id)
		if p == nil {
			return nil
		}
		t.Post, t.Comments = p.text, []Comment{}
		for _, c := range p.comments {
			t.Comments = append(t.Comments, c.shown(s))
		}
	default:
		return nil
	}
	return t
}

// pageFile takes a file from somebody's disk.
func (s *Server) pageFile(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostFile))
	if err != nil {
		http.Error(w, "a file has 25 MB at most here", http.StatusRequestEntityTooLarge)
		return
	}
	kind, id, _ := strings.Cut(q.Get("who"), ":")
	f := File{Name: path.Base(q.Get("name")), Type: r.Header.Get("Content-Type"), Data: data}
	form := q.Get("kind")
	switch form {
	case "image", "audio", "video", "document":
	default:
		http.Error(w, "no such kind of file", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	p, c := s.people[id], s.contacts[id]
	s.mu.Unlock()
	switch {
	case kind == "m" && p != nil:
		if form == "document" {
			form = "file"
		}
		p.Attach(form, f)
	case kind == "w" && c != nil:
		if strings.HasSuffix(f.Type, "/ogg") { // as a phone records
			f.Voice, f.Type = true, "audio/ogg; codecs=opus"
		}
		c.Attach(form, f, q.Get("caption"))
	default:
		http.Error(w, errNobody.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// pageMedia shows a file. Pictures and recordings are shown as what they are found
// to be, everything else is only to be saved.
func (s *Server) pageMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files.byID[r.PathValue("id")]
	s.mu.Unlock()
	if f == nil {
		http.NotFound(w, r)
		return
	}
	kind := http.DetectContentType(f.Data)
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
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Data))
}
