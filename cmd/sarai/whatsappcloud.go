// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"sarai/channels"
	"sarai/channels/whatsappcloud"
	"sarai/content"
	"sarai/locales"
)

// whatsappCloudConf is the section [whatsapp_cloud]. Without a phone_number_id
// there is no Cloud API.
type whatsappCloudConf struct {
	PhoneNumberID   string `toml:"phone_number_id"`
	AccountID       string `toml:"account_id"` // of the WhatsApp Business account; "": Meta is asked
	Token           string `toml:"token"`
	TokenFile       string `toml:"token_file"`
	AppSecret       string `toml:"app_secret"`
	AppSecretFile   string `toml:"app_secret_file"`
	VerifyToken     string `toml:"verify_token"`
	VerifyTokenFile string `toml:"verify_token_file"`
	GraphURL        string `toml:"graph_url"` // where Meta answers, with the version; "" is Meta itself
	Paced           *bool  `toml:"paced"`     // false sends as fast as it can: for measuring against a stand-in

	inFile bool // a secret stands in the configuration file itself
}

// all are the secrets of the section.
func (w *whatsappCloudConf) all() []secret {
	return []secret{
		{"token", &w.Token, w.TokenFile},
		{"app_secret", &w.AppSecret, w.AppSecretFile},
		{"verify_token", &w.VerifyToken, w.VerifyTokenFile},
	}
}

// whatsappCloud says whether the channel is configured.
func (c config) whatsappCloud() bool { return c.WhatsAppCloud.PhoneNumberID != "" }

// checkWhatsAppCloud looks at the section. It fails with words for whoever wrote it.
func (c config) checkWhatsAppCloud() error {
	w := c.WhatsAppCloud
	if w.PhoneNumberID == "" {
		if w.inFile || w.TokenFile != "" || w.AppSecretFile != "" || w.VerifyTokenFile != "" || w.GraphURL != "" || w.AccountID != "" {
			return errors.New("phone_number_id is missing: docs/channels/whatsapp-cloud.md says where it stands")
		}
		return nil
	}
	if w.Paced != nil && !*w.Paced {
		if u, err := url.Parse(w.GraphURL); err != nil || !loopback(u.Hostname()) {
			return errors.New("paced = false is only for a stand-in on this machine: Meta slows down who sends too fast")
		}
	}
	return c.whatsappCloudOptions(nil, nil, nil).Check()
}

// whatsappCloudOptions are the channel's, from the configuration and, where there
// are any, the phrases.
func (c config) whatsappCloudOptions(phrases *locales.Phrases, reports channels.Reports, log *slog.Logger) whatsappcloud.Options {
	w := c.WhatsAppCloud
	o := whatsappcloud.Options{
		PhoneNumberID: w.PhoneNumberID, AccountID: w.AccountID, Token: w.Token, AppSecret: w.AppSecret, VerifyToken: w.VerifyToken,
		GraphURL: w.GraphURL, Reports: reports, Unpaced: w.Paced != nil && !*w.Paced, Log: log,
	}
	if u, err := url.Parse(w.GraphURL); c.PublicURL != "" || err == nil && loopback(u.Hostname()) {
		o.HookURL = c.base() + whatsappcloud.Path
	}
	if phrases != nil {
		o.Opener = func(locale string) string {
			l, _ := content.ParseLocale(locale) // an unknown one gets the word of the nearest
			text, _ := phrases.Say(l, "option-menu", nil)
			return text
		}
	}
	return o
}

// serveWhatsAppCloud has the channel receive into sink, and keeps its subscription
// until ctx ends. wait returns once it has stopped.
func serveWhatsAppCloud(ctx context.Context, ch *whatsappcloud.Channel, sink channels.Sink, mux *http.ServeMux) (wait func()) {
	mux.Handle(whatsappcloud.Path, ch.Handler(sink))
	var under sync.WaitGroup
	under.Go(func() { ch.Keep(ctx) })
	return under.Wait
}

// whatsappCloudCounts are what the channel has seen, for the metrics; none
// without a channel.
func whatsappCloudCounts(ch *whatsappcloud.Channel) []prometheus.Collector {
	if ch == nil {
		return nil
	}
	var all []prometheus.Collector
	for _, m := range []struct {
		name, help string
		read       func() uint64
	}{
		{"calls", "Calls of Meta with a right signature.", func() uint64 { return ch.Counts().Calls.Load() }},
		{"forged", "Calls that were refused for their signature.", func() uint64 { return ch.Counts().Forged.Load() }},
		{"events", "Events that were taken in.", func() uint64 { return ch.Counts().Events.Load() }},
		{"reports", "Reports of what became of messages.", func() uint64 { return ch.Counts().Reports.Load() }},
		{"ignored", "Things told that nobody waits for.", func() uint64 { return ch.Counts().Ignored.Load() }},
		{"groups", "Of the ignored: what happened in groups.", func() uint64 { return ch.Counts().Groups }},
		{"foreign", "Of the ignored: what happened to another number.", func() uint64 { return ch.Counts().Foreign }},
		{"unread", "Things told that this version does not know and that are nobody's.", func() uint64 { return ch.Counts().Unread.Load() }},
	} {
		all = append(all, prometheus.NewCounterFunc(
			prometheus.CounterOpts{Name: "sarai_whatsapp_cloud_" + m.name + "_total", Help: m.help},
			func() float64 { return float64(m.read()) },
		))
	}
	return all
}

// checkWhatsAppCloudNow asks Meta, for doctor.
func checkWhatsAppCloudNow(conf config, w world, say func(ok bool, what, advice string)) {
	ch, err := whatsappcloud.New(conf.whatsappCloudOptions(nil, nil, nil))
	if err != nil {
		say(false, "whatsapp_cloud", err.Error())
		return
	}
	for _, f := range ch.Check(w.ctx) {
		say(f.OK, f.What, f.Advice)
	}
}
