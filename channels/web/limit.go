// SPDX-License-Identifier: GPL-3.0-or-later

package web

import (
	"container/list"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets is how many keys a set of buckets remembers. At about 300 bytes a
// key that is 6 MB.
const maxBuckets = 20_000

// Buckets hold one rate limit per key. When there are too many, the key that was
// not used for the longest time is forgotten, and has a full bucket when it
// comes back. It is safe for concurrent use.
type buckets struct {
	rate Rate

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // most recently used in front
}

type bucket struct {
	key   string
	limit *rate.Limiter
}

func newBuckets(r, standard Rate) *buckets {
	if r.Every <= 0 {
		r.Every = standard.Every
	}
	if r.Burst <= 0 {
		r.Burst = standard.Burst
	}
	return &buckets{rate: r, byKey: map[string]*list.Element{}, order: list.New()}
}

func (b *buckets) of(key string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.byKey[key]; e != nil {
		b.order.MoveToFront(e)
		return e.Value.(*bucket).limit
	}
	if b.order.Len() >= maxBuckets {
		last := b.order.Back()
		delete(b.byKey, last.Value.(*bucket).key)
		b.order.Remove(last)
	}
	l := rate.NewLimiter(rate.Every(b.rate.Every), b.rate.Burst)
	b.byKey[key] = b.order.PushFront(&bucket{key, l})
	return l
}

// take uses one of key's and says whether there was one. The empty key is not
// limited.
func (b *buckets) take(key string, now time.Time) bool {
	return key == "" || b.of(key).AllowN(now, 1)
}

// spend uses n of key's, also where fewer are left: then the key waits for all of
// them.
func (b *buckets) spend(key string, n int, now time.Time) {
	for ; key != "" && n > 0; n -= b.rate.Burst {
		b.of(key).ReserveN(now, min(n, b.rate.Burst))
	}
}

// left says whether key has one, without using it.
func (b *buckets) left(key string, now time.Time) bool {
	return key == "" || b.of(key).TokensAt(now) >= 1
}

// pause is after how many seconds it makes sense to try again.
func (b *buckets) pause() int { return max(1, int(math.Ceil(b.rate.Every.Seconds()))) }

// client gives the key under which a request's sender is limited: the IPv4
// address, or the /64 that an IPv6 customer has at least. It is "", not limited,
// for this machine itself: either its operator, or a proxy that does not say for
// whom it asks, and then a limit would shut out everybody.
func (c *Channel) client(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	a := at.Addr().Unmap()
	// Each proxy appends whom it heard, so what is true stands at the end.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && c.believed(a); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		a = hop.Unmap()
	}
	if a.IsLoopback() {
		return ""
	}
	if a.Is6() {
		p, err := a.WithZone("").Prefix(64)
		if err != nil {
			return a.String()
		}
		return p.String()
	}
	return a.String()
}

func (c *Channel) believed(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	for _, p := range c.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
