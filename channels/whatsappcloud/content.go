// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sarai/channels"
)

// contentOf gives kind, words and files of a message of a type, or says that it
// is nothing that is known. A flag that it was forwarded is nobody's business.
func contentOf(raw json.RawMessage, kind string, who person) (channels.Inbound, bool) {
	var parts map[string]json.RawMessage
	if json.Unmarshal(raw, &parts) != nil {
		return channels.Inbound{}, false
	}
	part := parts[kind]
	into := func(to any) bool { return part != nil && json.Unmarshal(part, to) == nil }
	switch kind {
	case "text":
		var t text
		ok := into(&t)
		return channels.Inbound{Kind: channels.Text, Text: t.Body}, ok && t.Body != ""
	case "interactive":
		var i interactive
		return i.event(into(&i))
	case "button":
		var b button
		ok := into(&b)
		in := channels.Inbound{Kind: channels.Choice, Choice: b.Payload, Text: b.Text}
		// A template's button that was given no key repeats its label.
		if in.Choice == "" || in.Choice == in.Text {
			in = channels.Inbound{Kind: channels.Text, Text: b.Text}
		}
		return in, ok && (in.Choice != "" || in.Text != "")
	case "image", "audio", "voice", "video", "document", "sticker":
		var m media
		ok := into(&m)
		return m.event(kind), ok && m.ID != ""
	case "location":
		var p place
		if !into(&p) || p.Lat == nil || p.Lon == nil {
			return channels.Inbound{}, false
		}
		return channels.Inbound{Kind: channels.Place, Text: lines(number(*p.Lat)+", "+number(*p.Lon), p.Name, p.Address)}, true
	case "contacts":
		var cards []card
		ok := into(&cards)
		words := ""
		for _, c := range cards {
			words = lines(words, c.words(who))
		}
		return channels.Inbound{Kind: channels.Contact, Text: words}, ok && words != ""
	case "reaction": // without an emoji it is taken off
		var x reaction
		ok := into(&x)
		return channels.Inbound{Kind: channels.Reaction, Of: string(x.Message), Text: x.Emoji}, ok && x.Message != ""
	case "unreaction":
		var x reaction
		if part == nil {
			part = parts["reaction"]
		}
		ok := into(&x)
		return channels.Inbound{Kind: channels.Reaction, Of: string(x.Message)}, ok && x.Message != ""
	case "edit":
		var c change
		if !into(&c) || c.Of == "" {
			return channels.Inbound{}, false
		}
		var now struct {
			Type string `json:"type"`
		}
		_ = json.Unmarshal(c.Message, &now) // then its type is ""
		in, ok := contentOf(c.Message, now.Type, who)
		in.Kind, in.Of, in.Choice = channels.Edited, string(c.Of), ""
		return in, ok
	case "revoke":
		var c change
		ok := into(&c)
		return channels.Inbound{Kind: channels.Deleted, Of: string(c.Of)}, ok && c.Of != ""
	case "order": // things of a catalogue; what was written along with it is said in words
		var o struct {
			Text string `json:"text"`
		}
		ok := into(&o)
		return channels.Inbound{Kind: channels.Text, Text: o.Text}, ok && o.Text != ""
	case "request_welcome": // the talk was opened for the first time, without words
		return channels.Inbound{Kind: channels.Start}, true
	}
	return channels.Inbound{}, false
}

// number is a coordinate in words.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func (i interactive) event(ok bool) (channels.Inbound, bool) {
	pressed := i.Button
	if pressed == nil {
		pressed = i.Row
	}
	switch {
	case pressed != nil:
		return channels.Inbound{Kind: channels.Choice, Choice: pressed.ID, Text: pressed.Title}, ok && pressed.ID != ""
	case i.Form != nil:
		words := answers(i.Form.Answers)
		return channels.Inbound{Kind: channels.Text, Text: words}, ok && words != ""
	}
	return channels.Inbound{}, false
}

// answers are what was filled into a form, a line each. They come as JSON, mostly
// within a string, and not always as an object.
func answers(raw json.RawMessage) string {
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		raw = json.RawMessage(inner)
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return ""
	}
	words := ""
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var s string
		if name == "flow_token" { // the program's, not the person's
			continue
		}
		if json.Unmarshal(fields[name], &s) != nil {
			s = string(fields[name])
		}
		if s = strings.TrimSpace(s); s != "" {
			words = lines(words, name+": "+s)
		}
	}
	return words
}

func (m media) event(kind string) channels.Inbound {
	in := channels.Inbound{Text: m.Caption}
	file := channels.Media{Ref: string(m.ID), Type: m.Type, Name: m.Name}
	switch {
	case kind == "voice" || kind == "audio" && m.Voice:
		in.Kind = channels.Voice
	case kind == "audio":
		in.Kind = channels.Audio
	case kind == "image":
		in.Kind = channels.Picture
	case kind == "video":
		in.Kind = channels.Video
	case kind == "document":
		in.Kind = channels.Document
	case kind == "sticker":
		in.Kind = channels.Sticker
	}
	in.Media = []channels.Media{file}
	return in
}

// words are a contact's numbers and name. That a number is the sender's own is
// said only where the platform says so.
func (c card) words(who person) string {
	words := ""
	own := ""
	for _, p := range c.Phones {
		words = lines(words, string(p.Number))
		if p.ID != "" && string(p.ID) == who.phone {
			own = "(the sender's own number, says WhatsApp)"
		}
	}
	name := c.Name.Whole
	if name == "" {
		name = strings.TrimSpace(c.Name.First + " " + c.Name.Last)
	}
	return lines(words, name, own)
}
