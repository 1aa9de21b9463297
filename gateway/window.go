// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/dialog"
	"sarai/store"
)

// Errors of writing to somebody whose platform's window is closed, and of
// templates.
var (
	ErrWindow   = errors.New("gateway: the platform takes no words of staff to this person any more")
	ErrTemplate = errors.New("gateway: there is no such template, or its places are not filled as it needs")
)

// A Window says how long a platform takes messages to somebody. A zero time is
// without end.
type Window struct {
	Program   time.Time // until when the program may write
	Human     time.Time // until when staff may
	Open      bool      // staff may write now
	Templates bool      // templates can be sent, also when it is closed
}

// Window gives the window of a thread, of the address last written from.
func (g *Gateway) Window(th store.Thread) Window {
	ch := g.channels[th.Reply.Channel]
	w := Window{Open: true}
	if ch == nil {
		return w
	}
	_, w.Templates = ch.(channels.Templater)
	now := g.now()
	if th.Comment != nil && len(th.Addresses) > 0 && th.Reply == th.Addresses[0] {
		w.Program = th.Comment.Said.Add(channels.PrivateWithin)
		w.Human = w.Program
		w.Open, w.Templates = th.Comment.Private.State == "" && now.Before(w.Human) && !th.Comment.Removed, false
		return w
	}
	limits := ch.Limits()
	if limits.Window <= 0 {
		return w
	}
	w.Program = th.LastHeard.Add(limits.Window)
	w.Human = th.LastHeard.Add(max(limits.Window, limits.Human))
	w.Open = now.Before(w.Human)
	return w
}

// Templates gives the templates of a channel that may be sent now; none for a
// channel that has no such thing.
func (g *Gateway) Templates(ctx context.Context, name channels.Name) ([]channels.Template, error) {
	t, ok := g.channels[name].(channels.Templater)
	if !ok {
		return nil, nil
	}
	return t.Templates(ctx)
}

// SayTemplate has a template sent that a counsellor chose and filled; see Say. It
// fails with ErrTemplate where there is none of that name, or where a place is
// left empty.
func (g *Gateway) SayTemplate(ctx context.Context, id store.ThreadID, by desk.StaffID, key string, f channels.Filled) error {
	th, err := g.store.ThreadByID(ctx, id)
	if err != nil {
		return err
	}
	all, err := g.Templates(ctx, th.Reply.Channel)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(t channels.Template) bool { return t.Name == f.Name && t.Language == f.Language })
	if i < 0 {
		return ErrTemplate
	}
	for n, v := range f.Values {
		f.Values[n] = line(v)
	}
	if len(f.Values) != len(all[i].Fields) || slices.Contains(f.Values, "") {
		return ErrTemplate
	}
	_, err = g.change(ctx, id, staffEvent(by, key), func(p *plan) error {
		th := &p.turn.Thread
		if th.Case == nil {
			return store.ErrNotFound
		}
		after, err := th.Case.Apply(desk.Say{}, by, p.now)
		if err != nil {
			return err
		}
		th.Case, p.caseChanged = &after, true
		text := TemplateText(all[i], f.Values)
		blocks := paragraphs(text)
		entry := store.Entry{At: p.now, Said: p.now, Author: store.Staff, By: by, Channel: th.Reply.Channel, Kind: channels.Text, Text: text, Blocks: blocks}
		p.step(dialog.Spoke{At: p.now, Desk: p.desk()})
		entry.Sends = p.send(channels.Outbound{Author: channels.Staff, Blocks: blocks, Template: &f}, store.Second)
		p.add(entry)
		return nil
	})
	return err
}

// TemplateText is what a person reads of a template with these values.
func TemplateText(t channels.Template, values []string) string {
	body := t.Body
	for i, v := range values {
		body = strings.ReplaceAll(body, fmt.Sprintf("{{%d}}", i+1), v)
	}
	return strings.Join(slices.DeleteFunc([]string{t.Header, body, t.Footer}, func(s string) bool { return s == "" }), "\n")
}
