// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sarai/content"
)

// An Asked is a reading as the commands ask and eval print it. Its lists are
// empty rather than nil, but for the rules: where no signal is raised, there is
// no such key.
type Asked struct {
	Locale  content.Locale     `json:"locale"`
	Band    Band               `json:"band"`
	Signals []content.SignalID `json:"signals"`
	Matches []Match            `json:"matches"`
	Rules   []RaisedBy         `json:"rules,omitempty"` // one for each of Signals, in their order
}

// A RaisedBy says by which line of which language's table a signal was raised.
type RaisedBy struct {
	Signal content.SignalID `json:"signal"`
	Locale content.Locale   `json:"locale"`
	Rule   string           `json:"rule"`
}

// Asked gives the reading in the form that is printed.
func (r Reading) Asked() Asked {
	a := Asked{Locale: r.Locale, Band: r.Band, Signals: []content.SignalID{}, Matches: []Match{}}
	for _, s := range r.Signals {
		a.Signals = append(a.Signals, s.Signal)
		a.Rules = append(a.Rules, RaisedBy{s.Signal, s.Locale, s.Rule})
	}
	a.Matches = append(a.Matches, r.Matches...)
	return a
}

// A Row is one line of an evaluation: what was read in it, and how long that
// took in microseconds.
type Row struct {
	Asked
	Question string          `json:"question"`
	Want     string          `json:"want"`
	Origin   content.Country `json:"origin"`
	Us       int64           `json:"us"`
}

// A Score counts how an evaluation went.
//
// Answerable are the rows that want an article, Unanswerable those that want
// none ("-"). A row that wants only a signal ("!held") is neither: it counts in
// Questions and Signals, and its matches are not judged.
type Score struct {
	Questions    int `json:"questions"`
	Answerable   int `json:"answerable"`
	Unanswerable int `json:"unanswerable"`
	First        int `json:"first"`    // a wanted article is the first match, in whatever band
	First3       int `json:"first3"`   // or among the first three
	Answered     int `json:"answered"` // band answer, and right
	Wrong        int `json:"wrong"`    // band answer, and not right; "-" rows included
	Refused      int `json:"refused"`  // "-" rows that were not answered

	Signals       int `json:"signals"`        // rows that want a signal
	SignalsRaised int `json:"signals_raised"` // of those, rows that raised it
	// SignalsFalse are rows that raised a signal without wanting one. Where
	// the row wants the very article that the signal would say, it is not false.
	SignalsFalse int `json:"signals_false"`

	Locales     int   `json:"locales"` // rows that say which language they are in
	LocaleRight int   `json:"locale_right"`
	P50         int64 `json:"p50_us"`
	P99         int64 `json:"p99_us"`
}

// Eval asks an index the questions of a tab-separated file and compares the
// readings with what the file wants. The columns are found by the header line:
// question and want must be there; locale is compared with and never given to
// the index; origin is given as a hint; others are left aside. want is an
// article's id, several with | between where each is right, - where nothing
// must be answered, or !id for a signal that must be raised.
//
// now is the clock that the readings are timed by. Each row is given to each as it is done, where that is not nil; an error of
// each ends the evaluation, as does the end of ctx. A file that cannot be
// understood gives an error that names the line; nothing in it repeats a
// question.
func Eval(ctx context.Context, x *Index, r io.Reader, now func() time.Time, each func(Row) error) (Score, error) {
	var s Score
	var took []int64
	articles := map[content.SignalID]content.ArticleID{}
	for _, sig := range x.catalogue.Signals() {
		articles[sig.ID] = sig.Article
	}
	err := readTable(r, func(q tableRow) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := now()
		read := x.Read(q.question, Hint{Origin: q.origin})
		us := now().Sub(start).Microseconds()
		took = append(took, us)
		s.count(q, read, articles)
		if each == nil {
			return nil
		}
		return each(Row{Asked: read.Asked(), Question: q.question, Want: q.want, Origin: q.origin, Us: us})
	})
	if err != nil {
		return Score{}, err
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		s.P50, s.P99 = took[(n-1)*50/100], took[(n-1)*99/100]
	}
	return s, nil
}

func (s *Score) count(q tableRow, read Reading, articles map[content.SignalID]content.ArticleID) {
	s.Questions++
	if q.locale != "" {
		s.Locales++
		if q.locale == read.Locale {
			s.LocaleRight++
		}
	}
	at := slices.IndexFunc(read.Matches, func(m Match) bool { return slices.Contains(q.articles, m.Article) })
	answered := read.Band == Answer
	switch {
	case len(q.articles) > 0:
		s.Answerable++
		if at == 0 {
			s.First++
		}
		if at >= 0 && at < 3 {
			s.First3++
		}
		if answered && at == 0 {
			s.Answered++
		} else if answered {
			s.Wrong++
		}
	case len(q.signals) == 0:
		s.Unanswerable++
		if answered {
			s.Wrong++
		} else {
			s.Refused++
		}
	}
	if len(q.signals) > 0 {
		s.Signals++
		if slices.ContainsFunc(read.Signals, func(r Raised) bool { return slices.Contains(q.signals, r.Signal) }) {
			s.SignalsRaised++
		}
	} else if slices.ContainsFunc(read.Signals, func(r Raised) bool { return !slices.Contains(q.articles, articles[r.Signal]) }) {
		s.SignalsFalse++
	}
}

// A tableRow is one question of an evaluation file.
type tableRow struct {
	question, want string
	locale         content.Locale
	origin         content.Country
	articles       []content.ArticleID
	signals        []content.SignalID
}

// longestLine is what one line of an evaluation may hold. A message is bounded
// far below it.
const longestLine = 1 << 20

// readTable gives the rows of a file to f, one after the other.
func readTable(r io.Reader, f func(tableRow) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), longestLine)
	var columns []string
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
			columns = strings.Split(string(line), "\t")
			for i := range columns {
				columns[i] = strings.TrimSpace(columns[i])
			}
			for _, must := range []string{"question", "want"} {
				if !slices.Contains(columns, must) {
					return fmt.Errorf("line 1: the header has no column %q; columns are divided by tabs", must)
				}
			}
			for i, c := range columns {
				if c != "" && slices.Contains(columns[:i], c) {
					return fmt.Errorf("line 1: the column %q stands twice", c)
				}
			}
			continue
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		q, err := readRow(columns, strings.Split(string(line), "\t"))
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := f(q); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: longer than %d bytes", n+1, longestLine)
	case err != nil:
		return err
	case n == 0:
		return errors.New("line 1: no header; it must name the columns question and want, divided by tabs")
	}
	return nil
}

func readRow(columns, cells []string) (tableRow, error) {
	if len(cells) > len(columns) {
		return tableRow{}, fmt.Errorf("%d columns where the header has %d", len(cells), len(columns))
	}
	var q tableRow
	seen := 0
	for i, cell := range cells {
		switch columns[i] {
		case "question":
			q.question = cell
			seen++
		case "want":
			q.want = strings.TrimSpace(cell)
			seen++
		case "locale":
			// A tag that is none of ours is a language that is never right.
			tag := strings.TrimSpace(cell)
			if l, ok := content.ParseLocale(tag); ok {
				q.locale = l
			} else {
				q.locale = content.Locale(tag)
			}
		case "origin":
			o := strings.ToUpper(strings.TrimSpace(cell))
			if o == "" || o == "-" {
				continue
			}
			if len(o) != 2 || o[0] < 'A' || o[0] > 'Z' || o[1] < 'A' || o[1] > 'Z' {
				return tableRow{}, fmt.Errorf("the origin %q is no country code of two letters", o)
			}
			q.origin = content.Country(o)
		}
	}
	if seen < 2 {
		return tableRow{}, fmt.Errorf("%d columns are too few to hold the question and what it wants", len(cells))
	}
	if strings.TrimSpace(q.question) == "" {
		return tableRow{}, errors.New("no question")
	}
	if q.want == "" {
		return tableRow{}, errors.New(`nothing in want; write - where nothing must be answered`)
	}
	if q.want == "-" {
		return q, nil
	}
	for _, w := range strings.Split(q.want, "|") {
		w = strings.TrimSpace(w)
		signal, ok := strings.CutPrefix(w, "!")
		switch {
		case w == "" || w == "-" || signal == "":
			return tableRow{}, fmt.Errorf("cannot understand want %q: write an id, several with | between, -, or !signal", q.want)
		case ok:
			q.signals = append(q.signals, content.SignalID(signal))
		default:
			q.articles = append(q.articles, content.ArticleID(w))
		}
	}
	return q, nil
}
