// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/desk"
	"sarai/gateway"
	"sarai/store"
)

// inbox is somebody of the centre writing to who in the platform's own inbox.
func (r *rig) inbox(who, id, text string) {
	r.t.Helper()
	in := r.message(who, id, text)
	in.Staff = channels.PageInbox
	r.must(r.g.Accept(context.Background(), in))
}

func TestAnAnswerElsewhereHoldsTheCaseAndTheProgramIsSilent(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	r.inbox("zahra", "2", "Hello, this is a person.")
	r.work()
	r.fake.Forget()
	th := r.thread("zahra")
	if th.Case == nil || th.Case.Holder != "page-inbox" || th.Case.Reason != desk.Answered || !th.LastHeard.Equal(morning) {
		t.Fatalf("%+v", th.Case)
	}
	es := r.entries("zahra")
	if last := es[len(es)-3:]; !slices.Equal(told(last), []string{"staff Hello, this is a person.", "event case-opened elsewhere", "event case-taken"}) || last[0].By != "page-inbox" {
		t.Errorf("%q", told(es))
	}
	r.hear("zahra", "3", "visa")
	r.work()
	if n := len(r.fake.Sent()); n != 0 {
		t.Errorf("the program said %d things", n)
	}
	// A counsellor may take it without asking.
	r.must(r.g.Command(context.Background(), th.ID, "amina", desk.Take{}))
	r.inbox("zahra", "4", "As I said.")
	if c := r.thread("zahra").Case; c.Holder != "amina" {
		t.Errorf("it went back to %s", c.Holder)
	}
}

func TestAfterADayWithoutStaffTheCaseWaitsAgain(t *testing.T) {
	r := newRig(t)
	r.hear("zahra", "1", "visa")
	r.inbox("zahra", "2", "Hello, this is a person.")
	r.wait(20 * time.Hour)
	r.inbox("zahra", "3", "Are you there?")
	r.wait(10 * time.Hour) // thirty after the first words, ten after the last
	if c := r.thread("zahra").Case; c.Status != desk.Held {
		t.Fatalf("after ten hours it is %s", c.Status)
	}
	r.hear("zahra", "4", "yes, and who are you")
	r.wait(15 * time.Hour)
	c := r.thread("zahra").Case
	if c.Status != desk.Waiting || c.Before != "page-inbox" {
		t.Errorf("after a day it is %s, held before by %s", c.Status, c.Before)
	}
}

func TestWhatStaffWroteLongAgoHoldsNothing(t *testing.T) {
	r := newRig(t)
	in := r.message("zahra", "1", "Hello")
	in.Staff, in.At = channels.Phone, r.clock().Add(-30*time.Hour)
	r.must(r.g.Accept(context.Background(), in))
	if th := r.thread("zahra"); th.Case != nil || len(r.entries("zahra")) != 1 {
		t.Errorf("%+v", th.Case)
	}
}

func TestDangerWhileAnotherProgramAnswersIsACaseForUs(t *testing.T) {
	r := newRig(t)
	in := r.message("zahra", "1", "visa")
	in.Standby = true
	r.must(r.g.Accept(context.Background(), in))
	r.work()
	if n := len(r.fake.Sent()); n != 0 {
		t.Errorf("%d answers to what others answer", n)
	}
	in = r.message("zahra", "2", "danger")
	in.Standby = true
	r.must(r.g.Accept(context.Background(), in))
	if c := r.thread("zahra").Case; c == nil || c.Rank != desk.Urgent || c.Holder != "page-inbox" {
		t.Errorf("%+v", c)
	}
}

func TestACallBecomesACaseAndThePersonIsToldOnce(t *testing.T) {
	r := newRig(t)
	r.send("zahra", "1", channels.Call, "")
	r.send("zahra", "2", channels.Call, "")
	r.work()
	th := r.thread("zahra")
	if th.Case == nil || th.Case.Reason != desk.Rang || th.Case.Status != desk.Waiting {
		t.Fatalf("%+v", th.Case)
	}
	if n := len(r.fake.Sent()); n != 1 {
		t.Errorf("told %d times", n)
	}
	r.wait(13 * time.Hour)
	r.fake.Forget()
	r.send("zahra", "3", channels.Call, "")
	r.work()
	if n := len(r.fake.Sent()); n != 1 {
		t.Errorf("told %d times the next day", n)
	}
}

func TestWhoIsCalledOtherwiseIsTheSamePerson(t *testing.T) {
	r := newRig(t)
	r.hear("phone:1", "1", "visa")
	in := r.message("user:a", "2", "visa")
	in.Aliases = []channels.Address{address("phone:1")}
	r.must(r.g.Accept(context.Background(), in))
	if r.thread("user:a").ID != r.thread("phone:1").ID {
		t.Fatal("two people of one")
	}
	in = r.message("user:b", "3", "")
	in.Kind, in.Aliases = channels.Renamed, []channels.Address{address("user:a")}
	r.must(r.g.Accept(context.Background(), in))
	th := r.thread("user:b")
	if th.ID != r.thread("phone:1").ID || th.Reply != address("user:b") {
		t.Errorf("%+v", th.Addresses)
	}
	in = r.message("phone:2", "3b", "")
	in.Kind, in.Aliases = channels.Renamed, []channels.Address{address("phone:1")}
	r.must(r.g.Accept(context.Background(), in)) // of a name that the person has no more: told late
	in = r.message("user:b", "3c", "visa")
	in.Aliases = []channels.Address{address("phone:2")}
	r.must(r.g.Accept(context.Background(), in))
	in = r.message("phone:3", "3d", "")
	in.Kind, in.Aliases = channels.Renamed, []channels.Address{address("phone:2")}
	r.must(r.g.Accept(context.Background(), in))
	r.hear("phone:2", "3e", "visa")
	if r.thread("phone:2").ID == th.ID || r.thread("phone:3").ID != th.ID {
		t.Error("who has the old number now came into the talk of who had it before")
	}
	in = r.message("user:z", "4", "")
	in.Kind, in.Aliases = channels.Renamed, []channels.Address{address("user:y")}
	r.must(r.g.Accept(context.Background(), in))
	if r.thread("user:z").Version != 0 {
		t.Error("a thread for a name that nobody wrote under")
	}
}

// A templater is a platform with a window and templates.
type templater struct {
	*channeltest.Fake
}

func (templater) Templates(context.Context) ([]channels.Template, error) {
	return []channels.Template{{Name: "back", Language: "en", Header: "Centre", Body: "Hello {{1}}, about {{2}}.", Fields: []string{"Sara", "visas"}}}, nil
}

func TestAfterTheWindowOnlyATemplateGoes(t *testing.T) {
	r := newRig(t)
	r.fake = channeltest.NewFake("fake", channels.Limits{Window: 24 * time.Hour, Human: 24 * time.Hour})
	r.g.Attach(templater{r.fake})
	id := r.held("zahra")
	ctx := context.Background()
	if w := r.g.Window(r.thread("zahra")); !w.Open || !w.Templates || w.Human.Sub(r.clock()) > 24*time.Hour {
		t.Fatalf("%+v", w)
	}
	r.must(r.g.Say(ctx, id, "amina", "k1", "Hello"))
	r.pass(25 * time.Hour)
	if err := r.g.Say(ctx, id, "amina", "k2", "Hello again"); !errors.Is(err, gateway.ErrWindow) {
		t.Fatalf("after the window: %v", err)
	}
	for _, f := range []channels.Filled{{Name: "other", Language: "en"}, {Name: "back", Language: "en"}, {Name: "back", Language: "en", Values: []string{"Z", " "}}} {
		if err := r.g.SayTemplate(ctx, id, "amina", "k3", f); !errors.Is(err, gateway.ErrTemplate) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	r.must(r.g.SayTemplate(ctx, id, "amina", "k4", channels.Filled{Name: "back", Language: "en", Values: []string{"Zahra", "your  question"}}))
	r.work()
	sent := r.fake.Sent()
	last := sent[len(sent)-1]
	if last.Template == nil || !slices.Equal(last.Template.Values, []string{"Zahra", "your question"}) {
		t.Fatalf("%+v", last)
	}
	es := r.entries("zahra")
	i := slices.IndexFunc(es, func(e store.Entry) bool { return e.Text == "Centre\nHello Zahra, about your question." })
	if i < 0 || len(es[i].Sends) != 1 {
		t.Errorf("%q", told(es))
	}
}
