// SPDX-License-Identifier: GPL-3.0-or-later

package store

import "context"

// A Count adds to an anonymous counter. Counters outlive the talks that they
// count: nothing in one says who somebody is or what was said, and no thread,
// case or address follows from it.
type Count struct {
	Day  Day
	Name CountName
	Cell Cell
	N    uint64 // what is added; zero adds nothing
	// Once has the person behind the turn counted once in the calendar month of
	// Day, whichever of the thread's addresses they write from and even if the
	// talk was erased meanwhile: a further such count of theirs adds nothing. Where
	// the month is over when the turn is committed it adds nothing either. A turn
	// has at most one such count.
	Once bool
}

// A Day is a day as "2026-11-24", by the clock on the centre's wall.
type Day string

// Month is the calendar month of a day, as "2026-11".
func (d Day) Month() string { return string(d[:min(len(d), 7)]) }

// A CountName says what is counted. The names are few and fixed, and so are the
// dimensions of each: see Counted.
type CountName string

// What is counted.
const (
	CountMessages  CountName = "messages"      // what people sent
	CountPeople    CountName = "people"        // people who sent something, each once a month
	CountReplies   CountName = "replies"       // what they were told, by the program or a human
	CountQuestions CountName = "questions"     // what was asked in words and looked up, by how sure the answer was
	CountAnswers   CountName = "answers"       // articles and sections that were sent
	CountHelped    CountName = "helped"        // answers to "did this help?"
	CountSignals   CountName = "signals"       // danger signals of which staff were told
	CountCases     CountName = "cases"         // cases that were opened
	CountFirst     CountName = "first-answers" // first words of a human in a case, by how long it had waited
	CountClosed    CountName = "closed"        // cases that were closed
	CountReferrals CountName = "referrals"     // partners that people were referred to
	CountRatings   CountName = "ratings"       // what people thought of the talk with a human
	CountBilled    CountName = "billed"        // messages for which the platform asks money
)

// A Dimension is a way in which what is counted is told apart. Its values come
// from closed lists: of the catalogue, of the desk, or of this package. The one
// exception is a campaign's code, which is of whoever made the link: codes are
// at most MaxValue long, and a store keeps MaxCampaigns of them a day.
type Dimension string

// The dimensions. Where a value is not known or was not asked, a cell leaves its
// dimension out.
const (
	ByCentre      Dimension = "centre"
	ByChannel     Dimension = "channel"
	ByLocale      Dimension = "locale"      // of the talk
	ByScript      Dimension = "script"      // the letters of a message: "native", "latin"
	ByForm        Dimension = "form"        // "words", "voice", "file", "choice", "other"
	ByOrigin      Dimension = "origin"      // country
	ByDestination Dimension = "destination" // country
	ByStage       Dimension = "stage"       // "deciding", "leaving", "abroad", "returned"
	ByGender      Dimension = "gender"      // as told
	ByAge         Dimension = "age"         // as told
	ByTopic       Dimension = "topic"
	ByArticle     Dimension = "article"
	BySection     Dimension = "section"
	ByBand        Dimension = "band"   // "answer", "choose", "unknown"
	ByWhom        Dimension = "by"     // "program", "human"
	ByHelp        Dimension = "helped" // "yes", "no"
	BySignal      Dimension = "signal"
	ByReason      Dimension = "reason" // why a case was opened
	ByWait        Dimension = "wait"   // "5m", "30m", "2h", "8h", "24h": at most so long; "longer"
	ByOutcome     Dimension = "outcome"
	ByPartner     Dimension = "referral"
	ByCampaign    Dimension = "campaign"
	ByRating      Dimension = "rating" // "1" to "5"
	ByVisit       Dimension = "visit"  // "new", "returning"
	ByPrice       Dimension = "price"  // "service", "utility", "marketing", "authentication", "other"
)

// Counted gives what is counted, each with its dimensions, in the order in which
// a report shows them. The caller owns it.
func Counted() []Counting {
	where := []Dimension{ByCentre, ByChannel, ByLocale, ByOrigin}
	with := func(ds ...Dimension) []Dimension { return append(where[:len(where):len(where)], ds...) }
	return []Counting{
		{CountPeople, with(ByVisit, ByCampaign)},
		{CountMessages, with(ByScript, ByForm)},
		{CountReplies, with(ByWhom)},
		{CountQuestions, with(ByScript, ByBand)},
		{CountAnswers, with(ByDestination, ByStage, ByTopic, ByArticle, BySection)},
		{CountHelped, []Dimension{ByCentre, ByLocale, ByTopic, ByArticle, ByHelp}},
		{CountSignals, with(BySignal)},
		{CountCases, with(ByReason)},
		{CountFirst, []Dimension{ByCentre, ByChannel, ByLocale, ByWait}},
		{CountClosed, with(ByDestination, ByStage, ByGender, ByAge, ByTopic, ByOutcome)},
		{CountReferrals, []Dimension{ByCentre, ByOrigin, ByGender, ByTopic, ByPartner}},
		{CountRatings, []Dimension{ByCentre, ByChannel, ByLocale, ByRating}},
		{CountBilled, []Dimension{ByCentre, ByChannel, ByPrice}},
	}
}

// A Counting is one thing that is counted and how it can be told apart.
type Counting struct {
	Name CountName
	By   []Dimension
}

// A Cell is what is told apart within one counter: a value for each dimension
// that is known.
type Cell map[Dimension]string

// Bounds of what is counted, so that counters cannot fill a disk.
const (
	// MaxValue is how long a value may be, in bytes. A longer one counts as Other.
	MaxValue = 64
	// MaxCampaigns is how many codes of campaigns a day keeps. Further ones count
	// as Other.
	MaxCampaigns = 200
	// MaxCells is how many cells a day keeps. Whatever is counted in further ones
	// is counted by its centre alone.
	MaxCells = 10_000
)

// Other is the value of what is counted together with others, because there
// would be too many to keep apart.
const Other = "other"

// A Tally is a counter as it stands.
type Tally struct {
	Day  Day
	Name CountName
	Cell Cell
	N    uint64
}

// Counters reads what was counted. It is safe for concurrent use.
type Counters interface {
	// Tallies gives the counters of the days from from to to, both included, by
	// day. Within a day the order says nothing.
	Tallies(ctx context.Context, from, to Day) ([]Tally, error)
	// RoundingKey is a secret of the installation that never changes and of which
	// nothing else is made: reports draw from it which way a number is rounded.
	RoundingKey() []byte
}
