// SPDX-License-Identifier: GPL-3.0-or-later

package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/web"
	"sarai/content"
	"sarai/desk"
	"sarai/gateway"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

const (
	png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
	pdf = "%PDF-1.7\n1 0 obj\n"
	svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='ran'"><script>document.title='ran'</script></svg>`
)

// A whole is the chat with the real gateway and the real store behind it, and a
// counsellor who holds the cases.
type whole struct {
	t   *testing.T
	db  *bolt.DB
	g   *gateway.Gateway
	web *web.Channel
	url string
	dir string

	mu     sync.Mutex
	gate   func(w http.ResponseWriter, r *http.Request, next http.Handler) // nil: everything goes through
	broken error                                                           // the store's, of events
}

type wholeOptions struct {
	web   web.Options
	files int64 // of a talk
	spare int64 // of the disk
	now   func() time.Time
}

func openWhole(t *testing.T, o wholeOptions) *whole {
	t.Helper()
	s := &whole{t: t, dir: t.TempDir()}
	var err error
	s.db, err = bolt.Open(filepath.Join(s.dir, "sarai.db"), bolt.Options{Key: make([]byte, bolt.KeySize), NoSync: true, Now: o.now, Reserve: o.spare})
	s.must(err)
	t.Cleanup(func() { s.db.Close() })
	phrases, err := locales.Load()
	s.must(err)
	catalogue, err := content.Load(os.DirFS("../../dialog/testdata/shelf"))
	s.must(err)
	s.g = gateway.New(gateway.Options{
		Store: s.db, Phrases: phrases, Centres: []content.CentreID{"here"}, Files: o.files, Now: o.now,
		Edition: gateway.Edition{Catalogue: catalogue, Read: func(string, search.Hint) search.Reading {
			return search.Reading{Locale: "en", Sure: true, Band: search.Unknown}
		}},
	})
	s.must(s.db.PutMember(context.Background(), store.Member{ID: "amina", Login: "amina", Name: "Amina", Role: store.Counsellor, Active: true, OnDuty: true}))
	o.web.Mailbox, o.web.Cabinet = s.g, s.g
	s.web = web.New(o.web)
	s.g.Attach(s.web)
	h := s.web.Handler(func(ctx context.Context, in ...channels.Inbound) error {
		s.mu.Lock()
		broken := s.broken
		s.mu.Unlock()
		if broken != nil {
			return broken
		}
		return s.g.Accept(ctx, in...)
	})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		gate := s.gate
		s.mu.Unlock()
		if gate != nil {
			gate(w, r, h)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(s.web.Close)
	s.url = srv.URL
	return s
}

func (s *whole) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *whole) gated(gate func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
}

func (s *whole) breakDown(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *whole) says(key, id, kind, text string) {
	s.t.Helper()
	a, err := call(s.t.Context(), request("POST", s.url+"/chat/api/messages", key, said{"id": id, "kind": kind, "text": text}))
	s.must(err)
	if a.status != http.StatusOK {
		s.t.Fatalf("answers %d %s", a.status, a.Error)
	}
}

func (s *whole) reads(key string) answer {
	s.t.Helper()
	a, err := call(s.t.Context(), request("GET", s.url+"/chat/api/messages", key, nil))
	s.must(err)
	return a
}

// upload makes the request of a page that sends a file.
func (s *whole) upload(key string, m said, file io.Reader) *http.Request {
	s.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	j, err := json.Marshal(m)
	s.must(err)
	s.must(form.WriteField("message", string(j)))
	_, err = form.CreateFormFile("file", "file")
	s.must(err)
	head := b.Len()
	s.must(form.Close())
	r := request("POST", s.url+"/chat/api/files", key, nil)
	body := io.MultiReader(bytes.NewReader(b.Bytes()[:head]), file, bytes.NewReader(b.Bytes()[head:]))
	r.Body = io.NopCloser(body)
	if known, ok := file.(interface{ Len() int }); ok {
		r.ContentLength = int64(b.Len() + known.Len())
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

func (s *whole) sends(key string, m said, content string) answer {
	s.t.Helper()
	a, err := call(s.t.Context(), s.upload(key, m, strings.NewReader(content)))
	s.must(err)
	return a
}

// fetch gets a file as a page does.
func (s *whole) fetch(key string, seq uint64, id string) (int, http.Header, string) {
	s.t.Helper()
	r := request("GET", fmt.Sprintf("%s/chat/api/files/%d/%s", s.url, seq, id), key, nil)
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	s.must(err)
	return resp.StatusCode, resp.Header, string(b)
}

// thread is the talk of somebody.
func (s *whole) thread(key string) store.Thread {
	s.t.Helper()
	th, err := s.db.Thread(context.Background(), channels.Address{Channel: web.ChannelName, ID: hashOf(key)})
	s.must(err)
	return th
}

func (s *whole) entries(key string) []store.Entry {
	s.t.Helper()
	es, err := s.db.Entries(context.Background(), s.thread(key).ID, 0, 1000)
	s.must(err)
	return es
}

func (s *whole) files(key string) map[string]store.File {
	s.t.Helper()
	fs, err := s.db.Files(context.Background(), s.thread(key).ID)
	s.must(err)
	return fs
}

// papers are the files in the letters of a talk, with where they stand.
func (s *whole) papers(key string) (seqs []uint64, ps []channels.Paper) {
	s.t.Helper()
	for _, l := range s.reads(key).Letters {
		for _, p := range l.Files {
			seqs, ps = append(seqs, l.Seq), append(ps, p)
		}
	}
	return seqs, ps
}

// handed has the person's case held by the counsellor.
func (s *whole) handed(key string) store.ThreadID {
	s.t.Helper()
	th := s.thread(key)
	if th.Case == nil {
		c := desk.New("case-"+desk.CaseID(th.ID), desk.Asked, desk.Normal, nil, time.Now())
		th.Case = &c
		s.must(s.db.Commit(context.Background(), store.Turn{Thread: th}))
	}
	s.must(s.g.Command(context.Background(), th.ID, "amina", desk.Take{}))
	return th.ID
}

func (s *whole) work() {
	s.t.Helper()
	_, err := s.g.Work(context.Background())
	s.must(err)
}

func TestAPhotoGoesToTheCentreAndIsSeenAgain(t *testing.T) {
	s := openWhole(t, wholeOptions{})
	me := keyOf(1)
	s.says(me, "message-1", "start", "")
	a := s.sends(me, said{"id": "message-2", "kind": "document", "text": "my visa, is it real?", "name": "../IMG\u202egnp.exe"}, png)
	if a.status != http.StatusOK {
		t.Fatalf("answers %d %s", a.status, a.Error)
	}
	var mine *store.Entry
	for _, e := range s.entries(me) {
		if len(e.Media) > 0 {
			mine = &e
		}
	}
	if mine == nil || mine.Author != store.Person || mine.Kind != channels.Picture || mine.Text != "my visa, is it real?" {
		t.Fatalf("in the talk is %+v", mine)
	}
	f := s.files(me)[mine.Media[0].ID]
	if f.State != store.Kept || f.Type != "image/png" || f.Name != "IMGgnp.png" || f.Size != int64(len(png)) {
		t.Errorf("kept is %+v", f)
	}
	s.work()
	if st := s.g.Stats(); st.Fetched.Load() != 1 || st.Retried.Load() != 0 {
		t.Errorf("%d files judged, %d jobs tried again: nothing is fetched twice", st.Fetched.Load(), st.Retried.Load())
	}

	seqs, ps := s.papers(me)
	if len(ps) != 1 || ps[0].Kind != channels.Picture || ps[0].Type != "image/png" || ps[0].Name != "IMGgnp.png" || ps[0].Gone {
		t.Fatalf("the page is told of %+v", ps)
	}
	status, h, got := s.fetch(me, seqs[0], ps[0].ID)
	if status != 200 || got != png {
		t.Fatalf("%d with %d bytes", status, len(got))
	}
	for name, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Disposition": "inline; filename=IMGgnp.png",
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Content-Length": fmt.Sprint(len(png)),
	} {
		if h.Get(name) != want {
			t.Errorf("%s is %q", name, h.Get(name))
		}
	}

	// On another phone with the six words.
	words, err := call(t.Context(), request("POST", s.url+"/chat/api/code", me, nil))
	s.must(err)
	entered, err := call(t.Context(), request("POST", s.url+"/chat/api/enter", "", said{"code": strings.Join(words.Words["latn"], " ")}))
	s.must(err)
	if _, _, got := s.fetch(entered.Key, seqs[0], ps[0].ID); got != png {
		t.Error("the other phone does not get it")
	}
}

func TestAMessageWithAFileIsTakenOnce(t *testing.T) {
	s := openWhole(t, wholeOptions{})
	me := keyOf(1)
	s.says(me, "message-1", "start", "")
	m := said{"id": "message-2", "kind": "document", "text": "the contract", "name": "contract.pdf"}

	// The line breaks in the middle: nothing is left of it.
	half, cut := io.Pipe()
	go func() {
		_, _ = cut.Write([]byte(pdf))
		cut.CloseWithError(errors.New("the line broke"))
	}()
	if _, err := call(t.Context(), s.upload(me, m, half)); err == nil {
		t.Fatal("half a file is answered")
	}
	until(t, func() bool {
		parts, err := os.ReadDir(filepath.Join(s.dir, "media"))
		return err == nil && len(parts) == 0
	})
	if n := len(s.files(me)); n != 0 {
		t.Fatalf("%d files are left", n)
	}

	// The store takes the file and then not the message: the page sends both again.
	s.breakDown(errors.New("the disk is full"))
	if a := s.sends(me, m, pdf); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Fatalf("answers %d", a.status)
	}
	s.breakDown(nil)
	for range 3 { // and again, as the answer is lost
		if a := s.sends(me, m, pdf); a.status != http.StatusOK {
			t.Fatalf("answers %d %s", a.status, a.Error)
		}
	}
	n := 0
	for _, e := range s.entries(me) {
		if len(e.Media) > 0 {
			n++
		}
	}
	if n != 1 || len(s.files(me)) != 1 {
		t.Errorf("%d messages and %d files", n, len(s.files(me)))
	}
}

func TestAFileThatNoMessageNamesIsRemoved(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := openWhole(t, wholeOptions{now: clock})
	me := keyOf(1)
	s.says(me, "message-1", "start", "")
	s.breakDown(errors.New("the disk is full"))
	s.sends(me, said{"id": "message-2", "kind": "document"}, png)
	s.breakDown(nil)
	s.sends(me, said{"id": "message-3", "kind": "document"}, png)
	if n := len(s.files(me)); n != 2 {
		t.Fatalf("%d files wait or are kept", n)
	}
	mu.Lock()
	now = now.Add(store.StagedFor + time.Minute)
	mu.Unlock()
	s.must(s.db.Sweep(context.Background(), clock()))
	if n := len(s.files(me)); n != 1 {
		t.Errorf("%d files are kept", n)
	}
	if parts, err := os.ReadDir(filepath.Join(s.dir, "media")); err != nil || len(parts) != 1 {
		t.Errorf("%d files lie on the disk: %v", len(parts), err)
	}
	// Who comes back after all sends it anew.
	if a := s.sends(me, said{"id": "message-2", "kind": "document"}, png); a.status != http.StatusOK {
		t.Errorf("answers %d", a.status)
	}
	if _, ps := s.papers(me); len(ps) != 2 || ps[0].Gone || ps[1].Gone {
		t.Errorf("in the talk are %+v", ps)
	}
}

func TestWhoMayHaveAFile(t *testing.T) {
	s := openWhole(t, wholeOptions{})
	me, other := keyOf(1), keyOf(2)
	for _, key := range []string{me, other} {
		s.says(key, "message-1", "start", "")
		s.sends(key, said{"id": "message-2", "kind": "document"}, png+key)
	}
	id := s.handed(me)
	s.must(s.g.SayFile(context.Background(), id, "amina", "form-1", "fill this in", gateway.Upload{Name: "form.pdf", Content: strings.NewReader(pdf)}))
	s.must(s.g.SayFile(context.Background(), id, "amina", "form-2", "", gateway.Upload{Name: "plan.png", Content: strings.NewReader(png)}))
	seqs, ps := s.papers(me)
	if len(ps) != 3 || ps[1].Name != "form.pdf" || ps[1].Kind != channels.Document || ps[2].Kind != channels.Picture {
		t.Fatalf("in the talk are %+v", ps)
	}
	if status, h, got := s.fetch(me, seqs[1], ps[1].ID); status != 200 || got != pdf || h.Get("Content-Disposition") != "attachment; filename=form.pdf" {
		t.Errorf("%d %v", status, h)
	}
	refused := func(what, key string, seq uint64, file string, want int) {
		t.Helper()
		if status, _, got := s.fetch(key, seq, file); status != want || strings.Contains(got, "PNG") || strings.Contains(got, "PDF") {
			t.Errorf("%s: %d %q", what, status, got)
		}
	}
	refused("nobody", "", seqs[0], ps[0].ID, 401)
	refused("another person", other, seqs[0], ps[0].ID, 404)
	refused("somebody who never wrote", keyOf(3), seqs[0], ps[0].ID, 404)
	refused("another place in the talk", me, seqs[1], ps[0].ID, 404)
	refused("no place", me, 0, ps[0].ID, 404)
	refused("a place to come", me, 1000, ps[0].ID, 404)
	refused("no file", me, seqs[0], "nothing", 404)

	// What only staff see: a note that names the file, as no note does today.
	th := s.thread(me)
	s.must(s.db.Commit(context.Background(), store.Turn{Thread: th, Entries: []store.Entry{{Author: store.Note, By: "amina", Media: []channels.Media{{ID: ps[0].ID}}}}}))
	refused("a note", me, s.thread(me).LastSeq, ps[0].ID, 404)

	// One is erased at the desk.
	s.must(s.g.EraseFile(context.Background(), id, "amina", ps[1].ID))
	refused("erased", me, seqs[1], ps[1].ID, 404)
	if _, now := s.papers(me); !now[1].Gone || now[1].Name != "" || now[0].Gone {
		t.Errorf("the page is told of %+v", now)
	}

	// The person hides the talk: nothing that was there can be had, on any phone.
	s.says(me, "message-9", "text", "hide")
	s.work()
	for i := range ps {
		refused("hidden", me, seqs[i], ps[i].ID, 404)
	}
	if _, now := s.papers(me); len(now) != 0 {
		t.Errorf("the page is told of %+v", now)
	}
	if got := s.files(me)[ps[0].ID]; got.State != store.Kept {
		t.Error("hiding has erased it at the centre")
	}

	s.must(s.g.Erase(context.Background(), id, "amina"))
	s.work()
	refused("erased with the talk", me, seqs[0], ps[0].ID, 404)
	if parts, err := os.ReadDir(filepath.Join(s.dir, "media")); err != nil || len(parts) != 1 { // the other's
		t.Errorf("%d files lie on the disk: %v", len(parts), err)
	}
}

func TestARefusedFileIsAnsweredAtOnce(t *testing.T) {
	s := openWhole(t, wholeOptions{files: 3 << 20, web: web.Options{MaxFile: 2 << 20}})
	me := keyOf(1)
	s.says(me, "message-1", "start", "")
	n := 1
	send := func(what, content string, status int, word string) {
		t.Helper()
		n++
		a := s.sends(me, said{"id": fmt.Sprintf("message-%d", n), "kind": "voice", "text": "look", "name": "photo.jpg"}, content)
		if a.status != status || a.Error != word {
			t.Errorf("%s: %d %s, want %d %s", what, a.status, a.Error, status, word)
		}
	}
	send("nothing", "", 422, "no-bytes")
	send("a page", "<html><script>alert(1)</script>", 422, "harmful")
	send("a picture that runs", svg, 422, "harmful")
	send("a program", "MZ\x90\x00", 422, "harmful")
	send("a byte too many", png+strings.Repeat("x", 2<<20), 413, "too-large")
	send("far too many", png+strings.Repeat("x", 30<<20), 413, "too-large")
	if got := len(s.files(me)); got != 0 {
		t.Errorf("%d files are left", got)
	}
	for _, e := range s.entries(me) {
		if e.Author == store.Person && e.Kind != channels.Start {
			t.Errorf("a refused file is in the talk: %+v", e)
		}
	}
	send("a picture", png+strings.Repeat("x", 3<<19), 200, "")
	send("one more", png+strings.Repeat("x", 3<<19), 200, "")
	send("too much of one talk", png, 422, "full")
	s.says(me, "message-words", "text", "but words go")

	// A file begins no talk, and what is no form is none.
	if a := s.sends(keyOf(9), said{"id": "message-1", "kind": "document"}, png); a.status != 404 || a.Error != "no-talk" {
		t.Errorf("of nobody: %d %s", a.status, a.Error)
	}
	for what, r := range map[string]*http.Request{
		"JSON":         request("POST", s.url+"/chat/api/files", me, said{"id": "message-x"}),
		"a bad id":     s.upload(me, said{"id": "x"}, strings.NewReader(png)),
		"endless text": s.upload(me, said{"id": "message-x", "text": strings.Repeat("x", 401<<10)}, strings.NewReader(png)),
	} {
		if a, err := call(t.Context(), r); err != nil || a.status < 400 || a.status > 415 {
			t.Errorf("%s: %d %v", what, a.status, err)
		}
	}
}

func TestWithoutRoomWordsStillGo(t *testing.T) {
	s := openWhole(t, wholeOptions{spare: 1 << 60})
	me := keyOf(1)
	s.says(me, "message-1", "start", "")
	if a := s.sends(me, said{"id": "message-2", "kind": "document"}, png); a.status != 422 || a.Error != "no-room" {
		t.Errorf("answers %d %s", a.status, a.Error)
	}
	s.says(me, "message-3", "text", "my visa ends tomorrow")
}

func TestNobodyFillsTheDiskOrHoldsTheServer(t *testing.T) {
	s := openWhole(t, wholeOptions{web: web.Options{Files: web.Rate{Every: time.Hour, Burst: 8}, Bytes: web.Rate{Every: time.Hour, Burst: 100}}})
	me, other, third := keyOf(1), keyOf(2), keyOf(3)
	for _, key := range []string{me, other, third} {
		s.says(key, "message-1", "start", "")
	}
	// So many files,
	for i := range 9 {
		a := s.sends(other, said{"id": fmt.Sprintf("message-%d", i+2), "kind": "document"}, png)
		if want := 200; i == 8 && a.status != 429 || i < 8 && a.status != want {
			t.Errorf("file %d: %d", i, a.status)
		}
	}
	// so many bytes,
	for i, want := range []int{200, 200, 429} {
		a := s.sends(me, said{"id": fmt.Sprintf("message-%d", i+2), "kind": "document"}, png+strings.Repeat("x", 60<<10))
		if a.status != want || want == 429 && a.header.Get("Retry-After") == "" {
			t.Errorf("file %d: %d", i, a.status)
		}
	}
	s.says(me, "message-words", "text", "words go")

	// and so many that come slowly, at one time.
	var open []net.Conn
	addr := strings.TrimPrefix(s.url, "http://")
	for range 6 {
		c, err := net.Dial("tcp", addr)
		s.must(err)
		defer c.Close()
		_, err = fmt.Fprintf(c, "POST /chat/api/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b", third)
		s.must(err)
		open = append(open, c)
	}
	until(t, func() bool {
		return s.sends(third, said{"id": "message-2", "kind": "document"}, png).status == 429
	})
	for _, c := range open {
		c.Close()
	}
	s.says(third, "message-words", "text", "words go")
}
