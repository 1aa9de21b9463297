// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"crypto/rand"
	"math/big"
	"net/http"
	"sync"
	"time"

	"sarai/desk"
	"sarai/store"
)

// Backups is what the desk shows and does of backups. It is safe for concurrent use.
type Backups interface {
	// Status says how backups go.
	Status() BackupStatus
	// Make begins a backup, and does not wait for its end.
	Make()
	// NewKey makes a recovery key that is not kept yet.
	NewKey() (RecoveryKey, error)
}

// A RecoveryKey is one that nobody has confirmed yet.
type RecoveryKey interface {
	// Rows gives the key as it is written down.
	Rows() []string
	// Confirm says whether row n, from 1, was typed back right.
	Confirm(n int, typed string) bool
	// Keep has backups be encrypted to this key from now on.
	Keep() error
}

// A BackupStatus says how backups go. The zero value is that nobody looked yet.
type BackupStatus struct {
	Key     bool   // there is somebody to whom backups are encrypted
	Off     bool   // switched off in the configuration
	Trouble string // what is wrong, in the operator's words; "" for nothing
	Last    time.Time
	Talks   int
	Files   int
}

// keyWaits is how long a key that was shown waits to be confirmed: long enough to
// write it down by hand twice.
const keyWaits = time.Hour

// maxRowTries is how often a row may be typed wrong before the key is thrown away.
const maxRowTries = 3

// A pending key was shown to a member and waits to be confirmed. The zero value
// is none.
type pending struct {
	mu    sync.Mutex
	key   RecoveryKey
	by    desk.StaffID
	row   int
	tries int
	until time.Time
}

// drop forgets the key. p.mu must be held.
func (p *pending) drop() { p.key, p.by, p.row, p.tries = nil, "", 0, 0 }

// of says whether a key waits for this member. p.mu must be held.
func (p *pending) of(id desk.StaffID, now time.Time) bool {
	return p.key != nil && p.by == id && now.Before(p.until)
}

type backupView struct {
	frame
	Status BackupStatus
	Made   moment   // when the last backup was, or the key that is shown
	Rows   []string // of a new key, shown once
	Row    int      // the one to type back
}

func (v *visit) backupView() (p backupView, err error) {
	p = backupView{frame: v.frame("desk.backup.title")}
	p.Here = "backup"
	open, err := v.c.open(v.r.Context(), v.me)
	if err != nil {
		return p, err
	}
	p.Waiting = counts(open, v.me.ID)
	if v.c.Backups != nil {
		p.Status = v.c.Backups.Status()
		p.Made = v.moment(p.Status.Last, v.zone(""))
	}
	return p, nil
}

func (c *Console) backupPage(v *visit) error {
	p, err := v.backupView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "backup", p)
}

func (c *Console) backupNow(v *visit) error {
	if c.Backups != nil {
		err := c.writing(v.r.Context(), store.Act{By: v.me.ID, What: store.DidBackup}, func() error { c.Backups.Make(); return nil })
		if err != nil {
			return err
		}
	}
	v.redirect("/desk/backup?did=backup")
	return nil
}

// backupKey makes a recovery key and shows it, this once.
func (c *Console) backupKey(v *visit) error {
	if c.Backups == nil {
		v.redirect("/desk/backup")
		return nil
	}
	key, err := c.Backups.NewKey()
	if err != nil {
		return err
	}
	p, err := v.backupView()
	if err != nil {
		return err
	}
	p.Rows, p.Made = key.Rows(), v.moment(c.Now(), v.zone(""))
	n, err := rand.Int(rand.Reader, big.NewInt(int64(len(p.Rows))))
	if err != nil {
		return err
	}
	w := &c.waiting
	w.mu.Lock()
	w.key, w.by, w.row, w.tries, w.until = key, v.me.ID, int(n.Int64())+1, 0, c.Now().Add(keyWaits)
	w.mu.Unlock()
	p.Title = v.t("desk.backup.key")
	return v.show(http.StatusOK, "backup-key", p)
}

// backupCheckPage asks for a row of the key that was shown.
func (c *Console) backupCheckPage(v *visit) error {
	return c.askRow(v, http.StatusOK, "")
}

func (c *Console) askRow(v *visit, status int, problem string) error {
	w := &c.waiting
	w.mu.Lock()
	row, waits := w.row, w.of(v.me.ID, c.Now())
	w.mu.Unlock()
	if !waits {
		v.redirect("/desk/backup")
		return nil
	}
	p, err := v.backupView()
	if err != nil {
		return err
	}
	p.Title, p.Row, p.Problem = v.t("desk.backup.key"), row, problem
	return v.show(status, "backup-check", p)
}

// backupCheck keeps the key if the row is right.
func (c *Console) backupCheck(v *visit) error {
	typed := v.r.PostForm.Get("row")
	w := &c.waiting
	w.mu.Lock()
	if !w.of(v.me.ID, c.Now()) {
		w.mu.Unlock()
		v.redirect("/desk/backup")
		return nil
	}
	if !w.key.Confirm(w.row, typed) {
		w.tries++
		if w.tries >= maxRowTries {
			w.drop()
		}
		w.mu.Unlock()
		return c.askRow(v, http.StatusUnprocessableEntity, v.t("desk.backup.wrong"))
	}
	err := c.writing(v.r.Context(), store.Act{By: v.me.ID, What: store.DidKeys, Why: "recovery"}, w.key.Keep)
	if err == nil {
		w.drop()
	}
	w.mu.Unlock()
	if err != nil {
		return err
	}
	c.Backups.Make()
	v.redirect("/desk/backup?did=key")
	return nil
}

// backupWarning is what every page says to administrators while something is
// wrong with the backups, "" for nothing.
func (v *visit) backupWarning() string {
	if v.c.Backups == nil {
		return ""
	}
	switch s := v.c.Backups.Status(); {
	case !s.Key:
		return v.t("desk.backup.nokey")
	case s.Trouble != "":
		return v.t("desk.backup.failed")
	}
	return ""
}

// A warning is what is wrong, and the page where something can be done about it.
type warning struct{ Here, Words string }

// warned is the frame with the warnings, for who can do something about them.
func (f frame) warned(v *visit) frame {
	if !f.Admin {
		return f
	}
	for _, w := range []warning{{"backup", v.backupWarning()}, {"whatsapp", v.linkWarning()}} {
		if w.Words != "" {
			f.Warnings = append(f.Warnings, w)
		}
	}
	return f
}
