// SPDX-License-Identifier: GPL-3.0-or-later

package report_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"sarai/content"
	"sarai/report"
	"sarai/store"
)

var november = report.Query{From: "2026-11-01", To: "2026-11-30"}

func make1(t *testing.T, s store.Counters, q report.Query) report.Report {
	t.Helper()
	r, err := report.Make(context.Background(), s, q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// table finds a table.
func table(t *testing.T, r report.Report, name store.CountName, by ...store.Dimension) report.Table {
	t.Helper()
	for _, x := range r.Tables {
		if x.Name == name && slices.Equal(x.By, by) {
			return x
		}
	}
	t.Fatalf("there is no table of %s by %v", name, by)
	return report.Table{}
}

func said(x report.Table) string {
	var lines []string
	for _, r := range x.Rows {
		lines = append(lines, strings.Join(r.Values, "/")+" "+r.N.String())
	}
	return strings.Join(lines, ", ")
}

// counted is a counter of the middle of November.
func counted(name store.CountName, n uint64, cell store.Cell) store.Tally {
	return store.Tally{Day: "2026-11-15", Name: name, Cell: cell, N: n}
}

func TestFewerThanFiveAreNotSaid(t *testing.T) {
	s := shelf{key: 1, tallies: []store.Tally{
		counted(store.CountMessages, 40, store.Cell{store.ByChannel: "telegram", store.ByLocale: "ur", store.ByForm: "words"}),
		counted(store.CountMessages, 4, store.Cell{store.ByChannel: "web", store.ByLocale: "ur", store.ByForm: "voice"}),
		counted(store.CountMessages, 3, store.Cell{store.ByChannel: "whatsapp", store.ByLocale: "bn", store.ByForm: "words"}),
		{Day: "2026-12-01", Name: store.CountMessages, Cell: store.Cell{store.ByChannel: "web"}, N: 100},
	}}
	r := make1(t, s, november)
	channels := table(t, r, store.CountMessages, store.ByChannel)
	if len(channels.Rows) != 2 || channels.Rows[0].Values[0] != "telegram" || channels.Rows[1].Values[0] != report.Several {
		t.Errorf("the channels are %s", said(channels))
	}
	// What has few values has them all, and does not say which there were.
	if got := said(table(t, r, store.CountMessages, store.ByForm)); !strings.HasSuffix(got, "choice <5, voice <5, file <5, other <5,  <5") {
		t.Errorf("the forms are %s", got)
	}
	if got := said(table(t, r, store.CountRatings, store.ByRating)); got != "1 <5, 2 <5, 3 <5, 4 <5, 5 <5,  <5" {
		t.Errorf("of no ratings it says %s", got)
	}
	if total := table(t, r, store.CountRatings).Total; !total.Hidden() {
		t.Errorf("of no ratings the total says %v", total)
	}
	if _, err := report.Make(context.Background(), s, report.Query{From: "2026-11-01", To: "2026-12-31", By: []store.Dimension{store.ByChannel, store.ByLocale}}); err != nil {
		t.Error(err)
	}
}

// TestANumberIsNearAndInTheMeanRight looks at many numbers of each size.
func TestANumberIsNearAndInTheMeanRight(t *testing.T) {
	for _, n := range []uint64{5, 6, 12, 23, 99, 1234} {
		var sum, square float64
		const times = 2000
		for i := range times {
			s := shelf{key: 3, tallies: []store.Tally{counted(store.CountCases, n, store.Cell{store.ByReason: fmt.Sprint(i)})}}
			got := table(t, make1(t, s, november), store.CountCases).Total
			least, most := got.Bounds()
			if got.Shown%report.Few != 0 || n < least || n > most {
				t.Fatalf("%d is said as %v, between %d and %d", n, got, least, most)
			}
			off := float64(got.Shown) - float64(n)
			sum, square = sum+off, square+off*off
		}
		if mean := sum / times; n > report.Off+report.Few && math.Abs(mean) > 0.4 {
			t.Errorf("%d is said too high by %.2f in the mean", n, mean)
		}
		if usual := math.Sqrt(square / times); usual > 4 {
			t.Errorf("%d is off by %.1f as a rule", n, usual)
		}
	}
}

// TestTheSamePeopleAreAlwaysSaidAlike asks for the same people in several ways.
func TestTheSamePeopleAreAlwaysSaidAlike(t *testing.T) {
	s := madeUp(5)
	one := table(t, make1(t, s, november), store.CountClosed, store.ByCentre)
	two := table(t, make1(t, s, report.Query{From: november.From, To: november.To, Centres: []content.CentreID{"mrc-lahore"}}), store.CountClosed)
	for _, r := range one.Rows {
		if r.Values[0] == "mrc-lahore" && r.N != two.Total {
			t.Errorf("the centre's number is %v in one table and %v in another", r.N, two.Total)
		}
	}
	ab := table(t, make1(t, s, report.Query{From: november.From, To: november.To, By: []store.Dimension{store.ByGender, store.ByTopic}}), store.CountClosed, store.ByGender, store.ByTopic)
	ba := table(t, make1(t, s, report.Query{From: november.From, To: november.To, By: []store.Dimension{store.ByTopic, store.ByGender}}), store.CountClosed, store.ByTopic, store.ByGender)
	numbers := map[string]report.Number{}
	for _, r := range ab.Rows {
		numbers[r.Values[0]+" "+r.Values[1]] = r.N
	}
	for _, r := range ba.Rows {
		if numbers[r.Values[1]+" "+r.Values[0]] != r.N {
			t.Errorf("%v is another number the other way round", r.Values)
		}
	}
	slices.Reverse(s.tallies) // a store gives them in any order
	if got := said(table(t, make1(t, s, november), store.CountClosed, store.ByCentre)); got != said(one) {
		t.Errorf("%s became %s", said(one), got)
	}
}

func TestWhatCannotBeAskedFor(t *testing.T) {
	for what, q := range map[string]report.Query{
		`"yesterday" is no day`:               {From: "yesterday", To: "2026-11-30"},
		"it ends on 2026-10-31, before":       {From: "2026-11-01", To: "2026-10-31"},
		"it is of whole months":               {From: "2026-11-01", To: "2026-11-29"},
		"whole months, such":                  {From: "2026-11-02", To: "2026-11-30"},
		`nothing is counted by "name"`:        {From: "2026-11-01", To: "2026-11-30", By: []store.Dimension{"name"}},
		`"channel" stands twice`:              {From: "2026-11-01", To: "2026-11-30", By: []store.Dimension{"channel", "channel"}},
		"by at most 3 at once":                {From: "2026-11-01", To: "2026-11-30", By: []store.Dimension{"channel", "locale", "origin", "centre"}},
		"nothing is counted by rating, stage": {From: "2026-11-01", To: "2026-11-30", By: []store.Dimension{"rating", "stage"}},
	} {
		_, err := report.Make(context.Background(), shelf{}, q)
		if !errors.Is(err, report.ErrQuery) || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v: %v, want %q", q, err, what)
		}
	}
	if got := report.ParseBy(" channel, locale,,"); !slices.Equal(got, []store.Dimension{store.ByChannel, store.ByLocale}) {
		t.Errorf("read as %v", got)
	}
	if report.LastOf("2028-02") != "2028-02-29" || report.LastOf("x") != "" {
		t.Error("a month ends on the wrong day")
	}
}

func TestATableOpensAsATable(t *testing.T) {
	s := shelf{key: 1, tallies: []store.Tally{
		counted(store.CountPeople, 50, store.Cell{store.ByCampaign: "-1+2", store.ByChannel: "web"}),
		counted(store.CountPeople, 60, store.Cell{store.ByCampaign: `a,"b`, store.ByChannel: "web"}),
		counted(store.CountPeople, 60, store.Cell{store.ByChannel: "web"}),
		counted(store.CountClosed, 60, store.Cell{store.ByOutcome: "advised"}),
		counted(store.CountAnswers, 60, store.Cell{store.ByArticle: "visa-check"}),
	}}
	read := func(q report.Query) [][]string {
		t.Helper()
		var b strings.Builder
		if err := make1(t, s, q).CSV(&b); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			for _, c := range l {
				if c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
					t.Errorf("a cell is a formula: %q", c)
				}
			}
		}
		return lines
	}
	lines := read(november)
	if got := strings.Join(lines[0], " "); got != "from to counted by value number" {
		t.Errorf("the head is %s", got)
	}
	for _, want := range []string{
		"2026-11-01 2026-11-30 people campaign '-1+2", "2026-11-01 2026-11-30 people campaign not known", `2026-11-01 2026-11-30 people campaign a,"b`,
		"2026-11-01 2026-11-30 closed gender not asked", "2026-11-01 2026-11-30 closed gender woman", "2026-11-01 2026-11-30 people  all",
		"2026-11-01 2026-11-30 answers article/section visa-check/short answer",
	} {
		if !slices.ContainsFunc(lines, func(l []string) bool { return strings.Join(l[:5], " ") == want }) {
			t.Errorf("there is no line %q", want)
		}
	}
	q := november
	q.By = []store.Dimension{store.ByChannel, store.ByCampaign}
	lines = read(q)
	if got := strings.Join(lines[0], " "); got != "from to counted channel campaign number" {
		t.Errorf("the head is %s", got)
	}
	if last := lines[len(lines)-1]; strings.Join(last[2:5], " ") != "people all all" {
		t.Errorf("the last line is %v", last)
	}
}
