// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sarai/channels"
	"sarai/channels/meta"
)

// An upload is a file on its way to Meta, which gives an id for it.
type upload struct {
	from *channels.Attachment
	kind string // media type as Meta is told
}

// What can be sent as what it is (developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media,
// read 2026-11). A voice note must be Ogg with Opus and one track; the gateway
// makes it so. Everything else goes as a document.
var (
	pictures   = []string{"image/jpeg", "image/png"}
	voices     = []string{"audio/ogg", "audio/opus"}
	recordings = []string{"audio/aac", "audio/amr", "audio/mp4", "audio/mpeg"}
)

// opus is the media type of a voice note: WhatsApp does not take a bare audio/ogg.
const opus = "audio/ogg; codecs=opus"

// fileOf is the message of a file.
func fileOf(a *channels.Attachment) message {
	kind, _, _ := strings.Cut(strings.ToLower(a.Type), ";")
	kind = strings.TrimSpace(kind)
	m := message{file: &upload{a, kind}}
	switch {
	case a.Kind == channels.Picture && a.Size <= maxPicture && slices.Contains(pictures, kind):
		m.Type, m.Image = "image", &outFile{}
	case a.Kind == channels.Voice && a.Size <= maxAudio && slices.Contains(voices, kind):
		m.Type, m.Audio = "audio", &outFile{Voice: true}
		m.file.kind = opus
	case a.Kind == channels.Voice && a.Size <= maxAudio && slices.Contains(recordings, kind):
		m.Type, m.Audio = "audio", &outFile{}
	default:
		m.Type, m.Document = "document", &outFile{Name: fileName(a)}
	}
	return m
}

// mostOf is how many bytes WhatsApp takes of a media type
// (developers.facebook.com, media, read 2026-11), whatever it is sent as.
func mostOf(kind string) int64 {
	switch {
	case kind == "image/webp": // a sticker
		return 500 << 10
	case strings.HasPrefix(kind, "image/"):
		return maxPicture
	case strings.HasPrefix(kind, "audio/"), strings.HasPrefix(kind, "video/"):
		return maxAudio
	}
	return maxUpload
}

// shape is where the id of the file goes.
func (m *message) shape() *outFile {
	switch {
	case m.Image != nil:
		return m.Image
	case m.Audio != nil:
		return m.Audio
	}
	return m.Document
}

func (m *message) takesCaption() bool { return m.Audio == nil }

func (m *message) setCaption(words string) {
	if m.takesCaption() {
		m.shape().Caption = words
	}
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
	if name = strings.TrimSpace(name); name == "" || name == "." || name == "/" || name == ".." {
		return "file"
	}
	return name
}

// put uploads a file and gives Meta's id for it. Nothing was sent by that: where
// the answer is missing it can be tried again.
func (c *Channel) put(ctx context.Context, u *upload) (string, *channels.SendError) {
	var answer struct {
		ID meta.ID `json:"id"`
	}
	err := c.graph.Upload(ctx, c.path("media"), map[string]string{"messaging_product": "whatsapp", "type": u.kind}, meta.File{
		Field: "file", Name: fileName(u.from), Type: u.kind, Size: u.from.Size, Open: u.from.Open,
	}, &answer)
	switch {
	case meta.Is(err, codeUpload) && u.from.Size > mostOf(u.kind): // it will not be smaller
		return "", &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than WhatsApp takes of its kind"}
	case err != nil:
		bad := *judge(err)
		if bad.Problem == channels.NoAnswer {
			bad.Problem = channels.Unavailable
		}
		return "", &bad
	case answer.ID == "":
		return "", &channels.SendError{Problem: channels.Unavailable, Cause: "Meta gave no id for a file"}
	}
	return string(answer.ID), nil
}

// Fetch opens a file that a person sent, by the id under which Meta keeps it for
// 7 days (developers.facebook.com, media, read 2026-11). It comes from Meta's own
// hosts only and has at most 20 MB. It fails as Rejected where the file is larger
// or gone. An error while reading is a *SendError.
func (c *Channel) Fetch(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	if !idForm.MatchString(m.Ref) {
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "there is no file"}
	}
	var file struct {
		URL  string  `json:"url"`
		Size int64   `json:"file_size"`
		ID   meta.ID `json:"id"`
	}
	err := c.graph.Do(ctx, http.MethodGet, "/"+m.Ref, url.Values{"phone_number_id": {c.o.PhoneNumberID}}, &file)
	switch {
	case meta.Is(err, 100): // it is over, or was never ours
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "Meta does not have the file any more"}
	case err != nil:
		return nil, judge(err)
	case file.Size > maxFetch:
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than is kept"}
	}
	content, err := c.graph.Fetch(ctx, file.URL, maxFetch, true)
	if err != nil {
		return nil, meta.Problem(err)
	}
	return content, nil
}
