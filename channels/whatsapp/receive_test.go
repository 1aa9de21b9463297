// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"testing"

	"sarai/channels"
)

func TestAMessageArrivesAndIsAnswered(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	id := a.Write("salam")
	in := p.take(1)
	if in.Kind != channels.Text || in.Text != "salam" || in.From != of(a) || len(in.Aliases) != 1 || in.Aliases[0].ID != a.JID().String() {
		t.Errorf("it arrived as %s %q from %q, aliases %v", in.Kind, in.Text, in.From.ID, in.Aliases)
	}
	p.await("acknowledged", func() bool { return p.Acked(id) })
	r := p.send(words(a, "talk/1/0", "walaikum"))
	got, err := a.Await(p.within(), 1)
	if err != nil || got[0] != "walaikum" {
		t.Errorf("the phone reads %q, %v", got, err)
	}
	p.await("two blue ticks", func() bool { return a.Ticks(id) == 3 })
	a.See()
	p.until("read", func() bool {
		for _, x := range p.told() {
			if x.ID == r.ID && x.State == channels.Read && x.To == of(a) {
				return true
			}
		}
		return false
	})
}
