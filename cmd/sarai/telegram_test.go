// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sarai/content"
	"sarai/locales"
	"sarai/standin/botapi"
)

const (
	theToken   = "777:the-secret-of-the-bot"
	hookSecret = "the-secret-of-the-hook-0123456789"
)

// A house is a folder with a configuration, and Telegram on this machine.
type house struct {
	t   *testing.T
	dir string
	api *botapi.Server
	url string
}

func newHouse(t *testing.T, section string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), api: botapi.New(botapi.Options{Token: theToken, Second: 10 * time.Millisecond})}
	srv := httptest.NewServer(h.api.Handler())
	t.Cleanup(func() { h.api.Close(); srv.CloseClientConnections(); srv.Close() })
	h.url = srv.URL
	h.write("token", theToken+"\n", 0o600)
	h.write("sarai.toml", strings.ReplaceAll(section, "API", srv.URL), 0o600)
	return h
}

func (h *house) write(name, text string, mode os.FileMode) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !holds(); <-tick.C {
		if time.Now().After(end) {
			h.t.Fatalf("this has not happened: %s", what)
		}
	}
}

// talk is what a person does with the bot: they begin, press a button, ask, and
// hide the talk.
func (h *house) talk(person int64) {
	h.t.Helper()
	who := h.api.Person(person, "en")
	who.Start("leaflet-7")
	h.until("the bot says who it is, with choices", func() bool { return len(who.Last().Buttons) > 0 })
	m := who.Last()
	who.Press(m.ID, m.Buttons[0][0].Data)
	h.until("the press is answered", func() bool { return who.Last().ID != m.ID && who.Waiting() == 0 })
	before := who.Last().ID
	who.Say("confidential words about my passport")
	h.until("the question is answered", func() bool { return who.Last().ID != before })
	who.Say("hide")
	h.until("what the bot wrote is taken off the phone", func() bool {
		left := 0
		for _, m := range who.Screen() {
			if m.Bot {
				left++
			}
		}
		return left <= 1 && h.api.Pending() == 0 // the answer to "hide" may stay
	})
}

// The real program, with its real store: a person on Telegram talks with it, by
// fetching. What they wrote while it was stopped is answered after.
func TestTelegramByFetching(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "listen = \"127.0.0.1:0\"\n[telegram]\ntoken_file = \"token\"\napi_url = \"API\"\n")
	s := serve(t, h.dir)
	h.talk(900001)
	h.until("the menu is there", func() bool { return len(h.api.Person(900001, "").Menu()) == 6 })
	h.until("the empty chat says who answers, in the phone's language", func() bool {
		return strings.Contains(h.api.Person(900003, "ru").About(), "программа")
	})
	s.stop()
	clean(t, s)
	who := h.api.Person(900002, "en")
	who.Say("salam")
	s = serve(t, h.dir)
	h.until("what was written meanwhile is answered", func() bool { return who.Last().ID != 0 })
	s.stop()
	clean(t, s)
}

// The same by a webhook, with the secrets in the environment.
func TestTelegramByWebhook(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // any free port: the public address must be known before the start
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	t.Setenv("SARAI_TELEGRAM_TOKEN", theToken)
	t.Setenv("SARAI_TELEGRAM_SECRET_TOKEN", hookSecret)
	h := newHouse(t, fmt.Sprintf("listen = %q\npublic_url = \"http://%s\"\n[telegram]\ntoken = \"1:another\"\napi_url = \"API\"\nmode = \"webhook\"\n", address, address))
	s := serve(t, h.dir)
	h.talk(900001)
	if status, body := s.get("/hook/telegram"); status != 405 || strings.Contains(body, hookSecret) {
		t.Errorf("a stranger gets %d %s", status, body)
	}
	s.stop()
	clean(t, s)
}

// clean says that the log of a server holds nothing of anybody.
func clean(t *testing.T, s *served) {
	t.Helper()
	for _, bad := range []string{"the-secret-of", "900001", "900002", "confidential", "leaflet-7", "777/"} {
		if strings.Contains(s.err.String(), bad) {
			t.Errorf("%q stands in the log: %s", bad, s.err.String())
		}
	}
}

// doctor asks Telegram, and says what to do.
func TestDoctorAsksTelegram(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "listen = \"127.0.0.1:0\"\n[telegram]\ntoken_file = \"token\"\napi_url = \"API\"\n")
	doctor := func() string {
		out, _ := command(t, h.dir, "doctor", "--config", "sarai.toml", "--content", shelf(t)).CombinedOutput() // it fails: there is no staff
		if strings.Contains(string(out), "the-secret-of") {
			t.Errorf("a secret stands in: %s", out)
		}
		return string(out)
	}
	for _, want := range []string{"ok   telegram token: the bot is @", "ok   telegram receiving: by fetching", "ok   telegram clock: "} {
		if out := doctor(); !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	h.write("token", theToken+"\n", 0o644)
	if out := doctor(); !strings.Contains(out, "FAIL permissions: others may read ") || !strings.Contains(out, "token: chmod 600 it") {
		t.Errorf("nobody minds that others may read the token:\n%s", out)
	}
	h.api.Fail("getMe", botapi.Fault{Status: 401})
	if out := doctor(); !strings.Contains(out, "FAIL telegram token: Telegram does not know the token") {
		t.Errorf("nobody minds the token:\n%s", out)
	}
	for _, want := range []string{"Menu and description are set; 36 of them", "Menu and description are set; 0 of them"} {
		out, err := command(t, h.dir, "telegram", "setup", "--config", "sarai.toml").CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("setup says %s, %v, not %q", out, err, want)
		}
	}
	h.api.Fail("getMyCommands", botapi.Fault{Status: 401})
	out, err := command(t, h.dir, "telegram", "setup", "--config", "sarai.toml").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the menu could not be set: ") || strings.Contains(string(out), "the-secret-of") {
		t.Errorf("setup says %s, %v", out, err)
	}
}

// A configuration file that holds a token is for nobody else to read.
func TestOthersMayReadTheToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "listen = \"127.0.0.1:0\"\n[telegram]\ntoken = \""+theToken+"\"\napi_url = \"API\"\n")
	h.write("sarai.toml", "listen = \"127.0.0.1:0\"\n[telegram]\ntoken = \""+theToken+"\"\napi_url = \""+h.url+"\"\n", 0o644)
	out, _ := command(t, h.dir, "doctor", "--config", "sarai.toml", "--content", shelf(t)).CombinedOutput()
	if !strings.Contains(string(out), "sarai.toml: chmod 600 it") || strings.Contains(string(out), "the-secret-of") {
		t.Errorf("doctor says\n%s", out)
	}
}

// The words of the menu and the descriptions fit Telegram in every language.
func TestTelegramWordsFit(t *testing.T) {
	t.Parallel()
	phrases, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := telegramWords(phrases)
	known := 0 // all but Sorani, which has no tag of two letters
	for _, l := range phrases.Complete() {
		if tag, _, _ := strings.Cut(string(l), "-"); len(tag) == 2 {
			known++
		}
	}
	if known != 11 || len(all) != known || all[0].Language != "en" {
		t.Fatalf("%d languages, the first is %s", len(all), all[0].Language)
	}
	for _, w := range all {
		if n := utf8.RuneCountInString(w.Description); n == 0 || n > 512 {
			t.Errorf("%s: the description has %d characters", w.Language, n)
		}
		if n := utf8.RuneCountInString(w.Short); n == 0 || n > 120 {
			t.Errorf("%s: the short description has %d characters", w.Language, n)
		}
		if len(w.Commands) != 6 || w.Group == "" {
			t.Errorf("%s: %d commands, for groups %q", w.Language, len(w.Commands), w.Group)
		}
		for _, c := range w.Commands {
			if c.Description == "" || utf8.RuneCountInString(c.Description) > 60 { // a small phone cuts longer ones
				t.Errorf("%s: /%s is %q", w.Language, c.Name, c.Description)
			}
		}
	}
}

// Every key of a button that the program can make fits into Telegram's 64 bytes.
func TestKeysFitTelegram(t *testing.T) {
	t.Parallel()
	cat, err := content.Load(content.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, a := range cat.Articles() {
		keys = append(keys, "a:"+string(a.ID), "h:yes:"+string(a.ID))
		for _, l := range content.Locales() {
			if text := a.In(l); text != nil {
				for _, sec := range text.Sections {
					keys = append(keys, "s:"+string(a.ID)+"#"+sec.ID)
				}
			}
		}
	}
	for _, l := range content.Locales() {
		keys = append(keys, "lang:"+string(l))
	}
	if len(keys) < 100 {
		t.Fatalf("%d keys", len(keys))
	}
	for _, k := range keys {
		if len(k) > 64 {
			t.Errorf("%s has %d bytes", k, len(k))
		}
	}
}
