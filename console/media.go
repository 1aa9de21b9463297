// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sarai/channels"
	"sarai/gateway"
	"sarai/store"
)

// mediaPolicy is the Content-Security-Policy of a stranger's file: whatever it
// turns out to be, it runs nothing, loads nothing and stands in no frame.
const mediaPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

// A fileView is a file in the transcript.
type fileView struct {
	Thread   store.ThreadID
	ID       string
	Seq      uint64
	Waiting  bool
	Kept     bool
	Shows    string // how it is shown in place: "picture", "audio", "video", "" for a download
	Path     string
	Name     string
	Size     string
	Alt      string
	Why      string // it has no content
	MayErase bool
}

// fileViews are the files of an entry. files is what is known of those of its
// thread, by ID.
func (v *visit) fileViews(th store.Thread, e store.Entry, x entryView, files map[string]store.File) (views []fileView) {
	for _, m := range e.Media {
		if m.ID != "" {
			views = append(views, v.fileView(th, e, x, m, files))
		}
	}
	return views
}

func (v *visit) fileView(th store.Thread, e store.Entry, x entryView, m channels.Media, files map[string]store.File) fileView {
	y := fileView{Thread: th.ID, ID: m.ID, Seq: e.Seq, Path: talkPath(th.ID) + "/media/" + m.ID}
	f, known := files[m.ID]
	switch {
	case !known:
		y.Waiting, y.Why = true, v.t("desk.file.waiting")
		return y
	case f.State == store.Kept:
		y.Kept = true
	default:
		y.Why = v.fileWhy(f.State)
		return y
	}
	t, _ := gateway.FileTypeOf(f.Type)
	y.Shows, y.Name, y.Size, y.MayErase = string(t.Shows), gateway.SavedName(f), v.size(f.Size), holds(v.me, th)
	y.Alt = strings.TrimSpace(x.Kind + ", " + x.Author + ", " + x.Said.Clock)
	return y
}

// fileWhy says why a file is not there and what can be done.
func (v *visit) fileWhy(s store.FileState) string {
	switch s {
	case store.TooLarge:
		return v.t("desk.file.toolarge", "Size", v.size(gateway.MaxFile))
	case store.TooMany:
		return v.t("desk.file.toomany")
	case store.Harmful:
		return v.t("desk.file.harmful")
	case store.Gone:
		return v.t("desk.file.gone")
	case store.Erased:
		return v.t("desk.file.erased")
	}
	return v.t("desk.file.unreadable")
}

// size says a number of bytes shortly. Among words that run from right to left it
// is isolated, or the number would stand behind its unit (LRI and PDI of Unicode
// Standard Annex 9).
func (v *visit) size(n int64) string {
	var s string
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		s = strconv.FormatInt(n>>20, 10) + " MB"
	case n >= 1<<20:
		s = strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	default:
		s = strconv.FormatInt((n+1023)/1024, 10) + " kB"
	}
	if v.l.RTL() {
		s = "\u2066" + s + "\u2069"
	}
	return s
}

// files gives what is known of the files of a thread, if an entry has any.
func (c *Console) files(ctx context.Context, id store.ThreadID, entries []store.Entry) (map[string]store.File, error) {
	for _, e := range entries {
		for _, m := range e.Media {
			if m.ID != "" {
				return c.Store.Files(ctx, id)
			}
		}
	}
	return nil, nil
}

// media gives a file to the browser: by its found type, in place only where that
// is a picture, sound or film, and else to be saved.
func (c *Console) media(v *visit) error {
	th, err := c.readable(v)
	if err != nil {
		return err
	}
	f, content, err := c.Store.OpenFile(v.r.Context(), th.ID, v.r.PathValue("file"))
	if err != nil {
		return err
	}
	if content != nil {
		if err := c.opened(v, th, f.ID); err != nil {
			content.Close()
			return err
		}
	}
	if content == nil {
		return store.ErrNotFound
	}
	defer content.Close()
	t, ok := gateway.FileTypeOf(f.Type)
	if !ok { // unreachable: nothing else is kept
		return store.ErrNotFound
	}
	how := "attachment"
	if t.Shows != "" {
		how = "inline"
	}
	h := v.w.Header()
	h.Set("Content-Type", t.Type)
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": gateway.SavedName(f)}))
	h.Set("Content-Security-Policy", mediaPolicy)
	h.Set("Cache-Control", "private, no-store")
	http.ServeContent(v.w, v.r, "", time.Time{}, content)
	return nil
}

// mediaPart is a file of the transcript as it stands now: a page asks for it
// while the file is being fetched.
func (c *Console) mediaPart(v *visit) error {
	th, err := c.readable(v)
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	seq, err := strconv.ParseUint(v.r.URL.Query().Get("of"), 10, 64)
	if err != nil || seq == 0 {
		return store.ErrNotFound
	}
	found, err := c.Store.Entries(ctx, th.ID, seq-1, 1)
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Seq != seq {
		return store.ErrNotFound
	}
	called, err := v.names(ctx)
	if err != nil {
		return err
	}
	b, err := v.backdrop(ctx, th, called, found)
	if err != nil {
		return err
	}
	x := v.entryView(b, found[0], maxShown)
	for _, y := range x.Files {
		if y.ID == v.r.PathValue("file") {
			return v.show(http.StatusOK, "file", y)
		}
	}
	return store.ErrNotFound
}

// eraseMedia erases one file, for good.
func (c *Console) eraseMedia(v *visit) error {
	th, err := c.talk(v)
	if err != nil {
		return err
	}
	if err := c.Gateway.EraseFile(v.r.Context(), th.ID, v.me.ID, v.r.PathValue("file")); err != nil {
		status, phrase := v.refusal(err)
		return c.refuse(v, th, status, phrase)
	}
	to := "#newest"
	if seq, err := strconv.ParseUint(v.r.PostForm.Get("of"), 10, 64); err == nil {
		to = "#e" + strconv.FormatUint(seq, 10)
	}
	v.redirect(talkPath(th.ID) + "?did=done" + to)
	return nil
}

// An attachView is what the answer box says of files; the zero value: the
// channel carries none.
type attachView struct {
	Max    int64
	Size   string
	Accept string
}

func (v *visit) attachView(th store.Thread) attachView {
	most := v.c.Gateway.Limits(th.Reply.Channel).Upload
	if most <= 0 {
		return attachView{}
	}
	var accept []string
	for _, t := range gateway.FileTypes() {
		accept = append(accept, t.Ext)
	}
	return attachView{Max: most, Size: v.size(most), Accept: strings.Join(append(accept, ".jpeg"), ",")}
}

// uploadFor is how long a browser may take to send a file over a poor line.
const uploadFor = 10 * time.Minute

// drain is how much of a file that is refused is read to its end, in bytes: a
// browser that is cut off while it sends does not read why.
const drain = 64 << 20

// An uploadError is that of a browser's sending, and not of the store.
type uploadError struct{ err error }

func (e *uploadError) Error() string { return "desk: an upload broke off" }

func (e *uploadError) Unwrap() error { return e.err }

// incoming marks the errors of an upload.
type incoming struct{ r io.Reader }

func (i incoming) Read(b []byte) (int, error) {
	n, err := i.r.Read(b)
	if err != nil && err != io.EOF {
		err = &uploadError{err}
	}
	return n, err
}

// manyParts says whether a form comes with a file, or as one that could.
func manyParts(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// said reads the answer box: its key and words, which come first, and, where
// there is a file, its begin. Of a form that carries none file is nil.
func (v *visit) said(th store.Thread) (key, text string, file *gateway.Upload, err error) {
	if !manyParts(v.r) {
		return v.r.PostForm.Get("key"), v.r.PostForm.Get("text"), nil, nil
	}
	_ = http.NewResponseController(v.w).SetReadDeadline(time.Now().Add(uploadFor)) // a plain recorder has none
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, v.c.Gateway.Limits(th.Reply.Channel).Upload+drain)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return "", "", nil, &uploadError{err}
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return key, text, nil, nil
		}
		if err != nil {
			return key, text, nil, &uploadError{err}
		}
		switch part.FormName() {
		case "key":
			key, err = field(part)
		case "text":
			text, err = field(part)
		case "file":
			if part.FileName() != "" { // a browser sends the field also where nothing was chosen
				return key, text, &gateway.Upload{Name: part.FileName(), Content: incoming{part}}, nil
			}
		}
		if err != nil {
			return key, text, nil, err
		}
	}
}

func field(part *multipart.Part) (string, error) {
	b, err := io.ReadAll(io.LimitReader(incoming{part}, maxBody))
	return string(b), err
}

// sends has words said, with a file or without.
func (v *visit) sends(th store.Thread, key, text string, file *gateway.Upload) error {
	g, ctx := v.c.Gateway, v.r.Context()
	if file == nil {
		return g.Say(ctx, th.ID, v.me.ID, key, text)
	}
	err := g.SayFile(ctx, th.ID, v.me.ID, key, text, *file)
	_, _ = io.Copy(io.Discard, v.r.Body) // what was not wanted of it
	return err
}

// refusedFile gives the status and the words for what can be wrong with a file.
func (v *visit) refusedFile(th store.Thread, err error) (status int, words string, ok bool) {
	var broken *uploadError
	var most *http.MaxBytesError
	switch {
	case errors.Is(err, gateway.ErrTooLarge), errors.As(err, &most):
		return http.StatusRequestEntityTooLarge, v.t("desk.error.toobig", "Size", v.size(v.c.Gateway.Limits(th.Reply.Channel).Upload)), true
	case errors.Is(err, gateway.ErrHarmful):
		return http.StatusUnprocessableEntity, v.t("desk.error.harmful"), true
	case errors.Is(err, gateway.ErrNoFiles):
		return http.StatusUnprocessableEntity, v.t("desk.error.nofiles"), true
	case errors.As(err, &broken):
		return http.StatusBadRequest, v.t("desk.error.upload"), true
	}
	return 0, "", false
}
