// SPDX-License-Identifier: GPL-3.0-or-later

package meta

// Split is what a call's body holds.
func Split(object string, body []byte) ([]Event, int, error) { return split(object, body) }

// MaxAnswer is how much of an answer is read.
const MaxAnswer = maxAnswer
