// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"sarai/channels"
	"sarai/channels/channeltest"
	standin "sarai/standin/whatsapp"
)

// numbers of the people of the contract.
func number(n int) string { return fmt.Sprintf("120255501%02d", 10+n) }

// A line looks at what arrives at the channel and what is acknowledged.
type line struct {
	*place
	mu   sync.Mutex
	ids  map[string]string // of an event: the message's id
	seen map[string]*events.Message

	watching chan struct{} // closed once what arrives is seen
}

func (l *line) watch(evt any) {
	e, ok := evt.(*events.Message)
	if !ok {
		return
	}
	l.mu.Lock()
	l.seen[e.Info.ID] = e
	l.mu.Unlock()
}

// act does what somebody does, for the first time.
func (l *line) act(ev channeltest.Event) string {
	p := l.Person(number(ev.Person))
	switch ev.Kind {
	case channels.Voice:
		return p.Voice([]byte("OggS"), 3)
	case channels.Audio:
		m := &waE2E.Message{AudioMessage: &waE2E.AudioMessage{
			Mimetype: proto.String("audio/mpeg"), DirectPath: proto.String("/v/x"), MediaKey: make([]byte, 32), FileEncSHA256: make([]byte, 32), FileSHA256: make([]byte, 32),
		}}
		return p.Send(m)
	case channels.Picture:
		return p.Picture([]byte("\xff\xd8jpeg"), "look")
	case channels.Video:
		return p.Video([]byte("mp4"), "")
	case channels.Document:
		return p.Document("letter.pdf", "application/pdf", []byte("%PDF"), "")
	case channels.Place:
		return p.Place(33.5, 73.1, "Rawalpindi")
	case channels.Contact:
		return p.Contact("A", "+12025550177")
	case channels.Sticker:
		return p.Sticker([]byte("RIFF"))
	case channels.Reaction:
		return p.React("ABC", "👍")
	case channels.Edited:
		return p.Edit("ABC", ev.Text)
	case channels.Deleted:
		return p.Revoke("ABC")
	case channels.Call:
		return p.Call(false)
	}
	return p.Write(ev.Text)
}

// deliver makes WhatsApp deliver an event and says whether it was acknowledged.
func (l *line) deliver(ctx context.Context, name string, act func() string) (bool, error) {
	<-l.watching
	asked := l.asked()
	l.mu.Lock()
	id, known := l.ids[name]
	seen := l.seen[id]
	l.mu.Unlock()
	switch {
	case !known:
		id = act()
		l.mu.Lock()
		l.ids[name] = id
		l.mu.Unlock()
	case l.Acked(id):
		if seen == nil {
			return false, errors.New("what is to come again has not come")
		}
		// WhatsApp sends nothing again that was acknowledged, and a phone only what it
		// is asked for: the event is given as it would come then.
		return l.ch.Again(seen), nil
	}
	// It is clear that it was not acknowledged once the sink was asked and said no.
	refused := func() bool {
		l.place.mu.Lock()
		defer l.place.mu.Unlock()
		return l.fail != nil && len(l.calls) > asked
	}
	acked := false
	err := poll(ctx, func() bool {
		acked = l.Acked(id)
		return acked || refused()
	})
	return acked, err
}

func poll(ctx context.Context, holds func() bool) error {
	for !holds() {
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return nil
}

func TestContract(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) channeltest.Suite {
		l := &line{place: stand(t), ids: map[string]string{}, seen: map[string]*events.Message{}, watching: make(chan struct{})}
		if err := l.ch.Provision(t.Context(), l.Owner().Provision); err != nil {
			t.Fatal(err)
		}
		refuse := func(f standin.Fault) func() { return func() { l.Fail(f) } }
		return channeltest.Suite{
			Channel: listener{l},
			Deliver: func(ctx context.Context, _ string, ev channeltest.Event) (bool, error) {
				return l.deliver(ctx, fmt.Sprint(ev.Person, "/", ev.Number), func() string { return l.act(ev) })
			},
			Kinds: []channels.Kind{
				channels.Voice, channels.Audio, channels.Picture, channels.Video, channels.Document, channels.Place, channels.Contact,
				channels.Sticker, channels.Reaction, channels.Edited, channels.Deleted,
			},
			Strange: func(ctx context.Context, _ string) (bool, error) {
				return l.deliver(ctx, "strange", func() string {
					return l.Person(number(1)).Send(&waE2E.Message{OrderMessage: &waE2E.OrderMessage{OrderTitle: proto.String("x")}})
				})
			},
			To: func(n int) channels.Address { return of(l.Person(number(n))) },
			Refuse: map[channels.SendProblem]func(){
				channels.Rejected:    refuse(standin.Fault{Nack: 463}),
				channels.Throttled:   refuse(standin.Fault{Nack: 429}),
				channels.Unavailable: refuse(standin.Fault{Nack: 503}),
				channels.NoAnswer:    refuse(standin.Fault{}),
			},
			Sent: func() []string {
				var all []standin.Message
				for n := 1; n <= 6; n++ {
					all = append(all, l.Person(number(n)).Messages()...)
				}
				slices.SortStableFunc(all, func(a, b standin.Message) int { return a.At.Compare(b.At) })
				var texts []string
				for _, m := range all {
					if m.FromMe {
						texts = append(texts, m.Text)
					}
				}
				return texts
			},
			Secrets: []string{strings.TrimPrefix(l.url, "http://")},
		}
	})
}

// A listener is the channel, watched from the moment it is connected.
type listener struct{ l *line }

func (x listener) Name() channels.Name     { return x.l.ch.Name() }
func (x listener) Limits() channels.Limits { return x.l.ch.Limits() }

func (x listener) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	return x.l.ch.Send(ctx, out)
}

func (x listener) Listen(ctx context.Context, sink channels.Sink) error {
	go func() {
		defer close(x.l.watching)
		if poll(ctx, x.l.Online) == nil {
			x.l.ch.Watch(x.l.watch)
		}
	}()
	defer func() { <-x.l.watching }()
	return x.l.ch.Listen(ctx, func(ctx context.Context, in ...channels.Inbound) error {
		x.l.place.mu.Lock()
		x.l.calls = append(x.l.calls, in...)
		x.l.place.mu.Unlock()
		err := sink(ctx, in...)
		x.l.place.mu.Lock()
		x.l.fail = nil
		if err != nil {
			x.l.fail = full
		}
		x.l.place.mu.Unlock()
		return err
	})
}
