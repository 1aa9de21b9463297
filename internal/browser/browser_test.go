// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package browser_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sarai/internal/browser"
)

// A listener is a test that fails without harm, and keeps what it was told.
type listener struct {
	testing.TB
	said []string
}

func (l *listener) Helper() {}

func (l *listener) Errorf(format string, args ...any) {
	l.said = append(l.said, fmt.Sprintf(format, args...))
}

func (l *listener) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	runtime.Goexit()
}

// told is what a test says that does f, without its end.
func told(t *testing.T, b *browser.Tab, f func()) string {
	t.Helper()
	l := &listener{TB: t}
	b.T = l
	defer func() { b.T = t }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
	return strings.Join(l.said, "\n")
}

func serve(t *testing.T, html string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/policy" {
			w.Header().Set("Content-Security-Policy", "img-src 'none'")
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><link rel=icon href=data:,><title>x</title><body>"+html)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestWhatIsNotThereYetIsWaitedFor(t *testing.T) {
	url := serve(t, `<p id=a>words</p><input id=i><input id=f type=file>
		<script>setTimeout(() => { a.outerHTML = "<p id=b><b>more</b></p>"; }, 200);
		i.oninput = () => { document.title = i.value; };
		f.onchange = async () => { document.title = f.files[0].name + " " + f.files[0].type + " " + await f.files[0].text(); };</script>`)
	b := browser.Start(t).Tab(t, browser.Options{Screen: browser.Screen{Width: 400, Height: 300}})
	b.Open(url)
	b.Is(`document.querySelector("#b").firstChild.textContent === "more"`)
	b.Sees("#b b")
	b.Fill("#i", "two \"words\" </script>")
	b.Is(`i.value === 'two "words" </script>' && document.title === "x"`)
	b.Fill("#i", "")
	b.Type("#i", "typed")
	b.Is(`document.title === "typed"`)
	b.Choose("#f", browser.File{Name: "ü.txt", Type: "text/plain", Content: "\xc3\xa4"})
	b.Is(`document.title === "ü.txt text/plain ä"`)
	// Over a navigation, which ends every asking that is under way.
	b.Value(`setTimeout(() => { location.href = "/other"; }, 100)`)
	b.Is(`location.pathname === "/other" && document.querySelector("#b b")`)

	b.Show(browser.Screen{Width: 400, Height: 300, Scale: 2, Phone: true, Dark: true})
	b.Is(`devicePixelRatio === 2 && matchMedia("(prefers-color-scheme: dark)").matches && navigator.maxTouchPoints > 0`)
	if n := b.Wider(); n != 0 {
		t.Errorf("the page is %d too wide", n)
	}
	b.Value(`document.body.style.width = innerWidth + 7 + "px", document.body.style.margin = 0`)
	if n := b.Wider(); n != 7 {
		t.Errorf("the page is %d too wide", n)
	}
}

// The button is drawn anew all the time: whoever finds it and then presses what was found
// is too late.
func TestAButtonThatIsDrawnAnewIsPressed(t *testing.T) {
	url := serve(t, `<p id=p></p><script>window.n = 0;
		setInterval(() => { p.innerHTML = "<button onclick=n++>x</button>"; }, 1);</script>`)
	b := browser.Start(t).Tab(t, browser.Options{Screen: browser.Screen{Width: 400, Height: 300}})
	b.Open(url)
	for range 50 {
		b.Press("#p button")
	}
	if n := b.Value("n"); n != "50" {
		t.Errorf("pressed 50 times, %s arrived", n)
	}
}

// Twice the button is drawn anew while the mouse is down: no click comes of that.
func TestAClickThatTheButtonDidNotGetIsMadeAgain(t *testing.T) {
	url := serve(t, `<p><button id=c onclick=n++>x</button></p><label><input type=checkbox id=box>y</label><a href=/away>z</a><script>window.n = 0; window.downs = 0;
		onmousedown = () => { if (downs++ < 2) c.outerHTML = c.outerHTML; };</script>`)
	b := browser.Start(t).Tab(t, browser.Options{Screen: browser.Screen{Width: 400, Height: 300}})
	b.Open(url)
	b.Click("#c")
	if got := b.Value("[n, downs]"); got != "1,3" {
		t.Errorf("clicks and presses: %s", got)
	}
	b.Click("label")
	b.Click("#box")
	b.Click("label")
	if got := b.Value("[box.checked, downs]"); got != "true,6" {
		t.Errorf("the box and presses: %s", got)
	}
	b.Click("a")
	b.Is(`location.pathname === "/away" && window.n === 0`)
}

func TestAFailureSaysWhatWasWaitedFor(t *testing.T) {
	url := serve(t, `<p>These are the words of the page.`)
	b := browser.Start(t).Tab(t, browser.Options{Who: "Amina", Screen: browser.Screen{Width: 400, Height: 300}, Patience: 300 * time.Millisecond})
	b.Open(url)
	for _, x := range []struct {
		name string
		ask  func()
		says []string
	}{
		{"an exception", func() { b.Is(`document.querySelector("#none").innerText === "x"`) }, []string{"Amina: never within 300ms", `document.querySelector("#none").innerText === "x"`, "at last: TypeError: Cannot read properties of null", url, "These are the words of the page."}},
		{"a value", func() { b.Is(`document.querySelectorAll("a").length`) }, []string{`document.querySelectorAll("a").length`, "at last: it is 0"}},
		{"nothing at all", func() { b.Is(`document.querySelector("a")`) }, []string{"at last: it is null"}},
		{"what is no JavaScript", func() { b.Is(`(`) }, []string{"SyntaxError"}},
		{"a text", func() { b.Shows("other words") }, []string{`"other words"`, "at last: it is false"}},
		{"a button", func() { b.Press("#none") }, []string{"press #none"}},
		{"a field", func() { b.Fill("#none", "x") }, []string{"fill #none"}},
		{"a value now", func() { b.Value("none.x") }, []string{"none.x", "ReferenceError"}},
		{"a complaint", func() { b.Complains("frames") }, []string{`never complained of "frames"`}},
	} {
		said := told(t, b, x.ask)
		for _, part := range x.says {
			if !strings.Contains(said, part) {
				t.Errorf("%s: %q is not in\n%s", x.name, part, said)
			}
		}
	}
}

func TestWhatTheBrowserComplainsOfIsHeard(t *testing.T) {
	elsewhere := serve(t, "")
	url := serve(t, "")
	b := browser.Start(t).Tab(t, browser.Options{Screen: browser.Screen{Width: 400, Height: 300}, Tolerates: []string{"known"}})
	b.Open(url + "/policy")
	for _, x := range []struct{ name, does, says string }{
		{"the console", `console.warn("a word", {a: 1})`, `console: "a word" Object`},
		{"an exception", `setTimeout(() => { null.x; }), new Promise(r => setTimeout(r, 5))`, "exception: TypeError: Cannot read properties of null"},
		{"a promise that nobody looked at", `Promise.reject(new Error("lost")), new Promise(r => setTimeout(r, 5))`, "exception: Error: lost"},
		{"a dialog", `alert("hello")`, "a dialog: hello"},
		{"another host", `fetch("` + elsewhere + `", {mode: "no-cors"})`, "asked " + elsewhere},
		{"a policy", `new Promise(r => { const i = new Image(); i.onerror = r; i.src = "/x"; })`, "refused img-src"},
		{"what is known", `console.error("a known word")`, ""},
		{"nothing", `fetch("` + url + `/x")`, ""},
	} {
		said := told(t, b, func() {
			b.Do(chromedp.Evaluate[chromedp.Void](x.does, chromedp.EvalAwaitPromise))
			b.Quiet()
		})
		if x.says == "" && said != "" || !strings.Contains(said, x.says) {
			t.Errorf("%s: want %q, got %q", x.name, x.says, said)
		}
	}
	b.Value(`console.error("a policy of frames")`)
	b.Complains("policy of frames")
	b.Done()
	b.Value(`console.error("too late")`)
}
