// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sarai/standin/whatsapp"
)

// A lodge is a folder with a configuration, and WhatsApp on this machine.
type lodge struct {
	*whatsapp.Server
	t   *testing.T
	dir string
}

func newLodge(t *testing.T) *lodge {
	t.Helper()
	l := &lodge{Server: whatsapp.New(whatsapp.Options{}), t: t, dir: t.TempDir()}
	srv := httptest.NewServer(l.Handler())
	t.Cleanup(func() { l.Close(); srv.CloseClientConnections(); srv.Close() })
	write(t, filepath.Join(l.dir, "sarai.toml"), fmt.Sprintf("listen = \"127.0.0.1:0\"\n[whatsapp]\nenabled = true\nendpoint = %q\nroot_key = \"%x\"\npaced = false\n", srv.URL, l.RootKey()))
	return l
}

func (l *lodge) within() context.Context {
	ctx, cancel := context.WithTimeout(l.t.Context(), 30*time.Second)
	l.t.Cleanup(cancel)
	return ctx
}

// link links the centre's phone by a code, as somebody at a terminal does.
func (l *lodge) link() string {
	l.t.Helper()
	cmd := command(l.t, l.dir, "whatsapp", "link", "--phone", whatsapp.Phone, "--config", "sarai.toml")
	out, err := cmd.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	said := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said += lines.Text() + "\n"
		if code := regexp.MustCompile(`^ +([0-9A-Z]{4}-[0-9A-Z]{4})$`).FindStringSubmatch(lines.Text()); code != nil {
			if err := l.Owner().Enter(l.within(), code[1]); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		l.t.Fatalf("linking: %v\n%s%s", err, said, errs.String())
	}
	return said
}

// run runs a command and gives what it printed.
func (l *lodge) run(args ...string) (string, error) {
	l.t.Helper()
	out, err := command(l.t, l.dir, append(args, "--config", "sarai.toml")...).Output()
	return string(out), err
}

func (l *lodge) until(what string, holds func() bool) {
	l.t.Helper()
	if err := l.Await(l.within(), holds); err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
}

// The real program and its real store, linked while the server runs: a person talks
// with it and hides the talk, the phone ends the link, and it is said what to do.
func TestWhatsApp(t *testing.T) {
	t.Parallel()
	l := newLodge(t)
	old := l.Person("12025550111")
	old.Write("from before, between us")
	s := serve(t, l.dir)
	if out, err := l.run("whatsapp", "state"); err != nil || !strings.Contains(out, "no phone is linked") {
		t.Errorf("before: %v\n%s", err, out)
	}
	if out := l.link(); !strings.Contains(out, "Linked.") || !strings.Contains(out, ": 1 groups and talks") {
		t.Errorf("linking says\n%s", out)
	}
	if out, err := l.run("whatsapp", "state"); err != nil || !strings.Contains(out, "connected since") {
		t.Errorf("linked: %v\n%s", err, out)
	}
	fails(t, l.dir, "a phone is linked already", "whatsapp", "link", "--config", "sarai.toml")

	who := l.Person("12025550122")
	old.Write("are you there?")
	who.Write("salam, confidential words about my passport")
	got, err := who.Await(l.within(), 1)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.err.String())
	}
	if !strings.Contains(got[len(got)-1], "\n1. ") {
		t.Errorf("it answers without choices:\n%s", strings.Join(got, "\n---\n"))
	}
	n := len(got)
	who.Write("1")
	if _, err := who.Await(l.within(), n+1); err != nil {
		t.Fatal(err)
	}
	who.Write("hide")
	l.until("what was sent is taken back", func() bool {
		gone := 0
		for _, m := range who.Messages() {
			if m.FromMe && m.Revoked {
				gone++
			}
		}
		return gone >= 2
	})
	if len(old.Read()) != 0 {
		t.Errorf("a talk from before was answered: %q", old.Read())
	}
	s.stop()
	if info, err := os.Stat(filepath.Join(l.dir, "data", "whatsapp.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the device's file: %v, %v", info, err)
	}

	// What was written meanwhile is answered after.
	later := l.Person("12025550133")
	later.Write("salam")
	s2 := serve(t, l.dir)
	if _, err := later.Await(l.within(), 1); err != nil {
		t.Fatal(err)
	}
	l.Owner().Unlink()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		out, _ := l.run("doctor", "--content", shelf(l.t))
		if strings.Contains(out, "FAIL whatsapp link: the phone or WhatsApp ended the link") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("doctor says\n%s", out)
		}
	}
	s2.stop()
	if out, err := l.run("whatsapp", "state"); err != nil || !strings.Contains(out, "link it again") {
		t.Errorf("after: %v\n%s", err, out)
	}
	for _, log := range []string{s.err.String(), s2.err.String()} {
		for _, bad := range []string{"12025550", "@lid", "confidential", "Person", "3EB0"} {
			if strings.Contains(log, bad) {
				t.Errorf("%q stands in the log: %s", bad, log)
			}
		}
	}
}

// Linking and unlinking while no server runs.
func TestWhatsAppWithoutAServer(t *testing.T) {
	t.Parallel()
	l := newLodge(t)
	if out := l.link(); !strings.Contains(out, "Linked.") {
		t.Errorf("linking says\n%s", out)
	}
	who := l.Person("12025550122")
	who.Write("salam") // waits until there is a server
	s := serve(t, l.dir)
	if _, err := who.Await(l.within(), 1); err != nil {
		t.Fatal(err)
	}
	s.stop()
	if out, err := l.run("whatsapp", "unlink"); err != nil || !strings.Contains(out, "over") {
		t.Errorf("unlinking: %v\n%s", err, out)
	}
	l.until("unlinked", func() bool { return !l.Owner().Linked() })
}

func TestWhatsAppShowsAQRCode(t *testing.T) {
	t.Parallel()
	l := newLodge(t)
	cmd := command(t, l.dir, "whatsapp", "link", "--config", "sarai.toml")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for lines := bufio.NewScanner(out); rows < 20 && lines.Scan(); {
		if strings.ContainsAny(lines.Text(), "█▀▄") {
			rows++
		}
	}
	if rows < 20 {
		t.Error("no QR code was shown")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func TestWhatsAppIsRefusedWhereItIsWrong(t *testing.T) {
	t.Parallel()
	for config, match := range map[string]string{
		"":                              `enabled = true into \[whatsapp\]`,
		"[whatsapp]\nenabled = false\n": `enabled = true into \[whatsapp\]`,
		"[whatsapp]\nenabled = true\nendpoint = \"http://192.0.2.1:80\"\nroot_key = \"00\"\n": `sarai.toml:3: \[whatsapp\] endpoint must be on this machine`,
		"[whatsapp]\nenabled = true\nendpoint = \"127.0.0.1:1\"\n":                            `\[whatsapp\] root_key`,
		"[whatsapp]\nenabled = true\npaced = false\n":                                         `sarai.toml:3: \[whatsapp\] paced`,
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "sarai.toml"), config)
		fails(t, dir, match, "whatsapp", "state", "--config", "sarai.toml")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sarai.toml"), "[whatsapp]\nenabled = true\n")
	fails(t, dir, "country", "whatsapp", "link", "--phone", "0301", "--config", "sarai.toml")
}
