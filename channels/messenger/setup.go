// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"reflect"
	"slices"

	"sarai/channels"
	"sarai/channels/meta"
)

// What Meta takes of the Page's profile (docs/messenger-platform/reference/messenger-profile-api;
// 80 and 160 are given there for questions and greeting), in characters.
const (
	maxGreeting  = 160
	maxQuestion  = 80
	maxQuestions = 4
	maxItem      = 30
	maxItems     = 20
)

// Words are what people see of the Page in Messenger before they write to it, in
// one language.
type Words struct {
	Language  string // BCP 47; those that Messenger does not know are left out
	Greeting  string // in the empty talk, at most 160 characters
	Questions []Item // to begin with, at most 4 of 80 characters
	Menu      []Item // beside the box, at most 20 of 30 characters
}

// An Item is something to tap. A tap is as if the words of Say were written, or as
// if the choice with the key Choice were pressed: one of them is set.
type Item struct {
	Title  string
	Say    string
	Choice string
}

// payload is what comes back from a tap.
func (i Item) payload() string {
	if i.Say != "" {
		return said + i.Say
	}
	return i.Choice
}

// locales are Meta's names of our languages
// (docs/messenger-platform/messenger-profile/supported-locales). English is also
// what everybody else sees.
var locales = map[string]string{
	"en": "default", "ur": "ur_PK", "bn": "bn_IN", "ru": "ru_RU", "fa-AF": "fa_IR", "fa": "fa_IR", "ps": "ps_AF",
	"tg": "tg_TJ", "uz": "uz_UZ", "ar": "ar_AR", "ckb": "cb_IQ", "kk": "kk_KZ",
}

// The shapes of the profile.
type (
	profile struct {
		GetStarted  *button      `json:"get_started,omitempty"`
		Greeting    []greeting   `json:"greeting,omitempty"`
		IceBreakers []iceBreaker `json:"ice_breakers,omitempty"`
		Menu        []menu       `json:"persistent_menu,omitempty"`
	}
	button struct {
		Payload string `json:"payload"`
	}
	greeting struct {
		Locale string `json:"locale"`
		Text   string `json:"text"`
	}
	iceBreaker struct {
		Questions []question `json:"call_to_actions"`
		Locale    string     `json:"locale"`
	}
	question struct {
		Question string `json:"question"`
		Payload  string `json:"payload"`
	}
	menu struct {
		Locale string     `json:"locale"`
		Closed bool       `json:"composer_input_disabled"`
		Items  []menuItem `json:"call_to_actions"`
	}
	menuItem struct {
		Type    string `json:"type"`
		Title   string `json:"title"`
		Payload string `json:"payload"`
	}
)

// fits says whether Meta takes the words.
func (w Words) fits() bool {
	return channels.UTF16(w.Greeting) <= maxGreeting && len(w.Questions) <= maxQuestions && len(w.Menu) <= maxItems &&
		!slices.ContainsFunc(w.Questions, func(i Item) bool { return !i.fits(maxQuestion) }) &&
		!slices.ContainsFunc(w.Menu, func(i Item) bool { return !i.fits(maxItem) })
}

func (i Item) fits(title int) bool {
	return i.Title != "" && channels.UTF16(i.Title) <= title && i.payload() != "" && channels.UTF16(i.payload()) <= maxKey
}

// profile is what the words make of the Page.
func (c *Channel) profile() (profile, *channels.SendError) {
	p := profile{GetStarted: &button{getStarted}}
	taken := map[string]bool{}
	for _, w := range c.o.Words {
		locale := locales[w.Language]
		if locale == "" || taken[locale] {
			continue
		}
		taken[locale] = true
		if !w.fits() {
			return p, &channels.SendError{Problem: channels.Rejected, Cause: "the words for the language " + w.Language + " are longer than Messenger takes"}
		}
		if w.Greeting != "" {
			p.Greeting = append(p.Greeting, greeting{locale, w.Greeting})
		}
		if len(w.Questions) > 0 {
			b := iceBreaker{Locale: locale}
			for _, q := range w.Questions {
				b.Questions = append(b.Questions, question{q.Title, q.payload()})
			}
			p.IceBreakers = append(p.IceBreakers, b)
		}
		if len(w.Menu) > 0 {
			m := menu{Locale: locale}
			for _, i := range w.Menu {
				m.Items = append(m.Items, menuItem{"postback", i.Title, i.payload()})
			}
			p.Menu = append(p.Menu, m)
		}
	}
	p.sort()
	return p, nil
}

// sort puts the languages in an order, so that two profiles can be compared.
func (p *profile) sort() {
	slices.SortFunc(p.Greeting, func(a, b greeting) int { return cmp.Compare(a.Locale, b.Locale) })
	slices.SortFunc(p.IceBreakers, func(a, b iceBreaker) int { return cmp.Compare(a.Locale, b.Locale) })
	slices.SortFunc(p.Menu, func(a, b menu) int { return cmp.Compare(a.Locale, b.Locale) })
}

// Setup shows the button with which a talk begins, the greeting, the questions to
// begin with and the menu, in each language of Options.Words that Messenger
// knows. What is so already is left alone, so it is safe to run again: it makes
// one request, and a second where something is to be changed. Meta takes ten in
// ten minutes. changed counts what was set, of the four. It fails with a *SendError.
func (c *Channel) Setup(ctx context.Context) (changed int, err error) {
	want, bad := c.profile()
	if bad != nil {
		return 0, bad
	}
	const path = "/me/messenger_profile"
	var answer struct {
		Data []profile `json:"data"`
	}
	query := url.Values{"fields": {"get_started,greeting,ice_breakers,persistent_menu"}}
	if err := c.graph.Do(ctx, http.MethodGet, path, query, &answer); err != nil {
		return 0, meta.Problem(err)
	}
	var have profile
	for _, p := range answer.Data { // Meta gives one; several would each have a part
		if p.GetStarted != nil {
			have.GetStarted = p.GetStarted
		}
		have.Greeting = append(have.Greeting, p.Greeting...)
		have.IceBreakers = append(have.IceBreakers, p.IceBreakers...)
		have.Menu = append(have.Menu, p.Menu...)
	}
	have.sort()
	var set profile
	if !reflect.DeepEqual(have.GetStarted, want.GetStarted) {
		set.GetStarted, changed = want.GetStarted, changed+1
	}
	if len(want.Greeting) > 0 && !slices.Equal(have.Greeting, want.Greeting) {
		set.Greeting, changed = want.Greeting, changed+1
	}
	if len(want.IceBreakers) > 0 && !reflect.DeepEqual(have.IceBreakers, want.IceBreakers) {
		set.IceBreakers, changed = want.IceBreakers, changed+1
	}
	if len(want.Menu) > 0 && !reflect.DeepEqual(have.Menu, want.Menu) {
		set.Menu, changed = want.Menu, changed+1
	}
	if changed == 0 {
		return 0, nil
	}
	if err := c.graph.Do(ctx, http.MethodPost, path, set, nil); err != nil {
		return 0, meta.Problem(err)
	}
	return changed, nil
}
