// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"sarai/content"
)

// lines of a small catalogue: an article, its countries, and by locale how
// people ask it, the first being the title.
var shelf = []struct {
	id     string
	origin string
	asks   map[string]string
}{
	{"wages-unpaid", "", map[string]string{
		"en": "Not paid|my employer does not pay me|salary not paid for three months|boss holds my wages|no salary|they owe me money for work|company does not give salary",
		"ur": "تنخواہ نہیں ملی|مالک تنخواہ نہیں دیتا|تین مہینے سے تنخواہ نہیں ملی|malik tankhwa nahi deta|tankhwa nahi mili kya karun|kafeel salary nahi de raha|company paise nahi de rahi",
		"ru": "Не платят зарплату|мне не платят зарплату|начальник не отдает деньги|задержали зарплату|работодатель не заплатил|куда жаловаться если не платят",
		"bn": "বেতন পাই না|মালিক বেতন দেয় না|তিন মাস বেতন পাইনি|malik beton dey na|beton pai na ki korbo|kafil salary dicche na"}},
	{"passport-withheld", "", map[string]string{
		"en": "They keep my passport|my employer took my passport|boss keeps my passport|passport taken by company|how to get my passport back from employer|kafeel has my passport",
		"ur": "پاسپورٹ رکھ لیا|مالک نے پاسپورٹ رکھ لیا ہے|کفیل پاسپورٹ واپس نہیں دیتا|malik ne passport rakh liya|kafeel passport wapas nahi deta|passport kaise wapas lun",
		"ru": "Забрали паспорт|работодатель забрал паспорт|начальник не отдает паспорт|как вернуть паспорт|забрали документы на работе",
		"bn": "পাসপোর্ট রেখে দিয়েছে|মালিক পাসপোর্ট নিয়ে গেছে|malik passport niye geche|passport kivabe ferot pabo|kafil passport dey na"}},
	{"protector-pk", "PK", map[string]string{
		"en": "The Protector's stamp|where is protector done|protector fee|protector of emigrants office|protector stamp on passport|documents for protector",
		"ur": "پروٹیکٹر کی مہر|پروٹیکٹر کہاں سے ہوتا ہے|پروٹیکٹر کی فیس کتنی ہے|protector kahan se karwaun|protector ki fees|protector ke liye kya chahiye|protector office ka pata"}},
	{"bmet-card-bd", "BD", map[string]string{
		"en": "The BMET card|how to get bmet card|bmet clearance|smart card for going abroad|bmet card fee|bmet registration",
		"bn": "বিএমইটি কার্ড|বিএমইটি কার্ড কীভাবে করব|স্মার্ট কার্ড কোথায় পাব|bmet card kivabe korbo|smart card koto taka|bmet registration kothay"}},
	{"recruiter-check-pk", "PK", map[string]string{
		"en": "Is the recruiter licensed?|is this agent licensed|how to check a recruiting agency|agent registered or fake|check company licence|is my agent real",
		"ur": "کیا ایجنٹ رجسٹرڈ ہے|ایجنٹ کا لائسنس کیسے چیک کریں|یہ کمپنی اصلی ہے|agent asli hai ya nakli|agent ka license kaise check karen|promoter registered hai"}},
	{"recruiter-check-bd", "BD", map[string]string{
		"en": "Is the recruiter licensed?|is this agent licensed|how to check a recruiting agency|agency registered or fake|rl number check|is my agency real",
		"bn": "এজেন্সির লাইসেন্স আছে কি|এজেন্সি আসল কিনা|রিক্রুটিং লাইসেন্স চেক|agency asol naki|agency license kivabe check korbo|rl number check"}},
	{"russia-patent", "TJ UZ", map[string]string{
		"en": "The patent for work in Russia|how to get a patent|patent in moscow price|extend patent|documents for patent",
		"ru": "Патент на работу|как получить патент|сколько стоит патент|продлить патент|патент в москве|документы на патент|kak poluchit patent",
		"uz": "Ishlash uchun patent|patentni qanday olaman|patent qancha turadi|патентни қандай оламан|patent uzaytirish|moskvada patent"}},
	{"emergency", "", map[string]string{
		"en": "I am in danger|i am in danger|help me now|they lock me in a house|someone wants to hurt me|police number",
		"ur": "میں خطرے میں ہوں|مجھے بند کر رکھا ہے|main khatre mein hun|meri madad karo|police ka number",
		"ru": "Я в опасности|помогите меня заперли|мне угрожают|номер полиции"}},
	{"visa-check", "", map[string]string{
		"en": "Is this visa real?|is my visa genuine|how to check visa online|visa real or fake|free visa saudi real|visa",
		"ur": "کیا ویزا اصلی ہے|ویزا کیسے چیک کریں|visa asli hai ya nakli|visa kaise check karen|azad visa asli hai",
		"bn": "ভিসা আসল কিনা|ভিসা চেক করব কীভাবে|visa asol naki|visa kivabe check korbo"}},
	{"return-home", "", map[string]string{
		"en": "Going back home|i want to go back home|who pays my ticket home|help to return to my country|no money for ticket back",
		"ur": "واپس گھر جانا|میں واپس پاکستان جانا چاہتا ہوں|ghar wapas kaise jaun|wapsi ka ticket kaun dega|wapas jana chahta hun",
		"ru": "Вернуться домой|хочу вернуться домой|кто оплатит билет|нет денег на билет домой"}},
	{"study-abroad", "", map[string]string{
		"en": "Studying abroad|how to study in germany|student visa|scholarship for university|admission in foreign university",
		"ur": "باہر پڑھنا|سکالرشپ کیسے ملے گی|student visa kaise milega|germany mein parhai|university mein dakhla",
		"ru": "Учёба за границей|как поступить в университет|стипендия для учебы|учебная виза"}},
	{"remittances", "", map[string]string{
		"en": "Sending money home|how to send money home|cheapest money transfer|hundi or bank|western union fee",
		"ur": "گھر پیسے بھیجنا|گھر پیسے کیسے بھیجوں|paise ghar kaise bhejun|hundi se bhejna theek hai|bank se paise bhejna",
		"ru": "Отправить деньги домой|как отправить деньги|перевод денег комиссия|дешевый перевод",
		"bn": "বাড়িতে টাকা পাঠানো|টাকা কীভাবে পাঠাব|bari te taka pathabo kivabe|hundi na bank|bkash e taka pathano"}},
}

func small(t testing.TB) *content.Catalogue {
	t.Helper()
	files := fstest.MapFS{}
	for _, a := range shelf {
		dir := "articles/shelf/" + a.id + "/"
		if a.origin != "" {
			files[dir+"article.toml"] = &fstest.MapFile{Data: []byte(`origin = ["` + strings.ReplaceAll(a.origin, " ", `", "`) + `"]`)}
		}
		for l, asks := range a.asks {
			lines := strings.Split(asks, "|")
			files[dir+l+".md"] = &fstest.MapFile{Data: fmt.Appendf(nil, "+++\ntitle = %q\nlabel = \"x\"\nask = [\"%s\"]\nstatus = \"draft\"\n+++\nAsk the centre.\n",
				lines[0], strings.Join(lines[1:], `", "`))}
		}
	}
	files["signals/held.toml"] = &fstest.MapFile{Data: []byte(`article = "emergency"
priority = "urgent"
[en]
rules = ["kidnapped"]
raise = ["they kidnapped my son"]
`)}
	c, err := content.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fitted(t testing.TB) *Index {
	t.Helper()
	x, err := New(small(t)).Fit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestAQuestionFindsItsArticle(t *testing.T) {
	x := fitted(t)
	for _, c := range []struct {
		question string
		want     content.ArticleID
		locale   content.Locale
	}{
		{"protector kahan se hota hai aur fees kitni hai", "protector-pk", content.Urdu},
		{"پروٹیکٹر کی فیس", "protector-pk", content.Urdu},
		{"protekter ki fes kitni he", "protector-pk", content.Urdu},
		{"protector", "protector-pk", ""},
		{"kafeel ne 3 maheene se tankhwah nahi di", "wages-unpaid", content.Urdu},
		{"boss did not pay my salary", "wages-unpaid", content.English},
		{"мне три месяца не платят зарплату", "wages-unpaid", content.Russian},
		{"বেতন দেয় না মালিক কি করব", "wages-unpaid", content.Bangla},
		{"malik amar beton dey na", "wages-unpaid", content.Bangla},
		{"patentni qancha pulga olaman", "russia-patent", content.Uzbek},
		{"патентни қанча пулга оламан", "russia-patent", content.Uzbek},
		{"сколько стоит патент в москве", "russia-patent", content.Russian},
		{"مالک نے میرا پاسپورٹ رکھ لیا", "passport-withheld", content.Urdu},
	} {
		r := x.Read(c.question, Hint{})
		if len(r.Matches) == 0 || r.Matches[0].Article != c.want || r.Band == Unknown {
			t.Errorf("%q: %s %v, want %s", c.question, r.Band, r.Matches, c.want)
		}
		if c.locale != "" && r.Locale != c.locale {
			t.Errorf("%q: locale %s, want %s", c.question, r.Locale, c.locale)
		}
	}
}

func TestWhatNobodyHereKnowsIsUnknown(t *testing.T) {
	x := fitted(t)
	for _, hint := range []Hint{{}, {Locale: content.Urdu, Origin: "PK"}} {
		for _, q := range []string{
			"what is the weather", "how do I bake bread", "cricket score", "who won the match yesterday", "hello", "hi, good morning",
			"salam", "assalam o alaikum", "ok thanks", "شکریہ", "السلام علیکم", "привет", "спасибо", "ধন্যবাদ", "aaj mausam kaisa hai",
			"biryani kaise banti hai", "آج موسم کیسا ہے", "какая сегодня погода", "как испечь хлеб", "ভাত রান্না করব কীভাবে",
			"asdfgh qwerty", "tell me a joke", "لطیفہ سناؤ", "bobur qachon tugilgan",
			"how to get", "from my", "kaise", "как", "мне не",
		} {
			if r := x.Read(q, hint); r.Band != Unknown {
				t.Errorf("%q: %s %v", q, r.Band, r.Matches[:min(2, len(r.Matches))])
			}
		}
	}
}

// "i am in" is the beginning of a cry for help, and may be offered as such, but
// nobody knows what "me now" asks.
func TestSmallWordsAloneAreNotAnswered(t *testing.T) {
	x := fitted(t)
	for _, q := range []string{"me now", "i am in", "kahan se", "ke liye kya", "what is it"} {
		if r := x.Read(q, Hint{}); r.Band == Answer {
			t.Errorf("%q is answered with %v", q, r.Matches[0])
		}
	}
	if r := x.Read("help me now", Hint{}); r.Band != Answer {
		t.Errorf("a sample's own words are not answered: %s %v", r.Band, r.Matches)
	}
}

func TestAMessageWithoutWordsIsInNoLanguage(t *testing.T) {
	x := fitted(t)
	for _, q := range []string{"", " ", "😀👍", "???", "123", "۱۲۳", "1️⃣", "\xff\xfe\x00", "\u200f"} {
		r := x.Read(q, Hint{Locale: content.Urdu})
		if r.Locale != "" || r.Sure || r.Band != Unknown || len(r.Matches) != 0 || len(r.Signals) != 0 {
			t.Errorf("%q: %+v", q, r)
		}
	}
}

func TestTheCountryDecidesBetweenSiblings(t *testing.T) {
	x := fitted(t)
	const q = "how to check if this recruiting agency is licensed"
	first := func(q string, h Hint) (content.ArticleID, Band) {
		r := x.Read(q, h)
		if len(r.Matches) == 0 {
			t.Fatalf("%q finds nothing", q)
		}
		return r.Matches[0].Article, r.Band
	}
	for origin, want := range map[content.Country]content.ArticleID{"PK": "recruiter-check-pk", "BD": "recruiter-check-bd"} {
		if a, b := first(q, Hint{Origin: origin}); a != want || b != Answer {
			t.Errorf("from %s: %s %s", origin, b, a)
		}
	}
	if a, b := first("I am in Bangladesh. "+q, Hint{}); a != "recruiter-check-bd" || b == Unknown {
		t.Errorf("the message names Bangladesh: %s %s", b, a)
	}
	// Whose country is not known is offered one of the family and no second: the
	// others in the list are about something else.
	r := x.Read(q, Hint{})
	for i, m := range r.Matches {
		if is := m.Article == "recruiter-check-pk" || m.Article == "recruiter-check-bd"; is != (i == 0) {
			t.Errorf("without a country match %d is %s", i, m.Article)
		}
	}
	if r.Band != Answer {
		t.Errorf("without a country: %s %v", r.Band, r.Matches[0])
	}
	// A question in the language of one country is more likely from there.
	for q, want := range map[string]content.ArticleID{"eta ki asol agency": "recruiter-check-bd", "کیا یہ agent licensed ہے": "recruiter-check-pk"} {
		if a, b := first(q, Hint{}); a != want || b == Unknown {
			t.Errorf("%q: %s %s", q, b, a)
		}
	}
	// What only one of them has a line for finds the other, for people of the
	// other's country.
	if a, b := first("agency rl number check", Hint{Origin: "PK"}); a != "recruiter-check-pk" || b == Unknown {
		t.Errorf("the line of a sibling: %s %s", b, a)
	}
	// The very words of an article for others are not an answer.
	for _, q := range []string{"bmet card kivabe korbo", "protector ki fees"} {
		if a, b := first(q, Hint{Origin: "IQ"}); b == Answer {
			t.Errorf("somebody from Iraq is answered with %s", a)
		}
	}
}

func TestMatchesAreBestFirstAndSureIsAShare(t *testing.T) {
	x := fitted(t)
	for _, a := range shelf {
		for _, asks := range a.asks {
			for _, q := range strings.Split(asks, "|") {
				r := x.Read(q, Hint{})
				last := 1.0
				if len(r.Matches) > 10 {
					t.Errorf("%d matches", len(r.Matches))
				}
				for _, m := range r.Matches {
					if m.Sure > last || m.Sure < 0 || math.IsNaN(m.Sure) {
						t.Errorf("%q: %v", q, r.Matches)
						break
					}
					last = m.Sure
				}
				if r.Band == Answer && r.Matches[0].Sure < answerFrom || r.Band == Unknown && len(r.Matches) > 0 && r.Matches[0].Sure >= chooseFrom {
					t.Errorf("%q: %s with %v", q, r.Band, r.Matches[0])
				}
			}
		}
	}
}

func TestANewIndexIsUsableAtOnce(t *testing.T) {
	x := New(small(t))
	if x.Full() {
		t.Error("nothing was fitted yet")
	}
	r := x.Read("protector ki fees kitni hai", Hint{})
	if len(r.Matches) == 0 || r.Matches[0].Article != "protector-pk" || r.Band == Unknown {
		t.Errorf("%s %v", r.Band, r.Matches)
	}
	if r := x.Read("how do I bake bread", Hint{}); r.Band != Unknown {
		t.Errorf("bread: %s %v", r.Band, r.Matches)
	}
	y, err := x.Fit(context.Background())
	if err != nil || !y.Full() || x.Full() || y.Edition() != x.Edition() || y.Edition() == "" {
		t.Errorf("fit: %v, full %v, before %v, editions %q %q", err, y.Full(), x.Full(), y.Edition(), x.Edition())
	}
}

func TestFittingStopsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := New(small(t)).Fit(ctx); err == nil {
		t.Error("it went on")
	}
}

func TestAnEmptyCatalogueKnowsNothing(t *testing.T) {
	c, err := content.Load(fstest.MapFS{"topics.toml": &fstest.MapFile{}})
	if err != nil {
		t.Fatal(err)
	}
	x, err := New(c).Fit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r := x.Read("where is the protector office", Hint{}); r.Band != Unknown || r.Locale != content.English || len(r.Matches) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestReadingsAreTheSameEveryTimeAndAtOnce(t *testing.T) {
	x, y := fitted(t), fitted(t)
	questions := []string{"protector ki fees", "salary not paid", "как получить патент", "hello", "they kidnapped my son", "বেতন পাই না"}
	want := make([]string, len(questions))
	for i, q := range questions {
		want[i] = fmt.Sprint(x.Read(q, Hint{}))
		if got := fmt.Sprint(y.Read(q, Hint{})); got != want[i] {
			t.Errorf("%q: another index of the same catalogue reads\n%s\n%s", q, got, want[i])
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 60 {
				k := i % len(questions)
				if got := fmt.Sprint(x.Read(questions[k], Hint{})); got != want[k] {
					t.Errorf("%q: %s", questions[k], got)
				}
			}
		})
	}
	group.Wait()
}

func TestSignalsAreRaisedInWhateverLanguageTheRestIs(t *testing.T) {
	x := fitted(t)
	r := x.Read("mere bete ko kidnapped kar liya hai madad karo", Hint{Locale: content.Urdu})
	if len(r.Signals) != 1 || r.Signals[0] != (Raised{"held", "kidnapped", content.English}) {
		t.Errorf("%v", r.Signals)
	}
}

func FuzzRead(f *testing.F) {
	x := fitted(f)
	for _, s := range []string{"protector ki fees", "", "\xff\x00", "ﷺﷺ", "मेरा वीज़ा", "我的护照", "he kidnapped " + strings.Repeat("me ", 900), "😀 ۱۲۳ привет", "ａ", "ə̃"} {
		f.Add(s, "PK", "ur")
	}
	f.Fuzz(func(t *testing.T, q, origin, locale string) {
		r := x.Read(q, Hint{Origin: content.Country(origin), Locale: content.Locale(locale)})
		if len(r.Matches) > 10 {
			t.Errorf("%d matches", len(r.Matches))
		}
		for _, m := range r.Matches {
			if !(m.Sure >= 0 && m.Sure <= 1) {
				t.Errorf("sure %v", m.Sure)
			}
		}
		if r.Band != Answer && r.Band != Choose && r.Band != Unknown {
			t.Errorf("band %q", r.Band)
		}
	})
}

// BenchmarkRead is one question over the small catalogue.
func BenchmarkRead(b *testing.B) {
	x := fitted(b)
	for b.Loop() {
		x.Read("kafeel ne 3 maheene se tankhwah nahi di kya karun", Hint{})
	}
}
