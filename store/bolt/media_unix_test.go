// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package bolt_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sarai/store"
	"sarai/store/bolt"
)

func kept(io.ReaderAt, int64) (store.File, error) {
	return store.File{State: store.Kept, Type: "image/png", At: time.Unix(1, 0)}, nil
}

// pattern is what the n-th file holds: its number over and over.
func pattern(n int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("%08d", n)), 1+n%97*40) }

// TestKillWhileFilesAreKept kills a process again and again while it keeps files
// with syncs. What it had acknowledged is there and whole; the folder holds
// nothing that no record knows.
func TestKillWhileFilesAreKept(t *testing.T) {
	if path := os.Getenv(childFile); path != "" {
		keepForEver(t, path)
	}
	path := filepath.Join(t.TempDir(), "sarai.db")
	acknowledged := 0
	for round := range 8 {
		cmd := child(t, path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for stop := 20 + round; ; {
			line, err := lines.ReadString('\n')
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			fmt.Sscanf(line, "kept %d\n", &acknowledged)
			if stop--; stop == 0 {
				time.AfterFunc(time.Duration(round)*377*time.Microsecond, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()
		db, err := bolt.Open(path, bolt.Options{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		th, err := db.Thread(t.Context(), web("ayesha"))
		if err != nil {
			t.Fatal(err)
		}
		files, err := db.Files(t.Context(), th.ID)
		if err != nil || len(files) < acknowledged || len(files) > acknowledged+1 {
			t.Fatalf("round %d: %d files, %d were acknowledged: %v", round, len(files), acknowledged, err)
		}
		for i := 1; i <= len(files); i++ {
			_, c, err := db.OpenFile(t.Context(), th.ID, fmt.Sprint(i))
			if err != nil {
				t.Fatalf("round %d: file %d: %v", round, i, err)
			}
			b, err := io.ReadAll(c)
			if c.Close(); err != nil || !bytes.Equal(b, pattern(i)) {
				t.Fatalf("round %d: file %d holds %d bytes of something: %v", round, i, len(b), err)
			}
		}
		names, err := os.ReadDir(filepath.Join(filepath.Dir(path), "media"))
		if err != nil || len(names) != len(files) || db.LostFiles() != 0 {
			t.Fatalf("round %d: %d names in the folder, %d records, %v", round, len(names), len(files), err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if acknowledged < 100 {
		t.Fatalf("only %d files were kept in eight rounds", acknowledged)
	}
}

func keepForEver(t *testing.T, path string) {
	db, err := bolt.Open(path, bolt.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	th, err := db.Thread(t.Context(), web("ayesha"))
	if err != nil {
		t.Fatal(err)
	}
	if th.Version == 0 {
		th.ID = write(t, db, "ayesha", "look at this")
	}
	files, err := db.Files(t.Context(), th.ID)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println()
	for n := len(files) + 1; ; n++ {
		if _, err := db.KeepFile(t.Context(), th.ID, fmt.Sprint(n), bytes.NewReader(pattern(n)), kept); err != nil {
			panic(err)
		}
		os.Stdout.WriteString(fmt.Sprintf("kept %d\n", n))
	}
}

// TestFullDiskForFiles lets files reach a limit: what does not fit leaves
// nothing, says nothing of where it would have been, and fits once there is room.
func TestFullDiskForFiles(t *testing.T) {
	path := os.Getenv(childFile)
	if path == "" {
		out, err := child(t, filepath.Join(t.TempDir(), "sarai.db")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	db := open(t, path, bolt.Options{})
	id := write(t, db, "ayesha", "look at this")
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
	was := l.Cur
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Cur = uint64(info.Size()) // the store itself has room
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
	big := bytes.Repeat([]byte("x"), int(info.Size())+1)
	for range 3 {
		_, err = db.KeepFile(t.Context(), id, "big", bytes.NewReader(big), kept)
		if err == nil || strings.Contains(err.Error(), filepath.Dir(path)) || !strings.HasPrefix(err.Error(), "store: a file cannot be written") {
			t.Fatalf("got %v", err)
		}
	}
	names, err := os.ReadDir(filepath.Join(filepath.Dir(path), "media"))
	if err != nil || len(names) != 0 {
		t.Fatalf("what did not fit left %v, %v", names, err)
	}
	if _, err := db.KeepFile(t.Context(), id, "small", strings.NewReader("fits"), kept); err != nil {
		t.Fatal(err)
	}
	write(t, db, "ayesha", "the talk goes on")
	l.Cur = was
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
	if f, err := db.KeepFile(t.Context(), id, "big", bytes.NewReader(big), kept); err != nil || f.Size != int64(len(big)) {
		t.Fatalf("there is room again: %v", err)
	}
}
