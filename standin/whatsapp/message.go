// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// A Message is one as it stands in a chat of a simulated phone.
type Message struct {
	ID                  string
	FromMe              bool // the owner's number wrote it: a linked device, or the owner by hand
	ByHand              bool // the owner wrote it on the phone itself
	At                  time.Time
	Kind                string   // "text", "image", "voice", "audio", "video", "document", "sticker", "location", "contact", "poll", "other"
	Text                string   // of a text, a caption, a question
	Quoted              string   // id of the message that it answers; "" for none
	Name                string   // of a file, a place or a contact
	Mime                string   // of media
	Seconds             int      // of a recording
	Media               []byte   // decrypted; nil where there is none, or it could not be had
	Options             []string // of a poll
	Latitude, Longitude float64
	Edited              bool
	Revoked             bool
	Reaction            string // the last one by the other side; "" for none
	Ticks               int    // 0 sent, 1 delivered to a device in the background, 2 delivered, 3 read
	Copies              int    // how often it arrived

	Raw *waE2E.Message // as it was encrypted; shared: do not change it
}

// An attachment is what all kinds of media have in common.
type attachment interface {
	GetDirectPath() string
	GetMediaKey() []byte
	GetMimetype() string
}

// unwrap takes a message out of what it is wrapped in.
func unwrap(m *waE2E.Message) *waE2E.Message {
	for {
		inner := []*waE2E.Message{
			m.GetDeviceSentMessage().GetMessage(), m.GetEphemeralMessage().GetMessage(), m.GetViewOnceMessage().GetMessage(),
			m.GetViewOnceMessageV2().GetMessage(), m.GetViewOnceMessageV2Extension().GetMessage(),
			m.GetDocumentWithCaptionMessage().GetMessage(), m.GetEditedMessage().GetMessage(), m.GetLottieStickerMessage().GetMessage(),
		}
		i := slices.IndexFunc(inner, func(m *waE2E.Message) bool { return m != nil })
		if i < 0 {
			return m
		}
		m = inner[i]
	}
}

// content reads a message, and gives its media where it has any.
func content(m *waE2E.Message) (Message, attachment) {
	m = unwrap(m)
	quoted := func(c interface{ GetContextInfo() *waE2E.ContextInfo }) string {
		return c.GetContextInfo().GetStanzaID()
	}
	switch {
	case m.Conversation != nil:
		return Message{Kind: "text", Text: m.GetConversation()}, nil
	case m.ExtendedTextMessage != nil:
		x := m.ExtendedTextMessage
		return Message{Kind: "text", Text: x.GetText(), Quoted: quoted(x)}, nil
	case m.ImageMessage != nil:
		x := m.ImageMessage
		return Message{Kind: "image", Text: x.GetCaption(), Mime: x.GetMimetype(), Quoted: quoted(x)}, x
	case m.VideoMessage != nil:
		x := m.VideoMessage
		return Message{Kind: "video", Text: x.GetCaption(), Mime: x.GetMimetype(), Seconds: int(x.GetSeconds()), Quoted: quoted(x)}, x
	case m.AudioMessage != nil:
		x, kind := m.AudioMessage, "audio"
		if x.GetPTT() {
			kind = "voice"
		}
		return Message{Kind: kind, Mime: x.GetMimetype(), Seconds: int(x.GetSeconds()), Quoted: quoted(x)}, x
	case m.DocumentMessage != nil:
		x := m.DocumentMessage
		return Message{Kind: "document", Text: x.GetCaption(), Name: x.GetFileName(), Mime: x.GetMimetype(), Quoted: quoted(x)}, x
	case m.StickerMessage != nil:
		x := m.StickerMessage
		return Message{Kind: "sticker", Mime: x.GetMimetype(), Quoted: quoted(x)}, x
	case m.LocationMessage != nil:
		x := m.LocationMessage
		return Message{Kind: "location", Name: x.GetName(), Latitude: x.GetDegreesLatitude(), Longitude: x.GetDegreesLongitude(), Quoted: quoted(x)}, nil
	case m.ContactMessage != nil:
		x := m.ContactMessage
		return Message{Kind: "contact", Name: x.GetDisplayName(), Quoted: quoted(x)}, nil
	}
	for _, x := range []*waE2E.PollCreationMessage{m.PollCreationMessage, m.PollCreationMessageV2, m.PollCreationMessageV3} {
		if x != nil {
			out := Message{Kind: "poll", Text: x.GetName(), Quoted: quoted(x)}
			for _, o := range x.GetOptions() {
				out.Options = append(out.Options, o.GetOptionName())
			}
			return out, nil
		}
	}
	return Message{Kind: "other"}, nil
}

// infos is what the keys of the media of a kind are derived with.
func infos(kind string) string {
	switch kind {
	case "video":
		return videoKeys
	case "voice", "audio":
		return audioKeys
	case "document":
		return documentKeys
	}
	return imageKeys
}

// A chat is what stands on a simulated phone, oldest first.
type chat struct{ messages []*Message }

func (c *chat) find(id string) *Message {
	for _, m := range slices.Backward(c.messages) {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// take puts a message into the chat: a new one, or a change of an earlier one. It
// gives false for what is already there. The server's lock is held.
func (s *Server) take(c *chat, id string, m *waE2E.Message, fromMe, byHand bool) bool {
	plain := unwrap(m)
	if p := plain.GetProtocolMessage(); p != nil {
		old := c.find(p.GetKey().GetID())
		if old == nil || old.FromMe != fromMe {
			return true
		}
		switch p.GetType() {
		case waE2E.ProtocolMessage_REVOKE:
			old.Revoked = true
		case waE2E.ProtocolMessage_MESSAGE_EDIT:
			now, _ := content(p.GetEditedMessage())
			old.Text, old.Edited = now.Text, true
		}
		return true
	}
	if r := plain.GetReactionMessage(); r != nil {
		if old := c.find(r.GetKey().GetID()); old != nil {
			old.Reaction = r.GetText()
		}
		return true
	}
	if plain.GetPollUpdateMessage() != nil {
		return true
	}
	if old := c.find(id); old != nil {
		old.Copies++
		return false
	}
	out, at := content(m)
	if at != nil {
		out.Media, _ = s.fetch(at.GetDirectPath(), at.GetMediaKey(), infos(out.Kind)) // absent where it cannot be had
	}
	out.ID, out.FromMe, out.ByHand, out.At, out.Copies, out.Raw = id, fromMe, byHand, s.o.Now(), 1, m
	c.messages = append(c.messages, &out)
	return true
}

// texts are the words of linked devices in the chat.
func (c *chat) texts() []string {
	var out []string
	for _, m := range c.messages {
		if m.FromMe && !m.ByHand && !m.Revoked && m.Text != "" {
			out = append(out, m.Text)
		}
	}
	return out
}

// stanzaType is what a node says of its message: its type, and that of its media
// (observed).
func stanzaType(m *waE2E.Message) (kind, media string) {
	m = unwrap(m)
	switch {
	case m.ReactionMessage != nil:
		return "reaction", ""
	case m.PollUpdateMessage != nil, strings.HasPrefix(firstKind(m), "poll"):
		return "poll", ""
	}
	switch firstKind(m) {
	case "voice":
		return "media", "ptt"
	case "contact":
		return "media", "vcard"
	case "image", "video", "audio", "document", "sticker", "location":
		return "media", firstKind(m)
	}
	return "text", ""
}

func firstKind(m *waE2E.Message) string {
	c, _ := content(m)
	return c.Kind
}

// editAttr says what a message changes: "1" an edit, "7" a message of the sender's
// own that is taken back (observed).
func editAttr(m *waE2E.Message) string {
	p := unwrap(m).GetProtocolMessage()
	switch {
	case p.GetType() == waE2E.ProtocolMessage_MESSAGE_EDIT && p.GetEditedMessage() != nil:
		return "1"
	case p != nil && p.GetType() == waE2E.ProtocolMessage_REVOKE && p.GetKey() != nil:
		return "7"
	case unwrap(m).ReactionMessage != nil && unwrap(m).GetReactionMessage().GetText() == "":
		return "7"
	}
	return ""
}
