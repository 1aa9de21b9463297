// SPDX-License-Identifier: GPL-3.0-or-later

package botapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const mostCommands = 100

// settings are what the bot has set about itself, by language; "" is for every
// language that has none of its own.
type settings struct {
	commands map[commandKey][]Command
	texts    map[string]map[string]string // description, short_description, name
}

type commandKey struct{ scope, language string }

func newSettings() settings {
	return settings{commands: map[commandKey][]Command{}, texts: map[string]map[string]string{}}
}

// menu is what somebody sees: the narrowest scope that has something, in their
// language before any.
func (s *settings) menu(chat int64, language string) []Command {
	for _, scope := range []string{"chat:" + strconv.FormatInt(chat, 10), "all_private_chats", "default"} {
		for _, l := range []string{primary(language), ""} {
			if list := s.commands[commandKey{scope, l}]; len(list) > 0 {
				return slices.Clone(list)
			}
		}
	}
	return nil
}

func (s *settings) text(what, language string) string {
	if t := s.texts[what][primary(language)]; t != "" {
		return t
	}
	return s.texts[what][""]
}

// language checks a language_code: Telegram takes two small letters or nothing.
func (c *call) language() (string, *refusal) {
	l := c.args["language_code"]
	if l != "" && (len(l) != 2 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz") != "") {
		return "", bad("Invalid language code specified")
	}
	return l, nil
}

func (c *call) commandKey() (commandKey, *refusal) {
	l, r := c.language()
	if r != nil {
		return commandKey{}, r
	}
	key := commandKey{"default", l}
	if given := c.args["scope"]; given != "" {
		var scope struct {
			Type string      `json:"type"`
			Chat json.Number `json:"chat_id"`
		}
		if json.Unmarshal([]byte(given), &scope) != nil {
			return key, bad("Can't parse BotCommandScope JSON object")
		}
		switch scope.Type {
		case "default", "all_private_chats", "all_group_chats", "all_chat_administrators":
			key.scope = scope.Type
		case "chat":
			if scope.Chat == "" {
				return key, bad("Can't parse BotCommandScope: Empty chat_id specified")
			}
			key.scope = "chat:" + scope.Chat.String()
		default:
			return key, bad("Can't parse BotCommandScope: Unsupported type specified")
		}
	}
	return key, nil
}

func setMyCommands(c *call) (any, *refusal) {
	given := c.args["commands"]
	if given == "" {
		given = "[]"
	}
	var list []Command
	if json.Unmarshal([]byte(given), &list) != nil {
		return nil, bad("Can't parse commands JSON object")
	}
	key, r := c.commandKey()
	if r != nil {
		return nil, r
	}
	for i, cmd := range list {
		cmd.Command = strings.TrimPrefix(strings.TrimSpace(cmd.Command), "/")
		cmd.Description = strings.TrimSpace(cmd.Description)
		switch {
		case cmd.Command == "":
			return nil, bad("Command must be non-empty")
		case utf8.RuneCountInString(cmd.Command) > 32:
			return nil, bad("Command length must not exceed 32")
		case cmd.Description == "":
			return nil, bad("Command description must be non-empty")
		case utf8.RuneCountInString(cmd.Description) > 256:
			return nil, bad("Command description length must not exceed 256")
		case strings.Trim(cmd.Command, "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
			return nil, bad("BOT_COMMAND_INVALID")
		}
		list[i] = cmd
	}
	if len(list) > mostCommands {
		return nil, bad("BOT_COMMANDS_TOO_MUCH")
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.settings.commands[key] = list
	c.s.touch()
	return true, nil
}

func getMyCommands(c *call) (any, *refusal) {
	key, r := c.commandKey()
	if r != nil {
		return nil, r
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return append([]Command{}, c.s.settings.commands[key]...), nil
}

func deleteMyCommands(c *call) (any, *refusal) {
	key, r := c.commandKey()
	if r != nil {
		return nil, r
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	delete(c.s.settings.commands, key)
	c.s.touch()
	return true, nil
}

// setText sets a text about the bot. The limits are documented; how Telegram words that
// one is too long is a guess.
func setText(what string, most int) method {
	return func(c *call) (any, *refusal) {
		l, r := c.language()
		if r != nil {
			return nil, r
		}
		text := strings.TrimSpace(c.args[what])
		if utf8.RuneCountInString(text) > most {
			return nil, bad("%s is too long", strings.ReplaceAll(what, "_", " "))
		}
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		if c.s.settings.texts[what] == nil {
			c.s.settings.texts[what] = map[string]string{}
		}
		c.s.settings.texts[what][l] = text
		c.s.touch()
		return true, nil
	}
}

func getText(what string) method {
	return func(c *call) (any, *refusal) {
		l, r := c.language()
		if r != nil {
			return nil, r
		}
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		return map[string]string{what: c.s.settings.texts[what][l]}, nil
	}
}
