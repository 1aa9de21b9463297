// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"

	"sarai/channels"
	"sarai/channels/whatsapp"
	standin "sarai/standin/whatsapp"
)

// link links the phone, by a QR code where phone is "", and gives the steps.
func (p *place) link(phone string) []channels.LinkStep {
	p.t.Helper()
	steps, err := p.ch.Link(p.within(), phone)
	if err != nil {
		p.t.Fatal(err)
	}
	var all []channels.LinkStep
	for s := range steps {
		all = append(all, s)
		var err error
		switch {
		case s.QR != "":
			err = p.Owner().Scan(p.within(), s.QR)
		case s.Code != "":
			err = p.Owner().Enter(p.within(), s.Code)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return all
}

func done(all []channels.LinkStep) bool { return len(all) > 0 && all[len(all)-1].Done }

func TestLinkingByQRCode(t *testing.T) {
	t.Parallel()
	p := stand(t)
	if st := p.ch.Standing(); st.Code != channels.Unlinked {
		t.Errorf("it stands as %s", st.Code)
	}
	p.listen()
	all := p.link("")
	if !done(all) || all[0].QR == "" || !strings.HasPrefix(all[0].QR, "https://wa.me/") {
		t.Fatalf("the steps are %+v", all)
	}
	st := p.standing(channels.Joined)
	if st.Since.IsZero() {
		t.Error("nobody knows since when")
	}
	a := p.Person(amina)
	a.Write("hello")
	p.take(1)
	p.send(words(a, "talk/1/0", "hello too"))
	if _, err := p.ch.Link(t.Context(), ""); err == nil {
		t.Error("a second phone was linked")
	}
}

func TestLinkingByCode(t *testing.T) {
	t.Parallel()
	p := stand(t)
	p.listen()
	all := p.link("+1 202-555-0100")
	if !done(all) || len(all) != 2 || len(all[0].Code) != 9 {
		t.Fatalf("the steps are %+v", all)
	}
	p.Person(amina).Write("hello")
	p.take(1)
}

func TestLinkingRefusesWhatIsNoNumber(t *testing.T) {
	t.Parallel()
	p := stand(t)
	for _, phone := range []string{"0301 2345678", "abc", "4930", "1234567890123456", "49x30123456"} {
		if _, err := p.ch.Link(t.Context(), phone); err == nil || strings.Contains(err.Error(), phone) {
			t.Errorf("%q: %v", phone, err)
		}
	}
	if st := p.ch.Standing(); st.Code != channels.Unlinked {
		t.Errorf("it stands as %s", st.Code)
	}
}

func TestLinkingForSomebodyElsesNumber(t *testing.T) {
	t.Parallel()
	p := stand(t)
	steps, err := p.ch.Link(t.Context(), "12025550199")
	if err != nil {
		t.Fatal(err)
	}
	var last channels.LinkStep
	for s := range steps {
		last = s
	}
	if last.Failed != "refused" || p.ch.Standing().Code != channels.Unlinked {
		t.Errorf("it ended as %+v and stands as %s", last, p.ch.Standing().Code)
	}
	if all := p.link(""); !done(all) {
		t.Errorf("afterwards: %+v", all)
	}
}

func TestOnlyOneLinksAtATime(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("whatsmeow's own races: giving up a link while a code is shown")
	}
	p := stand(t)
	ctx, end := context.WithCancel(t.Context())
	steps, err := p.ch.Link(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if s := <-steps; s.QR == "" || p.ch.Standing().Code != channels.Linking {
		t.Errorf("the first step is %+v, it stands as %s", s, p.ch.Standing().Code)
	}
	if _, err := p.ch.Link(t.Context(), ""); err == nil {
		t.Error("a second one links too")
	}
	end()
	for range steps { // it is closed at the end of the context
	}
	p.standing(channels.Unlinked)
	if all := p.link(""); !done(all) {
		t.Errorf("afterwards: %+v", all)
	}
}

// Where nobody listens the device is linked all the same, and what people write
// waits until somebody does.
func TestLinkingWithoutAServer(t *testing.T) {
	t.Parallel()
	p := stand(t)
	a, b := p.Person(amina), p.Person(badr)
	a.Write("from before")
	if all := p.link(""); !done(all) {
		t.Fatalf("the steps are %+v", all)
	}
	chats, err := p.ch.Chats(t.Context())
	if err != nil || len(chats) != 1 || chats[0].ID != a.LID().String() {
		t.Errorf("the chats are %+v, %v", chats, err)
	}
	p.await("left", func() bool { return !p.Online() })
	id := b.Write("after")
	p.listen()
	if in := p.take(1); in.Text != "after" {
		t.Errorf("%q arrived", in.Text)
	}
	p.await("acknowledged", func() bool { return p.Acked(id) })
}

// A process that ends in the middle of linking has forgotten nothing that keeps talks
// from before private.
func TestKilledWhileLinking(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("whatsmeow's own races: giving up a link while a code is shown")
	}
	p := stand(t)
	a := p.Person(amina)
	a.Write("from before")
	ctx, end := context.WithCancel(t.Context())
	steps, err := p.ch.Link(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if s := <-steps; s.QR == "" {
		t.Fatalf("the first step is %+v", s)
	}
	if err := p.ch.Provision(t.Context(), p.Owner().Provision); err != nil { // the phone has scanned it
		t.Fatal(err)
	}
	end()
	for range steps {
	}
	p.restart()
	p.await("online", p.Online)
	a.Write("are you there?")
	p.Owner().SendHistory()
	b := p.Person(badr)
	b.Write("I am new")
	if in := p.take(1); in.From != of(b) {
		t.Errorf("%q was read", in.Text)
	}
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	if got := p.got(); len(got) != 1 {
		t.Errorf("a talk from before was read: %q", texts(got))
	}
}

func TestTalksFromBeforeStayPrivate(t *testing.T) {
	t.Parallel()
	p := stand(t)
	a, b, c := p.Person(amina), p.Person(badr), p.Person(carla)
	a.Write("between us")
	p.Owner().Write(b, "see you on Sunday")
	p.Group("Family", a, b).Write(a, "dinner")
	p.listen()
	if all := p.link(""); !done(all) {
		t.Fatal("not linked")
	}
	// At once, perhaps before the phone has told which talks it has.
	a.Write("are you there?")
	b.Write("and you?")
	p.Owner().Write(a, "yes")
	c.Write("I have a question")
	if in := p.take(1); in.From != of(c) {
		t.Fatalf("%q was read", in.Text)
	}
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	a.Call(false)
	a.Picture([]byte("jpeg"), "me")
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	c.Write("really")
	p.take(2)

	chats, err := p.ch.Chats(t.Context())
	if err != nil || len(chats) != 3 {
		t.Fatalf("the chats are %+v, %v", chats, err)
	}
	groups := 0
	for _, x := range chats {
		if !x.Private {
			t.Errorf("%+v is not private", x)
		}
		if x.Group {
			groups++
		}
	}
	if groups != 1 {
		t.Errorf("there are %d groups", groups)
	}
	bad := p.refused(words(a, "talk/1/0", "no"))
	if bad.Problem != channels.Rejected {
		t.Errorf("writing into a private talk: %v", bad)
	}

	// The centre says that one of them is a person who asks.
	if err := p.ch.SetPrivate(t.Context(), a.LID().String(), false); err != nil {
		t.Fatal(err)
	}
	if err := p.ch.SetPrivate(t.Context(), c.LID().String(), false); err == nil {
		t.Error("a talk that is not of before was changed")
	}
	a.Write("now")
	if in := p.take(3); in.Text != "now" || in.From != of(a) {
		t.Errorf("%q was read", in.Text)
	}
	p.send(words(a, "talk/2/0", "welcome"))
	// And it lasts.
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	p.restart()
	p.await("online", p.Online)
	b.Write("still between us")
	a.Write("later")
	if in := p.take(4); in.Text != "later" {
		t.Errorf("%q was read", in.Text)
	}
	if err := p.ch.SetPrivate(t.Context(), a.LID().String(), true); err != nil {
		t.Fatal(err)
	}
	a.Write("private again")
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	if bad := p.refused(words(a, "talk/3/0", "no")); bad.Problem != channels.Rejected {
		t.Errorf("writing into a private talk: %v", bad)
	}
	if len(p.got()) != 4 {
		t.Error("a private talk was read")
	}
}

// Who has written to Sarai stays its own when the same phone is linked anew, though
// the talk is one from before by then.
func TestWhoHasWrittenStaysAfterANewLink(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("whatsmeow's own races: forgetting a device just after a message")
	}
	p := stand(t)
	p.listen()
	p.link("")
	a := p.Person(amina)
	a.Write("hello")
	p.take(1)
	p.Owner().Unlink()
	p.standing(channels.LoggedOut)
	p.await("unlinked", func() bool { return !p.Owner().Linked() })
	if all := p.link(""); !done(all) {
		t.Fatal("not linked")
	}
	a.Write("are you back?")
	if in := p.take(2); in.Text != "are you back?" {
		t.Errorf("%q arrived", in.Text)
	}
	p.send(words(a, "talk/1/0", "yes"))
	if chats, err := p.ch.Chats(t.Context()); err != nil || len(chats) != 0 {
		t.Errorf("the chats are %+v, %v", chats, err)
	}
}

// If the phone never tells which talks it has, new people do not wait for ever.
func TestThePhoneTellsNothing(t *testing.T) {
	t.Parallel()
	p := stand(t)
	if err := p.ch.Provision(t.Context(), p.Owner().Provision); err != nil {
		t.Fatal(err)
	}
	if err := p.ch.Relink(t.Context(), 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	p.listen()
	p.Person(amina).Write("hello")
	if in := p.take(1); in.Text != "hello" {
		t.Errorf("%q arrived", in.Text)
	}
}

func TestUnlinking(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("whatsmeow's own races: forgetting a device just after a message")
	}
	p := online(t)
	a := p.Person(amina)
	a.Write("hello")
	p.take(1)
	if err := p.ch.Unlink(p.within()); err != nil {
		t.Fatal(err)
	}
	p.await("unlinked", func() bool { return !p.Owner().Linked() })
	if st := p.ch.Standing(); st.Code != channels.Unlinked {
		t.Errorf("it stands as %s", st.Code)
	}
	if bad := p.refused(words(a, "talk/1/0", "x")); bad.Problem != channels.Misset {
		t.Errorf("sending: %v", bad)
	}
	if err := p.ch.Unlink(p.within()); err != nil {
		t.Errorf("once more: %v", err)
	}
	if all := p.link(""); !done(all) {
		t.Errorf("it could not be linked anew: %+v\n%s", all, p.log.String())
	}
}

func TestUnlinkingWithoutAServer(t *testing.T) {
	t.Parallel()
	p := online(t)
	p.stop()
	p.await("offline", func() bool { return !p.Online() })
	if err := p.ch.Unlink(p.within()); err != nil {
		t.Fatal(err)
	}
	p.await("unlinked", func() bool { return !p.Owner().Linked() })
}

func TestUnlinkingWhenWhatsAppCannotBeTold(t *testing.T) {
	t.Parallel()
	p := online(t)
	p.Refuse(standin.Refusal{Reason: 503, Times: -1})
	p.Cut()
	p.standing(channels.Joining)
	if err := p.ch.Unlink(p.within()); err == nil || !strings.Contains(err.Error(), "on the phone") {
		t.Errorf("it says %v", err)
	}
	if st := p.ch.Standing(); st.Code != channels.Unlinked {
		t.Errorf("it stands as %s", st.Code)
	}
}

func TestLoggedOutOnThePhone(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("whatsmeow's own races: forgetting a device just after a message")
	}
	p := online(t)
	a := p.Person(amina)
	a.Write("hello")
	p.take(1)
	p.Owner().Unlink()
	st := p.standing(channels.LoggedOut)
	if bad := p.refused(words(a, "talk/1/0", "x")); bad.Problem != channels.Misset {
		t.Errorf("sending: %v", bad)
	}
	p.restart()
	if again := p.ch.Standing(); again.Code != channels.LoggedOut || !again.Since.Equal(st.Since) {
		t.Errorf("after a restart it stands as %+v, not %+v", again, st)
	}
	if all := p.link(""); !done(all) {
		t.Fatalf("it could not be linked anew: %+v\n%s", all, p.log.String())
	}
	p.standing(channels.Joined)
	p.restart()
	p.standing(channels.Joined)
}

func TestLoggedOutWhileAway(t *testing.T) {
	t.Parallel()
	for _, reason := range []int{401, 403, 406} {
		p := online(t)
		p.Refuse(standin.Refusal{Reason: reason})
		p.Cut()
		p.standing(channels.LoggedOut)
	}
}

func TestReplacedStopsAndDoesNotFight(t *testing.T) {
	t.Parallel()
	p := online(t)
	p.Replace()
	st := p.standing(channels.Replaced)
	time.Sleep(300 * time.Millisecond) // in which a client that fights is back
	if p.Online() || p.ch.Standing().Code != channels.Replaced {
		t.Error("it fights")
	}
	p.stop()
	if err := p.ch.Close(); err != nil {
		t.Fatal(err)
	}
	p.ch = p.make()
	if again := p.ch.Standing(); again.Code != channels.Replaced || !again.Since.Equal(st.Since) {
		t.Errorf("after a restart it stands as %+v", again)
	}
	p.listen() // somebody has ended the other and restarted this one
	p.standing(channels.Joined)
}

func TestBanned(t *testing.T) {
	t.Parallel()
	p := online(t)
	a := p.Person(amina)
	a.Write("hello")
	p.take(1)
	p.Ban(101, time.Hour)
	st := p.standing(channels.Banned)
	if d := time.Until(st.Until); d < 50*time.Minute || d > time.Hour {
		t.Errorf("it ends in %v", d)
	}
	if bad := p.refused(words(a, "talk/1/0", "x")); bad.Problem != channels.Throttled || bad.After < 50*time.Minute {
		t.Errorf("sending: %v", bad)
	}
	p.restart()
	time.Sleep(100 * time.Millisecond)
	if again := p.ch.Standing(); again.Code != channels.Banned || !again.Until.Equal(st.Until) {
		t.Errorf("after a restart it stands as %+v", again)
	}
}

func TestABanThatEnds(t *testing.T) {
	t.Parallel()
	p := online(t)
	p.Ban(104, time.Second)
	p.standing(channels.Banned)
	p.Heal()
	p.standing(channels.Joined)
}

func TestOutdated(t *testing.T) {
	t.Parallel()
	p := online(t)
	p.Refuse(standin.Refusal{Reason: 405, Times: -1})
	p.Cut()
	p.standing(channels.Outdated)
	p.restart()
	if st := p.ch.Standing(); st.Code != channels.Outdated {
		t.Errorf("after a restart it stands as %s", st.Code)
	}
	p.Heal() // the update
	p.restart()
	p.standing(channels.Joined)
}

func TestOutdatedWhenLinking(t *testing.T) {
	t.Parallel()
	p := stand(t)
	p.Refuse(standin.Refusal{Reason: 405})
	all := p.link("")
	if len(all) != 1 || all[0].Failed != channels.Outdated || p.ch.Standing().Code != channels.Outdated {
		t.Errorf("the steps are %+v, it stands as %s", all, p.ch.Standing().Code)
	}
}

// The stand-in asks for no passkey, and shows no code for three minutes.
func TestHowLinkingCanEnd(t *testing.T) {
	t.Parallel()
	p := stand(t)
	code := whatsmeow.QRChannelItem{Event: whatsmeow.QRChannelEventCode, Code: "qr"}
	for want, last := range map[string]whatsmeow.QRChannelItem{
		"":                whatsmeow.QRChannelSuccess,
		"timeout":         whatsmeow.QRChannelTimeout,
		channels.Outdated: whatsmeow.QRChannelClientOutdated,
		channels.Passkey:  {Event: whatsmeow.QRChannelEventPasskeyRequest},
		"refused":         {Event: whatsmeow.QRChannelEventError},
	} {
		steps, failed := p.ch.Show(t.Context(), code, code, last)
		if failed != want || len(steps) != 2 || steps[1].QR != "qr" {
			t.Errorf("%s: %+v, %q", last.Event, steps, failed)
		}
	}
	if _, failed := p.ch.Show(t.Context()); failed != "timeout" {
		t.Errorf("nothing was shown: %q", failed)
	}
}

func TestAServerThatIsDown(t *testing.T) {
	t.Parallel()
	p := online(t)
	p.Break(503)
	p.await("online again", p.Online)
	p.Refuse(standin.Refusal{Reason: 503})
	p.Cut()
	p.standing(channels.Joining)
	p.standing(channels.Joined)
	p.Refuse(standin.Refusal{Reason: 400}) // something that nobody knows
	p.Cut()
	p.standing(channels.Joining)
	p.standing(channels.Joined)
}

func TestTwoProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	p := online(t)
	second, err := whatsapp.New(p.options())
	if err != nil {
		t.Fatal(err)
	}
	second.Hasten()
	if st := second.Standing(); st.Code != channels.Locked {
		t.Errorf("the second stands as %s", st.Code)
	}
	if _, err := second.Link(t.Context(), ""); err == nil {
		t.Error("the second links")
	}
	ctx, end := context.WithCancel(t.Context())
	listened := make(chan error, 1)
	go func() { listened <- second.Listen(ctx, p.sink) }()
	time.Sleep(100 * time.Millisecond)
	if st := second.Standing(); st.Code != channels.Locked {
		t.Errorf("the second stands as %s", st.Code)
	}
	p.stop()
	if err := p.ch.Close(); err != nil {
		t.Fatal(err)
	}
	p.until("the second takes over", func() bool { return second.Standing().Code == channels.Joined })
	end()
	if err := <-listened; err != nil {
		t.Error(err)
	}
	p.ch = second
}

func TestTheFileIsForItsUserOnly(t *testing.T) {
	t.Parallel()
	p := online(t)
	p.Person(amina).Write("hello")
	p.take(1)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(p.path() + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v, %v", suffix, info.Mode(), err)
		}
	}
}
