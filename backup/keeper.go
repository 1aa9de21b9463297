// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sarai/desk"
	"sarai/store"
	"sarai/store/bolt"
)

// Plan is when and where backups are made by themselves.
type Plan struct {
	Folder     string
	Second     string         // a further folder for the same, "" for none
	Hour, Min  int            // when, each day, in Zone
	Zone       *time.Location // nil: the machine's
	Keep       time.Duration  // dated backups that are older are removed
	Recipients string         // a further file of age recipients, "" for none
	Enabled    bool
}

// A State is how backups go. The zero value is that none was ever made.
type State struct {
	Last    Result    `json:"last"`              // the newest that was made
	Tried   time.Time `json:"tried"`             // when one was last begun
	Problem string    `json:"problem,omitempty"` // why that failed; "" where it did not
	Second  string    `json:"second,omitempty"`  // why it is not in the second folder
}

// overdue is after how long without a backup something is wrong: a night may be
// missed by a machine that is off.
const overdue = 36 * time.Hour

// retryAfter is how long a backup that failed is not tried again by itself.
const retryAfter = time.Hour

// A Keeper makes the backups of an installation, one at a time. It is safe for
// concurrent use.
type Keeper struct {
	source Source
	plan   Plan
	now    func() time.Time
	log    *slog.Logger

	making sync.Mutex

	mu    sync.Mutex // guards state
	state State
}

// NewKeeper makes a keeper. now is the clock, time.Now where nil.
func NewKeeper(db *bolt.DB, data string, p Plan, now func() time.Time, log *slog.Logger) *Keeper {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if p.Zone == nil {
		p.Zone = time.Local
	}
	os.Remove(filepath.Join(data, copyName)) // what a kill left
	return &Keeper{source: Source{DB: db, Data: data}, plan: p, now: now, log: log, state: ReadState(data)}
}

// ReadState reads how backups of a data folder went. What cannot be read is the
// zero value: then the next backup says it anew.
func ReadState(data string) (s State) {
	b, err := os.ReadFile(filepath.Join(data, stateName))
	if err != nil || json.Unmarshal(b, &s) != nil {
		return State{}
	}
	return s
}

// State says how backups go.
func (k *Keeper) State() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

// HasKey says whether there is somebody to whom backups can be encrypted.
func (k *Keeper) HasKey() bool {
	_, err := Recipients(k.source.Data, k.plan.Recipients)
	return !errors.Is(err, ErrNoRecipient)
}

// Data is the folder that is backed up.
func (k *Keeper) Data() string { return k.source.Data }

// Plan is what was planned.
func (k *Keeper) Plan() Plan { return k.plan }

// Age is how old the newest backup is, and false where there is none.
func (k *Keeper) Age() (time.Duration, bool) {
	s := k.State()
	return k.now().Sub(s.Last.At), !s.Last.At.IsZero()
}

// Trouble says in one line what is wrong with the backups of an installation, ""
// for nothing. missing says that it is only that nobody made a recovery key.
func Trouble(data string, p Plan, s State, now time.Time) (trouble string, missing bool) {
	_, err := Recipients(data, p.Recipients)
	switch {
	case errors.Is(err, ErrNoRecipient):
		return err.Error(), true
	case err != nil:
		return err.Error(), false
	case s.Problem != "":
		return "the last backup failed: " + s.Problem, false
	case !p.Enabled:
		return "", false
	case s.Last.At.IsZero():
		return "", false // the first is made within a day, and its failure is said
	case now.Sub(s.Last.At) > overdue:
		return fmt.Sprintf("the last backup is of %s: is the server running at night?", s.Last.At.Format("2006-01-02")), false
	case s.Second != "":
		return "the last backup is not in the second folder: " + s.Second, false
	}
	return "", false
}

// Make makes a backup now. In the folder of the plan, which is meant by "", old
// ones are removed then, and the second folder gets its copy; recipients is a
// further file of age recipients.
func (k *Keeper) Make(ctx context.Context, folder, recipients string, say func(Progress)) (r Result, err error) {
	if !k.making.TryLock() {
		return r, errBusy
	}
	defer k.making.Unlock()
	planned := folder == ""
	if planned {
		folder = k.plan.Folder
	}
	if recipients == "" {
		recipients = k.plan.Recipients
	}
	now := k.now()
	to, err := Recipients(k.source.Data, recipients)
	if err == nil {
		r, err = Write(ctx, k.source, folder, to, now, say)
	}
	if err == nil {
		err = k.source.DB.AppendActs(ctx, store.Act{At: now, By: desk.Program, What: store.DidBackup})
	}
	if !planned {
		return r, err
	}
	second := ""
	if err == nil && k.plan.Second != "" {
		if say != nil {
			say(Progress{Step: "copying to the second folder"})
		}
		if err := Mirror(ctx, folder, r.Name, k.plan.Second); err != nil {
			second = err.Error()
		}
	}
	if err == nil {
		// Only once there is a new one do the old ones go.
		err = Prune(folder, k.plan.Keep, now)
		if k.plan.Second != "" && second == "" {
			if err := Prune(k.plan.Second, k.plan.Keep, now); err != nil {
				second = err.Error()
			}
		}
	}
	k.note(now, r, err, second)
	if err == nil && second != "" {
		err = fmt.Errorf("the backup was made, but not in the second folder: %s", second)
	}
	return r, err
}

// Rest waits until no backup is being made. Whoever closes the store ends what
// makes one, and rests.
func (k *Keeper) Rest() {
	k.making.Lock()
	defer k.making.Unlock()
}

// note keeps how a backup went, for who looks while no server runs.
func (k *Keeper) note(now time.Time, r Result, err error, second string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.Tried, k.state.Problem = now.UTC(), ""
	if !r.At.IsZero() && r.Bytes > 0 {
		k.state.Last, k.state.Second = r, second
	}
	if err != nil {
		k.state.Problem = err.Error()
	}
	b, _ := json.Marshal(k.state) // plain fields
	path := filepath.Join(k.source.Data, stateName)
	if err := os.WriteFile(path+partial, append(b, '\n'), 0o600); err == nil {
		err = os.Rename(path+partial, path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			k.log.Error("how the backup went cannot be kept", "problem", reason(err))
		}
	} else {
		k.log.Error("how the backup went cannot be kept", "problem", reason(err))
	}
}

// Run makes backups by the plan until ctx ends. One that was due while nobody ran
// is made at once.
func (k *Keeper) Run(ctx context.Context) {
	if !k.plan.Enabled {
		return
	}
	for {
		now := k.now()
		if k.isDue(now) && k.HasKey() {
			r, err := k.Make(ctx, "", "", nil)
			switch {
			case err == nil:
				k.log.Info("backed up", "backup", r.Name, "talks", r.Threads, "files", r.Files, "bytes", r.Bytes)
			case ctx.Err() == nil && !errors.Is(err, errBusy):
				k.log.Error("the backup failed", "problem", err)
			}
		}
		// Once a minute, because clocks are set and machines sleep.
		t := time.NewTimer(time.Minute)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// isDue says whether a backup is due: none was made since the hour of the plan
// that was last, and none failed just now.
func (k *Keeper) isDue(now time.Time) bool {
	s := k.State()
	if s.Problem != "" && now.Sub(s.Tried) < retryAfter && !now.Before(s.Tried) {
		return false
	}
	local := now.In(k.plan.Zone)
	at := time.Date(local.Year(), local.Month(), local.Day(), k.plan.Hour, k.plan.Min, 0, 0, k.plan.Zone)
	if at.After(now) {
		at = time.Date(local.Year(), local.Month(), local.Day()-1, k.plan.Hour, k.plan.Min, 0, 0, k.plan.Zone)
	}
	return s.Last.At.Before(at)
}
