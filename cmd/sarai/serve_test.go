// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sarai/store/bolt"
)

// A served is a server that runs.
type served struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
	out string // what it printed until it was ready
	err bytes.Buffer
}

// serve starts a server of few articles in dir, with sarai.toml there, and waits
// until it is ready.
func serve(t *testing.T, dir string) *served {
	t.Helper()
	return serveWith(t, dir, "--content", shelf(t))
}

// serveWith is serve with other flags; without any it has all articles.
func serveWith(t *testing.T, dir string, flags ...string) *served {
	t.Helper()
	s := &served{t: t, cmd: command(t, dir, append([]string{"serve", "--config", "sarai.toml"}, flags...)...)}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = &s.err
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for !strings.Contains(s.out, "Desk:") {
		line, err := lines.ReadString('\n')
		if err != nil {
			_ = s.cmd.Wait()
			t.Fatalf("the server did not start: %s%s", s.out, s.err.String())
		}
		s.out += line
	}
	s.url = regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/chat`).FindStringSubmatch(s.out)[1]
	return s
}

// stop ends the server as systemd does.
func (s *served) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	begun := time.Now()
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server ended with %v\n%s", err, s.err.String())
	}
	if d := time.Since(begun); d > stopWithin {
		s.t.Errorf("stopping took %v", d)
	}
}

func (s *served) get(path string) (int, string) {
	s.t.Helper()
	resp, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fails runs the program, which must fail in one line that matches.
func fails(t *testing.T, dir, match string, args ...string) {
	t.Helper()
	cmd := command(t, dir, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("%v: %v\n%s", args, err, errs.String())
	}
	oneClearLine(t, strings.Join(args, " "), errs.String())
	if !regexp.MustCompile(match).MatchString(errs.String()) {
		t.Errorf("%v: does not match %q: %s", args, match, errs.String())
	}
}

func TestAServerServesWhatTheDesignNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sarai.toml"), "listen = \"127.0.0.1:0\"\n")
	s := serve(t, dir)
	if !regexp.MustCompile(`first administrator \(once, within a day\): ` + s.url + `/desk/first\?token=[a-z2-7]{26}\n`).MatchString(s.out) {
		t.Errorf("no link for the first administrator:\n%s", s.out)
	}
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ok", "/metrics": "sarai_accepted_total 0", "/chat": "<!doctype html>", "/chat/embed.js": "iframe",
		"/": "<!doctype html>", "/desk": "<form", "/desk/": "<form",
	} {
		if status, body := s.get(path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, without %q:\n%.300s", path, status, want, body)
		}
	}
	if status, _ := s.get("/nonsense"); status != http.StatusNotFound {
		t.Errorf("a page that is not there: %d", status)
	}

	// What a person writes, and who they are, is in no log and no figure.
	const token, words = "Zq3x9TbWm4kPf7Lr2Yc8Vg", "passport-in-the-drawer Khalida"
	for i, text := range []string{words, "they locked me in a room " + words, words + "\x01", words + " counsellor", "counsellor", "1", strings.Repeat(words, 5000)} {
		req, _ := http.NewRequest("POST", s.url+"/chat/api/messages", strings.NewReader(fmt.Sprintf(`{"id":"message-%d","kind":"text","text":%q}`, i, text)))
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	_, figures := s.get("/metrics")
	if !regexp.MustCompile(`(?m)^sarai_accepted_total [1-9]`).MatchString(figures) {
		t.Errorf("nothing was counted:\n%s", figures)
	}
	fails(t, dir, `the server is running|another Sarai uses this file: stop it`, "staff", "list", "--config", "sarai.toml")
	s.stop()
	for _, secret := range []string{token, "Khalida", "drawer", "message-1", "127.0.0.1"} {
		if strings.Contains(s.err.String(), secret) || secret != "127.0.0.1" && strings.Contains(figures+s.out, secret) {
			t.Errorf("%q is in the log or the figures:\n%s", secret, s.err.String())
		}
	}

	// The key and the store are for nobody else's eyes.
	for _, name := range []string{keyFile, storeFile, bolt.KeysFile} {
		if info, err := os.Stat(filepath.Join(dir, "data", name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

func TestBesideAServerCommandsSayWhereToGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	write(t, filepath.Join(dir, "sarai.toml"), fmt.Sprintf("listen = %q\n", address))
	fails(t, dir, regexp.QuoteMeta(address)+" is in use by another program: end that, or choose another address with listen", "serve", "--config", "sarai.toml", "--content", shelf(t))
	cmd := command(t, dir, "doctor", "--config", "sarai.toml")
	if b, _ := cmd.Output(); !strings.Contains(string(b), "FAIL address: "+address+" is in use by another program") {
		t.Errorf("doctor says\n%s", b)
	}
	free.Close()

	s := serve(t, dir)
	fails(t, dir, "the server is running and has the store: do this at the desk, under Staff, or stop it first", "staff", "list", "--config", "sarai.toml")
	fails(t, dir, "the server is running and has the store: the same report is at the desk, under Report", "report", "--from", "2026-11-01", "--to", "2026-11-30", "--config", "sarai.toml")
	b, err := command(t, dir, "doctor", "--config", "sarai.toml").Output()
	if err != nil || !strings.Contains(string(b), "ok   server: it runs and can commit\n") {
		t.Errorf("doctor says, %v\n%s", err, b)
	}
	write(t, filepath.Join(dir, "second.toml"), "listen = \"127.0.0.1:0\"\n")
	fails(t, dir, "another Sarai uses this file: stop it, or choose another data folder", "serve", "--config", "second.toml", "--content", shelf(t))
	s.stop()

	// Once there is staff, no link to become the first is printed.
	if err := command(t, dir, "staff", "add", "amina", "--admin", "--config", "sarai.toml").Run(); err != nil {
		t.Fatal(err)
	}
	s = serve(t, dir)
	if strings.Contains(s.out, "token") {
		t.Errorf("it says\n%s", s.out)
	}
	s.stop()
}

func TestAStoreThatCannotBeReadIsNotTouched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sarai.toml"), "listen = \"127.0.0.1:0\"\n")
	if err := command(t, dir, "staff", "add", "amina", "--admin", "--config", "sarai.toml").Run(); err != nil {
		t.Fatal(err)
	}
	key, db := filepath.Join(dir, "data", keyFile), filepath.Join(dir, "data", storeFile)
	good := map[string][]byte{}
	for _, path := range []string{key, db} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		good[path] = b
	}
	for _, trouble := range []struct {
		name, match string
		make        func()
	}{
		{"the key is gone", `installation\.key is missing beside the store: put back a copy of it`, func() { os.Remove(key) }},
		{"the key is damaged", `installation\.key is damaged: put back a copy of it`, func() { write(t, key, "cut o") }},
		{"the key is another's", `the installation key is not the one that keys\.db is wrapped with: restore the key`, func() { write(t, key, hex.EncodeToString(make([]byte, 32))+"\n") }},
		{"the store is cut off", `sarai\.db: .*the file is damaged: restore the last backup`, func() { write(t, db, string(good[db][:5000])) }},
		{"the store is overwritten", `sarai\.db: .*the file is damaged: restore the last backup`, func() {
			b := bytes.Clone(good[db])
			for i := range 64 << 10 {
				b[i] = byte(i * 7)
			}
			write(t, db, string(b))
		}},
		{"the store is a folder", `sarai\.db: .*it is a directory`, func() { os.Remove(db); os.Mkdir(db, 0o700) }},
		{"the store is from a newer version", `sarai\.db: .*newer version of Sarai: use that version, or restore an older backup`, func() { makeNewer(t, db) }},
	} {
		t.Run(trouble.name, func(t *testing.T) {
			trouble.make()
			before, _ := os.ReadFile(db)
			fails(t, dir, trouble.match, "serve", "--config", "sarai.toml", "--content", shelf(t))
			fails(t, dir, trouble.match, "staff", "list", "--config", "sarai.toml")
			if after, _ := os.ReadFile(db); !bytes.Equal(before, after) {
				t.Error("the store was changed")
			}
			os.RemoveAll(db)
			for path, b := range good {
				write(t, path, string(b))
			}
		})
	}
	b, err := command(t, dir, "staff", "list", "--config", "sarai.toml").Output()
	if err != nil || !strings.Contains(string(b), "amina") {
		t.Errorf("with everything put back: %v\n%s", err, b)
	}
}

// makeNewer makes a store that a later version wrote.
func makeNewer(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("format"), binary.BigEndian.AppendUint64(nil, 1<<40))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// shelf is a folder of few articles. A server that is started for something else
// than what it answers takes these: the full model of all would cost seconds.
func shelf(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs("../../dialog/testdata/shelf")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
