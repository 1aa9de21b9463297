// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/desk"
	"sarai/store"
)

// send is somebody doing something else than writing.
func (r *rig) send(who, id string, kind channels.Kind, text string) {
	r.t.Helper()
	in := r.message(who, id, text)
	in.Kind = kind
	r.must(r.g.Accept(context.Background(), in))
}

func TestWhoHasBlockedTheCentreIsLeftInPeaceUntilTheyWrite(t *testing.T) {
	r := newRig(t)
	for i, text := range []string{"counsellor", "yes", "skip"} {
		r.hear("zahra", string(rune('a'+i)), text)
	}
	r.work()
	r.fake.Forget()
	r.send("zahra", "gone", channels.Gone, "")
	if !r.thread("zahra").Blocked {
		t.Fatal("staff do not see it")
	}
	if rows, err := r.db.OpenCases(context.Background()); err != nil || len(rows) != 1 || !rows[0].Blocked {
		t.Errorf("the queue does not show it: %v %v", rows, err)
	}
	r.wait(3 * time.Hour) // the reminder that the case still waits would be due
	if n := len(r.fake.Tried()); n != 0 {
		t.Errorf("%d messages were tried", n)
	}
	r.send("zahra", "back", channels.Back, "")
	if r.thread("zahra").Blocked {
		t.Error("it is lifted and still stands there")
	}
	r.send("zahra", "gone2", channels.Gone, "")
	r.hear("zahra", "d", "visa")
	r.work()
	if n := len(r.fake.Sent()); n != 1 || r.thread("zahra").Blocked {
		t.Errorf("%d answers to somebody who writes again", n)
	}
	r.send("omar", "gone", channels.Gone, "")
	if r.thread("omar").Version != 0 {
		t.Error("a thread was made for somebody who never wrote")
	}
}

func TestASendThatMeetsABlockIsRemembered(t *testing.T) {
	r := newRig(t)
	id := r.held("zahra")
	r.fake.Fail(problem(channels.Blocked))
	r.must(r.g.Say(context.Background(), id, "amina", "k", "are you there"))
	r.work()
	if !r.thread("zahra").Blocked {
		t.Error("staff are not told that nothing arrives")
	}
	r.must(r.g.Say(context.Background(), id, "amina", "k2", "are you there now"))
	r.work()
	if n := len(r.fake.Tried()); n != 2 {
		t.Errorf("staff may try again, %d tries", n)
	}
}

func TestDangerIsHeardUnderAPictureAndInACorrection(t *testing.T) {
	r := newRig(t)
	r.send("zahra", "1", channels.Picture, "this is where i am in danger")
	if got := told(r.entries("zahra")); !slices.Contains(got, "event case-opened signal") {
		t.Errorf("under a picture: %q", got)
	}
	r.hear("omar", "o1", "hello out there")
	r.send("omar", "o2", channels.Edited, "hello, danger")
	if got := told(r.entries("omar")); !slices.Contains(got, "event case-opened signal") {
		t.Errorf("in a correction: %q", got)
	}
	before := len(r.entries("omar"))
	r.send("omar", "o3", channels.Edited, "hello, danger!")
	if n := len(r.entries("omar")); n != before+1 {
		t.Errorf("a second correction of what was answered gave %d entries", n-before)
	}
	r.send("sara", "s1", channels.Edited, "hello, nothing")
	if got := told(r.entries("sara")); len(got) != 1 {
		t.Errorf("a harmless correction was answered: %q", got)
	}
	r.send("tariq", "t1", channels.Contact, "Danger Khan")
	if got := told(r.entries("tariq")); slices.Contains(got, "event case-opened signal") {
		t.Errorf("somebody's name raised a signal: %q", got)
	}
}

func TestDangerUnderAnOldPictureIsHeardFirst(t *testing.T) {
	r := newRig(t)
	old := r.message("zahra", "1", "danger here")
	old.Kind, old.At = channels.Picture, r.clock().Add(-3*time.Hour)
	r.must(r.g.Accept(context.Background(), old))
	old = r.message("zahra", "2", "visa")
	old.At = r.clock().Add(-2 * time.Hour)
	r.must(r.g.Accept(context.Background(), old))
	r.wait(time.Minute)
	if got := told(r.entries("zahra")); !slices.Contains(got, "event case-opened signal") {
		t.Errorf("%q", got)
	}
}

func TestTheLinkByWhichSomebodyCameIsKept(t *testing.T) {
	r := newRig(t)
	for i, code := range []string{"poster-7", "radio-2"} {
		in := r.message("zahra", string(rune('1'+i)), "")
		in.Kind, in.Campaign = channels.Start, code
		r.must(r.g.Accept(context.Background(), in))
	}
	if th := r.thread("zahra"); th.Campaign != "poster-7" {
		t.Errorf("they came by %q", th.Campaign)
	}
	var codes []string
	for _, e := range r.entries("zahra") {
		if e.Campaign != "" {
			codes = append(codes, e.Campaign)
		}
	}
	if !slices.Equal(codes, []string{"poster-7", "radio-2"}) {
		t.Errorf("the transcript has %q", codes)
	}
}

func TestALongAnswerLeavesInPartsAndAPartIsNotSentTwice(t *testing.T) {
	r := newRig(t)
	r.fake = channeltest.NewFake("fake", channels.Limits{Text: 120})
	r.g.Attach(r.fake)
	id := r.held("zahra")
	text := strings.Repeat("Bring your passport. ", 20)
	r.fake.Fail(nil, problem(channels.Unavailable))
	r.must(r.g.Say(context.Background(), id, "amina", "k", text))
	r.wait(time.Minute)
	var got []string
	keys := map[string]bool{}
	for _, m := range r.fake.Sent() {
		if keys[m.Key] {
			t.Error("a part was sent twice")
		}
		keys[m.Key] = true
		got = append(got, first(m))
	}
	if len(got) < 4 || strings.Join(got, " ") != strings.TrimSpace(text) {
		t.Errorf("%q", got)
	}
	if n := len(r.entries("zahra")); r.entries("zahra")[n-1].Text != strings.TrimSpace(text) {
		t.Error("the transcript does not hold it as one")
	}
}

// recent is a channel on which old messages cannot be taken away.
type recent struct{ *channeltest.Fake }

func (recent) ClearsWithin() time.Duration { return 48 * time.Hour }

func TestHideSaysWhatRemains(t *testing.T) {
	r := newRig(t)
	r.g.Attach(recent{r.fake})
	hide := func(id string) string {
		r.hear("zahra", id, "hide")
		r.work()
		sent := r.fake.Sent()
		last := sent[len(sent)-1].Blocks
		return last[len(last)-1].Text
	}
	r.hear("zahra", "1", "visa")
	if got := hide("2"); got != "Done." {
		t.Errorf("at once: %q", got)
	}
	r.wait(47 * time.Hour)
	if got := hide("3"); got != "Done." {
		t.Errorf("what was said since is younger than two days: %q", got)
	}
	r.wait(72 * time.Hour)
	if got := hide("4"); !strings.Contains(got, "older messages") {
		t.Errorf("after three days: %q", got)
	}
	r.wait(time.Hour)
	if got := hide("5"); !strings.Contains(got, "older messages") {
		t.Errorf("what stayed an hour ago is still there: %q", got)
	}
	cleared := r.fake.Cleared()
	if ids := cleared[0].IDs; !slices.Equal(ids, []string{"1", "2", "1"}) {
		t.Errorf("taken away were %q: not what was sent and both messages of the person, newest first", ids)
	}
}

func TestHideKeepsThePauseThatThePlatformAsksFor(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	r.work()
	r.fake.ClearAnswers(false, &channels.SendError{Problem: channels.Throttled, After: 7 * time.Minute})
	r.hear("zahra", "2", "hide")
	r.work()
	r.wait(6*time.Minute + 50*time.Second)
	if n := len(r.fake.Cleared()); n != 1 {
		t.Errorf("asked %d times before the pause was over", n)
	}
	r.fake.ClearAnswers(true, nil)
	r.wait(time.Minute)
	if n := len(r.fake.Cleared()); n != 2 || len(r.fake.Sent()) != 2 {
		t.Errorf("asked %d times, %d messages sent", n, len(r.fake.Sent()))
	}
}

// typist is a channel that shows that somebody types.
type typist struct {
	*channeltest.Fake
	shown chan channels.Address
}

func (t typist) Typing(_ context.Context, to channels.Address) error {
	t.shown <- to
	return nil
}

func TestTheHolderIsSeenTypingWhereThatIsSafe(t *testing.T) {
	r := newRig(t)
	ty := typist{r.fake, make(chan channels.Address, 10)}
	r.g.Attach(ty)
	id := r.held("zahra")
	ctx := context.Background()
	r.g.Typing(ctx, id, "bilal") // does not hold the case
	r.pass(time.Minute)
	r.g.Typing(ctx, id, "amina")
	r.g.Typing(ctx, id, "amina")
	if to := <-ty.shown; to != address("zahra") {
		t.Error("shown to somebody else")
	}
	r.pass(5 * time.Second)
	r.g.Typing(ctx, id, "amina")
	<-ty.shown
	r.pass(5 * time.Second)
	r.hear("zahra", "danger", "i am in danger")
	r.work()
	r.g.Typing(ctx, id, "amina")
	r.must(r.g.Command(ctx, id, "amina", desk.Release{}))
	if n := len(ty.shown); n != 0 {
		t.Errorf("shown %d times more than is due", n)
	}
}

func TestWhoWritesFasterThanAnybodyReadsGetsOneAnswer(t *testing.T) {
	r := newRig(t)
	flood := func(from, to int) {
		for i := from; i < to; i++ {
			r.hear("zahra", fmt.Sprint("f", i), "visa")
			r.pass(10 * time.Millisecond)
		}
	}
	flood(0, 600)
	if n := count(r.entries("zahra"), store.Person); n != 600 {
		t.Fatalf("%d of 600 are kept", n)
	}
	if n := count(r.entries("zahra"), store.Program); n > 20 {
		t.Errorf("%d answers within six seconds", n)
	}
	r.work()
	r.fake.Forget()
	r.wait(20 * time.Second)
	sent := r.fake.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d answers to all the rest, want one", len(sent))
	}
	if strings.Contains(first(sent[0]), "late") {
		t.Error("it apologises for being late")
	}
	flood(600, 640)
	r.hear("zahra", "help", "danger")
	if got := told(r.entries("zahra")); !slices.Contains(got, "event case-opened signal") {
		t.Error("danger in the middle of a flood waits")
	}
	r.wait(time.Minute)
	r.fake.Forget()
	r.hear("zahra", "calm", "visa")
	r.work()
	if n := len(r.fake.Sent()); n != 1 {
		t.Errorf("%d answers to a single message afterwards", n)
	}
}

func TestNothingThatWasGatheredIsOverlooked(t *testing.T) {
	r := newRig(t)
	for i := range 700 {
		in := r.message("zahra", fmt.Sprint(i), "hello")
		in.At = in.At.Add(-2 * time.Hour)
		if i == 650 {
			in.Text = "danger"
		}
		r.must(r.g.Accept(context.Background(), in))
	}
	r.wait(time.Minute)
	if got := told(r.entries("zahra")); !slices.Contains(got, "event case-opened signal") {
		t.Error("a signal among many old messages was not seen")
	}
}

func TestSeveralEventsOfOnePersonShareACommit(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	var in []channels.Inbound
	for i, text := range []string{"visa", "menu", "counsellor", "yes", "it is about my passport"} {
		in = append(in, r.message("zahra", fmt.Sprint(i), text))
	}
	r.must(r.g.Accept(ctx, in...))
	if v := r.thread("zahra").Version; v != 1 {
		t.Errorf("they took %d commits", v)
	}
	together := told(r.entries("zahra"))
	for i := range in {
		in[i].From = address("omar")
		in[i].ID += "o"
		r.must(r.g.Accept(ctx, in[i]))
	}
	if apart := told(r.entries("omar")); !slices.Equal(together, apart) {
		t.Errorf("together\n%q\none by one\n%q", together, apart)
	}
	r.must(r.g.Accept(ctx, append(in, r.message("omar", "new", "thanks"), r.message("omar", "new", "thanks"))...))
	if n := count(r.entries("omar"), store.Person); n != len(in)+1 {
		t.Errorf("%d messages are kept of %d that came again with a new one, twice", n, len(in)+1)
	}
	r.work()
	keys := map[string]bool{}
	for _, m := range r.fake.Sent() {
		if keys[m.Key] {
			t.Errorf("two messages have one key")
		}
		keys[m.Key] = true
	}
}

func TestAPoisonEventHoldsBackNoneOfItsNeighbours(t *testing.T) {
	r := newRig(t)
	r.must(r.g.Accept(context.Background(), r.message("zahra", "1", "visa"), r.message("zahra", "2", "poison"), r.message("zahra", "3", "danger")))
	got := told(r.entries("zahra"))
	for _, want := range []string{"person visa", "person poison", "event case-opened needs-a-person", "person danger", "event alert held"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}

func TestEventsOfOneCallAreTakenAllOrNone(t *testing.T) {
	r := newRig(t)
	r.must(r.db.Close())
	if err := r.g.Accept(context.Background(), r.message("zahra", "1", "visa"), r.message("zahra", "2", "menu")); err == nil {
		t.Error("a store that is closed took them")
	}
	r.open()
	if n := len(r.entries("zahra")); n != 0 {
		t.Errorf("%d entries of what was not taken", n)
	}
}
