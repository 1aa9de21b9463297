// SPDX-License-Identifier: GPL-3.0-or-later

package register

import (
	"slices"
	"strings"
	"unicode"

	"sarai/search"
)

// A sound is what a name is compared by: its letters in one Latin alphabet, a
// letter a sound. Letters of two signs are one capital: S is sh, C ch, Z zh, G gh;
// x is kh.
type sound string

// pairs are the signs of two letters, and those that scripts write in two and
// mean as one.
var pairs = strings.NewReplacer(
	"dzh", "j",
	"dj", "j", "jh", "j", "sh", "S", "ch", "C", "kh", "x", "gh", "G", "zh", "Z",
	"ph", "f", "th", "t", "dh", "d", "bh", "b", "ck", "k", "qu", "k",
	"ce", "se", "ci", "si", "cy", "si", "c", "k", "q", "k",
	"ee", "i", "oo", "u", "ou", "u",
)

// glides are Bengali signs that are w and y in names, and whose letter alone is j.
var glides = strings.NewReplacer("ও\u09af\u09bc", "w", "\u09af\u09bc", "y")

// soundOf gives the sound of a word as search.Normalise leaves it.
func soundOf(word string) sound {
	s := pairs.Replace(search.Latin(glides.Replace(word)))
	var b strings.Builder
	b.Grow(len(s))
	last := byte(0)
	// Two letters of the Arabic script have a vowel between them that is not
	// written: ببا is baba.
	twice := strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Arabic, r) })
	for i := 0; i < len(s); i++ {
		c := s[i]
		if kindOf[c] != 0 && c == last && !(twice && kindOf[c] == consonant) || kindOf[c] == 0 && !(c >= '0' && c <= '9') { // doubled, or of a script that nobody here writes
			continue
		}
		last = c
		b.WriteByte(c)
	}
	return sound(b.String())
}

// lettersOf gives a word in Latin letters as it was typed, digits included. A
// slip of the thumb in "sh" is a small one among letters and none among sounds.
func lettersOf(word string) sound {
	return sound(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, word))
}

// The kinds of letters.
const (
	vowel = 1 + iota
	half  // y, w and h: written by some and left out by others
	consonant
)

var kindOf = func() (k [256]byte) {
	for _, c := range []byte("bcdfgjklmnpqrstvxzSCZG") {
		k[c] = consonant
	}
	for _, c := range []byte("ywh") {
		k[c] = half
	}
	for _, c := range []byte("aeiou") {
		k[c] = vowel
	}
	return k
}()

// bone is a consonant in the class that scripts and hearing exchange, or 0 for
// what the skeleton of a name leaves out.
var bone = func() (b [256]byte) {
	for _, class := range []string{"szSCZj", "kxGgq", "pf", "b", "td", "mn", "l", "r"} {
		for _, c := range []byte(class) {
			b[c] = class[0]
		}
	}
	for c := byte('0'); c <= '9'; c++ {
		b[c] = c
	}
	return b
}()

// skeleton is a sound without what scripts leave out, in classes: the pieces of
// it find who could be meant, and the letters then tell them apart. Without breath
// x is left out as h is: one Cyrillic letter is both.
func (s sound) skeleton(into []byte, breath bool) []byte {
	last := byte(0)
	for i := 0; i < len(s); i++ {
		if c := bone[s[i]]; c != 0 && c != last && (breath || s[i] != 'x') {
			into = append(into, c)
			last = c
		}
	}
	return into
}

// missing is what it costs that one of two spellings lacks a letter, in
// hundredths of a consonant.
var missing = func() (m [256]int32) {
	for c := range m {
		switch kindOf[c] {
		case vowel:
			m[c] = 25
		case half:
			m[c] = 35
		default:
			m[c] = 100
		}
	}
	return m
}()

// exchanges says what it costs that two spellings have two letters in one place,
// in hundredths of a consonant.
type exchanges [128][128]byte

// Between scripts, letters stand for each other that nobody exchanges who writes
// the script of the register.
var exchanged, exchangedWithin = between(12, map[byte]string{
	10: "yi ye",
	15: "wo wu vw jZ Gg yj",
	20: "zZ",
	25: "sz xh",
	30: "vo vu xk zj bv",
	40: "sS sC bw",
	50: "jC SC fp gh",
	60: "gj fv xG dj",
	80: "lr td kg bp mn",
}), between(40, map[byte]string{
	15: "yi ye wo wu vw ck qk",
	25: "sz xk jZ Gg cs",
	40: "zZ vo vu xh yj",
	50: "jC SC sS sC zj",
	60: "fp bv gj fv",
	80: "lr td kg bp mn dj",
})

// between makes a table from what a vowel in place of another costs, and what
// pairs cost.
func between(vowels byte, near map[byte]string) (x exchanges) {
	for a := range x {
		for b := range x[a] {
			ka, kb := kindOf[a], kindOf[b]
			switch {
			case a == b:
			case ka == vowel && kb == vowel:
				x[a][b] = vowels
			case ka == half && kb != consonant, kb == half && ka != consonant:
				x[a][b] = 40
			default:
				x[a][b] = 100
			}
		}
	}
	for cost, list := range near {

		for _, p := range strings.Fields(list) {
			x[p[0]][p[1]], x[p[1]][p[0]] = cost, cost
		}
	}
	return x
}

// swapped is what it costs that two letters changed places.
const swapped = 60

// A word weighs by how rare it is in the register; these weigh little however
// rare. What a firm does tells it from no other firm.
var generic = wordSet(`
	recruiting recruitment recruiters overseas employment employments promoter promoters promotion
	service services international intl manpower man power supply consultant consultants consultancy consulting placement
	private pvt limited ltd llc inc co corporation corp enterprise enterprises group travel travels tours tour trade
	trading traders test center centre global world worldwide human resource resources hr jobs job oep

	اوورسیز اورسیز ایمپلائمنٹ ایمپلایمنٹ پروموٹر پروموٹرز سروس سروسز سروسیز انٹرنیشنل ریکروٹنگ ریکروٹمنٹ
	مین پاور مینپاور ٹریول ٹریولز ٹریڈ پرائیویٹ لمیٹڈ کنسلٹنٹ انٹرپرائز انٹرپرائزز گروپ کاریابی
	ওভারসিজ ওভারসীজ এমপ্লয়মেন্ট প্রমোটর ইন্টারন্যাশনাল ইন্টারন্যাশানাল রিক্রুটিং রিক্রুটমেন্ট ম্যানপাওয়ার সার্ভিস সার্ভিসেস
	ট্রাভেল ট্রাভেলস প্রাইভেট লিমিটেড লি ট্রেডিং এন্টারপ্রাইজ অ্যান্ড এন্ড
	оверсиз эмплоймент промоутер интернэшнл интернешнл рекрутинг сервис сервисез трэвел тревел лимитед ооо`)

// small words stand around a name in a question and are of no name.
var small = wordSet(`
	is it this that a an the my our his their in on at to of for from with does do did has have are was were he she they i me you
	ok okay please sir madam hello licence license licensed licenced registered registration number no lic reg genuine real fake legal good
	safe check name called office agent person who what which how about any
	agency agencies agent agents company companies firm firms bureau
	kya hai he hain ka ki ke ko se ne ye yeh wo woh ya nahi nahin nai naam asli nakli theek thik sahi mujhe mera meri main mein ap aap bhai karo kare karna
	hota hoti hote kahan kaha kaise kese kab kyun kitna kitni likha karen karein batao bataein pata koi aur wala wale licens
	ایجنسی ایجنسیز ایجنٹ کمپنی دفتر شرکت موسسه
	کیا ہے ہیں کا کی کے کو سے نے یہ وہ یا نہیں نام اصلی نقلی ٹھیک صحیح مجھے میرا میری میں آپ بھائی ہوتا ہوتی کہاں کیسے کب کتنا کتنی لکھا کرو کریں کرنا بتاؤ بتائیں پتہ کوئی اور والا والے لائسنس رجسٹرڈ نمبر چیک
	است هست آیا این آن از به را در جواز نمبر نام اصلی درست
	ki ache nai eta ei kono koi bhalo bhai amar apni janen license ta
	এজেন্সি এজেন্ট কোম্পানি অফিস
	কি কী আছে নাই নেই এটা এই কোনো ভালো ভাই আমার আপনি জানেন কোথায় কীভাবে কত লাইসেন্স নাম নম্বর সঠিক আসল নকল
	агентство агент компания фирма контора
	есть ли это эта этот у в на из за и или нет да лицензия номер имя название настоящая настоящий проверить проверь можно где как сколько какой какая какое что такое номере`)

func wordSet(list string) map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(list) { // Normalise cuts what is longer than a message
		for w := range strings.FieldsSeq(search.Normalise(line)) {
			m[w] = true
		}
	}
	return m
}

// generics and smalls are the sounds of the long plain words, for those that are
// written as they are heard.
var generics, smalls = soundsOf(generic), soundsOf(small)

const longPlain = 5

func soundsOf(words map[string]bool) (out []sound) {
	for w := range words {
		if s := soundOf(w); len(s) >= longPlain && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

// like says whether a word sounds as one of a list.
func like(s sound, list []sound) bool {
	return len(s) >= longPlain && slices.ContainsFunc(list, func(g sound) bool { return near(s, g) })
}

// nearBy is how far apart two spellings of one word are at most, in hundredths of
// what the longer weighs.
const nearBy = 20

// near says whether two sounds are spellings of one word.
func near(a, b sound) bool {
	if len(a) > 32 || len(b) > 32 || len(a) > 2*len(b) || len(b) > 2*len(a) {
		return false
	}
	var weighs, other int32
	for i := range len(a) {
		weighs += missing[a[i]]
	}
	for i := range len(b) {
		other += missing[b[i]]
	}
	limit := max(weighs, other) * nearBy / 100
	if weighs-other > limit || other-weighs > limit {
		return false
	}
	var table [2][33]int32
	above, row := &table[0], &table[1]
	for j := range len(b) {
		above[j+1] = above[j] + missing[b[j]]
	}
	for i := range len(a) {
		row[0] = above[0] + missing[a[i]]
		least := row[0]
		for j := range len(b) {
			row[j+1] = min(above[j]+int32(exchanged[a[i]][b[j]]), above[j+1]+missing[a[i]], row[j]+missing[b[j]])
			least = min(least, row[j+1])
		}
		if least > limit {
			return false
		}
		above, row = row, above
	}
	return above[len(b)] <= limit
}
