// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sarai/content"
)

// today is the day on which the small folder below is in order.
var today = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

const en = `+++
title = "The Protector's stamp"
label = "Protector stamp"
ask = [
  "protector stamp",
  "where is protector office",
  "protector kahan se hota hai",
  "how much is protector fee",
  "do i need protector for saudi",
  "protector lagwana hai",
  "what papers for protector",
  "protector online",
  "how long does protector take",
  "protector before ticket or after",
  "can agent do protector",
  "protector again after return",
]
status = "draft"
of = ""
+++
Go to the office with your contract. It costs 7,200 rupees (seen 1 December 2025).

Ask at [the bureau](https://beoe.gov.pk/stamp) or phone 051-9107272.

## Papers {#papers}
Take these:
- your passport
- **two** pictures

## Fees {#fees}
The stamp costs 7,200 rupees.
`

const ur = `+++
title = "پروٹیکٹر کی مہر"
label = "پروٹیکٹر"
ask = [
  "پروٹیکٹر کہاں سے ہوتا ہے",
  "پروٹیکٹر کی فیس",
  "پروٹیکٹر کے کاغذ",
  "پروٹیکٹر کا دفتر",
  "سعودی کے لیے پروٹیکٹر",
  "protector kidhar hota hai",
  "protector ki fees kitni hai",
  "protector ke kaghaz",
]
status = "reviewed"
reviewed_by = "MRC Lahore"
reviewed_on = 2026-01-02
of = ""
+++
معاہدہ لے کر دفتر جائیں۔ فیس ۷٬۲۰۰ روپے ہے (1 دسمبر 2025 کو دیکھا گیا)۔

[بیورو](https://beoe.gov.pk/stamp) سے پوچھیں یا فون کریں: 051 910 7272

## کاغذات {#papers}
- پاسپورٹ
- 2 تصویریں

## فیس {#fees}
مہر کی فیس 7200 روپے ہے۔
`

const articleTOML = `# SPDX-License-Identifier: CC-BY-4.0
origin = ["PK"]
review_every = "90d"
[[sources]]
title = "Bureau of Emigration"
url = "https://beoe.gov.pk/stamp"
seen = 2025-12-01
`

const topicsTOML = `[[topics]]
id = "leaving"
articles = ["protector-pk"]
[topics.titles]
en = "Before you leave"
ur = "جانے سے پہلے"
`

const signalTOML = `article = "protector-pk"
priority = "urgent"
[en]
rules = ["locked me in", "they|he|she kidnap* … help !film"]
raise = ["they locked me in"]
not = ["i locked my phone"]
["fa-AF"]
rules = ["مرا قفل"]
raise = ["مرا قفل کرده"]
not = ["قفل موبایل"]
`

const centreTOML = `country = "PK"
address = ""
phones = ["042 99203373"]
site = "https://www.mrc.org.pk"
email = "info@mrc.org.pk"
[names]
en = "MRC Lahore"
[hours]
zone = "Asia/Karachi"
[hours.open]
mon = ["09:00-13:00", "14:00-17:00"]
fri = ["09:00-12:30"]
[[sources]]
title = "Site of the centre"
url = ""
seen = 2024-06-07
`

const landTOML = `[names]
en = "Pakistan"
ur = "پاکستان"
[[lines]]
kind = "police"
number = "15"
grade = "B"
seen = "2025-09"
source = "three public lists compared"
[[lines]]
kind = "trafficking"
number = "111-247-786"
grade = "A"
seen = 2023-12-01
source = "the agency's own page"
[lines.names]
en = "FIA"
`

const folder = "articles/leaving/protector-pk/"

// small is a folder of content with nothing wrong in it but that the
// translation is not stamped.
func small() fstest.MapFS {
	return tree(map[string]string{
		folder + "article.toml":   articleTOML,
		folder + "en.md":          en,
		folder + "ur.md":          ur,
		"topics.toml":             topicsTOML,
		"signals/held.toml":       signalTOML,
		"centres/mrc-lahore.toml": centreTOML,
		"countries/pk.toml":       landTOML,
	})
}

func tree(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, src := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	return fsys
}

// with is the folder with one file's text changed.
func with(t *testing.T, fsys fstest.MapFS, name, old, new string) fstest.MapFS {
	t.Helper()
	fsys = maps.Clone(fsys)
	src := ""
	if f := fsys[name]; f != nil {
		src = string(f.Data)
	}
	if !strings.Contains(src, old) {
		t.Fatalf("%s does not hold %q", name, old)
	}
	fsys[name] = &fstest.MapFile{Data: []byte(strings.Replace(src, old, new, 1))}
	return fsys
}

func load(t *testing.T, fsys fstest.MapFS) *content.Catalogue {
	t.Helper()
	c, err := content.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnArticleIsRead(t *testing.T) {
	c := load(t, small())
	a, ok := c.Article("protector-pk")
	if !ok {
		t.Fatal("the article is missing")
	}
	if a.Topic != "leaving" || !slices.Equal(a.Origin, []content.Country{"PK"}) || a.ReviewEvery != 90*24*time.Hour {
		t.Errorf("%+v", a)
	}
	if got := a.Checked(); !got.Equal(time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("checked %v", got)
	}
	x := a.In(content.English)
	if x.Label != "Protector stamp" || len(x.Ask) != 12 || x.Status != content.Draft || len(x.Hash) != 12 {
		t.Errorf("%+v", x)
	}
	want := []content.Block{
		{content.Paragraph, "Go to the office with your contract. It costs 7,200 rupees (seen 1 December 2025)."},
		{content.Paragraph, "Ask at the bureau (https://beoe.gov.pk/stamp) or phone 051-9107272."},
	}
	if !slices.Equal(x.Short, want) {
		t.Errorf("short answer: %q", x.Short)
	}
	if len(x.Sections) != 2 || x.Sections[0].ID != "papers" || x.Sections[0].Title != "Papers" {
		t.Fatalf("sections: %+v", x.Sections)
	}
	want = []content.Block{{content.Paragraph, "Take these:"}, {content.Item, "your passport"}, {content.Item, "two pictures"}}
	if got := x.Sections[0].Blocks; !slices.Equal(got, want) {
		t.Errorf("section: %q", got)
	}
	// A reader of Pashto is given English, of Urdu the translation, which a
	// person has reviewed.
	if got := a.In(content.Pashto); got.Locale != content.English {
		t.Errorf("Pashto gets %s", got.Locale)
	}
	tr := a.In(content.Urdu)
	if tr.Status != content.Reviewed || tr.ReviewedBy != "MRC Lahore" || tr.ReviewedOn.Format(time.DateOnly) != "2026-01-02" || tr.Stale != nil {
		t.Errorf("%+v", tr)
	}
}

func TestASignalSaysWhichKindOfLineItAsksFor(t *testing.T) {
	for line, want := range map[string]string{"line = \"crisis\"\n": "crisis", "": ""} {
		c := load(t, with(t, small(), "signals/held.toml", "priority = \"urgent\"\n", "priority = \"urgent\"\n"+line))
		if s, _ := c.Signal("held"); s == nil || s.Line != want || len(s.Texts) != 2 {
			t.Errorf("%q was read as %+v", line, s)
		}
	}
}

func TestTheRestIsRead(t *testing.T) {
	c := load(t, small())
	topic, ok := c.Topic("leaving")
	if !ok || topic.Titles[content.Urdu] != "جانے سے پہلے" || !slices.Equal(topic.Articles, []content.ArticleID{"protector-pk"}) {
		t.Errorf("topic %+v", topic)
	}
	s, ok := c.Signal("held")
	if !ok || s.Priority != content.Urgent || s.Article != "protector-pk" || len(s.Texts[content.English].Rules) != 2 || s.Texts[content.Dari].Not[0] != "قفل موبایل" {
		t.Errorf("signal %+v", s)
	}
	x, ok := c.Centre("mrc-lahore")
	if !ok || x.Names[content.English] != "MRC Lahore" || !x.Hours.Known() || x.Hours.Open[time.Monday][1] != (content.Interval{From: 14 * 60, To: 17 * 60}) {
		t.Errorf("centre %+v", x)
	}
	if got := c.CentresOf("PK"); len(got) != 1 || got[0] != x || len(c.CentresOf("BD")) != 0 {
		t.Errorf("centres of PK: %v", got)
	}
	l, ok := c.Land("PK")
	if !ok || len(l.Lines) != 2 || l.Lines[0].Seen != "2025-09" || l.Lines[1].Seen != "2023-12-01" || l.Lines[1].Names[content.English] != "FIA" {
		t.Errorf("land %+v", l)
	}
	if _, ok := c.Land("pk"); ok {
		t.Error("a country is found by its capitals only")
	}
}

func TestAnEmptyFolderIsAnEmptyCatalogue(t *testing.T) {
	c := load(t, fstest.MapFS{})
	if len(c.Articles())+len(c.Topics())+len(c.Signals())+len(c.Centres())+len(c.Lands()) != 0 || len(c.Edition()) != 12 {
		t.Errorf("%+v", c)
	}
}

func TestWithoutTopicsTheFoldersAreTheMenu(t *testing.T) {
	fsys := tree(map[string]string{
		"articles/b/two/en.md":         "+++\ntitle = \"Two\"\n+++\nTwo.\n",
		"articles/a/one/en.md":         "+++\ntitle = \"One\"\n+++\nOne.\n",
		"articles/b/six/en.md":         "+++\ntitle = \"Six\"\n+++\nSix.\n",
		"articles/b/none/article.toml": "",
	})
	var menu []string
	for _, topic := range load(t, fsys).Topics() {
		menu = append(menu, fmt.Sprint(topic.ID, topic.Articles))
	}
	if want := []string{"a[one]", "b[six two]"}; !slices.Equal(menu, want) {
		t.Errorf("menu %v, want %v", menu, want)
	}
}

func TestATopicNamesOnlyWhatExists(t *testing.T) {
	fsys := with(t, small(), "topics.toml", `["protector-pk"]`, `["gone", "protector-pk", "protector-pk"]`)
	topic, _ := load(t, fsys).Topic("leaving")
	if !slices.Equal(topic.Articles, []content.ArticleID{"protector-pk"}) {
		t.Errorf("articles %v", topic.Articles)
	}
}

func TestSignalsAreUrgentFirst(t *testing.T) {
	fsys := tree(map[string]string{
		"signals/b.toml": "priority = \"same-day\"",
		"signals/d.toml": "priority = \"urgent\"",
		"signals/a.toml": "priority = \"same-day\"",
		"signals/c.toml": "priority = \"urgnet\"",
	})
	var ids []string
	for _, s := range load(t, fsys).Signals() {
		ids = append(ids, string(s.ID)+" "+string(s.Priority))
	}
	if want := []string{"c urgent", "d urgent", "a same-day", "b same-day"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v: a misspelt priority must not make somebody wait", ids, want)
	}
}

func TestANumberWithoutAGradeIsNeverShown(t *testing.T) {
	fsys := with(t, small(), "countries/pk.toml", `grade = "B"`, `grade = "C"`)
	l, _ := load(t, fsys).Land("PK")
	if len(l.Lines) != 1 || l.Lines[0].Grade != "A" {
		t.Errorf("lines %+v", l.Lines)
	}
}

func TestNobodyHasReviewedWhatNamesNobody(t *testing.T) {
	for _, gone := range []string{"reviewed_by = \"MRC Lahore\"\n", "reviewed_on = 2026-01-02\n"} {
		c := load(t, with(t, small(), folder+"ur.md", gone, ""))
		a, _ := c.Article("protector-pk")
		if a.Texts[content.Urdu].Status != content.Draft {
			t.Errorf("reviewed without %q", gone)
		}
	}
}

func TestEdition(t *testing.T) {
	first := load(t, small()).Edition()
	for range 20 {
		if again := load(t, small()).Edition(); again != first {
			t.Fatalf("%s, then %s of the same folder", first, again)
		}
	}
	seen := map[string]string{first: "the folder itself"}
	for what, fsys := range map[string]fstest.MapFS{
		"another fee":       with(t, small(), folder+"ur.md", "7200", "7300"),
		"another ask line":  with(t, small(), folder+"en.md", "protector online", "online protector"),
		"another phone":     with(t, small(), "centres/mrc-lahore.toml", "99203373", "99203374"),
		"another rule":      with(t, small(), "signals/held.toml", "locked me", "locked us"),
		"another topic":     with(t, small(), "topics.toml", "Before you leave", "Before leaving"),
		"another emergency": with(t, small(), "countries/pk.toml", `"15"`, `"16"`),
	} {
		e := load(t, fsys).Edition()
		if other, twice := seen[e]; twice {
			t.Errorf("%s has the edition of %s", what, other)
		}
		seen[e] = what
	}
	// What is no content is of no edition.
	fsys := small()
	fsys["articles/.notes"] = &fstest.MapFile{Data: []byte("x")}
	if load(t, fsys).Edition() != first {
		t.Error("a hidden file has changed the edition")
	}
}

// Hash is over what is said, so that a new ask line or a review makes no
// translation stale.
func TestHashIsOfWhatIsSaid(t *testing.T) {
	hash := func(fsys fstest.MapFS) string {
		a, _ := load(t, fsys).Article("protector-pk")
		return a.Texts[content.English].Hash
	}
	first := hash(small())
	for _, same := range [][2]string{
		{"protector online", "online protector"}, {`"Protector stamp"`, `"The stamp"`}, {`"draft"`, `"reviewed"`},
		{"**two**", "two"}, {"your contract. It", "your\ncontract. It"}, {"- your passport", "* your passport"},
	} {
		if hash(with(t, small(), folder+"en.md", same[0], same[1])) != first {
			t.Errorf("%q → %q changes the hash", same[0], same[1])
		}
	}
	for _, other := range [][2]string{
		{"7,200 rupees.", "7,300 rupees."}, {"{#fees}", "{#fee}"}, {"The Protector's", "A Protector's"},
		{"- your passport", "your passport"}, {"/stamp)", "/stamps)"}, {"## Fees", "## The fees"},
	} {
		if hash(with(t, small(), folder+"en.md", other[0], other[1])) == first {
			t.Errorf("%q → %q does not change the hash", other[0], other[1])
		}
	}
}

func TestSiblings(t *testing.T) {
	text := "+++\ntitle = \"x\"\n+++\nx\n"
	fsys := fstest.MapFS{}
	for id, origin := range map[string]string{
		"recruiter-check-pk": `["PK"]`, "recruiter-check-bd": `["BD"]`, "recruiter-check-xx": `["PK"]`,
		"bmet-card-bd": `["BD"]`, "contract-check": `[]`, "returnees-af": `["AF", "PK"]`, "pk": `["PK"]`,
	} {
		fsys["articles/jobs/"+id+"/en.md"] = &fstest.MapFile{Data: []byte(text)}
		fsys["articles/jobs/"+id+"/article.toml"] = &fstest.MapFile{Data: []byte("origin = " + origin)}
	}
	c := load(t, fsys)
	for id, want := range map[content.ArticleID][]content.ArticleID{
		"recruiter-check-pk": {"recruiter-check-bd", "recruiter-check-pk"},
		"recruiter-check-bd": {"recruiter-check-bd", "recruiter-check-pk"},
		"recruiter-check-xx": nil,
		"bmet-card-bd":       {"bmet-card-bd"},
		"returnees-af":       {"returnees-af"},
		"contract-check":     nil,
		"pk":                 nil,
		"no-such":            nil,
	} {
		if got := c.Siblings(id); !slices.Equal(got, want) {
			t.Errorf("siblings of %s: %v, want %v", id, got, want)
		}
	}
}

func TestWhatIsHandedOutIsTheCallers(t *testing.T) {
	c := load(t, small())
	c.Articles()[0] = nil
	c.Topics()[0].ID = "x"
	c.Lands()[0] = nil
	c.Siblings("protector-pk")[0] = "x"
	if c.Articles()[0] == nil || c.Topics()[0].ID == "x" || c.Lands()[0] == nil || c.Siblings("protector-pk")[0] == "x" {
		t.Error("a caller has changed the catalogue")
	}
}

func TestLoadRefusesWhatCannotBeRead(t *testing.T) {
	for _, c := range []struct{ name, file, old, new, want string }{
		{"bad TOML", folder + "article.toml", `"90d"`, `"90d`, "article.toml:3: "},
		{"an unknown key", folder + "article.toml", "review_every", "reviewevery", `article.toml:3: unknown key "reviewevery"`},
		{"an unknown key of the second source", folder + "article.toml", "[[sources]]", "[[sources]]\ntitle = \"x\"\nseen = 2025-01-01\n[[sources]]\nsen = 2025-01-01", `article.toml:8: unknown key "sources.sen"`},
		{"a day that is none", folder + "article.toml", "2025-12-01", "\"December\"", "article.toml:7: a day is written 2025-12-01"},
		{"a number for a text", folder + "article.toml", `"90d"`, "90", "article.toml:3: incompatible types"},
		{"no front matter", folder + "en.md", "+++\ntitle", "title", `en.md:1: the file must begin with a line "+++"`},
		{"front matter without an end", folder + "en.md", "of = \"\"\n+++\n", "of = \"\"\n", `en.md:1: the file must begin`},
		{"bad front matter", folder + "en.md", `"protector online",`, `"protector online`, "en.md:12: strings cannot contain newlines"},
		{"an unknown key in front matter", folder + "en.md", `of = ""`, `off = ""`, `en.md:19: unknown key "off"`},
		{"the same heading twice", folder + "en.md", "{#fees}", "{#papers}", `en.md:30: the heading id "papers" stands twice`},
		{"an unknown locale", folder + "fa.md", "", ur, `fa.md: "fa" is not a locale: call the file fa-AF.md`},
		{"a locale that nobody knows", folder + "xx.md", "", ur, `xx.md: "xx" is not a locale`},
		{"the same article twice", "articles/jobs/protector-pk/en.md", "", en, "an id can be used once"},
		{"the same topic twice", "topics.toml", "[[topics]]", "[[topics]]\nid = \"leaving\"\n[[topics]]", `topics.toml:4: the topic "leaving" stands twice`},
		{"a title in no locale", "topics.toml", "ur =", "urdu =", `topics.toml:6: unknown key "topics[0].titles.urdu": it is not a locale`},
		{"a signal's unknown key", "signals/held.toml", "raise", "rise", `signals/held.toml:5: unknown key "en.rise"`},
		{"a signal's unknown locale", "signals/held.toml", "[en]", "[eng]", `signals/held.toml:3: unknown key "eng"`},
		{"a centre's unknown day", "centres/mrc-lahore.toml", "fri =", "friday =", `centres/mrc-lahore.toml:12: unknown key "hours.open.friday"`},
		{"a line's unknown key", "countries/pk.toml", "[lines.names]\n", "[lines.names]\n[lines.title]\n", `unknown key`},
		{"two files of a country", "countries/PK.toml", "", landTOML, "has another file"},
		{"bytes that are no text", folder + "en.md", "rupees.", "rup\xffees.", "en.md:31: is not UTF-8"},
		{"a file without end", folder + "en.md", "rupees.", strings.Repeat("rupees ", 30000), "en.md: is longer than"},
		{"a text without end", folder + "en.md", "rupees.", strings.Repeat("rupees ", 5000), "en.md: is longer than"},
		{"a thicket of links", folder + "en.md", "rupees.", strings.Repeat("[a](", 500), "en.md:21: has more brackets"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := content.Load(with(t, small(), c.file, c.old, c.new))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestWindowsFilesAreTheSame(t *testing.T) {
	fsys := small()
	for _, f := range fsys {
		f.Data = []byte("\ufeff" + strings.ReplaceAll(string(f.Data), "\n", "\r\n"))
	}
	a, _ := load(t, fsys).Article("protector-pk")
	b, _ := load(t, small()).Article("protector-pk")
	if a.Texts[content.English].Hash != b.Texts[content.English].Hash {
		t.Error("line ends have changed what is said")
	}
	for _, p := range content.Check(fsys, today) {
		if p.Severe {
			t.Error(p)
		}
	}
}
