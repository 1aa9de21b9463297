// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhatKeyboardsMakeDifferentIsOne(t *testing.T) {
	for _, same := range [][]string{
		{"كيف", "کیف"},
		{"علی", "علي", "على"},
		{"ہے", "هے", "ھے"},
		{"مدرسة", "مدرسه", "مدرسە"},
		{"آنا", "أنا", "إنا", "انا", "اَنَا", "انـــا"},
		{"می\u200cخواهم", "میخواهم", "مي\u200cخواهم"},
		{"Ещё", "еще", "ЕЩЁ"},
		{"o‘zbek", "oʻzbek", "o'zbek", "o`zbek", "O’ZBEK", "ozbek"},
		{"café", "cafe", "ＣＡＦＥ́"},
		{"1600", "١٦٠٠", "۱۶۰۰", "১৬০০", "१६००", "１６００"},
		{"হাঁটা", "হাটা"},
		{"ড়", "ড়"},
		{"help!!! 🆘🙏🏽 me", "  HELP\tme…", "help me\u200f"},
	} {
		want := Normalise(same[0])
		if want == "" {
			t.Errorf("%q normalises to nothing", same[0])
		}
		for _, s := range same[1:] {
			if got := Normalise(s); got != want {
				t.Errorf("Normalise(%q) = %q, but of %q it is %q", s, got, same[0], want)
			}
		}
	}
}

func TestWhatIsDifferentStaysSo(t *testing.T) {
	for _, pair := range [][2]string{{"کے", "کی"}, {"кий", "кии"}, {"কি", "কা"}, {"پاک", "باک"}, {"ўн", "ун"}, {"12", "21"}} {
		if a, b := Normalise(pair[0]), Normalise(pair[1]); a == b {
			t.Errorf("%q and %q both normalise to %q", pair[0], pair[1], a)
		}
	}
}

func TestALongStoryKeepsItsBeginningAndItsEnd(t *testing.T) {
	got := Normalise("kidnapped " + strings.Repeat("آگے ", 100000) + " ransom")
	if n := utf8.RuneCountInString(got); n > longest {
		t.Errorf("%d runes", n)
	}
	if !strings.HasPrefix(got, "kidnapped ") || !strings.HasSuffix(got, " ransom") {
		t.Errorf("the beginning or the end is lost: %.20q", got)
	}
	// One character can stand for eighteen.
	if n := utf8.RuneCountInString(Normalise(strings.Repeat("\ufdfa", 5000))); n > longest {
		t.Errorf("%d runes of ligatures", n)
	}
}

func TestNothingIsLeftOfWhatIsNoWord(t *testing.T) {
	for _, s := range []string{"", "😀😀", "?!…", "\u200d\u200f", "\xff\xfe", "ـــ", "'", "👨‍👩‍👧"} {
		if got := Normalise(s); got != "" {
			t.Errorf("Normalise(%q) = %q", s, got)
		}
	}
}

func TestOneLatinAlphabet(t *testing.T) {
	for _, c := range []struct{ word, latin string }{
		{"патент", "patent"}, {"қанча", "qancha"}, {"protector", "protector"},
		{"পাসপোর্ট", "pasoport"}, {"টাকা", "taka"}, {"কখন", "kokhon"},
		{"پاسپورت", "pasport"}, {"چند", "chnd"},
	} {
		if got := latin(Normalise(c.word)); got != c.latin {
			t.Errorf("latin(%s) = %s, want %s", c.word, got, c.latin)
		}
	}
	for _, same := range [][]string{
		{"protector", "پروٹیکٹر", "প্রোটেক্টর"},
		{"kahan", "kahaan", "کہاں"},
		{"passport", "pasport", "پاسپورٹ", "паспорт"},
		{"maash", "معاش", "маош"},
		{"qaerda", "қаерда", "kayerda"},
	} {
		want := skeleton(latin(Normalise(same[0])))
		for _, w := range same[1:] {
			if got := skeleton(latin(Normalise(w))); got != want {
				t.Errorf("%s has the skeleton %q, %s has %q", w, got, same[0], want)
			}
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"", "hello", "ﷺ", "می\u200cخواهم", "হাঁটা", "\xff", "ＡＢＣ", "é́́", "ǿ", "۱۲۳", strings.Repeat("ö", 3000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := Normalise(s)
		if !utf8.ValidString(n) {
			t.Errorf("Normalise(%q) is not UTF-8", s)
		}
		if c := utf8.RuneCountInString(n); c > longest {
			t.Errorf("%d runes", c)
		}
		if n != strings.Join(strings.Fields(n), " ") {
			t.Errorf("Normalise(%q) = %q has spaces to spare", s, n)
		}
		if again := Normalise(n); again != n {
			t.Errorf("Normalise(%q) = %q, and again it is %q", s, n, again)
		}
	})
}
