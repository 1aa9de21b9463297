// SPDX-License-Identifier: GPL-3.0-or-later

// Package search reads what a person wrote: in which language it is, which
// article answers it and how sure that is, and whether it holds a signal that
// must not wait.
//
// It compares a question with the sample questions of every article in three
// ways (a linear support vector machine, BM25, and the cosine of character
// n-grams), adds them up, and says how sure the best is by a logistic
// regression that was fitted by leaving whole articles out: their samples play
// the questions that nothing in the catalogue answers. Articles that say the
// same for people of other countries are found as one, and the country decides
// between them.
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
	meanings  *meanings

	articles []*content.Article // by id
	families [][]int32          // articles, each in one
	family   []int32            // of each article

	samples []sample
	texts   []text   // of the samples, and
	x       []vector // their features: until the full model is there
	docs    []doc    // answer texts: a second field that counts less

	speller    *speller
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

// A sample is a line that a family of articles can be found by. Articles of one
// family say the same for people of other countries, and many of their lines
// are the same: such a line is one sample.
type sample struct {
	family   int32
	articles []int32 // those of the family that have the line
	locale   content.Locale
	asked    bool // an ask line; others are titles
}

// A doc is what an article says in one language.
type doc struct {
	article int32
	locale  content.Locale
}

// New makes an index that can be used at once: languages, signals and the
// scorers over the lines by which articles are asked for. What the articles say
// is not looked at yet, and in place of the trained model stand the centroids of
// the articles' samples. Fit gives the full model.
func New(c *content.Catalogue) *Index {
	x := &Index{catalogue: c, lands: newLands(c.Lands()), articles: c.Articles()}
	var group sync.WaitGroup // parts that do not need each other
	group.Go(func() { x.watch = newWatch(c.Signals()) })
	x.meanings = newMeanings(x.lands)
	slices.SortFunc(x.articles, func(a, b *content.Article) int { return cmp.Compare(a.ID, b.ID) })
	families := map[content.ArticleID]int32{}
	var lines []line
	written, answers := map[content.Locale][]string{}, map[content.Locale][]string{}
	for n, a := range x.articles {
		head := a.ID
		if s := c.Siblings(a.ID); len(s) > 0 {
			head = s[0]
		}
		f, ok := families[head]
		if !ok {
			f = int32(len(x.families))
			families[head] = f
			x.families = append(x.families, nil)
		}
		x.families[f] = append(x.families[f], int32(n))
		x.family = append(x.family, f)
		for _, l := range content.Locales() {
			t := a.Texts[l]
			if t == nil {
				continue
			}
			for _, ask := range t.Ask {
				lines = append(lines, line{int32(n), l, true, ask})
			}
			lines = append(lines, line{int32(n), l, false, t.Title})
			written[l] = append(written[l], t.Ask...)
			answers[l] = append(answers[l], plain(t))
		}
	}
	for l := range written {
		written[l] = append(written[l], answers[l]...)
	}
	group.Go(func() { x.linguist = newLinguist(written) })
	x.take(lines)
	group.Go(func() {
		x.ranking, x.answers = newRanking(x.texts), newRanking(nil)
		x.speller = newSpeller(x.ranking)
	})
	group.Go(func() {
		x.vocabulary, x.x = newVocabulary(x.texts)
		group.Go(func() { x.likeness = newLikeness(x.vocabulary, x.x) })
		x.centres = centroids(x.x, x.labels(), len(x.families), len(x.vocabulary.idf), nil)
	})
	group.Wait()
	x.linear = x.centres.as(2, -1)
	x.confidence = usualUntrained
	x.scratch = newScratch(len(x.families), len(x.articles), len(x.samples), 0)
	return x
}

// answering gives the index with what the articles say as a second field. It is
// most of all words, so a new index does without.
func (x *Index) answering() *Index {
	y := *x
	y.docs = nil
	var docs []text
	for n, a := range x.articles {
		for _, l := range content.Locales() {
			if t := a.Texts[l]; t != nil {
				y.docs = append(y.docs, doc{int32(n), l})
				docs = append(docs, newText(plain(t), x.meanings))
			}
		}
	}
	y.answers = newRanking(docs)
	y.scratch = newScratch(len(x.families), len(x.articles), len(x.samples), len(y.docs))
	return &y
}

// A line is what an article can be asked for by, as it is written.
type line struct {
	article int32
	locale  content.Locale
	asked   bool // else it is a title
	words   string
}

// share calls f with each number below n, on all processors.
func share(n int, f func(i int)) {
	var group sync.WaitGroup
	const hands = 8 // more than there are processors mostly, so that none waits long for another
	for hand := range hands {
		group.Go(func() {
			for i := hand; i < n; i += hands {
				f(i)
			}
		})
	}
	group.Wait()
}

// take makes samples of lines: one of those of a family that say the same in a
// language.
func (x *Index) take(lines []line) {
	texts := make([]text, len(lines))
	share(len(lines), func(i int) { texts[i] = newText(lines[i].words, x.meanings) })
	type same struct {
		family int32
		locale content.Locale
		words  string
	}
	known := map[same]int{}
	for i, l := range lines {
		if len(texts[i].words) == 0 {
			continue
		}
		f := x.family[l.article]
		key := same{f, l.locale, strings.Join(texts[i].words, " ")}
		if n, ok := known[key]; ok {
			s := &x.samples[n]
			s.asked = s.asked || l.asked
			if !slices.Contains(s.articles, l.article) {
				s.articles = append(s.articles, l.article)
			}
			continue
		}
		known[key] = len(x.samples)
		x.samples = append(x.samples, sample{f, []int32{l.article}, l.locale, l.asked})
		x.texts = append(x.texts, texts[i])
	}
}

func (x *Index) labels() []int32 {
	y := make([]int32, len(x.samples))
	for i, s := range x.samples {
		y[i] = s.family
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
// model may be: in each one a quarter of the families is left out, and a
// quarter of the samples of the others.
const parts = 4

// trials is how many questions a fold asks at most of each kind.
const trials = 600

// part deals a key into one of the folds, the same way each time.
func part(key string) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	return int(h.Sum32()>>8) % parts
}

// fold is into which fold a sample falls: by its words, so that a line that two
// articles share is held back from both.
func (x *Index) fold(sample int) int { return part(x.texts[sample].joined) }

// Fit gives the index with the full model, and leaves x as it is. It takes
// about two seconds of one processor for 139 articles with 9,800 samples and six
// for 21,800, and uses all processors, so it belongs off the path of a
// question. An index that has it already is given back. It fails only when ctx ends.
func (x *Index) Fit(ctx context.Context) (*Index, error) {
	if x.full {
		return x, nil
	}
	y := x.answering()
	t := newTeacher(x.x, x.labels(), len(x.families), len(x.vocabulary.idf))
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
	y.texts, y.x = nil, nil // a third of it all, and read only here
	return y, nil
}

// leaveOut trains without a fold and asks its questions.
func (x *Index) leaveOut(ctx context.Context, t *teacher, fold int) ([]evidence, error) {
	gone := make([]bool, len(x.families))
	left := 0
	for f, articles := range x.families {
		gone[f] = part(string(x.articles[articles[0]].ID)) == fold
		if !gone[f] {
			left++
		}
	}
	if left < 2 {
		return nil, nil
	}
	without := make([]bool, len(x.samples))
	var asked [2][]int // of families that are there; of those that are not
	for i, s := range x.samples {
		switch {
		case gone[s.family]:
			without[i] = true
			if s.asked {
				asked[1] = append(asked[1], i)
			}
		case s.asked && x.fold(i) == fold:
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
	y.centres = centroids(x.x, t.y, t.classes, t.features, without)
	places := x.places()
	var es []evidence
	for kind, list := range asked {
		step := max(1, (len(list)+trials-1)/trials)
		for k := 0; k < len(list); k += step {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			s, q := x.samples[list[k]], &x.texts[list[k]]
			if ps := places[s.locale]; kind == 1 && k/step%2 == 0 && len(ps) > 0 && !x.lands.names(q.words) {
				// A country that is known makes no question one that is: of
				// half of the unknown ones, somebody asks for a place.
				there := newText(strings.Join(q.words, " ")+" "+ps[k/step/2%len(ps)], x.meanings)
				q = &there
			}
			v := x.view(q, s.locale, Hint{})
			v.without, v.gone = without, gone
			// Of half of those who ask, the country is known.
			if o := x.articles[s.articles[0]].Origin; len(o) > 0 && k/step%2 == 0 {
				v.hint.Origin = o[0]
			}
			found := y.rank(q, v)
			if len(found) == 0 {
				continue
			}
			es = append(es, evidence{found[0].signs, kind == 0 && found[0].family == s.family, kind == 1})
		}
	}
	return es, nil
}

// places are the names of countries that people go to as the samples of each
// language write them, each once.
func (x *Index) places() map[content.Locale][]string {
	ps := map[content.Locale][]string{}
	for i, s := range x.samples {
		for k, w := range x.texts[i].words {
			if len(x.lands.goals.named(x.texts[i].words[k:k+1])) > 0 && !slices.Contains(ps[s.locale], w) {
				ps[s.locale] = append(ps[s.locale], w)
			}
		}
	}
	return ps
}

// Catalogue is what the index was made of.
func (x *Index) Catalogue() *content.Catalogue { return x.catalogue }
