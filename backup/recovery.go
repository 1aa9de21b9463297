// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// A recovery key is an age identity, as a person can write it down and read it
// out: four rows, numbered, of groups of four letters and digits, with two more
// at the end of each row that say whether the row was written right.
//
//	1  QPZR Y9X8 GF2T VDW0  K7
//
// The alphabet has no letters that look alike (it is Bech32's: no b, i, o, and no
// digit 1), and capitals and small letters are one.

const (
	agePrefix = "AGE-SECRET-KEY-1"
	alphabet  = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
	rowLen    = 16
	groupLen  = 4
	checkLen  = 2
	keyLen    = 58
)

// Rows are how many rows a recovery key has.
const Rows = (keyLen + rowLen - 1) / rowLen

// A Recovery is a new recovery key that nobody has confirmed yet. It exists in
// memory only.
type Recovery struct{ identity *age.X25519Identity }

// NewRecovery makes a recovery key.
func NewRecovery() (*Recovery, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("a recovery key cannot be made: %w", err)
	}
	return &Recovery{id}, nil
}

// Rows gives the key as it is written down, without the numbers of the rows.
func (r *Recovery) Rows() []string {
	body := strings.TrimPrefix(r.identity.String(), agePrefix)
	var rows []string
	for n := range Rows {
		row := body[n*rowLen : min(len(body), (n+1)*rowLen)]
		var groups []string
		for at := 0; at < len(row); at += groupLen {
			groups = append(groups, row[at:min(len(row), at+groupLen)])
		}
		rows = append(rows, strings.Join(groups, " ")+"  "+check(n+1, row))
	}
	return rows
}

// check are the two letters at the end of a row.
func check(n int, row string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "sarai recovery row %d %s", n, row))
	return string([]byte{alphabet[sum[0]%32], alphabet[sum[1]%32]})
}

// Confirm says whether row n, from 1, was typed back right.
func (r *Recovery) Confirm(n int, typed string) bool {
	rows := r.Rows()
	return n >= 1 && n <= len(rows) && plain(typed, n) == plain(rows[n-1], n)
}

// plain are the letters and digits that count of a row, whose number may stand
// before it.
func plain(row string, n int) string {
	row = strings.ToUpper(strings.TrimSpace(row))
	if rest, is := strings.CutPrefix(row, fmt.Sprint(n)); is && (rest == "" || strings.ContainsRune(" .:)\t", rune(rest[0]))) {
		row = rest
	}
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" .:)-\t", c) {
			return -1
		}
		return c
	}, row)
}

// Keep has backups be encrypted to this key from now on, and to no other. It is
// called once somebody has confirmed that it is written down.
func (r *Recovery) Keep(data string) error {
	text := "# Backups are encrypted to this key. Its secret half is on paper and not here.\n" + r.identity.Recipient().String() + "\n"
	path := filepath.Join(data, RecipientsName)
	os.Remove(path + partial)
	err := writeSynced(path+partial, text)
	if err == nil {
		err = os.Rename(path+partial, path)
	}
	if err == nil {
		err = syncFolder(data)
	}
	if err != nil {
		return fmt.Errorf("the recovery key cannot be kept: %w", reason(err))
	}
	return nil
}

// Recipients gives to whom the backups of an installation are encrypted. It fails
// with ErrNoRecipient where nobody has made a recovery key. more is a further file
// of age recipients, "" for none.
func Recipients(data, more string) (to []age.Recipient, err error) {
	for _, path := range []string{filepath.Join(data, RecipientsName), more} {
		if path == "" {
			continue
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && path != more {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the file of recipients cannot be read: %w", err)
		}
		rs, err := age.ParseRecipients(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("%s is not a file of age recipients, one \"age1…\" a line", path)
		}
		to = append(to, rs...)
	}
	if len(to) == 0 {
		return nil, ErrNoRecipient
	}
	return to, nil
}

// ParseIdentities reads a recovery key: as it was written down, or a file of age
// identities.
func ParseIdentities(b []byte) ([]age.Identity, error) {
	if strings.Contains(strings.ToUpper(string(b)), agePrefix) {
		ids, err := age.ParseIdentities(bytes.NewReader(b))
		if err != nil {
			return nil, errors.New("this is no age identity: a line of it begins with AGE-SECRET-KEY-1 and was not copied whole")
		}
		return ids, nil
	}
	var body strings.Builder
	n := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		n++
		row := plain(line, n)
		want := min(rowLen, keyLen-(n-1)*rowLen)
		switch {
		case n > Rows:
			return nil, fmt.Errorf("a recovery key has %d rows, and here are more", Rows)
		case len(row) != want+checkLen:
			return nil, fmt.Errorf("row %d of the recovery key has %d letters and digits, not %d: compare it with the paper", n, len(row), want+checkLen)
		}
		if bad := strings.IndexFunc(row, func(c rune) bool { return !strings.ContainsRune(alphabet, c) }); bad >= 0 {
			return nil, fmt.Errorf("row %d of the recovery key has a sign at place %d that no recovery key has (there is no B, I, O and no 1): compare it with the paper", n, bad+1)
		}
		if check(n, row[:want]) != row[want:] {
			return nil, fmt.Errorf("row %d of the recovery key is not written right: compare it with the paper", n)
		}
		body.WriteString(row[:want])
	}
	if n != Rows {
		return nil, fmt.Errorf("a recovery key has %d rows, and here are %d", Rows, n)
	}
	id, err := age.ParseX25519Identity(agePrefix + body.String())
	if err != nil {
		return nil, errors.New("the rows of the recovery key do not belong together: all must be of one paper, in their order")
	}
	return []age.Identity{id}, nil
}
