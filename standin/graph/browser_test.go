// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package graph_test

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

	"sarai/standin/graph"
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

// says waits for a word in the small line below a message.
func (b *tab) says(word string) {
	b.t.Helper()
	b.is("[...document.querySelectorAll('.when')].some((e) => e.textContent.includes(" + quote(word) + "))")
}

// press is a click where the page may draw the element anew at any moment.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.is("document.querySelector(" + quote(selector) + ")")
	b.value("document.querySelector(" + quote(selector) + ").click()")
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

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSomebodyPlaysPeopleOfMeta(t *testing.T) {
	p := serve(t, func(o *graph.Options) { o.Now, o.Second = nil, time.Hour }) // a talk of today
	p.page("POST", "/me/messenger_profile", args{
		"get_started":     args{"payload": "GET_STARTED"},
		"greeting":        []args{{"locale": "default", "text": "یہاں ایک پروگرام جواب دیتا ہے"}},
		"ice_breakers":    []args{{"locale": "default", "call_to_actions": []args{{"question": "کیا میں کام بدل سکتا ہوں؟", "payload": "t:employer"}}}},
		"persistent_menu": []args{{"locale": "default", "call_to_actions": []args{{"type": "postback", "title": "فہرست", "payload": "menu"}}}},
	}).taken(t)
	b := open(t, 360, 740)
	b.do(chromedp.Navigate(p.url + "/"))
	b.shows("Messenger: webhook")
	b.click("#add summary")
	b.fill("add-id", "5001")
	b.fill("add-name", "Asif Example")
	b.click("#add-form button")
	b.shows("پروگرام جواب دیتا ہے")
	b.is(`!document.getElementById('start').hidden && document.querySelectorAll('#breakers button').length === 1`)
	b.shot("messenger-empty-360")
	b.click("#start")
	asif := p.Person("5001", "")
	p.await(func() bool { return len(asif.Screen()) == 1 })
	b.is(`document.getElementById('start').hidden && document.getElementById('breakers').hidden`)

	// An answer with quick replies, in Urdu, from right to left.
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5001"}, "sender_action": "typing_on"}).taken(t)
	b.shows("They: typing")
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5001"}, "message": args{"text": "السلام علیکم\nفیس \u206812,500\u2069 روپے ہے۔",
		"quick_replies": []args{{"content_type": "text", "title": "کام", "payload": "t:work"}, {"content_type": "text", "title": "ویزا", "payload": "t:visa"}}}}).taken(t)
	b.shows("السلام علیکم")
	b.is(`getComputedStyle(document.querySelector('.program .words')).direction === 'rtl' && document.querySelectorAll('.quick button').length === 2`)
	b.press(".quick button")
	p.await(func() bool { return len(asif.Screen()) == 3 })
	b.is(`document.querySelectorAll('.quick button').length === 0`)
	if m := asif.Screen()[2]; m.Text != "کام" {
		t.Errorf("the tap: %+v", m)
	}
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5001"}, "message": args{"attachment": args{"type": "template", "payload": args{
		"template_type": "button", "text": "What next?", "buttons": []args{{"type": "postback", "title": "A counsellor", "payload": "human"}, {"type": "web_url", "title": "Site", "url": "https://example.org/"}}}}}}).taken(t)
	b.shows("A counsellor")
	b.press(".buttons button")
	p.await(func() bool { return asif.Screen()[len(asif.Screen())-1].Type == "postback" })
	b.press("#menu button")
	p.await(func() bool { return len(asif.Screen()) == 6 })

	// Whatever anybody writes is only text; the keyboard alone is enough to write it.
	evil := `<img src=x onerror="document.title='gone'"><script>document.title='gone'</script>`
	b.fill("text", evil)
	b.do(chromedp.Focus(chromedp.CSS("#text")), chromedp.KeyEvent("\r"))
	b.shows(evil)
	if title := b.value("document.title"); title != "Meta, played" {
		t.Errorf("the title is %q", title)
	}
	b.press("li.me:last-child .tools button")
	b.shows("Changing a message")
	b.fill("text", "میں نے بدل دیا")
	b.click("#form button")
	b.says("changed")
	if s := asif.Screen(); s[len(s)-1].Text != "میں نے بدل دیا" || !s[len(s)-1].Edited {
		t.Errorf("the message that was changed: %+v", s[len(s)-1])
	}
	dir := t.TempDir()
	letter := filepath.Join(dir, "letter.png")
	if err := os.WriteFile(letter, picture(t, 300, 200), 0o600); err != nil {
		t.Fatal(err)
	}
	b.click("#more summary")
	b.do(chromedp.SetUploadFiles(chromedp.CSS(`input[data-kind=image]`), []string{letter}))
	b.is(`document.querySelector('.bubble img') && document.querySelector('.bubble img').naturalWidth === 300`)
	b.click("#place button")
	b.shows("33.69, 73.06")
	b.fill("answer-text", "I am a counsellor")
	b.click("#answer button")
	b.says("a colleague")
	b.shot("messenger-more-360")
	b.click("#more summary")
	b.click("#block")
	b.is(`document.getElementById('block').textContent === 'Unblock'`)
	p.say("5001", "x").refused(t, "551", "1545041")
	b.click("#block")
	b.is(`document.getElementById('block').textContent === 'Block'`)

	// Trouble.
	b.click("#trouble summary")
	b.click("[data-fault=throttle]")
	b.is(`document.getElementById('faults').textContent === '(1)'`)
	p.say("5001", "x").refused(t, "4", "")
	b.is(`document.getElementById('faults').textContent === ''`)
	b.click("#trouble summary")
	b.shot("messenger-talk-360")

	// WhatsApp.
	b.click("#add summary")
	b.value(`document.getElementById('add-kind').value = 'contact'`)
	b.fill("add-id", "15550000101")
	b.fill("add-name", "Bina Example")
	b.click("#add-form button")
	bina := p.Contact("15550000101", "")
	b.is(`document.getElementById('who').value === 'w:15550000101'`)
	b.fill("text", "salam")
	b.click("#form button")
	p.await(func() bool { return len(bina.Screen()) == 1 })
	b.is(`document.querySelectorAll('#messages li').length === 1`)
	p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": "15550000101", "type": "interactive", "interactive": args{
		"type": "list", "body": args{"text": "کون سا موضوع؟"}, "action": args{"button": "موضوع", "sections": []args{{"title": "x", "rows": []args{{"id": "t:fam", "title": "خاندان", "description": "بیوی، بچے"}}}}}}}).taken(t)
	b.shows("☰ موضوع")
	b.press(".buttons button")
	p.await(func() bool { return len(bina.Screen()) == 3 })
	b.says("delivered")
	b.click("#more summary")
	b.click("[data-do=read]")
	b.says("read")
	b.shot("whatsapp-more-360")
	b.click("#more summary")

	// Under a post.
	b.click("#add summary")
	b.fill("publish-text", "Ask us")
	b.click("#publish button")
	p.await(func() bool { return len(p.Posts()) == 1 })
	post := p.Posts()[0]
	b.is("document.querySelector('#who option[value=\"p:" + post + "\"]')")
	b.value("(document.getElementById('who').value = 'p:" + post + "', document.getElementById('who').dispatchEvent(new Event('change')))")
	b.is(`!document.getElementById('as').hidden && document.getElementById('as').value === 'm:5001'`)
	b.fill("text", "میں ویزا کیسے بڑھاؤں؟")
	b.click("#form button")
	p.await(func() bool { return len(p.Comments(post)) == 1 })
	b.shows("Asif Example")
	id := p.Comments(post)[0].ID
	p.page("POST", "/"+id+"/comments", args{"message": "See your messages"}).taken(t)
	b.shows("See your messages")
	b.is(`document.querySelector('li.program.under')`)
	b.press("li.me .tools button:nth-child(3)") // hide
	p.await(func() bool { return p.Comments(post)[0].Hidden })
	b.says("hidden")
	b.shot("post-360")

	// What a webhook did not take is said, and can be delivered at once.
	p.hook.mu.Lock()
	p.hook.answer = func(got, int) int { return 503 }
	p.hook.mu.Unlock()
	asif.Say("hello")
	b.shows("it answered 503")
	b.is(`!document.getElementById('deliver').hidden`)
	p.hook.mu.Lock()
	p.hook.answer = nil
	p.hook.mu.Unlock()
	b.click("#deliver")
	b.is(`document.getElementById('deliver').hidden`)

	b.do(chromedp.EmulateViewport(1000, 900))
	b.shot("post-1000")
	for _, whom := range []string{"m:5001", "w:15550000101", "p:" + post} {
		b.value("(document.getElementById('who').value = '" + whom + "', document.getElementById('who').dispatchEvent(new Event('change')))")
		b.is("document.getElementById('who').value === '" + whom + "' && document.querySelectorAll('#messages li').length > 0")
		for _, width := range []int64{320, 360} {
			b.do(chromedp.EmulateViewport(width, 640))
			if wide := b.value("document.documentElement.scrollWidth"); wide != b.value("innerWidth") {
				t.Errorf("%s: at %d wide the page is %s wide", whom, width, wide)
			}
		}
	}
}
