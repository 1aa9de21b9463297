// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/backup"
	"sarai/console"
	"sarai/store"
)

// A vault is a house's backups, with real recovery keys.
type vault struct {
	mu     sync.Mutex
	data   string
	status console.BackupStatus
	made   int
}

func (v *vault) Status() console.BackupStatus {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, err := backup.Recipients(v.data, "")
	v.status.Key = err == nil
	return v.status
}

func (v *vault) Make() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.made++
}

func (v *vault) NewKey() (console.RecoveryKey, error) {
	r, err := backup.NewRecovery()
	return paperKey{r, v.data}, err
}

type paperKey struct {
	*backup.Recovery
	data string
}

func (p paperKey) Keep() error { return p.Recovery.Keep(p.data) }

// rowsOf reads the key off a page, as who writes it down does.
func rowsOf(body string) (rows []string) {
	for _, m := range regexp.MustCompile(`<code>(.*?)</code></li>`).FindAllStringSubmatch(body, -1) {
		rows = append(rows, m[1])
	}
	return rows
}

func askedRow(t *testing.T, body string) int {
	t.Helper()
	m := regexp.MustCompile(`Type row (\d) from the paper`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no row is asked for:\n%s", body)
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// TestTheRecoveryKeyIsWrittenDownAtTheDesk warns until it is, shows it once, and
// keeps it only when a row was typed back.
func TestTheRecoveryKeyIsWrittenDownAtTheDesk(t *testing.T) {
	vault := &vault{data: t.TempDir()}
	h := build(t, func(o *console.Options) { o.Backups = vault })
	h.hires("amina", "Amina", store.Administrator)
	h.hires("nadia", "Nadia", store.Administrator)
	h.hires("bilal", "Bilal", store.Counsellor)
	const warning = "There is no recovery key yet, so no backup is made."
	h.signsIn("bilal").get("/desk").lacks(t, warning)
	amina := h.signsIn("amina")
	amina.get("/desk").has(t, warning)
	amina.get("/desk/backup").has(t, warning, "Make a recovery key", "none yet")

	makes := func() []string {
		t.Helper()
		a := amina.post("/desk/backup/key", nil)
		rows := rowsOf(a.body)
		if a.status != http.StatusOK || len(rows) != backup.Rows {
			t.Fatalf("%d rows are shown:\n%s", len(rows), a.body)
		}
		if a.header.Get("Cache-Control") != "no-store" {
			t.Error("the key may be kept by the browser")
		}
		return rows
	}
	// Three wrong tries, and it is thrown away.
	makes()
	for i := range 3 {
		page := amina.get("/desk/backup/check")
		if rows := rowsOf(page.body); len(rows) > 0 {
			t.Fatal("the key is shown again")
		}
		askedRow(t, page.body)
		a := amina.post("/desk/backup/check", url.Values{"row": {"QPZR Y9X8 GF2T VDW0 K7"}})
		if i < 2 {
			a.has(t, "That is not what this row says.")
		}
	}
	if a := amina.post("/desk/backup/check", url.Values{"row": {"x"}}); a.status != http.StatusSeeOther {
		t.Errorf("a fourth try is answered %d", a.status)
	}
	amina.get("/desk").has(t, warning)

	rows := makes()
	row := askedRow(t, amina.get("/desk/backup/check").body)
	// Nobody else can confirm it, and it does not wait for ever.
	if a := h.signsIn("nadia").post("/desk/backup/check", url.Values{"row": {rows[row-1]}}); a.status != http.StatusSeeOther || vault.Status().Key {
		t.Error("somebody else confirmed the key")
	}
	h.wait(61 * time.Minute)
	if amina.post("/desk/backup/check", url.Values{"row": {rows[row-1]}}); vault.Status().Key {
		t.Error("a key of an hour ago was confirmed")
	}

	rows = makes()
	row = askedRow(t, amina.get("/desk/backup/check").body)
	a := amina.post("/desk/backup/check", url.Values{"row": {strings.ToLower(strings.ReplaceAll(rows[row-1], " ", ""))}})
	if a.status != http.StatusSeeOther {
		t.Fatalf("the row is answered %d\n%s", a.status, a.body)
	}
	amina.get("/desk/backup?did=key").has(t, "From now on backups are encrypted to this key.", "Back up now")
	amina.get("/desk").lacks(t, warning)
	if vault.made != 1 {
		t.Errorf("%d backups were begun", vault.made)
	}
	if amina.post("/desk/backup/now", nil); vault.made != 2 {
		t.Errorf("%d backups were begun", vault.made)
	}

	vault.status = console.BackupStatus{Trouble: "the disk of /mnt is full", Last: noon, Talks: 12, Files: 3}
	amina.get("/desk").has(t, "There is something wrong with the backups.")
	amina.get("/desk/backup").has(t, "the disk of /mnt is full", "12 talks and 3 files")
}
