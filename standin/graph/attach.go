// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"encoding/json"
	"fmt"
	"strings"
)

// attach reads an attachment: a template, a file in the same request, one that was
// uploaded before, or one at an address, which is not fetched here.
func (s *Server) attach(c *call, a *outAttachment, m *Message) *refusal {
	m.Type = a.Type
	switch a.Type {
	case "template":
		return template(a.Payload, m)
	case "image", "audio", "video", "file":
	default:
		return refuse(100, 0, "(#100) Param message[attachment][type] must be one of {audio, file, image, template, video}")
	}
	var p struct {
		URL string `json:"url"`
		ID  ident  `json:"attachment_id"`
	}
	if len(a.Payload) > 0 && json.Unmarshal(a.Payload, &p) != nil {
		return refuse(100, 0, "(#100) Param message[attachment][payload] must be an object")
	}
	failed := refuse(100, 2018047, "(#100) Upload attachment failure.")
	switch {
	case c.file != nil:
		if len(c.file.data) == 0 || len(c.file.data) > mostFile || !suits(a.Type, c.file.kind) {
			return failed
		}
		k := s.keep(File{Name: c.file.name, Type: c.file.kind, Data: c.file.data}, false, fileLife)
		k.form = a.Type
		m.File = &k.File
	case p.ID != "":
		k := s.files.byID[string(p.ID)]
		if k == nil || k.cloud || k.form != a.Type || s.now().After(k.until) {
			return refuse(100, 2018074, "(#100) Attachment id is not valid for this Page") // worded by guess
		}
		m.File = &k.File
	case p.URL != "":
		if !strings.HasPrefix(p.URL, "https://") && !strings.HasPrefix(p.URL, "http://") {
			return failed
		}
		m.File = &File{Name: p.URL}
	default:
		return refuse(100, 0, "(#100) Param message[attachment][payload] must have url, attachment_id or a file")
	}
	return nil
}

// suits says whether a file may be sent as what it is said to be.
func suits(form, kind string) bool {
	return form == "file" || strings.HasPrefix(kind, form+"/")
}

// uploadAttachment is POST /{page-id}/message_attachments: a file for later messages.
func (s *Server) uploadAttachment(c *call, _ string) (any, *refusal) {
	if r := s.needs(230, "pages_messaging"); r != nil {
		return nil, r
	}
	var in outMessage
	if !c.args.into("message", &in) || in.Attachment == nil {
		return nil, refuse(100, 0, "(#100) The parameter message is required and must be an object")
	}
	if in.Attachment.Type == "template" {
		return nil, refuse(100, 0, "(#100) Param message[attachment][type] must be one of {audio, file, image, video}")
	}
	m := &Message{}
	if r := s.attach(c, in.Attachment, m); r != nil {
		return nil, r
	}
	if m.File.ID == "" { // it would be fetched now
		k := s.keep(*m.File, false, fileLife)
		k.form = in.Attachment.Type
		m.File = &k.File
	}
	return obj{"attachment_id": m.File.ID}, nil
}

// template checks a button or generic template.
func template(payload json.RawMessage, m *Message) *refusal {
	var t struct {
		Type     string      `json:"template_type"`
		Text     string      `json:"text"`
		Buttons  []outButton `json:"buttons"`
		Elements []struct {
			Title    string      `json:"title"`
			Subtitle string      `json:"subtitle"`
			Buttons  []outButton `json:"buttons"`
		} `json:"elements"`
	}
	const at = "message[attachment][payload]"
	if json.Unmarshal(payload, &t) != nil {
		return refuse(100, 0, "(#100) Param %s must be an object", at)
	}
	switch t.Type {
	case "button":
		switch {
		case strings.TrimSpace(t.Text) == "":
			return refuse(100, 0, "(#100) Param %s[text] must be a non-empty UTF-8 encoded string", at)
		case units(t.Text) > mostTemplate:
			return tooLong(at+"[text]", mostTemplate)
		case len(t.Buttons) == 0:
			return refuse(100, 0, "(#100) Param %s[buttons] must be a non-empty array.", at)
		}
		m.Text = t.Text
		return buttons(m, at, t.Buttons)
	case "generic":
		if len(t.Elements) == 0 || len(t.Elements) > mostElements {
			return refuse(100, 0, "(#100) Param %s[elements] must have 1 to %d elements", at, mostElements) // worded by guess
		}
		var lines []string
		for i, e := range t.Elements {
			here := fmt.Sprintf("%s[elements][%d]", at, i)
			switch {
			case strings.TrimSpace(e.Title) == "":
				return refuse(100, 0, "(#100) Param %s[title] must be a non-empty UTF-8 encoded string", here)
			case units(e.Title) > mostLine:
				return tooLong(here+"[title]", mostLine)
			case units(e.Subtitle) > mostLine:
				return tooLong(here+"[subtitle]", mostLine)
			}
			lines = append(lines, e.Title)
			if e.Subtitle != "" {
				lines = append(lines, e.Subtitle)
			}
			if r := buttons(m, here, e.Buttons); r != nil {
				return r
			}
		}
		m.Text = strings.Join(lines, "\n")
		return nil
	}
	return refuse(100, 0, "(#100) Param %s[template_type] must be one of {GENERIC, BUTTON}", at)
}

func buttons(m *Message, at string, all []outButton) *refusal {
	if len(all) > mostButtons {
		return refuse(100, 2018123, "(#100) Param %s[buttons] may have %d elements", at, mostButtons) // worded by guess
	}
	for i, b := range all {
		here := fmt.Sprintf("%s[buttons][%d]", at, i)
		switch {
		case strings.TrimSpace(b.Title) == "":
			return refuse(100, 0, "(#100) Param %s[title] must be a non-empty UTF-8 encoded string", here)
		case units(b.Title) > mostTitle:
			return tooLong(here+"[title]", mostTitle)
		}
		switch b.Type {
		case "postback":
			if b.Payload == "" {
				return refuse(100, 0, "(#100) Param %s[payload] must be a non-empty UTF-8 encoded string", here)
			}
			if units(b.Payload) > mostPayload {
				return tooLong(here+"[payload]", mostPayload)
			}
		case "web_url":
			if !strings.HasPrefix(b.URL, "https://") && !strings.HasPrefix(b.URL, "http://") {
				return refuse(100, 0, "(#100) Param %s[url] should represent a valid URL", here)
			}
		case "phone_number":
			if !strings.HasPrefix(b.Payload, "+") || !digits(b.Payload[1:]) {
				return refuse(100, 0, "(#100) Param %s[payload] must be a phone number such as +15105551234", here)
			}
		default:
			return refuse(100, 0, "(#100) Param %s[type] must be one of {WEB_URL, POSTBACK, PHONE_NUMBER}", here)
		}
		m.Buttons = append(m.Buttons, Button{Kind: b.Type, Title: b.Title, Payload: b.Payload, URL: b.URL})
	}
	return nil
}
