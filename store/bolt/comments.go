// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"errors"
	"time"

	"sarai/store"
)

// commentKey is where the comment of a thread stands in bucketComment.
func commentKey(id store.ThreadID, said time.Time) []byte {
	return concat(timeKey(said), []byte(id))
}

// OpenComments implements store.Comments.
func (db *DB) OpenComments(ctx context.Context, since time.Time, n int) (rows []store.CommentRow, err error) {
	end := timeKey(since)
	err = db.view(ctx, func(t *txn) error {
		c := t.bucket(bucketComment).Cursor()
		for k, id := c.Last(); k != nil && len(rows) < n && bytes.Compare(k[:8], end) > 0; k, id = c.Prev() {
			row, err := db.commentRow(t, store.ThreadID(id))
			if errors.Is(err, store.ErrNotFound) {
				continue // it is being erased: its key went first
			}
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// WaitingComments implements store.Comments.
func (db *DB) WaitingComments(ctx context.Context) (rows []store.CommentRow, err error) {
	err = db.view(ctx, func(t *txn) (err error) {
		t.each(bucketWaits, nil, nil, func(_, id []byte) bool {
			var row store.CommentRow
			switch row, err = db.commentRow(t, store.ThreadID(id)); {
			case errors.Is(err, store.ErrNotFound): // it is being erased: its key went first
				err = nil
			case err == nil && row.Comment.Waits():
				rows = append(rows, row)
			}
			return err == nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// commentRow reads a comment with its words. It fails with store.ErrNotFound
// where there is none.
func (db *DB) commentRow(t *txn, id store.ThreadID) (row store.CommentRow, err error) {
	th, err := db.readThread(t, id)
	if err != nil {
		return row, err
	}
	if th.Comment == nil {
		return row, store.ErrNotFound
	}
	row = store.CommentRow{Thread: th.ID, Version: th.Version, Channel: th.Reply.Channel, Centre: th.Centre, Comment: *th.Comment}
	p := talkPlace(id, talkEntry, number(th.Comment.Seq))
	blob := t.get(bucketTalks, p.key)
	if blob == nil {
		return row, nil
	}
	var words struct {
		Text string `json:"text"`
	}
	if err = db.decode(p, blob, &words); errors.Is(err, errErased) {
		err = store.ErrNotFound
	}
	row.Text = words.Text
	return row, err
}
