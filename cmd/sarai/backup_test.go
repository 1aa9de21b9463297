// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// writesDown makes the recovery key as an administrator does in the terminal, and
// gives the file into which the paper was typed. wrong is how often another row is
// typed first.
func writesDown(t *testing.T, dir string, wrong int, args ...string) (paper string, err error) {
	t.Helper()
	cmd := command(t, dir, append([]string{"backup", "init", "--config", "sarai.toml"}, args...)...)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	until := func(end string) string {
		text := ""
		for !strings.HasSuffix(text, end) {
			b, err := r.ReadByte()
			if err != nil {
				return text
			}
			text += string(b)
		}
		return text
	}
	shown := until("Press Enter")
	var rows []string
	for _, m := range regexp.MustCompile(`(?m)^    (\d   .*)$`).FindAllStringSubmatch(shown, -1) {
		rows = append(rows, m[1])
	}
	fmt.Fprintln(in)
	for i := 0; ; i++ {
		m := regexp.MustCompile(`row (\d) from the paper: $`).FindStringSubmatch(until("from the paper: "))
		if m == nil {
			break
		}
		n, _ := strconv.Atoi(m[1])
		if i < wrong {
			n = n%len(rows) + 1
		}
		fmt.Fprintln(in, strings.ToLower(rows[n-1][1:]))
		if i >= wrong || i == 2 {
			in.Close()
		}
	}
	err = cmd.Wait()
	paper = filepath.Join(t.TempDir(), "paper.txt")
	if e := os.WriteFile(paper, []byte(strings.Join(rows, "\n")+"\n"), 0o600); e != nil {
		t.Fatal(e)
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return paper, err
}

// hears has somebody write on the website chat.
func (s *served) hears(token, id, text string) {
	s.t.Helper()
	req, err := http.NewRequest("POST", s.url+"/chat/api/messages", strings.NewReader(fmt.Sprintf(`{"id":%q,"kind":"text","text":%q}`, id, text)))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("a message is answered %d", resp.StatusCode)
	}
}

// TestACentreIsRestoredOnANewMachine does what docs/operating.md tells somebody
// who has never done it.
func TestACentreIsRestoredOnANewMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sarai.toml"), "listen = \"127.0.0.1:0\"\n")
	run := func(want int, args ...string) string {
		t.Helper()
		cmd := command(t, dir, args...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		_ = cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Fatalf("%v: status %d, want %d\n%s%s", args, got, want, out.String(), errs.String())
		}
		if want != 0 && args[0] != "doctor" {
			oneClearLine(t, strings.Join(args, " "), errs.String())
		}
		return out.String() + errs.String()
	}
	has := func(said, want string) {
		t.Helper()
		if !regexp.MustCompile("(?m)" + want).MatchString(said) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}

	has(run(1, "backup", "--config", "sarai.toml"), "there is no installation in .*: name its configuration")
	run(0, "staff", "add", "amina", "--admin", "--config", "sarai.toml")
	has(run(0, "doctor", "--config", "sarai.toml"), "^warn backups: there is no recovery key yet, so no backup is made: .*sarai backup init")
	has(run(1, "backup", "--config", "sarai.toml"), "there is no recovery key yet")
	if _, err := writesDown(t, dir, 3); err == nil || !strings.Contains(err.Error(), "no recovery key was kept") {
		t.Fatalf("after three wrong rows it says %v", err)
	}
	has(run(1, "backup", "--config", "sarai.toml"), "there is no recovery key yet")
	paper, err := writesDown(t, dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writesDown(t, dir, 0); err == nil || !strings.Contains(err.Error(), "there is a recovery key already") {
		t.Fatalf("a second key: %v", err)
	}
	has(run(0, "doctor", "--config", "sarai.toml"), "^warn backups: none yet")

	s := serve(t, dir)
	for i := range 3 {
		s.hears("Zq3x9TbWm4kPf7Lr2Yc8Vg", fmt.Sprint("message-", i), "hello CANARY")
	}
	// A server makes the first by itself; then it is asked for one.
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, text := s.get("/metrics"); regexp.MustCompile(`(?m)^sarai_backup_age_seconds [0-9.e+-]+$`).MatchString(text) && !strings.Contains(text, "sarai_backup_age_seconds +Inf") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the server makes no backup: %s", s.err.String())
		}
	}
	said := run(0, "backup", "--config", "sarai.toml")
	has(said, "^copying the store …$")
	has(said, `^sarai-\d{4}-.*Z\.tar\.age: 1 talks, 0 files, .* MB, in `)
	if info, err := os.Stat(filepath.Join(dir, "data", socketName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", info, err)
	}
	has(run(1, "restore", "--from", "data/backups", "--identity", paper, "--data", "data"), "a server runs on .*data: an installation is restored into a new folder only")
	has(run(1, "backup", "--to", "sarai.toml", "--config", "sarai.toml"), "sarai.toml")
	run(0, "backup", "--to", "stick", "--config", "sarai.toml")
	s.stop()
	has(run(1, "restore", "--from", "stick", "--identity", paper, "--data", "data"), "is not empty")
	has(run(0, "doctor", "--config", "sarai.toml"), "^ok   backups: the last is sarai-")
	has(run(0, "backup", "--config", "sarai.toml"), ": 1 talks") // without a server
	has(run(0, "backup", "list", "--config", "sarai.toml"), `^  sarai-.*\.tar\.age  `)
	if _, err := os.Stat(filepath.Join(dir, "data", socketName)); err == nil {
		t.Error("the socket of a server that has ended is left")
	}

	said = run(0, "restore", "--from", "stick", "--identity", paper, "--data", "new")
	has(said, `: 1 talks with \d+ entries and 0 files came back\.$`)
	has(said, `^Left out because they were erased since: 0 talks, and 0 files`)
	write(t, filepath.Join(dir, "sarai.toml"), "listen = \"127.0.0.1:0\"\ndata = \"new\"\n")
	said = run(0, "doctor", "--config", "sarai.toml")
	has(said, "^ok   store: ")
	has(said, "^ok   staff: ")
	s = serve(t, dir)
	req, err := http.NewRequest("GET", s.url+"/chat/api/messages?after=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer Zq3x9TbWm4kPf7Lr2Yc8Vg")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if strings.Count(string(b), "CANARY") != 3 {
		t.Errorf("the person reads %s", b)
	}
	s.stop()
	if strings.Contains(s.err.String(), "CANARY") || strings.Contains(s.err.String(), "level=ERROR") {
		t.Errorf("the log says %s", s.err.String())
	}
}

func TestTheSectionOfBackups(t *testing.T) {
	for text, says := range map[string]string{
		`at = "25:00"`:                          `at = "25:00" is no time of day; write it as "03:00"`,
		`keep = -1`:                             `keep must not be negative`,
		"folder = \"x\"\nsecond_folder = \"x\"": `second_folder must be another`,
		`fold = "x"`:                            `unknown key "backup.fold"`,
	} {
		path := filepath.Join(t.TempDir(), "sarai.toml")
		write(t, path, "[backup]\n"+text+"\n")
		if _, err := readConfig(path, func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s says %v", text, err)
		}
	}
	path := filepath.Join(t.TempDir(), "sarai.toml")
	write(t, path, "[backup]\nat = \"04:30\"\nkeep = 7\nfolder = \"b\"\nsecond_folder = \"/mnt/disk/sarai\"\nenabled = false\n")
	conf, err := readConfig(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	p, err := conf.backups(filepath.Dir(path))
	if err != nil || p.Enabled || p.Hour != 4 || p.Min != 30 || p.Keep != 7*24*time.Hour || p.Folder != filepath.Join(filepath.Dir(path), "b") || p.Second != "/mnt/disk/sarai" {
		t.Errorf("it reads %+v, %v", p, err)
	}
}
