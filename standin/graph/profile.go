// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Limits of the Messenger Profile (developers.facebook.com; those of greeting and
// ice breakers from memory).
const (
	mostMenu     = 20
	mostItem     = 30
	mostBreakers = 4
	mostQuestion = 80
	mostGreeting = 160
)

// A profile is what the Page has set for the start of a talk.
type profile struct {
	started  string // payload of Get Started
	greeting []greeting
	breaker  []breakers
	menus    []menu
	domains  []string
}

type greeting struct {
	Locale string `json:"locale"`
	Text   string `json:"text"`
}

type breakers struct {
	Locale string     `json:"locale,omitempty"`
	Calls  []question `json:"call_to_actions"`
}

type question struct {
	Question string `json:"question"`
	Payload  string `json:"payload"`
}

type menu struct {
	Locale   string      `json:"locale"`
	Disabled bool        `json:"composer_input_disabled"`
	Calls    []outButton `json:"call_to_actions"`
}

// forLocale finds what is set for a locale, else the default.
func forLocale[T any](all []T, locale string, of func(T) string) (T, bool) {
	for _, want := range []string{locale, "default", ""} {
		if i := slices.IndexFunc(all, func(x T) bool { return of(x) == want }); i >= 0 {
			return all[i], true
		}
	}
	var none T
	return none, false
}

func (p *profile) breakers(locale string) []Button {
	b, _ := forLocale(p.breaker, locale, func(b breakers) string { return b.Locale })
	var out []Button
	for _, q := range b.Calls {
		out = append(out, Button{Kind: "postback", Title: q.Question, Payload: q.Payload})
	}
	return out
}

func (p *profile) menu(locale string) []Button {
	m, _ := forLocale(p.menus, locale, func(m menu) string { return m.Locale })
	var out []Button
	for _, b := range m.Calls {
		out = append(out, Button{Kind: b.Type, Title: b.Title, Payload: b.Payload, URL: b.URL})
	}
	return out
}

func (p *profile) welcome(locale string) string {
	g, _ := forLocale(p.greeting, locale, func(g greeting) string { return g.Locale })
	return g.Text
}

var profileFields = []string{"get_started", "greeting", "ice_breakers", "persistent_menu", "whitelisted_domains"}

func (s *Server) profileAllowed() *refusal {
	if r := s.needs(230, "pages_messaging"); r != nil {
		return r
	}
	return s.paceProfile()
}

// getProfile is GET /{page-id}/messenger_profile.
func (s *Server) getProfile(c *call, _ string) (any, *refusal) {
	if r := s.profileAllowed(); r != nil {
		return nil, r
	}
	p := &s.profile
	set := obj{}
	if p.started != "" {
		set["get_started"] = obj{"payload": p.started}
	}
	if p.greeting != nil {
		set["greeting"] = p.greeting
	}
	if p.breaker != nil {
		set["ice_breakers"] = p.breaker
	}
	if p.menus != nil {
		set["persistent_menu"] = p.menus
	}
	if p.domains != nil {
		set["whitelisted_domains"] = p.domains
	}
	if !c.args.has("fields") {
		return nil, refuse(100, 0, "(#100) The parameter fields is required")
	}
	out := obj{}
	for _, f := range parseFields(c.args.text("fields")) {
		if !slices.Contains(profileFields, f.name) {
			return nil, refuse(100, 0, "(#100) Param fields[0] must be one of {%s}", strings.ToUpper(strings.Join(profileFields, ", ")))
		}
		if v, ok := set[f.name]; ok {
			out[f.name] = v
		}
	}
	if len(out) == 0 {
		return obj{"data": []obj{}}, nil
	}
	return obj{"data": []obj{out}}, nil
}

// setProfile is POST /{page-id}/messenger_profile.
func (s *Server) setProfile(c *call, _ string) (any, *refusal) {
	if r := s.profileAllowed(); r != nil {
		return nil, r
	}
	p := s.profile // changed as a whole or not at all
	given := false
	for _, f := range profileFields {
		if _, ok := c.args[f]; !ok {
			continue
		}
		given = true
		if r := p.set(c, f); r != nil {
			return nil, r
		}
	}
	if !given {
		return nil, refuse(100, 0, "(#100) Requires one of the params: %s", strings.Join(profileFields, ",")) // worded by guess
	}
	if p.menus != nil && p.started == "" {
		return nil, refuse(100, 2018145, "(#100) You must set a Get Started button if you also wish to use persistent menu")
	}
	s.profile = p
	return obj{"result": "success"}, nil
}

// set takes one field in.
func (p *profile) set(c *call, field string) *refusal {
	unread := refuse(100, 0, "(#100) Param %s cannot be read", field) // worded by guess
	switch field {
	case "get_started":
		var g struct {
			Payload string `json:"payload"`
		}
		if !c.args.into(field, &g) || g.Payload == "" {
			return unread
		}
		if units(g.Payload) > mostPayload {
			return tooLong("get_started[payload]", mostPayload)
		}
		p.started = g.Payload
	case "greeting":
		var all []greeting
		if !c.args.into(field, &all) {
			return unread
		}
		for i, g := range all {
			if units(g.Text) > mostGreeting {
				return tooLong(fmt.Sprintf("greeting[%d][text]", i), mostGreeting)
			}
		}
		if !hasDefault(all, func(g greeting) string { return g.Locale }) {
			return noDefault(field)
		}
		p.greeting = all
	case "ice_breakers":
		all, ok := readBreakers(c)
		if !ok {
			return unread
		}
		for _, b := range all {
			if len(b.Calls) == 0 || len(b.Calls) > mostBreakers {
				return refuse(100, 0, "(#100) Param ice_breakers may have 1 to %d questions", mostBreakers) // worded by guess
			}
			for i, q := range b.Calls {
				switch {
				case strings.TrimSpace(q.Question) == "" || q.Payload == "":
					return refuse(100, 0, "(#100) Param ice_breakers[%d] must have a question and a payload", i) // worded by guess
				case units(q.Question) > mostQuestion:
					return tooLong(fmt.Sprintf("ice_breakers[%d][question]", i), mostQuestion)
				case units(q.Payload) > mostPayload:
					return tooLong(fmt.Sprintf("ice_breakers[%d][payload]", i), mostPayload)
				}
			}
		}
		if !hasDefault(all, func(b breakers) string { return b.Locale }) {
			return noDefault(field)
		}
		p.breaker = all
	case "persistent_menu":
		var all []menu
		if !c.args.into(field, &all) {
			return unread
		}
		for _, m := range all {
			if len(m.Calls) == 0 || len(m.Calls) > mostMenu {
				return refuse(100, 0, "(#100) Param persistent_menu[call_to_actions] may have 1 to %d items", mostMenu) // worded by guess
			}
			for i, b := range m.Calls {
				if r := item(i, b); r != nil {
					return r
				}
			}
		}
		if !hasDefault(all, func(m menu) string { return m.Locale }) {
			return noDefault(field)
		}
		p.menus = all
	case "whitelisted_domains":
		if !c.args.into(field, &p.domains) {
			return unread
		}
	}
	return nil
}

// readBreakers reads ice breakers, by locale or in the older form without.
func readBreakers(c *call) ([]breakers, bool) {
	var raw []json.RawMessage
	if !c.args.into("ice_breakers", &raw) || len(raw) == 0 {
		return nil, false
	}
	var flat []question
	if c.args.into("ice_breakers", &flat) && flat[0].Question != "" {
		return []breakers{{Calls: flat}}, true
	}
	var all []breakers
	return all, c.args.into("ice_breakers", &all)
}

func item(i int, b outButton) *refusal {
	at := fmt.Sprintf("persistent_menu[call_to_actions][%d]", i)
	switch {
	case strings.TrimSpace(b.Title) == "":
		return refuse(100, 0, "(#100) Param %s[title] must be a non-empty UTF-8 encoded string", at)
	case units(b.Title) > mostItem:
		return tooLong(at+"[title]", mostItem)
	case b.Type == "postback" && b.Payload == "":
		return refuse(100, 0, "(#100) Param %s[payload] must be a non-empty UTF-8 encoded string", at)
	case units(b.Payload) > mostPayload:
		return tooLong(at+"[payload]", mostPayload)
	case b.Type == "web_url" && !strings.HasPrefix(b.URL, "https://"):
		return refuse(100, 0, "(#100) Param %s[url] should represent a valid URL", at)
	case b.Type != "postback" && b.Type != "web_url":
		return refuse(100, 0, "(#100) Param %s[type] must be one of {WEB_URL, POSTBACK}", at)
	}
	return nil
}

func hasDefault[T any](all []T, of func(T) string) bool {
	return slices.ContainsFunc(all, func(x T) bool { return of(x) == "default" || of(x) == "" })
}

func noDefault(field string) *refusal {
	return refuse(100, 2018147, "(#100) Param %s must have an element with locale default", field) // worded by guess
}

// deleteProfile is DELETE /{page-id}/messenger_profile.
func (s *Server) deleteProfile(c *call, _ string) (any, *refusal) {
	if r := s.profileAllowed(); r != nil {
		return nil, r
	}
	var fields []string
	if !c.args.into("fields", &fields) || len(fields) == 0 {
		for _, f := range parseFields(c.args.text("fields")) {
			fields = append(fields, f.name)
		}
	}
	if len(fields) == 0 {
		return nil, refuse(100, 0, "(#100) The parameter fields is required")
	}
	p := s.profile
	for _, f := range fields {
		switch f {
		case "get_started":
			p.started = ""
		case "greeting":
			p.greeting = nil
		case "ice_breakers":
			p.breaker = nil
		case "persistent_menu":
			p.menus = nil
		case "whitelisted_domains":
			p.domains = nil
		default:
			return nil, refuse(100, 0, "(#100) Param fields[0] must be one of {%s}", strings.ToUpper(strings.Join(profileFields, ", ")))
		}
	}
	if p.menus != nil && p.started == "" {
		return nil, refuse(100, 2018145, "(#100) You must set a Get Started button if you also wish to use persistent menu")
	}
	s.profile = p
	return obj{"result": "success"}, nil
}
