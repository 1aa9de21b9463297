// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"fmt"
	"slices"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

// setCase commits a case on the thread of an address.
func (t *teller) setCase(a channels.Address, c desk.Case) store.Thread {
	t.T.Helper()
	th := t.from(a)
	th.Case = &c
	return t.commit(store.Turn{Thread: th})
}

func (t *teller) openIDs() (ids []desk.CaseID) {
	t.T.Helper()
	rows, err := t.OpenCases(t.ctx())
	t.must(err)
	for _, r := range rows {
		ids = append(ids, r.Case.ID)
	}
	return ids
}

func queue(t *teller) {
	var cases []desk.Case
	for i := range 12 {
		c := desk.New(desk.CaseID(fmt.Sprint("case-", i)), desk.Asked, desk.Rank(i*7%4), nil, at(i*5%6))
		cases = append(cases, c)
		t.setCase(address(fmt.Sprint("person-", i)), c)
	}
	inOrder := func() (ids []desk.CaseID) {
		open := slices.DeleteFunc(slices.Clone(cases), func(c desk.Case) bool { return !c.Open() })
		slices.SortFunc(open, func(a, b desk.Case) int {
			if desk.Before(a, b) {
				return -1
			}
			return 1
		})
		for _, c := range open {
			ids = append(ids, c.ID)
		}
		return ids
	}
	t.same(t.openIDs(), inOrder())

	// A case is taken, another is lifted, a third closed.
	change := func(i int, by desk.StaffID, cmds ...desk.Command) {
		t.T.Helper()
		for _, cmd := range cmds {
			c, err := cases[i].Apply(cmd, by, at(30))
			t.must(err)
			cases[i] = c
			t.setCase(address(fmt.Sprint("person-", i)), c)
		}
	}
	change(3, "sana", desk.Take{})
	change(9, desk.Program, desk.Raise{Signal: "captivity", Rank: desk.Urgent})
	change(5, "sana", desk.Take{}, desk.Close{Outcome: desk.Advised})
	t.same(t.openIDs(), inOrder())
	if len(t.openIDs()) != 11 {
		t.Fatal("the closed case is still in the queue")
	}

	// A row says what a list needs of the thread.
	th := t.from(address("person-3"))
	th.Centre, th.State, th.LastHeard = "lahore", []byte(`{"locale":"ur"}`), at(31)
	th = t.commit(store.Turn{Thread: th, Entries: []store.Entry{{Text: "one"}, {Text: "two"}}})
	rows, err := t.OpenCases(t.ctx())
	t.must(err)
	i := slices.IndexFunc(rows, func(r store.Row) bool { return r.Thread == th.ID })
	t.same(rows[i], store.Row{
		Thread: th.ID, Version: th.Version, Channel: "web", Centre: "lahore", Case: cases[3],
		State: th.State, LastHeard: at(31), LastSeq: 2,
	})
	id, err := t.ThreadOfCase(t.ctx(), "case-3")
	t.must(err)
	t.same(id, th.ID)
	for _, id := range []desk.CaseID{"case-99", ""} {
		_, err = t.ThreadOfCase(t.ctx(), id)
		t.fails(err, store.ErrNotFound)
	}
}

func closedCases(t *teller) {
	var want []desk.CaseID
	for i := range 6 {
		c := desk.New(desk.CaseID(fmt.Sprint("case-", i)), desk.Asked, desk.Normal, nil, at(i))
		t.setCase(address(fmt.Sprint("person-", i)), c)
		c, err := c.Apply(desk.Close{Outcome: desk.NoReply}, desk.Program, at(100-i*3%7))
		t.must(err)
		t.setCase(address(fmt.Sprint("person-", i)), c)
	}
	closed := func(n int) (ids []desk.CaseID) {
		t.T.Helper()
		rows, err := t.ClosedCases(t.ctx(), n)
		t.must(err)
		for _, r := range rows {
			ids = append(ids, r.Case.ID)
		}
		return ids
	}
	for _, i := range []int{0, 5, 3, 1, 4, 2} { // closed at 100, 99, 98, 97, 95, 94
		want = append(want, desk.CaseID(fmt.Sprint("case-", i)))
	}
	t.same(closed(100), want)
	t.same(closed(2), want[:2])
	t.same(len(closed(0)), 0)
	t.same(len(t.openIDs()), 0)

	// Rating moves nothing. A new case takes the place of the closed one; the
	// old one can still be found.
	th := t.from(address("person-5"))
	rated, err := th.Case.Apply(desk.Rate{Stars: 5}, desk.Program, at(200))
	t.must(err)
	t.setCase(address("person-5"), rated)
	t.same(closed(100), want)
	t.setCase(address("person-5"), desk.New("case-new", desk.Asked, desk.Normal, nil, at(300)))
	t.same(closed(100), append([]desk.CaseID{"case-0"}, want[2:]...))
	t.same(t.openIDs(), []desk.CaseID{"case-new"})
	for _, id := range []desk.CaseID{"case-5", "case-new"} {
		got, err := t.ThreadOfCase(t.ctx(), id)
		t.must(err)
		t.same(got, th.ID)
	}
}

func staff(t *teller) {
	sana := store.Member{ID: "1", Login: "Sana", Name: "Sana", Role: store.Counsellor, Centres: []content.CentreID{"lahore"}, Password: "hash", Active: true, Created: noon}
	adil := store.Member{ID: "2", Login: "adil", Name: "عادل", Role: store.Administrator, Password: "hash", Active: true, Created: noon, Seen: noon}
	t.must(t.PutMember(t.ctx(), sana))
	t.must(t.PutMember(t.ctx(), adil))
	ms, err := t.Members(t.ctx())
	t.must(err)
	t.same(ms, []store.Member{adil, sana})
	m, err := t.Member(t.ctx(), "1")
	t.must(err)
	t.same(m, sana)
	for _, login := range []string{"Sana", "SANA", "ſana"} {
		m, err = t.MemberByLogin(t.ctx(), login)
		t.must(err)
		t.same(m, sana)
	}
	_, err = t.Member(t.ctx(), "3")
	t.fails(err, store.ErrNotFound)
	_, err = t.MemberByLogin(t.ctx(), "nobody")
	t.fails(err, store.ErrNotFound)

	thief := store.Member{ID: "3", Login: "sANA"}
	t.fails(t.PutMember(t.ctx(), thief), store.ErrTaken)
	_, err = t.Member(t.ctx(), "3")
	t.fails(err, store.ErrNotFound)
	adil.Login = "sana"
	t.fails(t.PutMember(t.ctx(), adil), store.ErrTaken)

	// Under a new login the old one is free.
	sana.Login, sana.Active = "sana.k", false
	t.must(t.PutMember(t.ctx(), sana))
	_, err = t.MemberByLogin(t.ctx(), "sana")
	t.fails(err, store.ErrNotFound)
	t.must(t.PutMember(t.ctx(), thief))
	m, err = t.MemberByLogin(t.ctx(), "sana.k")
	t.must(err)
	t.same(m, sana)
	for _, m := range []store.Member{{Login: "x"}, {ID: "x"}} {
		if t.PutMember(t.ctx(), m) == nil {
			t.Fatal("somebody without an ID or a login was kept")
		}
	}
}

func drafts(t *teller) {
	th := t.hear(address("ayesha"), "question")
	is := func(by desk.StaffID, want string) {
		t.T.Helper()
		got, err := t.Draft(t.ctx(), th.ID, by)
		t.must(err)
		t.same(got, want)
	}
	is("sana", "")
	t.must(t.PutDraft(t.ctx(), th.ID, "sana", "Aap kahan"))
	t.must(t.PutDraft(t.ctx(), th.ID, "sana", "Aap kahan hain?"))
	t.must(t.PutDraft(t.ctx(), th.ID, "adil", "Hello"))
	is("sana", "Aap kahan hain?")
	is("adil", "Hello")
	is("san", "")
	t.must(t.PutDraft(t.ctx(), th.ID, "sana", ""))
	t.must(t.PutDraft(t.ctx(), th.ID, "sana", ""))
	is("sana", "")
	is("adil", "Hello")
	t.same(t.read(th.ID).Version, th.Version)
	t.fails(t.PutDraft(t.ctx(), "nobody", "sana", "kept for ever"), store.ErrNotFound)
	t.must(t.PutDraft(t.ctx(), "nobody", "sana", ""))
}

func small(t *teller) {
	future, past := time.Now().Add(time.Hour), time.Now().Add(-time.Second)
	t.must(t.Put(t.ctx(), "session", "a", []byte("one"), future))
	t.must(t.Put(t.ctx(), "session", "b", []byte{0, 255}, time.Time{}))
	t.must(t.Put(t.ctx(), "session", "over", []byte("x"), past))
	t.must(t.Put(t.ctx(), "link", "a", []byte("two"), time.Time{}))
	t.must(t.Put(t.ctx(), "sessio", "na", []byte("three"), time.Time{}))
	got, err := t.Get(t.ctx(), "session", "a")
	t.must(err)
	t.same(string(got), "one")
	got[0] = 'X' // the caller's own
	got, err = t.Get(t.ctx(), "session", "a")
	t.must(err)
	t.same(string(got), "one")
	for _, k := range [][2]string{{"session", "over"}, {"session", "c"}, {"nothing", "a"}, {"", ""}} {
		_, err = t.Get(t.ctx(), k[0], k[1])
		t.fails(err, store.ErrNotFound)
	}
	all, err := t.All(t.ctx(), "session")
	t.must(err)
	t.same(all, map[string][]byte{"a": []byte("one"), "b": {0, 255}})

	// A record put again has the new time only.
	t.must(t.Put(t.ctx(), "session", "a", []byte("again"), past))
	_, err = t.Get(t.ctx(), "session", "a")
	t.fails(err, store.ErrNotFound)
	t.must(t.Put(t.ctx(), "session", "a", []byte("again"), time.Time{}))
	t.must(t.Sweep(t.ctx(), time.Now().Add(2*time.Hour)))
	got, err = t.Get(t.ctx(), "session", "a")
	t.must(err)
	t.same(string(got), "again")

	t.must(t.Remove(t.ctx(), "session", "a"))
	t.must(t.Remove(t.ctx(), "session", "a"))
	_, err = t.Get(t.ctx(), "session", "a")
	t.fails(err, store.ErrNotFound)
	got, err = t.Get(t.ctx(), "link", "a")
	t.must(err)
	t.same(string(got), "two")
}

func sweeping(t *teller) {
	e := t.event()
	th := t.commit(store.Turn{Thread: t.from(address("ayesha")), Events: []store.EventKey{e}})
	for i := range 50 {
		th = t.commit(store.Turn{Thread: th, Events: []store.EventKey{{Channel: "web", ID: fmt.Sprint("swept", i)}}})
	}
	t.must(t.Put(t.ctx(), "session", "soon", []byte("x"), time.Now().Add(time.Hour)))
	t.must(t.Put(t.ctx(), "session", "late", []byte("y"), time.Now().Add(1000*24*time.Hour)))
	day := 24 * time.Hour
	for _, x := range []struct {
		after time.Duration
		seen  bool
	}{{0, true}, {8 * day, true}, {30 * day, false}, {30 * day, false}} {
		t.must(t.Sweep(t.ctx(), time.Now().Add(x.after)))
		seen, err := t.Seen(t.ctx(), e)
		t.must(err)
		if seen != x.seen {
			t.Fatalf("swept after %v: the event is known: %v", x.after, seen)
		}
	}
	all, err := t.All(t.ctx(), "session")
	t.must(err)
	t.same(all, map[string][]byte{"late": []byte("y")})
	t.same(t.read(th.ID), th)
}

func erasing(t *teller) {
	ayesha, further := address("ayesha"), address("further")
	bilal := t.hear(address("bilal"), "hello")
	th := t.hear(ayesha, "question")
	th.Addresses = append(th.Addresses, further)
	first := desk.New("case-1", desk.Asked, desk.Normal, nil, noon)
	first, err := first.Apply(desk.Close{Outcome: desk.Advised}, desk.Program, noon)
	t.must(err)
	th.Case = &first
	th = t.commit(store.Turn{Thread: th})
	c := desk.New("case-2", desk.Asked, desk.Urgent, nil, noon)
	th.Case, th.Comment = &c, &store.Comment{ID: "c", Said: at(1), State: store.CommentNew}
	e := t.event()
	js := []store.Job{job(th, 0, "a", at(0)), job(th, 1, "a", at(0)), job(th, 2, "b", at(0)), job(th, 3, "c", at(0)), job(th, 4, "d", at(99))}
	th = t.commit(store.Turn{Thread: th, Events: []store.EventKey{e}, Jobs: js})
	ls := t.lease(at(0), 10)
	t.same(len(ls), 3)
	t.must(t.Settle(t.ctx(), ls[1], store.Outcome{Failed: true}))
	t.must(t.Settle(t.ctx(), ls[2], store.Outcome{Done: true, Receipt: &channels.Receipt{ID: "r"}, Entry: &store.Entry{Text: "sent"}}))
	t.must(t.PutDraft(t.ctx(), th.ID, "sana", "typed"))
	t.must(t.PutReceipt(t.ctx(), th.ID, js[4].Key, channels.Receipt{State: channels.Read}, nil))
	t.same(len(t.rows(time.Time{}, 10)), 1)

	t.must(t.Erase(t.ctx(), th.ID))
	_, err = t.ThreadByID(t.ctx(), th.ID)
	t.fails(err, store.ErrNotFound)
	for _, a := range []channels.Address{ayesha, further} {
		if got := t.from(a); got.Version != 0 || got.ID == th.ID {
			t.Fatal("an address still leads to the erased thread")
		}
	}
	t.same(len(t.texts(th.ID)), 0)
	rs, err := t.Receipts(t.ctx(), th.ID)
	t.must(err)
	t.same(len(rs), 0)
	_, known, err := t.Receipt(t.ctx(), th.ID, js[4].Key)
	t.must(err)
	t.same(known, false)
	t.same(len(t.rows(time.Time{}, 10)), 0)
	draft, err := t.Draft(t.ctx(), th.ID, "sana")
	t.must(err)
	t.same(draft, "")
	failed, err := t.FailedJobs(t.ctx(), 10)
	t.must(err)
	t.same(len(failed), 0)
	t.same(len(t.openIDs()), 0)
	closed, err := t.ClosedCases(t.ctx(), 10)
	t.must(err)
	t.same(len(closed), 0)
	for _, id := range []desk.CaseID{"case-1", "case-2"} {
		_, err = t.ThreadOfCase(t.ctx(), id)
		t.fails(err, store.ErrNotFound)
	}
	seen, err := t.Seen(t.ctx(), e)
	t.must(err)
	if seen {
		t.Fatal("an event of an erased thread is remembered")
	}
	t.fails(t.Settle(t.ctx(), ls[0], store.Outcome{Done: true, Entry: &store.Entry{Text: "back"}}), store.ErrLost)
	if _, ok, err := t.NextDue(t.ctx()); err != nil || ok {
		t.Fatal("a job of an erased thread waits", err)
	}
	t.same(len(t.lease(at(1000), 10)), 0)
	// Who read it before cannot bring it back.
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: th}), store.ErrConflict)
	t.fails(t.PutDraft(t.ctx(), th.ID, "sana", "typed"), store.ErrNotFound)
	t.fails(t.PutReceipt(t.ctx(), th.ID, js[4].Key, channels.Receipt{ID: "r"}, &store.Entry{Text: "back"}), store.ErrNotFound)

	t.same(t.read(bilal.ID), bilal)
	t.same(t.texts(bilal.ID), []string{"hello"})
	t.must(t.Erase(t.ctx(), th.ID))
	t.must(t.Erase(t.ctx(), ""))
	t.same(t.hear(ayesha, "again").Version, 1)
}

// lastWord is said once all is erased, and leaves nothing however it ends.
func lastWord(t *teller) {
	say := func(who, words string) {
		t.T.Helper()
		th := t.hear(address(who), "erase me")
		th = t.jobs(th, job(th, 0, "old", at(0)))
		last := store.Job{Key: string(th.ID), Thread: th.ID, Lane: string(th.ID), Priority: store.Third, Due: at(1), Kind: "send", Made: noon, Body: []byte(words)}
		t.must(t.EraseWith(t.ctx(), th.ID, last, at(60)))
		_, err := t.ThreadByID(t.ctx(), th.ID)
		t.fails(err, store.ErrNotFound)
		t.same(len(t.lease(at(0), 10)), 0)
		t.same(t.from(address(who)).Version, 0)
	}
	nothingLeft := func() {
		t.T.Helper()
		_, due, err := t.NextDue(t.ctx())
		t.must(err)
		failed, err := t.FailedJobs(t.ctx(), 10)
		t.must(err)
		if due || len(failed) > 0 {
			t.Fatal("something of a last word is left")
		}
	}
	for _, o := range []store.Outcome{
		{Done: true, Receipt: &channels.Receipt{ID: "platform-1"}},
		{Failed: true, Entry: &store.Entry{Text: "blocked"}},
		{Again: at(61)}, // it would be over by then
	} {
		say("ayesha", `"it is done"`)
		t.Store = t.reopen(t.T, t.Store)
		l := t.one(at(1))
		t.same(string(l.Body), `"it is done"`)
		t.same([]any{l.Kind, l.Priority, l.Made}, []any{store.JobKind("send"), store.Third, noon})
		t.must(t.Settle(t.ctx(), l, store.Outcome{Again: at(2)}))
		l = t.one(at(2))
		t.same(l.Tries, 2)
		t.must(t.Settle(t.ctx(), l, o))
		t.fails(t.Settle(t.ctx(), l, o), store.ErrLost)
		nothingLeft()
		if es, err := t.Entries(t.ctx(), l.Thread, 0, 10); err != nil || len(es) > 0 {
			t.Fatal("a last word has a transcript", err)
		}
	}

	say("bilal", `"it is done"`)
	t.must(t.Sweep(t.ctx(), at(59)))
	if _, due, _ := t.NextDue(t.ctx()); !due {
		t.Fatal("it was thrown away before its time")
	}
	t.must(t.Sweep(t.ctx(), at(60)))
	nothingLeft()

	t.must(t.EraseWith(t.ctx(), "nobody", store.Job{Kind: "send", Due: noon, Body: []byte(`"x"`)}, at(60)))
	nothingLeft()
	if t.EraseWith(t.ctx(), "nobody", store.Job{Kind: "send"}, time.Time{}) == nil {
		t.Fatal("a last word without an end was taken")
	}
}

func sharedLane(t *teller) {
	ayesha, bilal := t.hear(address("ayesha"), "a"), t.hear(address("bilal"), "b")
	t.jobs(ayesha, job(ayesha, 0, "alerts", at(0)))
	t.jobs(bilal, job(bilal, 0, "alerts", at(0)))
	l := t.one(at(0))
	t.same(l.Thread, ayesha.ID)
	t.must(t.Erase(t.ctx(), ayesha.ID))
	t.same(t.one(at(0)).Thread, bilal.ID)
}

func opensAgain(t *teller) {
	th := t.hear(address("ayesha"), "question")
	c := desk.New("case-1", desk.Asked, desk.Normal, nil, noon)
	th.Case = &c
	th = t.commit(store.Turn{Thread: th, Jobs: []store.Job{job(th, 0, "a", at(0)), job(th, 1, "a", at(0)), job(th, 2, "b", at(0)), job(th, 3, "c", at(5))}})
	ls := t.lease(at(0), 10)
	t.same(len(ls), 2)
	t.must(t.Settle(t.ctx(), ls[1], store.Outcome{Failed: true, Entry: &store.Entry{Text: "failed"}, Receipt: &channels.Receipt{ID: "r"}}))
	t.must(t.PutDraft(t.ctx(), th.ID, "sana", "typed"))
	t.must(t.PutMember(t.ctx(), store.Member{ID: "sana", Login: "sana"}))
	t.must(t.Put(t.ctx(), "session", "a", []byte("one"), time.Now().Add(time.Hour)))

	everything := func() (all []any) {
		t.T.Helper()
		keep := func(v any, err error) {
			t.T.Helper()
			t.must(err)
			all = append(all, v)
		}
		keep(t.ThreadByID(t.ctx(), th.ID))
		keep(t.Thread(t.ctx(), address("ayesha")))
		keep(t.Seen(t.ctx(), store.EventKey{Channel: "web", ID: "event-1"}))
		keep(t.Entries(t.ctx(), th.ID, 0, 100))
		keep(t.Receipts(t.ctx(), th.ID))
		keep(t.OpenCases(t.ctx()))
		keep(t.ThreadOfCase(t.ctx(), "case-1"))
		keep(t.FailedJobs(t.ctx(), 100))
		keep(t.Members(t.ctx()))
		keep(t.MemberByLogin(t.ctx(), "sana"))
		keep(t.Draft(t.ctx(), th.ID, "sana"))
		keep(t.All(t.ctx(), "session"))
		return all
	}
	before := everything()
	t.Store = t.reopen(t.T, t.Store)
	t.same(everything(), before)
	t.fails(t.Commit(t.ctx(), store.Turn{Thread: th, Events: []store.EventKey{{Channel: "web", ID: "event-1"}}}), store.ErrDuplicate)
	// Whoever held the lease has ended: the job is given again at once, and only to one.
	again := t.one(at(0))
	t.same(again.Key, ls[0].Key)
	if again.Tries != 1 && again.Tries != 2 { // the store may have forgotten that lease
		t.Fatalf("%d tries, want 1 or 2", again.Tries)
	}
	t.fails(t.Settle(t.ctx(), ls[0], store.Outcome{Done: true}), store.ErrLost)
	t.must(t.Settle(t.ctx(), again, store.Outcome{Done: true}))
	t.same(t.one(at(0)).Tries, 1)
	t.must(t.Ready(t.ctx()))
}

func closedStore(t *teller) {
	th := t.hear(address("ayesha"), "question")
	t.must(t.Ready(t.ctx()))
	t.must(t.Close())
	t.must(t.Close())
	_, read := t.ThreadByID(t.ctx(), th.ID)
	_, leased := t.Lease(t.ctx(), noon, at(1), 1)
	for _, err := range []error{read, leased, t.Commit(t.ctx(), store.Turn{Thread: th}), t.PutReceipt(t.ctx(), th.ID, "key", channels.Receipt{}, nil), t.Ready(t.ctx()), t.Sweep(t.ctx(), noon)} {
		if err == nil {
			t.Fatal("a closed store answers")
		}
	}
}
