// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"sarai/content"
)

// What an editor reads who asks which numbers nobody vouches for.
func TestNumbersThatNoSourceSupports(t *testing.T) {
	const article, enMD = folder + "article.toml", folder + "en.md"
	facts := func(t *testing.T, list string) fstest.MapFS {
		return with(t, stamped(t), article, "seen = 2025-12-01", "seen = 2025-12-01\nfacts = ["+list+"]")
	}
	for _, c := range []struct {
		name string
		fsys fstest.MapFS
		want []string
	}{
		{"nothing is written down", stamped(t), []string{
			enMD + ":21: in no source's facts: 7,200",
			enMD + ":23: in no source's facts: 051-9107272",
			enMD + ":31: in no source's facts: 7,200",
		}},
		{"the fee is", facts(t, `"the stamp: Rs 7200"`), []string{enMD + ":23: in no source's facts: 051-9107272"}},
		{"all is", facts(t, `"the stamp: Rs 7200", "phone (051) 910 72 72"`), nil},
		{"another fee is", with(t, facts(t, `"Rs 7,200", "051-9107272"`), enMD, "costs 7,200 rupees.", "costs 9,500 rupees."), []string{
			enMD + ":31: in no source's facts: 9,500",
		}},
		{"a day of which nothing is known", with(t, facts(t, `"Rs 7,200", "051-9107272"`), enMD, "seen 1 December 2025", "seen 2 December 2025"), []string{
			enMD + ":21: in no source's facts: 2 December 2025",
		}},
		{"a day of the year in which it was seen", with(t, facts(t, `"Rs 7,200", "051-9107272"`), enMD, "seen 1 December 2025", "seen March 2025"), nil},
		{"a law that the source has in its title", with(t, with(t, facts(t, `"Rs 7,200", "051-9107272"`),
			article, "Bureau of Emigration", "Bureau of Emigration: rules of 1979"), enMD, "Take these:", "Take these (rules of 1979):"), nil},
		{"steps are no facts, and headings' ids", with(t, with(t, facts(t, `"Rs 7,200", "051-9107272"`), enMD, "- your passport\n- **two** pictures", "8. your passport\n9. pictures"),
			enMD, "{#papers}", "{#papers-17}"), nil},
		{"a number in letters is one", with(t, facts(t, `"Rs 7,200", "051-9107272", "thirty days"`), enMD, "Take these:", "Take these within 30 days:"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			notices, err := content.Numbers(c.fsys)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range notices {
				got = append(got, p.String())
				if p.Severe {
					t.Errorf("%s is severe", p)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
			// They are for a human eye, and no problem.
			for _, p := range content.Check(c.fsys, today) {
				if p.File == enMD {
					t.Error(p)
				}
			}
		})
	}
	// A value has a source of its own.
	notices, err := content.Numbers(valued(t))
	if err != nil || len(notices) != 1 || notices[0].Line != 23 {
		t.Errorf("%v, %v", notices, err)
	}
}
