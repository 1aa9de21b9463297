// SPDX-License-Identifier: GPL-3.0-or-later

package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/backup"
)

// keeps gives a keeper of the centre with a clock that the test moves.
func (c *centre) keeps(p backup.Plan, now *time.Time) *backup.Keeper {
	c.t.Helper()
	text := c.recovery.Recipient().String() + "\n"
	c.must(os.WriteFile(filepath.Join(c.data, backup.RecipientsName), []byte(text), 0o600))
	p.Zone, p.Enabled = time.UTC, true
	return backup.NewKeeper(c.db, c.data, p, func() time.Time { return *now }, nil)
}

func (c *centre) has(folder string, days ...string) {
	c.t.Helper()
	names, err := backup.List(folder)
	c.must(err)
	var got []string
	for _, n := range names {
		got = append(got, strings.TrimSuffix(strings.TrimPrefix(n, "sarai-2026-11-"), "T0300Z.tar.age"))
	}
	if !slices.Equal(got, days) {
		c.t.Errorf("%s has %v, want %v", folder, names, days)
	}
}

// TestBackupsOfTwoWeeksStay lives through a month of nights, in one of which the
// second disk is not there.
func TestBackupsOfTwoWeeksStay(t *testing.T) {
	c := newCentre(t)
	second := filepath.Join(t.TempDir(), "disk")
	now := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	k := c.keeps(backup.Plan{Folder: c.folder, Second: second, Hour: 3, Keep: 3 * 24 * time.Hour}, &now)
	c.says("bilal", "hello")
	if _, err := k.Make(t.Context(), "", "", nil); err == nil || !strings.Contains(err.Error(), "mount its disk") {
		t.Errorf("without the second disk it says %v", err)
	}
	if trouble, _ := backup.Trouble(c.data, k.Plan(), k.State(), now); !strings.Contains(trouble, "not in the second folder") {
		t.Errorf("it says %q", trouble)
	}
	c.has(c.folder, "01")
	c.must(os.Mkdir(second, 0o700))
	for range 6 {
		now = now.Add(24 * time.Hour)
		if _, err := k.Make(t.Context(), "", "", nil); err != nil {
			t.Fatal(err)
		}
	}
	c.has(c.folder, "04", "05", "06", "07")
	c.has(second, "04", "05", "06", "07")
	if trouble, _ := backup.Trouble(c.data, k.Plan(), k.State(), now); trouble != "" {
		t.Errorf("it says %q", trouble)
	}
	// From the second disk alone, too.
	x := c.restoring("")
	x.From = second
	if r, err := backup.Restore(t.Context(), x, nil); err != nil || r.Threads != 1 {
		t.Errorf("restored %+v, %v", r, err)
	}
	// A copy elsewhere removes nothing and is not the night's.
	elsewhere := t.TempDir()
	last := k.State().Last.At
	now = now.Add(20 * 24 * time.Hour)
	if _, err := k.Make(t.Context(), elsewhere, "", nil); err != nil {
		t.Fatal(err)
	}
	c.has(c.folder, "04", "05", "06", "07")
	if !k.State().Last.At.Equal(last) {
		t.Error("a copy elsewhere counts as the night's")
	}
	if trouble, _ := backup.Trouble(c.data, k.Plan(), k.State(), now); !strings.Contains(trouble, "the last backup is of 2026-11-07") {
		t.Errorf("it says %q", trouble)
	}
	// The newest stays however old it is; what failed is said, and by whom ever reads it.
	c.must(os.RemoveAll(c.folder))
	c.must(os.WriteFile(c.folder, nil, 0o600))
	if _, err := k.Make(t.Context(), "", "", nil); err == nil {
		t.Error("a backup into a file")
	}
	if trouble, missing := backup.Trouble(c.data, k.Plan(), backup.ReadState(c.data), now); missing || !strings.Contains(trouble, "the last backup failed") {
		t.Errorf("it says %q", trouble)
	}
}

func TestWhenABackupIsDue(t *testing.T) {
	c := newCentre(t)
	now := time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC)
	k := c.keeps(backup.Plan{Folder: c.folder, Hour: 3, Keep: time.Hour}, &now)
	at := func(day, hour, min int) time.Time { return time.Date(2026, 11, day, hour, min, 0, 0, time.UTC) }
	if !k.IsDue(now) {
		t.Error("the first is not due at once")
	}
	if _, err := k.Make(t.Context(), "", "", nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		at  time.Time
		due bool
	}{{at(1, 2, 1), false}, {at(1, 2, 59), false}, {at(1, 3, 0), true}, {at(9, 17, 30), true}} { // the machine was off for a week
		if k.IsDue(x.at) != x.due {
			t.Errorf("at %v it is due: %v", x.at, !x.due)
		}
	}
	now = at(1, 3, 0)
	c.must(os.RemoveAll(c.folder))
	c.must(os.WriteFile(c.folder, nil, 0o600))
	if _, err := k.Make(t.Context(), "", "", nil); err == nil {
		t.Fatal("a backup into a file")
	}
	if k.IsDue(at(1, 3, 59)) || !k.IsDue(at(1, 4, 0)) {
		t.Error("one that failed is not tried again after an hour")
	}
}

// TestTheNightsBackupIsMade by the keeper itself, which has slept over its hour.
func TestTheNightsBackupIsMade(t *testing.T) {
	c := newCentre(t)
	now := time.Date(2026, 11, 9, 3, 0, 0, 0, time.UTC)
	k := c.keeps(backup.Plan{Folder: c.folder, Hour: 3, Keep: time.Hour}, &now)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { k.Run(ctx); close(ended) }()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if age, made := k.Age(); made && age == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no backup is made")
		}
	}
	stop()
	<-ended
	c.has(c.folder, "09")
}
