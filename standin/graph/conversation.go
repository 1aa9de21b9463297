// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"slices"
	"strings"
	"time"
)

// getPerson is GET /{psid}.
func (s *Server) getPerson(c *call, id string) (any, *refusal) {
	p := s.people[id]
	if s.denied["pages_user_profile"] || p.chat.acted.IsZero() {
		return nil, gone(c.method, id)
	}
	first, last, _ := strings.Cut(p.name, " ")
	return pick(obj{"id": id, "first_name": first, "last_name": last, "name": p.name, "locale": p.language, "profile_pic": "https://cdn.example/" + id + ".jpg"},
		c.args.text("fields"), "first_name", "last_name", "profile_pic"), nil
}

// stamp writes a time as Graph does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05-0700") }

// conversation is a talk as a node of the graph. The lock is held.
func (s *Server) conversation(p *Person) obj {
	page := obj{"id": s.o.PageID, "name": s.o.PageName, "email": s.o.PageID + "@facebook.com"}
	them := obj{"id": p.psid, "name": p.name, "email": p.psid + "@facebook.com"}
	node := obj{
		"id": "t_" + p.psid, "link": "/" + s.o.PageID + "/inbox/" + p.psid, "message_count": len(p.chat.messages),
		"updated_time": stamp(p.chat.messages[len(p.chat.messages)-1].At),
		"participants": obj{"data": []obj{them, page}},
		"can_reply":    !p.blocked && s.now().Sub(p.chat.acted) <= window,
	}
	node["messages"] = obj{"data": s.nodes(p)}
	return node
}

// nodes are a talk's messages, newest first. The lock is held.
func (s *Server) nodes(p *Person) []obj {
	page := obj{"id": s.o.PageID, "name": s.o.PageName, "email": s.o.PageID + "@facebook.com"}
	them := obj{"id": p.psid, "name": p.name, "email": p.psid + "@facebook.com"}
	var out []obj
	for _, m := range slices.Backward(p.chat.messages) {
		if m.Deleted {
			continue
		}
		n := obj{"id": m.ID, "created_time": stamp(m.At), "message": m.Text, "from": them, "to": obj{"data": []obj{page}}}
		if m.By != "person" {
			n["from"], n["to"] = page, obj{"data": []obj{them}}
		}
		if m.File != nil {
			a := obj{"id": m.File.ID, "mime_type": m.File.Type, "name": m.File.Name, "size": m.File.Size}
			if k := s.files.byID[m.File.ID]; k != nil {
				if m.Type == "image" {
					a["image_data"] = obj{"url": s.link(k)}
				} else {
					a["file_url"] = s.link(k)
				}
			}
			n["attachments"] = obj{"data": []obj{a}}
		}
		out = append(out, n)
	}
	return out
}

// conversations is GET /{page-id}/conversations: talks, the newest first.
func (s *Server) conversations(c *call, _ string) (any, *refusal) {
	if r := s.needs(200, "pages_messaging"); r != nil {
		return nil, r
	}
	if p := c.args.text("platform"); p != "" && p != "messenger" {
		return c.paged(nil, ""), nil
	}
	var talks []*Person
	for _, p := range s.guests {
		if len(p.chat.messages) > 0 && (!c.args.has("user_id") || c.args.text("user_id") == p.psid) {
			talks = append(talks, p)
		}
	}
	newest := func(p *Person) time.Time { return p.chat.messages[len(p.chat.messages)-1].At }
	slices.SortStableFunc(talks, func(a, b *Person) int { return newest(b).Compare(newest(a)) })
	all := make([]obj, len(talks))
	for i, p := range talks {
		all[i] = s.conversation(p)
	}
	return c.paged(all, c.args.text("fields"), "link", "updated_time"), nil
}

// talk finds the person of a conversation.
func (s *Server) talk(c *call, id string) (*Person, *refusal) {
	if r := s.needs(200, "pages_messaging"); r != nil {
		return nil, r
	}
	p := s.people[strings.TrimPrefix(id, "t_")]
	if p == nil || len(p.chat.messages) == 0 {
		return nil, gone(c.method, id)
	}
	return p, nil
}

func (s *Server) getConversation(c *call, id string) (any, *refusal) {
	p, r := s.talk(c, id)
	if r != nil {
		return nil, r
	}
	return pick(s.conversation(p), c.args.text("fields"), "link", "updated_time"), nil
}

// conversationMessages is GET /{conversation-id}/messages, newest first.
func (s *Server) conversationMessages(c *call, id string) (any, *refusal) {
	p, r := s.talk(c, id)
	if r != nil {
		return nil, r
	}
	return c.paged(s.nodes(p), c.args.text("fields"), "created_time"), nil
}

func (s *Server) getMessage(c *call, id string) (any, *refusal) {
	for _, p := range s.guests {
		for _, n := range s.nodes(p) {
			if n["id"] == id {
				return pick(n, c.args.text("fields"), "created_time"), nil
			}
		}
	}
	return nil, gone(c.method, id)
}
