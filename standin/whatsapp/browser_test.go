// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package whatsapp_test

import (
	"testing"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/internal/browser"
	"sarai/standin/page/pagetest"
	"sarai/standin/whatsapp"
)

func TestSomebodyPlaysAPersonAndTheOwner(t *testing.T) {
	w := serve(t, whatsapp.Options{})
	w.Person(badr).Name("Badr")
	c, qr := fresh(t, w)
	b := pagetest.Open(t, "http://"+w.addr+"/", 360, 740)
	b.Shows("No device is linked")
	b.Click("#add summary")
	b.Fill("#add-number", amina)
	b.Fill("#add-name", "آمنہ")
	b.Click("#add-form button")
	b.Is(`document.getElementById('people').value === ` + browser.Quote(amina))
	b.Shot("device-empty-360")

	b.Click("#link summary")
	b.Shows("a device shows a QR code")
	b.Fill("#qr", "something else")
	b.Click("#scan button")
	b.Shows("not the text of a QR code")
	b.Fill("#qr", qr)
	b.Click("#scan button")
	b.Shows("The device is connected")
	b.Is(`document.getElementById('problem').hidden`)
	b.Shot("device-linked-360")
	b.Click("#link summary")

	p := w.Person(amina)
	b.Fill("#text", "میں جانا چاہتی ہوں")
	b.Click("#form button")
	waitFor(t, c, func(e *events.Message) bool {
		return e.Message.GetConversation() == "میں جانا چاہتی ہوں" && e.Info.PushName == "آمنہ"
	})
	b.Is(`document.querySelector('.me .words') && getComputedStyle(document.querySelector('.me .words')).direction === 'rtl'`)
	c.Store.PushName = "Centre"
	if err := c.SendPresence(t.Context(), types.PresenceAvailable); err != nil {
		t.Fatal(err)
	}
	b.Shows("in the foreground")
	if err := c.SendChatPresence(t.Context(), p.LID(), types.ChatPresenceComposing, types.ChatPresenceMediaText); err != nil {
		t.Fatal(err)
	}
	b.Shows("The centre: composing")

	// Whatever anybody writes is only text.
	evil := `<img src=x onerror="document.title='gone'"><script>document.title='gone'</script>`
	send(t, c, p.LID(), words(evil))
	b.Shows(evil)
	if title := b.Value("document.title"); title != "WhatsApp, played" {
		t.Errorf("the title is %q", title)
	}
	b.Click("li.other .tools button")
	waitFor(t, c, func(e *events.Message) bool { return e.Message.GetReactionMessage().GetText() == "👍" })
	b.Click("li.other .tools button:nth-child(2)")
	b.Shows("Answering")
	b.Fill("#text", "answered")
	b.Click("#form button")
	waitFor(t, c, func(e *events.Message) bool {
		return e.Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID() != ""
	})
	b.Is(`document.querySelector('.quoted') !== null`)
	send(t, c, p.LID(), c.BuildPollCreation("Which?", []string{"work", "visa"}, 1))
	b.Click(".buttons button")
	waitFor(t, c, func(e *events.Message) bool { return e.Message.GetPollUpdateMessage() != nil })

	// Typing on the page shows at the device, which looks.
	b.Type("#text", "so")
	waitFor(t, c, func(e *events.ChatPresence) bool { return e.State == types.ChatPresenceComposing })
	b.Fill("#text", "")

	b.Click("#more summary")
	b.SendPicture(`input[data-kind=picture]`)
	b.Click("#place button")
	b.Shows("📍 33.69, 73.06")
	b.Click("#call")
	waitFor(t, c, any1[*events.CallOffer])
	b.Is(`document.getElementById('call').textContent === 'Hang up'`)
	b.Click("#call")
	waitFor(t, c, any1[*events.CallTerminate])
	b.Shot("device-more-360")
	b.Click("#more summary")

	// The owner, by hand.
	b.Click("#owner")
	b.Fill("#text", "by hand")
	b.Click("#form button")
	waitFor(t, c, func(e *events.Message) bool { return e.Info.IsFromMe && e.Message.GetConversation() == "by hand" })
	b.Shows("by hand")
	b.Shot("device-owner-360")
	b.Click("#owner")

	b.Click("#trouble summary")
	b.Click("[data-do=limit]")
	b.Is(`document.getElementById('faults').textContent === '(1)'`)
	if _, err := c.SendMessage(within(t), p.LID(), words("refused")); err == nil {
		t.Error("what was to be refused was not")
	}
	b.Is(`document.getElementById('faults').textContent === ''`)
	b.Click("[data-do=replace]")
	waitFor(t, c, any1[*events.StreamReplaced])
	b.Shows("The device is away")
	b.Click("#trouble summary")
	b.Click("#link summary")
	b.Click("[data-do=unlink]")
	b.Shows("No device is linked")
	b.Click("#link summary")
	b.Show(browser.Screen{Width: 1000, Height: 900})
	b.Shot("device-talk-1000")
	b.Fits()
}
