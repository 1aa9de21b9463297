// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sarai/channels"
)

// eventID is the ID of the event that a message is. WhatsApp's own are unique
// within a talk only.
func eventID(p person, id types.MessageID) string { return p.id.User + "/" + id }

// about is the ID of what a reaction, an edit or a revocation is about: that of an
// event, or that of a Receipt where the message came from here. key.FromMe counts
// from whoever sent the message that holds the key.
func about(p person, fromMe bool, key *waCommon.MessageKey) string {
	if key.GetID() == "" {
		return ""
	}
	if key.GetFromMe() == fromMe {
		return key.GetID() // written by the centre's side
	}
	return eventID(p, key.GetID())
}

// read makes an event of a message in the talk with p. It says false where nobody
// waits for anything: keys for groups, settings of a talk, what phones tell each
// other. What it does not understand is channels.Unknown with its raw body. At may
// be zero.
func read(e *events.Message, p person) (channels.Inbound, bool) {
	in := channels.Inbound{From: p.address(), Aliases: p.aliases(), ID: eventID(p, e.Info.ID)}
	if e.Info.Timestamp.Unix() > 0 {
		in.At = e.Info.Timestamp.UTC()
	}
	if e.Info.IsFromMe {
		in.Staff = channels.Phone
	}
	m := unwrap(e.Message)
	if m == nil || idle(m) {
		return channels.Inbound{}, false
	}
	if change := m.GetProtocolMessage(); change != nil {
		key := change.GetKey()
		switch change.GetType() {
		case waE2E.ProtocolMessage_REVOKE:
			if key.GetID() == "" {
				return channels.Inbound{}, false
			}
			in.Kind = channels.Deleted
		case waE2E.ProtocolMessage_MESSAGE_EDIT:
			edited := unwrap(change.GetEditedMessage())
			in.Kind = channels.Edited
			if edited == nil || key.GetID() == "" {
				return unknown(in, e), true
			}
			in.Text = words(edited)
		default:
			return channels.Inbound{}, false
		}
		in.Of = eventID(p, key.GetID()) // nobody can change what others wrote
		return in, true
	}
	if r := m.GetReactionMessage(); r != nil {
		in.Kind, in.Text, in.Of = channels.Reaction, r.GetText(), about(p, e.Info.IsFromMe, r.GetKey())
		return in, true
	}
	if v := m.GetPollUpdateMessage(); v != nil { // sealed under the poll's own key
		in.Kind, in.Of = channels.Reaction, about(p, e.Info.IsFromMe, v.GetPollCreationMessageKey())
		return in, true
	}
	in.Text = words(m)
	if k, ref := media(m); ref != nil {
		ref.ID, ref.Chat, ref.FromMe = e.Info.ID, e.Info.Chat.ToNonAD().String(), e.Info.IsFromMe
		if !ref.whole() {
			return unknown(in, e), true
		}
		in.Kind, in.Media = k, []channels.Media{ref.media(m)}
		return in, true
	}
	switch {
	case m.GetLocationMessage() != nil, m.GetLiveLocationMessage() != nil:
		in.Kind = channels.Place
	case m.GetContactMessage() != nil, m.GetContactsArrayMessage() != nil:
		in.Kind = channels.Contact
	case m.GetStickerMessage() != nil:
		in.Kind = channels.Sticker
	case in.Text != "":
		in.Kind = channels.Text
	default:
		return unknown(in, e), true
	}
	return in, true
}

// unknown keeps a message that nobody understands.
func unknown(in channels.Inbound, e *events.Message) channels.Inbound {
	in.Kind, in.Media = channels.Unknown, nil
	m := e.RawMessage
	if m == nil {
		m = e.Message
	}
	if in.Raw, _ = proto.Marshal(m); len(in.Raw) == 0 { // never so: an empty message is idle
		in.Raw = []byte("whatsapp: unreadable")
	}
	return in
}

// unwrap takes a message out of what is around it: that it disappears, is to be
// seen once, belongs to an album, was sent from the phone.
func unwrap(m *waE2E.Message) *waE2E.Message {
	for range 8 {
		if m == nil {
			return nil
		}
		inner := m.GetDeviceSentMessage().GetMessage()
		m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			if f.Kind() != protoreflect.MessageKind || f.IsList() || f.IsMap() {
				return true
			}
			if w, ok := v.Message().Interface().(*waE2E.FutureProofMessage); ok && w.GetMessage() != nil {
				inner = w.GetMessage()
				return false
			}
			return true
		})
		if inner == nil {
			return m
		}
		m = inner
	}
	return m
}

// quietFields hold nothing that a person said: keys, and what phones do by
// themselves. An album is announced before its pictures come one by one.
var quietFields = map[protoreflect.Name]bool{
	"senderKeyDistributionMessage":               true,
	"fastRatchetKeySenderKeyDistributionMessage": true,
	"messageContextInfo":                         true,
	"stickerSyncRmrMessage":                      true,
	"keepInChatMessage":                          true,
	"pinInChatMessage":                           true,
	"albumMessage":                               true,
	"messageHistoryNotice":                       true,
	"messageHistoryBundle":                       true,
	"limitSharingMessage":                        true,
	"call":                                       true, // rung beside it, as an event of its own
	"callLogMesssage":                            true, // so spelt in the protocol
}

// idle says whether nothing in a message was said by anybody.
func idle(m *waE2E.Message) bool {
	if len(m.ProtoReflect().GetUnknown()) > 0 {
		return false
	}
	quiet := true
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		quiet = quietFields[f.Name()]
		return quiet
	})
	return quiet
}

// words are the text of a message, what was written under a file, or what a place,
// a contact or a poll says in words.
func words(m *waE2E.Message) string {
	switch {
	case m.GetConversation() != "":
		return m.GetConversation()
	case m.GetExtendedTextMessage() != nil:
		return m.GetExtendedTextMessage().GetText()
	case m.GetImageMessage() != nil:
		return m.GetImageMessage().GetCaption()
	case m.GetVideoMessage() != nil:
		return m.GetVideoMessage().GetCaption()
	case m.GetDocumentMessage() != nil:
		return m.GetDocumentMessage().GetCaption()
	case m.GetLocationMessage() != nil:
		l := m.GetLocationMessage()
		return lines(degrees(l.GetDegreesLatitude(), l.GetDegreesLongitude()), l.GetName(), l.GetAddress(), l.GetComment())
	case m.GetLiveLocationMessage() != nil:
		l := m.GetLiveLocationMessage()
		return lines(degrees(l.GetDegreesLatitude(), l.GetDegreesLongitude()), l.GetCaption())
	case m.GetContactMessage() != nil:
		return card(m.GetContactMessage())
	case m.GetContactsArrayMessage() != nil:
		var all []string
		for _, c := range m.GetContactsArrayMessage().GetContacts() {
			all = append(all, card(c))
		}
		return lines(all...)
	case m.GetStickerMessage() != nil:
		return m.GetStickerMessage().GetEmojis()
	case m.GetButtonsResponseMessage() != nil:
		return m.GetButtonsResponseMessage().GetSelectedDisplayText()
	case m.GetListResponseMessage() != nil:
		return m.GetListResponseMessage().GetTitle()
	case m.GetTemplateButtonReplyMessage() != nil:
		return m.GetTemplateButtonReplyMessage().GetSelectedDisplayText()
	case m.GetInteractiveResponseMessage() != nil:
		return m.GetInteractiveResponseMessage().GetBody().GetText()
	}
	for _, poll := range []*waE2E.PollCreationMessage{m.GetPollCreationMessage(), m.GetPollCreationMessageV2(), m.GetPollCreationMessageV3(), m.GetPollCreationMessageV5()} {
		if poll != nil {
			all := []string{poll.GetName()}
			for _, o := range poll.GetOptions() {
				all = append(all, "- "+o.GetOptionName())
			}
			return lines(all...)
		}
	}
	return ""
}

// lines joins what is not empty.
func lines(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "\n")
}

func degrees(lat, lon float64) string {
	return strconv.FormatFloat(lat, 'f', -1, 64) + ", " + strconv.FormatFloat(lon, 'f', -1, 64)
}

// card is a contact in words: the numbers of its vCard and the name.
func card(c *waE2E.ContactMessage) string {
	var all []string
	for line := range strings.Lines(c.GetVcard()) {
		field, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		field, _, _ = strings.Cut(strings.ToUpper(field), ";")
		if _, after, grouped := strings.Cut(field, "."); grouped { // "item1.TEL"
			field = after
		}
		if field == "TEL" {
			all = append(all, value)
		}
	}
	return lines(append(all, c.GetDisplayName())...)
}

// A ref is what is needed to get a file later: Media.Ref holds it as JSON. It has
// the file's key, and so is as secret as the file.
type ref struct {
	Type   whatsmeow.MediaType `json:"type"`
	Path   string              `json:"path"`
	Key    []byte              `json:"key"`
	Enc    []byte              `json:"enc"` // hash of the file as it lies with WhatsApp
	Sum    []byte              `json:"sum"` // and of the file itself
	ID     string              `json:"id"`  // of the message, to ask the phone for the file again
	Chat   string              `json:"chat"`
	FromMe bool                `json:"from_me,omitempty"`
}

// whole says whether the file can be got by it.
func (r *ref) whole() bool {
	return strings.HasPrefix(r.Path, "/") && len(r.Key) == 32 && len(r.Enc) == 32 && len(r.Sum) == 32
}

// media gives the kind of a file in a message and the way to it, nil where there is
// none. A sticker is taken by its emoji.
func media(m *waE2E.Message) (channels.Kind, *ref) {
	of := func(k channels.Kind, t whatsmeow.MediaType, d whatsmeow.DownloadableMessage) (channels.Kind, *ref) {
		return k, &ref{Type: t, Path: d.GetDirectPath(), Key: d.GetMediaKey(), Enc: d.GetFileEncSHA256(), Sum: d.GetFileSHA256()}
	}
	switch {
	case m.GetImageMessage() != nil:
		return of(channels.Picture, whatsmeow.MediaImage, m.GetImageMessage())
	case m.GetVideoMessage() != nil:
		return of(channels.Video, whatsmeow.MediaVideo, m.GetVideoMessage())
	case m.GetPtvMessage() != nil: // a film note
		return of(channels.Video, whatsmeow.MediaVideo, m.GetPtvMessage())
	case m.GetAudioMessage() != nil:
		k := channels.Audio
		if m.GetAudioMessage().GetPTT() {
			k = channels.Voice
		}
		return of(k, whatsmeow.MediaAudio, m.GetAudioMessage())
	case m.GetDocumentMessage() != nil:
		return of(channels.Document, whatsmeow.MediaDocument, m.GetDocumentMessage())
	}
	return "", nil
}

// media says of the file what the phone claims of it.
func (r *ref) media(m *waE2E.Message) channels.Media {
	b, _ := json.Marshal(r) // it has only what JSON takes
	out := channels.Media{Ref: string(b)}
	size, seconds := uint64(0), uint32(0)
	switch {
	case m.GetImageMessage() != nil:
		out.Type, size = m.GetImageMessage().GetMimetype(), m.GetImageMessage().GetFileLength()
	case m.GetVideoMessage() != nil:
		out.Type, size, seconds = m.GetVideoMessage().GetMimetype(), m.GetVideoMessage().GetFileLength(), m.GetVideoMessage().GetSeconds()
	case m.GetPtvMessage() != nil:
		out.Type, size, seconds = m.GetPtvMessage().GetMimetype(), m.GetPtvMessage().GetFileLength(), m.GetPtvMessage().GetSeconds()
	case m.GetAudioMessage() != nil:
		out.Type, size, seconds = m.GetAudioMessage().GetMimetype(), m.GetAudioMessage().GetFileLength(), m.GetAudioMessage().GetSeconds()
	case m.GetDocumentMessage() != nil:
		d := m.GetDocumentMessage()
		out.Type, out.Name, size = d.GetMimetype(), d.GetFileName(), d.GetFileLength()
		if out.Name == "" {
			out.Name = d.GetTitle()
		}
	}
	if size < 1<<40 {
		out.Size = int64(size)
	}
	if seconds < 1<<24 {
		out.Seconds = int(seconds)
	}
	return out
}
