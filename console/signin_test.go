// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/console"
	"sarai/desk"
	"sarai/store"
)

func TestTheFirstAdministratorSignsUpByALinkThatWorksOnce(t *testing.T) {
	h := build(t)
	ctx := context.Background()
	old, err := console.FirstLink(ctx, h.db, h.clock())
	if err != nil {
		t.Fatal(err)
	}
	token, err := console.FirstLink(ctx, h.db, h.clock())
	if err != nil {
		t.Fatal(err)
	}
	all, err := h.db.All(ctx, "desk-link")
	if err != nil || len(all) != 1 {
		t.Fatalf("%d links are kept, %v", len(all), err)
	}
	for key, value := range all {
		if strings.Contains(key, token) || bytes.Contains(value, []byte(token)) {
			t.Error("the token itself is kept")
		}
	}

	b := h.browser()
	if a := b.get(console.FirstPath + old); a.status != http.StatusGone {
		t.Errorf("an older link answers %d", a.status)
	}
	a := b.get(console.FirstPath + token)
	if a.status != http.StatusOK {
		t.Fatalf("the link answers %d", a.status)
	}
	form := url.Values{"token": {a.form(t, "/desk/first")["token"]}, "login": {"Amina"}, "name": {"Amina K."}, "password": {"short"}, "again": {"short"}}
	if a = b.post("/desk/first", form); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a short password answers %d", a.status)
	}
	a.has(t, "At least 10 characters")
	form.Set("password", password)
	if a = b.post("/desk/first", form); a.status != http.StatusUnprocessableEntity {
		t.Errorf("two passwords answer %d", a.status)
	}
	form.Set("again", password)
	a = b.follow(b.post("/desk/first", form))
	a.has(t, "Queue", "Amina K.", "Staff", "On duty")

	if a := h.browser().get(console.FirstPath + token); a.status != http.StatusGone {
		t.Errorf("the link answers %d when it was used", a.status)
	}
	again, err := console.FirstLink(ctx, h.db, h.clock())
	if err != nil {
		t.Fatal(err)
	}
	form.Set("token", again)
	form.Set("login", "mallory")
	if a := h.browser().post("/desk/first", form); a.status != http.StatusGone {
		t.Errorf("a second first administrator is answered %d", a.status)
	}
	members, err := h.db.Members(ctx)
	if err != nil || len(members) != 1 || members[0].Login != "amina" || members[0].Role != store.Administrator {
		t.Fatalf("staff: %+v, %v", members, err)
	}
	if !strings.HasPrefix(members[0].Password, "$argon2id$v=19$m=") {
		t.Error("the password is not kept as an Argon2id hash")
	}
}

func TestAFirstLinkIsOverAfterADay(t *testing.T) {
	h := build(t)
	token, err := console.FirstLink(context.Background(), h.db, h.clock())
	if err != nil {
		t.Fatal(err)
	}
	h.wait(console.LinkLife)
	if a := h.browser().get(console.FirstPath + token); a.status != http.StatusGone {
		t.Errorf("after a day the link answers %d", a.status)
	}
	if a := h.browser().post("/desk/first", url.Values{"token": {token}, "login": {"amina"}, "name": {"A"}, "password": {password}, "again": {password}}); a.status != http.StatusGone {
		t.Errorf("after a day the form answers %d", a.status)
	}
}

func TestALinkIsUsedOnceByTwoAtATime(t *testing.T) {
	h := build(t)
	token, err := console.FirstLink(context.Background(), h.db, h.clock())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			h.browser().post("/desk/first", url.Values{"token": {token}, "login": {"amina" + strconv.Itoa(i)}, "name": {"A"}, "password": {password}, "again": {password}})
		})
	}
	wg.Wait()
	members, err := h.db.Members(context.Background())
	if err != nil || len(members) != 1 {
		t.Errorf("%d members, %v", len(members), err)
	}
}

func TestSigningInAndOut(t *testing.T) {
	h := build(t)
	m := h.hires("bilal", "Bilal", store.Counsellor)
	b := h.browser()
	a := b.get("/desk/talks/abc?x=1")
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/desk/signin?to=%2Fdesk%2Ftalks%2Fabc%3Fx%3D1" {
		t.Fatalf("who is not signed in goes to %q (%d)", a.header.Get("Location"), a.status)
	}
	a = b.post("/desk/signin", url.Values{"login": {"bilal"}, "password": {"not this one"}})
	if a.status != http.StatusUnauthorized {
		t.Fatalf("a wrong password answers %d", a.status)
	}
	wrong := a.text()
	a.has(t, "Wrong name or password.")
	if a = b.post("/desk/signin", url.Values{"login": {"nobody"}, "password": {"not this one"}}); a.status != http.StatusUnauthorized || a.text() != wrong {
		t.Errorf("an unknown name answers differently: %d", a.status)
	}
	a = b.post("/desk/signin", url.Values{"login": {" BILAL "}, "password": {password}, "to": {"/desk?list=mine"}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/desk?list=mine" {
		t.Fatalf("signing in answers %d, to %q", a.status, a.header.Get("Location"))
	}
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s", want)
		}
	}
	if !h.member(m.ID).OnDuty {
		t.Error("who signs in is not on duty")
	}
	if a = b.get("/desk"); a.status != http.StatusOK {
		t.Fatalf("the queue answers %d", a.status)
	}
	before := b.jar
	stolen := &browser{h, before}
	if a = b.post("/desk/signout", nil); a.status != http.StatusSeeOther {
		t.Fatalf("signing out answers %d", a.status)
	}
	if h.member(m.ID).OnDuty {
		t.Error("who signs out is still on duty")
	}
	if a = stolen.get("/desk"); a.status != http.StatusSeeOther {
		t.Errorf("after signing out the queue answers %d", a.status)
	}
}

func TestACookieOfASessionThatEndedOpensNothing(t *testing.T) {
	for name, end := range map[string]func(*house, *browser, store.Member){
		"signed out": func(h *house, b *browser, _ store.Member) { b.post("/desk/signout", nil) },
		"deactivated": func(h *house, _ *browser, m store.Member) {
			m.Active = false
			if err := h.db.PutMember(context.Background(), m); err != nil {
				t.Fatal(err)
			}
		},
		"reset": func(h *house, _ *browser, m store.Member) {
			if _, err := console.ResetLink(context.Background(), h.db, m.ID, h.clock()); err != nil {
				t.Fatal(err)
			}
		},
		"idle": func(h *house, _ *browser, _ store.Member) { h.wait(4 * time.Hour) },
		"too long": func(h *house, b *browser, _ store.Member) {
			for range 5 {
				h.wait(3 * time.Hour)
				b.get("/desk")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			m := h.hires("bilal", "Bilal", store.Counsellor)
			b := h.signsIn("bilal")
			r := httptest.NewRequest("GET", "http://desk.example/desk", nil)
			for _, c := range b.jar.Cookies(r.URL) {
				r.AddCookie(c)
			}
			end(h, b, m)
			w := httptest.NewRecorder()
			h.console.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusSeeOther {
				t.Errorf("the queue answers %d", w.Code)
			}
		})
	}
}

func TestAPageThatAsksByItselfKeepsNoSessionAlive(t *testing.T) {
	h := build(t)
	m := h.hires("bilal", "Bilal", store.Counsellor)
	b := h.signsIn("bilal")
	for range 9 {
		h.wait(30 * time.Minute)
		b.part("/desk/rows")
		b.part("/desk/count")
	}
	if a := b.part("/desk/rows"); a.status != http.StatusUnauthorized {
		t.Errorf("after four hours in which only the page did something it answers %d", a.status)
	}
	if seen := h.member(m.ID).Seen; !seen.Equal(noon) {
		t.Errorf("was seen at %v, not when something was last done", seen)
	}
}

func TestOverHTTPSTheCookieIsBoundToTheHost(t *testing.T) {
	h := build(t, func(o *console.Options) { o.Secure = true })
	h.hires("bilal", "Bilal", store.Counsellor)
	a := h.browser().post("/desk/signin", url.Values{"login": {"bilal"}, "password": {password}})
	cookie := a.header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-") || !strings.Contains(cookie, "; Secure") {
		t.Errorf("the cookie is %q", strings.SplitN(cookie, "=", 2)[0])
	}
}

func TestASessionPlantedBeforeSigningInIsWorthNothing(t *testing.T) {
	h := build(t)
	h.hires("bilal", "Bilal", store.Counsellor)
	b := h.signsIn("bilal")
	first := b.jar.Cookies(&url.URL{Scheme: "http", Host: "desk.example", Path: "/"})[0].Value
	b.post("/desk/signin", url.Values{"login": {"bilal"}, "password": {password}})
	second := b.jar.Cookies(&url.URL{Scheme: "http", Host: "desk.example", Path: "/"})[0].Value
	if first == second {
		t.Error("signing in keeps the token that was there")
	}
	all, err := h.db.All(context.Background(), "desk-session")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Errorf("%d sessions are kept", len(all))
	}
	for key, value := range all {
		if strings.Contains(key, second) || bytes.Contains(value, []byte(second)) {
			t.Error("the session's token itself is kept")
		}
	}
}

func TestAfterTenWrongPasswordsNoneIsCheckedForAQuarterOfAnHour(t *testing.T) {
	h := build(t)
	h.hires("bilal", "Bilal", store.Counsellor)
	h.hires("amina", "Amina", store.Counsellor)
	for _, login := range []string{"bilal", "nobody"} {
		for i := range 10 {
			if a := h.browser().post("/desk/signin", url.Values{"login": {login}, "password": {"wrong wrong"}}); a.status != http.StatusUnauthorized {
				t.Fatalf("%s, try %d: %d", login, i, a.status)
			}
		}
		checked := h.console.Checked()
		a := h.browser().post("/desk/signin", url.Values{"login": {login}, "password": {password}})
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "901" {
			t.Errorf("%s: the eleventh answers %d, Retry-After %s", login, a.status, a.header.Get("Retry-After"))
		}
		a.has(t, "Too many wrong tries. Try again in 16 min.")
		if h.console.Checked() != checked {
			t.Errorf("%s: the eleventh was checked", login)
		}
	}
	h.signsIn("amina") // whom nobody tried
	h.wait(15 * time.Minute)
	h.signsIn("bilal")
}

// TestAFloodOfTriesIsTen sends ten thousand at once.
func TestAFloodOfTriesIsTen(t *testing.T) {
	h := build(t)
	h.hires("bilal", "Bilal", store.Counsellor)
	before := h.console.Checked()
	body := url.Values{"login": {"bilal"}, "password": {"wrong wrong wrong"}}.Encode()
	const n = 10_000
	codes := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r := httptest.NewRequest("POST", "http://desk.example/desk/signin", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.console.Handler().ServeHTTP(w, r)
			codes[i] = w.Code
		})
	}
	wg.Wait()
	if got := h.console.Checked() - before; got > 10 {
		t.Errorf("%d of %d tries reached Argon2", got, n)
	}
	seen := map[int]int{}
	for _, c := range codes {
		seen[c]++
	}
	if seen[http.StatusTooManyRequests] < n-10 || seen[http.StatusTooManyRequests]+seen[http.StatusUnauthorized]+seen[http.StatusServiceUnavailable] != n {
		t.Errorf("answers: %v", seen)
	}
}

// TestMadeUpNamesTakeNoMemory lets a stranger make up names for ever.
func TestMadeUpNamesTakeNoMemory(t *testing.T) {
	h := build(t)
	for i := range 25 {
		h.browser().post("/desk/signin", url.Values{"login": {"x" + strconv.Itoa(i)}, "password": {strings.Repeat("y", 2000)}})
	}
	if n := h.console.Strangers(); n > 25 {
		t.Errorf("%d names are remembered", n)
	}
	if strings.Contains(h.log.String(), "yyy") || strings.Contains(h.log.String(), "x2") {
		t.Error("a name or a password was logged")
	}
}

func TestAnUnknownNameCostsWhatAKnownOneDoes(t *testing.T) {
	h := build(t)
	h.hires("bilal", "Bilal", store.Counsellor)
	for _, login := range []string{"bilal", "nobody"} {
		before := h.console.Checked()
		h.browser().post("/desk/signin", url.Values{"login": {login}, "password": {"wrong wrong"}})
		if n := h.console.Checked() - before; n != 1 {
			t.Errorf("%s: %d passwords were hashed", login, n)
		}
	}
}

func TestPasswords(t *testing.T) {
	encoded, err := console.HashPassword("päßwörter sind gut")
	if err != nil {
		t.Fatal(err)
	}
	if !console.MatchesPassword("pa\u0308ßwo\u0308rter sind gut", encoded) {
		t.Error("the same letters in another Unicode form do not match")
	}
	if console.MatchesPassword("passworter sind gut", encoded) {
		t.Error("other letters match")
	}
	for _, broken := range []string{"", "!", "!ABC", encoded + "$", strings.Replace(encoded, "argon2id", "argon2i", 1), "$argon2id$v=19$m=4294967295,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA", strings.Repeat("$", 5)} {
		if console.MatchesPassword("", broken) || console.MatchesPassword(broken, broken) {
			t.Errorf("something matches %q", broken)
		}
	}
	if _, err := console.HashPassword("ninechars"); err == nil {
		t.Error("nine characters are enough")
	}
	if _, err := console.HashPassword(strings.Repeat("x", 1025)); err == nil {
		t.Error("no length is too long")
	}
}

func TestAMemberGetsAPasswordByALinkThatWorksOnce(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Administrator)
	admin := h.signsIn("amina")
	a := admin.post("/desk/staff", url.Values{"login": {"Chinara"}, "name": {"Chinara"}, "role": {"counsellor"}, "centre": {"lahore", "atlantis"}})
	if a.status != http.StatusOK {
		t.Fatalf("adding answers %d: %s", a.status, a.text())
	}
	_, token, ok := strings.Cut(a.body, console.PasswordPath)
	if !ok {
		t.Fatal("no link is shown")
	}
	token, _, _ = strings.Cut(token, `"`)
	m, err := h.db.MemberByLogin(context.Background(), "chinara")
	if err != nil || len(m.Centres) != 1 || m.Centres[0] != "lahore" || m.Role != store.Counsellor {
		t.Fatalf("added %+v, %v", m, err)
	}
	if a := admin.get("/desk/staff"); strings.Contains(a.body, token) {
		t.Error("the link is shown twice")
	}
	b := h.browser()
	b.get(console.PasswordPath+token).has(t, "Choose a password", "Chinara")
	if a = b.post("/desk/password", url.Values{"token": {token}, "password": {"chinara123"}, "again": {"chinara123"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("one's own name as password answers %d", a.status)
	}
	b.follow(b.post("/desk/password", url.Values{"token": {token}, "password": {password}, "again": {password}})).has(t, "Chinara", "Queue")
	if a := h.browser().post("/desk/password", url.Values{"token": {token}, "password": {"another one here"}, "again": {"another one here"}}); a.status != http.StatusGone {
		t.Errorf("the link answers %d when it was used", a.status)
	}

	// A reset ends the old password, the sessions, and the links before it.
	reset := func() string {
		a := admin.post("/desk/staff/"+string(m.ID)+"/reset", nil)
		_, token, ok := strings.Cut(a.body, console.PasswordPath)
		if !ok {
			t.Fatal("no link is shown")
		}
		token, _, _ = strings.Cut(token, `"`)
		return token
	}
	one := reset()
	two := reset()
	if a := b.get("/desk"); a.status != http.StatusSeeOther {
		t.Errorf("after a reset the session still opens the queue: %d", a.status)
	}
	if a := h.browser().post("/desk/signin", url.Values{"login": {"chinara"}, "password": {password}}); a.status != http.StatusUnauthorized {
		t.Errorf("after a reset the old password answers %d", a.status)
	}
	if a := h.browser().get(console.PasswordPath + one); a.status != http.StatusGone {
		t.Errorf("the link before the last answers %d", a.status)
	}
	h.wait(console.LinkLife)
	if a := h.browser().get(console.PasswordPath + two); a.status != http.StatusGone {
		t.Errorf("after a day the link answers %d", a.status)
	}
}

func TestChangingOnesPasswordEndsTheOtherSessions(t *testing.T) {
	h := build(t)
	h.hires("bilal", "Bilal", store.Counsellor)
	here, there := h.signsIn("bilal"), h.signsIn("bilal")
	if a := here.post("/desk/profile/password", url.Values{"old": {"wrong wrong"}, "password": {"another one here"}, "again": {"another one here"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("without the old password: %d", a.status)
	}
	here.follow(here.post("/desk/profile/password", url.Values{"old": {password}, "password": {"another one here"}, "again": {"another one here"}})).has(t, "Done.")
	if a := there.get("/desk"); a.status != http.StatusSeeOther {
		t.Errorf("the other session still opens the queue: %d", a.status)
	}
}

func TestTheProfileAndTheDutySwitch(t *testing.T) {
	h := build(t)
	m := h.hires("bilal", "Bilal", store.Counsellor)
	b := h.signsIn("bilal")
	b.follow(b.post("/desk/profile", url.Values{"name": {"Bilal Ahmad"}, "locale": {"ur"}}))
	if m = h.member(m.ID); m.Name != "Bilal Ahmad" || m.Locale != "ur" || m.Role != store.Counsellor {
		t.Errorf("kept: %+v", m)
	}
	if a := b.get("/desk"); !strings.Contains(a.body, `<html lang="ur" dir="rtl">`) {
		t.Error("the desk is not in Urdu, from right to left")
	}
	if a := b.post("/desk/duty", url.Values{"on": {"0"}, "to": {"https://evil.example/desk"}}); a.header.Get("Location") != "/desk" {
		t.Errorf("leads to %q", a.header.Get("Location"))
	}
	if h.member(m.ID).OnDuty {
		t.Error("is still on duty")
	}
}

func TestStaffAreManaged(t *testing.T) {
	h := build(t)
	amina := h.hires("amina", "Amina", store.Administrator)
	bilal := h.hires("bilal", "Bilal", store.Counsellor)
	id := h.opens(talk{name: "one"})
	b := h.signsIn("bilal")
	b.post("/desk/talks/"+string(id)+"/take", nil)
	if h.thread(id).Case.Holder != bilal.ID {
		t.Fatal("the case is not held")
	}
	admin := h.signsIn("amina")
	if a := admin.post("/desk/staff", url.Values{"login": {"BILAL"}, "name": {"Another"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("the same login twice answers %d", a.status)
	}
	if a := admin.post("/desk/staff/"+string(amina.ID), url.Values{"name": {"Amina"}, "role": {"counsellor"}}); a.status != http.StatusUnprocessableEntity || h.member(amina.ID).Role != store.Administrator {
		t.Errorf("the last administrator can step down: %d", a.status)
	}
	if a := admin.post("/desk/staff/"+string(amina.ID)+"/active", url.Values{"on": {"0"}}); a.status != http.StatusUnprocessableEntity || !h.member(amina.ID).Active {
		t.Errorf("one can lock oneself out: %d", a.status)
	}
	admin.follow(admin.post("/desk/staff/"+string(bilal.ID)+"/active", url.Values{"on": {"0"}})).has(t, "Inactive")
	if a := b.get("/desk"); a.status != http.StatusSeeOther {
		t.Errorf("who was deactivated still sees the queue: %d", a.status)
	}
	if k := h.thread(id).Case; k.Status != desk.Waiting || !k.Queued.Equal(noon) {
		t.Errorf("the case of who left: %+v", k)
	}
	if a := admin.post("/desk/staff/nobody/reset", nil); a.status != http.StatusNotFound {
		t.Errorf("nobody's reset answers %d", a.status)
	}
}

func TestSafeReturn(t *testing.T) {
	for to, want := range map[string]string{
		"/desk": "/desk", "/desk?list=mine": "/desk?list=mine", "/desk/talks/x#newest": "/desk/talks/x",
		"": "/desk", "/": "/desk", "/deskx": "/desk", "//evil.example/desk": "/desk", "https://evil.example/desk": "/desk",
		"/desk/../admin": "/desk", `/\evil.example`: "/desk", "/desk//evil.example": "/desk", "javascript:alert(1)": "/desk", "/desk/\r\nX: y": "/desk",
	} {
		if got := console.SafeReturn(to); got != want {
			t.Errorf("%q leads to %q", to, got)
		}
	}
}

// A window that is closed while it asks for a page is no fault of the house: no
// operator reads of it.
func TestAWindowThatWasClosedIsNoFault(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Counsellor)
	b := h.signsIn("amina")
	ask := func(ctx context.Context) int {
		r := httptest.NewRequestWithContext(ctx, "GET", "http://desk.example/desk", nil)
		for _, c := range b.jar.Cookies(r.URL) {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		h.console.Handler().ServeHTTP(w, r)
		return w.Code
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if code := ask(gone); code != http.StatusServiceUnavailable || h.log.Len() > 0 {
		t.Errorf("who went away got %d, and the log says %q", code, h.log)
	}
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	if code := ask(t.Context()); code != http.StatusServiceUnavailable || h.log.Len() == 0 {
		t.Errorf("who is there got %d, and the log says %q", code, h.log)
	}
}
