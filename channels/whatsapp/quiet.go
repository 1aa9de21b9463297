// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"log/slog"
	"sync"
	"time"

	waLog "go.mau.fi/whatsmeow/util/log"
)

// A quiet takes the library's log. Its lines hold addresses, nodes and words, so
// that only the part of the library is passed on which had an error, and when.
type quiet struct {
	log    *slog.Logger
	module string
	said   *saying
}

// saying keeps a line from being said more than once a minute.
type saying struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func newQuiet(log *slog.Logger) waLog.Logger {
	return quiet{log: log, module: "client", said: &saying{last: map[string]time.Time{}}}
}

func (q quiet) Errorf(string, ...any) {
	now := time.Now()
	q.said.mu.Lock()
	again := now.Sub(q.said.last[q.module]) < time.Minute
	if !again {
		q.said.last[q.module] = now
	}
	q.said.mu.Unlock()
	if !again {
		q.log.Warn("whatsapp: the library had a problem, which it deals with itself", "part", q.module)
	}
}
func (q quiet) Warnf(string, ...any)  {}
func (q quiet) Infof(string, ...any)  {}
func (q quiet) Debugf(string, ...any) {}

// Sub names a part of the library; the names are words of its source.
func (q quiet) Sub(module string) waLog.Logger {
	return quiet{log: q.log, module: module, said: q.said}
}

// silence takes the log of libsignal, which would else go to standard output.
type silence struct{}

func (silence) Debug(string, string)   {}
func (silence) Info(string, string)    {}
func (silence) Warning(string, string) {}
func (silence) Error(string, string)   {}
func (silence) Configure(string)       {}
