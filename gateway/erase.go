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

// forgetFor is how long it is tried to have channels forget somebody who was erased.
// It is long, because whoever runs the machine may have to mend something first.
const forgetFor = 30 * 24 * time.Hour

// afterwards is the body of the one job that the erasing of a talk leaves. It is all
// that is left, under a key of its own, until it is done.
type afterwards struct {
	Forget []channels.Address `json:"forget,omitempty"` // who is kept beside the store
	Word   *channels.Outbound `json:"word,omitempty"`   // the last word to the person
}

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
	last := afterwards{Forget: g.keptBeside(th)}
	if tell {
		if out, told := g.lastWord(th); told {
			last.Word = &out
		}
	}
	if last.Forget != nil || last.Word != nil {
		body, err := json.Marshal(last)
		if err != nil {
			return err
		}
		now := g.now()
		job := store.Job{Kind: jobForget, Priority: store.Third, Due: now, Made: now, Body: body}
		until := now.Add(lastWordFor)
		if last.Forget != nil {
			until = now.Add(forgetFor)
		}
		if err := g.store.EraseWith(ctx, id, job, until); err != nil {
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

// keptBeside gives the addresses of a talk of which a channel keeps something itself.
func (g *Gateway) keptBeside(th store.Thread) (who []channels.Address) {
	for _, a := range th.Addresses {
		if _, keeps := g.channels[a.Channel].(channels.Forgetter); keeps {
			who = append(who, a)
		}
	}
	return who
}

// forget has channels forget somebody whose talk was erased, and says the last word
// then: it says that all is gone.
func (g *Gateway) forget(ctx context.Context, l store.Leased) store.Outcome {
	var a afterwards
	if json.Unmarshal(l.Body, &a) != nil {
		g.log.Error("what is to be done after erasing cannot be read and was given up")
		return store.Outcome{Failed: true}
	}
	who := map[channels.Name][]channels.Address{}
	for _, x := range a.Forget {
		who[x.Channel] = append(who[x.Channel], x)
	}
	for name, addresses := range who {
		ch, ok := g.channels[name].(channels.Forgetter)
		if !ok {
			g.log.Error("a channel that is no longer configured keeps something of somebody who was erased", "channel", name)
			return store.Outcome{Again: g.now().Add(time.Hour)}
		}
		if err := ch.Forget(ctx, addresses...); err != nil {
			g.log.Error("a channel could not forget somebody who was erased, it is tried again", "channel", name, "err", err)
			pause := firstPause << min(max(l.Tries-1, 0), 10)
			return store.Outcome{Again: g.now().Add(min(pause, time.Hour))}
		}
	}
	if a.Word == nil || g.now().Sub(l.Made) > lastWordFor {
		return store.Outcome{Done: true}
	}
	var err error
	if l.Body, err = json.Marshal(a.Word); err != nil { // unreachable: it was read a moment ago
		return store.Outcome{Failed: true}
	}
	return g.send(ctx, l)
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
