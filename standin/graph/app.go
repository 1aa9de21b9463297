// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"slices"
	"strings"
)

const (
	appName    = "Stand-in app"
	systemUser = "400000000000031" // whose token opens the WhatsApp number
)

// pageFields are what an app can subscribe to on a Page, as far as it is played here
// or asked for (developers.facebook.com).
var pageFields = []string{
	"messages", "messaging_postbacks", "messaging_referrals", "messaging_optins", "message_echoes",
	"message_deliveries", "message_reads", "message_reactions", "message_edits", "messaging_handovers",
	"standby", "messaging_policy_enforcement", "messaging_account_linking", "messaging_customer_information",
	"feed", "mention", "name", "picture", "email",
}

// permissions a token may have.
var (
	pagePermissions   = []string{"pages_show_list", "pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_read_user_content", "pages_manage_engagement", "pages_manage_posts", "business_management"}
	numberPermissions = []string{"whatsapp_business_messaging", "whatsapp_business_management", "business_management"}
)

// granted are the permissions of a token.
func (s *Server) granted(token string) []string {
	all := numberPermissions
	if same(token, s.o.PageToken) {
		all = pagePermissions
	}
	return slices.DeleteFunc(slices.Clone(all), func(p string) bool { return s.denied[p] })
}

// Fields are what the app is subscribed to: fields of the Page, sorted, and for
// WhatsApp "messages" or nothing.
func (s *Server) Fields(p Product) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p == Messenger {
		return sortedKeys(s.fields)
	}
	if s.heard {
		return []string{"messages"}
	}
	return nil
}

// debugToken is GET /debug_token: what another token is good for.
func (s *Server) debugToken(c *call, _ string) (any, *refusal) {
	given := c.args.text("input_token")
	if given == "" {
		return nil, refuse(100, 0, "(#100) The parameter input_token is required")
	}
	data := obj{"app_id": s.o.AppID, "application": appName, "is_valid": true, "issued_at": s.now().Add(-window).Unix(), "expires_at": 0, "data_access_expires_at": 0}
	granular := func(ids ...string) []obj {
		var out []obj
		for _, p := range s.granted(given) {
			out = append(out, obj{"scope": p, "target_ids": ids})
		}
		return out
	}
	switch {
	case same(given, s.o.PageToken):
		data["type"], data["profile_id"], data["user_id"] = "PAGE", s.o.PageID, systemUser
		data["scopes"], data["granular_scopes"] = s.granted(given), granular(s.o.PageID)
	case same(given, s.o.Token):
		data["type"], data["user_id"] = "SYSTEM_USER", systemUser
		data["scopes"], data["granular_scopes"] = s.granted(given), granular(s.o.AccountID)
	default:
		data = obj{"is_valid": false, "scopes": []string{}, "error": obj{"code": 190, "message": "Invalid OAuth access token."}}
	}
	return obj{"data": data}, nil
}

// permissions is GET /me/permissions.
func (s *Server) permissions(c *call, _ string) (any, *refusal) {
	all := numberPermissions
	if same(c.token, s.o.PageToken) {
		all = pagePermissions
	}
	var out []obj
	for _, p := range all {
		status := "granted"
		if s.denied[p] {
			status = "declined"
		}
		out = append(out, obj{"permission": p, "status": status})
	}
	return obj{"data": out}, nil
}

// getPage is GET /{page-id}.
func (s *Server) getPage(c *call, id string) (any, *refusal) {
	return pick(obj{
		"id": id, "name": s.o.PageName, "category": "Community", "username": "stand.in", "link": "https://www.facebook.com/" + id,
		"has_whatsapp_number": true, "is_published": true, "is_webhooks_subscribed": len(s.fields) > 0,
	}, c.args.text("fields"), "name"), nil
}

// pageApps is GET /{page-id}/subscribed_apps.
func (s *Server) pageApps(c *call, _ string) (any, *refusal) {
	if r := s.needs(200, "pages_manage_metadata"); r != nil {
		return nil, r
	}
	if len(s.fields) == 0 {
		return obj{"data": []obj{}}, nil
	}
	return obj{"data": []obj{{"category": "Utilities", "link": "https://www.facebook.com/games/?app_id=" + s.o.AppID, "name": appName, "id": s.o.AppID, "subscribed_fields": sortedKeys(s.fields)}}}, nil
}

// subscribePage is POST /{page-id}/subscribed_apps. What was subscribed to before and
// is not named is not any more.
func (s *Server) subscribePage(c *call, _ string) (any, *refusal) {
	if r := s.needs(200, "pages_manage_metadata"); r != nil {
		return nil, r
	}
	var fields []string
	if v, ok := c.args["subscribed_fields"]; !ok || v.form || !c.args.into("subscribed_fields", &fields) {
		fields = strings.Split(c.args.text("subscribed_fields"), ",")
	}
	set := map[string]bool{}
	for i, f := range fields {
		f = strings.TrimSpace(f)
		if f == "" && len(fields) == 1 {
			return nil, refuse(100, 0, "(#100) The parameter subscribed_fields is required.")
		}
		if !slices.Contains(pageFields, f) {
			return nil, refuse(100, 0, "(#100) Param subscribed_fields[%d] must be one of {%s} - got %q.", i, strings.Join(pageFields, ", "), f)
		}
		set[f] = true
	}
	s.fields = set
	return obj{"success": true}, nil
}

func (s *Server) unsubscribePage(c *call, _ string) (any, *refusal) {
	if r := s.needs(200, "pages_manage_metadata"); r != nil {
		return nil, r
	}
	s.fields = map[string]bool{}
	return obj{"success": true}, nil
}

// getNumber is GET /{phone-number-id}.
func (s *Server) getNumber(c *call, id string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_management"); r != nil {
		return nil, r
	}
	return pick(s.numberNode(), c.args.text("fields"), "verified_name", "code_verification_status", "display_phone_number", "quality_rating", "platform_type", "throughput"), nil
}

func (s *Server) numberNode() obj {
	return obj{
		"id": s.o.NumberID, "verified_name": s.o.PageName, "display_phone_number": "+" + s.o.Number, "quality_rating": "GREEN",
		"code_verification_status": "VERIFIED", "platform_type": "CLOUD_API", "throughput": obj{"level": "STANDARD"},
		"status": "CONNECTED", "account_mode": "LIVE", "name_status": "APPROVED", "is_on_biz_app": false,
		"messaging_limit_tier": "TIER_250",
	}
}

// getAccount is GET /{waba-id}.
func (s *Server) getAccount(c *call, id string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_management"); r != nil {
		return nil, r
	}
	return pick(obj{"id": id, "name": s.o.PageName, "currency": "USD", "timezone_id": "1", "account_review_status": "APPROVED"}, c.args.text("fields"), "name", "currency", "timezone_id"), nil
}

func (s *Server) getNumbers(c *call, _ string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_management"); r != nil {
		return nil, r
	}
	return c.paged([]obj{s.numberNode()}, c.args.text("fields"), "verified_name", "display_phone_number", "quality_rating"), nil
}

// accountApps is GET /{waba-id}/subscribed_apps.
func (s *Server) accountApps(c *call, _ string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_management"); r != nil {
		return nil, r
	}
	if !s.heard {
		return obj{"data": []obj{}}, nil
	}
	return obj{"data": []obj{{"whatsapp_business_api_data": obj{"id": s.o.AppID, "link": "https://www.facebook.com/games/?app_id=" + s.o.AppID, "name": appName}}}}, nil
}

// subscribeAccount is POST /{waba-id}/subscribed_apps; which fields come is set in
// the app and not here: all.
func (s *Server) subscribeAccount(c *call, _ string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_management"); r != nil {
		return nil, r
	}
	s.heard = true
	return obj{"success": true}, nil
}

func (s *Server) unsubscribeAccount(c *call, _ string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_management"); r != nil {
		return nil, r
	}
	s.heard = false
	return obj{"success": true}, nil
}
