// SPDX-License-Identifier: GPL-3.0-or-later

package report

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"strconv"

	"sarai/store"
)

// Few is the number under which it is not said how many there were, nor whether
// there was anybody, and the step in which all others are said.
const Few = 5

// What a number is moved by before it is rounded: the sum of so many draws from
// -jitter to jitter, mostly little and seldom much. With the rounding it is off by
// Off at most, and by about three as a rule.
const (
	jitters = 3
	jitter  = 2
	Off     = jitters*jitter + Few/2
)

// A Number is how many there were, as far as it is said. The zero value is fewer
// than Few.
//
// None to four are said as "<5". Anything more is moved by a little that is drawn
// for exactly those who are counted, and rounded to a multiple of five. The same
// people are always moved alike, in whatever table they stand, so that asking again
// tells nothing; and because each number is moved by itself, the totals too, what
// is left when shown numbers are taken from a total is not how many were hidden.
type Number struct {
	Shown uint64 // a multiple of Few; 0 where there were fewer
}

// Hidden says that there were fewer than Few.
func (n Number) Hidden() bool { return n.Shown == 0 }

// String is the number as a report says it.
func (n Number) String() string {
	if n.Hidden() {
		return "<" + strconv.Itoa(Few)
	}
	return strconv.FormatUint(n.Shown, 10)
}

// Bounds is what a reader knows of how many there were.
func (n Number) Bounds() (least, most uint64) {
	if n.Hidden() {
		return 0, Few - 1
	}
	return max(Few, n.Shown-min(n.Shown, Off)), n.Shown + Off
}

// A leaf is a counter of one day, with a lot that is drawn for it.
type leaf struct {
	cell store.Cell
	n    uint64
	lot  uint64
}

// A press makes numbers of leaves.
type press struct {
	key    []byte
	leaves map[store.CountName][]leaf
}

func newPress(key []byte, tallies []store.Tally) *press {
	p := &press{key: key, leaves: map[store.CountName][]leaf{}}
	for _, t := range tallies {
		cell, err := json.Marshal(t.Cell) // in the order of the dimensions
		if err != nil {                   // unreachable: words by words
			panic(err)
		}
		lot := p.draw("leaf\x00" + string(t.Day) + "\x00" + string(t.Name) + "\x00" + string(cell))
		p.leaves[t.Name] = append(p.leaves[t.Name], leaf{t.Cell, t.N, lot})
	}
	return p
}

func (p *press) draw(what string) uint64 {
	m := hmac.New(sha256.New, p.key)
	m.Write([]byte(what))
	return binary.BigEndian.Uint64(m.Sum(nil))
}

// number says how many the leaves are. What is drawn depends on which leaves they
// are and not on how somebody asked for them.
func (p *press) number(leaves []leaf) Number {
	var n, lot uint64
	for _, x := range leaves {
		n += x.n
		lot += x.lot
	}
	if n < Few {
		return Number{}
	}
	d := p.draw("round\x00" + strconv.FormatUint(lot, 16))
	moved := n
	for range jitters {
		moved += d % (2*jitter + 1)
		d /= 2*jitter + 1
	}
	moved -= min(moved, jitters*jitter)
	return Number{max(Few, (moved+Few/2)/Few*Few)}
}
