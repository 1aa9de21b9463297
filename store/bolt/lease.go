// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"maps"
	"sync"
	"time"

	"sarai/store"
)

// A lease says who holds a job. It stays when it has ended, until somebody leases
// the job again: who held it may still settle it.
type lease struct {
	number uint64 // of the job: a key can come back after it was cancelled
	token  string
	until  time.Time
	tries  int
}

// leases are those of this opening of the file, by job key. They are in memory
// only: one process at a time has the file, so that whoever held one has ended
// when it is opened anew.
//
// Lease reads what was committed before, and the committer may be about to
// commit something else. Two things keep them from meeting. Lease holds mu from
// before its transaction begins; and what the committer is changing is given to
// nobody until that is committed, or is not.
type leases struct {
	mu       sync.Mutex
	held     map[string]lease
	changing map[string]bool // jobs that the transaction under way removes or puts off
}

// begin is before a transaction that may change jobs.
func (ls *leases) begin() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	clear(ls.changing)
}

// end is after it. Nobody holds any longer what was changed.
func (ls *leases) end(committed bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if committed {
		maps.DeleteFunc(ls.held, func(key string, _ lease) bool { return ls.changing[key] })
	}
	clear(ls.changing)
}

// change notes that the transaction under way removes a job or puts it off.
func (ls *leases) change(key string) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.changing[key] = true
}

// runs says, for the transaction under way, whether a lease of a job has not ended.
func (ls *leases) runs(key string, number uint64, now time.Time) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	x := ls.held[key]
	return x.number == number && !ls.changing[key] && x.until.After(now)
}

// proven gives the lease of a job that l is, for the transaction under way.
func (ls *leases) proven(l store.Leased, number uint64) (x lease, ok bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	x, ok = ls.held[l.Key]
	return x, ok && x.number == number && x.token == l.Token && !ls.changing[l.Key]
}

// free says whether a job can be leased at now. Call it, and the two below, with
// mu held.
func (ls *leases) free(key []byte, now time.Time) bool {
	return !ls.changing[string(key)] && !ls.held[string(key)].until.After(now)
}

func (ls *leases) give(f jobFields, until time.Time) lease {
	x := lease{number: f.Number, token: random(), until: until, tries: f.Tries + 1}
	if before, is := ls.held[f.Key]; is && before.number == f.Number {
		x.tries = before.tries + 1
	}
	ls.held[f.Key] = x
	return x
}

// firstEnd gives when the first lease ends, also where it has.
func (ls *leases) firstEnd() (end time.Time, ok bool) {
	for _, x := range ls.held {
		if !ok || x.until.Before(end) {
			end, ok = x.until, true
		}
	}
	return end, ok
}
