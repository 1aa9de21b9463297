// SPDX-License-Identifier: GPL-3.0-or-later

package report_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/report"
	"sarai/store"
)

// A shelf holds counters that were made up.
type shelf struct {
	tallies []store.Tally
	key     byte
}

func (s shelf) Tallies(_ context.Context, from, to store.Day) (ts []store.Tally, err error) {
	for _, t := range s.tallies {
		if t.Day >= from && t.Day <= to {
			ts = append(ts, t)
		}
	}
	return ts, nil
}

func (s shelf) RoundingKey() []byte { return []byte{s.key} }

// madeUp gives two months of counters of a small centre: a few values that are
// common and many that are rare, so that a table is full of small numbers.
func madeUp(seed uint64) shelf {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(values ...string) string {
		return values[min(int(r.ExpFloat64()*float64(len(values))/4), len(values)-1)]
	}
	sums := map[string]*store.Tally{}
	var s shelf
	for range 500 {
		day := store.Day(time.Date(2026, 11, 1+r.IntN(61), 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
		cell := store.Cell{
			store.ByCentre: pick("mrc-lahore", "mrc-dhaka"), store.ByChannel: pick("telegram", "whatsapp", "web"),
			store.ByLocale: pick("ur", "en", "bn", "ru", "fa-AF"), store.ByOrigin: pick("PK", "BD", "AF", "TJ", "KG", "UZ"),
			store.ByGender: pick("man", "woman", "", "other"), store.ByAge: pick("25-34", "18-24", "35-49", "0-17", "50+"),
			store.ByTopic: pick("leaving", "jobs", "rights", "danger", "return"), store.ByOutcome: pick("advised", "referred", "no-reply", "withdrawn"),
		}
		k := fmt.Sprint(day, cell)
		if sums[k] == nil {
			sums[k] = &store.Tally{Day: day, Name: store.CountClosed, Cell: cell}
		}
		sums[k].N++
	}
	for _, t := range sums {
		s.tallies = append(s.tallies, *t)
	}
	s.key = byte(seed)
	return s
}

// A reader has every table that was ever exported, and works out how many there
// were between what bounds: every number is the sum of those that it is told
// apart into, and of those of the parts of its time.
type reader struct {
	bounds map[string][2]int64 // by what is counted, when and of whom
	hidden map[string]bool
	sums   []sum
}

type sum struct {
	whole string
	parts []string
}

// reads takes in a table. say gives the bounds of a number.
func (r *reader) reads(when string, t report.Table, say func(report.Number) (uint64, uint64)) {
	name := func(values []string, only int) string {
		words := []string{when, string(t.Name)}
		var of []string
		for i, d := range t.By[:len(values)] {
			if only&(1<<i) != 0 {
				of = append(of, string(d)+"="+values[i])
			}
		}
		slices.Sort(of)
		return strings.Join(append(words, of...), " ")
	}
	note := func(k string, n report.Number) {
		a, b := say(n)
		r.bounds[k] = [2]int64{int64(a), int64(b)}
		r.hidden[k] = n.Hidden()
	}
	note(name(nil, 0), t.Total)
	table := fmt.Sprint(" in the table by ", t.By)
	own := func(x report.Row) string {
		k := name(x.Values, -1)
		if slices.Contains(x.Values, report.Several) { // no other table's row is the same
			k += table
		}
		return k
	}
	var all []string
	several := ""
	most := int64(0)
	for _, x := range t.Rows {
		note(own(x), x.N)
		all = append(all, own(x))
		if slices.Contains(x.Values, report.Several) {
			_, n := say(x.N)
			several, most = own(x), int64(n)
		}
	}
	if len(t.By) == 0 {
		return
	}
	r.sums = append(r.sums, sum{name(nil, 0), all})
	for only := 1; only < 1<<len(t.By)-1; only++ {
		// A number of the table by fewer is of the rows that are listed here, and of
		// a rest that is among the several. All that is in no row of that table is.
		parts := map[string][]string{}
		for _, x := range t.Rows {
			if own(x) != several {
				k := name(x.Values, only)
				parts[k] = append(parts[k], own(x))
			}
		}
		for k, ps := range parts {
			if several != "" {
				rest := "the rest of " + k + table
				r.bounds[rest], r.hidden[rest] = [2]int64{0, most}, true
				ps = append(ps, rest)
			}
			r.sums = append(r.sums, sum{k, ps})
		}
	}
}

// thinks narrows the bounds until nothing more follows.
func (r *reader) thinks() {
	for changed := true; changed; {
		changed = false
		narrow := func(k string, least, most int64) {
			b, known := r.bounds[k]
			if !known {
				b = [2]int64{0, 1 << 40}
			}
			if n := [2]int64{max(b[0], least), min(b[1], most)}; n != b {
				r.bounds[k], changed = n, true
			}
		}
		for _, s := range r.sums {
			var least, most int64
			for _, p := range s.parts {
				b, known := r.bounds[p]
				if !known {
					b = [2]int64{0, 1 << 40}
				}
				least, most = least+b[0], most+b[1]
			}
			narrow(s.whole, least, most)
			w := r.bounds[s.whole]
			for _, p := range s.parts {
				b, known := r.bounds[p]
				if !known {
					b = [2]int64{0, 1 << 40}
				}
				narrow(p, w[0]-(most-b[1]), w[1]-(least-b[0]))
			}
		}
	}
}

// foundOut gives the hidden numbers that the reader knows now.
func (r *reader) foundOut() (known []string, hidden int) {
	for k, is := range r.hidden {
		if !is {
			continue
		}
		hidden++
		if b := r.bounds[k]; b[0] >= b[1] {
			known = append(known, fmt.Sprint(k, " is ", b))
		}
	}
	return known, hidden
}

// exported are the ways in which tables are asked for here: each month, both, by
// everything alone and by every two at once.
func exported(t *testing.T, s store.Counters, read func(when string, x report.Table)) {
	t.Helper()
	dims := []store.Dimension{store.ByCentre, store.ByChannel, store.ByLocale, store.ByOrigin, store.ByGender, store.ByAge, store.ByTopic, store.ByOutcome}
	ways := [][]store.Dimension{nil}
	for i, a := range dims {
		for _, b := range dims[:i] {
			ways = append(ways, []store.Dimension{a, b})
		}
	}
	for when, days := range map[string][2]store.Day{
		"november": {"2026-11-01", "2026-11-30"}, "december": {"2026-12-01", "2026-12-31"}, "both": {"2026-11-01", "2026-12-31"},
	} {
		for _, by := range ways {
			r, err := report.Make(context.Background(), s, report.Query{From: days[0], To: days[1], By: by})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range r.Tables {
				if x.Name == store.CountClosed {
					read(when, x)
				}
			}
		}
	}
}

// months adds that what was counted in both months is the sum of each.
func (r *reader) months() {
	for k := range r.bounds {
		rest, ok := strings.CutPrefix(k, "both ")
		if !ok || strings.Contains(k, report.Several) {
			continue
		}
		var parts []string
		for _, m := range []string{"november ", "december "} {
			if _, there := r.bounds[m+rest]; there {
				parts = append(parts, m+rest)
			}
		}
		if len(parts) == 2 {
			r.sums = append(r.sums, sum{k, parts})
		}
	}
}

// TestWhatIsHiddenIsNotFoundOut has a reader subtract every table from every other.
func TestWhatIsHiddenIsNotFoundOut(t *testing.T) {
	rounded := func(n report.Number) (uint64, uint64) { return n.Bounds() }
	for seed := range uint64(10) {
		r := reader{bounds: map[string][2]int64{}, hidden: map[string]bool{}}
		exported(t, madeUp(seed), func(when string, x report.Table) { r.reads(when, x, rounded) })
		r.months()
		r.thinks()
		known, hidden := r.foundOut()
		if hidden < 300 {
			t.Fatalf("only %d numbers were hidden: the test looks at the wrong things", hidden)
		}
		if len(known) > 0 {
			t.Errorf("of %d hidden numbers the reader knows %d, such as %s", hidden, len(known), known[0])
		}
	}
}

// TestTheReaderFindsOutWhatIsOnlyHidden says that the reader of the test above is
// no fool: where small numbers are hidden and all others are exact, most of the
// hidden ones are known.
func TestTheReaderFindsOutWhatIsOnlyHidden(t *testing.T) {
	s := madeUp(1)
	exact := func(n report.Number) (uint64, uint64) {
		if n.Hidden() {
			return n.Bounds()
		}
		return n.Shown, n.Shown
	}
	r := reader{bounds: map[string][2]int64{}, hidden: map[string]bool{}}
	exported(t, s, func(when string, x report.Table) {
		days := map[string][2]store.Day{"november": {"2026-11-01", "2026-11-30"}, "december": {"2026-12-01", "2026-12-31"}, "both": {"2026-11-01", "2026-12-31"}}[when]
		sums := map[string]uint64{}
		ts, _ := s.Tallies(t.Context(), days[0], days[1])
		var all uint64
		for _, c := range ts {
			var values []string
			for _, d := range x.By {
				values = append(values, c.Cell[d])
			}
			sums[strings.Join(values, "\x00")] += c.N
			all += c.N
		}
		number := func(n uint64) report.Number {
			if n < report.Few {
				return report.Number{}
			}
			return report.Number{Shown: n}
		}
		plain := report.Table{Name: x.Name, By: x.By, Total: number(all)}
		for k, n := range sums {
			if len(x.By) > 0 {
				plain.Rows = append(plain.Rows, report.Row{Values: strings.Split(k, "\x00"), N: number(n)})
			}
		}
		r.reads(when, plain, exact)
	})
	r.months()
	r.thinks()
	if known, hidden := r.foundOut(); len(known) < hidden/2 {
		t.Errorf("of %d hidden numbers the reader knows only %d", hidden, len(known))
	}
}
