// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package whatsapp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/standin/whatsapp"
)

var shots = flag.String("shots", "", "write pictures of the page into this folder, to look at")

// A tab is the page in a real browser, and everything that it complains of.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func open(t *testing.T, width, height int64) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	var mu sync.Mutex
	var faults []string
	if err := chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch ev := ev.(type) {
		case *cdplog.EventEntryAdded:
			if ev.Entry.Source != cdplog.EntrySourceNetwork {
				faults = append(faults, ev.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			faults = append(faults, ev.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			faults = append(faults, "console: "+string(ev.Args[0].Value))
		}
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(width, height))
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, f := range faults {
			t.Errorf("the browser complains: %s", f)
		}
	})
	return b
}

func (b *tab) do(as ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, as...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) value(expression string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *tab) is(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		b.t.Fatalf("%s does not come true (%v); the page says:\n%s", expression, err, b.value("document.documentElement.innerText"))
	}
}

func (b *tab) shows(text string) {
	b.t.Helper()
	b.is("document.body.innerText.includes(" + quote(text) + ")")
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *tab) fill(id, text string) {
	b.t.Helper()
	b.value("document.getElementById(" + quote(id) + ").value = " + quote(text))
}

func (b *tab) shot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), shot, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestSomebodyPlaysAPersonAndTheOwner(t *testing.T) {
	w := serve(t, whatsapp.Options{})
	w.Person(badr).Name("Badr")
	c, qr := fresh(t, w)
	b := open(t, 360, 740)
	b.do(chromedp.Navigate("http://" + w.addr + "/"))
	b.shows("No device is linked")
	b.click("#add summary")
	b.fill("add-number", amina)
	b.fill("add-name", "آمنہ")
	b.click("#add-form button")
	b.is(`document.getElementById('people').value === ` + quote(amina))
	b.shot("empty-360")

	b.click("#link summary")
	b.shows("a device shows a QR code")
	b.fill("qr", "something else")
	b.click("#scan button")
	b.shows("not the text of a QR code")
	b.fill("qr", qr)
	b.click("#scan button")
	b.shows("The device is connected")
	b.is(`document.getElementById('problem').hidden`)
	b.shot("linked-360")
	b.click("#link summary")

	p := w.Person(amina)
	b.fill("text", "میں جانا چاہتی ہوں")
	b.click("#form button")
	waitFor(t, c, func(e *events.Message) bool {
		return e.Message.GetConversation() == "میں جانا چاہتی ہوں" && e.Info.PushName == "آمنہ"
	})
	b.is(`document.querySelector('.me .words') && getComputedStyle(document.querySelector('.me .words')).direction === 'rtl'`)
	c.Store.PushName = "Centre"
	if err := c.SendPresence(t.Context(), types.PresenceAvailable); err != nil {
		t.Fatal(err)
	}
	b.shows("in the foreground")
	if err := c.SendChatPresence(t.Context(), p.LID(), types.ChatPresenceComposing, types.ChatPresenceMediaText); err != nil {
		t.Fatal(err)
	}
	b.shows("The centre: composing")

	// Whatever anybody writes is only text.
	evil := `<img src=x onerror="document.title='gone'"><script>document.title='gone'</script>`
	send(t, c, p.LID(), words(evil))
	b.shows(evil)
	if title := b.value("document.title"); title != "WhatsApp, played" {
		t.Errorf("the title is %q", title)
	}
	b.click("li.other .tools button")
	waitFor(t, c, func(e *events.Message) bool { return e.Message.GetReactionMessage().GetText() == "👍" })
	b.click("li.other .tools button:nth-child(2)")
	b.shows("Answering")
	b.fill("text", "answered")
	b.click("#form button")
	waitFor(t, c, func(e *events.Message) bool {
		return e.Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID() != ""
	})
	b.is(`document.querySelector('.quoted') !== null`)
	send(t, c, p.LID(), c.BuildPollCreation("Which?", []string{"work", "visa"}, 1))
	b.click(".buttons button")
	waitFor(t, c, func(e *events.Message) bool { return e.Message.GetPollUpdateMessage() != nil })

	// Typing on the page shows at the device, which looks.
	b.do(chromedp.SendKeys(chromedp.CSS("#text"), "so"))
	waitFor(t, c, func(e *events.ChatPresence) bool { return e.State == types.ChatPresenceComposing })
	b.fill("text", "")

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.png"), dot(t), 0o600); err != nil {
		t.Fatal(err)
	}
	b.click("#more summary")
	b.do(chromedp.SetUploadFiles(chromedp.CSS(`input[data-kind=picture]`), []string{filepath.Join(dir, "letter.png")}))
	b.is(`document.querySelector('.bubble img') && document.querySelector('.bubble img').naturalWidth === 300`)
	b.click("#place button")
	b.shows("📍 33.69, 73.06")
	b.click("#call")
	waitFor(t, c, any1[*events.CallOffer])
	b.is(`document.getElementById('call').textContent === 'Hang up'`)
	b.click("#call")
	waitFor(t, c, any1[*events.CallTerminate])
	b.shot("more-360")
	b.click("#more summary")

	// The owner, by hand.
	b.click("#owner")
	b.fill("text", "by hand")
	b.click("#form button")
	waitFor(t, c, func(e *events.Message) bool { return e.Info.IsFromMe && e.Message.GetConversation() == "by hand" })
	b.shows("by hand")
	b.shot("owner-360")
	b.click("#owner")

	b.click("#trouble summary")
	b.click("[data-do=limit]")
	b.is(`document.getElementById('faults').textContent === '(1)'`)
	if _, err := c.SendMessage(within(t), p.LID(), words("refused")); err == nil {
		t.Error("what was to be refused was not")
	}
	b.is(`document.getElementById('faults').textContent === ''`)
	b.click("[data-do=replace]")
	waitFor(t, c, any1[*events.StreamReplaced])
	b.shows("The device is away")
	b.click("#trouble summary")
	b.click("#link summary")
	b.click("[data-do=unlink]")
	b.shows("No device is linked")
	b.click("#link summary")
	b.do(chromedp.EmulateViewport(1000, 900))
	b.shot("talk-1000")
	for _, width := range []int64{320, 360} {
		b.do(chromedp.EmulateViewport(width, 640))
		if wide := b.value("document.documentElement.scrollWidth"); wide != b.value("innerWidth") {
			t.Errorf("at %d wide the page is %s wide", width, wide)
		}
	}
}

// dot is a picture of one colour.
func dot(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 300, 200))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
