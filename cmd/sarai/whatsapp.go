// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/mdp/qrterminal/v3"

	"sarai/channels"
	"sarai/channels/whatsapp"
)

// whatsappConf is the section [whatsapp]: a further device of the centre's phone.
type whatsappConf struct {
	Enabled  bool   `toml:"enabled"`
	Endpoint string `toml:"endpoint"` // a stand-in on this machine; "" is WhatsApp
	RootKey  string `toml:"root_key"` // the stand-in's
	Paced    *bool  `toml:"paced"`    // false sends as fast as it can: for a stand-in
}

// whatsappFile is the device's file, in the data folder.
const whatsappFile = "whatsapp.db"

// checkWhatsApp looks at the section. It fails with words for whoever wrote it.
func (c config) checkWhatsApp() error {
	w := c.WhatsApp
	if !w.Enabled && w.Endpoint == "" && w.RootKey == "" {
		return nil
	}
	return c.whatsappOptions(nil).Check()
}

func (c config) whatsappOptions(log *slog.Logger) whatsapp.Options {
	w := c.WhatsApp
	return whatsapp.Options{
		Path: filepath.Join(c.Data, whatsappFile), Endpoint: w.Endpoint, RootKey: w.RootKey,
		Unpaced: w.Paced != nil && !*w.Paced, Log: log,
	}
}

// serveWhatsApp has the channel receive into sink until ctx ends. wait returns once
// it has stopped.
func serveWhatsApp(ctx context.Context, ch *whatsapp.Channel, sink channels.Sink) (wait func()) {
	var under sync.WaitGroup
	under.Go(func() { _ = ch.Listen(ctx, sink) }) // it has no error of its own
	return under.Wait
}

// A device is the channel as the commands and the control socket use it.
type device interface {
	channels.Linked
	channels.Checker
}

// A linkAnswer is one line of what the control socket tells of a link.
type linkAnswer struct {
	Step  *channels.LinkStep `json:"step,omitempty"`
	Error string             `json:"error,omitempty"`
	Chats int                `json:"chats,omitempty"` // with Step.Done
}

// askedOfWhatsApp are the control socket's paths for the device: the file is the
// server's while it runs.
func askedOfWhatsApp(ch device) func(*http.ServeMux) {
	return func(mux *http.ServeMux) {
		mux.HandleFunc("POST /whatsapp/link", func(w http.ResponseWriter, r *http.Request) {
			lines, flush := json.NewEncoder(w), http.NewResponseController(w)
			err := link(r.Context(), ch, r.FormValue("phone"), func(a linkAnswer) {
				_ = lines.Encode(a) // who has gone needs no answer
				_ = flush.Flush()
			})
			if err != nil {
				_ = lines.Encode(linkAnswer{Error: oneLine(err)})
			}
		})
		mux.HandleFunc("POST /whatsapp/unlink", func(w http.ResponseWriter, r *http.Request) {
			a := linkAnswer{}
			if err := ch.Unlink(r.Context()); err != nil {
				a.Error = oneLine(err)
			}
			_ = json.NewEncoder(w).Encode(a)
		})
		mux.HandleFunc("GET /whatsapp/state", func(w http.ResponseWriter, r *http.Request) {
			_ = json.NewEncoder(w).Encode(ch.Check(r.Context()))
		})
	}
}

// link links a phone and says each step.
func link(ctx context.Context, ch device, phone string, say func(linkAnswer)) error {
	steps, err := ch.Link(ctx, phone)
	if err != nil {
		return err
	}
	for s := range steps {
		a := linkAnswer{Step: &s}
		if s.Done {
			if chats, err := ch.Chats(ctx); err == nil {
				a.Chats = len(chats)
			}
		}
		say(a)
	}
	return ctx.Err()
}

// atWhatsApp asks the server that has the device's file, and says false where none
// runs. each is given the lines of the answer.
func atWhatsApp(w world, conf config, method, path, form string, each func([]byte) error) (asked bool, err error) {
	if !serverRuns(conf.Data) {
		return false, nil
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket(conf.Data))
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(w.ctx, method, "http://sarai"+path, strings.NewReader(form))
	if err != nil {
		return true, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		return true, errors.New("the server ended before it answered")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return true, errors.New("the server that runs does not have WhatsApp: put enabled = true into [whatsapp] and restart it")
	}
	lines := bufio.NewScanner(io.LimitReader(resp.Body, 1<<20))
	for lines.Scan() {
		if err := each(lines.Bytes()); err != nil {
			return true, err
		}
	}
	if w.ctx.Err() != nil {
		return true, w.ctx.Err()
	}
	return true, nil
}

// whatsappDevice opens the device of a server that does not run.
func (c *cli) whatsappDevice(w world) (config, *whatsapp.Channel, error) {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return conf, nil, err
	}
	if !conf.WhatsApp.Enabled {
		return conf, nil, errors.New("whatsapp is not configured: put enabled = true into [whatsapp]; docs/channels/whatsapp.md says what it risks")
	}
	if serverRuns(conf.Data) {
		return conf, nil, nil
	}
	if err := os.MkdirAll(conf.Data, 0o700); err != nil {
		return conf, nil, fmt.Errorf("the data folder cannot be made: %w", short(err))
	}
	ch, err := whatsapp.New(conf.whatsappOptions(nil))
	return conf, ch, err
}

// forgetOnDevice has the device's file forget somebody who is erased. There may be
// one though the channel is switched off.
func forgetOnDevice(ctx context.Context, conf config, addresses []channels.Address) (err error) {
	who := slices.DeleteFunc(slices.Clone(addresses), func(a channels.Address) bool { return a.Channel != whatsapp.ChannelName })
	path := filepath.Join(conf.Data, whatsappFile)
	if _, missing := os.Stat(path); len(who) == 0 || errors.Is(missing, fs.ErrNotExist) {
		return nil
	}
	ch, err := whatsapp.New(whatsapp.Options{Path: path})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ch.Close()) }()
	return ch.Forget(ctx, who...)
}

type whatsappCmd struct {
	Link   whatsappLinkCmd   `cmd:"" help:"Link the centre's phone: shows a QR code, or with --phone a code to type."`
	State  whatsappStateCmd  `cmd:"" help:"Say how the link stands, and what to do."`
	Unlink whatsappUnlinkCmd `cmd:"" help:"End the link and forget the device."`
}

type whatsappLinkCmd struct {
	Phone string `help:"The phone's own number with its country's code, for a code to type in place of a QR code." placeholder:"49…"`
}

// Run links a phone, by the server where one runs.
func (l whatsappLinkCmd) Run(c *cli, w world) error {
	conf, ch, err := c.whatsappDevice(w)
	if err != nil {
		return err
	}
	show := shower{w: w}
	if ch != nil {
		defer ch.Close()
		if err := link(w.ctx, ch, l.Phone, show.show); err != nil {
			return bareOf(err)
		}
		return show.end()
	}
	_, err = atWhatsApp(w, conf, http.MethodPost, "/whatsapp/link", url.Values{"phone": {l.Phone}}.Encode(), func(b []byte) error {
		var a linkAnswer
		if err := json.Unmarshal(b, &a); err != nil {
			return errors.New("the server's answer cannot be read")
		}
		if a.Error != "" {
			return errors.New(a.Error)
		}
		show.show(a)
		return nil
	})
	if err != nil {
		return bareOf(err)
	}
	return show.end()
}

// bareOf says of an ended context that somebody ended it.
func bareOf(err error) error {
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted: no phone was linked")
	}
	return err
}

// A shower shows the steps of a link in a terminal.
type shower struct {
	w    world
	last channels.LinkStep
}

func (s *shower) show(a linkAnswer) {
	if a.Step == nil {
		return
	}
	before := s.last
	s.last = *a.Step
	switch {
	case s.last.QR != "":
		if before.QR == "" {
			fmt.Fprintln(s.w.out, "On the phone: WhatsApp, Linked devices, Link a device. Then hold the camera to this:")
		} else {
			fmt.Fprintln(s.w.out, "The one above is no longer valid; this one is:")
		}
		qrterminal.GenerateHalfBlock(s.last.QR, qrterminal.L, s.w.out)
	case s.last.Code != "":
		fmt.Fprintf(s.w.out, "On the phone: WhatsApp, Linked devices, Link a device, Link with phone number instead. Then type:\n\n    %s\n\n", s.last.Code)
	case s.last.Done:
		fmt.Fprintf(s.w.out, "Linked. Private, until somebody says otherwise at the desk: %d groups and talks from before.\n", a.Chats)
	}
}

// end says why no phone was linked, if so.
func (s *shower) end() error {
	if s.last.Done {
		return nil
	}
	why := map[string]string{
		"timeout":         "nobody scanned or typed the code in time, or WhatsApp cannot be reached: try again",
		"refused":         "WhatsApp or the phone refused the link: look whether the phone has four devices already, and whether the number is the phone's own",
		channels.Passkey:  "the phone asks for a passkey, which cannot be given here: take it off the phone's WhatsApp account, or link another number",
		channels.Outdated: "WhatsApp refuses this version: update Sarai; docs/channels/whatsapp.md says how",
		channels.Banned:   "WhatsApp has banned the number: do nothing until that is over",
	}[s.last.Failed]
	if why == "" {
		why = "the link was not finished: look at the phone, and try again"
	}
	return errors.New("no phone was linked: " + why)
}

type whatsappStateCmd struct{}

// Run says how the link stands.
func (whatsappStateCmd) Run(c *cli, w world) error {
	conf, ch, err := c.whatsappDevice(w)
	if err != nil {
		return err
	}
	found, err := whatsappFindings(w, conf, ch)
	if err != nil {
		return err
	}
	for _, f := range found {
		fmt.Fprintf(w.out, "%s: %s\n", f.What, f.Advice)
	}
	return nil
}

// whatsappFindings asks ch, or where that is nil the server that runs.
func whatsappFindings(w world, conf config, ch *whatsapp.Channel) (found []channels.Finding, err error) {
	if ch != nil {
		defer ch.Close()
		return ch.Check(w.ctx), nil
	}
	_, err = atWhatsApp(w, conf, http.MethodGet, "/whatsapp/state", "", func(b []byte) error {
		if json.Unmarshal(b, &found) != nil {
			return errors.New("the server's answer cannot be read")
		}
		return nil
	})
	return found, err
}

type whatsappUnlinkCmd struct{}

// Run ends the link.
func (whatsappUnlinkCmd) Run(c *cli, w world) error {
	conf, ch, err := c.whatsappDevice(w)
	if err != nil {
		return err
	}
	if ch != nil {
		defer ch.Close()
		err = ch.Unlink(w.ctx)
	} else {
		_, err = atWhatsApp(w, conf, http.MethodPost, "/whatsapp/unlink", "", func(b []byte) error {
			var a linkAnswer
			if json.Unmarshal(b, &a) != nil {
				return errors.New("the server's answer cannot be read")
			}
			if a.Error != "" {
				return errors.New(a.Error)
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(w.out, "The link is over, and the device is forgotten.")
	return nil
}

// checkWhatsAppNow looks at the link, for doctor.
func checkWhatsAppNow(c *cli, w world, say func(ok bool, what, advice string)) {
	conf, ch, err := c.whatsappDevice(w)
	if err != nil {
		say(false, "whatsapp link", err.Error())
		return
	}
	found, err := whatsappFindings(w, conf, ch)
	if err != nil {
		say(false, "whatsapp link", err.Error())
	}
	for _, f := range found {
		say(f.OK, f.What, f.Advice)
	}
}
