package lexical

import "strings"

// stopWords lists by language the words that say how a sentence is built and not
// what it is about, folded as foldMarks does. They do two services: a query drops
// them while other words remain, and a text's language is told by whose it uses.
var stopWords = map[string]map[string]bool{
	"en": words(`a about above after again against all also am an and any are arent as at be because been
		before being below between both but by can cant cannot could couldnt did didnt do does doesnt doing
		dont down during each either few for from further get got had hadnt has hasnt have havent having he
		her here hers herself hi hello hey him himself his how i id if ill im in into is isnt it its itself
		ive just let lets like may me might more most must my myself no nor not of off on once only or other
		our ours ourselves out over own please same shall she should shouldnt so some such than thank thanks
		that thats the their theirs them themselves then there theres these they theyre this those through
		to too under until up upon us very want was wasnt we well were werent what whats when where wheres
		which while who whom whose why will with wont would wouldnt you youd youll your youre yours
		yourself youve tell know need ok okay`),
	"es": words(`a al algo alguna algunas alguno algunos ante antes aqui asi aun aunque bajo bien cada casi como
		con contra cual cuales cualquier cuando cuanto cuanta cuantos cuantas de del desde donde dos el ella ellas
		ellos en entre era eran es esa esas ese eso esos esta estaba estan estar estas este esto estos estoy fue
		fueron ha haber habia hace hacer hacia han hasta hay he hola la las le les lo los mas me mi mis mientras
		mucho muy nada ni no nos nosotros nuestra nuestro nunca o os otra otras otro otros para pero poco por
		porque pues puede pueden puedo que quien quienes quiero se sea ser si sido siempre sin sino sobre son
		soy su sus tal tambien tan tanto te tener tengo ti tiene tienen todo todos toda todas tras tu tus un una
		unas uno unos usted ustedes va vez y ya yo gracias favor`),
	"fr": words(`a afin ai ainsi alors apres au aucun aucune aussi autre autres aux avait avant avec avez avoir
		avons bonjour car ce ceci cela celle celui ces cet cette ceux chaque chez comme comment dans de depuis
		des deux dit doit donc dont du elle elles en encore entre es est et etait etes etre eu eux fait faire
		faut fois font il ils je jusqu la le les leur leurs lors lui ma mais me meme merci mes moi moins mon ne
		ni non nos notre nous on ont ou par parce pas peu peut peux plus plusieurs pour pourquoi puis puisje quand
		que quel quelle quelles quels qui quoi sa sans se sera ses si soit son sont sous suis sur sujet ta
		te tes toi ton tous tout toute toutes tres tu un une vers veux voici voila vos votre vous y plait`),
	"de": words(`aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bin
		bis bist bitte da dabei dadurch dafur dagegen daher damit danach danke dann daran darauf darf das dass
		dein deine dem den denn der des deshalb dich die dies diese diesem diesen dieser dieses dir doch dort
		du durch ein eine einem einen einer eines er es etwas euch euer fur gegen gibt habe haben hallo hat hatte
		hatten hier hin ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder
		jedes jetzt kann kannst kein keine keinen konnen konnte lang lange dauert mal man mehr mein meine meinem meinen
		meiner mich mir mit mochte muss mussen nach nicht nichts noch nun nur ob oder ohne sehr sein seine seinen
		seit sich sie sind so soll sollte sondern sonst uber um und uns unser unsere unter viel vom von vor
		wann warum was weil welche welchem welchen welcher welches wenn wer werde werden wie wieder will wir
		wird wo wohl wurde wurden zu zum zur zwischen`),
	"pt": words(`a ainda algo alguma algum ante antes ao aos apos aquela aquele aquilo as ate bem cada com como
		contra cujo da das de dela dele deles demais depois desde dessa desse desta deste do dos e ela elas ele
		eles em entre era essa essas esse esses esta estao estas estava este estes estou eu faz fazer foi foram
		fora ha isso isto ja la lhe mais mas me mesmo meu meus minha minhas muito muita na nada nao nas nem
		nenhum no nos nossa nosso num numa nunca o obrigado obrigada ola onde os ou outra outro para pela pelas
		pelo pelos pode podem podia por porque posso pouco pra qual quais qualquer quando quanto quantos que quem
		quero se seja sem sempre ser seu seus sim sobre sou sua suas tambem tanto tao te tem tenho ter teu
		toda todas todo todos tu tua um uma umas uns vai voce voces`),
	"it": words(`a abbiamo ad agli ai al alla alle allo anche ancora avere aveva c che chi ci ciao cio come con
		contro cosa cui da dagli dai dal dalla dalle de degli dei del della delle dello deve di dopo dove due e
		ed ecco era erano essere fa fare fino fra gia gli grazie ha hai hanno ho i il in io la le lei li lo loro
		lui ma me meno mi mia mie miei mio molto ne negli nei nel nella nelle nello no noi non nostra nostro o
		ogni oppure per perche piu poi posso prima pua puo qual quale quali quando quanto quanti quella quelle
		quelli quello questa queste questi questo qui quindi sara se sei sempre senza si sia siamo siete solo
		sono sopra sotto sta stata stato su sua sue sugli sui sul sulla suo suoi tra tu tua tuo tutta tutte
		tutti tutto un una uno vi voi vorrei vostra vostro`),
	"nl": words(`aan al alle alles als altijd andere ben bij daar dan dat de deze die dit doch doen door dus een
		eens en er ge geen geweest haar had hallo heb hebben heeft hem het hier hij hoe hoeveel hun iemand iets ik
		in is ja je jij jou jouw jullie kan kon kunnen kunt maar me meer men met mij mijn moet moeten na naar niet
		niets nog nu of om omdat ons onze ook op over reeds te tegen toch toen tot u uit uw van veel via voor waar
		waarom wanneer want waren was wat we wel welke werd wezen wie wij wil worden wordt zal ze zei zelf zich
		zij zijn zo zonder zou graag bedankt`),
	"da": words(`af alle alt at bliver blev da de dem den denne der deres det dette dig din dine disse dog du efter
		eller en end er et for fra ham han hans har havde have hej hende her hos hun hvad hvem hvis hvor hvordan
		hvornar i ikke ind jeg jer kan ma man mange med meget men mig min mine mit mod naer nar nogen noget nogle
		nu og ogsa om op os over pa sig sin skal skulle som sadan til tak ud under var ved vi vil ville vaere
		vaeret`),
	"sv": words(`alla allt att av bara bli blir da de dem den denna deras det detta dig din dina ditt du efter
		eller en er ett finns for fran fore ha hade han hans har hej henne hennes hon hur i icke inte ja jag kan
		kunna man manga med mellan men mig min mina mitt mot mycket ni nagon nagot nagra nar nej nu och ocksa om
		oss pa samma sedan sig sin sina sitt ska skulle som tack till under ut utan vad var vara vart varfor varit
		vem vi vid vill vilka vilken vilket`),
	"no": words(`alle at av bare ble bli da de deg dem den denne der dere deres det dette din dine disse du eller
		en enn er et etter for fra ha hadde han hans har hei henne her hun hva hvem hvis hvor hvordan hvorfor i
		ikke inn ja jeg kan kunne man mange med meg meget mellom men min mine mitt mot na nar noe noen nok og ogsa
		om opp oss over pa selv seg sin skal skulle som takk til um under ut var ved vi vil ville vaere vaert`),
	"fi": words(`ei eika en ette etta ehka han hanen he heidan hei ja jo joka jos jotka kanssa kiitos kuin kuinka
		kun kuka koska me meidan mika mikali miksi milla millainen milloin mina minulla minun missa mita mutta myos
		ne niin niita nyt ole olen oli olla on onko ovat paljonko sen se seka siella sina sinun sita tai tama taman
		te teidan tassa voi voin voiko voinko vain`),
	"hu": words(`a abban ahhoz aki alatt amely ami az azok azt be csak de e egy egyik el ennek es ez ezek ezt fel
		fog ha hanem hany hogy hogyan hol igen ill is itt jo kell ki koszonom le legyen lehet lesz lett maga majd
		meg mely mert mi miert mikor milyen mint minden mit most nagyon ne nekem nem nincs olyan on ott pedig
		sem szerint szia tudok ugy utan vagy vagyok van vannak volt`),
	"ro": words(`acea aceasta aceste acest ai al ale am ar are as asa au ca care cand cat ce cel cele cine cu cum
		da dar de deci din dintre doar dupa ea ei el ele este esti eu fara fi fie fost iar il imi in intre isi la
		le lor lui ma mai mea mei mele meu mi mult multumesc ne nici noi nostru nu o ori orice pe pentru pot poate
		prin sa sale sau se si sunt sub suntem ta te toate tot tu un una unde unei unui va voi vreau`),
	"tr": words(`ama ancak bana bazi belki ben beni benim bir biri biz bize bizim bu buna bunu cok cunku da daha
		de defa degil diye en fakat gibi hangi hem hep her hic icin ile ise istiyorum kac kadar ki kim
		merhaba mi mu nasil ne neden nedir nerede nereye nicin niye o olan olarak olur onlar onu onun sana sen
		seni senin siz size sizin sonra su tesekkurler tum var ve veya ya yok zaman`),
	"pl": words(`aby albo ale bardzo bez bo by byc byl byla bylo ci co czy dla do dzien gdy gdzie go i ich ile
		im inne ja jak jaka jaki jakie je jego jej jest jestem jesli jezeli juz kiedy kto ktora ktore ktory ktorych
		ma mam mi mnie moge moj moja moje mozna moze na nad nam nas nasz nie nim o od on ona one oni oraz po pod
		podczas poniewaz prosze przed przez przy sa sie sobie ta tak taki tam te tego tej ten to tu tylko tym u w
		wiec wszystko z za ze zostal dziekuje`),
	"cs": words(`aby ale ani ano asi az bez bude budou by byl byla bylo byt co coz dekuji do ho i ja jak jako je
		jeho jejich jen jeste jestli ji jiz jsem jsi jsme jsou k kam kde kdo kdy kdyz ke kolik ktera ktere ktery
		ma mate me mezi mi mne moje muze muzete mohu my na nad nam nas ne nebo neni nez nic o od on ona oni po pod
		podle pokud proc prosim proto protoze s se si sve svuj ta tak take takze tam tato ten tento ty to
		tohle tu u uz v vam vas ve vice vsak vsech vsechno z za ze`),
	"id": words(`ada adalah agar akan aku anda apa apakah atau bagaimana bagi bahwa belum berapa bisa boleh cara
		dan dapat dari dengan di dia dimana harus hanya ingin ini itu jika juga kalau kami kamu kapan karena kau ke
		kenapa kepada kita lagi lebih maka mana mau mengapa mereka oleh pada para saat saja sampai sangat saya
		sebagai sebelum sedang selamat semua seperti setelah siapa sudah tapi telah tentang terima tetapi tidak
		untuk yaitu yang`),
	"vi": words(`ban bi boi cac cai can cho chung co cua cung da dang de den di do duoc gi hay hoac khi khong la lai
		lam len mot minh nay neu ngay nhu nhung nhieu o ra rang rat roi sao se tai the thi toi trong tu va vao ve
		vi voi xin`),
	"ru": words(`а без более бы был была были было быть в вам вас ведь весь во вот все всего всех вы где да даже
		для до его ее если есть еще же за здравствуйте здесь и из или им их к как какая какие какой ко когда кто
		ли либо мне может можно мои мой моя мы на над надо нам нас наш не него нее нет ни них но ну о об однако
		он она они оно от очень по под пожалуйста после почему при про с сам свой себя со спасибо так также такой
		там те тем то того тоже той только том тот ту ты у уже хотя чего чей чем что чтобы чье эта эти это этот я
		могу сколько хочу`),
	"ar": words(`في من على الى عن مع هذا هذه ذلك تلك التي الذي الذين هو هي هم انا نحن انت انتم كان كانت يكون
		لا لم لن ما ماذا متى اين كيف كم هل لماذا ان او ثم بل قد كل بعض غير بعد قبل عند اذا لكن حتى بين كما
		لي له لها لهم لك بي به بها يمكن يمكنني اريد شكرا مرحبا يا و`),
}

func words(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(foldMarks(list)) {
		m[w] = true
	}
	return m
}

// votesOf inverts stopWords for the languages in Latin script: the share of one vote
// that a word gives to each. A word of many languages says little.
var votesOf = func() map[string]map[string]float64 {
	m := map[string]map[string]float64{}
	for lang, ws := range stopWords {
		if lang == "ru" || lang == "ar" {
			continue
		}
		for w := range ws {
			if m[w] == nil {
				m[w] = map[string]float64{}
			}
			m[w][lang] = 0
		}
	}
	for _, langs := range m {
		share := 1 / float64(len(langs))
		for l := range langs {
			langs[l] = share
		}
	}
	return m
}()
