// SPDX-License-Identifier: GPL-3.0-or-later

package botapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sarai/standin/botapi"
)

func texts(list []event) string {
	var out []string
	for _, e := range list {
		switch {
		case e.Message != nil:
			out = append(out, e.Message.Text)
		case e.Press != nil:
			out = append(out, "press "+e.Press.Data)
		default:
			out = append(out, "?")
		}
	}
	return strings.Join(out, " ")
}

func TestAnUpdateIsGivenUntilItIsConfirmed(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "ur")
	for _, text := range []string{"a", "b", "c"} {
		asif.Say(text)
	}
	first := p.updates(args{})
	if texts(first) != "a b c" || texts(p.updates(args{"limit": 2})) != "a b" {
		t.Fatalf("what is not confirmed must be given again: %s", texts(first))
	}
	if got := texts(p.updates(args{"offset": first[1].ID})); got != "b c" {
		t.Errorf("after the first was confirmed came %q", got)
	}
	if p.Pending() != 2 || p.Confirmed() != 1 {
		t.Errorf("pending %d, confirmed %d", p.Pending(), p.Confirmed())
	}
	if got := texts(p.updates(args{"offset": -1})); got != "c" {
		t.Errorf("a negative offset must keep the last only: %q", got)
	}
	if got := texts(p.updates(args{"offset": first[2].ID + 1})); got != "" || p.Pending() != 0 {
		t.Errorf("all were confirmed, came %q", got)
	}
}

func TestALongPollEndsWithTheFirstUpdate(t *testing.T) {
	t.Parallel()
	p := serve(t)
	came := make(chan []event)
	go func() { came <- p.updates(args{"timeout": 50}) }()
	p.await(p.Polling)
	p.Person(1, "").Say("salaam")
	if got := texts(<-came); got != "salaam" {
		t.Errorf("came %q", got)
	}
}

func TestAPollerThatGoesConfirmsNothing(t *testing.T) {
	t.Parallel()
	p := serve(t)
	ctx, leave := context.WithCancel(t.Context())
	went := make(chan error)
	go func() {
		_, err := p.try(ctx, "getUpdates", args{"timeout": 50})
		went <- err
	}()
	p.await(p.Polling)
	leave()
	if <-went == nil {
		t.Error("the call must have been given up")
	}
	p.await(func() bool { return !p.Polling() })
	p.Person(1, "").Say("still here")
	if got := texts(p.updates(args{"timeout": 50})); got != "still here" {
		t.Errorf("came %q", got)
	}
}

func TestOfTwoPollersTheOlderIsRefused(t *testing.T) {
	t.Parallel()
	p := serve(t)
	older := make(chan answer)
	go func() { older <- p.call("getUpdates", args{"timeout": 50}) }()
	p.await(p.Polling)
	younger := make(chan answer)
	go func() { younger <- p.call("getUpdates", args{"timeout": 50}) }()
	a := <-older
	if a.Code != 409 || a.Description != "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running" {
		t.Errorf("the older got %d %q", a.Code, a.Description)
	}
	p.await(p.Polling)
	p.Person(1, "").Say("x")
	if a := <-younger; !a.OK || !strings.Contains(string(a.Result), `"x"`) {
		t.Errorf("the younger got %+v", a)
	}
}

func TestAWebhookEndsPolling(t *testing.T) {
	t.Parallel()
	p := serve(t)
	poller := make(chan answer)
	go func() { poller <- p.call("getUpdates", args{"timeout": 50}) }()
	p.await(p.Polling)
	p.taken("setWebhook", args{"url": "http://127.0.0.1:1/"})
	if a := <-poller; a.Description != "Conflict: terminated by setWebhook request" {
		t.Errorf("the poller got %q", a.Description)
	}
	p.refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", "getUpdates", args{})
	p.taken("deleteWebhook", args{})
	p.updates(args{})
}

func TestWhatNobodyFetchesIsForgotten(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "ur")
	asif.Start("")
	m := p.taken("sendMessage", args{"chat_id": 1, "text": "choose", "reply_markup": buttons("Work", "w")})
	if m == nil {
		t.Fatal("no message")
	}
	asif.Press(2, "w")
	p.clock.pass(149 * time.Second)
	if got := texts(p.updates(args{})); got != "/start press w" {
		t.Fatalf("came %q", got)
	}
	p.clock.pass(time.Second)
	if got := texts(p.updates(args{})); got != "/start" {
		t.Errorf("a press lives 150 seconds; came %q", got)
	}
	p.clock.pass(24*time.Hour - 151*time.Second)
	if p.Pending() != 1 {
		t.Error("a message lives a day")
	}
	p.clock.pass(time.Second)
	if p.Pending() != 0 || texts(p.updates(args{})) != "" {
		t.Error("a message lives no longer than a day")
	}
}

func buttons(pairs ...string) any {
	var row []any
	for i := 0; i < len(pairs); i += 2 {
		row = append(row, args{"text": pairs[i], "callback_data": pairs[i+1]})
	}
	return args{"inline_keyboard": []any{row}}
}

func TestABotSaysWhichUpdatesItWants(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "")
	m := asif.Say("one")
	asif.React(m, "👍") // not among the defaults
	if got := texts(p.updates(args{"offset": -100})); got != "one" {
		t.Fatalf("by default came %q", got)
	}
	p.updates(args{"offset": -100, "allowed_updates": []string{"message_reaction", "callback_query"}})
	asif.Say("two")
	asif.React(m, "")
	got := p.updates(args{"offset": -1}) // not given: as before
	if len(got) != 1 || texts(got) != "?" {
		t.Fatalf("came %q", texts(got))
	}
	p.updates(args{"offset": got[0].ID + 1, "allowed_updates": []string{}}) // empty: the defaults
	asif.React(m, "👍")
	asif.Say("three")
	if got := texts(p.updates(args{})); got != "three" {
		t.Errorf("came %q", got)
	}
}

func TestIDsJumpAfterAWeekOfSilence(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "")
	asif.Say("before")
	before := p.updates(args{})[0].ID
	p.updates(args{"offset": before + 1})
	p.Renumber()
	asif.Say("after")
	got := p.updates(args{"offset": before + 1}) // the bot cannot know
	if texts(got) != "after" || got[0].ID >= before {
		t.Fatalf("came %+v, before %d", got, before)
	}
	if p.updates(args{"offset": got[0].ID + 1}); p.Pending() != 0 {
		t.Error("the new numbers confirm as the old did")
	}
	p.Renumber()
	asif.Say("later")
	if later := p.updates(args{}); later[0].ID < before {
		t.Errorf("the second jump goes upwards, went to %d", later[0].ID)
	}
}

func TestOneAnswerIsCut(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *botapi.Options) { o.Keep = -1 })
	asif := p.Person(1, "")
	for range 100 {
		asif.Say(strings.Repeat("x", 100_000))
	}
	if n := len(p.updates(args{})); n < 30 || n > 45 {
		t.Errorf("one answer held %d updates of 100 kB, about 4 MiB are usual", n)
	}
}

func TestCloseEndsWhatWaits(t *testing.T) {
	t.Parallel()
	p := serve(t)
	poller := make(chan answer)
	go func() { poller <- p.call("getUpdates", args{"timeout": 50}) }()
	p.await(p.Polling)
	p.Close()
	p.Close()
	if a := <-poller; !a.OK {
		t.Errorf("the poller got %+v", a)
	}
}
