// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"strings"

	"sarai/content"
	"sarai/report"
	"sarai/store"
	"sarai/store/bolt"
)

type reportCmd struct {
	From   string   `required:"" help:"First day: the first of a month." placeholder:"2026-11-01"`
	To     string   `required:"" help:"Last day: the last of a month." placeholder:"2026-11-30"`
	Centre []string `help:"Centre to report on; none: all." placeholder:"ID"`
	By     string   `help:"Tell apart by up to three at once, with commas between them; none: a table by each." placeholder:"channel,locale"`
	Format string   `default:"csv" enum:"csv" help:"Form of the report; only csv so far."`
}

// Run prints the report. Like every command that opens the store it cannot while
// the server has it: the desk shows the same.
func (r reportCmd) Run(c *cli, w world) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	if answers(conf) {
		return errors.New("the server is running and has the store: the same report is at the desk, under Report")
	}
	q := report.Query{From: store.Day(r.From), To: store.Day(r.To), By: report.ParseBy(r.By)}
	for _, id := range r.Centre {
		q.Centres = append(q.Centres, content.CentreID(id))
	}
	cat, err := loadContent(c.Content)
	if err != nil {
		return err
	}
	if err := (config{Centres: q.Centres}).checkCentres(cat); err != nil {
		return usageError{err}
	}
	return withStore(c, w, "under Report", func(_ config, db *bolt.DB) error {
		made, err := report.Make(w.ctx, db, q)
		if errors.Is(err, report.ErrQuery) {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		var b strings.Builder // whole, or nothing at all
		if err := made.CSV(&b); err != nil {
			return err
		}
		_, err = w.out.Write([]byte(b.String()))
		return err
	})
}
