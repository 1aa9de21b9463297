// SPDX-License-Identifier: GPL-3.0-or-later

package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// files are the page and what belongs to it, written by hand and served as they
// are. In page.html and the scripts, {{name}} stands for another file's address
// or, for words, its contents. files.js and files.css come after the page is
// there: nobody waits for them before the first word.
//
//go:embed static
var files embed.FS

// An asset is one file in memory.
type asset struct {
	kind   string // media type
	plain  []byte
	packed []byte // gzip
	tag    string // ETag
}

// kinds are fixed here because what the machine's own table says may differ.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Assets are all files: those that other files name are known by a name that
// changes with their contents, so a browser can keep them for ever.
type assets struct{ byName map[string]asset }

// newAssets reads them for a chat that carries files of at most upload bytes.
func newAssets(upload int64) *assets {
	a := &assets{map[string]asset{}}
	read := func(name string) string {
		b, err := fs.ReadFile(files, "static/"+name)
		if err != nil {
			panic("web: " + err.Error()) // the file is part of the program
		}
		return string(b)
	}
	script := strings.Replace(read("chat.js"), "{{words.json}}", strings.TrimSpace(read("words.json")), 1)
	later := strings.Replace(read("files.js"), "{{filewords.json}}", strings.TrimSpace(read("filewords.json")), 1)
	page := strings.Replace(read("page.html"), "{{upload}}", strconv.FormatInt(upload, 10), 1)
	for name, content := range map[string]string{
		"chat.js": script, "chat.css": read("chat.css"), "icon.svg": read("icon.svg"), "files.js": later, "files.css": read("files.css"),
	} {
		sum := sha256.Sum256([]byte(content))
		ext := path.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.add(hashed, content)
		page = strings.ReplaceAll(page, "{{"+name+"}}", Path+"/static/"+hashed)
	}
	a.add("page.html", page)
	a.add("embed.js", read("embed.js"))
	return a
}

func (a *assets) add(name, content string) {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = z.Write([]byte(content)) // a buffer takes everything
	_ = z.Close()
	sum := sha256.Sum256([]byte(content))
	a.byName[name] = asset{
		kind:   kinds[path.Ext(name)],
		plain:  []byte(content),
		packed: b.Bytes(),
		tag:    `"` + hex.EncodeToString(sum[:8]) + `"`,
	}
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request, name string) {
	f, ok := a.byName[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.tag)
	h.Add("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	content := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		content = f.packed
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(content) // the client is gone where this fails
}

func (c *Channel) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	c.assets.serve(w, r, "page.html")
}

func (c *Channel) static(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name == "page.html" || name == "embed.js" {
		http.NotFound(w, r)
		return
	}
	if _, ok := c.assets.byName[name]; ok {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.assets.serve(w, r, name)
}
