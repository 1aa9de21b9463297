// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/channels"
)

// Fetch gets a file that a person sent, at most 32 MB, from WhatsApp's own hosts. A
// file that WhatsApp no longer has is asked of the phone once more. It fails as
// Rejected where the phone has not got it either, where it is too large, and where
// it is not what its hash says.
func (c *Channel) Fetch(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	var r ref
	if json.Unmarshal([]byte(m.Ref), &r) != nil || !r.whole() {
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "there is no file"}
	}
	if m.Size > maxDownload {
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than is fetched"}
	}
	s, bad := c.ready()
	if bad != nil {
		return nil, bad
	}
	content, err := s.download(ctx, r)
	if lost(err) {
		path, bad := s.ask(ctx, r)
		if bad != nil {
			return nil, bad
		}
		r.Path = path
		content, err = s.download(ctx, r)
	}
	switch {
	case err == nil:
		return io.NopCloser(bytes.NewReader(content)), nil
	case lost(err):
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "WhatsApp no longer has the file"}
	case errors.Is(err, whatsmeow.ErrInvalidMediaHMAC), errors.Is(err, whatsmeow.ErrInvalidMediaSHA256),
		errors.Is(err, whatsmeow.ErrInvalidMediaEncSHA256), errors.Is(err, whatsmeow.ErrTooShortFile):
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file is damaged, or larger than is fetched"}
	}
	return nil, &channels.SendError{Problem: channels.Unavailable, Cause: "WhatsApp did not give the file"}
}

func (s *session) download(ctx context.Context, r ref) ([]byte, error) {
	ctx = context.WithValue(ctx, limitKey{}, int64(maxDownload+1024)) // and what encryption adds
	return s.cli.DownloadMediaWithPath(ctx, r.Path, r.Enc, r.Sum, r.Key, r.Type, "", false)
}

// lost says whether WhatsApp has thrown a file away, which it does after some weeks.
func lost(err error) bool {
	return errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith403) ||
		errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith404) ||
		errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith410)
}

// ask has the centre's phone give a file to WhatsApp once more, and says where it
// lies then.
func (s *session) ask(ctx context.Context, r ref) (path string, bad *channels.SendError) {
	chat, err := types.ParseJID(r.Chat)
	if err != nil {
		return "", &channels.SendError{Problem: channels.Rejected, Cause: "there is no file"}
	}
	answer := make(chan *events.MediaRetry, 1)
	s.mu.Lock()
	s.answers[r.ID] = answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.answers, r.ID)
		s.mu.Unlock()
	}()
	info := types.MessageInfo{ID: r.ID, MessageSource: types.MessageSource{Chat: chat, IsFromMe: r.FromMe}}
	if s.cli.SendMediaRetryReceipt(ctx, &info, r.Key) != nil {
		return "", &channels.SendError{Problem: channels.Unavailable, Cause: "the phone could not be asked for the file"}
	}
	select {
	case e := <-answer:
		again, err := whatsmeow.DecryptMediaRetryNotification(e, r.Key)
		if err != nil || again.GetResult() != waMmsRetry.MediaRetryNotification_SUCCESS || again.GetDirectPath() == "" {
			return "", &channels.SendError{Problem: channels.Rejected, Cause: "neither WhatsApp nor the phone has the file any more"}
		}
		return again.GetDirectPath(), nil
	case <-ctx.Done():
	case <-time.After(s.pauses.reupload):
	}
	return "", &channels.SendError{Problem: channels.Unavailable, Cause: "the phone was asked for the file and is not online"}
}

// answer takes what the phone says of a file.
func (s *session) answer(e *events.MediaRetry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.answers[e.MessageID]; c != nil {
		select {
		case c <- e:
		default:
		}
	}
}
