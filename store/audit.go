// SPDX-License-Identifier: GPL-3.0-or-later

package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"sarai/desk"
)

// Operator is the StaffID of whoever works on the machine's command line.
const Operator desk.StaffID = "operator"

// A Deed is a fixed word for what somebody did. It is stored for good: a word
// never changes its meaning.
type Deed string

// The deeds. Of a talk and its case:
const (
	DidView     Deed = "viewed"      // a talk was read at the desk
	DidList     Deed = "listed"      // a list with the first words of talks was read
	DidOpenFile Deed = "file-opened" // On: the file
	DidDenied   Deed = "denied"      // a talk was asked for that is not for the member
	DidOpen     Deed = "case-opened"
	DidRaise    Deed = "case-raised"
	DidTake     Deed = "case-taken"
	DidRelease  Deed = "case-released"
	DidPass     Deed = "case-passed" // On: the colleague
	DidClose    Deed = "case-closed"
	DidAway     Deed = "holder-away"
	DidRequeue  Deed = "case-requeued"
	DidRefuse   Deed = "case-refused"
	DidWant     Deed = "case-wanted"
	DidSay      Deed = "said"
	DidNote     Deed = "noted"
	DidSafety   Deed = "safety-agreed"
	DidWish     Deed = "erasing-asked" // the person asked to delete everything
	DidKeep     Deed = "erasing-withdrawn"
	DidRate     Deed = "rated"
	DidFile     Deed = "file-erased" // On: the file
)

// Of keeping and erasing. Why of DidErase is "wish", "age", "desk" or
// "command": the person's wish, the centre's days, staff, the command line.
const (
	DidWarn    Deed = "erasing-near" // the talk was put on the list of those that will be erased
	DidHold    Deed = "hold-set"
	DidLift    Deed = "hold-lifted"
	DidEndHold Deed = "hold-ended"   // by the person's own wish
	DidOrder   Deed = "erase-wanted" // staff had it erased; DidErase follows
	DidErase   Deed = "erased"
	DidExport  Deed = "exported" // Why "notes": with the notes of staff
)

// Of staff and signing in. Why of DidReset is "command" on the command line.
const (
	DidSignIn     Deed = "signed-in"
	DidSignOut    Deed = "signed-out"
	DidFail       Deed = "sign-in-failed" // Login; Why "more": further ones of that minute are not counted
	DidLock       Deed = "sign-in-locked" // Login: too many tries, no password is checked
	DidAdd        Deed = "staff-added"
	DidChange     Deed = "staff-changed"
	DidRole       Deed = "role-changed" // Why: the new role
	DidReset      Deed = "password-link"
	DidPassword   Deed = "password-set"
	DidDeactivate Deed = "staff-deactivated"
	DidActivate   Deed = "staff-activated"
)

// Of the installation.
const (
	DidReadAudit Deed = "audit-read"
	DidKeys      Deed = "keys-changed" // Why: what was done with them
	DidBackup    Deed = "backup-made"
	DidRestore   Deed = "backup-restored"
	DidNotDone   Deed = "not-done" // Why: the deed that was written down before and then failed
)

// Deeds gives all deeds, in the order in which a page offers them.
func Deeds() []Deed {
	return []Deed{
		DidView, DidList, DidOpenFile, DidDenied, DidOpen, DidRaise, DidTake, DidRelease, DidPass, DidClose, DidAway, DidRequeue,
		DidRefuse, DidWant, DidSay, DidNote, DidSafety, DidWish, DidKeep, DidRate, DidFile,
		DidWarn, DidHold, DidLift, DidEndHold, DidOrder, DidErase, DidExport,
		DidSignIn, DidSignOut, DidFail, DidLock, DidAdd, DidChange, DidRole, DidReset, DidPassword, DidDeactivate, DidActivate,
		DidReadAudit, DidKeys, DidBackup, DidRestore, DidNotDone,
	}
}

// An Act is something that somebody did and that is written down for good. It
// holds random ids and fixed words only, so that it can outlive the talk that it
// is about: a store refuses one in which there is a space or a letter that is
// not ASCII.
type Act struct {
	At     time.Time    // zero: the store's time
	By     desk.StaffID // "" where nobody is signed in
	What   Deed
	Thread ThreadID
	Case   desk.CaseID
	On     string // to whom or to what it was done: the id of a member or a file
	Why    string // a fixed word
	// Login is what somebody typed who could not sign in. Of it only LoginHash
	// is stored, and that is what it reads as.
	Login string
}

// A Record is an act as it was written down. Each is bound to the one before:
// who changes or takes out one breaks all that come after it.
type Record struct {
	Act
	Seq    uint64   // from 1, without gaps
	Before [32]byte // Hash of the record before; zero for the first
	Hash   [32]byte // of all of the above, see Sum
}

// Sum is what Hash must be: SHA-256 over the canonical form of everything else
// in the record. The form is the words "sarai audit 1", then each field as its
// length in eight bytes and its bytes: Seq and At as eight bytes, At in
// nanoseconds since 1970, the others as they are, in the order Seq, At, By, What,
// Thread, Case, On, Why, Login, Before. Numbers have the highest byte first.
func (r Record) Sum() [32]byte {
	h := sha256.New()
	field := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	field([]byte("sarai audit 1"))
	field(binary.BigEndian.AppendUint64(nil, r.Seq))
	field(binary.BigEndian.AppendUint64(nil, uint64(r.At.UnixNano())))
	for _, s := range []string{string(r.By), string(r.What), string(r.Thread), string(r.Case), r.On, r.Why, r.Login} {
		field([]byte(s))
	}
	field(r.Before[:])
	return [32]byte(h.Sum(nil))
}

// A RecordFilter says which records are wanted: those that have every one of its
// fields that is set.
type RecordFilter struct {
	By          desk.StaffID
	What        Deed
	Thread      ThreadID
	From, Until time.Time // At is not before From, and before Until
}

// Fits says whether a record is among those wanted.
func (f RecordFilter) Fits(r Record) bool {
	return (f.By == "" || f.By == r.By) && (f.What == "" || f.What == r.What) && (f.Thread == "" || f.Thread == r.Thread) &&
		(f.From.IsZero() || !r.At.Before(f.From)) && (f.Until.IsZero() || r.At.Before(f.Until))
}

// A Chain is what checking the whole audit found.
type Chain struct {
	Records uint64
	Last    [32]byte // Hash of the newest: who keeps it elsewhere can tell later whether all was written anew
	// Broken is the Seq of the first record that is not what was written; 0 where
	// all are. Why says in a few words what is wrong with it.
	Broken uint64
	Why    string
}

// Audit keeps what was done. It is only ever added to: nothing here changes or
// removes a record, and erasing a talk leaves those about it. Acts that go with a
// turn are added in its commit, see Turn.Acts. It is safe for concurrent use.
type Audit interface {
	// AppendActs writes acts down in their order, all or none, and returns once
	// that is durable.
	AppendActs(ctx context.Context, acts ...Act) error
	// Records gives at most n records that the filter wants and whose Seq is below
	// before, newest first; a before of 0 begins with the newest.
	Records(ctx context.Context, f RecordFilter, before uint64, n int) ([]Record, error)
	// VerifyRecords reads the whole chain. That it is broken is no error.
	VerifyRecords(ctx context.Context) (Chain, error)
	// LoginHash is the keyed hash by which records know a sign-in name.
	LoginHash(login string) string
}
