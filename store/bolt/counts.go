// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"sarai/channels"
	"sarai/store"
)

// The counters, in buckets of their own:
//
//	count    day, hash of the name and the cell → number, blob of both
//	countday day → how many cells, how many codes of campaigns
//	code     day, hash of a campaign's code
//	month    month → nothing: its key is in keys.db
//	visit    month, hash of an address with the month's key
//
// A cell is in a blob although nothing in it is about somebody: a campaign's
// code is a stranger's word. The hashes of addresses are made with a key that is
// drawn for the month and removed with the hashes when the month is over: what
// two months hold cannot be laid side by side, not even with the installation
// key.
const (
	bucketCount    = "count"
	bucketCountDay = "countday"
	bucketCode     = "code"
	bucketMonth    = "month"
	bucketVisit    = "visit"
)

// The owners of what the counters seal, and of the key of a month.
const (
	ownerCounts = "/counts"
	ownerMonth  = "/month/"
)

// A count is a store.Count as it is looked for in the file. What must be written
// down of its cell is made only when the cell is new, which is seldom.
type count struct {
	day  []byte
	name store.CountName
	cell store.Cell
	key  []byte // in bucketCount
	code []byte // in bucketCode; nil without a campaign
	n    uint64
	once bool
}

type countBlob struct {
	Name store.CountName `json:"name"`
	Cell store.Cell      `json:"cell,omitempty"`
}

// dayFields say how full a day is.
type dayFields struct {
	Cells int `json:"cells"`
	Codes int `json:"codes,omitempty"`
}

// newCount leaves out a count of nothing.
func (db *DB) newCount(c store.Count) (*count, error) {
	if c.N == 0 {
		return nil, nil
	}
	if day, err := time.Parse(time.DateOnly, string(c.Day)); err != nil || c.Name == "" || day.Format(time.DateOnly) != string(c.Day) {
		return nil, errTurn
	}
	cell := make(store.Cell, len(c.Cell))
	for d, v := range c.Cell {
		switch {
		case v == "":
		case len(v) > store.MaxValue:
			cell[d] = store.Other
		default:
			cell[d] = v
		}
	}
	x := &count{day: []byte(c.Day), name: c.Name, cell: cell, n: c.N, once: c.Once}
	if code := cell[store.ByCampaign]; code != "" && code != store.Other {
		x.code = concat(x.day, db.hash("campaign", code))
	}
	x.key = db.countKey(x)
	return x, nil
}

func (db *DB) countKey(c *count) []byte {
	dims := slices.AppendSeq(make([]store.Dimension, 0, len(c.cell)), maps.Keys(c.cell))
	slices.Sort(dims)
	parts := append(make([]string, 0, 1+2*len(dims)), string(c.name))
	for _, d := range dims {
		parts = append(parts, string(d), c.cell[d])
	}
	return concat(c.day, db.hash("count", parts...))
}

// with is c in another cell.
func (db *DB) with(c *count, cell store.Cell) *count {
	x := *c
	x.cell, x.code = cell, nil
	x.key = db.countKey(&x)
	return &x
}

// addCounts adds the counts of a turn. visits are the hashes of the thread's
// addresses that are hashed once more with the key of a month.
func (t *txn) addCounts(db *DB, counts []*count, visits [][]byte, now time.Time) error {
	for _, c := range counts {
		if c.once {
			first, err := t.visit(db, c.day[:7], visits, now)
			if err != nil {
				return err
			}
			if !first {
				continue
			}
		}
		if err := t.addCount(db, c); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) addCount(db *DB, c *count) error {
	if v := t.get(bucketCount, c.key); len(v) >= 8 {
		t.put(bucketCount, c.key, concat(number(c.n+binary.BigEndian.Uint64(v)), v[8:]))
		return nil
	}
	var day dayFields
	if v := t.get(bucketCountDay, c.day); v != nil {
		if err := readJSON(v, &day); err != nil {
			return err
		}
	}
	// Counted by the centre alone a day has few cells more, however full it is.
	if day.Cells >= store.MaxCells {
		alone := store.Cell{}
		if centre := c.cell[store.ByCentre]; centre != "" {
			alone[store.ByCentre] = centre
		}
		if !maps.Equal(c.cell, alone) {
			return t.addCount(db, db.with(c, alone))
		}
	}
	if c.code != nil && t.get(bucketCode, c.code) == nil {
		if day.Codes >= store.MaxCampaigns {
			cell := maps.Clone(c.cell)
			cell[store.ByCampaign] = store.Other
			return t.addCount(db, db.with(c, cell))
		}
		t.put(bucketCode, c.code, []byte{1})
		day.Codes++
	}
	day.Cells++
	fields, err := json.Marshal(day)
	if err != nil { // unreachable: two numbers
		return errUnencodable
	}
	blob, err := db.encode(place{ownerCounts, bucketCount, c.key}, countBlob{c.name, c.cell})
	if err != nil {
		return err
	}
	t.put(bucketCountDay, c.day, fields)
	t.put(bucketCount, c.key, concat(number(c.n), blob))
	return nil
}

// visit notes that a person was counted in a month, and says whether it is the
// first time. In a month that is over nobody is counted.
func (t *txn) visit(db *DB, month []byte, addresses [][]byte, now time.Time) (first bool, err error) {
	if string(month) < string(thisMonth(now)) {
		return false, nil
	}
	key, err := db.book.Make(context.Background(), ownerMonth+string(month))
	if err != nil {
		return false, err
	}
	if t.get(bucketMonth, month) == nil {
		t.put(bucketMonth, month, []byte{1})
	}
	first = true
	var fresh [][]byte
	for _, a := range addresses {
		k := concat(month, key.Hash(a)[:hashSize])
		if t.get(bucketVisit, k) != nil {
			first = false
		} else {
			fresh = append(fresh, k)
		}
	}
	for _, k := range fresh {
		t.put(bucketVisit, k, []byte{1})
	}
	return first, nil
}

// thisMonth is the earliest month that it still is somewhere on earth.
func thisMonth(now time.Time) []byte {
	return now.UTC().Add(-12*time.Hour).AppendFormat(nil, "2006-01")
}

// forgetMonths destroys the keys of months that are over.
func (db *DB) forgetMonths(ctx context.Context, now time.Time) error {
	this := thisMonth(now)
	var over []string
	err := db.view(ctx, func(t *txn) error {
		t.each(bucketMonth, nil, nil, func(k, _ []byte) bool {
			if bytes.Compare(k, this) >= 0 {
				return false
			}
			over = append(over, ownerMonth+string(k))
			return true
		})
		return nil
	})
	if err != nil || len(over) == 0 {
		return err
	}
	return db.book.Forget(nil, over...)
}

// sweepMonths forgets the months whose keys are destroyed, and hashes that were
// made with them, some at a time. It says whether there are more.
func (t *txn) sweepMonths(now time.Time) (more bool) {
	this := thisMonth(now)
	var months, visits [][]byte
	t.each(bucketMonth, nil, nil, func(k, _ []byte) bool {
		if bytes.Compare(k, this) >= 0 {
			return false
		}
		months = append(months, bytes.Clone(k))
		return true
	})
	t.each(bucketVisit, nil, nil, func(k, _ []byte) bool {
		if bytes.Compare(k[:7], this) >= 0 || len(visits) == sweepStep {
			return false
		}
		visits = append(visits, bytes.Clone(k))
		return true
	})
	for _, k := range months {
		t.del(bucketMonth, k)
	}
	for _, k := range visits {
		t.del(bucketVisit, k)
	}
	return len(visits) == sweepStep
}

// sweepCodes forgets which codes of campaigns the days before yesterday had: they
// are counted, and no more come.
func (t *txn) sweepCodes(now time.Time) (more bool) {
	end := now.UTC().Add(-48*time.Hour).AppendFormat(nil, time.DateOnly)
	var codes [][]byte
	t.each(bucketCode, nil, nil, func(k, _ []byte) bool {
		if bytes.Compare(k[:len(end)], end) >= 0 || len(codes) == sweepStep {
			return false
		}
		codes = append(codes, bytes.Clone(k))
		return true
	})
	for _, k := range codes {
		t.del(bucketCode, k)
	}
	return len(codes) == sweepStep
}

// Tallies implements store.Counters.
func (db *DB) Tallies(ctx context.Context, from, to store.Day) (ts []store.Tally, err error) {
	err = db.view(ctx, func(t *txn) (err error) {
		const day = len(time.DateOnly)
		t.each(bucketCount, nil, []byte(from), func(k, v []byte) bool {
			if len(k) < day || len(v) < 8 {
				err = errDamaged
				return false
			}
			if string(k[:day]) > string(to) {
				return false
			}
			var b countBlob
			if err = db.decode(place{ownerCounts, bucketCount, bytes.Clone(k)}, v[8:], &b); err != nil {
				return false
			}
			ts = append(ts, store.Tally{Day: store.Day(k[:day]), Name: b.Name, Cell: b.Cell, N: binary.BigEndian.Uint64(v)})
			return true
		})
		return err
	})
	return ts, err
}

// RoundingKey implements store.Counters.
func (db *DB) RoundingKey() []byte { return db.hash("rounding") }

// visitHashes are what is hashed again with the key of a month, so that no
// address waits in the queue in the clear.
func (db *DB) visitHashes(addresses []channels.Address) (hashes [][]byte) {
	for _, a := range addresses {
		hashes = append(hashes, db.hash("visit", string(a.Channel), a.ID))
	}
	return hashes
}
