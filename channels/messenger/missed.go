// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

const (
	// settle is how old a message must be before it counts as missed: the webhook
	// tells more of it, which button was pressed for instance, and comes first.
	settle = 2 * time.Minute
	// furthest is how far back is looked after a long stop.
	furthest = 30 * 24 * time.Hour
	// mostPages and postPages are how many answers are read for one look, of mostly
	// 25 talks or posts each; what a Page has beyond is told by its webhook alone.
	mostPages = 40
	postPages = 4
	// alwaysPosts are so many of the newest posts that are looked under whatever
	// Graph says of when they changed.
	alwaysPosts = 25
)

// The notes of up to when everything was taken in.
const (
	noteMessages = "messenger-messages"
	noteComments = "messenger-comments"
)

// catchUp takes in what was said since the last look and what the webhook may not
// have told. What it did tell has the same IDs and changes nothing.
func (c *Channel) catchUp(ctx context.Context, sink channels.Sink, started time.Time) error {
	err := c.since(ctx, noteMessages, started, sink, c.missedMessages)
	if c.o.Comments {
		err = errors.Join(err, c.since(ctx, noteComments, started, sink, c.missedComments))
	}
	return err
}

// since does one look from where the last one ended, and notes how far it came.
// Without a note nothing before the start is looked at: it would be answered.
func (c *Channel) since(ctx context.Context, note string, started time.Time, sink channels.Sink, look func(ctx context.Context, since, until time.Time) ([]channels.Inbound, error)) error {
	until := c.o.Now().Add(-settle)
	since := started
	if t, err := c.cursor(ctx, note); err != nil {
		return err
	} else if !t.IsZero() {
		since = t
	}
	if oldest := until.Add(-furthest); since.Before(oldest) {
		since = oldest
	}
	if since.Before(until) {
		in, err := look(ctx, since, until)
		if err != nil {
			return err
		}
		if len(in) > 0 {
			if err := meta.Give(ctx, sink, in); err != nil {
				return err
			}
		}
	} else {
		until = since
	}
	return c.setCursor(ctx, note, until)
}

// cursor gives up to when everything was taken in.
func (c *Channel) cursor(ctx context.Context, note string) (time.Time, error) {
	s, err := c.o.Notebook.Note(ctx, note)
	if err != nil || s == "" {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, nil // from another version: as if there were none
	}
	return t, nil
}

func (c *Channel) setCursor(ctx context.Context, note string, t time.Time) error {
	return c.o.Notebook.SetNote(ctx, note, t.UTC().Format(time.RFC3339))
}

// A memory is a Notebook that lasts as long as the process. The zero value is empty.
type memory struct{ notes sync.Map }

func (m *memory) Note(_ context.Context, name string) (string, error) {
	s, _ := m.notes.Load(name)
	value, _ := s.(string)
	return value, nil
}

func (m *memory) SetNote(_ context.Context, name, value string) error {
	m.notes.Store(name, value)
	return nil
}

// A list is a part of what Graph gives of something.
type list[T any] struct {
	Data   []T `json:"data"`
	Paging struct {
		Cursors struct {
			After string `json:"after"`
		} `json:"cursors"`
		Next string `json:"next"` // holds the token: it is only looked whether it is there
	} `json:"paging"`
}

// walk reads a list part by part, at most pages, until each says that it needs no more.
func walk[T any](ctx context.Context, g *meta.Graph, path string, query url.Values, pages int, each func(T) (more bool)) error {
	for range pages {
		var part list[T]
		if err := g.Do(ctx, http.MethodGet, path, query, &part); err != nil {
			return err
		}
		for _, x := range part.Data {
			if !each(x) {
				return nil
			}
		}
		if part.Paging.Next == "" || part.Paging.Cursors.After == "" {
			return nil
		}
		query.Set("after", part.Paging.Cursors.After)
	}
	return nil
}

// The shapes of talks (docs/graph-api/reference/page/conversations).
type (
	conversation struct {
		Updated  meta.Time      `json:"updated_time"`
		Messages list[pastWord] `json:"messages"`
	}
	pastWord struct {
		ID          meta.ID        `json:"id"`
		Created     meta.Time      `json:"created_time"`
		From        party          `json:"from"`
		Message     string         `json:"message"`
		Sticker     string         `json:"sticker"`
		Attachments list[pastFile] `json:"attachments"`
		Shares      list[struct {
			Link string `json:"link"`
			Name string `json:"name"`
		}] `json:"shares"`
	}
	pastFile struct {
		Type  string  `json:"mime_type"`
		Name  string  `json:"name"`
		Size  int64   `json:"size"`
		File  string  `json:"file_url"`
		Image *source `json:"image_data"`
		Video *source `json:"video_data"`
	}
	source struct {
		URL string `json:"url"`
	}
)

// missedMessages are what people wrote in a span of time. Of what the Page wrote
// Graph does not say by whom, so it is left; a pressed button is the words on it.
// Of each talk Graph gives the newest messages only.
func (c *Channel) missedMessages(ctx context.Context, since, until time.Time) ([]channels.Inbound, error) {
	query := url.Values{
		"platform": {"messenger"},
		"fields":   {"updated_time,messages.limit(50){id,created_time,from,message,sticker,shares{link,name},attachments{mime_type,name,size,file_url,image_data{url},video_data{url}}}"},
		"limit":    {"25"},
	}
	var all []channels.Inbound
	err := walk(ctx, c.graph, "/"+c.o.PageID+"/conversations", query, mostPages, func(talk conversation) bool {
		if talk.Updated.Before(since) && !talk.Updated.IsZero() {
			return false // the newest come first
		}
		for _, w := range talk.Messages.Data {
			if w.Created.Before(since) || w.Created.After(until) {
				continue
			}
			if in, ok := w.event(meta.ID(c.o.PageID)); ok {
				all = append(all, in)
			}
		}
		return true
	})
	return all, err
}

// event makes of a past message what the webhook would have made of it.
func (w pastWord) event(page meta.ID) (channels.Inbound, bool) {
	if w.ID == "" || w.From.ID == page || !personID.MatchString(string(w.From.ID)) {
		return channels.Inbound{}, false
	}
	in := channels.Inbound{From: address(w.From.ID), ID: string(w.ID), At: w.Created.Time, Kind: channels.Text, Text: w.Message}
	for _, s := range w.Shares.Data {
		if !strings.Contains(in.Text, s.Link) {
			in.Text = lines(in.Text, s.Name, s.Link)
		}
	}
	if w.Sticker != "" {
		in.Kind = channels.Sticker
	}
	for _, f := range w.Attachments.Data {
		m := channels.Media{Ref: f.File, Type: f.Type, Size: f.Size}
		kind := channels.Document
		switch general, _, _ := strings.Cut(f.Type, "/"); {
		case f.Image != nil:
			kind, m.Ref = channels.Picture, f.Image.URL
		case f.Video != nil:
			kind, m.Ref = channels.Video, f.Video.URL
		case general == "image":
			kind = channels.Picture
		case general == "video":
			kind = channels.Video
		case general == "audio":
			kind = channels.Voice
		default:
			m.Name = cleanName(f.Name)
		}
		if m.Ref == "" {
			continue
		}
		if in.Kind == channels.Text {
			in.Kind = kind
		}
		in.Media = append(in.Media, m)
	}
	if in.Kind == channels.Text && in.Text == "" {
		in.Kind, in.Raw = channels.Unknown, []byte(`{"message":"Graph gives nothing of it"}`)
	}
	return in, true
}

// The shapes of posts and their comments (docs/graph-api/reference/page/feed).
type (
	pastPost struct {
		ID      meta.ID   `json:"id"`
		Updated meta.Time `json:"updated_time"` // also by a comment
	}
	pastComment struct {
		ID         meta.ID   `json:"id"`
		Created    meta.Time `json:"created_time"`
		From       *party    `json:"from"`
		Parent     *party    `json:"parent"`
		Message    string    `json:"message"`
		Tags       []tag     `json:"message_tags"`
		Link       string    `json:"permalink_url"`
		Attachment struct {
			Media struct {
				Image struct {
					Src string `json:"src"`
				} `json:"image"`
			} `json:"media"`
		} `json:"attachment"`
	}
)

// missedComments are what was said under the newest posts in a span of time. What
// was changed, hidden or removed meanwhile Graph does not tell.
func (c *Channel) missedComments(ctx context.Context, since, until time.Time) ([]channels.Inbound, error) {
	var posts []meta.ID
	seen := 0
	query := url.Values{"fields": {"id,updated_time"}, "limit": {"25"}}
	err := walk(ctx, c.graph, "/"+c.o.PageID+"/feed", query, postPages, func(post pastPost) bool {
		seen++
		if commentID.MatchString(string(post.ID)) && (seen <= alwaysPosts || !post.Updated.Before(since)) {
			posts = append(posts, post.ID)
		}
		return true
	})
	var all []channels.Inbound
	for _, post := range posts {
		if err != nil {
			break
		}
		query := url.Values{
			"fields": {"id,created_time,from,parent{id},message,message_tags,permalink_url,attachment"},
			"filter": {"stream"}, "order": {"reverse_chronological"}, "limit": {"50"},
		}
		err = walk(ctx, c.graph, "/"+string(post)+"/comments", query, mostPages, func(x pastComment) bool {
			if x.Created.Before(since) {
				return false // the newest come first
			}
			if !x.Created.After(until) {
				all = append(all, c.reader.happened(x.change(post), x.Created.Time, nil).In...)
			}
			return true
		})
	}
	return all, err
}

// change is what the webhook would have told of a comment.
func (x pastComment) change(post meta.ID) change {
	c := change{
		Post: post, Parent: post, Comment: x.ID, Created: x.Created, Item: "comment", Verb: "add",
		Message: x.Message, Tags: x.Tags, Link: x.Link, Photo: x.Attachment.Media.Image.Src, From: x.From,
	}
	if x.Parent != nil && x.Parent.ID != "" {
		c.Parent = x.Parent.ID
	}
	return c
}
