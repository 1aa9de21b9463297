// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

// Where one-time links lead; the token is added to them.
const (
	FirstPath    = "/desk/first?token="
	PasswordPath = "/desk/password?token="
)

// LinkLife is how long a one-time link can be used.
const LinkLife = 24 * time.Hour

// A link is a one-time link, kept under the hash of its token.
type link struct {
	Member desk.StaffID `json:"member,omitempty"` // "" for the first administrator
	Seal   string       `json:"seal,omitempty"`   // fingerprint of the member's password: a new one ends all links
	Until  time.Time    `json:"until"`
}

var (
	errLink    = errors.New("console: the link is over or was used")
	errLogin   = errors.New("console: a sign-in name has 2 to 64 letters, digits and . _ - @")
	errName    = errors.New("console: a name has 1 to 80 characters")
	errMembers = errors.New("console: there is a member of staff already")
)

func keepLink(ctx context.Context, small store.Small, l link, now time.Time) (token string, err error) {
	token = strings.ToLower(rand.Text())
	l.Until = now.Add(LinkLife).UTC()
	b, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	return token, small.Put(ctx, bucketLink, fingerprint(token), b, l.Until)
}

// FirstLink makes the token of a link by which the first administrator signs
// up, at FirstPath; it can be used once, within LinkLife, and only while there
// is no member of staff. Links that were made before no longer work.
func FirstLink(ctx context.Context, small store.Small, now time.Time) (token string, err error) {
	all, err := small.All(ctx, bucketLink)
	if err != nil {
		return "", err
	}
	for key, b := range all {
		var l link
		if json.Unmarshal(b, &l) == nil && l.Member != "" {
			continue
		}
		if err := small.Remove(ctx, bucketLink, key); err != nil {
			return "", err
		}
	}
	return keepLink(ctx, small, link{}, now)
}

// A Book is what ResetLink needs of a store.
type Book interface {
	store.StaffBook
	store.Small
}

// ResetLink makes the token of a link by which a member chooses a password, at
// PasswordPath; it can be used once, within LinkLife. The old password stops
// working at once, and the member is signed out everywhere. It fails with
// store.ErrNotFound.
func ResetLink(ctx context.Context, book Book, id desk.StaffID, now time.Time) (token string, err error) {
	m, err := book.Member(ctx, id)
	if err != nil {
		return "", err
	}
	m.Password = noPassword()
	if err := book.PutMember(ctx, m); err != nil {
		return "", err
	}
	return keepLink(ctx, book, link{Member: id, Seal: fingerprint(m.Password)}, now)
}

// noPassword is what stands for a password that nothing matches; each is
// different, so that a newer link ends the older ones.
func noPassword() string { return "!" + rand.Text() }

var loginForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@-]{1,63}$`)

// foldLogin brings a sign-in name to the form in which it is compared.
func foldLogin(login string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(login)))
}

// NewMember gives a new, active member of staff without a password; see
// ResetLink. It fails if login or name cannot be one, and stores nothing.
func NewMember(login, name string, role store.Role, now time.Time) (store.Member, error) {
	login = foldLogin(login)
	if !loginForm.MatchString(login) {
		return store.Member{}, errLogin
	}
	name, err := goodName(name)
	if err != nil {
		return store.Member{}, err
	}
	return store.Member{
		ID: desk.StaffID(strings.ToLower(rand.Text())), Login: login, Name: name, Role: role,
		Password: noPassword(), Active: true, Created: now.UTC(),
	}, nil
}

func goodName(name string) (string, error) {
	name = short(strings.TrimSpace(name), 1000)
	if n := utf8.RuneCountInString(name); n == 0 || n > 80 {
		return "", errName
	}
	return name, nil
}

// formProblems are what can be wrong with a form of the staff's.
var formProblems = []struct {
	err    error
	phrase string
}{
	{ErrShortPassword, "desk.error.shortpassword"},
	{ErrLongPassword, "desk.error.toolong"},
	{ErrWeakPassword, "desk.error.weakpassword"},
	{errTwice, "desk.error.twice"},
	{errLogin, "desk.error.login"},
	{errName, "desk.error.empty"},
	{errLink, "desk.error.link"},
	{errMembers, "desk.error.link"},
	{errLast, "desk.error.last"},
	{errWrong, "desk.error.signin"},
	{store.ErrTaken, "desk.error.logintaken"},
}

var (
	errTwice = errors.New("console: the two passwords differ")
	errWrong = errors.New("console: wrong password")
)

// formProblem gives the words for what is wrong with a form, or passes on an
// error that is not the form's.
func (v *visit) formProblem(err error) (string, error) {
	for _, x := range formProblems {
		if errors.Is(err, x.err) {
			return v.t(x.phrase, "N", MinPassword), nil
		}
	}
	return "", err
}

type signInView struct {
	frame
	Login string
	To    string
}

func (c *Console) signInPage(v *visit) error {
	if v.me.ID != "" {
		v.redirect("/desk")
		return nil
	}
	return v.show(http.StatusOK, "signin", signInView{frame: v.frame("desk.signin.title"), To: safeReturn(v.r.URL.Query().Get("to"))})
}

// safeReturn gives a place of the desk to go on at, never one elsewhere.
func safeReturn(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.ContainsAny(to, "\\\r\n\t") || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "..") {
		return "/desk"
	}
	if u.Path != "/desk" && !strings.HasPrefix(u.Path, "/desk/") {
		return "/desk"
	}
	return u.RequestURI()
}

func (c *Console) signIn(v *visit) error {
	ctx := v.r.Context()
	login, password := foldLogin(v.r.PostForm.Get("login")), v.r.PostForm.Get("password")
	p := signInView{frame: v.frame("desk.signin.title"), Login: short(login, 64), To: safeReturn(v.r.PostForm.Get("to"))}
	refuse := func(status int, words string) error {
		p.Problem = words
		return v.show(status, "signin", p)
	}
	m, err := c.Store.MemberByLogin(ctx, login)
	if errors.Is(err, store.ErrNotFound) {
		m, err = store.Member{}, nil
	}
	if err != nil {
		return err
	}
	stranger := m.ID == "" || !m.Active
	if stranger {
		m.Password = ""
	}
	// A made-up name can be as long as a form; what is kept of it is short.
	wait, ok := c.tries.begin(fingerprint(login), stranger, c.Now())
	if !ok {
		if err := c.journal.once(store.Act{What: store.DidLock, Login: login}, lockWindow); err != nil {
			c.Log.Error("desk: that a sign-in name is locked is not in the audit", "err", err)
		}
		v.w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		return refuse(http.StatusTooManyRequests, v.t("desk.error.tries", "N", int(wait/time.Minute)+1))
	}
	right, current, err := c.tries.matches(ctx, password, m.Password)
	if errors.Is(err, errBusy) {
		return refuse(http.StatusServiceUnavailable, v.t("desk.error.busy"))
	}
	if err != nil {
		return err
	}
	if !right {
		c.journal.signInFailed(login)
		return refuse(http.StatusUnauthorized, v.t("desk.error.signin"))
	}
	c.tries.right(fingerprint(login))
	encoded := ""
	if !current {
		if encoded, err = c.tries.hash(ctx, password); err != nil {
			encoded = "" // the old hash serves; next time
		}
	}
	// Who signs in has come to work: else the people who wait are told that
	// nobody is there until somebody remembers the switch.
	m, err = c.change(ctx, m.ID, func(now *store.Member) error {
		if !now.Active || now.Password != m.Password { // changed while it was checked
			return errWrong
		}
		now.OnDuty = true
		if encoded != "" {
			now.Password = encoded
		}
		return nil
	})
	if errors.Is(err, errWrong) {
		return refuse(http.StatusUnauthorized, v.t("desk.error.signin"))
	}
	if err != nil {
		return err
	}
	if err := c.enter(ctx, m); err != nil {
		return err
	}
	v.redirect(p.To)
	return nil
}

// enter signs a member in, and writes it down.
func (c *Console) enter(ctx context.Context, m store.Member) error {
	return c.writing(ctx, store.Act{By: m.ID, What: store.DidSignIn}, func() error { return c.begin(ctx, m) })
}

// signOut ends the session. Who leaves is off duty.
func (c *Console) signOut(v *visit) error {
	ctx := v.r.Context()
	if err := c.end(ctx); err != nil {
		return err
	}
	c.journal.later(store.Act{By: v.me.ID, What: store.DidSignOut}) // who leaves is let out, whatever the disk does
	if _, err := c.change(ctx, v.me.ID, func(m *store.Member) error { m.OnDuty = false; return nil }); err != nil {
		return err
	}
	v.redirect("/desk/signin")
	return nil
}

func (c *Console) duty(v *visit) error {
	on := v.r.PostForm.Get("on") == "1"
	if _, err := c.change(v.r.Context(), v.me.ID, func(m *store.Member) error { m.OnDuty = on; return nil }); err != nil {
		return err
	}
	v.redirect(safeReturn(v.r.PostForm.Get("to")))
	return nil
}

// A choosePage is where somebody with a one-time link chooses a password; the
// first administrator also a name.
type choosePage struct {
	frame
	First       bool
	Token       string
	Login, Name string
	Least       int
	Gone        bool // the link does not work
}

// linkOf gives what a token stands for, or errLink.
func (c *Console) linkOf(ctx context.Context, token string) (link, error) {
	var l link
	b, err := c.Store.Get(ctx, bucketLink, fingerprint(token))
	if errors.Is(err, store.ErrNotFound) {
		return l, errLink
	}
	if err != nil {
		return l, err
	}
	if json.Unmarshal(b, &l) != nil || !c.Now().Before(l.Until) {
		return l, errLink
	}
	return l, nil
}

// forFirst says whether a token is the first administrator's, and still may be.
func (c *Console) forFirst(ctx context.Context, token string) error {
	l, err := c.linkOf(ctx, token)
	if err != nil {
		return err
	}
	if l.Member != "" {
		return errLink
	}
	members, err := c.Store.Members(ctx)
	if err == nil && len(members) > 0 {
		err = errMembers
	}
	return err
}

// forMember gives whose password a token may set.
func (c *Console) forMember(ctx context.Context, token string) (store.Member, error) {
	l, err := c.linkOf(ctx, token)
	if err != nil {
		return store.Member{}, err
	}
	if l.Member == "" {
		return store.Member{}, errLink
	}
	m, err := c.Store.Member(ctx, l.Member)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!m.Active || fingerprint(m.Password) != l.Seal) {
		return m, errLink
	}
	return m, err
}

func (c *Console) firstPage(v *visit) error {
	p := choosePage{frame: v.frame("desk.first.title"), First: true, Token: v.r.URL.Query().Get("token"), Least: MinPassword}
	return c.showChoose(v, p, c.forFirst(v.r.Context(), p.Token))
}

func (c *Console) newPasswordPage(v *visit) error {
	p := choosePage{frame: v.frame("desk.password.title"), Token: v.r.URL.Query().Get("token"), Least: MinPassword}
	m, err := c.forMember(v.r.Context(), p.Token)
	p.Login, p.Name = m.Login, m.Name
	return c.showChoose(v, p, err)
}

func (c *Console) showChoose(v *visit, p choosePage, err error) error {
	if err == nil {
		return v.show(http.StatusOK, "choose", p)
	}
	words, err2 := v.formProblem(err)
	if err2 != nil {
		return err2
	}
	p.Problem, p.Gone = words, errors.Is(err, errLink) || errors.Is(err, errMembers)
	if p.Gone {
		p.Login, p.Name = "", ""
		return v.show(http.StatusGone, "choose", p)
	}
	return v.show(http.StatusUnprocessableEntity, "choose", p)
}

// chosen gives the hash of the password that a form chose, typed twice.
func (c *Console) chosen(v *visit, login string) (string, error) {
	f := v.r.PostForm
	if f.Get("password") != f.Get("again") {
		return "", errTwice
	}
	if err := checkPassword(login, f.Get("password")); err != nil {
		return "", err
	}
	return c.tries.hash(v.r.Context(), f.Get("password"))
}

func (c *Console) first(v *visit) error {
	ctx, f := v.r.Context(), v.r.PostForm
	p := choosePage{
		frame: v.frame("desk.first.title"), First: true, Token: f.Get("token"), Least: MinPassword,
		Login: short(f.Get("login"), 64), Name: short(f.Get("name"), 80),
	}
	// Before anything is hashed: strangers can send this form too.
	if err := c.forFirst(ctx, p.Token); err != nil {
		return c.showChoose(v, p, err)
	}
	m, err := NewMember(f.Get("login"), f.Get("name"), store.Administrator, c.Now())
	if err != nil {
		return c.showChoose(v, p, err)
	}
	if m.Password, err = c.chosen(v, m.Login); err != nil {
		return c.showChoose(v, p, err)
	}
	m.Locale, m.OnDuty = v.l, true
	err = c.use(ctx, p.Token, func() error {
		if err := c.forFirst(ctx, p.Token); err != nil {
			return err
		}
		a := store.Act{By: m.ID, What: store.DidAdd, On: string(m.ID), Why: string(m.Role)}
		return c.writing(ctx, a, func() error { return c.Store.PutMember(ctx, m) })
	})
	if err != nil {
		return c.showChoose(v, p, err)
	}
	if err := c.enter(ctx, m); err != nil {
		return err
	}
	v.redirect("/desk")
	return nil
}

func (c *Console) newPassword(v *visit) error {
	ctx := v.r.Context()
	p := choosePage{frame: v.frame("desk.password.title"), Token: v.r.PostForm.Get("token"), Least: MinPassword}
	m, err := c.forMember(ctx, p.Token)
	if err != nil {
		return c.showChoose(v, p, err)
	}
	p.Login, p.Name = m.Login, m.Name
	encoded, err := c.chosen(v, m.Login)
	if err != nil {
		return c.showChoose(v, p, err)
	}
	err = c.use(ctx, p.Token, func() error {
		if m, err = c.forMember(ctx, p.Token); err != nil {
			return err
		}
		m.Password, m.OnDuty = encoded, true
		a := store.Act{By: m.ID, What: store.DidPassword, On: string(m.ID)}
		return c.writing(ctx, a, func() error { return c.Store.PutMember(ctx, m) })
	})
	if err != nil {
		return c.showChoose(v, p, err)
	}
	c.tries.right(fingerprint(m.Login))
	if err := c.enter(ctx, m); err != nil {
		return err
	}
	v.redirect("/desk")
	return nil
}

// use does what a one-time link is for, and ends the link. Nobody else of this
// process uses one meanwhile.
func (c *Console) use(ctx context.Context, token string, do func() error) error {
	c.staff.Lock()
	defer c.staff.Unlock()
	if err := do(); err != nil {
		return err
	}
	return c.Store.Remove(ctx, bucketLink, fingerprint(token))
}

type profileView struct {
	frame
	Locales []content.Locale
	Centres []string
	Least   int
}

func (c *Console) profilePage(v *visit) error { return c.showProfile(v, nil) }

func (c *Console) showProfile(v *visit, problem error) error {
	p := profileView{frame: v.frame("desk.profile.title"), Locales: content.Locales(), Least: MinPassword}
	p.Here = "profile"
	open, err := c.open(v.r.Context(), v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	for _, id := range v.me.Centres {
		p.Centres = append(p.Centres, v.centre(id))
	}
	status := http.StatusOK
	if problem != nil {
		words, err := v.formProblem(problem)
		if err != nil {
			return err
		}
		p.Problem, status = words, http.StatusUnprocessableEntity
	}
	return v.show(status, "profile", p)
}

func (c *Console) profile(v *visit) error {
	name, err := goodName(v.r.PostForm.Get("name"))
	if err != nil {
		return c.showProfile(v, err)
	}
	l, ok := content.ParseLocale(v.r.PostForm.Get("locale"))
	if !ok {
		l = v.l
	}
	a := store.Act{By: v.me.ID, What: store.DidChange, On: string(v.me.ID)}
	err = c.writing(v.r.Context(), a, func() error {
		_, err := c.change(v.r.Context(), v.me.ID, func(m *store.Member) error { m.Name, m.Locale = name, l; return nil })
		return err
	})
	if err != nil {
		return err
	}
	v.redirect("/desk/profile?did=done")
	return nil
}

// ownPassword changes one's password, which ends all other sessions of the
// member. The old password is asked for, and counted like a sign-in.
func (c *Console) ownPassword(v *visit) error {
	ctx := v.r.Context()
	name := fingerprint(v.me.Login)
	if _, ok := c.tries.begin(name, false, c.Now()); !ok {
		return c.showProfile(v, errWrong)
	}
	right, _, err := c.tries.matches(ctx, v.r.PostForm.Get("old"), v.me.Password)
	if err != nil {
		return err
	}
	if !right {
		c.journal.signInFailed(v.me.Login)
		return c.showProfile(v, errWrong)
	}
	c.tries.right(name)
	encoded, err := c.chosen(v, v.me.Login)
	if err != nil {
		return c.showProfile(v, err)
	}
	m := v.me
	err = c.writing(ctx, store.Act{By: m.ID, What: store.DidPassword, On: string(m.ID)}, func() (err error) {
		m, err = c.change(ctx, m.ID, func(m *store.Member) error { m.Password = encoded; return nil })
		return err
	})
	if err != nil {
		return err
	}
	if err := c.begin(ctx, m); err != nil {
		return err
	}
	v.redirect("/desk/profile?did=done")
	return nil
}
