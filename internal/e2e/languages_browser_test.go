// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// People whose languages came last ask why they are not paid. Each is answered in
// their own language and letters, in its direction, and finds the counsellor by a
// button that fits a narrow phone.
func TestEachIsAnsweredInTheirLanguage(t *testing.T) {
	chromium := browse(t)
	c := newCentre(t)
	c.start()
	beat := time.NewTicker(100 * time.Millisecond)
	defer beat.Stop()
	for end := time.Now().Add(time.Minute); !c.fitted(); <-beat.C { // the quick model rather asks once more
		if time.Now().After(end) {
			t.Fatal("the full model is not there after a minute")
		}
	}
	for _, person := range []struct{ locale, asks, dir, counsellor string }{
		{"ps", "معاش مې نه راکوي", "rtl", "سلاکار"},
		{"ar", "ما ينطوني راتبي", "rtl", "مستشار"},
		{"ckb", "سێ مانگە مووچەم نادەن", "rtl", "ڕاوێژکار"},
		{"tg", "маошамро намедиҳанд", "ltr", "Мушовир"},
		{"ky", "айлыгымды бербей жатышат", "ltr", "Кеңешчи"},
		{"kk", "жалақымды бермей жатыр", "ltr", "Кеңесші"},
		{"uz", "oyligimni bermayapti", "ltr", "Maslahatchi"},
		{"uz", "ойлигимни бермаяпти", "ltr", "Маслаҳатчи"},
	} {
		phone := newTab(t, chromium, person.locale, 320, 640, 1)
		phone.Open(c.url + "/chat")
		phone.says(person.asks)
		phone.answered(1)
		phone.Is(last + `.querySelector("[lang=` + person.locale + `], :scope[lang=` + person.locale + `]") !== null || ` + last + `.closest("[lang=` + person.locale + `]") !== null`)
		phone.Is(`getComputedStyle(` + last + `.querySelector("p")).direction === "` + person.dir + `"`)
		phone.Is(`[...document.querySelectorAll("#choices button")].some(b => b.textContent === "` + person.counsellor + `")`)
		if wider := phone.Wider(); wider > 0 {
			t.Errorf("%s: the page sticks out by %d", person.locale, wider)
		}
		phone.Shot("language-" + person.locale + "-" + person.counsellor)
	}
}

// fitted says whether the full model of the articles answers.
func (c *centre) fitted() bool {
	resp, err := http.Get(c.url + "/metrics")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	told, err := io.ReadAll(resp.Body)
	return err == nil && strings.Contains(string(told), "\nsarai_search_fitted 1\n")
}
