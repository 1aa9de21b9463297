// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/content"
	"sarai/gateway"
	"sarai/search"
	"sarai/store/bolt"
)

// benchGateway is a gateway on a real file that is synced, with the built-in
// articles.
func benchGateway(b *testing.B) *gateway.Gateway {
	b.Helper()
	db, err := bolt.Open(filepath.Join(b.TempDir(), "bench.db"), bolt.Options{Key: make([]byte, bolt.KeySize)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	catalogue, err := content.Load(content.Builtin())
	if err != nil {
		b.Fatal(err)
	}
	index, err := search.New(catalogue).Fit(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	phrases, err := words()
	if err != nil {
		b.Fatal(err)
	}
	g := gateway.New(gateway.Options{Store: db, Phrases: phrases, Edition: gateway.Edition{Catalogue: catalogue, Read: index.Read}})
	g.Attach(channeltest.NewFake("fake", channels.Limits{Text: 4096}))
	return g
}

// BenchmarkAccept is from an event to its commit, for so many people who each
// wait for theirs: choices and words that need no search, and free text.
func BenchmarkAccept(b *testing.B) {
	for _, kind := range []struct {
		name string
		in   func(n int) channels.Inbound
	}{
		{"choice", func(n int) channels.Inbound {
			return channels.Inbound{Kind: channels.Choice, Choice: []string{"t:danger", "a:mrc-what", "menu", "s:mrc-what#free"}[n%4]}
		}},
		{"word", func(n int) channels.Inbound {
			return channels.Inbound{Kind: channels.Text, Text: []string{"menu", "language", "2", "back"}[n%4]}
		}},
		{"text", func(n int) channels.Inbound {
			return channels.Inbound{Kind: channels.Text, Text: []string{"protector kahan se hota hai aur fees kitni hai", "agent is asking for money", "what is a migrant resource centre", "паспорт забрал хозяин"}[n%4]}
		}},
	} {
		for _, people := range []int{1, 64, 1024} {
			b.Run(fmt.Sprintf("%s/%d", kind.name, people), func(b *testing.B) {
				g := benchGateway(b)
				var next atomic.Int64
				var wg sync.WaitGroup
				b.ResetTimer()
				for p := range people {
					wg.Go(func() {
						wrote := 0 // after eight messages another goes on: a flood is answered as one
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							in := kind.in(int(n))
							wrote++
							in.From, in.ID, in.At, in.Language = address(fmt.Sprint("person", p, "/", wrote/8)), fmt.Sprint(n), time.Now(), "en"
							if err := g.Accept(context.Background(), in); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "turns/s")
			})
		}
	}
}
