// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"math"
	"slices"
	"sync"

	"sarai/content"
)

// How much each scorer counts. The centroids' word is worth most where an
// article has few samples, the trained model's where it has many. Tried on
// held-back lines of the whole catalogue: a third more or less of any of them
// changes less than a point.
const (
	svmShare    = 0.55
	centreShare = 0.7
	bmShare     = 0.22
	cosineShare = 0.18
	// answerShare is what answer texts count beside sample questions.
	answerShare = 0.32
)

// What a difference of language or country takes from an article.
const (
	foreignSample  = 0.8  // a sample in a language that is not the person's
	foreignArticle = 0.95 // an article that is not written in the person's language
	otherCountry   = 0.6  // an article for people of another country
	otherGoal      = 0.7  // an article for people who go somewhere else
	ownCountry     = 1.1

	// spokenThere is how much nearer an article is whose country's language the
	// question is in, among those of its family.
	spokenThere = 0.2
)

// best are how much the first, second and third best sample of an article
// count.
var best = [3]float32{1, 0.5, 0.25}

// A view is from where a question is seen.
type view struct {
	locale  content.Locale // of the question
	hint    Hint
	origins []content.Country // that the message names
	goals   []content.Country // likewise
	without []bool            // samples to leave aside
	gone    []bool            // families to leave aside
}

// A found is a family, the article of it that stands for it here, and what each
// scorer makes of it. How near a question is to an article is told by the lines
// of all its family; only which of them stands is told by the country.
type found struct {
	family        int32
	article       int32
	svm, centre   float64
	bm, cos       float64
	total         float64
	foreign       bool // for people of a country that is known to be another
	signs         signs
	topSVM, topBM bool
	topCosine     bool
	nearest       float64 // cosine of its most similar sample
	strange       bool    // no word that carries meaning is known to the catalogue
}

type scratch struct {
	svm, centre   []float32
	bm, cos, docs tally
	best          [2][][3]float32 // by family
	answer        []float32       // by family
	own           []float32       // by article: how near its own lines are
}

func newScratch(families, articles, samples, docs int) *sync.Pool {
	return &sync.Pool{New: func() any {
		return &scratch{
			svm: make([]float32, families), centre: make([]float32, families),
			bm: newTally(samples), cos: newTally(samples), docs: newTally(docs),
			best:   [2][][3]float32{make([][3]float32, families), make([][3]float32, families)},
			answer: make([]float32, families),
			own:    make([]float32, articles),
		}
	}}
}

// most is how many articles a reading names.
const most = 10

// rank gives the best articles for a question, best first and one of each
// family, with the signs by which the confidence in each is judged.
func (x *Index) rank(q *text, v view) []found {
	if len(q.words) == 0 || len(x.samples) == 0 {
		return nil
	}
	s := x.scratch.Get().(*scratch)
	defer func() {
		s.bm.clear()
		s.cos.clear()
		s.docs.clear()
		x.scratch.Put(s)
	}()
	vec := x.vocabulary.vector(q)
	x.linear.add(vec, s.svm)
	x.centres.add(vec, s.centre)
	x.ranking.rank(q, &s.bm)
	x.likeness.rank(vec, &s.cos)
	x.answers.rank(q, &s.docs)

	mine := func(l content.Locale) bool {
		return v.locale == "" || l == v.locale || l == v.hint.Locale || slices.Contains(v.hint.Also, l)
	}
	clear(s.own)
	for k, t := range []*tally{&s.bm, &s.cos} {
		b := s.best[k]
		clear(b)
		for _, d := range t.seen {
			if v.without != nil && v.without[d] {
				continue
			}
			score := t.score[d]
			if !mine(x.samples[d].locale) {
				score *= foreignSample
			}
			for _, a := range x.samples[d].articles {
				s.own[a] = max(s.own[a], score)
			}
			three := &b[x.samples[d].family]
			switch {
			case score > three[0]:
				three[0], three[1], three[2] = score, three[0], three[1]
			case score > three[1]:
				three[1], three[2] = score, three[1]
			case score > three[2]:
				three[2] = score
			}
		}
	}
	clear(s.answer)
	for _, d := range s.docs.seen {
		f := x.family[x.docs[d].article]
		score := s.docs.score[d]
		if !mine(x.docs[d].locale) {
			score *= foreignSample
		}
		s.answer[f] = max(s.answer[f], score)
	}

	// A message that names where to is about there, whoever writes it.
	goals := v.goals
	if len(goals) == 0 && v.hint.Destination != "" {
		goals = []content.Country{v.hint.Destination}
	}
	all := make([]found, 0, len(x.families))
	for n := range x.families {
		if v.gone != nil && v.gone[n] {
			continue
		}
		f := found{family: int32(n), svm: float64(s.svm[n]), centre: float64(s.centre[n])}
		f.bm = weigh(s.best[0][n])
		f.cos = weigh(s.best[1][n])
		if f.bm == 0 && f.cos == 0 && s.answer[n] == 0 {
			continue
		}
		f.nearest = float64(s.best[1][n][0])
		f.total = svmShare*max(0, (f.svm+1.2)/2) + centreShare*f.centre + bmShare*f.bm + cosineShare*f.cos + answerShare*float64(s.answer[n])
		var lift float64
		f.article, lift, f.foreign = x.stands(x.families[n], v, s.own)
		article := x.articles[f.article]
		if !mineAny(article, mine) {
			lift *= foreignArticle
		}
		if len(article.Destination) > 0 && len(goals) > 0 {
			if overlap(article.Destination, goals) {
				lift *= ownCountry
			} else {
				lift *= otherGoal
			}
		}
		f.total *= lift
		f.svm = max(-1.5, f.svm) - 2*max(0, 1-lift)
		f.centre *= lift
		f.bm *= lift
		f.cos *= lift
		all = append(all, f)
	}
	if len(all) == 0 {
		return nil
	}
	top := leaders(all)
	all[top[0]].topSVM = true
	all[top[1]].topBM = true
	all[top[2]].topCosine = true
	second := runnersUp(all)
	slices.SortStableFunc(all, func(a, b found) int {
		switch {
		case a.total > b.total:
			return -1
		case a.total < b.total:
			return 1
		}
		return 0
	})
	if len(all) > most {
		all = all[:most]
	}
	covered := x.coverage(q, v, all)
	for i := range all {
		all[i].signs = all[i].judge(second, covered.all, covered.family[i], covered.words)
		all[i].strange = covered.known == 0
	}
	return all
}

// stands says which article of a family stands for it, what the country makes of
// it, and whether it is for people of another country than the one known.
func (x *Index) stands(family []int32, v view, own []float32) (article int32, lift float64, foreign bool) {
	article = family[0]
	if len(family) == 1 && len(x.articles[article].Origin) == 0 {
		return article, 1, false
	}
	const (
		stranger = iota // another country
		open            // no country is known
		named           // the country that the message names
		home            // the country that is known
	)
	as, nearest := -1, float32(0)
	for _, a := range family {
		origin := x.articles[a].Origin
		how := stranger
		switch {
		case v.hint.Origin != "" && slices.Contains(origin, v.hint.Origin):
			how = home
		case overlap(origin, v.origins):
			how = named
		case v.hint.Origin == "" && len(v.origins) == 0:
			how = open
		}
		near := own[a]
		if spokenIn(v.locale, origin) {
			near += spokenThere
		}
		if how > as || how == as && near > nearest {
			article, as, nearest = a, how, near
		}
	}
	switch as {
	case stranger:
		return article, otherCountry, true
	case open:
		return article, 1, false
	case named:
		return article, ownCountry, v.hint.Origin != ""
	}
	return article, ownCountry, false
}

func mineAny(a *content.Article, mine func(content.Locale) bool) bool {
	for l := range a.Texts {
		if mine(l) {
			return true
		}
	}
	return false
}

func overlap(a, b []content.Country) bool {
	for _, c := range a {
		if slices.Contains(b, c) {
			return true
		}
	}
	return false
}

func weigh(three [3]float32) float64 {
	sum, of := float32(0), float32(0)
	for i, w := range best {
		sum += w * three[i]
		of += w
	}
	return float64(sum / of)
}

// leaders are the best articles by each of the three scorers.
func leaders(all []found) (top [3]int) {
	for i := range all {
		if all[i].svm > all[top[0]].svm {
			top[0] = i
		}
		if all[i].bm > all[top[1]].bm {
			top[1] = i
		}
		if all[i].cos > all[top[2]].cos {
			top[2] = i
		}
	}
	return top
}

// two are the best and second best value of a scorer.
type two struct{ first, second float64 }

func (t *two) add(v float64) {
	switch {
	case v > t.first:
		t.first, t.second = v, t.first
	case v > t.second:
		t.second = v
	}
}

// other is the best value but for one that has v itself.
func (t two) other(v float64) float64 {
	if v >= t.first {
		return t.second
	}
	return t.first
}

func runnersUp(all []found) [5]two {
	ts := [5]two{{-1.5, -1.5}}
	for i := range all {
		ts[0].add(all[i].svm)
		ts[1].add(all[i].bm)
		ts[2].add(all[i].cos)
		ts[3].add(all[i].centre)
		ts[4].add(all[i].total)
	}
	return ts
}

// A cover says how much of a question the catalogue has words for.
type cover struct {
	all    float64
	family []float64
	words  float64 // how many words carry meaning
	known  int     // and how many of those something is known of
}

// fillerWeight is what a small word counts in a coverage.
const fillerWeight = 0.1

// coverage measures how much of the question is known at all and to each of
// the families. A country says who asks or where, and not what. A word that only
// an answer's text has, or only its consonants, is half known; one that means
// what other words of the samples mean, a little more.
func (x *Index) coverage(q *text, v view, all []found) cover {
	c := cover{family: make([]float64, len(all))}
	at := map[int32]int{}
	for i := range all {
		at[all[i].family] = i
	}
	const half, senseKnown = 0.5, 0.7
	total := 0.0
	known := make([]float64, len(all))
	for i, w := range q.words {
		if i == 60 {
			break
		}
		weight := fillerWeight
		filler := true
		if !x.linguist.filler[w] && !x.lands.names(q.words[i:i+1]) {
			weight, filler = 1, false
			c.words++
		}
		idf, ok := x.ranking.idf[w]
		if !ok {
			idf = x.ranking.none
		}
		share := weight * float64(idf)
		total += share
		clear(known)
		any := 0.0
		seen := func(f int32, worth float64) {
			if v.gone != nil && v.gone[f] {
				return
			}
			any = max(any, worth)
			if i, ok := at[f]; ok {
				known[i] = max(known[i], worth)
			}
		}
		look := func(term string, worth float64) {
			for _, p := range x.ranking.postings[term] {
				if v.without == nil || !v.without[p.doc] {
					seen(x.samples[p.doc].family, worth)
				}
			}
		}
		look(w, 1)
		for _, p := range x.answers.postings[w] {
			seen(x.family[x.docs[p.doc].article], half)
		}
		if any < 1 {
			if l := q.latin[i]; l != w {
				look(l, 0.8)
			}
			look("~"+q.latin[i], 0.8)
		}
		if any < 1 {
			for _, s := range q.senses[i] {
				look("^"+s, senseKnown)
			}
		}
		if s := q.skeletons[i]; any < half && len(s) >= 3 {
			look("|"+s, half)
		}
		if any > 0 && !filler && (any > half || len(q.skeletons[i]) > 3) {
			c.known++
		}
		c.all += share * any
		for i := range known {
			c.family[i] += share * known[i]
		}
	}
	if total > 0 {
		c.all /= total
		for i := range c.family {
			c.family[i] /= total
		}
	}
	return c
}

// signs are what the confidence in a match is judged by.
type signs [16]float64

func (f *found) judge(others [5]two, covered, coveredHere, words float64) signs {
	agree := 0.0
	for _, top := range []bool{f.topSVM, f.topBM, f.topCosine} {
		if top {
			agree++
		}
	}
	clip := func(v float64) float64 { return min(2, max(-2, v)) }
	return signs{
		1,
		clip(f.svm),
		clip(f.svm - others[0].other(f.svm)),
		clip(f.bm),
		clip(f.bm - others[1].other(f.bm)),
		clip(f.cos),
		clip(f.cos - others[2].other(f.cos)),
		clip(f.centre),
		clip(f.centre - others[3].other(f.centre)),
		agree / 3,
		covered,
		coveredHere,
		math.Log2(1+words) / 3,
		covered * coveredHere,
		clip(f.total),
		clip(f.total - others[4].other(f.total)),
	}
}
