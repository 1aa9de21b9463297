// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"archive/zip"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"sarai/export"
	"sarai/store"
)

// listKeeping is the list of the talks that leave and of those that are held.
const listKeeping = "keeping"

// errNotYours means that only administrators and the holder of the case may.
var errNotYours = errors.New("console: only for administrators and the holder")

// keeper gives the thread of the request to those who may say how long it is
// kept, and hand out or erase all of it: administrators, and whoever holds its case.
func (c *Console) keeper(v *visit) (store.Thread, error) {
	th, err := c.talk(v)
	if err == nil && !mayKeep(v.me, th) {
		err = errNotYours
	}
	return th, err
}

func mayKeep(m store.Member, th store.Thread) bool {
	return m.Role == store.Administrator || holds(m, th)
}

// A keepingView says what will become of a talk.
type keepingView struct {
	Thread store.ThreadID
	Leaves moment
	Day    string // of Leaves
	Held   moment
	By     string
	Reason string
	May    bool // the member may hold, lift, export and erase
	Admin  bool
}

func (v *visit) keeping(th store.Thread, members []store.Member) keepingView {
	zone := v.zone(th.Centre)
	x := keepingView{Thread: th.ID, Leaves: v.moment(th.Keeping.Leaves, zone), May: mayKeep(v.me, th), Admin: v.me.Role == store.Administrator}
	if !th.Keeping.Leaves.IsZero() {
		x.Day = th.Keeping.Leaves.In(zone).Format("2006-01-02")
		x.Leaves.Exact = apart(x.Leaves.Exact)
	}
	if h := th.Keeping.Hold; h != nil {
		x.Held, x.By, x.Reason = v.moment(h.At, zone), v.called(members)[h.By], h.Reason
		x.Held.Exact = apart(x.Held.Exact)
	}
	return x
}

// apart keeps a date together in a sentence of whatever direction.
func apart(s string) string { return "\u2068" + s + "\u2069" }

// leaving counts the talks near their end. Every page of the queue asks for it,
// and it changes by the day.
type leaving struct {
	mu  sync.Mutex
	at  time.Time
	ths []store.Thread
}

const leavingAge = time.Minute

// forget has the talks asked for anew: one was held, lifted or erased.
func (l *leaving) forget() {
	l.mu.Lock()
	l.at = time.Time{}
	l.mu.Unlock()
}

// maxKept bounds the lists of talks that leave and of those that are held.
const maxKept = 500

// leavingFor gives the talks that will be erased soon and that the member may see.
func (c *Console) leavingFor(ctx context.Context, m store.Member, fresh bool) ([]store.Thread, error) {
	c.leaving.mu.Lock()
	defer c.leaving.mu.Unlock()
	if now := c.Now(); fresh || c.leaving.at.IsZero() || now.Sub(c.leaving.at) >= leavingAge || now.Before(c.leaving.at) {
		ths, err := c.Store.Leaving(ctx, maxKept)
		if err != nil {
			return nil, err
		}
		c.leaving.at, c.leaving.ths = now, ths
	}
	return slices.DeleteFunc(slices.Clone(c.leaving.ths), func(th store.Thread) bool { return !mayRead(m, th.Centre) }), nil
}

type retentionPage struct {
	frame
	Leaving, Held []keptRow
	Unseen        int
}

// A keptRow is a talk of which it is known when it ends, or that somebody holds.
type keptRow struct {
	Row  row
	Keep keepingView
}

// retentionPage lists the talks that will be erased soon, and those that are held.
func (c *Console) retentionPage(v *visit) error {
	ctx := v.r.Context()
	if err := c.journal.once(store.Act{By: v.me.ID, What: store.DidList, Why: listKeeping}, listWindow); err != nil {
		return err
	}
	p := retentionPage{frame: v.frame("desk.keep.title")}
	p.Here = "keeping"
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	members, err := c.Store.Members(ctx)
	if err != nil {
		return err
	}
	leave, err := c.leavingFor(ctx, v.me, true)
	if err != nil {
		return err
	}
	held, err := c.Store.Held(ctx, maxKept)
	if err != nil {
		return err
	}
	if p.Unseen, err = c.Store.LeavingUnseen(ctx); err != nil {
		return err
	}
	rows := func(ths []store.Thread) (rows []keptRow, err error) {
		for _, th := range ths {
			if th.Case == nil || !mayRead(v.me, th.Centre) {
				continue
			}
			x, err := v.row(ctx, store.Row{
				Thread: th.ID, Version: th.Version, Channel: th.Reply.Channel, Centre: th.Centre, Case: *th.Case,
				State: th.State, LastHeard: th.LastHeard, LastSeq: th.LastSeq, Blocked: th.Blocked,
			}, v.called(members))
			if err != nil {
				return nil, err
			}
			rows = append(rows, keptRow{x, v.keeping(th, members)})
		}
		return rows, nil
	}
	if p.Leaving, err = rows(leave); err != nil {
		return err
	}
	if p.Held, err = rows(held); err != nil {
		return err
	}
	return v.show(http.StatusOK, "retention", p)
}

// hold keeps a talk for longer than the centre's days.
func (c *Console) hold(v *visit) error {
	th, err := c.keeper(v)
	if err != nil {
		return err
	}
	if err := c.Gateway.Hold(v.r.Context(), th.ID, v.me.ID, typed(v.r.PostForm.Get("reason"))); err != nil {
		status, phrase := v.refusal(err)
		return c.refuse(v, th, status, phrase)
	}
	c.leaving.forget()
	v.redirect(talkPath(th.ID) + "?did=done#keeping")
	return nil
}

// lift ends a hold.
func (c *Console) lift(v *visit) error {
	th, err := c.keeper(v)
	if err != nil {
		return err
	}
	if err := c.Gateway.Lift(v.r.Context(), th.ID, v.me.ID); err != nil {
		return err
	}
	c.leaving.forget()
	v.redirect(talkPath(th.ID) + "?did=done#keeping")
	return nil
}

// A giveView is the page on which somebody confirms that a talk is erased, or
// has it exported.
type giveView struct {
	frame
	Case   store.ThreadID
	Linked int
	Held   bool
}

func (c *Console) showGive(v *visit, name, title string, th store.Thread, status int, problem string) error {
	open, err := c.open(v.r.Context(), v.me)
	if err != nil {
		return err
	}
	p := giveView{frame: v.frame(title), Case: th.ID, Linked: len(th.Linked), Held: th.Keeping.Hold != nil}
	p.Here, p.Waiting, p.Problem = "queue", counts(open, v.me.ID), problem
	return v.show(status, name, p)
}

// erasePage says what erasing does and asks whether it shall be done.
func (c *Console) erasePage(v *visit) error {
	th, err := c.keeper(v)
	if err != nil {
		return err
	}
	return c.showGive(v, "erase", "desk.erase.title", th, http.StatusOK, "")
}

// erase has a talk erased at once. Nobody can take it back.
func (c *Console) erase(v *visit) error {
	th, err := c.keeper(v)
	if err != nil {
		return err
	}
	status, phrase := http.StatusUnprocessableEntity, "desk.error.empty"
	if v.r.PostForm.Get("sure") == "1" {
		err := c.Gateway.Erase(v.r.Context(), th.ID, v.me.ID)
		if err == nil {
			c.leaving.forget()
			v.redirect("/desk?did=erased")
			return nil
		}
		status, phrase = v.refusal(err)
	}
	return c.showGive(v, "erase", "desk.erase.title", th, status, v.t(phrase))
}

func (c *Console) exportPage(v *visit) error {
	th, err := c.keeper(v)
	if err != nil {
		return err
	}
	return c.showGive(v, "export", "desk.export.title", th, http.StatusOK, "")
}

// export gives all that is kept of a talk as one file, for the person.
func (c *Console) export(v *visit) error {
	th, err := c.keeper(v)
	if err != nil {
		return err
	}
	a := store.Act{By: v.me.ID, What: store.DidExport, Thread: th.ID}
	if th.Case != nil {
		a.Case = th.Case.ID
	}
	o := export.Options{
		Store: c.Store, Catalogue: c.Gateway.Catalogue(), Phrases: c.Phrases, Now: c.Now(), Notes: v.r.PostForm.Get("notes") == "1",
	}
	if o.Notes {
		a.Why = "notes"
	}
	d := &download{w: v.w, name: "sarai-" + short(string(th.ID), 6) + "-" + c.Now().UTC().Format("2006-01-02") + ".zip"}
	err = c.writing(v.r.Context(), a, func() error {
		z := zip.NewWriter(d)
		if err := export.Write(v.r.Context(), z, o, th.ID); err != nil {
			return err
		}
		return z.Close()
	})
	if err != nil && d.begun {
		// The browser must see that the file is not whole.
		if v.r.Context().Err() == nil { // else whoever asked has gone
			c.Log.Error("desk: an export broke off", "thread", th.ID, "err", err)
		}
		panic(http.ErrAbortHandler)
	}
	return err
}

// A download is an answer that becomes a file when something is written to it:
// until then it can still be a page that says what is wrong.
type download struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

func (d *download) Write(b []byte) (int, error) {
	if !d.begun {
		d.begun = true
		h := d.w.Header()
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		d.w.WriteHeader(http.StatusOK)
	}
	return d.w.Write(b)
}
