// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	waStore "go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"sarai/channels"
)

// A session is one life of the library's client with a linked device: from the
// first try to connect until something ends it for good.
type session struct {
	*Channel
	file   *file
	device *waStore.Device
	id     types.JID // of the device
	cli    *whatsmeow.Client
	sink   channels.Sink
	ctx    context.Context // ends after the client's last work
	over   context.CancelFunc
	ended  chan ending
	named  bool // the phone's name was known at the beginning

	in      sync.Mutex  // held while a message is passed on: they go one after the other
	passing sync.Mutex  // held while what was put off is passed on
	broken  atomic.Bool // the sink failed: nothing is taken until there is a new connection
	settled atomic.Bool // the phone has told which talks it has
	held    atomic.Bool // something waits for that

	mu      sync.Mutex
	done    bool           // it has ended for good
	pause   time.Duration  // before the next new connection after a failure
	panics  map[string]int // of a message, how often
	unread  map[types.JID][]mark
	answers map[string]chan *events.MediaRetry
}

// A mark is a message that is to be marked as read before it is answered.
type mark struct {
	id types.MessageID
	at time.Time
}

// An ending says why a session is over, and when there may be another: at again,
// or, where that is zero, not before somebody does something.
type ending struct {
	code  string // a standing, "" for none
	until time.Time
	again time.Time
}

// current is the session that runs, nil for none.
func (c *Channel) current() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// client makes the library's client of a device.
func (c *Channel) client(d *waStore.Device, pairing bool) *whatsmeow.Client {
	cli := whatsmeow.NewClient(d, newQuiet(c.log))
	cli.SynchronousAck = true
	cli.EnableDecryptedEventBuffer = true
	cli.UseRetryMessageStore = true
	cli.AutomaticMessageRerequestFromPhone = true
	cli.InitialAutoReconnect = true
	cli.ManualHistorySyncDownload = true // the notice of it is acknowledged once its talks are kept
	cli.DisableLoginAutoReconnect = pairing
	cli.AutoReconnectHook = func(error) bool {
		// The library waits two seconds longer each time, without end.
		cli.AutoReconnectErrors = min(cli.AutoReconnectErrors, 15)
		return true
	}
	media := &http.Client{Transport: bounded{http.DefaultTransport}}
	if c.http != nil {
		cli.SetWebsocketHTTPClient(c.http)
		cli.SetPreLoginHTTPClient(c.http)
		media.Transport = bounded{c.http.Transport}
	}
	cli.SetMediaHTTPClient(media)
	return cli
}

// attend connects a device and passes what arrives on to sink, until ctx ends or
// the session does.
func (c *Channel) attend(ctx context.Context, f *file, d *waStore.Device, sink channels.Sink) ending {
	select {
	case c.one <- struct{}{}:
		defer func() { <-c.one }()
	case <-ctx.Done():
		return ending{}
	}
	s := &session{
		Channel: c, file: f, device: d, id: *d.ID, sink: sink, ended: make(chan ending, 1), named: d.PushName != "",
		panics: map[string]int{}, unread: map[types.JID][]mark{}, answers: map[string]chan *events.MediaRetry{},
	}
	s.ctx, s.over = context.WithCancel(context.WithoutCancel(ctx))
	defer s.over()
	linkedAt, settled, err := f.linked(ctx)
	if err != nil {
		return ending{again: c.now().Add(c.pauses.most)}
	}
	s.settled.Store(settled)
	s.cli = c.client(d, false)
	s.cli.BackgroundEventCtx = s.ctx
	// Called for each new connection, before anything arrives on it.
	s.cli.GetClientPayload = func() *waWa6.ClientPayload {
		s.broken.Store(false)
		return d.GetClientPayload()
	}
	broke := func() { s.fail() }
	f.crypt.broke.Store(&broke)
	s.cli.AddEventHandlerWithSuccessStatus(s.handle)
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return ending{}
	}
	c.session = s
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.session = nil
		joined := c.standing.Code == channels.Joined
		c.mu.Unlock()
		if joined {
			c.move(channels.Joining, time.Time{})
		}
	}()
	c.move(channels.Joining, time.Time{})
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { s.rounds(ctx) })
	if !settled {
		work.Go(func() {
			if wait(s.ctx, linkedAt.Add(c.pauses.settle).Sub(c.now())) {
				s.settle(s.ctx)
			}
		})
	}
	defer s.stop()
	if err := s.cli.ConnectContext(s.ctx); err != nil {
		return ending{again: c.now().Add(c.pauses.most / 4)}
	}
	select {
	case <-ctx.Done():
		return ending{}
	case e := <-s.ended:
		return e
	}
}

// stop ends the connection, lets what is being passed on finish, and ends the rest.
func (s *session) stop() {
	s.cli.Disconnect()
	s.in.Lock()
	s.over()
	s.in.Unlock()
}

// end ends the session for good, once.
func (s *session) end(e ending) {
	s.mu.Lock()
	if !s.done && e.code != "" {
		s.move(e.code, e.until)
	}
	s.done = true
	s.mu.Unlock()
	select {
	case s.ended <- e:
	default:
	}
}

// stand changes the standing of a session that has not ended: what the library tells
// comes out of order.
func (s *session) stand(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.done {
		s.move(code, time.Time{})
	}
}

// handle takes everything that the library tells, and says false for what is not to
// be acknowledged. It is called from several goroutines.
func (s *session) handle(evt any) (ok bool) {
	if s.ctx.Err() != nil {
		return false
	}
	defer func() {
		if recover() != nil { // only messages are kept from being lost by saying false
			s.log.Error("whatsapp: something could not be handled and was left")
			ok = false
		}
	}()
	switch e := evt.(type) {
	case *events.Message:
		return s.message(e)
	case *events.UndecryptableMessage:
		s.unreadable(e)
	case *events.Receipt:
		return s.receipt(e)
	case *events.CallOffer:
		s.call(e.BasicCallMeta)
	case *events.CallOfferNotice:
		s.call(e.BasicCallMeta)
	case *events.MediaRetry:
		s.answer(e)
	case *events.Connected:
		s.stand(channels.Joined)
		if s.named { // else the library may be writing the name at this moment
			s.greet()
		}
	case *events.PushNameSetting, *events.AppStateSyncComplete:
		s.greet()
	case *events.Disconnected, *events.KeepAliveTimeout:
		s.stand(channels.Joining)
	case *events.KeepAliveRestored:
		s.stand(channels.Joined)
	case *events.JoinedGroup:
		_ = s.file.meet(s.ctx, []string{e.JID.ToNonAD().String()}, e.GroupInfo.Name, true)
	case *events.GroupInfo:
		if e.Name != nil {
			_ = s.file.meet(s.ctx, []string{e.JID.ToNonAD().String()}, e.Name.Name, true)
		}
	case *events.LoggedOut:
		_ = s.file.drop(s.ctx, s.id) // the library does it too, a moment later
		s.end(ending{code: channels.LoggedOut})
	case *events.StreamReplaced:
		s.end(ending{code: channels.Replaced})
	case *events.ClientOutdated:
		s.end(ending{code: channels.Outdated})
	case *events.TemporaryBan:
		until := time.Time{}
		again := s.now().Add(s.pauses.ban)
		if e.Expire > 0 {
			until = s.now().Add(e.Expire)
			again = until
		}
		s.end(ending{code: channels.Banned, until: until, again: again})
	case *events.NotifyAccountReachoutTimelock:
		if e.IsActive {
			s.log.Warn("whatsapp: WhatsApp lets this number begin no new talks for a while: it takes it for a sender of bulk. Let it rest")
		}
	case *events.ConnectFailure:
		s.end(ending{again: s.now().Add(s.pauses.most)})
	}
	return true
}

// greet shows the device as online: only then do people see that somebody types,
// and two ticks. It needs the phone's name, which comes some time after linking.
func (s *session) greet() {
	if s.cli.IsLoggedIn() {
		_ = s.cli.SendPresence(s.ctx, types.PresenceAvailable)
	}
}

// rounds looks from time to time for what is due.
func (s *session) rounds(ctx context.Context) {
	for {
		s.late()
		select {
		case <-ctx.Done():
			return
		case <-s.ctx.Done():
			return
		case <-time.After(s.pauses.rounds):
		}
	}
}
