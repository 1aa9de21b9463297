// SPDX-License-Identifier: GPL-3.0-or-later

// Package report makes tables of what was counted, for those who run or pay for a
// centre. No number in a table is exact, and none says how many there were where
// there were fewer than Few: a table is published, and what is published about
// very few people is about somebody. See Number and docs/decisions.
package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

// A Query says what a report is about.
type Query struct {
	From, To store.Day          // both included
	Centres  []content.CentreID // only these; empty: all, and what no centre has
	By       []store.Dimension  // tables by all of these at once; empty: one table for each dimension
}

// ErrQuery is what every wrong query is.
var ErrQuery = errors.New("report")

// A Table is one thing that was counted, told apart in one way.
type Table struct {
	Name  store.CountName
	By    []store.Dimension // empty: only the total
	Rows  []Row
	Total Number // of what is in the rows
}

// A Row is one line of a table. It has a value for each of the table's
// dimensions: NotKnown where it is not known or was not asked, Several where
// those stand together that are each fewer than Few.
type Row struct {
	Values []string
	N      Number
}

// Values of a row that are no values of its dimension.
const (
	NotKnown = ""
	Several  = "several"
)

// A Report is what was counted in some days.
type Report struct {
	Query
	Tables []Table // of each counter first the total, then the tables
}

// Make makes a report. It fails with ErrQuery for a query that makes no sense,
// and where the counters cannot be read.
func Make(ctx context.Context, counters store.Counters, q Query) (Report, error) {
	if err := q.check(); err != nil {
		return Report{}, err
	}
	tallies, err := counters.Tallies(ctx, q.From, q.To)
	if err != nil {
		return Report{}, err
	}
	if len(q.Centres) > 0 {
		tallies = slices.DeleteFunc(tallies, func(t store.Tally) bool {
			return !slices.Contains(q.Centres, content.CentreID(t.Cell[store.ByCentre]))
		})
	}
	p := newPress(counters.RoundingKey(), tallies)
	r := Report{Query: q}
	for _, c := range store.Counted() {
		for _, by := range q.splits(c) {
			r.Tables = append(r.Tables, p.table(c.Name, by))
		}
	}
	return r, nil
}

// check says what is wrong with a query, for whoever asks.
func (q Query) check() error {
	for _, d := range []store.Day{q.From, q.To} {
		if t, err := time.Parse(time.DateOnly, string(d)); err != nil || t.Format(time.DateOnly) != string(d) {
			return fmt.Errorf("%w: %q is no day such as 2026-11-24", ErrQuery, d)
		}
	}
	if q.From > q.To {
		return fmt.Errorf("%w: it ends on %s, before it begins on %s", ErrQuery, q.To, q.From)
	}
	if !strings.HasSuffix(string(q.From), "-01") || q.To != LastOf(q.To.Month()) {
		return fmt.Errorf("%w: it is of whole months, such as from 2026-11-01 to 2026-11-30: shorter times could be taken from each other until single people are left", ErrQuery)
	}
	for i, d := range q.By {
		switch {
		case !slices.Contains(Dimensions(), d):
			return fmt.Errorf("%w: nothing is counted by %q; there are %s", ErrQuery, d, join(Dimensions()))
		case slices.Contains(q.By[:i], d):
			return fmt.Errorf("%w: %q stands twice", ErrQuery, d)
		}
	}
	if len(q.By) > MaxBy {
		return fmt.Errorf("%w: by at most %d at once: more would tell single people apart", ErrQuery, MaxBy)
	}
	if len(q.By) > 0 && !slices.ContainsFunc(store.Counted(), func(c store.Counting) bool { return len(q.splits(c)) > 0 }) {
		return fmt.Errorf("%w: nothing is counted by %s at once", ErrQuery, join(q.By))
	}
	return nil
}

// LastOf gives the last day of a month such as "2026-11", "" if it is none.
func LastOf(month string) store.Day {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return ""
	}
	return store.Day(t.AddDate(0, 1, -1).Format(time.DateOnly))
}

// MaxBy is by how many dimensions at once a table is made at most.
const MaxBy = 3

// splits gives the ways in which a report tells a counter apart.
func (q Query) splits(c store.Counting) [][]store.Dimension {
	if len(q.By) > 0 {
		for _, d := range q.By {
			if !slices.Contains(c.By, d) {
				return nil
			}
		}
		return [][]store.Dimension{q.By}
	}
	all := [][]store.Dimension{{}}
	for _, d := range c.By {
		if d == store.BySection { // a section is one of its article
			all = append(all, []store.Dimension{store.ByArticle, d})
			continue
		}
		all = append(all, []store.Dimension{d})
	}
	return all
}

// Dimensions gives all dimensions by which something is counted, each once.
func Dimensions() []store.Dimension {
	var all []store.Dimension
	for _, c := range store.Counted() {
		for _, d := range c.By {
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	return all
}

// ParseBy reads dimensions with commas between them, as somebody types them.
// Whether there are such is for Make to say.
func ParseBy(s string) (by []store.Dimension) {
	for d := range strings.SplitSeq(s, ",") {
		if d = strings.TrimSpace(d); d != "" {
			by = append(by, store.Dimension(d))
		}
	}
	return by
}

func join(by []store.Dimension) string {
	var words []string
	for _, d := range by {
		words = append(words, string(d))
	}
	return strings.Join(words, ", ")
}

// order has the dimensions that have few values which never change, and those in
// their order.
var order = func() map[store.Dimension][]string {
	m := map[store.Dimension][]string{
		store.ByWait:   {"5m", "30m", "2h", "8h", "24h", "longer"},
		store.ByBand:   {"answer", "choose", "unknown"},
		store.ByRating: {"1", "2", "3", "4", "5"},
		store.ByVisit:  {"new", "returning"},
		store.ByPrice:  {"service", "utility", "marketing", "authentication", "other"},
		store.ByWhom:   {"program", "human"},
		store.ByHelp:   {"yes", "no"},
		store.ByScript: {"native", "latin"},
		store.ByForm:   {"words", "choice", "voice", "file", "other"},
	}
	for _, g := range desk.Genders() {
		m[store.ByGender] = append(m[store.ByGender], string(g))
	}
	for _, a := range desk.Ages() {
		m[store.ByAge] = append(m[store.ByAge], string(a))
	}
	for _, s := range desk.Stages() {
		m[store.ByStage] = append(m[store.ByStage], string(s))
	}
	return m
}()

// sortRows puts rows into an order that says nothing of what is not shown: by
// values that have an order of their own, then the largest shown number first.
func sortRows(by []store.Dimension, rows []Row) {
	place := func(d store.Dimension, v string) int {
		switch i := slices.Index(order[d], v); {
		case i >= 0:
			return i
		case v == NotKnown || v == Several:
			return len(order[d]) + 1
		default:
			return len(order[d])
		}
	}
	slices.SortFunc(rows, func(a, b Row) int {
		if len(by) == 1 {
			if c := cmp.Compare(place(by[0], a.Values[0]), place(by[0], b.Values[0])); c != 0 {
				return c
			}
		}
		if c := cmp.Compare(b.N.Shown, a.N.Shown); c != 0 {
			return c
		}
		return slices.Compare(a.Values, b.Values)
	})
}

// No value holds a zero byte: values are ids, codes and words of this program.
const between = "\x00"

func keyOf(by []store.Dimension, c store.Cell) string {
	values := make([]string, len(by))
	for i, d := range by {
		values[i] = c[d]
	}
	return strings.Join(values, between)
}

// table makes one table. It names the values of which there were Few or more, and
// puts all others into one row, which is there even if it is of nobody: so no row
// says that there was somebody. Where a dimension has few values that never change
// each has its row.
func (p *press) table(name store.CountName, by []store.Dimension) Table {
	all := p.leaves[name]
	t := Table{Name: name, By: by, Total: p.number(all)}
	if len(by) == 0 {
		return t
	}
	found := map[string][]leaf{}
	for _, x := range all {
		k := keyOf(by, x.cell)
		found[k] = append(found[k], x)
	}
	fixed := len(by) == 1 && order[by[0]] != nil
	var rest []leaf
	for _, k := range slices.Sorted(maps.Keys(found)) {
		n := p.number(found[k])
		if n.Hidden() && !(fixed && (k == NotKnown || slices.Contains(order[by[0]], k))) {
			rest = append(rest, found[k]...)
			continue
		}
		t.Rows = append(t.Rows, Row{strings.Split(k, between), n})
	}
	if !fixed || len(rest) > 0 {
		several := make([]string, len(by))
		for i := range several {
			several[i] = Several
		}
		t.Rows = append(t.Rows, Row{several, p.number(rest)})
	}
	if fixed {
		for _, v := range append([]string{NotKnown}, order[by[0]]...) {
			if found[v] == nil {
				t.Rows = append(t.Rows, Row{[]string{v}, Number{}})
			}
		}
	}
	sortRows(by, t.Rows)
	return t
}
