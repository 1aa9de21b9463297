// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"sarai/channels"
	"sarai/channels/messenger"
	"sarai/locales"
)

// messengerConf is the section [messenger]. Without a page_id there is no Messenger.
type messengerConf struct {
	PageID          string `toml:"page_id"`
	PageToken       string `toml:"page_token"`
	PageTokenFile   string `toml:"page_token_file"`
	AppSecret       string `toml:"app_secret"`
	AppSecretFile   string `toml:"app_secret_file"`
	VerifyToken     string `toml:"verify_token"`
	VerifyTokenFile string `toml:"verify_token_file"`
	AppID           string `toml:"app_id"`    // the app's, by which own messages are known
	GraphURL        string `toml:"graph_url"` // where Meta answers, with the version; "" is Meta itself
	Comments        bool   `toml:"comments"`  // comments under the Page's posts are taken in
	Paced           *bool  `toml:"paced"`     // false does not wait where Meta asks to: for a stand-in

	inFile bool // a secret stands in the configuration file itself
}

// all are the secrets of the section.
func (m *messengerConf) all() []secret {
	return []secret{
		{"page_token", &m.PageToken, m.PageTokenFile},
		{"app_secret", &m.AppSecret, m.AppSecretFile},
		{"verify_token", &m.VerifyToken, m.VerifyTokenFile},
	}
}

// messenger says whether the channel is configured.
func (c config) messenger() bool { return c.Messenger.PageID != "" }

// checkMessenger looks at the section. It fails with words for whoever wrote it.
func (c config) checkMessenger() error {
	m := c.Messenger
	if m.PageID == "" {
		if m.inFile || m.PageTokenFile != "" || m.AppSecretFile != "" || m.VerifyTokenFile != "" || m.GraphURL != "" || m.Comments {
			return errors.New("page_id is missing: docs/channels/facebook.md says where it stands")
		}
		return nil
	}
	if m.Paced != nil && !*m.Paced {
		if u, err := url.Parse(m.GraphURL); err != nil || !loopback(u.Hostname()) {
			return errors.New("paced = false is only for a stand-in on this machine: Meta shuts out who sends too fast")
		}
	}
	return c.messengerOptions(nil, nil).Check()
}

// messengerOptions are the channel's, from the configuration and, where there are
// any, the phrases.
func (c config) messengerOptions(phrases *locales.Phrases, log *slog.Logger) messenger.Options {
	m := c.Messenger
	o := messenger.Options{
		PageID: m.PageID, PageToken: m.PageToken, AppSecret: m.AppSecret, VerifyToken: m.VerifyToken, AppID: m.AppID,
		GraphURL: m.GraphURL, Comments: m.Comments, Unpaced: m.Paced != nil && !*m.Paced, Log: log,
	}
	if u, err := url.Parse(m.GraphURL); c.PublicURL != "" || err == nil && loopback(u.Hostname()) {
		o.WebhookURL = c.base() + messenger.Path
	}
	if phrases != nil {
		o.Words = messengerWords(phrases)
	}
	return o
}

// messengerWords are the greeting, the first questions and the menu in each
// language that has phrases, English first: it is also what everybody else sees.
func messengerWords(phrases *locales.Phrases) []messenger.Words {
	var all []messenger.Words
	for _, l := range phrases.Complete() { // English is the first
		say := func(id string) string {
			text, _ := phrases.Say(l, "messenger-"+id, nil)
			return text
		}
		w := messenger.Words{
			Language: string(l), Greeting: say("greeting"),
			Questions: []messenger.Item{
				{Title: say("ask-offer"), Choice: "a:job-scams"},
				{Title: say("ask-fees"), Choice: "a:recruitment-fees"},
				{Title: say("ask-wages"), Choice: "a:wages-unpaid"},
				{Title: say("ask-counsellor"), Say: "/counsellor"},
			},
		}
		for _, name := range []string{"menu", "language", "counsellor", "hide", "delete", "stop"} {
			w.Menu = append(w.Menu, messenger.Item{Title: say("menu-" + name), Say: "/" + name})
		}
		all = append(all, w)
	}
	return all
}

// serveMessenger has the channel receive into sink, and keeps its subscriptions
// until ctx ends. wait returns once it has stopped.
func serveMessenger(ctx context.Context, ch *messenger.Channel, sink channels.Sink, mux *http.ServeMux) (wait func()) {
	mux.Handle(messenger.Path, ch.Handler(sink))
	var under sync.WaitGroup
	under.Go(func() { ch.Keep(ctx, sink) })
	return under.Wait
}

// messengerCounts are what the webhook has seen, for the metrics; none without a channel.
func messengerCounts(ch *messenger.Channel) []prometheus.Collector {
	if ch == nil {
		return nil
	}
	n := ch.Counts()
	var all []prometheus.Collector
	for _, m := range []struct {
		name, help string
		read       *atomic.Uint64
	}{
		{"calls", "Calls of Meta with a right signature.", &n.Calls},
		{"forged", "Calls that were refused for their signature.", &n.Forged},
		{"events", "Events that were taken in.", &n.Events},
		{"reports", "Reports of deliveries and of own messages.", &n.Reports},
		{"ignored", "Things told that nobody waits for.", &n.Ignored},
		{"unread", "Things told that this version does not know and that are nobody's.", &n.Unread},
	} {
		all = append(all, prometheus.NewCounterFunc(
			prometheus.CounterOpts{Name: "sarai_messenger_" + m.name + "_total", Help: m.help},
			func() float64 { return float64(m.read.Load()) },
		))
	}
	return all
}

type messengerCmd struct {
	Setup messengerSetupCmd `cmd:"" help:"Set the Page's greeting, first questions and menu, in each language. Safe to run again."`
}

type messengerSetupCmd struct{}

// Run sets what people see of the Page before they write.
func (messengerSetupCmd) Run(c *cli, w world) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	if !conf.messenger() {
		return errors.New("messenger is not configured: put page_id and the rest into [messenger]; docs/channels/facebook.md says how")
	}
	phrases, err := locales.Load()
	if err != nil {
		return err
	}
	ch, err := messenger.New(conf.messengerOptions(phrases, nil))
	if err != nil {
		return err
	}
	n, err := ch.Setup(w.ctx)
	if err != nil {
		return fmt.Errorf("messenger: greeting and menu could not be set: %w", err)
	}
	fmt.Fprintf(w.out, "Start button, greeting, first questions and menu are set; %d of them were not before.\n", n)
	return nil
}

// checkMessengerNow asks Meta, for doctor.
func checkMessengerNow(conf config, w world, say func(ok bool, what, advice string)) {
	ch, err := messenger.New(conf.messengerOptions(nil, nil))
	if err != nil {
		say(false, "messenger", err.Error())
		return
	}
	for _, f := range ch.Check(w.ctx) {
		say(f.OK, f.What, f.Advice)
	}
}
