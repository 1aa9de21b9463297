// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "write pictures of the chat and the desk into this folder")

// browse starts a Chromium for the test.
func browse(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "en"),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true), // a microphone that beeps, and is allowed
		chromedp.Flag("autoplay-policy", "no-user-gesture-required")) // scripts press play here
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	return ctx
}

// A tab is somebody's browser, that shares nothing with the others', and
// everything that it complains of.
type tab struct {
	t   *testing.T
	who string
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

func newTab(t *testing.T, browser context.Context, who string, width, height int64, scale float64) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	b := &tab{t: t, who: who, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	// Whatever the policy refuses is an event of the page.
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `document.addEventListener("securitypolicyviolation", function (e) { console.error("refused " + e.violatedDirective + " " + e.blockedURI); })`,
	}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale)))
	return b
}

func (b *tab) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *cdplog.EventEntryAdded:
		if ev.Entry.Source != cdplog.EntrySourceNetwork { // a refused request is part of some stories
			b.faults = append(b.faults, ev.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.faults = append(b.faults, "console: "+string(ev.Args[0].Value))
	case *page.EventJavascriptDialogOpening:
		b.faults = append(b.faults, "a dialog: "+ev.Message)
	}
}

// quiet fails where the browser complained.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		b.t.Errorf("%s's browser complains: %s", b.who, f)
	}
	b.faults = nil
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", b.who, err)
	}
}

func (b *tab) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("body")))
	b.is(`document.readyState === "complete"`)
}

// is waits until a JavaScript expression is true, over navigations too.
func (b *tab) is(expression string) {
	b.t.Helper()
	var err error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var ok bool
		if ok, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && ok {
			return
		}
	}
	b.t.Fatalf("%s: %s does not come true (%v); the page says:\n%s", b.who, expression, err, b.value("document.body.innerText"))
}

func (b *tab) shows(text string) {
	b.t.Helper()
	b.is(`document.body.innerText.includes(` + quote(text) + `)`)
}

func (b *tab) value(expression string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		b.t.Fatalf("%s: %v", b.who, err)
	}
	return v
}

// run does something in the page and does not wait for what comes of it.
func (b *tab) run(statements string) {
	b.t.Helper()
	b.value("(function () {" + statements + "})()")
}

// send fills in a form of the desk, as far as its fields are named, and sends it.
func (b *tab) send(form string, fields map[string]string) {
	b.t.Helper()
	v, _ := json.Marshal(fields)
	b.is(`document.querySelector(` + quote(form) + `) && document.readyState === "complete"`)
	b.run(`var f = document.querySelector(` + quote(form) + `), v = ` + string(v) + `;
		for (var n in v) { f.elements[n].value = v[n]; }
		f.requestSubmit();`)
}

// says types a message in the chat and sends it.
func (b *tab) says(text string) {
	b.t.Helper()
	b.run(`var t = document.getElementById("text"); t.value = ` + quote(text) + `; t.oninput(); document.getElementById("send").click();`)
}

// last is the newest letter from somebody other than the person.
const last = `[...document.querySelectorAll("#letters .said:not(.me)")].at(-1)`

// answered waits for the answer to the nth message of the person.
func (b *tab) answered(n int) {
	b.t.Helper()
	b.is(fmt.Sprintf(`document.querySelectorAll("#letters .me").length === %d && [...document.querySelectorAll("#letters .said")].at(-1).classList.contains("program")`, n))
}

// agrees presses yes where a counsellor is offered.
func (b *tab) agrees() {
	b.t.Helper()
	b.is(`document.querySelectorAll("#choices button").length === 2`)
	b.run(`document.querySelector("#choices button").click()`)
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (b *tab) shot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[chromedp.Void](`document.fonts.ready.then(function () { return new Promise(function (r) { setTimeout(r, 500); }); })`, chromedp.EvalAwaitPromise)); err != nil {
		b.t.Fatal(err)
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// opens is an installation whose first administrator has come in.
func opens(t *testing.T, browser context.Context) (*centre, *tab) {
	t.Helper()
	c := newCentre(t)
	c.start()
	amina := newTab(t, browser, "Amina", 1280, 800, 1)
	amina.open(regexp.MustCompile(`http://\S+/desk/first\?token=\S+`).FindString(c.said))
	amina.send(`form[action="/desk/first"]`, map[string]string{"login": "amina", "name": "Amina Kamal", "password": "a long pass phrase", "again": "a long pass phrase"})
	amina.is(`location.pathname === "/desk" && document.querySelector("#queue .empty")`)
	return c, amina
}

func TestAQuestionIsAnsweredAndHandedToAPerson(t *testing.T) {
	browser := browse(t)
	c, amina := opens(t, browser)
	amina.run(`window.same = true`)

	// Bilal is invited by a link.
	boss := newTab(t, browser, "Amina, a second time", 1280, 800, 1)
	boss.open(c.url + "/desk")
	boss.send(`form[action="/desk/signin"]`, map[string]string{"login": "amina", "password": "a long pass phrase"})
	boss.is(`document.querySelector("#queue")`)
	boss.open(c.url + "/desk/staff")
	boss.send(`form[action="/desk/staff"]`, map[string]string{"login": "bilal", "name": "Bilal Ahmad"})
	boss.is(`document.querySelector("input.copy")`)
	bilal := newTab(t, browser, "Bilal", 1280, 800, 1)
	bilal.open(boss.value(`document.querySelector("input.copy").value`))
	bilal.send(`form[action="/desk/password"]`, map[string]string{"password": "another pass phrase", "again": "another pass phrase"})
	bilal.is(`document.querySelector("#queue")`)

	// A question in Latin letters, an answer in Urdu.
	person := newTab(t, browser, "the person", 390, 844, 2)
	person.open(c.url + "/chat")
	person.says("protector kahan se hota hai aur fees kitni hai")
	person.answered(1)
	person.is(last + `.querySelector(".bubble").lang === "ur" && getComputedStyle(` + last + `.querySelector(".bubble > p:last-of-type")).direction === "rtl"`)
	person.is(`document.documentElement.dir === "rtl" && document.documentElement.lang === "ur"`)
	person.shows("پروٹیکٹر آف امیگرینٹس")
	person.is(last + `.innerText.includes("Bureau of Emigration and Overseas Employment") && /\d\d?\.\d\d?\.20\d\d/.test(` + last + `.innerText)`)
	person.is(`[...document.querySelectorAll("#choices button")].some(b => b.textContent === "فیس")`)

	// Twice without an answer: a person is offered.
	person.says("xqzv wplk")
	person.answered(2)
	person.says("qqq zzzz")
	person.answered(3)
	person.is(last + `.innerText.includes("کونسلر") && document.querySelectorAll("#choices button").length === 2`)
	person.says("counsellor")
	person.answered(4)
	person.agrees()
	person.is(last + `.innerText.includes("قطار میں آپ کا نمبر 1 ہے")`)

	// The desk shows it by itself.
	amina.is(`document.querySelectorAll(".row").length === 1 && window.same`)
	amina.shows("counsellor")
	amina.is(`document.title.startsWith("(1)")`)
	talk := amina.value(`document.querySelector(".row a").href`)
	amina.open(talk)
	amina.send(`form[action$="/take"]`, nil)
	amina.is(`document.querySelector("#text") && !document.querySelector("#text").readOnly`)
	for _, text := range []string{"protector kahan se hota hai aur fees kitni hai", "xqzv wplk", "protector-pk · ur · "} {
		amina.shows(text)
	}
	amina.is(`/protector-pk · ur · [0-9a-f]{12}/.test(document.querySelector(".cited").innerText) && /^[0-9a-f]{12}$/.test(document.querySelector(".edition").innerText)`)

	// What she answers is a person's, and the program is silent.
	amina.send("#answer form", map[string]string{"text": "سلام! سرکاری فیس کی رسید ضرور لیں۔ آپ کس شہر میں ہیں؟"})
	person.shows("آپ کس شہر میں ہیں؟")
	person.is(last + `.classList.contains("staff") && ` + last + `.querySelector(".by").innerText.trim() === "ایک انسان کی طرف سے"`)
	person.says("Lahore mein, protector ki fees kitni hai?")
	amina.shows("Lahore mein, protector ki fees kitni hai?")
	amina.is(`document.querySelector("#note form")`)
	amina.send("#note form", map[string]string{"text": "Asked about Lahore: send him to the office on Davis Road."})
	amina.is(`document.querySelector("#log .bubble.note .text")`)
	amina.shot("case")

	// Another takes over, with everything that is there.
	amina.run(`var f = document.querySelector('form[action$="/pass"]'), o = [...f.elements.to.options].find(o => o.text.includes("Bilal")); f.elements.to.value = o.value; f.requestSubmit();`)
	// Whether he looks before, at, or after the moment: it appears.
	bilal.open(c.url + "/desk?list=mine")
	bilal.is(`document.querySelector(".row a")`)
	bilal.open(bilal.value(`document.querySelector(".row a").href`))
	bilal.shows("Asked about Lahore")
	bilal.shows("Lahore mein, protector ki fees kitni hai?")
	bilal.is(`document.querySelector("#answer .main")`)
	bilal.send("#answer form", map[string]string{"text": "لاہور میں دفتر کا پتا بھیج رہا ہوں۔"})
	person.shows("لاہور میں دفتر کا پتا بھیج رہا ہوں۔")
	if after := person.value(`[...document.querySelectorAll("#letters .said")].slice([...document.querySelectorAll("#letters .said")].findIndex(l => l.classList.contains("staff"))).filter(l => l.classList.contains("program")).length`); after != "0" {
		t.Errorf("the program spoke %s times while a person held the talk", after)
	}
	if person.value(`document.body.innerText.includes("Davis Road")`) != "false" {
		t.Error("a note is shown to the person")
	}

	// The end, its rating, and the program again.
	bilal.send(`form[action$="/close"]`, map[string]string{"outcome": "advised", "topic": "leaving"})
	person.is(last + `.classList.contains("program") && document.querySelectorAll("#choices button").length >= 2`)
	rating := person.value(last + `.innerText`)
	person.run(`document.querySelector("#choices button").click()`)
	person.is(last + `.innerText !== ` + quote(rating))
	bilal.open(talk)
	bilal.is(`document.querySelector("#log .e-rated")`)
	person.says("protector ki fees kitni hai")
	person.is(last + `.classList.contains("program") && ` + last + `.innerText.includes("5,200")`)

	for _, b := range []*tab{amina, boss, bilal, person} {
		b.quiet()
	}
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v", err)
	}
	for _, secret := range []string{"Lahore", "xqzv", "Davis", "token=", "bilal", "127.0.0.1", "level=ERROR"} {
		if strings.Contains(c.log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, c.log)
		}
	}
}

// TestAMorning looks at what the pages look like when several people wait, and
// with -shots takes the pictures of the README.
func TestAMorning(t *testing.T) {
	browser := browse(t)
	c, amina := opens(t, browser)
	for i, words := range [][]string{
		{"what is a migrant resource centre", "My agent asks 450000 rupees for a driver's job in Riyadh. Who can check his licence?"},
		{"বিদেশ যেতে কত টাকা লাগে", "চার মাস ধরে বেতন দেয় না, এখন কী করব?"},
		{"Сколько стоит патент?", "Хочу вернуться домой, паспорт у хозяина"},
		{"protector ki fees kitni hai", "ایجنٹ 45 ہزار مانگ رہا ہے، کیا یہ ٹھیک ہے؟"},
		{"they locked me in a room and took my passport"},
	} {
		token := fmt.Sprintf("morning%015d", i)
		if len(words) == 2 {
			words = []string{words[0], "counsellor", "1", words[1]}
		}
		for n, w := range words {
			post(t, c, token, fmt.Sprintf("message-%d", n), quote(w), http.StatusOK)
		}
	}
	amina.is(`document.querySelectorAll(".row").length === 5 && document.querySelector(".row").classList.contains("urgent")`)
	amina.shot("desk")

	person := newTab(t, browser, "the person", 390, 844, 1.5)
	person.open(c.url + "/chat")
	person.says("protector kahan se hota hai aur fees kitni hai")
	person.answered(1)
	person.is(`[...document.querySelectorAll("#choices button")].some(b => b.textContent === "فیس")`)
	person.shot("answer")
	person.run(`[...document.querySelectorAll("#choices button")].find(b => b.textContent === "فیس").click()`)
	person.answered(2)
	person.is(last + `.querySelectorAll("ul li").length >= 3 && document.querySelectorAll("#choices button").length >= 4`)
	person.run(`document.activeElement.blur(); window.scrollBy(0, -60)`)
	person.is(`document.querySelector("#status").textContent === ""`)
	person.shot("chat")
	for _, b := range []*tab{amina, person} {
		if over := b.value(`document.documentElement.scrollWidth > document.documentElement.clientWidth`); over == "true" {
			t.Errorf("%s: the page sticks out", b.who)
		}
		b.quiet()
	}
}

// hostile are what people send to see what happens. Each must be answered.
var hostile = map[string]string{
	"emoji only":              "😀😀👨‍👩‍👧‍👦🇵🇰",
	"marks only":              "\u0301\u064e\u0650\u0301\u200d\ufe0f",
	"invisible":               "\u200b\u2060\ufeff",
	"direction marks":         "\u202e\u2066\u2067abc\u202d gnp.exe",
	"line after line":         strings.Repeat("\n", 5000) + "x",
	"marks upon marks":        "a" + strings.Repeat("\u0301", 20000),
	"html":                    `<h1>big</h1><a href="javascript:alert(1)">x</a><base href="https://evil.example/">`,
	"script":                  `<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"'><iframe srcdoc="<script>parent.alert(4)</script>">`,
	"template":                `{{constructor.constructor('alert(5)')()}} ${alert(6)} <div hx-get="/desk/signout" hx-trigger="load">`,
	"null and control":        "a\x00b\x07c\x1b[2Jd",
	"100,000 letters":         strings.Repeat("پاسپورٹ گم ", 9091),
	"one word without an end": strings.Repeat("W", 30000),
}

func TestNothingThatAStrangerSendsDoesHarm(t *testing.T) {
	browser := browse(t)
	c, amina := opens(t, browser)
	n := 0
	for name, text := range hostile {
		n++
		t.Run(name, func(t *testing.T) {
			amina.t = t
			token := fmt.Sprintf("hostile%015d", n)
			post(t, c, token, "message-1", quote(text), http.StatusOK)
			person := newTab(t, browser, name, 390, 844, 1)
			person.open(c.url + "/chat")
			person.run(`localStorage.setItem("chat.key", ` + quote(token) + `)`)
			person.open(c.url + "/chat")
			person.answered(1)
			person.says("counsellor")
			person.answered(2)
			person.agrees()
			person.is(fmt.Sprintf(`document.querySelectorAll("#letters .me").length === 3 && %s.classList.contains("program")`, last))
			if n := person.value(`document.querySelectorAll("#letters script, #letters img, #letters iframe, #letters h1, #letters [onerror], #letters svg[onload], base").length`); n != "0" {
				t.Errorf("%s elements of the chat are the stranger's", n)
			}
			if over := person.value(`document.documentElement.scrollWidth > document.documentElement.clientWidth`); over == "true" {
				t.Error("the chat has become wider than the phone")
			}
			person.quiet()

			amina.open(c.url + "/desk")
			amina.is(fmt.Sprintf(`document.querySelectorAll(".row").length === %d`, n))
			amina.open(amina.value(`[...document.querySelectorAll(".row a")].at(-1).href`))
			amina.is(`document.querySelector("#log article.person, #log .bubble") && document.querySelector("#answer")`)
			if n := amina.value(`document.querySelectorAll("#log script, #log img, #log iframe, #log h1, #log [onerror], #log svg, #log [hx-get*=signout], base").length`); n != "0" {
				t.Errorf("%s elements of the desk are the stranger's", n)
			}
			if over := amina.value(`document.documentElement.scrollWidth > document.documentElement.clientWidth`); over == "true" {
				t.Error("the desk has become wider than its window")
			}
			amina.is(`document.querySelector(".bar .me").innerText.includes("Amina")`)
			amina.quiet()
		})
	}
	amina.t = t

	// What cannot be a message is refused, and nothing comes of it.
	post(t, c, "hostile-too-long-00000", "message-1", quote(strings.Repeat("x", 1_000_000)), http.StatusRequestEntityTooLarge)
	// Bytes that are no letters are replaced.
	post(t, c, "hostile-no-utf8-000000", "message-1", "\"passport \xff\xfe\xc3 \xed\xa0\x80\"", http.StatusOK)
	w := &writer{token: "hostile-no-utf8-000000", http: http.DefaultClient}
	letters := w.read(t, c.url)
	if len(letters) < 2 || letters[1].From != "program" || !strings.HasPrefix(letters[0].Blocks[0].Text, "passport \uFFFD") {
		t.Errorf("the talk is %+v", letters)
	}
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v", err)
	}
	if strings.Contains(c.log.String(), "ERROR") || strings.Contains(c.log.String(), "WARN") {
		t.Errorf("the log says\n%s", c.log)
	}
}

// post sends a message as no page would: text is JSON, or nearly.
func post(t *testing.T, c *centre, token, id, text string, want int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", c.url+"/chat/api/messages", strings.NewReader(`{"id":"`+id+`","kind":"text","text":`+text+`}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != want {
		t.Fatalf("status %d, want %d", resp.StatusCode, want)
	}
}
