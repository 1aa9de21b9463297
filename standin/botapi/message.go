// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"slices"
	"time"
)

// A Message is what stands on a person's screen. A File's Data is shared and
// must not be written to.
type Message struct {
	ID       int        `json:"id"`
	Bot      bool       `json:"bot"`  // the bot wrote it
	From     int64      `json:"from"` // the person or the bot
	At       time.Time  `json:"at"`
	Edited   bool       `json:"edited,omitempty"`
	Text     string     `json:"text"` // or what stands under the file
	Entities []Entity   `json:"entities,omitempty"`
	Buttons  [][]Button `json:"buttons,omitempty"`  // under the message
	Keyboard [][]Button `json:"keyboard,omitempty"` // in place of the phone's own
	File     *File      `json:"file,omitempty"`
	Place    *Place     `json:"place,omitempty"`
	Contact  *Contact   `json:"contact,omitempty"`
	Sticker  string     `json:"sticker,omitempty"`
	Album    string     `json:"album,omitempty"` // the same for all of an album
	ReplyTo  int        `json:"reply_to,omitempty"`
	Reaction string     `json:"reaction,omitempty"`
	// Preview says whether the phone may show a preview of the first address.
	Preview bool `json:"preview,omitempty"`
}

// An Entity is a part of a text that is set in some way. Offset and Length count
// UTF-16 code units. The names of types are Telegram's: bold, italic, text_link…
type Entity struct {
	Type     string `json:"type"`
	Offset   int    `json:"offset"`
	Length   int    `json:"length"`
	URL      string `json:"url,omitempty"`
	Language string `json:"language,omitempty"`
}

// A Button is something to press. One under a message has Data or URL; one of
// a keyboard sends its text, the person's number or their place.
type Button struct {
	Text  string `json:"text"`
	Data  string `json:"data,omitempty"`
	URL   string `json:"url,omitempty"`
	Asks  string `json:"asks,omitempty"`  // "contact" or "location"
	Style string `json:"style,omitempty"` // "danger", "success", "primary"
}

// A File is what a message carries. Kind is voice, audio, photo, video,
// video_note or document.
type File struct {
	Kind    string `json:"kind"`
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"` // media type as it is claimed
	Size    int64  `json:"size"`           // bytes; 0 is the length of Data
	Seconds int    `json:"seconds,omitempty"`
	Width   int    `json:"width,omitempty"`
	Height  int    `json:"height,omitempty"`
	Data    []byte `json:"-"`
	ID      string `json:"id"` // given by the server

	sizes []wireFile // of a photo
}

// A Place is a point on the earth, in degrees.
type Place struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// A Contact is a card that somebody shared. User is whose it is, 0 where
// Telegram does not know them.
type Contact struct {
	Number string `json:"phone_number"`
	Name   string `json:"first_name"`
	User   int64  `json:"user_id,omitempty"`
}

// What goes over the wire. Field names are the API's.
type wireUser struct {
	ID        int64  `json:"id"`
	Bot       bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
	Username  string `json:"username,omitempty"`
	Language  string `json:"language_code,omitempty"`
}

type wireChat struct {
	ID        int64  `json:"id"`
	Title     string `json:"title,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	Type      string `json:"type"`
}

type wireFile struct {
	ID       string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Size     int64  `json:"file_size,omitempty"`
	Width    int    `json:"width,omitempty"`
	Height   int    `json:"height,omitempty"`
	Length   int    `json:"length,omitempty"` // of a video note: its diameter
	Duration *int   `json:"duration,omitempty"`
	Name     string `json:"file_name,omitempty"`
	Type     string `json:"mime_type,omitempty"`
}

type wireSticker struct {
	wireFile
	Kind     string `json:"type"`
	Emoji    string `json:"emoji,omitempty"`
	Animated bool   `json:"is_animated"`
	Video    bool   `json:"is_video"`
}

type wireButton struct {
	Text     string `json:"text"`
	URL      string `json:"url,omitempty"`
	Data     string `json:"callback_data,omitempty"`
	Contact  bool   `json:"request_contact,omitempty"`
	Location bool   `json:"request_location,omitempty"`
	Style    string `json:"style,omitempty"`
}

type wireMarkup struct {
	Rows [][]wireButton `json:"inline_keyboard"`
}

type wireMessage struct {
	ID              int          `json:"message_id"`
	From            *wireUser    `json:"from,omitempty"`
	Chat            wireChat     `json:"chat"`
	Date            int64        `json:"date"` // 0: the message cannot be had any more
	EditDate        int64        `json:"edit_date,omitempty"`
	Album           string       `json:"media_group_id,omitempty"`
	ReplyTo         *wireMessage `json:"reply_to_message,omitempty"`
	Text            string       `json:"text,omitempty"`
	Entities        []Entity     `json:"entities,omitempty"`
	Caption         string       `json:"caption,omitempty"`
	CaptionEntities []Entity     `json:"caption_entities,omitempty"`
	Photo           []wireFile   `json:"photo,omitempty"`
	Voice           *wireFile    `json:"voice,omitempty"`
	Audio           *wireFile    `json:"audio,omitempty"`
	Document        *wireFile    `json:"document,omitempty"`
	Video           *wireFile    `json:"video,omitempty"`
	VideoNote       *wireFile    `json:"video_note,omitempty"`
	Sticker         *wireSticker `json:"sticker,omitempty"`
	Location        *Place       `json:"location,omitempty"`
	Contact         *Contact     `json:"contact,omitempty"`
	NewMembers      []wireUser   `json:"new_chat_members,omitempty"`
	Markup          *wireMarkup  `json:"reply_markup,omitempty"`
	Odd             *struct{}    `json:"hologram,omitempty"` // nothing that Telegram knows
}

// A chat is what a person or a group has with the bot.
type chat struct {
	wire     wireChat
	messages []*Message // oldest first
	action   string     // what the bot seems to be doing
	until    time.Time  // and until when
}

// add puts a message on the screen. keep is how many stay.
func (c *chat) add(m *Message, keep int) {
	if keep <= 0 {
		return
	}
	if len(c.messages) >= keep {
		c.messages = slices.Delete(c.messages, 0, len(c.messages)-keep+1)
	}
	c.messages = append(c.messages, m)
}

func (c *chat) find(id int) *Message {
	i, ok := slices.BinarySearchFunc(c.messages, id, func(m *Message, id int) int { return m.ID - id })
	if !ok {
		return nil
	}
	return c.messages[i]
}

func (c *chat) remove(id int) {
	c.messages = slices.DeleteFunc(c.messages, func(m *Message) bool { return m.ID == id })
}

// screen copies what can be seen.
func (c *chat) screen() []Message {
	out := make([]Message, len(c.messages))
	for i, m := range c.messages {
		out[i] = *m
	}
	return out
}

// wire is the message as the API shows it, in the chat c. The lock is held.
func (s *Server) wire(c *chat, m *Message) *wireMessage {
	w := &wireMessage{ID: m.ID, Chat: c.wire, Date: m.At.Unix(), Album: m.Album, Location: m.Place, Contact: m.Contact}
	if m.Bot {
		w.From = &s.me
	} else if p := s.people[m.From]; p != nil {
		u := p.user()
		w.From = &u
	}
	if m.Edited {
		w.EditDate = s.now().Unix()
	}
	if m.ReplyTo != 0 {
		if to := c.find(m.ReplyTo); to != nil {
			flat := *to
			flat.ReplyTo = 0 // one level is all that the API gives
			w.ReplyTo = s.wire(c, &flat)
		}
	}
	if m.File == nil {
		w.Text, w.Entities = m.Text, m.Entities
	} else {
		w.Caption, w.CaptionEntities = m.Text, m.Entities
		m.File.into(w)
	}
	if m.Sticker != "" {
		id := "sticker-" + m.Sticker
		w.Sticker = &wireSticker{wireFile: wireFile{ID: id, UniqueID: id, Width: 512, Height: 512}, Kind: "regular", Emoji: m.Sticker}
	}
	for _, row := range m.Buttons {
		if w.Markup == nil {
			w.Markup = &wireMarkup{}
		}
		var r []wireButton
		for _, b := range row {
			r = append(r, wireButton{Text: b.Text, Data: b.Data, URL: b.URL, Style: b.Style})
		}
		w.Markup.Rows = append(w.Markup.Rows, r)
	}
	return w
}

// into sets the field of a message that belongs to the kind of file.
func (f *File) into(w *wireMessage) {
	x := &wireFile{ID: f.ID, UniqueID: "u" + f.ID, Size: f.Size, Name: f.Name, Type: f.Type}
	seconds := f.Seconds
	switch f.Kind {
	case "photo":
		w.Photo = f.sizes
	case "voice":
		x.Name, x.Duration = "", &seconds
		w.Voice = x
	case "audio":
		x.Duration = &seconds
		w.Audio = x
	case "video":
		x.Duration, x.Width, x.Height = &seconds, f.Width, f.Height
		w.Video = x
	case "video_note":
		x.Name, x.Type, x.Duration, x.Length = "", "", &seconds, 240
		w.VideoNote = x
	default:
		w.Document = x
	}
}
