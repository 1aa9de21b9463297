// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"sarai/search"
)

// A word is one of the few words that work in every state, in every language
// and script. They count only as the whole message: "mera visa stop ho gaya"
// is a question.
type word string

const (
	wordMenu       word = "menu"
	wordLanguage   word = "language"
	wordCounsellor word = "counsellor"
	wordBack       word = "back"
	wordStop       word = "stop"
	wordDelete     word = "delete"
	wordKeep       word = "keep"
	wordHide       word = "hide"
	wordYes        word = "yes"
	wordNo         word = "no"
	wordGreeting   word = "greeting"
	wordThanks     word = "thanks"
	wordSkip       word = "skip"
	wordList       word = "list" // my checklist
)

// spellings lists the words as people type them, by word, over all locales and
// in Latin letters. They are compared after folding, so variants that fold to
// the same are listed once.
var spellings = map[word]string{
	wordMenu: `menu, main menu, start menu, /menu, home, list, help menu
		مینو, مینیو, فہرست, menyu, fehrist, منو, فهرست, لیست, مېنو, القائمة, قائمة, پێڕست, لیستە
		меню, мен ю, главное меню, меню керек, феҳрист, мәзір, মেনু, মেন্যু, তালিকা, menu dao`,
	wordLanguage: `language, languages, change language, lang, /language
		زبان, زبان بدلو, زبان تبدیل, zaban, zuban, zaban badlo, تغییر زبان, ژبه, اللغة, لغة, تغيير اللغة, زمان
		язык, языки, сменить язык, забон, тил, тілі, тіл, til, tilni o'zgartirish, тилни ўзгартириш, ভাষা, bhasha, vasha`,
	wordCounsellor: `counsellor, counselor, human, a human, person, agent please, operator, talk to a human, talk to someone, real person, staff, /counsellor, advisor, adviser
		کونسلر, کاؤنسلر, مشیر, انسان, بندے سے بات, insan se baat, mushir, counsellor se baat, counselor se baat karni hai, counsellor se baat karni hai
		مشاور, مشاور میخواهم, با مشاور, moshawer, mushawer, moshaver, سلاکار, مشاور غواړم, مستشار, مرشد, موظف, ڕاوێژکار
		консультант, оператор, человек, живой человек, консультанта, поговорить с человеком, хочу поговорить с человеком, нужен консультант, позовите человека, мушовир, маслаҳатчӣ, кеңешчи, кеңесші, maslahatchi, маслаҳатчи
		কাউন্সেলর, কাউন্সিলর, পরামর্শক, মানুষ, poramorshok, manush er sathe kotha, counsellor er sathe kotha bolbo`,
	wordBack: `back, go back, /back, previous
		واپس, پیچھے, wapas, wapis, peeche, بازگشت, برگشت, پس, bargasht, شاته, رجوع, العودة, گەڕانەوە
		назад, қафо, бозгашт, артка, артқа, orqaga, орқага, ফিরে, পেছনে, ফেরত, fire jao, pichone`,
	wordStop: `stop, /stop, unsubscribe, stop messages, no more messages
		بند, بند کرو, روکو, band karo, roko, توقف, ایست, بس, bas, دریږه, قف, توقف عن الارسال, إيقاف, ڕاگرە
		стоп, хватит, остановить, бас, ист, токто, тоқта, to'xta, toxta, to'xtat, тўхта, тўхтат, থামুন, বন্ধ, বন্ধ করুন, bondho, thamun`,
	wordDelete: `delete, /delete, delete everything, delete all, erase, erase everything, forget me
		حذف, ڈیلیٹ, مٹا دو, سب مٹا دو, delete karo, hazf, mita do, پاک کردن, حذف کن, همه را حذف کن, ړنګ, ړنګول, احذف, مسح, سڕینەوە
		удалить, удали, удали все, удалить все, стереть, нест кардан, ҳазф, өчүрүү, жою, өшіру, o'chirish, ochirish, ўчириш, ўчир, মুছুন, মুছে দিন, ডিলিট, muche din, mucho`,
	wordKeep: `keep, /keep, do not delete, keep it
		رکھو, نہ مٹاؤ, rakho, نگه دار, نگهدار, حفظ, negah dar, وساته, احتفظ, ابق, بیهێڵەوە
		оставить, не удалять, сохранить, нигоҳ дор, калтыр, қалдыр, qoldir, қолдир, রাখুন, রেখে দিন, rakhun, rekhe din`,
	wordHide: `hide, /hide, hide chat, clear, clear chat
		چھپاؤ, چھپا دو, chupao, chhupao, chupa do, پنهان, پنهان کن, pinhan, penhan, پټ, پټول, اخفاء, إخفاء, اخف, شاردنەوە, بشارەوە
		спрятать, спрячь, скрыть, пинҳон, жашыр, жасыр, yashir, yashirish, яшир, яшириш, লুকাও, লুকান, lukao, lukan`,
	wordYes: `yes, y, yes please, ok, okay, sure, agree, i agree, yeah
		ہاں, جی, جی ہاں, ٹھیک ہے, han, haan, ji, ji han, theek hai, thik hai, بله, بلی, آری, درست است, bale, bali, هو, نعم, اي, موافق, بەڵێ
		да, ага, хорошо, согласен, согласна, ҳа, бале, ооба, макул, иә, жарайды, ha, xo'p, хўп, হ্যাঁ, জি, ঠিক আছে, hae, hya, ji ha, thik ache`,
	wordNo: `no, n, no thanks, not now, nope
		نہیں, نہ, nahi, nahin, nai, نه, نخیر, خیر, na, nakhair, نا, لا, كلا, نەخێر
		нет, не надо, не, не хочу, жок, жоқ, yo'q, yoq, йўқ, না, লাগবে না, lagbe na`,
	wordGreeting: `hi, hello, hey, hi there, hello there, good morning, good evening, salam, salaam, assalam o alaikum, assalamu alaikum, assalamualaikum, aoa, asalam alaikum, asc, start, /start
		سلام, السلام علیکم, السلام عليكم, سلام علیکم, سلام و علیکم, آداب, ہیلو, مرحبا, اهلا, سڵاو, ستړی مه شې
		привет, здравствуйте, здравствуй, добрый день, салом, ассалому алейкум, салам, салам алейкум, саламатсызбы, сәлем, сәлеметсіз бе, assalomu alaykum, salom
		হ্যালো, হাই, আসসালামু আলাইকুম, সালাম, নমস্কার, nomoskar`,
	wordThanks: `thanks, thank you, thank you so much, thx, great thanks, thank u
		شکریہ, بہت شکریہ, shukria, shukriya, bohot shukriya, تشکر, ممنون, tashakor, tashakur, مننه, شكرا, سوپاس
		спасибо, благодарю, ташаккур, раҳмат, рахмат, ыракмат, рақмет, rahmat, ধন্যবাদ, dhonnobad`,
	wordList: `my list, /mylist, mylist, checklist, my checklist, what is left, what is left to do
		میری فہرست, میری لسٹ, meri list, meri fehrist, چیک لسٹ, چک لست, چک لیست, لست من, لیست من, فهرست من, list man, زما لېست, زما لست, قائمتي, قائمة المهام, لیستەکەم
		мой список, список дел, чек-лист, рӯйхати ман, менин тизмем, менің тізімім, mening ro'yxatim, royxatim, менинг рўйхатим, আমার তালিকা, আমার লিস্ট, amar list, amar talika`,
	wordSkip: `skip, /skip, later
		چھوڑو, چھوڑیں, choro, chhoro, بعدا, رد شو, رد کردن, پرېږده, تخط, لاحقا, دواتر
		пропустить, позже, дальше, кейин, өткізу, o'tkazib yuborish, বাদ দিন, পরে, bad din, pore`,
}

// numbers are number words from one to ten, by value.
var numbers = []string{
	1:  `one, first, ek, aik, ایک, پہلا, یک, اول, yak, yek, يو, واحد, یەک, один, первый, первое, як, бир, бір, bir, এক, প্রথম`,
	2:  `two, second, do, دو, دوسرا, دوم, dou, دوه, اثنان, اثنين, دوو, два, второй, второе, ду, эки, екі, ikki, দুই, dui`,
	3:  `three, third, teen, tin, تین, تیسرا, سه, سوم, se, درې, ثلاثة, سێ, три, третий, третье, се, үч, үш, uch, তিন`,
	4:  `four, fourth, char, chaar, چار, چوتھا, چهار, chahar, څلور, اربعة, چوار, четыре, четвертый, чор, төрт, to'rt, চার`,
	5:  `five, fifth, panch, paanch, پانچ, پنج, panj, پنځه, خمسة, پێنج, пять, пятый, панҷ, беш, бес, besh, পাঁচ`,
	6:  `six, sixth, chhe, che, چھ, شش, shash, شپږ, ستة, شەش, шесть, шестой, шаш, алты, olti, ছয়, choy`,
	7:  `seven, saat, سات, هفت, haft, اووه, سبعة, حەوت, семь, ҳафт, жети, жеті, yetti, সাত, shat`,
	8:  `eight, aath, آٹھ, هشت, hasht, اته, ثمانية, هەشت, восемь, ҳашт, сегиз, сегіз, sakkiz, আট`,
	9:  `nine, nau, نو, noh, نهه, تسعة, نۆ, девять, нуҳ, тогуз, тоғыз, to'qqiz, নয়, noy`,
	10: `ten, das, dus, دس, ده, dah, لس, عشرة, دە, десять, даҳ, он, o'n, দশ, dosh`,
}

var (
	wordOf   = invert(spellings)
	numberOf = func() map[string]int {
		m := map[string]int{}
		for n, list := range numbers {
			for _, s := range forms(list) {
				if _, taken := m[s]; !taken {
					m[s] = n
				}
			}
		}
		return m
	}()
)

func invert(spellings map[word]string) map[string]word {
	m := map[string]word{}
	for w, list := range spellings {
		for _, s := range forms(list) {
			m[s] = w
		}
	}
	return m
}

// forms reads a list of spellings that are separated by commas or line ends.
func forms(list string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == '\n' }) {
		if f := fold(s); f != "" {
			out = append(out, f)
		}
	}
	return out
}

// fold is how whole messages are compared: as search folds words.
func fold(s string) string {
	if len(s) > 400 { // no word, label or number is so long
		return ""
	}
	return strings.TrimPrefix(search.Normalise(strings.TrimPrefix(strings.TrimSpace(s), "/")), "/")
}

// command finds the word that a whole message is.
func command(text string) (word, bool) {
	w, ok := wordOf[fold(text)]
	return w, ok
}

// Plain says whether a message is one of the few words or a bare number, in which
// search has nothing to read. While the language of the talk is a guess that is
// so of ASCII only, because a word in letters of its own may tell the language,
// and while there is none of nothing.
func (s State) Plain(text string) bool {
	if s.Locale == "" || s.Guess && strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return false
	}
	return Known(text)
}

// Known says whether a message is one of the few words or a bare number: there is
// no article to be looked for.
func Known(text string) bool {
	f := fold(text)
	if _, ok := wordOf[f]; ok {
		return true
	}
	_, ok := number(f)
	return ok
}

// number reads a whole folded message as a number, in the digits of any script
// (search folds those) or as a word. Signs around it are gone by folding.
func number(folded string) (int, bool) {
	if n, err := strconv.Atoi(folded); err == nil {
		return n, true
	}
	n, ok := numberOf[folded]
	return n, ok
}
