// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/channels"
)

// Hasten makes the channel wait for nothing longer than a test may last.
func (c *Channel) Hasten() *Channel {
	c.pauses = pauses{
		first: 20 * time.Millisecond, most: 200 * time.Millisecond, lock: 50 * time.Millisecond,
		settle: 20 * time.Second, ack: 2 * time.Second, login: 10 * time.Second,
		reupload: 2 * time.Second, unreadable: 300 * time.Millisecond,
		rounds: 50 * time.Millisecond, scrub: 20 * time.Millisecond, empty: 20 * time.Millisecond, ban: 200 * time.Millisecond,
	}
	return c
}

// Relink makes the device one that was linked a moment ago, and sets how long is
// waited for the phone to tell which talks it has.
func (c *Channel) Relink(ctx context.Context, settle time.Duration) error {
	c.pauses.settle = settle
	return c.file.relink(ctx, c.now())
}

// Provision puts a device into the file that was linked before, as prepare makes it.
func (c *Channel) Provision(ctx context.Context, prepare func(*store.Device)) error {
	f, err := c.open(ctx)
	if err != nil {
		return err
	}
	d := f.container.NewDevice()
	prepare(d)
	return d.Save(ctx)
}

// Watch gives every event of the connection to seen too.
func (c *Channel) Watch(seen func(any)) {
	c.current().cli.AddEventHandler(seen)
}

// Again gives an event to the channel as the library would: a message that a phone
// sends again, for instance.
func (c *Channel) Again(evt any) bool { return c.current().handle(evt) }

// Scrub clears the file as it is cleared from time to time, at some time.
func (c *Channel) Scrub(ctx context.Context, at time.Time) error { return c.file.scrub(ctx, at) }

// Retried is how many messages the file keeps in case they are asked for again, and
// how many plaintexts wait for the sink.
func (c *Channel) Retried(ctx context.Context) (sent, waiting int, err error) {
	err = c.file.db.QueryRowContext(ctx, `SELECT count(*) FROM whatsmeow_retry_buffer`).Scan(&sent)
	if err == nil {
		err = c.file.db.QueryRowContext(ctx, `SELECT count(*) FROM whatsmeow_event_buffer WHERE plaintext IS NOT NULL`).Scan(&waiting)
	}
	return sent, waiting, err
}

// Read is the parser.
func Read(e *events.Message) (channels.Inbound, bool) {
	return read(e, somebody(e.Info.Sender, e.Info.SenderAlt))
}

// Compose sets a message in words.
func Compose(out channels.Outbound) string { return compose(out) }

// MessageID is the id of a message with that key.
func MessageID(key string) string { return messageID(key) }

// Show gives the steps of a link for what the library shows, and why it failed.
func (c *Channel) Show(ctx context.Context, items ...whatsmeow.QRChannelItem) (steps []channels.LinkStep, failed string) {
	all := make(chan whatsmeow.QRChannelItem, len(items))
	for _, i := range items {
		all <- i
	}
	close(all)
	failed = c.show(ctx, nil, all, "", func(s channels.LinkStep) { steps = append(steps, s) })
	return steps, failed
}

// Judge says a standing in words.
func Judge(st channels.Standing) channels.Finding { return judge(st) }

// A Pace is the pace of sending, with pauses that are drawn by draw.
type Pace struct{ *pace }

// NewPace makes one.
func NewPace(draw func(least, most time.Duration) time.Duration) Pace {
	p := newPace()
	p.draw = draw
	return Pace{p}
}

// Turn is a place in the order.
func (p Pace) Turn(chat string, letters int, now time.Time) (time.Duration, *channels.SendError) {
	return p.turn(chat, letters, now)
}

// Slow makes the channel send at its pace, with short pauses.
func (c *Channel) Slow() {
	c.unpaced = false
	c.pace.draw = func(time.Duration, time.Duration) time.Duration { return 10 * time.Millisecond }
}
