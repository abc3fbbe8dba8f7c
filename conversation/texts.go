package conversation

import (
	"strings"
	"unicode"
)

// Texts are what the product itself says to a customer, in one language.
// {name} stands for a member of staff.
type Texts struct {
	Greeting string // reply to a greeting when no model is there to make one
	Welcome  string // reply to thanks
	Quoted   string // leads quoted passages
	Maybe    string // leads quoted passages that may not fit
	Offer    string // offers a person; follows an uncertain answer
	Unknown  string // nothing found
	Queued   string // the conversation now waits for a person
	Sorry    string // before Queued, when the answer did not help
	Failed   string // before Queued, when nothing could be answered
	Which    string // leads options that stand for close answers
	Else     string // the last of those options
	Rephrase string // reply to choosing it; offers a person
	Joined   string
	Left     string
	BotAgain string
	Resolved string
	More     string // where a quoted passage was cut short
}

// texts holds a pack per language; what is missing is said in English.
var texts = map[string]Texts{
	"en": {
		Greeting: "Hello! Ask me anything about our products, orders or services, and I'll look it up.",
		Welcome:  "You're welcome! Is there anything else I can look up for you?",
		Quoted:   "Here is what our help pages say:",
		Maybe:    "I'm not certain, but this may be what you're looking for:",
		Offer:    "If that doesn't answer it, I can bring in a person. Would you like that?",
		Unknown:  "I don't know the answer to that: I couldn't find it in our help pages. I can bring in a person. Would you like that?",
		Queued:   "I've asked our team to take over. They can see everything written here and will reply in this chat.",
		Sorry:    "Sorry that this didn't help.",
		Failed:   "I'm sorry, I can't find a good answer to this.",
		Which:    "Which of these do you mean?",
		Else:     "Something else",
		Rephrase: "All right. Describe it in other words, and I'll look again. Or shall I bring in a person?",
		Joined:   "{name} joined the chat.",
		Left:     "{name} handed the chat back to the assistant.",
		BotAgain: "The assistant is answering again. You can ask for a person at any time.",
		Resolved: "This conversation was closed. Write again any time to reopen it.",
		More:     "…",
	},
	"zh": {
		Greeting: "您好！关于我们的产品、订单或服务，有什么问题都可以问我，我来帮您查。",
		Welcome:  "不客气！还有什么需要我帮您查的吗？",
		Quoted:   "我们的帮助页面是这样说明的：",
		Maybe:    "我不太确定，但这可能是您要找的内容：",
		Offer:    "如果没有解决您的问题，我可以为您转接人工客服。需要吗？",
		Unknown:  "这个问题我不知道答案：在我们的帮助页面里没有找到。我可以为您转接人工客服，需要吗？",
		Queued:   "我已请同事接手。他们能看到这里的全部内容，并会在此回复您。",
		Sorry:    "抱歉，刚才的回答没有帮到您。",
		Failed:   "很抱歉，我没能找到合适的答案。",
		Which:    "您想问的是哪一个？",
		Else:     "都不是",
		Rephrase: "好的。请换一种说法描述一下，我再查一次。或者需要我为您转接人工客服吗？",
		Joined:   "{name} 已加入对话。",
		Left:     "{name} 已将对话交还给智能助手。",
		BotAgain: "现在由智能助手为您解答。您随时可以要求转人工。",
		Resolved: "本次对话已结束。随时再发消息即可重新开始。",
		More:     "……",
	},
	"es": {
		Greeting: "¡Hola! Pregúntame lo que quieras sobre nuestros productos, pedidos o servicios y lo busco.",
		Welcome:  "¡De nada! ¿Hay algo más que pueda buscar por ti?",
		Quoted:   "Esto es lo que dicen nuestras páginas de ayuda:",
		Maybe:    "No estoy seguro, pero puede que sea lo que buscas:",
		Offer:    "Si esto no responde a tu pregunta, puedo avisar a una persona. ¿Te parece bien?",
		Unknown:  "No sé la respuesta: no la he encontrado en nuestras páginas de ayuda. Puedo avisar a una persona. ¿Te parece bien?",
		Queued:   "He pedido a nuestro equipo que continúe. Pueden ver todo lo escrito aquí y te responderán en este chat.",
		Sorry:    "Siento que no te haya servido.",
		Failed:   "Lo siento, no encuentro una buena respuesta.",
		Which:    "¿A cuál de estas te refieres?",
		Else:     "Otra cosa",
		Rephrase: "De acuerdo. Descríbelo con otras palabras y lo busco de nuevo. ¿O prefieres que avise a una persona?",
		Joined:   "{name} se ha unido al chat.",
		Left:     "{name} ha devuelto el chat al asistente.",
		BotAgain: "El asistente vuelve a responder. Puedes pedir hablar con una persona cuando quieras.",
		Resolved: "Esta conversación se ha cerrado. Escribe cuando quieras para reabrirla.",
		More:     "…",
	},
	"ar": {
		Greeting: "مرحبًا! اسألني عن منتجاتنا أو طلباتك أو خدماتنا وسأبحث لك عن الإجابة.",
		Welcome:  "على الرحب والسعة! هل هناك شيء آخر أبحث عنه لك؟",
		Quoted:   "هذا ما تقوله صفحات المساعدة لدينا:",
		Maybe:    "لست متأكدًا، لكن قد يكون هذا ما تبحث عنه:",
		Offer:    "إن لم يُجب هذا عن سؤالك فيمكنني أن أطلب من أحد الزملاء مساعدتك. هل تود ذلك؟",
		Unknown:  "لا أعرف الإجابة: لم أجدها في صفحات المساعدة لدينا. يمكنني أن أطلب من أحد الزملاء مساعدتك. هل تود ذلك؟",
		Queued:   "طلبت من فريقنا أن يتولى المحادثة. يمكنهم رؤية كل ما كُتب هنا وسيردون في هذه الدردشة.",
		Sorry:    "نأسف لأن الإجابة لم تفدك.",
		Failed:   "عذرًا، لم أجد إجابة مناسبة.",
		Which:    "أيًّا من هذه تقصد؟",
		Else:     "شيء آخر",
		Rephrase: "حسنًا. صف الأمر بكلمات أخرى وسأبحث مجددًا. أم تود أن أطلب من أحد الزملاء مساعدتك؟",
		Joined:   "انضم {name} إلى الدردشة.",
		Left:     "أعاد {name} الدردشة إلى المساعد.",
		BotAgain: "المساعد يجيب الآن من جديد. يمكنك طلب التحدث مع شخص في أي وقت.",
		Resolved: "أُغلقت هذه المحادثة. اكتب في أي وقت لإعادة فتحها.",
		More:     "…",
	},
}

// TextsFor returns the pack for a locale such as "es-MX", English when there is none.
func TextsFor(locale string) Texts {
	if t, ok := texts[baseLanguage(locale)]; ok {
		return t
	}
	return texts["en"]
}

// baseLanguage is the language of a locale: "es" of "es-MX" and "es_MX".
func baseLanguage(locale string) string {
	lang, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	return lang
}

func fill(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }

// language is the language to speak to a customer who wrote text: the script
// decides where it can, then a few telling words, then the locale of their page.
func language(text, locale string) string {
	var han, arabic, latin, other int
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Arabic, r):
			arabic++
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.IsLetter(r):
			other++
		}
	}
	switch {
	case han > other && han*3 > latin:
		return "zh"
	case arabic > latin:
		return "ar"
	case latin > 0 && strings.ContainsAny(text, "¿¡ñ"):
		return "es"
	}
	es, en := 0, 0
	telling := spanish
	if lang := baseLanguage(locale); lang != "" && lang != "es" && lang != "en" {
		telling = onlySpanish // much of the rest is French, Italian, Portuguese or German too
	}
	for w := range strings.FieldsSeq(foldWords(text)) {
		if telling[w] {
			es++
		}
		if english[w] {
			en++
		}
	}
	switch {
	case es > en:
		return "es"
	case en > es:
		return "en"
	}
	return locale
}

// Function words that one of the two languages has and the other has not; onlySpanish
// are words that no language beside Spanish has.
var (
	onlySpanish = words("cuando|cuanto|cuanta|cuantos|donde|puedo|tengo|quiero|hola|gracias")
	spanish     = words("el|la|los|las|de|que|en|un|una|para|por|con|como|cuando|cuanto|donde|puedo|es|mi|mis|su|tengo|quiero|hola|gracias|y")
	english     = words("the|of|to|and|is|are|how|what|when|where|can|do|does|my|your|for|with|have|want|it|this|that|you|hello|thanks")
)
