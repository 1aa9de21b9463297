// SPDX-License-Identifier: GPL-3.0-or-later

package meta

import "net/http"

// Split is what a call's body holds.
func Split(object string, body []byte) ([]Event, int, error) { return split(object, body) }

// MaxAnswer is how much of an answer is read.
const MaxAnswer = maxAnswer

// ReadAnswer says what is wrong with an answer to a request that changes something.
func ReadAnswer(resp *http.Response, body []byte) *Error { return read(resp, body, false) }
