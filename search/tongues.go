// SPDX-License-Identifier: GPL-3.0-or-later

package search

import "sarai/content"

// A tongue is a language as it is written in one script. Words are its small
// words, those that a sentence can hardly do without; text is a little of how
// people write it, so that a language is known before any article is in it.
type tongue struct {
	locale content.Locale
	script script
	lender string // name of the tongue whose words it takes as they are
	name   string
	words  string
	text   string
}

// tongues are all that are told apart. A locale that is written in two scripts
// has two, and what people do with Latin letters on a phone is one of its own.
var tongues = []tongue{
	{content.English, latinScript, "", "en",
		`the a an is are was were be been am i you he she it we they my your his her our their me him us them this that these those
what when where which who why how can could will would shall should do does did dont have has had not no if or and but to of in on at
for from with about by need want get any some there here much many long going please without before after because im its cant tell`,
		`How can I get a visa to work abroad. Where do I apply and how much does it cost. My employer took my passport and does not pay me.
Is this agent licensed by the government. I want to go to Europe but I have no money. What should I do if I lose my papers.
Which documents do I need before leaving. They told me that the job is real. Can my family come with me. How long does it take.
I have been working here for two years without a contract. Please help me find the office. Who can I call if something goes wrong.
we are stuck here and need help. she was sent to another house. will they deport me if I go to the police`},
	{content.Urdu, arabicScript, "", "ur",
		`ہے ہیں ہوں ہو تھا تھی تھے کا کی کے کو سے میں پر نے اور یا بھی نہیں نہ کیا کیسے کہاں کب کون کتنا کتنی کتنے کیوں میرا میری میرے مجھے
ہم ہمیں ہمارا آپ تم وہ یہ اس ان جو جب تک لیے لئے کر کرنا کریں کرتے کرتا کرتی کروں رہا رہی رہے گیا گئی گئے گا گی گے ہوتا ہوتی ہونا چاہیے چاہتا چاہتی
سکتا سکتی سکتے ایک کوئی کچھ بہت اگر تو لیکن مگر ساتھ بعد پہلے بغیر والا والے والی دیں دیا لیا لگتا جانا جا`,
		`میں باہر کام کے لیے جانا چاہتا ہوں۔ ویزا کیسے ملے گا اور کتنے پیسے لگتے ہیں۔ ایجنٹ نے میرا پاسپورٹ رکھ لیا ہے۔ مجھے تنخواہ نہیں مل رہی۔
پروٹیکٹر کہاں سے ہوتا ہے۔ کیا یہ کمپنی رجسٹرڈ ہے۔ میرے بھائی کو پولیس نے پکڑ لیا ہے۔ گھر والے پریشان ہیں۔ شکایت کہاں درج کروائیں۔
سعودی عرب کا ویزا اصلی ہے یا جعلی۔ واپس پاکستان کیسے آؤں۔ ہمیں بتائیں کہ ترکی کے راستے جانا محفوظ ہے یا نہیں۔ نوکری کا معاہدہ کیا ہوتا ہے۔
شناختی کارڈ اور پاسپورٹ کی فیس کتنی ہے۔ مالک مارتا ہے اور باہر نہیں جانے دیتا`},
	{content.Urdu, latinScript, "en", "ur-Latn",
		`hai hain hun hoon ho tha thi the ka ki ke ko se sy me mein mai main par pe ne aur ya bhi nahi nahin nai nhi na kya kia kaise kese kesy
kaisay kahan kaha kab kon kaun kitna kitni kitne kyun kyu mera meri mere mujhe mujhy hum hamein humein hamara aap ap tum wo woh ye yeh is us
un jo jab tak liye liay lia kar karna karne karen karein kro karo karta karti karte krna krne krun karun raha rahi rahe rha gaya gya gayi gai
ga gi gay ge hota hoti hote hona chahiye chahta chahti sakta sakti sakte skta ek koi kuch bohat bahut bht agar to lekin magar sath baad pehle
bagair wala wale wali dein diya liya lagta lagte jana jane ja hua hui hue abhi phir bhai mil milta milega milti batao bataen btao bta chahye`,
		`mein bahar kaam ke liye jana chahta hun. visa kaise milega aur kitne paise lagte hain. agent ne mera passport rakh liya hai.
mujhe tankhwa nahi mil rahi. protector kahan se hota hai aur fees kitni hai. kya ye company registered hai. mere bhai ko police ne pakar liya.
shikayat kahan karen. saudi ka visa asli hai ya nakli. wapas pakistan kaise aaun. turkey ke raste jana theek hai. naukri ka contract kya hota hai.
malik marta hai aur bahar nahi jane deta. iqama khatam ho gaya ab kya karun. ghar walon ko paise kaise bhejun. dubai jane ke liye kya chahiye`},
	{content.Pashto, arabicScript, "", "ps",
		`د په له ته کې چې او یا هم نه نو دی ده دي یم یې یو وي وه وو شي شو شوی کوم کوي کړي کړم کړ وکړم وکړي کول کولی زه ته هغه دا دغه مونږ موږ تاسو زما
ستا ستاسو زموږ مې دې څه څنګه چیرته چېرته کله څوک څومره ولې کوم باندې سره لپاره پورې څخه نشته شته لرم لري غواړم غواړي باید خو که بیا اوس ډېر ډیر
کیږي کېږي ځم لاړ راغلی ورکړي ورور پلار کار تر`,
		`زه غواړم بهر ته د کار لپاره لاړ شم. ویزه څنګه واخلم او څومره پیسې غواړي. زما پاسپورټ یې اخیستی دی او تنخوا نه راکوي.
چیرته شکایت وکړم. ایا دا شرکت جواز لري. زما ورور پولیسو نیولی دی. موږ ته مرسته پکار ده. د تذکرې او پاسپورټ فیس څومره دی.
زه له ایران څخه بېرته راستون شوی یم. قاچاقبر راته وایي چې اروپا ته به دې ورسوم. کور ته څنګه پیسې ولېږم. دوی مې وهي او نه مې پرېږدي چې ووځم.
ښځې څنګه زده کړه کولی شي. د مهاجرینو دفتر چېرته دی`},
	{content.Pashto, latinScript, "en", "ps-Latn",
		`da de pa la ta ke che cha chi aw ao ya hm na no dai day da di yam ye yaw wi shi sho shawi kawom kawi kram wakram kawal zah ze hagha daa mung
mong taso zama sta staso zamung mi me sa tsa tsanga sanga singa cherta charta kala sok tsok somra tsomra wale bandi sara lapara dapara pore tsakha nashta
shta laram lari ghwaram ghwari bayad kho ka bya os der dair kegi kigi zam lar raghlay wror plar wrta wayi rata raka`,
		`za ghwaram bahar ta da kar lapara lar sham. viza sanga wakhlam aw somra paise ghwari. zama passport ye akhisti dai aw tankha na rakawi.
cherta shikayat wakram. aya da sherkat jawaz lari. zama wror police niwalay dai. mung ta mrasta pakar da. da tazkire fees somra dai.
la iran na wapas raghlay yam. kor ta sanga paise walegam. da muhajirino daftar cherta dai`},
	{content.Dari, arabicScript, "", "fa",
		`از به در با که را این آن و یا هم نه تا برای بر یک است هست نیست بود شد شده می نمی کنم کنید کند کنیم کرد کرده کردن دارم دارد دارید ندارم ندارد باید
میشود میشود میتوانم میتوانم میکنم میکنم میخواهم میخواهم خواهم چه چی چطور چگونه کجا کی چند چقدر چرا من تو او ما شما آنها خود مرا برایم اگر اما ولی پس بعد قبل
بدون های ها ام اند ایم شان همین همه هیچ دیگر بروم رفتن گرفتن بگیرم بدهم است؟ استم هستم هستیم میگیرم بکنم آیا`,
		`میخواهم برای کار به خارج بروم. ویزه چطور بگیرم و چند پول لازم است. کارفرما پاسپورتم را گرفته و معاشم را نمیدهد. کجا شکایت کنم.
این شرکت جواز دارد یا نه. برادرم را پولیس گرفته است. ما به کمک ضرورت داریم. تذکره و پاسپورت چند قیمت دارد. از ایران برگشتم و خانه ندارم.
قاچاقبر میگوید که تو را به اروپا میرسانم. چگونه به خانه پول روان کنم. مرا لت و کوب میکنند و نمیگذارند بیرون شوم. زنان چطور میتوانند درس بخوانند.
دفتر مهاجرین در کجاست. چه وقت نوبت میدهند`},
	{content.Dari, latinScript, "en", "fa-Latn",
		`az ba be dar bah ke ra in een an wa va ya ham na ta baraye baray bar yak yek ast hast nist bud shod shoda mi me nami kunam konam kunid konid kunad kard karda
kardan daram darad darid nadaram nadarad bayad mishawad mishavad mesha mishe metanam mitawanam mikonam mekonam mikhaham mekhaham mikham che chi chee chetor chitor
chegona koja kuja kojast kai chand cheqadr chiqadar chara man tu o oo ma shuma shoma anha khod mara barayem agar amma wali pas bad qabl bedun hai ha am and im
shan hamin hama hich digar berawam biravam raftan gereftan bigiram begiram bedeham ast astam hastam kardam migiram bekonam aya kunem beram bubarem`,
		`mikhaham baraye kar ba kharij berawam. viza chetor bigiram wa chand paisa lazim ast. karfarma pasportam ra gerefta wa maash nami dehad.
koja shikayat konam. in sherkat jawaz darad ya na. bradaram ra police gerefta ast. ma ba komak zarurat darim. tazkira wa pasport chand qimat darad.
az iran bargashtam wa khana nadaram. chetor ba khana paisa rawan konam. zanan chetor mitawanand dars bekhanand. daftar mohajerin da kojast`},
	{content.Bangla, bengaliScript, "", "bn",
		`আমি আমার আমাকে আমরা আমাদের তুমি আপনি আপনার সে তার তাকে তারা এই সেই ওই এটা কি কী কে কেন কীভাবে কিভাবে কোথায় কখন কত কোন না নেই হবে হয় হয়েছে ছিল
আছে করা করতে করব করবো করে করি থেকে জন্য সাথে এবং ও বা কিন্তু যদি তাহলে পরে আগে যেতে যাব যাবো চাই পারি পারব পারবো লাগে লাগবে দিয়ে নিয়ে দিতে নিতে পাব পাবো টাকা`,
		`আমি বিদেশে কাজ করতে যেতে চাই। ভিসা কীভাবে পাব আর কত টাকা লাগবে। দালাল আমার পাসপোর্ট নিয়ে গেছে। মালিক বেতন দেয় না।
কোথায় অভিযোগ করব। এই এজেন্সির লাইসেন্স আছে কি। আমার ভাইকে পুলিশ ধরেছে। বিএমইটি কার্ড কীভাবে করব`},
	{content.Bangla, latinScript, "en", "bn-Latn",
		`ami amar amake amra amader tumi apni apnar se tar take tara ei sei oi eta ki kee ke keno kivabe kibhabe kemne kothay kothai kokhon kobe koto kon na nai nei
hobe hoy hoi hoyeche hoise chilo ache ase achhe kora korte korbo korbo kore kori theke thaka jonno jonne sathe shathe ebong o ba kintu jodi tahole pore age jete jabo jabo
jaite chai pari parbo lage lagbe diye niye dite nite pabo pabo taka bhai apa kaj jawa korle gele bidesh bidese te er der ekta kono sob khub`,
		`ami bideshe kaj korte jete chai. visa kivabe pabo ar koto taka lagbe. dalal amar passport niye geche. malik beton dey na.
kothay ovijog korbo. ei agencyr license ache ki. amar bhai ke police dhoreche. bmet card kivabe korbo. saudi jete koto taka lage.
bari te taka kivabe pathabo. amake mare ar ghor theke ber hote dey na. deshe fire ashte chai. medical kothay korte hoy`},
	{content.Arabic, arabicScript, "", "ar",
		`في من إلى على عن مع هل ما ماذا كيف أين متى لماذا كم من هذا هذه ذلك التي الذي أن إن لا لم لن ليس كان كانت يكون أو و ثم بعد قبل عند لي لدي عندي أنا أنت هو هي
نحن هم شنو شلون وين ليش اكدر اقدر أريد اريد عايز بدي يمكن يجب أي كل غير بدون حتى إذا اذا لكن بين عليه عليها مالي ماكو اكو هسه راح مو وإلى والى يا به بها لو قد`,
		`كيف أحصل على تأشيرة للعمل في الخارج وكم تكلف. أخذ صاحب العمل جواز سفري ولا يدفع راتبي. أين أقدم الشكوى. هل هذه الشركة مرخصة.
الشرطة اعتقلت أخي ونحن نحتاج إلى المساعدة. أريد العودة إلى العراق. المهرب يقول إنه سيوصلني إلى أوروبا. شلون اطلع جواز سفر وشكد رسومه.
اريد ارجع للعراق وما عندي فلوس. وين مكتب الهجرة. كيف أرسل المال إلى أهلي. يضربني ولا يسمح لي بالخروج من البيت. ما هي الأوراق المطلوبة`},
	{content.Arabic, latinScript, "en", "ar-Latn",
		`fi fe min ila ela 3ala ala an ma3a maa hal ma matha maza shu shno shnu kif kayf keef shlon ayn wen wain wein meta mata lesh leish limatha kam shgad shkad hatha hada
hadha hathi alli illi inna la lam lan laysa kan kanat aw wa thumma ba3d baad qabl 3ind indi 3indi ana anta inta huwa hiya nahnu hum urid arid areed abi biddi ayez yumkin yajib
ay kul ghayr bidun bidoon hatta itha idha lakin bayn 3alay aku maku hasa rah mu ya`,
		`kif ahsul ala tashira lil amal fil kharij wa kam tukalif. sahib al amal akhath jawaz safari wa la yadfa3 ratibi. wen aqaddim shakwa.
hal hathihi al sharika murakhasa. al shurta i3taqalat akhi. arid arja3 lil iraq w ma 3indi flus. shlon atalli3 jawaz safar w shgad rusuma. wen maktab al hijra`},
	{content.Sorani, arabicScript, "", "ckb",
		`لە بۆ بە لەگەڵ کە و یان نا نییە نیە هەیە هەیە بوو بووە دەبێت ئەبێت دەبێ ئەم ئەو ئێمە ئێوە من تۆ ئەوان چی چۆن کوێ کەی کێ چەند بۆچی هەر هەموو هیچ دەکەم دەکات دەکرێت
دەتوانم ئەتوانم دەمەوێت دەمەوێ ئەمەوێ ناتوانم بکەم بکات بکەین لێ پێ تێ دا وە ئایا ئەگەر بەڵام پاش پێش بێ دوای لەوێ لێرە بچم بڕۆم وەربگرم بدەم کردن کراوە یەک زۆر لەسەر تا`,
		`دەمەوێت بۆ کارکردن بچمە دەرەوەی وڵات. چۆن ڤیزا وەربگرم و چەند پارەی تێدەچێت. خاوەنکار پاسپۆرتەکەمی بردووە و مووچەم نادات.
لە کوێ سکاڵا تۆمار بکەم. ئایا ئەم کۆمپانیایە مۆڵەتی هەیە. پۆلیس براکەمی گرتووە. پێویستمان بە یارمەتی هەیە. قاچاخچی دەڵێت دەتگەیەنمە ئەوروپا.
چۆن پارە بۆ ماڵەوە بنێرم. لێم دەدەن و ناهێڵن بچمە دەرەوە. نووسینگەی کۆچبەران لە کوێیە. دەمەوێت بگەڕێمەوە کوردستان`},
	{content.Sorani, latinScript, "en", "ckb-Latn",
		`le la bo ba be legel lagal ka ke u yan na niya nya haya heye bu buwa debet dabet abet dabe am em aw ew ema ewa min to awan chi choon chon kwe kwey kay ke chand bochi
har hamu hich dakam dekem akam dakat dakret datwanam atwanam damawet amawe natwanam bkam bkat bkayn aya agar balam pash pesh dway lawe lera bchm brom warbgrm bdam zor lasar`,
		`damawet bo karkrdn bchma darawai wlat. chon viza warbgrm u chand parai tedachet. khawankar pasportakami brdwa u muchem nadat.
la kwe skala bkam. aya am kompanyaya molati haya. polis brakami grtwa. pewistman ba yarmati haya. chon para bo malawa bnerm`},
	{content.Tajik, cyrillicScript, "ru", "tg",
		`аз ба дар бо ки ро ин он ва ё ҳам на то барои як аст ҳаст нест буд шуд шуда мешавад намешавад кунам кунед кунад кардам карда кардан дорам дорад доред надорам надорад бояд
метавонам метавонад мехоҳам мехохам чи чӣ чӣ тавр чихел чӣ хел кучо куҷо кай чанд чиқадар чаро ман ту ӯ мо шумо онҳо худ маро барои агар аммо вале пас баъд пеш бе
ҳо ам анд ем равам рафтан гирифтан гирам диҳам мекунам мекунанд ҳамин ҳама ҳеҷ дигар оё шавам мегирам хел даркор лозим`,
		`Ман мехоҳам барои кор ба хориҷа равам. Чӣ тавр патент гирам ва чанд пул лозим аст. Корфармо шиносномаи маро гирифтааст ва маош намедиҳад.
Ба куҷо шикоят кунам. Оё ин ширкат иҷозатнома дорад. Бародарамро полис дастгир кард. Ба мо кӯмак лозим. Дар Россия чӣ қадар рӯз истодан мумкин аст.
Чӣ хел ба хона пул фиристам. Маро мезананд ва намегузоранд, ки берун равам. Ба рӯйхати ҳозирон афтодам, чӣ кор кунам. депорт шудам кай баргашта метавонам`},
	{content.Tajik, latinScript, "ru-Latn", "tg-Latn",
		`az ba dar bo ki ro in on va yo ham na to baroi yak ast hast nest bud shud meshavad kunam kuned kunad kardam karda kardan doram dorad nadoram nadorad boyad metavonam
mekhoham mehoham chi chihel chi tavr kujo kay chand chiqadar charo man tu u mo shumo onho khud maro agar ammo vale pas bad pesh be ravam raftan girifton giriftan giram diham mekunam
hamin hama digar oyo shavam megiram khel hel darkor lozim`,
		`man mekhoham baroi kor ba khorija ravam. chi tavr patent giram va chand pul lozim ast. korfarmo shinosnomai maro girift va maosh namedihad.
ba kujo shikoyat kunam. barodaramro polis dastgir kard. dar rossiya chi qadar ruz istodan mumkin ast. chi khel ba khona pul firistam`},
	{content.Russian, cyrillicScript, "", "ru",
		`и в во не на я что он она мы вы они как где куда когда кто почему сколько какой какая какие с со а то все но да у к ко по из за от для до о об если или без мне меня мой моя мои
мою меня нас нам вас вам его ее их это этот эта есть нет можно нужно надо быть был была были буду будет чтобы ли уже ещё еще только могу может хочу делать если после перед при
так там тут здесь который чем мной тебя ему бы же нельзя сейчас`,
		`Как получить патент на работу и сколько он стоит. Где сделать регистрацию. Работодатель забрал мой паспорт и не платит зарплату.
Куда жаловаться. Есть ли у этой фирмы лицензия. Моего брата задержала полиция. Нам нужна помощь. Сколько дней можно находиться в России.
Меня депортировали, когда я могу вернуться. Попал в реестр контролируемых лиц, что делать. Меня бьют и не выпускают из дома. Как отправить деньги домой.
какие документы нужны чтобы устроить ребёнка в школу. хочу уехать на заработки`},
	{content.Russian, latinScript, "", "ru-Latn",
		`i v ne na ya ja chto on ona my vy oni kak gde kuda kogda kto pochemu skolko kakoy kakie s a to vse no da u k po iz za ot dlya do esli ili bez mne menya moy moi moya moyu nas nam
vas vam ego ee ih eto etot est net mozhno mojno nuzhno nujno nado byt byl bila budu budet chtoby li uzhe uje eshe tolko mogu mozhet mojet hochu delat posle pered pri tak tam tut zdes`,
		`kak poluchit patent na rabotu i skolko on stoit. gde sdelat registraciyu. rabotodatel zabral moy pasport i ne platit zarplatu.
kuda zhalovatsya. moego brata zaderzhala policiya. nam nuzhna pomosh. skolko dney mozhno v rossii. menya deportirovali kogda ya mogu vernutsya`},
	{content.Kyrgyz, cyrillicScript, "ru", "ky",
		`мен сен ал биз сиз алар менин сенин анын биздин мага сага ага бизге кантип кайда кайдан качан ким эмне эмнеге канча кайсы жана же менен үчүн бирок эгер деп бар жок эмес керек болот
болобу болсо болгон болду кылам кылсам кылат кылуу жатам жатат алам алсам алса алууга барам барсам бере бер берет келет келип эле да дагы кийин чейин чыга бул ошол экен го ушул
аны андан бардык көп керекпи барбы жокпу туура`,
		`Мен чет өлкөгө иштегени баргым келет. Патент кантип алам жана канча турат. Жумуш берүүчү паспортумду алып койду, айлык бербей жатат.
Кайда арыздансам болот. Бул фирманын лицензиясы барбы. Иним полицияга кармалды. Бизге жардам керек. Россияда канча күн жүрсө болот.
Депортация болдум, качан кайра бара алам. Үйгө акчаны кантип жөнөтөм. Мени уруп, үйдөн чыгарбай жатышат. Баламды мектепке кантип берем. каттоого кантип турам`},
	{content.Kazakh, cyrillicScript, "ru", "kk",
		`мен сен ол біз сіз олар менің сенің оның біздің маған саған оған бізге қалай қайда қайдан қашан кім не неге қанша қай және немесе мен үшін бірақ егер деп бар жоқ емес керек болады
бола болса болған істеймін істеу жатырмын жатыр аламын алсам алуға барамын барсам береді беру келеді келіп да де дейін кейін шығу бұл сол екен осы оны барлық көп керекпе барма жоқпа
үшін ғой туралы болама ма ме ба бе па пе`,
		`Мен шетелге жұмысқа барғым келеді. Рұқсатты қалай аламын және қанша тұрады. Жұмыс беруші төлқұжатымды алып қойды, жалақы төлемейді.
Қайда шағымдануға болады. Бұл фирманың лицензиясы бар ма. Інімді полиция ұстады. Бізге көмек керек. Ресейде қанша күн жүруге болады.
Депортация болдым, қашан қайта бара аламын. Үйге ақшаны қалай жіберемін. Мені ұрып, үйден шығармайды. Баламды мектепке қалай беремін. оралман қандас мәртебесі`},
	{content.Uzbek, latinScript, "ru-Latn", "uz",
		`men sen u biz siz ular mening sening uning bizning menga senga unga bizga qanday qayerda qaerda qayerdan qachon kim nima nega qancha qaysi va yoki bilan uchun lekin agar deb bor yoq
emas kerak boladi boladimi mumkin mumkinmi bolsa qilaman qilsam qilish qilib olaman olsam olish borish boraman beradi berish keladi kelib ham keyin oldin chiqish bu shu ekan hamma kop
kerakmi bormi yoqmi haqida edi emasmi qilishim olishim borishim orqali necha qanaqa`,
		`Men chet elga ishlashga bormoqchiman. Patentni qanday olaman va qancha turadi. Ish beruvchi pasportimni olib qo'ydi, oylik bermayapti.
Qayerga shikoyat qilsam bo'ladi. Bu firmaning litsenziyasi bormi. Ukamni politsiya ushlab ketdi. Bizga yordam kerak. Rossiyada necha kun yursa bo'ladi.
Deportatsiya bo'ldim, qachon qayta bora olaman. Uyga pulni qanday jo'nataman. Meni urishyapti, uydan chiqarishmayapti. Bolamni maktabga qanday beraman. ro'yxatdan o'tish`},
	{content.Uzbek, cyrillicScript, "ru", "uz-Cyrl",
		`мен сен у биз сиз улар менинг сенинг унинг бизнинг менга сенга унга бизга қандай кандай қаерда каерда қаердан қачон качон ким нима нега қанча канча қайси ва ёки билан учун лекин агар деб бор
йўқ йук эмас керак бўлади булади мумкин мумкинми бўлса қиламан киламан қилсам қилиш олaман оламан олсам олиш бориш бораман беради бериш келади келиб ҳам хам кейин олдин чиқиш бу шу экан ҳамма
кўп керакми борми йўқми ҳақида эди қилишим олишим орқали неча`,
		`Мен чет элга ишлашга бормоқчиман. Патентни қандай оламан ва қанча туради. Иш берувчи паспортимни олиб қўйди, ойлик бермаяпти.
Қаерга шикоят қилсам бўлади. Бу фирманинг лицензияси борми. Укамни полиция ушлаб кетди. Бизга ёрдам керак. Россияда неча кун юрса бўлади.
Депортация бўлдим, қачон қайта бора оламан. Уйга пулни қандай жўнатаман. Мени уришяпти, уйдан чиқаришмаяпти. рўйхатдан ўтиш`},
}

// chatter is words that carry no question: greetings, thanks, and days. A
// message of nothing but these and small words is answered by nobody.
const chatter = `today now tomorrow yesterday time day week love
aaj kal abhi waqt din آج کل ابھی اب وقت دن امروز فردا دیروز حالا emruz imroz farda نن سبا اوس nan saba الیوم غدا امس الان ئەمڕۆ سبەینێ ئێستا имрӯз пагоҳ ҳоло
сегодня завтра вчера сейчас время день segodnya zavtra бүгүн эртең азыр бүгін ертең қазір bugun ertaga hozir kecha бугун эртага ҳозир আজ আজকে আজকের কাল এখন সময় দিন aj ajke ekhon
hello hi hey good morning evening afternoon night thanks thank thankyou thx ok okay yes bye welcome dear sir madam mam please bro brother friend
lol haha hahaha hmm test salam salaam slam asalam assalam assalamu assalamualaikum aoa walaikum alaikum aleikum alaykum o jee ji shukria shukriya jazakallah mehrbani theek thik acha accha achha
allah hafiz khuda janab saab sahib yaar baji adaab namaste namaskar nomoshkar dhonnobad dhanyabad vai apu dada kemon achen bhalo
merhaba marhaba ahlan shukran tashakor tashakur khoob khub khubi khubasti salom assalomu alaykum rahmat rakhmat yaxshi yaxshimisiz qalaysiz privet zdravstvuyte spasibo poka manana sta shi starey mashe
سلام السلام علیکم علیک وعلیکم وعلیکم جی شکریہ بھائی صاحب جناب خدا حافظ اللہ ٹھیک اچھا تشکر خوب خوبی خوبین ممنون مرحبا اهلا أهلا شكرا صباح الخیر مساء مننه ستړی مشی سپاس سوپاس چۆنی باشی
привет здравствуйте здравствуй спасибо пока добрый день вечер утро пожалуйста ассалому алейкум алайкум салам салом раҳмат рахмат рахмет ташаккур сәлем сәлеметсіз саламатсызбы саламатсыз
হ্যালো ধন্যবাদ সালাম আসসালামু আলাইকুম ভাই আপা নমস্কার কেমন আছেন আছো ভালো`
