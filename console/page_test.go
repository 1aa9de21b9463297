// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
)

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)
)

// text gives the words of a page, as somebody reads them. It is enough for pages
// of our own, in which no ">" stands in an attribute.
func text(page string) string {
	page = strings.NewReplacer("\u2068", "", "\u2069", "").Replace(page)
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}

// form gives the hidden fields of the form with an action.
func (a answer) form(t testing.TB, action string) map[string]string {
	t.Helper()
	_, rest, ok := strings.Cut(a.body, `action="`+action+`"`)
	if !ok {
		t.Fatalf("there is no form for %s", action)
	}
	rest, _, _ = strings.Cut(rest, "</form>")
	fields := map[string]string{}
	for _, m := range hidden.FindAllStringSubmatch(rest, -1) {
		fields[m[1]] = html.UnescapeString(m[2])
	}
	return fields
}

// value gives what stands in a text area.
func (a answer) value(t testing.TB, id string) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)<textarea id="` + id + `"[^>]*>\n(.*?)</textarea>`).FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("there is no text area %s", id)
	}
	return html.UnescapeString(m[1])
}
