// SPDX-License-Identifier: GPL-3.0-or-later

// Command sarai is a messaging gateway for migration counselling: it answers
// what it surely knows, from articles, and hands everything else to a human.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // centres have zones, and the machine may have none

	"github.com/alecthomas/kong"

	"sarai/standin/botapi"
)

// cli is the command line. Its commands and flags never change their names:
// scripts of centres rely on them.
type cli struct {
	Config  string `help:"Configuration file. Without one: the website chat and the desk on 127.0.0.1:8080, data in ./data." type:"path" placeholder:"FILE"`
	Content string `help:"Folder to take the articles from, instead of the built-in ones." type:"path" placeholder:"DIR"`

	Serve     serveCmd        `cmd:"" help:"Serve the channels and the desk."`
	Chat      chatCmd         `cmd:"" help:"Talk with the same engine in the terminal."`
	Ask       askCmd          `cmd:"" help:"Show what search reads in one question."`
	Eval      evalCmd         `cmd:"" help:"Ask the questions of a tab-separated file and count how it went."`
	About     aboutCmd        `cmd:"" name:"content" help:"Check, list, stamp, export or import the articles."`
	Register  registerCmd     `cmd:"" help:"Import, list, search or remove the recruiters' registers."`
	Staff     staffCmd        `cmd:"" help:"Add, list or reset members of staff."`
	Erase     personEraseCmd  `cmd:"" help:"Erase everything that is kept of somebody's talk."`
	Export    personExportCmd `cmd:"" help:"Write down everything that is kept of somebody's talk, for that person."`
	Report    reportCmd       `cmd:"" help:"Print what was counted in some months, without a number that is about somebody."`
	Telegram  telegramCmd     `cmd:"" help:"Look after the bot of Telegram."`
	Messenger messengerCmd    `cmd:"" help:"Look after the Page on Messenger."`
	WhatsApp  whatsappCmd     `cmd:"" name:"whatsapp" help:"Link the centre's phone to WhatsApp, and look after the link."`
	Backup    backupCmd       `cmd:"" help:"Back up the installation, also while it runs."`
	Restore   restoreCmd      `cmd:"" help:"Make a new installation of a backup."`
	Keys      keysCmd         `cmd:"" help:"Replace the installation key."`
	Doctor    doctorCmd       `cmd:"" help:"Check that everything is as it should be."`

	StandIn standInCmd `cmd:"" help:"Play a platform on this machine, to try Sarai by hand."`
}

// A world is what a command may touch of the outside.
type world struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) string
}

// errFailed ends a command that has said what is wrong already.
var errFailed = errors.New("failed")

// usageError is a wrong use of the command line: exit 2.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(world{ctx: ctx, in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}, os.Args[1:]))
}

// run runs one command and gives the exit status: 0, 1 for a failure, 2 for
// wrong use. Every error is one line that says what to do.
func run(w world, args []string) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("sarai"),
		kong.Description("A messaging gateway for migration counselling. Without a command it is 'sarai serve'."),
		kong.Writers(w.out, w.err),
		kong.Exit(func(code int) { exit = code }),
		kong.UsageOnError(),
		kong.Vars{"standin_token": botapi.Token},
		kong.Bind(w),
	)
	if err != nil {
		fmt.Fprintln(w.err, "sarai:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"serve"}
	}
	k, err := parser.Parse(args)
	if exit == 0 { // --help
		return 0
	}
	if err != nil {
		fmt.Fprintf(w.err, "sarai: %s; see 'sarai --help'\n", oneLine(err))
		return 2
	}
	err = k.Run(&c, w)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return 1
	case errors.As(err, &usage):
		fmt.Fprintln(w.err, "sarai:", oneLine(err))
		return 2
	}
	fmt.Fprintln(w.err, "sarai:", oneLine(err))
	return 1
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
