// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package pagetest

import (
	"bytes"
	"context"
	"encoding/json"
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
)

// A Tab is the page in a real browser. Whatever the browser complains of fails the
// test at its end. Its methods end the test where what they are asked for does not
// come about.
type Tab struct {
	t     *testing.T
	ctx   context.Context
	shots string
}

// Open starts a Chromium of that size in pixels, for two minutes at most, and goes to
// url. Shots is the folder for what Shot takes; where it is "", nothing is taken.
func Open(t *testing.T, shots, url string, width, height int64) *Tab {
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
	var mu sync.Mutex
	var faults []string
	if err := chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch ev := ev.(type) {
		case *cdplog.EventEntryAdded:
			if ev.Entry.Source != cdplog.EntrySourceNetwork { // a refused request is part of some stories
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
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, f := range faults {
			t.Errorf("the browser complains: %s", f)
		}
	})
	b := &Tab{t, ctx, shots}
	b.Do(chromedp.EmulateViewport(width, height), chromedp.Navigate(url))
	return b
}

// Do does one thing after the other.
func (b *Tab) Do(as ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, as...); err != nil {
		b.t.Fatal(err)
	}
}

// Value is what a JavaScript expression gives, as a string.
func (b *Tab) Value(expression string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// Is waits until a JavaScript expression is true, for 20 seconds at most.
func (b *Tab) Is(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		b.t.Fatalf("%s does not come true (%v); the page says:\n%s", expression, err, b.Value("document.documentElement.innerText"))
	}
}

// Shows waits until the page shows a text.
func (b *Tab) Shows(text string) {
	b.t.Helper()
	b.Is("document.body.innerText.includes(" + Quote(text) + ")")
}

// Click clicks with the mouse on what a CSS selector finds, once it can be seen.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Press clicks where the page may draw the element anew at any moment.
func (b *Tab) Press(selector string) {
	b.t.Helper()
	b.Is("document.querySelector(" + Quote(selector) + ")")
	b.Value("document.querySelector(" + Quote(selector) + ").click()")
}

// Fill puts text into the field with that id.
func (b *Tab) Fill(id, text string) {
	b.t.Helper()
	b.Value("document.getElementById(" + Quote(id) + ").value = " + Quote(text))
}

// SendPicture chooses a picture of 300 by 200 in a file field, and waits until a
// message shows it.
func (b *Tab) SendPicture(field string) {
	b.t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 300, 200))); err != nil {
		b.t.Fatal(err)
	}
	letter := filepath.Join(b.t.TempDir(), "letter.png")
	if err := os.WriteFile(letter, picture.Bytes(), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.Do(chromedp.SetUploadFiles(chromedp.CSS(field), []string{letter}))
	b.Is(`document.querySelector('.bubble img') && document.querySelector('.bubble img').naturalWidth === 300`)
}

// Fits fails where the page is wider than a small phone.
func (b *Tab) Fits() {
	b.t.Helper()
	for _, width := range []int64{320, 360} {
		b.Do(chromedp.EmulateViewport(width, 640))
		if wide := b.Value("document.documentElement.scrollWidth"); wide != b.Value("innerWidth") {
			b.t.Errorf("%s: at %d wide the page is %s wide", b.Value("location.hash"), width, wide)
		}
	}
}

// Shot writes a picture of the page, to look at.
func (b *Tab) Shot(name string) {
	b.t.Helper()
	if b.shots == "" {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.shots, name+".png"), shot, 0o600); err != nil {
		b.t.Fatal(err)
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
