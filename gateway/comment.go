// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"strings"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/dialog"
	"sarai/store"
)

// Errors of AnswerComment, beside those of Say.
var (
	ErrReplied = errors.New("gateway: the one private reply to the comment was used")
	ErrLate    = errors.New("gateway: private replies to the comment are taken no more")
)

// publishing is the body of a job that says something under a comment.
type publishing struct {
	Channel channels.Name `json:"channel"`
	Comment string        `json:"comment"`
	Text    string        `json:"text"`
}

// hiding is the body of a job that takes a comment out of sight, or puts it back.
type hiding struct {
	Channel channels.Name `json:"channel"`
	Comment string        `json:"comment"`
	Hide    bool          `json:"hide"`
}

// inPublic says whether an event is a public comment or something that happened
// to the one that this thread is.
func (p *plan) inPublic(in channels.Inbound) bool {
	if in.Kind == channels.Comment || in.Kind == channels.Hidden || in.Comment != nil {
		return true
	}
	c := p.read.Comment
	return c != nil && in.Of == c.ID && (in.Kind == channels.Deleted || in.Kind == channels.Edited)
}

// comment keeps what was said in public, and has dialog decide about it. What
// changes later of it starts nothing but, where new danger is told in it, a case.
func (p *plan) comment(in channels.Inbound) {
	th := &p.turn.Thread
	if th.Comment == nil {
		if in.Comment == nil { // of a comment that was never seen
			return
		}
		th.Reply, th.LastHeard = in.From, in.At
		p.reachedAt(in)
		th.Comment = &store.Comment{
			ID: in.Comment.ID, Post: in.Comment.Post, Parent: in.Comment.Parent, Link: in.Comment.Link, Person: in.Comment.Person,
			Said: in.At, State: store.CommentAside, Edited: in.Kind == channels.Edited,
		}
	} else {
		c := *th.Comment
		th.Comment = &c
	}
	c := th.Comment
	switch in.Kind {
	case channels.Deleted:
		c.Removed = true
		if c.State == store.CommentNew || c.State == store.CommentTask {
			c.State = store.CommentAside
		}
		p.event(EventCommentRemoved, desk.Program, "")
		return
	case channels.Hidden:
		c.Hidden = in.Text != "shown"
		what := EventCommentHidden
		if !c.Hidden {
			what = EventCommentShown
		}
		p.event(what, desk.Program, "")
		return
	}
	first := p.read.Comment == nil && in.Kind == channels.Comment
	entry := p.entry(in)
	if !first {
		c.Edited = true
		entry.Kind = channels.Edited
	}
	p.add(entry)
	p.fetch(in)
	c.Seq = p.seq()
	reading := p.reading(in.Text)
	if len(reading.Signals) > 0 {
		c.Urgent = true
	}
	if !first {
		p.event(EventCommentEdited, desk.Program, "")
		if p.freshDanger(in) {
			for _, s := range reading.Signals {
				p.raiseSilently(s.Signal)
			}
			c.State = store.CommentNew
		}
		return
	}
	p.step(dialog.Commented{
		At: in.At, Text: in.Text, Reading: reading, Under: in.Comment.Parent != "", Tags: in.Comment.Tags, Desk: p.desk(),
	})
}

// raiseSilently opens or raises a case for a signal, and says nothing.
func (p *plan) raiseSilently(id content.SignalID) {
	rank := desk.Urgent
	if s, ok := p.edition.Catalogue.Signal(id); ok && s.Priority == content.SameDay {
		rank = desk.SameDay
	}
	if c := p.turn.Thread.Case; c == nil || !c.Open() {
		p.openCase(desk.Signalled, rank, []string{string(id)})
	} else {
		p.apply(desk.Raise{Signal: string(id), Rank: rank}, desk.Program, EventRaised, string(id))
	}
	p.event(EventAlert, desk.Program, string(id))
}

// publishAfter has a line said under the comment once the private reply of this
// turn was taken.
func (p *plan) publishAfter(text string) {
	for i, j := range p.turn.Jobs {
		var body sending
		if j.Kind != jobSend || json.Unmarshal(j.Body, &body) != nil || !body.Private {
			continue
		}
		body.Public = text
		b, err := json.Marshal(body)
		if err != nil { // unreachable: it was read just now
			panic(err)
		}
		p.turn.Jobs[i].Body = b
	}
}

// toComment says whether answers go to a comment: there is one, and no further
// word until the person has written.
func (p *plan) toComment() bool {
	th := &p.turn.Thread
	return th.Comment != nil && len(th.Addresses) > 0 && th.Reply == th.Addresses[0]
}

// mayReply says whether the one private reply is still to be had.
func mayReply(c store.Comment, p *plan) error {
	switch {
	case c.Private.State != "":
		return ErrReplied
	case p.now.Sub(c.Said) >= channels.PrivateWithin || c.Removed:
		return ErrLate
	}
	return nil
}

// replyPrivately spends the one private reply on a message, shortened to what one
// message carries.
func (p *plan) replyPrivately(out channels.Outbound, by desk.StaffID, priority store.Priority) (keys []string) {
	th := &p.turn.Thread
	th.Comment.Private = store.Reply{State: store.ReplyWaiting, By: by, At: p.now}
	out.Blocks = fit(out.Blocks, p.g.Limits(th.Reply.Channel).Text)
	return p.dispatch([]channels.Outbound{out}, priority, sending{Private: true})
}

// fit gives as many blocks as one message carries: the first ones and the last,
// which says where to go on.
func fit(blocks []channels.Block, limit int) []channels.Block {
	if limit <= 0 || length(blocks) <= limit || len(blocks) < 2 {
		if limit > 0 && len(blocks) == 1 && length(blocks) > limit {
			return pages(blocks, limit)[0]
		}
		return blocks
	}
	last := blocks[len(blocks)-1]
	room := limit - length([]channels.Block{last}) - 1
	if room <= 0 {
		return pages(blocks, limit)[0]
	}
	return append(pages(blocks[:len(blocks)-1], room)[0], last)
}

// public puts a line under the comment.
func (p *plan) public(text string, by desk.StaffID) {
	th := &p.turn.Thread
	th.Comment.Public = store.Reply{State: store.ReplyWaiting, By: by, At: p.now}
	p.job(store.Job{Kind: jobPublish, Lane: p.lane(), Priority: store.Third, Due: p.now},
		publishing{Channel: th.Addresses[0].Channel, Comment: th.Comment.ID, Text: text})
}

// publicPhrases are lines that say the same: what is said alike under every
// comment looks like an advertisement, to people and to the platform.
var publicPhrases = []string{"", "-2", "-3"}

// variant chooses one of the lines by the comment, always the same one.
func (p *plan) variant(phrase string) string {
	h := fnv.New32a()
	h.Write([]byte(p.turn.Thread.Comment.ID))
	r := renderer{g: p.g, l: p.state.Locale, cyrillic: p.state.Cyrillic}
	text := r.phrase(phrase+publicPhrases[h.Sum32()%uint32(len(publicPhrases))], nil)
	return text
}

// look notes how much the comment needs of staff.
func (p *plan) look(n dialog.Need) {
	c := p.turn.Thread.Comment
	if c == nil {
		return
	}
	c.State = map[dialog.Need]store.CommentState{
		dialog.NeedNothing: store.CommentAside, dialog.NeedLook: store.CommentNew, dialog.NeedNone: store.CommentAnswered,
	}[n]
}

// AnswerComment has a counsellor's words said to who wrote a comment: in public
// under it, or, once and within seven days, in private. key is made by the
// browser: a form that is sent twice says it once. A private answer opens a case
// that by holds, so that what the person writes back reaches who wrote to them.
// It fails, beside what Say fails with, with ErrReplied, ErrLate or
// store.ErrNotFound where the thread is no comment.
func (g *Gateway) AnswerComment(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string, public bool) error {
	text = strings.TrimSpace(clean(text))
	if text == "" {
		return ErrEmpty
	}
	events := staffEvent(by, key)
	for _, e := range events { // the private reply is used, by this very form
		if seen, err := g.store.Seen(ctx, e); err != nil || seen {
			return err
		}
	}
	_, err := g.change(ctx, id, events, func(p *plan) error {
		if p.own() == nil {
			return store.ErrNotFound
		}
		th := &p.turn.Thread
		entry := store.Entry{At: p.now, Said: p.now, Author: store.Staff, By: by, Channel: th.Addresses[0].Channel, Kind: channels.Text, Text: text, Blocks: paragraphs(text)}
		if public {
			if th.Comment.Removed {
				return ErrLate
			}
			entry.Kind = channels.Comment
			p.add(entry)
			th.Comment.State = store.CommentAnswered
			p.public(text, by)
			return nil
		}
		if !p.toComment() {
			return ErrReplied
		}
		if err := mayReply(*th.Comment, p); err != nil {
			return err
		}
		if limit := g.Limits(th.Reply.Channel).Text; limit > 0 && length(entry.Blocks) > limit {
			return ErrTooLong
		}
		if th.Case == nil || !th.Case.Open() {
			p.openCase(desk.Commented, desk.Normal, nil)
		}
		for _, cmd := range []desk.Command{desk.Take{}, desk.Say{}} {
			after, err := th.Case.Apply(cmd, by, p.now)
			if err != nil {
				return err
			}
			th.Case, p.caseChanged = &after, true
		}
		th.Comment.State = store.CommentAnswered
		entry.Sends = p.replyPrivately(channels.Outbound{Author: channels.Staff, Blocks: entry.Blocks}, by, store.Second)
		p.add(entry)
		p.step(dialog.Spoke{At: p.now, Desk: p.desk()})
		return nil
	})
	return err
}

// ErrTooLong means that the words do not fit into the one message that there is.
var ErrTooLong = errors.New("gateway: the text is longer than one message carries")

// own gives the plan a comment of its own to change, nil where the thread is none.
func (p *plan) own() *store.Comment {
	if p.turn.Thread.Comment == nil {
		return nil
	}
	c := *p.turn.Thread.Comment
	p.turn.Thread.Comment = &c
	return &c
}

// HideComment takes a comment out of public sight, or puts it back. Nothing
// changes where it is so already. It fails with store.ErrNotFound where the
// thread is no comment.
func (g *Gateway) HideComment(ctx context.Context, id store.ThreadID, by desk.StaffID, hide bool) error {
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		c := p.own()
		if c == nil {
			return store.ErrNotFound
		}
		if c.Hidden == hide {
			return nil
		}
		c.Hidden = hide
		what := EventCommentHidden
		if !hide {
			what = EventCommentShown
		}
		p.event(what, by, "")
		p.job(store.Job{Kind: jobHide, Lane: "hide/" + string(id), Priority: store.Second, Due: p.now},
			hiding{Channel: p.turn.Thread.Addresses[0].Channel, Comment: c.ID, Hide: hide})
		return nil
	})
	return err
}

// SkipComment notes that somebody has looked at a comment and left it. It fails
// with store.ErrNotFound where the thread is no comment.
func (g *Gateway) SkipComment(ctx context.Context, id store.ThreadID, by desk.StaffID) error {
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		c := p.own()
		if c == nil {
			return store.ErrNotFound
		}
		if c.State == store.CommentNew || c.State == store.CommentTask {
			c.State = store.CommentSkipped
			p.event(EventCommentSkipped, by, "")
		}
		return nil
	})
	return err
}

// repliedPrivately notes what became of a private reply, and has the public line
// said after one that was taken.
func (g *Gateway) repliedPrivately(ctx context.Context, id store.ThreadID, r channels.Receipt, why channels.SendProblem, public string) error {
	return g.onComment(ctx, id, func(p *plan, c *store.Comment) {
		if c.Private.State != store.ReplyWaiting { // noted before the process ended
			return
		}
		c.Private.At = p.now
		if why == "" {
			c.Private.State, c.Private.ID = store.ReplyAccepted, r.ID
			if public != "" && !c.Removed && !c.Hidden && c.Public.State == "" {
				p.public(public, desk.Program)
			}
			return
		}
		c.Private.State, c.Private.Why = store.ReplyRefused, string(why)
		if !c.Removed {
			c.State = store.CommentTask
		}
		p.event(EventPrivateRefused, desk.Program, string(why))
	})
}

// onComment changes what is known of a comment, in a turn of its own.
func (g *Gateway) onComment(ctx context.Context, id store.ThreadID, change func(*plan, *store.Comment)) error {
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		if c := p.own(); c != nil {
			change(p, c)
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) { // erased meanwhile
		return nil
	}
	return err
}

// publish says a line under a comment.
func (g *Gateway) publish(ctx context.Context, l store.Leased) store.Outcome {
	var b publishing
	if json.Unmarshal(l.Body, &b) != nil {
		return store.Outcome{Failed: true}
	}
	ch, ok := g.channels[b.Channel].(channels.Commenter)
	if !ok {
		return g.retry(l, missetPause)
	}
	sendCtx, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	said, err := ch.Comment(sendCtx, b.Comment, l.Key, b.Text)
	again, why := g.verdict(l, err)
	if again != nil {
		return *again
	}
	err = g.onComment(ctx, l.Thread, func(p *plan, c *store.Comment) {
		if c.Public.State != store.ReplyWaiting {
			return
		}
		c.Public.At, c.Public.ID, c.Public.State, c.Public.Why = p.now, said, store.ReplyAccepted, string(why)
		what := EventPublic
		if why != "" {
			c.Public.State, what = store.ReplyRefused, EventUnsent
			if c.Public.By != desk.Program {
				c.State = store.CommentTask
			}
		}
		p.event(what, c.Public.By, string(why))
	})
	if err != nil {
		return g.retry(l, firstPause)
	}
	return store.Outcome{Done: why == "", Failed: why != ""}
}

// hide has the platform hide a comment, or show it again.
func (g *Gateway) hide(ctx context.Context, l store.Leased) store.Outcome {
	var b hiding
	if json.Unmarshal(l.Body, &b) != nil {
		return store.Outcome{Failed: true}
	}
	ch, ok := g.channels[b.Channel].(channels.Commenter)
	if !ok {
		return g.retry(l, missetPause)
	}
	sendCtx, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	again, why := g.verdict(l, ch.Hide(sendCtx, b.Comment, b.Hide))
	if again != nil {
		return *again
	}
	if why == "" {
		return store.Outcome{Done: true}
	}
	err := g.onComment(ctx, l.Thread, func(p *plan, c *store.Comment) {
		c.Hidden = !b.Hide
		p.event(EventUnsent, desk.Program, string(why))
	})
	if err != nil {
		return g.retry(l, firstPause)
	}
	return store.Outcome{Failed: true}
}
