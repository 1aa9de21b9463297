// SPDX-License-Identifier: GPL-3.0-or-later

package channeltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
)

// patience is how long the contract waits for what must come. It is long,
// because only a failing test waits for it.
const patience = 10 * time.Second

// An Event is what somebody does on the platform. Two events with the same
// Person and Number are the same event.
type Event struct {
	Person int // from 1: who; the platform under test decides how they are called
	Number int // from 1: which of the person's events
	Kind   channels.Kind
	Text   string // for Text; for Choice the label, where the platform sends one
	Choice string // for Choice: the key
}

// A Forgery is a request that the platform did not make, or not so. It must
// change nothing and be answered with Status, or with any of 400 to 499 where
// Status is 0.
type Forgery struct {
	Name    string
	Request *http.Request
	Status  int
}

// A Suite is an adapter and a stand-in for its platform, as the contract needs
// them. Channel and Deliver are needed; what is left nil is not asked.
type Suite struct {
	// Channel is the adapter, set up against the stand-in. It must be a Webhook
	// or a Listener. Nothing has been delivered or sent yet.
	Channel channels.Channel

	// Deliver makes the platform deliver an event once, and reports whether the
	// adapter acknowledged it, so that the platform will not deliver it again.
	// For a Webhook, url is where its Handler is served, without a path; for a
	// Listener it is "", and Deliver returns false as soon as it is clear that
	// the adapter did not acknowledge. It is called from several goroutines and
	// fails by returning an error.
	Deliver func(ctx context.Context, url string, ev Event) (acknowledged bool, err error)

	// Kinds are the kinds beside Text that Deliver can make.
	Kinds []channels.Kind

	// Strange makes the platform deliver, as Deliver does, something valid that
	// the adapter does not know.
	Strange func(ctx context.Context, url string) (acknowledged bool, err error)

	// Forged gives requests that the platform did not make.
	Forged func(url string) []Forgery

	// Secrets must stand in no answer and no error: tokens, signatures, and what
	// was expected instead of a wrong one.
	Secrets []string

	// To gives the address under which a message reaches a person who has
	// delivered an event.
	To func(person int) channels.Address

	// Refuse makes the stand-in refuse the next message for a reason. Problems
	// that the platform does not have are absent.
	Refuse map[channels.SendProblem]func()

	// Sent gives the text of each message that the stand-in took, oldest first,
	// with all that belongs to one message in one string.
	Sent func() []string
}

// Run holds an adapter to what package channels promises. open makes it anew,
// with its stand-in, for each part of the contract, and takes both down with
// t.Cleanup. Run it with -race.
func Run(t *testing.T, open func(t *testing.T) Suite) {
	parts := []struct {
		name string
		run  func(*testing.T, *line)
	}{
		{"what the sink took is acknowledged", acknowledges},
		{"what the sink did not take is delivered again, and nothing is lost", redelivers},
		{"a second delivery has the same ID, and nothing else has it", identifies},
		{"every kind arrives as what it is", kinds},
		{"an unknown kind is kept", keepsUnknown},
		{"words arrive as they were written", verbatim},
		{"people at the same time are not mixed up", concurrent},
		{"what the platform did not send has no effect", refusesForged},
		{"sending fails only with a SendError that says what to do", sends},
		{"what is within the limits is taken", fits},
		{"listening ends with its context", ends},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.run(t, connect(t, open(t))) })
	}
}

// A line is an adapter that runs, with all that its sink was given.
type line struct {
	Suite
	ctx  context.Context
	url  string
	stop func() error // ends a listener, gives what Listen returned

	mu    sync.Mutex
	calls []channels.Inbound // everything that the sink was called with
	taken []channels.Inbound // what it took
	fail  func(channels.Inbound) error
}

func connect(t *testing.T, s Suite) *line {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 6*patience)
	t.Cleanup(cancel)
	l := &line{Suite: s, ctx: ctx}
	switch ch := s.Channel.(type) {
	case channels.Webhook:
		srv := httptest.NewServer(ch.Handler(l.sink))
		t.Cleanup(srv.Close)
		l.url = srv.URL
	case channels.Listener:
		listening, end := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- ch.Listen(listening, l.sink) }()
		l.stop = sync.OnceValue(func() error {
			end()
			select {
			case err := <-done:
				return err
			case <-time.After(patience):
				return fmt.Errorf("Listen has not returned %v after its context ended", patience)
			}
		})
		t.Cleanup(func() { _ = l.stop() })
	default:
		t.Fatal("the channel is neither a Webhook nor a Listener")
	}
	return l
}

func (l *line) sink(_ context.Context, in ...channels.Inbound) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, in...)
	for _, e := range in {
		if l.fail != nil {
			if err := l.fail(e); err != nil {
				return err
			}
		}
	}
	l.taken = append(l.taken, in...)
	return nil
}

func (l *line) failWith(f func(channels.Inbound) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = f
}

// got gives what the sink took so far.
func (l *line) got() []channels.Inbound {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]channels.Inbound(nil), l.taken...)
}

// take delivers ev, which must be acknowledged, and gives what the sink took.
func (l *line) take(t *testing.T, ev Event) channels.Inbound {
	t.Helper()
	before := len(l.got())
	ok, err := l.Deliver(l.ctx, l.url, ev)
	if err != nil {
		t.Fatal(err)
	}
	got := l.got()
	if !ok {
		t.Fatalf("%s was not acknowledged though the sink takes everything", ev.Kind)
	}
	if len(got) != before+1 {
		t.Fatalf("the sink took %d events of one delivery", len(got)-before)
	}
	return got[before]
}

func acknowledges(t *testing.T, l *line) {
	before := time.Now()
	in := l.take(t, Event{Person: 1, Number: 1, Kind: channels.Text, Text: "salam"})
	if in.From.Channel != l.Channel.Name() || in.From.ID == "" {
		t.Errorf("it came from %v (ID empty: %v), not from somebody on %s", in.From, in.From.ID == "", l.Channel.Name())
	}
	if in.Kind != channels.Text || in.Text != "salam" {
		t.Errorf("it arrived as %s %q", in.Kind, in.Text)
	}
	if in.ID == "" {
		t.Error("it has no ID")
	}
	if in.At.IsZero() || in.At.After(time.Now().Add(time.Second)) {
		t.Errorf("its time is %v, now is %v", in.At, before)
	}
	for _, a := range in.Aliases {
		if a.IsZero() || a == in.From {
			t.Errorf("an alias is %v and adds nothing", a)
		}
	}
}

func redelivers(t *testing.T, l *line) {
	ev := Event{Person: 1, Number: 1, Kind: channels.Text, Text: "kya meri awaz aa rahi hai"}
	l.failWith(func(channels.Inbound) error { return errors.New("the disk is full") })
	ok, err := l.Deliver(l.ctx, l.url, ev)
	if err != nil {
		t.Fatal(err)
	}
	if ok {
		t.Fatal("it was acknowledged though the sink failed: it would be lost")
	}
	l.mu.Lock()
	calls := append([]channels.Inbound(nil), l.calls...)
	l.mu.Unlock()
	if len(calls) == 0 {
		t.Fatal("the sink was not asked")
	}
	l.failWith(nil)
	again := l.take(t, ev)
	if again.ID != calls[0].ID || again.From != calls[0].From || again.Text != ev.Text {
		t.Error("what was delivered again is not what was delivered at first")
	}
}

func identifies(t *testing.T, l *line) {
	say := func(person, number int) channels.Inbound {
		return l.take(t, Event{Person: person, Number: number, Kind: channels.Text, Text: "one"})
	}
	first, again, next, other := say(1, 1), say(1, 1), say(1, 2), say(2, 1)
	if first.ID != again.ID || first.From != again.From {
		t.Error("the second delivery of an event looks like another event")
	}
	if first.ID == next.ID {
		t.Error("two events of a person have the same ID: the second would be lost")
	}
	if first.ID == other.ID {
		t.Error("events of two people have the same ID: one would be lost")
	}
	if first.From == other.From {
		t.Error("two people have the same address")
	}
	if first.From != next.From {
		t.Error("one person has two addresses")
	}
}

func kinds(t *testing.T, l *line) {
	for i, k := range l.Kinds {
		in := l.take(t, Event{Person: 1, Number: i + 1, Kind: k, Text: "Fees", Choice: "fees"})
		if in.Kind != k {
			t.Errorf("%s arrived as %s", k, in.Kind)
		}
		if k == channels.Choice && in.Choice != "fees" {
			t.Errorf("the choice arrived as %q", in.Choice)
		}
	}
}

func keepsUnknown(t *testing.T, l *line) {
	if l.Strange == nil {
		return
	}
	ok, err := l.Strange(l.ctx, l.url)
	if err != nil {
		t.Fatal(err)
	}
	got := l.got()
	if len(got) != 1 {
		t.Fatalf("the sink took %d events: what nobody knows must be kept, not dropped", len(got))
	}
	if !ok {
		t.Error("it was kept and not acknowledged: it would come for ever")
	}
	if got[0].Kind != channels.Unknown || len(got[0].Raw) == 0 {
		t.Errorf("it was kept as %s with %d raw bytes, not as unknown with its payload", got[0].Kind, len(got[0].Raw))
	}
	if got[0].ID == "" || got[0].From.IsZero() {
		t.Error("what was kept says neither which event it is nor whose")
	}
}

func verbatim(t *testing.T, l *line) {
	for i, text := range []string{
		"<script>alert(1)</script> & <b>bold</b> \"quoted\" 'and' `so`",
		"میں سعودی عرب جانا چاہتا ہوں",
		"left \u202e right \u2066 isolated \u2069 \u200f mark",
		"👩🏽‍🏭 🇵🇰 a\u0301",
		"two\nlines\tand a tab",
		"/start_of_nothing %s %d {{.}} ${x} \\u0000",
		strings.Repeat("لمبا پیغام ", 300),
	} {
		if in := l.take(t, Event{Person: 1, Number: i + 1, Kind: channels.Text, Text: text}); strings.TrimSpace(in.Text) != strings.TrimSpace(text) {
			t.Errorf("%.60q arrived as %.60q", text, in.Text)
		}
	}
}

func concurrent(t *testing.T, l *line) {
	const people, each = 6, 5
	var wg sync.WaitGroup
	for p := 1; p <= people; p++ {
		wg.Go(func() {
			for n := 1; n <= each; n++ {
				ok, err := l.Deliver(l.ctx, l.url, Event{Person: p, Number: n, Kind: channels.Text, Text: fmt.Sprintf("%d of %d", n, p)})
				if err != nil || !ok {
					t.Errorf("event %d of person %d: acknowledged %v, %v", n, p, ok, err)
				}
			}
		})
	}
	wg.Wait()
	from := map[channels.Address][]string{}
	for _, in := range l.got() {
		from[in.From] = append(from[in.From], in.Text)
	}
	if len(from) != people {
		t.Fatalf("%d people wrote, %d arrived", people, len(from))
	}
	for _, texts := range from {
		var of int
		if _, err := fmt.Sscanf(texts[0], "1 of %d", &of); err != nil || len(texts) != each {
			t.Fatalf("from one person arrived %q", texts)
		}
		for i, text := range texts {
			if want := fmt.Sprintf("%d of %d", i+1, of); text != want {
				t.Errorf("in place %d of what a person wrote stands %q, not %q", i+1, text, want)
			}
		}
	}
}

func refusesForged(t *testing.T, l *line) {
	if l.Forged == nil {
		return
	}
	for _, f := range l.Forged(l.url) {
		resp, err := http.DefaultTransport.RoundTrip(f.Request.WithContext(l.ctx))
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if f.Status != 0 && resp.StatusCode != f.Status || resp.StatusCode < 400 || resp.StatusCode > 499 {
			t.Errorf("%s: the answer is %d", f.Name, resp.StatusCode)
		}
		var header bytes.Buffer
		_ = resp.Header.Write(&header) // a buffer takes everything
		for _, s := range l.Secrets {
			if bytes.Contains(answer, []byte(s)) || bytes.Contains(header.Bytes(), []byte(s)) {
				t.Errorf("%s: the answer holds a secret", f.Name)
			}
		}
		if len(answer) == 0 {
			t.Errorf("%s: the answer does not say what is wrong", f.Name)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) != 0 {
		t.Errorf("the sink was called %d times", len(l.calls))
	}
}

func sends(t *testing.T, l *line) {
	if l.To == nil {
		return
	}
	l.take(t, Event{Person: 1, Number: 1, Kind: channels.Text, Text: "hello"})
	number := 0
	send := func(ctx context.Context) error {
		number++
		_, err := l.Channel.Send(ctx, message(l.To(1), number, "the secret word of message "))
		var problem *channels.SendError
		if err == nil {
			return nil
		}
		if !errors.As(err, &problem) || problem == nil {
			t.Fatalf("Send failed with %T, not with a *SendError", err)
		}
		for _, s := range append([]string{"the secret word", l.To(1).ID}, l.Secrets...) {
			if strings.Contains(err.Error(), s) {
				t.Errorf("the error for %s holds the address, the words or a secret", problem.Problem)
			}
		}
		return problem
	}
	if err := send(l.ctx); err != nil {
		t.Fatalf("a plain message: %v", err)
	}
	for want, refuse := range l.Refuse {
		refuse()
		err := send(l.ctx)
		var problem *channels.SendError
		if !errors.As(err, &problem) {
			t.Errorf("%s: the message went through", want)
			continue
		}
		if problem.Problem != want {
			t.Errorf("%s: Send says %s", want, problem.Problem)
		}
		if want == channels.Throttled && problem.After <= 0 {
			t.Error("throttled: Send does not say how long")
		}
		if err := send(l.ctx); err != nil {
			t.Errorf("after %s the next message failed: %v", want, err)
		}
	}
	ended, end := context.WithCancel(l.ctx)
	end()
	_ = send(ended) // it may go through, or fail as above

	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := l.Channel.Send(l.ctx, message(l.To(1), 1000+i, "at the same time ")); err != nil {
				t.Errorf("one of many at the same time: %v", err)
			}
		})
	}
	wg.Wait()
	if l.Sent == nil {
		return
	}
	all := "\x00" + strings.Join(l.Sent(), "\x00") + "\x00"
	for i := range 20 {
		if n := strings.Count(all, fmt.Sprintf("at the same time %d\x00", 1000+i)); n != 1 {
			t.Errorf("message %d arrived %d times", i, n)
		}
	}
}

func fits(t *testing.T, l *line) {
	limits := l.Channel.Limits()
	if limits.Text < 0 || limits.Options < 0 || limits.Label < 0 || limits.Window < 0 {
		t.Errorf("the limits are %+v", limits)
	}
	if l.To == nil {
		return
	}
	l.take(t, Event{Person: 1, Number: 1, Kind: channels.Text, Text: "hello"})
	text, options, label := limits.Text, limits.Options, limits.Label
	if text == 0 {
		text = 20_000
	}
	if options == 0 {
		options = 12
	}
	if label == 0 {
		label = 40
	}
	out := message(l.To(1), 1, "")
	// A letter of two bytes and one of two UTF-16 units: those are counted.
	out.Blocks = []channels.Block{{Kind: channels.Paragraph, Text: strings.Repeat("ق", text-2) + "🌙"}}
	if _, err := l.Channel.Send(l.ctx, out); err != nil {
		t.Errorf("a text of %d characters: %v", text, err)
	}
	out = message(l.To(1), 2, "choose ")
	for i := range options {
		out.Options = append(out.Options, channels.Option{
			Key: fmt.Sprintf("key-%d", i), Label: fmt.Sprintf("%0*d", label, i),
		})
	}
	if _, err := l.Channel.Send(l.ctx, out); err != nil {
		t.Errorf("%d choices of %d characters: %v", options, label, err)
	}
	out = message(l.To(1), 3, "all kinds of block ")
	out.RTL, out.Locale = true, "ur"
	out.Blocks = []channels.Block{
		{Kind: channels.Heading, Text: "عنوان"},
		{Kind: channels.Paragraph, Text: "پیرا"},
		{Kind: channels.Item, Text: "ایک", Link: "https://example.org/a?b=c&d=(e)"},
		{Kind: channels.Item, Text: "فون", Link: "tel:+92511234567"},
		{Kind: channels.Quiet, Text: "ماخذ *_`[<&"},
		{Kind: "new", Text: "a kind that came later"},
	}
	if _, err := l.Channel.Send(l.ctx, out); err != nil {
		t.Errorf("a message of all blocks: %v", err)
	}
	if l.Sent != nil {
		all := strings.Join(l.Sent(), "\n")
		for _, b := range out.Blocks[:4] {
			if !strings.Contains(all, b.Text) {
				t.Errorf("a block of kind %s was dropped", b.Kind)
			}
		}
		if !strings.Contains(all, "a kind that came later") {
			t.Error("a block of a kind that the adapter does not know was dropped")
		}
	}
}

func ends(t *testing.T, l *line) {
	if l.stop == nil {
		return
	}
	l.take(t, Event{Person: 1, Number: 1, Kind: channels.Text, Text: "hello"})
	if err := l.stop(); err != nil {
		t.Errorf("Listen: %v", err)
	}
}

func message(to channels.Address, number int, words string) channels.Outbound {
	return channels.Outbound{
		To:        to,
		Key:       fmt.Sprintf("talk/%d/0", number),
		Author:    channels.Program,
		LastActed: time.Now(),
		Locale:    "en",
		Blocks:    []channels.Block{{Kind: channels.Paragraph, Text: words + fmt.Sprint(number)}},
	}
}
