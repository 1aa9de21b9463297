// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	keptBytes = 256 << 20 // of all files
	linkLife  = 5 * time.Minute
	pageLink  = time.Hour // of a Messenger file's address; a guess: they are signed and expire
)

// files are what people and the program have sent, the newest of them.
type files struct {
	byID  map[string]*kept
	order []string // oldest first
	bytes int
}

// A kept file can be fetched until its end.
type kept struct {
	File
	cloud bool   // WhatsApp's: the address needs the token
	form  string // "image" and the like, where it is the program's attachment
	until time.Time
	key   string // of Messenger's address
}

// keep gives a file an id and a place. The lock is held.
func (s *Server) keep(f File, cloud bool, life time.Duration) *kept {
	f.ID = strconv.FormatInt(900000000000000+s.number(), 10)
	f.Size = len(f.Data)
	k := &kept{File: f, cloud: cloud, until: s.now().Add(life), key: hash(s.o.AppSecret, []byte(f.ID))[:32]}
	s.files.byID[f.ID] = k
	s.files.order = append(s.files.order, f.ID)
	s.files.bytes += f.Size
	for s.files.bytes > keptBytes && len(s.files.order) > 1 {
		old := s.files.order[0]
		s.files.order = s.files.order[1:]
		s.files.bytes -= s.files.byID[old].Size
		delete(s.files.byID, old)
	}
	return k
}

// link is the address at which a file can be fetched from now on. The lock is held.
func (s *Server) link(k *kept) string {
	q := url.Values{}
	if k.cloud {
		q.Set("oe", strconv.FormatInt(s.now().Add(linkLife).Unix(), 16))
		q.Set("oh", hash(s.o.AppSecret, []byte(k.ID+q.Get("oe")))[:32])
	} else {
		q.Set("oe", strconv.FormatInt(s.now().Add(pageLink).Unix(), 16))
		q.Set("oh", hash(s.o.AppSecret, []byte(k.key+q.Get("oe")))[:32])
	}
	return s.address + "/media/" + k.ID + "?" + q.Encode()
}

// serveMedia gives a file to whom the address, and on WhatsApp the token, allows it.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request, c *call) {
	s.mu.Lock()
	k := s.files.byID[strings.TrimPrefix(c.path, "/media/")]
	now := s.now()
	s.mu.Unlock()
	if k == nil || r.Method != http.MethodGet {
		http.Error(w, "Bad URL hash", http.StatusNotFound)
		return
	}
	oe := r.URL.Query().Get("oe")
	until, err := strconv.ParseInt(oe, 16, 64)
	signed := k.key + oe
	if k.cloud {
		signed = k.ID + oe
	}
	if err != nil || !same(r.URL.Query().Get("oh"), hash(s.o.AppSecret, []byte(signed))[:32]) {
		http.Error(w, "Bad URL hash", http.StatusForbidden)
		return
	}
	if now.Unix() > until {
		http.Error(w, "URL signature expired", http.StatusForbidden)
		return
	}
	if k.cloud && !same(c.token, s.o.Token) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", k.Type)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(k.Data))
}

// cloudLimits are the media types that WhatsApp takes, and how many bytes
// (developers.facebook.com/docs/whatsapp/cloud-api/reference/media).
var cloudLimits = map[string]int{
	"audio/aac": 16 << 20, "audio/amr": 16 << 20, "audio/mpeg": 16 << 20, "audio/mp4": 16 << 20, "audio/ogg": 16 << 20,
	"image/jpeg": 5 << 20, "image/png": 5 << 20, "image/webp": 500 << 10,
	"video/mp4": 16 << 20, "video/3gpp": 16 << 20,
	"text/plain": 100 << 20, "application/pdf": 100 << 20, "application/msword": 100 << 20,
	"application/vnd.ms-excel": 100 << 20, "application/vnd.ms-powerpoint": 100 << 20,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   100 << 20,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         100 << 20,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": 100 << 20,
}

// uploadMedia is POST /{phone-number-id}/media.
func (s *Server) uploadMedia(c *call, _ string) (any, *refusal) {
	if r := s.needs(10, "whatsapp_business_messaging"); r != nil {
		return nil, r
	}
	if c.args.text("messaging_product") != "whatsapp" {
		return nil, refuse(100, 0, "(#100) The parameter messaging_product is required.")
	}
	if c.file == nil {
		return nil, refuse(100, 0, "(#100) The parameter file is required.")
	}
	claimed := c.file.kind
	if t := c.args.text("type"); t != "" {
		claimed = t
	}
	kind, _, err := mime.ParseMediaType(claimed)
	most, ok := cloudLimits[kind]
	if err != nil || !ok {
		return nil, refuse(100, 0, "(#100) Param file must be a file with one of the following types: %s. Received file of type '%s'.", strings.Join(sortedKeys(cloudLimits), ", "), claimed)
	}
	if len(c.file.data) == 0 {
		return nil, refuse(100, 0, "(#100) Param file must not be empty") // worded by guess
	}
	if len(c.file.data) > most {
		r := refuse(131053, 0, "(#131053) Media upload error")
		r.details = fmt.Sprintf("The file has %d bytes and may have %d", len(c.file.data), most)
		return nil, r
	}
	k := s.keep(File{Name: c.file.name, Type: kind, Data: c.file.data}, true, 30*24*time.Hour)
	return obj{"id": k.ID}, nil
}

// getMedia is GET /{media-id}: where the file can be fetched for five minutes.
func (s *Server) getMedia(c *call, id string) (any, *refusal) {
	k := s.files.byID[id]
	if s.now().After(k.until) {
		return nil, gone(c.method, id)
	}
	sum := sha256.Sum256(k.Data)
	return obj{"messaging_product": "whatsapp", "id": id, "url": s.link(k), "mime_type": k.Type, "sha256": hex.EncodeToString(sum[:]), "file_size": k.Size}, nil
}

func (s *Server) deleteMedia(_ *call, id string) (any, *refusal) {
	s.files.bytes -= s.files.byID[id].Size
	delete(s.files.byID, id)
	if i := slices.Index(s.files.order, id); i >= 0 {
		s.files.order = slices.Delete(s.files.order, i, i+1)
	}
	return obj{"success": true}, nil
}

func sortedKeys[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
