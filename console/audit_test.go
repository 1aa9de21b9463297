// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sarai/channels"
	"sarai/console"
	"sarai/desk"
	gw "sarai/gateway"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

// truly has the house run by the real gateway.
func truly(g **gw.Gateway) change {
	return func(o *console.Options) {
		*g = gw.New(gw.Options{Store: o.Store.(gw.Store), Phrases: o.Phrases.(*locales.Phrases), Now: o.Now, Edition: gw.Edition{
			Catalogue: o.Gateway.Catalogue(), Read: func(string, search.Hint) search.Reading { return search.Reading{} },
		}})
		o.Gateway = *g
	}
}

// deeds gives what the audit says, oldest first: "Bilal viewed", with the words
// that belong to it. Who is named by the names of the staff.
func (h *house) deeds(f store.RecordFilter) (out []string) {
	h.t.Helper()
	h.console.Written()
	rs, err := h.db.Records(context.Background(), f, 0, 10_000)
	if err != nil {
		h.t.Fatal(err)
	}
	members, err := h.db.Members(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	called := map[string]string{}
	for _, m := range members {
		called[string(m.ID)] = m.Name
	}
	name := func(id string) string {
		if n, ok := called[id]; ok {
			return n
		}
		return id
	}
	for _, r := range slices.Backward(rs) {
		out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", name(string(r.By)), r.What, name(r.On), r.Why)), " "))
	}
	chain, err := h.db.VerifyRecords(context.Background())
	if err != nil || chain.Broken != 0 {
		h.t.Fatalf("the audit is broken at %d: %s %v", chain.Broken, chain.Why, err)
	}
	return out
}

func sameWords(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestWhatIsReadAndDoneIsInTheAudit(t *testing.T) {
	var real *gw.Gateway
	h := build(t, truly(&real))
	h.hires("amina", "Amina", store.Administrator)
	bilal := h.hires("bilal", "Bilal", store.Counsellor, "lahore")
	h.hires("dina", "Dina", store.Counsellor, "dhaka")
	id := h.bare("one", person("en", "my brother is in Riyadh"))
	th := h.thread(id)
	th.Centre = "lahore"
	if err := h.db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		t.Fatal(err)
	}
	path := "/desk/talks/" + string(id)

	h.browser().post("/desk/signin", url.Values{"login": {"Bilal"}, "password": {"wrong"}})
	b := h.signsIn("bilal")
	b.get("/desk")
	b.get("/desk")
	for range 3 { // one reading, however often the page asks
		b.get(path)
		b.part(path + "/entries?after=0")
	}
	h.console.Written() // readings are written down behind the page
	b.post(path+"/take", nil)
	b.send(path+"/say", url.Values{"key": {"abcdefghijklmnopqrst"}, "text": {"Call 0300 1234567"}})
	b.send(path+"/note", url.Values{"key": {"bbcdefghijklmnopqrst"}, "text": {"is called Yusuf"}})
	h.wait(4 * time.Minute)
	b.get(path)
	h.wait(2 * time.Minute)
	b.get(path)
	if a := h.signsIn("dina").get(path); a.status != http.StatusNotFound {
		t.Errorf("another centre's talk answers %d", a.status)
	}
	h.console.Written()
	b.post("/desk/signout", nil)
	sameWords(t, h.deeds(store.RecordFilter{By: bilal.ID}),
		"Bilal signed-in", "Bilal listed waiting", "Bilal viewed", "Bilal case-taken", "Bilal said", "Bilal noted", "Bilal viewed", "Bilal signed-out")
	sameWords(t, h.deeds(store.RecordFilter{What: store.DidDenied, Thread: id}), "Dina denied")
	if n := len(h.deeds(store.RecordFilter{What: store.DidFail})); n != 1 {
		t.Errorf("%d failed sign-ins", n)
	}

	// An administrator reads it; it says nothing of what was said. Nobody else can.
	if a := h.signsIn("dina").get("/desk/audit"); a.status != http.StatusForbidden {
		t.Errorf("a counsellor reads the audit: %d", a.status)
	}
	a := h.signsIn("amina")
	page := a.get("/desk/audit?check=1")
	page.has(t, "Took the case", "Wrote to the person", "Was refused a talk", "Wrong name or password · Bilal", "none changed")
	page.lacks(t, "0300", "Yusuf", "Riyadh")
	for _, x := range []struct {
		query       string
		has, hasNot string
	}{
		{"by=" + string(bilal.ID), ">Took the case<", ">Was refused a talk<"},
		{"what=noted", ">Wrote a note<", ">Took the case<"},
		{"talk=" + string(id), ">Took the case<", ">Signed in<"},
		{"day=2031-05-06", ">Took the case<", ">nothing<"},
		{"day=2031-05-07", "–", ">Took the case<"},
		{"day=nonsense&before=nonsense", ">Took the case<", ">nothing<"},
	} {
		got := a.get("/desk/audit?" + x.query)
		rows := strings.ReplaceAll(cells(got.body), "\n", "")
		if got.status != http.StatusOK || !strings.Contains(rows+"–", x.has) || strings.Contains(rows, x.hasNot) {
			t.Errorf("%s: %d\n%s", x.query, got.status, rows)
		}
	}

	// It outlives the talk.
	if err := h.db.Erase(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	a.get("/desk/audit?talk="+string(id)).has(t, "Took the case", "Read a talk")
}

// cells gives the table of the audit's page.
func cells(page string) string {
	_, rest, _ := strings.Cut(page, "<tbody>")
	rest, _, _ = strings.Cut(rest, "</tbody>")
	return rest
}

func TestWhatIsDoneToStaffIsInTheAudit(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Administrator)
	a := h.signsIn("amina")
	added := a.post("/desk/staff", url.Values{"login": {"bilal"}, "name": {"Bilal"}})
	added.has(t, "Give this link to Bilal")
	bilal, err := h.db.MemberByLogin(context.Background(), "bilal")
	if err != nil {
		t.Fatal(err)
	}
	a.post("/desk/staff", url.Values{"login": {"bilal"}, "name": {"Another"}}) // the name is taken
	path := "/desk/staff/" + string(bilal.ID)
	a.post(path, url.Values{"name": {"Bilal"}, "role": {"administrator"}})
	a.post(path, url.Values{"name": {"Bilal K."}, "role": {"administrator"}})
	a.post(path+"/reset", nil)
	a.post(path+"/active", url.Values{"on": {"0"}})
	a.post(path+"/active", url.Values{"on": {"1"}})
	self, err := h.db.MemberByLogin(context.Background(), "amina")
	if err != nil {
		t.Fatal(err)
	}
	a.post("/desk/staff/"+string(self.ID), url.Values{"name": {"Amina"}, "role": {"administrator"}})
	a.post("/desk/profile", url.Values{"name": {"Amina"}, "locale": {"en"}})
	got := h.deeds(store.RecordFilter{By: self.ID})
	sameWords(t, got[1:6], "Amina staff-added Bilal K. counsellor", got[2], "Amina not-done "+strings.Fields(got[2])[2]+" staff-added", "Amina staff-changed Bilal K.", "Amina role-changed Bilal K. administrator")
	sameWords(t, got[6:], "Amina staff-changed Bilal K.", "Amina password-link Bilal K.", "Amina staff-deactivated Bilal K.", "Amina staff-activated Bilal K.",
		"Amina staff-changed Amina", "Amina staff-changed Amina")

	// The link, and the sign-in that comes with it.
	link := regexp.MustCompile(`/desk/password\?token=(\w+)`).FindStringSubmatch(a.post(path+"/reset", nil).body)
	if link == nil {
		t.Fatal("no link")
	}
	h.browser().post("/desk/password", url.Values{"token": {link[1]}, "password": {password}, "again": {password}})
	sameWords(t, h.deeds(store.RecordFilter{By: bilal.ID}), "Bilal K. password-set Bilal K.", "Bilal K. signed-in")
}

func TestALockedNameIsWrittenDownOnceAndAFloodIsBounded(t *testing.T) {
	h := build(t)
	h.hires("bilal", "Bilal", store.Counsellor)
	for range 13 {
		h.browser().post("/desk/signin", url.Values{"login": {"bilal"}, "password": {"wrong"}})
	}
	if n := len(h.deeds(store.RecordFilter{What: store.DidFail})); n != 10 {
		t.Errorf("%d failed sign-ins, want 10", n)
	}
	sameWords(t, h.deeds(store.RecordFilter{What: store.DidLock}), "sign-in-locked")
	h.wait(2 * time.Minute)
	for i := range 500 {
		h.console.SignInFailed(fmt.Sprint("made-up-", i))
		if i%100 == 0 {
			h.console.Written()
		}
	}
	got := h.deeds(store.RecordFilter{What: store.DidFail})
	if len(got) != 10+60+1 || got[len(got)-1] != "sign-in-failed more" {
		t.Errorf("%d records of 500 made-up names, the last %q", len(got), got[len(got)-1])
	}
}

// A failingAudit is a store whose audit cannot be written while it is broken.
type failingAudit struct {
	*bolt.DB
	broken atomic.Bool
	chain  atomic.Pointer[store.Chain]
}

func (s *failingAudit) AppendActs(ctx context.Context, acts ...store.Act) error {
	if s.broken.Load() {
		return errors.New("the disk is full")
	}
	return s.DB.AppendActs(ctx, acts...)
}

func (s *failingAudit) VerifyRecords(ctx context.Context) (store.Chain, error) {
	if c := s.chain.Load(); c != nil {
		return *c, nil
	}
	return s.DB.VerifyRecords(ctx)
}

func TestNothingIsShownOrDoneThatCannotBeWrittenDown(t *testing.T) {
	s := &failingAudit{}
	h := build(t, func(o *console.Options) {
		s.DB = o.Store.(*bolt.DB)
		o.Store = s
	})
	h.hires("amina", "Amina", store.Administrator)
	one, two := h.bare("one", person("en", "the first")), h.bare("two", person("en", "the second"))
	a := h.signsIn("amina")
	h.console.Written()
	s.broken.Store(true)
	// Of the first reading nobody knows yet that it cannot be written. It is kept.
	a.get("/desk/talks/"+string(one)).has(t, "the first")
	for end := time.Now().Add(10 * time.Second); ; {
		got := a.get("/desk/talks/" + string(two))
		if got.status == http.StatusServiceUnavailable {
			got.has(t, "Nothing can be shown now, because the audit cannot be written.")
			got.lacks(t, "the second")
			break
		}
		if time.Now().After(end) {
			t.Fatal("talks are shown though nothing can be written down")
		}
	}
	if got := a.get("/desk"); got.status != http.StatusServiceUnavailable {
		t.Errorf("the queue answers %d", got.status)
	}
	if got := a.post("/desk/staff", url.Values{"login": {"bilal"}, "name": {"Bilal"}}); got.status < 500 {
		t.Errorf("a colleague was added: %d", got.status)
	}
	if _, err := h.db.MemberByLogin(context.Background(), "bilal"); !errors.Is(err, store.ErrNotFound) {
		t.Error("a colleague was added that the audit does not hold")
	}
	if got := a.post("/desk/talks/"+string(one)+"/export", nil); got.status < 500 {
		t.Errorf("an export was made: %d", got.status)
	}
	if got := h.browser().post("/desk/signin", url.Values{"login": {"amina"}, "password": {password}}); got.status < 500 {
		t.Errorf("somebody signed in: %d", got.status)
	}

	s.broken.Store(false)
	for end := time.Now().Add(10 * time.Second); a.get("/desk/talks/"+string(two)).status != http.StatusOK; {
		if time.Now().After(end) {
			t.Fatal("talks are not shown again")
		}
	}
	sameWords(t, h.deeds(store.RecordFilter{Thread: one}), "Amina viewed")
	if got := h.deeds(store.RecordFilter{Thread: two}); len(got) == 0 || got[0] != "Amina viewed" {
		t.Errorf("the second talk: %v", got)
	}
}

func TestAStopLosesNoReading(t *testing.T) {
	h := build(t)
	h.hires("amina", "Amina", store.Administrator)
	a := h.signsIn("amina")
	var ids []store.ThreadID
	for i := range 40 {
		ids = append(ids, h.bare(fmt.Sprint("person-", i), person("en", "hello")))
	}
	for _, id := range ids {
		a.get("/desk/talks/" + string(id))
	}
	h.console.Close()
	for _, id := range ids {
		sameWords(t, h.deeds(store.RecordFilter{Thread: id}), "Amina viewed")
	}
	if got := a.get("/desk/talks/" + string(ids[0])); got.status != http.StatusServiceUnavailable {
		t.Errorf("a talk is shown after the end: %d", got.status)
	}
}

func TestTheAuditIsReadInPages(t *testing.T) {
	s := &failingAudit{}
	h := build(t, func(o *console.Options) {
		s.DB = o.Store.(*bolt.DB)
		o.Store = s
	})
	h.hires("amina", "Amina", store.Administrator)
	var acts []store.Act
	for i := range 250 {
		acts = append(acts, store.Act{By: desk.Program, What: store.DidWarn, Thread: store.ThreadID(fmt.Sprint("thread-", i))})
	}
	if err := h.db.AppendActs(context.Background(), acts...); err != nil {
		t.Fatal(err)
	}
	a := h.signsIn("amina")
	row := regexp.MustCompile(`<tr id="r(\d+)">`)
	older := regexp.MustCompile(`id="older" class="button" href="([^"]+)"`)
	seen := map[string]bool{}
	path, pages := "/desk/audit?what=erasing-near", 0
	for path != "" {
		page := a.get(path)
		for _, m := range row.FindAllStringSubmatch(page.body, -1) {
			seen[m[1]] = true
		}
		path = ""
		if m := older.FindStringSubmatch(page.body); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		}
		pages++
	}
	if len(seen) != 250 || pages != 3 {
		t.Errorf("%d records on %d pages", len(seen), pages)
	}
	s.chain.Store(&store.Chain{Records: 41, Broken: 42, Why: "it was changed"})
	a.get("/desk/audit?check=1").has(t, "The chain is broken at record 42")
}

func TestFilesThatAreOpenedErasedAndHandedOutAreInTheAudit(t *testing.T) {
	h := withFiles(t, channels.Limits{})
	h.hires("amina", "Amina", store.Counsellor)
	id := h.opens(talk{name: "zahra"})
	path := "/desk/talks/" + string(id)
	a := h.signsIn("amina")
	a.post(path+"/take", nil)
	h.comes("zahra", channels.Picture, "passport.png", png)
	h.works()
	seq, file := h.last(id)
	for range 3 { // a player asks for pieces
		a.get(path + "/media/" + file)
	}
	if a.get(path+"/media/nothing").status != http.StatusNotFound {
		t.Error("what is not there is given")
	}
	if got := unzip(t, a.post(path+"/export", nil).body); got[fmt.Sprintf("files/%d-1.png", seq)] != png {
		t.Errorf("the picture does not go along: %d files", len(got))
	}
	a.post(path+"/media/"+file+"/erase", nil)
	sameWords(t, h.deeds(store.RecordFilter{Thread: id, What: store.DidOpenFile}), "Amina file-opened "+file)
	sameWords(t, h.deeds(store.RecordFilter{Thread: id, What: store.DidFile}), "Amina file-erased")
	if got := unzip(t, a.post(path+"/export", nil).body); len(got) != 2 {
		t.Errorf("an erased file goes along: %d files", len(got))
	}
}
