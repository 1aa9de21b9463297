// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The parameters of new hashes: OWASP's lowest for Argon2id (19 MiB, two
// passes, one lane), because Sarai runs on small machines. They stand in every
// hash, so that they can be raised later; a hash with others is made anew when
// its owner signs in.
const (
	argonMemory = 19 * 1024 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonKey    = 32
	argonSalt   = 16
)

// Passwords have at least MinPassword characters, which leaves an online guesser
// who has ten tries in a quarter of an hour nothing to hope for, and at most
// maxPassword bytes.
const (
	MinPassword = 10
	maxPassword = 1024
)

// hashing bounds how many passwords are hashed at a time over the whole
// process, so that a flood costs at most this many times argonMemory.
const hashing = 2

// hashWait is how long a sign-in waits for its turn to be hashed.
const hashWait = 5 * time.Second

// Errors about passwords, for whoever chooses one or signs in.
var (
	ErrShortPassword = fmt.Errorf("console: a password needs at least %d characters", MinPassword)
	ErrLongPassword  = errors.New("console: the password is too long")
	ErrWeakPassword  = errors.New("console: the password holds the sign-in name, or one character only")
	errBusy          = errors.New("console: too many sign-ins at once")
)

// HashPassword gives the encoded Argon2id hash of a password, as
// store.Member.Password keeps it. It fails with ErrShortPassword or
// ErrLongPassword. The password is brought to one Unicode form first: the same
// keys give other bytes on other phones.
func HashPassword(password string) (string, error) {
	password = norm.NFKC.String(password)
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		return "", ErrShortPassword
	case len(password) > maxPassword:
		return "", ErrLongPassword
	}
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonLanes, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonPasses, argonLanes, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// checkPassword says whether password may be chosen by who signs in as login.
func checkPassword(login, password string) error {
	folded := strings.ToLower(norm.NFKC.String(password))
	if strings.Trim(folded, string([]rune(folded + " ")[0])) == "" && utf8.RuneCountInString(folded) >= MinPassword {
		return ErrWeakPassword
	}
	if login != "" && strings.Contains(folded, strings.ToLower(login)) && utf8.RuneCountInString(folded)-utf8.RuneCountInString(login) < MinPassword/2 {
		return ErrWeakPassword
	}
	return nil
}

// A hash is an encoded Argon2id hash, taken apart.
type hash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

// parseHash refuses what it did not make, and parameters that would take the
// machine's memory.
func parseHash(encoded string) (hash, bool) {
	var h hash
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); n != 3 || err != nil {
		return h, false
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	ok := err1 == nil && err2 == nil && len(h.salt) > 0 && len(h.key) >= 16 &&
		h.memory >= 8 && h.memory <= 1<<20 && h.passes >= 1 && h.passes <= 16 && h.lanes >= 1 && h.lanes <= 16
	return h, ok
}

func (h hash) current() bool {
	return h.memory == argonMemory && h.passes == argonPasses && h.lanes == argonLanes
}

// nobody is checked against where there is no such login: its cost is that of
// any other, and nothing matches it.
var nobody = hash{memory: argonMemory, passes: argonPasses, lanes: argonLanes, salt: make([]byte, argonSalt), key: make([]byte, argonKey)}

// Tries are counted per sign-in name: at most maxTries passwords are checked
// in tryWindow, right ones not counted.
const (
	maxTries  = 10
	tryWindow = 15 * time.Minute
	// maxStrangers bounds the memory that made-up sign-in names take.
	maxStrangers = 10_000
)

// tries counts wrong passwords and bounds the hashing. It is kept in memory:
// an attacker cannot restart the program.
type tries struct {
	slots chan struct{}

	mu        sync.Mutex
	counts    map[string]*count
	strangers int
	checked   int // how many reached Argon2, for tests
}

type count struct {
	n        int
	since    time.Time
	stranger bool
}

func newTries() *tries {
	return &tries{slots: make(chan struct{}, hashing), counts: map[string]*count{}}
}

// begin takes one try from what the name has left. wait is how long there is
// none. The try is taken before the password is checked, so that ten thousand
// at once are ten.
func (t *tries) begin(name string, stranger bool, now time.Time) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[name]
	if c == nil {
		if stranger && t.strangers >= maxStrangers {
			t.forget(now)
		}
		c = &count{since: now, stranger: stranger}
		t.counts[name] = c
		if stranger {
			t.strangers++
		}
	}
	if c.stranger && !stranger { // somebody was added under a name that was tried before
		c.stranger = false
		t.strangers--
	}
	if now.Sub(c.since) >= tryWindow || now.Before(c.since) {
		c.n, c.since = 0, now
	}
	if c.n >= maxTries {
		return tryWindow - now.Sub(c.since), false
	}
	c.n++
	return 0, true
}

// forget makes room among the made-up names: those whose time is over, else all.
// No such name can ever sign in, so that nothing is lost by forgetting it.
func (t *tries) forget(now time.Time) {
	for _, all := range []bool{false, true} {
		for name, c := range t.counts {
			if c.stranger && (all || now.Sub(c.since) >= tryWindow) {
				delete(t.counts, name)
				t.strangers--
			}
		}
		if t.strangers < maxStrangers {
			return
		}
	}
}

// right forgets the tries of a name whose password was right.
func (t *tries) right(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.counts[name]; c != nil {
		if c.stranger {
			t.strangers--
		}
		delete(t.counts, name)
	}
}

// matches checks a password against an encoded hash; where the hash is none of
// ours it takes as long and says no. It fails with errBusy if its turn did not
// come, and with the context's error.
func (t *tries) matches(ctx context.Context, password, encoded string) (ok, current bool, err error) {
	release, err := t.slot(ctx)
	if err != nil {
		return false, false, err
	}
	defer release()
	h, real := parseHash(encoded)
	if !real {
		h = nobody
	}
	if len(password) > maxPassword {
		password, real = "", false
	}
	key := argon2.IDKey([]byte(norm.NFKC.String(password)), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
	same := subtle.ConstantTimeCompare(key, h.key) == 1
	return same && real, h.current(), nil
}

// hash is HashPassword in its turn.
func (t *tries) hash(ctx context.Context, password string) (string, error) {
	release, err := t.slot(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return HashPassword(password)
}

func (t *tries) slot(ctx context.Context) (release func(), err error) {
	timer := time.NewTimer(hashWait)
	defer timer.Stop()
	select {
	case t.slots <- struct{}{}:
	case <-timer.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	t.mu.Lock()
	t.checked++
	t.mu.Unlock()
	return func() { <-t.slots }, nil
}
