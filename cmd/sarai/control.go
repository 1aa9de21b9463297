// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sarai/backup"
)

// A server that runs has the store, so it is asked to make a backup: over a
// socket in its data folder, which only its own user can reach (the folder has
// mode 0700, the socket 0600). Nothing on the network leads there.

const socketName = "control.sock"

var inf = math.Inf(1)

// errNoServer means that nobody answers.
var errNoServer = errors.New("no server runs on this data folder")

// A wish is what a server is asked for.
type wish struct {
	To         string `json:"to,omitempty"`         // folder, "" for the configured one
	Recipients string `json:"recipients,omitempty"` // file
}

// An answer is one line of what comes back: progress, and last a result or an error.
type answer struct {
	Progress *backup.Progress `json:"progress,omitempty"`
	Result   *backup.Result   `json:"result,omitempty"`
	Error    string           `json:"error,omitempty"`
}

// socket is the path of the socket. Systems take only about a hundred bytes for
// it: a long one is written from the current folder, where that is shorter.
func socket(data string) string {
	path := filepath.Join(data, socketName)
	if here, err := os.Getwd(); err == nil && filepath.IsAbs(path) {
		if short, err := filepath.Rel(here, path); err == nil && len(short) < len(path) {
			return short
		}
	}
	return path
}

// serveAsked serves the socket until ctx ends. more adds what else is asked there.
func serveAsked(ctx context.Context, k *backup.Keeper, log *slog.Logger, more ...func(*http.ServeMux)) {
	path := socket(k.Data())
	os.Remove(path) // of a server that was killed: this one has the store
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		log.Warn("'sarai backup' cannot reach this server; nightly backups are made all the same", "problem", strings.ReplaceAll(err.Error(), path, socketName))
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) { answerWish(w, r, k) })
	for _, add := range more {
		add(mux)
	}
	server := &http.Server{
		Handler: mux, ErrorLog: slog.NewLogLogger(quietServer{log.Handler()}, slog.LevelDebug), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	_ = server.Serve(l)
}

func answerWish(w http.ResponseWriter, r *http.Request, k *backup.Keeper) {
	var x wish
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&x); err != nil {
		http.Error(w, "not understood", http.StatusBadRequest)
		return
	}
	var mu sync.Mutex
	lines, flush := json.NewEncoder(w), http.NewResponseController(w)
	tell := func(a answer) {
		mu.Lock()
		defer mu.Unlock()
		_ = lines.Encode(a) // who has gone needs no answer
		_ = flush.Flush()
	}
	step, told := "", time.Time{}
	result, err := k.Make(r.Context(), x.To, x.Recipients, func(p backup.Progress) {
		if p.Step != step || time.Since(told) > 250*time.Millisecond {
			step, told = p.Step, time.Now()
			tell(answer{Progress: &p})
		}
	})
	if err != nil {
		tell(answer{Error: oneLine(err)})
		return
	}
	tell(answer{Result: &result})
}

// serverRuns says whether a server has a data folder.
func serverRuns(data string) bool {
	c, err := net.DialTimeout("unix", socket(data), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// askServer has the server of a data folder make a backup. It fails with
// errNoServer where none answers.
func askServer(ctx context.Context, data string, x wish, say func(backup.Progress)) (r backup.Result, err error) {
	if !serverRuns(data) {
		return r, errNoServer
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket(data))
	}}}
	defer client.CloseIdleConnections()
	b, err := json.Marshal(x)
	if err != nil {
		return r, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://sarai/backup", strings.NewReader(string(b)))
	if err != nil {
		return r, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return r, errors.New("the server ended before it answered: no backup was made")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return r, fmt.Errorf("the server does not know how to make a backup (%s): is it of an older version? restart it", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return r, fmt.Errorf("the server's answer cannot be read: %w", err)
		}
		switch {
		case a.Progress != nil:
			say(*a.Progress)
		case a.Error != "":
			return r, errors.New(a.Error)
		case a.Result != nil:
			return *a.Result, nil
		}
	}
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	return r, errors.New("the server ended before the backup was made")
}
