// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
)

// How far back comments are listed that wait for nobody, and how many.
const (
	commentsFor = 30 * 24 * time.Hour
	maxComments = 300
)

// listComments is what the audit calls the list of comments.
const listComments = "comments"

// What staff do to comments beside answering them, as the audit has it.
const (
	didHide store.Deed = "comment-hidden"
	didShow store.Deed = "comment-shown"
	didSkip store.Deed = "comment-skipped"
)

// commented says how many comments wait for somebody, of those that a member may
// see.
type commented struct{ Open, Urgent int }

// openComments gives all comments that wait for somebody, of those that a member
// may see, newest first.
func (c *Console) openComments(ctx context.Context, m store.Member) ([]store.CommentRow, error) {
	rows, err := c.Store.WaitingComments(ctx)
	slices.Reverse(rows)
	return readable(rows, m), err
}

// allComments gives the newest comments that a member may see, and those that wait.
func (c *Console) allComments(ctx context.Context, m store.Member, waiting []store.CommentRow) ([]store.CommentRow, error) {
	rows, err := c.Store.OpenComments(ctx, c.Now().Add(-commentsFor), maxComments)
	rows = readable(rows, m)
	for _, w := range waiting { // older ones than the newest
		if !slices.ContainsFunc(rows, func(r store.CommentRow) bool { return r.Thread == w.Thread }) {
			rows = append(rows, w)
		}
	}
	return rows, err
}

func readable(rows []store.CommentRow, m store.Member) []store.CommentRow {
	return slices.DeleteFunc(rows, func(r store.CommentRow) bool { return !mayRead(m, r.Centre) })
}

// countComments counts comments that wait.
func countComments(rows []store.CommentRow) (n commented) {
	for _, r := range rows {
		n.Open++
		if r.Comment.Urgent {
			n.Urgent++
		}
	}
	return n
}

// waitingComments counts those that a member may see, where comments come in.
func (c *Console) waitingComments(ctx context.Context, m store.Member) (commented, error) {
	if !c.Comments {
		return commented{}, nil
	}
	rows, err := c.openComments(ctx, m)
	return countComments(rows), err
}

type commentsPage struct {
	frame
	List  string // "open" or "all"
	Posts []postView
	Empty string
}

// A postView is a post with what was said under it.
type postView struct {
	ID       string
	Link     string
	Newest   moment
	Comments []commentView
}

// A commentView is one comment with what was done about it.
type commentView struct {
	Thread          store.ThreadID
	List            string // the list it stands in, "" for a page of its own
	Class           string
	Words, Tongue   string
	Cut             bool
	Said            moment
	Left            moment // until when the private reply is taken
	MayPrivate      bool
	Soon            bool
	Marks           []mark
	Private, Public replyView
	Link            string
	Case            store.ThreadID // its own, "" where it has none
	Talks           []offer        // other talks that seem to be the same person's
	Open, Urgent    bool
	Hidden, Removed bool
	MayAct          bool // it stands there still
}

// A replyView says what became of an answer.
type replyView struct {
	State string // "", "waiting", "accepted" or "refused"
	Words string
	At    moment
}

// numbered are the ids of posts from which their address follows.
var numbered = regexp.MustCompile(`^[0-9]+(_[0-9]+)?$`)

// postLink is where a post can be read, "" where that is not known.
func postLink(r store.CommentRow) string {
	if r.Channel == "messenger" && numbered.MatchString(r.Comment.Post) {
		return "https://www.facebook.com/" + r.Comment.Post
	}
	return ""
}

func (c *Console) commentsPage(v *visit) error { return c.showComments(v, "comments") }
func (c *Console) commentRows(v *visit) error  { return c.showComments(v, "comments-part") }

func (c *Console) showComments(v *visit, name string) error {
	ctx := v.r.Context()
	list := "open"
	if v.r.FormValue("list") == "all" {
		list = "all"
	}
	p := commentsPage{frame: v.frame("desk.comment.title"), List: list, Empty: v.t("desk.comment.none")}
	p.Here = listComments
	if err := c.journal.once(store.Act{By: v.me.ID, What: store.DidList, Why: listComments}, listWindow); err != nil {
		return err
	}
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	rows, err := c.openComments(ctx, v.me)
	if err != nil {
		return err
	}
	p.Comments = countComments(rows)
	if list == "all" {
		if rows, err = c.allComments(ctx, v.me, rows); err != nil {
			return err
		}
	}
	called, err := v.names(ctx)
	if err != nil {
		return err
	}
	place := map[string]int{}
	for _, r := range rows {
		th, err := c.Store.ThreadByID(ctx, r.Thread)
		if err != nil { // erased meanwhile
			continue
		}
		i, ok := place[r.Comment.Post]
		if !ok {
			i = len(p.Posts)
			place[r.Comment.Post] = i
			p.Posts = append(p.Posts, postView{ID: r.Comment.Post, Link: postLink(r), Newest: v.moment(r.Comment.Said, v.zone(r.Centre))})
		}
		x := v.commentView(ctx, th, r, called, previewLong*2)
		x.List = list
		p.Posts[i].Comments = append(p.Posts[i].Comments, x)
	}
	for _, post := range p.Posts { // who needs somebody, and of those who has the least time
		slices.SortStableFunc(post.Comments, func(a, b commentView) int {
			switch x, y := a.place(), b.place(); {
			case x != y:
				return cmp.Compare(x, y)
			case a.Open:
				return cmp.Compare(a.Said.ISO, b.Said.ISO)
			}
			return cmp.Compare(b.Said.ISO, a.Said.ISO)
		})
	}
	return v.show(http.StatusOK, name, p)
}

// place orders the comments of a post.
func (x commentView) place() int {
	switch {
	case x.Open && x.Urgent:
		return 0
	case x.Open:
		return 1
	}
	return 2
}

func (v *visit) commentView(ctx context.Context, th store.Thread, r store.CommentRow, called map[desk.StaffID]string, most int) commentView {
	c, zone, w := r.Comment, v.zone(r.Centre), v.c.Gateway.Window(th)
	look := v.c.Gateway.Look(th.State)
	x := commentView{
		Thread: r.Thread, Class: "normal", Said: v.moment(c.Said, zone), Link: c.Link, Open: c.Waits(), Urgent: c.Urgent,
		Hidden: c.Hidden, Removed: c.Removed, MayAct: !c.Removed, MayPrivate: toComment(th) && w.Open,
		Private: v.replyView(c.Private, "private", called, zone), Public: v.replyView(c.Public, "public", called, zone),
	}
	words, left := cut(r.Text, most)
	x.Words, x.Cut, x.Tongue = words, left > 0, tongue(look.Locale, words)
	if c.Private.State == "" && !c.Removed {
		x.Left = v.until(c.Said.Add(channels.PrivateWithin), zone)
		x.Soon = c.Said.Add(channels.PrivateWithin).Sub(v.c.Now()) < 24*time.Hour
	}
	switch {
	case c.Urgent && x.Open:
		x.Class = "urgent"
	case c.State == store.CommentTask:
		x.Class = "sameday"
	}
	for _, m := range []struct {
		on            bool
		class, phrase string
	}{
		{c.Urgent, "urgent", "desk.rank.urgent"}, {c.State == store.CommentTask, "away", "desk.comment.task"}, {c.State == store.CommentSkipped, "", "desk.comment.skipped"},
		{c.Removed, "", "desk.comment.removed"}, {c.Hidden, "unheard", "desk.comment.hidden"}, {c.Edited, "", "desk.comment.edited"}, {c.Parent != "", "", "desk.comment.under"},
	} {
		if m.on {
			x.Marks = append(x.Marks, mark{m.class, v.t(m.phrase)})
		}
	}
	if th.Case != nil {
		x.Case = th.ID
	}
	for _, id := range v.linked(ctx, th) {
		if other, err := v.c.Store.ThreadByID(ctx, id); err == nil {
			x.Talks = append(x.Talks, offer{talkPath(id) + "#newest", v.channel(string(other.Reply.Channel))})
		}
	}
	return x
}

// replyWords are the phrases for how far an answer came, by its kind and state.
var replyWords = map[string]string{
	"private-waiting": "desk.reply.privatewaiting", "private-accepted": "desk.reply.privateaccepted", "private-refused": "desk.reply.privaterefused",
	"public-waiting": "desk.reply.publicwaiting", "public-accepted": "desk.reply.publicaccepted", "public-refused": "desk.reply.publicrefused",
}

func (v *visit) replyView(r store.Reply, kind string, called map[desk.StaffID]string, zone *time.Location) replyView {
	phrase, ok := replyWords[kind+"-"+string(r.State)]
	if !ok {
		return replyView{}
	}
	x := replyView{State: string(r.State), At: v.moment(r.At, zone)}
	args := []any{"Name", cmp.Or(called[r.By], v.t("desk.author.program"))}
	if r.State == store.ReplyRefused {
		args = []any{"Detail", v.unsent(r.Why)}
	}
	x.Words = v.t(phrase, args...)
	return x
}

func commentPath(id store.ThreadID) string { return "/desk/comments/" + string(id) }

// A commentPage is one comment, what was said to it, and the boxes to answer it.
type commentPage struct {
	frame
	Comment   commentView
	Said      []entryView
	Text      string // for the private answer
	Key       string
	Most      int    // characters of it
	Line      string // what was typed for the public one
	PublicKey string
	Locale    string
	Shut      string // why there is no private answer any more
	Busy      string // who holds its case, where that is a colleague
}

// comment gives the thread of the request if it began under a post and the member
// may read it; see talk.
func (c *Console) comment(v *visit) (store.Thread, error) {
	th, err := c.readable(v)
	if err == nil && th.Comment == nil {
		err = store.ErrNotFound
	}
	return th, err
}

func (c *Console) commentPage(v *visit) error {
	th, err := c.comment(v)
	if err != nil {
		return err
	}
	return c.showComment(v, th, http.StatusOK, "comment", func(*commentPage) {})
}

func (c *Console) commentPart(v *visit) error {
	th, err := c.comment(v)
	if err != nil {
		return err
	}
	return c.showComment(v, th, http.StatusOK, "comment-part", func(*commentPage) {})
}

func (c *Console) showComment(v *visit, th store.Thread, status int, name string, more func(*commentPage)) error {
	ctx := v.r.Context()
	p := commentPage{frame: v.frame("desk.comment.one"), Key: newKey(), PublicKey: newKey(), Most: maxSay, Locale: string(c.Gateway.Look(th.State).Locale)}
	p.Here, p.Thread = listComments, th.ID
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	rows, err := c.openComments(ctx, v.me)
	if err != nil {
		return err
	}
	p.Comments = countComments(rows)
	called, err := v.names(ctx)
	if err != nil {
		return err
	}
	after := uint64(0)
	if th.LastSeq > pageOf {
		after = th.LastSeq - pageOf
	}
	entries, err := c.Store.Entries(ctx, th.ID, after, pageOf)
	if err != nil {
		return err
	}
	b, err := v.backdrop(ctx, th, called, entries)
	if err != nil {
		return err
	}
	text := ""
	for _, e := range entries {
		if e.Seq == th.Comment.Seq {
			text = e.Text
			if len(e.Media) == 0 { // it stands at the head of the page
				continue
			}
		}
		p.Said = append(p.Said, v.entryView(b, e, 1<<30))
	}
	p.Comment = v.commentView(ctx, th, store.CommentRow{Thread: th.ID, Channel: th.Addresses[0].Channel, Centre: th.Centre, Comment: *th.Comment, Text: text}, called, 1<<30)
	if most := c.Gateway.Limits(th.Addresses[0].Channel).Text; most > 0 {
		p.Most = min(p.Most, most)
	}
	if toComment(th) && !p.Comment.MayPrivate {
		p.Shut = v.shut(th, c.Gateway.Window(th))
	}
	if k := th.Case; k != nil && k.Status == desk.Held && k.Holder != v.me.ID && !k.Away && !desk.Elsewhere(k.Holder) {
		p.Busy = called[k.Holder]
	}
	if p.Text, err = c.Store.Draft(ctx, th.ID, v.me.ID); err != nil {
		return err
	}
	more(&p)
	return v.show(status, name, p)
}

// answerComment answers a comment, in public or in private. What cannot be sent
// stays in its box, under the same key.
func (c *Console) answerComment(v *visit) error {
	th, err := c.comment(v)
	if err != nil {
		return err
	}
	ctx, form := v.r.Context(), v.r.PostForm
	key, text, public := form.Get("key"), typed(form.Get("text")), form.Get("how") == "public"
	status, phrase := v.sayable(key, text)
	if phrase == "" && !c.sent.has(key) { // sent twice, it is answered as the first time
		if err := c.Gateway.AnswerComment(ctx, th.ID, v.me.ID, key, text, public); err != nil {
			status, phrase = v.refusal(err)
		}
	}
	if phrase == "" {
		c.sent.add(key)
		if !public {
			c.keepDraft(v, th, "")
		}
		v.redirect(commentPath(th.ID) + "?did=done")
		return nil
	}
	if now, err := c.comment(v); err == nil {
		th = now
	}
	if !public {
		c.keepDraft(v, th, text)
	}
	return c.showComment(v, th, status, "comment", func(p *commentPage) {
		p.Problem = v.t(phrase)
		switch good := goodKey(key); {
		case public && good:
			p.Line, p.PublicKey = text, key
		case public:
			p.Line = text
		case good:
			p.Key = key
		}
	})
}

// hideComment takes a comment out of public sight, or puts it back.
func (c *Console) hideComment(v *visit) error {
	hide, what := v.r.PostForm.Get("hide") != "0", didHide
	if !hide {
		what = didShow
	}
	return c.onComment(v, what, func(ctx context.Context, id store.ThreadID) error {
		return c.Gateway.HideComment(ctx, id, v.me.ID, hide)
	})
}

// skipComment notes that somebody has looked at a comment and left it.
func (c *Console) skipComment(v *visit) error {
	return c.onComment(v, didSkip, func(ctx context.Context, id store.ThreadID) error {
		return c.Gateway.SkipComment(ctx, id, v.me.ID)
	})
}

// onComment does something to a comment and shows what it was done from: the
// list, as one of its parts or as a page, or the page of the comment.
func (c *Console) onComment(v *visit, what store.Deed, do func(context.Context, store.ThreadID) error) error {
	th, err := c.comment(v)
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	if err := c.writing(ctx, store.Act{By: v.me.ID, What: what, Thread: th.ID}, func() error { return do(ctx, th.ID) }); err != nil {
		return err
	}
	if v.partial() {
		return c.showComments(v, "comments-part")
	}
	to := commentPath(th.ID) + "?did=done"
	if list := v.r.PostForm.Get("list"); list != "" {
		to = "/desk/comments?" + url.Values{"list": {list}, "did": {"done"}}.Encode()
	}
	v.redirect(to)
	return nil
}
