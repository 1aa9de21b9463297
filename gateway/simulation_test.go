// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sarai/channels"
	"sarai/desk"
	"sarai/gateway"
	"sarai/store"
)

// A phone is a platform that fails by plan. Got is what the person has on the
// screen: a message whose answer was lost on the way back is there.
type phone struct {
	plan []string // what becomes of the next messages; "" and none: delivered
	got  []channels.Outbound
	lost map[string]int // answers lost, by key of the message
}

func (*phone) Name() channels.Name     { return "fake" }
func (*phone) Limits() channels.Limits { return channels.Limits{} }

func (p *phone) Send(_ context.Context, out channels.Outbound) (channels.Receipt, error) {
	next := ""
	if len(p.plan) > 0 {
		next, p.plan = p.plan[0], p.plan[1:]
	}
	switch next {
	case "away":
		return channels.Receipt{}, &channels.SendError{Problem: channels.Unavailable}
	case "throttled":
		return channels.Receipt{}, &channels.SendError{Problem: channels.Throttled, After: time.Minute}
	case "misset":
		return channels.Receipt{}, &channels.SendError{Problem: channels.Misset}
	case "panics":
		panic("the adapter is broken")
	case "lost":
		p.lost[out.Key]++
		p.got = append(p.got, out)
		return channels.Receipt{}, &channels.SendError{Problem: channels.NoAnswer}
	}
	p.got = append(p.got, out)
	return channels.Receipt{ID: fmt.Sprint(len(p.got))}, nil
}

// A camera is a phone from which pictures can be fetched, at times.
type camera struct{ *phone }

func (c camera) Fetch(_ context.Context, m channels.Media) (io.ReadCloser, error) {
	next := ""
	if len(c.plan) > 0 {
		next, c.plan = c.plan[0], c.plan[1:]
	}
	switch next {
	case "away", "lost":
		return nil, &channels.SendError{Problem: channels.Unavailable}
	case "throttled":
		return nil, &channels.SendError{Problem: channels.Throttled, After: time.Minute}
	case "misset":
		return nil, &channels.SendError{Problem: channels.Misset}
	case "panics":
		panic("the adapter is broken")
	}
	return io.NopCloser(strings.NewReader(png + m.Ref)), nil
}

// TestWhateverHappensNothingIsLostDoubledOrTurnedRound plays people who write,
// staff who act, a platform that fails, a process that ends and a clock that
// goes on, in one goroutine over the real store: a seed plays exactly so again.
func TestWhateverHappensNothingIsLostDoubledOrTurnedRound(outer *testing.T) {
	rapid.Check(outer, func(t *rapid.T) {
		r := newRig(outer)
		defer r.db.Close()
		p := &phone{lost: map[string]int{}}
		r.g.Attach(camera{p})
		ctx := context.Background()
		people := []string{"zahra", "omar", "amal"}
		accepted := map[string]channels.Inbound{} // by id
		var ids []string
		said := map[string]string{} // staff's words by key
		for step := range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2, 3:
				who := rapid.SampledFrom(people).Draw(t, "who")
				in := r.message(who, fmt.Sprint("m", step), rapid.SampledFrom([]string{
					"visa", "nothing known", "danger", "counsellor", "yes", "1", "2", "menu", "poison", "thanks", "stop", "keep",
				}).Draw(t, "text"))
				in.At = in.At.Add(-time.Duration(rapid.SampledFrom([]int{0, 0, 0, 45}).Draw(t, "late")) * time.Minute)
				in.Kind = rapid.SampledFrom([]channels.Kind{channels.Text, channels.Text, channels.Text, channels.Voice, channels.Sticker, channels.Start}).Draw(t, "kind")
				if in.Kind == channels.Voice {
					in.Media = []channels.Media{{Ref: in.ID}}
				}
				r.must(r.g.Accept(ctx, in))
				accepted[in.ID] = in
				ids = append(ids, in.ID)
			case 4:
				if len(ids) > 0 {
					r.must(r.g.Accept(ctx, accepted[rapid.SampledFrom(ids).Draw(t, "again")]))
				}
			case 5:
				if th := r.thread(rapid.SampledFrom(people).Draw(t, "case")); th.Version > 0 {
					cmd := rapid.SampledFrom([]desk.Command{desk.Take{}, desk.Take{}, desk.Release{}, desk.Pass{To: "bilal"}, desk.Close{Outcome: desk.Advised}}).Draw(t, "command")
					_ = r.g.Command(ctx, th.ID, rapid.SampledFrom([]desk.StaffID{"amina", "bilal"}).Draw(t, "by"), cmd) // the desk may refuse
				}
			case 6:
				if th := r.thread(rapid.SampledFrom(people).Draw(t, "to")); th.Version > 0 {
					key := fmt.Sprint("k", rapid.IntRange(0, 5).Draw(t, "key"))
					by := rapid.SampledFrom([]desk.StaffID{"amina", "bilal"}).Draw(t, "by")
					if r.g.Say(ctx, th.ID, by, key, "word "+key) == nil {
						said[string(by)+key] = key
					}
				}
			case 7:
				p.plan = append(p.plan, rapid.SampledFrom([]string{"away", "throttled", "misset", "lost", "panics", ""}).Draw(t, "fault"))
			case 8:
				r.wait(time.Duration(rapid.SampledFrom([]int{1, 5, 150, 2000, 7000}).Draw(t, "seconds")) * time.Second)
			case 9:
				r.reopen()
				r.g.Attach(camera{p})
			}
		}
		p.plan = nil
		r.wait(2 * time.Hour)

		var kept []string
		staff, photos := 0, 0
		for _, who := range people {
			th := r.thread(who)
			if th.Version == 0 {
				continue
			}
			var want []channels.Outbound
			for i, e := range r.entries(who) {
				if e.Seq != uint64(i)+1 {
					t.Fatalf("%s: entry %d has place %d", who, i, e.Seq)
				}
				switch e.Author {
				case store.Person:
					kept = append(kept, e.ID)
					for _, m := range e.Media {
						_, c, err := r.db.OpenFile(ctx, th.ID, m.ID)
						if err != nil || c == nil {
							t.Fatalf("%s: the file of %s is not kept: %v", who, e.ID, err)
						}
						if b, err := io.ReadAll(c); err != nil || string(b) != png+e.ID {
							t.Fatalf("%s: the file of %s is another's: %v", who, e.ID, err)
						}
						c.Close()
						photos++
					}
				case store.Staff:
					staff++
					want = append(want, channels.Outbound{Blocks: e.Blocks})
				case store.Program:
					want = append(want, channels.Outbound{Blocks: e.Blocks})
				case store.Event:
					if e.Event == gateway.EventUnsent {
						t.Fatalf("%s: a message was given up", who)
					}
				}
			}
			var got []channels.Outbound
			copies := map[string]int{}
			for _, m := range p.got {
				if m.To == address(who) {
					if copies[m.Key]++; copies[m.Key] == 1 {
						got = append(got, m)
					} else if got[len(got)-1].Key != m.Key {
						t.Fatalf("%s: a copy came after a later message", who)
					}
				}
			}
			for key, n := range copies {
				if n > 1+p.lost[key] {
					t.Fatalf("%s: %d copies of a message, %d answers were lost", who, n, p.lost[key])
				}
			}
			if len(got) != len(want) {
				t.Fatalf("%s: %d messages came, the transcript has %d", who, len(got), len(want))
			}
			for i := range got {
				if !slices.Equal(got[i].Blocks, want[i].Blocks) {
					t.Fatalf("%s: message %d is %v, the transcript says %v", who, i, got[i].Blocks, want[i].Blocks)
				}
			}
		}
		names, err := os.ReadDir(filepath.Join(filepath.Dir(r.path), "media"))
		if err != nil && photos > 0 || len(names) != photos {
			t.Fatalf("%d files in the folder, %d were sent: %v", len(names), photos, err)
		}
		slices.Sort(ids)
		slices.Sort(kept)
		if !slices.Equal(ids, kept) {
			t.Fatalf("accepted %v, kept %v", ids, kept)
		}
		if err := r.agrees(people); err != nil {
			t.Fatal(err)
		}
		if staff != len(said) {
			t.Fatalf("staff said %d things, the transcripts have %d", len(said), staff)
		}
	})
}
