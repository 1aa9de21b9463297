// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// asSarai makes the test binary be the program: the scripts run real processes,
// with a real exit status, and a panic would be seen.
const asSarai = "SARAI_TEST_IS_SARAI"

func TestMain(m *testing.M) {
	if os.Getenv(asSarai) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is the program with these arguments, in a folder of its own.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// What they say of articles is little: few will do, where a test asks for no others.
	if len(args) > 0 && slices.Contains([]string{"export", "erase"}, args[0]) && !slices.Contains(args, "--content") {
		args = append(args, "--content", shelf(t))
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asSarai+"=1", "TMPDIR="+t.TempDir())
	return cmd
}

// TestScripts plays testdata/*.txt. A script is lines of commands, and after
// them the files that it finds in its folder, each below a line "-- name --".
//
//	sarai ARGS…           runs and succeeds; with "< FILE" last, that is its input
//	fails 1 sarai ARGS…   ends with this status, and says why in one line
//	stdout 'REGEXP'       the last command printed this, "! stdout" did not
//	stderr 'REGEXP'       the same of what it said beside
//	file FILE 'REGEXP'    a file holds this
//	keep FILE             what the last command printed becomes a file
//	same FILE FILE        two files are equal
//	edit FILE OLD NEW     replaces text that must be there
//	remove FILE           also a folder
//	write FILE TEXT       in Go's way of writing strings
//
// A word $few among the arguments has a few articles read with -short, and those
// that are built in without: the model of all takes two seconds of a processor
// each time, and one command of each kind has it at every commit.
//
// A word in single quotes is taken as it is. # begins a comment.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := script{t: t, dir: t.TempDir()}
			for i, line := range s.unpack(string(b)) {
				s.at = fmt.Sprintf("%s:%d", filepath.Base(file), i+1)
				s.do(s.words(line))
			}
		})
	}
}

// A script is one that is being played.
type script struct {
	t        *testing.T
	dir, at  string
	out, err string // of the last command
}

// unpack writes the script's files and gives its lines.
func (s *script) unpack(text string) (lines []string) {
	s.t.Helper()
	name := ""
	files := map[string]string{}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(rest, " --\n") {
			name = strings.TrimSuffix(rest, " --\n")
			files[name] = ""
		} else if name != "" {
			files[name] += line
		} else {
			lines = append(lines, line)
		}
	}
	for name, text := range files {
		s.write(name, text)
	}
	return lines
}

func (s *script) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) read(name string) string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatalf("%s: %v", s.at, err)
	}
	return string(b)
}

func (s *script) words(line string) (words []string) {
	var word strings.Builder
	quoted, begun := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, begun = !quoted, true
		case r == '#' && !begun && !quoted:
			return words
		case unicode.IsSpace(r) && !quoted:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

func (s *script) do(words []string) {
	s.t.Helper()
	if len(words) == 0 {
		return
	}
	not := words[0] == "!"
	if not {
		words = words[1:]
	}
	switch words[0] {
	case "sarai":
		s.run("0", words[1:])
	case "fails":
		s.run(words[1], words[3:])
	case "stdout", "stderr":
		said := s.out
		if words[0] == "stderr" {
			said = s.err
		}
		if regexp.MustCompile("(?m)"+words[1]).MatchString(said) == not {
			s.t.Errorf("%s: %s: %q, matches: %v\n%s", s.at, words[0], words[1], not, said)
		}
	case "file":
		if text := s.read(words[1]); regexp.MustCompile("(?m)"+words[2]).MatchString(text) == not {
			s.t.Errorf("%s: %s: %q, matches: %v\n%s", s.at, words[1], words[2], not, text)
		}
	case "keep":
		s.write(words[1], s.out)
	case "same":
		if a, b := s.read(words[1]), s.read(words[2]); a != b {
			s.t.Errorf("%s: %s is\n%s\nand %s is\n%s", s.at, words[1], a, words[2], b)
		}
	case "edit":
		text := s.read(words[1])
		if !strings.Contains(text, words[2]) {
			s.t.Fatalf("%s: %s does not hold %q", s.at, words[1], words[2])
		}
		s.write(words[1], strings.ReplaceAll(text, words[2], words[3]))
	case "remove":
		if err := os.RemoveAll(filepath.Join(s.dir, words[1])); err != nil {
			s.t.Fatal(err)
		}
	case "write":
		s.write(words[1], strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(words[2]))
	default:
		s.t.Fatalf("%s: there is no command %q", s.at, words[0])
	}
}

// run runs the program. Whatever fails must say so in one line.
func (s *script) run(want string, args []string) {
	s.t.Helper()
	var in string
	if i := slices.Index(args, "<"); i >= 0 {
		in, args = s.read(args[i+1]), args[:i]
	}
	if i := slices.Index(args, "$few"); i >= 0 {
		var few []string
		if testing.Short() {
			few = []string{"--content", shelf(s.t)}
		}
		args = slices.Replace(args, i, i+1, few...)
	}
	cmd := command(s.t, s.dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &errs
	err := cmd.Run()
	s.out, s.err = out.String(), errs.String()
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	if got := fmt.Sprint(cmd.ProcessState.ExitCode()); got != want {
		s.t.Fatalf("%s: status %s, want %s\n%s%s", s.at, got, want, s.out, s.err)
	}
	if want != "0" {
		oneClearLine(s.t, s.at, s.err)
	}
}

// oneClearLine checks that an error is one line of the program's own.
func oneClearLine(t *testing.T, at, said string) {
	t.Helper()
	if strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "sarai: ") || strings.Contains(said, "goroutine") {
		t.Errorf("%s: the error is not one clear line:\n%s", at, said)
	}
}
