// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package web_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"sarai/channels"
	"sarai/channels/web"
	"sarai/internal/browser"
)

// A phone is a tab of a browser that shares nothing with other phones. It is patient: a
// page that lost its connection takes its time to ask again.
type phone struct{ *browser.Tab }

func newPhone(t *testing.T, chromium *browser.Browser, width, height int64, tolerates ...string) *phone {
	t.Helper()
	return &phone{chromium.Tab(t, browser.Options{Screen: browser.Screen{Width: width, Height: height}, Patience: 40 * time.Second, Tolerates: tolerates})}
}

func (p *phone) types(text string) {
	p.T.Helper()
	p.Value(fmt.Sprintf("(function () { var t = document.getElementById('text'); t.value = %s; t.oninput(); })()", browser.Quote(text)))
	p.Click("#send")
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
	chromium := browser.Start(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *browser.Browser)
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
		t.Run(part.name, func(t *testing.T) { part.run(t, chromium) })
	}
}

func waitsForThePerson(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = func(channels.Inbound) []channels.Letter {
		return []channels.Letter{{From: "program", Locale: "en", Blocks: []channels.Block{para("Hello, who are you?")}}}
	}
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat?c=poster-7")
	p.Is(`!document.getElementById('welcome').hidden`)
	if n, stored := s.readings(), p.Value("localStorage.length"); n != 0 || len(s.arrived()) != 0 || stored != "0" {
		t.Errorf("%d readings, %d messages, %s things kept before anything was pressed", n, len(s.arrived()), stored)
	}
	p.Shot("welcome-360")
	p.Click("#start")
	p.Shows("Hello, who are you?")
	in := s.arrived()
	if len(in) != 1 || in[0].Kind != channels.Start || in[0].Campaign != "poster-7" || in[0].Language == "" {
		t.Errorf("arrived %+v", in)
	}
	if title := p.Value("document.title"); title != "Chat" {
		t.Errorf("the tab says %q", title)
	}
	if bubbles := p.Value(`document.querySelectorAll('.said').length`); bubbles != "1" {
		t.Errorf("%s bubbles: pressing start has no words", bubbles)
	}
	if c := p.Value("document.cookie"); c != "" {
		t.Errorf("a cookie: %s", c)
	}
}

func question(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat")
	p.types("How much is a passport?")
	p.Shows("Answer to How much is a passport?")
	s.say(s.only(t), channels.Letter{From: "staff", Locale: "en", Blocks: []channels.Block{para("I am Amina's colleague.")}})
	p.Shows("I am Amina's colleague.")
	p.Shows("From a person")
	before := p.Value(`document.getElementById('main').innerText`)
	p.Do(chromedp.Reload())
	p.Shows("I am Amina's colleague.")
	p.Is(`document.getElementById('main').innerText === ` + browser.Quote(before))
	p.types("And again?")
	p.Shows("Answer to And again?")
	if n := len(s.arrived()); n != 2 {
		t.Errorf("%d messages arrived", n)
	}
	if kept := p.Value("Object.keys(localStorage).sort()"); kept != "chat.key" {
		t.Errorf("the phone keeps %s", kept)
	}
}

func dropped(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat")
	p.types("zero")
	p.Shows("Answer to zero")

	_ = s.server.Close()
	p.types("one")
	p.types("two")
	p.types("three")
	p.Shows("No connection. Your message is kept")
	p.Shot("dropped-360")
	if n := p.Value(`JSON.parse(localStorage.getItem('chat.unsent')).length`); n != "3" {
		t.Errorf("%s messages are kept", n)
	}

	waiting := `[].map.call(document.querySelectorAll('.waits p'), function (p) { return p.textContent; }).join(' ')`
	if got := p.Value(waiting); got != "one two three" {
		t.Errorf("on the page wait: %s", got)
	}

	// The store is the next to fail: the server is back and cannot keep anything.
	s.breakDown(errors.New("disk full"))
	s.open(t)
	p.Do(chromedp.Reload())
	p.Shows("three")
	p.Is(`document.querySelectorAll('.waits').length === 3`)
	s.breakDown(nil)
	p.Shows("Answer to three")

	// The worst moment: the message arrives, its answer does not. The page cannot
	// know, sends again, and the id says that it is the same.
	s.cut.Store(true)
	p.types("four")
	until(t, func() bool { return len(s.arrived()) == 5 })
	p.types("five")
	s.cut.Store(false)
	p.Shows("Answer to five")

	var texts []string
	for _, in := range s.arrived() {
		texts = append(texts, in.Text)
	}
	if got := strings.Join(texts, " "); got != "zero one two three four five" {
		t.Errorf("arrived: %s", got)
	}
	p.Is(`document.querySelectorAll('.me').length === 6 && document.querySelectorAll('.waits').length === 0`)
	p.Is(`localStorage.getItem('chat.unsent') === null`)
	p.Is(`document.getElementById('status').className === ''`)
}

func tooLong(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat")
	p.Value(`(function () { document.getElementById('text').value = new Array(500001).join('x'); document.getElementById('send').click(); })()`)
	p.Shows("This is too long to send")
	p.types("short")
	p.Shows("Answer to short")
	if n := len(s.arrived()); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
}

func choice(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = func(in channels.Inbound) []channels.Letter {
		if in.Kind == channels.Choice {
			return echo(in)
		}
		return []channels.Letter{{From: "program", Locale: "en", Blocks: []channels.Block{para("Which?")}, Options: []channels.Option{{Key: "k1", Label: "Fees"}, {Key: "k2", Label: "<b>Papers</b>"}}}}
	}
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat")
	p.types("passport")
	p.Shows("<b>Papers</b>")
	p.Click("#choices button:last-child")
	p.Shows("Answer to <b>Papers</b>")
	p.Is(`document.querySelectorAll('#choices button').length === 0`)
	in := s.arrived()
	if last := in[len(in)-1]; last.Kind != channels.Choice || last.Choice != "k2" {
		t.Errorf("arrived %s %q", last.Kind, last.Choice)
	}
	if n := p.Value(`document.querySelectorAll('.me').length`); n != "2" {
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

func hostile(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat")
	p.types("hello")
	p.Is(`document.querySelectorAll('#letters .me').length === 1`)
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
	p.Shows("the end")
	if got := p.Value("window.hacked"); got != "undefined" {
		t.Error("a stranger's script ran")
	}
	if n := p.Value(`document.querySelectorAll('main script, main iframe, main style, main base, main h1, main b, main meta, #letters img').length`); n != "0" {
		t.Errorf("%s elements were made of strangers' words", n)
	}
	if bad := p.Value(`[].filter.call(document.links, function (a) { return !/^(https|tel):$/.test(a.protocol) || !/noopener/.test(a.rel); }).length`); bad != "0" {
		t.Errorf("%s links lead elsewhere", bad)
	}
	if wider := p.Wider(); wider > 0 {
		t.Errorf("long words make the page %d wider", wider)
	}
	if good := p.Value(`[].filter.call(document.links, function (a) { return /^(good|call|plain|data)$/.test(a.textContent); }).map(function (a) { return a.textContent; })`); good != "good,call" {
		t.Errorf("links were made of %s", good)
	}
}

func clears(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat")
	p.types("canary one")
	p.Shows("Answer to canary one")
	p.types("canary two")
	p.Shows("Answer to canary two")
	s.clear(s.only(t))
	p.Is(`document.body.innerText.indexOf('canary') < 0`)
	if stored := p.Value("JSON.stringify(localStorage)"); strings.Contains(stored, "canary") {
		t.Errorf("the phone keeps %s", stored)
	}
	p.types("after")
	p.Shows("Answer to after")
	p.Do(chromedp.Reload())
	p.Shows("Answer to after")
	if all := p.Value("document.body.innerText"); strings.Contains(all, "canary") {
		t.Error("a reload brought back what was cleared")
	}
}

func secondPhone(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = echo
	first := newPhone(t, chromium, 360, 640)
	first.Open(s.url + "/chat")
	first.Click("#phone")
	first.Click("#get")
	first.Shows("There is nothing to continue yet")
	first.Click("#close")
	first.types("from the first")
	first.Shows("Answer to from the first")
	first.Click("#phone")
	first.Click("#get")
	first.Is(`document.querySelectorAll('#words li').length === 6`)
	first.Shot("code-360")
	code := first.Value(`[].map.call(document.querySelectorAll('#words li'), function (li) { return li.textContent; }).join(' - ').toUpperCase()`)

	second := newPhone(t, chromium, 1280, 800)
	second.Open(s.url + "/chat")
	second.Click("#phone")
	second.Fill("#typed", "bada bada bada bada bada bada")
	second.Click("#enter .second")
	second.Shows("No talk was found with these words")
	second.Fill("#typed", "no code at all")
	second.Click("#enter .second")
	second.Shows("These are not six words of a code")
	second.Shot("code-wrong-1280")
	second.Fill("#typed", code)
	second.Click("#enter .second")
	second.Shows("Answer to from the first")
	second.types("from the second")
	second.Shows("Answer to from the second")
	s.web.Wake(s.only(t)) // what the gateway does for every address of a talk
	first.Do(chromedp.KeyEvent("\x1b"))
	first.Shows("Answer to from the second")
	if href := second.Value("location.href"); strings.Contains(href, "?") {
		t.Errorf("the address says %s", href)
	}
}

func leaving(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat")
	p.types("canary")
	p.Shows("Answer to canary")
	p.Click("#leave")
	p.Is(`location.href === 'about:blank' && document.documentElement.innerText.trim() === ''`)
}

func rightToLeft(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = urdu
	p := newPhone(t, chromium, 360, 640)
	p.Open(s.url + "/chat")
	p.types("پروٹیکٹر کی مہر کیا ہے؟")
	p.Is(`document.documentElement.dir === 'rtl' && document.documentElement.lang === 'ur'`)
	p.Shows("فوراً نکلیں")
	p.Shot("urdu-360")
	// In a talk from right to left the person's own words stand on the left.
	if side := p.Value(`document.querySelector('.me .bubble').getBoundingClientRect().left < 20 && document.querySelector('.program .bubble').getBoundingClientRect().right > 340`); side != "true" {
		t.Error("the sides are not exchanged")
	}
	if dirs := p.Value(`[].every.call(document.querySelectorAll('.bubble'), function (b) { return b.dir === 'auto'; })`); dirs != "true" {
		t.Error("a message does not choose its own direction")
	}
	s.say(s.only(t), channels.Letter{From: "staff", Locale: "ur", RTL: true, Blocks: []channels.Block{para("السلام علیکم۔ میں آپ کی مدد کے لیے حاضر ہوں۔ آپ کس ملک میں ہیں؟")}})
	p.Is(`document.querySelectorAll('.staff').length === 1`)
	p.types("ٹھیک ہے، شکریہ!")
	p.Is(`document.querySelectorAll('#letters .me').length === 2`)
	p.Shot("urdu-staff-360")
	p.Do(chromedp.Reload())
	p.Is(`document.documentElement.dir === 'rtl'`)
	p.Click("#phone")
	p.Click("#get")
	p.Is(`document.querySelectorAll('#words li').length === 6`)
	p.Shot("urdu-code-360")
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
func languages(t *testing.T, chromium *browser.Browser) {
	s := settle(t)
	s.answer = echo
	p := newPhone(t, chromium, 320, 568)
	p.Open(s.url + "/chat")
	for _, locale := range []string{"en", "ur", "ps", "fa-AF", "bn", "ar", "ckb", "tg", "ru", "ky", "kk", "uz"} {
		p.Value(fmt.Sprintf("localStorage.setItem('chat.locale', '%s')", locale))
		p.Do(chromedp.Reload())
		p.Is(fmt.Sprintf("document.documentElement.lang === '%s' && !document.getElementById('welcome').hidden", locale))
		want := "ltr"
		if strings.Contains(" ur ps fa-AF ar ckb ", " "+locale+" ") {
			want = "rtl"
		}
		if dir := p.Value("document.documentElement.dir"); dir != want {
			t.Errorf("%s is written %s", locale, dir)
		}
		p.Shot("welcome-" + locale)
		p.fits(locale)
		p.Click("#phone")
		p.Click("#get")
		p.Is(`document.getElementById('get-problem').textContent !== ''`)
		p.fits(locale + ", dialog")
	}
}

// fits checks that nothing is wider than the page, too small for a finger or too
// pale to read.
func (p *phone) fits(what string) {
	p.T.Helper()
	if wider := p.Wider(); wider > 0 {
		p.T.Errorf("%s: the page must be moved sideways", what)
	}
	if n := p.Value(`[].filter.call(document.querySelectorAll('button, a.call, textarea'), function (b) { var r = b.getBoundingClientRect(); return r.width && (r.width < 44 || r.height < 44); }).map(function (b) { return b.id || b.textContent; })`); n != "" {
		p.T.Errorf("%s: too small for a finger: %s", what, n)
	}
	if n := p.Value(lowContrast); n != "" {
		p.T.Errorf("%s: too little contrast: %s", what, n)
	}
}

// What matters stays in reach at 320 pixels and when everything is twice as
// large; every control is large enough for a finger; every text stands out.
func small(t *testing.T, chromium *browser.Browser) {
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
		p := newPhone(t, chromium, c.width, c.height)
		p.Show(browser.Screen{Width: c.width, Height: c.height, Dark: c.dark})
		p.Open(s.url + "/chat")
		p.types("protector stamp kya hai?")
		p.Is(`document.querySelectorAll('#choices button').length === 3`)
		p.Shot(c.name)
		s.say(s.only(t), channels.Letter{From: "staff", Locale: "en", Blocks: []channels.Block{para("Good morning. I read what you wrote. Shall we go through it together?"), {Kind: channels.Quiet, Text: "Open until 17:00"}}})
		p.Is(`document.querySelectorAll('.staff').length === 1`)
		p.Value("window.scrollTo(0, document.documentElement.scrollHeight)")
		p.Shot(c.name + "-staff")
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

func framed(t *testing.T, chromium *browser.Browser) {
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
		tree, err := chromedp.Call(p.Context(), page.GetFrameTree, cdp.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		if len(tree.FrameTree.ChildFrames) == 0 {
			return ""
		}
		world, err := chromedp.Call(p.Context(), page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.ChildFrames[0].Frame.ID})
		if err != nil {
			return "" // it is only just being made
		}
		r, err := chromedp.Call(p.Context(), runtime.Evaluate, runtime.EvaluateParams{Expression: "String(" + expression + ")", ContextID: world.ExecutionContextID})
		if err != nil || r.Result == nil {
			return ""
		}
		return string(r.Result.Value)
	}

	p := newPhone(t, chromium, 1280, 800, "asked "+chat)
	p.Open(friend.URL)
	p.Is(`!!document.querySelector('button[aria-label=Chat]')`)
	if n := p.Value("document.querySelectorAll('iframe').length"); n != "0" {
		t.Error("the chat was loaded before anybody wanted it")
	}
	p.Click("button[aria-label=Chat]")
	until(t, func() bool { return strings.Contains(inFrame(p, "document.body && document.body.innerText"), "Start") })
	until(t, func() bool {
		return inFrame(p, "(document.getElementById('text').value = 'from the frame', document.getElementById('send').click(), 'sent')") == `"sent"`
	})
	until(t, func() bool {
		return strings.Contains(inFrame(p, "document.body.innerText"), "Answer to from the frame")
	})
	p.Shot("framed-1280")
	until(t, func() bool { return inFrame(p, "(document.getElementById('leave').click(), 'left')") == `"left"` })
	p.Is(`location.href === 'about:blank'`)

	q := newPhone(t, chromium, 1280, 800, "asked "+chat)
	q.Open(stranger.URL)
	q.Is(`!!document.querySelector('button[aria-label=Chat]')`)
	q.Click("button[aria-label=Chat]")
	q.Is(`!!document.querySelector('iframe')`)
	q.Complains("frame-ancestors")
	if v := inFrame(q, "document.getElementById('text')"); v != "" && v != `"null"` {
		t.Errorf("a website that was not named shows the chat: %s", v)
	}
}
