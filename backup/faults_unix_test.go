// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package backup_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"

	"sarai/backup"
)

// The variables that tell a test that it is the child process, and what to do.
const (
	childData   = "SARAI_BACKUP_TEST_DATA"
	childFolder = "SARAI_BACKUP_TEST_FOLDER"
	childKey    = "SARAI_BACKUP_TEST_KEY"
	childStep   = "SARAI_BACKUP_TEST_STEP"
)

// child runs this test once more in a process of its own, which ends as a killed
// one does at the n-th time that it reaches a step.
func (c *centre) child(data, step string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^"+c.t.Name()+"$")
	cmd.Env = append(os.Environ(), childData+"="+data, childFolder+"="+c.folder, childKey+"="+c.recovery.String(), childStep+"="+step)
	return cmd
}

func theChild(t *testing.T) (c *centre, dies func(string)) {
	data := os.Getenv(childData)
	if data == "" {
		return nil, nil
	}
	id, err := age.ParseX25519Identity(os.Getenv(childKey))
	if err != nil {
		t.Fatal(err)
	}
	left := 1
	name, n, _ := strings.Cut(os.Getenv(childStep), "/")
	if n != "" {
		left, _ = strconv.Atoi(n)
	}
	return &centre{t: t, data: data, folder: os.Getenv(childFolder), recovery: id}, func(step string) {
		if step == name {
			if left--; left == 0 {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
}

// TestAKillLeavesNoHalfBackup kills a backup at each of its steps. Whatever then
// has the name of a backup is one, with its keys, and the next takes away what
// the kill left.
func TestAKillLeavesNoHalfBackup(t *testing.T) {
	if c, dies := theChild(t); c != nil {
		c.db = openAt(t, c.data, key)
		s := c.source().Reaching(dies)
		backup.Write(t.Context(), s, c.folder, []age.Recipient{c.recovery.Recipient()}, yesterday.AddDate(0, 0, 1), nil)
		return
	}
	for _, step := range []string{"copied", "half", "written", "keys written", "keys there", "there"} {
		t.Run(step, func(t *testing.T) {
			c := newCentre(t)
			c.t = t
			c.sends(c.says("bilal", "hello"), "one", "a picture")
			farida := c.says("farida", "CANARY")
			c.backs(yesterday)
			c.must(c.db.Erase(t.Context(), farida))
			c.says("chandra", "new")
			c.must(c.db.Close())
			cmd := c.child(c.data, step)
			cmd.Args[1] = "-test.run=^TestAKillLeavesNoHalfBackup$"
			if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != -1 {
				t.Fatalf("it was not killed: %v %s", err, out)
			}
			names, err := backup.List(c.folder)
			c.must(err)
			want := 1
			if step == "there" {
				want = 2
			}
			if len(names) != want {
				t.Fatalf("there are %v", names)
			}
			for _, name := range names {
				if _, err := backup.Restore(t.Context(), c.restoring(name), nil); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			c.db = openAt(t, c.data, key)
			backup.NewKeeper(c.db, c.data, backup.Plan{}, nil, nil)
			c.backs(yesterday.AddDate(0, 0, 2))
			for _, dir := range []string{c.folder, c.data} {
				entries, err := os.ReadDir(dir)
				c.must(err)
				for _, e := range entries {
					if strings.HasSuffix(e.Name(), ".part") || strings.HasSuffix(e.Name(), ".copy") {
						t.Errorf("%s is left", e.Name())
					}
				}
			}
			if _, r, _ := c.restores(""); r.Threads != 2 {
				t.Errorf("restored %+v", r)
			}
		})
	}
}

// TestAKilledRestoreIsNoInstallation kills a restore at each of its steps: what is
// there is whole, or has no installation key, without which nothing begins on it.
func TestAKilledRestoreIsNoInstallation(t *testing.T) {
	if c, dies := theChild(t); c != nil {
		x := c.restoring("")
		x.Data = c.data
		backup.Restore(t.Context(), x.Reaching(dies), nil)
		return
	}
	c := newCentre(t)
	c.sends(c.says("bilal", "hello"), "one", "a picture")
	c.backs(yesterday)
	for _, step := range []string{"unpacked", "dropped", "named", "named/2", "named/3", "named/4"} {
		data := filepath.Join(t.TempDir(), "new")
		if out, err := c.child(data, step).CombinedOutput(); err == nil {
			t.Fatalf("%s: it was not killed: %s", step, out)
		}
		_, err := os.Stat(filepath.Join(data, "installation.key"))
		if step == "named/4" { // the key: all is there
			same(t, talk(t, openAt(t, data, keyOf(t, data)), "bilal"), "hello", "a picture")
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: there is an installation key: %v", step, err)
		}
		x := c.restoring("")
		x.Data = data
		if _, err := backup.Restore(t.Context(), x, nil); err == nil || !strings.Contains(err.Error(), "remove it all, and begin again") {
			t.Errorf("%s: restoring over it says %v", step, err)
		}
	}
}

// TestAFullDiskSaysSo has files be no larger than a backup needs.
func TestAFullDiskSaysSo(t *testing.T) {
	if c, _ := theChild(t); c != nil {
		c.db = openAt(t, c.data, key)
		signal.Ignore(syscall.SIGXFSZ)
		limit := uint64(c.db.Size()) + 64<<10
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			t.Fatal(err)
		}
		_, err := backup.Write(t.Context(), c.source(), c.folder, []age.Recipient{c.recovery.Recipient()}, yesterday.AddDate(0, 0, 1), nil)
		fmt.Println("it says:", err)
		return
	}
	c := newCentre(t)
	id := c.says("bilal", "hello")
	c.backs(yesterday)
	for i := range 5 {
		c.sends(id, fmt.Sprint("file-", i), strings.Repeat("x", 1<<20))
	}
	c.must(c.db.Close())
	out, err := c.child(c.data, "").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if want := "it says: the disk of " + c.folder + " is full, and no backup was made: make room"; !strings.Contains(string(out), want) {
		t.Errorf("it says %s", out)
	}
	entries, err := os.ReadDir(c.folder)
	c.must(err)
	if len(entries) != 2 { // yesterday's, and the keys
		t.Errorf("there is %v", entries)
	}
	if _, err := backup.Restore(t.Context(), c.restoring(""), nil); err != nil {
		t.Error(err)
	}
}
