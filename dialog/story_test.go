// SPDX-License-Identifier: GPL-3.0-or-later

package dialog_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/content"
	"sarai/desk"
	"sarai/dialog"
	"sarai/gateway"
	"sarai/internal/story"
	"sarai/locales"
	"sarai/register"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

var update = flag.Bool("update", false, "write down what the stories give now; read every change")

// TestStories plays whole conversations through the real gateway and the real
// store, with the small catalogue of testdata/shelf (or the built-in one, after
// "set content built-in"), and compares what came out with what is written down. A Tuesday, ten in the morning in Karachi; the
// centre "here" is open Monday to Friday, 9 to 17.
func TestStories(t *testing.T) {
	phrases, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	small := load(t, os.DirFS("testdata/shelf"))
	builtIn := load(t, content.Builtin())
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d stories, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			shelf := small
			if strings.Contains(string(want), "\nset content built-in\n") {
				shelf = builtIn
			}
			got := play(t, phrases, shelf, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("the conversation went otherwise; if it is right so, run go test ./dialog -update\n--- written down\n%s\n--- now\n%s", want, got)
			}
		})
	}
}

// What the program tells people to type is understood, in every language and in
// both alphabets of Uzbek: who is afraid and types what stands there must not be
// told that it is not known.
func TestTheWordsThatPeopleAreToldToTypeAreUnderstood(t *testing.T) {
	phrases, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range phrases.Complete() {
		for id, words := range map[string][]string{
			"intro-how": {"counsellor", "delete"}, "welcome-delete": {"delete", "hide"}, "hide-teach": {"hide"},
			"delete-yes": {"keep"}, "language-changed": {"language"},
		} {
			text, _ := phrases.Say(l, id, map[string]any{"Language": "-"})
			for _, w := range words {
				if !dialog.Names(text, w) {
					t.Errorf("%s: %s tells of no word that means %s: %q", l, id, w, text)
				}
				if cyrillic := content.UzbekCyrillic(text); l == content.Uzbek && !dialog.Names(cyrillic, w) {
					t.Errorf("%s tells of no word that means %s: %q", id, w, cyrillic)
				}
			}
		}
	}
}

func load(t *testing.T, fsys fs.FS) *search.Index {
	t.Helper()
	c, err := content.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	x, err := search.New(c).Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// ours is a channel on which the person's own words cannot be cleared.
type ours struct{ *channeltest.Fake }

func (ours) ClearsOursOnly() bool { return true }

// board is a channel with posts under which people write, and the centre too.
type board struct{ *channeltest.Fake }

func (board) Comment(context.Context, string, string, string) (string, error) { return "line", nil }
func (board) Hide(context.Context, string, bool) error                        { return nil }

// A stage is where one story is played.
type stage struct {
	*testing.T
	g     *gateway.Gateway
	db    *bolt.DB
	fake  *channeltest.Fake
	me    channels.Address
	at    channels.Address // where the person wrote last
	now   time.Time
	hint  string
	read  func(string, search.Hint) search.Reading
	next  *search.Reading // of the next message, instead of what search reads
	panic bool
	staff map[string]desk.StaffID
	files map[content.Country]register.File
	seen  uint64
	n     int
}

func play(t *testing.T, phrases *locales.Phrases, index *search.Index, text string) string {
	s := &stage{T: t, now: time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC), read: index.Read, staff: map[string]desk.StaffID{"amina": "amina", "bilal": "bilal"}}
	clock := func() time.Time { return s.now }
	db, err := bolt.Open(filepath.Join(t.TempDir(), "story.db"), bolt.Options{Key: make([]byte, bolt.KeySize), NoSync: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s.db = db
	for name, id := range s.staff {
		if err := db.PutMember(t.Context(), store.Member{ID: id, Login: name, Name: name, Role: store.Counsellor, Active: true, OnDuty: true}); err != nil {
			t.Fatal(err)
		}
	}
	centres := []content.CentreID{"here"}
	channel := channels.Channel(nil)
	s.fake = channeltest.NewFake("fake", channels.Limits{})
	channel = board{s.fake}
	lines := story.Read(text)
	for _, l := range lines {
		if id, ok := strings.CutPrefix(l.String(), "set centre "); ok {
			centres = []content.CentreID{content.CentreID(id)}
		}
		switch l.String() {
		case "set hours unknown":
			centres = []content.CentreID{"elsewhere"}
		case "set clears nothing":
			channel = struct{ channels.Channel }{s.fake}
		case "set clears ours":
			channel = ours{s.fake}
		}
	}
	s.me = channels.Address{Channel: "fake", ID: "somebody"}
	s.at = s.me
	s.g = gateway.New(gateway.Options{
		Store: db, Phrases: phrases, Now: clock, Centres: centres,
		Edition: gateway.Edition{Catalogue: index.Catalogue(), Read: func(q string, h search.Hint) search.Reading {
			if s.panic {
				s.panic = false
				panic(q)
			}
			if s.next != nil {
				r := *s.next
				s.next = nil
				return r
			}
			return s.read(q, h)
		}},
	})
	s.g.Attach(channel)
	var out strings.Builder
	for i, l := range lines {
		if i > 0 && l.Word != "#" && l.Word != "set" && lines[i-1].Word != "reads" && lines[i-1].Word != "fails" {
			out.WriteString("\n")
		}
		fmt.Fprintln(&out, l)
		s.do(l)
		s.work()
		s.came(&out)
	}
	return out.String()
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) work() {
	_, err := s.g.Work(context.Background())
	s.must(err)
}

func (s *stage) came(out *strings.Builder) {
	th, err := s.db.Thread(context.Background(), s.at)
	s.must(err)
	if th.Version == 0 {
		if s.seen > 0 {
			fmt.Fprintln(out, "* nothing is left")
			s.seen = 0
		}
		return
	}
	entries, err := s.db.Entries(context.Background(), th.ID, s.seen, 1000)
	s.must(err)
	story.Came(out, entries)
	if len(entries) > 0 {
		s.seen = entries[len(entries)-1].Seq
	}
}

func (s *stage) do(l story.Line) {
	s.Helper()
	switch l.Word {
	case "#":
	case "set":
		key, value, _ := strings.Cut(l.Rest, " ")
		switch key {
		case "hint":
			s.hint = value
		case "time":
			at, err := time.Parse("2006-01-02 15:04", value)
			s.must(err)
			s.now = at
		case "register":
			s.register(value)
		}
	case "reads":
		s.next = reading(l.Rest)
	case "fails":
		s.panic = true
	case ">":
		in, ago, err := l.Heard()
		s.must(err)
		s.n++
		s.now = s.now.Add(time.Second)
		in.From, in.ID, in.At, in.Language = s.me, strconv.Itoa(s.n), s.now.Add(-ago), s.hint
		s.at = s.me
		if in.Kind == channels.Comment { // the private reply tells where the person is reached
			in.From = channels.Address{Channel: "fake", ID: "comment:" + in.ID}
			in.Comment = &channels.Commented{ID: in.ID, Post: "post"}
			s.at = in.From
			s.fake.Learn(s.me)
		}
		s.must(s.g.Accept(context.Background(), in))
	case "inbox":
		s.n++
		s.now = s.now.Add(time.Second)
		s.must(s.g.Accept(context.Background(), channels.Inbound{
			From: s.me, ID: strconv.Itoa(s.n), At: s.now, Kind: channels.Text, Text: l.Rest, Staff: channels.PageInbox,
		}))
	case "wait":
		d, err := time.ParseDuration(l.Rest)
		s.must(err)
		s.wait(s.now.Add(d))
	case "staff":
		s.act(l.Rest)
	default:
		s.Fatalf("line %d: %q is not known", l.Number, l.Word)
	}
}

// register puts a list of testdata/registers beside those that are there: "pk
// 2026-11-01" is pk.csv, as of that day; "none" takes all away.
func (s *stage) register(value string) {
	s.Helper()
	if value == "none" {
		s.files = nil
		s.g.SetRegisters(nil)
		return
	}
	name, day, _ := strings.Cut(value, " ")
	asOf, err := time.Parse(time.DateOnly, day)
	s.must(err)
	f, err := os.Open(filepath.Join("testdata", "registers", name+".csv"))
	s.must(err)
	defer f.Close()
	entries, problems := register.Parse(f)
	if len(problems) > 0 {
		s.Fatal(problems)
	}
	cc := content.Country(strings.ToUpper(name[:2]))
	if s.files == nil {
		s.files = map[content.Country]register.File{}
	}
	file := s.files[cc]
	file.Country = cc
	s.files[cc] = file.With(register.Source{Name: "Invented list " + name, URL: "https://example.org/" + name, AsOf: asOf, Entries: entries})
	s.g.SetRegisters(register.NewShelf(slices.Collect(maps.Values(s.files))...))
}

// wait lets time pass from one due job to the next.
func (s *stage) wait(until time.Time) {
	for {
		due, ok, err := s.db.NextDue(context.Background())
		s.must(err)
		if !ok || due.After(until) {
			break
		}
		if due.After(s.now) {
			s.now = due
		}
		n, err := s.g.Work(context.Background())
		s.must(err)
		if n == 0 {
			break
		}
	}
	s.now = until
}

// reading reads "ur sure answer protector-pk mrc-what !held".
func reading(text string) *search.Reading {
	r := &search.Reading{Band: search.Unknown}
	sure := 0.9
	for i, w := range strings.Fields(text) {
		switch {
		case i == 0 && w != "-":
			r.Locale = content.Locale(w)
		case w == "-":
		case w == "sure":
			r.Sure = true
		case w == "answer" || w == "choose" || w == "unknown":
			r.Band = search.Band(w)
		case w[0] == '!':
			r.Signals = append(r.Signals, search.Raised{Signal: content.SignalID(w[1:]), Rule: "as the story says"})
		default:
			r.Matches = append(r.Matches, search.Match{Article: content.ArticleID(w), Sure: sure})
			sure /= 2
		}
	}
	return r
}

// act has staff do something: "take", "bilal take", "say Good day", "pass bilal",
// "close advised", "off" and "on" duty.
func (s *stage) act(rest string) {
	s.Helper()
	ctx := context.Background()
	by := desk.StaffID("amina")
	word, arg, _ := strings.Cut(rest, " ")
	if id, ok := s.staff[word]; ok {
		by = id
		word, arg, _ = strings.Cut(arg, " ")
	}
	s.now = s.now.Add(time.Second)
	th, err := s.db.Thread(ctx, s.me)
	s.must(err)
	switch word {
	case "take":
		s.must(s.g.Command(ctx, th.ID, by, desk.Take{}))
	case "release":
		s.must(s.g.Command(ctx, th.ID, by, desk.Release{}))
	case "pass":
		s.must(s.g.Command(ctx, th.ID, by, desk.Pass{To: s.staff[arg]}))
	case "close":
		s.must(s.g.Command(ctx, th.ID, by, desk.Close{Outcome: desk.Outcome(arg)}))
	case "say":
		s.n++
		s.must(s.g.Say(ctx, th.ID, by, strconv.Itoa(s.n), arg))
	case "note":
		s.n++
		s.must(s.g.Note(ctx, th.ID, by, strconv.Itoa(s.n), arg))
	case "off", "on":
		m, err := s.db.Member(ctx, by)
		s.must(err)
		m.OnDuty = word == "on"
		s.must(s.db.PutMember(ctx, m))
	default:
		s.Fatalf("staff %q is not known", rest)
	}
}
