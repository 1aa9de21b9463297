// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"context"
	"regexp"
	"slices"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"sarai/channels"
)

// What Telegram takes of a menu and of descriptions (core.telegram.org/bots/api,
// setMyCommands, setMyDescription, setMyShortDescription), in characters.
const (
	maxCommand      = 256
	maxDescription  = 512
	maxShort        = 120
	maxCommandCount = 100
)

// Words are what people see of the bot before they write to it, in one language.
type Words struct {
	Language    string // two letters (ISO 639-1)
	Commands    []Command
	Description string // in the empty chat, at most 512 characters
	Short       string // on the bot's profile, at most 120
	Group       string // said to a group before the bot leaves it; "" says nothing
}

// A Command is a line of the menu.
type Command struct {
	Name        string // without the slash: 1 to 32 of a-z, 0-9 and _
	Description string // at most 256 characters
}

var commandName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// fits says whether Telegram takes the words.
func (w Words) fits() bool {
	if channels.UTF16(w.Description) > maxDescription || channels.UTF16(w.Short) > maxShort || len(w.Commands) > maxCommandCount {
		return false
	}
	return !slices.ContainsFunc(w.Commands, func(c Command) bool {
		return !commandName.MatchString(c.Name) || c.Description == "" || channels.UTF16(c.Description) > maxCommand
	})
}

// Setup shows the menu and the descriptions, in each language of Options.Words
// and the first also for everybody else. What is so already is left alone, so it
// is safe to run again. changed counts what was set. It fails with a *SendError.
// What Telegram refuses, a language that it does not know for instance, does not
// keep the others from being set.
func (c *Channel) Setup(ctx context.Context) (changed int, err error) {
	var refusal error
	for i, w := range c.words {
		if !w.fits() {
			refusal = &channels.SendError{Problem: channels.Rejected, Cause: "the words for the language " + w.Language + " are longer than Telegram takes"}
			continue
		}
		languages := []string{w.Language}
		if i == 0 {
			languages = []string{"", w.Language}
		}
		for _, l := range languages {
			n, r := c.show(ctx, l, w)
			changed += n
			switch {
			case r == nil:
			case r.Problem == channels.Rejected:
				refusal = &channels.SendError{Problem: channels.Rejected, Cause: "for the language " + w.Language + ": " + r.Cause}
			default:
				return changed, r.err()
			}
		}
	}
	return changed, refusal
}

func (c *Channel) show(ctx context.Context, language string, w Words) (changed int, r *refusal) {
	commands := []models.BotCommand{}
	for _, x := range w.Commands {
		commands = append(commands, models.BotCommand{Command: x.Name, Description: x.Description})
	}
	// A request without any field is sent without a body: nil.
	var forCommands *bot.GetMyCommandsParams
	var forDescription *bot.GetMyDescriptionParams
	var forShort *bot.GetMyShortDescriptionParams
	if language != "" {
		forCommands = &bot.GetMyCommandsParams{LanguageCode: language}
		forDescription = &bot.GetMyDescriptionParams{LanguageCode: language}
		forShort = &bot.GetMyShortDescriptionParams{LanguageCode: language}
	}
	set := func(err error) error {
		if err == nil {
			changed++
		}
		return err
	}
	for _, step := range []func(ctx context.Context) error{
		func(ctx context.Context) error {
			now, err := c.api.GetMyCommands(ctx, forCommands)
			if err != nil || len(commands) == 0 || slices.Equal(now, commands) {
				return err
			}
			_, err = c.api.SetMyCommands(ctx, &bot.SetMyCommandsParams{Commands: commands, LanguageCode: language})
			return set(err)
		},
		func(ctx context.Context) error {
			now, err := c.api.GetMyDescription(ctx, forDescription)
			if err != nil || w.Description == "" || now.Description == w.Description {
				return err
			}
			_, err = c.api.SetMyDescription(ctx, &bot.SetMyDescriptionParams{Description: w.Description, LanguageCode: language})
			return set(err)
		},
		func(ctx context.Context) error {
			now, err := c.api.GetMyShortDescription(ctx, forShort)
			if err != nil || w.Short == "" || now.ShortDescription == w.Short {
				return err
			}
			_, err = c.api.SetMyShortDescription(ctx, &bot.SetMyShortDescriptionParams{ShortDescription: w.Short, LanguageCode: language})
			return set(err)
		},
	} {
		switch x := c.try(ctx, step); {
		case x == nil:
		case x.Problem == channels.Rejected:
			r = x
		default:
			return changed, x
		}
	}
	return changed, r
}
