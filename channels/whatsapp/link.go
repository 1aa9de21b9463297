// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	waStore "go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/channels"
)

// Link links a phone. For a number it gives a code to type on the phone, else QR
// codes, each valid for some seconds. It is Done once the device is connected and the
// phone has told which talks it has, for which it waits a minute at most. Where Listen
// does not run the connection ends then; whatever people write meanwhile is left with
// WhatsApp.
func (c *Channel) Link(ctx context.Context, phone string) (<-chan channels.LinkStep, error) {
	phone, err := digits(phone)
	if err != nil {
		return nil, err
	}
	f, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	d, err := c.linked(ctx, f)
	if err != nil {
		return nil, err
	}
	if d != nil {
		return nil, errors.New("whatsapp: a phone is linked already: unlink it first")
	}
	c.mu.Lock()
	busy, before := c.linking, c.standing
	if !busy {
		c.linking, c.pairing = true, true
	}
	c.mu.Unlock()
	if busy {
		return nil, errors.New("whatsapp: somebody else is linking a phone at this moment")
	}
	c.move(channels.Linking, time.Time{})
	steps := make(chan channels.LinkStep, 8)
	go func() {
		defer close(steps)
		say := func(s channels.LinkStep) {
			select {
			case steps <- s:
			case <-ctx.Done():
			}
		}
		failed := c.pair(ctx, f, phone, say)
		c.mu.Lock()
		c.linking, c.pairing = false, false
		c.mu.Unlock()
		c.nudge()
		switch {
		case failed == "":
			say(channels.LinkStep{Done: true})
		case lasting(failed):
			c.move(failed, time.Time{})
			say(channels.LinkStep{Failed: failed})
		default:
			if c.Standing().Code == channels.Linking {
				c.put(before)
			}
			say(channels.LinkStep{Failed: failed})
		}
	}()
	return steps, nil
}

// digits takes the punctuation out of a telephone number.
func digits(phone string) (string, error) {
	if phone == "" {
		return "", nil
	}
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" +-()./", r) {
			return -1
		}
		return r
	}, phone)
	if strings.Trim(bare, "0123456789") != "" || len(bare) < 7 || len(bare) > 15 || bare[0] == '0' {
		return "", errors.New("whatsapp: the number must be the phone's own, in digits, with its country's code: 49… for Germany, 92… for Pakistan")
	}
	return bare, nil
}

const (
	timeout = "timeout"
	refused = "refused"
)

// pair links a new device and gives why it failed, "" where it did not.
func (c *Channel) pair(ctx context.Context, f *file, phone string, say func(channels.LinkStep)) (failed string) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	// Before there is a device: should the process end between its linking and the next
	// line, nobody's talk of before is taken for a new one.
	if f.relink(ctx, c.now()) != nil {
		return refused
	}
	fresh := f.container.NewDevice()
	cli := c.client(fresh, true)
	cli.BackgroundEventCtx = ctx
	comeAgain := make(chan struct{}, 1)
	outdated := make(chan string, 1)
	cli.AddEventHandler(func(evt any) {
		code := ""
		switch evt.(type) {
		case *events.ManualLoginReconnect: // it is linked, and is to come in as a device
			select {
			case comeAgain <- struct{}{}:
			default:
			}
		case *events.TemporaryBan:
			code = channels.Banned
		case *events.ClientOutdated:
			code = channels.Outdated
		}
		if code != "" {
			select {
			case outdated <- code:
			default:
			}
		}
	})
	items, err := cli.GetQRChannel(ctx)
	if err != nil {
		return refused
	}
	if err := cli.ConnectContext(ctx); err != nil {
		return timeout
	}
	defer cli.Disconnect()
	if why := c.show(ctx, cli, items, phone, say); why != "" {
		select {
		case why = <-outdated:
		default:
		}
		return why
	}
	select {
	case <-comeAgain:
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
	}
	cli.Disconnect()
	ctx = context.WithoutCancel(ctx)
	if fresh.ID == nil || f.keep(ctx, *fresh.ID) != nil {
		return refused
	}
	return c.comeIn(ctx, f)
}

// show gives what is to be scanned or typed until the phone is linked, and why it
// is not.
func (c *Channel) show(ctx context.Context, cli *whatsmeow.Client, items <-chan whatsmeow.QRChannelItem, phone string, say func(channels.LinkStep)) (failed string) {
	asked := false
	for item := range items {
		switch item.Event {
		case whatsmeow.QRChannelEventCode:
			if phone == "" {
				say(channels.LinkStep{QR: item.Code})
				continue
			}
			if asked {
				continue
			}
			asked = true
			// WhatsApp takes only names of browsers and systems that it knows.
			code, err := cli.PairPhone(ctx, phone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
			if err != nil {
				return refused
			}
			say(channels.LinkStep{Code: code})
		case whatsmeow.QRChannelEventPasskeyRequest, whatsmeow.QRChannelEventPasskeyResponse:
			return channels.Passkey
		case whatsmeow.QRChannelSuccess.Event:
			return ""
		case whatsmeow.QRChannelTimeout.Event:
			return timeout
		case whatsmeow.QRChannelClientOutdated.Event:
			return channels.Outdated
		default:
			return refused
		}
	}
	return timeout // ctx has ended
}

// comeIn has the new device connect for the first time, which ends the linking on
// the phone too.
func (c *Channel) comeIn(ctx context.Context, f *file) (failed string) {
	d, err := f.device(ctx)
	if err != nil || d == nil {
		return refused
	}
	c.move(channels.Unlinked, time.Time{}) // whatever ended the link before is over
	c.move(channels.Joining, time.Time{})
	c.mu.Lock()
	c.pairing = false
	listening := c.listening
	c.mu.Unlock()
	ctx, end := context.WithTimeout(ctx, c.pauses.login)
	defer end()
	if listening {
		c.nudge()
	} else {
		alone, leave := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.attend(alone, f, d, func(context.Context, ...channels.Inbound) error { return errUnattended })
		}()
		defer func() { leave(); <-done }()
	}
	st := c.until(ctx, func(code string) bool { return code == channels.Joined || lasting(code) })
	if st.Code != channels.Joined {
		if lasting(st.Code) {
			return st.Code
		}
		return timeout
	}
	// Whoever links is asked next which talks are private. A phone that does not tell
	// which it has is waited for no longer.
	for {
		if _, settled, err := f.linked(ctx); err != nil || settled || !wait(ctx, c.pauses.first/4) {
			return ""
		}
	}
}

// errUnattended keeps what people write with WhatsApp while nobody listens.
var errUnattended = errors.New("whatsapp: nobody listens yet")

// Unlink ends the link at WhatsApp and forgets the device: its keys, which talks the
// phone had, what was sent. Where WhatsApp cannot be told the device is forgotten all
// the same, and the error says what is to be done on the phone.
func (c *Channel) Unlink(ctx context.Context) error {
	f, err := c.open(ctx)
	if err != nil {
		return err
	}
	d, err := f.device(ctx)
	if err != nil {
		return err
	}
	if d == nil {
		err := f.unlink(ctx)
		c.move(channels.Unlinked, time.Time{})
		return err
	}
	told := c.logOut(ctx, f, d)
	if s := c.current(); s != nil {
		s.end(ending{})
		s.stop()
	}
	if err := f.unlink(context.WithoutCancel(ctx)); err != nil {
		return errUnusable
	}
	c.move(channels.Unlinked, time.Time{})
	c.nudge()
	if !told {
		return errors.New("whatsapp: the device is forgotten here, but WhatsApp could not be told: remove it on the phone, under Linked devices")
	}
	return nil
}

// logOut tells WhatsApp that the link is over.
func (c *Channel) logOut(ctx context.Context, f *file, d *waStore.Device) bool {
	ctx, end := context.WithTimeout(ctx, c.pauses.ack)
	defer end()
	waiting := ctx
	if c.current() == nil {
		st := c.Standing()
		if st.Code == channels.Banned || st.Code == channels.Outdated {
			return false // it would not be let in
		}
		c.move(channels.Joining, time.Time{}) // how it stood when it was connected last says nothing
		alone, leave := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		attended, ended := context.WithCancel(ctx)
		go func() {
			defer close(done)
			defer ended()
			for {
				e := c.attend(alone, f, d, func(context.Context, ...channels.Inbound) error { return errUnattended })
				if e.code != "" || alone.Err() != nil || !wait(attended, c.pauses.first) {
					return
				}
			}
		}()
		defer func() { leave(); <-done }()
		waiting = attended
	}
	for { // what people wrote meanwhile is not taken, which begins the connection anew
		switch c.until(waiting, func(code string) bool { return code != channels.Joining }).Code {
		case channels.LoggedOut:
			return true
		case channels.Joined:
			if s := c.current(); s != nil && s.cli.Logout(ctx) == nil {
				return true
			}
		default:
			return false
		}
		if !wait(waiting, c.pauses.first) {
			return c.Standing().Code == channels.LoggedOut
		}
	}
}
