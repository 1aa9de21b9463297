// SPDX-License-Identifier: GPL-3.0-or-later

package channeltest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
)

// The fake keeps the contract, with limits and without: what is built against it
// finds no surprise in a real adapter.
func TestFakeKeepsTheContract(t *testing.T) {
	for _, limits := range []channels.Limits{{}, {Text: 1000, Options: 3, Label: 20, Window: 24 * time.Hour}} {
		t.Run(fmt.Sprint(limits.Text), func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T) channeltest.Suite { return fakeSuite(limits) })
		})
	}
}

func fakeSuite(limits channels.Limits) channeltest.Suite {
	f := channeltest.NewFake("fake", limits)
	at := func(person int) channels.Address {
		return channels.Address{Channel: "fake", ID: fmt.Sprintf("person-%d", person)}
	}
	refuse := map[channels.SendProblem]func(){}
	for _, p := range []channels.SendProblem{
		channels.Unavailable, channels.Throttled, channels.Blocked, channels.Expired,
		channels.Rejected, channels.Misset, channels.NoAnswer,
	} {
		refuse[p] = func() { f.Fail(&channels.SendError{Problem: p, After: time.Second, Cause: "told to"}) }
	}
	return channeltest.Suite{
		Channel: f,
		Deliver: func(ctx context.Context, _ string, ev channeltest.Event) (bool, error) {
			return f.Deliver(ctx, channels.Inbound{
				From: at(ev.Person), ID: fmt.Sprintf("%d-%d", ev.Person, ev.Number), At: time.Now(),
				Kind: ev.Kind, Text: ev.Text, Choice: ev.Choice,
			}) == nil, nil
		},
		Kinds: []channels.Kind{channels.Choice, channels.Start, channels.Voice, channels.Place, channels.Deleted},
		Strange: func(ctx context.Context, _ string) (bool, error) {
			return f.Deliver(ctx, channels.Inbound{
				From: at(1), ID: "strange", At: time.Now(), Kind: channels.Unknown, Raw: []byte("?"),
			}) == nil, nil
		},
		To:     at,
		Refuse: refuse,
		Sent: func() []string {
			var texts []string
			for _, out := range f.Sent() {
				var bs []string
				for _, b := range out.Blocks {
					bs = append(bs, b.Text)
				}
				texts = append(texts, strings.Join(bs, "\n"))
			}
			return texts
		},
	}
}

func TestFakeRefusesWhatIsBeyondItsLimits(t *testing.T) {
	f := channeltest.NewFake("fake", channels.Limits{Text: 5, Options: 1, Label: 3})
	long := channels.Outbound{Blocks: []channels.Block{{Text: "ab"}, {Text: "cde"}}}
	_, err := f.Send(t.Context(), long)
	var problem *channels.SendError
	if !errors.As(err, &problem) || problem.Problem != channels.Rejected {
		t.Errorf("two blocks of two and three characters and a line break in five: %v", err)
	}
	for _, os := range [][]channels.Option{{{Label: "four"}}, {{Label: "a"}, {Label: "b"}}} {
		if _, err := f.Send(t.Context(), channels.Outbound{Options: os}); err == nil {
			t.Errorf("%v was taken", os)
		}
	}
	if len(f.Sent()) != 0 || len(f.Tried()) != 3 {
		t.Errorf("%d sent, %d tried", len(f.Sent()), len(f.Tried()))
	}
}

// A test that waits for an answer gets it the moment it is there, and its own
// deadline if it never comes.
func TestFakeLetsATestWait(t *testing.T) {
	f := channeltest.NewFake("fake", channels.Limits{})
	f.Learn(channels.Address{Channel: "fake", ID: "learned"})
	go func() {
		r, err := f.Send(context.Background(), channels.Outbound{Key: "a"})
		if err != nil || r.ID != "1" || len(r.Learned) != 1 {
			t.Errorf("the first message got %v %v", r, err)
		}
	}()
	if sent, err := f.Await(t.Context(), 1); err != nil || sent[0].Key != "a" {
		t.Fatalf("%v %v", sent, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := f.Await(ended, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a second one ended with %v", err)
	}
	f.ClearAnswers(false, nil)
	if all, err := f.Clear(t.Context(), channels.Address{Channel: "fake", ID: "p"}, []string{"1"}); all || err != nil {
		t.Errorf("%v %v", all, err)
	}
	if c := f.Cleared(); len(c) != 1 || c[0].To.ID != "p" {
		t.Errorf("cleared %d", len(c))
	}
}
