// SPDX-License-Identifier: GPL-3.0-or-later

// Package meta is what the adapters of Meta's platforms share: the webhook by
// which Meta calls, the client that calls Meta's Graph API, and the forms in which
// Meta writes numbers and times.
//
// Whatever Meta may send one day passes: an event that nobody understands is
// kept or counted, never in the way of the others of its batch. No error, answer
// or log line of this package holds a token, a secret, an address or a word of
// anybody.
package meta

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// An ID is one of Meta's identifiers. In JSON it stands as a string or as a
// number (observed: both, for the same field); its digits are kept as they are.
// Anything else, and nothing, is "".
type ID string

// UnmarshalJSON never fails: one id in an unknown form must not spoil the event
// around it.
func (id *ID) UnmarshalJSON(b []byte) error {
	*id = ""
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil
	}
	switch c := b[0]; {
	case c == '"':
		var s string
		if json.Unmarshal(b, &s) == nil {
			*id = ID(s)
		}
	case c == '-' || c >= '0' && c <= '9':
		*id = ID(b)
	}
	return nil
}

// A Time is a point in time as Meta writes it: seconds or milliseconds since 1970,
// as a number or as a string, or in words as "2025-11-22T00:00:19+0000". The
// zero value, and any other form, is no time.
type Time struct{ time.Time }

// milliseconds is from where a number counts milliseconds: as seconds it would be
// the year 33658. Both units were observed in fields that are documented as the other.
const milliseconds = 1_000_000_000_000

// UnmarshalJSON never fails, as ID's.
func (t *Time) UnmarshalJSON(b []byte) error {
	*t = Time{}
	s := strings.Trim(string(bytes.TrimSpace(b)), `"`)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		*t = Time{At(n)}
		return nil
	}
	for _, form := range []string{"2006-01-02T15:04:05-0700", time.RFC3339} {
		if at, err := time.Parse(form, s); err == nil {
			*t = Time{at.UTC()}
			return nil
		}
	}
	return nil
}

// At is the time of a number of Meta's, in seconds or milliseconds since 1970.
// What is not after 1970 is no time.
func At(n int64) time.Time {
	switch {
	case n <= 0:
		return time.Time{}
	case n >= milliseconds:
		return time.UnixMilli(n).UTC()
	}
	return time.Unix(n, 0).UTC()
}
