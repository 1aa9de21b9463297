// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package whatsapp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sarai/channels"
	"sarai/channels/whatsapp"
)

// childVariable makes the test's program a channel that is told what to do on its
// standard input, so that it can be killed.
const childVariable = "SARAI_TEST_WHATSAPP_CHILD"

func TestMain(m *testing.M) {
	if options := os.Getenv(childVariable); options != "" {
		child(options)
		return
	}
	os.Exit(m.Run())
}

// child listens and prints the words of what arrives. Its lines in are: "hang", which
// makes the sink never return; "full", after which no file can grow; "room".
func child(options string) {
	var o whatsapp.Options
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		panic(err)
	}
	ch, err := whatsapp.New(o)
	if err != nil {
		panic(err)
	}
	ch.Hasten()
	signal.Ignore(unix.SIGXFSZ)
	var mu sync.Mutex
	hang := false
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			switch lines.Text() {
			case "hang":
				mu.Lock()
				hang = true
				mu.Unlock()
			case "full":
				limit(o.Path, true)
			case "room":
				limit(o.Path, false)
			}
			fmt.Println("did", lines.Text())
		}
		os.Exit(0) // the parent is gone
	}()
	_ = ch.Listen(context.Background(), func(_ context.Context, in ...channels.Inbound) error {
		for _, e := range in {
			fmt.Println("got", e.Text)
		}
		mu.Lock()
		wait := hang
		mu.Unlock()
		if wait {
			select {}
		}
		return nil
	})
}

// limit lets files grow no more, or lets them.
func limit(path string, full bool) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &l); err != nil {
		panic(err)
	}
	l.Cur = l.Max
	if full {
		l.Cur = 512 // below every page
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &l); err != nil {
		panic(err)
	}
}

// A process is a child that runs.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
}

// spawn starts a child on the file of a place, whose own channel is closed.
func (p *place) spawn() *process {
	p.t.Helper()
	p.stop()
	if err := p.ch.Close(); err != nil {
		p.t.Fatal(err)
	}
	o := p.options()
	o.Log, o.Reports = nil, nil
	b, err := json.Marshal(struct {
		Path, Endpoint, RootKey string
		Unpaced                 bool
	}{o.Path, o.Endpoint, o.RootKey, true})
	if err != nil {
		p.t.Fatal(err)
	}
	c := &process{t: p.t, cmd: exec.Command(os.Args[0]), lines: make(chan string, 1000)}
	c.cmd.Env = append(os.Environ(), childVariable+"="+string(b))
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err == nil {
		c.in, err = c.cmd.StdinPipe()
	}
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.kill)
	go func() {
		defer close(c.lines)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			c.lines <- lines.Text()
		}
	}()
	return c
}

// kill ends the process as kill -9 does.
func (c *process) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// tell says something to the child and waits until it has done it.
func (c *process) tell(what string) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.in, what); err != nil {
		c.t.Fatal(err)
	}
	c.await("did " + what)
}

// await waits for a line of the child.
func (c *process) await(want string) {
	c.t.Helper()
	end := time.After(30 * time.Second)
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				c.t.Fatalf("the child ended before it said %q", want)
			}
			if line == want {
				return
			}
		case <-end:
			c.t.Fatalf("the child did not say %q", want)
		}
	}
}

func TestKilledWhileAMessageIsHandled(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("the child would report whatsmeow's own races")
	}
	p, a := talk(t)
	for i := range 3 {
		c := p.spawn()
		p.await("online", p.Online)
		c.tell("hang")
		text := fmt.Sprint("before the kill ", i)
		id := a.Write(text)
		c.await("got " + text)
		c.kill()
		p.await("offline", func() bool { return !p.Online() })
		if p.Acked(id) {
			t.Fatal("it was acknowledged")
		}
		p.ch = p.make()
		p.listen()
		p.find("what was being handled", func(in channels.Inbound) bool { return in.Text == text })
		p.await("acknowledged", func() bool { return p.Acked(id) })
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("the child would report whatsmeow's own races")
	}
	p, a := talk(t)
	c := p.spawn()
	p.await("online", p.Online)
	a.Write("with room")
	c.await("got with room")
	c.tell("full")
	var ids []string
	for i := range 5 {
		ids = append(ids, a.Write(fmt.Sprint("without room ", i)))
	}
	time.Sleep(time.Second) // in which it fails a few times
	for _, id := range ids {
		if p.Acked(id) || p.Nacked(id) != "" || p.Asked(id) > 0 {
			t.Errorf("a message was acknowledged (%v, %q) or asked for again (%d) while nothing could be written", p.Acked(id), p.Nacked(id), p.Asked(id))
		}
	}
	c.tell("room")
	for i := range ids {
		c.await(fmt.Sprint("got without room ", i))
	}
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	c.kill()
	p.await("offline", func() bool { return !p.Online() })
	p.ch = p.make()
	p.listen()
}

// People who go on writing while they are answered get answers that their phones can
// read, and so does the centre's own phone.
func TestABurstIsReadable(t *testing.T) {
	t.Parallel()
	rounds, each := 20, 100
	if racing || testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		p := online(t)
		a := p.Person(amina)
		failed := make(chan error, each)
		var replies sync.WaitGroup
		p.failWith(func(in channels.Inbound) error {
			replies.Go(func() {
				if _, err := p.ch.Send(context.Background(), words(a, "talk/"+in.Text+"/0", "answer to "+in.Text)); err != nil {
					failed <- err
				}
			})
			return nil
		})
		for i := range each {
			a.Write(fmt.Sprint(i))
		}
		p.until("all arrived", func() bool { return len(p.got()) >= each })
		replies.Wait()
		close(failed)
		for err := range failed {
			t.Errorf("round %d: %v", round, err)
		}
		got, err := a.Await(p.within(), each)
		if err != nil {
			t.Fatalf("round %d: %d of %d answers can be read: %v", round, len(a.Read()), each, err)
		}
		if len(got) != each || len(a.Unreadable()) > 0 || len(p.Owner().Unreadable()) > 0 {
			t.Errorf("round %d: %d answers, unreadable %d, on the centre's phone %d", round, len(got), len(a.Unreadable()), len(p.Owner().Unreadable()))
		}
		p.stop()
	}
}

// Nothing of anybody stands in an error.
func TestErrorsSayNothingOfAnybody(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	var all []error
	_, err := p.ch.Send(t.Context(), words(p.Person(badr), "talk/1/0", "secret words"))
	all = append(all, err)
	_, err = p.ch.Fetch(t.Context(), channels.Media{Ref: `{"path":"/secret","id":"` + amina + `"}`})
	all = append(all, err)
	all = append(all, p.ch.SetPrivate(t.Context(), a.LID().String(), true))
	_, err = p.ch.Link(t.Context(), amina)
	all = append(all, err)
	p.stop()
	_, err = p.ch.Send(t.Context(), words(a, "talk/2/0", "secret words"))
	all = append(all, err)
	_, err = p.ch.Clear(t.Context(), of(a), []string{"SECRET"})
	all = append(all, err)
	for _, err := range all {
		if err == nil {
			t.Error("something did not fail")
			continue
		}
		for _, s := range []string{"secret", amina, badr, a.LID().User} {
			if strings.Contains(err.Error(), s) {
				t.Errorf("%q stands in %v", s, err)
			}
		}
	}
	if !errors.As(all[0], new(*channels.SendError)) {
		t.Error("no SendError")
	}
}
