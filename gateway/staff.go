// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sarai/channels"
	"sarai/desk"
	"sarai/dialog"
	"sarai/store"
)

// staffChannel is the name under which staff's own events are remembered
// against duplicates. No adapter may have it.
const staffChannel channels.Name = "desk"

// ErrEmpty means that there is nothing to say.
var ErrEmpty = errors.New("gateway: nothing was written")

// Command applies a member of staff's command to the case of a thread, and has
// the person told where that is due. It fails with an error of package desk
// when the command is not allowed, and with store.ErrNotFound.
func (g *Gateway) Command(ctx context.Context, id store.ThreadID, by desk.StaffID, cmd desk.Command) error {
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		th := &p.turn.Thread
		if th.Case == nil {
			return store.ErrNotFound
		}
		before := *th.Case
		after, err := before.Apply(cmd, by, p.now)
		if err != nil {
			return err
		}
		th.Case, p.caseChanged = &after, true
		switch cmd := cmd.(type) {
		case desk.Take:
			if before.Holder == by && before.Status == desk.Held && !before.Away {
				return nil
			}
			p.event(EventTaken, by, "")
			p.gone = false
			p.step(dialog.Took{At: p.now, Desk: p.desk()})
		case desk.Release:
			p.event(EventReleased, by, "")
			p.step(dialog.Returned{At: p.now, Desk: p.desk()})
		case desk.Pass:
			p.event(EventPassed, by, string(cmd.To))
		case desk.Close:
			p.event(EventClosed, by, string(cmd.Outcome))
			p.step(dialog.Ended{At: p.now, Desk: p.desk()})
		default:
			return fmt.Errorf("%w: %T is not for staff", desk.ErrCommand, cmd)
		}
		return nil
	})
	return err
}

// Say has a counsellor's words sent. key is made by the browser: a form that is
// sent twice says it once. Only the holder of the case may. It fails with
// ErrWindow where the platform takes nothing any more.
func (g *Gateway) Say(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string) error {
	text = strings.TrimSpace(clean(text))
	if text == "" {
		return ErrEmpty
	}
	_, err := g.change(ctx, id, staffEvent(by, key), func(p *plan) error {
		th := &p.turn.Thread
		if th.Case == nil {
			return store.ErrNotFound
		}
		after, err := th.Case.Apply(desk.Say{}, by, p.now)
		if err != nil {
			return err
		}
		if !g.Window(*th).Open {
			return ErrWindow
		}
		th.Case, p.caseChanged = &after, true
		blocks := paragraphs(text)
		entry := store.Entry{At: p.now, Said: p.now, Author: store.Staff, By: by, Channel: th.Reply.Channel, Kind: channels.Text, Text: text, Blocks: blocks}
		p.step(dialog.Spoke{At: p.now, Desk: p.desk()})
		entry.Sends = p.send(channels.Outbound{Author: channels.Staff, Blocks: blocks}, store.Second)
		p.add(entry)
		return nil
	})
	return err
}

// Note keeps a note that only staff see.
func (g *Gateway) Note(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string) error {
	text = strings.TrimSpace(clean(text))
	if text == "" {
		return ErrEmpty
	}
	_, err := g.change(ctx, id, staffEvent(by, key), func(p *plan) error {
		p.add(store.Entry{At: p.now, Said: p.now, Author: store.Note, By: by, Text: text})
		return nil
	})
	return err
}

// maxLine bounds what staff keep in one line, in bytes.
const maxLine = 400

// line makes one line of what staff typed.
func line(text string) string {
	text = strings.Join(strings.Fields(clean(text)), " ")
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "")
	}
	return text
}

// Agree keeps when it is safe to write to somebody, and a check word.
func (g *Gateway) Agree(ctx context.Context, id store.ThreadID, by desk.StaffID, s store.Safety) error {
	s.Hours, s.Word = line(s.Hours), line(s.Word)
	_, err := g.change(ctx, id, nil, func(p *plan) error {
		if p.turn.Thread.Safety == s {
			return nil
		}
		p.turn.Thread.Safety = s
		p.event(EventSafety, by, "")
		return nil
	})
	return err
}

func staffEvent(by desk.StaffID, key string) []store.EventKey {
	if key == "" {
		return nil
	}
	return []store.EventKey{{Channel: staffChannel, ID: string(by) + "/" + key}}
}
