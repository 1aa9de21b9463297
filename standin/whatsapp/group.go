// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"slices"
	"strconv"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// A Group is a chat of the owner and others.
type Group struct {
	s       *Server
	jid     types.JID
	subject string

	// guarded by s.mu
	members []*Person
	chats   map[*Person]*chat // what each member's phone has of it
	told    map[*Person]map[*device]bool
}

// Group makes a group of the owner, who made it, and those people. Devices are told.
func (s *Server) Group(subject string, members ...*Person) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &Group{
		s: s, jid: types.JID{User: strconv.Itoa(120363000000000001 + len(s.groups)), Server: types.GroupServer},
		subject: subject, members: slices.Clone(members), chats: map[*Person]*chat{}, told: map[*Person]map[*device]bool{},
	}
	for _, m := range members {
		g.chats[m], g.told[m] = &chat{}, map[*device]bool{}
	}
	s.groups[g.jid.User] = g
	g.tell(waBinary.Node{Tag: "create", Content: []waBinary.Node{g.info()}})
	return g
}

// Rename gives the group another name. Devices are told, as they are of a new group.
func (g *Group) Rename(subject string) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.subject = subject
	g.tell(waBinary.Node{Tag: "subject", Attrs: waBinary.Attrs{"subject": subject, "s_t": g.s.stamp(), "s_o": g.s.owner.lid()}})
}

// tell tells devices of a change of the group. The lock is held.
func (g *Group) tell(change waBinary.Node) {
	for _, d := range g.s.live() {
		g.s.deliver(d, waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
			"from": g.jid, "type": "w:gp2", "id": g.s.request(), "t": g.s.stamp(), "addressing_mode": "lid",
			"participant": g.s.owner.lid(), "participant_pn": g.s.owner.JID(), "notify": g.s.owner.name,
		}, Content: []waBinary.Node{change}})
	}
	g.s.touch()
}

// JID is the address of the group.
func (g *Group) JID() types.JID { return g.jid }

// info is what a device is told of the group. The lock is held.
func (g *Group) info() waBinary.Node {
	o := g.s.owner
	n := waBinary.Node{Tag: "group", Attrs: waBinary.Attrs{
		"id": g.jid.User, "subject": g.subject, "creation": g.s.stamp(), "creator": o.lid(), "addressing_mode": "lid",
		"size": strconv.Itoa(len(g.members) + 1),
	}}
	list := []waBinary.Node{{Tag: "participant", Attrs: waBinary.Attrs{"jid": o.lid(), "phone_number": o.JID(), "type": "superadmin"}}}
	for _, m := range g.members {
		list = append(list, waBinary.Node{Tag: "participant", Attrs: waBinary.Attrs{"jid": m.lid, "phone_number": m.JID()}})
	}
	n.Content = list
	return n
}

// Write sends a text to the group as one of its members. It gives the message's id.
func (g *Group) Write(by *Person, text string) string {
	return g.Send(by, &waE2E.Message{Conversation: &text})
}

// Send sends any message to the group as one of its members.
func (g *Group) Send(by *Person, m *waE2E.Message) string {
	s := g.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.chats[by] == nil {
		return ""
	}
	id := newID()
	s.take(g.chats[by], id, m, false, false)
	s.sendGroup(by, g.jid, g.told[by], id, m)
	return id
}

// Status posts a text as the person's status, which goes to all who have their number.
func (p *Person) Status(text string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	id := newID()
	p.s.sendGroup(p, types.StatusBroadcastJID, map[*device]bool{}, id, &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: &text}})
	return id
}

// sendGroup encrypts a message once for all, and the key to it for each device that
// has not got it: told says which have. The lock is held.
func (s *Server) sendGroup(by *Person, to types.JID, told map[*device]bool, id string, m *waE2E.Message) {
	group := to.String()
	key := &waE2E.SenderKeyDistributionMessage{GroupID: &group, AxolotlSenderKeyDistributionMessage: must(by.keys.senderKey(to, by.lid))}
	kind, media := stanzaType(m)
	sealed := waBinary.Node{Tag: "enc", Attrs: waBinary.Attrs{"v": "2", "type": "skmsg", "mediatype": media}, Content: must(by.keys.sealGroup(to, by.lid, must(proto.Marshal(m))))}
	attrs := waBinary.Attrs{
		"from": to, "participant": by.lid, "addressing_mode": "lid", "id": id, "t": s.stamp(), "type": kind, "notify": by.name, "edit": editAttr(m),
	}
	if !by.hidden {
		attrs["participant_pn"] = by.JID()
	}
	// Asked again, the phone sends the message to the one device, with the key in it.
	whole := proto.Clone(m).(*waE2E.Message)
	whole.SenderKeyDistributionMessage = key
	s.said[id] = &said{keys: by.keys, m: whole, attrs: attrs}
	for _, d := range s.live() {
		var content []waBinary.Node
		if !told[d] {
			told[d] = true
			content = append(content, s.seal(by.keys, d, &waE2E.Message{SenderKeyDistributionMessage: key}))
		}
		s.deliver(d, waBinary.Node{Tag: "message", Attrs: attrs, Content: append(content, sealed)})
	}
}

// learn takes the key to a device's messages. The lock is held.
func (g *Group) learn(d *device, by *Person, enc *waBinary.Node) {
	kind, _ := enc.Attrs["type"].(string)
	sealed, _ := enc.Content.([]byte)
	var m waE2E.Message
	plain, err := by.keys.open(d.lid, kind, sealed)
	if err != nil || proto.Unmarshal(plain, &m) != nil {
		return // the message itself will be unreadable
	}
	if key := m.GetSenderKeyDistributionMessage().GetAxolotlSenderKeyDistributionMessage(); key != nil {
		_ = by.keys.learn(g.jid, d.lid, key) // as above
	}
}

// receive decrypts what a device wrote to the group, as one of its members. The lock is held.
func (g *Group) receive(d *device, by *Person, n *waBinary.Node, enc *waBinary.Node) {
	id, _ := n.Attrs["id"].(string)
	sealed, _ := enc.Content.([]byte)
	var m waE2E.Message
	plain, err := by.keys.openGroup(g.jid, d.lid, sealed)
	if err == nil {
		err = proto.Unmarshal(plain, &m)
	}
	if err != nil {
		if g.chats[by].find(id) == nil && !slices.Contains(by.unreadable, id) {
			by.unreadable = append(by.unreadable, id)
		}
		return
	}
	g.s.take(g.chats[by], id, &m, true, false)
	if !by.silent {
		g.s.deliver(d, waBinary.Node{Tag: "receipt", Attrs: waBinary.Attrs{
			"from": g.jid, "participant": by.lid, "id": id, "t": g.s.stamp(),
		}})
	}
}

// Read is every text of a device that the member's phone could decrypt.
func (g *Group) Read(by *Person) []string {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if c := g.chats[by]; c != nil {
		return c.texts()
	}
	return nil
}
