// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"sarai/channels"
	"sarai/desk"
	"sarai/dialog"
	"sarai/internal/ogg"
	"sarai/store"
)

// MaxFile is how much is kept of one file that a person sends, in bytes, on all
// channels: what Telegram's getFile gives a bot (core.telegram.org/bots/api#getfile,
// "Currently, bots can download files of up to 20MB in size").
const MaxFile = 20 << 20

const (
	jobFetch store.JobKind = "fetch"

	// EventFileErased says that a member of staff had a file erased.
	EventFileErased = "file-erased"

	// unsentErased is why a message was not sent whose file was erased before.
	unsentErased = "erased"

	fetchFor   = 5 * time.Minute // 20 MB at half a megabit a second
	uploadFor  = 5 * time.Minute
	maxFetches = 8  // at one time, so that sends do not wait behind them
	maxMedia   = 32 // of one event; an album has ten
	maxName    = 120
)

// Errors of SayFile, beside those of Say.
var (
	ErrNoFiles  = errors.New("gateway: the channel carries no files")
	ErrTooLarge = errors.New("gateway: the file is larger than the channel carries")
	ErrHarmful  = errors.New("gateway: the file is of a kind that is not sent")
)

// fetching is the body of a job that fetches a file.
type fetching struct {
	Channel channels.Name  `json:"channel"`
	Media   channels.Media `json:"media"`
}

// named gives the files of an event the IDs under which they are kept. What a
// phone called them is cut to a line. Files beyond maxMedia get no ID and are
// not fetched: the transcript says that they were there. What is kept already
// has its ID.
func named(media []channels.Media) []channels.Media {
	media = slices.Clone(media)
	for i := range media {
		if media[i].Staged {
			continue
		}
		media[i].ID = ""
		media[i].Name = fileName(media[i].Name)
		if i < maxMedia {
			media[i].ID = newID()
		}
	}
	return media
}

// fileName makes a name of a file out of what somebody claims to be one: its last
// part, in one line, without what turns the direction of writing or begins a
// hidden file. It may be "".
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), "\\", "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d', strings.ContainsRune(`/:*?"<>|`, r): // joiners are letters' business
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if utf8.RuneCountInString(name) > maxName {
		r := []rune(name)
		name = string(r[:maxName-20]) + "…" + string(r[len(r)-19:])
	}
	return name
}

// fetch adds a job for each file of an event that is still to be fetched.
func (p *plan) fetch(in channels.Inbound) {
	for _, m := range in.Media {
		if m.ID != "" && !m.Staged {
			p.job(store.Job{Kind: jobFetch, Lane: fmt.Sprintf("fetch/%s/%s", p.turn.Thread.ID, m.ID), Priority: store.Fourth, Due: p.now}, fetching{Channel: in.From.Channel, Media: m})
		}
	}
}

// limited fails with ErrTooLarge where more than left bytes come.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(b []byte) (int, error) {
	if int64(len(b)) > l.left+1 {
		b = b[:l.left+1]
	}
	n, err := l.r.Read(b)
	if l.left -= int64(n); l.left < 0 {
		return n, ErrTooLarge
	}
	return n, err
}

// judge says what a file is by its content. Its name gets the ending of what it is.
func (g *Gateway) judge(name string, seconds int) store.Judge {
	return func(c io.ReaderAt, size int64) (store.File, error) {
		f := store.File{State: store.Harmful, Name: name, At: g.now()}
		if size == 0 {
			f.State = store.Unreadable
			return f, nil
		}
		if t, ok := FileTypeOf(typeOf(c, size)); ok {
			f.State, f.Type, f.Seconds = store.Kept, t.Type, max(seconds, 0)
			if name != "" {
				f.Name = strings.TrimSuffix(name, path.Ext(name)) + t.Ext
			}
		}
		return f, nil
	}
}

// fetch gets a file from its platform and keeps it, or what became of it.
func (g *Gateway) fetch(ctx context.Context, l store.Leased) store.Outcome {
	var f fetching
	if err := json.Unmarshal(l.Body, &f); err != nil {
		g.log.Error("a file to fetch cannot be read and was given up", "thread", l.Thread)
		return store.Outcome{Failed: true}
	}
	select {
	case g.fetches <- struct{}{}:
		defer func() { <-g.fetches }()
	default:
		return store.Outcome{Again: g.now().Add(min(time.Duration(l.Tries)*time.Second, 30*time.Second))}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchFor)
	defer cancel()
	_, c, err := g.store.OpenFile(ctx, l.Thread, f.Media.ID)
	if c != nil {
		c.Close()
	}
	switch {
	case err == nil, errors.Is(err, store.ErrNoContent): // it was kept, and the process ended before the job was settled
		return store.Outcome{Done: true}
	case !errors.Is(err, store.ErrNotFound):
		return g.refetch(ctx, l, f.Media, 2*time.Second)
	case f.Media.Size > MaxFile:
		return g.note(ctx, l, f.Media, store.TooLarge)
	}
	switch full, err := g.full(ctx, l.Thread); {
	case err != nil:
		return g.refetch(ctx, l, f.Media, 2*time.Second)
	case full:
		return g.note(ctx, l, f.Media, store.TooMany)
	}
	ch := g.channels[f.Channel]
	if ch == nil {
		g.log.Error("a file waits for a channel that is not configured", "channel", f.Channel)
		return g.refetch(ctx, l, f.Media, 5*time.Minute)
	}
	fetcher, ok := ch.(channels.Fetcher)
	if !ok {
		return g.note(ctx, l, f.Media, store.Unreadable)
	}
	r, err := fetcher.Fetch(ctx, f.Media)
	if err != nil {
		return g.unfetched(ctx, l, f, err)
	}
	defer r.Close()
	kept, err := g.store.KeepFile(ctx, l.Thread, f.Media.ID, &limited{r, MaxFile}, g.judge(f.Media.Name, f.Media.Seconds))
	switch {
	case err == nil:
		g.stats.Fetched.Add(1)
		if kept.State != store.Kept {
			g.log.Info("a file was not kept", "channel", f.Channel, "thread", l.Thread, "why", string(kept.State))
		}
		g.hub.changed(l.Thread)
		return store.Outcome{Done: true}
	case errors.Is(err, ErrTooLarge):
		return g.note(ctx, l, f.Media, store.TooLarge)
	case errors.Is(err, store.ErrNotFound): // the talk was erased meanwhile
		return store.Outcome{Done: true}
	}
	// Its words could be a platform's, with an address in them: only the store's go out.
	if strings.HasPrefix(err.Error(), "store: ") {
		g.log.Error("a file could not be kept, it is tried again", "thread", l.Thread, "err", err)
	} else {
		g.log.Warn("a file could not be read to its end, it is tried again", "channel", f.Channel, "thread", l.Thread)
	}
	return g.refetch(ctx, l, f.Media, 2*time.Second)
}

// full says whether a talk holds as much as is kept of all files of one.
func (g *Gateway) full(ctx context.Context, id store.ThreadID) (bool, error) {
	all, err := g.store.Files(ctx, id)
	held := int64(0)
	for _, x := range all {
		held += x.Size
	}
	return held >= g.files, err
}

// unfetched says what becomes of a file that a platform did not give.
func (g *Gateway) unfetched(ctx context.Context, l store.Leased, f fetching, err error) store.Outcome {
	var problem *channels.SendError
	if !errors.As(err, &problem) {
		problem = &channels.SendError{Problem: channels.Unavailable}
	}
	g.log.Warn("a file was not fetched", "channel", f.Channel, "thread", l.Thread, "problem", problem.Problem, "try", l.Tries)
	switch problem.Problem {
	case channels.Rejected, channels.Blocked, channels.Expired:
		return g.note(ctx, l, f.Media, store.Gone)
	case channels.Throttled:
		return g.refetch(ctx, l, f.Media, max(problem.After, time.Second))
	case channels.Misset:
		return g.refetch(ctx, l, f.Media, 5*time.Minute)
	}
	return g.refetch(ctx, l, f.Media, 2*time.Second)
}

// refetch says when a file is tried again: each pause is as long as it has been
// tried so far, up to an hour. After a day it is given up.
func (g *Gateway) refetch(ctx context.Context, l store.Leased, m channels.Media, least time.Duration) store.Outcome {
	now := g.now()
	age := now.Sub(l.Made)
	if age > giveUp {
		return g.note(context.WithoutCancel(ctx), l, m, store.Gone)
	}
	g.stats.Retried.Add(1)
	return store.Outcome{Again: now.Add(max(least, min(age, time.Hour)))}
}

// note keeps what became of a file that was not kept.
func (g *Gateway) note(ctx context.Context, l store.Leased, m channels.Media, s store.FileState) store.Outcome {
	_, err := g.store.NoteFile(ctx, l.Thread, store.File{ID: m.ID, State: s, Name: m.Name, At: g.now()})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		g.log.Error("what became of a file could not be kept, it is tried again", "thread", l.Thread, "err", err)
		return store.Outcome{Again: g.now().Add(time.Minute)}
	}
	g.log.Info("a file was not kept", "thread", l.Thread, "why", string(s))
	g.hub.changed(l.Thread)
	return store.Outcome{Done: true}
}

// running are the jobs under way. A job that lasts longer than its lease is
// leased again meanwhile: whoever has that lease then waits for the one that
// runs and settles what it says. So an upload that takes minutes is done once,
// and after a kill it is begun again within a minute. Where the store could not
// keep what a job came to, it stays here, and whoever leases the job next settles
// that: a message that was sent is not sent again because a disk was full. The
// zero value is ready.
type running struct {
	mu   sync.Mutex
	jobs map[string]*oneRun
}

type oneRun struct {
	done    chan struct{}
	outcome store.Outcome
	holders int // who waits for it or is settling it
}

// once does a job, or gives what one that runs comes to, or that was not settled
// came to. Call over with what settling it said.
func (r *running) once(key string, do func() store.Outcome) (o store.Outcome, over func(error)) {
	r.mu.Lock()
	one, runs := r.jobs[key], true
	if one == nil {
		one, runs = &oneRun{done: make(chan struct{})}, false
		if r.jobs == nil {
			r.jobs = map[string]*oneRun{}
		}
		r.jobs[key] = one
	}
	one.holders++
	r.mu.Unlock()
	if runs {
		<-one.done
	} else {
		one.outcome = do()
		close(one.done)
	}
	return one.outcome, func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		one.holders--
		if r.jobs[key] == one && (err == nil || nothingToSettle(err) && one.holders == 0) {
			delete(r.jobs, key)
		}
	}
}

// nothingToSettle says of an error of settling that the job was leased again, or
// erased or cancelled.
func nothingToSettle(err error) bool {
	return errors.Is(err, store.ErrLost) || errors.Is(err, store.ErrNotFound)
}

// lasting is ctx for a job under way: at a stop it may go on for as long as a
// send is given.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(sendFor, cancel)
		context.AfterFunc(long, func() { timer.Stop() })
	})
	return long, func() {
		stopped()
		cancel()
	}
}

// An Upload is a file that a member of staff sends.
type Upload struct {
	Name    string    // as the browser gives it; may be ""
	Seconds int       // length of a recording, as the browser claims; 0 where not known
	Content io.Reader // read once
}

// SayFile has a file sent, with words or without; see Say. The words go under
// the file where the channel can carry them there, else after it. It fails, beside
// what Say fails with, with ErrNoFiles, ErrTooLarge, ErrHarmful or the error of
// the upload; then nothing of the file is kept and nothing is said. Nothing is
// read of a form that was carried out before.
func (g *Gateway) SayFile(ctx context.Context, id store.ThreadID, by desk.StaffID, key, text string, up Upload) error {
	th, err := g.store.ThreadByID(ctx, id)
	if err != nil {
		return err
	}
	events := staffEvent(by, key)
	for _, e := range events {
		if seen, err := g.store.Seen(ctx, e); err != nil || seen {
			return err
		}
	}
	if th.Case == nil {
		return store.ErrNotFound
	}
	if _, err := th.Case.Apply(desk.Say{}, by, g.now()); err != nil { // before anything is uploaded
		return err
	}
	limits := g.Limits(th.Reply.Channel)
	switch {
	case limits.Upload <= 0 || th.Comment != nil && len(th.Addresses) > 0 && th.Reply == th.Addresses[0]:
		return ErrNoFiles
	case !g.Window(th).Open:
		return ErrWindow
	}
	file, err := g.stage(ctx, id, newID(), up, limits.Upload)
	if err != nil {
		return err
	}
	// A browser that hangs up now must not leave it open whether this was said.
	again, err := g.change(context.WithoutCancel(ctx), id, events, func(p *plan) error { return p.sayFile(by, text, file) })
	if err != nil || again {
		if drop := g.store.DropFile(context.WithoutCancel(ctx), id, file.ID); drop != nil {
			g.log.Warn("a file that was not sent is removed at the next start", "thread", id, "err", drop)
		}
	}
	return err
}

// stage keeps an upload until an entry names it, under the name file. A recording
// of a browser becomes a voice note as platforms play them; where it cannot, it is
// kept as it is, under another name.
func (g *Gateway) stage(ctx context.Context, id store.ThreadID, file string, up Upload, most int64) (store.File, error) {
	name, content := fileName(up.Name), bufio.NewReader(up.Content)
	raw := file
	if head, _ := content.Peek(len(webmHead)); string(head) == webmHead { // its error comes again
		raw = newID()
	}
	f, err := g.store.StageFile(ctx, id, raw, &limited{content, most}, g.judge(name, up.Seconds))
	switch {
	case err != nil:
		return f, err
	case f.State != store.Kept:
		if err := g.store.DropFile(context.WithoutCancel(ctx), id, f.ID); err != nil {
			return f, err
		}
		if f.State == store.Unreadable {
			return f, ErrEmpty
		}
		return f, ErrHarmful
	case f.Type != "audio/webm":
		return f, nil
	}
	_, c, err := g.store.OpenFile(ctx, id, f.ID)
	if err != nil || c == nil {
		return f, err
	}
	defer c.Close()
	r, w := io.Pipe()
	seconds := make(chan time.Duration, 1)
	go func() {
		length, err := ogg.FromWebM(w, c)
		seconds <- length
		w.CloseWithError(err)
	}()
	voice, err := g.store.StageFile(ctx, id, file, r, func(c io.ReaderAt, size int64) (store.File, error) {
		length := <-seconds
		return g.judge(name, int((length+time.Second/2)/time.Second))(c, size)
	})
	r.CloseWithError(errors.New("gateway: not kept"))
	if errors.Is(err, ogg.ErrNotOpus) { // it goes as it is
		return f, nil
	}
	if err != nil {
		return f, errors.Join(err, g.store.DropFile(context.WithoutCancel(ctx), id, f.ID))
	}
	return voice, g.store.DropFile(ctx, id, f.ID)
}

// webmHead is how WebM begins (RFC 8794, section 8.1).
const webmHead = "\x1a\x45\xdf\xa3"

// sayFile adds the entry and the messages.
func (p *plan) sayFile(by desk.StaffID, text string, file store.File) error {
	th := &p.turn.Thread
	if th.Case == nil {
		return store.ErrNotFound
	}
	after, err := th.Case.Apply(desk.Say{}, by, p.now)
	if err != nil {
		return err
	}
	th.Case, p.caseChanged = &after, true
	kind := channels.Document
	switch {
	case file.Type == "audio/ogg":
		kind = channels.Voice
	case file.Type == "image/jpeg", file.Type == "image/png", file.Type == "image/webp":
		kind = channels.Picture
	}
	text = strings.TrimSpace(clean(text))
	blocks := paragraphs(text)
	entry := store.Entry{
		At: p.now, Said: p.now, Author: store.Staff, By: by, Channel: th.Reply.Channel, Kind: kind, Text: text, Blocks: blocks,
		Media: []channels.Media{{ID: file.ID, Type: file.Type, Name: file.Name, Size: file.Size, Seconds: file.Seconds}},
	}
	p.step(dialog.Spoke{At: p.now, Desk: p.desk()})
	entry.Sends = p.send(channels.Outbound{Author: channels.Staff, Blocks: blocks, Attachment: &channels.Attachment{
		ID: file.ID, Kind: kind, Name: file.Name, Type: file.Type, Size: file.Size, Seconds: file.Seconds,
	}}, store.Second)
	p.add(entry)
	return nil
}

// paragraphs are the lines that somebody typed, as a message.
func paragraphs(text string) (blocks []channels.Block) {
	for _, para := range strings.Split(text, "\n") {
		if para = strings.TrimSpace(para); para != "" {
			blocks = append(blocks, channels.Block{Kind: channels.Paragraph, Text: para})
		}
	}
	return blocks
}

// Limits are what a channel carries; the zero Limits, which carry no files, for
// one that is not configured.
func (g *Gateway) Limits(name channels.Name) channels.Limits {
	if ch := g.channels[name]; ch != nil {
		return ch.Limits()
	}
	return channels.Limits{}
}

// attach gives a message the content of its file. It says whether there is any.
func (g *Gateway) attach(ctx context.Context, id store.ThreadID, out *channels.Outbound) (bool, error) {
	file := out.Attachment.ID
	f, c, err := g.store.OpenFile(ctx, id, file)
	if c != nil {
		c.Close()
	}
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrNoContent), err == nil && f.State != store.Kept:
		return false, nil
	case err != nil:
		return false, err
	}
	out.Attachment.Open = func() (io.ReadCloser, error) {
		_, c, err := g.store.OpenFile(ctx, id, file)
		if err == nil && c == nil {
			err = store.ErrNoContent
		}
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	return true, nil
}

// EraseFile has one file of a talk erased; the transcript says so. Only the
// holder of the case may: else it fails with desk.ErrNotHeld. A file that has no
// content any more is no error.
func (g *Gateway) EraseFile(ctx context.Context, id store.ThreadID, by desk.StaffID, file string) error {
	th, err := g.store.ThreadByID(ctx, id)
	if err != nil {
		return err
	}
	if th.Case == nil || th.Case.Status != desk.Held || th.Case.Holder != by {
		return desk.ErrNotHeld
	}
	was, err := g.store.EraseFile(ctx, id, file, g.now())
	if err != nil || !was {
		return err
	}
	_, err = g.change(ctx, id, nil, func(p *plan) error {
		p.event(EventFileErased, by, "")
		return nil
	})
	return err
}
