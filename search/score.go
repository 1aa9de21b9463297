// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"math"
	"slices"
	"sync"

	"sarai/content"
)

// How much each scorer counts. The centroids' word is worth most where an
// article has few samples, the trained model's where it has many.
const (
	svmShare    = 0.55
	centreShare = 0.55
	bmShare     = 0.3
	cosineShare = 0.15
	// answerShare is what answer texts count beside sample questions.
	answerShare = 0.15
)

// What a difference of language or country takes from an article.
const (
	foreignSample  = 0.8  // a sample in a language that is not the person's
	foreignArticle = 0.95 // an article that is not written in the person's language
	otherCountry   = 0.6  // an article for people of another country
	otherGoal      = 0.85 // an article for people who go somewhere else
	ownCountry     = 1.05
)

// best are how much the first, second and third best sample of an article
// count.
var best = [3]float32{1, 0.5, 0.25}

// A view is from where a question is seen.
type view struct {
	locale  content.Locale // of the question
	hint    Hint
	origins []content.Country // that the message names
	without []bool            // samples to leave aside
	gone    []bool            // articles to leave aside
}

// A found is an article with what each scorer makes of it.
type found struct {
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
	best          [2][][3]float32
	answer        []float32
}

func newScratch(articles, samples, docs int) *sync.Pool {
	return &sync.Pool{New: func() any {
		return &scratch{
			svm: make([]float32, articles), centre: make([]float32, articles),
			bm: newTally(samples), cos: newTally(samples), docs: newTally(docs),
			best:   [2][][3]float32{make([][3]float32, articles), make([][3]float32, articles)},
			answer: make([]float32, articles),
		}
	}}
}

// most is how many articles a reading names.
const most = 10

// rank gives the best articles for a question, best first, with the signs by
// which the confidence in each is judged.
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
			three := &b[x.samples[d].article]
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
		a := x.docs[d].article
		score := s.docs.score[d]
		if !mine(x.docs[d].locale) {
			score *= foreignSample
		}
		s.answer[a] = max(s.answer[a], score)
	}

	all := make([]found, 0, len(x.articles))
	for a, article := range x.articles {
		if v.gone != nil && v.gone[a] {
			continue
		}
		f := found{article: int32(a), svm: float64(s.svm[a]), centre: float64(s.centre[a])}
		f.bm = weigh(s.best[0][a])
		f.cos = weigh(s.best[1][a])
		if f.bm == 0 && f.cos == 0 && s.answer[a] == 0 {
			continue
		}
		f.nearest = float64(s.best[1][a][0])
		f.total = svmShare*max(0, (f.svm+1.2)/2) + centreShare*f.centre + bmShare*f.bm + cosineShare*f.cos + answerShare*float64(s.answer[a])
		lift := 1.0
		if !mineAny(article, mine) {
			lift *= foreignArticle
		}
		if len(article.Origin) > 0 {
			known := v.hint.Origin
			switch {
			case known != "" && slices.Contains(article.Origin, known):
				lift *= ownCountry
			case overlap(article.Origin, v.origins):
				lift *= ownCountry
				f.foreign = known != ""
			case known != "" || len(v.origins) > 0:
				lift *= otherCountry
				f.foreign = true
			}
		}
		if d := v.hint.Destination; d != "" && len(article.Destination) > 0 {
			if slices.Contains(article.Destination, d) {
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
		all[i].signs = all[i].judge(second, covered.all, covered.article[i], covered.words)
		all[i].strange = covered.known == 0
	}
	return all
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

func runnersUp(all []found) [4]two {
	ts := [4]two{{-1.5, -1.5}, {}, {}, {}}
	for i := range all {
		ts[0].add(all[i].svm)
		ts[1].add(all[i].bm)
		ts[2].add(all[i].cos)
		ts[3].add(all[i].centre)
	}
	return ts
}

// A cover says how much of a question the catalogue has words for.
type cover struct {
	all     float64
	article []float64
	words   float64 // how many words carry meaning
	known   int     // and how many of those something is known of
}

// fillerWeight is what a small word counts in a coverage.
const fillerWeight = 0.1

// coverage measures how much of the question is known at all and to each of
// the articles. A country of origin says who asks and not what. A word that only an answer's text has, or only its consonants,
// is half known.
func (x *Index) coverage(q *text, v view, all []found) cover {
	c := cover{article: make([]float64, len(all))}
	at := map[int32]int{}
	for i := range all {
		at[all[i].article] = i
	}
	const half = 0.5
	total := 0.0
	known := make([]float64, len(all))
	for i, w := range q.words {
		if i == 60 {
			break
		}
		weight := fillerWeight
		filler := true
		if !x.linguist.filler[w] && len(x.lands.named(q.words[i:i+1])) == 0 {
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
		look := func(ps []posting, docs []sample, samples bool, worth float64) {
			for _, p := range ps {
				a := docs[p.doc].article
				if samples && v.without != nil && v.without[p.doc] || v.gone != nil && v.gone[a] {
					continue
				}
				any = max(any, worth)
				if i, ok := at[a]; ok {
					known[i] = max(known[i], worth)
				}
			}
		}
		look(x.ranking.postings[w], x.samples, true, 1)
		look(x.answers.postings[w], x.docs, false, half)
		if any < 1 {
			if l := q.latin[i]; l != w {
				look(x.ranking.postings[l], x.samples, true, 0.8)
			}
			look(x.ranking.postings["~"+q.latin[i]], x.samples, true, 0.8)
		}
		if s := q.skeletons[i]; any < half && len(s) >= 3 {
			look(x.ranking.postings["|"+s], x.samples, true, half)
		}
		if any > 0 && !filler && (any > half || len(q.skeletons[i]) > 3) {
			c.known++
		}
		c.all += share * any
		for i := range known {
			c.article[i] += share * known[i]
		}
	}
	if total > 0 {
		c.all /= total
		for i := range c.article {
			c.article[i] /= total
		}
	}
	return c
}

// signs are what the confidence in a match is judged by.
type signs [14]float64

func (f *found) judge(others [4]two, covered, coveredHere, words float64) signs {
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
	}
}
