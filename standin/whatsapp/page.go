// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"bytes"
	"context"
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
	linkWait   = 20 * time.Second       // for a device to sign
	pageKeep   = 300                    // messages that a phone shows
	policy     = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// page serves what one sees of the stand-in in a browser: people's phones and the
// owner's.
func (s *Server) page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", serveStatic)
	mux.HandleFunc("GET /page/static/{name}", serveStatic)
	mux.HandleFunc("GET /page/state", s.pageState)
	mux.HandleFunc("POST /page/do", s.pageDo)
	mux.HandleFunc("POST /page/file", s.pageFile)
	mux.HandleFunc("GET /page/media/{person}/{id}", s.pageMedia)
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

// A shownMessage is one as the page shows it.
type shownMessage struct {
	ID        string    `json:"id"`
	FromMe    bool      `json:"from_me"` // by the owner's number
	ByHand    bool      `json:"by_hand"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Text      string    `json:"text"`
	Quoted    string    `json:"quoted,omitempty"`
	Name      string    `json:"name,omitempty"`
	Size      int       `json:"size,omitempty"` // of media
	Options   []string  `json:"options,omitempty"`
	Latitude  float64   `json:"latitude,omitempty"`
	Longitude float64   `json:"longitude,omitempty"`
	Edited    bool      `json:"edited,omitempty"`
	Revoked   bool      `json:"revoked,omitempty"`
	Reaction  string    `json:"reaction,omitempty"`
	Ticks     int       `json:"ticks"`
}

// A shownPerson is an entry of the page's list.
type shownPerson struct {
	Phone string `json:"phone"`
	Name  string `json:"name"`
}

// A shownPhone is one person's phone.
type shownPhone struct {
	shownPerson
	Messages   []shownMessage `json:"messages"`
	Typing     string         `json:"typing"`
	Unreadable int            `json:"unreadable"`
	Call       string         `json:"call"` // the one that rings
}

// pageState answers once something has changed since the version that the page
// knows, or after a while.
func (s *Server) pageState(w http.ResponseWriter, r *http.Request) {
	known, _ := strconv.ParseUint(r.FormValue("version"), 10, 64)
	s.mu.Lock()
	moved, version := s.moves(), s.version
	s.mu.Unlock()
	if version == known {
		timer := time.NewTimer(pageWait)
		defer timer.Stop()
		select {
		case <-moved:
			settle := time.NewTimer(pageSettle)
			defer settle.Stop()
			select {
			case <-settle.C:
			case <-s.ctx.Done():
			case <-r.Context().Done():
				return
			}
		case <-timer.C:
		case <-s.ctx.Done():
		case <-r.Context().Done():
			return
		}
	}
	out := struct {
		Version   uint64        `json:"version"`
		Owner     string        `json:"owner"`
		Linked    int           `json:"linked"` // devices
		Online    bool          `json:"online"`
		Available bool          `json:"available"`
		Codes     int           `json:"codes"`   // devices that wait for a code
		Showing   int           `json:"showing"` // devices that show a QR code
		Pending   int           `json:"pending"`
		Unknown   int           `json:"unknown"`
		Faults    int           `json:"faults"`
		People    []shownPerson `json:"people"`
		Phone     *shownPhone   `json:"phone"`
	}{
		Owner: s.owner.phone, Online: s.Online(), Available: s.Available(), Codes: s.owner.Codes(),
		Pending: s.Pending(), Faults: s.Faults(), People: []shownPerson{},
	}
	s.mu.Lock()
	out.Version, out.Linked, out.Showing, out.Unknown = s.version, len(s.live()), len(s.pairings), len(s.unknown)
	for _, p := range s.order {
		out.People = append(out.People, shownPerson{p.phone, p.name})
	}
	if p := s.people[r.FormValue("person")]; p != nil {
		phone := &shownPhone{shownPerson: shownPerson{p.phone, p.name}, Typing: p.typing, Unreadable: len(p.unreadable), Messages: []shownMessage{}}
		for id, c := range s.calls {
			if c.by == p && !c.ended && !c.rejected {
				phone.Call = id
			}
		}
		all := p.chat.messages
		for _, m := range all[max(0, len(all)-pageKeep):] {
			phone.Messages = append(phone.Messages, shownMessage{
				m.ID, m.FromMe, m.ByHand, m.At, m.Kind, m.Text, m.Quoted, m.Name, len(m.Media), m.Options, m.Latitude, m.Longitude,
				m.Edited, m.Revoked, m.Reaction, m.Ticks,
			})
		}
		out.Phone = phone
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // the browser is gone where this fails
}

// A deed is something that is done on the page.
type deed struct {
	Do        string  `json:"do"`
	Person    string  `json:"person"`
	Owner     bool    `json:"owner"` // it is the owner who does it, by hand
	Name      string  `json:"name"`
	Text      string  `json:"text"`
	Message   string  `json:"message"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Always    bool    `json:"always"`
}

func (s *Server) pageDo(w http.ResponseWriter, r *http.Request) {
	var d deed
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&d); err != nil {
		http.Error(w, "what was to be done could not be read", http.StatusBadRequest)
		return
	}
	if err := s.do(r.Context(), d); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// mostText is what WhatsApp's own apps take in one message (65,536 characters, as
// their help pages have it).
const mostText = 65536

func (s *Server) do(ctx context.Context, d deed) error {
	if len([]rune(d.Text)) > mostText {
		return errors.New("a message has 65,536 characters at most")
	}
	if did, err := s.doOwn(ctx, d); did {
		return err
	}
	if len(d.Person) < 7 || len(d.Person) > 15 || strings.Trim(d.Person, "0123456789") != "" || d.Person[0] == '0' || d.Person == s.owner.phone {
		return errors.New("a number is 7 to 15 digits, with the country's code and without +, and not the centre's own")
	}
	if d.Do == "person" {
		p := s.Person(d.Person)
		if d.Name != "" {
			p.Name(d.Name)
		}
		return nil
	}
	s.mu.Lock()
	p := s.people[d.Person]
	s.mu.Unlock()
	if p == nil {
		return errors.New("there is no such person yet")
	}
	if d.Owner {
		return s.owner.do(p, d)
	}
	return p.do(d)
}

// doOwn does what is about nobody, and says whether it was that.
func (s *Server) doOwn(ctx context.Context, d deed) (bool, error) {
	times := 1
	if d.Always {
		times = -1
	}
	ctx, cancel := context.WithTimeout(ctx, linkWait)
	defer cancel()
	switch d.Do {
	case "scan":
		return true, s.owner.Scan(ctx, d.Text)
	case "enter":
		return true, s.owner.Enter(ctx, d.Text)
	case "unlink":
		s.owner.Unlink()
	case "replace":
		s.Replace()
	case "ban":
		s.Ban(101, time.Hour)
	case "cut":
		s.Cut()
	case "outdated":
		s.Refuse(Refusal{Reason: 405, Times: times})
		s.Cut()
	case "limit":
		s.Fail(Fault{Nack: 463, Times: times})
	case "swallow":
		s.Fail(Fault{Times: times})
	case "lose":
		s.Fail(Fault{Done: true, Cut: true, Times: times})
	case "slow":
		s.Fail(Fault{Delay: 5 * time.Second, Times: times})
	case "heal":
		s.Heal()
	default:
		return false, nil
	}
	return true, nil
}

// do does what the owner does by hand in the chat with p.
func (o *Owner) do(p *Person, d deed) error {
	switch d.Do {
	case "say":
		if strings.TrimSpace(d.Text) != "" {
			o.Write(p, d.Text)
		}
	case "edit":
		o.Edit(p, d.Message, d.Text)
	case "revoke":
		o.Revoke(p, d.Message)
	case "react":
		o.React(p, d.Message, d.Text)
	case "see":
		o.See(p)
	default:
		return errors.New("the owner cannot do that here")
	}
	return nil
}

// do does what a person does.
func (p *Person) do(d deed) error {
	switch d.Do {
	case "say":
		if strings.TrimSpace(d.Text) != "" {
			p.Write(d.Text)
		}
	case "reply":
		p.Reply(d.Message, d.Text)
	case "edit":
		p.Edit(d.Message, d.Text)
	case "revoke":
		p.Revoke(d.Message)
	case "react":
		p.React(d.Message, d.Text)
	case "vote":
		p.Vote(d.Message, d.Text)
	case "place":
		p.Place(d.Latitude, d.Longitude, "")
	case "contact":
		p.Contact(d.Name, d.Text)
	case "see":
		p.See()
	case "type":
		p.Type()
	case "stop":
		p.Stop()
	case "call":
		p.Call(false)
	case "hangup":
		p.HangUp(d.Message)
	case "garbled":
		p.Garbled("This could not be read at first.", 1)
	case "reinstall":
		p.Reinstall()
	default:
		return errors.New("nobody can do that here")
	}
	return nil
}

// pageFile takes a file from somebody's disk.
func (s *Server) pageFile(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	p := s.people[q.Get("person")]
	s.mu.Unlock()
	if p == nil {
		http.Error(w, "there is no such person yet", http.StatusBadRequest)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostMedia))
	if err != nil {
		http.Error(w, "a file has 64 MB at most here", http.StatusRequestEntityTooLarge)
		return
	}
	seconds, _ := strconv.Atoi(q.Get("seconds"))
	caption, owner := q.Get("caption"), q.Get("owner") != ""
	switch kind := q.Get("kind"); {
	case kind == "voice" && owner:
		s.owner.Voice(p, data, seconds)
	case kind == "picture" && owner:
		s.owner.Picture(p, data, caption)
	case owner:
		http.Error(w, "the owner sends voice notes and pictures here", http.StatusBadRequest)
		return
	case kind == "voice":
		p.Voice(data, seconds)
	case kind == "picture":
		p.Picture(data, caption)
	case kind == "video":
		p.Video(data, caption)
	case kind == "sticker":
		p.Sticker(data)
	case kind == "document":
		mime := r.Header.Get("Content-Type")
		if mime == "" {
			mime = "application/octet-stream"
		}
		p.Document(path.Base(q.Get("name")), mime, data, caption)
	default:
		http.Error(w, "no such kind of file", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// pageMedia shows a file. Pictures and recordings are shown as what they are found
// to be, everything else is only to be saved.
func (s *Server) pageMedia(w http.ResponseWriter, r *http.Request) {
	var data []byte
	s.mu.Lock()
	if p := s.people[r.PathValue("person")]; p != nil {
		if m := p.chat.find(r.PathValue("id")); m != nil {
			data = m.Media
		}
	}
	s.mu.Unlock()
	if data == nil {
		http.NotFound(w, r)
		return
	}
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
