// SPDX-License-Identifier: GPL-3.0-or-later

package dialog_test

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sarai/content"
	"sarai/dialog"
	"sarai/search"
)

func catalogue(t testing.TB) *content.Catalogue {
	t.Helper()
	c, err := content.Load(os.DirFS("testdata/shelf"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// texts are messages that matter to the rules: words that always work, numbers,
// names of countries, and ordinary ones.
var texts = []string{"menu", "language", "counsellor", "back", "stop", "delete", "keep", "hide", "yes", "no", "skip", "salam", "thanks",
	"1", "٣", "two", "99", "Pakistan", "other", "", "😭", "mera visa stop ho gaya", "hello there friend how are you"}

// keys are buttons, offered and made up.
var keys = []string{"menu", "counsellor", "language", "none", "skip", "refuse", "consent:yes", "consent:no", "delete:yes", "delete:no",
	"a:protector-pk", "a:gone", "s:protector-pk#fees", "s:x#y", "t:rights", "t:gone", "lang:ur", "lang:xx", "o:PK", "o:other", "o:ZZ",
	"w:SA", "w:other", "w:ZZ", "r:3", "r:9", "r:", "h:yes:visa-check", "h:no:", "h", "", ":", "a:",
	"walk:leave-steps-pk", "walk:gone", "dn:leave-steps-pk#contract", "dn:leave-steps-pk#protector", "lt:leave-steps-pk#medical", "wh:leave-steps-pk#medical", "st:leave-steps-pk#x", "dn:", "list",
	"check:recruiter-check-pk", "check:recruiter-check-bd", "check:protector-pk", "check:gone", "check:", "check"}

// happening draws any event.
func happening(t *rapid.T, at time.Time) dialog.Event {
	desk := dialog.Desk{
		Standing: rapid.SampledFrom([]dialog.Standing{dialog.NoCase, dialog.Waiting, dialog.Held}).Draw(t, "standing"),
		Away:     rapid.Bool().Draw(t, "away"), Gone: rapid.Bool().Draw(t, "gone"), Refused: rapid.Bool().Draw(t, "refused"),
		Hours: rapid.Bool().Draw(t, "hours"), Open: rapid.Bool().Draw(t, "open"),
		Place:  rapid.IntRange(0, 9).Draw(t, "place"),
		Centre: rapid.SampledFrom([]content.CentreID{"", "here", "elsewhere", "gone"}).Draw(t, "centre"),
	}
	desk.Away = desk.Away && desk.Standing == dialog.Held
	if rapid.Bool().Draw(t, "spoke") {
		desk.Spoke = at.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "ago")) * time.Minute)
	}
	if rapid.Bool().Draw(t, "opens") {
		desk.Opens = at.Add(time.Hour)
	}
	switch rapid.IntRange(0, 9).Draw(t, "event") {
	case 0:
		return dialog.Took{At: at, Desk: desk}
	case 1:
		return dialog.Spoke{At: at}
	case 2:
		return dialog.Returned{At: at, Desk: desk}
	case 3:
		return dialog.Ended{At: at, Desk: desk}
	case 4:
		return dialog.Rang{At: at, Desk: desk, Name: rapid.SampledFrom([]string{dialog.TimerHolder, dialog.TimerShift, dialog.TimerQueue,
			dialog.TimerErase, dialog.TimerSignal + "held", dialog.TimerSignal + "gone", "nonsense"}).Draw(t, "timer")}
	case 5:
		return dialog.Broke{At: at, Desk: desk}
	case 6:
		return dialog.Uncleared{At: at, Desk: desk}
	}
	h := dialog.Heard{
		At: at, Desk: desk,
		Form:     rapid.SampledFrom([]dialog.Form{dialog.Words, dialog.Words, dialog.Words, dialog.Pressed, dialog.Opened, dialog.Voice, dialog.Sent, dialog.Unreadable, dialog.Aside, "new"}).Draw(t, "form"),
		Text:     rapid.OneOf(rapid.SampledFrom(texts), rapid.String()).Draw(t, "text"),
		Key:      rapid.OneOf(rapid.SampledFrom(keys), rapid.String()).Draw(t, "key"),
		Hint:     rapid.SampledFrom([]content.Locale{"", "ur", "ru", "xx"}).Draw(t, "hint"),
		Together: rapid.Bool().Draw(t, "together"), Late: rapid.Bool().Draw(t, "late"), TooLarge: rapid.Bool().Draw(t, "too large"),
		Clears: rapid.SampledFrom([]dialog.Clearing{dialog.ClearsAll, dialog.ClearsOurs, dialog.ClearsRecent, dialog.ClearsNone}).Draw(t, "clears"),
	}
	for _, cc := range rapid.SliceOfNDistinct(rapid.SampledFrom([]content.Country{"PK", "BD", "UZ"}), 0, 3, rapid.ID[content.Country]).Draw(t, "registers") {
		h.Registers = append(h.Registers, registered(t, cc, at))
	}
	switch h.Form {
	case dialog.Words, dialog.Sent, dialog.Voice, dialog.Aside: // whatever carries words
		h.Reading = search.Reading{
			Locale: rapid.SampledFrom([]content.Locale{"", "en", "ur", "bn", "tg"}).Draw(t, "locale"), Sure: rapid.Bool().Draw(t, "sure"),
			Band: rapid.SampledFrom([]search.Band{search.Answer, search.Choose, search.Unknown, ""}).Draw(t, "band"),
		}
		for _, id := range rapid.SliceOfN(rapid.SampledFrom([]content.ArticleID{"protector-pk", "recruiter-check-pk", "recruiter-check-bd", "emergency", "wages-unpaid", "gone"}), 0, 4).Draw(t, "matches") {
			h.Reading.Matches = append(h.Reading.Matches, search.Match{Article: id, Sure: .5})
		}
		for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]content.SignalID{"held", "missing", "pay-pressure", "gone"}), 0, 2, rapid.ID[content.SignalID]).Draw(t, "signals") {
			if rapid.IntRange(0, 2).Draw(t, "raised") == 0 {
				h.Reading.Signals = append(h.Reading.Signals, search.Raised{Signal: id})
			}
		}
	}
	return h
}

// registered draws what a register may hold of a message.
func registered(t *rapid.T, cc content.Country, at time.Time) dialog.Register {
	r := dialog.Register{Country: cc, Named: rapid.Bool().Draw(t, "named"), More: rapid.Bool().Draw(t, "more")}
	for range rapid.IntRange(0, 2).Draw(t, "lists") {
		r.Lists = append(r.Lists, dialog.List{Name: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "list"), AsOf: at.AddDate(0, 0, -rapid.IntRange(-1, 400).Draw(t, "age"))})
	}
	if len(r.Lists) == 0 {
		return r
	}
	for range rapid.IntRange(0, 3).Draw(t, "firms") {
		f := dialog.Firm{
			Name: "Zarbalik", Licence: rapid.SampledFrom([]string{"1/A", "2/B", ""}).Draw(t, "licence"), List: r.Lists[0],
			Status: rapid.SampledFrom([]dialog.LicenceStatus{dialog.LicenceActive, dialog.LicenceSuspended, dialog.LicenceCancelled, dialog.LicenceBlacklisted, "new"}).Draw(t, "licence status"),
			Sure:   rapid.Bool().Draw(t, "firm sure"), Number: rapid.Bool().Draw(t, "number"),
		}
		if rapid.Bool().Draw(t, "until") {
			f.Until = at.AddDate(0, 0, rapid.IntRange(-9, 9).Draw(t, "days"))
		}
		r.Firms = append(r.Firms, f)
	}
	return r
}

func says(effects []dialog.Effect) (out []dialog.Say) {
	for _, e := range effects {
		if s, ok := e.(dialog.Say); ok {
			out = append(out, s)
		}
	}
	return out
}

func has[E dialog.Effect](effects []dialog.Effect) bool {
	return slices.ContainsFunc(effects, func(e dialog.Effect) bool { _, ok := e.(E); return ok })
}

// TestStepKeepsItsPromises plays random talks, each event on the state that the
// one before left, stored and read back between them.
func TestStepKeepsItsPromises(t *testing.T) {
	c := catalogue(t)
	rapid.Check(t, func(t *rapid.T) {
		var s dialog.State
		at := noon
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			at = at.Add(time.Duration(rapid.IntRange(0, 60*30).Draw(t, "minutes")) * time.Minute)
			ev := happening(t, at)
			before := s.Encode()
			next, effects := dialog.Step(c, s, ev)
			if !bytes.Equal(before, s.Encode()) {
				t.Fatal("the state that was given was changed")
			}
			again, effectsAgain := dialog.Step(c, s, ev)
			if !bytes.Equal(next.Encode(), again.Encode()) || !reflect.DeepEqual(effects, effectsAgain) {
				t.Fatal("the same event on the same state went otherwise")
			}
			check(t, c, s, ev, next, effects)
			back, err := dialog.Decode(next.Encode())
			if err != nil || !bytes.Equal(back.Encode(), next.Encode()) {
				t.Fatalf("a state is not read back as it was: %v", err)
			}
			s = back
		}
	})
}

func check(t *rapid.T, c *content.Catalogue, s dialog.State, ev dialog.Event, next dialog.State, effects []dialog.Effect) {
	said := says(effects)
	if len(said) > 1 {
		t.Fatal("more than one bubble")
	}
	for _, say := range said {
		if len(say.Parts) == 0 {
			t.Fatal("an empty bubble")
		}
		checkRegister(t, say)
		for _, o := range say.Options {
			if !slices.Contains(next.Options, o) {
				t.Fatalf("option %q is offered and not remembered", o.Key)
			}
		}
	}
	quiet := s.Quiet || s.Stopped || !s.Erase.IsZero()
	switch ev := ev.(type) {
	case dialog.Heard:
		danger := ev.Form == dialog.Words && len(ev.Reading.Signals) > 0
		silent := ev.Desk.Standing == dialog.Held && !ev.Desk.Away
		if danger {
			if ev.Desk.Standing == dialog.NoCase && !has[dialog.OpenCase](effects) || ev.Desk.Standing != dialog.NoCase && !has[dialog.RaiseCase](effects) {
				t.Fatal("a signal without an open case")
			}
			if !silent && (len(said) != 1 || !said[0].Danger) {
				t.Fatal("a signal was not answered at once")
			}
			if !next.Quiet {
				t.Fatal("after a signal the talk is not quiet")
			}
		}
		// Invariant 5: staff are there and speak, so the program does not, but
		// for the words that always work and what it offered itself.
		if silent && !danger && !ev.Desk.Gone && (!ev.Desk.Hours || ev.Desk.Open) && len(said) > 0 {
			_, offered := find(s, ev)
			if !offered && !slices.Contains([]string{"menu", "counsellor", "stop", "delete", "keep", "hide", "yes", "no"}, ev.Text) {
				t.Fatalf("the program spoke while staff hold the case: %v on %q", said, ev.Text)
			}
		}
		// Invariant 13: nobody who waits is left in silence.
		if ev.Desk.Standing == dialog.Waiting && ev.Form == dialog.Words && len(said) == 0 {
			t.Fatal("somebody who waits got no answer")
		}
	case dialog.Took, dialog.Returned, dialog.Ended:
		if quiet && len(said) > 0 {
			t.Fatal("something unasked was sent on a quiet talk")
		}
	case dialog.Rang:
		if quiet && len(said) > 0 && !said[0].Danger {
			t.Fatal("something unasked was sent on a quiet talk")
		}
	}
}

// checkRegister holds what is promised of a register's words: who it warns of is
// named before any entry, each entry has its source, and none stands alone.
func checkRegister(t *rapid.T, say dialog.Say) {
	entries, lists, guarantee := 0, 0, false
	warned := map[dialog.LicenceStatus]bool{}
	for _, p := range say.Parts {
		switch {
		case p.Firm != nil && p.Piece == dialog.Head:
			if entries > 0 {
				t.Fatal("a warning of the register stands after an entry")
			}
			warned[p.Firm.Status] = true
		case p.Firm != nil:
			entries++
			if p.Firm.Status != dialog.LicenceActive && p.Firm.Status != "new" && !warned[p.Firm.Status] {
				t.Fatalf("the register's %s was not said first", p.Firm.Status)
			}
		case p.List != nil:
			lists++
		}
		guarantee = guarantee || p.Phrase == "register-no-guarantee"
	}
	if entries > 0 && (lists == 0 || !guarantee) || say.Danger && entries > 0 {
		t.Fatalf("%d entries of a register, %d sources, said that they are no guarantee: %v, danger: %v", entries, lists, guarantee, say.Danger)
	}
}

// find says whether what was said names an option that was offered.
func find(s dialog.State, ev dialog.Heard) (string, bool) {
	for i, o := range s.Options {
		if ev.Form == dialog.Pressed && ev.Key == o.Key {
			return o.Key, true
		}
		if ev.Form == dialog.Words && slices.Contains([]string{"1", "٣", "two"}, ev.Text) && i < 3 {
			return o.Key, true
		}
		if ev.Form == dialog.Words && search.Normalise(ev.Text) != "" { // rapid can hit a number
			if n := search.Normalise(ev.Text); len(n) == 1 && n[0] >= '1' && n[0] <= '9' {
				return o.Key, true
			}
		}
	}
	return "", false
}

// FuzzStep gives Step anything: it must always come to an end.
func FuzzStep(f *testing.F) {
	c := catalogue(f)
	f.Add([]byte(`{}`), "hello", "a:protector-pk", uint8(0))
	f.Add([]byte(`{"asked":"origin","pending":"gone","options":[{"k":"o:PK"}]}`), "1", "r:", uint8(9))
	f.Fuzz(func(t *testing.T, state []byte, text, key string, kind uint8) {
		s, err := dialog.Decode(state)
		if err != nil {
			return
		}
		forms := []dialog.Form{dialog.Words, dialog.Pressed, dialog.Voice, dialog.Sent, dialog.Unreadable, dialog.Opened}
		standing := []dialog.Standing{dialog.NoCase, dialog.Waiting, dialog.Held}
		ev := dialog.Heard{At: noon, Form: forms[int(kind)%len(forms)], Text: text, Key: key, Desk: dialog.Desk{Standing: standing[int(kind)%3]}}
		next, effects := dialog.Step(c, s, ev)
		if len(says(effects)) > 1 {
			t.Fatal("more than one bubble")
		}
		next.Encode()
	})
}

func TestAStateFromANewerVersionIsRefused(t *testing.T) {
	if _, err := dialog.Decode([]byte(`{"format":99}`)); err != dialog.ErrNewer {
		t.Fatalf("got %v", err)
	}
	if _, err := dialog.Decode([]byte(`{"erase":"whatever somebody said"}`)); err == nil || strings.Contains(err.Error(), "somebody") {
		t.Errorf("what is said of a damaged state quotes it: %v", err)
	}
	if s, err := dialog.Decode(nil); err != nil || s.Locale != "" {
		t.Fatalf("nothing stored is not the zero state: %v %v", s, err)
	}
}
