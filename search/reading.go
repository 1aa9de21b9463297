// SPDX-License-Identifier: GPL-3.0-or-later

package search

import "sarai/content"

// A Band says what may be done with a reading.
type Band string

// The bands: answer with the first match, offer up to three to choose from, or
// admit not to know.
const (
	Answer  Band = "answer"
	Choose  Band = "choose"
	Unknown Band = "unknown"
)

// A Match is an article that could answer, and how sure that is, from 0 to 1.
type Match struct {
	Article content.ArticleID `json:"article"`
	Sure    float64           `json:"sure"`
}

// A Raised is a signal found in a message and the rule that found it: the line
// as it stands in the signal's file, and the language whose table it stands in,
// which need not be that of the message.
type Raised struct {
	Signal content.SignalID
	Rule   string
	Locale content.Locale
}

// A Hint is what is known of the person who asks. The zero value is nothing.
type Hint struct {
	Locale      content.Locale   // the language of the talk
	Also        []content.Locale // further languages the person has used
	Origin      content.Country
	Destination content.Country
	// Word says that the message is one of the few words that are understood as they
	// stand: only its language and its signals are read.
	Word bool
}

// A Reading is what search finds in one message. Matches are best first, at
// most ten, in every band.
type Reading struct {
	Locale  content.Locale // language of the message; "" where it has no letters
	Sure    bool           // the message is surely in that language
	Band    Band
	Matches []Match
	Signals []Raised
}
