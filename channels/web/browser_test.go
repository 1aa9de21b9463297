// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"sarai/channels"
	"sarai/channels/web"
)

var shots = flag.String("shots", "", "write pictures of the page into this folder, to look at")

// browse starts a Chromium for the test and its parts.
func browse(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("lang", "en"),
		chromedp.Flag("use-fake-device-for-media-stream", true), // a microphone that beeps
		chromedp.Flag("use-fake-ui-for-media-stream", true),     // and somebody who allows it
	)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	return ctx
}

// A phone is a tab of a browser that shares nothing with other phones, and
// everything that it complains of.
type phone struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

func newPhone(t *testing.T, browser context.Context, width, height int64) *phone {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	p := &phone{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(width, height))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, f := range p.faults {
			t.Errorf("the browser complains: %s", f)
		}
	})
	return p
}

// hear notes what no page should cause. It is called by chromedp.
func (p *phone) hear(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *cdplog.EventEntryAdded:
		// A connection that is refused is part of the story, and noted as network.
		if ev.Entry.Source != cdplog.EntrySourceNetwork {
			p.faults = append(p.faults, ev.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		p.faults = append(p.faults, "console: "+string(ev.Args[0].Value))
	case *page.EventJavascriptDialogOpening:
		p.faults = append(p.faults, "a dialog: "+ev.Message)
	}
}

func (p *phone) do(as ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, as...); err != nil {
		p.t.Fatal(err)
	}
}

// is waits until a JavaScript expression is true. It asks again where a
// navigation ends the asking.
func (p *phone) is(expression string) {
	p.t.Helper()
	var err error
	deadline := time.Now().Add(40 * time.Second)
	for time.Now().Before(deadline) {
		_, err = chromedp.Run(p.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(time.Until(deadline))))
		if err == nil {
			return
		}
	}
	p.t.Fatalf("%s does not come true (%v); the page says:\n%s", expression, err, p.value("document.documentElement.innerText"))
}

func (p *phone) shows(text string) {
	p.t.Helper()
	p.is("document.body.innerText.indexOf(" + quote(text) + ") >= 0")
}

func (p *phone) value(expression string) string {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

func (p *phone) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

func (p *phone) types(text string) {
	p.t.Helper()
	p.value(fmt.Sprintf("(function () { var t = document.getElementById('text'); t.value = %s; t.oninput(); })()", quote(text)))
	p.click("#send")
}

// quote writes s as JavaScript does.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (p *phone) shot(name string) {
	p.t.Helper()
	if *shots == "" {
		return
	}
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[chromedp.Void](`document.fonts.ready.then(function () { return new Promise(function (r) { setTimeout(r, 400); }); })`, chromedp.EvalAwaitPromise)); err != nil {
		p.t.Fatal(err)
	}
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// A place is the chat on a port of its own, which can go away and come back.
type place struct {
	*house
	web     *web.Channel
	url     string
	address string
	handler http.Handler
	server  *http.Server
	cut     atomic.Bool // whether connections end after a message was taken and before its answer
}

func settle(t *testing.T) *place {
	t.Helper()
	h := newHouse()
	ch := web.New(web.Options{Mailbox: h})
	h.wake = ch.Wake
	p := &place{house: h, web: ch, address: "127.0.0.1:0"}
	chat := ch.Handler(h.sink)
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && p.cut.Load() {
			chat.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		chat.ServeHTTP(w, r)
	})
	p.open(t)
	t.Cleanup(func() { _ = p.server.Close() })
	return p
}

func (p *place) open(t *testing.T) {
	t.Helper()
	var l net.Listener
	until(t, func() (ok bool) {
		var err error
		l, err = net.Listen("tcp", p.address)
		return err == nil
	})
	p.address = l.Addr().String()
	p.url = "http://" + p.address
	s := &http.Server{Handler: p.handler}
	p.server = s
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving: %v", err)
		}
	}()
}

// only is the address of the one person who has written.
func (p *place) only(t *testing.T) channels.Address {
	t.Helper()
	in := p.arrived()
	if len(in) == 0 {
		t.Fatal("nobody has written")
	}
	return in[0].From
}

func para(text string) channels.Block { return channels.Block{Kind: channels.Paragraph, Text: text} }

func echo(in channels.Inbound) []channels.Letter {
	return []channels.Letter{{From: "program", Locale: "en", Blocks: []channels.Block{para("Answer to " + in.Text)}}}
}

func TestPage(t *testing.T) {
	browser := browse(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, context.Context)
	}{
		{"nothing is sent before the person acts", waitsForThePerson},
		{"a question is answered without a reload, and the talk outlives one", question},
		{"the connection drops and comes back", dropped},
		{"a message that is too long", tooLong},
		{"a choice", choice},
		{"strangers' words are harmless", hostile},
		{"clear", clears},
		{"a code on a second phone", secondPhone},
		{"leaving quickly", leaving},
		{"from right to left", rightToLeft},
		{"the page's own words in every language", languages},
		{"small screens and large letters", small},
		{"in a frame of a named website and no other", framed},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, browser) })
	}
}

func waitsForThePerson(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = func(channels.Inbound) []channels.Letter {
		return []channels.Letter{{From: "program", Locale: "en", Blocks: []channels.Block{para("Hello, who are you?")}}}
	}
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat?c=poster-7"))
	p.is(`!document.getElementById('welcome').hidden`)
	if n, stored := s.readings(), p.value("localStorage.length"); n != 0 || len(s.arrived()) != 0 || stored != "0" {
		t.Errorf("%d readings, %d messages, %s things kept before anything was pressed", n, len(s.arrived()), stored)
	}
	p.shot("welcome-360")
	p.click("#start")
	p.shows("Hello, who are you?")
	in := s.arrived()
	if len(in) != 1 || in[0].Kind != channels.Start || in[0].Campaign != "poster-7" || in[0].Language == "" {
		t.Errorf("arrived %+v", in)
	}
	if title := p.value("document.title"); title != "Chat" {
		t.Errorf("the tab says %q", title)
	}
	if bubbles := p.value(`document.querySelectorAll('.said').length`); bubbles != "1" {
		t.Errorf("%s bubbles: pressing start has no words", bubbles)
	}
	if c := p.value("document.cookie"); c != "" {
		t.Errorf("a cookie: %s", c)
	}
}

func question(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat"))
	p.types("How much is a passport?")
	p.shows("Answer to How much is a passport?")
	s.say(s.only(t), channels.Letter{From: "staff", Locale: "en", Blocks: []channels.Block{para("I am Amina's colleague.")}})
	p.shows("I am Amina's colleague.")
	p.shows("From a person")
	before := p.value(`document.getElementById('main').innerText`)
	p.do(chromedp.Reload())
	p.shows("I am Amina's colleague.")
	if after := p.value(`document.getElementById('main').innerText`); after != before {
		t.Errorf("after a reload the talk is\n%s\nit was\n%s", after, before)
	}
	p.types("And again?")
	p.shows("Answer to And again?")
	if n := len(s.arrived()); n != 2 {
		t.Errorf("%d messages arrived", n)
	}
	if kept := p.value("Object.keys(localStorage).sort()"); kept != "chat.key" {
		t.Errorf("the phone keeps %s", kept)
	}
}

func dropped(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat"))
	p.types("zero")
	p.shows("Answer to zero")

	_ = s.server.Close()
	p.types("one")
	p.types("two")
	p.types("three")
	p.shows("No connection. Your message is kept")
	p.shot("dropped-360")
	if n := p.value(`JSON.parse(localStorage.getItem('chat.unsent')).length`); n != "3" {
		t.Errorf("%s messages are kept", n)
	}

	waiting := `[].map.call(document.querySelectorAll('.waits p'), function (p) { return p.textContent; }).join(' ')`
	if got := p.value(waiting); got != "one two three" {
		t.Errorf("on the page wait: %s", got)
	}

	// The store is the next to fail: the server is back and cannot keep anything.
	s.breakDown(errors.New("disk full"))
	s.open(t)
	p.do(chromedp.Reload())
	p.shows("three")
	p.is(`document.querySelectorAll('.waits').length === 3`)
	s.breakDown(nil)
	p.shows("Answer to three")

	// The worst moment: the message arrives, its answer does not. The page cannot
	// know, sends again, and the id says that it is the same.
	s.cut.Store(true)
	p.types("four")
	until(t, func() bool { return len(s.arrived()) == 5 })
	p.types("five")
	s.cut.Store(false)
	p.shows("Answer to five")

	var texts []string
	for _, in := range s.arrived() {
		texts = append(texts, in.Text)
	}
	if got := strings.Join(texts, " "); got != "zero one two three four five" {
		t.Errorf("arrived: %s", got)
	}
	p.is(`document.querySelectorAll('.me').length === 6 && document.querySelectorAll('.waits').length === 0`)
	p.is(`localStorage.getItem('chat.unsent') === null`)
	p.is(`document.getElementById('status').className === ''`)
}

func tooLong(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat"))
	p.value(`(function () { document.getElementById('text').value = new Array(500001).join('x'); document.getElementById('send').click(); })()`)
	p.shows("This is too long to send")
	p.types("short")
	p.shows("Answer to short")
	if n := len(s.arrived()); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
}

func choice(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = func(in channels.Inbound) []channels.Letter {
		if in.Kind == channels.Choice {
			return echo(in)
		}
		return []channels.Letter{{From: "program", Locale: "en", Blocks: []channels.Block{para("Which?")}, Options: []channels.Option{{Key: "k1", Label: "Fees"}, {Key: "k2", Label: "<b>Papers</b>"}}}}
	}
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat"))
	p.types("passport")
	p.shows("<b>Papers</b>")
	p.click("#choices button:last-child")
	p.shows("Answer to <b>Papers</b>")
	p.is(`document.querySelectorAll('#choices button').length === 0`)
	in := s.arrived()
	if last := in[len(in)-1]; last.Kind != channels.Choice || last.Choice != "k2" {
		t.Errorf("arrived %s %q", last.Kind, last.Choice)
	}
	if n := p.value(`document.querySelectorAll('.me').length`); n != "2" {
		t.Errorf("%s bubbles of the person", n)
	}
}

// payloads are what a stranger, or a member of staff who copies from one, may send.
var payloads = []string{
	"<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "<svg onload=window.hacked=1>",
	"<iframe src=javascript:parent.hacked=1></iframe>", "<style>body{display:none}</style>", "</p></div><h1>big</h1>",
	"javascript:window.hacked=1", "{{constructor.constructor('window.hacked=1')()}}", "\u202eright to left\u202c",
	"<a href=\"javascript:window.hacked=1\">here</a>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>",
	"\x00\x01\x7f", "a\u0301\u0300\u0302 zalgo", strings.Repeat("ﷺ", 300), strings.Repeat("W", 3000),
	"<!--", "]]>", "&lt;script&gt;", "%3Cscript%3E", "\"><script>window.hacked=1</script>", "'-window.hacked=1-'",
	"https://example.org/\"onmouseover=\"window.hacked=1", "https://example.org/a?b=<script>",
}

func hostile(t *testing.T, browser context.Context) {
	s := settle(t)
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat"))
	p.types("hello")
	p.is(`document.querySelectorAll('#letters .me').length === 1`)
	for _, x := range payloads {
		s.say(s.only(t), channels.Letter{
			From: "me", ID: "other." + x, Locale: x, Blocks: []channels.Block{{Kind: channels.BlockKind(x), Text: x, Link: "https://example.org/" + x}},
		})
		s.say(s.only(t), channels.Letter{
			From: "staff", Locale: x, Blocks: []channels.Block{para(x), {Kind: channels.Item, Text: x, Link: x}, {Kind: channels.Quiet, Text: x, Link: "JavaScript:window.hacked=1"}},
			Options: []channels.Option{{Key: x, Label: x}},
		})
	}
	s.say(s.only(t), channels.Letter{From: "staff", Blocks: []channels.Block{
		{Kind: channels.Item, Text: "good", Link: "https://example.org/"}, {Kind: channels.Item, Text: "call", Link: "tel:1043"},
		{Kind: channels.Item, Text: "plain", Link: "http://example.org/"}, {Kind: channels.Item, Text: "data", Link: "data:text/html,x"}, para("the end"),
	}})
	p.shows("the end")
	if got := p.value("window.hacked"); got != "undefined" {
		t.Error("a stranger's script ran")
	}
	if n := p.value(`document.querySelectorAll('main script, main iframe, main style, main base, main h1, main b, main meta, #letters img').length`); n != "0" {
		t.Errorf("%s elements were made of strangers' words", n)
	}
	if bad := p.value(`[].filter.call(document.links, function (a) { return !/^(https|tel):$/.test(a.protocol) || !/noopener/.test(a.rel); }).length`); bad != "0" {
		t.Errorf("%s links lead elsewhere", bad)
	}
	if wide := p.value("document.documentElement.scrollWidth"); wide != "360" {
		t.Errorf("long words make the page %s wide", wide)
	}
	if good := p.value(`[].filter.call(document.links, function (a) { return /^(good|call|plain|data)$/.test(a.textContent); }).map(function (a) { return a.textContent; })`); good != "good,call" {
		t.Errorf("links were made of %s", good)
	}
}

func clears(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat"))
	p.types("canary one")
	p.shows("Answer to canary one")
	p.types("canary two")
	p.shows("Answer to canary two")
	s.clear(s.only(t))
	p.is(`document.body.innerText.indexOf('canary') < 0`)
	if stored := p.value("JSON.stringify(localStorage)"); strings.Contains(stored, "canary") {
		t.Errorf("the phone keeps %s", stored)
	}
	p.types("after")
	p.shows("Answer to after")
	p.do(chromedp.Reload())
	p.shows("Answer to after")
	if all := p.value("document.body.innerText"); strings.Contains(all, "canary") {
		t.Error("a reload brought back what was cleared")
	}
}

func secondPhone(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = echo
	first := newPhone(t, browser, 360, 640)
	first.do(chromedp.Navigate(s.url + "/chat"))
	first.do(chromedp.Click(chromedp.CSS("#phone")), chromedp.Click(chromedp.CSS("#get")))
	first.shows("There is nothing to continue yet")
	first.click("#close")
	first.types("from the first")
	first.shows("Answer to from the first")
	first.do(chromedp.Click(chromedp.CSS("#phone")), chromedp.Click(chromedp.CSS("#get")))
	first.is(`document.querySelectorAll('#words li').length === 6`)
	first.shot("code-360")
	code := first.value(`[].map.call(document.querySelectorAll('#words li'), function (li) { return li.textContent; }).join(' - ').toUpperCase()`)

	second := newPhone(t, browser, 1280, 800)
	second.do(chromedp.Navigate(s.url + "/chat"))
	second.do(chromedp.Click(chromedp.CSS("#phone")), chromedp.SetValue(chromedp.CSS("#typed"), "bada bada bada bada bada bada"), chromedp.Click(chromedp.CSS("#enter .second")))
	second.shows("No talk was found with these words")
	second.do(chromedp.SetValue(chromedp.CSS("#typed"), "no code at all"), chromedp.Click(chromedp.CSS("#enter .second")))
	second.shows("These are not six words of a code")
	second.shot("code-wrong-1280")
	second.do(chromedp.SetValue(chromedp.CSS("#typed"), code), chromedp.Click(chromedp.CSS("#enter .second")))
	second.shows("Answer to from the first")
	second.types("from the second")
	second.shows("Answer to from the second")
	s.web.Wake(s.only(t)) // what the gateway does for every address of a talk
	first.do(chromedp.KeyEvent("\x1b"))
	first.shows("Answer to from the second")
	if href := second.value("location.href"); strings.Contains(href, "?") {
		t.Errorf("the address says %s", href)
	}
}

func leaving(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat"))
	p.types("canary")
	p.shows("Answer to canary")
	p.click("#leave")
	p.is(`location.href === 'about:blank' && document.documentElement.innerText.trim() === ''`)
}

func rightToLeft(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = urdu
	p := newPhone(t, browser, 360, 640)
	p.do(chromedp.Navigate(s.url + "/chat"))
	p.types("پروٹیکٹر کی مہر کیا ہے؟")
	p.is(`document.documentElement.dir === 'rtl' && document.documentElement.lang === 'ur'`)
	p.shows("فوراً نکلیں")
	p.shot("urdu-360")
	// In a talk from right to left the person's own words stand on the left.
	if side := p.value(`document.querySelector('.me .bubble').getBoundingClientRect().left < 20 && document.querySelector('.program .bubble').getBoundingClientRect().right > 340`); side != "true" {
		t.Error("the sides are not exchanged")
	}
	if dirs := p.value(`[].every.call(document.querySelectorAll('.bubble'), function (b) { return b.dir === 'auto'; })`); dirs != "true" {
		t.Error("a message does not choose its own direction")
	}
	s.say(s.only(t), channels.Letter{From: "staff", Locale: "ur", RTL: true, Blocks: []channels.Block{para("السلام علیکم۔ میں آپ کی مدد کے لیے حاضر ہوں۔ آپ کس ملک میں ہیں؟")}})
	p.is(`document.querySelectorAll('.staff').length === 1`)
	p.types("ٹھیک ہے، شکریہ!")
	p.is(`document.querySelectorAll('#letters .me').length === 2`)
	p.shot("urdu-staff-360")
	p.do(chromedp.Reload())
	p.is(`document.documentElement.dir === 'rtl'`)
	p.do(chromedp.Click(chromedp.CSS("#phone")), chromedp.Click(chromedp.CSS("#get")))
	p.is(`document.querySelectorAll('#words li').length === 6`)
	p.shot("urdu-code-360")
}

func urdu(in channels.Inbound) []channels.Letter {
	return []channels.Letter{{From: "program", Locale: "ur", RTL: true, Blocks: []channels.Block{
		{Kind: channels.Heading, Text: "پروٹیکٹر کی مہر"},
		para("BEOE کے دفتر سے لگتی ہے۔ اس کے بغیر ہوائی اڈے سے واپس بھیجا جا سکتا ہے۔"),
		{Kind: channels.Item, Text: "پاسپورٹ اور ویزا"},
		{Kind: channels.Item, Text: "بینک کی رسید"},
		{Kind: channels.Paragraph, Text: "فون 1043", Link: "tel:1043"},
		{Kind: channels.Quiet, Text: "ماخذ: https://beoe.gov.pk/، 1 دسمبر 2025 کو دیکھا گیا"},
	}, Options: []channels.Option{{Key: "fees", Label: "فیس کتنی ہے؟"}, {Key: "time", Label: "کتنا وقت لگتا ہے؟"}, {Key: "human", Label: "کسی انسان سے بات"}}}}
}

func english(in channels.Inbound) []channels.Letter {
	return []channels.Letter{{From: "program", Locale: "en", Blocks: []channels.Block{
		{Kind: channels.Heading, Text: "The Protector's stamp"},
		para("Before you fly to work abroad, the Protector of Emigrants stamps your passport. Without it you can be sent back at the airport."),
		para("Take with you:"),
		{Kind: channels.Item, Text: "passport and visa"},
		{Kind: channels.Item, Text: "the bank's receipt, see https://beoe.gov.pk/fees."},
		{Kind: channels.Paragraph, Text: "Call 1043", Link: "tel:1043"},
		{Kind: channels.Quiet, Text: "Source: Bureau of Emigration, seen on 1 December 2025."},
	}, Options: []channels.Option{{Key: "fees", Label: "What does it cost?"}, {Key: "time", Label: "How long does it take?"}, {Key: "human", Label: "Talk to a person"}}}}
}

// The page speaks every language in its own direction, and no word of it is too
// wide for the smallest screen, in the dialog neither.
func languages(t *testing.T, browser context.Context) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, browser, 320, 568)
	p.do(chromedp.Navigate(s.url + "/chat"))
	for _, locale := range []string{"en", "ur", "ps", "fa-AF", "bn", "ar", "ckb", "tg", "ru", "ky", "kk", "uz"} {
		p.value(fmt.Sprintf("localStorage.setItem('chat.locale', '%s')", locale))
		p.do(chromedp.Reload())
		p.is(fmt.Sprintf("document.documentElement.lang === '%s' && !document.getElementById('welcome').hidden", locale))
		want := "ltr"
		if strings.Contains(" ur ps fa-AF ar ckb ", " "+locale+" ") {
			want = "rtl"
		}
		if dir := p.value("document.documentElement.dir"); dir != want {
			t.Errorf("%s is written %s", locale, dir)
		}
		p.shot("welcome-" + locale)
		p.fits(locale)
		p.click("#phone")
		p.click("#get")
		p.is(`document.getElementById('get-problem').textContent !== ''`)
		p.fits(locale + ", dialog")
	}
}

// fits checks that nothing is wider than the page, too small for a finger or too
// pale to read.
func (p *phone) fits(what string) {
	p.t.Helper()
	if wide := p.value("document.documentElement.scrollWidth > innerWidth"); wide != "false" {
		p.t.Errorf("%s: the page must be moved sideways", what)
	}
	if n := p.value(`[].filter.call(document.querySelectorAll('button, a.call, textarea'), function (b) { var r = b.getBoundingClientRect(); return r.width && (r.width < 44 || r.height < 44); }).map(function (b) { return b.id || b.textContent; })`); n != "" {
		p.t.Errorf("%s: too small for a finger: %s", what, n)
	}
	if n := p.value(lowContrast); n != "" {
		p.t.Errorf("%s: too little contrast: %s", what, n)
	}
}

// What matters stays in reach at 320 pixels and when everything is twice as
// large; every control is large enough for a finger; every text stands out.
func small(t *testing.T, browser context.Context) {
	for _, c := range []struct {
		name          string
		width, height int64
		answer        func(channels.Inbound) []channels.Letter
		dark          bool
	}{
		{"english-320", 320, 568, english, false},
		{"english-180", 180, 320, english, false}, // 360 by 640 at 200 %
		{"english-360-dark", 360, 640, english, true},
		{"urdu-320", 320, 568, urdu, false},
		{"urdu-180", 180, 320, urdu, true},
		{"english-1280", 1280, 800, english, false},
		{"urdu-1280", 1280, 800, urdu, false},
	} {
		s := settle(t)
		s.answer = c.answer
		p := newPhone(t, browser, c.width, c.height)
		if c.dark {
			dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
			if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, dark); err != nil {
				t.Fatal(err)
			}
		}
		p.do(chromedp.Navigate(s.url + "/chat"))
		p.types("protector stamp kya hai?")
		p.is(`document.querySelectorAll('#choices button').length === 3`)
		p.shot(c.name)
		s.say(s.only(t), channels.Letter{From: "staff", Locale: "en", Blocks: []channels.Block{para("Good morning. I read what you wrote. Shall we go through it together?"), {Kind: channels.Quiet, Text: "Open until 17:00"}}})
		p.is(`document.querySelectorAll('.staff').length === 1`)
		p.value("window.scrollTo(0, document.documentElement.scrollHeight)")
		p.shot(c.name + "-staff")
		p.fits(c.name)
	}
}

// lowContrast names the texts of the page whose contrast with what is behind
// them is less than 4.5, by the formula of WCAG 2.
const lowContrast = `(function () {
	function parts(c) { var m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? m.concat(1) : m; }
	function light(c) {
		var l = c.slice(0, 3).map(function (v) { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
		return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
	}
	var bad = [];
	[].forEach.call(document.querySelectorAll('body *'), function (el) {
		var own = [].some.call(el.childNodes, function (n) { return n.nodeType === 3 && n.textContent.trim(); });
		if (!own || !el.getBoundingClientRect().width || el.className === 'unseen') { return; }
		var behind = el, back = [0, 0, 0, 0];
		while (behind && back[3] === 0) { back = parts(getComputedStyle(behind).backgroundColor); behind = behind.parentElement; }
		var a = light(parts(getComputedStyle(el).color)), b = light(back), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) { bad.push(el.textContent.slice(0, 20) + ' ' + ratio.toFixed(2)); }
	});
	return bad;
})()`

func framed(t *testing.T, browser context.Context) {
	h := newHouse()
	h.answer = echo
	var named *web.Channel
	pages := func(chat *string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(w, `<!doctype html><title>A centre</title><h1>A centre</h1><p>Some words.<script src="%s/chat/embed.js" async></script>`, *chat)
		})
	}
	var chat string
	friend, stranger := httptest.NewServer(pages(&chat)), httptest.NewServer(pages(&chat))
	defer friend.Close()
	defer stranger.Close()
	named = web.New(web.Options{Mailbox: h, Origins: []string{friend.URL}})
	h.wake = named.Wake
	srv := httptest.NewServer(named.Handler(h.sink))
	defer srv.Close()
	defer named.Close()
	chat = srv.URL

	inFrame := func(p *phone, expression string) string {
		// The frame is of another origin: what it shows is asked of the browser.
		tree, err := chromedp.Call(p.ctx, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		if len(tree.FrameTree.ChildFrames) == 0 {
			return ""
		}
		world, err := chromedp.Call(p.ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.ChildFrames[0].Frame.ID})
		if err != nil {
			return "" // it is only just being made
		}
		r, err := chromedp.Call(p.ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "String(" + expression + ")", ContextID: world.ExecutionContextID})
		if err != nil || r.Result == nil {
			return ""
		}
		return string(r.Result.Value)
	}

	p := newPhone(t, browser, 1280, 800)
	p.do(chromedp.Navigate(friend.URL))
	p.is(`!!document.querySelector('button[aria-label=Chat]')`)
	if n := p.value("document.querySelectorAll('iframe').length"); n != "0" {
		t.Error("the chat was loaded before anybody wanted it")
	}
	p.click("button[aria-label=Chat]")
	until(t, func() bool { return strings.Contains(inFrame(p, "document.body && document.body.innerText"), "Start") })
	inFrame(p, "document.getElementById('text').value = 'from the frame', document.getElementById('send').click()")
	until(t, func() bool {
		return strings.Contains(inFrame(p, "document.body.innerText"), "Answer to from the frame")
	})
	p.shot("framed-1280")
	inFrame(p, "document.getElementById('leave').click()")
	p.is(`location.href === 'about:blank'`)

	q := newPhone(t, browser, 1280, 800)
	q.do(chromedp.Navigate(stranger.URL))
	q.is(`!!document.querySelector('button[aria-label=Chat]')`)
	q.click("button[aria-label=Chat]")
	q.is(`!!document.querySelector('iframe')`)
	until(t, func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		for i, f := range q.faults {
			if strings.Contains(f, "frame-ancestors") {
				q.faults = append(q.faults[:i], q.faults[i+1:]...)
				return true
			}
		}
		return false
	})
	if v := inFrame(q, "document.getElementById('text')"); v != "" && v != `"null"` {
		t.Errorf("a website that was not named shows the chat: %s", v)
	}
}
