// SPDX-License-Identifier: GPL-3.0-or-later

package botapi_test

import (
	"encoding/json"
	"strconv"
	"sync"
	"testing"

	"github.com/go-telegram/bot/models"

	"sarai/standin/botapi"
)

func TestWhatABotIsTold(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.taken("getUpdates", args{"allowed_updates": []string{"message", "edited_message", "callback_query", "my_chat_member", "message_reaction"}})
	asif := p.Person(900001, "ur")
	start := asif.Start("")
	own := asif.Contact("+92000000000", true)
	other := asif.Contact("+92000000001", false)
	asif.Place(33.69, 73.06)
	asif.Sticker("🙏")
	asif.Edit(start, "salaam")
	p.taken("sendMessage", args{"chat_id": asif.ID(), "text": "Choose", "reply_markup": buttons("Work", "w")})
	m := asif.Last()
	asif.Press(m.ID, "w")
	p.taken("deleteMessage", args{"chat_id": asif.ID(), "message_id": m.ID})
	asif.Press(m.ID, "w")
	asif.Reply(own, "this one")
	asif.React(other, "👍")
	asif.Block()
	asif.Unblock()
	asif.Strange()
	asif.StrangeMessage()
	asif.VideoNote([]byte("film"), 5)
	asif.Audio("talk.mp3", []byte("ID3"), 61)
	asif.Video([]byte("film"), 9, "look")
	g := p.Group(-1001, "A room", asif)
	g.Say(asif, "/menu@"+botapi.Username+" now")
	if err := asif.Update("poll", json.RawMessage(`{"id":"1"}`)); err != nil {
		t.Error(err)
	}
	if asif.Update("poll", json.RawMessage(`{`)) == nil {
		t.Error("what is no JSON was taken")
	}

	var list []models.Update
	var raw []map[string]json.RawMessage
	b := p.taken("getUpdates", args{})
	if json.Unmarshal(b, &list) != nil || json.Unmarshal(b, &raw) != nil {
		t.Fatalf("the library cannot read %s", b)
	}
	next := func() models.Update {
		t.Helper()
		if len(list) == 0 {
			t.Fatal("nothing more came")
		}
		u := list[0]
		list, raw = list[1:], raw[1:]
		return u
	}
	is := func(ok bool, u models.Update) {
		t.Helper()
		if !ok {
			b, _ := json.Marshal(u)
			t.Errorf("came %s", b)
		}
	}
	u := next()
	is(u.Message.Text == "/start" && u.Message.From.LanguageCode == "ur" && u.Message.Chat.Type == "private" && u.Message.Chat.ID == asif.ID() &&
		u.Message.Date == int(p.clock.Now().Unix()) && len(u.Message.Entities) == 1 && u.Message.Entities[0].Type == "bot_command" && u.Message.Entities[0].Length == 6, u)
	u = next()
	is(u.Message.Contact.UserID == asif.ID() && u.Message.Contact.PhoneNumber == "+92000000000", u)
	u = next()
	is(u.Message.Contact.UserID == 0, u)
	u = next()
	is(u.Message.Location.Latitude == 33.69, u)
	u = next()
	is(u.Message.Sticker.Emoji == "🙏", u)
	u = next()
	is(u.EditedMessage.Text == "salaam" && u.EditedMessage.ID == start && u.EditedMessage.EditDate != 0, u)
	u = next()
	is(u.CallbackQuery.Data == "w" && u.CallbackQuery.From.ID == asif.ID() && u.CallbackQuery.Message.Message.Text == "Choose", u)
	u = next()
	is(u.CallbackQuery.Message.Message == nil && u.CallbackQuery.Message.InaccessibleMessage.MessageID == m.ID, u)
	u = next()
	is(u.Message.ReplyToMessage.Contact.UserID == asif.ID(), u)
	u = next()
	is(u.MessageReaction.MessageID == other && u.MessageReaction.NewReaction[0].ReactionTypeEmoji.Emoji == "👍", u)
	u = next()
	is(u.MyChatMember.NewChatMember.Type == "kicked" && u.MyChatMember.OldChatMember.Type == "member", u)
	u = next()
	is(u.MyChatMember.NewChatMember.Type == "member" && u.MyChatMember.OldChatMember.Type == "kicked", u)
	if _, ok := raw[0]["moon_phase"]; !ok {
		t.Errorf("a strange update came as %v", raw[0])
	}
	next()
	u = next()
	is(u.Message != nil && u.Message.Text == "", u)
	u = next()
	is(u.Message.VideoNote.Duration == 5, u)
	u = next()
	is(u.Message.Audio.FileName == "talk.mp3" && u.Message.Audio.Duration == 61, u)
	u = next()
	is(u.Message.Video.Duration == 9 && u.Message.Caption == "look", u)
	u = next()
	is(u.MyChatMember.Chat.Type == "supergroup" && u.MyChatMember.Chat.Title == "A room", u)
	u = next()
	is(u.Message.NewChatMembers[0].IsBot, u)
	u = next()
	is(u.Message.Chat.ID == -1001 && u.Message.Entities[0].Length == len("/menu@"+botapi.Username), u)
	next()
	if len(list) != 0 {
		t.Errorf("%d more came", len(list))
	}
}

// Everything at once: nothing is lost.
func TestACrowdAndABotThatChangesItsMind(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	h.answer = func(_ event, nth int) int {
		if nth%7 == 0 {
			return 500
		}
		return 200
	}
	const people, each = 20, 30
	var crowd sync.WaitGroup
	for id := range int64(people) {
		crowd.Go(func() {
			who := p.Person(id+1, "ur")
			for n := range each {
				who.Say(strconv.Itoa(n))
				who.Screen()
				who.Action()
			}
		})
	}
	for range 4 {
		p.taken("setWebhook", args{"url": h.URL})
		for id := range people {
			p.call("sendMessage", args{"chat_id": id + 1, "text": "x"})
		}
		p.taken("deleteWebhook", args{})
		p.updates(args{})
	}
	crowd.Wait()
	p.taken("setWebhook", args{"url": h.URL})
	p.await(func() bool { return p.Pending() == 0 })
	seen := map[int]bool{}
	for _, e := range h.deliveries() {
		seen[e.ID] = true
	}
	if len(seen) != people*each {
		t.Errorf("%d updates were delivered, %d were made", len(seen), people*each)
	}
}

func TestAKeyboardAndWhatElseABotSends(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "")
	asif.Start("")
	say := func(markup any) args { return args{"chat_id": 1, "text": "x", "reply_markup": markup} }
	p.taken("sendMessage", say(args{"keyboard": []any{[]any{"Yes", args{"text": "My number", "request_contact": true}, args{"text": "Here", "request_location": true}}}}))
	if k := asif.Keyboard(); len(k) != 1 || k[0][0].Text != "Yes" || k[0][1].Asks != "contact" || k[0][2].Asks != "location" {
		t.Errorf("the keyboard: %+v", k)
	}
	p.refused(400, `Bad Request: can't parse keyboard button: KeyboardButton must be a String or an Object`, "sendMessage", say(args{"keyboard": []any{[]any{7}}}))
	p.refused(400, `Bad Request: field "keyboard" must be an Array of Arrays`, "sendMessage", say(args{"keyboard": "x"}))
	p.taken("sendMessage", say(args{"remove_keyboard": true}))
	if asif.Keyboard() != nil {
		t.Error("the keyboard was to go")
	}

	p.taken("sendLocation", args{"chat_id": 1, "latitude": 33.69, "longitude": "73.06"})
	if m := asif.Last(); m.Place == nil || m.Place.Longitude != 73.06 {
		t.Errorf("the place: %+v", m)
	}
	p.refused(400, "Bad Request: latitude is empty", "sendLocation", args{"chat_id": 1, "longitude": 1})
	p.refused(400, "Bad Request: there is no text in the message to edit", "editMessageText", args{"chat_id": 1, "message_id": asif.Last().ID, "text": "x"})
	p.refused(400, "Bad Request: there is no caption in the message to edit", "editMessageCaption", args{"chat_id": 1, "message_id": asif.Last().ID, "caption": "x"})

	voice := asif.Voice([]byte("OggS"), 2)
	var file string
	for _, m := range asif.Screen() {
		if m.ID == voice {
			file = m.File.ID
		}
	}
	p.taken("sendVoice", args{"chat_id": 1, "voice": file, "caption": "yours"})
	m := asif.Last()
	p.taken("editMessageCaption", args{"chat_id": 1, "message_id": m.ID, "caption": "<i>yours</i> again", "parse_mode": "HTML"})
	if m := asif.Last(); m.Text != "yours again" || len(m.Entities) != 1 || m.File.Seconds != 2 {
		t.Errorf("the voice note: %+v", m)
	}
	p.refused(400, "Bad Request: can't use file of type Voice as Photo", "sendPhoto", args{"chat_id": 1, "photo": file})
	group := func(kinds ...string) args {
		var media []any
		for _, k := range kinds {
			media = append(media, args{"type": k, "media": file})
		}
		return args{"chat_id": 1, "media": media}
	}
	p.refused(400, "Bad Request: can't use the media of the specified type in the album", "sendMediaGroup", group("document", "audio"))
	p.refused(400, "Bad Request: too many messages to send as an album", "sendMediaGroup", group("audio", "audio", "audio", "audio", "audio", "audio", "audio", "audio", "audio", "audio", "audio"))
	p.taken("sendMediaGroup", group("audio", "audio"))

	p.taken("getChat", args{"chat_id": 1})
	asif.Erase(voice)
	before := len(asif.Screen())
	if asif.Erase(0); before < 5 || len(asif.Screen()) != 0 {
		t.Errorf("%d messages before the screen was emptied, %d after", before, len(asif.Screen()))
	}
}

func TestAMenuForOneChat(t *testing.T) {
	t.Parallel()
	p := serve(t)
	set := func(scope any, what string) args {
		return args{"scope": scope, "commands": []botapi.Command{{Command: "a", Description: what}}}
	}
	p.taken("setMyCommands", set(nil, "all"))
	p.taken("setMyCommands", set(args{"type": "all_private_chats"}, "private"))
	p.taken("setMyCommands", set(args{"type": "chat", "chat_id": 7}, "seven"))
	for id, want := range map[int64]string{7: "seven", 8: "private"} {
		if got := p.Person(id, "").Menu()[0].Description; got != want {
			t.Errorf("%d sees the menu of %s", id, got)
		}
	}
	p.refused(400, "Bad Request: can't parse BotCommandScope: Unsupported type specified", "setMyCommands", set(args{"type": "moon"}, "x"))
	p.refused(400, "Bad Request: can't parse BotCommandScope: Empty chat_id specified", "setMyCommands", set(args{"type": "chat"}, "x"))
	p.refused(400, "Bad Request: can't parse BotCommandScope JSON object", "setMyCommands", set("{", "x"))
}
