// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
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

// page serves what one sees of the stand-in in a browser: a person's phone.
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

// A shownPerson is an entry of the page's list.
type shownPerson struct {
	ID       int64  `json:"id"`
	Language string `json:"language"`
	Blocked  bool   `json:"blocked"`
}

// A shownPhone is one person's phone.
type shownPhone struct {
	shownPerson
	Messages []Message  `json:"messages"`
	Keyboard [][]Button `json:"keyboard"`
	Action   string     `json:"action"`
	Menu     []Command  `json:"menu"`
	About    string     `json:"about"`
	Waiting  int        `json:"waiting"`
	Notice   string     `json:"notice"`
	Notices  int        `json:"notices"`
}

// pageState answers once something has changed since the version that the page
// knows, or after a while.
func (s *Server) pageState(w http.ResponseWriter, r *http.Request) {
	known, _ := strconv.ParseUint(r.FormValue("version"), 10, 64)
	id, _ := strconv.ParseInt(r.FormValue("person"), 10, 64)
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
		Version  uint64        `json:"version"`
		Username string        `json:"username"`
		People   []shownPerson `json:"people"`
		Phone    *shownPhone   `json:"phone"`
		Pending  int           `json:"pending"`
		Taken    int           `json:"taken"`
		Polling  bool          `json:"polling"`
		Webhook  bool          `json:"webhook"`
		Failed   string        `json:"failed"`
		Faults   int           `json:"faults"`
	}{People: []shownPerson{}}
	s.mu.Lock()
	s.updates.expire(s.now())
	out.Version, out.Username = s.version, s.o.Username
	out.Pending, out.Taken, out.Polling, out.Faults = s.updates.live, s.updates.taken, s.poll != nil, len(s.faults)
	if s.hook != nil {
		out.Webhook, out.Failed = true, s.hook.failed
	}
	for _, id := range s.order {
		p := s.people[id]
		out.People = append(out.People, shownPerson{p.id, p.language, p.blocked})
	}
	if p := s.people[id]; p != nil {
		out.Phone = &shownPhone{
			shownPerson: shownPerson{p.id, p.language, p.blocked},
			Messages:    p.chat.screen(), Keyboard: p.keyboard, Action: p.action(),
			Menu: s.settings.menu(p.id, p.language), About: s.settings.text("description", p.language),
			Notices: len(p.notices),
		}
		for _, press := range s.presses {
			if press.by == p {
				out.Phone.Waiting++
			}
		}
		if n := len(p.notices); n > 0 {
			out.Phone.Notice = p.notices[n-1]
		}
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // the browser is gone where this fails
}

// A deed is something that is done on the page.
type deed struct {
	Do        string  `json:"do"`
	Person    int64   `json:"person"`
	Language  string  `json:"language"`
	Text      string  `json:"text"`
	Message   int     `json:"message"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Own       bool    `json:"own"`
	Always    bool    `json:"always"`
	All       bool    `json:"all"` // of the bot's calls, not only what it sends
}

func (s *Server) pageDo(w http.ResponseWriter, r *http.Request) {
	var d deed
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&d); err != nil {
		http.Error(w, "what was to be done could not be read", http.StatusBadRequest)
		return
	}
	if err := s.do(d); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) do(d deed) error {
	times := 1
	if d.Always {
		times = -1
	}
	calls := "send*"
	if d.All {
		calls = ""
	}
	switch d.Do { // what is about nobody
	case "throttle":
		s.Fail(calls, Fault{RetryAfter: 5, Times: times})
		return nil
	case "break":
		s.Fail(calls, Fault{Times: times})
		return nil
	case "silence":
		s.Fail(calls, Fault{Silent: true, Times: times})
		return nil
	case "lose":
		s.Fail(calls, Fault{Cut: true, Done: true, Times: times})
		return nil
	case "heal":
		s.Heal()
		return nil
	}
	if d.Person <= 0 || d.Person >= 1<<52 {
		return errors.New("a person's id is a number from 1 to 52 bits")
	}
	if d.Do == "person" {
		s.Person(d.Person, d.Language)
		return nil
	}
	s.mu.Lock()
	p := s.people[d.Person]
	s.mu.Unlock()
	if p == nil {
		return errors.New("there is no such person yet")
	}
	switch d.Do {
	case "start":
		if len(d.Text) > 64 || strings.Trim(d.Text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
			return errors.New("what a link carries is up to 64 letters, digits, _ and -")
		}
		p.Start(d.Text)
	case "say":
		if units(d.Text) > mostText {
			return errors.New("a message has 4096 characters at most")
		}
		if blank(d.Text) {
			return nil
		}
		p.Say(d.Text)
	case "press":
		p.Press(d.Message, d.Text)
	case "edit":
		p.Edit(d.Message, d.Text)
	case "react":
		p.React(d.Message, d.Text)
	case "erase":
		p.Erase(d.Message)
	case "place":
		p.Place(d.Latitude, d.Longitude)
	case "contact":
		p.Contact(d.Text, d.Own)
	case "sticker":
		p.Sticker(d.Text)
	case "block":
		p.Block()
	case "unblock":
		p.Unblock()
	case "strange":
		p.Strange()
		p.StrangeMessage()
	default:
		return errors.New("nobody can do that here")
	}
	return nil
}

// pageFile takes a file from somebody's disk.
func (s *Server) pageFile(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	id, _ := strconv.ParseInt(q.Get("person"), 10, 64)
	s.mu.Lock()
	p := s.people[id]
	s.mu.Unlock()
	if p == nil {
		http.Error(w, "there is no such person yet", http.StatusBadRequest)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostUpload))
	if err != nil {
		http.Error(w, "a file has 50 MB at most here", http.StatusRequestEntityTooLarge)
		return
	}
	seconds, _ := strconv.Atoi(q.Get("seconds"))
	f := File{Kind: q.Get("kind"), Name: path.Base(q.Get("name")), Type: r.Header.Get("Content-Type"), Data: data, Seconds: seconds}
	switch f.Kind {
	case "photo", "voice", "audio", "video", "video_note", "document":
	default:
		http.Error(w, "no such kind of file", http.StatusBadRequest)
		return
	}
	if f.Kind == "voice" {
		f.Type = "audio/ogg"
	}
	p.Attach(f, q.Get("caption"))
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
