// SPDX-License-Identifier: GPL-3.0-or-later

package meta

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sarai/channels"
)

// An Error is why Meta did not do what it was asked: a SendError, and the numbers
// by which an adapter can tell more. Meta's own words are not in it, since they
// can quote the message.
type Error struct {
	channels.SendError
	Status  int    // of HTTP; 0 where there was no answer
	Code    int    // Meta's; 0 where it gave none
	Subcode int    // Meta's
	Trace   string // fbtrace_id, by which Meta's support finds the request
}

// Unwrap gives the SendError.
func (e *Error) Unwrap() error { return &e.SendError }

// Problem makes of an error of this package the *channels.SendError that a
// channel fails with, and nil of nil.
func Problem(err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return &e.SendError
	}
	var s *channels.SendError
	if errors.As(err, &s) {
		return s
	}
	return &channels.SendError{Problem: channels.Unavailable, Cause: "it could not be asked"}
}

// Is says whether err is Meta's answer with that code and one of the subcodes;
// without subcodes, with any.
func Is(err error, code int, subcodes ...int) bool {
	var e *Error
	if !errors.As(err, &e) || e.Code != code {
		return false
	}
	for _, s := range subcodes {
		if e.Subcode == s {
			return true
		}
	}
	return len(subcodes) == 0
}

func refused(p channels.SendProblem, cause string) *Error {
	return &Error{SendError: channels.SendError{Problem: p, Cause: cause}}
}

var traceForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// number is a number that may stand as a string, 0 for anything else.
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	var id ID
	_ = id.UnmarshalJSON(b) // it never fails
	v, _ := strconv.Atoi(string(id))
	*n = number(v)
	return nil
}

// read says what is wrong with an answer, nil if nothing is. asking: nothing was
// to be changed, so nothing can be half done.
func read(resp *http.Response, body []byte, asking bool) *Error {
	var answer struct {
		Error *struct {
			Message   string `json:"message"`
			Code      number `json:"code"`
			Subcode   number `json:"error_subcode"`
			Transient bool   `json:"is_transient"`
			Trace     string `json:"fbtrace_id"`
		} `json:"error"`
	}
	err := json.Unmarshal(body, &answer)
	if answer.Error == nil {
		return bare(resp, err == nil, asking)
	}
	e := &Error{Status: resp.StatusCode, Code: int(answer.Error.Code), Subcode: int(answer.Error.Subcode)}
	if traceForm.MatchString(answer.Error.Trace) {
		e.Trace = answer.Error.Trace
	}
	var what string
	e.Problem, what = judge(e.Status, e.Code, e.Subcode, answer.Error.Transient)
	if strings.Contains(answer.Error.Message, "appsecret_proof") { // it has no number of its own (observed)
		e.Problem, what = channels.Misset, "app_secret is not that of the token's app"
	}
	e.Cause = fmt.Sprintf("%s (Meta's error %d", what, e.Code)
	if e.Subcode != 0 {
		e.Cause += fmt.Sprintf("/%d", e.Subcode)
	}
	if e.Trace != "" {
		e.Cause += ", fbtrace_id " + e.Trace
	}
	e.Cause += ")"
	if e.Problem == channels.Throttled {
		e.After = pause(resp.Header)
	}
	return e
}

// bare judges an answer that is not in Meta's form by its status.
func bare(resp *http.Response, isJSON, asking bool) *Error {
	var e *Error
	switch s := resp.StatusCode; {
	case s < 300:
		return nil
	case s == http.StatusTooManyRequests:
		e = refused(channels.Throttled, "Meta asks for a pause")
		e.After = pause(resp.Header)
	case s == http.StatusUnauthorized:
		e = refused(channels.Misset, "Meta does not know the token: make a new one and put it into the configuration")
	case s == http.StatusRequestEntityTooLarge:
		e = refused(channels.Rejected, "it is larger than Meta takes")
	case s >= 500 && !asking && !isJSON:
		// Something before Meta gave up waiting: what is behind it may have gone on.
		e = refused(channels.NoAnswer, "something before Meta answered with an error of its own")
	default:
		e = refused(channels.Unavailable, "Meta, or something before it, answered with an error of its own")
	}
	e.Status = resp.StatusCode
	return e
}

// judge says what is to be done about an error. The numbers are Meta's
// (developers.facebook.com/docs/graph-api/guides/error-handling and
// docs/messenger-platform/error-codes, read 2026-11); throttling was observed
// under 400, 403 and 429, so the code counts before the status.
func judge(status, code, subcode int, transient bool) (channels.SendProblem, string) {
	switch {
	case code == 4, code == 17, code == 32, code == 613, code >= 80001 && code <= 80014:
		return channels.Throttled, "Meta asks for a pause"
	case subcode == 1545041, code == 10 && subcode == 2018108, code == 551:
		return channels.Blocked, "the person cannot be reached: they blocked the Page or closed the account"
	case code == 10 && subcode == 2018065:
		return channels.Expired, "Meta's window for an answer is closed, and the feature Human Agent is not granted"
	case code == 10 && (subcode == 2018278 || subcode == 2534022):
		return channels.Expired, "Meta's window for an answer is closed"
	case code == 190, code == 102, code == 104:
		return channels.Misset, "Meta does not take the token any more: make a new one and put it into the configuration"
	case code == 368:
		return channels.Misset, "Meta has restricted the account: look into its Support Inbox"
	case code == 10904:
		return channels.Misset, "the Page has messages switched off"
	case code == 10900:
		return channels.Rejected, "it was replied to already"
	case code == 10903:
		return channels.Rejected, "it cannot be replied to"
	case code == 10 && subcode == 2018300:
		return channels.Rejected, "another program has the talk at present: take it back in the Page's inbox"
	case code == 3, code == 10, code >= 200 && code <= 299:
		return channels.Misset, "a permission is missing: look at the app's permissions and at its review"
	case code == 100 && subcode == 2018001:
		return channels.Blocked, "Meta knows no such person"
	case code == 100 && subcode == 2018047:
		return channels.Rejected, "Meta does not take the file as what it is sent as"
	case code == 100 && subcode == 33:
		return channels.Rejected, "it is not there any more, or a permission for it is missing"
	case code == 1, code == 2, code == 1200, transient:
		return channels.Unavailable, "Meta has a fault that passes"
	case status == http.StatusTooManyRequests:
		return channels.Throttled, "Meta asks for a pause"
	case code == 0 && status == http.StatusUnauthorized:
		return channels.Misset, "Meta does not take the token: make a new one and put it into the configuration"
	case status >= 500:
		return channels.Unavailable, "Meta has a fault that passes"
	}
	return channels.Rejected, "Meta refused it"
}

const (
	// aPause is how long is waited where Meta does not say, and longestPause the
	// most: an hour is the span over which Meta counts.
	aPause       = time.Minute
	longestPause = time.Hour
)

// pause reads how long Meta asks to wait: in seconds in Retry-After, in minutes in
// X-Business-Use-Case-Usage (developers.facebook.com/docs/graph-api/overview/rate-limiting,
// read 2026-11).
func pause(h http.Header) time.Duration {
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil && s > 0 {
		return min(time.Duration(min(s, 1e6))*time.Second, longestPause)
	}
	var usage map[string][]struct {
		Minutes int `json:"estimated_time_to_regain_access"`
	}
	longest := 0
	if json.Unmarshal([]byte(h.Get("X-Business-Use-Case-Usage")), &usage) == nil {
		for _, of := range usage {
			for _, u := range of {
				longest = max(longest, u.Minutes)
			}
		}
	}
	if longest > 0 {
		return min(time.Duration(min(longest, 1e6))*time.Minute, longestPause)
	}
	return aPause
}
