// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"sarai/channels"
	"sarai/gateway"
	"sarai/internal/story"
	"sarai/locales"
	"sarai/search"
	"sarai/store"
	"sarai/store/bolt"
)

type chatCmd struct {
	Locale string `help:"Language to begin in, as a platform would hint." placeholder:"L"`
	Record string `help:"Write the talk as a story that the tests can play." type:"path" placeholder:"FILE"`
}

// Run talks in the terminal with the engine that serve runs, on a store of its
// own that is gone afterwards.
func (t chatCmd) Run(c *cli, w world) error {
	locale, err := knownLocale(t.Locale)
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
	conf, err := readConfig(c.Config, w.env)
	if err != nil {
		return err
	}
	registers := newRegisterFolder(conf.Data, slog.New(slog.NewTextHandler(w.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	registers.look()
	dir, err := os.MkdirTemp("", "sarai-chat-")
	if err != nil {
		return fmt.Errorf("no room for the talk: %w", short(err))
	}
	defer os.RemoveAll(dir)
	db, err := bolt.Open(filepath.Join(dir, storeFile), bolt.Options{Key: make([]byte, bolt.KeySize), NoSync: true})
	if err != nil {
		return err
	}
	defer db.Close()
	var record io.Writer = io.Discard
	if t.Record != "" {
		f, err := os.Create(t.Record)
		if err != nil {
			return fmt.Errorf("the record cannot be written: %w", short(err))
		}
		defer f.Close()
		record = f
		fmt.Fprintf(record, "# A talk recorded in the terminal.\nset content built-in\n")
		if locale != "" {
			fmt.Fprintf(record, "set hint %s\n", locale)
		}
	}
	x, err := search.New(cat).Fit(w.ctx) // it takes a moment: what is wrong above is said before
	if err != nil {
		return err
	}
	g := gateway.New(gateway.Options{Store: db, Edition: edition(cat, x), Phrases: phrases, Registers: registers.shelf})
	term := &terminal{out: w.out, screen: onScreen(w.out)}
	g.Attach(term)
	me := channels.Address{Channel: term.Name(), ID: "you"}
	fmt.Fprintln(w.out, "Write as a person would; a number or its words choose. /voice, /picture and /start play those. Ctrl-D ends.")

	seen := uint64(0)
	ring := time.NewTicker(time.Second) // for what is due while nobody types
	defer ring.Stop()
	lines := make(chan string)
	ctx, end := context.WithCancel(w.ctx)
	defer end()
	go func() {
		defer close(lines)
		in := bufio.NewScanner(w.in)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ring.C:
			if err := t.work(ctx, g, db, me, record, &seen); err != nil {
				return err
			}
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			if strings.TrimSpace(line) == "" {
				continue
			}
			n++
			in := channels.Inbound{From: me, ID: strconv.Itoa(n), At: time.Now(), Kind: channels.Text, Text: line, Language: string(locale)}
			switch line {
			case "/voice", "/picture", "/start":
				in.Kind, in.Text = channels.Kind(line[1:]), ""
			}
			fmt.Fprintln(record, story.Tell(in))
			if err := g.Accept(ctx, in); err != nil {
				return err
			}
			if err := t.work(ctx, g, db, me, record, &seen); err != nil {
				return err
			}
		}
	}
}

// work does what is due and records what came of it.
func (chatCmd) work(ctx context.Context, g *gateway.Gateway, db *bolt.DB, me channels.Address, record io.Writer, seen *uint64) error {
	if _, err := g.Work(ctx); err != nil {
		return err
	}
	th, err := db.Thread(ctx, me)
	if err != nil || th.Version == 0 {
		return err
	}
	entries, err := db.Entries(ctx, th.ID, *seen, 1000)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	story.Came(record, entries)
	if len(entries) > 0 {
		*seen = entries[len(entries)-1].Seq
	}
	return nil
}

// terminal is a channel that shows messages as text, with numbers before the
// choices.
type terminal struct {
	mu     sync.Mutex
	out    io.Writer
	screen bool // out is a screen, and no file
}

func (*terminal) Name() channels.Name     { return "terminal" }
func (*terminal) Limits() channels.Limits { return channels.Limits{} }

func (t *terminal) Send(_ context.Context, out channels.Outbound) (channels.Receipt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(t.out)
	for _, b := range out.Blocks {
		switch b.Kind {
		case channels.Item:
			fmt.Fprintf(t.out, "  • %s\n", b.Text)
		case channels.Heading:
			fmt.Fprintf(t.out, "%s\n\n", strings.ToUpper(b.Text))
		case channels.Quiet:
			fmt.Fprintf(t.out, "  (%s)", b.Text)
			if b.Link != "" && !strings.HasPrefix(b.Link, "tel:") {
				fmt.Fprintf(t.out, " %s", b.Link)
			}
			fmt.Fprintln(t.out)
		default:
			fmt.Fprintf(t.out, "%s\n", b.Text)
		}
	}
	for i, o := range out.Options {
		fmt.Fprintf(t.out, "  %d  %s\n", i+1, o.Label)
	}
	fmt.Fprintln(t.out)
	return channels.Receipt{}, nil
}

// Clear wipes the screen. What was written into a file stays there.
func (t *terminal) Clear(context.Context, channels.Address, []string) (bool, error) {
	if !t.screen {
		return false, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprint(t.out, "\x1b[2J\x1b[3J\x1b[H")
	return true, nil
}

func onScreen(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
