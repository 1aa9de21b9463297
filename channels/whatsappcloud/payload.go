// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"encoding/json"

	"sarai/channels/meta"
)

// The shapes of what Meta tells of a WhatsApp number, with only what is used of
// them (developers.facebook.com/documentation/business-messaging/whatsapp/webhooks,
// read 2026-08, and observed). Each thing of a list is decoded by itself: one in
// a form that came later spoils none beside it.
type (
	value struct {
		Metadata struct {
			Number meta.ID `json:"phone_number_id"`
		} `json:"metadata"`
		Contacts list `json:"contacts"`
		Messages list `json:"messages"`
		Echoes   list `json:"message_echoes"`
		Statuses list `json:"statuses"`
		Calls    list `json:"calls"`
		UserIDs  list `json:"user_id_update"`
		Errors   list `json:"errors"`
	}
	contact struct {
		Phone  meta.ID `json:"wa_id"`
		User   meta.ID `json:"user_id"`
		Parent meta.ID `json:"parent_user_id"`
	}
	// envelope is what all messages have, whatever is in them.
	envelope struct {
		ID        meta.ID   `json:"id"`
		Timestamp meta.Time `json:"timestamp"`
		Type      string    `json:"type"`
		Group     meta.ID   `json:"group_id"`
		From      meta.ID   `json:"from"`
		FromUser  meta.ID   `json:"from_user_id"`
		FromAbove meta.ID   `json:"from_parent_user_id"`
		To        meta.ID   `json:"to"` // echoes only: whom staff wrote to
		ToUser    meta.ID   `json:"to_user_id"`
		ToAbove   meta.ID   `json:"to_parent_user_id"`
		Referral  *referral `json:"referral"`
		Direction string    `json:"direction"` // calls only
		Event     string    `json:"event"`
	}
	referral struct {
		Source meta.ID `json:"source_id"` // of the advertisement or the post
		Click  string  `json:"ctwa_clid"`
	}
	text struct {
		Body string `json:"body"`
	}
	media struct {
		ID      meta.ID `json:"id"`
		Type    string  `json:"mime_type"`
		Caption string  `json:"caption"`
		Name    string  `json:"filename"`
		Voice   bool    `json:"voice"`
	}
	place struct {
		Lat     *float64 `json:"latitude"`
		Lon     *float64 `json:"longitude"`
		Name    string   `json:"name"`
		Address string   `json:"address"`
	}
	card struct {
		Name struct {
			Whole string `json:"formatted_name"`
			First string `json:"first_name"`
			Last  string `json:"last_name"`
		} `json:"name"`
		Phones []struct {
			Number meta.ID `json:"phone"`
			ID     meta.ID `json:"wa_id"`
		} `json:"phones"`
	}
	interactive struct {
		Button *pressed `json:"button_reply"`
		Row    *pressed `json:"list_reply"`
		Form   *struct {
			Answers json.RawMessage `json:"response_json"`
		} `json:"nfm_reply"`
	}
	pressed struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	button struct {
		Payload string `json:"payload"`
		Text    string `json:"text"`
	}
	reaction struct {
		Message meta.ID `json:"message_id"`
		Emoji   string  `json:"emoji"`
	}
	change struct { // of a message: edit and revoke
		Of      meta.ID         `json:"original_message_id"`
		Message json.RawMessage `json:"message"`
	}
	system struct {
		Type        string   `json:"type"`
		Phone       meta.ID  `json:"wa_id"`
		OldForm     meta.ID  `json:"new_wa_id"` // where older versions have the new number
		User        userPair `json:"user_id"`
		Above       userPair `json:"parent_user_id"`
		Before      meta.ID  `json:"previous_user_id"`
		AboveBefore meta.ID  `json:"previous_parent_user_id"`
	}
	// renaming is an element of user_id_update. It is like system, beside it.
	renaming struct {
		system
		ID        meta.ID   `json:"id"`
		Timestamp meta.Time `json:"timestamp"`
	}
	status struct {
		ID        meta.ID   `json:"id"`
		Status    string    `json:"status"`
		Timestamp meta.Time `json:"timestamp"`
		Phone     meta.ID   `json:"recipient_id"`
		User      meta.ID   `json:"recipient_user_id"`
		Above     meta.ID   `json:"recipient_parent_user_id"`
		To        string    `json:"recipient_type"` // "group" in groups
		Member    meta.ID   `json:"recipient_participant_id"`
		Key       string    `json:"biz_opaque_callback_data"`
		Pricing   struct {
			Billable bool   `json:"billable"`
			Category string `json:"category"`
		} `json:"pricing"`
		Errors list `json:"errors"`
	}
	trouble struct {
		Code json.Number `json:"code"`
	}
)

// A list is read whatever stands in its place: one thing without a list around it
// is one, and nothing is none.
type list []json.RawMessage

// UnmarshalJSON never fails.
func (l *list) UnmarshalJSON(b []byte) error {
	*l = nil
	if string(b) == "null" {
		return nil
	}
	var all []json.RawMessage
	if json.Unmarshal(b, &all) != nil {
		all = []json.RawMessage{append(json.RawMessage(nil), b...)}
	}
	*l = all
	return nil
}

// A userPair is a user id, alone or with what it was: both forms were observed.
type userPair struct{ now, before meta.ID }

// UnmarshalJSON never fails.
func (p *userPair) UnmarshalJSON(b []byte) error {
	var both struct {
		Now    meta.ID `json:"current"`
		Before meta.ID `json:"previous"`
	}
	if json.Unmarshal(b, &both) == nil {
		*p = userPair{both.Now, both.Before}
		return nil
	}
	p.before = ""
	return p.now.UnmarshalJSON(b)
}
