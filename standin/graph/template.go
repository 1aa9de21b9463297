// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Template is a message that WhatsApp has looked at, for use outside the window.
type Template struct {
	Name     string
	Language string // such as "fa" or "en_US"
	Status   string // "" is APPROVED; PENDING, REJECTED, PAUSED, DISABLED
	Category string // "" is UTILITY; MARKETING, AUTHENTICATION
	Header   string // may have one variable
	Body     string // with {{1}}, {{2}} … or {{name}} for what varies
	Footer   string
	Buttons  []string // labels of quick replies

	id string
}

// Template adds a template of the account, or replaces that of the same name and
// language. Where its status changes, the program is told by
// message_template_status_update.
func (s *Server) Template(t Template) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Status, t.Category = cmp.Or(t.Status, "APPROVED"), cmp.Or(t.Category, "UTILITY")
	t.Buttons = slices.Clone(t.Buttons)
	old := s.template(t.Name, t.Language)
	if old == nil {
		t.id = strconv.FormatInt(500000000000000+s.number(), 10)
		s.templates = append(s.templates, &t)
		s.touch()
		return
	}
	t.id = old.id
	changed := old.Status != t.Status
	*old = t
	if changed {
		s.account("message_template_status_update", obj{
			"event": t.Status, "message_template_id": t.id, "message_template_name": t.Name,
			"message_template_language": t.Language, "message_template_category": t.Category, "reason": "NONE",
		})
	}
	s.touch()
}

func (s *Server) template(name, language string) *Template {
	for _, t := range s.templates {
		if t.Name == name && t.Language == language {
			return t
		}
	}
	return nil
}

var variable = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// variables are the names in a text, in the order in which they first come.
func variables(text string) []string {
	var all []string
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(all, m[1]) {
			all = append(all, m[1])
		}
	}
	return all
}

type component struct {
	Type       string `json:"type"`
	SubType    string `json:"sub_type"`
	Index      ident  `json:"index"`
	Parameters []struct {
		Type    string `json:"type"`
		Name    string `json:"parameter_name"`
		Text    string `json:"text"`
		Payload string `json:"payload"`
	} `json:"parameters"`
}

// mostGap is how many spaces may follow one another in a parameter (observed).
const mostGap = 4

// fill reads a template message, checks it against the template, and gives the
// category under which it is billed.
func (s *Server) fill(c *call, m *Message) (string, *refusal) {
	var in struct {
		Name     string `json:"name"`
		Language struct {
			Code string `json:"code"`
		} `json:"language"`
		Components []component `json:"components"`
	}
	if !c.args.has("template") || !c.args.into("template", &in) || in.Name == "" || in.Language.Code == "" {
		return "", missing("template")
	}
	no := func(code int, text, details string) (string, *refusal) {
		r := refuse(code, 0, "(#%d) %s", code, text)
		r.details = details
		return "", r
	}
	t := s.template(in.Name, in.Language.Code)
	switch {
	case t == nil, t.Status == "PENDING", t.Status == "REJECTED":
		return no(132001, "Template name does not exist in the translation", fmt.Sprintf("template name (%s) does not exist in %s", in.Name, in.Language.Code))
	case t.Status == "PAUSED":
		return no(132015, "Template is Paused", "The template is paused due to low quality")
	case t.Status == "DISABLED":
		return no(132016, "Template is Disabled", "The template has been paused too many times")
	}
	given := map[string]component{}
	payloads := map[string]string{}
	for _, p := range in.Components {
		kind := strings.ToLower(p.Type)
		if kind == "button" {
			if len(p.Parameters) > 0 {
				payloads[string(p.Index)] = p.Parameters[0].Payload
			}
			continue
		}
		given[kind] = p
	}
	var lines []string
	for _, part := range []struct{ kind, text string }{{"header", t.Header}, {"body", t.Body}} {
		want := variables(part.text)
		got := given[part.kind].Parameters
		if len(want) != len(got) {
			return no(132000, "Number of parameters does not match the expected number of params", fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)", part.kind, len(got), len(want)))
		}
		values := map[string]string{}
		for i, p := range got {
			name := want[i]
			if p.Name != "" {
				name = p.Name
			}
			switch {
			case p.Type != "text" || !slices.Contains(want, name):
				return no(132012, "Parameter format does not match format in the created template", part.kind+": Format mismatch")
			case strings.TrimSpace(p.Text) == "":
				return "", missing(part.kind + " parameter " + name)
			case strings.ContainsAny(p.Text, "\n\r\t") || strings.Contains(p.Text, strings.Repeat(" ", mostGap+1)):
				return no(100, "Invalid parameter", "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
			}
			values[name] = p.Text
		}
		text := variable.ReplaceAllStringFunc(part.text, func(v string) string { return values[strings.Trim(v, "{} ")] })
		most := mostCaption
		if part.kind == "header" {
			most = mostHeader
		}
		if units(text) > most {
			return no(132005, "Translated text too long", fmt.Sprintf("The translated %s may have %d characters", part.kind, most))
		}
		if text != "" {
			lines = append(lines, text)
		}
	}
	if t.Footer != "" {
		lines = append(lines, t.Footer)
	}
	m.Type, m.Template, m.Text = "template", t.Name, strings.Join(lines, "\n")
	for i, label := range t.Buttons {
		m.Buttons = append(m.Buttons, Button{Kind: "reply", Title: label, Payload: cmp.Or(payloads[strconv.Itoa(i)], label)})
	}
	return strings.ToLower(t.Category), nil
}

// getTemplates is GET /{waba-id}/message_templates, all or those of a name or status.
func (s *Server) getTemplates(c *call, _ string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_management"); r != nil {
		return nil, r
	}
	var all []obj
	for _, t := range s.templates {
		if (c.args.has("name") && !strings.Contains(t.Name, c.args.text("name"))) || (c.args.has("status") && t.Status != strings.ToUpper(c.args.text("status"))) {
			continue
		}
		format := "POSITIONAL"
		if v := variables(t.Body); len(v) > 0 && !digits(v[0]) {
			format = "NAMED"
		}
		parts := []obj{}
		if t.Header != "" {
			parts = append(parts, obj{"type": "HEADER", "format": "TEXT", "text": t.Header})
		}
		parts = append(parts, obj{"type": "BODY", "text": t.Body})
		if t.Footer != "" {
			parts = append(parts, obj{"type": "FOOTER", "text": t.Footer})
		}
		if len(t.Buttons) > 0 {
			var buttons []obj
			for _, b := range t.Buttons {
				buttons = append(buttons, obj{"type": "QUICK_REPLY", "text": b})
			}
			parts = append(parts, obj{"type": "BUTTONS", "buttons": buttons})
		}
		all = append(all, obj{"id": t.id, "name": t.Name, "language": t.Language, "status": t.Status, "category": t.Category, "parameter_format": format, "components": parts})
	}
	return c.paged(all, c.args.text("fields"), "name", "parameter_format", "components", "language", "status", "category"), nil
}
