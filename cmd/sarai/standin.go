// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"syscall"
	"time"

	"sarai/standin/botapi"
)

type standInCmd struct {
	Telegram standInTelegramCmd `cmd:"" help:"Play Telegram: an API for sarai serve, and a page on which to be the people."`
}

type standInTelegramCmd struct {
	Listen string `help:"Address to listen on; only this machine's own." default:"127.0.0.1:8081" placeholder:"ADDR"`
	Token  string `help:"Token of the bot. It opens nothing but this." default:"${standin_token}" placeholder:"TOKEN"`
	Paced  bool   `help:"Refuse what Telegram would find too fast."`
	Keep   int    `help:"Messages that each phone shows; 0: none, for measuring." default:"300" placeholder:"N"`
}

var botToken = regexp.MustCompile(`^[1-9][0-9]{0,15}:[A-Za-z0-9_-]{1,60}$`)

// Run plays Telegram until it is interrupted. Nothing is kept.
func (s standInTelegramCmd) Run(w world) error {
	if !botToken.MatchString(s.Token) {
		return usageError{errors.New("--token is digits, a colon, and up to 60 letters, digits, _ and -, as in " + botapi.Token)}
	}
	if s.Keep < 0 {
		return usageError{errors.New("--keep is 0 or more")}
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return usageError{fmt.Errorf("--listen %q is not an address such as 127.0.0.1:8081", s.Listen)}
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return usageError{fmt.Errorf("--listen %q: the stand-in is only for this machine, anybody could be anybody on it: use 127.0.0.1", s.Listen)}
	}
	l, err := net.Listen("tcp", s.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use by another program: end that, or choose another address with --listen", s.Listen)
	} else if err != nil {
		return fmt.Errorf("cannot serve on %s: choose another address with --listen", s.Listen)
	}
	keep := s.Keep
	if keep == 0 {
		keep = -1
	}
	log := slog.New(slog.NewTextHandler(w.err, nil))
	bot := botapi.New(botapi.Options{Token: s.Token, Paced: s.Paced, Keep: keep, Log: log})
	bot.Person(1001, "en")
	bot.Person(1002, "ur")
	server := &http.Server{
		Handler: bot.Handler(), ErrorLog: slog.NewLogLogger(quietServer{log.Handler()}, slog.LevelDebug),
		ReadHeaderTimeout: 20 * time.Second, MaxHeaderBytes: 32 << 10,
	}
	server.RegisterOnShutdown(bot.Close)
	url := "http://" + l.Addr().String()
	fmt.Fprintf(w.out, `Into sarai.toml, then start sarai serve again:

[telegram]
token = %q
api_url = %q

Be the people here: %s/ (Ctrl-C ends it)
`, s.Token, url, url)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving ended: %w", err)
	case <-w.ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if server.Shutdown(stop) != nil {
		server.Close() // somebody held on; there is nothing to finish
	}
	return nil
}
