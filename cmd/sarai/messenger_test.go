// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/locales"
	"sarai/standin/graph"
)

const (
	pageToken  = "the-secret-of-the-page"
	pageApp    = "the-secret-of-the-app-0123456789"
	pageVerify = "the-secret-of-the-handshake"
)

// pageSection is a configuration with its secrets in files; API stands for Meta.
const pageSection = `listen = "127.0.0.1:0"
[messenger]
page_id = "100000000000017"
page_token_file = "token"
app_secret_file = "app"
verify_token_file = "verify"
graph_url = "API/v25.0"
paced = false
`

// newPage is a folder with a configuration, and Meta on this machine.
func newPage(t *testing.T, section string, o graph.Options) (dir string, api *graph.Server) {
	t.Helper()
	o.PageToken, o.AppSecret, o.VerifyToken, o.Second = pageToken, pageApp, pageVerify, 5*time.Millisecond
	api = graph.New(o)
	srv := httptest.NewServer(api.Handler())
	t.Cleanup(func() { api.Close(); srv.CloseClientConnections(); srv.Close() })
	dir = t.TempDir()
	for name, text := range map[string]string{
		"token": pageToken, "app": pageApp, "verify": pageVerify, "sarai.toml": strings.ReplaceAll(section, "API", srv.URL),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, api
}

// The real program, with its real store: Meta shakes hands with it, a person on
// Messenger talks with it, and what they write while it is stopped is answered after.
func TestMessenger(t *testing.T) {
	t.Parallel()
	dir, api := newPage(t, pageSection, graph.Options{Fields: []string{}})
	ctx, end := context.WithTimeout(t.Context(), 60*time.Second)
	defer end()
	until := func(what string, holds func() bool) {
		t.Helper()
		if err := api.Await(ctx, holds); err != nil {
			t.Fatalf("this has not happened: %s", what)
		}
	}
	s := serveWith(t, dir)
	if err := api.Subscribe(ctx, graph.Messenger, s.url+"/hook/messenger"); err != nil {
		t.Fatal(err)
	}
	until("the app is subscribed to the Page", func() bool { return len(api.Fields(graph.Messenger)) == 12 })
	out, err := command(t, dir, "messenger", "setup", "--config", "sarai.toml").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "are set; 4 of them") {
		t.Fatalf("setup says %s, %v", out, err)
	}
	who := api.Person("900001", "A")
	who.Speak("ur_PK")
	who.Start("leaflet-7")
	until("the program says who it is, with choices", func() bool { return len(who.Last().Buttons) > 0 })
	m := who.Last()
	if m.Tag != "" || !strings.HasPrefix(m.Key, "sarai:") || len(m.Buttons) > 13 {
		t.Errorf("it arrived as %+v", m)
	}
	who.Tap(m.Buttons[0].Payload)
	until("the tap is answered", func() bool { return who.Last().ID != m.ID })
	m = who.Last()
	who.Say("confidential words about my passport")
	until("the question is answered", func() bool { return who.Last().ID != m.ID })
	m = who.Last()
	who.Menu("say:/hide")
	until("the menu's line is answered", func() bool { return who.Last().ID != m.ID })
	for i, payload := range []string{"a:job-scams", "a:recruitment-fees", "a:wages-unpaid"} {
		other := api.Person(fmt.Sprint(900002+i), "B")
		other.Speak("bn_IN")
		if other.Break(payload) == "" {
			t.Errorf("%s is no first question", payload)
			continue
		}
		until(payload+" is answered", func() bool { return len(other.Last().Text) > 100 })
	}
	if status, body := s.get("/hook/messenger"); status != 403 || strings.Contains(body, pageVerify) {
		t.Errorf("a stranger gets %d %s", status, body)
	}
	_, metrics := s.get("/metrics")
	if !strings.Contains(metrics, "sarai_messenger_events_total 7") || strings.Contains(metrics, "900001") {
		t.Errorf("the metrics are %s", metrics)
	}
	s.stop()
	clean(t, s)
	m = who.Last()
	who.Say("salam")
	s = serveWith(t, dir)
	api.Hook(graph.Messenger, s.url+"/hook/messenger")
	until("what was written meanwhile is answered", func() bool { return who.Last().ID != m.ID })
	s.stop()
	clean(t, s)
}

// The secrets in the environment count before those in files.
func TestMessengerSecretsFromTheEnvironment(t *testing.T) {
	env := map[string]string{
		"SARAI_MESSENGER_PAGE_TOKEN": "a", "SARAI_MESSENGER_APP_SECRET": "b", "SARAI_MESSENGER_VERIFY_TOKEN": "c",
	}
	dir, _ := newPage(t, pageSection, graph.Options{})
	path := filepath.Join(dir, "sarai.toml")
	conf, err := readConfig(path, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if o := conf.messengerOptions(nil, nil); o.PageToken != "a" || o.AppSecret != "b" || o.VerifyToken != "c" || o.Comments {
		t.Errorf("from the environment came %q %q %q", o.PageToken, o.AppSecret, o.VerifyToken)
	}
	conf, err = readConfig(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if o := conf.messengerOptions(nil, nil); o.PageToken != pageToken || o.AppSecret != pageApp || o.VerifyToken != pageVerify {
		t.Error("the files were not read")
	}
	if n := len(conf.secretFiles(path)); n != 3 {
		t.Errorf("%d files are for nobody else", n)
	}
}

// doctor asks Meta, and says what to do.
func TestDoctorAsksMessenger(t *testing.T) {
	t.Parallel()
	dir, api := newPage(t, strings.Replace(pageSection, "paced", "comments = true\npaced", 1), graph.Options{Denied: []string{"pages_read_user_content"}})
	api.Publish("Safe ways to work abroad")
	doctor := func() string {
		out, _ := command(t, dir, "doctor", "--config", "sarai.toml", "--content", shelf(t)).CombinedOutput() // it fails: there is no staff
		if strings.Contains(string(out), "the-secret-of") {
			t.Errorf("a secret stands in: %s", out)
		}
		return string(out)
	}
	out := doctor()
	for _, want := range []string{
		`ok   messenger token: the Page is "Stand-in Centre"`, "ok   messenger permission to read and send messages",
		"FAIL messenger permission to read comments: a permission is missing", "ok   messenger subscriptions", "FAIL messenger webhook: public_url does not answer", "ok   messenger human agent: ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	api.Fail("", graph.Fault{Status: 401, Code: 190, Subcode: 463, Times: -1})
	if out := doctor(); !strings.Contains(out, "FAIL messenger token: Meta does not take the token any more") {
		t.Errorf("nobody minds the token:\n%s", out)
	}
	if out, err := command(t, dir, "messenger", "setup", "--config", "sarai.toml").CombinedOutput(); err == nil || !strings.Contains(string(out), "greeting and menu could not be set: ") || strings.Contains(string(out), "the-secret-of") {
		t.Errorf("setup says %s, %v", out, err)
	}
}

// What stands there before anybody writes fits Messenger in every language, and
// each first question leads to an article that is there.
func TestMessengerWordsFit(t *testing.T) {
	t.Parallel()
	phrases, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	cat, err := content.Load(content.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	all := messengerWords(phrases)
	if len(all) != len(phrases.Complete()) || all[0].Language != "en" {
		t.Fatalf("%d languages, the first is %s", len(all), all[0].Language)
	}
	fits := func(language, what, text string, most int) {
		if n := channels.UTF16(text); n == 0 || n > most {
			t.Errorf("%s: %s has %d characters: %s", language, what, n, text)
		}
	}
	for _, w := range all {
		fits(w.Language, "the greeting", w.Greeting, 160)
		for _, q := range w.Questions {
			fits(w.Language, "a question", q.Title, 80)
			if id, ok := strings.CutPrefix(q.Choice, "a:"); ok {
				if _, ok := cat.Article(content.ArticleID(id)); !ok {
					t.Errorf("%s: there is no article %s", w.Language, id)
				}
			} else if q.Say == "" {
				t.Errorf("%s: %q leads nowhere", w.Language, q.Title)
			}
		}
		for _, i := range w.Menu {
			fits(w.Language, "a line of the menu", i.Title, 30)
		}
		if len(w.Questions) != 4 || len(w.Menu) != 6 {
			t.Errorf("%s: %d questions, %d lines of the menu", w.Language, len(w.Questions), len(w.Menu))
		}
	}
}
