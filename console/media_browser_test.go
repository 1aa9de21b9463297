// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	imagepng "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/console"
	"sarai/content"
	"sarai/desk"
	chromium "sarai/internal/browser"
	"sarai/store"
)

// painting is a picture that a browser can draw.
func painting(t *testing.T) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 640, 420))
	for x := range 640 {
		for y := range 420 {
			m.Set(x, y, color.RGBA{uint8(40 + x/5), uint8(90 + y/4), 120, 255})
		}
	}
	var b bytes.Buffer
	if err := imagepng.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFilesAtTheDesk(t *testing.T) {
	h := withFiles(t, channels.Limits{Upload: 1 << 20})
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "zahra", look: console.Look{Locale: content.English}, entries: []store.Entry{person("en", "I send you my papers")}})
	w := h.window("amina")
	w.Open("/desk/talks/" + string(id))
	w.Click(`#answer button.main`)
	w.Sees("#text")
	h.works()
	h.fake.Forget()

	// A file comes in: first that it is being fetched, then, by itself, the picture.
	w.Value(`window.same = true`)
	h.comes("zahra", channels.Picture, "passport.html", painting(t))
	w.Is(`document.querySelector("#log .file").innerText.includes("being fetched")`)
	h.works()
	w.Is(`document.querySelector("#log .file img").complete && document.querySelector("#log .file img").naturalWidth === 640`)
	webm, err := os.ReadFile("../internal/ogg/testdata/live.webm")
	if err != nil {
		t.Fatal(err)
	}
	h.comes("zahra", channels.Voice, "", string(webm))
	h.works()
	w.Plays("#log audio")

	// What does harm is not there, and what is a picture and a page is a picture.
	h.comes("zahra", channels.Picture, "photo.jpg", "<html><script>alert(1)</script>")
	h.comes("zahra", channels.Picture, "photo.gif", "GIF89a/*\x01\x00\x80\x00\x00*/=1;<script>alert(2)</script>")
	h.works()
	w.Is(`[...document.querySelectorAll("#log .file")].some(x => x.innerText.includes("can do harm")) && document.querySelectorAll("#log .file img").length === 2`)
	if w.Value(`window.same`) != "true" {
		t.Error("the page was loaded anew")
	}
	w.Quiet()
	_, file := h.last(id)
	w.Open("/desk/talks/" + string(id) + "/media/" + file)
	if kind := w.Value(`document.contentType`); kind != "image/gif" {
		t.Errorf("by itself it is %s", kind)
	}
	// What the browser itself puts around a picture is refused, and what this rig does.
	w.Complains("Applying inline style violates")
	w.Complains("Blocked script execution")

	// Too large is said before anything is sent; the words stay.
	w.Open("/desk/talks/" + string(id))
	w.Sees("#text")
	w.Type("#text", "here is the form")
	w.Choose("#file", chromium.File{Name: "big.pdf", Type: "application/pdf", Content: pdf + strings.Repeat("x", 1<<20)})
	w.Is(`document.querySelector("[data-said]").innerText.includes("at most 1 MB") && document.querySelector("#file").files.length === 0`)
	w.Choose("#file", chromium.File{Name: "setup.exe", Type: "application/octet-stream", Content: "MZ"})
	w.Is(`document.querySelector("[data-said]").innerText.includes("This kind of file is not sent") && document.querySelector("#file").files.length === 0`)
	// Harmful is said by the server; words and file stay, the file too.
	w.Choose("#file", chromium.File{Name: "page.pdf", Type: "application/pdf", Content: "<html>"})
	w.Click(`#answer button.main`)
	w.Is(`document.querySelector("#answer .notice.bad").innerText.includes("This kind of file is not sent") && document.querySelector("#text").value === "here is the form" && document.querySelector("#file").files[0].name === "page.pdf"`)
	w.Choose("#file", chromium.File{Name: "form.pdf", Type: "application/pdf", Content: pdf})
	w.Click(`#answer button.main`)
	w.Is(`[...document.querySelectorAll("#log .bubble.staff")].at(-1).innerText.includes("form.pdf") && document.querySelector("#text").value === "" && document.querySelector("#file").files.length === 0`)
	h.works()
	if sent := h.fake.Sent(); len(sent) != 1 || sent[0].Attachment == nil || string(h.fake.Carried(sent[0].Key)) != pdf || sent[0].Blocks[0].Text != "here is the form" {
		t.Fatalf("sent %+v", sent)
	}

	// On a small phone, and turned round, nothing sticks out.
	for _, locale := range []content.Locale{content.English, content.Urdu, content.Bangla} {
		m, err := h.db.MemberByLogin(t.Context(), "amina")
		if err != nil {
			t.Fatal(err)
		}
		m.Locale = locale
		if err := h.db.PutMember(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		w.Show(aPhone)
		w.Open("/desk/talks/" + string(id))
		w.Is(`document.querySelector("#log .file img").complete`)
		w.Shot("files-phone-" + string(locale))
		if over := w.Wider(); over > 0 {
			t.Errorf("%s: sticks out by %v", locale, over)
		}
	}
	amina, err := h.db.MemberByLogin(t.Context(), "amina")
	if err != nil {
		t.Fatal(err)
	}
	amina.Locale = content.English
	if err := h.db.PutMember(t.Context(), amina); err != nil {
		t.Fatal(err)
	}
	w.Show(aDesktop)
	w.Open("/desk/talks/" + string(id))

	// One is erased, with a question in between.
	w.Click(`#log .file details.erase summary`)
	w.Click(`#log .file details.erase form button`)
	w.Is(`document.body.innerText.includes("Amina erased a file") && document.querySelector("#log .file").innerText.includes("This file was erased.")`)
	w.Shot("files-desktop")
}

func TestAVoiceNoteIsRecordedHeardThrownAwayAndSent(t *testing.T) {
	h := withFiles(t, channels.Limits{Upload: 1 << 20})
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "zahra", rank: desk.Unheard, entries: []store.Entry{person("en", "please speak to me, I cannot read")}})
	w := h.window("amina")
	w.Open("/desk/talks/" + string(id))
	w.Click(`#answer button.main`)
	w.Sees("[data-record]")
	h.works()
	h.fake.Forget()
	record := func(d time.Duration) {
		t.Helper()
		w.Click("[data-record]")
		w.Sees("[data-stop]")
		begun := time.Now()
		w.Is(`document.querySelector(".attach [data-clock]").textContent >= "0:0` + fmt.Sprint(int(d/time.Second)) + `"`)
		w.Click(`#answer button.main`) // half of it is not sent
		w.Click("[data-stop]")
		w.Is(`document.querySelector("#file").files.length === 1 && !document.querySelector("[data-listen]").hidden && document.querySelector("[data-stop]").hidden`)
		t.Logf("recorded %s bytes in %v", w.Value(`document.querySelector("#file").files[0].size`), time.Since(begun))
	}
	record(time.Second)
	w.Click("[data-drop]")
	w.Is(`document.querySelector("#file").files.length === 0 && document.querySelector("[data-listen]").hidden && !document.querySelector("[data-record]").hidden`)
	record(2 * time.Second)
	w.Plays("[data-listen]")
	w.Shot("voice-desktop")
	w.Click(`#answer button.main`)
	w.Is(`document.querySelector("#log .bubble.staff audio") && document.querySelector("#file").files.length === 0`)
	h.works()
	sent := h.fake.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d messages were sent", len(sent))
	}
	a, note := sent[0].Attachment, h.fake.Carried(sent[0].Key)
	if a.Kind != channels.Voice || a.Type != "audio/ogg" || a.Seconds < 2 || a.Seconds > 20 || !bytes.HasPrefix(note, []byte("OggS")) || !bytes.Contains(note[:80], []byte("OpusHead")) {
		t.Fatalf("sent %+v of %d bytes", a, len(note))
	}
	if folder := os.Getenv("SARAI_PICTURES"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, "note.ogg"), note, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.Plays("#log .bubble.staff audio")
}
