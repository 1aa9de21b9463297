// SPDX-License-Identifier: GPL-3.0-or-later

package meta

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"sarai/channels"
)

// DefaultURL is where Meta answers, with the version of the Graph API that this
// program was written for (developers.facebook.com/docs/graph-api/changelog, read 2026-11).
const DefaultURL = "https://graph.facebook.com/v25.0"

const (
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 4 << 20
	// callFor is how long one request may take, and uploadFor one that carries a file.
	callFor   = 30 * time.Second
	uploadFor = 3 * time.Minute
)

// A Graph calls Meta's Graph API. It is safe for concurrent use.
type Graph struct {
	base     string
	loopback bool // base is this machine
	token    string
	proof    string
	client   *http.Client
}

// CheckURL says what is wrong with the address of a Graph API, or nil: it must be
// https or this machine's, since the token goes there. "" is DefaultURL.
func CheckURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		(u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname()))) {
		return errors.New("graph_url must be an https address with the version, as " + DefaultURL + ", or one of this machine: the token goes there")
	}
	return nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// NewGraph makes a client. address is as CheckURL wants it, with the version in
// its path; token and appSecret go there and, for WhatsApp's media, to Meta's
// media hosts. It asks nobody.
func NewGraph(address, token, appSecret string) (*Graph, error) {
	if err := CheckURL(address); err != nil {
		return nil, err
	}
	if address == "" {
		address = DefaultURL
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err // unreachable: CheckURL parsed it
	}
	g := &Graph{base: strings.TrimSuffix(address, "/"), loopback: loopback(u.Hostname()), token: token}
	if appSecret != "" {
		m := hmac.New(sha256.New, []byte(appSecret))
		m.Write([]byte(token))
		g.proof = hex.EncodeToString(m.Sum(nil))
	}
	g.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment, // where Meta is reached through one only
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			TLSHandshakeTimeout:   10 * time.Second,
			ExpectContinueTimeout: time.Second,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConnsPerHost:   64,
		},
		// A redirect would take the token along.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return g, nil
}

// Do makes one request. path is below the version, as "/123/messages", and may
// have a query. in goes as JSON, or into the query if it is url.Values; nil is
// nothing. The answer is decoded into out unless that is nil. It fails only with
// an *Error.
func (g *Graph) Do(ctx context.Context, method, path string, in, out any) error {
	ctx, end := context.WithTimeout(ctx, callFor)
	defer end()
	var body io.Reader
	kind := ""
	switch v := in.(type) {
	case nil:
	case url.Values:
		path = join(path, v.Encode())
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return refused(channels.Rejected, "the request cannot be written as JSON")
		}
		body, kind = bytes.NewReader(b), "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, method, g.base+g.proven(path), body)
	if err != nil {
		return refused(channels.Rejected, "the request has no valid address")
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return g.do(req, out)
}

// A File is what an Upload carries.
type File struct {
	Field string // the form field that the content goes into: "filedata", "file"
	Name  string
	Type  string // media type
	Size  int64  // bytes; 0 where not known
	Open  func() (io.ReadCloser, error)
}

// Upload makes one request with a form: the fields, and a file after them. The
// content is not held in memory. It fails only with an *Error.
func (g *Graph) Upload(ctx context.Context, path string, fields map[string]string, f File, out any) error {
	ctx, end := context.WithTimeout(ctx, uploadFor)
	defer end()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range fields {
		_ = w.WriteField(name, value) // a buffer takes everything
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", multipart.FileContentDisposition(f.Field, f.Name))
	h.Set("Content-Type", f.Type)
	_, _ = w.CreatePart(h)
	head := bytes.Clone(form.Bytes())
	form.Reset()
	_ = w.Close()
	tail := form.Bytes()

	content, err := f.Open()
	if err != nil {
		return refused(channels.Unavailable, "the file that was to be sent could not be read")
	}
	defer content.Close()
	var middle io.Reader = content
	if f.Size > 0 {
		middle = io.LimitReader(content, f.Size)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.base+g.proven(path), io.NopCloser(io.MultiReader(bytes.NewReader(head), middle, bytes.NewReader(tail))))
	if err != nil {
		return refused(channels.Rejected, "the request has no valid address")
	}
	req.ContentLength = -1
	if f.Size > 0 {
		req.ContentLength = int64(len(head)) + f.Size + int64(len(tail))
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	return g.do(req, out)
}

// do sends a request to the API and reads what it answers.
func (g *Graph) do(req *http.Request, out any) error {
	var wrote atomic.Bool
	trace := &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			wrote.Store(true)
		}
	}}
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
	req.Header.Set("Authorization", "Bearer "+g.token)
	asking := req.Method == http.MethodGet
	resp, err := g.client.Do(req)
	if err != nil { // its words hold the address
		if wrote.Load() && !asking {
			return refused(channels.NoAnswer, "Meta was told and did not answer")
		}
		return refused(channels.Unavailable, "Meta cannot be reached")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if problem := read(resp, body, asking); problem != nil {
		return problem
	}
	if err != nil || out != nil && json.Unmarshal(body, out) != nil {
		e := refused(channels.NoAnswer, "the answer broke off or was not Meta's")
		if asking {
			e.Problem = channels.Unavailable
		}
		e.Status = resp.StatusCode
		return e
	}
	return nil
}

// proven adds to a path the proof that whoever calls knows the app secret: a
// stolen token alone is worth nothing then
// (developers.facebook.com/docs/graph-api/guides/secure-requests, read 2026-11).
func (g *Graph) proven(path string) string {
	if g.proof == "" {
		return path
	}
	return join(path, "appsecret_proof="+g.proof)
}

func join(path, query string) string {
	switch {
	case query == "":
		return path
	case strings.Contains(path, "?"):
		return path + "&" + query
	}
	return path + "?" + query
}
