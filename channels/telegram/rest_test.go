// SPDX-License-Identifier: GPL-3.0-or-later

package telegram_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
	"sarai/standin/botapi"
)

// A clock that a test turns.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Somebody looks over the person's shoulder: hide takes the whole talk off their
// phone, their own words too.
func TestClearTakesBothSides(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{Unpaced: true})
	kept := p.listen()
	who := p.api.Person(900001, "")
	until(t, "it fetches", p.api.Polling)
	who.Start("")
	var ids []string
	for i := range 150 {
		who.Say(fmt.Sprint("confidential words ", i))
		r, err := p.ch.Send(t.Context(), say(person("900001"), fmt.Sprint("answer ", i)))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	who.Press(3, "menu")
	who.React(5, "🙏")
	who.Edit(2, "other words")
	until(t, "all is taken", func() bool { return p.api.Pending() == 0 && len(kept.all()) >= 153 })
	for _, in := range kept.all() {
		ids = append(ids, in.ID)
	}
	all, err := p.ch.Clear(t.Context(), person("900001"), ids)
	if err != nil || !all {
		t.Errorf("everything is gone: %v, %v", all, err)
	}
	if n := len(who.Screen()); n != 0 {
		t.Errorf("%d messages are still on the screen", n)
	}
	// What is gone already is no error.
	if all, err := p.ch.Clear(t.Context(), person("900001"), ids); err != nil || !all {
		t.Errorf("again: %v, %v", all, err)
	}
	if all, err := p.ch.Clear(t.Context(), person("900001"), nil); err != nil || !all {
		t.Errorf("nothing: %v, %v", all, err)
	}
}

// What is older than two days stays, and Clear says so; what is newer goes all
// the same, wherever it stands in the list.
func TestClearOfAnOldTalk(t *testing.T) {
	c := &clock{at: time.Now().Add(-72 * time.Hour)}
	p := open(t, botapi.Options{Now: c.now}, telegram.Options{Unpaced: true})
	who := p.api.Person(900001, "")
	var ids []string
	old := 250
	for range old {
		ids = append(ids, fmt.Sprintf("777/900001/%d", who.Say("old")))
	}
	c.turn(71 * time.Hour)
	for range 130 {
		ids = append(ids, fmt.Sprint(who.Say("new")))
	}
	all, err := p.ch.Clear(t.Context(), person("900001"), ids)
	if err != nil || all {
		t.Errorf("everything is gone: %v, %v", all, err)
	}
	for _, m := range who.Screen() {
		if m.Text == "new" {
			t.Fatal("something new is still there")
		}
	}
	if n := p.api.Calls("deleteMessages"); n > 40 {
		t.Errorf("it took %d requests", n)
	}
}

// How old a message may be that still goes is what the channel says of itself:
// the person is told by it whether something of the talk remains.
func TestClearsWithin(t *testing.T) {
	for name, x := range map[string]struct {
		age time.Duration
		all bool
	}{"younger": {-time.Minute, true}, "older": {time.Minute, false}} {
		c := &clock{at: time.Now()}
		p := open(t, botapi.Options{Now: c.now}, telegram.Options{Unpaced: true})
		id := p.api.Person(900001, "").Say("x")
		c.turn(p.ch.ClearsWithin() + x.age)
		if all, err := p.ch.Clear(t.Context(), person("900001"), []string{fmt.Sprint(id)}); all != x.all || err != nil {
			t.Errorf("%s: everything is gone: %v, %v", name, all, err)
		}
	}
}

func TestClearWhenItCannot(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{})
	id := fmt.Sprint(who.Say("x"))
	for name, ids := range map[string][]string{
		"another bot's":      {"778/900001/5"},
		"another chat's":     {"777/900002/5"},
		"none of Telegram's": {"abc"},
	} {
		if all, err := p.ch.Clear(t.Context(), person("900001"), ids); all || err != nil {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
	p.api.Fail("deleteMessages", botapi.Fault{Status: 500})
	if _, err := p.ch.Clear(t.Context(), person("900001"), []string{id}); problem(t, err).Problem != channels.Unavailable {
		t.Error(err)
	}
	if _, err := p.ch.Clear(t.Context(), person("x"), []string{id}); problem(t, err).Problem != channels.Rejected {
		t.Error(err)
	}
	p.api.Fail("deleteMessages", botapi.Fault{Status: 403, Description: "Forbidden: bot was blocked by the user"})
	if all, err := p.ch.Clear(t.Context(), person("900001"), []string{id}); all || err != nil {
		t.Errorf("blocked: %v, %v", all, err)
	}
}

// A voice note is fetched from Telegram, whole.
func TestFetch(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	kept := p.listen()
	content := bytes.Repeat([]byte("OggS"), 50_000)
	p.api.Person(900001, "").Voice(content, 3)
	until(t, "it arrives", func() bool { return len(kept.all()) == 1 })
	m := kept.all()[0].Media[0]
	f, err := p.ch.Fetch(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for name, x := range map[string]struct {
		method string
		fault  botapi.Fault
		want   channels.SendProblem
	}{
		"it is gone":              {"getFile", botapi.Fault{Status: 400, Description: "Bad Request: wrong file_id or the file is temporarily unavailable"}, channels.Rejected},
		"it is too large":         {"getFile", botapi.Fault{Status: 400, Description: "Bad Request: file is too big"}, channels.Rejected},
		"another form":            {"getFile", botapi.Fault{Status: 200, Body: `{"ok":true,"result":{"file_id":"x"}}`}, channels.Rejected},
		"out of its folder":       {"getFile", botapi.Fault{Status: 200, Body: `{"ok":true,"result":{"file_id":"x","file_path":"../../bot/getMe"}}`}, channels.Rejected},
		"another host":            {"getFile", botapi.Fault{Status: 200, Body: `{"ok":true,"result":{"file_id":"x","file_path":"//evil.example/a"}}`}, channels.Rejected},
		"21 MB":                   {"getFile", botapi.Fault{Status: 200, Body: `{"ok":true,"result":{"file_id":"x","file_path":"a/b","file_size":22020096}}`}, channels.Rejected},
		"Telegram is ill":         {"getFile", botapi.Fault{Status: 500}, channels.Unavailable},
		"the token":               {"getFile", botapi.Fault{Status: 401}, channels.Misset},
		"too often":               {"getFile", botapi.Fault{RetryAfter: 3}, channels.Throttled},
		"the file is ill":         {"file", botapi.Fault{Status: 500}, channels.Unavailable},
		"the file is not there":   {"file", botapi.Fault{Status: 404}, channels.Rejected},
		"the file is not to have": {"file", botapi.Fault{Status: 403, Body: "<html>"}, channels.Unavailable},
		"the file is elsewhere":   {"file", botapi.Fault{Status: 302, Body: "<html>"}, channels.Unavailable},
	} {
		p.api.Fail(x.method, x.fault)
		before := p.api.Calls("file")
		f, err := p.ch.Fetch(t.Context(), m)
		if x.method == "getFile" && p.api.Calls("file") != before {
			t.Errorf("%s: a file was asked for", name)
		}
		if err == nil {
			f.Close()
			t.Errorf("%s: there is a file", name)
			p.api.Heal()
			continue
		}
		if e := problem(t, err); e.Problem != x.want {
			t.Errorf("%s: %v", name, e)
		}
		p.clean(fmt.Sprintf("%v %#v", err, err))
	}
	for _, m := range []channels.Media{{}, {Ref: "x", Size: 21 << 20}} {
		if _, err := p.ch.Fetch(t.Context(), m); problem(t, err).Problem != channels.Rejected {
			t.Error(err)
		}
	}
}

// The connection breaks in the middle of a file, or the file has more than it
// was said to have: the reader is told, in words without the token.
func TestAFetchBreaksOff(t *testing.T) {
	var more bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/getFile") {
			_, _ = w.Write([]byte(`{"ok":true,"result":{"file_id":"x","file_path":"voice/file 1?.oga"}}`))
			return
		}
		if want := "/file/bot" + token + "/voice/file%201%3F.oga"; r.URL.EscapedPath() != want {
			t.Errorf("asked for %s", r.URL.EscapedPath())
		}
		if more {
			for range 21 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
			return
		}
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("half"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer srv.Close()
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	for more = range map[bool]bool{false: true, true: true} {
		f, err := ch.Fetch(t.Context(), channels.Media{Ref: "x"})
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, f)
		want := channels.Unavailable
		if more {
			want = channels.Rejected
		}
		if e := problem(t, err); e.Problem != want || n > 20<<20 {
			t.Errorf("%d bytes, then %v", n, err)
		}
		(&place{t: t}).clean(err.Error())
		f.Close()
	}
}

func words() []telegram.Words {
	return []telegram.Words{
		{Language: "en", Description: "A program answers.", Short: "Free.", Commands: []telegram.Command{{Name: "menu", Description: "The menu"}, {Name: "hide", Description: "Clear the screen"}}},
		{Language: "ru", Description: "Отвечает программа.", Short: "Бесплатно.", Commands: []telegram.Command{{Name: "menu", Description: "Меню"}, {Name: "hide", Description: "Убрать"}}},
	}
}

// The menu and the description are there in the person's language, and setting
// them up again changes nothing.
func TestSetup(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{Words: words()})
	n, err := p.ch.Setup(t.Context())
	if err != nil || n != 9 { // three things for everybody, in English and in Russian
		t.Errorf("%d changes, %v", n, err)
	}
	for language, want := range map[string]string{"ru": "Убрать", "en": "Clear the screen", "bn": "Clear the screen"} {
		who := p.api.Person(int64(900000+len(want)), language)
		menu := who.Menu()
		if len(menu) != 2 || menu[1].Command != "hide" || menu[1].Description != want {
			t.Errorf("%s: the menu is %v", language, menu)
		}
		if about := who.About(); (language == "ru") != strings.Contains(about, "программа") {
			t.Errorf("%s: the empty chat says %q", language, about)
		}
	}
	sets := p.api.Calls("setMyCommands") + p.api.Calls("setMyDescription") + p.api.Calls("setMyShortDescription")
	if n, err := p.ch.Setup(t.Context()); n != 0 || err != nil {
		t.Errorf("again: %d changes, %v", n, err)
	}
	if now := p.api.Calls("setMyCommands") + p.api.Calls("setMyDescription") + p.api.Calls("setMyShortDescription"); now != sets {
		t.Error("it was set again")
	}
	p.api.Fail("setMyDescription", botapi.Fault{RetryAfter: 5})
	p.api.Fail("getMyDescription", botapi.Fault{Status: 200, Body: `{"ok":true,"result":{"description":"somebody else's"}}`})
	if _, err := p.ch.Setup(t.Context()); problem(t, err).Problem != channels.Throttled {
		t.Error(err)
	}
}

// Telegram does not know a language, or words for one are too long: the others
// are set all the same.
func TestSetupOfALanguageThatIsRefused(t *testing.T) {
	w := words()
	w = append([]telegram.Words{w[0], {Language: "xx", Description: strings.Repeat("x", 513)}}, w[1:]...)
	p := open(t, botapi.Options{}, telegram.Options{Words: w})
	p.api.Fail("setMyDescription", botapi.Fault{Status: 400, Description: "Bad Request: invalid language code specified", Times: 2})
	n, err := p.ch.Setup(t.Context())
	if e := problem(t, err); e.Problem != channels.Rejected || n != 7 {
		t.Errorf("%d changes, %v", n, err)
	}
	if menu := p.api.Person(900001, "ru").Menu(); len(menu) != 2 || menu[1].Description != "Убрать" {
		t.Errorf("the menu in Russian is %v", menu)
	}
	if n, err := p.ch.Setup(t.Context()); n != 2 || problem(t, err).Problem != channels.Rejected { // only what was refused
		t.Errorf("again: %d changes, %v", n, err)
	}
}

func TestSetupOfWordsThatDoNotFit(t *testing.T) {
	for name, change := range map[string]func(*telegram.Words){
		"a long description":       func(w *telegram.Words) { w.Description = strings.Repeat("x", 513) },
		"a long short description": func(w *telegram.Words) { w.Short = strings.Repeat("x", 121) },
		"a command in capitals":    func(w *telegram.Words) { w.Commands[0].Name = "Menu" },
		"a long command":           func(w *telegram.Words) { w.Commands[0].Description = strings.Repeat("x", 257) },
		"an empty command":         func(w *telegram.Words) { w.Commands[0].Description = "" },
	} {
		w := words()
		change(&w[0])
		p := open(t, botapi.Options{}, telegram.Options{Words: w})
		if _, err := p.ch.Setup(t.Context()); problem(t, err).Problem != channels.Rejected {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What doctor says, when all is well and when it is not.
func TestCheck(t *testing.T) {
	hook := telegram.Options{WebhookURL: "https://chat.example.org/hook/telegram", SecretToken: secret}
	set := func(p *place, url string) {
		if url == hook.WebhookURL { // as the server does it at its start
			p.keep()
			until(t, "the webhook is set", func() bool { return p.webhook().URL == url })
			return
		}
		if _, err := http.Get(p.url + "/bot" + token + "/setWebhook?url=" + url); err != nil {
			t.Fatal(err)
		}
	}
	for name, x := range map[string]struct {
		options telegram.Options
		ill     func(*place)
		ok      []string // findings that are well
		bad     []string // and that are not, with words of the advice
	}{
		"polling": {
			ok: []string{"telegram token: the bot is @sarai_stand_in_bot", "telegram clock", "telegram receiving: by fetching"},
		},
		"a webhook": {
			options: hook, ill: func(p *place) { set(p, hook.WebhookURL) },
			ok: []string{"telegram token", "telegram clock", "telegram receiving: by webhook"},
		},
		"a webhook though it polls": {
			ill: func(p *place) { set(p, "https://another.example.org/hook") },
			ok:  []string{"telegram token"}, bad: []string{"telegram receiving: a webhook is set"},
		},
		"no webhook": {
			options: hook, bad: []string{"telegram receiving: no webhook is set"},
		},
		"another webhook": {
			options: hook, ill: func(p *place) { set(p, "https://another.example.org/hook") },
			bad: []string{"telegram receiving: the webhook is another address"},
		},
		"a webhook that nobody answers": {
			options: telegram.Options{WebhookURL: "http://127.0.0.1:9/hook/telegram", SecretToken: secret},
			ill: func(p *place) {
				set(p, "http://127.0.0.1:9/hook/telegram")
				p.api.Person(900001, "").Say("confidential words")
				until(t, "a delivery has failed", func() bool { return p.failed() })
			},
			ok: []string{"telegram receiving: by webhook, 1 wait"}, bad: []string{"telegram webhook: Telegram could not deliver"},
		},
		"many wait": {
			ill: func(p *place) {
				for range 101 {
					p.api.Person(900001, "").Say("x")
				}
			},
			bad: []string{"telegram pending: 101 updates wait"},
		},
		"a wrong token": {
			ill: func(p *place) { p.api.Fail("getMe", botapi.Fault{Status: 401}) },
			bad: []string{"telegram token: Telegram does not know the token"},
		},
		"not to be reached": {
			ill: func(p *place) { p.api.Fail("getMe", botapi.Fault{Status: 502, Body: "<html>"}) },
			bad: []string{"telegram: Telegram, or something before it"},
		},
		"half": {
			ill: func(p *place) { p.api.Fail("getWebhookInfo", botapi.Fault{Status: 500}) },
			ok:  []string{"telegram token"}, bad: []string{"telegram receiving: "},
		},
		"a clock that is wrong": {
			options: telegram.Options{Now: func() time.Time { return time.Now().Add(3 * time.Minute) }},
			bad:     []string{"telegram clock: this machine's clock is off by 3m"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, botapi.Options{}, x.options)
			if x.ill != nil {
				x.ill(p)
			}
			var lines []string
			for _, f := range p.ch.Check(t.Context()) {
				mark := "ok "
				if !f.OK {
					mark = "FAIL "
				}
				lines = append(lines, mark+f.What+": "+f.Advice)
			}
			all := "\n" + strings.Join(lines, "\n")
			for _, s := range x.ok {
				if !strings.Contains(all, "\nok "+s) {
					t.Errorf("missing: ok %s in %s", s, all)
				}
			}
			for _, s := range x.bad {
				if !strings.Contains(all, "\nFAIL "+s) {
					t.Errorf("missing: FAIL %s in %s", s, all)
				}
			}
			if len(x.bad) == 0 && strings.Contains(all, "\nFAIL") {
				t.Errorf("something is said to be wrong: %s", all)
			}
			p.clean(all)
		})
	}
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	f := ch.Check(t.Context())
	if len(f) != 1 || f[0].OK || !strings.Contains(f[0].Advice, "cannot be reached") {
		t.Errorf("found: %+v", f)
	}
}

// failed says whether a delivery to the webhook has failed.
func (p *place) failed() bool {
	resp, err := http.Get(p.url + "/bot" + token + "/getWebhookInfo")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return err == nil && bytes.Contains(b, []byte("last_error_date"))
}

// A redirect would take the token to another host: it is not followed, by
// nothing that asks.
func TestTheTokenStaysHere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked for %s", r.URL.Path)
	}))
	defer elsewhere.Close()
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch {
		case strings.HasSuffix(r.URL.Path, "/getFile"):
			_, _ = w.Write([]byte(`{"ok":true,"result":{"file_id":"x","file_path":"a/b"}}`))
			return
		case strings.HasSuffix(r.URL.Path, "/getWebhookInfo"):
			_, _ = w.Write([]byte(`{"ok":true,"result":{"url":""}}`))
			return
		}
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusPermanentRedirect)
	}))
	defer srv.Close()
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: srv.URL, Words: words()})
	if err != nil {
		t.Fatal(err)
	}
	_, sendErr := ch.Send(t.Context(), say(person("900001"), "x"))
	_, fetchErr := ch.Fetch(t.Context(), channels.Media{Ref: "x"})
	_, setupErr := ch.Setup(t.Context())
	_, clearErr := ch.Clear(t.Context(), person("900001"), []string{"5"})
	for _, err := range []error{sendErr, fetchErr, setupErr, clearErr, ch.Typing(t.Context(), person("900001"))} {
		if e := problem(t, err); e.Problem != channels.Unavailable {
			t.Error(e)
		}
	}
	ch.Check(t.Context())
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	before := asked.Load()
	go func() {
		done <- ch.Hasten().Poller().Listen(ctx, func(context.Context, ...channels.Inbound) error { return errors.New("nothing can come") })
	}()
	until(t, "the poller has asked", func() bool { return asked.Load() > before+2 })
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
