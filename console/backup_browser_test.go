// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"fmt"
	"testing"

	"sarai/console"
	"sarai/content"
	chromium "sarai/internal/browser"
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
			w.Show(chromium.Screen{Width: 360, Height: 720, Scale: 2, Phone: true})
		}
		w.Open("/desk")
		w.Shot("backup-warning-" + string(locale))
		w.Click(".warned a")
		w.Sees(`form[action="/desk/backup/key"] button`)
		w.Shot("backup-" + string(locale))
		w.Click(`form[action="/desk/backup/key"] button`)
		w.Sees(".recovery code")
		w.Shot("backup-key-" + string(locale))
		if w.Wider() > 0 || w.Value(`[...document.querySelectorAll(".recovery code")].some(x => x.getClientRects().length > 1)`) == "true" {
			t.Errorf("%s: a row is broken, or the page is wider than the window", locale)
		}
		rows := w.Value(`[...document.querySelectorAll(".recovery code")].map(x => x.innerText).join("|")`)
		w.Click(`a[href="/desk/backup/check"]`)
		w.Sees(`input[name=row]`)
		w.Shot("backup-check-" + string(locale))
		w.Type(`input[name=row]`, w.Value(fmt.Sprintf(`%q.split("|")[document.querySelector("label.field span").innerText.match(/\d/)[0] - 1]`, rows)))
		w.Click(`main form button`)
		w.Sees(`form[action="/desk/backup/now"]`)
		if !vault.Status().Key {
			t.Errorf("%s: the key is not kept", locale)
		}
	}
}
