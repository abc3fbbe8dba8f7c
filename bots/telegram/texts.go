package telegram

import "strings"

// words are what the bot says that the engine does not, in one language.
type words struct {
	Start, Help                           string
	TextOnly, TooLong                     string
	WithPerson, InQueue, WithBot          string
	Person, Thanks, Noted, Asked, Stale   string // a button and what pressing answers
	Others, Late                          string // likewise, to a rating that is not theirs or comes too late
	Sources                               string
	CommandHuman, CommandBot, CommandHelp string
}

const defaultLanguage = "en"

var texts = map[string]words{
	"en": {
		Start:        "Hello! Write your question and I'll look up the answer.\n\n/human – talk to a person\n/bot – back to the assistant\n/help – what I can do",
		Help:         "Ask me anything about our products, orders or services; I answer from our help pages and show my sources. In a group, mention me or reply to me.\n\n/human – talk to a person\n/bot – back to the assistant",
		TextOnly:     "I can't read this kind of message. Text, pictures, voice messages, videos and documents work; /human brings in a person.",
		TooLong:      "This message is too long for me. Please send it in shorter parts.",
		WithPerson:   "A person from our team is answering you here.",
		InQueue:      "You are in the queue already. Our team sees everything written here and will reply in this chat.",
		WithBot:      "The assistant is answering you. Write your question, or send /human to talk to a person.",
		Person:       "Talk to a person",
		Thanks:       "Thank you!",
		Noted:        "Thank you. I've asked our team to look at it.",
		Asked:        "I've asked our team.",
		Stale:        "This button no longer works.",
		Others:       "Only the person who asked can rate this.",
		Late:         "This can no longer be rated.",
		Sources:      "Sources",
		CommandHuman: "Talk to a person", CommandBot: "Back to the assistant", CommandHelp: "What I can do",
	},
	"zh": {
		Start:        "您好！请直接写下您的问题，我来帮您查找答案。\n\n/human – 转人工客服\n/bot – 返回智能助手\n/help – 使用说明",
		Help:         "关于我们的产品、订单或服务，都可以问我；我会根据帮助页面回答并列出来源。在群组里请 @我 或回复我的消息。\n\n/human – 转人工客服\n/bot – 返回智能助手",
		TextOnly:     "我无法读取这种消息。可以发送文字、图片、语音、视频和文件，或发送 /human 转人工客服。",
		TooLong:      "这条消息太长了，请分成几段发送。",
		WithPerson:   "我们的同事正在这里为您解答。",
		InQueue:      "您已在排队中。同事能看到这里的全部内容，并会在此回复您。",
		WithBot:      "现在由智能助手为您解答。请写下您的问题，或发送 /human 转人工客服。",
		Person:       "转人工客服",
		Thanks:       "谢谢！",
		Noted:        "谢谢反馈，我已请同事查看。",
		Asked:        "已通知我们的同事。",
		Stale:        "此按钮已失效。",
		Others:       "只有提问的人可以评分。",
		Late:         "现在已无法评分。",
		Sources:      "来源",
		CommandHuman: "转人工客服", CommandBot: "返回智能助手", CommandHelp: "使用说明",
	},
	"es": {
		Start:        "¡Hola! Escribe tu pregunta y busco la respuesta.\n\n/human – hablar con una persona\n/bot – volver al asistente\n/help – qué puedo hacer",
		Help:         "Pregúntame lo que quieras sobre nuestros productos, pedidos o servicios; respondo con nuestras páginas de ayuda y muestro las fuentes. En un grupo, mencióname o respóndeme.\n\n/human – hablar con una persona\n/bot – volver al asistente",
		TextOnly:     "No puedo leer este tipo de mensaje. Puedes enviarme texto, imágenes, mensajes de voz, vídeos y documentos, o /human para hablar con una persona.",
		TooLong:      "Este mensaje es demasiado largo. Envíalo en partes más cortas, por favor.",
		WithPerson:   "Una persona de nuestro equipo te está atendiendo aquí.",
		InQueue:      "Ya estás en la cola. Nuestro equipo ve todo lo escrito aquí y te responderá en este chat.",
		WithBot:      "El asistente te está respondiendo. Escribe tu pregunta o envía /human para hablar con una persona.",
		Person:       "Hablar con una persona",
		Thanks:       "¡Gracias!",
		Noted:        "Gracias. He pedido a nuestro equipo que lo revise.",
		Asked:        "He avisado a nuestro equipo.",
		Stale:        "Este botón ya no funciona.",
		Others:       "Solo puede valorarlo quien preguntó.",
		Late:         "Esto ya no se puede valorar.",
		Sources:      "Fuentes",
		CommandHuman: "Hablar con una persona", CommandBot: "Volver al asistente", CommandHelp: "Qué puedo hacer",
	},
	"ar": {
		Start:        "مرحبًا! اكتب سؤالك وسأبحث لك عن الإجابة.\n\n/human – التحدث مع شخص\n/bot – العودة إلى المساعد\n/help – ما الذي يمكنني فعله",
		Help:         "اسألني عن منتجاتنا أو طلباتك أو خدماتنا؛ أجيب من صفحات المساعدة لدينا وأذكر المصادر. في المجموعات اذكر اسمي أو رُدّ على رسالتي.\n\n/human – التحدث مع شخص\n/bot – العودة إلى المساعد",
		TextOnly:     "لا أستطيع قراءة هذا النوع من الرسائل. يمكنك إرسال نص أو صور أو رسائل صوتية أو مقاطع فيديو أو مستندات، أو /human للتحدث مع شخص.",
		TooLong:      "هذه الرسالة طويلة جدًا. أرسلها من فضلك في أجزاء أقصر.",
		WithPerson:   "أحد أفراد فريقنا يجيبك هنا.",
		InQueue:      "أنت في قائمة الانتظار بالفعل. يرى فريقنا كل ما كُتب هنا وسيرد في هذه الدردشة.",
		WithBot:      "المساعد يجيبك الآن. اكتب سؤالك أو أرسل /human للتحدث مع شخص.",
		Person:       "التحدث مع شخص",
		Thanks:       "شكرًا لك!",
		Noted:        "شكرًا لك. طلبت من فريقنا أن يراجع ذلك.",
		Asked:        "أبلغت فريقنا.",
		Stale:        "لم يعد هذا الزر يعمل.",
		Others:       "يمكن لصاحب السؤال وحده تقييم هذا.",
		Late:         "لم يعد بالإمكان تقييم هذا.",
		Sources:      "المصادر",
		CommandHuman: "التحدث مع شخص", CommandBot: "العودة إلى المساعد", CommandHelp: "ما الذي يمكنني فعله",
	},
}

// textsFor returns the words for a locale such as "es-MX", English when there are
// none.
func textsFor(locale string) words {
	lang, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	if t, ok := texts[lang]; ok {
		return t
	}
	return texts[defaultLanguage]
}
