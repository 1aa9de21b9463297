// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/register"
	"sarai/store"
)

// shelf is a register of Pakistan with one firm, as it was on a day of November.
func shelf(name string, status register.Status, day int) *register.Shelf {
	return register.NewShelf(register.File{Country: "PK", Sources: []register.Source{{
		Name: "Invented list", URL: "https://example.org/list", AsOf: time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC),
		Entries: []register.Entry{{Name: name, Licence: "OEP/1234/LHR", Status: status, City: "Lahore"}},
	}}})
}

// said is the last bubble of the program as one text, a line a block.
func said(es []store.Entry) string {
	var lines []string
	for _, e := range es {
		if e.Author != store.Program {
			continue
		}
		lines = lines[:0]
		for _, b := range e.Blocks {
			lines = append(lines, b.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// A newer list is taken while people write: each answer is from one list or from
// the other, and the transcript keeps which.
func TestARegisterIsExchangedWhileServing(t *testing.T) {
	r := newRig(t)
	old, fresh := shelf("Zarbalik Promoters", register.Active, 1), shelf("Zarbalik Renamed", register.Cancelled, 20)
	r.g.SetRegisters(old)
	const people, messages = 8, 10
	var wg sync.WaitGroup
	for p := range people {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for m := range messages {
				r.hear(fmt.Sprint("person-", p), fmt.Sprint(p, "-", m), "is OEP/1234/LHR real")
			}
		}()
	}
	stop := make(chan struct{})
	exchanged := make(chan struct{})
	go func() {
		defer close(exchanged)
		for {
			select {
			case <-stop:
				return
			default:
				r.g.SetRegisters(fresh)
				r.g.SetRegisters(old)
			}
		}
	}()
	wg.Wait()
	close(stop)
	<-exchanged
	for p := range people {
		n := 0
		for _, e := range r.entries(fmt.Sprint("person-", p)) {
			if e.Author != store.Program {
				continue
			}
			n++
			text := said([]store.Entry{e})
			before := strings.Contains(text, "Zarbalik Promoters") && strings.Contains(text, "register of 01.11.2026: active") && strings.Contains(text, "as of 01.11.2026")
			after := strings.Contains(text, "Careful. In the register of 20.11.2026, Zarbalik Renamed is: cancelled.") && strings.Contains(text, "as of 20.11.2026")
			if before == after || before && strings.Contains(text, "20.11.") || after && strings.Contains(text, "01.11.2026:") {
				t.Fatalf("an answer is of neither list, or of both:\n%s", text)
			}
			if !strings.Contains(text, "Licence number: OEP/1234/LHR") || !strings.Contains(text, "no guarantee") {
				t.Fatalf("an answer lacks what must be said:\n%s", text)
			}
		}
		if n != messages {
			t.Errorf("%d answers to %d messages", n, messages)
		}
	}

	r.g.SetRegisters(fresh)
	r.hear("late", "late-1", "is OEP/1234/LHR real")
	if text := said(r.entries("late")); !strings.Contains(text, "Zarbalik Renamed") {
		t.Errorf("the new list is not used:\n%s", text)
	}
	r.g.SetRegisters(nil)
	r.hear("later", "later-1", "is OEP/1234/LHR real")
	if text := said(r.entries("later")); strings.Contains(text, "Zarbalik") {
		t.Errorf("a list that was taken away is used:\n%s", text)
	}
}

// What was gathered after an outage is looked up as well, and a caption is not.
func TestOldNewsWithALicenceNumber(t *testing.T) {
	r := newRig(t)
	r.g.SetRegisters(shelf("Zarbalik Promoters", register.Blacklisted, 1))
	in := r.message("somebody", "1", "can I trust OEP/1234/LHR")
	in.At = in.At.Add(-45 * time.Minute)
	r.must(r.g.Accept(t.Context(), in))
	r.wait(time.Minute)
	if text := said(r.entries("somebody")); !strings.Contains(text, "Zarbalik Promoters is: blacklisted") {
		t.Errorf("the number in an old message was not looked up:\n%s", text)
	}
	picture := r.message("another", "2", "OEP/1234/LHR")
	picture.Kind = channels.Picture
	r.must(r.g.Accept(t.Context(), picture))
	if text := said(r.entries("another")); strings.Contains(text, "Zarbalik") {
		t.Errorf("a caption was taken for a question:\n%s", text)
	}
}
