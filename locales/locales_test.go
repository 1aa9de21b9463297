// SPDX-License-Identifier: GPL-3.0-or-later

package locales_test

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"sarai/content"
	"sarai/locales"
)

// testdata holds a small English file and four others, so that these tests do
// not change with the program's phrases.
func load(t *testing.T) *locales.Phrases {
	t.Helper()
	p, err := locales.LoadFS(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheProgramsOwnPhrasesAreWhole(t *testing.T) {
	if _, err := locales.Load(); err != nil {
		t.Fatal(err)
	}
	for _, p := range locales.Check(locales.Builtin()) {
		t.Error(p)
	}
}

func TestTestdataIsWhole(t *testing.T) {
	for _, p := range locales.Check(os.DirFS("testdata")) {
		t.Error(p)
	}
}

func TestSay(t *testing.T) {
	p := load(t)
	for _, c := range []struct {
		name string
		l    content.Locale
		id   string
		args map[string]any
		text string
		in   content.Locale
	}{
		{"the person's own language", content.Urdu, "welcome", map[string]any{"Name": "سرائے"}, "خوش آمدید، سرائے", content.Urdu},
		{"Dari is found, though it is a region of Persian", content.Dari, "welcome", map[string]any{"Name": "سرای"}, "خوش آمدید، سرای", content.Dari},
		{"Tajik has no file: its readers mostly read Russian", content.Tajik, "welcome", map[string]any{"Name": "Сарай"}, "Добро пожаловать, Сарай", content.Russian},
		{"Pashto has no file: English", content.Pashto, "welcome", map[string]any{"Name": "Sarai"}, "Welcome, Sarai", content.English},
		{"a locale that nobody knows", "xx", "welcome", map[string]any{"Name": "Sarai"}, "Welcome, Sarai", content.English},
		{"no locale yet", content.NoLocale, "welcome", map[string]any{"Name": "Sarai"}, "Welcome, Sarai", content.English},
		{"one", content.English, "queue", map[string]any{"Count": 1}, "One person is before you.", content.English},
		{"many", content.English, "queue", map[string]any{"Count": 7}, "7 people are before you.", content.English},
		{"Russian one", content.Russian, "queue", map[string]any{"Count": 21}, "Перед вами 21 человек.", content.Russian},
		{"Russian few", content.Russian, "queue", map[string]any{"Count": 3}, "Перед вами 3 человека.", content.Russian},
		{"Russian many", content.Russian, "queue", map[string]any{"Count": int64(11)}, "Перед вами 11 человек в очереди.", content.Russian},
		{"Bangla counts nought as one", content.Bangla, "queue", map[string]any{"Count": 0}, "আপনার আগে 0 জন।", content.Bangla},
		{"a count that is none", content.English, "queue", map[string]any{"Count": "many"}, "many people are before you.", content.English},
		{"nothing to fill in", content.English, "welcome", nil, "Welcome, …", content.English},
		{"a gap filled with nothing", content.English, "welcome", map[string]any{"Name": nil}, "Welcome, …", content.English},
		{"an argument is no template", content.English, "welcome", map[string]any{"Name": "{{.Secret}}"}, "Welcome, {{.Secret}}", content.English},
		{"an id that nobody has written", content.Urdu, "no-such", nil, "no-such", content.NoLocale},
	} {
		t.Run(c.name, func(t *testing.T) {
			if text, in := p.Say(c.l, c.id, c.args); text != c.text || in != c.in {
				t.Errorf("said %q in %q, want %q in %q", text, in, c.text, c.in)
			}
		})
	}
}

// The library would choose a language by likeness. Every locale of ours must
// be its own, whatever else is loaded.
func TestEveryLocaleIsItself(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, l := range content.Locales() {
		fsys["active."+string(l)+".toml"] = &fstest.MapFile{Data: []byte("[me]\nother = \"" + string(l) + "\"\n")}
	}
	p, err := locales.LoadFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range content.Locales() {
		if text, in := p.Say(l, "me", nil); text != string(l) || in != l {
			t.Errorf("%s says %q in %q", l, text, in)
		}
	}
	if got := p.Complete(); !slices.Equal(got, content.Locales()) {
		t.Errorf("complete: %v", got)
	}
}

func TestAPhraseOnlySomeHave(t *testing.T) {
	p, err := locales.LoadFS(fstest.MapFS{
		"active.en.toml": {Data: []byte("[a]\nother = \"A\"\n[b]\nother = \"B\"\n")},
		"active.ur.toml": {Data: []byte("[a]\nother = \"الف\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if text, in := p.Say(content.Urdu, "b", nil); text != "B" || in != content.English {
		t.Errorf("said %q in %q, want the English", text, in)
	}
	if p.Has(content.Urdu, "b") || !p.Has(content.Urdu, "a") || p.Has(content.Pashto, "a") {
		t.Error("Has must look at the locale itself and nowhere else")
	}
	if got := p.IDs(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("ids: %v", got)
	}
}

func TestAPluralThatAFileLacksIsSaidAsOther(t *testing.T) {
	p, err := locales.LoadFS(fstest.MapFS{
		"active.en.toml": {Data: []byte("[n]\none = \"one\"\nother = \"{{.Count}}\"\n")},
		"active.ru.toml": {Data: []byte("[n]\none = \"один\"\nother = \"{{.Count}} шт\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := p.Say(content.Russian, "n", map[string]any{"Count": 3}); text != "3 шт" {
		t.Errorf("said %q", text)
	}
}

func TestLoadRefuses(t *testing.T) {
	en := "[a]\nother = \"A\"\n"
	for _, c := range []struct{ name, file, src, want string }{
		{"no TOML", "active.ur.toml", "[a\n", "active.ur.toml:1"},
		{"an unknown key", "active.ur.toml", "# x\n[a]\nother = \"a\"\nothr = \"b\"\n", `active.ur.toml:2: unknown key "a.othr"`},
		{"an unknown locale", "active.fa.toml", en, `active.fa.toml: "fa" is not a locale`},
		{"no other", "active.ur.toml", "\n[a]\none = \"x\"\n", `active.ur.toml:2: the phrase "a" has no text under "other"`},
		{"a broken template", "active.ur.toml", "[a]\nother = \"{{.Name\"\n", `active.ur.toml:1: the phrase "a", other`},
		{"a template that computes", "active.ur.toml", "[a]\nother = \"{{range .X}}x{{end}}\"\n", "is not allowed"},
		{"a template that calls", "active.ur.toml", "[a]\nother = \"{{printf `%99999999d` 1}}\"\n", "is not allowed"},
		{"a template that reaches inside", "active.ur.toml", "[a]\nother = \"{{.A.B}}\"\n", "is not allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := locales.LoadFS(fstest.MapFS{"active.en.toml": {Data: []byte(en)}, c.file: {Data: []byte(c.src)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if _, err := locales.LoadFS(fstest.MapFS{"active.ur.toml": {Data: []byte(en)}}); err == nil {
		t.Error("loaded without English")
	}
}

func TestCheckFinds(t *testing.T) {
	en := "[a]\nother = \"A {{.Name}}\"\n[n]\none = \"one\"\nother = \"{{.Count}}\"\n"
	for _, c := range []struct{ name, file, src, want string }{
		{"a missing phrase", "active.ur.toml", "[a]\nother = \"x {{.Name}}\"\n", `"n" is missing`},
		{"a phrase too many", "active.ur.toml", en + "[z]\nother = \"z\"\n", `active.ur.toml:6: the phrase "z" is not among the English ones`},
		{"another gap", "active.ur.toml", strings.ReplaceAll(en, ".Name", ".Nam"), `active.ur.toml:1: the phrase "a" fills in Nam, the English one Name`},
		{"a gap too few", "active.ur.toml", strings.ReplaceAll(en, " {{.Name}}", ""), `"a" fills in nothing`},
		{"a plural that Russian needs", "active.ru.toml", en, `active.ru.toml:3: the phrase "n" needs the plural "few"`},
		{"six plurals in Arabic", "active.ar.toml", en, `needs the plural "two"`},
		{"a plural that nobody uses", "active.ur.toml", en + "few = \"few\"\n", `has the plural "few", which this language does not use`},
		{"no words", "active.ur.toml", strings.ReplaceAll(en, "\"one\"", "\"  \""), `has no words under "one"`},
		{"an override of direction", "active.ur.toml", strings.ReplaceAll(en, "\"one\"", "\"a\\u202eb\""), "control character"},
		{"a file that cannot be read", "active.ur.toml", "[", "active.ur.toml:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all []string
			for _, p := range locales.Check(fstest.MapFS{"active.en.toml": {Data: []byte(en)}, c.file: {Data: []byte(c.src)}}) {
				all = append(all, p.String())
			}
			if !strings.Contains(strings.Join(all, "\n"), c.want) {
				t.Errorf("want %q among:\n%s", c.want, strings.Join(all, "\n"))
			}
		})
	}
}

func TestPhrasesAreSaidByManyAtOnce(t *testing.T) {
	p := load(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := range 50 {
				for _, l := range content.Locales() {
					p.Say(l, "queue", map[string]any{"Count": n * i})
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkSay(b *testing.B) {
	p, err := locales.LoadFS(os.DirFS("testdata"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.Say(content.Tajik, "queue", map[string]any{"Count": 3})
	}
}
