// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"runtime"
)

// Routes gives what can be called, and by whom.
func (c *Console) Routes() map[string]string {
	names := map[access]string{anybody: "anybody", staff: "staff", administrators: "administrators"}
	all := map[string]string{}
	for _, r := range c.routes() {
		all[r.method+" "+r.path] = names[r.access]
	}
	return all
}

// Checked is how many passwords reached Argon2.
func (c *Console) Checked() int {
	c.tries.mu.Lock()
	defer c.tries.mu.Unlock()
	return c.tries.checked
}

// Strangers is how many made-up sign-in names are remembered.
func (c *Console) Strangers() int {
	c.tries.mu.Lock()
	defer c.tries.mu.Unlock()
	return c.tries.strangers
}

// Written waits until what was read is in the audit.
func (c *Console) Written() {
	for {
		c.journal.mu.Lock()
		n := len(c.journal.unwritten)
		c.journal.mu.Unlock()
		if n == 0 {
			return
		}
		runtime.Gosched()
	}
}

// SignInFailed is a sign-in that failed, without the cost of a password.
func (c *Console) SignInFailed(login string) { c.journal.signInFailed(login) }

// PhraseIDs gives the ids that are put together from a word of another package.
func PhraseIDs() []string {
	var ids []string
	for _, id := range events {
		ids = append(ids, id)
	}
	for r := range reasons {
		ids = append(ids, "desk.reason."+string(r))
	}
	for k := range known {
		if k != "audio" {
			ids = append(ids, "desk.kind."+string(k))
		}
	}
	for _, c := range rankClasses {
		ids = append(ids, "desk.rank."+c)
	}
	for _, id := range notices {
		ids = append(ids, id)
	}
	for _, d := range deeds() {
		ids = append(ids, "desk.deed."+string(d))
	}
	return append(ids, "desk.unsent.blocked", "desk.unsent.expired", "desk.unsent.rejected", "desk.unsent.erased")
}

var (
	SafeReturn = safeReturn
	Short      = short
	Cut        = cut
	Tongue     = tongue
)

// MatchesPassword checks a password as signing in does.
func MatchesPassword(password, encoded string) bool {
	ok, _, err := newTries().matches(context.Background(), password, encoded)
	return err == nil && ok
}
