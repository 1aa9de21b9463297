// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

// plain is the least that a server which loses nothing must do: check the
// secret, drop what it has seen, write the update to a file and sync it with
// whatever else waits, and say yes. It knows no conversation. What Sarai does
// beside it is compared with this.
func plain(listen, file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	type record struct {
		line []byte
		done chan error
	}
	queue := make(chan record, 4096)
	go func() {
		var all []byte
		var group []record
		for r := range queue {
			all, group = append(all[:0], r.line...), append(group[:0], r)
			for more := true; more && len(group) < 1024; {
				select {
				case r := <-queue:
					all, group = append(all, r.line...), append(group, r)
				default:
					more = false
				}
			}
			_, err := f.Write(all)
			if err == nil {
				err = f.Sync()
			}
			for _, r := range group {
				r.done <- err
			}
		}
	}()
	var mu sync.Mutex
	seen := map[int64]bool{}
	http.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })
	http.HandleFunc("POST /hook/telegram", func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Telegram-Bot-Api-Secret-Token")), []byte(secret)) != 1 {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		var u struct {
			ID int64 `json:"update_id"`
		}
		if json.Unmarshal(body, &u) != nil {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		mu.Lock()
		again := seen[u.ID]
		seen[u.ID] = true
		mu.Unlock()
		if !again {
			rec := record{append(body, '\n'), make(chan error, 1)}
			queue <- rec
			if err := <-rec.done; err != nil {
				http.Error(w, "later", http.StatusServiceUnavailable)
				return
			}
		}
		fmt.Fprint(w, "ok")
	})
	return http.ListenAndServe(listen, nil)
}
