// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

// The lists of the queue page.
const (
	listWaiting = "waiting"
	listMine    = "mine"
	listOthers  = "others"
	listClosed  = "closed"
)

// maxRows bounds a list: nobody reads further, and each row reads what the
// person wrote last.
const maxRows = 200

// closedRows is how many closed cases are listed.
const closedRows = 100

// How much of somebody's words a list shows. Of an urgent case less: a list is
// read over shoulders.
const (
	previewLong  = 120
	previewShort = 60
)

// counted says how many cases are where, of those that the member may see.
type counted struct {
	Waiting, Urgent   int
	Mine, MineWaiting int // MineWaiting: held by the member, whose person has written since
	Others            int
}

// A mark is a small label with a colour.
type mark struct{ Class, Word string }

// A row is a case in a list.
type row struct {
	Thread   store.ThreadID
	Class    string // by rank
	Rank     string // in words, "" for the normal one
	Since    moment
	Due      bool // the person waits for us
	Language string
	Locale   content.Locale
	Where    string // origin, and where they are or go
	Channel  string
	Reason   string
	Words    string
	Tongue   string // of the words, with their script where it is not the usual one
	Kind     string // of a last message that has no words
	Holder   string
	Mine     bool
	Outcome  string
	Marks    []mark
}

type queuePage struct {
	frame
	List  string
	Rows  []row
	More  int
	Empty string
	Leave int // talks that will be erased soon
}

func (c *Console) toQueue(v *visit) error {
	v.redirect("/desk")
	return nil
}

func (c *Console) queuePage(v *visit) error { return c.showQueue(v, "queue") }
func (c *Console) rows(v *visit) error      { return c.showQueue(v, "queue-part") }

func (c *Console) showQueue(v *visit, name string) error {
	ctx := v.r.Context()
	list := v.r.URL.Query().Get("list")
	if list != listMine && list != listOthers && list != listClosed {
		list = listWaiting
	}
	p := queuePage{frame: v.frame("desk.queue.title"), List: list, Empty: v.t("desk.queue.empty")}
	p.Here = "queue"
	if err := c.journal.once(store.Act{By: v.me.ID, What: store.DidList, Why: list}, listWindow); err != nil {
		return err
	}
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	if p.Comments, err = c.waitingComments(ctx, v.me); err != nil {
		return err
	}
	chosen := slices.DeleteFunc(slices.Clone(open), func(r store.Row) bool { return listOf(r.Case, v.me.ID) != list })
	if list == listClosed {
		if chosen, err = c.Store.ClosedCases(ctx, closedRows); err != nil {
			return err
		}
		chosen = slices.DeleteFunc(chosen, func(r store.Row) bool { return !mayRead(v.me, r.Centre) })
	}
	if list == listMine { // whom I owe an answer first, then as in the queue
		slices.SortStableFunc(chosen, func(a, b store.Row) int {
			switch {
			case due(a) == due(b):
				return 0
			case due(a):
				return -1
			default:
				return 1
			}
		})
	}
	if len(chosen) > maxRows {
		p.More, chosen = len(chosen)-maxRows, chosen[:maxRows]
	}
	leave, err := c.leavingFor(ctx, v.me, false)
	if err != nil {
		return err
	}
	p.Leave = len(leave)
	names, err := v.names(ctx)
	if err != nil {
		return err
	}
	for _, r := range chosen {
		x, err := v.row(ctx, r, names)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, x)
	}
	return v.show(http.StatusOK, name, p)
}

// open gives the open cases that a member may see, in the order of the queue.
func (c *Console) open(ctx context.Context, m store.Member) ([]store.Row, error) {
	rows, err := c.Store.OpenCases(ctx)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r store.Row) bool { return !mayRead(m, r.Centre) })
	slices.SortStableFunc(rows, func(a, b store.Row) int {
		switch {
		case desk.Before(a.Case, b.Case):
			return -1
		case desk.Before(b.Case, a.Case):
			return 1
		}
		return 0
	})
	return rows, nil
}

// listOf says in which list an open case stands for a member. A case whose
// holder is away stands among those that wait, since anybody may take it.
func listOf(c desk.Case, me desk.StaffID) string {
	switch {
	case !c.Open():
		return listClosed
	case c.Status == desk.Held && c.Holder == me:
		return listMine
	case c.Status == desk.Waiting || c.Away:
		return listWaiting
	default:
		return listOthers
	}
}

// due says that the person has acted since staff last wrote.
func due(r store.Row) bool { return r.Case.Spoke.IsZero() || r.LastHeard.After(r.Case.Spoke) }

func counts(rows []store.Row, me desk.StaffID) counted {
	var n counted
	for _, r := range rows {
		switch listOf(r.Case, me) {
		case listWaiting:
			n.Waiting++
			if r.Case.Rank == desk.Urgent {
				n.Urgent++
			}
		case listMine:
			n.Mine++
			if due(r) {
				n.MineWaiting++
			}
		case listOthers:
			n.Others++
		}
	}
	return n
}

type countPage struct {
	Waiting  counted
	Comments commented
	Public   bool
}

// count answers with the numbers in the head of every page.
func (c *Console) count(v *visit) error {
	open, err := c.open(v.r.Context(), v.me)
	if err != nil {
		return err
	}
	p := countPage{Waiting: counts(open, v.me.ID), Public: c.Comments}
	if p.Comments, err = c.waitingComments(v.r.Context(), v.me); err != nil {
		return err
	}
	return v.show(http.StatusOK, "counts", p)
}

// names gives what colleagues are called, those too who have left, and the
// places in which staff answer past the desk.
func (v *visit) names(ctx context.Context) (map[desk.StaffID]string, error) {
	members, err := v.c.Store.Members(ctx)
	return v.called(members), err
}

// places are where staff answer past the desk, by the phrase for each.
var places = map[channels.Elsewhere]string{
	channels.PageInbox: "desk.place.inbox", channels.Phone: "desk.place.phone", channels.BusinessApp: "desk.place.app",
}

// called gives what all are called who can hold a case or say something.
func (v *visit) called(members []store.Member) map[desk.StaffID]string {
	called := make(map[desk.StaffID]string, len(members)+len(places))
	for _, m := range members {
		called[m.ID] = m.Name
	}
	for id, phrase := range places {
		called[desk.StaffID(id)] = v.t(phrase)
	}
	return called
}

var rankClasses = map[desk.Rank]string{desk.Urgent: "urgent", desk.Unheard: "unheard", desk.SameDay: "sameday"}

func rankClass(r desk.Rank) string {
	if c, ok := rankClasses[r]; ok {
		return c
	}
	return "normal"
}

// reason says in words why a case is there: its signals, or how it was opened.
func (v *visit) reason(c desk.Case) string {
	if len(c.Signals) == 0 {
		return v.reasonWord(c.Reason)
	}
	words := ""
	for i, s := range c.Signals {
		if i > 0 {
			words += " · "
		}
		words += v.signal(s)
	}
	return words
}

func (v *visit) row(ctx context.Context, r store.Row, names map[desk.StaffID]string) (row, error) {
	look := v.c.Gateway.Look(r.State)
	x := row{
		Thread: r.Thread, Class: rankClass(r.Case.Rank), Language: look.Locale.Name(), Locale: look.Locale,
		Where: v.where(look), Channel: v.channel(string(r.Channel)), Reason: v.reason(r.Case),
		Holder: names[r.Case.Holder], Mine: r.Case.Holder == v.me.ID && r.Case.Status == desk.Held, Due: r.Case.Open() && due(r),
	}
	if x.Class != "normal" {
		x.Rank = v.t("desk.rank." + x.Class)
	}
	zone := v.zone(r.Centre)
	switch {
	case !r.Case.Open():
		x.Class, x.Rank = "normal", ""
		x.Since, x.Holder = v.moment(r.Case.Closed, zone), names[r.Case.ClosedBy]
		x.Outcome = v.outcome(r.Case.Outcome)
	case r.Case.Status == desk.Held && !r.LastHeard.IsZero():
		x.Since = v.moment(r.LastHeard, zone)
	default:
		x.Since = v.moment(r.Case.Queued, zone)
	}
	if r.Case.Open() && r.Case.Away { // the mark names who
		x.Holder = ""
	}
	x.Marks = v.marks(r.Case, look, r.Blocked, names[r.Case.Holder])
	return x, v.preview(ctx, r, &x)
}

func (v *visit) outcome(o desk.Outcome) string {
	if !slices.Contains(desk.Outcomes(), o) {
		return string(o)
	}
	return v.t("desk.outcome." + string(o))
}

func (v *visit) where(look Look) string {
	arrow := "→ "
	if v.l.RTL() {
		arrow = "← "
	}
	switch {
	case look.Origin == "" && look.Destination == "":
		return ""
	case look.Destination == "" || look.Destination == look.Origin:
		return v.country(look.Origin)
	case look.Origin == "":
		return arrow + v.country(look.Destination)
	default:
		return "\u2068" + v.country(look.Origin) + "\u2069 " + arrow + "\u2068" + v.country(look.Destination) + "\u2069" // each by itself, whatever its script
	}
}

// marks are what a counsellor must know before opening a talk.
func (v *visit) marks(c desk.Case, look Look, blocked bool, called string) []mark {
	var ms []mark
	if blocked {
		ms = append(ms, mark{"blocked", v.t("desk.mark.blocked")})
	}
	if look.Quiet {
		ms = append(ms, mark{"quiet", v.t("desk.mark.quiet")})
	}
	if c.WantsOut {
		ms = append(ms, mark{"out", v.t("desk.mark.out")})
	}
	if c.Refused {
		ms = append(ms, mark{"refused", v.t("desk.mark.refused")})
	}
	if c.Away && c.Open() {
		ms = append(ms, mark{"away", v.t("desk.mark.away", "Name", called)})
	}
	return ms
}

// lastWindow is how far back the person's last words are looked for.
const lastWindow = 40

// preview puts the first of what the person wrote last into the row.
func (v *visit) preview(ctx context.Context, r store.Row, x *row) error {
	after := uint64(0)
	if r.LastSeq > lastWindow {
		after = r.LastSeq - lastWindow
	}
	entries, err := v.c.Store.Entries(ctx, r.Thread, after, lastWindow)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(entries) {
		if e.Author != store.Person || e.Kind == channels.Start || e.Kind == channels.Reaction {
			continue
		}
		pressed := e.Kind == channels.Choice
		if pressed && x.Words != "" {
			continue
		}
		n := previewLong
		if r.Case.Rank == desk.Urgent {
			n = previewShort
		}
		x.Words, x.Tongue = short(e.Text, n), tongue(e.Locale, e.Text)
		if x.Words == "" {
			x.Kind = v.kind(e)
		}
		if !pressed { // own words say more than a button's
			return nil
		}
	}
	return nil
}

// kind says what somebody sent that is not only words.
func (v *visit) kind(e store.Entry) string {
	if !known[e.Kind] {
		return ""
	}
	kind := e.Kind
	if kind == channels.Audio { // to whoever listens it is the same
		kind = channels.Voice
	}
	word := v.t("desk.kind." + string(kind))
	if len(e.Media) > 0 && e.Media[0].Seconds > 0 {
		d := time.Duration(e.Media[0].Seconds) * time.Second
		s := strconv.Itoa(int(d/time.Second) % 60)
		if len(s) == 1 {
			s = "0" + s
		}
		word += " " + strconv.Itoa(int(d/time.Minute)) + ":" + s
	}
	return word
}
