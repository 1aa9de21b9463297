// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sarai/channels"
)

// The shapes of updates, with only what is used of them: a field that changes
// its form and that nobody needs spoils nothing. Numbers of chats need 64 bits.
type (
	update struct {
		ID       *int64           `json:"update_id"`
		Message  *message         `json:"message"`
		Edited   *message         `json:"edited_message"`
		Callback *callback        `json:"callback_query"`
		Member   *memberUpdate    `json:"my_chat_member"`
		Reaction *messageReaction `json:"message_reaction"`
	}
	chat struct {
		ID   int64           `json:"id"`
		Type json.RawMessage `json:"type"`
	}
	user struct {
		ID       int64  `json:"id"`
		Bot      bool   `json:"is_bot"`
		Language string `json:"language_code"`
	}
	message struct {
		ID       int64  `json:"message_id"`
		From     *user  `json:"from"`
		Chat     chat   `json:"chat"`
		Date     int64  `json:"date"`
		EditDate int64  `json:"edit_date"`
		Text     string `json:"text"`
		Caption  string `json:"caption"`

		Photo     []file    `json:"photo"`
		Voice     *file     `json:"voice"`
		Audio     *file     `json:"audio"`
		Video     *file     `json:"video"`
		Note      *file     `json:"video_note"`
		Animation *file     `json:"animation"`
		Document  *file     `json:"document"`
		Sticker   *emoji    `json:"sticker"`
		Dice      *emoji    `json:"dice"`
		Contact   *contact  `json:"contact"`
		Location  *location `json:"location"`
		Venue     *venue    `json:"venue"`

		quiet
	}
	// quiet is what the phone or the platform does by itself, or a person to the
	// chat as a whole: nobody waits for an answer to it.
	quiet struct {
		Pinned     json.RawMessage `json:"pinned_message"`
		Timer      json.RawMessage `json:"message_auto_delete_timer_changed"`
		Background json.RawMessage `json:"chat_background_set"`
		Allowed    json.RawMessage `json:"write_access_allowed"`
		Website    json.RawMessage `json:"connected_website"`
		TopicMade  json.RawMessage `json:"forum_topic_created"`
		TopicNamed json.RawMessage `json:"forum_topic_edited"`
		TopicShut  json.RawMessage `json:"forum_topic_closed"`
		TopicOpen  json.RawMessage `json:"forum_topic_reopened"`
	}
	file struct {
		ID       string `json:"file_id"`
		Size     int64  `json:"file_size"`
		Type     string `json:"mime_type"`
		Name     string `json:"file_name"`
		Duration int    `json:"duration"`
		Width    int    `json:"width"`
		Height   int    `json:"height"`
	}
	emoji struct {
		Emoji string `json:"emoji"`
	}
	contact struct {
		Number string `json:"phone_number"`
		First  string `json:"first_name"`
		Last   string `json:"last_name"`
		User   int64  `json:"user_id"`
	}
	location struct {
		Lat float64 `json:"latitude"`
		Lon float64 `json:"longitude"`
	}
	venue struct {
		Title    string   `json:"title"`
		Address  string   `json:"address"`
		Location location `json:"location"`
	}
	callback struct {
		ID      string   `json:"id"`
		From    user     `json:"from"`
		Message *message `json:"message"`
		Data    string   `json:"data"`
	}
	memberUpdate struct {
		Chat chat  `json:"chat"`
		From user  `json:"from"`
		Date int64 `json:"date"`
		New  struct {
			Status string `json:"status"`
		} `json:"new_chat_member"`
	}
	messageReaction struct {
		Chat    chat  `json:"chat"`
		Message int64 `json:"message_id"`
		User    *user `json:"user"`
		Date    int64 `json:"date"`
		New     []struct {
			Emoji string `json:"emoji"`
		} `json:"new_reaction"`
	}
)

func (q quiet) any() bool {
	for _, x := range []json.RawMessage{q.Pinned, q.Timer, q.Background, q.Allowed, q.Website, q.TopicMade, q.TopicNamed, q.TopicShut, q.TopicOpen} {
		if x != nil && string(x) != "null" {
			return true
		}
	}
	return false
}

// A reading is what an update means.
type reading struct {
	id       int64             // the update's number
	in       *channels.Inbound // nil where nobody waits for an answer
	button   string            // a pressed button that is to be answered once in was taken
	group    int64             // a group to leave, 0 for none
	language string            // of whoever wrote in the group
	silent   bool              // the group is a channel, where a line would go to all who follow it
}

// errNoUpdate means that a body is not one of Telegram's updates.
var errNoUpdate = errors.New("telegram: this is not an update")

// nobody is the address of an update that names no person.
const nobody = "nobody"

// read makes an event of an update. It fails only with errNoUpdate; whatever it
// does not understand is channels.Unknown with its raw body.
func (c *Channel) read(raw []byte) (reading, error) {
	var u update
	if err := json.Unmarshal(raw, &u); err != nil || u.ID == nil {
		var bare struct {
			ID *int64 `json:"update_id"`
		}
		if err := json.Unmarshal(raw, &bare); err != nil || bare.ID == nil {
			return reading{}, errNoUpdate
		}
		return c.unknown(*bare.ID, raw), nil
	}
	r := reading{id: *u.ID}
	var in channels.Inbound
	ok := true     // it is understood
	known := false // it is certain whose it is and which
	switch {
	case u.Message != nil && u.Message.Chat.ID < 0:
		r.group, r.language = u.Message.Chat.ID, u.Message.language()
		return r, nil
	case u.Edited != nil && u.Edited.Chat.ID < 0:
		r.group = u.Edited.Chat.ID
		return r, nil
	case u.Callback != nil && u.Callback.Message != nil && u.Callback.Message.Chat.ID < 0:
		r.group = u.Callback.Message.Chat.ID
		return r, nil
	case u.Reaction != nil && u.Reaction.Chat.ID < 0:
		r.group = u.Reaction.Chat.ID
		return r, nil
	case u.Member != nil && u.Member.Chat.ID < 0:
		switch u.Member.New.Status {
		case "left", "kicked":
		default:
			r.group, r.language = u.Member.Chat.ID, u.Member.From.Language
			r.silent = string(u.Member.Chat.Type) == `"channel"`
		}
		return r, nil

	case u.Message != nil:
		m := u.Message
		if m.quiet.any() || m.From != nil && m.From.Bot {
			return r, nil
		}
		in, ok = m.event()
		in.From, in.ID, in.At = address(m.Chat.ID), c.messageID(m.Chat.ID, m.ID), at(m.Date)
		known = m.Chat.ID > 0 && m.ID > 0
		in.Language = m.language()
	case u.Edited != nil:
		m := u.Edited
		in, ok = m.event()
		in.From, in.Of, in.At = address(m.Chat.ID), c.messageID(m.Chat.ID, m.ID), at(max(m.EditDate, m.Date))
		in.ID = in.Of + "/edited/" + number(m.EditDate) + "/" + number(r.id)
		in.Kind, in.Campaign = channels.Edited, ""
		known = m.Chat.ID > 0 && m.ID > 0
		in.Language = m.language()
	case u.Callback != nil:
		q := u.Callback
		in = channels.Inbound{
			From: address(q.From.ID), ID: c.id + "/pressed/" + q.ID,
			Kind: channels.Choice, Choice: q.Data, Language: q.From.Language,
		}
		r.button = q.ID
		ok, known = q.Data != "", q.ID != "" && q.From.ID > 0
	case u.Member != nil:
		m := u.Member
		in = channels.Inbound{
			From: address(m.Chat.ID), At: at(m.Date), Language: m.From.Language,
			ID: c.id + "/" + number(m.Chat.ID) + "/member/" + number(m.Date) + "/" + number(r.id),
		}
		switch m.New.Status {
		case "kicked", "left":
			in.Kind = channels.Gone
		case "member":
			in.Kind = channels.Back
		default:
			ok = false
		}
		known = m.Chat.ID > 0
	case u.Reaction != nil:
		m := u.Reaction
		in = channels.Inbound{
			From: address(m.Chat.ID), Of: c.messageID(m.Chat.ID, m.Message), At: at(m.Date), Kind: channels.Reaction,
			ID: c.id + "/" + number(m.Chat.ID) + "/reaction/" + number(m.Date) + "/" + number(r.id),
		}
		for _, e := range m.New {
			in.Text += e.Emoji
		}
		if m.User != nil {
			in.Language = m.User.Language
		}
		known = m.Chat.ID > 0
	}
	if !known {
		strange := c.unknown(r.id, raw)
		strange.button = r.button
		return strange, nil
	}
	if !ok {
		in.Kind, in.Media, in.Raw = channels.Unknown, nil, bytes.Clone(raw)
	}
	r.in = &in
	return r, nil
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// at is a time of Telegram's, in seconds; 0 is none.
func at(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func (m *message) language() string {
	if m.From == nil {
		return ""
	}
	return m.From.Language
}

// event gives kind, words and files of a message, or says that it is nothing
// that is known.
func (m *message) event() (channels.Inbound, bool) {
	in := channels.Inbound{Text: m.Caption}
	media := func(k channels.Kind, f *file, claimed string) {
		in.Kind = k
		x := channels.Media{Ref: f.ID, Type: f.Type, Name: f.Name, Size: f.Size, Seconds: f.Duration}
		if x.Type == "" {
			x.Type = claimed
		}
		in.Media = []channels.Media{x}
	}
	switch {
	case len(m.Photo) > 0:
		best := &m.Photo[0]
		for i := range m.Photo {
			if f := &m.Photo[i]; f.Width*f.Height > best.Width*best.Height {
				best = f
			}
		}
		media(channels.Picture, best, "image/jpeg")
	case m.Voice != nil:
		media(channels.Voice, m.Voice, "audio/ogg")
	case m.Audio != nil:
		media(channels.Audio, m.Audio, "")
	case m.Video != nil:
		media(channels.Video, m.Video, "")
	case m.Note != nil:
		media(channels.Video, m.Note, "video/mp4")
	case m.Animation != nil: // a document comes along with it
		media(channels.Video, m.Animation, "video/mp4")
	case m.Document != nil:
		media(channels.Document, m.Document, "")
	case m.Sticker != nil:
		in.Kind, in.Text = channels.Sticker, m.Sticker.Emoji
	case m.Dice != nil:
		in.Kind, in.Text = channels.Sticker, m.Dice.Emoji
	case m.Contact != nil:
		in.Kind, in.Text = channels.Contact, m.Contact.words(m.Chat.ID)
	case m.Venue != nil: // a location comes along with it
		in.Kind, in.Text = channels.Place, lines(m.Venue.Location.words(), m.Venue.Title, m.Venue.Address)
	case m.Location != nil:
		in.Kind, in.Text = channels.Place, m.Location.words()
	case m.Text != "":
		in.Kind, in.Text, in.Campaign = said(m.Text)
	default:
		return in, false
	}
	for _, f := range in.Media {
		if f.Ref == "" {
			return in, false
		}
	}
	return in, true
}

var (
	// commandForm is a command with the name of the bot that it is meant for.
	commandForm = regexp.MustCompile(`^(/[A-Za-z0-9_]{1,32})@[A-Za-z0-9_]{1,64}(\s|$)`)
	// codeForm is what Telegram lets a link carry (core.telegram.org/bots/features#deep-linking).
	codeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// said reads a text: /start is how a talk is opened, with the code of a link
// behind it. Words behind /start that are no code were typed, and are kept.
func said(text string) (kind channels.Kind, words, campaign string) {
	text = commandForm.ReplaceAllString(text, "$1$2")
	rest, ok := strings.CutPrefix(text, "/start")
	if !ok || rest != "" && !strings.ContainsAny(rest[:1], " \n\t") {
		return channels.Text, text, ""
	}
	rest = strings.TrimSpace(rest)
	switch {
	case rest == "":
		return channels.Start, "", ""
	case codeForm.MatchString(rest):
		return channels.Start, "", rest
	}
	return channels.Text, rest, ""
}

func (c contact) words(chat int64) string {
	name := strings.TrimSpace(c.First + " " + c.Last)
	own := ""
	if c.User != 0 && c.User == chat {
		own = "(the sender's own number, says Telegram)"
	}
	return lines(c.Number, name, own)
}

func (l location) words() string {
	return strconv.FormatFloat(l.Lat, 'f', -1, 64) + ", " + strconv.FormatFloat(l.Lon, 'f', -1, 64)
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

// unknown keeps an update that nobody understands. Whose it is and when it was
// are looked for where Telegram's updates mostly have them.
func (c *Channel) unknown(id int64, raw []byte) reading {
	r := reading{id: id}
	in := channels.Inbound{
		From: channels.Address{Channel: ChannelName, ID: nobody}, Kind: channels.Unknown, Raw: bytes.Clone(raw),
	}
	var date, message int64
	var parts map[string]json.RawMessage
	_ = json.Unmarshal(raw, &parts) // it has an update_id, so it is an object
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		part := parts[name]
		var fields map[string]json.RawMessage
		if json.Unmarshal(part, &fields) != nil {
			continue
		}
		for _, from := range []json.RawMessage{fields["user"], fields["from"], inner(fields["message"], "chat"), fields["chat"]} {
			var who chat
			if from == nil || json.Unmarshal(from, &who) != nil {
				continue
			}
			switch {
			case who.ID > 0:
				in.From = address(who.ID)
			case who.ID < 0:
				return reading{id: id, group: who.ID, silent: string(who.Type) == `"channel"`}
			}
		}
		for _, name := range []string{"date", "edit_date"} {
			var n int64
			if json.Unmarshal(fields[name], &n) == nil {
				date = max(date, n)
			}
		}
		if name == "message" {
			message, _ = strconv.ParseInt(strings.Trim(string(fields["message_id"]), `"`), 10, 64)
		}
	}
	in.At = at(date)
	in.ID = c.id + "/update/" + number(date) + "/" + number(id)
	if message > 0 && in.From.ID != nobody { // it stands on the person's screen, and hide is to find it
		in.ID = c.id + "/" + in.From.ID + "/" + number(message)
	}
	r.in = &in
	return r
}

func inner(raw json.RawMessage, name string) json.RawMessage {
	var fields map[string]json.RawMessage
	if raw == nil || json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	return fields[name]
}
