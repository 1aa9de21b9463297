// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

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
	for _, size := range sizes {
		for _, l := range []content.Locale{content.English, content.Urdu} {
			m := h.member(amina.ID)
			m.Locale = l
			if err := h.db.PutMember(context.Background(), m); err != nil {
				t.Fatal(err)
			}
			w.Show(size.screen)
			for name, path := range map[string]string{
				"audit": "/desk/audit?check=1", "retention": "/desk/retention", "held": "/desk/talks/" + string(held),
				"erase": "/desk/talks/" + string(leaves) + "/erase", "export": "/desk/talks/" + string(leaves) + "/export",
			} {
				w.Open(path)
				w.Is(`window.htmx`)
				w.Shot(fmt.Sprintf("%s-%s-%s", name, size.name, l))
				if over := w.Wider(); over > 0 {
					t.Errorf("%s, %s, %s: sticks out by %v", name, size.name, l, over)
				}
				if n := w.Value(`document.querySelectorAll("script:not([src]), iframe, base, style, [onerror], [onload], body [style], img").length`); n != "0" {
					t.Errorf("%s: %s elements are strangers'", name, n)
				}
			}
		}
	}
	m := h.member(amina.ID)
	m.Locale = content.English
	if err := h.db.PutMember(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	w.Show(aDesktop)

	// From the queue to the list, to the talk, and to the end of it.
	w.Open("/desk")
	w.Click("#leave")
	w.Click("#row-" + string(gone))
	w.Click("#keeping")
	w.Click(".do-erase")
	w.Click(`input[name="sure"]`)
	w.Click("button.risky")
	w.Is(`location.pathname === "/desk" && document.body.innerText.includes("The talk is erased.")`)
	if _, err := h.db.ThreadByID(context.Background(), gone); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}

	// One kind of deed, and from there the talk's own history.
	w.Open("/desk/audit")
	w.Fill(`select[name="what"]`, "case-passed")
	w.Click(".filter button.main")
	w.Is(`location.search.includes("what=case-passed") && document.querySelectorAll(".audit tbody tr").length === 30`)
}
