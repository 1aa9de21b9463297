// SPDX-License-Identifier: GPL-3.0-or-later

// Package dialog decides what is said. Step is a pure function from what was
// and what happened to what is and what is to be done: it reads no clock, does
// no I/O and knows no address, name or number of anybody but of firms in a public
// register. What it says names articles of the catalogue, phrases of the program
// and such entries; it holds no words of its own. Because deciding is pure, a turn can be decided again whenever a
// commit meets a conflict, and a conversation can be replayed.
package dialog

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"sarai/content"
	"sarai/search"
)

// Format is the newest form of a stored State. Step reads every older one.
const Format = 1

// A Question is what the program asked last and has no answer to yet.
type Question string

// The questions.
const (
	NoQuestion     Question = ""
	AskLanguage    Question = "language"
	AskMenu        Question = "menu"
	AskWhich       Question = "which"   // up to three titles
	AskMore        Question = "more"    // sections under an answer
	AskOrigin      Question = "origin"  // the country a pending answer depends on
	AskWhere       Question = "where"   // the country somebody in danger is in
	AskConsent     Question = "consent" // may a counsellor read this
	AskAbout       Question = "about"   // what it is about, for the counsellor
	AskRating      Question = "rating"
	AskDelete      Question = "delete"
	AskSecondVoice Question = "voice"
	AskStep        Question = "step" // of a checklist
	AskFirm        Question = "firm" // the name or licence number of a recruiter, for the article that is pending
)

// An Option is a choice that was offered. Label is filled in by whoever
// rendered it, so that a label typed by hand is understood.
type Option struct {
	Key   string `json:"k"`
	Label string `json:"l,omitempty"`
}

// A State is all that a talk remembers between two events. The zero State is a
// talk in which nothing was said. It holds no address, name or word of anybody.
type State struct {
	Format int              `json:"format"`
	Locale content.Locale   `json:"locale,omitempty"` // of the talk; "" not known yet
	Also   []content.Locale `json:"also,omitempty"`   // others the person has used
	Guess  bool             `json:"guess,omitempty"`  // Locale is a guess: the first sure message settles it
	Drift  content.Locale   `json:"drift,omitempty"`  // surely another language, once so far
	Met    bool             `json:"met,omitempty"`    // the program has introduced itself

	Cyrillic bool `json:"cyrillic,omitempty"` // they write Uzbek in Cyrillic letters, and read it so

	Origin      content.Country `json:"origin,omitempty"`
	OriginAsked bool            `json:"origin_asked,omitempty"` // asked once, never again
	Where       content.Country `json:"where,omitempty"`        // where somebody in danger said they are

	Asked   Question          `json:"asked,omitempty"`
	Options []Option          `json:"options,omitempty"` // offered last, in their order
	Pending content.ArticleID `json:"pending,omitempty"` // the answer that waits for AskOrigin, or belongs to AskFirm
	Topic   content.TopicID   `json:"topic,omitempty"`   // shown last, for "back"

	// Lists are the checklists that were begun: how far each step has come, by the
	// id of its section. They are shown only when somebody asks for them.
	Lists map[content.ArticleID]map[string]Tick `json:"lists,omitempty"`

	Unsure  int `json:"unsure,omitempty"`  // not understood, in a row
	Answers int `json:"answers,omitempty"` // given since it was asked whether one helped

	Quiet   bool `json:"quiet,omitempty"`   // nothing is sent that does not answer a message just received
	Stopped bool `json:"stopped,omitempty"` // nothing is sent that was not asked for
	Closed  bool `json:"closed,omitempty"`  // told that what they send cannot be opened

	Sent       time.Time `json:"sent,omitzero"`        // when they last sent a picture or another file
	VoiceAsked time.Time `json:"voice_asked,omitzero"` // when they were asked for a second voice note

	Heard    time.Time          `json:"heard,omitzero"`      // when the person last acted
	Waits    time.Time          `json:"waits,omitzero"`      // the first message that the holder of the case has not answered
	ToldAway bool               `json:"told_away,omitempty"` // told that the holder is away, once per silence
	Reminded int                `json:"reminded,omitempty"`  // how often told that the case still waits
	Rang     time.Time          `json:"rang,omitzero"`       // when they last rang and were told when somebody will ring back
	Kept     bool               `json:"kept,omitempty"`      // told that what they send is kept for the counsellor
	Signals  []content.SignalID `json:"signals,omitempty"`   // whose article was said in this case
	Line     string             `json:"line,omitempty"`      // the kind of help line that the last danger asks for
	Erase    time.Time          `json:"erase,omitzero"`      // when everything will be erased; zero: not asked for
}

// ErrNewer means that a state was stored by a newer version of the program.
var ErrNewer = errors.New("dialog: the state is from a newer version of Sarai")

// errState says no more: what the decoder says can quote the state, and errors
// are logged.
var errState = errors.New("dialog: the state cannot be read")

// Decode reads a stored state; nothing at all is the zero State.
func Decode(b []byte) (State, error) {
	var s State
	if len(b) == 0 {
		return s, nil
	}
	if json.Unmarshal(b, &s) != nil {
		return s, errState
	}
	if s.Format > Format {
		return s, ErrNewer
	}
	return s, nil
}

// Encode gives the form in which a state is stored.
func (s State) Encode() []byte {
	s.Format = Format
	b, err := json.Marshal(s)
	if err != nil { // unreachable: every field marshals
		panic(err)
	}
	return b
}

// A Standing says where the person's case stands, as dialog needs it.
type Standing string

// Where a case can stand.
const (
	NoCase  Standing = ""
	Waiting Standing = "waiting"
	Held    Standing = "held"
)

// Ranks of a case, as the queue orders them; see package desk.
const (
	RankUrgent = iota
	RankUnheard
	RankSameDay
	RankNormal
	ranks
)

// A Desk is what the staff's side looks like at the moment of an event.
type Desk struct {
	Standing Standing
	Rank     int
	Away     bool // the case is marked: its holder is silent, the program answers
	Gone     bool // the holder is signed out or off duty
	// Elsewhere says that the case is held by whoever answered in the platform's
	// own place, past the desk: nobody knows when they are there.
	Elsewhere bool
	Refused   bool       // the person does not want the case that a signal opened
	Spoke     time.Time  // staff's last words on this case
	Place     int        // place of a waiting case in the queue, from 1
	Ahead     [ranks]int // waiting cases by rank
	Hours     bool       // the centre's hours are known
	Open      bool       // open now; meaningless without Hours
	Opens     time.Time  // next opening, zero where not known
	Centre    content.CentreID
	Patience  time.Duration // how long a holder may be silent within hours; 0 is 30 minutes
}

func (d Desk) patience() time.Duration {
	if d.Elsewhere {
		return ElsewhereWait
	}
	if d.Patience > 0 {
		return d.Patience
	}
	return 30 * time.Minute
}

// place is the place that a case of a rank would have if it were opened now.
func (d Desk) place(rank int) int {
	n := 1
	for r := 0; r <= rank && r < ranks; r++ {
		n += d.Ahead[r]
	}
	return n
}

// A Form says in what form somebody said something.
type Form string

// The forms. Sent is a picture, document, place or contact: a human can look
// at it. Unreadable is what nobody can open.
const (
	Words      Form = "words"
	Pressed    Form = "pressed"
	Opened     Form = "opened" // the talk was opened without words
	Voice      Form = "voice"
	Sent       Form = "sent"
	Unreadable Form = "unreadable"
	Rung       Form = "rung"  // they rang, and nobody could answer
	Aside      Form = "aside" // an edit, a reaction, a deletion: nothing to answer
)

// Clearing says how much of a talk a channel can take off the person's screen.
type Clearing string

// How much can be cleared.
const (
	ClearsAll    Clearing = "all"
	ClearsOurs   Clearing = "ours"   // placeholders and the person's own words remain
	ClearsRecent Clearing = "recent" // what is older than the platform allows remains
	ClearsNone   Clearing = ""
)

// An Event is something that happened. The set is closed: see the types below.
type Event interface{ event() time.Time }

type (
	// Heard is what a person said. Text is only looked at, never kept.
	Heard struct {
		At      time.Time
		Form    Form
		Text    string
		Key     string         // of the option pressed
		Hint    content.Locale // the platform's hint at the language
		Reading search.Reading
		// Together says that this may be several messages read as one, and that
		// they may be older than what was offered last: no number chooses from it.
		Together bool
		Late     bool // with Together: some are older than half an hour, after an outage
		Desk     Desk
		// Registers are those that are there, with what of them the message could
		// mean. They are only looked at, never kept.
		Registers []Register
		Clears    Clearing
		TooLarge  bool // a file is larger than is kept: staff will not have it
	}
	// Took says that staff hold the case now.
	Took struct {
		At   time.Time
		Desk Desk
	}
	// Spoke says that staff wrote to the person; Elsewhere, that they did so past
	// the desk.
	Spoke struct {
		At        time.Time
		Elsewhere bool
		Desk      Desk
	}
	// Commented is what somebody said in public, under a post of the centre. Asks
	// says that it is a question for the centre, by the look of it; Under, that it
	// answers another comment.
	Commented struct {
		At      time.Time
		Text    string
		Hint    content.Locale
		Reading search.Reading
		Under   bool
		Tags    bool // it only names other people
		Desk    Desk
	}
	// Returned says that the case was put back into the queue by staff.
	Returned struct {
		At   time.Time
		Desk Desk
	}
	// Ended says that the case was closed by staff.
	Ended struct {
		At   time.Time
		Desk Desk
	}
	// Rang says that a timer that Step had set is due.
	Rang struct {
		At   time.Time
		Name string
		Desk Desk
	}
	// Uncleared says that what was to be taken off the screen did not all go, though
	// the person was to be told so. Those words are not sent.
	Uncleared struct {
		At   time.Time
		Desk Desk
	}
	// Broke says that an event could not be decided or understood and was kept
	// for a human.
	Broke struct {
		At   time.Time
		Hint content.Locale
		Desk Desk
	}
)

func (e Heard) event() time.Time     { return e.At }
func (e Took) event() time.Time      { return e.At }
func (e Spoke) event() time.Time     { return e.At }
func (e Returned) event() time.Time  { return e.At }
func (e Commented) event() time.Time { return e.At }
func (e Ended) event() time.Time     { return e.At }
func (e Rang) event() time.Time      { return e.At }
func (e Broke) event() time.Time     { return e.At }
func (e Uncleared) event() time.Time { return e.At }

// A Piece says which blocks of an article a Part shows.
type Piece string

// The pieces. The last block of a danger article's short answer teaches how to
// hide the talk; it is said at the very end of a bubble.
const (
	Whole Piece = ""
	Body  Piece = "body" // all but the last block
	Tail  Piece = "tail" // the last block
	Head  Piece = "head" // the title alone, of the article or of a section
)

// Args are what a phrase can be given.
type Args struct {
	Count   int             // a place in the queue, a number of messages, a step
	Of      int             // of so many steps
	At      time.Time       // a moment, said in the centre's zone
	Day     time.Time       // a day, said as it is
	Country content.Country // said by its name in the reader's language
	Locale  content.Locale  // said by its own name
}

// A Part is a piece of one bubble. Exactly one of Phrase, Article, Lines, Confirmed,
// Reach, Firm and List is set.
type Part struct {
	Phrase    string            // id of one of the program's phrases
	Args      Args              // for Phrase
	Article   content.ArticleID // its short answer, or Section of it
	Section   string
	Piece     Piece
	Listed    bool             // with Head of a section: as a line of a checklist, with its Tick
	Tick      Tick             // how far the step has come
	Source    bool             // with the article: its notices, sources and the day they were checked
	Lines     content.Country  // the help lines of a country
	Kind      string           // with Lines: the kind that is wanted most; that none is known is said
	Confirmed content.CentreID // what the centre has confirmed on who can read a case
	Reach     content.CentreID // the telephone numbers of the centre, if it has any
	Firm      *Firm            // what the register says of a firm; Head: only what it warns of
	Past      bool             // with Firm: the last day of the licence is over
	List      *List            // where it is from, and of which day
}

// An Effect is something to be done. The set is closed: see the types below.
type Effect interface{ effect() }

type (
	// Say is one bubble in the language of the talk.
	Say struct {
		Parts   []Part
		Options []Option
		Danger  bool // an answer to a signal: it is sent before everything else
	}
	// OpenCase opens a case.
	OpenCase struct {
		Reason  string // desk.Reason
		Rank    int
		Signals []content.SignalID
	}
	// RaiseCase adds a signal to the open case.
	RaiseCase struct {
		Signal content.SignalID
		Rank   int
	}
	// Alert tells staff that somebody is in danger.
	Alert struct{ Signal content.SignalID }
	// MarkAway says that the holder of the case is silent.
	MarkAway struct{}
	// Requeue puts a held case back at its old place.
	Requeue struct{}
	// Refuse records that the person does not want the case, or, Back, does after all.
	Refuse struct{ Back bool }
	// WantsOut records that the person asked to delete everything, or not any more.
	WantsOut struct{ Wants bool }
	// Rate records what the person thought of the talk with staff, 1 to 5.
	Rate struct{ Stars int }
	// Helped counts whether an answer helped.
	Helped struct {
		Article content.ArticleID
		Yes     bool
	}
	// Timer rings at a time; one of the same name set before is forgotten.
	Timer struct {
		Name string
		At   time.Time
	}
	// Clear takes the talk off the person's screen. Told is what the words that
	// follow say of how much goes; "" where they say nothing of it.
	Clear struct{ Told Clearing }
	// EraseAll erases everything that is kept of the talk.
	EraseAll struct{}
	// Publish puts one short line under the comment, after what was said before it
	// in private was taken.
	Publish struct{ Phrase string }
	// Look says how much a comment needs of staff.
	Look struct{ Need Need }
)

func (Say) effect()       {}
func (OpenCase) effect()  {}
func (RaiseCase) effect() {}
func (Alert) effect()     {}
func (MarkAway) effect()  {}
func (Requeue) effect()   {}
func (Refuse) effect()    {}
func (WantsOut) effect()  {}
func (Rate) effect()      {}
func (Helped) effect()    {}
func (Timer) effect()     {}
func (Clear) effect()     {}
func (EraseAll) effect()  {}
func (Publish) effect()   {}
func (Look) effect()      {}

// A Need says what a comment needs of staff.
type Need string

// What a comment can need.
const (
	NeedNothing Need = "nothing" // nobody asked anything
	NeedLook    Need = "look"    // somebody should read it: the program did not know, or did not answer
	NeedNone    Need = "none"    // it was answered
)

// Names of timers. A signal's timer is TimerSignal followed by its id.
const (
	TimerHolder = "holder"  // has the holder answered
	TimerShift  = "shift"   // the centre opens: an unanswered case goes back to the queue
	TimerQueue  = "queue"   // is the case still waiting
	TimerErase  = "erase"   // the day of grace is over
	TimerInbox  = "inbox"   // was there an answer elsewhere within a day
	TimerSignal = "signal:" // has staff answered the signal
)

func (s State) said(id content.SignalID) bool { return slices.Contains(s.Signals, id) }

// offered finds the key of an offered option by what was typed: its number in
// the digits of any script, a number word, or its label.
func (s State) offered(text string) (string, bool) {
	t := fold(text)
	if t == "" {
		return "", false
	}
	if n, ok := number(t); ok {
		if n >= 1 && n <= len(s.Options) {
			return s.Options[n-1].Key, true
		}
		return "", false
	}
	for _, o := range s.Options {
		if o.Label != "" && fold(o.Label) == t {
			return o.Key, true
		}
	}
	return "", false
}

// split cuts a key "a:protector-pk" into its kind and its rest.
func split(key string) (kind, rest string) {
	kind, rest, _ = strings.Cut(key, ":")
	return kind, rest
}
