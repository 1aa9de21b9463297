// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"sarai/standin/whatsapp"
)

// standIn starts a stand-in and gives what it said until it could be used, and how
// to end it; the log is given back then.
func standIn(t *testing.T, args ...string) (said string, end func() string) {
	t.Helper()
	cmd := command(t, t.TempDir(), append([]string{"stand-in"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
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

func TestTheStandInPlaysTelegram(t *testing.T) {
	t.Parallel()
	said, end := standIn(t, "telegram", "--listen", "127.0.0.1:0")
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
	if strings.Contains(end(), found[1]) {
		t.Error("the token stands in the log")
	}
}

func TestTheStandInPlaysMeta(t *testing.T) {
	t.Parallel()
	got := make(chan string, 16)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- r.URL.Path + " " + string(b)
	}))
	defer hook.Close()
	said, end := standIn(t, "graph", "--listen", "127.0.0.1:0", "--hook", hook.URL)
	found := regexp.MustCompile(`(?s)\[messenger\]\n(.*?)\n\n\[whatsapp_cloud\]\n(.*?)\n\nBe the people here: (http://127\.0\.0\.1:\d+)/ `).FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("it said\n%s", said)
	}
	set := func(section string) map[string]string {
		all := map[string]string{}
		for _, m := range regexp.MustCompile(`(?m)^(\w+) = "?([^"\n]+)"?$`).FindAllStringSubmatch(section, -1) {
			all[m[1]] = m[2]
		}
		return all
	}
	page, number := set(found[1]), set(found[2])
	ask := func(url, token, want string) {
		t.Helper()
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !strings.Contains(string(b), want) {
			t.Errorf("%s: %d %s", url, resp.StatusCode, b)
		}
	}
	ask(page["graph_url"]+"/"+page["page_id"], page["page_token"], page["page_id"])
	ask(number["graph_url"]+"/"+number["phone_number_id"], number["token"], number["phone_number_id"])
	ask(number["graph_url"]+"/"+number["account_id"]+"/message_templates", number["token"], "case_update")
	ask(found[3]+"/", "", "Meta, played")
	for _, s := range []map[string]string{page, number} {
		if s["app_secret"] == "" || s["verify_token"] == "" || s["graph_url"] != found[3]+"/v25.0" {
			t.Errorf("it said\n%s", said)
		}
	}
	resp, err := http.Post(found[3]+"/page/do", "application/json", strings.NewReader(`{"do":"say","who":"m:5001","text":"hello"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for {
		if b := <-got; strings.Contains(b, "hello") {
			if !strings.HasPrefix(b, `/hook/messenger {"`) {
				t.Errorf("the webhook got %s", b)
			}
			break
		}
	}
	if log := end(); strings.Contains(log, page["page_token"]) || strings.Contains(log, "hello") {
		t.Error("the log says too much")
	}
}

func TestTheStandInPlaysWhatsApp(t *testing.T) {
	t.Parallel()
	said, end := standIn(t, "whatsapp", "--listen", "127.0.0.1:0")
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
