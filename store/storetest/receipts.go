// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"sarai/channels"
	"sarai/store"
)

// told tells of a message what must be taken, and gives what is known then.
func (t *teller) told(id store.ThreadID, key string, r channels.Receipt, e *store.Entry) channels.Receipt {
	t.T.Helper()
	t.must(t.PutReceipt(t.ctx(), id, key, r, e))
	known, ok, err := t.Receipt(t.ctx(), id, key)
	t.must(err)
	if !ok {
		t.T.Fatal("nothing is known of a message that was told of")
	}
	return known
}

// toldLater: news of a message move it forth and never back, and what they do
// not say stays.
func toldLater(t *teller) {
	th := t.hear(address("ayesha"), "question")
	learned := []channels.Address{address("learned")}
	const sent, delivered, read, played, failed, uncertain = channels.Sent, channels.Delivered, channels.Read, channels.Played, channels.Failed, channels.Uncertain
	for i, x := range []struct {
		first, then channels.Receipt
		want        channels.Receipt
	}{
		{channels.Receipt{ID: "m", Learned: learned}, channels.Receipt{State: delivered, At: at(1)}, channels.Receipt{ID: "m", Learned: learned, State: delivered, At: at(1)}},
		{channels.Receipt{ID: "m", State: delivered, At: at(1)}, channels.Receipt{State: read, At: at(2)}, channels.Receipt{ID: "m", State: read, At: at(2)}},
		{channels.Receipt{State: read, At: at(2)}, channels.Receipt{State: delivered, At: at(3)}, channels.Receipt{State: read, At: at(2)}},
		{channels.Receipt{State: read, At: at(2)}, channels.Receipt{State: read, At: at(3)}, channels.Receipt{State: read, At: at(2)}},
		{channels.Receipt{State: read, At: at(2)}, channels.Receipt{State: played, At: at(3)}, channels.Receipt{State: played, At: at(3)}},
		// What was delivered has not failed, and what failed may yet be delivered.
		{channels.Receipt{State: delivered, At: at(2)}, channels.Receipt{State: failed, At: at(3), Problem: channels.Rejected}, channels.Receipt{State: delivered, At: at(2)}},
		{channels.Receipt{ID: "m"}, channels.Receipt{State: failed, At: at(3), Problem: channels.Rejected}, channels.Receipt{ID: "m", State: failed, At: at(3), Problem: channels.Rejected}},
		{channels.Receipt{State: failed, At: at(2), Problem: channels.Rejected}, channels.Receipt{State: delivered, At: at(3)}, channels.Receipt{State: delivered, At: at(3)}},
		{channels.Receipt{State: failed, At: at(2), Problem: channels.Rejected}, channels.Receipt{State: failed, At: at(3), Problem: channels.Expired}, channels.Receipt{State: failed, At: at(2), Problem: channels.Rejected}},
		{channels.Receipt{State: uncertain, At: at(2)}, channels.Receipt{State: sent, At: at(3)}, channels.Receipt{State: sent, At: at(3)}},
		{channels.Receipt{State: uncertain, At: at(2)}, channels.Receipt{ID: "m"}, channels.Receipt{ID: "m"}},
		{channels.Receipt{ID: "m", State: sent, At: at(2)}, channels.Receipt{State: uncertain, At: at(3)}, channels.Receipt{ID: "m", State: sent, At: at(2)}},
		// An ID, a price or an address can come with news that are old otherwise.
		{channels.Receipt{State: read, At: at(2)}, channels.Receipt{ID: "m", Learned: learned, Price: "service"}, channels.Receipt{ID: "m", Learned: learned, State: read, At: at(2), Price: "service"}},
		{channels.Receipt{ID: "m", Price: "service"}, channels.Receipt{State: delivered, At: at(2)}, channels.Receipt{ID: "m", Price: "service", State: delivered, At: at(2)}},
		{channels.Receipt{ID: "m", Price: "service"}, channels.Receipt{Price: "utility"}, channels.Receipt{ID: "m", Price: "utility"}},
	} {
		key := fmt.Sprintf("%s/2/%d", th.ID, i)
		t.same(t.told(th.ID, key, x.first, nil), x.first)
		t.same(t.told(th.ID, key, x.then, nil), x.want)
		t.same(t.told(th.ID, key, x.then, nil), x.want)
		rs, err := t.Receipts(t.ctx(), th.ID)
		t.must(err)
		t.same(len(rs), i+1)
		t.same(rs[key], x.want)
	}
	t.same(t.read(th.ID), th)

	for _, k := range [][2]string{{string(th.ID), "nothing"}, {string(th.ID), ""}, {"nobody", string(th.ID) + "/2/0"}, {"", ""}} {
		if r, ok, err := t.Receipt(t.ctx(), store.ThreadID(k[0]), k[1]); err != nil || ok || written(r) != written(channels.Receipt{}) {
			t.Fatalf("a receipt that is not there: %v, %v, %v", r, ok, err)
		}
	}
	for _, id := range []store.ThreadID{"nobody", ""} {
		t.fails(t.PutReceipt(t.ctx(), id, "key", channels.Receipt{ID: "m"}, &store.Entry{Text: "never"}), store.ErrNotFound)
	}
	if err := t.PutReceipt(t.ctx(), th.ID, "", channels.Receipt{ID: "m"}, nil); err == nil {
		t.Fatal("a receipt of no job was kept")
	}
	rs, err := t.Receipts(t.ctx(), th.ID)
	t.must(err)
	t.Store = t.reopen(t.T, t.Store)
	again, err := t.Receipts(t.ctx(), th.ID)
	t.must(err)
	t.same(again, rs)
}

// overtaken: a delivery report can come before the answer to the sending is
// settled, and after a sending of which nobody knows.
func overtaken(t *teller) {
	th := t.hear(address("ayesha"), "question")
	th = t.jobs(th, job(th, 0, "lane", at(0)))
	learned := []channels.Address{address("learned")}
	l := t.one(at(0))
	doubt := channels.Receipt{State: channels.Uncertain, At: at(0)}
	t.must(t.Settle(t.ctx(), l, store.Outcome{Again: at(1), Receipt: &doubt}))
	rs, err := t.Receipts(t.ctx(), th.ID)
	t.must(err)
	t.same(rs, map[string]channels.Receipt{l.Key: doubt})

	l = t.one(at(1))
	t.must(t.Settle(t.ctx(), l, store.Outcome{Again: at(2), Receipt: &channels.Receipt{State: channels.Uncertain, At: at(1)}}))
	t.same(t.told(th.ID, l.Key, channels.Receipt{State: channels.Delivered, At: at(2), Price: "service"}, nil),
		channels.Receipt{State: channels.Delivered, At: at(2), Price: "service"})
	l = t.one(at(2))
	t.must(t.Settle(t.ctx(), l, store.Outcome{Done: true, Receipt: &channels.Receipt{ID: "m", Learned: learned, State: channels.Sent, At: at(3)}}))
	known, _, err := t.Receipt(t.ctx(), th.ID, l.Key)
	t.must(err)
	t.same(known, channels.Receipt{ID: "m", Learned: learned, State: channels.Delivered, At: at(2), Price: "service"})

	// A lost lease tells nothing.
	t.fails(t.Settle(t.ctx(), l, store.Outcome{Done: true, Receipt: &channels.Receipt{ID: "other", State: channels.Read}}), store.ErrLost)
	after, _, err := t.Receipt(t.ctx(), th.ID, l.Key)
	t.must(err)
	t.same(after, known)
}

// newsInTheTranscript: an entry comes with news if the message moved.
func newsInTheTranscript(t *teller) {
	th := t.hear(address("ayesha"), "question")
	key := string(th.ID) + "/2/0"
	line := func(text string) *store.Entry {
		return &store.Entry{Seq: 99, At: noon, Author: store.Event, Text: text}
	}
	t.told(th.ID, key, channels.Receipt{ID: "m"}, line("sent"))
	t.told(th.ID, key, channels.Receipt{State: channels.Failed, At: at(1), Problem: channels.Rejected}, line("failed"))
	t.told(th.ID, key, channels.Receipt{State: channels.Failed, At: at(2), Problem: channels.Rejected}, line("never"))
	t.told(th.ID, key, channels.Receipt{State: channels.Uncertain, Price: "service"}, line("never"))
	t.told(th.ID, key, channels.Receipt{State: channels.Read, At: at(3)}, nil)
	t.same(t.texts(th.ID), []string{"question", "sent", "failed"})
	now := t.read(th.ID)
	if now.Version != th.Version || now.LastSeq != 3 {
		t.Fatalf("after three entries, two of them with news: version %d, last entry %d", now.Version, now.LastSeq)
	}
	// th was read before the news: it still says that one entry is the last.
	t.commit(store.Turn{Thread: th, Entries: []store.Entry{{Text: "next"}}})
	t.same(t.texts(th.ID), []string{"question", "sent", "failed", "next"})
}

// newsAtOnce: the same news many times and out of order at once, among turns and
// settled jobs.
func newsAtOnce(t *teller) {
	th := t.hear(address("ayesha"), "question")
	js := []store.Job{job(th, 0, "a", at(0)), job(th, 1, "b", at(0)), job(th, 2, "c", at(0)), job(th, 3, "d", at(0))}
	th = t.jobs(th, js...)
	ls := t.lease(at(0), 10)
	t.same(len(ls), len(js))
	states := []channels.Delivery{channels.Sent, channels.Failed, channels.Delivered, channels.Read, channels.Uncertain}
	deadline := time.Now().Add(20 * time.Second)
	var mu sync.Mutex
	turns := 0
	t.together(64, func(i int) error {
		key := js[i%len(js)].Key
		switch {
		case i < len(ls):
			return t.Settle(t.ctx(), ls[i], store.Outcome{Done: true, Receipt: &channels.Receipt{ID: "m" + ls[i].Key}})
		case i < 56:
			state := states[i/len(js)%len(states)]
			return t.PutReceipt(t.ctx(), th.ID, key, channels.Receipt{State: state, At: at(i)}, &store.Entry{Author: store.Event, Text: key + " " + string(state)})
		}
		for time.Now().Before(deadline) {
			th, err := t.ThreadByID(t.ctx(), th.ID)
			if err != nil {
				return err
			}
			err = t.Commit(t.ctx(), store.Turn{Thread: th, Entries: []store.Entry{{Text: fmt.Sprint("turn ", i)}}})
			if err == nil {
				mu.Lock()
				turns++
				mu.Unlock()
			}
			if !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		return errors.New("nobody gets on")
	})
	rs, err := t.Receipts(t.ctx(), th.ID)
	t.must(err)
	for _, j := range js {
		if r := rs[j.Key]; r.ID != "m"+j.Key || r.State != channels.Read {
			t.Fatalf("of a message is known %s", written(r))
		}
	}
	// No message moved to the same state twice.
	seen := map[string]int{}
	for _, text := range t.texts(th.ID) {
		if seen[text]++; seen[text] > 1 {
			t.Fatalf("%q stands in the transcript twice", text)
		}
	}
	for _, j := range js {
		if seen[j.Key+" "+string(channels.Read)] != 1 {
			t.Fatal("news are missing in the transcript")
		}
	}
	now := t.read(th.ID)
	if now.Version != th.Version+uint64(turns) || turns != 8 || now.LastSeq != uint64(len(t.texts(th.ID))) {
		t.Fatalf("version %d after %d turns from %d, last entry %d", now.Version, turns, th.Version, now.LastSeq)
	}
}
