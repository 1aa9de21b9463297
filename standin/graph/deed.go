// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// A deed is something that is done on the page.
type deed struct {
	Do        string  `json:"do"`
	Who       string  `json:"who"`
	As        string  `json:"as"` // who comments: m:PSID, or "" for a colleague
	Text      string  `json:"text"`
	Name      string  `json:"name"`
	Message   string  `json:"message"` // or comment
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Always    bool    `json:"always"`
	All       bool    `json:"all"` // of the program's calls, not only what it sends
}

var (
	errNobody = errors.New("there is no such person or post")
	errNoDeed = errors.New("nobody can do that here")
	errNoGood = errors.New("that is not there, or cannot be done now")
)

func (s *Server) do(_ context.Context, d deed) error {
	if f, ok := faultOf(d); ok {
		pattern := "POST /*/messages"
		if d.All {
			pattern = ""
		}
		s.Fail(pattern, f)
		return nil
	}
	switch d.Do { // what is about nobody
	case "heal":
		s.Heal()
		return nil
	case "deliver":
		s.hurry()
		return nil
	case "publish":
		if strings.TrimSpace(d.Text) == "" {
			return errors.New("a post has words")
		}
		s.Publish(d.Text)
		return nil
	case "person", "contact":
		if !digits(d.Text) || len(d.Text) > 20 {
			return errors.New("an id or a number is made of 1 to 20 digits")
		}
		if d.Do == "person" {
			s.Person(d.Text, d.Name)
		} else {
			s.Contact(d.Text, d.Name)
		}
		return nil
	}
	kind, id, _ := strings.Cut(d.Who, ":")
	s.mu.Lock()
	p, c, post := s.people[id], s.contacts[id], s.postOf(id)
	s.mu.Unlock()
	switch {
	case kind == "m" && p != nil:
		return p.do(d)
	case kind == "w" && c != nil:
		return c.do(d)
	case kind == "p" && post != nil:
		return s.underPost(post.id, d)
	}
	return errNobody
}

// faultOf is the fault that a button stands for.
func faultOf(d deed) (Fault, bool) {
	f, ok := map[string]Fault{
		"throttle": {Code: 4, Status: http.StatusForbidden, Message: "(#4) Application request limit reached", Regain: 1},
		"break":    {},
		"token":    {Code: 190, Subcode: 463, Status: http.StatusUnauthorized, Message: "Error validating access token: Session has expired"},
		"silence":  {Hang: true},
		"lose":     {Cut: true, Done: true},
	}[d.Do]
	if d.Always {
		f.Times = -1
	}
	return f, ok
}

// ok is no error where something was done.
func ok(done bool) error {
	if !done {
		return errNoGood
	}
	return nil
}

// do is what somebody does on Messenger.
func (p *Person) do(d deed) error {
	switch d.Do {
	case "say":
		if units(d.Text) > 20000 {
			return errors.New("that is too long")
		}
		return ok(p.Say(d.Text) != "")
	case "tap":
		return ok(p.Tap(d.Text) != "")
	case "press":
		return ok(p.Press(d.Message, d.Text) != "")
	case "start":
		return ok(p.Start(d.Text) != "")
	case "breaker":
		return ok(p.Break(d.Text) != "")
	case "menu":
		return ok(p.Menu(d.Text) != "")
	case "refer":
		p.Refer(d.Text)
	case "edit":
		return ok(p.Edit(d.Message, d.Text))
	case "unsend":
		return ok(p.Unsend(d.Message))
	case "react":
		return ok(p.React(d.Message, d.Text))
	case "place":
		return ok(p.Place(d.Latitude, d.Longitude) != "")
	case "read":
		p.Read()
	case "speak":
		p.Speak(d.Text)
	case "block":
		p.Block()
	case "unblock":
		p.Unblock()
	case "answer":
		p.Answer(Inbox, d.Text)
	case "standby":
		p.Standby(true)
	case "back":
		p.Standby(false)
	case "strange":
		return ok(p.Strange() != "")
	default:
		return errNoDeed
	}
	return nil
}

// do is what somebody does on WhatsApp.
func (c *Contact) do(d deed) error {
	switch d.Do {
	case "say":
		return ok(c.Say(d.Text) != "")
	case "press":
		return ok(c.Press(d.Message, d.Text) != "")
	case "edit":
		return ok(c.Edit(d.Message, d.Text))
	case "unsend":
		return ok(c.Revoke(d.Message))
	case "react":
		return ok(c.React(d.Message, d.Text))
	case "place":
		return ok(c.Place(d.Latitude, d.Longitude, "") != "")
	case "card":
		return ok(c.Card("Somebody Else", d.Text) != "")
	case "read":
		c.Read()
	case "play":
		return ok(c.Play(d.Message))
	case "username":
		c.Username(d.Text)
	case "block":
		c.Block()
	case "unblock":
		c.Unblock()
	case "answer":
		c.Answer(d.Text)
	case "strange":
		return ok(c.Strange() != "")
	default:
		return errNoDeed
	}
	return nil
}

// underPost is what somebody, or a colleague, does under a post.
func (s *Server) underPost(post string, d deed) error {
	s.mu.Lock()
	as := s.people[strings.TrimPrefix(d.As, "m:")]
	var by *Person
	if c := s.comments[d.Message]; c != nil {
		by = c.by
	}
	s.mu.Unlock()
	under := d.Message
	if under == "" {
		under = post
	}
	switch d.Do {
	case "say":
		if strings.TrimSpace(d.Text) == "" {
			return errors.New("a comment has words")
		}
		if as == nil {
			return ok(s.PageComment(under, d.Text) != "")
		}
		return ok(as.Comment(under, Remark{Text: d.Text}) != "")
	case "picture":
		return ok(as != nil && as.Comment(under, Remark{Photo: true}) != "")
	case "edit":
		return ok(by != nil && by.Recomment(d.Message, d.Text))
	case "unsend":
		if by == nil {
			return ok(s.Remove(d.Message))
		}
		return ok(by.Uncomment(d.Message))
	case "hide", "unhide":
		return ok(s.Hide(d.Message, d.Do == "hide"))
	case "private":
		return ok(s.AnswerPrivately(d.Message, d.Text) != "")
	}
	return errNoDeed
}
