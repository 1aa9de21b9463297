// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
	"sarai/store/keys"
)

// threadFields are a thread's clear fields. Version, LastSeq and Words stand here
// and not in the blob, because an entry that comes with a settled job moves
// LastSeq, and with it what a turn adds.
type threadFields struct {
	Version   uint64   `json:"version"`
	LastSeq   uint64   `json:"last_seq"`
	Addresses [][]byte `json:"addresses,omitempty"` // keys in bucketAddress
	Open      []byte   `json:"open,omitempty"`      // key in bucketOpen
	Closed    []byte   `json:"closed,omitempty"`    // key in bucketClosed
	Keeping   []byte   `json:"keeping,omitempty"`   // key in bucketKeeping
	Comment   []byte   `json:"comment,omitempty"`   // key in bucketComment
	Waits     []byte   `json:"waits,omitempty"`     // key in bucketWaits
	Words     uint64   `json:"words,omitempty"`     // Comment.Seq
}

// Thread implements store.Threads.
func (db *DB) Thread(ctx context.Context, a channels.Address) (store.Thread, error) {
	k := db.addressKey(a)
	var th store.Thread
	err := db.view(ctx, func(t *txn) (err error) {
		id := t.get(bucketAddress, k)
		if id == nil {
			return store.ErrNotFound
		}
		th, err = db.readThread(t, store.ThreadID(id))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return store.Thread{ID: store.ThreadID(random()), Reply: a, Addresses: []channels.Address{a}}, nil
	}
	return th, err
}

// ThreadByID implements store.Threads.
func (db *DB) ThreadByID(ctx context.Context, id store.ThreadID) (th store.Thread, err error) {
	err = db.view(ctx, func(t *txn) (err error) {
		th, err = db.readThread(t, id)
		return err
	})
	return th, err
}

func (db *DB) addressKey(a channels.Address) []byte {
	return db.hash("address", string(a.Channel), a.ID)
}

func (db *DB) eventKey(e store.EventKey) []byte { return db.hash("event", string(e.Channel), e.ID) }

// threadFields reads the clear fields and gives the blob, nil if there is no
// such thread.
func (t *txn) threadFields(id store.ThreadID) (threadFields, []byte, error) {
	var f threadFields
	if !goodName(string(id)) {
		return f, nil, nil
	}
	v := t.get(bucketTalks, talkKey(id, talkThread, ""))
	if v == nil {
		return f, nil, nil
	}
	blob, err := split(v, &f)
	return f, blob, err
}

func (db *DB) readThread(t *txn, id store.ThreadID) (store.Thread, error) {
	f, blob, err := t.threadFields(id)
	if err != nil {
		return store.Thread{}, err
	}
	if blob == nil {
		return store.Thread{}, store.ErrNotFound
	}
	var th store.Thread
	err = db.decode(talkPlace(id, talkThread, ""), blob, &th)
	if errors.Is(err, errErased) {
		return store.Thread{}, store.ErrNotFound
	}
	if err != nil {
		return store.Thread{}, err
	}
	th.Version, th.LastSeq = f.Version, f.LastSeq
	if th.Comment != nil {
		th.Comment.Seq = f.Words
	}
	return th, nil
}

// Seen implements store.Threads.
func (db *DB) Seen(ctx context.Context, e store.EventKey) (seen bool, err error) {
	k := db.eventKey(e)
	err = db.view(ctx, func(t *txn) error {
		seen = t.get(bucketEvent, k) != nil
		return nil
	})
	return seen, err
}

// A turn is a store.Turn as it lies in the file, made before the queue.
type turn struct {
	id      store.ThreadID
	version uint64
	lastSeq uint64 // that was read
	blob    []byte
	fields  threadFields // as they shall be, without Version and LastSeq; Words as if none had settled since
	reply   []byte       // key in bucketAddress
	caseID  string
	events  [][]byte
	entries []*entry
	jobs    []newJob
	cancel  []string
	uses    []string // files that were staged, perhaps
	needs   []string // those of them that must be there
	counts  []*count
	visits  [][]byte  // of the addresses, where somebody is counted once
	key     *keys.Key // nil: the thread was erased
	book    *keys.Book
	acts    []store.Record
}

var errTurn = errors.New("store: the turn is wrong: IDs are missing or too long, or a job is of another thread or its key is, or a count has no day or name")

// Commit implements store.Threads.
func (db *DB) Commit(ctx context.Context, t store.Turn) error {
	x, err := db.encodeTurn(ctx, t)
	if err != nil {
		return err
	}
	return db.update(ctx, func(t *txn) error {
		now := db.now()
		if err := t.commit(x, now); err != nil {
			return err
		}
		return t.addCounts(db, x.counts, x.visits, now)
	})
}

func (db *DB) encodeTurn(ctx context.Context, t store.Turn) (*turn, error) {
	th := t.Thread
	if !goodName(string(th.ID)) {
		return nil, errTurn
	}
	x := &turn{id: th.ID, book: db.book, version: th.Version, lastSeq: th.LastSeq, reply: db.addressKey(th.Reply), cancel: t.Cancel}
	for _, a := range th.Addresses {
		x.fields.Addresses = append(x.fields.Addresses, db.addressKey(a))
	}
	if c := th.Case; c != nil && c.ID != "" {
		if !goodName(string(c.ID)) {
			return nil, errTurn
		}
		x.caseID = string(c.ID)
		switch {
		case c.Open():
			x.fields.Open = concat(signed(int64(c.Rank)), timeKey(c.Queued), []byte(c.ID))
		case c.Status == desk.Closed:
			x.fields.Closed = concat(timeKey(c.Closed), []byte(c.ID))
		}
	}
	for _, e := range t.Events {
		x.events = append(x.events, db.eventKey(e))
	}
	for _, j := range t.Jobs {
		if j.Thread != "" && j.Thread != th.ID || threadOf(j.Key) != th.ID || len(j.Key) > maxKey || len(j.Lane) > maxName {
			return nil, errTurn
		}
	}
	// The key of a new thread is on disk before anything that is sealed under it.
	var err error
	if th.Version == 0 {
		x.key, err = db.book.Make(ctx, string(th.ID))
	} else if x.key, err = db.keyOf(string(th.ID)); errors.Is(err, errErased) {
		return x, nil
	}
	if err != nil {
		return nil, unwritten(ctx, err)
	}
	for i, e := range t.Entries {
		if e.Author == store.Staff || e.Author == store.Person {
			for _, m := range e.Media {
				x.uses = append(x.uses, m.ID)
				if m.Staged {
					x.needs = append(x.needs, m.ID)
				}
			}
		}
		n, err := newEntry(x.key, th.ID, e, th.LastSeq+uint64(i)+1)
		if err != nil {
			return nil, err
		}
		x.entries = append(x.entries, n)
	}
	for _, j := range t.Jobs {
		j.Thread = th.ID
		n, err := encodeJob(x.key, j)
		if err != nil {
			return nil, err
		}
		x.jobs = append(x.jobs, n)
	}
	for _, c := range t.Counts {
		n, err := db.newCount(c)
		if err != nil {
			return nil, err
		}
		if n != nil {
			x.counts = append(x.counts, n)
		}
		if c.Once && x.visits == nil {
			x.visits = db.visitHashes(th.Addresses)
		}
	}
	if x.acts, err = db.prepareActs(t.Acts); err != nil {
		return nil, err
	}
	x.fields.Keeping = keepingKey(th)
	if c := th.Comment; c != nil {
		x.fields.Comment, x.fields.Words = commentKey(th.ID, c.Said), c.Seq
		if c.Waits() {
			x.fields.Waits = x.fields.Comment
		}
	}
	th.Version, th.LastSeq = 0, 0
	x.blob, err = sealWith(x.key, talkPlace(th.ID, talkThread, ""), th)
	return x, err
}

// unwritten says of an error of the keys what callers of a store know: a caller
// that left before anything was queued has changed nothing.
func unwritten(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", store.ErrBusy, ctx.Err())
	}
	return err
}

// commit judges a turn and then writes it.
func (t *txn) commit(x *turn, now time.Time) error {
	for _, k := range x.events {
		if t.get(bucketEvent, k) != nil {
			return store.ErrDuplicate
		}
	}
	if x.key == nil {
		return store.ErrConflict
	}
	if x.version == 0 {
		// Somebody may have erased a thread of this name since its key was read.
		if is, err := x.book.Is(string(x.id), x.key); err != nil {
			return err
		} else if !is {
			return store.ErrConflict
		}
	}
	old, blob, err := t.threadFields(x.id)
	if err != nil {
		return err
	}
	if old.Version != x.version || (blob == nil) != (x.version == 0) {
		return store.ErrConflict
	}
	for _, k := range x.fields.Addresses {
		owner := store.ThreadID(t.get(bucketAddress, k))
		switch {
		case owner == "" || owner == x.id:
		case x.book.Gone(string(owner)):
			// Whose it was is erased, though the records are still there.
		case x.version == 0 && bytes.Equal(k, x.reply):
			// Somebody else made the thread of this address since it was read.
			return store.ErrConflict
		default:
			return &store.TakenError{Owner: owner}
		}
	}
	for _, file := range x.needs {
		if t.get(bucketTalks, talkKey(x.id, talkFile, file)) == nil { // it waited too long, and was swept
			return store.ErrConflict
		}
	}

	t.bucket(bucketEventAge).FillPercent = 0.9 // they come in order
	for _, k := range x.events {
		t.put(bucketEvent, k, concat(timeKey(now), []byte(x.id)))
		t.put(bucketEventAge, concat(timeKey(now), k), nil)
		t.put(bucketTalks, talkKey(x.id, talkEvent, k), nil)
	}
	for _, k := range old.Addresses {
		if !slices.ContainsFunc(x.fields.Addresses, func(n []byte) bool { return bytes.Equal(k, n) }) {
			t.del(bucketAddress, k)
		}
	}
	for _, k := range x.fields.Addresses {
		if string(t.get(bucketAddress, k)) != string(x.id) {
			t.put(bucketAddress, k, []byte(x.id))
		}
	}
	t.moveKey(bucketOpen, old.Open, x.fields.Open, x.id)
	t.moveKey(bucketClosed, old.Closed, x.fields.Closed, x.id)
	t.moveKey(bucketKeeping, old.Keeping, x.fields.Keeping, x.id)
	t.moveKey(bucketComment, old.Comment, x.fields.Comment, x.id)
	t.moveKey(bucketWaits, old.Waits, x.fields.Waits, x.id)
	if x.caseID != "" && t.get(bucketCase, []byte(x.caseID)) == nil {
		t.put(bucketCase, []byte(x.caseID), []byte(x.id))
		t.put(bucketTalks, talkKey(x.id, talkCase, x.caseID), nil)
	}
	f := x.fields
	f.Version, f.LastSeq = x.version+1, old.LastSeq
	if f.Words > x.lastSeq {
		f.Words = f.Words - x.lastSeq + old.LastSeq // an entry of this turn
	}
	for _, e := range x.entries {
		f.LastSeq++
		t.put(bucketTalks, talkKey(x.id, talkEntry, number(f.LastSeq)), e.at(x.id, f.LastSeq))
	}
	t.put(bucketTalks, talkKey(x.id, talkThread, ""), join(f, x.blob))
	for _, file := range x.uses {
		t.useFile(x.id, file)
	}
	for _, key := range x.cancel {
		t.cancel(key, now)
	}
	for _, j := range x.jobs {
		t.addJob(j)
	}
	t.appendRecords(x.acts)
	return nil
}

// moveKey puts a thread to another place of an index.
func (t *txn) moveKey(bucket string, from, to []byte, id store.ThreadID) {
	if bytes.Equal(from, to) {
		return
	}
	if from != nil {
		t.del(bucket, from)
	}
	if to != nil {
		t.put(bucket, to, []byte(id))
	}
}

// Entries implements store.Threads.
func (db *DB) Entries(ctx context.Context, id store.ThreadID, after uint64, n int) (es []store.Entry, err error) {
	if !goodName(string(id)) || n <= 0 || after+1 == 0 {
		return nil, nil
	}
	prefix := talkKey(id, talkEntry, "")
	err = db.view(ctx, func(t *txn) (err error) {
		t.each(bucketTalks, prefix, concat(prefix, number(after+1)), func(k, v []byte) bool {
			var e store.Entry
			if err = db.decode(place{string(id), bucketTalks, k}, v, &e); err != nil {
				return false
			}
			e.Seq = binary.BigEndian.Uint64(k[len(prefix):])
			es = append(es, e)
			return len(es) < n
		})
		return err
	})
	if errors.Is(err, errErased) {
		return nil, nil
	}
	return es, err
}

// forgetEvent removes an event key but for its place in the thread.
func (t *txn) forgetEvent(k []byte) {
	v := t.get(bucketEvent, k)
	if len(v) < 8 {
		return
	}
	age := concat(v[:8], k)
	t.del(bucketEventAge, age)
	t.del(bucketEvent, k)
}
