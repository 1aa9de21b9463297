// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const mostComment = 8000 // characters of a comment (observed)

// privately finds whom a private reply to a comment would reach, and refuses it
// where Meta does.
func (s *Server) privately(id string) (*Person, *comment, *refusal) {
	c := s.comments[id]
	switch {
	case c == nil || c.gone:
		return nil, nil, gone("post", id)
	case c.by == nil:
		return nil, nil, refuse(10903, 0, "(#10903) This user cant reply to this activity") // Pages cannot be answered
	case c.answered:
		return nil, nil, refuse(10900, 0, "(#10900) Activity already replied to")
	case s.now().Sub(c.at) > replyWindow:
		return nil, nil, refuse(10903, 0, "(#10903) This user cant reply to this activity") // the code is a guess
	case c.by.blocked:
		return nil, nil, refuse(551, 1545041, "(#551) This person isn't available right now.")
	}
	return c.by, c, nil
}

// node is a comment as Graph gives it. The lock is held.
func (c *comment) node(s *Server) obj {
	n := obj{
		"id": c.id, "message": c.text, "created_time": stamp(c.at), "is_hidden": c.hidden, "is_private": false,
		"can_hide": c.by != nil, "can_remove": true, "can_comment": true, "user_likes": false,
		"permalink_url": "https://www.facebook.com/" + strings.Replace(c.post.id, "_", "/posts/", 1) + "?comment_id=" + c.id,
	}
	_, _, no := s.privately(c.id)
	n["can_reply_privately"] = no == nil
	switch {
	case c.by == nil:
		n["from"] = obj{"id": s.o.PageID, "name": s.o.PageName}
	case !c.nameless && !s.denied["pages_read_user_content"]:
		n["from"] = obj{"id": c.by.public, "name": c.by.name}
	}
	if c.parent != nil {
		n["parent"] = obj{"id": c.parent.id, "message": c.parent.text, "created_time": stamp(c.parent.at)}
	}
	if c.photo {
		n["attachment"] = obj{"type": "photo", "url": "https://cdn.example/" + c.id, "media": obj{"image": obj{"src": "https://cdn.example/" + c.id + ".jpg"}}}
	}
	count := 0
	for _, x := range c.post.comments {
		if x.parent == c {
			count++
		}
	}
	n["comment_count"] = count
	return n
}

func (s *Server) readable() *refusal {
	if r := s.needs(10, "pages_read_engagement"); r != nil {
		return r
	}
	return s.needs(10, "pages_read_user_content")
}

// getComment is GET /{comment-id}.
func (s *Server) getComment(c *call, id string) (any, *refusal) {
	if r := s.readable(); r != nil {
		return nil, r
	}
	return pick(s.comments[id].node(s), c.args.text("fields"), "created_time", "from", "message"), nil
}

// hideComment is POST /{comment-id}: is_hidden, or the words of one of ours.
func (s *Server) hideComment(c *call, id string) (any, *refusal) {
	if r := s.needs(200, "pages_manage_engagement"); r != nil {
		return nil, r
	}
	it := s.comments[id]
	switch hidden := strings.ToLower(c.args.text("is_hidden")); {
	case hidden != "" && it.by == nil:
		return nil, refuse(100, 0, "(#100) This comment can't be hidden") // worded by guess
	case hidden == "true" || hidden == "1":
		s.hide(it, true)
	case hidden == "false" || hidden == "0":
		s.hide(it, false)
	case hidden == "" && c.args.has("message") && it.by == nil:
		it.text, it.edited = c.args.text("message"), true
		s.tell(it, "edited")
	case c.args.has("message"):
		return nil, refuse(200, 0, "(#200) Permissions error")
	default:
		return nil, refuse(100, 0, "(#100) Param is_hidden must be a boolean")
	}
	return obj{"success": true}, nil
}

// deleteComment is DELETE /{comment-id}: the Page's own, and others' under its posts.
func (s *Server) deleteComment(_ *call, id string) (any, *refusal) {
	if r := s.needs(200, "pages_manage_engagement"); r != nil {
		return nil, r
	}
	s.remove(s.comments[id])
	return obj{"success": true}, nil
}

// replyPublicly is POST /{comment-id}/comments, and under a post likewise.
func (s *Server) replyPublicly(c *call, id string) (any, *refusal) {
	if r := s.needs(200, "pages_manage_engagement"); r != nil {
		return nil, r
	}
	text := c.args.text("message")
	if strings.TrimSpace(text) == "" {
		return nil, refuse(100, 1366046, "(#100) A comment needs a message or an attachment") // worded by guess
	}
	if units(text) > mostComment {
		return nil, tooLong("message", mostComment)
	}
	if r := s.pacePublic(text); r != nil {
		return nil, r
	}
	return obj{"id": s.comment(id, nil, Remark{Text: text}).id}, nil
}

// getReplies is GET /{post-id}/comments or /{comment-id}/comments: by default those
// right under it, oldest first; filter=stream gives all, order=reverse_chronological
// the newest first, since and until (Unix seconds) only some.
func (s *Server) getReplies(c *call, id string) (any, *refusal) {
	if r := s.readable(); r != nil {
		return nil, r
	}
	p, parent := s.under(id)
	stream := c.args.text("filter") == "stream" && parent == nil
	var all []obj
	for _, x := range p.comments {
		if (x.parent == parent || stream) && c.within(x.at) {
			all = append(all, x.node(s))
		}
	}
	if c.args.text("order") == "reverse_chronological" {
		slices.Reverse(all)
	}
	return c.paged(all, c.args.text("fields"), "created_time", "from", "message"), nil
}

// within says whether a moment lies between since and until.
func (c *call) within(t time.Time) bool {
	since, err := strconv.ParseInt(c.args.text("since"), 10, 64)
	if err == nil && t.Unix() < since {
		return false
	}
	until, err := strconv.ParseInt(c.args.text("until"), 10, 64)
	return err != nil || t.Unix() <= until
}

// node is a post as Graph gives it. The lock is held.
func (p *post) node(s *Server) obj {
	var top []obj
	for _, c := range p.comments {
		if c.parent == nil {
			top = append(top, c.node(s))
		}
	}
	return obj{
		"id": p.id, "message": p.text, "created_time": stamp(p.at), "updated_time": stamp(p.at), "is_published": true,
		"from":          obj{"id": s.o.PageID, "name": s.o.PageName},
		"permalink_url": "https://www.facebook.com/" + strings.Replace(p.id, "_", "/posts/", 1),
		"comments":      obj{"data": top},
	}
}

func (s *Server) getPost(c *call, id string) (any, *refusal) {
	if r := s.needs(10, "pages_read_engagement"); r != nil {
		return nil, r
	}
	return pick(s.postOf(id).node(s), c.args.text("fields"), "created_time", "message"), nil
}

// getFeed is GET /{page-id}/feed: posts, the newest first.
func (s *Server) getFeed(c *call, _ string) (any, *refusal) {
	if r := s.needs(10, "pages_read_engagement"); r != nil {
		return nil, r
	}
	var all []obj
	for _, p := range slices.Backward(s.posts) {
		if c.within(p.at) {
			all = append(all, p.node(s))
		}
	}
	return c.paged(all, c.args.text("fields"), "created_time", "message"), nil
}

// publishThroughAPI is POST /{page-id}/feed.
func (s *Server) publishThroughAPI(c *call, _ string) (any, *refusal) {
	if r := s.needs(200, "pages_manage_posts"); r != nil {
		return nil, r
	}
	if !c.args.has("message") {
		return nil, refuse(100, 0, "(#100) The parameter message is required")
	}
	return obj{"id": s.publish(c.args.text("message")).id}, nil
}
