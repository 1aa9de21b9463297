// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sarai/channels"
	"sarai/store"
)

// tallied names a counter: its cell without what is not known.
func tallied(day store.Day, name store.CountName, cell store.Cell) string {
	known := store.Cell{}
	for d, v := range cell {
		if v != "" {
			known[d] = v
		}
	}
	return fmt.Sprint(day, " ", name, " ", written(known))
}

// tallies gives the counters of some days, by their names.
func (t *teller) tallies(from, to store.Day) map[string]uint64 {
	t.T.Helper()
	ts, err := t.Tallies(t.ctx(), from, to)
	t.must(err)
	all := map[string]uint64{}
	last := store.Day("")
	for _, x := range ts {
		k := tallied(x.Day, x.Name, x.Cell)
		if _, twice := all[k]; twice || x.Day < last {
			t.T.Fatalf("%s stands twice or not in the order of the days", k)
		}
		all[k], last = x.N, x.Day
	}
	return all
}

const (
	friday   store.Day = "2031-05-30"
	saturday store.Day = "2031-05-31"
	june     store.Day = "2031-06-01"
)

func message(day store.Day, locale string) store.Count {
	return store.Count{Day: day, Name: store.CountMessages, Cell: store.Cell{store.ByLocale: locale, store.ByChannel: "web"}, N: 1}
}

func counting(t *teller) {
	th := t.hear(address("ayesha"), "question")
	th = t.commit(store.Turn{Thread: th, Counts: []store.Count{message(friday, "ur"), message(friday, "ur"), message(saturday, "ur")}})
	answer := store.Count{Day: friday, Name: store.CountAnswers, Cell: store.Cell{store.ByLocale: "ur", store.ByChannel: "web"}, N: 2}
	none := message(friday, "bn")
	none.N = 0
	th = t.commit(store.Turn{Thread: th, Counts: []store.Count{message(friday, "ur"), message(friday, ""), answer, none}})
	want := map[string]uint64{
		tallied(friday, store.CountMessages, message(friday, "ur").Cell):   3,
		tallied(friday, store.CountMessages, message(friday, "").Cell):     1,
		tallied(saturday, store.CountMessages, message(friday, "ur").Cell): 1,
		tallied(friday, store.CountAnswers, answer.Cell):                   2,
	}
	t.same(t.tallies(friday, saturday), want)
	t.same(len(t.tallies(friday, friday)), 3)
	t.same(len(t.tallies(saturday, june)), 1)
	t.same(len(t.tallies(june, june)), 0)

	// Nothing of it is the person's: it stays, also when the store is opened again.
	t.must(t.Erase(t.ctx(), th.ID))
	t.same(t.tallies(friday, saturday), want)
	key := t.RoundingKey()
	t.Store = t.reopen(t.T, t.Store)
	t.same(t.tallies(friday, saturday), want)
	if len(key) == 0 || string(t.RoundingKey()) != string(key) {
		t.Fatal("the key of rounding is another after opening again")
	}
}

func countsNothing(t *teller) {
	th := t.hear(address("ayesha"), "question")
	once := store.Count{Day: friday, Name: store.CountPeople, N: 1, Once: true}
	turn := store.Turn{Thread: th, Events: []store.EventKey{t.event()}, Counts: []store.Count{message(friday, "ur"), once}}
	t.commit(turn)
	want := t.tallies(friday, friday)
	t.same(len(want), 2)
	t.fails(t.Commit(t.ctx(), turn), store.ErrDuplicate)
	turn.Events = nil
	t.fails(t.Commit(t.ctx(), turn), store.ErrConflict)
	bilal := t.from(address("bilal"))
	bilal.Addresses = append(bilal.Addresses, address("ayesha"))
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: bilal, Counts: turn.Counts}), store.ErrTaken)
	for _, c := range []store.Count{{Name: "messages", N: 1}, {Day: "2031-5-4", Name: "messages", N: 1}, {Day: friday, N: 1}} {
		if err := t.Commit(t.ctx(), store.Turn{Thread: t.read(th.ID), Counts: []store.Count{c}}); err == nil {
			t.Fatalf("%+v was counted", c)
		}
	}
	t.same(t.tallies("2000-01-01", "2099-01-01"), want)
	// Of sixty-four who decide at once on the same reading one counts.
	th = t.read(th.ID)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			err := t.Commit(t.ctx(), store.Turn{Thread: th, Counts: []store.Count{message(saturday, "ur")}})
			if err != nil && !errors.Is(err, store.ErrConflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	t.same(t.tallies(saturday, saturday), map[string]uint64{tallied(saturday, store.CountMessages, message(saturday, "ur").Cell): 1})
}

func oncePerMonth(t *teller) {
	people := func(day store.Day) store.Count {
		return store.Count{Day: day, Name: store.CountPeople, N: 1, Once: true}
	}
	visits := func(a channels.Address, day store.Day, more ...channels.Address) store.Thread {
		th := t.from(a)
		th.Addresses = append(th.Addresses, more...)
		return t.commit(store.Turn{Thread: th, Counts: []store.Count{people(day)}})
	}
	n := func(day store.Day) uint64 { return t.tallies(day, day)[tallied(day, store.CountPeople, nil)] }
	visits(address("ayesha"), friday)
	visits(address("ayesha"), friday)
	visits(address("bilal"), friday)
	th := visits(address("ayesha"), saturday, address("ayesha-phone"))
	t.same([]uint64{n(friday), n(saturday)}, []uint64{2, 0})
	// Whoever erased everything is the same person, by whichever address.
	t.must(t.Erase(t.ctx(), th.ID))
	visits(address("ayesha-phone"), saturday)
	visits(address("ayesha"), saturday)
	t.same(n(saturday), 0)
	t.Store = t.reopen(t.T, t.Store)
	visits(address("bilal"), saturday)
	t.same(n(saturday), 0)
	visits(address("bilal"), june)
	t.same(n(june), 1)
	// A month that is over by the store's clock counts nobody any more.
	visits(address("bilal"), "2001-01-01")
	t.same(n("2001-01-01"), 0)
	t.must(t.Sweep(t.ctx(), time.Date(2031, 6, 2, 0, 0, 0, 0, time.UTC)))
	visits(address("bilal"), june)
	t.same(n(june), 1)
}

func fullDay(t *teller) {
	th := t.hear(address("ayesha"), "question")
	person := func(code string) store.Count {
		return store.Count{Day: friday, Name: store.CountPeople, Cell: store.Cell{store.ByCentre: "lahore", store.ByCampaign: code}, N: 1}
	}
	var counts []store.Count
	for i := range store.MaxCampaigns + 30 {
		counts = append(counts, person(fmt.Sprint("code-", i)))
	}
	th = t.commit(store.Turn{Thread: th, Counts: append(counts, person("code-0"), person("code-229"), person(strings.Repeat("x", store.MaxValue+1)))})
	all := t.tallies(friday, friday)
	t.same(len(all), store.MaxCampaigns+1)
	t.same(all[tallied(friday, store.CountPeople, person("code-0").Cell)], 2)
	t.same(all[tallied(friday, store.CountPeople, person(store.Other).Cell)], 32)

	counts = nil
	for i := range store.MaxCells {
		c := message(saturday, fmt.Sprint(i))
		c.Cell[store.ByCentre] = "lahore"
		counts = append(counts, c)
	}
	th = t.commit(store.Turn{Thread: th, Counts: counts})
	for i := range counts {
		counts[i].Cell = store.Cell{store.ByLocale: fmt.Sprint(i + 100), store.ByChannel: "web", store.ByCentre: "lahore"}
	}
	t.commit(store.Turn{Thread: th, Counts: counts})
	all = t.tallies(saturday, saturday)
	t.same(len(all), store.MaxCells+1)
	t.same(all[tallied(saturday, store.CountMessages, store.Cell{store.ByCentre: "lahore"})], 100)
}
