// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	_ "image/jpeg" // the size of a picture
	_ "image/png"  // the same
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"sarai/channels"
)

// Send hands a message to WhatsApp, to somebody who has written before. It marks as
// read what it answers, shows for a moment that somebody types, and waits for its
// turn; where that would take longer than some seconds it fails as Throttled. The
// receipt's ID is made of the message's key, so that a second try has the same. The
// words beside a voice note follow it as a message of their own.
func (c *Channel) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	to, bad := personOf(out.To)
	if bad != nil {
		return channels.Receipt{}, bad
	}
	s, bad := c.ready()
	if bad != nil {
		return channels.Receipt{}, bad
	}
	if bad := s.known(ctx, to); bad != nil {
		return channels.Receipt{}, bad
	}
	words := compose(out)
	if out.Attachment == nil && strings.TrimSpace(words) == "" {
		return channels.Receipt{}, &channels.SendError{Problem: channels.Rejected, Cause: "there are no words in it"}
	}
	first := &waE2E.Message{Conversation: proto.String(words)}
	var second *waE2E.Message
	if out.Attachment != nil {
		m, apart, bad := s.attach(ctx, out.Attachment, words)
		if bad != nil {
			return channels.Receipt{}, bad
		}
		if first = m; apart && strings.TrimSpace(words) != "" {
			second = &waE2E.Message{Conversation: proto.String(words)}
		}
	}
	id, beside := messageID(out.Key), ""
	if second != nil {
		beside = messageID(out.Key + "/words")
	}
	if !c.unpaced {
		wait, away := c.pace.turn(to.String(), utf8.RuneCountInString(words), c.now())
		if away != nil {
			return channels.Receipt{}, away
		}
		if !s.act(ctx, to, wait, out.Attachment) {
			return channels.Receipt{}, &channels.SendError{Problem: channels.Unavailable, Cause: "there was no time left"}
		}
	} else {
		s.markRead(ctx, to)
	}
	if err := s.file.send(ctx, id, beside, c.now()); err != nil {
		return channels.Receipt{}, &channels.SendError{Problem: channels.Unavailable, Cause: "the device's file does not take anything: is the disk full?"}
	}
	if bad := s.post(ctx, to, id, first); bad != nil {
		return channels.Receipt{}, bad
	}
	if second != nil {
		if bad := s.post(ctx, to, beside, second); bad != nil {
			return channels.Receipt{}, bad // both go again, under the same ids
		}
	}
	return channels.Receipt{ID: id}, nil
}

// ready gives the session that can send, or says why there is none.
func (c *Channel) ready() (*session, *channels.SendError) {
	st := c.Standing()
	switch st.Code { // first: the library thinks itself logged in for a while after the end
	case channels.Unlinked, channels.LoggedOut, channels.Replaced, channels.Outdated, channels.Passkey, channels.Locked:
		return nil, &channels.SendError{Problem: channels.Misset, Cause: "the phone's link: " + st.Code}
	case channels.Banned:
		if after := st.Until.Sub(c.now()); after > 0 {
			return nil, &channels.SendError{Problem: channels.Throttled, After: after, Cause: "WhatsApp has banned the number for a while"}
		}
		return nil, &channels.SendError{Problem: channels.Misset, Cause: "WhatsApp has banned the number"}
	}
	if s := c.current(); s != nil && s.cli.IsLoggedIn() {
		return s, nil
	}
	return nil, &channels.SendError{Problem: channels.Unavailable, Cause: "there is no connection to WhatsApp"}
}

// known says why somebody cannot be written to: because they have not written, or
// the talk is private.
func (s *session) known(ctx context.Context, to types.JID) *channels.SendError {
	keys := []string{to.String()}
	other, err := s.device.GetAltJID(ctx, to)
	if err == nil && !other.IsEmpty() {
		keys = append(keys, other.ToNonAD().String())
	}
	heard := false
	for _, k := range keys {
		if err == nil && !heard {
			heard, err = s.file.heard(ctx, k)
		}
	}
	private := false
	if err == nil {
		private, err = s.file.private(ctx, keys)
	}
	switch {
	case err != nil:
		return &channels.SendError{Problem: channels.Unavailable, Cause: "the device's file cannot be read"}
	case private:
		return &channels.SendError{Problem: channels.Rejected, Cause: "the talk is private: the centre has not opened it"}
	case !heard:
		return &channels.SendError{Problem: channels.Rejected, Cause: "nobody has written from this address: WhatsApp bans who writes first"}
	}
	return nil
}

// messageID makes the id of a message of what stands for it over retries. Ids of
// WhatsApp's own programs for browsers look like this.
func messageID(key string) types.MessageID {
	sum := sha256.Sum256([]byte("sarai message " + key))
	return whatsmeow.WebMessageIDPrefix + strings.ToUpper(hex.EncodeToString(sum[:9]))
}

// act does what a person does before a message: reads, then types.
func (s *session) act(ctx context.Context, to types.JID, pause time.Duration, file *channels.Attachment) bool {
	s.markRead(ctx, to)
	doing := types.ChatPresenceMediaText
	if file != nil && file.Kind == channels.Voice {
		doing = types.ChatPresenceMediaAudio
	}
	_ = s.cli.SendChatPresence(ctx, to, types.ChatPresenceComposing, doing)
	return wait(ctx, pause)
}

// markRead marks as read what somebody wrote.
func (s *session) markRead(ctx context.Context, to types.JID) {
	all := s.read(to)
	if len(all) == 0 {
		return
	}
	var ids []types.MessageID
	at := all[0].at
	for _, m := range all {
		ids = append(ids, m.id)
		if m.at.After(at) {
			at = m.at
		}
	}
	ctx, end := context.WithTimeout(ctx, 5*time.Second)
	defer end()
	_ = s.cli.MarkRead(ctx, ids, s.now(), to, types.EmptyJID) // a tick that stays grey is no reason not to answer
}

// post sends one message and says what became of it.
func (s *session) post(ctx context.Context, to types.JID, id types.MessageID, m *waE2E.Message) *channels.SendError {
	// The library has no end of its own to its wait for a second connection.
	bounded, end := context.WithTimeout(ctx, s.pauses.ack+10*time.Second)
	defer end()
	s.file.crypt.Lock()
	_, err := s.cli.SendMessage(bounded, to, m, whatsmeow.SendRequestExtra{ID: id, Timeout: s.pauses.ack})
	s.file.crypt.Unlock()
	if err == nil {
		return nil
	}
	return problem(err)
}

// problem says what an error of the library means for a message. None of the
// library's words are in it: they may hold addresses.
func problem(err error) *channels.SendError {
	var gone *whatsmeow.DisconnectedError
	switch {
	case errors.Is(err, whatsmeow.ErrServerReturnedError):
		return refusal(code(err))
	case errors.Is(err, whatsmeow.ErrNotConnected), errors.Is(err, whatsmeow.ErrNotLoggedIn):
		return &channels.SendError{Problem: channels.Unavailable, Cause: "there is no connection to WhatsApp"}
	case errors.Is(err, whatsmeow.ErrMessageTimedOut), errors.As(err, &gone):
		return &channels.SendError{Problem: channels.NoAnswer, Cause: "WhatsApp did not say whether it took the message"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &channels.SendError{Problem: channels.NoAnswer, Cause: "there was no time left for WhatsApp's answer"}
	case strings.HasPrefix(err.Error(), "no LID found for"):
		return &channels.SendError{Problem: channels.Rejected, Cause: "WhatsApp does not know this person any more"}
	}
	return &channels.SendError{Problem: channels.Unavailable, Cause: "the message could not be prepared for WhatsApp"}
}

// code is the number in the library's error, which ends with it.
func code(err error) int {
	words := err.Error()
	n, e := strconv.Atoi(words[strings.LastIndexByte(words, ' ')+1:])
	if e != nil {
		return 0
	}
	return n
}

// refusal says what a number means with which WhatsApp refused a message.
func refusal(code int) *channels.SendError {
	refused := &channels.SendError{Problem: channels.Rejected}
	switch {
	case code == 463:
		refused.Cause = "WhatsApp lets this number begin no new talks at present (463): it takes it for a sender of bulk. Do not try again; answer those who write, and let the number rest"
	case code == 479:
		refused.Cause = "WhatsApp cannot tell whom the message is for (479): the person must write once more"
	case code == 429:
		return &channels.SendError{Problem: channels.Throttled, After: time.Minute, Cause: "WhatsApp finds it too fast (429)"}
	case code >= 500 && code < 600:
		return &channels.SendError{Problem: channels.Unavailable, Cause: "WhatsApp has a failure of its own (" + strconv.Itoa(code) + ")"}
	default:
		refused.Cause = "WhatsApp refused the message (" + strconv.Itoa(code) + ")"
	}
	return refused
}

// attach uploads a file and makes the message of it. apart says that the words do
// not go with it.
func (s *session) attach(ctx context.Context, a *channels.Attachment, words string) (m *waE2E.Message, apart bool, bad *channels.SendError) {
	if a.Size > maxUpload || a.Open == nil {
		return nil, false, &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than can be sent, or not there"}
	}
	from, err := a.Open()
	if err != nil {
		return nil, false, &channels.SendError{Problem: channels.Unavailable, Cause: "the file cannot be read"}
	}
	content, err := io.ReadAll(io.LimitReader(from, maxUpload+1))
	from.Close()
	switch {
	case err != nil:
		return nil, false, &channels.SendError{Problem: channels.Unavailable, Cause: "the file cannot be read"}
	case len(content) > maxUpload || len(content) == 0:
		return nil, false, &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than can be sent, or empty"}
	}
	as := wayOf(a)
	up, err := s.cli.Upload(ctx, content, as)
	if err != nil {
		return nil, false, &channels.SendError{Problem: channels.Unavailable, Cause: "WhatsApp did not take the file"}
	}
	var caption *string
	if words != "" {
		caption = &words
	}
	switch as {
	case whatsmeow.MediaImage:
		p := &waE2E.ImageMessage{
			Caption: caption, Mimetype: &a.Type, URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
			FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		}
		if size, _, err := image.DecodeConfig(bytes.NewReader(content)); err == nil {
			p.Width, p.Height = proto.Uint32(uint32(size.Width)), proto.Uint32(uint32(size.Height))
		}
		return &waE2E.Message{ImageMessage: p}, false, nil
	case whatsmeow.MediaAudio:
		mime, note := kindOf(a.Type), false
		if mime == "audio/ogg" || mime == "audio/opus" {
			mime, note = "audio/ogg; codecs=opus", a.Kind == channels.Voice
		}
		return &waE2E.Message{AudioMessage: &waE2E.AudioMessage{
			PTT: &note, Mimetype: &mime, Seconds: proto.Uint32(uint32(max(a.Seconds, 1))), URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
			FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
		}}, true, nil
	}
	name := fileName(a)
	return &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		Caption: caption, Mimetype: &a.Type, FileName: &name, Title: &name, URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
		FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
	}}, false, nil
}

// wayOf is as what a file is sent: as a document where phones show nothing better.
func wayOf(a *channels.Attachment) whatsmeow.MediaType {
	kind := kindOf(a.Type)
	switch {
	case a.Kind == channels.Picture && (kind == "image/jpeg" || kind == "image/png"):
		return whatsmeow.MediaImage
	case a.Kind == channels.Voice && slices.Contains([]string{"audio/ogg", "audio/opus", "audio/mpeg", "audio/mp4", "audio/aac", "audio/x-m4a"}, kind):
		return whatsmeow.MediaAudio
	}
	return whatsmeow.MediaDocument
}

func kindOf(mime string) string {
	kind, _, _ := strings.Cut(strings.ToLower(mime), ";")
	return strings.TrimSpace(kind)
}

// fileName is a file's name as the person shall see it: without a path, without
// what turns text around, not empty.
func fileName(a *channels.Attachment) string {
	name := path.Base(strings.ReplaceAll(a.Name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if name == "" || name == "." || name == "/" || name == ".." {
		return "file"
	}
	return name
}

// Typing shows for some seconds that somebody types, where the device is shown as
// online.
func (c *Channel) Typing(ctx context.Context, to channels.Address) error {
	j, bad := personOf(to)
	if bad != nil {
		return bad
	}
	s, bad := c.ready()
	if bad != nil {
		return bad
	}
	if bad := s.known(ctx, j); bad != nil {
		return bad
	}
	if s.cli.SendChatPresence(ctx, j, types.ChatPresenceComposing, types.ChatPresenceMediaText) != nil {
		return &channels.SendError{Problem: channels.Unavailable, Cause: "there is no connection to WhatsApp"}
	}
	return nil
}
