// SPDX-License-Identifier: GPL-3.0-or-later

package desk_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sarai/desk"
)

var nine = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func apply(t *testing.T, c desk.Case, by desk.StaffID, cmds ...desk.Command) desk.Case {
	t.Helper()
	for _, cmd := range cmds {
		next, err := c.Apply(cmd, by, nine)
		if err != nil {
			t.Fatalf("%T by %s: %v", cmd, by, err)
		}
		c = next
	}
	return c
}

func TestACaseIsTakenAnsweredPassedAndClosed(t *testing.T) {
	c := desk.New("c1", desk.Asked, desk.Normal, nil, nine)
	c = apply(t, c, "amina", desk.Take{}, desk.Say{}, desk.Pass{To: "bilal"})
	if c.Holder != "bilal" || c.Before != "amina" || c.Status != desk.Held {
		t.Fatalf("after passing: %+v", c)
	}
	c = apply(t, c, "bilal", desk.Close{Outcome: desk.Advised, Topic: "jobs"})
	if c.Open() || c.ClosedBy != "bilal" || c.Topic != "jobs" || c.Answered.IsZero() {
		t.Fatalf("after closing: %+v", c)
	}
	if c = apply(t, c, desk.Program, desk.Rate{Stars: 4}); c.Rating != 4 {
		t.Fatal("a closed case is not rated")
	}
	if _, err := c.Apply(desk.Take{}, "amina", nine); !errors.Is(err, desk.ErrClosed) {
		t.Fatalf("a closed case was taken: %v", err)
	}
}

func TestWhoDoesNotHoldACaseCannotSpeakInIt(t *testing.T) {
	held := apply(t, desk.New("c1", desk.Asked, desk.Normal, nil, nine), "amina", desk.Take{})
	for _, cmd := range []desk.Command{desk.Say{}, desk.Release{}, desk.Pass{To: "chand"}, desk.Close{Outcome: desk.Advised}} {
		after, err := held.Apply(cmd, "bilal", nine)
		if !errors.Is(err, desk.ErrNotHeld) {
			t.Errorf("%T: %v", cmd, err)
		}
		if !reflect.DeepEqual(after, held) {
			t.Errorf("%T was refused and changed the case", cmd)
		}
	}
	if _, err := held.Apply(desk.Take{}, "bilal", nine); !errors.Is(err, desk.ErrTaken) {
		t.Errorf("taken from a colleague who is there: %v", err)
	}
	away := apply(t, held, desk.Program, desk.MarkAway{})
	if c := apply(t, away, "bilal", desk.Take{}); c.Holder != "bilal" || c.Away {
		t.Errorf("taken from a colleague who is away: %+v", c)
	}
}

func TestACaseThatComesBackKeepsItsPlace(t *testing.T) {
	first := desk.New("a", desk.Asked, desk.Normal, nil, nine)
	second := desk.New("b", desk.Asked, desk.Normal, nil, nine.Add(time.Minute))
	first = apply(t, first, "amina", desk.Take{}, desk.Release{})
	if !desk.Before(first, second) {
		t.Error("it stands behind one that came later")
	}
}

func TestTheQueueIsUrgentThenUnheardThenTodayThenOldest(t *testing.T) {
	queue := []desk.Case{
		desk.New("old", desk.Asked, desk.Normal, nil, nine.Add(-time.Hour)),
		desk.New("today", desk.Signalled, desk.SameDay, []string{"pay-pressure"}, nine),
		desk.New("new", desk.Asked, desk.Normal, nil, nine),
		desk.New("voice", desk.Voiced, desk.Unheard, nil, nine),
		desk.New("danger", desk.Signalled, desk.Urgent, []string{"held"}, nine.Add(time.Hour)),
	}
	slices.SortFunc(queue, func(a, b desk.Case) int {
		if desk.Before(a, b) {
			return -1
		}
		return 1
	})
	var got []desk.CaseID
	for _, c := range queue {
		got = append(got, c.ID)
	}
	if want := []desk.CaseID{"danger", "voice", "today", "old", "new"}; !slices.Equal(got, want) {
		t.Errorf("the queue is %v, want %v", got, want)
	}
}

func TestASignalLiftsACaseAndNeverLowersIt(t *testing.T) {
	c := desk.New("c", desk.Asked, desk.Normal, nil, nine)
	c = apply(t, c, desk.Program, desk.Raise{Signal: "held", Rank: desk.Urgent}, desk.Raise{Signal: "pay-pressure", Rank: desk.SameDay}, desk.Raise{Signal: "held", Rank: desk.Urgent})
	if c.Rank != desk.Urgent || !slices.Equal(c.Signals, []string{"held", "pay-pressure"}) {
		t.Errorf("%+v", c)
	}
}

// TestACaseHasOneHolderOrVisiblyWaits plays random commands of three people.
func TestACaseHasOneHolderOrVisiblyWaits(t *testing.T) {
	staff := []desk.StaffID{"amina", "bilal", "chand", "phone", desk.Program}
	commands := []desk.Command{desk.Take{}, desk.Release{}, desk.Pass{To: "amina"}, desk.Pass{To: "bilal"}, desk.Pass{}, desk.Say{}, desk.Wrote{},
		desk.Close{Outcome: desk.Referred}, desk.Close{}, desk.Raise{Signal: "held"}, desk.MarkAway{}, desk.Refuse{}, desk.AskOut{Wants: true}, desk.Rate{Stars: 3}, desk.Rate{Stars: 9}}
	rapid.Check(t, func(t *rapid.T) {
		c := desk.New("c", desk.Asked, desk.Normal, nil, nine)
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			cmd := rapid.SampledFrom(commands).Draw(t, "command")
			by := rapid.SampledFrom(staff).Draw(t, "by")
			if _, take := cmd.(desk.Take); take && by == desk.Program {
				continue // the program takes no case
			}
			next, err := c.Apply(cmd, by, nine)
			if err != nil && !reflect.DeepEqual(next, c) {
				t.Fatalf("%T was refused and changed the case", cmd)
			}
			c = next
			if (c.Status == desk.Held) != (c.Holder != "") {
				t.Fatalf("held by %q and %s", c.Holder, c.Status)
			}
			if _, wrote := cmd.(desk.Wrote); wrote && err == nil && by != "phone" {
				t.Fatalf("%s wrote elsewhere", by)
			}
			if c.Away && c.Status != desk.Held {
				t.Fatal("nobody holds it and they are away")
			}
		}
	})
}

func TestWhoAnswersElsewhereHoldsTheCaseUntilACounsellorTakesIt(t *testing.T) {
	c := desk.New("c1", desk.Asked, desk.Normal, nil, nine)
	c = apply(t, c, "page-inbox", desk.Wrote{})
	if c.Status != desk.Held || c.Holder != "page-inbox" || c.Spoke != nine || c.Answered != nine {
		t.Fatalf("answered in the inbox: %+v", c)
	}
	if x := apply(t, c, "bilal", desk.Release{}); x.Status != desk.Waiting || x.Before != "page-inbox" {
		t.Errorf("released by a counsellor: %+v", x)
	}
	if x := apply(t, c, "bilal", desk.Close{Outcome: desk.Advised}); x.Open() || x.ClosedBy != "bilal" {
		t.Errorf("closed by a counsellor: %+v", x)
	}
	if _, err := c.Apply(desk.Say{}, "bilal", nine); !errors.Is(err, desk.ErrNotHeld) {
		t.Errorf("a counsellor spoke without taking it: %v", err)
	}
	c = apply(t, c, "bilal", desk.Take{})
	if c.Holder != "bilal" || c.Before != "page-inbox" {
		t.Fatalf("taken by a counsellor: %+v", c)
	}
	if c = apply(t, c, "phone", desk.Wrote{}); c.Holder != "bilal" {
		t.Errorf("somebody wrote on the phone and %q holds the case", c.Holder)
	}
	if _, err := c.Apply(desk.Wrote{}, "chand", nine); !errors.Is(err, desk.ErrCommand) {
		t.Errorf("a counsellor is no place: %v", err)
	}
}

func TestWhatWasToldIsKeptAndNothingElseIsTaken(t *testing.T) {
	held := apply(t, desk.New("c1", desk.Asked, desk.Normal, nil, nine), "amina", desk.Take{})
	for _, told := range []desk.Told{{Gender: "x"}, {Age: "30"}, {Stage: "away"}} {
		after, err := held.Apply(desk.Close{Outcome: desk.Advised, Told: told}, "amina", nine)
		if !errors.Is(err, desk.ErrCommand) || !reflect.DeepEqual(after, held) {
			t.Errorf("%+v was taken: %v", told, err)
		}
	}
	for _, g := range append(desk.Genders(), "") {
		for _, a := range append(desk.Ages(), "") {
			for _, s := range append(desk.Stages(), "") {
				told := desk.Told{Gender: g, Age: a, Stage: s, Partner: "hotline"}
				if c := apply(t, held, "amina", desk.Close{Outcome: desk.Referred, Told: told}); c.Told != told {
					t.Errorf("%+v became %+v", told, c.Told)
				}
			}
		}
	}
}
