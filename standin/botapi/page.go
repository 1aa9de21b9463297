// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"path"
	"strconv"
	"strings"

	"sarai/standin/page"
)

// what the page has of its own.
//
//go:embed static
var static embed.FS

// page serves what one sees of the stand-in in a browser: a person's phone.
func (s *Server) page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/state", s.changes.State(s.close, s.pageState))
	mux.HandleFunc("POST /page/do", page.Do(s.do))
	mux.HandleFunc("POST /page/file", page.Upload(mostUpload, s.pageFile))
	mux.HandleFunc("GET /page/media/{id}", s.pageMedia)
	return page.Handler(static, mux)
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

// pageState is what the page shows, with one person's phone.
func (s *Server) pageState(r *http.Request) any {
	id, _ := strconv.ParseInt(r.FormValue("person"), 10, 64)
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
	out.Version, out.Username = s.changes.Version(), s.o.Username
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
	return out
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

var errNobody = errors.New("there is no such person yet")

func (s *Server) do(_ context.Context, d deed) error {
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
		return errNobody
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
func (s *Server) pageFile(r *http.Request, data []byte) error {
	q := r.URL.Query()
	id, _ := strconv.ParseInt(q.Get("person"), 10, 64)
	s.mu.Lock()
	p := s.people[id]
	s.mu.Unlock()
	if p == nil {
		return errNobody
	}
	seconds, _ := strconv.Atoi(q.Get("seconds"))
	f := File{Kind: q.Get("kind"), Name: path.Base(q.Get("name")), Type: r.Header.Get("Content-Type"), Data: data, Seconds: seconds}
	switch f.Kind {
	case "photo", "voice", "audio", "video", "video_note", "document":
	default:
		return errors.New("no such kind of file")
	}
	if f.Kind == "voice" {
		f.Type = "audio/ogg"
	}
	p.Attach(f, q.Get("caption"))
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
