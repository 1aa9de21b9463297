// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"bytes"
	"compress/zlib"
	"slices"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// An Owner is the phone that devices are linked to. Its chats are those of the people.
type Owner struct {
	s     *Server
	phone string

	// guarded by s.mu
	name       string
	keys       *keyring
	settings   settings
	nextDevice uint16
	copies     chat     // what devices told the phone that they have sent
	unreadable []string // of those
	asked      []string // ids of messages that a device wanted from the phone
}

// Owner is the phone that devices are linked to.
func (s *Server) Owner() *Owner { return s.owner }

// Phone is the owner's number.
func (o *Owner) Phone() string { return o.phone }

// JID is the owner's address by number.
func (o *Owner) JID() types.JID { return types.JID{User: o.phone, Server: types.DefaultUserServer} }

// LID is the owner's other address, by which people's phones know them.
func (o *Owner) LID() types.JID { return o.lid() }

func (o *Owner) lid() types.JID {
	digits := []byte(o.phone)
	slices.Reverse(digits)
	return types.JID{User: "8" + string(digits), Server: types.HiddenUserServer}
}

// is says whether an address is the owner's, whichever device.
func (o *Owner) is(j types.JID) bool {
	switch j.Server {
	case types.HiddenUserServer:
		return j.User == o.lid().User
	case types.DefaultUserServer:
		return j.User == o.phone
	}
	return false
}

// say writes to a person by hand: it stands in their chat, and devices get a copy.
// The lock is held.
func (o *Owner) say(to *Person, m *waE2E.Message) string {
	id := newID()
	o.s.take(&to.chat, id, m, true, true)
	if stands := to.chat.find(id); stands != nil {
		stands.Ticks = 2
	}
	destination := to.lid.String()
	o.s.send(&said{o.keys, &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{DestinationJID: &destination, Message: m}}, waBinary.Attrs{
		"from": o.lid(), "recipient": to.lid, "peer_recipient_pn": to.JID(), "addressing_mode": "lid", "notify": o.name,
	}, 0}, id)
	return id
}

// Send sends any message to a person by hand. It gives the message's id.
func (o *Owner) Send(to *Person, m *waE2E.Message) string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.say(to, m)
}

// Write sends a text.
func (o *Owner) Write(to *Person, text string) string {
	return o.Send(to, &waE2E.Message{Conversation: &text})
}

// Voice sends a voice note in Ogg with Opus.
func (o *Owner) Voice(to *Person, ogg []byte, seconds int) string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.say(to, o.s.voice(ogg, seconds))
}

// Picture sends a picture; the caption may be "".
func (o *Owner) Picture(to *Person, jpeg []byte, caption string) string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.say(to, o.s.picture(jpeg, caption))
}

// key refers to a message of the chat with p, as the owner's phone does. The lock is held.
func (o *Owner) key(p *Person, id string) *waCommon.MessageKey {
	m := p.chat.find(id)
	mine := m == nil || m.FromMe
	return &waCommon.MessageKey{RemoteJID: proto.String(p.lid.String()), FromMe: &mine, ID: &id}
}

// React puts an emoji to a message of the chat; "" takes it back.
func (o *Owner) React(to *Person, id, emoji string) string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.say(to, reaction(o.key(to, id), emoji, o.s))
}

// Edit changes the text of a message of the owner's number.
func (o *Owner) Edit(to *Person, id, text string) string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.say(to, edit(o.key(to, id), text, o.s))
}

// Revoke takes back a message of the owner's number, a device's too.
func (o *Owner) Revoke(to *Person, id string) string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.say(to, revoke(o.key(to, id)))
}

// See opens the chat on the phone: what the person wrote is read, and they and the
// devices are told.
func (o *Owner) See(p *Person) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	var ids []string
	for _, m := range slices.Backward(p.chat.messages) {
		if !m.FromMe && m.Ticks < 3 {
			m.Ticks = 3
			ids = append(ids, m.ID)
		}
	}
	for _, d := range o.s.live() {
		for _, id := range ids {
			o.s.deliver(d, waBinary.Node{Tag: "receipt", Attrs: waBinary.Attrs{
				"from": o.lid(), "recipient": p.lid, "id": id, "type": "read", "t": o.s.stamp(),
			}})
		}
	}
	o.s.touch()
}

// Copies is what devices told the phone that they have sent, oldest first: a device
// sends each message to the owner's phone too.
func (o *Owner) Copies() []Message {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.copies.copy()
}

// Unreadable are the ids of what the phone could not decrypt.
func (o *Owner) Unreadable() []string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return slices.Clone(o.unreadable)
}

// Asked are the ids of messages that a device could not decrypt and wanted from the
// phone, which has sent them.
func (o *Owner) Asked() []string {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return slices.Clone(o.asked)
}

// receive decrypts what a device sent to the phone. The lock is held.
func (o *Owner) receive(d *device, n *waBinary.Node, enc *waBinary.Node) {
	id, _ := n.Attrs["id"].(string)
	kind, _ := enc.Attrs["type"].(string)
	sealed, _ := enc.Content.([]byte)
	var m waE2E.Message
	plain, err := o.keys.open(d.lid, kind, sealed)
	if err == nil {
		err = proto.Unmarshal(plain, &m)
	}
	if err != nil {
		if o.copies.find(id) == nil && !slices.Contains(o.unreadable, id) {
			o.unreadable = append(o.unreadable, id)
		}
		return
	}
	if m.GetDeviceSentMessage() != nil {
		o.s.take(&o.copies, id, &m, true, false)
		return
	}
	if m.GetProtocolMessage().GetAppStateSyncKeyRequest() != nil {
		o.share(d)
		return
	}
	request := m.GetProtocolMessage().GetPeerDataOperationRequestMessage()
	if request.GetPeerDataOperationRequestType() != waE2E.PeerDataOperationRequestType_PLACEHOLDER_MESSAGE_RESEND {
		return
	}
	var results []*waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult
	for _, r := range request.GetPlaceholderMessageResendRequest() {
		wanted := r.GetMessageKey().GetID()
		for _, p := range o.s.order {
			if have := p.chat.find(wanted); have != nil {
				o.asked = append(o.asked, wanted)
				results = append(results, &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult{
					PlaceholderMessageResendResponse: &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult_PlaceholderMessageResendResponse{
						WebMessageInfoBytes: must(proto.Marshal(p.web(have))),
					},
				})
			}
		}
	}
	if len(results) > 0 {
		o.toDevice(d, &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE.Enum(),
			PeerDataOperationRequestResponseMessage: &waE2E.PeerDataOperationRequestResponseMessage{
				PeerDataOperationRequestType: waE2E.PeerDataOperationRequestType_PLACEHOLDER_MESSAGE_RESEND.Enum(),
				StanzaID:                     &id, PeerDataOperationResult: results,
			},
		})
	}
}

// toDevice sends a device something about the account. The lock is held.
func (o *Owner) toDevice(d *device, m *waE2E.ProtocolMessage) {
	id := newID()
	sd := &said{keys: o.keys, m: &waE2E.Message{ProtocolMessage: m}, attrs: waBinary.Attrs{
		"from": o.lid(), "id": id, "t": o.s.stamp(), "type": "text", "category": "peer",
	}}
	o.s.said[id] = sd
	o.s.deliver(d, waBinary.Node{Tag: "message", Attrs: sd.attrs, Content: []waBinary.Node{o.s.sealFor(d, sd)}})
}

// web is a message as histories have it. The lock is held.
func (p *Person) web(m *Message) *waWeb.WebMessageInfo {
	status := waWeb.WebMessageInfo_DELIVERY_ACK
	info := &waWeb.WebMessageInfo{
		Key:     &waCommon.MessageKey{RemoteJID: proto.String(p.lid.String()), FromMe: &m.FromMe, ID: &m.ID},
		Message: unwrap(m.Raw), MessageTimestamp: proto.Uint64(uint64(m.At.Unix())), Status: &status,
	}
	if !m.FromMe {
		info.PushName = orNil(p.name)
	}
	return info
}

// SendHistory tells devices of all chats so far, as a phone does after linking. Scan
// and Enter do it by themselves.
func (o *Owner) SendHistory() {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, d := range o.s.live() {
		o.history(d)
	}
}

// history sends a device all chats so far, in the message itself, and then all names,
// as media. The lock is held.
func (o *Owner) history(d *device) {
	chats := &waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_INITIAL_BOOTSTRAP.Enum(), ChunkOrder: proto.Uint32(1), Progress: proto.Uint32(100)}
	names := &waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_PUSH_NAME.Enum()}
	names.Pushnames = append(names.Pushnames, &waHistorySync.Pushname{ID: proto.String(o.JID().String()), Pushname: &o.name})
	for _, p := range o.s.order {
		if len(p.chat.messages) == 0 {
			continue
		}
		chats.PhoneNumberToLidMappings = append(chats.PhoneNumberToLidMappings, &waHistorySync.PhoneNumberToLIDMapping{
			PnJID: proto.String(p.JID().String()), LidJID: proto.String(p.lid.String()),
		})
		c := &waHistorySync.Conversation{
			ID: proto.String(p.lid.String()), PnJID: proto.String(p.JID().String()), Name: orNil(p.name),
			ConversationTimestamp: proto.Uint64(uint64(p.chat.messages[len(p.chat.messages)-1].At.Unix())),
		}
		for i, m := range slices.Backward(p.chat.messages) { // the newest first (observed)
			if m.Revoked {
				continue
			}
			c.Messages = append(c.Messages, &waHistorySync.HistorySyncMsg{Message: p.web(m), MsgOrderID: proto.Uint64(uint64(i))})
		}
		chats.Conversations = append(chats.Conversations, c)
		names.Pushnames = append(names.Pushnames, &waHistorySync.Pushname{ID: proto.String(p.lid.String()), Pushname: &p.name})
	}
	packed := func(h *waHistorySync.HistorySync) []byte {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write(must(proto.Marshal(h))) // a buffer takes all
		_ = w.Close()
		return b.Bytes()
	}
	o.toDevice(d, &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION.Enum(),
		HistorySyncNotification: &waE2E.HistorySyncNotification{
			SyncType: waE2E.HistorySyncType_INITIAL_BOOTSTRAP.Enum(), ChunkOrder: proto.Uint32(1), Progress: proto.Uint32(100),
			InitialHistBootstrapInlinePayload: packed(chats),
		},
	})
	b := o.s.keep(packed(names), historyKeys)
	o.toDevice(d, &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION.Enum(),
		HistorySyncNotification: &waE2E.HistorySyncNotification{
			SyncType: waE2E.HistorySyncType_PUSH_NAME.Enum(), ChunkOrder: proto.Uint32(1),
			DirectPath: b.DirectPath, MediaKey: b.Key, FileSHA256: b.Sum, FileEncSHA256: b.SumSealed, FileLength: b.Length,
		},
	})
}
