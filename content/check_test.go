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

// stamped is the small folder with the translation stamped.
func stamped(t *testing.T) fstest.MapFS {
	t.Helper()
	a, _ := load(t, small()).Article("protector-pk")
	return with(t, small(), folder+"ur.md", `of = ""`, fmt.Sprintf("of = %q", a.Texts[content.English].Hash))
}

func TestNothingIsWrongWithTheSmallFolder(t *testing.T) {
	for _, p := range content.Check(stamped(t), today) {
		t.Error(p)
	}
}

func TestCheckFinds(t *testing.T) {
	const (
		article, enMD, urMD, topics = folder + "article.toml", folder + "en.md", folder + "ur.md", "topics.toml"
		signal, centre, land        = "signals/held.toml", "centres/mrc-lahore.toml", "countries/pk.toml"
		severe, warning             = true, false
	)
	long := strings.Repeat("word ", 130)
	for _, c := range []struct {
		name, file, old, new string
		line                 int // of the problem, in the same file
		severe               bool
		want                 string
	}{
		{"a file that cannot be read", enMD, `label = "`, `label "`, 3, severe, "expected"},
		{"a long short answer", enMD, "Go to", long + "Go to", 21, severe, "the short answer has"},
		{"no short answer", enMD, "Go to the office with your contract. It costs 7,200 rupees (seen 1 December 2025).\n\nAsk at [the bureau](https://beoe.gov.pk/stamp) or phone 051-9107272.\n", "", 22, severe, "no short answer"},
		{"a long label", urMD, "\"پروٹیکٹر\"", "\"پروٹیکٹر کی مہر کہاں سے\"", 3, severe, "the label has 23 characters"},
		{"no label", enMD, "label = \"Protector stamp\"\n", "", 0, severe, "has no label"},
		{"a long heading", enMD, "## Papers", "## All the many papers!!", 25, severe, "the heading has 21 characters"},
		{"one heading", enMD, "\n## Fees {#fees}", "", 21, severe, "has 1 headings"},
		{"six headings", enMD, "\n## Fees", "\n## A {#a}\nx\n## B {#b}\nx\n## C {#c}\nx\n## D {#d}\nx\n## Fees", 21, severe, "has 6 headings"},
		{"a heading whose id no button carries", enMD, "{#fees}", "{#" + strings.Repeat("fees", 13) + "}", 30, severe, "have 64 characters"},
		{"a heading without an id", enMD, " {#fees}", "", 30, severe, "has no id"},
		{"a heading with nothing under it", enMD, "The stamp costs 7,200 rupees.", "", 30, severe, "nothing stands under"},
		{"another heading in the translation", urMD, "{#fees}", "{#costs}", 27, severe, "the heading is {#costs}, in English {#fees}"},
		{"few questions", urMD, "  \"پروٹیکٹر کی فیس\",\n", "", 4, severe, "has 7 ask lines"},
		{"few questions in English", enMD, "  \"protector online\",\n", "", 4, warning, "has 11 ask lines"},
		{"few questions in Latin letters", urMD, "protector ke kaghaz", "پروٹیکٹر کے لیے کیا", 4, severe, "2 ask lines in Latin letters"},
		{"a question twice", enMD, "protector online", "Protector  stamp?", 12, warning, "stands here twice"},
		{"a question of no words", enMD, "protector online", "???", 12, severe, "has no words"},
		{"no source", article, "[[sources]]\ntitle = \"Bureau of Emigration\"\nurl = \"https://beoe.gov.pk/stamp\"\nseen = 2025-12-01\n", "", 0, severe, "has no source"},
		{"a source without a day", article, "seen = 2025-12-01\n", "", 4, severe, "has no day"},
		{"a source of a day to come", article, "2025-12-01", "2026-12-01", 7, severe, "on a day to come"},
		{"a source without a title", article, `"Bureau of Emigration"`, `""`, 5, severe, "has no title"},
		{"a source that is no address", article, `"https://beoe.gov.pk/stamp"`, `"beoe.gov.pk"`, 6, severe, "is no https address"},
		{"a source that is not https", article, "https:", "http:", 6, warning, "is not https"},
		{"no term of review", article, "review_every = \"90d\"\n", "", 0, severe, "has no review_every"},
		{"a term that is none", article, "90d", "3 months", 3, severe, "is no number of days"},
		{"a review that is overdue", article, "2025-12-01", "2025-10-01", 3, warning, "checked again by 2025-12-30"},
		{"a country that is none", article, `"PK"`, `"AF", "pk"`, 2, severe, `"pk" is no country`},
		{"an unknown article in the menu", topics, `["protector-pk"]`, "[\n\"protector-pk\",\n\"gone\"]", 5, severe, `there is no article "gone"`},
		{"an article that is not in the menu", topics, `"protector-pk"`, "", 3, warning, "has no articles"},
		{"an article of another folder", topics, `"leaving"`, `"jobs"`, 3, severe, "stands in the folder leaving, not jobs"},
		{"a long topic", topics, "Before you leave", "Before you leave home", 5, severe, "has 21 characters"},
		{"a topic without an English title", topics, "en = \"Before you leave\"\n", "", 4, severe, "no English name"},
		{"a topic without a title in a locale that is there", topics, "ur = ", "ps = ", 4, warning, "has no title in ur"},
		{"reviewed by nobody", urMD, "reviewed_by = \"MRC Lahore\"\n", "", 14, severe, "does not say by whom and when"},
		{"reviewed on a day to come", urMD, "2026-01-02", "2027-01-02", 16, severe, "on a day to come"},
		{"a status that is none", enMD, `"draft"`, `"done"`, 18, severe, `neither draft nor reviewed`},
		{"English that is a translation", enMD, `of = ""`, `of = "aaaaaaaaaaaa"`, 19, warning, "is for translations"},
		{"another fee under a current stamp", urMD, "7200", "7300", 17, severe, "has beside it: 7300"},
		{"a lost phone under a current stamp", urMD, "051 910 7272", "-", 17, severe, "lacks: 051-9107272"},
		{"a lost link under a current stamp", urMD, "[بیورو](https://beoe.gov.pk/stamp)", "بیورو", 17, severe, "lacks: https://beoe.gov.pk/stamp"},
		{"a link beside a current stamp", urMD, "- پاسپورٹ", "- [پاسپورٹ](https://agent.example/)", 17, severe, "has beside it: https://agent.example/"},
		{"another year of a calendar of the sun", urMD, "1 دسمبر 2025", "1 دسمبر 2025، 1403", 17, severe, "has beside it: 1403"},
		{"a phone of no country", enMD, "051-9107272", "+999 51 91072", 23, severe, `"+999 51 91072" is no phone number of any country`},
		{"a phone of no country's plan", enMD, "051-9107272", "+92 11 9107272", 23, warning, "in no country's numbering plan"},
		{"two phones run into one", enMD, "051-9107272", "051-9107272-051-9107273", 23, severe, "none has more than 15 digits"},
		{"an address in plain words that is none", enMD, "051-9107272", "051-9107272, http://beoe/", 23, severe, `"http://beoe/" is no https address`},
		{"a fact of no words", article, "seen = 2025-12-01", "seen = 2025-12-01\nfacts = [\"7,200 rupees\", \" \"]", 8, severe, "the fact has no words"},
		{"HTML", enMD, "**two**", "<b>two</b>", 28, severe, "HTML is not allowed"},
		{"a link that is no https", enMD, "https://beoe", "http://beoe", 23, severe, "is no https address"},
		{"a control character", enMD, "7,200 rupees.", "7,200\x0b rupees.", 31, severe, "the control character U+000B"},
		{"an override of direction", urMD, "پاسپورٹ", "\u202eپاسپورٹ", 24, severe, "the control character U+202E"},
		{"a control character by escape", urMD, `"پروٹیکٹر"`, `"پروٹیکٹر\u202e"`, 3, severe, "holds a control character"},
		{"bytes that are no text", land, "three", "thr\xffe", 9, severe, "is not UTF-8"},
		{"a signal whose article is missing", signal, `"protector-pk"`, `"gone"`, 1, severe, `there is no article "gone"`},
		{"a signal without an article", signal, "article = \"protector-pk\"\n", "", 0, severe, "no article to say"},
		{"a priority that is none", signal, `"urgent"`, `"high"`, 2, severe, "neither urgent nor same-day"},
		{"a kind of line that is none", signal, "priority = \"urgent\"", "priority = \"urgent\"\nline = \"lifeline\"", 3, severe, `"lifeline" is no kind of line`},
		{"a signal without examples", signal, "raise = [\"they locked me in\"]\n", "", 3, warning, "no message in en that must raise it"},
		{"a signal without look-alikes", signal, "not = [\"i locked my phone\"]\n", "", 3, warning, "looks alike"},
		{"a language without rules", signal, "rules = [\"مرا قفل\"]\n", "", 7, severe, "has no rules in fa-AF"},
		{"a rule with a star inside", signal, "kidnap*", "kid*nap", 4, severe, "a * that is not at the end"},
		{"a rule that nothing must meet", signal, "locked me in", "!film", 4, severe, "no word that must occur"},
		{"a rule with an empty alternative", signal, "they|he|she", "they||she", 4, severe, "a word without letters"},
		{"a rule that begins with any distance", signal, "locked me in", "… locked", 4, severe, "no word stands on both sides"},
		{"a rule with three dots", signal, "* … help", "* ... help", 4, severe, "the sign …"},
		{"a long name of a country", land, `en = "Pakistan"`, `en = "Islamic Republic of Pakistan"`, 2, severe, "at most 20 fit on a button"},
		{"a number of grade C", land, `grade = "B"`, `grade = "C"`, 7, severe, "neither A nor B"},
		{"a kind of line that is none", land, `"police"`, `"cops"`, 5, severe, "is no kind of line"},
		{"a number that is none", land, `"15"`, `"fifteen"`, 6, severe, "is no phone number"},
		{"a number of no country", land, `"15"`, `"+92 51 15"`, 6, severe, "is no phone number of any country"},
		{"a line that nobody saw", land, `seen = "2025-09"`, `seen = "autumn"`, 8, severe, "when it was seen"},
		{"a line without a source", land, "source = \"three public lists compared\"\n", "", 4, severe, "has no source"},
		{"hours that do not parse", centre, `"14:00-17:00"`, `"2-5 pm"`, 11, severe, `"2-5 pm" is no opening time`},
		{"a zone that is none", centre, "Asia/Karachi", "Karachi", 9, severe, "is no time zone"},
		{"a centre of no country", centre, `"PK"`, `"Pakistan"`, 1, severe, "is no country"},
		{"a centre without a name", centre, `"MRC Lahore"`, `""`, 6, severe, "no English name"},
		{"a phone that is none", centre, "042 99203373", "ask the embassy", 3, severe, "is no phone number"},
		{"a mail address that is none", centre, "info@", "info at ", 5, severe, "is no email address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := content.Check(with(t, stamped(t), c.file, c.old, c.new), today)
			want := content.Problem{File: c.file, Line: c.line, Severe: c.severe}
			for _, p := range problems {
				if strings.Contains(p.Message, c.want) && p.File == want.File && p.Line == want.Line && p.Severe == want.Severe {
					return
				}
			}
			t.Errorf("want %s:%d: … %s … (severe %v) among\n%v", c.file, c.line, c.want, c.severe, problems)
		})
	}
}

func TestCheckFindsWhatIsBetweenFiles(t *testing.T) {
	find := func(t *testing.T, fsys fstest.MapFS, file string, severe bool, want string) {
		t.Helper()
		problems := content.Check(fsys, today)
		if !slices.ContainsFunc(problems, func(p content.Problem) bool {
			return p.File == file && p.Severe == severe && strings.Contains(p.Message, want)
		}) {
			t.Errorf("want %s: %s (severe %v) among\n%v", file, want, severe, problems)
		}
	}
	t.Run("an article whose name no button carries", func(t *testing.T) {
		fsys := stamped(t)
		name := "articles/leaving/" + strings.Repeat("new", 20)
		fsys[name+"/en.md"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(en, "protector", "new"))}
		find(t, fsys, name+"/article.toml", true, "the name of the folder has 60 characters")
	})
	t.Run("an article that is not in the menu", func(t *testing.T) {
		fsys := stamped(t)
		fsys["articles/leaving/new/en.md"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(en, "protector", "new"))}
		find(t, fsys, "articles/leaving/new/article.toml", true, "topics.toml does not list the article new")
		find(t, fsys, "articles/leaving/new/article.toml", true, "has no source")
	})
	t.Run("a folder that is no topic", func(t *testing.T) {
		fsys := stamped(t)
		fsys["articles/other/new/en.md"] = &fstest.MapFile{Data: []byte(en)}
		find(t, fsys, "articles/other/new/article.toml", true, "the folder other is no topic")
	})
	t.Run("no menu", func(t *testing.T) {
		fsys := stamped(t)
		delete(fsys, "topics.toml")
		find(t, fsys, "topics.toml", true, "is missing")
	})
	t.Run("no English", func(t *testing.T) {
		fsys := stamped(t)
		delete(fsys, folder+"en.md")
		find(t, fsys, folder+"article.toml", true, "no English text")
	})
	t.Run("a country's file with a long name", func(t *testing.T) {
		fsys := stamped(t)
		fsys["countries/pakistan.toml"] = fsys["countries/pk.toml"]
		find(t, fsys, "countries/pakistan.toml", true, "two small letters")
	})
	t.Run("a bad number is told where it is said, not where it is asked for", func(t *testing.T) {
		fsys := with(t, stamped(t), folder+"en.md", "051-9107272", "+999 51 91072")
		fsys = with(t, fsys, folder+"en.md", "protector online", "who is +999 51 91072")
		for _, p := range content.Check(fsys, today) {
			if strings.Contains(p.Message, "of any country") && p.Line != 23 {
				t.Error(p)
			}
		}
		find(t, fsys, folder+"en.md", true, "of any country")
	})
	t.Run("a name that two countries have", func(t *testing.T) {
		fsys := stamped(t)
		fsys["countries/bd.toml"] = &fstest.MapFile{Data: []byte("[names]\nen = \"Bangladesh\"\nps = \"پاکستان\"\n")}
		find(t, fsys, "countries/pk.toml", true, `BD is called "پاکستان" too`)
	})
	t.Run("a file in the wrong folder", func(t *testing.T) {
		fsys := stamped(t)
		fsys["articles/leaving/en.md"] = &fstest.MapFile{Data: []byte(en)}
		find(t, fsys, "articles/leaving/en.md", false, "is not read")
	})
	t.Run("a question that two articles claim", func(t *testing.T) {
		fsys := stamped(t)
		fsys["articles/leaving/other/en.md"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(strings.ReplaceAll(en, "protector", "other"), `"other online"`, `"Protector – ONLINE?"`))}
		// The second by id is told, so that an old article keeps its questions.
		find(t, fsys, folder+"en.md", true, `the ask line "protector online" is one of other too`)
		problems := content.Check(fsys, today)
		i := slices.IndexFunc(problems, func(p content.Problem) bool { return strings.Contains(p.Message, "is one of other too") })
		if i >= 0 && problems[i].Line != 12 {
			t.Errorf("line %d", problems[i].Line)
		}
	})
	t.Run("a question that a family shares", func(t *testing.T) {
		fsys := stamped(t)
		for name, f := range fsys {
			if rest, ok := strings.CutPrefix(name, folder); ok {
				fsys["articles/leaving/protector-bd/"+rest] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(f.Data), `"PK"`, `"BD"`))}
			}
		}
		for _, p := range content.Check(fsys, today) {
			if strings.Contains(p.Message, "nobody can tell") {
				t.Error(p)
			}
		}
	})
	t.Run("a folder that is not there", func(t *testing.T) {
		if _, err := content.Load(fstest.MapFS{"topics.toml": {Data: []byte("[")}}); err == nil {
			t.Error("loaded")
		}
	})
}

func TestATranslationGoesStale(t *testing.T) {
	fsys := with(t, stamped(t), folder+"en.md", "The stamp costs 7,200", "The stamp costs 9,500")
	fsys = with(t, fsys, folder+"en.md", "of = \"\"\n", "of = \"\"\nchanged = 2026-01-12\n")
	a, _ := load(t, fsys).Article("protector-pk")
	s := a.Texts[content.Urdu].Stale
	if s == nil || !slices.Equal(s.Changed, []string{"9,500"}) || s.Since.Format("2006-01-02") != "2026-01-12" {
		t.Fatalf("stale: %+v", s)
	}
	if a.Texts[content.English].Stale != nil {
		t.Error("the English text is stale of itself")
	}
	var found []string
	for _, p := range content.Check(fsys, today) {
		found = append(found, fmt.Sprint(p, " ", p.Severe))
	}
	if want := []string{folder + "ur.md:17: is stale: the English text has changed; what it has and this one not: 9,500 false"}; !slices.Equal(found, want) {
		t.Errorf("found %q", found)
	}

	// Only other words: stale, and nothing to say above it.
	a, _ = load(t, with(t, stamped(t), folder+"en.md", "Take these:", "Bring these:")).Article("protector-pk")
	if s := a.Texts[content.Urdu].Stale; s == nil || len(s.Changed) != 0 || !s.Since.IsZero() {
		t.Errorf("stale: %+v", s)
	}
	// Another ask line is no other text.
	a, _ = load(t, with(t, stamped(t), folder+"en.md", "protector online", "online protector")).Article("protector-pk")
	if s := a.Texts[content.Urdu].Stale; s != nil {
		t.Errorf("stale: %+v", s)
	}
	// What does not say of which text it is cannot be stale.
	a, _ = load(t, with(t, small(), folder+"en.md", "7,200", "9,500")).Article("protector-pk")
	if s := a.Texts[content.Urdu].Stale; s != nil {
		t.Errorf("stale: %+v", s)
	}
}

func TestStatus(t *testing.T) {
	c := load(t, stamped(t))
	row := c.Status(today)[0]
	if row.Article != "protector-pk" || row.Due.Format("2006-01-02") != "2026-03-01" {
		t.Errorf("%+v", row)
	}
	for l, want := range map[content.Locale]content.Progress{
		content.English: content.IsDraft, content.Urdu: content.HasReviewed, content.Pashto: content.Missing, content.Bangla: content.NotWanted,
	} {
		if row.In[l] != want {
			t.Errorf("%s is %q, want %q", l, row.In[l], want)
		}
	}
	if got := c.Status(today.AddDate(0, 2, 0))[0].In[content.Urdu]; got != content.IsDue {
		t.Errorf("after the term it is %q", got)
	}
	c = load(t, with(t, stamped(t), folder+"en.md", "Take these:", "Bring these:"))
	if got := c.Status(today.AddDate(0, 2, 0))[0].In[content.Urdu]; got != content.IsStale {
		t.Errorf("after a change it is %q", got)
	}
}
