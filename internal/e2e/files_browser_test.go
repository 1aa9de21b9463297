// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser && linux

package e2e

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	imagepng "image/png"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// puts gives a field of files what a person's choice would.
func (b *tab) puts(selector, name, kind string, content []byte) {
	b.t.Helper()
	b.is(`document.querySelector(` + quote(selector) + `)`)
	b.run(`var all = new DataTransfer(), f = document.querySelector(` + quote(selector) + `);
		all.items.add(new File([Uint8Array.from(atob("` + base64.StdEncoding.EncodeToString(content) + `"), c => c.charCodeAt(0))], ` + quote(name) + `, {type: ` + quote(kind) + `}));
		f.files = all.files;
		f.dispatchEvent(new Event("change", {bubbles: true}));`)
}

// plays presses play, without the noise, and waits until something is heard.
func (b *tab) plays(selector string) {
	b.t.Helper()
	b.is(`document.querySelector(` + quote(selector) + `)`)
	// Chromium loads no sound in a window that nobody sees, and a page that is live
	// may draw the player anew meanwhile.
	if _, err := chromedp.Call(b.ctx, page.BringToFront, cdp.Empty{}); err != nil {
		b.t.Fatal(err)
	}
	b.is(`(a => { a.muted = true; if (a.paused) a.play().catch(() => 0); return a.error ? console.error("playing: " + a.error.message) : a.currentTime > 0; })(document.querySelector(` + quote(selector) + `))`)
}

// Somebody with a phone sends a photo and a voice message, a counsellor looks and
// listens, and sends a picture, a form and a voice note back.
func TestFilesGoBothWaysOnTheWebsite(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 640, 420))
	for x := range 640 {
		for y := range 420 {
			m.Set(x, y, color.RGBA{uint8(40 + x/5), uint8(90 + y/4), 120, 255})
		}
	}
	var photo bytes.Buffer
	if err := imagepng.Encode(&photo, m); err != nil {
		t.Fatal(err)
	}
	browser := browse(t)
	c, amina := opens(t, browser)
	person := newTab(t, browser, "the person", 360, 740, 1)
	person.open(c.url + "/chat")
	person.says("protector kahan se hota hai aur fees kitni hai") // from here on the page speaks Urdu
	person.answered(1)
	person.puts("#file", "میرا ویزا.png", "image/png", photo.Bytes())
	person.is(`document.querySelectorAll("#chosen li").length === 1`)
	person.shot("files-urdu-chosen")
	person.says("kya yeh visa asli hai?")
	person.is(`document.querySelectorAll("#letters .me").length === 2 && document.querySelectorAll("#files li").length === 0`)
	person.is(`document.querySelectorAll("#choices button").length === 2`)
	person.run(`document.getElementById("record").click()`)
	person.is(`document.getElementById("clock").textContent >= "0:02"`)
	person.shot("files-urdu-recording")
	person.run(`document.getElementById("stop").click()`)
	person.is(`document.querySelectorAll("#chosen audio").length === 1`)
	person.shot("files-urdu-recorded")
	person.run(`document.getElementById("send").click()`)
	person.is(`document.querySelectorAll("#letters .me").length === 3 && document.querySelectorAll("#files li").length === 0`)
	person.is(`[...document.querySelectorAll("#letters .said")].at(-1).classList.contains("program")`)
	person.says("counsellor")
	person.is(`[...document.querySelectorAll("#letters .said")].at(-1).classList.contains("program") && document.querySelectorAll("#letters .me").length >= 4`)
	if person.value(`document.querySelectorAll("#choices button").length`) == "2" {
		person.run(`document.querySelector("#choices button").click()`)
	}

	amina.is(`document.querySelectorAll(".row").length === 1`)
	talk := amina.value(`document.querySelector(".row a").href`)
	amina.open(talk)
	amina.send(`form[action$="/take"]`, nil)
	amina.is(`document.querySelector("#text") && !document.querySelector("#text").readOnly`)
	amina.shows("kya yeh visa asli hai?")
	amina.is(`document.querySelector("#log .file img")?.naturalWidth > 0`)
	amina.plays("#log .file audio")
	amina.shot("files-desk")
	amina.puts("#file", "asli.png", "image/png", photo.Bytes())
	amina.send("#answer form", map[string]string{"text": "اصلی ویزا ایسا ہوتا ہے"})
	person.is(`document.querySelectorAll("#letters .staff .photo img").length === 1`)
	amina.is(`document.querySelector("#file") && document.querySelector("#file").files.length === 0`)
	amina.puts("#file", "فارم.pdf", "application/pdf", []byte("%PDF-1.7\n1 0 obj\n"))
	amina.send("#answer form", map[string]string{"text": ""})
	person.is(`document.querySelectorAll("#letters .staff .doc").length === 1`)
	amina.is(`document.querySelector("#file") && document.querySelector("#file").files.length === 0`)
	amina.run(`document.querySelector("[data-record]").click()`)
	amina.is(`document.querySelector(".attach [data-clock]").textContent >= "0:01"`)
	amina.run(`document.querySelector("[data-stop]").click()`)
	amina.is(`document.querySelector("#file").files.length === 1`)
	amina.send("#answer form", map[string]string{"text": ""})
	person.is(`document.querySelectorAll("#letters .staff .play").length === 1`)
	person.run(`document.querySelector("#letters .staff .play").click()`)
	person.plays("#letters .staff audio")
	person.run(`document.querySelector("#letters .staff .photo").scrollIntoView()`)
	person.shot("files-urdu")
	person.open(c.url + "/chat")
	person.is(`document.querySelectorAll("#letters .photo").length === 2 && document.querySelectorAll("#letters .play").length === 2 && document.documentElement.dir === "rtl"`)
	person.run(`document.querySelector("#letters .me .photo").scrollIntoView()`)
	person.is(`document.querySelectorAll("#letters .me .photo img").length === 1`)
	person.shot("files-urdu-mine")
	if over := person.value(`document.documentElement.scrollWidth > document.documentElement.clientWidth`); over == "true" {
		t.Error("the chat has become wider than the phone")
	}
	for _, b := range []*tab{amina, person} {
		b.quiet()
	}
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v", err)
	}
	for _, secret := range []string{"asli", "ویزا", "فارم", "level=ERROR", "level=WARN"} {
		if strings.Contains(c.log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, c.log)
		}
	}
}
