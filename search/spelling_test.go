// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"fmt"
	"strings"
	"testing"

	"sarai/content"
)

func TestWhatIsWrittenWrongIsFound(t *testing.T) {
	x := fitted(t)
	for q, want := range map[string]content.ArticleID{
		"protectr ofice fee":                "protector-pk",
		"sallary not payd for three monhts": "wages-unpaid",
		"my emploer took my pasport":        "passport-withheld",
		"scolarship for universty":          "study-abroad",
		"где получить патнет":               "russia-patent",
		"how to chek a recruting agensy":    "recruiter-check-pk",
		"recruting agency is it registred":  "recruiter-check-pk",
	} {
		hint := Hint{}
		if strings.HasSuffix(string(want), "-pk") {
			hint.Origin = "PK"
		}
		if r := x.Read(q, hint); len(r.Matches) == 0 || r.Matches[0].Article != want || r.Band == Unknown {
			t.Errorf("%q: %s %v, want %s", q, r.Band, r.Matches, want)
		}
	}
}

func TestOneLetterOff(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"salry", "salary", true}, {"sallary", "salary", true}, {"salery", "salary", true}, {"slaary", "salary", true},
		{"salary", "salary", false}, {"weather", "whether", false}, {"balary", "salary", false}, {"salr", "salary", false},
		{"зарплта", "зарплата", true}, {"", "", false}, {"a", "", false}, {"aab", "ab", true},
	} {
		if got := oneOff([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
		if got := oneOff([]rune(c.b), []rune(c.a)); got != c.want {
			t.Errorf("%s and %s: %v", c.b, c.a, got)
		}
	}
}

// A word that samples hold is never made another, and of two that are as near
// the more usual is taken.
func TestOnlyUnknownWordsAreMended(t *testing.T) {
	var texts []text
	m := newMeanings(newLands(nil))
	for _, line := range []string{"stamps", "stamps", "stamps", "stampe", "stampe", "stampe", "stampe", "stampq"} {
		texts = append(texts, newText(line, m))
	}
	r := newRanking(texts)
	s := newSpeller(r)
	for in, want := range map[string]string{"stampx": "stampe", "stamps": "stamps", "stampq": "stampq", "stmaps": "stamps", "stam": "stam", "sxxmps": "sxxmps"} {
		q := newText(in, m)
		if ws, mended := s.mend(&q); fmt.Sprint(ws) != fmt.Sprint([]string{want}) || mended != (in != want) {
			t.Errorf("%s becomes %v (%v), want %s", in, ws, mended, want)
		}
		if q.words[0] != in {
			t.Errorf("the text itself was changed to %v", q.words)
		}
	}
}
