// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// What comes beside messages, by the field that was subscribed to.
var (
	// aboutAccount are told to the operator.
	aboutAccount = []string{
		"account_alerts", "account_review_update", "account_settings_update", "account_update",
		"business_capability_update", "business_status_update", "flows", "message_template_components_update",
		"message_template_quality_update", "message_template_status_update", "partner_solutions",
		"payment_configuration_update", "phone_number_name_update", "phone_number_quality_update",
		"security", "template_category_update",
	}
	// silent are left: nobody waits for an answer, and some hold what is nobody's
	// business. history and smb_app_state_sync are the talks and the address book
	// that were on a phone before, contacts is Meta's own book.
	silent = []string{
		"automatic_events", "consumer_profile", "contacts", "group_lifecycle_update", "group_participants_update",
		"group_settings_update", "group_status_update", "history", "messaging_handovers", "smb_app_state_sync",
		"template_performance_metrics", "tracking_events", "user_preferences",
	}
)

// A reading is what one event of Meta's means.
type reading struct {
	meta.Reading
	groups  int       // of Ignored: what happened in groups
	foreign int       // of Ignored: what belongs to another number
	notes   []note    // for the operator
	heard   []heard   // whose messages can be marked as read
	trouble []Trouble // of the account
}

// heard is a message that a person wrote.
type heard struct {
	who person
	id  string
}

// read makes of an event what it means to the number. It never fails: what it
// does not understand is channels.Unknown, from whoever sent it or from nobody.
func read(number string, e meta.Event) reading {
	var r reading
	if slices.Contains(silent, e.Field) {
		r.Ignored++
		return r
	}
	if slices.Contains(aboutAccount, e.Field) {
		r.notes = append(r.notes, noteOf(e.Field, e.Body))
		r.Ignored++
		return r
	}
	var v value
	if err := json.Unmarshal(e.Body, &v); err != nil && !isObject(e.Body) {
		r.In = append(r.In, strange(person{}, e.Body, e.Time.Time))
		return r
	}
	if v.Metadata.Number != "" && string(v.Metadata.Number) != number {
		r.Ignored++
		r.foreign++
		return r
	}
	standby := e.Field == "standby"
	people := contacts(v.Contacts)
	for _, raw := range v.Messages {
		r.message(raw, people, len(v.Messages) == 1, standby)
	}
	for _, raw := range v.Echoes {
		r.echo(raw, people, len(v.Echoes) == 1, standby)
	}
	for _, raw := range v.UserIDs {
		r.renamed(raw, e.Time.Time)
	}
	for _, raw := range v.Calls {
		r.call(raw, people, len(v.Calls) == 1)
	}
	for _, raw := range v.Statuses {
		r.status(raw)
	}
	for _, raw := range v.Errors {
		if t := (Trouble{Code: codeOf(raw), At: e.Time.Time}); t.Code != 0 {
			r.trouble = append(r.trouble, t)
		}
	}
	if len(v.Messages)+len(v.Echoes)+len(v.UserIDs)+len(v.Calls)+len(v.Statuses)+len(v.Errors) == 0 {
		// A field that came later, or a list in one: kept, since it may be a person.
		who := person{}
		if len(people) == 1 {
			who = people[0]
		}
		r.In = append(r.In, strange(who, e.Body, e.Time.Time))
	}
	return r
}

func isObject(b []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) }

func contacts(all list) []person {
	var people []person
	for _, raw := range all {
		var c contact
		_ = json.Unmarshal(raw, &c) // what is not understood is not known
		if p := personOf(c.User, c.Parent, c.Phone); p.known() {
			people = append(people, p)
		}
	}
	return people
}

// fill adds to p what the contacts beside the message say of them. The only
// contact beside the only message is whoever sent it, unless they differ.
func fill(p person, people []person, only bool) person {
	for _, q := range people {
		if p.meets(q) {
			return p.with(q)
		}
	}
	if only && len(people) == 1 {
		q := people[0]
		differ := p.user != "" && q.user != "" || p.phone != "" && q.phone != ""
		if !differ {
			return p.with(q)
		}
	}
	return p
}

func (r *reading) message(raw json.RawMessage, people []person, only, standby bool) {
	var m envelope
	broken := json.Unmarshal(raw, &m) != nil
	if m.Group != "" {
		r.Ignored++
		r.groups++
		return
	}
	sender := personOf(m.FromUser, m.FromAbove, m.From)
	if m.Type == "system" {
		r.system(raw, m, sender)
		return
	}
	who := fill(sender, people, only)
	in := event(raw, m, who, broken)
	in.Standby = standby
	r.In = append(r.In, in)
	if m.ID != "" && who.known() && !standby {
		r.heard = append(r.heard, heard{who, string(m.ID)})
	}
}

// echo is what somebody of the centre wrote in WhatsApp's own app for businesses
// or, in standby, what Meta's own agent did.
func (r *reading) echo(raw json.RawMessage, people []person, only, standby bool) {
	var m envelope
	broken := json.Unmarshal(raw, &m) != nil
	if m.Group != "" {
		r.Ignored++
		r.groups++
		return
	}
	in := event(raw, m, fill(personOf(m.ToUser, m.ToAbove, m.To), people, only), broken)
	in.Staff, in.Standby, in.Campaign = channels.BusinessApp, standby, ""
	r.In = append(r.In, in)
}

// event is a message as it arrives.
func event(raw json.RawMessage, m envelope, who person, broken bool) channels.Inbound {
	in, ok := contentOf(raw, m.Type, who)
	in.From, in.Aliases, in.At = who.address(), who.aliases(), m.Timestamp.Time
	in.ID = string(m.ID)
	if in.ID == in.Of && in.Of != "" { // an edit that carries the id of what it changes
		in.ID += "/" + m.Type + "/" + strconv.FormatInt(in.At.Unix(), 10)
	}
	if in.ID == "" {
		in.ID = nameless(raw)
	}
	if m.Referral != nil {
		in.Campaign = m.Referral.campaign()
	}
	if !ok || broken {
		in.Kind, in.Media, in.Raw = channels.Unknown, nil, bytes.Clone(raw)
	}
	return in
}

// campaign is by which advertisement somebody came. The id of the click is of
// one person alone: it is not kept.
func (f referral) campaign() string {
	id := string(f.Source)
	if id != "" && len(id) <= 64 && strings.Trim(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-") == "" {
		return id
	}
	if f.Click != "" {
		return "ctwa" // click to WhatsApp
	}
	return ""
}

// call is somebody who rings. That it ended is nothing new.
func (r *reading) call(raw json.RawMessage, people []person, only bool) {
	var m envelope
	_ = json.Unmarshal(raw, &m) // what is not understood is not known
	if m.Event != "connect" || m.Direction == "BUSINESS_INITIATED" || m.ID == "" {
		r.Ignored++
		return
	}
	who := fill(personOf(m.FromUser, m.FromAbove, m.From), people, only)
	r.In = append(r.In, channels.Inbound{
		From: who.address(), Aliases: who.aliases(), ID: string(m.ID), At: m.Timestamp.Time, Kind: channels.Call,
	})
}

// strange keeps what nobody understands.
func strange(who person, raw []byte, at time.Time) channels.Inbound {
	return channels.Inbound{
		From: who.address(), Aliases: who.aliases(), ID: nameless(raw), At: at,
		Kind: channels.Unknown, Raw: bytes.Clone(raw),
	}
}

// nameless is the ID of what has none: the same content is the same event.
func nameless(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "content/" + hex.EncodeToString(sum[:16])
}

// lines joins what is not empty.
func lines(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "\n")
}

// codeOf is the code of the first error in raw, 0 where there is none.
func codeOf(raw json.RawMessage) int {
	var t trouble
	_ = json.Unmarshal(raw, &t) // then its code is ""
	n, _ := strconv.Atoi(cmp.Or(t.Code.String(), "0"))
	return n
}
