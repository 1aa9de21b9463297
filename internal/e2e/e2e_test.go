// SPDX-License-Identifier: GPL-3.0-or-later

// Package e2e tests the program as it is delivered: the real binary, reached
// over HTTP and by signals as people, proxies and systemd reach it.
package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sarai-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "sarai")
	// As the Makefile builds it.
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "sarai/cmd/sarai")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A centre is one installation: a folder, and the server that runs on it now.
type centre struct {
	t   *testing.T
	dir string
	few bool // articles: for what does not depend on them, since the model of all costs seconds at each start

	url   string
	cmd   *exec.Cmd
	said  string        // on its standard output, until it was ready
	later *safeBuffer   // and after that
	ready time.Duration // from start to /readyz
	ended chan error
	log   *safeBuffer
}

// A safeBuffer is a log that is read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{t: t, dir: t.TempDir(), log: &safeBuffer{}, later: &safeBuffer{}}
	if err := os.WriteFile(filepath.Join(c.dir, "sarai.toml"), []byte("listen = \"127.0.0.1:0\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.cmd != nil {
			_ = c.cmd.Process.Kill()
			<-c.ended
		}
	})
	return c
}

// start starts the server on a free port and waits until it is ready.
func (c *centre) start() {
	c.t.Helper()
	args := []string{"serve", "--config", "sarai.toml"}
	if c.few {
		shelf, err := filepath.Abs("../../dialog/testdata/shelf")
		if err != nil {
			c.t.Fatal(err)
		}
		args = append(args, "--content", shelf)
	}
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stderr = c.dir, c.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.said = ""
	lines := bufio.NewReader(out)
	for !strings.Contains(c.said, "Desk:") {
		line, err := lines.ReadString('\n')
		if err != nil {
			_ = cmd.Wait()
			c.t.Fatalf("the server did not start:\n%s%s", c.said, c.log)
		}
		c.said += line
	}
	c.url = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(c.said)
	for {
		if resp, err := http.Get(c.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(begun) > 30*time.Second {
			c.t.Fatalf("the server is never ready:\n%s", c.log)
		}
		time.Sleep(time.Millisecond)
	}
	c.ready = time.Since(begun)
	c.cmd, c.ended = cmd, make(chan error, 1)
	go func() {
		_, _ = io.Copy(c.later, out)
		c.ended <- cmd.Wait()
	}()
}

// end sends the server a signal and waits until it is gone.
func (c *centre) end(s syscall.Signal) error {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
	select {
	case err := <-c.ended:
		c.cmd = nil
		return err
	case <-time.After(20 * time.Second):
		c.t.Fatalf("the server does not end by %v:\n%s", s, c.log)
		return nil
	}
}
