// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sarai/store"
)

// writes has somebody write on the website chat.
func (s *served) writes(token, id, text string) {
	s.t.Helper()
	req, _ := http.NewRequest("POST", s.url+"/chat/api/messages", strings.NewReader(fmt.Sprintf(`{"id":%q,"kind":"text","text":%q}`, id, text)))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode >= 300 {
		s.t.Fatalf("writing answers %d", resp.StatusCode)
	}
}

// runs runs the program, which must succeed, with what is typed, and gives what
// it printed.
func runs(t *testing.T, dir, typed string, args ...string) string {
	t.Helper()
	cmd := command(t, dir, args...)
	cmd.Stdin = strings.NewReader(typed)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestATalkIsExportedAndErasedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sarai.toml"), "listen = \"127.0.0.1:0\"\n")
	s := serve(t, dir)
	s.writes("Zq3x9TbWm4kPf7Lr2Yc8Vg", "message-1", "counsellor")
	s.writes("Zq3x9TbWm4kPf7Lr2Yc8Vg", "message-2", "passport in the drawer")
	s.writes("Aa3x9TbWm4kPf7Lr2Yc8Vg", "message-1", "somebody else's words")
	fails(t, dir, `do this at the desk, in the case|another Sarai uses this file: stop it`, "erase", "--thread", "x", "--config", "sarai.toml")
	s.stop()

	db, err := openStore(config{Data: filepath.Join(dir, "data")})
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--config", "sarai.toml"}
	ctx := context.Background()
	// The talks are found by what they leave due: their ids are in the keys of jobs.
	var ids []store.ThreadID
	leased, err := db.Lease(ctx, morrow, morrow, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leased {
		es, err := db.Entries(ctx, l.Thread, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range es {
			if e.Text == "passport in the drawer" && len(ids) == 0 {
				ids = append(ids, l.Thread)
			}
		}
	}
	if len(ids) != 1 {
		t.Fatalf("%d talks found", len(ids))
	}
	id := string(ids[0])
	th, err := db.ThreadByID(ctx, ids[0])
	if err != nil {
		t.Fatal(err)
	}
	th.Keeping.Hold = &store.Hold{By: "amina", At: morrow, Reason: "the court"}
	if err := db.Commit(ctx, store.Turn{Thread: th}); err != nil {
		t.Fatal(err)
	}
	address := "web:" + th.Reply.ID
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	fails(t, dir, `nothing is kept of this talk`, append([]string{"export", "--thread", "nobody", "out"}, flags...)...)
	out := runs(t, dir, "", append([]string{"export", "--address", address, "out"}, flags...)...)
	if !strings.Contains(out, "open index.html") {
		t.Errorf("it says %s", out)
	}
	for name, want := range map[string]string{"index.html": "passport in the drawer", "data.json": th.Reply.ID} {
		path := filepath.Join(dir, "out", name)
		b, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(b), want) || strings.Contains(string(b), "somebody else") || strings.Contains(string(b), "the court") {
			t.Errorf("%s: %v\n%.2000s", name, err, b)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s can be read by others: %v %v", name, info.Mode(), err)
		}
	}
	var d map[string]any
	b, _ := os.ReadFile(filepath.Join(dir, "out", "data.json"))
	if err := json.Unmarshal(b, &d); err != nil || d["format"] != 1.0 {
		t.Errorf("the data: %v", err)
	}
	fails(t, dir, `is not empty: name a new folder`, append([]string{"export", "--thread", id, "out"}, flags...)...)

	fails(t, dir, `staff hold this talk`, append([]string{"erase", "--thread", id, "--yes"}, flags...)...)
	cmd := command(t, dir, append([]string{"erase", "--held", "--thread", id}, flags...)...)
	cmd.Stdin = strings.NewReader("no\n")
	if said, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(said), "nothing was erased") {
		t.Errorf("not sure, and yet: %v\n%s", err, said)
	}
	out = runs(t, dir, "ERASE\n", append([]string{"erase", "--held", "--thread", id}, flags...)...)
	if !strings.Contains(out, "Nobody can take this back.") || !strings.Contains(out, "Erased.") {
		t.Errorf("it says %s", out)
	}
	fails(t, dir, `nothing is kept of this talk`, append([]string{"erase", "--address", address, "--yes"}, flags...)...)
	runs(t, dir, "", append([]string{"staff", "add", "amina", "--admin"}, flags...)...)
	runs(t, dir, "", append([]string{"staff", "reset", "amina"}, flags...)...)
	out = runs(t, dir, "", append([]string{"doctor"}, flags...)...)
	if !regexp.MustCompile(`(?m)^ok   audit: \d+ records, none changed; the newest is [0-9a-f]{16}$`).MatchString(out) {
		t.Errorf("doctor says %s", out)
	}

	if db, err = openStore(config{Data: filepath.Join(dir, "data")}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rs, err := db.Records(ctx, store.RecordFilter{By: store.Operator}, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rs {
		got = append(got, string(r.What)+" "+r.Why)
	}
	if want := "password-link command|staff-added administrator|erased command|exported "; strings.Join(got, "|") != want {
		t.Errorf("the audit says %q", got)
	}
}

// TestDoctorSaysWhereTheAuditIsBroken changes a record in the file.
func TestDoctorSaysWhereTheAuditIsBroken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sarai.toml"), "listen = \"127.0.0.1:0\"\n")
	for _, who := range []string{"amina", "bilal", "chandni"} {
		runs(t, dir, "", "staff", "add", who, "--admin", "--config", "sarai.toml")
	}
	change(t, filepath.Join(dir, "data", storeFile), "audit", func(k, v []byte) []byte {
		if k[7] != 2 {
			return nil
		}
		return []byte(strings.Replace(string(v), "administrator", "counsellor", 1))
	})
	cmd := command(t, dir, "doctor", "--config", "sarai.toml")
	out, err := cmd.CombinedOutput()
	if err == nil || !regexp.MustCompile(`(?m)^FAIL audit: record 2: it was changed\. Somebody changed the file`).Match(out) {
		t.Errorf("doctor says, %v:\n%s", err, out)
	}
}

// morrow is later than whatever a test leaves due.
var morrow = time.Now().Add(400 * 24 * time.Hour)

// change replaces values of a bucket by what f gives, where it gives any.
func change(t *testing.T, path, bucket string, f func(k, v []byte) []byte) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		changed := map[string][]byte{}
		err := b.ForEach(func(k, v []byte) error {
			if v = f(k, v); v != nil {
				changed[string(k)] = v
			}
			return nil
		})
		for k, v := range changed {
			err = errors.Join(err, b.Put([]byte(k), v))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAStopWritesDownWhatWasRead ends the server right after somebody has read
// a talk.
func TestAStopWritesDownWhatWasRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sarai.toml"), "listen = \"127.0.0.1:0\"\n")
	s := serve(t, dir)
	for i, text := range []string{"counsellor", "1", "1", "they locked me in a room and took my passport"} {
		s.writes("Zq3x9TbWm4kPf7Lr2Yc8Vg", fmt.Sprint("message-", i), text)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	ask := func(method, path string, form url.Values) string {
		t.Helper()
		req, err := http.NewRequest(method, s.url+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %d, %v", path, resp.StatusCode, err)
		}
		return string(b)
	}
	token := regexp.MustCompile(`/desk/first\?token=([a-z2-7]{26})`).FindStringSubmatch(s.out)[1]
	const password = "open sesame, twice"
	ask("POST", "/desk/first", url.Values{"token": {token}, "login": {"amina"}, "name": {"Amina"}, "password": {password}, "again": {password}})
	talk := regexp.MustCompile(`/desk/talks/([a-z2-7]{26})`).FindStringSubmatch(ask("GET", "/desk", nil))
	if talk == nil {
		t.Fatal("no talk waits")
	}
	ask("GET", talk[0], nil)
	s.stop()

	db, err := openStore(config{Data: filepath.Join(dir, "data")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rs, err := db.Records(context.Background(), store.RecordFilter{Thread: store.ThreadID(talk[1]), What: store.DidView}, 0, 10)
	if err != nil || len(rs) != 1 {
		t.Errorf("the audit holds %d readings, want one: %v", len(rs), err)
	}
}
