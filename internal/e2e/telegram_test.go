// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package e2e

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
	"sarai/standin/botapi"
	"sarai/store"
	"sarai/store/bolt"
)

// telegramKills is how often the server is killed while people write to its bot:
// go test ./internal/e2e -run Telegram -telegram.kills 1000
var telegramKills = flag.Int("telegram.kills", 0, "how often the server is killed under Telegram; 0 is 50, and 6 with -short")

// A botCentre is an installation whose bot is on a platform of its own.
type botCentre struct {
	*centre
	api    *botapi.Server
	url    string // of the platform
	listen string // the same at each start: the platform knows it
}

func newBotCentre(t *testing.T, o botapi.Options) *botCentre {
	t.Helper()
	c := &botCentre{centre: newCentre(t), api: botapi.New(o)}
	platform := httptest.NewServer(c.api.Handler())
	t.Cleanup(func() { c.api.Close(); platform.Close() })
	c.url = platform.URL
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.listen = l.Addr().String()
	l.Close()
	return c
}

// configure writes the configuration: mode is "poll" or "webhook".
func (c *botCentre) configure(mode string) {
	c.t.Helper()
	conf := fmt.Sprintf("listen = %q\npublic_url = \"http://%s\"\n[telegram]\ntoken = %q\napi_url = %q\nmode = %q\npaced = false\n", c.listen, c.listen, botapi.Token, c.url, mode)
	if mode == "webhook" {
		conf += "secret_token = \"a-secret-of-the-stand-in\"\n"
	}
	if err := os.WriteFile(filepath.Join(c.dir, "sarai.toml"), []byte(conf), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// await waits for what is bound to come.
func (c *botCentre) await(what string, holds func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	if err := c.api.Await(ctx, holds); err != nil {
		c.t.Fatalf("%s: %v\n%s", what, err, c.log)
	}
}

// A chatter is somebody who writes to the bot and presses what it offers.
type chatter struct {
	*botapi.Person
	said    []int    // messages, in order
	presses []string // callback queries
}

// act does the next thing: mostly writing, sometimes pressing what was offered.
func (p *chatter) act() {
	if last := p.Last(); rand.IntN(3) == 0 && len(last.Buttons) > 0 {
		row := last.Buttons[rand.IntN(len(last.Buttons))]
		p.presses = append(p.presses, p.Press(last.ID, row[rand.IntN(len(row))].Data))
		return
	}
	p.said = append(p.said, p.Say(questions[rand.IntN(len(questions))]))
}

// waits says whether the newest thing on the screen is the person's own.
func (p *chatter) waits() bool {
	screen := p.Screen()
	return len(screen) > 0 && !screen[len(screen)-1].Bot
}

// The promise of the whole path: what Telegram was told is taken is in the store
// once, in order, whenever the process dies; an answer is sent once, or twice
// where it was on its way when the process died, and in order.
func TestTelegramLosesNothingWhenTheServerIsKilled(t *testing.T) {
	// The platform's clock goes slowly, so that no press is too old (150 seconds)
	// on a machine that is busy.
	begun := time.Now()
	clock := func() time.Time { return begun.Add(time.Since(begun) / 4) }
	c := newBotCentre(t, botapi.Options{Keep: 1 << 20, Second: 10 * time.Millisecond, Now: clock})
	c.few = testing.Short()
	people := make([]*chatter, 48)
	for i := range people {
		people[i] = &chatter{Person: c.api.Person(int64(900_001+i), []string{"en", "ur", "ru", "bn"}[i%4])}
	}
	var kills []time.Time
	var starts []time.Duration
	loops := *telegramKills
	switch {
	case loops > 0:
	case testing.Short():
		loops = 6
	default:
		loops = 50
	}
	for n := range loops {
		mode := "poll"
		if n >= loops/2 {
			mode = "webhook"
		}
		c.configure(mode)
		c.start()
		if n > 0 {
			starts = append(starts, c.ready)
		}
		var writing sync.WaitGroup
		for _, p := range people {
			writing.Go(func() {
				time.Sleep(rand.N(300 * time.Millisecond))
				p.act()
			})
		}
		time.Sleep(rand.N(400 * time.Millisecond)) // a moment of no meaning
		_ = c.end(syscall.SIGKILL)
		kills = append(kills, clock())
		writing.Wait()
	}
	c.start()
	c.await("everything is taken", func() bool { return c.api.Pending() == 0 })
	c.await("everybody is answered", func() bool { return !slices.ContainsFunc(people, (*chatter).waits) })
	for tries := 1; ; tries++ { // until nothing is left to be sent
		if err := c.end(syscall.SIGTERM); err != nil {
			t.Errorf("a clean stop ended with %v\n%s", err, c.log)
		}
		db := c.open()
		due, err := db.Lease(t.Context(), time.Now(), time.Now().Add(time.Second), 1)
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
		if len(due) == 0 {
			break
		}
		if tries == 30 {
			t.Fatalf("something is still to be sent\n%s", c.log)
		}
		c.start()
		time.Sleep(300 * time.Millisecond)
	}
	slices.Sort(starts)
	longest := starts[len(starts)-1]
	// A second is promised, on a machine that does nothing else; a test allows ten times that.
	if longest > 10*time.Second {
		t.Errorf("it took %v to be ready", longest)
	}

	db := c.open()
	events, copies := 0, 0
	for i, p := range people {
		events += len(p.said) + len(p.presses)
		copies += checkChatter(t, db, i, p, kills)
	}
	t.Logf("%d kills, %d things done by %d people, %d second copies; ready after %v (median), %v (longest)", len(kills), events, len(people), copies, starts[len(starts)/2], longest)
	if most := 32 * len(kills); copies > most { // the gateway does so many jobs at one time
		t.Errorf("%d second copies, and at most %d can have been on their way", copies, most)
	}
	if strings.Contains(c.log.String(), "panic") {
		t.Errorf("the log says\n%s", c.log)
	}
}

// open opens the store of a server that has ended.
func (c *centre) open() *bolt.DB {
	c.t.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, "data", "installation.key"))
	if err != nil {
		c.t.Fatal(err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil {
		c.t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(c.dir, "data", "sarai.db"), bolt.Options{Key: key})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { db.Close() })
	return db
}

// checkChatter compares what somebody did and saw with what the store holds, and
// counts the second copies that they got.
func checkChatter(t *testing.T, db *bolt.DB, i int, p *chatter, kills []time.Time) (copies int) {
	t.Helper()
	th, err := db.Thread(t.Context(), channels.Address{Channel: telegram.ChannelName, ID: strconv.FormatInt(p.ID(), 10)})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := db.Entries(t.Context(), th.ID, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var said []int
	heard := map[string]int{}
	answers := 0
	for _, e := range entries {
		switch {
		case e.Author == store.Program:
			answers++
		case e.Author == store.Person:
			heard[e.ID]++
			if e.Kind == channels.Text {
				n, err := strconv.Atoi(e.ID[strings.LastIndexByte(e.ID, '/')+1:])
				if err != nil {
					t.Fatalf("an event is called %q", e.ID)
				}
				said = append(said, n)
			}
		}
	}
	for id, n := range heard {
		if n > 1 {
			t.Errorf("person %d: event %s changed the talk %d times", i, id, n)
		}
	}
	if want := len(p.said) + len(p.presses); len(heard) != want {
		t.Errorf("person %d did %d things, %d are kept", i, want, len(heard))
	}
	if !slices.Equal(said, p.said) {
		t.Errorf("person %d wrote\n%v\nthe talk holds\n%v", i, p.said, said)
	}

	receipts, err := db.Receipts(t.Context(), th.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(receipts) != answers {
		t.Errorf("person %d: of %d answers %d were sent", i, answers, len(receipts))
	}
	settled := map[int]bool{}
	before := 0
	for _, key := range slices.Sorted(maps.Keys(receipts)) { // in the order of the talk
		n, err := strconv.Atoi(receipts[key].ID)
		if err != nil {
			t.Fatalf("a receipt is %q", receipts[key].ID)
		}
		if n <= before {
			t.Errorf("person %d: message %d was sent before message %d and belongs after it", i, n, before)
		}
		before, settled[n] = n, true
	}
	for _, m := range p.Screen() {
		if !m.Bot || settled[m.ID] {
			continue
		}
		copies++
		// It was on its way: the platform had it, and the process died before it knew.
		if !slices.ContainsFunc(kills, func(k time.Time) bool { d := k.Sub(m.At); return d > -time.Second && d < time.Second }) {
			t.Errorf("person %d got a message at %v that nobody knows of, and nothing was killed then", i, m.At)
		}
	}
	return copies
}
