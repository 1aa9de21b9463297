// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// A linear is a linear model of all classes, which are families of articles: for
// each feature the classes it speaks for or against.
type linear struct {
	from   []int32 // per feature, where its weights begin; one more at the end
	class  []int32
	weight []float32
	bias   []float32
}

// add adds to score what the model says of x for each class.
func (m *linear) add(x vector, score []float32) {
	copy(score, m.bias)
	for i, id := range x.id {
		v := x.val[i]
		for k := m.from[id]; k < m.from[id+1]; k++ {
			score[m.class[k]] += v * m.weight[k]
		}
	}
}

// kept is how many weights of a class survive: the largest. Two thousand
// cost half a point on 150 labels; four thousand cost none.
const kept = 4000

// newLinear turns one row of weights per class into a model.
func newLinear(rows []row, features int) *linear {
	m := &linear{from: make([]int32, features+1), bias: make([]float32, len(rows))}
	total := 0
	for _, r := range rows {
		for _, id := range r.id {
			m.from[id+1]++
		}
		total += len(r.id)
	}
	for i := range features {
		m.from[i+1] += m.from[i]
	}
	m.class = make([]int32, total)
	m.weight = make([]float32, total)
	at := slices.Clone(m.from[:features])
	for a, r := range rows {
		m.bias[a] = r.bias
		for i, id := range r.id {
			m.class[at[id]] = int32(a)
			m.weight[at[id]] = r.val[i]
			at[id]++
		}
	}
	return m
}

// A row is what a model knows of one class.
type row struct {
	vector
	bias float32
}

// A teacher trains linear models over the samples of a catalogue.
type teacher struct {
	x        []vector
	y        []int32 // the class of each sample
	classes  int
	features int
	norm     []float32 // squared length, with the bias
	// alpha is how hard each sample presses on each class's model; kept from
	// the full model so that one without a few samples needs a few rounds only.
	alpha [][]float32
}

const (
	// rounds over the samples, and those from a start that is nearly right.
	rounds, roundsWarm = 10, 3
	// cost of a sample on the wrong side.
	cost = 1.0
)

func newTeacher(x []vector, y []int32, classes, features int) *teacher {
	t := &teacher{x: x, y: y, classes: classes, features: features, norm: make([]float32, len(x))}
	for i := range x {
		n := float32(0)
		for _, v := range x[i].val {
			n += v * v
		}
		t.norm[i] = n
	}
	return t
}

// train fits a support vector machine for each class against all others, by
// dual coordinate descent over the squared hinge loss. Samples for which
// without is true take no part, and classes none of whose samples do get no
// weights. It is deterministic. It fails only when ctx ends.
func (t *teacher) train(ctx context.Context, without []bool) (*linear, error) {
	rows := make([]row, t.classes)
	warm := t.alpha != nil
	if !warm {
		t.alpha = make([][]float32, t.classes)
	}
	positives := make([]int, t.classes)
	for i, a := range t.y {
		if without == nil || !without[i] {
			positives[a]++
		}
	}
	var next atomic.Int32
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), t.classes) {
		group.Go(func() {
			w := make([]float32, t.features)
			for {
				a := int(next.Add(1)) - 1
				if a >= t.classes || ctx.Err() != nil {
					return
				}
				if positives[a] == 0 {
					rows[a].bias = -1
					continue
				}
				clear(w)
				var alpha []float32
				if warm {
					alpha = slices.Clone(t.alpha[a])
				} else {
					alpha = make([]float32, len(t.x))
					t.alpha[a] = alpha
				}
				rows[a] = t.separate(int32(a), w, alpha, warm, without)
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		t.alpha = nil
		return nil, err
	}
	return newLinear(rows, t.features), nil
}

// separate fits the model of one class into w, starting from alpha, which is warm
// where it is nearly right.
func (t *teacher) separate(a int32, w, alpha []float32, warm bool, without []bool) row {
	const (
		soft = 0.5 / cost
		// bias is not learnt: what says nothing of the class is then on the right
		// side without pressing, and rests. Learnt, it came to nearly that, with
		// nearly all samples pressing a little for it.
		bias = -1
	)
	all := make([]int32, 0, len(t.x))
	for i := range t.x {
		if without != nil && without[i] {
			continue
		}
		all = append(all, int32(i))
		if alpha[i] != 0 {
			d := alpha[i]
			if t.y[i] != a {
				d = -d
			}
			for k, id := range t.x[i].id {
				w[id] += d * t.x[i].val[k]
			}
		}
	}
	seed := uint64(a)*2654435761 + 1
	shuffle := func(s []int32) {
		for i := len(s) - 1; i > 0; i-- {
			seed = seed*6364136223846793005 + 1442695040888963407
			j := int((seed >> 33) % uint64(i+1))
			s[i], s[j] = s[j], s[i]
		}
	}
	active := all // the others rest: they are on the right side and do not press
	n := rounds
	if warm {
		n = roundsWarm
	}
	for r := range n {
		shuffle(active)
		steepest := float32(0)
		for k := 0; k < len(active); k++ {
			i := active[k]
			x := &t.x[i]
			dot := float32(bias)
			vals := x.val[:len(x.id)]
			for k, id := range x.id {
				dot += w[id] * vals[k]
			}
			y := float32(-1)
			if t.y[i] == a {
				y = 1
			}
			g := y*dot - 1 + soft*alpha[i]
			if alpha[i] == 0 && g >= 0 {
				if r == 0 && !warm {
					continue // w knows too little yet
				}
				last := len(active) - 1
				active[k], active[last] = active[last], i
				active = active[:last]
				k--
				continue
			}
			steepest = max(steepest, g, -g)
			was := alpha[i]
			alpha[i] = max(0, was-g/(t.norm[i]+soft))
			d := (alpha[i] - was) * y
			if d == 0 {
				continue
			}
			for k, id := range x.id {
				w[id] += d * vals[k]
			}
		}
		still := steepest < 0.01
		if still && len(active) == len(all) {
			break
		}
		if still || r == rounds-2 { // those at rest are looked at once more
			active = all
		}
	}
	return pick(w, bias)
}

// pick takes the largest weights out of w.
func pick(w []float32, bias float32) row {
	r := row{bias: bias}
	n := 0
	for _, v := range w {
		if v != 0 {
			n++
		}
	}
	least := float32(0)
	if n > kept {
		sizes := make([]float32, 0, n)
		for _, v := range w {
			if v != 0 {
				sizes = append(sizes, max(v, -v))
			}
		}
		least = nth(sizes, n-kept)
		n = kept // and a few more, where some are as large as the least
	}
	r.id, r.val = make([]int32, 0, n), make([]float32, 0, n)
	for id, v := range w {
		if v != 0 && max(v, -v) >= least {
			r.id = append(r.id, int32(id))
			r.val = append(r.val, v)
		}
	}
	return r
}

// nth gives what would stand at place n if s were sorted, and leaves s in another
// order. Sorting all of it took a fifth of the time of a fit.
func nth(s []float32, n int) float32 {
	for len(s) > 1 {
		a, b, c := s[0], s[len(s)/2], s[len(s)-1]
		middle := max(min(a, b), min(max(a, b), c))
		i, j := 0, len(s)-1
		for i <= j {
			for s[i] < middle {
				i++
			}
			for s[j] > middle {
				j--
			}
			if i <= j {
				s[i], s[j] = s[j], s[i]
				i++
				j--
			}
		}
		switch { // up to j at most the middle, from i at least it, between it
		case n <= j:
			s = s[:j+1]
		case n >= i:
			s, n = s[i:], n-i
		default:
			return middle
		}
	}
	return s[0]
}

// centroids is the model that needs no training: the mean of each class's
// samples, made as long as one sample. Its scores are cosines.
func centroids(x []vector, y []int32, classes, features int, without []bool) *linear {
	rows := make([]row, classes)
	samples := make([][]int, classes)
	for i, a := range y {
		if without == nil || !without[i] {
			samples[a] = append(samples[a], i)
		}
	}
	whole := 0.0
	for _, w := range blockWeight {
		whole += w * w
	}
	w := make([]float32, features)
	for a := range rows {
		clear(w)
		for _, i := range samples[a] {
			for k, id := range x[i].id {
				w[id] += x[i].val[k]
			}
		}
		norm := 0.0
		for _, v := range w {
			norm += float64(v) * float64(v)
		}
		rows[a] = pick(w, 0)
		if norm > 0 {
			scale := float32(1 / math.Sqrt(norm*whole))
			for k := range rows[a].val {
				rows[a].val[k] *= scale
			}
		}
	}
	return newLinear(rows, features)
}

// as gives the model with its scores stretched and moved, to stand in for
// another.
func (m *linear) as(stretch, bias float32) *linear {
	n := *m
	n.weight = slices.Clone(m.weight)
	for i := range n.weight {
		n.weight[i] *= stretch
	}
	n.bias = make([]float32, len(m.bias))
	for i := range n.bias {
		n.bias[i] = bias
	}
	return &n
}
