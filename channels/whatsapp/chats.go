// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types"

	"sarai/channels"
)

// A person is somebody by the number that WhatsApp calls them by. alias is the
// other one: the telephone number of who is known by a LID, empty where not known.
type person struct{ id, alias types.JID }

func address(id types.JID) channels.Address {
	return channels.Address{Channel: ChannelName, ID: id.String()}
}

func (p person) address() channels.Address { return address(p.id) }

func (p person) aliases() []channels.Address {
	if p.alias.IsEmpty() {
		return nil
	}
	return []channels.Address{address(p.alias)}
}

// keys are under what the person can stand in a table.
func (p person) keys() []string {
	if p.alias.IsEmpty() {
		return []string{p.id.String()}
	}
	return []string{p.id.String(), p.alias.String()}
}

// single says whether an id is a single person's: not a group, a channel, a list,
// a robot or WhatsApp itself.
func single(j types.JID) bool {
	if j.Server != types.HiddenUserServer && j.Server != types.DefaultUserServer || j.User == "" || j.IsBot() {
		return false
	}
	return j.User != "0" && strings.Trim(j.User, "0123456789") == ""
}

// somebody makes a person of the two numbers that a stanza names. The second may be
// empty.
func somebody(a, b types.JID) person {
	a, b = a.ToNonAD(), b.ToNonAD()
	if !single(b) || b.Server == a.Server {
		b = types.EmptyJID
	}
	if a.Server == types.DefaultUserServer && b.Server == types.HiddenUserServer {
		a, b = b, a
	}
	return person{id: a, alias: b}
}

// personOf gives the person of an address, or says why there is none.
func personOf(a channels.Address) (types.JID, *channels.SendError) {
	j, err := types.ParseJID(a.ID)
	if a.Channel != ChannelName || err != nil || !single(j) || j.Device != 0 {
		return types.JID{}, &channels.SendError{Problem: channels.Rejected, Cause: "the address is not a person's on WhatsApp"}
	}
	return j, nil
}

// private says whether a talk must not be read, by any of the numbers of whom it
// is with.
func (f *file) private(ctx context.Context, keys []string) (bool, error) {
	for _, k := range keys {
		var n int
		if err := f.db.QueryRowContext(ctx, `SELECT count(*) FROM sarai_chat WHERE id = ? AND private <> 0`, k).Scan(&n); err != nil {
			return false, err
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}

// meet keeps a talk that was on the phone before, as private, unless it is known or
// somebody in it has written to us.
func (f *file) meet(ctx context.Context, keys []string, name string, many bool) error {
	if !many {
		for _, k := range keys {
			if there, err := f.heard(ctx, k); there || err != nil {
				return err
			}
		}
	}
	for _, k := range keys {
		var n int
		if err := f.db.QueryRowContext(ctx, `SELECT count(*) FROM sarai_chat WHERE id = ?`, k).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if name == "" {
			return nil
		}
		_, err := f.db.ExecContext(ctx, `UPDATE sarai_chat SET name = ? WHERE id = ?`, name, k)
		return err
	}
	_, err := f.db.ExecContext(ctx, `INSERT OR IGNORE INTO sarai_chat (id, name, many, private) VALUES (?, ?, ?, 1)`, keys[0], name, many)
	return err
}

// relink begins anew: the talks of the phone that was linked before are forgotten,
// who has written to us is not.
func (f *file) relink(ctx context.Context, at time.Time) error {
	if _, err := f.db.ExecContext(ctx, `DELETE FROM sarai_chat`); err != nil {
		return err
	}
	if err := f.setNote(ctx, noteSettled, ""); err != nil {
		return err
	}
	return f.setNote(ctx, noteLinked, at.UTC().Format(time.RFC3339Nano))
}

// unlink forgets what belongs to the phone.
func (f *file) unlink(ctx context.Context) error {
	for _, query := range []string{`DELETE FROM whatsmeow_device`, `DELETE FROM sarai_chat`, `DELETE FROM sarai_sent`} {
		if _, err := f.db.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	if err := f.dropPeople(ctx); err != nil {
		return err
	}
	for _, note := range []string{noteLinked, noteSettled, noteStanding} {
		if err := f.setNote(ctx, note, ""); err != nil {
			return err
		}
	}
	return f.empty(ctx)
}

// linked gives when the phone was linked here, and whether it has told since which
// talks it has. A device without that note is from before the notes.
func (f *file) linked(ctx context.Context) (at time.Time, settled bool, err error) {
	s, err := f.note(ctx, noteLinked)
	if err != nil {
		return at, false, err
	}
	if s == "" {
		return at, true, nil
	}
	at, _ = time.Parse(time.RFC3339Nano, s)
	s, err = f.note(ctx, noteSettled)
	return at, s != "", err
}

// A talk is one that the phone has told of.
type talk struct {
	keys []string
	name string
	many bool
}

// talks gives the talks of what a phone tells a new device. Of their words nothing
// is looked at.
func talks(h *waHistorySync.HistorySync, lid func(pn types.JID) types.JID) []talk {
	var all []talk
	for _, c := range h.GetConversations() {
		id, err := types.ParseJID(c.GetID())
		if err != nil {
			continue
		}
		t := talk{name: c.GetName()}
		if t.name == "" {
			t.name = c.GetDisplayName()
		}
		switch {
		case id.Server == types.GroupServer:
			t.many, t.keys = true, []string{id.String()}
		case single(id):
			other := types.EmptyJID
			for _, s := range []string{c.GetLidJID(), c.GetPnJID()} {
				if j, err := types.ParseJID(s); s != "" && err == nil && j.Server != id.Server {
					other = j
				}
			}
			if other.IsEmpty() && id.Server == types.DefaultUserServer {
				other = lid(id)
			}
			t.keys = somebody(id, other).keys()
		default:
			continue
		}
		all = append(all, t)
	}
	return all
}

// Chats gives the groups and the talks from before the link, by name. It asks the
// phone's groups of WhatsApp where there is a connection.
func (c *Channel) Chats(ctx context.Context) ([]channels.Chat, error) {
	f, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	if s := c.current(); s != nil && s.cli.IsLoggedIn() {
		s.groups(ctx)
	}
	rows, err := f.db.QueryContext(ctx, `SELECT id, name, many, private FROM sarai_chat`)
	if err != nil {
		return nil, errUnusable
	}
	defer rows.Close()
	var all []channels.Chat
	for rows.Next() {
		var x channels.Chat
		if err := rows.Scan(&x.ID, &x.Name, &x.Group, &x.Private); err != nil {
			return nil, errUnusable
		}
		all = append(all, x)
	}
	if rows.Err() != nil {
		return nil, errUnusable
	}
	rows.Close()
	if d, err := f.device(ctx); err == nil && d != nil {
		for i := range all {
			if all[i].Name != "" || all[i].Group {
				continue
			}
			if j, err := types.ParseJID(all[i].ID); err == nil {
				if known, err := d.Contacts.GetContact(ctx, j); err == nil && known.Found {
					all[i].Name = known.FullName
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b channels.Chat) int {
		if n := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, nil
}

// groups has WhatsApp tell which groups the phone is in.
func (s *session) groups(ctx context.Context) {
	ctx, end := context.WithTimeout(ctx, 5*time.Second)
	defer end()
	all, err := s.cli.GetJoinedGroups(ctx)
	if err != nil {
		return // those that anybody wrote in are known all the same
	}
	for _, g := range all {
		_ = s.file.meet(ctx, []string{g.JID.ToNonAD().String()}, g.Name, true)
	}
}

// SetPrivate says whether one of Chats is private. A group stays private; it fails
// for one that is to be read, and for an id that is not of Chats.
func (c *Channel) SetPrivate(ctx context.Context, id string, private bool) error {
	f, err := c.open(ctx)
	if err != nil {
		return err
	}
	r, err := f.db.ExecContext(ctx, `UPDATE sarai_chat SET private = ? WHERE id = ? AND (many = 0 OR ?)`, private, id, private)
	if err != nil {
		return errUnusable
	}
	if n, err := r.RowsAffected(); err == nil && n == 0 {
		return errors.New("whatsapp: there is no such talk, or it is a group, which is never read")
	}
	return nil
}
