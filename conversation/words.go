package conversation

import (
	"strings"
	"unicode"
)

// Wordings are customer texts that need no model to be understood. They are
// matched on the whole folded message or, for asking for a person, on a phrase
// within a short one; a longer message is left to the model.
var (
	personPhrases = foldAll(
		"talk to a person", "talk to a human", "talk to someone", "talk to a real", "talk to an agent", "talk to support",
		"speak to a person", "speak to a human", "speak to someone", "speak to an agent", "speak with a", "speak to a real",
		"speak to a representative", "talk with a human", "talk with a person", "chat with a human", "chat with a person",
		"human please", "person please", "agent please", "real person", "real human", "live agent", "human agent",
		"i want a human", "i need a human", "i want a person", "i need a person", "need an agent", "customer service please",
		"connect me to", "transfer me to", "contact a human",
		"人工客服", "转人工", "真人", "找人工", "人工服务", "找客服", "轉人工", "真人客服", "接人工",
		"hablar con una persona", "hablar con alguien", "hablar con un agente", "hablar con un humano", "persona real",
		"quiero un agente", "atencion humana", "agente humano", "una persona por favor", "pasame con",
		"التحدث مع شخص", "التحدث إلى شخص", "اريد التحدث مع", "أريد التحدث مع", "موظف خدمة", "شخص حقيقي", "خدمة العملاء",
		"parler a un humain", "parler a quelqu", "parler a une personne", "parler a un conseiller", "un conseiller svp",
		"mit einem menschen", "mit einem mitarbeiter", "echten menschen", "mitarbeiter sprechen", "mit jemandem sprechen",
		"falar com um humano", "falar com uma pessoa", "falar com atendente", "falar com alguem", "atendente humano",
		"parlare con una persona", "parlare con un operatore", "operatore umano",
		"поговорить с человеком", "соедините с оператором", "живой человек", "позовите оператора",
		"人と話したい", "オペレーター", "担当者と話", "有人対応", "상담원 연결", "사람과 상담", "상담원과",
	)
	personWords = words("human|person|agent|operator|representative|support agent|人工|客服|转人工客服|humano|agente|persona|asesor|operador|" +
		"شخص|موظف|humain|conseiller|mensch|mitarbeiter|atendente|operatore|оператор|человек|担当者|상담원")
	greetings = words("hi|hello|hey|hi there|hello there|hey there|good morning|good afternoon|good evening|greetings|yo|" +
		"你好|您好|嗨|哈喽|早上好|晚上好|在吗|hola|buenas|buenos dias|buenas tardes|buenas noches|que tal|" +
		"مرحبا|السلام عليكم|أهلا|اهلا|صباح الخير|مساء الخير|bonjour|salut|hallo|guten tag|ola|ciao|привет|здравствуйте|こんにちは|안녕하세요")
	thanks = words("thanks|thank you|thx|ty|thanks a lot|thank you very much|thank you so much|great thanks|ok thanks|perfect thanks|cheers|" +
		"谢谢|谢谢你|多谢|感谢|非常感谢|gracias|muchas gracias|mil gracias|شكرا|شكرا لك|شكرا جزيلا|" +
		"merci|merci beaucoup|danke|vielen dank|obrigado|obrigada|grazie|спасибо|ありがとう|감사합니다")
	yes = words("yes|yes please|yeah|yep|sure|ok|okay|please|please do|是|是的|好|好的|可以|行|si|si por favor|claro|vale|por favor|" +
		"نعم|ايوه|حسنا|oui|ja|ja bitte|sim|да|はい|네")
)

// chatter is small talk beside greetings and thanks: nothing is asked that a help
// page would answer.
var chatter = words("ok|okay|k|great|cool|nice|good|perfect|awesome|got it|i see|understood|alright|all right|never mind|nevermind|no|no thanks|no thank you|" +
	"bye|goodbye|see you|have a nice day|how are you|how are you doing|who are you|what are you|are you a bot|are you a robot|are you human|are you an ai|" +
	"what can you do|test|testing|lol|haha|wow|" +
	"好|好的|行|可以|嗯|哦|明白了|知道了|再见|拜拜|你是谁|你是机器人吗|你能做什么|不用了|没事了|哈哈|" +
	"vale|bien|genial|perfecto|entendido|de acuerdo|adios|hasta luego|como estas|quien eres|eres un robot|que puedes hacer|no gracias|" +
	"حسنا|تمام|ممتاز|فهمت|مع السلامة|وداعا|كيف حالك|من انت|من أنت|هل انت روبوت|ماذا يمكنك ان تفعل|لا شكرا")

// chats reports whether a folded message is small talk as a whole.
func chats(folded string) bool { return greetings[folded] || thanks[folded] || chatter[folded] }

// backWords point at something said before; backPhrases begin or end a follow-up.
var (
	backWords = words("it|its|that|this|these|those|they|them|their|he|she|one|ones|same|another|other|others|former|latter|either|" +
		"eso|esa|ese|esto|esta|este|esos|esas|ello|ellos|ellas|otro|otra|mismo|misma|" +
		"هذا|هذه|ذلك|تلك|هو|هي|هم|ذاك|هناك|نفسه|" +
		"ça|cela|celui|celle|dies|diese|dieser|dieses|isso|isto|esse|essa|quello|questo|это|этот|эта|там|それ|これ|あれ|그것|이것")
	backPhrases = foldAll("what about", "how about", "what if", "and if", "and for", "y si", "y para", "que tal", "ماذا عن", "وماذا", "وهل", "et pour", "und wenn", "und fur", "e se", "а если")
	backSigns   = foldAll("它", "这个", "那个", "这些", "那些", "这样", "那样", "这种", "那种", "那么", "那里", "呢", "前者", "后者", "這個", "那邊", "這樣")
)

// pointsBack reports whether a folded message holds a word that stands for something
// said before.
func pointsBack(folded string) bool {
	for w := range strings.FieldsSeq(folded) {
		if backWords[w] {
			return true
		}
	}
	for _, p := range backPhrases {
		if strings.HasPrefix(folded, p+" ") {
			return true
		}
	}
	for _, s := range backSigns {
		if strings.Contains(folded, s) {
			return true
		}
	}
	return false
}

func foldAll(phrases ...string) []string {
	for i, p := range phrases {
		phrases[i] = foldWords(p)
	}
	return phrases
}

func words(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.SplitSeq(list, "|") {
		m[foldWords(w)] = true
	}
	return m
}

// maxPhraseRunes is how long a message may be for a phrase in it to mean the
// whole: "I need a person" does, an essay that mentions one does not.
const maxPhraseRunes = 80

func asksForPerson(text string) bool {
	f := foldWords(text)
	if personWords[f] {
		return true
	}
	if len([]rune(f)) > maxPhraseRunes {
		return false
	}
	for _, p := range personPhrases {
		if strings.Contains(f, p) {
			return true
		}
	}
	return false
}

// foldWords lowers text, drops the accents of Spanish, French and Portuguese and
// turns all but letters, marks and digits into single spaces.
func foldWords(s string) string {
	var b strings.Builder
	space := false
	for _, r := range strings.ToLower(s) {
		if f, ok := unaccent[r]; ok {
			r = f
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

var unaccent = map[rune]rune{
	'á': 'a', 'à': 'a', 'â': 'a', 'ã': 'a', 'é': 'e', 'è': 'e', 'ê': 'e', 'í': 'i', 'ì': 'i',
	'ó': 'o', 'ò': 'o', 'ô': 'o', 'õ': 'o', 'ú': 'u', 'ù': 'u', 'ü': 'u', 'ñ': 'n', 'ç': 'c',
}
