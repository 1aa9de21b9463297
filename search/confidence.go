// SPDX-License-Identifier: GPL-3.0-or-later

package search

import "math"

// A confidence turns the signs of a match into how sure it is: a logistic
// regression.
type confidence signs

// usual is what fitting starts from and falls back on where a catalogue has
// too few articles to tell; usualUntrained goes with the centroids. Both are
// what fitting found on banking77 (10 samples a label, and the 50 labels of the
// out-of-scope set) and hinglish_top, rounded.
var (
	usual          = confidence{-3.2, 0.8, 0.9, -0.5, 0.9, 0.9, 0.4, 1.5, 1.5, 0.7, -1.1, 0.8, 0.6, 0.8, 0, 0}
	usualUntrained = confidence{-2.6, 1.9, 1.4, -0.8, 1.5, 0.6, 1.0, 0.3, 0.8, 1.1, -1.0, 1.0, 0.6, 0.8}
)

// sure is the probability that the match is right.
func (c confidence) sure(s signs) float64 {
	z := 0.0
	for i := range s {
		z += c[i] * s[i]
	}
	return 1 / (1 + math.Exp(-z))
}

// evidence is one question asked of a model that did not know it.
type evidence struct {
	signs   signs
	right   bool // the best match was right
	unknown bool // no article left could answer
}

const (
	// faith is how hard the usual values hold against the evidence.
	faith = 3.0
	// strangers is what share of the evidence the unknown questions count.
	strangers = 0.5
)

// fit gives the confidence that explains the evidence best, held to c where
// there is little: Newton's method with a Gaussian prior around c.
func (c confidence) fit(es []evidence) confidence {
	var known, unknown float64
	for _, e := range es {
		if e.unknown {
			unknown++
		} else {
			known++
		}
	}
	if known == 0 || unknown == 0 {
		return c
	}
	all := known + unknown
	weight := func(e evidence) float64 {
		if e.unknown {
			return all * strangers / unknown
		}
		return all * (1 - strangers) / known
	}
	const n = len(c)
	w := c
	for range 25 {
		var gradient [n]float64
		var hessian [n][n]float64
		for i := range n {
			gradient[i] = faith * (w[i] - c[i])
			hessian[i][i] = faith
		}
		for _, e := range es {
			p := w.sure(e.signs)
			y := 0.0
			if e.right {
				y = 1
			}
			g := weight(e)
			for i, s := range e.signs {
				gradient[i] += g * (p - y) * s
				for j := range n {
					hessian[i][j] += g * p * (1 - p) * s * e.signs[j]
				}
			}
		}
		step := solve(hessian, gradient)
		most := 0.0
		for i := range w {
			w[i] -= step[i]
			most = max(most, math.Abs(step[i]))
		}
		if most < 1e-6 {
			break
		}
	}
	for _, v := range w {
		if math.IsNaN(v) || math.Abs(v) > 100 {
			return c
		}
	}
	return w
}

// solve gives x with a·x = b for a symmetric positive definite a.
func solve(a [len(signs{})][len(signs{})]float64, b [len(signs{})]float64) [len(signs{})]float64 {
	n := len(b)
	for i := range n {
		for j := i + 1; j < n; j++ {
			f := a[j][i] / a[i][i]
			for k := i; k < n; k++ {
				a[j][k] -= f * a[i][k]
			}
			b[j] -= f * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b
}
