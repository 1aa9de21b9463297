// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import "sync"

// keep is of how many messages it is remembered how far they got: far more than
// are on their way at a time.
const keep = 4096

// A ledger remembers how far messages of several parts got, and which may have
// been sent without an answer, so that a second try sends nothing twice. After a
// restart it knows nothing: a second copy of a part is possible then. The zero
// value is ready. It is safe for concurrent use.
type ledger struct {
	mu    sync.Mutex
	of    map[string]*progress
	order []string // oldest first
}

type progress struct {
	parts      int    // so many were sent
	whole      bool   // all were
	mid        string // of the newest part
	attachment string // an upload that no message has used yet
	unsure     bool   // a try had no answer
}

// note changes what is remembered of a message and gives a copy.
func (l *ledger) note(key string, change func(*progress)) progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[string]*progress{}
	}
	p := l.of[key]
	if p == nil {
		p = &progress{}
		if len(l.order) >= keep {
			delete(l.of, l.order[0])
			l.order = l.order[1:]
		}
		l.of[key], l.order = p, append(l.order, key)
	}
	change(p)
	return *p
}

// arrived notes that a part came back as an echo.
func (l *ledger) arrived(m mark) {
	l.note(m.key, func(p *progress) {
		if m.last {
			p.whole, p.mid = true, m.mid
			return
		}
		p.parts = max(p.parts, m.part+1)
	})
}
