// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"strings"
	"time"
)

// Limits of what is sent on WhatsApp (developers.facebook.com/docs/whatsapp/cloud-api).
const (
	mostBody      = 4096
	mostCaption   = 1024
	mostCallback  = 512
	cloudTyping   = 25 * time.Second // observed
	productNeeded = "(#100) The parameter messaging_product is required."
)

// billed is since when answers in the window are billed (developers.facebook.com, 2026-07-01).
var billed = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// invalid refuses a parameter whose value WhatsApp does not take.
func invalid(details string) *refusal {
	r := refuse(131009, 0, "(#131009) Parameter value is not valid")
	r.details = details
	return r
}

// missing refuses a call without a parameter.
func missing(name string) *refusal {
	r := refuse(131008, 0, "(#131008) Required parameter is missing")
	r.details = "Parameter '" + name + "' is mandatory."
	return r
}

// sendToContact is POST /{phone-number-id}/messages.
func (s *Server) sendToContact(c *call, _ string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_messaging"); r != nil {
		return nil, r
	}
	if c.args.text("messaging_product") != "whatsapp" {
		return nil, refuse(100, 0, productNeeded)
	}
	if c.args.has("status") {
		return s.markRead(c)
	}
	m, category, r := s.composed(c)
	if r != nil {
		return nil, r
	}
	to, r := s.addressed(c, category)
	if r != nil {
		return nil, r
	}
	user, input := "nobody", c.args.text("to")
	if input == "" {
		input = c.args.text("recipient")
	}
	if to != nil {
		user = to.user
	}
	if r := s.paceNumber(user); r != nil {
		return nil, r
	}
	late := 0
	switch {
	case to == nil || to.blocked:
		late = 131026
	case m.Template == "" && (to.chat.acted.IsZero() || s.now().Sub(to.chat.acted) > window):
		late = 131047
	}
	if late != 0 && (!s.o.Late || to == nil) {
		r := refuse(late, 0, "(#%d) %s", late, titles[late])
		r.details = details[late]
		return nil, r
	}
	m.ID, m.At = s.wamid(), s.now()
	contact := obj{"input": input, "user_id": to.user}
	if to.username == "" {
		contact["wa_id"] = to.phone
	}
	message := obj{"id": m.ID}
	if m.Template != "" {
		message["message_status"] = "accepted"
	}
	answer := obj{"messaging_product": "whatsapp", "contacts": []obj{contact}, "messages": []obj{message}}
	if late != 0 {
		to.failed(m, late)
		return answer, nil
	}
	to.chat.add(m)
	pricing := obj{"billable": true, "pricing_model": "PMP", "type": "regular", "category": category}
	if category == "service" && m.At.Before(billed) {
		pricing["billable"], pricing["type"] = false, "free_customer_service"
	}
	to.status(m, "sent", obj{"pricing": pricing})
	to.status(m, "delivered", obj{"pricing": pricing})
	return answer, nil
}

// addressed finds whom a message is for; nil is nobody on WhatsApp. A phone number
// wins over a BSUID.
func (s *Server) addressed(c *call, category string) (*Contact, *refusal) {
	if kind := c.args.text("recipient_type"); kind != "" && kind != "individual" {
		return nil, refuse(100, 0, "(#100) Param recipient_type must be one of {INDIVIDUAL} here")
	}
	if to := c.args.text("to"); to != "" {
		number := strings.NewReplacer("+", "", " ", "", "-", "", "(", "", ")", "").Replace(to)
		if !digits(number) {
			r := refuse(100, 0, "(#100) Invalid parameter")
			r.details = "Parameter 'to' is not a phone number"
			return nil, r
		}
		if number == s.o.Number {
			r := refuse(131021, 0, "(#131021) Recipient cannot be sender")
			r.details = "Sender and recipient phone number is the same"
			return nil, r
		}
		return s.contacts[number], nil
	}
	user := c.args.text("recipient")
	if user == "" {
		return nil, refuse(100, 0, "(#100) The parameter to is required.")
	}
	if category == "authentication" {
		return nil, refuse(131062, 0, "(#131062) Business-scoped user ids are not supported for this message")
	}
	return s.users[user], nil
}

// markRead is the read mark, with or without typing.
func (s *Server) markRead(c *call) (any, *refusal) {
	if c.args.text("status") != "read" {
		return nil, refuse(100, 0, "(#100) Param status must be one of {READ}")
	}
	id := c.args.text("message_id")
	if id == "" {
		return nil, missing("message_id")
	}
	var typing struct {
		Type string `json:"type"`
	}
	if !c.args.into("typing_indicator", &typing) || (c.args.has("typing_indicator") && typing.Type != "text") {
		return nil, refuse(100, 0, "(#100) Param typing_indicator[type] must be one of {TEXT}")
	}
	for _, to := range s.callers {
		m := to.chat.find(id)
		if m == nil || m.By != "person" {
			continue
		}
		to.chat.seen = true
		if typing.Type != "" {
			to.chat.action, to.chat.until = "typing", s.now().Add(cloudTyping)
		}
		return obj{"success": true}, nil
	}
	return nil, invalid("Message ID is not valid")
}

// composed reads and checks the message of a call, and gives the category under
// which it is billed.
func (s *Server) composed(c *call) (*Message, string, *refusal) {
	m := &Message{By: "program", Key: c.args.text("biz_opaque_callback_data")}
	if units(m.Key) > mostCallback {
		return nil, "", invalid("biz_opaque_callback_data may have 512 characters")
	}
	var context struct {
		ID string `json:"message_id"`
	}
	if !c.args.into("context", &context) {
		return nil, "", refuse(100, 0, "(#100) Param context must be an object")
	}
	m.Reply = context.ID
	kind := c.args.text("type")
	switch kind {
	case "", "text":
		var text struct {
			Body string `json:"body"`
		}
		if !c.args.into("text", &text) || strings.TrimSpace(text.Body) == "" {
			return nil, "", refuse(100, 0, "(#100) The parameter text['body'] is required.")
		}
		if units(text.Body) > mostBody {
			r := refuse(100, 0, "(#100) Invalid parameter")
			r.details = "Param text['body'] must be at most 4096 characters long."
			return nil, "", r
		}
		m.Text = text.Body
	case "image", "audio", "video", "document", "sticker":
		m.Type = kind
		if r := s.mediaMessage(c, kind, m); r != nil {
			return nil, "", r
		}
	case "interactive":
		m.Type = kind
		if r := interactive(c, m); r != nil {
			return nil, "", r
		}
	case "location":
		m.Type = kind
		var p Place
		if !c.args.into("location", &p) || !c.args.has("location") {
			return nil, "", missing("location")
		}
		m.Place = &p
	case "reaction":
		var to struct {
			ID    string `json:"message_id"`
			Emoji string `json:"emoji"`
		}
		if !c.args.into("reaction", &to) || to.ID == "" {
			return nil, "", missing("reaction")
		}
		m.Type, m.Text, m.Reply = kind, to.Emoji, to.ID
	case "template":
		category, r := s.fill(c, m)
		return m, category, r
	default:
		return nil, "", refuse(100, 0, "(#100) Param type must be one of {AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO}")
	}
	return m, "service", nil
}

// mediaMessage reads a file that was uploaded before, or one at an address, which is
// not fetched here.
func (s *Server) mediaMessage(c *call, kind string, m *Message) *refusal {
	var in struct {
		ID      ident  `json:"id"`
		Link    string `json:"link"`
		Caption string `json:"caption"`
		Name    string `json:"filename"`
		Voice   bool   `json:"voice"`
	}
	if !c.args.has(kind) || !c.args.into(kind, &in) {
		return missing(kind)
	}
	switch {
	case units(in.Caption) > mostCaption:
		return invalid("Param caption must be at most 1024 characters long.")
	case in.Caption != "" && (kind == "audio" || kind == "sticker"):
		return invalid("A caption is not supported for " + kind)
	case in.Name != "" && kind != "document":
		return invalid("filename is only supported for documents")
	case in.ID == "" && in.Link == "":
		return missing(kind + "['id'] or " + kind + "['link']")
	case in.Link != "":
		if !strings.HasPrefix(in.Link, "https://") && !strings.HasPrefix(in.Link, "http://") {
			return invalid("link is not a URL")
		}
		m.File = &File{Name: in.Link}
	default:
		k := s.files.byID[string(in.ID)]
		if k == nil || !k.cloud || s.now().After(k.until) {
			r := refuse(100, 0, "(#100) Invalid parameter")
			r.details = "Param " + kind + "['id'] is not a valid whatsapp business account media attachment ID"
			return r
		}
		if !fitsMessage(kind, k.Type) {
			return invalid("The media " + k.Type + " cannot be sent as " + kind)
		}
		f := k.File
		f.Voice = in.Voice
		if in.Name != "" {
			f.Name = in.Name
		}
		m.File = &f
	}
	m.Text = in.Caption
	return nil
}

// fitsMessage says whether a media type may be sent in a message of a kind.
func fitsMessage(kind, mediaType string) bool {
	switch kind {
	case "document":
		return true
	case "sticker":
		return mediaType == "image/webp"
	case "image":
		return mediaType == "image/jpeg" || mediaType == "image/png"
	}
	return strings.HasPrefix(mediaType, kind+"/")
}
