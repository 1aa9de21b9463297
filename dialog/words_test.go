// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"testing"

	"sarai/content"
	"sarai/search"
)

func TestNoSpellingBelongsToTwoWords(t *testing.T) {
	owner := map[string]word{}
	for w, list := range spellings {
		for _, s := range forms(list) {
			if other, ok := owner[s]; ok && other != w {
				t.Errorf("%q is both %s and %s", s, other, w)
			}
			owner[s] = w
		}
	}
}

// TestTheFewWordsWorkInEveryLanguage names one spelling for each of the words
// that always work, in every locale, and asks that it is understood.
func TestTheFewWordsWorkInEveryLanguage(t *testing.T) {
	order := []word{wordMenu, wordLanguage, wordCounsellor, wordBack, wordStop, wordDelete, wordKeep, wordHide, wordYes, wordNo}
	for locale, spelt := range map[string][]string{
		"en":      {"MENU", "language", "Counsellor", "back", "STOP", "delete", "keep", "Hide.", "yes", "no"},
		"ur":      {"مینو", "زبان", "کونسلر", "واپس", "بند", "حذف", "رکھو", "چھپاؤ", "جی ہاں", "نہیں"},
		"ur-Latn": {"menu", "zaban", "mushir", "wapas", "band karo", "mita do", "rakho", "chupao", "ji", "nahi"},
		"ps":      {"مېنو", "ژبه", "سلاکار", "شاته", "دریږه", "ړنګ", "وساته", "پټ", "هو", "نه"},
		"fa-AF":   {"منو", "زبان", "مشاور", "بازگشت", "توقف", "حذف", "نگه دار", "پنهان", "بله", "نخیر"},
		"bn":      {"মেনু", "ভাষা", "কাউন্সেলর", "ফেরত", "থামুন", "মুছুন", "রাখুন", "লুকাও", "হ্যাঁ", "না"},
		"ar":      {"القائمة", "اللغة", "مستشار", "رجوع", "قف", "احذف", "احتفظ", "إخفاء", "نعم", "لا"},
		"ckb":     {"پێڕست", "زمان", "ڕاوێژکار", "گەڕانەوە", "ڕاگرە", "سڕینەوە", "بیهێڵەوە", "شاردنەوە", "بەڵێ", "نەخێر"},
		"tg":      {"меню", "забон", "мушовир", "бозгашт", "бас", "ҳазф", "нигоҳ дор", "пинҳон", "ҳа", "не"},
		"ru":      {"МЕНЮ", "язык", "консультант", "назад", "стоп", "удалить", "оставить", "спрятать", "да", "нет"},
		"ky":      {"меню", "тил", "кеңешчи", "артка", "токто", "өчүрүү", "калтыр", "жашыр", "ооба", "жок"},
		"kk":      {"мәзір", "тілі", "кеңесші", "артқа", "тоқта", "жою", "қалдыр", "жасыр", "иә", "жоқ"},
		"uz-Cyrl": {"меню", "тил", "маслаҳатчи", "орқага", "тўхта", "ўчириш", "қолдир", "яшир", "ҳа", "йўқ"},
		"uz":      {"menyu", "til", "maslahatchi", "orqaga", "to‘xta", "o'chirish", "qoldir", "yashir", "ha", "yo'q"},
	} {
		for i, s := range spelt {
			if w, ok := command(s); !ok || w != order[i] {
				t.Errorf("%s: %q is read as %q, want %q", locale, s, w, order[i])
			}
		}
	}
}

func TestAWordInsideAQuestionIsAQuestion(t *testing.T) {
	for _, s := range []string{"mera visa stop ho gaya", "how do I delete my facebook", "where can I hide money", "menu card of the hotel", ""} {
		if w, ok := command(s); ok {
			t.Errorf("%q is read as the word %q", s, w)
		}
	}
}

// No rule of a signal may be one of the few words, because those are not read:
// a cry for help that is one word is not among them.
func TestTheFewWordsAreNoSignals(t *testing.T) {
	c, err := content.Load(content.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	x := search.New(c)
	known := State{Locale: "en"}
	n := 0
	for _, list := range spellings {
		for _, w := range forms(list) {
			n++
			if !known.Plain(w) {
				t.Errorf("%q is read", w)
			}
			if r := x.Read(w, search.Hint{Locale: "en"}); len(r.Signals) > 0 {
				t.Errorf("%q raises %v and would not be heard", w, r.Signals)
			}
		}
	}
	if n < 200 {
		t.Fatalf("only %d words", n)
	}
	for _, text := range []string{"", "help", "they locked me in", "mera visa stop ho gaya", "menu please help me they beat me"} {
		if known.Plain(text) {
			t.Errorf("%q is not read", text)
		}
	}
	if (State{}).Plain("menu") || (State{Locale: "en", Guess: true}).Plain("меню") {
		t.Error("the language of a talk that has none is told by reading")
	}
	if !(State{Locale: "en", Guess: true}).Plain("menu") {
		t.Error("a word in plain letters tells no language")
	}
}
