// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"context"
	"slices"

	"sarai/channels"
	"sarai/store"
)

// Letters gives a talk as a page shows it; see channels.Mailbox. The transcript
// is the mailbox: what was committed is there.
func (g *Gateway) Letters(ctx context.Context, a channels.Address, after uint64, n int) ([]channels.Letter, uint64, error) {
	th, err := g.store.Thread(ctx, a)
	if err != nil {
		return nil, 0, err
	}
	if th.Version == 0 {
		return nil, 0, channels.ErrUnknownPerson
	}
	from := max(after, th.Cleared)
	letters := []channels.Letter{}
	var files map[string]store.File
	for len(letters) < n && from < th.LastSeq {
		entries, err := g.store.Entries(ctx, th.ID, from, 200)
		if err != nil {
			return nil, 0, err
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			from = e.Seq
			l, ok := letter(e)
			if !ok || len(letters) == n {
				continue
			}
			if len(e.Media) > 0 && files == nil {
				if files, err = g.store.Files(ctx, th.ID); err != nil {
					return nil, 0, err
				}
			}
			l.Files = papers(e, files)
			letters = append(letters, l)
		}
	}
	return letters, th.Cleared, nil
}

// letter gives what the person may see of an entry, but for its files.
func letter(e store.Entry) (channels.Letter, bool) {
	l := channels.Letter{Seq: e.Seq, At: e.Said, Locale: string(e.Locale), RTL: e.Locale.RTL(), Blocks: e.Blocks, Options: e.Options}
	switch e.Author {
	case store.Person:
		if e.Kind == channels.Start || away(e.Kind) {
			return l, false
		}
		l.From, l.ID = "me", e.ID
		l.Blocks = []channels.Block{{Kind: channels.Paragraph, Text: e.Text}}
	case store.Program:
		l.From = "program"
	case store.Staff:
		if len(l.Blocks) == 0 && len(e.Media) == 0 {
			return l, false
		}
		l.From = "staff"
	default:
		return l, false
	}
	return l, true
}

// Alias makes a further address reach the same talk; see channels.Mailbox.
func (g *Gateway) Alias(ctx context.Context, known, further channels.Address) error {
	th, err := g.store.Thread(ctx, known)
	if err != nil {
		return err
	}
	if th.Version == 0 {
		return channels.ErrUnknownPerson
	}
	if slices.Contains(th.Addresses, further) {
		return nil
	}
	return g.learn(ctx, th.ID, []channels.Address{further})
}
