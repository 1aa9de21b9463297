// SPDX-License-Identifier: GPL-3.0-or-later

// Package store says what is kept and what a store promises. It is where the
// nouns meet: threads, entries, turns, cases, jobs and staff. The stores
// themselves are the packages below it; storetest is the contract that each
// passes.
//
// Records are authoritative. The transcript beside them is only ever added to,
// in the same commit.
package store

import (
	"context"
	"errors"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
)

// A ThreadID names a talk. It is random: nothing about the person follows from it.
type ThreadID string

// A Thread is one talk with one person, over one or more addresses. The zero
// Version means that nothing of it is stored yet.
type Thread struct {
	ID        ThreadID           `json:"id"`
	Version   uint64             `json:"version"` // moves by one with each turn and each case command, for nothing else
	Created   time.Time          `json:"created"`
	Centre    content.CentreID   `json:"centre,omitempty"` // "" is unassigned: seen by all
	Reply     channels.Address   `json:"reply"`            // where answers go: the address last written from
	Addresses []channels.Address `json:"addresses"`        // all addresses, oldest first
	Linked    []ThreadID         `json:"linked,omitempty"` // other threads that seem to be the same person
	State     []byte             `json:"state,omitempty"`  // dialog.State as JSON; nil for a new thread
	LastSeq   uint64             `json:"last_seq"`         // Seq of the newest entry
	LastHeard time.Time          `json:"last_heard"`       // when the person last acted
	Cleared   uint64             `json:"cleared,omitempty"`
	Campaign  string             `json:"campaign,omitempty"` // the code of the link by which the person came first
	Blocked   bool               `json:"blocked,omitempty"`  // the person has blocked the centre on the Reply address
	Safety    Safety             `json:"safety,omitzero"`
	Case      *desk.Case         `json:"case,omitempty"` // the open case, or the one closed last
	Keeping   Keeping            `json:"keeping,omitzero"`
	Comment   *Comment           `json:"comment,omitempty"` // for a thread of something said in public
}

// Safety is what staff agreed with somebody whose phone others may look at. The
// zero value is nothing agreed.
type Safety struct {
	Hours string `json:"hours,omitempty"` // when it is safe to write, in staff's words
	Word  string `json:"word,omitempty"`  // by which each knows that the other is who they say
}

// An Author says who an entry is by.
type Author string

// Who an entry can be by. A Note is staff's among themselves; an Event is
// something that happened: a case taken, a message that failed.
const (
	Person  Author = "person"
	Program Author = "program"
	Staff   Author = "staff"
	Note    Author = "note"
	Event   Author = "event"
)

// An Entry is one line of a transcript. It never changes once stored; what is
// learnt about it later (a delivery) is a record of its own.
type Entry struct {
	Seq      uint64            `json:"seq"`
	At       time.Time         `json:"at"`   // when it was stored
	Said     time.Time         `json:"said"` // the platform's time; At where there is none
	Late     bool              `json:"late,omitempty"`
	Author   Author            `json:"author"`
	By       desk.StaffID      `json:"by,omitempty"`
	Channel  channels.Name     `json:"channel,omitempty"`
	Kind     channels.Kind     `json:"kind,omitempty"`
	ID       string            `json:"id,omitempty"` // for Person: Inbound.ID
	Of       string            `json:"of,omitempty"` // for Person: Inbound.Of
	Campaign string            `json:"campaign,omitempty"`
	Text     string            `json:"text,omitempty"`
	Blocks   []channels.Block  `json:"blocks,omitempty"`
	Options  []channels.Option `json:"options,omitempty"`
	Locale   content.Locale    `json:"locale,omitempty"`
	Media    []channels.Media  `json:"media,omitempty"`
	Articles []Cited           `json:"articles,omitempty"` // what of the catalogue was sent
	Edition  string            `json:"edition,omitempty"`  // of the catalogue it was decided under
	Event    string            `json:"event,omitempty"`    // for Event: what happened, a fixed word
	Sends    []string          `json:"sends,omitempty"`    // keys of the jobs that send it, its parts: they lead to its receipts
	Raw      []byte            `json:"raw,omitempty"`      // the payload that nobody understood
}

// Cited says which words of an article somebody was sent.
type Cited struct {
	Article content.ArticleID `json:"article"`
	Section string            `json:"section,omitempty"`
	Locale  content.Locale    `json:"locale"`
	Hash    string            `json:"hash"` // content.Text.Hash
}

// A Priority orders leasing between lanes. A lower one goes first.
type Priority int

// The priorities: answers to signals, then counsellors' words, then the rest of
// what is said, then what nobody waits for with a phone in the hand.
const (
	First Priority = iota
	Second
	Third
	Fourth
)

// A JobKind says what a job does. The kinds are the gateway's.
type JobKind string

// A Job is something slow that a turn decided to have done. Key is
// "<thread>/<version>/<index>" and unique for ever: a turn that is decided
// twice cannot do a thing twice. Jobs of one lane are done one after the other, in
// the order in which they were added, and none while an older one of the lane is
// not settled, also while that one waits to be tried again. A lane whose name holds
// the id of a thread is of that thread's jobs alone.
type Job struct {
	Key      string    `json:"key"`
	Thread   ThreadID  `json:"thread"`
	Lane     string    `json:"lane"`
	Priority Priority  `json:"priority"`
	Due      time.Time `json:"due"`
	Kind     JobKind   `json:"kind"`
	Body     []byte    `json:"body,omitempty"` // the gateway's, JSON
	Made     time.Time `json:"made"`
	// Tries counts the leases that did not settle it, the running one included. Those
	// that nobody settled before a store was opened anew may not be counted.
	Tries int `json:"tries,omitempty"`
}

// A Leased job is held until Until; Token proves it.
type Leased struct {
	Job
	Token string
	Until time.Time
}

// An Outcome says what became of a leased job. Exactly one of Done, Failed and
// Again is set.
type Outcome struct {
	Done   bool
	Failed bool
	Again  time.Time // try again then
	// Entry, where set, is added to the thread's transcript in the same commit;
	// its Seq is given by the store. The thread's Version does not move.
	Entry *Entry
	// Receipt, where set, is kept for the message of the job, also with Again: of
	// a message of which nobody knows whether it was sent. What is known of the
	// message already stays, see MergeReceipt.
	Receipt *channels.Receipt
}

// A Turn is everything that one event changes, committed together or not at all.
type Turn struct {
	// Thread is the thread as it shall be, with the Version that was read: the
	// store stores Version+1. A zero Version creates it.
	Thread Thread
	// Events are the keys of the events that caused the turn, usually one:
	// channel and the platform's id. They are remembered for at least eight
	// days, because Meta delivers again for seven.
	Events []EventKey
	// Entries are added in this order. Their Seq and Thread.LastSeq are given by
	// the store at the commit, from the stored LastSeq on; what the turn says of
	// them is ignored (but see Comment.Seq). They can be higher than they looked when the thread was
	// read, because a settled job may have added its entry since.
	Entries []Entry
	// Jobs are added. They are the thread's: Job.Thread is Thread.ID or "". A job
	// whose key exists already, also as one that failed, is left as it is.
	Jobs []Job
	// Cancel removes jobs, by key, before Jobs are added. A job whose lease still
	// runs is left as it is, and a key that does not exist is no error.
	Cancel []string
	// Counts are added to the counters. They are kept when the thread is erased.
	Counts []Count
	// Acts are written into the audit in the same commit.
	Acts []Act
}

// An EventKey is what makes two deliveries one event.
type EventKey struct {
	Channel channels.Name
	ID      string
}

// Errors of a store. Anything else means that the store itself failed: nothing
// was committed, or nobody can know, and the caller must not acknowledge.
var (
	ErrConflict  = errors.New("store: the thread has changed since it was read")
	ErrDuplicate = errors.New("store: this event was stored before")
	ErrTaken     = errors.New("store: an address belongs to another thread")
	ErrNotFound  = errors.New("store: not found")
	ErrLost      = errors.New("store: the lease was lost")
	ErrBusy      = errors.New("store: too much waits to be committed, try again")
	ErrNoContent = errors.New("store: the content of a file is missing: restore the folder of files from the copy that belongs to the store")
	ErrNoRoom    = errors.New("store: a file cannot be written: the disk is nearly full, and what is left is for messages: make room")
	ErrNewer     = errors.New("store: the file is from a newer version of Sarai: use that version, or restore an older backup")
)

// TakenError says which thread owns an address that a turn wanted to add. It is
// ErrTaken.
type TakenError struct{ Owner ThreadID }

func (e *TakenError) Error() string { return ErrTaken.Error() }

// Is makes errors.Is(e, ErrTaken) true.
func (e *TakenError) Is(target error) bool { return target == ErrTaken }

// Threads keeps talks. It is safe for concurrent use.
type Threads interface {
	// Thread gives the thread that owns the address, or, where nobody has written
	// from it, a new one of Version 0 with a fresh random ID, Reply and Addresses
	// set, of which nothing is stored.
	Thread(ctx context.Context, a channels.Address) (Thread, error)
	// ThreadByID fails with ErrNotFound.
	ThreadByID(ctx context.Context, id ThreadID) (Thread, error)
	// Seen says whether an event was stored before.
	Seen(ctx context.Context, e EventKey) (bool, error)
	// Commit stores the turn and returns once it is durable. It fails with
	// ErrDuplicate if one of the events is known, with ErrConflict if the thread
	// is not at Turn.Thread.Version, with a *TakenError if an address belongs to
	// another thread, with ErrBusy if too many wait. An entry that names a Staged
	// media of which there is no file any more is ErrConflict too. If it is the Reply address of
	// a new thread that belongs to another, somebody made the thread of that
	// address since it was read: that is ErrConflict. Turns that are committed
	// together are judged each by itself.
	//
	// If ctx ends while the turn waits, the error is ErrBusy too and nothing is
	// committed. If ctx ends when the turn is being committed, the error is ctx's
	// and not ErrBusy: nobody knows, and committing the turn again tells, by
	// ErrDuplicate or ErrConflict. All that changes a store is so.
	Commit(ctx context.Context, t Turn) error
	// Entries gives the transcript after the place after, oldest first, at most n.
	Entries(ctx context.Context, id ThreadID, after uint64, n int) ([]Entry, error)
	// Receipts gives what platforms answered to the messages of a thread, and told
	// of them since, by job key.
	Receipts(ctx context.Context, id ThreadID) (map[string]channels.Receipt, error)
	// Receipt gives that of one message; ok is false if nothing is known of it.
	Receipt(ctx context.Context, id ThreadID, key string) (r channels.Receipt, ok bool, err error)
	// PutReceipt keeps what a platform told later of the message of a job. What is
	// known of the message already stays, see MergeReceipt; where that leaves
	// nothing new, nothing is written, and it is no error. e, where set, is added to
	// the transcript in the same commit if the message moved, which the first that
	// is told of it does too; its Seq is given by the store, and the thread's
	// Version does not move. It fails with ErrNotFound if the thread does not exist.
	PutReceipt(ctx context.Context, id ThreadID, key string, r channels.Receipt, e *Entry) error
	// Erase removes all that is kept of a thread: entries, jobs, addresses,
	// receipts, drafts, event keys, jobs that failed, files, the thread and its
	// cases. What it was sealed with is destroyed first; from then on the thread
	// does not exist, and if the rest fails or the process ends, it is done when
	// the store is opened or swept. Counters stay as they are: nothing in them is
	// of the thread. A thread that does not exist is no error.
	Erase(ctx context.Context, id ThreadID) error
	// EraseWith is Erase that leaves one job, the last word to the person: it is
	// there once all is erased, under a key of its own, of a Thread, Key and Lane
	// that say nothing of what was erased; what last says of them is ignored. It
	// is gone when it is settled, however, and at until in any case. If the thread
	// does not exist there is no job.
	EraseWith(ctx context.Context, id ThreadID, last Job, until time.Time) error
}

// Jobs keeps what is still to be done. It is safe for concurrent use.
type Jobs interface {
	// Lease gives due jobs, at most n and at most one per lane, the lane's oldest;
	// no job of a lane in which one is leased. By priority, then by due time. A
	// lease that is not settled by until is free again, and all are when a store
	// that one process has alone is opened anew: whoever held them has ended.
	Lease(ctx context.Context, now, until time.Time, n int) ([]Leased, error)
	// Settle records what became of a leased job. It fails with ErrLost if the
	// lease ended and somebody else has the job, or the job is gone. A lease that
	// ended is still good while nobody else has leased the job.
	Settle(ctx context.Context, l Leased, o Outcome) error
	// NextDue says when there may next be something to lease: when the oldest job
	// of a lane will be due, or a lease will end. ok is false if there is none.
	NextDue(ctx context.Context) (due time.Time, ok bool, err error)
	// FailedJobs gives jobs that failed for good, last failed first, at most n,
	// without their bodies.
	FailedJobs(ctx context.Context, n int) ([]Job, error)
}

// A Row is a case as a queue shows it, with what a list needs of its thread.
type Row struct {
	Thread    ThreadID
	Version   uint64
	Channel   channels.Name
	Centre    content.CentreID
	Case      desk.Case
	State     []byte // dialog.State as JSON
	LastHeard time.Time
	LastSeq   uint64
	Blocked   bool // see Thread.Blocked
}

// Cases finds cases. It is safe for concurrent use.
type Cases interface {
	// OpenCases gives every open case in the order of the queue.
	OpenCases(ctx context.Context) ([]Row, error)
	// ClosedCases gives cases that are closed, last closed first, at most n.
	ClosedCases(ctx context.Context, n int) ([]Row, error)
	// ThreadOfCase gives the thread of a case, also of an earlier one than
	// Thread.Case. It fails with ErrNotFound.
	ThreadOfCase(ctx context.Context, id desk.CaseID) (ThreadID, error)
}

// A Role says what a member of staff may do.
type Role string

// The roles. An administrator may do what a counsellor may, and manage staff.
const (
	Counsellor    Role = "counsellor"
	Administrator Role = "administrator"
)

// A Member is one of the staff. Password is an encoded Argon2id hash. A member
// who has left stays, inactive, because transcripts name the ID.
type Member struct {
	ID       desk.StaffID       `json:"id"`
	Login    string             `json:"login"` // unique, compared without case
	Name     string             `json:"name"`  // as colleagues see it
	Role     Role               `json:"role"`
	Centres  []content.CentreID `json:"centres,omitempty"` // empty: all
	Locale   content.Locale     `json:"locale,omitempty"`  // of the desk
	Password string             `json:"password"`
	Active   bool               `json:"active"`
	OnDuty   bool               `json:"on_duty"`
	Seen     time.Time          `json:"seen,omitzero"` // last seen at the desk, to the minute
	Created  time.Time          `json:"created"`
}

// StaffBook keeps the staff and what belongs to them. It is safe for concurrent use.
type StaffBook interface {
	// Members gives everybody, by login.
	Members(ctx context.Context) ([]Member, error)
	// Member fails with ErrNotFound.
	Member(ctx context.Context, id desk.StaffID) (Member, error)
	// MemberByLogin fails with ErrNotFound.
	MemberByLogin(ctx context.Context, login string) (Member, error)
	// PutMember adds or replaces; it fails with ErrTaken if the login is another's.
	PutMember(ctx context.Context, m Member) error
	// Draft is what a member has typed on a thread and not sent, "" if nothing.
	Draft(ctx context.Context, id ThreadID, by desk.StaffID) (string, error)
	// PutDraft keeps a draft; "" removes it. It fails with ErrNotFound if the
	// thread does not exist, so that nothing is kept of one that was erased.
	PutDraft(ctx context.Context, id ThreadID, by desk.StaffID, text string) error
}

// Small keeps small records by bucket name and key, for things that belong to a
// part of the program and to no thread: sign-in sessions, one-time links. It is
// safe for concurrent use.
type Small interface {
	// Get fails with ErrNotFound, also for a record whose time is over.
	Get(ctx context.Context, bucket, key string) ([]byte, error)
	// Put keeps a record until the time until; the zero time is for ever.
	Put(ctx context.Context, bucket, key string, value []byte, until time.Time) error
	// Remove is no error for a record that is not there.
	Remove(ctx context.Context, bucket, key string) error
	// All gives the records of a bucket whose time is not over.
	All(ctx context.Context, bucket string) (map[string][]byte, error)
}

// A Store is all of it, as storetest exercises it. Users of a store take only
// the parts that they need.
type Store interface {
	Threads
	Jobs
	Cases
	Comments
	StaffBook
	Small
	Files
	Counters
	Audit
	Retention
	// Ready fails if the store cannot commit now.
	Ready(ctx context.Context) error
	// Sweep forgets what is over: old event keys, ended records, and of months
	// that are over everywhere on earth by whom people were counted once. Call it
	// now and then.
	Sweep(ctx context.Context, now time.Time) error
	Close() error
}
