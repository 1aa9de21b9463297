// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/types"

	"sarai/channels"
)

// revocable is how long after sending WhatsApp takes a message back: about two days
// and a half.
const revocable = 60 * time.Hour

// ClearsOursOnly is true: what the person wrote stays on their phone, and where a
// message of ours stood a line says that it was deleted.
func (c *Channel) ClearsOursOnly() bool { return true }

// Clear takes back what was sent from here within the last two and a half days,
// newest first. all is true only where nothing else was named. When there is no time
// for all of it, it fails as Throttled and goes on where it was when called again.
func (c *Channel) Clear(ctx context.Context, to channels.Address, ids []string) (all bool, err error) {
	j, bad := personOf(to)
	if bad != nil {
		return false, bad
	}
	s, bad := c.ready()
	if bad != nil {
		return false, bad
	}
	if bad := s.known(ctx, j); bad != nil {
		return false, bad
	}
	all = true
	for _, id := range ids {
		if strings.Contains(id, "/") { // an event: the person's own
			all = false
			continue
		}
		beside, at, ours, err := s.file.sent(ctx, id)
		if err != nil {
			return false, &channels.SendError{Problem: channels.Unavailable, Cause: "the device's file cannot be read"}
		}
		if !ours {
			continue // taken back before, or long ago
		}
		if c.now().Sub(at) > revocable {
			all = false
			continue
		}
		for _, one := range []string{beside, id} {
			if one == "" {
				continue
			}
			if bad := s.revoke(ctx, j, one); bad != nil {
				if bad.Problem == channels.Rejected {
					all = false
					continue
				}
				return false, bad
			}
		}
		if s.file.unsend(ctx, id) != nil {
			return false, &channels.SendError{Problem: channels.Unavailable, Cause: "the device's file does not take anything: is the disk full?"}
		}
	}
	return all, nil
}

func (s *session) revoke(ctx context.Context, to types.JID, id types.MessageID) *channels.SendError {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < 2*time.Second {
		return &channels.SendError{Problem: channels.Throttled, After: time.Second, Cause: "there is more to take back"}
	}
	if !s.unpaced && !wait(ctx, revokeEvery) {
		return &channels.SendError{Problem: channels.Throttled, After: time.Second, Cause: "there is more to take back"}
	}
	return s.post(ctx, to, messageID("revoke "+id), s.cli.BuildRevoke(to, types.EmptyJID, id))
}

// Forget takes away what the device's file holds of people who are erased: what was
// sent to them, keys of single messages, what the phone calls them; and, a day later
// unless they write again, that they have written and the keys of the encryption with
// their phone. Until then a last word reaches them. What stays is only what the phone
// itself tells again: its address book, its groups, and a talk from before the link
// that is private.
func (c *Channel) Forget(ctx context.Context, who ...channels.Address) error {
	f, err := c.open(ctx)
	if err != nil {
		return err
	}
	var ids []string
	for _, a := range who {
		if j, bad := personOf(a); bad == nil {
			ids = append(ids, j.String())
			if d, err := f.device(ctx); err == nil && d != nil {
				if other, err := d.GetAltJID(ctx, j); err == nil && !other.IsEmpty() {
					ids = append(ids, other.ToNonAD().String())
				}
			}
		}
	}
	if f.forget(ctx, ids, c.now()) != nil {
		return errUnusable
	}
	return nil
}
