// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sarai/content"
)

const glossaryTOML = `[stamp]
meaning = "What the office puts into the passport."
en = ["Protector's stamp", "stamp"]
ur = ["مہر"]

[passport]
meaning = "The paper with which a person travels."
en = ["passport"]
ur = ["پاسپورٹ"]
ru = ["загранпаспорт", "паспорт"]

[register]
meaning = "The list of whom the police look for."
en = ["register of controlled persons"]
ru = ["реестр контролируемых лиц"]
"fa-AF" = ["تذکره\u200cهای کنترول"]

[proxy]
meaning = "A paper by which somebody may act for another."
en = ["power of attorney"]
ru = ["доверенность"]
`

// worded is the small folder with a glossary, which others fill up to the
// hundred terms that one should have.
func worded(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := stamped(t)
	src := glossaryTOML
	for i := range 99 {
		src += fmt.Sprintf("\n[word-%d]\nmeaning = \"x\"\nen = [\"unheard%dof\"]\n", i, i)
	}
	fsys["glossary.toml"] = &fstest.MapFile{Data: []byte(src)}
	return fsys
}

func TestTheGlossaryIsRead(t *testing.T) {
	for _, p := range content.Check(worded(t), today) {
		t.Error(p)
	}
	c := load(t, worded(t))
	x, ok := c.Term("passport")
	if !ok || x.Meaning != "The paper with which a person travels." || !slices.Equal(x.Words[content.Russian], []string{"загранпаспорт", "паспорт"}) || x.Words[content.Bangla] != nil {
		t.Errorf("%+v", x)
	}
	if all := c.Terms(); len(all) != 103 || all[0].ID != "passport" {
		t.Errorf("%d terms", len(all))
	}
}

func TestTranslationsUseTheWordsOfTheGlossary(t *testing.T) {
	told := func(fsys fstest.MapFS) (found []string) {
		for _, p := range content.Check(fsys, today) {
			if strings.Contains(p.Message, "glossary") {
				found = append(found, p.String())
				if p.Severe {
					t.Errorf("%s is severe", p)
				}
			}
		}
		return found
	}
	missing := []string{folder + "ur.md:19: has other words than the glossary (passport: پاسپورٹ)"}
	other := with(t, worded(t), folder+"ur.md", "- پاسپورٹ", "- سفری کتاب")
	if got := told(other); !slices.Equal(got, missing) {
		t.Errorf("%q, want %q", got, missing)
	}
	// What the English text does not name, nobody asks for; nor where the
	// glossary has no word, nor in a text that is stale anyway.
	if got := told(with(t, worded(t), "glossary.toml", "[passport]\nmeaning = \"The paper with which a person travels.\"\nen = [\"passport\"]\nur = [\"پاسپورٹ\"]", "[passport]\nmeaning = \"x\"\nen = [\"passport\"]\nps = [\"پاسپورت\"]")); got != nil {
		t.Errorf("no word in the glossary: %q", got)
	}
	if got := told(with(t, other, folder+"en.md", "Take these", "Bring these")); got != nil {
		t.Errorf("a stale text: %q", got)
	}
	if got := told(with(t, with(t, other, "glossary.toml", `en = ["passport"]`, `en = ["passport book"]`), folder+"en.md", "Take these", "Take these")); got != nil {
		t.Errorf("half of a term: %q", got)
	}

	// Words are declined, joined, and written with other letters of the same name.
	for _, c := range []struct {
		locale, english, said string
		want                  bool
	}{
		{"ru", "a passport", "с паспортом", true},
		{"ru", "two passports", "о загранпаспортах", true},
		{"ru", "a passport", "с бумагой", false},
		{"ru", "two passports", "с бумагами", false},
		{"ru", "a power of attorney", "по доверенности", true},
		{"ru", "a power of attorney", "по доверию", false},
		{"ru", "the register of controlled persons", "в реестре контролируемых лиц", true},
		{"ru", "the register of controlled persons", "в реестре лиц", false},
		{"fa-AF", "the register of controlled persons", "در تذكره های کنترول", true},
		{"fa-AF", "the register of controlled persons", "در تذکره\u200cها", false},
	} {
		fsys := worded(t)
		text := func(words string) *fstest.MapFile {
			return &fstest.MapFile{Data: []byte("+++\ntitle = \"x\"\nof = \"\"\n+++\n" + words + "\n")}
		}
		fsys["articles/leaving/new/en.md"], fsys["articles/leaving/new/"+c.locale+".md"] = text(c.english), text(c.said)
		if got := told(fsys) == nil; got != c.want {
			t.Errorf("%q for %q passes: %v, want %v", c.said, c.english, got, c.want)
		}
	}
}

func TestCheckFindsInTheGlossary(t *testing.T) {
	const file = "glossary.toml"
	for _, c := range []struct {
		name, old, new string
		line           int
		severe         bool
		want           string
	}{
		{"a name that is none", "[stamp]", "[Stamp]", 1, true, "may hold only a-z"},
		{"no meaning", "meaning = \"What the office puts into the passport.\"\n", "", 1, true, "has no meaning"},
		{"no English", `en = ["passport"]`, `en = []`, 6, true, "has no English word"},
		{"an English word of two terms", `en = ["passport"]`, `en = ["passport", "Stamp"]`, 3, true, `"stamp" is a word of the term passport too`},
		{"a word twice", `["загранпаспорт", "паспорт"]`, `["паспорт", "Паспорт"]`, 10, false, "stands here twice"},
		{"a word of no letters", `["загранпаспорт", `, `["…", `, 10, true, "has no letters"},
		{"a locale that is none", "ru = [\"реестр", "xx = [\"реестр", 15, true, "is not a locale"},
		{"a word that is no list", `ur = ["مہر"]`, `ur = "مہر"`, 4, true, "stand in a list"},
		{"numbers for words", `ur = ["مہر"]`, `ur = [1]`, 4, true, "stand in a list"},
		{"a list for a meaning", `meaning = "The list of whom the police look for."`, `meaning = ["The list"]`, 13, true, "the meaning is a text"},
		{"few terms", "\n[word-7]\nmeaning = \"x\"\nen = [\"unheard7of\"]\n\n[word-8]\nmeaning = \"x\"\nen = [\"unheard8of\"]\n\n[word-9]\nmeaning = \"x\"\nen = [\"unheard9of\"]\n\n[word-10]\nmeaning = \"x\"\nen = [\"unheard10of\"]\n", "\n", 0, false, "has 99 terms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := content.Check(with(t, worded(t), file, c.old, c.new), today)
			if !slices.ContainsFunc(problems, func(p content.Problem) bool {
				return p.File == file && p.Line == c.line && p.Severe == c.severe && strings.Contains(p.Message, c.want)
			}) {
				t.Errorf("want %s:%d: … %s … among\n%v", file, c.line, c.want, problems)
			}
		})
	}
}
