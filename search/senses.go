// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"maps"
	"slices"
	"strings"
)

// A sense is something that people of the centres ask about, with the beginnings
// of the words by which they call it in the languages and letters they write.
// Boss, kafeel and хозяин are one sense: a question finds lines that say the
// same in another word, and lines of another language. Beginnings, because most
// of these languages decline; those shorter than four letters, and those behind
// a "=", are whole words. A word may have several senses.
//
// This is no dictionary. A word stands here where it means little else in a
// message to a centre; what is not here is still found by its own letters.
type sense struct {
	name  string
	stems string
}

var senses = []sense{
	{"wage", `salar wage =pay =paid payment unpaid payslip tankh tnkh talab beton maosh oylik зарплат получк оклад айлык жалақы жалакы маош ойлик
تنخواه تنخوا معاش مزد راتب رواتب مووچه বেতন মজুরি`},
	{"employer", `boss employer =sponsor kafeel kafil malik maalik =seth owner supervisor manager madam sahib arbob xojayin hojayin работодател начальник хозяин
прораб бригадир =шеф کفیل مالک کارفرما مدير ارباب کافیل মালিক কফিল`},
	{"agent", `agent agnet agenc agensi recruit promoter middleman broker intermediar dalal vositachi агент посредник вербовщик рекрутер даллол
ایجنٹ ایجنسی دلال کمیشنکار وكيل دەڵاڵ দালাল এজেন্ট এজেন্সি রিক্রুটিং`},
	{"licence", `licen lisens laisens registered =permit approved authoris litsenz ruxsatnoma лицензи разрешени зарегистрирован литсензи рухсатнома
لائسنس لایسنس جواز رجسٹرڈ ترخيص مۆڵەت লাইসেন্স অনুমোদ`},
	{"genuine", `genuine =real fake false legit asli nakli jali =asl asol naki nokol bhua haqiqiy soxta qalbaki настоящ поддел фальшив сохта калбаки жасалма
اصلی جعلی نقلی تقلبی مزور حقيقي আসল নকল ভুয়া জাল`},
	{"cheat", `cheat scam fraud decei trick swindl dhoka dhokha loot thug thagi protar aldov alda firib обман мошен кинули кинул кидал развели алдады алдап фиреб
دھوکہ فراڈ فریب کلاهبردار احتيال نصب فێڵ প্রতারণা প্রতারক ঠকিয়`},
	{"complain", `complain complaint report =sue ombudsman shikayat shikayt nalish obhijog shikoyat жалоб жалова пожалов заявлен шикоят арыз
شکایت شکایات شکوا بلاغ سکاڵا অভিযোগ নালিশ`},
	{"fee", `fee price cost charge expens kitna kitne kitni narx qancha =koto khoroch kharch стоит стоимост цена цены сколько пошлин баасы канча нарх
فیس قیمت خرچ هزینه رسوم كلفة چند কত খরচ ফি`},
	{"money", `money paisa paise paisay taka dollar euro rupee lakh =lac =pul puli pulni деньг денег доллар рубл акча ақша пул
پیسہ پیسے رقم پول پیسې فلوس پارە টাকা`},
	{"refund", `refund =return ferot возврат вернут вернёт қайтар кайтар واپسی استرداد ফেরত`},
	{"loan", `loan debt lend borrow credit mortgage qarz karz karza udhar =rin mahajan кредит долг займ карыз қарыз қарз
قرض ادھار =وام =دين قەرز ঋণ ধার মহাজন`},
	{"visa", `visa viza veza виза визу визы визой ویزا تأشيرة فيزا ڤیزا ভিসা`},
	{"passport", `passport pasport zagranpasport паспорт загранпаспорт پاسپورٹ پاسپورت پاسپۆرت پاسبور جواز পাসপোর্ট`},
	{"identity", `nicop cnic tazkira tazkera nadra shanakhti birth удостоверени تذکره شناختی هویت هوية জন্মনিবন্ধন`},
	{"contract", `contract agreement chukti shartnoma kontrakt договор контракт шартнома келишим معاہدہ معاہدے کنٹریکٹ قرارداد =عقد گرێبەست চুক্তি`},
	{"work", `work job employ kaam =kam =kaj kajer naukri nokri chakri mazdoor =ish ishga ishlash rabot работ труд вакан жумуш жұмыс =кор кори
=کام نوکری ملازمت =کار =شغل وظیفه عمل =ئیش কাজ চাকরি`},
	{"domestic", `maid housemaid housekeep domestic nanny cleaner housework caretaker caregiver babysit khadima gaddama griho домработниц нян сиделк горничн
ملازمہ خادمه خدامة عاملة গৃহকর্মী`},
	{"driver", `driver driving haris haydovchi водител такси ڈرائیور راننده سائق চালক ড্রাইভার`},
	{"build", `construct builder mason scaffold mistri mistry qurilish стройк строй курулуш құрылыс сохтмон تعمیر ساختمان بناء নির্মাণ`},
	{"trade", `trade skill weld plumb electric carpent mechanic hunar kasb karigar сварщ электрик професси ремесл кесип кәсіп касб ہنر حرفه =مهنة পেশা দক্ষতা`},
	{"test", `=test tests exam imtihan poriksha imtihon экзамен =тест امتحان اختبار পরীক্ষা`},
	{"certificate", `certificat diploma degree recognis recogniz sanad sertifik сертификат диплом аттестат سرٹیفکیٹ شهادة সনদ সার্টিফিকেট`},
	{"training", `training course seminar orientation briefing lesson proshikkhon =kurs kursi курс обучен окутуу омӯзиш تربیت ٹریننگ کورس تدريب دورة ڕاهێنان প্রশিক্ষণ ট্রেনিং`},
	{"language", `language topik ielts goethe =tili zaban bhasha язык =тили زبان لغة زمان ভাষা`},
	{"learn", `learn teach study school parhai poralekha porashona oqish учит учат учеб изуч школ окуу оқу таҳсил پڑھائی تعلیم تحصیل دراسة خوێندن পড়ালেখা পড়াশোনা শিখ`},
	{"university", `universit college =master masters bachelor admission campus student dakhla =вуз университет институт поступ студент донишгоҳ
یونیورسٹی دانشگاه پوهنتون جامعة زانکۆ বিশ্ববিদ্যালয় ভর্তি`},
	{"scholarship", `scholar stipend wazifa стипенди britti اسکالرشپ بورس منحة زەمالە বৃত্তি স্কলারশিপ`},
	{"medical", `medical gamca wafid fitness =blood xray hepatitis медосмотр медкомисс медицин анализ میڈیکل =طبی فحص মেডিকেল`},
	{"doctor", `doctor dentist hospital clinic medicine =sick illness =ill tooth ilaj doktor shifokor kasal bemar врач больниц болезн заболе лечен дарыгер дәрігер духтур
ڈاکٹر ہسپتال بیمار علاج داکتر شفاخانه طبيب مستشفى مريض نەخۆش ডাক্তার হাসপাতাল অসুস্থ`},
	{"hiv", `=hiv =aids =вич спид ایڈز ايدز এইচআইভি`},
	{"covid", `covid corona pandemic vaccin =pcr quarantine ковид корон вакцин привив کورونا کرونا ویکسین واکسین لقاح করোনা টিকা কোভিড`},
	{"death", `death died dead =die dies burial buried coffin funeral mayyit =lash marhum janaza tobut умер смерт погиб труп өлүм өлді =موت =میت =لاش =فوت جسد جنازه وفاة جثمان মৃত লাশ`},
	{"injury", `injur accident =fell broke wound burnt hadsa zakhmi =chot ahot durghotona jarohat травм авари упал сломал несчастн жаракат حادثه زخمی إصابة حادث দুর্ঘটনা আহত`},
	{"insurance", `insur compensat welfare beema =bima sugurta страхов компенсац بیمه تأمين تعويض বীমা ক্ষতিপূরণ কল্যাণ`},
	{"beat", `beat =hit =hits slap kick violen abus harass rape molest =marta =marte =marti pitai mardhor maardhor бьет бьют избил избива насили изнасил ударил зорлук зўравон
مارتا مارتے مارپیٹ تشدد خشونت وهي تجاوز ضرب اغتصاب মারধর নির্যাতন ধর্ষণ`},
	{"locked", `locked =lock confined captive hostage prisoner qamab заперли заперт взаперти держат удержива اسیر محبوس محتجز আটকে বন্দি`},
	{"danger", `danger emergency rescue =sos khatra khatre bipod xavf опасн спасит خطر ہنگامی বিপদ`},
	{"police", `police arrest jail prison detain detention custody giriftar =thana qamoq полици арест тюрьм задержа милици камак پولیس گرفتار جیل تھانہ پلیس زندان بازداشت شرطة سجن اعتقال
پۆلیس পুলিশ গ্রেফতার গ্রেপ্তার =জেল জেলে`},
	{"deport", `deport dipot expel expuls депорт выдвор высыл ڈیپورٹ اخراج ترحيل ডিপোর্ট`},
	{"ban", `=ban banned blacklist reentry pabandi запрет پابندی ممنوع নিষেধাজ্ঞা`},
	{"overstay", `overstay expired expire ended amnesty khatam huroob просроч истек истёк амнист ختم میعاد مہلت انتهت মেয়াদ`},
	{"smuggler", `smuggl dunki donkey qachaq qochoqchi проводник контрабанд قاچاق اسمگلر ڈنکی مهرب পাচারকারী`},
	{"irregular", `irregular illegal undocumented oboidho noqonuniy нелегал незакон мыйзамсыз заңсыз ғайриқонун غیرقانونی অবৈধ`},
	{"legal", `=legal legally lawful regular qanuni boidho qonuniy легал законн мыйзамдуу заңды қонунӣ قانونی قانوني বৈধ`},
	{"sea", `=sea boat dinghy ship drown mediterran samandar kishti nouka qayiq =море морем лодк корабл سمندر کشتی دریا قارب بحر সাগর সমুদ্র নৌকা`},
	{"land route", `mountain desert jungle border pahar chegara границ горы пустын پہاڑ صحرا سرحد حدود পাহাড় মরুভূমি সীমান্ত`},
	{"airport", `airport immigration customs flight airline offload aeroport аэропорт самолет рейс таможн ایئرپورٹ فرودگاه میدان مطار فڕۆکە বিমানবন্দর এয়ারপোর্ট ইমিগ্রেশন`},
	{"ticket", `ticket tikit tiket chipta билет ٹکٹ تکت بلیط تذكرة টিকিট`},
	{"home", `=home homeland wapas wapsi uyga vatan домой родин үйгө үйге واپس =وطن بازگشت رجوع عودة দেশে ফিরে`},
	{"returned", `returned returnee eshechi qaytdim qaytib вернулс возвращен кайттым қайтып баргашт لوٹ برگشت راستون عائد এসেছি ফিরেছি`},
	{"voluntary", `voluntar =iom avrr ixtiyoriy добровол رضاکار داوطلب طوعي স্বেচ্ছা`},
	{"business", `business shop karobar dukan byabsha biznes tadbirkor бизнес предприним کاروبار دکان تجارت مشروع ব্যবসা দোকান`},
	{"remit", `remit remittance hundi hawala western moneygram bkash bhejna bhejun bhejne pathano pathabo перевод переслат перечисл которуу аударым интиқол ہنڈی حواله بھیج ارسال হুন্ডি পাঠাব পাঠানো রেমিট`},
	{"bank", `bank банк بینک بانک بنك ব্যাংক`},
	{"family", `family wife husband spouse child kids =kid biwi shohar bachche bacche baccha poribar bibi shami stree oila farzand bola семь жена жену муж ребен =дети детей сын дочь бүлө отбасы оила фарзанд
خاندان بیوی شوہر بچے بچہ فامیل خانواده همسر طفل اطفال أسرة زوجة خێزان منداڵ পরিবার স্ত্রী স্বামী সন্তান বাচ্চা`},
	{"minor", `minor underage teenage =boy schoolboy nabaligh kishor voyaga несовершеннолет подрост نابالغ خردسال قاصر নাবালক শিশু`},
	{"woman", `woman women female =girl girls lady ladies aurat khatoon mohila =meye ayol женщин девушк аял әйел =зан занон عورت خاتون خواتین =زن زنان ښځ امرأة نساء ژن নারী মহিলা`},
	{"relative", `brother father mother sister uncle cousin relative =son bhai abbu walid =baap =vai aka брат =отец отца мать сестр родствен =ата بھائی والد =باپ ورور برادر =پدر =أخي =برا ভাই বাবা`},
	{"missing", `missing disappear vanish lapata nikhoj yoqol пропал исчез дайынсыз жоғал لاپتہ ورک ناپدید مفقود নিখোঁজ`},
	{"suicide", `suicid hopeless khudkushi atmohotta самоубий суицид خودکش انتحار আত্মহত্যা`},
	{"trafficking", `traffick forced slave sold prostitut jabri paachar qullik рабств принужд кулчулук جبری غلام اتجار পাচার`},
	{"army", `army military soldier war =front wagner fauj harbiy urush арми воен фронт =война войну =сво минобороны аскер әскер ҷанг فوج جنگ اردو عسکر جيش حرب সেনা যুদ্ধ`},
	{"asylum", `asylum refugee unhcr persecut panah qochoq boshpana убежищ беженц качкын босқын паноҳ پناه لجوء لاجئ আশ্রয় শরণার্থী`},
	{"citizen", `citizen nationality residence граждан =внж =рвп شہریت تابعیت جنسية নাগরিক`},
	{"patent", `patent патент`},
	{"registration", `registration propiska royxat регистрац прописк миграционн каттоо тіркеу қайд رجسٹریشن =ثبت تسجيل নিবন্ধন রেজিস্ট্রেশন`},
	{"controlled", `controlled реестр контролируем`},
	{"app", `=app =apps amina ruid gosuslugi приложен амина госуслуг илова`},
	{"phone", `phone mobile telefon =sim whatsapp =imo botim facebook telegram телефон номер ватсап телеграм =فون موبائل نمبر موبایل شماره تلفون هاتف ফোন মোবাইল নাম্বার`},
	{"data", `=data privacy personal secret delete password hack tottho malumot данные данных тайн удал пароль взлом маълумот ڈیٹا معلومات بيانات তথ্য গোপন`},
	{"centre", `centre center =mrc office markaz kendro =ofis центр офис борбор орталық марказ مرکز دفتر مكتب سەنتەر কেন্দ্র অফিস`},
	{"address", `address location street =map pata thikana manzil адрес находит дарек мекенжай =پتہ آدرس عنوان ناونیشان ঠিকানা`},
	{"robot", `robot =bot machine computer human =ai робот =бот روبوٹ ربات روبوت রোবট`},
	{"transfer", `change transfer another kafala naqal switch badal сменить поменят перейти алмаштыр تبادلہ =نقل تبدیل تغییر বদল পরিবর্তন`},
	{"hours", `overtime hours =duty =rest dayoff holiday weekend =heat =hot duti chutti сверхурочн выходн отдых часов اوورٹائم چھٹی رخصت ساعت عطلة ছুটি ডিউটি`},
	{"housing", `=room housing accommodat dormitory hostel =rent kamra rihaish =basa turar жиль общежит аренд квартир турак کمرہ رہائش اتاق سكن বাসা`},
	{"seasonal", `season farm picking harvest berr fruit vegetable agricultur mavsum сезон ферм урожай ягод клубник کھیت مزرعه موسمي মৌসুমি খামার কৃষি`},
	{"tourist", `tourist visit umrah pilgrim sayohat турист гостев سیاحت وزٹ زيارة توریست ভিজিট ট্যুরিস্ট`},
	{"hurry", `today tonight urgent immediately hurry deadline =seat jaldi foran срочно сегодня быстро جلدی فوری عاجل তাড়াতাড়ি জরুরি`},
	{"protector", `protector protekt beoe پروٹیکٹر`},
	{"bmet", `bmet বিএমইটি`},
	{"step", `step procedure process bosqich qadam порядок процедур этап кадам қадам مرحلہ خطوة ধাপ`},
	{"departure", `leaving depart departure prepar pack luggage baggage checklist suitcase rawana отъезд выезд отправлен сборы подготов чемодан багаж روانگی سامان حقيبة রওনা`},
	{"europe", `europ schengen yurup yevropa европ یورپ اروپا أوروبا ইউরোপ`},
	{"gulf", `=gulf =gcc khaleej khalij залив خلیج উপসাগর`},
	{"abroad", `abroad overseas foreign bahar bidesh xorij chet заруб границей загран шетел хориҷ بیرون باہر خارج বিদেশ`},
	{"risk", `dangerous safe risk unsafe mahfooz nirapod xavfsiz безопасн риск محفوظ امن নিরাপদ ঝুঁকি`},
	{"trust", `trust believe =lie =lies lying truth myth rumour promise bharosa jhoot bishwas yolgon вран верить правда ложь врет обеща ишенич بھروسہ جھوٹ دروغ كذب বিশ্বাস মিথ্যা`},
}

// meanings finds the senses of words. It never changes.
type meanings struct {
	stems map[string][]meaning // by the first two runes
}

type meaning struct {
	stem  string
	whole bool // of a word, not its beginning
	name  string
}

func newMeanings(l *lands) *meanings {
	m := &meanings{stems: map[string][]meaning{}}
	for _, s := range senses {
		for _, word := range strings.Fields(s.stems) {
			word, whole := strings.CutPrefix(word, "=")
			ws := words(Normalise(word))
			if len(ws) != 1 {
				continue
			}
			m.add(ws[0], whole, s.name)
			if l := latin(ws[0]); l != ws[0] && len(skeleton(l)) > 2 {
				m.add(l, whole, s.name)
			}
		}
	}
	for _, a := range []atlas{l.origins, l.goals} {
		for _, k := range slices.Sorted(maps.Keys(a)) { // in the same order each time
			for _, s := range a[k] {
				m.add(s.text, s.whole, string(s.country))
			}
		}
	}
	return m
}

func (m *meanings) add(stem string, whole bool, name string) {
	whole = whole || len([]rune(stem)) < 4
	k := opening(stem)
	if e := (meaning{stem, whole, name}); !slices.Contains(m.stems[k], e) {
		m.stems[k] = append(m.stems[k], e)
	}
}

// of gives the senses of a word, each once, from its longest stem.
func (m *meanings) of(word, inLatin string) []string {
	var names []string
	for _, w := range []string{word, inLatin} {
		longest := 0
		for _, s := range m.stems[opening(w)] {
			if w != s.stem && (s.whole || !strings.HasPrefix(w, s.stem)) {
				continue
			}
			switch {
			case len(s.stem) > longest:
				longest, names = len(s.stem), append(names[:0], s.name)
			case len(s.stem) == longest && !slices.Contains(names, s.name):
				names = append(names, s.name)
			}
		}
		if longest > 0 || w == inLatin {
			break
		}
	}
	return names
}
