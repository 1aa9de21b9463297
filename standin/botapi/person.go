// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// How long an update waits for the bot: Telegram's own server keeps those of
// messages for a day and those of presses for 150 seconds.
const (
	messageLife = 24 * time.Hour
	pressLife   = 150 * time.Second
)

// A Person is somebody with Telegram on their phone. What they do becomes an
// update for the bot, unless the bot does not want such updates. While they have
// blocked the bot only Start and Unblock do something; the others return 0.
type Person struct {
	s        *Server
	id       int64
	name     string
	language string
	username string

	// guarded by s.mu
	chat     chat
	met      bool // they have written to the bot: it may write to them
	blocked  bool
	gone     bool // the account was deleted
	keyboard [][]Button
	notices  []string
}

// Person gives the person of an id, which is above 0, and makes them up where
// there is none. Their phone's language is a tag such as "fa" or "pt-br"; "" is
// none, and for somebody who exists: as it was.
func (s *Server) Person(id int64, language string) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[id]
	if p == nil {
		name := "Person " + strconv.FormatInt(id, 10)
		p = &Person{s: s, id: id, name: name}
		p.chat.wire = wireChat{ID: id, FirstName: name, Type: "private"}
		s.people[id] = p
		s.order = append(s.order, id)
		s.touch()
	}
	if language != "" && language != p.language {
		p.language = language
		s.touch()
	}
	return p
}

// ID is the person's id, and that of their chat with the bot.
func (p *Person) ID() int64 { return p.id }

func (p *Person) user() wireUser {
	return wireUser{ID: p.id, FirstName: p.name, Username: p.username, Language: p.language}
}

// message makes a message of the person's, puts it on the screen and tells the
// bot. The lock is held.
func (p *Person) message(m Message) int {
	if p.blocked || p.gone {
		return 0
	}
	p.met = true
	return p.s.said(&p.chat, p, m)
}

// said makes a message of a person's in a chat. The lock is held.
func (s *Server) said(c *chat, p *Person, m Message) int {
	s.lastMessage++
	m.ID, m.From, m.At = s.lastMessage, p.id, s.now()
	if m.File == nil {
		m.Entities = commands(m.Text)
	}
	c.add(&m, s.o.Keep)
	s.push("message", s.wire(c, &m), lane{id: c.wire.ID}, messageLife)
	return m.ID
}

// commands marks what begins with a slash, as phones do.
func commands(text string) []Entity {
	if !strings.Contains(text, "/") {
		return nil
	}
	var out []Entity
	offset, before := 0, rune(' ')
	for i, r := range text {
		if r == '/' && strings.ContainsRune(" \n", before) {
			n := 1
			for _, c := range text[i+1:] {
				if c != '_' && c != '@' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
					break
				}
				n++
			}
			if n > 1 {
				out = append(out, Entity{Type: "bot_command", Offset: offset, Length: n})
			}
		}
		offset += utf16.RuneLen(r)
		before = r
	}
	return out
}

// Start opens the chat by a link with that payload, or by the button where it
// is "". Who had blocked the bot has it back.
func (p *Person) Start(payload string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.unblock()
	return p.message(Message{Text: strings.TrimRight("/start "+payload, " ")})
}

// Say writes a text.
func (p *Person) Say(text string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.message(Message{Text: text})
}

// Reply writes a text as an answer to a message.
func (p *Person) Reply(message int, text string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.message(Message{Text: text, ReplyTo: message})
}

// A press waits for the bot's answer.
type press struct {
	by *Person
	at time.Time
}

// Press presses a button of a message and returns the id of the callback query.
// Nobody checks that the message has such a button: an old phone may show one
// that is gone. A message that is gone reaches the bot as one that cannot be had.
func (p *Person) Press(message int, data string) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.blocked || p.gone {
		return ""
	}
	m := &wireMessage{ID: message, Chat: p.chat.wire} // inaccessible
	if on := p.chat.find(message); on != nil {
		m = s.wire(&p.chat, on)
	}
	id := strconv.FormatInt(4_000_000_000_000+s.number(), 10)
	now := s.now()
	for len(s.pressed) > 0 { // bounded: forget what can be answered no more
		old, ok := s.presses[s.pressed[0]]
		if ok && now.Sub(old.at) <= pressLife {
			break
		}
		delete(s.presses, s.pressed[0])
		s.pressed = s.pressed[1:]
	}
	s.presses[id] = press{by: p, at: now}
	s.pressed = append(s.pressed, id)
	s.push("callback_query", struct {
		ID       string       `json:"id"`
		From     wireUser     `json:"from"`
		Message  *wireMessage `json:"message"`
		Instance string       `json:"chat_instance"`
		Data     string       `json:"data"`
	}{id, p.user(), m, strconv.FormatInt(p.id*31, 10), data}, lane{kind: 3, id: p.id}, pressLife)
	return id
}

// Edit changes a text that the person wrote, or what stands under their file. It
// says whether there was such a message.
func (p *Person) Edit(message int, text string) bool {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := p.chat.find(message)
	if m == nil || m.Bot || p.blocked || p.gone {
		return false
	}
	now := *m
	now.Text, now.Edited = text, true
	if now.File == nil {
		now.Entities = commands(text)
	}
	*m = now
	s.push("edited_message", s.wire(&p.chat, m), lane{id: p.id}, messageLife)
	return true
}

// Attach sends a file with words under it. A Size above the length of Data is
// what the phone claims; the rest of the content is then zeros.
func (p *Person) Attach(f File, caption string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.message(Message{Text: caption, File: p.s.keep(f)})
}

// Voice sends a voice note.
func (p *Person) Voice(data []byte, seconds int) int {
	return p.Attach(File{Kind: "voice", Type: "audio/ogg", Data: data, Seconds: seconds}, "")
}

// Audio sends a recording with a name, music for instance.
func (p *Person) Audio(name string, data []byte, seconds int) int {
	return p.Attach(File{Kind: "audio", Name: name, Type: "audio/mpeg", Data: data, Seconds: seconds}, "")
}

// Photo sends a picture, which should be a JPEG: phones make one of whatever is sent.
func (p *Person) Photo(data []byte, caption string) int {
	return p.Attach(File{Kind: "photo", Data: data}, caption)
}

// Video sends a film.
func (p *Person) Video(data []byte, seconds int, caption string) int {
	return p.Attach(File{Kind: "video", Type: "video/mp4", Data: data, Seconds: seconds, Width: 640, Height: 360}, caption)
}

// VideoNote sends a round film.
func (p *Person) VideoNote(data []byte, seconds int) int {
	return p.Attach(File{Kind: "video_note", Data: data, Seconds: seconds}, "")
}

// Document sends a file as it is.
func (p *Person) Document(name, mediaType string, data []byte) int {
	return p.Attach(File{Kind: "document", Name: name, Type: mediaType, Data: data}, "")
}

// Album sends several files at once: each is a message and an update of its own.
func (p *Person) Album(caption string, files ...File) []int {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	album := strconv.FormatInt(13_000_000_000_000_000+s.number(), 10)
	var ids []int
	for i, f := range files {
		m := Message{File: s.keep(f), Album: album}
		if i == 0 {
			m.Text = caption
		}
		ids = append(ids, p.message(m))
	}
	return ids
}

// Place shares a place.
func (p *Person) Place(latitude, longitude float64) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.message(Message{Place: &Place{latitude, longitude}})
}

// Contact shares a card: their own, or that of somebody whom Telegram does not know.
func (p *Person) Contact(number string, own bool) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c := &Contact{Number: number, Name: "A friend"}
	if own {
		c.Name, c.User = p.name, p.id
	}
	return p.message(Message{Contact: c})
}

// Sticker sends a sticker that stands for an emoji.
func (p *Person) Sticker(emoji string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.message(Message{Sticker: emoji})
}

// React puts an emoji on a message; "" takes it off. The bot hears of it only
// where it asked for message_reaction.
func (p *Person) React(message int, emoji string) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := p.chat.find(message)
	if m == nil || p.blocked || p.gone || m.Reaction == emoji {
		return
	}
	type reaction struct {
		Type  string `json:"type"`
		Emoji string `json:"emoji"`
	}
	list := func(emoji string) []reaction {
		if emoji == "" {
			return []reaction{}
		}
		return []reaction{{"emoji", emoji}}
	}
	old := m.Reaction
	m.Reaction = emoji
	s.push("message_reaction", struct {
		Chat wireChat   `json:"chat"`
		ID   int        `json:"message_id"`
		User wireUser   `json:"user"`
		Date int64      `json:"date"`
		Old  []reaction `json:"old_reaction"`
		New  []reaction `json:"new_reaction"`
	}{p.chat.wire, message, p.user(), s.now().Unix(), list(old), list(emoji)}, lane{kind: 8, id: p.id}, messageLife)
}

// Erase takes a message off the person's own screen, or the whole chat where
// message is 0. Telegram tells bots nothing of it.
func (p *Person) Erase(message int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if message == 0 {
		p.chat.messages = nil
	} else {
		p.chat.remove(message)
	}
	p.s.touch()
}

// Block blocks the bot.
func (p *Person) Block() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if !p.blocked {
		p.blocked = true
		p.s.member(p.chat.wire, p.user(), "member", "kicked")
	}
}

// Unblock lifts that.
func (p *Person) Unblock() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.unblock()
}

func (p *Person) unblock() {
	if p.blocked {
		p.blocked = false
		p.s.member(p.chat.wire, p.user(), "kicked", "member")
	}
}

// Deactivate deletes the person's account, for good. Bots are told nothing.
func (p *Person) Deactivate() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.gone = true
	p.s.touch()
}

// member tells the bot what has become of it in a chat. The lock is held.
func (s *Server) member(c wireChat, by wireUser, old, now string) {
	type status struct {
		User   wireUser `json:"user"`
		Status string   `json:"status"`
		Until  *int64   `json:"until_date,omitempty"`
	}
	of := func(name string) status {
		st := status{User: s.me, Status: name}
		if name == "kicked" {
			st.Until = new(int64)
		}
		return st
	}
	s.push("my_chat_member", struct {
		Chat wireChat `json:"chat"`
		From wireUser `json:"from"`
		Date int64    `json:"date"`
		Old  status   `json:"old_chat_member"`
		New  status   `json:"new_chat_member"`
	}{c, by, s.now().Unix(), of(old), of(now)}, lane{kind: 5, id: c.ID}, messageLife)
}

// Strange makes an update of a kind that no bot knows yet. Unlike with Telegram
// it comes even where the bot has said which kinds it wants.
func (p *Person) Strange() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.insert("moon_phase", struct {
		User  wireUser `json:"user"`
		Phase string   `json:"phase"`
	}{p.user(), "waning"}, lane{kind: 99, id: p.id}, messageLife)
}

// StrangeMessage sends a message whose content no bot knows yet.
func (p *Person) StrangeMessage() int {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.blocked || p.gone {
		return 0
	}
	p.met = true
	s.lastMessage++
	m := &Message{ID: s.lastMessage, From: p.id, At: s.now()}
	p.chat.add(m, s.o.Keep)
	w := s.wire(&p.chat, m)
	w.Odd = &struct{}{}
	s.push("message", w, lane{id: p.id}, messageLife)
	return m.ID
}

// Update makes an update of any kind and any content, for what this package does
// not play. It waits a day and is delivered after the person's messages.
func (p *Person) Update(kind string, body json.RawMessage) error {
	if !json.Valid(body) {
		return fmt.Errorf("the content of the update %q is not JSON", kind)
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.insert(kind, body, lane{id: p.id}, messageLife)
	return nil
}

// Screen is what the person sees now, oldest first. What was deleted is gone.
func (p *Person) Screen() []Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.chat.screen()
}

// Last is the newest message of the bot on the screen; without one its ID is 0.
func (p *Person) Last() Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, m := range slices.Backward(p.chat.messages) {
		if m.Bot {
			return *m
		}
	}
	return Message{}
}

// Keyboard is what stands in place of the phone's own keyboard.
func (p *Person) Keyboard() [][]Button {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.keyboard
}

// Action is what the bot seems to do, "typing" for instance. It is over after
// five seconds or with the next message.
func (p *Person) Action() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.action()
}

func (p *Person) action() string {
	if p.s.now().Before(p.chat.until) {
		return p.chat.action
	}
	return ""
}

// Notices are the texts with which the bot answered presses, newest last.
func (p *Person) Notices() []string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.Clone(p.notices)
}

// Waiting is how many presses the bot has not answered: their buttons spin.
func (p *Person) Waiting() int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	n := 0
	for _, w := range p.s.presses {
		if w.by == p {
			n++
		}
	}
	return n
}

// A Command is an entry of the bot's menu.
type Command struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// Menu is the list of commands that the person's phone shows, in its language
// where the bot has set one.
func (p *Person) Menu() []Command {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.s.settings.menu(p.id, p.language)
}

// About is what stands in the empty chat: the bot's description.
func (p *Person) About() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.s.settings.text("description", p.language)
}

// A Group is a chat of many, a supergroup, that the bot was added to. The bot
// reads along, as one that is an administrator does.
type Group struct {
	s    *Server
	chat chat
	left bool // the bot has left
	out  bool // the bot was thrown out
}

// Group makes a group, or gives the one of that id, which is below 0. by adds
// the bot: my_chat_member and a message say so.
func (s *Server) Group(id int64, title string, by *Person) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[id]
	if g != nil && !g.left && !g.out {
		return g
	}
	old := "left"
	if g != nil && g.out {
		old = "kicked"
	}
	g = &Group{s: s, chat: chat{wire: wireChat{ID: id, Title: title, Type: "supergroup"}}}
	s.groups[id] = g
	s.member(g.chat.wire, by.user(), old, "member")
	s.lastMessage++
	u := by.user()
	s.push("message", &wireMessage{
		ID: s.lastMessage, From: &u, Chat: g.chat.wire, Date: s.now().Unix(), NewMembers: []wireUser{s.me},
	}, lane{id: id}, messageLife)
	return g
}

// Broadcast is a Group for a channel, where only those who keep it write and all
// who follow it read: my_chat_member says that by added the bot to it.
func (s *Server) Broadcast(id int64, title string, by *Person) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &Group{s: s, chat: chat{wire: wireChat{ID: id, Title: title, Type: "channel"}}}
	s.groups[id] = g
	s.member(g.chat.wire, by.user(), "left", "administrator")
	return g
}

// Say writes a text into the group. It returns 0 where the bot is not there.
func (g *Group) Say(p *Person, text string) int {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if g.left || g.out {
		return 0
	}
	return g.s.said(&g.chat, p, Message{Text: text})
}

// Remove throws the bot out.
func (g *Group) Remove(by *Person) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if !g.left && !g.out {
		g.out = true
		g.s.member(g.chat.wire, by.user(), "member", "kicked")
	}
}

// Left says whether the bot has left the group by itself.
func (g *Group) Left() bool {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	return g.left
}

// Screen is what stands in the group.
func (g *Group) Screen() []Message {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	return g.chat.screen()
}

// primary is the first part of a language tag.
func primary(language string) string {
	p, _, _ := strings.Cut(strings.ToLower(language), "-")
	return p
}
