// SPDX-License-Identifier: GPL-3.0-or-later

package channeltest

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"sync"

	"sarai/channels"
)

// A Fake is a platform in memory. It implements channels.Channel,
// channels.Listener, channels.Clearer and channels.Fetcher, remembers what it was
// given, and fails when it is told to. It is safe for concurrent use.
type Fake struct {
	name   channels.Name
	limits channels.Limits

	mu      sync.Mutex
	sent    []channels.Outbound
	tried   []channels.Outbound
	fail    []*channels.SendError
	learn   []channels.Address
	cleared []Cleared
	all     bool
	err     error
	changed chan struct{} // closed and made anew with every change, for Await
	sink    channels.Sink
	heard   chan struct{}  // closed while Listen runs
	running sync.WaitGroup // calls of sink

	files   map[string]func() io.Reader // by Media.Ref
	fetches []*channels.SendError
	fetched []channels.Media
	carried map[string][]byte // content of attachments by Outbound.Key
}

// Cleared is one call of Fake.Clear.
type Cleared struct {
	To  channels.Address
	IDs []string
}

var (
	_ channels.Listener = (*Fake)(nil)
	_ channels.Clearer  = (*Fake)(nil)
	_ channels.Fetcher  = (*Fake)(nil)
)

// NewFake makes a channel on which nothing was sent. Limits are what it claims;
// it refuses a message beyond them as Rejected.
func NewFake(name channels.Name, limits channels.Limits) *Fake {
	return &Fake{name: name, limits: limits, all: true, changed: make(chan struct{}), heard: make(chan struct{})}
}

// Name is the name given to NewFake.
func (f *Fake) Name() channels.Name { return f.name }

// Limits are those given to NewFake.
func (f *Fake) Limits() channels.Limits { return f.limits }

// Send remembers out, or fails with the next error that Fail has laid down. The
// receipt's ID is the message's number, from "1".
func (f *Fake) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.change()
	f.tried = append(f.tried, out)
	if ctx.Err() != nil {
		return channels.Receipt{}, &channels.SendError{Problem: channels.Unavailable, Cause: ctx.Err().Error()}
	}
	if len(f.fail) > 0 {
		err := f.fail[0]
		f.fail = f.fail[1:]
		if err != nil {
			return channels.Receipt{}, err
		}
	}
	if cause := Beyond(f.limits, out); cause != "" {
		return channels.Receipt{}, &channels.SendError{Problem: channels.Rejected, Cause: cause}
	}
	if a := out.Attachment; a != nil {
		content, err := read(a)
		if err != nil {
			return channels.Receipt{}, &channels.SendError{Problem: channels.Unavailable, Cause: "the file cannot be read"}
		}
		if int64(len(content)) != a.Size {
			return channels.Receipt{}, &channels.SendError{Problem: channels.Rejected, Cause: "the file has another size than it says"}
		}
		if f.carried == nil {
			f.carried = map[string][]byte{}
		}
		f.carried[out.Key] = content
	}
	f.sent = append(f.sent, out)
	r := channels.Receipt{ID: strconv.Itoa(len(f.sent)), Learned: f.learn}
	f.learn = nil
	return r, nil
}

// read reads an attachment twice, as an adapter may that tries again.
func read(a *channels.Attachment) (content []byte, err error) {
	for range 2 {
		r, err := a.Open()
		if err != nil {
			return nil, err
		}
		content, err = io.ReadAll(r)
		if r.Close(); err != nil {
			return nil, err
		}
	}
	return content, nil
}

// Carried gives the content of the attachment that was sent in the message of
// that key, nil if there was none.
func (f *Fake) Carried(key string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.carried[key]
}

// Hold gives the platform a file, to be fetched by its reference.
func (f *Fake) Hold(ref string, content []byte) {
	f.HoldReader(ref, func() io.Reader { return bytes.NewReader(content) })
}

// HoldReader is Hold for a file that is read in a way of its own: slowly, or
// with an error in the middle. open is called for each fetch.
func (f *Fake) HoldReader(ref string, open func() io.Reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files == nil {
		f.files = map[string]func() io.Reader{}
	}
	f.files[ref] = open
}

// FailFetch makes the next calls of Fetch fail, one error a call, in this order.
// A nil among them lets that call through.
func (f *Fake) FailFetch(errs ...*channels.SendError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetches = append(f.fetches, errs...)
}

// Fetch opens a file that Hold gave, or fails with the next error that FailFetch
// has laid down; with Rejected for a file that the platform does not hold.
func (f *Fake) Fetch(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	open, err := f.holds(ctx, m)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(open()), nil
}

func (f *Fake) holds(ctx context.Context, m channels.Media) (func() io.Reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.change()
	f.fetched = append(f.fetched, m)
	if ctx.Err() != nil {
		return nil, &channels.SendError{Problem: channels.Unavailable, Cause: ctx.Err().Error()}
	}
	if len(f.fetches) > 0 {
		err := f.fetches[0]
		f.fetches = f.fetches[1:]
		if err != nil {
			return nil, err
		}
	}
	open := f.files[m.Ref]
	if open == nil {
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "there is no such file"}
	}
	return open, nil
}

// Fetched gives the files for which Fetch was called, oldest first. The caller
// owns the slice.
func (f *Fake) Fetched() []channels.Media {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]channels.Media(nil), f.fetched...)
}

// Fail makes the next calls of Send fail, one error a call, in this order. A nil
// among them lets that call through.
func (f *Fake) Fail(errs ...*channels.SendError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = append(f.fail, errs...)
}

// Learn makes the next accepted message disclose these addresses of the person.
func (f *Fake) Learn(as ...channels.Address) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.learn = append([]channels.Address(nil), as...)
}

// Sent gives the accepted messages, oldest first. The caller owns the slice.
func (f *Fake) Sent() []channels.Outbound {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]channels.Outbound(nil), f.sent...)
}

// Tried gives all messages that Send was called with, the failed ones included,
// oldest first. The caller owns the slice.
func (f *Fake) Tried() []channels.Outbound {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]channels.Outbound(nil), f.tried...)
}

// Await gives the accepted messages as soon as there are n of them, or what
// there is and ctx's error when ctx ends.
func (f *Fake) Await(ctx context.Context, n int) ([]channels.Outbound, error) {
	for {
		f.mu.Lock()
		sent, changed := append([]channels.Outbound(nil), f.sent...), f.changed
		f.mu.Unlock()
		if len(sent) >= n {
			return sent, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return sent, ctx.Err()
		}
	}
}

// Forget drops what was sent, tried and cleared so far.
func (f *Fake) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent, f.tried, f.cleared = nil, nil, nil
}

// Listen gives what Deliver is called with to sink until ctx ends, and returns
// when the last call of sink has. It is called at most once at a time.
func (f *Fake) Listen(ctx context.Context, sink channels.Sink) error {
	f.mu.Lock()
	f.sink = sink
	close(f.heard)
	f.mu.Unlock()

	<-ctx.Done()

	f.mu.Lock()
	f.sink = nil
	f.heard = make(chan struct{})
	f.mu.Unlock()
	f.running.Wait()
	return nil
}

// Deliver is the platform delivering in once. It waits until Listen runs, and
// returns what the sink returned: nil is the acknowledgement. An empty
// in.From.Channel becomes the fake's own name.
func (f *Fake) Deliver(ctx context.Context, in channels.Inbound) error {
	if in.From.Channel == "" {
		in.From.Channel = f.name
	}
	for {
		f.mu.Lock()
		sink, heard := f.sink, f.heard
		if sink != nil {
			f.running.Add(1)
		}
		f.mu.Unlock()
		if sink != nil {
			defer f.running.Done()
			return sink(ctx, in)
		}
		select {
		case <-heard:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Clear remembers that it was called and answers what ClearAnswers says, at
// first that everything is gone.
func (f *Fake) Clear(_ context.Context, to channels.Address, ids []string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.change()
	f.cleared = append(f.cleared, Cleared{to, append([]string(nil), ids...)})
	return f.all, f.err
}

// ClearAnswers sets what Clear returns from now on.
func (f *Fake) ClearAnswers(all bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all, f.err = all, err
}

// Cleared gives the calls of Clear, oldest first. The caller owns the slice.
func (f *Fake) Cleared() []Cleared {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Cleared(nil), f.cleared...)
}

// change wakes who waits in Await. The caller holds the lock.
func (f *Fake) change() {
	close(f.changed)
	f.changed = make(chan struct{})
}
