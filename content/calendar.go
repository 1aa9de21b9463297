// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Afghanistan counts by the sun from the year of the Hijra: 5 Qaws 1404 is 26
// November 2025. A Dari or Pashto text may give a date so, and it is the same
// fact.

// The years that are read as ones of that calendar. What stands outside is a
// year of another, or no year.
const (
	firstSolar = 1370
	lastSolar  = 1420
)

// solarMonths are the names of the months in Dari, in Pashto, and as Iran has
// them, where many Afghans live. Each line is one month.
var solarMonths = [12][]string{
	{"حمل", "وری", "فروردین"},
	{"ثور", "غویی", "اردیبهشت"},
	{"جوزا", "غبرګولی", "خرداد"},
	{"سرطان", "چنګاښ", "تیر"},
	{"اسد", "زمری", "مرداد"},
	{"سنبله", "وږی", "شهریور"},
	{"میزان", "تله", "مهر"},
	{"عقرب", "لړم", "آبان"},
	{"قوس", "لیندۍ", "آذر"},
	{"جدی", "مرغومی", "دی"},
	{"دلو", "سلواغه", "بهمن"},
	{"حوت", "کب", "اسفند"},
}

// solarForms are a day, a month by its name and a year, in the order of Dari
// and in that of Pashto.
var solarForms = func() [2]*regexp.Regexp {
	month := "(" + strings.Join(slices.Concat(solarMonths[:]...), "|") + ")"
	return [2]*regexp.Regexp{
		regexp.MustCompile(`\b(\d{1,2})(?:م|مه|مې|ام)? +(?:د +)?` + month + ` +(?:سال +|کال +)?(1[34]\d\d)\b`),
		regexp.MustCompile(`\b(1[34]\d\d) +(?:کال +|ل +)?(?:د +)?` + month + ` +(?:په +)?(\d{1,2})\b`),
	}
}()

// solarDay gives the day of the common calendar for one of that calendar.
func solarDay(year, month, day int) (time.Time, bool) {
	days := 31
	switch {
	case month > 11 && !solarLeap(year):
		days = 29
	case month > 6:
		days = 30
	}
	if year < firstSolar || year > lastSolar || month < 1 || month > 12 || day < 1 || day > days {
		return time.Time{}, false
	}
	// The first day of 1370 was 21 March 1991.
	n := day - 1 + 31*(month-1) - max(month-7, 0)
	for y := firstSolar; y < year; y++ {
		n += 365
		if solarLeap(y) {
			n++
		}
	}
	return time.Date(1991, time.March, 21, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n), true
}

// solarLeap says whether the year has 366 days, by the cycle of 33 years, which
// holds for all years that are read here.
func solarLeap(year int) bool { return (25*year+11)%33 < 8 }

// solarMonth gives the number of a month by its name.
func solarMonth(name string) int {
	return 1 + slices.IndexFunc(solarMonths[:], func(names []string) bool { return slices.Contains(names, name) })
}

// readsSolar says whether a year of a text in l may be one of that calendar.
func readsSolar(l Locale) bool { return l == Dari || l == Pashto }

// commonYears gives the two years of the common calendar that a year of that
// calendar lies in; they are "" where the number is none.
func commonYears(number string) (first, second string) {
	y, err := strconv.Atoi(number)
	if err != nil || y < firstSolar || y > lastSolar {
		return "", ""
	}
	return strconv.Itoa(y + 621), strconv.Itoa(y + 622)
}
