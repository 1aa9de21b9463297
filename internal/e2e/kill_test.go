// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/web"
	"sarai/store"
)

// kills is how often the server is killed; each time the same talks go on.
func kills() int {
	if testing.Short() {
		return 5
	}
	return 20
}

// A writer is one person's page: it sends one message after the other, each
// under its id again and again until it is taken.
type writer struct {
	token string
	http  *http.Client
	taken []string // ids, in the order in which they were acknowledged
	next  int
	again bool // the next message was sent before, and its answer never came

	resent int
	due    time.Time // of the next message
	addr   string    // as a proxy would say it
}

// questions are what people write: answers, doubts, choices, words, danger.
var questions = []string{
	"protector kahan se hota hai aur fees kitni hai", "2", "xqzv wplk", "what is a migrant resource centre", "menu",
	"কাজের জন্য বিদেশ যেতে কত টাকা লাগে", "паспорт забрал хозяин", "they locked me in a room and took my passport", "1", "زما پاسپورت", "?", "back",
}

type posted struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// pause is between two messages of one person: who writes more than fifteen
// within ten seconds is answered once for many, and here each is to have its own
// answer.
const pause = 900 * time.Millisecond

// write sends messages until ctx ends or the server is gone. Whoever is told to
// slow down writes no more on this server.
func (w *writer) write(ctx context.Context, url string, taken *atomic.Int64) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(w.due)):
		}
		w.due = time.Now().Add(pause)
		status, err := w.send(ctx, url)
		switch {
		case errors.Is(err, errRefused):
			return err
		case err != nil || status == http.StatusTooManyRequests:
			return nil
		}
		taken.Add(1)
	}
}

var errRefused = errors.New("a message was refused")

// send sends the next message once. Where no answer comes, it stays the next.
func (w *writer) send(ctx context.Context, url string) (int, error) {
	m := posted{fmt.Sprintf("message-%s-%05d", w.token[:4], w.next), "text", questions[(w.next+int(w.token[0]))%len(questions)]}
	if w.again {
		w.resent++
	}
	w.again = true
	status, body, err := w.call(ctx, "POST", url+"/chat/api/messages", m)
	switch {
	case err != nil: // killed, or about to be
	case status == http.StatusOK:
		w.taken = append(w.taken, m.ID)
		w.next++
		w.again = false
	case status != http.StatusTooManyRequests:
		err = fmt.Errorf("%w: %d %s", errRefused, status, body)
	}
	return status, err
}

func (w *writer) call(ctx context.Context, method, url string, body any) (int, []byte, error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, r)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", w.addr)
	resp, err := w.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, b, err
}

// read gives the whole talk, as the page reads it.
func (w *writer) read(t *testing.T, url string) (letters []channels.Letter) {
	t.Helper()
	after := uint64(0)
	for {
		status, b, err := w.call(t.Context(), "GET", fmt.Sprintf("%s/chat/api/messages?after=%d", url, after), nil)
		if status == http.StatusTooManyRequests {
			time.Sleep(500 * time.Millisecond) // as the page is told
			continue
		}
		if err != nil || status != http.StatusOK {
			t.Fatalf("a talk cannot be read: %d %s %v", status, b, err)
		}
		var a struct {
			Letters []channels.Letter `json:"letters"`
			Seq     uint64            `json:"seq"`
		}
		if err := json.Unmarshal(b, &a); err != nil {
			t.Fatal(err)
		}
		if len(a.Letters) == 0 {
			return letters
		}
		letters = append(letters, a.Letters...)
		after = a.Seq
	}
}

func writers(n int) []*writer {
	transport := &http.Transport{MaxIdleConnsPerHost: n}
	ws := make([]*writer, n)
	for i := range ws {
		ws[i] = &writer{token: fmt.Sprintf("%c%03dabcdefghijklmnopqr", 'A'+i%26, i), http: &http.Client{Transport: transport, Timeout: 30 * time.Second},
			due: time.Now().Add(time.Duration(i) * pause / time.Duration(n)), addr: fmt.Sprintf("10.0.0.%d", i)}
	}
	return ws
}

// round lets everybody write until the server is ended by f.
func round(t *testing.T, url string, ws []*writer, taken *atomic.Int64, f func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var g sync.WaitGroup
	errs := make(chan error, len(ws))
	for _, w := range ws {
		g.Go(func() { errs <- w.write(ctx, url, taken) })
	}
	f()
	cancel()
	g.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestNothingAcknowledgedIsLostOrDoneTwiceWhenTheServerIsKilled(t *testing.T) {
	c := newCentre(t)
	c.few = testing.Short()
	ws := writers(160)
	var taken atomic.Int64
	var starts []time.Duration
	for n := range kills() {
		c.start()
		if n > 0 {
			starts = append(starts, c.ready)
		}
		before := taken.Load()
		round(t, c.url, ws, &taken, func() {
			// At a moment of no meaning, once something is under way.
			for end := time.Now().Add(10 * time.Second); taken.Load() == before; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("nothing is taken:\n%s", c.log)
				}
			}
			time.Sleep(rand.N(400 * time.Millisecond))
			_ = c.end(syscall.SIGKILL)
		})
	}
	c.start()
	// What was not acknowledged is sent once more, and taken.
	for i, w := range ws {
		if !w.again {
			continue
		}
		if status, err := w.send(t.Context(), c.url); err != nil || status != http.StatusOK {
			t.Fatalf("person %d: not taken: %d %v", i, status, err)
		}
		taken.Add(1)
	}
	slices.Sort(starts)
	resent := 0
	for _, w := range ws {
		resent += w.resent
	}
	t.Logf("%d messages of %d people taken over %d kills, %d sent again; ready after %v (median), %v (longest)", taken.Load(), len(ws), kills(), resent, starts[len(starts)/2], starts[len(starts)-1])
	// A second is promised, on a machine that does nothing else; a test allows ten times that.
	if longest := starts[len(starts)-1]; longest > 10*time.Second {
		t.Errorf("it took %v to be ready", longest)
	}

	for i, w := range ws {
		check(t, i, w, w.read(t, c.url))
	}
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v\n%s", err, c.log)
	}
	inside(t, c, ws)
	if strings.Contains(c.log.String(), "panic") || strings.Contains(c.log.String(), "level=ERROR") {
		t.Errorf("the log says\n%s", c.log)
	}
}

func TestAStopLosesNothing(t *testing.T) {
	c := newCentre(t)
	c.few = true
	ws := writers(8)
	var taken atomic.Int64
	for range 3 {
		c.start()
		before := taken.Load()
		round(t, c.url, ws, &taken, func() {
			for end := time.Now().Add(10 * time.Second); taken.Load() < before+20; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("only %d are taken:\n%s", taken.Load()-before, c.log)
				}
			}
			begun := time.Now()
			if err := c.end(syscall.SIGTERM); err != nil {
				t.Errorf("a clean stop ended with %v\n%s", err, c.log)
			}
			t.Logf("stopped within %v", time.Since(begun))
		})
	}
	c.start()
	for i, w := range ws {
		if w.again {
			if status, err := w.send(t.Context(), c.url); err != nil || status != http.StatusOK {
				t.Fatalf("person %d: not taken: %d %v", i, status, err)
			}
		}
		check(t, i, w, w.read(t, c.url))
	}
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v\n%s", err, c.log)
	}
	inside(t, c, ws)
}

// check compares a talk with what its page was told.
func check(t *testing.T, i int, w *writer, letters []channels.Letter) {
	t.Helper()
	var ids []string
	seq, unanswered := uint64(0), ""
	for _, l := range letters {
		if l.Seq <= seq {
			t.Errorf("person %d: letter %d comes after letter %d", i, l.Seq, seq)
		}
		seq = l.Seq
		switch l.From {
		case "me":
			if unanswered != "" {
				t.Errorf("person %d: %s has no answer", i, unanswered)
			}
			ids = append(ids, l.ID)
			unanswered = l.ID
		case "program":
			unanswered = ""
		}
	}
	if unanswered != "" {
		t.Errorf("person %d: %s has no answer", i, unanswered)
	}
	if !slices.Equal(ids, w.taken) {
		t.Errorf("person %d: the talk holds\n%v\nacknowledged were\n%v", i, ids, w.taken)
	}
}

// inside looks into the store of a server that has ended: no event changed a
// thread twice.
func inside(t *testing.T, c *centre, ws []*writer) {
	t.Helper()
	db := c.open()
	defer db.Close()
	for i, w := range ws {
		th, err := db.Thread(t.Context(), address(w.token))
		if err != nil {
			t.Fatal(err)
		}
		turns := 0
		entries, err := db.Entries(t.Context(), th.ID, 0, 100_000)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Author == store.Person {
				turns++
			}
		}
		if turns != len(w.taken) || th.Version != uint64(turns) {
			t.Errorf("person %d: %d messages taken, %d in the store, which changed the talk %d times", i, len(w.taken), turns, th.Version)
		}
	}
}

func address(token string) channels.Address {
	return channels.Address{Channel: web.ChannelName, ID: hash(token)}
}

// hash is how the website chat makes an address of a token.
func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
