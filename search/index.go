// SPDX-License-Identifier: GPL-3.0-or-later

// Package search reads what a person wrote: in which language it is, which
// article answers it and how sure that is, and whether it holds a signal that
// must not wait.
//
// It compares a question with the sample questions of every article in three
// ways (a linear support vector machine, BM25, and the cosine of character
// n-grams), adds them up, and says how sure the best is by a logistic
// regression that was fitted by leaving whole articles out: their samples play
// the questions that nothing in the catalogue answers.
//
// Nothing here does I/O or reads the clock, and the same catalogue gives the
// same readings.
package search

import (
	"cmp"
	"context"
	"hash/fnv"
	"slices"
	"strings"
	"sync"

	"sarai/content"
)

// An Index is a catalogue made ready for reading questions. It never changes
// and is safe for concurrent use.
type Index struct {
	catalogue *content.Catalogue
	linguist  *linguist
	watch     *watch
	lands     *lands

	articles []*content.Article // by id
	byID     map[content.ArticleID]int32
	family   []int // articles of one family say the same for other origins

	samples []sample
	texts   []text
	x       []vector
	docs    []sample // answer texts: a second field that counts less

	vocabulary *vocabulary
	ranking    *ranking
	likeness   *likeness
	answers    *ranking
	centres    *linear
	linear     *linear // trained; before that the centres
	confidence confidence
	full       bool

	scratch *sync.Pool // *scratch
}

// A sample is a line that an article can be found by.
type sample struct {
	article int32
	locale  content.Locale
	nth     int // among the ask lines of its article and locale; -1 for a title
}

// New makes an index that can be used at once: languages, signals and all
// scorers but the trained one, in whose place stand the centroids of the
// articles' samples. Fit gives the full model.
func New(c *content.Catalogue) *Index {
	x := &Index{
		catalogue: c,
		watch:     newWatch(c.Signals()),
		lands:     newLands(c.Lands()),
		articles:  c.Articles(),
		byID:      map[content.ArticleID]int32{},
	}
	slices.SortFunc(x.articles, func(a, b *content.Article) int { return cmp.Compare(a.ID, b.ID) })
	families := map[content.ArticleID]int{}
	written, answers := map[content.Locale][]string{}, map[content.Locale][]string{}
	var docs []text
	for n, a := range x.articles {
		x.byID[a.ID] = int32(n)
		head := a.ID
		if s := c.Siblings(a.ID); len(s) > 0 {
			head = s[0]
		}
		if _, ok := families[head]; !ok {
			families[head] = len(families)
		}
		x.family = append(x.family, families[head])
		for _, l := range content.Locales() {
			t := a.Texts[l]
			if t == nil {
				continue
			}
			for i, ask := range t.Ask {
				x.add(int32(n), l, i, ask)
			}
			x.add(int32(n), l, -1, t.Title)
			answer := plain(t)
			x.docs = append(x.docs, sample{int32(n), l, -1})
			docs = append(docs, newText(answer))
			written[l] = append(written[l], t.Ask...)
			answers[l] = append(answers[l], answer)
		}
	}
	for l := range written {
		written[l] = append(written[l], answers[l]...)
	}
	x.linguist = newLinguist(written)
	x.vocabulary = newVocabulary(x.texts)
	x.x = make([]vector, len(x.texts))
	for i := range x.texts {
		x.x[i] = x.vocabulary.vector(&x.texts[i])
	}
	x.ranking = newRanking(x.texts)
	x.answers = newRanking(docs)
	x.likeness = newLikeness(x.vocabulary, x.x)
	x.centres = centroids(x.x, x.labels(), len(x.articles), len(x.vocabulary.idf), nil)
	x.linear = x.centres.as(2, -1)
	x.confidence = usualUntrained
	x.scratch = newScratch(len(x.articles), len(x.samples), len(x.docs))
	return x
}

func (x *Index) add(article int32, l content.Locale, nth int, line string) {
	t := newText(line)
	if len(t.words) == 0 {
		return
	}
	x.samples = append(x.samples, sample{article, l, nth})
	x.texts = append(x.texts, t)
}

func (x *Index) labels() []int32 {
	y := make([]int32, len(x.samples))
	for i, s := range x.samples {
		y[i] = s.article
	}
	return y
}

// plain is what a text says, without its title.
func plain(t *content.Text) string {
	var b strings.Builder
	for _, p := range t.Short {
		b.WriteString(p.Text + "\n")
	}
	for _, s := range t.Sections {
		b.WriteString(s.Title + "\n")
		for _, p := range s.Blocks {
			b.WriteString(p.Text + "\n")
		}
	}
	return b.String()
}

// Edition is the edition of the catalogue that the index was made of.
func (x *Index) Edition() string { return x.catalogue.Edition() }

// Full says whether the index has the full model.
func (x *Index) Full() bool { return x.full }

// The samples of a catalogue are dealt into folds to measure how sure the
// model may be: in each one a quarter of the articles is left out, and a
// quarter of the samples of the others.
const parts = 4

// trials is how many questions a fold asks at most of each kind.
const trials = 600

// Fit gives the index with the full model, and leaves x as it is. It takes
// about a second for thirty articles in five languages and uses all
// processors, so it belongs off the path of a question. It fails only when ctx
// ends.
func (x *Index) Fit(ctx context.Context) (*Index, error) {
	y := *x
	t := newTeacher(x.x, x.labels(), len(x.articles), len(x.vocabulary.idf))
	var err error
	if y.linear, err = t.train(ctx, nil); err != nil {
		return nil, err
	}
	var evidence []evidence
	for fold := range parts {
		e, err := y.leaveOut(ctx, t, fold)
		if err != nil {
			return nil, err
		}
		evidence = append(evidence, e...)
	}
	y.confidence = usual.fit(evidence)
	y.full = true
	return &y, nil
}

// leaveOut trains without a fold and asks its questions.
func (x *Index) leaveOut(ctx context.Context, t *teacher, fold int) ([]evidence, error) {
	gone := make([]bool, len(x.articles))
	left := 0
	for a, article := range x.articles {
		id := article.ID
		if s := x.catalogue.Siblings(id); len(s) > 0 {
			id = s[0] // what says the same for others goes with it
		}
		h := fnv.New32a()
		h.Write([]byte(id))
		gone[a] = int(h.Sum32()>>8)%parts == fold
		if !gone[a] {
			left++
		}
	}
	if left < 2 {
		return nil, nil
	}
	without := make([]bool, len(x.samples))
	var asked [2][]int // of articles that are there; of those that are not
	for i, s := range x.samples {
		switch {
		case gone[s.article]:
			without[i] = true
			if s.nth >= 0 {
				asked[1] = append(asked[1], i)
			}
		case s.nth >= 0 && s.nth%parts == fold:
			without[i] = true
			asked[0] = append(asked[0], i)
		}
	}
	model, err := t.train(ctx, without)
	if err != nil {
		return nil, err
	}
	y := *x
	y.linear = model
	y.centres = centroids(x.x, t.y, t.articles, t.features, without)
	var es []evidence
	for kind, list := range asked {
		step := max(1, (len(list)+trials-1)/trials)
		for k := 0; k < len(list); k += step {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			s := x.samples[list[k]]
			hint := Hint{Locale: s.locale}
			if o := x.articles[s.article].Origin; len(o) > 0 {
				hint.Origin = o[0]
			}
			found := y.rank(&x.texts[list[k]], view{locale: s.locale, hint: hint, without: without, gone: gone})
			if len(found) == 0 {
				continue
			}
			es = append(es, evidence{found[0].signs, kind == 0 && found[0].article == s.article, kind == 1})
		}
	}
	return es, nil
}

// Catalogue is what the index was made of.
func (x *Index) Catalogue() *content.Catalogue { return x.catalogue }
