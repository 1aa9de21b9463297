// SPDX-License-Identifier: GPL-3.0-or-later

package telegram_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
	"sarai/standin/botapi"
)

// A person writes, presses, edits, blocks and comes back; each arrives once and
// nothing waits at Telegram afterwards.
func TestATalkByFetching(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	kept := p.listen()
	who := p.api.Person(900001, "ur")
	until(t, "the bot says what it wants to hear", p.api.Polling)
	hello := who.Start("leaflet-7")
	who.Say("confidential words")
	until(t, "two events arrive", func() bool { return len(kept.all()) == 2 })
	receipt, err := p.ch.Send(t.Context(), channels.Outbound{
		To: person("900001"), Blocks: []channels.Block{{Kind: channels.Paragraph, Text: "Which?"}},
		Options: []channels.Option{{Key: "a:fees", Label: "Fees"}, {Key: "menu", Label: "Menu"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	last := who.Last()
	if receipt.ID != fmt.Sprint(last.ID) || len(last.Buttons) != 1 || len(last.Buttons[0]) != 2 {
		t.Errorf("receipt %s, message %d with buttons %v", receipt.ID, last.ID, last.Buttons)
	}
	who.Press(last.ID, last.Buttons[0][0].Data)
	until(t, "the button stops spinning", func() bool { return who.Waiting() == 0 })
	who.Edit(hello+1, "other words")
	who.React(last.ID, "🙏")
	who.Block()
	who.Unblock()
	until(t, "nothing waits", func() bool { return p.api.Pending() == 0 })
	var got []string
	for _, in := range kept.all() {
		if in.From != person("900001") || in.Language != "ur" {
			t.Errorf("%s is from %s in %s", in.Kind, in.From.ID, in.Language)
		}
		got = append(got, fmt.Sprintf("%s %s%s%s", in.Kind, in.Text, in.Choice, in.Campaign))
	}
	want := []string{"start leaflet-7", "text confidential words", "choice a:fees", "edited other words", "reaction 🙏", "gone ", "back "}
	if !slices.Equal(got, want) {
		t.Errorf("arrived: %q", got)
	}
}

// The store fails: the person's message stays with Telegram, what others wrote
// is taken, and once the store is well everything is there, in order.
func TestTheStoreFails(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	kept := &store{}
	kept.failing(func(in channels.Inbound) error {
		if strings.HasPrefix(in.Text, "a2") {
			return errFull
		}
		return nil
	})
	a, b := p.api.Person(900001, ""), p.api.Person(900002, "")
	for i := 1; i <= 3; i++ {
		a.Say(fmt.Sprintf("a%d", i))
		b.Say(fmt.Sprintf("b%d", i))
	}
	p.listenTo(kept.sink)
	until(t, "what can be taken is taken", func() bool { return len(kept.all()) == 4 })
	seen := kept.tried()
	until(t, "the rest is tried again", func() bool { return kept.tried() > seen+6 })
	if p.api.Pending() == 0 {
		t.Fatal("it was confirmed though it was not taken: it would be lost")
	}
	kept.failing(nil)
	until(t, "all is taken and confirmed", func() bool { return len(kept.all()) == 6 && p.api.Pending() == 0 })
	var of []string
	for _, text := range kept.texts() {
		if text[0] == 'a' {
			of = append(of, text)
		}
	}
	if !slices.Equal(of, []string{"a1", "a2", "a3"}) {
		t.Errorf("in this order: %q", of)
	}
	if log := p.logged(); strings.Count(log, "could not be kept") != 1 || !strings.Contains(log, "works again") {
		t.Errorf("the log says it once, and that it is over: %s", log)
	}
}

// Telegram is ill in every way that was seen. Each is got over without a word
// lost or doubled.
func TestTelegramIsIll(t *testing.T) {
	for name, f := range map[string]botapi.Fault{
		"500":                     {Status: 500},
		"HTML":                    {Status: 502, Body: "<html><h1>502 Bad Gateway</h1></html>"},
		"HTML that says 200":      {Status: 200, Body: "<html>please sign in to this network</html>"},
		"another form":            {Status: 200, Body: `{"ok":true,"result":{"a":1}}`},
		"nothing":                 {Status: 200, Body: `null`},
		"slow":                    {Delay: 200 * time.Millisecond, Only: true},
		"silent":                  {Silent: true},
		"closed in the middle":    {Cut: true},
		"asks for a pause":        {RetryAfter: 1},
		"the token is not known":  {Status: 401},
		"the method is not known": {Status: 404},
		"another fetches":         {Status: 409, Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"},
		"forbidden":               {Status: 403},
		"bad request":             {Status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, botapi.Options{}, telegram.Options{})
			p.api.Fail("getWebhookInfo", f)
			f.Times = 3
			if f.Silent || f.RetryAfter > 0 {
				f.Times = 1
			}
			p.api.Fail("getUpdates", f)
			who := p.api.Person(900001, "")
			who.Say("confidential words")
			kept := p.listen()
			who.Say("second")
			until(t, "both are taken and confirmed", func() bool { return len(kept.all()) == 2 && p.api.Pending() == 0 })
			if kept.again != 0 {
				t.Errorf("%d came twice though the store was well", kept.again)
			}
			if log := p.logged(); name != "slow" && (!strings.Contains(log, "level=ERROR") || strings.Count(log, "level=ERROR") > 2) {
				t.Errorf("the log does not say it, or too often: %s", log)
			}
		})
	}
}

// The connection breaks after Telegram has sent updates: they come again.
func TestTheAnswerBreaksOff(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	p.api.Fail("getUpdates", botapi.Fault{Cut: true, Done: true, Times: 2})
	p.api.Person(900001, "").Say("still here")
	kept := p.listen()
	until(t, "it is taken and confirmed", func() bool { return len(kept.all()) == 1 && p.api.Pending() == 0 })
}

// Two servers fetch for one bot: Telegram ends the older question each time.
// Both say so, and nothing is lost.
func TestAnotherPoller(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	kept := &store{}
	p.listenTo(kept.sink)
	until(t, "the first fetches", p.api.Polling)
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: p.url})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	done := make(chan error, 1)
	go func() { done <- ch.Hasten().Poller().Listen(ctx, kept.sink) }()
	until(t, "the first is told", func() bool { return strings.Contains(p.logged(), "another program uses the same bot") })
	who := p.api.Person(900001, "")
	for i := range 20 {
		who.Say(fmt.Sprint(i))
	}
	until(t, "all is taken", func() bool { return len(kept.all()) == 20 && p.api.Pending() == 0 })
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A webhook from an earlier life of the bot is taken away; what waited for it is
// fetched.
func TestAWebhookWasSet(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	if _, err := http.Get(p.url + "/bot" + token + "/setWebhook?url=http://127.0.0.1:9/old"); err != nil {
		t.Fatal(err)
	}
	p.api.Person(900001, "").Say("for the webhook")
	kept := p.listen()
	until(t, "it is fetched", func() bool { return slices.Equal(kept.texts(), []string{"for the webhook"}) })
	// Somebody sets one while we run.
	if _, err := http.Get(p.url + "/bot" + token + "/setWebhook?url=http://127.0.0.1:9/again"); err != nil {
		t.Fatal(err)
	}
	p.api.Person(900001, "").Say("and another")
	until(t, "that is fetched too", func() bool { return len(kept.all()) == 2 })
}

// One update that nobody can read stands between others: it is kept, and they
// are not held up.
func TestAPoisonUpdate(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	who := p.api.Person(900001, "")
	who.Start("")
	for _, body := range []string{
		`{"message_id":"not a number","from":{"id":900001},"chat":{"id":900001},"date":1763770000,"text":"x"}`,
		`[]`, `null`, `"text"`, `{}`, `{"chat":{"id":1e300}}`, `{"photo":[null],"message_id":9000000,"chat":{"id":900001},"date":1763770000}`,
		strings.Repeat(`{"reply_to_message":`, 5000) + `{}` + strings.Repeat(`}`, 5000),
	} {
		if err := who.Update("message", json.RawMessage(body)); err != nil {
			t.Fatal(err)
		}
	}
	who.Strange()
	who.StrangeMessage()
	who.Say("after it")
	kept := p.listen()
	until(t, "all is confirmed", func() bool { return p.api.Pending() == 0 })
	all := kept.all()
	unknown := 0
	for _, in := range all {
		if in.Kind == channels.Unknown {
			unknown++
			if len(in.Raw) == 0 {
				t.Error("one was kept without its body")
			}
		}
	}
	if unknown != 10 || len(all) != 12 {
		t.Errorf("kept are %d, of them unread %d", len(all), unknown)
	}
	if !slices.Contains(kept.texts(), "after it") {
		t.Error("what came after it is missing")
	}
}

// The same update comes five times, as after lost confirmations, shuffled with
// one from last week: each is one event.
func TestAgainAndOutOfOrder(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	who := p.api.Person(900001, "")
	who.Start("")
	at := time.Now().Add(-7 * 24 * time.Hour).Unix()
	one := func(id int, text string, date int64) json.RawMessage {
		return encode(map[string]any{"message_id": id, "date": date, "text": text, "from": map[string]any{"id": 900001}, "chat": map[string]any{"id": 900001}})
	}
	for range 5 {
		for _, body := range []json.RawMessage{one(5000003, "third", time.Now().Unix()), one(5000001, "first", at), one(5000002, "second", at+1)} {
			if err := who.Update("message", body); err != nil {
				t.Fatal(err)
			}
		}
	}
	kept := p.listen()
	until(t, "all is confirmed", func() bool { return p.api.Pending() == 0 })
	if all := kept.all(); len(all) != 4 || kept.again != 12 {
		t.Errorf("%d events, %d again", len(all), kept.again)
	}
	for _, in := range kept.all() {
		if in.Text == "first" && in.At.Unix() != at {
			t.Errorf("the old one is of %v", in.At)
		}
	}
}

// After a week of silence Telegram numbers from anywhere, also below what was.
func TestNumbersBeginAnew(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	kept := p.listen()
	who := p.api.Person(900001, "")
	for i := 1; i <= 6; i++ {
		who.Say(fmt.Sprint(i))
		until(t, fmt.Sprintf("message %d is taken and confirmed", i), func() bool { return len(kept.all()) == i && p.api.Pending() == 0 })
		p.api.Renumber()
	}
}

// A press has the same number as an earlier update after the numbers began anew:
// it is another event all the same.
func TestTheSameNumberAgain(t *testing.T) {
	ch := adapter(t)
	ids := map[string]string{}
	for _, body := range []string{
		`"message":{"message_id":1,"chat":{"id":5},"date":1763770000,"text":"a"}`,
		`"message":{"message_id":2,"chat":{"id":5},"date":1763770000,"text":"a"}`,
		`"message":{"message_id":1,"chat":{"id":6},"date":1763770000,"text":"a"}`,
		`"edited_message":{"message_id":1,"chat":{"id":5},"date":1763770000,"edit_date":1763770001,"text":"b"}`,
		`"edited_message":{"message_id":1,"chat":{"id":5},"date":1763770000,"edit_date":1763770002,"text":"b"}`,
		`"callback_query":{"id":"1","from":{"id":5},"data":"x"}`,
		`"callback_query":{"id":"2","from":{"id":5},"data":"x"}`,
		`"my_chat_member":{"chat":{"id":5},"from":{"id":5},"date":1763770000,"new_chat_member":{"status":"kicked"}}`,
		`"my_chat_member":{"chat":{"id":5},"from":{"id":5},"date":1764770000,"new_chat_member":{"status":"kicked"}}`,
		`"message_reaction":{"chat":{"id":5},"message_id":1,"date":1763770000,"new_reaction":[]}`,
		`"moon":{"date":1763770000}`,
		`"moon":{"date":1764770000}`,
	} {
		in, _, err := ch.Read([]byte(`{"update_id":42,` + body + `}`))
		if err != nil || in == nil {
			t.Fatal(body, err)
		}
		if before := ids[in.ID]; before != "" {
			t.Errorf("%s and %s are both %s: one would be lost", before, body, in.ID)
		}
		ids[in.ID] = body
	}
}

// People at the same time: while one's message takes long, those of others are
// handed on, and one's own stay in order.
func TestPeopleDoNotWaitForOneAnother(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	const people = 50
	for i := 1; i <= people; i++ {
		p.api.Person(int64(900000+i), "").Say("at once")
	}
	var inside atomic.Int32
	together := make(chan struct{})
	p.listenTo(func(context.Context, ...channels.Inbound) error {
		if inside.Add(1) == people {
			close(together)
		}
		select {
		case <-together:
			return nil
		case <-time.After(patience):
			return errFull
		}
	})
	until(t, "all were with the store at the same time", func() bool { return inside.Load() >= people && p.api.Pending() == 0 })
}

// After a long outage many thousands wait. They are fetched a hundred at a time,
// and memory does not grow with them.
func TestManyWait(t *testing.T) {
	p := open(t, botapi.Options{Keep: -1}, telegram.Options{})
	const people, messages = 100, 50
	for i := range people * messages {
		p.api.Person(int64(900000+i%people), "").Say(fmt.Sprintf("%d of %s", i/people, strings.Repeat("long ", 200)))
	}
	var mu sync.Mutex
	var count, most, now int
	next := map[string]int{}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p.listenTo(each(func(_ context.Context, in channels.Inbound) error {
		mu.Lock()
		defer mu.Unlock()
		now++
		most = max(most, now)
		defer func() { now-- }()
		count++
		var n int
		_, _ = fmt.Sscanf(in.Text, "%d of", &n)
		if n != next[in.From.ID] {
			t.Errorf("number %d came when %d was next", n, next[in.From.ID])
		}
		next[in.From.ID]++
		return nil
	}))
	until(t, "all is confirmed", func() bool { return p.api.Pending() == 0 })
	runtime.GC()
	runtime.ReadMemStats(&after)
	if count != people*messages {
		t.Errorf("%d arrived", count)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("memory has grown by %d bytes", grown)
	}
}

// A stop in the middle of a batch finishes what the store has, hands on nothing
// more, and loses nothing.
func TestAStopInTheMiddle(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	kept := &store{}
	who := p.api.Person(900001, "")
	for i := range 20 {
		who.Say(fmt.Sprint(i))
	}
	reached := make(chan struct{})
	stop := p.listenTo(func(ctx context.Context, in ...channels.Inbound) error {
		close(reached)
		<-ctx.Done() // what is under way is finished
		return kept.sink(ctx, in[:6]...)
	})
	<-reached
	stop()
	if n := len(kept.all()); n != 6 {
		t.Errorf("%d were taken", n)
	}
	p.listenTo(kept.sink)
	until(t, "all is taken", func() bool { return len(kept.all()) == 20 && p.api.Pending() == 0 })
	for i, text := range kept.texts() {
		if text != fmt.Sprint(i) {
			t.Fatalf("in place %d stands %q", i, text)
		}
	}
}

// A group adds the bot: it says one line in the language of whoever did it and
// leaves. Nothing of the group is kept.
func TestAGroupIsLeft(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{Words: []telegram.Words{
		{Language: "en", Group: "Only in private."}, {Language: "ru", Group: "Только лично."},
	}})
	kept := p.listen()
	until(t, "it fetches", p.api.Polling)
	ru := p.api.Group(-100200, "Village", p.api.Person(900001, "ru"))
	en := p.api.Group(-100201, "Town", p.api.Person(900002, "de"))
	until(t, "both are left", func() bool { return ru.Left() && en.Left() && p.api.Pending() == 0 })
	for g, want := range map[*botapi.Group]string{ru: "Только лично.", en: "Only in private."} {
		said := 0
		for _, m := range g.Screen() {
			if m.Bot {
				said++
				if m.Text != want {
					t.Errorf("it said %q", m.Text)
				}
			}
		}
		if said != 1 {
			t.Errorf("it said %d lines", said)
		}
	}
	p.api.Group(-100200, "Village", p.api.Person(900001, "ru"))
	until(t, "a group that adds it again is left again", func() bool { return ru.Left() && p.api.Pending() == 0 && p.api.Calls("leaveChat") >= 3 })
	// All who follow a channel would read the line.
	news := p.api.Broadcast(-100202, "News", p.api.Person(900001, "ru"))
	until(t, "the channel is left", func() bool { return news.Left() && p.api.Pending() == 0 })
	if n := len(news.Screen()); n != 0 {
		t.Errorf("it said %d lines in a channel", n)
	}
	if len(kept.all()) != 0 {
		t.Errorf("of the groups was kept: %v", kept.texts())
	}
}

// A button that was pressed long ago, or while Telegram is ill: the press is
// taken, and the person's phone stops waiting by itself.
func TestAnOldPress(t *testing.T) {
	p := open(t, botapi.Options{}, telegram.Options{})
	p.api.Fail("answerCallbackQuery", botapi.Fault{Status: 400, Description: "Bad Request: query is too old and response timeout expired or query ID is invalid", Times: -1})
	who := p.api.Person(900001, "")
	kept := p.listen()
	who.Start("")
	who.Press(4, "menu")
	until(t, "it is taken and confirmed", func() bool {
		return len(kept.all()) == 2 && p.api.Pending() == 0 && p.api.Calls("answerCallbackQuery") == 1
	})
	if log := p.logged(); log != "" {
		t.Errorf("the log says: %s", log)
	}
}

// What is asked for is said with each question, and the offset only after the
// first: whatever Telegram kept is wanted.
func TestWhatIsAskedFor(t *testing.T) {
	asked := make(chan map[string]any, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/getWebhookInfo") {
			_, _ = w.Write([]byte(`{"ok":true,"result":{"url":""}}`))
			return
		}
		var ask map[string]any
		_ = json.NewDecoder(r.Body).Decode(&ask)
		select {
		case asked <- ask:
		default:
		}
		_, _ = w.Write([]byte(`{"ok":true,"result":[{"update_id":41},{"update_id":9,"message":{"message_id":1,"chat":{"id":5},"text":"a"}}]}`))
	}))
	defer srv.Close()
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ch.Poller().Listen(ctx, (&store{}).sink) }()
	first, second := <-asked, <-asked
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, ok := first["offset"]; ok || first["limit"] != 100.0 || first["timeout"] != 30.0 {
		t.Errorf("the first question is %v", first)
	}
	if second["offset"] != 42.0 {
		t.Errorf("the second question is %v", second)
	}
	if kinds := fmt.Sprint(second["allowed_updates"]); kinds != "[message edited_message callback_query my_chat_member message_reaction]" {
		t.Errorf("asked for: %s", kinds)
	}
}
