// SPDX-License-Identifier: GPL-3.0-or-later

// Package register keeps what a country's office says of its licensed
// recruiters, and finds in it the firm that somebody means: by a licence number
// however it is written, or by a name that is misspelt or in another script. It
// says what stands there and never what to think of it. It reads no clock and
// does no input or output but on what it is handed.
package register

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"sarai/content"
)

// A Status is what the register says of a licence, in its own four words.
type Status string

// The statuses.
const (
	Active      Status = "active"
	Suspended   Status = "suspended"
	Cancelled   Status = "cancelled"
	Blacklisted Status = "blacklisted"
)

// statuses are all of them, the worst last.
var statuses = []Status{Active, Suspended, Cancelled, Blacklisted}

// An Entry is one firm. Everything in it is public data of the office that keeps
// the register; nothing in it is executed or trusted to be harmless to show.
type Entry struct {
	Name    string    `json:"name"`
	Licence string    `json:"licence"` // the number as the register writes it
	Status  Status    `json:"status"`
	Until   time.Time `json:"until,omitzero"` // the last valid day, midnight UTC; zero: not said
	City    string    `json:"city,omitempty"`
	Phone   string    `json:"phone,omitempty"`
}

// A Source is one list of an office, as it was on a day.
type Source struct {
	Name    string    `json:"source"`        // as people are told it
	URL     string    `json:"url,omitempty"` // https, where the office shows it
	AsOf    time.Time `json:"as_of"`         // midnight UTC
	Entries []Entry   `json:"entries"`
}

// Format is the newest form of a stored File. Decode reads every older one.
const Format = 1

// A File is all that is known of one country's recruiters: a list of each
// source, sorted by its name.
type File struct {
	Format  int             `json:"format"`
	Country content.Country `json:"country"`
	Sources []Source        `json:"sources"`
}

// ErrNewer means that a file was written by a newer version of the program.
var ErrNewer = errors.New("the register is from a newer version of Sarai: use that version, or import the list again")

// With gives the file with a source in place of the one of the same name. The
// file itself is not changed.
func (f File) With(s Source) File {
	f = f.Without(s.Name)
	f.Sources = append(f.Sources, s)
	slices.SortFunc(f.Sources, func(a, b Source) int { return cmpString(a.Name, b.Name) })
	return f
}

// Without gives the file without the source of a name.
func (f File) Without(name string) File {
	f.Sources = slices.DeleteFunc(slices.Clone(f.Sources), func(s Source) bool { return s.Name == name })
	return f
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Encode gives the form in which a file is stored.
func (f File) Encode() []byte {
	f.Format = Format
	b, err := json.Marshal(f)
	if err != nil { // unreachable: every field marshals
		panic(err)
	}
	return append(b, '\n')
}

// Decode reads a stored file. It fails with ErrNewer, or for what no import
// writes; its errors quote nothing of the file.
func Decode(b []byte) (File, error) {
	var format struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(b, &format) != nil {
		return File{}, errors.New("the register is damaged: import the list again")
	}
	if format.Format > Format {
		return File{}, ErrNewer
	}
	var f File
	if format.Format < 1 || json.Unmarshal(b, &f) != nil {
		return File{}, errors.New("the register is damaged: import the list again")
	}
	for _, s := range f.Sources {
		if s.Name == "" || s.AsOf.IsZero() {
			return File{}, errors.New("the register has a list without a source or a date: import the list again")
		}
		for i, e := range s.Entries {
			if e.Name == "" || e.Licence == "" || !slices.Contains(statuses, e.Status) || !utf8.ValidString(e.Name) {
				return File{}, fmt.Errorf("entry %d of a list in the register is incomplete: import the list again", i+1)
			}
		}
	}
	return f, nil
}

// A Shelf is the registers of several countries, ready to be searched. It never
// changes and is safe for concurrent use. A nil Shelf is empty.
type Shelf struct {
	registers []*Register
}

// NewShelf indexes files. One in which no firm stands is left out; of two of one
// country the later counts.
func NewShelf(files ...File) *Shelf {
	s := &Shelf{}
	for _, f := range files {
		s = s.with(f.Country, New(f))
	}
	return s
}

// With gives a shelf on which a country's register is another; one in which no
// firm stands takes it off.
func (s *Shelf) With(r *Register) *Shelf { return s.with(r.Country, r) }

// Without gives a shelf without a country's register.
func (s *Shelf) Without(cc content.Country) *Shelf { return s.with(cc, nil) }

func (s *Shelf) with(cc content.Country, r *Register) *Shelf {
	next := &Shelf{}
	for _, old := range s.Registers() {
		if old.Country != cc {
			next.registers = append(next.registers, old)
		}
	}
	if r != nil && len(r.firms) > 0 {
		next.registers = append(next.registers, r)
	}
	slices.SortFunc(next.registers, func(a, b *Register) int { return cmpString(string(a.Country), string(b.Country)) })
	return next
}

// Registers gives the registers by country. Each has a firm at least.
func (s *Shelf) Registers() []*Register {
	if s == nil {
		return nil
	}
	return s.registers
}
