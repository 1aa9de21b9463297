// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"sarai/console"
	"sarai/content"
	"sarai/store"
	"sarai/store/bolt"
)

type staffCmd struct {
	Add   staffAddCmd   `cmd:"" help:"Add a member; prints the link by which they choose a password."`
	List  staffListCmd  `cmd:"" help:"List the staff."`
	Reset staffResetCmd `cmd:"" help:"Print a link by which a member chooses a new password."`
}

type staffAddCmd struct {
	Login  string   `arg:"" help:"Name to sign in with."`
	Name   string   `help:"Name that colleagues see." default:""`
	Admin  bool     `help:"May manage staff, too."`
	Centre []string `help:"Centre whose cases they see; none: all." placeholder:"ID"`
}

// underStaff is where at the desk staff are managed.
const underStaff = "under Staff"

// withStore opens the configured store for a command beside a server that is
// not running. where says in which place of the desk the same can be done while
// it runs: one process has the store.
func withStore(c *cli, w world, where string, do func(conf config, db *bolt.DB) error) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	if answers(conf) {
		return fmt.Errorf("the server is running and has the store: do this at the desk, %s, or stop it first", where)
	}
	db, err := openStore(conf)
	if err != nil {
		return err
	}
	return errors.Join(do(conf, db), db.Close())
}

func (a staffAddCmd) Run(c *cli, w world) error {
	return withStore(c, w, underStaff, func(conf config, db *bolt.DB) error {
		name, role := a.Name, store.Counsellor
		if name == "" {
			name = a.Login
		}
		if a.Admin {
			role = store.Administrator
		}
		m, err := console.NewMember(a.Login, name, role, time.Now())
		if err != nil {
			return err
		}
		cat, err := loadContent(c.Content)
		if err != nil {
			return err
		}
		for _, id := range a.Centre {
			m.Centres = append(m.Centres, content.CentreID(id))
		}
		if err := (config{Centres: m.Centres}).checkCentres(cat); err != nil {
			return usageError{err}
		}
		act := store.Act{By: store.Operator, What: store.DidAdd, On: string(m.ID), Why: string(role)}
		if err := writing(w, db, act, func() error { return db.PutMember(w.ctx, m) }); err != nil {
			if errors.Is(err, store.ErrTaken) {
				return fmt.Errorf("the sign-in name %q is taken; 'sarai staff list' shows all", a.Login)
			}
			return err
		}
		return printLink(w, conf, db, m)
	})
}

// writing writes an act down and then does it, as the desk does.
func writing(w world, db *bolt.DB, a store.Act, do func() error) error {
	if err := db.AppendActs(w.ctx, a); err != nil {
		return err
	}
	err := do()
	if err == nil {
		return nil
	}
	a.What, a.Why = store.DidNotDone, string(a.What)
	return errors.Join(err, db.AppendActs(w.ctx, a))
}

func printLink(w world, conf config, db *bolt.DB, m store.Member) error {
	token, err := console.ResetLink(w.ctx, db, m.ID, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%s chooses a password here (once, within a day): %s%s%s\n", m.Login, conf.base(), console.PasswordPath, token)
	return nil
}

type staffListCmd struct{}

func (staffListCmd) Run(c *cli, w world) error {
	return withStore(c, w, underStaff, func(_ config, db *bolt.DB) error {
		members, err := db.Members(w.ctx)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(w.out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(t, "login\tname\trole\tcentres\tstate")
		for _, m := range members {
			state := "active"
			if !m.Active {
				state = "inactive"
			}
			centres := "all"
			if len(m.Centres) > 0 {
				var ids []string
				for _, id := range m.Centres {
					ids = append(ids, string(id))
				}
				centres = strings.Join(ids, ",")
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", m.Login, m.Name, m.Role, centres, state)
		}
		return t.Flush()
	})
}

type staffResetCmd struct {
	Login string `arg:"" help:"Name they sign in with."`
}

func (r staffResetCmd) Run(c *cli, w world) error {
	return withStore(c, w, underStaff, func(conf config, db *bolt.DB) error {
		m, err := db.MemberByLogin(w.ctx, r.Login)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("nobody signs in as %q; 'sarai staff list' shows all", r.Login)
		}
		if err != nil {
			return err
		}
		act := store.Act{By: store.Operator, What: store.DidReset, On: string(m.ID), Why: "command"}
		return writing(w, db, act, func() error { return printLink(w, conf, db, m) })
	})
}
