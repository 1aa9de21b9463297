// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"sarai/desk"
	"sarai/store"
)

// How long what somebody reads counts as one reading: a page asks again and
// again for what changed, and the audit would hold little else.
const (
	viewWindow = 5 * time.Minute
	listWindow = time.Hour
)

const (
	maxUnwritten = 1024            // acts that wait to be written down, before nothing more is shown
	writtenAtOf  = 128             // acts that are written in one commit
	writeAgain   = time.Second     // after it failed
	maxReadings  = 4096            // readings that are remembered before those that are over are forgotten
	lockWindow   = tryWindow       // a sign-in name that is locked is written down once in it
	maxFailures  = 60              // failed sign-ins that are written down in failWindow
	failWindow   = time.Minute     // a made-up name costs whoever tries it nothing
	flushFor     = 5 * time.Second // how long a stop waits for what is not written yet
)

// errUnwritten means that the audit cannot be written now: what it would hold
// is not shown.
var errUnwritten = errors.New("console: the audit cannot be written")

// A journal writes down what was read, behind the pages: they wait for no disk.
// What waits is bounded and kept until it is written; while that fails nothing
// that would have to be written down is shown. It is safe for concurrent use.
type journal struct {
	audit store.Audit
	log   *slog.Logger
	now   func() time.Time
	wake  chan struct{}
	ended chan struct{}

	mu        sync.Mutex
	read      map[reading]time.Time
	unwritten []store.Act
	failed    bool
	closed    bool
	failures  int // sign-ins, since failsSince
	since     time.Time
}

// A reading is what counts once in its window.
type reading struct {
	by     desk.StaffID
	what   store.Deed
	thread store.ThreadID
	on     string
}

func newJournal(audit store.Audit, log *slog.Logger, now func() time.Time) *journal {
	j := &journal{
		audit: audit, log: log, now: now, read: map[reading]time.Time{},
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	go j.run()
	return j
}

// once has an act written down unless the same one was within the window. It
// fails if what was read before cannot be written, or too much waits.
func (j *journal) once(a store.Act, window time.Duration) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.kick()
	if j.failed || j.closed {
		return errUnwritten
	}
	k := reading{a.By, a.What, a.Thread, a.On + a.Why + a.Login}
	a.At = j.now()
	if last, ok := j.read[k]; ok && a.At.Sub(last) < window && !a.At.Before(last) {
		return nil
	}
	if len(j.unwritten) >= maxUnwritten {
		return store.ErrBusy
	}
	if len(j.read) >= maxReadings {
		for k, last := range j.read {
			if a.At.Sub(last) >= listWindow {
				delete(j.read, k)
			}
		}
	}
	j.read[k] = a.At
	j.unwritten = append(j.unwritten, a)
	return nil
}

// later has an act written down that nobody waits for.
func (j *journal) later(a store.Act) {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.kick()
	a.At = j.now()
	if len(j.unwritten) < maxUnwritten && !j.closed {
		j.unwritten = append(j.unwritten, a)
	}
}

// signInFailed has a failed sign-in written down; of very many in a minute, that
// there were more.
func (j *journal) signInFailed(login string) {
	j.mu.Lock()
	now := j.now()
	if now.Sub(j.since) >= failWindow || now.Before(j.since) {
		j.since, j.failures = now, 0
	}
	j.failures++
	n := j.failures
	j.mu.Unlock()
	switch {
	case n <= maxFailures:
		j.later(store.Act{What: store.DidFail, Login: login})
	case n == maxFailures+1:
		j.later(store.Act{What: store.DidFail, Why: "more"})
	}
}

// kick wakes the writer; j.mu is held.
func (j *journal) kick() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

func (j *journal) run() {
	defer close(j.ended)
	for tries := 0; ; {
		j.mu.Lock()
		some := slices.Clone(j.unwritten[:min(len(j.unwritten), writtenAtOf)])
		closed := j.closed
		j.mu.Unlock()
		if len(some) == 0 {
			if closed {
				return
			}
			<-j.wake
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), flushFor)
		err := j.audit.AppendActs(ctx, some...)
		cancel()
		j.mu.Lock()
		if err == nil {
			j.unwritten = slices.Delete(j.unwritten, 0, len(some))
		}
		if failed := err != nil && !errors.Is(err, store.ErrBusy); failed != j.failed {
			j.failed = failed
			if failed {
				j.log.Error("desk: the audit cannot be written; no talk is shown until it can", "err", err)
			}
		}
		left := len(j.unwritten)
		j.mu.Unlock()
		if err == nil {
			tries = 0
			continue
		}
		if tries++; closed && tries > 2 {
			j.log.Error("desk: stopped with acts that the audit does not hold", "acts", left)
			return
		}
		again := time.NewTimer(writeAgain)
		select {
		case <-j.wake:
		case <-again.C:
		}
		again.Stop()
	}
}

// close writes what is not written yet, and ends.
func (j *journal) close() {
	j.mu.Lock()
	j.closed = true
	j.kick()
	j.mu.Unlock()
	<-j.ended
}

// Close ends the linking of a phone that is under way, and writes down what was
// read and is not in the audit yet. It is called
// before the store is closed, when no request is under way any more; afterwards
// no talk is shown.
func (c *Console) Close() {
	c.linking.stop()
	c.journal.close()
}

// writing writes an act down and then does it. What cannot be written down is
// not done; what then failed is written down as not done.
func (c *Console) writing(ctx context.Context, a store.Act, do func() error) error {
	a.At = c.Now()
	if err := c.Store.AppendActs(ctx, a); err != nil {
		return err
	}
	err := do()
	if err != nil {
		c.notDone(ctx, a)
	}
	return err
}

// notDone writes down that what was written down as done failed.
func (c *Console) notDone(ctx context.Context, a store.Act) {
	a.At, a.What, a.Why, a.Login = c.Now(), store.DidNotDone, string(a.What), ""
	if c.Store.AppendActs(context.WithoutCancel(ctx), a) != nil {
		c.journal.later(a)
	}
}

// opened has it written down that the member opens a file of a talk.
func (c *Console) opened(v *visit, th store.Thread, file string) error {
	a := store.Act{By: v.me.ID, What: store.DidOpenFile, Thread: th.ID, On: file}
	if th.Case != nil {
		a.Case = th.Case.ID
	}
	return c.journal.once(a, viewWindow)
}

// viewed has it written down that the member reads a talk.
func (c *Console) viewed(v *visit, th store.Thread, what store.Deed) error {
	a := store.Act{By: v.me.ID, What: what, Thread: th.ID}
	if th.Case != nil {
		a.Case = th.Case.ID
	}
	return c.journal.once(a, viewWindow)
}

// auditRows is how many records a page shows.
const auditRows = 100

type auditPage struct {
	frame
	Rows    []auditRow
	Staff   []choice
	Deeds   []choice
	By, Did string
	Day     string
	Talk    store.ThreadID
	Zone    string
	Older   string // where the next page is
	Check   string // where the chain is checked
	Whole   string // what was found
	Broken  string
}

type auditRow struct {
	Seq       uint64
	At        moment
	Minute    string
	Who, What string
	On, Why   string
	Talk      store.ThreadID
	TalkShort string
	Gone      bool // the talk is erased
	Hash      string
}

// auditPage shows what was done, newest first, of one member, one kind, one day
// or one talk.
func (c *Console) auditPage(v *visit) error {
	ctx, q := v.r.Context(), v.r.URL.Query()
	if err := c.journal.once(store.Act{By: v.me.ID, What: store.DidReadAudit}, listWindow); err != nil {
		return err
	}
	zone := v.zone("")
	p := auditPage{frame: v.frame("desk.audit.title"), By: q.Get("by"), Did: q.Get("what"), Talk: store.ThreadID(q.Get("talk")), Zone: zone.String()}
	p.Here = "audit"
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	f := store.RecordFilter{By: desk.StaffID(p.By), What: store.Deed(p.Did), Thread: p.Talk}
	if day, err := time.ParseInLocation("2006-01-02", q.Get("day"), zone); err == nil {
		p.Day, f.From, f.Until = q.Get("day"), day, day.AddDate(0, 0, 1)
	}
	members, err := c.Store.Members(ctx)
	if err != nil {
		return err
	}
	called := v.called(members)
	for _, m := range members {
		p.Staff = append(p.Staff, choice{string(m.ID), m.Name})
	}
	for _, id := range []desk.StaffID{desk.Program, store.Operator} {
		p.Staff = append(p.Staff, choice{string(id), called[id]})
	}
	for _, d := range deeds() {
		p.Deeds = append(p.Deeds, choice{string(d), v.t("desk.deed." + string(d))})
	}
	before, _ := strconv.ParseUint(q.Get("before"), 10, 64)
	records, err := c.Store.Records(ctx, f, before, auditRows+1)
	if err != nil {
		return err
	}
	if len(records) > auditRows {
		records = records[:auditRows]
		p.Older = auditPath(p, "before", strconv.FormatUint(records[auditRows-1].Seq, 10))
	}
	p.Check = auditPath(p, "check", "1")
	logins := map[string]string{}
	for _, m := range members {
		logins[c.Store.LoginHash(m.Login)] = m.Name
	}
	there := map[store.ThreadID]bool{}
	for _, r := range records {
		if _, ok := there[r.Thread]; !ok && r.Thread != "" {
			_, err := c.Store.ThreadByID(ctx, r.Thread)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			there[r.Thread] = err == nil
		}
		x := auditRow{
			Seq: r.Seq, At: v.moment(r.At, zone), Minute: r.At.In(zone).Format("2006-01-02 15:04"), Who: cmp.Or(called[r.By], string(r.By)), What: v.deed(r.What), Why: v.why(r),
			On: cmp.Or(called[desk.StaffID(r.On)], short(r.On, 12)), Talk: r.Thread, TalkShort: short(string(r.Thread), 6), Gone: !there[r.Thread],
			Hash: hex.EncodeToString(r.Hash[:4]),
		}
		if r.Login != "" {
			x.On = cmp.Or(logins[r.Login], v.t("desk.audit.unknown", "Hash", r.Login[:8]))
		}
		p.Rows = append(p.Rows, x)
	}
	if q.Get("check") != "" {
		chain, err := c.Store.VerifyRecords(ctx)
		switch {
		case err != nil:
			return err
		case chain.Broken != 0:
			p.Broken = v.t("desk.audit.broken", "N", chain.Broken)
		default:
			p.Whole = v.t("desk.audit.whole", "N", chain.Records, "Hash", hex.EncodeToString(chain.Last[:8]))
		}
	}
	return v.show(http.StatusOK, "audit", p)
}

// auditPath is the page of a filter, with one more value.
func auditPath(p auditPage, key, value string) string {
	q := url.Values{key: {value}}
	for k, v := range map[string]string{"by": p.By, "what": p.Did, "day": p.Day, "talk": string(p.Talk)} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return "/desk/audit?" + q.Encode()
}

// called gives what all who can act are called.
func (v *visit) called(members []store.Member) map[desk.StaffID]string {
	called := names(members)
	called[desk.Program], called[store.Operator] = v.t("desk.author.program"), v.t("desk.audit.operator")
	return called
}

// deed gives the word for a deed; a newer program's own word is better than none.
func (v *visit) deed(d store.Deed) string {
	if !slices.Contains(deeds(), d) {
		return string(d)
	}
	return v.t("desk.deed." + string(d))
}

// whys are the fixed words of acts, by the phrase for each.
var whys = map[string]string{
	"wish": "desk.why.wish", "age": "desk.why.age", "desk": "desk.why.desk", "command": "desk.audit.operator",
	"notes": "desk.export.notes", "more": "desk.why.more", "recovery": "desk.why.recovery",
	string(store.Counsellor): "desk.role.counsellor", string(store.Administrator): "desk.role.administrator",
	listWaiting: "desk.list.waiting", listMine: "desk.list.mine", listOthers: "desk.list.others", listClosed: "desk.list.closed",
	listKeeping: "desk.keep.title", "qr": "desk.why.qr", "code": "desk.why.code",
}

func (v *visit) why(r store.Record) string {
	if r.What == store.DidNotDone {
		return v.deed(store.Deed(r.Why))
	}
	if id, ok := whys[r.Why]; ok {
		return v.t(id)
	}
	return r.Why
}
