// SPDX-License-Identifier: GPL-3.0-or-later

//go:build linux

package e2e

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
	"sarai/standin/botapi"
	"sarai/store"
	"sarai/store/bolt"
)

// An aviary is an installation through which marks are sent, and where it is
// looked for them.
type aviary struct {
	*botCentre
	m      *marks
	secret string // of the webhook
	token  string // of the bot
	spared string // how the names of files begin that are not sealed by their nature; "": none

	desk    *http.Client // somebody who is signed in
	printed bytes.Buffer // what commands printed
	seen    []sight      // what was answered to strangers
	updates int64        // the number of the last update that was made by hand
	wrote   time.Time    // when zahra had written all that she can
}

// A sight is what a stranger was answered, and what they had sent: that may be in
// the answer.
type sight struct{ what, sent, got string }

const (
	zahra = "zahra" // who is erased
	bilal = "bilal" // who stays

	// What is zahra's and in no export: it must go all the same.
	unshown = "zahra, unshown"
)

func newAviary(t *testing.T) *aviary {
	m := &marks{}
	a := &aviary{m: m, token: strconv.Itoa(7_000_000+rand.IntN(1_000_000)) + ":" + m.latin("token of the bot", "") + "-stand-in", secret: m.latin("secret of the webhook", "") + m.latin("second half of the secret of the webhook", "") + "-of-the-webhook"}
	a.botCentre = newBotCentre(t, botapi.Options{Token: a.token, Second: 10 * time.Millisecond})
	return a
}

// configures writes the configuration. mode is "poll" or "webhook".
func (a *aviary) configures(mode string) {
	a.t.Helper()
	conf := fmt.Sprintf("listen = %q\npublic_url = \"http://%s\"\n[telegram]\ntoken = %q\napi_url = %q\nmode = %q\npaced = false\n", a.listen, a.listen, a.token, a.botCentre.url, mode)
	if mode == "webhook" {
		conf += fmt.Sprintf("secret_token = %q\n", a.secret)
	}
	if err := os.WriteFile(filepath.Join(a.dir, "sarai.toml"), []byte(conf), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// runs runs a command, whatever its status, and gives what it printed.
func (a *aviary) runs(args ...string) string {
	a.t.Helper()
	cmd := exec.Command(binary, append(args, "--config", "sarai.toml")...)
	cmd.Dir = a.dir
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		a.t.Fatal(err)
	}
	return string(out)
}

// prints runs a command of whose words none may be a mark.
func (a *aviary) prints(args ...string) string {
	a.t.Helper()
	said := a.runs(args...)
	a.printed.WriteString(said)
	return said
}

// until waits until something holds that the platform does not see.
func (a *aviary) until(what string, holds func() bool) {
	a.t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			a.t.Fatalf("%s: never\n%s", what, a.log)
		}
	}
}

// stranger sends a request of somebody who is nobody, and keeps the answer.
func (a *aviary) stranger(method, path, body string, header ...string) int {
	a.t.Helper()
	req, err := http.NewRequest(method, a.centre.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	sent := path + "\n" + body
	for i := 0; i+1 < len(header); i += 2 {
		req.Header[http.CanonicalHeaderKey(header[i])] = []string{header[i+1]}
		sent += "\n" + header[i+1]
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // it follows nothing
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	got := string(b)
	for k, vs := range resp.Header {
		if k != "Set-Cookie" {
			got += "\n" + k + ": " + strings.Join(vs, " ")
		}
	}
	a.seen = append(a.seen, sight{method + " of a stranger", sent, got})
	return resp.StatusCode
}

// hook calls the webhook as Telegram does.
func (a *aviary) hook(body string) int {
	return a.stranger("POST", telegram.Path, body, "X-Telegram-Bot-Api-Secret-Token", a.secret)
}

// update makes an update by hand.
func (a *aviary) update(kind string, content map[string]any) {
	a.t.Helper()
	a.updates++
	b, err := json.Marshal(map[string]any{"update_id": 900_000_000 + a.updates, kind: content})
	if err != nil {
		a.t.Fatal(err)
	}
	if status := a.hook(string(b)); status != http.StatusOK {
		a.t.Fatalf("an update of the kind %s is answered %d", kind, status)
	}
}

// chats has somebody write on the website chat.
func (a *aviary) chats(token, text string) int {
	a.t.Helper()
	b, err := json.Marshal(map[string]string{"id": "message-" + strconv.FormatInt(rand.Int64(), 36), "kind": "text", "text": text})
	if err != nil {
		a.t.Fatal(err)
	}
	return a.stranger("POST", "/chat/api/messages", string(b), "Authorization", "Bearer "+token, "Content-Type", "application/json")
}

// gets reads a page of the desk.
func (a *aviary) gets(path string) (int, string) {
	a.t.Helper()
	resp, err := a.desk.Get(a.centre.url + path)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// fills sends a form of the desk, and follows to the page that it answers with.
func (a *aviary) fills(path string, fields ...string) (int, string) {
	a.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	resp, err := a.desk.PostForm(a.centre.url+path, form)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// posts sends a form that is answered with that status.
func (a *aviary) posts(want int, path string, fields ...string) string {
	a.t.Helper()
	status, page := a.fills(path, fields...)
	if status != want {
		a.t.Fatalf("%s answers %d, want %d", regexp.MustCompile(`[a-z2-7]{26}`).ReplaceAllString(path, "…"), status, want)
	}
	return page
}

// attaches sends a file from the desk.
func (a *aviary) attaches(path, text, name string, content []byte) {
	a.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	err := errors.Join(form.WriteField("key", formKey()), form.WriteField("text", text))
	part, err2 := form.CreateFormFile("file", name)
	if err = errors.Join(err, err2); err == nil {
		_, err = part.Write(content)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		a.t.Fatal(err)
	}
	resp, err := a.desk.Post(a.centre.url+path, form.FormDataContentType(), &b)
	if err != nil {
		a.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		a.t.Fatalf("a file from the desk is answered %d", resp.StatusCode)
	}
}

func formKey() string { return fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()) }

// talk finds somebody's case by what it shows.
func (a *aviary) talk(of string) string {
	a.t.Helper()
	shows := func(page string) bool {
		return slices.ContainsFunc(a.m.kept(of), func(x mark) bool { return strings.Contains(page, x.core) })
	}
	for _, list := range []string{"/desk", "/desk?list=mine", "/desk?list=others", "/desk?list=closed"} {
		_, page := a.gets(list)
		for _, m := range regexp.MustCompile(`href="(/desk/talks/[a-z0-9]+)#newest"`).FindAllStringSubmatch(page, -1) {
			if _, talk := a.gets(m[1]); shows(talk) {
				return m[1]
			}
		}
	}
	a.t.Fatalf("no case shows what was written\n%s", a.log)
	return ""
}

// exports gives everything that an export of a talk holds.
func (a *aviary) exports(talk string) []byte {
	a.t.Helper()
	all := a.posts(http.StatusOK, talk+"/export", "notes", "1")
	return unzip(a.t, []byte(all))
}

func unzip(t *testing.T, b []byte) (all []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		all = append(append(append(all, f.Name...), '\n'), content...)
	}
	return all
}

// jpeg is a picture as far as its first bytes say, with a comment.
func jpeg(comment string) []byte {
	b := append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xfe"), byte((len(comment)+2)>>8), byte(len(comment)+2))
	return append(append(b, comment...), "\xff\xd9"...)
}

// regular are the names of the files in a folder and below.
func regular(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, strings.TrimPrefix(path, dir+string(filepath.Separator)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// lacks says which marks are where none may be. Marks that allowed holds are
// looked over.
func (a *aviary) lacks(f *finder, where string, b []byte, allowed ...string) {
	a.t.Helper()
	for i, form := range f.in(b) {
		core := f.marks[i].core
		if !slices.ContainsFunc(allowed, func(s string) bool {
			return strings.Contains(s, core) || strings.Contains(s, url.QueryEscape(core)) || strings.Contains(html.UnescapeString(s), core)
		}) {
			a.t.Errorf("%s holds a mark: %s (%s)", where, f.marks[i].what, form)
		}
	}
}

// nowhere looks through everything that somebody may get hold of.
func (a *aviary) nowhere(when string) {
	a.t.Helper()
	f := a.m.finder()
	size := 0
	look := func(where string, b []byte, allowed ...string) {
		a.t.Helper()
		size += len(b)
		a.lacks(f, when+": "+where, b, allowed...)
	}
	look("standard error of the server", []byte(a.log.String()))
	look("standard output of the server", []byte(a.later.String()))
	look("what commands print", a.printed.Bytes())
	for _, name := range regular(a.t, a.dir) {
		look("the name of a file", []byte(name))
		if base := filepath.Base(name); base == "sarai.toml" || base == "installation.key" {
			continue // they hold secrets by their nature
		}
		if a.spared != "" && strings.HasPrefix(name, a.spared) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(a.dir, name))
		if err != nil {
			a.t.Fatal(err)
		}
		look(name, b)
	}
	for _, s := range a.seen {
		look(s.what, []byte(s.got), s.sent)
	}
	a.t.Logf("%s: %d marks, looked for in %d bytes", when, len(f.marks), size)
}

func TestWhatPeopleSayIsNowhereInTheClear(t *testing.T) {
	a := newAviary(t)
	temporary := filepath.Join(a.dir, "tmp") // it is looked through, too
	if err := os.Mkdir(temporary, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temporary)
	a.configures("webhook")
	a.start()
	a.signsUp()
	z, b := a.zahraWrites(), a.bilalWrites()
	a.strangers(z.ID())
	zahras, bilals := a.staffWork()
	a.platformFails()
	a.asks()
	a.nowhere("while it runs")

	paper := a.recoveryKey()
	if said := a.prints("backup"); !strings.Contains(said, "talks") {
		t.Fatalf("no backup is made: %s", said)
	}
	if err := a.end(syscall.SIGABRT); err == nil || !strings.Contains(a.log.String(), "goroutine ") {
		t.Errorf("a crash ends with %v, without a dump", err)
	}
	poisoned := a.poison()
	a.configures("poll")
	a.few = testing.Short() // the first start had all: what follows is no matter of articles
	a.start()
	a.polled(z, b)
	poisoned.Say(a.m.awkward("text of somebody whose talk is damaged", ""))
	a.await("an apology", func() bool { return poisoned.Last().ID > 0 })
	a.until("a poisoned message is in the log", func() bool { return strings.Contains(a.log.String(), "could not be decided") })
	if err := a.end(syscall.SIGQUIT); err == nil || strings.Count(a.log.String(), "goroutine 1 ") < 2 {
		t.Errorf("a second crash ends with %v, without a dump", err)
	}
	a.fullDisk()
	a.commands()
	a.nowhere("after crashes and a full disk")
	if n := len(a.m.all); n < 50 {
		t.Errorf("only %d marks were sent", n)
	}

	a.erases(z, zahras, bilals, paper)
}

// signsUp makes the first administrator, with marks for names.
func (a *aviary) signsUp() {
	a.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	a.desk = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	link := regexp.MustCompile(`/desk/first\S+`).FindString(a.said)
	_, page := a.gets(link)
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		a.t.Fatal("the link for the first administrator shows no form")
	}
	a.m.known("the link's token", token[1])
	password := a.m.latin("password", "")
	a.posts(http.StatusOK, "/desk/first", "token", token[1], "login", a.m.latin("sign-in name", ""), "name", a.m.awkwardName("name of staff"), "password", password, "again", password)
	u, _ := url.Parse(a.centre.url)
	for _, c := range jar.Cookies(u) {
		a.m.known("session", c.Value)
	}
	if len(jar.Cookies(u)) == 0 {
		a.t.Fatal("nobody is signed in")
	}
	a.posts(http.StatusOK, "/desk/staff", "login", a.m.latin("a colleague's sign-in name", ""), "name", a.m.urdu("a colleague's name", ""), "role", "counsellor")
	a.posts(http.StatusOK, "/desk/profile", "name", a.m.awkwardName("new name of staff"), "locale", "en")
}

// awkwardName is what somebody can be called.
func (m *marks) awkwardName(what string) string {
	return m.latin(what, "") + " <i>&\"'" + m.cyrillic(what, "")
}

// from is zahra as Telegram describes a sender.
func (a *aviary) from(id int64) map[string]any {
	m := a.m
	return map[string]any{"id": id, "is_bot": false, "first_name": m.latin("first name", unshown) + " <i>&\"'" + m.cyrillic("first name", unshown),
		"last_name": m.urdu("last name", unshown), "username": m.latin("user name", unshown), "language_code": "en"}
}

func (a *aviary) newcomer(what, of string) *botapi.Person {
	id, err := strconv.ParseInt(a.m.digits("number of "+what, of, 15), 10, 64)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.api.Person(id, "en")
}

// zahraWrites does everything that a person can do on Telegram, and ends with a
// case.
func (a *aviary) zahraWrites() *botapi.Person {
	a.t.Helper()
	m, p := a.m, a.newcomer(zahra, unshown)
	p.Start(m.latin("campaign", ""))
	p.Say(m.awkward("first text", zahra))
	a.agrees(p)
	p.Say("/" + m.latin("command", zahra))
	first := p.Say(m.awkward("text", zahra))
	p.Edit(first, m.awkward("edited text", zahra))
	p.Reply(first, m.urdu("reply", zahra))
	p.Contact("+"+m.digits("telephone number", zahra, 12), false)
	lat, lon := "31."+strconv.Itoa(1_000_001+rand.IntN(8_000_000)|1), "74."+strconv.Itoa(1_000_001+rand.IntN(8_000_000)|1)
	x, _ := strconv.ParseFloat(m.known("latitude", lat), 64)
	y, _ := strconv.ParseFloat(m.known("longitude", lon), 64)
	p.Place(x, y)
	p.Sticker(m.urdu("sticker", zahra))
	p.Photo(jpeg(m.latin("comment in a picture", zahra)), m.awkward("caption", zahra))
	p.Document(m.latin("name of a file", zahra)+m.cyrillic("name of a file in Cyrillic", zahra)+".txt", "text/plain", []byte("note\n"+m.awkward("content of a file", zahra)))
	p.Document(m.latin("name of a program", zahra)+".exe", "application/"+m.latin("type of a file", ""), []byte("MZ\x90\x00"+m.latin("content of a program", unshown)))
	p.Voice(append([]byte("OggS\x00\x02"), m.latin("content of a voice note", unshown)...), 3)
	p.Press(first, m.latin("data of a button", zahra))
	a.await("the bot takes what was done", func() bool { return a.api.Pending() == 0 })

	chat := map[string]any{"id": p.ID(), "type": "private", "first_name": m.latin("first name of a chat", unshown)}
	now := time.Now().Unix()
	a.update("message", map[string]any{"message_id": 800_001, "date": now, "from": a.from(p.ID()), "chat": chat, "text": m.cyrillic("text of a named person", zahra)})
	a.update("message", map[string]any{"message_id": 800_002, "date": now, "from": a.from(p.ID()), "chat": chat, "venue": map[string]any{
		"location": map[string]any{"latitude": 30, "longitude": 70}, "title": m.latin("title of a place", zahra), "address": m.urdu("address of a place", zahra)}})
	a.update("message", map[string]any{"message_id": 800_003, "date": now, "from": a.from(p.ID()), "chat": chat, "hologram": map[string]any{"secret": m.awkward("message of no known kind", unshown)}})
	a.update("message_reaction", map[string]any{"message_id": first, "date": now, "user": a.from(p.ID()), "chat": chat, "new_reaction": []any{map[string]any{"type": "emoji", "emoji": m.urdu("reaction", unshown)}}})
	a.update("hologram", map[string]any{"date": now, "from": a.from(p.ID()), "secret": m.awkward("update of no known kind", unshown)})
	a.update("my_chat_member", map[string]any{"date": now, "from": a.from(p.ID()), "chat": chat, "new_chat_member": map[string]any{"status": m.latin("status of a member", unshown)}})
	a.update("message", map[string]any{"message_id": 800_004, "date": now, "from": a.from(p.ID()), "chat": map[string]any{"id": -1_000_000_000_001, "type": "supergroup", "title": m.awkward("title of a group", "")}, "text": m.latin("text in a group", "")})
	p.Say(m.awkward("last text", zahra))
	a.await("the bot takes all", func() bool { return a.api.Pending() == 0 })
	a.wrote = time.Now()
	return p
}

// agrees has somebody ask for a counsellor.
func (a *aviary) agrees(p *botapi.Person) {
	a.t.Helper()
	for _, word := range []string{"counsellor", "yes"} {
		p.Say(word)
		a.await(word+" is taken", func() bool { return a.api.Pending() == 0 })
	}
}

// bilalWrites does less: all of it must still be there in the end.
func (a *aviary) bilalWrites() *botapi.Person {
	a.t.Helper()
	m, p := a.m, a.newcomer(bilal, "")
	p.Say(m.awkward("another's text", bilal))
	p.Document(m.latin("another's name of a file", bilal)+".txt", "text/plain", []byte(m.awkward("another's content of a file", bilal)))
	a.agrees(p)
	return p
}

// strangers send what is wrong, and write on the website.
func (a *aviary) strangers(victim int64) {
	a.t.Helper()
	m := a.m
	want := func(what string, got, want int) {
		a.t.Helper()
		if got != want {
			a.t.Errorf("%s is answered %d, want %d", what, got, want)
		}
	}
	want("broken JSON", a.hook(`{"update_id":1,"message":{"text":"`+m.awkward("broken JSON", "")), http.StatusBadRequest)
	want("what is no update", a.hook(`{"text":"`+m.latin("no update", "")+`"}`), http.StatusBadRequest)
	want("a forged secret", a.stranger("POST", telegram.Path, `{"update_id":2,"message":{"text":"`+m.latin("forged update", "")+`"}}`, "X-Telegram-Bot-Api-Secret-Token", m.latin("forged secret", "")), http.StatusUnauthorized)
	want("too much", a.hook(`{"update_id":3,"x":"`+m.latin("too long an update", "")+strings.Repeat("x", 1<<20)+`"}`), http.StatusRequestEntityTooLarge)

	token := m.known("key of a web chat", fmt.Sprintf("%022d", rand.Uint64())[:22])
	m.known("address of a web chat", hash(token))
	want("a message", a.chats(token, m.awkward("text on the website", "")), http.StatusOK)
	want("a danger", a.chats(token, "they locked me in a room and took my passport "+m.latin("text of somebody in danger", "")), http.StatusOK)
	files := func(content []byte) int {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		said, _ := json.Marshal(map[string]string{"id": "message-" + strconv.FormatInt(rand.Int64(), 36), "kind": "document",
			"text": m.awkward("caption on the website", ""), "name": m.latin("name of a file on the website", "") + ".jpg"})
		err := form.WriteField("message", string(said))
		part, err2 := form.CreateFormFile("file", m.latin("name of a field on the website", ""))
		if err = errors.Join(err, err2); err == nil {
			_, err = part.Write(content)
		}
		if err = errors.Join(err, form.Close()); err != nil {
			a.t.Fatal(err)
		}
		return a.stranger("POST", "/chat/api/files", b.String(), "Authorization", "Bearer "+token, "Content-Type", form.FormDataContentType())
	}
	want("a picture", files(jpeg(m.latin("picture on the website", ""))), http.StatusOK)
	want("a page for a picture", files([]byte("<html>"+m.latin("page on the website", ""))), http.StatusUnprocessableEntity)
	want("a file of nobody's", a.stranger("GET", "/chat/api/files/1/"+m.latin("name of no file on the website", ""), "", "Authorization", "Bearer "+token), http.StatusNotFound)
	head := []string{"Authorization", "Bearer " + token, "Content-Type", "application/json",
		"X-Forwarded-For", m.known("network address", fmt.Sprintf("203.0.113.%d, 198.51.%d.%d", 100+rand.IntN(100), 100+rand.IntN(100), 100+rand.IntN(100))),
		"User-Agent", m.latin("browser", ""), "Referer", "https://example.org/" + m.latin("page before", "")}
	want("a choice", a.stranger("POST", "/chat/api/messages", `{"id":"message-choice","kind":"choice","choice":"`+m.latin("choice on the website", "")+`","campaign":"`+m.latin("campaign on the website", "")+`"}`, head...), http.StatusOK)
	want("an unknown kind", a.stranger("POST", "/chat/api/messages", `{"id":"message-strange","kind":"`+m.latin("kind on the website", "")+`","more":"`+m.urdu("more on the website", "")+`"}`, head...), http.StatusOK)
	want("bad JSON", a.stranger("POST", "/chat/api/messages", `{"id":"message-broken","text":"`+m.awkward("broken JSON on the website", ""), head...), http.StatusBadRequest)
	want("a bad id", a.stranger("POST", "/chat/api/messages", `{"id":"`+m.urdu("bad id", "")+`","kind":"text","text":"x"}`, head...), http.StatusBadRequest)
	want("a bad number", a.stranger("GET", "/chat/api/messages?after="+m.latin("bad number", ""), "", head...), http.StatusBadRequest)
	want("a bad key", a.stranger("GET", "/chat/api/messages", "", "Authorization", "Bearer "+m.latin("bad key", "")), http.StatusUnauthorized)
	want("six words that are none", a.stranger("POST", "/chat/api/enter", `{"code":"`+m.urdu("no six words", "")+`"}`, head...), http.StatusBadRequest)
	if status := a.stranger("POST", "/chat/api/code", "{}", head...); status != http.StatusOK {
		a.t.Errorf("a code of six words is answered %d", status)
	}
	last := &a.seen[len(a.seen)-1]
	var code struct {
		Words map[string][]string `json:"words"`
	}
	_ = json.NewDecoder(strings.NewReader(last.got)).Decode(&code)
	for script, words := range code.Words {
		m.known("six words in "+script, strings.Join(words, " "))
		m.known("six words in one, in "+script, strings.Join(words, ""))
	}
	last.sent = last.got // they are asked for
	want("six words", a.stranger("POST", "/chat/api/enter", `{"code":"`+strings.Join(code.Words["arab"], " ")+`"}`, head...), http.StatusOK)
	a.seen[len(a.seen)-1].sent += strings.Join(code.Words["latn"], "")

	want("a page that is not there", a.stranger("GET", "/"+m.latin("path", "")+"?"+m.latin("query", ""), "", head...), http.StatusNotFound)
	want("a page of the desk", a.stranger("GET", "/desk/talks/"+m.latin("talk that is not there", ""), ""), http.StatusSeeOther)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	want("a wrong name", a.stranger("POST", "/desk/signin", url.Values{"login": {m.cyrillic("wrong sign-in name", "")}, "password": {m.awkward("wrong password", "")}, "to": {"/desk/" + m.latin("where to", "")}}.Encode(), form...), http.StatusUnauthorized)
	want("a wrong password", a.stranger("POST", "/desk/signin", url.Values{"login": {a.core("sign-in name")}, "password": {m.urdu("wrong password of a right name", "")}}.Encode(), form...), http.StatusUnauthorized)
	want("a used link", a.stranger("POST", "/desk/first", url.Values{"token": {m.latin("forged link", "")}, "login": {m.latin("login of an intruder", "")}}.Encode(), form...), http.StatusGone)
	want("another site", a.stranger("POST", "/desk/signin", url.Values{"login": {m.latin("login from another site", "")}}.Encode(), append(form, "Sec-Fetch-Site", "cross-site", "Origin", "https://"+m.latin("another site", "")+".example")...), http.StatusForbidden)
	want("a cookie", a.stranger("GET", "/desk/rows", "", "Cookie", "session="+m.latin("forged session", "")), http.StatusSeeOther)
}

// staffWork does everything that staff do, on the cases of two people.
func (a *aviary) staffWork() (zahras, bilals string) {
	a.t.Helper()
	m := a.m
	zahras, bilals = a.talk(zahra), a.talk(bilal)
	for talk, of := range map[string]string{zahras: zahra, bilals: bilal} {
		a.posts(http.StatusOK, talk+"/take")
		a.posts(http.StatusOK, talk+"/say", "key", formKey(), "text", m.awkward("answer", of))
		a.posts(http.StatusOK, talk+"/note", "key", formKey(), "text", m.awkward("note", of))
		a.posts(http.StatusOK, talk+"/safety", "hours", m.urdu("safe hours", of), "word", m.cyrillic("check word", of))
		a.posts(http.StatusNoContent, talk+"/draft", "key", formKey(), "text", m.awkward("draft", ""))
		a.posts(http.StatusOK, talk+"/hold", "reason", m.urdu("reason of a hold", of))
		a.attaches(talk+"/say", m.latin("words with a file", of), m.latin("name of staff's file", of)+".pdf", []byte("%PDF-1.7\n"+m.latin("content of staff's file", of)))
		a.gets(talk + "/look?q=" + url.QueryEscape(m.awkward("search at the desk", "")))
		a.posts(http.StatusUnprocessableEntity, talk+"/say", "key", m.latin("bad key of a form", ""), "text", m.latin("answer that is not sent", ""))
		a.posts(http.StatusUnprocessableEntity, talk+"/pass", "to", m.latin("colleague who is none", ""))
		a.posts(http.StatusUnprocessableEntity, talk+"/close", "outcome", m.latin("outcome that is none", ""))
		a.until("files are fetched", func() bool {
			_, page := a.gets(talk)
			return strings.Contains(page, "/media/")
		})
	}
	a.gets("/desk/talks/" + m.latin("talk that staff ask for", ""))
	a.gets("/desk/audit?talk=" + m.latin("talk in the audit", ""))
	return zahras, bilals
}

// platformFails lets each kind of trouble meet an answer to somebody.
func (a *aviary) platformFails() {
	a.t.Helper()
	m := a.m
	for what, f := range map[string]botapi.Fault{
		"403":          {Status: 403, Description: "Forbidden: bot was blocked by " + m.latin("description of a 403", "")},
		"400":          {Status: 400, Description: "Bad Request: can't parse " + m.awkward("description of a 400", "")},
		"429":          {RetryAfter: 1},
		"500":          {Status: 500, Description: m.latin("description of a 500", "")},
		"HTML":         {Status: 502, Body: "<html>" + m.latin("page of a proxy", "") + m.urdu("page of a proxy in Urdu", "")},
		"JSON":         {Status: 200, Body: `{"ok":true,"result":"` + m.latin("result that is none", "") + `"}`},
		"migrate":      {Status: 400, Body: `{"ok":false,"error_code":400,"description":"` + m.latin("description with parameters", "") + `","parameters":{"migrate_to_chat_id":-5}}`},
		"a cut answer": {Cut: true},
	} {
		p := a.newcomer("somebody with "+what, "")
		f.Chat = p.ID()
		a.api.Fail("sendMessage", f)
		p.Say(m.awkward("text of somebody with "+what, ""))
	}
	p := a.newcomer("somebody whose file is not to be had", "")
	a.api.Fail("file", botapi.Fault{Status: 404, Body: "<html>" + m.latin("page instead of a file", "")})
	p.Document(m.latin("name of a file that is not to be had", "")+".txt", "text/plain", []byte("x"))
	a.await("every fault has met somebody", func() bool { return a.api.Faults() == 0 && a.api.Pending() == 0 })
}

// asks asks what machines ask, and what strangers may try now.
func (a *aviary) asks() {
	a.t.Helper()
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/", "/chat", "/desk", "/desk/rows", "/desk/staff", "/desk/report.csv", "/desk/signin"} {
		a.stranger("GET", path, "")
	}
	_, page := a.gets("/desk?list=mine")
	for _, talk := range regexp.MustCompile(`/desk/talks/[a-z0-9]+`).FindAllString(page, -1) {
		a.stranger("GET", talk, "")
		a.stranger("GET", talk+"/entries", "", "Hx-Request", "true")
	}
	_, table := a.gets("/desk/report.csv")
	a.printed.WriteString(table)
}

// polled does some of it once more by poll.
func (a *aviary) polled(z, b *botapi.Person) {
	a.t.Helper()
	m := a.m
	a.await("the bot polls", a.api.Polling)
	a.api.Fail("getUpdates", botapi.Fault{Status: 502, Body: "<html>" + m.latin("page of a proxy at a poll", "")})
	a.api.Fail("getUpdates", botapi.Fault{Status: 500, Description: m.latin("description at a poll", "")})
	a.api.Fail("getUpdates", botapi.Fault{Cut: true})
	z.Say(m.awkward("text by poll", zahra))
	b.Say(m.awkward("another's text by poll", bilal))
	z.StrangeMessage()
	for _, kind := range []string{"business_message", "poll_answer", m.latin("kind of update by poll", "")} {
		body, err := json.Marshal(map[string]any{"date": time.Now().Unix(), "from": a.from(z.ID()), "chat": map[string]any{"id": z.ID()}, "text": m.awkward("unknown update by poll", unshown)})
		if err == nil {
			err = z.Update(kind, body)
		}
		if err != nil {
			a.t.Fatal(err)
		}
	}
	a.await("the bot takes all", func() bool { return a.api.Pending() == 0 && a.api.Faults() == 0 })
	z.Say(m.latin("text at the crash", unshown))
}

// poison makes somebody with a talk whose state nothing can read, so that what
// they write cannot be decided.
func (a *aviary) poison() *botapi.Person {
	a.t.Helper()
	p := a.newcomer("somebody whose talk is damaged", "")
	db := a.inside(filepath.Join(a.dir, "data"))
	defer db.Close()
	address := channels.Address{Channel: telegram.ChannelName, ID: strconv.FormatInt(p.ID(), 10)}
	th, err := db.Thread(a.t.Context(), address)
	if err != nil {
		a.t.Fatal(err)
	}
	th.Created, th.LastHeard, th.Reply, th.Addresses = time.Now(), time.Now(), address, []channels.Address{address}
	th.State = []byte(`{"since":"` + a.m.latin("damaged state", "") + `"}`)
	if err := db.Commit(a.t.Context(), store.Turn{Thread: th, Events: []store.EventKey{{Channel: telegram.ChannelName, ID: "damage"}}}); err != nil {
		a.t.Fatal(err)
	}
	return p
}

// fullDisk starts the server with no room to let its store grow, and writes until
// nothing is taken any more.
func (a *aviary) fullDisk() {
	a.t.Helper()
	a.configures("webhook") // who calls it is not bound to write slowly
	info, err := os.Stat(filepath.Join(a.dir, "data", "sarai.db"))
	if err != nil {
		a.t.Fatal(err)
	}
	// A limit of the size of files, whose signal is blocked: so writing fails as on a
	// full disk.
	whole := binary
	defer func() { binary = whole }()
	binary = filepath.Join(a.t.TempDir(), "sarai-without-room")
	script := fmt.Sprintf("#!/bin/sh\nulimit -f %d\nexec env --block-signal=XFSZ %q \"$@\"\n", (info.Size()+511)/512, whole)
	if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
		a.t.Fatal(err)
	}
	a.start()
	note := a.talk(bilal) + "/note"
	p := a.newcomer("somebody without room", "")
	for size := 900_000; size > 1000; size /= 3 { // less and less, until there is no room for a short one
		for i := 0; ; i++ {
			if i == 1000 { // a large one that is freed late makes room for hundreds of short ones
				a.t.Fatal("there is always room")
			}
			a.updates++
			status := a.hook(fmt.Sprintf(`{"update_id":%d,"hologram":{"from":{"id":%d},"text":"%s %s"}}`, 900_000_000+a.updates, p.ID(), a.m.latin("update without room", ""), strings.Repeat("x", size)))
			if status == http.StatusServiceUnavailable {
				break
			}
		}
	}
	token := a.m.known("key of a web chat without room", fmt.Sprintf("%022d", rand.Uint64())[:22])
	a.chats(token, strings.Repeat(a.m.latin("text without room", "")+" ", 4000))
	// A note may find room that was freed meanwhile: then it must be there later.
	text := a.m.latin("note without room", "")
	if status, _ := a.fills(note, "key", formKey(), "text", strings.Repeat(text, 250)); status == http.StatusOK {
		a.m.all[len(a.m.all)-1].of = bilal
	}
	a.stranger("GET", "/readyz", "")
	if err := a.end(syscall.SIGTERM); err != nil {
		a.t.Logf("without room it ends with %v", err)
	}
	a.configures("poll")
}

// commands runs what an operator runs.
func (a *aviary) commands() {
	a.t.Helper()
	m := a.m
	a.api.Fail("getMe", botapi.Fault{Status: 502, Body: m.latin("page of a proxy for the doctor", "")})
	a.prints("doctor")
	a.api.Fail("*", botapi.Fault{Status: 400, Description: m.latin("description for the doctor", "")})
	a.prints("doctor")
	a.api.Heal()
	a.prints("report")
	a.prints("backup", "list")
	a.prints("erase", "--address", "telegram:"+m.latin("address that is not there", ""), "--yes")
	a.prints("export", "--address", m.urdu("address that is none", ""), filepath.Join(a.t.TempDir(), "x"))
	// Names and sign-in names are what a list of staff is for.
	var names []string
	for _, x := range m.all {
		if strings.Contains(x.what, "name of staff") && x.of == "" || strings.Contains(x.what, "sign-in name") || x.what == "a colleague's name" {
			names = append(names, x.core)
		}
	}
	list := a.runs("staff", "list")
	if !strings.Contains(list, "administrator") {
		a.t.Errorf("no staff is listed: %s", list)
	}
	a.lacks(m.finder(), "the list of staff", []byte(list), names...)

	platform := a.botCentre.url // where nobody listens
	closed := httptest.NewServer(http.NotFoundHandler())
	a.botCentre.url = closed.URL
	closed.Close()
	a.configures("poll")
	a.prints("doctor")
	a.start()
	if err := a.end(syscall.SIGTERM); err != nil {
		a.t.Errorf("a stop while the platform is away: %v", err)
	}
	a.botCentre.url = platform
	a.configures("poll")
}

// recoveryKey makes the recovery key and gives the file with what is on the paper.
func (a *aviary) recoveryKey() (paper string) {
	a.t.Helper()
	cmd := exec.Command(binary, "backup", "init", "--config", "sarai.toml")
	cmd.Dir = a.dir
	in, err := cmd.StdinPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	cmd.Stderr = &a.printed
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	r := bufio.NewReader(out)
	until := func(end string) (said string) {
		for !strings.HasSuffix(said, end) {
			b, err := r.ReadByte()
			if err != nil {
				break
			}
			said += string(b)
		}
		return said
	}
	var rows []string
	for _, row := range regexp.MustCompile(`(?m)^    (\d)   (.*)$`).FindAllStringSubmatch(until("Press Enter"), -1) {
		rows = append(rows, row[1]+" "+row[2])
		a.m.known("row of the recovery key", row[2])
		a.m.known("row of the recovery key in one", strings.ReplaceAll(row[2], " ", ""))
	}
	fmt.Fprintln(in)
	asked := regexp.MustCompile(`row (\d) from`).FindStringSubmatch(until("from the paper: "))
	if asked == nil || len(rows) == 0 {
		a.t.Fatal("no recovery key is shown")
	}
	n, _ := strconv.Atoi(asked[1])
	fmt.Fprintln(in, rows[n-1][1:])
	in.Close()
	rest, _ := io.ReadAll(r)
	if err := cmd.Wait(); err != nil {
		a.t.Fatalf("no recovery key is made: %v", err)
	}
	a.printed.Write(rest)
	paper = filepath.Join(a.t.TempDir(), "paper.txt")
	if err := os.WriteFile(paper, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return paper
}

// holds looks for each mark of somebody in what was made of their talk.
func (a *aviary) holds(where string, b []byte, of string) {
	a.t.Helper()
	f := a.m.finder()
	found := f.in(b)
	plain := html.UnescapeString(string(b))
	for i, x := range f.marks {
		if _, is := found[i]; x.of == of && !is && !strings.Contains(plain, x.core) {
			a.t.Errorf("%s does not hold %s", where, x.what)
		}
	}
}

// erases has the person ask for it, and staff do it; makes a backup, and looks
// with the recovery key, and with every older copy, for what is left.
func (a *aviary) erases(z *botapi.Person, zahras, bilals, paper string) {
	t := a.t
	t.Helper()
	a.start()
	a.holds("zahra's export", a.exports(zahras), zahra)
	a.holds("bilal's export", a.exports(bilals), bilal)
	if said := a.prints("backup"); !strings.Contains(said, "talks") {
		t.Fatalf("no backup is made: %s", said)
	}
	backups := filepath.Join(a.dir, "data", "backups")
	// Its name makes it yesterday's: two of one minute would have one name.
	old, err := filepath.Glob(filepath.Join(backups, "sarai-*.tar.age"))
	if err != nil || len(old) == 0 {
		t.Fatalf("%d backups, %v", len(old), err)
	}
	yesterday := time.Now().UTC().AddDate(0, 0, -1).Format("2006-01-02")
	if err := os.Rename(old[len(old)-1], filepath.Join(backups, "sarai-"+yesterday+"T0300Z.tar.age")); err != nil {
		t.Fatal(err)
	}
	stolen := t.TempDir() // the whole folder as it was, but for the keys
	for _, name := range regular(t, filepath.Join(a.dir, "data")) {
		b, err := os.ReadFile(filepath.Join(a.dir, "data", name))
		to := filepath.Join(stolen, "data", name)
		if err == nil {
			err = errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, b, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	a.whole("an older copy with its keys", filepath.Join(stolen, "data"), zahras, bilals)
	a.whole("a backup from before", a.restores(paper, yesterday), zahras, bilals)

	// Who writes faster than anybody reads is answered once for many, and a "yes" among
	// many agrees to nothing: ten seconds end that.
	time.Sleep(time.Until(a.wrote.Add(11 * time.Second)))
	for _, word := range []string{"delete", "yes"} {
		said := z.Say(word)
		a.await("an answer to "+word, func() bool { return z.Last().ID > said })
	}
	told := z.Last().ID
	if page := a.posts(http.StatusOK, zahras+"/erase", "sure", "1"); !strings.Contains(page, "rased") {
		t.Error("the desk does not say that it is erased")
	}
	// Their number is kept for as long as it takes to say so.
	a.await("zahra is told", func() bool { return z.Last().ID > told })
	if said := a.prints("backup"); !strings.Contains(said, "talks") {
		t.Fatalf("no backup is made: %s", said)
	}
	if status, _ := a.gets(zahras); status != http.StatusNotFound {
		t.Errorf("the talk answers %d", status)
	}
	for _, path := range lists {
		_, page := a.gets(path)
		a.gone("the page "+path, []byte(page))
	}
	a.holds("bilal's export", a.exports(bilals), bilal)
	if err := a.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v", err)
	}
	a.nowhere("after erasing")
	a.opened("the data folder", filepath.Join(a.dir, "data"), zahras, bilals)

	// The store and the files as they were, with the keys of today.
	for _, name := range []string{"keys.db", "installation.key"} {
		b, err := os.ReadFile(filepath.Join(a.dir, "data", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(stolen, "data", name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	a.opened("an older copy with the keys of today", filepath.Join(stolen, "data"), zahras, bilals)

	for where, day := range map[string]string{"yesterday's backup": yesterday, "today's backup": time.Now().UTC().Format("2006-01-02")} {
		data := a.restores(paper, day)
		a.opened(where, data, zahras, bilals)
		a.shown(where, data, zahras, bilals)
	}
}

// restores restores the backup of a day and gives the new data folder.
func (a *aviary) restores(paper, day string) (data string) {
	a.t.Helper()
	data = filepath.Join(a.t.TempDir(), "restored")
	out, err := exec.Command(binary, "restore", "--from", filepath.Join(a.dir, "data", "backups"), "--identity", paper, "--data", data, "--date", day).CombinedOutput()
	if err != nil {
		a.t.Fatalf("nothing is restored: %v\n%s", err, out)
	}
	a.printed.Write(out)
	return data
}

// gone says which of zahra's marks are somewhere.
func (a *aviary) gone(where string, b []byte) {
	a.t.Helper()
	f := a.m.finder()
	for i, form := range f.in(b) {
		if of := f.marks[i].of; of == zahra || of == unshown {
			a.t.Errorf("%s still shows %s (%s)", where, f.marks[i].what, form)
		}
	}
}

// inside opens the store of a data folder.
func (a *aviary) inside(data string) *bolt.DB {
	a.t.Helper()
	b, err := os.ReadFile(filepath.Join(data, "installation.key"))
	if err != nil {
		a.t.Fatal(err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil {
		a.t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(data, "sarai.db"), bolt.Options{Key: key})
	if err != nil {
		a.t.Fatal(err)
	}
	return db
}

func threadOf(talk string) store.ThreadID {
	return store.ThreadID(talk[strings.LastIndexByte(talk, '/')+1:])
}

// everything is all that a store can be made to say of a talk.
func everything(ctx context.Context, db *bolt.DB, talk string) (b []byte) {
	id := threadOf(talk)
	add := func(v any, err error) {
		if x, _ := json.Marshal(v); err == nil && string(x) != "null" && string(x) != "{}" {
			b = append(b, x...)
		}
	}
	th, err := db.ThreadByID(ctx, id)
	add(th, err)
	es, err := db.Entries(ctx, id, 0, 1<<20)
	add(es, err)
	for _, e := range es {
		b = append(b, e.Raw...)
	}
	members, _ := db.Members(ctx)
	for _, m := range members {
		if text, err := db.Draft(ctx, id, m.ID); text != "" {
			add(text, err)
		}
	}
	rs, err := db.Receipts(ctx, id)
	add(rs, err)
	fs, err := db.Files(ctx, id)
	add(fs, err)
	for name := range fs {
		if _, c, err := db.OpenFile(ctx, id, name); err == nil && c != nil {
			x, _ := io.ReadAll(c)
			b = append(b, x...)
			c.Close()
		}
	}
	return b
}

// whole makes sure that a data folder opens all of both, as long as it should:
// else it proves nothing that nothing is found in it later.
func (a *aviary) whole(where, data, zahras, bilals string) {
	a.t.Helper()
	db := a.inside(data)
	defer db.Close()
	a.holds(where, everything(a.t.Context(), db, zahras), zahra)
	a.holds(where, everything(a.t.Context(), db, bilals), bilal)
}

// opened reads what the store of a data folder can be made to say: nothing of
// zahra, and all of bilal.
func (a *aviary) opened(where, data, zahras, bilals string) {
	t, ctx := a.t, a.t.Context()
	t.Helper()
	db := a.inside(data)
	defer db.Close()
	if x := everything(ctx, db, zahras); len(x) > 0 {
		a.gone(where, x)
		t.Errorf("%s opens %d bytes of who was erased", where, len(x))
	}
	a.holds(where, everything(ctx, db, bilals), bilal)
	if k, err := db.Keys().Key(string(threadOf(zahras))); err == nil || k != nil {
		t.Errorf("%s has a key of who was erased", where)
	}
	open, err := db.OpenCases(ctx)
	closed, err2 := db.ClosedCases(ctx, 1000)
	jobs, err3 := db.FailedJobs(ctx, 1000)
	due, err4 := db.Lease(ctx, time.Now().AddDate(1, 0, 0), time.Now().AddDate(1, 0, 1), 10_000)
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	x, err := json.Marshal([]any{open, closed, jobs, due})
	if err != nil {
		t.Fatal(err)
	}
	a.gone(where+", what is listed and due", x)
}

// shown serves a data folder and looks at what its desk shows.
func (a *aviary) shown(where, data, zahras, bilals string) {
	t := a.t
	t.Helper()
	c := newCentre(t)
	c.few = testing.Short()
	if err := os.WriteFile(filepath.Join(c.dir, "sarai.toml"), fmt.Appendf(nil, "listen = \"127.0.0.1:0\"\ndata = %q\n", data), 0o600); err != nil {
		t.Fatal(err)
	}
	c.start()
	was := a.botCentre
	defer func() { a.botCentre = was }()
	a.botCentre = &botCentre{centre: c}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	a.desk = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	a.posts(http.StatusOK, "/desk/signin", "login", a.core("sign-in name"), "password", a.core("password"))
	for _, path := range lists {
		status, page := a.gets(path)
		if status != http.StatusOK {
			t.Errorf("%s: %s answers %d", where, path, status)
		}
		a.gone(where+", the page "+path, []byte(page))
	}
	for _, path := range []string{"", "/entries", "/case", "/answer", "/export", "/erase"} {
		if status, page := a.gets(zahras + path); status != http.StatusNotFound {
			t.Errorf("%s: the talk answers %d", where, status)
		} else {
			a.gone(where+", the talk"+path, []byte(page))
		}
	}
	a.holds(where+", an export", a.exports(bilals), bilal)
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("%s: a clean stop ended with %v", where, err)
	}
	a.lacks(a.m.finder(), where+", the log", []byte(c.log.String()+c.later.String()))
}

// lists are the pages that show many talks.
var lists = []string{"/desk", "/desk?list=mine", "/desk?list=others", "/desk?list=closed", "/desk/retention", "/desk/audit", "/desk/report"}

// core gives the mark that was put in somewhere.
func (a *aviary) core(what string) string {
	a.t.Helper()
	i := slices.IndexFunc(a.m.all, func(x mark) bool { return x.what == what })
	if i < 0 {
		a.t.Fatalf("there is no mark for %s", what)
	}
	return a.m.all[i].core
}
