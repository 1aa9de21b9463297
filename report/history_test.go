// SPDX-License-Identifier: GPL-3.0-or-later

package report_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/content"
	"sarai/desk"
	"sarai/gateway"
	"sarai/locales"
	"sarai/report"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

// TestEverybodyIsErasedAndTheReportIsTheSame has five hundred people write over two
// months, some twice, some in danger, some to a counsellor, some from a link; then
// everybody is erased.
func TestEverybodyIsErasedAndTheReportIsTheSame(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	now := time.Date(2026, 10, 31, 20, 0, 0, 0, time.UTC) // it is November in Karachi
	clock := func() time.Time { return now }
	db, err := bolt.Open(filepath.Join(t.TempDir(), "sarai.db"), bolt.Options{Key: make([]byte, bolt.KeySize), NoSync: true, Now: clock})
	must(err)
	defer db.Close()
	catalogue, err := content.Load(os.DirFS("../dialog/testdata/shelf"))
	must(err)
	phrases, err := locales.Load()
	must(err)
	read := func(q string, _ search.Hint) search.Reading {
		r := search.Reading{Locale: "en", Sure: true, Band: search.Unknown}
		switch {
		case strings.Contains(q, "danger"):
			r.Signals = []search.Raised{{Signal: "held"}}
		case strings.Contains(q, "visa"):
			r.Band, r.Matches = search.Answer, []search.Match{{Article: "visa-check", Sure: 0.9}}
		}
		return r
	}
	g := gateway.New(gateway.Options{
		Store: db, Phrases: phrases, Now: clock, Centres: []content.CentreID{"here"},
		Edition: gateway.Edition{Catalogue: catalogue, Read: read},
	})
	names := []channels.Name{"telegram", "whatsapp", "web"}
	for _, n := range names {
		g.Attach(channeltest.NewFake(n, channels.Limits{}))
	}
	must(db.PutMember(ctx, store.Member{ID: "amina", Login: "amina", Role: store.Counsellor, Active: true, OnDuty: true}))

	r := rand.New(rand.NewPCG(2026, 11))
	var people []channels.Address
	n := 0
	writes := func(who channels.Address, text, code string) {
		n++
		in := channels.Inbound{From: who, ID: fmt.Sprint(n), At: now, Kind: channels.Text, Text: text, Language: "en", Campaign: code}
		must(g.Accept(ctx, in))
		if r.IntN(10) == 0 { // the platform delivers it again
			must(g.Accept(ctx, in))
		}
	}
	step := 61 * 24 * time.Hour / 500
	heard, returned := 0, 0
	for i := range 500 {
		who := channels.Address{Channel: names[min(r.IntN(4), 2)], ID: fmt.Sprint("person-", i)}
		people = append(people, who)
		code := ""
		if r.IntN(5) == 0 {
			code = []string{"poster", "radio", "school"}[r.IntN(3)]
		}
		writes(who, "is my visa real", code)
		heard++
		if r.IntN(8) == 0 {
			writes(who, "i am in danger", code)
			heard++
		}
		if r.IntN(3) == 0 {
			for _, text := range []string{"counsellor", "yes", "skip"} {
				writes(who, text, "")
				heard++
			}
			th, err := db.Thread(ctx, who)
			must(err)
			must(g.Command(ctx, th.ID, "amina", desk.Take{}))
			now = now.Add(time.Duration(r.IntN(60)) * time.Second)
			must(g.Say(ctx, th.ID, "amina", fmt.Sprint("key", i), "hello"))
			must(g.Say(ctx, th.ID, "amina", fmt.Sprint("key", i), "hello"))
			must(g.Command(ctx, th.ID, "amina", desk.Close{
				Outcome: desk.Outcomes()[r.IntN(3)], Topic: "rights",
				Told: desk.Told{Gender: append(desk.Genders(), "")[r.IntN(4)], Age: append(desk.Ages(), "")[r.IntN(6)], Partner: []string{"", "hotline"}[r.IntN(2)]},
			}))
		}
		if i > 300 && r.IntN(3) == 0 { // who wrote in November comes back
			old := people[r.IntN(200)]
			writes(old, "visa again", "")
			heard++
			returned++
		}
		now = now.Add(step)
		if i%50 == 0 {
			must(db.Sweep(ctx, now))
		}
	}

	queries := []report.Query{
		{From: "2026-11-01", To: "2026-11-30"}, {From: "2026-12-01", To: "2026-12-31"}, {From: "2026-11-01", To: "2026-12-31", Centres: []content.CentreID{"here"}},
		{From: "2026-11-01", To: "2026-12-31", By: []store.Dimension{store.ByGender, store.ByOutcome}},
		{From: "2026-11-01", To: "2026-12-31", By: []store.Dimension{store.ByChannel, store.ByCampaign}},
	}
	print := func() string {
		t.Helper()
		var b strings.Builder
		for _, q := range queries {
			x, err := report.Make(ctx, db, q)
			must(err)
			must(x.CSV(&b))
		}
		return b.String()
	}
	exactly := func() map[store.CountName]int {
		t.Helper()
		sums := map[store.CountName]int{}
		ts, err := db.Tallies(ctx, "2026-11-01", "2026-12-31")
		must(err)
		for _, x := range ts {
			sums[x.Name] += int(x.N)
		}
		return sums
	}
	before, sums := print(), exactly()
	if sums[store.CountMessages] != heard {
		t.Errorf("%d messages were counted of %d", sums[store.CountMessages], heard)
	}
	if least := 500; sums[store.CountPeople] <= least || sums[store.CountPeople] > least+returned {
		t.Errorf("%d people were counted of 500, of whom at most %d came in both months", sums[store.CountPeople], returned)
	}
	if c := sums[store.CountClosed]; c < 100 || c != sums[store.CountReplies]-programs(t, db) {
		t.Errorf("%d cases were closed, each with one word of a human: %v", c, sums)
	}

	for _, who := range people {
		th, err := db.Thread(ctx, who)
		must(err)
		must(db.Erase(ctx, th.ID))
	}
	if after := print(); after != before {
		t.Error("the report is another after everybody was erased")
	}
	now = now.Add(-24 * time.Hour)
	for _, who := range people[460:480] { // who is erased and writes again in the same month is the same person
		writes(who, "visa", "")
	}
	if again := exactly(); again[store.CountMessages] != heard+20 || again[store.CountPeople] != sums[store.CountPeople] {
		t.Errorf("%d messages, want %d, of %d people, want %d", again[store.CountMessages], heard+20, again[store.CountPeople], sums[store.CountPeople])
	}
	for _, word := range []string{"person-", "hello", "is my visa"} {
		if strings.Contains(before, word) {
			t.Errorf("the report says %q", word)
		}
	}
}

// programs is how many replies were the program's.
func programs(t *testing.T, db *bolt.DB) (n int) {
	t.Helper()
	ts, err := db.Tallies(context.Background(), "2026-11-01", "2026-12-31")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range ts {
		if x.Name == store.CountReplies && x.Cell[store.ByWhom] == "program" {
			n += int(x.N)
		}
	}
	return n
}
