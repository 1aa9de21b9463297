// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"sarai/store"
	"sarai/store/keys"
)

// jobFields are a job's clear fields; its body is the blob. Tries is without the
// leases since the job was last put off: those are in memory, see lease.go.
type jobFields struct {
	Key      string         `json:"-"` // stands in each index that leads to the job
	Number   uint64         `json:"n"` // the order in which jobs were added
	Thread   store.ThreadID `json:"thread"`
	Lane     string         `json:"lane,omitempty"`
	Priority store.Priority `json:"priority,omitempty"`
	Due      time.Time      `json:"due"`
	Kind     store.JobKind  `json:"kind"`
	Made     time.Time      `json:"made"`
	Tries    int            `json:"tries,omitempty"`
	// Over, where set, says that this is the last word to somebody who was erased,
	// of no thread, and when it is no longer said. See erase.go.
	Over time.Time `json:"over,omitzero"`
}

// A lane whose name holds the thread's id is of that thread alone, and beside all
// else of it; others are in a bucket of their own.
func (f jobFields) lane() (bucket string, prefix []byte) {
	if strings.Contains(f.Lane, string(f.Thread)) {
		return bucketTalks, talkKey(f.Thread, talkLane, named(f.Lane))
	}
	return bucketLane, named(f.Lane)
}

func (f jobFields) job(key string) store.Job {
	return store.Job{
		Key: key, Thread: f.Thread, Lane: f.Lane, Priority: f.Priority, Due: f.Due,
		Kind: f.Kind, Made: f.Made, Tries: f.Tries,
	}
}

func (f jobFields) dueKey() []byte {
	return concat(signed(int64(f.Priority)), timeKey(f.Due), number(f.Number))
}

// A newJob is a job as it lies in the file, but for its number.
type newJob struct {
	key    string
	fields jobFields
	blob   []byte
}

func jobPlace(owner store.ThreadID, key string) place {
	return place{string(owner), bucketJob, []byte(key)}
}

func encodeJob(k *keys.Key, j store.Job) (newJob, error) {
	blob, err := sealWith(k, jobPlace(j.Thread, j.Key), j.Body)
	if err != nil {
		return newJob{}, err
	}
	f := jobFields{
		Thread: j.Thread, Lane: j.Lane, Priority: j.Priority, Due: j.Due,
		Kind: j.Kind, Made: j.Made, Tries: j.Tries,
	}
	for _, at := range []time.Time{j.Due, j.Made} {
		if _, err := at.MarshalJSON(); err != nil {
			return newJob{}, errUnencodable
		}
	}
	return newJob{j.Key, f, blob}, nil
}

// job reads a job; the blob is nil if there is none.
func (t *txn) job(thread store.ThreadID, key string) (f jobFields, blob []byte, err error) {
	if !goodName(string(thread)) || len(key) > maxKey {
		return f, nil, nil
	}
	n := t.get(bucketTalks, talkKey(thread, talkJob, key))
	if n == nil {
		return f, nil, nil
	}
	return t.jobAt(n, key)
}

// jobAt reads a job to which an index leads.
func (t *txn) jobAt(n []byte, key string) (f jobFields, blob []byte, err error) {
	v := t.get(bucketWork, n)
	if v == nil {
		return f, nil, errDamaged
	}
	blob, err = split(v, &f)
	f.Key = key
	return f, blob, err
}

// threadOf gives the thread that a job's key begins with.
func threadOf(key string) store.ThreadID {
	turn := key[:max(strings.LastIndexByte(key, '/'), 0)]
	return store.ThreadID(turn[:max(strings.LastIndexByte(turn, '/'), 0)])
}

// A head is where an index leads to.
type head struct {
	number []byte
	key    string
}

// head gives the oldest job of a job's lane; the zero head if it has none.
func (t *txn) head(f jobFields) (h head) {
	bucket, prefix := f.lane()
	t.each(bucket, prefix, prefix, func(k, v []byte) bool {
		h = head{bytes.Clone(k[len(prefix):]), string(v)}
		return false
	})
	return h
}

// addJob adds a job unless its key was used before. A job that is its lane's
// only one is the head.
func (t *txn) addJob(j newJob) {
	place := talkKey(j.fields.Thread, talkJob, j.key)
	if t.get(bucketTalks, place) != nil || t.get(bucketTalks, talkKey(j.fields.Thread, talkFailed, j.key)) != nil {
		return
	}
	f := j.fields
	f.Key, f.Number = j.key, t.next(bucketWork)
	n := number(f.Number)
	if t.head(f).number == nil {
		t.put(bucketDue, f.dueKey(), []byte(f.Key))
	}
	bucket, prefix := f.lane()
	t.put(bucket, concat(prefix, n), []byte(f.Key))
	t.bucket(bucketWork).FillPercent = 0.9 // they come in order
	t.put(bucketWork, n, join(f, j.blob))
	t.put(bucketTalks, place, n)
}

// cancel removes a job that nobody holds a running lease of.
func (t *txn) cancel(key string, now time.Time) {
	f, blob, err := t.job(threadOf(key), key)
	if err != nil {
		t.spoil(err)
	}
	if blob == nil || t.leases.runs(key, f.Number, now) {
		return
	}
	t.dropJob(f)
}

// dropJob removes a job. If it was its lane's head, the next one is.
func (t *txn) dropJob(f jobFields) {
	t.leases.change(f.Key)
	n := number(f.Number)
	was := t.head(f)
	bucket, prefix := f.lane()
	t.del(bucketDue, f.dueKey())
	t.del(bucket, concat(prefix, n))
	t.del(bucketWork, n)
	t.del(bucketTalks, talkKey(f.Thread, talkJob, f.Key))
	if !bytes.Equal(was.number, n) {
		return
	}
	next := t.head(f)
	if next.number == nil {
		return
	}
	f, _, err := t.jobAt(next.number, next.key)
	if err != nil {
		t.spoil(err)
		return
	}
	t.put(bucketDue, f.dueKey(), []byte(f.Key))
}

// due gives at most n heads of lanes that are due at now and that want
// takes: by priority, then by due time, then in the order in which they were added.
func (t *txn) due(now time.Time, n int, want func(key []byte) bool) (heads []head) {
	end := timeKey(now)
	c := t.bucket(bucketDue).Cursor()
	k, v := c.First()
	for k != nil && len(heads) < n {
		if bytes.Compare(k[8:16], end) <= 0 {
			if want(v) {
				heads = append(heads, head{bytes.Clone(k[16:]), string(v)})
			}
			k, v = c.Next()
			continue
		}
		// The rest of this priority is later still.
		next, ok := following(k[:8])
		if !ok {
			break
		}
		k, v = c.Seek(next)
	}
	return heads
}

// following gives the number after the one that the bytes are.
func following(k []byte) ([]byte, bool) {
	next := bytes.Clone(k)
	for i := len(next) - 1; i >= 0; i-- {
		next[i]++
		if next[i] != 0 {
			return next, true
		}
	}
	return nil, false
}

// Lease implements store.Jobs. It writes nothing, but that after a commit which
// failed it first sees whether another can be made: a job whose settling cannot
// be kept would be done a second time.
func (db *DB) Lease(ctx context.Context, now, until time.Time, n int) ([]store.Leased, error) {
	if n <= 0 {
		return nil, nil
	}
	if _, err := until.MarshalJSON(); err != nil {
		return nil, errUnencodable
	}
	if db.failing.Load() {
		if err := db.Ready(ctx); err != nil {
			return nil, err
		}
	}
	leased, blobs, err := db.lease(ctx, now, until, n)
	if err != nil {
		return nil, err
	}
	readable := leased[:0]
	for i, l := range leased {
		err := db.decode(jobPlace(l.Thread, l.Key), blobs[i], &l.Body)
		if errors.Is(err, errErased) {
			continue // its records go in a moment
		}
		if err != nil {
			return nil, err
		}
		readable = append(readable, l)
	}
	return readable, nil
}

func (db *DB) lease(ctx context.Context, now, until time.Time, n int) (leased []store.Leased, blobs [][]byte, err error) {
	db.leases.mu.Lock()
	defer db.leases.mu.Unlock()
	err = db.view(ctx, func(t *txn) error {
		var found []jobFields
		for _, h := range t.due(now, n, func(key []byte) bool { return db.leases.free(key, now) }) {
			f, blob, err := t.jobAt(h.number, h.key)
			if err != nil {
				return err
			}
			found, blobs = append(found, f), append(blobs, bytes.Clone(blob))
		}
		for _, f := range found {
			x := db.leases.give(f, until)
			f.Tries = x.tries
			leased = append(leased, store.Leased{Job: f.job(f.Key), Token: x.token, Until: until})
		}
		return nil
	})
	return leased, blobs, err
}

// release makes heads of lanes what a file from before format 3 says is leased:
// whoever held it has ended.
func (t *txn) release() error {
	held := map[string]string{}
	t.each(bucketLease, nil, nil, func(k, v []byte) bool {
		held[string(k)] = string(v)
		return true
	})
	for k, key := range held {
		var f jobFields
		if _, err := split(t.get(bucketJob, []byte(key)), &f); err != nil {
			return err
		}
		t.del(bucketLease, []byte(k))
		t.put(bucketDue, f.dueKey(), []byte(key))
	}
	return t.err
}

// move brings jobs of a file from before format 3, which were found by their
// keys, to where they are now, most bytes at a time but for one job more. It says
// whether there are more. Their heads of lanes are as they were.
func (t *txn) move(most int) (more bool, err error) {
	var keys []string
	size := 0
	t.each(bucketJob, nil, nil, func(k, v []byte) bool {
		if more = size >= most; more {
			return false
		}
		keys, size = append(keys, string(k)), size+len(k)+len(v)
		return true
	})
	for _, key := range keys {
		var f jobFields
		blob, err := split(t.get(bucketJob, []byte(key)), &f)
		if err != nil {
			return false, err
		}
		f.Key = key
		bucket, prefix := f.lane()
		n := number(f.Number)
		t.put(bucketWork, n, join(f, bytes.Clone(blob)))
		t.put(bucketTalks, talkKey(f.Thread, talkJob, key), n)
		t.del(bucketLane, concat(named(f.Lane), n))
		t.put(bucket, concat(prefix, n), []byte(key))
		t.del(bucketJob, []byte(key))
	}
	was, is := t.bucket(bucketJob).Sequence(), t.bucket(bucketWork)
	if is.Sequence() < was {
		t.spoil(is.SetSequence(was))
	}
	return more, t.err
}

var errOutcome = errors.New("store: the outcome is wrong: exactly one of done, failed and again must be set")

// Settle implements store.Jobs.
func (db *DB) Settle(ctx context.Context, l store.Leased, o store.Outcome) error {
	set := 0
	for _, is := range []bool{o.Done, o.Failed, !o.Again.IsZero()} {
		if is {
			set++
		}
	}
	if set != 1 {
		return errOutcome
	}
	if _, err := o.Again.MarshalJSON(); err != nil {
		return errUnencodable
	}
	k, err := db.keyOf(string(l.Thread))
	if errors.Is(err, errErased) {
		return store.ErrLost
	}
	if err != nil {
		return err
	}
	var said *entry
	var told *receipt
	if o.Entry != nil {
		if said, err = newEntry(k, l.Thread, *o.Entry, 0); err != nil {
			return err
		}
	}
	if o.Receipt != nil {
		if told, err = newReceipt(k, l.Thread, l.Key, *o.Receipt); err != nil {
			return err
		}
	}
	last := false
	err = db.update(ctx, func(t *txn) (err error) {
		last, err = t.settle(l, o, said, told)
		return err
	})
	if err == nil && last {
		db.forgetLast(l.Thread) // where that fails, Sweep does it
	}
	return err
}

// settle says whether it was a last word and is over: then its key must go.
func (t *txn) settle(l store.Leased, o store.Outcome, said *entry, told *receipt) (last bool, err error) {
	f, body, err := t.job(l.Thread, l.Key)
	if err != nil {
		return false, err
	}
	held, ok := t.leases.proven(l, f.Number)
	if body == nil || !ok || f.Thread != l.Thread {
		return false, store.ErrLost
	}
	f.Tries = held.tries
	if !f.Over.IsZero() {
		if o.Again.IsZero() || o.Again.After(f.Over) {
			t.dropJob(f)
			return true, nil
		}
		t.again(f, body, o.Again)
		return false, nil
	}
	thread := t.get(bucketTalks, talkKey(f.Thread, talkThread, ""))
	if thread == nil {
		return false, store.ErrLost
	}
	var th threadFields
	var blob []byte
	if said != nil {
		if blob, err = split(thread, &th); err != nil {
			return false, err
		}
	}
	var merged []byte
	if told != nil {
		if merged, _, err = t.merge(told); err != nil {
			return false, err
		}
	}

	if o.Again.IsZero() {
		t.dropJob(f)
	} else {
		t.again(f, body, o.Again)
	}
	if o.Failed {
		n := number(t.next(bucketFailed))
		t.put(bucketFailed, n, join(f, []byte(l.Key)))
		t.put(bucketTalks, talkKey(f.Thread, talkFailed, l.Key), n)
	}
	if merged != nil {
		t.put(bucketTalks, told.place.key, merged)
	}
	if said != nil {
		t.addEntry(f.Thread, th, blob, said)
	}
	return false, nil
}

// addEntry adds an entry past any turn: the thread stays as it is, but for LastSeq.
func (t *txn) addEntry(id store.ThreadID, th threadFields, blob []byte, said *entry) {
	th.LastSeq++
	t.put(bucketTalks, talkKey(id, talkEntry, number(th.LastSeq)), said.at(id, th.LastSeq))
	t.put(bucketTalks, talkKey(id, talkThread, ""), join(th, blob))
}

// again has a job that somebody held done once more at a later time.
func (t *txn) again(f jobFields, blob []byte, at time.Time) {
	t.leases.change(f.Key)
	t.del(bucketDue, f.dueKey())
	f.Due = at
	t.put(bucketDue, f.dueKey(), []byte(f.Key))
	t.put(bucketWork, number(f.Number), join(f, blob))
}

// NextDue implements store.Jobs: the earliest of the heads of lanes that nobody
// has leased and of the ends of leases.
func (db *DB) NextDue(ctx context.Context) (due time.Time, ok bool, err error) {
	ls := &db.leases
	ls.mu.Lock()
	defer ls.mu.Unlock()
	due, ok = ls.firstEnd()
	err = db.view(ctx, func(t *txn) error {
		c := t.bucket(bucketDue).Cursor()
		for k, v := c.First(); k != nil; {
			if _, held := ls.held[string(v)]; held {
				k, v = c.Next()
				continue
			}
			if at := keyTime(k[8:16]); !ok || at.Before(due) {
				due, ok = at, true
			}
			next, more := following(k[:8])
			if !more {
				break
			}
			k, v = c.Seek(next)
		}
		return nil
	})
	return due, ok && err == nil, err
}

// FailedJobs implements store.Jobs.
func (db *DB) FailedJobs(ctx context.Context, n int) (jobs []store.Job, err error) {
	err = db.view(ctx, func(t *txn) error {
		c := t.bucket(bucketFailed).Cursor()
		for k, v := c.Last(); k != nil && len(jobs) < n; k, v = c.Prev() {
			var f jobFields
			key, err := split(v, &f)
			if err != nil {
				return err
			}
			jobs = append(jobs, f.job(string(key)))
		}
		return nil
	})
	return jobs, err
}
