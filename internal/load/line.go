// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A line is one connection to the webhook. It writes requests by hand, because a
// full HTTP client takes as much of the machine as what is measured.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	head string
	out  []byte
}

func dial(addr, path, secret string) (*line, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &line{
		conn: conn, in: bufio.NewReader(conn),
		head: "POST " + path + " HTTP/1.1\r\nHost: " + addr + "\r\nContent-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: " + secret + "\r\nContent-Length: ",
	}, nil
}

// post sends one update and returns when it was acknowledged.
func (l *line) post(body []byte) error {
	l.out = append(l.out[:0], l.head...)
	l.out = strconv.AppendInt(l.out, int64(len(body)), 10)
	l.out = append(append(l.out, "\r\n\r\n"...), body...)
	if _, err := l.conn.Write(l.out); err != nil {
		return err
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	return nil
}

// A kind is what is sent.
type kind int

const (
	choices kind = iota // buttons and words that need no search
	texts               // free text
)

// numbers are taken by all scenarios, so that no update is sent twice.
var numbers, people atomic.Int64

// each is how many messages one person writes before another goes on.
const each = 8

// A writer is one connection's people.
type writer struct {
	kind  kind
	who   int64
	wrote int
}

// next gives the next update and who wrote it.
func (w *writer) next() (body []byte, who int64) {
	if w.wrote%each == 0 {
		w.who = 1_000_000 + people.Add(1)
	}
	w.wrote++
	return update(w.who, w.kind, w.wrote), w.who
}

func update(who int64, k kind, nth int) []byte {
	n := numbers.Add(1)
	from := fmt.Sprintf(`{"id":%d,"is_bot":false,"first_name":"A","language_code":"en"}`, who)
	chat := fmt.Sprintf(`{"id":%d,"type":"private","first_name":"A"}`, who)
	now := time.Now().Unix()
	if k == choices && nth%2 == 0 {
		key := []string{"t:danger", "a:mrc-what", "menu", "a:privacy"}[nth/2%4]
		return fmt.Appendf(nil, `{"update_id":%d,"callback_query":{"id":"q%d","from":%s,"message":{"message_id":%d,"from":{"id":7,"is_bot":true,"first_name":"B"},"chat":%s,"date":%d,"text":"x"},"chat_instance":"1","data":%q}}`, n, n, from, n, chat, now, key)
	}
	words := []string{"menu", "language", "back", "menu"}
	if k == texts {
		words = []string{"protector kahan se hota hai aur fees kitni hai", "my employer does not pay my wages since three months", "паспорт забрал хозяин что делать", "what is a migrant resource centre", "agent visa ke liye paise mang raha hai"}
	}
	return fmt.Appendf(nil, `{"update_id":%d,"message":{"message_id":%d,"from":%s,"chat":%s,"date":%d,"text":%q}}`, n, n, from, chat, now, words[nth%len(words)])
}

// A result is what a scenario measured.
type result struct {
	done int
	cpu  time.Duration // processor time of the server for one message
	took time.Duration
	each []time.Duration // sorted
}

func (r result) perSecond() float64 { return float64(r.done) / r.took.Seconds() }

func (r result) at(q float64) time.Duration {
	if len(r.each) == 0 {
		return 0
	}
	return r.each[min(int(q*float64(len(r.each))), len(r.each)-1)]
}

func (r result) String() string {
	s := fmt.Sprintf("%8.0f/s   p50 %8s   p99 %8s", r.perSecond(), round(r.at(.5)), round(r.at(.99)))
	if r.cpu > 0 {
		s += fmt.Sprintf("   %s of processor", r.cpu.Round(time.Microsecond))
	}
	return s
}

func round(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(10 * time.Microsecond)
}

// storm has so many connections write for a time, each the next message when the
// last was acknowledged, or, with every, not sooner than that after the last.
func storm(s *server, connections int, k kind, long, every time.Duration, wrote func(who int64, at time.Time)) (result, error) {
	lines := make([]*line, connections)
	for i := range lines {
		l, err := dial(s.addr, s.path, s.secret)
		if err != nil {
			return result{}, err
		}
		defer l.conn.Close()
		lines[i] = l
	}
	var wg sync.WaitGroup
	took := make([][]time.Duration, connections)
	errs := make([]error, connections)
	begun, spent := time.Now(), s.spent()
	end := begun.Add(long)
	for i, l := range lines {
		wg.Go(func() {
			w := writer{kind: k}
			due := begun
			if every > 0 { // not all at the same moment
				due = due.Add(every * time.Duration(i) / time.Duration(connections))
			}
			for time.Now().Before(end) {
				if every > 0 {
					time.Sleep(time.Until(due))
					due = due.Add(every)
				}
				body, who := w.next()
				at := time.Now()
				if wrote != nil {
					wrote(who, at)
				}
				if err := l.post(body); err != nil {
					errs[i] = err
					return
				}
				took[i] = append(took[i], time.Since(at))
			}
		})
	}
	wg.Wait()
	r := result{took: time.Since(begun), each: slices.Concat(took...)}
	if r.done = len(r.each); r.done > 0 {
		r.cpu = (s.spent() - spent) / time.Duration(r.done)
	}
	slices.Sort(r.each)
	return r, errors.Join(errs...)
}
