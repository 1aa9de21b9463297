// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import "time"

// A Message is something on somebody's screen.
type Message struct {
	ID   string    `json:"id"` // mid or wamid
	By   string    `json:"by"` // "person", "program" (through the API) or "colleague" (through Meta's own apps)
	At   time.Time `json:"at"`
	Text string    `json:"text,omitempty"`
	// Type is what it is beside text: "image", "audio", "video", "document", "sticker",
	// "location", "contacts", "template" … as the platform calls it.
	Type     string   `json:"type,omitempty"`
	File     *File    `json:"file,omitempty"`
	Place    *Place   `json:"place,omitempty"`
	Buttons  []Button `json:"buttons,omitempty"`
	Opener   string   `json:"opener,omitempty"`   // label that opens a WhatsApp list
	Template string   `json:"template,omitempty"` // name of the WhatsApp template
	Private  string   `json:"private,omitempty"`  // id of the comment that it answers privately
	Tag      string   `json:"tag,omitempty"`      // message tag, such as HUMAN_AGENT
	Key      string   `json:"key,omitempty"`      // metadata, or biz_opaque_callback_data
	Reply    string   `json:"reply,omitempty"`    // id of the message that it answers
	Edited   bool     `json:"edited,omitempty"`
	Deleted  bool     `json:"deleted,omitempty"` // taken back: Text and File are empty
	Reaction string   `json:"reaction,omitempty"`
	State    string   `json:"state,omitempty"` // of the program's: "sent", "delivered", "read", "played" or "failed"

	edits int // how often it was changed
}

// A Button is something to tap under a message.
type Button struct {
	Kind        string `json:"kind"` // "quick" (it vanishes), "postback", "web_url", "phone_number", "reply", "row"
	Title       string `json:"title"`
	Payload     string `json:"payload,omitempty"` // or the id on WhatsApp
	URL         string `json:"url,omitempty"`
	Description string `json:"description,omitempty"`
	Section     string `json:"section,omitempty"`
}

// A File is a picture, a recording or a document.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Type  string `json:"type"` // media type, such as image/jpeg
	Size  int    `json:"size"`
	Voice bool   `json:"voice,omitempty"` // recorded in WhatsApp
	Data  []byte `json:"-"`
}

// A Place is a point on the map.
type Place struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}
