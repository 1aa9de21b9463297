// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"sarai/desk"
	"sarai/store"
)

// The audit is written in the clear: it holds random ids and fixed words, and
// whether the chain is whole can be seen without a key. The newest record's
// number and hash stand in bucketMeta too, so that records cannot be cut off at
// the end unseen.

// auditHead is the key in bucketMeta of the newest record's number and hash.
var auditHead = []byte("audit")

// A recordFields is a record as it lies in the file; its number is its key.
type recordFields struct {
	At     time.Time      `json:"at"`
	By     desk.StaffID   `json:"by,omitempty"`
	What   store.Deed     `json:"what"`
	Thread store.ThreadID `json:"thread,omitempty"`
	Case   desk.CaseID    `json:"case,omitempty"`
	On     string         `json:"on,omitempty"`
	Why    string         `json:"why,omitempty"`
	Login  string         `json:"login,omitempty"`
	Before []byte         `json:"before"`
	Hash   []byte         `json:"hash"`
}

var errAct = errors.New("store: an act has words in it that are no id, or is not said")

// maxWord is how long a word of an act may be in bytes.
const maxWord = 128

// prepareActs makes of acts what the committer then numbers and binds.
func (db *DB) prepareActs(acts []store.Act) ([]store.Record, error) {
	var rs []store.Record
	for _, a := range acts {
		if a.At.IsZero() {
			a.At = db.now()
		}
		a.At = a.At.UTC().Round(0)
		if _, err := a.At.MarshalJSON(); err != nil || a.What == "" {
			return nil, errAct
		}
		if a.Login != "" {
			a.Login = db.LoginHash(a.Login)
		}
		for _, word := range []string{string(a.By), string(a.What), string(a.Thread), string(a.Case), a.On, a.Why} {
			if !plainWord(word) {
				return nil, errAct
			}
		}
		rs = append(rs, store.Record{Act: a})
	}
	return rs, nil
}

// plainWord says that something is no text that somebody wrote.
func plainWord(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= maxWord
}

// LoginHash implements store.Audit.
func (db *DB) LoginHash(login string) string { return hex.EncodeToString(db.loginKey(login)) }

// AppendActs implements store.Audit.
func (db *DB) AppendActs(ctx context.Context, acts ...store.Act) error {
	rs, err := db.prepareActs(acts)
	if err != nil || len(rs) == 0 {
		return err
	}
	return db.update(ctx, func(t *txn) error {
		t.appendRecords(rs)
		return nil
	})
}

// appendRecords numbers records and binds each to the one before. What it is
// given stays as it is, because a change may run more than once.
func (t *txn) appendRecords(rs []store.Record) {
	if len(rs) == 0 {
		return
	}
	// Records only come at the end: pages that are full stay as they are.
	t.bucket(bucketAudit).FillPercent = 0.95
	seq, last, ok := t.auditHead()
	if !ok {
		t.spoil(errDamaged)
		return
	}
	// No record is ever written over, whatever somebody did to the note of the newest.
	if k, v := t.bucket(bucketAudit).Cursor().Last(); len(k) == 8 && binary.BigEndian.Uint64(k) > seq {
		r, _ := readRecord(k, v)
		seq, last = binary.BigEndian.Uint64(k), r.Hash
	}
	for _, r := range rs {
		seq++
		r.Seq, r.Before = seq, last
		r.Hash = r.Sum()
		last = r.Hash
		b, err := json.Marshal(recordFields{
			At: r.At, By: r.By, What: r.What, Thread: r.Thread, Case: r.Case, On: r.On, Why: r.Why, Login: r.Login,
			Before: r.Before[:], Hash: r.Hash[:],
		})
		if err != nil { // unreachable: the time was tried before
			t.spoil(errUnencodable)
			return
		}
		t.put(bucketAudit, number(seq), b)
	}
	t.put(bucketMeta, auditHead, concat(number(seq), last[:]))
}

// auditHead gives the number and the hash of the newest record.
func (t *txn) auditHead() (seq uint64, hash [32]byte, ok bool) {
	v := t.get(bucketMeta, auditHead)
	if v == nil {
		return 0, hash, true
	}
	if len(v) != 8+len(hash) {
		return 0, hash, false
	}
	return binary.BigEndian.Uint64(v), [32]byte(v[8:]), true
}

func readRecord(k, v []byte) (r store.Record, err error) {
	var f recordFields
	if len(k) != 8 || json.Unmarshal(v, &f) != nil || len(f.Before) != len(r.Before) || len(f.Hash) != len(r.Hash) {
		return r, errDamaged
	}
	return store.Record{
		Act: store.Act{At: f.At, By: f.By, What: f.What, Thread: f.Thread, Case: f.Case, On: f.On, Why: f.Why, Login: f.Login},
		Seq: binary.BigEndian.Uint64(k), Before: [32]byte(f.Before), Hash: [32]byte(f.Hash),
	}, nil
}

// A sieve says of bytes whether they can be a record that a filter wants, so
// that of many records few must be read whole.
type sieve struct {
	holds       [][]byte
	from, until string // in UTC, to the second
}

// The place and the form of the time in a record, which is written first.
const (
	atFrom = len(`{"at":"`)
	atForm = "2006-01-02T15:04:05"
)

func sieveOf(f store.RecordFilter) (s sieve) {
	for _, x := range []struct{ field, value string }{{"by", string(f.By)}, {"what", string(f.What)}, {"thread", string(f.Thread)}} {
		if x.value == "" {
			continue
		}
		if value, err := json.Marshal(x.value); err == nil {
			s.holds = append(s.holds, concat([]byte(`"`+x.field+`":`), value))
		}
	}
	if !f.From.IsZero() {
		s.from = f.From.UTC().Format(atForm)
	}
	if !f.Until.IsZero() {
		s.until = f.Until.UTC().Format(atForm)
	}
	return s
}

func (s sieve) passes(v []byte) bool {
	for _, part := range s.holds {
		if !bytes.Contains(v, part) {
			return false
		}
	}
	if len(v) < atFrom+len(atForm) {
		return true
	}
	at := string(v[atFrom : atFrom+len(atForm)])
	return (s.from == "" || at >= s.from) && (s.until == "" || at <= s.until)
}

// Records implements store.Audit. A record that cannot be read is left out here;
// VerifyRecords finds it.
func (db *DB) Records(ctx context.Context, f store.RecordFilter, before uint64, n int) (rs []store.Record, err error) {
	s := sieveOf(f)
	err = db.view(ctx, func(t *txn) error {
		c := t.bucket(bucketAudit).Cursor()
		k, v := c.Last()
		if before > 0 {
			if k, _ = c.Seek(number(before)); k == nil {
				k, v = c.Last()
			} else {
				k, v = c.Prev()
			}
		}
		for ; k != nil && len(rs) < n; k, v = c.Prev() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !s.passes(v) {
				continue
			}
			if r, err := readRecord(k, v); err == nil && f.Fits(r) {
				rs = append(rs, r)
			}
		}
		return nil
	})
	return rs, err
}

// VerifyRecords implements store.Audit.
func (db *DB) VerifyRecords(ctx context.Context) (x store.Chain, err error) {
	err = db.view(ctx, func(t *txn) error {
		broken := func(seq uint64, why string) bool {
			x.Broken, x.Why = seq, why
			return false
		}
		var last [32]byte
		t.each(bucketAudit, nil, nil, func(k, v []byte) bool {
			if ctx.Err() != nil {
				return false
			}
			seq := x.Records + 1
			r, err := readRecord(k, v)
			switch {
			case err != nil:
				return broken(seq, "it cannot be read")
			case r.Seq != seq:
				return broken(seq, "it is missing")
			case r.Before != last:
				return broken(seq, "it does not follow the one before")
			case r.Hash != r.Sum():
				return broken(seq, "it was changed")
			}
			x.Records, x.Last, last = seq, r.Hash, r.Hash
			return true
		})
		if err := ctx.Err(); err != nil || x.Broken != 0 {
			return err
		}
		switch seq, hash, ok := t.auditHead(); {
		case !ok || seq < x.Records:
			broken(x.Records, "the note of the newest is not of it")
		case seq > x.Records:
			broken(x.Records+1, "it is missing")
		case !bytes.Equal(hash[:], last[:]):
			broken(x.Records, "it is not the newest that was written")
		}
		return nil
	})
	return x, err
}
