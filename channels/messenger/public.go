// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sarai/channels"
	"sarai/channels/meta"
)

// Comment puts a line under a comment, in the Page's name and for everybody to
// see. Before it does, it looks whether the same line of the Page stands there
// already: a try before may have had no answer, and nobody should read it twice.
func (c *Channel) Comment(ctx context.Context, under, key, text string) (string, error) {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	switch {
	case !commentID.MatchString(under):
		return "", &channels.SendError{Problem: channels.Rejected, Cause: "there is no such comment"}
	case text == "":
		return "", &channels.SendError{Problem: channels.Rejected, Cause: "there are no words in it"}
	}
	path := "/" + under + "/comments"
	before := c.ledger.note(publicKey+key, func(*progress) {})
	if before.whole {
		return before.mid, nil
	}
	id, err := c.ownLine(ctx, path, text)
	switch {
	case err != nil && before.unsure:
		return "", meta.Problem(err) // it may stand there: not before it is known
	case id == "":
		c.ledger.note(lineKey+hash(text), func(p *progress) { p.whole = true })
		var answer struct {
			ID meta.ID `json:"id"`
		}
		err = c.graph.Do(ctx, http.MethodPost, path, map[string]string{"message": text}, &answer)
		id = string(answer.ID)
	}
	var problem *channels.SendError
	if errors.As(err, &problem) && id == "" {
		c.ledger.note(publicKey+key, func(p *progress) { p.unsure = p.unsure || problem.Problem == channels.NoAnswer })
		return "", problem
	}
	c.ledger.note(publicKey+key, func(p *progress) { p.whole, p.mid = true, id })
	return id, nil
}

// The ledger keeps public lines apart from messages: how far each got, by its key,
// and which were ever written, by their words.
const (
	publicKey = "public:"
	lineKey   = "line:"
)

// ownLine finds the Page's own line with this text, "" where there is none.
func (c *Channel) ownLine(ctx context.Context, path, text string) (id string, err error) {
	query := url.Values{"fields": {"id,from,message"}, "order": {"reverse_chronological"}, "limit": {"50"}}
	err = walk(ctx, c.graph, path, query, 2, func(x pastComment) bool {
		if x.From != nil && string(x.From.ID) == c.o.PageID && strings.TrimSpace(x.Message) == text {
			id = string(x.ID)
		}
		return id == ""
	})
	return id, err
}

// Hide takes a comment out of public sight, or puts it back. Whoever wrote it and
// their friends see it all the same: that is how Facebook hides.
func (c *Channel) Hide(ctx context.Context, comment string, hide bool) error {
	if !commentID.MatchString(comment) {
		return &channels.SendError{Problem: channels.Rejected, Cause: "there is no such comment"}
	}
	return meta.Problem(c.graph.Do(ctx, http.MethodPost, "/"+comment, map[string]bool{"is_hidden": hide}, nil))
}
