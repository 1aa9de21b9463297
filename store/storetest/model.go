// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
)

// A model is what a store must do, said as simply as possible: slices that are
// searched from the begin.
type model struct {
	threads  map[store.ThreadID]*modelThread
	owner    map[channels.Address]store.ThreadID
	events   map[store.EventKey]store.ThreadID
	cases    map[desk.CaseID]store.ThreadID
	jobs     []*modelJob // in the order in which they were added
	failed   []store.Job // last failed first
	small    map[string]string
	tallies  map[string]uint64 // by tallied
	visits   map[string]bool   // month and address
	clock    time.Time
	counter  int
	leases   []store.Leased // all that were ever given
	allJobs  []string       // all keys ever used
	everyone []store.ThreadID
}

type modelThread struct {
	store.Thread
	entries  []string
	receipts map[string]channels.Receipt
	drafts   map[desk.StaffID]string
	files    map[string]modelFile
}

// A modelFile is a file with its content.
type modelFile struct {
	store.File
	content string
	staged  bool
}

// A modelJob is held by token, if not "", until until.
type modelJob struct {
	store.Job
	token  string
	until  time.Time
	kept   int // Tries when it was last put off
	forgot int // how many leases since may not be counted: the store was opened anew
}

// commit is what Commit must do.
func (m *model) commit(t store.Turn) error {
	for _, e := range t.Events {
		if _, known := m.events[e]; known {
			return store.ErrDuplicate
		}
	}
	old := m.threads[t.Thread.ID]
	if old == nil && t.Thread.Version != 0 || old != nil && old.Version != t.Thread.Version {
		return store.ErrConflict
	}
	for _, a := range t.Thread.Addresses {
		if owner, is := m.owner[a]; is && owner != t.Thread.ID {
			if t.Thread.Version == 0 && a == t.Thread.Reply {
				return store.ErrConflict
			}
			return &store.TakenError{Owner: owner}
		}
	}
	for _, e := range t.Entries {
		for _, m := range e.Media {
			if m.Staged && (old == nil || old.files[m.ID].ID == "") {
				return store.ErrConflict
			}
		}
	}
	next := &modelThread{Thread: t.Thread, receipts: map[string]channels.Receipt{}, drafts: map[desk.StaffID]string{}, files: map[string]modelFile{}}
	if old != nil {
		next.entries, next.receipts, next.drafts, next.files = old.entries, old.receipts, old.drafts, old.files
	}
	next.Version++
	if c := t.Thread.Comment; c != nil && c.Seq > t.Thread.LastSeq {
		moved := *c
		moved.Seq = uint64(len(next.entries)) + c.Seq - t.Thread.LastSeq
		next.Comment = &moved
	}
	for _, e := range t.Entries {
		next.entries = append(next.entries, e.Text)
		for _, m := range e.Media {
			if f, is := next.files[m.ID]; is && (e.Author == store.Staff || e.Author == store.Person) {
				f.staged = false
				next.files[m.ID] = f
			}
		}
	}
	next.LastSeq = uint64(len(next.entries))
	m.threads[next.ID] = next
	maps.DeleteFunc(m.owner, func(_ channels.Address, id store.ThreadID) bool { return id == next.ID })
	for _, a := range next.Addresses {
		m.owner[a] = next.ID
	}
	for _, e := range t.Events {
		m.events[e] = next.ID
	}
	if next.Case != nil {
		m.cases[next.Case.ID] = next.ID
	}
	for _, c := range t.Counts {
		first := true
		for _, a := range next.Addresses {
			if visit := c.Day.Month() + written(a); c.Once {
				first, m.visits[visit] = first && !m.visits[visit], true
			}
		}
		if first && c.N > 0 {
			m.tallies[tallied(c.Day, c.Name, c.Cell)] += c.N
		}
	}
	m.jobs = slices.DeleteFunc(m.jobs, func(j *modelJob) bool {
		return slices.Contains(t.Cancel, j.Key) && j.token == ""
	})
	for _, j := range t.Jobs {
		same := func(k string) bool { return k == j.Key }
		if slices.ContainsFunc(m.jobs, func(o *modelJob) bool { return same(o.Key) }) ||
			slices.ContainsFunc(m.failed, func(o store.Job) bool { return same(o.Key) }) {
			continue
		}
		m.jobs = append(m.jobs, &modelJob{Job: j})
	}
	return nil
}

// heads are the oldest jobs of all lanes.
func (m *model) heads() (heads []*modelJob) {
	seen := map[string]bool{}
	for _, j := range m.jobs {
		if !seen[j.Lane] {
			heads = append(heads, j)
		}
		seen[j.Lane] = true
	}
	return heads
}

// free are the jobs that Lease must give at now, in its order.
func (m *model) free(now time.Time) []*modelJob {
	free := slices.DeleteFunc(m.heads(), func(j *modelJob) bool {
		return j.Due.After(now) || j.token != "" && j.until.After(now)
	})
	slices.SortFunc(free, func(a, b *modelJob) int {
		if a.Priority != b.Priority {
			return int(a.Priority - b.Priority)
		}
		return a.Due.Compare(b.Due)
	})
	return free
}

func (m *model) settle(l store.Leased, o store.Outcome) error {
	i := slices.IndexFunc(m.jobs, func(j *modelJob) bool { return j.Key == l.Key && j.token == l.Token })
	if i < 0 {
		return store.ErrLost
	}
	j := m.jobs[i]
	if o.Again.IsZero() {
		m.jobs = slices.Delete(m.jobs, i, i+1)
	} else {
		j.Due, j.token, j.kept = o.Again, "", j.Tries
	}
	if o.Failed {
		failed := j.Job
		failed.Body = nil
		m.failed = append([]store.Job{failed}, m.failed...)
	}
	th := m.threads[j.Thread]
	if o.Receipt != nil {
		th.told(j.Key, *o.Receipt)
	}
	if o.Entry != nil {
		th.add(*o.Entry)
	}
	return nil
}

// add adds an entry past any turn.
func (th *modelThread) add(e store.Entry) {
	th.entries = append(th.entries, e.Text)
	th.LastSeq++
}

// told is what news of a message must do. It says whether the message moved.
func (th *modelThread) told(key string, r channels.Receipt) (moved bool) {
	old, is := th.receipts[key]
	if !is {
		th.receipts[key] = r
		return true
	}
	// How far they are, each further than the one before; "" is Sent.
	order := []channels.Delivery{channels.Uncertain, "", channels.Sent, channels.Failed, channels.Delivered, channels.Read, channels.Played}
	place := func(d channels.Delivery) int {
		if d == channels.Sent {
			d = ""
		}
		return slices.Index(order, d)
	}
	if r.ID == "" {
		r.ID = old.ID
	}
	if r.Learned == nil {
		r.Learned = old.Learned
	}
	if r.Price == "" {
		r.Price = old.Price
	}
	if moved = place(r.State) > place(old.State); !moved {
		r.State, r.At, r.Problem = old.State, old.At, old.Problem
	}
	th.receipts[key] = r
	return moved
}

// put is what PutReceipt must do.
func (m *model) put(id store.ThreadID, key string, r channels.Receipt, e *store.Entry) error {
	th := m.threads[id]
	if th == nil {
		return store.ErrNotFound
	}
	if th.told(key, r) && e != nil {
		th.add(*e)
	}
	return nil
}

func (m *model) erase(id store.ThreadID) {
	delete(m.threads, id)
	maps.DeleteFunc(m.owner, func(_ channels.Address, o store.ThreadID) bool { return o == id })
	maps.DeleteFunc(m.events, func(_ store.EventKey, o store.ThreadID) bool { return o == id })
	maps.DeleteFunc(m.cases, func(_ desk.CaseID, o store.ThreadID) bool { return o == id })
	m.jobs = slices.DeleteFunc(m.jobs, func(j *modelJob) bool { return j.Thread == id })
	m.failed = slices.DeleteFunc(m.failed, func(j store.Job) bool { return j.Thread == id })
}

// file is what KeepFile, StageFile and NoteFile must do.
func (m *model) file(id store.ThreadID, f modelFile) (store.File, error) {
	th := m.threads[id]
	if th == nil {
		return store.File{}, store.ErrNotFound
	}
	if old, is := th.files[f.ID]; is {
		return old.File, nil
	}
	if f.State == store.Kept {
		f.Size = int64(len(f.content))
	} else {
		f.content, f.staged = "", false
	}
	th.files[f.ID] = f
	return f.File, nil
}

// ended is what the end of the process does to files.
func (m *model) ended() {
	for _, th := range m.threads {
		maps.DeleteFunc(th.files, func(_ string, f modelFile) bool { return f.staged })
	}
}

// queue are the threads with an open case in the order of the queue.
func (m *model) queue() (ths []*modelThread) {
	for _, th := range m.threads {
		if th.Case != nil && th.Case.Open() {
			ths = append(ths, th)
		}
	}
	slices.SortFunc(ths, func(a, b *modelThread) int {
		if desk.Before(*a.Case, *b.Case) {
			return -1
		}
		return 1
	})
	return ths
}

// closed are the threads whose case is closed, last closed first.
func (m *model) closed() (ths []*modelThread) {
	for _, th := range m.threads {
		if th.Case != nil && th.Case.Status == desk.Closed {
			ths = append(ths, th)
		}
	}
	slices.SortFunc(ths, func(a, b *modelThread) int { return b.Case.Closed.Compare(a.Case.Closed) })
	return ths
}

// comments are what OpenComments must give.
func (m *model) comments(since time.Time, n int) (rows []store.CommentRow) {
	for _, th := range m.threads {
		if c := th.Comment; c != nil && c.Said.After(since) {
			row := store.CommentRow{Thread: th.ID, Version: th.Version, Channel: th.Reply.Channel, Comment: *c}
			if c.Seq > 0 && c.Seq <= th.LastSeq {
				row.Text = th.entries[c.Seq-1]
			}
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b store.CommentRow) int { return b.Comment.Said.Compare(a.Comment.Said) })
	return rows[:min(n, len(rows))]
}

// waiting are what WaitingComments must give.
func (m *model) waiting() []store.CommentRow {
	rows := slices.DeleteFunc(m.comments(time.Time{}, len(m.threads)), func(r store.CommentRow) bool { return !r.Comment.Waits() })
	slices.Reverse(rows)
	return rows
}

var fileIDs = []string{"f1", "f2", "f3"}

// tick gives a time that nothing else of the history has, some minutes from the
// clock: promises do not say what comes first of two at one time.
func (m *model) tick(minutes int) time.Time {
	m.counter++
	return m.clock.Add(time.Duration(minutes)*time.Minute + time.Duration(m.counter)*time.Millisecond)
}

// beside lets random histories happen to a store and to the model and compares
// all that can be read after each step.
func beside(t *testing.T, open func(*testing.T) store.Store, reopen func(*testing.T, store.Store) store.Store) {
	rapid.Check(t, func(r *rapid.T) {
		m := &model{
			threads: map[store.ThreadID]*modelThread{}, owner: map[channels.Address]store.ThreadID{},
			events: map[store.EventKey]store.ThreadID{}, cases: map[desk.CaseID]store.ThreadID{},
			small: map[string]string{}, tallies: map[string]uint64{}, visits: map[string]bool{}, clock: noon,
		}
		s := open(t)
		defer func() { s.Close() }()
		ctx := t.Context()
		ok := func(r *rapid.T, err error) {
			if err != nil {
				r.Fatalf("%v", err)
			}
		}
		agree := func(r *rapid.T, what string, got, want any) {
			if g, w := written(got), written(want); g != w {
				r.Fatalf("%s:\ngot  %s\nwant %s", what, g, w)
			}
		}
		addresses := rapid.Map(rapid.IntRange(0, 5), func(i int) channels.Address { return address(fmt.Sprint(i)) })
		staff := rapid.SampledFrom([]desk.StaffID{"sana", "adil"})
		receipts := rapid.Custom(func(r *rapid.T) channels.Receipt {
			told := channels.Receipt{
				ID:    rapid.StringN(0, 2, -1).Draw(r, "id"),
				State: rapid.SampledFrom([]channels.Delivery{"", channels.Sent, channels.Delivered, channels.Read, channels.Played, channels.Failed, channels.Uncertain}).Draw(r, "state"),
				At:    at(rapid.IntRange(0, 9).Draw(r, "at")),
				Price: rapid.SampledFrom([]string{"", "service", "utility"}).Draw(r, "price"),
			}
			if told.State == channels.Failed {
				told.Problem = channels.Rejected
			}
			if rapid.Bool().Draw(r, "learned") {
				told.Learned = []channels.Address{addresses.Draw(r, "address")}
			}
			return told
		})

		r.Repeat(map[string]func(*rapid.T){
			"turn": func(r *rapid.T) {
				a := addresses.Draw(r, "from")
				th, err := s.Thread(ctx, a)
				ok(r, err)
				if known := m.threads[m.owner[a]]; known != nil {
					agree(r, "thread", th, known.Thread)
				} else if th.Version != 0 {
					r.Fatalf("a thread of nobody has version %d", th.Version)
				}
				switch rapid.IntRange(0, 9).Draw(r, "reading") {
				case 0:
					th.Version++
				case 1:
					th.Version = 0
				case 2:
					if further := addresses.Draw(r, "alias"); !slices.Contains(th.Addresses, further) {
						th.Addresses = append(th.Addresses, further)
					}
				case 3:
					th.Addresses = []channels.Address{a}
					th.Reply = a
				}
				th.State = []byte(rapid.String().Draw(r, "state"))
				if len(th.State) == 0 {
					th.State = nil
				}
				switch rapid.IntRange(0, 4).Draw(r, "case") {
				case 0:
					m.counter++
					c := desk.New(desk.CaseID(fmt.Sprint("case-", m.counter)), desk.Asked, desk.Rank(rapid.IntRange(0, 3).Draw(r, "rank")), nil, m.tick(0))
					th.Case = &c
				case 1:
					if th.Case != nil {
						c, err := th.Case.Apply(desk.Close{Outcome: desk.Advised}, desk.Program, m.tick(0))
						if err == nil {
							th.Case = &c
						}
					}
				}
				if th.LastSeq > 0 && (th.Comment == nil || th.Comment.Seq < th.LastSeq) && rapid.Bool().Draw(r, "an entry since it was read") {
					th.LastSeq--
				}
				switch rapid.IntRange(0, 5).Draw(r, "comment") {
				case 0:
					th.Comment = &store.Comment{
						ID: rapid.String().Draw(r, "comment id"), Post: rapid.String().Draw(r, "post"), State: store.CommentNew,
						Said: m.tick(rapid.IntRange(-3, 3).Draw(r, "said")), Seq: th.LastSeq + uint64(rapid.IntRange(0, 2).Draw(r, "words")),
					}
				case 1:
					if th.Comment != nil {
						c := *th.Comment
						c.Edited, c.Seq = true, th.LastSeq+1
						c.Private = store.Reply{State: store.ReplyWaiting, By: staff.Draw(r, "by"), At: m.tick(0)}
						th.Comment = &c
					}
				case 2:
					th.Comment = nil
				}
				turn := store.Turn{Thread: th}
				for range rapid.IntRange(0, 2).Draw(r, "entries") {
					e := store.Entry{Seq: 1, Text: rapid.String().Draw(r, "text")}
					if rapid.Bool().Draw(r, "with a file") {
						e.Media = []channels.Media{{ID: rapid.SampledFrom(fileIDs).Draw(r, "file")}}
						e.Author = rapid.SampledFrom([]store.Author{store.Staff, store.Person}).Draw(r, "author")
					}
					turn.Entries = append(turn.Entries, e)
				}
				for _, id := range rapid.SliceOfN(rapid.IntRange(0, 30), 0, 2).Draw(r, "events") {
					turn.Events = append(turn.Events, store.EventKey{Channel: "web", ID: fmt.Sprint(id)})
				}
				for i := range rapid.IntRange(0, 3).Draw(r, "jobs") {
					j := job(th, i, rapid.SampledFrom([]string{"a", "b", "c", string(th.ID)}).Draw(r, "lane"), m.tick(rapid.IntRange(-3, 3).Draw(r, "due")))
					j.Priority = store.Priority(rapid.IntRange(-1, 2).Draw(r, "priority"))
					turn.Jobs = append(turn.Jobs, j)
					m.allJobs = append(m.allJobs, j.Key)
				}
				for range rapid.IntRange(0, 2).Draw(r, "counts") {
					turn.Counts = append(turn.Counts, store.Count{
						Day:  rapid.SampledFrom([]store.Day{"2031-05-04", "2031-05-31", "2031-06-01"}).Draw(r, "day"),
						Name: store.CountMessages, N: uint64(rapid.IntRange(0, 3).Draw(r, "n")),
						Cell: store.Cell{store.ByLocale: rapid.SampledFrom([]string{"", "ur", "bn"}).Draw(r, "locale"), store.ByChannel: "web"},
					})
				}
				if rapid.Bool().Draw(r, "once") {
					turn.Counts = append(turn.Counts, store.Count{
						Day:  rapid.SampledFrom([]store.Day{"2031-05-04", "2031-05-31", "2031-06-01"}).Draw(r, "day"),
						Name: store.CountPeople, N: 1, Once: true,
					})
				}
				if len(m.allJobs) > 0 {
					turn.Cancel = rapid.SliceOfN(rapid.SampledFrom(m.allJobs), 0, 2).Draw(r, "cancel")
				}
				got, want := s.Commit(ctx, turn), m.commit(turn)
				var g, w *store.TakenError
				switch {
				case errors.As(want, &w):
					if !errors.As(got, &g) || *g != *w {
						r.Fatalf("commit: got %v, want %v", got, want)
					}
				case !errors.Is(got, want):
					r.Fatalf("commit: got %v, want %v", got, want)
				}
				m.everyone = append(m.everyone, th.ID)
			},
			"lease": func(r *rapid.T) {
				n := rapid.IntRange(0, 4).Draw(r, "n")
				until := m.tick(rapid.IntRange(1, 5).Draw(r, "for"))
				got, err := s.Lease(ctx, m.clock, until, n)
				ok(r, err)
				free := m.free(m.clock)
				free = free[:min(n, len(free))]
				if len(got) != len(free) {
					r.Fatalf("%d jobs were leased, want %d", len(got), len(free))
				}
				for i, j := range free {
					if j.Tries++; got[i].Tries >= j.Tries-j.forgot && got[i].Tries < j.Tries {
						j.Tries = got[i].Tries
					}
					j.forgot = 0
					j.token, j.until = got[i].Token, until
					agree(r, "leased", got[i], store.Leased{Job: j.Job, Token: j.token, Until: until})
				}
				m.leases = append(m.leases, got...)
			},
			"settle": func(r *rapid.T) {
				if len(m.leases) == 0 {
					r.Skip("nothing was leased")
				}
				// Mostly one of the last, which may still be held.
				i := rapid.IntRange(max(0, len(m.leases)-5), len(m.leases)-1).Draw(r, "lease")
				o := rapid.SampledFrom([]store.Outcome{{Done: true}, {Failed: true}, {Again: m.tick(1)}, {Again: m.tick(-1)}}).Draw(r, "outcome")
				if rapid.Bool().Draw(r, "with an entry") {
					o.Entry = &store.Entry{Seq: 99, Text: rapid.String().Draw(r, "text")}
				}
				if rapid.Bool().Draw(r, "with a receipt") {
					told := receipts.Draw(r, "receipt")
					o.Receipt = &told
				}
				if got, want := s.Settle(ctx, m.leases[i], o), m.settle(m.leases[i], o); !errors.Is(got, want) {
					r.Fatalf("settle: got %v, want %v", got, want)
				}
			},
			"news of a message": func(r *rapid.T) {
				if len(m.everyone) == 0 || len(m.allJobs) == 0 {
					r.Skip("no message")
				}
				id := rapid.SampledFrom(m.everyone).Draw(r, "thread")
				// Mostly the same few, so that news meet.
				key := rapid.SampledFrom(m.allJobs[:min(3, len(m.allJobs))]).Draw(r, "key")
				told := receipts.Draw(r, "receipt")
				var e *store.Entry
				if rapid.Bool().Draw(r, "with an entry") {
					e = &store.Entry{Seq: 99, Text: rapid.String().Draw(r, "text")}
				}
				if got, want := s.PutReceipt(ctx, id, key, told, e), m.put(id, key, told, e); !errors.Is(got, want) {
					r.Fatalf("news of a message: got %v, want %v", got, want)
				}
			},
			"time passes": func(r *rapid.T) {
				m.clock = m.tick(rapid.IntRange(0, 3).Draw(r, "minutes"))
			},
			"erase": func(r *rapid.T) {
				if len(m.everyone) == 0 || rapid.IntRange(0, 2).Draw(r, "seldom") > 0 {
					r.Skip("nobody to erase")
				}
				id := rapid.SampledFrom(m.everyone).Draw(r, "thread")
				ok(r, s.Erase(ctx, id))
				m.erase(id)
			},
			"draft": func(r *rapid.T) {
				if len(m.everyone) == 0 {
					r.Skip("no thread")
				}
				id, by := rapid.SampledFrom(m.everyone).Draw(r, "thread"), staff.Draw(r, "by")
				text := rapid.SampledFrom([]string{"", "typed", "typed more"}).Draw(r, "text")
				err := s.PutDraft(ctx, id, by, text)
				if m.threads[id] == nil {
					if text != "" && !errors.Is(err, store.ErrNotFound) {
						r.Fatalf("a draft of nobody's thread: %v", err)
					}
					return
				}
				ok(r, err)
				m.threads[id].drafts[by] = text
			},
			"file": func(r *rapid.T) {
				if len(m.everyone) == 0 {
					r.Skip("no thread")
				}
				id, file := rapid.SampledFrom(m.everyone).Draw(r, "thread"), rapid.SampledFrom(fileIDs).Draw(r, "file")
				f := modelFile{File: store.File{ID: file, State: store.Kept, Name: rapid.String().Draw(r, "name"), At: m.tick(0)}, content: rapid.String().Draw(r, "content")}
				var got store.File
				var err error
				switch rapid.IntRange(0, 5).Draw(r, "how") {
				case 0:
					f.State = store.Gone
					got, err = s.NoteFile(ctx, id, f.File)
				case 1:
					f.State = store.Harmful
					got, err = s.KeepFile(ctx, id, file, strings.NewReader(f.content), says(f.File))
				case 2:
					f.staged = true
					got, err = s.StageFile(ctx, id, file, strings.NewReader(f.content), says(f.File))
				case 3:
					ok(r, s.DropFile(ctx, id, file))
					if th := m.threads[id]; th != nil {
						delete(th.files, file)
					}
					return
				case 4:
					was, err := s.EraseFile(ctx, id, file, f.At)
					th := m.threads[id]
					if th == nil || th.files[file].ID == "" {
						if !errors.Is(err, store.ErrNotFound) {
							r.Fatalf("erasing a file that is not there: %v", err)
						}
						return
					}
					ok(r, err)
					agree(r, "was there to erase", was, th.files[file].State == store.Kept)
					if was {
						th.files[file] = modelFile{File: store.File{ID: file, State: store.Erased, At: f.At}}
					}
					return
				default:
					got, err = s.KeepFile(ctx, id, file, strings.NewReader(f.content), says(f.File))
				}
				want, wantErr := m.file(id, f)
				if !errors.Is(err, wantErr) {
					r.Fatalf("keeping a file: got %v, want %v", err, wantErr)
				}
				agree(r, "kept", got, want)
			},
			"small": func(r *rapid.T) {
				k := rapid.StringN(0, 2, -1).Draw(r, "key")
				if rapid.Bool().Draw(r, "remove") {
					ok(r, s.Remove(ctx, "session", k))
					delete(m.small, k)
					return
				}
				v := rapid.String().Draw(r, "value")
				until := rapid.SampledFrom([]time.Time{{}, noon, time.Unix(1, 0)}).Draw(r, "until")
				ok(r, s.Put(ctx, "session", k, []byte(v), until))
				m.small[k] = v
				if until.Unix() == 1 {
					delete(m.small, k)
				}
			},
			"sweep": func(r *rapid.T) { ok(r, s.Sweep(ctx, time.Now())) },
			"open again": func(r *rapid.T) {
				if rapid.IntRange(0, 3).Draw(r, "seldom") > 0 {
					r.Skip("not now")
				}
				s = reopen(t, s)
				for _, j := range m.jobs { // whoever held them has ended
					j.token, j.until, j.forgot = "", time.Time{}, j.Tries-j.kept
				}
				m.ended()
			},
			"": func(r *rapid.T) {
				for _, id := range m.everyone {
					th, err := s.ThreadByID(ctx, id)
					want := m.threads[id]
					if want == nil {
						if !errors.Is(err, store.ErrNotFound) {
							r.Fatalf("a thread that is not there: %v", err)
						}
						continue
					}
					ok(r, err)
					agree(r, "thread", th, want.Thread)
					es, err := s.Entries(ctx, id, 0, 1<<20)
					ok(r, err)
					var texts []string
					for i, e := range es {
						if e.Seq != uint64(i+1) {
							r.Fatalf("entry %d has Seq %d", i+1, e.Seq)
						}
						texts = append(texts, e.Text)
					}
					agree(r, "entries", texts, want.entries)
					rs, err := s.Receipts(ctx, id)
					ok(r, err)
					agree(r, "receipts", rs, want.receipts)
					for key, known := range want.receipts {
						one, is, err := s.Receipt(ctx, id, key)
						ok(r, err)
						agree(r, "receipt", []any{one, is}, []any{known, true})
					}
					files, err := s.Files(ctx, id)
					ok(r, err)
					known := map[string]store.File{}
					for file, f := range want.files {
						known[file] = f.File
						_, c, err := s.OpenFile(ctx, id, file)
						ok(r, err)
						if (c != nil) != (f.State == store.Kept) {
							r.Fatalf("a file of state %s has content: %v", f.State, c != nil)
						}
						if c != nil {
							b, err := io.ReadAll(c)
							ok(r, err)
							ok(r, c.Close())
							agree(r, "content", string(b), f.content)
						}
					}
					agree(r, "files", files, known)
					for _, by := range []desk.StaffID{"sana", "adil"} {
						d, err := s.Draft(ctx, id, by)
						ok(r, err)
						agree(r, "draft", d, want.drafts[by])
					}
				}
				for i := range 6 {
					th, err := s.Thread(ctx, address(fmt.Sprint(i)))
					ok(r, err)
					if owner, is := m.owner[address(fmt.Sprint(i))]; is && th.ID != owner || is == (th.Version == 0) {
						r.Fatalf("address %d leads to %s of version %d, want %s", i, th.ID, th.Version, owner)
					}
				}
				for i := range 31 {
					e := store.EventKey{Channel: "web", ID: fmt.Sprint(i)}
					seen, err := s.Seen(ctx, e)
					ok(r, err)
					if _, want := m.events[e]; seen != want {
						r.Fatalf("event %d was seen: %v, want %v", i, seen, want)
					}
				}
				failed, err := s.FailedJobs(ctx, 1<<20)
				ok(r, err)
				agree(r, "failed jobs", failed, m.failedJobs())

				// Once it is past, when exactly it was does not matter.
				var want time.Time
				for _, j := range m.heads() {
					when := j.Due
					if j.token != "" {
						when = j.until
					}
					if when.Before(m.clock) {
						when = m.clock
					}
					if want.IsZero() || when.Before(want) {
						want = when
					}
				}
				due, is, err := s.NextDue(ctx)
				ok(r, err)
				if is && due.Before(m.clock) {
					due = m.clock
				}
				if is != (len(m.jobs) > 0) || !due.Equal(want) {
					r.Fatalf("next due %v (%v), want %v", due, is, want)
				}

				for _, x := range []struct {
					what string
					rows func() ([]store.Row, error)
					want []*modelThread
				}{
					{"open cases", func() ([]store.Row, error) { return s.OpenCases(ctx) }, m.queue()},
					{"closed cases", func() ([]store.Row, error) { return s.ClosedCases(ctx, 100) }, m.closed()},
				} {
					rows, err := x.rows()
					ok(r, err)
					var want []store.Row
					for _, th := range x.want {
						want = append(want, store.Row{
							Thread: th.ID, Version: th.Version, Channel: th.Reply.Channel, Case: *th.Case,
							State: th.State, LastHeard: th.LastHeard, LastSeq: th.LastSeq, Blocked: th.Blocked,
						})
					}
					agree(r, x.what, rows, want)
				}
				for _, since := range []time.Time{{}, m.clock} {
					for _, n := range []int{2, 100} {
						rows, err := s.OpenComments(ctx, since, n)
						ok(r, err)
						agree(r, "comments", rows, m.comments(since, n))
					}
				}
				waiting, err := s.WaitingComments(ctx)
				ok(r, err)
				agree(r, "comments that wait", waiting, m.waiting())
				for id, want := range m.cases {
					got, err := s.ThreadOfCase(ctx, id)
					ok(r, err)
					agree(r, "thread of a case", got, want)
				}
				all, err := s.All(ctx, "session")
				ok(r, err)
				values := map[string]string{}
				for k, v := range all {
					values[k] = string(v)
				}
				agree(r, "small records", values, m.small)
				ts, err := s.Tallies(ctx, "2031-01-01", "2031-12-31")
				ok(r, err)
				tallies := map[string]uint64{}
				for _, x := range ts {
					tallies[tallied(x.Day, x.Name, x.Cell)] = x.N
				}
				agree(r, "counters", tallies, m.tallies)
			},
		})
	})
}

func (m *model) failedJobs() []store.Job {
	if len(m.failed) == 0 {
		return nil
	}
	return m.failed
}
