// SPDX-License-Identifier: GPL-3.0-or-later

package register

import (
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"sarai/content"
	"sarai/search"
)

// A Register is the lists of one country, ready to be searched. It never changes
// and is safe for concurrent use.
type Register struct {
	Country content.Country
	Sources []Source // without their entries

	firms   []firm
	rarity  map[sound]float32 // by word of a name: what it weighs, from 0 to 1
	pieces  map[string]posting
	digits  map[string][]int32 // firms by each run of digits of their numbers
	letters map[string]bool    // the letters that stand in numbers: OEP, LHR
	bare    []int32            // firms whose names are plain words only
	scratch sync.Pool          // *scratch
}

// A firm is an entry with what it is compared by.
type firm struct {
	entry  Entry
	source int32
	number []run
	name   spelling
	typed  spelling // in letters, where all of it is Latin
	norm   float32  // of its pieces
}

// A posting is the firms that have a piece, and what the piece counts.
type posting struct {
	firms  []int32
	weight float32
}

// A spelling is words as one line of sounds, each letter with what it weighs.
type spelling struct {
	letters []byte
	weight  []int32 // of a letter, in hundredths
	begins  []bool  // a word begins here
	plain   []bool  // of a plain word
	words   []word
	total   int32 // what it would cost if none of it were there
	core    int32 // of that, what is not generic
	latin   bool  // all of it was in Latin letters
}

// A word is where one stands in a spelling.
type word struct {
	from, to int
	weight   int32 // in hundredths
	known    bool  // it stands in a name of the register
	plain    bool  // small, generic, or a number
}

const (
	// What a plain word weighs, in hundredths. People leave out what a firm does,
	// so that it is missing only tells equals apart; that they write another thing
	// says a little.
	plainMissing = 1
	genericSaid  = 25
	leastWeight  = 0.30 // of a word that is in many names
)

// New indexes a file.
func New(f File) *Register {
	r := &Register{
		Country: f.Country, rarity: map[sound]float32{}, pieces: map[string]posting{},
		digits: map[string][]int32{}, letters: map[string]bool{},
	}
	for i, s := range f.Sources {
		for _, e := range s.Entries {
			r.firms = append(r.firms, firm{entry: e, source: int32(i)})
		}
		s.Entries = nil
		r.Sources = append(r.Sources, s)
	}
	df := map[sound]int{}
	words := make([][]string, len(r.firms))
	for i := range r.firms {
		words[i] = wordsOf(r.firms[i].entry.Name)
		for n, w := range words[i] {
			if !slices.Contains(words[i][:n], w) {
				df[soundOf(w)]++
			}
		}
	}
	rarest := math.Log(1 + float64(len(r.firms)))
	for w, n := range df {
		r.rarity[w] = max(leastWeight, float32(math.Log(1+float64(len(r.firms))/float64(n))/rarest))
	}
	for i := range r.firms {
		x := &r.firms[i]
		x.name = r.spell(words[i], soundOf)
		if x.name.latin {
			x.typed = r.spell(words[i], lettersOf)
		}
		if x.name.core == 0 {
			x.name.weigh()
			x.typed.weigh()
			r.bare = append(r.bare, int32(i))
		}
		x.number = runs(x.entry.Licence)
		for n, part := range x.number {
			switch {
			case !part.digits:
				r.letters[part.text] = true
			case !slices.ContainsFunc(x.number[:n], func(o run) bool { return o == part }):
				r.digits[part.text] = append(r.digits[part.text], int32(i))
			}
		}
		for p := range x.name.pieces() {
			list := r.pieces[p]
			list.firms = append(list.firms, int32(i))
			r.pieces[p] = list
		}
	}
	for p, list := range r.pieces {
		list.weight = float32(math.Log(1 + float64(len(r.firms))/float64(len(list.firms))))
		list.firms = slices.Clip(list.firms)
		r.pieces[p] = list
		for _, i := range list.firms {
			r.firms[i].norm += list.weight * list.weight
		}
	}
	for i := range r.firms {
		r.firms[i].norm = float32(math.Sqrt(float64(r.firms[i].norm)))
	}
	r.scratch.New = func() any { return &scratch{score: make([]float32, len(r.firms))} }
	return r
}

// wordsOf gives the words of a name or a message.
func wordsOf(s string) []string { return strings.Fields(search.Normalise(s)) }

// mostLetters bounds how much of a message is compared: a name stands in a
// sentence or two, not in a story.
const mostLetters = 240

// spell writes words as one line of sounds or letters.
func (r *Register) spell(words []string, write func(word string) sound) spelling {
	s := spelling{latin: true}
	for _, w := range words {
		s.latin = s.latin && !strings.ContainsFunc(w, func(r rune) bool { return r >= utf8.RuneSelf })
		snd := write(w)
		if len(snd) == 0 {
			continue
		}
		if len(s.letters)+len(snd) > mostLetters {
			break
		}
		x := word{from: len(s.letters), to: len(s.letters) + len(snd), weight: 100}
		heard := soundOf(w)
		rare, known := r.rarity[heard]
		number := strings.Trim(w, "0123456789") == ""
		switch {
		case small[w], !known && like(heard, smalls):
			x.weight, x.plain = plainMissing, true
		case generic[w], !known && like(heard, generics):
			x.weight, x.plain = genericSaid, true
		case known:
			x.weight, x.known, x.plain = int32(100*rare), true, number
		default:
			x.plain = number
		}
		if len(heard) <= 2 && !x.plain { // al, el, bu: of many names, also in a small register
			x.weight = 100 * leastWeight
		}
		s.words = append(s.words, x)
		for i := range len(snd) {
			s.letters = append(s.letters, snd[i])
			s.weight = append(s.weight, x.weight)
			s.begins = append(s.begins, i == 0)
			s.plain = append(s.plain, x.plain)
			cost := missing[snd[i]] * x.weight / 100
			s.total += cost
			if !x.plain {
				s.core += cost
			}
		}
	}
	return s
}

// weigh makes the words of a name that has only plain ones those that tell it
// apart: "Overseas Employment Corporation" is one firm, and "overseas employment"
// is none.
func (s *spelling) weigh() {
	s.total = 0
	for i, c := range s.letters {
		s.weight[i], s.plain[i] = genericSaid, false
		s.total += missing[c] * s.weight[i] / 100
	}
}

// pieces calls f with each piece of the words that tell firms apart, once: three
// letters of a word with its edges, and three of the skeleton, of each word with
// its edges and over all of them, because "al falah" is "alfalah" to many. Where
// all words are generic, of all.
func (s *spelling) pieces() func(f func(piece string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		cut := func(kind byte, b []byte) bool {
			for i := 0; i+3 <= len(b); i++ {
				p := string(append([]byte{kind}, b[i:i+3]...))
				if seen[p] {
					continue
				}
				seen[p] = true
				if !yield(p) {
					return false
				}
			}
			return true
		}
		all := !slices.ContainsFunc(s.words, func(w word) bool { return !w.plain })
		var whole, one []byte
		for _, w := range s.words {
			if w.plain && !all {
				continue
			}
			snd := sound(s.letters[w.from:w.to])
			one = append(append(append(one[:0], '^'), snd...), '$')
			if !cut('=', one) {
				return
			}
			for _, breath := range []bool{true, false} {
				one = append(snd.skeleton(append(one[:0], '^'), breath), '$')
				if !cut('|', one) {
					return
				}
			}
			whole = snd.skeleton(whole, true)
		}
		cut('|', whole)
	}
}

// How sure a name must be found to be shown at all, and to be taken for the one
// that is meant. Measured on invented registers; see the tests.
const (
	Found  = 0.73
	Surely = 0.86
)

// most is how many entries are given.
const most = 3

// By says what an entry was found by.
type By int

// What an entry can be found by: digits that may be a number's or something
// else's, a name, or a number with what belongs to it.
const (
	ByDigits By = iota
	ByName
	ByNumber
)

// A Hit is an entry that could be meant.
type Hit struct {
	Entry  Entry
	Source Source  // without entries
	Sure   float64 // from 0 to 1
	By     By
}

// Find gives up to three entries that a message could mean, the surest first,
// of the equally sure the worst status first. A licence number is looked for
// always, names only if names says that somebody asks for one. It takes any
// bytes. More says that further ones could be meant as well.
func (r *Register) Find(message string, names bool) (hits []Hit, more bool) {
	words := wordsOf(message)
	found := r.byNumber(words)
	if names {
		byName := r.byName(words)
		sure := len(byName) > 0 && byName[0].sure >= Surely
		// Bare digits beside a name are a price or a telephone, unless they are
		// this firm's.
		if len(byName) > 0 {
			found = slices.DeleteFunc(found, func(c candidate) bool {
				return c.by == ByDigits && (sure || c.sure < Surely) && !slices.ContainsFunc(byName, func(n candidate) bool { return n.firm == c.firm })
			})
		}
		for _, c := range byName {
			if i := slices.IndexFunc(found, func(o candidate) bool { return o.firm == c.firm }); i >= 0 {
				found[i].sure, found[i].by = max(found[i].sure, c.sure, Surely), max(found[i].by, c.by)
				continue
			}
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		switch x, y := math.Round(a.sure*50), math.Round(b.sure*50); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return slices.Index(statuses, r.firms[b.firm].entry.Status) - slices.Index(statuses, r.firms[a.firm].entry.Status)
	})
	for _, c := range found[:min(most, len(found))] {
		x := &r.firms[c.firm]
		hits = append(hits, Hit{Entry: x.entry, Source: r.Sources[x.source], Sure: c.sure, By: c.by})
	}
	return hits, len(found) > most
}

// A candidate is a firm that could be meant.
type candidate struct {
	firm int32
	sure float64
	by   By
}

// A scratch is the room in which one search adds up.
type scratch struct {
	score []float32
	seen  []int32
	table [3][]cell
}

// compared is how many of the likeliest firms are compared sound by sound,
// comparedTyped how many of them as they were typed, too.
const (
	compared      = 160
	comparedTyped = 40
)

// frequent is how many firms a piece may be in to be looked up at all in a
// large register: those in more tell little and cost most.
const frequent = 4000

// byName finds firms by their names.
func (r *Register) byName(words []string) []candidate {
	q, typed := r.spell(words, soundOf), r.spell(words, lettersOf)
	if len(q.letters) == 0 {
		return nil
	}
	s := r.scratch.Get().(*scratch)
	defer r.scratch.Put(s)
	for p := range q.pieces() {
		list := r.pieces[p]
		if len(list.firms) > frequent && len(list.firms) > len(r.firms)/4 {
			continue
		}
		for _, i := range list.firms {
			if s.score[i] == 0 {
				s.seen = append(s.seen, i)
			}
			s.score[i] += list.weight * list.weight
		}
	}
	likely := make([]int32, 0, compared+1)
	for _, i := range s.seen {
		s.score[i] /= r.firms[i].norm
		at := len(likely)
		for at > 0 && s.score[likely[at-1]] < s.score[i] {
			at--
		}
		if at < compared {
			likely = slices.Insert(likely, at, i)[:min(len(likely)+1, compared)]
		}
	}
	for _, i := range r.bare[:min(len(r.bare), compared)] { // their pieces are looked up only where nothing else was said
		if !slices.Contains(likely, i) {
			likely = append(likely, i)
		}
	}
	var found []candidate
	for n, i := range likely {
		x := &r.firms[i]
		sure := q.holds(&x.name, s)
		if n < comparedTyped && sure < Surely && q.latin && x.name.latin {
			sure = max(sure, typed.holds(&x.typed, s))
		}
		if sure >= Found {
			found = append(found, candidate{firm: i, sure: sure, by: ByName})
		}
	}
	for _, i := range s.seen {
		s.score[i] = 0
	}
	s.seen = s.seen[:0]
	slices.SortFunc(found, func(a, b candidate) int {
		switch {
		case a.sure > b.sure:
			return -1
		case a.sure < b.sure:
			return 1
		}
		return int(a.firm - b.firm)
	})
	// Whoever is far behind is not meant.
	return slices.DeleteFunc(found, func(c candidate) bool { return c.sure < found[0].sure-0.15 })
}

// A cell is the cheapest way to a place in the table of an alignment, and where
// in the message it began.
type cell struct {
	cost int32
	from int32
}

// What a word beside the name costs that may belong to it: one that stands in
// names, and one that nobody knows. The share of its own letters, in hundredths.
const (
	besideKnown   = 50
	besideUnknown = 20
	besideMost    = 25 // of the name's letters
	besidePlain   = 15 // the same for words of what a firm does
)

// fewLetters is what the words that tell a firm apart must weigh for a name to
// be surely found.
const fewLetters = 200

// holds says how surely a message holds a name, from 0 to 1: what the cheapest
// way of writing one as the other costs, measured by the name. The name may stand
// anywhere in the message, but from the begin of a word to the end of one.
func (q *spelling) holds(name *spelling, s *scratch) float64 {
	p, m := name.letters, q.letters
	if name.total == 0 {
		return 0
	}
	for i := range s.table {
		if cap(s.table[i]) <= len(m) {
			s.table[i] = make([]cell, len(m)+1, mostLetters+1)
		}
		s.table[i] = s.table[i][:len(m)+1]
	}
	table := &exchanged
	if q.latin == name.latin {
		table = &exchangedWithin
	}
	limit := int32((1 - Found) * float64(name.measure()))
	two, one, now := s.table[0], s.table[1], s.table[2]
	one[0] = cell{}
	for j := 1; j <= len(m); j++ {
		one[j] = cell{one[j-1].cost + missing[m[j-1]]*q.weight[j-1]/100, one[j-1].from}
		if j == len(m) || q.begins[j] {
			one[j] = cell{0, int32(j)}
		}
	}
	for i := 1; i <= len(p); i++ {
		c, w := p[i-1], name.weight[i-1]
		if name.plain[i-1] {
			w = plainMissing
		}
		lacks := missing[c] * w / 100
		now[0] = cell{one[0].cost + lacks, one[0].from}
		cheapest := now[0].cost
		costs := &table[c]
		for j := 1; j <= len(m); j++ {
			d := m[j-1]
			// A letter that tells firms apart is not found in a word that does not.
			same := int32(costs[d]) * max(w, (w+q.weight[j-1])/2)
			if less := (w - q.weight[j-1]) * missing[c]; less > same {
				same = less
			}
			best := cell{one[j-1].cost + same/100, one[j-1].from}
			if x := one[j].cost + lacks; x < best.cost {
				best = cell{x, one[j].from}
			}
			more := (w + q.weight[j-1]) / 2
			if name.plain[i-1] && q.plain[j-1] {
				more = q.weight[j-1]
			}
			if x := now[j-1].cost + missing[d]*more/100; x < best.cost {
				best = cell{x, now[j-1].from}
			}
			if i > 1 && j > 1 && c == m[j-2] && p[i-2] == d && c != d {
				if x := two[j-2].cost + swapped*w/100; x < best.cost {
					best = cell{x, two[j-2].from}
				}
			}
			now[j] = best
			cheapest = min(cheapest, best.cost)
		}
		if cheapest > limit { // it only grows from here
			return 0
		}
		two, one, now = one, now, two
	}
	least := name.measure()
	for n, w := range q.words {
		end := one[w.to]
		cost := end.cost
		var beside, plain int32
		for k, w := range q.words {
			switch {
			case k != n+1 && w.to != int(end.from):
			case w.plain:
				plain += q.beside(w)
			default:
				beside += q.beside(w)
			}
		}
		cost += min(beside, name.measure()*besideMost/100) + min(plain, name.measure()*besidePlain/100)
		least = min(least, cost)
	}
	sure := 1 - float64(least)/float64(name.measure())
	if name.core < fewLetters {
		sure = min(sure, Surely-0.01)
	}
	return sure
}

// measure is what a cost is measured by: the words that tell a firm apart, and
// the others only where there is nothing else.
func (s *spelling) measure() int32 {
	if s.core == 0 {
		return s.total
	}
	return s.core
}

func (q *spelling) beside(w word) int32 {
	var sum int32
	for _, c := range q.letters[w.from:w.to] {
		sum += missing[c]
	}
	switch {
	case w.plain && w.weight > genericSaid: // a number
		return 0
	case w.plain:
		return sum * w.weight / 100
	case w.known:
		return sum * w.weight / 100 * besideKnown / 100
	}
	return sum * besideUnknown / 100
}

// Names says whether a message has words or digits that could be a firm's name
// or number: something that is not said of all firms.
func Names(message string) bool {
	return slices.ContainsFunc(wordsOf(message), func(w string) bool {
		return !small[w] && !generic[w] && utf8.RuneCountInString(w) > 2 || strings.ContainsAny(w, "0123456789")
	})
}
