// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
)

// A Person has a Facebook account: they write on Messenger and comment under the
// Page's posts. Get one from Server.Person.
type Person struct {
	s        *Server
	psid     string
	public   string
	name     string
	language string
	chat     chat
	begun    bool // they have written or pressed something
	blocked  bool
	standby  bool
}

// Person makes somebody, or gives who has this id on Messenger (PSID), digits. Their
// id under posts is another, Public. name is what they are called there; "" keeps
// the name.
func (s *Server) Person(psid, name string) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[psid]
	if p == nil {
		h := fnv.New32a()
		h.Write([]byte(psid))
		p = &Person{s: s, psid: psid, name: "Somebody", language: "en_US"}
		for n := int64(h.Sum32()); p.public == "" || s.public[p.public] != nil; n++ {
			p.public = strconv.FormatInt(10000000000+n, 10)
		}
		s.people[psid], s.public[p.public] = p, p
		s.guests = append(s.guests, p)
	}
	if name != "" {
		p.name = name
	}
	s.touch()
	return p
}

// ID is the person's id on Messenger, their PSID for this Page.
func (p *Person) ID() string { return p.psid }

// Public is the person's id in comments. It is not the PSID, as with Meta.
func (p *Person) Public() string { return p.public }

// Speak sets the locale of the person's Messenger, such as "ur_PK", by which ice
// breakers and the menu are chosen.
func (p *Person) Speak(locale string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.language = locale
	p.s.touch()
}

// messaging tells the program something of a person's talk, if it subscribed to
// the field. The lock is held.
func (s *Server) messaging(p *Person, field string, event obj) {
	where := "messaging"
	if p.standby {
		where = "standby"
		if !s.fields["standby"] {
			return
		}
	}
	if !s.fields[field] {
		return
	}
	now := s.now().UnixMilli()
	if event["sender"] == nil {
		event["sender"], event["recipient"] = obj{"id": p.psid}, obj{"id": s.o.PageID}
	}
	event["timestamp"] = now
	s.push(Messenger, obj{"id": s.o.PageID, "time": now + 123, where: []obj{event}})
}

// writes puts a message of the person's on the screen and tells the program. It
// gives the message's id, "" where the Page is blocked. The lock is held.
func (p *Person) writes(m *Message, event obj) string {
	s := p.s
	if p.blocked {
		return ""
	}
	m.ID, m.By, m.At = s.mid(), "person", s.now()
	p.chat.add(m)
	p.acts()
	event["mid"] = m.ID
	if m.Reply != "" {
		event["reply_to"] = obj{"mid": m.Reply}
	}
	s.messaging(p, "messages", obj{"message": event})
	s.touch()
	return m.ID
}

// acts opens the window.
func (p *Person) acts() { p.chat.acted, p.begun = p.s.now(), true }

// Say writes a text. It returns the message's id (mid), and "" where the person has
// blocked the Page.
func (p *Person) Say(text string) string { return p.Reply("", text) }

// Reply writes a text in answer to a message.
func (p *Person) Reply(mid, text string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.writes(&Message{Text: text, Reply: mid}, obj{"text": text})
}

// Tap taps the quick reply with this payload under the newest message. It returns
// the new message's id, and "" where there is no such quick reply any more.
func (p *Person) Tap(payload string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, m := range p.chat.messages {
		for _, b := range m.Buttons {
			if b.Kind == "quick" && b.Payload == payload {
				return p.writes(&Message{Text: b.Title}, obj{"text": b.Title, "quick_reply": obj{"payload": payload}})
			}
		}
	}
	return ""
}

// Press presses a postback button of a template. It returns the postback's mid, and
// "" where the message has no such button.
func (p *Person) Press(mid, payload string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if m := p.chat.find(mid); m != nil {
		for _, b := range m.Buttons {
			if b.Kind == "postback" && b.Payload == payload {
				return p.postback(b.Title, payload, nil)
			}
		}
	}
	return ""
}

// postback tells the program that a button was pressed. The lock is held.
func (p *Person) postback(title, payload string, referral obj) string {
	s := p.s
	if p.blocked {
		return ""
	}
	id := s.mid()
	p.chat.add(&Message{ID: id, By: "person", At: s.now(), Type: "postback", Text: title})
	p.acts()
	event := obj{"mid": id, "title": title, "payload": payload}
	if referral != nil {
		event["referral"] = referral
	}
	s.messaging(p, "messaging_postbacks", obj{"postback": event})
	s.touch()
	return id
}

// Start presses Get Started, with the ref of the link that led here or "". It
// returns the postback's mid, and "" where the Page has set no such button.
func (p *Person) Start(ref string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.s.profile.started == "" {
		return ""
	}
	return p.postback("Get Started", p.s.profile.started, referral(ref))
}

func referral(ref string) obj {
	if ref == "" {
		return nil
	}
	return obj{"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}
}

// Break taps the ice breaker with this payload, in the person's locale. It returns
// the postback's mid, and "" where there is none, or the person has written already.
func (p *Person) Break(payload string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.begun {
		return ""
	}
	for _, b := range p.s.profile.breakers(p.language) {
		if b.Payload == payload {
			return p.postback(b.Title, payload, nil)
		}
	}
	return ""
}

// Menu taps the item of the persistent menu with this payload, in the person's
// locale. It returns the postback's mid, and "" where there is none.
func (p *Person) Menu(payload string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, b := range p.s.profile.menu(p.language) {
		if b.Kind == "postback" && b.Payload == payload {
			return p.postback(b.Title, payload, nil)
		}
	}
	return ""
}

// Refer follows a link m.me with a ref into an open talk: a referral.
func (p *Person) Refer(ref string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.blocked || !p.begun {
		return
	}
	p.acts()
	p.s.messaging(p, "messaging_referrals", obj{"referral": referral(ref)})
	p.s.touch()
}

// FromAd follows an advertisement and writes: the message carries its referral.
func (p *Person) FromAd(ad, text string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.writes(&Message{Text: text}, obj{"text": text, "referral": obj{
		"ref": ad, "ad_id": "6045", "source": "ADS", "type": "OPEN_THREAD",
		"ads_context_data": obj{"ad_title": "Advice", "photo_url": "https://cdn.example/y.jpg", "post_id": "17"},
	}})
}

// Attach sends a file. kind is "image", "audio" (voice notes too), "video", "file"
// or "sticker"; f.ID is ignored. The event has a signed address below /media, which
// expires after an hour of the server's clock.
func (p *Person) Attach(kind string, f File) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.blocked {
		return ""
	}
	k := s.keep(f, false, fileLife)
	payload := obj{"url": s.link(k)}
	if kind == "sticker" {
		payload["sticker_id"] = json.Number("369239263222822")
	}
	return p.writes(&Message{Type: kind, File: &k.File}, obj{"attachments": []obj{{"type": kind, "payload": payload}}})
}

// Place sends a place, in the shape of old clients.
func (p *Person) Place(latitude, longitude float64) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.writes(&Message{Type: "location", Place: &Place{latitude, longitude}},
		obj{"attachments": []obj{{"type": "location", "payload": obj{"coordinates": obj{"lat": latitude, "long": longitude}}}}})
}

// Share shares a page of the web: an attachment "fallback" without payload.
func (p *Person) Share(title, url string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.writes(&Message{Type: "fallback", Text: title + "\n" + url},
		obj{"attachments": []obj{{"type": "fallback", "title": title, "url": url, "payload": nil}}})
}

// own is a message of the person's that was not taken back. The lock is held.
func own(c *chat, id string) *Message {
	m := c.find(id)
	if m == nil || m.By != "person" || m.Deleted {
		return nil
	}
	return m
}

// Edit changes one of the person's own messages; at most 5 times
// (developers.facebook.com). It says whether it did.
func (p *Person) Edit(mid, text string) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := own(&p.chat, mid)
	if m == nil || p.blocked || m.edits >= 5 {
		return false
	}
	m.edits++
	m.Text, m.Edited = text, true
	p.s.messaging(p, "message_edits", obj{"message_edit": obj{"mid": mid, "text": text, "num_edit": m.edits}})
	p.s.touch()
	return true
}

// Unsend takes one of the person's own messages back. It says whether it did.
func (p *Person) Unsend(mid string) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := own(&p.chat, mid)
	if m == nil {
		return false
	}
	m.Text, m.File, m.Place, m.Deleted = "", nil, nil, true
	p.s.messaging(p, "messages", obj{"message": obj{"mid": mid, "is_deleted": true}})
	p.s.touch()
	return true
}

// React puts an emoji to a message, "" takes it off. It says whether there is such
// a message.
func (p *Person) React(mid, emoji string) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := p.chat.find(mid)
	if m == nil || p.blocked {
		return false
	}
	event := obj{"mid": mid, "action": "react", "emoji": emoji, "reaction": "other"}
	switch emoji {
	case "":
		event = obj{"mid": mid, "action": "unreact"}
	case "\u2764", "\u2764\ufe0f":
		event["reaction"] = "love"
	case "👍":
		event["reaction"] = "like"
	}
	m.Reaction = emoji
	p.acts()
	p.s.messaging(p, "message_reactions", obj{"reaction": event})
	p.s.touch()
	return true
}

// Read sees everything up to now.
func (p *Person) Read() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, m := range p.chat.messages {
		if m.By == "program" {
			m.State = "read"
		}
	}
	p.s.messaging(p, "message_reads", obj{"read": obj{"watermark": p.s.now().UnixMilli()}})
	p.s.touch()
}

// Block blocks the Page: what is sent is refused by 551/1545041. Nothing tells the
// program.
func (p *Person) Block() { p.block(true) }

// Unblock takes that back.
func (p *Person) Unblock() { p.block(false) }

func (p *Person) block(on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.blocked = on
	p.s.touch()
}

// echo tells the program of a message of the Page's. app is who sent it; nil leaves
// app_id out. The lock is held.
func (s *Server) echo(p *Person, m *Message, app *json.Number) {
	e := obj{"mid": m.ID, "is_echo": true}
	if app != nil {
		e["app_id"] = *app
	}
	if m.Key != "" {
		e["metadata"] = m.Key
	}
	switch m.Type {
	case "":
		e["text"] = m.Text
	case "template":
		e["attachments"] = []obj{{"type": "template", "payload": obj{"template_type": "button", "text": m.Text}}}
	default:
		payload := obj{}
		if m.File != nil {
			payload["url"] = m.File.Name
			if k := s.files.byID[m.File.ID]; k != nil {
				payload["url"] = s.link(k)
			}
		}
		e["attachments"] = []obj{{"type": m.Type, "payload": payload}}
	}
	s.messaging(p, "message_echoes", obj{"sender": obj{"id": s.o.PageID}, "recipient": obj{"id": p.psid}, "message": e})
}

// Answer is a colleague in the Page's inbox writing to the person: an echo that is
// not the program's. app is the inbox's app id, usually Inbox; "" leaves app_id out,
// as Meta sometimes does.
func (p *Person) Answer(app, text string) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.colleague(p, app, &Message{Text: text})
}

// colleague sends a message from the Page's inbox. The lock is held.
func (s *Server) colleague(p *Person, app string, m *Message) string {
	m.ID, m.By, m.At = s.mid(), "colleague", s.now()
	p.chat.add(m)
	var id *json.Number
	if digits(app) {
		n := json.Number(app)
		id = &n
	}
	s.echo(p, m, id)
	s.touch()
	return m.ID
}

// Standby gives the talk to another app, the Page's inbox, or takes it back: what
// happens comes in standby meanwhile, and sends are refused by 10/2018300. The
// program is told by pass_thread_control or take_thread_control.
func (p *Person) Standby(on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.hand(p, on)
}

// hand moves a talk between the program and the inbox. The lock is held.
func (s *Server) hand(p *Person, toInbox bool) {
	if p.standby == toInbox {
		return
	}
	p.standby = false // the event itself comes in messaging
	event := obj{"pass_thread_control": obj{"previous_owner_app_id": json.Number(Inbox), "new_owner_app_id": json.Number(s.o.AppID), "metadata": ""}}
	if toInbox {
		event = obj{"take_thread_control": obj{"previous_owner_app_id": json.Number(s.o.AppID), "new_owner_app_id": json.Number(Inbox), "metadata": ""}}
	}
	s.messaging(p, "messaging_handovers", event)
	p.standby = toInbox
	s.touch()
}

// control is POST /{page-id}/pass_thread_control and its like, the old calls, which
// mostly still work.
func (s *Server) control(edge string) handler {
	return func(c *call, _ string) (any, *refusal) {
		var to recipient
		if !c.args.into("recipient", &to) || s.people[string(to.ID)] == nil {
			return nil, refuse(100, 2018001, "(#100) No matching user found")
		}
		s.hand(s.people[string(to.ID)], edge != "take_thread_control")
		return obj{"success": true}, nil
	}
}

// Strange sends a message with content that no program knows yet.
func (p *Person) Strange() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.writes(&Message{Type: "hologram"}, obj{
		"attachments": []obj{{"type": "hologram", "payload": obj{"phase": "waning"}}},
		"moon_phase":  "waning",
	})
}

// Screen is what the person sees on Messenger now, oldest first; at most 300
// messages.
func (p *Person) Screen() []Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.chat.screen()
}

// Last is the newest message that is not the person's; without one its ID is "".
func (p *Person) Last() Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.chat.last()
}

// Action is what the Page seems to do: "typing" or "". Typing is over after 20
// seconds (developers.facebook.com) or with the next message.
func (p *Person) Action() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.chat.doing(p.s.now())
}

// Seen says whether the Page has marked the talk as seen since the person's last
// message.
func (p *Person) Seen() bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.chat.seen
}

// Policy tells the program that Meta acts against the Page: action is "warning",
// "block" or "unblock".
func (s *Server) Policy(action, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fields["messaging_policy_enforcement"] {
		return
	}
	now := s.now().UnixMilli()
	s.push(Messenger, obj{"id": s.o.PageID, "time": now + 123, "messaging": []obj{{
		"recipient": obj{"id": s.o.PageID}, "timestamp": now, "policy_enforcement": obj{"action": action, "reason": reason},
	}}})
}
