// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"time"

	"sarai/channels"
	"sarai/export"
	"sarai/locales"
	"sarai/store"
	"sarai/store/bolt"
)

// atTheCase is where at the desk staff erase and export.
const atTheCase = "in the case, under Keeping and erasing"

// A person is a talk that is named on the command line.
type person struct {
	Thread  string `help:"Random id of the talk, as logs and the audit name it." placeholder:"ID" xor:"who"`
	Address string `help:"Where the person writes from, as the platform names them." placeholder:"CHANNEL:ID" xor:"who"`
}

// find gives the thread that was named. It says no more than that there is none:
// an address is not repeated in an error.
func (p person) find(w world, db *bolt.DB) (th store.Thread, err error) {
	switch {
	case p.Thread != "":
		th, err = db.ThreadByID(w.ctx, store.ThreadID(p.Thread))
	case p.Address != "":
		channel, id, ok := strings.Cut(p.Address, ":")
		if !ok || channel == "" || id == "" {
			return th, usageError{errors.New("--address is a channel and the platform's id, as \"telegram:12345\"")}
		}
		th, err = db.Thread(w.ctx, channels.Address{Channel: channels.Name(channel), ID: id})
		if err == nil && th.Version == 0 {
			err = store.ErrNotFound
		}
	default:
		return th, usageError{errors.New("whose talk? name it with --thread ID or --address CHANNEL:ID")}
	}
	if errors.Is(err, store.ErrNotFound) {
		err = errors.New("nothing is kept of this talk; if it was erased, the audit at the desk says when")
	}
	return th, err
}

type personEraseCmd struct {
	person
	Held bool `help:"Erase it although staff hold it: the person's own wish."`
	Yes  bool `help:"Do not ask."`
}

// Run erases a talk beside a server that is not running.
func (e personEraseCmd) Run(c *cli, w world) error {
	return withStore(c, w, atTheCase, func(conf config, db *bolt.DB) error {
		th, err := e.find(w, db)
		if err != nil {
			return err
		}
		if th.Keeping.Hold != nil && !e.Held {
			return errors.New("staff hold this talk: lift the hold at the desk first; if the person wishes it erased, say --held")
		}
		fmt.Fprintf(w.out, "Talk %s, last heard from on %s. Everything that is kept of it will be erased. Nobody can take this back.\n", th.ID, th.LastHeard.UTC().Format("2006-01-02"))
		if len(th.Linked) > 0 {
			fmt.Fprintf(w.out, "%d other talks seem to be the same person's and stay.\n", len(th.Linked))
		}
		if !e.Yes {
			fmt.Fprint(w.out, "Write ERASE to go on: ")
			line, _ := bufio.NewReader(w.in).ReadString('\n')
			if strings.TrimSpace(line) != "ERASE" {
				return errors.New("nothing was erased")
			}
		}
		a := store.Act{At: time.Now(), By: store.Operator, What: store.DidErase, Thread: th.ID, Why: "command"}
		if th.Case != nil {
			a.Case = th.Case.ID
		}
		err = writing(w, db, a, func() error {
			// First, while the addresses are known: if this fails it can be done again.
			if err := forgetOnDevice(w.ctx, conf, th.Addresses); err != nil {
				return fmt.Errorf("nothing was erased: %w", err)
			}
			return db.Erase(w.ctx, th.ID)
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(w.out, "Erased. Copies of the data folder from before still hold it: delete old ones.")
		return nil
	})
}

type personExportCmd struct {
	person
	Notes bool   `help:"With the notes of staff, which can name others."`
	Dir   string `arg:"" help:"Folder to write to; a new one, or empty." type:"path"`
}

// Run writes down all that is kept of a talk, beside a server that is not running.
func (e personExportCmd) Run(c *cli, w world) error {
	return withStore(c, w, atTheCase, func(_ config, db *bolt.DB) error {
		th, err := e.find(w, db)
		if err != nil {
			return err
		}
		cat, err := loadContent(c.Content)
		if err != nil {
			return err
		}
		phrases, err := locales.Load()
		if err != nil {
			return err
		}
		folder, err := export.NewFolder(e.Dir)
		if err != nil {
			return fmt.Errorf("the export cannot be written: %w", short(err))
		}
		a := store.Act{At: time.Now(), By: store.Operator, What: store.DidExport, Thread: th.ID}
		if th.Case != nil {
			a.Case = th.Case.ID
		}
		if e.Notes {
			a.Why = "notes"
		}
		o := export.Options{Store: db, Catalogue: cat, Phrases: phrases, Now: time.Now(), Notes: e.Notes}
		err = writing(w, db, a, func() error { return errors.Join(export.Write(w.ctx, folder, o, th.ID), folder.Close()) })
		if err != nil {
			return short(err)
		}
		fmt.Fprintf(w.out, "Written to %s: open %s. It is for the person only: hand it over where nobody else reads it, then delete it.\n", e.Dir, export.PageName)
		return nil
	})
}
