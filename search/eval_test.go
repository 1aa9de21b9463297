// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// ticking is a clock that gains a millisecond each time it is read.
func ticking() func() time.Time {
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time { t = t.Add(time.Millisecond); return t }
}

func TestEval(t *testing.T) {
	x := fitted(t)
	const file = "\ufeffnote\twant\tquestion\tlocale\torigin\r\n" +
		"right\tprotector-pk\tprotector kahan se karwaun\tur\tPK\r\n" +
		"either\twages-unpaid|passport-withheld\tmy employer took my passport\ten\t\n" +
		"\n" +
		"elsewhere\treturn-home|study-abroad\tprotector ki fees\tfa\n" +
		"nothing\t-\thow do I bake bread\ten\n" +
		"nothing, but known\t-\tprotector ki fees\tur\n" +
		"signal\t!held\tthey kidnapped my son\n" +
		"signal not raised\t!held|!other\tthey stole my son\n" +
		"false\t-\tkidnapped by aliens in a film\n" +
		"not false\temergency\ti am in danger they kidnapped me\n"
	var rows []Row
	s, err := Eval(context.Background(), x, strings.NewReader(file), ticking(), func(r Row) error {
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Score{Questions: 9, Answerable: 4, Unanswerable: 3, First: 3, First3: 3, Answered: 3, Wrong: 2, Refused: 2,
		Signals: 2, SignalsRaised: 1, SignalsFalse: 1, Locales: 5, LocaleRight: 4, P50: 1000, P99: 1000}
	if s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
		for _, r := range rows {
			t.Logf("%+v", r)
		}
	}
	line, err := json.Marshal(rows[5])
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	json.Unmarshal(line, &object)
	for _, key := range []string{"locale", "band", "signals", "matches", "question", "want", "origin", "us"} {
		if v, ok := object[key]; !ok || v == nil {
			t.Errorf("no %q in %s", key, line)
		}
	}
	if empty, _ := json.Marshal(Reading{Band: Unknown}.Asked()); string(empty) != `{"locale":"","band":"unknown","signals":[],"matches":[]}` {
		t.Errorf("an empty reading is printed as %s", empty)
	}
}

func TestTheScoreHasTheKeysThatWerePromised(t *testing.T) {
	b, err := json.Marshal(Score{})
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	json.Unmarshal(b, &object)
	for _, key := range strings.Fields("questions answerable unanswerable first first3 answered wrong refused signals signals_raised signals_false locale_right p50_us p99_us") {
		if _, ok := object[key]; !ok {
			t.Errorf("no %q", key)
		}
	}
}

func TestTheLanguageColumnIsNoHint(t *testing.T) {
	x := fitted(t)
	read := func(locale string) Asked {
		var got Asked
		_, err := Eval(context.Background(), x, strings.NewReader("question\twant\tlocale\nvisa\t-\t"+locale), ticking(), func(r Row) error { got = r.Asked; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if a, b := read("bn"), read("ur"); a.Locale != b.Locale || a.Matches[0] != b.Matches[0] {
		t.Errorf("%v %v", a, b)
	}
}

func TestAFileThatCannotBeUnderstood(t *testing.T) {
	x := New(small(t))
	for _, c := range []struct{ file, says string }{
		{"", "line 1"},
		{"question\tanswer\n", `line 1: the header has no column "want"`},
		{"question,want\nhello,-\n", `line 1: the header has no column "question"`},
		{"question\twant\tquestion\n", "line 1: the column"},
		{"question\twant\nhello\t-\nvisa\n", "line 3: 1 columns are too few"},
		{"question\twant\nhello\t-\tmore\n", "line 2: 3 columns where the header has 2"},
		{"question\twant\n\n\t-\n", "line 3: no question"},
		{"question\twant\nvisa\t\n", "line 2: nothing in want"},
		{"question\twant\nvisa\ta||b\n", "line 2: cannot understand want"},
		{"question\twant\nvisa\t!\n", "line 2: cannot understand want"},
		{"question\twant\torigin\nvisa\t-\tPakistan\n", "line 2: the origin"},
		{"question\twant\nhello\t-\n" + strings.Repeat("x", longestLine+1) + "\t-\n", "line 3: longer than"},
	} {
		_, err := Eval(context.Background(), x, strings.NewReader(c.file), ticking(), nil)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.40q: %v, want %q", c.file, err, c.says)
		}
	}
}

func TestAnEvaluationEndsWithItsReader(t *testing.T) {
	x := New(small(t))
	full := errors.New("disk full")
	_, err := Eval(context.Background(), x, strings.NewReader("question\twant\nvisa\t-\nvisa\t-\n"), ticking(), func(Row) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Eval(ctx, x, strings.NewReader("question\twant\nvisa\t-\n"), ticking(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
