// SPDX-License-Identifier: GPL-3.0-or-later

package bolt

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"sarai/desk"
	"sarai/store"
)

// memberFields are a member's clear fields.
type memberFields struct {
	Login []byte `json:"login"` // key in bucketLogin
}

var errName = errors.New("store: an ID or a name is missing or too long")

// loginKey is the same for all ways to write a login in capitals and small letters.
func (db *DB) loginKey(login string) []byte { return db.hash("login", fold(login)) }

// fold gives every letter the form of its kind that comes first in Unicode, so
// that two strings are folded alike where strings.EqualFold says that they are
// equal.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}

// Members implements store.StaffBook.
func (db *DB) Members(ctx context.Context) (ms []store.Member, err error) {
	err = db.view(ctx, func(t *txn) (err error) {
		t.each(bucketMember, nil, nil, func(id, v []byte) bool {
			var m store.Member
			m, err = db.readMember(id, v)
			ms = append(ms, m)
			return err == nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ms, func(a, b store.Member) int { return strings.Compare(fold(a.Login), fold(b.Login)) })
	return ms, nil
}

func (db *DB) readMember(id, v []byte) (m store.Member, err error) {
	if v == nil {
		return m, store.ErrNotFound
	}
	blob, err := split(v, &memberFields{})
	if err != nil {
		return m, err
	}
	return m, db.decode(place{ownerStaff, bucketMember, id}, blob, &m)
}

// Member implements store.StaffBook.
func (db *DB) Member(ctx context.Context, id desk.StaffID) (m store.Member, err error) {
	err = db.view(ctx, func(t *txn) (err error) {
		m, err = db.readMember([]byte(id), t.get(bucketMember, []byte(id)))
		return err
	})
	return m, err
}

// MemberByLogin implements store.StaffBook.
func (db *DB) MemberByLogin(ctx context.Context, login string) (m store.Member, err error) {
	k := db.loginKey(login)
	err = db.view(ctx, func(t *txn) (err error) {
		id := t.get(bucketLogin, k)
		if id == nil {
			return store.ErrNotFound
		}
		m, err = db.readMember(id, t.get(bucketMember, id))
		return err
	})
	return m, err
}

// PutMember implements store.StaffBook.
func (db *DB) PutMember(ctx context.Context, m store.Member) error {
	if !goodName(string(m.ID)) || m.Login == "" {
		return errName
	}
	id, login := []byte(m.ID), db.loginKey(m.Login)
	blob, err := db.encode(place{ownerStaff, bucketMember, id}, m)
	if err != nil {
		return err
	}
	record := join(memberFields{Login: login}, blob)
	return db.update(ctx, func(t *txn) error {
		if owner := t.get(bucketLogin, login); owner != nil && !bytes.Equal(owner, id) {
			return store.ErrTaken
		}
		var old memberFields
		if v := t.get(bucketMember, id); v != nil {
			if _, err := split(v, &old); err != nil {
				return err
			}
		}
		if old.Login != nil && !bytes.Equal(old.Login, login) {
			t.del(bucketLogin, old.Login)
		}
		t.put(bucketLogin, login, id)
		t.put(bucketMember, id, record)
		return nil
	})
}

// Draft implements store.StaffBook.
func (db *DB) Draft(ctx context.Context, id store.ThreadID, by desk.StaffID) (text string, err error) {
	if !goodName(string(id)) || !goodName(string(by)) {
		return "", nil
	}
	err = db.view(ctx, func(t *txn) error {
		v := t.get(bucketTalks, talkKey(id, talkDraft, by))
		if v == nil {
			return nil
		}
		return db.decode(talkPlace(id, talkDraft, by), v, &text)
	})
	if errors.Is(err, errErased) {
		return "", nil
	}
	return text, err
}

// PutDraft implements store.StaffBook.
func (db *DB) PutDraft(ctx context.Context, id store.ThreadID, by desk.StaffID, text string) error {
	if !goodName(string(id)) || !goodName(string(by)) {
		return errName
	}
	k := talkKey(id, talkDraft, by)
	var blob []byte
	if text != "" {
		var err error
		if blob, err = db.encode(talkPlace(id, talkDraft, by), text); errors.Is(err, errErased) {
			return store.ErrNotFound
		} else if err != nil {
			return err
		}
	}
	return db.update(ctx, func(t *txn) error {
		_, thread, err := t.threadFields(id)
		switch {
		case err != nil:
			return err
		case text == "" && t.get(bucketTalks, k) != nil:
			t.del(bucketTalks, k)
		case text == "":
		case thread == nil:
			// A draft that comes after the erasing would stay for ever.
			return store.ErrNotFound
		default:
			t.put(bucketTalks, k, blob)
		}
		return nil
	})
}
