// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"slices"
	"strings"
	"time"

	"sarai/content"
	"sarai/search"
)

// RegisterAge is the age from which a list is said to be old: much of it can
// have changed.
const RegisterAge = 180 * 24 * time.Hour

// question is how surely a message of several words must be read as a question to
// be no name: "Saudi Job Recruiting Agency" is read as one on fees, at 0.6.
const question = 0.8

// A LicenceStatus is what a register says of a licence.
type LicenceStatus string

// The statuses.
const (
	LicenceActive      LicenceStatus = "active"
	LicenceSuspended   LicenceStatus = "suspended"
	LicenceCancelled   LicenceStatus = "cancelled"
	LicenceBlacklisted LicenceStatus = "blacklisted"
)

// A List is one list of licensed recruiters, as an office had it on a day.
type List struct {
	Name string
	URL  string
	AsOf time.Time
}

// A Firm is an entry of a register that a message could mean. All of it is
// public data of the register, and is said as such.
type Firm struct {
	Name    string
	Licence string
	Status  LicenceStatus
	Until   time.Time // the last valid day; zero: the register does not say
	City    string
	Phone   string
	List    List
	Sure    bool // this one is surely meant, alone or with others
	Number  bool // the message holds its licence number, with what belongs to it
}

// A Register is a country's register of recruiters, as far as a turn needs it:
// that it is there, and what of it the message could mean.
type Register struct {
	Country content.Country
	Lists   []List // at least one
	Firms   []Firm // up to three, the likeliest first
	More    bool   // further firms could be meant as well
	Named   bool   // the message has words that could be a name
}

// recruiters is how the articles begin that say how to check a recruiter; the
// country's code follows.
const recruiters = "recruiter-check-"

func aboutRecruiters(id content.ArticleID) bool { return strings.HasPrefix(string(id), recruiters) }

// AsksForFirm says whether a message may name a recruiter: its names are to be
// looked up in the registers. Licence numbers are looked up in any message.
func AsksForFirm(s State, r search.Reading) bool {
	if s.Asked == AskFirm {
		return true
	}
	switch r.Band {
	case search.Answer:
		return len(r.Matches) > 0 && aboutRecruiters(r.Matches[0].Article)
	case search.Choose:
		return slices.ContainsFunc(r.Matches[:min(3, len(r.Matches))], func(m search.Match) bool { return aboutRecruiters(m.Article) })
	}
	return false
}

// register gives the register of a country, if it is there.
func (t *turn) register(cc content.Country) (Register, bool) {
	for _, r := range t.registers {
		if r.Country == cc && len(r.Lists) > 0 {
			return r, true
		}
	}
	return Register{}, false
}

// registerFor gives the register that belongs to an article on checking
// recruiters.
func (t *turn) registerFor(id content.ArticleID) (Register, bool) {
	a, ok := t.c.Article(id)
	if !ok || !aboutRecruiters(id) {
		return Register{}, false
	}
	for _, cc := range a.Origin {
		if r, ok := t.register(cc); ok {
			return r, true
		}
	}
	return Register{}, false
}

// offerCheck offers to look up a name, under the article on it. Not while staff
// speak: what is typed then is for them.
func (t *turn) offerCheck(id content.ArticleID) {
	if _, ok := t.registerFor(id); ok && !t.silent() {
		t.add("check:" + string(id))
	}
}

// checkName asks for the name or number to look up.
func (t *turn) checkName(id content.ArticleID) {
	if _, ok := t.registerFor(id); !ok {
		t.stale()
		return
	}
	t.say(phrase("register-ask"))
	t.offer(AskFirm, "menu")
	t.awaitFirm(id)
}

// awaitFirm takes what comes next as a name or number, whatever is offered.
func (t *turn) awaitFirm(id content.ArticleID) { t.s.Asked, t.s.Pending = AskFirm, id }

// named looks up what was written when a name or number was asked for. It is
// false for what asks something else: then nothing was done.
func (t *turn) named(ev Heard) bool {
	id := t.s.Pending
	r, ok := t.registerFor(id)
	if !ok {
		return false
	}
	other, asks := content.ArticleID(""), ev.Reading.Band == search.Answer && len(ev.Reading.Matches) > 0
	if asks {
		other = ev.Reading.Matches[0].Article
		_, asks = t.c.Article(other)
	}
	switch {
	case len(r.Firms) > 0:
		t.begin()
		t.firms(r.Firms, r.More)
		t.offer(AskMore, "check:"+string(id), "a:"+string(id))
		if r.More {
			t.awaitFirm(id)
		}
	case !r.Named:
		return false
	case asks && !aboutRecruiters(other) && ev.Reading.Matches[0].Sure >= question && len(strings.Fields(ev.Text)) > 3: // and no name
		return false
	default:
		t.begin()
		t.notFound(r, id)
		t.offer(AskFirm)
		t.awaitFirm(id)
		if asks && !aboutRecruiters(other) {
			t.add("a:" + string(other))
		}
	}
	if t.desk.Standing == NoCase {
		t.add("counsellor")
	}
	t.add("menu")
	return true
}

// begin is what comes before an answer.
func (t *turn) begin() {
	t.introduce()
	t.s.Unsure = 0
	t.ask(NoQuestion)
}

// recognised shows, without having asked, what the register says of a firm that
// a message names, with the article on how to check one: where it holds a licence
// number, or asks about recruiters and surely names one. The person's country
// decides whose register counts; where it is not known, all do.
func (t *turn) recognised(ev Heard) bool {
	if ev.Form != Words {
		return false
	}
	asks := AsksForFirm(State{}, ev.Reading)
	var all []Firm
	more := false
	var articles []content.ArticleID
	for _, r := range t.registers {
		if t.s.Origin != "" && r.Country != t.s.Origin || len(r.Lists) == 0 {
			continue
		}
		if !slices.ContainsFunc(r.Firms, func(f Firm) bool { return f.Number || asks && f.Sure }) {
			continue
		}
		all, more = append(all, r.Firms...), more || r.More
		id := content.ArticleID(recruiters + strings.ToLower(string(r.Country)))
		if _, ok := t.c.Article(id); ok {
			articles = append(articles, id)
		}
	}
	if len(all) == 0 {
		return false
	}
	t.begin()
	t.firms(all, more)
	if len(articles) == 1 {
		a, _ := t.c.Article(articles[0])
		t.give(a)
		if more && !t.silent() {
			t.awaitFirm(articles[0])
		}
		return true
	}
	t.offer(AskMore)
	for _, id := range articles {
		t.add("a:" + string(id))
	}
	if t.desk.Standing == NoCase {
		t.add("counsellor")
	}
	t.add("menu")
	return true
}

// firms says what the register says: first of whom it warns, then each entry,
// where it is from, and that a listing promises nothing. It is never a verdict of
// ours.
func (t *turn) firms(found []Firm, more bool) {
	firms := slices.Clone(found)
	slices.SortStableFunc(firms, func(a, b Firm) int { return b.warns() - a.warns() })
	one := true // all are of one list
	for i := range firms {
		one = one && firms[i].List == firms[0].List
		if firms[i].warns() > 0 {
			t.say(Part{Firm: &firms[i], Piece: Head})
		}
	}
	switch {
	case len(firms) > 1 && !sameLicence(firms):
		t.say(phrase("register-several"))
	case !firms[0].Sure:
		t.say(phrase("register-perhaps"))
	default:
		t.say(phrase("register-says"))
	}
	var lists []List
	for i := range firms {
		f := &firms[i]
		t.say(Part{Firm: f, Past: !f.Until.IsZero() && !t.at.Before(f.Until.AddDate(0, 0, 1))})
		if !one {
			t.say(Part{List: &f.List})
		}
		lists = append(lists, f.List)
	}
	if one {
		t.say(Part{List: &firms[0].List})
	}
	if more {
		t.say(phrase("register-more"))
	}
	t.old(lists)
	t.say(phrase("register-no-guarantee"))
}

// notFound says that no such firm is in the register, which is a warning, and how
// to check it with the office itself.
func (t *turn) notFound(r Register, id content.ArticleID) {
	oldest := r.Lists[0].AsOf
	for _, l := range r.Lists {
		if l.AsOf.Before(oldest) {
			oldest = l.AsOf
		}
	}
	t.say(Part{Phrase: "register-none", Args: Args{Day: oldest}}, phrase("register-none-warning"))
	t.old(r.Lists)
	for i := range r.Lists {
		t.say(Part{List: &r.Lists[i]})
	}
	t.say(Part{Article: id, Source: true})
}

// old says that a list is old, where one is.
func (t *turn) old(lists []List) {
	if slices.ContainsFunc(lists, func(l List) bool { return t.at.Sub(l.AsOf) > RegisterAge }) {
		t.say(phrase("register-old"))
	}
}

// warns orders what a register warns of; 0 is what it does not.
func (f Firm) warns() int {
	return max(0, slices.Index([]LicenceStatus{LicenceActive, LicenceSuspended, LicenceCancelled, LicenceBlacklisted}, f.Status))
}

// sameLicence says whether all entries are of one licence, from several lists.
func sameLicence(firms []Firm) bool {
	return !slices.ContainsFunc(firms, func(f Firm) bool { return fold(f.Licence) != fold(firms[0].Licence) })
}
