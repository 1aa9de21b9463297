// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"sarai/channels"
	"sarai/console"
	"sarai/content"
	"sarai/store"
)

// sizes are a desk's screen and a phone's.
var sizes = []struct {
	name          string
	width, height int64
}{{"desktop", 1280, 800}, {"phone", 360, 740}}

// faces are the ways in which a page can look.
var faces = []struct {
	name, scheme string
	locale       content.Locale
}{{"light", "light", content.English}, {"dark", "dark", content.English}, {"rtl", "light", content.Urdu}, {"bn", "dark", content.Bangla}, {"ru", "light", content.Russian}}

// everywhere shows each page in every size and face, takes its picture, and
// holds that nothing sticks out.
func (w *window) everywhere(h *house, login string, pages map[string]string) {
	w.t.Helper()
	m, err := h.db.MemberByLogin(context.Background(), login)
	if err != nil {
		w.t.Fatal(err)
	}
	before := m.Locale
	for _, size := range sizes {
		for _, face := range faces {
			m.Locale = face.locale
			if err := h.db.PutMember(context.Background(), m); err != nil {
				w.t.Fatal(err)
			}
			must(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: size.width, Height: size.height, DeviceScaleFactor: 1, Mobile: size.name == "phone"})
			must(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: face.scheme}}})
			for name, path := range pages {
				w.open(path)
				w.until(`document.readyState === "complete" && window.htmx`)
				w.picture(fmt.Sprintf("%s-%s-%s", name, size.name, face.name))
				if over := eval[float64](w, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					w.t.Errorf("%s, %s, %s: sticks out by %v", name, size.name, face.name, over)
				}
				if bare := eval[string](w, `[...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, svg[role=img], img")].filter(x => x.checkVisibility() && !(x.innerText || x.getAttribute("aria-label") || x.alt || x.labels?.[0]?.innerText || x.title || "").trim()).map(x => x.outerHTML).join()`); bare != "" {
					w.t.Errorf("%s, %s, %s: without a name: %s", name, size.name, face.name, bare)
				}
			}
		}
	}
	m.Locale = before
	if err := h.db.PutMember(context.Background(), m); err != nil {
		w.t.Fatal(err)
	}
	must(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1280, Height: 800, DeviceScaleFactor: 1})
	must(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
}

// press clicks what can be seen, wherever the page has put it meanwhile.
func (w *window) press(css string) {
	w.t.Helper()
	w.until(`document.querySelector(` + "`" + css + "`" + `)?.checkVisibility()`)
	eval[bool](w, `document.querySelector(`+"`"+css+"`"+`).click() === undefined`)
}

// TestAPhoneIsLinkedInABrowser links one without touching the page again after
// it has begun.
func TestAPhoneIsLinkedInABrowser(t *testing.T) {
	phone := aHandset()
	h := build(t, func(o *console.Options) { o.Linked = phone })
	h.hires("amina", "Amina", store.Administrator)
	w := h.window("amina")
	w.everywhere(h, "amina", map[string]string{"link-none": "/desk/whatsapp"})
	w.open("/desk/whatsapp")
	w.press(`button[value="qr"]`)
	w.until(`document.querySelector("#link")?.innerText.includes("One moment")`)
	phone.gives(channels.LinkStep{QR: "2@" + strings.Repeat("a", 230)})
	w.until(`document.querySelector("svg.qr")`)
	first := eval[string](w, `document.querySelector("svg.qr path:last-child").getAttribute("d")`)
	eval[bool](w, `window.same = true`)
	phone.gives(channels.LinkStep{QR: "2@" + strings.Repeat("b", 230)})
	w.until(`document.querySelector("svg.qr path:last-child").getAttribute("d") !== "` + first + `" && window.same`)
	// By night too it is black on white, and large enough for a camera.
	w.everywhere(h, "amina", map[string]string{"link-qr": "/desk/whatsapp"})
	w.open("/desk/whatsapp")
	if got := eval[string](w, `[...document.querySelectorAll("svg.qr path")].map(p => getComputedStyle(p).fill).join()`); got != "rgb(255, 255, 255),rgb(0, 0, 0)" {
		t.Errorf("the code is drawn in %s", got)
	}
	if side := eval[float64](w, `document.querySelector("svg.qr").getBoundingClientRect().width`); side < 240 {
		t.Errorf("the code is %v wide", side)
	}
	phone.gives(channels.LinkStep{Done: true})
	w.until(`document.body?.innerText.includes("Which chats are private?") && document.querySelectorAll('input[name="private"]:checked').length === 3`)
	w.everywhere(h, "amina", map[string]string{"link-done": "/desk/whatsapp"})
	w.open("/desk/whatsapp")
	w.press(`.chats li:nth-child(2) label`)
	w.press(`form[action="/desk/whatsapp/chats"] button`)
	w.until(`location.search === "?did=done" && document.querySelectorAll('input[name="private"]:checked').length === 2`)

	w.press(".unlink summary")
	w.press(`.unlink input[type="checkbox"]`)
	w.press(".unlink button.risky")
	w.until(`document.body?.innerText.includes("No phone is linked") && document.querySelector('button[value="qr"]')`)
	w.press(".other summary")
	w.types(`input[name="phone"]`, "+999 000 000 0001")
	w.press(`button[value="code"]`)
	w.until(`document.querySelector("#link")?.innerText.includes("One moment")`)
	phone.gives(channels.LinkStep{Code: "ABCD-2345"})
	w.until(`document.querySelector(".paircode")?.innerText === "ABCD-2345"`)
	w.everywhere(h, "amina", map[string]string{"link-code": "/desk/whatsapp"})
	w.open("/desk/whatsapp")
	w.press(`form[action="/desk/whatsapp/cancel"] button`)
	w.until(`document.querySelector('button[value="qr"]')`)
	phone.stands(channels.Banned)
	w.everywhere(h, "amina", map[string]string{"link-banned": "/desk/whatsapp", "link-warning": "/desk"})
	w.silent()
}
