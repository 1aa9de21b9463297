// SPDX-License-Identifier: GPL-3.0-or-later

package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// A code is the same in every script, however it is spaced.
func TestACodeSurvivesEveryScript(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := codeFor(rapid.StringMatching(`[A-Za-z0-9_-]{22}`).Draw(t, "token"))
		if !isCode(code) {
			t.Fatalf("%q is no code", code)
		}
		script := rapid.SampledFrom([]string{"latn", "arab", "arab-ar", "cyrl", "beng"}).Draw(t, "script")
		ws := words(code, script)
		gap := rapid.SampledFrom([]string{" ", "", "-", " – ", "\n", ", ", "،", "\u200c", "\u00a0", "।"}).Draw(t, "gap")
		typed := strings.Join(ws, gap)
		if rapid.Bool().Draw(t, "capitals") {
			typed = strings.ToUpper(typed)
		}
		if got, err := parseCode(typed); err != nil || got != code || len(ws) != codeWords {
			t.Fatalf("%s as %s reads %q, %v", code, typed, got, err)
		}
	})
}

// No letter stands for two, and every script has a letter of its own for each.
func TestTheLettersOfACodeAreUnambiguous(t *testing.T) {
	means := map[rune]byte{}
	add := func(r rune, l byte) {
		if was, ok := means[r]; ok && was != l {
			t.Errorf("%q stands for %c and %c", r, was, l)
		}
		means[r] = l
	}
	all := consonants + vowels
	for name, s := range scripts {
		if utf8.RuneCountInString(s) != len(all) {
			t.Fatalf("%s has %d letters of %d", name, utf8.RuneCountInString(s), len(all))
		}
		seen := map[rune]bool{}
		for i, r := range []rune(s) {
			if seen[r] {
				t.Errorf("%s has %q twice", name, r)
			}
			seen[r] = true
			add(r, all[i])
		}
	}
	for l, rs := range alike {
		for _, r := range rs {
			add(r, l)
		}
	}
}

func TestWhatIsNoCode(t *testing.T) {
	for _, typed := range []string{
		"", "   ", "bada", "bada bada bada bada bada", "bada bada bada bada bada bada bada",
		"badabadabadabadabadabad1", "hello how are you all today", "aaaaaaaaaaaaaaaaaaaaaaaa",
		strings.Repeat("bada", 1000), "\xff\xfe", "مرحبا كيف الحال",
	} {
		if code, err := parseCode(typed); err == nil {
			t.Errorf("%.40q reads %q", typed, code)
		}
	}
	if code, err := parseCode("  BÁDA–Rumí  tóla: kíno … fúsi jara!"); err != nil || code != "badarumitulakinufusijara" {
		t.Errorf("with marks it reads %q, %v", code, err)
	}
}

func FuzzParseCode(f *testing.F) {
	f.Add("bada rumi tula kinu fusi jara")
	f.Add("بادا رومی تولا")
	f.Fuzz(func(t *testing.T, typed string) {
		if code, err := parseCode(typed); err == nil && !isCode(code) {
			t.Errorf("%q reads %q", typed, code)
		}
	})
}

// Codes of a thousand talks differ, and use all letters about as often.
func TestCodesAreSpread(t *testing.T) {
	seen, count := map[string]bool{}, map[byte]int{}
	const n = 1000
	for i := range n {
		c := codeFor(fmt.Sprintf("token-%016d", i))
		seen[c] = true
		for j := range len(c) {
			count[c[j]]++
		}
	}
	if len(seen) != n {
		t.Errorf("%d codes for %d talks", len(seen), n)
	}
	for _, l := range []byte(consonants) {
		if want := n * codeLetters / 2 / len(consonants); count[l] < want*8/10 || count[l] > want*12/10 {
			t.Errorf("%c stands %d times, %d would be even", l, count[l], want)
		}
	}
}

// Every language of the page has every word.
func TestEveryLanguageHasEveryWord(t *testing.T) {
	for _, name := range []string{"words.json", "filewords.json"} {
		t.Run(name, func(t *testing.T) { everyWord(t, name) })
	}
}

func everyWord(t *testing.T, name string) {
	b, err := files.ReadFile("static/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var ws map[string]map[string]string
	if err := json.Unmarshal(b, &ws); err != nil {
		t.Fatal(err)
	}
	for locale, mine := range ws {
		for name := range ws["en"] {
			if strings.TrimSpace(mine[name]) == "" {
				t.Errorf("%s has no %q", locale, name)
			}
		}
		for name := range mine {
			if ws["en"][name] == "" {
				t.Errorf("%s has %q, which English lacks", locale, name)
			}
		}
	}
	if len(ws) != 12 {
		t.Errorf("%d languages", len(ws))
	}
	if bytes.Contains(b, []byte("</script")) {
		t.Error("a word ends the script")
	}
}

// Somebody on a slow line waits for all of this before the first word. It was 62
// kB, and 21 kB packed, when this was written.
func TestThePageIsSmall(t *testing.T) {
	plain, packed, later, laterPacked := 0, 0, 0, 0
	for name, f := range newAssets(MaxFile).byName {
		if name == "embed.js" {
			continue
		}
		if bytes.Contains(f.plain, []byte("{{")) && !strings.HasSuffix(name, ".js") || f.kind == "" {
			t.Errorf("%s is not complete", name)
		}
		if strings.HasPrefix(name, "files.") { // it comes when the page is there
			later += len(f.plain)
			laterPacked += len(f.packed)
			continue
		}
		plain += len(f.plain)
		packed += len(f.packed)
	}
	if plain > 64_000 || packed > 24_000 {
		t.Errorf("the page has %d bytes, %d packed", plain, packed)
	}
	if later > 64_000 || laterPacked > 20_000 {
		t.Errorf("what comes later has %d bytes, %d packed", later, laterPacked)
	}
	t.Logf("the page has %d bytes, %d packed; %d and %d later", plain, packed, later, laterPacked)
}

// A slow line is let go on, a dead one and one that drips are not.
func TestHowLongAFileMayTake(t *testing.T) {
	begun := time.Now()
	for _, c := range []struct {
		what  string
		after time.Duration
		n     int64
		left  time.Duration
	}{
		{"at the begin", 0, 0, silentFor},
		{"a line that said nothing yet", 50 * time.Second, 0, 10 * time.Second},
		{"one byte in twenty seconds", 65 * time.Second, 3, -5*time.Second + 3*time.Millisecond},
		{"two kilobytes a second", 5 * time.Minute, 600_000, silentFor},
		{"near the end", fileFor - time.Second, MaxFile, time.Second},
	} {
		s := steady{begun: begun, n: c.n}
		if got := s.until(begun.Add(c.after)).Sub(begun.Add(c.after)); got != c.left {
			t.Errorf("%s: %v are left, want %v", c.what, got, c.left)
		}
	}
}

// A wake must not depend on how many others wait.
func BenchmarkWakeOneOfManyWaiting(b *testing.B) {
	h := newHub()
	for i := range 50_000 {
		if _, _, ok := h.wait(fmt.Sprint(i)); !ok {
			b.Fatal("turned away")
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		woken, end, _ := h.wait("me")
		h.wake("me")
		<-woken
		end()
	}
}

// The memory for limits does not grow with the number of addresses.
func TestBucketsAreBounded(t *testing.T) {
	b := newBuckets(Rate{}, Rate{1, 1})
	for i := range maxBuckets + 500 {
		b.of(fmt.Sprint(i))
	}
	if len(b.byKey) != maxBuckets || b.order.Len() != maxBuckets {
		t.Errorf("%d keys are remembered", len(b.byKey))
	}
	if b.byKey["0"] != nil || b.byKey[fmt.Sprint(maxBuckets+499)] == nil {
		t.Error("what was used last is forgotten first")
	}
}
