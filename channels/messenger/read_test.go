// SPDX-License-Identifier: GPL-3.0-or-later

package messenger_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/messenger"
	"sarai/channels/meta"
	"sarai/standin/graph"
)

var update = flag.Bool("update", false, "write testdata/calls/*.want anew")

// hooked is an adapter whose Meta is not asked.
func hooked(t testing.TB, reports channels.Reports) *messenger.Channel {
	t.Helper()
	ch, err := messenger.New(messenger.Options{
		PageID: graph.PageID, PageToken: graph.PageToken, AppSecret: graph.AppSecret, VerifyToken: graph.VerifyToken, AppID: graph.AppID,
		Comments: true, Reports: reports, Now: func() time.Time { return time.Unix(1763780000, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// told is what the adapter makes of a signed call.
func told(t testing.TB, body []byte) (status int, in []channels.Inbound, reports []channels.Report, counts string) {
	t.Helper()
	var mu sync.Mutex
	ch := hooked(t, func(_ context.Context, rs ...channels.Report) error {
		reports = append(reports, rs...)
		return nil
	})
	h := ch.Handler(func(_ context.Context, events ...channels.Inbound) error {
		mu.Lock()
		defer mu.Unlock()
		in = append(in, events...)
		return nil
	})
	r := httptest.NewRequest(http.MethodPost, messenger.Path, bytes.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", graph.Sign(graph.AppSecret, body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	slices.SortStableFunc(in, func(a, b channels.Inbound) int { return cmp.Compare(a.From.ID, b.From.ID) })
	c := ch.Counts()
	return w.Code, in, reports, fmt.Sprintf("ignored %d, unread %d", c.Ignored.Load(), c.Unread.Load())
}

// summary is everything that an event says, a line for each thing.
func summary(in channels.Inbound) string {
	var b strings.Builder
	line := func(name string, value any) {
		if v := fmt.Sprint(value); v != "" && v != "[]" && v != "<nil>" && v != "false" {
			fmt.Fprintf(&b, "  %s: %s\n", name, v)
		}
	}
	fmt.Fprintf(&b, "%s from %s\n", in.Kind, in.From.ID)
	line("id", in.ID)
	line("of", in.Of)
	line("at", in.At.Format(time.RFC3339Nano))
	if in.Text != "" {
		line("text", fmt.Sprintf("%q", in.Text))
	}
	line("choice", in.Choice)
	line("campaign", in.Campaign)
	line("staff", in.Staff)
	line("standby", in.Standby)
	for _, m := range in.Media {
		line("media", fmt.Sprintf("%s %s %s", m.Ref, m.Type, m.Name))
	}
	if in.Comment != nil {
		j, _ := json.Marshal(in.Comment)
		line("comment", string(j))
	}
	if in.Raw != nil {
		line("raw", fmt.Sprint(len(in.Raw), " bytes"))
	}
	return b.String()
}

// Every kind of call, in the form in which Meta sends it, and what is made of it.
func TestWhatMetaTells(t *testing.T) {
	files, err := filepath.Glob("testdata/calls/*.json")
	if err != nil || len(files) < 100 {
		t.Fatal("the payloads are not there:", len(files), err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			status, in, reports, counts := told(t, body)
			if status != http.StatusOK {
				t.Fatalf("the answer is %d", status)
			}
			var b strings.Builder
			ids := map[string]bool{}
			for _, e := range in {
				b.WriteString(summary(e))
				if e.ID == "" || ids[e.ID] || e.At.IsZero() || e.From.IsZero() {
					t.Errorf("%s has no ID of its own, no time or no address", e.Kind)
				}
				ids[e.ID] = true
			}
			for _, r := range reports {
				fmt.Fprintf(&b, "report to %s\n  %s id %q key %q before %s at %s\n", r.To.ID, r.State, r.ID, r.Key, r.Before.Format(time.RFC3339Nano), r.At.Format(time.RFC3339Nano))
			}
			if counts != "ignored 0, unread 0" {
				fmt.Fprintln(&b, counts)
			}
			want := strings.TrimSuffix(f, ".json") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			wanted, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(wanted) {
				t.Errorf("it is read as\n%swant\n%s", b.String(), wanted)
			}
			_, again, _, _ := told(t, body)
			for i, e := range again {
				if summary(e) != summary(in[i]) {
					t.Error("told again it is something else")
				}
			}
		})
	}
}

// The same call with all numbers as strings and all as numbers is of the same person.
func TestNumbersAndStringsAreOnePerson(t *testing.T) {
	body := func(id string) []byte {
		return []byte(`{"object":"page","entry":[{"id":` + graph.PageID + `,"time":1763770000123,"messaging":[{"sender":{"id":` + id + `},"recipient":{"id":` + graph.PageID + `},"timestamp":1763770000000,"message":{"mid":"m_1","text":"x"}}]}]}`)
	}
	for _, id := range []string{"123456543321234567", "9007199254740993", "1"} {
		_, number, _, _ := told(t, body(id))
		_, words, _, _ := told(t, body(`"`+id+`"`))
		if len(number) != 1 || len(words) != 1 || number[0].From != words[0].From || number[0].From.ID != id || number[0].ID != words[0].ID {
			t.Errorf("%s as a number is %d events, as a string %d, or of two people", id, len(number), len(words))
		}
	}
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/calls/*.json")
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		status, in, reports, _ := told(t, body)
		if status != http.StatusOK {
			t.Errorf("a signed call is answered by %d: Meta would send it for ever", status)
		}
		for _, e := range in {
			if e.ID == "" || e.From.ID == "" || e.From.Channel != messenger.ChannelName || e.At.IsZero() {
				t.Errorf("%s has no ID, address or time", e.Kind)
			}
			if e.Kind == channels.Unknown != (e.Raw != nil) {
				t.Errorf("%s with %d raw bytes", e.Kind, len(e.Raw))
			}
		}
		for _, r := range reports {
			if r.ID == "" && r.Key == "" && r.Before.IsZero() {
				t.Error("a report of no message")
			}
		}
	})
}

// One event alone, as any field and of any form.
func FuzzEvent(f *testing.F) {
	files, _ := filepath.Glob("testdata/calls/*.json")
	for _, name := range files {
		body, _ := os.ReadFile(name)
		var c struct {
			Entry []struct {
				Messaging []json.RawMessage
				Changes   []struct{ Value json.RawMessage }
			}
		}
		_ = json.Unmarshal(body, &c) // what has another form is no seed here
		for _, e := range c.Entry {
			for _, m := range e.Messaging {
				f.Add("messaging", []byte(m))
				f.Add("standby", []byte(m))
			}
			for _, x := range e.Changes {
				f.Add("feed", []byte(x.Value))
			}
		}
	}
	f.Fuzz(func(t *testing.T, field string, body []byte) {
		r := messenger.Read(graph.PageID, graph.AppID, true, meta.Event{Owner: graph.PageID, Field: field, Body: body}, time.Unix(1763780000, 0))
		if n := len(r.In) + len(r.Reports) + r.Ignored + r.Unread; n == 0 {
			t.Error("it is dropped without a trace")
		}
	})
}

// A call with one text, from the signature to the sink.
func BenchmarkCall(b *testing.B) {
	body, err := os.ReadFile("testdata/calls/text.json")
	if err != nil {
		b.Fatal(err)
	}
	h := hooked(b, nil).Handler(func(context.Context, ...channels.Inbound) error { return nil })
	signature := graph.Sign(graph.AppSecret, body)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, messenger.Path, bytes.NewReader(body))
		r.Header.Set("X-Hub-Signature-256", signature)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
