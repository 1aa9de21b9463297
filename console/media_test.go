// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/console"
	"sarai/content"
	"sarai/desk"
	real "sarai/gateway"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

const (
	png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
	jpg = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
	pdf = "%PDF-1.7\n1 0 obj\n"
	mp3 = "ID3\x04\x00\x00\x00\x00\x00\x00"
)

// A post is a house with the real gateway and a platform that carries files.
type post struct {
	*house
	g    *real.Gateway
	fake *channeltest.Fake
}

func withFiles(t testing.TB, l channels.Limits) *post {
	t.Helper()
	p := &post{fake: channeltest.NewFake("telegram", l)}
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	p.house = build(t, func(o *console.Options) {
		p.g = real.New(real.Options{
			Store: o.Store.(*bolt.DB), Phrases: words, Now: o.Now,
			Edition: real.Edition{Catalogue: catalogue(t), Read: func(string, search.Hint) search.Reading { return search.Reading{Band: search.Unknown} }},
		})
		p.g.Attach(p.fake)
		o.Gateway = p.g
	})
	return p
}

// comes is the person of a talk sending a file.
func (p *post) comes(who string, kind channels.Kind, name, content string) {
	p.t.Helper()
	ref := fmt.Sprint("ref-", len(p.fake.Fetched()), name)
	p.fake.Hold(ref, []byte(content))
	err := p.g.Accept(context.Background(), channels.Inbound{
		From: channels.Address{Channel: "telegram", ID: who}, ID: ref, At: p.clock(), Kind: kind,
		Media: []channels.Media{{Ref: ref, Name: name, Type: "image/jpeg", Size: int64(len(content))}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) works() {
	p.t.Helper()
	if _, err := p.g.Work(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

// last is the newest file of a talk.
func (p *post) last(id store.ThreadID) (seq uint64, file string) {
	p.t.Helper()
	es, err := p.db.Entries(context.Background(), id, 0, 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range es {
		if len(e.Media) > 0 {
			seq, file = e.Seq, e.Media[0].ID
		}
	}
	return seq, file
}

func TestAPictureShowsWhenItIsThere(t *testing.T) {
	h := withFiles(t, channels.Limits{})
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "zahra", entries: []store.Entry{person("en", "look")}})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	h.comes("zahra", channels.Picture, "../../etc/پاسپورٹ\u202egpj.exe", png)
	seq, file := h.last(id)
	page := b.get(path)
	part := fmt.Sprintf("%s/media/%s/part?of=%d", path, file, seq)
	page.has(t, "It is being fetched.")
	if !strings.Contains(page.body, `hx-get="`+part+`" hx-trigger="desk-here from:body"`) || strings.Contains(page.body, "<img") {
		t.Errorf("the page does not look again by itself:\n%s", page.body)
	}
	if a := b.get(path + "/media/" + file); a.status != http.StatusNotFound {
		t.Errorf("what is not there answers %d", a.status)
	}
	h.works()
	for _, a := range []answer{b.part(part), b.get(path), b.part(fmt.Sprint(path, "/entries/", seq))} {
		if !strings.Contains(a.body, `<img src="`+path+`/media/`+file+`" alt="Picture, Person, 04:00" loading="lazy"`) || strings.Contains(a.body, "being fetched") || strings.Contains(a.body, "/part?") {
			t.Errorf("the picture is not shown:\n%s", a.body)
		}
		a.has(t, "Download پاسپورٹgpj.png")
	}
	a := b.get(path + "/media/" + file)
	_, with, err := mime.ParseMediaType(a.header.Get("Content-Disposition"))
	if err != nil || with["filename"] != "پاسپورٹgpj.png" {
		t.Errorf("it is called %q, %v", with["filename"], err)
	}
	for _, odd := range []string{"", "?of=0", "?of=x", "?of=99", "?of=1"} {
		if a := b.part(path + "/media/" + file + "/part" + odd); a.status != http.StatusNotFound {
			t.Errorf("part%s answers %d", odd, a.status)
		}
	}
}

// TestAStrangersFileRunsNothing sends what does harm, under names and types that
// claim otherwise, and looks at what a browser would be told.
func TestAStrangersFileRunsNothing(t *testing.T) {
	h := withFiles(t, channels.Limits{})
	h.hires("amina", "Amina", store.Counsellor)
	h.hires("dhaki", "Dhaki", store.Counsellor, "dhaka")
	id := h.opens(talk{name: "zahra", centre: "lahore"})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	const script = "<html><script>alert(1)</script></html>"
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>`
	for name, c := range map[string]struct{ content, kind, how string }{
		"photo.html":       {jpg + script, "image/jpeg", "inline"},
		"a.gif":            {"GIF89a/*" + script + "*/", "image/gif", "inline"},
		"song.js":          {mp3 + script, "audio/mpeg", "inline"},
		"visa.pdf.html":    {pdf + script, "application/pdf", "attachment"},
		"note.html":        {"hello", "text/plain", "attachment"},
		`x";evil="`:        {"hello", "text/plain", "attachment"},
		"a\r\nSet-Cookie:": {pdf, "application/pdf", "attachment"},
		"voice.ogg":        {"#!AMR\n<", "audio/amr", "attachment"},
		"page.jpg":         {script, "", ""},
		"drawing.png":      {svg, "", ""},
		"drawing.xml":      {`<?xml version="1.0"?>` + svg, "", ""},
		"words.txt":        {"hello\n" + svg, "", ""},
		"setup.jpg":        {"MZ\x90\x00", "", ""},
		"run.txt":          {"#!/bin/sh\n", "", ""},
	} {
		h.comes("zahra", channels.Document, name, c.content)
		h.works()
		_, file := h.last(id)
		a := b.get(path + "/media/" + file)
		if c.kind == "" {
			if a.status != http.StatusNotFound || strings.Contains(a.body, "alert(1)") {
				t.Errorf("%s answers %d", name, a.status)
			}
			continue
		}
		how, _, err := mime.ParseMediaType(a.header.Get("Content-Disposition"))
		if a.status != http.StatusOK || a.body != c.content || a.header.Get("Content-Type") != c.kind || how != c.how || err != nil {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
		for k, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
			"Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "same-origin", "Set-Cookie:": "",
		} {
			if got := a.header.Get(k); got != want {
				t.Errorf("%s: %s is %q", name, k, got)
			}
		}
		for _, v := range a.header.Values("Content-Disposition") {
			if strings.ContainsAny(v, "\r\n") || strings.Contains(v, "html") || strings.Contains(v, ".js") {
				t.Errorf("%s is to be saved as %q", name, v)
			}
		}
		if a := h.signsIn("dhaki").get(path + "/media/" + file); a.status != http.StatusNotFound {
			t.Errorf("another centre is answered %d", a.status)
		}
	}
	page := b.get(path)
	page.has(t, "A kind of file that can do harm. It was not kept. Ask the person to send a photo of it.")
	page.lacks(t, "<script>alert", "\u202e")
	if fmt.Sprint(h.log) != "" {
		t.Errorf("logged: %s", h.log)
	}
}

func TestAPlayerReadsFromAnyPlace(t *testing.T) {
	h := withFiles(t, channels.Limits{})
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "zahra"})
	h.comes("zahra", channels.Voice, "", mp3+strings.Repeat("0123456789", 100))
	h.works()
	_, file := h.last(id)
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	if body := b.get(path).body; !strings.Contains(body, `<audio controls preload="none" src="`+path+"/media/"+file+`"`) {
		t.Error("there is no player")
	}
	r := httptest.NewRequest("GET", "http://desk.example"+path+"/media/"+file, nil)
	r.Header.Set("Range", "bytes=1000-1004")
	for _, c := range b.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.console.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusPartialContent || w.Body.String() != "01234" || w.Header().Get("Content-Range") != "bytes 1000-1004/1010" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
}

func TestWhatIsWrongWithAFileIsSaidInWords(t *testing.T) {
	h := withFiles(t, channels.Limits{})
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "zahra"})
	b := h.signsIn("amina")
	ctx := context.Background()
	for state, words := range map[store.FileState]string{
		store.TooLarge: "Too large: at most 20 MB is kept.", store.Gone: "The platform does not have it any more.",
		store.TooMany:    "This talk holds as many files as are kept.",
		store.Unreadable: "It cannot be opened.", store.Erased: "This file was erased.", "a newer program's": "It cannot be opened.",
	} {
		file := "f-" + strings.ReplaceAll(string(state), " ", "")
		h.writes(id, store.Entry{Author: store.Person, Kind: channels.Document, Media: []channels.Media{{ID: file, Ref: "r", Name: "Zahra's own name"}}})
		if _, err := h.db.NoteFile(ctx, id, store.File{ID: file, State: state, At: noon}); err != nil {
			t.Fatal(err)
		}
		a := b.get("/desk/talks/" + string(id))
		a.has(t, words)
		a.lacks(t, "Zahra&#39;s own name")
	}
}

// uploads sends the answer box with a file, as a browser does.
func (b *browser) uploads(path string, fields [][2]string, name string, content io.Reader, htmx bool) answer {
	r, w := io.Pipe()
	form := multipart.NewWriter(w)
	go func() {
		err := func() error {
			for _, f := range fields {
				if err := form.WriteField(f[0], f[1]); err != nil {
					return err
				}
			}
			if content != nil {
				part, err := form.CreateFormFile("file", name)
				if err != nil {
					return err
				}
				if _, err := io.Copy(part, content); err != nil {
					return err
				}
			}
			return form.Close()
		}()
		w.CloseWithError(err)
	}()
	req := httptest.NewRequest("POST", "http://desk.example"+path, r)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if htmx {
		req.Header.Set("HX-Request", "true")
	}
	for _, c := range b.jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	b.h.console.Handler().ServeHTTP(rec, req)
	r.Close()
	return answer{rec.Code, rec.Result().Header, rec.Body.String()}
}

func said(key, text string) [][2]string { return [][2]string{{"key", key}, {"text", text}} }

func TestAFileGoesWithTheAnswer(t *testing.T) {
	h := withFiles(t, channels.Limits{Upload: 3 << 20})
	h.hires("amina", "Amina", store.Counsellor)
	h.hires("bilal", "Bilal", store.Counsellor)
	id := h.opens(talk{name: "zahra", entries: []store.Entry{person("en", "send me the form")}})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	page := b.follow(b.post(path+"/take", nil))
	h.works()
	h.fake.Forget()
	page.has(t, "Attach a picture or a document, at most 3 MB")
	key := page.form(t, path+"/say")["key"]

	big := pdf + strings.Repeat("x", 2<<20) // far more than other forms carry
	for range 2 {
		a := b.uploads(path+"/say", said(key, "here it is"), "form.pdf", strings.NewReader(big), true)
		if a.status != http.StatusOK || a.value(t, "text") != "" || a.form(t, path+"/say")["key"] == key {
			t.Fatalf("sending answers %d: %s", a.status, a.text())
		}
	}
	h.works()
	sent := h.fake.Sent()
	if len(sent) != 1 || sent[0].Attachment.Name != "form.pdf" || string(h.fake.Carried(sent[0].Key)) != big || sent[0].Blocks[0].Text != "here it is" {
		t.Fatalf("sent %+v", sent)
	}
	page = b.get(path)
	page.has(t, "Amina", "Document", "Download form.pdf 2.0 MB", "here it is")
	// Without words, without a script, and where nothing was chosen.
	if a := b.uploads(path+"/say", said("aaaaaaaaaaaaaaaaaaaa", ""), "map.png", strings.NewReader(png), false); a.status != http.StatusSeeOther {
		t.Errorf("without a script: %d", a.status)
	}
	if a := b.uploads(path+"/say", said("bbbbbbbbbbbbbbbbbbbb", "only words"), "", strings.NewReader(""), true); a.status != http.StatusOK {
		t.Errorf("nothing chosen: %d %s", a.status, a.text())
	}
	if a := b.uploads(path+"/say", said("cccccccccccccccccccc", "only words"), "", nil, true); a.status != http.StatusOK {
		t.Errorf("no field: %d", a.status)
	}
	h.works()
	if n := len(h.fake.Sent()); n != 4 {
		t.Errorf("%d messages were sent", n)
	}

	// What cannot be sent says why; the words stay, under the same key.
	h.fake.Forget()
	before, err := h.db.Files(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the line broke")
	for name, c := range map[string]struct {
		file   io.Reader
		status int
		words  string
	}{
		"too large":     {strings.NewReader(pdf + strings.Repeat("x", 3<<20)), 413, "at most 3 MB. It was not sent."},
		"harmful":       {strings.NewReader("<html><script>"), 422, "This kind of file is not sent"},
		"an empty file": {strings.NewReader(""), 422, "Something is missing."},
		"a broken line": {io.MultiReader(strings.NewReader(pdf), iotest.ErrReader(broken)), 400, "The file did not arrive whole."},
	} {
		a := b.uploads(path+"/say", said("dddddddddddddddddddd", "words of "+name), "x.pdf", c.file, true)
		if a.status != c.status || a.value(t, "text") != "words of "+name || a.form(t, path+"/say")["key"] != "dddddddddddddddddddd" {
			t.Errorf("%s answers %d", name, a.status)
		}
		a.has(t, c.words)
		if got := b.get(path).value(t, "text"); got != "words of "+name {
			t.Errorf("%s: the draft is %q", name, got)
		}
	}
	for name, fields := range map[string][][2]string{"no key": said("", "x"), "a made-up key": said("../../etc", ""), "too many words": said("eeeeeeeeeeeeeeeeeeee", strings.Repeat("a", 4001))} {
		if a := b.uploads(path+"/say", fields, "x.pdf", strings.NewReader(pdf), true); a.status != 422 {
			t.Errorf("%s answers %d", name, a.status)
		}
	}
	if a := h.signsIn("bilal").uploads(path+"/say", said("ffffffffffffffffffff", "mine"), "x.pdf", strings.NewReader(pdf), true); a.status != http.StatusConflict || a.value(t, "text") != "mine" {
		t.Errorf("a colleague is answered %d", a.status)
	}
	h.works()
	after, err := h.db.Files(context.Background(), id)
	if err != nil || len(after) != len(before) || len(h.fake.Sent()) != 0 {
		t.Errorf("%d files were %d, %d messages were sent: %v", len(after), len(before), len(h.fake.Sent()), err)
	}

	// Other forms are as small as before, and nobody sends files who is not in.
	if a := b.uploads(path+"/note", said("gggggggggggggggggggg", strings.Repeat("x", 300<<10)), "", nil, false); a.status < 400 {
		t.Errorf("a huge note answers %d", a.status)
	}
	if a := b.post(path+"/say", url.Values{"key": {"gggggggggggggggggggg"}, "text": {strings.Repeat("x", 300<<10)}}); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("huge words answer %d", a.status)
	}
	if a := h.browser().uploads(path+"/say", said(key, ""), "x.pdf", iotest.ErrReader(errors.New("it was read")), false); a.status != http.StatusSeeOther {
		t.Errorf("nobody is answered %d", a.status)
	}
	if strings.Contains(fmt.Sprint(h.log), "form.pdf") || strings.Contains(fmt.Sprint(h.log), "words of") {
		t.Errorf("logged: %s", h.log)
	}
}

func TestASizeIsNotTurnedRound(t *testing.T) {
	h := withFiles(t, channels.Limits{Upload: 3 << 20})
	m := h.hires("amina", "Amina", store.Counsellor)
	m.Locale = content.Urdu
	if err := h.db.PutMember(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	id := h.opens(talk{name: "zahra"})
	b := h.signsIn("amina")
	page := b.follow(b.post("/desk/talks/"+string(id)+"/take", nil))
	if !strings.Contains(page.body, "\u20663 MB\u2069") {
		t.Error("among Urdu words the number stands behind its unit")
	}
}

func TestAChannelWithoutFilesOffersNone(t *testing.T) {
	h := withFiles(t, channels.Limits{})
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "zahra"})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	b.follow(b.post(path+"/take", nil)).lacks(t, `type="file"`, "multipart")
	a := b.uploads(path+"/say", said("aaaaaaaaaaaaaaaaaaaa", "see"), "x.pdf", strings.NewReader(pdf), true)
	if a.status != 422 || a.value(t, "text") != "see" {
		t.Errorf("answers %d", a.status)
	}
	a.has(t, "This channel carries no files.")
}

func TestARecordingOfTheBrowserPlaysAsAVoiceNote(t *testing.T) {
	webm, err := os.ReadFile("../internal/ogg/testdata/live.webm")
	if err != nil {
		t.Fatal(err)
	}
	h := withFiles(t, channels.Limits{Upload: 3 << 20})
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "zahra"})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	b.post(path+"/take", nil)
	if a := b.uploads(path+"/say", said("aaaaaaaaaaaaaaaaaaaa", ""), "voice.webm", bytes.NewReader(webm), true); a.status != http.StatusOK {
		t.Fatalf("answers %d %s", a.status, a.text())
	}
	h.works()
	sent := h.fake.Sent()
	if a := sent[len(sent)-1].Attachment; a == nil || a.Kind != channels.Voice || a.Type != "audio/ogg" {
		t.Fatalf("sent %+v", a)
	}
	page := b.get(path)
	page.has(t, "Voice note 0:03", "Download voice.ogg")
	if !strings.Contains(page.body, "<audio controls preload") {
		t.Error("it does not play at the desk")
	}
}

func TestTheHolderErasesOneFile(t *testing.T) {
	h := withFiles(t, channels.Limits{})
	h.hires("amina", "Amina", store.Counsellor)
	h.hires("bilal", "Bilal", store.Counsellor)
	id := h.opens(talk{name: "zahra"})
	path := "/desk/talks/" + string(id)
	a, b := h.signsIn("amina"), h.signsIn("bilal")
	a.post(path+"/take", nil)
	h.comes("zahra", channels.Picture, "passport.png", png)
	h.works()
	_, file := h.last(id)
	erase := path + "/media/" + file + "/erase"
	b.get(path).lacks(t, erase)
	if refused := b.post(erase, nil); refused.status != http.StatusConflict {
		t.Errorf("a colleague is answered %d", refused.status)
	}
	fields := a.get(path).form(t, erase)
	page := a.follow(a.post(erase, url.Values{"of": {fields["of"]}}))
	page.has(t, "This file was erased.", "Amina erased a file", "Done.")
	page.lacks(t, "passport", "<img")
	if got := a.get(path + "/media/" + file); got.status != http.StatusNotFound || got.body == png {
		t.Errorf("it still answers %d", got.status)
	}
	if again := a.post(erase, nil); again.status != http.StatusSeeOther {
		t.Errorf("once more: %d", again.status)
	}
	if k := h.thread(id).Case; k.Status != desk.Held {
		t.Errorf("the case is %s", k.Status)
	}
}
