// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/channels/whatsappcloud"
)

// sent is a message as WhatsApp measures it.
type sent struct {
	Text *struct {
		Body string `json:"body"`
	} `json:"text"`
	Interactive *struct {
		Type string `json:"type"`
		Body struct {
			Text string `json:"text"`
		} `json:"body"`
		Action struct {
			Opener  string `json:"button"`
			Buttons []struct {
				Reply choice `json:"reply"`
			} `json:"buttons"`
			Sections []struct {
				Rows []choice `json:"rows"`
			} `json:"sections"`
		} `json:"action"`
	} `json:"interactive"`
}

type choice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// beyond says in which way a message is more than WhatsApp takes.
func (m sent) beyond() string {
	within := func(what, s string, most int) string {
		if n := channels.UTF16(s); n == 0 || strings.TrimSpace(s) == "" || n > most {
			return fmt.Sprintf("%s has %d units", what, n)
		}
		return ""
	}
	var all []string
	choices := func(cs []choice, most, label int, distinct bool) {
		seen := map[string]bool{}
		for _, c := range cs {
			all = append(all, within("a key", c.ID, 200), within("a label", c.Title, label))
			if seen["id"+c.ID] || distinct && seen["title"+c.Title] || strings.Contains(c.Title, "\n") {
				all = append(all, "two choices are the same")
			}
			seen["id"+c.ID], seen["title"+c.Title] = true, true
		}
		if len(cs) == 0 || len(cs) > most {
			all = append(all, fmt.Sprintf("there are %d choices", len(cs)))
		}
	}
	switch {
	case m.Text != nil:
		all = append(all, within("the text", m.Text.Body, 4096))
	case m.Interactive == nil:
		all = append(all, "it is nothing")
	case m.Interactive.Type == "button":
		all = append(all, within("the body", m.Interactive.Body.Text, 1024))
		var cs []choice
		for _, b := range m.Interactive.Action.Buttons {
			cs = append(cs, b.Reply)
		}
		choices(cs, 3, 20, true)
	default:
		all = append(all, within("the body", m.Interactive.Body.Text, 4096), within("the opener", m.Interactive.Action.Opener, 20))
		if len(m.Interactive.Action.Sections) != 1 {
			return "it has not one section"
		}
		choices(m.Interactive.Action.Sections[0].Rows, 10, 24, false)
	}
	return strings.Join(all, "")
}

// Whatever is within the channel's limits becomes one message that WhatsApp takes,
// and with more or longer choices two at most; no choice is left out.
func FuzzFits(f *testing.F) {
	f.Add("hello", "a", "b", "c", "Menu", uint8(3), true, uint8(0))
	f.Add(strings.Repeat("ق", 4096), "ا", "ب", "a label of 21 letters", "", uint8(11), true, uint8(2))
	f.Add("two\nlines *bold*", " a\tb ", "🌙🌙🌙🌙🌙🌙🌙🌙🌙🌙🌙", "c", strings.Repeat("x", 30), uint8(10), false, uint8(1))
	f.Add(" ", "", "", "", "", uint8(0), false, uint8(4))
	kinds := []channels.BlockKind{channels.Paragraph, channels.Heading, channels.Item, channels.Quiet}
	f.Fuzz(func(t *testing.T, words, a, b, c, opener string, n uint8, rtl bool, kind uint8) {
		out := to(user, "")
		out.RTL = rtl
		for i, w := range strings.SplitAfterN(words, "\n\n", 4) {
			out.Blocks = append(out.Blocks, channels.Block{Kind: kinds[(int(kind)+i)%len(kinds)], Text: w, Link: "https://example.org/x"})
		}
		labels := []string{a, b, c}
		for i := range int(n % 16) {
			out.Options = append(out.Options, channels.Option{Key: fmt.Sprintf("key-%d", i), Label: labels[i%3]})
		}
		raw, err := whatsappcloud.MessagesOf(out, opener)
		if err != nil {
			return // nothing to say, or a choice without a label
		}
		var all []sent
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}
		limits := channels.Limits{Text: 4096, Options: 10, Label: 20}
		if channeltest.Beyond(limits, out) != "" {
			limits.Options, limits.Label = 0, 200
			if channeltest.Beyond(limits, out) != "" {
				return // the gateway splits it first
			}
		} else if len(all) != 1 && channels.UTF16(a+b+c) < 60 && len(out.Options) <= 10 {
			t.Fatalf("%d messages", len(all))
		}
		if len(all) == 0 || len(all) > 2 {
			t.Fatalf("%d messages", len(all))
		}
		said := string(raw)
		for _, m := range all {
			if bad := m.beyond(); bad != "" {
				t.Fatalf("%s: %.2000s", bad, said)
			}
		}
		for i := range out.Options {
			if len(all) == 1 && all[0].Interactive != nil && !strings.Contains(said, fmt.Sprintf("key-%d", i)) {
				t.Fatalf("choice %d is left out", i)
			}
		}
	})
}
