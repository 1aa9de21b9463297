// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"sarai/content"
	"sarai/search"
)

type askCmd struct {
	Locale   string   `help:"Language that the person is known to use." placeholder:"L"`
	Origin   string   `help:"Country that the person is from." placeholder:"CC"`
	JSON     bool     `name:"json" help:"Print one line of JSON."`
	Question []string `arg:"" help:"The question."`
}

func (a askCmd) Run(c *cli, w world) error {
	hint := search.Hint{Origin: content.Country(strings.ToUpper(a.Origin))}
	var err error
	if hint.Locale, err = knownLocale(a.Locale); err != nil {
		return err
	}
	x, err := fitted(w.ctx, c.Content)
	if err != nil {
		return err
	}
	r := x.Read(strings.Join(a.Question, " "), hint)
	if a.JSON {
		return json.NewEncoder(w.out).Encode(r.Asked())
	}
	fmt.Fprintf(w.out, "locale  %s\nband    %s\n", orDash(string(r.Locale)), r.Band)
	for _, s := range r.Signals {
		fmt.Fprintf(w.out, "signal %s by rule %q (%s)\n", s.Signal, s.Rule, s.Locale)
	}
	for _, m := range r.Matches {
		fmt.Fprintf(w.out, "%5.2f   %s\n", m.Sure, m.Article)
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// knownLocale reads a --locale flag.
func knownLocale(tag string) (content.Locale, error) {
	if tag == "" {
		return "", nil
	}
	l, ok := content.ParseLocale(tag)
	if !ok {
		var known []string
		for _, l := range content.Locales() {
			known = append(known, string(l))
		}
		return "", usageError{fmt.Errorf("--locale %q is not a language of Sarai; known are %s", tag, strings.Join(known, " "))}
	}
	return l, nil
}

type evalCmd struct {
	File string `arg:"" type:"path" help:"Tab-separated file with a header: question and want, perhaps locale and origin."`
	JSON bool   `name:"json" help:"Print JSON."`
	Rows bool   `help:"Print a line a question, too."`
}

func (e evalCmd) Run(c *cli, w world) error {
	f, err := os.Open(e.File)
	if err != nil {
		return fmt.Errorf("the questions cannot be read: %w", short(err))
	}
	defer f.Close()
	x, err := fitted(w.ctx, c.Content)
	if err != nil {
		return err
	}
	out := json.NewEncoder(w.out)
	each := func(r search.Row) error {
		switch {
		case !e.Rows:
			return nil
		case e.JSON:
			return out.Encode(r)
		}
		top := "-"
		if len(r.Matches) > 0 {
			top = fmt.Sprintf("%s %.2f", r.Matches[0].Article, r.Matches[0].Sure)
		}
		_, err := fmt.Fprintf(w.out, "%-8s %-28s want %-24s %s\n", r.Band, top, r.Want, r.Question)
		return err
	}
	s, err := search.Eval(w.ctx, x, f, time.Now, each)
	if err != nil {
		return fmt.Errorf("%s: %w", e.File, err)
	}
	switch {
	case e.JSON && e.Rows:
		return nil // a line a question, and nothing that is not one
	case e.JSON:
		return out.Encode(s)
	}
	share := func(n, of int) string {
		if of == 0 {
			return "-"
		}
		return fmt.Sprintf("%d of %d (%.1f %%)", n, of, 100*float64(n)/float64(of))
	}
	fmt.Fprintf(w.out, "questions        %d\nright first      %s\nright in three   %s\nanswered right   %s\nanswered wrong   %d\nrefused          %s\nsignals raised   %s\nsignals false    %d\nlanguage right   %s\ntime             p50 %d µs, p99 %d µs\n",
		s.Questions, share(s.First, s.Answerable), share(s.First3, s.Answerable), share(s.Answered, s.Answerable), s.Wrong,
		share(s.Refused, s.Unanswerable), share(s.SignalsRaised, s.Signals), s.SignalsFalse, share(s.LocaleRight, s.Locales), s.P50, s.P99)
	return nil
}
