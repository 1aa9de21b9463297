// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"sarai/standin/whatsapp"
)

func TestWhatIsNotAcknowledgedComesAgain(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	var fail atomic.Bool
	fail.Store(true)
	c.mu.Lock()
	c.handle = func(evt any) bool {
		_, is := evt.(*events.Message)
		return !is || !fail.Load()
	}
	c.mu.Unlock()
	id := p.Write("salaam")
	waitFor(t, c, text(id))
	if w.Acked(id) || w.Pending() != 1 {
		t.Error("it was acknowledged although its handler failed")
	}
	fail.Store(false)
	w.Cut()
	await(t, w, "acked", func() bool { return w.Acked(id) })
	if n := count(c, text(id)); n != 2 {
		t.Errorf("it came %d times", n)
	}
	if n := w.Asked(id); n != 0 {
		t.Errorf("it was asked for %d times: the second copy was not the first", n)
	}
}

func TestAReceiptIsLost(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	w.LoseReceipts(1)
	id := p.Write("salaam")
	waitFor(t, c, text(id))
	await(t, w, "lost", func() bool { return w.Faults() == 0 })
	if w.Acked(id) || p.Ticks(id) != 0 {
		t.Error("the receipt arrived")
	}
	w.Cut()
	await(t, w, "acked", func() bool { return w.Acked(id) })
	if n := count(c, text(id)); n != 1 {
		t.Errorf("the client took the same message %d times", n)
	}
}

// What the client asks in the background after a send may be without an answer when
// the line drops: see TestTheLineDropsWhileSending.
func TestALineThatNothingPasses(t *testing.T) {
	if racing {
		t.Skip("the client itself races here")
	}
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	send(t, c, p.LID(), words("before"))
	w.Freeze(true)
	id := p.Write("salaam")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := c.SendMessage(ctx, p.LID(), words("into the void")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it was answered: %v", err)
	}
	if count(c, text(id)) != 0 || !w.Online() {
		t.Error("something passed, or the line dropped")
	}
	w.Freeze(false)
	w.Cut()
	waitFor(t, c, text(id))
	await(t, w, "acked", func() bool { return w.Acked(id) })
	if got := p.Read(); !slices.Equal(got, []string{"before"}) {
		t.Errorf("the phone read %q", got)
	}
}

func TestMessagesWaitForADeviceThatIsAway(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	c.Disconnect()
	await(t, w, "away", func() bool { return !w.Online() })
	p := w.Person(amina)
	var ids []string
	for _, say := range []string{"one", "two", "three"} {
		ids = append(ids, p.Write(say))
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c, func(e *events.OfflineSyncPreview) bool { return e.Messages > 0 }); got.Messages != 3 {
		t.Errorf("%d messages were announced", got.Messages)
	}
	for _, id := range ids {
		waitFor(t, c, text(id))
	}
	await(t, w, "acked", func() bool { return w.Pending() == 0 })
}

func TestAMessageThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	for _, copies := range []int{1, 2} {
		id := p.Garbled("salaam", copies)
		waitFor(t, c, func(e *events.UndecryptableMessage) bool { return e.Info.ID == id })
		if got := waitFor(t, c, text(id)); got.Message.GetConversation() != "salaam" || got.RetryCount != copies {
			t.Errorf("it came as %v, retry %d", got.Message, got.RetryCount)
		}
		if n := w.Asked(id); n != copies {
			t.Errorf("it was asked for %d times, not %d", n, copies)
		}
	}
	id := p.Write("the next")
	waitFor(t, c, text(id))
	send(t, c, p.LID(), words("hello"))
	if _, err := p.Await(within(t), 1); err != nil {
		t.Fatal(err)
	}
	never := p.Garbled("lost", -1)
	await(t, w, "given up", func() bool { return w.Asked(never) == 4 })
}

func TestAPersonAsksAgain(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	send(t, c, p.LID(), words("first"))
	waitFor(t, c, text(p.Write("so that no more keys go with what the device sends")))
	send(t, c, p.LID(), words("second"))
	p.Forget()
	id := send(t, c, p.LID(), words("third"))
	got, err := p.Await(within(t), 3)
	if err != nil || !slices.Equal(got, []string{"first", "second", "third"}) || len(p.Unreadable()) != 0 {
		t.Errorf("%q and not %q, %v", got, p.Unreadable(), err)
	}
	waitFor(t, c, func(e *events.Receipt) bool {
		return e.Type == types.ReceiptTypeRetry && slices.Contains(e.MessageIDs, id)
	})
	send(t, c, p.LID(), words("fourth"))
	if _, err := p.Await(within(t), 4); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, text(p.Write("and back")))
	p.Silent(true)
	p.Forget()
	lost := send(t, c, p.LID(), words("never read"))
	await(t, w, "unreadable", func() bool { return slices.Equal(p.Unreadable(), []string{lost}) })
}

func TestADeviceAsksThePhone(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	p.Write("salaam")
	send(t, c, p.LID(), words("so that there is a session with the phone"))
	c.AutomaticMessageRerequestFromPhone = true
	id := p.Garbled("the phone has it", -1)
	got := waitFor(t, c, text(id))
	if got.UnavailableRequestID == "" || got.Message.GetConversation() != "the phone has it" || got.Info.Sender.ToNonAD() != p.LID() {
		t.Errorf("it came as %+v %v", got.Info, got.Message)
	}
	if got := w.Owner().Asked(); !slices.Equal(got, []string{id}) {
		t.Errorf("the phone was asked for %q", got)
	}
}

func TestAPersonWithANewPhone(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	send(t, c, p.LID(), words("to the old phone"))
	if _, err := p.Await(within(t), 1); err != nil {
		t.Fatal(err)
	}
	p.Reinstall()
	waitFor(t, c, any1[*events.IdentityChange])
	id := p.Write("here I am again")
	waitFor(t, c, text(id))
	send(t, c, p.LID(), words("to the new phone"))
	got, err := p.Await(within(t), 1)
	if err != nil || !slices.Equal(got, []string{"to the new phone"}) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestHowSendsFail(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p, other := w.Person(amina), w.Person(badr)
	w.Fail(whatsapp.Fault{Nack: 463, To: p})
	send(t, c, other.LID(), words("for badr"))
	_, err := c.SendMessage(within(t), p.LID(), words("refused"))
	if !errors.Is(err, whatsmeow.ErrServerReturnedError) || !strings.Contains(err.Error(), "463") {
		t.Errorf("refused with %v", err)
	}
	w.Fail(whatsapp.Fault{Delay: 50 * time.Millisecond})
	started := time.Now()
	send(t, c, p.LID(), words("late"))
	if time.Since(started) < 50*time.Millisecond {
		t.Error("the ack was not late")
	}
	unanswered := func(say string, happened func() bool) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := c.SendMessage(ctx, p.LID(), words(say))
			ended <- err
		}()
		await(t, w, say, happened)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: it ended with %v", say, err)
		}
	}
	w.Fail(whatsapp.Fault{Done: true})
	unanswered("no ack, but there", func() bool { return len(p.Read()) == 2 })
	w.Fail(whatsapp.Fault{})
	unanswered("nothing", func() bool { return w.Faults() == 0 })
	want := []string{"late", "no ack, but there"}
	if got := p.Read(); !slices.Equal(got, want) || len(p.Unreadable()) > 0 {
		t.Errorf("the phone read %q, and not %q", got, p.Unreadable())
	}
	if _, err := c.SendMessage(within(t), types.NewJID("12025550198", types.DefaultUserServer), words("nobody")); err == nil {
		t.Error("nobody was sent to")
	}
}

// The client sends the same bytes once more when it is connected again. While it
// waits for that it races with its own reconnecting (exsync.Event.GetChan of
// go.mau.fi/util), so this cannot run with the race detector.
func TestTheLineDropsWhileSending(t *testing.T) {
	if racing {
		t.Skip("the client itself races here")
	}
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	w.Fail(whatsapp.Fault{Cut: true, Done: true})
	id := send(t, c, p.LID(), words("cut, after it arrived"))
	await(t, w, "the second copy", func() bool { return copies(p, id) == 2 })
	w.Fail(whatsapp.Fault{Cut: true})
	send(t, c, p.LID(), words("cut, before it arrived"))
	if got := p.Read(); !slices.Equal(got, []string{"cut, after it arrived", "cut, before it arrived"}) || len(p.Unreadable()) > 0 {
		t.Errorf("the phone read %q, and not %q", got, p.Unreadable())
	}
}

func copies(p *whatsapp.Person, id string) int {
	for _, m := range p.Messages() {
		if m.ID == id {
			return m.Copies
		}
	}
	return 0
}

func TestTheSameIDTwice(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	id := c.GenerateMessageID()
	for range 2 {
		if _, err := c.SendMessage(within(t), p.LID(), words("once"), whatsmeow.SendRequestExtra{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, w, "both", func() bool { return copies(p, id) == 2 })
	if got := p.Read(); len(got) != 1 {
		t.Errorf("it stands there as %q", got)
	}
}

func TestByNumber(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	send(t, c, p.JID(), words("by number"))
	if _, err := p.Await(within(t), 1); err != nil {
		t.Fatal(err)
	}
	found, err := c.IsOnWhatsApp(within(t), []string{"+" + amina, "+12025550197"})
	if err != nil || len(found) != 2 || !found[0].IsIn || found[1].IsIn {
		t.Errorf("%+v, %v", found, err)
	}
	p.Hidden(true)
	id := p.Write("without a number")
	if got := waitFor(t, c, text(id)); !got.Info.SenderAlt.IsEmpty() {
		t.Errorf("it came with %v", got.Info.SenderAlt)
	}
}

func TestTheOwnerWritesByHand(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	id := w.Owner().Write(p, "by hand")
	got := waitFor(t, c, text(id))
	if !got.Info.IsFromMe || got.Info.Chat != p.LID() || got.Message.GetConversation() != "by hand" || got.Info.DeviceSentMeta == nil || got.Info.Sender.Device != 0 {
		t.Errorf("it came as %+v %v", got.Info, got.Message)
	}
	await(t, w, "acked", func() bool { return w.Acked(id) })
	if len(p.Read()) != 0 || len(p.Messages()) != 1 || !p.Messages()[0].ByHand {
		t.Errorf("the person has %+v", p.Messages())
	}
	first := p.Write("read me")
	waitFor(t, c, text(first))
	w.Owner().See(p)
	e := waitFor(t, c, func(e *events.Receipt) bool { return slices.Contains(e.MessageIDs, first) })
	if e.Type != types.ReceiptTypeRead || !e.IsFromMe || e.Chat != p.LID() {
		t.Errorf("the read mark came as %+v", e)
	}
	data := []byte("what a file holds")
	if b, err := c.Download(within(t), waitFor(t, c, text(w.Owner().Voice(p, data, 3))).Message.GetAudioMessage()); err != nil || !bytes.Equal(b, data) {
		t.Errorf("a voice note by hand: %d bytes, %v", len(b), err)
	}
	if m := waitFor(t, c, text(w.Owner().Picture(p, data, "see"))).Message.GetImageMessage(); m.GetCaption() != "see" {
		t.Errorf("a picture by hand came as %v", m)
	}
	w.Owner().SendHistory()
	waitFor(t, c, func(e *events.HistorySync) bool { return len(e.Data.GetConversations()) == 1 })
	w.Owner().Edit(p, id, "by hand, better")
	waitFor(t, c, func(e *events.Message) bool {
		return e.IsEdit && e.Info.IsFromMe && e.Message.GetProtocolMessage().GetKey().GetID() == id
	})
	w.Owner().Revoke(p, id)
	waitFor(t, c, func(e *events.Message) bool {
		return e.Message.GetProtocolMessage().GetType() == waE2E.ProtocolMessage_REVOKE && e.Info.IsFromMe && e.Message.GetProtocolMessage().GetKey().GetID() == id
	})
	if m := p.Messages()[0]; m.Text != "by hand, better" || !m.Revoked {
		t.Errorf("the person has %+v", m)
	}
}

func TestAllKindsOfMessages(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	data := bytes.Repeat([]byte("what a file holds, "), 1000)
	got := func(id string) *waE2E.Message { return waitFor(t, c, text(id)).Message }
	download := func(m whatsmeow.DownloadableMessage) {
		t.Helper()
		if b, err := c.Download(within(t), m); err != nil || !bytes.Equal(b, data) {
			t.Errorf("%T: %d bytes, %v", m, len(b), err)
		}
	}
	voice := p.Voice(data, 7)
	if m := got(voice).GetAudioMessage(); !m.GetPTT() || m.GetSeconds() != 7 {
		t.Errorf("a voice note came as %v", m)
	}
	download(got(voice).GetAudioMessage())
	download(got(p.Picture(data, "see")).GetImageMessage())
	download(got(p.Video(data, "see")).GetVideoMessage())
	download(got(p.Sticker(data)).GetStickerMessage())
	once := waitFor(t, c, text(p.ViewOnce(data)))
	if !once.IsViewOnce {
		t.Error("a picture to be looked at once came as any other")
	}
	download(once.Message.GetImageMessage())
	for _, caption := range []string{"", "see"} {
		doc := got(p.Document("form.pdf", "application/pdf", data, caption)).GetDocumentMessage()
		if doc.GetFileName() != "form.pdf" || doc.GetCaption() != caption {
			t.Errorf("a file came as %v", doc)
		}
		download(doc)
	}
	if m := got(p.Place(24.86, 67.01, "the office")).GetLocationMessage(); m.GetDegreesLatitude() != 24.86 || m.GetName() != "the office" {
		t.Errorf("a place came as %v", m)
	}
	if m := got(p.Contact("Somebody", "12025550144")).GetContactMessage(); m.GetDisplayName() != "Somebody" {
		t.Errorf("a contact came as %v", m)
	}
	first := p.Write("first")
	if m := got(p.Reply(first, "more")).GetExtendedTextMessage(); m.GetContextInfo().GetStanzaID() != first {
		t.Errorf("a reply came as %v", m)
	}
	if m := got(p.React(first, "👍")).GetReactionMessage(); m.GetText() != "👍" || m.GetKey().GetID() != first {
		t.Errorf("a reaction came as %v", m)
	}
	if e := waitFor(t, c, text(p.Edit(first, "first, better"))); !e.IsEdit || e.Message.GetProtocolMessage().GetEditedMessage().GetConversation() != "first, better" {
		t.Errorf("an edit came as %v", e.Message)
	}
	if m := got(p.Revoke(first)).GetProtocolMessage(); m.GetType() != waE2E.ProtocolMessage_REVOKE || m.GetKey().GetID() != first {
		t.Errorf("a message that was taken back came as %v", m)
	}
	if m := got(p.Poll("Which?", "a", "b")).GetPollCreationMessageV3(); len(m.GetOptions()) != 2 {
		t.Errorf("a poll came as %v", m)
	}
	w.LoseMedia(voice)
	if _, err := c.Download(within(t), got(voice).GetAudioMessage()); !errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith410) {
		t.Errorf("media that is gone: %v", err)
	}
	again := func(id string) *events.MediaRetry {
		t.Helper()
		e := waitFor(t, c, text(id))
		if err := c.SendMediaRetryReceipt(t.Context(), &e.Info, e.Message.GetAudioMessage().GetMediaKey()); err != nil {
			t.Fatal(err)
		}
		return waitFor(t, c, func(e *events.MediaRetry) bool { return e.MessageID == id })
	}
	m := got(voice).GetAudioMessage()
	there, err := whatsmeow.DecryptMediaRetryNotification(again(voice), m.GetMediaKey())
	if err != nil || there.GetResult() != waMmsRetry.MediaRetryNotification_SUCCESS {
		t.Fatalf("asked again: %v, %v", there, err)
	}
	m.DirectPath = there.DirectPath
	download(m)
	gone := p.Voice(data, 1)
	w.ForgetMedia(gone)
	if _, err := whatsmeow.DecryptMediaRetryNotification(again(gone), got(gone).GetAudioMessage().GetMediaKey()); !errors.Is(err, whatsmeow.ErrMediaNotAvailableOnPhone) {
		t.Errorf("media that is nowhere: %v", err)
	}
	await(t, w, "acked", func() bool { return w.Pending() == 0 })
}

func TestAllThatADeviceCanSend(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	asked := p.Write("salaam")
	data := bytes.Repeat([]byte("what a file holds, "), 1000)
	up, err := c.Upload(within(t), data, whatsmeow.MediaAudio)
	if err != nil {
		t.Fatal(err)
	}
	send(t, c, p.LID(), &waE2E.Message{AudioMessage: &waE2E.AudioMessage{
		URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey, FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		Mimetype: proto.String("audio/ogg; codecs=opus"), PTT: proto.Bool(true), Seconds: proto.Uint32(3),
	}})
	first := send(t, c, p.LID(), words("first"))
	second := send(t, c, p.LID(), words("second"))
	send(t, c, p.LID(), c.BuildEdit(p.LID(), first, words("first, better")))
	send(t, c, p.LID(), c.BuildRevoke(p.LID(), types.EmptyJID, second))
	send(t, c, p.LID(), c.BuildReaction(p.LID(), p.LID(), asked, "👍"))
	poll := send(t, c, p.LID(), c.BuildPollCreation("Which?", []string{"a", "b"}, 1))
	await(t, w, "arrived", func() bool { return len(p.Messages()) == 5 })
	m := p.Messages()
	if m[0].Reaction != "👍" || m[1].Kind != "voice" || !bytes.Equal(m[1].Media, data) || !m[2].Edited || m[2].Text != "first, better" || !m[3].Revoked || !slices.Equal(m[4].Options, []string{"a", "b"}) {
		t.Errorf("the phone has %+v", m)
	}
	if got := p.Read(); !slices.Equal(got, []string{"first, better", "Which?"}) {
		t.Errorf("the phone reads %q", got)
	}
	e := waitFor(t, c, text(p.Vote(poll, "b")))
	vote, err := c.DecryptPollVote(t.Context(), e)
	if err != nil || !bytes.Equal(vote.GetSelectedOptions()[0], whatsmeow.HashPollOptions([]string{"b"})[0]) {
		t.Errorf("the vote is %v, %v", vote, err)
	}
}

func TestTypingAndPresence(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	p.Type() // nobody looks
	c.Store.PushName = "Centre"
	if err := c.SendPresence(t.Context(), types.PresenceAvailable); err != nil {
		t.Fatal(err)
	}
	await(t, w, "available", w.Available)
	p.Record()
	got := waitFor(t, c, any1[*events.ChatPresence])
	if got.State != types.ChatPresenceComposing || got.Media != types.ChatPresenceMediaAudio || got.Chat != p.LID() {
		t.Errorf("it came as %+v", got)
	}
	p.Stop()
	waitFor(t, c, func(e *events.ChatPresence) bool { return e.State == types.ChatPresencePaused })
	if err := c.SendChatPresence(t.Context(), p.LID(), types.ChatPresenceComposing, types.ChatPresenceMediaText); err != nil {
		t.Fatal(err)
	}
	await(t, w, "typing", func() bool { return p.SeesTyping() == "composing" })
	send(t, c, p.LID(), words("there"))
	await(t, w, "typed", func() bool { return p.SeesTyping() == "" })
	id := p.Write("seen at once")
	await(t, w, "two ticks", func() bool { return p.Ticks(id) == 2 })
	if err := c.SendChatPresence(t.Context(), p.LID(), types.ChatPresenceComposing, types.ChatPresenceMediaAudio); err != nil {
		t.Fatal(err)
	}
	await(t, w, "recording", func() bool { return p.SeesTyping() == "recording" })
	c.Disconnect()
	await(t, w, "gone", func() bool { return p.SeesTyping() == "" && !w.Available() })
}

func TestCalls(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	id := p.Call(false)
	got := waitFor(t, c, any1[*events.CallOffer])
	if got.CallID != id || got.From != p.LID() || got.CallCreatorAlt != p.JID() {
		t.Errorf("it rang as %+v", got)
	}
	if err := c.RejectCall(t.Context(), got.From, id); err != nil {
		t.Fatal(err)
	}
	await(t, w, "rejected", func() bool { return w.Rejected(id) })
	p.HangUp(id)
	waitFor(t, c, any1[*events.CallTerminate])
	await(t, w, "acked", func() bool { return w.Pending() == 0 })
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p, q := w.Person(amina), w.Person(badr)
	g := w.Group("Leaving", p, q)
	if e := waitFor(t, c, any1[*events.JoinedGroup]); e.JID != g.JID() || e.Name != "Leaving" || len(e.Participants) != 3 {
		t.Errorf("the group came as %+v", e)
	}
	g.Rename("Left")
	if e := waitFor(t, c, any1[*events.GroupInfo]); e.JID != g.JID() || e.Name == nil || e.Name.Name != "Left" {
		t.Errorf("the new name came as %+v", e)
	}
	if all, err := c.GetJoinedGroups(within(t)); err != nil || len(all) != 1 || all[0].Name != "Left" {
		t.Errorf("the groups are %v, %v", all, err)
	}
	has := func(id, words string) *events.Message {
		return waitFor(t, c, func(e *events.Message) bool { return e.Info.ID == id && e.Message.GetConversation() == words })
	}
	if got := has(g.Write(p, "one"), "one"); !got.Info.IsGroup || got.Info.Chat != g.JID() || got.Info.Sender != p.LID() {
		t.Errorf("it came as %+v", got.Info)
	}
	second := g.Write(p, "two")
	has(second, "two")
	if w.Asked(second) != 0 {
		t.Error("the device had to ask for the key")
	}
	has(g.Write(q, "three"), "three")
	for i, say := range []string{"hello", "all"} {
		send(t, c, g.JID(), words(say))
		for _, m := range []*whatsapp.Person{p, q} {
			await(t, w, "in the group", func() bool { return len(g.Read(m)) == i+1 })
			if got := g.Read(m); got[i] != say {
				t.Errorf("a member reads %q", got)
			}
		}
	}
	if len(p.Read()) != 0 {
		t.Errorf("it stands in the chat with one: %q", p.Read())
	}
	id := p.Status("to all")
	got := waitFor(t, c, func(e *events.Message) bool { return e.Info.ID == id && e.Message.ExtendedTextMessage != nil })
	if got.Info.Chat != types.StatusBroadcastJID || got.Info.Sender != p.LID() {
		t.Errorf("a status came as %+v", got.Info)
	}
}

func TestAPhoneThatIsOff(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	p := w.Person(amina)
	p.Silent(true)
	id := send(t, c, p.LID(), words("into the dark"))
	p.Silent(false)
	next := send(t, c, p.LID(), words("into the light"))
	waitFor(t, c, func(e *events.Receipt) bool { return slices.Contains(e.MessageIDs, next) })
	if count(c, func(e *events.Receipt) bool { return slices.Contains(e.MessageIDs, id) }) != 0 {
		t.Error("a receipt came from a phone that sends none")
	}
}

func TestMorePeopleThanKeys(t *testing.T) {
	t.Parallel()
	w := serve(t, whatsapp.Options{})
	c := online(t, w)
	const people = 120 // no country has 999; and a device uploads 50 keys at a time
	var ids []string
	for i := range people {
		ids = append(ids, w.Person(fmt.Sprintf("99900000%03d", i)).Write("salaam"))
		if i%10 == 9 { // so that it can make more meanwhile
			await(t, w, "acked", func() bool { return w.Pending() == 0 })
		}
	}
	for _, id := range ids {
		waitFor(t, c, text(id))
	}
	if n := count(c, any1[*events.UndecryptableMessage]); n != 0 {
		t.Errorf("%d could not be read", n)
	}
}

func TestWhatTheServerDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := whatsapp.New(whatsapp.Options{})
	h := httptest.NewServer(w.Handler())
	defer h.Close()
	defer w.Close()
	at := wire{w, strings.TrimPrefix(h.URL, "http://")}
	c := online(t, at)
	var failed *whatsmeow.IQError
	if _, err := c.GetBusinessProfile(within(t), at.Person(amina).JID()); !errors.As(err, &failed) || failed.Code != 501 {
		t.Errorf("it was answered with %v", err)
	}
	if got := w.Unknown(); len(got) != 1 || !strings.Contains(got[0], "w:biz") {
		t.Errorf("what was not understood: %q", got)
	}
	if _, err := c.GetGroupInfo(within(t), types.NewJID("120363999999999999", types.GroupServer)); !errors.As(err, &failed) && !errors.Is(err, whatsmeow.ErrGroupNotFound) {
		t.Errorf("a group that nobody has: %v", err)
	}
	// A device of another key is nobody.
	d := container(t).NewDevice()
	jid := *c.Store.ID
	d.ID, d.Account = &jid, c.Store.Account
	if err := d.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	thief := client(t, at, d)
	if err := thief.Connect(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, thief, any1[*events.LoggedOut])
	if !w.Online() {
		t.Error("the device lost its place to one that has only its address")
	}
	c.Disconnect()
}
