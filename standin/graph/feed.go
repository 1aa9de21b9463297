// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	keptPosts    = 100
	keptComments = 1000 // under one post
)

// A Remark is what somebody writes under a post.
type Remark struct {
	Text     string
	Tags     []string // names of people that are tagged, before the text; alone they are all of it
	Photo    bool     // a picture, with or without text
	Nameless bool     // the event has no from, as where a permission is missing
}

// A Comment is one under a post.
type Comment struct {
	ID       string    `json:"id"`
	Post     string    `json:"post"`
	Parent   string    `json:"parent,omitempty"` // the comment that it answers, "" for one under the post
	From     string    `json:"from"`             // public id; the Page's own for its comments
	Name     string    `json:"name"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
	Hidden   bool      `json:"hidden,omitempty"`
	Edited   bool      `json:"edited,omitempty"`
	Answered bool      `json:"answered,omitempty"` // privately, by whomever
}

type post struct {
	id, text string
	at       time.Time
	comments []*comment // oldest first
}

type comment struct {
	id       string
	post     *post
	parent   *comment // nil under the post itself
	by       *Person  // nil for the Page
	text     string
	at       time.Time
	photo    bool
	nameless bool
	hidden   bool
	edited   bool
	answered bool
	gone     bool
}

// Publish makes a post of the Page and gives its id, PAGE_NUMBER. The feed tells the
// program of it.
func (s *Server) Publish(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publish(text).id
}

func (s *Server) publish(text string) *post {
	p := &post{id: s.o.PageID + "_" + strconv.FormatInt(s.number(), 10), text: text, at: s.now()}
	s.posts = append(s.posts, p)
	if len(s.posts) > keptPosts {
		for _, c := range s.posts[0].comments {
			delete(s.comments, c.id)
		}
		s.posts = slices.Delete(s.posts, 0, 1)
	}
	s.feed(obj{
		"from": obj{"id": s.o.PageID, "name": s.o.PageName}, "item": "status", "verb": "add", "published": 1,
		"post_id": p.id, "created_time": p.at.Unix(), "message": text,
	})
	s.touch()
	return p
}

// postOf finds a post by its id, with or without the Page's in front.
func (s *Server) postOf(id string) *post {
	for _, p := range s.posts {
		if p.id == id || p.id == s.o.PageID+"_"+id {
			return p
		}
	}
	return nil
}

// feed tells the program of something under the Page's posts. The lock is held.
func (s *Server) feed(value obj) {
	if s.fields["feed"] {
		s.push(Messenger, obj{"id": s.o.PageID, "time": s.now().Unix(), "changes": []obj{{"field": "feed", "value": value}}})
	}
	s.touch()
}

// tell tells the program what became of a comment. The lock is held.
func (s *Server) tell(c *comment, verb string) {
	parent := c.post.id
	if c.parent != nil {
		parent = c.parent.id
	}
	v := obj{"item": "comment", "verb": verb, "post_id": c.post.id, "comment_id": c.id, "parent_id": parent, "created_time": c.at.Unix()}
	switch {
	case c.by == nil:
		v["from"] = obj{"id": s.o.PageID, "name": s.o.PageName}
	case !c.nameless && !s.denied["pages_read_user_content"]:
		v["from"] = obj{"id": c.by.public, "name": c.by.name}
	}
	if verb == "add" || verb == "edited" {
		if c.text != "" {
			v["message"] = c.text
		}
		if c.photo {
			v["photo"] = "https://cdn.example/" + c.id + ".jpg"
		}
	}
	if verb == "add" {
		_, number, _ := strings.Cut(c.post.id, "_")
		v["post"] = obj{
			"id": c.post.id, "status_type": "mobile_status_update", "is_published": true, "promotion_status": "inactive",
			"updated_time": stamp(s.now()), "permalink_url": "https://www.facebook.com/" + s.o.PageID + "/posts/" + number,
		}
	}
	s.feed(v)
}

// under finds what a comment would stand under. The lock is held.
func (s *Server) under(id string) (*post, *comment) {
	if c := s.comments[id]; c != nil && !c.gone {
		return c.post, c
	}
	return s.postOf(id), nil
}

// comment puts a comment under a post or a comment; nil where there is no such
// thing. The lock is held.
func (s *Server) comment(under string, by *Person, r Remark) *comment {
	p, parent := s.under(under)
	if p == nil {
		return nil
	}
	_, number, _ := strings.Cut(p.id, "_")
	c := &comment{
		id: number + "_" + strconv.FormatInt(s.number(), 10), post: p, parent: parent, by: by, at: s.now(),
		text: strings.TrimSpace(strings.Join(append(slices.Clone(r.Tags), r.Text), " ")), photo: r.Photo, nameless: r.Nameless,
	}
	p.comments = append(p.comments, c)
	s.comments[c.id] = c
	if len(p.comments) > keptComments {
		delete(s.comments, p.comments[0].id)
		p.comments = slices.Delete(p.comments, 0, 1)
	}
	s.tell(c, "add")
	return c
}

// Comment writes under a post or under a comment, whose id under is. It gives the
// comment's id, and "" where there is no such thing.
func (p *Person) Comment(under string, r Remark) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.comment(under, p, r)
	if c == nil {
		return ""
	}
	return c.id
}

// mine is a comment of the person's that is still there. The lock is held.
func (p *Person) mine(id string) *comment {
	c := p.s.comments[id]
	if c == nil || c.gone || c.by != p {
		return nil
	}
	return c
}

// Recomment changes one of the person's comments. It says whether it did.
func (p *Person) Recomment(id, text string) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c := p.mine(id)
	if c == nil {
		return false
	}
	c.text, c.edited = text, true
	p.s.tell(c, "edited")
	return true
}

// Uncomment removes one of the person's comments and all replies under it. It says
// whether it did.
func (p *Person) Uncomment(id string) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c := p.mine(id)
	if c == nil {
		return false
	}
	p.s.remove(c)
	return true
}

// remove takes a comment and the replies under it away. Only of the comment itself
// does the program hear. The lock is held.
func (s *Server) remove(c *comment) {
	s.tell(c, "remove")
	s.vanish(c)
	s.touch()
}

func (s *Server) vanish(c *comment) {
	c.gone = true
	delete(s.comments, c.id)
	c.post.comments = slices.DeleteFunc(c.post.comments, func(x *comment) bool { return x == c })
	for _, x := range slices.Clone(c.post.comments) {
		if x.parent == c {
			s.vanish(x)
		}
	}
}

// PageComment is a colleague commenting as the Page, outside the program. It gives
// the comment's id, and "" where there is nothing of the id under.
func (s *Server) PageComment(under, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.comment(under, nil, Remark{Text: text})
	if c == nil {
		return ""
	}
	return c.id
}

// Hide is a colleague hiding a comment, or showing it again. It says whether there
// is such a comment.
func (s *Server) Hide(id string, hidden bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.comments[id]
	if c == nil {
		return false
	}
	s.hide(c, hidden)
	return true
}

// hide hides or shows a comment. The lock is held.
func (s *Server) hide(c *comment, hidden bool) {
	if c.hidden == hidden {
		return
	}
	c.hidden = hidden
	verb := "unhide"
	if hidden {
		verb = "hide"
	}
	s.tell(c, verb)
}

// Remove is a colleague removing a comment and all replies under it. It says whether
// there was such a comment.
func (s *Server) Remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.comments[id]
	if c == nil {
		return false
	}
	s.remove(c)
	return true
}

// AnswerPrivately is a colleague answering a comment privately in the Page's inbox:
// an echo, and the program's own private reply is then refused by 10900. It gives
// the mid, and "" where there is no such comment of a person's or it is answered.
func (s *Server) AnswerPrivately(comment, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.comments[comment]
	if c == nil || c.by == nil || c.answered {
		return ""
	}
	c.answered = true
	return s.colleague(c.by, Inbox, &Message{Text: text, Private: comment})
}

func (c *comment) shown(s *Server) Comment {
	out := Comment{ID: c.id, Post: c.post.id, From: s.o.PageID, Name: s.o.PageName, Text: c.text, At: c.at, Hidden: c.hidden, Edited: c.edited, Answered: c.answered}
	if c.parent != nil {
		out.Parent = c.parent.id
	}
	if c.by != nil {
		out.From, out.Name = c.by.public, c.by.name
	}
	return out
}

// Comments are those under a post, oldest first, hidden ones included, removed ones
// not.
func (s *Server) Comments(post string) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.postOf(post)
	if p == nil {
		return nil
	}
	var out []Comment
	for _, c := range p.comments {
		out = append(out, c.shown(s))
	}
	return out
}

// Posts are the ids of the Page's posts, oldest first.
func (s *Server) Posts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, p := range s.posts {
		out = append(out, p.id)
	}
	return out
}
