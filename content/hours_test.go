// SPDX-License-Identifier: GPL-3.0-or-later

package content_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zones

	"sarai/content"
)

// hours reads hours as a centre's file has them.
func hours(t *testing.T, zone, open string) content.Hours {
	t.Helper()
	c := load(t, fstest.MapFS{"centres/x.toml": {Data: []byte(fmt.Sprintf("[hours]\nzone = %q\n[hours.open]\n%s\n", zone, open))}})
	x, _ := c.Centre("x")
	return x.Hours
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

const week = `mon = ["09:00-13:00", "14:00-17:00"]
tue = ["09:00-17:00"]
fri = ["22:00-02:00"]
sun = ["00:00-24:00"]`

func TestOpenAt(t *testing.T) {
	lahore := hours(t, "Asia/Karachi", week) // UTC+5, no change of the clock
	for _, c := range []struct {
		when string
		open bool
	}{
		{"2026-11-23T08:59:59+05:00", false}, // a Monday
		{"2026-11-23T09:00:00+05:00", true},
		{"2026-11-23T12:59:59+05:00", true},
		{"2026-11-23T13:00:00+05:00", false},
		{"2026-11-23T14:00:00+05:00", true},
		{"2026-11-23T04:30:00Z", true}, // the same Monday, said in London
		{"2026-11-23T17:00:00+05:00", false},
		{"2026-11-25T12:00:00+05:00", false}, // Wednesday is closed
		{"2026-11-27T21:59:00+05:00", false}, // Friday
		{"2026-11-27T22:00:00+05:00", true},
		{"2026-11-28T00:00:00+05:00", true}, // and on into Saturday
		{"2026-11-28T01:59:59+05:00", true},
		{"2026-11-28T02:00:00+05:00", false},
		{"2026-11-27T01:00:00+05:00", false}, // but not on Friday morning
		{"2026-11-29T00:00:00+05:00", true},  // all Sunday
		{"2026-11-29T23:59:59+05:00", true},
		{"2026-11-30T00:00:00+05:00", false},
	} {
		if got := lahore.OpenAt(at(t, c.when)); got != c.open {
			t.Errorf("at %s open is %v", c.when, got)
		}
	}
}

func TestNextOpen(t *testing.T) {
	for _, c := range []struct{ name, zone, open, when, next string }{
		{"open now", "Asia/Karachi", week, "2026-11-23T09:30:00+05:00", "2026-11-23T09:30:00+05:00"},
		{"in the lunch hour", "Asia/Karachi", week, "2026-11-23T13:10:00+05:00", "2026-11-23T14:00:00+05:00"},
		{"in the evening", "Asia/Karachi", week, "2026-11-23T18:00:00+05:00", "2026-11-24T09:00:00+05:00"},
		{"over closed days", "Asia/Karachi", week, "2026-11-24T18:00:00+05:00", "2026-11-27T22:00:00+05:00"},
		{"the same time next week", "Asia/Karachi", `mon = ["09:00-10:00"]`, "2026-11-23T10:00:00+05:00", "2026-11-30T09:00:00+05:00"},
		{"over the end of the year", "Asia/Karachi", `fri = ["09:00-10:00"]`, "2026-12-31T10:00:00+05:00", "2027-01-01T09:00:00+05:00"},
		{"asked in another zone's day", "Asia/Bishkek", `tue = ["09:00-18:00"]`, "2026-11-23T22:00:00Z", "2026-11-24T09:00:00+06:00"},
		// Berlin sets its clock forward on 29 March 2026 at 2 and back on 25 October at 3.
		{"the morning after the clock went forward", "Europe/Berlin", `sun = ["09:00-10:00"]`, "2026-03-28T20:00:00+01:00", "2026-03-29T09:00:00+02:00"},
		{"the morning after it went back", "Europe/Berlin", `sun = ["09:00-10:00"]`, "2026-10-24T20:00:00+02:00", "2026-10-25T09:00:00+01:00"},
		{"an opening that the clock leaves out", "Europe/Berlin", `sun = ["02:30-05:00"]`, "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"},
		{"hours that it leaves out whole", "Europe/Berlin", `sun = ["02:15-02:45"]`, "2026-03-29T01:00:00+01:00", "2026-04-05T02:15:00+02:00"},
		{"an hour that comes twice: the first", "Europe/Berlin", `sun = ["02:30-02:45"]`, "2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		{"an hour that comes twice: the second", "Europe/Berlin", `sun = ["02:30-02:45"]`, "2026-10-25T02:50:00+02:00", "2026-10-25T02:30:00+01:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hours(t, c.zone, c.open)
			when, want := at(t, c.when), at(t, c.next)
			got, ok := h.NextOpen(when)
			if !ok || !got.Equal(want) {
				t.Fatalf("%v %v, want %v", got, ok, want)
			}
			if !h.OpenAt(got) {
				t.Errorf("it is not open then")
			}
		})
	}
}

// However the clock changes, nothing between now and the next opening is open.
func TestNothingIsOpenBeforeNextOpen(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "Asia/Karachi", "Australia/Lord_Howe", "Africa/Cairo", "America/St_Johns"} {
		h := hours(t, zone, "mon = [\"23:30-02:30\"]\nsun = [\"02:10-02:50\", \"22:00-00:30\"]\nfri = [\"00:00-00:20\"]")
		for _, start := range []string{"2026-03-27T00:00:00Z", "2026-04-03T00:00:00Z", "2026-04-23T00:00:00Z", "2026-10-02T00:00:00Z", "2026-10-23T00:00:00Z", "2026-10-30T00:00:00Z"} {
			for when := at(t, start); when.Before(at(t, start).Add(4 * 24 * time.Hour)); when = when.Add(97 * time.Minute) {
				next, ok := h.NextOpen(when)
				if !ok || next.Before(when) || !h.OpenAt(next) {
					t.Fatalf("%s: after %v comes %v %v", zone, when, next, ok)
				}
				for between := when; between.Before(next); between = between.Add(5 * time.Minute) {
					if h.OpenAt(between) {
						t.Fatalf("%s: after %v comes %v, but %v is open", zone, when, next, between)
					}
				}
			}
		}
	}
}

func TestHoursThatAreNotKnownPromiseNothing(t *testing.T) {
	for name, h := range map[string]content.Hours{
		"the zero value":   {},
		"no zone":          {Open: map[time.Weekday][]content.Interval{time.Monday: {{From: 0, To: 60}}}},
		"an unknown zone":  {Zone: "Asia/Sarai", Open: map[time.Weekday][]content.Interval{time.Monday: {{From: 0, To: 60}}}},
		"no day":           {Zone: "Asia/Karachi"},
		"a bad time":       hours(t, "Asia/Karachi", `mon = ["9-17"]`),
		"the machine zone": hours(t, "Local", `mon = ["09:00-17:00"]`),
	} {
		now := at(t, "2026-11-23T00:30:00Z")
		if _, ok := h.NextOpen(now); ok || h.Known() || h.OpenAt(now) {
			t.Errorf("%s: known %v, open %v, next %v", name, h.Known(), h.OpenAt(now), ok)
		}
	}
	// Hours made by hand work as those from a file do.
	h := content.Hours{Zone: "Asia/Karachi", Open: map[time.Weekday][]content.Interval{time.Monday: {{From: 540, To: 600}}}}
	if !h.Known() || !h.OpenAt(at(t, "2026-11-23T09:30:00+05:00")) {
		t.Error("hours made by hand are not known")
	}
}

func TestOpeningTimes(t *testing.T) {
	for s, want := range map[string]string{
		"09:00-17:00": "9:00 to 17:00", "22:00-02:00": "22:00 to 2:00", "00:00-24:00": "0:00 to 24:00", "09:00 - 17:00": "9:00 to 17:00",
		"9:00-17:00": "", "09:00": "", "": "", "09:00-09:00": "", "24:00-02:00": "", "09:60-10:00": "", "09:00-25:00": "", "22:00-00:00": "",
		"+9:00-17:00": "", "09:00-17:00-18:00": "", "٠٩:٠٠-١٧:٠٠": "",
	} {
		got := ""
		if h := hours(t, "Asia/Karachi", fmt.Sprintf("mon = [%q]", s)); h.Known() {
			iv := h.Open[time.Monday][0]
			got = fmt.Sprintf("%d:%02d to %d:%02d", iv.From/60, iv.From%60, iv.To/60, iv.To%60)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	if strings.Contains(week, "wed") {
		t.Error("Wednesday must be closed in these tests")
	}
}
