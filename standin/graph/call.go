// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	mostUpload = 100 << 20 // bytes of a document on WhatsApp, the largest file that is taken
	mostFields = 1 << 20   // bytes of everything else in a request
)

// A call is one request of the program's.
type call struct {
	s      *Server
	ctx    context.Context
	method string
	path   string // without version
	base   string // where this server is, as the caller sees it
	token  string
	args   args
	file   *upload
}

// An upload is a file in a request.
type upload struct {
	name, kind string
	data       []byte
}

// args are what a call is given: in its address, a form or JSON.
type args map[string]arg

type arg struct {
	raw  []byte
	form bool // raw is text, not JSON
}

// text is an argument as text, "" where there is none.
func (a args) text(name string) string {
	v, ok := a[name]
	if !ok || string(v.raw) == "null" {
		return ""
	}
	var s string
	if !v.form && json.Unmarshal(v.raw, &s) == nil {
		return s
	}
	return string(v.raw)
}

// into reads an argument that is an object or a list; it may come as JSON in a
// string. It says whether it could be read.
func (a args) into(name string, to any) bool {
	v, ok := a[name]
	if !ok {
		return true
	}
	if json.Unmarshal(v.raw, to) == nil {
		return true
	}
	var s string
	return !v.form && json.Unmarshal(v.raw, &s) == nil && json.Unmarshal([]byte(s), to) == nil
}

func (a args) has(name string) bool { return a.text(name) != "" }

// An ident is an id that may come as a number.
type ident string

func (i *ident) UnmarshalJSON(b []byte) error {
	var n json.Number
	if json.Unmarshal(b, (*string)(i)) == nil {
		return nil
	}
	if err := json.Unmarshal(b, &n); err != nil {
		return errors.New("an id is a string")
	}
	*i = ident(n)
	return nil
}

// A refusal is an answer with an error.
type refusal struct {
	status, code, subcode int
	kind                  string // "" is OAuthException
	message               string
	details               string // error_data.details, which WhatsApp gives
	transient             bool
	regain                int // minutes; with a rate limit
}

// refuse is Meta's usual error. Which HTTP status comes with which code is observed
// to vary; 400 is the most common.
func refuse(code, subcode int, format string, a ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, subcode: subcode, message: fmt.Sprintf(format, a...)}
}

// gone is what Meta says of an object that is not there, or not for this token.
func gone(method, id string) *refusal {
	r := refuse(100, 33, "Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api", strings.ToLower(method), id)
	r.kind = "GraphMethodException"
	return r
}

// needs refuses where a permission is missing.
func (s *Server) needs(code int, permission string) *refusal {
	if !s.denied[permission] {
		return nil
	}
	r := refuse(code, 0, "(#%d) Requires %s permission to manage the object", code, permission)
	r.status = http.StatusForbidden
	return r
}

var version = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/`)

// Handler serves the API below /v25.0 (any version is taken, and none), media below
// /media, and the page at the root and below /page.
func (s *Server) Handler() http.Handler {
	page := s.page()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p := r.URL.Path; {
		case p == "/" || strings.HasPrefix(p, "/page/"):
			page.ServeHTTP(w, r)
		case strings.HasPrefix(p, "/media/"):
			s.serveCall(w, r, p)
		default:
			s.serveCall(w, r, "/"+strings.Trim(version.ReplaceAllString(p, "/"), "/"))
		}
	})
}

func (s *Server) serveCall(w http.ResponseWriter, r *http.Request, path string) {
	c := &call{s: s, ctx: r.Context(), method: r.Method, path: path, args: args{}, base: "http://" + r.Host}
	s.mu.Lock()
	if s.address == "" {
		s.address = c.base
	}
	s.mu.Unlock()
	if r := c.read(w, r); r != nil {
		s.answer(w, c, nil, r)
		return
	}
	f := s.fault(c)
	if f != nil && f.Delay > 0 && !s.wait(c.ctx, f.Delay) {
		return
	}
	fails := f != nil && !f.Only
	if fails && !f.Done {
		s.play(w, c, f)
		return
	}
	if strings.HasPrefix(path, "/media/") {
		if fails {
			s.play(w, c, f)
		} else {
			s.serveMedia(w, r, c)
		}
		return
	}
	result, no := s.handle(c)
	if fails {
		s.play(w, c, f)
		return
	}
	s.answer(w, c, result, no)
}

// handle carries a call out.
func (s *Server) handle(c *call) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.allow(c); r != nil {
		return nil, r
	}
	defer s.touch()
	return s.route(c)
}

// wait waits, and says whether the caller is still there.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.close:
		return false
	}
}

// allow refuses a token that is not one of the two, and a proof that is wrong.
func (s *Server) allow(c *call) *refusal {
	if c.token == "" {
		r := refuse(104, 0, "An access token is required to request this resource.")
		r.status = http.StatusUnauthorized
		return r
	}
	app := s.o.AppID + "|" + s.o.AppSecret
	known := same(c.token, s.o.PageToken) || same(c.token, s.o.Token) || (c.path == "/debug_token" && same(c.token, app))
	if !known {
		r := refuse(190, 0, "Invalid OAuth access token - Cannot parse access token")
		r.status = http.StatusUnauthorized
		return r
	}
	if proof := c.args.text("appsecret_proof"); proof != "" && !same(proof, hash(s.o.AppSecret, []byte(c.token))) {
		r := refuse(100, 0, "Invalid appsecret_proof provided in the API argument")
		r.kind = "GraphMethodException"
		return r
	}
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// answer writes a result or Meta's error.
func (s *Server) answer(w http.ResponseWriter, c *call, result any, no *refusal) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Facebook-Api-Version", Version)
	status := http.StatusOK
	if no != nil {
		s.log.Info("refused", "code", no.code, "subcode", no.subcode)
		status = no.status
		kind := no.kind
		if kind == "" {
			kind = "OAuthException"
		}
		e := obj{"message": no.message, "type": kind, "code": no.code, "fbtrace_id": "AstandIn" + strconv.FormatInt(s.trace(), 36)}
		if no.subcode != 0 {
			e["error_subcode"] = no.subcode
		}
		if no.transient {
			e["is_transient"] = true
		}
		if no.details != "" {
			e["error_data"] = obj{"messaging_product": "whatsapp", "details": no.details}
		}
		if no.regain > 0 {
			id := s.o.PageID
			kind := "messenger"
			if c.token == s.o.Token {
				id, kind = s.o.AccountID, "whatsapp"
			}
			w.Header().Set("X-Business-Use-Case-Usage", string(marshal(obj{id: []obj{{
				"type": kind, "call_count": 100, "total_cputime": 25, "total_time": 25, "estimated_time_to_regain_access": no.regain,
			}}})))
		}
		result = obj{"error": e}
	}
	b := marshal(result)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // the program is gone where this fails
}

func (s *Server) trace() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number()
}

// read takes token and arguments from headers, address and body: JSON, a form, or a
// form of several parts.
func (c *call) read(w http.ResponseWriter, r *http.Request) *refusal {
	tooBig := refuse(100, 0, "(#100) The request is too large")
	tooBig.status = http.StatusRequestEntityTooLarge
	form := func(all url.Values) {
		for name, v := range all {
			c.args[name] = arg{[]byte(v[0]), true}
		}
	}
	form(r.URL.Query())
	defer func() {
		c.token = c.args.text("access_token")
		if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			c.token = t
		} else if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth "); ok {
			c.token = t
		}
	}()
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return refuse(100, 0, "(#100) Unsupported content type")
	}
	switch kind {
	case "application/json":
		b, err := io.ReadAll(io.LimitReader(r.Body, mostFields+1))
		if err != nil || len(b) > mostFields {
			return tooBig
		}
		var fields map[string]json.RawMessage
		if len(b) > 0 && json.Unmarshal(b, &fields) != nil {
			return refuse(100, 0, "(#100) Invalid JSON in the request") // worded by guess
		}
		for name, raw := range fields {
			c.args[name] = arg{raw: raw}
		}
	case "application/x-www-form-urlencoded":
		r.Body = http.MaxBytesReader(w, r.Body, mostFields)
		if r.ParseForm() != nil {
			return tooBig
		}
		form(r.PostForm)
	case "multipart/form-data":
		r.Body = http.MaxBytesReader(w, r.Body, mostUpload+mostFields)
		parts, err := r.MultipartReader()
		if err != nil {
			return refuse(100, 0, "(#100) The form cannot be read") // worded by guess
		}
		for {
			part, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return refuse(100, 0, "(#100) The form ended before its end") // worded by guess
			}
			most := int64(mostFields)
			if part.FileName() != "" {
				most = mostUpload
			}
			b, err := io.ReadAll(io.LimitReader(part, most+1))
			if err != nil || int64(len(b)) > most {
				return tooBig
			}
			if part.FileName() != "" {
				c.file = &upload{part.FileName(), part.Header.Get("Content-Type"), b}
			} else {
				c.args[part.FormName()] = arg{b, true}
			}
		}
	default:
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, mostFields))
	}
	return nil
}
