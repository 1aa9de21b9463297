// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"regexp"
	"strings"

	"sarai/channels"
	"sarai/channels/meta"
)

// The two ways in which WhatsApp calls a person, as an Address.ID begins.
const (
	byUser  = "user:"  // business-scoped user id, as "user:DE.1349…"
	byPhone = "phone:" // number with the country's code, as "phone:491500000000"
)

// nobody is the address of what names no person.
const nobody = "nobody"

var (
	// userForm is a business-scoped user id: a country, where a business has
	// several portfolios ENT, and up to 128 letters and digits
	// (developers.facebook.com, business-scoped user ids, read 2026-08).
	userForm = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`)
	// phoneForm is a number as WhatsApp writes it in events, without a plus. E.164
	// has at most 15 digits; ids of accounts that are no numbers have a few more.
	phoneForm = regexp.MustCompile(`^[0-9]{1,20}$`)
)

// A person is whoever an event is about, by all that it says of who they are.
type person struct {
	user   string // business-scoped user id, "" where not known
	parent string // the same over several portfolios, mostly ""
	phone  string // digits, "" where not known
}

// personOf sorts ids by what they look like, whatever field they stood in: a
// user id was observed where a phone number is due.
func personOf(ids ...meta.ID) person {
	var p person
	for _, id := range ids {
		s := strings.TrimPrefix(strings.TrimSpace(string(id)), "+")
		switch {
		case userForm.MatchString(s) && strings.Contains(s, ".ENT."):
			p.parent = first(p.parent, s)
		case userForm.MatchString(s):
			p.user = first(p.user, s)
		case phoneForm.MatchString(s):
			p.phone = first(p.phone, s)
		}
	}
	return p
}

func first(known, further string) string {
	if known != "" {
		return known
	}
	return further
}

// with adds what q knows and p does not.
func (p person) with(q person) person {
	return person{user: first(p.user, q.user), parent: first(p.parent, q.parent), phone: first(p.phone, q.phone)}
}

// meets says whether p and q have an id in common and none in which they differ.
func (p person) meets(q person) bool {
	same := false
	for _, x := range [][2]string{{p.user, q.user}, {p.phone, q.phone}} {
		switch {
		case x[0] == "" || x[1] == "":
		case x[0] != x[1]:
			return false
		default:
			same = true
		}
	}
	return same
}

func (p person) known() bool { return p != person{} }

// addresses are all under which the person is reached, the best first: a user id
// stays when a username hides the number.
func (p person) addresses() []channels.Address {
	var all []channels.Address
	for _, id := range []string{p.user, p.parent} {
		if id != "" {
			all = append(all, address(byUser+id))
		}
	}
	if p.phone != "" {
		all = append(all, address(byPhone+p.phone))
	}
	return all
}

// address is the person's best address, nobody's where there is none.
func (p person) address() channels.Address {
	if all := p.addresses(); len(all) > 0 {
		return all[0]
	}
	return address(nobody)
}

func (p person) aliases() []channels.Address {
	if all := p.addresses(); len(all) > 1 {
		return all[1:]
	}
	return nil
}

func address(id string) channels.Address {
	return channels.Address{Channel: ChannelName, ID: id}
}

// recipient is a person as a request names them: exactly one field is set.
type recipient struct {
	To   string `json:"to,omitempty"`        // phone number
	User string `json:"recipient,omitempty"` // business-scoped user id
}

// recipientOf gives whom an address means, or says that it means nobody.
func recipientOf(a channels.Address) (recipient, *channels.SendError) {
	if user, ok := strings.CutPrefix(a.ID, byUser); ok && a.Channel == ChannelName && userForm.MatchString(user) {
		return recipient{User: user}, nil
	}
	if phone, ok := strings.CutPrefix(a.ID, byPhone); ok && a.Channel == ChannelName && phoneForm.MatchString(phone) {
		return recipient{To: phone}, nil
	}
	return recipient{}, &channels.SendError{Problem: channels.Rejected, Cause: "the address is not a person's on WhatsApp"}
}
