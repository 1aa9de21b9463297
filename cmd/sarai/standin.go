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
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"sarai/standin/botapi"
	"sarai/standin/graph"
	"sarai/standin/whatsapp"
)

type standInCmd struct {
	Telegram standInTelegramCmd `cmd:"" help:"Play Telegram: an API for sarai serve, and a page on which to be the people."`
	Graph    standInGraphCmd    `cmd:"" help:"Play Meta: a Facebook Page and a WhatsApp number for sarai serve, and a page on which to be the people."`
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
	l, err := standInListener(s.Listen, "127.0.0.1:8081")
	if err != nil {
		return err
	}
	keep := s.Keep
	if keep == 0 {
		keep = -1
	}
	log := slog.New(slog.NewTextHandler(w.err, nil))
	bot := botapi.New(botapi.Options{Token: s.Token, Paced: s.Paced, Keep: keep, Log: log})
	bot.Person(1001, "en")
	bot.Person(1002, "ur")
	address := "http://" + l.Addr().String()
	fmt.Fprintf(w.out, `Into sarai.toml, then start sarai serve again:

[telegram]
token = %q
api_url = %q

Be the people here: %s/ (Ctrl-C ends it)
`, s.Token, address, address)
	return serveStandIn(w, l, bot.Handler(), bot.Close, log)
}

type standInGraphCmd struct {
	Listen string `help:"Address to listen on; only this machine's own." default:"127.0.0.1:8082" placeholder:"ADDR"`
	Hook   string `help:"Where sarai serve listens, on this machine." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Paced  bool   `help:"Refuse what Meta would find too fast."`
}

// Run plays Meta until it is interrupted. Nothing is kept.
func (s standInGraphCmd) Run(w world) error {
	hook, err := url.Parse(s.Hook)
	if err != nil || hook.Scheme != "http" || !loopback(hook.Hostname()) || strings.Trim(hook.Path, "/") != "" || hook.RawQuery != "" || hook.User != nil {
		return usageError{errors.New("--hook is the address of sarai serve on this machine, such as http://127.0.0.1:8080")}
	}
	l, err := standInListener(s.Listen, "127.0.0.1:8082")
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(w.err, nil))
	meta := graph.New(graph.Options{Paced: s.Paced, Log: log})
	address := "http://" + l.Addr().String()
	meta.Address(address)
	meta.Hook(graph.Messenger, "http://"+hook.Host+"/hook/messenger")
	meta.Hook(graph.WhatsApp, "http://"+hook.Host+"/hook/whatsapp")
	meta.Person("5001", "Asif Example")
	meta.Person("5002", "Bina Example").Speak("ur_PK")
	meta.Contact("15550000101", "Asif Example")
	meta.Contact("15550000102", "Bina Example")
	meta.Publish("What do you want to know before you leave?")
	meta.Template(graph.Template{Name: "case_update", Language: "en", Body: "There is an answer for you in case {{1}}. Reply here to read it."})
	fmt.Fprintf(w.out, `Into sarai.toml, then start sarai serve again:

[messenger]
page_id = %q
page_token = %q
app_id = %q
app_secret = %q
verify_token = %q
graph_url = %q
comments = true

[whatsapp_cloud]
phone_number_id = %q
account_id = %q
token = %q
app_secret = %q
verify_token = %q
graph_url = %q

Be the people here: %s/ (Ctrl-C ends it)
`, graph.PageID, graph.PageToken, graph.AppID, graph.AppSecret, graph.VerifyToken, address+"/"+graph.Version,
		graph.NumberID, graph.AccountID, graph.Token, graph.AppSecret, graph.VerifyToken, address+"/"+graph.Version, address)
	return serveStandIn(w, l, meta.Handler(), meta.Close, log)
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
	l, err := standInListener(s.Listen, "127.0.0.1:8083")
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(w.err, nil))
	wa := whatsapp.New(whatsapp.Options{Phone: s.Phone, Log: log})
	defer wa.Close()
	wa.Owner().Name("The centre")
	for i, name := range []string{"Amina", "Badr"} {
		wa.Person(fmt.Sprintf("1202555013%d", i)).Name(name)
	}
	address := "http://" + l.Addr().String()
	fmt.Fprintf(w.out, `Into sarai.toml, then link the phone with sarai whatsapp link:

[whatsapp]
enabled = true
endpoint = %q
root_key = "%x"

Be the people, and the centre's phone %s, here: %s/ (Ctrl-C ends it)
`, address, wa.RootKey(), s.Phone, address)
	return serveStandIn(w, l, wa.Handler(), wa.Close, log)
}

// standInListener listens on an address of this machine; example is one.
func standInListener(address, example string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usageError{fmt.Errorf("--listen %q is not an address such as %s", address, example)}
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, usageError{fmt.Errorf("--listen %q: the stand-in is only for this machine, anybody could be anybody on it: use 127.0.0.1", address)}
	}
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program: end that, or choose another address with --listen", address)
	} else if err != nil {
		return nil, fmt.Errorf("cannot serve on %s: choose another address with --listen", address)
	}
	return l, nil
}

// serveStandIn serves until it is interrupted. end ends what would wait for ever.
func serveStandIn(w world, l net.Listener, h http.Handler, end func(), log *slog.Logger) error {
	server := &http.Server{
		Handler: h, ErrorLog: slog.NewLogLogger(quietServer{log.Handler()}, slog.LevelDebug),
		ReadHeaderTimeout: 20 * time.Second, MaxHeaderBytes: 32 << 10,
	}
	server.RegisterOnShutdown(end)
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
