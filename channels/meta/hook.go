// SPDX-License-Identifier: GPL-3.0-or-later

package meta

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"sarai/channels"
)

const (
	// MaxBody is how much one call may carry, in bytes. WhatsApp's go up to 3 MB
	// (developers.facebook.com/docs/whatsapp, webhooks, read 2026-11); others are smaller.
	MaxBody = 4 << 20
	// signatureHeader is where Meta puts the signature of the body
	// (developers.facebook.com/docs/graph-api/webhooks, read 2026-11). The older
	// X-Hub-Signature, by SHA-1, is not looked at.
	signatureHeader = "X-Hub-Signature-256"
	// atOnce is for how many people of a batch the sink is called at a time: enough
	// for the store to commit them together, and no more than a batch may ask for.
	atOnce = 32
)

// A Reading is what an event means.
type Reading struct {
	In      []channels.Inbound
	Reports []channels.Report
	Ignored int // things that are known, and nobody waits for
	Unread  int // things that nobody understands and that are nobody's
}

// Counts are what a Hook has seen since the start. They say nothing of anybody.
type Counts struct {
	Calls   atomic.Uint64 // with a right signature
	Forged  atomic.Uint64 // refused: without one, or with a wrong one
	Events  atomic.Uint64 // given to the sink
	Reports atomic.Uint64 // given to the reports
	Ignored atomic.Uint64 // known, and nobody waits for them
	Unread  atomic.Uint64 // not understood, and nobody's: acknowledged all the same
}

// A Hook is called by Meta.
type Hook struct {
	Object      string              // what its calls are about: "page", "whatsapp_business_account"
	AppSecret   string              // of the app, which signs the calls. Needed
	VerifyToken string              // which Meta repeats when the address is registered. Needed
	Read        func(Event) Reading // makes of one event what it means; it should keep, as channels.Unknown, what it does not understand and whose person it knows
	// Whose says who an event is from, as simply as can be: it is asked of one that
	// has broken Read. The zero address is that nobody knows. nil: nobody ever does.
	Whose   func(Event) channels.Address
	Reports channels.Reports // nil: nobody listens
	Counts  *Counts          // nil: nobody counts
	Log     *slog.Logger     // nil: nothing is logged
}

// Handler serves Meta's calls. It answers 200 once the sink and the reports took
// everything of a call, and 503 when they did not; Meta then calls again: for a
// Page for about a day, for WhatsApp for a week. What it cannot read, though it is
// signed, is counted and acknowledged: it would come for ever. Whoever does not
// know the app secret learns nothing and changes nothing.
func (h Hook) Handler(sink channels.Sink) http.Handler {
	if h.Counts == nil {
		h.Counts = &Counts{}
	}
	if h.Log == nil {
		h.Log = slog.New(slog.DiscardHandler)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			h.shakeHands(w, r)
		case http.MethodPost:
			h.receive(w, r, sink)
		default:
			w.Header().Set("Allow", "GET, POST")
			http.Error(w, "only GET and POST", http.StatusMethodNotAllowed)
		}
	})
}

// maxChallenge is how long a challenge may be that is repeated. Meta's are some
// ten digits.
const maxChallenge = 256

// shakeHands answers the question by which Meta makes sure, when the address is
// registered, that it is ours.
func (h Hook) shakeHands(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	given, want := sha256.Sum256([]byte(q.Get("hub.verify_token"))), sha256.Sum256([]byte(h.VerifyToken))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 || h.VerifyToken == "" || q.Get("hub.mode") != "subscribe" {
		http.Error(w, "this is where Meta calls: the verify token is missing or wrong", http.StatusForbidden)
		return
	}
	challenge := q.Get("hub.challenge")
	if challenge == "" || len(challenge) > maxChallenge {
		http.Error(w, "the challenge is missing or too long", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, challenge) // whoever asked went away: nothing to do
}

func (h Hook) receive(w http.ResponseWriter, r *http.Request, sink channels.Sink) {
	refuse := func(status int, why string) {
		h.Counts.Forged.Add(1)
		http.Error(w, why, status)
	}
	given := r.Header.Values(signatureHeader)
	switch {
	case len(given) != 1 || h.AppSecret == "":
		refuse(http.StatusUnauthorized, "the signature is missing")
		return
	case r.ContentLength > MaxBody:
		refuse(http.StatusRequestEntityTooLarge, "the body is too large")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(http.StatusRequestEntityTooLarge, "the body is too large")
		return
	case err != nil:
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return
	}
	if !signed(h.AppSecret, given[0], body) {
		refuse(http.StatusUnauthorized, "the signature is wrong")
		return
	}
	h.Counts.Calls.Add(1)
	if err := h.take(r.Context(), body, sink); err != nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "it could not be kept, please call again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// signed says whether header is the signature of the body. It is of the bytes
// as Meta sent them: written anew, the same JSON has other ones. There is one
// way to write it, in small letters.
func signed(secret, header string, body []byte) bool {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return hmac.Equal([]byte(header), []byte("sha256="+hex.EncodeToString(m.Sum(nil))))
}

// take hands on everything of one call. It fails if anything could not be kept.
func (h Hook) take(ctx context.Context, body []byte, sink channels.Sink) error {
	events, unread, err := split(h.Object, body)
	if err != nil {
		unread = 1
	}
	var all Reading
	for _, e := range events {
		r := h.read(e)
		all.In = append(all.In, r.In...)
		all.Reports = append(all.Reports, r.Reports...)
		all.Ignored += r.Ignored
		unread += r.Unread
	}
	h.Counts.Ignored.Add(uint64(all.Ignored))
	h.Counts.Unread.Add(uint64(unread))
	if unread > 0 {
		h.Log.Warn("meta: something came that this version does not know; it is counted and left", "object", h.Object, "things", unread)
	}
	if err := Give(ctx, sink, all.In); err != nil {
		return err
	}
	h.Counts.Events.Add(uint64(len(all.In)))
	if h.Reports == nil || len(all.Reports) == 0 {
		return nil
	}
	if err := h.Reports(ctx, all.Reports...); err != nil {
		return err
	}
	h.Counts.Reports.Add(uint64(len(all.Reports)))
	return nil
}

// read reads one event. One that breaks the reader is kept as it is, as something
// unknown of who sent it, and left where nobody knows who that was: it would break
// the reader each time, and hold back everybody else of its batch.
func (h Hook) read(e Event) (r Reading) {
	defer func() {
		if recover() != nil { // what it says may hold words of the event
			h.Log.Error("meta: an event broke the reader; please report it", "object", h.Object)
			r = h.unread(e)
		}
	}()
	return h.Read(e)
}

// unread is what is made of an event that broke the reader.
func (h Hook) unread(e Event) (r Reading) {
	defer func() {
		if recover() != nil {
			r = Reading{Unread: 1}
		}
	}()
	if h.Whose == nil {
		return Reading{Unread: 1}
	}
	from := h.Whose(e)
	if from.IsZero() {
		return Reading{Unread: 1}
	}
	id := sha256.Sum256(e.Body)
	return Reading{In: []channels.Inbound{{
		From: from, ID: "unread/" + hex.EncodeToString(id[:16]), At: e.Time.Time, Kind: channels.Unknown, Raw: bytes.Clone(e.Body),
	}}}
}

// Give hands events to the sink: those of one address in one call, oldest first,
// and several addresses at the same time. It returns once all are durable, or
// with the error of one that is not.
func Give(ctx context.Context, sink channels.Sink, in []channels.Inbound) error {
	var order []channels.Address
	of := map[channels.Address][]channels.Inbound{}
	for _, e := range in {
		if _, ok := of[e.From]; !ok {
			order = append(order, e.From)
		}
		of[e.From] = append(of[e.From], e)
	}
	for _, events := range of {
		slices.SortStableFunc(events, func(a, b channels.Inbound) int { return a.At.Compare(b.At) })
	}
	if len(order) == 1 { // nearly always
		return sink(ctx, of[order[0]]...)
	}
	var wg sync.WaitGroup
	errs := make([]error, len(order))
	room := make(chan struct{}, atOnce)
	for i, from := range order {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			errs[i] = sink(ctx, of[from]...)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
