// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"sarai/channels"
)

// system is what WhatsApp says of a person: that they have another number, or
// another business-scoped user id, which changes with the number
// (developers.facebook.com, system messages, read 2026-08).
func (r *reading) system(raw json.RawMessage, m envelope, sender person) {
	var s struct {
		System system `json:"system"`
	}
	ok := json.Unmarshal(raw, &s) == nil
	if t := s.System.Type; t == "user_identity_changed" || t == "customer_identity_changed" {
		r.Ignored++ // another phone, perhaps: the number is the same
		return
	}
	in := s.System.event(sender, m.Timestamp.Time)
	in.ID = string(m.ID)
	if in.ID == "" {
		in.ID = nameless(raw)
	}
	if !ok || in.Kind == "" {
		in = channels.Inbound{
			From: sender.address(), Aliases: sender.aliases(), ID: in.ID, At: m.Timestamp.Time,
			Kind: channels.Unknown, Raw: bytes.Clone(raw),
		}
	}
	r.In = append(r.In, in)
}

// renamed is the same in the field user_id_update, which Meta announced and then
// replaced by the system message (changelog of 2026-08-11). Where both come, the
// person is renamed twice, which changes nothing.
func (r *reading) renamed(raw json.RawMessage, at time.Time) {
	var x renaming
	ok := json.Unmarshal(raw, &x) == nil
	if !x.Timestamp.IsZero() {
		at = x.Timestamp.Time
	}
	x.system.Type = "user_changed_user_id"
	phone := x.system.Phone
	x.system.Phone, x.system.OldForm = "", ""
	in := x.system.event(personOf(phone), at)
	if !ok || in.Kind == "" {
		r.In = append(r.In, strange(personOf(phone), raw, at))
		return
	}
	if in.ID = string(x.ID); in.ID == "" {
		in.ID = nameless(raw)
	}
	r.In = append(r.In, in)
}

// event gives how the person is called now, with what they were called before.
// sender is what the message says beside. Kind is "" where it is none of those
// changes.
func (s system) event(sender person, at time.Time) channels.Inbound {
	old := person{
		user:   personOf(s.Before, s.User.before).user,
		parent: personOf(s.AboveBefore, s.Above.before).parent,
	}
	now := personOf(s.User.now, s.Above.now, s.Phone, s.OldForm)
	switch s.Type {
	case "user_changed_number", "customer_changed_number":
	case "user_changed_user_id":
		now.phone = "" // none is told; where one stands, it is still theirs
	default:
		return channels.Inbound{}
	}
	was := old.with(sender).addresses()
	is := now.addresses()
	was = slices.DeleteFunc(was, func(a channels.Address) bool { return slices.Contains(is, a) })
	if len(is) == 0 || len(was) == 0 {
		return channels.Inbound{}
	}
	return channels.Inbound{From: is[0], Aliases: was, At: at, Kind: channels.Renamed}
}
