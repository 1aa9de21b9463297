// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"rsc.io/qr"

	"sarai/channels"
	"sarai/desk"
	"sarai/store"
)

// What administrators do with a linked phone, as the audit has it. None names a
// chat: the platform's name for one is mostly somebody's number.
const (
	didBegin   store.Deed = "link-begun" // Why: how, "qr" or "code"
	didLink    store.Deed = "phone-linked"
	didUnlink  store.Deed = "phone-unlinked"
	didOpenUp  store.Deed = "chat-opened"
	didCloseUp store.Deed = "chat-closed"
)

// deeds are all that the audit can hold, in the order in which its page offers
// them.
func deeds() []store.Deed {
	return append(store.Deeds(), didBegin, didLink, didUnlink, didOpenUp, didCloseUp)
}

// linkFor is how long a phone can take to be linked, whatever the platform says,
// and how long a page says why one was not.
const linkFor = 10 * time.Minute

// errLinking means that somebody links a phone already.
var errLinking = errors.New("console: somebody is linking a phone")

// A linking is the phone that is being linked, or how that ended. It goes on
// when whoever began it leaves the page. The zero value is none.
type linking struct {
	mu     sync.Mutex
	cancel context.CancelFunc // nil: nobody links a phone
	by     desk.StaffID
	typed  bool              // with a code to type, not to scan
	step   channels.LinkStep // what is to be shown, or what came last
	over   time.Time         // when it ended
	ended  chan struct{}     // closed when it ended
}

// now gives what is to be shown, and whether it still goes on.
func (w *linking) now() (step channels.LinkStep, by desk.StaffID, typed, on bool, over time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.step, w.by, w.typed, w.cancel != nil, w.over
}

// stop ends it; that nobody links a phone is no error.
func (w *linking) stop() {
	w.mu.Lock()
	cancel, ended := w.cancel, w.ended
	w.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
}

// beginLink has a phone linked, one at a time. phone is its number, "" to scan.
func (c *Console) beginLink(by desk.StaffID, phone string) error {
	ctx, cancel := context.WithTimeout(context.Background(), linkFor)
	w := &c.linking
	w.mu.Lock()
	if w.cancel != nil {
		w.mu.Unlock()
		cancel()
		return errLinking
	}
	w.cancel, w.by, w.typed, w.step = cancel, by, phone != "", channels.LinkStep{}
	w.ended = make(chan struct{})
	w.mu.Unlock()
	steps, err := c.Linked.Link(ctx, phone)
	if err != nil {
		c.endLink(channels.LinkStep{})
		return err
	}
	go func() {
		var last channels.LinkStep
		for last = range steps {
			if last.Done {
				c.linked(by)
			}
			w.mu.Lock()
			w.step = last
			w.mu.Unlock()
		}
		switch {
		case last.Done || last.Failed != "":
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			last = channels.LinkStep{Failed: "timeout"}
		default: // cancelled: there is nothing to say
			last = channels.LinkStep{}
		}
		c.endLink(last)
	}()
	return nil
}

func (c *Console) endLink(last channels.LinkStep) {
	w := &c.linking
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel()
	close(w.ended)
	w.cancel, w.step, w.over = nil, last, c.Now()
}

// linked has it written down that a phone was linked. It was linked on the phone:
// there is nothing to hold back if the audit fails.
func (c *Console) linked(by desk.StaffID) {
	a := store.Act{At: c.Now(), By: by, What: didLink}
	ctx, cancel := context.WithTimeout(context.Background(), flushFor)
	defer cancel()
	if c.Store.AppendActs(ctx, a) != nil {
		c.journal.later(a)
	}
}

// standings are the sentences for how a linked phone stands, and the class of
// what each means: good, or something to do.
var standings = map[string]struct{ phrase, class string }{
	channels.Unlinked:  {"desk.link.unlinked", "warn"},
	channels.Linking:   {"desk.link.linking", "warn"},
	channels.Joining:   {"desk.link.joining", "warn"},
	channels.Joined:    {"desk.link.joined", ""},
	channels.LoggedOut: {"desk.link.loggedout", "bad"},
	channels.Replaced:  {"desk.link.replaced", "bad"},
	channels.Banned:    {"desk.link.banned", "bad"},
	channels.Outdated:  {"desk.link.outdated", "bad"},
	channels.Passkey:   {"desk.link.passkey", "bad"},
	channels.Locked:    {"desk.link.locked", "bad"},
}

func (v *visit) standing(code string) (words, class string) {
	if s, ok := standings[code]; ok {
		return v.t(s.phrase), s.class
	}
	return v.t("desk.link.odd", "Code", short(code, 40)), "bad"
}

// linkFailed says why a phone was not linked.
func (v *visit) linkFailed(code string) string {
	switch code {
	case "":
		return ""
	case "timeout":
		return v.t("desk.link.timeout")
	case "refused":
		return v.t("desk.link.refused")
	}
	words, _ := v.standing(code)
	return words
}

// A linkView is what of the page changes by itself: how the phone stands, and
// what whoever links one sees next.
type linkView struct {
	Words, Class string
	Since, Until moment
	On           bool // a phone is being linked from the desk
	By           string
	Typed        bool // with a code to type
	QR           qrView
	Code         string
	Failed       string
}

// A qrView is a QR code as a path of squares of side one.
type qrView struct {
	Side int // with its quiet zone
	Path string
}

// quietZone is the white around a QR code, in squares (ISO/IEC 18004 asks for four).
const quietZone = 4

func drawQR(text string) (qrView, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return qrView{}, err
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			begin := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > begin {
				n := strconv.Itoa(x - begin)
				b.WriteString("M" + strconv.Itoa(begin+quietZone) + " " + strconv.Itoa(y+quietZone) + "h" + n + "v1h-" + n + "z")
			}
		}
	}
	return qrView{code.Size + 2*quietZone, b.String()}, nil
}

func (v *visit) linkView(called map[desk.StaffID]string) linkView {
	s, zone := v.c.Linked.Standing(), v.zone("")
	step, by, typed, on, over := v.c.linking.now()
	x := linkView{Since: v.moment(s.Since, zone), On: on, Typed: typed}
	x.Words, x.Class = v.standing(s.Code)
	if s.Code == channels.Banned {
		x.Until = v.moment(s.Until, zone)
		x.Until.Exact = apart(x.Until.Exact)
	}
	switch {
	case on:
		x.By, x.Code = called[by], step.Code
		if step.QR != "" {
			var err error
			if x.QR, err = drawQR(step.QR); err != nil {
				v.c.Log.Error("desk: a QR code cannot be drawn") // what it holds links a phone
			}
		}
	case v.c.Now().Sub(over) < linkFor && s.Code != channels.Joined:
		x.Failed = v.linkFailed(step.Failed)
	}
	return x
}

type linkPage struct {
	frame
	Enabled   bool
	Now       linkView
	MayLink   bool
	MayUnlink bool
	Number    string // what was typed, where it was refused
	Listed    bool   // a phone is there that has chats
	Chats     []chatView
	Groups    []string
}

// A chatView is a chat that was on the phone before. Mark stands for its ID,
// which is mostly somebody's number and does not leave the machine.
type chatView struct {
	Mark, Name string
	Private    bool
}

func (c *Console) linkPage(v *visit) error {
	return c.showPhone(v, http.StatusOK, func(*linkPage) {})
}

func (c *Console) showPhone(v *visit, status int, more func(*linkPage)) error {
	ctx := v.r.Context()
	p := linkPage{frame: v.frame("desk.link.title"), Enabled: c.Linked != nil}
	p.Here = "whatsapp"
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	if !p.Enabled {
		return v.show(status, "link", p)
	}
	called, err := c.names(ctx)
	if err != nil {
		return err
	}
	p.Now = v.linkView(called)
	switch code := c.Linked.Standing().Code; code {
	case channels.Unlinked, channels.LoggedOut, channels.Passkey:
		p.MayLink = !p.Now.On
	case channels.Linking, channels.Locked:
	default:
		p.MayUnlink = true
		p.Listed = code == channels.Joined || code == channels.Joining
	}
	if p.Listed {
		chats, err := c.Linked.Chats(ctx)
		if err != nil {
			return err
		}
		for _, x := range chats {
			name := short(x.Name, 80)
			if name == "" {
				name = v.t("desk.link.unnamed")
			}
			if x.Group {
				p.Groups = append(p.Groups, name)
			} else {
				p.Chats = append(p.Chats, chatView{c.mark(x.ID), name, x.Private})
			}
		}
	}
	more(&p)
	return v.show(status, "link", p)
}

// mark stands for a chat on a page, until the program ends.
func (c *Console) mark(id string) string {
	h := hmac.New(sha256.New, c.salt)
	h.Write([]byte(id))
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// linkPart is what of the page changes by itself. Once a phone is linked, or was
// not, the page is another: it is asked for anew.
func (c *Console) linkPart(v *visit) error {
	if c.Linked == nil {
		v.redirect("/desk/whatsapp")
		return nil
	}
	called, err := c.names(v.r.Context())
	if err != nil {
		return err
	}
	x := v.linkView(called)
	if v.r.URL.Query().Has("on") && !x.On {
		v.w.Header().Set("Hx-Refresh", "true")
	}
	return v.show(http.StatusOK, "link-now", x)
}

// link begins to link a phone.
func (c *Console) link(v *visit) error {
	if c.Linked == nil {
		v.redirect("/desk/whatsapp")
		return nil
	}
	phone, how := "", "qr"
	if v.r.PostForm.Get("by") == "code" {
		var ok bool
		how = "code"
		if phone, ok = phoneNumber(v.r.PostForm.Get("phone")); !ok {
			return c.showPhone(v, http.StatusUnprocessableEntity, func(p *linkPage) {
				p.Problem, p.Number = v.t("desk.link.wrong"), first(v.r.PostForm.Get("phone"), 40)
			})
		}
	}
	err := c.writing(v.r.Context(), store.Act{By: v.me.ID, What: didBegin, Why: how}, func() error { return c.beginLink(v.me.ID, phone) })
	if err != nil {
		if !errors.Is(err, errLinking) {
			c.Log.Error("desk: a phone cannot be linked", "err", err)
		}
		return c.showPhone(v, http.StatusConflict, func(p *linkPage) { p.Problem = v.t("desk.link.failed") })
	}
	v.redirect("/desk/whatsapp")
	return nil
}

// phoneNumber gives the digits of a number as people write it, with the
// country's code. Digits of other scripts are digits too.
func phoneNumber(s string) (string, bool) {
	var b strings.Builder
	for _, r := range strings.TrimSpace(s) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '٠' && r <= '٩':
			b.WriteRune(r - '٠' + '0')
		case r >= '۰' && r <= '۹':
			b.WriteRune(r - '۰' + '0')
		case r >= '০' && r <= '৯':
			b.WriteRune(r - '০' + '0')
		case !strings.ContainsRune("+-.() \u00a0\u200e\u200f\u202a\u202c", r):
			return "", false
		}
	}
	digits := strings.TrimPrefix(b.String(), "00")
	// E.164 allows fifteen; no country's code begins with nought.
	return digits, len(digits) >= 8 && len(digits) <= 15 && digits[0] != '0'
}

// cancelLink ends the linking under way.
func (c *Console) cancelLink(v *visit) error {
	c.linking.stop()
	v.redirect("/desk/whatsapp")
	return nil
}

// unlink ends the link at the platform.
func (c *Console) unlink(v *visit) error {
	switch {
	case c.Linked == nil:
		v.redirect("/desk/whatsapp")
		return nil
	case v.r.PostForm.Get("sure") == "":
		return c.showPhone(v, http.StatusUnprocessableEntity, func(p *linkPage) { p.Problem = v.t("desk.error.empty") })
	}
	if err := c.writing(v.r.Context(), store.Act{By: v.me.ID, What: didUnlink}, func() error { return c.Linked.Unlink(v.r.Context()) }); err != nil {
		c.Log.Error("desk: the phone cannot be unlinked", "err", err)
		return c.showPhone(v, http.StatusConflict, func(p *linkPage) { p.Problem = v.t("desk.link.kept") })
	}
	v.redirect("/desk/whatsapp?did=done")
	return nil
}

// chats says which of the chats that were shown are private.
func (c *Console) chats(v *visit) error {
	if c.Linked == nil {
		v.redirect("/desk/whatsapp")
		return nil
	}
	ctx := v.r.Context()
	chats, err := c.Linked.Chats(ctx)
	if err != nil {
		return err
	}
	shown, private := map[string]bool{}, map[string]bool{}
	for _, m := range v.r.PostForm["chat"] {
		shown[m] = true
	}
	for _, m := range v.r.PostForm["private"] {
		private[m] = true
	}
	for _, x := range chats {
		m := c.mark(x.ID)
		if x.Group || !shown[m] || private[m] == x.Private {
			continue
		}
		what := didOpenUp
		if private[m] {
			what = didCloseUp
		}
		if err := c.writing(ctx, store.Act{By: v.me.ID, What: what}, func() error { return c.Linked.SetPrivate(ctx, x.ID, private[m]) }); err != nil {
			return err
		}
	}
	v.redirect("/desk/whatsapp?did=done")
	return nil
}

// linkWarning is what every page says to administrators while the phone is
// linked no more, "" for nothing. That none is linked yet, who set it up knows.
func (v *visit) linkWarning() string {
	if v.c.Linked == nil {
		return ""
	}
	if s, ok := standings[v.c.Linked.Standing().Code]; ok && s.class != "bad" {
		return ""
	}
	return v.t("desk.link.trouble")
}
