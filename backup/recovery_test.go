// SPDX-License-Identifier: GPL-3.0-or-later

package backup_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"sarai/backup"
)

// onPaper is a key as it is written down.
func onPaper(rows []string) string {
	var b strings.Builder
	for i, r := range rows {
		fmt.Fprintf(&b, "%d  %s\n", i+1, r)
	}
	return b.String()
}

// TestARecoveryKeyIsWrittenDownAndReadBack by somebody who writes small letters
// and leaves out the spaces, and then makes every mistake of one letter.
func TestARecoveryKeyIsWrittenDownAndReadBack(t *testing.T) {
	for range 50 {
		r, err := backup.NewRecovery()
		if err != nil {
			t.Fatal(err)
		}
		data := t.TempDir()
		if _, err := backup.Recipients(data, ""); !errors.Is(err, backup.ErrNoRecipient) {
			t.Fatal(err)
		}
		if err := r.Keep(data); err != nil {
			t.Fatal(err)
		}
		to, err := backup.Recipients(data, "")
		if err != nil || len(to) != 1 {
			t.Fatal(to, err)
		}
		if b, err := os.ReadFile(filepath.Join(data, backup.RecipientsName)); err != nil || strings.Contains(string(b), "SECRET") {
			t.Fatalf("kept is %s, %v", b, err)
		}
		paper := onPaper(r.Rows())
		plain := strings.ToLower(strings.Join(r.Rows(), "\n"))
		for _, text := range []string{paper, plain, strings.ReplaceAll(plain, " ", ""), "# Sarai\n\n" + strings.ReplaceAll(paper, "  ", " - ")} {
			ids, err := backup.ParseIdentities([]byte(text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if got := ids[0].(*age.X25519Identity).Recipient().String(); got != fmt.Sprint(to[0]) {
				t.Fatalf("it is another key: %s, not %s", got, to[0])
			}
		}
	}
}

func TestAMistakeIsFoundInItsRow(t *testing.T) {
	r, err := backup.NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	rows := r.Rows()
	missed := 0
	for n, row := range rows {
		for i, was := range row {
			if was == ' ' {
				continue
			}
			for _, c := range "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" {
				if c == was {
					continue
				}
				wrong := append([]string{}, rows...)
				wrong[n] = row[:i] + string(c) + row[i+1:]
				if r.Confirm(n+1, wrong[n]) {
					t.Fatalf("row %d is taken for right with %c for %c", n+1, c, was)
				}
				_, err := backup.ParseIdentities([]byte(onPaper(wrong)))
				if err == nil {
					t.Fatalf("a wrong key is taken: %s", wrong[n])
				}
				if !strings.Contains(err.Error(), fmt.Sprintf("row %d ", n+1)) {
					missed++ // one of 1,024: the checksum of the whole finds it
				}
			}
		}
	}
	if missed > 20 {
		t.Errorf("%d mistakes were found in no row", missed)
	}
	for _, x := range []struct{ text, says string }{
		{"", "has 4 rows, and here are 0"},
		{onPaper(rows[:3]), "has 4 rows, and here are 3"},
		{onPaper(append(slices.Clone(rows), rows[0])), "has 4 rows, and here are more"},
		{onPaper([]string{rows[0], rows[1][1:], rows[2], rows[3]}), "row 2 of the recovery key has 17 letters and digits, not 18"},
		{onPaper([]string{rows[0], "O" + rows[1][1:], rows[2], rows[3]}), "row 2 of the recovery key has a sign at place 1"},
	} {
		if _, err := backup.ParseIdentities([]byte(x.text)); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%q says %v", x.text, err)
		}
	}
	// Of exchanged rows the first is found, but for one of 1,024 keys, in which it has
	// the letters of its new place by chance: then the second is.
	_, err = backup.ParseIdentities([]byte(onPaper([]string{rows[1], rows[0], rows[2], rows[3]})))
	if err == nil || !strings.Contains(err.Error(), "row 1 of the recovery key is not written right") && !strings.Contains(err.Error(), "row 2 of the recovery key is not written right") {
		t.Errorf("exchanged rows: %v", err)
	}
	if !r.Confirm(2, "2 "+strings.ToLower(rows[1])) || r.Confirm(2, rows[2]) || r.Confirm(0, "") || r.Confirm(9, "") {
		t.Error("a row typed back is judged wrong")
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := backup.ParseIdentities([]byte("# created\n" + id.String() + "\n")); err != nil || len(ids) != 1 {
		t.Errorf("a file of age: %v", err)
	}
}
