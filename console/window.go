// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sarai/channels"
	"sarai/content"
	"sarai/gateway"
	"sarai/store"
)

// A windowView says how long a platform takes messages to somebody.
type windowView struct {
	Human, Program moment // until when; no ISO: without end, or not of this channel
	HumanOver      bool
	ProgramOver    bool
	Soon           bool // staff have little time left
}

// soonOver is from when on little time is left.
const soonOver = 2 * time.Hour

func (v *visit) windowView(th store.Thread, w gateway.Window) windowView {
	now, zone := v.c.Now(), v.zone(th.Centre)
	return windowView{
		Human: v.until(w.Human, zone), Program: v.until(w.Program, zone),
		HumanOver:   !w.Open,
		ProgramOver: !w.Program.IsZero() && !now.Before(w.Program) || toComment(th) && !w.Open,
		Soon:        w.Open && !w.Human.IsZero() && w.Human.Sub(now) < soonOver,
	}
}

// until is a time to come: Ago says how long it is until then.
func (v *visit) until(t time.Time, zone *time.Location) moment {
	m := v.moment(t, zone)
	if m.ISO != "" {
		m.Ago = v.ago(max(0, t.Sub(v.c.Now())))
		m.Exact = apart(m.Exact)
	}
	return m
}

// toComment says whether the next words to a person would be the one private
// reply to a comment.
func toComment(th store.Thread) bool {
	return th.Comment != nil && len(th.Addresses) > 0 && th.Reply == th.Addresses[0]
}

// shut says in words why nothing can be written to somebody now.
func (v *visit) shut(th store.Thread, w gateway.Window) string {
	switch c := th.Comment; {
	case toComment(th) && c.Private.State == store.ReplyRefused:
		return v.t("desk.window.nottaken")
	case toComment(th) && c.Private.State != "":
		return v.t("desk.window.replied")
	case toComment(th):
		return v.t("desk.window.late")
	}
	return v.t("desk.window.closed", "Channel", v.channel(string(th.Reply.Channel)), "Date", v.until(w.Human, v.zone(th.Centre)).Exact)
}

// An offer is another way to somebody to whom nothing can be written here.
type offer struct{ Href, Words string }

// offers are the ways that are left.
func (v *visit) offers(ctx context.Context, th store.Thread, w gateway.Window, quiet bool) (ways []offer) {
	if w.Templates && !quiet {
		ways = append(ways, offer{talkPath(th.ID) + "/template", v.t("desk.template.title")})
	}
	for _, id := range v.linked(ctx, th) {
		if other, err := v.c.Store.ThreadByID(ctx, id); err == nil && v.c.Gateway.Window(other).Open {
			ways = append(ways, offer{talkPath(id) + "#answer", v.t("desk.window.other", "Channel", v.channel(string(other.Reply.Channel)))})
		}
	}
	if th.Comment != nil && !th.Comment.Removed {
		ways = append(ways, offer{commentPath(th.ID), v.t("desk.comment.inpublic")})
	}
	return ways
}

// A templatePage is where a template is chosen, filled, looked at and sent.
type templatePage struct {
	frame
	Case   store.ThreadID
	List   []templateView
	Chosen templateView
	Fields []templateField
	Shown  string // what the person will read, once all is filled
	Key    string
	Quiet  bool
}

type templateView struct {
	Name, Code, Language string // Code is the platform's for the language
	Locale               content.Locale
	Text                 string // with the examples in its places
	Path                 string
}

type templateField struct {
	N             int
	Example, Text string
}

// A value of a template is one line of at most so many characters, and all of it
// fits into what a platform takes for a body.
const maxValue = 300

func (v *visit) templateView(id store.ThreadID, t channels.Template) templateView {
	x := templateView{Name: t.Name, Code: t.Language, Language: t.Language, Text: gateway.TemplateText(t, t.Fields)}
	if l, ok := content.ParseLocale(strings.ReplaceAll(t.Language, "_", "-")); ok {
		x.Locale, x.Language = l, l.Name()
	}
	x.Path = talkPath(id) + "/template?" + url.Values{"name": {t.Name}, "language": {t.Language}}.Encode()
	return x
}

// templateOf gives the template that a request names.
func templateOf(all []channels.Template, name, language string) (channels.Template, bool) {
	i := slices.IndexFunc(all, func(t channels.Template) bool { return t.Name == name && t.Language == language })
	if i < 0 {
		return channels.Template{}, false
	}
	return all[i], true
}

// templatePage lists the templates, and shows the one that was chosen.
func (c *Console) templatePage(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	if !holds(v.me, th) || !c.Gateway.Window(th).Templates {
		v.redirect(talkPath(th.ID) + "#answer")
		return nil
	}
	q := v.r.URL.Query()
	return c.showTemplate(v, th, http.StatusOK, q.Get("name"), q.Get("language"), func(*templatePage, channels.Template) {})
}

func (c *Console) showTemplate(v *visit, th store.Thread, status int, name, language string, more func(*templatePage, channels.Template)) error {
	ctx := v.r.Context()
	look := c.Gateway.Look(th.State)
	p := templatePage{frame: v.frame("desk.template.title"), Case: th.ID, Key: newKey(), Quiet: look.Quiet}
	p.Here, p.Thread = "queue", th.ID
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	all, err := c.Gateway.Templates(ctx, th.Reply.Channel)
	if err != nil {
		var problem *channels.SendError
		if !errors.As(err, &problem) {
			return err
		}
		p.Problem = v.t("desk.template.unreachable", "Detail", v.unsent(string(problem.Problem)))
		return v.show(http.StatusBadGateway, "template", p)
	}
	if t, ok := templateOf(all, name, language); ok {
		p.Chosen = v.templateView(th.ID, t)
		for i, example := range t.Fields {
			p.Fields = append(p.Fields, templateField{N: i + 1, Example: example})
		}
		more(&p, t)
		return v.show(status, "template", p)
	}
	if name != "" {
		status, p.Problem = http.StatusUnprocessableEntity, v.t("desk.template.gone")
	}
	for _, t := range all {
		p.List = append(p.List, v.templateView(th.ID, t))
	}
	slices.SortStableFunc(p.List, func(a, b templateView) int { // the person's language first
		switch own, other := a.Locale == look.Locale, b.Locale == look.Locale; {
		case own == other:
			return 0
		case own:
			return -1
		}
		return 1
	})
	return v.show(status, "template", p)
}

// template shows what a person will read of a template, or sends it.
func (c *Console) template(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	if !holds(v.me, th) {
		return c.refuse(v, th, http.StatusConflict, "desk.error.notheld")
	}
	form := v.r.PostForm
	f := channels.Filled{Name: form.Get("name"), Language: form.Get("language")}
	for _, value := range form["value"] {
		f.Values = append(f.Values, strings.Join(strings.Fields(typed(value)), " "))
	}
	key := form.Get("key")
	show := func(status int, phrase string) error {
		return c.showTemplate(v, th, status, f.Name, f.Language, func(p *templatePage, t channels.Template) {
			for i := range p.Fields {
				if i < len(f.Values) {
					p.Fields[i].Text = f.Values[i]
				}
			}
			if goodKey(key) {
				p.Key = key
			}
			if phrase != "" {
				p.Problem = v.t(phrase)
				return
			}
			p.Shown = gateway.TemplateText(t, f.Values)
		})
	}
	all, err := c.Gateway.Templates(v.r.Context(), th.Reply.Channel)
	if err == nil {
		if t, ok := templateOf(all, f.Name, f.Language); ok {
			if len(f.Values) != len(t.Fields) || slices.Contains(f.Values, "") {
				return show(http.StatusUnprocessableEntity, "desk.template.empty")
			}
		}
		for _, value := range f.Values {
			if utf8.RuneCountInString(value) > maxValue {
				return show(http.StatusUnprocessableEntity, "desk.error.toolong")
			}
		}
	}
	if err != nil || form.Get("do") != "send" {
		return show(http.StatusOK, "")
	}
	if !goodKey(key) {
		return show(http.StatusUnprocessableEntity, "desk.error.internal")
	}
	if err := c.Gateway.SayTemplate(v.r.Context(), th.ID, v.me.ID, key, f); err != nil {
		status, phrase := v.refusal(err)
		return show(status, phrase)
	}
	v.redirect(talkPath(th.ID) + "?did=done#newest")
	return nil
}
