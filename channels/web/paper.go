// SPDX-License-Identifier: GPL-3.0-or-later

package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"sarai/channels"
)

// MaxFile is how large a file may be that a person sends or is sent, in bytes,
// where Options say nothing else.
const MaxFile = 20 << 20

const (
	// fileFor is the longest that one file may take either way: 20 MB at 180
	// kilobits a second.
	fileFor = 15 * time.Minute
	// silentFor is how long nothing may come of one: a line that is silent for
	// longer has broken, or somebody only wants to hold the server.
	silentFor = 30 * time.Second
	// A file that comes or goes slower than slowest, in bytes a second, is ended once
	// graceFor is over: on such a line it would not arrive, and whoever drips bytes
	// holds a place only for so long.
	slowest  = 1000
	graceFor = time.Minute
	// maxSeconds is the longest recording that is believed.
	maxSeconds = 3600
	// Files that are under way at one time, either way. A page sends one after the
	// other and loads a few; a broken line may hold a place until silentFor is over.
	maxOfTalk   = 6
	maxOfClient = 24
	maxOfAll    = 128
)

// paperPolicy is the Content-Security-Policy of a file: whatever it turns out to
// be, it runs nothing, loads nothing and stands in no frame.
const paperPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

// slots bound what is under way at one time: of one key, and in all. The zero
// value is ready; it is safe for concurrent use.
type slots struct {
	mu    sync.Mutex
	byKey map[string]int
	all   int
}

// take takes one place of each key. The empty key is not bounded by itself.
func (s *slots) take(most map[string]int) (end func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxOfAll {
		return nil, false
	}
	for key, n := range most {
		if key != "" && s.byKey[key] >= n {
			return nil, false
		}
	}
	if s.byKey == nil {
		s.byKey = map[string]int{}
	}
	s.all++
	for key := range most {
		s.byKey[key]++
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		for key := range most {
			if s.byKey[key]--; s.byKey[key] == 0 {
				delete(s.byKey, key)
			}
		}
	}, true
}

// steady moves a deadline with each piece of a file that comes or goes, so that
// a slow line is let go on and a dead one ends. It counts the bytes.
type steady struct {
	move  func(time.Time) error
	begun time.Time
	n     int64
}

func newSteady(move func(time.Time) error) *steady {
	return &steady{move: move, begun: time.Now()}
}

// step allows the next piece. A connection without deadlines, in a test, has none.
func (s *steady) step() { _ = s.move(s.until(time.Now())) }

// until is when the next piece must be through.
func (s *steady) until(now time.Time) time.Time {
	left := min(fileFor, graceFor+time.Duration(s.n)*time.Second/slowest) - now.Sub(s.begun)
	return now.Add(min(left, silentFor))
}

type steadyReader struct {
	*steady
	r io.Reader
}

func (s steadyReader) Read(b []byte) (int, error) {
	s.step()
	n, err := s.r.Read(b)
	s.n += int64(n)
	return n, err
}

type steadyWriter struct {
	*steady
	w io.Writer
}

func (s steadyWriter) Write(b []byte) (int, error) {
	s.step()
	n, err := s.w.Write(b)
	s.n += int64(n)
	return n, err
}

// under takes the places of a file that is under way.
func (c *Channel) under(p person) (end func(), ok bool) {
	return c.slots.take(map[string]int{"talk " + p.address.ID: maxOfTalk, c.clientKey(p): maxOfClient})
}

func (c *Channel) clientKey(p person) string {
	if p.client == "" {
		return ""
	}
	return "client " + p.client
}

// kilobytes is as what a file counts.
func kilobytes(n int64) int { return int((n + 1<<10 - 1) >> 10) }

// errLine marks what came of a person's line and not of the store.
var errLine = errors.New("web: the upload broke off")

// incoming is the content of a file as it comes, of which left bytes may.
type incoming struct {
	r    io.Reader
	left int64
}

func (i *incoming) Read(b []byte) (int, error) {
	n, err := i.r.Read(b)
	if i.left -= int64(n); i.left < 0 {
		return n, channels.ErrTooLarge
	}
	if err != nil && err != io.EOF {
		err = errors.Join(errLine, err)
	}
	return n, err
}

// postFile takes a message with a file: a form whose first part, "message", is
// what post takes, and whose second, "file", is the content. It answers success
// only once the file and the message are durable; the page sends both again under
// the same id until then.
func (c *Channel) postFile(w http.ResponseWriter, r *http.Request, sink channels.Sink) {
	p, ok := c.who(w, r)
	if !ok {
		return
	}
	if c.cabinet == nil {
		refuse(w, http.StatusNotFound, "no-files", "This chat takes no files.")
		return
	}
	if r.ContentLength > c.maxFile+maxBody+maxHead {
		refuse(w, http.StatusRequestEntityTooLarge, "too-large", "The file is too large.")
		return
	}
	now := c.now()
	if !c.files.take(p.address.ID, now) {
		slow(w, c.files)
		return
	}
	if !c.bytes.left("talk "+p.address.ID, now) || !c.bytes.left(c.clientKey(p), now) {
		slow(w, c.bytes)
		return
	}
	found, done := c.reached(w, r, p)
	switch {
	case done:
		return
	case !found: // a file begins no talk: the page begins one before it
		c.missing(w, p)
		return
	}
	end, ok := c.under(p)
	if !ok {
		slow(w, c.files)
		return
	}
	defer end()
	pace := newSteady(http.NewResponseController(w).SetReadDeadline)
	body := steadyReader{pace, http.MaxBytesReader(w, r.Body, c.maxFile+maxBody+maxHead)}
	defer func() {
		kb := kilobytes(pace.n)
		c.bytes.spend("talk "+p.address.ID, kb, c.now())
		c.bytes.spend(c.clientKey(p), kb, c.now())
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(silentFor)) // what is left of the request
	}()

	m, file, ok := form(w, r, body)
	if !ok || !fit(w, m) {
		return
	}
	taken, err := c.cabinet.TakeFile(r.Context(), p.address, channels.Handed{
		ID: p.eventID(m.ID), Name: m.Name, Seconds: min(max(m.Seconds, 0), maxSeconds), Content: &incoming{file, c.maxFile},
	})
	var most *http.MaxBytesError
	switch {
	case errors.Is(err, channels.ErrUnknownPerson):
		c.missing(w, p)
		return
	case errors.Is(err, channels.ErrTooLarge), errors.As(err, &most):
		refuse(w, http.StatusRequestEntityTooLarge, "too-large", "The file is too large.")
		return
	case errors.Is(err, channels.ErrHarmful):
		refuse(w, http.StatusUnprocessableEntity, "harmful", "A file of this kind is not taken.")
		return
	case errors.Is(err, channels.ErrNoBytes):
		refuse(w, http.StatusUnprocessableEntity, "no-bytes", "The file is empty.")
		return
	case errors.Is(err, channels.ErrTooMany):
		refuse(w, http.StatusUnprocessableEntity, "full", "This talk holds as many files as are kept.")
		return
	case errors.Is(err, channels.ErrNoRoom):
		refuse(w, http.StatusUnprocessableEntity, "no-room", "No files can be taken now. Messages can.")
		return
	case errors.Is(err, errLine):
		refuse(w, http.StatusBadRequest, "cut-off", "The request ended too early.")
		return
	case err != nil:
		c.unavailable(w, r, "a file was not taken, its page sends it again", err)
		return
	}
	in := c.inbound(p, m, now)
	in.Kind, in.Media = kindOf(taken, m.Kind), []channels.Media{taken}
	if err := sink(r.Context(), in); err != nil {
		c.unavailable(w, r, "a message with a file was not taken, its page sends it again", err)
		return
	}
	c.hub.wake(p.address.ID)
	answer(w, http.StatusOK, map[string]any{"ok": true})
}

// maxHead has room for what a browser writes around the parts of a form.
const maxHead = 4 << 10

// form reads the message of a form and gives the content that follows it. Where
// that fails it answers and reports false.
func form(w http.ResponseWriter, r *http.Request, body io.Reader) (m message, file io.Reader, ok bool) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		refuse(w, http.StatusUnsupportedMediaType, "not-a-form", "The body must be multipart/form-data.")
		return m, nil, false
	}
	parts := multipart.NewReader(body, params["boundary"])
	var raw []byte
	part, err := parts.NextRawPart()
	if err == nil && part.FormName() == "message" {
		raw, err = io.ReadAll(io.LimitReader(part, maxBody+1))
	}
	if err == nil && len(raw) <= maxBody {
		err = json.Unmarshal(raw, &m)
	}
	var second *multipart.Part
	if err == nil {
		second, err = parts.NextRawPart()
	}
	if err != nil || len(raw) > maxBody || second.FormName() != "file" {
		refuse(w, http.StatusBadRequest, "not-a-form", "The form must have a message and then a file, and must be whole.")
		return m, nil, false
	}
	return m, second, true
}

// kindOf says what somebody sent, by what was found in it. A recording made on the
// page is a Voice note; that alone the page has to say.
func kindOf(m channels.Media, claimed string) channels.Kind {
	kind, _, _ := strings.Cut(m.Type, "/")
	switch {
	case kind == "audio" && claimed == string(channels.Voice):
		return channels.Voice
	case kind == "audio":
		return channels.Audio
	case kind == "image":
		return channels.Picture
	case kind == "video":
		return channels.Video
	}
	return channels.Document
}

// file gives a file of a letter. The page asks with its key in the header and
// shows the bytes itself: the address alone opens nothing.
func (c *Channel) file(w http.ResponseWriter, r *http.Request) {
	p, ok := c.who(w, r)
	if !ok {
		return
	}
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 63)
	if err != nil || c.cabinet == nil {
		refuse(w, http.StatusNotFound, "no-file", "There is no such file in this talk.")
		return
	}
	if !c.reads.take(p.address.ID, c.now()) {
		slow(w, c.reads)
		return
	}
	if isCode(p.token) && !c.tries.left(p.client, c.now()) {
		slow(w, c.tries)
		return
	}
	end, ok := c.under(p)
	if !ok {
		slow(w, c.reads)
		return
	}
	defer end()
	about, content, err := c.cabinet.OpenFile(r.Context(), p.address, seq, r.PathValue("file"))
	switch {
	case errors.Is(err, channels.ErrUnknownPerson):
		c.missing(w, p)
		return
	case errors.Is(err, channels.ErrNoPaper):
		refuse(w, http.StatusNotFound, "no-file", "There is no such file in this talk.")
		return
	case err != nil:
		c.unavailable(w, r, "a file could not be read", err)
		return
	}
	defer content.Close()
	how := "attachment"
	if about.Kind != channels.Document {
		how = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", about.Type)
	h.Set("Content-Length", strconv.FormatInt(about.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": about.Name}))
	h.Set("Content-Security-Policy", paperPolicy)
	w.WriteHeader(http.StatusOK)
	// The client is gone where this fails, and asks again.
	_, _ = io.Copy(steadyWriter{newSteady(http.NewResponseController(w).SetWriteDeadline), w}, content)
}
