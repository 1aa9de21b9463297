// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"strconv"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// iq answers a request of a device, with an error where it is not known: a request
// without an answer is waited for 75 seconds (observed). The lock is held.
func (s *Server) iq(d *device, n *waBinary.Node) {
	kind, _ := n.Attrs["type"].(string)
	if kind == "result" || kind == "error" {
		return
	}
	xmlns, _ := n.Attrs["xmlns"].(string)
	answer := func(content ...waBinary.Node) {
		a := waBinary.Node{Tag: "iq", Attrs: waBinary.Attrs{"type": "result", "from": types.ServerJID, "id": n.Attrs["id"]}}
		if to, ok := n.Attrs["to"].(types.JID); ok {
			a.Attrs["from"] = to
		}
		if len(content) > 0 {
			a.Content = content
		}
		d.line.put(a)
	}
	has := func(tag string) bool {
		_, ok := n.GetOptionalChildByTag(tag)
		return ok
	}
	switch {
	case xmlns == "encrypt" && kind == "get" && has("count"):
		left := len(d.keys.once)
		if left == 0 && !d.uploaded && s.o.Prekeys > 0 {
			left = s.o.Prekeys
		}
		answer(waBinary.Node{Tag: "count", Attrs: waBinary.Attrs{"value": strconv.Itoa(left)}})
	case xmlns == "encrypt" && kind == "get" && has("key"):
		asked := n.GetChildByTag("key")
		answer(waBinary.Node{Tag: "list", Content: s.bundles(asked.GetChildren())})
	case xmlns == "encrypt" && kind == "set" && has("list"):
		keys, err := readKeys(n)
		if err != nil {
			s.refuse(d, n, 400, "bad-request")
			return
		}
		if d.uploaded && keys.identity == d.keys.identity {
			keys.once = append(d.keys.once, keys.once...)
		}
		d.keys, d.uploaded = keys, true
		answer()
	case xmlns == "passive" && kind == "set":
		answer()
		if has("active") {
			s.activate(d)
		} else {
			d.active = false
		}
	case xmlns == "w:p":
		answer()
	case xmlns == "usync" && kind == "get":
		asked := n.GetChildByTag("usync")
		answer(waBinary.Node{Tag: "usync", Content: []waBinary.Node{{Tag: "list", Content: s.usync(&asked)}}})
	case xmlns == "privacy" && kind == "get":
		answer(waBinary.Node{Tag: "privacy", Content: []waBinary.Node{{
			Tag: "category", Attrs: waBinary.Attrs{"name": "readreceipts", "value": "all"},
		}}})
	case xmlns == "privacy" && kind == "set":
		answer()
	case xmlns == "w:m" && has("media_conn"):
		answer(waBinary.Node{Tag: "media_conn", Attrs: waBinary.Attrs{
			"auth": "stand-in", "ttl": "3600", "auth_ttl": "3600", "max_buckets": "12",
		}, Content: []waBinary.Node{{Tag: "host", Attrs: waBinary.Attrs{"hostname": mediaHost}}}})
	case xmlns == "w:g2" && kind == "get" && has("query"):
		to, _ := n.Attrs["to"].(types.JID)
		g := s.groups[to.User]
		if g == nil {
			s.refuse(d, n, 404, "item-not-found")
			return
		}
		answer(g.info())
	case xmlns == "w:g2" && kind == "get" && has("participating"):
		var all []waBinary.Node
		for _, g := range s.groups {
			all = append(all, g.info())
		}
		answer(waBinary.Node{Tag: "groups", Content: all})
	case xmlns == "w:sync:app:state":
		asked := n.GetChildByTag("sync")
		var all []waBinary.Node
		for _, c := range asked.GetChildren() {
			all = append(all, s.owner.settings.answer(c))
		}
		answer(waBinary.Node{Tag: "sync", Content: all})
	case xmlns == "blocklist" && kind == "get":
		answer(waBinary.Node{Tag: "list"})
	case xmlns == "blocklist" && kind == "set", xmlns == "urn:xmpp:whatsapp:dirty", xmlns == "w:stats", xmlns == "status" && kind == "set":
		answer()
	case xmlns == "md" && has("remove-companion-device"):
		answer()
		d.removed = true
		d.leave()
		d.line.end()
	default:
		s.strange(n)
		s.refuse(d, n, 501, "feature-not-implemented")
	}
}

// refuse answers a request with an error. The lock is held.
func (s *Server) refuse(d *device, n *waBinary.Node, code int, text string) {
	d.line.put(waBinary.Node{Tag: "iq", Attrs: waBinary.Attrs{"type": "error", "from": types.ServerJID, "id": n.Attrs["id"]}, Content: []waBinary.Node{{
		Tag: "error", Attrs: waBinary.Attrs{"code": strconv.Itoa(code), "text": text},
	}}})
}

// bundles are the keys of the phones that were asked for. The lock is held.
func (s *Server) bundles(asked []waBinary.Node) []waBinary.Node {
	var out []waBinary.Node
	for _, u := range asked {
		j, _ := u.Attrs["jid"].(types.JID)
		user := waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": j}}
		if k := s.phoneOf(j); k != nil {
			user.Content = must(k.bundle())
		} else {
			user.Content = []waBinary.Node{{Tag: "error", Attrs: waBinary.Attrs{"code": "404", "text": "item-not-found"}}}
		}
		out = append(out, user)
	}
	return out
}

// phoneOf is the phone with that address; nil where it is none. The lock is held.
func (s *Server) phoneOf(j types.JID) *keyring {
	if j.Device != 0 {
		return nil
	}
	if s.owner.is(j) {
		return s.owner.keys
	}
	if p := s.who(j); p != nil {
		return p.keys
	}
	return nil
}

// usync says which devices people have, and their LID. The lock is held.
func (s *Server) usync(asked *waBinary.Node) []waBinary.Node {
	query, list := asked.GetChildByTag("query"), asked.GetChildByTag("list")
	wants := map[string]bool{}
	for _, q := range query.GetChildren() {
		wants[q.Tag] = true
	}
	var out []waBinary.Node
	for _, u := range list.GetChildren() {
		j, ok := u.Attrs["jid"].(types.JID)
		if c, given := u.GetOptionalChildByTag("contact"); given && !ok { // is this number on WhatsApp?
			b, _ := c.Content.([]byte)
			j, _ = types.ParseJID(string(b))
			j.Server = types.DefaultUserServer
			if len(j.User) > 0 && j.User[0] == '+' {
				j.User = j.User[1:]
			}
		}
		devices, lid := []waBinary.Node{}, types.JID{}
		phone := waBinary.Node{Tag: "device", Attrs: waBinary.Attrs{"id": "0"}}
		p := s.who(j)
		switch {
		case s.owner.is(j):
			devices, lid = append(devices, phone), s.owner.lid()
			for _, d := range s.live() {
				devices = append(devices, waBinary.Node{Tag: "device", Attrs: waBinary.Attrs{
					"id": strconv.Itoa(int(d.jid.Device)), "key-index": strconv.Itoa(int(d.jid.Device)),
				}})
			}
		case p != nil:
			devices, lid = append(devices, phone), p.lid
		}
		user := waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": j}}
		var content []waBinary.Node
		if wants["devices"] {
			content = append(content, waBinary.Node{Tag: "devices", Content: []waBinary.Node{{Tag: "device-list", Content: devices}}})
		}
		if wants["lid"] && !lid.IsEmpty() {
			content = append(content, waBinary.Node{Tag: "lid", Attrs: waBinary.Attrs{"val": lid}})
		}
		if wants["contact"] {
			in := "out"
			if !lid.IsEmpty() {
				in = "in"
			}
			content = append(content, waBinary.Node{Tag: "contact", Attrs: waBinary.Attrs{"type": in}})
		}
		user.Content = content
		out = append(out, user)
	}
	return out
}
