// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"go.etcd.io/bbolt"
)

// plain is the least that a server which loses nothing must do: check the
// secret, look whether it has the update already (also after a crash, so that
// this is on disk too), keep it, sync with whatever else waits, and say yes. It
// knows no conversation. What Sarai does beside it is compared with this.
func plain(listen, file string) error {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoFreelistSync: true, InitialMmapSize: 1 << 30})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists([]byte("seen"))
		if err == nil {
			_, err = tx.CreateBucketIfNotExists([]byte("log"))
		}
		return err
	})
	if err != nil {
		return err
	}
	type record struct {
		id   uint64
		body []byte
		done chan error
	}
	queue := make(chan record, 4096)
	go func() {
		var group []record
		for r := range queue {
			group = append(group[:0], r)
			for more := true; more && len(group) < 1024; {
				select {
				case r := <-queue:
					group = append(group, r)
				default:
					more = false
				}
			}
			err := db.Update(func(tx *bbolt.Tx) error {
				seen, log := tx.Bucket([]byte("seen")), tx.Bucket([]byte("log"))
				for _, r := range group {
					k := binary.BigEndian.AppendUint64(nil, r.id)
					if seen.Get(k) != nil {
						continue
					}
					n, err := log.NextSequence()
					if err == nil {
						err = log.Put(binary.BigEndian.AppendUint64(nil, n), r.body)
					}
					if err == nil {
						err = seen.Put(k, nil)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
			for _, r := range group {
				r.done <- err
			}
		}
	}()
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
			ID uint64 `json:"update_id"`
		}
		if json.Unmarshal(body, &u) != nil {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		rec := record{u.ID, body, make(chan error, 1)}
		queue <- rec
		if err := <-rec.done; err != nil {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "ok")
	})
	return http.ListenAndServe(listen, nil)
}
