// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// A Person is somebody with WhatsApp on one phone. What they send goes to the owner's
// number: to the owner's phone, which here only remembers it, and to each linked
// device, encrypted for it. Methods that send give the id of the message.
type Person struct {
	s     *Server
	phone string
	lid   types.JID

	// guarded by s.mu
	name       string
	hidden     bool
	silent     bool
	keys       *keyring
	chat       chat
	unreadable []string
	tries      map[string]int // retry receipts by message
	typing     string
}

// Person gives the person with that number, digits with the country's code, and
// makes them up where there is none. The number is not that of the owner.
func (s *Server) Person(phone string) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[phone]
	if p == nil {
		// An address that says nothing to who does not know the number: its digits, turned round.
		digits := []byte(phone)
		slices.Reverse(digits)
		p = &Person{
			s: s, phone: phone, lid: types.JID{User: "9" + string(digits), Server: types.HiddenUserServer},
			name: "Person " + phone, keys: must(newKeyring()), tries: map[string]int{},
		}
		s.people[phone], s.lids[p.lid.User] = p, p
		s.order = append(s.order, p)
		s.touch()
	}
	return p
}

// Phone is the person's number.
func (p *Person) Phone() string { return p.phone }

// LID is the address that their messages come from.
func (p *Person) LID() types.JID { return p.lid }

// JID is the address by number.
func (p *Person) JID() types.JID { return types.JID{User: p.phone, Server: types.DefaultUserServer} }

// Name sets what the person calls themselves. It goes with each message from now on;
// "" is no name.
func (p *Person) Name(name string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.name = name
	p.s.touch()
}

// Hidden makes the person's messages come without their number, or with it again.
func (p *Person) Hidden(hidden bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.hidden = hidden
}

// Silent makes the phone send no receipts, or again: what arrives is read, and nobody
// is told.
func (p *Person) Silent(silent bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.silent = silent
}

// said is a message that went to devices, to be sent once more where one asks.
type said struct {
	keys    *keyring
	m       *waE2E.Message
	attrs   waBinary.Attrs
	garbled int // copies that cannot be read, still to come
}

// address are the attributes that say whom a node is from. The lock is held.
func (p *Person) address() waBinary.Attrs {
	a := waBinary.Attrs{"from": p.lid, "addressing_mode": "lid"}
	if !p.hidden {
		a["sender_pn"] = p.JID()
	}
	return a
}

// say sends a message to all devices. The lock is held.
func (p *Person) say(m *waE2E.Message, garbled int) string {
	id := newID()
	p.s.take(&p.chat, id, m, false, false)
	attrs := p.address()
	attrs["notify"] = p.name
	p.s.send(&said{p.keys, m, attrs, garbled}, id)
	return id
}

// send encrypts a message for each device. The lock is held.
func (s *Server) send(sd *said, id string) {
	kind, _ := stanzaType(sd.m)
	for k, v := range map[string]string{"id": id, "t": s.stamp(), "type": kind, "edit": editAttr(sd.m)} {
		if v != "" {
			sd.attrs[k] = v
		}
	}
	s.said[id] = sd
	for _, d := range s.live() {
		s.deliver(d, waBinary.Node{Tag: "message", Attrs: sd.attrs, Content: []waBinary.Node{s.sealFor(d, sd)}})
	}
	s.touch()
}

// sealFor is the encrypted part of a message. The lock is held.
func (s *Server) sealFor(d *device, sd *said) waBinary.Node {
	enc := s.seal(sd.keys, d, sd.m)
	if _, media := stanzaType(sd.m); media != "" {
		enc.Attrs["mediatype"] = media
	}
	if sd.garbled != 0 {
		sd.garbled--
		garble(enc.Attrs["type"] == "pkmsg", enc.Content.([]byte))
	}
	return enc
}

// again sends a message once more to a device that could not read it. The lock is held.
func (s *Server) again(d *device, n *waBinary.Node, id string) {
	sd := s.said[id]
	if sd == nil {
		return
	}
	retry := n.GetChildByTag("retry")
	if keys, ok := n.GetOptionalChildByTag("keys"); ok {
		with := waBinary.Node{Tag: "keys", Content: append(keys.GetChildren(), n.GetChildByTag("registration"))}
		if fresh, err := readKeys(&with); err == nil {
			sd.keys.forget(d.lid)
			rest := d.keys.once
			d.keys.once = fresh.once
			defer func() { d.keys.once = rest }()
		}
	}
	enc := s.sealFor(d, sd)
	enc.Attrs["count"] = fmt.Sprint(retry.Attrs["count"])
	s.deliver(d, waBinary.Node{Tag: "message", Attrs: sd.attrs, Content: []waBinary.Node{enc}})
}

// Send sends any message.
func (p *Person) Send(m *waE2E.Message) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.say(m, 0)
}

// Write sends a text.
func (p *Person) Write(text string) string {
	return p.Send(&waE2E.Message{Conversation: proto.String(text)})
}

// Garbled sends a text whose first copies cannot be decrypted, so many of them. A
// device asks for another one at most four times (observed).
func (p *Person) Garbled(text string, copies int) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.say(&waE2E.Message{Conversation: proto.String(text)}, copies)
}

// Reply sends a text that quotes the message with that id.
func (p *Person) Reply(to, text string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	quote := &waE2E.ContextInfo{StanzaID: proto.String(to), Participant: proto.String(p.s.owner.lid().String())}
	if m := p.chat.find(to); m != nil {
		quote.QuotedMessage = m.Raw
		if !m.FromMe {
			quote.Participant = proto.String(p.lid.String())
		}
	}
	return p.say(&waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String(text), ContextInfo: quote}}, 0)
}

// Voice sends a voice note in Ogg with Opus.
func (p *Person) Voice(ogg []byte, seconds int) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.say(p.s.voice(ogg, seconds), 0)
}

func (s *Server) voice(ogg []byte, seconds int) *waE2E.Message {
	b := s.keep(ogg, audioKeys)
	return &waE2E.Message{AudioMessage: &waE2E.AudioMessage{
		URL: b.URL, DirectPath: b.DirectPath, MediaKey: b.Key, FileSHA256: b.Sum, FileEncSHA256: b.SumSealed, FileLength: b.Length, MediaKeyTimestamp: b.At,
		Mimetype: proto.String("audio/ogg; codecs=opus"), Seconds: proto.Uint32(uint32(seconds)), PTT: proto.Bool(true),
	}}
}

// Picture sends a picture; the caption may be "".
func (p *Person) Picture(jpeg []byte, caption string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.say(p.s.picture(jpeg, caption), 0)
}

func (s *Server) picture(jpeg []byte, caption string) *waE2E.Message {
	b := s.keep(jpeg, imageKeys)
	return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
		URL: b.URL, DirectPath: b.DirectPath, MediaKey: b.Key, FileSHA256: b.Sum, FileEncSHA256: b.SumSealed, FileLength: b.Length, MediaKeyTimestamp: b.At,
		Mimetype: proto.String("image/jpeg"), Caption: orNil(caption),
	}}
}

// ViewOnce sends a picture that may be looked at once.
func (p *Person) ViewOnce(jpeg []byte) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := p.s.picture(jpeg, "")
	m.ImageMessage.ViewOnce = proto.Bool(true)
	return p.say(&waE2E.Message{ViewOnceMessageV2: &waE2E.FutureProofMessage{Message: m}}, 0)
}

// Video sends a film; the caption may be "".
func (p *Person) Video(mp4 []byte, caption string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	b := p.s.keep(mp4, videoKeys)
	return p.say(&waE2E.Message{VideoMessage: &waE2E.VideoMessage{
		URL: b.URL, DirectPath: b.DirectPath, MediaKey: b.Key, FileSHA256: b.Sum, FileEncSHA256: b.SumSealed, FileLength: b.Length, MediaKeyTimestamp: b.At,
		Mimetype: proto.String("video/mp4"), Caption: orNil(caption),
	}}, 0)
}

// Document sends a file; the caption may be "".
func (p *Person) Document(name, mime string, data []byte, caption string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	b := p.s.keep(data, documentKeys)
	m := &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		URL: b.URL, DirectPath: b.DirectPath, MediaKey: b.Key, FileSHA256: b.Sum, FileEncSHA256: b.SumSealed, FileLength: b.Length, MediaKeyTimestamp: b.At,
		Mimetype: proto.String(mime), FileName: proto.String(name), Title: proto.String(name), Caption: orNil(caption),
	}}
	if caption != "" { // it is wrapped then (observed)
		m = &waE2E.Message{DocumentWithCaptionMessage: &waE2E.FutureProofMessage{Message: m}}
	}
	return p.say(m, 0)
}

// Sticker sends a sticker.
func (p *Person) Sticker(webp []byte) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	b := p.s.keep(webp, imageKeys)
	return p.say(&waE2E.Message{StickerMessage: &waE2E.StickerMessage{
		URL: b.URL, DirectPath: b.DirectPath, MediaKey: b.Key, FileSHA256: b.Sum, FileEncSHA256: b.SumSealed, FileLength: b.Length, MediaKeyTimestamp: b.At,
		Mimetype: proto.String("image/webp"),
	}}, 0)
}

// Place sends a place; the name may be "".
func (p *Person) Place(latitude, longitude float64, name string) string {
	return p.Send(&waE2E.Message{LocationMessage: &waE2E.LocationMessage{
		DegreesLatitude: &latitude, DegreesLongitude: &longitude, Name: orNil(name),
	}})
}

// Contact sends an entry of the phone's address book.
func (p *Person) Contact(name, phone string) string {
	card := "BEGIN:VCARD\nVERSION:3.0\nFN:" + name + "\nTEL;type=CELL;waid=" + phone + ":+" + phone + "\nEND:VCARD"
	return p.Send(&waE2E.Message{ContactMessage: &waE2E.ContactMessage{DisplayName: &name, Vcard: &card}})
}

// key refers to a message of the chat, as the person's phone does. The lock is held.
func (p *Person) key(id string) *waCommon.MessageKey {
	m := p.chat.find(id)
	mine := m == nil || !m.FromMe
	return &waCommon.MessageKey{RemoteJID: proto.String(p.s.owner.lid().String()), FromMe: &mine, ID: &id}
}

// React puts an emoji to a message; "" takes it back.
func (p *Person) React(id, emoji string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.say(reaction(p.key(id), emoji, p.s), 0)
}

func reaction(key *waCommon.MessageKey, emoji string, s *Server) *waE2E.Message {
	return &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Key: key, Text: &emoji, SenderTimestampMS: proto.Int64(s.o.Now().UnixMilli())}}
}

// Edit changes the text of a message of the person's own.
func (p *Person) Edit(id, text string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.say(edit(p.key(id), text, p.s), 0)
}

func edit(key *waCommon.MessageKey, text string, s *Server) *waE2E.Message {
	return &waE2E.Message{EditedMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Key: key, Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), TimestampMS: proto.Int64(s.o.Now().UnixMilli()),
		EditedMessage: &waE2E.Message{Conversation: &text},
	}}}}
}

// Revoke takes back a message of the person's own: "delete for everyone".
func (p *Person) Revoke(id string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.say(revoke(p.key(id)), 0)
}

func revoke(key *waCommon.MessageKey) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Key: key, Type: waE2E.ProtocolMessage_REVOKE.Enum()}}
}

// Poll asks a question with answers to choose one from.
func (p *Person) Poll(question string, options ...string) string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	poll := &waE2E.PollCreationMessage{Name: &question, SelectableOptionsCount: proto.Uint32(1)}
	for _, o := range options {
		poll.Options = append(poll.Options, &waE2E.PollCreationMessage_Option{OptionName: proto.String(o)})
	}
	return p.Send(&waE2E.Message{PollCreationMessageV3: poll, MessageContextInfo: &waE2E.MessageContextInfo{MessageSecret: secret}})
}

// Vote chooses answers in a poll of the device's. It gives "" where the phone has no
// such poll.
func (p *Person) Vote(poll string, options ...string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := p.chat.find(poll)
	if m == nil || m.Kind != "poll" {
		return ""
	}
	asker := p.s.owner.lid().String()
	if !m.FromMe {
		asker = p.lid.String()
	}
	vote := &waE2E.PollVoteMessage{}
	for _, o := range options {
		sum := sha256.Sum256([]byte(o))
		vote.SelectedOptions = append(vote.SelectedOptions, sum[:])
	}
	// The vote is encrypted with what only those know who have the poll (observed).
	secret := m.Raw.GetMessageContextInfo().GetMessageSecret()
	key := must(hkdf.Key(sha256.New, secret, nil, poll+asker+p.lid.String()+"Poll Vote", 32))
	iv := make([]byte, 12)
	_, _ = rand.Read(iv) // it never fails
	sealed := must(gcm(key)).Seal(nil, iv, must(proto.Marshal(vote)), []byte(poll+"\x00"+p.lid.String()))
	return p.say(&waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{
		PollCreationMessageKey: p.key(poll), Vote: &waE2E.PollEncValue{EncPayload: sealed, EncIV: iv},
		SenderTimestampMS: proto.Int64(p.s.o.Now().UnixMilli()),
	}}, 0)
}

// orNil is nil for "".
func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Reinstall gives the phone new keys and an empty chat; devices are told of it, and
// what they encrypt for the old ones cannot be read.
func (p *Person) Reinstall() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.keys, p.chat = must(newKeyring()), chat{}
	for _, d := range p.s.live() {
		p.s.deliver(d, waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
			"from": p.lid, "id": p.s.request(), "type": "encrypt", "t": p.s.stamp(),
		}, Content: []waBinary.Node{{Tag: "identity"}}})
	}
}

// Forget makes the phone lose what it needs to read the devices' next messages: it
// asks for them again, with keys that it can read (retry receipts).
func (p *Person) Forget() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	clear(p.keys.sessions)
}

// Type shows devices that are Available that the person is writing. Others are not
// told (observed).
func (p *Person) Type() { p.state("composing", nil) }

// Record shows such devices that the person records a voice note.
func (p *Person) Record() { p.state("composing", waBinary.Attrs{"media": "audio"}) }

// Stop shows such devices that the person does neither.
func (p *Person) Stop() { p.state("paused", nil) }

func (p *Person) state(tag string, attrs waBinary.Attrs) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, d := range p.s.live() {
		if d.available {
			d.line.put(waBinary.Node{Tag: "chatstate", Attrs: p.address(), Content: []waBinary.Node{{Tag: tag, Attrs: attrs}}})
		}
	}
}

// chatstate is what a device shows of itself. The lock is held.
func (s *Server) chatstate(n *waBinary.Node) {
	to, _ := n.Attrs["to"].(types.JID)
	p := s.who(to)
	if p == nil || len(n.GetChildren()) != 1 {
		return
	}
	c := n.GetChildren()[0]
	p.typing = ""
	if c.Tag == "composing" {
		p.typing = "composing"
		if c.Attrs["media"] == "audio" {
			p.typing = "recording"
		}
	}
}

// SeesTyping is what the phone shows of the owner's number: "", "composing" or
// "recording". A message ends it; time does not.
func (p *Person) SeesTyping() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.typing
}

// See opens the chat: all that came is read, and devices are told.
func (p *Person) See() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var ids []string
	for _, m := range slices.Backward(p.chat.messages) {
		if m.FromMe && m.Ticks < 3 {
			m.Ticks = 3
			if !m.ByHand {
				ids = append(ids, m.ID)
			}
		}
	}
	p.s.touch()
	if len(ids) == 0 {
		return
	}
	attrs := p.address()
	attrs["id"], attrs["t"], attrs["type"] = ids[0], p.s.stamp(), "read"
	n := waBinary.Node{Tag: "receipt", Attrs: attrs}
	if len(ids) > 1 {
		var items []waBinary.Node
		for _, id := range ids[1:] {
			items = append(items, waBinary.Node{Tag: "item", Attrs: waBinary.Attrs{"id": id}})
		}
		n.Content = []waBinary.Node{{Tag: "list", Content: items}}
	}
	for _, d := range p.s.live() {
		p.s.deliver(d, n)
	}
}

// tick notes how far the person's own message has come. The lock is held.
func (p *Person) tick(id string, ticks int) {
	if m := p.chat.find(id); m != nil && !m.FromMe {
		m.Ticks = max(m.Ticks, ticks)
	}
}

// Ticks is how far the person's own message has come: 0 sent, 1 on a device in the
// background (WhatsApp shows one tick), 2 delivered, 3 read.
func (p *Person) Ticks(id string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if m := p.chat.find(id); m != nil {
		return m.Ticks
	}
	return 0
}

// Read is every text and caption of a device that the phone could decrypt, in order
// of arrival and as it is now: edited, and without what was taken back. What the
// owner wrote by hand is not in it.
func (p *Person) Read() []string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.chat.texts()
}

// Await returns what Read gives, once that is n texts or more.
func (p *Person) Await(ctx context.Context, n int) ([]string, error) {
	var texts []string
	err := p.s.Await(ctx, func() bool {
		texts = p.Read()
		return len(texts) >= n
	})
	return texts, err
}

// Messages is the person's chat with the owner's number, both sides, oldest first.
func (p *Person) Messages() []Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.chat.copy()
}

func (c *chat) copy() []Message {
	out := make([]Message, len(c.messages))
	for i, m := range c.messages {
		out[i] = *m
	}
	return out
}

// Unreadable are the ids of what the phone could not decrypt, and has not got in
// another copy since.
func (p *Person) Unreadable() []string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.Clone(p.unreadable)
}

// receive decrypts what a device sent to the person. The lock is held.
func (p *Person) receive(d *device, n *waBinary.Node, enc *waBinary.Node) {
	id, _ := n.Attrs["id"].(string)
	kind, _ := enc.Attrs["type"].(string)
	sealed, _ := enc.Content.([]byte)
	var m waE2E.Message
	plain, err := p.keys.open(d.lid, kind, sealed)
	if err == nil {
		err = proto.Unmarshal(plain, &m)
	}
	if err != nil {
		if old := p.chat.find(id); old != nil { // a second copy of the same bytes
			old.Copies++
			p.receipt(d, id)
			return
		}
		if !slices.Contains(p.unreadable, id) {
			p.unreadable = append(p.unreadable, id)
		}
		p.retry(d, id)
		return
	}
	p.unreadable = slices.DeleteFunc(p.unreadable, func(u string) bool { return u == id })
	p.typing = ""
	if p.s.take(&p.chat, id, &m, true, false) {
		if at := p.chat.find(id); at != nil {
			at.Ticks = 2
		}
	}
	p.receipt(d, id)
}

// receipt tells devices that a message has arrived. The lock is held.
func (p *Person) receipt(d *device, id string) {
	if p.silent {
		return
	}
	attrs := p.address()
	attrs["id"], attrs["t"] = id, p.s.stamp()
	p.s.deliver(d, waBinary.Node{Tag: "receipt", Attrs: attrs})
}

// retry asks for a message once more, with keys for a new session. The lock is held.
func (p *Person) retry(d *device, id string) {
	p.tries[id]++
	if p.silent || p.tries[id] > 4 {
		return
	}
	attrs := p.address()
	attrs["id"], attrs["t"], attrs["type"] = id, p.s.stamp(), "retry"
	bundle := must(p.keys.bundle())
	p.s.deliver(d, waBinary.Node{Tag: "receipt", Attrs: attrs, Content: []waBinary.Node{
		{Tag: "retry", Attrs: waBinary.Attrs{"count": strconv.Itoa(p.tries[id]), "id": id, "t": p.s.stamp(), "v": "1"}},
		bundle[0],
		{Tag: "keys", Content: bundle[1:]},
	}})
}
