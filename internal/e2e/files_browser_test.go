// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser && linux

package e2e

import (
	"bytes"
	"image"
	"image/color"
	imagepng "image/png"
	"strings"
	"syscall"
	"testing"

	"sarai/internal/browser"
)

// looksAt brings a picture of the chat into sight, since none is loaded that nobody looks
// at, and waits until it is there.
func (b *tab) looksAt(photo string) {
	b.T.Helper()
	b.Is(`(photo => { photo.scrollIntoView(); return photo.querySelector("img").naturalWidth > 0; })(document.querySelector(` + browser.Quote(photo) + `))`)
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
	chromium := browse(t)
	c, amina := opens(t, chromium)
	person := newTab(t, chromium, "the person", 360, 740, 1)
	person.Open(c.url + "/chat")
	person.says("protector kahan se hota hai aur fees kitni hai") // from here on the page speaks Urdu
	person.answered(1)
	person.Choose("#file", browser.File{Name: "میرا ویزا.png", Type: "image/png", Content: photo.String()})
	person.Is(`document.querySelectorAll("#chosen li").length === 1`)
	person.Shot("files-urdu-chosen")
	person.says("kya yeh visa asli hai?")
	person.Is(`document.querySelectorAll("#letters .me").length === 2 && document.querySelectorAll("#files li").length === 0`)
	person.Is(`document.querySelectorAll("#choices button").length === 2`)
	person.run(`document.getElementById("record").click()`)
	person.Is(`document.getElementById("clock").textContent >= "0:02"`)
	person.Shot("files-urdu-recording")
	person.run(`document.getElementById("stop").click()`)
	person.Is(`document.querySelectorAll("#chosen audio").length === 1`)
	person.Shot("files-urdu-recorded")
	person.run(`document.getElementById("send").click()`)
	person.Is(`document.querySelectorAll("#files li").length === 0`)
	person.answered(3)
	person.says("counsellor")
	person.answered(4)
	person.agrees()

	amina.Is(`document.querySelectorAll(".row").length === 1`)
	talk := amina.Await(`document.querySelector(".row a").href`)
	amina.Open(talk)
	amina.send(`form[action$="/take"]`, nil)
	amina.Is(`document.querySelector("#text") && !document.querySelector("#text").readOnly`)
	amina.Shows("kya yeh visa asli hai?")
	amina.Is(`document.querySelector("#log .file img")?.naturalWidth > 0`)
	amina.Plays("#log .file audio")
	amina.Shot("files-desk")
	amina.Choose("#file", browser.File{Name: "asli.png", Type: "image/png", Content: photo.String()})
	amina.send("#answer form", map[string]string{"text": "اصلی ویزا ایسا ہوتا ہے"})
	person.looksAt("#letters .staff .photo")
	amina.Is(`document.querySelector("#file").files.length === 0 && ` + settled)
	amina.Choose("#file", browser.File{Name: "فارم.pdf", Type: "application/pdf", Content: "%PDF-1.7\n1 0 obj\n"})
	amina.send("#answer form", map[string]string{"text": ""})
	person.Is(`document.querySelectorAll("#letters .staff .doc").length === 1`)
	amina.Is(`document.querySelector("#file").files.length === 0 && ` + settled)
	amina.run(`document.querySelector("[data-record]").click()`)
	amina.Is(`document.querySelector(".attach [data-clock]").textContent >= "0:01"`)
	amina.run(`document.querySelector("[data-stop]").click()`)
	amina.Is(`document.querySelector("#file").files.length === 1`)
	amina.send("#answer form", map[string]string{"text": ""})
	person.Is(`document.querySelectorAll("#letters .staff .play").length === 1`)
	person.run(`document.querySelector("#letters .staff .play").click()`)
	person.Plays("#letters .staff audio")
	person.run(`document.querySelector("#letters .staff .photo").scrollIntoView()`)
	person.Shot("files-urdu")
	person.Open(c.url + "/chat")
	person.Is(`document.querySelectorAll("#letters .photo").length === 2 && document.querySelectorAll("#letters .play").length === 2 && document.documentElement.dir === "rtl"`)
	person.looksAt("#letters .me .photo")
	person.Shot("files-urdu-mine")
	if wider := person.Wider(); wider > 0 {
		t.Error("the chat has become wider than the phone")
	}
	for _, b := range []*tab{amina, person} {
		b.Done()
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
