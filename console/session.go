// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"sarai/desk"
	"sarai/store"
)

// The buckets of store.Small that the desk uses.
const (
	bucketSession = "desk-session" // by hashed token: who is signed in
	bucketSeen    = "desk-seen"    // by hashed token: when that session last did something
	bucketLink    = "desk-link"    // by hashed token: one-time links
)

// What a session holds.
const (
	keyMember = "member"
	keySeal   = "seal" // fingerprint of the password it was opened with
)

// seenEvery is how exactly it is known when somebody was last at the desk; a
// smaller one would write to the disk with every click.
const seenEvery = time.Minute

func (c *Console) newSessions() *scs.SessionManager {
	s := scs.New()
	s.Store = sessionStore{c.Store}
	s.HashTokenInStore = true
	s.Lifetime = c.Lifetime
	// Idleness is kept apart from the session, see seen: a session that is
	// written again with every request comes back to life when a request
	// overtakes the one that signs out.
	s.IdleTimeout = 0
	s.Cookie.Name = "sarai_desk"
	s.Cookie.Path = "/"
	s.Cookie.Persist = false
	s.Cookie.HttpOnly = true
	s.Cookie.SameSite = http.SameSiteLaxMode
	if c.Secure {
		s.Cookie.Name, s.Cookie.Secure = "__Host-sarai_desk", true
	}
	s.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		if r.Context().Err() == nil || !errors.Is(err, context.Canceled) { // else whoever asked has gone
			c.Log.Error("desk: sessions cannot be read or kept", "err", err)
		}
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
	}
	return s
}

// sessionStore keeps sessions as small records. scs gives it hashed tokens.
type sessionStore struct{ small store.Small }

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	b, err := s.small.Get(ctx, bucketSession, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	return b, err == nil, err
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	return s.small.Put(ctx, bucketSession, token, b, expiry)
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.small.Remove(ctx, bucketSession, token)
}

// scs calls these only for stores that take no context.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}
func (s sessionStore) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}
func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// fingerprint is a short hash for comparing, of something that need not be kept.
func fingerprint(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// begin signs m in. The session gets a new token, so that one that was planted
// in the browser before is worth nothing.
func (c *Console) begin(ctx context.Context, m store.Member) error {
	if err := c.sessions.RenewToken(ctx); err != nil {
		return err
	}
	c.sessions.SetDeadline(ctx, c.Now().Add(c.Lifetime).UTC())
	c.sessions.Put(ctx, keyMember, string(m.ID))
	c.sessions.Put(ctx, keySeal, fingerprint(m.Password))
	return c.see(ctx, m)
}

// end signs out.
func (c *Console) end(ctx context.Context) error {
	if err := c.Store.Remove(ctx, bucketSeen, c.seenKey(ctx)); err != nil {
		return err
	}
	return c.sessions.Destroy(ctx)
}

// who gives the member of the request's session. ok is false where nobody is
// signed in: no session, an idle one, a member who has left, or a password that
// was changed since. live requests are made by the page and not by its reader:
// they keep no session alive.
func (c *Console) who(ctx context.Context, live bool) (m store.Member, ok bool, err error) {
	id := c.sessions.GetString(ctx, keyMember)
	if id == "" {
		return m, false, nil
	}
	m, err = c.Store.Member(ctx, desk.StaffID(id))
	if errors.Is(err, store.ErrNotFound) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	if !m.Active || c.sessions.GetString(ctx, keySeal) != fingerprint(m.Password) {
		return m, false, nil
	}
	seen, err := c.seen(ctx)
	if err != nil {
		return m, false, err
	}
	now := c.Now()
	if now.Sub(seen) >= c.Idle || !now.Before(c.sessions.Deadline(ctx)) {
		return m, false, nil
	}
	if !live && now.Sub(seen) >= seenEvery {
		err = c.see(ctx, m)
	}
	return m, err == nil, err
}

func (c *Console) seenKey(ctx context.Context) string { return fingerprint(c.sessions.Token(ctx)) }

// seen is when the session last did something; zero where that is not known.
func (c *Console) seen(ctx context.Context) (time.Time, error) {
	b, err := c.Store.Get(ctx, bucketSeen, c.seenKey(ctx))
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil {
		return time.Time{}, nil // not ours: as good as idle
	}
	return t, nil
}

// see records that the session does something now.
func (c *Console) see(ctx context.Context, m store.Member) error {
	now := c.Now().UTC().Truncate(time.Second)
	if err := c.Store.Put(ctx, bucketSeen, c.seenKey(ctx), []byte(now.Format(time.RFC3339)), now.Add(c.Lifetime)); err != nil {
		return err
	}
	_, err := c.change(ctx, m.ID, func(m *store.Member) error {
		m.Seen = now.Truncate(time.Minute)
		return nil
	})
	return err
}

// change reads a member, changes and puts it, while nobody else of this process does.
func (c *Console) change(ctx context.Context, id desk.StaffID, f func(*store.Member) error) (store.Member, error) {
	c.staff.Lock()
	defer c.staff.Unlock()
	m, err := c.Store.Member(ctx, id)
	if err != nil {
		return m, err
	}
	if err := f(&m); err != nil {
		return m, err
	}
	return m, c.Store.PutMember(ctx, m)
}

// SignIns are the buckets of small records by which somebody is or gets signed
// in: a store that comes from a backup must not bring them back to life.
func SignIns() []string { return []string{bucketSession, bucketSeen, bucketLink} }
