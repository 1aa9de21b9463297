// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Numbers lists the numbers, dates and phone numbers of English texts that
// nothing written down beside them supports, by file and line. A human looks at
// each: that it is in the list does not make it wrong, nor one that is missing
// right.
//
// A number is supported where it stands in the facts or the title of one of the
// article's sources, where it is a part of the day on which one was seen, and
// where the text has it from a value. Translations are not listed: they are held
// against the English text. Links are not listed: they lead to where a reader
// can see for themselves. Of a folder that cannot be read whole, the list is of
// what can.
func Numbers(fsys fs.FS) ([]Problem, error) {
	found, broken, err := readFiles(fsys)
	if err != nil {
		return nil, err
	}
	t := readTree(found, broken)
	var notices []Problem
	for _, id := range slices.Sorted(maps.Keys(t.articles)) {
		a := t.articles[id]
		if en := a.texts[English]; en != nil {
			notices = append(notices, t.unsupported(a, en)...)
		}
	}
	return notices, nil
}

var (
	// What stands between braces is a heading's id, or a value, which has a
	// source of its own.
	inBraces = regexp.MustCompile(`\{[^{}]*\}`)
	// The number of a step is no fact.
	stepNumber = regexp.MustCompile(`^\s*\d+\.\s`)
	englishDay = regexp.MustCompile(`\b(?:(\d{1,2}) )?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* (\d{4})\b`)
)

// unsupported gives one notice for each line of an English text that has
// numbers which nothing supports.
func (t *tree) unsupported(a *articleSource, en *textSource) []Problem {
	known := factsOf("")
	for _, s := range a.article.Sources {
		for _, words := range append([]string{s.Title}, s.Facts...) {
			known.join(factsOf(words))
			known.spelled(words)
		}
		if !s.Seen.IsZero() { // its month and its day alone are no facts
			known.set[s.Seen.Format("2006")], known.set[s.Seen.Format(time.DateOnly)] = true, true
		}
	}
	var notices []Problem
	lines := strings.Split(string(t.files[en.file]), "\n")
	for i := en.body.first - 1; i < len(lines); i++ {
		line := stepNumber.ReplaceAllString(inBraces.ReplaceAllString(lines[i], " "), "")
		var missing []string
		miss := func(as string) {
			if !slices.Contains(missing, as) {
				missing = append(missing, as)
			}
		}
		// A date in words is one thing to look at, not two.
		line = englishDay.ReplaceAllStringFunc(line, func(whole string) string {
			p := englishDay.FindStringSubmatch(whole)
			day, err := time.Parse("2 Jan 2006", fmt.Sprintf("%s %s %s", p[1], p[2], p[3]))
			switch {
			case p[1] == "" && known.set[p[3]]:
			case err == nil && known.set[day.Format(time.DateOnly)]:
			case known.set[plain(p[1])] && known.set[p[3]]:
			default:
				miss(whole)
			}
			return " "
		})
		for _, f := range factsOf(line).facts {
			if f.kind != link && !known.has(f) {
				miss(f.as)
			}
		}
		if len(missing) > 0 {
			notices = append(notices, Problem{en.file, i + 1, fmt.Sprintf("in no source's facts: %s", strings.Join(missing, ", ")), false})
		}
	}
	return notices
}

// join adds the facts of another text.
func (f *facts) join(other *facts) {
	f.facts = append(f.facts, other.facts...)
	maps.Copy(f.set, other.set)
	f.runs += "\n" + other.runs
}
