// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"sarai/standin/page"
)

// what the page has of its own.
//
//go:embed static
var static embed.FS

const (
	linkWait = 20 * time.Second // for a device to sign
	pageKeep = 300              // messages that a phone shows
)

// page serves what one sees of the stand-in in a browser: people's phones and the
// owner's.
func (s *Server) page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/state", s.changes.State(s.ctx.Done(), s.pageState))
	mux.HandleFunc("POST /page/do", page.Do(s.do))
	mux.HandleFunc("POST /page/file", page.Upload(mostMedia, s.pageFile))
	mux.HandleFunc("GET /page/media/{person}/{id}", s.pageMedia)
	return page.Handler(static, mux)
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

// pageState is what the page shows, with one person's phone.
func (s *Server) pageState(r *http.Request) any {
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
	out.Version, out.Linked, out.Showing, out.Unknown = s.changes.Version(), len(s.live()), len(s.pairings), len(s.unknown)
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
	return out
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

// mostText is what WhatsApp's own apps take in one message (65,536 characters, as
// their help pages have it).
const mostText = 65536

var errNobody = errors.New("there is no such person yet")

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
		return errNobody
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
func (s *Server) pageFile(r *http.Request, data []byte) error {
	q := r.URL.Query()
	s.mu.Lock()
	p := s.people[q.Get("person")]
	s.mu.Unlock()
	if p == nil {
		return errNobody
	}
	seconds, _ := strconv.Atoi(q.Get("seconds"))
	caption, owner := q.Get("caption"), q.Get("owner") != ""
	switch kind := q.Get("kind"); {
	case kind == "voice" && owner:
		s.owner.Voice(p, data, seconds)
	case kind == "picture" && owner:
		s.owner.Picture(p, data, caption)
	case owner:
		return errors.New("the owner sends voice notes and pictures here")
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
		return errors.New("no such kind of file")
	}
	return nil
}

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
	page.Media(w, r, data)
}
