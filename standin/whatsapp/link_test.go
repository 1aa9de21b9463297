// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/standin/whatsapp"
)

// fresh is a client of a device that is not linked, connected and showing a QR code.
func fresh(t *testing.T, w wire) (*linked, string) {
	t.Helper()
	c := client(t, w, container(t).NewDevice())
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	return c, waitFor(t, c, any1[*events.QR]).Codes[0]
}

func TestADeviceIsLinkedByItsQRCode(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	w.Owner().Name("Centre")
	p := w.Person(amina)
	before := p.Write("from before")
	w.Owner().Write(p, "by hand, before")
	c, qr := fresh(t, w)
	if err := w.Owner().Scan(within(t), "https://wa.me/settings/linked_devices#2@X,"+strings.SplitN(qr, ",", 2)[1]); err == nil {
		t.Error("a code that nobody shows was taken")
	}
	if err := w.Owner().Scan(within(t), qr); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c, any1[*events.PairSuccess]); got.ID.User != whatsapp.Phone || got.LID.ToNonAD() != w.Owner().LID() || got.LID.Device != got.ID.Device || got.ID.Device == 0 {
		t.Errorf("linked as %v %v", got.ID, got.LID)
	}
	waitFor(t, c, any1[*events.Connected])
	id := p.Write("after")
	if got := waitFor(t, c, text(id)); got.Message.GetConversation() != "after" {
		t.Errorf("it came as %v", got.Message)
	}
	send(t, c, p.LID(), words("hello"))
	if _, err := p.Await(within(t), 1); err != nil {
		t.Fatal(err)
	}
	h := waitFor(t, c, func(e *events.HistorySync) bool { return len(e.Data.GetConversations()) > 0 })
	chat := h.Data.GetConversations()[0]
	if chat.GetID() != p.LID().String() || len(chat.GetMessages()) != 2 || chat.GetMessages()[1].GetMessage().GetKey().GetID() != before {
		t.Errorf("the history has %v", chat)
	}
	waitFor(t, c, func(e *events.HistorySync) bool { return len(e.Data.GetPushnames()) == 2 })
	waitFor(t, c, func(e *events.AppStateSyncComplete) bool { return e.Name == appstate.WAPatchCriticalBlock })
	if c.Store.PushName != "Centre" {
		t.Errorf("the device goes by the name of %q", c.Store.PushName)
	}
	for _, name := range []string{"Another", "The centre"} {
		w.Owner().Name(name)
		waitFor(t, c, func(e *events.PushNameSetting) bool { return e.Action.GetName() == name })
	}
	if count(c, func(e *events.Message) bool { return e.Info.ID == before }) != 0 {
		t.Error("a message from before came again as a new one")
	}
}

func TestADeviceIsLinkedByACode(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c, _ := fresh(t, w)
	if err := w.Owner().Enter(within(t), "ABCD-1234"); err == nil {
		t.Error("a code was taken that no device shows")
	}
	code, err := c.PairPhone(within(t), "+"+whatsapp.Phone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if err != nil {
		t.Fatal(err)
	}
	wrong := "ABCD-1234"
	if code == wrong {
		wrong = "ABCD-1235"
	}
	if err := w.Owner().Enter(within(t), wrong); err == nil || w.Owner().Linked() {
		t.Error("a wrong code was taken")
	}
	if err := w.Owner().Enter(within(t), strings.ToLower(code)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, any1[*events.Connected])
	p := w.Person(amina)
	id := p.Write("after")
	waitFor(t, c, text(id))
	send(t, c, p.LID(), words("hello"))
	if _, err := p.Await(within(t), 1); err != nil {
		t.Fatal(err)
	}
}

func TestACodeForSomebodyElsesNumber(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c, _ := fresh(t, w)
	if _, err := c.PairPhone(within(t), "12025550199", true, whatsmeow.PairClientChrome, "Chrome (Linux)"); err == nil {
		t.Error("a code was given for a number that is not the owner's")
	}
}

func TestUnlinking(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	w.Owner().Unlink()
	if got := waitFor(t, c, any1[*events.LoggedOut]); got.OnConnect {
		t.Errorf("it was logged out as %+v", got)
	}
	await(t, w, "unlinked", func() bool { return !w.Owner().Linked() && !w.Online() })
}

func TestADeviceUnlinkedWhileAway(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	c.Disconnect()
	await(t, w, "away", func() bool { return !w.Online() })
	w.Owner().Unlink()
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c, any1[*events.LoggedOut]); !got.OnConnect || got.Reason != events.ConnectFailureLoggedOut {
		t.Errorf("it was logged out as %+v", got)
	}
}

func TestADeviceLogsOut(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	if err := c.Logout(within(t)); err != nil {
		t.Fatal(err)
	}
	await(t, w, "unlinked", func() bool { return !w.Owner().Linked() })
}

func TestTwoProgramsAsOneDevice(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	again := client(t, w, c.Store)
	if err := again.Connect(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, any1[*events.StreamReplaced])
	waitFor(t, again, any1[*events.Connected])
	await(t, w, "online", w.Online)
}

func TestHowLoginsFail(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	for reason, check := range map[int]func(*testing.T, *linked){
		401: func(t *testing.T, c *linked) { waitFor(t, c, any1[*events.LoggedOut]) },
		403: func(t *testing.T, c *linked) { waitFor(t, c, any1[*events.LoggedOut]) },
		406: func(t *testing.T, c *linked) { waitFor(t, c, any1[*events.LoggedOut]) },
		405: func(t *testing.T, c *linked) { waitFor(t, c, any1[*events.ClientOutdated]) },
		402: func(t *testing.T, c *linked) {
			if e := waitFor(t, c, any1[*events.TemporaryBan]); e.Code != events.TempBanSentToTooManyPeople || e.Expire.Hours() != 2 {
				t.Errorf("banned as %v", e)
			}
		},
		503: func(t *testing.T, c *linked) { waitFor(t, c, any1[*events.Connected]) }, // by itself, later
	} {
		d := container(t).NewDevice()
		w.Owner().Provision(d)
		if err := d.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := client(t, w, d)
		r := whatsapp.Refusal{Reason: reason}
		if reason == 402 {
			r.Code, r.Expire = 101, 2*3600*1e9
		}
		w.Refuse(r)
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		check(t, c)
		if w.Faults() != 0 {
			t.Errorf("%d: the refusal was not used", reason)
		}
		c.Disconnect()
	}
}

func TestHowConnectionsEnd(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	w.Cut()
	waitFor(t, c, any1[*events.Disconnected])
	await(t, w, "online again", w.Online)
	w.Break(500)
	if got := waitFor(t, c, any1[*events.StreamError]); got.Code != "500" {
		t.Errorf("the stream ended with %q", got.Code)
	}
	await(t, w, "online again", w.Online)
	w.Replace()
	waitFor(t, c, any1[*events.StreamReplaced])
	await(t, w, "offline", func() bool { return !w.Online() })
	c.Disconnect() // it may not have seen the end yet
	w.Ban(106, 3600*1e9)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, any1[*events.TemporaryBan])
	c.Disconnect()
	w.Heal()
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	await(t, w, "online after the ban", w.Online)
}

func TestADeviceFromBeforeLearnsTheName(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	send(t, c, w.Person(amina).LID(), words("so that there is a session with the phone"))
	w.Owner().Name("Another") // the device has to ask for the key first
	waitFor(t, c, func(e *events.AppStateSyncComplete) bool { return e.Name == appstate.WAPatchCriticalBlock })
	if c.Store.PushName != "Another" {
		t.Errorf("the device goes by the name of %q", c.Store.PushName)
	}
}

func TestADeviceIsAskedForAPasskey(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c, _ := fresh(t, w)
	w.Owner().AskPasskey()
	if e := waitFor(t, c, any1[*events.PairPasskeyRequest]); e.PublicKey.RelyingPartID != "whatsapp.com" {
		t.Errorf("it was asked for %+v", e.PublicKey)
	}
}
