// SPDX-License-Identifier: GPL-3.0-or-later

package register_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sarai/register"
)

func TestListsAsOfficesMakeThem(t *testing.T) {
	want := []register.Entry{
		{Name: "Zarbalik, Sons & Co", Licence: "OEP/1234/LHR", Status: register.Active, Until: day(2027, 6, 30), City: "Lahore", Phone: "+92 42 0000000"},
		{Name: "مندوشی ایجنسی", Licence: "OEP/0001/KHI", Status: register.Blacklisted},
	}
	for name, list := range map[string]string{
		"commas":                 "name,licence number,status,valid until,city,phone\n\"Zarbalik, Sons & Co\",OEP/1234/LHR,active,2027-06-30,Lahore,+92 42 0000000\nمندوشی ایجنسی,OEP/0001/KHI,blacklisted,,,\n",
		"another order and case": "STATUS,Phone,CITY,Valid_Till,License No.,Name of Agency,Remarks\nActive,+92 42 0000000,Lahore,30/06/2027,OEP/1234/LHR,\"Zarbalik, Sons & Co\",x\nBlack Listed,,,,OEP/0001/KHI,مندوشی ایجنسی\n",
		"Excel in Europe":        "\xEF\xBB\xBFName;Licence_No;Status;Valid upto;City;Tel\r\nZarbalik, Sons & Co;OEP/1234/LHR;ACTIVE;30.06.2027;Lahore;+92 42 0000000\r\nمندوشی ایجنسی;OEP/0001/KHI;black-listed\r\n\r\n",
		"tabs":                   "sep=\t\nname\tlic no\tstatus\texpiry date\tcity\tcontact\n\"Zarbalik, Sons & Co\"\tOEP/1234/LHR\tactive\t۳۰/۶/۲۰۲۷\tLahore\t+92 42 0000000\nمندوشی ایجنسی\tOEP/0001/KHI\tblacklisted\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := register.Parse(strings.NewReader(list))
			if len(problems) > 0 || !slices.Equal(got, want) {
				t.Errorf("got %+v\n%v", got, problems)
			}
		})
	}
}

func TestEveryWrongLineIsNamed(t *testing.T) {
	list := `name,licence number,status,valid until
Good One,1/A,active,2027-01-01
,2/A,active,
No Number,,active,
Odd Status,3/A,fine,
Odd Day,4/A,active,31/02/2027
"a quote" in it,5/A,active,
Too,6/A,active,,,,
Twice,7/A,active,
Twice too,007-a,cancelled,
No letters,///,active,
` + "Latin-1 \xe9,8/A,active,\n" + strings.Repeat("x", 201) + ",9/A,active,\nGood Two,10/A,suspended,1.2.2027\n"
	entries, problems := register.Parse(strings.NewReader(list))
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{
		"line 3: the name is missing", "line 4: the licence number is missing", `line 5: the status "fine" is none of active`,
		`line 6: "31/02/2027" is no day`, "line 7: the quotation marks do not fit", "line 8: has 7 cells, the header has 4",
		"line 10: has the licence number of line 9", "line 11: the licence number has neither", "line 12: the name is not UTF-8", "line 13: the name has 201 characters",
	}
	if len(got) != len(want) {
		t.Fatalf("found %d problems:\n%s", len(got), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("found %q, want %q", got[i], want[i])
		}
	}
	if len(entries) != 2 || entries[0].Name != "Good One" || entries[1].Name != "Good Two" {
		t.Errorf("of the good lines came %v: neither of two with one number may", entries)
	}
}

func TestWholeListsThatAreRefused(t *testing.T) {
	many := "name,licence number,status\n" + strings.Repeat("A,1,active\n", register.MaxLines+1)
	for list, want := range map[string]string{
		"":                                       "the list is empty",
		"name,status\nA,active\n":                "line 1: no column is the licence number",
		"name,firm,licence,status\nA,A,1,ok":     "line 1: two columns could be the name",
		"\xff\xfen\x00a\x00":                     "the list is not UTF-8",
		many:                                     "the list has more than 200000 lines",
		strings.Repeat("x", register.MaxBytes+1): "the list has more than 64 MB",
	} {
		entries, problems := register.Parse(strings.NewReader(list))
		if len(entries) > 0 || len(problems) != 1 || !strings.HasPrefix(problems[0].String(), want) {
			t.Errorf("%.20q: %d entries, %v, want %q", list, len(entries), problems, want)
		}
	}
}

// A cell that a spreadsheet would run, or a terminal obey, is only shown.
func TestCellsAreData(t *testing.T) {
	entries, problems := register.Parse(strings.NewReader("name,licence,status,city,phone\n\"=HYPERLINK(\"\"x\"\")\",@1,active,-\x1b[2JTown\u202e,+92\n"))
	want := register.Entry{Name: `=HYPERLINK("x")`, Licence: "@1", Status: register.Active, City: "-[2JTown", Phone: "+92"}
	if len(problems) > 0 || len(entries) != 1 || entries[0] != want {
		t.Errorf("got %+v %v", entries, problems)
	}
}

func TestFilesAreKept(t *testing.T) {
	f := invented(3, 1)
	f = f.With(register.Source{Name: "A second list", AsOf: day(2026, 10, 1), Entries: []register.Entry{{Name: "Zarbalik", Licence: "1", Status: register.Blacklisted}}})
	f = f.With(register.Source{Name: "An invented list", AsOf: day(2026, 12, 1), Entries: f.Sources[1].Entries[:2]})
	back, err := register.Decode(f.Encode())
	if err != nil || string(back.Encode()) != string(f.Encode()) {
		t.Fatalf("not read back as it was: %v", err)
	}
	if len(back.Sources) != 2 || len(back.Sources[1].Entries) != 2 || back.Sources[1].AsOf != day(2026, 12, 1) {
		t.Errorf("a list was not replaced by its newer one: %+v", back.Sources)
	}
	if _, err := register.Decode([]byte(`{"format":2,"sources":{}}`)); !errors.Is(err, register.ErrNewer) {
		t.Errorf("a newer file: %v", err)
	}
	for _, bad := range []string{"", "{", `{"format":0}`, `{"format":1,"sources":[{"source":"x"}]}`, `{"format":1,"sources":[{"source":"x","as_of":"2026-11-01T00:00:00Z","entries":[{"name":"secret","licence":"1","status":"fine"}]}]}`} {
		if _, err := register.Decode([]byte(bad)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("name,licence number,status\nA,1,active\n")
	f.Add("\xEF\xBB\xBFname;lic no;status\n\"A\n\";1;black listed\n")
	f.Fuzz(func(t *testing.T, list string) {
		entries, problems := register.Parse(strings.NewReader(list))
		file := register.File{Country: "PK", Sources: []register.Source{{Name: "x", AsOf: day(2026, 1, 1), Entries: entries}}}
		back, err := register.Decode(file.Encode())
		if err != nil {
			t.Fatalf("what was imported cannot be read: %v", err)
		}
		if fmt.Sprint(back.Sources[0].Entries) != fmt.Sprint(entries) {
			t.Fatal("what was imported is read otherwise")
		}
		for _, p := range problems {
			if register.Clean(p.Message) != p.Message {
				t.Fatalf("a message that a terminal would obey: %q", p)
			}
		}
	})
}
