// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"sarai/channels"
	"sarai/console"
	"sarai/content"
	chromium "sarai/internal/browser"
	"sarai/store"
)

// sizes are a desk's screen and a phone's.
var sizes = []struct {
	name   string
	screen chromium.Screen
}{{"desktop", aDesktop}, {"phone", aPhone}}

// faces are the ways in which a page can look.
var faces = []struct {
	name   string
	dark   bool
	locale content.Locale
}{{"light", false, content.English}, {"dark", true, content.English}, {"rtl", false, content.Urdu}, {"bn", true, content.Bangla}, {"ru", false, content.Russian}}

// everywhere shows each page in every size and face, takes its picture, and
// holds that nothing sticks out.
func (w *window) everywhere(h *house, login string, pages map[string]string) {
	w.T.Helper()
	m, err := h.db.MemberByLogin(context.Background(), login)
	if err != nil {
		w.T.Fatal(err)
	}
	before := m.Locale
	for _, size := range sizes {
		for _, face := range faces {
			m.Locale = face.locale
			if err := h.db.PutMember(context.Background(), m); err != nil {
				w.T.Fatal(err)
			}
			size.screen.Dark = face.dark
			w.Show(size.screen)
			for name, path := range pages {
				w.Open(path)
				w.Is(`window.htmx`)
				w.Shot(fmt.Sprintf("%s-%s-%s", name, size.name, face.name))
				if over := w.Wider(); over > 0 {
					w.T.Errorf("%s, %s, %s: sticks out by %v", name, size.name, face.name, over)
				}
				if bare := w.Value(`[...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, svg[role=img], img")].filter(x => x.checkVisibility() && !(x.innerText || x.getAttribute("aria-label") || x.alt || x.labels?.[0]?.innerText || x.title || "").trim()).map(x => x.outerHTML).join()`); bare != "" {
					w.T.Errorf("%s, %s, %s: without a name: %s", name, size.name, face.name, bare)
				}
			}
		}
	}
	m.Locale = before
	if err := h.db.PutMember(context.Background(), m); err != nil {
		w.T.Fatal(err)
	}
	w.Show(aDesktop)
}

// TestAPhoneIsLinkedInABrowser links one without touching the page again after
// it has begun.
func TestAPhoneIsLinkedInABrowser(t *testing.T) {
	phone := aHandset()
	h := build(t, func(o *console.Options) { o.Linked = phone })
	h.hires("amina", "Amina", store.Administrator)
	w := h.window("amina")
	w.everywhere(h, "amina", map[string]string{"link-none": "/desk/whatsapp"})
	w.Open("/desk/whatsapp")
	w.Press(`button[value="qr"]`)
	w.Is(`document.querySelector("#link").innerText.includes("One moment")`)
	phone.gives(channels.LinkStep{QR: "2@" + strings.Repeat("a", 230)})
	first := w.Await(`document.querySelector("svg.qr path:last-child").getAttribute("d")`)
	w.Value(`window.same = true`)
	phone.gives(channels.LinkStep{QR: "2@" + strings.Repeat("b", 230)})
	w.Is(`document.querySelector("svg.qr path:last-child").getAttribute("d") !== "` + first + `" && window.same`)
	// By night too it is black on white, and large enough for a camera.
	w.everywhere(h, "amina", map[string]string{"link-qr": "/desk/whatsapp"})
	w.Open("/desk/whatsapp")
	if got := w.Value(`[...document.querySelectorAll("svg.qr path")].map(p => getComputedStyle(p).fill).join()`); got != "rgb(255, 255, 255),rgb(0, 0, 0)" {
		t.Errorf("the code is drawn in %s", got)
	}
	if side, err := strconv.ParseFloat(w.Value(`document.querySelector("svg.qr").getBoundingClientRect().width`), 64); err != nil || side < 240 {
		t.Errorf("the code is %v wide", side)
	}
	phone.gives(channels.LinkStep{Done: true})
	w.Is(`document.body.innerText.includes("Which chats are private?") && document.querySelectorAll('input[name="private"]:checked').length === 3`)
	w.everywhere(h, "amina", map[string]string{"link-done": "/desk/whatsapp"})
	w.Open("/desk/whatsapp")
	w.Press(`.chats li:nth-child(2) label`)
	w.Press(`form[action="/desk/whatsapp/chats"] button`)
	w.Is(`location.search === "?did=done" && document.querySelectorAll('input[name="private"]:checked').length === 2`)

	w.Press(".unlink summary")
	w.Press(`.unlink input[type="checkbox"]`)
	w.Press(".unlink button.risky")
	w.Is(`document.body.innerText.includes("No phone is linked") && document.querySelector('button[value="qr"]')`)
	w.Press(".other summary")
	w.Type(`input[name="phone"]`, "+999 000 000 0001")
	w.Press(`button[value="code"]`)
	w.Is(`document.querySelector("#link").innerText.includes("One moment")`)
	phone.gives(channels.LinkStep{Code: "ABCD-2345"})
	w.Is(`document.querySelector(".paircode").innerText === "ABCD-2345"`)
	w.everywhere(h, "amina", map[string]string{"link-code": "/desk/whatsapp"})
	w.Open("/desk/whatsapp")
	w.Press(`form[action="/desk/whatsapp/cancel"] button`)
	w.Is(`document.querySelector('button[value="qr"]')`)
	phone.stands(channels.Banned)
	w.everywhere(h, "amina", map[string]string{"link-banned": "/desk/whatsapp", "link-warning": "/desk"})
}
