// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"testing"

	"sarai/content"
)

func TestLanguagesInNativeAndInLatinLetters(t *testing.T) {
	g := newLinguist(nil)
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
		if got != c.want {
			t.Errorf("%q: %s (sure %v), want %s", c.text, got, sure, c.want)
		}
	}
}

func TestALanguageIsSureOnlyWhereItIs(t *testing.T) {
	g := newLinguist(nil)
	for _, text := range []string{
		"میں باہر کام کے لیے جانا چاہتا ہوں", "protector kahan se hota hai aur fees kitni hai", "زه غواړم چې کار وکړم",
		"من میخواهم که به ایران بروم", "ami bidesh jete chai ki korbo", "আমি বিদেশে যেতে চাই", "أريد العودة إلى بلدي ولكن ليس عندي مال",
		"من دەمەوێت بگەڕێمەوە بۆ ماڵەوە", "ман мехоҳам ба хона равам", "я хочу вернуться домой и не могу", "мен үйгө кантип барам",
		"мен үйге қалай барамын", "men uyga qanday boraman", "i want to go home but they do not let me",
	} {
		if l, sure := g.tell(text, Hint{}); !sure {
			t.Errorf("%q is not surely %s", text, l)
		}
	}
	// A word or two, a name, and languages that are none of ours.
	for _, text := range []string{
		"visa", "patent", "ok", "salam", "dubai saudi qatar", "ahmad khan", "патент", "ویزا",
		"wo kann ich arbeiten", "quiero trabajar en italia", "pasaportumu aldılar", "je veux travailler en france", "мій паспорт забрали",
	} {
		if l, sure := g.tell(text, Hint{}); sure {
			t.Errorf("%q is taken for sure to be %s", text, l)
		}
	}
}

func TestTheHintBreaksTiesOnly(t *testing.T) {
	g := newLinguist(nil)
	for l, word := range map[content.Locale]string{content.Urdu: "visa", content.Bangla: "visa", content.English: "visa", content.Uzbek: "patent", content.Kyrgyz: "патент"} {
		if got, sure := g.tell(word, Hint{Locale: l}); got != l || sure {
			t.Errorf("%s, from somebody who writes %s, is %s (sure %v)", word, l, got, sure)
		}
	}
	if got, _ := g.tell("не платят зарплату что делать", Hint{Locale: content.Kyrgyz}); got != content.Russian {
		t.Errorf("Russian from a Kyrgyz is %s", got)
	}
	if got, _ := g.tell("where do i get my money", Hint{Locale: content.Urdu, Also: []content.Locale{content.Bangla}}); got != content.English {
		t.Errorf("English from a Pakistani is %s", got)
	}
}

func TestLatinWordsInAnotherScript(t *testing.T) {
	g := newLinguist(nil)
	if got, _ := g.tell("میرا work visa application reject ہو گیا", Hint{}); got != content.Urdu {
		t.Errorf("%s", got)
	}
	for _, text := range []string{"", "123", "🙏", "我的护照", "मेरा वीज़ा"} {
		if got, sure := g.tell(text, Hint{Locale: content.Urdu}); got != "" || sure {
			t.Errorf("%q is %s", text, got)
		}
	}
}
