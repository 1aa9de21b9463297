// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sarai/content"
)

// A pattern is one word of a rule: a whole word, or the beginning of one.
type pattern struct {
	text string
	stem bool // any ending
}

func (p pattern) match(word string) bool {
	if p.stem {
		return strings.HasPrefix(word, p.text)
	}
	return word == p.text
}

// A step is one place of a rule: alternatives, each of them one word or, where
// normalising takes a word apart, several in a row.
type step struct {
	alternatives [][]pattern
	far          bool // any distance from the step before
}

// A rule is a compiled line of a signal.
type rule struct {
	signal int // index into watch.signals
	line   string
	locale content.Locale // whose table the line stands in
	steps  []step
	never  []pattern
}

// near is how many words after the one before a word of a rule may stand.
const near = 2

// longestRule is how many words a rule may ask for: each is a bit of a uint64.
const longestRule = 32

// A watch is all rules of all signals, compiled. It looks for the rules of
// every language in every message: a person in danger mixes languages, and the
// language of a short cry is easily mistaken.
type watch struct {
	signals []*content.Signal // urgent first, then by id
	ear
	latin ear // the rules that have Cyrillic letters, in Latin ones
	order map[content.SignalID]int
	quiet []map[string]bool // per signal: whole messages that do not raise it
}

// An ear is rules, and for each word in which of their steps it stands.
type ear struct {
	rules []rule
	words map[string][]spot // whole words
	stems map[string][]spot // stems by their first two runes
}

// A spot is a step of a rule that a word may take.
type spot struct {
	rule int
	step uint64 // as a bit
	stem string
}

func newEar() ear { return ear{words: map[string][]spot{}, stems: map[string][]spot{}} }

func newWatch(signals []*content.Signal) *watch {
	w := &watch{signals: slices.Clone(signals), ear: newEar(), latin: newEar()}
	slices.SortStableFunc(w.signals, func(a, b *content.Signal) int {
		if (a.Priority == content.Urgent) != (b.Priority == content.Urgent) {
			if a.Priority == content.Urgent {
				return -1
			}
			return 1
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	w.quiet = make([]map[string]bool, len(w.signals))
	w.order = map[content.SignalID]int{}
	for i, s := range w.signals {
		w.order[s.ID] = i
		w.quiet[i] = map[string]bool{}
		for _, l := range content.Locales() {
			t := s.Texts[l]
			for _, not := range t.Not {
				w.quiet[i][strings.Join(heard(not), " ")] = true
			}
			for _, line := range t.Rules {
				r, err := parseRule(line)
				if err != nil {
					continue // CheckSignals reports it
				}
				r.signal, r.locale = i, l
				w.add(r)
				if typed := typedLatin(line); typed != line {
					if t, err := parseRule(typed); err == nil {
						r.steps, r.never = t.steps, t.never // it is still the line of that table
						w.latin.add(r)
					}
				}
			}
		}
	}
	return w
}

func (e *ear) add(r rule) {
	for i, s := range r.steps {
		for _, alt := range s.alternatives {
			at := spot{rule: len(e.rules), step: 1 << i}
			if alt[0].stem {
				at.stem = alt[0].text
				e.stems[opening(at.stem)] = append(e.stems[opening(at.stem)], at)
			} else {
				e.words[alt[0].text] = append(e.words[alt[0].text], at)
			}
		}
	}
	e.rules = append(e.rules, r)
}

// likely gives the rules, in their order, each of whose steps has a word among
// ws. Few of them are left to be matched.
func (e *ear) likely(ws []string) []int {
	taken := make([]uint64, len(e.rules))
	for _, w := range ws {
		for _, at := range e.words[w] {
			taken[at.rule] |= at.step
		}
		for _, at := range e.stems[opening(w)] {
			if strings.HasPrefix(w, at.stem) {
				taken[at.rule] |= at.step
			}
		}
	}
	var ns []int
	for n, steps := range taken {
		if steps == 1<<len(e.rules[n].steps)-1 {
			ns = append(ns, n)
		}
	}
	return ns
}

// opening is the first two runes of a word, or the one that it has.
func opening(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	_, m := utf8.DecodeRuneInString(s[n:])
	return s[:n+m]
}

// parseRule compiles a line of a signal. It fails for a line that no message
// could ever match.
func parseRule(line string) (rule, error) {
	r := rule{line: line}
	far := false
	for _, f := range strings.Fields(line) {
		if f == "…" || f == "..." {
			far = true
			continue
		}
		f, never := strings.CutPrefix(f, "!")
		var s step
		for _, a := range strings.Split(f, "|") {
			a, stem := strings.CutSuffix(a, "*")
			var ps []pattern
			for _, word := range heard(a) {
				ps = append(ps, pattern{text: word})
			}
			if len(ps) == 0 {
				return rule{}, fmt.Errorf("the rule %q has a word without letters or digits", line)
			}
			last := &ps[len(ps)-1]
			last.stem = stem
			if stem && utf8.RuneCountInString(last.text) < 2 {
				return rule{}, fmt.Errorf("the rule %q has a beginning of a single letter", line)
			}
			s.alternatives = append(s.alternatives, ps)
		}
		if never {
			for _, ps := range s.alternatives {
				if len(ps) != 1 {
					return rule{}, fmt.Errorf("the rule %q forbids more than one word at once", line)
				}
				r.never = append(r.never, ps[0])
			}
			continue
		}
		s.far, far = far && len(r.steps) > 0, false
		r.steps = append(r.steps, s)
	}
	if len(r.steps) == 0 {
		return rule{}, fmt.Errorf("the rule %q has no word that must stand in the message", line)
	}
	if len(r.steps) > longestRule {
		return rule{}, fmt.Errorf("the rule %q has more than %d words one after the other", line, longestRule)
	}
	return r, nil
}

// heard gives the words of a message as rules see them: normalised, with the
// letters of a Russian keyboard for those that it lacks, and with letters said
// once that somebody drew out ("heeelp"). In Latin letters a doubled one counts
// as one, too: romanised words are doubled at will.
func heard(message string) []string {
	ws := words(russianKeys.Replace(Normalise(message)))
	for i, w := range ws {
		ws[i] = once(w)
	}
	return ws
}

// russianKeys are the letters of Tajik, Kyrgyz, Kazakh and Uzbek that a Russian
// keyboard lacks, and what is typed for them.
var russianKeys = strings.NewReplacer("ғ", "г", "ӣ", "и", "қ", "к", "ӯ", "у", "ҳ", "х", "ҷ", "ч",
	"ў", "у", "ң", "н", "ө", "о", "ү", "у", "ә", "а", "ұ", "у", "і", "и", "һ", "х")

// typedLatin writes the Cyrillic letters of a rule as people type them in Latin
// ones, in the one way to which looseLatin takes all.
func typedLatin(line string) string {
	typed := cyrillicKeys.Replace(strings.ToLower(line))
	if typed == strings.ToLower(line) {
		return line
	}
	return latinHabits.Replace(typed)
}

var cyrillicKeys = strings.NewReplacer("а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "io", "ж", "j", "з", "z",
	"и", "i", "й", "i", "к", "k", "л", "l", "м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u",
	"ф", "f", "х", "h", "ц", "c", "ч", "ch", "ш", "sh", "щ", "sh", "ъ", "", "ы", "i", "ь", "", "э", "e", "ю", "iu", "я", "ia",
	"ғ", "g", "ӣ", "i", "қ", "k", "ӯ", "u", "ҳ", "h", "ҷ", "j", "ў", "o", "ң", "n", "ө", "o", "ү", "u", "ә", "a", "ұ", "u", "і", "i", "һ", "h")

// looseLatin takes a romanised word to one of its ways of being written:
// "pokhitili" and "pohitili", "yordam" and "jordam", "qotib" and "kotib" differ
// by habit only.
func looseLatin(word string) string { return once(latinHabits.Replace(word)) }

var latinHabits = strings.NewReplacer("shch", "sh", "sch", "sh", "kh", "h", "zh", "j", "dj", "j", "gh", "g", "ts", "c", "x", "h", "q", "k", "w", "v", "iye", "e", "ye", "e", "ie", "e", "y", "i")

func once(w string) string {
	repeated := false
	last := rune(-1)
	for _, r := range w {
		if r == last {
			repeated = true
			break
		}
		last = r
	}
	if !repeated {
		return w
	}
	var b strings.Builder
	rs := []rune(w)
	for i := 0; i < len(rs); {
		j := i
		for j < len(rs) && rs[j] == rs[i] {
			j++
		}
		switch {
		case rs[i] >= '0' && rs[i] <= '9': // 100 is not 10
			b.WriteString(string(rs[i:j]))
		case j-i == 2 && rs[i] >= 0x80:
			b.WriteString(string(rs[i:j]))
		default:
			b.WriteRune(rs[i])
		}
		i = j
	}
	return b.String()
}

// listen gives the signals of a message, at most one finding for each, urgent
// ones first.
func (w *watch) listen(message string) []Raised {
	if len(w.rules) == 0 {
		return nil
	}
	ws := heard(message)
	found := w.hear(&w.ear, ws, ws)
	more := func(rs []Raised) {
		for _, r := range rs {
			if !slices.ContainsFunc(found, func(f Raised) bool { return f.Signal == r.Signal }) {
				found = append(found, r)
			}
		}
	}
	if loose, any := loosened(ws); any {
		more(w.hear(&w.latin, loose, ws))
	}
	if strings.ContainsRune(message, joiner) {
		// Normalising joins what the Persian half-space joins, and many write a
		// whole space there, most of all in compounds; so do rules.
		for _, m := range []string{halfSpaces.Replace(message), strings.ReplaceAll(message, string(joiner), " ")} {
			ws := heard(m)
			more(w.hear(&w.ear, ws, ws))
		}
	}
	slices.SortStableFunc(found, func(a, b Raised) int { return w.order[a.Signal] - w.order[b.Signal] })
	return found
}

// joiner is the zero-width non-joiner, and halfSpaces leaves it to the prefix
// of verbs only.
const joiner = '\u200c'

var halfSpaces = strings.NewReplacer("می\u200c", "می", "مي\u200c", "می", "\u200c", " ")

// loosened gives the words with those in Latin letters loosened, and whether
// there is any such word.
func loosened(ws []string) (loose []string, any bool) {
	for _, w := range ws {
		any = any || 'a' <= w[0] && w[0] <= 'z'
	}
	if !any {
		return nil, false
	}
	loose = make([]string, 0, len(ws))
	for _, w := range ws {
		if 'a' <= w[0] && w[0] <= 'z' {
			w = looseLatin(w)
		}
		loose = append(loose, w)
	}
	return loose, true
}

// hear gives the signals that the words ws raise by the rules of one ear.
// message is the words as they were heard.
func (w *watch) hear(e *ear, ws, message []string) []Raised {
	var found []Raised
	whole := ""
	raised := -1
	for _, n := range e.likely(ws) {
		r := &e.rules[n]
		if r.signal == raised || !r.match(ws) {
			continue
		}
		if whole == "" {
			whole = strings.Join(message, " ")
		}
		if w.quiet[r.signal][whole] {
			continue
		}
		raised = r.signal // rules stand in the order of their signals
		found = append(found, Raised{Signal: w.signals[r.signal].ID, Rule: r.line, Locale: r.locale})
	}
	return found
}

func (r *rule) match(ws []string) bool {
	// ends are the places where the steps so far can end.
	var ends, next []int
	for i, s := range r.steps {
		next = next[:0]
		for at := range ws {
			if i > 0 && !reached(ends, at, s.far) {
				continue
			}
			for _, alt := range s.alternatives {
				if stands(alt, ws[at:]) {
					next = append(next, at+len(alt)-1)
				}
			}
		}
		if len(next) == 0 {
			return false
		}
		slices.Sort(next) // an alternative can be longer than another
		ends, next = slices.Compact(next), ends
	}
	for _, p := range r.never {
		if slices.ContainsFunc(ws, p.match) {
			return false
		}
	}
	return true
}

func reached(ends []int, at int, far bool) bool {
	before, _ := slices.BinarySearch(ends, at) // how many end before at
	return before > 0 && (far || at-ends[before-1] <= near)
}

func stands(alt []pattern, ws []string) bool {
	if len(ws) < len(alt) {
		return false
	}
	for i, p := range alt {
		if !p.match(ws[i]) {
			return false
		}
	}
	return true
}

// CheckSignals says in one line each what is wrong with the signals of a
// catalogue: a rule that cannot be read, a sentence that must raise its signal
// and does not, and a sentence that must not and raises any. It is empty where
// all is well.
func CheckSignals(c *content.Catalogue) []string {
	var problems []string
	w := newWatch(c.Signals())
	for _, s := range w.signals {
		for _, l := range content.Locales() {
			t := s.Texts[l]
			at := fmt.Sprintf("signal %s, %s", s.ID, l)
			for _, line := range t.Rules {
				if _, err := parseRule(line); err != nil {
					problems = append(problems, fmt.Sprintf("%s: %v", at, err))
				}
			}
			for _, m := range t.Raise {
				if !slices.ContainsFunc(w.listen(m), func(r Raised) bool { return r.Signal == s.ID }) {
					problems = append(problems, fmt.Sprintf("%s: not raised by %q", at, m))
				}
			}
			for _, m := range t.Not {
				for _, r := range w.listen(m) {
					problems = append(problems, fmt.Sprintf("%s: %q must raise nothing but raises %s by the rule %q (%s)", at, m, r.Signal, r.Rule, r.Locale))
				}
			}
		}
	}
	return problems
}
