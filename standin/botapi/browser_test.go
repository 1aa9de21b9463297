// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package botapi_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"sarai/standin/botapi"
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
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o600); err != nil {
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

func TestSomebodyPlaysAPerson(t *testing.T) {
	p := serve(t, func(o *botapi.Options) { o.Now = nil }) // a talk of today
	p.taken("setMyDescription", args{"description": "یہاں ایک پروگرام جواب دیتا ہے", "language_code": "ur"})
	p.taken("setMyCommands", args{"commands": []botapi.Command{{Command: "menu", Description: "فہرست"}}})
	b := open(t, 360, 740)
	b.do(chromedp.Navigate(p.url + "/"))
	b.shows("The bot is not asking")
	b.click("#add summary")
	b.fill("add-id", "1002")
	b.fill("add-language", "ur")
	b.click("#add-form button")
	b.shows("پروگرام جواب دیتا ہے")
	b.is(`!document.getElementById('start').hidden`)
	b.shot("empty-360")
	b.click("#start")
	asif := p.Person(1002, "")
	p.await(func() bool { return len(asif.Screen()) == 1 })

	p.taken("sendChatAction", args{"chat_id": 1002, "action": "typing"})
	b.shows("The bot: typing")
	p.taken("sendMessage", args{"chat_id": 1002, "parse_mode": "HTML",
		"text": "<b>السلام علیکم</b>\nبیرون ملک جانے سے پہلے <a href=\"https://example.org/\">یہ پڑھیں</a>۔ فیس ⁨12,500⁩ روپے ہے۔\n<tg-spoiler>چھپا ہوا</tg-spoiler> <code>A-17</code>",
		"reply_markup": args{"inline_keyboard": []any{
			[]any{args{"text": "کام", "callback_data": "work"}, args{"text": "ویزا", "callback_data": "visa"}},
			[]any{args{"text": "دفتر", "url": "https://example.org/"}},
		}}})
	b.shows("السلام علیکم")
	b.is(`document.querySelector('.bold').textContent === 'السلام علیکم' && getComputedStyle(document.querySelector('.bot .words')).direction === 'rtl'`)
	b.click(".buttons button")
	p.await(func() bool { return asif.Waiting() == 1 })
	var press event
	for _, e := range p.updates(args{}) {
		press = e
	}
	if press.Press == nil || press.Press.Data != "work" {
		t.Fatalf("the press arrived as %+v", press)
	}
	p.taken("answerCallbackQuery", args{"callback_query_id": press.Press.ID, "text": "ٹھیک ہے"})
	b.shows("ٹھیک ہے")

	// Whatever anybody writes is only text.
	evil := `<img src=x onerror="document.title='gone'"><script>document.title='gone'</script>`
	b.fill("text", evil)
	b.click("#form button")
	b.shows(evil)
	if title := b.value("document.title"); title != "Telegram, played" {
		t.Errorf("the title is %q", title)
	}
	b.click("li.me:last-child .tools button")
	b.fill("text", "میں نے بدل دیا")
	b.click("#form button")
	b.shows("changed")
	if s := asif.Screen(); s[len(s)-1].Text != "میں نے بدل دیا" || !s[len(s)-1].Edited {
		t.Errorf("the message that was changed: %+v", s[len(s)-1])
	}

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.jpg"), picture(t, 300, 200), 0o600); err != nil {
		t.Fatal(err)
	}
	b.click("#more summary")
	b.do(chromedp.SetUploadFiles(chromedp.CSS(`input[data-kind=photo]`), []string{filepath.Join(dir, "letter.jpg")}))
	b.is(`document.querySelector('.bubble img') && document.querySelector('.bubble img').naturalWidth === 300`)
	b.click("#place button")
	b.shows("📍 33.69, 73.06")
	b.click("#contact button")
	b.shows("+92000000000")
	b.shot("more-360")
	b.click("#more summary")

	b.click("#trouble summary")
	b.click("[data-fault=throttle]")
	b.is(`document.getElementById('faults').textContent === '(1)'`)
	p.refused(429, "Too Many Requests: retry after 5", "sendMessage", args{"chat_id": 1002, "text": "x"})
	b.is(`document.getElementById('faults').textContent === ''`)
	b.click("#trouble summary")
	b.click("#block")
	b.shows("1002 · ur · blocked")
	p.refused(403, "Forbidden: bot was blocked by the user", "sendMessage", args{"chat_id": 1002, "text": "x"})
	b.shot("talk-360")
	b.click("#start")
	b.is(`document.getElementById('block').textContent === 'Block'`)
	b.do(chromedp.EmulateViewport(1000, 900))
	b.shot("talk-1000")
	for _, width := range []int64{320, 360} {
		b.do(chromedp.EmulateViewport(width, 640))
		if wide := b.value("document.documentElement.scrollWidth"); wide != b.value("innerWidth") {
			t.Errorf("at %d wide the page is %s wide", width, wide)
		}
	}
}
