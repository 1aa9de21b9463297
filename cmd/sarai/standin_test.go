// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestTheStandInPlaysTelegram(t *testing.T) {
	t.Parallel()
	cmd := command(t, t.TempDir(), "stand-in", "telegram", "--listen", "127.0.0.1:0")
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
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v\n%s", err, errs.String())
	}
	if strings.Contains(errs.String(), found[1]) {
		t.Error("the token stands in the log")
	}
}
