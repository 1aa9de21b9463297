// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestColoursCanBeRead holds what WCAG's level AA asks of small print, 4.5 to 1,
// for each colour of words on each ground it stands on, by day and by night.
func TestColoursCanBeRead(t *testing.T) {
	b, err := os.ReadFile("static/desk.css")
	if err != nil {
		t.Fatal(err)
	}
	day, night, ok := strings.Cut(string(b), "@media (prefers-color-scheme: dark) {")
	if !ok {
		t.Fatal("there is no night")
	}
	night, _, _ = strings.Cut(night, "\n}\n")
	variable := regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)
	colours := map[string]string{}
	for _, part := range []string{day, night} {
		for _, m := range variable.FindAllStringSubmatch(part, -1) {
			colours[m[1]] = m[2]
		}
		for words, grounds := range map[string][]string{
			"ink":      {"paper", "sheet", "sunk", "tint", "tint-deep", "note"},
			"soft":     {"paper", "sheet", "sunk", "tint-deep", "note"},
			"teal-ink": {"paper", "sheet", "sunk", "tint", "tint-deep"},
			"amber":    {"amber-tint", "note", "paper", "sheet"},
			"red":      {"red-tint", "paper", "sheet"},
			"violet":   {"violet-tint", "sheet"},
			"good":     {"good-tint", "sheet"},
			"on-teal":  {"teal"},
			"on-red":   {"alarm"},
		} {
			for _, ground := range grounds {
				if colours[words] == "" || colours[ground] == "" {
					t.Errorf("there is no %s or no %s", words, ground)
					continue
				}
				if c := contrast(t, colours[words], colours[ground]); c < 4.5 {
					t.Errorf("%s on %s (%s on %s): %.2f", words, ground, colours[words], colours[ground], c)
				}
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is WCAG's relative luminance of "#rrggbb".
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
