// SPDX-License-Identifier: GPL-3.0-or-later

// Package export writes down all that is kept of one person's talk, for that
// person: a page that any browser shows without a network, the same as JSON for
// a machine, and the files that were sent. It reads and changes nothing; who may
// have it, and that it was made, is for its callers to ask and to write down.
package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/gateway"
	"sarai/store"
)

// Format is the form of the JSON that this package writes.
const Format = 1

// The names of what is written; files are below FilesFolder.
const (
	PageName    = "index.html"
	DataName    = "data.json"
	FilesFolder = "files"
)

// A Store is what an export reads. Any store.Store is one.
type Store interface {
	// ThreadByID fails with store.ErrNotFound.
	ThreadByID(ctx context.Context, id store.ThreadID) (store.Thread, error)
	// Entries gives the transcript after the place after, oldest first, at most n.
	Entries(ctx context.Context, id store.ThreadID, after uint64, n int) ([]store.Entry, error)
	// Receipts gives what platforms answered to messages, by job key.
	Receipts(ctx context.Context, id store.ThreadID) (map[string]channels.Receipt, error)
	// OpenFile gives a file's content, nil if it has none. It fails with
	// store.ErrNotFound and store.ErrNoContent.
	OpenFile(ctx context.Context, id store.ThreadID, file string) (store.File, store.Content, error)
}

// Phrases gives the program's own words; see locales.Phrases.
type Phrases interface {
	Say(l content.Locale, id string, args map[string]any) (string, content.Locale)
}

// Options say what an export is made of. Store, Catalogue and Phrases must be set.
type Options struct {
	Store     Store
	Catalogue *content.Catalogue
	Phrases   Phrases
	Now       time.Time // when it is made
	// Notes says that what staff wrote for themselves goes along: their notes and
	// the reason of a hold. They can name others than the person.
	Notes bool
}

// A Place is where an export is written, such as a zip.Writer or a Folder.
// Create begins a file; what was begun before is finished then.
type Place interface {
	Create(name string) (io.Writer, error)
}

// Write writes all that is kept of a thread to a place: PageName, DataName and
// the files. It fails with store.ErrNotFound before anything is written. Where it
// fails later, what was written is not whole.
func Write(ctx context.Context, p Place, o Options, id store.ThreadID) error {
	d, err := o.gather(ctx, id)
	if err != nil {
		return err
	}
	if err := o.writeFiles(ctx, p, d, id); err != nil {
		return err
	}
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return errors.New("export: what is kept cannot be written down")
	}
	page, err := o.page(d)
	if err != nil {
		return err
	}
	for name, b := range map[string][]byte{DataName: append(data, '\n'), PageName: page} {
		w, err := p.Create(name)
		if err == nil {
			_, err = io.Copy(w, bytes.NewReader(b))
		}
		if err != nil {
			return fmt.Errorf("export: not written: %w", err)
		}
	}
	return nil
}

// A Dossier is all that is kept of one person's talk, as it is written as JSON.
// A word that a field holds is the program's own, and fixed.
type Dossier struct {
	Format     int              `json:"format"`
	Made       time.Time        `json:"made"`
	Centre     content.CentreID `json:"centre,omitempty"`
	Created    time.Time        `json:"created"`
	LastHeard  time.Time        `json:"last_heard,omitzero"`
	Addresses  []Address        `json:"addresses"`
	Campaign   string           `json:"campaign,omitempty"`
	Blocked    bool             `json:"blocked,omitempty"`
	Linked     int              `json:"other_talks,omitempty"` // that seem to be the same person's, and are not in here
	Remembered Remembered       `json:"remembered"`
	Safety     store.Safety     `json:"safety,omitzero"`
	Keeping    Keeping          `json:"keeping,omitzero"`
	Cases      []Case           `json:"cases,omitempty"`
	Messages   []Message        `json:"messages"`
	Sent       []string         `json:"platform_ids,omitempty"` // of what was sent, by the platforms
	Notes      bool             `json:"with_notes"`
	// Comment says what the talk began under, where it began with a public comment.
	Comment *Comment `json:"comment,omitempty"`
}

// An Address is where the person wrote from. ID is the platform's.
type Address struct {
	Channel channels.Name `json:"channel"`
	ID      string        `json:"id"`
}

// Remembered is what the conversation remembers.
type Remembered struct {
	Language   content.Locale      `json:"language,omitempty"`
	Also       []content.Locale    `json:"other_languages,omitempty"`
	Origin     content.Country     `json:"origin,omitempty"`
	Where      content.Country     `json:"where,omitempty"`
	Topic      content.TopicID     `json:"topic,omitempty"`
	Lists      []content.ArticleID `json:"checklists,omitempty"`
	Signals    []string            `json:"signals,omitempty"`
	Quiet      bool                `json:"not_safe_to_write_first,omitempty"`
	Stopped    bool                `json:"nothing_unasked,omitempty"`
	Erase      time.Time           `json:"erased_on,omitzero"`
	Raw        json.RawMessage     `json:"state,omitempty"` // the whole, as the program keeps it
	Unreadable bool                `json:"unreadable,omitempty"`
}

// Keeping says how long the talk is kept.
type Keeping struct {
	Leaves time.Time `json:"erased_if_quiet_until,omitzero"`
	Held   time.Time `json:"held_since,omitzero"`
	Reason string    `json:"reason,omitempty"` // with the notes only
}

// A Case is one time that the talk was with counsellors.
type Case struct {
	Opened  time.Time    `json:"opened"`
	Reason  desk.Reason  `json:"reason,omitempty"`
	Signals []string     `json:"signals,omitempty"`
	Closed  time.Time    `json:"closed,omitzero"`
	Outcome desk.Outcome `json:"outcome,omitempty"`
	Topic   string       `json:"topic,omitempty"`
	Rating  int          `json:"rating,omitempty"`
}

// A Message is one line of the talk.
type Message struct {
	Seq      uint64            `json:"seq"`
	Said     time.Time         `json:"said"`
	Stored   time.Time         `json:"stored"`
	By       store.Author      `json:"by"`
	Channel  channels.Name     `json:"channel,omitempty"`
	Kind     channels.Kind     `json:"kind,omitempty"`
	ID       string            `json:"platform_id,omitempty"`
	Of       string            `json:"about_platform_id,omitempty"`
	Language content.Locale    `json:"language,omitempty"`
	Text     string            `json:"text,omitempty"`
	Blocks   []channels.Block  `json:"blocks,omitempty"`
	Options  []channels.Option `json:"options,omitempty"`
	Articles []store.Cited     `json:"articles,omitempty"`
	Edition  string            `json:"edition,omitempty"`
	Campaign string            `json:"campaign,omitempty"`
	Event    string            `json:"event,omitempty"`
	Raw      string            `json:"raw,omitempty"`
	Files    []File            `json:"files,omitempty"`
}

// A File is something that was sent. Path is where it lies in the export, "" if
// its content is not kept.
type File struct {
	Path    string `json:"path,omitempty"`
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"` // as the sender claimed it; of what is kept as it was found
	Size    int64  `json:"size,omitempty"`
	Seconds int    `json:"seconds,omitempty"`
	media   channels.Media
}

// pageOf is how many entries are read at a time.
const pageOf = 500

func (o Options) gather(ctx context.Context, id store.ThreadID) (*Dossier, error) {
	th, err := o.Store.ThreadByID(ctx, id)
	if err != nil {
		return nil, err
	}
	d := &Dossier{
		Format: Format, Made: o.Now.UTC().Truncate(time.Second), Centre: th.Centre, Created: th.Created, LastHeard: th.LastHeard,
		Campaign: th.Campaign, Blocked: th.Blocked, Linked: len(th.Linked), Safety: th.Safety, Notes: o.Notes,
		Addresses: []Address{}, Messages: []Message{},
	}
	for _, a := range th.Addresses {
		d.Addresses = append(d.Addresses, Address{a.Channel, a.ID})
	}
	if c := th.Comment; c != nil {
		d.Comment = &Comment{c.ID, c.Post, c.Link, c.Person, c.Said, c.Hidden, c.Removed}
	}
	d.Remembered = remembered(th.State)
	d.Keeping.Leaves = th.Keeping.Leaves
	if h := th.Keeping.Hold; h != nil {
		d.Keeping.Held = h.At
		if o.Notes {
			d.Keeping.Reason = h.Reason
		}
	}
	for after := uint64(0); ; {
		entries, err := o.Store.Entries(ctx, id, after, pageOf)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			after = e.Seq
			d.happened(e)
			if e.Author != store.Note || o.Notes {
				d.Messages = append(d.Messages, message(e))
			}
		}
		if len(entries) < pageOf {
			break
		}
	}
	d.lastCase(th.Case)
	receipts, err := o.Store.Receipts(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, r := range receipts {
		if r.ID != "" {
			d.Sent = append(d.Sent, r.ID)
		}
	}
	slices.Sort(d.Sent)
	return d, nil
}

// A Comment is a public comment under a post, which the talk began with.
type Comment struct {
	ID      string    `json:"id"`
	Post    string    `json:"post"`
	Link    string    `json:"link,omitempty"`
	Person  string    `json:"person,omitempty"` // who wrote it, by the platform's number for comments
	Said    time.Time `json:"said"`
	Hidden  bool      `json:"hidden,omitempty"`
	Removed bool      `json:"removed,omitempty"`
}

func remembered(state []byte) Remembered {
	s, err := gateway.Remembered(state)
	if err != nil {
		return Remembered{Unreadable: true}
	}
	r := Remembered{
		Language: s.Locale, Also: s.Also, Origin: s.Origin, Where: s.Where, Topic: s.Topic,
		Quiet: s.Quiet, Stopped: s.Stopped, Erase: s.Erase, Raw: s.Encode(),
	}
	for id := range s.Lists {
		r.Lists = append(r.Lists, id)
	}
	slices.Sort(r.Lists)
	for _, x := range s.Signals {
		r.Signals = append(r.Signals, string(x))
	}
	return r
}

// message gives an entry without who of the staff it is by.
func message(e store.Entry) Message {
	m := Message{
		Seq: e.Seq, Said: e.Said, Stored: e.At, By: e.Author, Channel: e.Channel, Kind: e.Kind, ID: e.ID, Of: e.Of, Language: e.Locale,
		Text: e.Text, Blocks: e.Blocks, Options: e.Options, Articles: e.Articles, Edition: e.Edition, Campaign: e.Campaign, Event: e.Event,
		Raw: strings.ToValidUTF8(string(e.Raw), "\uFFFD"),
	}
	if e.Event == gateway.EventPassed { // its text is who it was passed to
		m.Text = ""
	}
	if e.Author == store.Staff && len(e.Blocks) > 0 { // the same words once more
		m.Blocks = nil
	}
	for _, x := range e.Media {
		m.Files = append(m.Files, File{Name: x.Name, Type: x.Type, Size: x.Size, Seconds: x.Seconds, media: x})
	}
	return m
}

// happened takes from an event of the transcript what it says of a case: the
// record of a case is that of the last one only.
func (d *Dossier) happened(e store.Entry) {
	if e.Author != store.Event {
		return
	}
	if e.Event == gateway.EventOpened {
		d.Cases = append(d.Cases, Case{Opened: e.Said, Reason: desk.Reason(e.Text)})
	}
	if len(d.Cases) == 0 {
		return
	}
	k := &d.Cases[len(d.Cases)-1]
	switch e.Event {
	case gateway.EventRaised, gateway.EventAlert:
		if !slices.Contains(k.Signals, e.Text) {
			k.Signals = append(k.Signals, e.Text)
		}
	case gateway.EventClosed:
		k.Closed, k.Outcome = e.Said, desk.Outcome(e.Text)
	}
}

// lastCase puts what is known of the last case beside what its events said.
func (d *Dossier) lastCase(c *desk.Case) {
	if c == nil {
		return
	}
	if len(d.Cases) == 0 {
		d.Cases = append(d.Cases, Case{})
	}
	k := &d.Cases[len(d.Cases)-1]
	k.Opened, k.Reason, k.Closed, k.Outcome, k.Topic, k.Rating = c.Opened, c.Reason, c.Closed, c.Outcome, c.Topic, c.Rating
	k.Signals = slices.Clone(c.Signals)
}

func (o Options) writeFiles(ctx context.Context, p Place, d *Dossier, id store.ThreadID) error {
	for i := range d.Messages {
		m := &d.Messages[i]
		for n := range m.Files {
			if err := o.writeFile(ctx, p, &m.Files[n], id, fmt.Sprintf("%s/%d-%d", FilesFolder, m.Seq, n+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeFile writes the content of a file, if it is kept, under a name of ours and
// the ending of what it was found to be: a name that a stranger chose is not used.
func (o Options) writeFile(ctx context.Context, p Place, f *File, id store.ThreadID, path string) error {
	if f.media.ID == "" {
		return nil
	}
	kept, content, err := o.Store.OpenFile(ctx, id, f.media.ID)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrNoContent), err == nil && content == nil:
		return nil
	case err != nil:
		return fmt.Errorf("export: a file cannot be read: %w", err)
	}
	found, _ := gateway.FileTypeOf(kept.Type)
	f.Path, f.Type, f.Size = path+found.Ext, kept.Type, kept.Size
	w, err := p.Create(f.Path)
	if err == nil {
		_, err = io.Copy(w, content)
	}
	if err = errors.Join(err, content.Close()); err != nil {
		return fmt.Errorf("export: a file cannot be written: %w", err)
	}
	return nil
}
