// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	mostUpload = 50 << 20 // bytes of a file that a bot sends
	mostPhoto  = 10 << 20
	mostFetch  = 20 << 20 // bytes of a file that a bot fetches
	mostFields = 1 << 20  // bytes of everything else in a request
)

// A call is one request of the bot's.
type call struct {
	s      *Server
	ctx    context.Context
	method string // in lower case
	args   map[string]string
	files  map[string]upload
}

// An upload is a file in a request.
type upload struct {
	name, kind string
	data       []byte
}

// A refusal is an answer that is not ok.
type refusal struct {
	code        int
	description string
	after       int // seconds; with 429
}

func refuse(code int, description string) *refusal {
	return &refusal{code: code, description: description}
}

// bad is a 400 as Telegram words it: the first letter becomes small, unless the
// second is a capital too.
func bad(format string, a ...any) *refusal {
	text := fmt.Sprintf(format, a...)
	if len(text) > 1 && text[1] != '_' && (text[1] < 'A' || text[1] > 'Z') {
		text = strings.ToLower(text[:1]) + text[1:]
	}
	return refuse(400, "Bad Request: "+text)
}

// done is a result that comes with a description.
type done struct {
	result      any
	description string
}

type method func(*call) (any, *refusal)

// methods are what the server can do, by lower-case name: Telegram takes any case.
func methods() map[string]method {
	return map[string]method{
		"getme":          func(c *call) (any, *refusal) { return c.s.bot(), nil },
		"getupdates":     getUpdates,
		"setwebhook":     setWebhook,
		"deletewebhook":  deleteWebhook,
		"getwebhookinfo": getWebhookInfo,

		"sendmessage":            sendMessage,
		"sendphoto":              sendFile("photo"),
		"senddocument":           sendFile("document"),
		"sendvoice":              sendFile("voice"),
		"sendaudio":              sendFile("audio"),
		"sendvideo":              sendFile("video"),
		"sendmediagroup":         sendMediaGroup,
		"sendlocation":           sendLocation,
		"sendchataction":         sendChatAction,
		"answercallbackquery":    answerCallbackQuery,
		"editmessagetext":        editMessage,
		"editmessagecaption":     editMessage,
		"editmessagereplymarkup": editMessage,
		"deletemessage":          deleteMessage,
		"deletemessages":         deleteMessages,

		"getfile":   getFile,
		"getchat":   getChat,
		"leavechat": leaveChat,

		"setmycommands":         setMyCommands,
		"getmycommands":         getMyCommands,
		"deletemycommands":      deleteMyCommands,
		"setmydescription":      setText("description", 512),
		"getmydescription":      getText("description"),
		"setmyshortdescription": setText("short_description", 120),
		"getmyshortdescription": getText("short_description"),
		"setmyname":             setText("name", 64),
		"getmyname":             getText("name"),
	}
}

// bot is what getMe says.
func (s *Server) bot() any {
	return struct {
		wireUser
		Join   bool `json:"can_join_groups"`
		Read   bool `json:"can_read_all_group_messages"`
		Inline bool `json:"supports_inline_queries"`
	}{s.me, true, true, false}
}

// Handler serves the API below /bot, files below /file/bot, and the page.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	known := methods()
	mux.Handle("/", s.page())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/bot"):
			s.serve(w, r, known)
		case strings.HasPrefix(r.URL.Path, "/file/bot"):
			s.serveFile(w, r)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// token says whether the given token is the bot's, and refuses as Telegram does.
func (s *Server) token(given string) *refusal {
	if subtle.ConstantTimeCompare([]byte(given), []byte(s.o.Token)) == 1 {
		return nil
	}
	if !strings.Contains(given, ":") || len(given) > 80 {
		return refuse(401, "Unauthorized: invalid token specified")
	}
	return refuse(401, "Unauthorized")
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, known map[string]method) {
	token, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	name = strings.ToLower(strings.TrimPrefix(name, "test/"))
	if !ok {
		s.answer(w, name, nil, refuse(404, "Not Found"))
		return
	}
	if r := s.token(token); r != nil {
		s.answer(w, "", nil, r)
		return
	}
	c := &call{s: s, ctx: r.Context(), method: name, args: map[string]string{}, files: map[string]upload{}}
	if r := c.read(w, r); r != nil {
		s.answer(w, name, nil, r)
		return
	}
	f := s.fault(c)
	if f != nil && f.Delay > 0 && !s.wait(c.ctx, f.Delay) {
		return
	}
	var result any
	var no *refusal
	if f == nil || f.Done || !f.fails() {
		if do := known[name]; do != nil {
			result, no = do(c)
		} else {
			no = refuse(404, "Not Found: method not found")
		}
	}
	if f != nil && f.fails() {
		s.play(w, c, f)
		return
	}
	s.answer(w, name, result, no)
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

// answer writes Telegram's envelope.
func (s *Server) answer(w http.ResponseWriter, method string, result any, no *refusal) {
	type parameters struct {
		After int `json:"retry_after,omitempty"`
	}
	envelope := struct {
		OK          bool        `json:"ok"`
		Result      any         `json:"result,omitempty"`
		Code        int         `json:"error_code,omitempty"`
		Description string      `json:"description,omitempty"`
		Parameters  *parameters `json:"parameters,omitempty"`
	}{OK: no == nil, Result: result}
	if d, ok := result.(done); ok {
		envelope.Result, envelope.Description = d.result, d.description
	}
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	if no != nil {
		s.log.Info("refused", "method", method, "code", no.code)
		status = no.code
		envelope.Result, envelope.Code, envelope.Description = nil, no.code, no.description
		if no.after > 0 {
			envelope.Parameters = &parameters{no.after}
			w.Header().Set("Retry-After", strconv.Itoa(no.after))
		}
	}
	b, err := json.Marshal(envelope)
	if err != nil {
		panic("botapi: an answer that cannot be written: " + err.Error()) // its types are this package's
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // the bot is gone where this fails
}

// read takes the arguments from the address and the body: JSON, a form, or a
// form of several parts.
func (c *call) read(w http.ResponseWriter, r *http.Request) *refusal {
	tooBig := refuse(413, "Request Entity Too Large")
	for name, v := range r.URL.Query() {
		c.args[name] = v[0]
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return bad("unsupported content type")
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostUpload*10+mostFields) // ten files of an album
	switch kind {
	case "application/json":
		b, err := io.ReadAll(io.LimitReader(r.Body, mostFields+1))
		if err != nil || len(b) > mostFields {
			return tooBig
		}
		var fields map[string]json.RawMessage
		if len(b) > 0 && json.Unmarshal(b, &fields) != nil {
			return bad("can't parse JSON object in the request body") // worded by guess
		}
		for name, raw := range fields {
			var text string
			switch {
			case string(raw) == "null":
			case json.Unmarshal(raw, &text) == nil:
				c.args[name] = text
			default:
				c.args[name] = string(raw)
			}
		}
	case "application/x-www-form-urlencoded":
		r.Body = http.MaxBytesReader(w, r.Body, mostFields)
		if r.ParseForm() != nil {
			return tooBig
		}
		for name, v := range r.PostForm {
			c.args[name] = v[0]
		}
	case "multipart/form-data":
		parts, err := r.MultipartReader()
		if err != nil {
			return bad("can't parse the request body") // worded by guess
		}
		for n := 0; ; n++ {
			part, err := parts.NextPart()
			if errors.Is(err, io.EOF) || (err != nil && n == 0) {
				return nil // a client without any field sends no form at all
			}
			if err != nil {
				return bad("the request ended before its end") // worded by guess
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
				c.files[part.FormName()] = upload{part.FileName(), part.Header.Get("Content-Type"), b}
			} else {
				c.args[part.FormName()] = string(b)
			}
		}
	default:
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, mostFields))
	}
	return nil
}

func (c *call) integer(name string, otherwise int) int {
	s := c.args[name]
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil {
		return 0 // as Telegram reads what is no number
	}
	return int(n)
}

func (c *call) yes(name string) bool {
	switch strings.ToLower(strings.TrimSpace(c.args[name])) {
	case "true", "yes", "1":
		return true
	}
	return false
}
