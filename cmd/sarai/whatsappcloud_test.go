// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sarai/content"
	"sarai/locales"
	"sarai/standin/graph"
)

const (
	cloudToken  = "the-secret-of-the-system-user"
	cloudApp    = "the-secret-of-the-app-0123456789"
	cloudVerify = "the-secret-of-the-handshake"
)

// cloudSection is a configuration with its secrets in files; API stands for Meta.
const cloudSection = `listen = "127.0.0.1:0"
[whatsapp_cloud]
phone_number_id = "200000000000023"
token_file = "token"
app_secret_file = "app"
verify_token_file = "verify"
graph_url = "API/v25.0"
paced = false
`

// newCloud is a folder with a configuration, and Meta on this machine.
func newCloud(t *testing.T, section string, o graph.Options) (dir string, api *graph.Server) {
	t.Helper()
	o.Token, o.AppSecret, o.VerifyToken, o.Second = cloudToken, cloudApp, cloudVerify, 5*time.Millisecond
	api = graph.New(o)
	srv := httptest.NewServer(api.Handler())
	t.Cleanup(func() { api.Close(); srv.CloseClientConnections(); srv.Close() })
	dir = t.TempDir()
	for name, text := range map[string]string{
		"token": cloudToken, "app": cloudApp, "verify": cloudVerify, "sarai.toml": strings.ReplaceAll(section, "API", srv.URL),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, api
}

// The real program, with its real store: Meta shakes hands with it, a person on
// WhatsApp talks with it, and what they write while it is stopped is answered after.
func TestWhatsAppCloud(t *testing.T) {
	t.Parallel()
	dir, api := newCloud(t, cloudSection, graph.Options{Unheard: true})
	ctx, end := context.WithTimeout(t.Context(), 30*time.Second)
	defer end()
	until := func(what string, holds func() bool) {
		t.Helper()
		if err := api.Await(ctx, holds); err != nil {
			t.Fatalf("this has not happened: %s", what)
		}
	}
	s := serveWith(t, dir)
	if err := api.Subscribe(ctx, graph.WhatsApp, s.url+"/hook/whatsapp"); err != nil {
		t.Fatal(err)
	}
	until("the app is subscribed to the account", func() bool { return api.Calls("POST /*/subscribed_apps") > 0 })
	who := api.Contact("491500000001", "Zarina")
	who.Say("salam")
	until("the program says who it is, with more choices than a list holds", func() bool { return strings.Contains(who.Last().Text, "\n12. ") })
	m := who.Last()
	who.Say("2")
	until("the number is understood", func() bool { return strings.Contains(who.Last().Text, "3. Agent fees") })
	m = who.Last()
	who.Say("3")
	until("the article is there, with choices", func() bool { return who.Last().ID != m.ID && len(who.Last().Buttons) > 0 })
	m = who.Last()
	if m.Opener != "" && m.Opener != "Menu" {
		t.Errorf("the list is opened by %q", m.Opener)
	}
	who.Press(m.ID, m.Buttons[0].Payload)
	until("the press is answered", func() bool { return who.Last().ID != m.ID })
	before := who.Last().ID
	who.Say("confidential words about my passport")
	until("the question is answered", func() bool { return who.Last().ID != before })
	if status, body := s.get("/hook/whatsapp"); status != 403 || strings.Contains(body, "the-secret-of") {
		t.Errorf("a stranger gets %d %s", status, body)
	}
	if _, body := s.get("/metrics"); !strings.Contains(body, "sarai_whatsapp_cloud_events_total ") || strings.Contains(body, "4915") {
		t.Errorf("the metrics are %s", body)
	}
	s.stop()
	cleanCloud(t, s)

	before = who.Last().ID
	who.Say("kya aap hain?")
	s = serveWith(t, dir)
	api.Hook(graph.WhatsApp, s.url+"/hook/whatsapp")
	until("what was written meanwhile is answered", func() bool { return who.Last().ID != before })
	s.stop()
	cleanCloud(t, s)
}

// cleanCloud says that the log of a server holds nothing of anybody.
func cleanCloud(t *testing.T, s *served) {
	t.Helper()
	for _, bad := range []string{"the-secret-of", "4915", "DE.", "Zarina", "confidential", "wamid"} {
		if strings.Contains(s.err.String(), bad) {
			t.Errorf("%q stands in the log: %s", bad, s.err.String())
		}
	}
}

// doctor asks Meta, and says what to do.
func TestDoctorAsksWhatsAppCloud(t *testing.T) {
	t.Parallel()
	dir, api := newCloud(t, cloudSection, graph.Options{})
	doctor := func() string {
		out, _ := command(t, dir, "doctor", "--config", "sarai.toml", "--content", shelf(t)).CombinedOutput() // it fails: there is no staff
		if strings.Contains(string(out), "the-secret-of") {
			t.Errorf("a secret stands in: %s", out)
		}
		return string(out)
	}
	out := doctor()
	for _, want := range []string{
		"ok   whatsapp_cloud token: it never ends", "ok   whatsapp_cloud number: +15550000001", "ok   whatsapp_cloud receiving: ",
		"FAIL whatsapp_cloud webhook: the public address does not answer",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "app"), 0o644); err != nil {
		t.Fatal(err)
	}
	api.Fail("GET /200000000000023", graph.Fault{Code: 131031, Times: -1})
	out = doctor()
	for _, want := range []string{"app: chmod 600 it", "FAIL whatsapp_cloud number: Meta has locked the account"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

// Secrets come from the environment too; what is wrong is named by file and line,
// without any of them.
func TestWhatsAppCloudConfiguration(t *testing.T) {
	t.Parallel()
	write := func(section string) string {
		path := filepath.Join(t.TempDir(), "sarai.toml")
		if err := os.WriteFile(path, []byte(section), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	all := map[string]string{
		"SARAI_WHATSAPP_CLOUD_TOKEN": cloudToken, "SARAI_WHATSAPP_CLOUD_APP_SECRET": cloudApp, "SARAI_WHATSAPP_CLOUD_VERIFY_TOKEN": cloudVerify,
	}
	env := func(name string) string { return all[name] }
	c, err := readConfig(write("public_url = \"https://chat.example.org\"\n[whatsapp_cloud]\nphone_number_id = \"1\"\ntoken = \"of the file\"\n"), env)
	if err != nil || c.WhatsAppCloud.Token != cloudToken || c.WhatsAppCloud.AppSecret != cloudApp || c.WhatsAppCloud.VerifyToken != cloudVerify {
		t.Fatalf("%+v, %v", c.WhatsAppCloud.PhoneNumberID, err)
	}
	if o := c.whatsappCloudOptions(nil, nil, nil); o.HookURL != "https://chat.example.org/hook/whatsapp" {
		t.Errorf("Meta would call %s", o.HookURL)
	}
	for section, want := range map[string]string{
		"[whatsapp_cloud]\ntoken = \"the-secret-of\"\n":                                                                                                  "phone_number_id is missing",
		"[whatsapp_cloud]\nphone_number_id = \"1\"\n":                                                                                                    "token is missing",
		"[whatsapp_cloud]\nphone_number_id = \"1\"\ntoken = \"the-secret-of\"\n":                                                                         "app_secret is missing",
		"[whatsapp_cloud]\nphone_number_id = \"1\"\ntoken = \"the-secret-of\"\napp_secret = \"the-secret-of\"\n":                                         "verify_token is missing",
		"[whatsapp_cloud]\nphone_number_id = \"+49 1\"\ntoken = \"t\"\napp_secret = \"s\"\nverify_token = \"v\"\n":                                       ":2: [whatsapp_cloud] phone_number_id is not one of Meta's",
		"[whatsapp_cloud]\nphone_number_id = \"1\"\ntoken = \"t\"\napp_secret = \"s\"\nverify_token = \"v\"\ngraph_url = \"http://graph.example.org\"\n": ":6: [whatsapp_cloud] graph_url must be an https address",
		"[whatsapp_cloud]\nphone_number_id = \"1\"\ntoken = \"t\"\napp_secret = \"s\"\nverify_token = \"v\"\npaced = false\n":                            ":6: [whatsapp_cloud] paced = false is only for a stand-in",
		"[whatsapp_cloud]\nphone_number_id = \"1\"\ntoken_file = \"not-there\"\n":                                                                        "token_file cannot be read",
		"[whatsapp_cloud]\nphone_number = \"1\"\n":                                                                                                       "unknown key",
	} {
		_, err := readConfig(write(section), func(string) string { return "" })
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "the-secret-of") {
			t.Errorf("%q: %v, not %q", section, err, want)
		}
	}
}

// A list is opened by a word that fits, in every language.
func TestWhatsAppOpenerFits(t *testing.T) {
	t.Parallel()
	phrases, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	opener := config{}.whatsappCloudOptions(phrases, nil, nil).Opener
	for _, l := range content.Locales() {
		if word := opener(string(l)); word == "" || len([]rune(word)) > 20 {
			t.Errorf("%s: %q", l, word)
		}
	}
}
