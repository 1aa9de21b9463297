// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"testing"
	"unicode/utf8"
)

// What somebody who learnt to read in Cyrillic letters gets.
func TestUzbekInCyrillicLetters(t *testing.T) {
	for latin, want := range map[string]string{
		"o‘zbekcha":                       "ўзбекча",
		"Yo‘q, bu yolg‘on.":               "Йўқ, бу ёлғон.",
		"E’lon, ma’lumot, san’at":         "Эълон, маълумот, санъат",
		"etmoq, aeroport, poyezd, yetti":  "этмоқ, аэропорт, поезд, етти",
		"SHOSHILMANG. Chiqish":            "ШОШИЛМАНГ. Чиқиш",
		"YASHIRISH":                       "ЯШИРИШ",
		"O‘CHIRISH":                       "ЎЧИРИШ",
		"Yashirish":                       "Яшириш",
		"Is’hoq":                          "Исҳоқ",
		"ketsa, aytsin, qaytsangiz":       "кетса, айтсин, қайтсангиз",
		"litsenziya, politsiya, protsent": "лицензия, полиция, процент",
		"2025-yil 5-iyul, 30-sentabrda":   "2025-йил 5-июль, 30-сентябрда",
		"sentabrning":                     "сентябрнинг",
		"migratsiya kartasi":              "миграция картаси",
		"https://gov.uz/uz va @migratsiya_uz, info@mehnat.uz, gov.uz": "https://gov.uz/uz ва @migratsiya_uz, info@mehnat.uz, gov.uz",
		"+998 71 202-33-55":                                              "+998 71 202-33-55",
		"WhatsApp yoki Telegram":                                         "WhatsApp ёки Телеграм",
		"Напишите уже ok":                                                "Напишите уже ок",
		"g'alaba, o`lim, oʻgʻil, bo’sh":                                  "ғалаба, ўлим, ўғил, бўш",
		"Alarm Phone, Amina, Amirliklar, studentlik, Googledan, retsept": "Alarm Phone, Амина, Амирликлар, студентлик, Googledan, рецепт",
		"Xo‘jayin pasportni olib qo‘ydimi":                               "Хўжайин паспортни олиб қўйдими",
		"":                                                               "",
	} {
		if got := UzbekCyrillic(latin); got != want {
			t.Errorf("%q is written %q, should be %q", latin, got, want)
		}
	}
}

// Whatever it is given, it gives back text.
func FuzzUzbekCyrillic(f *testing.F) {
	f.Add("yo‘q ’ ts e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		if got := UzbekCyrillic(s); utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q became %q", s, got)
		}
	})
}
