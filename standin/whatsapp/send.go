// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"strconv"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// noLID is the error code for an address that nobody has (observed as 479).
const noLID = 479

// message handles what a device sends. The lock is held.
func (s *Server) message(d *device, n *waBinary.Node) {
	id, _ := n.Attrs["id"].(string)
	to, _ := n.Attrs["to"].(types.JID)
	ack := waBinary.Node{Tag: "ack", Attrs: waBinary.Attrs{"class": "message", "id": id, "from": to, "t": s.stamp()}}
	if s.owner.is(to) { // to the phone itself, or once more what it could not read
		if enc, ok := n.GetOptionalChildByTag("enc"); ok {
			s.owner.receive(d, n, &enc)
		}
		d.line.put(ack)
		return
	}
	p, g := s.who(to), s.groups[to.User]
	if to.Server != types.GroupServer {
		g = nil
	}
	f := s.fault(p)
	if f == nil {
		f = &Fault{Delay: -1}
	} else if f.Nack != 0 {
		ack.Attrs["error"] = strconv.Itoa(f.Nack)
		d.line.put(ack)
		return
	}
	if p == nil && g == nil {
		ack.Attrs["error"] = strconv.Itoa(noLID)
		d.line.put(ack)
		return
	}
	if f.Delay != 0 || f.Done {
		s.pass(d, n, p, g)
	}
	switch l := d.line; {
	case f.Cut:
		l.drop()
	case f.Delay > 0:
		time.AfterFunc(f.Delay, func() { l.put(ack) })
	case f.Delay < 0:
		l.put(ack)
	}
}

// pass gives a device's message to all phones that it is encrypted for. The lock is held.
func (s *Server) pass(d *device, n *waBinary.Node, p *Person, g *Group) {
	list := n.GetChildByTag("participants")
	for _, to := range list.GetChildren() {
		j, _ := to.Attrs["jid"].(types.JID)
		enc, ok := to.GetOptionalChildByTag("enc")
		if !ok || j.Device != 0 {
			continue
		}
		switch member := s.who(j); {
		case s.owner.is(j):
			s.owner.receive(d, n, &enc)
		case member != nil && g != nil:
			g.learn(d, member, &enc)
		case member != nil && member == p:
			p.receive(d, n, &enc)
		}
	}
	enc, ok := n.GetOptionalChildByTag("enc")
	switch {
	case !ok:
	case g != nil:
		for _, m := range g.members {
			g.receive(d, m, n, &enc)
		}
	case p != nil: // once more what the phone could not read
		p.receive(d, n, &enc)
	}
	s.touch()
}
