// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"sarai/content"
)

func TestWordsOfOneSense(t *testing.T) {
	m := newMeanings(newLands(nil))
	for _, c := range []struct{ sense, words string }{
		{"employer", "boss kafeel کفیل хозяином работодателю মালিক"},
		{"wage", "salary wages tankhwah تنخواہ зарплату বেতন معاش маошамро"},
		{"agent", "agents recruiter посредника ایجنٹ দালাল dalal"},
		{"work", "job =kaam ish работу کام চাকরি"},
		{"SA", "saudi riyadh السعودية саудовской সৌদি"},
		{"PK", "pakistani lahore پاکستان"},
	} {
		for _, w := range strings.Fields(strings.ReplaceAll(c.words, "=", "")) {
			q := newText(w, m)
			if len(q.senses) != 1 || !slices.Contains(q.senses[0], c.sense) {
				t.Errorf("%s means %v, want %s", w, q.senses, c.sense)
			}
		}
	}
	// A short word that begins like another is not that word.
	for _, w := range []string{"ishtehar", "omanet", "payal", "warm"} {
		q := newText(w, m)
		if len(q.senses[0]) > 0 && w != "warm" {
			t.Errorf("%s means %v", w, q.senses[0])
		}
	}
}

// Somebody writes in a language in which nobody has written the article yet.
func TestAnArticleIsFoundFromALanguageThatItIsNotIn(t *testing.T) {
	files := fstest.MapFS{}
	for id, ask := range map[string]string{
		"wages":   `"my boss does not pay my salary", "employer has not paid wages", "no salary for months"`,
		"burial":  `"who brings the body home", "worker died abroad", "coffin by airplane"`,
		"remit":   `"send money home cheaply", "hundi or bank transfer", "western union fees"`,
		"medical": `"medical test before travel", "gamca centre", "failed the blood test"`,
	} {
		files["articles/shelf/"+id+"/en.md"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"+++\ntitle = %q\nlabel = \"x\"\nask = [%s]\nstatus = \"draft\"\n+++\nAsk the centre.\n", id, ask)}
	}
	c, err := content.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	x, err := New(c).Fit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string]content.ArticleID{
		"хозяин не отдает зарплату":  "wages",
		"مالک تنخواہ نہیں دے رہا":    "wages",
		"মালিক বেতন দেয় না":         "wages",
		"умер на работе, тело домой": "burial",
		"hundi se paise bhejna":      "remit",
		"медосмотр перед отъездом":   "medical",
		"امتحان طبی خون پیش از رفتن": "medical",
	} {
		if r := x.Read(q, Hint{}); len(r.Matches) == 0 || r.Matches[0].Article != want {
			t.Errorf("%q: %v, want %s", q, r.Matches, want)
		}
	}
}

func TestEverySenseIsWrittenInOneScriptAWord(t *testing.T) {
	scripts := map[string]*unicode.RangeTable{"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Arabic": unicode.Arabic, "Bengali": unicode.Bengali}
	check := func(name, stems string) {
		for _, w := range strings.Fields(stems) {
			w = strings.TrimPrefix(w, "=")
			in := 0
			for _, table := range scripts {
				if strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(table, r) }) {
					in++
				}
			}
			if in != 1 || len(words(Normalise(w))) != 1 {
				t.Errorf("%s: %q is not one word in one script", name, w)
			}
		}
	}
	for _, s := range senses {
		check(s.name, s.stems)
	}
	for _, p := range slices.Concat(origins, goals) {
		check(string(p.country), p.stems)
	}
}
