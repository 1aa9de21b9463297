// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sarai/desk"
	gw "sarai/gateway"
	"sarai/store"
)

// leaves puts a talk with a closed case into the store that is to be erased at
// a time.
func (h *house) leaves(name string, at time.Time) store.ThreadID {
	h.t.Helper()
	id := h.opens(talk{name: name, rank: desk.Normal, centre: "lahore", entries: []store.Entry{person("en", "words of "+name)}, change: func(k *desk.Case) {
		k.Status, k.Closed, k.Outcome = desk.Closed, h.clock(), desk.Advised
	}})
	th := h.thread(id)
	th.State, th.Keeping.Leaves = nil, at
	if err := h.db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		h.t.Fatal(err)
	}
	return id
}

func TestStaffSeeWhatWillBeErasedAndHoldIt(t *testing.T) {
	var real *gw.Gateway
	h := build(t, truly(&real))
	h.hires("amina", "Amina", store.Administrator)
	h.hires("bilal", "Bilal", store.Counsellor, "lahore")
	h.hires("dina", "Dina", store.Counsellor, "dhaka")
	later, soon := h.leaves("later", noon.Add(6*24*time.Hour)), h.leaves("soon", noon.Add(2*24*time.Hour))
	b := h.signsIn("bilal")
	b.get("/desk").has(t, "2 talks will be erased soon")
	h.signsIn("dina").get("/desk").lacks(t, "2 talks will be erased soon")
	h.signsIn("dina").get("/desk/retention").lacks(t, "words of")
	page := b.get("/desk/retention")
	page.has(t, "2031-05-08", "words of soon", "2031-05-12", "words of later")
	if strings.Index(page.body, "words of soon") > strings.Index(page.body, "words of later") {
		t.Error("who leaves first does not stand first")
	}
	b.get("/desk/talks/"+string(soon)).has(t, "If nobody writes, this talk is erased on 2031-05-08 09:00 PKT.")

	// A closed case is nobody's: an administrator holds the talk.
	if got := b.post("/desk/talks/"+string(soon)+"/hold", url.Values{"reason": {"mine"}}); got.status != http.StatusForbidden {
		t.Errorf("a counsellor who does not hold the case: %d", got.status)
	}
	a := h.signsIn("amina")
	a.post("/desk/talks/"+string(soon)+"/hold", url.Values{"reason": {"  "}}).has(t, "Something is missing")
	a.follow(a.post("/desk/talks/"+string(soon)+"/hold", url.Values{"reason": {"the labour court <asked>"}})).has(t,
		"Amina, since 2031-05-06 09:00 PKT: the labour court <asked>", "Amina holds this talk back from erasing", "Lift the hold")
	page = b.get("/desk/retention")
	page.has(t, "the labour court <asked>", "words of later")
	page.lacks(t, "words of soon")
	b.get("/desk").has(t, "1 talk will be erased soon")
	a.get("/desk/talks/"+string(soon)+"/erase").has(t, "Lift the hold first")
	if got := a.post("/desk/talks/"+string(soon)+"/erase", url.Values{"sure": {"1"}}); got.status != http.StatusConflict {
		t.Errorf("erasing what is held answers %d", got.status)
	}
	a.follow(a.post("/desk/talks/"+string(soon)+"/lift", nil)).has(t, "Amina lifted the hold")
	if h.thread(soon).Keeping.Hold != nil {
		t.Error("still held")
	}
	_ = later
	rs, err := h.db.Records(context.Background(), store.RecordFilter{Thread: soon}, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if strings.Contains(r.Why+r.On, "court") {
			t.Errorf("the audit holds the reason: %+v", r)
		}
	}
}

func TestTheHolderErasesATalk(t *testing.T) {
	var real *gw.Gateway
	h := build(t, truly(&real))
	h.hires("amina", "Amina", store.Counsellor)
	h.hires("bilal", "Bilal", store.Counsellor)
	id := h.bare("one", person("en", "hello"))
	path := "/desk/talks/" + string(id)
	a, b := h.signsIn("amina"), h.signsIn("bilal")
	a.get(path).lacks(t, "Erase everything")
	a.post(path+"/take", nil)
	a.get(path).has(t, "Erase everything")
	a.get(path+"/erase").has(t, "nobody can take this back", "copies that were made before")
	if got := a.post(path+"/erase", nil); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without the tick: %d", got.status)
	}
	if got := b.post(path+"/erase", url.Values{"sure": {"1"}}); got.status != http.StatusForbidden {
		t.Errorf("a colleague erases: %d", got.status)
	}
	h.console.Written()
	a.follow(a.post(path+"/erase", url.Values{"sure": {"1"}})).has(t, "The talk is erased.")
	if _, err := real.Work(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.ThreadByID(context.Background(), id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
	if got := a.get(path); got.status != http.StatusNotFound {
		t.Errorf("its page answers %d", got.status)
	}
	got := h.deeds(store.RecordFilter{Thread: id})
	sameWords(t, got[len(got)-2:], "Amina erase-wanted", "Amina erased desk")
}

func TestAPersonIsGivenAllThatIsKept(t *testing.T) {
	var real *gw.Gateway
	h := build(t, truly(&real))
	h.hires("amina", "Amina Kamal", store.Counsellor)
	id := h.bare("person-77", person("en", "my <b>passport</b> is gone"))
	path := "/desk/talks/" + string(id)
	a := h.signsIn("amina")
	if got := a.get(path + "/export"); got.status != http.StatusForbidden {
		t.Errorf("who does not hold the case: %d", got.status)
	}
	a.post(path+"/take", nil)
	a.send(path+"/say", url.Values{"key": {"abcdefghijklmnopqrst"}, "text": {"Go to the embassy."}})
	a.send(path+"/note", url.Values{"key": {"bbcdefghijklmnopqrst"}, "text": {"sounds afraid"}})
	a.get(path+"/export").has(t, "It is for the person whose talk it is, and for nobody else.", "With the notes of staff")
	for _, notes := range []bool{false, true} {
		form := url.Values{}
		if notes {
			form.Set("notes", "1")
		}
		got := a.post(path+"/export", form)
		if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(got.header.Get("Content-Disposition"), `attachment; filename="sarai-`) {
			t.Fatalf("%d %v", got.status, got.header)
		}
		files := unzip(t, got.body)
		page, data := files["index.html"], files["data.json"]
		if !strings.Contains(page, "my &lt;b&gt;passport&lt;/b&gt; is gone") || !strings.Contains(page, "Go to the embassy.") || !strings.Contains(page, "person-77") || strings.Contains(page, "<script") {
			t.Errorf("the page:\n%s", page)
		}
		if strings.Contains(page, "sounds afraid") != notes || strings.Contains(data, "sounds afraid") != notes {
			t.Errorf("with notes %v: they are in the page: %v", notes, strings.Contains(page, "sounds afraid"))
		}
		if strings.Contains(page+data, "Amina") {
			t.Error("the name of a counsellor goes along")
		}
		var d struct {
			Addresses []struct{ ID string }
			Messages  []struct{ By, Text string }
		}
		if err := json.Unmarshal([]byte(data), &d); err != nil {
			t.Fatal(err)
		}
		if len(d.Addresses) != 1 || d.Addresses[0].ID != "person-77" || len(d.Messages) < 2 {
			t.Errorf("the data: %s", data)
		}
	}
	got := h.deeds(store.RecordFilter{Thread: id, What: store.DidExport})
	sameWords(t, got, "Amina Kamal exported", "Amina Kamal exported notes")
}

func unzip(t testing.TB, body string) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(b)
	}
	return files
}
