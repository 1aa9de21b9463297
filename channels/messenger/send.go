// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"sarai/channels"
	"sarai/channels/meta"
)

// The shapes of what is sent.
type (
	sending struct {
		Recipient recipient `json:"recipient"`
		Type      string    `json:"messaging_type,omitempty"`
		Tag       string    `json:"tag,omitempty"`
		Action    string    `json:"sender_action,omitempty"`
		Message   *content  `json:"message,omitempty"`
	}
	recipient struct {
		ID      string `json:"id,omitempty"`
		Comment string `json:"comment_id,omitempty"`
	}
	content struct {
		Text       string      `json:"text,omitempty"`
		Attachment *sentFile   `json:"attachment,omitempty"`
		Replies    []sentReply `json:"quick_replies,omitempty"`
		Metadata   string      `json:"metadata,omitempty"`
	}
	sentReply struct {
		Type    string `json:"content_type"`
		Title   string `json:"title"`
		Payload string `json:"payload"`
	}
	sentFile struct {
		Type    string      `json:"type"`
		Payload filePayload `json:"payload"`
	}
	filePayload struct {
		ID string `json:"attachment_id,omitempty"`

		Template string       `json:"template_type,omitempty"`
		Text     string       `json:"text,omitempty"`
		Buttons  []sentButton `json:"buttons,omitempty"`
	}
	sentButton struct {
		Type    string `json:"type"`
		Title   string `json:"title"`
		Payload string `json:"payload"`
	}
	sentAnswer struct {
		Recipient meta.ID `json:"recipient_id"`
		Message   meta.ID `json:"message_id"`
	}
)

// How a message is sent.
const (
	response   = "RESPONSE"
	messageTag = "MESSAGE_TAG"
	humanAgent = "HUMAN_AGENT" // only on what somebody of the staff wrote
)

// A part is what goes as one message of Messenger.
type part struct {
	text string
	file *channels.Attachment
}

// Send hands a message to Messenger. A file goes first and its words after it, and
// a text that is too long with its links goes in pieces; choices stand under the
// last part, where they stay until something follows. After an error Send takes
// the message up where it stopped, as long as the process lives.
//
// Whether the window is open is looked at now: what comes too late fails as
// Expired and Meta is not asked. To a comment goes one message without a file;
// the receipt tells who it reached. A comment that has its reply already is
// refused as Rejected, unless that reply may have been this very message.
func (c *Channel) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	person, comment, bad := target(out.To)
	if bad != nil {
		return channels.Receipt{}, bad
	}
	parts, bad := c.parts(out)
	if bad != nil {
		return channels.Receipt{}, bad
	}
	form := sending{Recipient: recipient{ID: person, Comment: comment}}
	if comment != "" && len(parts) > 1 {
		return channels.Receipt{}, &channels.SendError{Problem: channels.Rejected, Cause: "Meta takes one message in reply to a comment, without a file and not so long"}
	}
	if bad := c.open(&form, out); bad != nil {
		return channels.Receipt{}, bad
	}
	if wait := time.Unix(0, c.held.Load()).Sub(c.o.Now()); wait > 0 && !c.o.Unpaced {
		return channels.Receipt{}, &channels.SendError{Problem: channels.Throttled, After: wait, Cause: "Meta asks for a pause"}
	}
	known := c.ledger.note(out.Key, func(*progress) {})
	if known.whole {
		return channels.Receipt{ID: known.mid}, nil
	}
	var answer sentAnswer
	for i := known.parts; i < len(parts); i++ {
		last := i == len(parts)-1
		form.Message = &content{Text: parts[i].text, Metadata: metaWhole + out.Key}
		if last {
			form.Message.offer(out.Options, comment == "")
		} else {
			form.Message.Metadata = fmt.Sprintf("%s%d:%s", metaPart, i, out.Key)
		}
		err := c.post(ctx, &form, parts[i], out, &answer)
		if err != nil && parts[i].file == nil && c.countsBytes(err, parts[i].text) {
			if parts, bad = c.parts(out); bad != nil {
				return channels.Receipt{}, bad
			}
			if comment != "" {
				return channels.Receipt{}, &channels.SendError{Problem: channels.Rejected, Cause: "the text is longer than Meta takes in reply to a comment"}
			}
			i--
			continue
		}
		if err != nil {
			return c.failed(out.Key, comment, err)
		}
		c.ledger.note(out.Key, func(p *progress) {
			p.parts, p.whole, p.mid = i+1, last, string(answer.Message)
		})
	}
	r := channels.Receipt{ID: string(answer.Message)}
	if comment != "" && personID.MatchString(string(answer.Recipient)) {
		r.Learned = []channels.Address{address(answer.Recipient)}
	}
	return r, nil
}

// failed says what an error means for the whole message.
func (c *Channel) failed(key, comment string, err error) (channels.Receipt, error) {
	var problem *channels.SendError
	errors.As(meta.Problem(err), &problem)
	before := c.ledger.note(key, func(*progress) {})
	switch {
	case problem.Problem == channels.NoAnswer:
		c.ledger.note(key, func(p *progress) { p.unsure = true })
	case problem.Problem == channels.Throttled:
		c.held.Store(c.o.Now().Add(problem.After).UnixNano())
	case comment != "" && meta.Is(err, 10900) && before.unsure:
		return channels.Receipt{ID: before.mid}, nil // it was this message
	case comment != "" && meta.Is(err, 10900):
		problem = &channels.SendError{Problem: channels.Rejected, Cause: "the comment was replied to already, perhaps in the Page's own inbox"}
	}
	return channels.Receipt{}, problem
}

// open says how the message may be sent now, or that it may not.
func (c *Channel) open(form *sending, out channels.Outbound) *channels.SendError {
	since := c.o.Now().Sub(out.LastActed)
	switch {
	case form.Recipient.Comment != "":
		if since > channels.PrivateWithin {
			return &channels.SendError{Problem: channels.Expired, Cause: "the comment is older than seven days"}
		}
	case since <= window:
		form.Type = response
	case out.Author == channels.Staff && since <= windowHumans:
		form.Type, form.Tag = messageTag, humanAgent
	case out.Author == channels.Staff:
		return &channels.SendError{Problem: channels.Expired, Cause: "the person wrote last more than seven days ago"}
	default:
		return &channels.SendError{Problem: channels.Expired, Cause: "the person wrote last more than 24 hours ago, and the program may not write any more"}
	}
	return nil
}

// post sends one part. Where Meta counts the 24 hours otherwise than we do, what
// staff wrote goes once more under the tag.
func (c *Channel) post(ctx context.Context, form *sending, p part, out channels.Outbound, answer *sentAnswer) error {
	try := func() error {
		if p.file == nil {
			return c.graph.Do(ctx, http.MethodPost, c.messages(), form, answer)
		}
		err := c.postFile(ctx, form, p.file, out.Key, kindOf(p.file), answer)
		if meta.Is(err, 100, 2018047) && kindOf(p.file) != "file" {
			err = c.postFile(ctx, form, p.file, out.Key, "file", answer)
		}
		return err
	}
	err := try()
	var problem *channels.SendError
	if errors.As(err, &problem) && problem.Problem == channels.Expired && out.Author == channels.Staff && form.Type == response {
		form.Type, form.Tag = messageTag, humanAgent
		err = try()
	}
	return err
}

func (c *Channel) messages() string { return "/" + c.o.PageID + "/messages" }

// postFile uploads a file and sends it. The two are two requests: an upload can be
// tried again and nobody sees it twice.
func (c *Channel) postFile(ctx context.Context, form *sending, f *channels.Attachment, key, kind string, answer *sentAnswer) error {
	id := c.ledger.note(key, func(*progress) {}).attachment
	if id == "" || !strings.HasPrefix(id, kind+":") {
		var upload struct {
			ID meta.ID `json:"attachment_id"`
		}
		fields := map[string]string{"message": `{"attachment":{"type":"` + kind + `","payload":{"is_reusable":true}}}`}
		err := c.graph.Upload(ctx, "/"+c.o.PageID+"/message_attachments", fields, meta.File{
			Field: "filedata", Name: cleanName(f.Name), Type: f.Type, Size: f.Size, Open: f.Open,
		}, &upload)
		if err != nil {
			var problem *channels.SendError
			if errors.As(err, &problem) && problem.Problem == channels.NoAnswer {
				problem.Problem = channels.Unavailable // nobody has seen anything
			}
			return err
		}
		id = kind + ":" + string(upload.ID)
		c.ledger.note(key, func(p *progress) { p.attachment = id })
	}
	form.Message.Attachment = &sentFile{Type: kind, Payload: filePayload{ID: strings.TrimPrefix(id, kind+":")}}
	err := c.graph.Do(ctx, http.MethodPost, c.messages(), form, answer)
	if err != nil && meta.Is(err, 100) { // the upload may be over: the next try makes another
		c.ledger.note(key, func(p *progress) { p.attachment = "" })
	}
	return err
}

// kindOf is as what a file is sent.
func kindOf(a *channels.Attachment) string {
	mime, _, _ := strings.Cut(strings.ToLower(a.Type), ";")
	switch {
	case a.Kind == channels.Picture && a.Size <= maxPicture && (mime == "image/jpeg" || mime == "image/png" || mime == "image/gif" || mime == "image/webp"):
		return "image"
	case a.Kind == channels.Voice && strings.HasPrefix(mime, "audio/"):
		return "audio"
	}
	return "file"
}

// parts are the messages that a message becomes.
func (c *Channel) parts(out channels.Outbound) ([]part, *channels.SendError) {
	if bad := fits(out); bad != nil {
		return nil, bad
	}
	var all []part
	if out.Attachment != nil {
		all = append(all, part{file: out.Attachment})
	}
	if text := compose(out); text != "" {
		size := channels.UTF16
		if c.bytes.Load() {
			size = func(s string) int { return len(s) }
		}
		for _, piece := range split(text, maxText, size) {
			all = append(all, part{text: piece})
		}
	}
	if len(all) == 0 {
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "there are no words in it"}
	}
	return all, nil
}

// fits says what of a message Messenger does not take.
func fits(out channels.Outbound) *channels.SendError {
	rejected := func(cause string) *channels.SendError {
		return &channels.SendError{Problem: channels.Rejected, Cause: cause}
	}
	if a := out.Attachment; a != nil && (a.Size > maxUpload || a.Open == nil) {
		return rejected("the file is larger than can be sent, or not there")
	}
	if len(out.Options) > maxOptions {
		return rejected("there are more choices than Messenger shows")
	}
	if len(metaPart)+len(out.Key)+8 > maxMetadata || out.Key == "" {
		return rejected("the message has no key, or too long a one")
	}
	for _, o := range out.Options {
		switch {
		case o.Key == "" || utf8.RuneCountInString(o.Key) > maxKey || !utf8.ValidString(o.Key):
			return rejected("a choice's key is not 1 to 1000 characters long")
		case label(o.Label) == "":
			return rejected("a choice has no label")
		}
	}
	return nil
}

// What a message with buttons may have (developers.facebook.com/docs/messenger-platform,
// button template, read 2026-04).
const (
	maxButtons    = 3
	maxButtonText = 640 // characters
)

// offer puts choices under the words: few under a short text as buttons, which stay
// when the talk goes on and are seen in a browser too, else as quick replies.
func (m *content) offer(options []channels.Option, buttons bool) {
	if len(options) == 0 {
		return
	}
	if n := channels.UTF16(m.Text); buttons && len(options) <= maxButtons && n > 0 && n <= maxButtonText {
		p := filePayload{Template: "button", Text: m.Text}
		for _, o := range options {
			p.Buttons = append(p.Buttons, sentButton{Type: "postback", Title: label(o.Label), Payload: o.Key})
		}
		m.Text, m.Attachment = "", &sentFile{Type: "template", Payload: p}
		return
	}
	for _, o := range options {
		m.Replies = append(m.Replies, sentReply{Type: "text", Title: label(o.Label), Payload: o.Key})
	}
}

// countsBytes says whether Meta refused a text because it counts bytes: its
// documentation says "UTF-8 and less than 2000 characters" and can be read so. A
// letter of Urdu has two bytes, one of Bangla three. From the first such
// refusal on texts are cut by bytes.
func (c *Channel) countsBytes(err error, text string) bool {
	if !meta.Is(err, 100, 0) || len(text) <= maxText {
		return false
	}
	c.bytes.Store(true)
	return true
}

// Typing shows for about 20 seconds that somebody writes. To a comment there is
// nothing to show.
func (c *Channel) Typing(ctx context.Context, to channels.Address) error {
	person, _, bad := target(to)
	if bad != nil {
		return bad
	}
	if person == "" {
		return nil
	}
	return meta.Problem(c.graph.Do(ctx, http.MethodPost, c.messages(), sending{Recipient: recipient{ID: person}, Action: "typing_on"}, nil))
}
