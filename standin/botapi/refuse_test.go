// SPDX-License-Identifier: GPL-3.0-or-later

package botapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"sarai/standin/botapi"
)

func TestOnlyTheTokenOpens(t *testing.T) {
	t.Parallel()
	p := serve(t)
	for _, path := range []string{"/bot7000001:wrong/getMe", "/botnonsense/getMe", "/bot/getMe", "/file/bot7000001:wrong/photos/file_1.jpg", "/bot" + token + "x/getMe"} {
		resp, err := http.Get(p.url + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 401 || !strings.Contains(string(b), `"error_code":401,"description":"Unauthorized`) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, b)
		}
		if strings.Contains(string(b), "wrong") || strings.Contains(string(b), "a-token") {
			t.Errorf("%s: the answer holds a token: %s", path, b)
		}
	}
	p.refused(404, "Not Found: method not found", "sendGreetings", args{})
	if p.Calls("getMe") != 0 {
		t.Error("a call with a wrong token counts as none")
	}
	p.taken("GETME", args{}) // in any case
}

// A request that breaks off has no effect, even where its first fields came.
func TestHalfARequestDoesNothing(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Person(1, "").Start("")
	half := "--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nyou owe 50\r\n--x\r\nContent-Disp"
	status, _, said := p.ask("POST", "/bot"+token+"/sendMessage", half, "Content-Type", "multipart/form-data; boundary=x")
	if status != 400 || len(p.Person(1, "").Screen()) != 1 {
		t.Errorf("%d %s", status, said)
	}
}

// All three ways of asking say the same.
func TestJSONFormAndAddress(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Person(1, "").Start("")
	p.taken("sendMessage", args{"chat_id": 1, "text": "one", "disable_notification": true, "reply_markup": nil})
	form := url.Values{"chat_id": {"1"}, "text": {"two & a half"}, "reply_markup": {`{"inline_keyboard":[[{"text":"x","callback_data":"y"}]]}`}}
	req, _ := http.NewRequest(http.MethodPost, p.url+"/bot"+token+"/sendMessage", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a, err := do(req); err != nil || !a.OK {
		t.Fatal(a, err)
	}
	req, _ = http.NewRequest(http.MethodGet, p.url+"/bot"+token+"/sendMessage?chat_id=1&text=three", nil)
	if a, err := do(req); err != nil || !a.OK {
		t.Fatal(a, err)
	}
	var got []string
	for _, m := range p.Person(1, "").Screen()[1:] {
		got = append(got, m.Text)
	}
	if strings.Join(got, "|") != "one|two & a half|three" {
		t.Errorf("on the screen: %q", got)
	}
	if b := p.Person(1, "").Screen()[2].Buttons; len(b) != 1 || b[0][0].Data != "y" {
		t.Errorf("buttons %+v", b)
	}
}

func TestWhoCanBeWrittenTo(t *testing.T) {
	t.Parallel()
	p := serve(t)
	stranger, member, blocker, deleted := p.Person(1, ""), p.Person(2, ""), p.Person(3, ""), p.Person(4, "")
	g := p.Group(-1001, "A room", member)
	g.Say(member, "hello")
	blocker.Start("")
	blocker.Block()
	deleted.Start("")
	deleted.Deactivate()
	say := func(chat any) args { return args{"chat_id": chat, "text": "x"} }
	p.refused(400, "Bad Request: chat not found", "sendMessage", say(stranger.ID()))
	p.refused(400, "Bad Request: chat not found", "sendMessage", say(99))
	p.refused(400, "Bad Request: chat not found", "sendMessage", say("@nobody"))
	p.refused(400, "Bad Request: chat_id is empty", "sendMessage", args{"text": "x"})
	p.refused(403, "Forbidden: bot can't initiate conversation with a user", "sendMessage", say(member.ID()))
	p.refused(403, "Forbidden: bot was blocked by the user", "sendMessage", say(blocker.ID()))
	p.refused(403, "Forbidden: bot was blocked by the user", "sendChatAction", args{"chat_id": 3, "action": "typing"})
	p.refused(403, "Forbidden: user is deactivated", "sendMessage", say(deleted.ID()))
	if blocker.Say("x") != 0 || blocker.Press(1, "x") != "" || deleted.Start("") != 0 {
		t.Error("who has blocked the bot, or has no account, cannot write to it")
	}
	blocker.Unblock()
	p.taken("sendMessage", say(blocker.ID()))

	p.taken("sendMessage", say(-1001))
	p.taken("leaveChat", args{"chat_id": -1001})
	p.refused(403, "Forbidden: bot is not a member of the supergroup chat", "sendMessage", say(-1001))
	if !g.Left() || g.Say(member, "x") != 0 {
		t.Error("the bot has left")
	}
	again := p.Group(-1001, "A room", member)
	again.Remove(member)
	p.refused(403, "Forbidden: bot was kicked from the supergroup chat", "sendMessage", say(-1001))
	p.refused(400, "Bad Request: chat member status can't be changed in private chats", "leaveChat", args{"chat_id": 3})
}

func TestTextsThatAreRefused(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Person(1, "").Start("")
	say := func(text string, more ...string) args {
		a := args{"chat_id": 1, "text": text}
		for i := 0; i < len(more); i += 2 {
			a[more[i]] = more[i+1]
		}
		return a
	}
	p.refused(400, "Bad Request: message text is empty", "sendMessage", say(""))
	p.refused(400, "Bad Request: text must be non-empty", "sendMessage", say(" \n\u200b\u2069 "))
	p.refused(400, "Bad Request: text must be non-empty", "sendMessage", say("<b> </b>", "parse_mode", "HTML"))
	p.taken("sendMessage", say(strings.Repeat("a", 4096)))
	p.taken("sendMessage", say("<b>"+strings.Repeat("<i>&amp;</i>", 2048)+strings.Repeat("ع", 2048)+"</b>", "parse_mode", "html"))
	p.taken("sendMessage", say(strings.Repeat("😀", 2048)))
	p.refused(400, "Bad Request: message is too long", "sendMessage", say(strings.Repeat("a", 4097)))
	p.refused(400, "Bad Request: message is too long", "sendMessage", say(strings.Repeat("😀", 2048)+"a"))
	p.refused(400, "Bad Request: text is too long", "sendMessage", say(strings.Repeat("<b></b>", 5000)+"a", "parse_mode", "HTML"))
	p.refused(400, "Bad Request: unsupported parse_mode", "sendMessage", say("*x*", "parse_mode", "MarkdownV2"))
	p.refused(400, `Bad Request: can't parse entities: Unsupported start tag "p" at byte offset 5`, "sendMessage", say("äa  <p>x</p>", "parse_mode", "HTML"))
	p.refused(400, "Bad Request: can't parse link preview options JSON object", "sendMessage", say("x", "link_preview_options", "{"))
	p.refused(400, "Bad Request: message to be replied not found", "sendMessage", say("x", "reply_parameters", `{"message_id":77}`))
	p.taken("sendMessage", say("x", "reply_parameters", `{"message_id":77,"allow_sending_without_reply":true}`))
	p.taken("sendMessage", say("x", "reply_parameters", `{"message_id":1}`))
	if got := p.Person(1, "").Last().ReplyTo; got != 1 {
		t.Errorf("it answers %d", got)
	}
}

func TestButtonsThatAreRefused(t *testing.T) {
	t.Parallel()
	p := serve(t)
	p.Person(1, "").Start("")
	with := func(markup any) args { return args{"chat_id": 1, "text": "x", "reply_markup": markup} }
	p.taken("sendMessage", with(buttons("Yes", strings.Repeat("k", 64))))
	p.refused(400, "Bad Request: BUTTON_DATA_INVALID", "sendMessage", with(buttons("Yes", strings.Repeat("k", 65))))
	p.refused(400, "Bad Request: BUTTON_DATA_INVALID", "sendMessage", with(buttons("Yes", strings.Repeat("ع", 33))))
	p.refused(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard", "sendMessage", with(buttons("Yes", "")))
	p.refused(400, `Bad Request: can't parse inline keyboard button: Can't find field "text"`, "sendMessage", with(args{"inline_keyboard": []any{[]any{args{"callback_data": "x"}}}}))
	p.refused(400, "Bad Request: inline keyboard button text must be non-empty", "sendMessage", with(buttons("", "x")))
	p.refused(400, "Bad Request: can't parse reply keyboard markup JSON object", "sendMessage", with("{"))
	p.refused(400, "Bad Request: object expected as reply markup", "sendMessage", with("[]"))
	p.refused(400, `Bad Request: field "inline_keyboard" must be an Array of Arrays`, "sendMessage", with(args{"inline_keyboard": []any{"x"}}))
	link := func(url string) any { return args{"inline_keyboard": []any{[]any{args{"text": "x", "url": url}}}} }
	p.taken("sendMessage", with(link("https://desk.example.org/a?b=c")))
	p.refused(400, "Bad Request: inline keyboard button URL 'tel:+920000000' is invalid: Wrong port number specified in the URL", "sendMessage", with(link("tel:+920000000")))
	p.refused(400, "Bad Request: inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL", "sendMessage", with(link("http://localhost/")))
	var many []string
	for i := range 101 {
		many = append(many, "x", strconv.Itoa(i))
	}
	p.refused(400, "Bad Request: reply markup is too long", "sendMessage", with(buttons(many...)))
}

func TestPressesAreAnsweredInTime(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "ur")
	asif.Start("")
	p.taken("sendMessage", args{"chat_id": 1, "text": "Choose", "reply_markup": buttons("Work", "w")})
	m := asif.Last()
	id := asif.Press(m.ID, "w")
	if asif.Waiting() != 1 {
		t.Error("the button must spin")
	}
	old := "Bad Request: query is too old and response timeout expired or query ID is invalid"
	p.refused(400, old, "answerCallbackQuery", args{"callback_query_id": "17"})
	p.refused(400, "Bad Request: MESSAGE_TOO_LONG", "answerCallbackQuery", args{"callback_query_id": id, "text": strings.Repeat("x", 201)})
	p.taken("answerCallbackQuery", args{"callback_query_id": id, "text": "Taken"})
	if asif.Waiting() != 0 || strings.Join(asif.Notices(), "") != "Taken" {
		t.Errorf("waiting %d, notices %q", asif.Waiting(), asif.Notices())
	}
	p.refused(400, old, "answerCallbackQuery", args{"callback_query_id": id})
	late := asif.Press(m.ID, "w")
	p.clock.pass(151 * time.Second)
	p.refused(400, old, "answerCallbackQuery", args{"callback_query_id": late})
}

func TestEditingAndDeleting(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "")
	own := asif.Start("")
	p.taken("sendMessage", args{"chat_id": 1, "text": "one", "reply_markup": buttons("Work", "w")})
	m := asif.Last()
	edit := func(id int, text string) args { return args{"chat_id": 1, "message_id": id, "text": text} }
	same := edit(m.ID, "one")
	same["reply_markup"] = buttons("Work", "w")
	p.refused(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message", "editMessageText", same)
	p.refused(400, "Bad Request: message can't be edited", "editMessageText", edit(own, "x"))
	p.refused(400, "Bad Request: message to edit not found", "editMessageText", edit(99, "x"))
	p.refused(400, "Bad Request: message identifier is not specified", "editMessageText", args{"chat_id": 1, "text": "x"})
	p.taken("editMessageReplyMarkup", args{"chat_id": 1, "message_id": m.ID})
	if now := asif.Last(); now.Text != "one" || now.Buttons != nil || !now.Edited {
		t.Errorf("after taking the buttons off: %+v", now)
	}
	p.taken("editMessageText", edit(m.ID, "two"))

	del := func(ids ...int) args { return args{"chat_id": 1, "message_ids": ids} }
	p.refused(400, "Bad Request: message to delete not found", "deleteMessage", args{"chat_id": 1, "message_id": 99})
	p.refused(400, "Bad Request: message identifiers are not specified", "deleteMessages", del([]int{}...))
	p.refused(400, "Bad Request: too many message identifiers specified", "deleteMessages", del(make([]int, 101)...))
	p.refused(400, "Bad Request: invalid message identifier specified", "deleteMessages", del(-1))
	p.clock.pass(47 * time.Hour)
	young := asif.Say("young")
	p.clock.pass(time.Hour + time.Second)
	p.refused(400, "Bad Request: message can't be deleted for everyone", "deleteMessages", del(young, m.ID))
	p.refused(400, "Bad Request: message can't be deleted for everyone", "deleteMessage", args{"chat_id": 1, "message_id": own})
	if len(asif.Screen()) != 3 {
		t.Error("one message that is too old keeps all")
	}
	p.taken("deleteMessages", del(young, 4711)) // who is gone is skipped
	if s := asif.Screen(); len(s) != 2 || s[1].Text != "two" {
		t.Errorf("on the screen: %+v", s)
	}
}

func TestTheMenuAndTheDescription(t *testing.T) {
	t.Parallel()
	p := serve(t)
	set := func(language string, list ...botapi.Command) args {
		return args{"commands": list, "language_code": language}
	}
	menu := botapi.Command{Command: "menu", Description: "What I can do"}
	p.taken("setMyCommands", set("", menu))
	p.taken("setMyCommands", set("ur", botapi.Command{Command: "menu", Description: "فہرست"}))
	if got := p.Person(1, "ur").Menu(); len(got) != 1 || got[0].Description != "فہرست" {
		t.Errorf("the menu in Urdu: %+v", got)
	}
	if got := p.Person(2, "ru").Menu(); len(got) != 1 || got[0] != menu {
		t.Errorf("the menu in a language without one: %+v", got)
	}
	p.taken("deleteMyCommands", args{"language_code": "ur"})
	if got := p.Person(1, "").Menu(); got[0] != menu {
		t.Errorf("after deleting: %+v", got)
	}
	if got := string(p.taken("getMyCommands", args{"language_code": "ur"})); got != "[]" {
		t.Errorf("getMyCommands: %s", got)
	}
	p.refused(400, "Bad Request: invalid language code specified", "setMyCommands", set("ckb", menu))
	p.refused(400, "Bad Request: invalid language code specified", "setMyDescription", args{"language_code": "fa-AF", "description": "x"})
	p.refused(400, "Bad Request: BOT_COMMAND_INVALID", "setMyCommands", set("", botapi.Command{Command: "Menu", Description: "x"}))
	p.refused(400, "Bad Request: command must be non-empty", "setMyCommands", set("", botapi.Command{Description: "x"}))
	p.refused(400, "Bad Request: command length must not exceed 32", "setMyCommands", set("", botapi.Command{Command: strings.Repeat("a", 33), Description: "x"}))
	p.refused(400, "Bad Request: command description must be non-empty", "setMyCommands", set("", botapi.Command{Command: "a"}))
	p.refused(400, "Bad Request: command description length must not exceed 256", "setMyCommands", set("", botapi.Command{Command: "a", Description: strings.Repeat("ع", 257)}))
	var many []botapi.Command
	for range 101 {
		many = append(many, menu)
	}
	p.refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH", "setMyCommands", set("", many...))

	p.taken("setMyDescription", args{"description": "A program answers here"})
	p.taken("setMyDescription", args{"description": "یہ ایک پروگرام ہے", "language_code": "ur"})
	if p.Person(1, "").About() != "یہ ایک پروگرام ہے" || p.Person(2, "").About() != "A program answers here" {
		t.Error("the description is in the person's language")
	}
	if got := string(p.taken("getMyDescription", args{})); got != `{"description":"A program answers here"}` {
		t.Errorf("getMyDescription: %s", got)
	}
	if a := p.call("setMyShortDescription", args{"short_description": strings.Repeat("x", 121)}); a.Code != 400 {
		t.Error("a short description has 120 characters at most")
	}
	if a := p.call("setMyDescription", args{"description": strings.Repeat("x", 513)}); a.Code != 400 {
		t.Error("a description has 512 characters at most")
	}
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFilesGoBothWays(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "")
	asif.Voice([]byte("OggS and a voice"), 3)
	asif.Document("scan.pdf", "application/pdf", []byte("%PDF-1.7"))
	asif.Attach(botapi.File{Kind: "document", Name: "big.zip", Size: 20<<20 + 1}, "")
	asif.Photo(picture(t, 640, 480), "my letter")
	asif.Album("two pages", botapi.File{Kind: "photo", Data: picture(t, 50, 50)}, botapi.File{Kind: "photo", Data: picture(t, 50, 50)})
	var got []struct {
		Message models.Message `json:"message"`
	}
	if err := json.Unmarshal(p.taken("getUpdates", args{}), &got); err != nil {
		t.Fatal(err)
	}
	voice, doc, big, photo, album := got[0].Message.Voice, got[1].Message.Document, got[2].Message.Document, got[3].Message, got[4:]
	if voice.Duration != 3 || voice.FileSize != 16 || doc.FileName != "scan.pdf" || doc.MimeType != "application/pdf" {
		t.Errorf("voice %+v, document %+v", voice, doc)
	}
	if len(photo.Photo) != 2 || photo.Photo[0].Width != 90 || photo.Photo[1].Width != 640 || photo.Caption != "my letter" || photo.Text != "" {
		t.Errorf("the photo: %+v", photo)
	}
	if len(album) != 2 || album[0].Message.MediaGroupID == "" || album[0].Message.MediaGroupID != album[1].Message.MediaGroupID ||
		album[0].Message.Caption != "two pages" || album[1].Message.Caption != "" {
		t.Errorf("the album: %+v", album)
	}

	b, err := bot.New(token, bot.WithServerURL(p.url))
	if err != nil {
		t.Fatal(err)
	}
	f, err := b.GetFile(soon(t), &bot.GetFileParams{FileID: voice.FileID})
	if err != nil {
		t.Fatal(err)
	}
	fetch := func() (int, string) {
		resp, err := http.Get(b.FileDownloadLink(f))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		c, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(c)
	}
	if status, c := fetch(); status != 200 || c != "OggS and a voice" {
		t.Errorf("fetched %d %q", status, c)
	}
	p.clock.pass(time.Hour + time.Second)
	if status, _ := fetch(); status != 404 {
		t.Errorf("an address holds an hour; later came %d", status)
	}
	p.refused(400, "Bad Request: file is too big", "getFile", args{"file_id": big.FileID})
	p.refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable", "getFile", args{"file_id": "nothing"})
	p.refused(400, "Bad Request: file_id not specified", "getFile", args{})

	upload := func(name string, data []byte) models.InputFile {
		return &models.InputFileUpload{Filename: name, Data: bytes.NewReader(data)}
	}
	if _, err := b.SendDocument(soon(t), &bot.SendDocumentParams{ChatID: 1, Document: upload("form.pdf", []byte("%PDF")), Caption: "<b>Fill</b>", ParseMode: "HTML"}); err != nil {
		t.Fatal(err)
	}
	if m := asif.Last(); m.File == nil || m.File.Name != "form.pdf" || string(m.File.Data) != "%PDF" || m.Text != "Fill" || len(m.Entities) != 1 {
		t.Errorf("the document on the screen: %+v", m)
	}
	if _, err := b.SendPhoto(soon(t), &bot.SendPhotoParams{ChatID: 1, Photo: upload("x.jpg", picture(t, 20, 20)), Caption: strings.Repeat("x", 1024)}); err != nil {
		t.Error(err)
	}
	if _, err := b.SendVoice(soon(t), &bot.SendVoiceParams{ChatID: 1, Voice: &models.InputFileString{Data: voice.FileID}}); err != nil {
		t.Error(err)
	}
	if m := asif.Last(); string(m.File.Data) != "OggS and a voice" {
		t.Errorf("a voice note that was sent again: %+v", m.File)
	}
	sent, err := b.SendMediaGroup(soon(t), &bot.SendMediaGroupParams{ChatID: 1, Media: []models.InputMedia{
		&models.InputMediaPhoto{Media: "attach://one", MediaAttachment: bytes.NewReader(picture(t, 20, 20)), Caption: "a"},
		&models.InputMediaPhoto{Media: "attach://two", MediaAttachment: bytes.NewReader(picture(t, 20, 20))},
	}})
	if err != nil || len(sent) != 2 || sent[0].MediaGroupID == "" {
		t.Errorf("the bot's album: %+v %v", sent, err)
	}
	refused := func(err error, why string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, expected %q", err, why)
		}
	}
	_, err = b.SendPhoto(soon(t), &bot.SendPhotoParams{ChatID: 1, Photo: upload("x.jpg", []byte("no picture"))})
	refused(err, "Bad Request: IMAGE_PROCESS_FAILED")
	_, err = b.SendPhoto(soon(t), &bot.SendPhotoParams{ChatID: 1, Photo: upload("x.jpg", picture(t, 9000, 1001))})
	refused(err, "Bad Request: PHOTO_INVALID_DIMENSIONS")
	_, err = b.SendPhoto(soon(t), &bot.SendPhotoParams{ChatID: 1, Photo: upload("x.jpg", make([]byte, 10<<20+1))})
	refused(err, "is too big for a photo")
	_, err = b.SendDocument(soon(t), &bot.SendDocumentParams{ChatID: 1, Document: upload("x", make([]byte, 50<<20+1))})
	if err == nil {
		t.Error("51 MB were taken")
	}
	_, err = b.SendDocument(soon(t), &bot.SendDocumentParams{ChatID: 1, Document: upload("x", []byte("x")), Caption: strings.Repeat("x", 1025)})
	refused(err, "Bad Request: message caption is too long")
	p.refused(400, "Bad Request: there is no photo in the request", "sendPhoto", args{"chat_id": 1})
	p.refused(400, "Bad Request: failed to get HTTP URL content", "sendPhoto", args{"chat_id": 1, "photo": "https://example.org/x.jpg"})
	p.refused(400, "Bad Request: wrong file identifier/HTTP URL specified", "sendPhoto", args{"chat_id": 1, "photo": "nothing"})
	p.refused(400, "Bad Request: there are no messages to send", "sendMediaGroup", args{"chat_id": 1, "media": "[]"})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "")
	asif.Start("")
	b, err := bot.New(token, bot.WithServerURL(p.url))
	if err != nil {
		t.Fatal(err)
	}
	send := func() error {
		_, err := b.SendMessage(soon(t), &bot.SendMessageParams{ChatID: 1, Text: "x"})
		return err
	}
	bubbles := func() int { return len(asif.Screen()) - 1 }

	p.Fail("sendMessage", botapi.Fault{RetryAfter: 7})
	var slow *bot.TooManyRequestsError
	if err := send(); !errors.As(err, &slow) || slow.RetryAfter != 7 {
		t.Errorf("429 came as %v", err)
	}
	p.Fail("sendMessage", botapi.Fault{Status: 403, Description: "Forbidden: user is deactivated", Times: 2})
	for range 2 {
		if err := send(); !errors.Is(err, bot.ErrorForbidden) {
			t.Errorf("403 came as %v", err)
		}
	}
	p.Fail("send*", botapi.Fault{Status: 502, Body: "<html>Bad Gateway</html>"})
	if err := send(); err == nil || !strings.Contains(err.Error(), "<html>") {
		t.Errorf("HTML came as %v", err)
	}
	p.Fail("sendMessage", botapi.Fault{Cut: true})
	if err := send(); err == nil || bubbles() != 0 {
		t.Errorf("a broken line before the message: %v, %d bubbles", err, bubbles())
	}
	p.Fail("sendMessage", botapi.Fault{Cut: true, Done: true})
	if err := send(); err == nil || bubbles() != 1 {
		t.Errorf("a broken line after the message: %v, %d bubbles", err, bubbles())
	}
	p.Fail("sendMessage", botapi.Fault{Silent: true, Done: true})
	ctx, giveUp := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := p.try(ctx, "sendMessage", args{"chat_id": 1, "text": "x"}); gone <- err }()
	p.await(func() bool { return bubbles() == 2 })
	giveUp()
	if <-gone == nil {
		t.Error("silence answered")
	}
	p.Fail("sendMessage", botapi.Fault{Delay: 30 * time.Millisecond, Only: true})
	begun := time.Now()
	if err := send(); err != nil || time.Since(begun) < 30*time.Millisecond {
		t.Errorf("a slow answer: %v after %v", err, time.Since(begun))
	}
	p.Fail("sendMessage", botapi.Fault{Times: -1, Chat: 2})
	p.Fail("sendMessage", botapi.Fault{Times: -1})
	if a := p.call("sendMessage", args{"chat_id": 1, "text": "x"}); a.Code != 500 || a.Description != "Internal Server Error" {
		t.Errorf("the plainest fault is %+v", a)
	}
	p.Heal()
	if err := send(); err != nil {
		t.Error(err)
	}
	if got := p.Calls("sendMessage"); got != 10 {
		t.Errorf("%d calls were counted", got)
	}
}

func TestWhatIsTooFast(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *botapi.Options) { o.Paced = true })
	for id := range int64(40) {
		p.Person(id+1, "").Start("")
	}
	say := func(id int) answer { return p.call("sendMessage", args{"chat_id": id, "text": "x"}) }
	for range 3 {
		if a := say(1); !a.OK {
			t.Fatal("a burst of three passes")
		}
	}
	a := say(1)
	if a.Code != 429 || a.Description != "Too Many Requests: retry after 1" || a.Parameters.After != 1 {
		t.Errorf("too fast for one chat: %+v", a)
	}
	p.clock.pass(time.Second)
	if !say(1).OK || say(1).OK {
		t.Error("one a second passes")
	}
	passed := 0
	for id := 2; id <= 40; id++ {
		if say(id).OK {
			passed++
		}
	}
	if passed != 29 {
		t.Errorf("%d more passed, 30 a second do in all", passed)
	}
}

func TestTypingEnds(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person(1, "")
	asif.Start("")
	p.refused(400, "Bad Request: wrong parameter action in request", "sendChatAction", args{"chat_id": 1, "action": "sleeping"})
	typing := args{"chat_id": 1, "action": "typing"}
	p.taken("sendChatAction", typing)
	if asif.Action() != "typing" {
		t.Error("the bot types")
	}
	p.clock.pass(5 * time.Second)
	if asif.Action() != "" {
		t.Error("after five seconds it does not")
	}
	p.taken("sendChatAction", typing)
	p.taken("sendMessage", args{"chat_id": 1, "text": "x"})
	if asif.Action() != "" {
		t.Error("nor after a message")
	}
}

func TestScreensAreBounded(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *botapi.Options) { o.Keep = 5 })
	asif := p.Person(1, "")
	for i := range 20 {
		asif.Say(strconv.Itoa(i))
	}
	s := asif.Screen()
	if len(s) != 5 || s[0].Text != "15" {
		t.Errorf("on the screen: %+v", s)
	}
	none := serve(t, func(o *botapi.Options) { o.Keep = -1 })
	asif = none.Person(1, "")
	asif.Say("x")
	none.taken("sendMessage", args{"chat_id": 1, "text": "x"})
	none.taken("deleteMessages", args{"chat_id": 1, "message_ids": []int{2}})
	none.taken("deleteMessage", args{"chat_id": 1, "message_id": 2})
	none.taken("editMessageText", args{"chat_id": 1, "message_id": 2, "text": "y"})
	if len(asif.Screen()) != 0 {
		t.Error("no screen was to be kept")
	}
}
