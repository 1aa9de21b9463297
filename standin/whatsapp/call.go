// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	waBinary "go.mau.fi/whatsmeow/binary"
)

// A call is one that a person has made.
type call struct {
	by              *Person
	rejected, ended bool
}

// Call rings. It gives the id of the call.
func (p *Person) Call(video bool) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	id := newID()
	p.s.calls[id] = &call{by: p}
	media := waBinary.Node{Tag: "audio", Attrs: waBinary.Attrs{"enc": "opus", "rate": "16000"}}
	if video {
		media = waBinary.Node{Tag: "video", Attrs: waBinary.Attrs{"enc": "h.264"}}
	}
	p.callNode(id, "offer", media)
	return id
}

// HangUp ends a call.
func (p *Person) HangUp(id string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if c := p.s.calls[id]; c != nil && c.by == p {
		c.ended = true
		p.callNode(id, "terminate")
	}
}

// callNode tells devices of a call. The lock is held.
func (p *Person) callNode(id, tag string, content ...waBinary.Node) {
	inner := waBinary.Node{Tag: tag, Attrs: waBinary.Attrs{"call-id": id, "call-creator": p.lid}}
	if !p.hidden {
		inner.Attrs["caller_pn"] = p.JID()
	}
	if len(content) > 0 {
		inner.Content = content
	}
	p.s.touch()
	for _, d := range p.s.live() {
		p.s.deliver(d, waBinary.Node{Tag: "call", Attrs: waBinary.Attrs{
			"from": p.lid, "id": p.s.request(), "t": p.s.stamp(), "platform": "android", "version": "2.26.1", "notify": p.name,
		}, Content: []waBinary.Node{inner}})
	}
}

// called handles what a device does with a call. The lock is held.
func (s *Server) called(n *waBinary.Node) {
	reject := n.GetChildByTag("reject")
	id, _ := reject.Attrs["call-id"].(string)
	if c := s.calls[id]; c != nil {
		c.rejected = true
		return
	}
	s.strange(n)
}

// Rejected says whether a device has rejected that call.
func (s *Server) Rejected(call string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.calls[call]
	return c != nil && c.rejected
}
