// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"slices"
	"strings"

	"sarai/channels"
)

// The shapes of what is sent (developers.facebook.com/documentation/business-messaging/whatsapp/messages,
// read 2026-07).
type (
	message struct {
		Product string `json:"messaging_product"`
		Kind    string `json:"recipient_type"` // "individual": groups are left
		recipient
		Type        string       `json:"type"`
		Text        *outText     `json:"text,omitempty"`
		Interactive *outChoice   `json:"interactive,omitempty"`
		Template    *outTemplate `json:"template,omitempty"`
		Image       *outFile     `json:"image,omitempty"`
		Audio       *outFile     `json:"audio,omitempty"`
		Document    *outFile     `json:"document,omitempty"`
		Key         string       `json:"biz_opaque_callback_data,omitempty"`
		file        *upload      // what is to be uploaded first; its id goes into the shape that is set
	}
	outText struct {
		Body    string `json:"body"`
		Preview bool   `json:"preview_url"` // a preview would be fetched from that website
	}
	outFile struct {
		ID      string `json:"id"`
		Caption string `json:"caption,omitempty"`
		Name    string `json:"filename,omitempty"`
		Voice   bool   `json:"voice,omitempty"`
	}
	outChoice struct {
		Type   string    `json:"type"`
		Body   outWords  `json:"body"`
		Action outAction `json:"action"`
	}
	outWords struct {
		Text string `json:"text"`
	}
	outAction struct {
		Buttons  []outButton  `json:"buttons,omitempty"`
		Opener   string       `json:"button,omitempty"`
		Sections []outSection `json:"sections,omitempty"`
	}
	outButton struct {
		Type  string   `json:"type"`
		Reply outReply `json:"reply"`
	}
	outReply struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	outSection struct {
		Rows []outReply `json:"rows"`
	}
	outTemplate struct {
		Name       string         `json:"name"`
		Language   outLanguage    `json:"language"`
		Components []outComponent `json:"components,omitempty"`
	}
	outLanguage struct {
		Code string `json:"code"`
	}
	outComponent struct {
		Type   string     `json:"type"`
		Values []outValue `json:"parameters"`
	}
	outValue struct {
		Type string `json:"type"`
		Name string `json:"parameter_name,omitempty"`
		Text string `json:"text"`
	}
)

// sign opens a list where no word for it is known.
const sign = "☰"

// messagesOf are the messages that make up what is to be said: mostly one. Two
// are needed where choices stand beside a file, and where choices that do not fit
// into a list leave no room for the words.
func messagesOf(out channels.Outbound, opener string) ([]message, *channels.SendError) {
	words, _ := compose(out, maxText)
	words = strings.TrimSpace(words)
	if out.Attachment == nil {
		return wordsOf(out, words, opener)
	}
	if out.Attachment.Size > maxUpload || out.Attachment.Open == nil {
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than can be sent, or not there"}
	}
	first := fileOf(out.Attachment)
	caption, _ := compose(out, maxCaption)
	if len(out.Options) == 0 && (words == "" || first.takesCaption() && channels.UTF16(caption) <= maxCaption) {
		first.setCaption(caption)
		return []message{first}, nil
	}
	rest, bad := wordsOf(out, words, opener)
	return append([]message{first}, rest...), bad
}

// wordsOf are the messages of words and the choices under them.
func wordsOf(out channels.Outbound, words, opener string) ([]message, *channels.SendError) {
	switch {
	case len(out.Options) > 0 && slices.ContainsFunc(out.Options, func(o channels.Option) bool { return oneLine(o.Label) == "" }):
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "a choice has no label"}
	case words == "" && len(out.Options) > 0:
		return []message{textOf(numbered(out.Options, out.RTL))}, nil
	case words == "":
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "there are no words in it"}
	case len(out.Options) == 0:
		return []message{textOf(words)}, nil
	}
	if body, d := compose(out, maxBody); d <= compact && channels.UTF16(body) <= maxBody && asButtons(out.Options) {
		return []message{buttonsOf(body, out.Options)}, nil
	}
	if asRows(out.Options) {
		return []message{listOf(words, opener, out.Options)}, nil
	}
	choices := numbered(out.Options, out.RTL)
	if both := words + "\n\n" + choices; channels.UTF16(both) <= maxText {
		return []message{textOf(both)}, nil
	}
	return []message{textOf(words), textOf(choices)}, nil
}

// asButtons says whether choices can be reply buttons: no two may read the same.
func asButtons(options []channels.Option) bool {
	return len(options) <= maxButtons && fit(options, maxTitle, true)
}

// asRows says whether choices can be the rows of a list.
func asRows(options []channels.Option) bool {
	return len(options) <= maxRows && fit(options, maxRow, false)
}

func fit(options []channels.Option, label int, distinct bool) bool {
	keys, labels := map[string]bool{}, map[string]bool{}
	for _, o := range options {
		l := oneLine(o.Label)
		if o.Key == "" || len(o.Key) > maxKey || keys[o.Key] || channels.UTF16(l) > label || distinct && labels[l] {
			return false
		}
		keys[o.Key], labels[l] = true, true
	}
	return true
}

func textOf(words string) message { return message{Type: "text", Text: &outText{Body: words}} }

func buttonsOf(body string, options []channels.Option) message {
	c := &outChoice{Type: "button", Body: outWords{body}}
	for _, o := range options {
		c.Action.Buttons = append(c.Action.Buttons, outButton{"reply", outReply{o.Key, oneLine(o.Label)}})
	}
	return message{Type: "interactive", Interactive: c}
}

func listOf(body, opener string, options []channels.Option) message {
	if opener = oneLine(opener); opener == "" || channels.UTF16(opener) > maxTitle {
		opener = sign
	}
	var rows []outReply
	for _, o := range options {
		rows = append(rows, outReply{o.Key, oneLine(o.Label)})
	}
	return message{Type: "interactive", Interactive: &outChoice{
		Type: "list", Body: outWords{body}, Action: outAction{Opener: opener, Sections: []outSection{{rows}}},
	}}
}
