// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"math"
	"slices"
)

// A posting says that a document has a term.
type posting struct {
	doc int32
	n   float32 // how often; for a cosine, its share of the document's length
}

// A ranking is BM25 over short documents in all streams of terms.
type ranking struct {
	postings map[string][]posting
	idf      map[string]float32
	short    []float32 // per document, how its length damps it
	none     float32   // idf of a term that no document has
}

// What a term of each stream counts. A word that is the same in Latin letters
// counts once.
const (
	latinWeight    = 0.6
	skeletonWeight = 0.3
	senseWeight    = 0.4
)

// BM25's usual constants for short texts.
const (
	bmK = 1.2
	bmB = 0.5
)

// terms calls f with each term of the text and what it counts. Terms of the
// streams are told apart by their first character.
func (t *text) terms(f func(term string, weight float32)) {
	for i, w := range t.words {
		f(w, 1)
		if l := t.latin[i]; l != w {
			f("~"+l, latinWeight)
		}
		if s := t.skeletons[i]; s != "" {
			f("|"+s, skeletonWeight)
		}
		for _, s := range t.senses[i] {
			f("^"+s, senseWeight)
		}
	}
}

func newRanking(docs []text) *ranking {
	r := &ranking{postings: map[string][]posting{}, idf: map[string]float32{}, short: make([]float32, len(docs))}
	total := 0
	for n := range docs {
		total += len(docs[n].words)
		docs[n].terms(func(term string, _ float32) {
			ps := r.postings[term]
			if k := len(ps); k > 0 && ps[k-1].doc == int32(n) {
				ps[k-1].n++
				return
			}
			r.postings[term] = append(ps, posting{int32(n), 1})
		})
	}
	mean := float32(total) / float32(max(1, len(docs)))
	for n := range docs {
		r.short[n] = bmK * (1 - bmB + bmB*float32(len(docs[n].words))/max(1, mean))
	}
	for term, ps := range r.postings {
		r.idf[term] = rarity(len(docs), len(ps))
	}
	r.none = rarity(len(docs), 0)
	return r
}

func rarity(docs, with int) float32 {
	return float32(math.Log(1 + (float64(docs-with)+0.5)/(float64(with)+0.5)))
}

// A tally is the score of each document for one question, and which have one.
type tally struct {
	score []float32
	seen  []int32
}

func newTally(n int) tally { return tally{score: make([]float32, n)} }

func (t *tally) add(doc int32, v float32) {
	if t.score[doc] == 0 {
		t.seen = append(t.seen, doc)
	}
	t.score[doc] += v
}

func (t *tally) clear() {
	for _, d := range t.seen {
		t.score[d] = 0
	}
	t.seen = t.seen[:0]
}

// rank scores the documents for a question: 1 is about what a document gets
// that has every term of it once.
func (r *ranking) rank(q *text, into *tally) {
	var best float32
	q.terms(func(term string, weight float32) {
		if idf, ok := r.idf[term]; ok {
			best += weight * idf
		} else {
			best += weight * r.none
		}
	})
	if best == 0 {
		return
	}
	q.terms(func(term string, weight float32) {
		g := weight * r.idf[term] * (bmK + 1) / best
		for _, p := range r.postings[term] {
			into.add(p.doc, g*p.n/(p.n+r.short[p.doc]))
		}
	})
}

// A likeness is the cosine of character n-grams between a question and each
// sample.
type likeness struct {
	from []int32 // per feature
	list []posting
	vocabulary
}

func newLikeness(v *vocabulary, x []vector) *likeness {
	l := &likeness{from: make([]int32, len(v.idf)+1), vocabulary: *v}
	for i := range x {
		for _, id := range x[i].id {
			if v.long[id] {
				l.from[id+1]++
			}
		}
	}
	for i := range v.idf {
		l.from[i+1] += l.from[i]
	}
	l.list = make([]posting, l.from[len(v.idf)])
	at := slices.Clone(l.from)
	for i := range x {
		norm := l.norm(x[i], 0)
		for k, id := range x[i].id {
			if v.long[id] {
				l.list[at[id]] = posting{int32(i), x[i].val[k] / norm}
				at[id]++
			}
		}
	}
	return l
}

func (l *likeness) norm(x vector, more float32) float32 {
	n := more
	for k, id := range x.id {
		if l.long[id] {
			n += x.val[k] * x.val[k]
		}
	}
	return float32(math.Sqrt(float64(max(n, 1e-12))))
}

// rank scores the samples for a question's vector.
func (l *likeness) rank(x vector, into *tally) {
	// The block has its full length with the n-grams that no sample has, and
	// those of two characters are left out here.
	var short, known float32
	for k, id := range x.id {
		if l.block[id] == gramBlock {
			known += x.val[k] * x.val[k]
			if !l.long[id] {
				short += x.val[k] * x.val[k]
			}
		}
	}
	whole := float32(blockWeight[gramBlock] * blockWeight[gramBlock])
	norm := float32(math.Sqrt(float64(max(whole-short, 1e-6))))
	if known == 0 {
		return
	}
	for k, id := range x.id {
		if !l.long[id] {
			continue
		}
		v := x.val[k] / norm
		for _, p := range l.list[l.from[id]:l.from[id+1]] {
			into.add(p.doc, v*p.n)
		}
	}
}
