// SPDX-License-Identifier: GPL-3.0-or-later

package telegram_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
)

func adapter(t testing.TB) *telegram.Channel {
	t.Helper()
	ch, err := telegram.New(telegram.Options{Token: token, APIURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func payload(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "updates", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatPeopleSend(t *testing.T) {
	type in = channels.Inbound
	second := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	media := func(ref, kind, name string, size int64, seconds int) []channels.Media {
		return []channels.Media{{Ref: ref, Type: kind, Name: name, Size: size, Seconds: seconds}}
	}
	// What is not said is: from 900001 in fa, ID of the message, at its time.
	for name, want := range map[string]in{
		"text":                 {ID: "777/900001/11", Kind: channels.Text, Text: "میرا پاسپورٹ ایجنٹ کے پاس ہے"},
		"start":                {ID: "777/900001/12", Kind: channels.Start},
		"start-code":           {ID: "777/900001/13", Kind: channels.Start, Campaign: "fb_post_17"},
		"start-words":          {ID: "777/900001/14", Kind: channels.Text, Text: "where do I get the visa?"},
		"start-bot-code":       {ID: "777/900001/15", Kind: channels.Start, Campaign: "fb-post"},
		"command":              {ID: "777/900001/16", Kind: channels.Text, Text: "/menu"},
		"command-behind-words": {ID: "777/900001/17", Kind: channels.Text, Text: "سلام /start"},
		"photo":                {ID: "777/900001/18", Kind: channels.Picture, Text: "my letter", Media: media("large", "image/jpeg", "", 104737, 0)},
		"album-first":          {ID: "777/900001/19", Kind: channels.Picture, Text: "both pages", Media: media("p1", "image/jpeg", "", 1140, 0)},
		"album-second":         {ID: "777/900001/20", Kind: channels.Picture, Media: media("p2", "image/jpeg", "", 1140, 0)},
		"voice":                {ID: "777/900001/21", Kind: channels.Voice, Media: media("voice-1", "audio/ogg", "", 11833, 3)},
		"audio":                {ID: "777/900001/22", Kind: channels.Audio, Media: media("audio-1", "audio/mpeg", "call.mp3", 500000, 61)},
		"video":                {ID: "777/900001/23", Kind: channels.Video, Text: "the room", Media: media("video-1", "video/mp4", "v.mp4", 900000, 9)},
		"video-note":           {ID: "777/900001/24", Kind: channels.Video, Media: media("note-1", "video/mp4", "", 300000, 7)},
		"animation":            {ID: "777/900001/25", Kind: channels.Video, Media: media("anim-1", "video/mp4", "a.mp4", 5000, 2)},
		"document":             {ID: "777/900001/26", Kind: channels.Document, Text: "contract", Media: media("doc-1", "application/pdf", "scan.pdf", 53639, 0)},
		"location":             {ID: "777/900001/27", Kind: channels.Place, Text: "33.6844, -0.5"},
		"venue":                {ID: "777/900001/28", Kind: channels.Place, Text: "24.7, 46.7\nThe hostel\nSecond street 4"},
		"contact-own":          {ID: "777/900001/29", Kind: channels.Contact, Text: "+0000000001\nA\n(the sender's own number, says Telegram)"},
		"contact-other":        {ID: "777/900001/30", Kind: channels.Contact, Text: "+0000000002\nB C"},
		"sticker":              {ID: "777/900001/31", Kind: channels.Sticker, Text: "😢"},
		"dice":                 {ID: "777/900001/32", Kind: channels.Sticker, Text: "🎲"},
		"forwarded":            {ID: "777/900001/33", Kind: channels.Text, Text: "Pay 300 today and you fly on Friday"},
		"reply":                {ID: "777/900001/34", Kind: channels.Text, Text: "the second"},
		"through-a-bot":        {ID: "777/900001/35", Kind: channels.Text, Text: "found by another bot"},
		"poll":                 {ID: "777/900001/36", Kind: channels.Unknown},
		"hologram":             {ID: "777/900001/37", Kind: channels.Unknown},

		"edited": {ID: "777/900001/11/edited/1763770050/700000031", Of: "777/900001/11", Kind: channels.Edited, Text: "corrected", At: second(1763770050)},
		"edited-caption": {
			ID: "777/900001/18/edited/1763770060/700000032", Of: "777/900001/18", Kind: channels.Edited, Text: "my other letter",
			At: second(1763770060), Media: media("small", "image/jpeg", "", 1140, 0),
		},
		"edited-place": {ID: "777/900001/27/edited/1763770070/700000033", Of: "777/900001/27", Kind: channels.Edited, Text: "33.7, 73.2", At: second(1763770070)},

		"pressed":      {ID: "777/pressed/4382bfdwdsb323b2d9", Kind: channels.Choice, Choice: "a:visa-check", At: time.Time{}},
		"pressed-old":  {ID: "777/pressed/4382bfdwdsb323b2da", Kind: channels.Choice, Choice: "menu", At: time.Time{}},
		"pressed-game": {ID: "777/pressed/4382bfdwdsb323b2db", Kind: channels.Unknown, At: time.Time{}},

		"blocked":           {ID: "777/900001/member/1763770060/700000037", Kind: channels.Gone, At: second(1763770060)},
		"unblocked":         {ID: "777/900001/member/1763770060/700000038", Kind: channels.Back, At: second(1763770060)},
		"member-unheard-of": {ID: "777/900001/member/1763770060/700000039", Kind: channels.Unknown, At: second(1763770060)},
		"reaction":          {ID: "777/900001/reaction/1763770080/700000040", Of: "777/900001/12", Kind: channels.Reaction, Text: "👍🙏", At: second(1763770080)},
		"reaction-off":      {ID: "777/900001/reaction/1763770081/700000041", Of: "777/900001/12", Kind: channels.Reaction, At: second(1763770081)},
		"reaction-custom":   {ID: "777/900001/reaction/1763770082/700000042", Of: "777/900001/12", Kind: channels.Reaction, At: second(1763770082)},

		"new-kind":              {ID: "777/update/1763770090/700000043", Kind: channels.Unknown, At: second(1763770090), Language: "-"},
		"new-kind-in-a-message": {ID: "777/update/1763770091/700000044", Kind: channels.Unknown, At: second(1763770091), Language: "-"},
		"new-kind-of-nobody":    {ID: "777/update/0/700000045", From: person("nobody"), Kind: channels.Unknown, Language: "-"},
		"changed-form":          {ID: "777/900001/71", Kind: channels.Unknown, At: second(1763770092), Language: "-"},
		"changed-form-unread":   {ID: "777/900001/72", Kind: channels.Text, Text: "still read", At: second(1763770093)},
	} {
		raw := payload(t, name)
		if want.From.IsZero() {
			want.From = person("900001")
		}
		switch want.Language {
		case "":
			want.Language = "fa"
		case "-":
			want.Language = ""
		}
		var number struct {
			Message struct {
				Date int64 `json:"date"`
			} `json:"message"`
		}
		if want.At.IsZero() && json.Unmarshal(raw, &number) == nil && number.Message.Date > 0 {
			want.At = second(number.Message.Date)
		}
		if want.Kind == channels.Unknown {
			want.Raw = raw
		}
		got, group, err := adapter(t).Read(raw)
		if err != nil || got == nil || group != 0 {
			t.Errorf("%s: %v, group %d, %v", name, got, group, err)
			continue
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s arrived as\n%+v, at %v, from %s\nnot as\n%+v, at %v, from %s", name, *got, got.At, got.From.ID, want, want.At, want.From.ID)
		}
	}
}

// Nobody waits for an answer to these: they are confirmed and that is all.
func TestWhatNobodyWaitsFor(t *testing.T) {
	for name, leaves := range map[string]bool{
		"pinned": false, "timer": false, "of-a-bot": false,
		"group-message": true, "group-added": true, "group-removed": false, "group-pressed": true, "channel-post": true,
	} {
		in, group, err := adapter(t).Read(payload(t, name))
		if err != nil || in != nil || (group != 0) != leaves {
			t.Errorf("%s: an event %v, the group is left %v, %v", name, in != nil, group != 0, err)
		}
	}
}

// Every payload file is in one of the tables above, or nothing tests it.
func TestNoPayloadIsForgotten(t *testing.T) {
	files, err := filepath.Glob("testdata/updates/*.json")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	source, err := os.ReadFile("update_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".json"); !bytes.Contains(source, []byte(`"`+name+`":`)) {
			t.Errorf("%s is in no table", name)
		}
	}
}

// Whatever comes: what is Telegram's is kept, what is not is refused, the same
// bytes give the same event, and nothing panics.
func FuzzUpdate(f *testing.F) {
	files, _ := filepath.Glob("testdata/updates/*.json")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"update_id":1}`))
	f.Add([]byte(`{"update_id":1,"message":{"message_id":1,"chat":{"id":1},"text":"/start@a"}}`))
	f.Add([]byte(`[]`))
	ch := adapter(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, group, err := ch.Read(raw)
		if err != nil {
			if !errors.Is(err, telegram.ErrNoUpdate) || in != nil || group != 0 {
				t.Fatal(in, group, err)
			}
			return
		}
		if group > 0 || in != nil && group != 0 {
			t.Fatalf("group %d", group)
		}
		if in == nil {
			return
		}
		if in.ID == "" || in.From.ID == "" || in.From.Channel != telegram.ChannelName || in.Kind == "" {
			t.Fatalf("%+v", in)
		}
		if strings.HasPrefix(in.From.ID, "-") || in.From.ID == "0" {
			t.Fatalf("from %s", in.From.ID)
		}
		if in.Kind == channels.Unknown && len(in.Raw) == 0 {
			t.Fatal("unknown and not kept")
		}
		if again, _, _ := ch.Read(raw); !reflect.DeepEqual(in, again) {
			t.Fatalf("%+v and then %+v", in, again)
		}
	})
}
