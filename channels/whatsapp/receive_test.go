// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

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

func texts(all []channels.Inbound) []string {
	var out []string
	for _, in := range all {
		out = append(out, in.Text)
	}
	return out
}

func TestWhatTheSinkDidNotTakeComesAgainInOrder(t *testing.T) {
	t.Parallel()
	p := online(t)
	a, b := p.Person(amina), p.Person(badr)
	p.failWith(full)
	id := a.Write("one")
	p.until("asked", func() bool { return p.asked() > 0 })
	if p.Acked(id) {
		t.Fatal("it was acknowledged")
	}
	a.Write("two")
	b.Write("of another")
	a.Write("three")
	p.until("asked again, on a new connection", func() bool { return p.asked() > 2 })
	p.failWith(nil)
	p.until("all", func() bool { return len(p.got()) >= 4 })
	if got := texts(p.got()); !slices.Equal(got, []string{"one", "two", "of another", "three"}) {
		t.Errorf("they came as %q", got)
	}
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
}

func TestAPanicKeepsAMessage(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	left := 1
	p.failWith(func(channels.Inbound) error {
		if left--; left >= 0 {
			panic("for a reason of its own")
		}
		return nil
	})
	a.Write("secret words")
	if in := p.take(1); in.Kind != channels.Text || in.Text != "secret words" {
		t.Errorf("it came as %s %q", in.Kind, in.Text)
	}
}

func TestPoisonHoldsUpNobody(t *testing.T) {
	t.Parallel()
	p := online(t)
	a, b := p.Person(amina), p.Person(badr)
	p.failWith(func(in channels.Inbound) error {
		if in.Text == "poison" {
			panic("at these words")
		}
		return nil
	})
	a.Write("poison")
	b.Write("of another")
	poison := p.find("the poison, as unknown", func(in channels.Inbound) bool { return in.Kind == channels.Unknown })
	if poison.From != of(a) || len(poison.Raw) == 0 || poison.Text != "" {
		t.Errorf("it was kept as %+v", poison)
	}
	p.find("the other", func(in channels.Inbound) bool { return in.Text == "of another" && in.From == of(b) })
	p.await("acknowledged", func() bool { return p.Pending() == 0 })

	c := p.Person(carla)
	p.failWith(func(in channels.Inbound) error {
		if in.From == of(c) {
			panic("whatever it is")
		}
		return nil
	})
	c.Write("words")
	b.Write("still here")
	p.find("the other", func(in channels.Inbound) bool { return in.Text == "still here" })
	p.await("given up", func() bool { return p.Pending() == 0 })
}

func TestADroppedConnectionLosesNothing(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("whatsmeow's own races")
	}
	p := online(t)
	a := p.Person(amina)
	// The connection drops while the sink works, so that the receipt is lost.
	hold, held := make(chan struct{}), make(chan struct{})
	var once sync.Once
	p.failWith(func(channels.Inbound) error {
		once.Do(func() {
			close(held)
			p.mu.Unlock()
			<-hold
			p.mu.Lock()
		})
		return nil
	})
	id := a.Write("one")
	<-held
	p.Cut()
	p.await("online again", p.Online)
	close(hold)
	p.await("acknowledged", func() bool { return p.Acked(id) })
	a.Write("two")
	p.find("the second", func(in channels.Inbound) bool { return in.Text == "two" })
	first := 0
	for _, in := range p.got() {
		if in.Text == "one" {
			first++
			if in.ID != p.got()[0].ID {
				t.Error("the second copy has another ID")
			}
		}
	}
	if first == 0 {
		t.Error("the first message is lost")
	}
	// And many times, between messages.
	for i := range 5 {
		p.Cut()
		a.Write(fmt.Sprint("after cut ", i))
	}
	for i := range 5 {
		p.find("after a cut", func(in channels.Inbound) bool { return in.Text == fmt.Sprint("after cut ", i) })
	}
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
}

func TestWhatWaitedIsPassedOnWithItsTime(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	first := a.Write("first")
	p.take(1)
	p.await("acknowledged", func() bool { return p.Acked(first) })
	p.stop()
	p.await("offline", func() bool { return !p.Online() })
	id := a.Write("while away")
	p.restart()
	if in := p.take(2); in.Text != "while away" || in.At.IsZero() {
		t.Errorf("it came as %q at %v", in.Text, in.At)
	}
	p.await("acknowledged", func() bool { return p.Acked(id) })
}

func TestGroupsAreNeverRead(t *testing.T) {
	t.Parallel()
	p := online(t)
	a, b := p.Person(amina), p.Person(badr)
	g := p.Group("Family", a, b)
	g.Write(a, "in the group")
	g.Write(b, "another")
	a.Status("on holiday")
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	a.Write("alone")
	if in := p.take(1); in.Text != "alone" {
		t.Errorf("%q was read", in.Text)
	}
	chats, err := p.ch.Chats(t.Context())
	if err != nil || len(chats) != 1 || !chats[0].Group || !chats[0].Private || chats[0].ID != g.JID().String() {
		t.Fatalf("the chats are %+v, %v", chats, err)
	}
	if err := p.ch.SetPrivate(t.Context(), chats[0].ID, false); err == nil {
		t.Error("a group was opened")
	}
	g.Write(a, "again")
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	if _, err := p.ch.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "whatsapp", ID: g.JID().String()}, Blocks: []channels.Block{{Text: "x"}}}); err == nil {
		t.Error("something was sent to a group")
	}
}

func TestThePhoneAnswers(t *testing.T) {
	t.Parallel()
	p := online(t)
	a, b := p.Person(amina), p.Person(badr)
	p.Owner().Write(b, "to somebody who has never written")
	a.Write("hello")
	p.take(1)
	p.Owner().Write(a, "by hand")
	in := p.take(2)
	if in.Staff != channels.Phone || in.From != of(a) || in.Text != "by hand" || in.Kind != channels.Text {
		t.Errorf("it came as %+v", in)
	}
	r := p.send(words(a, "talk/1/0", "by Sarai"))
	if _, err := a.Await(p.within(), 1); err != nil {
		t.Fatal(err)
	}
	// What the device itself sent is no staff's message, should WhatsApp give it back.
	echo := &events.Message{Message: &waE2E.Message{Conversation: proto.String("by Sarai")}}
	echo.Info.ID, echo.Info.IsFromMe, echo.Info.Chat, echo.Info.Sender = r.ID, true, a.LID(), p.Owner().LID()
	if !p.ch.Again(echo) || len(p.got()) != 2 {
		t.Error("an echo was passed on")
	}
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
}

func TestACallIsToldOnce(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	p.failWith(full)
	id := a.Call(false)
	p.until("asked", func() bool { return p.asked() > 0 })
	p.failWith(func(channels.Inbound) error { panic("at a call") })
	before := p.asked()
	p.until("asked again", func() bool { return p.asked() > before })
	p.failWith(nil)
	in := p.take(1)
	if in.Kind != channels.Call || in.From != of(a) || in.ID != "call/"+id {
		t.Errorf("it came as %+v", in)
	}
	a.HangUp(id)
	a.Write("nobody answered")
	p.take(2)
	if p.Rejected(id) {
		t.Error("the call was rejected")
	}
	p.send(words(a, "talk/1/0", "write to us"))
}

func TestAMessageThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	a.Write("first")
	p.take(1)
	a.Garbled("the second time it can", 1)
	in := p.find("read after all", func(in channels.Inbound) bool { return in.Text == "the second time it can" })
	if in.Kind != channels.Text {
		t.Errorf("it came as %s", in.Kind)
	}
	a.Garbled("never", 9)
	lost := p.find("that something was said", func(in channels.Inbound) bool { return in.Kind == channels.Unknown })
	if lost.From != of(a) || len(lost.Raw) == 0 {
		t.Errorf("it came as %+v", lost)
	}
	for _, in := range p.got() {
		if in.Kind == channels.Unknown && in.ID != lost.ID {
			t.Error("a message that was read in the end was told as unreadable too")
		}
	}
}

// What may be seen only once never reaches a device: somebody must know all the same.
func TestWhatMayBeSeenOnce(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	e := &events.UndecryptableMessage{IsUnavailable: true, UnavailableType: events.UnavailableTypeViewOnce}
	e.Info.ID, e.Info.Chat, e.Info.Sender, e.Info.SenderAlt, e.Info.Timestamp = "ONCE", a.LID(), a.LID(), a.JID(), time.Now()
	p.ch.Again(e)
	if in := p.take(1); in.Kind != channels.Unknown || in.From != of(a) || len(in.Raw) == 0 {
		t.Errorf("it came as %+v", in)
	}
	p.send(words(a, "talk/1/0", "we cannot open it"))
	a.ViewOnce([]byte("jpeg")) // and from a phone that sends it all the same
	if in := p.take(2); in.Kind != channels.Picture {
		t.Errorf("it came as %s", in.Kind)
	}
}

// A message that is older than the link, from somebody of whom the phone has not told,
// is of a talk from before.
func TestAMessageFromLongBefore(t *testing.T) {
	t.Parallel()
	p := stand(t)
	if err := p.ch.Provision(t.Context(), p.Owner().Provision); err != nil {
		t.Fatal(err)
	}
	if err := p.ch.Relink(t.Context(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	p.listen()
	p.standing(channels.Joined)
	a, b := p.Person(amina), p.Person(badr)
	old := &events.Message{Message: &waE2E.Message{Conversation: proto.String("between us")}}
	old.Info.ID, old.Info.Chat, old.Info.Sender, old.Info.SenderAlt, old.Info.Timestamp = "OLD", a.LID(), a.LID(), a.JID(), time.Now().Add(-48*time.Hour)
	// It is not before the phone has told which talks it has, or has had its time.
	p.until("it is acknowledged", func() bool { return p.ch.Again(old) })
	a.Write("are you there?")
	b.Write("I am new")
	if in := p.take(1); in.From != of(b) {
		t.Errorf("%q was read", in.Text)
	}
	if chats, err := p.ch.Chats(t.Context()); err != nil || len(chats) != 1 || !chats[0].Private {
		t.Errorf("the chats are %+v, %v", chats, err)
	}
}

func TestAHiddenNumber(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	a.Hidden(true)
	a.Write("who am I")
	if in := p.take(1); in.From != of(a) || len(in.Aliases) != 0 {
		t.Errorf("it came from %q, aliases %v", in.From.ID, in.Aliases)
	}
	p.send(words(a, "talk/1/0", "welcome"))
	a.Hidden(false)
	a.Write("this is my number")
	if in := p.take(2); in.From != of(a) || len(in.Aliases) != 1 {
		t.Errorf("it came from %q, aliases %v", in.From.ID, in.Aliases)
	}
}

func TestReportsThatCannotBeKeptAreToldAgain(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	a.Write("hello")
	p.take(1)
	p.mu.Lock()
	p.failReports = true
	p.mu.Unlock()
	r := p.send(words(a, "talk/1/0", "hello too"))
	p.until("a report failed", func() bool { return len(p.told()) > 0 })
	p.mu.Lock()
	p.failReports, p.reports = false, nil
	p.mu.Unlock()
	p.Cut()
	p.until("told again", func() bool {
		for _, x := range p.told() {
			if x.ID == r.ID && x.State == channels.Delivered {
				return true
			}
		}
		return false
	})
}
