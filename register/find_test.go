// SPDX-License-Identifier: GPL-3.0-or-later

package register_test

import (
	"fmt"
	"strings"
	"testing"

	"sarai/register"
)

// TestNamesAreFoundHoweverTheyAreWritten measures on 5,000 invented firms how
// often the one that is meant is given first, and among the three.
func TestNamesAreFoundHoweverTheyAreWritten(t *testing.T) {
	f := invented(5000, 1)
	r := register.New(f)
	slip := newNamer(99)
	for _, way := range []struct {
		name  string
		write func(string) string
	}{
		{"as it stands", func(s string) string { return s }},
		{"one typo", slip.typo},
		{"Urdu", urdu},
		{"Bangla", bangla},
		{"Cyrillic", cyrillic},
		{"in a question", func(s string) string { return "kya ye " + slip.typo(s) + " registered hai ya nahi" }},
	} {
		t.Run(way.name, func(t *testing.T) {
			first, three, n := 0, 0, 0
			for i, e := range f.Sources[0].Entries {
				if i%10 != 0 {
					continue
				}
				n++
				for k, h := range find(r, way.write(e.Name), true) {
					if h.Entry.Licence != e.Licence {
						continue
					}
					three++
					if k == 0 {
						first++
					}
				}
			}
			t.Logf("first %.3f, among three %.3f of %d", float64(first)/float64(n), float64(three)/float64(n), n)
			if first*100 < n*90 || three*100 < n*97 {
				t.Error("want 0.9 first and 0.97 among three")
			}
		})
	}
}

// TestWhoIsNotThereIsNotFound asks for firms that are not in the register, of
// words that are.
func TestWhoIsNotThereIsNotFound(t *testing.T) {
	f := invented(5000, 1)
	r := register.New(f)
	there := map[string]bool{}
	for _, e := range f.Sources[0].Entries {
		there[strings.ToLower(e.Name)] = true
	}
	absent := newNamer(4242)
	n, found, surely := 0, 0, 0
	for n < 1500 {
		name := absent.name()
		if there[strings.ToLower(name)] {
			continue
		}
		n++
		if hits := find(r, name, true); len(hits) > 0 {
			found++
			if hits[0].Sure >= register.Surely {
				surely++
			}
		}
	}
	t.Logf("found %.3f, surely %.3f of %d", float64(found)/float64(n), float64(surely)/float64(n), n)
	if found*100 > n*2 || surely*100 > n {
		t.Error("want at most 0.02 found and 0.01 surely")
	}
	for _, other := range []string{"", "?", "😭", "overseas employment promoters", "recruiting agency pvt ltd", "is my agent licensed", "میرا ایجنٹ اصلی ہے", "কোম্পানি", "\xff\xfe"} {
		if hits := find(r, other, true); len(hits) > 0 {
			t.Errorf("%q found %v", other, hits)
		}
	}
}

func find(r *register.Register, message string, names bool) []register.Hit {
	hits, _ := r.Find(message, names)
	return hits
}

func small() *register.Register {
	entry := func(name, licence string, s register.Status) register.Entry {
		return register.Entry{Name: name, Licence: licence, Status: s, Until: day(2027, 6, 30), City: "Lahore"}
	}
	return register.New(register.File{Country: "PK", Sources: []register.Source{
		{Name: "List A", AsOf: day(2026, 11, 1), Entries: []register.Entry{
			entry("Zarbalik Overseas Employment Promoters", "OEP/1234/LHR", register.Active),
			entry("Mundoshi Recruiting Agency", "OEP/1234/KHI", register.Suspended),
			entry("Al Kemrud Travels", "OEP/0077/RWP", register.Active),
			entry("Kemrud International", "OEP/0912/LHR", register.Cancelled),
			entry("Tilvano Manpower", "OEP/2045/LHR", register.Active),
			entry("Tilvano Manpower Services", "OEP/0003/LHR", register.Blacklisted),
		}},
		{Name: "List B", AsOf: day(2026, 10, 1), Entries: []register.Entry{
			entry("Zarbalik Overseas Employment Promoters", "OEP/1234/LHR", register.Blacklisted),
			entry("Pelmora Links", "RL-0412/2019", register.Active),
		}},
	}})
}

func told(hits []register.Hit) string {
	var s []string
	for _, h := range hits {
		s = append(s, fmt.Sprintf("%s %s", h.Entry.Licence, h.Entry.Status))
	}
	return strings.Join(s, ", ")
}

func TestNumbersAreFoundHoweverTheyAreWritten(t *testing.T) {
	r := small()
	const both = "OEP/1234/LHR blacklisted, OEP/1234/LHR active"
	for _, c := range []struct {
		message string
		names   bool
		want    string
	}{
		{"OEP/1234/LHR", false, both},
		{"oep 1234 lhr", false, both},
		{"oep-1234-lhr", false, both},
		{"OEP1234LHR", false, both},
		{"1234/LHR", false, both},
		{"LHR 1234", false, both},
		{"۱۲۳۴/LHR", false, both},
		{"১২৩৪ LHR", false, both},
		{"ОЕП 0912", false, "OEP/0912/LHR cancelled"},
		{"he says his licence is OEP / 01234 / LHR is that true?", false, both},
		{"1234/KHI", false, "OEP/1234/KHI suspended"},
		{"oep 1234", false, "OEP/1234/LHR blacklisted, OEP/1234/KHI suspended, OEP/1234/LHR active"},
		{"1234", true, "OEP/1234/LHR blacklisted, OEP/1234/KHI suspended, OEP/1234/LHR active"},
		{"77", true, "OEP/0077/RWP active"},
		{"licence number 77", true, "OEP/0077/RWP active"},
		{"RL 412", false, "RL-0412/2019 active"},
		{"rl-412/2019", false, "RL-0412/2019 active"},
		{"1235/LHR", false, ""},
		{"oep 12345 lhr", false, ""},
		{"3 log gaye hain 77 din se", false, ""},
		{"2019 me gaya tha", true, ""},
	} {
		if got := told(find(r, c.message, c.names)); got != c.want {
			t.Errorf("%q: got %q, want %q", c.message, got, c.want)
		}
	}
}

func TestANumberOfAnotherFirmIsNotSure(t *testing.T) {
	r := small()
	for _, h := range find(r, "912/KHI", true) {
		if h.Sure >= register.Surely || h.By == register.ByNumber {
			t.Errorf("the number with other letters was taken for surely this: %v", h)
		}
	}
	hits := find(r, "Mundoshi OEP/0077/RWP", true)
	if told(hits) != "OEP/0077/RWP active, OEP/1234/KHI suspended" {
		t.Errorf("a name with another's number must show both: %s", told(hits))
	}
}

func TestAllThatCouldBeMeantTheWorstFirst(t *testing.T) {
	r := small()
	for _, c := range []struct{ message, want string }{
		{"tilvano manpower", "OEP/2045/LHR active, OEP/0003/LHR blacklisted"},
		{"tilvano", "OEP/0003/LHR blacklisted, OEP/2045/LHR active"},
		{"zarbalik", "OEP/1234/LHR blacklisted, OEP/1234/LHR active"},
		{"is zarbalick overseas ok", "OEP/1234/LHR blacklisted, OEP/1234/LHR active"},
		{"زربالک اوورسیز", "OEP/1234/LHR blacklisted, OEP/1234/LHR active"},
		{"জারবালিক ওভারসিজ", "OEP/1234/LHR blacklisted, OEP/1234/LHR active"},
		{"Зарбалик оверсиз", "OEP/1234/LHR blacklisted, OEP/1234/LHR active"},
		{"kemrud", "OEP/0912/LHR cancelled, OEP/0077/RWP active"},
	} {
		if got := told(find(r, c.message, true)); got != c.want {
			t.Errorf("%q: got %q, want %q", c.message, got, c.want)
		}
	}
	if got := find(r, "tilvano manpower", false); len(got) > 0 {
		t.Errorf("nobody asked for a name: %v", got)
	}
}

// A firm can be called by what all do. It is found by its whole name, and not by
// a part that others have as well.
func TestAFirmOfPlainWords(t *testing.T) {
	f := invented(500, 1)
	f.Sources[0].Entries = append(f.Sources[0].Entries, register.Entry{Name: "Overseas Manpower Corporation", Licence: "X/1", Status: register.Active})
	r := register.New(f)
	for _, q := range []string{"Overseas Manpower Corporation", "is overseas manpower corporation real", "overseas manpower corporaton lahore"} {
		if hits := find(r, q, true); len(hits) == 0 || hits[0].Entry.Licence != "X/1" {
			t.Errorf("%q: %s", q, told(hits))
		}
	}
	for _, q := range []string{"overseas", "manpower services", "overseas employment promoters", "recruiting agency", "is my agent licensed"} {
		if hits := find(r, q, true); len(hits) > 0 {
			t.Errorf("%q: %s", q, told(hits))
		}
	}
}

// Three of many firms of one name are shown, and that there are more is told.
func TestMoreThanThreeOfOneName(t *testing.T) {
	var entries []register.Entry
	for i := range 6 {
		entries = append(entries, register.Entry{Name: "Al Kemrud " + []string{"Travels", "Overseas", "Trade Test Center", "International", "Manpower", "HR Consultants"}[i], Licence: fmt.Sprint("OEP/", i), Status: register.Active})
	}
	entries[5].Status = register.Blacklisted
	r := register.New(register.File{Country: "PK", Sources: []register.Source{{Name: "x", AsOf: day(2026, 11, 1), Entries: entries}}})
	hits, more := r.Find("al kemrud", true)
	if len(hits) != 3 || !more || hits[0].Entry.Status != register.Blacklisted {
		t.Errorf("%s, more: %v", told(hits), more)
	}
	hits, more = r.Find("OEP/2", true)
	if len(hits) != 1 || more {
		t.Errorf("%s, more: %v", told(hits), more)
	}
}

func TestAShelf(t *testing.T) {
	var none *register.Shelf
	if len(none.Registers()) != 0 {
		t.Error("no shelf has registers")
	}
	empty := register.File{Country: "BD", Sources: []register.Source{{Name: "empty", AsOf: day(2026, 1, 1)}}}
	s := register.NewShelf(invented(3, 1), empty)
	if n := len(s.Registers()); n != 1 {
		t.Errorf("%d registers, one has firms", n)
	}
	if s.Without("PK"); len(s.Registers()) != 1 {
		t.Error("a shelf was changed")
	}
	if n := len(s.Without("PK").Registers()); n != 0 {
		t.Errorf("%d registers are left", n)
	}
}

// A register of the largest size that is imported, and one of a usual size.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{5000, 200_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := invented(n, 1)
			r := register.New(f)
			slip := newNamer(3)
			var qs []string
			for _, e := range f.Sources[0].Entries[:200] {
				qs = append(qs, "kya ye agency "+slip.typo(e.Name)+" registered hai ya nahi")
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				find(r, qs[i%len(qs)], true)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	r := small()
	f.Add("OEP/1234/LHR", "Al Kemrud", "12/x")
	f.Fuzz(func(t *testing.T, message, name, licence string) {
		if n := len(find(r, message, true)); n > 3 {
			t.Fatalf("%d entries", n)
		}
		odd := register.New(register.File{Sources: []register.Source{{Name: "x", Entries: []register.Entry{{Name: name, Licence: licence}}}}})
		for _, h := range find(odd, message, true) {
			if h.Sure < 0 || h.Sure > 1 {
				t.Fatalf("sure %v", h.Sure)
			}
		}
	})
}
