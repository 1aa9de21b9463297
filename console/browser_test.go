// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package console_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"sarai/channels"
	"sarai/console"
	"sarai/content"
	"sarai/desk"
	chromium "sarai/internal/browser"
	"sarai/store"
)

// A window is somebody's browser at the desk.
type window struct {
	*chromium.Tab
	server *httptest.Server
}

// What people look at the desk with.
var (
	aDesktop = chromium.Screen{Width: 1280, Height: 800}
	aPhone   = chromium.Screen{Width: 360, Height: 740, Phone: true}
)

// window opens one in which somebody has signed in.
func (h *house) window(login string) *window {
	h.t.Helper()
	server := httptest.NewServer(h.console.Handler())
	h.t.Cleanup(server.Close)
	w := &window{chromium.Start(h.t).Tab(h.t, chromium.Options{
		Screen: aDesktop, Patience: 10 * time.Second,
		Tolerates: []string{
			"Response Status Error Code", // htmx says so of every refusal
			"[DOM] Password forms should have (optionally hidden) username fields", // advice, for who changes a password
		},
	}), server}
	for _, c := range h.signsIn(login).jar.Cookies(&url.URL{Scheme: "http", Host: "desk.example", Path: "/desk"}) {
		yes := true
		chromium.Call(w.Tab, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: server.URL, HTTPOnly: &yes})
	}
	return w
}

// Open goes to a page of the desk.
func (w *window) Open(path string) {
	w.T.Helper()
	w.Tab.Open(w.server.URL + path)
}

// payloads are what people send who want to see whether it runs.
var payloads = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(2)>`, `"><svg onload=alert(3)>`, `'><iframe srcdoc="<script>parent.alert(4)</script>">`,
	`javascript:alert(5)`, `</textarea><script>alert(6)</script>`, `</title><script>alert(7)</script>`, `{{constructor.constructor('alert(8)')()}}`,
	`<div hx-get="/desk/signout" hx-trigger="load" hx-on::load="alert(9)">`, `<a href="javascript:alert(10)">x</a>`, `<style>*{display:none}</style>`,
	`<base href="https://evil.example/">`, `<meta http-equiv="refresh" content="0;url=https://evil.example/">`, `<form action="https://evil.example/"><input name=q></form>`,
	"\u202e<script>alert(11)</script>", "<scr\x00ipt>alert(12)</scr\x00ipt>", `<math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=alert(13) src>">`,
	`<img src="https://evil.example/x.png">`, `<link rel=stylesheet href=https://evil.example/x.css>`, `'-alert(14)-'`, `\u003cscript\u003ealert(15)\u003c/script\u003e`,
	`<!--`, `]]>`, `<noscript><p title="</noscript><img src=x onerror=alert(16)>">`, `" autofocus onfocus=alert(17) x="`, `<template><script>alert(18)</script></template>`,
}

func TestNothingThatStrangersTypeRuns(t *testing.T) {
	evil := strings.Join(payloads, "\n")
	phone := aHandset()
	phone.stands(channels.Joined)
	for i, p := range payloads {
		phone.chats = append(phone.chats, channels.Chat{ID: p, Name: p, Private: true, Group: i%2 == 0})
	}
	h := build(t, func(o *console.Options) { o.Linked, o.Comments = phone, true })
	h.hires("amina", "Amina", store.Administrator)
	other := h.hires("other", "Other", store.Counsellor)
	other.Name = payloads[1]
	if err := h.db.PutMember(context.Background(), other); err != nil {
		t.Fatal(err)
	}
	var ids []store.ThreadID
	for i, p := range append(payloads, evil) {
		ids = append(ids, h.opens(talk{name: fmt.Sprint(i), rank: desk.Normal, reason: desk.Reason(p), signals: []string{p}, channel: channels.Name(p), centre: content.CentreID(p),
			look: console.Look{Locale: content.Locale(p), Origin: content.Country(p), Destination: content.Country(p)},
			entries: []store.Entry{
				{Author: store.Person, Kind: channels.Text, Text: p, Locale: content.Locale(p)},
				{Author: store.Person, Kind: channels.Kind(p), Text: p, Raw: []byte(p), Media: []channels.Media{{Ref: "r", Name: p, Type: p}}},
				{Author: store.Program, Blocks: []channels.Block{{Kind: channels.BlockKind(p), Text: p, Link: p}, {Text: p, Link: "https://example.org/" + p}}, Options: []channels.Option{{Key: p, Label: p}},
					Articles: []store.Cited{{Article: content.ArticleID(p), Section: p, Locale: content.Locale(p), Hash: p}}, Edition: p},
				{Author: store.Note, By: other.ID, Text: p},
				{Author: store.Event, By: desk.StaffID(p), Event: p, Text: p},
				{Author: store.Event, By: other.ID, Event: "not-sent", Text: p},
				{Author: store.Person, Kind: channels.Text, Text: p},
			}, change: func(k *desk.Case) { k.Before, k.Topic = other.ID, p },
			comment: &store.Comment{ID: p, Post: p, Parent: p, Link: p, Person: p, Seq: 1, Said: noon, State: store.CommentNew, Urgent: i%2 == 0,
				Private: store.Reply{State: store.ReplyRefused, By: other.ID, Why: p}, Public: store.Reply{State: store.ReplyAccepted, By: other.ID, ID: p}}}))
	}
	w := h.window("amina")
	look := func(path string) {
		t.Helper()
		w.Open(path)
		w.Is(`window.htmx`)
		if n := w.Value(`document.querySelectorAll("script:not([src]), iframe, base, style, [onerror], [onload], [onfocus], body [style], meta[http-equiv], img, math, a[href^=javascript], form[action*=evil], [hx-get*=signout]").length`); n != "0" {
			t.Errorf("%s: %s elements are strangers'", path, n)
		}
	}
	for _, path := range []string{"/desk", "/desk?list=mine", "/desk?list=" + url.QueryEscape(evil), "/desk/staff", "/desk/whatsapp", "/desk/comments?list=all", "/desk/profile", "/desk/" + url.PathEscape("<script>alert(1)</script>")} {
		look(path)
	}
	b := h.signsIn("amina")
	for _, id := range ids {
		path := "/desk/talks/" + string(id)
		b.post(path+"/take", nil)
		b.send(path+"/draft", url.Values{"key": {"aaaaaaaaaaaaaaaaaaaa"}, "text": {evil}})
		look(path)
		look("/desk/comments/" + string(id))
	}
	path := "/desk/talks/" + string(ids[0])
	look(path + "/look?q=" + url.QueryEscape(payloads[2]) + "&topic=" + url.QueryEscape(payloads[2]))
	look(path + "/entries/1")
	if got := w.Value(`document.querySelector(".text").textContent`); got != payloads[0] {
		t.Errorf("the words are shown as %q", got)
	}
	w.Open("/desk/signin?to=" + url.QueryEscape(evil))
}

func TestTheQueueIsLive(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Counsellor)
	w := h.window("amina")
	w.Open("/desk")
	w.Is(`document.title === "Queue · Sarai"`)
	for end := time.Now().Add(10 * time.Second); h.gateway.watching() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the page does not listen")
		}
	}
	w.Value(`window.same = true`)
	begun := time.Now()
	id := h.opens(talk{name: "one", rank: desk.Urgent, entries: []store.Entry{person("en", "they locked me in")}})
	w.Is(`document.querySelector(".row.urgent .words").textContent === "they locked me in"`)
	t.Logf("seen after %v", time.Since(begun))
	w.Is(`document.title === "(1) Queue · Sarai" && document.querySelector("#count.urgent")`)
	if err := h.gateway.Command(context.Background(), id, desk.Program, desk.Close{Outcome: desk.Withdrawn}); err != nil {
		t.Fatal(err)
	}
	w.Is(`document.title === "Queue · Sarai" && !document.querySelector(".row")`)
	if w.Value(`window.same`) != "true" {
		t.Error("the page was loaded anew")
	}
}

func TestATalkIsLiveAndNothingTypedIsLost(t *testing.T) {
	h := build(t)
	amina := h.hires("amina", "Amina", store.Counsellor)
	bilal := h.hires("bilal", "Bilal", store.Counsellor)
	id := h.opens(talk{name: "one", rank: desk.Normal, look: console.Look{Locale: content.Urdu}, entries: []store.Entry{person("en", "first words")}})
	path := "/desk/talks/" + string(id)
	w := h.window("amina")
	w.Open(path)
	w.Click(`#answer button.main`)
	w.Is(`document.querySelector("#text")`)
	for end := time.Now().Add(10 * time.Second); h.gateway.watching() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the page does not listen")
		}
	}
	h.writes(id, person("en", "second words"))
	w.Is(`[...document.querySelectorAll("#log .text")].at(-1).textContent === "second words"`)

	// Typing is kept without being sent.
	w.Type("#text", "half an ans")
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if d, err := h.db.Draft(context.Background(), id, amina.ID); err == nil && d == "half an ans" {
			break
		} else if time.Now().After(end) {
			t.Fatalf("the draft is %q, %v", d, err)
		}
	}
	// Ctrl+Enter sends, once.
	w.Type("#text", "wer")
	w.Value(`document.querySelector("#text").dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true, bubbles: true}))`)
	w.Is(`[...document.querySelectorAll("#log .bubble.staff .text")].map(x => x.textContent).join("|") === "half an answer" && document.querySelector("#text").value === ""`)

	// An article's words go into the box.
	w.Click("#look summary")
	w.Click(`#found a[href$="protector-pk"]`)
	w.Press(`#words [data-insert]`) // not by its place, which moves while the panel scrolls
	w.Is(`document.querySelector("#text").value.startsWith("جانے سے پہلے") && document.querySelector("#text").value.includes("• معاہدہ")`)

	// A note.
	w.Value(`document.querySelector("#note").open = true`)
	w.Type("#note textarea", "only us")
	w.Click("#note form button")
	w.Is(`document.querySelector("#log .bubble.note .text").textContent === "only us"`)

	// The case goes to a colleague while something stands in the box.
	if err := h.gateway.Command(context.Background(), id, amina.ID, desk.Pass{To: bilal.ID}); err != nil {
		t.Fatal(err)
	}
	w.Is(`document.querySelector("#text").readOnly && document.querySelector("#answer").innerText.includes("Bilal holds this case")`)
	if got := w.Value(`document.querySelector("#text").value`); !strings.HasPrefix(got, "جانے") {
		t.Errorf("the box holds %q", got)
	}
	if err := h.gateway.Command(context.Background(), id, bilal.ID, desk.Pass{To: amina.ID}); err != nil {
		t.Fatal(err)
	}
	w.Is(`document.querySelector("#text").readOnly === false && document.querySelector("#answer button.main")`)

	// The server is out of reach: the words stay, and the page says so.
	h.gateway.fail(fmt.Errorf("the disk is full"))
	w.Click(`#answer button.main`)
	w.Is(`document.querySelector("#answer .notice.bad") && document.querySelector("#text").value.startsWith("جانے")`)
	h.gateway.fail(nil)
}

func TestWithoutAServerTheWordsStay(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "one"})
	b := h.signsIn("amina")
	b.post("/desk/talks/"+string(id)+"/take", nil)
	w := h.window("amina")
	w.Open("/desk/talks/" + string(id))
	w.Type("#text", "do not lose me")
	w.Is(`window.htmx`)
	w.Done() // htmx says in the console that nobody answers
	w.server.CloseClientConnections()
	w.server.Listener.Close()
	w.Click(`#answer button.main`)
	w.Is(`!document.querySelector("#toast").hidden && document.querySelector("#text").value === "do not lose me" && document.querySelector("#text").readOnly === false`)
	w.Is(`!document.querySelector("#stalled").hidden`)
}

// TestPictures takes pictures of the pages, to be looked at, into the folder
// that SARAI_PICTURES names; without it, it looks only for what sticks out.
func TestPictures(t *testing.T) {
	h := build(t)
	h.gallery()
	ids := map[string]store.ThreadID{}
	for _, name := range []string{"urgent", "mine"} {
		id, err := h.db.ThreadOfCase(context.Background(), desk.CaseID("case-"+name))
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = id
	}
	w := h.window("amina")
	pages := map[string]string{"queue": "/desk", "mine": "/desk?list=mine", "case": "/desk/talks/" + string(ids["mine"]), "urgent": "/desk/talks/" + string(ids["urgent"]), "staff": "/desk/staff", "profile": "/desk/profile"}
	for _, size := range sizes {
		for _, look := range faces[:3] {
			m, err := h.db.MemberByLogin(context.Background(), "amina")
			if err != nil {
				t.Fatal(err)
			}
			m.Locale = look.locale
			if err := h.db.PutMember(context.Background(), m); err != nil {
				t.Fatal(err)
			}
			size.screen.Dark = look.dark
			w.Show(size.screen)
			for name, path := range pages {
				w.Open(path)
				w.Shot(fmt.Sprintf("%s-%s-%s", name, size.name, look.name))
				if over := w.Wider(); over > 0 {
					t.Errorf("%s, %s, %s: sticks out by %v", name, size.name, look.name, over)
				}
				if name == "case" && size.name == "desktop" {
					w.Click("#look summary")
					w.Click(`#found a[href$="protector-pk"]`)
					w.Sees(`#words [data-insert]`)
					w.Shot(fmt.Sprintf("look-%s-%s", size.name, look.name))
				}
				if name == "urgent" && size.name == "phone" {
					w.Click(".head .more")
					w.Sees("#case")
					w.Shot(fmt.Sprintf("sheet-%s-%s", size.name, look.name))
				}
			}
		}
	}
}

// gallery is a morning at a centre.
func (h *house) gallery() {
	amina := h.hires("amina", "Amina Kamal", store.Administrator)
	bilal := h.hires("bilal", "Bilal Ahmad", store.Counsellor, "lahore")
	h.hires("chinara", "Чынара Асанова", store.Counsellor, "dhaka")
	h.opens(talk{name: "urgent", centre: "lahore", age: 4 * time.Minute, rank: desk.Urgent, reason: desk.Signalled, signals: []string{"captivity"}, channel: "whatsapp",
		look: console.Look{Locale: content.Urdu, Origin: "PK", Destination: "SA", Quiet: true, Erase: noon.Add(20 * time.Hour)},
		entries: []store.Entry{
			person("ur", "assalam o alaikum"),
			person("ur", "انہوں نے مجھے کمرے میں بند کر دیا ہے اور پاسپورٹ لے لیا ہے"),
			{Author: store.Event, By: desk.Program, Event: "case-opened", Text: "signal"},
			{Author: store.Event, By: desk.Program, Event: "alert", Text: "captivity"},
			{Author: store.Program, Locale: "ur", Edition: "9be1f0c2d3a4", Blocks: []channels.Block{{Kind: "paragraph", Text: "پہلے یہ کریں: اگر کوئی آپ کو دیکھ رہا ہے تو ابھی یہ فون رکھ دیں۔"}, {Kind: "item", Text: "پولیس 911"}, {Kind: "item", Text: "سفارت خانہ 00966 11 488 7272"}, {Kind: "quiet", Text: "چھپانے کے لیے لکھیں: hide"}},
				Options: []channels.Option{{Key: "a", Label: "سعودی عرب"}, {Key: "b", Label: "قطر"}, {Key: "c", Label: "کہیں اور"}}, Articles: []store.Cited{{Article: "locked-in", Locale: "ur", Hash: "3f9c1a7be204"}}},
			{Author: store.Person, Kind: channels.Choice, Text: "سعودی عرب", Locale: "ur"},
			{Author: store.Event, By: desk.Program, Event: "wants-erasing"},
		}, change: func(k *desk.Case) { k.WantsOut = true }})
	h.opens(talk{name: "voice", age: 31 * time.Minute, rank: desk.Unheard, reason: desk.Voiced, channel: "telegram", look: console.Look{Locale: content.Pashto, Origin: "AF"},
		entries: []store.Entry{{Author: store.Person, Kind: channels.Voice, Media: []channels.Media{{Ref: "r", Seconds: 42, Size: 61000, Type: "audio/ogg"}}}}})
	h.opens(talk{name: "today", age: 70 * time.Minute, rank: desk.SameDay, reason: desk.Signalled, signals: []string{"unpaid-wages"}, channel: "messenger", look: console.Look{Locale: content.Bangla, Origin: "BD"},
		entries: []store.Entry{person("bn", "চার মাস ধরে বেতন দেয় না, পাসপোর্টও রেখে দিয়েছে, এখন কী করব?")}})
	h.opens(talk{name: "normal", age: 3 * time.Hour, rank: desk.Normal, channel: "telegram", look: console.Look{Locale: content.Tajik, Origin: "TJ", Destination: "RU"},
		entries: []store.Entry{person("tg", "Патентро дар куҷо гирифтан мумкин аст ва чанд рӯз мегирад?")}})
	h.opens(talk{name: "english", age: 26 * time.Hour, rank: desk.Normal, channel: "web", look: console.Look{Locale: content.English, Origin: "PK"},
		entries: []store.Entry{person("en", "Hello, my agent asks 450000 rupees for a driver job in Riyadh. Is this normal, and who can check the licence for me before I pay the first part?")}, change: func(k *desk.Case) { k.Status, k.Holder, k.Away = desk.Held, bilal.ID, true }})
	h.opens(talk{name: "mine", centre: "lahore", age: 52 * time.Minute, rank: desk.Normal, channel: "telegram", look: console.Look{Locale: content.Urdu, Origin: "PK", Destination: "SA"},
		entries: []store.Entry{
			{Author: store.Person, Kind: channels.Text, Text: "protector ki fees kitni hai", Locale: "ur", At: noon.Add(-26 * time.Hour)},
			{Author: store.Program, Locale: "ur", At: noon.Add(-26 * time.Hour), Edition: "9be1f0c2d3a4", Blocks: []channels.Block{{Kind: "heading", Text: "فیس"}, {Kind: "paragraph", Text: "جانے سے پہلے پاسپورٹ پر پروٹیکٹر کی مہر ضروری ہے۔ فیس 2500 روپے ہے۔"}, {Kind: "quiet", Text: "Bureau of Emigration, 2030-12-01", Link: "https://beoe.gov.pk/"}},
				Options: []channels.Option{{Key: "a", Label: "کاغذات"}, {Key: "b", Label: "دفتر"}}, Articles: []store.Cited{{Article: "protector-pk", Section: "fees", Locale: "ur", Hash: "3f9c1a7be204"}}},
			{Author: store.Person, Kind: channels.Text, Text: "ایجنٹ کہتا ہے 45 ہزار دو، کیا یہ ٹھیک ہے؟", Locale: "ur"},
			{Author: store.Event, By: desk.Program, Event: "case-opened", Text: "asked"},
			{Author: store.Event, By: bilal.ID, Event: "case-taken"},
			{Author: store.Note, By: bilal.ID, Text: "Third person this week with the same agent. Keep the number."},
			{Author: store.Event, By: bilal.ID, Event: "case-passed", Text: string(amina.ID)},
			{Author: store.Person, Kind: channels.Picture, Late: true, Said: noon.Add(-49 * time.Minute), At: noon.Add(-20 * time.Minute), Media: []channels.Media{{Ref: "r", Size: 284000, Type: "image/jpeg"}}},
			{Author: store.Staff, By: amina.ID, Locale: "ur", Text: "سلام، سرکاری فیس 2500 روپے ہے۔ 45 ہزار نہ دیں، رسید مانگیں۔", At: noon.Add(-10 * time.Minute)},
			{Author: store.Person, Kind: channels.Text, Text: "shukria! License number OP&HRD 4321/LHR check kar dein please", Locale: "ur", At: noon.Add(-2 * time.Minute)},
		}, change: func(k *desk.Case) {
			k.Status, k.Holder, k.Before, k.Spoke = desk.Held, amina.ID, bilal.ID, noon.Add(-10*time.Minute)
		}})
}
