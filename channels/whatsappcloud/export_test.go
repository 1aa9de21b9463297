// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"encoding/json"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// Read reads one event for a number.
func Read(number string, e meta.Event) meta.Reading { return read(number, e).Reading }

// Verdicts are the codes that are known, each with what it means.
func Verdicts() map[int]channels.SendProblem {
	all := map[int]channels.SendProblem{}
	for code, v := range verdicts {
		all[code] = v.problem
	}
	return all
}

// Compose sets a message as it is sent.
func Compose(out channels.Outbound, limit int) string {
	s, _ := compose(out, limit)
	return s
}

// Heard is how many people's newest messages are in mind.
func (c *Channel) Heard() int {
	c.heard.mu.Lock()
	defer c.heard.mu.Unlock()
	return len(c.heard.of)
}

// Hasten makes Keep look again at once.
func (c *Channel) Hasten() *Channel {
	c.pauses = pauses{first: time.Millisecond, most: 5 * time.Millisecond, check: time.Millisecond}
	return c
}

// MessagesOf gives what a message is sent as, in JSON.
func MessagesOf(out channels.Outbound, opener string) ([]byte, error) {
	all, bad := messagesOf(out, opener)
	if bad != nil {
		return nil, bad
	}
	return json.Marshal(all)
}
