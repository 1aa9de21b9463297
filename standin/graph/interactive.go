// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"fmt"
	"strings"
)

// Limits of buttons and lists on WhatsApp (developers.facebook.com/docs/whatsapp/cloud-api,
// seen in November 2025).
const (
	mostReplyButtons = 3
	mostReplyTitle   = 20
	mostReplyID      = 256
	mostButtonBody   = 1024
	mostRows         = 10 // over all sections
	mostSections     = 10
	mostRowID        = 200
	mostRowTitle     = 24
	mostRowText      = 72
	mostSection      = 24
	mostHeader       = 60
	mostFooter       = 60
)

type interaction struct {
	Type   string `json:"type"`
	Header *struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"header"`
	Body *struct {
		Text string `json:"text"`
	} `json:"body"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer"`
	Action struct {
		Button  string `json:"button"`
		Buttons []struct {
			Type  string `json:"type"`
			Reply struct {
				ID    string `json:"id"`
				Title string `json:"title"`
			} `json:"reply"`
		} `json:"buttons"`
		Sections []struct {
			Title string `json:"title"`
			Rows  []struct {
				ID          string `json:"id"`
				Title       string `json:"title"`
				Description string `json:"description"`
			} `json:"rows"`
		} `json:"sections"`
		Name       string `json:"name"`
		Parameters struct {
			Text string `json:"display_text"`
			URL  string `json:"url"`
		} `json:"parameters"`
	} `json:"action"`
}

// length refuses a text that is empty, or longer than most.
func length(what, text string, most int) *refusal {
	if strings.TrimSpace(text) == "" || units(text) > most {
		return invalid(fmt.Sprintf("%s length invalid. Min length: 1, Max length: %d", what, most))
	}
	return nil
}

// interactive reads and checks a message with buttons or a list.
func interactive(c *call, m *Message) *refusal {
	var in interaction
	if !c.args.has("interactive") {
		return missing("interactive")
	}
	if !c.args.into("interactive", &in) {
		return refuse(100, 0, "(#100) Param interactive must be an object")
	}
	if in.Body == nil {
		return missing("interactive['body']")
	}
	most := mostButtonBody
	if in.Type == "list" {
		most = mostBody
	}
	lines := []string{}
	if h := in.Header; h != nil {
		if h.Type == "text" {
			if r := length("Header text", h.Text, mostHeader); r != nil {
				return r
			}
			lines = append(lines, h.Text)
		} else if in.Type == "list" {
			return invalid("A list takes a header of type text")
		}
	}
	if r := length("Body text", in.Body.Text, most); r != nil {
		return r
	}
	lines = append(lines, in.Body.Text)
	if in.Footer != nil {
		if r := length("Footer text", in.Footer.Text, mostFooter); r != nil {
			return r
		}
		lines = append(lines, in.Footer.Text)
	}
	m.Text = strings.Join(lines, "\n")
	switch in.Type {
	case "button":
		return in.buttons(m)
	case "list":
		return in.list(m)
	case "cta_url":
		if r := length("Button title", in.Action.Parameters.Text, mostReplyTitle); r != nil {
			return r
		}
		if !strings.HasPrefix(in.Action.Parameters.URL, "https://") && !strings.HasPrefix(in.Action.Parameters.URL, "http://") {
			return invalid("url is not a URL")
		}
		m.Buttons = []Button{{Kind: "web_url", Title: in.Action.Parameters.Text, URL: in.Action.Parameters.URL}}
		return nil
	case "location_request_message":
		if in.Action.Name != "send_location" {
			return invalid("action['name'] must be send_location")
		}
		return nil
	}
	return refuse(100, 0, "(#100) Param interactive['type'] must be one of {BUTTON, CTA_URL, LIST, LOCATION_REQUEST_MESSAGE}")
}

func (in *interaction) buttons(m *Message) *refusal {
	all := in.Action.Buttons
	if len(all) == 0 || len(all) > mostReplyButtons {
		return invalid(fmt.Sprintf("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: %d", mostReplyButtons))
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, b := range all {
		if b.Type != "reply" {
			return invalid("A button's type is reply")
		}
		if r := length("Button title", b.Reply.Title, mostReplyTitle); r != nil {
			return r
		}
		if r := length("Button id", b.Reply.ID, mostReplyID); r != nil {
			return r
		}
		if ids[b.Reply.ID] || titles[b.Reply.Title] {
			return invalid("Duplicate button id or title")
		}
		ids[b.Reply.ID], titles[b.Reply.Title] = true, true
		m.Buttons = append(m.Buttons, Button{Kind: "reply", Title: b.Reply.Title, Payload: b.Reply.ID})
	}
	return nil
}

func (in *interaction) list(m *Message) *refusal {
	if r := length("Button label", in.Action.Button, mostReplyTitle); r != nil {
		return r
	}
	m.Opener = in.Action.Button
	all := in.Action.Sections
	if len(all) == 0 || len(all) > mostSections {
		return invalid(fmt.Sprintf("Invalid sections count. Min allowed sections: 1, Max allowed sections: %d", mostSections))
	}
	ids := map[string]bool{}
	for _, sec := range all {
		if len(all) > 1 || sec.Title != "" {
			if r := length("Section title", sec.Title, mostSection); r != nil {
				return r
			}
		}
		if len(sec.Rows) == 0 {
			return invalid("A section has at least one row")
		}
		for _, row := range sec.Rows {
			if r := length("Row title", row.Title, mostRowTitle); r != nil {
				return r
			}
			if r := length("Row id", row.ID, mostRowID); r != nil {
				return r
			}
			if units(row.Description) > mostRowText {
				return invalid(fmt.Sprintf("Row description is too long. Max length: %d", mostRowText))
			}
			if ids[row.ID] {
				return invalid("Duplicate row id")
			}
			ids[row.ID] = true
			m.Buttons = append(m.Buttons, Button{Kind: "row", Title: row.Title, Payload: row.ID, Description: row.Description, Section: sec.Title})
		}
	}
	if len(m.Buttons) > mostRows {
		return invalid(fmt.Sprintf("Total row count exceed max allowed count: %d", mostRows))
	}
	return nil
}
