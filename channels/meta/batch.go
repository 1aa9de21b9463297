// SPDX-License-Identifier: GPL-3.0-or-later

package meta

import (
	"encoding/json"
	"errors"
)

// An Event is one thing of those that Meta tells in a call.
type Event struct {
	Owner ID   // whose it is: the Page, or the WhatsApp business account
	Time  Time // when Meta sent it
	// Field says what kind of thing: "messaging" and "standby" for a Page's
	// messages, else the field that was subscribed to: "feed", "messages".
	Field string
	Body  json.RawMessage // for a field: its value
}

// errNoBatch means that a body is not one of Meta's calls.
var errNoBatch = errors.New("meta: this is not a call of Meta's webhooks")

// split takes the events of object out of a call's body. What has not the form of
// an event is counted in unread, and so is everything of another object. It
// fails only if nothing at all can be made of the body.
func split(object string, body []byte) (events []Event, unread int, err error) {
	var call struct {
		Object json.RawMessage   `json:"object"`
		Entry  []json.RawMessage `json:"entry"`
	}
	if json.Unmarshal(body, &call) != nil {
		return nil, 0, errNoBatch
	}
	var of string
	if json.Unmarshal(call.Object, &of) != nil || of != object {
		return nil, max(1, len(call.Entry)), nil
	}
	for _, raw := range call.Entry {
		var entry struct {
			ID        ID              `json:"id"`
			Time      Time            `json:"time"`
			Messaging json.RawMessage `json:"messaging"`
			Standby   json.RawMessage `json:"standby"`
			Changes   json.RawMessage `json:"changes"`
			// Some fields were observed without the list around them.
			Field json.RawMessage `json:"field"`
			Value json.RawMessage `json:"value"`
		}
		if json.Unmarshal(raw, &entry) != nil {
			unread++
			continue
		}
		add := func(field string, b json.RawMessage) {
			events = append(events, Event{entry.ID, entry.Time, field, b})
		}
		before := len(events) + unread
		for _, b := range several(entry.Messaging) {
			add("messaging", b)
		}
		for _, b := range several(entry.Standby) {
			add("standby", b)
		}
		for _, b := range several(entry.Changes) {
			change(b, add, &unread)
		}
		if entry.Field != nil {
			change(raw, add, &unread)
		}
		if len(events)+unread == before { // a kind of list that came later
			unread++
		}
	}
	return events, unread, nil
}

func change(b json.RawMessage, add func(string, json.RawMessage), unread *int) {
	var c struct {
		Field string          `json:"field"`
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(b, &c) != nil || c.Field == "" || c.Value == nil {
		*unread++
		return
	}
	add(c.Field, c.Value)
}

// several are the things of a list; one thing without a list around it is one.
func several(b json.RawMessage) []json.RawMessage {
	if b == nil || string(b) == "null" {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		return []json.RawMessage{b}
	}
	return list
}
