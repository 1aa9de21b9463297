// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"time"

	waStore "go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"

	"sarai/channels"
)

const (
	// keepSent is how long what was sent waits in the file, in case a phone could not
	// read it and asks for it again. The library would keep it for a week.
	keepSent = 72 * time.Hour
	// keepIDs is how long the ids of sent messages are known. WhatsApp keeps what a
	// device has not fetched for 14 days.
	keepIDs = 15 * 24 * time.Hour
	// keepRead is how long the file knows that a message was read, by a hash; the same.
	keepRead = 15 * 24 * time.Hour
	// keepHeard is how long somebody who is erased can still be told so: an hour longer
	// than that is tried.
	keepHeard = 25 * time.Hour
)

// errLocked means that another process has the device's file.
var errLocked = errors.New("another process has the device's file: 'sarai serve', or another Sarai on the same data folder")

// A file is the device's: keys and sessions, which are the library's business, and
// in tables of our own which talks are private, who has been heard and what was
// sent.
//
// What people say passes through it: until the sink has a message its plaintext is
// here, and what was sent stays here for keepSent. secure_delete overwrites what is
// taken away, and scrub empties the log beside the file.
type file struct {
	db        *sql.DB
	container *sqlstore.Container
	lock      *os.File
	crypt     *crypt
	freed     atomic.Bool // a plaintext was taken away since the log beside the file was emptied
}

// schema are our own tables. A column may be added; none changes its meaning.
const schema = `
CREATE TABLE IF NOT EXISTS sarai_note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sarai_chat (id TEXT PRIMARY KEY, name TEXT NOT NULL, many INTEGER NOT NULL, private INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sarai_heard (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS sarai_leaving (id TEXT PRIMARY KEY, due INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sarai_sent (id TEXT PRIMARY KEY, beside TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sarai_later (id TEXT PRIMARY KEY, kind TEXT NOT NULL, sender TEXT NOT NULL, alias TEXT NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL);
`

// openFile opens the file of a device or makes it. It fails with errLocked where
// another process has it.
func openFile(ctx context.Context, path string) (*file, error) {
	lock, err := lockFile(path + ".lock")
	if errors.Is(err, errLocked) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("the device's file cannot be locked: %w", bare(err))
	}
	// SQLite gives the files beside it the mode of this one.
	made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("the device's file cannot be opened: %w", bare(err))
	}
	made.Close()
	name := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=secure_delete(1)&_pragma=temp_store(2)&_pragma=journal_size_limit(0)&_txlock=immediate"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		lock.Close()
		return nil, errUnusable
	}
	f := &file{db: db, container: sqlstore.NewWithDB(db, "sqlite", waLog.Noop), lock: lock, crypt: &crypt{}}
	if err := f.container.Upgrade(ctx); err != nil {
		f.close()
		return nil, errUnusable // its words may hold what is in the file
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		f.close()
		return nil, errUnusable
	}
	return f, nil
}

var errUnusable = errors.New("the device's file cannot be used: is the disk full, or the file damaged? Put back whatsapp.db from a copy, or move it away and link the phone again")

// bare is an error of the operating system without the path.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (f *file) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = f.empty(ctx)
	err := f.db.Close()
	if e := f.lock.Close(); err == nil {
		err = e
	}
	return err
}

// device gives the linked device, nil where there is none.
func (f *file) device(ctx context.Context) (*waStore.Device, error) {
	all, err := f.container.GetAllDevices(ctx)
	if err != nil {
		return nil, errUnusable
	}
	if len(all) == 0 {
		return nil, nil
	}
	f.dress(all[0])
	return all[0], nil
}

// drop forgets a device and all that the library keeps of it and, where it was the
// last one, of people.
func (f *file) drop(ctx context.Context, id types.JID) error {
	if _, err := f.db.ExecContext(ctx, `DELETE FROM whatsmeow_device WHERE jid = ?`, id.String()); err != nil {
		return err
	}
	return f.dropPeople(ctx)
}

// dropPeople forgets what the library keeps of people beside a device, if there is
// no device any more.
func (f *file) dropPeople(ctx context.Context) error {
	for _, query := range []string{
		`DELETE FROM whatsmeow_privacy_tokens WHERE NOT EXISTS (SELECT 1 FROM whatsmeow_device)`,
		`DELETE FROM whatsmeow_lid_map WHERE NOT EXISTS (SELECT 1 FROM whatsmeow_device)`,
	} {
		if _, err := f.db.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// keep forgets every device but one.
func (f *file) keep(ctx context.Context, id types.JID) error {
	_, err := f.db.ExecContext(ctx, `DELETE FROM whatsmeow_device WHERE jid <> ?`, id.String())
	return err
}

// scrub takes away what is no longer needed of what was said, and overwrites it.
func (f *file) scrub(ctx context.Context, now time.Time) error {
	for _, x := range []struct {
		query string
		until time.Time
	}{
		{`DELETE FROM whatsmeow_retry_buffer WHERE timestamp < ?`, now.Add(-keepSent)},
		{`DELETE FROM whatsmeow_event_buffer WHERE insert_timestamp < ?`, now.Add(-keepRead)},
		{`DELETE FROM sarai_sent WHERE at < ?`, now.Add(-keepIDs)},
	} {
		if _, err := f.db.ExecContext(ctx, x.query, x.until.UnixMilli()); err != nil {
			return err
		}
	}
	if err := f.leave(ctx, now); err != nil {
		return err
	}
	return f.empty(ctx)
}

// empty writes the log beside the file into it and cuts it to nothing: it holds
// pages as they were. It fails where others use the file without a pause.
func (f *file) empty(ctx context.Context) error {
	for range 10 {
		var busy, pages, done int
		if err := f.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &done); err != nil {
			return err
		}
		if busy == 0 {
			return nil
		}
		if !wait(ctx, 20*time.Millisecond) {
			return ctx.Err()
		}
	}
	return errors.New("whatsapp: the device's file is in use")
}

// forget takes away what the file holds of people: what was sent to them, keys of
// single messages, names. That they have written is known for keepHeard more, so that
// a last word can reach them, and goes then unless they have written again.
func (f *file) forget(ctx context.Context, ids []string, now time.Time) error {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, id := range ids {
		for _, query := range traces {
			if _, err := tx.ExecContext(ctx, query, id); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO sarai_leaving (id, due) VALUES (?, ?)`, id, now.Add(keepHeard).UnixMilli()); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return f.empty(ctx)
}

// traces take away what says something of one person, and is not needed for a last
// word to them.
var traces = []string{
	`DELETE FROM whatsmeow_retry_buffer WHERE chat_jid = ?`,
	`DELETE FROM whatsmeow_message_secrets WHERE ?1 IN (chat_jid, sender_jid)`,
	`DELETE FROM whatsmeow_contacts WHERE their_jid = ?`,
	`DELETE FROM whatsmeow_chat_settings WHERE chat_jid = ?`,
	`DELETE FROM sarai_later WHERE ?1 IN (sender, alias)`,
}

// leave takes away the rest of those whose time is over: that they have written, and
// the keys of the encryption with their phone. Who writes again is asked by the
// library for the message once more, with new keys.
func (f *file) leave(ctx context.Context, now time.Time) error {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	ids, err := over(ctx, tx, now)
	if err != nil {
		return err
	}
	for _, id := range ids {
		j, err := types.ParseJID(id)
		if err != nil {
			return err
		}
		for _, query := range devices {
			if _, err := tx.ExecContext(ctx, query, j.SignalAddressUser()+":*"); err != nil {
				return err
			}
		}
		for _, query := range slices.Concat(traces, rest) { // the last word left some of the first
			if _, err := tx.ExecContext(ctx, query, id); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// over gives those whose time is over.
func over(ctx context.Context, tx *sql.Tx, now time.Time) (ids []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM sarai_leaving WHERE due < ?`, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// devices take away the keys of the encryption with a person's devices, by a pattern
// of what it calls them.
var devices = []string{
	`DELETE FROM whatsmeow_sessions WHERE their_id GLOB ?`,
	`DELETE FROM whatsmeow_identity_keys WHERE their_id GLOB ?`,
	`DELETE FROM whatsmeow_sender_keys WHERE sender_id GLOB ?`, // of their status, and of groups that are never read
}

// rest take away everything else of one person. A talk from before the link that is
// private stays in the list of those, or it would be read from then on.
var rest = []string{
	`DELETE FROM whatsmeow_privacy_tokens WHERE their_jid = ?`,
	`DELETE FROM whatsmeow_lid_map WHERE ?1 IN (lid || '@lid', pn || '@s.whatsapp.net')`,
	`DELETE FROM sarai_chat WHERE id = ? AND private = 0`,
	`DELETE FROM sarai_heard WHERE id = ?`,
	`DELETE FROM sarai_leaving WHERE id = ?`,
}

// Names of notes.
const (
	noteStanding = "standing"
	noteLast     = "connected"
	noteLinked   = "linked"
	noteSettled  = "settled" // the phone has told which talks it has
)

func (f *file) note(ctx context.Context, name string) (string, error) {
	var v string
	err := f.db.QueryRowContext(ctx, `SELECT value FROM sarai_note WHERE name = ?`, name).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, err
}

func (f *file) setNote(ctx context.Context, name, value string) error {
	if value == "" {
		_, err := f.db.ExecContext(ctx, `DELETE FROM sarai_note WHERE name = ?`, name)
		return err
	}
	_, err := f.db.ExecContext(ctx, `INSERT INTO sarai_note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// standing gives the standing that ended a connection for good, if one did, and
// when the device was connected at last.
func (f *file) standing(ctx context.Context) (st channels.Standing, last time.Time, err error) {
	s, err := f.note(ctx, noteStanding)
	if err != nil {
		return st, last, errUnusable
	}
	if s != "" && json.Unmarshal([]byte(s), &st) != nil {
		st = channels.Standing{}
	}
	if s, err = f.note(ctx, noteLast); err != nil {
		return st, last, errUnusable
	}
	if s != "" {
		_ = last.UnmarshalText([]byte(s)) // one that cannot be read is none
	}
	return st, last, nil
}

func (f *file) setLast(ctx context.Context, at time.Time) error {
	b, err := at.MarshalText()
	if err != nil || at.IsZero() {
		return nil
	}
	return f.setNote(ctx, noteLast, string(b))
}

// later keeps something that is to be passed on when it is due.
type later struct {
	id            string // of the event
	kind          channels.Kind
	sender, alias string
	at, due       time.Time
}

func (f *file) putLater(ctx context.Context, l later) error {
	_, err := f.db.ExecContext(ctx, `INSERT OR IGNORE INTO sarai_later (id, kind, sender, alias, at, due) VALUES (?, ?, ?, ?, ?, ?)`,
		l.id, string(l.kind), l.sender, l.alias, l.at.UnixMilli(), l.due.UnixMilli())
	return err
}

func (f *file) dropLater(ctx context.Context, id string) error {
	_, err := f.db.ExecContext(ctx, `DELETE FROM sarai_later WHERE id = ?`, id)
	return err
}

// due gives what is due, oldest first.
func (f *file) due(ctx context.Context, now time.Time) ([]later, error) {
	rows, err := f.db.QueryContext(ctx, `SELECT id, kind, sender, alias, at, due FROM sarai_later WHERE due <= ? ORDER BY at LIMIT 100`, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []later
	for rows.Next() {
		var l later
		var at, due int64
		if err := rows.Scan(&l.id, &l.kind, &l.sender, &l.alias, &at, &due); err != nil {
			return nil, err
		}
		l.at, l.due = time.UnixMilli(at).UTC(), time.UnixMilli(due).UTC()
		all = append(all, l)
	}
	return all, rows.Err()
}

// hear notes that somebody has written.
func (f *file) hear(ctx context.Context, id string) error {
	if _, err := f.db.ExecContext(ctx, `DELETE FROM sarai_leaving WHERE id = ?`, id); err != nil {
		return err
	}
	there, err := f.heard(ctx, id)
	if there || err != nil {
		return err
	}
	_, err = f.db.ExecContext(ctx, `INSERT OR IGNORE INTO sarai_heard (id) VALUES (?)`, id)
	return err
}

// heard says whether somebody has written.
func (f *file) heard(ctx context.Context, id string) (bool, error) {
	var n int
	err := f.db.QueryRowContext(ctx, `SELECT count(*) FROM sarai_heard WHERE id = ?`, id).Scan(&n)
	return n > 0, err
}

// send notes the id of a message before it goes out; beside is the id of a second
// message that belongs to it, or "".
func (f *file) send(ctx context.Context, id, beside string, at time.Time) error {
	_, err := f.db.ExecContext(ctx, `INSERT OR IGNORE INTO sarai_sent (id, beside, at) VALUES (?, ?, ?)`, id, beside, at.UnixMilli())
	return err
}

// sent says whether a message is one of ours, when it went out and what belongs to it.
func (f *file) sent(ctx context.Context, id string) (beside string, at time.Time, ours bool, err error) {
	var ms int64
	err = f.db.QueryRowContext(ctx, `SELECT beside, at FROM sarai_sent WHERE id = ?`, id).Scan(&beside, &ms)
	if errors.Is(err, sql.ErrNoRows) {
		return "", time.Time{}, false, nil
	}
	return beside, time.UnixMilli(ms), err == nil, err
}

// unsend notes that a message was taken back.
func (f *file) unsend(ctx context.Context, id string) error {
	_, err := f.db.ExecContext(ctx, `DELETE FROM sarai_sent WHERE id = ?`, id)
	return err
}
