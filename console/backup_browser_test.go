// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"sarai/console"
	"sarai/content"
	"sarai/store"
)

// TestTheRecoveryKeyInABrowser writes it down on a phone and at a desk, in a
// language of each direction: the rows stay whole, and each can be typed back.
func TestTheRecoveryKeyInABrowser(t *testing.T) {
	for i, locale := range []content.Locale{content.English, "ur"} {
		vault := &vault{data: t.TempDir()}
		h := build(t, func(o *console.Options) { o.Backups = vault })
		m := h.hires("amina", "Amina", store.Administrator)
		m.Locale = locale
		if err := h.db.PutMember(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		w := h.window("amina")
		if i == 1 {
			must(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 360, Height: 720, DeviceScaleFactor: 2, Mobile: true})
		}
		w.open("/desk")
		w.picture("backup-warning-" + string(locale))
		w.click(".warned a")
		w.sees(`form[action="/desk/backup/key"] button`)
		w.picture("backup-" + string(locale))
		w.click(`form[action="/desk/backup/key"] button`)
		w.sees(".recovery code")
		w.picture("backup-key-" + string(locale))
		if eval[bool](w, `document.documentElement.scrollWidth > innerWidth + 1 || [...document.querySelectorAll(".recovery code")].some(x => x.getClientRects().length > 1)`) {
			t.Errorf("%s: a row is broken, or the page is wider than the window", locale)
		}
		rows := eval[string](w, `[...document.querySelectorAll(".recovery code")].map(x => x.innerText).join("|")`)
		w.click(`a[href="/desk/backup/check"]`)
		w.sees(`input[name=row]`)
		w.picture("backup-check-" + string(locale))
		n := eval[int](w, `+document.querySelector("label.field span").innerText.match(/\d/)[0]`)
		w.types(`input[name=row]`, eval[string](w, fmt.Sprintf(`%q.split("|")[%d]`, rows, n-1)))
		w.click(`main form button`)
		w.sees(`form[action="/desk/backup/now"]`)
		if !vault.Status().Key {
			t.Errorf("%s: the key is not kept", locale)
		}
		w.silent()
	}
}
