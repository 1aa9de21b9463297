// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"sarai/channels"
	"sarai/console"
	"sarai/content"
	"sarai/desk"
	gw "sarai/gateway"
	"sarai/locales"
	"sarai/store"
	"sarai/store/bolt"
)

// noon is when the stories begin: nine in the morning in Lahore, and later than
// any machine that runs them, since a session's end is judged by two clocks.
var noon = time.Date(2031, 5, 6, 4, 0, 0, 0, time.UTC)

// A house is a desk with a real store, and a gateway that does at once what the
// real one does with jobs.
type house struct {
	t       testing.TB
	db      *bolt.DB
	gateway *gateway
	console *console.Console
	log     *strings.Builder

	mu  sync.Mutex
	now time.Time
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

type change func(*console.Options)

func build(t testing.TB, changes ...change) *house {
	t.Helper()
	h := &house{t: t, now: noon, log: &strings.Builder{}}
	key := make([]byte, bolt.KeySize)
	rand.Read(key)
	db, err := bolt.Open(filepath.Join(t.TempDir(), "sarai.db"), bolt.Options{Key: key, NoSync: true, Now: h.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if h.console != nil {
			h.console.Close()
		}
		db.Close()
	})
	h.db = db
	h.gateway = &gateway{db: db, now: h.clock, catalogue: catalogue(t)}
	var mu sync.Mutex
	o := console.Options{
		Store: db, Gateway: h.gateway, Phrases: phrases(t), Now: h.clock,
		Log: slog.New(slog.NewTextHandler(lockedWriter{&mu, h.log}, nil)),
	}
	for _, c := range changes {
		c(&o)
	}
	if h.console, err = console.New(o); err != nil {
		t.Fatal(err)
	}
	return h
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// phrases are the program's own.
func phrases(t testing.TB) console.Phrases {
	t.Helper()
	p, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// catalogue is a small one: two centres, two articles, a signal.
func catalogue(t testing.TB) *content.Catalogue {
	t.Helper()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	c, err := content.Load(fstest.MapFS{
		"topics.toml": file(`[[topics]]
id = "leaving"
articles = ["protector-pk"]
[topics.titles]
en = "Leaving"
ur = "روانگی"
[[topics]]
id = "danger"
articles = ["locked-in"]
[topics.titles]
en = "Danger"
`),
		"articles/leaving/protector-pk/article.toml": file("origin = [\"PK\"]\nreview_every = \"90d\"\n[[sources]]\ntitle = \"Bureau of Emigration\"\nurl = \"https://beoe.gov.pk/\"\nseen = 2030-12-01\n"),
		"articles/leaving/protector-pk/en.md": file("+++\ntitle = \"The Protector's stamp\"\nlabel = \"Protector stamp\"\nask = [\"protector kahan se hota hai\"]\nstatus = \"draft\"\n+++\n" +
			"You need the stamp before you fly.\n\n- your passport\n- your contract\n\n## Fees {#fees}\nThe fee is 2500 rupees.\n"),
		"articles/leaving/protector-pk/ur.md": file("+++\ntitle = \"پروٹیکٹر کی مہر\"\nlabel = \"پروٹیکٹر\"\nask = [\"پروٹیکٹر کہاں سے ہوتا ہے\"]\nstatus = \"draft\"\n+++\n" +
			"جانے سے پہلے پاسپورٹ پر پروٹیکٹر کی مہر ضروری ہے۔\n\n- پاسپورٹ\n- معاہدہ\n\n## فیس {#fees}\nفیس 2500 روپے ہے۔\n"),
		"articles/danger/locked-in/article.toml": file("review_every = \"365d\"\n[[sources]]\ntitle = \"Palermo Protocol\"\nurl = \"https://www.ohchr.org/\"\nseen = 2030-12-01\n"),
		"articles/danger/locked-in/en.md":        file("+++\ntitle = \"Somebody keeps you locked in\"\nlabel = \"Locked in\"\nask = [\"they locked me in\"]\nstatus = \"draft\"\n+++\nCall for help when nobody hears you.\n"),
		"signals/captivity.toml":                 file("article = \"locked-in\"\npriority = \"urgent\"\n[en]\nrules = [\"locked me in\"]\nraise = [\"they locked me in\"]\nnot = [\"I locked my door\"]\n"),
		"centres/lahore.toml":                    file("country = \"PK\"\n[names]\nen = \"MRC Lahore\"\n[hours]\nzone = \"Asia/Karachi\"\n[hours.open]\nmon = [\"09:00-17:00\"]\n"),
		"centres/dhaka.toml":                     file("country = \"BD\"\n[names]\nen = \"MRC Dhaka\"\n"),
		"partners/hotline.toml":                  file("[names]\nen = \"Rights hotline\"\n"),
		"countries/pk.toml":                      file("[names]\nen = \"Pakistan\"\nur = \"پاکستان\"\n"),
		"countries/sa.toml":                      file("[names]\nen = \"Saudi Arabia\"\n"),
		"countries/bd.toml":                      file("[names]\nen = \"Bangladesh\"\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A gateway carries out at once what staff decide.
type gateway struct {
	db        *bolt.DB
	now       func() time.Time
	catalogue *content.Catalogue

	mu       sync.Mutex
	said     map[string]bool
	watchers []chan store.ThreadID
	broken   error // what Say answers while it is set
}

func (g *gateway) change(ctx context.Context, id store.ThreadID, f func(*store.Thread) ([]store.Entry, error)) error {
	for {
		th, err := g.db.ThreadByID(ctx, id)
		if err != nil {
			return err
		}
		entries, err := f(&th)
		if err != nil {
			return err
		}
		for i := range entries {
			entries[i].Seq, entries[i].At = th.LastSeq+uint64(i)+1, g.now()
			if entries[i].Said.IsZero() {
				entries[i].Said = g.now()
			}
		}
		err = g.db.Commit(ctx, store.Turn{Thread: th, Entries: entries})
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err == nil {
			g.tell(id)
		}
		return err
	}
}

func (g *gateway) Command(ctx context.Context, id store.ThreadID, by desk.StaffID, cmd desk.Command) error {
	return g.change(ctx, id, func(th *store.Thread) ([]store.Entry, error) {
		if th.Case == nil {
			return nil, store.ErrNotFound
		}
		k, err := th.Case.Apply(cmd, by, g.now())
		if err != nil {
			return nil, err
		}
		th.Case = &k
		e := store.Entry{Author: store.Event, By: by}
		switch cmd := cmd.(type) {
		case desk.Take:
			e.Event = "case-taken"
		case desk.Release:
			e.Event = "case-released"
		case desk.Pass:
			e.Event, e.Text = "case-passed", string(cmd.To)
		case desk.Close:
			e.Event, e.Text = "case-closed", string(cmd.Outcome)
		default:
			e.Event = fmt.Sprintf("%T", cmd)
		}
		return []store.Entry{e}, nil
	})
}

func (g *gateway) once(key string, f func() error) error {
	g.mu.Lock()
	if g.said == nil {
		g.said = map[string]bool{}
	}
	done, broken := g.said[key], g.broken
	g.mu.Unlock()
	if broken != nil {
		return broken
	}
	if done {
		return nil
	}
	if err := f(); err != nil {
		return err
	}
	g.mu.Lock()
	g.said[key] = true
	g.mu.Unlock()
	return nil
}

func (g *gateway) Say(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string) error {
	return g.once(key, func() error {
		return g.change(ctx, id, func(th *store.Thread) ([]store.Entry, error) {
			k, err := th.Case.Apply(desk.Say{}, by, g.now())
			if err != nil {
				return nil, err
			}
			th.Case = &k
			return []store.Entry{{Author: store.Staff, By: by, Kind: channels.Text, Text: text, Locale: g.Look(th.State).Locale}}, nil
		})
	})
}

func (g *gateway) SayFile(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string, _ gw.Upload) error {
	return gw.ErrNoFiles // with files, stories have the real gateway
}

func (g *gateway) EraseFile(context.Context, store.ThreadID, desk.StaffID, string) error {
	return desk.ErrNotHeld
}

func (g *gateway) AnswerComment(context.Context, store.ThreadID, desk.StaffID, string, string, bool) error {
	return store.ErrNotFound // of comments, stories have the real gateway
}

func (g *gateway) HideComment(context.Context, store.ThreadID, desk.StaffID, bool) error {
	return store.ErrNotFound
}

func (g *gateway) SkipComment(context.Context, store.ThreadID, desk.StaffID) error {
	return store.ErrNotFound
}

func (g *gateway) Window(store.Thread) gw.Window { return gw.Window{Open: true} }

func (g *gateway) Templates(context.Context, channels.Name) ([]channels.Template, error) {
	return nil, nil
}

func (g *gateway) SayTemplate(context.Context, store.ThreadID, desk.StaffID, string, channels.Filled) error {
	return gw.ErrTemplate
}

func (g *gateway) Limits(channels.Name) channels.Limits { return channels.Limits{} }

func (g *gateway) Note(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string) error {
	return g.once(key, func() error {
		return g.change(ctx, id, func(*store.Thread) ([]store.Entry, error) {
			return []store.Entry{{Author: store.Note, By: by, Text: text}}, nil
		})
	})
}

func (g *gateway) Typing(context.Context, store.ThreadID, desk.StaffID) {}

func (g *gateway) Agree(ctx context.Context, id store.ThreadID, by desk.StaffID, s store.Safety) error {
	return g.change(ctx, id, func(th *store.Thread) ([]store.Entry, error) {
		th.Safety = s
		return []store.Entry{{Author: store.Event, By: by, Event: "safety-agreed"}}, nil
	})
}

func (g *gateway) Hold(ctx context.Context, id store.ThreadID, by desk.StaffID, reason string) error {
	return g.change(ctx, id, func(th *store.Thread) ([]store.Entry, error) {
		switch {
		case !g.Look(th.State).Erase.IsZero():
			return nil, gw.ErrWish
		case reason == "":
			return nil, gw.ErrEmpty
		}
		th.Keeping = store.Keeping{Hold: &store.Hold{By: by, At: g.now(), Reason: reason}}
		return []store.Entry{{Author: store.Event, By: by, Event: gw.EventHold}}, nil
	})
}

func (g *gateway) Lift(ctx context.Context, id store.ThreadID, by desk.StaffID) error {
	return g.change(ctx, id, func(th *store.Thread) ([]store.Entry, error) {
		th.Keeping = store.Keeping{Since: g.now()}
		return []store.Entry{{Author: store.Event, By: by, Event: gw.EventLifted}}, nil
	})
}

func (g *gateway) Erase(ctx context.Context, id store.ThreadID, by desk.StaffID) error {
	th, err := g.db.ThreadByID(ctx, id)
	switch {
	case err != nil:
		return err
	case th.Keeping.Hold != nil:
		return gw.ErrHeld
	}
	return g.db.Erase(ctx, id)
}

func (g *gateway) Watch(ctx context.Context) <-chan store.ThreadID {
	ch := make(chan store.ThreadID, 64)
	g.mu.Lock()
	g.watchers = append(g.watchers, ch)
	g.mu.Unlock()
	context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.watchers = slices.DeleteFunc(g.watchers, func(x chan store.ThreadID) bool { return x == ch })
	})
	return ch
}

func (g *gateway) watching() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.watchers)
}

func (g *gateway) tell(id store.ThreadID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ch := range g.watchers {
		select {
		case ch <- id:
		default:
		}
	}
}

func (g *gateway) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = err
}

func (g *gateway) Look(state []byte) console.Look {
	var l console.Look
	_ = json.Unmarshal(state, &l)
	return l
}

func (g *gateway) Catalogue() *content.Catalogue { return g.catalogue }

// A talk is how a story begins: who writes, and what was said.
type talk struct {
	name    string // becomes the address; nothing else shows it
	channel channels.Name
	centre  content.CentreID
	look    console.Look
	rank    desk.Rank
	reason  desk.Reason
	signals []string
	entries []store.Entry
	age     time.Duration // how long ago it was queued
	change  func(*desk.Case)
	comment *store.Comment // it began under a post
}

// person is something that the person wrote.
func person(l content.Locale, text string) store.Entry {
	return store.Entry{Author: store.Person, Kind: channels.Text, Text: text, Locale: l}
}

// bare puts a talk of which the program remembers nothing into the store.
func (h *house) bare(name string, entries ...store.Entry) store.ThreadID {
	h.t.Helper()
	id := h.opens(talk{name: name, rank: desk.Normal, entries: entries})
	th := h.thread(id)
	th.State = nil
	if err := h.db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// opens puts a talk with a waiting case into the store.
func (h *house) opens(x talk) store.ThreadID {
	h.t.Helper()
	ctx := context.Background()
	if x.channel == "" {
		x.channel = "telegram"
	}
	if x.reason == "" {
		x.reason = desk.Asked
	}
	th, err := h.db.Thread(ctx, channels.Address{Channel: x.channel, ID: x.name})
	if err != nil {
		h.t.Fatal(err)
	}
	state, err := json.Marshal(x.look)
	if err != nil {
		h.t.Fatal(err)
	}
	now := h.clock()
	k := desk.New(desk.CaseID("case-"+x.name), x.reason, x.rank, x.signals, now.Add(-x.age))
	if x.change != nil {
		x.change(&k)
	}
	th.Created, th.Centre, th.State, th.Case, th.LastHeard = now.Add(-x.age), x.centre, state, &k, now.Add(-x.age)
	th.Comment = x.comment
	for i := range x.entries {
		e := &x.entries[i]
		e.Seq = uint64(i) + 1
		if e.At.IsZero() {
			e.At = now.Add(-x.age)
		}
		if e.Said.IsZero() {
			e.Said = e.At
		}
	}
	if err := h.db.Commit(ctx, store.Turn{Thread: th, Entries: x.entries}); err != nil {
		h.t.Fatal(err)
	}
	h.gateway.tell(th.ID)
	return th.ID
}

// writes has the person of a talk write again.
func (h *house) writes(id store.ThreadID, e store.Entry) {
	h.t.Helper()
	err := h.gateway.change(context.Background(), id, func(th *store.Thread) ([]store.Entry, error) {
		th.LastHeard = h.clock()
		return []store.Entry{e}, nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) thread(id store.ThreadID) store.Thread {
	h.t.Helper()
	th, err := h.db.ThreadByID(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return th
}

// password is everybody's.
const password = "open sesame, twice"

var hashed = sync.OnceValues(func() (string, error) { return console.HashPassword(password) })

// hires adds a member of staff.
func (h *house) hires(login, name string, role store.Role, centres ...content.CentreID) store.Member {
	h.t.Helper()
	m, err := console.NewMember(login, name, role, h.clock())
	if err != nil {
		h.t.Fatal(err)
	}
	if m.Password, err = hashed(); err != nil {
		h.t.Fatal(err)
	}
	m.Centres, m.Locale = centres, content.English
	if err := h.db.PutMember(context.Background(), m); err != nil {
		h.t.Fatal(err)
	}
	return m
}

func (h *house) member(id desk.StaffID) store.Member {
	h.t.Helper()
	m, err := h.db.Member(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// A browser is one that somebody uses the desk with: it keeps cookies and sends
// what browsers send, and follows no redirect by itself.
type browser struct {
	h   *house
	jar http.CookieJar
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, jar}
}

// signsIn is a browser in which somebody has signed in.
func (h *house) signsIn(login string) *browser {
	h.t.Helper()
	b := h.browser()
	if a := b.post("/desk/signin", url.Values{"login": {login}, "password": {password}}); a.status != http.StatusSeeOther {
		h.t.Fatalf("%s cannot sign in: %d %s", login, a.status, a.text())
	}
	return b
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) text() string { return text(a.body) }

func (a answer) has(t testing.TB, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.text(), w) {
			t.Errorf("the page does not say %q:\n%s", w, a.text())
		}
	}
}

func (a answer) lacks(t testing.TB, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			t.Errorf("the page says %q", w)
		}
	}
}

func (b *browser) get(path string) answer  { return b.do("GET", path, nil, false) }
func (b *browser) part(path string) answer { return b.do("GET", path, nil, true) }
func (b *browser) post(path string, form url.Values) answer {
	return b.do("POST", path, form, false)
}
func (b *browser) send(path string, form url.Values) answer { return b.do("POST", path, form, true) }

func (b *browser) do(method, path string, form url.Values, htmx bool) answer {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://desk.example"+path, body)
	if method != "GET" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if htmx {
		r.Header.Set("HX-Request", "true")
	}
	for _, c := range b.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.h.console.Handler().ServeHTTP(w, r)
	res := w.Result()
	b.jar.SetCookies(r.URL, res.Cookies())
	return answer{res.StatusCode, res.Header, w.Body.String()}
}

// follow goes where an answer leads.
func (b *browser) follow(a answer) answer {
	b.h.t.Helper()
	to := a.header.Get("Location")
	if a.status != http.StatusSeeOther || to == "" {
		b.h.t.Fatalf("leads nowhere: %d %s", a.status, a.text())
	}
	path, _, _ := strings.Cut(to, "#")
	return b.get(path)
}
