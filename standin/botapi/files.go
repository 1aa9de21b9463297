// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // formats that pictures come in
	"image/jpeg"
	_ "image/png"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// pathLife is how long the address of a file holds: Telegram promises an hour.
const pathLife = time.Hour

// files are what people and the bot have sent, the newest of them.
type files struct {
	byID  map[string]*File
	order []string // oldest first
	bytes int64
	paths map[string]filePath
}

type filePath struct {
	id    string
	until time.Time
}

func newFiles() files { return files{byID: map[string]*File{}, paths: map[string]filePath{}} }

// keep gives a file its id and its place. The lock is held.
func (s *Server) keep(f File) *File {
	if f.Kind == "" {
		f.Kind = "document"
	}
	f.Size = max(f.Size, int64(len(f.Data)))
	if f.Kind == "photo" {
		s.sizes(&f)
	} else {
		f.ID = s.fileID(f.Kind)
		s.put(&f)
	}
	return &f
}

func (s *Server) fileID(kind string) string {
	return fmt.Sprintf("%s-%d-%d", kind, s.me.ID, s.number())
}

func (s *Server) put(f *File) {
	s.files.byID[f.ID] = f
	s.files.order = append(s.files.order, f.ID)
	s.files.bytes += int64(len(f.Data))
	for s.files.bytes > keptBytes && len(s.files.order) > 1 {
		old := s.files.order[0]
		s.files.order = s.files.order[1:]
		s.files.bytes -= int64(len(s.files.byID[old].Data))
		delete(s.files.byID, old)
	}
}

// sizes makes of a picture what Telegram makes of it: a small one and the
// picture itself, smallest first. What is no picture has one size.
func (s *Server) sizes(f *File) {
	f.Name, f.Type = "", "image/jpeg"
	f.Width, f.Height = 1, 1
	size := func(data []byte, w, h int, claimed int64) {
		x := *f
		x.Data, x.Size, x.Width, x.Height, x.ID = data, claimed, w, h, s.fileID("photo")
		s.put(&x)
		f.ID = x.ID
		f.sizes = append(f.sizes, wireFile{ID: x.ID, UniqueID: "u" + x.ID, Size: x.Size, Width: w, Height: h})
	}
	if c, _, err := image.DecodeConfig(bytes.NewReader(f.Data)); err == nil && c.Width*c.Height <= 50_000_000 {
		f.Width, f.Height = c.Width, c.Height
		if small, w, h := thumbnail(f.Data); small != nil {
			size(small, w, h, int64(len(small)))
		}
	}
	size(f.Data, f.Width, f.Height, f.Size)
}

// thumbnail is a picture of at most 90 points a side, or nothing where the
// picture is as small already or cannot be read.
func thumbnail(data []byte) (small []byte, w, h int) {
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, 0, 0
	}
	b := img.Bounds()
	most := max(b.Dx(), b.Dy())
	if most <= 90 {
		return nil, 0, 0
	}
	w, h = max(b.Dx()*90/most, 1), max(b.Dy()*90/most, 1)
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			to.Set(x, y, img.At(b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h))
		}
	}
	var out bytes.Buffer
	if jpeg.Encode(&out, to, nil) != nil {
		return nil, 0, 0
	}
	return out.Bytes(), w, h
}

func getFile(c *call) (any, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	id := c.args["file_id"]
	if id == "" {
		return nil, bad("file_id not specified")
	}
	f := s.files.byID[id]
	if f == nil {
		return nil, bad("wrong file_id or the file is temporarily unavailable")
	}
	if f.Size > mostFetch {
		return nil, bad("file is too big")
	}
	dir, ext := map[string]string{"photo": "photos", "voice": "voice", "audio": "music", "video": "videos", "video_note": "video_notes"}[f.Kind], path.Ext(f.Name)
	switch {
	case dir == "":
		dir = "documents"
	case f.Kind == "photo":
		ext = ".jpg"
	case f.Kind == "voice":
		ext = ".oga"
	case ext == "":
		ext = ".mp4"
	}
	now := s.now()
	for p, f := range s.files.paths { // bounded: an hour's worth
		if now.After(f.until) {
			delete(s.files.paths, p)
		}
	}
	where := dir + "/file_" + id[strings.LastIndexByte(id, '-')+1:] + ext
	s.files.paths[where] = filePath{id, now.Add(pathLife)}
	return struct {
		ID       string `json:"file_id"`
		UniqueID string `json:"file_unique_id"`
		Size     int64  `json:"file_size,omitempty"`
		Path     string `json:"file_path"`
	}{id, "u" + id, f.Size, where}, nil
}

// serveFile gives the content of a file by the path that getFile named.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	token, where, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/file/bot"), "/")
	if no := s.token(token); no != nil {
		s.answer(w, "file", nil, no)
		return
	}
	c := &call{s: s, ctx: r.Context(), method: "file", args: map[string]string{}}
	if f := s.fault(c); f != nil {
		if f.Delay > 0 && !s.wait(c.ctx, f.Delay) {
			return
		}
		if f.fails() {
			s.play(w, c, f)
			return
		}
	}
	s.mu.Lock()
	p, ok := s.files.paths[where]
	f := s.files.byID[p.id]
	late := s.now().After(p.until)
	s.mu.Unlock()
	if !ok || f == nil || late {
		s.answer(w, "file", nil, refuse(404, "Not Found"))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream") // Telegram names no type
	w.Header().Set("Content-Length", strconv.FormatInt(f.Size, 10))
	if _, err := w.Write(f.Data); err != nil {
		return
	}
	zeros := make([]byte, 32<<10)
	for left := f.Size - int64(len(f.Data)); left > 0; left -= int64(len(zeros)) {
		if _, err := w.Write(zeros[:min(left, int64(len(zeros)))]); err != nil {
			return
		}
	}
}
