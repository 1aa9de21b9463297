// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"encoding/json"

	"sarai/channels"
)

// states are how far a message came, by Meta's word for it. What the person
// deleted had been on their phone. Reading implies delivery, for which then no
// status comes (developers.facebook.com, status messages, read 2026-05).
var states = map[string]channels.Delivery{
	"sent":      channels.Sent,
	"delivered": channels.Delivered,
	"read":      channels.Read,
	"played":    channels.Played,
	"failed":    channels.Failed,
	"deleted":   channels.Delivered,
}

// status is what Meta tells of a message of ours.
func (r *reading) status(raw json.RawMessage) {
	var s status
	_ = json.Unmarshal(raw, &s) // what is not understood is not known
	state := states[s.Status]
	switch {
	case s.To == "group" || s.Member != "":
		r.Ignored++
		r.groups++
		return
	case state == "" || s.ID == "" && s.Key == "":
		r.Unread++
		return
	}
	report := channels.Report{
		To: personOf(s.User, s.Above, s.Phone).address(), ID: string(s.ID), Key: s.Key,
		State: state, At: s.Timestamp.Time,
	}
	if state == channels.Failed {
		code := 0
		if len(s.Errors) > 0 {
			code = codeOf(s.Errors[0])
		}
		report.Problem = problemOf(code)
	}
	if s.Pricing.Billable {
		report.Price = s.Pricing.Category
	}
	r.Reports = append(r.Reports, report)
}
