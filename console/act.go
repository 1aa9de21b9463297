// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

// How many characters staff can write at a time, and how many are kept of what
// is not sent.
const (
	maxSay   = 4000
	maxDraft = 20_000
)

// take, release, pass and close are the desk's commands. Where one is refused
// the page of the case says why, as it stands now.

func (c *Console) take(v *visit) error {
	return c.command(v, desk.Take{}, func(th store.Thread) string { return talkPath(th.ID) + "#answer" })
}

func (c *Console) release(v *visit) error {
	return c.command(v, desk.Release{}, func(store.Thread) string { return "/desk?did=done" })
}

func (c *Console) pass(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	to, err := c.Store.Member(v.r.Context(), desk.StaffID(v.r.PostForm.Get("to")))
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (!to.Active || !mayRead(to, th.Centre)):
		return c.refuse(v, th, http.StatusUnprocessableEntity, "desk.error.nobody")
	case err != nil:
		return err
	}
	return c.command(v, desk.Pass{To: to.ID}, func(store.Thread) string { return "/desk?did=done" })
}

func (c *Console) close(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	cmd := desk.Close{Outcome: desk.Outcome(v.r.PostForm.Get("outcome")), Topic: v.r.PostForm.Get("topic"), Told: desk.Told{
		Gender: desk.Gender(v.r.PostForm.Get("gender")), Age: desk.Age(v.r.PostForm.Get("age")),
		Stage: desk.Stage(v.r.PostForm.Get("stage")), Partner: v.r.PostForm.Get("partner"),
	}}
	if !slices.Contains(desk.Outcomes(), cmd.Outcome) {
		return c.refuse(v, th, http.StatusUnprocessableEntity, "desk.error.empty")
	}
	if _, ok := c.Gateway.Catalogue().Topic(content.TopicID(cmd.Topic)); !ok {
		cmd.Topic = ""
	}
	if _, ok := c.Gateway.Catalogue().Partner(content.PartnerID(cmd.Told.Partner)); !ok {
		cmd.Told.Partner = ""
	}
	return c.command(v, cmd, func(store.Thread) string { return "/desk?did=done" })
}

func talkPath(id store.ThreadID) string { return "/desk/talks/" + string(id) }

func (c *Console) command(v *visit, cmd desk.Command, to func(store.Thread) string) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	if err := c.Gateway.Command(v.r.Context(), th.ID, v.me.ID, cmd); err != nil {
		status, phrase := v.refusal(err)
		return c.refuse(v, th, status, phrase)
	}
	v.redirect(to(th))
	return nil
}

// refuse shows the case as it is now, with why something was not done.
func (c *Console) refuse(v *visit, th store.Thread, status int, phrase string) error {
	if now, err := c.talk(v); err == nil {
		th = now
	}
	return c.showTalk(v, th, status, func(p *talkPage) { p.Problem = v.t(phrase) })
}

// say sends the answer box. What cannot be sent stays in the box, under the
// same key, so that trying again cannot say it twice.
func (c *Console) say(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	key, text, file, err := v.said(th)
	text = typed(text)
	status, problem := 0, ""
	if err == nil {
		if s, phrase := v.sayable(key, text); phrase != "" && (file == nil || text != "" || !goodKey(key)) {
			status, problem = s, v.t(phrase)
		} else {
			err = v.sends(th, key, text, file)
		}
	}
	if err != nil {
		var is bool
		if status, problem, is = v.refusedFile(th, err); !is {
			s, phrase := v.refusal(err)
			status, problem = s, v.t(phrase)
		}
	}
	if problem != "" {
		c.keepDraft(v, th, text)
		if now, err := c.talk(v); err == nil {
			th = now
		}
		return c.afterSay(v, th, status, func(a *answerView) {
			a.Text, a.Problem = text, problem
			if goodKey(key) {
				a.Key = key
			}
		})
	}
	c.sent.add(key)
	c.keepDraft(v, th, "")
	if !v.partial() {
		v.redirect(talkPath(th.ID) + "?did=done#newest")
		return nil
	}
	v.happened()
	return c.afterSay(v, th, http.StatusOK, func(a *answerView) { a.Text = "" })
}

func (c *Console) afterSay(v *visit, th store.Thread, status int, change func(*answerView)) error {
	if !v.partial() {
		return c.showTalk(v, th, status, func(p *talkPage) { change(&p.Answer) })
	}
	members, err := c.Store.Members(v.r.Context())
	if err != nil {
		return err
	}
	a, err := v.answer(v.r.Context(), th, members)
	if err != nil {
		return err
	}
	change(&a)
	return v.show(status, "answer", a)
}

// sayable says what is wrong with words before anybody is asked to send them.
func (v *visit) sayable(key, text string) (status int, phrase string) {
	switch {
	case !goodKey(key):
		return http.StatusUnprocessableEntity, "desk.error.internal"
	case text == "":
		return http.StatusUnprocessableEntity, "desk.error.empty"
	case utf8.RuneCountInString(text) > maxSay:
		return http.StatusUnprocessableEntity, "desk.error.toolong"
	}
	return 0, ""
}

// note adds a note that only staff see.
func (c *Console) note(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	key, text := v.r.PostForm.Get("key"), typed(v.r.PostForm.Get("text"))
	status, phrase := v.sayable(key, text)
	if phrase == "" {
		if err := c.Gateway.Note(v.r.Context(), th.ID, v.me.ID, key, text); err != nil {
			status, phrase = v.refusal(err)
		}
	}
	n := noteView{Thread: th.ID, Key: newKey()}
	if phrase != "" {
		n.Text, n.Problem = text, v.t(phrase)
		if goodKey(key) {
			n.Key = key
		}
		if v.partial() {
			return v.show(status, "note", n)
		}
		return c.showTalk(v, th, status, func(p *talkPage) { p.Note = n })
	}
	if !v.partial() {
		v.redirect(talkPath(th.ID) + "?did=done#newest")
		return nil
	}
	v.happened()
	return v.show(http.StatusOK, "note", n)
}

// safety keeps when it is safe to write to somebody, and the check word that
// was agreed.
func (c *Console) safety(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	s := store.Safety{Hours: v.r.PostForm.Get("hours"), Word: v.r.PostForm.Get("word")}
	if err := c.Gateway.Agree(v.r.Context(), th.ID, v.me.ID, s); err != nil {
		status, phrase := v.refusal(err)
		return c.refuse(v, th, status, phrase)
	}
	v.redirect(talkPath(th.ID) + "?did=done#newest")
	return nil
}

// keepDraft keeps text, which was to be said, or "" where it is said, as the draft
// of v's talk: also where the page went away meanwhile, which would come back to
// words that are sent or miss those that are not. That it fails is no reason to
// answer otherwise.
func (c *Console) keepDraft(v *visit, th store.Thread, text string) {
	ctx := context.WithoutCancel(v.r.Context())
	if err := c.Store.PutDraft(ctx, th.ID, v.me.ID, first(text, maxDraft)); err != nil {
		c.Log.Error("desk: a draft cannot be kept or removed", "err", err)
	}
}

// draft keeps what stands in the answer box. The form's key comes with it: a
// draft that is on its way while its words are sent must not come back.
func (c *Console) draft(v *visit) error {
	th, err := c.readable(v)
	if err != nil {
		return err
	}
	if !c.sent.has(v.r.PostForm.Get("key")) {
		text := first(strings.ReplaceAll(v.r.PostForm.Get("text"), "\r\n", "\n"), maxDraft)
		if strings.TrimSpace(text) == "" {
			text = ""
		}
		if err := c.Store.PutDraft(v.r.Context(), th.ID, v.me.ID, text); err != nil {
			return err
		}
		if text != "" && th.Case != nil {
			c.Gateway.Typing(v.r.Context(), th.ID, v.me.ID)
		}
	}
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}

// typed is what somebody typed into a form, as it is sent: browsers end lines
// with two characters.
func typed(s string) string {
	return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD"))
}

func first(s string, n int) string {
	s, _ = cut(s, n)
	return s
}

// sent remembers the newest keys of forms that were carried out. It is safe for
// concurrent use.
type sent struct {
	mu    sync.Mutex
	keys  map[string]bool
	order []string
	next  int
}

func newSent(n int) *sent { return &sent{keys: map[string]bool{}, order: make([]string, n)} }

func (s *sent) add(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys[key] {
		return
	}
	delete(s.keys, s.order[s.next])
	s.order[s.next], s.keys[key] = key, true
	s.next = (s.next + 1) % len(s.order)
}

func (s *sent) has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[key]
}
