// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits of what is sent on Messenger (developers.facebook.com/docs/messenger-platform).
const (
	mostText     = 2000
	mostReplies  = 13
	mostTitle    = 20
	mostPayload  = 1000
	mostMetadata = 1000
	mostTemplate = 640
	mostButtons  = 3
	mostElements = 10
	mostLine     = 80       // title and subtitle of an element
	mostFile     = 25 << 20 // bytes
	fileLife     = 90 * 24 * time.Hour
	typingLife   = 20 * time.Second
	replyWindow  = 7 * 24 * time.Hour // of a private reply
)

type recipient struct {
	ID      ident  `json:"id"`
	Comment string `json:"comment_id"`
	Post    string `json:"post_id"`
}

type outMessage struct {
	Text         *string        `json:"text"`
	Attachment   *outAttachment `json:"attachment"`
	QuickReplies []quickReply   `json:"quick_replies"`
	Metadata     string         `json:"metadata"`
	ReplyTo      replyTo        `json:"reply_to"`
}

type replyTo struct {
	Mid string `json:"mid"`
}

type quickReply struct {
	Type    string `json:"content_type"`
	Title   string `json:"title"`
	Payload string `json:"payload"`
}

type outAttachment struct {
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

type outButton struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Payload string `json:"payload,omitempty"`
	URL     string `json:"url,omitempty"`
}

func tooLong(param string, most int) *refusal {
	return refuse(100, 0, "(#100) Length of param %s must be less than or equal to %d", param, most)
}

// sendToPerson is POST /{page-id}/messages.
func (s *Server) sendToPerson(c *call, _ string) (any, *refusal) {
	if r := s.needs(230, "pages_messaging"); r != nil {
		return nil, r
	}
	var to recipient
	if !c.args.has("recipient") || !c.args.into("recipient", &to) || (to == recipient{}) {
		return nil, refuse(100, 0, "(#100) The parameter recipient is required")
	}
	action := c.args.text("sender_action")
	if action != "" {
		if c.args.has("message") {
			return nil, refuse(100, 0, "(#100) Param sender_action cannot be sent with a message") // worded by guess
		}
		return s.act(string(to.ID), action)
	}
	m, r := s.outgoing(c)
	if r != nil {
		return nil, r
	}
	heavy := m.Type == "audio" || m.Type == "video"
	if to.ID == "" {
		p, comment, r := s.privately(cmp.Or(to.Comment, to.Post))
		if r == nil {
			r = s.pacePage(heavy)
		}
		if r != nil {
			return nil, r
		}
		comment.answered = true
		m.Private = comment.id
		return s.sent(p, m), nil
	}
	p := s.people[string(to.ID)]
	if p == nil {
		return nil, refuse(100, 2018001, "(#100) No matching user found")
	}
	if p.blocked {
		return nil, refuse(551, 1545041, "(#551) This person isn't available right now.")
	}
	if r := s.inWindow(p, c.args.text("messaging_type"), m.Tag); r != nil {
		return nil, r
	}
	if p.standby {
		return nil, refuse(10, 2018300, "(#10) Message failed to send because another app is controlling this thread now.")
	}
	if r := s.pacePage(heavy); r != nil {
		return nil, r
	}
	return s.sent(p, m), nil
}

// act is a sender_action.
func (s *Server) act(psid, action string) (any, *refusal) {
	p := s.people[psid]
	if p == nil {
		return nil, refuse(100, 2018001, "(#100) No matching user found")
	}
	if p.blocked {
		return nil, refuse(551, 1545041, "(#551) This person isn't available right now.")
	}
	switch action {
	case "typing_on":
		p.chat.action, p.chat.until = "typing", s.now().Add(typingLife)
	case "typing_off":
		p.chat.action = ""
	case "mark_seen":
		p.chat.seen = true
	default:
		return nil, refuse(100, 0, "(#100) Param sender_action must be one of {MARK_SEEN, TYPING_ON, TYPING_OFF}")
	}
	return obj{"recipient_id": psid}, nil
}

// inWindow refuses what comes later than the person allows: 24 hours for the
// program, seven days for a human agent (developers.facebook.com).
func (s *Server) inWindow(p *Person, kind, tag string) *refusal {
	outside := refuse(10, 2018278, "(#10) This message is sent outside of allowed window. Learn more about the new policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview")
	outside.status = 403
	since := s.now().Sub(p.chat.acted)
	switch { // whoever has never written did so in the year 1
	case since <= window:
		return nil
	case tag == "HUMAN_AGENT" && kind == "MESSAGE_TAG" && since <= humanWindow:
		return nil
	}
	return outside
}

// outgoing reads and checks the message of a call.
func (s *Server) outgoing(c *call) (*Message, *refusal) {
	kind, tag := c.args.text("messaging_type"), c.args.text("tag")
	switch kind {
	case "", "RESPONSE", "UPDATE":
	case "MESSAGE_TAG":
		if tag == "" {
			return nil, refuse(100, 2018199, "(#100) Param tag is required with messaging_type MESSAGE_TAG") // worded by guess
		}
	default:
		return nil, refuse(100, 0, "(#100) Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}")
	}
	switch tag {
	case "":
	case "HUMAN_AGENT":
		if s.denied["human_agent"] {
			return nil, refuse(10, 2018065, "(#10) This message is sent outside of allowed window. You need human_agent permission to send it.") // worded by guess
		}
	default: // the other tags were retired on 2026-04-27
		return nil, refuse(100, 0, "(#100) Invalid parameter")
	}
	var in outMessage
	if !c.args.has("message") || !c.args.into("message", &in) {
		return nil, refuse(100, 0, "(#100) The parameter message is required and must be an object")
	}
	var top replyTo
	c.args.into("reply_to", &top)
	m := &Message{By: "program", Tag: tag, Key: in.Metadata, Reply: cmp.Or(in.ReplyTo.Mid, top.Mid)}
	if units(in.Metadata) > mostMetadata {
		return nil, tooLong("message[metadata]", mostMetadata)
	}
	switch {
	case in.Text != nil && in.Attachment != nil:
		return nil, refuse(100, 2018014, "(#100) Message cannot have both text and attachment") // worded by guess
	case in.Text != nil:
		if strings.TrimSpace(*in.Text) == "" {
			return nil, refuse(100, 0, "(#100) Message cannot be empty, must provide valid attachment or text")
		}
		if units(*in.Text) > mostText {
			return nil, tooLong("message[text]", mostText)
		}
		m.Text = *in.Text
	case in.Attachment != nil:
		if r := s.attach(c, in.Attachment, m); r != nil {
			return nil, r
		}
	default:
		return nil, refuse(100, 0, "(#100) Message cannot be empty, must provide valid attachment or text")
	}
	return m, replies(m, in.QuickReplies)
}

// replies checks quick replies and puts them under the message.
func replies(m *Message, all []quickReply) *refusal {
	if all != nil && len(all) == 0 {
		return refuse(100, 0, "(#100) Param message[quick_replies] must be a non-empty array.")
	}
	if len(all) > mostReplies {
		return refuse(100, 2018051, "(#100) Param message[quick_replies] may have %d elements", mostReplies) // worded by guess
	}
	for i, q := range all {
		param := fmt.Sprintf("message[quick_replies][%d]", i)
		switch q.Type {
		case "user_phone_number", "user_email":
			m.Buttons = append(m.Buttons, Button{Kind: "quick", Title: q.Type})
			continue
		case "text":
		default:
			return refuse(100, 0, "(#100) Param %s[content_type] must be one of {TEXT, USER_PHONE_NUMBER, USER_EMAIL}", param)
		}
		switch {
		case strings.TrimSpace(q.Title) == "":
			return refuse(100, 0, "(#100) Param %s[title] must be a non-empty UTF-8 encoded string", param)
		case q.Payload == "":
			return refuse(100, 0, "(#100) Param %s[payload] must be a non-empty UTF-8 encoded string", param)
		case units(q.Payload) > mostPayload:
			return tooLong(param+"[payload]", mostPayload)
		}
		// Longer titles are taken and cut (developers.facebook.com).
		m.Buttons = append(m.Buttons, Button{Kind: "quick", Title: cut(q.Title, mostTitle), Payload: q.Payload})
	}
	return nil
}

// sent puts a message on the person's screen, and tells the program by an echo and
// a delivery.
func (s *Server) sent(p *Person, m *Message) any {
	m.ID, m.At = s.mid(), s.now()
	m.State = "delivered"
	p.chat.add(m)
	app := json.Number(s.o.AppID)
	s.echo(p, m, &app)
	s.messaging(p, "message_deliveries", obj{"delivery": obj{"mids": []string{m.ID}, "watermark": s.now().UnixMilli()}})
	return obj{"recipient_id": p.psid, "message_id": m.ID}
}

// mid makes a message's id. Real ones are longer, and of the same letters.
func (s *Server) mid() string {
	n := s.number()
	return "m_" + hash(s.o.AppSecret, []byte(strconv.FormatInt(n, 10)))[:20] + "-" + strconv.FormatInt(n, 10)
}
