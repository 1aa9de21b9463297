// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"sarai/standin/whatsapp"
)

func TestTheStandInPlaysTelegram(t *testing.T) {
	t.Parallel()
	said, end := played(t, "telegram")
	found := regexp.MustCompile(`(?s)\[telegram\]\ntoken = "([^"]+)"\napi_url = "(http://127\.0\.0\.1:\d+)"\n.*Be the people here: (\S+)/ `).FindStringSubmatch(said)
	if found == nil || found[2] != found[3] {
		t.Fatalf("it said\n%s", said)
	}
	for path, want := range map[string]string{
		"/bot" + found[1] + "/getMe": `"is_bot":true`,
		"/":                          "Telegram, played",
	} {
		resp, err := http.Get(found[2] + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || !strings.Contains(string(b), want) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, b)
		}
	}
	if errs := end(); strings.Contains(errs, found[1]) {
		t.Error("the token stands in the log")
	}
}

// played starts a stand-in. It gives what it said by the time that it listens, and
// what ends it and gives its log.
func played(t *testing.T, platform string) (string, func() string) {
	t.Helper()
	cmd := command(t, t.TempDir(), "stand-in", platform, "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := ""
	lines := bufio.NewReader(out)
	for !strings.Contains(said, "Be the people") {
		line, err := lines.ReadString('\n')
		if err != nil {
			_ = cmd.Wait()
			t.Fatalf("it did not start: %s%s", said, errs.String())
		}
		said += line
	}
	return said, func() string {
		t.Helper()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("it ended with %v\n%s", err, errs.String())
		}
		return errs.String()
	}
}

func TestTheStandInPlaysWhatsApp(t *testing.T) {
	t.Parallel()
	said, end := played(t, "whatsapp")
	found := regexp.MustCompile(`(?s)\[whatsapp\]\nenabled = true\nendpoint = "(http://127\.0\.0\.1:\d+)"\nroot_key = "([0-9a-f]{64})"\n.* (\d+), here: (\S+)/ `).FindStringSubmatch(said)
	if found == nil || found[1] != found[4] || found[3] != whatsapp.Phone {
		t.Fatalf("it said\n%s", said)
	}
	s := whatsapp.New(whatsapp.Options{})
	defer s.Close()
	if key := s.RootKey(); hex.EncodeToString(key[:]) != found[2] {
		t.Error("the key is another one each time: sarai.toml would have to change")
	}
	for path, want := range map[string]string{"/": "WhatsApp, played", "/page/state?person=12025550130": `"name":"Amina"`} {
		resp, err := http.Get(found[1] + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || !strings.Contains(string(b), want) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, b)
		}
	}
	end()
}

func TestWrongUseOfTheStandIns(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"whatsapp", "--listen", "0.0.0.0:8083"}, {"whatsapp", "--listen", "8083"}, {"whatsapp", "--phone", "+12025550100"},
		{"telegram", "--listen", "192.0.2.1:8081"},
	} {
		var out, errs bytes.Buffer
		w := world{ctx: t.Context(), in: strings.NewReader(""), out: &out, err: &errs, env: func(string) string { return "" }}
		if code := run(w, append([]string{"stand-in"}, args...)); code != 2 || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%q: %d %s", args, code, errs.String())
		}
	}
}
