// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/desk"
	"sarai/gateway"
	"sarai/store"
)

// tallies gives all counters, added up over everything but some dimensions.
func (r *rig) tallies(name store.CountName, by ...store.Dimension) map[string]uint64 {
	r.t.Helper()
	ts, err := r.db.Tallies(context.Background(), "2000-01-01", "2099-12-31")
	r.must(err)
	sums := map[string]uint64{}
	for _, x := range ts {
		if x.Name == name {
			var values []string
			for _, d := range by {
				values = append(values, x.Cell[d])
			}
			sums[strings.Join(values, " ")] += x.N
		}
	}
	return sums
}

func (r *rig) counted(name store.CountName, want map[string]uint64, by ...store.Dimension) {
	r.t.Helper()
	if got := r.tallies(name, by...); !maps.Equal(got, want) {
		r.t.Errorf("%s by %v: %v, want %v", name, by, got, want)
	}
}

func TestATalkIsCountedFromTheFirstWordToTheRating(t *testing.T) {
	r := newRig(t)
	first := r.message("ayesha", "a0", "")
	first.Kind, first.Campaign = channels.Start, "poster-7"
	r.must(r.g.Accept(context.Background(), first))
	r.hear("ayesha", "a1", "is my visa real")
	r.hear("ayesha", "a2", "no idea what this is")
	r.must(r.g.Accept(context.Background(), channels.Inbound{From: address("ayesha"), ID: "a3", At: r.clock(), Kind: channels.Choice, Choice: "s:visa-check#fake"}))
	r.must(r.g.Accept(context.Background(), channels.Inbound{From: address("ayesha"), ID: "a4", At: r.clock(), Kind: channels.Reaction, Text: "👍"}))
	id := r.held("ayesha")
	r.pass(20 * time.Minute)
	r.must(r.g.Say(context.Background(), id, "amina", "k1", "hello"))
	r.must(r.g.Say(context.Background(), id, "amina", "k2", "more"))
	told := desk.Told{Gender: desk.Woman, Age: desk.Age25, Stage: desk.Leaving, Partner: "hotline"}
	r.must(r.g.Command(context.Background(), id, "amina", desk.Close{Outcome: desk.Referred, Topic: "rights", Told: told}))
	r.must(r.g.Accept(context.Background(), channels.Inbound{From: address("ayesha"), ID: "a5", At: r.clock(), Kind: channels.Choice, Choice: "r:4"}))

	r.counted(store.CountPeople, map[string]uint64{"here fake en new poster-7": 1}, store.ByCentre, store.ByChannel, store.ByLocale, store.ByVisit, store.ByCampaign)
	r.counted(store.CountMessages, map[string]uint64{"other ": 1, "words latin": 5, "choice ": 2}, store.ByForm, store.ByScript)
	r.counted(store.CountQuestions, map[string]uint64{"answer latin": 1, "unknown latin": 1}, store.ByBand, store.ByScript)
	r.counted(store.CountAnswers, map[string]uint64{"deciding deciding visa-check ": 1, "deciding deciding visa-check fake": 1}, store.ByStage, store.ByTopic, store.ByArticle, store.BySection)
	r.counted(store.CountCases, map[string]uint64{"asked": 1}, store.ByReason)
	r.counted(store.CountFirst, map[string]uint64{"30m": 1}, store.ByWait)
	r.counted(store.CountClosed, map[string]uint64{"leaving woman 25-34 rights referred": 1}, store.ByStage, store.ByGender, store.ByAge, store.ByTopic, store.ByOutcome)
	r.counted(store.CountReferrals, map[string]uint64{"woman hotline": 1}, store.ByGender, store.ByPartner)
	r.counted(store.CountRatings, map[string]uint64{"4": 1}, store.ByRating)
	if c := r.thread("ayesha").Case; c.Told != told {
		t.Errorf("the case keeps %+v", c.Told)
	}
	if by := r.tallies(store.CountReplies, store.ByWhom); by["human"] != 2 || by["program"] < 5 {
		t.Errorf("replies %v", by)
	}
}

func TestWhatWasNotAskedIsNotGuessed(t *testing.T) {
	r := newRig(t)
	id := r.held("bilal")
	r.must(r.g.Command(context.Background(), id, "amina", desk.Close{Outcome: desk.Advised}))
	r.counted(store.CountClosed, map[string]uint64{"    advised": 1}, store.ByStage, store.ByGender, store.ByAge, store.ByTopic, store.ByOutcome)
	r.counted(store.CountReferrals, map[string]uint64{}, store.ByPartner)
}

func TestASecondDeliveryAndARefusalCountNothing(t *testing.T) {
	r := newRig(t)
	r.hear("ayesha", "a1", "visa")
	r.hear("ayesha", "a1", "visa")
	id := r.held("ayesha")
	r.must(r.g.Say(context.Background(), id, "amina", "k", "hello"))
	r.must(r.g.Say(context.Background(), id, "amina", "k", "hello"))
	if err := r.g.Command(context.Background(), id, "bilal", desk.Close{Outcome: desk.Advised}); err == nil {
		t.Fatal("somebody else closed the case")
	}
	r.counted(store.CountMessages, map[string]uint64{"words": 4}, store.ByForm)
	r.counted(store.CountClosed, map[string]uint64{})
	if n := r.tallies(store.CountReplies, store.ByWhom)["human"]; n != 1 {
		t.Errorf("%d words of a human were counted", n)
	}
}

func TestDangerIsCountedByItsSignal(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "z1", "danger")
	r.counted(store.CountSignals, map[string]uint64{"held": 1}, store.BySignal)
	r.counted(store.CountCases, map[string]uint64{"signal": 1}, store.ByReason)
	r.counted(store.CountQuestions, map[string]uint64{})
}

func TestADayEndsWhenItDoesAtTheCentre(t *testing.T) {
	r := newRig(t)
	r.pass(14*time.Hour - time.Minute) // 23:59 in Karachi
	r.hear("ayesha", "a1", "visa")
	r.pass(time.Minute)
	r.hear("ayesha", "a2", "visa")
	for day, want := range map[store.Day]uint64{"2026-11-24": 1, "2026-11-25": 1} {
		ts, err := r.db.Tallies(context.Background(), day, day)
		r.must(err)
		var n uint64
		for _, x := range ts {
			if x.Name == store.CountMessages {
				n += x.N
			}
		}
		if n != want {
			t.Errorf("%s: %d messages, want %d", day, n, want)
		}
	}
}

func TestAPersonIsNewInOneMonthAndReturnsInTheNext(t *testing.T) {
	r := newRig(t)
	r.hear("ayesha", "a1", "visa")
	r.hear("ayesha", "a2", "visa")
	r.pass(10 * 24 * time.Hour) // December
	r.hear("ayesha", "a3", "visa")
	r.hear("bilal", "b1", "visa")
	r.counted(store.CountPeople, map[string]uint64{"new": 2, "returning": 1}, store.ByVisit)
}

func TestACodeThatIsNoCodeIsNotKept(t *testing.T) {
	r := newRig(t)
	for i, code := range []string{"0300 1234567", "زہرا", strings.Repeat("x", 65), "a@example.org"} {
		in := r.message(fmt.Sprint("p", i), fmt.Sprint("m", i), "visa")
		in.Campaign = code
		r.must(r.g.Accept(context.Background(), in))
	}
	r.counted(store.CountPeople, map[string]uint64{"": 4}, store.ByCampaign)
}

func TestTheScriptOfAMessage(t *testing.T) {
	for text, want := range map[string]string{
		"mera visa asli hai": "latin", "میرا ویزا اصلی ہے": "native", "visa؟": "latin", "میرا visa کہاں ہے": "native",
		"আমার ভিসা": "native", "виза": "native", "123": "", "👍": "", "": "",
	} {
		if got := gateway.Script(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// folded is what the counters must be of some transcripts.
func folded(entries []store.Entry) map[string]uint64 {
	sums := map[string]uint64{}
	for _, e := range entries {
		switch {
		case e.Author == store.Person && !slices.Contains([]channels.Kind{channels.Edited, channels.Deleted, channels.Reaction, channels.Gone, channels.Back}, e.Kind):
			sums["messages "+string(e.Channel)]++
		case e.Author == store.Staff:
			sums["replies human"]++
		case e.Author == store.Program:
			sums["replies program"]++
			for _, x := range e.Articles {
				sums["answers "+string(x.Article)+" "+x.Section]++
			}
		case e.Author == store.Event:
			switch e.Event {
			case gateway.EventOpened:
				sums["cases "+e.Text]++
			case gateway.EventAlert:
				sums["signals "+e.Text]++
			case gateway.EventClosed:
				sums["closed "+e.Text]++
			case gateway.EventRated:
				sums["ratings "+e.Text]++
			case gateway.EventHelped:
				sums["helped yes"]++
			case gateway.EventNotHelped:
				sums["helped no"]++
			}
		}
	}
	return sums
}

// agrees compares the counters with the transcripts of some people.
func (r *rig) agrees(people []string) error {
	want := map[string]uint64{}
	for _, who := range people {
		for k, n := range folded(r.entries(who)) {
			want[k] += n
		}
	}
	got := map[string]uint64{}
	for name, by := range map[store.CountName][]store.Dimension{
		store.CountMessages: {store.ByChannel}, store.CountReplies: {store.ByWhom}, store.CountAnswers: {store.ByArticle, store.BySection},
		store.CountCases: {store.ByReason}, store.CountSignals: {store.BySignal}, store.CountClosed: {store.ByOutcome},
		store.CountRatings: {store.ByRating}, store.CountHelped: {store.ByHelp},
	} {
		for k, n := range r.tallies(name, by...) {
			got[string(name)+" "+k] += n
		}
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("the counters are %v, the transcripts %v", got, want)
	}
	return nil
}
