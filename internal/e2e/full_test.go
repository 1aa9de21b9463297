// SPDX-License-Identifier: GPL-3.0-or-later

//go:build linux

package e2e

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sarai/standin/botapi"
)

// room lets the server's files become so long and no longer, as on a full disk.
func (c *centre) room(size uint64) {
	c.t.Helper()
	if err := unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}, nil); err != nil {
		c.t.Fatal(err)
	}
}

// answer gives the status and the body at an address.
func (c *centre) answer(url string) (int, string) {
	c.t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// The disk is full while people write: Telegram is told to keep what they wrote,
// and once there is room all of it is taken, in order, and answered once.
func TestTelegramKeepsWhatAFullDiskCannot(t *testing.T) {
	for _, mode := range []string{"poll", "webhook"} {
		t.Run(mode, func(t *testing.T) {
			c := newBotCentre(t, botapi.Options{Keep: 1 << 20, Second: 10 * time.Millisecond})
			c.few = true
			c.configure(mode)
			c.start()
			people := make([]*chatter, 8)
			for i := range people {
				people[i] = &chatter{Person: c.api.Person(int64(900_001+i), "en")}
				people[i].act()
			}
			answered := func() bool { return c.api.Pending() == 0 && !slices.ContainsFunc(people, (*chatter).waits) }
			c.await("everybody is answered", answered)
			time.Sleep(300 * time.Millisecond) // what cannot be kept to be sent is looked at again after a minute

			c.room(4096) // a page of the store
			for range 3 {
				for _, p := range people {
					p.act()
				}
			}
			refused := func() bool { return strings.Contains(c.log.String(), "could not be kept") }
			if mode == "webhook" {
				refused = func() bool {
					_, info := c.answer(c.url + "/bot" + botapi.Token + "/getWebhookInfo")
					return strings.Contains(info, "503")
				}
			}
			for end := time.Now().Add(20 * time.Second); !refused(); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("nobody is told that the disk is full\n%s", c.log)
				}
			}
			if n, want := c.api.Pending(), 3*len(people); n != want {
				t.Errorf("%d of %d are left with Telegram: it was told that the others are kept", n, want)
			}
			if status, _ := c.answer(c.centre.url + "/readyz"); status != http.StatusServiceUnavailable {
				t.Errorf("/readyz says %d", status)
			}

			c.room(unix.RLIM_INFINITY)
			c.await("all is taken and answered", answered)
			time.Sleep(300 * time.Millisecond) // what is sent is kept to be so
			if err := c.end(syscall.SIGTERM); err != nil {
				t.Errorf("a clean stop ended with %v\n%s", err, c.log)
			}
			db := c.open()
			for i, p := range people {
				if n := checkChatter(t, db, i, p, nil); n > 0 {
					t.Errorf("person %d got %d second copies", i, n)
				}
			}
		})
	}
}
