// SPDX-License-Identifier: GPL-3.0-or-later

package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/content"
	"sarai/desk"
	"sarai/export"
	"sarai/gateway"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

var morning = time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)

// A house is a real store and a real gateway, in which things happen.
type house struct {
	t         testing.TB
	db        *bolt.DB
	g         *gateway.Gateway
	catalogue *content.Catalogue
	fake      *channeltest.Fake
	n         int
}

func (h *house) must(err error) {
	if err != nil {
		h.t.Helper()
		h.t.Fatal(err)
	}
}

func build(t testing.TB) *house {
	t.Helper()
	h := &house{t: t}
	var err error
	h.db, err = bolt.Open(filepath.Join(t.TempDir(), "sarai.db"), bolt.Options{Key: make([]byte, bolt.KeySize), NoSync: true})
	h.must(err)
	t.Cleanup(func() { h.db.Close() })
	phrases, err := locales.Load()
	h.must(err)
	h.catalogue, err = content.Load(os.DirFS("../dialog/testdata/shelf"))
	h.must(err)
	h.g = gateway.New(gateway.Options{
		Store: h.db, Phrases: phrases, Now: func() time.Time { return morning }, Centres: []content.CentreID{"here"},
		Edition: gateway.Edition{Catalogue: h.catalogue, Read: func(q string, _ search.Hint) search.Reading {
			r := search.Reading{Locale: "ur", Sure: true, Band: search.Unknown}
			if strings.Contains(q, "danger") {
				r.Signals = []search.Raised{{Signal: "held", Rule: "danger"}}
			}
			if strings.Contains(q, "visa") {
				r.Band, r.Matches = search.Answer, []search.Match{{Article: "visa-check", Sure: 0.9}}
			}
			return r
		}},
	})
	h.fake = channeltest.NewFake("telegram", channels.Limits{})
	h.g.Attach(h.fake)
	h.must(h.db.PutMember(context.Background(), store.Member{ID: "amina", Login: "amina", Name: "Amina Kamal", Active: true, OnDuty: true}))
	return h
}

func (h *house) hears(in channels.Inbound) store.ThreadID {
	h.t.Helper()
	h.n++
	in.From, in.At, in.Language = channels.Address{Channel: "telegram", ID: "77001"}, morning, "ur"
	if in.ID = string(rune('a' + h.n)); in.Kind == "" {
		in.Kind = channels.Text
	}
	h.must(h.g.Accept(context.Background(), in))
	_, err := h.g.Work(context.Background())
	h.must(err)
	th, err := h.db.Thread(context.Background(), in.From)
	h.must(err)
	return th.ID
}

// written is an export as it lies in memory.
type written map[string]*strings.Builder

func (w written) Create(name string) (io.Writer, error) {
	if w[name] != nil {
		return nil, errors.New("a file is written twice")
	}
	w[name] = &strings.Builder{}
	return w[name], nil
}

func (h *house) export(id store.ThreadID, change func(*export.Options)) (written, export.Dossier) {
	h.t.Helper()
	phrases, err := locales.Load()
	h.must(err)
	o := export.Options{Store: h.db, Catalogue: h.catalogue, Phrases: phrases, Now: morning}
	change(&o)
	w := written{}
	h.must(export.Write(context.Background(), w, o, id))
	var d export.Dossier
	h.must(json.Unmarshal([]byte(w[export.DataName].String()), &d))
	return w, d
}

// TestAPersonReadsAllThatIsKept has somebody ask, be answered, be in danger,
// talk with a counsellor twice, and then ask what is kept.
func TestAPersonReadsAllThatIsKept(t *testing.T) {
	h := build(t)
	ctx := context.Background()
	h.hears(channels.Inbound{Text: "visa kaise check karun?", Campaign: "leaflet-3"})
	id := h.hears(channels.Inbound{Text: "danger <script>alert(1)</script>"})
	h.must(h.g.Command(ctx, id, "amina", desk.Take{}))
	h.must(h.g.Say(ctx, id, "amina", "key-1", "سفارت خانے جائیں"))
	h.must(h.g.Note(ctx, id, "amina", "key-2", "her uncle pays"))
	h.must(h.g.Agree(ctx, id, "amina", store.Safety{Hours: "after ten", Word: "mango"}))
	h.must(h.g.Command(ctx, id, "amina", desk.Close{Outcome: desk.Referred}))
	h.hears(channels.Inbound{Kind: channels.Picture, Text: "my contract", Media: []channels.Media{{Ref: "f1", Type: "image/jpeg", Name: "../../contract.jpg", Size: 9}}})
	h.hears(channels.Inbound{Kind: channels.Unknown, Raw: []byte(`{"odd":true}`)})
	h.hears(channels.Inbound{Text: "danger"})
	h.must(h.g.Hold(ctx, id, "amina", "the court asked for it"))

	w, d := h.export(id, func(*export.Options) {})
	page := w[export.PageName].String()
	for _, want := range []string{
		`<html lang="ur" dir="rtl">`, "visa kaise check karun?", "danger &lt;script&gt;alert(1)&lt;/script&gt;", "سفارت خانے جائیں", "77001",
		"leaflet-3", "after ten", "mango", "my contract", "{&#34;odd&#34;:true}", "visa-check",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	for _, no := range []string{"<script", "her uncle pays", "the court", "Amina", "amina", "http-equiv=\"refresh\"", "<no value>", "ZgotmplZ", "export.", "desk."} {
		if strings.Contains(page, no) {
			t.Errorf("the page holds %q", no)
		}
	}
	if links := regexp.MustCompile(`(src|href)="[^"]*"`).FindAllString(page, -1); len(links) > 0 {
		for _, l := range links {
			if !strings.HasPrefix(l, `href="https://`) {
				t.Errorf("the page leads to %s", l)
			}
		}
	}
	if len(d.Cases) != 2 || d.Cases[0].Outcome != desk.Referred || d.Cases[0].Reason != desk.Signalled || d.Cases[1].Outcome != "" {
		t.Errorf("the cases: %+v", d.Cases)
	}
	if d.Remembered.Language != "ur" || !d.Remembered.Quiet || d.Keeping.Held.IsZero() || d.Keeping.Reason != "" || d.Notes {
		t.Errorf("what is remembered: %+v %+v", d.Remembered, d.Keeping)
	}
	cited := 0
	for _, m := range d.Messages {
		cited += len(m.Articles)
		if m.By == store.Note {
			t.Errorf("a note goes along: %+v", m)
		}
	}
	if cited == 0 {
		t.Error("it does not say which articles were sent")
	}
	if data := w[export.DataName].String(); strings.Contains(data, "amina") || strings.Contains(data, "uncle") || strings.Contains(data, "the court") {
		t.Error("the data say what is staff's own")
	}

	// With the notes, where the centre wants that.
	w, d = h.export(id, func(o *export.Options) { o.Notes = true })
	if page := w[export.PageName].String(); !strings.Contains(page, "her uncle pays") || !strings.Contains(page, "the court asked for it") || strings.Contains(page, "Amina") || !d.Notes {
		t.Errorf("with notes:\n%s", page)
	}
}

func TestFilesGoAlongUnderNamesOfOurs(t *testing.T) {
	h := build(t)
	var picture bytes.Buffer
	h.must(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))))
	h.fake.Hold("f1", picture.Bytes())
	id := h.hears(channels.Inbound{Kind: channels.Document, Media: []channels.Media{
		{Ref: "f1", Type: "text/html", Name: "../../etc/contract.exe", Size: 9}, {Ref: "gone", Type: "audio/ogg; codecs=opus"},
	}})
	w, d := h.export(id, func(*export.Options) {})
	if got := w["files/1-1.png"]; got == nil || got.String() != picture.String() || len(w) != 3 {
		t.Fatalf("the files: %v", w)
	}
	if f := d.Messages[0].Files; len(f) != 2 || f[0].Path != "files/1-1.png" || f[0].Type != "image/png" || f[1].Path != "" {
		t.Errorf("the data: %+v", f)
	}
	if page := w[export.PageName].String(); !strings.Contains(page, `href="files/1-1.png"`) || strings.Contains(page, `href="..`) {
		t.Errorf("the page:\n%s", page)
	}
}

func TestAPersonWhoseLanguageHasNoPhrases(t *testing.T) {
	h := build(t)
	id := h.hears(channels.Inbound{Text: "hello"})
	th, err := h.db.ThreadByID(context.Background(), id)
	h.must(err)
	files := fstest.MapFS{} // as a centre's own program may have it
	for _, name := range []string{"active.en.toml", "active.fa-AF.toml", "active.ru.toml"} {
		b, err := fs.ReadFile(locales.Builtin(), name)
		h.must(err)
		files[name] = &fstest.MapFile{Data: b}
	}
	phrases, err := locales.LoadFS(files)
	h.must(err)
	for state, want := range map[string]string{
		`{"dialog":{"format":1,"locale":"tg"}}`:    `<html lang="ru" dir="ltr">`,
		`{"dialog":{"format":1,"locale":"fa-AF"}}`: `<html lang="fa-AF" dir="rtl">`,
		`{"dialog":{"format":99}}`:                 `<html lang="en" dir="ltr">`,
		``:                                         `<html lang="en" dir="ltr">`,
	} {
		th.State = []byte(state)
		h.must(h.db.Commit(context.Background(), store.Turn{Thread: th}))
		th.Version++
		w, _ := h.export(id, func(o *export.Options) { o.Phrases = phrases })
		if page := w[export.PageName].String(); !strings.Contains(page, want) || strings.Contains(page, "export.") {
			t.Errorf("%s: %.200s", state, page)
		}
	}
}

func TestNobodyIsExported(t *testing.T) {
	h := build(t)
	phrases, err := locales.Load()
	h.must(err)
	w := written{}
	err = export.Write(context.Background(), w, export.Options{Store: h.db, Catalogue: h.catalogue, Phrases: phrases}, "nobody")
	if !errors.Is(err, store.ErrNotFound) || len(w) != 0 {
		t.Fatalf("%v, %d files", err, len(w))
	}
}

func TestAFolderIsOnlyForItsOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "out")
	f, err := export.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "files/1-1.jpg"} {
		w, err := f.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"../out.html", "/etc/x", "index.html"} {
		if _, err := f.Create(name); err == nil {
			t.Errorf("%s was made", name)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{"": 0o700, "files": 0o700, "index.html": 0o600, "files/1-1.jpg": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%q: %v, %v", path, info.Mode(), err)
		}
	}
	if _, err := export.NewFolder(dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder that is not empty: %v", err)
	}
}
