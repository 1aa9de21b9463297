// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"sarai/content"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
)

type doctorCmd struct{}

// Run checks one thing after the other and says for each whether it is as it
// should be, and if not what to do.
func (doctorCmd) Run(c *cli, w world) error {
	bad := 0
	say := func(ok bool, what, advice string) {
		mark := "ok   "
		if !ok {
			mark = "FAIL "
			bad++
		}
		fmt.Fprint(w.out, mark, what)
		if advice != "" {
			fmt.Fprint(w.out, ": ", advice)
		}
		fmt.Fprintln(w.out)
	}
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	say(true, "configuration", "")
	if cat, _, err := loadContent(c.Content); err != nil {
		say(false, "articles", err.Error())
	} else {
		fsys, _ := contentFS(c.Content)
		severe := len(search.CheckSignals(cat))
		for _, p := range content.Check(fsys, time.Now()) {
			if p.Severe {
				severe++
			}
		}
		if severe > 0 {
			say(false, "articles", fmt.Sprintf("%d problems; 'sarai content check' names them", severe))
		} else {
			say(true, "articles", fmt.Sprintf("%d in edition %s", len(cat.Articles()), cat.Edition()))
		}
		if err := conf.checkCentres(cat); err != nil {
			say(false, "centres", err.Error())
		}
	}
	if p, err := locales.Load(); err != nil {
		say(false, "phrases", err.Error())
	} else {
		say(true, "phrases", fmt.Sprintf("%d languages", len(p.Complete())))
	}
	if now := time.Now(); now.Year() < 2026 {
		say(false, "clock", "it is wrong: set the date of this machine")
	} else {
		say(true, "clock", now.UTC().Format("2006-01-02 15:04 UTC"))
	}
	if answers(conf) {
		say(true, "server", "it runs and can commit")
	} else {
		if l, err := listen(conf.Listen); err != nil {
			say(false, "address", err.Error())
		} else {
			l.Close()
			say(true, "address", conf.Listen+" is free")
		}
		checkStore(conf, w, say)
	}
	checkBackups(c, conf, say, func(what, advice string) { fmt.Fprintf(w.out, "warn %s: %s\n", what, advice) })
	if conf.telegram() {
		checkTelegramNow(conf, w, say)
	}
	for _, name := range append([]string{filepath.Join(conf.Data, keyFile), filepath.Join(conf.Data, storeFile)}, conf.secretFiles(c.Config)...) {
		info, err := os.Stat(name)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			say(false, "permissions", fmt.Sprintf("others may read %s: chmod 600 it", name))
		}
	}
	if info, err := os.Stat(filepath.Join(conf.Data, mediaFolder)); err == nil && info.Mode().Perm()&0o077 != 0 {
		say(false, "permissions", fmt.Sprintf("others may read %s: chmod 700 it", filepath.Join(conf.Data, mediaFolder)))
	}
	if bad > 0 {
		fmt.Fprintf(w.err, "sarai: not everything is as it should be (%d); each FAIL line says what to do\n", bad)
		return errFailed
	}
	return nil
}

// checkStore opens the store of a server that is not running.
func checkStore(conf config, w world, say func(ok bool, what, advice string)) {
	db, err := openStore(conf.Data)
	if err != nil {
		say(false, "store", err.Error())
		return
	}
	if err := db.Ready(w.ctx); err != nil {
		say(false, "store", err.Error())
	} else {
		say(true, "store", "it opens and commits; the server is not running")
	}
	if lost := db.LostFiles(); lost > 0 {
		say(false, "files", fmt.Sprintf("%d that people sent are missing in the folder media beside the store: put it back from the copy that belongs to the store", lost))
	}
	if members, err := db.Members(w.ctx); err != nil {
		say(false, "staff", err.Error())
	} else {
		admins := 0
		for _, m := range members {
			if m.Active && m.Role == store.Administrator {
				admins++
			}
		}
		if admins == 0 {
			say(false, "staff", "there is no administrator: 'sarai serve' prints a link to create the first, 'sarai staff reset' one to come back in")
		} else {
			say(true, "staff", fmt.Sprintf("%d in all, administrators among them: %d", len(members), admins))
		}
	}
	if err := db.Close(); err != nil {
		say(false, "store", err.Error())
	}
}

// answers says whether a server of this configuration runs and can commit.
func answers(conf config) bool {
	client := http.Client{Timeout: 3 * time.Second}
	resp, err := client.Get(conf.local() + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
