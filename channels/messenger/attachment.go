// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"sarai/channels"
	"sarai/channels/meta"
)

// An attachment is a file or something that was shared. Its payload was observed
// as an object, as a string and absent.
type attachment struct {
	Type    string          `json:"type"`
	Title   string          `json:"title"`
	URL     string          `json:"url"`
	Payload json.RawMessage `json:"payload"`
}

type payload struct {
	URL         string  `json:"url"`
	Title       string  `json:"title"`
	Text        string  `json:"text"`
	Sticker     meta.ID `json:"sticker_id"`
	Coordinates *spot   `json:"coordinates"`
	Elements    []struct{ Title, Subtitle string }
}

type spot struct {
	Lat  float64 `json:"lat"`
	Long float64 `json:"long"`
}

// files are the kinds of attachment that are fetched, with the media type that
// each mostly has. A voice note comes as audio; a file of music, which few people
// send, comes so too.
var files = map[string]struct {
	kind channels.Kind
	mime string
}{
	"image": {channels.Picture, "image/jpeg"},
	"audio": {channels.Voice, "audio/mp4"},
	"video": {channels.Video, "video/mp4"},
	"file":  {channels.Document, ""},
}

// shared are the kinds that only point to something.
var shared = map[string]bool{"fallback": true, "share": true, "reel": true, "ig_reel": true, "post": true, "ig_post": true, "story_mention": true}

// thumbs are the stickers of Messenger's own thumb, small, middle and large (observed).
var thumbs = map[meta.ID]bool{"369239263222822": true, "369239343222814": true, "369239383222810": true}

// event puts into in what a message says, and reports whether it is something
// that is known.
func (m *message) event(in *channels.Inbound) bool {
	in.Text, in.Campaign = m.Text, m.Referral.campaign()
	if m.QuickReply != nil && m.QuickReply.Payload != "" {
		pressed(in, m.QuickReply.Payload, m.Text)
		return true
	}
	for _, a := range m.Attachments {
		if !a.event(in) {
			return false
		}
	}
	if in.Kind == "" {
		in.Kind = channels.Text
	}
	return in.Kind != channels.Text || in.Text != ""
}

func (a attachment) event(in *channels.Inbound) bool {
	var p payload
	if len(a.Payload) > 0 && a.Payload[0] == '"' {
		_ = json.Unmarshal(a.Payload, &p.URL)
	} else {
		_ = json.Unmarshal(a.Payload, &p) // what it does not have, it has not
	}
	kind := func(k channels.Kind) {
		if in.Kind == "" || in.Kind == channels.Text {
			in.Kind = k // that of the first one
		}
	}
	file, isFile := files[a.Type]
	switch {
	case a.Type == "sticker" || p.Sticker != "": // until 2026-08 as an image with a number
		kind(channels.Sticker)
		if in.Text == "" && thumbs[p.Sticker] {
			in.Text = "👍"
		}
	case isFile && p.URL != "":
		kind(file.kind)
		in.Media = append(in.Media, channels.Media{Ref: p.URL, Type: file.mime, Name: fileOf(p.URL, file.kind)})
	case a.Type == "location" && p.Coordinates != nil:
		kind(channels.Place)
		in.Text = lines(in.Text, degrees(p.Coordinates.Lat)+", "+degrees(p.Coordinates.Long))
	case shared[a.Type] || a.Type == "template":
		kind(channels.Text)
		if address := cmp.Or(a.URL, p.URL); address != "" && strings.Contains(in.Text, address) {
			break // words with a link in them bring it along once more
		}
		for _, s := range []string{a.Title, p.Title, p.Text, a.URL, p.URL} {
			if !strings.Contains(in.Text, s) {
				in.Text = lines(in.Text, s)
			}
		}
		for _, e := range p.Elements {
			in.Text = lines(in.Text, e.Title, e.Subtitle)
		}
	default:
		return false
	}
	return true
}

func degrees(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// fileOf is the name of a document, as its address has it.
func fileOf(address string, k channels.Kind) string {
	if k != channels.Document {
		return ""
	}
	address, _, _ = strings.Cut(address, "?")
	return cleanName(address)
}

// lines joins what is not empty.
func lines(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "\n")
}
