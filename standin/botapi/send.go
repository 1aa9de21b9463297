// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"bytes"
	"encoding/json"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	mostButtonData = 64  // bytes
	mostButtons    = 100 // observed by others; not documented
	mostNotice     = 200
	deleteWithin   = 48 * time.Hour
	actionLife     = 5 * time.Second
)

// A markup is what a call says about buttons.
type markup struct {
	given    bool
	buttons  [][]Button
	keyboard [][]Button
	remove   bool
}

// markup reads reply_markup.
func (c *call) markup() (markup, *refusal) {
	var out markup
	given := c.args["reply_markup"]
	if given == "" {
		return out, nil
	}
	out.given = true
	var m struct {
		Inline   json.RawMessage `json:"inline_keyboard"`
		Keyboard json.RawMessage `json:"keyboard"`
		Remove   bool            `json:"remove_keyboard"`
	}
	if !json.Valid([]byte(given)) {
		return out, bad("Can't parse reply keyboard markup JSON object")
	}
	if json.Unmarshal([]byte(given), &m) != nil {
		return out, bad("Object expected as reply markup")
	}
	out.remove = m.Remove
	var rows [][]json.RawMessage
	switch {
	case m.Inline != nil:
		if json.Unmarshal(m.Inline, &rows) != nil {
			return out, bad(`Field "inline_keyboard" must be an Array of Arrays`)
		}
		for _, row := range rows {
			var r []Button
			for _, raw := range row {
				var b struct {
					Text  *string          `json:"text"`
					URL   string           `json:"url"`
					Data  string           `json:"callback_data"`
					Copy  *json.RawMessage `json:"copy_text"`
					App   *json.RawMessage `json:"web_app"`
					Style string           `json:"style"`
				}
				if json.Unmarshal(raw, &b) != nil {
					return out, bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
				}
				if b.Text == nil {
					return out, bad(`can't parse inline keyboard button: Can't find field "text"`)
				}
				if b.URL == "" && b.Data == "" && b.Copy == nil && b.App == nil {
					return out, bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
				}
				if b.URL != "" {
					b.Data = "" // the first of the fields counts
				}
				r = append(r, Button{Text: *b.Text, URL: b.URL, Data: b.Data, Style: b.Style})
			}
			if len(r) > 0 {
				out.buttons = append(out.buttons, r)
			}
		}
	case m.Keyboard != nil:
		if json.Unmarshal(m.Keyboard, &rows) != nil {
			return out, bad(`Field "keyboard" must be an Array of Arrays`)
		}
		for _, row := range rows {
			var r []Button
			for _, raw := range row {
				var b wireButton
				if json.Unmarshal(raw, &b.Text) != nil && json.Unmarshal(raw, &b) != nil {
					return out, bad("Can't parse keyboard button: KeyboardButton must be a String or an Object")
				}
				k := Button{Text: b.Text}
				if b.Contact {
					k.Asks = "contact"
				} else if b.Location {
					k.Asks = "location"
				}
				r = append(r, k)
			}
			out.keyboard = append(out.keyboard, r)
		}
	}
	return out, nil
}

// check says what Telegram says of buttons only after it knows the chat.
func (m markup) check() *refusal {
	n := 0
	for _, row := range m.buttons {
		for _, b := range row {
			n++
			if b.Text == "" {
				return bad("Inline keyboard button text must be non-empty")
			}
			if b.URL != "" {
				if _, wrong := checkedLink(b.URL); wrong != "" {
					return bad("Inline keyboard button URL '%s' is invalid: %s", b.URL, wrong)
				}
			}
			if len(b.Data) > mostButtonData {
				return bad("BUTTON_DATA_INVALID")
			}
		}
	}
	for _, row := range m.keyboard {
		for _, b := range row {
			if b.Text == "" {
				return bad("Keyboard button text must be non-empty")
			}
		}
	}
	if n > mostButtons {
		return bad("reply markup is too long")
	}
	return nil
}

// text reads a text, its parse_mode and its entities.
func (c *call) text(name, entities string) (string, []Entity, *refusal) {
	text := c.args[name]
	if len(text) > mostRaw {
		return "", nil, bad("Text is too long")
	}
	text = strings.ToValidUTF8(text, "\ufffd")
	switch mode := strings.ToLower(c.args["parse_mode"]); {
	case text == "" || mode == "" || mode == "none":
	case mode == "html":
		return parseHTML(text)
	default:
		return "", nil, bad("Unsupported parse_mode")
	}
	var list []Entity
	if given := c.args[entities]; given != "" && json.Unmarshal([]byte(given), &list) != nil {
		list = nil // Telegram takes no notice of what is no list
	}
	list = slices.DeleteFunc(list, func(e Entity) bool {
		return e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > units(text)
	})
	slices.SortStableFunc(list, func(a, b Entity) int { return a.Offset - b.Offset })
	return text, list, nil
}

// A target is the chat that a call is about.
type target struct {
	*chat
	person *Person // nil in a group
	group  *Group
}

// target finds the chat of a call. The lock is held.
func (c *call) target() (target, *refusal) {
	given := c.args["chat_id"]
	if given == "" {
		return target{}, bad("chat_id is empty")
	}
	id, err := strconv.ParseInt(given, 10, 64)
	if err != nil {
		return target{}, bad("chat not found")
	}
	if g := c.s.groups[id]; g != nil {
		switch {
		case g.out:
			return target{}, refuse(403, "Forbidden: bot was kicked from the supergroup chat")
		case g.left:
			return target{}, refuse(403, "Forbidden: bot is not a member of the supergroup chat")
		}
		return target{&g.chat, nil, g}, nil
	}
	p := c.s.people[id]
	if p == nil {
		return target{}, bad("chat not found")
	}
	if !p.met && !c.s.seen(p) {
		return target{}, bad("chat not found") // the bot has never heard of them
	}
	if p.gone {
		return target{}, refuse(403, "Forbidden: user is deactivated")
	}
	return target{&p.chat, p, nil}, nil
}

// seen says whether the bot knows somebody from a group. The lock is held.
func (s *Server) seen(p *Person) bool {
	for _, g := range s.groups {
		if slices.ContainsFunc(g.chat.messages, func(m *Message) bool { return m.From == p.id }) {
			return true
		}
	}
	return false
}

// writable refuses where nothing can be sent to. The lock is held.
func (t target) writable() *refusal {
	switch {
	case t.person == nil:
	case !t.person.met:
		return refuse(403, "Forbidden: bot can't initiate conversation with a user")
	case t.person.blocked:
		return refuse(403, "Forbidden: bot was blocked by the user")
	}
	return nil
}

// send checks what Telegram checks of every message once its own fields are in
// order, and puts it on the screen.
func (c *call) send(m Message, ms ...Message) (any, *refusal) {
	s := c.s
	marks, r := c.markup()
	if r != nil {
		return nil, r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r := c.target()
	if r != nil {
		return nil, r
	}
	to, r := c.replyTo(t)
	if r != nil {
		return nil, r
	}
	all := append([]Message{m}, ms...)
	for i := range all {
		x := &all[i]
		x.Text, x.Entities = settle(x.Text, x.Entities)
		text := x.File == nil && x.Place == nil
		switch {
		case text && blank(x.Text):
			return nil, bad("Text must be non-empty")
		case text && units(x.Text) > mostText:
			return nil, bad("Message is too long")
		case !text && units(x.Text) > mostCaption:
			return nil, bad("Message caption is too long")
		}
		if !text && blank(x.Text) {
			x.Text, x.Entities = "", nil
		}
	}
	if r := marks.check(); r != nil {
		return nil, r
	}
	if r := t.writable(); r != nil {
		return nil, r
	}
	if r := s.paced(t.wire.ID); r != nil {
		return nil, r
	}
	var out []*wireMessage
	album := ""
	if len(ms) > 0 {
		album = strconv.FormatInt(13_000_000_000_000_000+s.number(), 10)
	}
	for i := range all {
		x := all[i]
		s.lastMessage++
		x.ID, x.Bot, x.From, x.At, x.ReplyTo, x.Album = s.lastMessage, true, s.me.ID, s.now(), to, album
		x.Buttons, x.Keyboard = marks.buttons, marks.keyboard
		if x.File != nil && x.File.ID == "" {
			x.File = s.keep(*x.File)
		}
		t.add(&x, s.o.Keep)
		out = append(out, s.wire(t.chat, &x))
	}
	if t.person != nil && (marks.remove || marks.keyboard != nil) {
		t.person.keyboard = marks.keyboard
	}
	t.action = ""
	t.until = time.Time{}
	s.touch()
	if len(ms) > 0 {
		return out, nil
	}
	return out[0], nil
}

// replyTo reads reply_parameters. The lock is held.
func (c *call) replyTo(t target) (int, *refusal) {
	var p struct {
		ID      int  `json:"message_id"`
		Without bool `json:"allow_sending_without_reply"`
	}
	given := c.args["reply_parameters"]
	if given == "" {
		p.ID, p.Without = c.integer("reply_to_message_id", 0), c.yes("allow_sending_without_reply")
	} else if !json.Valid([]byte(given)) {
		return 0, bad("Can't parse reply parameters JSON object")
	} else if json.Unmarshal([]byte(given), &p) != nil {
		return 0, bad("Object expected as reply parameters")
	}
	if p.ID == 0 || c.s.o.Keep < 0 || t.find(p.ID) != nil {
		return p.ID, nil
	}
	if p.Without {
		return 0, nil
	}
	return 0, bad("message to be replied not found")
}

func sendMessage(c *call) (any, *refusal) {
	if c.args["text"] == "" {
		return nil, bad("Message text is empty")
	}
	text, entities, r := c.text("text", "entities")
	if r != nil {
		return nil, r
	}
	var link struct {
		Disabled bool `json:"is_disabled"`
	}
	if given := c.args["link_preview_options"]; given != "" {
		if !json.Valid([]byte(given)) {
			return nil, bad("Can't parse link preview options JSON object")
		}
		if json.Unmarshal([]byte(given), &link) != nil {
			return nil, bad("Object expected as link preview options")
		}
	}
	off := link.Disabled || c.yes("disable_web_page_preview")
	return c.send(Message{Text: text, Entities: entities, Preview: !off})
}

// source finds the file of a call: an upload, or one that was sent before.
func (c *call) source(kind, given string) (*File, *refusal) {
	what := strings.ReplaceAll(kind, "_", " ")
	if name, ok := strings.CutPrefix(given, "attach://"); ok {
		kind, given = name, ""
	}
	u, ok := c.files[kind]
	if !ok {
		switch {
		case given == "":
			return nil, bad("there is no %s in the request", what)
		case strings.Contains(given, "://"):
			return nil, bad("Failed to get HTTP URL content") // nothing leaves this machine
		}
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		f := c.s.files.byID[given]
		if f == nil {
			return nil, bad("wrong file identifier/HTTP URL specified")
		}
		x := *f
		return &x, nil
	}
	if len(u.data) == 0 {
		return nil, bad("file must be non-empty")
	}
	return &File{Name: u.name, Type: u.kind, Size: int64(len(u.data)), Data: u.data}, nil
}

// shaped makes a file what a method wants, or refuses it.
func shaped(f *File, kind string) *refusal {
	if f.ID != "" {
		if f.Kind != kind && (f.Kind == "photo" || kind == "photo") {
			return bad("can't use file of type %s as %s", title(f.Kind), title(kind))
		}
		return nil
	}
	f.Kind = kind
	if kind != "photo" {
		return nil
	}
	if len(f.Data) > mostPhoto {
		return bad("File of size %d bytes is too big for a photo; the maximum size is %d bytes", len(f.Data), mostPhoto)
	}
	conf, _, err := image.DecodeConfig(bytes.NewReader(f.Data))
	if err != nil {
		return bad("IMAGE_PROCESS_FAILED")
	}
	if conf.Width+conf.Height > 10000 || max(conf.Width, conf.Height) > 20*min(conf.Width, conf.Height) {
		return bad("PHOTO_INVALID_DIMENSIONS")
	}
	return nil
}

func title(kind string) string { return strings.ToUpper(kind[:1]) + kind[1:] }

func sendFile(kind string) method {
	return func(c *call) (any, *refusal) {
		f, r := c.source(kind, c.args[kind])
		if r != nil {
			return nil, r
		}
		if r := shaped(f, kind); r != nil {
			return nil, r
		}
		text, entities, r := c.text("caption", "caption_entities")
		if r != nil {
			return nil, r
		}
		f.Seconds = max(f.Seconds, c.integer("duration", 0))
		return c.send(Message{Text: text, Entities: entities, File: f})
	}
}

func sendMediaGroup(c *call) (any, *refusal) {
	var list []struct {
		Type    string `json:"type"`
		Media   string `json:"media"`
		Caption string `json:"caption"`
		Mode    string `json:"parse_mode"`
	}
	if json.Unmarshal([]byte(c.args["media"]), &list) != nil {
		return nil, bad("Can't parse media JSON object")
	}
	if len(list) == 0 {
		return nil, bad("There are no messages to send")
	}
	if len(list) > 10 {
		return nil, bad("Too many messages to send as an album")
	}
	var all []Message
	kinds := map[string]bool{}
	for _, m := range list {
		switch m.Type {
		case "photo", "video":
			kinds["visual"] = true
		case "audio", "document":
			kinds[m.Type] = true
		default:
			return nil, bad("Can't parse InputMedia: Type of the media is invalid") // worded by guess
		}
		f, r := c.source(m.Type, m.Media)
		if r != nil {
			return nil, r
		}
		if r := shaped(f, m.Type); r != nil {
			return nil, r
		}
		one := &call{s: c.s, args: map[string]string{"caption": m.Caption, "parse_mode": m.Mode}}
		text, entities, r := one.text("caption", "caption_entities")
		if r != nil {
			return nil, r
		}
		all = append(all, Message{Text: text, Entities: entities, File: f})
	}
	if len(kinds) > 1 {
		return nil, bad("Can't use the media of the specified type in the album")
	}
	delete(c.args, "reply_markup") // an album has no buttons
	out, r := c.send(all[0], all[1:]...)
	if one, ok := out.(*wireMessage); ok {
		return []*wireMessage{one}, r
	}
	return out, r
}

func sendLocation(c *call) (any, *refusal) {
	var at Place
	for name, to := range map[string]*float64{"latitude": &at.Latitude, "longitude": &at.Longitude} {
		given := strings.TrimSpace(c.args[name])
		if given == "" {
			return nil, bad("%s is empty", name)
		}
		n, err := strconv.ParseFloat(given, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			n = 0
		}
		*to = n
	}
	if math.Abs(at.Latitude) > 90 || math.Abs(at.Longitude) > 180 {
		return nil, bad("wrong location specified") // worded by guess
	}
	return c.send(Message{Place: &at})
}

func sendChatAction(c *call) (any, *refusal) {
	switch c.args["action"] {
	case "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "record_audio", "upload_audio",
		"upload_document", "choose_sticker", "find_location", "pick_up_location", "record_video_note", "upload_video_note", "cancel":
	default:
		return nil, bad("Wrong parameter action in request")
	}
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r := c.target()
	if r == nil {
		r = t.writable()
	}
	if r != nil {
		return nil, r
	}
	t.action, t.until = c.args["action"], s.now().Add(actionLife)
	s.touch()
	return true, nil
}

// answerCallbackQuery stops the spinning of a button. How long Telegram waits
// for it is not documented; here it is as long as the update lives.
func answerCallbackQuery(c *call) (any, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	id := c.args["callback_query_id"]
	p, ok := s.presses[id]
	if !ok || s.now().Sub(p.at) > pressLife {
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	}
	text := c.args["text"]
	if units(text) > mostNotice {
		return nil, bad("MESSAGE_TOO_LONG")
	}
	delete(s.presses, id)
	if text != "" {
		if p.by.notices = append(p.by.notices, text); len(p.by.notices) > keptMessages {
			p.by.notices = p.by.notices[1:]
		}
	}
	s.touch()
	return true, nil
}

// editMessage is editMessageText, editMessageCaption and editMessageReplyMarkup.
func editMessage(c *call) (any, *refusal) {
	s := c.s
	var text string
	var entities []Entity
	var r *refusal
	switch c.method {
	case "editmessagetext":
		if c.args["text"] == "" {
			return nil, bad("Message text is empty")
		}
		text, entities, r = c.text("text", "entities")
	case "editmessagecaption":
		text, entities, r = c.text("caption", "caption_entities")
	}
	if r != nil {
		return nil, r
	}
	marks, r := c.markup()
	if r != nil {
		return nil, r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r := c.target()
	if r != nil {
		return nil, r
	}
	id := c.integer("message_id", 0)
	if id <= 0 {
		return nil, bad("Message identifier is not specified")
	}
	m := t.find(id)
	if m == nil && s.o.Keep < 0 {
		m = &Message{ID: id, Bot: true, From: s.me.ID, At: s.now()}
	}
	text, entities = settle(text, entities)
	switch {
	case m == nil:
		return nil, bad("message to edit not found")
	case !m.Bot:
		return nil, bad("Message can't be edited")
	case c.method == "editmessagetext" && (m.File != nil || m.Place != nil):
		return nil, bad("there is no text in the message to edit")
	case c.method == "editmessagecaption" && m.File == nil:
		return nil, bad("there is no caption in the message to edit")
	case c.method == "editmessagetext" && blank(text):
		return nil, bad("Text must be non-empty")
	case c.method == "editmessagetext" && units(text) > mostText:
		return nil, bad("Message is too long")
	case c.method == "editmessagecaption" && units(text) > mostCaption:
		return nil, bad("Message caption is too long")
	case c.method == "editmessagereplymarkup":
		text, entities = m.Text, m.Entities
	}
	if r := marks.check(); r != nil {
		return nil, r
	}
	if t.person != nil && t.person.blocked {
		return nil, refuse(403, "Forbidden: bot was blocked by the user")
	}
	if m.Text == text && slices.Equal(m.Entities, entities) && slices.EqualFunc(m.Buttons, marks.buttons, slices.Equal[[]Button]) {
		return nil, bad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	now := *m
	now.Text, now.Entities, now.Buttons, now.Edited = text, entities, marks.buttons, true
	*m = now
	s.touch()
	return s.wire(t.chat, m), nil
}

func deleteMessage(c *call) (any, *refusal) {
	s := c.s
	if c.args["chat_id"] == "" {
		return nil, bad("Chat identifier is not specified")
	}
	id := c.integer("message_id", 0)
	if id <= 0 {
		return nil, bad("Message identifier is not specified")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r := c.target()
	if r != nil {
		return nil, r
	}
	if t.find(id) == nil && s.o.Keep > 0 {
		return nil, bad("message to delete not found")
	}
	return t.erase(s, []int{id})
}

// deleteMessages deletes all of them or, where one is too old, none. Those that
// are gone are skipped.
func deleteMessages(c *call) (any, *refusal) {
	given := c.args["message_ids"]
	if given == "" {
		return nil, bad("Message identifiers are not specified")
	}
	var list []json.RawMessage
	if !json.Valid([]byte(given)) {
		return nil, bad("Can't parse message_ids JSON object")
	}
	if json.Unmarshal([]byte(given), &list) != nil {
		return nil, bad("Expected an Array of message identifiers")
	}
	if len(list) > 100 {
		return nil, bad("Too many message identifiers specified")
	}
	var ids []int
	for _, raw := range list {
		id, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 32)
		if err != nil {
			return nil, bad("Can't parse message identifier as a Number")
		}
		if id <= 0 {
			return nil, bad("Invalid message identifier specified")
		}
		ids = append(ids, int(id))
	}
	if len(ids) == 0 {
		return nil, bad("Message identifiers are not specified")
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	t, r := c.target()
	if r != nil {
		return nil, r
	}
	return t.erase(c.s, ids)
}

// erase deletes messages on both sides, those of the person too, up to 48 hours
// after they were sent. The lock is held.
func (t target) erase(s *Server, ids []int) (any, *refusal) {
	for _, id := range ids {
		if m := t.find(id); m != nil && s.now().Sub(m.At) > deleteWithin {
			return nil, bad("Message can't be deleted for everyone")
		}
	}
	for _, id := range ids {
		t.remove(id)
	}
	s.touch()
	return true, nil
}

func getChat(c *call) (any, *refusal) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	t, r := c.target()
	if r != nil {
		return nil, r
	}
	return struct {
		wireChat
		Colour    int `json:"accent_color_id"`
		Reactions int `json:"max_reaction_count"`
	}{t.wire, 0, 11}, nil
}

func leaveChat(c *call) (any, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r := c.target()
	if r != nil {
		return nil, r
	}
	if t.group == nil {
		return nil, bad("chat member status can't be changed in private chats")
	}
	t.group.left = true
	s.member(t.wire, s.me, "member", "left")
	return true, nil
}
