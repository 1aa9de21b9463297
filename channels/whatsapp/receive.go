// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	waStore "go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/channels"
)

// Listen passes on what arrives, until ctx ends, and returns nil then. Messages of
// all people go to sink one after the other, in the order of WhatsApp; if it fails,
// that one and those after it come again on a new connection, as soon as a pause is
// over that doubles. Where no phone is linked it waits for Link. It waits, too,
// after whatever ended the link or the connection for good: for a new link, for the
// end of a ban, and after another program took the connection for a restart.
func (c *Channel) Listen(ctx context.Context, sink channels.Sink) error {
	c.mu.Lock()
	c.listening = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.listening = false
		c.mu.Unlock()
	}()
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { c.clears(ctx) })
	told := false
	for ctx.Err() == nil {
		f, err := c.open(ctx)
		if err != nil {
			if !told {
				c.log.Error("whatsapp: the device's file cannot be opened, it is tried again", "err", err)
			}
			told = true
			wait(ctx, c.pauses.lock)
			continue
		}
		told = false
		d, err := c.linked(ctx, f)
		if err != nil {
			wait(ctx, c.pauses.most)
			continue
		}
		c.mu.Lock()
		pairing := c.pairing
		c.mu.Unlock()
		if d == nil || pairing {
			c.rest(ctx, time.Time{})
			continue
		}
		if st := c.Standing(); st.Code == channels.Banned && st.Until.After(c.now()) {
			c.rest(ctx, st.Until)
			continue
		}
		e := c.attend(ctx, f, d, sink)
		if ctx.Err() == nil {
			c.rest(ctx, e.again)
		}
	}
	return nil
}

// clears clears the file at once, for what became old while nothing ran, and then from
// time to time, whether a phone is linked or not.
//
// In between it empties the log beside the file soon after the sink took something: until
// then words stand there that the file has no more.
func (c *Channel) clears(ctx context.Context) {
	var cleared time.Time
	for {
		c.mu.Lock()
		f := c.file
		c.mu.Unlock()
		var err error
		switch {
		case f == nil:
		case cleared.IsZero() || c.now().Sub(cleared) >= c.pauses.scrub:
			cleared = c.now()
			c.here(ctx, f)
			err = f.scrub(ctx, cleared)
		case f.freed.Swap(false):
			if err = f.empty(ctx); err != nil {
				f.freed.Store(true)
			}
		}
		if err != nil && ctx.Err() == nil {
			c.log.Warn("whatsapp: the device's file could not be cleared, it is tried again")
		}
		if !wait(ctx, c.pauses.empty) {
			return
		}
	}
}

// linked gives the device that is linked, nil for none. What the library still wrote
// of one while it was logged out is taken away.
func (c *Channel) linked(ctx context.Context, f *file) (*waStore.Device, error) {
	d, err := f.device(ctx)
	if err == nil && d != nil && c.Standing().Code == channels.LoggedOut {
		if f.drop(ctx, *d.ID) != nil {
			return nil, errUnusable
		}
		return nil, nil
	}
	return d, err
}

// rest waits until somebody links or unlinks, and no longer than until a time.
func (c *Channel) rest(ctx context.Context, until time.Time) {
	end := make(<-chan time.Time)
	if !until.IsZero() {
		t := time.NewTimer(max(until.Sub(c.now()), c.pauses.first))
		defer t.Stop()
		end = t.C
	}
	select {
	case <-ctx.Done():
	case <-c.wake:
	case <-end:
	}
}

// nudge wakes Listen.
func (c *Channel) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// message passes a message on and says whether it may be acknowledged.
func (s *session) message(e *events.Message) (ok bool) {
	s.in.Lock()
	defer s.in.Unlock()
	if s.broken.Load() || s.ctx.Err() != nil {
		return false
	}
	defer func() {
		if recover() != nil {
			s.log.Error("whatsapp: a message could not be handled")
			s.count(e.Info.ID)
			ok = s.fail()
		}
	}()
	if s.often(e.Info.ID) >= 2*maxPanics {
		s.log.Error("whatsapp: a message was given up: whatever was done with it failed, and it would hold up all others")
		return true
	}
	if n := e.Message.GetProtocolMessage().GetHistorySyncNotification(); n != nil && e.Info.IsFromMe {
		return s.history(n)
	}
	if e.Info.IsGroup || e.Info.Chat.Server == types.GroupServer {
		return s.group(e.Info.Chat)
	}
	p, err := s.with(e.Info)
	switch {
	case errors.Is(err, errNobody):
		return true
	case err != nil:
		return s.fail()
	}
	take, ok := s.takes(p, e.Info)
	if !take {
		return ok
	}
	in, said := s.reading(e, p)
	if !said {
		return s.gone(e.Info.ID)
	}
	if in.At.IsZero() {
		in.At = s.now()
	}
	if e.Info.IsFromMe {
		s.read(p.id) // somebody has the talk open on the phone
	} else {
		// Before the sink: the answer may go out while it still returns.
		for _, k := range p.keys() {
			if s.file.hear(s.ctx, k) != nil {
				return s.fail()
			}
		}
		if in.Kind != channels.Reaction && in.Kind != channels.Deleted {
			s.unmark(p.id, mark{e.Info.ID, e.Info.Timestamp})
		}
	}
	if s.sink(s.ctx, in) != nil {
		return s.fail()
	}
	s.mended(e.Info.ID)
	return s.gone(e.Info.ID)
}

// errNobody means that a stanza is not from a talk with one person.
var errNobody = errors.New("whatsapp: this is not a talk with one person")

// with gives the person whom a talk is with. It fails where the file does, and with
// errNobody.
func (s *session) with(i types.MessageInfo) (person, error) {
	a, b := i.Sender, i.SenderAlt
	if i.IsFromMe {
		a, b = i.Chat, i.RecipientAlt
	}
	return s.person(a, b)
}

func (s *session) person(a, b types.JID) (person, error) {
	if !single(a) {
		return person{}, errNobody
	}
	p := somebody(a, b)
	if p.id.User == s.device.GetLID().User || p.id.User == s.device.GetJID().User || !p.alias.IsEmpty() && p.alias.User == s.device.GetJID().User {
		return person{}, errNobody // the phone's notes to itself
	}
	if !p.alias.IsEmpty() {
		return p, nil
	}
	other, err := s.device.GetAltJID(s.ctx, p.id)
	if err != nil {
		return person{}, err
	}
	return somebody(p.id, other), nil
}

// takes says whether a message in the talk with p is for us, and if not whether it
// may be acknowledged.
func (s *session) takes(p person, i types.MessageInfo) (take, ack bool) {
	if i.IsFromMe {
		if _, _, ours, err := s.file.sent(s.ctx, i.ID); err != nil {
			return false, s.fail()
		} else if ours {
			return false, true
		}
	}
	private, err := s.file.private(s.ctx, p.keys())
	if err != nil {
		return false, s.fail()
	}
	if private {
		return false, s.gone(i.ID)
	}
	heard := false
	for _, k := range p.keys() {
		h, err := s.file.heard(s.ctx, k)
		if err != nil {
			return false, s.fail()
		}
		heard = heard || h
	}
	if heard {
		return true, true
	}
	if i.IsFromMe { // the phone writes to somebody whom we do not know: not ours to read
		return false, true
	}
	if !s.settled.Load() {
		s.held.Store(true) // until the phone has told which talks it has
		return false, false
	}
	if at, _, err := s.file.linked(s.ctx); err != nil {
		return false, s.fail()
	} else if !at.IsZero() && i.Timestamp.Before(at.Add(-skew)) {
		// From before the link, of a talk that the phone has not told of.
		if s.file.meet(s.ctx, p.keys(), "", false) != nil {
			return false, s.fail()
		}
		return false, true
	}
	return true, true
}

// skew is by how much this machine's clock may be ahead of WhatsApp's at most: else
// somebody new would be taken for somebody from before the link.
const skew = 24 * time.Hour

// reading reads a message. One that panics is kept as unknown, and so is one that
// has made the sink panic.
func (s *session) reading(e *events.Message, p person) (in channels.Inbound, said bool) {
	defer func() {
		if recover() != nil {
			in, said = unknown(channels.Inbound{From: p.address(), Aliases: p.aliases(), ID: eventID(p, e.Info.ID), At: e.Info.Timestamp}, e), true
		}
	}()
	in, said = read(e, p)
	if said && s.often(e.Info.ID) >= maxPanics {
		in = unknown(in, e)
		in.Text = ""
	}
	return in, said
}

// maxPanics is how often a message may make the sink panic before it is passed on
// as unknown, and twice as often before it is given up. A sink of the gateway never
// panics.
const maxPanics = 3

func (s *session) count(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.panics) < 1000 {
		s.panics[id]++
	}
}

func (s *session) often(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.panics[id]
}

// group keeps that there is a group, and nothing of what is said in it.
func (s *session) group(id types.JID) bool {
	if id.Server == types.GroupServer {
		_ = s.file.meet(s.ctx, []string{id.ToNonAD().String()}, "", true)
	}
	return true
}

// fail has everything that is not acknowledged come again, on a new connection,
// after a pause. Until then nothing is taken, so that nobody's messages change their
// order. It says false, for the handler to say.
func (s *session) fail() bool {
	if s.broken.Swap(true) {
		return false
	}
	s.mu.Lock()
	s.pause = min(max(2*s.pause, s.pauses.first), s.pauses.most)
	pause := s.pause
	s.mu.Unlock()
	s.log.Error("whatsapp: what people wrote could not be kept: it stays with WhatsApp and comes again", "pause", pause)
	go func() {
		if wait(s.ctx, pause) {
			s.cli.ResetConnection()
		}
	}()
	return false
}

// mended notes that the sink took a message.
func (s *session) mended(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pause = 0
	delete(s.panics, id)
}

// gone notes that a message which could not be read before is settled, and says
// that it may be acknowledged.
func (s *session) gone(id types.MessageID) bool {
	if s.file.dropLater(s.ctx, unreadableID(id)) != nil {
		return s.fail()
	}
	return true
}

// unreadableID is under what a message that could not be read is kept until it
// comes so that it can.
func unreadableID(id types.MessageID) string { return "unreadable/" + id }

// unreadable keeps a message that could not be read. The library has asked for it
// again; if it does not come, somebody must know that something was said. What may be
// seen only once never comes to a device.
func (s *session) unreadable(e *events.UndecryptableMessage) {
	if e.Info.IsGroup || e.Info.IsFromMe || e.DecryptFailMode == events.DecryptFailHide {
		return
	}
	p, err := s.with(e.Info)
	if err != nil {
		return
	}
	if private, err := s.file.private(s.ctx, p.keys()); err != nil || private {
		return
	}
	due := s.now().Add(s.pauses.unreadable)
	if e.UnavailableType == events.UnavailableTypeViewOnce {
		due = s.now()
	}
	s.postpone(later{
		id: unreadableID(e.Info.ID), kind: channels.Unknown, sender: p.id.String(), alias: p.alias.String(), at: e.Info.Timestamp, due: due,
	})
	if !due.After(s.now()) {
		go s.late()
	}
}

// call passes on that somebody rang. The phone rings on; nothing is rejected. A call
// is acknowledged whatever happens, so that it is kept first.
func (s *session) call(m types.BasicCallMeta) {
	if !m.GroupJID.IsEmpty() || m.CallID == "" {
		return
	}
	from := m.CallCreator
	if from.IsEmpty() {
		from = m.From
	}
	p, err := s.person(from, m.CallCreatorAlt)
	if err != nil {
		return
	}
	if private, err := s.file.private(s.ctx, p.keys()); err != nil || private {
		return
	}
	s.postpone(later{
		id: "call/" + m.CallID, kind: channels.Call, sender: p.id.String(), alias: p.alias.String(), at: m.Timestamp, due: s.now(),
	})
	s.late()
}

func (s *session) postpone(l later) {
	if s.file.putLater(s.ctx, l) != nil {
		s.log.Error("whatsapp: a call, or a message that could not be read, could not be kept")
	}
}

// late passes on what is due.
func (s *session) late() {
	s.passing.Lock()
	defer s.passing.Unlock()
	all, err := s.file.due(s.ctx, s.now())
	if err != nil {
		return
	}
	for _, l := range all {
		if done, err := s.deliver(l); err == nil && done {
			_ = s.file.dropLater(s.ctx, l.id) // else it is passed on once more, under the same ID
		}
	}
}

// deliver passes on one thing, and says whether it is done with: passed on, or of a
// talk that turned out to be private.
func (s *session) deliver(l later) (done bool, err error) {
	s.in.Lock()
	defer s.in.Unlock()
	defer func() {
		if recover() != nil {
			done, err = false, errors.New("whatsapp: a call could not be handled")
		}
	}()
	if s.ctx.Err() != nil {
		return false, s.ctx.Err()
	}
	keys := []string{l.sender}
	if l.alias != "" {
		keys = append(keys, l.alias)
	}
	private, err := s.file.private(s.ctx, keys)
	if private || err != nil {
		return private, err
	}
	heard, err := s.file.heard(s.ctx, l.sender)
	if err != nil || !heard && !s.settled.Load() {
		return false, err
	}
	for _, k := range keys {
		if err := s.file.hear(s.ctx, k); err != nil {
			return false, err
		}
	}
	return true, s.sink(s.ctx, l.event())
}

// event is what is passed on.
func (l later) event() channels.Inbound {
	in := channels.Inbound{From: channels.Address{Channel: ChannelName, ID: l.sender}, ID: l.id, At: l.at, Kind: l.kind}
	if l.alias != "" {
		in.Aliases = []channels.Address{{Channel: ChannelName, ID: l.alias}}
	}
	if l.kind == channels.Unknown {
		in.Raw = []byte("whatsapp: a message that this device cannot read: it is only on the phone, or may be seen only once")
	}
	return in
}

// maxHistory is how often the talks of a phone are asked for before the session goes
// on without them.
const maxHistory = 3

// history keeps which talks the phone has. Nothing of their words is kept.
func (s *session) history(n *waE2E.HistorySyncNotification) bool {
	ctx, end := context.WithTimeout(s.ctx, time.Minute)
	defer end()
	h, err := s.cli.DownloadHistorySync(ctx, n, true)
	if err != nil {
		s.count("history")
		if s.often("history") < maxHistory {
			return s.fail()
		}
		s.log.Warn("whatsapp: the phone told which talks it has, and it could not be fetched")
		return true
	}
	for _, t := range talks(h, func(pn types.JID) types.JID {
		lid, _ := s.device.LIDs.GetLIDForPN(s.ctx, pn)
		return lid
	}) {
		if s.file.meet(s.ctx, t.keys, t.name, t.many) != nil {
			return s.fail()
		}
	}
	if n.GetDirectPath() != "" {
		go func() {
			_ = s.cli.DeleteMedia(s.ctx, whatsmeow.MediaHistory, n.GetDirectPath(), n.GetFileEncSHA256(), n.GetEncHandle())
		}()
	}
	if h.GetSyncType() == waHistorySync.HistorySync_INITIAL_BOOTSTRAP {
		s.settle(s.ctx)
	}
	return true
}

// settle lets new people in: from now on it is known whose talks were there before,
// or nobody will tell. What waited comes again on a new connection.
func (s *session) settle(ctx context.Context) {
	if s.settled.Load() || s.file.setNote(ctx, noteSettled, "yes") != nil {
		return
	}
	s.settled.Store(true)
	if s.held.Swap(false) {
		s.broken.Store(true) // or the next message would overtake those
		s.cli.ResetConnection()
	}
}

// receipt tells how far messages came. Where that cannot be kept WhatsApp tells it
// again on the next connection; it brings none about.
func (s *session) receipt(e *events.Receipt) bool {
	if s.reports == nil || e.IsGroup || e.IsFromMe {
		return true
	}
	var d channels.Delivery
	switch e.Type {
	case types.ReceiptTypeDelivered, types.ReceiptTypeInactive:
		d = channels.Delivered
	case types.ReceiptTypeRead:
		d = channels.Read
	case types.ReceiptTypePlayed:
		d = channels.Played
	default:
		return true
	}
	p, err := s.person(e.Sender, e.SenderAlt)
	if err != nil {
		return errors.Is(err, errNobody)
	}
	var all []channels.Report
	for _, id := range e.MessageIDs {
		if _, _, ours, err := s.file.sent(s.ctx, id); err != nil {
			return false
		} else if ours {
			all = append(all, channels.Report{To: p.address(), ID: id, State: d, At: e.Timestamp.UTC()})
		}
	}
	return len(all) == 0 || s.reports(s.ctx, all...) == nil
}

// maxUnread is how many messages of a talk are marked as read at once, and of how
// many talks they are known; beyond that the oldest are left.
const maxUnread = 100

func (s *session) unmark(id types.JID, m mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unread) > 10*maxUnread {
		s.unread = map[types.JID][]mark{}
	}
	all := append(s.unread[id], m)
	s.unread[id] = all[max(0, len(all)-maxUnread):]
}

// read gives what is to be marked as read in a talk, and forgets it.
func (s *session) read(id types.JID) []mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.unread[id]
	delete(s.unread, id)
	return all
}
