// SPDX-License-Identifier: GPL-3.0-or-later

package keys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sarai/store/keys"
)

var installation = bytes.Repeat([]byte{7}, keys.Size)

func open(t testing.TB, path string, installation []byte) *keys.Book {
	t.Helper()
	b, err := keys.Open(path, installation, keys.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeKey gives an owner's key, which must work.
func makeKey(t testing.TB, b *keys.Book, owner string) *keys.Key {
	t.Helper()
	k, err := b.Make(t.Context(), owner)
	must(t, err)
	return k
}

func TestAKeyIsTheOwnersAndStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.db")
	b := open(t, path, installation)
	sealed := makeKey(t, b, "ayesha").Seal([]byte("here"), []byte("what was said"))
	index := b.Index().Hash([]byte("x"))
	if bytes.Equal(makeKey(t, b, "bilal").Seal(nil, nil), sealed) {
		t.Fatal("one key for two")
	}
	must(t, b.Close())
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v: %v", info.Mode(), err)
	}
	b = open(t, path, installation)
	if !bytes.Equal(b.Index().Hash([]byte("x")), index) {
		t.Fatal("the hashes are others after opening again")
	}
	k, err := b.Key("ayesha")
	must(t, err)
	plain, err := k.Open([]byte("here"), sealed)
	if err != nil || string(plain) != "what was said" {
		t.Fatalf("it opens as %q, %v", plain, err)
	}
	other, err := b.Key("bilal")
	must(t, err)
	cut, changed := sealed[:len(sealed)-1], bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for _, x := range []struct {
		k      *keys.Key
		place  string
		sealed []byte
	}{{k, "there", sealed}, {other, "here", sealed}, {k, "here", cut}, {k, "here", changed}, {k, "here", nil}, {k, "here", append([]byte{2}, sealed[1:]...)}} {
		if _, err := x.k.Open([]byte(x.place), x.sealed); err == nil {
			t.Errorf("it opens: %+v", x)
		}
	}
	if _, err := b.Key("nobody"); !errors.Is(err, keys.ErrNone) {
		t.Fatalf("got %v, want ErrNone", err)
	}
}

func TestWhatIsWrongIsSaidInOneLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.db")
	b := open(t, path, installation)
	makeKey(t, b, "ayesha")
	fails := func(path string, key []byte, o keys.Options, with error, words string) {
		t.Helper()
		b, err := keys.Open(path, key, o)
		if err == nil {
			b.Close()
			t.Fatal("it was opened")
		}
		if with != nil && !errors.Is(err, with) || !strings.Contains(err.Error(), words) || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Fatalf("got %v", err)
		}
	}
	fails(path, installation, keys.Options{}, nil, "another Sarai")
	must(t, b.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	fails(path, bytes.Repeat([]byte{8}, keys.Size), keys.Options{}, keys.ErrWrong, "is not the one")
	fails(path, installation[:31], keys.Options{}, nil, "must have 32 bytes")
	fails(path+"x", installation, keys.Options{Existing: true}, keys.ErrMissing, "put back a copy")
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Fatal("a refused file was changed", err)
	}
	must(t, os.WriteFile(path, bytes.Repeat([]byte("no pages\n"), 9000), 0o600))
	fails(path, installation, keys.Options{}, nil, "damaged")
}

// TestForgottenKeysAreInNoByte: what is left in the folder, raw, holds neither
// the wrapped key nor the hash of its owner; what others have stays.
func TestForgottenKeysAreInNoByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.db")
	b := open(t, path, installation)
	stays := makeKey(t, b, "bilal").Seal(nil, []byte("stays"))
	for i := range 500 {
		makeKey(t, b, fmt.Sprint("person ", i))
	}
	before := raw(t, path)
	sealed := makeKey(t, b, "ayesha").Seal(nil, []byte("goes"))
	with := raw(t, path)
	held := makeKey(t, b, "ayesha") // somebody still has it in memory
	must(t, b.Forget([]string{"t-ayesha"}, "ayesha", "nobody"))
	if _, err := b.Key("ayesha"); !errors.Is(err, keys.ErrNone) {
		t.Fatalf("got %v, want ErrNone", err)
	}
	if is, err := b.Is("ayesha", held); err != nil || is {
		t.Fatal("a forgotten key is still hers", err)
	}
	for i := range 500 {
		k, err := b.Key(fmt.Sprint("person ", i))
		must(t, err)
		if _, err := k.Open(nil, sealed); err == nil {
			t.Fatal("another's key opens it")
		}
	}
	wrapped := wrappedIn(with, before)
	if len(wrapped) == 0 {
		t.Fatal("the test does not see the wrapped key")
	}
	for _, w := range wrapped {
		if bytes.Contains(raw(t, path), w) {
			t.Fatal("bytes of the wrapped key are left")
		}
	}
	k, err := b.Key("bilal")
	must(t, err)
	if _, err := k.Open(nil, stays); err != nil {
		t.Fatal("another's key was lost")
	}
	marks, err := b.Marks()
	if err != nil || !slices.Equal(marks, []string{"t-ayesha"}) {
		t.Fatalf("marks %q, %v", marks, err)
	}
	must(t, b.Close())
	b = open(t, path, installation)
	if marks, _ := b.Marks(); len(marks) != 1 {
		t.Fatal("the mark was lost")
	}
	must(t, b.Done("t-ayesha"))
	must(t, b.Done("t-ayesha"))
	if marks, _ := b.Marks(); len(marks) != 0 {
		t.Fatal("the mark stays")
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(names) != 1 {
		t.Fatalf("left in the folder: %q", names)
	}
}

func raw(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// wrappedIn gives pieces of the one sealed key that is in b and not in before:
// random bytes that stand nowhere else.
func wrappedIn(b, before []byte) (pieces [][]byte) {
	for at := 0; at+24 <= len(b); at++ {
		p := b[at : at+24]
		if bytes.IndexByte(p, 0) < 0 && !bytes.Contains(before, p[:8]) && !bytes.Contains(before, p[8:16]) && !bytes.Contains(before, p[16:]) {
			pieces = append(pieces, p)
			at += 23
		}
	}
	return pieces
}

// TestAnotherInstallationKey: the new key opens the file and the old one does
// not, hashes and keys are the same, and nobody who used the book noticed.
func TestAnotherInstallationKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.db")
	b := open(t, path, installation)
	sealed := map[string][]byte{}
	for i := range 300 {
		owner := fmt.Sprint("person ", i)
		sealed[owner] = makeKey(t, b, owner).Seal(nil, []byte(owner))
	}
	index := b.Index().Hash(nil)
	second := bytes.Repeat([]byte{9}, keys.Size)
	stop := make(chan struct{})
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := b.Make(context.Background(), fmt.Sprint("new ", w, " ", i)); err != nil {
					t.Error(err)
					return
				}
				if _, err := b.Key(fmt.Sprint("person ", i%300)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 5 {
		must(t, b.Rewrap(second))
		must(t, b.Forget(nil, "nobody"))
	}
	close(stop)
	all.Wait()
	if b.Installation() != keys.ID(second) || b.Installation() == keys.ID(installation) {
		t.Fatal("it does not say which key is in use")
	}
	must(t, b.Close())
	if _, err := keys.Open(path, installation, keys.Options{}); !errors.Is(err, keys.ErrWrong) {
		t.Fatalf("the old key opens it: %v", err)
	}
	b = open(t, path, second)
	if !bytes.Equal(b.Index().Hash(nil), index) {
		t.Fatal("the hashes are others")
	}
	for owner, s := range sealed {
		k, err := b.Key(owner)
		must(t, err)
		if plain, err := k.Open(nil, s); err != nil || string(plain) != owner {
			t.Fatalf("%s: %v", owner, err)
		}
	}
}

// TestManyMakeOneKey: whoever asks at the same time gets the same key.
func TestManyMakeOneKey(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "keys.db"), installation)
	for i := range 50 {
		owner := fmt.Sprint("person ", i)
		got := make(chan *keys.Key, 8)
		for range cap(got) {
			go func() {
				k, err := b.Make(context.Background(), owner)
				if err != nil {
					t.Error(err)
				}
				got <- k
			}()
		}
		sealed := makeKey(t, b, owner).Seal(nil, nil)
		for range cap(got) {
			if _, err := (<-got).Open(nil, sealed); err != nil {
				t.Fatal("two keys for one owner")
			}
		}
	}
}

func TestAClosedBookAnswersNobody(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "keys.db"), installation)
	makeKey(t, b, "ayesha")
	must(t, b.Close())
	must(t, b.Close())
	_, read := b.Key("ayesha")
	_, made := b.Make(t.Context(), "bilal")
	for _, err := range []error{read, made, b.Forget(nil, "ayesha"), b.Rewrap(installation), b.Done("x")} {
		if err == nil {
			t.Error("it answers")
		}
	}
}

// BenchmarkForget is what one erasing costs among so many people, with syncs.
func BenchmarkForget(b *testing.B) {
	for _, people := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			book := open(b, filepath.Join(b.TempDir(), "keys.db"), installation)
			var all sync.WaitGroup
			slots := make(chan struct{}, 1000)
			for i := range people {
				slots <- struct{}{}
				all.Go(func() {
					makeKey(b, book, fmt.Sprint(i))
					<-slots
				})
			}
			all.Wait()
			for b.Loop() {
				must(b, book.Forget(nil, "0"))
			}
		})
	}
}

// TestAKeyThatCannotBeDestroyedStays: where the file cannot be written anew,
// nothing has happened, and it is said.
func TestAKeyThatCannotBeDestroyedStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.db")
	b := open(t, path, installation)
	sealed := makeKey(t, b, "ayesha").Seal(nil, nil)
	must(t, os.MkdirAll(filepath.Join(path+".new", "in the way"), 0o700))
	err := b.Forget([]string{"mark"}, "ayesha")
	if err == nil || !strings.HasPrefix(err.Error(), "keys: keys.db cannot be written") || strings.Contains(err.Error(), filepath.Dir(path)) {
		t.Fatalf("got %v", err)
	}
	if marks, err := b.Marks(); err != nil || len(marks) != 0 {
		t.Fatal("it is marked as erased", err)
	}
	k, err := b.Key("ayesha")
	must(t, err)
	if _, err := k.Open(nil, sealed); err != nil {
		t.Fatal(err)
	}
	must(t, os.RemoveAll(path+".new"))
	must(t, b.Forget(nil, "ayesha"))
	makeKey(t, b, "bilal")
}
