// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud_test

import (
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sarai/channels/meta"
	"sarai/channels/whatsappcloud"
)

// No request that Meta did not make has any effect, and no answer to one says
// anything of a secret: a right request is changed in one place, a hundred
// thousand times.
func TestForgedRequests(t *testing.T) {
	t.Parallel()
	ch, h, d, log := receiver(t)
	rnd := rand.New(rand.NewPCG(2026, 11))
	var bodies [][]byte
	for _, b := range payloads(t) {
		bodies = append(bodies, b)
	}
	const tries = 100_000
	for i := range tries {
		body := append([]byte(nil), bodies[rnd.IntN(len(bodies))]...)
		signature := sign(body)
		switch i % 10 {
		case 0: // a bit of the body
			body[rnd.IntN(len(body))] ^= 1 << rnd.IntN(8)
		case 1: // a byte more
			body = append(body, ' ')
		case 2: // a byte less
			body = body[:len(body)-1]
		case 3: // of another body
			signature = sign(append([]byte(nil), body[1:]...))
		case 4: // a digit of the signature
			at := len("sha256=") + rnd.IntN(64)
			digit := "0123456789abcdef"[rnd.IntN(16)]
			if signature[at] == digit {
				digit = "g"[0]
			}
			signature = signature[:at] + string(digit) + signature[at+1:]
		case 5: // a part of it
			signature = signature[:rnd.IntN(len(signature))]
		case 6: // more than it
			signature += "00"
		case 7: // the old way
			signature = "sha1=" + signature[len("sha256="):][:40]
		case 8: // two things changed around
			a, b := rnd.IntN(len(body)), rnd.IntN(len(body))
			if body[a] == body[b] {
				body[a]++
			} else {
				body[a], body[b] = body[b], body[a]
			}
		case 9: // without its name
			signature = signature[len("sha256="):]
		}
		status, answer := call(h, body, signature)
		if status != 401 || answer == "" || holdsSecret(answer) || len(signature) > 20 && strings.Contains(answer, signature) {
			t.Fatalf("try %d: %d %q", i, status, answer)
		}
	}
	if len(d.in)+len(d.reports) != 0 || ch.Heard() != 0 || log.Len() != 0 {
		t.Errorf("it had an effect: %d events, %d reports, log %s", len(d.in), len(d.reports), log)
	}
	if n := ch.Counts().Forged.Load(); n != tries {
		t.Errorf("%d of %d were counted", n, tries)
	}
}

func holdsSecret(s string) bool {
	return strings.Contains(s, "the-secret-of") || strings.Contains(s, "sha256=")
}

// Meta's question about the address is answered only where it knows the word.
func TestTheHandshake(t *testing.T) {
	t.Parallel()
	_, h, d, _ := receiver(t)
	ask := func(mode, word, challenge string) (int, string) {
		q := url.Values{"hub.mode": {mode}, "hub.verify_token": {word}, "hub.challenge": {challenge}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", whatsappcloud.Path+"?"+q.Encode(), nil))
		return w.Code, w.Body.String()
	}
	if status, answer := ask("subscribe", verifyToken, "1158201444"); status != 200 || answer != "1158201444" {
		t.Errorf("%d %q", status, answer)
	}
	for _, wrong := range [][2]string{{"subscribe", ""}, {"subscribe", "wrong"}, {"subscribe", verifyToken + "0"}, {"unsubscribe", verifyToken}, {"", verifyToken}} {
		if status, answer := ask(wrong[0], wrong[1], "1158201444"); status != 403 || strings.Contains(answer, "1158201444") || holdsSecret(answer) {
			t.Errorf("%v: %d %q", wrong, status, answer)
		}
	}
	if len(d.in) != 0 {
		t.Error("something arrived")
	}
}

// Whatever comes, signed, is read without breaking; what is said of people has
// an ID, a sender and a kind.
func FuzzEvents(f *testing.F) {
	for _, b := range payloads(f) {
		f.Add(b)
	}
	_, h, d, _ := receiver(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		d.clear()
		status, answer := call(h, body, sign(body))
		if status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		for _, in := range d.in {
			if in.ID == "" || in.From.ID == "" || in.From.Channel != whatsappcloud.ChannelName || in.Kind == "" {
				t.Fatalf("%+v", in)
			}
			for _, a := range in.Aliases {
				if a == in.From || a.ID == "" {
					t.Fatalf("%v", ids(in))
				}
			}
		}
		for _, r := range d.reports {
			if r.State == "" || r.ID == "" && r.Key == "" || r.To.ID == "" {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// FuzzValue reads what stands in one change, in every field that is known.
func FuzzValue(f *testing.F) {
	for _, b := range payloads(f) {
		f.Add("messages", b)
	}
	f.Add("user_id_update", []byte(`{"user_id_update":[{"user_id":{"previous":"DE.1","current":"DE.2"}}]}`))
	f.Add("moon_phase", []byte(`[1,2]`))
	f.Add("account_update", []byte(`{"event":{"event":"X"}}`))
	f.Add("messages", []byte(`{"messages":[{"type":"system","system":{"type":"user_changed_number","wa_id":1}}],"contacts":7}`))
	f.Fuzz(func(t *testing.T, field string, body []byte) {
		r := whatsappcloud.Read(numberID, meta.Event{Field: field, Body: body})
		for _, in := range r.In {
			if in.ID == "" || in.From.ID == "" || in.Kind == "" {
				t.Fatalf("%+v", in)
			}
		}
	})
}
