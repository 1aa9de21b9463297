// SPDX-License-Identifier: GPL-3.0-or-later

package telegram_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"sarai/channels"
	"sarai/channels/telegram"
	"sarai/standin/botapi"
)

// talking is a place where 900001 has begun a talk.
func talking(t *testing.T, o botapi.Options, c telegram.Options) (*place, *botapi.Person) {
	t.Helper()
	p := open(t, o, c)
	who := p.api.Person(900001, "en")
	who.Start("")
	return p, who
}

func problem(t *testing.T, err error) *channels.SendError {
	t.Helper()
	var e *channels.SendError
	if !errors.As(err, &e) || e == nil {
		t.Fatalf("it failed with %T (%v), not with a *SendError", err, err)
	}
	return e
}

// What an article's answer looks like on the phone.
func TestHowAMessageIsSet(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
	out := say(person("900001"), "")
	out.Blocks = []channels.Block{
		{Kind: channels.Heading, Text: "Fees <2026> & more"},
		{Kind: channels.Paragraph, Text: "Nobody may ask for money."},
		{Kind: channels.Item, Text: "Passport"},
		{Kind: channels.Item, Text: "Contract"},
		{Kind: channels.Item, Text: "Police", Link: "tel:15"},
		{Kind: channels.Item, Text: "Helpline: 11 488 7272", Link: "tel:114887272"},
		{Kind: channels.Quiet, Text: "Bureau, seen 01.12.2025", Link: `https://example.org/?a=1&b="2"`},
		{Kind: "later", Text: "a kind that came later", Link: "http://example.org"},
	}
	out.Options = []channels.Option{
		{Key: "a", Label: "Short"}, {Key: "b", Label: "Short too"}, {Key: "c", Label: "Short again"},
		{Key: "d", Label: "A label that is a good deal longer"}, {Key: "e", Label: "Last"},
	}
	if _, err := p.ch.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	m := who.Last()
	want := "Fees <2026> & more\n\nNobody may ask for money.\n\n• Passport\n• Contract\n• Police: 15\n• Helpline: 11 488 7272\n\nBureau, seen 01.12.2025\n\na kind that came later"
	if m.Text != want {
		t.Errorf("the text is\n%s\nnot\n%s", m.Text, want)
	}
	set := map[string]string{}
	units := []rune(m.Text) // nothing beyond the basic plane in it
	for _, e := range m.Entities {
		set[e.Type] = string(units[e.Offset:e.Offset+e.Length]) + e.URL
	}
	if set["bold"] != "Fees <2026> & more" || set["italic"] != "Bureau, seen 01.12.2025" || set["text_link"] != `Bureau, seen 01.12.2025https://example.org/?a=1&b="2"` {
		t.Errorf("set as %v", set)
	}
	if m.Preview {
		t.Error("the phone may show a preview of the address: it would fetch it")
	}
	var rows []int
	for _, row := range m.Buttons {
		rows = append(rows, len(row))
	}
	if !slices.Equal(rows, []int{2, 1, 1, 1}) {
		t.Errorf("rows of %v", rows)
	}
}

// A line of a text that runs from right to left begins at the right, also where
// its first word is Latin or a number.
func TestRightToLeft(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
	out := say(person("900001"), "")
	out.RTL, out.Locale = true, "ur"
	out.Blocks = []channels.Block{
		{Kind: channels.Paragraph, Text: "OPF کے دفتر جائیں\nپھر واپس آئیں"},
		{Kind: channels.Item, Text: "\u206611 488 7272\u2069 پر فون کریں"},
		{Kind: channels.Item, Text: "پولیس: 15", Link: "tel:15"},
		{Kind: channels.Paragraph, Text: "🌙 (سلام)"},
		{Kind: channels.Paragraph, Text: "۱۲ دن"},
	}
	if _, err := p.ch.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	want := "\u200fOPF کے دفتر جائیں\nپھر واپس آئیں\n\n\u200f• \u206611 488 7272\u2069 پر فون کریں\n• پولیس: 15\n\n🌙 (سلام)\n\n\u200f۱۲ دن"
	if got := who.Last().Text; got != want {
		t.Errorf("the text is\n%q\nnot\n%q", got, want)
	}
}

// A text as long as the limit goes whole, whatever is put around its words: then
// less is put.
func TestAtTheLimit(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
	limit := p.ch.Limits().Text
	for _, rtl := range []bool{false, true} {
		for _, blocks := range []int{1, 2, 100, 1000} {
			out := say(person("900001"), "")
			out.Blocks, out.RTL = nil, rtl
			each := (limit - (blocks - 1)) / blocks
			for i := range blocks {
				n := each
				if i == 0 {
					n += limit - (blocks - 1) - each*blocks
				}
				out.Blocks = append(out.Blocks, channels.Block{Kind: channels.Item, Text: strings.Repeat("x", n)})
			}
			if _, err := p.ch.Send(t.Context(), out); err != nil {
				t.Errorf("%d blocks, from right to left %v: %v", blocks, rtl, err)
				continue
			}
			if n := channels.UTF16(who.Last().Text); n != limit {
				t.Errorf("%d blocks: %d characters arrived", blocks, n)
			}
		}
	}
	_, err := p.ch.Send(t.Context(), say(person("900001"), strings.Repeat("x", limit+1)))
	if e := problem(t, err); e.Problem != channels.Rejected {
		t.Errorf("one more: %v", e)
	}
}

// Should Telegram not understand the markup, the words go without it.
func TestMarkupIsNotUnderstood(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
	p.api.Fail("sendMessage", botapi.Fault{Status: 400, Description: "Bad Request: can't parse entities: Unsupported start tag \"confidential words\" at byte offset 3"})
	out := say(person("900001"), "")
	out.Blocks = []channels.Block{{Kind: channels.Heading, Text: "a < b"}, {Kind: channels.Item, Text: "one"}}
	if _, err := p.ch.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if m := who.Last(); m.Text != "a < b\n\n• one" || len(m.Entities) != 0 {
		t.Errorf("arrived: %q with %v", m.Text, m.Entities)
	}
}

// What cannot be sent is said before Telegram is asked.
func TestWhatIsNotSent(t *testing.T) {
	p, _ := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
	for name, out := range map[string]channels.Outbound{
		"no words":            say(person("900001"), " \n "),
		"another channel":     say(channels.Address{Channel: "web", ID: "900001"}, "x"),
		"a group":             say(person("-900001"), "x"),
		"nobody":              say(person("nobody"), "x"),
		"a key of 65 bytes":   {To: person("900001"), Blocks: []channels.Block{{Text: "x"}}, Options: []channels.Option{{Key: strings.Repeat("k", 65), Label: "l"}}},
		"an empty key":        {To: person("900001"), Blocks: []channels.Block{{Text: "x"}}, Options: []channels.Option{{Label: "l"}}},
		"an empty label":      {To: person("900001"), Blocks: []channels.Block{{Text: "x"}}, Options: []channels.Option{{Key: "k", Label: " "}}},
		"101 choices":         {To: person("900001"), Blocks: []channels.Block{{Text: "x"}}, Options: slices.Repeat([]channels.Option{{Key: "k", Label: "l"}}, 101)},
		"a file without Open": {To: person("900001"), Attachment: &channels.Attachment{Kind: channels.Picture, Type: "image/png", Size: 4}},
		"a file of 21 MB":     {To: person("900001"), Attachment: &channels.Attachment{Kind: channels.Document, Size: 21 << 20, Open: content21}},
	} {
		_, err := p.ch.Send(t.Context(), out)
		if e := problem(t, err); e.Problem != channels.Rejected {
			t.Errorf("%s: %v", name, e)
		}
	}
	if n := p.api.Calls("sendMessage") + p.api.Calls("sendDocument") + p.api.Calls("sendPhoto"); n != 0 {
		t.Errorf("Telegram was asked %d times", n)
	}
}

func content21() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(nil)), nil }

// Each way in which sending goes wrong, and what the sender is told to do. No
// error holds the token, the person or the words.
func TestWhatGoesWrong(t *testing.T) {
	bad := func(status int, description string) botapi.Fault {
		return botapi.Fault{Status: status, Description: description}
	}
	for name, x := range map[string]struct {
		fault botapi.Fault
		want  channels.SendProblem
	}{
		"a pause":               {botapi.Fault{RetryAfter: 7}, channels.Throttled},
		"blocked":               {bad(403, "Forbidden: bot was blocked by the user"), channels.Blocked},
		"closed":                {bad(403, "Forbidden: user is deactivated"), channels.Blocked},
		"never begun":           {bad(403, "Forbidden: bot can't initiate conversation with a user"), channels.Blocked},
		"no such chat":          {bad(400, "Bad Request: chat not found"), channels.Blocked},
		"too long":              {bad(400, "Bad Request: message is too long"), channels.Rejected},
		"a bad key":             {bad(400, "Bad Request: BUTTON_DATA_INVALID"), channels.Rejected},
		"anything else":         {bad(400, "Bad Request: confidential words"), channels.Rejected},
		"too large":             {bad(413, "Request Entity Too Large"), channels.Rejected},
		"a wrong token":         {bad(401, "Unauthorized"), channels.Misset},
		"no method":             {bad(404, "Not Found"), channels.Misset},
		"a conflict":            {bad(409, "Conflict"), channels.Misset},
		"500":                   {bad(500, "Internal Server Error"), channels.Unavailable},
		"500 after it was done": {botapi.Fault{Status: 500, Done: true}, channels.Unavailable},
		"HTML":                  {botapi.Fault{Status: 502, Body: "<html>confidential words</html>"}, channels.Unavailable},
		"HTML that says 200":    {botapi.Fault{Status: 200, Body: "<html>sign in</html>"}, channels.NoAnswer},
		"HTML that forbids":     {botapi.Fault{Status: 403, Body: "<html>this site is blocked</html>"}, channels.Unavailable},
		"a redirect":            {botapi.Fault{Status: 302, Body: "<html>elsewhere</html>"}, channels.Unavailable},
		"closed in the middle":  {botapi.Fault{Cut: true, Done: true}, channels.NoAnswer},
		"silent":                {botapi.Fault{Silent: true}, channels.NoAnswer},
		"a supergroup":          {botapi.Fault{Status: 400, Body: `{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-100900001}}`}, channels.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
			p.api.Fail("sendMessage", x.fault)
			ctx, end := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer end()
			if !x.fault.Silent {
				ctx = t.Context()
			}
			_, err := p.ch.Send(ctx, say(person("900001"), "confidential words"))
			e := problem(t, err)
			if e.Problem != x.want {
				t.Errorf("Send says %s, not %s", e.Problem, x.want)
			}
			if x.want == channels.Throttled && e.After != 7*time.Second {
				t.Errorf("after %v", e.After)
			}
			p.clean(err.Error())
			p.clean(fmt.Sprintf("%+v %#v", err, err))
			if _, err := p.ch.Send(t.Context(), say(person("900001"), "the next")); err != nil {
				t.Errorf("the next message: %v", err)
			}
		})
	}
}

// Telegram took the message and says so in a form that nobody knows: it is not
// sent a second time.
func TestAReceiptInAnotherForm(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
	for _, body := range []string{`{"ok":true,"result":[]}`, `{"ok":true,"result":null}`, `{"ok":true,"result":{"message_id":{"of":"chat"}}}`} {
		p.api.Fail("sendMessage", botapi.Fault{Status: 200, Body: body, Done: true})
		r, err := p.ch.Send(t.Context(), say(person("900001"), body))
		if err != nil || r.ID != "" {
			t.Errorf("%s: receipt %q, %v", body, r.ID, err)
		}
		if who.Last().Text != body {
			t.Errorf("%s has not arrived", body)
		}
	}
}

// What the network does: nobody listens, it hangs before the request is out, the
// name does not exist, the certificate is another's.
func TestTheNetworkIsIll(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts into its queue and never reads
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	other := httptest.NewUnstartedServer(http.NotFoundHandler())
	other.Config.ErrorLog = log.New(io.Discard, "", 0)
	other.StartTLS()
	defer other.Close()
	for name, x := range map[string]struct {
		url  string
		file int64
		want channels.SendProblem
	}{
		"nobody listens":        {"http://127.0.0.1:1", 0, channels.Unavailable},
		"a certificate":         {other.URL, 0, channels.Unavailable},
		"it hangs with a file":  {"http://" + silent.Addr().String(), 15 << 20, channels.Unavailable},
		"it hangs with a short": {"http://" + silent.Addr().String(), 0, channels.NoAnswer},
	} {
		ch, err := telegram.New(telegram.Options{Token: token, APIURL: x.url, Unpaced: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithTimeout(t.Context(), 300*time.Millisecond)
		out := say(person("900001"), "confidential words")
		if x.file > 0 {
			out.Attachment = file(channels.Document, "application/pdf", bytes.Repeat([]byte("x"), int(x.file)))
		}
		_, err = ch.Send(ctx, out)
		end()
		if e := problem(t, err); e.Problem != x.want {
			t.Errorf("%s: %v", name, e)
		}
		(&place{t: t}).clean(fmt.Sprintf("%v %#v", err, err))
		if name == "nobody listens" {
			err := ch.Typing(t.Context(), person("900001"))
			(&place{t: t}).clean(fmt.Sprintf("%v %#v", problem(t, err), err))
		}
	}
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	_, err = ch.Send(ctx, say(person("900001"), "x"))
	if e := problem(t, err); e.Problem != channels.Unavailable {
		t.Errorf("a context that has ended: %v", e)
	}
}

func file(kind channels.Kind, mediaType string, content []byte) *channels.Attachment {
	return &channels.Attachment{
		ID: "f", Kind: kind, Name: `..\secret/../my "letter"` + "\u202e.pdf", Type: mediaType, Size: int64(len(content)), Seconds: 3,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

// What staff send arrives as what it is, with its words and choices.
func TestFilesOfStaff(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	large := append(bytes.Clone(picture.Bytes()), make([]byte, 11<<20)...)
	for _, x := range []struct {
		name string
		file *channels.Attachment
		want string
	}{
		{"a picture", file(channels.Picture, "image/png", picture.Bytes()), "photo"},
		{"a picture of 11 MB", file(channels.Picture, "image/png", large), "document"},
		{"a picture of another kind", file(channels.Picture, "image/heic", picture.Bytes()), "document"},
		{"a document", file(channels.Document, "application/pdf", []byte("%PDF-")), "document"},
		{"a voice note", file(channels.Voice, "audio/ogg; codecs=opus", []byte("OggS")), "voice"},
		{"a voice note of another kind", file(channels.Voice, "audio/webm", []byte("x")), "document"},
		{"a recording", file(channels.Voice, "audio/mpeg", []byte("ID3")), "audio"},
	} {
		out := say(person("900001"), "see page < 2")
		out.Attachment = x.file
		out.Options = []channels.Option{{Key: "k", Label: "Thanks"}}
		r, err := p.ch.Send(t.Context(), out)
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		m := who.Last()
		if m.File == nil || m.File.Kind != x.want || m.Text != "see page < 2" || len(m.Buttons) != 1 || r.ID != fmt.Sprint(m.ID) {
			t.Errorf("%s arrived as %+v", x.name, m)
			continue
		}
		if name := m.File.Name; x.want == "document" && strings.ContainsAny(name, "/\\\u202e") {
			t.Errorf("%s is called %q", x.name, name)
		}
		if x.want != "photo" && int64(len(m.File.Data)) != x.file.Size {
			t.Errorf("%s: %d bytes arrived", x.name, len(m.File.Data))
		}
	}
	// Without words.
	if _, err := p.ch.Send(t.Context(), channels.Outbound{To: person("900001"), Attachment: file(channels.Document, "application/pdf", []byte("%PDF-"))}); err != nil {
		t.Error(err)
	}
}

// A picture that Telegram cannot read, and somebody who takes no voice notes: it
// goes as a document.
func TestAFileThatIsNotTakenAsWhatItIs(t *testing.T) {
	for name, x := range map[string]struct {
		method, description string
		file                *channels.Attachment
	}{
		"a narrow picture": {"sendPhoto", "Bad Request: PHOTO_INVALID_DIMENSIONS", file(channels.Picture, "image/jpeg", []byte("x"))},
		"a broken picture": {"sendPhoto", "Bad Request: IMAGE_PROCESS_FAILED", file(channels.Picture, "image/jpeg", []byte("x"))},
		"no voice notes":   {"sendVoice", "Bad Request: VOICE_MESSAGES_FORBIDDEN", file(channels.Voice, "audio/ogg", []byte("x"))},
	} {
		p, who := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
		p.api.Fail(x.method, botapi.Fault{Status: 400, Description: x.description})
		out := say(person("900001"), "here")
		out.Attachment = x.file
		if _, err := p.ch.Send(t.Context(), out); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m := who.Last(); m.File == nil || m.File.Kind != "document" || m.Text != "here" {
			t.Errorf("%s arrived as %+v", name, m)
		}
	}
}

// A file that cannot be opened, or ends too early, is tried again later and
// nothing arrives.
func TestAFileThatCannotBeRead(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{Unpaced: true})
	for name, open := range map[string]func() (io.ReadCloser, error){
		"not opened": func() (io.ReadCloser, error) { return nil, errors.New("/data/media/confidential words") },
		"broken": func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("%PDF"), broken{})), nil
		},
	} {
		out := say(person("900001"), "x")
		out.Attachment = file(channels.Document, "application/pdf", []byte("%PDF-"))
		out.Attachment.Open = open
		_, err := p.ch.Send(t.Context(), out)
		if e := problem(t, err); e.Problem != channels.Unavailable {
			t.Errorf("%s: %v", name, e)
		}
		p.clean(err.Error())
	}
	if m := who.Last(); m.ID != 0 {
		t.Errorf("arrived: %+v", m)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("confidential words") }

// Telegram refuses what is sent too fast. The adapter keeps below that, and every
// message arrives or is to be sent later.
func TestPacing(t *testing.T) {
	p, who := talking(t, botapi.Options{Paced: true}, telegram.Options{})
	other := p.api.Person(900002, "")
	other.Start("")
	var mu sync.Mutex
	sent, later := 0, 0
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			_, err := p.ch.Send(t.Context(), say(person("900001"), fmt.Sprint(i)))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				sent++
				return
			}
			e := problem(t, err)
			if e.Problem != channels.Throttled || e.After <= 0 || e.After > 10*time.Second {
				t.Errorf("%v after %v", e, e.After)
			}
			later++
		})
	}
	begun := time.Now()
	if _, err := p.ch.Send(t.Context(), say(person("900002"), "to another")); err != nil || time.Since(begun) > time.Second {
		t.Errorf("another person waited %v: %v", time.Since(begun), err)
	}
	all.Wait()
	if sent < 4 || sent+later != 8 {
		t.Errorf("%d sent, %d later", sent, later)
	}
	got := 0
	for _, m := range who.Screen() {
		if m.Bot {
			got++
		}
	}
	// One may be refused all the same, on a busy machine, if those before it took
	// long on the way; without any pace five would be.
	if refused := p.api.Calls("sendMessage") - sent - 1; got != sent || refused > 1 {
		t.Errorf("%d arrived, Telegram was asked %d times", got, p.api.Calls("sendMessage"))
	}
}

// The pace itself, with a clock of the test's.
func TestThePace(t *testing.T) {
	now := time.Unix(1763770000, 0)
	pace := telegram.NewPace()
	// To one chat: three at once, then one a second.
	for i, want := range []time.Duration{0, 0, 0, time.Second, 2 * time.Second} {
		wait, away := pace.Turn(1, now.Add(time.Duration(i)*time.Millisecond))
		if away != 0 || (wait-want).Abs() > 200*time.Millisecond {
			t.Errorf("the %d. to one chat waits %v, stays away %v", i+1, wait, away)
		}
	}
	if _, away := pace.Turn(1, now); away < 2*time.Second || away > 4*time.Second {
		t.Errorf("the next stays away for %v", away)
	}
	// To all: thirty a second.
	now = now.Add(time.Minute)
	most := time.Duration(0)
	for i := range int64(60) {
		wait, away := pace.Turn(100+i, now)
		if away != 0 {
			t.Fatalf("the %d. stays away for %v", i+1, away)
		}
		most = max(most, wait)
	}
	if most < 1900*time.Millisecond {
		t.Errorf("sixty messages are out after %v", most)
	}
	// Telegram asks for a pause in one chat: others go on.
	now = now.Add(time.Minute)
	pace.Hold(1, now, 5*time.Second)
	if _, away := pace.Turn(1, now); away != 5*time.Second {
		t.Errorf("the chat stays away for %v", away)
	}
	if wait, away := pace.Turn(2, now); wait != 0 || away != 0 {
		t.Errorf("another chat waits %v, stays away for %v", wait, away)
	}
	// In a second one at the same time: it means everybody.
	pace.Hold(2, now, 7*time.Second)
	if _, away := pace.Turn(3, now); away != 7*time.Second {
		t.Errorf("everybody stays away for %v", away)
	}
	if wait, away := pace.Turn(3, now.Add(8*time.Second)); wait != 0 || away != 0 {
		t.Errorf("after it: %v, %v", wait, away)
	}
	// A hundred thousand people: the memory is bounded.
	for i := range int64(100_000) {
		now = now.Add(34 * time.Millisecond)
		pace.Turn(1000+i, now)
	}
	if n := pace.Size(); n > 4096 {
		t.Errorf("%d chats are kept in mind", n)
	}
}

// Somebody types: the person sees it.
func TestTyping(t *testing.T) {
	p, who := talking(t, botapi.Options{}, telegram.Options{})
	if err := p.ch.Typing(t.Context(), person("900001")); err != nil {
		t.Fatal(err)
	}
	if who.Action() != "typing" {
		t.Errorf("the person sees %q", who.Action())
	}
	who.Block()
	if e := problem(t, p.ch.Typing(t.Context(), person("900001"))); e.Problem != channels.Blocked {
		t.Error(e)
	}
	if e := problem(t, p.ch.Typing(t.Context(), person("x"))); e.Problem != channels.Rejected {
		t.Error(e)
	}
}

// letters are what is left of a text when all that a platform may tidy is gone.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// Whatever words a stranger or an editor writes, Telegram understands the markup
// and the person reads exactly those words.
func FuzzMarkup(f *testing.F) {
	for _, s := range []string{"a", "<b>x</b> & 'y' \"z\"", "&amp; &#60; &bogus;", "سلام OPF\n15", "</a><script>", "🌙\u200f\u2066", "\x00\xff\u2028", "- \n\n\n*"} {
		f.Add(s, "https://example.org/?q="+s, byte(3), true)
		f.Add(s, s, byte(200), false)
	}
	api := botapi.New(botapi.Options{Token: token})
	srv := httptest.NewServer(api.Handler())
	f.Cleanup(func() { api.Close(); srv.Close() })
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: srv.URL, Unpaced: true})
	if err != nil {
		f.Fatal(err)
	}
	who := api.Person(900001, "")
	who.Start("")
	kinds := []channels.BlockKind{channels.Paragraph, channels.Heading, channels.Item, channels.Quiet, "new"}
	f.Fuzz(func(t *testing.T, text, link string, which byte, rtl bool) {
		if strings.TrimSpace(strings.ToValidUTF8(text, "")) == "" || channels.UTF16(text) > 1900 || len(link) > 500 {
			return
		}
		out := say(person("900001"), "")
		out.RTL = rtl
		out.Blocks = []channels.Block{
			{Kind: kinds[int(which)%len(kinds)], Text: text, Link: link},
			{Kind: kinds[int(which/5)%len(kinds)], Text: text},
		}
		before := api.Calls("sendMessage")
		if _, err := ch.Send(t.Context(), out); err != nil {
			var e *channels.SendError
			if !errors.As(err, &e) || e.Problem != channels.Rejected || strings.Contains(e.Cause, "markup") {
				t.Fatalf("%q: %v", text, err)
			}
			return // nothing that can be seen in it
		}
		if n := api.Calls("sendMessage"); n != before+1 {
			t.Fatalf("%q: Telegram did not understand the markup", text)
		}
		if got, want := letters(who.Last().Text), letters(text+text); got != want {
			t.Fatalf("%q arrived as %q", text, who.Last().Text)
		}
		for _, e := range who.Last().Entities {
			switch e.Type {
			case "bold", "italic", "text_link":
			default:
				t.Fatalf("%q became %s", text, e.Type)
			}
			if e.Type == "text_link" && !strings.HasPrefix(e.URL, "https://") {
				t.Fatalf("%q became a link to %q", text, e.URL)
			}
		}
	})
}
