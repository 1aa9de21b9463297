// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"context"
	"net/http"
	"slices"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// Send hands a message to WhatsApp. It waits for its turn, at most two and a half
// seconds, else it fails as Throttled. More than 24 hours after the person last
// wrote it fails as Expired without asking anybody, unless the message has a
// Template. Up to 3 choices become buttons, up to 10 a list, more or longer ones
// numbered lines; some messages go as two, and if the second fails both are tried
// again. The receipt's ID is that of the last. Outbound.Key comes back in every
// report of it.
func (c *Channel) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	to, bad := recipientOf(out.To)
	if bad != nil {
		return channels.Receipt{}, bad
	}
	all, bad := c.messages(ctx, out)
	if bad != nil {
		return channels.Receipt{}, bad
	}
	var receipt channels.Receipt
	for _, m := range all {
		m.Product, m.Kind, m.recipient = "whatsapp", "individual", to
		if len(out.Key) <= maxTag {
			m.Key = out.Key
		}
		r, bad := c.post(ctx, out.To, m)
		if bad != nil {
			return channels.Receipt{}, bad
		}
		receipt = r
	}
	return receipt, nil
}

// messages are what is to be sent, where it may be.
func (c *Channel) messages(ctx context.Context, out channels.Outbound) ([]message, *channels.SendError) {
	if out.Template == nil {
		if c.now().Sub(out.LastActed) > window {
			return nil, &channels.SendError{Problem: channels.Expired, Cause: "more than 24 hours since the person last wrote: only a template is taken"}
		}
		opener := ""
		if c.o.Opener != nil {
			opener = c.o.Opener(out.Locale)
		}
		return messagesOf(out, opener)
	}
	forms, bad := c.forms(ctx)
	if bad != nil {
		forms = nil // Meta looks at it anyway
	} else if forms == nil {
		forms = []form{}
	}
	m, bad := filled(out.Template, forms)
	if bad != nil {
		return nil, bad
	}
	return []message{m}, nil
}

// post makes the request when it is its turn.
func (c *Channel) post(ctx context.Context, to channels.Address, m message) (channels.Receipt, *channels.SendError) {
	if !c.o.Unpaced {
		pause, away := c.pace.turn(m.recipient, c.now())
		if away != nil {
			return channels.Receipt{}, away
		}
		if !wait(ctx, pause) {
			return channels.Receipt{}, &channels.SendError{Problem: channels.Unavailable, Cause: "there was no time left"}
		}
	}
	if m.file != nil {
		id, bad := c.put(ctx, m.file)
		if bad != nil {
			return channels.Receipt{}, bad
		}
		m.shape().ID = id
	}
	var answer accepted
	err := c.graph.Do(ctx, http.MethodPost, c.path("messages"), m, &answer)
	if phone := c.heard.get(to).who.phone; meta.Is(err, codeUser) && m.User != "" && phone != "" {
		m.recipient = recipient{To: phone}
		err = c.graph.Do(ctx, http.MethodPost, c.path("messages"), m, &answer)
	}
	if err != nil {
		return channels.Receipt{}, c.slow(m.recipient, err)
	}
	c.pace.done(m.recipient)
	return answer.receipt(to), nil
}

// settles is how long after a lost answer it is tried again. By then WhatsApp has
// mostly told, by a status with the message's key, that it has it: statuses come
// within seconds. Meanwhile nothing else goes to the person, so it is not longer.
const settles = 10 * time.Second

// slow judges an error, and waits longer where WhatsApp asks for it.
func (c *Channel) slow(to recipient, err error) *channels.SendError {
	bad := judge(err)
	switch {
	case bad.Problem == channels.NoAnswer:
		waits := *bad
		waits.After = settles
		return &waits
	case bad.Problem != channels.Throttled:
	case meta.Is(err, codePair):
		bad.After = c.pace.strike(to, c.now())
	default:
		c.pace.hold(c.now().Add(min(bad.After, time.Minute)))
	}
	return bad
}

// accepted is Meta's answer to a message that it took.
type accepted struct {
	Contacts []struct {
		Phone  meta.ID `json:"wa_id"`
		User   meta.ID `json:"user_id"`
		Parent meta.ID `json:"parent_user_id"`
	} `json:"contacts"`
	Messages []struct {
		ID meta.ID `json:"id"`
	} `json:"messages"`
}

func (a accepted) receipt(to channels.Address) channels.Receipt {
	var r channels.Receipt
	if len(a.Messages) > 0 {
		r.ID = string(a.Messages[0].ID)
	}
	if len(a.Contacts) == 1 {
		x := a.Contacts[0]
		r.Learned = slices.DeleteFunc(personOf(x.User, x.Parent, x.Phone).addresses(), func(a channels.Address) bool { return a == to })
	}
	return r
}

// wait waits, and says whether ctx let it.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
