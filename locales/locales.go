// SPDX-License-Identifier: GPL-3.0-or-later

// Package locales holds the program's own phrases: what Sarai says that is no
// article. They stand in files active.<locale>.toml and are written by people;
// a phrase is chosen by its id and filled in, never composed.
package locales

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"sarai/content"
)

//go:embed active.*.toml
var builtin embed.FS

// Builtin is the phrase files that are part of the program.
func Builtin() fs.FS { return builtin }

// Phrases are the program's phrases in all their locales. They never change
// and are safe for concurrent use.
type Phrases struct {
	tongues map[content.Locale]*tongue
}

// A tongue is the phrases of one locale. Its localizer knows only this one
// language: choosing among languages is ours, because the library's choice can
// make Persian of Iraqi Arabic.
type tongue struct {
	localizer *i18n.Localizer
	phrases   map[string]phrase
}

// A phrase is a message of a file, as TOML.
type phrase struct {
	Description string `toml:"description"` // for the translator
	Zero        string `toml:"zero"`
	One         string `toml:"one"`
	Two         string `toml:"two"`
	Few         string `toml:"few"`
	Many        string `toml:"many"`
	Other       string `toml:"other"`

	gaps []string // what is to be filled in, over all forms, sorted
}

// The plural categories that there are, in the order in which files have them.
var categories = []string{"zero", "one", "two", "few", "many", "other"}

// forms gives the texts that are there by their plural categories.
func (p phrase) forms() map[string]string {
	all := map[string]string{"zero": p.Zero, "one": p.One, "two": p.Two, "few": p.Few, "many": p.Many, "other": p.Other}
	maps.DeleteFunc(all, func(_, text string) bool { return text == "" })
	return all
}

// plural says whether the phrase changes with a count.
func (p phrase) plural() bool { return len(p.forms()) > 1 }

// Load reads the phrases that are part of the program.
func Load() (*Phrases, error) { return LoadFS(builtin) }

// LoadFS reads the files active.<locale>.toml of a folder. It fails, naming the
// file, for what cannot be said: a file that is no TOML or has an unknown key or
// locale, a phrase without "other" or with a template that is more than gaps
// to fill in. English must be there. That a locale lacks phrases is for Check.
func LoadFS(fsys fs.FS) (*Phrases, error) {
	names, err := fs.Glob(fsys, "active.*.toml")
	if err != nil {
		return nil, fmt.Errorf("locales: %w", err)
	}
	files := make([]struct {
		locale  content.Locale
		tongue  *tongue
		problem *content.Problem
	}, len(names))
	var group sync.WaitGroup
	for i := range files {
		group.Go(func() { files[i].locale, files[i].tongue, files[i].problem = read(fsys, names[i]) })
	}
	group.Wait()
	p := &Phrases{tongues: map[content.Locale]*tongue{}}
	for _, f := range files {
		if f.problem != nil {
			return nil, fmt.Errorf("locales: %s", f.problem)
		}
		p.tongues[f.locale] = f.tongue
	}
	if p.tongues[content.English] == nil {
		return nil, errors.New("locales: active.en.toml is missing: English is the last resort of all others")
	}
	return p, nil
}

// read reads one file.
func read(fsys fs.FS, name string) (content.Locale, *tongue, *content.Problem) {
	tag := strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "active."), ".toml")
	l := content.Locale(tag)
	if !slices.Contains(content.Locales(), l) {
		return l, nil, &content.Problem{File: name, Message: fmt.Sprintf("%q is not a locale", tag), Severe: true}
	}
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return l, nil, &content.Problem{File: name, Message: err.Error(), Severe: true}
	}
	t := &tongue{}
	meta, err := toml.Decode(string(src), &t.phrases)
	switch {
	case err != nil:
		problem := content.TOMLProblem(name, string(src), err)
		return l, nil, &problem
	case len(meta.Undecoded()) > 0:
		key := meta.Undecoded()[0]
		return l, nil, &content.Problem{File: name, Line: lineOf(src, key[0]), Message: fmt.Sprintf("unknown key %q", key.String()), Severe: true}
	}
	bundle := i18n.NewBundle(language.Make(tag))
	for _, id := range slices.Sorted(maps.Keys(t.phrases)) {
		ph := t.phrases[id]
		if ph.Other == "" {
			return l, nil, &content.Problem{File: name, Line: lineOf(src, id), Message: fmt.Sprintf("the phrase %q has no text under \"other\"", id), Severe: true}
		}
		for category, text := range ph.forms() {
			gaps, err := gapsOf(text)
			if err != nil {
				return l, nil, &content.Problem{File: name, Line: lineOf(src, id), Message: fmt.Sprintf("the phrase %q, %s: %v", id, category, err), Severe: true}
			}
			ph.gaps = append(ph.gaps, gaps...)
		}
		slices.Sort(ph.gaps)
		ph.gaps = slices.Compact(ph.gaps)
		t.phrases[id] = ph
		err := bundle.AddMessages(language.Make(tag), &i18n.Message{
			ID: id, Zero: ph.Zero, One: ph.One, Two: ph.Two, Few: ph.Few, Many: ph.Many, Other: ph.Other,
		})
		if err != nil {
			return l, nil, &content.Problem{File: name, Line: lineOf(src, id), Message: err.Error(), Severe: true}
		}
	}
	t.localizer = i18n.NewLocalizer(bundle, tag)
	return l, t, nil
}

// gapsOf gives the names that a text has to fill in, "Count" of {{.Count}},
// sorted. A text that does more than that is refused: the library would run it
// as a program.
func gapsOf(text string) ([]string, error) {
	t, err := template.New("phrase").Parse(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: phrase:"))
	}
	var gaps []string
	if t.Tree == nil || t.Root == nil { // an empty text, or a comment
		return nil, nil
	}
	for _, n := range t.Root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
		case *parse.ActionNode:
			field, ok := onlyField(n.Pipe)
			if !ok {
				return nil, fmt.Errorf("%s is not allowed: a gap is written {{.Name}}", n)
			}
			gaps = append(gaps, field)
		default:
			return nil, fmt.Errorf("%s is not allowed: a gap is written {{.Name}}", n)
		}
	}
	slices.Sort(gaps)
	return slices.Compact(gaps), nil
}

func onlyField(p *parse.PipeNode) (string, bool) {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return "", false
	}
	f, ok := p.Cmds[0].Args[0].(*parse.FieldNode)
	if !ok || len(f.Ident) != 1 {
		return "", false
	}
	return f.Ident[0], true
}

// unfilled stands where a phrase has a gap and the caller gave nothing for it.
const unfilled = "…"

// Say gives a phrase for somebody who reads l, and the locale that its words
// are in: l itself, or the nearest of its fallbacks that has the phrase, at last
// English. Gaps are filled from args; args["Count"], a whole number, also
// chooses the plural. An id that nobody has written comes back as it is, with
// NoLocale.
func (p *Phrases) Say(l content.Locale, id string, args map[string]any) (text string, in content.Locale) {
	for _, l := range chain(l) {
		if t := p.tongues[l]; t != nil {
			if ph, ok := t.phrases[id]; ok {
				return t.say(id, ph, args), l
			}
		}
	}
	return id, content.NoLocale
}

// chain is where a phrase is looked for.
func chain(l content.Locale) []content.Locale {
	return append(append([]content.Locale{l}, l.Fallbacks()...), content.English)
}

func (t *tongue) say(id string, ph phrase, args map[string]any) string {
	filled := maps.Clone(args)
	if filled == nil {
		filled = map[string]any{}
	}
	for _, gap := range ph.gaps {
		if v, ok := filled[gap]; !ok || v == nil {
			filled[gap] = unfilled
		}
	}
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: filled}
	if ph.plural() {
		config.PluralCount = count(args["Count"])
	}
	// Loading has tried everything that can fail but one: a category that the
	// file lacks. Then the library gives "other" beside its error.
	text, _ := t.localizer.Localize(config)
	return text
}

// count is a count in a form that the library takes, or nil.
func count(v any) any {
	switch v.(type) {
	case int, int8, int16, int32, int64:
		return v
	}
	return nil
}

// Has says whether the locale itself has the phrase, without any fallback.
func (p *Phrases) Has(l content.Locale, id string) bool {
	t := p.tongues[l]
	if t == nil {
		return false
	}
	_, ok := t.phrases[id]
	return ok
}

// Complete gives the locales that have a file, in the order of
// content.Locales. That each of them has every phrase is what Check holds.
func (p *Phrases) Complete() []content.Locale {
	var ls []content.Locale
	for _, l := range content.Locales() {
		if p.tongues[l] != nil {
			ls = append(ls, l)
		}
	}
	return ls
}

// IDs gives the ids of all English phrases, sorted.
func (p *Phrases) IDs() []string {
	return slices.Sorted(maps.Keys(p.tongues[content.English].phrases))
}

// Gaps gives the names that the English phrase has to fill in, sorted: "Count"
// for {{.Count}}. It is nil for an id that nobody has written.
func (p *Phrases) Gaps(id string) []string {
	return slices.Clone(p.tongues[content.English].phrases[id].gaps)
}

// lineOf is the line of a phrase's header, or 0.
func lineOf(src []byte, id string) int {
	for i, line := range strings.Split(string(src), "\n") {
		header := strings.TrimSpace(line)
		if header, ok := strings.CutPrefix(header, "["); ok {
			header, _, _ = strings.Cut(header, "]")
			if strings.Trim(strings.TrimSpace(header), `"'`) == id {
				return i + 1
			}
		}
		if key, _, ok := strings.Cut(header, "="); ok && strings.Trim(strings.TrimSpace(key), `"'`) == id {
			return i + 1
		}
	}
	return 0
}
