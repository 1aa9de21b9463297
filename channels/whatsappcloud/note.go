// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Trouble is an error of the whole account that Meta told in an event.
type Trouble struct {
	Code int // see docs/channels/whatsapp-cloud.md
	At   time.Time
}

// A note is what Meta tells of the account: a template was approved, the number's
// quality fell. It holds nothing of anybody.
type note struct {
	field string
	bad   bool // somebody should look
	attrs []slog.Attr
}

// told are the parts of such an event that are of the account alone. Other parts
// are free text, or numbers and names of people at the centre.
var told = []string{
	"event", "reason", "message_template_name", "message_template_language", "message_template_category",
	"previous_category", "new_category", "previous_quality_score", "new_quality_score", "current_limit", "old_limit",
	"decision", "rejection_reason", "max_daily_conversation_per_phone", "max_phone_numbers_per_business",
	"waba_ban_state", "waba_ban_date", "violation_type", "restriction_type", "expiration",
	"alert_severity", "alert_status", "alert_type", "entity_type", "disable_date",
}

// wordForm is what is logged of them: Meta's fixed words, names of templates, dates.
var wordForm = regexp.MustCompile(`^[\pL0-9_:.,+ -]{1,80}$`)

// good are the words of news that nobody has to act on.
var good = []string{"APPROVED", "UNFLAGGED", "REINSTATED", "VERIFIED_ACCOUNT", "GREEN", "ONBOARDING", "UPGRADE", "PENDING", "VOLUME_BASED_PRICING_TIER_UPDATE"}

// noteOf takes out of an event of the account what may be logged.
func noteOf(field string, body []byte) note {
	n := note{field: field, bad: true}
	found := map[string]string{}
	gather(found, body, 3)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		n.attrs = append(n.attrs, slog.String(name, found[name]))
		if slices.Contains(good, found[name]) {
			n.bad = false
		}
	}
	return n
}

// gather looks for what may be told, in objects and lists down to a depth.
func gather(found map[string]string, raw json.RawMessage, depth int) {
	var all []json.RawMessage
	if depth == 0 {
		return
	}
	if json.Unmarshal(raw, &all) == nil {
		for _, x := range all {
			gather(found, x, depth-1)
		}
		return
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return
	}
	for name, x := range fields {
		var s string
		switch {
		case !slices.Contains(told, name):
			gather(found, x, depth-1)
			continue
		case json.Unmarshal(x, &s) != nil:
			s = strings.TrimSpace(string(x))
		}
		if wordForm.MatchString(s) {
			found[name] = s
		}
	}
}

// tell logs a note.
func (c *Channel) tell(n note) {
	level := slog.LevelInfo
	if n.bad {
		level = slog.LevelWarn
	}
	c.log.LogAttrs(context.Background(), level, "whatsapp-cloud: Meta tells of the account", append([]slog.Attr{slog.String("field", n.field)}, n.attrs...)...)
	if strings.Contains(n.field, "template") {
		c.templates.forget()
	}
}

// worry keeps an error of the account for Check, and logs it.
func (c *Channel) worry(t Trouble) {
	if t.At.IsZero() {
		t.At = c.now()
	}
	c.mu.Lock()
	c.trouble = t
	c.mu.Unlock()
	c.log.Warn("whatsapp-cloud: Meta tells of an error of the account", "code", t.Code, "cause", verdicts[t.Code].cause)
}
