// SPDX-License-Identifier: GPL-3.0-or-later

package locales

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"sarai/content"
)

// Check finds what is wrong with the phrase files of a folder: files that
// cannot be read, phrases that a locale lacks or has beside English, other gaps
// than the English ones, plural categories that the language's rules need and
// that are missing, and texts without words. The problems are by file, then line.
func Check(fsys fs.FS) []content.Problem {
	names, err := fs.Glob(fsys, "active.*.toml")
	if err != nil {
		return []content.Problem{{File: ".", Message: err.Error(), Severe: true}}
	}
	var problems []content.Problem
	tongues := map[string]*tongue{}
	locale := map[string]content.Locale{}
	for _, name := range names {
		l, t, problem := read(fsys, name)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		tongues[name], locale[name] = t, l
	}
	english := tongues["active.en.toml"]
	if english == nil {
		return append(problems, content.Problem{File: "active.en.toml", Message: "is missing or cannot be read, so nothing can be compared with it", Severe: true})
	}
	for _, name := range names {
		t := tongues[name]
		if t == nil {
			continue
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			problems = append(problems, content.Problem{File: name, Message: err.Error(), Severe: true})
			continue
		}
		found := func(id, format string, args ...any) {
			problems = append(problems, content.Problem{
				File: name, Line: lineOf(src, id), Severe: true,
				Message: fmt.Sprintf("the phrase %q ", id) + fmt.Sprintf(format, args...),
			})
		}
		needed := needs(locale[name])
		for id := range english.phrases {
			if _, ok := t.phrases[id]; !ok {
				found(id, "is missing")
			}
		}
		for id, ph := range t.phrases {
			en, ok := english.phrases[id]
			if !ok {
				found(id, "is not among the English ones")
				continue
			}
			ph.check(en, needed, found, id)
		}
	}
	slices.SortFunc(problems, func(a, b content.Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return strings.Compare(a.Message, b.Message)
	})
	return problems
}

func (p phrase) check(en phrase, needed []string, found func(id, format string, args ...any), id string) {
	if !slices.Equal(p.gaps, en.gaps) {
		found(id, "fills in %s, the English one %s", list(p.gaps), list(en.gaps))
	}
	forms := p.forms()
	for _, category := range categories {
		text, there := forms[category]
		switch {
		case !there:
			continue
		case strings.TrimSpace(text) == "":
			found(id, "has no words under %q", category)
		case strings.TrimSpace(text) != text:
			found(id, "begins or ends with space under %q", category)
		case !utf8.ValidString(text) || strings.ContainsFunc(text, bad):
			found(id, "has a control character under %q", category)
		}
		// A form may leave the count out ("one person"), nothing else.
		gaps, _ := gapsOf(text)
		for _, gap := range p.gaps {
			if gap != "Count" && !slices.Contains(gaps, gap) {
				found(id, "does not fill in %s under %q", gap, category)
			}
		}
	}
	switch {
	case p.plural() && !slices.Contains(en.gaps, "Count"):
		found(id, "has plurals, but the English one has no {{.Count}}")
	case p.plural() || en.plural():
		for _, category := range needed {
			if forms[category] == "" {
				found(id, "needs the plural %q", category)
			}
		}
		for _, category := range slices.Sorted(maps.Keys(forms)) {
			if !slices.Contains(needed, category) {
				found(id, "has the plural %q, which this language does not use", category)
			}
		}
	}
}

// needs gives the plural categories that the language's rules choose for whole
// numbers, and "other", which the library needs in any case. The rules are
// found by asking the library itself: its tables are not open.
func needs(l content.Locale) []string {
	tag := language.Make(string(l))
	bundle := i18n.NewBundle(tag)
	if err := bundle.AddMessages(tag, &i18n.Message{ID: "x", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}); err != nil {
		return []string{"other"}
	}
	localizer := i18n.NewLocalizer(bundle, string(l))
	used := map[string]bool{"other": true}
	// No language of ours has a rule that looks further than the last two digits
	// of a number, but for whole millions.
	for _, n := range append(numbers(200), 1000, 1_000_000) {
		if s, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: "x", PluralCount: n}); err == nil {
			used[s] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(categories), func(c string) bool { return !used[c] })
}

func numbers(n int) []int {
	ns := make([]int, n)
	for i := range ns {
		ns[i] = i
	}
	return ns
}

func list(gaps []string) string {
	if len(gaps) == 0 {
		return "nothing"
	}
	return strings.Join(gaps, ", ")
}

// bad says whether a rune has no place in a phrase: controls but the line
// break, and what turns the direction of foreign text around.
func bad(r rune) bool {
	return unicode.IsControl(r) && r != '\n' || r >= 0x202a && r <= 0x202e
}
