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

// jobFields are a job's clear fields; its body is the blob. Token and Until stay
// when a lease has ended, until somebody leases the job again: who held it may
// still settle it.
type jobFields struct {
	Number   uint64         `json:"n"` // the order in which jobs were added
	Thread   store.ThreadID `json:"thread"`
	Lane     string         `json:"lane,omitempty"`
	Priority store.Priority `json:"priority,omitempty"`
	Due      time.Time      `json:"due"`
	Kind     store.JobKind  `json:"kind"`
	Made     time.Time      `json:"made"`
	Tries    int            `json:"tries,omitempty"`
	Token    string         `json:"token,omitempty"`
	Until    time.Time      `json:"until,omitzero"`
	// Over, where set, says that this is the last word to somebody who was erased,
	// of no thread, and when it is no longer said. See erase.go.
	Over time.Time `json:"over,omitzero"`
}

func (f jobFields) job(key string) store.Job {
	return store.Job{
		Key: key, Thread: f.Thread, Lane: f.Lane, Priority: f.Priority, Due: f.Due,
		Kind: f.Kind, Made: f.Made, Tries: f.Tries,
	}
}

func (f jobFields) laneKey() []byte  { return concat(named(f.Lane), number(f.Number)) }
func (f jobFields) leaseKey() []byte { return concat(timeKey(f.Until), number(f.Number)) }
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
func (t *txn) job(key string) (f jobFields, blob []byte, err error) {
	v := t.get(bucketJob, []byte(key))
	if v == nil {
		return f, nil, nil
	}
	blob, err = split(v, &f)
	return f, blob, err
}

// head gives the key of a lane's oldest job, "" if it has none.
func (t *txn) head(lane string) (key string) {
	prefix := named(lane)
	t.each(bucketLane, prefix, prefix, func(_, v []byte) bool {
		key = string(v)
		return false
	})
	return key
}

// addJob adds a job unless its key was used before. A job that is its lane's
// only one is the head.
func (t *txn) addJob(j newJob) {
	if t.get(bucketJob, []byte(j.key)) != nil || t.get(bucketTalks, talkKey(j.fields.Thread, talkFailed, j.key)) != nil {
		return
	}
	f := j.fields
	f.Number = t.next(bucketJob)
	if t.head(f.Lane) == "" {
		t.put(bucketDue, f.dueKey(), []byte(j.key))
	}
	t.put(bucketLane, f.laneKey(), []byte(j.key))
	t.put(bucketJob, []byte(j.key), join(f, j.blob))
	t.put(bucketTalks, talkKey(f.Thread, talkJob, j.key), nil)
}

// cancel removes a job that nobody holds a running lease of.
func (t *txn) cancel(key string, now time.Time) {
	f, blob, err := t.job(key)
	if err != nil {
		t.spoil(err)
	}
	if blob == nil || f.Until.After(now) {
		return
	}
	t.dropJob(key)
	t.del(bucketTalks, talkKey(f.Thread, talkJob, key))
}

// dropJob removes a job but for its place in the thread. If it was its lane's
// head, the next one is.
func (t *txn) dropJob(key string) {
	f, blob, err := t.job(key)
	if err != nil || blob == nil {
		t.spoil(errDamaged)
		return
	}
	wasHead := t.head(f.Lane) == key
	t.unlist(f)
	t.del(bucketLane, f.laneKey())
	t.del(bucketJob, []byte(key))
	if !wasHead {
		return
	}
	next := t.head(f.Lane)
	if next == "" {
		return
	}
	if f, blob, err = t.job(next); err != nil || blob == nil {
		t.spoil(errDamaged)
		return
	}
	t.put(bucketDue, f.dueKey(), []byte(next))
}

// unlist takes a job out of whichever of the two indexes of heads it is in.
func (t *txn) unlist(f jobFields) {
	t.del(bucketDue, f.dueKey())
	t.del(bucketLease, f.leaseKey())
}

// ended gives the keys of the jobs whose lease is over at now.
func (t *txn) ended(now time.Time, n int) (keys []string) {
	end := timeKey(now)
	t.each(bucketLease, nil, nil, func(k, v []byte) bool {
		if bytes.Compare(k[:8], end) > 0 || len(keys) == n {
			return false
		}
		keys = append(keys, string(v))
		return true
	})
	return keys
}

// due gives the keys of at most n jobs that can be leased at now: by priority,
// then by due time, then in the order in which they were added.
func (t *txn) due(now time.Time, n int) (keys []string) {
	end := timeKey(now)
	c := t.bucket(bucketDue).Cursor()
	k, v := c.First()
	for k != nil && len(keys) < n {
		if bytes.Compare(k[8:16], end) <= 0 {
			keys = append(keys, string(v))
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
	return keys
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

// Lease implements store.Jobs. It costs a commit only if there is something to
// lease.
func (db *DB) Lease(ctx context.Context, now, until time.Time, n int) ([]store.Leased, error) {
	if n <= 0 {
		return nil, nil
	}
	if _, err := until.MarshalJSON(); err != nil {
		return nil, errUnencodable
	}
	idle := false
	err := db.view(ctx, func(t *txn) error {
		idle = len(t.due(now, 1)) == 0 && len(t.ended(now, 1)) == 0
		return nil
	})
	if err != nil || idle {
		return nil, err
	}
	var leased []store.Leased
	var blobs [][]byte
	err = db.update(ctx, func(t *txn) (err error) {
		leased, blobs, err = t.lease(db.opening, now, until, n)
		return err
	})
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

func (t *txn) lease(opening string, now, until time.Time, n int) ([]store.Leased, [][]byte, error) {
	ended := t.ended(now, -1)
	for _, key := range ended {
		f, blob, err := t.job(key)
		if err != nil || blob == nil {
			return nil, nil, errDamaged
		}
		t.del(bucketLease, f.leaseKey())
		t.put(bucketDue, f.dueKey(), []byte(key))
	}
	var leased []store.Leased
	var blobs [][]byte
	for _, key := range t.due(now, n) {
		f, blob, err := t.job(key)
		if err != nil || blob == nil {
			return nil, nil, errDamaged
		}
		blob = bytes.Clone(blob)
		t.del(bucketDue, f.dueKey())
		f.Tries, f.Token, f.Until = f.Tries+1, opening+random(), until
		t.put(bucketLease, f.leaseKey(), []byte(key))
		t.put(bucketJob, []byte(key), join(f, blob))
		leased = append(leased, store.Leased{Job: f.job(key), Token: f.Token, Until: until})
		blobs = append(blobs, blob)
	}
	return leased, blobs, nil
}

// release ends every lease: one process at a time has the file, so that whoever
// held them has ended. What they were doing may have been done and not settled;
// it is done again now rather than when the lease would be over.
func (t *txn) release() error {
	var keys []string
	t.each(bucketLease, nil, nil, func(_, v []byte) bool {
		keys = append(keys, string(v))
		return true
	})
	for _, key := range keys {
		f, blob, err := t.job(key)
		if err != nil || blob == nil {
			return errDamaged
		}
		t.del(bucketLease, f.leaseKey())
		f.Token, f.Until = "", time.Time{}
		t.put(bucketDue, f.dueKey(), []byte(key))
		t.put(bucketJob, []byte(key), join(f, bytes.Clone(blob)))
	}
	return t.err
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
	if !strings.HasPrefix(l.Token, db.opening) { // leased before the file was opened
		return store.ErrLost
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
	f, body, err := t.job(l.Key)
	if err != nil {
		return false, err
	}
	if body == nil || f.Token == "" || f.Token != l.Token || f.Thread != l.Thread {
		return false, store.ErrLost
	}
	if !f.Over.IsZero() {
		if o.Again.IsZero() || o.Again.After(f.Over) {
			t.dropJob(l.Key)
			t.del(bucketTalks, talkKey(f.Thread, talkJob, l.Key))
			return true, nil
		}
		t.again(l.Key, f, body, o.Again)
		return false, nil
	}
	th, blob, err := t.threadFields(f.Thread)
	if err != nil {
		return false, err
	}
	if blob == nil {
		return false, store.ErrLost
	}
	var merged []byte
	if told != nil {
		if merged, _, err = t.merge(told); err != nil {
			return false, err
		}
	}

	if o.Again.IsZero() {
		t.dropJob(l.Key)
		t.del(bucketTalks, talkKey(f.Thread, talkJob, l.Key))
	} else {
		t.again(l.Key, f, body, o.Again)
	}
	if o.Failed {
		n := number(t.next(bucketFailed))
		f.Token, f.Until = "", time.Time{}
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
func (t *txn) again(key string, f jobFields, blob []byte, at time.Time) {
	t.unlist(f)
	f.Due, f.Token, f.Until = at, "", time.Time{}
	t.put(bucketDue, f.dueKey(), []byte(key))
	t.put(bucketJob, []byte(key), join(f, blob))
}

// NextDue implements store.Jobs: the earliest of the heads of lanes that nobody
// has leased and of the ends of leases.
func (db *DB) NextDue(ctx context.Context) (due time.Time, ok bool, err error) {
	err = db.view(ctx, func(t *txn) error {
		earlier := func(key []byte) {
			if at := keyTime(key); !ok || at.Before(due) {
				due, ok = at, true
			}
		}
		c := t.bucket(bucketDue).Cursor()
		for k, _ := c.First(); k != nil; {
			earlier(k[8:16])
			next, more := following(k[:8])
			if !more {
				break
			}
			k, _ = c.Seek(next)
		}
		if k, _ := t.bucket(bucketLease).Cursor().First(); k != nil {
			earlier(k[:8])
		}
		return nil
	})
	return due, ok, err
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
