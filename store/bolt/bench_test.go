// SPDX-License-Identifier: GPL-3.0-or-later

package bolt_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sarai/store"
	"sarai/store/bolt"
)

// BenchmarkCommit commits whole turns (an event, two entries, a job) with real
// syncs, from so many people at once.
func BenchmarkCommit(b *testing.B) {
	for _, people := range []int{1, 64, 1024} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			db := open(b, filepath.Join(b.TempDir(), "sarai.db"), bolt.Options{})
			var left atomic.Int64
			left.Store(int64(b.N))
			took := make([][]time.Duration, people)
			b.ResetTimer()
			var all sync.WaitGroup
			for p := range people {
				all.Go(func() {
					th, err := db.Thread(b.Context(), web(fmt.Sprint(p)))
					if err != nil {
						b.Error(err)
						return
					}
					th.State = make([]byte, 200)
					for left.Add(-1) >= 0 {
						began := time.Now()
						err := db.Commit(b.Context(), store.Turn{
							Thread:  th,
							Events:  []store.EventKey{{Channel: "web", ID: fmt.Sprint(p, " ", th.Version)}},
							Entries: []store.Entry{{Text: "protector kahan se hota hai", Author: store.Person}, {Author: store.Program, Edition: "e", Event: "answer"}},
							Jobs:    []store.Job{{Key: fmt.Sprintf("%s/%d/0", th.ID, th.Version+1), Lane: string(th.ID), Due: began, Body: make([]byte, 400)}},
						})
						if err != nil {
							b.Error(err)
							return
						}
						th.Version++
						took[p] = append(took[p], time.Since(began))
					}
				})
			}
			all.Wait()
			b.StopTimer()
			report(b, slices.Concat(took...))
		})
	}
}

// BenchmarkWork leases and settles (with an entry) out of 100,000 jobs, with
// real syncs. One operation is one job.
func BenchmarkWork(b *testing.B) {
	for _, x := range []struct{ workers, n int }{{1, 1}, {1, 32}, {16, 32}} {
		b.Run(fmt.Sprintf("workers=%d/lease=%d", x.workers, x.n), func(b *testing.B) {
			db := open(b, filepath.Join(b.TempDir(), "sarai.db"), bolt.Options{})
			fill(b, db, 100_000)
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var all sync.WaitGroup
			for range x.workers {
				all.Go(func() {
					for left.Load() > 0 {
						now := time.Now()
						ls, err := db.Lease(b.Context(), now, now.Add(time.Hour), x.n)
						if err != nil {
							b.Error(err)
							return
						}
						if len(ls) == 0 && x.workers == 1 {
							return // b.N is more than there is
						}
						// The jobs of one lease are settled at once, as the gateway does.
						var group sync.WaitGroup
						for _, l := range ls {
							group.Go(func() {
								if err := db.Settle(b.Context(), l, store.Outcome{Done: true, Entry: &store.Entry{Text: "sent"}}); err != nil {
									b.Error(err)
								}
							})
						}
						group.Wait()
						left.Add(-int64(len(ls)))
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}

func report(b *testing.B, took []time.Duration) {
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "turns/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
