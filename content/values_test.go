// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sarai/content"
)

const valuesTOML = `# SPDX-License-Identifier: CC-BY-4.0
[pk-stamp]
text = "7,200 rupees"
grade = "A"
source = "Bureau of Emigration"
url = "https://beoe.gov.pk/stamp"
seen = 2025-12-20
review_every = "90d"
[pk-stamp.texts]
ur = "۷٬۲۰۰ روپے"

[pk-bureau]
text = "051-9107272"
grade = "B"
source = "A newspaper"
url = ""
seen = 2025-11-20
review_every = "60d"
`

// valued is the small folder where both texts show the fee by its name, and
// the translation is stamped.
func valued(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := with(t, small(), folder+"en.md", "It costs 7,200 rupees (", "It costs {pk-stamp} (")
	fsys = with(t, fsys, folder+"en.md", "The stamp costs 7,200 rupees.", "The stamp\ncosts **{pk-stamp}**.")
	fsys = with(t, fsys, folder+"ur.md", "۷٬۲۰۰ روپے ہے (", "{pk-stamp} ہے (")
	fsys = with(t, fsys, folder+"ur.md", "7200 روپے", "{pk-stamp}")
	fsys["values.toml"] = &fstest.MapFile{Data: []byte(valuesTOML)}
	a, _ := load(t, fsys).Article("protector-pk")
	return with(t, fsys, folder+"ur.md", `of = ""`, `of = "`+a.Texts[content.English].Written+`"`)
}

func TestAValueIsReadWithItsWords(t *testing.T) {
	c := load(t, valued(t))
	a, _ := c.Article("protector-pk")
	if got, want := a.Texts[content.English].Short[0].Text, "Go to the office with your contract. It costs 7,200 rupees (seen 1 December 2025)."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := a.Texts[content.English].Sections[1].Blocks[0].Text, "The stamp costs 7,200 rupees."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := a.Texts[content.Urdu].Sections[1].Blocks[0].Text, "مہر کی فیس ۷٬۲۰۰ روپے ہے۔"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if len(a.Values) != 1 || a.Values[0].ID != "pk-stamp" {
		t.Errorf("values %v", a.Values)
	}
	if v, ok := c.Value("pk-bureau"); !ok || v.In(content.Urdu) != "051-9107272" || v.Source.Title != "A newspaper" || v.Grade != "B" {
		t.Errorf("%+v", v)
	}
	if vs := c.Values(); len(vs) != 2 || vs[0].ID != "pk-bureau" {
		t.Errorf("%v", vs)
	}
	for _, p := range content.Check(valued(t), today) {
		t.Error(p)
	}
}

// What was said is named by its words; what a translation was made from, by
// the text that its translator saw.
func TestAChangedValueMakesNoTranslationStale(t *testing.T) {
	before, _ := load(t, valued(t)).Article("protector-pk")
	fsys := with(t, valued(t), "values.toml", "7,200", "9,500")
	fsys = with(t, fsys, "values.toml", "۷٬۲۰۰", "۹٬۵۰۰")
	after, _ := load(t, fsys).Article("protector-pk")
	for _, l := range []content.Locale{content.English, content.Urdu} {
		x, y := before.Texts[l], after.Texts[l]
		if y.Stale != nil {
			t.Errorf("%s is stale: %+v", l, y.Stale)
		}
		if x.Hash == y.Hash || x.Written != y.Written || x.Hash == x.Written {
			t.Errorf("%s: said %s then %s, written %s then %s", l, x.Hash, y.Hash, x.Written, y.Written)
		}
	}
	if got := after.Texts[content.Urdu].Short[0].Text; !strings.Contains(got, "۹٬۵۰۰") {
		t.Errorf("the translation still says %q", got)
	}
	for _, p := range content.Check(fsys, today) {
		t.Error(p)
	}
	// Without values nothing has changed: what was stamped stays stamped.
	plain, _ := load(t, stamped(t)).Article("protector-pk")
	if x := plain.Texts[content.English]; x.Hash != x.Written {
		t.Errorf("said %s, written %s", x.Hash, x.Written)
	}
}

// A translator who wrote the fee out, where the English text has its name, said
// what was so that day.
func TestAFeeInOwnWordsGoesOutOfDateWithTheValue(t *testing.T) {
	fsys := valued(t)
	fsys = with(t, fsys, folder+"ur.md", "{pk-stamp}", "7200 روپے")
	fsys = with(t, fsys, folder+"ur.md", "{pk-stamp}", "7200 روپے")
	a, _ := load(t, fsys).Article("protector-pk")
	if s := a.Texts[content.Urdu].Stale; s != nil {
		t.Fatalf("stale before anything changed: %+v", s)
	}
	fsys = with(t, fsys, "values.toml", "7,200", "9,500")
	fsys = with(t, fsys, "values.toml", "۷٬۲۰۰", "۹٬۵۰۰")
	a, _ = load(t, fsys).Article("protector-pk")
	if s := a.Texts[content.Urdu].Stale; s == nil || !slices.Equal(s.Changed, []string{"9,500"}) {
		t.Errorf("stale: %+v", s)
	}
}

func TestWhatAnArticleShowsIsAsOldAsItsValues(t *testing.T) {
	fsys := with(t, valued(t), "values.toml", "seen = 2025-12-20", "seen = 2025-10-01")
	a, _ := load(t, fsys).Article("protector-pk")
	if got := a.Checked().Format("2006-01-02"); got != "2025-10-01" {
		t.Errorf("checked %s", got)
	}
	if got := a.Due().Format("2006-01-02"); got != "2025-12-30" {
		t.Errorf("due %s", got)
	}
	var found []string
	for _, p := range content.Check(fsys, today) {
		found = append(found, p.String())
	}
	if want := []string{"values.toml:8: should have been checked again by 2025-12-30"}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

func TestCheckFindsInValues(t *testing.T) {
	const enMD, values = folder + "en.md", "values.toml"
	for _, c := range []struct {
		name, file, old, new string
		line                 int
		want                 string
	}{
		{"a value that is not there", enMD, "costs **{pk-stamp}**", "costs **{pk-stmap}**", 32, "there is no value {pk-stmap} in values.toml"},
		{"a second one on the same line", enMD, "It costs {pk-stamp} (", "It costs {pk-stamp}, {pk-stmap} (", 21, "there is no value {pk-stmap}"},
		{"braces that are no name", enMD, "costs **{pk-stamp}**", "costs **{PK stamp}**", 32, "{PK stamp} is no value"},
		{"a value in a title", enMD, `title = "The`, `title = "{pk-stamp} The`, 2, "not in the title"},
		{"a value in a heading", enMD, "## Fees", "## {pk-stamp}", 30, "not in a heading"},
		{"no text", values, `text = "051-9107272"`, `text = " "`, 13, "has no text"},
		{"a grade that is not published", values, `grade = "B"`, `grade = "C"`, 14, "neither A nor B"},
		{"no source", values, `source = "A newspaper"`, "", 12, "the source has no title"},
		{"no day", values, "seen = 2025-11-20\n", "", 12, "has no day"},
		{"no term", values, "review_every = \"60d\"\n", "", 12, "has no review_every"},
		{"no address", values, "https://beoe.gov.pk/stamp", "beoe.gov.pk", 6, "is no https address"},
		{"another fee in another language", values, "۷٬۲۰۰", "۷٬۳۰۰", 10, "is another in ur: 7,200, 7,300"},
		{"a value in a value", values, "7,200 rupees", "{pk-bureau} rupees", 3, "holds no other value"},
		{"a name that is none", values, "[pk-bureau]", "[pk_bureau]", 12, "may hold only a-z"},
		{"a locale that is none", values, "ur =", "urdu =", 10, "it is not a locale"},
		{"an unknown key", values, "seen = 2025-11-20", "sen = 2025-11-20", 17, "unknown key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := content.Check(with(t, valued(t), c.file, c.old, c.new), today)
			if !slices.ContainsFunc(problems, func(p content.Problem) bool {
				return p.File == c.file && p.Line == c.line && p.Severe && strings.Contains(p.Message, c.want)
			}) {
				t.Errorf("want %s:%d: … %s … among\n%v", c.file, c.line, c.want, problems)
			}
		})
	}
	// Nobody is sent braces: what names an unknown value is not loaded.
	if _, err := content.Load(with(t, valued(t), enMD, "costs **{pk-stamp}**", "costs **{pk-stmap}**")); err == nil || !strings.Contains(err.Error(), enMD+":32: ") {
		t.Errorf("loaded: %v", err)
	}
	// Of a table that cannot be read one thing is said, not a hundred.
	if problems := content.Check(with(t, valued(t), values, "[pk-bureau]", "[pk-bureau"), today); len(problems) == 0 ||
		slices.ContainsFunc(problems, func(p content.Problem) bool { return p.File != values && strings.Contains(p.Message, "no value") }) {
		t.Errorf("%v", problems)
	}
}

func TestValuesGoThereAndBack(t *testing.T) {
	home := onDisk(t, valued(t))
	c, err := content.Load(os.DirFS(home))
	if err != nil {
		t.Fatal(err)
	}
	away := t.TempDir()
	if err := content.Export(c, away); err != nil {
		t.Fatal(err)
	}
	write(t, away, "values.toml", strings.ReplaceAll(strings.ReplaceAll(valuesTOML, "7,200", "9,500"), "۷٬۲۰۰", "۹٬۵۰۰"))
	if n, problems, err := content.Import(os.DirFS(away), home, today); n != 1 || err != nil {
		t.Fatalf("%d files, %v, %v", n, problems, err)
	}
	// Stamping vouches for the text, and has nothing to do where a value changed.
	if n, err := content.Stamp(home); n != 0 || err != nil {
		t.Errorf("%d stamped, %v", n, err)
	}
	write(t, home, folder+"en.md", strings.Replace(read(t, home, folder+"en.md"), "Take these", "Bring these", 1))
	if n, err := content.Stamp(home); n != 1 || err != nil {
		t.Errorf("%d stamped, %v", n, err)
	}
	c, err = content.Load(os.DirFS(home))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := c.Article("protector-pk")
	if x := a.Texts[content.Urdu]; x.Stale != nil || x.Of != a.Texts[content.English].Written {
		t.Errorf("%+v", x)
	}
	// A value that a text needs is not taken away by an import.
	write(t, away, "values.toml", strings.Replace(valuesTOML, "[pk-stamp", "[pk-stump", 2))
	if n, _, err := content.Import(os.DirFS(away), home, today); n != 0 || err == nil {
		t.Errorf("%d files, %v", n, err)
	}
}

func TestAChecklistHasMoreSteps(t *testing.T) {
	steps := with(t, stamped(t), folder+"en.md", "\n## Fees", "\n## A {#a}\nx\n## B {#b}\nx\n## C {#c}\nx\n## D {#d}\nx\n## Fees")
	headings := func(fsys fstest.MapFS) bool {
		return slices.ContainsFunc(content.Check(fsys, today), func(p content.Problem) bool {
			return p.Severe && p.File == folder+"en.md" && strings.Contains(p.Message, "headings")
		})
	}
	if !headings(steps) {
		t.Error("six headings are too many for an answer")
	}
	list := with(t, steps, folder+"article.toml", "review_every", "checklist = true\nreview_every")
	if headings(list) {
		t.Error("six steps are too many for a checklist")
	}
	a, _ := load(t, list).Article("protector-pk")
	if !a.Checklist {
		t.Error("it is no checklist")
	}
	many := list
	for _, id := range []string{"e", "f", "g", "h", "i"} {
		many = with(t, many, folder+"en.md", "\n## Fees", "\n## "+id+" {#"+id+"}\nx\n## Fees")
	}
	if !headings(many) {
		t.Error("eleven steps are not too many")
	}
	if _, err := content.Load(with(t, list, folder+"article.toml", "checklist = true", `checklist = "yes"`)); err == nil {
		t.Error(`"yes" is no answer to whether it is one`)
	}
}
