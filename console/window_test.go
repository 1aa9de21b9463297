// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/store"
)

// helps is a talk on a square that somebody of the staff holds.
func (s *square) helps(b *browser, who string) (id store.ThreadID, path string) {
	s.t.Helper()
	id = s.says(who, "COUNSELLOR")
	for s.thread(id).Case == nil {
		s.wait(time.Second)
		s.says(who, "1")
		if s.thread(id).LastSeq > 30 {
			s.t.Fatal("there is no case")
		}
	}
	path = "/desk/talks/" + string(id)
	b.post(path+"/take", nil)
	s.works()
	return id, path
}

func TestTheBoxClosesBeforeAnybodyTypesInVain(t *testing.T) {
	s := onASquare(t)
	s.hires("amina", "Amina", store.Counsellor)
	a := s.signsIn("amina")
	id, path := s.helps(a, "zahra")
	page := a.get(path)
	page.has(t, "Time left to write: 7 d", "Time left for the program 24 h")
	page.lacks(t, `class="left soon"`)
	key := page.form(t, path+"/say")["key"]
	a.send(path+"/draft", url.Values{"key": {key}, "text": {"half an answer"}})
	s.wait(25 * time.Hour)
	a = s.signsIn("amina")
	a.get(path).has(t, "Time left to write: 5 d", "Time left for the program over")
	s.wait(6*24*time.Hour - 2*time.Hour)
	a = s.signsIn("amina")
	page = a.get(path)
	page.has(t, "Time left to write: 1 h")
	if !strings.Contains(page.body, `class="left soon"`) || !strings.Contains(page.body, ` data-left>`) {
		t.Error("that little time is left is not said, or does not go on being counted")
	}
	s.wait(61 * time.Minute)
	page = a.get(path)
	page.has(t, "Messenger has taken no messages to this person since 2031-05-13 04:00 UTC", "What you typed is kept.", "What you can do now:", "Send a template", "Ring them, if you know a number and it is safe.", "Time left to write over")
	if got := page.value(t, "text"); got != "half an answer" || !strings.Contains(page.body, "readonly") || !strings.Contains(page.body, `data-state="mine-shut"`) {
		t.Errorf("the box holds %q, and perhaps can be typed into", got)
	}
	if got := a.send(path+"/say", url.Values{"key": {key}, "text": {"more than half an answer"}}); got.status != http.StatusConflict || got.value(t, "text") != "more than half an answer" {
		t.Errorf("saying it all the same is answered %d", got.status)
	} else {
		got.has(t, "the platform takes no messages to this person now")
	}
	s.says("zahra", "I am back")
	page = a.get(path)
	page.has(t, "Time left to write: 7 d", "Send")
	if got := page.value(t, "text"); got != "more than half an answer" || strings.Contains(page.body, "readonly") {
		t.Errorf("the box holds %q", got)
	}

	// The same person wrote on another channel, where there is no end.
	other := s.opens(talk{name: "zahra", channel: "telegram", entries: []store.Entry{person("en", "it is me")}})
	th := s.thread(id)
	th.Linked = append(th.Linked, other)
	if err := s.db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		t.Fatal(err)
	}
	s.wait(8 * 24 * time.Hour)
	a = s.signsIn("amina")
	a.get(path).has(t, "Go on on Telegram")
}

func TestATemplateIsChosenFilledLookedAtAndSent(t *testing.T) {
	s := onASquare(t)
	s.hires("amina", "Amina", store.Counsellor)
	s.hires("bilal", "Bilal", store.Counsellor)
	a := s.signsIn("amina")
	_, path := s.helps(a, "zahra")
	s.wait(8 * 24 * time.Hour)
	a = s.signsIn("amina")
	b := s.signsIn("bilal")
	if got := b.get(path + "/template"); got.status != http.StatusSeeOther {
		t.Errorf("who does not hold the case is answered %d", got.status)
	}
	a.send(path+"/draft", url.Values{"key": {"aaaaaaaaaaaaaaaaaaaa"}, "text": {"half an answer"}})
	list := a.get(path + "/template")
	list.has(t, "your_case English", "Hello friend, please write to us again before Friday.", "call_us русский")
	if strings.Index(list.body, "your_case") > strings.Index(list.body, "call_us") {
		t.Error("the person's language does not come first")
	}
	form := a.get(path + "/template?name=your_case&language=en_US")
	form.has(t, "Place 1 for instance friend", "Place 2 for instance Friday")
	fields := url.Values{"name": {"your_case"}, "language": {"en_US"}, "key": {form.form(t, path+"/template")["key"]}, "value": {"Zahra", " "}, "do": {"send"}}
	for name, change := range map[string]func(url.Values){
		"an empty place": func(url.Values) {}, "a place too few": func(f url.Values) { f["value"] = []string{"x"} }, "a place too many": func(f url.Values) { f["value"] = []string{"x", "y", "z"} },
		"too long": func(f url.Values) { f["value"] = []string{"x", strings.Repeat("y", 301)} }, "one that is not there": func(f url.Values) { f.Set("name", "other") },
		"no key": func(f url.Values) { f["value"] = []string{"x", "y"}; f.Set("key", "x") },
	} {
		f := url.Values{}
		for k, v := range fields {
			f[k] = slices.Clone(v)
		}
		change(f)
		if got := a.post(path+"/template", f); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s is answered %d", name, got.status)
		}
	}
	a.post(path+"/template", fields).has(t, "Something is not filled in.")
	fields["value"] = []string{"friend <b>", "next\nweek"}
	fields.Set("do", "preview")
	seen := a.post(path+"/template", fields)
	seen.has(t, "The person will read:", "MRC Hello friend <b>, please write to us again before next week. Free of charge")
	before := len(s.fake.Sent())
	fields.Set("do", "send")
	for range 2 {
		a.follow(a.post(path+"/template", fields)).has(t, "Hello friend <b>, please write to us again before next week.", "Done.")
	}
	s.works()
	sent := s.fake.Sent()[before:]
	if len(sent) != 1 || sent[0].Template == nil || sent[0].Template.Name != "your_case" || !slices.Equal(sent[0].Template.Values, []string{"friend <b>", "next week"}) {
		t.Fatalf("sent %+v", sent)
	}
	if got := a.get(path).value(t, "text"); got != "half an answer" {
		t.Errorf("the draft is %q", got)
	}
	if got := b.post(path+"/template", fields); got.status != http.StatusConflict {
		t.Errorf("a colleague is answered %d", got.status)
	}

	s.fake.mu.Lock()
	s.fake.broken = &channels.SendError{Problem: channels.Unavailable, Cause: "secret"}
	s.fake.mu.Unlock()
	down := a.get(path + "/template")
	down.has(t, "The templates cannot be had now: the platform did not answer.")
	down.lacks(t, "secret")
	s.fake.mu.Lock()
	s.fake.broken, s.fake.templates = nil, nil
	s.fake.mu.Unlock()
	a.get(path+"/template").has(t, "There is no template yet.")
	for _, l := range content.Locales() {
		m, err := s.db.MemberByLogin(context.Background(), "amina")
		if err != nil {
			t.Fatal(err)
		}
		m.Locale = l
		if err := s.db.PutMember(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{path, path + "/template"} {
			if got := a.get(p); got.status != http.StatusOK || strings.Contains(got.body, "<no value>") || strings.Contains(got.text(), "desk.") {
				t.Errorf("%s in %s: %d", p, l, got.status)
			}
		}
	}
}

func TestWhereItIsNotSafeToWriteFirstNothingIsOffered(t *testing.T) {
	s := onASquare(t)
	s.hires("amina", "Amina", store.Counsellor)
	a := s.signsIn("amina")
	id := s.says("zahra", "they locked me in")
	path := "/desk/talks/" + string(id)
	a.post(path+"/take", nil)
	s.wait(8 * 24 * time.Hour)
	a = s.signsIn("amina")
	page := a.get(path)
	page.has(t, "It is not safe to write first")
	page.lacks(t, path+"/template", "Ring them, if")
}
