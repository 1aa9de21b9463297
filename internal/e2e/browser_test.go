// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"sarai/internal/browser"
)

// A tab is somebody's browser, that shares nothing with the others'.
type tab struct{ *browser.Tab }

func newTab(t *testing.T, chromium *browser.Browser, who string, width, height int64, scale float64) *tab {
	t.Helper()
	return &tab{chromium.Tab(t, browser.Options{Who: who, Screen: browser.Screen{Width: width, Height: height, Scale: scale}})}
}

// browse starts a Chromium in which scripts may press play.
func browse(t *testing.T) *browser.Browser {
	t.Helper()
	return browser.Start(t, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
}

// run does something in the page and does not wait for what comes of it.
func (b *tab) run(statements string) {
	b.T.Helper()
	b.Value("(function () {" + statements + "})()")
}

// send fills in a form of the desk, as far as its fields are named, and sends it.
func (b *tab) send(form string, fields map[string]string) {
	b.T.Helper()
	v, _ := json.Marshal(fields)
	b.Is(`(f => {
		if (!f || document.readyState !== "complete") return false;
		for (const [name, value] of Object.entries(` + string(v) + ` || {})) f.elements[name].value = value;
		f.requestSubmit();
		return true;
	})(document.querySelector(` + browser.Quote(form) + `))`)
}

// says types a message in the chat and sends it.
func (b *tab) says(text string) {
	b.T.Helper()
	b.run(`var t = document.getElementById("text"); t.value = ` + browser.Quote(text) + `; t.oninput(); document.getElementById("send").click();`)
}

// settled is the desk between two exchanges of a part of it: the box that is there has all
// that belongs to it, and stays.
const settled = `!document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")`

// last is the newest letter from somebody other than the person.
const last = `[...document.querySelectorAll("#letters .said:not(.me)")].at(-1)`

// answered waits for the answer to the nth message of the person.
func (b *tab) answered(n int) {
	b.T.Helper()
	b.Is(fmt.Sprintf(`document.querySelectorAll("#letters .me").length === %d && [...document.querySelectorAll("#letters .said")].at(-1).classList.contains("program")`, n))
}

// agrees presses yes where a counsellor is offered.
func (b *tab) agrees() {
	b.T.Helper()
	b.Is(`document.querySelectorAll("#choices button").length === 2`)
	b.Press("#choices button")
}

// opens is an installation whose first administrator has come in.
func opens(t *testing.T, chromium *browser.Browser) (*centre, *tab) {
	t.Helper()
	c := newCentre(t)
	c.start()
	amina := newTab(t, chromium, "Amina", 1280, 800, 1)
	amina.Open(regexp.MustCompile(`http://\S+/desk/first\?token=\S+`).FindString(c.said))
	amina.send(`form[action="/desk/first"]`, map[string]string{"login": "amina", "name": "Amina Kamal", "password": "a long pass phrase", "again": "a long pass phrase"})
	amina.Is(`location.pathname === "/desk" && document.querySelector("#queue .empty")`)
	return c, amina
}

func TestAQuestionIsAnsweredAndHandedToAPerson(t *testing.T) {
	chromium := browse(t)
	c, amina := opens(t, chromium)
	amina.run(`window.same = true`)

	// Bilal is invited by a link.
	boss := newTab(t, chromium, "Amina, a second time", 1280, 800, 1)
	boss.Open(c.url + "/desk")
	boss.send(`form[action="/desk/signin"]`, map[string]string{"login": "amina", "password": "a long pass phrase"})
	boss.Is(`document.querySelector("#queue")`)
	boss.Open(c.url + "/desk/staff")
	boss.send(`form[action="/desk/staff"]`, map[string]string{"login": "bilal", "name": "Bilal Ahmad"})
	bilal := newTab(t, chromium, "Bilal", 1280, 800, 1)
	bilal.Open(boss.Await(`document.querySelector("input.copy").value`))
	bilal.send(`form[action="/desk/password"]`, map[string]string{"password": "another pass phrase", "again": "another pass phrase"})
	bilal.Is(`document.querySelector("#queue")`)

	// A question in Latin letters, an answer in Urdu.
	person := newTab(t, chromium, "the person", 390, 844, 2)
	person.Open(c.url + "/chat")
	person.says("protector kahan se hota hai aur fees kitni hai")
	person.answered(1)
	person.Is(last + `.querySelector(".bubble").lang === "ur" && getComputedStyle(` + last + `.querySelector(".bubble > p:last-of-type")).direction === "rtl"`)
	person.Is(`document.documentElement.dir === "rtl" && document.documentElement.lang === "ur"`)
	person.Shows("پروٹیکٹر آف امیگرینٹس")
	person.Is(last + `.innerText.includes("Bureau of Emigration and Overseas Employment") && /\d\d?\.\d\d?\.20\d\d/.test(` + last + `.innerText)`)
	person.Is(`[...document.querySelectorAll("#choices button")].some(b => b.textContent === "فیس")`)

	// Twice without an answer: a person is offered.
	person.says("xqzv wplk")
	person.answered(2)
	person.says("qqq zzzz")
	person.answered(3)
	person.Is(last + `.innerText.includes("کونسلر") && document.querySelectorAll("#choices button").length === 2`)
	person.says("counsellor")
	person.answered(4)
	person.agrees()
	person.Is(last + `.innerText.includes("قطار میں آپ کا نمبر 1 ہے")`)

	// The desk shows it by itself.
	amina.Is(`document.querySelectorAll(".row").length === 1 && window.same`)
	amina.Shows("counsellor")
	amina.Is(`document.title.startsWith("(1)")`)
	talk := amina.Await(`document.querySelector(".row a").href`)
	amina.Open(talk)
	amina.send(`form[action$="/take"]`, nil)
	amina.Is(`document.querySelector("#text") && !document.querySelector("#text").readOnly`)
	for _, text := range []string{"protector kahan se hota hai aur fees kitni hai", "xqzv wplk", "protector-pk · ur · "} {
		amina.Shows(text)
	}
	amina.Is(`/protector-pk · ur · [0-9a-f]{12}/.test(document.querySelector(".cited").innerText) && /^[0-9a-f]{12}$/.test(document.querySelector(".edition").innerText)`)

	// What she answers is a person's, and the program is silent.
	amina.send("#answer form", map[string]string{"text": "سلام! سرکاری فیس کی رسید ضرور لیں۔ آپ کس شہر میں ہیں؟"})
	person.Shows("آپ کس شہر میں ہیں؟")
	person.Is(last + `.classList.contains("staff") && ` + last + `.querySelector(".by").innerText.trim() === "ایک انسان کی طرف سے"`)
	person.says("Lahore mein, protector ki fees kitni hai?")
	amina.Shows("Lahore mein, protector ki fees kitni hai?")
	amina.Is(`document.querySelector("#note form")`)
	amina.send("#note form", map[string]string{"text": "Asked about Lahore: send him to the office on Davis Road."})
	amina.Is(`document.querySelector("#log .bubble.note .text")`)
	amina.Shot("case")

	// Another takes over, with everything that is there.
	amina.run(`var f = document.querySelector('form[action$="/pass"]'), o = [...f.elements.to.options].find(o => o.text.includes("Bilal")); f.elements.to.value = o.value; f.requestSubmit();`)
	// Whether he looks before, at, or after the moment: it appears.
	bilal.Open(c.url + "/desk?list=mine")
	bilal.Open(bilal.Await(`document.querySelector(".row a").href`))
	bilal.Shows("Asked about Lahore")
	bilal.Shows("Lahore mein, protector ki fees kitni hai?")
	bilal.Is(`document.querySelector("#answer .main")`)
	bilal.send("#answer form", map[string]string{"text": "لاہور میں دفتر کا پتا بھیج رہا ہوں۔"})
	person.Shows("لاہور میں دفتر کا پتا بھیج رہا ہوں۔")
	if after := person.Value(`[...document.querySelectorAll("#letters .said")].slice([...document.querySelectorAll("#letters .said")].findIndex(l => l.classList.contains("staff"))).filter(l => l.classList.contains("program")).length`); after != "0" {
		t.Errorf("the program spoke %s times while a person held the talk", after)
	}
	if person.Value(`document.body.innerText.includes("Davis Road")`) != "false" {
		t.Error("a note is shown to the person")
	}

	// The end, its rating, and the program again.
	bilal.send(`form[action$="/close"]`, map[string]string{"outcome": "advised", "topic": "leaving"})
	person.Is(last + `.classList.contains("program") && document.querySelectorAll("#choices button").length >= 2`)
	rating := person.Await(last + `.innerText`)
	person.run(`document.querySelector("#choices button").click()`)
	person.Is(last + `.innerText !== ` + browser.Quote(rating))
	bilal.Open(talk)
	bilal.Is(`document.querySelector("#log .e-rated")`)
	person.says("protector ki fees kitni hai")
	person.Is(last + `.classList.contains("program") && ` + last + `.innerText.includes("5,200")`)

	for _, b := range []*tab{amina, boss, bilal, person} {
		b.Done()
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
// with SARAI_PICTURES takes the pictures of the README.
func TestAMorning(t *testing.T) {
	chromium := browse(t)
	c, amina := opens(t, chromium)
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
			post(t, c, token, fmt.Sprintf("message-%d", n), browser.Quote(w), http.StatusOK)
		}
	}
	amina.Is(`document.querySelectorAll(".row").length === 5 && document.querySelector(".row").classList.contains("urgent")`)
	amina.Shot("desk")

	person := newTab(t, chromium, "the person", 390, 844, 1.5)
	person.Open(c.url + "/chat")
	person.says("protector kahan se hota hai aur fees kitni hai")
	person.answered(1)
	person.Is(`[...document.querySelectorAll("#choices button")].some(b => b.textContent === "فیس")`)
	person.Shot("answer")
	person.run(`[...document.querySelectorAll("#choices button")].find(b => b.textContent === "فیس").click()`)
	person.answered(2)
	person.Is(last + `.querySelectorAll("ul li").length >= 3 && document.querySelectorAll("#choices button").length >= 4`)
	person.run(`document.activeElement.blur(); window.scrollBy(0, -60)`)
	person.Is(`document.querySelector("#status").textContent === ""`)
	person.Shot("chat")
	for _, b := range []*tab{amina, person} {
		if wider := b.Wider(); wider > 0 {
			t.Errorf("%s: the page sticks out by %d", b.Value("location.pathname"), wider)
		}
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
	chromium := browse(t)
	c, amina := opens(t, chromium)
	n := 0
	for name, text := range hostile {
		n++
		t.Run(name, func(t *testing.T) {
			amina.T = t
			token := fmt.Sprintf("hostile%015d", n)
			post(t, c, token, "message-1", browser.Quote(text), http.StatusOK)
			person := newTab(t, chromium, name, 390, 844, 1)
			person.Open(c.url + "/chat")
			person.run(`localStorage.setItem("chat.key", ` + browser.Quote(token) + `)`)
			person.Open(c.url + "/chat")
			person.answered(1)
			person.says("counsellor")
			person.answered(2)
			person.agrees()
			person.Is(fmt.Sprintf(`document.querySelectorAll("#letters .me").length === 3 && %s.classList.contains("program")`, last))
			if n := person.Value(`document.querySelectorAll("#letters script, #letters img, #letters iframe, #letters h1, #letters [onerror], #letters svg[onload], base").length`); n != "0" {
				t.Errorf("%s elements of the chat are the stranger's", n)
			}
			if wider := person.Wider(); wider > 0 {
				t.Error("the chat has become wider than the phone")
			}

			amina.Open(c.url + "/desk")
			amina.Is(fmt.Sprintf(`document.querySelectorAll(".row").length === %d`, n))
			amina.Open(amina.Await(`[...document.querySelectorAll(".row a")].at(-1).href`))
			amina.Is(`document.querySelector("#log article.person, #log .bubble") && document.querySelector("#answer")`)
			if n := amina.Value(`document.querySelectorAll("#log script, #log img, #log iframe, #log h1, #log [onerror], #log svg, #log [hx-get*=signout], base").length`); n != "0" {
				t.Errorf("%s elements of the desk are the stranger's", n)
			}
			if wider := amina.Wider(); wider > 0 {
				t.Error("the desk has become wider than its window")
			}
			amina.Is(`document.querySelector(".bar .me").innerText.includes("Amina")`)
			amina.Quiet()
		})
	}
	amina.T = t
	amina.Done()

	// What cannot be a message is refused, and nothing comes of it.
	post(t, c, "hostile-too-long-00000", "message-1", browser.Quote(strings.Repeat("x", 1_000_000)), http.StatusRequestEntityTooLarge)
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
