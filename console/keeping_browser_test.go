// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"sarai/content"
	"sarai/store"
)

// TestKeepingAndTheAuditInABrowser goes through the pages that say what will
// become of talks and what was done, on a phone too, and from right to left.
func TestKeepingAndTheAuditInABrowser(t *testing.T) {
	h := build(t)
	amina := h.hires("amina", "Amina", store.Administrator)
	h.hires("other", payloads[1], store.Counsellor)
	leaves, held, gone := h.leaves("leaves", noon.Add(3*24*time.Hour)), h.leaves("held", noon.Add(5*24*time.Hour)), h.leaves("gone", noon.Add(24*time.Hour))
	for _, p := range payloads {
		if err := h.gateway.Hold(context.Background(), held, amina.ID, p); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		id := store.ThreadID(fmt.Sprint("qqqqqqqqqqqqqqqqqqqqqqqq", i))
		if err := h.db.AppendActs(context.Background(), store.Act{By: amina.ID, What: store.DidPass, Thread: id, On: string(amina.ID)}); err != nil {
			t.Fatal(err)
		}
	}
	w := h.window("amina")
	for _, size := range []struct{ width, height int64 }{{1280, 800}, {360, 740}} {
		for _, l := range []content.Locale{content.English, content.Urdu} {
			m := h.member(amina.ID)
			m.Locale = l
			if err := h.db.PutMember(context.Background(), m); err != nil {
				t.Fatal(err)
			}
			must(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: size.width, Height: size.height, DeviceScaleFactor: 1, Mobile: size.width < 600})
			for name, path := range map[string]string{
				"audit": "/desk/audit?check=1", "retention": "/desk/retention", "held": "/desk/talks/" + string(held),
				"erase": "/desk/talks/" + string(leaves) + "/erase", "export": "/desk/talks/" + string(leaves) + "/export",
			} {
				w.open(path)
				w.until(`document.readyState === "complete" && window.htmx`)
				w.picture(fmt.Sprintf("%s-%d-%s", name, size.width, l))
				if over := eval[float64](w, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					t.Errorf("%s, %d wide, %s: sticks out by %v", name, size.width, l, over)
				}
				if n := eval[int](w, `document.querySelectorAll("script:not([src]), iframe, base, style, [onerror], [onload], body [style], img").length`); n > 0 {
					t.Errorf("%s: %d elements are strangers'", name, n)
				}
			}
		}
	}
	m := h.member(amina.ID)
	m.Locale = content.English
	if err := h.db.PutMember(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	must(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1280, Height: 800, DeviceScaleFactor: 1})

	// From the queue to the list, to the talk, and to the end of it.
	w.open("/desk")
	w.click("#leave")
	w.click("#row-" + string(gone))
	w.click("#keeping")
	w.click(".do-erase")
	w.click(`input[name="sure"]`)
	w.click("button.risky")
	w.until(`location.pathname === "/desk" && document.body?.innerText.includes("The talk is erased.")`)
	if _, err := h.db.ThreadByID(context.Background(), gone); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}

	// One kind of deed, and from there the talk's own history.
	w.open("/desk/audit")
	eval[bool](w, `(() => { document.querySelector('select[name="what"]').value = "case-passed"; return true; })()`)
	w.click(".filter button.main")
	w.until(`location.search.includes("what=case-passed") && document.querySelectorAll(".audit tbody tr").length === 30`)
	w.silent()
}
