// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"filippo.io/age"

	"sarai/backup"
	"sarai/console"
	"sarai/store/bolt"
)

// backupConf is the section [backup].
type backupConf struct {
	Enabled        *bool  `toml:"enabled"`         // make one each night; true where absent
	Folder         string `toml:"folder"`          // "" is "backups" in the data folder
	At             string `toml:"at"`              // "03:00" where absent, in the machine's zone
	Keep           int    `toml:"keep"`            // days; 0 is 14
	SecondFolder   string `toml:"second_folder"`   // on another disk
	RecipientsFile string `toml:"recipients_file"` // further age recipients
}

// backups reads the section as a plan. dir is where relative names count from.
func (c config) backups(dir string) (backup.Plan, error) {
	b := c.Backup
	p := backup.Plan{Enabled: b.Enabled == nil || *b.Enabled, Folder: filepath.Join(c.Data, "backups"), Hour: 3, Keep: 14 * 24 * time.Hour}
	for _, x := range []struct {
		to   *string
		from string
	}{{&p.Folder, b.Folder}, {&p.Second, b.SecondFolder}, {&p.Recipients, b.RecipientsFile}} {
		if x.from != "" {
			*x.to = within(dir, x.from)
		}
	}
	if b.At != "" {
		at, err := time.Parse("15:04", b.At)
		if err != nil {
			return p, fmt.Errorf("at = %q is no time of day; write it as \"03:00\"", b.At)
		}
		p.Hour, p.Min = at.Hour(), at.Minute()
	}
	if b.Keep < 0 {
		return p, errors.New("keep must not be negative; it is a number of days")
	}
	if b.Keep > 0 {
		p.Keep = time.Duration(b.Keep) * 24 * time.Hour
	}
	if p.Second != "" && filepath.Clean(p.Second) == filepath.Clean(p.Folder) {
		return p, errors.New("second_folder must be another than folder, and best on another disk")
	}
	return p, nil
}

// plan is the plan of the configuration that a command was given.
func (c *cli) plan(conf config) backup.Plan {
	p, _ := conf.backups(filepath.Dir(c.Config)) // checked with the configuration
	return p
}

type backupCmd struct {
	Now  backupNowCmd  `cmd:"" default:"withargs" help:"Make a backup now, also while the server runs."`
	Init backupInitCmd `cmd:"" help:"Make the recovery key, to which backups are encrypted, and write it down."`
	List backupListCmd `cmd:"" help:"List the backups."`
}

type backupNowCmd struct {
	To         string `help:"Folder to write to, instead of the configured one. Nothing is removed there." type:"path" placeholder:"DIR"`
	Recipients string `help:"File of age recipients who can read it too." type:"path" placeholder:"FILE"`
}

// Run has the server make a backup where one runs, and makes it itself where not.
func (b backupNowCmd) Run(c *cli, w world) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	say := printProgress(w.out)
	r, err := askServer(w.ctx, conf.Data, wish(b), say)
	if errors.Is(err, errNoServer) {
		if _, err := os.Stat(filepath.Join(conf.Data, storeFile)); err != nil {
			return fmt.Errorf("there is no installation in %s: name its configuration with --config", conf.Data)
		}
		// First what can be known without the store, which takes a while to open.
		if _, err := backup.Recipients(conf.Data, b.Recipients); errors.Is(err, backup.ErrNoRecipient) && conf.Backup.RecipientsFile == "" {
			return err
		}
		db, err := openStore(conf)
		if err != nil {
			return err
		}
		k := backup.NewKeeper(db, conf.Data, c.plan(conf), nil, slog.New(slog.NewTextHandler(w.err, nil)))
		r, err = k.Make(w.ctx, b.To, b.Recipients, say)
		return errors.Join(saidOf(w.out, r, err), db.Close())
	}
	return saidOf(w.out, r, err)
}

func saidOf(out io.Writer, r backup.Result, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d talks, %d files, %s, in %v.\n", r.Name, r.Threads, r.Files, megabytes(r.Bytes), r.Took.Round(100*time.Millisecond))
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// printProgress says each step once, and long ones in tenths.
func printProgress(out io.Writer) func(backup.Progress) {
	step, tenth := "", int64(0)
	return func(p backup.Progress) {
		if p.Step != step {
			step, tenth = p.Step, 0
			fmt.Fprintf(out, "%s …\n", p.Step)
		}
		if p.Total < 64<<20 {
			return
		}
		if t := 10 * p.Done / p.Total; t > tenth {
			tenth = t
			fmt.Fprintf(out, "%s: %d %%\n", p.Step, t*10)
		}
	}
}

type backupListCmd struct{}

func (backupListCmd) Run(c *cli, w world) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	p := c.plan(conf)
	for _, folder := range []string{p.Folder, p.Second} {
		if folder == "" {
			continue
		}
		names, err := backup.List(folder)
		if err != nil {
			return err
		}
		fmt.Fprintf(w.out, "%s: %d\n", folder, len(names))
		for _, n := range names {
			if info, err := os.Stat(filepath.Join(folder, n)); err == nil {
				fmt.Fprintf(w.out, "  %s  %s\n", n, megabytes(info.Size()))
			}
		}
	}
	return nil
}

type backupInitCmd struct {
	Replace bool `help:"Make a new key although there is one. Backups from before still need the old one."`
}

// Run makes the recovery key, shows it once, and keeps its public half when a part
// was typed back.
func (b backupInitCmd) Run(c *cli, w world) error {
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(conf.Data, backup.RecipientsName)); err == nil && !b.Replace {
		return errors.New("there is a recovery key already; --replace makes a new one, and backups from before still need the old paper")
	}
	if err := os.MkdirAll(conf.Data, 0o700); err != nil {
		return fmt.Errorf("the data folder cannot be made: %w", short(err))
	}
	key, err := backup.NewRecovery()
	if err != nil {
		return err
	}
	fmt.Fprint(w.out, "The recovery key of this installation. It is shown this once.\n\n")
	for i, row := range key.Rows() {
		fmt.Fprintf(w.out, "    %d   %s\n", i+1, row)
	}
	fmt.Fprint(w.out, "\nWrite it by hand on two sheets of paper, with the numbers of the rows. There is no B, I, O and no 1 in it;\n"+
		"0 is zero, 5 is five. Keep the sheets in two places with a lock, away from this machine. Without it nobody\n"+
		"can read a backup, and there is no other way. Who finds it and a backup can read everything.\n\n"+
		"Press Enter when it is written down: the screen is wiped then.")
	in := bufio.NewReader(w.in)
	if _, err := in.ReadString('\n'); err != nil {
		return errors.New("no recovery key was kept: it must be confirmed; begin again")
	}
	if onScreen(w.out) {
		fmt.Fprint(w.out, "\x1b[2J\x1b[3J\x1b[H")
	}
	n, err := rand.Int(rand.Reader, big.NewInt(int64(backup.Rows)))
	if err != nil {
		return err
	}
	row := int(n.Int64()) + 1
	for range 3 {
		fmt.Fprintf(w.out, "\nType row %d from the paper: ", row)
		line, err := in.ReadString('\n')
		if key.Confirm(row, line) {
			if err := key.Keep(conf.Data); err != nil {
				return err
			}
			fmt.Fprintln(w.out, "That is right. From now on backups are encrypted to this key.")
			return nil
		}
		fmt.Fprint(w.out, "That is not what the row says.")
		if err != nil {
			break
		}
	}
	fmt.Fprintln(w.out)
	return errors.New("no recovery key was kept: throw this paper away, and begin again")
}

type restoreCmd struct {
	From     string   `help:"Folder that holds the backups and keys.age." required:"" type:"path" placeholder:"DIR"`
	Date     string   `help:"Which one, as 2026-11-26; without it the newest." placeholder:"DAY"`
	Identity []string `help:"File with the recovery key, its rows as they stand on the paper; - reads them here. More than one where the key was replaced." required:"" placeholder:"FILE" sep:"none"`
	Data     string   `help:"New folder to restore into." required:"" type:"path" placeholder:"NEWDIR"`
}

// Run makes an installation of a backup.
func (x restoreCmd) Run(c *cli, w world) error {
	if serverRuns(x.Data) {
		return fmt.Errorf("a server runs on %s: an installation is restored into a new folder only", x.Data)
	}
	var ids []age.Identity
	for _, file := range x.Identity {
		var b []byte
		var err error
		if file == "-" {
			fmt.Fprintln(w.out, "Type the rows of the recovery key, then an empty line.")
			b = readRows(w.in)
		} else if b, err = os.ReadFile(file); err != nil {
			return fmt.Errorf("the recovery key cannot be read: %w", short(err))
		}
		more, err := backup.ParseIdentities(b)
		clear(b)
		if err != nil {
			return err
		}
		ids = append(ids, more...)
	}
	r, err := backup.Restore(w.ctx, backup.Restoring{
		From: x.From, Date: x.Date, Identities: ids, Data: x.Data, Ended: console.SignIns(),
	}, printProgress(w.out))
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "Restored %s into %s: %d talks with %d entries and %d files came back.\n", r.Name, x.Data, r.Threads, r.Entries, r.Files)
	fmt.Fprintf(w.out, "Left out because they were erased since: %d talks, and %d files of other talks.\n", r.Erased, r.Dropped)
	if r.Missing > 0 {
		fmt.Fprintf(w.out, "%d files were missing in the installation before the backup was made.\n", r.Missing)
	}
	fmt.Fprintf(w.out, "The installation key is a new one, in %s; where the configuration names another place for it, put it there.\n", filepath.Join(x.Data, keyFile))
	fmt.Fprintf(w.out, "Everybody is signed out. Now: set data = %q in the configuration, run 'sarai doctor', start the server,\nand look at Staff for who has left since %s.\n", x.Data, r.At.Local().Format("2006-01-02 15:04"))
	return nil
}

// readRows reads lines to the first empty one after the begin.
func readRows(in io.Reader) []byte {
	var b []byte
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			if len(b) > 0 {
				break
			}
			continue
		}
		b = append(append(b, lines.Bytes()...), '\n')
	}
	return b
}

// checkBackups says at the doctor's how backups go.
func checkBackups(c *cli, conf config, say func(ok bool, what, advice string), warn func(what, advice string)) {
	p, s := c.plan(conf), backup.ReadState(conf.Data)
	trouble, missing := backup.Trouble(conf.Data, p, s, time.Now())
	switch {
	case missing:
		warn("backups", trouble)
	case trouble != "":
		say(false, "backups", trouble)
	case !p.Enabled:
		warn("backups", "they are switched off in the configuration: [backup] enabled")
	case s.Last.At.IsZero():
		warn("backups", "none yet: the server makes one each night, 'sarai backup' one now")
	default:
		say(true, "backups", fmt.Sprintf("the last is %s: %d talks", s.Last.Name, s.Last.Threads))
	}
}

// watchBackups makes the backups of a server that runs, and serves who asks for
// one. It returns when both have ended, after ctx.
func watchBackups(ctx context.Context, k *backup.Keeper, log *slog.Logger, asked ...func(*http.ServeMux)) (wait func()) {
	nightly, answered := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(nightly)
		k.Run(ctx)
	}()
	go func() {
		defer close(answered)
		serveAsked(ctx, k, log, asked...)
	}()
	return func() {
		<-nightly
		<-answered
		k.Rest()
	}
}

// backupAge is the metric by which somebody is woken.
func backupAge(k *backup.Keeper) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sarai_backup_age_seconds", Help: "How old the newest backup is; +Inf where there is none.",
	}, func() float64 {
		if age, made := k.Age(); made {
			return age.Seconds()
		}
		return inf
	})
}

// copies is after how long backups hold nothing any more of who was erased: the
// next one replaces their keys, and the last dated one goes a day after its time.
// It is 0, not known, where no backups are made.
func (c *cli) copies(conf config) time.Duration {
	if p := c.plan(conf); p.Enabled {
		return p.Keep + 24*time.Hour
	}
	return 0
}

// newKeeper makes the keeper of a server.
func newKeeper(c *cli, conf config, db *bolt.DB, log *slog.Logger) *backup.Keeper {
	return backup.NewKeeper(db, conf.Data, c.plan(conf), nil, log)
}

// A deskBackups is what the desk sees of a keeper.
type deskBackups struct {
	ctx context.Context // of the server
	k   *backup.Keeper
	log *slog.Logger
}

// Status implements console.Backups.
func (d deskBackups) Status() console.BackupStatus {
	p, s := d.k.Plan(), d.k.State()
	trouble, missing := backup.Trouble(d.k.Data(), p, s, time.Now())
	return console.BackupStatus{
		Key: !missing, Off: !p.Enabled, Trouble: trouble,
		Last: s.Last.At, Talks: s.Last.Threads, Files: s.Last.Files,
	}
}

// Make implements console.Backups. How it went stands in the state.
func (d deskBackups) Make() {
	go func() {
		if _, err := d.k.Make(d.ctx, "", "", nil); err != nil && d.ctx.Err() == nil {
			d.log.Error("the backup failed", "problem", err)
		}
	}()
}

// NewKey implements console.Backups.
func (d deskBackups) NewKey() (console.RecoveryKey, error) {
	r, err := backup.NewRecovery()
	return newKey{r, d.k.Data()}, err
}

type newKey struct {
	*backup.Recovery
	data string
}

// Keep implements console.RecoveryKey.
func (n newKey) Keep() error { return n.Recovery.Keep(n.data) }
