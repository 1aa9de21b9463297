// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sarai/channels"
	"sarai/channels/messenger"
	"sarai/channels/telegram"
	"sarai/channels/web"
	"sarai/channels/whatsapp"
	"sarai/channels/whatsappcloud"
	"sarai/console"
	"sarai/gateway"
	"sarai/locales"
	"sarai/search"
	"sarai/store/bolt"
)

// stopWithin is how long a stop waits for requests under way: longer than a
// commit on a slow disk, shorter than the 90 s after which systemd kills.
const stopWithin = 15 * time.Second

// collectAt has garbage collected when it is twice what is alive, and not once. A
// turn leaves next to nothing alive: a message takes an eighth less processor time
// so, and the process some 70 MB more while many write. Not while the model is
// fitted, which would need them at each start.
const collectAt = 200

type serveCmd struct{}

func (serveCmd) Run(c *cli, w world) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	cat, err := loadContent(c.Content)
	if err != nil {
		return err
	}
	if err := conf.checkCentres(cat); err != nil {
		return err
	}
	phrases, err := locales.Load()
	if err != nil {
		return err
	}
	db, err := openStore(conf)
	if err != nil {
		return err
	}
	defer db.Close()
	listener, err := listen(conf.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if _, port, _ := net.SplitHostPort(conf.Listen); port == "0" { // any free one: say which
		conf.Listen = listener.Addr().String()
	}

	log := slog.New(slog.NewTextHandler(w.err, nil))
	if lost := db.LostFiles(); lost > 0 {
		log.Warn("files of talks are missing in the data folder: put back the folder media from the copy that belongs to the store", "files", lost)
	}
	registers := newRegisterFolder(conf.Data, log)
	registers.look()
	if lost, err := db.Keyless(w.ctx); err != nil {
		return err
	} else if len(lost) > 0 {
		log.Warn("talks have no key in keys.db and cannot be read: put back the keys.db from the copy that belongs to the store", "talks", len(lost))
	}
	for _, name := range db.OldCopies() {
		log.Warn("a copy from before the upgrade lies in the data folder, and what is in it is not sealed: remove it once all is well; it is removed by itself a week after the upgrade", "name", name)
	}
	quick := search.New(cat) // only now: what is wrong above is said without waiting for it
	g := gateway.New(gateway.Options{
		Store: db, Edition: edition(cat, quick), Phrases: phrases, Registers: registers.shelf, Log: log,
		Centres: conf.Centres, Patience: time.Duration(conf.Patience),
		Keep: time.Duration(conf.KeepDays) * 24 * time.Hour, Copies: c.copies(conf),
	})
	proxies, _ := conf.proxies() // checked with the configuration
	chat := web.New(web.Options{Mailbox: g, Cabinet: g, Origins: conf.Web.Origins, Proxies: proxies, Log: log})
	if conf.web() {
		g.Attach(chat)
	}
	var tg *telegram.Channel
	if conf.telegram() {
		if tg, err = telegram.New(conf.telegramOptions(phrases, log)); err != nil {
			return err
		}
		g.Attach(tg)
	}
	var page *messenger.Channel
	if conf.messenger() {
		o := conf.messengerOptions(phrases, log)
		o.Reports, o.Notebook = g.Report, notebook{db, messenger.ChannelName}
		if page, err = messenger.New(o); err != nil {
			return err
		}
		g.Attach(page)
	}
	var cloud *whatsappcloud.Channel
	if conf.whatsappCloud() {
		if cloud, err = whatsappcloud.New(conf.whatsappCloudOptions(phrases, g.Report, log)); err != nil {
			return err
		}
		g.Attach(cloud)
	}
	var wa *whatsapp.Channel
	var linked channels.Linked
	var asked []func(*http.ServeMux)
	if conf.WhatsApp.Enabled {
		o := conf.whatsappOptions(log)
		o.Reports = g.Report
		if wa, err = whatsapp.New(o); err != nil {
			return err
		}
		defer wa.Close()
		g.Attach(wa)
		linked, asked = wa, append(asked, askedOfWhatsApp(wa))
	}
	keeper := newKeeper(c, conf, db, log)
	ctx, end := context.WithCancel(w.ctx)
	defer end()
	desk, err := console.New(console.Options{
		Store: db, Gateway: g, Phrases: phrases, Log: log, Backups: deskBackups{ctx, keeper, log},
		Secure: strings.HasPrefix(conf.PublicURL, "https://"), Comments: conf.messenger() && conf.Messenger.Comments,
		Linked: linked,
	})
	if err != nil {
		return err
	}

	defer desk.Close() // before the store: what was read is written down

	mux := http.NewServeMux()
	if conf.web() {
		h := chat.Handler(g.Accept)
		mux.Handle(web.Path, h)
		mux.Handle(web.Path+"/", h)
		mux.Handle("GET /{$}", http.RedirectHandler(web.Path, http.StatusSeeOther))
	}
	mux.Handle("GET /desk/events", until(ctx, desk.Handler()))
	mux.Handle("/desk", desk.Handler())
	mux.Handle("/desk/", desk.Handler())
	fitted := prometheus.NewGauge(prometheus.GaugeOpts{Name: "sarai_search_fitted", Help: "1 once the full model of the articles answers, 0 while the quick one does."})
	health(mux, db, g, append(slices.Concat(messengerCounts(page), whatsappCloudCounts(cloud)), backupAge(keeper), fitted)...)
	server := &http.Server{
		Handler: mux, ErrorLog: slog.NewLogLogger(quietServer{log.Handler()}, slog.LevelDebug),
		// A poor line may take long over a few hundred bytes; slower is an attack.
		ReadHeaderTimeout: 20 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
	}
	server.RegisterOnShutdown(chat.Close)

	if err := greet(w, conf, db); err != nil {
		return err
	}
	worked := make(chan error, 1)
	go func() { worked <- g.Run(ctx) }()
	go watchKey(ctx, conf, db, log)
	go func() { // the full model takes a moment; until then the quick one answers
		full, err := quick.Fit(ctx)
		if err == nil {
			g.SetEdition(edition(cat, full))
			fitted.Set(1)
		}
		if w.env("GOGC") == "" {
			debug.SetGCPercent(collectAt)
		}
		debug.FreeOSMemory() // what fitting took is needed by others rather
	}()
	go registers.watch(ctx, g.SetRegisters)
	kept := watchBackups(ctx, keeper, log, asked...)
	stopped := func() {}
	if tg != nil {
		stopped = serveTelegram(ctx, tg, conf, g.Accept, mux, log)
	}
	if page != nil {
		stopped = both(stopped, serveMessenger(ctx, page, g.Accept, mux))
	}
	if cloud != nil {
		stopped = both(stopped, serveWhatsAppCloud(ctx, cloud, g.Accept, mux))
	}
	if wa != nil {
		stopped = both(stopped, serveWhatsApp(ctx, wa, g.Accept))
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	select {
	case err := <-served:
		end()
		stopped()
		kept()
		<-worked
		return fmt.Errorf("serving ended: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping: what was accepted is finished first")
	stop, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	err = server.Shutdown(stop)
	stopped()
	kept()
	<-worked
	if err != nil {
		server.Close()
	}
	return nil
}

// both waits for one and for the other.
func both(one, other func()) func() {
	return func() {
		one()
		other()
	}
}

// until ends the requests of a handler with ctx. Event streams would last for
// ever; everything else is finished at a stop.
func until(ctx context.Context, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stream, end := context.WithCancel(r.Context())
		defer end()
		defer context.AfterFunc(ctx, end)()
		h.ServeHTTP(w, r.WithContext(stream))
	})
}

// listen opens the address to serve on. Its errors say what to do.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	var why *net.OpError
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: end that, or choose another address with listen in the configuration", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s is not for every user to serve on: choose a port above 1023 with listen in the configuration, and a proxy in front", address)
	case errors.As(err, &why):
		err = why.Err
	}
	return nil, fmt.Errorf("cannot serve on %s: %w: choose another address with listen in the configuration", address, err)
}

// quietServer drops what net/http says of clients: it names their addresses.
type quietServer struct{ slog.Handler }

func (quietServer) Enabled(context.Context, slog.Level) bool { return false }

// greet says where everything is, and how the first administrator comes in.
func greet(w world, conf config, db *bolt.DB) error {
	if conf.web() {
		fmt.Fprintf(w.out, "Website chat: %s%s\n", conf.base(), web.Path)
	}
	members, err := db.Members(w.ctx)
	if err != nil {
		return err
	}
	if len(members) > 0 {
		fmt.Fprintf(w.out, "Desk:         %s/desk\n", conf.base())
		return nil
	}
	token, err := console.FirstLink(w.ctx, db, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "Desk:         %s/desk, first administrator (once, within a day): %s%s%s\n", conf.base(), conf.base(), console.FirstPath, token)
	return nil
}

// health serves what a machine asks: is it alive, can it commit, what has it
// done. None of it says anything about a person.
func health(mux *http.ServeMux, db *bolt.DB, g *gateway.Gateway, more ...prometheus.Collector) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := db.Ready(r.Context()); err != nil {
			http.Error(w, "the store cannot commit", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	s := g.Stats()
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(more...)
	for name, m := range map[string]struct {
		help string
		read func() uint64
	}{
		"sarai_accepted_total":   {"Events taken in and committed.", s.Accepted.Load},
		"sarai_duplicates_total": {"Events that had been taken in before.", s.Duplicates.Load},
		"sarai_broken_total":     {"Events that could not be decided and were kept for a human.", s.Broken.Load},
		"sarai_conflicts_total":  {"Turns that were decided again because the thread had changed.", s.Conflicts.Load},
		"sarai_sent_total":       {"Messages that a platform took.", s.Sent.Load},
		"sarai_retried_total":    {"Sends that will be tried again.", s.Retried.Load},
		"sarai_fetched_total":    {"Files fetched and judged.", s.Fetched.Load},
		"sarai_failed_total":     {"Messages given up.", s.Failed.Load},
	} {
		metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: m.help}, func() float64 { return float64(m.read()) }))
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
}
