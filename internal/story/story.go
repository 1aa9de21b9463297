// SPDX-License-Identifier: GPL-3.0-or-later

// Package story is the form in which a conversation is written down so that a
// counsellor can read it and a test can play it:
//
//	# A comment: what this conversation shows.
//	set hint ur              the platform's hint at the language
//	> protector kahan hai    the person writes
//	> [voice]                … sends a voice note, [picture], [document], [unknown], [start]
//	> [press consent:yes]    … presses a button
//	> [late 45m] hello       … wrote this 45 minutes ago, after an outage
//	wait 31m                 time passes
//	staff take               staff act: take, release, close, off, on
//	staff say Good day       staff write to the person
//	< The answer.            what the person is sent, a line a block
//	    1 Fees               and the choices under it
//	* case-opened asked      what happened, as the transcript has it
//
// Lines that begin with "<", "*" or spaces are what came out; all others are
// what goes in.
package story

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sarai/channels"
	"sarai/store"
)

// A Line is one line that goes in. Word is its first word, Rest what follows.
type Line struct {
	Number int
	Word   string
	Rest   string
}

// Read gives the lines of a story that go in, comments included (Word "#").
func Read(text string) []Line {
	var lines []Line
	for i, s := range strings.Split(text, "\n") {
		if s == "" || strings.HasPrefix(s, "<") || strings.HasPrefix(s, "*") || strings.HasPrefix(s, " ") {
			continue
		}
		word, rest, _ := strings.Cut(s, " ")
		lines = append(lines, Line{Number: i + 1, Word: word, Rest: rest})
	}
	return lines
}

// String gives the line as it stands in a story.
func (l Line) String() string {
	if l.Rest == "" {
		return l.Word
	}
	return l.Word + " " + l.Rest
}

// Heard reads what a person's line (Word ">") says: the kind of message, its
// words or the key pressed, and how long ago it was written. It fails for a
// line that cannot be understood.
func (l Line) Heard() (in channels.Inbound, ago time.Duration, err error) {
	text := l.Rest
	for strings.HasPrefix(text, "[") {
		tag, rest, ok := strings.Cut(text[1:], "]")
		if !ok {
			break
		}
		word, arg, _ := strings.Cut(tag, " ")
		switch word {
		case "late":
			if ago, err = time.ParseDuration(arg); err != nil {
				return in, 0, fmt.Errorf("line %d: %w", l.Number, err)
			}
		case "press":
			in.Kind, in.Choice = channels.Choice, arg
		case "voice", "picture", "document", "place", "contact", "video", "audio", "sticker", "unknown", "start", "reaction", "edited", "deleted", "call", "comment":
			in.Kind = channels.Kind(word)
		default:
			return in, 0, fmt.Errorf("line %d: [%s] is not known", l.Number, tag)
		}
		text = strings.TrimPrefix(rest, " ")
	}
	in.Text = text
	if in.Kind == "" {
		in.Kind = channels.Text
	}
	return in, ago, nil
}

// Tell writes what the person said as a line of a story.
func Tell(in channels.Inbound) string {
	switch in.Kind {
	case channels.Text:
		return "> " + strings.ReplaceAll(in.Text, "\n", " ")
	case channels.Choice:
		return "> [press " + in.Choice + "]"
	}
	return strings.TrimSpace("> [" + string(in.Kind) + "] " + in.Text)
}

// Came writes what came out: entries of a transcript that are not the person's.
func Came(w io.Writer, entries []store.Entry) {
	for _, e := range entries {
		switch e.Author {
		case store.Program, store.Staff:
			mark := "< "
			if e.Author == store.Staff {
				mark = "< (counsellor) "
			}
			for _, b := range e.Blocks {
				switch b.Kind {
				case channels.Item:
					fmt.Fprintf(w, "%s- %s\n", mark, b.Text)
				case channels.Heading:
					fmt.Fprintf(w, "%s= %s\n", mark, b.Text)
				case channels.Quiet:
					fmt.Fprintf(w, "%s~ %s\n", mark, b.Text)
				default:
					fmt.Fprintf(w, "%s%s\n", mark, strings.ReplaceAll(b.Text, "\n", " "))
				}
			}
			for i, o := range e.Options {
				fmt.Fprintf(w, "    %d %s\n", i+1, o.Label)
			}
		case store.Event:
			fmt.Fprintf(w, "* %s\n", strings.TrimSpace(e.Event+" "+e.Text))
		case store.Note:
			fmt.Fprintf(w, "* note: %s\n", e.Text)
		}
	}
}
