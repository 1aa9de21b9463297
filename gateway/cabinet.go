// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"io"
	"slices"
	"strings"

	"sarai/channels"
	"sarai/store"
)

// TakeFile keeps a file of a person until an event names it; see
// channels.Cabinet. It goes the way of a fetched file: what it is, is found in
// its content, and a talk holds so much and no more.
func (g *Gateway) TakeFile(ctx context.Context, a channels.Address, h channels.Handed) (channels.Media, error) {
	th, err := g.store.Thread(ctx, a)
	if err != nil {
		return channels.Media{}, err
	}
	if th.Version == 0 {
		return channels.Media{}, channels.ErrUnknownPerson
	}
	file := handedID(h.ID)
	f, c, err := g.store.OpenFile(ctx, th.ID, file)
	if c != nil {
		c.Close()
	}
	switch {
	case err == nil, errors.Is(err, store.ErrNoContent): // taken already: its event came, or is about to
		return staged(f), nil
	case !errors.Is(err, store.ErrNotFound):
		return channels.Media{}, err
	}
	switch full, err := g.full(ctx, th.ID); {
	case err != nil:
		return channels.Media{}, err
	case full:
		return channels.Media{}, channels.ErrTooMany
	}
	f, err = g.stage(ctx, th.ID, file, Upload{Name: h.Name, Seconds: h.Seconds, Content: h.Content}, MaxFile)
	for from, to := range map[error]error{
		ErrTooLarge: channels.ErrTooLarge, ErrHarmful: channels.ErrHarmful, ErrEmpty: channels.ErrNoBytes,
		store.ErrNoRoom: channels.ErrNoRoom, store.ErrNotFound: channels.ErrUnknownPerson, // erased meanwhile
	} {
		if errors.Is(err, from) {
			if from != store.ErrNotFound {
				g.log.Info("a file was not kept", "channel", a.Channel, "thread", th.ID, "why", to.Error())
			}
			return channels.Media{}, to
		}
	}
	if err != nil {
		return channels.Media{}, err
	}
	g.stats.Fetched.Add(1)
	return staged(f), nil
}

// handedID is under which name a file is kept: the channel's own name of it,
// hashed, so that it says nothing and is the same when it is tried again.
func handedID(id string) string {
	sum := sha256.Sum256([]byte("sarai: file\x00" + id))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

func staged(f store.File) channels.Media {
	return channels.Media{ID: f.ID, Type: f.Type, Name: f.Name, Size: f.Size, Seconds: f.Seconds, Staged: true}
}

// OpenFile gives a person a file of a letter; see channels.Cabinet.
func (g *Gateway) OpenFile(ctx context.Context, a channels.Address, seq uint64, id string) (channels.Paper, io.ReadCloser, error) {
	none := channels.Paper{}
	th, err := g.store.Thread(ctx, a)
	switch {
	case err != nil:
		return none, nil, err
	case th.Version == 0:
		return none, nil, channels.ErrUnknownPerson
	case seq == 0 || seq <= th.Cleared:
		return none, nil, channels.ErrNoPaper
	}
	entries, err := g.store.Entries(ctx, th.ID, seq-1, 1)
	if err != nil {
		return none, nil, err
	}
	if len(entries) == 0 || entries[0].Seq != seq || !slices.ContainsFunc(entries[0].Media, func(m channels.Media) bool { return m.ID != "" && m.ID == id }) {
		return none, nil, channels.ErrNoPaper
	}
	if _, ok := letter(entries[0]); !ok {
		return none, nil, channels.ErrNoPaper
	}
	f, c, err := g.store.OpenFile(ctx, th.ID, id)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrNoContent), err == nil && c == nil:
		return none, nil, channels.ErrNoPaper
	case err != nil:
		return none, nil, err
	}
	return paper(entries[0], f), c, nil
}

// papers are the files of an entry. files is what is known of those of its
// thread.
func papers(e store.Entry, files map[string]store.File) (ps []channels.Paper) {
	for _, m := range e.Media {
		if m.ID != "" {
			f := files[m.ID]
			f.ID = m.ID
			ps = append(ps, paper(e, f))
		}
	}
	return ps
}

func paper(e store.Entry, f store.File) channels.Paper {
	t, ok := FileTypeOf(f.Type)
	if f.State != store.Kept || !ok {
		return channels.Paper{ID: f.ID, Kind: channels.Document, Gone: true}
	}
	kind := t.Shows
	switch {
	case kind == "":
		kind = channels.Document
	case kind == channels.Audio && e.Kind == channels.Voice:
		kind = channels.Voice
	}
	return channels.Paper{ID: f.ID, Kind: kind, Type: f.Type, Name: SavedName(f), Size: f.Size, Seconds: f.Seconds}
}
