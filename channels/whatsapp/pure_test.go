// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"sarai/channels"
	"sarai/channels/whatsapp"
)

func from(fromMe bool, m *waE2E.Message) *events.Message {
	e := &events.Message{RawMessage: m, Info: types.MessageInfo{
		ID: "ID1", Timestamp: time.Unix(1_790_000_000, 0),
		MessageSource: types.MessageSource{
			IsFromMe:  fromMe,
			Chat:      types.NewJID("9001", types.HiddenUserServer),
			Sender:    types.NewJID("9001", types.HiddenUserServer),
			SenderAlt: types.NewJID(amina, types.DefaultUserServer),
		},
	}}
	return e.UnwrapRaw()
}

func wrapped(m *waE2E.Message) *waE2E.FutureProofMessage {
	return &waE2E.FutureProofMessage{Message: m}
}

func TestWhatMessagesMean(t *testing.T) {
	t.Parallel()
	text := &waE2E.Message{Conversation: proto.String("words")}
	key := func(fromMe bool) *waCommon.MessageKey {
		return &waCommon.MessageKey{ID: proto.String("OLD"), FromMe: proto.Bool(fromMe)}
	}
	h := make([]byte, 32)
	photo := &waE2E.ImageMessage{
		Caption: proto.String("under it"), Mimetype: proto.String("image/jpeg"), DirectPath: proto.String("/v/x"),
		MediaKey: h, FileSHA256: h, FileEncSHA256: h, FileLength: proto.Uint64(5),
	}
	protocol := func(k waE2E.ProtocolMessage_Type, key *waCommon.MessageKey, edited *waE2E.Message) *waE2E.Message {
		return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Type: k.Enum(), Key: key, EditedMessage: edited}}
	}
	for name, c := range map[string]struct {
		m    *waE2E.Message
		kind channels.Kind // "" for nothing that anybody said
		text string
		of   string
	}{
		"text":                          {m: text, kind: channels.Text, text: "words"},
		"text with a link":              {m: &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String("a https://x")}}, kind: channels.Text, text: "a https://x"},
		"disappearing":                  {m: &waE2E.Message{EphemeralMessage: wrapped(text)}, kind: channels.Text, text: "words"},
		"disappearing, to be seen once": {m: &waE2E.Message{EphemeralMessage: wrapped(&waE2E.Message{ViewOnceMessageV2: wrapped(&waE2E.Message{ImageMessage: photo})})}, kind: channels.Picture, text: "under it"},
		"once, the oldest way":          {m: &waE2E.Message{ViewOnceMessage: wrapped(&waE2E.Message{ImageMessage: photo})}, kind: channels.Picture, text: "under it"},
		"of an album":                   {m: &waE2E.Message{AssociatedChildMessage: wrapped(&waE2E.Message{ImageMessage: photo})}, kind: channels.Picture, text: "under it"},
		"an album itself":               {m: &waE2E.Message{AlbumMessage: &waE2E.AlbumMessage{ExpectedImageCount: proto.Uint32(2)}}},
		"a picture":                     {m: &waE2E.Message{ImageMessage: photo}, kind: channels.Picture, text: "under it"},
		"a picture that cannot be had":  {m: &waE2E.Message{ImageMessage: &waE2E.ImageMessage{Caption: proto.String("x")}}, kind: channels.Unknown, text: "x"},
		"a place with a name":           {m: &waE2E.Message{LocationMessage: &waE2E.LocationMessage{DegreesLatitude: proto.Float64(33.5), DegreesLongitude: proto.Float64(-73.25), Name: proto.String("Embassy")}}, kind: channels.Place, text: "33.5, -73.25\nEmbassy"},
		"a live place":                  {m: &waE2E.Message{LiveLocationMessage: &waE2E.LiveLocationMessage{DegreesLatitude: proto.Float64(1), DegreesLongitude: proto.Float64(2)}}, kind: channels.Place, text: "1, 2"},
		"a contact": {m: &waE2E.Message{ContactMessage: &waE2E.ContactMessage{DisplayName: proto.String("A"), Vcard: proto.String(
			"BEGIN:VCARD\r\nN:;A;;;\r\nitem1.TEL;waid=120:+1 202-555-0177\r\nEND:VCARD")}}, kind: channels.Contact, text: "+1 202-555-0177\nA"},
		"a sticker":               {m: &waE2E.Message{StickerMessage: &waE2E.StickerMessage{Emojis: proto.String("🌙")}}, kind: channels.Sticker, text: "🌙"},
		"a poll":                  {m: &waE2E.Message{PollCreationMessageV3: &waE2E.PollCreationMessage{Name: proto.String("When?"), Options: []*waE2E.PollCreationMessage_Option{{OptionName: proto.String("Now")}}}}, kind: channels.Text, text: "When?\n- Now"},
		"a vote":                  {m: &waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{PollCreationMessageKey: key(false)}}, kind: channels.Reaction, of: "OLD"},
		"a reaction to us":        {m: &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Text: proto.String("👍"), Key: key(false)}}, kind: channels.Reaction, text: "👍", of: "OLD"},
		"a reaction to oneself":   {m: &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Text: proto.String("👍"), Key: key(true)}}, kind: channels.Reaction, text: "👍", of: "9001/OLD"},
		"an edit":                 {m: &waE2E.Message{EditedMessage: wrapped(protocol(waE2E.ProtocolMessage_MESSAGE_EDIT, key(true), text))}, kind: channels.Edited, text: "words", of: "9001/OLD"},
		"an edit of nothing":      {m: protocol(waE2E.ProtocolMessage_MESSAGE_EDIT, key(true), nil), kind: channels.Unknown},
		"taken back":              {m: protocol(waE2E.ProtocolMessage_REVOKE, key(true), nil), kind: channels.Deleted, of: "9001/OLD"},
		"a timer that was set":    {m: protocol(waE2E.ProtocolMessage_EPHEMERAL_SETTING, nil, nil)},
		"a number that is shared": {m: protocol(waE2E.ProtocolMessage_SHARE_PHONE_NUMBER, nil, nil)},
		"a key for a group":       {m: &waE2E.Message{SenderKeyDistributionMessage: &waE2E.SenderKeyDistributionMessage{}, MessageContextInfo: &waE2E.MessageContextInfo{}}},
		"nothing":                 {m: &waE2E.Message{}},
		"an order":                {m: &waE2E.Message{OrderMessage: &waE2E.OrderMessage{}}, kind: channels.Unknown},
		"a button of somebody's":  {m: &waE2E.Message{ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{Response: &waE2E.ButtonsResponseMessage_SelectedDisplayText{SelectedDisplayText: "Yes"}}}, kind: channels.Text, text: "Yes"},
	} {
		in, said := whatsapp.Read(from(false, c.m))
		if said != (c.kind != "") {
			t.Errorf("%s: something was said: %v", name, said)
			continue
		}
		if !said {
			continue
		}
		if in.Kind != c.kind || in.Text != c.text || in.Of != c.of || in.ID != "9001/ID1" || in.From.ID != "9001@lid" || in.Staff != "" {
			t.Errorf("%s: it is %+v", name, in)
		}
		if (in.Kind == channels.Unknown) != (len(in.Raw) > 0) {
			t.Errorf("%s: %d raw bytes", name, len(in.Raw))
		}
	}
	m := &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{Message: text}}
	if in, _ := whatsapp.Read(from(true, m)); in.Staff != channels.Phone || in.Text != "words" {
		t.Errorf("from the phone: %+v", in)
	}
	if in, _ := whatsapp.Read(&events.Message{Message: text, Info: types.MessageInfo{MessageSource: types.MessageSource{Sender: types.NewJID("1", types.DefaultUserServer)}}}); !in.At.IsZero() {
		t.Errorf("without a time it was at %v", in.At)
	}
}

func FuzzRead(f *testing.F) {
	for _, m := range []*waE2E.Message{
		{Conversation: proto.String("words")},
		{EphemeralMessage: wrapped(&waE2E.Message{ViewOnceMessage: wrapped(&waE2E.Message{AudioMessage: &waE2E.AudioMessage{PTT: proto.Bool(true)}})})},
		{ContactMessage: &waE2E.ContactMessage{Vcard: proto.String("TEL:1")}},
		{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_REVOKE.Enum()}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, fromMe bool) {
		var m waE2E.Message
		if proto.Unmarshal(b, &m) != nil {
			return
		}
		in, said := whatsapp.Read(from(fromMe, &m))
		if !said {
			return
		}
		if in.Kind == "" || in.ID == "" || in.From.IsZero() || in.Kind == channels.Unknown && len(in.Raw) == 0 {
			t.Errorf("%+v", in)
		}
		for _, x := range in.Media {
			if x.Ref == "" || x.Size < 0 || x.Seconds < 0 {
				t.Errorf("%+v", x)
			}
		}
	})
}

func TestMessagesFromRightToLeft(t *testing.T) {
	t.Parallel()
	got := whatsapp.Compose(channels.Outbound{
		RTL: true, Locale: "ur",
		Blocks: []channels.Block{
			{Kind: channels.Heading, Text: "ویزا"},
			{Kind: channels.Item, Text: "BEOE کا دفتر", Link: "https://beoe.gov.pk/x"},
			{Kind: channels.Item, Text: "فون", Link: "tel:+92511234567"},
			{Kind: channels.Quiet, Text: "2026-11-01"},
		},
		Options: []channels.Option{{Key: "a", Label: "ویزا"}, {Key: "b", Label: "CNIC"}},
	})
	want := "*ویزا*\n\n\u200f• BEOE کا دفتر\nhttps://beoe.gov.pk/x\n• فون: +92511234567\n\n\u200f2026-11-01\n\n\u200f1. ویزا\n\u200f2. CNIC"
	if got != want {
		t.Errorf("got\n%q, not\n%q", got, want)
	}
	if got := whatsapp.Compose(channels.Outbound{Blocks: []channels.Block{{Text: "a\xff"}}}); got != "a\uFFFD" {
		t.Errorf("%q", got)
	}
}

func TestThePace(t *testing.T) {
	t.Parallel()
	p := whatsapp.NewPace(func(least, most time.Duration) time.Duration { return most })
	now := time.Unix(1_790_000_000, 0)
	first, away := p.Turn("a", 10, now)
	if away != nil || first < 700*time.Millisecond || first > 2500*time.Millisecond {
		t.Errorf("the first waits %v, %v", first, away)
	}
	second, away := p.Turn("b", 10, now)
	if away != nil || second != first+3*time.Second {
		t.Errorf("another talk waits %v, %v", second, away)
	}
	if _, away = p.Turn("a", 10, now); away == nil || away.Problem != channels.Throttled || away.After <= 4*time.Second {
		t.Errorf("the same talk: %v", away)
	}
	if _, away = p.Turn("a", 10, now.Add(away.After)); away != nil {
		t.Errorf("after the pause that it asked for: %v", away)
	}
	if wait, _ := p.Turn("c", 4000, now.Add(time.Hour)); wait != 2500*time.Millisecond {
		t.Errorf("a long message types for %v", wait)
	}
}

func TestEveryStandingSaysWhatToDo(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for code, ok := range map[string]bool{
		channels.Unlinked: false, channels.Linking: true, channels.Joining: true, channels.Joined: true, channels.LoggedOut: false,
		channels.Replaced: false, channels.Banned: false, channels.Outdated: false, channels.Passkey: false, channels.Locked: false,
	} {
		f := whatsapp.Judge(channels.Standing{Code: code, Since: time.Now(), Until: time.Now()})
		if f.OK != ok || f.What == "" || f.Advice == "" || f.Advice == "unknown" || said[f.Advice] {
			t.Errorf("%s: %+v", code, f)
		}
		said[f.Advice] = true
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	p := stand(t)
	found := p.ch.Check(t.Context())
	if found[0].OK || found[0].What != "whatsapp link" {
		t.Errorf("unlinked: %+v", found)
	}
	p.listen()
	p.link("")
	if found := p.ch.Check(t.Context()); !found[0].OK || len(found) != 2 {
		t.Errorf("linked: %+v", found)
	}
	p.stop()
	if err := p.ch.Close(); err != nil {
		t.Fatal(err)
	}
	p.ch = p.at(time.Now().Add(3 * 24 * time.Hour))
	found = p.ch.Check(t.Context())
	if len(found) != 3 || found[1].OK || !strings.Contains(found[1].Advice, "72h") {
		t.Errorf("three days later: %+v", found)
	}
	if err := p.ch.Close(); err != nil {
		t.Fatal(err)
	}
	p.ch = p.at(time.Now().Add(366 * 24 * time.Hour))
	if found := p.ch.Check(t.Context()); found[len(found)-1].OK {
		t.Errorf("a year later: %+v", found)
	}
}

// at makes a channel with another clock.
func (p *place) at(now time.Time) *whatsapp.Channel {
	p.t.Helper()
	o := p.options()
	o.Now = func() time.Time { return now }
	ch, err := whatsapp.New(o)
	if err != nil {
		p.t.Fatal(err)
	}
	return ch
}

func TestTheDayOfTheLibrary(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "go.mau.fi/whatsmeow v0.0.0-" + strings.ReplaceAll(whatsapp.LibraryDate, "-", ""); !strings.Contains(string(b), want) {
		t.Errorf("go.mod does not have %s…: LibraryDate is changed with the version", want)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("0f", 32)
	for _, c := range []struct {
		o    whatsapp.Options
		want string
	}{
		{whatsapp.Options{}, "no file"},
		{whatsapp.Options{Path: "x", Unpaced: true}, "paced"},
		{whatsapp.Options{Path: "x", Endpoint: "https://web.whatsapp.com", RootKey: key}, "endpoint"},
		{whatsapp.Options{Path: "x", Endpoint: "http://192.0.2.1:80", RootKey: key}, "this machine"},
		{whatsapp.Options{Path: "x", Endpoint: "http://127.0.0.1.example.org:80", RootKey: key}, "this machine"},
		{whatsapp.Options{Path: "x", Endpoint: "127.0.0.1:8083"}, "root_key"},
		{whatsapp.Options{Path: "x", RootKey: key}, "endpoint"},
		{whatsapp.Options{Path: "x"}, ""},
		{whatsapp.Options{Path: "x", Endpoint: "127.0.0.1:8083", RootKey: key}, ""},
		{whatsapp.Options{Path: "x", Endpoint: "http://localhost:8083/", RootKey: key, Unpaced: true}, ""},
	} {
		err := c.o.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	if _, err := whatsapp.New(whatsapp.Options{Path: "/nowhere/at/all/whatsapp.db"}); err == nil {
		t.Error("a file was made where there is no folder")
	}
}
