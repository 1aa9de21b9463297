// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sarai/channels"
)

// BenchmarkTalk is from an event to the reply that the platform took: what
// BenchmarkAccept does, with the jobs that it leaves done beside it.
func BenchmarkTalk(b *testing.B) {
	const people = 64
	g := benchGateway(b)
	ctx, end := context.WithCancel(context.Background())
	var wg, worked sync.WaitGroup
	worked.Go(func() { _ = g.Run(ctx) })
	var next atomic.Int64
	b.ResetTimer()
	for p := range people {
		wg.Go(func() {
			wrote := 0
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				wrote++
				in := channels.Inbound{
					Kind: channels.Choice, Choice: []string{"t:danger", "a:mrc-what", "menu", "s:mrc-what#free"}[n%4],
					From: address(fmt.Sprint("person", p, "/", wrote/8)), ID: fmt.Sprint(n), At: time.Now(), Language: "en",
				}
				if err := g.Accept(context.Background(), in); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for g.Stats().Sent.Load() < uint64(b.N) {
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "talks/s")
	end()
	worked.Wait()
}
