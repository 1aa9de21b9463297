// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"context"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"sarai/channels"
)

// Send hands a message to Telegram. It waits for its turn, at most two and a half seconds,
// else it fails as Throttled. The receipt's ID is the message's number. Markup
// that Telegram does not understand is sent once more as plain words, and a
// picture or voice note that it does not take as such goes as a document.
func (c *Channel) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	chat, bad := chatOf(out.To)
	if bad != nil {
		return channels.Receipt{}, bad
	}
	var keyboard models.ReplyMarkup
	if len(out.Options) > 0 {
		k, r := buttons(out.Options)
		if r != nil {
			return channels.Receipt{}, r.err()
		}
		keyboard = k
	}
	limit := maxText
	if out.Attachment != nil {
		limit = maxCaption
		if out.Attachment.Size > maxUpload || out.Attachment.Open == nil {
			return channels.Receipt{}, &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than can be sent, or not there"}
		}
	}
	m := outgoing{chat: chat, words: compose(out, limit), keyboard: keyboard, file: out.Attachment}
	if m.file == nil && strings.TrimSpace(m.words.plain) == "" {
		return channels.Receipt{}, &channels.SendError{Problem: channels.Rejected, Cause: "there are no words in it"}
	}
	if m.file != nil {
		m.as = wayOf(m.file)
	}
	sent, r := c.post(ctx, m)
	if r != nil && r.why == unparsable {
		m.words.html = ""
		sent, r = c.post(ctx, m)
	}
	if r != nil && r.why == unfit && m.as != asDocument {
		m.as = asDocument
		sent, r = c.post(ctx, m)
	}
	if r != nil {
		return channels.Receipt{}, r.err()
	}
	if sent.ID == 0 {
		return channels.Receipt{}, nil
	}
	return channels.Receipt{ID: strconv.Itoa(sent.ID)}, nil
}

// An outgoing is one message on its way.
type outgoing struct {
	chat     int64
	words    words
	keyboard models.ReplyMarkup
	file     *channels.Attachment
	as       way
}

// A way is as what a file is sent.
type way int

const (
	asDocument way = iota
	asPhoto
	asVoice
	asAudio
)

func wayOf(a *channels.Attachment) way {
	kind, _, _ := strings.Cut(strings.ToLower(a.Type), ";")
	switch {
	case a.Kind == channels.Picture && a.Size <= maxPhoto && slices.Contains([]string{"image/jpeg", "image/png", "image/webp"}, kind):
		return asPhoto
	case a.Kind == channels.Voice && (kind == "audio/ogg" || kind == "audio/opus"):
		return asVoice
	case a.Kind == channels.Voice && (kind == "audio/mpeg" || kind == "audio/mp4" || kind == "audio/x-m4a"):
		return asAudio
	}
	return asDocument
}

// post makes the request when it is its turn.
func (c *Channel) post(ctx context.Context, m outgoing) (*models.Message, *refusal) {
	if !c.unpaced {
		pause, away := c.pace.turn(m.chat, c.now())
		if away != nil {
			return nil, away
		}
		if !wait(ctx, pause) {
			return nil, refused(channels.Unavailable, other, "there was no time left")
		}
	}
	var sent *models.Message
	r := c.try(ctx, func(ctx context.Context) (err error) {
		sent, err = c.method(ctx, m)
		return err
	})
	if r != nil && r.Problem == channels.Throttled && !c.unpaced {
		c.pace.hold(m.chat, c.now(), r.After)
	}
	if r != nil && r.why == taken || r == nil && sent == nil {
		// It is sent. To try again would send it again and again, should Telegram
		// ever describe a message in a form that the library does not know.
		return &models.Message{}, nil
	}
	return sent, r
}

func (c *Channel) method(ctx context.Context, m outgoing) (*models.Message, error) {
	text, mode := m.words.html, models.ParseModeHTML
	if text == "" {
		text, mode = m.words.plain, ""
	}
	if m.file == nil {
		off := true
		return c.api.SendMessage(ctx, &bot.SendMessageParams{
			ChatID: m.chat, Text: text, ParseMode: mode, ReplyMarkup: m.keyboard,
			LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: &off},
		})
	}
	content, err := m.file.Open()
	if err != nil {
		return nil, errUnread // nothing went out: it is tried again
	}
	reader := &shut{from: io.LimitReader(content, maxUpload)}
	defer content.Close()
	defer reader.shut()
	upload := &models.InputFileUpload{Filename: fileName(m.file), Data: reader}
	switch m.as {
	case asPhoto:
		return c.api.SendPhoto(ctx, &bot.SendPhotoParams{ChatID: m.chat, Photo: upload, Caption: text, ParseMode: mode, ReplyMarkup: m.keyboard})
	case asVoice:
		return c.api.SendVoice(ctx, &bot.SendVoiceParams{ChatID: m.chat, Voice: upload, Caption: text, ParseMode: mode, Duration: m.file.Seconds, ReplyMarkup: m.keyboard})
	case asAudio:
		return c.api.SendAudio(ctx, &bot.SendAudioParams{ChatID: m.chat, Audio: upload, Caption: text, ParseMode: mode, Duration: m.file.Seconds, ReplyMarkup: m.keyboard})
	}
	return c.api.SendDocument(ctx, &bot.SendDocumentParams{ChatID: m.chat, Document: upload, Caption: text, ParseMode: mode, ReplyMarkup: m.keyboard})
}

// shut is a reader that can be taken away from whoever still reads: the library
// may go on with a file after its method has returned.
type shut struct {
	mu   sync.Mutex
	from io.Reader // nil: shut
}

func (s *shut) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.from == nil {
		return 0, io.ErrClosedPipe
	}
	return s.from.Read(p)
}

func (s *shut) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from = nil
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

// buttons sets choices under a message, two short ones in a row.
func buttons(options []channels.Option) (*models.InlineKeyboardMarkup, *refusal) {
	if len(options) > maxButtons {
		return nil, refused(channels.Rejected, other, "there are more choices than Telegram shows")
	}
	var rows [][]models.InlineKeyboardButton
	short := 0 // the last row holds so many short ones
	for _, o := range options {
		switch {
		case o.Key == "" || len(o.Key) > maxKey || !utf8.ValidString(o.Key):
			return nil, refused(channels.Rejected, other, "a choice's key is not 1 to 64 bytes long")
		case strings.TrimSpace(o.Label) == "":
			return nil, refused(channels.Rejected, other, "a choice has no label")
		}
		b := models.InlineKeyboardButton{Text: o.Label, CallbackData: o.Key}
		if utf8.RuneCountInString(o.Label) > inRow {
			rows, short = append(rows, []models.InlineKeyboardButton{b}), 0
			continue
		}
		if short == 1 {
			rows[len(rows)-1] = append(rows[len(rows)-1], b)
			short = 0
			continue
		}
		rows, short = append(rows, []models.InlineKeyboardButton{b}), 1
	}
	return &models.InlineKeyboardMarkup{InlineKeyboard: rows}, nil
}

// inRow is how long two labels may be that stand side by side, in characters: a
// small phone cuts longer ones.
const inRow = 14

// Typing shows for five seconds that somebody writes.
func (c *Channel) Typing(ctx context.Context, to channels.Address) error {
	chat, bad := chatOf(to)
	if bad != nil {
		return bad
	}
	return c.try(ctx, func(ctx context.Context) error {
		_, err := c.api.SendChatAction(ctx, &bot.SendChatActionParams{ChatID: chat, Action: models.ChatActionTyping})
		return err
	}).err()
}
