// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"slices"
	"time"
	"unicode/utf16"
)

const (
	keptMessages = 300 // of one talk
	window       = 24 * time.Hour
	humanWindow  = 7 * 24 * time.Hour
)

// A chat is a talk with one person as it stands on their screen.
type chat struct {
	messages []*Message
	acted    time.Time // when the person did last what opens the window
	action   string    // what we seem to do
	until    time.Time
	seen     bool // we have marked it as read
}

// add puts a message on the screen. Quick replies above it vanish.
func (c *chat) add(m *Message) {
	for _, old := range c.messages {
		if slices.ContainsFunc(old.Buttons, quick) {
			old.Buttons = slices.DeleteFunc(slices.Clone(old.Buttons), quick)
		}
	}
	c.messages = append(c.messages, m)
	if len(c.messages) > keptMessages {
		c.messages = slices.Delete(c.messages, 0, len(c.messages)-keptMessages)
	}
	if m.By == "person" {
		c.seen = false
	} else {
		c.action = ""
	}
}

func quick(b Button) bool { return b.Kind == "quick" }

func (c *chat) find(id string) *Message {
	i := slices.IndexFunc(c.messages, func(m *Message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

func (c *chat) screen() []Message {
	out := make([]Message, len(c.messages))
	for i, m := range c.messages {
		out[i] = *m
	}
	return out
}

// last is the newest message that is not the person's.
func (c *chat) last() Message {
	for _, m := range slices.Backward(c.messages) {
		if m.By != "person" {
			return *m
		}
	}
	return Message{}
}

// doing is the action at a moment.
func (c *chat) doing(now time.Time) string {
	if now.Before(c.until) {
		return c.action
	}
	return ""
}

// units counts a text as UTF-16. Meta speaks of characters; where these differ, the
// stricter count is the one that a program should keep to.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// cut cuts a label as the platform shows it.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
