// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The weights that survive are those that sorting would let survive, also where
// many are alike.
func TestTheSmallestWeightThatIsKept(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		s := make([]float32, 1+r.IntN(40))
		for i := range s {
			s[i] = float32(r.IntN(1 + r.IntN(50)))
		}
		sorted := slices.Sorted(slices.Values(s))
		n := r.IntN(len(s))
		if got := nth(slices.Clone(s), n); got != sorted[n] {
			t.Fatalf("at place %d of %v stands %v, not %v", n, sorted, sorted[n], got)
		}
	}
}
