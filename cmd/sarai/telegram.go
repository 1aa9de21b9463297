// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"sarai/channels"
	"sarai/channels/telegram"
	"sarai/locales"
)

// telegramConf is the section [telegram]. Without a token there is no Telegram.
type telegramConf struct {
	Token           string `toml:"token"`
	TokenFile       string `toml:"token_file"`
	APIURL          string `toml:"api_url"` // where Telegram answers; "" is Telegram itself
	Mode            string `toml:"mode"`    // "poll", also by default, or "webhook"
	SecretToken     string `toml:"secret_token"`
	SecretTokenFile string `toml:"secret_token_file"`
	Paced           *bool  `toml:"paced"` // false sends as fast as it can: for measuring against a stand-in

	inFile bool // a secret stands in the configuration file itself
}

// all are the secrets of the section.
func (t *telegramConf) all() []secret {
	return []secret{{"token", &t.Token, t.TokenFile}, {"secret_token", &t.SecretToken, t.SecretTokenFile}}
}

// check looks at the section. It fails with words for whoever wrote it.
func (c config) checkTelegram() error {
	t := c.Telegram
	if t.Mode != "" && t.Mode != "poll" && t.Mode != "webhook" {
		return fmt.Errorf("mode = %q is neither \"poll\" nor \"webhook\"", t.Mode)
	}
	if t.Token == "" {
		if t.APIURL != "" || t.Mode != "" || t.SecretToken != "" {
			return errors.New("token is missing: BotFather gives it; docs/channels/telegram.md says how")
		}
		return nil
	}
	if t.Mode == "webhook" && c.PublicURL == "" {
		return errors.New("mode = \"webhook\" needs public_url, an https address that Telegram can reach")
	}
	if t.Paced != nil && !*t.Paced {
		if u, err := url.Parse(t.APIURL); err != nil || !loopback(u.Hostname()) {
			return errors.New("paced = false is only for a stand-in on this machine: Telegram shuts out who sends too fast")
		}
	}
	return c.telegramOptions(nil, nil).Check()
}

// telegram says whether the channel is configured.
func (c config) telegram() bool { return c.Telegram.Token != "" }

// telegramOptions are the channel's, from the configuration and, where there are
// any, the phrases.
func (c config) telegramOptions(phrases *locales.Phrases, log *slog.Logger) telegram.Options {
	o := telegram.Options{Token: c.Telegram.Token, APIURL: c.Telegram.APIURL, Log: log, Unpaced: c.Telegram.Paced != nil && !*c.Telegram.Paced}
	if c.Telegram.Mode == "webhook" {
		o.WebhookURL = c.base() + telegram.Path
		o.SecretToken = c.Telegram.SecretToken
	}
	if phrases != nil {
		o.Words = telegramWords(phrases)
	}
	return o
}

// telegramWords are the menu and the descriptions in each language that has
// phrases, English first: it is also what everybody else sees.
func telegramWords(phrases *locales.Phrases) []telegram.Words {
	var all []telegram.Words
	taken := map[string]bool{}
	for _, l := range phrases.Complete() { // English is the first
		tag, _, _ := strings.Cut(string(l), "-")
		if len(tag) != 2 || taken[tag] { // Telegram knows two letters only
			continue
		}
		taken[tag] = true
		say := func(id string) string {
			text, _ := phrases.Say(l, "telegram-"+id, nil)
			return text
		}
		w := telegram.Words{Language: tag, Description: say("description"), Short: say("short-description"), Group: say("group")}
		for _, name := range []string{"menu", "language", "counsellor", "hide", "delete", "stop"} {
			w.Commands = append(w.Commands, telegram.Command{Name: name, Description: say("command-" + name)})
		}
		all = append(all, w)
	}
	return all
}

// serveTelegram has the channel receive into sink until ctx ends. wait returns
// once it has stopped.
func serveTelegram(ctx context.Context, ch *telegram.Channel, conf config, sink channels.Sink, mux *http.ServeMux, log *slog.Logger) (wait func()) {
	var under sync.WaitGroup
	if conf.Telegram.Mode == "webhook" {
		hook := ch.Hook()
		mux.Handle(telegram.Path, hook.Handler(sink))
		under.Go(func() { hook.Keep(ctx) })
	} else {
		poller := ch.Poller()
		under.Go(func() { _ = poller.Listen(ctx, sink) }) // it has no error of its own
	}
	under.Go(func() { setUpTelegram(ctx, ch, log) })
	return under.Wait
}

// setUpTelegram shows the menu and the description. While Telegram cannot be
// reached or asks for a pause it tries again, at last once an hour.
func setUpTelegram(ctx context.Context, ch *telegram.Channel, log *slog.Logger) {
	for pause := 10 * time.Second; ; pause = min(2*pause, time.Hour) {
		n, err := ch.Setup(ctx)
		if n > 0 {
			log.Info("telegram: menu and description were set", "changes", n)
		}
		var problem *channels.SendError
		if err == nil || ctx.Err() != nil || !errors.As(err, &problem) {
			return
		}
		log.Warn("telegram: menu and description could not be set, it is tried again", "err", err)
		if problem.Problem == channels.Rejected { // it will never be taken
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(pause, problem.After)):
		}
	}
}

type telegramCmd struct {
	Setup telegramSetupCmd `cmd:"" help:"Set the bot's menu and description, in each language. Safe to run again."`
}

type telegramSetupCmd struct{}

// Run does at once what the server does at its start.
func (telegramSetupCmd) Run(c *cli, w world) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	if !conf.telegram() {
		return errors.New("telegram is not configured: put token into [telegram]; docs/channels/telegram.md says how")
	}
	phrases, err := locales.Load()
	if err != nil {
		return err
	}
	ch, err := telegram.New(conf.telegramOptions(phrases, nil))
	if err != nil {
		return err
	}
	n, err := ch.Setup(w.ctx)
	if err != nil {
		return fmt.Errorf("telegram: the menu could not be set: %w", err)
	}
	fmt.Fprintf(w.out, "Menu and description are set; %d of them were not before.\n", n)
	return nil
}

// checkTelegramNow asks Telegram, for doctor.
func checkTelegramNow(conf config, w world, say func(ok bool, what, advice string)) {
	ch, err := telegram.New(conf.telegramOptions(nil, nil))
	if err != nil {
		say(false, "telegram", err.Error())
		return
	}
	for _, f := range ch.Check(w.ctx) {
		say(f.OK, f.What, f.Advice)
	}
}
