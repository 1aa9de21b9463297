// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"embed"
	"errors"
	"net/http"
	"path"
	"strings"

	"sarai/standin/page"
)

// what the page has of its own.
//
//go:embed static
var static embed.FS

// page serves what one sees of the stand-in in a browser: people's phones, the
// posts, and what a colleague does in Meta's own apps.
func (s *Server) page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/state", s.changes.State(s.close, s.pageState))
	mux.HandleFunc("POST /page/do", page.Do(s.do))
	mux.HandleFunc("POST /page/file", page.Upload(mostFile, s.pageFile))
	mux.HandleFunc("GET /page/media/{id}", s.pageMedia)
	return page.Handler(static, mux)
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

// pageState is what the page shows, with one person or post.
func (s *Server) pageState(r *http.Request) any {
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
	out.Version, out.Page, out.Faults = s.changes.Version(), s.o.PageName, len(s.faults)
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
	return out
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
func (s *Server) pageFile(r *http.Request, data []byte) error {
	q := r.URL.Query()
	kind, id, _ := strings.Cut(q.Get("who"), ":")
	f := File{Name: path.Base(q.Get("name")), Type: r.Header.Get("Content-Type"), Data: data}
	form := q.Get("kind")
	switch form {
	case "image", "audio", "video", "document":
	default:
		return errors.New("no such kind of file")
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
		return errNobody
	}
	return nil
}

func (s *Server) pageMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files.byID[r.PathValue("id")]
	s.mu.Unlock()
	if f == nil {
		http.NotFound(w, r)
		return
	}
	page.Media(w, r, f.Data)
}
