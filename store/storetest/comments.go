// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"fmt"
	"sync"
	"time"

	"sarai/channels"
	"sarai/store"
)

// comment has somebody say something in public and gives the thread after it.
func (t *teller) comment(id, text string, said time.Time) store.Thread {
	t.T.Helper()
	th := t.from(channels.Address{Channel: "messenger", ID: "comment:" + id})
	th.Centre = "lahore"
	th.Comment = &store.Comment{
		ID: id, Post: "post-1", Parent: "parent-1", Link: "https://example.org/" + id, Person: "person-1",
		Seq: th.LastSeq + 1, Said: said, State: store.CommentNew,
	}
	return t.commit(store.Turn{
		Thread:  th,
		Events:  []store.EventKey{{Channel: "messenger", ID: id}},
		Entries: []store.Entry{{At: noon, Said: said, Author: store.Person, Kind: channels.Comment, Text: text}},
	})
}

func (t *teller) rows(since time.Time, n int) []store.CommentRow {
	t.T.Helper()
	rows, err := t.OpenComments(t.ctx(), since, n)
	t.must(err)
	return rows
}

// commentIDs are those of comments since, newest first.
func (t *teller) commentIDs(since time.Time, n int) (ids []string) {
	t.T.Helper()
	for _, row := range t.rows(since, n) {
		ids = append(ids, row.Comment.ID)
	}
	return ids
}

// saidInPublic: comments are found by when they were said, with their words.
func saidInPublic(t *teller) {
	t.same(len(t.rows(time.Time{}, 10)), 0)
	t.hear(address("ayesha"), "not in public")
	second := t.comment("two", "Kitni fees hai?", at(2))
	third := t.comment("three", "کتنی فیس ہے؟", at(3))
	first := t.comment("one", "fee?", at(1))
	t.same(second.Comment.Seq, uint64(1))

	t.same(t.commentIDs(time.Time{}, 10), []string{"three", "two", "one"})
	t.same(t.commentIDs(time.Time{}, 2), []string{"three", "two"})
	t.same(t.commentIDs(at(1), 10), []string{"three", "two"})
	t.same(t.commentIDs(at(1).Add(-time.Nanosecond), 10), []string{"three", "two", "one"})
	t.same(len(t.rows(at(3), 10)), 0)
	t.same(len(t.rows(time.Time{}, 0)), 0)
	t.same(t.rows(at(2), 1), []store.CommentRow{{
		Thread: third.ID, Version: 1, Channel: "messenger", Centre: "lahore", Comment: *third.Comment, Text: "کتنی فیس ہے؟",
	}})

	// What is done about a comment moves its thread as any turn does.
	done := second
	c := *done.Comment
	c.State, c.Urgent, c.Hidden = store.CommentTask, true, true
	c.Private = store.Reply{State: store.ReplyRefused, By: "sana", At: at(5), Why: "not-allowed"}
	c.Public = store.Reply{State: store.ReplyAccepted, By: "adil", At: at(6), ID: "line-1"}
	done.Comment = &c
	second = t.commit(store.Turn{Thread: done})
	t.same(second.Comment, c)
	row := t.rows(at(1), 10)[1]
	t.same(row, store.CommentRow{Thread: second.ID, Version: 2, Channel: "messenger", Centre: "lahore", Comment: c, Text: "Kitni fees hai?"})
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: done}), store.ErrConflict)

	// It moves with the time at which it was said, and is gone where it is none any more.
	c.Said = at(9)
	second.Comment = &c
	second = t.commit(store.Turn{Thread: second})
	t.same(t.commentIDs(time.Time{}, 10), []string{"two", "three", "one"})
	second.Comment = nil
	second = t.commit(store.Turn{Thread: second})
	t.same(second.Comment, nil)
	t.same(t.commentIDs(time.Time{}, 10), []string{"three", "one"})

	// Two at one time are two.
	t.comment("three more", "same here", at(3))
	t.same(len(t.rows(at(2), 10)), 2)
	before := t.rows(time.Time{}, 10)
	t.Store = t.reopen(t.T, t.Store)
	t.same(t.rows(time.Time{}, 10), before)
	t.same(t.read(first.ID), first)

	t.must(t.Erase(t.ctx(), third.ID))
	t.must(t.Erase(t.ctx(), first.ID))
	t.same(t.commentIDs(time.Time{}, 10), []string{"three more"})
	t.Store = t.reopen(t.T, t.Store)
	t.same(t.commentIDs(time.Time{}, 10), []string{"three more"})
}

// wordsOfAComment: the words as they are now are found wherever their entry came
// to stand.
func wordsOfAComment(t *teller) {
	th := t.comment("one", "fee?", at(1))
	th = t.commit(store.Turn{Thread: th, Entries: []store.Entry{{Author: store.Program, Text: "an answer"}}, Jobs: []store.Job{job(th, 0, "lane", at(0))}})
	is := func(seq uint64, words string) {
		t.T.Helper()
		row := t.rows(time.Time{}, 10)[0]
		t.same([]any{row.Comment.Seq, row.Text}, []any{seq, words})
		t.same(t.read(th.ID).Comment.Seq, seq)
	}
	is(1, "fee?")
	edit := func(th store.Thread, place uint64, es ...store.Entry) store.Thread {
		t.T.Helper()
		c := *th.Comment
		c.Seq, c.Edited = th.LastSeq+place, true
		th.Comment = &c
		return t.commit(store.Turn{Thread: th, Entries: es})
	}
	// A job that is settled, and news of a message, add entries after th was read.
	l := t.one(at(0))
	t.must(t.Settle(t.ctx(), l, store.Outcome{Done: true, Entry: &store.Entry{Author: store.Event, Text: "sent"}}))
	t.must(t.PutReceipt(t.ctx(), th.ID, l.Key, channels.Receipt{State: channels.Read}, &store.Entry{Author: store.Event, Text: "read"}))
	is(1, "fee?")
	edited := edit(th, 2, store.Entry{Text: "beside"}, store.Entry{Text: "What is the fee?"})
	t.same(t.texts(th.ID), []string{"fee?", "an answer", "sent", "read", "beside", "What is the fee?"})
	is(6, "What is the fee?")

	// A turn that leaves the words alone leaves them where they are.
	t.must(t.PutReceipt(t.ctx(), th.ID, "another", channels.Receipt{ID: "m"}, &store.Entry{Author: store.Event, Text: "late"}))
	t.commit(store.Turn{Thread: edited, Entries: []store.Entry{{Text: "an answer"}}})
	is(6, "What is the fee?")
	// Nothing is said where there is no such entry.
	edit(t.read(th.ID), 1)
	is(9, "")
}

// commentsAtOnce: many comments and what is done about them at once.
func commentsAtOnce(t *teller) {
	busy := t.comment("busy", "fee?", at(99))
	var mu sync.Mutex
	answered := 0
	t.together(64, func(i int) error {
		th := busy
		if i%2 == 0 {
			id := fmt.Sprint("c", i)
			th = store.Thread{ID: store.ThreadID(id), Reply: address(id), Addresses: []channels.Address{address(id)}}
			th.Comment = &store.Comment{ID: id, Seq: 1, Said: at(i), State: store.CommentNew}
		} else {
			c := *th.Comment
			c.State = store.CommentAnswered
			th.Comment = &c
		}
		err := t.Commit(t.ctx(), store.Turn{Thread: th, Entries: []store.Entry{{Text: fmt.Sprint("words ", i)}}})
		if i%2 == 0 {
			return err
		}
		if err == nil {
			mu.Lock()
			answered++
			mu.Unlock()
		}
		if _, err := t.OpenComments(t.ctx(), time.Time{}, 100); err != nil {
			return err
		}
		return nil
	})
	t.same(answered, 1)
	rows := t.rows(time.Time{}, 100)
	t.same(len(rows), 33)
	t.same(rows[0].Comment.State, store.CommentAnswered)
	for k, row := range rows[1:] {
		i := 62 - 2*k
		t.same([]string{row.Comment.ID, row.Text}, []string{fmt.Sprint("c", i), fmt.Sprint("words ", i)})
	}
}
