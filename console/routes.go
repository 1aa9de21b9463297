// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"sarai/content"
	"sarai/desk"
	"sarai/gateway"
	"sarai/store"
)

//go:embed static
var static embed.FS

// An access says who may call a route.
type access int

const (
	anybody access = iota
	staff
	administrators
)

// A route is one thing that the desk does. live ones are asked for by a page by
// itself: they keep no session alive.
type route struct {
	method, path string
	access       access
	live         bool
	do           func(*visit) error
}

// A route that takes files bounds what it reads itself.
const takesFiles = "/desk/talks/{thread}/say"

// routes are all of them: whatever is not here cannot be called.
func (c *Console) routes() []route {
	return []route{
		{"GET", "/desk/signin", anybody, false, c.signInPage},
		{"POST", "/desk/signin", anybody, false, c.signIn},
		{"GET", "/desk/first", anybody, false, c.firstPage},
		{"POST", "/desk/first", anybody, false, c.first},
		{"GET", "/desk/password", anybody, false, c.newPasswordPage},
		{"POST", "/desk/password", anybody, false, c.newPassword},

		{"GET", "/desk", staff, false, c.queuePage},
		{"GET", "/desk/{$}", staff, false, c.toQueue},
		{"GET", "/desk/rows", staff, true, c.rows},
		{"GET", "/desk/count", staff, true, c.count},
		{"GET", "/desk/events", staff, true, c.events},
		{"POST", "/desk/signout", staff, false, c.signOut},
		{"POST", "/desk/duty", staff, false, c.duty},
		{"GET", "/desk/profile", staff, false, c.profilePage},
		{"POST", "/desk/profile", staff, false, c.profile},
		{"POST", "/desk/profile/password", staff, false, c.ownPassword},

		{"GET", "/desk/talks/{thread}", staff, false, c.talkPage},
		{"GET", "/desk/talks/{thread}/entries", staff, true, c.entries},
		{"GET", "/desk/talks/{thread}/entries/{seq}", staff, false, c.entry},
		{"GET", "/desk/talks/{thread}/case", staff, true, c.casePart},
		{"GET", "/desk/talks/{thread}/answer", staff, true, c.answerPart},
		{"GET", "/desk/talks/{thread}/look", staff, false, c.look},
		{"GET", "/desk/talks/{thread}/look/{article}", staff, false, c.words},
		{"POST", "/desk/talks/{thread}/take", staff, false, c.take},
		{"POST", "/desk/talks/{thread}/release", staff, false, c.release},
		{"POST", "/desk/talks/{thread}/pass", staff, false, c.pass},
		{"POST", "/desk/talks/{thread}/close", staff, false, c.close},
		{"POST", takesFiles, staff, false, c.say},
		{"GET", "/desk/talks/{thread}/media/{file}", staff, true, c.media},
		{"GET", "/desk/talks/{thread}/media/{file}/part", staff, true, c.mediaPart},
		{"POST", "/desk/talks/{thread}/media/{file}/erase", staff, false, c.eraseMedia},
		{"POST", "/desk/talks/{thread}/note", staff, false, c.note},
		{"POST", "/desk/talks/{thread}/safety", staff, false, c.safety},
		{"POST", "/desk/talks/{thread}/draft", staff, false, c.draft},
		{"POST", "/desk/talks/{thread}/hold", staff, false, c.hold},
		{"POST", "/desk/talks/{thread}/lift", staff, false, c.lift},
		{"GET", "/desk/talks/{thread}/erase", staff, false, c.erasePage},
		{"POST", "/desk/talks/{thread}/erase", staff, false, c.erase},
		{"GET", "/desk/talks/{thread}/export", staff, false, c.exportPage},
		{"POST", "/desk/talks/{thread}/export", staff, false, c.export},
		{"GET", "/desk/retention", staff, false, c.retentionPage},
		{"GET", "/desk/audit", administrators, false, c.auditPage},

		{"GET", "/desk/report", administrators, false, c.reportPage},
		{"GET", "/desk/report.csv", administrators, false, c.reportTable},
		{"GET", "/desk/backup", administrators, false, c.backupPage},
		{"POST", "/desk/backup/now", administrators, false, c.backupNow},
		{"POST", "/desk/backup/key", administrators, false, c.backupKey},
		{"GET", "/desk/backup/check", administrators, false, c.backupCheckPage},
		{"POST", "/desk/backup/check", administrators, false, c.backupCheck},
		{"GET", "/desk/whatsapp", administrators, false, c.linkPage},
		{"GET", "/desk/whatsapp/part", administrators, true, c.linkPart},
		{"POST", "/desk/whatsapp/link", administrators, false, c.link},
		{"POST", "/desk/whatsapp/cancel", administrators, false, c.cancelLink},
		{"POST", "/desk/whatsapp/unlink", administrators, false, c.unlink},
		{"POST", "/desk/whatsapp/chats", administrators, false, c.chats},
		{"GET", "/desk/staff", administrators, false, c.staffPage},
		{"POST", "/desk/staff", administrators, false, c.addMember},
		{"POST", "/desk/staff/{member}", administrators, false, c.editMember},
		{"POST", "/desk/staff/{member}/reset", administrators, false, c.resetMember},
		{"POST", "/desk/staff/{member}/active", administrators, false, c.activateMember},
	}
}

// policy is the Content-Security-Policy of every answer: what a page of the
// desk needs, which is its own files, what people sent, and what was just
// recorded in the page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// maxBody bounds what a form can carry: an answer of maxSay characters, however
// it is escaped, and nothing like a file.
const maxBody = 256 << 10

func (c *Console) build() http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(static, "static")
	if err != nil { // unreachable: the folder is embedded
		panic(err)
	}
	assets := http.StripPrefix("/desk/static/", http.FileServerFS(files))
	mux.HandleFunc("GET /desk/static/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r) // no listing
			return
		}
		// The name of a file does not change with its content, so it is asked for
		// again each time and mostly not sent.
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Etag", assetTag)
		assets.ServeHTTP(w, r)
	})
	pages := http.NewServeMux()
	for _, x := range c.routes() {
		pages.Handle(x.method+" "+x.path, c.serve(x))
	}
	pages.Handle("/desk/", c.serve(route{do: func(*visit) error { return store.ErrNotFound }}))
	session := c.sessions.LoadAndSave(pages)
	mux.Handle("/desk", session)
	mux.Handle("/desk/", session)
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "Refused: this request came from another site.", http.StatusForbidden)
	}))
	inner := guard.Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(self)")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Cache-Control", "no-store")
		inner.ServeHTTP(w, r)
	})
}

// A visit is one request with what is known of who makes it.
type visit struct {
	c  *Console
	w  http.ResponseWriter
	r  *http.Request
	me store.Member // zero where nobody is signed in
	l  content.Locale
}

func (c *Console) visit(w http.ResponseWriter, r *http.Request) *visit {
	return &visit{c: c, w: w, r: r, l: spoken(r)}
}

// spoken is the locale of somebody who has not signed in, by the browser.
func spoken(r *http.Request) content.Locale {
	for tag := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ = strings.Cut(tag, ";")
		if l, ok := content.ParseLocale(tag); ok {
			return l
		}
	}
	return content.English
}

// serve checks who calls before the route does anything, and turns its error
// into a page, in one place.
func (c *Console) serve(x route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x.path != takesFiles || !manyParts(r) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		v := c.visit(w, r)
		me, ok, err := c.who(r.Context(), x.live)
		if err != nil {
			v.failed(err)
			return
		}
		if ok {
			v.me = me
			if me.Locale != content.NoLocale {
				v.l = me.Locale
			}
		}
		switch {
		case x.access == anybody:
		case !ok && v.partial():
			v.fail(http.StatusUnauthorized, "desk.error.signedout")
			return
		case !ok:
			to := "/desk/signin"
			if r.Method == http.MethodGet && r.URL.Path != "/desk" {
				to += "?to=" + url.QueryEscape(r.URL.RequestURI())
			}
			v.redirect(to)
			return
		case x.access == administrators && me.Role != store.Administrator:
			v.fail(http.StatusForbidden, "desk.error.notfound")
			return
		}
		if r.Method == http.MethodPost {
			if err := r.ParseForm(); err != nil {
				v.fail(http.StatusRequestEntityTooLarge, "desk.error.toolong")
				return
			}
		}
		if err := x.do(v); err != nil {
			v.failed(err)
		}
	})
}

// partial says that a page asks for a part of itself.
func (v *visit) partial() bool { return v.r.Header.Get("Hx-Request") == "true" }

func (v *visit) redirect(to string) { http.Redirect(v.w, v.r, to, http.StatusSeeOther) }

// refusals are the errors that a counsellor can do something about.
var refusals = []struct {
	err    error
	status int
	phrase string
}{
	{store.ErrNotFound, http.StatusNotFound, "desk.error.notfound"},
	{desk.ErrTaken, http.StatusConflict, "desk.error.taken"},
	{desk.ErrNotHeld, http.StatusConflict, "desk.error.notheld"},
	{desk.ErrClosed, http.StatusConflict, "desk.error.closed"},
	{desk.ErrCommand, http.StatusUnprocessableEntity, "desk.error.empty"},
	{store.ErrNoContent, http.StatusNotFound, "desk.file.lost"},
	{errNotYours, http.StatusForbidden, "desk.error.notyours"},
	{gateway.ErrHeld, http.StatusConflict, "desk.error.held"},
	{gateway.ErrWish, http.StatusConflict, "desk.error.wish"},
	{errUnwritten, http.StatusServiceUnavailable, "desk.error.unwritten"},
	{gateway.ErrEmpty, http.StatusUnprocessableEntity, "desk.error.empty"},
	{store.ErrBusy, http.StatusServiceUnavailable, "desk.error.busy"},
	{errBusy, http.StatusServiceUnavailable, "desk.error.busy"},
}

// refusal gives the status and the phrase for an error. What is not among the
// refusals is the store's or the program's: it is logged, and the counsellor
// reads that nothing is lost.
func (v *visit) refusal(err error) (int, string) {
	for _, x := range refusals {
		if errors.Is(err, x.err) {
			return x.status, x.phrase
		}
	}
	if v.r.Context().Err() == nil {
		v.c.Log.Error("desk: a request failed", "route", v.r.Pattern, "err", err)
	}
	return http.StatusInternalServerError, "desk.error.internal"
}

func (v *visit) failed(err error) {
	status, phrase := v.refusal(err)
	v.fail(status, phrase)
}

// fail answers with a page that says what is wrong, or, where a page asked for a
// part of itself, with words that are shown beside it: nothing that somebody has
// typed is replaced.
func (v *visit) fail(status int, phrase string) {
	p := problemPage{frame: v.frame(""), SignIn: status == http.StatusUnauthorized}
	p.Problem = v.t(phrase)
	if v.partial() {
		v.w.Header().Set("Hx-Reswap", "none")
		_ = v.show(status, "toast", p)
		return
	}
	_ = v.show(status, "problem", p)
}

type problemPage struct {
	frame
	SignIn bool
}
