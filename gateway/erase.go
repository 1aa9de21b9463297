// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/dialog"
	"sarai/store"
)

// lastWordFor is how long it is tried to tell somebody that all was erased: what
// is needed for that is gone then too.
const lastWordFor = 24 * time.Hour

// eraseNow erases everything that is kept of a talk. With tell the person is told
// so, in their language, by one last message that is kept nowhere else; nobody is
// whose talk is quiet, who has blocked the centre, or whose channel keeps no
// messages but ours. A talk that does not exist is no error.
func (g *Gateway) eraseNow(ctx context.Context, id store.ThreadID, tell bool) error {
	th, err := g.store.ThreadByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return g.store.Erase(ctx, id) // what may be left of it
	}
	if err != nil {
		return err
	}
	out, told := channels.Outbound{}, false
	if tell {
		out, told = g.lastWord(th)
	}
	if told {
		body, err := json.Marshal(out)
		if err != nil {
			return err
		}
		now := g.now()
		last := store.Job{Kind: jobSend, Priority: store.Third, Due: now, Made: now, Body: body}
		err = g.store.EraseWith(ctx, id, last, now.Add(lastWordFor))
		if err != nil {
			return err
		}
		g.nudge()
	} else if err := g.store.Erase(ctx, id); err != nil {
		return err
	}
	g.log.Info("a talk was erased", "thread", id)
	g.queue.forget()
	g.hub.changed(id)
	g.wakePages(th)
	return nil
}

// lastWord says what was erased, by when copies are gone, and what the platform
// still has. It holds the address and these words, and nothing else of the talk.
func (g *Gateway) lastWord(th store.Thread) (out channels.Outbound, ok bool) {
	_, s, err := remember(th.State)
	if err != nil || s.Quiet || th.Blocked {
		return out, false
	}
	ch := g.channels[th.Reply.Channel]
	if _, own := ch.(interface{ Wake(channels.Address) }); own || ch == nil {
		return out, false // its messages are the transcript, and that is gone
	}
	l := s.Locale
	if l == content.NoLocale {
		l = content.English
	}
	r := renderer{g: g, c: g.edition.Load().Catalogue, l: l}
	ids := []dialog.Part{{Phrase: "erased-done"}, {Phrase: "erased-copies"}, {Phrase: "erased-app"}, {Phrase: "erased-last"}}
	if g.copies > 0 {
		ids[1].Phrase = "erased-by"
	}
	if id := "erased-" + string(th.Reply.Channel); g.phrases.Has(content.English, id) {
		ids[2].Phrase = id
	}
	day := g.now().Add(g.copies).In(zoneOf(r.c, th.Centre)).Format("02.01.2006")
	for _, p := range ids {
		r.block(channels.Paragraph, r.phrase(p.Phrase, map[string]any{"Day": day}), "")
	}
	return channels.Outbound{
		To: th.Reply, Key: newID(), Author: channels.Program, LastActed: th.LastHeard,
		Locale: string(l), RTL: l.RTL(), Blocks: r.out.blocks,
	}, true
}

// erase does what the person asked for, or what the end of the time for which
// talks are kept asks for; only the first is told.
func (g *Gateway) erase(ctx context.Context, l store.Leased) store.Outcome {
	tell := false
	th, err := g.store.ThreadByID(ctx, l.Thread)
	switch {
	case err == nil:
		_, s, unreadable := remember(th.State)
		tell = unreadable == nil && !s.Erase.IsZero()
		var spared bool
		if spared, err = g.writeErased(ctx, l, th); spared {
			return store.Outcome{Done: true}
		}
	case errors.Is(err, store.ErrNotFound):
		err = nil // what may be left of it
	}
	if err == nil {
		err = g.eraseNow(ctx, l.Thread, tell)
	}
	if err != nil {
		g.log.Error("a talk could not be erased, it is tried again", "thread", l.Thread, "err", err)
		return g.retry(l, 2*time.Second)
	}
	return store.Outcome{Done: true}
}
