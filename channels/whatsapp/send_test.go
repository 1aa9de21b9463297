// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/whatsapp"
	standin "sarai/standin/whatsapp"
)

// talk makes a place where somebody has written.
func talk(t *testing.T) (*place, *standin.Person) {
	t.Helper()
	p := online(t)
	a := p.Person(amina)
	a.Write("hello")
	p.take(1)
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	return p, a
}

// ours gives what the phone shows from the centre.
func ours(a *standin.Person) []standin.Message {
	var all []standin.Message
	for _, m := range a.Messages() {
		if m.FromMe {
			all = append(all, m)
		}
	}
	return all
}

func TestNobodyIsWrittenToFirst(t *testing.T) {
	t.Parallel()
	p, _ := talk(t)
	b := p.Person(badr)
	bad := p.refused(words(b, "talk/1/0", "hello"))
	if bad.Problem != channels.Rejected {
		t.Errorf("it says %v", bad)
	}
	for _, id := range []string{"", "x", "12025550122", "1@g.us", "status@broadcast", "0@s.whatsapp.net", "a@lid", "1:2@lid", "1@newsletter"} {
		if bad := p.refused(channels.Outbound{To: channels.Address{Channel: whatsapp.ChannelName, ID: id}, Key: "k", Blocks: []channels.Block{{Text: "x"}}}); bad.Problem != channels.Rejected {
			t.Errorf("%q: %v", id, bad)
		}
	}
	if len(ours(b)) != 0 {
		t.Error("something arrived")
	}
	// It is known over a restart who has written.
	p.restart()
	p.standing(channels.Joined)
	p.send(words(p.Person(amina), "talk/2/0", "welcome back"))
}

func TestTheTelephoneNumberIsTheSamePerson(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	out := words(a, "talk/1/0", "by number")
	out.To.ID = a.JID().String()
	p.send(out)
	if got, err := a.Await(p.within(), 1); err != nil || got[0] != "by number" {
		t.Errorf("the phone reads %q, %v", got, err)
	}
}

func TestASecondTryHasTheSameID(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	p.Fail(standin.Fault{Done: true}) // it arrives, and nobody says so
	out := words(a, "talk/1/0", "once")
	if bad := p.refused(out); bad.Problem != channels.NoAnswer {
		t.Fatalf("it says %v", bad)
	}
	first := ours(a)[0].ID
	if r := p.send(out); r.ID != first || r.ID != whatsapp.MessageID("talk/1/0") {
		t.Errorf("the second try is %q, the first was %q", r.ID, first)
	}
	if other := p.send(words(a, "talk/1/1", "another")); other.ID == first {
		t.Error("another message has the same id")
	}
}

func TestRefusalsOfWhatsApp(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	for code, want := range map[int]channels.SendProblem{
		463: channels.Rejected, 479: channels.Rejected, 405: channels.Rejected, 400: channels.Rejected,
		429: channels.Throttled, 500: channels.Unavailable, 503: channels.Unavailable,
	} {
		p.Fail(standin.Fault{Nack: code})
		bad := p.refused(words(a, "talk/1/0", "secret words"))
		if bad.Problem != want || bad.Cause == "" || strings.Contains(bad.Error(), "secret") {
			t.Errorf("%d: %v", code, bad)
		}
	}
	p.Fail(standin.Fault{Cut: true})
	// The library tries once more by itself when the connection is back.
	if _, err := p.ch.Send(p.within(), words(a, "talk/2/0", "after the cut")); err != nil {
		var bad *channels.SendError
		if !errors.As(err, &bad) || bad.Problem != channels.NoAnswer {
			t.Errorf("a cut: %v", err)
		}
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	if _, err := p.ch.Send(ctx, words(a, "talk/3/0", "too late")); err == nil {
		t.Error("it was sent after the end")
	}
}

func TestWhatIsReadIsMarkedAndTypingIsShown(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	first := a.Messages()[0].ID
	if a.Ticks(first) == 3 {
		t.Error("it is read before anybody answers")
	}
	if err := p.ch.Typing(t.Context(), of(a)); err != nil {
		t.Fatal(err)
	}
	p.await("typing", func() bool { return a.SeesTyping() == "composing" })
	p.send(words(a, "talk/1/0", "hello"))
	p.await("read", func() bool { return a.Ticks(first) == 3 })
	if err := p.ch.Typing(t.Context(), of(p.Person(badr))); err == nil {
		t.Error("somebody who has not written sees typing")
	}
}

func TestAPacedAnswerTypesFirst(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	p.ch.Slow()
	sent := make(chan error, 1)
	go func() {
		_, err := p.ch.Send(p.within(), words(a, "talk/1/0", "slowly"))
		sent <- err
	}()
	p.await("typing", func() bool { return a.SeesTyping() == "composing" || len(ours(a)) > 0 })
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if _, err := a.Await(p.within(), 1); err != nil {
		t.Fatal(err)
	}
}

// chosen is a message with choices.
func chosen(to *standin.Person) channels.Outbound {
	out := words(to, "talk/1/0", "What do you need?")
	out.Options = []channels.Option{{Key: "visa", Label: "Visa"}, {Key: "work", Label: "Work"}, {Key: "home", Label: "Coming home"}}
	return out
}

func TestChoicesAreNumberedLines(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	p.send(chosen(a))
	got, err := a.Await(p.within(), 1)
	if want := "What do you need?\n\n1. Visa\n2. Work\n3. Coming home"; err != nil || got[0] != want {
		t.Errorf("the phone shows %q, %v", got, err)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 6)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(kind channels.Kind, mime, name string, content []byte) *channels.Attachment {
	return &channels.Attachment{
		ID: "file", Kind: kind, Type: mime, Name: name, Size: int64(len(content)), Seconds: 4,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

func TestFilesOfStaff(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	photo := picture(t)
	for i, c := range []struct {
		file *channels.Attachment
		kind string
		text string
		name string
	}{
		{file(channels.Picture, "image/jpeg", "map.jpg", photo), "image", "the way", ""},
		{file(channels.Picture, "image/webp", "map.webp", []byte("RIFF")), "document", "the way", "map.webp"},
		{file(channels.Document, "application/pdf", "../form\u202e.pdf", []byte("%PDF-1.7")), "document", "the way", "form.pdf"},
		{file(channels.Voice, "audio/ogg", "", []byte("OggS")), "voice", "", ""},
		{file(channels.Voice, "audio/mp4", "", []byte("ftyp")), "audio", "", ""},
	} {
		out := words(a, "file/"+string(rune('a'+i)), "the way")
		out.Attachment = c.file
		if c.text == "" {
			out.Blocks = nil
		}
		r := p.send(out)
		m := ours(a)[len(ours(a))-1]
		content, _ := c.file.Open()
		want, _ := io.ReadAll(content)
		if m.ID != r.ID || m.Kind != c.kind || m.Text != c.text || m.Name != c.name || !bytes.Equal(m.Media, want) {
			t.Errorf("%s %s: the phone shows %s %q, name %q, %d bytes", c.file.Kind, c.file.Type, m.Kind, m.Text, m.Name, len(m.Media))
		}
		if c.kind == "voice" && (m.Raw.GetAudioMessage().GetSeconds() != 4 || m.Mime != "audio/ogg; codecs=opus") {
			t.Errorf("the voice note is %v", m.Raw.GetAudioMessage())
		}
		if c.kind == "image" && m.Raw.GetImageMessage().GetWidth() != 8 {
			t.Error("the picture has no size")
		}
	}
	// The words beside a voice note follow it.
	out := words(a, "file/z", "in words too")
	out.Attachment = file(channels.Voice, "audio/ogg", "", []byte("OggS"))
	r := p.send(out)
	all := ours(a)
	if n := len(all); all[n-2].ID != r.ID || all[n-2].Kind != "voice" || all[n-1].Text != "in words too" {
		t.Errorf("the phone shows %+v", all[n-2:])
	}
	for _, bad := range []*channels.Attachment{
		file(channels.Document, "application/pdf", "large", make([]byte, 17<<20)), file(channels.Document, "application/pdf", "empty", nil), {Kind: channels.Picture},
	} {
		out := words(a, "file/bad", "x")
		out.Attachment = bad
		if err := p.refused(out); err.Problem != channels.Rejected {
			t.Errorf("%s: %v", bad.Name, err)
		}
	}
	unread := file(channels.Document, "application/pdf", "x", []byte("x"))
	unread.Open = func() (io.ReadCloser, error) { return nil, errFull }
	out.Attachment = unread
	if err := p.refused(out); err.Problem != channels.Unavailable {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

func TestFilesOfPeople(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	photo := picture(t)
	for _, c := range []struct {
		send    func() string
		kind    channels.Kind
		content []byte
		mime    string
	}{
		{func() string { return a.Voice([]byte("OggS voice"), 7) }, channels.Voice, []byte("OggS voice"), "audio/ogg"},
		{func() string { return a.Picture(photo, "my visa") }, channels.Picture, photo, "image/jpeg"},
		{func() string { return a.Video([]byte("mp4 film"), "") }, channels.Video, []byte("mp4 film"), "video/mp4"},
		{func() string { return a.Document("contract.pdf", "application/pdf", []byte("%PDF"), "read it") }, channels.Document, []byte("%PDF"), "application/pdf"},
	} {
		n := len(p.got()) + 1
		id := c.send()
		in := p.take(n)
		if in.Kind != c.kind || len(in.Media) != 1 || !strings.HasPrefix(in.Media[0].Type, c.mime) || in.Media[0].Size != int64(len(c.content)) {
			t.Fatalf("%s: it came as %s, %+v", c.kind, in.Kind, in.Media)
		}
		got, err := fetch(p, in.Media[0])
		if err != nil || !bytes.Equal(got, c.content) {
			t.Errorf("%s: %d bytes, %v", c.kind, len(got), err)
		}
		// Weeks later WhatsApp has thrown it away, and the centre's phone has it still.
		p.LoseMedia(id)
		if got, err := fetch(p, in.Media[0]); err != nil || !bytes.Equal(got, c.content) {
			t.Errorf("%s, asked of the phone: %d bytes, %v", c.kind, len(got), err)
		}
		p.ForgetMedia(id)
		if _, err := fetch(p, in.Media[0]); problemOf(err) != channels.Rejected {
			t.Errorf("%s, gone from the phone too: %v", c.kind, err)
		}
	}
	for _, m := range []channels.Media{{}, {Ref: "x"}, {Ref: "{}"}, {Ref: `{"path":"//evil.example/x"}`}, {Ref: p.got()[1].Media[0].Ref, Size: 1 << 30}} {
		if _, err := fetch(p, m); problemOf(err) != channels.Rejected {
			t.Errorf("%q: %v", m.Ref, err)
		}
	}
}

func problemOf(err error) channels.SendProblem {
	var bad *channels.SendError
	if errors.As(err, &bad) {
		return bad.Problem
	}
	return ""
}

func fetch(p *place, m channels.Media) ([]byte, error) {
	r, err := p.ch.Fetch(p.within(), m)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestHideTakesBackWhatSaraiSent(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	first := p.send(words(a, "talk/1/0", "danger"))
	voice := words(a, "talk/2/0", "in words")
	voice.Attachment = file(channels.Voice, "audio/ogg", "", []byte("OggS"))
	second := p.send(voice)
	if !p.ch.ClearsOursOnly() {
		t.Error("it promises to clear what the person wrote")
	}
	ids := []string{second.ID, first.ID}
	all, err := p.ch.Clear(p.within(), of(a), append(slices.Clone(ids), p.got()[0].ID))
	if err != nil || all {
		t.Errorf("all %v, %v: the person's own words remain", all, err)
	}
	p.await("taken back", func() bool {
		for _, m := range ours(a) {
			if !m.Revoked {
				return false
			}
		}
		return len(ours(a)) == 3
	})
	if len(a.Read()) != 0 {
		t.Errorf("the phone still shows %q", a.Read())
	}
	if all, err := p.ch.Clear(p.within(), of(a), ids); err != nil || !all {
		t.Errorf("once more: all %v, %v", all, err)
	}
	if _, err := p.ch.Clear(p.within(), of(p.Person(badr)), ids); problemOf(err) != channels.Rejected {
		t.Errorf("of somebody who has not written: %v", err)
	}
	// With no time for it, it says so and goes on later.
	third := p.send(words(a, "talk/3/0", "more"))
	short, end := context.WithTimeout(t.Context(), time.Second)
	defer end()
	if _, err := p.ch.Clear(short, of(a), []string{third.ID}); problemOf(err) != channels.Throttled {
		t.Errorf("without time: %v", err)
	}
	if all, err := p.ch.Clear(p.within(), of(a), []string{third.ID}); err != nil || !all {
		t.Errorf("with time: all %v, %v", all, err)
	}
}

func TestWhatIsSaidDoesNotStayInTheFile(t *testing.T) {
	t.Parallel()
	p, a := talk(t)
	a.Write("canary of the person")
	p.take(2)
	a.Status("canary of a status")
	p.Group("friends", a).Write(a, "canary in a group")
	p.send(words(a, "talk/1/0", "canary of the centre"))
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	sent, waiting, err := p.ch.Retried(t.Context())
	if err != nil || sent == 0 || waiting != 0 {
		t.Errorf("%d sent, %d waiting, %v", sent, waiting, err)
	}
	holds := func() (found []string) {
		for _, word := range []string{"canary of the person", "canary of the centre", "Person " + amina} {
			if inFiles(t, p.dir, word) {
				found = append(found, word)
			}
		}
		return found
	}
	if err := p.ch.Forget(t.Context(), of(a)); err != nil {
		t.Fatal(err)
	}
	if got := holds(); len(got) > 0 {
		t.Errorf("after erasing the files hold %q", got)
	}
	p.send(words(a, "talk/1/1", "canary of the last word"))
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	if err := p.ch.Scrub(t.Context(), time.Now().Add(26*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, trace := range []string{"canary", amina, a.LID().User} {
		if inFiles(t, p.dir, trace) {
			t.Errorf("a day later the files hold %q", trace)
		}
	}
	if bad := p.refused(words(a, "talk/2/0", "x")); bad.Problem != channels.Rejected {
		t.Errorf("writing to somebody who is erased: %v", bad)
	}
	// The phone has the old keys still: the library asks for the message once more.
	a.Write("canary of the person")
	if in := p.take(3); in.Kind != channels.Text || in.Text != "canary of the person" {
		t.Errorf("who writes again is heard as %q", in.Kind)
	}
	p.send(words(a, "talk/3/0", "canary of the centre"))
	p.await("acknowledged", func() bool { return p.Pending() == 0 })
	if err := p.ch.Scrub(t.Context(), time.Now().Add(4*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := holds(); len(got) > 0 {
		t.Errorf("four days later the files hold %q", got)
	}
}
