// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sarai/content"
)

// onDisk writes a folder of content to a temporary one.
func onDisk(t *testing.T, fsys fstest.MapFS) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, fsys); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func write(t *testing.T, dir, name, src string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
}

func edition(t *testing.T, dir string) string {
	t.Helper()
	c, err := content.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return c.Edition()
}

func TestStampTouchesOneLine(t *testing.T) {
	for name, form := range map[string]struct{ before, after string }{
		"empty":            {`of = ""`, `of = "HASH"`},
		"with a comment":   {`of = "000000000000"   # the old one`, `of = "HASH"   # the old one`},
		"single quotes":    {`  of='000000000000'`, `  of="HASH"`},
		"no such key":      {`# nothing`, "# nothing\nof = \"HASH\""},
		"with Windows end": {"of = \"\"\r", "of = \"HASH\"\r"},
	} {
		t.Run(name, func(t *testing.T) {
			before := strings.Replace(ur, `of = ""`, form.before, 1)
			dir := onDisk(t, with(t, small(), folder+"ur.md", ur, before))
			n, err := content.Stamp(dir)
			if err != nil || n != 1 {
				t.Fatalf("%d files, %v", n, err)
			}
			c, err := content.Load(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			a, _ := c.Article("protector-pk")
			hash := a.Texts[content.English].Hash
			if got, want := read(t, dir, folder+"ur.md"), strings.Replace(ur, `of = ""`, strings.Replace(form.after, "HASH", hash, 1), 1); got != want {
				t.Errorf("now it is\n%s", got)
			}
			if a.Texts[content.Urdu].Of != hash || a.Texts[content.Urdu].Stale != nil {
				t.Errorf("%+v", a.Texts[content.Urdu])
			}
			if read(t, dir, folder+"en.md") != en {
				t.Error("the English text was touched")
			}
			// What is stamped already stays as it is.
			if n, err := content.Stamp(dir, "protector-pk"); n != 0 || err != nil {
				t.Errorf("again: %d files, %v", n, err)
			}
		})
	}
}

func TestStampOnlyTheArticlesThatWereMeant(t *testing.T) {
	fsys := small()
	for _, name := range []string{"article.toml", "en.md", "ur.md"} {
		fsys["articles/leaving/other/"+name] = fsys[folder+name]
	}
	dir := onDisk(t, fsys)
	if n, err := content.Stamp(dir, "other"); n != 1 || err != nil {
		t.Fatalf("%d files, %v", n, err)
	}
	if read(t, dir, folder+"ur.md") != ur {
		t.Error("another article was stamped")
	}
	if n, err := content.Stamp(dir, "protector-pk", "gone"); n != 0 || err == nil {
		t.Errorf("an unknown article: %d files, %v", n, err)
	}
	if read(t, dir, folder+"ur.md") != ur {
		t.Error("something was stamped although an id was wrong")
	}
	write(t, dir, "topics.toml", "[")
	if n, err := content.Stamp(dir); n != 0 || err == nil || !strings.Contains(err.Error(), "topics.toml:1") {
		t.Errorf("a broken folder: %d files, %v", n, err)
	}
}

func TestThereAndBack(t *testing.T) {
	home := onDisk(t, stamped(t))
	write(t, home, "articles/.hidden", "x")
	c, err := content.Load(os.DirFS(home))
	if err != nil {
		t.Fatal(err)
	}
	// A translator gets the files as they are ...
	away := filepath.Join(t.TempDir(), "new", "folder")
	if err := content.Export(c, away); err != nil {
		t.Fatal(err)
	}
	if edition(t, away) != c.Edition() {
		t.Error("what was exported is another edition")
	}
	if _, err := os.Stat(filepath.Join(away, "articles/.hidden")); err == nil {
		t.Error("a hidden file was exported")
	}
	if err := content.Export(c, away); err == nil {
		t.Error("an export went over somebody's folder")
	}
	// ... changes one, adds one, loses one, and leaves notes about ...
	write(t, away, folder+"ur.md", strings.Replace(read(t, away, folder+"ur.md"), "لے کر", "اور پاسپورٹ لے کر", 1))
	write(t, away, folder+"ru.md", russian)
	write(t, away, "notes.txt", "to do")
	if err := os.Remove(filepath.Join(away, "signals/held.toml")); err != nil {
		t.Fatal(err)
	}
	// ... and brings them back.
	n, problems, err := content.Import(os.DirFS(away), home, today)
	if err != nil || n != 2 {
		t.Fatalf("%d files, %v, %v", n, err, problems)
	}
	for _, name := range []string{folder + "ur.md", folder + "ru.md"} {
		if read(t, home, name) != read(t, away, name) {
			t.Errorf("%s did not come", name)
		}
	}
	if _, err := os.Stat(filepath.Join(home, "signals/held.toml")); err != nil {
		t.Error("a file that the translator lost was removed")
	}
	if _, err := os.Stat(filepath.Join(home, "notes.txt")); err == nil {
		t.Error("notes are no content")
	}
	if n, _, err := content.Import(os.DirFS(away), home, today); n != 0 || err != nil {
		t.Errorf("again: %d files, %v", n, err)
	}
}

const russian = `+++
title = "Штамп протектора"
label = "Штамп"
ask = ["штамп протектора", "где протектор", "сколько стоит штамп", "протектор пакистан", "документы для протектора", "штамп в паспорте", "протектор онлайн", "куда идти за штампом"]
status = "draft"
of = ""
+++
Идите в бюро (https://beoe.gov.pk/stamp), 051-9107272, 7 200 рупий, видели 1 декабря 2025.

## Документы {#papers}
- паспорт

## Сборы {#fees}
7 200 рупий.
`

func TestImportRefusesWhatWouldHarm(t *testing.T) {
	home := onDisk(t, stamped(t))
	before := edition(t, home)
	for name, src := range map[string]string{
		folder + "ur.md": strings.Replace(ur, "{#fees}", "{#costs}", 1),
		folder + "ru.md": "no front matter",
		folder + "fa.md": ur,
		"topics.toml":    strings.Replace(topicsTOML, "protector-pk", "gone", 1),
	} {
		n, problems, err := content.Import(tree(map[string]string{name: src, "countries/bd.toml": "[names]\nen = \"Bangladesh\"\n"}), home, today)
		if !errors.Is(err, content.ErrRefused) || n != 0 {
			t.Errorf("%s: %d files, %v", name, n, err)
		}
		if !slices.ContainsFunc(problems, func(p content.Problem) bool { return p.Severe && p.File == name }) {
			t.Errorf("%s: the problem is not told: %v", name, problems)
		}
		if edition(t, home) != before {
			t.Fatalf("%s: something was written", name)
		}
	}
}
