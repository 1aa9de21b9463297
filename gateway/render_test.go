// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"testing"

	"sarai/channels"
	"sarai/content"
)

func TestANumberInGroupsIsReadInItsOrderInALineFromTheRight(t *testing.T) {
	for _, c := range []struct {
		locale     content.Locale
		text, want string
	}{
		{content.Urdu, "فون 051 920 7887 پر", "فون \u2066051 920 7887\u2069 پر"},
		{content.Dari, "از +880 9610 102030", "از \u2066+880 9610 102030\u2069"},
		{content.Urdu, "خرچ 5,200 روپے", "خرچ 5,200 روپے"},
		{content.Urdu, "15 اور 1122", "15 اور 1122"},
		{content.English, "call 051 920 7887", "call 051 920 7887"},
	} {
		r := renderer{l: c.locale}
		r.block(channels.Paragraph, c.text, "")
		if got := r.out.blocks[0].Text; got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.locale, c.text, got, c.want)
		}
	}
}

func TestALineSaysWhatItIsForBesideItsName(t *testing.T) {
	for _, c := range []struct{ kind, name, want string }{
		{"Ambulance", "Kabul only", "Ambulance (Kabul only)"},
		{"Ambulance", "Rescue 1122", "Ambulance (Rescue 1122)"},
		{"Ambulance", "Edhi ambulance", "Edhi ambulance"},
		{"Labour office", "Labour ministry (MoHRE)", "Labour office (Labour ministry, MoHRE)"},
		{"Телефон доверия", "Телефон доверия, с мобильного", "Телефон доверия, с мобильного"},
		{"پولیس", "", "پولیس"},
		{"", "Sezim", "Sezim"},
	} {
		if got := called(c.kind, c.name); got != c.want {
			t.Errorf("a line of the kind %q named %q is called %q, want %q", c.kind, c.name, got, c.want)
		}
	}
}
