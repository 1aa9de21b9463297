// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/console"
	"sarai/desk"
	chromium "sarai/internal/browser"
	"sarai/store"
)

// evening is a Facebook page of a centre after a busy day.
func (s *square) evening() (danger, asks, refused, talk store.ThreadID) {
	amina := s.hires("amina", "Amina Kamal", store.Administrator)
	s.hires("bilal", "Bilal Ahmad", store.Counsellor)
	s.wait(-5 * time.Hour)
	s.fake.Fail(&channels.SendError{Problem: channels.Blocked})
	refused = s.comments("p1", "900_1", "protector kahan se hota hai aur fees kitni hai?")
	s.works()
	s.wait(time.Hour)
	s.comments("p2", "900_1", "پروٹیکٹر کی فیس کتنی ہے؟ ایجنٹ 45 ہزار مانگ رہا ہے، کیا یہ ٹھیک ہے؟")
	s.wait(2 * time.Hour)
	danger = s.comments("p3", "900_2", "my brother is locked in a house near the port and they took his passport, who can help?")
	s.works()
	s.wait(90 * time.Minute)
	asks = s.comments("p4", "900_2", "আমার ভাই চার মাস ধরে বেতন পায় না, সে এখন কী করবে?")
	s.comments("p5", "900_2", "protector fees?")
	s.comments("p6", "900_2", "well done")
	s.works()
	s.wait(30 * time.Minute)

	// A talk of which some messages arrived and some did not.
	talk = s.opens(talkOf("zahra", amina.ID))
	th := s.thread(talk)
	th.State = nil
	if err := s.db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		s.t.Fatal(err)
	}
	n := len(s.fake.Sent())
	for i, text := range []string{"Salaam. The official fee is 2500 rupees.", "Do not pay 45 000. Ask for a receipt.", "Which agent is it?", "You can also ring us."} {
		if err := s.g.Say(context.Background(), talk, amina.ID, strings.Repeat(string(rune('a'+i)), 20), text); err != nil {
			s.t.Fatal(err)
		}
		if i == 3 {
			s.fake.Fail(&channels.SendError{Problem: channels.NoAnswer})
		}
		s.works()
	}
	s.reports(n+1, channels.Read, "")
	s.reports(n+2, channels.Delivered, "")
	s.reports(n+3, channels.Failed, channels.Blocked)
	return danger, asks, refused, talk
}

func talkOf(name string, holder desk.StaffID) talk {
	return talk{name: name, channel: "messenger", rank: desk.Normal, age: 10 * time.Minute, entries: []store.Entry{person("en", "the agent wants 45 000, is that right?")}, change: func(k *desk.Case) {
		k.Status, k.Holder = desk.Held, holder
	}}
}

// pressesLive presses a button in a moment in which the page does by itself what it says: a
// part that has just come is a plain form at first.
func (w *window) pressesLive(css string) {
	w.T.Helper()
	w.Is(`(e => e.form["htmx-internal-data"].verb && (e.click(), true))(document.querySelector("` + css + `"))`)
}

func TestCommentsInABrowser(t *testing.T) {
	s := onASquare(t)
	danger, asks, refused, talk := s.evening()
	w := s.window("amina")
	w.everywhere(s.house, "amina", map[string]string{
		"comments": "/desk/comments", "comments-all": "/desk/comments?list=all", "comment-danger": "/desk/comments/" + string(danger),
		"comment": "/desk/comments/" + string(asks), "comment-refused": "/desk/comments/" + string(refused), "deliveries": "/desk/talks/" + string(talk),
		"comment-case": "/desk/talks/" + string(danger),
	})

	// A new comment is there by itself, and what is hidden stays in its place.
	w.Open("/desk/comments")
	w.Is(`document.querySelectorAll(".comment").length === 4`)
	w.Value(`window.same = true`)
	s.comments("p9", "900_1", "is the office open on Saturday or not?")
	w.Is(`document.querySelectorAll(".comment").length === 5 && document.querySelector("#talked").innerText === "5"`)
	w.pressesLive(`#hide-` + string(danger))
	w.Is(`document.querySelector("#c-` + string(danger) + ` .badge.unheard")`)
	w.pressesLive(`#skip-` + string(refused))
	w.Is(`document.querySelectorAll(".comment").length === 4 && document.querySelector("#talked").innerText === "4" && window.same`)

	// It is answered in private; what was typed was kept meanwhile.
	free := s.comments("p10", "900_1", "somebody please tell me about the fees there")
	w.Is(`document.querySelector("#do-` + string(free) + `")`)
	w.Press(`#do-` + string(free))
	w.Is(`location.pathname.endsWith("` + string(free) + `") && document.readyState === "complete" && document.querySelector("#text")`)
	w.Type("#text", "Amina of the centre here.")
	amina, err := s.db.MemberByLogin(context.Background(), "amina")
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if d, err := s.db.Draft(context.Background(), free, amina.ID); err == nil && d == "Amina of the centre here." {
			break
		} else if time.Now().After(end) {
			t.Fatalf("the draft is %q, %v", d, err)
		}
	}
	w.Press(`form.panel button.main`)
	w.Is(`document.body.innerText.includes("The one private reply") || document.body.innerText.includes("Private reply by Amina Kamal")`)
	s.works()
	w.Is(`document.querySelector("#comment").innerText.includes("Private reply by Amina Kamal was taken")`)
}

// TestTheBarKeepsItsLines holds that all that the bar leads to fits, or can be
// moved into sight, on screens between a phone's and a desk's: what sticks below
// it knows its height.
func TestTheBarKeepsItsLines(t *testing.T) {
	phone := aHandset()
	h := build(t, func(o *console.Options) { o.Linked, o.Comments = phone, true })
	m := h.hires("amina", "Amina Kamal", store.Administrator)
	w := h.window("amina")
	for _, width := range []int64{560, 800, 900, 1024, 1280} {
		w.Show(chromium.Screen{Width: width, Height: 700})
		for _, face := range faces {
			m.Locale = face.locale
			if err := h.db.PutMember(context.Background(), m); err != nil {
				t.Fatal(err)
			}
			w.Open("/desk")
			w.Shot(fmt.Sprintf("bar-%d-%s", width, face.name))
			if over := w.Wider(); over > 0 {
				t.Errorf("%d, %s: sticks out by %v", width, face.name, over)
			}
			if high, err := strconv.Atoi(w.Value(`document.querySelector(".bar").offsetHeight`)); err != nil || high > map[bool]int{true: 66, false: 112}[width > 56*16] {
				t.Errorf("%d, %s: the bar is %v high", width, face.name, high)
			}
		}
	}
}

// TestDeliveriesAreLive looks on while a message goes its way.
func TestDeliveriesAreLive(t *testing.T) {
	s := onASquare(t)
	_, _, _, id := s.evening()
	w := s.window("amina")
	w.Open("/desk/talks/" + string(id))
	w.Is(`document.querySelector(".s-read") && document.querySelector(".s-failed")`)
	last := `[...document.querySelectorAll(".sent > *")].at(-1).dataset.state`
	w.Is(last + ` === "uncertain"`)
	w.Is(`window.first = document.querySelector(".s-read")`)
	s.wait(time.Hour)
	s.works()
	s.reports(len(s.fake.Sent()), channels.Delivered, "")
	w.Is(last + ` === "delivered" && window.first.isConnected`) // what is as it was is not touched
}

// TestTheBoxClosesWhileSomebodyTypes holds that what was typed stays to be seen.
func TestTheBoxClosesWhileSomebodyTypes(t *testing.T) {
	s := onASquare(t)
	amina := s.hires("amina", "Amina", store.Counsellor)
	x := talkOf("zahra", amina.ID)
	x.age = 7*24*time.Hour - time.Minute
	id := s.opens(x)
	th := s.thread(id)
	th.State = nil
	if err := s.db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		t.Fatal(err)
	}
	w := s.window("amina")
	w.Open("/desk/talks/" + string(id))
	w.Is(`window.htmx && document.querySelector(".left.soon")`)
	w.Type("#text", "half an answer")
	s.wait(2 * time.Minute)
	if err := s.g.Note(context.Background(), id, amina.ID, "nnnnnnnnnnnnnnnnnnnn", "she rang"); err != nil {
		t.Fatal(err)
	}
	w.Is(`document.querySelector("#answer .shut") && document.querySelector("#text").readOnly && document.querySelector("#text").value === "half an answer"`)
	s.says("zahra", "I am back")
	w.Is(`!document.querySelector("#answer .shut") && document.querySelector("#text").readOnly === false && document.querySelector("#text").value === "half an answer"`)
}

// TestATemplateInABrowser closes the box and goes the way that is left.
func TestATemplateInABrowser(t *testing.T) {
	s := onASquare(t)
	_, _, _, id := s.evening()
	b := s.signsIn("amina")
	b.send("/desk/talks/"+string(id)+"/draft", map[string][]string{"key": {"aaaaaaaaaaaaaaaaaaaa"}, "text": {"half an answer"}})
	s.wait(8 * 24 * time.Hour)
	w := s.window("amina")
	path := "/desk/talks/" + string(id)
	w.everywhere(s.house, "amina", map[string]string{"shut": path, "templates": path + "/template", "template": path + "/template?name=your_case&language=en_US"})
	w.Open(path)
	w.Is(`document.querySelector("#text").readOnly && document.querySelector("#text").value === "half an answer"`)
	w.Press(`#answer .shut a.button`)
	w.Press(`.list a[href*="your_case"]`)
	w.Is(`document.querySelectorAll('input[name="value"]').length === 2`)
	w.Type(`label:nth-of-type(1) input[name="value"]`, "friend")
	w.Type(`label:nth-of-type(2) input[name="value"]`, "Friday")
	w.Press(`button[value="preview"]`)
	w.Is(`document.querySelector("#shown").innerText.includes("Hello friend, please write to us again before Friday.")`)
	w.Shot("template-shown")
	w.Press(`button[value="send"]`)
	w.Is(`location.search === "?did=done" && [...document.querySelectorAll(".bubble.staff")].at(-1).innerText.includes("Hello friend")`)
}
