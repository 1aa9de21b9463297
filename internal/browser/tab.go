// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	limit = time.Minute           // what one step of a person may take on a busy machine
	beat  = 20 * time.Millisecond // after which it is asked again whether something has come
)

// A Tab is a page in a real browser. What its methods are asked for comes about, or they
// end the test and say where the test asked. One goroutine uses a tab at a time.
type Tab struct {
	T testing.TB // whose failures they are: a part of a test may put itself here, and takes itself out again

	who       string
	ctx       context.Context
	patience  time.Duration
	tolerates []string

	mu         sync.Mutex
	hosts      map[string]bool
	complaints []string
	done       bool
}

// Context is the tab for chromedp, for what is not here.
func (b *Tab) Context() context.Context { return b.ctx }

// Open goes to an address and waits until all of it has been loaded.
func (b *Tab) Open(address string) {
	b.T.Helper()
	if u, err := url.Parse(address); err == nil {
		b.mu.Lock()
		b.hosts[u.Host] = true
		b.mu.Unlock()
	}
	b.Do(chromedp.Navigate(address))
	b.Is(`document.readyState === "complete"`)
}

// Do does one thing after the other, each within a minute.
func (b *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	for _, s := range steps {
		if err := b.do(s); err != nil {
			b.fail("%v", err)
		}
	}
}

func (b *Tab) do(s chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	return chromedp.Do(ctx, s)
}

// Click clicks with the mouse on what a CSS selector finds, once it can be seen. Where the
// page moved it, or drew it anew, while the mouse was on its way, and the click fell beside
// it, it is clicked again.
func (b *Tab) Click(css string) {
	b.T.Helper()
	aim := chromedp.Evaluate[chromedp.Void](`window.clickFell = "nowhere", addEventListener("click", e => {
		window.clickFell = e.target.closest(` + Quote(css) + `) || e.target.closest("label")?.control?.matches(` + Quote(css) + `) ? "there" : "beside it";
	}, {capture: true, once: true})`)
	b.touch("click "+css, chromedp.Steps(chromedp.WaitVisible(chromedp.CSS(css)), aim, chromedp.Click(chromedp.CSS(css)), func(ctx context.Context, t *chromedp.Target) (v chromedp.Void, _ error) {
		// A page that came by the click knows nothing of it, and one that is being left
		// may not answer.
		fell, err := chromedp.Evaluate[string](`window.clickFell || "there"`)(ctx, t)
		if err == nil && fell != "there" {
			return v, errBeside
		}
		return v, nil
	}))
}

// Type types text where a CSS selector finds a field that can be seen, letter by letter.
func (b *Tab) Type(css, text string) {
	b.T.Helper()
	b.touch("type into "+css, chromedp.SendKeys(chromedp.CSS(css), text))
}

var errBeside = errors.New("the click falls beside it")

// touch does a step on an element. If that is gone before anything was done to it, the
// step is for the one that came instead.
func (b *Tab) touch(what string, s chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	pause := time.NewTicker(beat)
	defer pause.Stop()
	for end := time.Now().Add(limit); ; <-pause.C {
		err := b.do(s)
		if err == nil {
			return
		}
		var gone *cdproto.Error
		if !errors.As(err, &gone) && !errors.Is(err, chromedp.ErrInvalidDimensions) && !errors.Is(err, errBeside) || time.Now().After(end) {
			b.fail("cannot %s: %v%s", what, err, b.page())
		}
	}
}

// Press waits until what a CSS selector finds can be seen, and clicks it in that moment,
// wherever it is and whatever lies above it: the page cannot draw it anew in between.
func (b *Tab) Press(css string) {
	b.T.Helper()
	b.until("press "+css, `(e => e && e.checkVisibility({visibilityProperty: true}) && (e.click(), true))(document.querySelector(`+Quote(css)+`))`, byHand)
}

// byHand has the page take what is done for something that a person did: it may play
// sounds then.
func byHand(p *runtime.EvaluateParams) {
	yes := true
	p.UserGesture = &yes
}

// Fill waits for a field and has text stand in it. The page is not told, as it is of what
// Type types.
func (b *Tab) Fill(css, text string) {
	b.T.Helper()
	b.until("fill "+css, `(e => e && (e.value = `+Quote(text)+`, true))(document.querySelector(`+Quote(css)+`))`)
}

// A File is one that somebody chooses.
type File struct{ Name, Type, Content string }

// Choose waits for a field of files and gives it these, as a person's choice would.
func (b *Tab) Choose(css string, files ...File) {
	b.T.Helper()
	b.Is(`document.querySelector(` + Quote(css) + `)`)
	var js strings.Builder
	js.WriteString(`(field => { if (!field) return; const all = new DataTransfer();`)
	for _, f := range files {
		js.WriteString(`all.items.add(new File([Uint8Array.from(atob("` + base64.StdEncoding.EncodeToString([]byte(f.Content)) + `"), c => c.charCodeAt(0))], ` + Quote(f.Name) + `, {type: ` + Quote(f.Type) + `}));`)
	}
	js.WriteString(`field.files = all.files; field.dispatchEvent(new Event("change", {bubbles: true})); return true; })(document.querySelector(` + Quote(css) + `))`)
	b.until("choose files in "+css, js.String())
}

// Sees waits until what a CSS selector finds can be seen.
func (b *Tab) Sees(css string) {
	b.T.Helper()
	b.until("see "+css, `document.querySelector(`+Quote(css)+`)?.checkVisibility({visibilityProperty: true})`)
}

// Shows waits until the page shows a text.
func (b *Tab) Shows(text string) {
	b.T.Helper()
	b.Is(`document.body.innerText.includes(` + Quote(text) + `)`)
}

// Plays presses play where a CSS selector finds a sound, without the noise, and waits until
// something of it is heard.
func (b *Tab) Plays(css string) {
	b.T.Helper()
	// Chromium loads no sound in a window that nobody sees, and a page that is live may
	// draw the player anew meanwhile.
	Call(b, page.BringToFront, cdp.Empty{})
	b.until("play "+css, `(a => { a.muted = true; if (a.paused) a.play().catch(() => 0); if (a.error) throw a.error.message; return a.currentTime > 0; })(document.querySelector(`+Quote(css)+`))`)
}

// Is waits until a JavaScript expression is true, over navigations too. That it throws
// means that it is not true yet.
func (b *Tab) Is(expression string) {
	b.T.Helper()
	b.until(expression, expression)
}

// Await waits like Is, and gives what the expression then is, as a string.
func (b *Tab) Await(expression string) string {
	b.T.Helper()
	return b.until(expression, expression)
}

// until waits for an expression and gives what it is then; what is how a failure calls it.
func (b *Tab) until(what, expression string, options ...chromedp.EvaluateOption) string {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, b.patience)
	defer cancel()
	ask := chromedp.Evaluate[answer](`(v => ({yes: !!v, is: v === "" ? '""' : String(v)}))((`+expression+`))`, options...)
	pause := time.NewTicker(beat)
	defer pause.Stop()
	last := "the page does not answer"
	for {
		a, err := chromedp.Run(ctx, ask)
		var threw *chromedp.ExceptionError
		switch {
		case err == nil && a.Yes:
			return a.Is
		case err == nil:
			last = "it is " + a.Is
		case errors.As(err, &threw):
			last = thrown(threw.ExceptionDetails)
		case ctx.Err() == nil: // a navigation ended the asking, or there is no page
			last = err.Error()
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			b.fail("never within %v: %s\nat last: %s%s", b.patience, what, last, b.page())
		}
	}
}

// An answer is whether an expression is true, and what it is.
type answer struct {
	Yes bool   `json:"yes"`
	Is  string `json:"is"`
}

// page is what a failure shows of the page.
func (b *Tab) page() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + " says:\n" + document.documentElement.innerText.slice(0, 5000)`))
	if err != nil {
		return "\nthe page says nothing: " + err.Error()
	}
	return "\n" + text
}

func (b *Tab) fail(format string, args ...any) {
	b.T.Helper()
	b.T.Fatalf(b.who+format, args...)
}

// Value is what a JavaScript expression gives now, as a string.
func (b *Tab) Value(expression string) string {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		b.fail("%s: %v", expression, err)
	}
	return v
}

// Wider is by how many pixels the page is wider than its window: it is to be 0.
func (b *Tab) Wider() int {
	b.T.Helper()
	n, err := strconv.Atoi(b.Value(`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	if err != nil {
		b.fail("%v", err)
	}
	return n
}

// Shot writes a picture of the page, to be looked at, into the folder that SARAI_PICTURES
// names: an absolute path. Where it names none, nothing is done.
func (b *Tab) Shot(name string) {
	b.T.Helper()
	folder := os.Getenv("SARAI_PICTURES")
	if folder == "" {
		return
	}
	// Letters have come, and nothing moves any more that will ever rest.
	if err := b.do(chromedp.Evaluate[chromedp.Void](`document.fonts.ready.then(() => Promise.allSettled(document.getAnimations().
		filter(a => a.effect && isFinite(a.effect.getComputedTiming().endTime)).map(a => a.finished)))`, chromedp.EvalAwaitPromise)); err != nil {
		b.fail("%v", err)
	}
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600)
	}
	if err != nil {
		b.fail("no picture: %v", err)
	}
}

// Quote writes s as JavaScript does.
func Quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // unreachable: a string can be written
	}
	return string(b)
}
