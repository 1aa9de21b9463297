// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sarai/desk"
	"sarai/store"
)

// Who calls, in the order of the columns below: nobody who is signed in; a
// counsellor of the centre of the talk; one of another centre; an administrator;
// a counsellor who has left since.
var callers = []string{"anybody", "counsellor", "elsewhere", "administrator", "left"}

// routes says what each is answered. The talk is the centre's, and waits.
var routes = map[string][5]int{
	"GET /desk/signin":    {200, 303, 303, 303, 200},
	"POST /desk/signin":   {401, 401, 401, 401, 401},
	"GET /desk/first":     {410, 410, 410, 410, 410},
	"POST /desk/first":    {410, 410, 410, 410, 410},
	"GET /desk/password":  {410, 410, 410, 410, 410},
	"POST /desk/password": {410, 410, 410, 410, 410},

	"GET /desk":                   {303, 200, 200, 200, 303},
	"GET /desk/{$}":               {303, 303, 303, 303, 303},
	"GET /desk/rows":              {303, 200, 200, 200, 303},
	"GET /desk/count":             {303, 200, 200, 200, 303},
	"GET /desk/events":            {303, 200, 200, 200, 303},
	"POST /desk/signout":          {303, 303, 303, 303, 303},
	"POST /desk/duty":             {303, 303, 303, 303, 303},
	"GET /desk/profile":           {303, 200, 200, 200, 303},
	"POST /desk/profile":          {303, 422, 422, 422, 303},
	"POST /desk/profile/password": {303, 422, 422, 422, 303},

	"GET /desk/talks/{thread}":                     {303, 200, 404, 200, 303},
	"GET /desk/talks/{thread}/entries":             {303, 200, 404, 200, 303},
	"GET /desk/talks/{thread}/entries/{seq}":       {303, 200, 404, 200, 303},
	"GET /desk/talks/{thread}/case":                {303, 200, 404, 200, 303},
	"GET /desk/talks/{thread}/answer":              {303, 200, 404, 200, 303},
	"GET /desk/talks/{thread}/look":                {303, 200, 404, 200, 303},
	"GET /desk/talks/{thread}/look/{article}":      {303, 200, 404, 200, 303},
	"POST /desk/talks/{thread}/take":               {303, 303, 404, 303, 303},
	"POST /desk/talks/{thread}/release":            {303, 409, 404, 409, 303},
	"POST /desk/talks/{thread}/pass":               {303, 422, 404, 422, 303},
	"POST /desk/talks/{thread}/close":              {303, 422, 404, 422, 303},
	"POST /desk/talks/{thread}/say":                {303, 422, 404, 422, 303},
	"GET /desk/talks/{thread}/media/{file}":        {303, 200, 404, 200, 303},
	"GET /desk/talks/{thread}/media/{file}/part":   {303, 404, 404, 404, 303},
	"POST /desk/talks/{thread}/media/{file}/erase": {303, 409, 404, 409, 303},
	"POST /desk/talks/{thread}/safety":             {303, 303, 404, 303, 303},
	"POST /desk/talks/{thread}/note":               {303, 422, 404, 422, 303},
	"POST /desk/talks/{thread}/draft":              {303, 204, 404, 204, 303},

	"GET /desk/report":     {303, 403, 403, 200, 303},
	"GET /desk/report.csv": {303, 403, 403, 200, 303},
	// Who does not hold the case may not, but administrators.
	"POST /desk/talks/{thread}/hold":   {303, 403, 404, 422, 303},
	"POST /desk/talks/{thread}/lift":   {303, 403, 404, 303, 303},
	"GET /desk/talks/{thread}/erase":   {303, 403, 404, 200, 303},
	"POST /desk/talks/{thread}/erase":  {303, 403, 404, 422, 303},
	"GET /desk/talks/{thread}/export":  {303, 403, 404, 200, 303},
	"POST /desk/talks/{thread}/export": {303, 403, 404, 200, 303},
	"GET /desk/retention":              {303, 200, 200, 200, 303},
	"GET /desk/audit":                  {303, 403, 403, 200, 303},

	"GET /desk/backup":                 {303, 403, 403, 200, 303},
	"POST /desk/backup/now":            {303, 403, 403, 303, 303},
	"POST /desk/backup/key":            {303, 403, 403, 303, 303},
	"GET /desk/backup/check":           {303, 403, 403, 303, 303},
	"POST /desk/backup/check":          {303, 403, 403, 303, 303},
	"GET /desk/whatsapp":               {303, 403, 403, 200, 303},
	"GET /desk/whatsapp/part":          {303, 403, 403, 303, 303}, // there is no such channel in this house
	"POST /desk/whatsapp/link":         {303, 403, 403, 303, 303},
	"POST /desk/whatsapp/cancel":       {303, 403, 403, 303, 303},
	"POST /desk/whatsapp/unlink":       {303, 403, 403, 303, 303},
	"POST /desk/whatsapp/chats":        {303, 403, 403, 303, 303},
	"GET /desk/staff":                  {303, 403, 403, 200, 303},
	"POST /desk/staff":                 {303, 403, 403, 422, 303},
	"POST /desk/staff/{member}":        {303, 403, 403, 422, 303},
	"POST /desk/staff/{member}/reset":  {303, 403, 403, 200, 303},
	"POST /desk/staff/{member}/active": {303, 403, 403, 303, 303},
}

// TestEveryRouteAsksWhoCalls calls every route that there is as everybody.
func TestEveryRouteAsksWhoCalls(t *testing.T) {
	there := build(t).console.Routes()
	for r := range there {
		if _, ok := routes[r]; !ok {
			t.Errorf("%s is not in this test", r)
		}
	}
	for r := range routes {
		if there[r] == "" {
			t.Errorf("%s is no route", r)
		}
	}
	for i, who := range callers {
		h := build(t)
		b := h.caller(who)
		for r, want := range routes {
			method, _, _ := strings.Cut(r, " ")
			if got := b.call(method, h.furnish(r), "same-origin"); got != want[i] {
				t.Errorf("%s as %s: %d, not %d", r, who, got, want[i])
			}
			if r == "POST /desk/signout" && who != "anybody" && who != "left" {
				b = h.signsIn(who)
			}
		}
	}
}

// TestOtherSitesAreRefused sends every form from another site, as somebody who
// may do everything.
func TestOtherSitesAreRefused(t *testing.T) {
	h := build(t)
	b := h.caller("administrator")
	for r := range routes {
		method, _, _ := strings.Cut(r, " ")
		if method == "GET" {
			continue
		}
		for _, site := range []string{"cross-site", "same-site"} {
			if got := b.call(method, h.furnish(r), site); got != http.StatusForbidden {
				t.Errorf("%s from %s: %d", r, site, got)
			}
		}
	}
}

// furnish puts a talk and a colleague into the house and gives the path of a
// route that means them.
func (h *house) furnish(route string) string {
	id := h.opens(talk{name: strings.ToLower(rand.Text()), centre: "lahore", entries: []store.Entry{person("en", "hello")}})
	other := h.hires(strings.ToLower(rand.Text()), "Other", store.Counsellor)
	_, err := h.db.KeepFile(context.Background(), id, "f1", strings.NewReader("x"), func(io.ReaderAt, int64) (store.File, error) {
		return store.File{State: store.Kept, Type: "image/png", At: noon}, nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	_, path, _ := strings.Cut(route, " ")
	return strings.NewReplacer("{$}", "", "{thread}", string(id), "{seq}", "1", "{file}", "f1", "{article}", "protector-pk", "{member}", string(other.ID)).Replace(path)
}

func (h *house) caller(who string) *browser {
	switch who {
	case "counsellor":
		h.hires(who, who, store.Counsellor, "lahore")
	case "elsewhere":
		h.hires(who, who, store.Counsellor, "dhaka")
	case "administrator":
		h.hires(who, who, store.Administrator)
	case "left":
		m := h.hires(who, who, store.Counsellor)
		b := h.signsIn(who)
		m.Active = false
		if err := h.db.PutMember(context.Background(), m); err != nil {
			h.t.Fatal(err)
		}
		return b
	default:
		return h.browser()
	}
	return h.signsIn(who)
}

// call sends a request that ends soon, even if its answer does not.
func (b *browser) call(method, path, site string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if !strings.HasSuffix(path, "/events") {
		ctx = context.Background()
	}
	r := httptest.NewRequestWithContext(ctx, method, "http://desk.example"+path, strings.NewReader(""))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", site)
	for _, c := range b.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.h.console.Handler().ServeHTTP(w, r)
	return w.Code
}

func TestACounsellorSeesTheCasesOfTheOwnCentres(t *testing.T) {
	h := build(t)
	h.hires("lahori", "Lahori", store.Counsellor, "lahore")
	h.hires("all", "All", store.Counsellor)
	h.opens(talk{name: "l", centre: "lahore", entries: []store.Entry{person("en", "from lahore")}})
	h.opens(talk{name: "d", centre: "dhaka", entries: []store.Entry{person("en", "from dhaka")}})
	h.opens(talk{name: "n", entries: []store.Entry{person("en", "from nowhere")}})
	h.opens(talk{name: "c", centre: "dhaka", entries: []store.Entry{person("en", "closed in dhaka")}, change: func(k *desk.Case) {
		k.Status, k.Closed, k.Outcome = desk.Closed, noon, desk.Advised
	}})
	a := h.signsIn("lahori").get("/desk")
	a.has(t, "from lahore", "from nowhere", "Waiting 2")
	a.lacks(t, "from dhaka")
	h.signsIn("lahori").get("/desk?list=closed").lacks(t, "closed in dhaka")
	h.signsIn("all").get("/desk").has(t, "from lahore", "from dhaka", "from nowhere", "Waiting 3")
}

func TestHeaders(t *testing.T) {
	h := build(t)
	h.hires("bilal", "Bilal", store.Counsellor)
	b := h.signsIn("bilal")
	for _, path := range []string{"/desk", "/desk/signin", "/desk/nothing", "/desk/static/desk.css", "/desk/talks/x"} {
		a := b.get(path)
		csp := a.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "media-src 'self' blob:"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy lacks %s", path, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", path, csp)
		}
		if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, a.header)
		}
		if !strings.Contains(path, "static") && a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %s", path, a.header.Get("Cache-Control"))
		}
		if strings.Contains(a.body, "style=") || strings.Contains(a.body, "<style") || strings.Contains(a.body, " onclick") {
			t.Errorf("%s has a style or a script in it", path)
		}
	}
	if a := b.get("/desk/static/"); a.status != http.StatusNotFound {
		t.Errorf("the static files are listed: %d", a.status)
	}
	if a := b.post("/desk/profile", url.Values{"name": {strings.Repeat("x", 300<<10)}}); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge form answers %d", a.status)
	}
	if fmt.Sprint(h.log) != "" {
		t.Errorf("logged: %s", h.log)
	}
}
