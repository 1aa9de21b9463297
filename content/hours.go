// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// week names the days as the files do.
var week = map[time.Weekday]string{
	time.Monday: "mon", time.Tuesday: "tue", time.Wednesday: "wed", time.Thursday: "thu",
	time.Friday: "fri", time.Saturday: "sat", time.Sunday: "sun",
}

// An hoursError says which key of a centre's hours does not parse.
type hoursError struct{ key, message string }

func (e *hoursError) Error() string { return e.message }

// parseHours reads the hours of a centre. With an error the hours are not known.
func parseHours(zone string, days map[time.Weekday][]string) (Hours, error) {
	// "" would be UTC and "Local" the machine's own zone: neither is a centre's.
	loc, err := time.LoadLocation(zone)
	if zone == "" || zone == "Local" || err != nil {
		return Hours{}, &hoursError{"hours.zone", fmt.Sprintf("%q is no time zone such as Asia/Karachi", zone)}
	}
	h := Hours{Zone: zone, Open: map[time.Weekday][]Interval{}, loc: loc}
	for d := time.Sunday; d <= time.Saturday; d++ {
		for i, s := range days[d] {
			iv, ok := parseInterval(s)
			if !ok {
				return Hours{}, &hoursError{fmt.Sprintf("hours.open.%s[%d]", week[d], i), fmt.Sprintf("%q is no opening time such as 09:00-17:00", s)}
			}
			h.Open[d] = append(h.Open[d], iv)
		}
	}
	if len(h.Open) == 0 {
		return Hours{}, &hoursError{"hours.open", "no day is open: leave the hours out where they are not known"}
	}
	return h, nil
}

// parseInterval reads "09:00-17:00". "22:00-02:00" ends on the next day.
func parseInterval(s string) (Interval, bool) {
	from, to, ok := strings.Cut(s, "-")
	a, ok1 := parseClock(strings.TrimSpace(from))
	b, ok2 := parseClock(strings.TrimSpace(to))
	return Interval{a, b}, ok && ok1 && ok2 && a < 24*60 && a != b && b != 0
}

// parseClock reads "09:00" as minutes since midnight; "24:00" is the day's end.
func parseClock(s string) (int, bool) {
	h, m, ok := strings.Cut(s, ":")
	if !ok || len(h) != 2 || len(m) != 2 {
		return 0, false
	}
	hour, err1 := strconv.ParseUint(h, 10, 8)
	minute, err2 := strconv.ParseUint(m, 10, 8)
	n := int(hour)*60 + int(minute)
	return n, err1 == nil && err2 == nil && minute < 60 && n <= 24*60
}

// Known says whether anything is known of the hours. Where it is not, no time
// may be promised.
func (h Hours) Known() bool {
	return len(h.Open) > 0 && h.Location() != nil
}

// Location is the zone, or nil where there is none.
func (h Hours) Location() *time.Location {
	if h.loc != nil {
		return h.loc
	}
	if h.Zone == "" {
		return nil
	}
	loc, err := time.LoadLocation(h.Zone)
	if err != nil {
		return nil
	}
	return loc
}

// OpenAt says whether the clock on the centre's wall shows an opening time at
// t. Hours that are not known are never open.
func (h Hours) OpenAt(t time.Time) bool {
	loc := h.Location()
	return loc != nil && h.openOn(t.In(loc))
}

// openOn takes t in the centre's zone. An interval that ends before it begins
// ends on the day after.
func (h Hours) openOn(t time.Time) bool {
	now := t.Hour()*60 + t.Minute()
	for _, iv := range h.Open[t.Weekday()] {
		if now >= iv.From && (now < iv.To || iv.To <= iv.From) {
			return true
		}
	}
	for _, iv := range h.Open[(t.Weekday()+6)%7] {
		if iv.To <= iv.From && now < iv.To {
			return true
		}
	}
	return false
}

// NextOpen is t itself where the centre is open then, or the next moment at
// which it opens. It reports false where the hours are not known. It is right
// over changes of the clock: hours that a change leaves out begin after it.
func (h Hours) NextOpen(t time.Time) (time.Time, bool) {
	if !h.Known() {
		return time.Time{}, false
	}
	loc := h.Location()
	t = t.In(loc)
	if h.openOn(t) {
		return t, true
	}
	var next time.Time
	consider := func(c time.Time) {
		if c = c.In(loc); c.After(t) && (next.IsZero() || c.Before(next)) && h.openOn(c) {
			next = c
		}
	}
	// Eight days, because today's opening may be over; one more, because a change
	// of the clock can leave this week's out.
	for d := range 9 {
		noon := time.Date(t.Year(), t.Month(), t.Day()+d, 12, 0, 0, 0, loc)
		before, change := noon.ZoneBounds()
		consider(before)
		consider(change)
		for _, iv := range h.Open[noon.Weekday()] {
			// A clock that is set back shows the time twice and one that is set
			// forward not at all: so both offsets of the day are tried.
			wall := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, iv.From, 0, 0, time.UTC)
			for _, near := range []time.Time{noon.Add(-24 * time.Hour), noon.Add(24 * time.Hour)} {
				_, offset := near.Zone()
				consider(wall.Add(-time.Duration(offset) * time.Second))
			}
		}
		if !next.IsZero() && next.Before(noon) {
			break
		}
	}
	return next, !next.IsZero()
}
