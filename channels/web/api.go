// SPDX-License-Identifier: GPL-3.0-or-later

package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sarai/channels"
)

const (
	// maxText is how many bytes of text a message may have: a hundred thousand
	// characters of any script. Nobody types more; how much of it is read is
	// decided further in.
	maxText = 400 << 10
	// maxBody has room for a text of which every byte is written as \u00xx.
	maxBody = 6*maxText + 4<<10
	// maxAge is how long a message may have been kept on a phone that had no
	// connection.
	maxAge = 7 * 24 * time.Hour
	// maxWait is the longest that a page waits: proxies end what takes a minute.
	maxWait = 25 * time.Second
	// pageLetters is how many letters one answer has; the page asks on.
	pageLetters = 100
	// retryAfter is after how many seconds a page tries again when the store failed.
	retryAfter = 3
)

// A message is what the page posts.
type message struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Text     string `json:"text"`
	Choice   string `json:"choice"`
	AgeMS    int64  `json:"age_ms"`
	Language string `json:"language"`
	Campaign string `json:"campaign"`
	Name     string `json:"name"`    // of a file
	Seconds  int    `json:"seconds"` // of a recording
}

// These are what the page's random parts look like. A key is 128 random bits in
// base64url, or a code of six words.
var (
	keyForm      = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)
	idForm       = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)
	languageForm = regexp.MustCompile(`^[A-Za-z0-9-]{2,35}$`)
	campaignForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// A person is who sent a request.
type person struct {
	token   string
	address channels.Address
	client  string // for the limits
}

// addressOf gives the address of who has a token.
func addressOf(token string) channels.Address {
	sum := sha256.Sum256([]byte(token))
	return channels.Address{Channel: ChannelName, ID: base64.RawURLEncoding.EncodeToString(sum[:])}
}

// eventID makes of the id that a page gave a message one that no other person's
// page can give, and that says nothing about the person. pageID takes it apart.
func (p person) eventID(id string) string {
	sum := sha256.Sum256([]byte("sarai: messages of\x00" + p.address.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:12]) + "." + id
}

func pageID(eventID string) string {
	_, id, ok := strings.Cut(eventID, ".")
	if !ok {
		return eventID
	}
	return id
}

// who reads the key from the request's header. Without a good one it answers
// and reports false.
func (c *Channel) who(w http.ResponseWriter, r *http.Request) (person, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !keyForm.MatchString(token) && !isCode(token) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "no-key", "The request has no key of a talk, or not a whole one.")
		return person{}, false
	}
	return person{token, addressOf(token), c.client(r)}, true
}

// reached looks for the talk of p. Where there is an answer already (the store
// failed, or too many keys were tried) it is written, and done is true.
func (c *Channel) reached(w http.ResponseWriter, r *http.Request, p person) (found, done bool) {
	if isCode(p.token) && !c.tries.left(p.client, c.now()) {
		slow(w, c.tries)
		return false, true
	}
	_, _, err := c.mailbox.Letters(r.Context(), p.address, 0, 1)
	switch {
	case err == nil:
		return true, false
	case errors.Is(err, channels.ErrUnknownPerson):
		return false, false
	}
	c.unavailable(w, r, "a talk could not be read", err)
	return false, true
}

// missing answers that a key reaches no talk, which counts as a try.
func (c *Channel) missing(w http.ResponseWriter, p person) {
	if !c.tries.take(p.client, c.now()) {
		slow(w, c.tries)
		return
	}
	refuse(w, http.StatusNotFound, "no-talk", "There is no talk with this key.")
}

// post takes a message. The page sends it again under the same id until it has
// an answer, so a success is answered only after sink took it.
func (c *Channel) post(w http.ResponseWriter, r *http.Request, sink channels.Sink) {
	p, ok := c.who(w, r)
	if !ok {
		return
	}
	var m message
	raw, ok := body(w, r, &m)
	if !ok {
		return
	}
	if !fit(w, m) {
		return
	}
	switch {
	case m.Kind == "":
		refuse(w, http.StatusBadRequest, "no-kind", "The message does not say what it is.")
		return
	case channels.Kind(m.Kind) == channels.Text && strings.TrimSpace(m.Text) == "":
		refuse(w, http.StatusBadRequest, "empty", "The message is empty.")
		return
	case channels.Kind(m.Kind) == channels.Choice && m.Choice == "":
		refuse(w, http.StatusBadRequest, "empty", "The message does not say what was chosen.")
		return
	}
	now := c.now()
	if !c.messages.take(p.address.ID, now) {
		slow(w, c.messages)
		return
	}
	found, done := c.reached(w, r, p)
	switch {
	case done:
		return
	case !found && isCode(p.token): // a code leads to a talk, it begins none
		c.missing(w, p)
		return
	case !found && !c.chats.take(p.client, now):
		slow(w, c.chats)
		return
	}

	in := c.inbound(p, m, now)
	in.Choice = m.Choice
	switch k := channels.Kind(m.Kind); k {
	case channels.Text, channels.Choice, channels.Start:
		in.Kind = k
	default: // a newer page than this server, or a stranger's program
		in.Kind, in.Raw = channels.Unknown, raw
	}
	if err := sink(r.Context(), in); err != nil {
		c.unavailable(w, r, "a message was not taken, its page sends it again", err)
		return
	}
	c.hub.wake(p.address.ID)
	answer(w, http.StatusOK, map[string]any{"ok": true})
}

// fit says whether the id and the words of a message are such as are taken. Where
// not it answers.
func fit(w http.ResponseWriter, m message) bool {
	switch {
	case !idForm.MatchString(m.ID):
		refuse(w, http.StatusBadRequest, "bad-id", "The message has no id of 8 to 64 letters, digits, - or _.")
		return false
	case len(m.Text) > maxText || len(m.Choice) > maxText:
		refuse(w, http.StatusRequestEntityTooLarge, "too-long", "The message is too long.")
		return false
	}
	return true
}

// inbound is what all messages of a person have.
func (c *Channel) inbound(p person, m message, now time.Time) channels.Inbound {
	in := channels.Inbound{
		From: p.address,
		ID:   p.eventID(m.ID),
		At:   now.Add(-min(max(0, age(m.AgeMS)), maxAge)),
		Text: m.Text,
	}
	if languageForm.MatchString(m.Language) {
		in.Language = m.Language
	}
	if campaignForm.MatchString(m.Campaign) {
		in.Campaign = m.Campaign
	}
	return in
}

// age is ms as a duration, without overflow.
func age(ms int64) time.Duration {
	return time.Duration(min(ms, maxAge.Milliseconds())) * time.Millisecond
}

// letters gives what there is of a talk after a place, and waits for it if
// nothing is there.
func (c *Channel) letters(w http.ResponseWriter, r *http.Request) {
	p, ok := c.who(w, r)
	if !ok {
		return
	}
	var after, seen, wait uint64
	q := r.URL.Query()
	for name, to := range map[string]*uint64{"after": &after, "cleared": &seen, "wait": &wait} {
		if s := q.Get(name); s != "" {
			n, err := strconv.ParseUint(s, 10, 63)
			if err != nil {
				refuse(w, http.StatusBadRequest, "bad-number", "after, cleared and wait are numbers.")
				return
			}
			*to = n
		}
	}
	if !q.Has("cleared") {
		seen = after
	}
	if !c.reads.take(p.address.ID, c.now()) {
		slow(w, c.reads)
		return
	}
	if isCode(p.token) && !c.tries.left(p.client, c.now()) {
		slow(w, c.tries)
		return
	}

	woken, end, ok := c.hub.wait(p.address.ID)
	if !ok {
		slow(w, c.reads)
		return
	}
	defer end()
	a, err := c.look(r, p, after)
	if err == nil && len(a.Letters) == 0 && a.Cleared <= seen && wait > 0 {
		d := time.Duration(min(wait, uint64(maxWait/time.Second))) * time.Second
		// The server may allow less time for a whole answer than a page waits.
		// Where the deadline cannot be moved, the page asks again.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d + 10*time.Second))
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-woken:
		case <-t.C:
		case <-r.Context().Done():
			return
		}
		a, err = c.look(r, p, after)
	}
	switch {
	case errors.Is(err, channels.ErrUnknownPerson):
		c.missing(w, p)
	case err != nil:
		c.unavailable(w, r, "a talk could not be read", err)
	default:
		answer(w, http.StatusOK, a)
	}
}

// A reading is what the page gets of a talk. Seq is where it reads on.
type reading struct {
	Letters []channels.Letter `json:"letters"`
	Cleared uint64            `json:"cleared"`
	Seq     uint64            `json:"seq"`
}

func (c *Channel) look(r *http.Request, p person, after uint64) (reading, error) {
	ls, cleared, err := c.mailbox.Letters(r.Context(), p.address, after, pageLetters)
	if err != nil {
		return reading{}, err
	}
	a := reading{Letters: []channels.Letter{}, Cleared: cleared, Seq: max(after, cleared)}
	for _, l := range ls {
		if l.Seq <= cleared {
			continue
		}
		l.ID = pageID(l.ID)
		a.Letters = append(a.Letters, l)
		a.Seq = max(a.Seq, l.Seq)
	}
	return a, nil
}

// code gives the six words with which this talk goes on from another phone.
func (c *Channel) code(w http.ResponseWriter, r *http.Request) {
	p, ok := c.who(w, r)
	if !ok {
		return
	}
	if !c.messages.take(p.address.ID, c.now()) {
		slow(w, c.messages)
		return
	}
	code := codeFor(p.token)
	err := c.mailbox.Alias(r.Context(), p.address, addressOf(code))
	switch {
	case errors.Is(err, channels.ErrUnknownPerson):
		c.missing(w, p)
	case err != nil:
		c.unavailable(w, r, "a code could not be kept", err)
	default:
		answer(w, http.StatusOK, map[string]any{
			"words": map[string][]string{
				"latn":    words(code, "latn"),
				"arab":    words(code, "arab"),
				"arab-ar": words(code, "arab-ar"),
				"cyrl":    words(code, "cyrl"),
				"beng":    words(code, "beng"),
			},
		})
	}
}

// enter reads a code that somebody typed and gives the key that it is, if it
// reaches a talk.
func (c *Channel) enter(w http.ResponseWriter, r *http.Request) {
	client := c.client(r)
	if !c.tries.left(client, c.now()) {
		slow(w, c.tries)
		return
	}
	var typed struct {
		Code string `json:"code"`
	}
	if _, ok := body(w, r, &typed); !ok {
		return
	}
	code, err := parseCode(typed.Code)
	if err != nil {
		refuse(w, http.StatusBadRequest, "not-a-code", "These are not six words of a code.")
		return
	}
	p := person{code, addressOf(code), client}
	found, done := c.reached(w, r, p)
	switch {
	case done:
	case !found:
		c.missing(w, p)
	default:
		answer(w, http.StatusOK, map[string]any{"key": code})
	}
}

// body reads a request's JSON into v and gives its bytes. Where that fails it
// answers and reports false.
func body(w http.ResponseWriter, r *http.Request, v any) ([]byte, bool) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "not-json", "The body must be application/json.")
		return nil, false
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "too-long", "The message is too long.")
		return nil, false
	case err != nil:
		refuse(w, http.StatusBadRequest, "cut-off", "The request ended too early.")
		return nil, false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		refuse(w, http.StatusBadRequest, "not-json", "The body is not the JSON that was expected.")
		return nil, false
	}
	if !utf8.Valid(raw) {
		raw = []byte(strings.ToValidUTF8(string(raw), "\uFFFD"))
	}
	return raw, true
}

// refuse answers with an error for the page, which has words for its code in the
// person's language, and a sentence for who reads the traffic. Neither repeats
// anything of the request.
func refuse(w http.ResponseWriter, status int, code, say string) {
	answer(w, status, map[string]any{"error": code, "say": say})
}

func slow(w http.ResponseWriter, b *buckets) {
	w.Header().Set("Retry-After", strconv.Itoa(b.pause()))
	refuse(w, http.StatusTooManyRequests, "slow-down", "Too much at once: try again a little later.")
}

// unavailable answers that a request could not be served just now. What ended
// because its page went away meanwhile (a phone locked, a tab closed) is no fault,
// and no operator is told of it.
func (c *Channel) unavailable(w http.ResponseWriter, r *http.Request, what string, err error) {
	if r.Context().Err() == nil || !errors.Is(err, context.Canceled) {
		c.log.Warn("web chat: "+what, "err", err)
	}
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	refuse(w, http.StatusServiceUnavailable, "try-again", "This cannot be kept just now: try again.")
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// The client is gone where this fails, and asks again.
	_ = json.NewEncoder(w).Encode(v)
}
