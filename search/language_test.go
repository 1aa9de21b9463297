// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"testing"

	"sarai/content"
)

func TestLanguages(t *testing.T) {
	g := newLinguist(nil)
	right := 0
	cases := []struct {
		want content.Locale
		text string
	}{
		{"en", "how do I know that the visa is real"},
		{"en", "is my agent cheating"},
		{"ur", "ایجنٹ پیسے واپس نہیں دے رہا"},
		{"ur", "اقامہ ختم ہو گیا ہے اب کیا کروں"},
		{"ur", "protector kahan se hota hai aur fees kitni hai"},
		{"ur", "mera visa stop ho gaya"},
		{"ur", "agent paise wapis nahi kar raha"},
		{"ps", "زما معاش یې نه دی راکړی"},
		{"ps", "پاسپورټ چیرته جوړیږي"},
		{"fa-AF", "تذکره الکترونیکی را از کجا بگیرم"},
		{"fa-AF", "معاش من را نداده اند چه کنم"},
		{"fa-AF", "pasport ra az koja begiram"},
		{"bn", "দালাল টাকা ফেরত দিচ্ছে না"},
		{"bn", "dalal taka ferot dicche na ki korbo"},
		{"ar", "صاحب العمل لا يعطيني الراتب"},
		{"ar", "شلون اسوي جواز سفر"},
		{"ckb", "پاسپۆرتەکەم ون بووە چی بکەم"},
		{"ckb", "چۆن بگەڕێمەوە بۆ وڵات"},
		{"tg", "маошамро намедиҳанд чӣ кор кунам"},
		{"tg", "патентро аз кучо гирам"},
		{"ru", "не платят зарплату что делать"},
		{"ru", "как продлить патент"},
		{"ky", "айлыгымды бербей жатышат эмне кылам"},
		{"ky", "патентти кантип узартам"},
		{"kk", "жалақымды бермей жатыр не істеймін"},
		{"kk", "патентті қалай ұзартамын"},
		{"uz", "oyligimni bermayapti nima qilaman"},
		{"uz", "патентни қандай узайтираман"},
		{"uz", "patent qancha turadi"},
	}
	for _, c := range cases {
		got, sure := g.tell(c.text, Hint{})
		if got == c.want {
			right++
		} else {
			t.Errorf("%q: %s (sure %v), want %s", c.text, got, sure, c.want)
		}
	}
}
