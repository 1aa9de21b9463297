// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package pagetest

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"sarai/internal/browser"
)

// A Tab is the page in a real browser. Whatever the browser complains of fails the
// test at its end.
type Tab struct{ *browser.Tab }

// Open starts a Chromium with a tab of that size in pixels, and goes to url.
func Open(t *testing.T, url string, width, height int64) *Tab {
	t.Helper()
	b := &Tab{browser.Start(t).Tab(t, browser.Options{Screen: browser.Screen{Width: width, Height: height}})}
	b.Open(url)
	return b
}

// SendPicture chooses a picture of 300 by 200 in a file field, and waits until a
// message shows it.
func (b *Tab) SendPicture(field string) {
	b.T.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 300, 200))); err != nil {
		b.T.Fatal(err)
	}
	b.Choose(field, browser.File{Name: "letter.png", Type: "image/png", Content: picture.String()})
	b.Is(`document.querySelector('.bubble img').naturalWidth === 300`)
}

// Fits fails where the page is wider than a small phone.
func (b *Tab) Fits() {
	b.T.Helper()
	for _, width := range []int64{320, 360} {
		b.Show(browser.Screen{Width: width, Height: 640})
		if wider := b.Wider(); wider != 0 {
			b.T.Errorf("%s: at %d wide the page is %d wider", b.Value("location.hash"), width, wider)
		}
	}
}
