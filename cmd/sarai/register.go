// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"sarai/content"
	"sarai/register"
)

type registerCmd struct {
	Import importRegisterCmd `cmd:"" help:"Take an office's list in place of the one of the same country and source."`
	List   listRegistersCmd  `cmd:"" help:"The lists that are there, with their day and size."`
	Find   findFirmCmd       `cmd:"" help:"What a name or licence number finds, and how surely."`
	Remove removeRegisterCmd `cmd:"" help:"Take a list away."`
}

type importRegisterCmd struct {
	File    string `arg:"" type:"path" help:"The list, as comma-separated values in UTF-8 with a header: name, licence number, status, valid until, city, phone."`
	Country string `required:"" help:"Country of the office." placeholder:"CC"`
	Source  string `required:"" help:"What the list is called, as people are told it."`
	AsOf    string `required:"" help:"Day of the list, as 2026-11-01." placeholder:"DAY"`
	URL     string `name:"url" help:"Where the office shows the list; https." placeholder:"URL"`
	SkipBad bool   `help:"Leave out lines that cannot be taken, instead of taking nothing."`
}

func (i importRegisterCmd) Run(c *cli, w world) error {
	cc, err := countryCode(i.Country)
	if err != nil {
		return err
	}
	source := register.Source{Name: register.Clean(i.Source), URL: i.URL}
	if source.Name == "" {
		return usageError{errors.New("--source says what the list is called, and cannot be empty")}
	}
	var ok bool
	if source.AsOf, ok = register.ParseDay(i.AsOf); !ok {
		return usageError{fmt.Errorf("--as-of %q is no day; write it as 2026-11-01", i.AsOf)}
	}
	if source.AsOf.After(time.Now().Add(24 * time.Hour)) {
		return usageError{fmt.Errorf("--as-of %s is yet to come: it is the day of the list", source.AsOf.Format(time.DateOnly))}
	}
	if u, err := url.Parse(i.URL); i.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return usageError{errors.New("--url must be an https address")}
	}
	data, err := registerData(c, w)
	if err != nil {
		return err
	}
	f, err := os.Open(i.File)
	if err != nil {
		return fmt.Errorf("the list cannot be read: %w", short(err))
	}
	defer f.Close()
	entries, problems := register.Parse(f)
	source.Entries = entries
	for _, p := range problems {
		at := i.File
		if p.Line > 0 {
			at = fmt.Sprintf("%s:%d", i.File, p.Line)
		}
		fmt.Fprintf(w.out, "%s: %s\n", at, p.Message)
	}
	switch {
	case len(problems) > 0 && !i.SkipBad:
		return fmt.Errorf("nothing was imported, the list has problems (%d): the lines above name them; --skip-bad leaves those lines out", len(problems))
	case len(entries) == 0:
		return errors.New("nothing was imported: no firm stands in the list; 'sarai register remove' takes an old list away")
	}
	path := registerPath(data, cc)
	file, err := readRegister(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, err)
	}
	file.Country = cc
	if err := writeRegister(path, file.With(source)); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%d firms imported for %s from %q as of %s\n", len(entries), cc, source.Name, source.AsOf.Format(time.DateOnly))
	if n := len(problems); n > 0 {
		fmt.Fprintf(w.out, "%d problems: those lines were left out, and so was each line of a licence number that stands twice\n", n)
	}
	fmt.Fprintf(w.out, "A server that runs takes it within %d seconds.\n", int(lookEvery.Seconds()))
	return nil
}

type listRegistersCmd struct{}

func (listRegistersCmd) Run(c *cli, w world) error {
	data, err := registerData(c, w)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w.out, 0, 8, 2, ' ', 0)
	n := 0
	var bad error
	for _, cc := range registerCountries(data) {
		file, err := readRegister(registerPath(data, cc))
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("%s: %w", registerPath(data, cc), err))
			continue
		}
		for _, s := range file.Sources {
			if n++; n == 1 {
				fmt.Fprintln(t, "country\tas of\tfirms\tsource")
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\n", cc, s.AsOf.Format(time.DateOnly), len(s.Entries), register.Clean(s.Name))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if n == 0 && bad == nil {
		fmt.Fprintln(w.out, "no register: people are told the address of the office instead; see 'sarai register import --help'")
	}
	return bad
}

type findFirmCmd struct {
	Country string   `required:"" help:"Whose register." placeholder:"CC"`
	Words   []string `arg:"" help:"A name or a licence number."`
}

func (f findFirmCmd) Run(c *cli, w world) error {
	cc, err := countryCode(f.Country)
	if err != nil {
		return err
	}
	data, err := registerData(c, w)
	if err != nil {
		return err
	}
	file, err := readRegister(registerPath(data, cc))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no register of %s: 'sarai register import' takes one", cc)
	case err != nil:
		return fmt.Errorf("%s: %w", registerPath(data, cc), err)
	}
	hits, more := register.New(file).Find(strings.Join(f.Words, " "), true)
	if len(hits) == 0 {
		fmt.Fprintln(w.out, "not found")
		return nil
	}
	t := tabwriter.NewWriter(w.out, 0, 8, 2, ' ', 0)
	for _, h := range hits {
		until := "-"
		if !h.Entry.Until.IsZero() {
			until = h.Entry.Until.Format(time.DateOnly)
		}
		fmt.Fprintf(t, "%.2f\t%s\t%s\t%s\t%s\t%s\t%s, %s\n", h.Sure, register.Clean(h.Entry.Licence), h.Entry.Status, until,
			register.Clean(h.Entry.Name), orDash(register.Clean(h.Entry.City)), register.Clean(h.Source.Name), h.Source.AsOf.Format(time.DateOnly))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(w.out, "and more: write the whole name, or the number")
	}
	return nil
}

type removeRegisterCmd struct {
	Country string `required:"" help:"Country of the office." placeholder:"CC"`
	Source  string `required:"" help:"What the list is called; 'sarai register list' says."`
}

func (r removeRegisterCmd) Run(c *cli, w world) error {
	cc, err := countryCode(r.Country)
	if err != nil {
		return err
	}
	data, err := registerData(c, w)
	if err != nil {
		return err
	}
	path := registerPath(data, cc)
	file, err := readRegister(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, err)
	}
	left := file.Without(register.Clean(r.Source))
	if len(left.Sources) == len(file.Sources) {
		return fmt.Errorf("there is no list of %s called %q: 'sarai register list' names them", cc, register.Clean(r.Source))
	}
	if len(left.Sources) == 0 {
		err = short(os.Remove(path))
	} else {
		err = writeRegister(path, left)
	}
	if err != nil {
		return fmt.Errorf("the list cannot be removed: %w", err)
	}
	fmt.Fprintln(w.out, "removed")
	return nil
}

var twoLetters = regexp.MustCompile(`^[A-Z]{2}$`)

func countryCode(s string) (content.Country, error) {
	cc := strings.ToUpper(strings.TrimSpace(s))
	if !twoLetters.MatchString(cc) {
		return "", usageError{fmt.Errorf("--country %q is no country: it is a code of two letters, as PK", s)}
	}
	return content.Country(cc), nil
}

// registerData is the data folder that the configuration names.
func registerData(c *cli, w world) (string, error) {
	conf, err := readConfig(c.Config, w.env)
	return conf.Data, err
}

// Registers stand in the data folder as files, one a country, and not in the
// store: docs/decisions/0008.
func registerPath(data string, cc content.Country) string {
	return filepath.Join(data, "registers", strings.ToLower(string(cc))+".json")
}

var registerName = regexp.MustCompile(`^([a-z]{2})\.json$`)

// registerCountries gives the countries that have a file, sorted.
func registerCountries(data string) (found []content.Country) {
	entries, err := os.ReadDir(filepath.Join(data, "registers"))
	if err != nil { // there is none
		return nil
	}
	for _, e := range entries {
		if m := registerName.FindStringSubmatch(e.Name()); m != nil {
			found = append(found, content.Country(strings.ToUpper(m[1])))
		}
	}
	return found
}

func readRegister(path string) (register.File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return register.File{}, short(err)
	}
	return register.Decode(b)
}

// writeRegister puts a file in the place of the old one, whole or not at all.
func writeRegister(path string, file register.File) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder of the registers cannot be made: %w", short(err))
	}
	f, err := os.CreateTemp(dir, ".register-*") // mode 0600
	if err != nil {
		return fmt.Errorf("the register cannot be written: %w", short(err))
	}
	defer os.Remove(f.Name()) // gone after the renaming
	_, err = f.Write(file.Encode())
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		return fmt.Errorf("the register cannot be written: %w", short(err))
	}
	return nil
}

// syncFolder makes a renaming last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lookEvery is how often a server looks whether a register has changed.
const lookEvery = 30 * time.Second

// A registerFolder is the registers of a data folder, as they were when last
// looked at. It is for one goroutine at a time.
type registerFolder struct {
	data  string
	log   *slog.Logger
	seen  map[content.Country]stamp
	shelf *register.Shelf
}

// A stamp is by what a changed file is known.
type stamp struct {
	size int64
	at   time.Time
}

func newRegisterFolder(data string, log *slog.Logger) *registerFolder {
	return &registerFolder{data: data, log: log, seen: map[content.Country]stamp{}, shelf: register.NewShelf()}
}

// look reads what has changed, and says whether the shelf is another now. A file
// that cannot be read is logged once, and what was read before stays; a file that
// is gone takes its register away.
func (f *registerFolder) look() (changed bool) {
	there := map[content.Country]bool{}
	for _, cc := range registerCountries(f.data) {
		there[cc] = true
		path := registerPath(f.data, cc)
		info, err := os.Stat(path)
		if err != nil {
			continue // it went away this moment: look again
		}
		now := stamp{info.Size(), info.ModTime()}
		if f.seen[cc] == now {
			continue
		}
		f.seen[cc] = now
		file, err := readRegister(path)
		if err != nil {
			f.log.Error("a recruiters' register cannot be read; what was read before stays", "country", cc, "why", err.Error())
			continue
		}
		file.Country = cc
		f.shelf = f.shelf.With(register.New(file))
		changed = true
		n := 0
		for _, s := range file.Sources {
			n += len(s.Entries)
		}
		f.log.Info("a recruiters' register was read", "country", cc, "firms", n)
	}
	for cc := range f.seen {
		if !there[cc] {
			delete(f.seen, cc)
			f.shelf = f.shelf.Without(cc)
			changed = true
			f.log.Info("a recruiters' register was taken away", "country", cc)
		}
	}
	return changed
}

// watch looks again and again until ctx ends, and hands over each changed shelf.
func (f *registerFolder) watch(ctx context.Context, use func(*register.Shelf)) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if f.look() {
				use(f.shelf)
			}
		}
	}
}
