// SPDX-License-Identifier: GPL-3.0-or-later

// Package desk is the life of a case: a talk that needs a human. It is pure:
// Apply decides, the gateway stores. It knows nothing of channels, of content
// or of the words that are said.
package desk

import (
	"errors"
	"fmt"
	"time"
)

// StaffID names a member of staff; CaseID a case. Both are random.
type (
	StaffID string
	CaseID  string
)

// Program is the StaffID under which the program itself acts.
const Program StaffID = "program"

// Elsewhere says whether a holder is not one of the staff but a place of the
// platform's own in which somebody of the centre answered, past the desk: nobody
// knows who. The names are those of channels.Elsewhere.
func Elsewhere(id StaffID) bool {
	switch id {
	case "page-inbox", "phone", "business-app":
		return true
	}
	return false
}

// A Status says where a case stands.
type Status string

// A case waits in the queue, is held by one member of staff (or in a place of
// the platform's own, see Elsewhere), or is closed.
const (
	Waiting Status = "waiting"
	Held    Status = "held"
	Closed  Status = "closed"
)

// A Rank orders the queue. A lower rank comes first.
type Rank int

// The ranks: somebody in danger; somebody whose voice note no rule has read;
// somebody who must be answered today; everybody else.
const (
	Urgent Rank = iota
	Unheard
	SameDay
	Normal
)

// A Reason says why a case was opened.
type Reason string

// Why a case can be opened.
const (
	Asked      Reason = "asked"  // the person wanted a counsellor
	Signalled  Reason = "signal" // a signal was raised
	Voiced     Reason = "voice"  // the person sends only voice notes
	Poison     Reason = "needs-a-person"
	StaffBegan Reason = "staff"
	Answered   Reason = "elsewhere" // staff answered in the platform's own place
	Rang       Reason = "call"      // the person rang: somebody has to ring back
	Commented  Reason = "comment"   // a public comment that needs somebody
)

// A Case is a talk that needs a human. The zero value is no case.
type Case struct {
	ID       CaseID    `json:"id"`
	Status   Status    `json:"status"`
	Rank     Rank      `json:"rank"`
	Reason   Reason    `json:"reason"`
	Signals  []string  `json:"signals,omitempty"` // what was raised, oldest first, each once
	Opened   time.Time `json:"opened"`
	Queued   time.Time `json:"queued"`           // its place: kept when the case returns to the queue
	Holder   StaffID   `json:"holder,omitempty"` // set while Held
	Before   StaffID   `json:"before,omitempty"` // who held it last
	Taken    time.Time `json:"taken,omitzero"`   // first taken
	Answered time.Time `json:"answered,omitzero"`
	Spoke    time.Time `json:"spoke,omitzero"` // staff's last words to the person
	Away     bool      `json:"away,omitempty"` // the holder is silent: the program answers meanwhile
	Refused  bool      `json:"refused,omitempty"`
	WantsOut bool      `json:"wants_out,omitempty"` // the person asked to delete everything
	Closed   time.Time `json:"closed,omitzero"`
	ClosedBy StaffID   `json:"closed_by,omitempty"`
	Outcome  Outcome   `json:"outcome,omitempty"`
	Topic    string    `json:"topic,omitempty"`
	Rating   int       `json:"rating,omitempty"` // 1 to 5, 0 not rated
	Told     Told      `json:"told,omitzero"`
}

// Open says whether the case still needs somebody.
func (c Case) Open() bool { return c.Status == Waiting || c.Status == Held }

// An Outcome says how a case ended.
type Outcome string

// How a case can end.
const (
	Advised   Outcome = "advised"
	Referred  Outcome = "referred"
	NoReply   Outcome = "no-reply"
	Withdrawn Outcome = "withdrawn"
	Misfiled  Outcome = "misfiled"
	Abuse     Outcome = "abuse"
)

// Outcomes gives all outcomes in the order in which a desk offers them.
func Outcomes() []Outcome {
	return []Outcome{Advised, Referred, NoReply, Withdrawn, Misfiled, Abuse}
}

// Errors of Apply. Each is for the counsellor: the command is refused and the
// case is as it was.
var (
	ErrClosed  = errors.New("desk: the case is closed")
	ErrTaken   = errors.New("desk: a colleague holds the case")
	ErrNotHeld = errors.New("desk: only who holds the case can do this")
	ErrCommand = errors.New("desk: the command is incomplete")
)

// A Command changes a case. The set is closed: see the types below.
type Command interface{ command() }

type (
	// Take holds a waiting case. Taking it again by its holder changes nothing.
	Take struct{}
	// Release puts a held case back into the queue at its old place.
	Release struct{}
	// Pass gives a held case to a colleague.
	Pass struct{ To StaffID }
	// Say records that staff wrote to the person; only the holder may.
	Say struct{}
	// Wrote records that somebody of the centre wrote in the place that by names. A
	// waiting case is held there from then on; whoever holds it keeps it.
	Wrote struct{}
	// Close ends an open case. Only its holder may close a held case.
	Close struct {
		Outcome Outcome
		Topic   string
		Told    Told
	}
	// Raise adds a signal and lifts the rank; the program's command.
	Raise struct {
		Signal string
		Rank   Rank
	}
	// MarkAway says that the holder is silent; the program answers meanwhile.
	MarkAway struct{}
	// Refuse records that the person does not want the case that a signal opened,
	// or, Back, that they do after all.
	Refuse struct{ Back bool }
	// AskOut records that the person asked to delete everything, or took it back.
	AskOut struct{ Wants bool }
	// Rate records what the person thought; of a closed case too.
	Rate struct{ Stars int }
)

func (Take) command()     {}
func (Release) command()  {}
func (Pass) command()     {}
func (Say) command()      {}
func (Wrote) command()    {}
func (Close) command()    {}
func (Raise) command()    {}
func (MarkAway) command() {}
func (Refuse) command()   {}
func (AskOut) command()   {}
func (Rate) command()     {}

// New opens a case that waits.
func New(id CaseID, reason Reason, rank Rank, signals []string, at time.Time) Case {
	return Case{ID: id, Status: Waiting, Rank: rank, Reason: reason, Signals: signals, Opened: at, Queued: at}
}

// Apply gives the case after cmd. It changes nothing and returns an error that
// wraps one of the package's errors where the command is not allowed.
func (c Case) Apply(cmd Command, by StaffID, at time.Time) (Case, error) {
	if _, rating := cmd.(Rate); !rating && !c.Open() {
		return c, ErrClosed
	}
	switch cmd := cmd.(type) {
	case Take:
		switch {
		case c.Status == Held && c.Holder == by:
			return c, nil
		case c.Status == Held && !c.Away && !Elsewhere(c.Holder):
			return c, ErrTaken
		}
		c.Status, c.Before, c.Holder, c.Away = Held, c.Holder, by, false
		if c.Taken.IsZero() {
			c.Taken = at
		}
	case Release:
		if c.Status != Held || (c.Holder != by && by != Program && !Elsewhere(c.Holder)) {
			return c, ErrNotHeld
		}
		c.Status, c.Before, c.Holder, c.Away = Waiting, c.Holder, "", false
	case Pass:
		if cmd.To == "" || cmd.To == Program {
			return c, fmt.Errorf("%w: nobody to pass to", ErrCommand)
		}
		if c.Status != Held || c.Holder != by {
			return c, ErrNotHeld
		}
		c.Before, c.Holder, c.Away = c.Holder, cmd.To, false
	case Say:
		if c.Status != Held || c.Holder != by {
			return c, ErrNotHeld
		}
		c = c.spoke(at)
	case Wrote:
		if !Elsewhere(by) {
			return c, fmt.Errorf("%w: %q is no place to write from", ErrCommand, by)
		}
		if c.Status == Waiting {
			c.Status, c.Before, c.Holder = Held, c.Holder, by
			if c.Taken.IsZero() {
				c.Taken = at
			}
		}
		c = c.spoke(at)
	case Close:
		if cmd.Outcome == "" {
			return c, fmt.Errorf("%w: no outcome", ErrCommand)
		}
		if !cmd.Told.valid() {
			return c, fmt.Errorf("%w: a gender, an age group or a stage that there is not", ErrCommand)
		}
		if c.Status == Held && c.Holder != by && by != Program && !Elsewhere(c.Holder) {
			return c, ErrNotHeld
		}
		c.Status, c.Before, c.Holder, c.Away = Closed, c.Holder, "", false
		c.Closed, c.ClosedBy, c.Outcome, c.Topic, c.Told = at, by, cmd.Outcome, cmd.Topic, cmd.Told
	case Raise:
		seen := false
		for _, s := range c.Signals {
			seen = seen || s == cmd.Signal
		}
		if !seen {
			c.Signals = append(append([]string(nil), c.Signals...), cmd.Signal)
		}
		c.Rank, c.Refused = min(c.Rank, cmd.Rank), false
	case MarkAway:
		if c.Status != Held {
			return c, ErrNotHeld
		}
		c.Away = true
	case Refuse:
		c.Refused = !cmd.Back
	case AskOut:
		c.WantsOut = cmd.Wants
	case Rate:
		if cmd.Stars < 1 || cmd.Stars > 5 {
			return c, fmt.Errorf("%w: a rating is 1 to 5", ErrCommand)
		}
		c.Rating = cmd.Stars
	default:
		return c, fmt.Errorf("%w: %T", ErrCommand, cmd)
	}
	return c, nil
}

// spoke gives the case after staff's words to the person.
func (c Case) spoke(at time.Time) Case {
	c.Spoke, c.Away = at, false
	if c.Answered.IsZero() {
		c.Answered = at
	}
	if c.Rank == Unheard {
		c.Rank = Normal
	}
	return c
}

// Before says whether a stands before b in the queue: by rank, then by place.
func Before(a, b Case) bool {
	if a.Rank != b.Rank {
		return a.Rank < b.Rank
	}
	if !a.Queued.Equal(b.Queued) {
		return a.Queued.Before(b.Queued)
	}
	return a.ID < b.ID
}
