// SPDX-License-Identifier: GPL-3.0-or-later

package desk

import "slices"

// Told is what the person told about themselves in the course of a case, as far
// as who closes it noted it. Nobody is asked for it, and nothing is guessed from
// a name, a voice or a picture: the zero value of each field is "not asked".
type Told struct {
	Gender  Gender `json:"gender,omitempty"`
	Age     Age    `json:"age,omitempty"`
	Stage   Stage  `json:"stage,omitempty"`
	Partner string `json:"partner,omitempty"` // whom they were referred to: a partner of the catalogue
}

// A Gender is what somebody called themselves; "" is not asked.
type Gender string

// The genders that a desk offers.
const (
	Woman       Gender = "woman"
	Man         Gender = "man"
	OtherGender Gender = "other"
)

// Genders gives all of them in the order in which a desk offers them.
func Genders() []Gender { return []Gender{Woman, Man, OtherGender} }

// An Age is a group of ages in years, both ends included; "" is not asked.
type Age string

// The groups of ages.
const (
	Under18 Age = "0-17"
	Age18   Age = "18-24"
	Age25   Age = "25-34"
	Age35   Age = "35-49"
	Age50   Age = "50+"
)

// Ages gives all of them, the youngest first.
func Ages() []Age { return []Age{Under18, Age18, Age25, Age35, Age50} }

// A Stage says where somebody stands on the way; "" is not known.
type Stage string

// The stages.
const (
	Deciding Stage = "deciding" // has not decided yet
	Leaving  Stage = "leaving"  // has decided, and prepares or is on the way
	Abroad   Stage = "abroad"
	Returned Stage = "returned"
)

// Stages gives all of them in their order.
func Stages() []Stage { return []Stage{Deciding, Leaving, Abroad, Returned} }

// valid says whether each field is not asked or one of those that there are. A
// partner is the catalogue's: whoever closes the case looks it up.
func (t Told) valid() bool {
	return (t.Gender == "" || slices.Contains(Genders(), t.Gender)) &&
		(t.Age == "" || slices.Contains(Ages(), t.Age)) &&
		(t.Stage == "" || slices.Contains(Stages(), t.Stage))
}
