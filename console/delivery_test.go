// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/store"
)

// marks gives how far the messages of a page came, by their places in the talk.
func marks(a answer) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`<span id="s(\d+)" class="s-([\w-]*)"`).FindAllStringSubmatch(a.body, -1) {
		found[m[1]] = m[2]
	}
	return found
}

// reports is the platform telling of a message, by its number among those sent.
func (s *square) reports(n int, state channels.Delivery, why channels.SendProblem) {
	s.t.Helper()
	r := channels.Report{ID: fmt.Sprint(n), Key: s.fake.Sent()[n-1].Key, State: state, At: s.clock(), Problem: why}
	if err := s.g.Report(context.Background(), r); err != nil {
		s.t.Fatal(err)
	}
}

func TestEachMessageSaysHowFarItCame(t *testing.T) {
	s := onASquare(t)
	s.hires("amina", "Amina", store.Counsellor)
	id := s.opens(talk{name: "zahra", channel: "messenger", entries: []store.Entry{person("en", "hello")}})
	th := s.thread(id)
	th.State = nil
	if err := s.db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		t.Fatal(err)
	}
	path := "/desk/talks/" + string(id)
	a := s.signsIn("amina")
	a.post(path+"/take", nil)
	s.works()
	before := len(s.fake.Sent())
	say := func(key, text string) (seq string) {
		t.Helper()
		a.send(path+"/say", url.Values{"key": {strings.Repeat(key, 20)}, "text": {text}})
		return fmt.Sprint(s.thread(id).LastSeq)
	}
	seq := say("a", "first words")
	state := func(want, words string) {
		t.Helper()
		for _, page := range []answer{a.get(path), a.part(path + "/entries/" + seq), a.part(path + "/entries?after=" + seq)} {
			if got := marks(page)[seq]; got != want {
				t.Errorf("it stands at %q, not %q", got, want)
			}
			page.has(t, words)
		}
	}
	state("waiting", "Not sent yet")
	s.works()
	state("sent", "✓ Sent")
	n := before + 1
	s.reports(n, channels.Delivered, "")
	state("delivered", "✓✓ Delivered")
	s.reports(n, channels.Read, "")
	s.reports(n, channels.Delivered, "") // out of order
	state("read", "✓✓ Read")
	s.reports(n, channels.Played, "")
	state("played", "Listened to")
	part := a.part(path + "/entries?after=" + seq)
	if !strings.Contains(part.body, `<span id="s`+seq+`" class="s-played" data-state="played" hx-swap-oob="true">`) || strings.Contains(part.body, "<article") {
		t.Errorf("what was learnt does not come along:\n%s", part.body)
	}

	// One is given up, and says why and what to do.
	for problem, words := range map[channels.SendProblem]string{
		channels.Expired: "Not delivered: the platform's time for answers is over. Say it when the person writes again",
		channels.Blocked: "Not delivered: the person does not receive messages. Reach the person in another way.",
		channels.Misset:  "Not delivered: the platform does not let Sarai send. Tell whoever looks after the machine.",
		"odd":            "Not delivered: odd. Send it again in other words.",
	} {
		seq = say(string("bcdefgh"[n%7]), "further words")
		s.works()
		n++
		s.reports(n, channels.Failed, problem)
		page := a.get(path)
		page.has(t, words)
		if got := marks(page)[seq]; got != "failed" {
			t.Errorf("it stands at %q", got)
		}
	}

	// Of two parts, that which came least far counts.
	seq = say("x", strings.Repeat("long words ", 300))
	s.works()
	s.reports(n+1, channels.Read, "")
	state("sent", "Sent")
	s.reports(n+2, channels.Delivered, "")
	state("delivered", "Delivered")

	// Nobody knows of one, and one is refused at once: its event says so.
	s.fake.Fail(&channels.SendError{Problem: channels.NoAnswer})
	seq = say("y", "are you there?")
	s.works()
	state("uncertain", "Nobody knows whether it was sent. If no answer comes, ask whether it arrived.")
	s.wait(time.Hour)
	s.works()
	state("sent", "Sent")
	s.fake.Fail(&channels.SendError{Problem: channels.Rejected})
	seq = say("z", "and now?")
	s.works()
	page := a.get(path)
	page.has(t, "Not sent: the platform refused this message")
	if got := marks(page)[seq]; got != "" {
		t.Errorf("it stands at %q", got)
	}
}

func TestWhoAnswersPastTheDesk(t *testing.T) {
	s := onASquare(t)
	amina := s.hires("amina", "Amina", store.Counsellor)
	a := s.signsIn("amina")
	here := channels.Address{Channel: "messenger", ID: "zahra"}
	id := s.says("zahra", "hello there")
	for place, words := range map[channels.Elsewhere]string{channels.PageInbox: "Page inbox", channels.Phone: "Linked phone", channels.BusinessApp: "WhatsApp Business app"} {
		s.hears(channels.Inbound{From: here, Staff: place, Kind: channels.Text, Text: "we answer here"})
		path := "/desk/talks/" + string(id)
		page := a.get(path)
		page.has(t, "Somebody of the centre answers there: "+words, "Answered past the desk: "+words, words+" 04:00", "Take the case", "Put back into the queue", "we answer here")
		a.get("/desk?list=others").has(t, words, "hello there", "Answered past the desk")
		a.get("/desk").lacks(t, "hello there")
		a.follow(a.post(path+"/release", nil)).has(t, "hello there")
		s.hears(channels.Inbound{From: here, Staff: place, Kind: channels.Text, Text: "and again"})
		a.follow(a.post(path+"/take", nil)).has(t, "You hold this case", "Held before by "+words)
		if k := s.thread(id).Case; k.Holder != amina.ID {
			t.Fatalf("held by %s", k.Holder)
		}
		a.post(path+"/close", url.Values{"outcome": {"advised"}})
	}
	// Somebody rings, and the platform knows them by another name.
	s.hears(channels.Inbound{From: channels.Address{Channel: "messenger", ID: "rings"}, Kind: channels.Call})
	s.hears(channels.Inbound{From: channels.Address{Channel: "messenger", ID: "rings-now"}, Aliases: []channels.Address{{Channel: "messenger", ID: "rings"}}, Kind: channels.Renamed})
	a.get("/desk").has(t, "Rang: ring back", "Call that nobody could take")
	th, err := s.db.Thread(context.Background(), channels.Address{Channel: "messenger", ID: "rings-now"})
	if err != nil {
		t.Fatal(err)
	}
	a.get("/desk/talks/"+string(th.ID)).has(t, "Case opened: Rang: ring back", "The platform knows the person under another number or name now")
}
