// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"time"

	"sarai/channels"
	"sarai/store"
)

// notesBucket is where the notes of channels lie in the store.
const notesBucket = "channel-notes"

// A notebook keeps the notes of one channel in the store; it is a channels.Notebook.
type notebook struct {
	store   store.Small
	channel channels.Name
}

func (n notebook) Note(ctx context.Context, name string) (string, error) {
	b, err := n.store.Get(ctx, notesBucket, string(n.channel)+"/"+name)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return string(b), err
}

func (n notebook) SetNote(ctx context.Context, name, value string) error {
	if value == "" {
		return n.store.Remove(ctx, notesBucket, string(n.channel)+"/"+name)
	}
	return n.store.Put(ctx, notesBucket, string(n.channel)+"/"+name, []byte(value), time.Time{})
}
