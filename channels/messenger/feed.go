// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sarai/channels"
	"sarai/channels/meta"
)

// A change is what happened under the Page's posts.
type change struct {
	From    *party    `json:"from"`
	Sender  meta.ID   `json:"sender_id"` // in place of from (observed, old)
	Post    meta.ID   `json:"post_id"`
	Comment meta.ID   `json:"comment_id"`
	Parent  meta.ID   `json:"parent_id"`
	Created meta.Time `json:"created_time"`
	Item    string    `json:"item"`
	Verb    string    `json:"verb"`
	Message string    `json:"message"`
	Tags    []tag     `json:"message_tags"`
	Photo   string    `json:"photo"`
	Video   string    `json:"video"`
	Link    string    `json:"permalink_url"` // of the comment, where Graph was asked
	Of      struct {
		Link string `json:"permalink_url"`
	} `json:"post"`
}

type tag struct {
	Name string `json:"name"`
}

// feed makes an event of a change under the Page's posts. Of all that happens
// there only comments of others are ours.
func (r reader) feed(e meta.Event, now time.Time) reading {
	if !r.comments {
		return ignored
	}
	var c change
	err := json.Unmarshal(e.Body, &c)
	at := e.Time.Time
	if at.IsZero() {
		at = c.Created.Time
	}
	if at.IsZero() {
		at = now.UTC()
	}
	out := r.happened(c, at, e.Body)
	if err != nil && len(out.In) > 0 { // only half of it was read
		out = c.strange(at, e.Body)
	}
	return out
}

// happened makes an event of what was told of a comment, or is nothing that
// anybody waits for. at is when it was told.
func (r reader) happened(c change, at time.Time, raw []byte) reading {
	from := c.Sender
	if c.From != nil && c.From.ID != "" {
		from = c.From.ID
	}
	switch {
	case c.Item == "":
		return unread
	case c.Item != "comment", from == r.page: // likes, posts and shares; our own came back
		return ignored
	case !commentID.MatchString(string(c.Comment)):
		return unread
	}
	in := channels.Inbound{From: ofComment(c.Comment), At: at, ID: c.id(c.Verb)}
	switch c.Verb {
	case "add":
		in.Kind, in.Text, in.Comment = channels.Comment, c.Message, c.place(from)
		if !c.Created.IsZero() {
			in.At = c.Created.Time
		}
		for _, m := range []channels.Media{{Ref: c.Photo, Type: "image/jpeg"}, {Ref: c.Video, Type: "video/mp4"}} {
			if m.Ref != "" && r.ofMeta(m.Ref) {
				in.Media = append(in.Media, m)
			}
		}
	case "edited", "edit":
		in.Kind, in.Text, in.Comment = channels.Edited, c.Message, c.place(from)
		in.Of, in.ID = c.id("add"), c.id("edited")+"/"+hash(c.Message)
	case "remove", "delete":
		in.Kind, in.Of, in.ID = channels.Deleted, c.id("add"), c.id("remove")
	case "hide", "unhide":
		in.Kind, in.Of = channels.Hidden, c.id("add")
		if c.Verb == "unhide" {
			in.Text = "shown"
		}
		// Hidden, shown and hidden again is two events, of one comment and verb.
		in.ID += "/" + strconv.FormatInt(at.Unix(), 10)
	default:
		return c.strange(at, raw)
	}
	return one(in)
}

// strange keeps what nobody understands of a comment.
func (c change) strange(at time.Time, raw []byte) reading {
	return one(channels.Inbound{
		From: ofComment(c.Comment), At: at, ID: string(c.Comment) + "/strange/" + hash(string(raw)),
		Kind: channels.Unknown, Raw: bytes.Clone(raw),
	})
}

// id names what happened to a comment, the same however often it is told.
func (c change) id(verb string) string {
	return string(c.Comment) + "/" + verb + "/" + strconv.FormatInt(max(0, c.Created.Unix()), 10)
}

// place says where a comment stands.
func (c change) place(from meta.ID) *channels.Commented {
	p := &channels.Commented{
		ID: string(c.Comment), Post: string(c.Post), Link: c.link(), Person: string(from), Tags: onlyTags(c.Message, c.Tags),
	}
	if c.Parent != c.Post {
		p.Parent = string(c.Parent)
	}
	return p
}

// link is where a comment can be read: Meta's own address of it, or that of its
// post with the comment's number.
func (c change) link() string {
	if ofFacebook(c.Link) {
		return c.Link
	}
	if ofFacebook(c.Of.Link) {
		u, _ := url.Parse(c.Of.Link) // it was parsed a moment ago
		q := u.Query()
		q.Set("comment_id", string(c.Comment[strings.LastIndexByte(string(c.Comment), '_')+1:]))
		u.RawQuery = q.Encode()
		return u.String()
	}
	return "https://www.facebook.com/" + string(c.Comment)
}

func ofFacebook(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.User == nil && (u.Host == "facebook.com" || strings.HasSuffix(u.Host, ".facebook.com"))
}

// onlyTags says whether a text names people and says nothing beside. Where Meta
// does not give the tags, only those with a sign before them are known.
func onlyTags(text string, tags []tag) bool {
	whole := text
	for _, t := range tags {
		text = strings.Replace(text, t.Name, "", 1)
	}
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "@") {
			text = strings.Replace(text, word, "", 1)
		}
	}
	if text == whole {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsSymbol(r) })
}
