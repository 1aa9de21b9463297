// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"math"
	"strings"
	"unicode"

	"sarai/content"
)

// A script is a way of writing that some tongue uses.
type script int

const (
	noScript script = iota
	latinScript
	arabicScript
	cyrillicScript
	bengaliScript
)

func scriptOf(r rune) script {
	switch {
	case r < 0x80:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return latinScript
		}
		return noScript
	case unicode.Is(unicode.Latin, r):
		return latinScript
	case unicode.Is(unicode.Arabic, r) && unicode.IsLetter(r):
		return arabicScript
	case unicode.Is(unicode.Cyrillic, r):
		return cyrillicScript
	case unicode.Is(unicode.Bengali, r):
		return bengaliScript
	}
	return noScript
}

// mainScript is the script of the language of a text. Latin words stand inside
// sentences of every other script and not the other way round, so the others
// win with a quarter of the letters.
func mainScript(s string) script {
	var n [bengaliScript + 1]int
	for _, r := range s {
		n[scriptOf(r)]++
	}
	n[noScript] = 0
	best := latinScript
	other := arabicScript
	for _, c := range []script{cyrillicScript, bengaliScript} {
		if n[c] > n[other] {
			other = c
		}
	}
	if n[other]*3 >= n[latinScript] && n[other] > 0 {
		best = other
	}
	if n[best] == 0 {
		return noScript
	}
	return best
}

// A speaker is a tongue with what was learnt of it: naive Bayes over words and
// over characters one to three.
type speaker struct {
	tongue
	lender int             // index of the speaker it borrows from, -1 for none
	small  map[string]bool // its small words, folded
	seen   map[string]int  // words of its text and of the catalogue's
	total  int
	grams  map[gram]int      // how often each n-gram of one to three was seen
	after  map[gram]followed // what came after each context of none to two
}

// A gram is up to three runes, the last in the lowest 21 bits.
type gram uint64

func (g gram) then(r rune) gram { return g<<21 | gram(r) }

// A followed is how often a context was followed, and by how many kinds of rune.
type followed struct{ n, kinds int }

// A linguist tells languages apart. It never changes once trained.
type linguist struct {
	speakers []*speaker
	filler   map[string]bool // small words of every tongue, and the chatter
}

// lesson is how many runes of the catalogue's texts a tongue learns from at
// most: beyond that a rich language only gains an unfair lead over a poor one.
const lesson = 40000

// newLinguist learns from the tongues' own samples and from the catalogue's
// texts, given by locale, those that matter most first.
func newLinguist(texts map[content.Locale][]string) *linguist {
	g := &linguist{filler: map[string]bool{}}
	byName := map[string]int{"": -1}
	for i, t := range tongues {
		s := &speaker{tongue: t, small: map[string]bool{}, seen: map[string]int{},
			grams: map[gram]int{}, after: map[gram]followed{}}
		g.speakers = append(g.speakers, s)
		byName[t.name] = i
		for _, w := range words(Normalise(t.words)) {
			s.small[w] = true
			g.filler[w] = true
		}
	}
	for _, w := range words(Normalise(chatter)) {
		g.filler[w] = true
	}
	// Lenders learn first: what they know, borrowers do not learn as theirs.
	for _, borrowers := range []bool{false, true} {
		for _, s := range g.speakers {
			s.lender = byName[s.tongue.lender]
			if (s.lender >= 0) != borrowers {
				continue
			}
			var borrowed func(string) bool
			if borrowers {
				lender := g.speakers[s.lender]
				borrowed = func(w string) bool { return !s.small[w] && lender.seen[w] > 0 }
			}
			s.learn(s.tongue.words, nil)
			s.learn(s.tongue.text, borrowed)
			runes := 0
			for _, t := range texts[s.locale] {
				if runes > lesson {
					break
				}
				if mainScript(t) == s.script {
					s.learn(t, borrowed)
					runes += len(t) / 2
				}
			}
		}
	}
	return g
}

// learn takes in the words of a text, but for those that skip names.
func (s *speaker) learn(text string, skip func(folded string) bool) {
	for _, w := range strings.FieldsFunc(legible(text), notLetter) {
		folded := fold(w)
		if skip != nil && skip(folded) {
			continue
		}
		s.seen[folded]++
		s.total++
		a, b := rune(0), rune(' ')
		for _, r := range w + " " {
			for _, context := range [...]gram{0, gram(b), gram(a).then(b)} {
				g := context.then(r)
				f := s.after[context]
				f.n++
				if s.grams[g] == 0 {
					f.kinds++
				}
				s.grams[g]++
				s.after[context] = f
			}
			a, b = b, r
		}
	}
}

// chance is the probability of r after a and b, each length of context
// falling back on the shorter by how many different runes it was seen before.
func (s *speaker) chance(a, b, r rune) float64 {
	p := 1.0 / 120 // letters that any script could bring
	for _, context := range [...]gram{0, gram(b), gram(a).then(b)} {
		f := s.after[context]
		if f.n == 0 {
			break // a longer context was not seen either
		}
		p = (float64(s.grams[context.then(r)]) + float64(f.kinds)*p) / float64(f.n+f.kinds)
	}
	return p
}

// spell is the probability that the tongue forms this word of letters.
func (s *speaker) spell(w string) float64 {
	p, a, b := 1.0, rune(0), rune(' ')
	n := 0
	for _, r := range w {
		p *= s.chance(a, b, r)
		a, b = b, r
		if n++; n == 12 { // the rest of a long word tells nothing new
			return p
		}
	}
	return p * s.chance(a, b, ' ')
}

// own is the probability of the word in the tongue itself.
func (s *speaker) own(w, folded string) float64 {
	p := 0.4 * s.spell(w)
	if s.small[folded] {
		p += 0.3 / float64(len(s.small))
	}
	if n := s.seen[folded]; n > 0 {
		p += 0.3 * float64(n) / float64(s.total)
	}
	return p
}

// lent is how much of a sentence may be borrowed: "fees" does not make one
// English.
const lent = 0.2

// knows says whether the tongue has the word for certain.
func (s *speaker) knows(folded string) bool { return s.small[folded] || s.seen[folded] > 1 }

// legible is a composed text with the letters folded that keyboards exchange
// without telling the language: yeh, kaf and heh.
func legible(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'ي', 'ى':
			return 'ی'
		case 'ك':
			return 'ک'
		case 'ہ', 'ھ', 'ۂ', 'ۃ', 'ۀ':
			return 'ه'
		case '\'', '`', '‘', '’', 'ʻ', 'ʼ', '´':
			return -1
		}
		if unicode.Is(unicode.Mn, r) && r < 0x0900 {
			return -1
		}
		return r
	}, compose(s))
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }

// votes are letters that one language has and its neighbours do not. They vote
// beside the words, because keyboards are borrowed.
var votes = map[rune]content.Locale{
	'ښ': content.Pashto, 'ځ': content.Pashto, 'څ': content.Pashto, 'ډ': content.Pashto, 'ړ': content.Pashto, 'ږ': content.Pashto,
	'ڼ': content.Pashto, 'ټ': content.Pashto, 'ۍ': content.Pashto, 'ې': content.Pashto, 'ګ': content.Pashto,
	'ە': content.Sorani, 'ێ': content.Sorani, 'ۆ': content.Sorani, 'ڵ': content.Sorani, 'ڕ': content.Sorani, 'ڤ': content.Sorani,
	'ٹ': content.Urdu, 'ڈ': content.Urdu, 'ڑ': content.Urdu, 'ں': content.Urdu, 'ے': content.Urdu, 'ھ': content.Urdu, 'ہ': content.Urdu,
	'ة': content.Arabic, 'ى': content.Arabic, 'أ': content.Arabic, 'إ': content.Arabic,
	'ӣ': content.Tajik, 'ӯ': content.Tajik, 'ҷ': content.Tajik,
	'ў': content.Uzbek, 'ә': content.Kazakh, 'ұ': content.Kazakh, 'і': content.Kazakh, 'һ': content.Kazakh,
}

const (
	// floor is how much one word can speak against a language, in nats.
	floor = 6.0
	// ballot is what one letter's vote counts, and poll what all can.
	ballot, poll = 0.7, 4.0
	// unheard is what a word counts that nobody knows: what was learnt least of
	// spells strange words best.
	unheard = 0.5
	// The hint's own language and the further ones break ties, and before them
	// the language that others borrow from: "patent" alone is Russian.
	hinted, hintedAlso, lender = 3.5, 1.8, 1.5
	// A language is sure where the others are this much less likely (e^-5).
	surely = 5.0
)

// tell names the language of a message, and whether it is surely that one. A
// message without letters, or in a script that none of the languages uses, is
// in none.
func (g *linguist) tell(message string, hint Hint) (content.Locale, bool) {
	main := mainScript(message)
	if main == noScript {
		return content.NoLocale, false
	}
	composed := compose(message)
	vote := map[content.Locale]float64{}
	for _, r := range composed {
		if l := votes[r]; l != "" {
			vote[l] = min(poll, vote[l]+ballot)
		}
	}
	tokens := strings.FieldsFunc(legible(message), notLetter)
	score := make([]float64, len(g.speakers))
	known := make([]int, len(g.speakers))
	own := make([]float64, len(g.speakers))
	ps := make([]float64, len(g.speakers))
	letters, counted := 0, 0
	for _, t := range tokens {
		first, _ := firstRune(t)
		if scriptOf(first) != main {
			continue
		}
		if counted++; counted > 60 { // sixty words tell
			break
		}
		letters += len([]rune(t))
		folded := fold(t)
		best := math.Inf(-1)
		heard := false
		clear(own)
		for i, s := range g.speakers {
			if s.script == main {
				own[i] = s.own(t, folded)
				heard = heard || s.small[folded] || s.seen[folded] > 0
			}
		}
		for i, s := range g.speakers {
			p := own[i]
			if s.lender >= 0 {
				p = (1-lent)*p + lent*own[s.lender]
			}
			ps[i] = math.Log(p + 1e-30)
			best = max(best, ps[i])
		}
		for i, s := range g.speakers {
			if s.script != main {
				continue
			}
			lead := max(ps[i]-best, -floor)
			if !heard {
				lead *= unheard
			}
			score[i] += lead
			if s.knows(folded) && ps[i] > best-0.5 {
				known[i]++
			}
		}
	}
	if counted == 0 {
		return content.NoLocale, false
	}
	top, withHint := -1, math.Inf(-1)
	for i, s := range g.speakers {
		if s.script != main {
			continue
		}
		score[i] += vote[s.locale]
		h := score[i]
		if s.lender < 0 {
			h += lender
		}
		if s.locale == hint.Locale {
			h += hinted
		} else {
			for _, l := range hint.Also {
				if l == s.locale {
					h += hintedAlso
					break
				}
			}
		}
		if h > withHint {
			top, withHint = i, h
		}
	}
	won := g.speakers[top]
	next := math.Inf(-1)
	for i, s := range g.speakers {
		if s.script == main && s.locale != won.locale {
			next = max(next, score[i])
		}
	}
	// What only letters and spelling say is not sure: an unknown language
	// also resembles one of ours most.
	lead := score[top] - next
	sure := lead >= surely && known[top] >= 2 || lead >= 2*surely && known[top] >= 1 && main != latinScript
	if main == bengaliScript {
		sure = letters >= 4 // no other of our languages is written so
	}
	return won.locale, sure
}

func firstRune(s string) (rune, bool) {
	for _, r := range s {
		return r, true
	}
	return 0, false
}
