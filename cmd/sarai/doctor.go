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
	"sarai/store/bolt"
	"sarai/store/keys"
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
	if cat, err := loadContent(c.Content); err != nil {
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
	checkKey(conf, say)
	if answers(conf) {
		say(true, "server", "it runs and can commit")
		say(true, "audit", "the server has it: check it at the desk, under Audit")
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
	if conf.messenger() {
		checkMessengerNow(conf, w, say)
	}
	if conf.whatsappCloud() {
		checkWhatsAppCloudNow(conf, w, say)
	}
	if conf.WhatsApp.Enabled {
		checkWhatsAppNow(c, w, say)
	}
	for _, name := range append([]string{filepath.Join(conf.Data, keyFile), conf.nextKey(), filepath.Join(conf.Data, storeFile), filepath.Join(conf.Data, bolt.KeysFile), filepath.Join(conf.Data, whatsappFile), conf.KeyFile}, conf.secretFiles(c.Config)...) {
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

// checkKey says which installation key is in use, by a name that tells nothing.
func checkKey(conf config, say func(ok bool, what, advice string)) {
	where := conf.keyPath()
	if where == "" {
		where = keyVariable
	} else if _, err := os.Stat(where); err != nil {
		return // made at the first run, or missed by the store below
	}
	key, err := installationKey(conf)
	if err != nil {
		say(false, "installation key", err.Error())
		return
	}
	say(true, "installation key", fmt.Sprintf("key %s, from %s", keys.ID(key), where))
}

// checkStore opens the store of a server that is not running.
func checkStore(conf config, w world, say func(ok bool, what, advice string)) {
	db, err := openStore(conf)
	if err != nil {
		say(false, "store", err.Error())
		return
	}
	if err := db.Ready(w.ctx); err != nil {
		say(false, "store", err.Error())
	} else {
		say(true, "store", "it opens and commits; the server is not running")
	}
	if key, err := installationKey(conf); err == nil {
		if used := db.Keys().Installation(); used != keys.ID(key) {
			say(false, "installation key", fmt.Sprintf("the store is sealed under key %s, which stands in %s: put it where the configuration says that the key is", used, conf.nextKey()))
		}
	}
	if lost, err := db.Keyless(w.ctx); err != nil {
		say(false, "keys", err.Error())
	} else if len(lost) > 0 {
		say(false, "keys", fmt.Sprintf("%d talks have no key in keys.db and cannot be read: put back the keys.db from the copy that belongs to the store", len(lost)))
	}
	for _, name := range db.OldCopies() {
		say(true, "copy", name+" is from before the upgrade, and what is in it is not sealed: remove it once all is well; it is removed by itself a week after the upgrade")
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
	checkAudit(w, db, say)
	if err := db.Close(); err != nil {
		say(false, "store", err.Error())
	}
}

// checkAudit reads the whole audit and says where it is not what was written.
func checkAudit(w world, db *bolt.DB, say func(ok bool, what, advice string)) {
	chain, err := db.VerifyRecords(w.ctx)
	switch {
	case err != nil:
		say(false, "audit", err.Error())
	case chain.Broken != 0:
		say(false, "audit", fmt.Sprintf("record %d: %s. Somebody changed the file: keep it as it is, find out who could, and compare with the last copy", chain.Broken, chain.Why))
	default:
		say(true, "audit", fmt.Sprintf("%d records, none changed; the newest is %x", chain.Records, chain.Last[:8]))
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
