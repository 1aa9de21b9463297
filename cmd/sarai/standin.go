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
	"sarai/standin/whatsapp"
)

type standInCmd struct {
	Telegram standInTelegramCmd `cmd:"" help:"Play Telegram: an API for sarai serve, and a page on which to be the people."`
	WhatsApp standInWhatsAppCmd `cmd:"" name:"whatsapp" help:"Play WhatsApp and the centre's phone: a server for sarai serve, and a page on which to be the people."`
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
	keep := s.Keep
	if keep == 0 {
		keep = -1
	}
	log := slog.New(slog.NewTextHandler(w.err, nil))
	bot := botapi.New(botapi.Options{Token: s.Token, Paced: s.Paced, Keep: keep, Log: log})
	bot.Person(1001, "en")
	bot.Person(1002, "ur")
	return play(w, s.Listen, bot.Handler(), bot.Close, log, func(url string) {
		fmt.Fprintf(w.out, `Into sarai.toml, then start sarai serve again:

[telegram]
token = %q
api_url = %q

Be the people here: %s/ (Ctrl-C ends it)
`, s.Token, url, url)
	})
}

type standInWhatsAppCmd struct {
	Listen string `help:"Address to listen on; only this machine's own." default:"127.0.0.1:8083" placeholder:"ADDR"`
	Phone  string `help:"Number of the centre's phone, with the country's code and without +." default:"12025550100" placeholder:"NUMBER"`
}

var phoneNumber = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)

// Run plays WhatsApp until it is interrupted. Nothing is kept: a device that was
// linked is logged out the next time.
func (s standInWhatsAppCmd) Run(w world) error {
	if !phoneNumber.MatchString(s.Phone) {
		return usageError{errors.New("--phone is 7 to 15 digits, with the country's code and without +, as in " + whatsapp.Phone)}
	}
	log := slog.New(slog.NewTextHandler(w.err, nil))
	wa := whatsapp.New(whatsapp.Options{Phone: s.Phone, Log: log})
	wa.Owner().Name("The centre")
	for i, name := range []string{"Amina", "Badr"} {
		wa.Person(fmt.Sprintf("1202555013%d", i)).Name(name)
	}
	root := wa.RootKey()
	return play(w, s.Listen, wa.Handler(), wa.Close, log, func(url string) {
		fmt.Fprintf(w.out, `Into sarai.toml, then link the phone with sarai whatsapp link:

[whatsapp]
enabled = true
endpoint = %q
root_key = "%x"

Be the people, and the centre's phone %s, here: %s/ (Ctrl-C ends it)
`, url, root, s.Phone, url)
	})
}

// play serves a stand-in on a loopback address until it is interrupted. It says
// where by tell, once it listens.
func play(w world, listen string, handler http.Handler, end func(), log *slog.Logger, tell func(url string)) error {
	defer end()
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return usageError{fmt.Errorf("--listen %q is not an address such as 127.0.0.1:8081", listen)}
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return usageError{fmt.Errorf("--listen %q: the stand-in is only for this machine, anybody could be anybody on it: use 127.0.0.1", listen)}
	}
	l, err := net.Listen("tcp", listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use by another program: end that, or choose another address with --listen", listen)
	} else if err != nil {
		return fmt.Errorf("cannot serve on %s: choose another address with --listen", listen)
	}
	server := &http.Server{
		Handler: handler, ErrorLog: slog.NewLogLogger(quietServer{log.Handler()}, slog.LevelDebug),
		ReadHeaderTimeout: 20 * time.Second, MaxHeaderBytes: 32 << 10,
	}
	server.RegisterOnShutdown(end)
	tell("http://" + l.Addr().String())
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
