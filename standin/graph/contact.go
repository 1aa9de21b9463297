// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// webhookMedia is how long a file that a person sent can be fetched
// (developers.facebook.com).
const webhookMedia = 7 * 24 * time.Hour

// A Contact is somebody on WhatsApp. Get one from Server.Contact.
type Contact struct {
	s        *Server
	phone    string
	user     string
	name     string
	username string
	chat     chat
	blocked  bool
}

// Contact makes somebody, or gives who has this phone number, digits only with the
// country's code. name is their profile's; "" keeps it. They also have a
// business-scoped id, User.
func (s *Server) Contact(phone, name string) *Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.contacts[phone]
	if c == nil {
		h := fnv.New64a()
		h.Write([]byte(phone))
		c = &Contact{s: s, phone: phone, name: "Somebody"}
		for n := h.Sum64() >> 4; c.user == "" || s.users[c.user] != nil; n++ {
			c.user = "DE." + strconv.FormatUint(n, 10)
		}
		s.contacts[phone], s.users[c.user] = c, c
		s.callers = append(s.callers, c)
	}
	if name != "" {
		c.name = name
	}
	s.touch()
	return c
}

// Phone is the number (wa_id), digits only.
func (c *Contact) Phone() string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.phone
}

// User is the business-scoped user id (BSUID), as in "DE.1349…".
func (c *Contact) User() string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.user
}

// Username gives the person a username, "" takes it away. With one, events hold no
// phone number any more: no from, no wa_id.
func (c *Contact) Username(name string) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.username = name
	c.s.touch()
}

// wamid makes a message's id, base64 as real ones are.
func (s *Server) wamid() string {
	n := strconv.FormatInt(s.number(), 10)
	return "wamid." + base64.StdEncoding.EncodeToString([]byte("\x1d\x05\x0bstand-in-message-"+n))
}

// value is the beginning of what a change says.
func (s *Server) value() obj {
	return obj{"messaging_product": "whatsapp", "metadata": obj{"display_phone_number": s.o.Number, "phone_number_id": s.o.NumberID}}
}

// account tells the program of a change in a field, if it listens. The lock is held.
func (s *Server) account(field string, value obj) {
	s.touch()
	if s.heard {
		s.push(WhatsApp, obj{"id": s.o.AccountID, "changes": []obj{{"value": value, "field": field}}})
	}
}

func (c *Contact) card() obj {
	profile := obj{"name": c.name}
	if c.username != "" {
		profile["username"] = c.username
		return obj{"profile": profile, "user_id": c.user}
	}
	return obj{"profile": profile, "wa_id": c.phone, "user_id": c.user}
}

// tells is a message of the person's towards the program. The lock is held.
func (c *Contact) tells(id string, event obj) {
	s := c.s
	event["id"], event["timestamp"] = id, strconv.FormatInt(s.now().Unix(), 10)
	event["from_user_id"] = c.user
	if c.username == "" {
		event["from"] = c.phone
	}
	v := s.value()
	v["contacts"], v["messages"] = []obj{c.card()}, []obj{event}
	s.account("messages", v)
}

// writes puts a message of the person's on the screen and tells the program. It
// gives the message's id, "" where the number is blocked. The lock is held.
func (c *Contact) writes(m *Message, event obj) string {
	if c.blocked {
		return ""
	}
	m.ID, m.By, m.At = c.s.wamid(), "person", c.s.now()
	c.chat.add(m)
	c.chat.acted = m.At
	if m.Reply != "" {
		from := c.s.o.Number
		if old := c.chat.find(m.Reply); old != nil && old.By == "person" {
			from = c.phone
		}
		event["context"] = obj{"from": from, "id": m.Reply}
	}
	c.tells(m.ID, event)
	return m.ID
}

// Say writes a text. It returns the message's id (wamid), and "" where the person
// has blocked the number.
func (c *Contact) Say(text string) string { return c.Reply("", text) }

// Reply writes a text in answer to a message.
func (c *Contact) Reply(wamid, text string) string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.writes(&Message{Text: text, Reply: wamid}, obj{"type": "text", "text": obj{"body": text}})
}

// Press presses a reply button, a row of a list or a button of a template. It
// returns the new message's id, and "" where the message has no such button.
func (c *Contact) Press(wamid, id string) string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := c.chat.find(wamid)
	if m == nil || m.By == "person" {
		return ""
	}
	for _, b := range m.Buttons {
		if b.Payload != id {
			continue
		}
		said := &Message{Text: b.Title, Reply: wamid}
		switch {
		case m.Template != "":
			return c.writes(said, obj{"type": "button", "button": obj{"payload": b.Payload, "text": b.Title}})
		case b.Kind == "row":
			row := obj{"id": b.Payload, "title": b.Title}
			if b.Description != "" {
				row["description"] = b.Description
			}
			return c.writes(said, obj{"type": "interactive", "interactive": obj{"type": "list_reply", "list_reply": row}})
		case b.Kind == "reply":
			return c.writes(said, obj{"type": "interactive", "interactive": obj{"type": "button_reply", "button_reply": obj{"id": b.Payload, "title": b.Title}}})
		}
	}
	return ""
}

// Attach sends a file. kind is "image", "audio", "video", "document" or "sticker";
// f.ID is ignored.
func (c *Contact) Attach(kind string, f File, caption string) string {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.blocked {
		return ""
	}
	k := s.keep(f, true, webhookMedia)
	sum := sha256.Sum256(f.Data)
	media := obj{"id": k.ID, "mime_type": f.Type, "sha256": hex.EncodeToString(sum[:]), "url": s.link(k)}
	if caption != "" && kind != "audio" && kind != "sticker" {
		media["caption"] = caption
	}
	switch kind {
	case "document":
		media["filename"] = f.Name
	case "audio":
		media["voice"] = f.Voice
	case "sticker":
		media["animated"] = false
	}
	return c.writes(&Message{Type: kind, File: &k.File, Text: caption}, obj{"type": kind, kind: media})
}

// Place sends a place.
func (c *Contact) Place(latitude, longitude float64, name string) string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	place := obj{"latitude": latitude, "longitude": longitude}
	if name != "" {
		place["name"] = name
	}
	return c.writes(&Message{Type: "location", Place: &Place{latitude, longitude}, Text: name}, obj{"type": "location", "location": place})
}

// Card sends somebody's name and number.
func (c *Contact) Card(name, number string) string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	first, _, _ := strings.Cut(name, " ")
	return c.writes(&Message{Type: "contacts", Text: name + "\n" + number}, obj{"type": "contacts", "contacts": []obj{{
		"name":   obj{"formatted_name": name, "first_name": first},
		"phones": []obj{{"phone": number, "type": "CELL"}},
	}}})
}

// FromAd writes after an advertisement: the message carries a referral.
func (c *Contact) FromAd(ad, text string) string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.writes(&Message{Text: text}, obj{"type": "text", "text": obj{"body": text}, "referral": obj{
		"source_url": "https://fb.me/" + ad, "source_id": ad, "source_type": "ad", "headline": "Advice", "body": "Ask us",
		"media_type": "image", "image_url": "https://cdn.example/ad.jpg", "ctwa_clid": "clid-" + ad,
	}})
}

// React puts an emoji to a message, "" takes it off. It says whether there is such
// a message.
func (c *Contact) React(wamid, emoji string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := c.chat.find(wamid)
	if m == nil || c.blocked {
		return false
	}
	m.Reaction = emoji
	c.chat.acted = c.s.now()
	reaction := obj{"message_id": wamid}
	if emoji != "" {
		reaction["emoji"] = emoji
	}
	c.tells(c.s.wamid(), obj{"type": "reaction", "reaction": reaction})
	return true
}

// Edit changes one of the person's own messages. It says whether it did.
func (c *Contact) Edit(wamid, text string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := own(&c.chat, wamid)
	if m == nil || c.blocked {
		return false
	}
	m.Text, m.Edited = text, true
	c.tells(c.s.wamid(), obj{"type": "edit", "edit": obj{"original_message_id": wamid, "message": obj{"type": "text", "text": obj{"body": text}}}})
	return true
}

// Revoke deletes one of the person's own messages for everyone. It says whether it
// did.
func (c *Contact) Revoke(wamid string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := own(&c.chat, wamid)
	if m == nil {
		return false
	}
	m.Text, m.File, m.Place, m.Deleted = "", nil, nil, true
	c.tells(c.s.wamid(), obj{"type": "revoke", "revoke": obj{"original_message_id": wamid}})
	return true
}

// status tells the program what became of a message of its own. The lock is held.
func (c *Contact) status(m *Message, state string, more obj) {
	s := c.s
	m.State = state
	st := obj{"id": m.ID, "status": state, "timestamp": strconv.FormatInt(s.now().Unix(), 10), "recipient_user_id": c.user}
	if c.username == "" {
		st["recipient_id"] = c.phone
	}
	if m.Key != "" {
		st["biz_opaque_callback_data"] = m.Key
	}
	for k, v := range more {
		st[k] = v
	}
	v := s.value()
	v["statuses"] = []obj{st}
	s.account("messages", v)
}

// Read sees everything up to now: status read for each message of the program's.
func (c *Contact) Read() {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	for _, m := range c.chat.messages {
		if m.By == "program" && (m.State == "sent" || m.State == "delivered") {
			c.status(m, "read", nil)
		}
	}
	c.s.touch()
}

// Play listens to a recording of the program's: status played. It says whether it
// is one.
func (c *Contact) Play(wamid string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := c.chat.find(wamid)
	if m == nil || m.By != "program" || m.Type != "audio" {
		return false
	}
	c.status(m, "played", nil)
	return true
}

// titles of errors that come in statuses.
var titles = map[int]string{
	130472: "User's number is part of an experiment",
	131000: "Something went wrong",
	131026: "Message undeliverable",
	131042: "Business eligibility payment issue",
	131047: "Re-engagement message",
	131049: "This message was not delivered to maintain healthy ecosystem engagement.",
	131053: "Media upload error",
}

var details = map[int]string{
	131026: "Message Undeliverable.",
	131047: "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
}

func (c *Contact) failed(m *Message, code int) {
	title := titles[code]
	if title == "" {
		title = "Error " + strconv.Itoa(code)
	}
	e := obj{"code": code, "title": title, "message": title, "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}
	if d := details[code]; d != "" {
		e["error_data"] = obj{"details": d}
	}
	c.status(m, "failed", obj{"errors": []obj{e}})
}

// Fails reports that a message which was taken did not arrive: status failed with
// this error code. It says whether there is such a message of the program's.
func (c *Contact) Fails(wamid string, code int) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := c.chat.find(wamid)
	if m == nil || m.By != "program" {
		return false
	}
	c.failed(m, code)
	return true
}

// Renumber gives the person another number: system message user_changed_number,
// which comes from the old one. Their BSUID stays here, see Reidentify.
func (c *Contact) Renumber(phone string) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contacts[phone] != nil {
		return // it is somebody's
	}
	c.tells(s.wamid(), obj{"type": "system", "system": obj{
		"body": "User " + c.name + " changed from " + c.phone + " to " + phone, "wa_id": phone, "type": "user_changed_number",
	}})
	delete(s.contacts, c.phone)
	c.phone = phone
	s.contacts[phone] = c
}

// Reidentify gives the person another BSUID: a system message user_changed_user_id
// from the old one, and field user_id_update (both as observed).
func (c *Contact) Reidentify(user string) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[user] != nil {
		return // it is somebody's
	}
	old := c.user
	c.tells(s.wamid(), obj{"type": "system", "system": obj{
		"body": "User " + c.name + " changed from " + old + " to " + user, "user_id": user, "type": "user_changed_user_id",
	}})
	delete(s.users, old)
	c.user = user
	s.users[user] = c
	update := obj{"user_id": obj{"previous": old, "current": user}, "detail": "User ID changed", "timestamp": strconv.FormatInt(s.now().Unix(), 10)}
	if c.username == "" {
		update["wa_id"] = c.phone
	}
	v := s.value()
	v["contacts"], v["user_id_update"] = []obj{c.card()}, []obj{update}
	s.account("user_id_update", v)
}

// Block blocks the number: what is sent fails with 131026. Nothing tells the
// program.
func (c *Contact) Block() { c.block(true) }

// Unblock takes that back.
func (c *Contact) Unblock() { c.block(false) }

func (c *Contact) block(on bool) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.blocked = on
	c.s.touch()
}

// Answer is a colleague writing to the person in the WhatsApp Business app:
// smb_message_echoes. It returns the wamid.
func (c *Contact) Answer(text string) string {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &Message{ID: s.wamid(), By: "colleague", At: s.now(), Text: text}
	c.chat.add(m)
	c.echo(m.ID, obj{"type": "text", "text": obj{"body": text}})
	return m.ID
}

// Reanswer is the colleague changing such a message. It says whether it did.
func (c *Contact) Reanswer(wamid, text string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := c.chat.find(wamid)
	if m == nil || m.By != "colleague" || m.Deleted {
		return false
	}
	m.Text, m.Edited = text, true
	c.echo(c.s.wamid(), obj{"type": "edit", "edit": obj{"original_message_id": wamid, "message": obj{"type": "text", "text": obj{"body": text}}}})
	return true
}

// Unanswer is the colleague deleting such a message for everyone. It says whether
// it did.
func (c *Contact) Unanswer(wamid string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := c.chat.find(wamid)
	if m == nil || m.By != "colleague" || m.Deleted {
		return false
	}
	m.Text, m.Deleted = "", true
	c.echo(c.s.wamid(), obj{"type": "revoke", "revoke": obj{"original_message_id": wamid}})
	return true
}

// echo tells the program what a colleague did in the WhatsApp Business app. The
// lock is held.
func (c *Contact) echo(id string, event obj) {
	s := c.s
	event["from"], event["to_user_id"] = s.o.Number, c.user
	event["id"], event["timestamp"] = id, strconv.FormatInt(s.now().Unix(), 10)
	if c.username == "" {
		event["to"] = c.phone
	}
	v := s.value()
	v["message_echoes"] = []obj{event}
	s.account("smb_message_echoes", v)
}

// InGroup writes in a group that the number is in. It stands on no screen.
func (c *Contact) InGroup(group, text string) string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	id := c.s.wamid()
	c.tells(id, obj{"group_id": group, "type": "text", "text": obj{"body": text}})
	return id
}

// Unsupported sends what WhatsApp itself does not hand on: type unsupported, error
// 131051.
func (c *Contact) Unsupported() string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.writes(&Message{Type: "unsupported"}, obj{"type": "unsupported", "errors": []obj{{
		"code": 131051, "title": "Message type unknown", "message": "Message type unknown",
		"error_data": obj{"details": "Message type is currently not supported."},
	}}})
}

// Strange sends a message of a type that no program knows yet.
func (c *Contact) Strange() string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.writes(&Message{Type: "hologram"}, obj{"type": "hologram", "hologram": obj{"phase": "waning"}})
}

// Screen is what the person sees now, oldest first; at most 300 messages.
func (c *Contact) Screen() []Message {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.chat.screen()
}

// Last is the newest message that is not the person's; without one its ID is "".
func (c *Contact) Last() Message {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.chat.last()
}

// Action is what the number seems to do: "typing" or "". It is over after 25
// seconds (observed) or with the next message.
func (c *Contact) Action() string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.chat.doing(c.s.now())
}

// Seen says whether the person's newest message was marked as read.
func (c *Contact) Seen() bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.chat.seen
}

// Trouble tells the program of an error of the account: value.errors without
// messages.
func (s *Server) Trouble(code int, title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.value()
	v["errors"] = []obj{{"code": code, "title": title, "message": title}}
	s.account("messages", v)
}
