// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
)

// counts adds to the counters of a day in April, the month before the stories.
func (h *house) counts(name store.CountName, n uint64, cell store.Cell) {
	h.t.Helper()
	th, err := h.db.Thread(context.Background(), channels.Address{Channel: "web", ID: "counted"})
	if err != nil {
		h.t.Fatal(err)
	}
	err = h.db.Commit(context.Background(), store.Turn{Thread: th, Counts: []store.Count{{Day: "2031-04-10", Name: name, N: n, Cell: cell}}})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) april() {
	h.t.Helper()
	lahore, dhaka := store.Cell{store.ByCentre: "lahore"}, store.Cell{store.ByCentre: "dhaka"}
	with := func(c store.Cell, d store.Dimension, v string) store.Cell {
		x := store.Cell{d: v}
		for k, w := range c {
			x[k] = w
		}
		return x
	}
	h.counts(store.CountClosed, 100, with(lahore, store.ByGender, "woman"))
	h.counts(store.CountClosed, 3, with(lahore, store.ByGender, "man"))
	h.counts(store.CountClosed, 400, with(dhaka, store.ByTopic, "danger"))
	h.counts(store.CountReferrals, 50, with(lahore, store.ByPartner, "hotline"))
	h.counts(store.CountPeople, 60, with(lahore, store.ByCampaign, "=1+1"))
	h.counts(store.CountFirst, 60, with(lahore, store.ByWait, "30m"))
}

func TestTheReportIsAPageAndATable(t *testing.T) {
	h := build(t)
	h.april()
	h.hires("amina", "Amina", store.Administrator)
	b := h.signsIn("amina")
	page := b.get("/desk/report") // the month that is over is shown by itself
	page.has(t, "Report", "Woman", "Man <5", "Not asked", "Rights hotline", "≤ 30 min", "Danger", "Others, each fewer than five", "=1+1", "rounded to fives")
	if !strings.Contains(page.body, `value="2031-04"`) || !strings.Contains(page.body, `<rect x="0" y="0" width="100" height="10"/>`) {
		t.Error("the page has no month or no bars")
	}
	numbers := regexp.MustCompile(`<td class="n"><bdi dir="ltr">([^<]*)</bdi>`).FindAllStringSubmatch(page.body, -1)
	if len(numbers) < 20 {
		t.Errorf("the page has %d numbers", len(numbers))
	}
	for _, m := range numbers {
		if !strings.HasSuffix(m[1], "0") && !strings.HasSuffix(m[1], "5") {
			t.Errorf("a number is exact: %s", m[1])
		}
	}
	b.get("/desk/report?from=2031-05&to=2031-05").lacks(t, "Rights hotline")

	file := b.get("/desk/report.csv?from=2031-04&to=2031-04&by=gender&by=")
	lines, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	if err != nil || file.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatal(err, file.header)
	}
	if !slices.ContainsFunc(lines, func(l []string) bool { return strings.Join(l, " ") == "2031-04-01 2031-04-30 closed man <5" }) {
		t.Errorf("the table is %v", lines)
	}
	if all := b.get("/desk/report.csv?from=2031-04&to=2031-04"); !strings.Contains(all.body, ",campaign,'=1+1,") {
		t.Errorf("a formula is a formula: %s", all.body)
	}
	for _, wrong := range []string{"?from=2031-05&to=2031-04", "?from=x&to=y", "?from=2031-13"} {
		for _, path := range []string{"/desk/report", "/desk/report.csv"} {
			if a := b.get(path + wrong); a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s%s answers %d", path, wrong, a.status)
			}
		}
	}
	if a := b.get("/desk/report.csv?from=2031-04&by=rating&by=stage"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("what cannot be told apart answers %d", a.status)
	}
}

func TestAnAdministratorOfACentreHasItsReport(t *testing.T) {
	h := build(t)
	h.april()
	h.hires("lahori", "Lahori", store.Administrator, "lahore")
	b := h.signsIn("lahori")
	for _, path := range []string{"/desk/report", "/desk/report?centre=dhaka", "/desk/report?centre=lahore"} {
		b.get(path).has(t, "Woman")
		b.get(path).lacks(t, "MRC Dhaka")
	}
	for _, path := range []string{"/desk/report.csv?by=centre", "/desk/report.csv?by=centre&centre=dhaka"} {
		b.get(path).lacks(t, "dhaka")
	}
	for _, l := range strings.Split(b.get("/desk/report.csv?by=topic").body, "\n") {
		if strings.Contains(l, "closed,danger") {
			t.Errorf("another centre's numbers: %s", l)
		}
	}
}

func TestWhatWasToldIsNotedAtTheEnd(t *testing.T) {
	h := build(t)
	h.hires("bilal", "Bilal", store.Counsellor)
	id := h.opens(talk{name: "one", entries: []store.Entry{person("en", "hello")}})
	b := h.signsIn("bilal")
	path := "/desk/talks/" + string(id)
	b.post(path+"/take", nil)
	b.get(path).has(t, "Do not ask, do not guess", "Rights hotline", "Not asked Woman Man Other")
	form := url.Values{"outcome": {"referred"}, "topic": {"leaving"}, "gender": {"nonsense"}}
	if a := b.post(path+"/close", form); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a gender that there is not answers %d", a.status)
	}
	form = url.Values{"outcome": {"referred"}, "topic": {"leaving"}, "gender": {"woman"}, "age": {"18-24"}, "stage": {"abroad"}, "partner": {"hotline"}}
	b.follow(b.post(path+"/close", form))
	if got, want := h.thread(id).Case.Told, (desk.Told{Gender: desk.Woman, Age: desk.Age18, Stage: desk.Abroad, Partner: "hotline"}); got != want {
		t.Errorf("noted %+v, want %+v", got, want)
	}
	b.get(path).has(t, "Woman · \u206618-24 · Abroad · Rights hotline")

	other := h.opens(talk{name: "two", entries: []store.Entry{person("en", "hello")}})
	b.post("/desk/talks/"+string(other)+"/close", url.Values{"outcome": {"advised"}, "partner": {"nobody"}})
	if k := h.thread(other).Case; k.Open() || k.Told != (desk.Told{}) {
		t.Errorf("closed without a word as %+v", k)
	}
}
