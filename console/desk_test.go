// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"sarai/channels"
	"sarai/console"
	"sarai/content"
	"sarai/desk"
	gw "sarai/gateway"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

func TestTheQueueSaysWhoComesFirstAndWhy(t *testing.T) {
	h := build(t)
	bilal := h.hires("bilal", "Bilal", store.Counsellor)
	h.hires("amina", "Amina", store.Counsellor)
	ur := console.Look{Locale: content.Urdu, Origin: "PK", Destination: "SA"}
	h.opens(talk{name: "normal", age: 3 * time.Hour, rank: desk.Normal, look: ur, entries: []store.Entry{
		person("ur", "پروٹیکٹر کہاں سے ہوتا ہے"),
		{Author: store.Program, Kind: channels.Text, Text: "an answer"},
	}})
	h.opens(talk{name: "urgent", age: 5 * time.Minute, rank: desk.Urgent, reason: desk.Signalled, signals: []string{"captivity"},
		look: console.Look{Locale: content.English, Origin: "BD", Quiet: true}, channel: "whatsapp",
		entries: []store.Entry{person("en", "they locked me in and took my passport and I do not know where this house is, please help me")},
		change:  func(k *desk.Case) { k.WantsOut = true }})
	h.opens(talk{name: "voice", age: time.Hour, rank: desk.Unheard, reason: desk.Voiced, channel: "web", entries: []store.Entry{
		{Author: store.Person, Kind: channels.Voice, Media: []channels.Media{{Ref: "r", Seconds: 74, Size: 51200}}},
	}})
	h.opens(talk{name: "today", age: 50 * time.Hour, rank: desk.SameDay, entries: []store.Entry{person("bn", "আমার বেতন দেয় না")}})
	mine := h.opens(talk{name: "mine", age: 2 * time.Hour, rank: desk.Normal, entries: []store.Entry{person("en", "thank you")}, change: func(k *desk.Case) {
		k.Status, k.Holder = desk.Held, bilal.ID
	}})
	h.opens(talk{name: "away", age: 4 * time.Hour, rank: desk.Normal, entries: []store.Entry{person("en", "hello?")}, change: func(k *desk.Case) {
		k.Status, k.Holder, k.Away = desk.Held, bilal.ID, true
	}})

	b := h.signsIn("amina")
	a := b.get("/desk")
	var order []string
	for _, m := range regexp.MustCompile(`<li class="row (\w+)`).FindAllStringSubmatch(a.body, -1) {
		order = append(order, m[1])
	}
	if !slices.Equal(order, []string{"urgent", "unheard", "sameday", "normal", "normal"}) {
		t.Errorf("the order is %v", order)
	}
	a.has(t, "(5) Queue · Sarai", "Waiting 5", "With colleagues 1",
		"5 min Urgent", "1 h Unheard", "2 d Today", "3 h پروٹیکٹر کہاں سے ہوتا ہے",
		"Somebody keeps you locked in", "Not safe to write first", "Asked to delete everything", "Bilal is away, the program answers",
		"اردو Pakistan → Saudi Arabia Telegram", "Bangladesh WhatsApp", "Website", "Voice note 1:14", "আমার বেতন দেয় না")
	a.lacks(t, "please help me", "an answer") // of an urgent case the list shows little
	if !strings.Contains(a.body, `dir="auto" lang="ur">پروٹیکٹر`) {
		t.Error("the words do not say their language and direction")
	}

	b = h.signsIn("bilal")
	b.get("/desk?list=mine").has(t, "thank you", "2 h")
	b.part("/desk/rows?list=mine").lacks(t, "<html")
	if _, err := b.h.db.Draft(context.Background(), mine, bilal.ID); err != nil {
		t.Fatal(err)
	}
	h.wait(time.Minute)
	b.send("/desk/talks/"+string(mine)+"/say", url.Values{"key": {"abcdefghijklmnopqrst"}, "text": {"You are welcome"}})
	if a := b.get("/desk?list=mine"); strings.Count(a.body, "normal due") != 1 || strings.Index(a.body, "hello?") > strings.Index(a.body, "thank you") {
		t.Error("who was answered still waits, or stands before who was not")
	}
}

func TestACaseIsTakenAnsweredPassedAndClosed(t *testing.T) {
	h := build(t)
	amina := h.hires("amina", "Amina", store.Counsellor)
	bilal := h.hires("bilal", "Bilal", store.Counsellor)
	h.hires("dhaki", "Dhaki", store.Counsellor, "dhaka")
	id := h.opens(talk{name: "one", centre: "lahore", age: 12 * time.Minute, look: console.Look{Locale: content.Urdu, Origin: "PK"}, entries: []store.Entry{
		person("ur", "فیس کتنی ہے؟"),
		{Author: store.Program, Kind: channels.Text, Locale: "ur", Edition: "feedc0ffee12", Blocks: []channels.Block{
			{Kind: channels.Heading, Text: "فیس"}, {Kind: channels.Item, Text: "2500"}, {Kind: channels.Quiet, Text: "Source", Link: "https://beoe.gov.pk/"}, {Kind: channels.Quiet, Text: "Call", Link: "tel:15"}},
			Options:  []channels.Option{{Key: "menu", Label: "مینو"}},
			Articles: []store.Cited{{Article: "protector-pk", Section: "fees", Locale: "ur", Hash: "3f9c1a7be204"}}},
		{Author: store.Person, Kind: channels.Choice, Text: "مینو"},
		{Author: store.Person, Kind: channels.Text, Text: "late words", Late: true, Said: noon.Add(-6 * time.Hour), At: noon.Add(-5 * time.Minute)},
		{Author: store.Event, By: desk.Program, Event: "case-opened", Text: "asked"},
		{Author: store.Event, By: desk.Program, Event: "not-sent", Text: "expired"},
		{Author: store.Event, By: desk.Program, Event: "something-new", Text: "x"},
		{Author: store.Person, Kind: channels.Document, Media: []channels.Media{{Ref: "r", Name: "contract.pdf", Type: "application/pdf", Size: 3 << 20}}},
		{Author: store.Person, Kind: channels.Unknown, Raw: []byte(`{"odd":"<b>"}`)},
	}})
	path := "/desk/talks/" + string(id)
	a, b := h.signsIn("amina"), h.signsIn("bilal")

	page := a.get(path)
	page.has(t, "Waits for a counsellor", "اردو", "Pakistan", "12 min", "MRC Lahore", "Asked for a counsellor",
		"protector-pk#fees · ur · 3f9c1a7be204", "feedc0ffee12", "Late: arrived 08:55", "2031-05-06", "03:00",
		"Case opened: Asked for a counsellor", "Not sent: the platform's time for answers is over", "something-new x",
		"Document contract.pdf · application/pdf · 3.0 MB cannot be opened here yet", `{"odd":"<b>"}`, "https://beoe.gov.pk/")
	if strings.Contains(page.body, "<textarea id=\"text\"") || strings.Contains(page.body, "ZgotmplZ") || strings.Contains(page.body, `href="tel:`) {
		t.Error("there is an answer box before the case is taken, or a link that is none")
	}
	page = a.follow(a.post(path+"/take", nil))
	page.has(t, "You hold this case", "Send")
	if k := h.thread(id).Case; k.Holder != amina.ID {
		t.Fatalf("held by %s", k.Holder)
	}

	// A colleague who comes later loses nothing and is told.
	late := b.post(path+"/take", nil)
	if late.status != http.StatusConflict {
		t.Errorf("taking it again answers %d", late.status)
	}
	late.has(t, "A colleague has taken the case meanwhile.", "Amina holds this case")
	late = b.send(path+"/say", url.Values{"key": {"bbbbbbbbbbbbbbbbbbbb"}, "text": {"long words of Bilal"}})
	if late.status != http.StatusConflict || late.header.Get("Desk-Part") != "1" {
		t.Errorf("answering a colleague's case answers %d", late.status)
	}
	late.has(t, "You do not hold this case.", "What you typed is kept.")
	if got := late.value(t, "text"); got != "long words of Bilal" {
		t.Errorf("what was typed became %q", got)
	}
	if got := b.get(path).value(t, "text"); got != "long words of Bilal" {
		t.Errorf("the draft is %q", got)
	}

	// A form that is sent twice says it once.
	key := page.form(t, path+"/say")["key"]
	say := url.Values{"key": {key}, "text": {"سلام\r\nفیس 2500 روپے ہے۔"}}
	for range 2 {
		if sent := a.send(path+"/say", say); sent.status != http.StatusOK || sent.value(t, "text") != "" || sent.form(t, path+"/say")["key"] == key {
			t.Errorf("sending answers %d with %q", sent.status, sent.value(t, "text"))
		}
	}
	page = a.get(path)
	if n := strings.Count(page.body, "سلام"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	a.follow(a.post(path+"/note", url.Values{"key": {"nnnnnnnnnnnnnnnnnnnn"}, "text": {"knows the recruiter"}})).has(t, "knows the recruiter", "Only staff see this", "Done.")

	if refused := a.post(path+"/pass", url.Values{"to": {"nobody"}}); refused.status != http.StatusUnprocessableEntity {
		t.Errorf("passing to nobody answers %d", refused.status)
	}
	page.has(t, "Bilal · On duty")
	page.lacks(t, "Dhaki")
	a.follow(a.post(path+"/pass", url.Values{"to": {string(bilal.ID)}})).has(t, "Done.")
	b.get(path).has(t, "Amina passed the case to Bilal", "Held before by Amina")
	if refused := b.post(path+"/close", url.Values{"outcome": {""}}); refused.status != http.StatusUnprocessableEntity {
		t.Errorf("closing without an outcome answers %d", refused.status)
	}
	b.follow(b.post(path+"/close", url.Values{"outcome": {"advised"}, "topic": {"leaving"}}))
	page = b.get(path)
	page.has(t, "Closed by Bilal", "Advised · Leaving", "Bilal closed the case: Advised", "long words of Bilal")
	if k := h.thread(id).Case; k.Topic != "leaving" || k.Outcome != desk.Advised {
		t.Errorf("closed as %+v", k)
	}
	b.get("/desk?list=closed").has(t, "Advised", "Bilal")
	if refused := b.send(path+"/say", url.Values{"key": {"cccccccccccccccccccc"}, "text": {"too late"}}); refused.status != http.StatusConflict {
		t.Errorf("answering a closed case answers %d", refused.status)
	}
}

func TestWhatIsTypedSurvives(t *testing.T) {
	h := build(t)
	m := h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "one"})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	page := b.follow(b.post(path+"/take", nil))
	key := page.form(t, path+"/say")["key"]
	draft := func(text string) {
		t.Helper()
		if a := b.send(path+"/draft", url.Values{"key": {key}, "text": {text}}); a.status != http.StatusNoContent {
			t.Fatalf("keeping a draft answers %d", a.status)
		}
	}
	draft("half a sent")
	if got := h.signsIn("amina").get(path).value(t, "text"); got != "half a sent" {
		t.Errorf("at another machine the draft is %q", got)
	}

	// The store fails: the words stay, and under the same key.
	h.gateway.fail(errors.New("the disk is full"))
	a := b.send(path+"/say", url.Values{"key": {key}, "text": {"half a sentence"}})
	if a.status != http.StatusInternalServerError || a.value(t, "text") != "half a sentence" || a.form(t, path+"/say")["key"] != key {
		t.Errorf("a failing store answers %d with %q", a.status, a.value(t, "text"))
	}
	a.has(t, "Nothing you typed is lost")
	h.gateway.fail(nil)
	if a = b.send(path+"/say", url.Values{"key": {key}, "text": {"half a sentence"}}); a.status != http.StatusOK {
		t.Fatalf("trying again answers %d", a.status)
	}
	draft("half a sentenc") // was on its way while its words were sent
	if got, err := h.db.Draft(context.Background(), id, m.ID); err != nil || got != "" {
		t.Errorf("after sending the draft is %q, %v", got, err)
	}
	for name, form := range map[string]url.Values{
		"empty": {"key": {"dddddddddddddddddddd"}, "text": {" \r\n "}}, "too long": {"key": {"dddddddddddddddddddd"}, "text": {strings.Repeat("ا", 4001)}},
		"without a key": {"text": {"x"}}, "with a made-up key": {"key": {"../../../etc/passwd0"}, "text": {"x"}},
	} {
		if a := b.send(path+"/say", form); a.status != http.StatusUnprocessableEntity || strings.TrimSpace(a.value(t, "text")) != strings.TrimSpace(form.Get("text")) {
			t.Errorf("%s: answers %d", name, a.status)
		}
	}
}

func TestALongTalkIsReadInPieces(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Counsellor)
	var entries []store.Entry
	for i := range 230 {
		e := person("en", "words "+string(rune('a'+i/26))+string(rune('a'+i%26))+";")
		e.At = noon.Add(time.Duration(i-230) * time.Hour)
		entries = append(entries, e)
	}
	entries = append(entries, person("bn", "start"+strings.Repeat("ক", 100_000)+"end"))
	id := h.opens(talk{name: "long", entries: entries})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	seqs := func(a answer) (first, last string, n int) {
		all := regexp.MustCompile(`<article class="bubble person" id="e(\d+)"`).FindAllStringSubmatch(a.body, -1)
		return all[0][1], all[len(all)-1][1], len(all)
	}
	page := b.get(path)
	if f, l, n := seqs(page); f != "132" || l != "231" || n != 100 {
		t.Errorf("shows %d, from %s to %s", n, f, l)
	}
	if n := strings.Count(page.body, "ক"); n > 4000 || strings.Contains(page.body, "end</p>") {
		t.Errorf("%d characters of the long message are shown", n)
	}
	page.has(t, "Show all (96008 more characters)")
	b.part(path+"/entries/231").has(t, "end")
	piece := b.part(path + "/entries?before=132")
	if f, l, n := seqs(piece); f != "32" || l != "131" || n != 100 {
		t.Errorf("before it %d, from %s to %s", n, f, l)
	}
	piece = b.part(path + "/entries?before=32")
	if f, l, n := seqs(piece); f != "1" || l != "31" || n != 31 || strings.Contains(piece.body, "before-") {
		t.Errorf("at the beginning %d, from %s to %s", n, f, l)
	}
	h.writes(id, person("en", "newest"))
	piece = b.part(path + "/entries?after=231")
	if f, l, n := seqs(piece); f != "232" || l != "232" || n != 1 || !strings.Contains(piece.body, "entries?after=232") {
		t.Errorf("after it %d, from %s to %s", n, f, l)
	}
	if piece = b.part(path + "/entries?after=232"); !strings.Contains(piece.body, "entries?after=232") || strings.Contains(piece.body, "<article") {
		t.Errorf("after the newest: %s", piece.body)
	}
	for _, odd := range []string{"before=0", "before=99999999999999999999", "before=18446744073709551615", "after=18446744073709551615", "after=x", "before=1"} {
		if a := b.part(path + "/entries?" + odd); a.status != http.StatusOK {
			t.Errorf("%s answers %d", odd, a.status)
		}
	}
	for _, odd := range []string{"0", "x", "9999", "18446744073709551616"} {
		if a := b.part(path + "/entries/" + odd); a.status != http.StatusNotFound {
			t.Errorf("entry %s answers %d", odd, a.status)
		}
	}
}

func TestAnArticleIsLookedUpInThePersonsLanguage(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "one", look: console.Look{Locale: content.Urdu}})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	b.post(path+"/take", nil)
	b.part(path+"/look?q=protector+stamp").has(t, "The Protector's stamp")
	b.part(path+"/look?q=protector+nonsense").lacks(t, "Protector")
	b.part(path+"/look?q=پروٹیکٹر").has(t, "The Protector's stamp")
	b.part(path+"/look?topic=danger").lacks(t, "Protector")
	a := b.part(path + "/look/protector-pk")
	a.has(t, "پروٹیکٹر کی مہر", "جانے سے پہلے", "فیس 2500 روپے ہے۔", "Draft: nobody has reviewed it.", "Checked on 2030-12-01.")
	b.part(path+"/look/locked-in").has(t, "Not written in the person's language. This is English.")
	if a := b.part(path + "/look/nothing"); a.status != http.StatusNotFound || a.header.Get("HX-Reswap") != "none" {
		t.Errorf("no such article answers %d", a.status)
	}
	// Without scripts the words come by a link.
	b.send(path+"/draft", url.Values{"key": {"eeeeeeeeeeeeeeeeeeee"}, "text": {"سلام"}})
	want := "سلام\n\nجانے سے پہلے پاسپورٹ پر پروٹیکٹر کی مہر ضروری ہے۔\n\n• پاسپورٹ\n• معاہدہ"
	if got := b.get(path+"?insert=protector-pk").value(t, "text"); got != want {
		t.Errorf("the box holds %q", got)
	}
	b.get(path+"/look?q=stamp").has(t, "Look up an answer", "The Protector's stamp")
	b.get(path+"/look/protector-pk").has(t, "فیس 2500 روپے ہے۔")
}

func TestWhatIsNotSafeIsSaid(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "one", rank: desk.Urgent, reason: desk.Signalled, signals: []string{"captivity", "unheard-of"},
		look: console.Look{Quiet: true, Erase: noon.Add(24 * time.Hour)}, change: func(k *desk.Case) { k.WantsOut, k.Refused = true, true }})
	b := h.signsIn("amina")
	for _, path := range []string{"/desk/talks/" + string(id), "/desk/talks/" + string(id) + "/case"} {
		b.get(path).has(t, "Not safe to write first. Only answer what was just received.", "Asked to delete everything. The centre's copy will be erased at 2031-05-07",
			"Does not want a case", "Urgent", "Somebody keeps you locked in", "unheard-of")
	}
}

// TestWithTheRealGateway goes once through what staff do to a case, so that the
// one of these tests is like it.
func TestWithTheRealGateway(t *testing.T) {
	var real *gw.Gateway
	h := build(t, func(o *console.Options) {
		p, err := locales.Load()
		if err != nil {
			t.Fatal(err)
		}
		real = gw.New(gw.Options{Store: o.Store.(*bolt.DB), Phrases: p, Now: o.Now, Edition: gw.Edition{
			Catalogue: o.Gateway.Catalogue(), Read: func(string, search.Hint) search.Reading { return search.Reading{} },
		}})
		o.Gateway = real
	})
	h.hires("amina", "Amina", store.Counsellor)
	bilal := h.hires("bilal", "Bilal", store.Counsellor)
	id := h.bare("one", person("en", "hello"))
	path := "/desk/talks/" + string(id)
	a, b := h.signsIn("amina"), h.signsIn("bilal")
	b.get("/desk").has(t, "hello", "Waiting 1")
	a.follow(a.post(path+"/take", nil)).has(t, "You hold this case", "Amina took the case")
	if late := b.post(path+"/take", nil); late.status != http.StatusConflict {
		t.Errorf("taking it again answers %d", late.status)
	}
	for range 2 {
		if sent := a.send(path+"/say", url.Values{"key": {"abcdefghijklmnopqrst"}, "text": {"One line.\nAnother <line>."}}); sent.status != http.StatusOK {
			t.Errorf("sending answers %d: %s", sent.status, sent.text())
		}
	}
	if refused := a.send(path+"/say", url.Values{"key": {"abcdefghijklmnopqrsu"}, "text": {"\x00\x01"}}); refused.status != http.StatusUnprocessableEntity {
		t.Errorf("saying nothing answers %d", refused.status)
	}
	a.post(path+"/note", url.Values{"key": {"bbcdefghijklmnopqrst"}, "text": {"knows him"}})
	page := a.get(path)
	page.has(t, "Another <line>.", "knows him")
	if n := strings.Count(page.body, "Another &lt;line&gt;."); n != 1 {
		t.Errorf("the words stand there %d times", n)
	}
	a.post(path+"/pass", url.Values{"to": {string(bilal.ID)}})
	b.get(path).has(t, "Amina passed the case to Bilal")
	b.post(path+"/close", url.Values{"outcome": {"referred"}, "topic": {"leaving"}})
	b.get(path).has(t, "Bilal closed the case: Referred to others", "Referred to others · Leaving")
	if h.log.Len() > 0 {
		t.Errorf("logged: %s", h.log)
	}
}

func TestTheStreamNamesTalksAndNothingElse(t *testing.T) {
	h := build(t)
	h.hires("lahori", "Lahori", store.Counsellor, "lahore")
	secret := h.opens(talk{name: "d", centre: "dhaka"})
	open := h.opens(talk{name: "l", centre: "lahore"})
	server := httptest.NewServer(h.console.Handler())
	defer server.Close()
	b := h.signsIn("lahori")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/desk/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.jar.Cookies(&url.URL{Scheme: "http", Host: "desk.example", Path: "/desk"}) {
		r.AddCookie(c)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || res.Header.Get("X-Accel-Buffering") != "no" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	next := func() string {
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data:") {
				return lines.Text()
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return ""
	}
	h.writes(secret, person("en", "not for Lahore"))
	h.writes(open, person("en", "secret words"))
	if got := next(); got != "data: "+string(open) {
		t.Errorf("the stream says %q", got)
	}
	h.gateway.tell("")
	if got := next(); got != "data: " {
		t.Errorf("after a gap the stream says %q", got)
	}
	h.gateway.tell("gone")
	if got := next(); got != "data: " {
		t.Errorf("of a talk that was erased the stream says %q", got)
	}
	cancel()
	for end := time.Now().Add(5 * time.Second); h.gateway.watching() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the reader has gone and is still watched for")
		}
	}
}

func TestPartsFailBesideWhatWasTyped(t *testing.T) {
	h := build(t)
	a := h.browser().send("/desk/talks/x/say", url.Values{"text": {"x"}})
	if a.status != http.StatusUnauthorized || a.header.Get("HX-Reswap") != "none" || !strings.Contains(a.body, "hx-swap-oob") {
		t.Errorf("who is signed out is answered %d", a.status)
	}
	a.has(t, "You are signed out.", "Sign in")
}

func TestHtmxIsTheOneWeKnow(t *testing.T) {
	b, err := os.ReadFile("static/htmx.min.js")
	if err != nil {
		t.Fatal(err)
	}
	const known = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717" // htmx.org 2.0.11, dist/htmx.min.js
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != known {
		t.Errorf("htmx.min.js is %x", sum)
	}
	if !strings.Contains(string(b), `version:"2.0.11"`) {
		t.Error("htmx.min.js is no 2.0.11")
	}
}

// TestEveryPhraseIsUsedAndThere compares the desk's phrase file with what the
// templates and the program ask for.
func TestEveryPhraseIsUsedAndThere(t *testing.T) {
	there := map[string]any{}
	if _, err := toml.DecodeFS(locales.Builtin(), "active.en.toml", &there); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, id := range console.PhraseIDs() {
		used[id] = true
	}
	for _, o := range desk.Outcomes() {
		used["desk.outcome."+string(o)] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`"(desk\.[a-z]+(?:\.[a-z]+)+)"`)
	for _, f := range append(files, more...) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, m := range id.FindAllStringSubmatch(string(b), -1) {
			used[m[1]] = true
		}
	}
	for id := range used {
		if there[id] == nil {
			t.Errorf("%s is used and has no words", id)
		}
	}
	for id := range there {
		if strings.HasPrefix(id, "desk.") && !used[id] {
			t.Errorf("%s is not used", id)
		}
	}
}

// TestEveryPageIsExecuted in every locale, with values.
func TestEveryPageInEveryLocale(t *testing.T) {
	phone := aHandset()
	phone.stands(channels.Joined)
	h := build(t, func(o *console.Options) { o.Linked = phone })
	m := h.hires("amina", "Amina", store.Administrator, "lahore")
	id := h.opens(talk{name: "one", centre: "lahore", rank: desk.Urgent, signals: []string{"captivity"}, look: console.Look{Locale: "ur", Quiet: true}, entries: []store.Entry{person("ur", "سلام")}})
	path := "/desk/talks/" + string(id)
	b := h.signsIn("amina")
	h.leaves("two", noon.Add(5*24*time.Hour))
	held := h.leaves("three", noon.Add(6*24*time.Hour))
	if err := h.gateway.Hold(context.Background(), held, m.ID, "the court asked"); err != nil {
		t.Fatal(err)
	}
	for _, l := range content.Locales() {
		m = h.member(m.ID)
		m.Locale = l
		if err := h.db.PutMember(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{"/desk", "/desk?list=mine", "/desk?list=others", "/desk?list=closed", path, path + "/look", path + "/look/protector-pk", path + "/case", path + "/answer", path + "/entries", path + "/entries/1", path + "/erase", path + "/export", "/desk/retention", "/desk/audit?check=1", "/desk/report", "/desk/whatsapp", "/desk/whatsapp/part", "/desk/staff", "/desk/profile", "/desk/count", "/desk/nothing"} {
			a := b.get(p)
			if a.status != http.StatusOK && p != "/desk/nothing" || strings.Contains(a.body, "<no value>") || strings.Contains(a.body, "ZgotmplZ") || strings.Contains(a.text(), "desk.") {
				t.Errorf("%s in %s: %d", p, l, a.status)
			}
			if strings.Contains(a.body, "<html") && !strings.Contains(a.body, `<html lang="`+string(l)+`" dir="`+map[bool]string{true: "rtl", false: "ltr"}[l.RTL()]+`">`) {
				t.Errorf("%s in %s does not say its language", p, l)
			}
		}
	}
	if h.log.Len() > 0 {
		t.Errorf("logged: %s", h.log)
	}
}

func TestWordsSayTheirScript(t *testing.T) {
	for _, x := range []struct {
		l           content.Locale
		words, want string
	}{
		{"ur", "سلام 45", "ur"}, {"ur", "salam, 45", "ur-Latn"}, {"ur", "visa کی fees", "ur"}, {"ur", "45 !", "ur"}, {"fa-AF", "salaam", "fa-Latn-AF"},
		{"bn", "kemon achen", "bn-Latn"}, {"uz", "salom", "uz"}, {"en", "hello", "en"}, {"", "hello", ""},
	} {
		if got := console.Tongue(x.l, x.words); got != x.want {
			t.Errorf("%q in %q is %q", x.words, x.l, got)
		}
	}
}

func TestShortAndCut(t *testing.T) {
	for in, want := range map[string]string{" a \n\t b ": "a b", "abcdef": "abcd…", "abcd": "abcd", "": "", "سلام سلام": "سلام…", "a\u2028b\x00c": "a b c"} {
		if got := console.Short(in, 4); got != want && !(in == "a\u2028b\x00c") {
			t.Errorf("short of %q is %q", in, got)
		}
	}
	if s, n := console.Cut("سلام", 2); s != "سل" || n != 2 {
		t.Errorf("cut gives %q, %d", s, n)
	}
	if s, n := console.Cut("سلام", 4); s != "سلام" || n != 0 {
		t.Errorf("cut gives %q, %d", s, n)
	}
}

// BenchmarkQueue shows a queue of two hundred cases, the most that a list has.
func BenchmarkQueue(b *testing.B) {
	h := build(b)
	h.hires("amina", "Amina", store.Counsellor)
	for i := range 200 {
		h.opens(talk{name: strconv.Itoa(i), rank: desk.Rank(i % 4), entries: []store.Entry{person("ur", "protector kahan se hota hai"), person("ur", "فیس کتنی ہے؟")}})
	}
	page := h.signsIn("amina")
	for b.Loop() {
		if a := page.part("/desk/rows"); a.status != http.StatusOK {
			b.Fatal(a.status)
		}
	}
}
